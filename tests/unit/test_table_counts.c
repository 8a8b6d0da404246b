/*
 * test_table_counts.c - the numbers of pg_stat_*: counted once, whatever ends the transaction
 *
 * Goal: what transactions do to a table and its indexes is in the shared numbers exactly once after
 * their end and not before; changes count only when committed and not undone; however many sessions
 * add, and whether the relation is used often or not, nothing is lost; pages are counted as a walk
 * over all of them finds them.
 * Method: known work through the table's functions, then the numbers; several threads with process
 * ids of their own; bt_page_count beside bt_walk_pages for trees of one page to several levels.
 */
#include <pthread.h>

#include "table_fixture.h"

#include "table/counts.h"

enum { DATABASE = 5, THREADS = 4, ROUNDS = 2000 };

static void counts_start(Fixture *f)
{
    fixture_start(f, 2);
    f->ix[0].oid = 16385;
    f->ix[1].oid = 16386;
    fixture_open_table(f, 2);
    counts_table(f->t, DATABASE);
}

static Txn *counting(Fixture *f, Session *s, int32_t process_id)
{
    Txn *txn = fixture_begin_in(f, s, ISO_READ_COMMITTED);
    txn->process_id = process_id;
    counts_begin(txn, counts_db(f->e, DATABASE));
    return txn;
}

static int64_t table_count(const Fixture *f, CountKind kind)
{
    return counts_of(f->t->counts, kind);
}

static void test_ends(void **state)
{
    Fixture f;
    SavePoint sp;
    (void)state;
    counts_start(&f);
    const DbCounts *db = counts_db(f.e, DATABASE);
    Txn *txn = counting(&f, &f.s, 1);
    RowId one = insert(&f, &f.s, txn, (FixtureRow){1, 1, "a"});
    RowId two = insert(&f, &f.s, txn, (FixtureRow){2, 2, "b"});
    must(&f.s, txn_next_command(&f.s.cx, txn));
    assert_int_equal(table_count(&f, COUNT_INSERTED), 0); /* not before the end */
    const RelPending *p = counts_pending_find(txn, f.t->counts);
    assert_non_null(p);
    assert_int_equal(p->n[COUNT_INSERTED], 2);
    fixture_commit(&f, &f.s, txn);
    assert_int_equal(table_count(&f, COUNT_INSERTED), 2);
    assert_int_equal(f.t->counts->changed, 2);
    assert_int_equal(counts_db_of(db, DB_COMMITS), 1);

    txn = counting(&f, &f.s, 1); /* rolled back: tried, not changed */
    assert_int_equal(update(&f, &f.s, txn, one, (FixtureRow){1, 10, "a"}), WRITE_DONE);
    assert_int_equal(update(&f, &f.s, txn, two, (FixtureRow){2, 2, "other"}), WRITE_DONE);
    txn_abort(&f.s.cx, txn);
    assert_int_equal(table_count(&f, COUNT_UPDATED), 2);
    assert_int_equal(table_count(&f, COUNT_HOT_UPDATED), 1);
    assert_int_equal(f.t->counts->changed, 2);
    assert_int_equal(counts_db_of(db, DB_ROLLBACKS), 1);

    txn = counting(&f, &f.s, 1); /* a part undone */
    assert_int_equal(delete_row(&f, &f.s, txn, one), WRITE_DONE);
    txn_savepoint(txn, &sp);
    assert_int_equal(delete_row(&f, &f.s, txn, two), WRITE_DONE);
    insert(&f, &f.s, txn, (FixtureRow){3, 3, "c"});
    must(&f.s, txn_rollback_to(&f.s.cx, txn, &sp));
    fixture_commit(&f, &f.s, txn);
    assert_int_equal(table_count(&f, COUNT_DELETED), 2);
    assert_int_equal(table_count(&f, COUNT_INSERTED), 3);
    assert_int_equal(f.t->counts->changed, 3);

    counts_analyzed(f.t->counts);
    assert_int_equal(f.t->counts->changed, 0);
    assert_int_equal(counts_db_sum(f.e, DATABASE, COUNT_INSERTED), 3);
    counts_reset_rel(f.e, f.t->counts);
    assert_int_equal(table_count(&f, COUNT_INSERTED), 0);
    assert_int_equal(counts_db_sum(f.e, DATABASE, COUNT_INSERTED), 3); /* the database keeps it */
    counts_reset_db(f.e, DATABASE, 7);
    assert_int_equal(counts_db_sum(f.e, DATABASE, COUNT_INSERTED), 0);
    fixture_end(&f);
}

static void test_scans(void **state)
{
    Fixture f;
    Snapshot snap;
    (void)state;
    counts_start(&f);
    Txn *txn = counting(&f, &f.s, 1);
    for (int i = 0; i < 50; i++) {
        insert(&f, &f.s, txn, (FixtureRow){i, i, "x"});
    }
    fixture_commit(&f, &f.s, txn);
    txn = counting(&f, &f.s, 1);
    snapshot_take(f.e->txns, txn, &snap);
    assert_int_equal(count_rows(&f, &f.s, &snap), 50);
    assert_int_equal(find(&f, &f.s, &snap, 7), 7);
    assert_int_equal(find(&f, &f.s, &snap, 700), -1);
    snapshot_release(&snap);
    fixture_commit(&f, &f.s, txn);
    RelCounts *ix = f.t->indexes[0].counts;
    assert_int_equal(table_count(&f, COUNT_SCANS), 1);
    assert_int_equal(table_count(&f, COUNT_RETURNED), 50);
    assert_int_equal(table_count(&f, COUNT_FETCHED), 0);
    assert_true(table_count(&f, COUNT_BLOCKS_FETCHED) > 1);
    assert_int_equal(counts_of(ix, COUNT_SCANS), 2);
    assert_int_equal(counts_of(ix, COUNT_RETURNED), 1);
    assert_int_equal(counts_of(ix, COUNT_FETCHED), 1);
    assert_int_equal(counts_of(f.t->indexes[1].counts, COUNT_SCANS), 0);
    fixture_end(&f);
}

typedef struct Adder {
    Fixture *f;
    int32_t process_id;
} Adder;

static void *adder(void *arg)
{
    Adder *a = arg;
    Session s;
    session_begin(&s);
    for (int i = 0; i < ROUNDS; i++) {
        arena_clear(&s.arena);
        Txn *txn = counting(a->f, &s, a->process_id);
        counts_add(txn, a->f->t->counts, COUNT_SCANS, 1);
        counts_add(txn, a->f->t->indexes[0].counts, COUNT_FETCHED, 3);
        fixture_commit(a->f, &s, txn);
    }
    session_end(&s);
    return NULL;
}

static void test_threads(void **state)
{
    Fixture f;
    pthread_t threads[THREADS];
    Adder adders[THREADS];
    (void)state;
    counts_start(&f);
    for (int i = 0; i < THREADS; i++) {
        adders[i] = (Adder){&f, 100 + i};
        assert_int_equal(pthread_create(&threads[i], NULL, adder, &adders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(table_count(&f, COUNT_SCANS), THREADS * ROUNDS);
    assert_int_equal(counts_of(f.t->indexes[0].counts, COUNT_FETCHED), 3 * THREADS * ROUNDS);
    assert_int_equal(counts_db_of(counts_db(f.e, DATABASE), DB_COMMITS), THREADS * ROUNDS);
    fixture_end(&f);
}

/* test_many - more relations in a transaction than its list is for. */
static void test_many(void **state)
{
    enum { RELATIONS = 100 };
    Fixture f;
    (void)state;
    counts_start(&f);
    Txn *txn = counting(&f, &f.s, 1);
    for (int round = 0; round < 3; round++) {
        for (Oid i = 0; i < RELATIONS; i++) {
            counts_add(txn, counts_rel(f.e, DATABASE, 20000 + i), COUNT_SCANS, i);
        }
    }
    fixture_commit(&f, &f.s, txn);
    for (Oid i = 0; i < RELATIONS; i++) {
        assert_int_equal(counts_of(counts_find(f.e, DATABASE, 20000 + i), COUNT_SCANS), 3 * i);
    }
    assert_null(counts_find(f.e, DATABASE + 1, 20000));
    fixture_end(&f);
}

static Status page_seen(void *arg, Cx *cx, PageNo page)
{
    (void)cx, (void)page;
    ++*(uint64_t *)arg;
    return ST_OK;
}

static void test_pages(void **state)
{
    static const int SIZES[] = {0, 1, 500, 20000};
    Fixture f;
    int rows = 0;
    (void)state;
    counts_start(&f);
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
        Txn *txn = fixture_begin(&f);
        for (; rows < SIZES[i]; rows++) {
            insert(&f, &f.s, txn, (FixtureRow){rows, rows, "a value of some length"});
        }
        fixture_commit(&f, &f.s, txn);
        const struct {
            TreeId tree;
            TreeKind kind;
            PageNo root;
        } TREES[] = {{f.t->tree, TREE_TABLE, f.t->root},
                     {f.t->indexes[0].tree, TREE_INDEX, f.t->indexes[0].root}};
        for (size_t k = 0; k < ARRAY_LEN(TREES); k++) {
            BtTree t = {f.e->store, TREES[k].tree, TREES[k].kind, TREES[k].root};
            uint64_t counted, walked = 0;
            TreePages pages;
            must(&f.s, bt_page_count(&f.s.cx, &t, &counted));
            must(&f.s, bt_walk_pages(&f.s.cx, &t, page_seen, &walked));
            must(&f.s, tree_pages(&f.s.cx, f.e, t.tree, &pages));
            assert_int_equal(counted, walked);
            assert_int_equal(pages.tree, walked);
            assert_int_equal(pages.out_of_line, 0);
        }
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends), cmocka_unit_test(test_scans), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_many), cmocka_unit_test(test_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
