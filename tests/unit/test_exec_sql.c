/*
 * test_exec_sql.c - statements from text to rows.
 *
 * Goal: parse, bind, plan and exec together give the rows, counts and errors that PostgreSQL gives.
 * Method: two tables made as DDL makes them; a list of statements, each with the text of its result
 * (columns by |, rows by ;) or its SQLSTATE; every statement runs in one transaction, each twice to
 * see that a state from the free list behaves like a new one where it reads only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/catalog_data.h"
#include "exec/exec.h"

typedef struct SqlFixture {
    Os *os;
    Engine *engine;
    Catalog *catalog;
    Err err;
    Arena arena;
    Cx cx;
    char dir[64], path[96];
} SqlFixture;

static void sql_must(SqlFixture *f, Status st, int line)
{
    if (st != ST_OK) {
        printf("line %d: status %d: %s\n", line, (int)st, f->err.message);
    }
    assert_int_equal(st, ST_OK);
}
#define MUST(expr) sql_must(f, (expr), __LINE__)

static int sql_setup(void **state)
{
    SqlFixture *f = mem_zalloc("test", sizeof(*f));
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

static int sql_teardown(void **state)
{
    SqlFixture *f = *state;
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

typedef struct SqlRow {
    Datum values[40];
    bool nulls[40];
} SqlRow;

static void set_oid(SqlRow *r, int column, Oid oid)
{
    r->values[column].u32 = oid;
    r->nulls[column] = false;
}

static void set_text(SqlRow *r, int column, const char *text)
{
    r->values[column].str = str_ref(text, strlen(text));
    r->nulls[column] = false;
}

static void set_bool(SqlRow *r, int column, bool b)
{
    r->values[column].b = b;
    r->nulls[column] = false;
}

static void set_i16(SqlRow *r, int column, int16_t n)
{
    r->values[column].i16 = n;
    r->nulls[column] = false;
}

static SqlRow empty_row(void)
{
    SqlRow r;
    memset(r.values, 0, sizeof(r.values));
    memset(r.nulls, 1, sizeof(r.nulls));
    return r;
}

static Status put_class(SqlFixture *f, CatView *v, Oid oid, const char *name, const char *kind,
                        TreeId tree)
{
    SqlRow r = empty_row();
    set_oid(&r, PG_CLASS_OID, oid);
    set_text(&r, PG_CLASS_RELNAME, name);
    set_oid(&r, PG_CLASS_RELNAMESPACE, NAMESPACE_PUBLIC);
    set_text(&r, PG_CLASS_RELKIND, kind);
    set_oid(&r, PG_CLASS_RELFILENODE, tree);
    return cat_row_insert(&f->cx, v, CAT_PG_CLASS, r.values, r.nulls);
}

static void put_column(SqlFixture *f, CatView *v, Oid rel, int16_t attnum, const char *name,
                       Oid type)
{
    SqlRow r = empty_row();
    set_oid(&r, PG_ATTRIBUTE_ATTRELID, rel);
    set_i16(&r, PG_ATTRIBUTE_ATTNUM, attnum);
    set_text(&r, PG_ATTRIBUTE_ATTNAME, name);
    set_oid(&r, PG_ATTRIBUTE_ATTTYPID, type);
    set_oid(&r, PG_ATTRIBUTE_ATTTYPMOD, UINT32_MAX);
    MUST(cat_row_insert(&f->cx, v, CAT_PG_ATTRIBUTE, r.values, r.nulls));
}

static void put_index(SqlFixture *f, CatView *v, Oid oid, Oid rel)
{
    SqlRow r = empty_row();
    set_oid(&r, PG_INDEX_INDEXRELID, oid);
    set_oid(&r, PG_INDEX_INDRELID, rel);
    set_i16(&r, PG_INDEX_INDNKEYATTS, 1);
    set_text(&r, PG_INDEX_INDKEY, "1");
    set_text(&r, PG_INDEX_INDCLASS, "1978");
    set_text(&r, PG_INDEX_INDOPTION, "0");
    set_bool(&r, PG_INDEX_INDISUNIQUE, true);
    set_bool(&r, PG_INDEX_INDISVALID, true);
    MUST(cat_row_insert(&f->cx, v, CAT_PG_INDEX, r.values, r.nulls));
}

/* make_table - (id int4 unique, name text) with a tree and an index tree. */
static void make_table(SqlFixture *f, CatView *v, Oid oid, const char *name)
{
    static const ColumnLayout COLUMNS[2] = {{.phys = PHYS_I32}, {.phys = PHYS_STR}};
    TreeId tree, index_tree;
    PageNo root;
    char index_name[64];
    MUST(table_create(&f->cx, f->engine, v->txn, COLUMNS, 2, &tree));
    MUST(index_create(&f->cx, f->engine, v->txn, &index_tree, &root));
    snprintf(index_name, sizeof(index_name), "%s_id_key", name);
    MUST(put_class(f, v, oid, name, "r", tree));
    MUST(put_class(f, v, oid + 1, index_name, "i", index_tree));
    put_column(f, v, oid, 1, "id", TYPE_INT4);
    put_column(f, v, oid, 2, "name", TYPE_TEXT);
    put_index(f, v, oid + 1, oid);
    cat_changed(v);
}

typedef struct SqlRun {
    SqlFixture *f;
    CatView view;
    TypeEnv env;
} SqlRun;

static void put_batch(SqlRun *r, const Plan *p, const Batch *b, Buf *out)
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

static Status execute(SqlRun *r, Plan *p, Buf *out)
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
        put_batch(r, p, b, out);
    }
    if (st == ST_DONE && !p->returns_rows) {
        buf_printf(out, "%llu", (unsigned long long)exec_affected(s));
    }
    exec_close(s);
    txn_snapshot_done(r->view.txn);
    return st == ST_DONE ? ST_OK : st;
}

static Status run_sql(SqlRun *r, const char *sql, Buf *out)
{
    Cx *cx = &r->f->cx;
    ParsedStmt *stmts;
    uint32_t count;
    Query *q;
    Plan *p;
    TRY(parse_sql(cx, &r->f->arena, slice_of(sql), &stmts, &count));
    BindCx b = {.view = &r->view, .arena = &r->f->arena, .sql = slice_of(sql), .env = &r->env};
    TRY(bind_statement(cx, &b, stmts[0].node, &q));
    TRY(plan_create(cx, &r->view, &r->env, q, NULL, NULL, &p));
    Status st = execute(r, p, out);
    if (st == ST_OK && p->read_only) {
        st = execute(r, p, out);
    }
    plan_unref(p);
    return st;
}

static const struct {
    const char *sql, *want;
} STEPS[] = {
#include "exec_sql_steps.h"
};

static void test_statements(void **state)
{
    SqlFixture *f = *state;
    static const Oid PATH[] = {NAMESPACE_PG_CATALOG, NAMESPACE_PUBLIC};
    SqlRun r = {.f = f, .env = {.extra_float_digits = 1}};
    Buf out;
    uint32_t bad = 0;
    buf_init(&out, 1 << 20);
    cat_view_init(&r.view, f->catalog, &f->arena);
    r.view.search_path = PATH;
    r.view.search_path_count = 2;
    r.view.creation_namespace = NAMESPACE_PUBLIC;
    MUST(txn_begin(&f->cx, f->engine->txns, ISO_READ_COMMITTED, &f->arena, &r.view.txn));
    make_table(f, &r.view, 20000, "t");
    make_table(f, &r.view, 20010, "u");
    for (uint32_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        char got[2048], state_text[6];
        SavePoint sp;
        txn_savepoint(r.view.txn, &sp);
        Status st = run_sql(&r, STEPS[i].sql, &out);
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
    buf_release(&out);
    txn_abort(&f->cx, r.view.txn);
    cat_view_release_pins(&r.view);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_statements, sql_setup, sql_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
