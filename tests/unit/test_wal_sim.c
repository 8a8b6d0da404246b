/*
 * test_wal_sim.c - the log on a machine that loses power
 *
 * Goal: whatever a thread was told is durable survives every crash, what survives is a prefix of
 * what was appended, and the log goes on from there. Method: three threads append, flush and
 * truncate on the simulated machine; the power is cut at every disk operation in turn, for several
 * schedules; the survivor is opened, compared with the model, appended to, crashed again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "leaks_expected.h"
#include "os/os_sim.h"
#include "wal/wal.h"

#define WORKERS     3
#define EACH        24
#define RECORDS_MAX 400

typedef struct SimRecord {
    Lsn lsn;
    uint64_t n;
} SimRecord;

typedef struct SimLog {
    Os *os;
    Wal *wal;
    SimRecord records[RECORDS_MAX]; /* appended, in no order */
    uint32_t count;
    uint64_t next;
    Lsn acked;   /* everything below was reported durable */
    Lsn start;   /* where readers begin: moved by truncation */
    bool exists; /* wal_open with create has returned */
    bool faulty; /* errors are expected: stop there */
    uint64_t seed;
} SimLog;

static const WalOptions sim_options = {
    .segment_bytes = 16384,
    .first_segment_bytes = 4096,
    .region_bytes = 65536,
    .resident_bytes = 16384,
    .sync = true,
};

static size_t sim_body(uint64_t n, uint8_t body[900])
{
    size_t len = (size_t)(n * 2654435761u % 900);
    memset(body, (int)n, len);
    return len;
}

static void sim_ok(Cx *cx, Status st)
{
    if (st != ST_OK) {
        fail_msg("status %d: %s", (int)st, cx->err->message);
    }
}

static void sim_ok_or_stop(SimLog *s, Cx *cx, Status st)
{
    if (st != ST_OK && s->faulty) {
        os_sim_crash_now(s->os);
    }
    sim_ok(cx, st);
}

/* sim_append - the model is told before anybody can be told that it is durable. */
static Lsn sim_append(SimLog *s)
{
    uint8_t body[900];
    uint64_t n = ++s->next;
    size_t len = sim_body(n, body);
    WalHeader h = {.xid48_type8_flags8 = wal_pack(n, WAL_NOOP, 0)};
    Slice part = {(char *)body, len};
    Lsn lsn = wal_append(s->wal, &h, &part, 1);
    assert_true(s->count < RECORDS_MAX);
    s->records[s->count++] = (SimRecord){lsn, n};
    return lsn;
}

static void sim_worker(void *arg)
{
    SimLog *s = arg;
    Err err;
    Cx cx = {.err = &err};
    for (int i = 0; i < EACH; i++) {
        sim_ok_or_stop(s, &cx, wal_admit(&cx, s->wal, 900));
        Lsn lsn = sim_append(s);
        if (i % 3 == 2) {
            sim_ok(&cx, wal_flush_wait(&cx, s->wal, lsn + 8));
            Lsn flushed = wal_flushed(s->wal);
            s->acked = MAX(s->acked, flushed);
        }
        if (i % 10 == 9 && s->acked > lsn / 2) {
            /* As a checkpoint does: nobody reads below `start` any more, then the log may go. */
            s->start = MAX(s->start, MIN(lsn, s->acked));
            sim_ok_or_stop(s, &cx, wal_truncate(&cx, s->wal, s->start / 2));
        }
    }
}

static void sim_work(void *arg)
{
    SimLog *s = arg;
    Err err;
    Cx cx = {.err = &err};
    OsThread *t[WORKERS];
    sim_ok_or_stop(s, &cx, wal_open(&cx, s->os, "/wal", &sim_options, 8, true, &s->wal));
    s->exists = true;
    sim_ok(&cx, wal_start(&cx, s->wal));
    for (int i = 0; i < WORKERS; i++) {
        sim_ok(&cx, os_thread_create(&cx, s->os, "worker", sim_worker, s, &t[i]));
    }
    for (int i = 0; i < WORKERS; i++) {
        os_thread_join(t[i]);
    }
    sim_ok(&cx, wal_close(&cx, s->wal, false));
    s->acked = UINT64_MAX;
}

static int sim_record_compare(const void *a, const void *b)
{
    const SimRecord *x = a, *y = b;
    return x->lsn < y->lsn ? -1 : x->lsn > y->lsn;
}

/* sim_verify - open what survived, compare, go on writing. */
static void sim_verify(void *arg)
{
    SimLog *s = arg;
    Err err;
    Cx cx = {.err = &err};
    /* The model's start may be inside of the log's smallest durable point only by luck: begin at
     * the beginning as long as it was never truncated. */
    sim_ok(&cx, wal_open(&cx, s->os, "/wal", &sim_options, s->start, false, &s->wal));
    qsort(s->records, s->count, sizeof(SimRecord), sim_record_compare);
    uint32_t at = 0;
    while (at < s->count && s->records[at].lsn < s->start) {
        at++;
    }
    WalReader r;
    wal_reader_init(&r, s->wal, s->start, 0);
    Status st;
    while ((st = wal_reader_next(&cx, &r)) == ST_OK) {
        uint8_t body[900];
        /* The cut can fall between completing a record and telling the model. */
        if (at < s->count && s->records[at].lsn == r.lsn) {
            assert_int_equal(s->records[at].n, wal_xid(&r.hdr));
            at++;
        }
        size_t len = sim_body(wal_xid(&r.hdr), body);
        assert_int_equal(len, r.body_len);
        assert_memory_equal(body, r.body.data, len);
    }
    assert_int_equal(st, ST_DONE);
    assert_true(at == s->count || s->records[at].lsn >= wal_head(s->wal));
    assert_true(s->acked == UINT64_MAX ? at == s->count : wal_head(s->wal) >= s->acked);
    wal_reader_release(&r);
    s->count = at; /* lost ones never happened */
    for (int i = 0; i < 5; i++) {
        (void)sim_append(s);
    }
    sim_ok(&cx, wal_flush_wait(&cx, s->wal, wal_head(s->wal)));
    s->acked = wal_flushed(s->wal);
    (void)sim_append(s);
    os_sim_crash_now(s->os);
}

static void crash_at_every_operation(void **state)
{
    (void)state;
    uint32_t images = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        bool more = true;
        for (uint64_t at = 1; more; at++) {
            static SimLog s;
            s = (SimLog){.os = os_sim_create(seed), .start = 8, .seed = seed};
            os_sim_crash_at(s.os, at);
            more = os_sim_run(s.os, sim_work, &s) != OS_SIM_ENDED;
            for (int again = 0; again < 3 && s.exists; again++) {
                os_sim_restart(s.os, seed * 1000 + at + (uint64_t)again);
                assert_int_equal(os_sim_run(s.os, sim_verify, &s), OS_SIM_CRASHED);
                images++;
            }
            os_sim_free(s.os);
        }
    }
    print_message("%u images\n", images);
    assert_true(images > 500);
}

static void failed_sync_halts(void **state)
{
    (void)state;
    uint32_t halted = 0;
    for (uint64_t at = 1; at < 200; at += 3) {
        static SimLog s;
        s = (SimLog){.os = os_sim_create(at), .start = 8, .seed = at, .faulty = true};
        os_sim_fault_at(s.os, at + 20, at % 2 ? OS_SIM_EIO : OS_SIM_SHORT_WRITE);
        OsSimEnd end = os_sim_run(s.os, sim_work, &s);
        if (end == OS_SIM_HALTED && s.exists) {
            halted++;
            os_sim_restart(s.os, at);
            assert_int_equal(os_sim_run(s.os, sim_verify, &s), OS_SIM_CRASHED);
        }
        os_sim_free(s.os);
    }
    assert_true(halted > 5);
}

static void full_disk_work(void *arg)
{
    SimLog *s = arg;
    Err err;
    Cx cx = {.err = &err};
    sim_ok(&cx, wal_open(&cx, s->os, "/wal", &sim_options, 8, true, &s->wal));
    sim_ok(&cx, wal_start(&cx, s->wal));
    os_sim_capacity(s->os, 30000);
    Status st;
    while ((st = wal_admit(&cx, s->wal, 900)) == ST_OK) {
        (void)sim_append(s);
    }
    assert_int_equal(st, ST_ERROR);
    assert_int_equal(err.sqlstate, ERRCODE_DISK_FULL);
    /* What is under way still fits, and becomes durable. */
    Lsn lsn = sim_append(s);
    sim_ok(&cx, wal_flush_wait(&cx, s->wal, lsn + 8));
    /* Room again: work goes on. */
    os_sim_capacity(s->os, 0);
    sim_ok(&cx, wal_admit(&cx, s->wal, 900));
    (void)sim_append(s);
    sim_ok(&cx, wal_flush_wait(&cx, s->wal, wal_head(s->wal)));
    s->acked = wal_flushed(s->wal);
    os_sim_crash_now(s->os);
}

static void full_disk_loses_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        static SimLog s;
        s = (SimLog){.os = os_sim_create(seed), .start = 8, .seed = seed};
        assert_int_equal(os_sim_run(s.os, full_disk_work, &s), OS_SIM_CRASHED);
        os_sim_restart(s.os, seed);
        assert_int_equal(os_sim_run(s.os, sim_verify, &s), OS_SIM_CRASHED);
        os_sim_free(s.os);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crash_at_every_operation),
        cmocka_unit_test(failed_sync_halts),
        cmocka_unit_test(full_disk_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
