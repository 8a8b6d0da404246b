/*
 * test_race_store.c - interleavings of pages, trees and checkpoints that once went wrong, or would
 *
 * Goal: no page dropped that was changed after it was judged clean, no wake-up lost by who waits
 * for a latch, no page taken for another one that had its number before, no last change of an
 * unfinished transaction that a checkpoint's list of writers lacks. Method: threads held at stop
 * points (race_fixture.h), the power cut for the last.
 */
#include "race_fixture.h"
#include "store/store_internal.h"

#define FRAMES 512 /* nothing is evicted but by the test */

/* store_clean - everything is written, so that all of it may be evicted. */
static void store_clean(Fixture *f)
{
    must(&f->s, engine_checkpoint(&f->s.cx, f->e));
}

/* ---- eviction against dirtying ---- */

static void run_evict(Racer *r)
{
    /* The first round marks, the second claims. */
    for (int i = 0; i < 4; i++) {
        r->value += evict_clean(r->f->e->store, EVICT_BATCH, 1024);
    }
}

/*
 * The clock has judged the only leaf clean and unused and is held before it claims it; a row of the
 * leaf is changed meanwhile. The leaf must stay: what is dropped is gone.
 */
static void scene_evict_dirty(void *arg)
{
    Fixture *f = arg;
    Racer e;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    RowId id = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    fixture_commit(f, &f->s, txn);
    store_clean(f);
    racer_init(&e, f);
    os_sim_stop(f->os, "evict.judged", "E");
    racer_start(&e, "E", run_evict);
    race_check(os_sim_await(f->os, "evict.judged"));
    txn = fixture_begin(f);
    (void)update(f, &f->s, txn, id, (FixtureRow){1, 11, "x"});
    fixture_commit(f, &f->s, txn);
    os_sim_go_on(f->os, "evict.judged");
    racer_join(&e);
    race_check(see_now(f, &f->s, NULL, id) == 11);
    verify(f, &f->s);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_evict_dirty(void **state)
{
    (void)state;
    race_run(FRAMES, scene_evict_dirty);
}

/* ---- latches ---- */

static void run_latch(Racer *r)
{
    PageRef ref;
    must(&r->s, page_lock(&r->s.cx, r->f->e->store, r->id, LATCH_SHARED, &ref));
    page_unlock(r->f->e->store, &ref);
}

/* A reader has seen the exclusive latch and is held before it sleeps; the latch is let go. */
static void scene_latch_wake(void *arg)
{
    Fixture *f = arg;
    Racer b;
    PageRef ref;
    fixture_make(f, 0);
    racer_init(&b, f);
    b.id = f->t->root;
    must(&f->s, page_lock(&f->s.cx, f->e->store, b.id, LATCH_EXCLUSIVE, &ref));
    os_sim_stop(f->os, "latch.wait", "B");
    racer_start(&b, "B", run_latch);
    race_check(os_sim_await(f->os, "latch.wait"));
    page_unlock(f->e->store, &ref);
    os_sim_go_on(f->os, "latch.wait");
    int64_t start = os_mono_us(f->os);
    racer_join(&b);
    race_check(os_mono_us(f->os) - start < 5000); /* who sleeps looks again after 20 ms */
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_latch_wake(void **state)
{
    (void)state;
    race_run(FRAMES, scene_latch_wake);
}

/* ---- a page number that comes to mean another page ---- */

enum { REUSE_ROWS = 16 * (PAGE_SIZE / 128) };

/* Reuse - a tree of several leaves, one of which is to be freed and taken by another tree. */
typedef struct Reuse {
    Fixture *f;
    BtTree tree;
    RowId ids[REUSE_ROWS];
    PageNo leaf; /* not the first one */
    RowId gone;  /* a row that was in it */
} Reuse;

static PageNo reuse_leaf_of(Reuse *r, const BtTree *tree, RowId id)
{
    BtPos pos;
    BtKey key = {.rowid = id};
    must(&r->f->s, bt_seek(&r->f->s.cx, tree, &key, LATCH_SHARED, &pos));
    PageNo page = pos.leaf.page;
    bt_release(tree, &pos);
    return page;
}

static void reuse_begin(Reuse *r, Fixture *f)
{
    static const char TEXT[] =
        "a text that makes the row about as long as an eighth of 1024 bytes, "
        "so that leaves are soon full";
    memset(r, 0, sizeof(*r));
    r->f = f;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    for (int i = 0; i < REUSE_ROWS; i++) {
        r->ids[i] = insert(f, &f->s, txn, (FixtureRow){i, i, TEXT});
    }
    fixture_commit(f, &f->s, txn);
    r->tree = (BtTree){f->e->store, f->tree, TREE_TABLE, f->t->root};
    PageNo first = reuse_leaf_of(r, &r->tree, r->ids[0]);
    for (int i = 0; r->leaf == 0; i++) {
        PageNo leaf = reuse_leaf_of(r, &r->tree, r->ids[i]);
        if (leaf != first) {
            r->leaf = leaf;
            r->gone = r->ids[i];
        }
    }
}

/* reuse_happens - the leaf's rows are deleted and purged, which frees it, and another table gets
 * it. */
static void reuse_happens(Reuse *r)
{
    Fixture *f = r->f;
    Session *s = &f->s;
    Txn *txn = fixture_begin(f);
    for (int i = 0; i < REUSE_ROWS; i++) {
        if (reuse_leaf_of(r, &r->tree, r->ids[i]) == r->leaf) {
            (void)delete_row(f, s, txn, r->ids[i]);
        }
    }
    fixture_commit(f, s, txn);
    purge_all(f, s);
    race_check(reuse_leaf_of(r, &r->tree, r->gone) != r->leaf);
    Fixture other = *f;
    txn = fixture_begin(f);
    must(s, table_create(&s->cx, f->e, txn, FIXTURE_COLUMNS, 3, &other.tree));
    fixture_commit(f, s, txn);
    must(s,
         table_open(&s->cx, f->e, &s->arena, 16385, "public", "u", other.tree, NULL, 0, &other.t));
    PageRef ref;
    TreeId owner;
    txn = fixture_begin(f);
    for (int n = 0; n < 8 * REUSE_ROWS; n++) {
        (void)insert(&other, s, txn, (FixtureRow){n, n, "a row of the other table"});
    }
    fixture_commit(f, s, txn);
    must(s, page_lock(&s->cx, f->e->store, r->leaf, LATCH_SHARED, &ref));
    owner = ref.hdr->tree;
    race_check(ref.hdr->type != PAGE_FREE);
    page_unlock(f->e->store, &ref);
    race_check(owner != r->tree.tree);
}

static void run_seek(Racer *r)
{
    Reuse *u = (Reuse *)(uintptr_t)r->value;
    BtPos pos;
    BtKey key = {.rowid = u->gone};
    r->st = bt_seek(&r->s.cx, &u->tree, &key, LATCH_SHARED, &pos);
    if (r->st == ST_OK) {
        r->id = pos.found ? u->gone : 0;
        race_check(pos.leaf.hdr->tree == u->tree.tree && pos.leaf.page != u->leaf);
        bt_release(&u->tree, &pos);
    }
}

/*
 * A descent has read the leaf's number in the parent and is held before it reads the page from the
 * file; the leaf is freed and becomes another table's. The descent must begin again.
 */
static void scene_reuse_descent(void *arg)
{
    Fixture *f = arg;
    Reuse u;
    Racer r;
    reuse_begin(&u, f);
    store_clean(f);
    while (evict_clean(f->e->store, EVICT_BATCH, 4096) != 0 || page_resident(f->e->store, u.leaf)) {
    }
    (void)reuse_leaf_of(&u, &u.tree, u.ids[0]); /* root and first leaf are in memory again */
    race_check(!page_resident(f->e->store, u.leaf));
    racer_init(&r, f);
    r.value = (int64_t)(uintptr_t)&u;
    os_sim_stop(f->os, "page_fault.begin", "R");
    racer_start(&r, "R", run_seek);
    race_check(os_sim_await(f->os, "page_fault.begin"));
    reuse_happens(&u);
    os_sim_go_on(f->os, "page_fault.begin");
    racer_join(&r);
    race_check(r.st == ST_OK && r.id == 0);
    verify(f, &f->s);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

/* A walk has left the first leaf and knows the number of the next, which is freed and reused. */
static void scene_reuse_cursor(void *arg)
{
    Fixture *f = arg;
    Reuse u;
    BtCursor c;
    BtPos pos;
    uint64_t seen = 0;
    reuse_begin(&u, f);
    bt_cursor_init(&c, &u.tree, false);
    must(&f->s, bt_cursor_seek(&f->s.cx, &c, NULL, &pos));
    race_check(pos.leaf.hdr->next == u.leaf);
    RowId last = bt_leaf_rowid(&pos.leaf, bt_leaf_count(&pos.leaf) - 1);
    bt_cursor_leave(&c, &pos);
    reuse_happens(&u);
    Status st;
    while ((st = bt_cursor_next_leaf(&f->s.cx, &c, &pos)) == ST_OK) {
        race_check(pos.leaf.hdr->tree == u.tree.tree && pos.leaf.page != u.leaf);
        for (; pos.slot < bt_leaf_count(&pos.leaf); pos.slot++) {
            race_check(bt_leaf_rowid(&pos.leaf, pos.slot) > last);
            last = bt_leaf_rowid(&pos.leaf, pos.slot);
            seen++;
        }
        bt_cursor_leave(&c, &pos);
    }
    race_check(st == ST_DONE && seen != 0 && last == u.ids[REUSE_ROWS - 1]);
    bt_cursor_release(&c);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_page_reuse(void **state)
{
    (void)state;
    race_run(FRAMES, scene_reuse_descent);
    race_run(FRAMES, scene_reuse_cursor);
}

/* ---- a checkpoint's list of writers ---- */

static RowId loser_rows[2];

static void run_change_second(Racer *r)
{
    (void)update(r->f, &r->s, r->txn, loser_rows[1], (FixtureRow){2, 21, "x"});
}

static void run_checkpoint(Racer *r)
{
    must(&r->s, engine_checkpoint(&r->s.cx, r->f->e));
}

/*
 * A writer has reserved the log record of its last change and is held before it notes it as its
 * newest; a checkpoint begins, behind that record. Then the power is cut, so the writer is a loser:
 * its last change lies below the checkpoint's redo point and must be undone nevertheless.
 */
static void scene_checkpoint_writer(void *arg)
{
    Fixture *f = arg;
    Racer w, c;
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    loser_rows[0] = insert(f, &f->s, txn, (FixtureRow){1, 10, "x"});
    loser_rows[1] = insert(f, &f->s, txn, (FixtureRow){2, 20, "x"});
    fixture_commit(f, &f->s, txn);
    racer_init(&w, f), racer_init(&c, f);
    w.txn = fixture_begin_in(f, &w.s, ISO_READ_COMMITTED);
    (void)update(f, &w.s, w.txn, loser_rows[0], (FixtureRow){1, 11, "x"});
    os_sim_stop(f->os, "wal-reserved", "W");
    racer_start(&w, "W", run_change_second);
    race_check(os_sim_await(f->os, "wal-reserved"));
    os_sim_stop(f->os, "checkpoint.begun", "C");
    racer_start(&c, "C", run_checkpoint);
    race_check(os_sim_await(f->os, "checkpoint.begun"));
    os_sim_go_on(f->os, "wal-reserved");
    race_let_run(f);
    race_check(w.done && !c.done);
    os_sim_go_on(f->os, "checkpoint.begun");
    race_let_run(f);
    race_check(c.done);
    os_sim_crash_now(f->os);
}

static void scene_checkpoint_recovered(void *arg)
{
    Fixture *f = arg;
    fixture_open(f);
    must(&f->s, engine_settle(&f->s.cx, f->e));
    fixture_open_table(f, 0);
    race_check(see_now(f, &f->s, NULL, loser_rows[0]) == 10);
    race_check(see_now(f, &f->s, NULL, loser_rows[1]) == 20);
    verify(f, &f->s);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_checkpoint_writer(void **state)
{
    Fixture f;
    (void)state;
    if (!RACES_CAN_BE_PINNED) {
        skip();
    }
    race_begin(&f, FRAMES);
    assert_int_equal(os_sim_run(f.os, scene_checkpoint_writer, &f), OS_SIM_CRASHED);
    os_sim_restart(f.os, 1);
    assert_int_equal(os_sim_run(f.os, scene_checkpoint_recovered, &f), OS_SIM_ENDED);
    race_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evict_dirty),
        cmocka_unit_test(test_latch_wake),
        cmocka_unit_test(test_page_reuse),
        cmocka_unit_test(test_checkpoint_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
