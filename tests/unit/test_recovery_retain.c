/*
 * test_recovery_retain.c - max_wal_retained
 *
 * Goal: an old snapshot, then an idle writer, no longer hold the log once it is longer than
 * max_wal_retained; whoever used the snapshot gets 72000 and never a wrong answer; a writer that
 * the server does not call idle is left alone. Method: an engine with small segments and a small
 * bound; updates until the log is many times as long; the tail of the log must follow.
 */
#include "table_fixture.h"

#define RETAINED  ((uint64_t)2 << 20)
#define WRITER_ID 4711

static _Atomic int32_t asked_id;
static _Atomic bool writer_idle;

static bool on_retained(void *arg, int32_t process_id)
{
    (void)arg;
    atomic_store(&asked_id, process_id);
    return atomic_load(&writer_idle);
}

static void retain_start(Fixture *f)
{
    fixture_start(f, 2);
    must(&f->s, engine_close(&f->s.cx, f->e));
    f->options.wal.segment_bytes = 256u << 10;
    f->options.wal.first_segment_bytes = 64u << 10;
    f->options.max_wal_bytes = (uint64_t)1 << 30;
    f->options.max_wal_retained = RETAINED;
    f->options.background = true;
    f->options.on_retained = on_retained;
    fixture_open(f);
    fixture_open_table(f, 2);
}

/* grow_log - single-row updates until the log is `bytes` longer. */
static void grow_log(Fixture *f, RowId id, uint64_t bytes)
{
    Session s;
    session_begin(&s);
    Lsn end = wal_head(f->e->wal) + bytes;
    for (int64_t b = 1; wal_head(f->e->wal) < end; b++) {
        Txn *w = fixture_begin_in(f, &s, ISO_READ_COMMITTED);
        assert_int_equal(update(f, &s, w, id, (FixtureRow){1, b, "text"}), WRITE_DONE);
        Lsn lsn;
        must(&s, txn_commit(&s.cx, w, &lsn));
        arena_clear(&s.arena);
    }
    must(&s, wal_flush_wait(&s.cx, f->e->wal, wal_head(f->e->wal)));
    session_end(&s);
}

/* tail_passes - the log below lsn goes within 10 seconds. */
static bool tail_passes(Fixture *f, Lsn lsn)
{
    for (int i = 0; i < 1000 && wal_tail(f->e->wal) <= lsn; i++) {
        os_sleep_us(f->os, 10000);
    }
    return wal_tail(f->e->wal) > lsn;
}

static Status old_fetch(Fixture *f, const Snapshot *snap, RowId id)
{
    static const PhysType TYPES[1] = {PHYS_I64};
    static const uint16_t COLUMNS[1] = {1};
    Batch b;
    batch_init(&b, TYPES, 1, &f->s.arena);
    return table_fetch(&f->s.cx, NULL, snap, f->t, id, COLUMNS, 1, &b, 0, &f->s.arena);
}

static void retain_snapshot(void **state)
{
    (void)state;
    Fixture f;
    Snapshot old, copy;
    retain_start(&f);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 100, "text"});
    fixture_commit(&f, &f.s, w);
    snapshot_take(f.e->txns, NULL, &old);
    Lsn then = wal_head(f.e->wal);
    grow_log(&f, id, RETAINED / 2);
    assert_int_equal(see(&f, &f.s, &old, id), 100); /* not beyond the bound yet */
    snapshot_copy(&old, &copy);
    grow_log(&f, id, 4 * RETAINED);
    assert_true(tail_passes(&f, then));
    Snapshot *both[2] = {&old, &copy};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(old_fetch(&f, both[i], id), ST_ERROR);
        assert_int_equal(f.s.err.sqlstate, ERRCODE_SNAPSHOT_TOO_OLD);
        assert_string_equal(f.s.err.message, "snapshot too old");
        err_clear(&f.s.cx);
    }
    /* A copy of a cancelled one is cancelled; releasing them is harmless; new ones see the row. */
    Snapshot late;
    snapshot_copy(&old, &late);
    assert_int_equal(old_fetch(&f, &late, id), ST_ERROR);
    err_clear(&f.s.cx);
    snapshot_release(&late);
    snapshot_release(&copy);
    snapshot_release(&old);
    assert_true(see_now(&f, &f.s, NULL, id) > 100);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void retain_idle_writer(void **state)
{
    (void)state;
    Fixture f;
    Session s;
    retain_start(&f);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 100, "text"});
    fixture_commit(&f, &f.s, w);
    session_begin(&s);
    Txn *idle = fixture_begin_in(&f, &s, ISO_READ_COMMITTED);
    idle->process_id = WRITER_ID;
    (void)insert(&f, &s, idle, (FixtureRow){2, 200, "text"});
    Lsn first = idle->first_lsn;
    grow_log(&f, id, 4 * RETAINED);
    for (int i = 0; i < 500 && atomic_load(&asked_id) != WRITER_ID; i++) {
        os_sleep_us(f.os, 10000);
    }
    assert_int_equal(atomic_load(&asked_id), WRITER_ID);
    assert_true(wal_tail(f.e->wal) <= first); /* said to be at work: kept */
    /* A fresh snapshot beside it is not to blame for the log the writer holds. */
    assert_true(see_now(&f, &f.s, NULL, id) > 100);
    atomic_store(&writer_idle, true);
    txn_abort(&s.cx, idle); /* what the server does with such a session */
    assert_true(tail_passes(&f, first));
    assert_int_equal(count_now(&f, &f.s, NULL), 1);
    verify(&f, &f.s);
    session_end(&s);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retain_snapshot),
        cmocka_unit_test(retain_idle_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
