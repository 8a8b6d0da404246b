/*
 * agg_basic.c - count, sum and avg of integers and floats, min and max, boolean and bit aggregates.
 *
 * sum(bigint), and avg of every integer type, keep a 128-bit sum: no table is long enough to
 * overflow it. A float's average keeps the sum; its variance follows the Youngs-Cramer updates,
 * which stay accurate when the mean is large.
 */
#include <math.h>

#include "type/kernel.h"
#include "type/numeric.h"

/* ---- count ---- */
typedef struct AggCount {
    int64_t n;
} AggCount;
static Status agg_count_one(AGG_PARAMS_ONE)
{
    ((AggCount *)state)->n += sel->count;
    return ST_OK;
}
static Status agg_count_many(AGG_PARAMS_MANY)
{
    for (uint32_t k = 0; k < sel->count; k++) {
        ((AggCount *)states[k])->n++;
    }
    return ST_OK;
}
static Status agg_count_combine(FnCall *call UNUSED, void *into, const void *from)
{
    ((AggCount *)into)->n += ((const AggCount *)from)->n;
    return ST_OK;
}
static Status agg_count_final(FnCall *call UNUSED, const void *state, Vector *out, uint32_t row)
{
    VEC_DATA(out, int64_t)[row] = ((const AggCount *)state)->n;
    return ST_OK;
}

/* ---- sums of integers ---- */
typedef struct AggSumInt {
    i128 sum;
    int64_t n;
} AggSumInt;
/* Batches are summed in 64 bits where that cannot overflow: 1024 32-bit values. */
static Status agg_sum_i32_one(AGG_PARAMS_ONE)
{
    AggSumInt *s = state;
    const int32_t *p = args[0]->data;
    bool c = args[0]->kind == VEC_CONST;
    int64_t sum = 0;
    if (sel->idx == NULL && !c) {
        for (uint32_t i = 0; i < sel->count; i++) {
            sum += p[i];
        }
    } else {
        SEL_FOREACH(row, sel)
        {
            sum += p[c ? 0 : row];
        }
    }
    s->sum += sum;
    s->n += sel->count;
    return ST_OK;
}
static Status agg_sum_i32_many(AGG_PARAMS_MANY)
{
    const int32_t *p = args[0]->data;
    bool c = args[0]->kind == VEC_CONST;
    SEL_FOREACH(row, sel)
    {
        AggSumInt *s = states[row_k];
        s->sum += p[c ? 0 : row];
        s->n++;
    }
    return ST_OK;
}
AGG_UPDATE(agg_sum_i16, AggSumInt, int16_t, s->sum += a; s->n++)
AGG_UPDATE(agg_sum_i64, AggSumInt, int64_t, s->sum += a; s->n++)
static Status agg_sum_int_combine(FnCall *call UNUSED, void *into, const void *from)
{
    ((AggSumInt *)into)->sum += ((const AggSumInt *)from)->sum;
    ((AggSumInt *)into)->n += ((const AggSumInt *)from)->n;
    return ST_OK;
}
static Status agg_sum_int8_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggSumInt *s = state;
    if (s->n == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    if (s->sum > INT64_MAX || s->sum < INT64_MIN) {
        return err_int8_range(call->cx);
    }
    VEC_DATA(out, int64_t)[row] = (int64_t)s->sum;
    return ST_OK;
}
static Status agg_sum_numeric_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggSumInt *s = state;
    if (s->n == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    VEC_DATA(out, Str)[row] = numeric_from_i128(call->arena, s->sum, 0);
    return ST_OK;
}
static Status agg_avg_int_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggSumInt *s = state;
    if (s->n == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    Str sum = numeric_from_i128(call->arena, s->sum, 0);
    Str n = numeric_from_i128(call->arena, s->n, 0);
    return numeric_divide(call->cx, call->arena, &sum, &n, &VEC_DATA(out, Str)[row]);
}

/* ---- floats: n, sum, sum of squared deviations ---- */
typedef struct AggFloat {
    double n, sum, sq;
} AggFloat;
static Status agg_float_add(FnCall *call, AggFloat *s, double v)
{
    double before = s->sum;
    s->n += 1;
    s->sum += v;
    if (s->n > 1) {
        double t = v * s->n - s->sum;
        s->sq += t * t / (s->n * (s->n - 1));
        if (isinf(s->sum) || isinf(s->sq)) {
            if (!isinf(before) && !isinf(v)) {
                return err_float_overflow(call->cx);
            }
            s->sq = (double)NAN;
        }
    } else if (isnan(v) || isinf(v)) {
        s->sq = (double)NAN;
    }
    return ST_OK;
}
AGG_UPDATE(agg_float8, AggFloat, double, TRY(agg_float_add(call, s, a)))
AGG_UPDATE(agg_float4, AggFloat, float, TRY(agg_float_add(call, s, (double)a)))
static Status agg_float_combine(FnCall *call, void *into, const void *from)
{
    AggFloat *x = into;
    const AggFloat *y = from;
    if (y->n == 0) {
        return ST_OK;
    }
    if (x->n == 0) {
        *x = *y;
        return ST_OK;
    }
    double n = x->n + y->n, t = x->sum / x->n - y->sum / y->n, sum = x->sum + y->sum;
    if (isinf(sum) && !isinf(x->sum) && !isinf(y->sum)) {
        return err_float_overflow(call->cx);
    }
    x->sq = x->sq + y->sq + x->n * y->n * t * t / n;
    x->sum = sum;
    x->n = n;
    return ST_OK;
}
typedef struct AggFloatSum {
    double sum;
    int64_t n;
} AggFloatSum;
AGG_UPDATE(agg_fsum8, AggFloatSum, double, double before = s->sum; s->sum += a; s->n++;
           if (UNLIKELY(isinf(s->sum)) && !isinf(before) &&
               !isinf(a)) return err_float_overflow(call->cx))
/* sum(real) is kept in real, as PostgreSQL's float4pl does. */
AGG_UPDATE(agg_fsum4, AggFloatSum, float, float before = (float)s->sum; float sum = before + a;
           s->sum = (double)sum; s->n++; if (UNLIKELY(isinf(sum)) && !isinf(before) &&
                                             !isinf(a)) return err_float_overflow(call->cx))
static Status agg_fsum_combine(FnCall *call, void *into, const void *from)
{
    AggFloatSum *s = into;
    const AggFloatSum *f = from;
    bool infinite = isinf(s->sum) || isinf(f->sum);
    s->sum += f->sum;
    s->n += f->n;
    return isinf(s->sum) && !infinite ? err_float_overflow(call->cx) : ST_OK;
}
static Status agg_fsum8_final(FnCall *call UNUSED, const void *state, Vector *out, uint32_t row)
{
    const AggFloatSum *s = state;
    VEC_DATA(out, double)[row] = s->sum;
    if (s->n == 0) {
        vec_set_null(out, row);
    }
    return ST_OK;
}
static Status agg_fsum4_final(FnCall *call UNUSED, const void *state, Vector *out, uint32_t row)
{
    const AggFloatSum *s = state;
    VEC_DATA(out, float)[row] = (float)s->sum;
    if (s->n == 0) {
        vec_set_null(out, row);
    }
    return ST_OK;
}
static Status agg_float_avg_final(FnCall *call UNUSED, const void *state, Vector *out, uint32_t row)
{
    const AggFloat *s = state;
    VEC_DATA(out, double)[row] = s->n == 0 ? 0 : s->sum / s->n;
    if (s->n == 0) {
        vec_set_null(out, row);
    }
    return ST_OK;
}
#define AGG_FLOAT_FINAL(name, least, expr)                                                         \
    static Status name(FnCall *call UNUSED, const void *state, Vector *out, uint32_t row)          \
    {                                                                                              \
        const AggFloat *s = state;                                                                 \
        if (s->n < (least)) {                                                                      \
            vec_set_null(out, row);                                                                \
            return ST_OK;                                                                          \
        }                                                                                          \
        VEC_DATA(out, double)[row] = (expr);                                                       \
        return ST_OK;                                                                              \
    }
AGG_FLOAT_FINAL(agg_var_samp_final, 2, s->sq / (s->n - 1))
AGG_FLOAT_FINAL(agg_var_pop_final, 1, s->sq / s->n)
AGG_FLOAT_FINAL(agg_stddev_samp_final, 2, sqrt(s->sq / (s->n - 1)))
AGG_FLOAT_FINAL(agg_stddev_pop_final, 1, sqrt(s->sq / s->n))

/* ---- min, max, booleans, bits of fixed-width values ---- */
#define AGG_FIXED(name, T, better)                                                                 \
    typedef struct Agg_##name {                                                                    \
        T v;                                                                                       \
        bool set;                                                                                  \
    } Agg_##name;                                                                                  \
    static inline T agg_##name##_step(T cur, T a)                                                  \
    {                                                                                              \
        return (T)(better);                                                                        \
    }                                                                                              \
    AGG_UPDATE(agg_##name, Agg_##name, T, s->v = s->set ? agg_##name##_step(s->v, a) : a;          \
               s->set = true)                                                                      \
    static Status agg_##name##_combine(FnCall *call UNUSED, void *into, const void *from)          \
    {                                                                                              \
        Agg_##name *s = into;                                                                      \
        const Agg_##name *f = from;                                                                \
        if (f->set) {                                                                              \
            s->v = s->set ? agg_##name##_step(s->v, f->v) : f->v;                                  \
            s->set = true;                                                                         \
        }                                                                                          \
        return ST_OK;                                                                              \
    }                                                                                              \
    static Status agg_##name##_final(FnCall *call UNUSED, const void *state, Vector *out,          \
                                     uint32_t row)                                                 \
    {                                                                                              \
        const Agg_##name *s = state;                                                               \
        VEC_DATA(out, T)[row] = s->v;                                                              \
        if (!s->set) {                                                                             \
            vec_set_null(out, row);                                                                \
        }                                                                                          \
        return ST_OK;                                                                              \
    }
/* clang-format off */
AGG_FIXED(min_i16, int16_t, a < cur ? a : cur)
AGG_FIXED(max_i16, int16_t, a > cur ? a : cur)
AGG_FIXED(min_i32, int32_t, a < cur ? a : cur)
AGG_FIXED(max_i32, int32_t, a > cur ? a : cur)
AGG_FIXED(min_u32, uint32_t, a < cur ? a : cur)
AGG_FIXED(max_u32, uint32_t, a > cur ? a : cur)
AGG_FIXED(min_i64, int64_t, a < cur ? a : cur)
AGG_FIXED(max_i64, int64_t, a > cur ? a : cur)
AGG_FIXED(min_u64, uint64_t, a < cur ? a : cur)
AGG_FIXED(max_u64, uint64_t, a > cur ? a : cur)
AGG_FIXED(min_f32, float, float8_order((double)a, (double)cur) < 0 ? a : cur)
AGG_FIXED(max_f32, float, float8_order((double)a, (double)cur) > 0 ? a : cur)
AGG_FIXED(min_f64, double, float8_order(a, cur) < 0 ? a : cur)
AGG_FIXED(max_f64, double, float8_order(a, cur) > 0 ? a : cur)
AGG_FIXED(bool_and, uint8_t, a & cur)
AGG_FIXED(bool_or, uint8_t, a | cur)
AGG_FIXED(and_i16, int16_t, a & cur)
AGG_FIXED(or_i16, int16_t, a | cur)
AGG_FIXED(xor_i16, int16_t, a ^ cur)
AGG_FIXED(and_i32, int32_t, a & cur)
AGG_FIXED(or_i32, int32_t, a | cur)
AGG_FIXED(xor_i32, int32_t, a ^ cur)
AGG_FIXED(and_i64, int64_t, a & cur)
AGG_FIXED(or_i64, int64_t, a | cur)
AGG_FIXED(xor_i64, int64_t, a ^ cur)
/* clang-format on */

/* ---- min and max through a type's order: strings and 16-byte values ---- */
typedef struct AggBest {
    Datum v;
    char *room; /* where a long string's bytes are kept */
    uint32_t room_bytes;
    bool set;
} AggBest;
static void agg_best_take(FnCall *call, AggBest *s, const Datum *v, bool is_str)
{
    s->set = true;
    s->v = *v;
    if (is_str && v->str.len > STR_INLINE_BYTES) {
        if (v->str.len > s->room_bytes) {
            s->room_bytes = MAX(v->str.len, s->room_bytes * 2);
            s->room = arena_alloc(call->arena, s->room_bytes);
        }
        memcpy(s->room, v->str.ptr, v->str.len);
        s->v.str = str_ref(s->room, v->str.len);
    }
}
/* agg_best_wins - among equal values that differ (1.0 and 1.00, 1 mon and 30 days) the later one
 * stays, as PostgreSQL's larger and smaller functions have it; for char(n) the earlier. */
static inline bool agg_best_wins(const TypeOps *type, int order)
{
    return order > 0 || (order == 0 && type->oid != TYPE_BPCHAR);
}
#define AGG_BEST_LOOP(get_state)                                                                   \
    SEL_FOREACH(row, sel)                                                                          \
    {                                                                                              \
        AggBest *s = (get_state);                                                                  \
        Datum v = vec_get(args[0], row);                                                           \
        if (!s->set || agg_best_wins(type, sign * type->cmp(&v, &s->v))) {                         \
            agg_best_take(call, s, &v, type->phys == PHYS_STR);                                    \
        }                                                                                          \
    }
#define AGG_BEST(name, want)                                                                       \
    static Status agg_##name##_one(AGG_PARAMS_ONE)                                                 \
    {                                                                                              \
        const TypeOps *type = type_ops(call->arg_types[0]);                                        \
        const int sign = (want);                                                                   \
        AGG_BEST_LOOP(state)                                                                       \
        return ST_OK;                                                                              \
    }                                                                                              \
    static Status agg_##name##_many(AGG_PARAMS_MANY)                                               \
    {                                                                                              \
        const TypeOps *type = type_ops(call->arg_types[0]);                                        \
        const int sign = (want);                                                                   \
        AGG_BEST_LOOP(states[row_k])                                                               \
        return ST_OK;                                                                              \
    }                                                                                              \
    static Status agg_##name##_combine(FnCall *call, void *into, const void *from)                 \
    {                                                                                              \
        const TypeOps *type = type_ops(call->arg_types[0]);                                        \
        AggBest *s = into;                                                                         \
        const AggBest *f = from;                                                                   \
        if (f->set && (!s->set || agg_best_wins(type, (want)*type->cmp(&f->v, &s->v)))) {          \
            agg_best_take(call, s, &f->v, type->phys == PHYS_STR);                                 \
        }                                                                                          \
        return ST_OK;                                                                              \
    }
AGG_BEST(best_max, 1)
AGG_BEST(best_min, -1)
static Status agg_best_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggBest *s = state;
    if (!s->set) {
        vec_set_null(out, row);
        return ST_OK;
    }
    Datum v = s->v;
    if (out->phys == PHYS_STR) {
        v.str = str_copy(call->arena, str_ptr(&v.str), v.str.len);
    }
    vec_put(out, row, &v);
    return ST_OK;
}

#define AGG_ROUND(n)     (((uint32_t)(n) + 15u) & ~15u)
#define AGG_FIX(o, n, m) AGG_ROW(o, n, Agg_##m, agg_##m, agg_##m##_combine, agg_##m##_final)
#define AGG_ROW(o, n, State, up, comb, fin)                                                        \
    {                                                                                              \
        o, n, AGG_ROUND(sizeof(State)), true, NULL, up##_one, up##_many, comb, fin                 \
    }
#define AGG_SUMI(o, n, up, fin) AGG_ROW(o, n, AggSumInt, up, agg_sum_int_combine, fin)
#define AGG_FLT(o, n, up, fin)  AGG_ROW(o, n, AggFloat, up, agg_float_combine, fin)
#define AGG_BESTS(omax, omin)                                                                      \
    AGG_ROW(omax, "max", AggBest, agg_best_max, agg_best_max_combine, agg_best_final),             \
        AGG_ROW(omin, "min", AggBest, agg_best_min, agg_best_min_combine, agg_best_final)

static const AggOps AGG_BASIC[] = {
    AGG_ROW(2147, "count", AggCount, agg_count, agg_count_combine, agg_count_final),
    AGG_ROW(2803, "count", AggCount, agg_count, agg_count_combine, agg_count_final),
    AGG_SUMI(2109, "sum", agg_sum_i16, agg_sum_int8_final),
    AGG_SUMI(2108, "sum", agg_sum_i32, agg_sum_int8_final),
    AGG_SUMI(2107, "sum", agg_sum_i64, agg_sum_numeric_final),
    AGG_SUMI(2102, "avg", agg_sum_i16, agg_avg_int_final),
    AGG_SUMI(2101, "avg", agg_sum_i32, agg_avg_int_final),
    AGG_SUMI(2100, "avg", agg_sum_i64, agg_avg_int_final),
    AGG_ROW(2110, "sum", AggFloatSum, agg_fsum4, agg_fsum_combine, agg_fsum4_final),
    AGG_ROW(2111, "sum", AggFloatSum, agg_fsum8, agg_fsum_combine, agg_fsum8_final),
    AGG_FLT(2104, "avg", agg_float4, agg_float_avg_final),
    AGG_FLT(2105, "avg", agg_float8, agg_float_avg_final),
    AGG_FLT(2151, "variance", agg_float4, agg_var_samp_final),
    AGG_FLT(2152, "variance", agg_float8, agg_var_samp_final),
    AGG_FLT(2644, "var_samp", agg_float4, agg_var_samp_final),
    AGG_FLT(2645, "var_samp", agg_float8, agg_var_samp_final),
    AGG_FLT(2721, "var_pop", agg_float4, agg_var_pop_final),
    AGG_FLT(2722, "var_pop", agg_float8, agg_var_pop_final),
    AGG_FLT(2157, "stddev", agg_float4, agg_stddev_samp_final),
    AGG_FLT(2158, "stddev", agg_float8, agg_stddev_samp_final),
    AGG_FLT(2715, "stddev_samp", agg_float4, agg_stddev_samp_final),
    AGG_FLT(2716, "stddev_samp", agg_float8, agg_stddev_samp_final),
    AGG_FLT(2727, "stddev_pop", agg_float4, agg_stddev_pop_final),
    AGG_FLT(2728, "stddev_pop", agg_float8, agg_stddev_pop_final),
    AGG_BESTS(3526, 3527),                                  /* anyenum */
    AGG_BESTS(3564, 3565),                                  /* inet */
    AGG_SUMI(2112, "sum", agg_sum_i64, agg_sum_int8_final), /* money */
    AGG_FIX(2125, "max", max_i64),
    AGG_FIX(2141, "min", min_i64),
    AGG_FIX(2117, "max", max_i16),
    AGG_FIX(2133, "min", min_i16),
    AGG_FIX(2116, "max", max_i32),
    AGG_FIX(2132, "min", min_i32),
    AGG_FIX(2115, "max", max_i64),
    AGG_FIX(2131, "min", min_i64),
    AGG_FIX(2118, "max", max_u32),
    AGG_FIX(2134, "min", min_u32),
    AGG_FIX(2797, "max", max_u64),
    AGG_FIX(2798, "min", min_u64),
    AGG_FIX(2119, "max", max_f32),
    AGG_FIX(2135, "min", min_f32),
    AGG_FIX(2120, "max", max_f64),
    AGG_FIX(2136, "min", min_f64),
    AGG_FIX(2122, "max", max_i32), /* date */
    AGG_FIX(2138, "min", min_i32),
    AGG_FIX(2123, "max", max_i64), /* time */
    AGG_FIX(2139, "min", min_i64),
    AGG_FIX(2126, "max", max_i64), /* timestamp */
    AGG_FIX(2142, "min", min_i64),
    AGG_FIX(2127, "max", max_i64), /* timestamptz */
    AGG_FIX(2143, "min", min_i64),
    AGG_BESTS(2124, 2140), /* timetz */
    AGG_BESTS(2128, 2144), /* interval */
    AGG_BESTS(2129, 2145), /* text */
    AGG_BESTS(2244, 2245), /* bpchar */
    AGG_BESTS(2130, 2146), /* numeric */
    AGG_BESTS(4189, 4190), /* pg_lsn */
    AGG_BESTS(2050, 2051), /* anyarray */
    AGG_FIX(2517, "bool_and", bool_and),
    AGG_FIX(2518, "bool_or", bool_or),
    AGG_FIX(2519, "every", bool_and),
    AGG_FIX(2236, "bit_and", and_i16),
    AGG_FIX(2237, "bit_or", or_i16),
    AGG_FIX(2238, "bit_and", and_i32),
    AGG_FIX(2239, "bit_or", or_i32),
    AGG_FIX(2240, "bit_and", and_i64),
    AGG_FIX(2241, "bit_or", or_i64),
    AGG_FIX(6164, "bit_xor", xor_i16),
    AGG_FIX(6165, "bit_xor", xor_i32),
    AGG_FIX(6166, "bit_xor", xor_i64),
};
/* ---- taking rows out again ---- */
static void agg_count_remove(const Vector *const *args UNUSED, const Sel *sel, void *state)
{
    ((AggCount *)state)->n -= sel->count;
}

static void agg_sum_remove(const Vector *const *args, const Sel *sel, void *state)
{
    AggSumInt *s = state;
    SEL_FOREACH(row, sel)
    {
        Datum d = vec_get(args[0], row);
        s->sum -= args[0]->phys == PHYS_I64 ? d.i64 : args[0]->phys == PHYS_I32 ? d.i32 : d.i16;
    }
    s->n -= sel->count;
}

AggRemove agg_remove(Oid fn_oid)
{
    switch (fn_oid) {
    case 2147:
    case 2803: return agg_count_remove;
    case 2107:
    case 2108:
    case 2109:
    case 2100:
    case 2101:
    case 2102: return agg_sum_remove;
    default: return NULL;
    }
}

const TypeFamily type_family_agg_basic = {
    .aggs = AGG_BASIC,
    .agg_count = ARRAY_LEN(AGG_BASIC),
};
