/*
 * table.c - relations as range table entries: opening, locking, views
 */
#include "bind/bind_internal.h"

#define VIEW_DEPTH_MAX 100

Status bind_open_table(BindScope *s, const PgQuery__RangeVar *rv, TableLockMode mode,
                       const CatTable **out)
{
    const char *schema =
        rv->schemaname != NULL && rv->schemaname[0] != '\0' ? rv->schemaname : NULL;
    if (rv->catalogname != NULL && rv->catalogname[0] != '\0' &&
        (s->b->view->database_name == NULL ||
         strcmp(rv->catalogname, s->b->view->database_name) != 0)) {
        return BIND_ERR(s, rv->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "cross-database references are not implemented: \"%s.%s.%s\"",
                        rv->catalogname, schema != NULL ? schema : "", rv->relname);
    }
    Status st;
    if (s->b->no_locks || s->b->view->txn == NULL) {
        st = cat_table_by_name(s->cx, s->b->view, schema, rv->relname, out);
    } else {
        st = cat_table_lock(s->cx, s->b->view, schema, rv->relname, mode, out);
    }
    if (st == ST_NOTFOUND) {
        Oid ns;
        if (schema != NULL && cat_namespace(s->cx, s->b->view, schema, &ns) == ST_NOTFOUND) {
            (void)ns;
        }
        return BIND_ERR(s, rv->location, ERRCODE_UNDEFINED_TABLE,
                        "relation \"%s%s%s\" does not exist", schema != NULL ? schema : "",
                        schema != NULL ? "." : "", rv->relname);
    }
    if (st == ST_ERROR && s->cx->err->sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE) {
        return bind_at(s, rv->location); /* of the schema */
    }
    TRY(st);
    if ((*out)->kind == 'i' || (*out)->kind == 'I') {
        return BIND_ERR(s, rv->location, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is an index",
                        (*out)->name);
    }
    if (cat_other_temp(s->b->view, *out)) {
        return err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot access temporary tables of other sessions");
    }
    return ST_OK;
}

Status bind_open_oid(BindScope *s, Oid oid, const CatTable **out)
{
    CatView *v = s->b->view;
    if (oid >= FIRST_USER_OID && !s->b->no_locks && v->txn != NULL) {
        TRY(table_lock(s->cx, v->txn, (uint64_t)v->database << 32 | oid, TABLELOCK_ACCESS_SHARE,
                       WAIT_BLOCK));
    }
    Status st = cat_table_by_oid(s->cx, v, oid, out);
    return st == ST_NOTFOUND
               ? err_set(s->cx, ERRCODE_UNDEFINED_TABLE, "could not open relation with OID %u", oid)
               : st;
}

static void table_column_list(BindScope *s, const CatTable *t, Rte *r)
{
    r->column_count = t->column_count;
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, t->column_count + 1u);
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *c = &t->columns[i];
        const CatType *ct = cat_type(s->b->view, c->type);
        r->columns[i] = (RteColumn){.name = c->name,
                                    .type = c->type,
                                    .collation = c->collation,
                                    .typmod = c->typmod,
                                    .phys = ct != NULL ? ct->phys : PHYS_STR};
    }
}

/* view_query - a view's stored query, in a name space of its own; built-in ones are text. */
static Status view_query(BindScope *s, const CatTable *t, Query **out)
{
    ParsedStmt *stmts;
    uint32_t count;
    if (s->depth > VIEW_DEPTH_MAX) {
        return err_set(s->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "views are nested too deeply");
    }
    for (const ViewChain *c = s->views; c != NULL; c = c->outer) {
        if (c->view == t->oid) {
            return err_set(s->cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "infinite recursion detected in rules for relation \"%s\"", t->name);
        }
    }
    BindScope *top = bind_scope_new(s, NULL, CMD_SELECT);
    ViewChain *chain = ARENA_NEW(s->b->arena, ViewChain);
    *chain = (ViewChain){t->oid, s->views};
    top->views = chain;
    top->stored = true;
    if (bind_is_tree(t->view_sql)) {
        return bind_read_query(top, t->view_sql, out);
    }
    TRY(parse_sql(s->cx, s->b->arena, slice_of(t->view_sql), &stmts, &count));
    if (count != 1 || !NODE_IS(stmts[0].node, SELECT_STMT)) {
        return err_set(s->cx, ERRCODE_INTERNAL_ERROR, "view \"%s\" holds no query", t->name);
    }
    TRY(bind_select(top, stmts[0].node->select_stmt));
    *out = top->query;
    return ST_OK;
}

Status bind_load_view(Cx *cx, BindCx *b, const CatTable *view, Query **out)
{
    BindScope base = {.cx = cx, .b = b, .stored = true};
    return view_query(&base, view, out);
}

Status bind_table_columns(BindScope *s, const CatTable *t, Rte *r)
{
    if (t->kind == 'c') {
        (void)err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot open relation \"%s\"", t->name);
        return err_detail(s->cx, "This operation is not supported for composite types.");
    }
    table_column_list(s, t, r);
    if (t->view_sql == NULL || t->kind == 'm') {
        r->kind = RTE_TABLE;
        r->table = t;
        return ST_OK;
    }
    r->kind = RTE_SUBQUERY;
    r->view = t;
    TRY(view_query(s, t, &r->subquery));
    const Query *q = r->subquery;
    for (uint16_t i = 0; i < r->column_count && i < q->target_count; i++) {
        r->columns[i].type = q->targets[i].expr->type;
        r->columns[i].phys = q->targets[i].expr->phys;
        r->columns[i].typmod = q->targets[i].expr->typmod;
    }
    return ST_OK;
}

Status bind_table_rte(BindScope *s, const CatTable *t, const char *alias, uint16_t *rte_out)
{
    Rte *r = ARENA_NEW(s->b->arena, Rte);
    r->alias = alias;
    TRY(bind_table_columns(s, t, r));
    *rte_out = bind_add_rte(s, r);
    return ST_OK;
}

Rte *bind_subquery_rte(BindScope *s, Query *q, const char *alias)
{
    Rte *r = ARENA_NEW(s->b->arena, Rte);
    r->kind = RTE_SUBQUERY;
    r->alias = alias;
    r->subquery = q;
    r->columns =
        ARENA_ARRAY(s->b->arena, RteColumn, (uint32_t)MAX(q->target_count, q->returning_count) + 1);
    Target *targets = q->targets;
    uint16_t count = q->target_count;
    if (q->command != CMD_SELECT) {
        targets = q->returning;
        count = q->returning_count;
    }
    for (uint16_t i = 0; i < count; i++) {
        const Target *t = &targets[i];
        if (t->hidden) {
            break;
        }
        r->columns[r->column_count++] = (RteColumn){.name = t->name,
                                                    .type = t->expr->type,
                                                    .collation = t->expr->collation,
                                                    .typmod = t->expr->typmod,
                                                    .phys = t->expr->phys};
    }
    return r;
}

Status bind_alias_names(BindScope *s, const PgQuery__Alias *alias, uint32_t have, const char *rel,
                        const char ***names_out, uint32_t *count_out)
{
    *names_out = NULL;
    *count_out = 0;
    if (alias == NULL || alias->n_colnames == 0) {
        return ST_OK;
    }
    if (alias->n_colnames > have) {
        return err_set(s->cx, ERRCODE_INVALID_COLUMN_REFERENCE,
                       "table \"%s\" has %u columns available but %u columns specified", rel, have,
                       (uint32_t)alias->n_colnames);
    }
    *names_out = ARENA_ARRAY(s->b->arena, const char *, alias->n_colnames);
    for (size_t i = 0; i < alias->n_colnames; i++) {
        (*names_out)[i] = bind_string(alias->colnames[i]);
    }
    *count_out = (uint32_t)alias->n_colnames;
    return ST_OK;
}
