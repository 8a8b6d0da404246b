/*
 * test_catalog_data.c - the built-in catalog tables as the build made them.
 *
 * Goal: rows that drivers rely on are there, tables and indexes are in the order their readers
 * search by. Method: walk every generated table; compare neighbours; look up a few known rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog_data.h"

static const CatRel *find_table(const char *name)
{
    for (uint32_t i = 0; i < CATALOG_REL_COUNT; i++) {
        if (strcmp(catalog_rels[i].name, name) == 0) {
            return &catalog_rels[i];
        }
    }
    return NULL;
}

static void test_tables_are_sorted(void **state)
{
    (void)state;
    for (uint32_t i = 0; i + 1 < CATALOG_REL_COUNT; i++) {
        assert_true(catalog_rels[i].relid <= catalog_rels[i + 1].relid);
    }
    for (uint32_t i = 0; i < CATALOG_REL_COUNT; i++) {
        const CatRel *t = &catalog_rels[i];
        if (strcmp(t->columns[0].name, "oid") != 0) {
            continue;
        }
        const uint8_t *row = (const uint8_t *)t->rows + t->columns[0].offset;
        for (uint32_t r = 0; r + 1 < t->row_count; r++, row += t->row_bytes) {
            uint32_t a, b;
            memcpy(&a, row, 4);
            memcpy(&b, row + t->row_bytes, 4);
            assert_true(a < b);
        }
    }
}

static void test_indexes_are_sorted(void **state)
{
    (void)state;
    for (uint32_t i = 0; i + 1 < CATALOG_PG_PROC_COUNT; i++) {
        const PgProcRow *a = &catalog_pg_proc[catalog_pg_proc_by_proname[i]];
        const PgProcRow *b = &catalog_pg_proc[catalog_pg_proc_by_proname[i + 1]];
        assert_true(strcmp(catalog_str(a->proname), catalog_str(b->proname)) <= 0);
    }
    for (uint32_t i = 0; i + 1 < CATALOG_PG_CAST_COUNT; i++) {
        const PgCastRow *a = &catalog_pg_cast[catalog_pg_cast_by_castsource_casttarget[i]];
        const PgCastRow *b = &catalog_pg_cast[catalog_pg_cast_by_castsource_casttarget[i + 1]];
        assert_true(a->castsource < b->castsource ||
                    (a->castsource == b->castsource && a->casttarget < b->casttarget));
    }
}

static void test_known_rows(void **state)
{
    (void)state;
    assert_true(CATALOG_PG_PROC_COUNT > 3000);
    bool found = false;
    for (uint32_t i = 0; i < CATALOG_PG_TYPE_COUNT; i++) {
        const PgTypeRow *t = &catalog_pg_type[i];
        if (t->oid == 23) {
            found = true;
            assert_string_equal(catalog_str(t->typname), "int4");
            assert_int_equal(t->typlen, 4);
            assert_int_equal(t->typarray, 1007);
            assert_int_equal(t->typbyval, 1);
            assert_int_equal(t->typcategory, 'N');
            assert_null(catalog_str(t->typdefault));
        }
    }
    assert_true(found);
    /* substring(text, integer, integer) */
    for (uint32_t i = 0; i < CATALOG_PG_PROC_COUNT; i++) {
        if (catalog_pg_proc[i].oid == 936) {
            uint32_t n;
            const int32_t *args = catalog_vec(catalog_pg_proc[i].proargtypes, &n);
            assert_int_equal(n, 3);
            assert_int_equal(args[0], 25);
            assert_int_equal(args[1], 23);
            assert_int_equal(args[2], 23);
            assert_null(catalog_vec(catalog_pg_proc[i].proallargtypes, &n));
            assert_int_equal(n, 0);
        }
    }
}

static void test_bootstrap_rows(void **state)
{
    (void)state;
    const CatRel *t = find_table("pg_namespace");
    assert_non_null(t);
    assert_int_equal(t->relid, 2615);
    assert_int_equal(t->boot_count, 1);
    assert_string_equal(catalog_str(catalog_boot_pg_namespace[0].nspname), "public");
    assert_int_equal(catalog_boot_pg_namespace[0].oid, 2200);
    assert_int_equal(find_table("pg_database")->boot_count, 3);
    assert_string_equal(catalog_str(catalog_boot_pg_authid[0].rolname), "postgres");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_sorted),
        cmocka_unit_test(test_indexes_are_sorted),
        cmocka_unit_test(test_known_rows),
        cmocka_unit_test(test_bootstrap_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
