/*
 * test_catalog_lookup.c - names and OIDs to objects over built-in and stored rows.
 *
 * Goal: look-ups follow the search path, users' tables come back as they were written, changes are
 * seen after cat_changed, scans unite built-in and stored rows. Method: a catalog in memory; rows
 * of one table with an index, a default and constraints are written as DDL would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/catalog_data.h"

typedef struct LookupFixture {
    Err err;
    Arena arena;
    Cx cx;
    Catalog *catalog;
    CatView view;
} LookupFixture;

static int lookup_setup(void **state)
{
    LookupFixture *f = mem_zalloc("test", sizeof(*f));
    arena_init(&f->arena, NULL, "test", 0);
    f->cx = (Cx){.err = &f->err, .arena = &f->arena};
    assert_int_equal(catalog_open_memory(&f->cx, &f->catalog), ST_OK);
    cat_view_init(&f->view, f->catalog);
    *state = f;
    return 0;
}

static int lookup_teardown(void **state)
{
    LookupFixture *f = *state;
    cat_view_release_pins(&f->view);
    catalog_close(f->catalog);
    arena_release(&f->arena);
    mem_free(f);
    return 0;
}

/* A row under construction: NULL everywhere until set. */
typedef struct LookupRow {
    Datum values[40];
    bool nulls[40];
} LookupRow;

static void row_clear(LookupRow *r)
{
    memset(r->values, 0, sizeof(r->values));
    memset(r->nulls, 1, sizeof(r->nulls));
}

static void row_oid(LookupRow *r, int column, Oid oid)
{
    r->values[column].u32 = oid;
    r->nulls[column] = false;
}

static void row_i16(LookupRow *r, int column, int16_t v)
{
    r->values[column].i16 = v;
    r->nulls[column] = false;
}

static void row_text(LookupRow *r, int column, const char *text)
{
    r->values[column].str = str_ref(text, strlen(text));
    r->nulls[column] = false;
}

static void row_char(LookupRow *r, int column, char c)
{
    if (cat_column_phys(TYPE_CHAR) == PHYS_STR) {
        r->values[column].str = str_ref(&c, c != 0);
    } else {
        r->values[column].b16[0] = (uint8_t)c;
    }
    r->nulls[column] = false;
}

static void lookup_insert(LookupFixture *f, Oid rel, LookupRow *r)
{
    assert_int_equal(cat_row_insert(&f->cx, &f->view, rel, r->values, r->nulls), ST_OK);
    row_clear(r);
}

static void insert_class(LookupFixture *f, Oid oid, const char *name, char kind)
{
    LookupRow r;
    row_clear(&r);
    row_oid(&r, PG_CLASS_OID, oid);
    row_text(&r, PG_CLASS_RELNAME, name);
    row_oid(&r, PG_CLASS_RELNAMESPACE, NAMESPACE_PUBLIC);
    row_oid(&r, PG_CLASS_RELOWNER, ROLE_BOOTSTRAP);
    row_char(&r, PG_CLASS_RELKIND, kind);
    row_char(&r, PG_CLASS_RELPERSISTENCE, 'p');
    row_oid(&r, PG_CLASS_RELFILENODE, 0);
    lookup_insert(f, CAT_PG_CLASS, &r);
}

static void lookup_insert_column(LookupFixture *f, Oid rel, int16_t attnum, const char *name,
                                 Oid type)
{
    LookupRow r;
    row_clear(&r);
    row_oid(&r, PG_ATTRIBUTE_ATTRELID, rel);
    row_i16(&r, PG_ATTRIBUTE_ATTNUM, attnum);
    row_text(&r, PG_ATTRIBUTE_ATTNAME, name);
    row_oid(&r, PG_ATTRIBUTE_ATTTYPID, type);
    r.values[PG_ATTRIBUTE_ATTTYPMOD].i32 = -1;
    r.nulls[PG_ATTRIBUTE_ATTTYPMOD] = false;
    r.values[PG_ATTRIBUTE_ATTNOTNULL].b = attnum == 1;
    r.nulls[PG_ATTRIBUTE_ATTNOTNULL] = false;
    lookup_insert(f, CAT_PG_ATTRIBUTE, &r);
}

static void insert_table(LookupFixture *f)
{
    LookupRow r;
    row_clear(&r);
    insert_class(f, 16385, "accounts", 'r');
    insert_class(f, 16386, "accounts_pkey", 'i');
    lookup_insert_column(f, 16385, 2, "name", TYPE_TEXT); /* out of order on purpose */
    lookup_insert_column(f, 16385, 1, "id", TYPE_INT4);
    row_oid(&r, PG_ATTRDEF_OID, 16390);
    row_oid(&r, PG_ATTRDEF_ADRELID, 16385);
    row_i16(&r, PG_ATTRDEF_ADNUM, 2);
    row_text(&r, PG_ATTRDEF_ADBIN, "'nobody'::text");
    lookup_insert(f, CAT_PG_ATTRDEF, &r);
    row_oid(&r, PG_INDEX_INDEXRELID, 16386);
    row_oid(&r, PG_INDEX_INDRELID, 16385);
    row_i16(&r, PG_INDEX_INDNKEYATTS, 1);
    row_text(&r, PG_INDEX_INDKEY, "1");
    row_text(&r, PG_INDEX_INDCLASS, "1978");
    row_text(&r, PG_INDEX_INDOPTION, "0");
    r.values[PG_INDEX_INDISUNIQUE].b = true;
    r.nulls[PG_INDEX_INDISUNIQUE] = false;
    lookup_insert(f, CAT_PG_INDEX, &r);
    row_oid(&r, PG_CONSTRAINT_OID, 16391);
    row_text(&r, PG_CONSTRAINT_CONNAME, "accounts_pkey");
    row_char(&r, PG_CONSTRAINT_CONTYPE, 'p');
    row_oid(&r, PG_CONSTRAINT_CONRELID, 16385);
    row_oid(&r, PG_CONSTRAINT_CONINDID, 16386);
    row_text(&r, PG_CONSTRAINT_CONKEY, "{1}");
    lookup_insert(f, CAT_PG_CONSTRAINT, &r);
    cat_changed(&f->view);
}

static void test_builtin_objects(void **state)
{
    LookupFixture *f = *state;
    CatView *v = &f->view;
    const CatType *t;
    assert_int_equal(cat_type_by_name(&f->cx, v, NULL, "int4", &t), ST_OK);
    assert_int_equal(t->oid, TYPE_INT4);
    assert_int_equal(t->phys, PHYS_I32);
    assert_int_equal(cat_type_by_name(&f->cx, v, "pg_catalog", "_text", &t), ST_OK);
    assert_int_equal(t->element, TYPE_TEXT);
    assert_int_equal(cat_type_by_name(&f->cx, v, NULL, "nosuch", &t), ST_NOTFOUND);

    const CatProc *const *procs;
    uint32_t n;
    assert_int_equal(cat_procs_by_name(&f->cx, v, NULL, "substring", &procs, &n), ST_OK);
    assert_int_equal(n, 8);
    assert_int_equal(cat_procs_by_name(&f->cx, v, "public", "substring", &procs, &n), ST_NOTFOUND);
    const CatProc *p = cat_proc(v, 1067); /* generate_series(int4, int4) */
    assert_true(p->returns_set && p->strict);
    p = cat_proc(v, 3464); /* make_interval: seven arguments with names and defaults */
    assert_int_equal(p->default_count, 7);
    assert_string_equal(p->arg_names[0], "years");
    assert_string_equal(p->defaults, "0, 0, 0, 0, 0, 0, 0.0");

    const CatOper *const *opers;
    assert_int_equal(cat_opers_by_name(&f->cx, v, NULL, "+", &opers, &n), ST_OK);
    assert_true(n > 30);
    const CatCast *cast = cat_cast(v, TYPE_INT4, TYPE_INT8);
    assert_int_equal(cast->context, 'i');
    assert_int_equal(cast->method, 'f');
    assert_null(cat_cast(v, TYPE_BOOL, TYPE_INT8));
}

static void test_orders(void **state)
{
    LookupFixture *f = *state;
    Oid lt, eq, gt;
    assert_true(cat_default_order(&f->view, TYPE_INT4, &lt, &eq, &gt));
    assert_int_equal(lt, 97);
    assert_int_equal(eq, 96);
    assert_int_equal(gt, 521);
    assert_true(cat_default_order(&f->view, TYPE_VARCHAR, &lt, &eq, &gt));
    assert_int_equal(eq, 98); /* text's */
    assert_false(cat_default_order(&f->view, TYPE_JSON, &lt, &eq, &gt));
    assert_int_equal(cat_oper_strategy(&f->view, 521), 5);
    assert_int_equal(cat_oper_strategy(&f->view, 98), 3);
    assert_int_equal(cat_oper_strategy(&f->view, 2314), 0); /* ~<~ of text_pattern_ops */
    assert_int_equal(cat_oper_strategy(&f->view, 15), 3);   /* int4 = int8 */
}

static void test_table(void **state)
{
    LookupFixture *f = *state;
    CatView *v = &f->view;
    const CatTable *t;
    assert_int_equal(cat_table_by_name(&f->cx, v, NULL, "accounts", &t), ST_NOTFOUND);
    insert_table(f);
    assert_int_equal(cat_table_by_name(&f->cx, v, NULL, "accounts", &t), ST_OK);
    assert_int_equal(t->oid, 16385);
    assert_string_equal(t->schema_name, "public");
    assert_int_equal(t->column_count, 2);
    assert_string_equal(t->columns[0].name, "id");
    assert_true(t->columns[0].not_null);
    assert_null(t->columns[0].default_sql);
    assert_string_equal(t->columns[1].default_sql, "'nobody'::text");
    assert_int_equal(t->index_count, 1);
    assert_string_equal(t->indexes[0].name, "accounts_pkey");
    assert_int_equal(t->indexes[0].columns[0], 1);
    assert_int_equal(t->indexes[0].opclasses[0], 1978);
    assert_int_equal(t->indexes[0].constraint, 16391);
    assert_int_equal(t->constraint_count, 1);
    assert_int_equal(t->constraints[0].columns[0], 1);
    const CatTable *again;
    assert_int_equal(cat_table_by_oid(&f->cx, v, 16385, &again), ST_OK);
    assert_ptr_equal(t, again);

    /* A pinned object stays as it was while the catalog changes. */
    const Datum *values;
    const bool *nulls;
    Datum key = {.u32 = 16385};
    assert_int_equal(cat_row_get(&f->cx, v, &f->arena, CAT_PG_CLASS, &key, 1, &values, &nulls),
                     ST_OK);
    Datum *changed = arena_memdup(&f->arena, values, PG_CLASS_COLUMN_COUNT * sizeof(Datum));
    changed[PG_CLASS_RELNAME].str = str_ref("ledger", 6);
    assert_int_equal(cat_row_update(&f->cx, v, CAT_PG_CLASS, changed, nulls), ST_OK);
    cat_changed(v);
    assert_string_equal(t->name, "accounts");
    assert_int_equal(cat_table_by_name(&f->cx, v, NULL, "accounts", &again), ST_NOTFOUND);
    assert_int_equal(cat_table_by_name(&f->cx, v, "public", "ledger", &again), ST_OK);
    assert_int_equal(cat_row_delete(&f->cx, v, CAT_PG_CLASS, &key, 1), ST_OK);
    assert_int_equal(cat_row_delete(&f->cx, v, CAT_PG_CLASS, &key, 1), ST_NOTFOUND);
    assert_int_equal(cat_row_delete(&f->cx, v, CAT_PG_ATTRIBUTE, &key, 1), ST_OK); /* both */
    cat_changed(v);
    assert_int_equal(cat_table_by_oid(&f->cx, v, 16385, &again), ST_NOTFOUND);
}

static void test_builtin_relations(void **state)
{
    LookupFixture *f = *state;
    const CatTable *t;
    assert_int_equal(cat_table_by_name(&f->cx, &f->view, NULL, "pg_class", &t), ST_OK);
    assert_true(t->builtin);
    assert_int_equal(t->column_count, PG_CLASS_COLUMN_COUNT);
    assert_string_equal(t->columns[PG_CLASS_RELNAME].name, "relname");
    assert_int_equal(cat_table_by_name(&f->cx, &f->view, NULL, "pg_tables", &t), ST_OK);
    assert_int_equal(t->kind, 'v');
    assert_non_null(strstr(t->view_sql, "FROM ((pg_class c"));
    assert_int_equal(cat_table_by_name(&f->cx, &f->view, "information_schema", "tables", &t),
                     ST_OK);
    assert_string_equal(t->schema_name, "information_schema");
    assert_int_equal(cat_table_by_name(&f->cx, &f->view, NULL, "tables", &t), ST_NOTFOUND);
}

static void check_reg(LookupFixture *f, Oid type, const char *text, Oid expected, const char *name)
{
    Oid oid = 1;
    Buf b;
    Slice s = {text, strlen(text)};
    assert_int_equal(cat_reg_find(&f->cx, &f->view, &f->arena, type, s, &oid), ST_OK);
    assert_int_equal(oid, expected);
    buf_init(&b, 1000);
    assert_int_equal(cat_reg_text(&f->view, type, oid, &b), name != NULL);
    if (name != NULL) {
        assert_int_equal(b.len, strlen(name));
        assert_memory_equal(b.data, name, b.len);
    }
    buf_release(&b);
}

/* An identity column's default is its sequence, found by the dependency. */
static void test_identity_default(void **state)
{
    LookupFixture *f = *state;
    LookupRow r;
    const CatTable *t;
    insert_class(f, 16400, "ids", 'r');
    row_clear(&r);
    row_oid(&r, PG_ATTRIBUTE_ATTRELID, 16400);
    row_i16(&r, PG_ATTRIBUTE_ATTNUM, 1);
    row_text(&r, PG_ATTRIBUTE_ATTNAME, "id");
    row_oid(&r, PG_ATTRIBUTE_ATTTYPID, TYPE_INT4);
    row_char(&r, PG_ATTRIBUTE_ATTIDENTITY, 'a');
    lookup_insert(f, CAT_PG_ATTRIBUTE, &r);
    row_oid(&r, PG_DEPEND_CLASSID, CAT_PG_CLASS);
    row_oid(&r, PG_DEPEND_OBJID, 16401);
    row_oid(&r, PG_DEPEND_OBJSUBID, 0);
    row_oid(&r, PG_DEPEND_REFCLASSID, CAT_PG_CLASS);
    row_oid(&r, PG_DEPEND_REFOBJID, 16400);
    row_oid(&r, PG_DEPEND_REFOBJSUBID, 1);
    row_char(&r, PG_DEPEND_DEPTYPE, 'i');
    lookup_insert(f, CAT_PG_DEPEND, &r);
    cat_changed(&f->view);
    assert_int_equal(cat_table_by_name(&f->cx, &f->view, NULL, "ids", &t), ST_OK);
    assert_int_equal(t->columns[0].identity_sequence, 16401);
    assert_null(t->columns[0].default_sql);
}

static void test_reg_names(void **state)
{
    LookupFixture *f = *state;
    Oid oid;
    insert_table(f);
    check_reg(f, TYPE_REGCLASS, "accounts", 16385, "accounts");
    check_reg(f, TYPE_REGCLASS, " Public.\"accounts\" ", 16385, "accounts");
    check_reg(f, TYPE_REGCLASS, "pg_class", CAT_PG_CLASS, "pg_class");
    const CatTable *tables;
    assert_int_equal(cat_table_by_name(&f->cx, &f->view, "information_schema", "tables", &tables),
                     ST_OK);
    check_reg(f, TYPE_REGCLASS, "information_schema.tables", tables->oid,
              "information_schema.tables");
    check_reg(f, TYPE_REGCLASS, "4000000000", 4000000000u, NULL);
    check_reg(f, TYPE_REGCLASS, "-", 0, NULL);
    check_reg(f, TYPE_REGTYPE, "character varying", TYPE_VARCHAR, "character varying");
    check_reg(f, TYPE_REGTYPE, "int4[]", 1007, "integer[]");
    check_reg(f, TYPE_REGPROC, "now", 1299, "now");
    check_reg(f, TYPE_REGNAMESPACE, "public", NAMESPACE_PUBLIC, "public");
    assert_int_equal(
        cat_reg_find(&f->cx, &f->view, &f->arena, TYPE_REGCLASS, SLICE_LIT("nosuch"), &oid),
        ST_ERROR);
    assert_string_equal(f->err.message, "relation \"nosuch\" does not exist");
    assert_int_equal(
        cat_reg_find(&f->cx, &f->view, &f->arena, TYPE_REGCLASS, SLICE_LIT("a..b"), &oid),
        ST_ERROR);
    assert_string_equal(f->err.message, "invalid name syntax");
}

static uint32_t lookup_count_rows(LookupFixture *f, Oid rel, const char *wanted,
                                  uint32_t *wanted_count)
{
    static const uint16_t COLUMNS[2] = {0, 1};
    const CatTable *t;
    assert_int_equal(cat_table_by_oid(&f->cx, &f->view, rel, &t), ST_OK);
    PhysType types[2] = {cat_column_phys(t->columns[0].type), cat_column_phys(t->columns[1].type)};
    Batch batch;
    CatScan *scan;
    uint32_t rows = 0;
    *wanted_count = 0;
    batch_init(&batch, types, 2, &f->arena);
    assert_int_equal(cat_scan_open(&f->cx, &f->view, &f->arena, rel, COLUMNS, 2, &scan), ST_OK);
    while (cat_scan_next(&f->cx, scan, 100, &batch) == ST_OK) {
        rows += batch.count;
        for (uint32_t r = 0; r < batch.count; r++) {
            Str s = vec_get(batch.cols[1], r).str;
            *wanted_count += s.len == strlen(wanted) && memcmp(str_ptr(&s), wanted, s.len) == 0;
        }
    }
    cat_scan_end(scan);
    return rows;
}

static void test_scan(void **state)
{
    LookupFixture *f = *state;
    uint32_t found;
    assert_int_equal(lookup_count_rows(f, CAT_PG_NAMESPACE, "public", &found),
                     CATALOG_PG_NAMESPACE_COUNT + 1);
    assert_int_equal(found, 1);
    assert_int_equal(lookup_count_rows(f, CAT_PG_DATABASE, "postgres", &found), 3);
    assert_int_equal(found, 1);
    assert_int_equal(lookup_count_rows(f, CAT_PG_CLASS, "accounts", &found),
                     CATALOG_PG_CLASS_COUNT);
    insert_table(f);
    assert_int_equal(lookup_count_rows(f, CAT_PG_CLASS, "accounts", &found),
                     CATALOG_PG_CLASS_COUNT + 2);
    assert_int_equal(found, 1);
    /* A stored row hides the built-in row of the same key. */
    const Datum *values;
    const bool *nulls;
    Datum key = {.u32 = TYPE_INT4};
    assert_int_equal(
        cat_row_get(&f->cx, &f->view, &f->arena, CAT_PG_TYPE, &key, 1, &values, &nulls), ST_OK);
    assert_int_equal(cat_row_update(&f->cx, &f->view, CAT_PG_TYPE, values, nulls), ST_OK);
    assert_int_equal(lookup_count_rows(f, CAT_PG_TYPE, "int4", &found), CATALOG_PG_TYPE_COUNT);
    assert_int_equal(found, 1);
}

static void test_search_path(void **state)
{
    LookupFixture *f = *state;
    const char *names[] = {"$user", "nosuch", "public", "information_schema"};
    Oid room[5];
    assert_int_equal(cat_set_search_path(&f->cx, &f->view, room, names, 4), ST_OK);
    assert_ptr_equal(f->view.search_path, room); /* nothing of the view grows with each call */
    assert_int_equal(f->view.search_path_count, 3);
    assert_int_equal(f->view.search_path[0], NAMESPACE_PG_CATALOG);
    assert_int_equal(f->view.creation_namespace, NAMESPACE_PUBLIC);
    const CatTable *t;
    assert_int_equal(cat_table_by_name(&f->cx, &f->view, NULL, "tables", &t), ST_OK);
    assert_string_equal(cat_namespace_name(&f->view, NAMESPACE_PUBLIC), "public");
}

static void check_format(LookupFixture *f, Oid type, int32_t typmod, const char *expected)
{
    Buf b;
    buf_init(&b, 1000);
    cat_format_type(&f->view, type, typmod, &b);
    buf_putc(&b, 0);
    assert_string_equal((const char *)b.data, expected);
    buf_release(&b);
}

/* Expected texts: SELECT format_type(...) on PostgreSQL 15. */
static void test_format_type(void **state)
{
    LookupFixture *f = *state;
    check_format(f, TYPE_INT4, -1, "integer");
    check_format(f, 1007, -1, "integer[]");
    check_format(f, TYPE_BPCHAR, -1, "bpchar");
    check_format(f, TYPE_BPCHAR, CAT_TYPMOD_NONE, "character");
    check_format(f, TYPE_VARCHAR, 14, "character varying(10)");
    check_format(f, TYPE_NUMERIC, 655366, "numeric(10,2)");
    check_format(f, TYPE_TIMESTAMPTZ, 3, "timestamp(3) with time zone");
    check_format(f, TYPE_TIMESTAMP, -1, "timestamp without time zone");
    check_format(f, TYPE_CHAR, -1, "\"char\"");
    check_format(f, TYPE_INT2VECTOR, -1, "int2vector");
    check_format(f, TYPE_NAME, -1, "name");
    check_format(f, 1, -1, "???");
    check_format(f, 0, -1, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_builtin_objects, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_orders, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_table, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_builtin_relations, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_identity_default, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_reg_names, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_scan, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_search_path, lookup_setup, lookup_teardown),
        cmocka_unit_test_setup_teardown(test_format_type, lookup_setup, lookup_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
