/*
 * test_btree_model.c - trees against a simple model.
 *
 * Goal: insert, remove, split, shrink, cursors and bulk build keep exactly the entries of a sorted
 * model. Method: random operations on a table tree and an index tree over a real file in a
 * temporary directory with a small pool, verified after every burst; then the log is replayed onto
 * the state of the file on disk and verified again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/map.h"
#include "btree/btree.h"

#define KEYS 20000u

typedef struct Env {
    Os *os;
    Wal *wal;
    Store *store;
    Err err;
    Arena arena;
    Cx cx;
    char dir[64], path[96], wal_dir[96];
} Env;

static void model_must(Env *e, Status st)
{
    if (st != ST_OK) {
        fail_msg("status %d: %s", (int)st, e->err.message);
    }
}

static void env_open(Env *e, bool create)
{
    WalOptions wo;
    StoreOptions so = {.pool_bytes = 256 * PAGE_SIZE, .max_pages = 1 << 20, .sync = false};
    StoreMaster m;
    wal_options_default(&wo);
    wo.sync = false;
    model_must(e, create ? store_create(&e->cx, e->os, e->path, &so, &e->store)
                         : store_open(&e->cx, e->os, e->path, &so, &e->store));
    store_master_get(e->store, &m);
    model_must(e, wal_open(&e->cx, e->os, e->wal_dir, &wo, m.next_lsn, create, &e->wal));
    store_attach_wal(e->store, e->wal);
    model_must(e, wal_start(&e->cx, e->wal));
    if (!create) {
        WalReader r;
        model_must(e, store_restore_torn(&e->cx, e->store));
        wal_reader_init(&r, e->wal, m.next_lsn, 0);
        Status st;
        while ((st = wal_reader_next(&e->cx, &r)) == ST_OK) {
            if (wal_type(&r.hdr) == WAL_SMO) {
                model_must(e, store_redo(&e->cx, e->store, r.lsn, &r.hdr,
                                         (Slice){(char *)r.body.data, r.body_len}));
            }
        }
        assert_int_equal(st, ST_DONE);
        wal_reader_release(&r);
    }
    model_must(e, store_load_space(&e->cx, e->store));
    model_must(e, store_start(&e->cx, e->store));
}

static void env_init(Env *e)
{
    memset(e, 0, sizeof(*e));
    e->os = os_posix_create();
    arena_init(&e->arena, NULL, "test", 0);
    e->cx = (Cx){.err = &e->err, .arena = &e->arena};
    (void)snprintf(e->dir, sizeof(e->dir), "/tmp/dassie-bt-XXXXXX");
    assert_non_null(mkdtemp(e->dir));
    (void)snprintf(e->path, sizeof(e->path), "%s/t.db", e->dir);
    (void)snprintf(e->wal_dir, sizeof(e->wal_dir), "%s/t.db-wal", e->dir);
}

static void env_release(Env *e)
{
    char cmd[128];
    store_close(e->store);
    model_must(e, wal_close(&e->cx, e->wal, true));
    (void)snprintf(cmd, sizeof(cmd), "rm -rf %s", e->dir);
    assert_int_equal(system(cmd), 0);
    arena_release(&e->arena);
    os_posix_free(e->os);
}

static BtTree tree_new(Env *e, TreeKind kind)
{
    TreeEntry entry;
    model_must(e, tree_create(&e->cx, e->store, kind, &entry));
    return (BtTree){.store = e->store, .tree = entry.tree, .kind = kind, .root = entry.root};
}

/* make_key - spread, of varying length, unique by n. */
static Slice make_key(uint32_t n, char *buf)
{
    int len = snprintf(buf, 64, "k%08x%.*s", (uint32_t)hash_u64(n) % 4096u, (int)(n % 23),
                       "abcdefghijklmnopqrstuvwxyz");
    buf[len] = (char)(n >> 16);
    buf[len + 1] = (char)(n >> 8);
    buf[len + 2] = (char)n;
    return (Slice){buf, (size_t)len + 3};
}

static void model_finding(void *arg, PageNo page, const char *what)
{
    (void)arg;
    fail_msg("page %llu: %s", (unsigned long long)page, what);
}

static void verify_tree(Env *e, const BtTree *t)
{
    Buf report;
    uint64_t errors = 0;
    buf_init(&report, 1 << 20);
    model_must(e, bt_verify(&e->cx, t, &report, &errors));
    if (errors != 0) {
        fail_msg("%.*s", (int)MIN(report.len, 2000), (char *)report.data);
    }
    buf_release(&report);
    model_must(e, bt_verify_live(&e->cx, t, model_finding, NULL));
}

/* edit - log the leaf as an image after an edit, so that replay needs store_redo only. */
static void log_leaf(Env *e, const BtTree *t, BtPos *pos)
{
    Smo smo;
    smo_begin(&smo, e->store);
    smo_image(&smo, &pos->leaf);
    (void)smo_commit(&smo, t->tree);
    bt_release(t, pos);
}

static void tree_insert(Env *e, const BtTree *t, uint32_t n)
{
    char buf[80];
    BtPos pos;
    BtKey key = {.rowid = n + 1, .bytes = make_key(n, buf)};
    char payload[40];
    memset(payload, (char)n, sizeof(payload));
    uint32_t len = t->kind == TREE_TABLE ? n % 40 : 0;
    model_must(e, bt_seek_insert(&e->cx, t, &key, 8 + len, &pos));
    assert_false(pos.found);
    page_dirty(e->store, &pos.leaf);
    bt_leaf_insert(&pos.leaf, &key, pos.slot, n, (Slice){payload, len});
    log_leaf(e, t, &pos);
}

static void tree_remove(Env *e, const BtTree *t, uint32_t n)
{
    char buf[80];
    BtPos pos;
    BtKey key = {.rowid = n + 1, .bytes = make_key(n, buf)};
    model_must(e, bt_seek(&e->cx, t, &key, LATCH_EXCLUSIVE, &pos));
    assert_true(pos.found);
    page_dirty(e->store, &pos.leaf);
    bt_leaf_remove(&pos.leaf, pos.slot);
    bool empty = bt_leaf_count(&pos.leaf) == 0;
    log_leaf(e, t, &pos);
    if (empty) {
        model_must(e, bt_try_shrink(&e->cx, t, &key));
    }
}

static uint32_t tree_count(Env *e, const BtTree *t, bool backward)
{
    BtCursor c;
    BtPos pos;
    uint32_t n = 0;
    bt_cursor_init(&c, t, backward);
    Status st = bt_cursor_seek(&e->cx, &c, NULL, &pos);
    while (st == ST_OK) {
        n += bt_leaf_count(&pos.leaf);
        bt_cursor_leave(&c, &pos);
        st = bt_cursor_next_leaf(&e->cx, &c, &pos);
    }
    assert_int_equal(st, ST_DONE);
    bt_cursor_release(&c);
    return n;
}

static void check_model(Env *e, const BtTree *t, const bool *present)
{
    uint32_t want = 0;
    for (uint32_t n = 0; n < KEYS; n++) {
        char buf[80];
        BtPos pos;
        BtEntry entry;
        BtKey key = {.rowid = n + 1, .bytes = make_key(n, buf)};
        model_must(e, bt_seek(&e->cx, t, &key, LATCH_SHARED, &pos));
        assert_int_equal(pos.found, present[n]);
        if (pos.found) {
            assert_true(bt_leaf_entry(&pos.leaf, pos.slot, &entry));
            assert_int_equal(entry.tag, n);
        }
        want += present[n];
        bt_release(t, &pos);
    }
    assert_int_equal(tree_count(e, t, false), want);
    assert_int_equal(tree_count(e, t, true), want);
    verify_tree(e, t);
}

static void run_kind(TreeKind kind)
{
    Env e;
    bool *present = calloc(KEYS, sizeof(bool));
    env_init(&e);
    env_open(&e, true);
    BtTree t = tree_new(&e, kind);
    uint64_t seed = 42;
    for (uint32_t i = 0; i < KEYS / 2; i++) {
        tree_insert(&e, &t, i);
        present[i] = true;
    }
    verify_tree(&e, &t);
    for (uint32_t i = 0; i < KEYS * 2; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t n = (uint32_t)(seed >> 33) % KEYS;
        bool shrinking = (i / 8000) % 2 == 1;
        if (present[n]) {
            tree_remove(&e, &t, n);
            present[n] = false;
        } else if (!shrinking) {
            tree_insert(&e, &t, n);
            present[n] = true;
        }
        if (i % 8000 == 7999) {
            verify_tree(&e, &t);
        }
    }
    check_model(&e, &t, present);
    /* Replay: forget the pool, keep what was written back so far and the log. */
    model_must(&e, wal_flush_wait(&e.cx, e.wal, wal_head(e.wal)));
    store_close(e.store);
    model_must(&e, wal_close(&e.cx, e.wal, false));
    env_open(&e, false);
    TreeEntry entry;
    model_must(&e, tree_get(&e.cx, e.store, t.tree, &entry));
    t.store = e.store;
    check_model(&e, &t, present);
    uint32_t steps = 0;
    Status st;
    while ((st = bt_free_tree(&e.cx, e.store, t.tree, 5)) == ST_RESTART) {
        steps++;
    }
    model_must(&e, st);
    assert_true(steps > 1);
    assert_int_equal(tree_get(&e.cx, e.store, t.tree, &entry), ST_NOTFOUND);
    env_release(&e);
    free(present);
}

static void test_table_tree(void **state)
{
    (void)state;
    run_kind(TREE_TABLE);
}

static void test_index_tree(void **state)
{
    (void)state;
    run_kind(TREE_INDEX);
}

static void test_bulk_build(void **state)
{
    Env e;
    (void)state;
    env_init(&e);
    env_open(&e, true);
    BtTree t = tree_new(&e, TREE_INDEX);
    BtBuild *b;
    model_must(&e, bt_build_begin(&e.cx, &e.arena, &t, &b));
    for (uint32_t n = 0; n < KEYS; n++) {
        char key[32];
        int len = snprintf(key, sizeof(key), "key-%08u-%u", n, n % 7);
        model_must(&e, bt_build_add(&e.cx, b, (Slice){key, (size_t)len}, n, (Slice){NULL, 0}));
    }
    model_must(&e, bt_build_end(&e.cx, b));
    verify_tree(&e, &t);
    assert_int_equal(tree_count(&e, &t, false), KEYS);
    for (uint32_t n = 0; n < KEYS; n++) {
        char text[32];
        BtPos pos;
        int len = snprintf(text, sizeof(text), "key-%08u-%u", n, n % 7);
        BtKey key = {.bytes = {text, (size_t)len}};
        model_must(&e, bt_seek(&e.cx, &t, &key, LATCH_SHARED, &pos));
        assert_true(pos.found);
        bt_release(&t, &pos);
    }
    env_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_tree),
        cmocka_unit_test(test_index_tree),
        cmocka_unit_test(test_bulk_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
