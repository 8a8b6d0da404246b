/*
 * test_txn_locks.c - waiting, deadlocks, row locks and table locks
 *
 * Goal: the conflict matrices are PostgreSQL's, waiters wake, deadlocks are found with its texts,
 * time-outs and cancels end a wait. Method: two sessions, the second on a thread where it must
 * wait.
 */
#include <pthread.h>

#include "table_fixture.h"
#include "txn/locklist.h"

static void locks_table_matrix(void **state)
{
    (void)state;
    /* Row m: the modes that conflict with m, from PostgreSQL's documentation, table 13.2. */
    static const char *const MATRIX[8] = {"00000001", "00000011", "00001111", "00011111",
                                          "00110111", "00111111", "01111111", "11111111"};
    Fixture f;
    Session s2;
    fixture_start(&f, 0);
    session_begin(&s2);
    for (int a = 1; a <= 8; a++) {
        for (int b = 1; b <= 8; b++) {
            Txn *t1 = fixture_begin(&f), *t2 = fixture_begin_in(&f, &s2, ISO_READ_COMMITTED);
            must(&f.s, table_lock(&f.s.cx, t1, 77, (TableLockMode)a, WAIT_BLOCK));
            Status st = table_lock(&s2.cx, t2, 77, (TableLockMode)b, WAIT_NOWAIT);
            assert_int_equal(st, MATRIX[a - 1][b - 1] == '1' ? ST_BUSY : ST_OK);
            must(&s2, table_lock(&s2.cx, t2, 78, (TableLockMode)b, WAIT_NOWAIT));
            fixture_commit(&f, &f.s, t1);
            must(&s2, table_lock(&s2.cx, t2, 77, (TableLockMode)b, WAIT_NOWAIT));
            fixture_commit(&f, &s2, t2);
        }
    }
    session_end(&s2);
    fixture_end(&f);
}

static void locks_row_matrix(void **state)
{
    (void)state;
    static const char *const MATRIX[4] = {"0001", "0011", "0111", "1111"};
    Fixture f;
    Session s2;
    WriteOutcome out;
    fixture_start(&f, 0);
    session_begin(&s2);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
    fixture_commit(&f, &f.s, w);
    for (int a = 0; a < 4; a++) {
        for (int b = 0; b < 4; b++) {
            const Snapshot *s1, *sn2;
            Txn *t1 = fixture_begin(&f), *t2 = fixture_begin_in(&f, &s2, ISO_READ_COMMITTED);
            must(&f.s, txn_snapshot(&f.s.cx, t1, &s1));
            must(&s2, txn_snapshot(&s2.cx, t2, &sn2));
            must(&f.s, table_lock_row(&f.s.cx, t1, s1, f.t, id, (RowLockMode)a, WAIT_BLOCK, &out));
            assert_int_equal(out, WRITE_DONE);
            must(&s2, table_lock_row(&s2.cx, t2, sn2, f.t, id, (RowLockMode)b, WAIT_NOWAIT, &out));
            assert_int_equal(out, MATRIX[a][b] == '1' ? WRITE_NOT_AVAILABLE : WRITE_DONE);
            fixture_commit(&f, &f.s, t1);
            must(&s2, table_lock_row(&s2.cx, t2, sn2, f.t, id, (RowLockMode)b, WAIT_NOWAIT, &out));
            assert_int_equal(out, WRITE_DONE);
            fixture_commit(&f, &s2, t2);
        }
    }
    session_end(&s2);
    fixture_end(&f);
}

typedef struct Other {
    Fixture *f;
    Session s;
    Txn *txn;
    const Snapshot *snap;
    RowId id;
    uint64_t key;
    TableLockMode mode;
    WriteOutcome outcome;
    Status st;
    _Atomic bool done;
} Other;

static void *other_update(void *arg)
{
    Other *o = arg;
    RowValues v = fixture_values(&o->s, &(FixtureRow){100, 5, "other"}, 3);
    o->st = table_update(&o->s.cx, o->txn, o->snap, o->f->t, o->id, &v, NULL, &o->outcome);
    txn_snapshot_done(o->txn);
    atomic_store(&o->done, true);
    return NULL;
}

static void *other_table_lock(void *arg)
{
    Other *o = arg;
    o->st = table_lock(&o->s.cx, o->txn, o->key, o->mode, WAIT_BLOCK);
    atomic_store(&o->done, true);
    return NULL;
}

static void other_begin(Other *o, Fixture *f)
{
    memset(o, 0, sizeof(*o));
    o->f = f;
    session_begin(&o->s);
    o->txn = fixture_begin_in(f, &o->s, ISO_READ_COMMITTED);
}

static void locks_waiter_wakes(void **state)
{
    (void)state;
    for (int commits = 0; commits < 2; commits++) {
        Fixture f;
        Other o;
        pthread_t th;
        fixture_start(&f, 1);
        Txn *w = fixture_begin(&f);
        RowId id = insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
        fixture_commit(&f, &f.s, w);
        w = fixture_begin(&f);
        assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){1, 2, "x"}), WRITE_DONE);
        other_begin(&o, &f);
        o.id = id;
        /* Taken here: a thread that starts late must not see what the writer commits. */
        must(&o.s, txn_snapshot(&o.s.cx, o.txn, &o.snap));
        w->process_id = 111;
        o.txn->process_id = 222;
        pthread_create(&th, NULL, other_update, &o);
        until_blocked(f.e->txns, 222);
        assert_false(atomic_load(&o.done));
        if (commits) {
            fixture_commit(&f, &f.s, w);
        } else {
            txn_abort(&f.s.cx, w);
        }
        pthread_join(th, NULL);
        assert_int_equal(o.st, ST_OK);
        assert_int_equal(o.outcome, commits ? WRITE_UPDATED_MEANWHILE : WRITE_DONE);
        fixture_commit(&f, &o.s, o.txn);
        assert_int_equal(see_now(&f, &f.s, NULL, id), commits ? 2 : 5);
        session_end(&o.s);
        verify(&f, &f.s);
        fixture_end(&f);
    }
}

static void locks_deadlock(void **state)
{
    (void)state;
    Fixture f;
    Other o;
    pthread_t th;
    WriteOutcome out;
    const Snapshot *snap;
    fixture_start(&f, 0);
    Txn *w = fixture_begin(&f);
    RowId a = insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
    RowId b = insert(&f, &f.s, w, (FixtureRow){2, 2, "x"});
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    w->process_id = 111;
    assert_int_equal(update(&f, &f.s, w, a, (FixtureRow){1, 3, "x"}), WRITE_DONE);
    other_begin(&o, &f);
    o.txn->process_id = 222;
    assert_int_equal(update(&f, &o.s, o.txn, b, (FixtureRow){2, 4, "x"}), WRITE_DONE);
    o.id = a;
    must(&o.s, txn_snapshot(&o.s.cx, o.txn, &o.snap));
    pthread_create(&th, NULL, other_update, &o);
    until_blocked(f.e->txns, 222);
    assert_false(atomic_load(&o.done));
    must(&f.s, txn_snapshot(&f.s.cx, w, &snap));
    Status st = table_delete(&f.s.cx, w, snap, f.t, b, &out);
    assert_int_equal(st, ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_T_R_DEADLOCK_DETECTED);
    assert_string_equal(f.s.err.message, "deadlock detected");
    char expect[300];
    snprintf(expect, sizeof(expect),
             "Process 111 waits for ShareLock on transaction %llu; blocked by process 222.\n"
             "Process 222 waits for ShareLock on transaction %llu; blocked by process 111.",
             (unsigned long long)o.txn->xid, (unsigned long long)w->xid);
    assert_string_equal(f.s.err.detail, expect);
    assert_string_equal(f.s.err.hint, "See server log for query details.");
    err_clear(&f.s.cx);
    txn_abort(&f.s.cx, w);
    pthread_join(th, NULL);
    assert_int_equal(o.st, ST_OK);
    assert_int_equal(o.outcome, WRITE_DONE);
    fixture_commit(&f, &o.s, o.txn);
    session_end(&o.s);
    fixture_end(&f);
}

static void locks_timeout_and_cancel(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    fixture_start(&f, 0);
    session_begin(&s2);
    Txn *t1 = fixture_begin(&f), *t2 = fixture_begin_in(&f, &s2, ISO_READ_COMMITTED);
    must(&f.s, table_lock(&f.s.cx, t1, 5, TABLELOCK_EXCLUSIVE, WAIT_BLOCK));
    t2->lock_timeout_us = 10000;
    assert_int_equal(table_lock(&s2.cx, t2, 5, TABLELOCK_SHARE, WAIT_BLOCK), ST_ERROR);
    assert_int_equal(s2.err.sqlstate, ERRCODE_LOCK_NOT_AVAILABLE);
    assert_string_equal(s2.err.message, "canceling statement due to lock timeout");
    err_clear(&s2.cx);
    _Atomic uint32_t cancel = CX_CANCEL_QUERY;
    s2.cx.cancel = &cancel;
    t2->lock_timeout_us = 0;
    assert_int_equal(table_lock(&s2.cx, t2, 5, TABLELOCK_SHARE, WAIT_BLOCK), ST_ERROR);
    assert_int_equal(s2.err.sqlstate, ERRCODE_QUERY_CANCELED);
    s2.cx.cancel = NULL;
    err_clear(&s2.cx);
    fixture_commit(&f, &f.s, t1);
    must(&s2, table_lock(&s2.cx, t2, 5, TABLELOCK_SHARE, WAIT_NOWAIT));
    txn_abort(&s2.cx, t2);
    session_end(&s2);
    fixture_end(&f);
}

/* ACCESS SHARE passes an ACCESS EXCLUSIVE that only waits; ROW EXCLUSIVE queues behind it. */
static void locks_readers_pass(void **state)
{
    (void)state;
    Fixture f;
    Other o;
    pthread_t th;
    Session s3;
    fixture_start(&f, 0);
    session_begin(&s3);
    Txn *reader = fixture_begin(&f);
    must(&f.s, table_lock(&f.s.cx, reader, 9, TABLELOCK_ACCESS_SHARE, WAIT_BLOCK));
    other_begin(&o, &f);
    o.key = 9;
    o.mode = TABLELOCK_ACCESS_EXCLUSIVE;
    pthread_create(&th, NULL, other_table_lock, &o);
    usleep(30000);
    assert_false(atomic_load(&o.done));
    Txn *t3 = fixture_begin_in(&f, &s3, ISO_READ_COMMITTED);
    SavePoint before;
    Status st = ST_OK;
    txn_savepoint(t3, &before);
    /* Until the other waits, which may take a while on a busy machine. */
    for (int i = 0; i < 500; i++) {
        st = table_lock(&s3.cx, t3, 9, TABLELOCK_ROW_EXCLUSIVE, WAIT_NOWAIT);
        if (st != ST_OK) {
            break;
        }
        must(&s3, txn_rollback_to(&s3.cx, t3, &before));
        usleep(10000);
    }
    assert_int_equal(st, ST_BUSY);
    must(&s3, table_lock(&s3.cx, t3, 9, TABLELOCK_ACCESS_SHARE, WAIT_NOWAIT));
    fixture_commit(&f, &s3, t3);
    /* A savepoint gives back what was locked above it. */
    SavePoint sp;
    txn_savepoint(reader, &sp);
    must(&f.s, table_lock(&f.s.cx, reader, 10, TABLELOCK_EXCLUSIVE, WAIT_BLOCK));
    must(&f.s, txn_rollback_to(&f.s.cx, reader, &sp));
    t3 = fixture_begin_in(&f, &s3, ISO_READ_COMMITTED);
    must(&s3, table_lock(&s3.cx, t3, 10, TABLELOCK_EXCLUSIVE, WAIT_NOWAIT));
    fixture_commit(&f, &s3, t3);
    fixture_commit(&f, &f.s, reader);
    pthread_join(th, NULL);
    assert_int_equal(o.st, ST_OK);
    fixture_commit(&f, &o.s, o.txn);
    session_end(&o.s);
    session_end(&s3);
    fixture_end(&f);
}

/* list_has - how often a lock is told of. */
static uint32_t list_has(TxnSys *sys, int32_t pid, LockKind kind, bool granted, int mode,
                         uint64_t key)
{
    Arena arena;
    LockInfo *list;
    uint32_t count, n = 0;
    arena_init(&arena, NULL, "lock list", 0);
    lock_list(sys, &arena, &list, &count);
    for (uint32_t i = 0; i < count; i++) {
        n += list[i].process_id == pid && list[i].kind == kind && list[i].granted == granted &&
             list[i].mode == mode && list[i].key == key && granted == (list[i].since_us == 0);
    }
    arena_release(&arena);
    return n;
}

/* The list of locks tells holders and waiters, and who waits for whom. */
static void locks_listed(void **state)
{
    (void)state;
    Fixture f;
    Other o;
    pthread_t th;
    WriteOutcome out;
    const Snapshot *snap;
    Arena arena;
    int32_t *pids;
    uint32_t count = 0;
    fixture_start(&f, 0);
    TxnSys *sys = f.e->txns;
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    w->process_id = 111;
    must(&f.s, txn_snapshot(&f.s.cx, w, &snap));
    must(&f.s, table_lock_row(&f.s.cx, w, snap, f.t, id, ROWLOCK_SHARE, WAIT_BLOCK, &out));
    must(&f.s, txn_start_write(&f.s.cx, w));
    must(&f.s, table_lock(&f.s.cx, w, 9, TABLELOCK_EXCLUSIVE, WAIT_BLOCK));
    other_begin(&o, &f);
    o.txn->process_id = 222;
    o.key = 9;
    o.mode = TABLELOCK_SHARE;
    assert_int_equal(list_has(sys, 111, LOCKKIND_ROW, true, ROWLOCK_SHARE, id), 1);
    assert_int_equal(list_has(sys, 111, LOCKKIND_TABLE, true, TABLELOCK_EXCLUSIVE, 9), 1);
    assert_int_equal(list_has(sys, 111, LOCKKIND_XID, true, 0, w->xid), 1);
    pthread_create(&th, NULL, other_table_lock, &o);
    while (list_has(sys, 222, LOCKKIND_TABLE, false, TABLELOCK_SHARE, 9) == 0) {
        usleep(1000);
    }
    arena_init(&arena, NULL, "blockers", 0);
    lock_blockers(sys, &arena, 222, &pids, &count);
    assert_int_equal(count, 1);
    assert_int_equal(pids[0], 111);
    lock_blockers(sys, &arena, 111, &pids, &count);
    assert_int_equal(count, 0);
    arena_release(&arena);
    fixture_commit(&f, &f.s, w);
    pthread_join(th, NULL);
    assert_int_equal(o.st, ST_OK);
    assert_int_equal(list_has(sys, 111, LOCKKIND_ROW, true, ROWLOCK_SHARE, id), 0);
    fixture_commit(&f, &o.s, o.txn);
    session_end(&o.s);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_table_matrix),
        cmocka_unit_test(locks_row_matrix),
        cmocka_unit_test(locks_waiter_wakes),
        cmocka_unit_test(locks_deadlock),
        cmocka_unit_test(locks_timeout_and_cancel),
        cmocka_unit_test(locks_readers_pass),
        cmocka_unit_test(locks_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
