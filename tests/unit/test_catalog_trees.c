/*
 * test_catalog_trees.c - the catalog on an engine.
 *
 * Goal: what is written to catalogs is transactional, is found through PostgreSQL's indexes, is
 * there after the catalog was opened again, and other sessions see it exactly when it is committed.
 * Method: a new file; two views, each with its own transaction; rows of tables as DDL writes them;
 * a user table opened by the catalog is used through src/table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/catalog_data.h"
#include "catalog_fixture.h"

static void view_begin(CatalogFixture *f, CatView *v)
{
    cat_view_init(v, f->catalog);
    MUST(txn_begin(&f->cx, f->engine->txns, ISO_READ_COMMITTED, &f->arena, &v->txn));
}

static void view_commit(CatalogFixture *f, CatView *v)
{
    Lsn lsn;
    MUST(txn_commit(&f->cx, v->txn, &lsn));
    v->txn = NULL;
    cat_view_release_pins(v);
}

typedef struct TreesRow {
    Datum values[40];
    bool nulls[40];
} TreesRow;

static void set_oid(TreesRow *r, int column, Oid oid)
{
    r->values[column].u32 = oid;
    r->nulls[column] = false;
}

static void set_text(TreesRow *r, int column, const char *text)
{
    r->values[column].str = str_ref(text, strlen(text));
    r->nulls[column] = false;
}

static void set_bool(TreesRow *r, int column, bool b)
{
    r->values[column].b = b;
    r->nulls[column] = false;
}

static void set_i16(TreesRow *r, int column, int16_t n)
{
    r->values[column].i16 = n;
    r->nulls[column] = false;
}

static TreesRow empty_row(void)
{
    TreesRow r;
    memset(r.values, 0, sizeof(r.values));
    memset(r.nulls, 1, sizeof(r.nulls));
    return r;
}

static Status put_class(CatalogFixture *f, CatView *v, Oid oid, const char *name, const char *kind,
                        TreeId tree)
{
    TreesRow r = empty_row();
    set_oid(&r, PG_CLASS_OID, oid);
    set_text(&r, PG_CLASS_RELNAME, name);
    set_oid(&r, PG_CLASS_RELNAMESPACE, NAMESPACE_PUBLIC);
    set_text(&r, PG_CLASS_RELKIND, kind);
    set_oid(&r, PG_CLASS_RELFILENODE, tree);
    set_i16(&r, PG_CLASS_RELNATTS, kind[0] == 'r' ? 2 : 0);
    return cat_row_insert(&f->cx, v, CAT_PG_CLASS, r.values, r.nulls);
}

static void put_attribute(CatalogFixture *f, CatView *v, Oid rel, int16_t attnum, const char *name,
                          Oid type)
{
    TreesRow r = empty_row();
    set_oid(&r, PG_ATTRIBUTE_ATTRELID, rel);
    set_i16(&r, PG_ATTRIBUTE_ATTNUM, attnum);
    set_text(&r, PG_ATTRIBUTE_ATTNAME, name);
    set_oid(&r, PG_ATTRIBUTE_ATTTYPID, type);
    set_oid(&r, PG_ATTRIBUTE_ATTTYPMOD, UINT32_MAX);
    MUST(cat_row_insert(&f->cx, v, CAT_PG_ATTRIBUTE, r.values, r.nulls));
}

static void put_index(CatalogFixture *f, CatView *v, Oid oid, Oid rel)
{
    TreesRow r = empty_row();
    set_oid(&r, PG_INDEX_INDEXRELID, oid);
    set_oid(&r, PG_INDEX_INDRELID, rel);
    set_i16(&r, PG_INDEX_INDNKEYATTS, 1);
    set_text(&r, PG_INDEX_INDKEY, "1");
    set_text(&r, PG_INDEX_INDCLASS, "1978");
    set_text(&r, PG_INDEX_INDOPTION, "0");
    set_bool(&r, PG_INDEX_INDISUNIQUE, true);
    MUST(cat_row_insert(&f->cx, v, CAT_PG_INDEX, r.values, r.nulls));
}

/* make_table_of - (id int4 unique, name of a type as the catalog says, but stored as text) with a
 * tree and an index tree. */
static void make_table_of(CatalogFixture *f, CatView *v, Oid oid, const char *name, Oid type)
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
    put_attribute(f, v, oid, 1, "id", TYPE_INT4);
    put_attribute(f, v, oid, 2, "name", type);
    put_index(f, v, oid + 1, oid);
    cat_changed(v);
}

static void make_table(CatalogFixture *f, CatView *v, Oid oid, const char *name)
{
    make_table_of(f, v, oid, name, TYPE_TEXT);
}

static void insert_user_row(CatalogFixture *f, CatView *v, const CatTable *t, int32_t id)
{
    static const PhysType TYPES[2] = {PHYS_I32, PHYS_STR};
    Batch b;
    RowId rowid;
    batch_init(&b, TYPES, 2, &f->arena);
    batch_set_count(&b, 1);
    VEC_DATA(b.cols[0], int32_t)[0] = id;
    VEC_DATA(b.cols[1], Str)[0] = str_ref("a name", 6);
    MUST(table_insert(&f->cx, v->txn, t->storage, &(RowValues){&b, 0}, &rowid));
}

static void test_own_ddl_and_commit(void **state)
{
    CatalogFixture *f = *state;
    CatView a, b;
    const CatTable *t, *seen;
    view_begin(f, &a);
    view_begin(f, &b);
    assert_int_equal(cat_table_by_name(&f->cx, &b, NULL, "accounts", &seen), ST_NOTFOUND);
    uint64_t version = catalog_version(f->catalog);
    make_table(f, &a, 16385, "accounts");
    assert_true(a.has_own_ddl);
    MUST(cat_table_by_name(&f->cx, &a, NULL, "accounts", &t));
    assert_non_null(t->storage);
    assert_int_equal(t->storage->index_count, 1);
    assert_string_equal(t->storage->indexes[0].columns[0].name, "id");
    insert_user_row(f, &a, t, 7);
    assert_int_equal(cat_table_by_name(&f->cx, &b, NULL, "accounts", &seen), ST_NOTFOUND);
    assert_int_equal(catalog_version(f->catalog), version);
    view_commit(f, &a);
    assert_false(a.has_own_ddl);
    assert_true(catalog_version(f->catalog) > version);
    MUST(cat_table_by_name(&f->cx, &b, "public", "accounts", &seen));
    assert_int_equal(seen->column_count, 2);
    assert_string_equal(seen->columns[1].name, "name");
    insert_user_row(f, &b, seen, 8);
    view_commit(f, &b);
}

static void test_rollback(void **state)
{
    CatalogFixture *f = *state;
    CatView a;
    const CatTable *t;
    SavePoint sp;
    view_begin(f, &a);
    make_table(f, &a, 16385, "kept");
    MUST(txn_next_command(&f->cx, a.txn));
    txn_savepoint(a.txn, &sp);
    make_table(f, &a, 16395, "lost");
    MUST(cat_table_by_name(&f->cx, &a, NULL, "lost", &t));
    MUST(txn_rollback_to(&f->cx, a.txn, &sp));
    assert_true(a.has_own_ddl);
    assert_int_equal(cat_table_by_name(&f->cx, &a, NULL, "lost", &t), ST_NOTFOUND);
    MUST(cat_table_by_name(&f->cx, &a, NULL, "kept", &t));
    view_commit(f, &a);
    view_begin(f, &a);
    MUST(cat_table_by_name(&f->cx, &a, NULL, "kept", &t));
    assert_int_equal(cat_table_by_name(&f->cx, &a, NULL, "lost", &t), ST_NOTFOUND);
    make_table(f, &a, 16405, "gone");
    txn_abort(&f->cx, a.txn);
    a.txn = NULL;
    cat_view_release_pins(&a);
    assert_false(a.has_own_ddl);
    assert_int_equal(cat_table_by_name(&f->cx, &a, NULL, "gone", &t), ST_NOTFOUND);
    cat_view_release_pins(&a);
}

static void test_duplicate_name(void **state)
{
    CatalogFixture *f = *state;
    CatView a;
    view_begin(f, &a);
    make_table(f, &a, 16385, "twice");
    assert_int_equal(put_class(f, &a, 16399, "twice", "r", 0), ST_ERROR);
    assert_int_equal(f->err.sqlstate, ERRCODE_UNIQUE_VIOLATION);
    assert_non_null(strstr(f->err.message, "\"pg_class_relname_nsp_index\""));
    err_clear(&f->cx);
    txn_abort(&f->cx, a.txn);
    cat_view_release_pins(&a);
}

static void test_rename_and_drop(void **state)
{
    CatalogFixture *f = *state;
    CatView a;
    const CatTable *t;
    const Datum *values;
    const bool *nulls;
    Datum key = {.u32 = 16385};
    view_begin(f, &a);
    make_table(f, &a, 16385, "before");
    /* In the same command: our own rows are seen and can be changed. */
    MUST(cat_row_get(&f->cx, &a, &f->arena, CAT_PG_CLASS, &key, 1, &values, &nulls));
    Datum *changed = arena_memdup(&f->arena, values, PG_CLASS_COLUMN_COUNT * sizeof(Datum));
    changed[PG_CLASS_RELNAME].str = str_ref("a much longer name", 18);
    MUST(cat_row_update(&f->cx, &a, CAT_PG_CLASS, changed, nulls));
    cat_changed(&a);
    assert_int_equal(cat_table_by_name(&f->cx, &a, NULL, "before", &t), ST_NOTFOUND);
    MUST(cat_table_by_name(&f->cx, &a, NULL, "a much longer name", &t));
    view_commit(f, &a);
    view_begin(f, &a);
    MUST(cat_table_by_name(&f->cx, &a, NULL, "a much longer name", &t));
    MUST(cat_row_delete(&f->cx, &a, CAT_PG_CLASS, &key, 1));
    MUST(cat_row_delete(&f->cx, &a, CAT_PG_ATTRIBUTE, &key, 1));
    cat_changed(&a);
    assert_int_equal(cat_table_by_oid(&f->cx, &a, 16385, &t), ST_NOTFOUND);
    view_commit(f, &a);
    view_begin(f, &a);
    assert_int_equal(cat_table_by_oid(&f->cx, &a, 16385, &t), ST_NOTFOUND);
    assert_int_equal(cat_row_delete(&f->cx, &a, CAT_PG_ATTRIBUTE, &key, 1), ST_NOTFOUND);
    view_commit(f, &a);
}

static void test_open_again(void **state)
{
    CatalogFixture *f = *state;
    CatView a;
    const CatTable *t;
    Oid oid;
    for (Oid i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof(name), "table_%u", i);
        view_begin(f, &a);
        make_table(f, &a, 16385 + 10 * i, name);
        view_commit(f, &a);
    }
    MUST(catalog_set_password(&f->cx, f->catalog, &f->arena, "postgres", "SCRAM-SHA-256$x"));
    assert_int_equal(catalog_set_password(&f->cx, f->catalog, &f->arena, "nobody", NULL), ST_ERROR);
    assert_int_equal(f->err.sqlstate, ERRCODE_UNDEFINED_OBJECT);
    err_clear(&f->cx);
    catalog_close(f->catalog);
    f->engine->created = false;
    MUST(catalog_open(&f->cx, f->engine, &f->catalog));
    view_begin(f, &a);
    MUST(cat_namespace(&f->cx, &a, "public", &oid));
    assert_int_equal(oid, NAMESPACE_PUBLIC);
    MUST(cat_table_by_name(&f->cx, &a, NULL, "table_49", &t));
    assert_int_equal(t->oid, 16385 + 490);
    insert_user_row(f, &a, t, 1);
    const Datum *values;
    const bool *nulls;
    Datum key = {.u32 = ROLE_BOOTSTRAP};
    MUST(cat_row_get(&f->cx, &a, &f->arena, CAT_PG_AUTHID, &key, 1, &values, &nulls));
    assert_int_equal(values[PG_AUTHID_ROLPASSWORD].str.len, 15);
    view_commit(f, &a);
}

static uint32_t scan_count(CatalogFixture *f, CatView *v, Oid rel)
{
    static const uint16_t COLUMN = 0;
    static const PhysType TYPE = PHYS_I32;
    CatScan *scan;
    Batch b;
    uint32_t rows = 0;
    batch_init(&b, &TYPE, 1, &f->arena);
    MUST(cat_scan_open(&f->cx, v, &f->arena, rel, &COLUMN, 1, &scan));
    while (cat_scan_next(&f->cx, scan, 1000, &b) == ST_OK) {
        rows += b.sel.count;
    }
    cat_scan_end(scan);
    return rows;
}

static void test_scan_and_databases(void **state)
{
    CatalogFixture *f = *state;
    CatView a;
    const CatTable *t;
    view_begin(f, &a);
    make_table(f, &a, 16385, "here");
    assert_int_equal(scan_count(f, &a, CAT_PG_CLASS), CATALOG_PG_CLASS_COUNT + 2);
    assert_int_equal(scan_count(f, &a, CAT_PG_DATABASE), 3);
    /* Another database has its own catalogs; roles and databases are shared. */
    a.database = 1;
    cat_changed(&a);
    assert_int_equal(cat_table_by_name(&f->cx, &a, NULL, "here", &t), ST_NOTFOUND);
    assert_int_equal(scan_count(f, &a, CAT_PG_CLASS), CATALOG_PG_CLASS_COUNT);
    assert_int_equal(scan_count(f, &a, CAT_PG_DATABASE), 3);
    view_commit(f, &a);
}

static uint64_t verify_catalogs(CatalogFixture *f, bool reclaim, uint64_t *lost, Buf *report)
{
    uint64_t errors = 0;
    buf_clear(report);
    MUST(catalog_verify(&f->cx, f->catalog, report, &errors, reclaim, lost));
    buf_putc(report, '\0');
    return errors;
}

/* test_verify - each kind of contradiction between catalog rows and trees is told, once. */
static void test_verify(void **state)
{
    static const char *const FINDINGS[] = {
        "relation 16500: its tree 9999 is not in the file\n",
        "relation 16501: its tree", /* that of accounts */
        "relation 16502: of kind \"S\", but its tree",
        "relation 16503: of kind \"r\" with tree 0\n",
        "relation 16504: an index without its row in pg_index\n",
        "relation 16505: has an index 16506 in pg_index, but no row in pg_class\n",
        "relation 16395: column \"name\" is of another type than its values are stored as\n",
    };
    CatalogFixture *f = *state;
    CatView a;
    const CatTable *t;
    TreeEntry entry;
    Buf report;
    uint64_t lost = 77;
    buf_init(&report, 1 << 20);
    view_begin(f, &a);
    make_table(f, &a, 16385, "accounts");
    MUST(cat_table_by_name(&f->cx, &a, NULL, "accounts", &t));
    insert_user_row(f, &a, t, 7);
    TreeId tree = t->storage->tree, index = t->storage->indexes[0].tree;
    view_commit(f, &a);
    assert_int_equal(verify_catalogs(f, false, &lost, &report), 0);
    assert_int_equal(lost, 0);
    MUST(tree_create(&f->cx, f->engine->store, TREE_TABLE, &entry)); /* and no more of it */
    assert_int_equal(verify_catalogs(f, false, &lost, &report), 0);
    assert_int_equal(lost, 1);
    assert_int_equal(verify_catalogs(f, true, &lost, &report), 0);
    assert_int_equal(tree_get(&f->cx, f->engine->store, entry.tree, &entry), ST_NOTFOUND);
    assert_int_equal(verify_catalogs(f, false, &lost, &report), 0);
    assert_int_equal(lost, 0);
    view_begin(f, &a);
    MUST(put_class(f, &a, 16500, "gone", "i", 9999));
    MUST(put_class(f, &a, 16501, "twice", "i", index));
    MUST(put_class(f, &a, 16502, "wrong_kind", "S", tree));
    MUST(put_class(f, &a, 16503, "no_tree", "r", 0));
    MUST(put_class(f, &a, 16504, "no_index_row", "i", 0));
    put_index(f, &a, 16506, 16505);
    make_table_of(f, &a, 16395, "other", TYPE_INT4);
    view_commit(f, &a);
    assert_true(verify_catalogs(f, true, &lost, &report) >= ARRAY_LEN(FINDINGS));
    for (size_t i = 0; i < ARRAY_LEN(FINDINGS); i++) {
        if (strstr((const char *)report.data, FINDINGS[i]) == NULL) {
            printf("not found: %sin:\n%s", FINDINGS[i], (const char *)report.data);
            fail();
        }
    }
    buf_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_ddl_and_commit, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_rollback, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_duplicate_name, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_rename_and_drop, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_open_again, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_verify, catalog_setup, catalog_teardown),
        cmocka_unit_test_setup_teardown(test_scan_and_databases, catalog_setup, catalog_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
