/*
 * geo_path.c - functions and operators of paths, polygons and circles.
 */
#include "type/geo_fn.h"

/* ---- paths ---- */

/* path_size - the area a closed path is around. */
static double path_size(GeoFault *f, GeoPath v)
{
    double area = 0;
    for (uint32_t i = 0; i < v.count; i++) {
        uint32_t j = (i + 1) % v.count;
        area = geo_add(f, area, geo_mul(f, v.p[i].x, v.p[j].y));
        area = geo_sub(f, area, geo_mul(f, v.p[i].y, v.p[j].x));
    }
    return geo_div(f, fabs(area), 2.0);
}
static double path_way(GeoFault *f, GeoPath v)
{
    double way = 0;
    GeoSeg s;
    for (uint32_t i = 0; i < v.count; i++) {
        if (geo_path_seg(v, i, &s)) {
            way = geo_add(f, way, geo_point_dist(f, s.p[0], s.p[1]));
        }
    }
    return way;
}

/* path_pairs - over all pairs of edges: do any meet (*meet_out), or, with that NULL, the smallest
 * distance between two; ST_DONE when there are no pairs. */
static Status path_pairs(FnCall *call, GeoFault *f, GeoPath u, GeoPath w, bool *meet_out,
                         double *best)
{
    GeoSeg s, t;
    bool any = false;
    for (uint32_t i = 0; i < u.count; i++) {
        TRY(cx_check(call->cx));
        for (uint32_t j = 0; j < w.count && geo_path_seg(u, i, &s); j++) {
            if (!geo_path_seg(w, j, &t)) {
                continue;
            }
            if (meet_out != NULL) {
                if (geo_seg_meets(f, s, t, NULL)) {
                    *meet_out = true;
                    return ST_OK;
                }
                continue;
            }
            double d = geo_seg_near_seg(f, s, t, NULL);
            if (!any || float8_order(d, *best) < 0) {
                *best = d;
            }
            any = true;
        }
    }
    return any || meet_out != NULL ? ST_OK : ST_DONE;
}

/* path_near_point - from the nearest edge; 0 from an open path of one point, which has none. */
static double path_near_point(GeoFault *f, GeoPath v, GeoPoint p)
{
    double best = 0;
    bool any = false;
    GeoSeg s;
    for (uint32_t i = 0; i < v.count; i++) {
        if (geo_path_seg(v, i, &s)) {
            double d = geo_seg_near_point(f, s, p, NULL);
            best = !any || float8_order(d, best) < 0 ? d : best;
            any = true;
        }
    }
    return best;
}

/* path_has_point - inside a closed one; on an open one. */
static bool path_has_point(GeoFault *f, GeoPath v, GeoPoint p)
{
    if (v.closed) {
        return geo_poly_has(f, v, p);
    }
    double to_last = geo_point_dist(f, p, v.p[0]);
    for (uint32_t i = 1; i < v.count; i++) {
        double to_this = geo_point_dist(f, p, v.p[i]);
        if (fuzzy_eq(geo_add(f, to_last, to_this), geo_point_dist(f, v.p[i - 1], v.p[i]))) {
            return true;
        }
        to_last = to_this;
    }
    return false;
}

/* path_each - every point moved by one of the four operations. */
static GeoPath path_each(GeoFault *f, GeoPath v,
                         GeoPoint (*op)(GeoFault *f, GeoPoint a, GeoPoint b), GeoPoint by)
{
    for (uint32_t i = 0; i < v.count; i++) {
        v.p[i] = op(f, v.p[i], by);
    }
    return v;
}
static GeoPath path_as(GeoPath v, bool closed)
{
    v.closed = closed;
    return v;
}
static GeoPath path_join(FnCall *call, GeoPath u, GeoPath w)
{
    GeoPath v = {ARENA_ARRAY(call->arena, GeoPoint, u.count + w.count), u.count + w.count, false};
    memcpy(v.p, u.p, u.count * sizeof(GeoPoint));
    memcpy(v.p + u.count, w.p, w.count * sizeof(GeoPoint));
    return v;
}

GEO_ONE(path_area, path, if (!u.closed) return KERNEL_NULL; r->f64 = path_size(f, u))
GEO_ONE(path_length, path, r->f64 = path_way(f, u))
GEO_ONE(path_isclosed, path, r->b = u.closed)
GEO_ONE(path_isopen, path, r->b = !u.closed)
GEO_ONE(path_close, path, geo_put_path(call, r, path_as(u, true)))
GEO_ONE(path_open, path, geo_put_path(call, r, path_as(u, false)))
GEO_TWO(path_add, path, path, if (u.closed || w.closed) return KERNEL_NULL;
        geo_put_path(call, r, path_join(call, u, w)))
GEO_TWO(path_add_pt, path, point, geo_put_path(call, r, path_each(f, u, geo_point_add, w)))
GEO_TWO(path_sub_pt, path, point, geo_put_path(call, r, path_each(f, u, geo_point_sub, w)))
GEO_TWO(path_mul_pt, path, point, geo_put_path(call, r, path_each(f, u, geo_point_mul, w)))
GEO_TWO(path_div_pt, path, point, geo_put_path(call, r, path_each(f, u, geo_point_div, w)))
GEO_TWO(path_inter, path, path, r->b = false;
        if (geo_box_overlaps(geo_path_bounds(u), geo_path_bounds(w)))
            TRY(path_pairs(call, f, u, w, &r->b, NULL)))
GEO_TWO(path_distance, path, path, Status st = path_pairs(call, f, u, w, NULL, &r->f64);
        if (st != ST_OK) return st == ST_DONE ? KERNEL_NULL : st)
GEO_NUMBER(dist_ppath, point, path, path_near_point(f, w, u))
GEO_NUMBER(dist_pathp, path, point, path_near_point(f, u, w))
GEO_IS(on_ppath, point, path, path_has_point(f, w, u))
GEO_IS(path_contain_pt, path, point, path_has_point(f, u, w))
GEO_ONE(path_poly, path,
        if (!u.closed) return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                                      "open path cannot be converted to polygon");
        geo_put_poly(call, r, u))
ROW_KERNEL(path_npoints)
{
    r->i32 = (int32_t)geo_path_count(&a[0]);
    return ST_OK;
}
/* Paths are compared by how many points they have. */
#define PATH_COMPARE(name, op)                                                                     \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        r->b = geo_path_count(&a[0]) op geo_path_count(&a[1]);                                     \
        return ST_OK;                                                                              \
    }
PATH_COMPARE(path_n_eq, ==)
PATH_COMPARE(path_n_lt, <)
PATH_COMPARE(path_n_le, <=)
PATH_COMPARE(path_n_gt, >)
PATH_COMPARE(path_n_ge, >=)

/* ---- polygons ---- */

/* poly_runs - are b's points a's, from b's point `from` on, forwards or backwards? */
static bool poly_runs(GeoPath a, GeoPath b, uint32_t from, bool forwards)
{
    uint32_t j = from;
    for (uint32_t i = 1; i < a.count; i++) {
        j = forwards ? (j + 1) % b.count : (j + b.count - 1) % b.count;
        if (!geo_point_same(b.p[j], a.p[i])) {
            return false;
        }
    }
    return true;
}
static bool poly_equal(GeoPath a, GeoPath b)
{
    for (uint32_t i = 0; a.count == b.count && i < b.count; i++) {
        if (geo_point_same(b.p[i], a.p[0]) &&
            (poly_runs(a, b, i, true) || poly_runs(a, b, i, false))) {
            return true;
        }
    }
    return false;
}
/* poly_meets - an edge of one meets one of the other, or one is inside the other. */
static Status poly_meets(FnCall *call, GeoFault *f, GeoPath u, GeoPath w, bool *out)
{
    *out = false;
    if (!geo_box_overlaps(geo_path_bounds(u), geo_path_bounds(w))) {
        return ST_OK;
    }
    TRY(path_pairs(call, f, u, w, out, NULL));
    *out = *out || geo_poly_has(f, w, u.p[0]) || geo_poly_has(f, u, w.p[0]);
    return ST_OK;
}
static double poly_near_point(GeoFault *f, GeoPath v, GeoPoint p)
{
    return geo_poly_has(f, v, p) ? 0 : path_near_point(f, v, p);
}
/* poly_round - its middle, and how far its points are from that on average. */
static GeoCircle poly_round(GeoFault *f, GeoPath v)
{
    GeoCircle c = {0};
    for (uint32_t i = 0; i < v.count; i++) {
        c.center = geo_point_add(f, c.center, v.p[i]);
    }
    c.center.x = geo_div(f, c.center.x, v.count);
    c.center.y = geo_div(f, c.center.y, v.count);
    for (uint32_t i = 0; i < v.count; i++) {
        c.radius = geo_add(f, c.radius, geo_point_dist(f, v.p[i], c.center));
    }
    c.radius = geo_div(f, c.radius, v.count);
    return c;
}

/* POLY_IS - a relation of the boxes b and c around two polygons. */
#define POLY_IS(name, test)                                                                        \
    GEO_TWO(name, poly, poly, const GeoBox b = geo_path_bounds(u);                                 \
            const GeoBox c = geo_path_bounds(w); r->b = (test))
POLY_IS(poly_left, b.high.x < c.low.x)
POLY_IS(poly_overleft, b.high.x <= c.high.x)
POLY_IS(poly_right, b.low.x > c.high.x)
POLY_IS(poly_overright, b.low.x >= c.low.x)
POLY_IS(poly_below, b.high.y < c.low.y)
POLY_IS(poly_overbelow, b.high.y <= c.high.y)
POLY_IS(poly_above, b.low.y > c.high.y)
POLY_IS(poly_overabove, b.low.y >= c.low.y)
GEO_IS(poly_same, poly, poly, poly_equal(u, w))
GEO_TWO(poly_overlap, poly, poly, TRY(poly_meets(call, f, u, w, &r->b)))
GEO_TWO(poly_contain, poly, poly, r->b = geo_poly_has_poly(call->cx, f, u, w);
        TRY(cx_check(call->cx)))
GEO_TWO(poly_contained, poly, poly, r->b = geo_poly_has_poly(call->cx, f, w, u);
        TRY(cx_check(call->cx)))
GEO_IS(poly_contain_pt, poly, point, geo_poly_has(f, u, w))
GEO_IS(pt_contained_poly, point, poly, geo_poly_has(f, w, u))
GEO_TWO(
    poly_distance, poly, poly, bool meets; r->f64 = 0; TRY(poly_meets(call, f, u, w, &meets));
    if (!meets) {
        Status st = path_pairs(call, f, u, w, NULL, &r->f64);
        if (st != ST_OK) {
            return st == ST_DONE ? KERNEL_NULL : st;
        }
    })
GEO_NUMBER(dist_ppoly, point, poly, poly_near_point(f, w, u))
GEO_NUMBER(dist_polyp, poly, point, poly_near_point(f, u, w))
GEO_ONE(poly_center, poly, geo_put_point(call, r, poly_round(f, u).center))
GEO_ONE(poly_circle, poly, geo_put_circle(call, r, poly_round(f, u)))
GEO_ONE(poly_box, poly, geo_put_box(call, r, geo_path_bounds(u)))
GEO_ONE(poly_path, poly, geo_put_path(call, r, u))
GEO_ONE(box_poly, box, GeoPoint p[4] = {u.low, {u.low.x, u.high.y}, u.high, {u.high.x, u.low.y}};
        geo_put_poly(call, r, (GeoPath){p, 4, true}))
ROW_KERNEL(poly_npoints)
{
    r->i32 = (int32_t)geo_poly_count(&a[0]);
    return ST_OK;
}

/* ---- circles ---- */

static double circle_size(GeoFault *f, GeoCircle c)
{
    return geo_mul(f, geo_mul(f, c.radius, c.radius), M_PI);
}
/* circle_right_of, and the others - its outermost coordinates. */
static double circle_max_x(GeoFault *f, GeoCircle c)
{
    return geo_add(f, c.center.x, c.radius);
}
static double circle_min_x(GeoFault *f, GeoCircle c)
{
    return geo_sub(f, c.center.x, c.radius);
}
static double circle_max_y(GeoFault *f, GeoCircle c)
{
    return geo_add(f, c.center.y, c.radius);
}
static double circle_min_y(GeoFault *f, GeoCircle c)
{
    return geo_sub(f, c.center.y, c.radius);
}
static double circle_gap(GeoFault *f, double centers, double radius)
{
    double d = geo_sub(f, centers, radius);
    return d < 0 ? 0 : d;
}
static bool circle_equal(GeoCircle a, GeoCircle b)
{
    return ((isnan(a.radius) && isnan(b.radius)) || fuzzy_eq(a.radius, b.radius)) &&
           geo_point_same(a.center, b.center);
}
#define CENTERS geo_point_dist(f, u.center, w.center)
GEO_IS(circle_same, circle, circle, circle_equal(u, w))
GEO_IS(circle_overlap, circle, circle, fuzzy_le(CENTERS, geo_add(f, u.radius, w.radius)))
GEO_IS(circle_contained, circle, circle, fuzzy_le(CENTERS, geo_sub(f, w.radius, u.radius)))
GEO_IS(circle_contain, circle, circle, fuzzy_le(CENTERS, geo_sub(f, u.radius, w.radius)))
GEO_IS(circle_left, circle, circle, fuzzy_lt(circle_max_x(f, u), circle_min_x(f, w)))
GEO_IS(circle_overleft, circle, circle, fuzzy_le(circle_max_x(f, u), circle_max_x(f, w)))
GEO_IS(circle_right, circle, circle, fuzzy_gt(circle_min_x(f, u), circle_max_x(f, w)))
GEO_IS(circle_overright, circle, circle, fuzzy_ge(circle_min_x(f, u), circle_min_x(f, w)))
GEO_IS(circle_below, circle, circle, fuzzy_lt(circle_max_y(f, u), circle_min_y(f, w)))
GEO_IS(circle_overbelow, circle, circle, fuzzy_le(circle_max_y(f, u), circle_max_y(f, w)))
GEO_IS(circle_above, circle, circle, fuzzy_gt(circle_min_y(f, u), circle_max_y(f, w)))
GEO_IS(circle_overabove, circle, circle, fuzzy_ge(circle_min_y(f, u), circle_min_y(f, w)))
GEO_IS(circle_eq, circle, circle, fuzzy_eq(circle_size(f, u), circle_size(f, w)))
GEO_IS(circle_ne, circle, circle, !fuzzy_eq(circle_size(f, u), circle_size(f, w)))
GEO_IS(circle_lt, circle, circle, fuzzy_lt(circle_size(f, u), circle_size(f, w)))
GEO_IS(circle_gt, circle, circle, fuzzy_gt(circle_size(f, u), circle_size(f, w)))
GEO_IS(circle_le, circle, circle, fuzzy_le(circle_size(f, u), circle_size(f, w)))
GEO_IS(circle_ge, circle, circle, fuzzy_ge(circle_size(f, u), circle_size(f, w)))
GEO_TWO(circle_add_pt, circle, point,
        geo_put_circle(call, r, (GeoCircle){geo_point_add(f, u.center, w), u.radius}))
GEO_TWO(circle_sub_pt, circle, point,
        geo_put_circle(call, r, (GeoCircle){geo_point_sub(f, u.center, w), u.radius}))
GEO_TWO(circle_mul_pt, circle, point,
        geo_put_circle(call, r,
                       (GeoCircle){geo_point_mul(f, u.center, w),
                                   geo_mul(f, u.radius, geo_hypot(f, w.x, w.y))}))
GEO_TWO(circle_div_pt, circle, point,
        geo_put_circle(call, r,
                       (GeoCircle){geo_point_div(f, u.center, w),
                                   geo_div(f, u.radius, geo_hypot(f, w.x, w.y))}))
GEO_ONE(circle_area, circle, r->f64 = circle_size(f, u))
GEO_ONE(circle_diameter, circle, r->f64 = geo_mul(f, u.radius, 2.0))
GEO_ONE(circle_radius, circle, r->f64 = u.radius)
GEO_ONE(circle_center, circle, geo_put_point(call, r, u.center))
GEO_NUMBER(circle_distance, circle, circle, circle_gap(f, CENTERS, geo_add(f, u.radius, w.radius)))
GEO_IS(circle_contain_pt, circle, point, geo_point_dist(f, u.center, w) <= u.radius)
GEO_IS(pt_contained_circle, point, circle, geo_point_dist(f, w.center, u) <= w.radius)
GEO_NUMBER(dist_pc, point, circle, circle_gap(f, geo_point_dist(f, u, w.center), w.radius))
GEO_NUMBER(dist_cpoint, circle, point, circle_gap(f, geo_point_dist(f, w, u.center), u.radius))
GEO_NUMBER(dist_cpoly, circle, poly, circle_gap(f, poly_near_point(f, w, u.center), u.radius))
GEO_NUMBER(dist_polyc, poly, circle, circle_gap(f, poly_near_point(f, u, w.center), w.radius))
GEO_TWO(cr_circle, point, double, geo_put_circle(call, r, (GeoCircle){u, w}))
GEO_ONE(circle_box, circle, double d = geo_div(f, u.radius, sqrt(2.0));
        geo_put_box(call, r,
                    (GeoBox){{geo_add(f, u.center.x, d), geo_add(f, u.center.y, d)},
                             {geo_sub(f, u.center.x, d), geo_sub(f, u.center.y, d)}}))
GEO_ONE(box_circle, box, GeoPoint c = geo_middle(f, u.high, u.low);
        geo_put_circle(call, r, (GeoCircle){c, geo_point_dist(f, c, u.high)}))

ROW_KERNEL(circle_poly)
{
    GeoFault f = GEO_FINE;
    GeoCircle c = geo_circle(&a[1]);
    if (fuzzy_zero(c.radius)) {
        return err_set(call->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot convert circle with radius zero to polygon");
    }
    if (a[0].i32 < 2) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "must request at least 2 points");
    }
    uint32_t n = (uint32_t)a[0].i32;
    if (n > GEO_POINTS_MAX) {
        return err_set(call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many points requested");
    }
    GeoPath v = {ARENA_ARRAY(call->arena, GeoPoint, n), n, true};
    double step = geo_div(&f, 2.0 * M_PI, n);
    for (uint32_t i = 0; i < n; i++) {
        double angle = geo_mul(&f, step, i);
        v.p[i].x = geo_sub(&f, c.center.x, geo_mul(&f, c.radius, cos(angle)));
        v.p[i].y = geo_add(&f, c.center.y, geo_mul(&f, c.radius, sin(angle)));
    }
    geo_put_poly(call, r, v);
    return geo_end(call, f);
}

static const FnOps GEO_PATH_FNS[] = {
    FN(path_area),
    FN(path_length),
    FN(path_isclosed),
    FN(path_isopen),
    FN(path_close),
    FN(path_open),
    FN(path_add),
    FN(path_add_pt),
    FN(path_sub_pt),
    FN(path_mul_pt),
    FN(path_div_pt),
    FN(path_inter),
    FN(path_distance),
    FN(dist_ppath),
    FN(dist_pathp),
    FN(on_ppath),
    FN_AS("oid:1426", path_contain_pt),
    FN(path_poly),
    FN(path_npoints),
    FN(path_n_eq),
    FN(path_n_lt),
    FN(path_n_le),
    FN(path_n_gt),
    FN(path_n_ge),
    FN(poly_left),
    FN(poly_overleft),
    FN(poly_right),
    FN(poly_overright),
    FN(poly_below),
    FN(poly_overbelow),
    FN(poly_above),
    FN(poly_overabove),
    FN(poly_same),
    FN(poly_overlap),
    FN(poly_contain),
    FN(poly_contained),
    FN(poly_contain_pt),
    FN(pt_contained_poly),
    FN(poly_distance),
    FN(dist_ppoly),
    FN(dist_polyp),
    FN(poly_center),
    FN(poly_circle),
    FN(poly_box),
    FN(poly_path),
    FN(box_poly),
    FN(poly_npoints),
    FN(circle_same),
    FN(circle_overlap),
    FN(circle_contained),
    FN(circle_contain),
    FN(circle_left),
    FN(circle_overleft),
    FN(circle_right),
    FN(circle_overright),
    FN(circle_below),
    FN(circle_overbelow),
    FN(circle_above),
    FN(circle_overabove),
    FN(circle_eq),
    FN(circle_ne),
    FN(circle_lt),
    FN(circle_gt),
    FN(circle_le),
    FN(circle_ge),
    FN(circle_add_pt),
    FN(circle_sub_pt),
    FN(circle_mul_pt),
    FN(circle_div_pt),
    FN(circle_area),
    FN(circle_diameter),
    FN(circle_radius),
    FN(circle_center),
    FN(circle_distance),
    FN(circle_contain_pt),
    FN(pt_contained_circle),
    FN(dist_pc),
    FN(dist_cpoint),
    FN(dist_cpoly),
    FN(dist_polyc),
    FN(cr_circle),
    FN(circle_box),
    FN(box_circle),
    FN(circle_poly),
};
const TypeFamily type_family_geo_path = {
    .fns = GEO_PATH_FNS,
    .fn_count = ARRAY_LEN(GEO_PATH_FNS),
};
