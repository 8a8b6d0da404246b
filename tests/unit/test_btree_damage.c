/*
 * test_btree_damage.c - trees whose pages hold nonsense under a right checksum.
 *
 * Goal: whatever bytes a page holds, a reader or writer that meets them gets an answer or XX001 and
 * never touches memory outside the page. Method: bytes of random pages of a small tree are
 * overwritten in the pool, then searches, inserts, cursors, verify and print run over it.
 */
#include "store_fixture.h"

#define ROWS   600u
#define TRIALS 400u

typedef struct PageList {
    PageNo pages[4096];
    uint32_t count;
} PageList;

static uint64_t damage_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static BtKey damage_key(uint32_t n, char *buf)
{
    int len = snprintf(buf, 48, "key%06u%.*s", n * 7919u % 100000u, (int)(n % 20),
                       "abcdefghijklmnopqrst");
    return (BtKey){.rowid = n + 1, .bytes = {buf, (size_t)len}};
}

/* accept - an answer or a damaged page; anything else is a bug of ours. */
static Status accept(StoreEnv *e, Status st)
{
    if (st == ST_ERROR) {
        if (e->err.sqlstate != ERRCODE_DATA_CORRUPTED) {
            fail_msg("unexpected: %s", e->err.message);
        }
        err_clear(&e->cx);
    }
    return st;
}

static void damage_insert(StoreEnv *e, const BtTree *t, uint32_t n)
{
    char buf[64], payload[100] = {0};
    BtKey key = damage_key(n, buf);
    BtPos pos;
    Smo smo;
    uint32_t len = t->kind == TREE_TABLE ? n % 100 : 0;
    if (accept(e, bt_seek_insert(&e->cx, t, &key, 8 + len, &pos)) != ST_OK) {
        return;
    }
    if (!pos.found) {
        page_dirty(e->store, &pos.leaf);
        bt_leaf_insert(&pos.leaf, &key, pos.slot, n, (Slice){payload, len});
        smo_begin(&smo, e->store);
        smo_image(&smo, &pos.leaf);
        (void)smo_commit(&smo, t->tree);
    }
    bt_release(t, &pos);
}

static Status list_page(void *arg, Cx *cx, PageNo page)
{
    PageList *list = arg;
    (void)cx;
    if (list->count < ARRAY_LEN(list->pages)) {
        list->pages[list->count++] = page;
    }
    return ST_OK;
}

static void damage_finding(void *arg, PageNo page, const char *what)
{
    uint64_t *errors = arg;
    (void)page;
    *errors += strlen(what) != 0;
}

static void damage_read(StoreEnv *e, const BtTree *t)
{
    Buf buf;
    BtPos pos;
    BtEntry entry;
    char text[64];
    uint64_t errors = 0, sum = 0;
    buf_init(&buf, 1 << 22);
    for (uint32_t n = 0; n < ROWS; n += 7) {
        BtKey key = damage_key(n, text);
        if (accept(e, bt_seek(&e->cx, t, &key, LATCH_SHARED, &pos)) == ST_OK) {
            for (uint32_t i = 0; i < bt_leaf_count(&pos.leaf); i++) {
                if (bt_leaf_entry(&pos.leaf, i, &entry)) {
                    for (uint32_t k = 0; k < entry.payload_len; k++) {
                        sum += entry.payload[k];
                    }
                }
                if (t->kind == TREE_INDEX) {
                    bt_leaf_key(&pos.leaf, i, &buf);
                }
            }
            bt_release(t, &pos);
        }
    }
    for (int backward = 0; backward < 2; backward++) {
        BtCursor c;
        bt_cursor_init(&c, t, backward != 0);
        Status st = accept(e, bt_cursor_seek(&e->cx, &c, NULL, &pos));
        for (uint32_t steps = 0; st == ST_OK && steps < 2000; steps++) {
            bt_cursor_leave(&c, &pos);
            st = accept(e, bt_cursor_next_leaf(&e->cx, &c, &pos));
        }
        if (st == ST_OK) {
            bt_release(t, &pos);
        }
        bt_cursor_release(&c);
    }
    buf_clear(&buf);
    (void)accept(e, bt_verify(&e->cx, t, &buf, &errors));
    (void)accept(e, bt_verify_live(&e->cx, t, damage_finding, &errors));
    bt_print(&e->cx, t, &buf);
    err_clear(&e->cx);
    buf_release(&buf);
    assert_true(sum != 1);
}

/* damage_page - some words or bytes of one page become random; often in header and slots. */
static void damage_page(StoreEnv *e, PageNo page, uint64_t *seed)
{
    PageRef ref;
    store_must(&e->cx, page_lock(&e->cx, e->store, page, LATCH_EXCLUSIVE, &ref));
    uint8_t *p = (uint8_t *)ref.hdr;
    for (uint64_t n = 1 + damage_random(seed) % 8; n > 0; n--) {
        uint64_t where = damage_random(seed);
        /* not the number, LSNs and checksum: those are the pool's own */
        uint32_t at = (uint32_t)(where % 3 == 0   ? 6 + where / 3 % 2
                                 : where % 3 == 1 ? 36 + where / 3 % 200
                                                  : 36 + where / 3 % (PAGE_SIZE - 36));
        p[at] = (uint8_t)damage_random(seed);
    }
    page_unlock(e->store, &ref);
}

static void run_damage(TreeKind kind)
{
    static PageList list;
    uint64_t seed = 12345;
    for (uint32_t trial = 0; trial < TRIALS; trial += 40) {
        StoreEnv e;
        TreeEntry entry;
        store_env_init(&e, 8192, false);
        store_must(&e.cx, tree_create(&e.cx, e.store, kind, &entry));
        BtTree t = {.store = e.store, .tree = entry.tree, .kind = kind, .root = entry.root};
        for (uint32_t n = 0; n < ROWS; n++) {
            damage_insert(&e, &t, n * 2);
        }
        list.count = 0;
        store_must(&e.cx, bt_walk_pages(&e.cx, &t, list_page, &list));
        for (uint32_t i = 0; i < 40; i++) {
            damage_page(&e, list.pages[damage_random(&seed) % list.count], &seed);
            damage_read(&e, &t);
            for (uint32_t n = 0; n < 40; n++) {
                damage_insert(&e, &t, (uint32_t)damage_random(&seed) % (ROWS * 3));
            }
        }
        store_env_release(&e);
    }
}

static void test_damaged_table(void **state)
{
    (void)state;
    run_damage(TREE_TABLE);
}

static void test_damaged_index(void **state)
{
    (void)state;
    run_damage(TREE_INDEX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_table),
        cmocka_unit_test(test_damaged_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
