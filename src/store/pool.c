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
#define PREFETCH_RUN   32u   /* pages of one read at most */
#define EVICT_STEPS    1024u /* a thread that needs a frame looks no further: the writer does */

void resident_add(Store *s, PageNo page)
{
    os_mutex_lock(s->os, &s->evict_mutex);
    if (s->resident_len == s->resident_size) {
        s->resident_size = MAX(s->resident_size * 2, 1024u);
        s->residents = mem_realloc("residents", s->residents, s->resident_size * sizeof(PageNo));
    }
    s->residents[s->resident_len++] = page;
    os_mutex_unlock(s->os, &s->evict_mutex);
    atomic_fetch_add(&s->resident_count, 1);
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

/* page_judge - are the bytes just read those of this page? */
static Status page_judge(Cx *cx, Store *s, PageNo page)
{
    const PageHeader *h = page_at(s, page);
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
    PageHeader *h = page_at(s, page);
    size_t n;
    TRY(os_file_pread(cx, s->file, h, PAGE_SIZE, page * PAGE_SIZE, &n));
    if (n < PAGE_SIZE) {
        if (!s->recovering) {
            return err_corrupt(cx, page, "the file ends before it");
        }
        memset((uint8_t *)h + n, 0, PAGE_SIZE - n);
    }
    return page_judge(cx, s, page);
}

/* page_claim - take a page that is not in memory, X latched; false when it is, or somebody is at
 * it. *word_out: the state word to hand on from. */
static bool page_claim(Store *s, PageNo page, uint64_t *word_out)
{
    *word_out = atomic_load(&s->state[page]);
    return state_of(*word_out) == STATE_EVICTED &&
           atomic_compare_exchange_strong(&s->state[page], word_out,
                                          state_word(STATE_EXCLUSIVE, *word_out));
}

/* page_arrived - the end of page_claim: into the pool, or (bad) as if it had never been read. */
static void page_arrived(Store *s, PageNo page, uint64_t word, bool good)
{
    if (good) {
        resident_add(s, page);
    } else {
        os_mem_drop(page_at(s, page), STORE_STRIDE);
    }
    (void)atomic_exchange(&s->state[page],
                          state_word(good ? STATE_UNLOCKED : STATE_EVICTED, word + 1));
    latch_wake(s, page);
}

Status page_fault(Cx *cx, Store *s, PageNo page)
{
    uint64_t word;
    frames_make_room(s);
    if (!page_claim(s, page, &word)) {
        return ST_OK; /* somebody else is at it */
    }
    os_stop_point(s->os, "page_fault.read");
    Status st = page_read(cx, s, page);
    page_arrived(s, page, word, st == ST_OK);
    return st;
}

/* prefetch_run - read pages [first, first+n), all claimed by the caller. */
static void prefetch_run(Store *s, PageNo first, uint32_t n, const uint64_t *words)
{
    Err err = {0};
    Cx cx = {.err = &err};
    size_t got = 0;
    Status st = os_file_pread(&cx, s->file, page_at(s, first), n * (size_t)PAGE_SIZE,
                              first * PAGE_SIZE, &got);
    for (uint32_t i = 0; i < n; i++) {
        bool good = st == ST_OK && got >= (i + 1) * (size_t)PAGE_SIZE &&
                    page_judge(&cx, s, first + i) == ST_OK;
        err_clear(&cx);
        page_arrived(s, first + i, words[i], good);
    }
}

void store_prefetch(Store *s, const PageNo *pages, uint32_t count)
{
    uint64_t words[PREFETCH_RUN];
    uint32_t n = 0;
    for (uint32_t i = 0; i <= count; i++) {
        /* Pages lie side by side in memory only when no padding is between them. */
        bool joins = n != 0 && n < PREFETCH_RUN && STORE_STRIDE == PAGE_SIZE && i < count &&
                     pages[i] == pages[i - 1] + 1;
        if (n != 0 && !joins) {
            prefetch_run(s, pages[i - 1] + 1 - n, n, words);
            n = 0;
        }
        if (i == count) {
            break;
        }
        if (n == 0) {
            frames_make_room(s);
        }
        if (pages[i] < atomic_load(&s->page_count) && page_claim(s, pages[i], &words[n])) {
            n++;
        } else if (n != 0) {
            prefetch_run(s, pages[i] - n, n, words);
            n = 0;
        }
    }
}

uint64_t store_frames(const Store *s)
{
    return s->resident_max;
}

/* page_pinned - space map and directory pages stay: changing them must not need I/O. */
static bool page_pinned(Store *s, PageNo page)
{
    uint8_t type = page_at(s, page)->type;
    return type == PAGE_SPACE_MAP || type == PAGE_TREE_DIR;
}

/* evict_one - the clock at one resident: mark it, drop it, or let it be. True when it was dropped.
 */
static bool evict_one(Store *s, PageNo page, uint64_t word)
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
    os_mem_drop(page_at(s, page), STORE_STRIDE);
    (void)atomic_exchange(&s->state[page], state_word(STATE_EVICTED, word + 1));
    latch_wake(s, page);
    return true;
}

uint32_t evict_clean(Store *s, uint32_t want, uint32_t steps_max)
{
    uint32_t dropped = 0;
    os_mutex_lock(s->os, &s->evict_mutex);
    for (uint32_t steps = 0;
         steps < MIN(2 * s->resident_len + 2, steps_max) && dropped < want && s->resident_len != 0;
         steps++) {
        if (s->hand >= s->resident_len) {
            s->hand = 0;
        }
        PageNo page = s->residents[s->hand];
        if (evict_one(s, page, atomic_load(&s->state[page]))) {
            s->residents[s->hand] = s->residents[--s->resident_len];
            atomic_fetch_sub(&s->resident_count, 1);
            dropped++;
        } else {
            s->hand++;
        }
        if (steps > 4096 && dropped != 0) {
            break;
        }
    }
    os_mutex_unlock(s->os, &s->evict_mutex);
    return dropped;
}

void frames_make_room(Store *s)
{
    for (int tries = 0; atomic_load(&s->resident_count) >= s->resident_max; tries++) {
        if (evict_clean(s, EVICT_BATCH / 4, EVICT_STEPS) != 0) {
            return;
        }
        os_event_signal(s->os, &s->writer_event);
        if (atomic_load(&s->resident_count) < s->resident_max + s->resident_max / 4 + 64 ||
            tries > 50 || s->writer == NULL) {
            return; /* the limit is soft */
        }
        os_sleep_us(s->os, 500);
    }
}

uint64_t store_resident_count(Store *s)
{
    return atomic_load(&s->resident_count);
}

/* collect_dirty - resident pages with unwritten changes, from the hand on. */
static uint32_t collect_dirty(Store *s, PageNo *pages, uint32_t max)
{
    uint32_t n = 0;
    os_mutex_lock(s->os, &s->evict_mutex);
    for (uint32_t i = 0; i < s->resident_len && n < max; i++) {
        PageNo page = s->residents[(s->hand + i) % s->resident_len];
        if (atomic_load(&s->rec_lsn[page]) != 0) {
            pages[n++] = page;
        }
    }
    os_mutex_unlock(s->os, &s->evict_mutex);
    return n;
}

/* writer_main - keep 3 % of the frames free: drop clean pages, write dirty ones. */
static void writer_main(void *arg)
{
    Store *s = arg;
    PageNo pages[DWB_PAGES];
    Err err = {0};
    Cx cx = {.err = &err};
    uint32_t goal = s->resident_max - s->resident_max / 32;
    while (!atomic_load(&s->stop)) {
        uint32_t seen = os_event_value(&s->writer_event);
        if (atomic_load(&s->resident_count) <= goal) {
            (void)os_event_wait(s->os, &s->writer_event, seen, WRITER_TICK_US);
            continue;
        }
        if (evict_clean(s, EVICT_BATCH, UINT32_MAX) != 0) {
            continue;
        }
        uint32_t n = collect_dirty(s, pages, DWB_PAGES);
        if (n == 0 || write_pages(&cx, s, pages, n, false) != ST_OK) {
            if (n != 0) {
                log_err(LOG_ERROR, &err);
            }
            (void)os_event_wait(s->os, &s->writer_event, seen, WRITER_TICK_US);
        }
    }
}

Status store_start(Cx *cx, Store *s)
{
    return os_thread_create(cx, s->os, "page writer", writer_main, s, &s->writer);
}
