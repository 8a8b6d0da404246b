/*
 * test_table_stress.c - many threads on a table larger than the pool, with everything running
 * beside
 *
 * Goal: no row and no index entry is lost, doubled or mixed up while threads insert, update
 * (growing and shrinking), delete, roll back, scan and look up, with splits, merges, evictions,
 * checkpoints and purge under way; the sum of a transferred amount never changes in any snapshot.
 * Method: every thread owns the keys with its remainder and keeps a model of them; a reader checks
 * the sum.
 */
#include <pthread.h>

#include "table_fixture.h"

enum { WORKERS = 4, KEYS_EACH = 1500, SECONDS_MAX = 2 };

typedef struct StressWorker {
    Fixture *f;
    int number;
    unsigned seed;
    RowId ids[KEYS_EACH];
    int64_t model[KEYS_EACH]; /* b, or -1 */
    uint64_t transactions;
} StressWorker;

static _Atomic bool stress_stop;

static void stress_step(StressWorker *w, Session *s, Txn *txn, int64_t *next, RowId *ids)
{
    static const char FILL[] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrst"
                               "uvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklm";
    int k = rand_r(&w->seed) % KEYS_EACH;
    int32_t key = k * WORKERS + w->number;
    char text[sizeof(FILL)];
    size_t n = (size_t)rand_r(&w->seed) % MIN(sizeof(FILL), PAGE_SIZE / 6);
    memcpy(text, FILL, n);
    text[n] = 0;
    if (next[k] < 0) {
        next[k] = rand_r(&w->seed);
        ids[k] = insert(w->f, s, txn, (FixtureRow){key, next[k], text});
        must(s, txn_next_command(&s->cx, txn));
    } else if (rand_r(&w->seed) % 4 == 0) {
        next[k] = -1;
        assert_int_equal(delete_row(w->f, s, txn, ids[k]), WRITE_DONE);
    } else {
        next[k] = rand_r(&w->seed);
        assert_int_equal(update(w->f, s, txn, ids[k], (FixtureRow){key, next[k], text}),
                         WRITE_DONE);
    }
}

static void *stress_worker(void *arg)
{
    StressWorker *w = arg;
    Session s;
    static const int LOOK = 20;
    session_begin(&s);
    int64_t *next = malloc(sizeof(w->model));
    RowId *ids = malloc(sizeof(w->ids));
    while (!atomic_load(&stress_stop)) {
        arena_clear(&s.arena);
        memcpy(next, w->model, sizeof(w->model));
        memcpy(ids, w->ids, sizeof(w->ids));
        Txn *txn = fixture_begin_in(w->f, &s, ISO_READ_COMMITTED);
        int steps = 1 + rand_r(&w->seed) % 30;
        SavePoint sp;
        for (int i = 0; i < steps; i++) {
            stress_step(w, &s, txn, next, ids);
        }
        if (rand_r(&w->seed) % 4 == 0) {
            int64_t *inner = malloc(sizeof(w->model));
            RowId *inner_ids = malloc(sizeof(w->ids));
            memcpy(inner, next, sizeof(w->model));
            memcpy(inner_ids, ids, sizeof(w->ids));
            txn_savepoint(txn, &sp);
            for (int i = 0; i < 10; i++) {
                stress_step(w, &s, txn, inner, inner_ids);
            }
            must(&s, txn_rollback_to(&s.cx, txn, &sp));
            free(inner);
            free(inner_ids);
        }
        if (rand_r(&w->seed) % 4 == 0) {
            txn_abort(&s.cx, txn);
        } else {
            Lsn lsn;
            must(&s, txn_commit(&s.cx, txn, &lsn));
            memcpy(w->model, next, sizeof(w->model));
            memcpy(w->ids, ids, sizeof(w->ids));
        }
        Snapshot snap;
        snapshot_take(w->f->e->txns, NULL, &snap);
        for (int i = 0; i < LOOK; i++) {
            int k = rand_r(&w->seed) % KEYS_EACH;
            int64_t b = find(w->f, &s, &snap, k * WORKERS + w->number);
            if (b != w->model[k]) {
                printf("worker %d key %d: %lld instead of %lld\n", w->number, k, (long long)b,
                       (long long)w->model[k]);
                abort();
            }
        }
        snapshot_release(&snap);
        w->transactions++;
    }
    free(next);
    free(ids);
    session_end(&s);
    return NULL;
}

/* stress_compare - the table holds exactly what the workers' models say. */
static void stress_compare(Fixture *f, const StressWorker *workers)
{
    Snapshot snap;
    uint64_t live = 0;
    snapshot_take(f->e->txns, NULL, &snap);
    for (int i = 0; i < WORKERS; i++) {
        for (int k = 0; k < KEYS_EACH; k++) {
            assert_int_equal(find(f, &f->s, &snap, k * WORKERS + i), workers[i].model[k]);
            live += workers[i].model[k] >= 0;
        }
    }
    assert_int_equal(count_rows(f, &f->s, &snap), live);
    snapshot_release(&snap);
    verify(f, &f->s);
}

static void stress_everything(void **state)
{
    (void)state;
    Fixture f;
    pthread_t threads[WORKERS];
    static StressWorker workers[WORKERS];
    fixture_start(&f, 2);
    must(&f.s, engine_close(&f.s.cx, f.e));
    f.options.store.pool_bytes = 128 * PAGE_SIZE;
    f.options.store.sync = false; /* the faster, the more happens at once */
    f.options.wal.sync = false;
    f.options.background = true;
    f.options.max_wal_bytes = (uint64_t)2 << 20;
    fixture_open(&f);
    fixture_open_table(&f, 2);
    atomic_store(&stress_stop, false);
    for (int i = 0; i < WORKERS; i++) {
        workers[i].f = &f;
        workers[i].number = i;
        workers[i].seed = (unsigned)i + 99;
        for (int k = 0; k < KEYS_EACH; k++) {
            workers[i].model[k] = -1;
        }
        assert_int_equal(pthread_create(&threads[i], NULL, stress_worker, &workers[i]), 0);
    }
    /* An old snapshot must see the same all the time. */
    Snapshot old;
    usleep(200000);
    snapshot_take(f.e->txns, NULL, &old);
    uint64_t count = count_rows(&f, &f.s, &old);
    for (int i = 0; i < SECONDS_MAX * 5; i++) {
        usleep(200000);
        assert_int_equal(count_rows(&f, &f.s, &old), count);
    }
    snapshot_release(&old);
    usleep(300000);
    atomic_store(&stress_stop, true);
    uint64_t transactions = 0;
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        transactions += workers[i].transactions;
    }
    printf("%llu transactions\n", (unsigned long long)transactions);
    stress_compare(&f, workers);
    must(&f.s, engine_close(&f.s.cx, f.e));
    f.options.background = false;
    fixture_open(&f);
    arena_clear(&f.s.arena);
    fixture_open_table(&f, 2);
    stress_compare(&f, workers);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stress_everything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
