/*
 * test_store_pool.c - the buffer pool, the space map and the double-write area.
 *
 * Goal: no change to a page is lost however small the pool is, pages are reused, damaged pages are
 * errors of the query that meets them, torn ones are put back. Method: threads count up pages of a
 * pool far smaller than the file and compare each with a shadow model under its latch, with
 * checkpoints beside them; then the file's own bytes are damaged.
 */
#include "store/store_internal.h"
#include "store_fixture.h"

#include <fcntl.h>

#define PAGES   400u
#define FRAMES  32u
#define THREADS 4
#define ROUNDS  3000u
#define WORDS   ((PAGE_SIZE - sizeof(PageHeader)) / sizeof(uint64_t))

typedef struct Shadow {
    StoreEnv *env;
    PageNo pages[PAGES];
    uint64_t counts[PAGES]; /* guarded by the page's latch */
    _Atomic uint32_t running, failures;
} Shadow;
typedef struct Worker {
    Shadow *shadow;
    OsThread *thread;
    uint64_t seed;
} Worker;

static uint64_t *page_words(const PageRef *ref)
{
    return (uint64_t *)(void *)(ref->hdr + 1);
}

/* page_holds - the whole page says n. */
static bool page_holds(const PageRef *ref, uint64_t n)
{
    const uint64_t *w = page_words(ref);
    for (size_t i = 0; i < WORDS; i++) {
        if (w[i] != n) {
            return false;
        }
    }
    return true;
}

static void page_fill(Store *s, PageRef *ref, uint64_t n, bool fresh)
{
    Smo smo;
    page_dirty(s, ref);
    for (size_t i = 0; i < WORDS; i++) {
        page_words(ref)[i] = n;
    }
    smo_begin(&smo, s);
    if (fresh) {
        smo_alloc(&smo, ref->page);
    }
    smo_image(&smo, ref);
    (void)smo_commit(&smo, 7);
    page_unlock(s, ref);
}

static PageNo page_make(StoreEnv *e, uint64_t n)
{
    PageRef ref;
    PageNo page;
    store_must(&e->cx, page_reserve(&e->cx, e->store, &page));
    page_lock_new(e->store, page, PAGE_OVERFLOW, 7, &ref);
    page_fill(e->store, &ref, n, true);
    return page;
}

static void pool_worker_main(void *arg)
{
    Worker *w = arg;
    Shadow *sh = w->shadow;
    Store *s = sh->env->store;
    Err err = {0};
    Cx cx = {.err = &err};
    for (uint32_t i = 0; i < ROUNDS; i++) {
        w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t at = (uint32_t)(w->seed >> 33) % PAGES;
        bool change = (w->seed >> 20) % 3 != 0;
        PageRef ref;
        if (page_lock(&cx, s, sh->pages[at], change ? LATCH_EXCLUSIVE : LATCH_SHARED, &ref) !=
            ST_OK) {
            atomic_fetch_add(&sh->failures, 1);
            break;
        }
        if (!page_holds(&ref, sh->counts[at])) {
            atomic_fetch_add(&sh->failures, 1);
        }
        if (change) {
            page_fill(s, &ref, ++sh->counts[at], false);
        } else {
            page_unlock(s, &ref);
        }
    }
    atomic_fetch_sub(&sh->running, 1);
}

static void shadow_check(StoreEnv *e, const Shadow *sh)
{
    for (uint32_t i = 0; i < PAGES; i++) {
        PageRef ref;
        store_must(&e->cx, page_lock(&e->cx, e->store, sh->pages[i], LATCH_SHARED, &ref));
        assert_true(page_holds(&ref, sh->counts[i]));
        page_unlock(e->store, &ref);
    }
}

static void test_shadow(void **state)
{
    StoreEnv e;
    Worker workers[THREADS];
    Shadow *sh = calloc(1, sizeof(*sh));
    Lsn redo = 0;
    (void)state;
    store_env_init(&e, FRAMES, false);
    sh->env = &e;
    atomic_store(&sh->running, THREADS);
    for (uint32_t i = 0; i < PAGES; i++) {
        sh->pages[i] = page_make(&e, 0);
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        workers[t] = (Worker){.shadow = sh, .seed = t + 1};
        store_must(&e.cx, os_thread_create(&e.cx, e.os, "worker", pool_worker_main, &workers[t],
                                           &workers[t].thread));
    }
    while (atomic_load(&sh->running) != 0) {
        Lsn now;
        store_must(&e.cx, store_flush_before(&e.cx, e.store, wal_head(e.wal), 0, &now));
        assert_true(now >= redo);
        redo = now;
        os_sleep_us(e.os, 2000);
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        os_thread_join(workers[t].thread);
    }
    assert_int_equal(atomic_load(&sh->failures), 0);
    shadow_check(&e, sh);
    /* What was written so far and the log give the same pages. */
    store_env_close(&e);
    store_env_open(&e, false);
    shadow_check(&e, sh);
    store_env_release(&e);
    free(sh);
}

/* redo_worker_main - a page begins its life twice with a record of others in between, so that its
 * LSN is not where it became dirty, and goes on changing while it is written. */
static void redo_worker_main(void *arg)
{
    Shadow *sh = arg;
    StoreEnv *e = sh->env;
    uint64_t word = 0;
    Slice body = {(const char *)&word, sizeof(word)};
    for (uint64_t i = 0; i < 20 * ROUNDS; i++) {
        PageRef ref;
        WalHeader h = {.xid48_type8_flags8 = wal_pack(0, WAL_NOOP, 0)};
        page_lock_new(e->store, sh->pages[i % 8], PAGE_OVERFLOW, 7, &ref);
        page_unlock(e->store, &ref);
        (void)wal_append(e->wal, &h, &body, 1);
        page_lock_new(e->store, sh->pages[i % 8], PAGE_OVERFLOW, 7, &ref);
        page_unlock(e->store, &ref);
        (void)wal_append(e->wal, &h, &body, 1);
    }
    atomic_fetch_sub(&sh->running, 1);
}

/* test_redo_point - redo always begins where a record does (crash seed 1412: a new page, written
 * while it changed, named a place in the middle of one). */
static void test_redo_point(void **state)
{
    StoreEnv e;
    OsThread *thread;
    Shadow *sh = calloc(1, sizeof(*sh));
    (void)state;
    store_env_init(&e, FRAMES, false);
    sh->env = &e;
    for (uint32_t i = 0; i < 8; i++) {
        sh->pages[i] = page_make(&e, i);
    }
    atomic_store(&sh->running, 1);
    store_must(&e.cx, os_thread_create(&e.cx, e.os, "worker", redo_worker_main, sh, &thread));
    while (atomic_load(&sh->running) != 0) {
        WalHeader h;
        size_t len;
        Lsn redo, begin = wal_head(e.wal);
        store_must(&e.cx, store_flush_before(&e.cx, e.store, begin, 0, &redo));
        if (redo < begin) {
            store_must(&e.cx, wal_flush_wait(&e.cx, e.wal, begin));
            store_must(&e.cx, wal_read(&e.cx, e.wal, redo, &h, NULL, 0, &len));
            assert_true(wal_type(&h) == WAL_NOOP || wal_type(&h) == WAL_SMO);
            assert_true(h.len < PAGE_SIZE + 256);
        }
    }
    os_thread_join(thread);
    store_env_release(&e);
    free(sh);
}

static void test_reuse(void **state)
{
    StoreEnv e;
    PageNo pages[PAGES];
    (void)state;
    store_env_init(&e, FRAMES, false);
    for (uint32_t i = 0; i < PAGES; i++) {
        pages[i] = page_make(&e, i);
    }
    uint64_t count = store_page_count(e.store);
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < PAGES; i++) {
            PageRef ref;
            Smo smo;
            store_must(&e.cx, page_lock(&e.cx, e.store, pages[i], LATCH_EXCLUSIVE, &ref));
            page_dirty(e.store, &ref);
            ref.hdr->type = PAGE_FREE;
            smo_begin(&smo, e.store);
            smo_bytes(&smo, &ref, 0, sizeof(PageHeader));
            smo_free(&smo, ref.page);
            (void)smo_commit(&smo, 7);
            page_unlock(e.store, &ref);
        }
        for (uint32_t i = 0; i < PAGES; i++) {
            pages[i] = page_make(&e, i);
        }
        assert_int_equal(store_page_count(e.store), count);
    }
    /* No page is handed out twice, before and after the map is read again. */
    store_env_close(&e);
    store_env_open(&e, false);
    PageNo extra = page_make(&e, 1);
    for (uint32_t i = 0; i < PAGES; i++) {
        assert_true(pages[i] != extra);
        for (uint32_t k = 0; k < i; k++) {
            assert_true(pages[i] != pages[k]);
        }
    }
    store_env_release(&e);
}

/* test_new_pages_bounded - a burst of new pages does not outgrow the pool: its first pages are
 * dropped while the last ones are made, so they are read from the file again. */
static void test_new_pages_bounded(void **state)
{
    StoreEnv e;
    uint64_t resident = 0;
    PageNo *pages = calloc(8 * PAGES, sizeof(PageNo));
    (void)state;
    store_env_init(&e, FRAMES, false);
    for (uint32_t i = 0; i < 8 * PAGES; i++) {
        pages[i] = page_make(&e, i);
    }
    resident = store_resident_count(e.store);
    /* FRAMES, a quarter more and 64: where a thread begins to wait for the writer. */
    assert_true(resident <= FRAMES + FRAMES / 4 + 64 + 2);
    for (uint32_t i = 0; i < 8 * PAGES; i++) {
        PageRef ref;
        store_must(&e.cx, page_lock(&e.cx, e.store, pages[i], LATCH_SHARED, &ref));
        assert_true(page_holds(&ref, i));
        page_unlock(e.store, &ref);
    }
    store_env_release(&e);
    free(pages);
}

/* damage_file - overwrite n bytes of a page in the file, behind the server's back. */
static void damage_file(const StoreEnv *e, PageNo page, uint32_t offset, uint32_t n)
{
    uint8_t bytes[PAGE_SIZE];
    int fd = open(e->path, O_RDWR);
    assert_true(fd >= 0);
    memset(bytes, 0xa5, sizeof(bytes));
    assert_int_equal(pwrite(fd, bytes, n, (off_t)(page * PAGE_SIZE + offset)), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

/* pool_forget - turn the whole pool over, so that the pages before are read anew. */
static void pool_forget(StoreEnv *e, const PageNo *pages, uint32_t from)
{
    Lsn redo;
    store_must(&e->cx, store_flush_before(&e->cx, e->store, wal_head(e->wal), 0, &redo));
    for (int round = 0; round < 4; round++) {
        for (uint32_t i = from; i < PAGES; i++) {
            PageRef ref;
            store_must(&e->cx, page_lock(&e->cx, e->store, pages[i], LATCH_SHARED, &ref));
            page_unlock(e->store, &ref);
        }
    }
}

static void test_damaged(void **state)
{
    StoreEnv e;
    PageNo pages[PAGES];
    (void)state;
    store_env_init(&e, FRAMES, false);
    for (uint32_t i = 0; i < PAGES; i++) {
        pages[i] = page_make(&e, i);
    }
    pool_forget(&e, pages, 10);
    damage_file(&e, pages[0], 0, 1);               /* checksum */
    damage_file(&e, pages[1], PAGE_SIZE - 1, 1);   /* last byte */
    damage_file(&e, pages[2], 8, 8);               /* page number */
    damage_file(&e, pages[3], PAGE_SIZE / 2, 100); /* a hole */
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 10; i++) {
            PageRef ref;
            Status st = page_lock(&e.cx, e.store, pages[i], LATCH_SHARED, &ref);
            assert_int_equal(st, i < 4 ? ST_ERROR : ST_OK);
            if (i < 4) {
                assert_int_equal(e.err.sqlstate, ERRCODE_DATA_CORRUPTED);
                err_clear(&e.cx);
            }
            page_unlock(e.store, &ref);
        }
    }
    Buf report;
    uint64_t errors = 0;
    buf_init(&report, 1 << 20);
    store_must(&e.cx, store_check(&e.cx, e.store, 0, UINT64_MAX, &report, &errors));
    assert_int_equal(errors, 4);
    buf_release(&report);
    PageRef ref;
    assert_int_equal(page_lock(&e.cx, e.store, store_page_count(e.store), LATCH_SHARED, &ref),
                     ST_ERROR);
    err_clear(&e.cx);
    store_env_release(&e);
}

/* test_prefetch - pages read ahead are in memory with their bytes, a damaged one among them is not
 * and stays an error, and numbers that are no pages are passed over. */
static void test_prefetch(void **state)
{
    StoreEnv e;
    PageNo pages[PAGES], want[8];
    (void)state;
    store_env_init(&e, 4 * FRAMES, false);
    for (uint32_t i = 0; i < PAGES; i++) {
        pages[i] = page_make(&e, i);
    }
    pool_forget(&e, pages, 10);
    damage_file(&e, pages[2], 0, 1);
    for (uint32_t i = 0; i < 6; i++) {
        want[i] = pages[i];
        assert_false(page_resident(e.store, pages[i]));
    }
    want[6] = PAGE_NO_INVALID;
    want[7] = store_page_count(e.store) + 5;
    store_prefetch(e.store, want, 8);
    for (uint32_t i = 0; i < 6; i++) {
        PageRef ref;
        assert_int_equal(page_resident(e.store, pages[i]), i != 2);
        Status st = page_lock(&e.cx, e.store, pages[i], LATCH_SHARED, &ref);
        assert_int_equal(st, i == 2 ? ST_ERROR : ST_OK);
        if (st == ST_OK) {
            assert_true(page_holds(&ref, i));
            page_unlock_cold(e.store, &ref);
        }
    }
    err_clear(&e.cx);
    assert_true(store_resident_count(e.store) <= 4 * FRAMES);
    store_env_release(&e);
}

static void test_torn(void **state)
{
    StoreEnv e;
    PageNo pages[4];
    char cmd[256];
    StoreMaster m;
    Lsn redo;
    (void)state;
    store_env_init(&e, FRAMES * 4, true);
    for (uint32_t i = 0; i < 4; i++) {
        pages[i] = page_make(&e, i + 100);
    }
    store_must(&e.cx, store_flush_before(&e.cx, e.store, wal_head(e.wal), 0, &redo));
    /* A file that was in use: of a new one, or one that was shut down, the area is thrown away. */
    store_master_get(e.store, &m);
    m.checkpoint_lsn = 1;
    m.clean = 0;
    store_must(&e.cx, store_master_put(&e.cx, e.store, &m));
    (void)snprintf(cmd, sizeof(cmd), "cp %s-dwb %s/keep", e.path, e.dir);
    assert_int_equal(system(cmd), 0);
    store_env_close(&e);
    (void)snprintf(cmd, sizeof(cmd), "mv %s/keep %s-dwb", e.dir, e.path);
    assert_int_equal(system(cmd), 0);
    damage_file(&e, pages[1], PAGE_SIZE / 2, PAGE_SIZE / 2);
    damage_file(&e, pages[3], 0, PAGE_SIZE / 2);
    /* Without the log: what is put back comes from the area. */
    StoreOptions so = {.pool_bytes = FRAMES * PAGE_SIZE, .max_pages = 1 << 20, .sync = true};
    store_must(&e.cx, store_open(&e.cx, e.os, e.path, &so, &e.store));
    store_must(&e.cx, store_restore_torn(&e.cx, e.store));
    for (uint32_t i = 0; i < 4; i++) {
        PageRef ref;
        store_must(&e.cx, page_lock(&e.cx, e.store, pages[i], LATCH_SHARED, &ref));
        assert_true(page_holds(&ref, i + 100));
        page_unlock(e.store, &ref);
    }
    store_close(e.store);
    store_env_open(&e, false);
    store_env_release(&e);
}

/* A page written again while its copy stands in the area has no other one: torn, it comes back from
 * that copy and the log. After a sync the next write makes a new copy. */
static void test_torn_old_copy(void **state)
{
    StoreEnv e;
    StoreMaster m;
    PageRef ref;
    char cmd[256];
    (void)state;
    store_env_init(&e, FRAMES * 4, true);
    PageNo page = page_make(&e, 1);
    store_master_get(e.store, &m);
    m.checkpoint_lsn = 1;
    m.clean = 0;
    store_must(&e.cx, store_master_put(&e.cx, e.store, &m));
    for (uint64_t n = 2; n < 6; n++) {
        store_must(&e.cx, page_lock(&e.cx, e.store, page, LATCH_EXCLUSIVE, &ref));
        page_fill(e.store, &ref, n, false);
        uint64_t batches = e.store->dwb_seq;
        store_must(&e.cx, write_pages(&e.cx, e.store, &page, 1, true, NULL));
        assert_int_equal(e.store->dwb_seq - batches, n == 2 || n == 4);
        if (n == 3) {
            store_sync(&e.cx, e.store);
        }
    }
    (void)snprintf(cmd, sizeof(cmd), "cp %s-dwb %s/keep", e.path, e.dir);
    assert_int_equal(system(cmd), 0);
    store_env_close(&e);
    (void)snprintf(cmd, sizeof(cmd), "mv %s/keep %s-dwb", e.dir, e.path);
    assert_int_equal(system(cmd), 0);
    damage_file(&e, page, PAGE_SIZE / 2, PAGE_SIZE / 2);
    store_env_open(&e, false);
    store_must(&e.cx, page_lock(&e.cx, e.store, page, LATCH_SHARED, &ref));
    assert_true(page_holds(&ref, 5));
    page_unlock(e.store, &ref);
    store_env_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow),  cmocka_unit_test(test_redo_point),
        cmocka_unit_test(test_reuse),   cmocka_unit_test(test_new_pages_bounded),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_prefetch),
        cmocka_unit_test(test_torn),    cmocka_unit_test(test_torn_old_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
