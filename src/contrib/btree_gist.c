/*
 * btree_gist.c - the distances of btree_gist: how far apart two numbers, dates or times are. Its
 * operator classes need nothing here: their indexes are ordered trees (docs/ROADMAP.md).
 */
#include <math.h>

#include "contrib/contrib.h"
#include "type/datetime.h"
#include "type/kernel.h"

static Status gist_range(FnCall *call, const char *type)
{
    return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range", type);
}

/* GIST_INT_DIST - |a - b| of an integer type; it must be one that a - b can be, too. */
#define GIST_INT_DIST(name, field, min, type)                                                      \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        if (__builtin_sub_overflow(a[0].field, a[1].field, &r->field) || r->field == (min)) {      \
            return gist_range(call, type);                                                         \
        }                                                                                          \
        r->field = (__typeof__(r->field))(r->field < 0 ? -r->field : r->field);                    \
        return ST_OK;                                                                              \
    }
GIST_INT_DIST(int2_dist, i16, INT16_MIN, "smallint")
GIST_INT_DIST(int4_dist, i32, INT32_MIN, "integer")
GIST_INT_DIST(int8_dist, i64, INT64_MIN, "bigint")
GIST_INT_DIST(cash_dist, i64, INT64_MIN, "money")

ROW_KERNEL(oid_dist)
{
    r->u32 = a[0].u32 < a[1].u32 ? a[1].u32 - a[0].u32 : a[0].u32 - a[1].u32;
    return ST_OK;
}

/* gist_overflow - a difference that no operand explains. */
static Status gist_overflow(FnCall *call)
{
    return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
}

ROW_KERNEL(float4_dist)
{
    r->f32 = fabsf(a[0].f32 - a[1].f32);
    return isinf(r->f32) && !isinf(a[0].f32) && !isinf(a[1].f32) ? gist_overflow(call) : ST_OK;
}

ROW_KERNEL(float8_dist)
{
    r->f64 = fabs(a[0].f64 - a[1].f64);
    return isinf(r->f64) && !isinf(a[0].f64) && !isinf(a[1].f64) ? gist_overflow(call) : ST_OK;
}

ROW_KERNEL(date_dist)
{
    for (int i = 0; i < 2; i++) {
        if (a[i].i32 == INT32_MIN || a[i].i32 == INT32_MAX) {
            return err_set(call->cx, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
                           "cannot subtract infinite dates");
        }
    }
    r->i32 = a[0].i32 < a[1].i32 ? a[1].i32 - a[0].i32 : a[0].i32 - a[1].i32;
    return ST_OK;
}

static void gist_put_interval(Datum *r, Interval v)
{
    memcpy(r->b16, &v, sizeof(v));
}

ROW_KERNEL(time_dist)
{
    int64_t us = a[0].i64 - a[1].i64;
    gist_put_interval(r, (Interval){us < 0 ? -us : us, 0, 0});
    return ST_OK;
}

/* ts_dist, tstz_dist: days and the rest; of infinite ones PostgreSQL's longest interval. */
ROW_KERNEL(ts_dist)
{
    enum { INFINITE_COUNT = 2 };
    static const int64_t DAY_US = INT64_C(86400000000);
    for (int i = 0; i < INFINITE_COUNT; i++) {
        if (a[i].i64 == INT64_MIN || a[i].i64 == INT64_MAX) {
            gist_put_interval(r, (Interval){INT64_MAX, INT32_MAX, INT32_MAX});
            return ST_OK;
        }
    }
    int64_t us = a[0].i64 < a[1].i64 ? a[1].i64 - a[0].i64 : a[0].i64 - a[1].i64;
    gist_put_interval(r, (Interval){us % DAY_US, (int32_t)(us / DAY_US), 0});
    return ST_OK;
}

ROW_KERNEL(interval_dist)
{
    const TypeOps *ops = type_ops(TYPE_INTERVAL);
    Interval x, y;
    bool less = ops->cmp(&a[0], &a[1]) < 0;
    memcpy(&x, a[less ? 1 : 0].b16, sizeof(x));
    memcpy(&y, a[less ? 0 : 1].b16, sizeof(y));
    if (__builtin_sub_overflow(x.us, y.us, &x.us) ||
        __builtin_sub_overflow(x.days, y.days, &x.days) ||
        __builtin_sub_overflow(x.months, y.months, &x.months)) {
        return err_set(call->cx, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "interval out of range");
    }
    gist_put_interval(r, x);
    return ST_OK;
}

#define GIST_FN(name) FN_AS("btree_gist:" #name, name)
static const FnOps GIST_FNS[] = {
    GIST_FN(int2_dist),
    GIST_FN(int4_dist),
    GIST_FN(int8_dist),
    GIST_FN(cash_dist),
    GIST_FN(oid_dist),
    GIST_FN(float4_dist),
    GIST_FN(float8_dist),
    GIST_FN(date_dist),
    GIST_FN(time_dist),
    GIST_FN(ts_dist),
    FN_AS("btree_gist:tstz_dist", ts_dist),
    GIST_FN(interval_dist),
};
const TypeFamily contrib_btree_gist = {.fns = GIST_FNS, .fn_count = ARRAY_LEN(GIST_FNS)};
