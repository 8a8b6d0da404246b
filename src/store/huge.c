/*
 * huge.c - memory of the pool in huge pages where it has filled up.
 *
 * Look-ups in a database larger than the caches miss the processor's address cache at every page,
 * and under virtualisation such a miss is two walks. Asking for huge pages when the pool is mapped
 * would spend 2 MiB on every page faulted in; so a range becomes one huge page only when all its
 * pages are resident, and only while a quarter of the frames is free: then they will stay. Dropping
 * a page of it later splits it again, which the kernel does by itself.
 */
#include "store/store_internal.h"

#define HUGE_BYTES        ((size_t)2 << 20)
#define HUGE_PAGES        (HUGE_BYTES / STORE_STRIDE)
#define HUGE_PER_PASS     16u
#define HUGE_REGIONS_SEEN 4096u /* looked at in one pass */
#define HUGE_FAILURES_MAX 64u

/* region_is_full - are all pages from `first` on resident? */
static bool region_is_full(Store *s, PageNo first)
{
    for (PageNo p = first; p < first + HUGE_PAGES; p++) {
        if (state_of(atomic_load_explicit(&s->state[p], memory_order_relaxed)) == STATE_EVICTED) {
            return false;
        }
    }
    return true;
}

void pool_make_huge(Store *s)
{
    uint32_t resident = atomic_load(&s->resident_count);
    if (s->os->simulated || s->huge_failures >= HUGE_FAILURES_MAX ||
        (resident == s->huge_resident && s->huge_next == 0) ||
        resident > s->resident_max - s->resident_max / 4) {
        return;
    }
    if (s->huge_next == 0) {
        s->huge_resident = resident;
    }
    PageNo count = atomic_load(&s->page_count);
    PageNo base = (ALIGN_UP((uintptr_t)s->pages, HUGE_BYTES) - (uintptr_t)s->pages) / STORE_STRIDE;
    uint64_t regions = count > base ? (count - base) / HUGE_PAGES : 0;
    if (regions > s->huge_size) {
        uint64_t size = MAX(regions, 2 * s->huge_size);
        s->huge_done = mem_realloc("huge pages", s->huge_done, size);
        memset(s->huge_done + s->huge_size, 0, size - s->huge_size);
        s->huge_size = size;
    }
    uint32_t made = 0, seen = 0;
    uint64_t r = s->huge_next;
    for (; r < regions && made < HUGE_PER_PASS && seen < HUGE_REGIONS_SEEN; r++, seen++) {
        PageNo first = base + r * HUGE_PAGES;
        if (s->huge_done[r] || !region_is_full(s, first)) {
            continue;
        }
        made++;
        if (os_mem_make_huge((uint8_t *)s->pages + first * STORE_STRIDE, HUGE_BYTES)) {
            s->huge_done[r] = 1;
            s->huge_failures = 0;
        } else {
            s->huge_failures++; /* a page being written: next time; not supported: soon given up */
        }
    }
    s->huge_next = r < regions ? r : 0;
}
