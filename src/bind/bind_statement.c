/*
 * bind_statement.c - the entries: a whole statement, a stored expression over a table
 */
#include "bind/bind_internal.h"

/* bind_any - by the kind of the statement. */
static Status bind_any(Cx *cx, BindCx *b, const struct PgQuery__Node *stmt, Query **query_out)
{
    BindScope base = {.cx = cx, .b = b};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    switch (stmt->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT: TRY(bind_select(s, stmt->select_stmt)); break;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
        s->query->command = CMD_INSERT;
        TRY(bind_insert(s, stmt->insert_stmt));
        break;
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
        s->query->command = CMD_UPDATE;
        TRY(bind_update(s, stmt->update_stmt));
        break;
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        s->query->command = CMD_DELETE;
        TRY(bind_delete(s, stmt->delete_stmt));
        break;
    case PG_QUERY__NODE__NODE_MERGE_STMT:
        s->query->command = CMD_MERGE;
        TRY(bind_merge(s, stmt->merge_stmt));
        break;
    default: return err_unsupported(cx, "this kind of statement is not supported here");
    }
    TRY(bind_params_check(s));
    TRY(bind_row_security(s));
    *query_out = s->query;
    return ST_OK;
}

Status bind_statement(Cx *cx, BindCx *b, const struct PgQuery__Node *stmt, Query **query_out)
{
    TRY(cat_view_judge(cx, b->view, bind_any(cx, b, stmt, query_out)));
    return arena_check(cx, b->arena);
}

Status bind_call(Cx *cx, BindCx *b, const struct PgQuery__FuncCall *call, Expr **out)
{
    BindScope base = {.cx = cx, .b = b};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    s->in_call = true;
    s->no_aggs = "CALL arguments";
    s->no_subquery = "CALL argument";
    return cat_view_judge(cx, b->view, bind_func_call(s, call, out));
}

const char *bind_result_name(const struct PgQuery__Node *expr)
{
    return bind_target_name(expr);
}

/* table_expr_mismatch - 42804 in the words of the place the expression stands in. */
static Status table_expr_mismatch(BindScope *s, const Expr *e, Oid type, const char *what)
{
    if (strncmp(what, "DEFAULT", 7) == 0 || strncmp(what, "GENERATED ", 10) == 0) {
        const char *name = what[0] == 'G' ? what + 10 : what[7] == ' ' ? what + 8 : "";
        (void)err_set(s->cx, ERRCODE_DATATYPE_MISMATCH,
                      "column \"%s\" is of type %s but default expression is of type %s", name,
                      bind_type_text(s, type), bind_type_text(s, e->type));
        return err_hint(s->cx, "You will need to rewrite or cast the expression.");
    }
    if (strncmp(what, "USING ", 6) == 0) {
        (void)err_set(
            s->cx, ERRCODE_DATATYPE_MISMATCH,
            "result of USING clause for column \"%s\" cannot be cast automatically to type "
            "%s",
            what + 6, bind_type_text(s, type));
        return err_hint(s->cx, "You might need to add an explicit cast.");
    }
    (void)err_set(s->cx, ERRCODE_DATATYPE_MISMATCH, "%s is of type %s but expression is of type %s",
                  what, bind_type_text(s, type), bind_type_text(s, e->type));
    (void)err_hint(s->cx, "You will need to rewrite or cast the expression.");
    return bind_at(s, bind_location(e));
}

/* GeneratedOver - BindVisit: a generated column is computed from others that are not. */
typedef struct GeneratedOver {
    BindScope *s;
    const CatTable *table;
} GeneratedOver;

/* generated_over - refuse what a generated column may not be computed from. */
static Status generated_over(void *arg, Expr *e, uint32_t level, bool *descend)
{
    const GeneratedOver *g = arg;
    (void)level;
    (void)descend;
    if (e->kind == EXPR_ROW && e->u.row.whole) {
        (void)err_set(g->s->cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                      "cannot use whole-row variable in column generation expression");
        (void)err_detail(g->s->cx,
                         "This would cause the generated column to depend on its own value.");
        return bind_at(g->s, e->location);
    }
    if (e->kind == EXPR_COLUMN && e->u.column.column < 0) {
        return err_unsupported(g->s->cx,
                               "system columns in column generation expressions are not supported");
    }
    if (e->kind != EXPR_COLUMN || g->table->columns[e->u.column.column].generated == 0) {
        return ST_OK;
    }
    (void)err_set(g->s->cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                  "cannot use generated column \"%s\" in column generation expression",
                  g->table->columns[e->u.column.column].name);
    (void)err_detail(g->s->cx, "A generated column cannot reference another generated column.");
    return bind_at(g->s, e->location);
}

Status bind_table_expr(Cx *cx, BindCx *b, const CatTable *table, const struct PgQuery__Node *expr,
                       Oid want_type, int32_t want_typmod, const char *what, Expr **expr_out)
{
    BindScope base = {.cx = cx, .b = b, .stored = b->sql.ptr == NULL};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    Expr *e;
    uint16_t rte;
    bool is_default = strncmp(what, "DEFAULT", 7) == 0; /* "DEFAULT column" names its column */
    bool is_using = strncmp(what, "USING ", 6) == 0;    /* so does "USING column" */
    bool is_generated = strncmp(what, "GENERATED ", 10) == 0;
    bool predicate = strcmp(what, "index predicate") == 0;
    bool copy_where = strcmp(what, "COPY FROM WHERE condition") == 0;
    s->no_aggs = is_default                              ? "DEFAULT expressions"
                 : is_generated                          ? "column generation expressions"
                 : is_using                              ? "transform expressions"
                 : strcmp(what, "CHECK") == 0            ? "check constraints"
                 : strcmp(what, "index expression") == 0 ? "index expressions"
                 : predicate                             ? "index predicates"
                 : strcmp(what, "POLICY") == 0           ? "policy expressions"
                 : copy_where                            ? "COPY FROM WHERE conditions"
                                                         : what;
    s->no_subquery = strcmp(what, "POLICY") == 0  ? NULL
                     : is_default                 ? "DEFAULT expression"
                     : is_generated               ? "column generation expression"
                     : is_using                   ? "transform expression"
                     : strcmp(what, "CHECK") == 0 ? "check constraint"
                                                  : what;
    if (table != NULL) {
        TRY(bind_table_rte(s, table, table->name, &rte));
        bind_add_item(s, bind_item_of_rte(s, rte, table->name, NULL, 0));
    } else {
        s->no_columns = s->no_subquery;
    }
    TRY(bind_expr(s, expr, &e));
    if (is_generated) {
        GeneratedOver over = {s, table};
        TRY(bind_walk(e, 0, generated_over, &over));
    }
    if (want_type == 0) {
        return bind_resolve_unknown(s, e, expr_out);
    }
    if (want_type == TYPE_BOOL && strcmp(what, "POLICY") == 0) {
        return bind_coerce_bool(s, e, "POLICY", expr_out);
    }
    if (want_type == TYPE_BOOL && (predicate || copy_where || strcmp(what, "CHECK") == 0)) {
        return bind_coerce_bool(s, e, predicate || copy_where ? "WHERE" : "CHECK", expr_out);
    }
    Status st = bind_coerce_to(s, e, want_type, want_typmod, 'a', bind_location(e), expr_out);
    return st == ST_NOTFOUND ? table_expr_mismatch(s, e, want_type, what) : st;
}
