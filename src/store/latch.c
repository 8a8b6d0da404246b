/*
 * latch.c - page latches: shared, exclusive, optimistic, all in the page's state word.
 *
 * Why: one word holds state and version, so taking a latch is one compare-and-swap and an
 * optimistic reader needs no store (vmcache, SIGMOD 2023). A waiter pauses a short while, then
 * parks in one of 256 buckets; a releaser publishes the word with a sequentially consistent
 * exchange before it looks for waiters, so none is missed.
 */
#include "store/store_internal.h"

#define SPIN_MAX 64

void latch_wake(Store *s, PageNo page)
{
    OsEvent *e = park_of(s, page);
    if (UNLIKELY(atomic_load(&e->waiters) != 0)) {
        os_event_signal(s->os, e);
    }
}

/* latch_wait - until the page's word may have changed from `word`. */
static void latch_wait(Store *s, PageNo page, uint64_t word, uint32_t *spins)
{
    /* Not to be interrupted: who holds a latch waits for a read of a page at most. */
    DASSERT(*spins < RETRIES_MAX);
    if (++*spins < SPIN_MAX) {
        os_pause(s->os);
        return;
    }
    OsEvent *e = park_of(s, page);
    atomic_fetch_add(&e->waiters, 1);
    uint32_t seen = os_event_value(e);
    if (atomic_load(&s->state[page]) == word) {
        os_stop_point(s->os, "latch.wait");
        (void)os_event_wait(s->os, e, seen, 20000);
    }
    atomic_fetch_sub(&e->waiters, 1);
}

static void ref_set(Store *s, PageRef *ref, PageNo page, uint64_t word, LatchMode mode)
{
    os_latch_note(mode != LATCH_OPTIMISTIC);
    ref->hdr = page_at(s, page);
    ref->page = page;
    ref->version = word & VERSION_MASK;
    ref->mode = mode;
}

/* latch_try - one attempt from the word seen; true when taken. Requires the page resident and not
 * X. */
static bool latch_try(Store *s, PageNo page, uint64_t word, LatchMode mode)
{
    uint32_t state = state_of(word);
    uint64_t next;
    if (mode == LATCH_EXCLUSIVE) {
        if (state != STATE_UNLOCKED && state != STATE_MARKED) {
            return false;
        }
        next = state_word(STATE_EXCLUSIVE, word);
    } else {
        if (state >= STATE_SHARED_MAX && state != STATE_MARKED) {
            return false;
        }
        next = state_word(state == STATE_MARKED ? 2 : state + 1, word);
    }
    if (!atomic_compare_exchange_strong_explicit(&s->state[page], &word, next, memory_order_acq_rel,
                                                 memory_order_relaxed)) {
        return false;
    }
    if (mode == LATCH_EXCLUSIVE) {
        atomic_thread_fence(memory_order_release); /* the X state before the stores that follow */
    }
    return true;
}

static Status page_in_file(Cx *cx, Store *s, PageNo page)
{
    if (LIKELY(page >= STORE_FIRST_PAGE &&
               page < atomic_load_explicit(&s->page_count, memory_order_acquire))) {
        return ST_OK;
    }
    return err_corrupt(cx, page, "there is no such page");
}

Status page_lock(Cx *cx, Store *s, PageNo page, LatchMode mode, PageRef *ref_out)
{
    uint32_t spins = 0;
    ref_out->hdr = NULL;
    ref_out->mode = LATCH_NONE;
    TRY(page_in_file(cx, s, page));
    for (;;) {
        uint64_t word = atomic_load_explicit(&s->state[page], memory_order_acquire);
        if (UNLIKELY(state_of(word) == STATE_EVICTED)) {
            TRY(page_fault(cx, s, page));
            continue;
        }
        if (LIKELY(latch_try(s, page, word, mode))) {
            ref_set(s, ref_out, page, word, mode);
            /* I4: the page is the one asked for. */
            DASSERT(ref_out->hdr->page == page || ref_out->hdr->type == PAGE_FREE || s->recovering);
            return ST_OK;
        }
        latch_wait(s, page, word, &spins);
    }
}

Status page_lock_at(Cx *cx, Store *s, PageNo page, uint64_t version, LatchMode mode,
                    PageRef *ref_out)
{
    uint32_t spins = 0;
    ref_out->hdr = NULL;
    ref_out->mode = LATCH_NONE;
    (void)cx;
    for (;;) {
        uint64_t word = atomic_load_explicit(&s->state[page], memory_order_acquire);
        if ((word & VERSION_MASK) != version || state_of(word) == STATE_EVICTED) {
            return ST_RESTART;
        }
        if (LIKELY(latch_try(s, page, word, mode))) {
            ref_set(s, ref_out, page, word, mode);
            DASSERT(ref_out->hdr->page == page || ref_out->hdr->type == PAGE_FREE); /* I4 */
            return ST_OK;
        }
        latch_wait(s, page, word, &spins);
    }
}

Status page_peek(Cx *cx, Store *s, PageNo page, PageRef *ref_out)
{
    uint32_t spins = 0;
#ifdef DASSIE_PESSIMISTIC
    return page_lock(cx, s, page, LATCH_SHARED, ref_out);
#endif
    TRY(page_in_file(cx, s, page));
    for (;;) {
        uint64_t word = atomic_load_explicit(&s->state[page], memory_order_acquire);
        uint32_t state = state_of(word);
        if (UNLIKELY(state == STATE_EVICTED)) {
            TRY(page_fault(cx, s, page));
        } else if (UNLIKELY(state == STATE_EXCLUSIVE)) {
            latch_wait(s, page, word, &spins);
        } else {
            if (UNLIKELY(state == STATE_MARKED)) {
                (void)atomic_compare_exchange_strong(&s->state[page], &word,
                                                     state_word(STATE_UNLOCKED, word));
            }
            ref_set(s, ref_out, page, word, LATCH_OPTIMISTIC);
            return ST_OK;
        }
    }
}

Status page_validate(Store *s, const PageRef *ref)
{
    if (ref->mode != LATCH_OPTIMISTIC) {
        return ST_OK;
    }
    atomic_thread_fence(memory_order_acquire);
    uint64_t word = atomic_load_explicit(&s->state[ref->page], memory_order_relaxed);
    uint32_t state = state_of(word);
    return LIKELY((word & VERSION_MASK) == ref->version && state != STATE_EXCLUSIVE &&
                  state != STATE_EVICTED)
               ? ST_OK
               : ST_RESTART;
}

Status page_upgrade(Cx *cx, Store *s, PageRef *ref)
{
    ASSERT(ref->mode == LATCH_OPTIMISTIC);
    return page_lock_at(cx, s, ref->page, ref->version, LATCH_EXCLUSIVE, ref);
}

/* page_unlock_check - what holds of every page that may have been changed (I1 to I3, I7). */
static void page_unlock_check(Store *s, const PageRef *ref, uint64_t word)
{
    const PageHeader *h = ref->hdr;
    Lsn rec = atomic_load_explicit(&s->rec_lsn[ref->page], memory_order_relaxed);
    (void)h, (void)rec, (void)word;
    /* I7: nobody else released it exclusively meanwhile. */
    DASSERT((word & VERSION_MASK) == ref->version);
    if (s->recovering || s->wal == NULL) {
        return;
    }
    DASSERT(h->lsn <= wal_head(s->wal)); /* I1 */
    /* I2: redo begins at or before the page's last change (the LSN of a new page is just below). */
    DASSERT(rec <= h->lsn + 1);
    DASSERT(h->max_row_lsn <= h->lsn); /* I3 */
}

void page_unlock(Store *s, PageRef *ref)
{
    if (ref->hdr == NULL) {
        return;
    }
    os_latch_note(ref->mode == LATCH_OPTIMISTIC ? 0 : -1);
    if (ref->mode == LATCH_EXCLUSIVE) {
        uint64_t word = atomic_load_explicit(&s->state[ref->page], memory_order_relaxed);
        ASSERT(state_of(word) == STATE_EXCLUSIVE);
        page_unlock_check(s, ref, word);
        (void)atomic_exchange(&s->state[ref->page], state_word(STATE_UNLOCKED, word + 1));
        latch_wake(s, ref->page);
    } else if (ref->mode == LATCH_SHARED) {
        uint64_t word = atomic_fetch_sub(&s->state[ref->page], (uint64_t)1 << 56);
        DASSERT(state_of(word) >= 2 && state_of(word) <= STATE_SHARED_MAX);
        if (state_of(word) == 2) {
            latch_wake(s, ref->page);
        }
    }
    ref->hdr = NULL;
    ref->mode = LATCH_NONE;
}

void page_prefetch(Store *s, PageNo page, uint32_t bytes)
{
    if (page < atomic_load_explicit(&s->page_count, memory_order_relaxed)) {
        const char *p = (const char *)page_at(s, page);
        __builtin_prefetch(&s->state[page], 1);
        for (uint32_t at = 0; at < bytes; at += CACHE_LINE) {
            __builtin_prefetch(p + at);
        }
    }
}

void page_unlock_cold(Store *s, PageRef *ref)
{
    if (ref->hdr != NULL && ref->mode == LATCH_SHARED) {
        uint64_t word = atomic_load_explicit(&s->state[ref->page], memory_order_relaxed);
        if (state_of(word) == 2 && atomic_compare_exchange_strong(&s->state[ref->page], &word,
                                                                  state_word(STATE_MARKED, word))) {
            os_latch_note(-1);
            latch_wake(s, ref->page);
            ref->hdr = NULL;
            ref->mode = LATCH_NONE;
            return;
        }
    }
    page_unlock(s, ref);
}

void page_dirty(Store *s, PageRef *ref)
{
    DASSERT(ref->mode == LATCH_EXCLUSIVE);
    if (atomic_load_explicit(&s->rec_lsn[ref->page], memory_order_relaxed) == 0) {
        /* Before the record is reserved: the checkpoint reads the head first and then looks at
         * rec_lsn. */
        atomic_store(&s->rec_lsn[ref->page], s->wal != NULL ? wal_head(s->wal) : 1);
    }
}

void page_lock_new(Store *s, PageNo page, PageType type, TreeId tree, PageRef *ref_out)
{
    uint32_t spins = 0;
    for (;;) {
        uint64_t word = atomic_load_explicit(&s->state[page], memory_order_acquire);
        uint32_t state = state_of(word);
        if (state == STATE_EVICTED) {
            uint64_t next = state_word(STATE_EXCLUSIVE, word);
            if (atomic_compare_exchange_strong(&s->state[page], &word, next)) {
                ref_set(s, ref_out, page, word, LATCH_EXCLUSIVE);
                resident_add(s, page);
                break;
            }
        } else if (latch_try(s, page, word, LATCH_EXCLUSIVE)) {
            ref_set(s, ref_out, page, word, LATCH_EXCLUSIVE);
            break;
        } else {
            latch_wait(s, page, word, &spins);
        }
    }
    PageHeader *h = ref_out->hdr;
    page_dirty(s, ref_out);
    memset(h, 0, PAGE_SIZE);
    h->type = (uint8_t)type;
    h->page = page;
    h->tree = tree;
    h->heap_top = (uint16_t)(PAGE_SIZE > UINT16_MAX ? 0 : PAGE_SIZE);
    /* Behind every record of the page's former life, before any of the one that begins: it may be
     * written as it is now (a reservation given back), and redo must not apply the former to it. No
     * record begins at this LSN: finish_page rounds it up to one where a record may. */
    h->lsn = s->wal != NULL ? wal_head(s->wal) - 1 : 0;
}
