/*
 * test_race_txn.c - interleavings of transactions that once went wrong, or would
 *
 * Goal: commit numbers and visibility in one order, nothing purged that a snapshot being taken
 * sees, no lost wake-up of those who wait for rows, tables and transactions, no index used by a
 * snapshot from before it, no reply on a commit that is not durable. Method: threads held at stop
 * points (race_fixture.h); a thread that is never woken shows as one not done after three virtual
 * seconds.
 */
#include "race_fixture.h"

#define FRAMES 64

static Status race_commit(Racer *r)
{
    return txn_commit(&r->s.cx, r->txn, &r->lsn);
}

static void run_commit(Racer *r)
{
    must(&r->s, race_commit(r));
}

static void run_commit_durably(Racer *r)
{
    must(&r->s, race_commit(r));
    must(&r->s, wal_flush_wait(&r->s.cx, r->f->e->wal, r->lsn));
}

static void run_look(Racer *r)
{
    r->value = see_now(r->f, &r->s, NULL, r->id);
}

/* ---- commit numbers, visibility, durability ---- */

/*
 * A commits and is held while its record is reserved and its number is taken, before it is
 * published: nobody may take a snapshot or a later number until it is.
 */
static void scene_commit_number(void *arg)
{
    Fixture *f = arg;
    Racer a, b, c;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    RowId id = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    RowId other = insert(f, &f->s, txn, (FixtureRow){2, 10, "x"});
    fixture_commit(f, &f->s, txn);
    racer_init(&a, f), racer_init(&b, f), racer_init(&c, f);
    a.txn = fixture_begin_in(f, &a.s, ISO_READ_COMMITTED);
    b.txn = fixture_begin_in(f, &b.s, ISO_READ_COMMITTED);
    (void)update(f, &a.s, a.txn, id, (FixtureRow){1, 11, "x"});
    (void)update(f, &b.s, b.txn, other, (FixtureRow){2, 11, "x"});
    os_sim_stop(f->os, "commit.numbered", "A");
    racer_start(&a, "A", run_commit);
    race_check(os_sim_await(f->os, "commit.numbered"));
    b.id = id, c.id = id;
    racer_start(&c, "C", run_look);
    racer_start(&b, "B", run_commit_durably);
    race_let_run(f);
    race_check(!c.done && !b.done);
    os_sim_go_on(f->os, "commit.numbered");
    race_let_run(f);
    race_check(a.done && b.done && c.done);
    race_check(c.value == 11); /* it waited for the commit, so it sees it */
    race_check(a.lsn < b.lsn);
    racer_join(&a), racer_join(&b), racer_join(&c);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_commit_number(void **state)
{
    (void)state;
    race_run(FRAMES, scene_commit_number);
}

/*
 * A's COMMIT is published, but held before its record's bytes are in the log; B commits behind it.
 * B must not be told that it is durable before A is, for a crash would lose both; and whoever reads
 * A's row then has to hold its reply for A's commit.
 */
static void scene_commit_unfilled(void *arg)
{
    Fixture *f = arg;
    Racer a, b, r;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    RowId id = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    RowId other = insert(f, &f->s, txn, (FixtureRow){2, 10, "x"});
    fixture_commit(f, &f->s, txn);
    racer_init(&a, f), racer_init(&b, f), racer_init(&r, f);
    a.txn = fixture_begin_in(f, &a.s, ISO_READ_COMMITTED);
    b.txn = fixture_begin_in(f, &b.s, ISO_READ_COMMITTED);
    (void)update(f, &a.s, a.txn, id, (FixtureRow){1, 11, "x"});
    (void)update(f, &b.s, b.txn, other, (FixtureRow){2, 11, "x"});
    Lsn before = wal_head(f->e->wal);
    os_sim_stop(f->os, "wal-fill", "A");
    racer_start(&a, "A", run_commit_durably);
    race_check(os_sim_await(f->os, "wal-fill"));
    racer_start(&b, "B", run_commit_durably);
    race_let_run(f);
    race_check(!b.done && wal_flushed(f->e->wal) <= before);
    /* An open transaction's statement shows A's row: its reply is held for A's commit. */
    const Snapshot *snap;
    r.txn = fixture_begin_in(f, &r.s, ISO_READ_COMMITTED);
    must(&r.s, txn_snapshot(&r.s.cx, r.txn, &snap));
    race_check(see(f, &r.s, snap, id) == 11);
    race_check(r.txn->seen_lsn > before && r.txn->seen_lsn > wal_flushed(f->e->wal));
    txn_snapshot_done(r.txn);
    os_sim_go_on(f->os, "wal-fill");
    race_let_run(f);
    race_check(a.done && b.done && wal_flushed(f->e->wal) >= r.txn->seen_lsn);
    racer_join(&a), racer_join(&b);
    /* What is durable holds no reply back. */
    r.txn->seen_lsn = 0;
    must(&r.s, txn_snapshot(&r.s.cx, r.txn, &snap));
    race_check(see(f, &r.s, snap, id) == 11 && r.txn->seen_lsn == 0);
    txn_snapshot_done(r.txn);
    fixture_commit(f, &r.s, r.txn);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_commit_unfilled(void **state)
{
    (void)state;
    race_run(FRAMES, scene_commit_unfilled);
}

/* ---- purge against a snapshot being taken ---- */

static void run_purge(Racer *r)
{
    purge_all(r->f, &r->s);
}

static Snapshot race_snapshot; /* of the scene that runs: one at a time */

static void run_snapshot(Racer *r)
{
    snapshot_take(r->f->e->txns, NULL, &race_snapshot);
    r->value = see(r->f, &r->s, &race_snapshot, r->id);
}

/*
 * R takes a snapshot and is held before it is in the list; a DELETE commits as soon as it can, and
 * purge runs. R's snapshot was read before that commit, so it must see the row, and go on to.
 */
static void scene_purge_snapshot(void *arg)
{
    Fixture *f = arg;
    Racer r, d, p;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    RowId id = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    fixture_commit(f, &f->s, txn);
    racer_init(&r, f), racer_init(&d, f), racer_init(&p, f);
    d.txn = fixture_begin_in(f, &d.s, ISO_READ_COMMITTED);
    (void)delete_row(f, &d.s, d.txn, id);
    r.id = id;
    os_sim_stop(f->os, "snapshot.taking", "R");
    racer_start(&r, "R", run_snapshot);
    race_check(os_sim_await(f->os, "snapshot.taking"));
    racer_start(&d, "D", run_commit_durably);
    racer_start(&p, "P", run_purge);
    race_let_run(f);
    os_sim_go_on(f->os, "snapshot.taking");
    race_let_run(f);
    race_check(r.done && d.done && p.done);
    race_check(r.value == 10);
    purge_all(f, &f->s);
    race_check(see(f, &f->s, &race_snapshot, id) == 10);
    snapshot_release(&race_snapshot);
    purge_all(f, &f->s);
    race_check(see_now(f, &f->s, NULL, id) == -1);
    racer_join(&r), racer_join(&d), racer_join(&p);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

/*
 * The other way round: purge has its horizon and is held before it reads the log; a snapshot is
 * taken, then a DELETE commits and is flushed. Purge must not go beyond the horizon it has.
 */
static void scene_purge_horizon(void *arg)
{
    Fixture *f = arg;
    Racer p;
    Snapshot snap;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    RowId id = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    fixture_commit(f, &f->s, txn);
    racer_init(&p, f);
    os_sim_stop(f->os, "purge.horizon", "P");
    racer_start(&p, "P", run_purge);
    race_check(os_sim_await(f->os, "purge.horizon"));
    snapshot_take(f->e->txns, NULL, &snap);
    txn = fixture_begin(f);
    (void)delete_row(f, &f->s, txn, id);
    fixture_commit(f, &f->s, txn);
    os_sim_go_on(f->os, "purge.horizon");
    racer_join(&p);
    race_check(see(f, &f->s, &snap, id) == 10 && see_now(f, &f->s, NULL, id) == -1);
    snapshot_release(&snap);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_purge_snapshot(void **state)
{
    (void)state;
    race_run(FRAMES, scene_purge_snapshot);
    race_run(FRAMES, scene_purge_horizon);
}

/* ---- lost wake-ups ---- */

static void run_lock_row(Racer *r)
{
    WriteOutcome out;
    const Snapshot *snap;
    must(&r->s, txn_snapshot(&r->s.cx, r->txn, &snap));
    must(&r->s,
         table_lock_row(&r->s.cx, r->txn, snap, r->f->t, r->id, ROWLOCK_UPDATE, WAIT_BLOCK, &out));
    txn_snapshot_done(r->txn);
}

/*
 * A has the row (by writing it, by locking it alone, by a change that it takes back). B has seen
 * that and is held before it queues; A ends meanwhile and finds nobody to wake.
 */
static void wake_row(Fixture *f, bool write, bool commit)
{
    Racer b;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    RowId id = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    fixture_commit(f, &f->s, txn);
    txn = fixture_begin(f);
    if (write) {
        (void)update(f, &f->s, txn, id, (FixtureRow){1, 11, "x"});
    } else {
        Racer self = {.f = f, .s = f->s, .txn = txn, .id = id};
        self.s.cx.err = &self.s.err;
        run_lock_row(&self);
    }
    racer_init(&b, f);
    b.txn = fixture_begin_in(f, &b.s, ISO_READ_COMMITTED);
    b.id = id;
    os_sim_stop(f->os, "row.wait", "B");
    racer_start(&b, "B", run_lock_row);
    race_check(os_sim_await(f->os, "row.wait"));
    if (commit) {
        fixture_commit(f, &f->s, txn);
    } else {
        /* Undo needs the row's page, which B has latched: it goes on as soon as B lets go. */
        txn_abort(&f->s.cx, txn);
    }
    os_sim_go_on(f->os, "row.wait");
    int64_t start = os_mono_us(f->os);
    racer_join(&b);
    race_check(os_mono_us(f->os) - start < 100000);
    fixture_commit(f, &b.s, b.txn);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void scene_wake_written(void *arg)
{
    wake_row(arg, true, true);
}

static void scene_wake_locked(void *arg)
{
    wake_row(arg, false, true);
}

static void test_wake_row(void **state)
{
    (void)state;
    race_run(FRAMES, scene_wake_written);
    race_run(FRAMES, scene_wake_locked);
}

static void run_lock_table(Racer *r)
{
    must(&r->s, table_lock(&r->s.cx, r->txn, 77, TABLELOCK_ACCESS_EXCLUSIVE, WAIT_BLOCK));
}

/* The same for a table, between the look that failed and the place in the queue. */
static void scene_wake_table(void *arg)
{
    Fixture *f = arg;
    Racer b;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    must(&f->s, table_lock(&f->s.cx, txn, 77, TABLELOCK_ACCESS_SHARE, WAIT_BLOCK));
    racer_init(&b, f);
    b.txn = fixture_begin_in(f, &b.s, ISO_READ_COMMITTED);
    os_sim_stop(f->os, "table.wait", "B");
    racer_start(&b, "B", run_lock_table);
    race_check(os_sim_await(f->os, "table.wait"));
    fixture_commit(f, &f->s, txn);
    os_sim_go_on(f->os, "table.wait");
    int64_t start = os_mono_us(f->os);
    racer_join(&b);
    race_check(os_mono_us(f->os) - start < 100000);
    fixture_commit(f, &b.s, b.txn);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void run_wait_xid(Racer *r)
{
    must(&r->s, txn_wait_xid(&r->s.cx, r->txn, (Xid)r->value, 0));
}

/* And for the end of a transaction. */
static void scene_wake_xid(void *arg)
{
    Fixture *f = arg;
    Racer b;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    (void)insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    racer_init(&b, f);
    b.txn = fixture_begin_in(f, &b.s, ISO_READ_COMMITTED);
    b.value = (int64_t)txn->xid;
    os_sim_stop(f->os, "xid.wait", "B");
    racer_start(&b, "B", run_wait_xid);
    race_check(os_sim_await(f->os, "xid.wait"));
    fixture_commit(f, &f->s, txn);
    os_sim_go_on(f->os, "xid.wait");
    int64_t start = os_mono_us(f->os);
    racer_join(&b);
    race_check(os_mono_us(f->os) - start < 100000);
    fixture_commit(f, &b.s, b.txn);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_wake_table_and_xid(void **state)
{
    (void)state;
    race_run(FRAMES, scene_wake_table);
    race_run(FRAMES, scene_wake_xid);
}

/* ---- an index built after a snapshot ---- */

static void run_build(Racer *r)
{
    Fixture *f = r->f;
    must(&r->s, index_create(&r->s.cx, f->e, r->txn, &f->ix[0].tree, &f->ix[0].root));
    must(&r->s, index_build(&r->s.cx, r->txn, f->t, &f->ix[0]));
    must(&r->s, race_commit(r));
}

/*
 * A snapshot from before a build may not use the index, which lacks what it sees (here the row's
 * former key). One taken between the last page of the build and the note of its time may or not,
 * but must find its row if it does; a later one uses it.
 */
static void scene_index_build(void *arg)
{
    Fixture *f = arg;
    Racer old, mid, b, late;
    const Snapshot *snap;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    RowId id = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    fixture_commit(f, &f->s, txn);
    racer_init(&old, f), racer_init(&mid, f), racer_init(&b, f), racer_init(&late, f);
    old.txn = fixture_begin_in(f, &old.s, ISO_REPEATABLE_READ);
    must(&old.s, txn_snapshot(&old.s.cx, old.txn, &snap));
    txn = fixture_begin(f);
    (void)update(f, &f->s, txn, id, (FixtureRow){2, 11, "x"});
    fixture_commit(f, &f->s, txn);
    b.txn = fixture_begin_in(f, &b.s, ISO_READ_COMMITTED);
    os_sim_stop(f->os, "index.built", "B");
    racer_start(&b, "B", run_build);
    race_check(os_sim_await(f->os, "index.built"));
    mid.txn = fixture_begin_in(f, &mid.s, ISO_REPEATABLE_READ);
    must(&mid.s, txn_snapshot(&mid.s.cx, mid.txn, &snap));
    os_sim_go_on(f->os, "index.built");
    racer_join(&b);
    fixture_open_table(f, 1);
    late.txn = fixture_begin_in(f, &late.s, ISO_REPEATABLE_READ);
    must(&late.s, txn_snapshot(&late.s.cx, late.txn, &snap));
    race_check(!index_serves(&old.s.cx, f->t, &f->ix[0], old.txn));
    race_check(!index_serves(&mid.s.cx, f->t, &f->ix[0], mid.txn) ||
               find(f, &mid.s, &mid.txn->snapshot, 2) == 11);
    race_check(index_serves(&late.s.cx, f->t, &f->ix[0], late.txn));
    race_check(indexes_newer(f->e, old.txn) && !indexes_newer(f->e, late.txn));
    race_check(find(f, &late.s, snap, 2) == 11);
    fixture_commit(f, &old.s, old.txn);
    fixture_commit(f, &mid.s, mid.txn);
    fixture_commit(f, &late.s, late.txn);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_index_build(void **state)
{
    (void)state;
    race_run(FRAMES, scene_index_build);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit_number),      cmocka_unit_test(test_commit_unfilled),
        cmocka_unit_test(test_purge_snapshot),     cmocka_unit_test(test_wake_row),
        cmocka_unit_test(test_wake_table_and_xid), cmocka_unit_test(test_index_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
