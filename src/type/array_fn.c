/*
 * array_fn.c - functions of arrays: bounds, appending, searching, replacing, filling, text lists;
 * unnest and generate_subscripts, which return sets.
 *
 * A function that may be given a NULL array takes the element type from the type it returns.
 */
#include "type/array.h"

#include "type/kernel.h"

static Status array_error(FnCall *call, uint32_t state, const char *message)
{
    return err_set(call->cx, state, "%s", message);
}

/* ---- bounds ---- */

static bool fn_dimension(const Datum *a, ArrayView *v, uint32_t *i)
{
    array_view(&a[0].str, v);
    *i = (uint32_t)a[1].i32 - 1;
    return a[1].i32 >= 1 && *i < v->shape.ndim;
}
/* ARRAY_BOUND - a function of an array and the number of a dimension; NULL when it has none such.
 */
#define ARRAY_BOUND(name, value)                                                                   \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        ArrayView v;                                                                               \
        uint32_t i;                                                                                \
        if (!fn_dimension(a, &v, &i)) {                                                            \
            return KERNEL_NULL;                                                                    \
        }                                                                                          \
        r->i32 = (value);                                                                          \
        return ST_OK;                                                                              \
    }
ARRAY_BOUND(array_length, v.shape.dims[i])
ARRAY_BOUND(array_lower, v.shape.lower[i])
ARRAY_BOUND(array_upper, v.shape.lower[i] + v.shape.dims[i] - 1)
#undef ARRAY_BOUND

ROW_KERNEL(array_ndims)
{
    ArrayView v;
    array_view(&a[0].str, &v);
    r->i32 = (int32_t)v.shape.ndim;
    return v.shape.ndim > 0 ? ST_OK : KERNEL_NULL;
}
ROW_KERNEL(array_cardinality)
{
    ArrayView v;
    array_view(&a[0].str, &v);
    r->i32 = (int32_t)v.count;
    return ST_OK;
}
ROW_KERNEL(array_dims)
{
    ArrayView v;
    Buf b;
    array_view(&a[0].str, &v);
    if (v.shape.ndim == 0) {
        return KERNEL_NULL;
    }
    buf_init(&b, 4096);
    for (uint32_t i = 0; i < v.shape.ndim; i++) {
        buf_printf(&b, "[%d:%d]", v.shape.lower[i], v.shape.lower[i] + v.shape.dims[i] - 1);
    }
    r->str = str_of_buf(call->arena, &b);
    buf_release(&b);
    return ST_OK;
}

/* ---- comparing ---- */

/* fn_comparable - both open, elements of one type that can be compared. */
static Status fn_comparable(FnCall *call, const Datum *a, ArrayView *x, ArrayView *y, bool order)
{
    array_view(&a[0].str, x);
    array_view(&a[1].str, y);
    if (x->shape.element != y->shape.element) {
        return array_error(call, ERRCODE_DATATYPE_MISMATCH,
                           "cannot compare arrays of different element types");
    }
    if (x->ops == NULL || x->ops->cmp == NULL) {
        return err_set(call->cx, ERRCODE_UNDEFINED_FUNCTION, "could not identify %s for type %s",
                       order ? "a comparison function" : "an equality operator",
                       x->ops != NULL ? x->ops->name : "unknown");
    }
    return ST_OK;
}
#define ARRAY_COMPARE(name, order, expr)                                                           \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        ArrayView x, y;                                                                            \
        TRY(fn_comparable(call, a, &x, &y, order));                                                \
        int c = array_compare(&a[0], &a[1]);                                                       \
        expr;                                                                                      \
        return ST_OK;                                                                              \
    }
ARRAY_COMPARE(array_eq, false, r->b = c == 0)
ARRAY_COMPARE(array_ne, false, r->b = c != 0)
ARRAY_COMPARE(array_lt, true, r->b = c < 0)
ARRAY_COMPARE(array_le, true, r->b = c <= 0)
ARRAY_COMPARE(array_gt, true, r->b = c > 0)
ARRAY_COMPARE(array_ge, true, r->b = c >= 0)
ARRAY_COMPARE(btarraycmp, true, r->i32 = c)
ARRAY_COMPARE(array_larger, true, *r = c > 0 ? a[0] : a[1])
ARRAY_COMPARE(array_smaller, true, *r = c < 0 ? a[0] : a[1])

/* fn_holds - is the value among the elements? */
static bool fn_holds(const ArrayView *v, const Datum *value)
{
    ArrayIter it = array_iter(v);
    Datum d;
    bool is_null;
    while (array_next(&it, &d, &is_null)) {
        if (!is_null && v->ops->cmp(&d, value) == 0) {
            return true;
        }
    }
    return false;
}

/* fn_contained - are all elements of x (any of them, with any) in y? A NULL is in nothing. */
static bool fn_contained(const ArrayView *x, const ArrayView *y, bool any)
{
    ArrayIter it = array_iter(x);
    Datum d;
    bool is_null;
    while (array_next(&it, &d, &is_null)) {
        bool in = !is_null && fn_holds(y, &d);
        if (in == any) {
            return any;
        }
    }
    return !any;
}
ROW_KERNEL(arrayoverlap)
{
    ArrayView x, y;
    TRY(fn_comparable(call, a, &x, &y, false));
    r->b = fn_contained(&x, &y, true);
    return ST_OK;
}
ROW_KERNEL(arraycontains)
{
    ArrayView x, y;
    TRY(fn_comparable(call, a, &x, &y, false));
    r->b = fn_contained(&y, &x, false);
    return ST_OK;
}
ROW_KERNEL(arraycontained)
{
    ArrayView x, y;
    TRY(fn_comparable(call, a, &x, &y, false));
    r->b = fn_contained(&x, &y, false);
    return ST_OK;
}

/* ---- putting together ---- */

/* fn_open - the array, or an empty one of the result's element type for NULL. */
static void fn_open(FnCall *call, const Datum *a, bool is_null, ArrayView *v)
{
    if (is_null) {
        Str empty = array_empty(type_array_element(call_carrier(call, call->result_type)));
        array_view(&empty, v);
    } else {
        array_view(&a->str, v);
    }
}

/* fn_push - one element more, before or after those of an array of at most one dimension. */
static Status fn_push(FnCall *call, const Datum *array, bool array_null, const Datum *value,
                      bool value_null, bool before, Datum *r)
{
    ArrayView v;
    fn_open(call, array, array_null, &v);
    if (v.shape.ndim > 1) {
        return array_error(call, ERRCODE_DATA_EXCEPTION,
                           "argument must be empty or one-dimensional array");
    }
    if (v.count == 0) {
        v.shape.ndim = 1;
        v.shape.lower[0] = 1;
        v.shape.dims[0] = 0;
    }
    int32_t last;
    if (before ? v.shape.lower[0] == INT32_MIN
               : __builtin_add_overflow(v.shape.lower[0], v.shape.dims[0], &last)) {
        return err_int4_range(call->cx);
    }
    ArrayList list = array_list(call->arena);
    if (before) {
        array_list_add(&list, v.phys, value, value_null, false);
    }
    array_list_all(&list, &v);
    if (!before) {
        array_list_add(&list, v.phys, value, value_null, false);
    }
    v.shape.dims[0]++;
    r->str = array_build(call->arena, &v.shape, list.values, list.nulls);
    return ST_OK;
}
ROW_NULL_KERNEL(array_append)
{
    return fn_push(call, &a[0], nulls[0], &a[1], nulls[1], false, r);
}
ROW_NULL_KERNEL(array_prepend)
{
    return fn_push(call, &a[1], nulls[1], &a[0], nulls[0], true, r);
}

static Status cat_incompatible(FnCall *call, const char *detail)
{
    (void)array_error(call, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                      "cannot concatenate incompatible arrays");
    return err_detail(call->cx, "%s", detail);
}

/* concat_shape - the shape of x || y: both of one shape but for the first length, or one of them an
 * element of the other. */
static Status concat_shape(FnCall *call, const ArrayShape *x, const ArrayShape *y, ArrayShape *out)
{
    const ArrayShape *outer = x->ndim >= y->ndim ? x : y, *inner = x->ndim >= y->ndim ? y : x;
    uint32_t skip = outer->ndim - inner->ndim;
    if (skip > 1) {
        (void)array_error(call, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                          "cannot concatenate incompatible arrays");
        return err_detail(call->cx,
                          "Arrays of %u and %u dimensions are not compatible for concatenation.",
                          x->ndim, y->ndim);
    }
    for (uint32_t i = 1; i < outer->ndim; i++) {
        if (outer->dims[i] != inner->dims[i - skip] || outer->lower[i] != inner->lower[i - skip]) {
            return cat_incompatible(call, skip == 0
                                              ? "Arrays with differing element dimensions are not "
                                                "compatible for concatenation."
                                              : "Arrays with differing dimensions are not "
                                                "compatible for concatenation.");
        }
    }
    *out = *outer;
    if (__builtin_add_overflow(out->dims[0], skip == 0 ? inner->dims[0] : 1, &out->dims[0])) {
        return err_int4_range(call->cx);
    }
    return ST_OK;
}
ROW_NULL_KERNEL(array_cat)
{
    ArrayView x, y;
    ArrayShape shape;
    uint32_t count;
    if (nulls[0] && nulls[1]) {
        return KERNEL_NULL;
    }
    if (nulls[0] || nulls[1]) {
        *r = nulls[0] ? a[1] : a[0];
        return ST_OK;
    }
    array_view(&a[0].str, &x);
    array_view(&a[1].str, &y);
    if (x.count == 0 || y.count == 0) {
        *r = x.count == 0 && y.count > 0 ? a[1] : a[0];
        return ST_OK;
    }
    TRY(concat_shape(call, &x.shape, &y.shape, &shape));
    TRY(array_shape_count(call->cx, &shape, &count));
    ArrayList list = array_list(call->arena);
    array_list_all(&list, &x);
    array_list_all(&list, &y);
    r->str = array_build(call->arena, &shape, list.values, list.nulls);
    return ST_OK;
}

/* ---- searching ---- */

/* fn_find - the subscripts, from `start` on, of elements that are the value (NULL finds NULL). */
static Status fn_find(FnCall *call, const Datum *a, const bool *nulls, int32_t start, bool all,
                      ArrayList *found)
{
    ArrayView v;
    Datum d, at;
    bool is_null;
    *found = array_list(call->arena);
    array_view(&a[0].str, &v);
    if (v.shape.ndim > 1) {
        return err_unsupported(
            call->cx, "searching for elements in multidimensional arrays is not supported");
    }
    if (v.ops == NULL || v.ops->cmp == NULL) {
        return err_set(call->cx, ERRCODE_UNDEFINED_FUNCTION,
                       "could not identify an equality operator for type %s",
                       v.ops != NULL ? v.ops->name : "unknown");
    }
    ArrayIter it = array_iter(&v);
    for (int32_t i = v.shape.lower[0]; array_next(&it, &d, &is_null); i++) {
        bool same = is_null || nulls[1] ? is_null && nulls[1] : v.ops->cmp(&d, &a[1]) == 0;
        if (same && i >= start) {
            at.i32 = i;
            array_list_add(found, PHYS_I32, &at, false, false);
            if (!all) {
                break;
            }
        }
    }
    return ST_OK;
}
static Status fn_position(FnCall *call, const Datum *a, const bool *nulls, int32_t start, Datum *r)
{
    ArrayList found;
    if (nulls[0]) {
        return KERNEL_NULL;
    }
    TRY(fn_find(call, a, nulls, start, false, &found));
    if (found.count == 0) {
        return KERNEL_NULL;
    }
    r->i32 = found.values[0].i32;
    return ST_OK;
}
ROW_NULL_KERNEL(array_position)
{
    return fn_position(call, a, nulls, INT32_MIN, r);
}
ROW_NULL_KERNEL(array_position_start)
{
    if (!nulls[0] && nulls[2]) {
        return array_error(call, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "initial position must not be null");
    }
    return fn_position(call, a, nulls, a[2].i32, r);
}
ROW_NULL_KERNEL(array_positions)
{
    ArrayList found;
    if (nulls[0]) {
        return KERNEL_NULL;
    }
    TRY(fn_find(call, a, nulls, INT32_MIN, true, &found));
    r->str = array_build_list(&found, TYPE_INT4);
    return ST_OK;
}

/* fn_replace - elements that are the value become another one, or go (with == NULL). */
static Status fn_replace(FnCall *call, const Datum *a, const bool *nulls, bool remove, Datum *r)
{
    ArrayView v;
    Datum d;
    bool is_null, changed = false;
    if (nulls[0]) {
        return KERNEL_NULL;
    }
    array_view(&a[0].str, &v);
    if (remove && v.shape.ndim > 1) {
        return err_unsupported(call->cx,
                               "removing elements from multidimensional arrays is not supported");
    }
    if (v.ops == NULL || v.ops->cmp == NULL) {
        return err_set(call->cx, ERRCODE_UNDEFINED_FUNCTION,
                       "could not identify an equality operator for type %s",
                       v.ops != NULL ? v.ops->name : "unknown");
    }
    ArrayList list = array_list(call->arena);
    ArrayIter it = array_iter(&v);
    while (array_next(&it, &d, &is_null)) {
        bool same = is_null || nulls[1] ? is_null && nulls[1] : v.ops->cmp(&d, &a[1]) == 0;
        changed = changed || same;
        if (same && !remove) {
            array_list_add(&list, v.phys, &a[2], nulls[2], false);
        } else if (!same) {
            array_list_add(&list, v.phys, &d, is_null, false);
        }
    }
    if (!changed) {
        *r = a[0];
        return ST_OK;
    }
    if (remove) {
        v.shape.dims[0] = (int32_t)list.count;
    }
    r->str = array_build(call->arena, &v.shape, list.values, list.nulls);
    return ST_OK;
}
ROW_NULL_KERNEL(array_remove)
{
    return fn_replace(call, a, nulls, true, r);
}
ROW_NULL_KERNEL(array_replace)
{
    return fn_replace(call, a, nulls, false, r);
}
ROW_KERNEL(trim_array)
{
    ArrayView v;
    array_view(&a[0].str, &v);
    int32_t length = v.shape.ndim > 0 ? v.shape.dims[0] : 0, n = a[1].i32;
    if (n < 0 || n > length) {
        return err_set(call->cx, ERRCODE_ARRAY_ELEMENT_ERROR,
                       "number of elements to trim must be between 0 and %d", length);
    }
    ArraySubs subs = {.count = 1, .is_slice = true, .lower_open = {true}};
    subs.upper[0] = v.shape.ndim > 0 ? v.shape.lower[0] + length - n - 1 : 0;
    r->str = array_slice(call->arena, &v, &subs);
    return ST_OK;
}
/* width_bucket_array - how many thresholds are at or below the value, by halving. */
ROW_KERNEL(width_bucket_array)
{
    ArrayView v;
    array_view(&a[1].str, &v);
    if (v.shape.ndim > 1) {
        return array_error(call, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                           "thresholds must be one-dimensional array");
    }
    if (v.valid != NULL) {
        return array_error(call, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "thresholds array must not contain NULLs");
    }
    ArrayList list = array_list(call->arena);
    array_list_all(&list, &v);
    uint32_t left = 0, right = list.count;
    while (left < right) {
        uint32_t mid = (left + right) / 2;
        if (v.ops->cmp(&a[0], &list.values[mid]) < 0) {
            right = mid;
        } else {
            left = mid + 1;
        }
    }
    r->i32 = (int32_t)left;
    return ST_OK;
}

/* ---- filling ---- */

/* fill_numbers - the lengths or lower bounds: one dimension, no NULLs. */
static Status fill_numbers(FnCall *call, const Datum *a, bool lower, ArrayView *v, int32_t *out)
{
    Datum d;
    bool is_null;
    array_view(&a->str, v);
    if (v->shape.ndim > 1) {
        (void)array_error(call, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        return err_detail(call->cx, "Dimension array must be one dimensional.");
    }
    if (v->valid != NULL) {
        return array_error(call, ERRCODE_NULL_VALUE_NOT_ALLOWED, "dimension values cannot be null");
    }
    if (!lower && v->count > ARRAY_DIMS_MAX) {
        return err_set(call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "number of array dimensions (%u) exceeds the maximum allowed (%d)", v->count,
                       ARRAY_DIMS_MAX);
    }
    ArrayIter it = array_iter(v);
    for (uint32_t i = 0; i < ARRAY_DIMS_MAX && array_next(&it, &d, &is_null); i++) {
        out[i] = d.i32;
    }
    return ST_OK;
}
/* fn_fill - the value as often as the lengths say; element type: the value's. */
static Status fn_fill(FnCall *call, const Datum *a, const bool *nulls, bool bounds, Datum *r)
{
    ArrayShape shape = {.element = call->arg_types[0]};
    ArrayView dims, lower;
    uint32_t count;
    if (nulls[1] || (bounds && nulls[2])) {
        return array_error(call, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "dimension array or low bound array cannot be null");
    }
    TRY(fill_numbers(call, &a[1], false, &dims, shape.dims));
    shape.ndim = dims.count;
    for (uint32_t i = 0; i < shape.ndim; i++) {
        shape.lower[i] = 1;
    }
    if (bounds) {
        TRY(fill_numbers(call, &a[2], true, &lower, shape.lower));
        if (lower.count != dims.count) {
            (void)array_error(call, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                              "wrong number of array subscripts");
            return err_detail(call->cx,
                              "Low bound array has different size than dimensions array.");
        }
    }
    TRY(array_shape_count(call->cx, &shape, &count));
    ArrayList list = array_list(call->arena);
    const TypeOps *ops = type_ops(shape.element);
    for (uint32_t i = 0; i < count && ops != NULL; i++) {
        array_list_add(&list, ops->phys, &a[0], nulls[0], false);
    }
    r->str = array_build(call->arena, &shape, list.values, list.nulls);
    return ST_OK;
}
ROW_NULL_KERNEL(array_fill)
{
    return fn_fill(call, a, nulls, false, r);
}
ROW_NULL_KERNEL(array_fill_with_lower_bounds)
{
    return fn_fill(call, a, nulls, true, r);
}

/* ---- lists in text ---- */

/* fn_join - the elements' texts with a delimiter; NULLs as null_text, left out without one. */
static Status fn_join(FnCall *call, const Datum *a, const Str *null_text, Datum *r)
{
    ArrayView v;
    Datum d;
    bool is_null, first = true;
    Buf b;
    array_view(&a[0].str, &v);
    FnCall each = *call;
    each.result_type = v.shape.element;
    each.state = NULL;
    ArrayIter it = array_iter(&v);
    buf_init(&b, 1u << 30);
    while (array_next(&it, &d, &is_null)) {
        if (is_null && null_text == NULL) {
            continue;
        }
        if (!first) {
            buf_put(&b, str_ptr(&a[1].str), a[1].str.len);
        }
        first = false;
        if (is_null) {
            buf_put(&b, str_ptr(null_text), null_text->len);
        } else {
            v.ops->out(&each, &d, &b);
        }
    }
    r->str = str_of_buf(call->arena, &b);
    buf_release(&b);
    return ST_OK;
}
ROW_KERNEL(array_to_text)
{
    return fn_join(call, a, NULL, r);
}
ROW_NULL_KERNEL(array_to_text_null)
{
    if (nulls[0] || nulls[1]) {
        return KERNEL_NULL;
    }
    return fn_join(call, a, nulls[2] ? NULL : &a[2].str, r);
}

#define SPLIT_POLL 4096u /* pieces between looks for a cancel */
/* fn_split_add - one piece of a text list. */
static void fn_split_add(ArrayList *list, Slice piece, const Str *null_text)
{
    Datum d = {.str = str_ref(piece.ptr, piece.len)};
    bool is_null = null_text != NULL && slice_eq(piece, str_slice(null_text));
    array_list_add(list, PHYS_STR, &d, is_null, false);
}
/* fn_split - a text cut at the separator; NULL cuts at every character, an empty one nowhere. */
static Status fn_split(FnCall *call, const Datum *a, const bool *nulls, const Str *null_text,
                       Datum *r)
{
    if (nulls[0]) {
        return KERNEL_NULL;
    }
    ArrayList list = array_list(call->arena);
    Slice rest = str_slice(&a[0].str), sep = nulls[1] ? (Slice){NULL, 0} : str_slice(&a[1].str);
    if (nulls[1]) {
        while (rest.len > 0) {
            size_t n = MIN((size_t)utf8_len(rest.ptr[0]), rest.len);
            fn_split_add(&list, (Slice){rest.ptr, n}, null_text);
            rest.ptr += n;
            rest.len -= n;
        }
    } else if (rest.len > 0) {
        const char *end;
        while (sep.len > 0 && (end = memmem(rest.ptr, rest.len, sep.ptr, sep.len)) != NULL) {
            size_t n = (size_t)(end - rest.ptr);
            if (list.count % SPLIT_POLL == 0) {
                TRY(cx_check(call->cx));
            }
            fn_split_add(&list, (Slice){rest.ptr, n}, null_text);
            rest.ptr += n + sep.len;
            rest.len -= n + sep.len;
        }
        fn_split_add(&list, rest, null_text);
    }
    r->str = array_build_list(&list, TYPE_TEXT);
    return ST_OK;
}
ROW_NULL_KERNEL(text_to_array)
{
    return fn_split(call, a, nulls, NULL, r);
}
ROW_NULL_KERNEL(text_to_array_null)
{
    return fn_split(call, a, nulls, nulls[2] ? NULL : &a[2].str, r);
}

/* ---- sets ---- */

typedef struct UnnestRun {
    uint32_t count;
    ArrayView *views;
    ArrayIter *iters;
} UnnestRun;

/* unnest_begin - one array or several side by side; NULL ones have no elements. */
static Status unnest_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t arg_count)
{
    UnnestRun *u = ARENA_NEW(call->state_arena, UnnestRun);
    u->count = arg_count;
    u->views = ARENA_ARRAY(call->state_arena, ArrayView, arg_count);
    u->iters = ARENA_ARRAY(call->state_arena, ArrayIter, arg_count);
    for (uint32_t i = 0; i < arg_count; i++) {
        if (!nulls[i]) {
            array_view(&args[i].str, &u->views[i]);
        }
        u->iters[i] = array_iter(&u->views[i]);
    }
    call->state = u;
    return ST_OK;
}
static Status unnest_next(FnCall *call, Datum *cols, bool *nulls)
{
    UnnestRun *u = call->state;
    bool any = false;
    for (uint32_t i = 0; i < u->count; i++) {
        bool more = array_next(&u->iters[i], &cols[i], &nulls[i]);
        any = any || more;
        nulls[i] = nulls[i] || !more;
    }
    return any ? ST_OK : ST_DONE;
}

typedef struct SubscriptsRun {
    int64_t at, last;
    bool reverse;
} SubscriptsRun;
static Status subscripts_begin(FnCall *call, const Datum *args, const bool *nulls UNUSED,
                               uint32_t arg_count)
{
    ArrayView v;
    uint32_t i;
    if (!fn_dimension(args, &v, &i)) {
        return ST_DONE;
    }
    SubscriptsRun *s = ARENA_NEW(call->state_arena, SubscriptsRun);
    s->at = v.shape.lower[i];
    s->last = s->at + v.shape.dims[i] - 1;
    s->reverse = arg_count > 2 && args[2].b;
    call->state = s;
    return ST_OK;
}
static Status subscripts_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    SubscriptsRun *s = call->state;
    if (s->at > s->last) {
        return ST_DONE;
    }
    cols[0].i32 = (int32_t)(s->reverse ? s->last-- : s->at++);
    return ST_OK;
}

/* ---- array_agg ---- */

typedef struct AggArray {
    ArrayList *list;
} AggArray;
static void agg_array_add(FnCall *call, AggArray *s, const Vector *v, uint32_t row)
{
    if (s->list == NULL) {
        s->list = ARENA_NEW(call->arena, ArrayList);
        *s->list = array_list(call->arena);
    }
    bool is_null = vec_is_null(v, row);
    Datum d = vec_get(v, row);
    array_list_add(s->list, v->phys, &d, is_null, true);
}
static Status agg_array_one(AGG_PARAMS_ONE)
{
    SEL_FOREACH(row, sel)
    {
        agg_array_add(call, state, args[0], row);
    }
    return ST_OK;
}
static Status agg_array_many(AGG_PARAMS_MANY)
{
    SEL_FOREACH(row, sel)
    {
        agg_array_add(call, states[row_k], args[0], row);
    }
    return ST_OK;
}
static Status agg_array_combine(FnCall *call, void *into, const void *from)
{
    AggArray *s = into;
    const AggArray *f = from;
    const TypeOps *ops = type_ops(call->arg_types[0]);
    if (f->list != NULL && s->list == NULL) {
        s->list = ARENA_NEW(call->arena, ArrayList);
        *s->list = array_list(call->arena);
    }
    for (uint32_t i = 0; f->list != NULL && i < f->list->count; i++) {
        array_list_add(s->list, ops->phys, &f->list->values[i], f->list->nulls[i], true);
    }
    return ST_OK;
}
static Status agg_array_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggArray *s = state;
    if (s->list == NULL) {
        vec_set_null(out, row);
        return ST_OK;
    }
    ArrayList list = *s->list;
    list.arena = call->arena;
    VEC_DATA(out, Str)[row] = array_build_list(&list, call->arg_types[0]);
    return ST_OK;
}
static Status agg_array_nested_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggArray *s = state;
    if (s->list == NULL) {
        vec_set_null(out, row);
        return ST_OK;
    }
    ArrayList list = *s->list;
    list.arena = call->arena;
    return array_accumulate(call->cx, &list, type_array_element(call->arg_types[0]),
                            &VEC_DATA(out, Str)[row]);
}

static const FnOps ARRAY_FNS[] = {
    FN(array_length),
    FN(array_lower),
    FN(array_upper),
    FN(array_ndims),
    FN(array_cardinality),
    FN(array_dims),
    FN(array_eq),
    FN(array_ne),
    FN(array_lt),
    FN(array_le),
    FN(array_gt),
    FN(array_ge),
    FN(btarraycmp),
    FN(array_larger),
    FN(array_smaller),
    FN(arrayoverlap),
    FN(arraycontains),
    FN(arraycontained),
    FN(array_append),
    FN(array_prepend),
    FN(array_cat),
    FN(array_position),
    FN(array_position_start),
    FN(array_positions),
    FN(array_remove),
    FN(array_replace),
    FN(trim_array),
    FN(width_bucket_array),
    FN(array_fill),
    FN(array_fill_with_lower_bounds),
    FN(array_to_text),
    FN(array_to_text_null),
    FN(text_to_array),
    FN(text_to_array_null),
    FN_AS("oidvectoreq", array_eq),
    FN_AS("oidvectorne", array_ne),
    FN_AS("oidvectorlt", array_lt),
    FN_AS("oidvectorle", array_le),
    FN_AS("oidvectorgt", array_gt),
    FN_AS("oidvectorge", array_ge),
    FN_AS("btoidvectorcmp", btarraycmp),
};
static const SetOps ARRAY_SETS[] = {
    {"array_unnest", unnest_begin, unnest_next},
    {"generate_subscripts", subscripts_begin, subscripts_next},
    {"generate_subscripts_nodir", subscripts_begin, subscripts_next},
};
static const AggOps ARRAY_AGGS[] = {
    {2335, "array_agg", 16, false, NULL, agg_array_one, agg_array_many, agg_array_combine,
     agg_array_final},
    {4053, "array_agg", 16, false, NULL, agg_array_one, agg_array_many, agg_array_combine,
     agg_array_nested_final},
};
const TypeFamily type_family_array = {
    .fns = ARRAY_FNS,
    .fn_count = ARRAY_LEN(ARRAY_FNS),
    .aggs = ARRAY_AGGS,
    .agg_count = ARRAY_LEN(ARRAY_AGGS),
    .sets = ARRAY_SETS,
    .set_count = ARRAY_LEN(ARRAY_SETS),
};
