/*
 * test_txn_advisory.c - advisory locks of sessions and of transactions
 *
 * Goal: the number held at a time is bounded (53200) and nothing is left over when they go; a
 * deadlock of two sessions is found with PostgreSQL's words; a lock time-out ends a wait and takes
 * the waiter out of the queue. Method: two owners in one engine, the second on a thread where it
 * must wait.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "table_fixture.h"

static AdvisoryKey number(uint32_t n)
{
    return (AdvisoryKey){.database = 5, .b = n, .kind = 1};
}

typedef struct Locker {
    Session s;
    AdvisoryOwner owner;
    Txn *txn;
    AdvisoryKey want;
    Status st;
    _Atomic bool done;
} Locker;

static void locker_begin(Locker *l, Fixture *f, int32_t pid)
{
    memset(l, 0, sizeof(*l));
    session_begin(&l->s);
    l->txn = fixture_begin_in(f, &l->s, ISO_READ_COMMITTED);
    advisory_owner_init(&l->owner, l->txn->sys, pid);
    l->txn->advisory = &l->owner;
    l->txn->process_id = pid;
}

static Status advisory_take_number(Locker *l, uint32_t n, bool for_session, WaitPolicy wait)
{
    AdvisoryKey key = number(n);
    return advisory_lock(&l->s.cx, l->txn, &key, true, for_session, wait);
}

static void locker_end(Locker *l, Fixture *f)
{
    fixture_commit(f, &l->s, l->txn);
    advisory_unlock_all(&l->owner);
    session_end(&l->s);
}

static void advisory_bounded(void **state)
{
    (void)state;
    Fixture f;
    Locker a, b;
    fixture_start(&f, 0);
    locker_begin(&a, &f, 1);
    locker_begin(&b, &f, 2);
    for (uint32_t i = 0; i < ADVISORY_LOCKS_MAX; i++) {
        must(&a.s, advisory_take_number(&a, i, i % 2 == 0, WAIT_NOWAIT));
    }
    assert_int_equal(advisory_take_number(&b, ADVISORY_LOCKS_MAX, true, WAIT_BLOCK), ST_ERROR);
    assert_int_equal(b.s.err.sqlstate, ERRCODE_OUT_OF_MEMORY);
    assert_string_equal(b.s.err.message, "out of shared memory");
    AdvisoryKey key = number(0);
    assert_true(advisory_unlock(&a.owner, &key, true));
    assert_false(advisory_unlock(&a.owner, &key, true));
    must(&b.s, advisory_take_number(&b, 0, false, WAIT_NOWAIT));
    assert_int_equal(advisory_take_number(&b, 1, true, WAIT_BLOCK), ST_ERROR);
    fixture_commit(&f, &a.s, a.txn); /* every second one goes */
    a.txn = fixture_begin_in(&f, &a.s, ISO_READ_COMMITTED);
    a.txn->advisory = &a.owner;
    must(&b.s, advisory_take_number(&b, 1, true, WAIT_NOWAIT));
    assert_int_equal(advisory_take_number(&b, 2, true, WAIT_NOWAIT), ST_BUSY);
    advisory_unlock_all(&a.owner);
    must(&b.s, advisory_take_number(&b, 2, true, WAIT_NOWAIT));
    locker_end(&a, &f);
    locker_end(&b, &f);
    fixture_end(&f);
}

static void *other_take(void *arg)
{
    Locker *l = arg;
    l->st = advisory_lock(&l->s.cx, l->txn, &l->want, true, true, WAIT_BLOCK);
    atomic_store(&l->done, true);
    return NULL;
}

static void advisory_deadlock(void **state)
{
    (void)state;
    Fixture f;
    Locker a, b;
    pthread_t th;
    fixture_start(&f, 0);
    locker_begin(&a, &f, 111);
    locker_begin(&b, &f, 222);
    must(&a.s, advisory_take_number(&a, 1, true, WAIT_BLOCK));
    must(&b.s, advisory_take_number(&b, 2, false, WAIT_BLOCK));
    b.want = number(1);
    pthread_create(&th, NULL, other_take, &b);
    until_blocked(f.e->txns, 222);
    assert_false(atomic_load(&b.done));
    assert_int_equal(advisory_take_number(&a, 2, true, WAIT_BLOCK), ST_ERROR);
    assert_int_equal(a.s.err.sqlstate, ERRCODE_T_R_DEADLOCK_DETECTED);
    assert_string_equal(
        a.s.err.detail,
        "Process 111 waits for ExclusiveLock on advisory lock [5,0,2,1]; blocked by process 222.\n"
        "Process 222 waits for ExclusiveLock on advisory lock [5,0,1,1]; blocked by process 111.");
    advisory_unlock_all(&a.owner);
    pthread_join(th, NULL);
    assert_int_equal(b.st, ST_OK);
    locker_end(&a, &f);
    locker_end(&b, &f);
    fixture_end(&f);
}

static void advisory_timeout(void **state)
{
    (void)state;
    Fixture f;
    Locker a, b, c;
    fixture_start(&f, 0);
    locker_begin(&a, &f, 1);
    locker_begin(&b, &f, 2);
    locker_begin(&c, &f, 3);
    AdvisoryKey key = number(1);
    must(&a.s, advisory_lock(&a.s.cx, a.txn, &key, false, true, WAIT_BLOCK));
    b.txn->lock_timeout_us = 20000;
    assert_int_equal(advisory_take_number(&b, 1, true, WAIT_BLOCK), ST_ERROR);
    assert_int_equal(b.s.err.sqlstate, ERRCODE_LOCK_NOT_AVAILABLE);
    /* Nobody waits any more whom a reader would have to let pass. */
    must(&c.s, advisory_lock(&c.s.cx, c.txn, &key, false, true, WAIT_NOWAIT));
    _Atomic uint32_t cancel = CX_CANCEL_QUERY;
    b.s.cx.cancel = &cancel;
    b.txn->lock_timeout_us = 0;
    assert_int_equal(advisory_take_number(&b, 1, true, WAIT_BLOCK), ST_ERROR);
    assert_int_equal(b.s.err.sqlstate, ERRCODE_QUERY_CANCELED);
    b.s.cx.cancel = NULL;
    locker_end(&a, &f);
    locker_end(&c, &f);
    must(&b.s, advisory_take_number(&b, 1, true, WAIT_NOWAIT));
    locker_end(&b, &f);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advisory_bounded),
        cmocka_unit_test(advisory_deadlock),
        cmocka_unit_test(advisory_timeout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
