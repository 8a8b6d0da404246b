/*
 * test_recovery_undo.c - a rollback that a crash cut off is finished after the restart
 *
 * Goal: an abort passes over the records of trees that its transaction made, since they go as a
 * whole; cut off at any record and taken up by recovery, it must pass over them, too, though part
 * of what is below was not passed over then. Method: a transaction changes a table, makes another
 * with an index and changes rows of it between changes of the first; its abort is left at the n-th
 * undone record, for every n, with all of the log durable, as a killed process leaves it.
 */
#include "leaks_expected.h"
#include "table/maintain.h"
#include "table_fixture.h"

enum { ROWS = 6 };

/* CutUndo - the undo handler that dies. */
typedef struct CutUndo {
    Fixture *f;
    uint32_t left; /* records to undo before */
    jmp_buf cut;
} CutUndo;

static Status cut_undo(void *arg, Cx *cx, Txn *txn, Lsn lsn, const WalHeader *hdr, Slice body)
{
    CutUndo *c = arg;
    if (c->left-- == 0) {
        must(&c->f->s, wal_flush_wait(&c->f->s.cx, c->f->e->wal, wal_head(c->f->e->wal)));
        longjmp(c->cut, 1);
    }
    return table_undo_record(c->f->e, cx, txn, lsn, hdr, body);
}

static Status cut_drop(void *arg, Cx *cx, TreeId tree)
{
    CutUndo *c = arg;
    return table_drop_tree(cx, c->f->e, tree);
}

/* cut_change - the transaction: t and the new table in turns. */
static void cut_change(Fixture *f, Txn *txn, const RowId *ids)
{
    Table *old = f->t;
    TreeId old_tree = f->tree;
    TableIndex old_ix[2] = {f->ix[0], f->ix[1]};
    must(&f->s, table_create(&f->s.cx, f->e, txn, FIXTURE_COLUMNS, 3, &f->tree));
    for (int i = 0; i < 2; i++) {
        must(&f->s, index_create(&f->s.cx, f->e, txn, &f->ix[i].tree, &f->ix[i].root));
    }
    fixture_open_table(f, 2);
    Table *made = f->t;
    RowId mine[ROWS];
    for (int i = 0; i < ROWS; i++) {
        mine[i] = insert(f, &f->s, txn, (FixtureRow){i, i, "made"});
    }
    must(&f->s, txn_next_command(&f->s.cx, txn));
    for (int i = 0; i < ROWS; i++) {
        f->t = old;
        assert_int_equal(update(f, &f->s, txn, ids[i], (FixtureRow){i, 100 + i, "changed"}),
                         WRITE_DONE);
        f->t = made;
        if (i % 2 == 0) {
            assert_int_equal(delete_row(f, &f->s, txn, mine[i]), WRITE_DONE);
        } else {
            assert_int_equal(update(f, &f->s, txn, mine[i], (FixtureRow){i, 7, "made twice"}),
                             WRITE_DONE);
        }
    }
    f->t = old;
    f->tree = old_tree;
    f->ix[0] = old_ix[0];
    f->ix[1] = old_ix[1];
}

/* cut_at - false: the abort came to its end before its n-th record. */
static bool cut_at(uint32_t n)
{
    static Fixture f; /* what changes between setjmp and longjmp must not be in a register */
    static CutUndo c;
    RowId ids[ROWS];
    fixture_start(&f, 2);
    Txn *txn = fixture_begin(&f);
    for (int i = 0; i < ROWS; i++) {
        ids[i] = insert(&f, &f.s, txn, (FixtureRow){i, i, "first"});
    }
    fixture_commit(&f, &f.s, txn);
    txn = fixture_begin(&f);
    cut_change(&f, txn, ids);
    c.f = &f;
    c.left = n;
    txnsys_set_handlers(f.e->txns, cut_undo, cut_drop, &c);
    bool cut = setjmp(c.cut) != 0;
    if (!cut) {
        txn_abort(&f.s.cx, txn);
    } else {
        fixture_crash(&f);
        fixture_open_table(&f, 2);
        must(&f.s, engine_settle(&f.s.cx, f.e));
    }
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(find_now(&f, &f.s, NULL, i), i);
    }
    verify(&f, &f.s);
    fixture_end(&f);
    return cut;
}

static void undo_cut_anywhere(void **state)
{
    (void)state;
    uint32_t n = 0;
    while (cut_at(n)) {
        n++;
    }
    assert_true(n > ROWS); /* all records of t were met */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
