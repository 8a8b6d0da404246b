/*
 * geo_calc.c - geometry: distances, nearest points, where things meet, what lies inside what.
 *
 * The steps are PostgreSQL's in their order, as comparisons are fuzzy and rounding shows.
 */
#include <float.h>

#include "type/geo.h"

/* Polygons whose edges touch in many points make this recursive. */
enum { GEO_DEPTH_MAX = 2000 };

double geo_mul(GeoFault *f, double a, double b)
{
    double r = a * b;
    if (UNLIKELY(isinf(r)) && !isinf(a) && !isinf(b)) {
        return geo_fault(f, GEO_OVERFLOW, r);
    }
    return UNLIKELY(r == 0) && a != 0 && b != 0 ? geo_fault(f, GEO_UNDERFLOW, r) : r;
}
double geo_div(GeoFault *f, double a, double b)
{
    if (UNLIKELY(b == 0) && !isnan(a)) {
        return geo_fault(f, GEO_DIVISION, 0);
    }
    double r = a / b;
    if (UNLIKELY(isinf(r)) && !isinf(a)) {
        return geo_fault(f, GEO_OVERFLOW, r);
    }
    return UNLIKELY(r == 0) && a != 0 && !isinf(b) ? geo_fault(f, GEO_UNDERFLOW, r) : r;
}

/* geo_hypot - not the library's: its last digit may differ. */
double geo_hypot(GeoFault *f, double x, double y)
{
    if (isinf(x) || isinf(y)) {
        return (double)INFINITY;
    }
    if (isnan(x) || isnan(y)) {
        return (double)NAN;
    }
    double a = fmax(fabs(x), fabs(y)), b = fmin(fabs(x), fabs(y));
    if (b == 0) {
        return a;
    }
    double ratio = b / a;
    double r = a * sqrt(1.0 + ratio * ratio);
    return isinf(r) ? geo_fault(f, GEO_OVERFLOW, r) : r == 0 ? geo_fault(f, GEO_UNDERFLOW, r) : r;
}

/* ---- points ---- */

bool geo_point_same(GeoPoint a, GeoPoint b)
{
    if (UNLIKELY(isnan(a.x) || isnan(a.y) || isnan(b.x) || isnan(b.y))) {
        return float8_order(a.x, b.x) == 0 && float8_order(a.y, b.y) == 0;
    }
    return fuzzy_eq(a.x, b.x) && fuzzy_eq(a.y, b.y);
}
double geo_point_dist(GeoFault *f, GeoPoint a, GeoPoint b)
{
    return geo_hypot(f, geo_sub(f, a.x, b.x), geo_sub(f, a.y, b.y));
}
double geo_slope(GeoFault *f, GeoPoint a, GeoPoint b)
{
    if (fuzzy_eq(a.x, b.x)) {
        return (double)INFINITY;
    }
    return fuzzy_eq(a.y, b.y) ? 0 : geo_div(f, geo_sub(f, a.y, b.y), geo_sub(f, a.x, b.x));
}
double geo_slope_across(GeoFault *f, GeoPoint a, GeoPoint b)
{
    if (fuzzy_eq(a.x, b.x)) {
        return 0;
    }
    return fuzzy_eq(a.y, b.y) ? (double)INFINITY
                              : geo_div(f, geo_sub(f, a.x, b.x), geo_sub(f, b.y, a.y));
}
GeoPoint geo_point_add(GeoFault *f, GeoPoint a, GeoPoint b)
{
    return (GeoPoint){geo_add(f, a.x, b.x), geo_add(f, a.y, b.y)};
}
GeoPoint geo_point_sub(GeoFault *f, GeoPoint a, GeoPoint b)
{
    return (GeoPoint){geo_sub(f, a.x, b.x), geo_sub(f, a.y, b.y)};
}
GeoPoint geo_point_mul(GeoFault *f, GeoPoint a, GeoPoint b)
{
    return (GeoPoint){geo_sub(f, geo_mul(f, a.x, b.x), geo_mul(f, a.y, b.y)),
                      geo_add(f, geo_mul(f, a.x, b.y), geo_mul(f, a.y, b.x))};
}
GeoPoint geo_point_div(GeoFault *f, GeoPoint a, GeoPoint b)
{
    double d = geo_add(f, geo_mul(f, b.x, b.x), geo_mul(f, b.y, b.y));
    return (GeoPoint){
        geo_div(f, geo_add(f, geo_mul(f, a.x, b.x), geo_mul(f, a.y, b.y)), d),
        geo_div(f, geo_sub(f, geo_mul(f, a.y, b.x), geo_mul(f, a.x, b.y)), d),
    };
}
GeoPoint geo_middle(GeoFault *f, GeoPoint a, GeoPoint b)
{
    return (GeoPoint){geo_div(f, geo_add(f, a.x, b.x), 2), geo_div(f, geo_add(f, a.y, b.y), 2)};
}

/* ---- lines ---- */

GeoLine geo_line_through(GeoFault *f, GeoPoint p, double slope)
{
    if (isinf(slope)) {
        return (GeoLine){-1, 0, p.x};
    }
    if (slope == 0) {
        return (GeoLine){0, -1, p.y};
    }
    double c = geo_sub(f, p.y, geo_mul(f, slope, p.x));
    return (GeoLine){slope, -1, c == 0 ? 0 : c}; /* not -0 */
}
double geo_line_slope(GeoFault *f, GeoLine l)
{
    if (fuzzy_zero(l.a)) {
        return 0;
    }
    return fuzzy_zero(l.b) ? (double)INFINITY : geo_div(f, l.a, -l.b);
}
/* line_slope_across - of a line at right angles. */
static double line_slope_across(GeoFault *f, GeoLine l)
{
    if (fuzzy_zero(l.a)) {
        return (double)INFINITY;
    }
    return fuzzy_zero(l.b) ? 0 : geo_div(f, l.b, l.a);
}
bool geo_line_has(GeoFault *f, GeoLine l, GeoPoint p)
{
    return fuzzy_zero(geo_add(f, geo_add(f, geo_mul(f, l.a, p.x), geo_mul(f, l.b, p.y)), l.c));
}

bool geo_line_meets(GeoFault *f, GeoLine a, GeoLine b, GeoPoint *at)
{
    if (fuzzy_zero(a.b)) {
        if (fuzzy_zero(b.b)) {
            return false;
        }
        GeoLine t = a;
        a = b;
        b = t;
    }
    if (fuzzy_eq(b.a, geo_mul(f, a.a, geo_div(f, b.b, a.b)))) {
        return false;
    }
    double x = geo_div(f, geo_sub(f, geo_mul(f, a.b, b.c), geo_mul(f, b.b, a.c)),
                       geo_sub(f, geo_mul(f, a.a, b.b), geo_mul(f, b.a, a.b)));
    double y = geo_div(f, -geo_add(f, geo_mul(f, a.a, x), a.c), a.b);
    if (at != NULL) {
        *at = (GeoPoint){x == 0 ? 0 : x, y == 0 ? 0 : y}; /* not -0 */
    }
    return true;
}

double geo_line_near_point(GeoFault *f, GeoLine l, GeoPoint p, GeoPoint *at)
{
    GeoPoint foot;
    if (!geo_line_meets(f, geo_line_through(f, p, line_slope_across(f, l)), l, &foot)) {
        if (at != NULL) {
            *at = p;
        }
        return (double)NAN;
    }
    if (at != NULL) {
        *at = foot;
    }
    return geo_point_dist(f, foot, p);
}

/* ---- segments ---- */

static GeoLine seg_line(GeoFault *f, GeoSeg s)
{
    return geo_line_through(f, s.p[0], geo_slope(f, s.p[0], s.p[1]));
}
bool geo_seg_has(GeoFault *f, GeoSeg s, GeoPoint p)
{
    return fuzzy_eq(geo_point_dist(f, p, s.p[0]) + geo_point_dist(f, p, s.p[1]),
                    geo_point_dist(f, s.p[0], s.p[1]));
}
bool geo_seg_meets_line(GeoFault *f, GeoSeg s, GeoLine l, GeoPoint *at)
{
    GeoPoint p;
    if (!geo_line_meets(f, seg_line(f, s), l, &p) || !geo_seg_has(f, s, p)) {
        return false;
    }
    if (at != NULL) {
        *at = geo_point_same(s.p[0], p) ? s.p[0] : geo_point_same(s.p[1], p) ? s.p[1] : p;
    }
    return true;
}
bool geo_seg_meets(GeoFault *f, GeoSeg a, GeoSeg b, GeoPoint *at)
{
    GeoPoint p;
    if (!geo_seg_meets_line(f, a, seg_line(f, b), &p) || !geo_seg_has(f, b, p)) {
        return false;
    }
    if (at != NULL) {
        *at = p;
    }
    return true;
}

double geo_seg_near_line(GeoFault *f, GeoSeg s, GeoLine l, GeoPoint *at)
{
    if (geo_seg_meets_line(f, s, l, at)) {
        return 0;
    }
    double d0 = geo_line_near_point(f, l, s.p[0], NULL);
    double d1 = geo_line_near_point(f, l, s.p[1], NULL);
    if (at != NULL) {
        *at = s.p[d0 < d1 ? 0 : 1];
    }
    return d0 < d1 ? d0 : d1;
}
double geo_seg_near_point(GeoFault *f, GeoSeg s, GeoPoint p, GeoPoint *at)
{
    GeoPoint near;
    GeoLine across = geo_line_through(f, p, geo_slope_across(f, s.p[0], s.p[1]));
    (void)geo_seg_near_line(f, s, across, &near);
    if (at != NULL) {
        *at = near;
    }
    return geo_point_dist(f, near, p);
}

/* near_better - take this point when it is nearer. */
static void near_better(double *best, double d, GeoPoint *at, GeoPoint p)
{
    if (float8_order(d, *best) < 0) {
        *best = d;
        if (at != NULL) {
            *at = p;
        }
    }
}

double geo_seg_near_seg(GeoFault *f, GeoSeg on, GeoSeg to, GeoPoint *at)
{
    GeoPoint p;
    if (geo_seg_meets(f, on, to, at)) {
        return 0;
    }
    double best = geo_seg_near_point(f, on, to.p[0], at);
    double d = geo_seg_near_point(f, on, to.p[1], &p);
    near_better(&best, d, at, p);
    near_better(&best, geo_seg_near_point(f, to, on.p[0], NULL), at, on.p[0]);
    near_better(&best, geo_seg_near_point(f, to, on.p[1], NULL), at, on.p[1]);
    return best;
}

/* ---- boxes ---- */

GeoBox geo_box_of(GeoPoint a, GeoPoint b)
{
    bool x = float8_order(a.x, b.x) > 0, y = float8_order(a.y, b.y) > 0;
    return (GeoBox){{x ? a.x : b.x, y ? a.y : b.y}, {x ? b.x : a.x, y ? b.y : a.y}};
}
void geo_box_sides(GeoBox b, GeoSeg out[4])
{
    GeoPoint upper_left = {b.low.x, b.high.y}, lower_right = {b.high.x, b.low.y};
    out[0] = (GeoSeg){{b.low, upper_left}};
    out[1] = (GeoSeg){{b.high, upper_left}};
    out[2] = (GeoSeg){{b.low, lower_right}};
    out[3] = (GeoSeg){{b.high, lower_right}};
}
bool geo_box_has(GeoBox b, GeoPoint p)
{
    return b.high.x >= p.x && b.low.x <= p.x && b.high.y >= p.y && b.low.y <= p.y;
}
bool geo_box_has_box(GeoBox b, GeoBox in)
{
    return fuzzy_ge(b.high.x, in.high.x) && fuzzy_le(b.low.x, in.low.x) &&
           fuzzy_ge(b.high.y, in.high.y) && fuzzy_le(b.low.y, in.low.y);
}
bool geo_box_overlaps(GeoBox a, GeoBox b)
{
    return fuzzy_le(a.low.x, b.high.x) && fuzzy_le(b.low.x, a.high.x) &&
           fuzzy_le(a.low.y, b.high.y) && fuzzy_le(b.low.y, a.high.y);
}
bool geo_box_meets_seg(GeoFault *f, GeoBox b, GeoSeg s, GeoPoint *at)
{
    GeoSeg sides[4];
    if (!geo_box_overlaps(geo_box_of(s.p[0], s.p[1]), b)) {
        return false;
    }
    if (at != NULL) {
        (void)geo_seg_near_point(f, s, geo_middle(f, b.high, b.low), at);
    }
    if (geo_box_has(b, s.p[0]) || geo_box_has(b, s.p[1])) {
        return true;
    }
    geo_box_sides(b, sides);
    for (int i = 0; i < 4; i++) {
        if (geo_seg_meets(f, sides[i], s, NULL)) {
            return true;
        }
    }
    return false;
}
double geo_box_near_point(GeoFault *f, GeoBox b, GeoPoint p, GeoPoint *at)
{
    GeoSeg sides[4];
    GeoPoint near;
    if (geo_box_has(b, p)) {
        if (at != NULL) {
            *at = p;
        }
        return 0;
    }
    geo_box_sides(b, sides);
    double best = geo_seg_near_point(f, sides[0], p, at);
    for (int i = 1; i < 4; i++) {
        double d = geo_seg_near_point(f, sides[i], p, &near);
        near_better(&best, d, at, near);
    }
    return best;
}
double geo_box_near_seg(GeoFault *f, GeoBox b, GeoSeg s, GeoPoint *at)
{
    GeoSeg sides[4];
    GeoPoint near;
    if (geo_box_meets_seg(f, b, s, at)) {
        return 0;
    }
    geo_box_sides(b, sides);
    double best = geo_seg_near_seg(f, sides[0], s, at);
    for (int i = 1; i < 4; i++) {
        double d = geo_seg_near_seg(f, sides[i], s, &near);
        near_better(&best, d, at, near);
    }
    return best;
}

/* ---- paths and polygons ---- */

GeoBox geo_path_bounds(GeoPath v)
{
    GeoBox b = {v.p[0], v.p[0]};
    for (uint32_t i = 1; i < v.count; i++) {
        b.high.x = geo_max(v.p[i].x, b.high.x);
        b.high.y = geo_max(v.p[i].y, b.high.y);
        b.low.x = geo_min(v.p[i].x, b.low.x);
        b.low.y = geo_min(v.p[i].y, b.low.y);
    }
    return b;
}
bool geo_path_seg(GeoPath v, uint32_t i, GeoSeg *out)
{
    *out = (GeoSeg){{v.p[i > 0 ? i - 1 : v.count - 1], v.p[i]}};
    return i > 0 || v.closed;
}

#define ON_EDGE INT32_MAX

/* edge_from_axis - edge_crossing of an edge that ends on the ray's line. */
static int edge_from_axis(double x, double px, double py)
{
    if (fuzzy_zero(x)) {
        return ON_EDGE;
    }
    if (fuzzy_gt(x, 0)) {
        if (fuzzy_zero(py)) {
            return fuzzy_gt(px, 0) ? 0 : ON_EDGE;
        }
        return fuzzy_lt(py, 0) ? 1 : -1;
    }
    return fuzzy_zero(py) && !fuzzy_lt(px, 0) ? ON_EDGE : 0;
}

/* edge_crossing - how an edge from (px, py) to (x, y) crosses the ray from the origin to the right:
 * 2 or -2, 1 or -1 when it only touches it, 0; ON_EDGE: it goes through the origin. */
static int edge_crossing(GeoFault *f, double x, double y, double px, double py)
{
    if (fuzzy_zero(y)) {
        return edge_from_axis(x, px, py);
    }
    int sign = fuzzy_gt(y, 0) ? 1 : -1;
    if (fuzzy_zero(py)) {
        return fuzzy_lt(px, 0) ? 0 : sign;
    }
    if ((sign < 0 && fuzzy_lt(py, 0)) || (sign > 0 && fuzzy_gt(py, 0))) {
        return 0;
    }
    if (fuzzy_ge(x, 0) && fuzzy_gt(px, 0)) {
        return 2 * sign;
    }
    if (fuzzy_lt(x, 0) && fuzzy_le(px, 0)) {
        return 0;
    }
    double z = geo_sub(f, geo_mul(f, geo_sub(f, x, px), y), geo_mul(f, geo_sub(f, y, py), x));
    if (fuzzy_zero(z)) {
        return ON_EDGE;
    }
    return (sign < 0 && fuzzy_lt(z, 0)) || (sign > 0 && fuzzy_gt(z, 0)) ? 0 : 2 * sign;
}

bool geo_poly_has(GeoFault *f, GeoPath poly, GeoPoint p)
{
    GeoPoint first = geo_point_sub(f, poly.p[0], p), before = first;
    int64_t total = 0;
    for (uint32_t i = 1; i <= poly.count; i++) {
        GeoPoint v = i < poly.count ? geo_point_sub(f, poly.p[i], p) : first;
        int cross = edge_crossing(f, v.x, v.y, before.x, before.y);
        if (cross == ON_EDGE) {
            return true;
        }
        total += cross;
        before = v;
    }
    return total != 0;
}

/* InsideWalk - is a segment inside the polygon? Its edges are looked at from one on. */
typedef struct InsideWalk {
    Cx *cx;
    GeoFault *f;
    GeoPath poly;
    uint32_t depth;
} InsideWalk;
static bool inside_seg(InsideWalk *w, GeoPoint a, GeoPoint b, uint32_t from);

/* inside_touched - `a` lies on edge s, b does not: go on with what of a-b is behind the edge. */
static bool inside_touched(InsideWalk *w, GeoPoint a, GeoPoint b, GeoSeg s, uint32_t from)
{
    GeoSeg t = {{a, b}};
    bool at0 = geo_point_same(a, s.p[0]), at1 = !at0 && geo_point_same(a, s.p[1]);
    if (!at0 && geo_seg_has(w->f, t, s.p[0])) {
        return inside_seg(w, b, s.p[0], from);
    }
    if (!at1 && geo_seg_has(w->f, t, s.p[1])) {
        return inside_seg(w, b, s.p[1], from);
    }
    return true;
}

/* inside_seg - where an edge crosses it, its two parts are looked at by themselves; where none
 * does, its middle tells. */
static bool inside_seg(InsideWalk *w, GeoPoint a, GeoPoint b, uint32_t from)
{
    GeoSeg t = {{a, b}}, s;
    GeoPoint at;
    bool inside = true;
    if (w->depth >= GEO_DEPTH_MAX || *w->f != GEO_FINE || cx_check(w->cx) != ST_OK) {
        return geo_fault(w->f, GEO_DEPTH, 0) != 0;
    }
    w->depth++;
    for (uint32_t i = from; i < w->poly.count && inside; i++) {
        (void)geo_path_seg(w->poly, i, &s);
        bool has_a = geo_seg_has(w->f, s, a), has_b = geo_seg_has(w->f, s, b);
        if (has_a && has_b) {
            w->depth--;
            return true;
        }
        if (has_a) {
            inside = inside_touched(w, a, b, s, i + 1);
        } else if (has_b) {
            inside = inside_touched(w, b, a, s, i + 1);
        } else if (geo_seg_meets(w->f, t, s, &at)) {
            inside = inside_seg(w, a, at, i + 1) && inside_seg(w, b, at, i + 1);
            w->depth--;
            return inside;
        }
    }
    w->depth--;
    return inside && geo_poly_has(w->f, w->poly, geo_middle(w->f, a, b));
}

bool geo_poly_has_poly(Cx *cx, GeoFault *f, GeoPath poly, GeoPath in)
{
    InsideWalk w = {cx, f, poly, 0};
    if (!geo_box_has_box(geo_path_bounds(poly), geo_path_bounds(in))) {
        return false;
    }
    for (uint32_t i = 0; i < in.count; i++) {
        if (!inside_seg(&w, in.p[i > 0 ? i - 1 : in.count - 1], in.p[i], 0)) {
            return false;
        }
    }
    return true;
}
