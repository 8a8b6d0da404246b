/*
 * test_table_unique.c - unique keys under concurrency
 *
 * Goal: whatever N threads insert, move, delete and roll back over the same few keys, no key ever
 * has two live rows, every loser of a race gets 23505, and index and table agree in the end.
 * Method: threads run short random transactions on 10 keys and count what they committed per key;
 * the sum must be what is left. The purge runs beside them.
 */
#include <pthread.h>

#include "table_fixture.h"

enum { KEYS = 10, THREADS = 4, ROUNDS = 400 };

typedef struct Worker {
    Fixture *f;
    unsigned seed;
    int64_t balance[KEYS]; /* committed inserts minus deletes */
    int duplicates, deadlocks;
} Worker;

/* unique_find - row id of a live key; 0 = none. */
static RowId unique_find(Fixture *f, Session *s, const Snapshot *snap, int32_t a)
{
    static const PhysType TYPES[1] = {PHYS_I64};
    IndexScan *scan;
    Batch b;
    Buf key;
    Arena arena;
    Datum d = {.i32 = a};
    arena_init(&arena, NULL, "find", 0);
    buf_init(&key, 100);
    (void)index_key_column(&f->t->indexes[0], 0, &d, false, &key);
    IndexBound bound = {.key = {(const char *)key.data, key.len}, .inclusive = true};
    batch_init(&b, TYPES, 1, &arena);
    must(s, index_scan_create(&s->cx, &arena, f->t, 0, NULL, 0, true, &scan));
    must(s, index_scan_start(&s->cx, scan, snap->txn, snap, &bound, &bound, false));
    Status st = index_scan_next(&s->cx, scan, 10, &b, &arena);
    RowId id = 0;
    if (st == ST_OK) {
        if (b.count != 1) {
            printf("key %d has %u live rows\n", a, b.count);
            abort();
        }
        id = VEC_DATA(b.cols[0], uint64_t)[0];
    }
    buf_release(&key);
    arena_release(&arena);
    return id;
}

static void *unique_worker(void *arg)
{
    Worker *w = arg;
    Session s;
    session_begin(&s);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t delta[KEYS] = {0};
        bool failed = false;
        arena_clear(&s.arena);
        Txn *txn = fixture_begin_in(w->f, &s, ISO_READ_COMMITTED);
        int steps = 1 + rand_r(&w->seed) % 3;
        for (int k = 0; k < steps && !failed; k++) {
            int32_t key = rand_r(&w->seed) % KEYS;
            const Snapshot *snap;
            RowId id;
            WriteOutcome out = WRITE_SKIPPED;
            Status st = ST_OK;
            must(&s, txn_snapshot(&s.cx, txn, &snap));
            id = unique_find(w->f, &s, snap, key);
            if (id == 0) {
                st = try_insert(w->f, &s, txn, (FixtureRow){key, i, "some text"}, &id);
                delta[key] += st == ST_OK;
            } else if (rand_r(&w->seed) % 2 == 0) {
                st = table_delete(&s.cx, txn, snap, w->f->t, id, &out);
                delta[key] -= st == ST_OK && out == WRITE_DONE;
            } else {
                int32_t to = rand_r(&w->seed) % KEYS;
                RowValues v = fixture_values(&s, &(FixtureRow){to, i, "moved"}, 3);
                st = table_update(&s.cx, txn, snap, w->f->t, id, &v, NULL, &out);
                if (st == ST_OK && out == WRITE_DONE) {
                    delta[key]--;
                    delta[to]++;
                }
            }
            txn_snapshot_done(txn);
            if (st != ST_OK) {
                failed = true;
                if (s.err.sqlstate == ERRCODE_UNIQUE_VIOLATION) {
                    w->duplicates++;
                } else if (s.err.sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED) {
                    w->deadlocks++;
                } else {
                    must(&s, st);
                }
                err_clear(&s.cx);
            } else {
                must(&s, txn_next_command(&s.cx, txn));
            }
        }
        if (failed || rand_r(&w->seed) % 4 == 0) {
            txn_abort(&s.cx, txn);
            continue;
        }
        Lsn lsn;
        must(&s, txn_commit(&s.cx, txn, &lsn));
        for (int k = 0; k < KEYS; k++) {
            w->balance[k] += delta[k];
        }
    }
    session_end(&s);
    return NULL;
}

static void unique_under_concurrency(void **state)
{
    (void)state;
    Fixture f;
    pthread_t threads[THREADS];
    Worker workers[THREADS];
    fixture_start(&f, 2);
    memset(workers, 0, sizeof(workers));
    for (int i = 0; i < THREADS; i++) {
        workers[i].f = &f;
        workers[i].seed = (unsigned)i * 7919 + 1;
        assert_int_equal(pthread_create(&threads[i], NULL, unique_worker, &workers[i]), 0);
    }
    for (int i = 0; i < 40; i++) {
        usleep(2000);
        Status st = engine_purge_step(&f.s.cx, f.e);
        assert_true(st == ST_OK || st == ST_DONE);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    Snapshot snap;
    uint64_t live = 0;
    snapshot_take(f.e->txns, NULL, &snap);
    for (int k = 0; k < KEYS; k++) {
        int64_t balance = 0;
        for (int i = 0; i < THREADS; i++) {
            balance += workers[i].balance[k];
        }
        assert_in_range(balance, 0, 1);
        assert_int_equal(unique_find(&f, &f.s, &snap, k) != 0, balance == 1);
        live += (uint64_t)balance;
    }
    assert_int_equal(count_rows(&f, &f.s, &snap), live);
    snapshot_release(&snap);
    verify(&f, &f.s);
    purge_all(&f, &f.s);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void unique_insert_unless(void **state)
{
    (void)state;
    Fixture f;
    RowId id, conflict;
    bool inserted;
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    RowId first = insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
    RowValues v = fixture_values(&f.s, &(FixtureRow){1, 2, "y"}, 3);
    must(&f.s, table_insert_unless(&f.s.cx, w, f.t, &v, -1, &id, &inserted, &conflict));
    assert_false(inserted);
    assert_int_equal(conflict, first);
    v = fixture_values(&f.s, &(FixtureRow){2, 2, "y"}, 3);
    must(&f.s, table_insert_unless(&f.s.cx, w, f.t, &v, 0, &id, &inserted, &conflict));
    assert_true(inserted);
    fixture_commit(&f, &f.s, w);
    assert_int_equal(count_now(&f, &f.s, NULL), 2);
    verify(&f, &f.s);
    fixture_end(&f);
}

/* A key deleted by a committed transaction, inserted again by one that aborts, with purge passing
   in between: the ghost must not stay for ever. */
static void unique_resurrect_and_purge(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){2, 2, "x"}), WRITE_DONE);
    fixture_commit(&f, &f.s, w);
    /* Back to key 1: the ghost (1, id) comes to life again; purge passes; abort. */
    w = fixture_begin(&f);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){1, 3, "x"}), WRITE_DONE);
    purge_all(&f, &f.s);
    txn_abort(&f.s.cx, w);
    purge_all(&f, &f.s);
    assert_int_equal(find_now(&f, &f.s, NULL, 2), 2);
    assert_int_equal(find_now(&f, &f.s, NULL, 1), -1);
    w = fixture_begin(&f);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){1, 4, "x"}), WRITE_DONE);
    fixture_commit(&f, &f.s, w);
    assert_int_equal(find_now(&f, &f.s, NULL, 1), 4);
    purge_all(&f, &f.s);
    BtTree tree = {f.e->store, f.ix[0].tree, TREE_INDEX, f.ix[0].root};
    BtPos pos;
    must(&f.s, bt_seek_first(&f.s.cx, &tree, LATCH_SHARED, &pos));
    assert_int_equal(bt_leaf_count(&pos.leaf), 1); /* no ghost is left */
    bt_release(&tree, &pos);
    verify(&f, &f.s);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unique_insert_unless),
        cmocka_unit_test(unique_resurrect_and_purge),
        cmocka_unit_test(unique_under_concurrency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
