/*
 * agg_regr.c - statistics of pairs (Y, X): correlation, covariances, the regression line.
 *
 * Sums of squared deviations are kept as the rows come (Youngs and Cramer), as PostgreSQL keeps
 * them, so that results agree to the last bit.
 */
#include <math.h>

#include "type/kernel.h"

typedef struct AggRegr {
    double n, sx, sxx, sy, syy, sxy;
} AggRegr;

/* agg_regr_step - one pair more. */
static Status agg_regr_step(Cx *cx, AggRegr *s, double y, double x)
{
    AggRegr o = *s;
    s->n += 1;
    s->sx += x;
    s->sy += y;
    if (o.n == 0) {
        if (!isfinite(x)) {
            s->sxx = s->sxy = (double)NAN;
        }
        if (!isfinite(y)) {
            s->syy = s->sxy = (double)NAN;
        }
        return ST_OK;
    }
    double dx = x * s->n - s->sx, dy = y * s->n - s->sy, scale = 1.0 / (s->n * o.n);
    s->sxx += dx * dx * scale;
    s->syy += dy * dy * scale;
    s->sxy += dx * dy * scale;
    if (isinf(s->sx) || isinf(s->sxx) || isinf(s->sy) || isinf(s->syy) || isinf(s->sxy)) {
        bool x_finite = !isinf(o.sx) && !isinf(x), y_finite = !isinf(o.sy) && !isinf(y);
        if (((isinf(s->sx) || isinf(s->sxx)) && x_finite) ||
            ((isinf(s->sy) || isinf(s->syy)) && y_finite) ||
            (isinf(s->sxy) && x_finite && y_finite)) {
            return err_float_overflow(cx);
        }
        s->sxx = isinf(s->sxx) ? (double)NAN : s->sxx;
        s->syy = isinf(s->syy) ? (double)NAN : s->syy;
        s->sxy = isinf(s->sxy) ? (double)NAN : s->sxy;
    }
    return ST_OK;
}

static Status agg_regr_one(AGG_PARAMS_ONE)
{
    SEL_FOREACH(row, sel)
    {
        TRY(agg_regr_step(call->cx, state, vec_get(args[0], row).f64, vec_get(args[1], row).f64));
    }
    return ST_OK;
}
static Status agg_regr_many(AGG_PARAMS_MANY)
{
    SEL_FOREACH(row, sel)
    {
        TRY(agg_regr_step(call->cx, states[row_k], vec_get(args[0], row).f64,
                          vec_get(args[1], row).f64));
    }
    return ST_OK;
}
static Status agg_regr_combine(FnCall *call UNUSED, void *into, const void *from)
{
    AggRegr *a = into;
    const AggRegr *b = from;
    if (b->n == 0) {
        return ST_OK;
    }
    if (a->n == 0) {
        *a = *b;
        return ST_OK;
    }
    double n = a->n + b->n, dx = a->sx / a->n - b->sx / b->n, dy = a->sy / a->n - b->sy / b->n;
    a->sxx += b->sxx + a->n * b->n * dx * dx / n;
    a->syy += b->syy + a->n * b->n * dy * dy / n;
    a->sxy += b->sxy + a->n * b->n * dx * dy / n;
    a->sx += b->sx;
    a->sy += b->sy;
    a->n = n;
    return ST_OK;
}

/* AGG_REGR_FINAL - the result from `s`, NULL unless `when`. */
#define AGG_REGR_FINAL(name, when, expr)                                                           \
    static Status name(FnCall *call UNUSED, const void *state, Vector *out, uint32_t row)          \
    {                                                                                              \
        const AggRegr *s = state;                                                                  \
        if (!(when)) {                                                                             \
            vec_set_null(out, row);                                                                \
            return ST_OK;                                                                          \
        }                                                                                          \
        VEC_DATA(out, double)[row] = (expr);                                                       \
        return ST_OK;                                                                              \
    }
AGG_REGR_FINAL(agg_regr_sxx, s->n >= 1, s->sxx)
AGG_REGR_FINAL(agg_regr_syy, s->n >= 1, s->syy)
AGG_REGR_FINAL(agg_regr_sxy, s->n >= 1, s->sxy)
AGG_REGR_FINAL(agg_regr_avgx, s->n >= 1, s->sx / s->n)
AGG_REGR_FINAL(agg_regr_avgy, s->n >= 1, s->sy / s->n)
AGG_REGR_FINAL(agg_covar_pop, s->n >= 1, s->sxy / s->n)
AGG_REGR_FINAL(agg_covar_samp, s->n >= 2, s->sxy / (s->n - 1.0))
AGG_REGR_FINAL(agg_corr, s->n >= 1 && s->sxx != 0 && s->syy != 0, s->sxy / sqrt(s->sxx * s->syy))
AGG_REGR_FINAL(agg_regr_r2, s->n >= 1 && s->sxx != 0,
               s->syy == 0 ? 1.0 : (s->sxy * s->sxy) / (s->sxx * s->syy))
AGG_REGR_FINAL(agg_regr_slope, s->n >= 1 && s->sxx != 0, s->sxy / s->sxx)
AGG_REGR_FINAL(agg_regr_intercept, s->n >= 1 && s->sxx != 0,
               (s->sy - s->sx * s->sxy / s->sxx) / s->n)
static Status agg_regr_count(FnCall *call UNUSED, const void *state, Vector *out, uint32_t row)
{
    VEC_DATA(out, int64_t)[row] = (int64_t)((const AggRegr *)state)->n;
    return ST_OK;
}

STATIC_ASSERT(sizeof(AggRegr) % 16 == 0, "states are 16-byte aligned");
#define AGG_REGR(oid, name, fin)                                                                   \
    {                                                                                              \
        oid, name, sizeof(AggRegr), true, NULL, agg_regr_one, agg_regr_many, agg_regr_combine, fin \
    }
static const AggOps REGR_AGGS[] = {
    AGG_REGR(2818, "regr_count", agg_regr_count),
    AGG_REGR(2819, "regr_sxx", agg_regr_sxx),
    AGG_REGR(2820, "regr_syy", agg_regr_syy),
    AGG_REGR(2821, "regr_sxy", agg_regr_sxy),
    AGG_REGR(2822, "regr_avgx", agg_regr_avgx),
    AGG_REGR(2823, "regr_avgy", agg_regr_avgy),
    AGG_REGR(2824, "regr_r2", agg_regr_r2),
    AGG_REGR(2825, "regr_slope", agg_regr_slope),
    AGG_REGR(2826, "regr_intercept", agg_regr_intercept),
    AGG_REGR(2827, "covar_pop", agg_covar_pop),
    AGG_REGR(2828, "covar_samp", agg_covar_samp),
    AGG_REGR(2829, "corr", agg_corr),
};
const TypeFamily type_family_agg_regr = {
    .aggs = REGR_AGGS,
    .agg_count = ARRAY_LEN(REGR_AGGS),
};
