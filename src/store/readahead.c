/*
 * readahead.c - reading several pages at once, before anybody asks for them.
 *
 * The pages of a run are claimed as a fault claims one, from evicted to exclusive without waiting,
 * so no order of latches matters; one read brings them all, for a page's place in memory follows
 * that of the page before it. They come in marked: a page that is never used after all is the first
 * to go.
 */
#include "store/store_internal.h"

#define RUN_MAX 64u

bool page_resident(Store *s, PageNo page)
{
    return state_of(atomic_load_explicit(&s->state[page], memory_order_relaxed)) != STATE_EVICTED;
}

/* run_claim - evicted pages from `first` on, at most `max`, one behind the other. */
static uint32_t run_claim(Store *s, const PageNo *pages, uint32_t max)
{
    uint32_t n = 0;
    for (; n < max && pages[n] == pages[0] + n; n++) {
        uint64_t word = atomic_load(&s->state[pages[n]]);
        if (state_of(word) != STATE_EVICTED ||
            !atomic_compare_exchange_strong(&s->state[pages[n]], &word,
                                            state_word(STATE_EXCLUSIVE, word))) {
            break;
        }
    }
    return n;
}

/* run_read - the claimed run from the file; good pages become residents, others evicted again. */
static void run_read(Store *s, const PageNo *pages, uint32_t n)
{
    PageNo good[RUN_MAX];
    uint32_t count = 0;
    size_t got = 0;
    bool ok[RUN_MAX];
    Err err = {0};
    Cx cx = {.err = &err};
    if (os_file_pread(&cx, s->file, page_at(s, pages[0]), (size_t)n * PAGE_SIZE,
                      pages[0] * PAGE_SIZE, &got) != ST_OK) {
        got = 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        ok[i] = (size_t)(i + 1) * PAGE_SIZE <= got && page_is_good(s, pages[i]);
        if (ok[i]) {
            good[count++] = pages[i];
        } else {
            os_mem_drop(page_at(s, pages[i]), STORE_STRIDE);
        }
    }
    if (count != 0) {
        residents_add(s, good, count);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t word = atomic_load_explicit(&s->state[pages[i]], memory_order_relaxed);
        (void)atomic_exchange(&s->state[pages[i]],
                              state_word(ok[i] ? STATE_MARKED : STATE_EVICTED, word + 1));
        latch_wake(s, pages[i]);
    }
}

uint32_t store_prefetch(Store *s, const PageNo *pages, uint32_t count)
{
    uint32_t read = 0;
    uint64_t end = atomic_load(&s->page_count);
    uint32_t run_max = STORE_STRIDE == PAGE_SIZE ? RUN_MAX : 1;
    count = MIN(count, s->resident_max / 8);
    for (uint32_t i = 0; i < count;) {
        uint32_t most = MIN(run_max, count - i), n;
        if (pages[i] < STORE_FIRST_PAGE || pages[i] >= end || page_resident(s, pages[i])) {
            i++;
            continue;
        }
        while (pages[i] + most > end) {
            most--;
        }
        frames_make_room(s, most);
        n = run_claim(s, pages + i, most);
        os_stop_point(s->os, "prefetch.read");
        if (n != 0) {
            run_read(s, pages + i, n);
            read += n;
        }
        i += MAX(n, 1);
    }
    return read;
}
