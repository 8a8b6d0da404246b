/*
 * clause.c - ORDER BY, GROUP BY, DISTINCT: names and positions of result columns, or expressions
 */
#include "bind/bind_internal.h"

typedef enum SortPlace { SORT_ORDER_BY, SORT_GROUP_BY, SORT_DISTINCT_ON } SortPlace;

static const char *place_name(SortPlace p)
{
    return p == SORT_ORDER_BY ? "ORDER BY" : p == SORT_GROUP_BY ? "GROUP BY" : "DISTINCT ON";
}

/* by_name - a bare name that is a result column's. ST_NOTFOUND when it is none. */
static Status by_name(BindScope *s, const PgQuery__ColumnRef *ref, SortPlace place, uint16_t *out)
{
    const Query *q = s->query;
    const char *name = bind_string(ref->fields[0]);
    bool found = false;
    if (place == SORT_GROUP_BY) {
        /* A column of FROM goes before a result column's name here (SQL92 against SQL99). */
        for (uint16_t i = 0; i < s->item_count; i++) {
            for (uint16_t c = 0; s->items[i]->cols_visible && c < s->items[i]->column_count; c++) {
                const char *n = s->items[i]->columns[c].name;
                if (n != NULL && strcmp(n, name) == 0) {
                    return ST_NOTFOUND;
                }
            }
        }
    }
    for (uint16_t i = 0; i < q->target_count; i++) {
        if (q->targets[i].hidden || strcmp(q->targets[i].name, name) != 0) {
            continue;
        }
        if (found && !bind_same(q->targets[*out].expr, q->targets[i].expr)) {
            return BIND_ERR(s, ref->location, ERRCODE_AMBIGUOUS_COLUMN, "%s \"%s\" is ambiguous",
                            place_name(place), name);
        }
        if (!found) {
            *out = i;
            found = true;
        }
    }
    return found ? ST_OK : ST_NOTFOUND;
}

static Status by_position(BindScope *s, const PgQuery__AConst *c, SortPlace place, uint16_t *out)
{
    const Query *q = s->query;
    if (c->isnull || c->val_case != PG_QUERY__A__CONST__VAL_IVAL) {
        return BIND_ERR(s, c->location, ERRCODE_SYNTAX_ERROR, "non-integer constant in %s",
                        place_name(place));
    }
    int32_t at = c->ival->ival;
    if (at < 1 || at > q->target_count || q->targets[at - 1].hidden) {
        return BIND_ERR(s, c->location, ERRCODE_INVALID_COLUMN_REFERENCE,
                        "%s position %d is not in select list", place_name(place), at);
    }
    *out = (uint16_t)(at - 1);
    return ST_OK;
}

/* sort_location - where a sort item stands, also when it means a result column. */
static int32_t sort_location(const Node *n, const Expr *e)
{
    return NODE_IS(n, COLUMN_REF) ? n->column_ref->location
           : NODE_IS(n, A_CONST)  ? n->a_const->location
                                  : bind_location(e);
}

/* sort_target - which result column (an added hidden one at need) a sort item means. */
static Status sort_target(BindScope *s, const Node *n, SortPlace place, bool may_hide,
                          uint16_t *index_out, Expr **expr_out)
{
    Query *q = s->query;
    *index_out = UINT16_MAX;
    if (NODE_IS(n, COLUMN_REF) && n->column_ref->n_fields == 1 &&
        NODE_IS(n->column_ref->fields[0], STRING)) {
        Status st = by_name(s, n->column_ref, place, index_out);
        if (st != ST_NOTFOUND) {
            TRY(st);
            *expr_out = q->targets[*index_out].expr;
            return ST_OK;
        }
    }
    if (NODE_IS(n, A_CONST)) {
        TRY(by_position(s, n->a_const, place, index_out));
        *expr_out = q->targets[*index_out].expr;
        return ST_OK;
    }
    TRY(bind_expr(s, n, expr_out));
    for (uint16_t i = 0; i < q->target_count; i++) {
        if (bind_same(q->targets[i].expr, *expr_out)) {
            *index_out = i;
            *expr_out = q->targets[i].expr;
            return ST_OK;
        }
    }
    TRY(bind_resolve_unknown(s, *expr_out, expr_out));
    if (may_hide) {
        TRY(bind_add_hidden(s, *expr_out));
        *index_out = (uint16_t)(q->target_count - 1);
    }
    return ST_OK;
}

/* setop_sort_error - ORDER BY over a set operation takes names and positions only. */
static Status setop_sort_error(BindScope *s, const Node *n)
{
    while (NODE_IS(n, A_EXPR) && n->a_expr->lexpr != NULL) {
        n = n->a_expr->lexpr; /* the position is that of the leftmost part */
    }
    int32_t at = NODE_IS(n, A_EXPR)       ? n->a_expr->location
                 : NODE_IS(n, FUNC_CALL)  ? n->func_call->location
                 : NODE_IS(n, COLUMN_REF) ? n->column_ref->location
                                          : -1;
    (void)err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "invalid UNION/INTERSECT/EXCEPT ORDER BY clause");
    (void)err_detail(s->cx, "Only result column names can be used, not expressions or functions.");
    (void)err_hint(s->cx, "Add the expression/function to every SELECT, or move the UNION into a "
                          "FROM clause.");
    return bind_at(s, at);
}

/* sort_using - USING < and USING >; other operators order nothing here. */
static Status sort_using(BindScope *s, const PgQuery__SortBy *sb, bool *desc_out)
{
    *desc_out = false;
    if (sb->sortby_dir != PG_QUERY__SORT_BY_DIR__SORTBY_USING) {
        return ST_OK;
    }
    const char *op = sb->n_use_op > 0 ? bind_string(sb->use_op[sb->n_use_op - 1]) : "";
    *desc_out = strcmp(op, ">") == 0;
    if (!*desc_out && strcmp(op, "<") != 0) {
        (void)err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE,
                      "operator %s is not a valid ordering operator", op);
        (void)err_hint(s->cx, "Ordering operators must be \"<\" or \">\" members of btree operator "
                              "families.");
        return bind_at(s, sb->location);
    }
    return ST_OK;
}

Status bind_sort_direction(BindScope *s, const PgQuery__SortBy *sb, SortKey *key)
{
    bool using_desc;
    TRY(bind_collation_check(s, key->expr));
    TRY(sort_using(s, sb, &using_desc));
    key->desc = using_desc || sb->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    key->nulls_first =
        sb->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
        (key->desc && sb->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT);
    return ST_OK;
}

Status bind_sort_clause(BindScope *s, const PgQuery__SelectStmt *st)
{
    Query *q = s->query;
    q->order_by = ARENA_ARRAY(s->b->arena, SortKey, st->n_sort_clause + 1);
    for (size_t i = 0; i < st->n_sort_clause; i++) {
        const PgQuery__SortBy *sb = st->sort_clause[i]->sort_by;
        uint16_t index;
        Expr *e;
        bool using_desc;
        TRY(sort_using(s, sb, &using_desc));
        if (q->set_op != SETOP_NONE && !NODE_IS(sb->node, A_CONST)) {
            if (!NODE_IS(sb->node, COLUMN_REF) || sb->node->column_ref->n_fields != 1) {
                return setop_sort_error(s, sb->node);
            }
            Status found = by_name(s, sb->node->column_ref, SORT_ORDER_BY, &index);
            if (found == ST_NOTFOUND) {
                return bind_no_column(s, NULL, bind_string(sb->node->column_ref->fields[0]),
                                      sb->node->column_ref->location);
            }
        }
        TRY(sort_target(s, sb->node, SORT_ORDER_BY, true, &index, &e));
        if (e->type == TYPE_UNKNOWN) {
            TRY(bind_resolve_unknown(s, e, &e));
            q->targets[index].expr = e;
        }
        TRY(bind_default_order(s, e->type, sort_location(sb->node, e), false));
        bool seen = false;
        for (uint16_t k = 0; k < q->order_count && !seen; k++) {
            seen = q->order_by[k].expr == e;
        }
        if (seen) {
            continue;
        }
        SortKey *k = &q->order_by[q->order_count++];
        k->expr = e;
        TRY(bind_sort_direction(s, sb, k));
    }
    return ST_OK;
}

/* bind_group_key - the number of a group key; a new one unless there is one like it. */
Status bind_group_key(BindScope *s, const Node *n, uint16_t *key_out)
{
    Query *q = s->query;
    uint16_t index;
    Expr *e;
    s->no_aggs = "GROUP BY";
    Status st = sort_target(s, n, SORT_GROUP_BY, false, &index, &e);
    s->no_aggs = NULL;
    TRY(st);
    if (bind_has_agg(e)) {
        return BIND_ERR(s, bind_location(e), ERRCODE_GROUPING_ERROR,
                        "aggregate functions are not allowed in GROUP BY");
    }
    if (e->type == TYPE_UNKNOWN) {
        TRY(bind_resolve_unknown(s, e, &e));
        if (index != UINT16_MAX) {
            q->targets[index].expr = e;
        }
    }
    TRY(bind_default_order(s, e->type, sort_location(n, e), true));
    for (uint16_t i = 0; i < q->group_count; i++) {
        if (bind_same(q->group_by[i], e)) {
            *key_out = i;
            return ST_OK;
        }
    }
    *key_out = q->group_count;
    q->group_by = arena_grow(s->b->arena, q->group_by, q->group_count * sizeof(Expr *),
                             (q->group_count + 1u) * sizeof(Expr *));
    q->group_by[q->group_count++] = e;
    return ST_OK;
}

/* group_add - one plain GROUP BY item; a row stands for its fields, duplicates are dropped. */
static Status group_add(BindScope *s, const Node *n)
{
    uint16_t key;
    if (!NODE_IS(n, ROW_EXPR)) {
        return bind_group_key(s, n, &key);
    }
    for (size_t i = 0; i < n->row_expr->n_args; i++) {
        TRY(group_add(s, n->row_expr->args[i]));
    }
    return ST_OK;
}

Status bind_group_clause(BindScope *s, const PgQuery__SelectStmt *st)
{
    bool sets = false;
    s->query->has_group_by = st->n_group_clause > 0;
    for (size_t i = 0; i < st->n_group_clause; i++) {
        sets = sets || NODE_IS(st->group_clause[i], GROUPING_SET);
    }
    if (sets) {
        return bind_group_sets(s, st);
    }
    for (size_t i = 0; i < st->n_group_clause; i++) {
        TRY(group_add(s, st->group_clause[i]));
    }
    return ST_OK;
}

static Status distinct_all(BindScope *s)
{
    Query *q = s->query;
    q->distinct = true;
    for (uint16_t i = 0; i < q->target_count; i++) {
        Target *t = &q->targets[i];
        if (t->hidden) {
            return BIND_ERR(s, bind_location(t->expr), ERRCODE_INVALID_COLUMN_REFERENCE,
                            "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
        }
        TRY(bind_resolve_unknown(s, t->expr, &t->expr));
        TRY(bind_default_order(s, t->expr->type, bind_location(t->expr), true));
    }
    return ST_OK;
}

/* distinct_unmatched - where the first DISTINCT ON expression stands that the first `keys` sort
 * keys do not name. */
static int32_t distinct_unmatched(const Query *q, const PgQuery__SelectStmt *st, uint16_t keys)
{
    for (uint16_t i = 0; i < st->n_distinct_clause; i++) {
        bool found = false;
        for (uint16_t k = 0; k < keys && !found; k++) {
            found = bind_same(q->order_by[k].expr, q->distinct_on[i]);
        }
        if (!found) {
            const Node *n = st->distinct_clause[i];
            return NODE_IS(n, COLUMN_REF) ? n->column_ref->location
                                          : bind_location(q->distinct_on[i]);
        }
    }
    return -1;
}

Status bind_distinct_clause(BindScope *s, const PgQuery__SelectStmt *st)
{
    Query *q = s->query;
    if (st->n_distinct_clause == 0) {
        return ST_OK;
    }
    const Node *first = st->distinct_clause[0];
    if (first == NULL || first->node_case == PG_QUERY__NODE__NODE__NOT_SET) {
        return distinct_all(s);
    }
    q->distinct_on = ARENA_ARRAY(s->b->arena, Expr *, st->n_distinct_clause);
    for (size_t i = 0; i < st->n_distinct_clause; i++) {
        uint16_t index;
        TRY(sort_target(s, st->distinct_clause[i], SORT_DISTINCT_ON, true, &index,
                        &q->distinct_on[i]));
        TRY(bind_default_order(s, q->distinct_on[i]->type, bind_location(q->distinct_on[i]), true));
    }
    q->distinct_on_count = (uint16_t)st->n_distinct_clause;
    for (uint16_t k = 0; k < q->order_count && k < q->distinct_on_count; k++) {
        bool found = false;
        for (uint16_t i = 0; i < q->distinct_on_count && !found; i++) {
            found = bind_same(q->order_by[k].expr, q->distinct_on[i]);
        }
        if (!found) {
            return BIND_ERR(s, distinct_unmatched(q, st, k), ERRCODE_INVALID_COLUMN_REFERENCE,
                            "SELECT DISTINCT ON expressions must match initial ORDER BY "
                            "expressions");
        }
    }
    return ST_OK;
}
