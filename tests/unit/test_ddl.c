/*
 * test_ddl.c - statements that define things, and what later statements see of them.
 *
 * Goal: CREATE, ALTER, DROP and TRUNCATE change catalogs and trees together, with PostgreSQL's
 * names and SQLSTATEs, and vanish when rolled back. Method: a list of statements with the text of
 * the result (the command tag; columns by |, rows by ;) or the SQLSTATE; each fails alone, by a
 * savepoint.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <pg_query/pg_query.pb-c.h>

#include "catalog/catalog.h"
#include "ddl/ddl.h"
#include "exec/exec.h"

typedef struct DdlFixture {
    Os *os;
    Engine *engine;
    Catalog *catalog;
    Err err;
    Arena arena;
    Cx cx;
    char dir[64], path[96];
} DdlFixture;

static void ddl_must(DdlFixture *f, Status st, int line)
{
    if (st != ST_OK) {
        printf("line %d: status %d: %s\n", line, (int)st, f->err.message);
    }
    assert_int_equal(st, ST_OK);
}
#define MUST(expr) ddl_must(f, (expr), __LINE__)

static int ddl_test_setup(void **state)
{
    DdlFixture *f = mem_zalloc("test", sizeof(*f));
    EngineOptions o;
    arena_init(&f->arena, NULL, "test", 0);
    f->cx = (Cx){.err = &f->err, .arena = &f->arena};
    f->os = os_posix_create();
    snprintf(f->dir, sizeof(f->dir), "/tmp/dassie-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/app.db", f->dir);
    engine_options_default(&o);
    o.store.pool_bytes = (uint64_t)64 << 20;
    o.store.max_pages = (uint64_t)1 << 20;
    o.create = true;
    o.background = false;
    MUST(engine_open(&f->cx, f->os, f->path, &o, &f->engine));
    MUST(catalog_open(&f->cx, f->engine, &f->catalog));
    *state = f;
    return 0;
}

static int ddl_test_teardown(void **state)
{
    DdlFixture *f = *state;
    char cmd[160];
    catalog_close(f->catalog);
    MUST(engine_close(&f->cx, f->engine));
    snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->dir);
    (void)!system(cmd);
    os_posix_free(f->os);
    arena_release(&f->arena);
    mem_free(f);
    return 0;
}

typedef struct DdlRun {
    DdlFixture *f;
    CatView view;
    TypeEnv env;
} DdlRun;

static void ddl_put_batch(DdlRun *r, const Plan *p, const Batch *b, Buf *out)
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

static Status ddl_run_plan(DdlRun *r, Plan *p, Buf *out)
{
    Cx *cx = &r->f->cx;
    const Snapshot *snap;
    ExecState *s;
    const Batch *b;
    Status st;
    TRY(txn_next_command(cx, r->view.txn));
    TRY(txn_snapshot(cx, r->view.txn, &snap));
    ExecEnv env = {.view = &r->view,
                   .txn = r->view.txn,
                   .snapshot = snap,
                   .type_env = &r->env,
                   .work_mem_bytes = 4 << 20};
    TRY(exec_open(cx, p, &env, &s));
    buf_clear(out);
    while ((st = exec_next(cx, s, VEC_CAPACITY, &b)) == ST_OK) {
        ddl_put_batch(r, p, b, out);
    }
    if (st == ST_DONE && !p->returns_rows) {
        buf_printf(out, "%llu", (unsigned long long)exec_affected(s));
    }
    exec_close(s);
    txn_snapshot_done(r->view.txn);
    return st == ST_DONE ? ST_OK : st;
}

static Status ddl_run_sql(DdlRun *r, const char *sql, Buf *out)
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
    Status st = ddl_run_plan(r, p, out);
    if (st == ST_OK && p->read_only) {
        st = ddl_run_plan(r, p, out);
    }
    plan_unref(p);
    return st;
}

/* ddl_check_analyze - statistics of a table of known content. */
static void ddl_check_analyze(DdlRun *r)
{
    Cx *cx = &r->f->cx;
    DdlFixture *f = r->f;
    Buf out;
    const CatTable *t;
    DdlCx d = {.view = &r->view, .engine = f->engine, .arena = &f->arena, .env = &r->env};
    buf_init(&out, 1 << 20);
    MUST(ddl_run_sql(r, "create table st (a int, b int, c text)", &out));
    MUST(ddl_run_sql(r,
                     "insert into st select g, g % 10, case when g % 4 = 0 then 'x' end "
                     "from generate_series(1, 20000) g",
                     &out));
    MUST(cat_table_by_name(cx, &r->view, NULL, "st", &t));
    MUST(txn_next_command(cx, r->view.txn));
    MUST(ddl_analyze(cx, &d, t));
    const CatTableStats *s = cat_table_stats(&r->view, t->oid);
    assert_non_null(s);
    assert_true(s->rows > 19999 && s->rows < 20001);
    assert_true(s->columns[0].distinct < -0.9 && s->columns[0].distinct >= -1.0);
    assert_true(s->columns[1].distinct > 9.5 && s->columns[1].distinct < 10.5);
    assert_true(s->columns[2].null_fraction > 0.74 && s->columns[2].null_fraction < 0.76);
    buf_release(&out);
}

static const struct {
    const char *sql, *want;
} STEPS[] = {
#include "ddl_steps.h"
};

static void test_ddl_statements(void **state)
{
    DdlFixture *f = *state;
    static const Oid PATH[] = {NAMESPACE_PG_CATALOG, NAMESPACE_PUBLIC};
    DdlRun r = {.f = f, .env = {.extra_float_digits = 1}};
    Buf out;
    uint32_t bad = 0;
    SavePoint own = {0};
    buf_init(&out, 1 << 20);
    cat_view_init(&r.view, f->catalog, &f->arena);
    r.view.database = DATABASE_FIRST;
    r.view.user = ROLE_BOOTSTRAP;
    r.view.user_name = "postgres";
    r.view.search_path = PATH;
    r.view.search_path_count = 2;
    r.view.creation_namespace = NAMESPACE_PUBLIC;
    MUST(txn_begin(&f->cx, f->engine->txns, ISO_READ_COMMITTED, &f->arena, &r.view.txn));
    for (uint32_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        char got[2048], state_text[6];
        SavePoint sp;
        if (strcmp(STEPS[i].sql, "savepoint") == 0) {
            txn_savepoint(r.view.txn, &own);
            continue;
        }
        if (strcmp(STEPS[i].sql, "rollback") == 0) {
            MUST(txn_rollback_to(&f->cx, r.view.txn, &own));
            continue;
        }
        txn_savepoint(r.view.txn, &sp);
        Status st = ddl_run_sql(&r, STEPS[i].sql, &out);
        if (st == ST_OK) {
            snprintf(got, sizeof(got), "%.*s", (int)out.len, (const char *)out.data);
        } else {
            sqlstate_text(f->err.sqlstate, state_text);
            snprintf(got, sizeof(got), "!%s", state_text);
            MUST(txn_rollback_to(&f->cx, r.view.txn, &sp));
            txn_snapshot_done(r.view.txn);
        }
        if (strcmp(got, STEPS[i].want) != 0) {
            printf("%s\n  want %s\n  got  %s %s\n", STEPS[i].sql, STEPS[i].want, got,
                   st == ST_OK ? "" : f->err.message);
            bad++;
        }
        err_clear(&f->cx);
    }
    ddl_check_analyze(&r);
    buf_release(&out);
    txn_abort(&f->cx, r.view.txn);
    cat_view_release_pins(&r.view);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ddl_statements, ddl_test_setup, ddl_test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
