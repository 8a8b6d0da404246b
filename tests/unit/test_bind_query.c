/*
 * test_bind_query.c - statements to typed trees, over the built-in catalogs.
 *
 * Goal: names, overloads and coercions are resolved as PostgreSQL resolves them, and what it
 * refuses is refused with its SQLSTATE. Method: a catalog in memory; statements over pg_catalog's
 * relations and over no table; the result's types and names, or the error, are looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bind_fixture.h"

static Status bind_text(BindFixture *f, const char *sql, Query **q)
{
    ParsedStmt *stmts;
    uint32_t count;
    err_clear(&f->cx);
    f->params = (BindParams){0};
    BindCx b = {.view = &f->view,
                .arena = &f->arena,
                .sql = slice_of(sql),
                .env = &f->env,
                .params = &f->params,
                .no_locks = true};
    TRY(parse_sql(&f->cx, &f->arena, slice_of(sql), &stmts, &count));
    return bind_statement(&f->cx, &b, stmts[0].node, q);
}

typedef struct BindGood {
    const char *sql;
    Oid type;
    const char *name;
} BindGood;

static void bind_gives_types_and_names(void **state)
{
    static const BindGood CASES[] = {
        {"SELECT 1", TYPE_INT4, "?column?"},
        {"SELECT 3000000000", TYPE_INT8, "?column?"},
        {"SELECT 1.5", TYPE_NUMERIC, "?column?"},
        {"SELECT 1 + 1.5", TYPE_NUMERIC, "?column?"},
        {"SELECT 'x'", TYPE_TEXT, "?column?"},
        {"SELECT 1 + '2'", TYPE_INT4, "?column?"},
        {"SELECT '1'::int8", TYPE_INT8, "int8"},
        {"SELECT cast(1 as text) AS t", TYPE_TEXT, "t"},
        {"SELECT lower('A')", TYPE_TEXT, "lower"},
        {"SELECT 'a' || 'b'", TYPE_TEXT, "?column?"},
        {"SELECT 1 || 'b'", TYPE_TEXT, "?column?"},
        {"SELECT abs(-1.5)", TYPE_NUMERIC, "abs"},
        {"SELECT coalesce(1, 2.5)", TYPE_NUMERIC, "coalesce"},
        {"SELECT CASE WHEN true THEN 1 ELSE 2 END", TYPE_INT4, "case"},
        {"SELECT CASE 1 WHEN 2 THEN 'a' END", TYPE_TEXT, "case"},
        {"SELECT greatest(1, 2)", TYPE_INT4, "greatest"},
        {"SELECT nullif(1, 2)", TYPE_INT4, "nullif"},
        {"SELECT 1 IN (1, 2, 3)", TYPE_BOOL, "?column?"},
        {"SELECT 1 BETWEEN 0 AND 2", TYPE_BOOL, "?column?"},
        {"SELECT (1, 2) < (1, 3)", TYPE_BOOL, "?column?"},
        {"SELECT 'a' LIKE 'b'", TYPE_BOOL, "?column?"},
        {"SELECT NULL IS NULL", TYPE_BOOL, "?column?"},
        {"SELECT EXISTS (SELECT 1)", TYPE_BOOL, "exists"},
        {"SELECT (SELECT 7 AS seven)", TYPE_INT4, "seven"},
        {"SELECT 1 IN (SELECT 2)", TYPE_BOOL, "?column?"},
        {"SELECT count(*) FROM pg_class", TYPE_INT8, "count"},
        {"SELECT sum(oid::int8) FROM pg_class", TYPE_NUMERIC, "sum"},
        {"SELECT max(relname) FROM pg_class GROUP BY relkind HAVING count(*) > 1", TYPE_TEXT,
         "max"},
        {"SELECT relname FROM pg_class ORDER BY oid DESC LIMIT 3", TYPE_NAME, "relname"},
        {"SELECT c.oid FROM pg_class c JOIN pg_namespace n ON c.relnamespace = n.oid", TYPE_OID,
         "oid"},
        {"SELECT oid FROM pg_class LEFT JOIN pg_namespace USING (oid)", TYPE_OID, "oid"},
        {"SELECT * FROM generate_series(1, 3) AS g(i)", TYPE_INT4, "i"},
        {"SELECT g FROM generate_series(1, 3) g", TYPE_INT4, "g"},
        {"SELECT x FROM (SELECT 1 AS x) s", TYPE_INT4, "x"},
        {"WITH w AS (SELECT 1 AS x) SELECT x FROM w", TYPE_INT4, "x"},
        {"SELECT 1 UNION SELECT 2.5 ORDER BY 1", TYPE_NUMERIC, "?column?"},
        {"SELECT 'a' AS k UNION ALL SELECT NULL", TYPE_TEXT, "k"},
        {"VALUES (1, 'a'), (2, 'b')", TYPE_INT4, "column1"},
        {"SELECT DISTINCT relkind FROM pg_class ORDER BY relkind", TYPE_CHAR, "relkind"},
        {"SELECT substring('abc', 1, 2)", TYPE_TEXT, "substring"},
        {"SELECT current_user", TYPE_NAME, "current_user"},
        {"SELECT $1 + 1", TYPE_INT4, "?column?"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        Query *q;
        if (bind_text(*state, CASES[i].sql, &q) != ST_OK) {
            fail_msg("%s: %s", CASES[i].sql, ((BindFixture *)*state)->err.message);
        }
        if (q->targets[0].expr->type != CASES[i].type) {
            fail_msg("%s: type %u", CASES[i].sql, q->targets[0].expr->type);
        }
        assert_string_equal(q->targets[0].name, CASES[i].name);
    }
}

typedef struct BindBad {
    const char *sql;
    uint32_t state;
    int32_t position;
} BindBad;

static void bind_refuses(void **state)
{
    static const BindBad CASES[] = {
        {"SELECT nope", ERRCODE_UNDEFINED_COLUMN, 8},
        {"SELECT 1 FROM nope", ERRCODE_UNDEFINED_TABLE, 15},
        {"SELECT x.a", ERRCODE_UNDEFINED_TABLE, 8},
        {"SELECT oid FROM pg_class, pg_namespace", ERRCODE_AMBIGUOUS_COLUMN, 8},
        {"SELECT nofunc(1)", ERRCODE_UNDEFINED_FUNCTION, 8},
        {"SELECT 1 = true", ERRCODE_UNDEFINED_FUNCTION, 10},
        {"SELECT 'x'::int4", ERRCODE_INVALID_TEXT_REPRESENTATION, 8},
        {"SELECT 1 WHERE 1", ERRCODE_DATATYPE_MISMATCH, 16},
        {"SELECT 1 WHERE count(*) > 0", ERRCODE_GROUPING_ERROR, 16},
        {"SELECT relname, count(*) FROM pg_class", ERRCODE_GROUPING_ERROR, 8},
        {"SELECT sum(count(*)) FROM pg_class", ERRCODE_GROUPING_ERROR, 12},
        {"SELECT 1 ORDER BY 2", ERRCODE_INVALID_COLUMN_REFERENCE, 19},
        {"SELECT 1 UNION SELECT 1, 2", ERRCODE_SYNTAX_ERROR, 23},
        {"SELECT 1::nope", ERRCODE_UNDEFINED_OBJECT, 11},
        {"SELECT true::date", ERRCODE_CANNOT_COERCE, 12},
        {"SELECT $1 IS NULL OR $2 = 1 OR $4", ERRCODE_INDETERMINATE_DATATYPE, 0},
        {"SELECT row_number() OVER w", ERRCODE_UNDEFINED_OBJECT, 26},
        {"SELECT", ERRCODE_SYNTAX_ERROR, -1},
    };
    BindFixture *f = *state;
    for (size_t i = 0; i + 1 < ARRAY_LEN(CASES); i++) {
        Query *q;
        if (bind_text(f, CASES[i].sql, &q) != ST_ERROR) {
            fail_msg("accepted: %s", CASES[i].sql);
        }
        if (f->err.sqlstate != CASES[i].state || f->err.position != CASES[i].position) {
            fail_msg("%s: %s at %d", CASES[i].sql, f->err.message, f->err.position);
        }
    }
}

static void bind_keeps_literal_locations(void **state)
{
    Query *q;
    assert_int_equal(bind_text(*state, "SELECT oid FROM pg_class WHERE relname = 'abc'", &q),
                     ST_OK);
    const Expr *c = q->where->args[1];
    assert_int_equal(c->kind, EXPR_CONST);
    assert_int_equal(c->type, TYPE_NAME);
    assert_int_equal(c->location, 41);
}

static void shape_folds_and_cuts(void **state)
{
    BindFixture *f = *state;
    StmtShape a, b;
    assert_int_equal(
        parse_shape(&f->cx, &f->arena, SLICE_LIT("SELECT a FROM t WHERE b = 'x''y' AND c=12"), &a),
        ST_OK);
    assert_int_equal(parse_shape(&f->cx, &f->arena,
                                 SLICE_LIT("select A /* c */ from T where b='z' and c = 7;"), &b),
                     ST_OK);
    assert_true(slice_eq(a.key, b.key));
    assert_int_equal(a.literal_count, 2);
    assert_true(slice_eq(a.literals[0].text, SLICE_LIT("x'y")));
    assert_int_equal(a.literals[1].cls, LIT_INT4);
    assert_int_equal(parse_shape(&f->cx, &f->arena, SLICE_LIT("BEGIN"), &a), ST_NOTFOUND);
    assert_int_equal(parse_shape(&f->cx, &f->arena, SLICE_LIT("SELECT 1; SELECT 2"), &a),
                     ST_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bind_gives_types_and_names, bind_setup, bind_teardown),
        cmocka_unit_test_setup_teardown(bind_refuses, bind_setup, bind_teardown),
        cmocka_unit_test_setup_teardown(bind_keeps_literal_locations, bind_setup, bind_teardown),
        cmocka_unit_test_setup_teardown(shape_folds_and_cuts, bind_setup, bind_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
