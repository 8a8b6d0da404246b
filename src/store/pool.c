/*
 * pool.c - faulting pages in, the clock that drops them, the background writer that keeps frames
 * free.
 *
 * The clock marks an unlocked page when it passes and takes it when it passes again and nobody has
 * used it since. A page is dropped from the very word seen when it was judged, and its dirtiness is
 * looked at once more under the latch: a page that was used or changed in between survives (shared
 * engine notes 1.1, pitfall 1). Threads drop clean pages only; dirty ones are the writer's. The
 * limit is soft: a fault never fails or deadlocks for want of a frame.
 */
#include "base/log.h"
#include "store/store_internal.h"

#define WRITER_TICK_US 200000
#define EVICT_STEPS    1024u  /* a thread that needs a frame looks no further: the writer does */
#define WRITER_STEPS   16384u /* ... and holds the mutex no longer than this */
#define COLLECT_STEPS  65536u

void residents_add(Store *s, const PageNo *pages, uint32_t n)
{
    os_mutex_lock(s->os, &s->evict_mutex);
    while (s->resident_len + n > s->resident_size) {
        s->resident_size = MAX(s->resident_size * 2, 1024u);
        s->residents = mem_realloc("residents", s->residents, s->resident_size * sizeof(PageNo));
    }
    memcpy(s->residents + s->resident_len, pages, n * sizeof(PageNo));
    s->resident_len += n;
    os_mutex_unlock(s->os, &s->evict_mutex);
    atomic_fetch_add(&s->resident_count, n);
    atomic_fetch_add_explicit(&s->allocated, n, memory_order_relaxed);
}

void resident_add(Store *s, PageNo page)
{
    residents_add(s, &page, 1);
}

/* page_is_zero - a page the file has room for and nobody wrote. */
static bool page_is_zero(const void *page)
{
    const uint64_t *w = page;
    for (size_t i = 0; i < PAGE_SIZE / sizeof(*w); i++) {
        if (w[i] != 0) {
            return false;
        }
    }
    return true;
}

bool page_is_good(Store *s, PageNo page)
{
    const PageHeader *h = page_at(s, page);
    return h->page == page && h->crc == page_crc(h);
}

/* page_check_read - judge the n bytes just read into the page's place. */
static Status page_check_read(Cx *cx, Store *s, PageNo page, size_t n)
{
    PageHeader *h = page_at(s, page);
    if (n < PAGE_SIZE) {
        if (!s->recovering) {
            return err_corrupt(cx, page, "the file ends before it");
        }
        memset((uint8_t *)h + n, 0, PAGE_SIZE - n);
    }
    if (h->crc == 0 && h->page == 0 && page_is_zero(h)) {
        return s->recovering ? ST_OK : err_corrupt(cx, page, "it was never written");
    }
    if (h->crc != page_crc(h)) {
        return err_corrupt(cx, page, "checksum %08x, expected %08x", page_crc(h), h->crc);
    }
    if (h->page != page) {
        return err_corrupt(cx, page, "it says it is page %llu", (unsigned long long)h->page);
    }
    return ST_OK;
}

/* page_read - the bytes from the file into place, checked. */
static Status page_read(Cx *cx, Store *s, PageNo page)
{
    size_t n;
    TRY(os_file_pread(cx, s->file, page_at(s, page), PAGE_SIZE, page * PAGE_SIZE, &n));
    return page_check_read(cx, s, page, n);
}

Status page_fault(Cx *cx, Store *s, PageNo page)
{
    os_stop_point(s->os, "page_fault.begin");
    frames_make_room(s, 1);
    uint64_t word = atomic_load(&s->state[page]);
    if (state_of(word) != STATE_EVICTED ||
        !atomic_compare_exchange_strong(&s->state[page], &word,
                                        state_word(STATE_EXCLUSIVE, word))) {
        return ST_OK; /* somebody else is at it */
    }
    os_stop_point(s->os, "page_fault.read");
    Status st = page_read(cx, s, page);
    if (st != ST_OK) {
        os_mem_drop(page_at(s, page), STORE_STRIDE);
        (void)atomic_exchange(&s->state[page], state_word(STATE_EVICTED, word + 1));
        latch_wake(s, page);
        return st;
    }
    resident_add(s, page);
    (void)atomic_exchange(&s->state[page], state_word(STATE_UNLOCKED, word + 1));
    latch_wake(s, page);
    return ST_OK;
}

/* page_pinned - space map and directory pages stay: changing them must not need I/O. */
static bool page_pinned(Store *s, PageNo page)
{
    uint8_t type = page_at(s, page)->type;
    return type == PAGE_SPACE_MAP || type == PAGE_TREE_DIR;
}

/* evict_claim - the clock at one resident: mark it, claim it (exclusive, clean), or let it be. */
static bool evict_claim(Store *s, PageNo page, uint64_t word)
{
    if (state_of(word) == STATE_UNLOCKED) {
        (void)atomic_compare_exchange_strong(&s->state[page], &word,
                                             state_word(STATE_MARKED, word));
        return false;
    }
    if (state_of(word) != STATE_MARKED || atomic_load(&s->rec_lsn[page]) != 0 ||
        atomic_load(&s->io[page]) != 0 || page_pinned(s, page)) {
        return false;
    }
    os_stop_point(s->os, "evict.judged");
    if (!atomic_compare_exchange_strong(&s->state[page], &word,
                                        state_word(STATE_EXCLUSIVE, word))) {
        return false;
    }
    if (atomic_load(&s->rec_lsn[page]) != 0 || atomic_load(&s->io[page]) != 0) {
        (void)atomic_exchange(&s->state[page], state_word(STATE_UNLOCKED, word));
        latch_wake(s, page);
        return false;
    }
    return true;
}

/* evict_drop - give back the memory of claimed pages in one call and release them. */
static void evict_drop(Store *s, PageNo *pages, uint32_t n)
{
    OsRange ranges[EVICT_BATCH];
    uint32_t count = 0;
    pages_sort(pages, n);
    for (uint32_t i = 0; i < n; i++) {
        /* I2, I11: what is dropped is clean, and nobody is writing it. */
        DASSERT(atomic_load(&s->rec_lsn[pages[i]]) == 0 && atomic_load(&s->io[pages[i]]) == 0);
    }
    for (uint32_t i = 0, run; i < n; i += run) {
        run = 1;
        while (i + run < n && pages[i + run] == pages[i] + run) {
            run++;
        }
        ranges[count++] = (OsRange){page_at(s, pages[i]), run * STORE_STRIDE};
    }
    os_mem_drop_many(ranges, count);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t word = atomic_load_explicit(&s->state[pages[i]], memory_order_relaxed);
        (void)atomic_exchange(&s->state[pages[i]], state_word(STATE_EVICTED, word + 1));
        latch_wake(s, pages[i]);
    }
}

uint32_t evict_clean(Store *s, uint32_t want, uint32_t steps_max)
{
    PageNo claimed[EVICT_BATCH];
    uint32_t n = 0;
    want = MIN(want, EVICT_BATCH);
    os_mutex_lock(s->os, &s->evict_mutex);
    uint32_t most = MIN(2 * s->resident_len + 2, steps_max);
    for (uint32_t steps = 0; steps < most && n < want && s->resident_len != 0; steps++) {
        if (s->hand >= s->resident_len) {
            s->hand = 0;
        }
        PageNo page = s->residents[s->hand];
        if (evict_claim(s, page, atomic_load(&s->state[page]))) {
            /* The newest page takes its place, and the hand goes on: else it would be next. */
            s->residents[s->hand] = s->residents[--s->resident_len];
            claimed[n++] = page;
        }
        s->hand++;
    }
    os_mutex_unlock(s->os, &s->evict_mutex);
    evict_drop(s, claimed, n);
    atomic_fetch_sub(&s->resident_count, n);
    return n;
}

void frames_make_room(Store *s, uint32_t more)
{
    uint32_t count = atomic_load(&s->resident_count);
    if (LIKELY(count + more <= s->resident_max - s->resident_max / 64)) {
        return;
    }
    if (count + more > s->resident_max) {
        (void)evict_clean(s, MAX(more, EVICT_BATCH / 4), EVICT_STEPS);
    }
    if (s->writer != NULL) {
        os_event_signal(s->os, &s->writer_event);
    }
}

void store_throttle(Store *s)
{
    for (int tries = 0; tries < 50; tries++) {
        uint32_t most = s->resident_max + s->resident_max / 4 + 64;
        if (LIKELY(atomic_load_explicit(&s->resident_count, memory_order_relaxed) < most) ||
            s->writer == NULL || evict_clean(s, EVICT_BATCH, EVICT_STEPS) != 0) {
            return;
        }
        os_event_signal(s->os, &s->writer_event);
        os_sleep_us(s->os, 500);
    }
}

void store_stats(Store *s, StoreStats *out)
{
    out->written_clean = atomic_load(&s->written_clean);
    out->allocated = atomic_load(&s->allocated);
}

uint64_t store_frames(const Store *s)
{
    return s->resident_max;
}

uint64_t store_resident_count(Store *s)
{
    return atomic_load(&s->resident_count);
}

/* collect_dirty - resident pages with unwritten changes, from the hand on; cold: those the clock
 * has marked, which are the next to go. */
static uint32_t collect_dirty(Store *s, PageNo *pages, uint32_t max, bool cold)
{
    uint32_t n = 0;
    os_mutex_lock(s->os, &s->evict_mutex);
    for (uint32_t i = 0; i < MIN(s->resident_len, COLLECT_STEPS) && n < max; i++) {
        PageNo page = s->residents[(s->hand + i) % s->resident_len];
        if (atomic_load(&s->rec_lsn[page]) != 0 &&
            (!cold || state_of(atomic_load(&s->state[page])) == STATE_MARKED)) {
            pages[n++] = page;
        }
    }
    os_mutex_unlock(s->os, &s->evict_mutex);
    return n;
}

/* writer_write - a batch of dirty pages, cold ones when there are enough. */
static Status writer_write(Cx *cx, Store *s, uint32_t *n_out)
{
    PageNo pages[DWB_PAGES];
    uint32_t n = collect_dirty(s, pages, DWB_PAGES, true);
    if (n < DWB_PAGES / 8) {
        n = collect_dirty(s, pages, DWB_PAGES, false);
    }
    *n_out = n;
    pages_sort(pages, n); /* neighbours are written together */
    StoreFlush flush = {0};
    Status st = n != 0 ? write_pages(cx, s, pages, n, false, &flush) : ST_OK;
    atomic_fetch_add(&s->written_clean, flush.pages);
    return st;
}

void store_redo_room(Cx *cx, Store *s)
{
    uint32_t most = s->resident_max - s->resident_max / 32, n;
    for (int tries = 0; tries < 8; tries++) {
        if (LIKELY(atomic_load_explicit(&s->resident_count, memory_order_relaxed) <= most)) {
            return;
        }
        if (evict_clean(s, EVICT_BATCH, WRITER_STEPS) != 0) {
            continue;
        }
        if (writer_write(cx, s, &n) != ST_OK) {
            err_clear(cx);
            return;
        }
        if (n == 0) {
            return;
        }
    }
}

/* writer_main - keep 3 % of the frames free: drop clean pages, write dirty ones. */
static void writer_main(void *arg)
{
    Store *s = arg;
    Err err = {0};
    Cx cx = {.err = &err};
    uint32_t goal = s->resident_max - s->resident_max / 32;
    while (!atomic_load(&s->stop)) {
        uint32_t seen = os_event_value(&s->writer_event), n;
        if (atomic_load(&s->resident_count) <= goal) {
            pool_make_huge(s);
            (void)os_event_wait(s->os, &s->writer_event, seen, WRITER_TICK_US);
            continue;
        }
        if (evict_clean(s, EVICT_BATCH, WRITER_STEPS) != 0) {
            continue;
        }
        Status st = writer_write(&cx, s, &n);
        if (st != ST_OK) {
            log_err(LOG_ERROR, &err);
        }
        if (n == 0 || st != ST_OK) {
            (void)os_event_wait(s->os, &s->writer_event, seen, WRITER_TICK_US);
        }
    }
}

Status store_start(Cx *cx, Store *s)
{
    return os_thread_create(cx, s->os, "page writer", writer_main, s, &s->writer);
}
