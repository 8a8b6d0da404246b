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

#include "steps_fixture.h"

/* ddl_check_analyze - statistics of a table of known content. */
static void ddl_check_analyze(StepsRun *r)
{
    Cx *cx = &r->f->cx;
    CatalogFixture *f = r->f;
    Buf out;
    const CatTable *t;
    DdlCx d = {.view = &r->view, .engine = f->engine, .arena = &f->arena, .env = &r->env};
    buf_init(&out, 1 << 20);
    MUST(steps_run_sql(r, "create table st (a int, b int, c text)", &out));
    MUST(steps_run_sql(r,
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

/* ddl_check_pglz - a compression method that PostgreSQL has and this server has not is refused, in
 * every place that names one. */
static void ddl_check_pglz(StepsRun *r)
{
    static const char *const STATEMENTS[] = {
        "create table pglz_made (a text compression pglz)",
        "alter table st add column d text compression pglz",
        "alter table st alter column c set compression pglz",
    };
    Cx *cx = &r->f->cx;
    Buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(STATEMENTS); i++) {
        assert_int_equal(steps_run_sql(r, STATEMENTS[i], &out), ST_ERROR);
        assert_int_equal(cx->err->sqlstate, ERRCODE_FEATURE_NOT_SUPPORTED);
        assert_non_null(strstr(cx->err->message, "pglz"));
        err_clear(cx);
    }
    buf_release(&out);
}

static const Step DDL_STEPS[] = {
#include "ddl_steps.h"
};

static void test_ddl_statements(void **state)
{
    StepsRun r;
    steps_begin(&r, *state);
    steps_run(&r, DDL_STEPS, ARRAY_LEN(DDL_STEPS));
    ddl_check_analyze(&r);
    ddl_check_pglz(&r);
    steps_end(&r);
}

/* temp_need - DdlCx.need_temp of a session that has its schema. */
static Status temp_need(void *arg, Cx *cx)
{
    (void)arg;
    (void)cx;
    return ST_OK;
}

/* temp_fill - DdlTempFn: a schema of temporary objects, and a table that its session leaves. */
static Status temp_fill(void *arg, Cx *cx, DdlCx *d)
{
    Oid oid;
    ParsedStmt *stmts;
    uint32_t count;
    const char *tag;
    (void)arg;
    TRY(ddl_temp_schema(cx, d, "pg_temp_7", &oid));
    d->view->temp_namespace = oid;
    d->need_temp = temp_need;
    TRY(parse_sql(cx, d->arena, slice_of("CREATE TEMP TABLE left_over (a serial PRIMARY KEY)"),
                  &stmts, &count));
    return ddl_execute(cx, d, stmts[0].node, &tag);
}

/* temp_left - is the relation of the schema still there? */
static bool temp_left(CatalogFixture *f, const char *name)
{
    CatView v;
    const CatTable *t;
    cat_view_init(&v, f->catalog);
    Status st = cat_table_by_name(&f->cx, &v, "pg_temp_7", name, &t);
    assert_true(st == ST_OK || st == ST_NOTFOUND);
    cat_view_release_pins(&v);
    return st == ST_OK;
}

/* test_ddl_temporary - what sessions left of temporary objects, as after a crash, goes when the
 * server starts, and when another session takes the schema; the schema stays. */
static void test_ddl_temporary(void **state)
{
    CatalogFixture *f = *state;
    static const char *const NAMES[] = {"left_over", "left_over_a_seq", "left_over_pkey"};
    for (int way = 0; way < 2; way++) {
        assert_int_equal(
            ddl_temp_run(&f->cx, f->engine, f->catalog, DATABASE_FIRST, temp_fill, NULL), ST_OK);
        for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
            assert_true(temp_left(f, NAMES[i]));
        }
        if (way == 0) {
            assert_int_equal(ddl_temp_sweep(&f->cx, f->engine, f->catalog, DATABASE_FIRST), ST_OK);
            for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
                assert_false(temp_left(f, NAMES[i]));
            }
        }
    }
    /* The table is made again in the schema that is taken over: it was emptied before. */
    assert_int_equal(ddl_temp_run(&f->cx, f->engine, f->catalog, DATABASE_FIRST, temp_fill, NULL),
                     ST_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ddl_statements, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_ddl_temporary, catalog_setup, catalog_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
