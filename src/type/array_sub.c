/*
 * array_sub.c - subscripts and slices of arrays: reading, and making the array with a part
 * replaced.
 */
#include "type/array.h"

/* sub_offset - the number of the element at these subscripts (all inside). */
static uint32_t sub_offset(const ArrayShape *shape, const int32_t *at)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < shape->ndim; i++) {
        n = n * (uint32_t)shape->dims[i] + (uint32_t)(at[i] - shape->lower[i]);
    }
    return n;
}

static bool sub_inside(const ArrayShape *shape, uint32_t i, int32_t at)
{
    return at >= shape->lower[i] && (int64_t)at < (int64_t)shape->lower[i] + shape->dims[i];
}

/* sub_step - the next place within the bounds, last dimension first; false after the last one. */
static bool sub_step(uint32_t ndim, const int32_t *lower, const int32_t *upper, int32_t *at)
{
    for (uint32_t i = ndim; i-- > 0;) {
        if (at[i] < upper[i]) {
            at[i]++;
            return true;
        }
        at[i] = lower[i];
    }
    return false;
}

bool array_fetch(const ArrayView *v, const ArraySubs *subs, Datum *out)
{
    if (v->shape.ndim != subs->count || v->count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < subs->count; i++) {
        if (!sub_inside(&v->shape, i, subs->upper[i])) {
            return false;
        }
    }
    ArrayIter it = array_iter(v);
    bool is_null;
    array_skip(&it, sub_offset(&v->shape, subs->upper));
    return array_next(&it, out, &is_null) && !is_null;
}

/* subs_fill - what is left out reaches to the array's own bounds. */
static void subs_fill(const ArrayShape *shape, ArraySubs *subs)
{
    for (uint32_t i = 0; i < shape->ndim; i++) {
        bool given = i < subs->count;
        if (!given || subs->lower_open[i]) {
            subs->lower[i] = shape->lower[i];
        }
        if (!given || subs->upper_open[i]) {
            subs->upper[i] = shape->lower[i] + shape->dims[i] - 1;
        }
    }
}

Str array_slice(Arena *arena, const ArrayView *v, ArraySubs *subs)
{
    ArrayShape shape = {.element = v->shape.element, .ndim = v->shape.ndim};
    ArrayList all = array_list(arena), part = array_list(arena);
    int32_t at[ARRAY_DIMS_MAX];
    if (v->count == 0 || v->shape.ndim < subs->count) {
        return array_empty(shape.element);
    }
    subs_fill(&v->shape, subs);
    for (uint32_t i = 0; i < shape.ndim; i++) {
        int32_t last = v->shape.lower[i] + v->shape.dims[i] - 1;
        subs->lower[i] = MAX(subs->lower[i], v->shape.lower[i]);
        subs->upper[i] = MIN(subs->upper[i], last);
        if (subs->lower[i] > subs->upper[i]) {
            return array_empty(shape.element);
        }
        shape.dims[i] = subs->upper[i] - subs->lower[i] + 1;
        shape.lower[i] = 1;
        at[i] = subs->lower[i];
    }
    array_list_all(&all, v);
    do {
        uint32_t n = sub_offset(&v->shape, at);
        array_list_add(&part, v->phys, &all.values[n], all.nulls[n], false);
    } while (sub_step(shape.ndim, subs->lower, subs->upper, at));
    return array_build(arena, &shape, part.values, part.nulls);
}

static Status sub_error(Cx *cx, const char *message)
{
    return err_set(cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "%s", message);
}

/* store_shape_new - the shape that assigning to an empty or NULL array makes. */
static Status store_shape_new(Cx *cx, const ArraySubs *subs, ArrayShape *shape)
{
    shape->ndim = subs->count;
    for (uint32_t i = 0; i < subs->count; i++) {
        if (subs->is_slice && (subs->lower_open[i] || subs->upper_open[i])) {
            (void)sub_error(cx, "array slice subscript must provide both boundaries");
            return err_detail(cx, "When assigning to a slice of an empty array value, slice "
                                  "boundaries must be fully specified.");
        }
        int32_t lower = subs->is_slice ? subs->lower[i] : subs->upper[i];
        if (subs->upper[i] < lower) {
            return sub_error(cx, "upper bound cannot be less than lower bound");
        }
        shape->lower[i] = lower;
        shape->dims[i] = (int32_t)MIN((int64_t)subs->upper[i] - lower + 1, INT32_MAX);
    }
    return ST_OK;
}

/* store_shape - the shape after the assignment: one dimension may grow at either end. */
static Status store_shape(Cx *cx, const ArrayShape *old, ArraySubs *subs, ArrayShape *shape)
{
    *shape = *old;
    if (subs->is_slice ? old->ndim < subs->count : old->ndim != subs->count) {
        return sub_error(cx, "wrong number of array subscripts");
    }
    subs_fill(old, subs);
    for (uint32_t i = 0; i < old->ndim; i++) {
        if (!subs->is_slice) {
            subs->lower[i] = subs->upper[i];
        }
        if (subs->lower[i] > subs->upper[i]) {
            return sub_error(cx, "upper bound cannot be less than lower bound");
        }
        if (old->ndim > 1 &&
            (!sub_inside(old, i, subs->lower[i]) || !sub_inside(old, i, subs->upper[i]))) {
            return sub_error(cx, "array subscript out of range");
        }
    }
    if (old->ndim == 1) {
        int64_t first = MIN(subs->lower[0], old->lower[0]);
        int64_t last = MAX(subs->upper[0], (int64_t)old->lower[0] + old->dims[0] - 1);
        shape->lower[0] = (int32_t)first;
        shape->dims[0] = (int32_t)MIN(last - first + 1, INT32_MAX);
    }
    return ST_OK;
}

/* store_source - the values to put in: one element, or those of an array, as many as needed. */
static Status store_source(Cx *cx, Arena *arena, const ArraySubs *subs, uint32_t ndim,
                           const Datum *value, bool is_null, ArrayList *source)
{
    ArrayView v;
    uint64_t needed = 1;
    *source = array_list(arena);
    if (!subs->is_slice) {
        array_list_add(source, PHYS_STR, value, is_null, false); /* all 16 bytes */
        return ST_OK;
    }
    array_view(&value->str, &v);
    array_list_all(source, &v);
    for (uint32_t i = 0; i < ndim; i++) {
        needed *= (uint64_t)((int64_t)subs->upper[i] - subs->lower[i] + 1);
    }
    return needed > source->count ? sub_error(cx, "source array too small") : ST_OK;
}

Status array_store(Cx *cx, Arena *arena, Oid element, const Str *old, ArraySubs *subs,
                   const Datum *value, bool is_null, Str *out)
{
    ArrayView v = {.shape = {.element = element}};
    ArrayShape shape = {.element = element};
    ArrayList source;
    uint32_t count, next = 0;
    int32_t at[ARRAY_DIMS_MAX];
    if (old != NULL) {
        array_view(old, &v);
    }
    if (v.count == 0) {
        TRY(store_shape_new(cx, subs, &shape));
        memcpy(subs->lower, shape.lower, sizeof(shape.lower));
    } else {
        TRY(store_shape(cx, &v.shape, subs, &shape));
    }
    TRY(array_shape_count(cx, &shape, &count));
    TRY(store_source(cx, arena, subs, shape.ndim, value, is_null, &source));
    Datum *values = ARENA_ARRAY(arena, Datum, count + 1);
    bool *nulls = arena_alloc(arena, count + 1);
    memset(nulls, true, count + 1);
    if (v.count > 0) {
        ArrayIter it = array_iter(&v);
        uint32_t n = shape.ndim == 1 ? (uint32_t)(v.shape.lower[0] - shape.lower[0]) : 0;
        while (array_next(&it, &values[n], &nulls[n])) {
            n++;
        }
    }
    memcpy(at, subs->lower, sizeof(at));
    do {
        uint32_t n = sub_offset(&shape, at);
        values[n] = source.values[next];
        nulls[n] = source.nulls[next++];
    } while (sub_step(shape.ndim, subs->lower, subs->upper, at));
    *out = array_build(arena, &shape, values, nulls);
    return ST_OK;
}
