/*
 * tree.c - expression trees: copying, comparing, walking.
 */
#include "expr/expr_internal.h"

static SortKey *sort_keys_copy(Arena *arena, const SortKey *keys, uint16_t count)
{
    SortKey *out = ARENA_ARRAY(arena, SortKey, count);
    for (uint16_t i = 0; i < count; i++) {
        out[i] = keys[i];
        out[i].expr = expr_copy(arena, keys[i].expr);
    }
    return out;
}

/* domain_copy - a domain's checks, with their names. */
static void domain_copy(Arena *arena, const Expr *e, Expr *c)
{
    uint16_t n = e->u.domain.check_count;
    const char **names = ARENA_ARRAY(arena, const char *, n + 1u);
    c->u.domain.checks = ARENA_ARRAY(arena, Expr *, n + 1u);
    c->u.domain.name = arena_strdup(arena, e->u.domain.name);
    c->u.domain.schema = arena_strdup(arena, e->u.domain.schema);
    c->u.domain.plain = arena_strdup(arena, e->u.domain.plain);
    for (uint16_t i = 0; i < n; i++) {
        names[i] = arena_strdup(arena, e->u.domain.names[i]);
        c->u.domain.checks[i] = expr_copy(arena, e->u.domain.checks[i]);
    }
    c->u.domain.names = names;
}

Expr *expr_copy(Arena *arena, const Expr *e)
{
    if (e == NULL) {
        return NULL;
    }
    Expr *c = arena_memdup(arena, e, sizeof(*e));
    if (e->arg_count > 0) {
        c->args = ARENA_ARRAY(arena, Expr *, e->arg_count);
        for (uint16_t i = 0; i < e->arg_count; i++) {
            c->args[i] = expr_copy(arena, e->args[i]);
        }
    }
    if (e->kind == EXPR_CONST && !e->u.constant.is_null && e->phys == PHYS_STR) {
        const Str *s = &e->u.constant.value.str;
        c->u.constant.value.str = str_copy(arena, str_ptr(s), s->len);
    }
    if (e->kind == EXPR_ROW && e->u.row.names != NULL) {
        const char **names = ARENA_ARRAY(arena, const char *, e->arg_count + 1u);
        for (uint16_t i = 0; i < e->arg_count; i++) {
            names[i] = arena_strdup(arena, e->u.row.names[i]);
        }
        c->u.row.names = names;
    }
    if (e->kind == EXPR_ARRAY_CAST) {
        c->u.array.each = expr_copy(arena, e->u.array.each);
    }
    if (e->kind == EXPR_FIELD && e->u.field.name != NULL) {
        c->u.field.name = arena_strdup(arena, e->u.field.name);
    }
    if (e->kind == EXPR_DOMAIN) {
        domain_copy(arena, e, c);
    }
    if (e->kind == EXPR_AGG) {
        c->u.agg.filter = expr_copy(arena, e->u.agg.filter);
        c->u.agg.order_by = sort_keys_copy(arena, e->u.agg.order_by, e->u.agg.order_count);
    } else if (e->kind == EXPR_WINDOW) {
        c->u.window.filter = expr_copy(arena, e->u.window.filter);
    }
    return c;
}

static bool datum_same(PhysType phys, const Datum *a, const Datum *b)
{
    return phys == PHYS_STR ? str_eq(&a->str, &b->str) : memcmp(a, b, phys_bytes(phys)) == 0;
}

static bool agg_same(const Expr *a, const Expr *b)
{
    if (a->u.agg.distinct != b->u.agg.distinct || a->u.agg.within_group != b->u.agg.within_group ||
        a->u.agg.star != b->u.agg.star || a->u.agg.order_count != b->u.agg.order_count ||
        !expr_equal(a->u.agg.filter, b->u.agg.filter)) {
        return false;
    }
    for (uint16_t i = 0; i < a->u.agg.order_count; i++) {
        const SortKey *x = &a->u.agg.order_by[i], *y = &b->u.agg.order_by[i];
        if (x->desc != y->desc || x->nulls_first != y->nulls_first ||
            !expr_equal(x->expr, y->expr)) {
            return false;
        }
    }
    return true;
}

/* same_payload - the parts of two nodes of one kind that are not arguments. */
static bool same_payload(const Expr *a, const Expr *b)
{
    switch (a->kind) {
    case EXPR_CONST:
        return a->u.constant.is_null == b->u.constant.is_null &&
               (a->u.constant.is_null ||
                datum_same(a->phys, &a->u.constant.value, &b->u.constant.value));
    case EXPR_PARAM: return a->u.param.number == b->u.param.number;
    case EXPR_COLUMN:
        return a->u.column.rte == b->u.column.rte && a->u.column.column == b->u.column.column &&
               a->u.column.levels_up == b->u.column.levels_up;
    case EXPR_AGG: return agg_same(a, b);
    case EXPR_WINDOW:
        return a->u.window.number == b->u.window.number && a->u.window.star == b->u.window.star &&
               expr_equal(a->u.window.filter, b->u.window.filter);
    case EXPR_SUBLINK:
        return a->u.sublink.query == b->u.sublink.query && a->u.sublink.kind == b->u.sublink.kind;
    case EXPR_IS_NULL:
    case EXPR_IS_DISTINCT: return a->u.negated == b->u.negated;
    case EXPR_IN: return a->u.negated == b->u.negated;
    case EXPR_MINMAX: return a->u.is_least == b->u.is_least;
    case EXPR_ARRAY_ANY: return a->u.is_all == b->u.is_all;
    case EXPR_ARRAY_CAST: return expr_equal(a->u.array.each, b->u.array.each);
    case EXPR_SUBSCRIPT: return memcmp(&a->u.subs, &b->u.subs, sizeof(a->u.subs)) == 0;
    case EXPR_IS_BOOL: return a->u.bool_test == b->u.bool_test;
    case EXPR_SQL_VALUE: return a->u.sql_value == b->u.sql_value && a->typmod == b->typmod;
    case EXPR_FIELD: return a->u.field.number == b->u.field.number;
    default: return true;
    }
}

bool expr_equal(const Expr *a, const Expr *b)
{
    if (a == b) {
        return true;
    }
    if (a == NULL || b == NULL || a->kind != b->kind || a->type != b->type ||
        a->arg_count != b->arg_count) {
        return false;
    }
    if (a->proc != b->proc &&
        (a->proc == NULL || b->proc == NULL || a->proc->oid != b->proc->oid)) {
        return false;
    }
    if (!same_payload(a, b)) {
        return false;
    }
    for (uint16_t i = 0; i < a->arg_count; i++) {
        if (!expr_equal(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

void expr_walk(const Expr *e, bool (*fn)(void *arg, const Expr *e), void *arg)
{
    if (e == NULL || !fn(arg, e)) {
        return;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        expr_walk(e->args[i], fn, arg);
    }
    if (e->kind == EXPR_AGG) {
        expr_walk(e->u.agg.filter, fn, arg);
        for (uint16_t i = 0; i < e->u.agg.order_count; i++) {
            expr_walk(e->u.agg.order_by[i].expr, fn, arg);
        }
    } else if (e->kind == EXPR_WINDOW) {
        expr_walk(e->u.window.filter, fn, arg);
    }
}

static bool find_volatile(void *arg, const Expr *e)
{
    bool *found = arg;
    if (e->proc != NULL && e->proc->volatility == 'v') {
        *found = true;
    }
    return !*found;
}

bool expr_is_volatile(const Expr *e)
{
    bool found = false;
    expr_walk(e, find_volatile, &found);
    return found;
}
