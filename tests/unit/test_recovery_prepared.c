/*
 * test_recovery_prepared.c - prepared transactions over crashes, checkpoints and shutdowns
 *
 * Goal: what was prepared is prepared again after any restart, with its locks, its name, and what
 * it has to do at its end; its rows stay unseen until it commits, also to a snapshot taken before
 * that; what ROLLBACK PREPARED had begun is never prepared again; log, purge and shutdown hold for
 * it. Method: the files of a running engine, copied, are what a killed process leaves; opened again
 * and again.
 */
#include "leaks_expected.h"
#include "table_fixture.h"
#include "txn/prepare.h"

static void prepare(Fixture *f, Txn *txn, const char *gid)
{
    Lsn lsn;
    PreparedFacts facts = {.owner = 10, .database = 5, .prepared_us = 123456};
    snprintf(facts.gid, sizeof(facts.gid), "%s", gid);
    must(&f->s, txn_prepare(&f->s.cx, txn, &facts, &lsn));
    must(&f->s, wal_flush_wait(&f->s.cx, f->e->wal, lsn));
}

static void finish(Fixture *f, const char *gid, bool commit)
{
    Prepared *p;
    Lsn lsn;
    must(&f->s, prepared_claim(&f->s.cx, f->e->txns, gid, &p));
    if (commit) {
        must(&f->s, prepared_commit(&f->s.cx, f->e->txns, p, &lsn));
    } else {
        prepared_rollback(&f->s.cx, f->e->txns, p, &lsn);
    }
    must(&f->s, wal_flush_wait(&f->s.cx, f->e->wal, lsn));
}

static void restart(Fixture *f)
{
    fixture_crash(f);
    txnsys_set_max_prepared(f->e->txns, 10);
    fixture_open_table(f, 2);
}

/* start - a table of `rows` rows, b = a, committed. */
static void start(Fixture *f, RowId *ids, int rows)
{
    fixture_start(f, 2);
    txnsys_set_max_prepared(f->e->txns, 10);
    Txn *w = fixture_begin(f);
    for (int i = 0; i < rows; i++) {
        ids[i] = insert(f, &f->s, w, (FixtureRow){i, i, "text"});
    }
    fixture_commit(f, &f->s, w);
}

static bool row_locked(Fixture *f, RowId id, RowLockMode mode)
{
    const Snapshot *snap;
    WriteOutcome out;
    Txn *t = fixture_begin(f);
    must(&f->s, txn_snapshot(&f->s.cx, t, &snap));
    must(&f->s, table_lock_row(&f->s.cx, t, snap, f->t, id, mode, WAIT_NOWAIT, &out));
    fixture_commit(f, &f->s, t);
    return out == WRITE_NOT_AVAILABLE;
}

static bool table_locked(Fixture *f, TableLockMode mode)
{
    Txn *t = fixture_begin(f);
    Status st = table_lock(&f->s.cx, t, 77, mode, WAIT_NOWAIT);
    fixture_commit(f, &f->s, t);
    return st == ST_BUSY;
}

/* write_some - a transaction with rows of all kinds and locks. */
static Txn *write_some(Fixture *f, const RowId *ids)
{
    const Snapshot *snap;
    WriteOutcome out;
    Txn *w = fixture_begin(f);
    must(&f->s, table_lock(&f->s.cx, w, 77, TABLELOCK_ROW_EXCLUSIVE, WAIT_BLOCK));
    must(&f->s, table_lock(&f->s.cx, w, 77, TABLELOCK_SHARE, WAIT_BLOCK));
    assert_int_equal(update(f, &f->s, w, ids[0], (FixtureRow){1000, 1000, "new"}), WRITE_DONE);
    assert_int_equal(delete_row(f, &f->s, w, ids[1]), WRITE_DONE);
    (void)insert(f, &f->s, w, (FixtureRow){2000, 2000, "more"});
    must(&f->s, txn_snapshot(&f->s.cx, w, &snap));
    must(&f->s, table_lock_row(&f->s.cx, w, snap, f->t, ids[2], ROWLOCK_SHARE, WAIT_BLOCK, &out));
    assert_int_equal(out, WRITE_DONE);
    txn_snapshot_done(w);
    return w;
}

static void check_before(Fixture *f, const RowId *ids)
{
    assert_int_equal(see_now(f, &f->s, NULL, ids[0]), 0);
    assert_int_equal(see_now(f, &f->s, NULL, ids[1]), 1);
    assert_int_equal(find_now(f, &f->s, NULL, 2000), -1);
    assert_int_equal(count_now(f, &f->s, NULL), 10);
    verify(f, &f->s);
}

static void check_locks(Fixture *f, const RowId *ids, bool held)
{
    assert_int_equal(row_locked(f, ids[0], ROWLOCK_KEY_SHARE), held);
    assert_int_equal(row_locked(f, ids[2], ROWLOCK_NO_KEY_UPDATE), held);
    assert_false(row_locked(f, ids[2], ROWLOCK_KEY_SHARE));
    assert_false(row_locked(f, ids[3], ROWLOCK_UPDATE));
    assert_int_equal(table_locked(f, TABLELOCK_SHARE), held);
    assert_int_equal(table_locked(f, TABLELOCK_ROW_EXCLUSIVE), held);
    assert_false(table_locked(f, TABLELOCK_ACCESS_SHARE));
}

static void check_after(Fixture *f, const RowId *ids, bool committed)
{
    if (!committed) {
        check_before(f, ids);
        return;
    }
    assert_int_equal(see_now(f, &f->s, NULL, ids[0]), 1000);
    assert_int_equal(see_now(f, &f->s, NULL, ids[1]), -1);
    assert_int_equal(find_now(f, &f->s, NULL, 2000), 2000);
    assert_int_equal(find_now(f, &f->s, NULL, 0), -1);
    verify(f, &f->s);
}

/* run_case - prepare; `restarts` crashes, with a checkpoint before each where asked; the end. */
static void run_case(int restarts, bool checkpoints, bool commit)
{
    Fixture f;
    RowId ids[10];
    PreparedFacts *list;
    uint32_t count;
    start(&f, ids, 10);
    Txn *w = write_some(&f, ids);
    if (checkpoints) {
        must(&f.s, engine_checkpoint(&f.s.cx, f.e));
    }
    prepare(&f, w, "one");
    for (int i = 0; i < restarts; i++) {
        check_before(&f, ids);
        check_locks(&f, ids, true);
        if (checkpoints) {
            must(&f.s, engine_checkpoint(&f.s.cx, f.e));
        }
        restart(&f);
        must(&f.s, engine_settle(&f.s.cx, f.e));
    }
    must(&f.s, txnsys_prepared_list(&f.s.cx, f.e->txns, &f.s.arena, &list, &count));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].gid, "one");
    assert_int_equal(list[0].owner, 10);
    assert_int_equal(list[0].database, 5);
    assert_int_equal(list[0].prepared_us, 123456);
    Snapshot old;
    snapshot_take(f.e->txns, NULL, &old);
    finish(&f, "one", commit);
    check_locks(&f, ids, false);
    check_after(&f, ids, commit);
    /* A snapshot from before sees none of it, and does so after purge has had its turn. */
    must(&f.s, engine_settle(&f.s.cx, f.e));
    assert_int_equal(see(&f, &f.s, &old, ids[0]), 0);
    assert_int_equal(see(&f, &f.s, &old, ids[1]), 1);
    assert_int_equal(find(&f, &f.s, &old, 2000), -1);
    snapshot_release(&old);
    must(&f.s, engine_settle(&f.s.cx, f.e));
    check_after(&f, ids, commit);
    restart(&f);
    assert_int_equal(txnsys_prepared_count(f.e->txns), 0);
    check_locks(&f, ids, false);
    check_after(&f, ids, commit);
    fixture_end(&f);
}

static void prepared_over_crashes(void **state)
{
    (void)state;
    for (int n = 0; n < 12; n++) {
        run_case(n / 4, (n & 1) != 0, (n & 2) != 0);
    }
}

/* Goal: a crash in the middle of ROLLBACK PREPARED leaves a loser, whatever a checkpoint saw.
 * Method: the pieces of prepared_rollback happen one by one in a copy. */
static void prepared_rollback_crash(void **state)
{
    (void)state;
    Fixture f;
    RowId ids[10];
    Prepared *p;
    Lsn lsn;
    start(&f, ids, 10);
    prepare(&f, write_some(&f, ids), "one");
    must(&f.s, prepared_claim(&f.s.cx, f.e->txns, "one", &p));
    prepared_rollback(&f.s.cx, f.e->txns, p, &lsn);
    must(&f.s, engine_checkpoint(&f.s.cx, f.e));
    /* The next one is flushed up to the undo, but not to its end. */
    prepare(&f, write_some(&f, ids), "two");
    must(&f.s, prepared_claim(&f.s.cx, f.e->txns, "two", &p));
    Err err = {0};
    assert_int_equal(prepared_claim(&(Cx){.err = &err}, f.e->txns, "two", &p), ST_ERROR);
    assert_int_equal(err.sqlstate, ERRCODE_OBJECT_IN_USE);
    prepared_rollback(&f.s.cx, f.e->txns, p, &lsn);
    restart(&f);
    must(&f.s, engine_settle(&f.s.cx, f.e));
    assert_true(txnsys_prepared_count(f.e->txns) <= 1);
    check_before(&f, ids);
    fixture_end(&f);
}

/* Goal: a shutdown with a prepared transaction leaves the log, and the next open has it; then a
 * clean end leaves one file. */
static void prepared_shutdown(void **state)
{
    (void)state;
    Fixture f;
    RowId ids[10];
    char path[128];
    bool exists;
    start(&f, ids, 10);
    prepare(&f, write_some(&f, ids), "one");
    snprintf(path, sizeof(path), "%s-wal", f.path);
    for (int i = 0; i < 3; i++) {
        must(&f.s, engine_close(&f.s.cx, f.e));
        must(&f.s, os_exists(&f.s.cx, f.os, path, &exists));
        assert_true(exists);
        fixture_open(&f);
        txnsys_set_max_prepared(f.e->txns, 10);
        fixture_open_table(&f, 2);
        check_before(&f, ids);
        check_locks(&f, ids, true);
    }
    finish(&f, "one", true);
    must(&f.s, engine_close(&f.s.cx, f.e));
    must(&f.s, os_exists(&f.s.cx, f.os, path, &exists));
    assert_false(exists);
    fixture_open(&f);
    fixture_open_table(&f, 2);
    check_after(&f, ids, true);
    fixture_end(&f);
}

/* Goal: more locks and actions than one record holds. */
static void prepared_large(void **state)
{
    (void)state;
    enum { ROWS = 70000 };
    Fixture f;
    RowId ids[10];
    start(&f, ids, 10);
    Txn *w = fixture_begin(&f);
    (void)insert(&f, &f.s, w, (FixtureRow){3000, 1, "x"});
    for (uint64_t i = 0; i < ROWS; i++) {
        /* Each in a block of its own: neighbours would share a lock of 64 rows. */
        must(&f.s, row_lock_add(&f.s.cx, w, f.tree, (1000000 + i) * 64, ROWLOCK_UPDATE));
    }
    prepare(&f, w, "large");
    for (int n = 0; n < 2; n++) {
        for (uint64_t i = 0; i < ROWS; i += 997) {
            assert_true(row_lock_conflict(f.e->txns, NULL, f.tree, (1000000 + i) * 64,
                                          ROWLOCK_KEY_SHARE, false));
        }
        assert_false(row_lock_conflict(f.e->txns, NULL, f.tree, (1000000 + ROWS) * 64,
                                       ROWLOCK_KEY_SHARE, false));
        restart(&f);
    }
    finish(&f, "large", true);
    assert_false(
        row_lock_conflict(f.e->txns, NULL, f.tree, 1000000 * 64, ROWLOCK_KEY_SHARE, false));
    assert_int_equal(count_now(&f, &f.s, NULL), 11);
    fixture_end(&f);
}

static bool tree_exists(Fixture *f, TreeId tree)
{
    TreeEntry entry;
    return tree_get(&f->s.cx, f->e->store, tree, &entry) == ST_OK;
}

/* Goal: trees to be dropped at the end are dropped then, after a restart too; trees made are there
 * or gone. */
static void prepared_trees(void **state)
{
    (void)state;
    Fixture f;
    RowId ids[10];
    for (int commit = 0; commit < 2; commit++) {
        TreeId made;
        start(&f, ids, 10);
        Txn *w = fixture_begin(&f);
        must(&f.s, table_create(&f.s.cx, f.e, w, FIXTURE_COLUMNS, 3, &made));
        txn_drop_tree_on_commit(w, f.ix[1].tree);
        prepare(&f, w, "trees");
        restart(&f);
        must(&f.s, engine_settle(&f.s.cx, f.e));
        assert_true(tree_exists(&f, made));
        assert_true(tree_exists(&f, f.ix[1].tree));
        finish(&f, "trees", commit != 0);
        must(&f.s, engine_settle(&f.s.cx, f.e));
        assert_int_equal(tree_exists(&f, made), commit != 0);
        assert_int_equal(tree_exists(&f, f.ix[1].tree), commit == 0);
        fixture_end(&f);
    }
}

static void prepared_limits(void **state)
{
    (void)state;
    Fixture f;
    RowId ids[10];
    Lsn lsn;
    PreparedFacts facts = {.gid = "name"};
    start(&f, ids, 10);
    txnsys_set_max_prepared(f.e->txns, 0);
    Txn *w = fixture_begin(&f);
    (void)insert(&f, &f.s, w, (FixtureRow){3000, 1, "x"});
    assert_int_equal(txn_prepare(&f.s.cx, w, &facts, &lsn), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE);
    txnsys_set_max_prepared(f.e->txns, 1);
    prepare(&f, w, "name");
    w = fixture_begin(&f);
    (void)insert(&f, &f.s, w, (FixtureRow){3001, 1, "x"});
    assert_int_equal(txn_prepare(&f.s.cx, w, &facts, &lsn), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_DUPLICATE_OBJECT);
    facts.gid[0] = 'N';
    assert_int_equal(txn_prepare(&f.s.cx, w, &facts, &lsn), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_OUT_OF_MEMORY);
    txn_abort(&f.s.cx, w); /* it is as it was */
    finish(&f, "name", true);
    assert_int_equal(count_now(&f, &f.s, NULL), 11);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prepared_over_crashes), cmocka_unit_test(prepared_rollback_crash),
        cmocka_unit_test(prepared_shutdown),     cmocka_unit_test(prepared_large),
        cmocka_unit_test(prepared_trees),        cmocka_unit_test(prepared_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
