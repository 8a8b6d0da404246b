/*
 * agg_ordered.c - ordered-set aggregates: percentile_disc, percentile_cont, mode.
 *
 * They are given their rows in order, so a state is just the values seen; the direct argument is
 * the same in every row and taken from the first. NULL values are left out by the caller, as is
 * everything when the direct argument is NULL.
 */
#include <math.h>

#include "type/array.h"
#include "type/kernel.h"

typedef struct AggSet {
    ArrayList list;
    Datum direct;
} AggSet;
typedef struct AggOrdered {
    AggSet *set;
} AggOrdered;

/* ordered_add - the last argument is the value, the one before it the direct argument. */
static void ordered_add(FnCall *call, AggOrdered *s, const Vector *const *args, uint32_t arg_count,
                        uint32_t row)
{
    const Vector *v = args[arg_count - 1];
    if (s->set == NULL) {
        s->set = ARENA_NEW(call->arena, AggSet);
        s->set->list = array_list(call->arena);
        if (arg_count > 1) {
            s->set->direct = vec_get(args[0], row);
            if (args[0]->phys == PHYS_STR) {
                const Str *d = &s->set->direct.str;
                s->set->direct.str = str_copy(call->arena, str_ptr(d), d->len);
            }
        }
    }
    Datum d = vec_get(v, row);
    array_list_add(&s->set->list, v->phys, &d, false, true);
}
static Status agg_ordered_one(AGG_PARAMS_ONE)
{
    SEL_FOREACH(row, sel)
    {
        ordered_add(call, state, args, arg_count, row);
    }
    return ST_OK;
}
static Status agg_ordered_many(AGG_PARAMS_MANY)
{
    SEL_FOREACH(row, sel)
    {
        ordered_add(call, states[row_k], args, arg_count, row);
    }
    return ST_OK;
}

static Status percentile_check(Cx *cx, double p)
{
    return p < 0 || p > 1 || isnan(p) ? err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                                                "percentile value %g is not between 0 and 1", p)
                                      : ST_OK;
}

/* percentile_disc_at - the first value that has at least that share of the values up to it. */
static Datum percentile_disc_at(const ArrayList *list, double p)
{
    double rank = ceil(p * list->count);
    return list->values[rank < 1 ? 0 : (uint32_t)rank - 1];
}

/* percentile_cont_at - between the two values around that share, in proportion. */
static Datum percentile_cont_at(const ArrayList *list, double p)
{
    double at = p * (list->count - 1);
    uint32_t first = (uint32_t)floor(at), second = (uint32_t)ceil(at);
    double low = list->values[first].f64, high = list->values[second].f64;
    return (Datum){.f64 = first == second ? low : low + (at - first) * (high - low)};
}

typedef Datum (*PercentileFn)(const ArrayList *list, double p);

static Status percentile_one(FnCall *call, const AggOrdered *s, PercentileFn at, Vector *out,
                             uint32_t row)
{
    if (s->set == NULL) {
        vec_set_null(out, row);
        return ST_OK;
    }
    TRY(percentile_check(call->cx, s->set->direct.f64));
    Datum d = at(&s->set->list, s->set->direct.f64);
    if (out->phys == PHYS_STR) {
        d.str = str_copy(call->arena, str_ptr(&d.str), d.str.len);
    }
    vec_put(out, row, &d);
    return ST_OK;
}

/* percentile_many - one result for each share of an array, in its shape. */
static Status percentile_many(FnCall *call, const AggOrdered *s, PercentileFn at, Vector *out,
                              uint32_t row)
{
    ArrayView v;
    Datum p, d;
    bool is_null;
    if (s->set == NULL) {
        vec_set_null(out, row);
        return ST_OK;
    }
    array_view(&s->set->direct.str, &v);
    const TypeOps *ops = type_ops(call->arg_types[1]);
    ArrayList list = array_list(call->arena);
    ArrayIter it = array_iter(&v);
    while (array_next(&it, &p, &is_null)) {
        d = (Datum){0};
        if (!is_null) {
            TRY(percentile_check(call->cx, p.f64));
            d = at(&s->set->list, p.f64);
        }
        array_list_add(&list, ops->phys, &d, is_null, false);
    }
    v.shape.element = call->arg_types[1];
    VEC_DATA(out, Str)[row] = array_build(call->arena, &v.shape, list.values, list.nulls);
    return ST_OK;
}
static Status agg_disc_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    return percentile_one(call, state, percentile_disc_at, out, row);
}
static Status agg_cont_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    return percentile_one(call, state, percentile_cont_at, out, row);
}
static Status agg_disc_many_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    return percentile_many(call, state, percentile_disc_at, out, row);
}
static Status agg_cont_many_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    return percentile_many(call, state, percentile_cont_at, out, row);
}

/* agg_mode_final - the value of the longest run; the first of several. */
static Status agg_mode_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggOrdered *s = state;
    const TypeOps *ops = type_ops(call->arg_types[0]);
    uint32_t best = 0, best_run = 0, start = 0;
    if (s->set == NULL) {
        vec_set_null(out, row);
        return ST_OK;
    }
    const ArrayList *list = &s->set->list;
    for (uint32_t i = 1; i <= list->count; i++) {
        if (i < list->count && ops->cmp(&list->values[i], &list->values[start]) == 0) {
            continue;
        }
        if (i - start > best_run) {
            best = start;
            best_run = i - start;
        }
        start = i;
    }
    Datum d = list->values[best];
    if (out->phys == PHYS_STR) {
        d.str = str_copy(call->arena, str_ptr(&d.str), d.str.len);
    }
    vec_put(out, row, &d);
    return ST_OK;
}

static const AggOps ORDERED_AGGS[] = {
    {3972, "percentile_disc", 16, true, NULL, agg_ordered_one, agg_ordered_many, NULL,
     agg_disc_final},
    {3974, "percentile_cont", 16, true, NULL, agg_ordered_one, agg_ordered_many, NULL,
     agg_cont_final},
    {3978, "percentile_disc", 16, true, NULL, agg_ordered_one, agg_ordered_many, NULL,
     agg_disc_many_final},
    {3980, "percentile_cont", 16, true, NULL, agg_ordered_one, agg_ordered_many, NULL,
     agg_cont_many_final},
    {3984, "mode", 16, true, NULL, agg_ordered_one, agg_ordered_many, NULL, agg_mode_final},
};
const TypeFamily type_family_agg_ordered = {
    .aggs = ORDERED_AGGS,
    .agg_count = ARRAY_LEN(ORDERED_AGGS),
};
