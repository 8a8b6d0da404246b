/*
 * test_table_versions.c - who sees which version of a row
 *
 * Goal: every combination of writer state and snapshot gives what snapshot isolation demands, own
 * changes follow the command id, savepoints and aborts restore exactly what was. Method: small
 * histories by hand, looking through row fetches, scans and the unique index at each step.
 */
#include "table_fixture.h"

static void versions_insert_is_seen_after_commit(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 2);
    Snapshot before, during, after;
    snapshot_take(f.e->txns, NULL, &before);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 10, "one"});
    snapshot_take(f.e->txns, NULL, &during);
    assert_int_equal(see(&f, &f.s, &during, id), -1);
    assert_int_equal(see_now(&f, &f.s, w, id), -1); /* same command: not yet */
    must(&f.s, txn_next_command(&f.s.cx, w));
    assert_int_equal(see_now(&f, &f.s, w, id), 10);
    assert_int_equal(find_now(&f, &f.s, w, 1), 10);
    fixture_commit(&f, &f.s, w);
    snapshot_take(f.e->txns, NULL, &after);
    assert_int_equal(see(&f, &f.s, &before, id), -1);
    assert_int_equal(see(&f, &f.s, &during, id), -1);
    assert_int_equal(see(&f, &f.s, &after, id), 10);
    assert_int_equal(find(&f, &f.s, &before, 1), -1);
    assert_int_equal(find(&f, &f.s, &after, 1), 10);
    assert_int_equal(count_rows(&f, &f.s, &during), 0);
    assert_int_equal(count_rows(&f, &f.s, &after), 1);
    snapshot_release(&before);
    snapshot_release(&during);
    snapshot_release(&after);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void versions_chain_of_updates(void **state)
{
    (void)state;
    enum { N = 20 };
    static const char *const TEXTS[3] = {"short", "a text of some more bytes than before", NULL};
    Fixture f;
    Snapshot snaps[N + 1];
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 0, "x"});
    fixture_commit(&f, &f.s, w);
    snapshot_take(f.e->txns, NULL, &snaps[0]);
    for (int i = 1; i <= N; i++) {
        w = fixture_begin(&f);
        assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){1 + i / 5, i, TEXTS[i % 3]}),
                         WRITE_DONE);
        fixture_commit(&f, &f.s, w);
        snapshot_take(f.e->txns, NULL, &snaps[i]);
    }
    w = fixture_begin(&f);
    assert_int_equal(delete_row(&f, &f.s, w, id), WRITE_DONE);
    fixture_commit(&f, &f.s, w);
    for (int i = 0; i <= N; i++) {
        assert_int_equal(see(&f, &f.s, &snaps[i], id), i);
        assert_int_equal(find(&f, &f.s, &snaps[i], i == 0 ? 1 : 1 + i / 5), i);
        assert_int_equal(find(&f, &f.s, &snaps[i], 9), -1);
        assert_int_equal(count_rows(&f, &f.s, &snaps[i]), 1);
    }
    assert_int_equal(see_now(&f, &f.s, NULL, id), -1);
    purge_all(&f, &f.s); /* must keep what the snapshots need */
    assert_int_equal(see(&f, &f.s, &snaps[3], id), 3);
    for (int i = 0; i <= N; i++) {
        snapshot_release(&snaps[i]);
    }
    purge_all(&f, &f.s);
    assert_int_equal(count_now(&f, &f.s, NULL), 0);
    verify(&f, &f.s);
    fixture_end(&f);
}

/* Long runs of updates of one column, as skip links shorten them, with snapshots of all ages coming
   and going; now and then another column or the row's length changes, or an update is aborted. */
static void versions_long_chains(void **state)
{
    (void)state;
    enum { ROUNDS = 3000, SNAPS = 12 };
    Fixture f;
    Snapshot snaps[SNAPS];
    int64_t expect[SNAPS];
    bool held[SNAPS] = {false};
    unsigned seed = 12;
    int64_t b = 1;
    int32_t a = 1;
    const char *c = "x";
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){a, b, c});
    fixture_commit(&f, &f.s, w);
    for (int i = 0; i < ROUNDS; i++) {
        ArenaMark mark = arena_mark(&f.s.arena);
        unsigned r = (unsigned)rand_r(&seed);
        if (r % 25 == 0) {
            int k = (int)(r / 25 % SNAPS);
            if (held[k]) {
                assert_int_equal(see(&f, &f.s, &snaps[k], id), expect[k]);
                snapshot_release(&snaps[k]);
            } else {
                snapshot_take(f.e->txns, NULL, &snaps[k]);
                expect[k] = b;
            }
            held[k] = !held[k];
        }
        int64_t next = r % 5 == 0 ? b + (int64_t)rand_r(&seed) * 1000003 : b + 1;
        int32_t next_a = r % 31 == 0 ? a + 1 : a;
        const char *next_c = r % 57 == 0 ? (c[1] == 0 ? "a longer one" : "x") : c;
        w = fixture_begin(&f);
        assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){next_a, next, next_c}), WRITE_DONE);
        if (r % 11 == 0) {
            txn_abort(&f.s.cx, w);
        } else {
            Lsn lsn;
            must(&f.s, txn_commit(&f.s.cx, w, &lsn));
            a = next_a;
            b = next;
            c = next_c;
        }
        if (r % 40 == 0) {
            for (int k = 0; k < SNAPS; k++) {
                if (held[k]) {
                    assert_int_equal(see(&f, &f.s, &snaps[k], id), expect[k]);
                }
            }
        }
        arena_rewind(&f.s.arena, mark);
    }
    for (int k = 0; k < SNAPS; k++) {
        if (held[k]) {
            assert_int_equal(see(&f, &f.s, &snaps[k], id), expect[k]);
            snapshot_release(&snaps[k]);
        }
    }
    assert_int_equal(see_now(&f, &f.s, NULL, id), b);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void versions_abort_restores(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    RowId a = insert(&f, &f.s, w, (FixtureRow){1, 10, "one"});
    RowId b = insert(&f, &f.s, w, (FixtureRow){2, 20, "two"});
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    assert_int_equal(update(&f, &f.s, w, a, (FixtureRow){5, 11, "a longer text here"}), WRITE_DONE);
    assert_int_equal(delete_row(&f, &f.s, w, b), WRITE_DONE);
    RowId c = insert(&f, &f.s, w, (FixtureRow){2, 30, "three"});
    assert_int_equal(see_now(&f, &f.s, NULL, a), 10);
    assert_int_equal(see_now(&f, &f.s, NULL, b), 20);
    txn_abort(&f.s.cx, w);
    assert_int_equal(see_now(&f, &f.s, NULL, a), 10);
    assert_int_equal(see_now(&f, &f.s, NULL, b), 20);
    assert_int_equal(see_now(&f, &f.s, NULL, c), -1);
    assert_int_equal(find_now(&f, &f.s, NULL, 1), 10);
    assert_int_equal(find_now(&f, &f.s, NULL, 2), 20);
    assert_int_equal(find_now(&f, &f.s, NULL, 5), -1);
    assert_int_equal(count_now(&f, &f.s, NULL), 2);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void versions_savepoints(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    SavePoint s1, s2, s3;
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 1, "one"});
    must(&f.s, txn_next_command(&f.s.cx, w));
    txn_savepoint(w, &s1);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){2, 2, "two and more"}), WRITE_DONE);
    txn_savepoint(w, &s2);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){3, 3, "three"}), WRITE_DONE);
    must(&f.s, txn_rollback_to(&f.s.cx, w, &s2));
    assert_int_equal(see_now(&f, &f.s, w, id), 2);
    must(&f.s, txn_rollback_to(&f.s.cx, w, &s1));
    assert_int_equal(see_now(&f, &f.s, w, id), 1);
    assert_int_equal(find_now(&f, &f.s, w, 1), 1);
    assert_int_equal(find_now(&f, &f.s, w, 2), -1);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){2, 7, "again"}), WRITE_DONE);
    txn_savepoint(w, &s3);
    assert_int_equal(delete_row(&f, &f.s, w, id), WRITE_DONE);
    RowId other = insert(&f, &f.s, w, (FixtureRow){2, 9, "other"});
    must(&f.s, txn_next_command(&f.s.cx, w));
    assert_int_equal(find_now(&f, &f.s, w, 2), 9);
    must(&f.s, txn_rollback_to(&f.s.cx, w, &s3));
    assert_int_equal(see_now(&f, &f.s, w, other), -1);
    assert_int_equal(find_now(&f, &f.s, w, 2), 7);
    fixture_commit(&f, &f.s, w);
    assert_int_equal(find_now(&f, &f.s, NULL, 2), 7);
    assert_int_equal(count_now(&f, &f.s, NULL), 1);
    /* An abort after partial rollbacks must not undo anything twice. */
    w = fixture_begin(&f);
    txn_savepoint(w, &s1);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){4, 4, NULL}), WRITE_DONE);
    must(&f.s, txn_rollback_to(&f.s.cx, w, &s1));
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){5, 5, "five"}), WRITE_DONE);
    txn_abort(&f.s.cx, w);
    assert_int_equal(find_now(&f, &f.s, NULL, 2), 7);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void versions_conflicts(void **state)
{
    (void)state;
    Fixture f;
    Session s2;
    WriteOutcome out;
    fixture_start(&f, 2);
    session_begin(&s2);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 10, "one"});
    fixture_commit(&f, &f.s, w);
    Txn *old = fixture_begin_in(&f, &s2, ISO_REPEATABLE_READ);
    const Snapshot *snap;
    must(&s2, txn_snapshot(&s2.cx, old, &snap));
    w = fixture_begin(&f);
    assert_int_equal(update(&f, &f.s, w, id, (FixtureRow){1, 11, "one"}), WRITE_DONE);
    fixture_commit(&f, &f.s, w);
    RowValues v = fixture_values(&s2, &(FixtureRow){1, 12, "mine"}, 3);
    must(&s2, table_update(&s2.cx, old, snap, f.t, id, &v, NULL, &out));
    assert_int_equal(out, WRITE_UPDATED_MEANWHILE);
    must(&s2, table_lock_row(&s2.cx, old, snap, f.t, id, ROWLOCK_UPDATE, WAIT_BLOCK, &out));
    assert_int_equal(out, WRITE_UPDATED_MEANWHILE);
    w = fixture_begin(&f);
    assert_int_equal(delete_row(&f, &f.s, w, id), WRITE_DONE);
    must(&s2, table_lock_row(&s2.cx, old, snap, f.t, id, ROWLOCK_UPDATE, WAIT_NOWAIT, &out));
    assert_int_equal(out, WRITE_NOT_AVAILABLE);
    must(&s2, table_lock_row(&s2.cx, old, snap, f.t, id, ROWLOCK_UPDATE, WAIT_SKIP, &out));
    assert_int_equal(out, WRITE_SKIPPED);
    fixture_commit(&f, &f.s, w);
    must(&s2, table_delete(&s2.cx, old, snap, f.t, id, &out));
    assert_int_equal(out, WRITE_DELETED_MEANWHILE);
    assert_int_equal(see(&f, &s2, snap, id), 10);
    txn_abort(&s2.cx, old);
    /* The same command twice. */
    w = fixture_begin(&f);
    id = insert(&f, &f.s, w, (FixtureRow){7, 70, "x"});
    must(&f.s, txn_next_command(&f.s.cx, w));
    must(&f.s, txn_snapshot(&f.s.cx, w, &snap));
    v = fixture_values(&f.s, &(FixtureRow){7, 71, "y"}, 3);
    must(&f.s, table_update(&f.s.cx, w, snap, f.t, id, &v, NULL, &out));
    assert_int_equal(out, WRITE_DONE);
    must(&f.s, table_update(&f.s.cx, w, snap, f.t, id, &v, NULL, &out));
    assert_int_equal(out, WRITE_SELF_CHANGED);
    txn_snapshot_done(w);
    fixture_commit(&f, &f.s, w);
    session_end(&s2);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void versions_duplicate_text(void **state)
{
    (void)state;
    Fixture f;
    RowId id;
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    (void)insert(&f, &f.s, w, (FixtureRow){42, 1, "x"});
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    assert_int_equal(try_insert(&f, &f.s, w, (FixtureRow){42, 2, "y"}, &id), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_UNIQUE_VIOLATION);
    assert_string_equal(f.s.err.message,
                        "duplicate key value violates unique constraint \"t_a_key\"");
    assert_string_equal(f.s.err.detail, "Key (a)=(42) already exists.");
    assert_string_equal(f.s.err.constraint_name, "t_a_key");
    err_clear(&f.s.cx);
    txn_abort(&f.s.cx, w);
    assert_int_equal(count_now(&f, &f.s, NULL), 1);
    verify(&f, &f.s);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_insert_is_seen_after_commit),
        cmocka_unit_test(versions_chain_of_updates),
        cmocka_unit_test(versions_long_chains),
        cmocka_unit_test(versions_abort_restores),
        cmocka_unit_test(versions_savepoints),
        cmocka_unit_test(versions_conflicts),
        cmocka_unit_test(versions_duplicate_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
