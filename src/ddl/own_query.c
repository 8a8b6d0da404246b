/*
 * own_query.c - statements the folder runs itself: checking the rows of a table, filling a new
 * column.
 *
 * Text is the simplest way to say what to look for, and takes the same path as a client's query.
 */
#include "ddl/ddl_internal.h"

ExecEnv ddl_exec_env(DdlCx *d)
{
    return (ExecEnv){.view = d->view,
                     .txn = d->view->txn,
                     .type_env = d->env,
                     .extra_fn = d->extra_fn,
                     .work_mem_bytes = d->work_mem_bytes,
                     .no_triggers = true,
                     .replica = d->replica};
}

/* query_drain - execute the plan; the first row's first value if anybody wants it. */
static Status query_drain(Cx *cx, DdlCx *d, Plan *plan, const Snapshot *snap, DdlRowSink *sink)
{
    ExecEnv env = ddl_exec_env(d);
    env.snapshot = snap;
    ExecState *state = NULL;
    Status st = exec_open(cx, plan, &env, &state);
    while (st == ST_OK) {
        const Batch *batch;
        st = exec_next(cx, state, VEC_CAPACITY, &batch);
        if (st == ST_OK && sink != NULL) {
            st = sink->batch(sink->arg, cx, batch);
        }
    }
    if (state != NULL) {
        exec_close(state);
    }
    return st == ST_DONE ? ST_OK : st;
}

Status ddl_run_plan(Cx *cx, DdlCx *d, Plan *plan, DdlRowSink *sink)
{
    Snapshot snap;
    snapshot_take(d->engine->txns, d->view->txn, &snap);
    Status st = query_drain(cx, d, plan, &snap, sink);
    snapshot_release(&snap);
    return st;
}

/* query_plan_and_drain - from text to the last row. */
static Status query_plan_and_drain(Cx *cx, DdlCx *d, const char *sql, bool maintains,
                                   DdlRowSink *sink)
{
    ParsedStmt *stmts;
    uint32_t count;
    Query *query;
    Plan *plan;
    BindCx b = {.view = d->view,
                .arena = d->arena,
                .sql = slice_of(sql),
                .env = d->env,
                .no_row_security = true,
                .no_locks = true,
                .maintains = maintains};
    TRY(parse_sql(cx, d->arena, b.sql, &stmts, &count));
    ASSERT(count == 1);
    TRY(bind_statement(cx, &b, stmts[0].node, &query));
    TRY(plan_create(cx, d->view, d->env, query, NULL, d->extra_fn, &plan));
    Status st = ddl_run_plan(cx, d, plan, sink);
    plan_unref(plan);
    return st;
}

static Status query_run(Cx *cx, DdlCx *d, const char *sql, bool maintains, DdlRowSink *sink)
{
    TRY(txn_next_command(cx, d->view->txn)); /* rows written by this statement are seen */
    /* The plan takes the view's pins and lets go of them at its end: the caller's objects must not
       be among them. */
    CatPins *mine = cat_pins_take(d->view);
    Status st = query_plan_and_drain(cx, d, sql, maintains, sink);
    cat_view_release_pins(d->view);
    d->view->pins = mine;
    return st;
}

Status ddl_run(Cx *cx, DdlCx *d, const char *sql, DdlRowSink *sink)
{
    return query_run(cx, d, sql, false, sink);
}

Status ddl_run_maintaining(Cx *cx, DdlCx *d, const char *sql, DdlRowSink *sink)
{
    return query_run(cx, d, sql, true, sink);
}

/* query_found - DdlRowSink.batch: any row will do. */
static Status query_found(void *arg, Cx *cx, const Batch *batch)
{
    (void)cx;
    if (batch->sel.count != 0) {
        *(bool *)arg = true;
        return ST_DONE;
    }
    return ST_OK;
}

Status ddl_query_finds_row(Cx *cx, DdlCx *d, const char *sql, bool *found_out)
{
    *found_out = false;
    DdlRowSink sink = {.batch = query_found, .arg = found_out};
    return ddl_run(cx, d, sql, &sink);
}

const char *ddl_qualified(DdlCx *d, const CatTable *t)
{
    return arena_printf(d->arena, "%s.%s", ddl_sql_name(d->arena, t->schema_name),
                        ddl_sql_name(d->arena, t->name));
}

const char *ddl_sql_name(Arena *a, const char *name)
{
    size_t n = strlen(name);
    char *out = arena_alloc(a, n * 2 + 3), *q = out;
    *q++ = '"';
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"') {
            *q++ = '"';
        }
        *q++ = *p;
    }
    *q++ = '"';
    *q = '\0';
    return out;
}
