/*
 * steps_fixture.h - lists of statements with PostgreSQL's results, run below the server
 *
 * A program includes a list made by record_steps.py and runs it with steps_run: one transaction,
 * each statement alone in a savepoint. Used by one thread.
 */
#ifndef DASSIE_STEPS_FIXTURE_H
#define DASSIE_STEPS_FIXTURE_H

#include <pg_query/pg_query.pb-c.h>

#include "catalog_fixture.h"
#include "ddl/ddl.h"
#include "exec/exec.h"

/* A statement, or "savepoint" and "rollback" for a part that is undone; want is its result or ! and
 * a SQLSTATE. */
typedef struct Step {
    const char *sql, *want;
} Step;

typedef struct StepsRun {
    CatalogFixture *f;
    CatView view;
    TypeEnv env;
    FkDeferred *deferred; /* may be NULL: nothing is put off */
    bool replica;
    bool nested; /* inside another statement, whose snapshot is left alone */
} StepsRun;

static void steps_put_batch(StepsRun *r, const Plan *p, const Batch *b, Buf *out)
{
    SEL_FOREACH(row, &b->sel)
    {
        if (out->len > 0) {
            buf_putc(out, ';');
        }
        for (uint16_t c = 0; c < p->column_count; c++) {
            if (c > 0) {
                buf_putc(out, '|');
            }
            if (vec_is_null(b->cols[c], row)) {
                continue;
            }
            FnCall call = {.cx = &r->f->cx,
                           .arena = &r->f->arena,
                           .env = &r->env,
                           .state_arena = &r->f->arena};
            Datum d = vec_get(b->cols[c], row);
            type_ops(p->columns[c].type)->out(&call, &d, out);
        }
    }
}

/* steps_run_plan - the rows of a plan as text, columns by | and rows by ;, or the number of rows it
 * changed. */
static Status steps_run_plan(StepsRun *r, Plan *p, Buf *out)
{
    Cx *cx = &r->f->cx;
    const Snapshot *snap;
    Snapshot own;
    ExecState *s;
    const Batch *b;
    Status st;
    TRY(txn_next_command(cx, r->view.txn));
    if (r->nested) {
        snapshot_take(r->f->engine->txns, r->view.txn, &own);
        snap = &own;
    } else {
        TRY(txn_snapshot(cx, r->view.txn, &snap));
    }
    ExecEnv env = {.view = &r->view,
                   .txn = r->view.txn,
                   .snapshot = snap,
                   .type_env = &r->env,
                   .deferred = r->deferred,
                   .replica = r->replica,
                   .work_mem_bytes = 4 << 20};
    TRY(exec_open(cx, p, &env, &s));
    buf_clear(out);
    while ((st = exec_next(cx, s, VEC_CAPACITY, &b)) == ST_OK) {
        steps_put_batch(r, p, b, out);
    }
    if (st == ST_DONE && !p->returns_rows) {
        buf_printf(out, "%llu", (unsigned long long)exec_affected(s));
    }
    exec_close(s);
    if (r->nested) {
        snapshot_release(&own);
    } else {
        txn_snapshot_done(r->view.txn);
    }
    return st == ST_DONE ? ST_OK : st;
}

/* steps_run_sql - run one statement; what only reads runs twice, to see that a state from the free
 * list is like a new one. */
static Status steps_run_sql(StepsRun *r, const char *sql, Buf *out)
{
    Cx *cx = &r->f->cx;
    ParsedStmt *stmts;
    uint32_t count;
    Query *q;
    Plan *p;
    TRY(parse_sql(cx, &r->f->arena, slice_of(sql), &stmts, &count));
    DdlCx d = {.view = &r->view,
               .engine = r->f->engine,
               .arena = &r->f->arena,
               .sql = slice_of(sql),
               .env = &r->env,
               .work_mem_bytes = 4 << 20};
    const char *tag = "";
    TRY(txn_next_command(cx, r->view.txn));
    Status done = ddl_execute(cx, &d, stmts[0].node, &tag);
    if (done != ST_NOTFOUND) {
        buf_clear(out);
        buf_puts(out, tag);
        return done;
    }
    BindCx b = {.view = &r->view, .arena = &r->f->arena, .sql = slice_of(sql), .env = &r->env};
    TRY(bind_statement(cx, &b, stmts[0].node, &q));
    TRY(plan_create(cx, &r->view, &r->env, q, NULL, NULL, &p));
    Status st = steps_run_plan(r, p, out);
    if (st == ST_OK && p->read_only) {
        st = steps_run_plan(r, p, out);
    }
    plan_unref(p);
    return st;
}

static void steps_begin(StepsRun *r, CatalogFixture *f)
{
    static const Oid PATH[] = {NAMESPACE_PG_CATALOG, NAMESPACE_PUBLIC};
    *r = (StepsRun){.f = f, .env = {.extra_float_digits = 1}};
    cat_view_init(&r->view, f->catalog);
    r->view.database = DATABASE_FIRST;
    r->view.user = ROLE_BOOTSTRAP;
    r->view.user_name = "postgres";
    r->view.search_path = PATH;
    r->view.search_path_count = 2;
    r->view.creation_namespace = NAMESPACE_PUBLIC;
    MUST(txn_begin(&f->cx, f->engine->txns, ISO_READ_COMMITTED, &f->arena, &r->view.txn));
}

static void steps_end(StepsRun *r)
{
    txn_abort(&r->f->cx, r->view.txn);
    cat_view_release_pins(&r->view);
}

/* steps_run - run a list and compare every result; prints all that differ. */
static inline void steps_run(StepsRun *r, const Step *steps, uint32_t count)
{
    CatalogFixture *f = r->f;
    Buf out;
    uint32_t bad = 0;
    SavePoint own = {0};
    buf_init(&out, 1 << 20);
    for (uint32_t i = 0; i < count; i++) {
        char got[2048], state_text[6];
        SavePoint sp;
        if (strcmp(steps[i].sql, "savepoint") == 0) {
            txn_savepoint(r->view.txn, &own);
            continue;
        }
        if (strcmp(steps[i].sql, "rollback") == 0) {
            MUST(txn_rollback_to(&f->cx, r->view.txn, &own));
            continue;
        }
        txn_savepoint(r->view.txn, &sp);
        Status st = steps_run_sql(r, steps[i].sql, &out);
        if (st == ST_OK) {
            snprintf(got, sizeof(got), "%.*s", (int)out.len, (const char *)out.data);
        } else {
            sqlstate_text(f->err.sqlstate, state_text);
            snprintf(got, sizeof(got), "!%s", state_text);
            MUST(txn_rollback_to(&f->cx, r->view.txn, &sp));
            txn_snapshot_done(r->view.txn);
        }
        if (strcmp(got, steps[i].want) != 0) {
            printf("%s\n  want %s\n  got  %s %s\n", steps[i].sql, steps[i].want, got,
                   st == ST_OK ? "" : f->err.message);
            bad++;
        }
        err_clear(&f->cx);
    }
    buf_release(&out);
    assert_int_equal(bad, 0);
}

#endif
