/*
 * test_txn_ssi.c - SERIALIZABLE: what is remembered, for how long, and whom it ends
 *
 * Goal: SIREAD locks follow their keys through splits and merges, become a tree's when they are too
 * many, go when nobody can meet them, and still count when their owners were summarised; safe
 * snapshots cost nothing; snapshots pass between transactions by name; a prepared transaction is
 * not a victim. Method: transactions of several sessions, stepped by hand in one thread.
 */
#include "leaks_expected.h"
#include "table_fixture.h"

#include "txn/prepare.h"
#include "txn/share.h"
#include "txn/ssi.h"

static Txn *ser_txn(Fixture *f, Session *s, bool read_only)
{
    const Snapshot *snap;
    Txn *txn = fixture_begin_in(f, s, ISO_SERIALIZABLE);
    txn->read_only = read_only;
    must(s, txn_snapshot(&s->cx, txn, &snap));
    return txn;
}

static int64_t ser_find(Fixture *f, Session *s, Txn *txn, int32_t key)
{
    const Snapshot *snap;
    must(s, txn_snapshot(&s->cx, txn, &snap));
    return find(f, s, snap, key);
}

/* commit_fails - 40001 as PostgreSQL words it. */
static void commit_fails(Session *s, Txn *txn)
{
    Lsn lsn;
    assert_int_equal(txn_commit(&s->cx, txn, &lsn), ST_ERROR);
    assert_int_equal(s->err.sqlstate, ERRCODE_T_R_SERIALIZATION_FAILURE);
    assert_string_equal(s->err.hint, "The transaction might succeed if retried.");
    err_clear(&s->cx);
}

static uint32_t locks_now(Fixture *f)
{
    SsiCounts n;
    ssi_counts(f->e->txns, &n);
    return n.locks;
}

static void ser_fill(Fixture *f, int32_t from, int32_t to, int32_t by)
{
    Txn *txn = fixture_begin(f);
    for (int32_t a = from; a < to; a += by) {
        (void)insert(f, &f->s, txn, (FixtureRow){a, a, "a row of some length to fill pages with"});
    }
    fixture_commit(f, &f->s, txn);
}

/* skew_on_gaps - t1 and t2 have each looked for a key; each inserts the other's. One must fail. */
static void skew_on_gaps(Fixture *f, Session *s2, Txn *t1, int32_t key1, Txn *t2, int32_t key2)
{
    RowId id;
    (void)insert(f, &f->s, t1, (FixtureRow){key2, 1, "x"});
    Status st = try_insert(f, s2, t2, (FixtureRow){key1, 1, "x"}, &id);
    fixture_commit(f, &f->s, t1);
    if (st == ST_OK) {
        commit_fails(s2, t2);
    } else {
        assert_int_equal(s2->err.sqlstate, ERRCODE_T_R_SERIALIZATION_FAILURE);
        txn_abort(&s2->cx, t2);
    }
}

static void gaps_survive_splits(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    fixture_start(&f, 1);
    session_begin(&s2);
    ser_fill(&f, 0, 200, 2); /* one leaf */
    Txn *t1 = ser_txn(&f, &f.s, false), *t2 = ser_txn(&f, &s2, false);
    assert_int_equal(ser_find(&f, &f.s, t1, 151), -1);
    assert_int_equal(ser_find(&f, &s2, t2, 51), -1);
    uint32_t before = locks_now(&f);
    assert_int_equal(before, 2);
    ser_fill(&f, 1000, 8000, 1); /* the root leaf becomes a tree */
    assert_true(locks_now(&f) > before);
    skew_on_gaps(&f, &s2, t1, 151, t2, 51);
    assert_int_equal(locks_now(&f), 0);
    session_end(&s2);
    fixture_end(&f);
}

static void gaps_survive_merges(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    fixture_start(&f, 1);
    session_begin(&s2);
    ser_fill(&f, 0, 6000, 2);
    Txn *w = fixture_begin(&f);
    RowId first = 1;
    for (RowId id = 0; id < 3100; id++) { /* rows with keys 1000 to 5000 */
        const Snapshot *snap;
        must(&f.s, txn_snapshot(&f.s.cx, w, &snap));
        int64_t b = see(&f, &f.s, snap, first + id);
        txn_snapshot_done(w);
        if (b >= 1000 && b <= 5000) {
            (void)delete_row(&f, &f.s, w, first + id);
        }
    }
    fixture_commit(&f, &f.s, w);
    Txn *t1 = ser_txn(&f, &f.s, false), *t2 = ser_txn(&f, &s2, false);
    assert_int_equal(ser_find(&f, &f.s, t1, 3001), -1);
    assert_int_equal(ser_find(&f, &s2, t2, 4001), -1);
    while (engine_purge_step(&f.s.cx, f.e) == ST_OK) {
    }
    skew_on_gaps(&f, &s2, t1, 3001, t2, 4001);
    session_end(&s2);
    fixture_end(&f);
}

static void many_locks_become_one(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    fixture_start(&f, 1);
    session_begin(&s2);
    ser_fill(&f, 0, 3000, 1);
    Txn *t1 = ser_txn(&f, &f.s, false), *t2 = ser_txn(&f, &s2, false);
    for (int32_t k = 0; k < 1024; k++) {
        assert_int_equal(ser_find(&f, &f.s, t1, k), k);
    }
    /* No lock on the gap where a key was found, but for the last keys of leaves. */
    uint32_t leaves = locks_now(&f) - 1024;
    assert_true(leaves < (PAGE_SIZE < 8192 ? 16u * 8192 / PAGE_SIZE : 16u));
    assert_int_equal(ser_find(&f, &f.s, t1, 2000), 2000);
    assert_in_range(locks_now(&f), 1, 2 + leaves);
    /* Now t1 has read rows it has not looked at. */
    assert_int_equal(ser_find(&f, &s2, t2, 1), 1);
    RowId id5 = 6, id2 = 2;
    (void)update(&f, &f.s, t1, id2, (FixtureRow){1, 100, "t1"});
    (void)update(&f, &s2, t2, id5 + 2500, (FixtureRow){2505, 100, "t2"});
    fixture_commit(&f, &f.s, t1);
    commit_fails(&s2, t2);
    session_end(&s2);
    fixture_end(&f);
}

static void own_write_needs_no_lock(void **state)
{
    (void)state;
    Fixture f;
    SavePoint sp;
    fixture_start(&f, 1);
    ser_fill(&f, 0, 10, 1);
    Txn *t = ser_txn(&f, &f.s, false);
    assert_int_equal(ser_find(&f, &f.s, t, 3), 3);
    assert_int_equal(locks_now(&f), 1);
    (void)update(&f, &f.s, t, 4, (FixtureRow){3, 30, "own"});
    assert_int_equal(locks_now(&f), 0);
    assert_int_equal(ser_find(&f, &f.s, t, 3), 30);
    assert_int_equal(locks_now(&f), 0);
    txn_savepoint(t, &sp);
    assert_int_equal(ser_find(&f, &f.s, t, 5), 5);
    (void)update(&f, &f.s, t, 6, (FixtureRow){5, 50, "undone"});
    assert_int_equal(locks_now(&f), 1); /* the write may be undone, the read not */
    must(&f.s, txn_rollback_to(&f.s.cx, t, &sp));
    assert_int_equal(locks_now(&f), 1);
    fixture_commit(&f, &f.s, t);
    assert_int_equal(locks_now(&f), 0);
    fixture_end(&f);
}

static void summary_still_counts(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    SsiCounts n;
    fixture_start(&f, 1);
    session_begin(&s2);
    ser_fill(&f, 0, 100, 1);
    Txn *old = ser_txn(&f, &f.s, false);
    assert_int_equal(ser_find(&f, &f.s, old, 7), 7);
    for (int i = 0; i < 3000; i++) { /* readers of 3; the first writes what `old` has read */
        arena_clear(&s2.arena);
        Txn *t = ser_txn(&f, &s2, false);
        (void)ser_find(&f, &s2, t, 3);
        (void)update(&f, &s2, t, i == 0 ? 8 : 50, (FixtureRow){i == 0 ? 7 : 49, 1000 + i, "new"});
        fixture_commit(&f, &s2, t);
    }
    ssi_counts(f.e->txns, &n);
    assert_true(n.finished <= 2048 && n.summarised > 900);
    assert_true(n.locks < 2200);
    /* old -> first (committed), and whoever read 3 -> old: old is a pivot. */
    WriteOutcome out;
    const Snapshot *snap;
    RowValues v = fixture_values(&f.s, &(FixtureRow){3, 1, "old"}, 3);
    must(&f.s, txn_snapshot(&f.s.cx, old, &snap));
    Status st = table_update(&f.s.cx, old, snap, f.t, 4, &v, NULL, &out);
    assert_int_equal(st, ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_T_R_SERIALIZATION_FAILURE);
    txn_abort(&f.s.cx, old);
    Txn *last = ser_txn(&f, &s2, false);
    fixture_commit(&f, &s2, last);
    ssi_counts(f.e->txns, &n);
    assert_int_equal(n.finished + n.summarised + n.locks, 0);
    session_end(&s2);
    fixture_end(&f);
}

static void safe_snapshots_are_free(void **state)
{
    (void)state;
    Fixture f;
    Session s2, s3;
    fixture_start(&f, 1);
    session_begin(&s2);
    session_begin(&s3);
    ser_fill(&f, 0, 10, 1);
    Txn *ro = ser_txn(&f, &f.s, true);
    assert_false(ssi_tracked(ro)); /* no writer about */
    assert_int_equal(ser_find(&f, &f.s, ro, 1), 1);
    assert_int_equal(locks_now(&f), 0);
    fixture_commit(&f, &f.s, ro);
    Txn *w = ser_txn(&f, &s2, false);
    ro = ser_txn(&f, &f.s, true);
    assert_true(ssi_tracked(ro));
    assert_int_equal(ser_find(&f, &f.s, ro, 1), 1);
    assert_int_equal(locks_now(&f), 1);
    (void)update(&f, &s2, w, 3, (FixtureRow){2, 20, "w"});
    fixture_commit(&f, &s2, w);
    assert_false(ssi_tracked(ro)); /* it has ended without harm */
    assert_int_equal(ser_find(&f, &f.s, ro, 2), 2);
    assert_int_equal(locks_now(&f), 0);
    fixture_commit(&f, &f.s, ro);
    /* A writer with an edge to something committed before the reader's snapshot. */
    w = ser_txn(&f, &s2, false);
    assert_int_equal(ser_find(&f, &s2, w, 5), 5);
    Txn *other = ser_txn(&f, &s3, false);
    (void)update(&f, &s3, other, 6, (FixtureRow){5, 55, "other"});
    fixture_commit(&f, &s3, other);
    ro = ser_txn(&f, &f.s, true);
    assert_int_equal(ser_find(&f, &f.s, ro, 5), 55);
    (void)update(&f, &s2, w, 8, (FixtureRow){7, 70, "w"});
    fixture_commit(&f, &s2, w);
    assert_true(ssi_tracked(ro)); /* unsafe */
    const Snapshot *snap;
    must(&f.s, txn_snapshot(&f.s.cx, ro, &snap));
    uint64_t count;
    TableScan *scan;
    must(&f.s, table_scan_create(&f.s.cx, &f.s.arena, f.t, NULL, 0, false, &scan));
    must(&f.s, table_scan_start(&f.s.cx, scan, ro, snap));
    assert_int_equal(table_scan_count(&f.s.cx, scan, &count), ST_ERROR); /* would not see 70 */
    assert_int_equal(f.s.err.sqlstate, ERRCODE_T_R_SERIALIZATION_FAILURE);
    table_scan_end(scan);
    txn_abort(&f.s.cx, ro);
    session_end(&s2);
    session_end(&s3);
    fixture_end(&f);
}

static void snapshots_pass_by_name(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    char name[SNAPSHOT_NAME_BYTES];
    fixture_start(&f, 1);
    session_begin(&s2);
    ser_fill(&f, 0, 10, 1);
    for (Isolation iso = ISO_REPEATABLE_READ; iso <= ISO_SERIALIZABLE; iso++) {
        const Snapshot *snap;
        Txn *t1 = fixture_begin_in(&f, &f.s, iso);
        must(&f.s, snapshot_export(&f.s.cx, t1, 1, name));
        assert_true(snapshot_exported(t1));
        Txn *w = fixture_begin_in(&f, &s2, ISO_READ_COMMITTED);
        (void)update(&f, &s2, w, 3, (FixtureRow){2, 200 + (int)iso, "w"});
        fixture_commit(&f, &s2, w);
        int64_t was = ser_find(&f, &f.s, t1, 2);
        assert_true(was != 200 + (int)iso);
        Txn *t2 = fixture_begin_in(&f, &s2, iso);
        assert_int_equal(snapshot_import(&s2.cx, t2, 2, name), ST_ERROR); /* another database */
        assert_int_equal(snapshot_import(&s2.cx, t2, 1, "nonsense"), ST_ERROR);
        assert_int_equal(s2.err.sqlstate, ERRCODE_INVALID_PARAMETER_VALUE);
        must(&s2, snapshot_import(&s2.cx, t2, 1, name));
        must(&s2, txn_snapshot(&s2.cx, t2, &snap));
        assert_int_equal(find(&f, &s2, snap, 2), was);
        fixture_commit(&f, &f.s, t1);
        assert_int_equal(find(&f, &s2, snap, 2), was);
        fixture_commit(&f, &s2, t2);
        t2 = fixture_begin_in(&f, &s2, iso);
        assert_int_equal(snapshot_import(&s2.cx, t2, 1, name), ST_ERROR); /* its giver is gone */
        txn_abort(&s2.cx, t2);
    }
    /* Write skew between two with one snapshot. */
    Txn *t1 = fixture_begin_in(&f, &f.s, ISO_SERIALIZABLE);
    must(&f.s, snapshot_export(&f.s.cx, t1, 1, name));
    Txn *t2 = fixture_begin_in(&f, &s2, ISO_SERIALIZABLE);
    must(&s2, snapshot_import(&s2.cx, t2, 1, name));
    (void)ser_find(&f, &f.s, t1, 4);
    (void)ser_find(&f, &s2, t2, 6);
    (void)update(&f, &f.s, t1, 7, (FixtureRow){6, 1, "t1"});
    (void)update(&f, &s2, t2, 5, (FixtureRow){4, 1, "t2"});
    fixture_commit(&f, &f.s, t1);
    commit_fails(&s2, t2);
    session_end(&s2);
    fixture_end(&f);
}

static void prepared_is_no_victim(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    Lsn lsn;
    Prepared *p;
    PreparedFacts facts = {.gid = "p"};
    fixture_start(&f, 1);
    session_begin(&s2);
    txnsys_set_max_prepared(f.e->txns, 5);
    ser_fill(&f, 0, 10, 1);
    Txn *t1 = ser_txn(&f, &f.s, false), *t2 = ser_txn(&f, &s2, false);
    (void)ser_find(&f, &f.s, t1, 4);
    (void)ser_find(&f, &s2, t2, 6);
    (void)update(&f, &f.s, t1, 7, (FixtureRow){6, 1, "t1"});
    must(&f.s, txn_prepare(&f.s.cx, t1, &facts, &lsn));
    /* t2 -> prepared; now prepared -> t2 as well: t2 is the one to go. */
    RowValues v = fixture_values(&s2, &(FixtureRow){4, 1, "t2"}, 3);
    WriteOutcome out;
    const Snapshot *snap;
    must(&s2, txn_snapshot(&s2.cx, t2, &snap));
    Status st = table_update(&s2.cx, t2, snap, f.t, 5, &v, NULL, &out);
    assert_int_equal(st, ST_ERROR);
    assert_int_equal(s2.err.sqlstate, ERRCODE_T_R_SERIALIZATION_FAILURE);
    txn_abort(&s2.cx, t2);
    must(&f.s, prepared_claim(&f.s.cx, f.e->txns, "p", &p));
    must(&f.s, prepared_commit(&f.s.cx, f.e->txns, p, &lsn));
    assert_int_equal(locks_now(&f), 0);
    session_end(&s2);
    fixture_end(&f);
}

/* DeferWatch - what a wait for a safe snapshot tells, and asks to be told, in its order. */
typedef struct DeferWatch {
    Fixture *f;
    _Atomic uint32_t cancel;
    CxBlocking told[4];
    uint32_t count;
    int32_t pid;
} DeferWatch;

static void defer_told(void *arg, CxBlocking what)
{
    DeferWatch *w = arg;
    int32_t *pids;
    uint32_t n;
    w->told[w->count++ % ARRAY_LEN(w->told)] = what;
    ssi_safe_blockers(w->f->e->txns, &w->f->s.arena, 71, &pids, &n);
    w->pid = what == CX_BLOCKING_WAIT && n == 1 ? pids[0] : w->pid;
    atomic_store(&w->cancel, CX_CANCEL_QUERY);
}

/* Goal: whoever waits for a safe snapshot says so, that its worker serve others meanwhile, and is
 * told apart by whom it waits for. Method: a wait that is cancelled by what it tells. */
static void deferrable_tells(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    const Snapshot *snap;
    fixture_start(&f, 1);
    session_begin(&s2);
    ser_fill(&f, 0, 10, 1);
    Txn *w = fixture_begin_in(&f, &s2, ISO_SERIALIZABLE);
    w->process_id = 72;
    must(&s2, txn_snapshot(&s2.cx, w, &snap));
    Txn *ro = fixture_begin_in(&f, &f.s, ISO_SERIALIZABLE);
    DeferWatch watch = {.f = &f};
    ro->process_id = 71;
    ro->read_only = ro->deferrable = true;
    f.s.cx.cancel = &watch.cancel;
    f.s.cx.blocking = defer_told;
    f.s.cx.blocking_arg = &watch;
    assert_int_equal(txn_snapshot(&f.s.cx, ro, &snap), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_QUERY_CANCELED);
    assert_int_equal(watch.count, 2);
    assert_int_equal(watch.told[0], CX_BLOCKING_WAIT);
    assert_int_equal(watch.told[1], CX_BLOCKING_WAIT_ENDS);
    assert_int_equal(watch.pid, 72);
    f.s.cx.cancel = NULL;
    f.s.cx.blocking = NULL;
    txn_abort(&f.s.cx, ro);
    fixture_commit(&f, &s2, w);
    session_end(&s2);
    fixture_end(&f);
}

static void prepared_is_remembered(void **state)
{
    (void)state;
    Fixture f;
    Lsn lsn;
    Prepared *p;
    PreparedFacts facts = {.gid = "p"};
    fixture_start(&f, 1);
    txnsys_set_max_prepared(f.e->txns, 5);
    ser_fill(&f, 0, 10, 1);
    Txn *t = ser_txn(&f, &f.s, false);
    (void)ser_find(&f, &f.s, t, 4);
    assert_int_equal(ser_find(&f, &f.s, t, 77), -1);
    (void)update(&f, &f.s, t, 7, (FixtureRow){6, 1, "t"});
    must(&f.s, txn_prepare(&f.s.cx, t, &facts, &lsn));
    must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, lsn));
    fixture_crash(&f);
    fixture_open_table(&f, 1);
    txnsys_set_max_prepared(f.e->txns, 5);
    assert_true(locks_now(&f) > 0);
    /* prepared -> t by what it has read; then t -> prepared by what it has written. */
    t = ser_txn(&f, &f.s, false);
    (void)update(&f, &f.s, t, 5, (FixtureRow){4, 1, "t"});
    const Snapshot *snap;
    static const PhysType TYPES[1] = {PHYS_I64};
    static const uint16_t COLUMNS[1] = {1};
    Batch b;
    batch_init(&b, TYPES, 1, &f.s.arena);
    must(&f.s, txn_snapshot(&f.s.cx, t, &snap));
    Status st = table_fetch(&f.s.cx, t, snap, f.t, 7, COLUMNS, 1, &b, 0, &f.s.arena);
    assert_int_equal(st, ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_T_R_SERIALIZATION_FAILURE);
    txn_abort(&f.s.cx, t);
    t = ser_txn(&f, &f.s, false); /* what has nothing to do with it goes on */
    assert_int_equal(ser_find(&f, &f.s, t, 8), 8);
    (void)update(&f, &f.s, t, 10, (FixtureRow){9, 1, "t"});
    fixture_commit(&f, &f.s, t);
    must(&f.s, prepared_claim(&f.s.cx, f.e->txns, "p", &p));
    must(&f.s, prepared_commit(&f.s.cx, f.e->txns, p, &lsn));
    assert_int_equal(locks_now(&f), 0);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_survive_splits),    cmocka_unit_test(gaps_survive_merges),
        cmocka_unit_test(many_locks_become_one),  cmocka_unit_test(own_write_needs_no_lock),
        cmocka_unit_test(summary_still_counts),   cmocka_unit_test(safe_snapshots_are_free),
        cmocka_unit_test(snapshots_pass_by_name), cmocka_unit_test(prepared_is_no_victim),
        cmocka_unit_test(prepared_is_remembered), cmocka_unit_test(deferrable_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
