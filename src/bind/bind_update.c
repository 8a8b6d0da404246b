/*
 * bind_update.c - UPDATE and DELETE
 */
#include "bind/bind_internal.h"

/* modify_through_view - a view gives way to the table behind it, which is the first entry. */
static Status modify_through_view(BindScope *s, const CatTable **table)
{
    int16_t event = s->query->command == CMD_UPDATE ? TRIGGER_UPDATE : TRIGGER_DELETE;
    if ((*table)->kind != 'v' || bind_has_instead(*table, event)) {
        return ST_OK;
    }
    ViewTarget *v = ARENA_NEW(s->b->arena, ViewTarget);
    TRY(bind_view_target(s, *table, s->query->command, s->query->rte_count, v));
    bind_view_changes(s, v);
    *table = v->table;
    return bind_is_modifiable(s, v->table);
}

/* modify_target - the table to change, first in the range table and in FROM. */
static Status modify_target(BindScope *s, const PgQuery__RangeVar *rv, const CatTable **out)
{
    Query *q = s->query;
    uint16_t rte;
    TRY(bind_open_table(s, rv, TABLELOCK_ROW_EXCLUSIVE, out));
    TRY(bind_is_modifiable(s, *out));
    const char *alias = rv->alias != NULL ? rv->alias->aliasname : (*out)->name;
    TRY(modify_through_view(s, out));
    TRY(bind_table_rte(s, *out, alias, &rte));
    q->result_rte = rte;
    q->result_table = *out;
    bind_add_item(s, s->change != NULL ? bind_view_item(s, s->change, alias)
                                       : bind_item_of_rte(s, rte, alias, NULL, 0));
    q->from = ARENA_ARRAY(s->b->arena, FromNode *, 1);
    q->from[0] = ARENA_NEW(s->b->arena, FromNode);
    q->from[0]->rte = rte;
    q->from_count = 1;
    for (uint16_t i = 0; i < (*out)->column_count; i++) {
        q->rtes[rte]->column_used[i] = true;
    }
    return ST_OK;
}

static Status modify_where(BindScope *s, const Node *where)
{
    Query *q = s->query;
    if (where != NULL) {
        s->no_aggs = "WHERE";
        TRY(bind_bool_expr(s, where, "WHERE", &q->where));
        s->no_aggs = NULL;
    }
    if (s->change != NULL && s->change->where != NULL) {
        Expr *rows = s->change->where;
        if (q->where != NULL) {
            rows = bind_expr_new(s, EXPR_AND, TYPE_BOOL, -1, -1, 2);
            rows->args[0] = s->change->where;
            rows->args[1] = q->where;
        }
        q->where = rows;
    }
    return ST_OK;
}

/* assigned_from_query - column colno of (a, b) = (SELECT x, y): a scalar subquery of its own with
 * that column only. The subquery is bound, and run, once for each column it assigns. */
static Status assigned_from_query(BindScope *s, const PgQuery__MultiAssignRef *m, Expr **out)
{
    const PgQuery__SubLink *l = m->source->sub_link;
    Query *q;
    uint16_t visible = 0;
    TRY(bind_query_node(s, l->subselect, false, &q));
    while (visible < q->target_count && !q->targets[visible].hidden) {
        visible++;
    }
    if (visible != m->ncolumns) {
        return BIND_ERR(s, l->location, ERRCODE_SYNTAX_ERROR,
                        "number of columns does not match number of values");
    }
    if (q->set_op != SETOP_NONE || q->distinct) {
        return BIND_ERR(s, l->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "assigning several columns from this subquery is not supported");
    }
    q->targets[0] = q->targets[m->colno - 1];
    memmove(q->targets + 1, q->targets + visible, (q->target_count - visible) * sizeof(Target));
    q->target_count = (uint16_t)(q->target_count - visible + 1);
    s->query->has_sublinks = true;
    const Expr *value = q->targets[0].expr;
    Expr *e = bind_expr_new(s, EXPR_SUBLINK, value->type, value->typmod, l->location, 0);
    e->collation = value->collation;
    e->u.sublink.kind = SUBLINK_SCALAR;
    e->u.sublink.query = q;
    *out = e;
    return ST_OK;
}

/* assigned_node - the value's node, through (a, b) = (x, y). */
static Status assigned_node(BindScope *s, const PgQuery__ResTarget *rt, const Node **out)
{
    *out = rt->val;
    if (!NODE_IS(rt->val, MULTI_ASSIGN_REF)) {
        return ST_OK;
    }
    const PgQuery__MultiAssignRef *m = rt->val->multi_assign_ref;
    if (NODE_IS(m->source, SUB_LINK)) {
        *out = NULL;
        return ST_OK;
    }
    if (!NODE_IS(m->source, ROW_EXPR)) {
        return BIND_ERR(s, rt->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "assigning several columns from a subquery is not supported");
    }
    const PgQuery__RowExpr *row = m->source->row_expr;
    if ((int32_t)row->n_args != m->ncolumns) {
        return BIND_ERR(s, row->location, ERRCODE_SYNTAX_ERROR,
                        "number of columns does not match number of values");
    }
    *out = row->args[m->colno - 1];
    return ST_OK;
}

/* update_column - one assignment of SET. */
static Status update_column(BindScope *s, const CatTable *t, const PgQuery__ResTarget *rt,
                            Target *targets, bool *set)
{
    uint16_t column;
    const Node *node;
    Expr *e;
    TRY(assigned_node(s, rt, &node));
    if (node == NULL) {
        TRY(assigned_from_query(s, rt->val->multi_assign_ref, &e));
    } else {
        TRY(bind_value_or_default(s, node, &e));
    }
    TRY(bind_target_column(s, t, rt->name, rt->location, &column));
    const CatColumn *c = &t->columns[column];
    const Expr *had = set[column] ? targets[column].expr : NULL;
    bool part = had != NULL &&
                (had->kind == EXPR_SUBSCRIPT ||
                 (had->location == -1 && (had->kind == EXPR_ROW || had->kind == EXPR_DOMAIN)));
    if (rt->n_indirection > 0 && (had == NULL || part)) {
        Expr *base = set[column] ? targets[column].expr
                                 : bind_column_expr(s, s->query->result_rte, (int16_t)column,
                                                    c->type, c->typmod, c->collation, rt->location);
        set[column] = true;
        return bind_store_part(s, c, base, rt->indirection, rt->n_indirection, e, rt->location,
                               &targets[column].expr);
    }
    if (set[column]) {
        return err_set(s->cx, ERRCODE_SYNTAX_ERROR, "multiple assignments to same column \"%s\"",
                       c->name);
    }
    set[column] = true;
    if (e->kind == EXPR_DEFAULT) {
        return bind_column_default(s, t, column, &targets[column].expr);
    }
    if (c->identity == 'a' || c->generated != 0) {
        (void)err_set(s->cx, ERRCODE_GENERATED_ALWAYS,
                      "column \"%s\" can only be updated to DEFAULT", c->name);
        return c->generated != 0
                   ? err_detail(s->cx, "Column \"%s\" is a generated column.", c->name)
                   : err_detail(s->cx,
                                "Column \"%s\" is an identity column defined as GENERATED ALWAYS.",
                                c->name);
    }
    return bind_assign(s, t, column, e, bind_location(e), &targets[column].expr);
}

Status bind_update_columns(BindScope *s, const CatTable *t, Node *const *nodes, size_t count,
                           Target **targets_out, bool **set_out)
{
    bool *set = ARENA_ARRAY(s->b->arena, bool, t->column_count + 1u);
    Target *targets = ARENA_ARRAY(s->b->arena, Target, t->column_count + 1u);
    s->no_aggs = "UPDATE";
    for (size_t i = 0; i < count; i++) {
        TRY(update_column(s, t, nodes[i]->res_target, targets, set));
    }
    s->no_aggs = NULL;
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *c = &t->columns[i];
        targets[i].name = c->name;
        if (targets[i].expr == NULL) {
            targets[i].expr = bind_column_expr(s, s->query->result_rte, (int16_t)i, c->type,
                                               c->typmod, c->collation, -1);
        }
    }
    *targets_out = targets;
    *set_out = set;
    return ST_OK;
}

Status bind_update(BindScope *s, const PgQuery__UpdateStmt *st)
{
    Query *q = s->query;
    const CatTable *t;
    if (st->with_clause != NULL) {
        TRY(bind_with_clause(s, st->with_clause));
    }
    TRY(modify_target(s, st->relation, &t));
    TRY(bind_from_clause(s, st->from_clause, st->n_from_clause));
    q->target_count = t->column_count;
    TRY(bind_update_columns(s, t, st->target_list, st->n_target_list, &q->targets,
                            &q->set_columns));
    TRY(modify_where(s, st->where_clause));
    TRY(bind_generated(s, t, q->set_columns));
    TRY(bind_checks(s, t));
    return bind_returning(s, st->returning_list, st->n_returning_list);
}

Status bind_delete(BindScope *s, const PgQuery__DeleteStmt *st)
{
    const CatTable *t;
    if (st->with_clause != NULL) {
        TRY(bind_with_clause(s, st->with_clause));
    }
    TRY(modify_target(s, st->relation, &t));
    TRY(bind_from_clause(s, st->using_clause, st->n_using_clause));
    TRY(modify_where(s, st->where_clause));
    return bind_returning(s, st->returning_list, st->n_returning_list);
}
