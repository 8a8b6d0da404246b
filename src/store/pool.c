/*
 * pool.c - faulting pages in, the clock that drops them, the background writer that keeps frames
 * free.
 *
 * The clock marks an unlocked page when it passes and takes it when it passes again and nobody has
 * used it since. A page is dropped from the very word seen when it was judged, and its dirtiness is
 * looked at once more under the latch: a page that was used or changed in between survives (shared
 * engine notes 1.1, pitfall 1). Threads drop clean pages only; dirty ones are the writer's, which
 * takes what the clock says, clean or dirty. The limit is soft: a fault never fails or deadlocks
 * for want of a frame.
 */
#include "base/log.h"
#include "store/store_internal.h"

#define WRITER_TICK_US 200000
#define EVICT_STEPS    1024u  /* a thread that needs a frame looks no further: the writer does */
#define WRITER_STEPS   16384u /* ... and holds the mutex no longer than this */
#define WRITE_MIN      (DWB_PAGES / 2)

/* ColdPages - dirty pages the clock came to, and where they stood in its array then. */
typedef struct ColdPages {
    PageNo pages[DWB_PAGES];
    uint32_t at[DWB_PAGES];
    uint32_t n;
} ColdPages;

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
    cx->pages_read++;
    return ST_OK;
}

/* page_pinned - space map and directory pages stay: changing them must not need I/O. */
static bool page_pinned(Store *s, PageNo page)
{
    uint8_t type = page_at(s, page)->type;
    return type == PAGE_SPACE_MAP || type == PAGE_TREE_DIR;
}

/* Clock - what the clock found one resident to be. */
typedef enum Clock {
    CLOCK_PASS,  /* used since it came by, or in use: it goes on */
    CLOCK_TAKEN, /* cold and clean: claimed, exclusive */
    CLOCK_DIRTY, /* cold, to be written first */
} Clock;

/* clock_look - the clock at one resident: mark it, claim it, or say that it is to be written. */
static Clock clock_look(Store *s, PageNo page)
{
    uint64_t word = atomic_load(&s->state[page]);
    if (state_of(word) == STATE_UNLOCKED) {
        (void)atomic_compare_exchange_strong(&s->state[page], &word,
                                             state_word(STATE_MARKED, word));
        return CLOCK_PASS;
    }
    if (state_of(word) != STATE_MARKED || atomic_load(&s->io[page]) != 0 || page_pinned(s, page)) {
        return CLOCK_PASS;
    }
    if (atomic_load(&s->rec_lsn[page]) != 0) {
        return CLOCK_DIRTY;
    }
    os_stop_point(s->os, "evict.judged");
    if (!atomic_compare_exchange_strong(&s->state[page], &word,
                                        state_word(STATE_EXCLUSIVE, word))) {
        return CLOCK_PASS;
    }
    if (atomic_load(&s->rec_lsn[page]) != 0 || atomic_load(&s->io[page]) != 0) {
        (void)atomic_exchange(&s->state[page], state_word(STATE_UNLOCKED, word));
        latch_wake(s, page);
        return CLOCK_PASS;
    }
    return CLOCK_TAKEN;
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

/* resident_remove - the newest page takes the place in the clock's array. Requires evict_mutex. */
static void resident_remove(Store *s, uint32_t at)
{
    s->residents[at] = s->residents[--s->resident_len];
}

/* sweep - move the clock on until `want` pages were claimed or found cold and dirty. The latter go
 * to `cold` as long as there is room. Returns how many were claimed, EVICT_BATCH at most. */
static uint32_t sweep(Store *s, uint32_t want, uint32_t steps_max, PageNo *claimed, ColdPages *cold)
{
    uint32_t n = 0, dirty = 0;
    os_mutex_lock(s->os, &s->evict_mutex);
    uint32_t most = MIN(2 * s->resident_len + 2, steps_max);
    for (uint32_t steps = 0; steps < most && n + dirty < want && s->resident_len != 0; steps++) {
        if (s->hand >= s->resident_len) {
            s->hand = 0;
        }
        uint32_t at = s->hand++;
        PageNo page = s->residents[at];
        Clock found = clock_look(s, page);
        if (found == CLOCK_TAKEN) {
            resident_remove(s, at); /* the hand goes on: else the newest page would be next */
            claimed[n++] = page;
            if (n == EVICT_BATCH) {
                break;
            }
        } else if (found == CLOCK_DIRTY) {
            dirty++;
            if (cold != NULL && cold->n < DWB_PAGES) {
                cold->pages[cold->n] = page;
                cold->at[cold->n++] = at;
            }
        }
    }
    os_mutex_unlock(s->os, &s->evict_mutex);
    return n;
}

/* evict_claimed - they leave the pool. */
static void evict_claimed(Store *s, PageNo *claimed, uint32_t n)
{
    evict_drop(s, claimed, n);
    atomic_fetch_sub(&s->resident_count, n);
}

uint32_t evict_clean(Store *s, uint32_t want, uint32_t steps_max)
{
    PageNo claimed[EVICT_BATCH];
    uint32_t n = sweep(s, MIN(want, EVICT_BATCH), steps_max, claimed, NULL);
    evict_claimed(s, claimed, n);
    return n;
}

/* evict_written - drop those of the pages just written that nobody has used or changed since.
 * Returns how many. */
static uint32_t evict_written(Store *s, const ColdPages *cold)
{
    PageNo claimed[EVICT_BATCH];
    uint32_t total = 0;
    /* From the last: those before it keep their places when it goes. */
    for (uint32_t left = cold->n; left != 0;) {
        uint32_t n = 0;
        os_mutex_lock(s->os, &s->evict_mutex);
        for (; left != 0 && n < EVICT_BATCH; left--) {
            PageNo page = cold->pages[left - 1];
            uint32_t at = cold->at[left - 1];
            if (at < s->resident_len && s->residents[at] == page &&
                state_of(atomic_load(&s->state[page])) == STATE_MARKED &&
                clock_look(s, page) == CLOCK_TAKEN) {
                resident_remove(s, at);
                claimed[n++] = page;
            }
        }
        os_mutex_unlock(s->os, &s->evict_mutex);
        evict_claimed(s, claimed, n);
        total += n;
    }
    return total;
}

/* writer_write - write the cold pages and drop them. */
static Status writer_write(Cx *cx, Store *s, ColdPages *cold, uint32_t *freed)
{
    PageNo pages[DWB_PAGES];
    StoreFlush flush = {0};
    memcpy(pages, cold->pages, cold->n * sizeof(*pages));
    pages_sort(pages, cold->n); /* neighbours are written together */
    Status st = write_pages(cx, s, pages, cold->n, false, &flush);
    atomic_fetch_add(&s->written_clean, flush.pages);
    *freed += evict_written(s, cold);
    cold->n = 0;
    return st;
}

/* make_room - one round of the writer: what is cold goes in the order of the clock, be it clean or
 * dirty. If only the clean went, those few would be driven out as soon as they come in, and the
 * pool would be full of dirty ones. *freed counts up; none: there is nothing cold just now. */
static Status make_room(Cx *cx, Store *s, ColdPages *cold, uint32_t need, uint32_t *freed)
{
    PageNo claimed[EVICT_BATCH];
    uint32_t n = sweep(s, MIN(need, DWB_PAGES), WRITER_STEPS, claimed, cold);
    evict_claimed(s, claimed, n);
    *freed += n;
    /* A batch has its price whatever its size, as long as clean pages are enough. */
    return cold->n >= WRITE_MIN || (n == 0 && cold->n != 0) ? writer_write(cx, s, cold, freed)
                                                            : ST_OK;
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

void store_redo_room(Cx *cx, Store *s)
{
    uint32_t most = s->resident_max - s->resident_max / 32;
    ColdPages cold;
    cold.n = 0;
    for (int tries = 0; tries < 8; tries++) {
        uint32_t count = atomic_load_explicit(&s->resident_count, memory_order_relaxed), freed = 0;
        if (LIKELY(count <= most)) {
            return;
        }
        if (make_room(cx, s, &cold, EVICT_BATCH, &freed) != ST_OK) {
            err_clear(cx);
            return;
        }
        if (freed == 0 && cold.n == 0) {
            return;
        }
    }
}

/* free_goal - frames the writer keeps free: 3 %, and of a small pool more, so that threads find
 * some while a batch is written. */
static uint32_t free_goal(const Store *s)
{
    return MAX(s->resident_max / 32, MIN(s->resident_max / 8, 2 * DWB_PAGES));
}

/* writer_main - keep frames free: drop clean pages, write dirty ones and drop them. */
static void writer_main(void *arg)
{
    Store *s = arg;
    Err err = {0};
    Cx cx = {.err = &err};
    ColdPages cold;
    uint32_t goal = s->resident_max - free_goal(s);
    cold.n = 0;
    while (!atomic_load(&s->stop)) {
        uint32_t seen = os_event_value(&s->writer_event), freed = 0;
        uint32_t count = atomic_load(&s->resident_count);
        if (count <= goal) {
            pool_make_huge(s);
            (void)os_event_wait(s->os, &s->writer_event, seen, WRITER_TICK_US);
            continue;
        }
        Status st = make_room(&cx, s, &cold, count - goal, &freed);
        if (st != ST_OK) {
            log_err(LOG_ERROR, &err);
        }
        if ((freed == 0 && cold.n == 0) || st != ST_OK) {
            (void)os_event_wait(s->os, &s->writer_event, seen, WRITER_TICK_US);
        }
    }
}

Status store_start(Cx *cx, Store *s)
{
    if (s->options.sync) {
        TRY(os_thread_create(cx, s->os, "file sync", syncer_main, s, &s->syncer));
    }
    return os_thread_create(cx, s->os, "page writer", writer_main, s, &s->writer);
}
