/*
 * jsonpath_exec.c - running a jsonpath over a value: accessors, filters, predicates, arithmetic.
 *
 * An item is evaluated for one value and hands what it finds to the accessor behind it, or, at the
 * end, to the list of results. Without a list the first result ends everything. In lax mode arrays
 * are opened where an accessor wants what is in them, and structural errors find nothing.
 */
#include <stdarg.h>
#include <stdio.h>

#include "type/jsonpath.h"
#include "type/numeric.h"

typedef enum JpTruth { JP_FALSE, JP_TRUE, JP_DUNNO, JP_BROKEN } JpTruth;

#define JP_RUN_DEPTH_MAX 5000

static JpResult jp_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found, bool unwrap);
static JpTruth jp_truth(JpRun *x, const JpNode *n, const JpItem *v);

JpResult jp_fail(JpRun *x, uint32_t sqlstate, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    if (!x->raise) {
        return JP_FAILED;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    st_ignore(err_set(x->call->cx, sqlstate, "%s", text));
    return JP_RAISED;
}

/* jp_status - of a function that fails by a Status: its error is hidden like the path's own. */
static JpResult jp_status(JpRun *x, Status st)
{
    if (st == ST_OK) {
        return JP_FOUND;
    }
    if (x->raise) {
        return JP_RAISED;
    }
    err_clear(x->call->cx);
    return JP_FAILED;
}

static bool jp_bad(JpResult r)
{
    return r == JP_FAILED || r == JP_RAISED;
}
/* jp_enough - is one result all that is wanted, and there? */
static bool jp_enough(JpResult r, const JpList *found)
{
    return jp_bad(r) || (r == JP_FOUND && found == NULL);
}

void jp_list_add(JpRun *x, JpList *list, const JpItem *item)
{
    if (list->count == list->size) {
        uint32_t size = MAX(list->size * 2, 8u);
        list->items = arena_grow(x->call->arena, list->items, list->size * sizeof(JpItem),
                                 size * sizeof(JpItem));
        list->size = size;
    }
    list->items[list->count++] = *item;
}

static JbKind jp_kind(const JpItem *v)
{
    return v->datetime != 0 ? JB_PACKED : jb_kind(v->node);
}
static bool jp_is_array(const JpItem *v)
{
    return jp_kind(v) == JB_ARRAY;
}

/* jp_make - a scalar as an item. */
static JpResult jp_make(JpRun *x, JbItem item, JpItem *out)
{
    *out = (JpItem){0};
    return jp_status(x, jb_encode_node(x->call->cx, x->call->arena, &item, &out->node));
}
static JpResult jp_make_number(JpRun *x, const Str *number, JpItem *out)
{
    return jp_make(x, jb_numeric(x->call->arena, number), out);
}

/* jp_rest - what is behind this item, or the end. */
static JpResult jp_rest(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    if (n->next != NULL) {
        return jp_item(x, n->next, v, found, !x->path->strict);
    }
    if (found != NULL) {
        jp_list_add(x, found, v);
    }
    return JP_FOUND;
}

/* JpWalk - which members of a container to look at; n NULL: they are wanted themselves. */
typedef struct JpWalk {
    const JpNode *n;
    uint32_t first, last;
    bool lenient, unwrap;
} JpWalk;
/* jp_members - an item for each member of a container, down to level `last`. */
static JpResult jp_members(JpRun *x, const JpWalk *w, Slice node, uint32_t level, JpList *found)
{
    JbView view = jb_view(node);
    JpResult res = JP_NOTHING;
    if (level > w->last) {
        return res;
    }
    for (uint32_t i = 0; i < view.count; i++) {
        JpItem v = {.node = view.kind == JB_OBJECT ? jb_value(&view, i) : jb_element(&view, i)};
        bool container = jb_is_container(jb_kind(v.node));
        if (cx_check(x->call->cx) != ST_OK) {
            return JP_RAISED;
        }
        if (level >= w->first ||
            (w->first == JP_LEVEL_LAST && w->last == JP_LEVEL_LAST && !container)) {
            if (w->n != NULL) {
                bool lenient = x->lenient;
                x->lenient = lenient || w->lenient;
                res = jp_item(x, w->n, &v, found, w->unwrap);
                x->lenient = lenient;
                if (jp_enough(res, found)) {
                    return res;
                }
            } else if (found != NULL) {
                jp_list_add(x, found, &v);
            } else {
                return JP_FOUND;
            }
        }
        if (level < w->last && container) {
            res = jp_members(x, w, v.node, level + 1, found);
            if (jp_enough(res, found)) {
                return res;
            }
        }
    }
    return res;
}

/* jp_each_element - the same item for every element of an array. */
static JpResult jp_each_element(JpRun *x, const JpNode *n, const JpItem *v, JpList *found,
                                bool unwrap)
{
    JpWalk w = {.n = n, .first = 1, .last = 1, .unwrap = unwrap};
    return jp_members(x, &w, v->node, 1, found);
}

/* jp_values - all results; in lax mode those that are arrays are opened. */
static JpResult jp_values(JpRun *x, const JpNode *n, const JpItem *v, bool unwrap, JpList *found)
{
    bool lax = !x->path->strict;
    if (!unwrap || !lax) {
        return jp_item(x, n, v, found, lax);
    }
    JpList all = {0};
    JpResult res = jp_item(x, n, v, &all, lax);
    if (jp_bad(res)) {
        return res;
    }
    for (uint32_t i = 0; i < all.count; i++) {
        if (jp_is_array(&all.items[i])) {
            res = jp_each_element(x, NULL, &all.items[i], found, false);
            if (jp_bad(res)) {
                return res;
            }
        } else {
            jp_list_add(x, found, &all.items[i]);
        }
    }
    return JP_FOUND;
}
/* jp_values_quiet - likewise, its errors hidden. */
static JpResult jp_values_quiet(JpRun *x, const JpNode *n, const JpItem *v, bool unwrap,
                                JpList *found)
{
    bool raise = x->raise;
    x->raise = false;
    JpResult res = jp_values(x, n, v, unwrap, found);
    x->raise = raise;
    return res;
}

/* ---- predicates ---- */

static JpTruth jp_of(bool b)
{
    return b ? JP_TRUE : JP_FALSE;
}
static JpTruth jp_by_order(JpType op, int c)
{
    switch (op) {
    case JP_EQ: return jp_of(c == 0);
    case JP_NE: return jp_of(c != 0);
    case JP_LT: return jp_of(c < 0);
    case JP_GT: return jp_of(c > 0);
    case JP_LE: return jp_of(c <= 0);
    default: return jp_of(c >= 0);
    }
}

/* jp_compare - two items; those of different types are not comparable, but null with anything. */
static JpTruth jp_compare(JpRun *x, JpType op, const JpItem *a, const JpItem *b)
{
    JbKind ka = jp_kind(a), kb = jp_kind(b);
    bool booleans = (ka == JB_TRUE || ka == JB_FALSE) && (kb == JB_TRUE || kb == JB_FALSE);
    if (ka != kb && !booleans) {
        return ka == JB_NULL || kb == JB_NULL ? jp_of(op == JP_NE) : JP_DUNNO;
    }
    if (jb_is_container(ka)) {
        return JP_DUNNO;
    }
    if (ka == JB_PACKED) {
        int c = 0;
        bool known = false;
        if (jp_datetime_compare(x, a, b, &c, &known) == JP_RAISED) {
            return JP_BROKEN;
        }
        return known ? jp_by_order(op, c) : JP_DUNNO;
    }
    return jp_by_order(op, jb_scalar_compare(a->node, b->node));
}

/* jp_test - a predicate for one pair. */
static JpTruth jp_test(JpRun *x, const JpNode *n, const JpItem *a, const JpItem *b)
{
    if (n->type == JP_STARTS) {
        if (jp_kind(a) != JB_STRING || jp_kind(b) != JB_STRING) {
            return JP_DUNNO;
        }
        Slice s = jb_text(a->node), t = jb_text(b->node);
        return jp_of(s.len >= t.len && memcmp(s.ptr, t.ptr, t.len) == 0);
    }
    if (n->type == JP_REGEX) {
        bool found = false;
        if (jp_kind(a) != JB_STRING) {
            return JP_DUNNO;
        }
        Status st = jp_regex(x->call, (JpNode *)(uintptr_t)n, jb_text(a->node), &found);
        return st == ST_OK ? jp_of(found) : JP_BROKEN;
    }
    return jp_compare(x, n->type, a, b);
}

/* jp_pairs - a predicate is true when it is so of any pair; in strict mode all must be tried. */
static JpTruth jp_pairs(JpRun *x, const JpNode *n, const JpItem *v)
{
    JpList left = {0}, right = {0};
    static const JpItem NONE = {0};
    bool open_right = n->type != JP_STARTS, error = false, found = false;
    JpResult res = jp_values_quiet(x, n->left, v, true, &left);
    if (!jp_bad(res) && n->right != NULL) {
        res = jp_values_quiet(x, n->right, v, open_right, &right);
    }
    if (jp_bad(res)) {
        return res == JP_RAISED ? JP_BROKEN : JP_DUNNO;
    }
    for (uint32_t i = 0; i < left.count; i++) {
        for (uint32_t k = 0; k < (n->right != NULL ? right.count : 1); k++) {
            JpTruth t = jp_test(x, n, &left.items[i], n->right != NULL ? &right.items[k] : &NONE);
            if (t == JP_BROKEN || (t == JP_DUNNO && x->path->strict) ||
                (t == JP_TRUE && !x->path->strict)) {
                return t;
            }
            error |= t == JP_DUNNO;
            found |= t == JP_TRUE;
        }
    }
    return found ? JP_TRUE : error ? JP_DUNNO : JP_FALSE;
}

static JpTruth jp_exists(JpRun *x, const JpNode *n, const JpItem *v)
{
    JpList all = {0};
    JpResult res = jp_values_quiet(x, n->left, v, false, x->path->strict ? &all : NULL);
    if (jp_bad(res)) {
        return res == JP_RAISED ? JP_BROKEN : JP_DUNNO;
    }
    return jp_of(x->path->strict ? all.count > 0 : res == JP_FOUND);
}

/* jp_truth - what a predicate says of a value. */
static JpTruth jp_truth(JpRun *x, const JpNode *n, const JpItem *v)
{
    JpTruth l, r;
    switch (n->type) {
    case JP_AND:
        l = jp_truth(x, n->left, v);
        if (l == JP_FALSE || l == JP_BROKEN) {
            return l;
        }
        r = jp_truth(x, n->right, v);
        return r == JP_TRUE ? l : r;
    case JP_OR:
        l = jp_truth(x, n->left, v);
        if (l == JP_TRUE || l == JP_BROKEN) {
            return l;
        }
        r = jp_truth(x, n->right, v);
        return r == JP_FALSE ? l : r;
    case JP_NOT:
        l = jp_truth(x, n->left, v);
        return l == JP_TRUE ? JP_FALSE : l == JP_FALSE ? JP_TRUE : l;
    case JP_UNKNOWN: l = jp_truth(x, n->left, v); return l == JP_BROKEN ? l : jp_of(l == JP_DUNNO);
    case JP_EXISTS: return jp_exists(x, n, v);
    default: return jp_pairs(x, n, v);
    }
}

/* jp_predicate_item - the truth as an item: true, false or null. */
static JpResult jp_predicate_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    static const char WORDS[3][1] = {{JB_FALSE}, {JB_TRUE}, {JB_NULL}};
    JpTruth t = jp_truth(x, n, v);
    if (t == JP_BROKEN) {
        return JP_RAISED;
    }
    JpItem out = {.node = {WORDS[t], 1}};
    return jp_rest(x, n, &out, found);
}

/* ---- arithmetic ---- */

static JpResult jp_one_number(JpRun *x, const JpNode *n, const JpNode *arg, const JpItem *v,
                              const char *side, Str *out)
{
    JpList all = {0};
    JpResult res = jp_values(x, arg, v, true, &all);
    if (jp_bad(res)) {
        return res;
    }
    if (all.count != 1 || jp_kind(&all.items[0]) != JB_NUMBER) {
        return jp_fail(x, ERRCODE_SINGLETON_SQL_JSON_ITEM_REQUIRED,
                       "%s operand of jsonpath operator %s is not a single numeric value", side,
                       jp_name(n->type));
    }
    *out = jb_number(all.items[0].node);
    return JP_FOUND;
}

static Status jp_calculate(JpRun *x, JpType op, const Str *l, const Str *r, Str *out)
{
    Cx *cx = x->call->cx;
    Arena *arena = x->call->arena;
    switch (op) {
    case JP_ADD: return numeric_add(cx, arena, l, r, out);
    case JP_SUB: return numeric_subtract(cx, arena, l, r, out);
    case JP_MUL: return numeric_multiply(cx, arena, l, r, out);
    case JP_DIV: return numeric_divide(cx, arena, l, r, out);
    default: return numeric_modulo(cx, arena, l, r, out);
    }
}
static JpResult jp_binary_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    Str l, r, number;
    JpItem out;
    JpResult res = jp_one_number(x, n, n->left, v, "left", &l);
    if (res == JP_FOUND) {
        res = jp_one_number(x, n, n->right, v, "right", &r);
    }
    if (res == JP_FOUND) {
        res = jp_status(x, jp_calculate(x, n->type, &l, &r, &number));
    }
    if (res == JP_FOUND) {
        res = jp_make_number(x, &number, &out);
    }
    return res == JP_FOUND ? jp_rest(x, n, &out, found) : res;
}

/* jp_sign_item - unary + and -, of each number. */
static JpResult jp_sign_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    JpList all = {0};
    JpResult res = jp_values(x, n->left, v, true, &all), got = JP_NOTHING;
    if (jp_bad(res)) {
        return res;
    }
    for (uint32_t i = 0; i < all.count; i++) {
        JpItem out = all.items[i];
        if (jp_kind(&out) != JB_NUMBER) {
            if (found == NULL && n->next == NULL) {
                continue;
            }
            return jp_fail(x, ERRCODE_SQL_JSON_NUMBER_NOT_FOUND,
                           "operand of unary jsonpath operator %s is not a numeric value",
                           jp_name(n->type));
        }
        if (n->type == JP_MINUS) {
            Str zero = numeric_from_i128(x->call->arena, 0, 0), number = jb_number(out.node);
            res = jp_status(x, jp_calculate(x, JP_SUB, &zero, &number, &number));
            res = res == JP_FOUND ? jp_make_number(x, &number, &out) : res;
            if (jp_bad(res)) {
                return res;
            }
        }
        res = jp_rest(x, n, &out, found);
        if (jp_enough(res, found)) {
            return res;
        }
        got = res == JP_FOUND ? res : got;
    }
    return got;
}

/* ---- accessors ---- */

static JpResult jp_key_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found, bool unwrap)
{
    if (jp_kind(v) == JB_OBJECT) {
        JbView view = jb_view(v->node);
        JpItem out = {0};
        if (jb_find(&view, n->text, &out.node)) {
            return jp_rest(x, n, &out, found);
        }
        return x->lenient ? JP_NOTHING
                          : jp_fail(x, ERRCODE_SQL_JSON_MEMBER_NOT_FOUND,
                                    "JSON object does not contain key \"%.*s\"", (int)n->text.len,
                                    n->text.ptr);
    }
    if (unwrap && jp_is_array(v)) {
        return jp_each_element(x, n, v, found, false);
    }
    return x->lenient ? JP_NOTHING
                      : jp_fail(x, ERRCODE_SQL_JSON_MEMBER_NOT_FOUND,
                                "jsonpath member accessor can only be applied to an object");
}

/* jp_wildcard_item - .* and [*]. */
static JpResult jp_wildcard_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found,
                                 bool unwrap)
{
    bool lax = !x->path->strict, keys = n->type == JP_ANY_KEY;
    JpWalk w = {.n = n->next, .first = 1, .last = 1, .unwrap = lax};
    if (jp_kind(v) == (keys ? JB_OBJECT : JB_ARRAY)) {
        return jp_members(x, &w, v->node, 1, found);
    }
    if (keys && unwrap && jp_is_array(v)) {
        return jp_each_element(x, n, v, found, false);
    }
    if (!keys && lax) {
        return jp_rest(x, n, v, found);
    }
    if (x->lenient) {
        return JP_NOTHING;
    }
    return keys ? jp_fail(x, ERRCODE_SQL_JSON_OBJECT_NOT_FOUND,
                          "jsonpath wildcard member accessor can only be applied to an object")
                : jp_fail(x, ERRCODE_SQL_JSON_ARRAY_NOT_FOUND,
                          "jsonpath wildcard array accessor can only be applied to an array");
}

/* jp_index - a bound of a subscript, cut to an integer. */
static JpResult jp_index(JpRun *x, const JpNode *n, const JpItem *v, int64_t *out)
{
    JpList all = {0};
    JpResult res = jp_item(x, n, v, &all, !x->path->strict);
    if (jp_bad(res)) {
        return res;
    }
    if (all.count != 1 || jp_kind(&all.items[0]) != JB_NUMBER) {
        return jp_fail(x, ERRCODE_INVALID_SQL_JSON_SUBSCRIPT,
                       "jsonpath array subscript is not a single numeric value");
    }
    Str number = jb_number(all.items[0].node), whole;
    res = jp_status(x, numeric_round_to(x->call->cx, x->call->arena, &number, 0, true, &whole));
    if (jp_bad(res)) {
        return res;
    }
    if (!numeric_to_i64(&whole, out) || *out > INT32_MAX || *out < INT32_MIN) {
        return jp_fail(x, ERRCODE_INVALID_SQL_JSON_SUBSCRIPT,
                       "jsonpath array subscript is out of integer range");
    }
    return JP_FOUND;
}

/* jp_range - the elements of one subscript. */
static JpResult jp_range(JpRun *x, const JpNode *n, const JpSub *sub, const JpItem *v,
                         JpList *found)
{
    JbView view = jp_is_array(v) ? jb_view(v->node) : (JbView){0};
    int64_t from, to, size = x->array_size;
    JpResult res = jp_index(x, sub->from, v, &from);
    to = from;
    if (res == JP_FOUND && sub->to != NULL) {
        res = jp_index(x, sub->to, v, &to);
    }
    if (jp_bad(res)) {
        return res;
    }
    if (!x->lenient && (from < 0 || from > to || to >= size)) {
        return jp_fail(x, ERRCODE_INVALID_SQL_JSON_SUBSCRIPT,
                       "jsonpath array subscript is out of bounds");
    }
    res = JP_NOTHING;
    for (int64_t i = MAX(from, (int64_t)0); i <= MIN(to, size - 1); i++) {
        JpItem e = *v;
        if (jp_is_array(v)) {
            e = (JpItem){.node = jb_element(&view, (uint32_t)i)};
        }
        if (n->next == NULL && found == NULL) {
            return JP_FOUND;
        }
        res = jp_rest(x, n, &e, found);
        if (jp_enough(res, found)) {
            return res;
        }
    }
    return res;
}
static JpResult jp_index_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    if (!jp_is_array(v) && x->path->strict) {
        return x->lenient ? JP_NOTHING
                          : jp_fail(x, ERRCODE_SQL_JSON_ARRAY_NOT_FOUND,
                                    "jsonpath array accessor can only be applied to an array");
    }
    int64_t outer = x->array_size;
    JpResult res = JP_NOTHING;
    int64_t size = jp_is_array(v) ? (int64_t)jb_view(v->node).count : 1;
    for (uint32_t i = 0; i < n->sub_count; i++) {
        x->array_size = size;
        res = jp_range(x, n, &n->subs[i], v, found);
        if (jp_enough(res, found)) {
            break;
        }
    }
    x->array_size = outer;
    return res;
}

/* jp_levels_item - .** with its levels. */
static JpResult jp_levels_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    JpWalk w = {.n = n->next,
                .first = n->first,
                .last = n->last,
                .lenient = true,
                .unwrap = !x->path->strict};
    JpResult res = JP_NOTHING;
    if (n->first == 0) {
        bool lenient = x->lenient;
        x->lenient = true;
        res = jp_rest(x, n, v, found);
        x->lenient = lenient;
        if (jp_enough(res, found)) {
            return res;
        }
    }
    return v->datetime == 0 && jb_is_container(jb_kind(v->node))
               ? jp_members(x, &w, v->node, 1, found)
               : res;
}

static JpResult jp_filter_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found,
                               bool unwrap)
{
    if (unwrap && jp_is_array(v)) {
        return jp_each_element(x, n, v, found, false);
    }
    const JpItem *outer = x->current;
    x->current = v;
    JpTruth t = jp_truth(x, n->left, v);
    x->current = outer;
    return t == JP_BROKEN ? JP_RAISED : t == JP_TRUE ? jp_rest(x, n, v, found) : JP_NOTHING;
}

/* ---- methods ---- */

static JpResult jp_type_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    static const char *const NAMES[] = {
        [JB_NULL] = "null",     [JB_STRING] = "string", [JB_NUMBER] = "number",
        [JB_FALSE] = "boolean", [JB_TRUE] = "boolean",  [JB_ARRAY] = "array",
        [JB_OBJECT] = "object"};
    JpItem out;
    JpResult res = jp_make(x,
                           jb_string(slice_of(v->datetime != 0 ? jp_datetime_type(v->datetime)
                                                               : NAMES[jb_kind(v->node)])),
                           &out);
    return jp_bad(res) ? res : jp_rest(x, n, &out, found);
}

static JpResult jp_size_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    if (!jp_is_array(v) && x->path->strict) {
        return x->lenient ? JP_NOTHING
                          : jp_fail(x, ERRCODE_SQL_JSON_ARRAY_NOT_FOUND,
                                    "jsonpath item method .%s() can only be applied to an array",
                                    jp_name(n->type));
    }
    JpItem out;
    Str number = numeric_from_i128(x->call->arena, jp_is_array(v) ? jb_view(v->node).count : 1, 0);
    JpResult res = jp_make_number(x, &number, &out);
    return jp_bad(res) ? res : jp_rest(x, n, &out, found);
}

/* jp_round_item - .abs(), .floor(), .ceiling(). */
static JpResult jp_round_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    if (jp_kind(v) != JB_NUMBER) {
        return jp_fail(x, ERRCODE_NON_NUMERIC_SQL_JSON_ITEM,
                       "jsonpath item method .%s() can only be applied to a numeric value",
                       jp_name(n->type));
    }
    Arena *arena = x->call->arena;
    Str number = jb_number(v->node), zero = numeric_from_i128(arena, 0, 0), whole = number;
    bool negative = numeric_compare(&number, &zero) < 0;
    JpResult res = JP_FOUND;
    JpItem out;
    if (n->type == JP_ABS) {
        res = negative ? jp_status(x, jp_calculate(x, JP_SUB, &zero, &number, &whole)) : res;
    } else {
        res = jp_status(x, numeric_round_to(x->call->cx, arena, &number, 0, true, &whole));
        if (res == JP_FOUND && numeric_compare(&whole, &number) != 0 &&
            negative == (n->type == JP_FLOOR)) {
            Str one = numeric_from_i128(arena, 1, 0);
            res = jp_status(x, jp_calculate(x, negative ? JP_SUB : JP_ADD, &whole, &one, &whole));
        }
    }
    res = res == JP_FOUND ? jp_make_number(x, &whole, &out) : res;
    return jp_bad(res) ? res : jp_rest(x, n, &out, found);
}

/* jp_double_item - .double() of a number or a text. */
static JpResult jp_double_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    JbKind kind = jp_kind(v);
    double d;
    if (kind == JB_NUMBER) {
        Str number = jb_number(v->node);
        Buf text;
        buf_init(&text, SIZE_MAX);
        numeric_text(&number, &text);
        Status st = float8_parse(x->call->cx, (Slice){(const char *)text.data, text.len},
                                 "double precision", &d);
        buf_release(&text);
        if (st != ST_OK) {
            err_clear(x->call->cx);
            return jp_fail(x, ERRCODE_NON_NUMERIC_SQL_JSON_ITEM,
                           "numeric argument of jsonpath item method .%s() is out of range for "
                           "type double precision",
                           jp_name(n->type));
        }
        return jp_rest(x, n, v, found);
    }
    if (kind != JB_STRING) {
        return jp_fail(x, ERRCODE_NON_NUMERIC_SQL_JSON_ITEM,
                       "jsonpath item method .%s() can only be applied to a string or numeric "
                       "value",
                       jp_name(n->type));
    }
    JpItem out;
    Str number;
    Status st = float8_parse(x->call->cx, jb_text(v->node), "double precision", &d);
    if (st != ST_OK || __builtin_isinf(d) || __builtin_isnan(d)) {
        if (st != ST_OK) {
            err_clear(x->call->cx);
        }
        return jp_fail(x, ERRCODE_NON_NUMERIC_SQL_JSON_ITEM,
                       "string argument of jsonpath item method .%s() is not a valid "
                       "representation of a double precision number",
                       jp_name(n->type));
    }
    JpResult res = jp_status(x, numeric_from_f64(x->call, d, 15, &number));
    res = res == JP_FOUND ? jp_make_number(x, &number, &out) : res;
    return jp_bad(res) ? res : jp_rest(x, n, &out, found);
}

/* jp_keyvalue_item - .keyvalue(): an object a member. */
static JpResult jp_keyvalue_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    Arena *arena = x->call->arena;
    JpResult res = JP_NOTHING;
    if (jp_kind(v) != JB_OBJECT) {
        return jp_fail(x, ERRCODE_SQL_JSON_OBJECT_NOT_FOUND,
                       "jsonpath item method .%s() can only be applied to an object",
                       jp_name(n->type));
    }
    JbView view = jb_view(v->node);
    /* The id tells objects apart: where the object begins within the value. */
    bool inside = v->node.ptr >= x->root.ptr && v->node.ptr < x->root.ptr + x->root.len;
    Str id = numeric_from_i128(arena, inside ? v->node.ptr - x->root.ptr : 0, 0);
    if (view.count > 0 && n->next == NULL && found == NULL) {
        return JP_FOUND;
    }
    for (uint32_t i = 0; i < view.count; i++) {
        JbItem o = jb_item(JB_OBJECT);
        JpItem out;
        jb_add(arena, &o, SLICE_LIT("key"), jb_string(jb_key(&view, i)));
        jb_add(arena, &o, SLICE_LIT("value"), jb_packed(jb_value(&view, i)));
        jb_add(arena, &o, SLICE_LIT("id"), jb_numeric(arena, &id));
        res = jp_make(x, o, &out);
        res = jp_bad(res) ? res : jp_rest(x, n, &out, found);
        if (jp_enough(res, found)) {
            return res;
        }
    }
    return res;
}

static JpResult jp_datetime_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found)
{
    JpItem out;
    if (jp_kind(v) != JB_STRING) {
        return jp_fail(x, ERRCODE_INVALID_ARGUMENT_FOR_SQL_JSON_DATETIME_FUNCTION,
                       "jsonpath item method .%s() can only be applied to a string",
                       jp_name(n->type));
    }
    JpResult res = jp_datetime(x, n, jb_text(v->node), &out);
    return jp_bad(res) ? res : jp_rest(x, n, &out, found);
}

static JpResult jp_method_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found,
                               bool unwrap)
{
    if (n->type == JP_TYPE) {
        return jp_type_item(x, n, v, found);
    }
    if (n->type == JP_SIZE) {
        return jp_size_item(x, n, v, found);
    }
    if (unwrap && jp_is_array(v)) {
        return jp_each_element(x, n, v, found, false);
    }
    switch (n->type) {
    case JP_DOUBLE: return jp_double_item(x, n, v, found);
    case JP_DATETIME: return jp_datetime_item(x, n, v, found);
    case JP_KEYVALUE: return jp_keyvalue_item(x, n, v, found);
    default: return jp_round_item(x, n, v, found);
    }
}

/* ---- items ---- */

static JpResult jp_variable_item(JpRun *x, const JpNode *n, JpList *found)
{
    JpItem out = {0};
    JbView vars = x->has_vars ? jb_view(x->vars) : (JbView){0};
    if (!x->has_vars) {
        out.node = n->node; /* null */
    } else if (!jb_find(&vars, n->text, &out.node)) {
        st_ignore(err_set(x->call->cx, ERRCODE_UNDEFINED_OBJECT,
                          "could not find jsonpath variable \"%.*s\"", (int)n->text.len,
                          n->text.ptr));
        return JP_RAISED;
    }
    return jp_rest(x, n, &out, found);
}

/* jp_start_item - what begins a path. */
static JpResult jp_start_item(JpRun *x, const JpNode *n, JpList *found)
{
    JpItem out = {.node = n->node};
    if (n->type == JP_ROOT) {
        out.node = x->root;
    } else if (n->type == JP_CURRENT) {
        out = *x->current;
    } else if (n->type == JP_LAST) {
        Str number = numeric_from_i128(x->call->arena, x->array_size - 1, 0);
        JpResult res = jp_make_number(x, &number, &out);
        if (jp_bad(res)) {
            return res;
        }
    } else if (n->type == JP_VARIABLE && (n->next != NULL || found != NULL)) {
        return jp_variable_item(x, n, found);
    }
    return jp_rest(x, n, &out, found);
}

/* jp_dispatch - to the function of the item's kind. */
static JpResult jp_dispatch(JpRun *x, const JpNode *n, const JpItem *v, JpList *found, bool unwrap)
{
    if (n->type <= JP_LAST) {
        return jp_start_item(x, n, found);
    }
    if (n->type <= JP_REGEX) {
        return jp_predicate_item(x, n, v, found);
    }
    if (n->type <= JP_MOD) {
        return jp_binary_item(x, n, v, found);
    }
    switch (n->type) {
    case JP_PLUS:
    case JP_MINUS: return jp_sign_item(x, n, v, found);
    case JP_KEY: return jp_key_item(x, n, v, found, unwrap);
    case JP_ANY_KEY:
    case JP_ANY_ARRAY: return jp_wildcard_item(x, n, v, found, unwrap);
    case JP_INDEX: return jp_index_item(x, n, v, found);
    case JP_ANY: return jp_levels_item(x, n, v, found);
    case JP_FILTER: return jp_filter_item(x, n, v, found, unwrap);
    default: return jp_method_item(x, n, v, found, unwrap);
    }
}

/* jp_item - one item for one value. */
static JpResult jp_item(JpRun *x, const JpNode *n, const JpItem *v, JpList *found, bool unwrap)
{
    if (cx_check(x->call->cx) != ST_OK) {
        return JP_RAISED;
    }
    if (++x->depth > JP_RUN_DEPTH_MAX) {
        st_ignore(
            err_set(x->call->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        return JP_RAISED;
    }
    JpResult res = jp_dispatch(x, n, v, found, unwrap);
    x->depth--;
    return res;
}

JpResult jp_run(JpRun *x, JpList *found)
{
    JpItem root = {.node = x->root};
    JpList all = {0};
    bool lax = !x->path->strict;
    x->lenient = lax;
    x->array_size = -1;
    x->current = &root;
    if (lax || found != NULL) {
        return jp_item(x, x->path->root, &root, found, lax);
    }
    JpResult res = jp_item(x, x->path->root, &root, &all, lax);
    return jp_bad(res) ? res : all.count > 0 ? JP_FOUND : JP_NOTHING;
}
