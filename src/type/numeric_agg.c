/*
 * numeric_agg.c - sum, avg, variance and standard deviation that end in numeric.
 *
 * A sum is kept in 128 bits at the largest scale met, by GMP once it does not fit; variances keep
 * the sum and the sum of squares by GMP. NaN and the infinities are counted apart.
 */
#include "type/kernel.h"
#include "type/numeric.h"

typedef struct AggNumBig {
    mpz_t sum, squares; /* at scale and twice the scale */
} AggNumBig;
typedef struct AggNum {
    i128 sum;       /* while big is NULL */
    AggNumBig *big; /* in the state's arena, cleared with it */
    int64_t n, nans, pos_infs, neg_infs;
    int32_t scale;
} AggNum;

static void agg_num_big_clear(void *arg)
{
    AggNumBig *b = arg;
    mpz_clears(b->sum, b->squares, NULL);
}
static void mpz_set_i128(mpz_t z, i128 v)
{
    num_set_u128(z, v < 0 ? 0 - (u128)v : (u128)v);
    if (v < 0) {
        mpz_neg(z, z);
    }
}
static AggNumBig *agg_num_big(FnCall *call, AggNum *s)
{
    if (s->big == NULL) {
        s->big = arena_alloc(call->arena, sizeof(AggNumBig));
        mpz_inits(s->big->sum, s->big->squares, NULL);
        mpz_set_i128(s->big->sum, s->sum);
        arena_on_clear(call->arena, agg_num_big_clear, s->big);
    }
    return s->big;
}
static bool agg_num_special(AggNum *s, NumKind kind)
{
    s->nans += kind == NUM_NAN;
    s->pos_infs += kind == NUM_PINF;
    s->neg_infs += kind == NUM_NINF;
    return kind != NUM_FINITE;
}
/* agg_num_raise_scale - bring the sums to a larger scale. */
static void agg_num_raise_scale(FnCall *call, AggNum *s, int32_t scale)
{
    int32_t d = scale - s->scale;
    i128 scaled;
    if (s->big == NULL && d <= 18 &&
        !__builtin_mul_overflow(s->sum, (i128)num_pow10_u128((uint32_t)d), &scaled)) {
        s->sum = scaled;
        s->scale = scale;
        return;
    }
    AggNumBig *b = agg_num_big(call, s);
    num_rescale(b->sum, 0, d);
    num_rescale(b->squares, 0, d * 2);
    s->scale = scale;
}

static void agg_num_add_big(FnCall *call, AggNum *s, const Str *v, const Num *n)
{
    AggNumBig *b = agg_num_big(call, s);
    mpz_t z;
    mpz_init(z);
    num_get_mpz(v, z);
    num_rescale(z, n->dscale, s->scale);
    mpz_add(b->sum, b->sum, z);
    mpz_clear(z);
}
/* agg_num_add - add one value to a sum. */
static inline void agg_num_add(FnCall *call, AggNum *s, const Str *v)
{
    Num n = num_get(v);
    s->n++;
    if (UNLIKELY(n.kind != NUM_FINITE)) {
        agg_num_special(s, n.kind);
        return;
    }
    if (UNLIKELY(n.dscale > s->scale)) {
        agg_num_raise_scale(call, s, n.dscale);
    }
    int32_t d = s->scale - n.dscale;
    if (LIKELY(s->big == NULL && v->len == 12 && d <= 18)) {
        i128 m = (i128)n.m * (i128)num_pow10_u128((uint32_t)d), sum;
        if (LIKELY(!__builtin_add_overflow(s->sum, n.neg ? -m : m, &sum))) {
            s->sum = sum;
            return;
        }
    }
    agg_num_add_big(call, s, v, &n);
}
AGG_UPDATE(agg_num_sum, AggNum, Str, agg_num_add(call, s, &a))

/* agg_num_combine - bring both to the larger scale and add. */
static Status agg_num_combine(FnCall *call, void *into, const void *from)
{
    AggNum *s = into, copy = *(const AggNum *)from, *f = &copy;
    s->n += f->n;
    s->nans += f->nans;
    s->pos_infs += f->pos_infs;
    s->neg_infs += f->neg_infs;
    if (f->scale > s->scale) {
        agg_num_raise_scale(call, s, f->scale);
    }
    AggNumBig *b = agg_num_big(call, s);
    mpz_t z;
    mpz_init(z);
    if (f->big != NULL) {
        mpz_set(z, f->big->squares);
        num_rescale(z, 0, (s->scale - f->scale) * 2);
        mpz_add(b->squares, b->squares, z);
        mpz_set(z, f->big->sum);
    } else {
        mpz_set_i128(z, f->sum);
    }
    num_rescale(z, f->scale, s->scale);
    mpz_add(b->sum, b->sum, z);
    mpz_clear(z);
    return ST_OK;
}

/* agg_num_total - the sum as a numeric. */
static Status agg_num_total(FnCall *call, const AggNum *s, Str *out)
{
    if (s->nans > 0 || (s->pos_infs > 0 && s->neg_infs > 0)) {
        *out = num_special(NUM_NAN);
    } else if (s->pos_infs > 0 || s->neg_infs > 0) {
        *out = num_special(s->pos_infs > 0 ? NUM_PINF : NUM_NINF);
    } else if (s->big != NULL) {
        return num_make_mpz(call->cx, call->arena, s->big->sum, s->scale, out);
    } else {
        *out = numeric_from_i128(call->arena, s->sum, s->scale);
    }
    return ST_OK;
}
static Status agg_num_sum_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggNum *s = state;
    if (s->n == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    return agg_num_total(call, s, &VEC_DATA(out, Str)[row]);
}
static Status agg_num_avg_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggNum *s = state;
    Str sum;
    if (s->n == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    TRY(agg_num_total(call, s, &sum));
    Str n = numeric_from_i128(call->arena, s->n, 0);
    return numeric_divide(call->cx, call->arena, &sum, &n, &VEC_DATA(out, Str)[row]);
}

/* ---- variance ---- */
static void agg_num_square(FnCall *call, AggNum *s, const Str *v)
{
    Num n = num_get(v);
    s->n++;
    if (agg_num_special(s, n.kind)) {
        return;
    }
    AggNumBig *b = agg_num_big(call, s);
    if (n.dscale > s->scale) {
        agg_num_raise_scale(call, s, n.dscale);
    }
    mpz_t z;
    mpz_init(z);
    num_get_mpz(v, z);
    num_rescale(z, n.dscale, s->scale);
    mpz_add(b->sum, b->sum, z);
    mpz_addmul(b->squares, z, z);
    mpz_clear(z);
}
static void agg_int_square(FnCall *call, AggNum *s, int64_t v)
{
    AggNumBig *b = agg_num_big(call, s);
    mpz_t z;
    mpz_init_set_si(z, v);
    s->n++;
    mpz_add(b->sum, b->sum, z);
    mpz_addmul(b->squares, z, z);
    mpz_clear(z);
}
AGG_UPDATE(agg_num_var, AggNum, Str, agg_num_square(call, s, &a))
AGG_UPDATE(agg_i16_var, AggNum, int16_t, agg_int_square(call, s, a))
AGG_UPDATE(agg_i32_var, AggNum, int32_t, agg_int_square(call, s, a))
AGG_UPDATE(agg_i64_var, AggNum, int64_t, agg_int_square(call, s, a))

/* agg_num_variance - (N * sum of squares - sum squared) / (N * (N - 1)), or / N^2. */
static Status agg_num_variance(FnCall *call, const AggNum *s, bool sample, bool root, Vector *out,
                               uint32_t row)
{
    Str *result = &VEC_DATA(out, Str)[row];
    if (s->n == 0 || (sample && s->n == 1)) {
        vec_set_null(out, row);
        return ST_OK;
    }
    if (s->nans > 0 || s->pos_infs > 0 || s->neg_infs > 0) {
        *result = num_special(NUM_NAN);
        return ST_OK;
    }
    mpz_t v, d;
    mpz_inits(v, d, NULL);
    mpz_mul_ui(v, s->big->squares, (unsigned long)s->n);
    mpz_submul(v, s->big->sum, s->big->sum);
    mpz_set_ui(d, (unsigned long)s->n);
    mpz_mul_ui(d, d, (unsigned long)(sample ? s->n - 1 : s->n));
    Status st = ST_OK;
    if (mpz_sgn(v) <= 0) {
        *result = num_make(call->arena, false, 0, 0);
    } else {
        int32_t scale = numeric_div_scale(v, s->scale * 2, d, 0), shift = scale - s->scale * 2;
        if (shift >= 0) {
            num_rescale(v, 0, shift);
        } else {
            num_rescale(d, 0, -shift);
        }
        num_div_round(v, v, d);
        st = root ? numeric_sqrt_scaled(call->cx, call->arena, v, scale, scale, result)
                  : num_make_mpz(call->cx, call->arena, v, scale, result);
    }
    mpz_clears(v, d, NULL);
    return st;
}
#define AGG_NUM_VAR_FINAL(name, sample, root)                                                      \
    static Status name(FnCall *call, const void *state, Vector *out, uint32_t row)                 \
    {                                                                                              \
        return agg_num_variance(call, state, sample, root, out, row);                              \
    }
/* clang-format off */
AGG_NUM_VAR_FINAL(agg_num_var_samp_final, true, false)
AGG_NUM_VAR_FINAL(agg_num_var_pop_final, false, false)
AGG_NUM_VAR_FINAL(agg_num_stddev_samp_final, true, true)
AGG_NUM_VAR_FINAL(agg_num_stddev_pop_final, false, true)

Status numeric_sqrt_scaled(Cx *cx, Arena *a, const mpz_t z, int32_t scale, int32_t rscale, Str *out)
/* clang-format on */
{
    /* One digit more than asked, cut, then rounded. */
    int32_t shift = 2 * (rscale + 1) - scale;
    mpz_t v, p;
    mpz_inits(v, p, NULL);
    num_pow10(p, (uint32_t)(shift < 0 ? -shift : shift));
    if (shift >= 0) {
        mpz_mul(v, z, p);
    } else {
        mpz_tdiv_q(v, z, p);
    }
    mpz_sqrt(v, v);
    num_rescale(v, rscale + 1, rscale);
    if (rscale < 0) {
        num_rescale(v, rscale, 0);
    }
    Status st = num_make_mpz(cx, a, v, MAX(rscale, 0), out);
    mpz_clears(v, p, NULL);
    return st;
}

#define AGG_NUM(o, n, up, fin)                                                                     \
    {                                                                                              \
        o, n, (sizeof(AggNum) + 15u) & ~15u, true, NULL, up##_one, up##_many, agg_num_combine, fin \
    }
#define AGG_NUM_VARS(n, suffix_oid_num, oid8, oid4, oid2, fin)                                     \
    AGG_NUM(suffix_oid_num, n, agg_num_var, fin), AGG_NUM(oid8, n, agg_i64_var, fin),              \
        AGG_NUM(oid4, n, agg_i32_var, fin), AGG_NUM(oid2, n, agg_i16_var, fin)
static const AggOps NUMERIC_AGGS[] = {
    AGG_NUM(2114, "sum", agg_num_sum, agg_num_sum_final),
    AGG_NUM(2103, "avg", agg_num_sum, agg_num_avg_final),
    AGG_NUM_VARS("variance", 2153, 2148, 2149, 2150, agg_num_var_samp_final),
    AGG_NUM_VARS("var_samp", 2646, 2641, 2642, 2643, agg_num_var_samp_final),
    AGG_NUM_VARS("stddev", 2159, 2154, 2155, 2156, agg_num_stddev_samp_final),
    AGG_NUM_VARS("stddev_samp", 2717, 2712, 2713, 2714, agg_num_stddev_samp_final),
    AGG_NUM_VARS("var_pop", 2723, 2718, 2719, 2720, agg_num_var_pop_final),
    AGG_NUM_VARS("stddev_pop", 2729, 2724, 2725, 2726, agg_num_stddev_pop_final),
};
const TypeFamily type_family_numeric_agg = {
    .aggs = NUMERIC_AGGS,
    .agg_count = ARRAY_LEN(NUMERIC_AGGS),
};
