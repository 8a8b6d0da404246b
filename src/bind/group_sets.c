/*
 * group_sets.c - GROUPING SETS, ROLLUP, CUBE: which sets of group keys a query asks for; GROUPING()
 *
 * A set is a mask over the query's group keys. The items of GROUP BY are multiplied: each set of
 * one goes with each set of the other.
 */
#include "bind/bind_internal.h"

enum { GROUP_SETS_MAX = 4096, CUBE_ITEMS_MAX = 12, SET_KEYS_MAX = 64, GROUPING_ARGS_MAX = 31 };

typedef struct SetList {
    uint64_t *sets;
    uint32_t count;
} SetList;

static Status sets_of(BindScope *s, const Node *n, SetList *out);

static Status sets_too_many(BindScope *s)
{
    return err_set(s->cx, ERRCODE_STATEMENT_TOO_COMPLEX,
                   "too many grouping sets present (maximum %d)", GROUP_SETS_MAX);
}

/* sets_append - the sets of `more` behind those of `to`. */
static Status sets_append(BindScope *s, SetList *to, const SetList *more)
{
    if (to->count + more->count > GROUP_SETS_MAX) {
        return sets_too_many(s);
    }
    to->sets = arena_grow(s->b->arena, to->sets, to->count * sizeof(uint64_t),
                          (to->count + more->count) * sizeof(uint64_t) + 1);
    memcpy(to->sets + to->count, more->sets, more->count * sizeof(uint64_t));
    to->count += more->count;
    return ST_OK;
}

/* sets_multiply - every set of `a` with every set of `b`. */
static Status sets_multiply(BindScope *s, SetList *a, const SetList *b)
{
    if ((uint64_t)a->count * b->count > GROUP_SETS_MAX) {
        return sets_too_many(s);
    }
    uint64_t *sets = ARENA_ARRAY(s->b->arena, uint64_t, (size_t)a->count * b->count + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        for (uint32_t k = 0; k < b->count; k++) {
            sets[n++] = a->sets[i] | b->sets[k];
        }
    }
    *a = (SetList){sets, n};
    return ST_OK;
}

/* keys_mask - the keys of one plain item; a row is several. */
static Status keys_mask(BindScope *s, const Node *n, uint64_t *mask)
{
    uint16_t key;
    if (NODE_IS(n, ROW_EXPR)) {
        for (size_t i = 0; i < n->row_expr->n_args; i++) {
            TRY(keys_mask(s, n->row_expr->args[i], mask));
        }
        return ST_OK;
    }
    TRY(bind_group_key(s, n, &key));
    if (key >= SET_KEYS_MAX) {
        return err_unsupported(s->cx, "more than %d group keys in grouping sets", SET_KEYS_MAX);
    }
    *mask |= (uint64_t)1 << key;
    return ST_OK;
}

/* sets_of_items - the masks of the items of ROLLUP or CUBE, and the sets they stand for. */
static Status sets_of_items(BindScope *s, const PgQuery__GroupingSet *g, bool cube, SetList *out)
{
    uint32_t n = (uint32_t)g->n_content;
    uint64_t *items = ARENA_ARRAY(s->b->arena, uint64_t, n + 1);
    if (cube && n > CUBE_ITEMS_MAX) {
        return BIND_ERR(s, g->location, ERRCODE_TOO_MANY_COLUMNS, "CUBE is limited to %d elements",
                        CUBE_ITEMS_MAX);
    }
    for (uint32_t i = 0; i < n; i++) {
        TRY(keys_mask(s, g->content[i], &items[i]));
    }
    uint32_t count = cube ? 1u << n : n + 1;
    if (count > GROUP_SETS_MAX) {
        return sets_too_many(s);
    }
    *out = (SetList){ARENA_ARRAY(s->b->arena, uint64_t, count), count};
    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t i = 0; i < n; i++) {
            bool in = cube ? !((k >> i) & 1) : i < n - k;
            out->sets[k] |= in ? items[i] : 0;
        }
    }
    return ST_OK;
}

/* sets_of - the sets one item of GROUP BY stands for. */
static Status sets_of(BindScope *s, const Node *n, SetList *out)
{
    *out = (SetList){0};
    if (!NODE_IS(n, GROUPING_SET)) {
        *out = (SetList){ARENA_ARRAY(s->b->arena, uint64_t, 1), 1};
        return keys_mask(s, n, &out->sets[0]);
    }
    const PgQuery__GroupingSet *g = n->grouping_set;
    switch (g->kind) {
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP: return sets_of_items(s, g, false, out);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_CUBE: return sets_of_items(s, g, true, out);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_SETS:
        for (size_t i = 0; i < g->n_content; i++) {
            SetList more;
            TRY(sets_of(s, g->content[i], &more));
            TRY(sets_append(s, out, &more));
        }
        return ST_OK;
    default: /* the empty set */
        *out = (SetList){ARENA_ARRAY(s->b->arena, uint64_t, 1), 1};
        return ST_OK;
    }
}

Status bind_group_sets(BindScope *s, const PgQuery__SelectStmt *st)
{
    Query *q = s->query;
    SetList all = {ARENA_ARRAY(s->b->arena, uint64_t, 1), 1};
    uint32_t kept = 0;
    for (size_t i = 0; i < st->n_group_clause; i++) {
        SetList more;
        TRY(sets_of(s, st->group_clause[i], &more));
        TRY(sets_multiply(s, &all, &more));
    }
    for (uint32_t i = 0; i < all.count; i++) {
        bool seen = false;
        for (uint32_t k = 0; k < kept && st->group_distinct && !seen; k++) {
            seen = all.sets[k] == all.sets[i];
        }
        if (!seen) {
            all.sets[kept++] = all.sets[i];
        }
    }
    q->group_sets = all.sets;
    q->group_set_count = (uint16_t)kept;
    return ST_OK;
}

Status bind_grouping_call(BindScope *s, const PgQuery__GroupingFunc *f, Expr **out)
{
    Expr **args;
    if (f->n_args > GROUPING_ARGS_MAX) {
        return BIND_ERR(s, f->location, ERRCODE_TOO_MANY_ARGUMENTS,
                        "GROUPING must have fewer than 32 arguments");
    }
    if (s->no_aggs != NULL) {
        return BIND_ERR(s, f->location, ERRCODE_GROUPING_ERROR,
                        "grouping operations are not allowed in %s", s->no_aggs);
    }
    TRY(bind_exprs(s, f->args, f->n_args, &args));
    *out = bind_expr_new(s, EXPR_GROUPING, TYPE_INT4, -1, f->location, (uint32_t)f->n_args);
    memcpy((*out)->args, args, f->n_args * sizeof(Expr *));
    s->query->has_aggs = true;
    return ST_OK;
}

/* bind_grouping_check - what GROUPING asks for must be keys of this query. */
Status bind_grouping_check(BindScope *s, const Expr *e)
{
    const Query *q = s->query;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        bool found = false;
        for (uint16_t g = 0; g < q->group_count && !found; g++) {
            found = bind_same(q->group_by[g], e->args[i]);
        }
        if (!found) {
            return BIND_ERR(s, bind_location(e->args[i]), ERRCODE_GROUPING_ERROR,
                            "arguments to GROUPING must be grouping expressions of the associated "
                            "query level");
        }
    }
    return ST_OK;
}
