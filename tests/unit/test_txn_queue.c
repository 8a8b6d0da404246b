/*
 * test_txn_queue.c - row locks in number, the queue of a row, circles of waits
 *
 * Goal: those who wait for a row get it in the order they came, one is woken at a time, long
 * circles and many holders are searched whole, a circle made by a queue alone needs no victim, a
 * million locks are quick and small, and locks are limited, made one per table, and dropped by
 * savepoints as documented. Method: many transactions in one thread, whose waits are parked
 * (TxnPark), so that every order of events is the test's own.
 */
#include "table_fixture.h"
#include "txn/locklist.h"
#include "txn/txn_internal.h"

#define TREE 4000000u

/* Actor - a transaction and how often it was woken. */
typedef struct Actor {
    Session s;
    Txn *txn;
    TxnPark park;
    uint32_t woken;
} Actor;

static void actor_wake(void *arg)
{
    ((Actor *)arg)->woken++;
}

static void actor_begin(Fixture *f, Actor *a, int32_t pid)
{
    memset(a, 0, sizeof(*a));
    session_begin(&a->s);
    a->txn = fixture_begin_in(f, &a->s, ISO_READ_COMMITTED);
    a->txn->process_id = pid;
    a->park = (TxnPark){.wake = actor_wake, .arg = a};
    a->txn->park = &a->park;
    must(&a->s, txn_start_write(&a->s.cx, a->txn));
}

static void actors_begin(Fixture *f, Actor *a, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        actor_begin(f, &a[i], (int32_t)i + 1);
    }
}

static void actor_end(Actor *a)
{
    txn_abort(&a->s.cx, a->txn);
    session_end(&a->s);
}

/* actor_lock - try to lock a row; ST_BUSY: waits. */
static Status actor_lock(Actor *a, uint64_t rowid, RowLockMode mode)
{
    Txn *txn = a->txn;
    while (row_lock_conflict(txn->sys, txn, TREE, rowid, mode, false)) {
        row_wait_enter(txn, TREE, rowid, mode, 0);
        Status st = row_wait(&a->s.cx, txn);
        if (st != ST_OK) {
            return st;
        }
    }
    Status st = row_lock_add(&a->s.cx, txn, TREE, rowid, mode);
    txn_unpark(txn);
    return st;
}

/* In the order they came, each woken once, and nobody who comes later gets in between. */
static void queue_in_order(void **state)
{
    (void)state;
    enum { COUNT = 8 };
    Fixture f;
    Actor a[COUNT + 1];
    fixture_start(&f, 0);
    actors_begin(&f, a, COUNT + 1);
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_UPDATE), ST_OK);
    for (int i = 1; i < COUNT; i++) {
        assert_int_equal(actor_lock(&a[i], 5, ROWLOCK_NO_KEY_UPDATE), ST_BUSY);
    }
    usleep(3 * ROWLOCK_BARGE_US);
    for (int i = 1; i < COUNT; i++) {
        actor_end(&a[i - 1]);
        for (int k = i; k < COUNT; k++) {
            assert_int_equal(a[k].woken, k == i ? 1 : 0);
        }
        /* The row is free, but not for who comes now, be it a later one of the queue. */
        assert_true(row_lock_conflict(f.e->txns, a[COUNT].txn, TREE, 5, ROWLOCK_SHARE, false));
        if (i + 1 < COUNT) {
            assert_int_equal(actor_lock(&a[i + 1], 5, ROWLOCK_NO_KEY_UPDATE), ST_BUSY);
            a[i + 1].woken = 0;
        }
        assert_false(row_lock_conflict(f.e->txns, a[COUNT].txn, TREE, 6, ROWLOCK_SHARE, false));
        assert_int_equal(actor_lock(&a[i], 5, ROWLOCK_NO_KEY_UPDATE), ST_OK);
    }
    assert_int_equal(actor_lock(&a[COUNT], 5, ROWLOCK_KEY_SHARE), ST_OK);
    actor_end(&a[COUNT - 1]);
    actor_end(&a[COUNT]);
    fixture_end(&f);
}

/* Shares that follow each other go together, but not past one who waits for more. */
static void queue_shares_together(void **state)
{
    (void)state;
    Fixture f;
    Actor a[5];
    fixture_start(&f, 0);
    actors_begin(&f, a, 5);
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_UPDATE), ST_OK);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_SHARE), ST_BUSY);
    assert_int_equal(actor_lock(&a[2], 5, ROWLOCK_SHARE), ST_BUSY);
    assert_int_equal(actor_lock(&a[3], 5, ROWLOCK_UPDATE), ST_BUSY);
    assert_int_equal(actor_lock(&a[4], 5, ROWLOCK_SHARE), ST_BUSY);
    actor_end(&a[0]);
    assert_int_equal(a[1].woken + a[2].woken, 2);
    assert_int_equal(a[3].woken + a[4].woken, 0);
    usleep(3 * ROWLOCK_BARGE_US);
    assert_int_equal(actor_lock(&a[2], 5, ROWLOCK_SHARE), ST_OK);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_SHARE), ST_OK);
    /* Who holds the row already does not wait behind who waits for it. */
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_KEY_SHARE), ST_OK);
    actor_end(&a[1]);
    assert_int_equal(a[3].woken, 0);
    actor_end(&a[2]);
    assert_int_equal(a[3].woken, 1);
    /* One that gives up lets the next one in. */
    actor_end(&a[3]);
    assert_int_equal(a[4].woken, 1);
    assert_int_equal(actor_lock(&a[4], 5, ROWLOCK_SHARE), ST_OK);
    actor_end(&a[4]);
    fixture_end(&f);
}

/* One that took the row by writing it hands the next one over to its own end, without waking it. */
static void queue_of_writers(void **state)
{
    (void)state;
    Fixture f;
    Actor a[4];
    fixture_start(&f, 0);
    actors_begin(&f, a, 4);
    for (int i = 1; i < 4; i++) {
        row_wait_enter(a[i].txn, TREE, 5, ROWLOCK_NO_KEY_UPDATE, a[0].txn->xid);
        assert_int_equal(row_wait(&a[i].s.cx, a[i].txn), ST_BUSY);
    }
    for (int i = 1; i < 4; i++) {
        actor_end(&a[i - 1]);
        assert_int_equal(a[i].woken, 1);
        assert_int_equal(i < 3 ? a[i + 1].woken : 0, 0);
        row_written(a[i].txn, ROWLOCK_NO_KEY_UPDATE);
        txn_unpark(a[i].txn);
        assert_int_equal(i < 3 ? a[i + 1].woken : 0, 0);
    }
    actor_end(&a[3]);
    fixture_end(&f);
}

/* A ring of a hundred: the one who closes it is the victim, and nobody else. */
static void deadlock_ring(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    Fixture f;
    static Actor a[COUNT];
    fixture_start(&f, 0);
    actors_begin(&f, a, COUNT);
    for (uint64_t i = 0; i < COUNT; i++) {
        assert_int_equal(actor_lock(&a[i], i * 100, ROWLOCK_UPDATE), ST_OK);
    }
    for (uint64_t i = 0; i + 1 < COUNT; i++) {
        assert_int_equal(actor_lock(&a[i], (i + 1) * 100, ROWLOCK_SHARE), ST_BUSY);
    }
    assert_int_equal(actor_lock(&a[COUNT - 1], 0, ROWLOCK_SHARE), ST_ERROR);
    assert_int_equal(a[COUNT - 1].s.err.sqlstate, ERRCODE_T_R_DEADLOCK_DETECTED);
    assert_non_null(
        strstr(a[COUNT - 1].s.err.detail, "Process 1 waits for ShareLock on transaction"));
    for (int i = COUNT - 1; i >= 0; i--) {
        actor_end(&a[i]);
        assert_int_equal(i > 0 ? a[i - 1].woken : 1, 1);
    }
    fixture_end(&f);
}

/* The circle goes through one of two hundred who hold the lock. */
static void deadlock_many_holders(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    Fixture f;
    static Actor a[COUNT + 1];
    fixture_start(&f, 0);
    actors_begin(&f, a, COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(actor_lock(&a[i], 5, ROWLOCK_SHARE), ST_OK);
    }
    assert_int_equal(actor_lock(&a[COUNT], 900, ROWLOCK_UPDATE), ST_OK);
    assert_int_equal(actor_lock(&a[100], 900, ROWLOCK_KEY_SHARE), ST_BUSY);
    assert_int_equal(actor_lock(&a[COUNT], 5, ROWLOCK_UPDATE), ST_ERROR);
    assert_int_equal(a[COUNT].s.err.sqlstate, ERRCODE_T_R_DEADLOCK_DETECTED);
    for (int i = 0; i <= COUNT; i++) {
        actor_end(&a[i]);
    }
    fixture_end(&f);
}

/* What goes together with the locks on a row passes who waits for them, for however long; what does
 * not waits behind, and a waiter is passed by nobody once the row is free for it. */
static void queue_compatible_passes(void **state)
{
    (void)state;
    Fixture f;
    Actor a[4];
    fixture_start(&f, 0);
    actors_begin(&f, a, 4);
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_SHARE), ST_OK);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_BUSY);
    usleep(3 * ROWLOCK_BARGE_US);
    assert_int_equal(actor_lock(&a[2], 5, ROWLOCK_SHARE), ST_OK);
    assert_int_equal(actor_lock(&a[3], 5, ROWLOCK_NO_KEY_UPDATE), ST_BUSY);
    actor_end(&a[0]);
    assert_int_equal(a[1].woken, 0);
    actor_end(&a[2]);
    assert_int_equal(a[1].woken, 1);
    assert_int_equal(a[3].woken, 0);
    actors_begin(&f, &a[0], 1);
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_KEY_SHARE), ST_BUSY); /* the second is next */
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_OK);
    actor_end(&a[1]);
    assert_int_equal(actor_lock(&a[3], 5, ROWLOCK_NO_KEY_UPDATE), ST_OK);
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_KEY_SHARE), ST_OK);
    actor_end(&a[3]);
    actor_end(&a[0]);
    fixture_end(&f);
}

/* A circle that only the order of a queue closes is opened by passing the queue. */
static void deadlock_soft_row(void **state)
{
    (void)state;
    Fixture f;
    Actor a[4];
    fixture_start(&f, 0);
    actors_begin(&f, a, 4);
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_KEY_SHARE), ST_OK);
    assert_int_equal(actor_lock(&a[3], 5, ROWLOCK_NO_KEY_UPDATE), ST_OK);
    assert_int_equal(actor_lock(&a[2], 900, ROWLOCK_UPDATE), ST_OK);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_BUSY);
    assert_int_equal(actor_lock(&a[2], 5, ROWLOCK_SHARE), ST_BUSY);
    actor_end(&a[3]);
    assert_int_equal(a[2].woken, 0); /* behind the second, for whom the first is in the way */
    assert_int_equal(actor_lock(&a[0], 900, ROWLOCK_SHARE), ST_BUSY);
    assert_int_equal(a[2].woken, 1);
    assert_int_equal(a[1].woken, 0);
    assert_int_equal(actor_lock(&a[2], 5, ROWLOCK_SHARE), ST_OK);
    actor_end(&a[2]);
    assert_int_equal(a[0].woken, 1);
    assert_int_equal(actor_lock(&a[0], 900, ROWLOCK_SHARE), ST_OK);
    actor_end(&a[0]);
    assert_int_equal(a[1].woken, 1);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_OK);
    actor_end(&a[1]);
    fixture_end(&f);
}

static Status actor_table(Actor *a, uint64_t key, TableLockMode mode)
{
    Status st = table_lock(&a->s.cx, a->txn, key, mode, WAIT_BLOCK);
    if (st == ST_OK) {
        txn_unpark(a->txn);
    }
    return st;
}

static void deadlock_soft_table(void **state)
{
    (void)state;
    Fixture f;
    Actor a[3];
    fixture_start(&f, 0);
    actors_begin(&f, a, 3);
    assert_int_equal(actor_table(&a[0], 5, TABLELOCK_SHARE), ST_OK);
    assert_int_equal(actor_lock(&a[2], 900, ROWLOCK_UPDATE), ST_OK);
    assert_int_equal(actor_table(&a[1], 5, TABLELOCK_EXCLUSIVE), ST_BUSY);
    assert_int_equal(actor_table(&a[2], 5, TABLELOCK_SHARE), ST_BUSY);
    assert_int_equal(actor_lock(&a[0], 900, ROWLOCK_SHARE), ST_BUSY);
    assert_int_equal(a[2].woken, 1);
    assert_int_equal(actor_table(&a[2], 5, TABLELOCK_SHARE), ST_OK);
    actor_end(&a[2]);
    assert_int_equal(a[0].woken, 1);
    actor_end(&a[0]);
    assert_int_equal(a[1].woken, 1);
    /* It asks for another mode instead: the place in the queue is not this one's. */
    assert_int_equal(actor_table(&a[1], 5, TABLELOCK_ACCESS_EXCLUSIVE), ST_OK);
    actor_end(&a[1]);
    fixture_end(&f);
}

/* A million rows that follow each other: quick, and about a byte each. */
static void locks_in_number(void **state)
{
    (void)state;
    enum { COUNT = 1000000 };
    Fixture f;
    Actor a[2];
    fixture_start(&f, 0);
    actors_begin(&f, a, 2);
    TxnSys *sys = f.e->txns;
    int64_t start = os_mono_us(f.os);
    for (uint64_t i = 0; i < COUNT; i++) {
        must(&a[0].s, row_lock_add(&a[0].s.cx, a[0].txn, TREE, i, ROWLOCK_UPDATE));
    }
    assert_in_range(atomic_load(&sys->row_bytes), COUNT / 64, 4 * COUNT);
    assert_true(row_lock_conflict(sys, a[1].txn, TREE, 777777, ROWLOCK_KEY_SHARE, false));
    assert_false(row_lock_conflict(sys, a[1].txn, TREE + 1, 777777, ROWLOCK_KEY_SHARE, false));
    actor_end(&a[0]);
    assert_in_range(os_mono_us(f.os) - start, 0, 5000000);
    assert_int_equal(atomic_load(&sys->row_bytes), 0);
    for (uint64_t i = 0; i < COUNT; i += 9973) {
        assert_false(row_lock_conflict(sys, a[1].txn, TREE, i, ROWLOCK_UPDATE, false));
    }
    actor_end(&a[1]);
    fixture_end(&f);
}

static void locks_limited(void **state)
{
    (void)state;
    Fixture f;
    Actor a[2];
    uint64_t i = 0;
    Status st;
    fixture_start(&f, 0);
    actors_begin(&f, a, 2);
    txnsys_set_row_lock_memory(f.e->txns, 100000);
    while ((st = actor_lock(&a[0], i * 1000, ROWLOCK_UPDATE)) == ST_OK && i < 100000) {
        i++;
    }
    assert_int_equal(st, ST_ERROR);
    assert_int_equal(a[0].s.err.sqlstate, ERRCODE_OUT_OF_MEMORY);
    assert_string_equal(a[0].s.err.message, "out of shared memory");
    assert_in_range(i, 500, 2000);
    actor_end(&a[0]);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_OK);
    actor_end(&a[1]);
    fixture_end(&f);
}

/* Key-share locks all over a table become one on the whole of it; a rollback to a savepoint gives
 * that one back, and keeps those from before. */
static void locks_escalate(void **state)
{
    (void)state;
    Fixture f;
    Actor a[2];
    SavePoint sp;
    fixture_start(&f, 0);
    actors_begin(&f, a, 2);
    TxnSys *sys = f.e->txns;
    const Txn *other = a[1].txn;
    assert_int_equal(actor_lock(&a[0], 64, ROWLOCK_KEY_SHARE), ST_OK);
    txn_savepoint(a[0].txn, &sp);
    for (uint64_t i = 2; i < 2 * ROWLOCK_KEY_SHARES_MAX; i++) {
        assert_int_equal(actor_lock(&a[0], i * 64, ROWLOCK_KEY_SHARE), ST_OK);
    }
    assert_in_range(atomic_load(&sys->row_bytes), 0, 200 * ROWLOCK_KEY_SHARES_MAX);
    uint64_t last = (2 * ROWLOCK_KEY_SHARES_MAX - 1) * 64;
    assert_true(row_lock_conflict(sys, other, TREE, last, ROWLOCK_UPDATE, false));
    assert_true(row_lock_conflict(sys, other, TREE, last * 10, ROWLOCK_UPDATE, false));
    assert_false(row_lock_conflict(sys, other, TREE, last, ROWLOCK_NO_KEY_UPDATE, false));
    assert_false(row_lock_conflict(sys, other, TREE + 1, last, ROWLOCK_UPDATE, false));
    assert_int_equal(actor_lock(&a[1], last * 10, ROWLOCK_UPDATE), ST_BUSY);
    must(&a[0].s, txn_rollback_to(&a[0].s.cx, a[0].txn, &sp));
    assert_int_equal(a[1].woken, 1);
    assert_int_equal(actor_lock(&a[1], last * 10, ROWLOCK_UPDATE), ST_OK);
    assert_false(row_lock_conflict(sys, other, TREE, last, ROWLOCK_UPDATE, false));
    assert_true(row_lock_conflict(sys, other, TREE, 64, ROWLOCK_UPDATE, false));
    actor_end(&a[0]);
    assert_false(row_lock_conflict(sys, other, TREE, 64, ROWLOCK_UPDATE, false));
    actor_end(&a[1]);
    fixture_end(&f);
}

/* A lock made stronger above a savepoint is the weaker one again after going back to it. */
static void locks_of_savepoints(void **state)
{
    (void)state;
    Fixture f;
    Actor a[2];
    SavePoint one, two;
    fixture_start(&f, 0);
    actors_begin(&f, a, 2);
    TxnSys *sys = f.e->txns;
    const Txn *other = a[1].txn;
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_KEY_SHARE), ST_OK);
    txn_savepoint(a[0].txn, &one);
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_UPDATE), ST_OK);
    assert_int_equal(actor_lock(&a[0], 6, ROWLOCK_SHARE), ST_OK);
    txn_savepoint(a[0].txn, &two);
    assert_int_equal(actor_lock(&a[0], 6, ROWLOCK_UPDATE), ST_OK);
    assert_int_equal(actor_lock(&a[0], 7, ROWLOCK_UPDATE), ST_OK);
    must(&a[0].s, txn_rollback_to(&a[0].s.cx, a[0].txn, &two));
    assert_true(row_lock_conflict(sys, other, TREE, 5, ROWLOCK_KEY_SHARE, false));
    assert_false(row_lock_conflict(sys, other, TREE, 6, ROWLOCK_SHARE, false));
    assert_true(row_lock_conflict(sys, other, TREE, 6, ROWLOCK_NO_KEY_UPDATE, false));
    assert_false(row_lock_conflict(sys, other, TREE, 7, ROWLOCK_UPDATE, false));
    must(&a[0].s, txn_rollback_to(&a[0].s.cx, a[0].txn, &one));
    assert_false(row_lock_conflict(sys, other, TREE, 5, ROWLOCK_NO_KEY_UPDATE, false));
    assert_true(row_lock_conflict(sys, other, TREE, 5, ROWLOCK_UPDATE, false));
    assert_false(row_lock_conflict(sys, other, TREE, 6, ROWLOCK_UPDATE, false));
    actor_end(&a[0]);
    actor_end(&a[1]);
    fixture_end(&f);
}

/* lock_timeout counts from the beginning of the wait, however often it was tried again. */
static void parked_timeout(void **state)
{
    (void)state;
    Fixture f;
    Actor a[2];
    fixture_start(&f, 0);
    actors_begin(&f, a, 2);
    a[1].txn->lock_timeout_us = 300000;
    assert_int_equal(actor_lock(&a[0], 5, ROWLOCK_UPDATE), ST_OK);
    assert_int_equal(actor_table(&a[0], 5, TABLELOCK_SHARE), ST_OK);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_BUSY);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_BUSY);
    usleep(301000);
    assert_int_equal(actor_lock(&a[1], 5, ROWLOCK_UPDATE), ST_ERROR);
    assert_int_equal(a[1].s.err.sqlstate, ERRCODE_LOCK_NOT_AVAILABLE);
    err_clear(&a[1].s.cx);
    assert_int_equal(actor_table(&a[1], 5, TABLELOCK_ROW_EXCLUSIVE), ST_BUSY);
    usleep(301000);
    assert_int_equal(actor_table(&a[1], 5, TABLELOCK_ROW_EXCLUSIVE), ST_ERROR);
    assert_int_equal(a[1].s.err.sqlstate, ERRCODE_LOCK_NOT_AVAILABLE);
    actor_end(&a[0]);
    actor_end(&a[1]);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_in_order),          cmocka_unit_test(queue_shares_together),
        cmocka_unit_test(queue_of_writers),        cmocka_unit_test(deadlock_ring),
        cmocka_unit_test(deadlock_many_holders),   cmocka_unit_test(deadlock_soft_row),
        cmocka_unit_test(queue_compatible_passes), cmocka_unit_test(deadlock_soft_table),
        cmocka_unit_test(locks_in_number),         cmocka_unit_test(locks_limited),
        cmocka_unit_test(locks_escalate),          cmocka_unit_test(locks_of_savepoints),
        cmocka_unit_test(parked_timeout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
