/*
 * test_plan_statistics.c - what the planner makes of ANALYZE's statistics.
 *
 * Goal: on skewed data the estimated rows are near the real ones, the access path follows how many
 * rows a value has, and joins begin at the selective side. Method: tables of known content; the
 * estimate of each condition beside the count it really has; words of the plan's text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "plan/plan_nodes.h"
#include "steps_fixture.h"

static void must_sql(StepsRun *r, const char *sql, Buf *out)
{
    CatalogFixture *f = r->f;
    MUST(steps_run_sql(r, sql, out));
}

static Plan *plan_of(StepsRun *r, const char *sql)
{
    CatalogFixture *f = r->f;
    Cx *cx = &f->cx;
    ParsedStmt *stmts;
    uint32_t count;
    Query *q;
    Plan *p;
    MUST(parse_sql(cx, &r->f->arena, slice_of(sql), &stmts, &count));
    BindCx b = {.view = &r->view, .arena = &r->f->arena, .sql = slice_of(sql), .env = &r->env};
    MUST(bind_statement(cx, &b, stmts[0].node, &q));
    MUST(plan_create(cx, &r->view, &r->env, q, NULL, NULL, &p));
    return p;
}

static void make_tables(StepsRun *r)
{
    static const char *const SQL[] = {
        "create table ev (id int primary key, kind int, ts timestamp, usr int, note text, flag "
        "bool)",
        "insert into ev select g, case when g % 100 < 90 then 1 when g % 100 < 99 then g % 50 "
        "else null end, timestamp '2020-01-01' + g * interval '1 minute', g * 7919 % 1009, "
        "'note ' || (g % 1000), g % 20 = 0 from generate_series(1, 20000) g",
        "create index ev_kind on ev (kind)",
        "create index ev_ts on ev (ts)",
        "create index ev_usr on ev (usr)",
        "create table us (id int primary key, grp int, name text)",
        "insert into us select g, case when g % 100 = 0 then 1 else 2 end, 'u' || g "
        "from generate_series(1, 1009) g",
        "create index us_grp on us (grp)",
    };
    CatalogFixture *f = r->f;
    Buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(SQL); i++) {
        must_sql(r, SQL[i], &out);
    }
    DdlCx d = {.view = &r->view, .engine = r->f->engine, .arena = &r->f->arena, .env = &r->env};
    MUST(txn_next_command(&r->f->cx, r->view.txn));
    MUST(ddl_analyze(&r->f->cx, &d, NULL));
    MUST(txn_next_command(&r->f->cx, r->view.txn));
    buf_release(&out);
}

/* check_rows - the estimate is within a factor of 2 and 20 rows of the real number. */
static void check_rows(StepsRun *r, const char *from)
{
    char sql[512];
    Buf out;
    buf_init(&out, 1 << 20);
    snprintf(sql, sizeof(sql), "select count(*) from (select %s) x", from);
    must_sql(r, sql, &out);
    buf_putc(&out, '\0');
    double real = strtod((const char *)out.data, NULL);
    snprintf(sql, sizeof(sql), "select %s", from);
    Plan *p = plan_of(r, sql);
    double rows = p->root->rows;
    if (rows > real * 2 + 20 || rows < real / 2 - 20) {
        fail_msg("%s: %.0f rows, estimated %.0f", from, real, rows);
    }
    plan_unref(p);
    buf_release(&out);
}

static void test_statistics_rows(void **state)
{
    static const char *const CONDITIONS[] = {
        "* from ev where kind = 1",
        "* from ev where kind = 17",
        "* from ev where kind = 45",
        "* from ev where kind <> 1",
        "* from ev where kind is null",
        "* from ev where kind is not null",
        "* from ev where kind in (41, 45)",
        "* from ev where kind not in (1, 45)",
        "* from ev where kind = null",
        "* from ev where ts < '2020-01-02'",
        "* from ev where ts >= '2020-01-14 12:00'",
        "* from ev where ts > '2021-01-01'",
        "* from ev where ts between '2020-01-02' and '2020-01-03'",
        "* from ev where '2020-01-03' > ts and ts > '2020-01-02'",
        "* from ev where id > 19000 and kind = 1",
        "* from ev where usr = 500",
        "* from ev where usr < 100",
        "* from ev where note like 'note 1%'",
        "* from ev where note like 'note 999'",
        "* from ev where note like 'nothing%'",
        "* from ev where flag",
        "* from ev where not flag",
        "* from ev where flag or kind = 45",
        "* from ev, us where us.id = ev.usr",
        "* from ev, us where us.id = ev.usr and kind = 45",
        "* from ev, us where us.id = ev.usr and grp = 1",
        "* from us where exists (select 1 from ev where ev.usr = us.id)",
        "kind, count(*) from ev group by kind",
        "usr, count(*) from ev group by usr",
        "usr, count(*) from ev where kind = 45 group by usr",
        "distinct usr from ev",
    };
    StepsRun r;
    steps_begin(&r, *state);
    make_tables(&r);
    for (size_t i = 0; i < ARRAY_LEN(CONDITIONS); i++) {
        check_rows(&r, CONDITIONS[i]);
    }
    steps_end(&r);
}

static void check_text(StepsRun *r, const char *sql, const char *wanted, bool there)
{
    Buf out;
    ExplainOptions o = {.costs = true};
    Plan *p = plan_of(r, sql);
    buf_init(&out, 1 << 20);
    plan_explain(p, &o, NULL, &out);
    buf_putc(&out, '\0');
    if ((strstr((const char *)out.data, wanted) != NULL) != there) {
        fail_msg("%s: %s \"%s\" in\n%s", sql, there ? "no" : "there is", wanted,
                 (const char *)out.data);
    }
    plan_unref(p);
    buf_release(&out);
}

static void test_statistics_paths(void **state)
{
    StepsRun r;
    steps_begin(&r, *state);
    make_tables(&r);
    /* The common value is scanned for, the rare one looked up. */
    check_text(&r, "select * from ev where kind = 1", "Index Scan", false);
    check_text(&r, "select * from ev where kind = 45", "Index Scan using ev_kind", true);
    check_text(&r, "select * from ev where ts < '2020-01-01 06:00'", "Index Scan using ev_ts",
               true);
    check_text(&r, "select * from ev where ts > '2020-01-02'", "Index Scan", false);
    /* Of two indexes the one whose condition keeps fewer rows. */
    check_text(&r, "select * from ev where kind = 1 and usr = 5", "Index Scan using ev_usr", true);
    /* The join begins at the ten users of the rare group. */
    check_text(&r, "select count(*) from ev, us where us.id = ev.usr and grp = 1",
               "Index Scan using us_grp", true);
    check_text(&r, "select count(*) from ev, us where us.id = ev.usr and grp = 1",
               "Index Scan using ev_usr", true);
    check_text(&r, "select count(*) from ev, us where us.id = ev.usr and grp = 2", "Index Scan",
               false);
    steps_end(&r);
}

/* Conditions on a query in FROM reach its tables' indexes, but for those that must wait for its
 * rows. */
static void test_conditions_inside(void **state)
{
    StepsRun r;
    steps_begin(&r, *state);
    Buf out;
    buf_init(&out, 1 << 16);
    make_tables(&r);
    must_sql(&r, "create view ev_view as select id, usr * 2 as twice, kind from ev where flag",
             &out);
    buf_release(&out);
    check_text(&r, "select * from ev_view where id = 7", "Index Scan using ev_pkey", true);
    check_text(&r, "select * from ev_view where kind = 45 and twice > 3",
               "Index Scan using ev_kind", true);
    check_text(&r, "select * from (select usr, count(*) as n from ev group by usr) g where usr = 5",
               "Index Scan using ev_usr", true);
    check_text(&r, "select * from (select usr, count(*) as n from ev group by usr) g where n = 5",
               "Index Scan", false);
    check_text(&r, "select * from (select * from ev limit 10) l where id = 7", "Index Scan", false);
    steps_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_statistics_rows, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_statistics_paths, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_conditions_inside, catalog_setup, catalog_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
