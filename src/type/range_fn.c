/*
 * range_fn.c - functions and operators of ranges and multiranges, their constructors, unnest and
 * aggregates.
 *
 * A range being a list of at most one range, most functions are one for both kinds.
 */
#include "type/array.h"
#include "type/kernel.h"
#include "type/range.h"

/* ---- bounds ---- */

/* RANGE_BOUND - a function of the first lower or last upper bound. */
#define RANGE_BOUND(name, first, expr)                                                             \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        RangeSet s = range_open(call->arena, &a[0].str);                                           \
        const RangeItem *it = s.count == 0 ? NULL : &s.items[(first) ? 0 : s.count - 1];           \
        expr;                                                                                      \
        return ST_OK;                                                                              \
    }
RANGE_BOUND(range_lower, true, if (it == NULL || it->lower_inf) return KERNEL_NULL; *r = it->lower)
RANGE_BOUND(range_upper, false, if (it == NULL || it->upper_inf) return KERNEL_NULL; *r = it->upper)
RANGE_BOUND(range_empty, true, r->b = it == NULL)
RANGE_BOUND(range_lower_inc, true, r->b = it != NULL && it->lower_inc)
RANGE_BOUND(range_upper_inc, false, r->b = it != NULL && it->upper_inc)
RANGE_BOUND(range_lower_inf, true, r->b = it != NULL && it->lower_inf)
RANGE_BOUND(range_upper_inf, false, r->b = it != NULL && it->upper_inf)
#undef RANGE_BOUND

/* ---- comparing ---- */

#define RANGE_COMPARE(name, expr)                                                                  \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        int c = range_compare(&a[0], &a[1]);                                                       \
        expr;                                                                                      \
        return ST_OK;                                                                              \
    }
RANGE_COMPARE(range_eq, r->b = c == 0)
RANGE_COMPARE(range_ne, r->b = c != 0)
RANGE_COMPARE(range_lt, r->b = c < 0)
RANGE_COMPARE(range_le, r->b = c <= 0)
RANGE_COMPARE(range_gt, r->b = c > 0)
RANGE_COMPARE(range_ge, r->b = c >= 0)
RANGE_COMPARE(range_cmp, r->i32 = (c > 0) - (c < 0))

ROW_KERNEL(hash_range)
{
    r->i32 = (int32_t)range_hash(&a[0]);
    return ST_OK;
}

/* ---- where two lie ---- */

static const RangeItem *first_of(const RangeSet *s)
{
    return &s->items[0];
}
static const RangeItem *last_of(const RangeSet *s)
{
    return &s->items[s->count - 1];
}

static bool item_overlaps(const RangeSet *s, const RangeItem *x, const RangeItem *y)
{
    return range_bounds_compare(s, x, true, y, false) <= 0 &&
           range_bounds_compare(s, y, true, x, false) <= 0;
}

static bool sets_overlap(const RangeSet *x, const RangeSet *y)
{
    for (uint32_t i = 0, k = 0; i < x->count && k < y->count;) {
        if (item_overlaps(x, &x->items[i], &y->items[k])) {
            return true;
        }
        if (range_bounds_compare(x, &x->items[i], false, &y->items[k], false) < 0) {
            i++;
        } else {
            k++;
        }
    }
    return false;
}

/* set_contains - is each range of y within one of x? */
static bool set_contains(const RangeSet *x, const RangeSet *y)
{
    uint32_t i = 0;
    for (uint32_t k = 0; k < y->count; k++) {
        const RangeItem *in = &y->items[k];
        while (i < x->count && range_bounds_compare(x, &x->items[i], false, in, false) < 0) {
            i++;
        }
        if (i == x->count || range_bounds_compare(x, &x->items[i], true, in, true) > 0) {
            return false;
        }
    }
    return true;
}

static bool set_before(const RangeSet *x, const RangeSet *y)
{
    return x->count > 0 && y->count > 0 &&
           range_bounds_compare(x, last_of(x), false, first_of(y), true) < 0;
}

static bool sets_adjacent(const RangeSet *x, const RangeSet *y)
{
    return x->count > 0 && y->count > 0 &&
           (range_touch(x, last_of(x), first_of(y)) || range_touch(x, last_of(y), first_of(x)));
}

static bool set_overleft(const RangeSet *x, const RangeSet *y)
{
    return x->count > 0 && y->count > 0 &&
           range_bounds_compare(x, last_of(x), false, last_of(y), false) <= 0;
}

static bool set_overright(const RangeSet *x, const RangeSet *y)
{
    return x->count > 0 && y->count > 0 &&
           range_bounds_compare(x, first_of(x), true, first_of(y), true) >= 0;
}

#define RANGE_TEST(name, expr)                                                                     \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        RangeSet x = range_open(call->arena, &a[0].str), y = range_open(call->arena, &a[1].str);   \
        r->b = (expr);                                                                             \
        return ST_OK;                                                                              \
    }
RANGE_TEST(range_overlaps, sets_overlap(&x, &y))
RANGE_TEST(range_contains, set_contains(&x, &y))
RANGE_TEST(range_contained_by, set_contains(&y, &x))
RANGE_TEST(range_before, set_before(&x, &y))
RANGE_TEST(range_after, set_before(&y, &x))
RANGE_TEST(range_adjacent, sets_adjacent(&x, &y))
RANGE_TEST(range_overleft, set_overleft(&x, &y))
RANGE_TEST(range_overright, set_overright(&x, &y))
#undef RANGE_TEST

/* holds_element - is the value in the set? */
static bool holds_element(Arena *arena, const Datum *range, const Datum *element)
{
    RangeSet s = range_open(arena, &range->str);
    RangeItem point = {.lower = *element, .upper = *element, .lower_inc = true, .upper_inc = true};
    RangeSet one = range_like(&s);
    one.count = 1;
    one.items = &point;
    return set_contains(&s, &one);
}
ROW_KERNEL(range_contains_elem)
{
    r->b = holds_element(call->arena, &a[0], &a[1]);
    return ST_OK;
}
ROW_KERNEL(elem_contained_by_range)
{
    r->b = holds_element(call->arena, &a[1], &a[0]);
    return ST_OK;
}

/* ---- of two make one ---- */

static RangeItem item_intersect(const RangeSet *s, const RangeItem *x, const RangeItem *y)
{
    RangeItem it = *x;
    if (range_bounds_compare(s, y, true, x, true) > 0) {
        it.lower = y->lower;
        it.lower_inc = y->lower_inc;
        it.lower_inf = y->lower_inf;
    }
    if (range_bounds_compare(s, y, false, x, false) < 0) {
        it.upper = y->upper;
        it.upper_inc = y->upper_inc;
        it.upper_inf = y->upper_inf;
    }
    return it;
}

static RangeSet sets_intersect(Arena *arena, const RangeSet *x, const RangeSet *y)
{
    RangeSet out = range_like(x);
    for (uint32_t i = 0; i < x->count; i++) {
        for (uint32_t k = 0; k < y->count; k++) {
            if (item_overlaps(x, &x->items[i], &y->items[k])) {
                RangeItem it = item_intersect(x, &x->items[i], &y->items[k]);
                range_add(arena, &out, &it);
            }
        }
    }
    return out;
}

/* sets_minus - what of x is not in y. */
static RangeSet sets_minus(Arena *arena, const RangeSet *x, const RangeSet *y)
{
    RangeSet out = range_like(x);
    for (uint32_t i = 0; i < x->count; i++) {
        RangeItem rest = x->items[i];
        bool left = true;
        for (uint32_t k = 0; k < y->count && left; k++) {
            const RangeItem *cut = &y->items[k];
            if (!item_overlaps(x, &rest, cut)) {
                continue;
            }
            if (range_bounds_compare(x, &rest, true, cut, true) < 0) {
                RangeItem before = rest;
                before.upper = cut->lower;
                before.upper_inf = false;
                before.upper_inc = !cut->lower_inc;
                range_add(arena, &out, &before);
            }
            left = range_bounds_compare(x, &rest, false, cut, false) > 0;
            if (left) {
                rest.lower = cut->upper;
                rest.lower_inf = false;
                rest.lower_inc = !cut->upper_inc;
            }
        }
        if (left) {
            range_add(arena, &out, &rest);
        }
    }
    return out;
}

static RangeSet sets_union(Arena *arena, const RangeSet *x, const RangeSet *y)
{
    RangeSet out = range_like(x);
    for (uint32_t i = 0; i < x->count + y->count; i++) {
        range_add(arena, &out, i < x->count ? &x->items[i] : &y->items[i - x->count]);
    }
    range_normalize(arena, &out);
    return out;
}

#define RANGE_MAKE(name, expr, check)                                                              \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        RangeSet x = range_open(call->arena, &a[0].str), y = range_open(call->arena, &a[1].str);   \
        RangeSet s = (expr);                                                                       \
        check;                                                                                     \
        r->str = range_pack(call->arena, &s);                                                      \
        return ST_OK;                                                                              \
    }
#define RANGE_ONE(what)                                                                            \
    if (s.count > 1)                                                                               \
    return err_set(call->cx, ERRCODE_DATA_EXCEPTION,                                               \
                   "result of range " what " would not be contiguous")
RANGE_MAKE(range_union, sets_union(call->arena, &x, &y), RANGE_ONE("union"))
RANGE_MAKE(range_minus, sets_minus(call->arena, &x, &y), RANGE_ONE("difference"))
RANGE_MAKE(range_intersect, sets_intersect(call->arena, &x, &y), )
RANGE_MAKE(multirange_union, sets_union(call->arena, &x, &y), )
RANGE_MAKE(multirange_minus, sets_minus(call->arena, &x, &y), )

/* set_span - the least range around all of a set. */
static void set_span(Arena *arena, RangeSet *s)
{
    if (s->count > 1) {
        RangeItem it = s->items[0], last = s->items[s->count - 1];
        it.upper = last.upper;
        it.upper_inc = last.upper_inc;
        it.upper_inf = last.upper_inf;
        s->count = 0;
        s->items = NULL;
        range_add(arena, s, &it);
    }
}
RANGE_MAKE(range_merge, sets_union(call->arena, &x, &y), set_span(call->arena, &s))
#undef RANGE_MAKE
ROW_KERNEL(range_merge_from_multirange)
{
    RangeSet s = range_open(call->arena, &a[0].str);
    TypeRange t;
    if (!range_type(call, s.type, &t)) {
        return err_unsupported(call->cx, "type %u is not known as a range type here", s.type);
    }
    s.type = t.range;
    set_span(call->arena, &s);
    r->str = range_pack(call->arena, &s);
    return ST_OK;
}

/* ---- constructors ---- */

static Status range_construct(FnCall *call, const Datum *a, const bool *nulls, bool lower_inc,
                              bool upper_inc, Datum *r)
{
    RangeSet s;
    RangeItem it = {.lower_inc = lower_inc,
                    .upper_inc = upper_inc,
                    .lower_inf = nulls[0],
                    .upper_inf = nulls[1]};
    if (!nulls[0]) {
        it.lower = a[0];
    }
    if (!nulls[1]) {
        it.upper = a[1];
    }
    TRY(range_new(call, call->result_type, &s));
    TRY(range_make(call, &s, it));
    r->str = range_pack(call->arena, &s);
    return ST_OK;
}
ROW_NULL_KERNEL(range_constructor2)
{
    return range_construct(call, a, nulls, true, false, r);
}
ROW_NULL_KERNEL(range_constructor3)
{
    if (nulls[2]) {
        return err_set(call->cx, ERRCODE_DATA_EXCEPTION,
                       "range constructor flags argument must not be null");
    }
    const char *f = str_ptr(&a[2].str);
    if (a[2].str.len != 2 || (f[0] != '[' && f[0] != '(') || (f[1] != ']' && f[1] != ')')) {
        (void)err_set(call->cx, ERRCODE_SYNTAX_ERROR, "invalid range bound flags");
        return err_hint(call->cx, "Valid values are \"[]\", \"[)\", \"(]\", and \"()\".");
    }
    return range_construct(call, a, nulls, f[0] == '[', f[1] == ']', r);
}
ROW_KERNEL(multirange_constructor0)
{
    RangeSet s;
    TRY(range_new(call, call->result_type, &s));
    r->str = range_pack(call->arena, &s);
    return ST_OK;
}
ROW_KERNEL(multirange_constructor1)
{
    RangeSet s = range_open(call->arena, &a[0].str);
    s.type = call->result_type;
    r->str = range_pack(call->arena, &s);
    return ST_OK;
}
/* multirange_constructor2 - of the ranges of an array. */
ROW_KERNEL(multirange_constructor2)
{
    RangeSet s;
    ArrayView v;
    Datum d;
    bool is_null;
    TRY(range_new(call, call->result_type, &s));
    array_view(&a[0].str, &v);
    if (v.shape.ndim > 1) {
        return err_set(call->cx, ERRCODE_CARDINALITY_VIOLATION,
                       "multiranges cannot be constructed from multidimensional arrays");
    }
    ArrayIter it = array_iter(&v);
    while (array_next(&it, &d, &is_null)) {
        if (is_null) {
            return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "multirange values cannot contain null members");
        }
        RangeSet one = range_open(call->arena, &d.str);
        if (one.count > 0) {
            range_add(call->arena, &s, &one.items[0]);
        }
    }
    range_normalize(call->arena, &s);
    r->str = range_pack(call->arena, &s);
    return ST_OK;
}

/* range_canonical_of - int4range_canonical and its like: a range is always canonical here. */
ROW_KERNEL(range_canonical_of)
{
    *r = a[0];
    return ST_OK;
}
ROW_KERNEL(int4range_subdiff)
{
    r->f64 = (double)a[0].i32 - (double)a[1].i32;
    return ST_OK;
}
ROW_KERNEL(int8range_subdiff)
{
    r->f64 = (double)a[0].i64 - (double)a[1].i64;
    return ST_OK;
}
ROW_KERNEL(tsrange_subdiff)
{
    r->f64 = ((double)a[0].i64 - (double)a[1].i64) / 1e6;
    return ST_OK;
}

/* ---- unnest ---- */

typedef struct RangeUnnest {
    RangeSet set;
    uint32_t next;
} RangeUnnest;

static Status multirange_unnest_begin(FnCall *call, const Datum *args, const bool *nulls UNUSED,
                                      uint32_t arg_count UNUSED)
{
    TypeRange t;
    RangeUnnest *u = ARENA_NEW(call->state_arena, RangeUnnest);
    u->set = range_open(call->state_arena, &args[0].str);
    u->next = 0;
    if (!range_type(call, u->set.type, &t)) {
        return err_unsupported(call->cx, "type %u is not known as a range type here", u->set.type);
    }
    u->set.type = t.range;
    call->state = u;
    return ST_OK;
}

static Status multirange_unnest_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    RangeUnnest *u = call->state;
    if (u->next == u->set.count) {
        return ST_DONE;
    }
    RangeSet one = range_like(&u->set);
    one.count = 1;
    one.items = &u->set.items[u->next++];
    cols[0].str = range_pack(call->arena, &one);
    return ST_OK;
}

/* ---- aggregates ---- */

/* AggRange - what was seen: for range_agg a list, for range_intersect_agg what all have in common.
 */
typedef struct AggRange {
    ArrayList *list;
} AggRange;

static void agg_range_add(FnCall *call, AggRange *s, const Datum *d)
{
    if (s->list == NULL) {
        s->list = ARENA_NEW(call->arena, ArrayList);
        *s->list = array_list(call->arena);
    }
    array_list_add(s->list, PHYS_STR, d, false, true);
}
static Status agg_range_one(AGG_PARAMS_ONE)
{
    SEL_FOREACH(row, sel)
    {
        Datum d = vec_get(args[0], row);
        agg_range_add(call, state, &d);
    }
    return ST_OK;
}
static Status agg_range_many(AGG_PARAMS_MANY)
{
    SEL_FOREACH(row, sel)
    {
        Datum d = vec_get(args[0], row);
        agg_range_add(call, states[row_k], &d);
    }
    return ST_OK;
}
static Status agg_range_combine(FnCall *call, void *into, const void *from)
{
    const AggRange *f = from;
    for (uint32_t i = 0; f->list != NULL && i < f->list->count; i++) {
        agg_range_add(call, into, &f->list->values[i]);
    }
    return ST_OK;
}

/* agg_range_finish - all ranges that were seen, joined, or what is in each of them. */
static Status agg_range_finish(FnCall *call, const AggRange *s, bool intersect, Vector *out,
                               uint32_t row)
{
    if (s->list == NULL) {
        vec_set_null(out, row);
        return ST_OK;
    }
    RangeSet first = range_open(call->arena, &s->list->values[0].str), all = range_like(&first);
    all.type = call->result_type;
    for (uint32_t i = 0; i < s->list->count; i++) {
        RangeSet more = range_open(call->arena, &s->list->values[i].str);
        if (intersect && i > 0) {
            all = sets_intersect(call->arena, &all, &more);
            continue;
        }
        for (uint32_t k = 0; k < more.count; k++) {
            range_add(call->arena, &all, &more.items[k]);
        }
    }
    range_normalize(call->arena, &all);
    VEC_DATA(out, Str)[row] = range_pack(call->arena, &all);
    return ST_OK;
}
static Status agg_range_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    return agg_range_finish(call, state, false, out, row);
}
static Status agg_range_intersect_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    return agg_range_finish(call, state, true, out, row);
}

/* RANGE_PAIRS - a test of ranges is the same of a range and a multirange, and of two multiranges.
 */
#define RANGE_PAIRS(word)                                                                          \
    FN(range_##word), FN_AS("range_" #word "_multirange", range_##word),                           \
        FN_AS("multirange_" #word "_range", range_##word),                                         \
        FN_AS("multirange_" #word "_multirange", range_##word)
#define RANGE_BOTH(word) FN(range_##word), FN_AS("multirange_" #word, range_##word)
static const FnOps RANGE_FNS[] = {
    RANGE_BOTH(lower),
    RANGE_BOTH(upper),
    RANGE_BOTH(empty),
    RANGE_BOTH(lower_inc),
    RANGE_BOTH(upper_inc),
    RANGE_BOTH(lower_inf),
    RANGE_BOTH(upper_inf),
    RANGE_BOTH(eq),
    RANGE_BOTH(ne),
    RANGE_BOTH(lt),
    RANGE_BOTH(le),
    RANGE_BOTH(gt),
    RANGE_BOTH(ge),
    RANGE_BOTH(cmp),
    RANGE_BOTH(intersect),
    FN(hash_range),
    FN_AS("hash_multirange", hash_range),
    RANGE_PAIRS(overlaps),
    RANGE_PAIRS(contains),
    RANGE_PAIRS(contained_by),
    RANGE_PAIRS(before),
    RANGE_PAIRS(after),
    RANGE_PAIRS(adjacent),
    RANGE_PAIRS(overleft),
    RANGE_PAIRS(overright),
    FN(range_contains_elem),
    FN_AS("multirange_contains_elem", range_contains_elem),
    FN(elem_contained_by_range),
    FN_AS("elem_contained_by_multirange", elem_contained_by_range),
    FN(range_union),
    FN(range_minus),
    FN(multirange_union),
    FN(multirange_minus),
    FN(range_merge),
    FN(range_merge_from_multirange),
    FN(range_constructor2),
    FN(range_constructor3),
    FN(multirange_constructor0),
    FN(multirange_constructor1),
    FN(multirange_constructor2),
    FN_AS("int4range_canonical", range_canonical_of),
    FN_AS("int8range_canonical", range_canonical_of),
    FN_AS("daterange_canonical", range_canonical_of),
    FN(int4range_subdiff),
    FN(int8range_subdiff),
    FN(tsrange_subdiff),
    FN_AS("tstzrange_subdiff", tsrange_subdiff),
    FN_AS("daterange_subdiff", int4range_subdiff),
};
static const SetOps RANGE_SETS[] = {
    {"multirange_unnest", multirange_unnest_begin, multirange_unnest_next},
};
static const AggOps RANGE_AGGS[] = {
    {4301, "range_agg", 16, true, NULL, agg_range_one, agg_range_many, agg_range_combine,
     agg_range_final},
    {6227, "range_agg", 16, true, NULL, agg_range_one, agg_range_many, agg_range_combine,
     agg_range_final},
    {4389, "range_intersect_agg", 16, true, NULL, agg_range_one, agg_range_many, agg_range_combine,
     agg_range_intersect_final},
    {4450, "range_intersect_agg", 16, true, NULL, agg_range_one, agg_range_many, agg_range_combine,
     agg_range_intersect_final},
};
const TypeFamily type_family_range_fn = {
    .fns = RANGE_FNS,
    .fn_count = ARRAY_LEN(RANGE_FNS),
    .aggs = RANGE_AGGS,
    .agg_count = ARRAY_LEN(RANGE_AGGS),
    .sets = RANGE_SETS,
    .set_count = ARRAY_LEN(RANGE_SETS),
};
