#ifndef DASSIE_TYPE_GEO_FN_H
#define DASSIE_TYPE_GEO_FN_H
/*
 * geo_fn.h - how the functions of geometric types are written: with their arguments read as u and
 * w, and a statement that sets *r; f notes faults of arithmetic. Any thread; no state.
 */
#include "type/geo.h"

#define GEO_T_point       GeoPoint
#define GEO_T_lseg        GeoSeg
#define GEO_T_box         GeoBox
#define GEO_T_line        GeoLine
#define GEO_T_circle      GeoCircle
#define GEO_T_path        GeoPath
#define GEO_T_poly        GeoPath
#define GEO_T_double      double
#define GEO_GET_point(d)  geo_point(d)
#define GEO_GET_lseg(d)   geo_lseg(d)
#define GEO_GET_box(d)    geo_box(d)
#define GEO_GET_line(d)   geo_line(d)
#define GEO_GET_circle(d) geo_circle(d)
#define GEO_GET_path(d)   geo_path(call, d)
#define GEO_GET_poly(d)   geo_poly(call, d)
#define GEO_GET_double(d) (d)->f64
#define GEO_ONE(name, tu, ...)                                                                     \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        GeoFault fault = GEO_FINE, *const f UNUSED = &fault;                                       \
        const GEO_T_##tu u = GEO_GET_##tu(&a[0]);                                                  \
        __VA_ARGS__;                                                                               \
        return geo_end(call, fault);                                                               \
    }
#define GEO_TWO(name, tu, tw, ...)                                                                 \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        GeoFault fault = GEO_FINE, *const f UNUSED = &fault;                                       \
        const GEO_T_##tu u = GEO_GET_##tu(&a[0]);                                                  \
        const GEO_T_##tw w = GEO_GET_##tw(&a[1]);                                                  \
        __VA_ARGS__;                                                                               \
        return geo_end(call, fault);                                                               \
    }
/* A truth, and a number, of two values. */
#define GEO_IS(name, tu, tw, test)     GEO_TWO(name, tu, tw, r->b = (test))
#define GEO_NUMBER(name, tu, tw, what) GEO_TWO(name, tu, tw, r->f64 = (what))
/* GEO_NEAR - the point found by a search whose distance is a number at all. */
#define GEO_NEAR(name, tu, tw, search)                                                             \
    GEO_TWO(name, tu, tw, GeoPoint at = {0}; double d = (search);                                  \
            if (fault == GEO_FINE && isnan(d)) return KERNEL_NULL; geo_put_point(call, r, at))

#endif
