/*
 * test_bind_stored.c - bound trees as the catalogs keep them.
 *
 * Goal: a stored query or expression read back is the tree that was written, whatever the search
 * path says by then, and damaged text is an error, never a crash. Method: statements over
 * pg_catalog's relations are bound, written, read and written again, and both texts must be equal;
 * then every byte of one text is cut off or changed and the rest is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bind_fixture.h"

static BindCx stored_bind_cx(BindFixture *f, const char *sql)
{
    return (BindCx){.view = &f->view,
                    .arena = &f->arena,
                    .sql = slice_of(sql),
                    .env = &f->env,
                    .no_locks = true};
}

/* stored_text - the stored form of a statement. */
static const char *stored_text(BindFixture *f, const char *sql)
{
    ParsedStmt *stmts;
    uint32_t count;
    Query *q;
    const char *text;
    BindCx b = stored_bind_cx(f, sql);
    assert_int_equal(parse_sql(&f->cx, &f->arena, b.sql, &stmts, &count), ST_OK);
    assert_int_equal(bind_statement(&f->cx, &b, stmts[0].node, &q), ST_OK);
    assert_int_equal(bind_store_query(&f->cx, &f->arena, q, &text), ST_OK);
    return text;
}

static Status stored_load(BindFixture *f, const char *text, Query **out)
{
    BindCx b = stored_bind_cx(f, "");
    CatTable view = {.name = "v", .kind = 'v', .view_sql = text};
    return bind_load_view(&f->cx, &b, &view, out);
}

static const char *const STORED_QUERIES[] = {
    "SELECT 1, 'x', NULL, 1.50, date '2024-02-29', '\\x00ff'::bytea, -5::int8, true",
    "SELECT relname, relkind FROM pg_class c WHERE c.oid < 100 AND NOT relhasindex OR relname LIKE "
    "'p%'",
    "SELECT * FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid LEFT JOIN pg_type t ON "
    "t.typrelid = c.oid",
    "SELECT relkind, count(*) FILTER (WHERE oid > 5), string_agg(relname::text, ',' ORDER BY "
    "relname DESC) "
    "FROM pg_class GROUP BY relkind HAVING count(DISTINCT oid) > 1 ORDER BY 2 DESC NULLS LAST "
    "LIMIT 3 "
    "OFFSET 1",
    "SELECT (SELECT max(oid) FROM pg_type), oid IN (SELECT relnamespace FROM pg_class), EXISTS "
    "(SELECT 1 "
    "FROM pg_type t WHERE t.typnamespace = n.oid) FROM pg_namespace n",
    "SELECT (SELECT count(*) FROM pg_type) AS k FROM pg_class GROUP BY (SELECT count(*) FROM "
    "pg_type)",
    "WITH RECURSIVE r(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM r WHERE k < 4), s AS "
    "MATERIALIZED "
    "(SELECT k * 2 AS d FROM r) SELECT r.k, s.d FROM r, s WHERE s.d = r.k",
    "SELECT oid FROM pg_class UNION (SELECT oid FROM pg_type EXCEPT SELECT 5) ORDER BY 1",
    "SELECT DISTINCT ON (relkind) relkind, oid FROM pg_class ORDER BY relkind, oid",
    "SELECT x, CASE x WHEN 1 THEN 'a' ELSE y END, coalesce(y, 'n'), nullif(x, 2), greatest(x, 3) "
    "FROM "
    "(VALUES (1, 'a'), (2, NULL)) t(x, y) WHERE x IS NOT NULL AND y IS DISTINCT FROM 'q' AND x IN "
    "(1, 2)",
    "SELECT g, now(), current_date FROM generate_series(1, 3) WITH ORDINALITY AS g(g, o), LATERAL "
    "(SELECT g "
    "* 2) l",
    "SELECT oid, row_number() OVER w, sum(oid::int8) FILTER (WHERE oid > 5) OVER (PARTITION BY "
    "relkind "
    "ORDER BY oid ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM pg_class WINDOW w AS (ORDER BY "
    "relname "
    "DESC)",
    "SELECT ARRAY[1, 2], ARRAY['a', relname], (ARRAY[1, 2])[1], oid = ANY (ARRAY[1, 2]::oid[]), "
    "tableoid "
    "FROM pg_class",
    "SELECT * FROM pg_tables WHERE 'pg_class'::regclass = 1259",
};

static void written_and_read_is_the_same(void **state)
{
    BindFixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(STORED_QUERIES); i++) {
        const char *text = stored_text(f, STORED_QUERIES[i]), *again;
        Query *q;
        assert_int_equal(stored_load(f, text, &q), ST_OK);
        assert_int_equal(bind_store_query(&f->cx, &f->arena, q, &again), ST_OK);
        assert_string_equal(text, again);
    }
}

static void the_search_path_does_not_matter(void **state)
{
    BindFixture *f = *state;
    const char *const nowhere[] = {"information_schema", "pg_catalog"};
    Oid room[3];
    Query *q;
    const char *text = stored_text(f, "SELECT count(*) FROM pg_class"), *again;
    assert_int_equal(cat_set_search_path(&f->cx, &f->view, room, nowhere, 2), ST_OK);
    assert_int_equal(stored_load(f, text, &q), ST_OK);
    assert_int_equal(q->rtes[0]->table->oid, CAT_PG_CLASS);
    assert_int_equal(bind_store_query(&f->cx, &f->arena, q, &again), ST_OK);
    assert_string_equal(text, again);
}

static void damaged_text_is_an_error(void **state)
{
    BindFixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(STORED_QUERIES); i++) {
        const char *text = stored_text(f, STORED_QUERIES[i]);
        size_t n = strlen(text);
        for (size_t at = 3; at < n; at += 3) {
            ArenaMark mark = arena_mark(&f->arena);
            Query *q;
            char *bad = arena_strndup(&f->arena, text, at);
            err_clear(&f->cx);
            assert_int_not_equal(stored_load(f, bad, &q), ST_OK);
            bad = arena_strdup(&f->arena, text);
            bad[at] = (char)(bad[at] == '9' ? '-' : '9');
            err_clear(&f->cx);
            st_ignore(stored_load(f, bad, &q)); /* another tree, or an error */
            cat_view_release_pins(&f->view);
            arena_rewind(&f->arena, mark);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_and_read_is_the_same, bind_setup, bind_teardown),
        cmocka_unit_test_setup_teardown(the_search_path_does_not_matter, bind_setup, bind_teardown),
        cmocka_unit_test_setup_teardown(damaged_text_is_an_error, bind_setup, bind_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
