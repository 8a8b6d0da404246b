/*
 * pool.c - the buffer pool: one mapping as large as the file may become, one state word per page.
 *
 * States: evicted, unlocked, shared by n, exclusive, marked (by the clock). The low 56 bits are a
 * version that grows with every exclusive release and every eviction. Order of steps where others
 * went wrong: an evictor takes a page by CAS from the very word it judged, then looks at rec_lsn
 * again; a failed read puts EVICTED back; memory is dropped before EVICTED is stored. The limit of
 * resident pages is soft: a fault that finds nothing clean goes on and the writer catches up.
 */
#include "store/store_internal.h"

uint32_t page_checksum(const PageHeader *h, PageNo page)
{
    return (uint32_t)hash_bytes((const uint8_t *)h + 4, PAGE_SIZE - 4, page);
}

Status pool_create(Cx *cx, Store *s)
{
    uint64_t n = s->options.max_pages;
    s->mem = os_mem_reserve(n * PAGE_STRIDE + 131072);
    s->state = os_mem_reserve(n * sizeof(*s->state));
    s->rec_lsn = os_mem_reserve(n * sizeof(*s->rec_lsn));
    s->io = os_mem_reserve(n);
    s->slot = os_mem_reserve(n * sizeof(*s->slot));
    s->used = os_mem_reserve(n / 8 + 64);
    if (s->mem == NULL || s->state == NULL || s->rec_lsn == NULL || s->io == NULL ||
        s->slot == NULL || s->used == NULL) {
        return err_set(cx, ERRCODE_OUT_OF_MEMORY,
                       "could not reserve address space for the buffer pool (overcommit off?)");
    }
    s->limit = MAX(s->options.pool_bytes / PAGE_STRIDE, 64);
    os_mutex_init(&s->pool_mutex, "pool", STORE_RANK_POOL);
    return ST_OK;
}

void pool_free(Store *s)
{
    uint64_t n = s->options.max_pages;
    if (s->mem != NULL) {
        os_mem_unreserve(s->mem, n * PAGE_STRIDE + 131072);
    }
    if (s->state != NULL) {
        os_mem_unreserve((void *)s->state, n * sizeof(*s->state));
    }
    if (s->rec_lsn != NULL) {
        os_mem_unreserve((void *)s->rec_lsn, n * sizeof(*s->rec_lsn));
    }
    if (s->io != NULL) {
        os_mem_unreserve((void *)s->io, n);
    }
    if (s->slot != NULL) {
        os_mem_unreserve(s->slot, n * sizeof(*s->slot));
    }
    if (s->used != NULL) {
        os_mem_unreserve(s->used, n / 8 + 64);
    }
    mem_free(s->resident);
}

/* ---- parking ---- */

static OsEvent *pool_park(Store *s, PageNo page)
{
    return &s->park[hash_u64(page) & (PARK_BUCKETS - 1)];
}

static void pool_wait(Store *s, PageNo page, uint64_t word, uint32_t *spins)
{
    if ((*spins)++ < 60) {
        os_pause(s->os);
        return;
    }
    OsEvent *e = pool_park(s, page);
    uint32_t seen = os_event_value(e);
    /* The waiter count must be up before the word is looked at again: os_event_wait raises it, so a
       release in between is caught by the time-out only; keep that short. */
    if (atomic_load(&s->state[page]) == word) {
        (void)os_event_wait(s->os, e, seen, 1000);
    }
}

static void pool_wake(Store *s, PageNo page)
{
    OsEvent *e = pool_park(s, page);
    if (UNLIKELY(atomic_load(&e->waiters) != 0)) {
        os_event_signal(s->os, e);
    }
}

/* ---- residency ---- */

static void pool_add(Store *s, PageNo page)
{
    os_mutex_lock(s->os, &s->pool_mutex);
    if (s->resident_count == s->resident_size) {
        s->resident_size = s->resident_size == 0 ? 4096 : s->resident_size * 2;
        s->resident = mem_realloc("resident pages", s->resident, s->resident_size * sizeof(PageNo));
    }
    s->slot[page] = (uint32_t)s->resident_count + 1;
    s->resident[s->resident_count++] = page;
    atomic_store_explicit(&s->resident_now, s->resident_count, memory_order_relaxed);
    os_mutex_unlock(s->os, &s->pool_mutex);
}

/* pool_remove - requires the pool mutex. */
static void pool_remove(Store *s, PageNo page)
{
    uint32_t at = s->slot[page] - 1;
    PageNo last = s->resident[--s->resident_count];
    s->resident[at] = last;
    s->slot[last] = at + 1;
    s->slot[page] = 0;
    atomic_store_explicit(&s->resident_now, s->resident_count, memory_order_relaxed);
}

/* pool_try_evict - requires the pool mutex: the page goes if it is clean and marked. */
static bool pool_try_evict(Store *s, PageNo page)
{
    uint64_t w = atomic_load_explicit(&s->state[page], memory_order_acquire);
    if (PS_TAG(w) == PS_UNLOCKED) {
        (void)atomic_compare_exchange_strong(&s->state[page], &w, PS_MAKE(PS_MARKED, w));
        return false;
    }
    if (PS_TAG(w) != PS_MARKED || atomic_load(&s->rec_lsn[page]) != 0 ||
        atomic_load(&s->io[page]) != 0) {
        return false;
    }
    if (!atomic_compare_exchange_strong(&s->state[page], &w, PS_MAKE(PS_EXCLUSIVE, w))) {
        return false;
    }
    os_stop_point(s->os, "evict");
    if (atomic_load(&s->rec_lsn[page]) != 0 || atomic_load(&s->io[page]) != 0) {
        atomic_store(&s->state[page], PS_MAKE(PS_UNLOCKED, w));
        pool_wake(s, page);
        return false;
    }
    os_mem_drop(store_page(s, page), PAGE_STRIDE);
    pool_remove(s, page);
    atomic_store(&s->state[page], PS_MAKE(PS_EVICTED, w + 1));
    pool_wake(s, page);
    return true;
}

void pool_evict(Store *s, uint64_t want)
{
    os_mutex_lock(s->os, &s->pool_mutex);
    uint64_t steps = s->resident_count * 2;
    while (want != 0 && steps-- != 0 && s->resident_count != 0) {
        if (s->hand >= s->resident_count) {
            s->hand = 0;
        }
        if (pool_try_evict(s, s->resident[s->hand])) {
            want--;
        } else {
            s->hand++;
        }
    }
    os_mutex_unlock(s->os, &s->pool_mutex);
}

/* pool_make_room - before a page comes in. Never fails: the limit is soft. */
static void pool_make_room(Store *s)
{
    uint64_t now = atomic_load_explicit(&s->resident_now, memory_order_relaxed);
    if (LIKELY(now < s->limit)) {
        return;
    }
    pool_evict(s, now - s->limit + 8);
    now = atomic_load_explicit(&s->resident_now, memory_order_relaxed);
    if (now < s->limit) {
        return;
    }
    os_event_signal(s->os, &s->writer_wake);
    /* Latches may be held here, so the wait is short; the writer only tries latches. */
    for (int i = 0; i < 20 && now > s->limit + s->limit / 4 && s->writer != NULL; i++) {
        os_sleep_us(s->os, 1000);
        pool_evict(s, now - s->limit);
        now = atomic_load_explicit(&s->resident_now, memory_order_relaxed);
    }
}

/* pool_fault - the page's word is X, taken from EVICTED `w`: read it. On failure EVICTED is back.
 */
static Status pool_fault(Cx *cx, Store *s, PageNo page, uint64_t w)
{
    PageHeader *h = store_page(s, page);
    size_t n = 0;
    pool_make_room(s);
    Status st = os_file_pread(cx, s->file, h, PAGE_SIZE, page * (uint64_t)PAGE_SIZE, &n);
    if (st == ST_OK && n < PAGE_SIZE) {
        st = err_corrupt(cx, page, "page %llu lies behind the end of the file",
                         (unsigned long long)page);
    }
    if (st == ST_OK && (h->crc != page_checksum(h, page) || h->page != page)) {
        st = err_corrupt(cx, page, "page %llu: bad checksum or page number",
                         (unsigned long long)page);
    }
    if (st != ST_OK) {
        os_mem_drop(h, PAGE_STRIDE);
        atomic_store(&s->state[page], PS_MAKE(PS_EVICTED, w));
        pool_wake(s, page);
        return st;
    }
    pool_add(s, page);
    return ST_OK;
}

/* ---- latches ---- */

Status page_lock(Cx *cx, Store *s, PageNo page, LatchMode mode, PageRef *ref_out)
{
    uint32_t spins = 0;
    if (UNLIKELY(page == PAGE_NO_INVALID || page >= s->options.max_pages)) {
        return err_corrupt(cx, page, "page number %llu is out of range", (unsigned long long)page);
    }
    for (;;) {
        uint64_t w = atomic_load_explicit(&s->state[page], memory_order_acquire);
        uint32_t tag = PS_TAG(w);
        uint64_t to;
        if (UNLIKELY(tag == PS_EVICTED)) {
            if (!atomic_compare_exchange_strong(&s->state[page], &w, PS_MAKE(PS_EXCLUSIVE, w))) {
                continue;
            }
            Status st = pool_fault(cx, s, page, w);
            if (st != ST_OK) {
                ref_out->hdr = NULL;
                return st;
            }
            if (mode != LATCH_EXCLUSIVE) {
                atomic_store(&s->state[page], PS_MAKE(PS_UNLOCKED + 1, w));
                pool_wake(s, page);
            }
        } else if (mode == LATCH_EXCLUSIVE) {
            if (tag != PS_UNLOCKED && tag != PS_MARKED) {
                pool_wait(s, page, w, &spins);
                continue;
            }
            to = PS_MAKE(PS_EXCLUSIVE, w);
            if (!atomic_compare_exchange_weak_explicit(
                    &s->state[page], &w, to, memory_order_acquire, memory_order_relaxed)) {
                continue;
            }
        } else {
            if (tag == PS_EXCLUSIVE || tag == PS_SHARED_MAX) {
                pool_wait(s, page, w, &spins);
                continue;
            }
            to = PS_MAKE(tag == PS_MARKED ? PS_UNLOCKED + 1 : tag + 1, w);
            if (!atomic_compare_exchange_weak_explicit(
                    &s->state[page], &w, to, memory_order_acquire, memory_order_relaxed)) {
                continue;
            }
        }
        *ref_out = (PageRef){store_page(s, page), page, w & PS_VERSION,
                             mode == LATCH_EXCLUSIVE ? LATCH_EXCLUSIVE : LATCH_SHARED};
        return ST_OK;
    }
}

bool page_trylock_shared(Store *s, PageNo page, PageRef *ref_out)
{
    for (;;) {
        uint64_t w = atomic_load_explicit(&s->state[page], memory_order_acquire);
        uint32_t tag = PS_TAG(w);
        if (tag == PS_EVICTED || tag == PS_EXCLUSIVE || tag == PS_SHARED_MAX) {
            return false;
        }
        uint64_t to = PS_MAKE(tag == PS_MARKED ? PS_UNLOCKED + 1 : tag + 1, w);
        if (atomic_compare_exchange_weak(&s->state[page], &w, to)) {
            *ref_out = (PageRef){store_page(s, page), page, w & PS_VERSION, LATCH_SHARED};
            return true;
        }
    }
}

Status page_lock_at(Cx *cx, Store *s, PageNo page, uint64_t version, LatchMode mode,
                    PageRef *ref_out)
{
    TRY(page_lock(cx, s, page, mode, ref_out));
    if (ref_out->version != version) {
        page_unlock(s, ref_out);
        return ST_RESTART;
    }
    return ST_OK;
}

void page_unlock(Store *s, PageRef *ref)
{
    if (ref->hdr == NULL) {
        return;
    }
    PageNo page = ref->page;
    if (ref->mode == LATCH_EXCLUSIVE) {
        atomic_store(&s->state[page], PS_MAKE(PS_UNLOCKED, ref->version + 1));
    } else if (ref->mode == LATCH_SHARED) {
        (void)atomic_fetch_sub(&s->state[page], (uint64_t)1 << PS_SHIFT);
    }
    ref->hdr = NULL;
    ref->mode = LATCH_NONE;
    pool_wake(s, page);
}

/* ---- optimistic reads ---- */

Status page_peek(Cx *cx, Store *s, PageNo page, PageRef *ref_out)
{
    uint32_t spins = 0;
    for (;;) {
        uint64_t w = atomic_load_explicit(&s->state[page], memory_order_acquire);
        if (PS_TAG(w) == PS_EVICTED) {
            PageRef ref;
            TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
            page_unlock(s, &ref);
            continue;
        }
        if (PS_TAG(w) == PS_EXCLUSIVE) {
            pool_wait(s, page, w, &spins);
            continue;
        }
        *ref_out = (PageRef){store_page(s, page), page, w & PS_VERSION, LATCH_OPTIMISTIC};
        return ST_OK;
    }
}

Status page_validate(Store *s, const PageRef *ref)
{
    atomic_thread_fence(memory_order_acquire);
    uint64_t w = atomic_load_explicit(&s->state[ref->page], memory_order_relaxed);
    return (w & PS_VERSION) == ref->version && PS_TAG(w) != PS_EXCLUSIVE && PS_TAG(w) != PS_EVICTED
               ? ST_OK
               : ST_RESTART;
}

Status page_upgrade(Cx *cx, Store *s, PageRef *ref)
{
    return page_lock_at(cx, s, ref->page, ref->version, LATCH_EXCLUSIVE, ref);
}

/* ---- changing ---- */

void page_dirty(Store *s, PageRef *ref)
{
    ASSERT(ref->mode == LATCH_EXCLUSIVE);
    if (atomic_load_explicit(&s->rec_lsn[ref->page], memory_order_relaxed) == 0) {
        Lsn at = s->redo_lsn != 0 ? s->redo_lsn : wal_head_fence(s->wal);
        atomic_store(&s->rec_lsn[ref->page], at);
    }
}

void page_lock_new(Store *s, PageNo page, PageType type, TreeId tree, PageRef *ref_out)
{
    uint32_t spins = 0;
    uint64_t w;
    for (;;) {
        w = atomic_load_explicit(&s->state[page], memory_order_acquire);
        uint32_t tag = PS_TAG(w);
        if (tag != PS_EVICTED && tag != PS_UNLOCKED && tag != PS_MARKED) {
            pool_wait(s, page, w, &spins); /* a late reader of the page's former life */
            continue;
        }
        if (atomic_compare_exchange_strong(&s->state[page], &w, PS_MAKE(PS_EXCLUSIVE, w))) {
            break;
        }
    }
    if (PS_TAG(w) == PS_EVICTED) {
        pool_make_room(s);
        pool_add(s, page);
    }
    PageHeader *h = store_page(s, page);
    memset(h, 0, PAGE_SIZE);
    h->type = (uint8_t)type;
    h->page = page;
    h->tree = tree;
    h->heap_top = (uint16_t)PAGE_SIZE;
    *ref_out = (PageRef){h, page, w & PS_VERSION, LATCH_EXCLUSIVE};
    page_dirty(s, ref_out);
}

void page_prefetch(Store *s, PageNo page)
{
    (void)s;
    (void)page; /* the kernel's read-ahead serves sequential faults of a buffered file */
}
