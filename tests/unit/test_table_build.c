/*
 * test_table_build.c - CREATE INDEX in bounded memory
 *
 * Goal: an index built through runs in a temporary file is the one built in memory: every row once,
 * in order; duplicates are found across runs, NULLs are none; an error gives every page back and
 * leaves no file. Method: rows in random order, a memory budget far below their keys, then the
 * table against the index, and the space map.
 */
#include "table_fixture.h"

#define ROWS 20000

static void build_rows(Fixture *f, int n, int nulls)
{
    uint64_t seed = 7;
    Txn *w = fixture_begin(f);
    for (int i = 0; i < n; i++) {
        ArenaMark mark = arena_mark(&f->s.arena);
        char text[64];
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        (void)snprintf(text, sizeof(text), "%llx-%d", (unsigned long long)(seed >> 40), i % 50);
        /* a: all different, in no order */
        int32_t a = (int32_t)((uint32_t)i * 2654435761u);
        (void)insert(f, &f->s, w, (FixtureRow){a, i, i < nulls ? NULL : text});
        arena_rewind(&f->s.arena, mark);
    }
    fixture_commit(f, &f->s, w);
}

/* build_index_number - make index i over the rows there are. */
static Status build_index_number(Fixture *f, Txn *w, int i)
{
    must(&f->s, index_create(&f->s.cx, f->e, w, &f->ix[i].tree, &f->ix[i].root));
    return index_build(&f->s.cx, w, f->t, &f->ix[i]);
}

static void no_leak(Fixture *f)
{
    Buf report;
    uint64_t errors = 0, leaked = 0;
    char cmd[160];
    buf_init(&report, 1 << 20);
    must(&f->s, engine_settle(&f->s.cx, f->e));
    must(&f->s, engine_check_space(&f->s.cx, f->e, false, &report, &errors, &leaked));
    assert_int_equal(errors, 0);
    assert_int_equal(leaked, 0);
    buf_release(&report);
    (void)snprintf(cmd, sizeof(cmd), "ls %s | grep -q sort", f->dir);
    assert_int_not_equal(system(cmd), 0);
}

static void build_by_runs(void **state)
{
    (void)state;
    for (size_t memory = 64 << 10; memory <= (size_t)64 << 20; memory *= 32) {
        Fixture f;
        fixture_start(&f, 0);
        f.e->options.build_bytes = memory;
        build_rows(&f, ROWS, 100);
        Txn *w = fixture_begin(&f);
        must(&f.s, build_index_number(&f, w, 0));
        must(&f.s, build_index_number(&f, w, 1));
        fixture_commit(&f, &f.s, w);
        fixture_open_table(&f, 2);
        verify(&f, &f.s);
        assert_int_equal(find_now(&f, &f.s, NULL, (int32_t)(4711u * 2654435761u)), 4711);
        no_leak(&f);
        fixture_end(&f);
    }
}

static void build_duplicate_key(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 0);
    f.e->options.build_bytes = 64 << 10;
    build_rows(&f, ROWS, ROWS); /* c is NULL everywhere */
    f.ix[1].unique = true;
    Txn *w = fixture_begin(&f);
    must(&f.s, build_index_number(&f, w, 1)); /* NULLs are no duplicates */
    f.ix[1].unique = false;
    (void)insert(&f, &f.s, w, (FixtureRow){(int32_t)(100u * 2654435761u), 1, "twice"});
    must(&f.s, txn_next_command(&f.s.cx, w));
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    assert_int_equal(build_index_number(&f, w, 0), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_UNIQUE_VIOLATION);
    assert_string_equal(f.s.err.message, "could not create unique index \"t_a_key\"");
    char want[80];
    (void)snprintf(want, sizeof(want), "Key (a)=(%d) is duplicated.",
                   (int32_t)(100u * 2654435761u));
    assert_string_equal(f.s.err.detail, want);
    err_clear(&f.s.cx);
    txn_abort(&f.s.cx, w);
    no_leak(&f);
    verify(&f, &f.s);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build_by_runs),
        cmocka_unit_test(build_duplicate_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
