/*
 * test_recovery_space.c - the space map against the pages that are reachable
 *
 * Goal: a sound file has no finding and no leak, with values out of line, dropped trees and purged
 * rows behind it; a page nobody reaches is counted and given back; a page in use that the map calls
 * free is an error, and then nothing is given back. Method: histories, then the space map is
 * changed behind everybody's back by log records of the test's own.
 */
#include "leaks_expected.h"
#include "table/table_internal.h"
#include "table_fixture.h"

static uint64_t space_check(Fixture *f, bool reclaim, uint64_t *leaked)
{
    Buf report;
    uint64_t errors = 0;
    buf_init(&report, 1 << 20);
    must(&f->s, engine_settle(&f->s.cx, f->e));
    must(&f->s, engine_check_space(&f->s.cx, f->e, reclaim, &report, &errors, leaked));
    buf_release(&report);
    return errors;
}

/* space_history - long values in, changed, deleted; one transaction rolled back. */
static void space_history(Fixture *f)
{
    RowId ids[60];
    char *text = malloc(60001);
    Txn *w = fixture_begin(f);
    for (int i = 0; i < 60; i++) {
        memset(text, 'a' + i % 26, 60000);
        text[i * 1000] = '\0';
        ids[i] = insert(f, &f->s, w, (FixtureRow){i, i, text});
    }
    fixture_commit(f, &f->s, w);
    w = fixture_begin(f);
    for (int i = 0; i < 60; i += 3) {
        assert_int_equal(update(f, &f->s, w, ids[i], (FixtureRow){i, 1, "short"}), WRITE_DONE);
    }
    for (int i = 1; i < 60; i += 3) {
        assert_int_equal(delete_row(f, &f->s, w, ids[i]), WRITE_DONE);
    }
    fixture_commit(f, &f->s, w);
    w = fixture_begin(f);
    memset(text, 'z', 60000);
    text[60000] = '\0';
    assert_int_equal(update(f, &f->s, w, ids[2], (FixtureRow){2, 2, text}), WRITE_DONE);
    (void)insert(f, &f->s, w, (FixtureRow){1000, 2, text});
    txn_abort(&f->s.cx, w);
    free(text);
}

/* leak_page - a page in use that nothing links. */
static PageNo leak_page(Fixture *f)
{
    PageNo page;
    PageRef ref;
    Smo smo;
    must(&f->s, page_reserve(&f->s.cx, f->e->store, &page));
    page_lock_new(f->e->store, page, PAGE_OVERFLOW, f->tree, &ref);
    smo_begin(&smo, f->e->store);
    smo_alloc(&smo, page);
    smo_image(&smo, &ref);
    (void)smo_commit(&smo, f->tree);
    page_unlock(f->e->store, &ref);
    return page;
}

static void space_sound(void **state)
{
    (void)state;
    Fixture f;
    uint64_t leaked;
    fixture_start(&f, 1);
    space_history(&f);
    Txn *w = fixture_begin(&f);
    TreeId tree;
    must(&f.s, table_create(&f.s.cx, f.e, w, FIXTURE_COLUMNS, 3, &tree));
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    must(&f.s, txn_start_write(&f.s.cx, w));
    txn_drop_tree_on_commit(w, tree);
    fixture_commit(&f, &f.s, w);
    assert_int_equal(space_check(&f, false, &leaked), 0);
    assert_int_equal(leaked, 0);
    fixture_end(&f);
}

/* space_dropped_by_steps - a dropped table of many pages is freed a few at a time, with crashes in
 * between; nothing is lost, and no page twice. */
static void space_dropped_by_steps(void **state)
{
    (void)state;
    Fixture f;
    Table *t, *own;
    TreeId tree;
    uint64_t leaked;
    char text[1000];
    fixture_start(&f, 1);
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    Txn *w = fixture_begin(&f);
    must(&f.s, table_create(&f.s.cx, f.e, w, FIXTURE_COLUMNS, 3, &tree));
    must(&f.s, table_open(&f.s.cx, f.e, &f.s.arena, 1, "s", "t", tree, NULL, 0, &t));
    own = f.t;
    f.t = t;
    for (int i = 0; i < 20000; i++) { /* enough leaves for nodes of two levels */
        (void)insert(&f, &f.s, w, (FixtureRow){i, i, text});
    }
    f.t = own;
    fixture_commit(&f, &f.s, w);
    uint64_t pages = store_page_count(f.e->store);
    w = fixture_begin(&f);
    must(&f.s, txn_start_write(&f.s.cx, w));
    txn_drop_tree_on_commit(w, tree);
    fixture_commit(&f, &f.s, w);
    Lsn before = wal_head(f.e->wal);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i <= round; i++) {
            assert_int_equal(table_drop_some(&f.s.cx, f.e, tree, 100), ST_RESTART);
        }
        if (round == 2) {
            must(&f.s, engine_checkpoint(&f.s.cx, f.e));
        }
        must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
        assert_true(wal_head(f.e->wal) - before < 100000); /* few bytes a page */
        fixture_crash(&f);
    }
    assert_int_equal(space_check(&f, false, &leaked), 0);
    assert_int_equal(leaked, 0);
    TreeEntry entry;
    assert_int_equal(tree_get(&f.s.cx, f.e->store, tree, &entry), ST_NOTFOUND);
    assert_true(store_page_count(f.e->store) <= pages + 64);
    fixture_end(&f);
}

static void space_leaked(void **state)
{
    (void)state;
    Fixture f;
    uint64_t leaked;
    fixture_start(&f, 1);
    space_history(&f);
    PageNo page = leak_page(&f);
    (void)leak_page(&f);
    assert_int_equal(space_check(&f, false, &leaked), 0);
    assert_int_equal(leaked, 2);
    assert_true(store_page_used(f.e->store, page));
    assert_int_equal(space_check(&f, true, &leaked), 0);
    assert_int_equal(leaked, 2);
    assert_false(store_page_used(f.e->store, page));
    /* Also after a restart from the log. */
    must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
    fixture_crash(&f);
    fixture_open_table(&f, 1);
    assert_false(store_page_used(f.e->store, page));
    assert_int_equal(space_check(&f, false, &leaked), 0);
    assert_int_equal(leaked, 0);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void space_lost(void **state)
{
    (void)state;
    Fixture f;
    uint64_t leaked;
    Smo smo;
    fixture_start(&f, 1);
    space_history(&f);
    PageNo page = leak_page(&f);
    smo_begin(&smo, f.e->store);
    smo_free(&smo, f.ix[0].root);
    (void)smo_commit(&smo, 0);
    assert_int_equal(space_check(&f, true, &leaked), 1);
    assert_int_equal(leaked, 1);
    assert_true(store_page_used(f.e->store, page)); /* with damage about nothing is given back */
    fixture_end(&f);
}

/* chain_bytes - half noise, half text that compresses. */
static uint8_t *chain_bytes(size_t n)
{
    uint8_t *p = malloc(n + 1);
    uint64_t x = n + 1;
    for (size_t i = 0; i < n; i++) {
        x = hash_u64(x);
        p[i] = i % 200000 < 100000 ? (uint8_t)x : (uint8_t)('a' + i / 50 % 20);
    }
    return p;
}

/* Chains whose row never came: rolled back, and by a crash with and without the end of the chain in
 * the log. */
static void space_chain_without_row(void **state)
{
    (void)state;
    Fixture f;
    uint64_t leaked;
    OverflowRef ref;
    uint8_t *bytes = chain_bytes(700000);
    fixture_start(&f, 1);
    for (int round = 0; round < 4; round++) {
        Txn *w = fixture_begin(&f);
        must(&f.s, txn_start_write(&f.s.cx, w));
        must(&f.s,
             overflow_write(&f.s.cx, f.e, w, f.tree, (Slice){(char *)bytes, 700000}, true, &ref));
        if (round == 0) {
            txn_abort(&f.s.cx, w);
        } else {
            /* Only some of its records reach the disk in rounds 1 and 2. */
            Lsn upto = round == 3 ? wal_head(f.e->wal) : ref.stamp + (Lsn)round * 150000;
            must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, upto));
            fixture_crash(&f);
            fixture_open_table(&f, 1);
        }
        assert_int_equal(space_check(&f, false, &leaked), 0);
        assert_int_equal(leaked, 0);
    }
    free(bytes);
    fixture_end(&f);
}

/* Values of every size around a page, a piece and a block come back as they were. */
static void space_chain_sizes(void **state)
{
    (void)state;
    static const size_t SIZES[] = {0,     1,     8127,  8128,  8129,  65023,  65024,  65025,
                                   65535, 65536, 65537, 73152, 99999, 130048, 131072, 500001};
    Fixture f;
    OverflowRef ref;
    fixture_start(&f, 1);
    Txn *w = fixture_begin(&f);
    must(&f.s, txn_start_write(&f.s.cx, w));
    for (size_t i = 0; i < 2 * ARRAY_LEN(SIZES); i++) {
        size_t n = SIZES[i / 2];
        uint8_t *bytes = chain_bytes(n + 200000), *back = malloc(n + 1);
        const uint8_t *from = bytes + (i % 2 != 0 ? 100000 : 0); /* noise first, or text first */
        must(&f.s,
             overflow_write(&f.s.cx, f.e, w, f.tree, (Slice){(const char *)from, n}, true, &ref));
        assert_int_equal(ref.flags, i % 2 != 0 && n > PAGE_SIZE - sizeof(PageHeader));
        must(&f.s, overflow_read(&f.s.cx, f.e, &ref, back));
        assert_memory_equal(from, back, n);
        free(bytes);
        free(back);
    }
    txn_abort(&f.s.cx, w);
    fixture_end(&f);
}

static uint64_t pages_used(Fixture *f)
{
    uint64_t n = 0;
    for (PageNo p = 0; p < store_page_count(f->e->store); p++) {
        n += store_page_used(f->e->store, p);
    }
    return n;
}

static Status chain_count(void *arg, Cx *cx, PageNo page)
{
    (void)cx, (void)page;
    ++*(uint64_t *)arg;
    return ST_OK;
}

static PageNo chain_link(Fixture *f, PageNo page, PageNo next)
{
    PageRef r;
    must(&f->s, page_lock(&f->s.cx, f->e->store, page, LATCH_EXCLUSIVE, &r));
    PageNo was = r.hdr->next;
    page_dirty(f->e->store, &r);
    r.hdr->next = next;
    page_unlock(f->e->store, &r);
    return was;
}

/* A chain that damage has bent into a ring: it is told of and not freed, and nothing goes round for
 * ever. */
static void space_chain_ring(void **state)
{
    (void)state;
    Fixture f;
    OverflowRef ref;
    uint64_t seen = 0;
    uint8_t *bytes = chain_bytes(700000);
    fixture_start(&f, 1);
    Txn *w = fixture_begin(&f);
    must(&f.s, txn_start_write(&f.s.cx, w));
    must(&f.s, overflow_write(&f.s.cx, f.e, w, f.tree, (Slice){(char *)bytes, 700000}, true, &ref));
    PageNo second = chain_link(&f, ref.page, ref.page);
    (void)chain_link(&f, ref.page, second);
    PageNo third = chain_link(&f, second, ref.page);
    uint64_t used = pages_used(&f);
    assert_int_equal(overflow_each_page(&f.s.cx, f.e, ref.page, ref.stamp, chain_count, &seen),
                     ST_ERROR);
    assert_int_equal(f.s.cx.err->sqlstate, ERRCODE_DATA_CORRUPTED);
    err_clear(&f.s.cx);
    assert_in_range(seen, 2, 6);
    must(&f.s, overflow_free(&f.s.cx, f.e, f.tree, ref.page, ref.stamp));
    assert_int_equal(pages_used(&f), used);
    (void)chain_link(&f, second, third);
    must(&f.s, overflow_free(&f.s.cx, f.e, f.tree, ref.page, ref.stamp));
    assert_true(pages_used(&f) < used - 50);
    txn_abort(&f.s.cx, w);
    free(bytes);
    fixture_end(&f);
}

/* space_fill - a table of its own with 300 rows, one in three with a value out of line. */
static void space_fill(Fixture *f, TreeId *tree, const Table **t, char fill)
{
    char *text = malloc(50001);
    Txn *w = fixture_begin(f);
    Table *made;
    must(&f->s, table_create(&f->s.cx, f->e, w, FIXTURE_COLUMNS, 3, tree));
    must(&f->s,
         table_open(&f->s.cx, f->e, &f->s.arena, 17000, "public", "x", *tree, NULL, 0, &made));
    *t = made;
    for (int i = 0; i < 300; i++) {
        RowId id;
        for (int k = 0; k < 50000; k++) {
            text[k] = (char)(fill + (int)(hash_u64((uint64_t)(k + i)) % 13));
        }
        text[i % 3 == 0 ? 50000 : 300] = '\0';
        FixtureRow row = {i, i, text};
        RowValues v = fixture_values(&f->s, &row, 3);
        must(&f->s, table_insert(&f->s.cx, w, made, &v, &id));
    }
    fixture_commit(f, &f->s, w);
    free(text);
}

/* space_read - the rows and a hash of all bytes that a snapshot sees. */
static uint64_t space_read(Fixture *f, const Table *t, const Snapshot *snap, uint64_t *hash)
{
    static const uint16_t COLUMNS[3] = {0, 1, 2};
    static const PhysType TYPES[3] = {PHYS_I32, PHYS_I64, PHYS_STR};
    TableScan *scan;
    uint64_t n = 0;
    Arena arena;
    arena_init(&arena, NULL, "test scan", 0);
    *hash = 0;
    must(&f->s, table_scan_create(&f->s.cx, &arena, t, COLUMNS, 3, false, &scan));
    must(&f->s, table_scan_start(&f->s.cx, scan, NULL, snap));
    for (;;) {
        Batch b;
        batch_init(&b, TYPES, 3, &arena);
        Status st = table_scan_next(&f->s.cx, scan, VEC_CAPACITY, &b, &arena);
        if (st == ST_DONE) {
            break;
        }
        must(&f->s, st);
        SEL_FOREACH(r, &b.sel)
        {
            const Str *c = VEC_DATA(b.cols[2], Str) + r;
            *hash =
                hash_bytes(str_ptr(c), c->len, *hash + (uint64_t)VEC_DATA(b.cols[0], int32_t)[r]);
            n++;
        }
    }
    table_scan_end(scan);
    arena_release(&arena);
    return n;
}

/* A dropped table's pages: read as ever by a snapshot that was there before, while others fill the
 * file; free when it is gone, and taken again so that the file stays as long as it is. */
static void space_drop_under_snapshot(void **state)
{
    (void)state;
    Fixture f;
    Snapshot snap;
    const Table *t, *other;
    TreeId tree, next;
    uint64_t leaked, hash, again, base, peak = 0;
    fixture_start(&f, 1);
    assert_int_equal(space_check(&f, false, &leaked), 0);
    base = pages_used(&f);
    for (int round = 0; round < 4; round++) {
        space_fill(&f, &tree, &t, 'a');
        snapshot_take(f.e->txns, NULL, &snap);
        assert_int_equal(space_read(&f, t, &snap, &hash), 300);
        Txn *w = fixture_begin(&f);
        must(&f.s, txn_start_write(&f.s.cx, w));
        txn_drop_tree_on_commit(w, tree);
        fixture_commit(&f, &f.s, w);
        while (engine_purge_step(&f.s.cx, f.e) == ST_OK) {
        }
        space_fill(&f, &next, &other, 'n');
        assert_int_equal(space_read(&f, t, &snap, &again), 300);
        assert_true(hash == again);
        w = fixture_begin(&f);
        must(&f.s, txn_start_write(&f.s.cx, w));
        txn_drop_tree_on_commit(w, next);
        fixture_commit(&f, &f.s, w);
        snapshot_release(&snap);
        assert_int_equal(space_check(&f, false, &leaked), 0);
        assert_int_equal(leaked, 0);
        assert_in_range(pages_used(&f), base, base + 8); /* its entry in the tree directory */
        if (round == 0) {
            peak = store_page_count(f.e->store);
        }
        assert_int_equal(store_page_count(f.e->store), peak);
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(space_sound),
        cmocka_unit_test(space_dropped_by_steps),
        cmocka_unit_test(space_leaked),
        cmocka_unit_test(space_lost),
        cmocka_unit_test(space_chain_without_row),
        cmocka_unit_test(space_chain_sizes),
        cmocka_unit_test(space_chain_ring),
        cmocka_unit_test(space_drop_under_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
