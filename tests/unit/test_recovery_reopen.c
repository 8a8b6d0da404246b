/*
 * test_recovery_reopen.c - the file after a clean close and after a crash
 *
 * Goal: what was committed and flushed is there, what was not committed is not (and is taken back
 * in the background), at every place of a history; purge goes on where it was; sequences and OIDs
 * never repeat; a clean close leaves the one file; temporary files go. Method: a copy of the files
 * of a running engine is what a killed process leaves; the copy is opened and compared with the
 * model.
 */
#include "leaks_expected.h"
#include "table_fixture.h"

static void reopen_clean(void **state)
{
    (void)state;
    Fixture f;
    bool exists;
    char path[128];
    Oid oid1, oid2;
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    for (int i = 0; i < 2000; i++) {
        ArenaMark mark = arena_mark(&f.s.arena);
        (void)insert(&f, &f.s, w, (FixtureRow){i, i, "text"});
        arena_rewind(&f.s.arena, mark);
    }
    fixture_commit(&f, &f.s, w);
    must(&f.s, engine_next_oid(&f.s.cx, f.e, &oid1));
    must(&f.s, engine_close(&f.s.cx, f.e));
    snprintf(path, sizeof(path), "%s-wal", f.path);
    must(&f.s, os_exists(&f.s.cx, f.os, path, &exists));
    assert_false(exists);
    snprintf(path, sizeof(path), "%s-dwb", f.path);
    must(&f.s, os_exists(&f.s.cx, f.os, path, &exists));
    assert_false(exists);
    fixture_open(&f);
    fixture_open_table(&f, 2);
    assert_int_equal(count_now(&f, &f.s, NULL), 2000);
    assert_int_equal(find_now(&f, &f.s, NULL, 1234), 1234);
    must(&f.s, engine_next_oid(&f.s.cx, f.e, &oid2));
    assert_true(oid2 > oid1);
    verify(&f, &f.s);
    w = fixture_begin(&f);
    (void)insert(&f, &f.s, w, (FixtureRow){5000, 1, "new"});
    fixture_commit(&f, &f.s, w);
    assert_int_equal(count_now(&f, &f.s, NULL), 2001);
    fixture_end(&f);
}

/* Goal: redo of more pages than the pool has frames stays within the pool, and is right. Method:
 * the log of many rows, none of them written to the file, is redone with 64 frames. */
static void reopen_small_pool(void **state)
{
    (void)state;
    enum { ROWS = 20000 * (PAGE_SIZE > 8192 ? PAGE_SIZE / 8192 : 1), FRAMES = 64 };
    Fixture f;
    char text[101];
    memset(text, 'x', 100);
    text[100] = '\0';
    fixture_start(&f, 1);
    Txn *w = fixture_begin(&f);
    for (int i = 0; i < ROWS; i++) {
        ArenaMark mark = arena_mark(&f.s.arena);
        (void)insert(&f, &f.s, w, (FixtureRow){i, i, text});
        arena_rewind(&f.s.arena, mark);
    }
    fixture_commit(&f, &f.s, w);
    must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
    assert_true(store_resident_count(f.e->store) > 4 * FRAMES);
    f.options.store.pool_bytes = (uint64_t)FRAMES * PAGE_SIZE;
    fixture_crash(&f);
    assert_true(store_resident_count(f.e->store) <= FRAMES + FRAMES / 2);
    fixture_open_table(&f, 1);
    assert_int_equal(count_now(&f, &f.s, NULL), ROWS);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void reopen_crash(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 2);
    RowId ids[100];
    Txn *w = fixture_begin(&f);
    for (int i = 0; i < 100; i++) {
        ids[i] = insert(&f, &f.s, w, (FixtureRow){i, i, "text"});
    }
    fixture_commit(&f, &f.s, w);
    must(&f.s, engine_checkpoint(&f.s.cx, f.e));
    w = fixture_begin(&f);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(
            update(&f, &f.s, w, ids[i], (FixtureRow){1000 + i, 1000 + i, "longer text"}),
            WRITE_DONE);
    }
    assert_int_equal(delete_row(&f, &f.s, w, ids[99]), WRITE_DONE);
    fixture_commit(&f, &f.s, w);
    /* An open transaction with a partial rollback behind it, across a checkpoint. */
    SavePoint sp;
    w = fixture_begin(&f);
    assert_int_equal(update(&f, &f.s, w, ids[0], (FixtureRow){7000, 1, "x"}), WRITE_DONE);
    txn_savepoint(w, &sp);
    assert_int_equal(update(&f, &f.s, w, ids[1], (FixtureRow){7001, 1, "x"}), WRITE_DONE);
    must(&f.s, txn_rollback_to(&f.s.cx, w, &sp));
    must(&f.s, engine_checkpoint(&f.s.cx, f.e));
    assert_int_equal(delete_row(&f, &f.s, w, ids[60]), WRITE_DONE);
    (void)insert(&f, &f.s, w, (FixtureRow){8000, 1, "y"});
    must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
    for (int round = 0; round < 2; round++) {
        fixture_crash(&f);
        fixture_open_table(&f, 2);
        /* Before the background undo: readers see through the loser. */
        for (int i = 0; i < 99; i++) {
            assert_int_equal(see_now(&f, &f.s, NULL, ids[i]), i < 50 ? 1000 + i : i);
        }
        assert_int_equal(see_now(&f, &f.s, NULL, ids[99]), -1);
        assert_int_equal(find_now(&f, &f.s, NULL, 7000), -1);
        assert_int_equal(find_now(&f, &f.s, NULL, 8000), -1);
        assert_int_equal(count_now(&f, &f.s, NULL), 99);
        verify(&f, &f.s);
        if (round == 1) {
            _Atomic bool stop = false;
            must(&f.s, txnsys_undo_losers(&f.s.cx, f.e->txns, &stop));
            assert_int_equal(count_now(&f, &f.s, NULL), 99);
            purge_all(&f, &f.s);
            verify(&f, &f.s);
            Txn *again = fixture_begin(&f);
            assert_int_equal(update(&f, &f.s, again, ids[0], (FixtureRow){7000, 9, "mine"}),
                             WRITE_DONE);
            fixture_commit(&f, &f.s, again);
        }
    }
    fixture_crash(&f);
    fixture_open_table(&f, 2);
    assert_int_equal(find_now(&f, &f.s, NULL, 7000), 9);
    assert_int_equal(count_now(&f, &f.s, NULL), 99);
    verify(&f, &f.s);
    fixture_end(&f);
}

/* Random work with checkpoints and purges in between, a crash now and then; the model is an array.
 */
static void reopen_random(void **state)
{
    (void)state;
    enum { KEYS = 300, ROUNDS = 30, STEPS = 60 };
    Fixture f;
    unsigned seed = 4711;
    int64_t model[KEYS]; /* b, or -1 */
    RowId ids[KEYS];
    fixture_start(&f, 2);
    for (int i = 0; i < KEYS; i++) {
        model[i] = -1;
    }
    for (int round = 0; round < ROUNDS; round++) {
        Txn *w = fixture_begin(&f);
        int64_t next[KEYS];
        RowId next_ids[KEYS];
        memcpy(next, model, sizeof(next));
        memcpy(next_ids, ids, sizeof(next_ids));
        for (int k = 0; k < STEPS; k++) {
            int key = rand_r(&seed) % KEYS;
            char text[PAGE_SIZE / 6 + 1]; /* as long as an index key may be, nearly */
            size_t n = (size_t)(rand_r(&seed) % (PAGE_SIZE / 6));
            memset(text, 'a' + k % 26, n);
            text[n] = 0;
            if (next[key] < 0) {
                next[key] = rand_r(&seed);
                next_ids[key] = insert(&f, &f.s, w, (FixtureRow){key, next[key], text});
                must(&f.s, txn_next_command(&f.s.cx, w));
            } else if (rand_r(&seed) % 3 == 0) {
                next[key] = -1;
                assert_int_equal(delete_row(&f, &f.s, w, next_ids[key]), WRITE_DONE);
            } else {
                next[key] = rand_r(&seed);
                assert_int_equal(
                    update(&f, &f.s, w, next_ids[key], (FixtureRow){key, next[key], text}),
                    WRITE_DONE);
            }
            if (rand_r(&seed) % 40 == 0) {
                must(&f.s, engine_checkpoint(&f.s.cx, f.e));
            }
        }
        switch (rand_r(&seed) % 4) {
        case 0: txn_abort(&f.s.cx, w); break;
        case 1: /* left open: a loser of the crash */
            must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
            break;
        default:
            fixture_commit(&f, &f.s, w);
            memcpy(model, next, sizeof(model));
            memcpy(ids, next_ids, sizeof(ids));
            w = NULL;
        }
        bool crash = rand_r(&seed) % 3 == 0 || w != NULL;
        if (!crash) {
            purge_all(&f, &f.s);
        } else {
            fixture_crash(&f);
            arena_clear(&f.s.arena);
            fixture_open_table(&f, 2);
            if (rand_r(&seed) % 2 == 0) {
                verify(&f, &f.s); /* before undo */
            }
            _Atomic bool stop = false;
            must(&f.s, txnsys_undo_losers(&f.s.cx, f.e->txns, &stop));
        }
        uint64_t live = 0;
        for (int key = 0; key < KEYS; key++) {
            assert_int_equal(find_now(&f, &f.s, NULL, key), model[key]);
            live += model[key] >= 0;
        }
        assert_int_equal(count_now(&f, &f.s, NULL), live);
        verify(&f, &f.s);
    }
    fixture_end(&f);
}

static void reopen_sequence_and_tree(void **state)
{
    (void)state;
    Fixture f;
    TreeId seq, lost;
    int64_t v;
    SequenceDef def = {.start = 1, .increment = 1, .min = 1, .max = 1000000, .cache = 1};
    TreeEntry entry;
    fixture_start(&f, 0);
    Txn *w = fixture_begin(&f);
    must(&f.s, sequence_create(&f.s.cx, f.e, w, 1, &seq));
    fixture_commit(&f, &f.s, w);
    for (int i = 1; i <= 5; i++) {
        must(&f.s, sequence_next(&f.s.cx, f.e, seq, &def, "s", &v));
    }
    w = fixture_begin(&f);
    must(&f.s, table_create(&f.s.cx, f.e, w, FIXTURE_COLUMNS, 3, &lost));
    must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
    fixture_crash(&f);
    must(&f.s, sequence_next(&f.s.cx, f.e, seq, &def, "s", &v));
    assert_in_range(v, 6, 38);
    int64_t after = v;
    _Atomic bool stop = false;
    must(&f.s, tree_get(&f.s.cx, f.e->store, lost, &entry));
    must(&f.s, txnsys_undo_losers(&f.s.cx, f.e->txns, &stop));
    assert_int_equal(tree_get(&f.s.cx, f.e->store, lost, &entry), ST_NOTFOUND);
    must(&f.s, engine_close(&f.s.cx, f.e));
    fixture_open(&f);
    must(&f.s, sequence_next(&f.s.cx, f.e, seq, &def, "s", &v));
    assert_int_equal(v, after + 1); /* a clean close loses no number */
    /* A dropped table goes once nobody can see it, also after a crash. */
    fixture_open_table(&f, 0);
    w = fixture_begin(&f);
    (void)insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
    fixture_commit(&f, &f.s, w);
    Snapshot old;
    snapshot_take(f.e->txns, NULL, &old);
    w = fixture_begin(&f);
    must(&f.s, txn_start_write(&f.s.cx, w));
    txn_drop_tree_on_commit(w, f.tree);
    fixture_commit(&f, &f.s, w);
    purge_all(&f, &f.s);
    assert_int_equal(count_rows(&f, &f.s, &old), 1);
    fixture_crash(&f);
    purge_all(&f, &f.s);
    assert_int_equal(tree_get(&f.s.cx, f.e->store, f.tree, &entry), ST_NOTFOUND);
    fixture_end(&f);
}

/* A table many times larger than the pool. */
static void reopen_larger_than_memory(void **state)
{
    (void)state;
    enum { N = 60000 };
    Fixture f;
    fixture_start(&f, 1);
    must(&f.s, engine_close(&f.s.cx, f.e));
    f.options.store.pool_bytes = (uint64_t)2 << 20;
    fixture_open(&f);
    fixture_open_table(&f, 1);
    for (int at = 0; at < N; at += 5000) {
        Txn *w = fixture_begin(&f);
        for (int i = at; i < at + 5000; i++) {
            ArenaMark mark = arena_mark(&f.s.arena);
            (void)insert(
                &f, &f.s, w,
                (FixtureRow){(int)((unsigned)i * 2654435761u >> 4), i,
                             "a text that makes the row about a hundred bytes long, so that "
                             "all of them do not fit"});
            arena_rewind(&f.s.arena, mark);
        }
        fixture_commit(&f, &f.s, w);
    }
    assert_int_equal(count_now(&f, &f.s, NULL), N);
    verify(&f, &f.s);
    must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
    fixture_crash(&f);
    fixture_open_table(&f, 1);
    assert_int_equal(count_now(&f, &f.s, NULL), N);
    verify(&f, &f.s);
    fixture_end(&f);
}

/* Goal: opening removes the temporary files of a run that a power cut ended, and nothing else.
 * Method: files of such names, and of names that are nearly so, lie there before the open. */
static void reopen_leftovers(void **state)
{
    (void)state;
    static const struct {
        const char *suffix;
        bool stays;
    } FILES[] = {
        {"-tmp-0123456789abcdef", false},
        {"-sort-17", false},
        {"-sort-4294967295", false},
        {"-tmp-0123456789abcde", true},
        {"-tmp-0123456789abcdef0", true},
        {"-tmp-0123456789abcdeF", true},
        {"-tmp-0123456789abcdef.x", true},
        {"-sort-", true},
        {"-sort-1a", true},
        {"-sort", true},
        {"2-sort-17", true},
    };
    Fixture f;
    OsFile *file;
    bool exists;
    char path[128];
    fixture_start(&f, 0);
    must(&f.s, engine_close(&f.s.cx, f.e));
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        snprintf(path, sizeof(path), "%s%s", f.path, FILES[i].suffix);
        must(&f.s, os_file_open(&f.s.cx, f.os, path, OS_OPEN_CREATE, &file));
        os_file_close(file);
    }
    fixture_open(&f);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        snprintf(path, sizeof(path), "%s%s", f.path, FILES[i].suffix);
        must(&f.s, os_exists(&f.s.cx, f.os, path, &exists));
        assert_int_equal(exists, FILES[i].stays);
        if (exists) {
            must(&f.s, os_unlink(&f.s.cx, f.os, path));
        }
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reopen_clean),
        cmocka_unit_test(reopen_leftovers),
        cmocka_unit_test(reopen_crash),
        cmocka_unit_test(reopen_small_pool),
        cmocka_unit_test(reopen_random),
        cmocka_unit_test(reopen_sequence_and_tree),
        cmocka_unit_test(reopen_larger_than_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
