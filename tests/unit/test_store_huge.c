/*
 * test_store_huge.c - full ranges of the pool become huge pages.
 *
 * Goal: a range becomes one huge page when all its pages are resident and a quarter of the frames
 * is free, never otherwise; no byte changes by it, and pages of such a range are dropped and read
 * again like others. Method: the writer thread is stopped and its step called by hand; where the
 * kernel cannot collapse memory, the step has to give up after a bounded number of attempts.
 */
#include "store_fixture.h"

#include "store/store_internal.h"

#define HUGE_TEST_BYTES ((size_t)2 << 20)
#define HUGE_TEST_PAGES 1600u

static PageNo huge_page_make(StoreEnv *e, uint32_t n)
{
    PageRef ref;
    PageNo page;
    Smo smo;
    store_must(&e->cx, page_reserve(&e->cx, e->store, &page));
    page_lock_new(e->store, page, PAGE_OVERFLOW, 7, &ref);
    page_dirty(e->store, &ref);
    memset(ref.hdr + 1, (int)(n % 251), PAGE_SIZE - sizeof(PageHeader));
    smo_begin(&smo, e->store);
    smo_alloc(&smo, page);
    smo_image(&smo, &ref);
    (void)smo_commit(&smo, 7);
    page_unlock(e->store, &ref);
    return page;
}

static void huge_check_pages(StoreEnv *e, const PageNo *pages, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        PageRef ref;
        store_must(&e->cx, page_lock(&e->cx, e->store, pages[i], LATCH_SHARED, &ref));
        const uint8_t *bytes = (const uint8_t *)(ref.hdr + 1);
        for (size_t at = 0; at < PAGE_SIZE - sizeof(PageHeader); at += 97) {
            assert_int_equal(bytes[at], i % 251);
        }
        page_unlock(e->store, &ref);
    }
}

/* huge_ranges - how many ranges the step made huge; *full_out how many there are that are full. */
static uint32_t huge_ranges(const Store *s, uint32_t *full_out)
{
    uint32_t made = 0;
    uint64_t per = HUGE_TEST_BYTES / STORE_STRIDE;
    uint64_t base =
        (ALIGN_UP((uintptr_t)s->pages, HUGE_TEST_BYTES) - (uintptr_t)s->pages) / STORE_STRIDE;
    *full_out = 0;
    for (uint64_t r = 0; r < s->huge_size; r++) {
        bool full = true;
        for (uint64_t p = base + r * per; p < base + (r + 1) * per; p++) {
            full &= p < atomic_load(&s->page_count) &&
                    state_of(atomic_load(&s->state[p])) != STATE_EVICTED;
        }
        *full_out += full;
        made += s->huge_done[r];
        assert_true(full || !s->huge_done[r]);
    }
    return made;
}

/* huge_supported - can this kernel make a huge page of memory that is in use? */
static bool huge_supported(void)
{
    uint8_t *p = os_mem_reserve(2 * HUGE_TEST_BYTES);
    uint8_t *range = (uint8_t *)ALIGN_UP((uintptr_t)p, HUGE_TEST_BYTES);
    memset(range, 1, HUGE_TEST_BYTES);
    bool can = os_mem_make_huge(range, HUGE_TEST_BYTES);
    os_mem_unreserve(p, 2 * HUGE_TEST_BYTES);
    return can;
}

static void huge_env(StoreEnv *e, uint32_t frames, PageNo *pages)
{
    store_env_init(e, frames, false);
    store_stop(e->store);
    for (uint32_t i = 0; i < HUGE_TEST_PAGES; i++) {
        pages[i] = huge_page_make(e, i);
    }
}

static void test_full_ranges(void **state)
{
    StoreEnv e;
    static PageNo pages[HUGE_TEST_PAGES], more[HUGE_TEST_PAGES];
    uint32_t full;
    Lsn redo;
    (void)state;
    huge_env(&e, HUGE_TEST_PAGES * 3 / 2, pages);
    for (int i = 0; i < 100; i++) {
        pool_make_huge(e.store);
    }
    uint32_t made = huge_ranges(e.store, &full);
    assert_true(full > 0);
    if (huge_supported()) {
        assert_int_equal(made, full);
    } else {
        assert_int_equal(made, 0);
        assert_true(e.store->huge_failures > 0);
    }
    huge_check_pages(&e, pages, HUGE_TEST_PAGES);
    /* With the writer again, twice the pages: those of the huge ranges are dropped and come back.
     */
    atomic_store(&e.store->stop, false);
    store_must(&e.cx, store_start(&e.cx, e.store));
    for (uint32_t i = 0; i < HUGE_TEST_PAGES; i++) {
        more[i] = huge_page_make(&e, i);
    }
    store_must(&e.cx, store_flush_before(&e.cx, e.store, wal_head(e.wal), 0, &redo));
    for (int round = 0; round < 3; round++) {
        huge_check_pages(&e, more, HUGE_TEST_PAGES);
        huge_check_pages(&e, pages, HUGE_TEST_PAGES);
    }
    store_env_release(&e);
}

/* test_no_room - a pool that is more than three quarters full is left alone: its pages will go. */
static void test_no_room(void **state)
{
    StoreEnv e;
    static PageNo pages[HUGE_TEST_PAGES];
    uint32_t full;
    (void)state;
    huge_env(&e, HUGE_TEST_PAGES * 5 / 4, pages);
    for (int i = 0; i < 10; i++) {
        pool_make_huge(e.store);
    }
    assert_int_equal(huge_ranges(e.store, &full), 0);
    assert_int_equal(e.store->huge_size, 0);
    huge_check_pages(&e, pages, HUGE_TEST_PAGES);
    store_env_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_ranges),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
