#ifndef DASSIE_TYPE_GEO_H
#define DASSIE_TYPE_GEO_H
/*
 * geo.h - points, segments, lines, boxes, paths, polygons and circles: their form and arithmetic.
 *
 * All are strings of doubles: a point two, a segment four, a box four (the upper right corner
 * first), a line three (Ax + By + C = 0), a circle three, a polygon two a point, a path likewise
 * behind eight bytes that say whether it is closed. Comparisons are fuzzy (GEO_EPSILON), as every
 * client of these types knows them. Arithmetic notes its first fault in a GeoFault, which the
 * function that was called turns into an error at its end. Any thread; no state.
 */
#include <math.h>

#include "type/kernel.h"

enum {
    TYPE_POINT = 600,
    TYPE_LSEG = 601,
    TYPE_PATH = 602,
    TYPE_BOX = 603,
    TYPE_POLYGON = 604,
    TYPE_LINE = 628,
    TYPE_CIRCLE = 718,
};
#define GEO_EPSILON    1.0E-06
#define GEO_POINTS_MAX ((1u << 30) / sizeof(GeoPoint) - 1)

typedef struct GeoPoint {
    double x, y;
} GeoPoint;
typedef struct GeoSeg {
    GeoPoint p[2];
} GeoSeg;
typedef struct GeoBox {
    GeoPoint high, low;
} GeoBox;
typedef struct GeoLine {
    double a, b, c;
} GeoLine;
typedef struct GeoCircle {
    GeoPoint center;
    double radius;
} GeoCircle;
/* GeoPath - a path, or a polygon (closed): points in an arena. */
typedef struct GeoPath {
    GeoPoint *p;
    uint32_t count;
    bool closed;
} GeoPath;

typedef enum GeoFault {
    GEO_FINE,
    GEO_OVERFLOW,
    GEO_UNDERFLOW,
    GEO_DIVISION,
    GEO_DEPTH,
} GeoFault;

/* geo_end - the error of a fault. */
Status geo_end(FnCall *call, GeoFault f);

/* ---- values ---- */
/* GEO_FORM - reading and making values of a fixed form. */
#define GEO_FORM(name, T)                                                                          \
    static inline T geo_##name(const Datum *d)                                                     \
    {                                                                                              \
        T v = {0};                                                                                 \
        memcpy(&v, str_ptr(&d->str), MIN(sizeof(v), (size_t)d->str.len));                          \
        return v;                                                                                  \
    }                                                                                              \
    static inline void geo_put_##name(FnCall *call, Datum *d, T v)                                 \
    {                                                                                              \
        d->str = str_copy(call->arena, (const char *)&v, sizeof(v));                               \
    }
GEO_FORM(point, GeoPoint)
GEO_FORM(lseg, GeoSeg)
GEO_FORM(box, GeoBox)
GEO_FORM(line, GeoLine)
GEO_FORM(circle, GeoCircle)
GeoPath geo_path(FnCall *call, const Datum *d);
GeoPath geo_poly(FnCall *call, const Datum *d);
void geo_put_path(FnCall *call, Datum *d, GeoPath v);
void geo_put_poly(FnCall *call, Datum *d, GeoPath v);
uint32_t geo_path_count(const Datum *d);
uint32_t geo_poly_count(const Datum *d);

/* ---- fuzzy comparison ---- */
static inline bool fuzzy_zero(double a)
{
    return fabs(a) <= GEO_EPSILON;
}
static inline bool fuzzy_eq(double a, double b)
{
    return a == b || fabs(a - b) <= GEO_EPSILON;
}
static inline bool fuzzy_lt(double a, double b)
{
    return a + GEO_EPSILON < b;
}
static inline bool fuzzy_le(double a, double b)
{
    return a <= b + GEO_EPSILON;
}
static inline bool fuzzy_gt(double a, double b)
{
    return a > b + GEO_EPSILON;
}
static inline bool fuzzy_ge(double a, double b)
{
    return a + GEO_EPSILON >= b;
}

/* ---- arithmetic ---- */
static inline double geo_fault(GeoFault *f, GeoFault what, double v)
{
    *f = *f == GEO_FINE ? what : *f;
    return v;
}
static inline double geo_add(GeoFault *f, double a, double b)
{
    double r = a + b;
    return UNLIKELY(isinf(r)) && !isinf(a) && !isinf(b) ? geo_fault(f, GEO_OVERFLOW, r) : r;
}
static inline double geo_sub(GeoFault *f, double a, double b)
{
    return geo_add(f, a, -b);
}
double geo_mul(GeoFault *f, double a, double b);
double geo_div(GeoFault *f, double a, double b);
double geo_hypot(GeoFault *f, double x, double y);
/* geo_min, geo_max - NaN is the largest. */
static inline double geo_min(double a, double b)
{
    return float8_order(a, b) < 0 ? a : b;
}
static inline double geo_max(double a, double b)
{
    return float8_order(a, b) > 0 ? a : b;
}

/* ---- points ---- */
bool geo_point_same(GeoPoint a, GeoPoint b);
double geo_point_dist(GeoFault *f, GeoPoint a, GeoPoint b);
double geo_slope(GeoFault *f, GeoPoint a, GeoPoint b);
/* geo_slope_across - of a line at right angles to the one through a and b. */
double geo_slope_across(GeoFault *f, GeoPoint a, GeoPoint b);
GeoPoint geo_point_add(GeoFault *f, GeoPoint a, GeoPoint b);
GeoPoint geo_point_sub(GeoFault *f, GeoPoint a, GeoPoint b);
/* geo_point_mul, geo_point_div - as complex numbers: turned and scaled. */
GeoPoint geo_point_mul(GeoFault *f, GeoPoint a, GeoPoint b);
GeoPoint geo_point_div(GeoFault *f, GeoPoint a, GeoPoint b);
GeoPoint geo_middle(GeoFault *f, GeoPoint a, GeoPoint b);

/* ---- lines and segments; *at (NULL: not wanted) is the point that is found ---- */
GeoLine geo_line_through(GeoFault *f, GeoPoint p, double slope);
double geo_line_slope(GeoFault *f, GeoLine l);
bool geo_line_has(GeoFault *f, GeoLine l, GeoPoint p);
bool geo_line_meets(GeoFault *f, GeoLine a, GeoLine b, GeoPoint *at);
bool geo_seg_has(GeoFault *f, GeoSeg s, GeoPoint p);
bool geo_seg_meets(GeoFault *f, GeoSeg a, GeoSeg b, GeoPoint *at);
bool geo_seg_meets_line(GeoFault *f, GeoSeg s, GeoLine l, GeoPoint *at);
/* What is nearest on the first to the second: returns the distance, may be NaN. */
double geo_line_near_point(GeoFault *f, GeoLine l, GeoPoint p, GeoPoint *at);
double geo_seg_near_point(GeoFault *f, GeoSeg s, GeoPoint p, GeoPoint *at);
double geo_seg_near_line(GeoFault *f, GeoSeg s, GeoLine l, GeoPoint *at);
double geo_seg_near_seg(GeoFault *f, GeoSeg on, GeoSeg to, GeoPoint *at);
double geo_box_near_point(GeoFault *f, GeoBox b, GeoPoint p, GeoPoint *at);
double geo_box_near_seg(GeoFault *f, GeoBox b, GeoSeg s, GeoPoint *at);

/* ---- boxes ---- */
GeoBox geo_box_of(GeoPoint a, GeoPoint b);
/* geo_box_sides - its four edges. */
void geo_box_sides(GeoBox b, GeoSeg out[4]);
bool geo_box_has(GeoBox b, GeoPoint p);
bool geo_box_has_box(GeoBox b, GeoBox in);
bool geo_box_overlaps(GeoBox a, GeoBox b);
bool geo_box_meets_seg(GeoFault *f, GeoBox b, GeoSeg s, GeoPoint *at);

/* ---- paths and polygons ---- */
GeoBox geo_path_bounds(GeoPath v);
/* geo_path_seg - the edge that ends in point i; false: an open path has none there. */
bool geo_path_seg(GeoPath v, uint32_t i, GeoSeg *out);
/* geo_poly_has - is the point inside, or on an edge? */
bool geo_poly_has(GeoFault *f, GeoPath poly, GeoPoint p);
bool geo_poly_has_poly(Cx *cx, GeoFault *f, GeoPath poly, GeoPath in);

/* geo_type_sound - TypeSoundFn of a geometric type (lengths); NULL for another type. */
TypeSoundFn geo_type_sound(Oid type);

#endif
