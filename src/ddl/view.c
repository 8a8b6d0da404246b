/*
 * view.c - CREATE VIEW: the query is bound once, for its columns, and stored as bound.
 */
#include "ddl/ddl_internal.h"

/* view_columns - what the query gives, under the names asked for. */
static Status view_columns(Cx *cx, DdlCx *d, const PgQuery__ViewStmt *stmt, const Query *q,
                           NewColumn **columns_out, uint16_t *count_out)
{
    NewColumn *list = ARENA_ARRAY(d->arena, NewColumn, q->target_count + 1);
    uint16_t n = 0;
    for (uint16_t i = 0; i < q->target_count; i++) {
        const Target *t = &q->targets[i];
        if (t->hidden) {
            continue;
        }
        const char *name = n < stmt->n_aliases ? ddl_string(stmt->aliases[n]) : t->name;
        for (uint16_t k = 0; k < n; k++) {
            if (strcmp(list[k].name, name) == 0) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once", name);
            }
        }
        list[n] = (NewColumn){.name = name,
                              .number = (int16_t)(n + 1),
                              .type = cat_type(d->view, t->expr->type),
                              .typmod = t->expr->typmod,
                              .collation = t->expr->collation};
        if (list[n].type == NULL) {
            return err_unsupported(cx, "view column \"%s\" has a type that is not supported", name);
        }
        n++;
    }
    if (stmt->n_aliases > n) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "CREATE VIEW specifies more column names than columns");
    }
    *columns_out = list;
    *count_out = n;
    return ST_OK;
}

/* view_rule - the row of pg_rewrite that holds the text. */
static Status view_rule(Cx *cx, DdlCx *d, Oid view, const Query *q)
{
    const char *text;
    DdlRow r;
    DdlObject rule = {DDL_PG_REWRITE, 0, 0};
    TRY(bind_store_query(cx, d->arena, q, &text));
    TRY(ddl_new_oid(cx, d, &rule.oid));
    ddl_row_init(&r, DDL_PG_REWRITE);
    ddl_set_oid(&r, PG_REWRITE_OID, rule.oid);
    ddl_set_text(&r, PG_REWRITE_RULENAME, "_RETURN");
    ddl_set_oid(&r, PG_REWRITE_EV_CLASS, view);
    ddl_set_char(&r, PG_REWRITE_EV_TYPE, '1');
    ddl_set_char(&r, PG_REWRITE_EV_ENABLED, 'O');
    ddl_set_bool(&r, PG_REWRITE_IS_INSTEAD, true);
    ddl_set_text(&r, PG_REWRITE_EV_QUAL, "<>");
    ddl_set_text(&r, PG_REWRITE_EV_ACTION, text);
    TRY(ddl_row_insert(cx, d, &r));
    TRY(ddl_depend(cx, d, rule, (DdlObject){CAT_PG_CLASS, view, 0}, 'i'));
    return ddl_depend_on_query(cx, d, rule, q);
}

Status ddl_create_view(Cx *cx, DdlCx *d, const PgQuery__ViewStmt *stmt)
{
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    NewRelation rel = {.name = stmt->view->relname, .kind = 'v', .persistence = 'p'};
    NewColumn *columns = NULL;
    Query *q;
    bool exists;
    if (stmt->replace) {
        return err_unsupported(cx, "CREATE OR REPLACE VIEW is not supported");
    }
    if (stmt->with_check_option > PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION ||
        stmt->n_options != 0) {
        return err_unsupported(cx, "options of views are not supported");
    }
    TRY(ddl_creation_namespace(cx, d, stmt->view, true, &rel.namespace_oid));
    TRY(bind_statement(cx, &b, stmt->query, &q));
    TRY(view_columns(cx, d, stmt, q, &columns, &rel.column_count));
    TRY(ddl_relation_exists(cx, d, rel.namespace_oid, rel.name, &exists));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", rel.name);
    }
    TRY(ddl_new_oid(cx, d, &rel.oid));
    TRY(ddl_new_oid(cx, d, &rel.type_oid));
    TRY(ddl_insert_class(cx, d, &rel));
    for (uint16_t i = 0; i < rel.column_count; i++) {
        TRY(ddl_insert_attribute(cx, d, rel.oid, &columns[i]));
    }
    TRY(ddl_insert_row_type(cx, d, &rel));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, rel.oid, 0},
                   (DdlObject){CAT_PG_NAMESPACE, rel.namespace_oid, 0}, 'n'));
    TRY(view_rule(cx, d, rel.oid, q));
    cat_changed(d->view);
    return ST_OK;
}
