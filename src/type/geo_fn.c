/*
 * geo_fn.c - functions and operators of points, segments, lines and boxes, and between these and
 * the others.
 */
#include "type/geo_fn.h"

/* ---- points ---- */

GEO_IS(point_left, point, point, fuzzy_lt(u.x, w.x))
GEO_IS(point_right, point, point, fuzzy_gt(u.x, w.x))
GEO_IS(point_above, point, point, fuzzy_gt(u.y, w.y))
GEO_IS(point_below, point, point, fuzzy_lt(u.y, w.y))
GEO_IS(point_vert, point, point, fuzzy_eq(u.x, w.x))
GEO_IS(point_horiz, point, point, fuzzy_eq(u.y, w.y))
GEO_IS(point_eq, point, point, geo_point_same(u, w))
GEO_IS(point_ne, point, point, !geo_point_same(u, w))
GEO_NUMBER(point_distance, point, point, geo_point_dist(f, u, w))
GEO_NUMBER(point_slope, point, point, geo_slope(f, u, w))
GEO_TWO(point_add, point, point, geo_put_point(call, r, geo_point_add(f, u, w)))
GEO_TWO(point_sub, point, point, geo_put_point(call, r, geo_point_sub(f, u, w)))
GEO_TWO(point_mul, point, point, geo_put_point(call, r, geo_point_mul(f, u, w)))
GEO_TWO(point_div, point, point, geo_put_point(call, r, geo_point_div(f, u, w)))
GEO_TWO(construct_point, double, double, geo_put_point(call, r, (GeoPoint){u, w}))
GEO_ONE(point_box, point, geo_put_box(call, r, (GeoBox){u, u}))
GEO_TWO(points_box, point, point, geo_put_box(call, r, geo_box_of(u, w)))

/* ---- segments ---- */

static double seg_length(GeoFault *f, GeoSeg s)
{
    return geo_point_dist(f, s.p[0], s.p[1]);
}
static double seg_slope(GeoFault *f, GeoSeg s)
{
    return geo_slope(f, s.p[0], s.p[1]);
}
static bool seg_same(GeoSeg a, GeoSeg b)
{
    return geo_point_same(a.p[0], b.p[0]) && geo_point_same(a.p[1], b.p[1]);
}
GEO_TWO(lseg_construct, point, point, geo_put_lseg(call, r, (GeoSeg){{u, w}}))
GEO_ONE(lseg_length, lseg, r->f64 = seg_length(f, u))
GEO_ONE(lseg_center, lseg, geo_put_point(call, r, geo_middle(f, u.p[0], u.p[1])))
GEO_ONE(lseg_vertical, lseg, r->b = fuzzy_eq(u.p[0].x, u.p[1].x))
GEO_ONE(lseg_horizontal, lseg, r->b = fuzzy_eq(u.p[0].y, u.p[1].y))
GEO_IS(lseg_intersect, lseg, lseg, geo_seg_meets(f, u, w, NULL))
GEO_IS(lseg_parallel, lseg, lseg, fuzzy_eq(seg_slope(f, u), seg_slope(f, w)))
GEO_IS(lseg_perp, lseg, lseg, fuzzy_eq(seg_slope(f, u), geo_slope_across(f, w.p[0], w.p[1])))
GEO_IS(lseg_eq, lseg, lseg, seg_same(u, w))
GEO_IS(lseg_ne, lseg, lseg, !seg_same(u, w))
GEO_IS(lseg_lt, lseg, lseg, fuzzy_lt(seg_length(f, u), seg_length(f, w)))
GEO_IS(lseg_le, lseg, lseg, fuzzy_le(seg_length(f, u), seg_length(f, w)))
GEO_IS(lseg_gt, lseg, lseg, fuzzy_gt(seg_length(f, u), seg_length(f, w)))
GEO_IS(lseg_ge, lseg, lseg, fuzzy_ge(seg_length(f, u), seg_length(f, w)))
GEO_NUMBER(lseg_distance, lseg, lseg, geo_seg_near_seg(f, u, w, NULL))
GEO_TWO(lseg_interpt, lseg, lseg, GeoPoint p = {0};
        if (!geo_seg_meets(f, u, w, &p) && fault == GEO_FINE) return KERNEL_NULL;
        geo_put_point(call, r, p))

/* ---- lines ---- */

/* line_same - one is the other times a number. */
static bool line_same(GeoFault *f, GeoLine a, GeoLine b)
{
    double ratio = 1;
    if (isnan(a.a) || isnan(a.b) || isnan(a.c) || isnan(b.a) || isnan(b.b) || isnan(b.c)) {
        return float8_order(a.a, b.a) == 0 && float8_order(a.b, b.b) == 0 &&
               float8_order(a.c, b.c) == 0;
    }
    if (!fuzzy_zero(b.a)) {
        ratio = geo_div(f, a.a, b.a);
    } else if (!fuzzy_zero(b.b)) {
        ratio = geo_div(f, a.b, b.b);
    } else if (!fuzzy_zero(b.c)) {
        ratio = geo_div(f, a.c, b.c);
    }
    return fuzzy_eq(a.a, geo_mul(f, ratio, b.a)) && fuzzy_eq(a.b, geo_mul(f, ratio, b.b)) &&
           fuzzy_eq(a.c, geo_mul(f, ratio, b.c));
}
static bool line_square(GeoFault *f, GeoLine a, GeoLine b)
{
    if (fuzzy_zero(a.a)) {
        return fuzzy_zero(b.b);
    }
    if (fuzzy_zero(b.a)) {
        return fuzzy_zero(a.b);
    }
    if (fuzzy_zero(a.b)) {
        return fuzzy_zero(b.a);
    }
    if (fuzzy_zero(b.b)) {
        return fuzzy_zero(a.a);
    }
    return fuzzy_eq(geo_div(f, geo_mul(f, a.a, b.a), geo_mul(f, a.b, b.b)), -1.0);
}
static double line_between(GeoFault *f, GeoLine a, GeoLine b)
{
    double ratio = 1;
    if (geo_line_meets(f, a, b, NULL)) {
        return 0;
    }
    if (!fuzzy_zero(a.a) && !isnan(a.a) && !fuzzy_zero(b.a) && !isnan(b.a)) {
        ratio = geo_div(f, a.a, b.a);
    } else if (!fuzzy_zero(a.b) && !isnan(a.b) && !fuzzy_zero(b.b) && !isnan(b.b)) {
        ratio = geo_div(f, a.b, b.b);
    }
    return geo_div(f, fabs(geo_sub(f, a.c, geo_mul(f, ratio, b.c))), geo_hypot(f, a.a, a.b));
}
ROW_KERNEL(line_construct_pp)
{
    GeoFault f = GEO_FINE;
    GeoPoint p = geo_point(&a[0]), q = geo_point(&a[1]);
    if (geo_point_same(p, q)) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid line specification: must be two distinct points");
    }
    geo_put_line(call, r, geo_line_through(&f, p, geo_slope(&f, p, q)));
    return geo_end(call, f);
}
GEO_IS(line_intersect, line, line, geo_line_meets(f, u, w, NULL))
GEO_IS(line_parallel, line, line, !geo_line_meets(f, u, w, NULL))
GEO_IS(line_perp, line, line, line_square(f, u, w))
GEO_IS(line_eq, line, line, line_same(f, u, w))
GEO_ONE(line_vertical, line, r->b = fuzzy_zero(u.b))
GEO_ONE(line_horizontal, line, r->b = fuzzy_zero(u.a))
GEO_NUMBER(line_distance, line, line, line_between(f, u, w))
GEO_TWO(line_interpt, line, line, GeoPoint p = {0};
        if (!geo_line_meets(f, u, w, &p) && fault == GEO_FINE) return KERNEL_NULL;
        geo_put_point(call, r, p))

/* ---- boxes ---- */

static double box_size(GeoFault *f, GeoBox b)
{
    return geo_mul(f, geo_sub(f, b.high.x, b.low.x), geo_sub(f, b.high.y, b.low.y));
}
static GeoPoint box_middle(GeoFault *f, GeoBox b)
{
    return geo_middle(f, b.high, b.low);
}
GEO_IS(box_same, box, box, geo_point_same(u.high, w.high) && geo_point_same(u.low, w.low))
GEO_IS(box_overlap, box, box, geo_box_overlaps(u, w))
GEO_IS(box_left, box, box, fuzzy_lt(u.high.x, w.low.x))
GEO_IS(box_overleft, box, box, fuzzy_le(u.high.x, w.high.x))
GEO_IS(box_right, box, box, fuzzy_gt(u.low.x, w.high.x))
GEO_IS(box_overright, box, box, fuzzy_ge(u.low.x, w.low.x))
GEO_IS(box_below, box, box, fuzzy_lt(u.high.y, w.low.y))
GEO_IS(box_overbelow, box, box, fuzzy_le(u.high.y, w.high.y))
GEO_IS(box_above, box, box, fuzzy_gt(u.low.y, w.high.y))
GEO_IS(box_overabove, box, box, fuzzy_ge(u.low.y, w.low.y))
GEO_IS(box_below_eq, box, box, fuzzy_le(u.high.y, w.low.y))
GEO_IS(box_above_eq, box, box, fuzzy_ge(u.low.y, w.high.y))
GEO_IS(box_contained, box, box, geo_box_has_box(w, u))
GEO_IS(box_contain, box, box, geo_box_has_box(u, w))
GEO_IS(box_contain_pt, box, point, geo_box_has(u, w))
GEO_IS(box_lt, box, box, fuzzy_lt(box_size(f, u), box_size(f, w)))
GEO_IS(box_gt, box, box, fuzzy_gt(box_size(f, u), box_size(f, w)))
GEO_IS(box_eq, box, box, fuzzy_eq(box_size(f, u), box_size(f, w)))
GEO_IS(box_le, box, box, fuzzy_le(box_size(f, u), box_size(f, w)))
GEO_IS(box_ge, box, box, fuzzy_ge(box_size(f, u), box_size(f, w)))
GEO_ONE(box_area, box, r->f64 = box_size(f, u))
GEO_ONE(box_width, box, r->f64 = geo_sub(f, u.high.x, u.low.x))
GEO_ONE(box_height, box, r->f64 = geo_sub(f, u.high.y, u.low.y))
GEO_ONE(box_center, box, geo_put_point(call, r, box_middle(f, u)))
GEO_ONE(box_diagonal, box, geo_put_lseg(call, r, (GeoSeg){{u.high, u.low}}))
GEO_NUMBER(box_distance, box, box, geo_point_dist(f, box_middle(f, u), box_middle(f, w)))
GEO_TWO(box_intersect, box, box, if (!geo_box_overlaps(u, w)) return KERNEL_NULL;
        geo_put_box(call, r,
                    (GeoBox){{geo_min(u.high.x, w.high.x), geo_min(u.high.y, w.high.y)},
                             {geo_max(u.low.x, w.low.x), geo_max(u.low.y, w.low.y)}}))
GEO_TWO(boxes_bound_box, box, box,
        geo_put_box(call, r,
                    (GeoBox){{geo_max(u.high.x, w.high.x), geo_max(u.high.y, w.high.y)},
                             {geo_min(u.low.x, w.low.x), geo_min(u.low.y, w.low.y)}}))
GEO_TWO(box_add, box, point,
        geo_put_box(call, r, (GeoBox){geo_point_add(f, u.high, w), geo_point_add(f, u.low, w)}))
GEO_TWO(box_sub, box, point,
        geo_put_box(call, r, (GeoBox){geo_point_sub(f, u.high, w), geo_point_sub(f, u.low, w)}))
GEO_TWO(box_mul, box, point,
        geo_put_box(call, r, geo_box_of(geo_point_mul(f, u.high, w), geo_point_mul(f, u.low, w))))
GEO_TWO(box_div, box, point,
        geo_put_box(call, r, geo_box_of(geo_point_div(f, u.high, w), geo_point_div(f, u.low, w))))

/* ---- between kinds ---- */

GEO_NUMBER(dist_pl, point, line, geo_line_near_point(f, w, u, NULL))
GEO_NUMBER(dist_lp, line, point, geo_line_near_point(f, u, w, NULL))
GEO_NUMBER(dist_ps, point, lseg, geo_seg_near_point(f, w, u, NULL))
GEO_NUMBER(dist_sp, lseg, point, geo_seg_near_point(f, u, w, NULL))
GEO_NUMBER(dist_pb, point, box, geo_box_near_point(f, w, u, NULL))
GEO_NUMBER(dist_bp, box, point, geo_box_near_point(f, u, w, NULL))
GEO_NUMBER(dist_sl, lseg, line, geo_seg_near_line(f, u, w, NULL))
GEO_NUMBER(dist_ls, line, lseg, geo_seg_near_line(f, w, u, NULL))
GEO_NUMBER(dist_sb, lseg, box, geo_box_near_seg(f, w, u, NULL))
GEO_NUMBER(dist_bs, box, lseg, geo_box_near_seg(f, u, w, NULL))

GEO_NEAR(close_pl, point, line, geo_line_near_point(f, w, u, &at))
GEO_NEAR(close_ps, point, lseg, geo_seg_near_point(f, w, u, &at))
GEO_NEAR(close_pb, point, box, geo_box_near_point(f, w, u, &at))
GEO_NEAR(close_sb, lseg, box, geo_box_near_seg(f, w, u, &at))
GEO_NEAR(close_ls, line, lseg,
         seg_slope(f, w) == geo_line_slope(f, u) ? (double)NAN : geo_seg_near_line(f, w, u, &at))
GEO_NEAR(close_lseg, lseg, lseg,
         seg_slope(f, u) == seg_slope(f, w) ? (double)NAN : geo_seg_near_seg(f, w, u, &at))

GEO_IS(on_pl, point, line, geo_line_has(f, w, u))
GEO_IS(on_ps, point, lseg, geo_seg_has(f, w, u))
GEO_IS(on_pb, point, box, geo_box_has(w, u))
GEO_IS(on_sl, lseg, line, geo_line_has(f, w, u.p[0]) && geo_line_has(f, w, u.p[1]))
GEO_IS(on_sb, lseg, box, geo_box_has(w, u.p[0]) && geo_box_has(w, u.p[1]))
GEO_IS(inter_sl, lseg, line, geo_seg_meets_line(f, u, w, NULL))
GEO_IS(inter_sb, lseg, box, geo_box_meets_seg(f, w, u, NULL))
/* line_meets_box - does it meet one of the edges? */
static bool line_meets_box(GeoFault *f, GeoLine l, GeoBox b)
{
    GeoSeg sides[4];
    geo_box_sides(b, sides);
    for (int i = 0; i < 4; i++) {
        if (geo_seg_meets_line(f, sides[i], l, NULL)) {
            return true;
        }
    }
    return false;
}
GEO_IS(inter_lb, line, box, line_meets_box(f, u, w))

static const FnOps GEO_FNS[] = {
    FN(point_left),      FN(point_right),
    FN(point_above),     FN(point_below),
    FN(point_vert),      FN(point_horiz),
    FN(point_eq),        FN(point_ne),
    FN(point_distance),  FN(point_slope),
    FN(point_add),       FN(point_sub),
    FN(point_mul),       FN(point_div),
    FN(construct_point), FN(point_box),
    FN(points_box),      FN(lseg_construct),
    FN(lseg_length),     FN(lseg_center),
    FN(lseg_vertical),   FN(lseg_horizontal),
    FN(lseg_intersect),  FN(lseg_parallel),
    FN(lseg_perp),       FN(lseg_eq),
    FN(lseg_ne),         FN(lseg_lt),
    FN(lseg_le),         FN(lseg_gt),
    FN(lseg_ge),         FN(lseg_distance),
    FN(lseg_interpt),    FN(line_construct_pp),
    FN(line_intersect),  FN(line_parallel),
    FN(line_perp),       FN(line_eq),
    FN(line_vertical),   FN(line_horizontal),
    FN(line_distance),   FN(line_interpt),
    FN(box_same),        FN(box_overlap),
    FN(box_left),        FN(box_overleft),
    FN(box_right),       FN(box_overright),
    FN(box_below),       FN(box_overbelow),
    FN(box_above),       FN(box_overabove),
    FN(box_below_eq),    FN(box_above_eq),
    FN(box_contained),   FN(box_contain),
    FN(box_contain_pt),  FN(box_lt),
    FN(box_gt),          FN(box_eq),
    FN(box_le),          FN(box_ge),
    FN(box_area),        FN(box_width),
    FN(box_height),      FN(box_center),
    FN(box_diagonal),    FN(box_distance),
    FN(box_intersect),   FN(boxes_bound_box),
    FN(box_add),         FN(box_sub),
    FN(box_mul),         FN(box_div),
    FN(dist_pl),         FN(dist_lp),
    FN(dist_ps),         FN(dist_sp),
    FN(dist_pb),         FN(dist_bp),
    FN(dist_sl),         FN(dist_ls),
    FN(dist_sb),         FN(dist_bs),
    FN(close_pl),        FN(close_ps),
    FN(close_pb),        FN(close_sb),
    FN(close_ls),        FN(close_lseg),
    FN(on_pl),           FN(on_ps),
    FN(on_pb),           FN(on_sl),
    FN(on_sb),           FN(inter_sl),
    FN(inter_sb),        FN(inter_lb),
};
const TypeFamily type_family_geo_fn = {
    .fns = GEO_FNS,
    .fn_count = ARRAY_LEN(GEO_FNS),
};
