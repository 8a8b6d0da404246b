/*
 * matview.c - CREATE MATERIALIZED VIEW and REFRESH: a relation with the rows of a query, and the
 * query.
 *
 * The query is kept as a view's, the rows as a table's. REFRESH fills new trees and builds the
 * indexes anew; CONCURRENTLY deletes and inserts in the trees that are there, so that readers,
 * whose snapshots have the old rows, go on meanwhile.
 */
#include "ddl/role.h"

/* matview_refuse - what no materialized view may be made of. */
static Status matview_refuse(Cx *cx, DdlCx *d, const PgQuery__CreateTableAsStmt *stmt,
                             const Query *q)
{
    const char *persistence = stmt->into->rel->relpersistence;
    bool temporary;
    for (uint16_t i = 0; i < q->cte_count; i++) {
        if (q->ctes[i].query != NULL && q->ctes[i].query->command != CMD_SELECT) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "materialized views must not use data-modifying statements in WITH");
        }
    }
    TRY(ddl_uses_temp(cx, d, q, &temporary));
    if (temporary) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "materialized views must not use temporary tables or views");
    }
    return persistence != NULL && persistence[0] == 'u'
               ? err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "materialized views cannot be unlogged")
               : ST_OK;
}

/* MatviewFill - rows of the query on their way in. */
typedef struct MatviewFill {
    ExecInsert *insert;
    uint64_t rows;
} MatviewFill;

static Status matview_take_batch(void *arg, Cx *cx, const Batch *batch)
{
    MatviewFill *f = arg;
    f->rows += batch->sel.count;
    return exec_insert_rows(cx, f->insert, batch);
}

/* matview_run - run the plan into the relation; with bare, into its rows alone. */
static Status matview_run(Cx *cx, DdlCx *d, Plan *plan, const CatTable *t, bool bare,
                          uint64_t *rows_out)
{
    CatTable target = *t;
    Table storage = *t->storage;
    MatviewFill fill = {0};
    ExecEnv env = ddl_exec_env(d);
    DdlRowSink sink = {.batch = matview_take_batch, .arg = &fill};
    if (bare) {
        storage.index_count = 0;
        target.index_count = 0;
    }
    target.storage = &storage;
    TRY(exec_insert_begin(cx, d->arena, &env, &target, &fill.insert));
    TRY(ddl_run_plan(cx, d, plan, &sink));
    TRY(exec_insert_end(cx, fill.insert));
    *rows_out = fill.rows;
    return txn_next_command(cx, d->view->txn);
}

/* matview_plan - the plan of the view's query as it is defined now. */
static Status matview_plan(Cx *cx, DdlCx *d, const CatTable *t, Plan **plan_out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    Query *q;
    TRY(bind_load_view(cx, &b, t, &q));
    TRY(bind_secure_query(cx, &b, q));
    TRY(d->may_run(d->server_arg, cx, q));
    return plan_create(cx, d->view, d->env, q, NULL, d->extra_fn, plan_out);
}

/* matview_rebuild - new trees with the query's rows (none: populated false). */
static Status matview_rebuild(Cx *cx, DdlCx *d, const CatTable *t, Plan *plan, uint64_t *rows_out)
{
    Oid oid = t->oid;
    *rows_out = 0;
    TRY(ddl_new_trees(cx, d, t));
    TRY(ddl_update_class_flag(cx, d, oid, PG_CLASS_RELISPOPULATED, plan != NULL));
    TRY(ddl_reload(cx, d, oid, &t));
    if (plan != NULL) {
        TRY(matview_run(cx, d, plan, t, true, rows_out));
    }
    for (uint16_t i = 0; plan != NULL && i < t->index_count; i++) {
        TRY(ddl_index_fill(cx, d, oid, t->indexes[i].oid));
    }
    return ST_OK;
}

/* matview_exchange - the rows that are there go, the query's come. */
static Status matview_exchange(Cx *cx, DdlCx *d, const CatTable *t, Plan *plan, uint64_t *rows_out)
{
    TRY(ddl_run_maintaining(cx, d, arena_printf(d->arena, "DELETE FROM %s", ddl_qualified(d, t)),
                            NULL));
    TRY(txn_next_command(cx, d->view->txn));
    return matview_run(cx, d, plan, t, false, rows_out);
}

/* matview_fill_as_user - the rows of the query into the relation, whose pins are kept from the
 * plan's. */
static Status matview_fill_as_user(Cx *cx, DdlCx *d, Oid oid, bool populate, bool exchange,
                                   uint64_t *rows_out)
{
    const CatTable *t;
    Plan *plan = NULL;
    TRY(txn_next_command(cx, d->view->txn));
    CatPins *mine = cat_pins_take(d->view);
    Status st = ddl_reload(cx, d, oid, &t);
    if (st == ST_OK && populate) {
        st = matview_plan(cx, d, t, &plan);
    }
    if (st == ST_OK) {
        st = ddl_reload(cx, d, oid, &t); /* the plan has taken the pins */
    }
    if (st == ST_OK) {
        st = exchange ? matview_exchange(cx, d, t, plan, rows_out)
                      : matview_rebuild(cx, d, t, plan, rows_out);
    }
    if (plan != NULL) {
        plan_unref(plan);
    }
    cat_view_release_pins(d->view);
    d->view->pins = mine;
    cat_changed(d->view);
    return st;
}

/* matview_fill - by its owner's rights, whoever asks for it. */
static Status matview_fill(Cx *cx, DdlCx *d, const CatTable *t, bool populate, bool exchange,
                           uint64_t *rows_out)
{
    CatView *v = d->view;
    Oid user = v->user, oid = t->oid;
    v->user = t->owner;
    Status st = cat_user_refresh(cx, v);
    st = st == ST_OK ? matview_fill_as_user(cx, d, oid, populate, exchange, rows_out) : st;
    Err keep = *cx->err;
    v->user = user;
    Status back = cat_user_refresh(cx, v);
    if (st != ST_OK) {
        *cx->err = keep;
    }
    return st != ST_OK ? st : back;
}

/* matview_make - its rows in the catalogs, and an empty tree. */
static Status matview_make(Cx *cx, DdlCx *d, NewRelation *rel, const NewColumn *columns,
                           const Query *q)
{
    ColumnLayout *layout = ARENA_ARRAY(d->arena, ColumnLayout, rel->column_count + 1);
    for (uint16_t i = 0; i < rel->column_count; i++) {
        layout[i] = (ColumnLayout){.phys = columns[i].type->phys, .missing_is_null = true};
    }
    TRY(ddl_new_oid(cx, d, &rel->oid));
    TRY(ddl_new_oid(cx, d, &rel->type_oid));
    TRY(table_create(cx, d->engine, d->view->txn, layout, rel->column_count, &rel->tree));
    TRY(ddl_insert_class(cx, d, rel));
    for (uint16_t i = 0; i < rel->column_count; i++) {
        TRY(ddl_insert_attribute(cx, d, rel->oid, &columns[i]));
    }
    TRY(ddl_insert_row_type(cx, d, rel));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, rel->oid, 0},
                   (DdlObject){CAT_PG_NAMESPACE, rel->namespace_oid, 0}, 'n'));
    TRY(ddl_view_rule(cx, d, rel->oid, q, false));
    return ddl_update_class_flag(cx, d, rel->oid, PG_CLASS_RELISPOPULATED, false);
}

Status ddl_create_matview(Cx *cx, DdlCx *d, const PgQuery__CreateTableAsStmt *stmt,
                          const char **tag_out)
{
    const PgQuery__IntoClause *into = stmt->into;
    BindCx b = {
        .view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env, .no_row_security = true};
    NewRelation rel = {.name = into->rel->relname, .kind = 'm', .persistence = 'p'};
    NewColumn *columns = NULL;
    Query *q;
    bool exists;
    uint64_t rows = 0;
    *tag_out = "CREATE MATERIALIZED VIEW";
    TRY(bind_statement(cx, &b, stmt->query, &q));
    TRY(matview_refuse(cx, d, stmt, q));
    TRY(d->may_run(d->server_arg, cx, q));
    TRY(ddl_creation_place(cx, d, into->rel, false, &rel.namespace_oid, &rel.persistence));
    TRY(ddl_relation_exists(cx, d, rel.namespace_oid, rel.name, &exists));
    if (exists && stmt->if_not_exists) {
        err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_TABLE, NULL,
                   "relation \"%s\" already exists, skipping", rel.name);
        return ST_OK;
    }
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", rel.name);
    }
    if (into->access_method != NULL && into->access_method[0] != '\0' &&
        strcmp(into->access_method, "heap") != 0) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist",
                       into->access_method);
    }
    ViewColumns names = {.names = into->col_names,
                         .count = into->n_col_names,
                         .too_many = "too many column names were specified"};
    TRY(ddl_view_columns(cx, d, &names, q, &columns, &rel.column_count));
    for (uint16_t i = 0; i < rel.column_count; i++) {
        if (columns[i].type->ops == NULL) {
            return err_unsupported(cx, "columns of type %s are not supported",
                                   columns[i].type->name);
        }
    }
    TRY(ddl_rel_options(cx, d, 'r', into->options, into->n_options, &rel.options));
    TRY(matview_make(cx, d, &rel, columns, q));
    cat_changed(d->view);
    if (into->skip_data) {
        return ST_OK;
    }
    const CatTable *made;
    TRY(ddl_reload(cx, d, rel.oid, &made));
    TRY(matview_fill(cx, d, made, true, false, &rows));
    *tag_out = arena_printf(d->arena, "SELECT %llu", (unsigned long long)rows);
    return ST_OK;
}

/* ---- REFRESH ---- */

/* refresh_check - what REFRESH needs, and CONCURRENTLY above that. */
static Status refresh_check(Cx *cx, DdlCx *d, const CatTable *t,
                            const PgQuery__RefreshMatViewStmt *stmt)
{
    if (t->kind != 'm') {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "\"%s\" is not a materialized view",
                       t->name);
    }
    if (stmt->concurrent && !t->populated) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "CONCURRENTLY cannot be used when the materialized view is not populated");
    }
    if (stmt->concurrent && stmt->skip_data) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "CONCURRENTLY and WITH NO DATA options cannot be used together");
    }
    bool whole = !stmt->concurrent;
    for (uint16_t i = 0; i < t->index_count && !whole; i++) {
        const CatIndex *ix = &t->indexes[i];
        whole = ix->unique && ix->valid && !ix->deferrable && ix->predicate_sql == NULL &&
                ix->expressions_sql == NULL;
    }
    if (!whole) {
        Buf name;
        buf_init(&name, 1024);
        cat_put_qualified(t->schema_name, t->name, true, &name);
        st_ignore(err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                          "cannot refresh materialized view \"%.*s\" concurrently", (int)name.len,
                          (const char *)name.data));
        buf_release(&name);
        return err_hint(cx, "Create a unique index with no WHERE clause on one or more columns of "
                            "the materialized view.");
    }
    return ddl_not_in_use(cx, d, t, "REFRESH MATERIALIZED VIEW");
}

Status ddl_refresh_matview(Cx *cx, DdlCx *d, const PgQuery__RefreshMatViewStmt *stmt)
{
    const CatTable *t;
    uint64_t rows;
    TRY(ddl_lock(cx, d, stmt->relation,
                 stmt->concurrent ? TABLELOCK_EXCLUSIVE : TABLELOCK_ACCESS_EXCLUSIVE, false, &t));
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    TRY(refresh_check(cx, d, t, stmt));
    return matview_fill(cx, d, t, !stmt->skip_data, stmt->concurrent, &rows);
}
