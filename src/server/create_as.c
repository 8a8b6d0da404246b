/*
 * create_as.c - CREATE TABLE AS and SELECT INTO: a table with the columns of a query, filled by it.
 *
 * The table is made by the same code as CREATE TABLE, from a definition built here; the rows go in
 * as those of COPY do, in the statement's own transaction.
 */
#include <pg_query/pg_query.pb-c.h>
#include <string.h>

#include "ddl/ddl.h"
#include "server/server_internal.h"

/* column_node - a column definition whose type is given by OID. */
static PgQuery__Node *column_node(Arena *a, const char *name, Oid type, int32_t typmod)
{
    PgQuery__TypeName *t = ARENA_NEW(a, PgQuery__TypeName);
    PgQuery__ColumnDef *c = ARENA_NEW(a, PgQuery__ColumnDef);
    PgQuery__Node *n = ARENA_NEW(a, PgQuery__Node);
    pg_query__type_name__init(t);
    t->type_oid = type;
    t->typemod = typmod;
    t->location = -1;
    pg_query__column_def__init(c);
    c->colname = arena_strdup(a, name);
    c->type_name = t;
    c->is_local = true;
    c->location = -1;
    pg_query__node__init(n);
    n->node_case = PG_QUERY__NODE__NODE_COLUMN_DEF;
    n->column_def = c;
    return n;
}

/* table_node - CREATE TABLE with the query's columns, under the names given in INTO. */
static Status table_node(Cx *cx, Arena *a, PgQuery__IntoClause *into, const Plan *plan,
                         PgQuery__Node **out)
{
    PgQuery__CreateStmt *c = ARENA_NEW(a, PgQuery__CreateStmt);
    PgQuery__Node *n = ARENA_NEW(a, PgQuery__Node);
    if (into->n_col_names > plan->column_count) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "too many column names were specified");
    }
    pg_query__create_stmt__init(c);
    c->relation = into->rel;
    c->options = into->options;
    c->n_options = into->n_options;
    c->oncommit = into->on_commit;
    c->table_elts = ARENA_ARRAY(a, PgQuery__Node *, plan->column_count + 1u);
    for (uint16_t i = 0; i < plan->column_count; i++) {
        const PlanColumn *pc = &plan->columns[i];
        const char *name = i < into->n_col_names ? into->col_names[i]->string->sval : pc->name;
        c->table_elts[c->n_table_elts++] = column_node(a, name, pc->type, pc->typmod);
    }
    pg_query__node__init(n);
    n->node_case = PG_QUERY__NODE__NODE_CREATE_STMT;
    n->create_stmt = c;
    *out = n;
    return ST_OK;
}

/* as_find_table - the table under the name it was made with. */
static Status as_find_table(Cx *cx, Session *s, const PgQuery__RangeVar *rv, const CatTable **out)
{
    const char *schema =
        rv->schemaname != NULL && rv->schemaname[0] != '\0' ? rv->schemaname : NULL;
    return cat_table_by_name(cx, &s->view, schema, rv->relname, out);
}

/* fill_table - run the query and keep its rows in the table. */
static Status fill_table(Cx *cx, Session *s, Plan *plan, const CatTable *table, uint64_t *rows_out)
{
    const Snapshot *snap;
    ExecEnv env;
    ExecState *exec;
    ExecInsert *ins;
    const Batch *b;
    *rows_out = 0;
    TRY(statement_may(cx, plan));
    TRY(txn_next_command(cx, s->txn));
    TRY(txn_snapshot(cx, s->txn, &snap));
    exec_env_fill(s, &env, snap, NULL, NULL, 0);
    Status st = exec_open(cx, plan, &env, &exec);
    if (st != ST_OK) {
        txn_snapshot_done(s->txn);
        return st;
    }
    st = exec_insert_begin(cx, &s->stmt_arena, &env, table, &ins);
    while (st == ST_OK && (st = exec_next(cx, exec, VEC_CAPACITY, &b)) == ST_OK) {
        st = exec_insert_rows(cx, ins, b);
        *rows_out += b->sel.count;
    }
    st = st == ST_DONE ? exec_insert_end(cx, ins) : st;
    exec_close(exec);
    txn_snapshot_done(s->txn);
    return st;
}

/* create_as - make the table from the columns of the query's plan, then run the query into it;
 * `inner` loses its plan on every path. */
static Status create_as(Cx *cx, Session *s, struct DdlCx *ddl, const Statement *st,
                        PgQuery__Node *query, PgQuery__IntoClause *into, bool if_not_exists,
                        const char **tag_out)
{
    Statement *inner = statement_in(&s->stmt_arena, st->sql, query);
    PgQuery__Node *create = NULL;
    const CatTable *table;
    uint64_t rows;
    const char *unused;
    TRY(statement_prepare(cx, s, inner));
    if (inner->plan == NULL || inner->plan->command != CMD_SELECT) {
        plan_unref(inner->plan);
        return err_unsupported(cx, "CREATE TABLE AS with this kind of statement is not supported");
    }
    *tag_out = "CREATE TABLE AS";
    Status status = as_find_table(cx, s, into->rel, &table);
    if (status == ST_OK && if_not_exists) {
        err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_TABLE, NULL,
                   "relation \"%s\" already exists, skipping", into->rel->relname);
        plan_unref(inner->plan);
        return ST_OK;
    }
    if (status == ST_OK || status == ST_NOTFOUND) {
        status = table_node(cx, &s->stmt_arena, into, inner->plan, &create);
    }
    if (status == ST_OK) {
        status = ddl_execute(cx, ddl, create, &unused);
    }
    if (status == ST_OK && !into->skip_data) {
        status = as_find_table(cx, s, into->rel, &table);
        if (status == ST_OK) {
            status = fill_table(cx, s, inner->plan, table, &rows);
        }
        if (status == ST_OK) {
            *tag_out = arena_printf(&s->stmt_arena, "SELECT %llu", (unsigned long long)rows);
        }
    }
    plan_unref(inner->plan);
    return status;
}

Status create_as_run(Cx *cx, Session *s, struct DdlCx *ddl, const Statement *st,
                     const char **tag_out)
{
    const PgQuery__Node *node = st->node;
    if (node->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT) {
        const PgQuery__CreateTableAsStmt *c = node->create_table_as_stmt;
        return create_as(cx, s, ddl, st, c->query, c->into, c->if_not_exists, tag_out);
    }
    /* SELECT INTO: the same query without its INTO. */
    PgQuery__SelectStmt *select = arena_memdup(&s->stmt_arena, node->select_stmt, sizeof(*select));
    PgQuery__Node *query = arena_memdup(&s->stmt_arena, node, sizeof(*query));
    select->into_clause = NULL;
    query->select_stmt = select;
    return create_as(cx, s, ddl, st, query, node->select_stmt->into_clause, false, tag_out);
}
