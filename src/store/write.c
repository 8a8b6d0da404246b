/*
 * write.c - writing dirty pages: copy, wait for the log, double-write area, in place.
 *
 * A batch is copied page by page under shared latches, so writers are held up for a memcpy only.
 * The log is flushed up to the newest copy before any of them is written (the WAL rule). The copies
 * go to the double-write area first and are synced there; then in place. That is synced later, for
 * several batches at once, before their slots of the area are used again and before a checkpoint
 * counts on it. io[] keeps two batches from writing one page.
 */
#include <stdlib.h>

#include "base/log.h"
#include "store/store_internal.h"

typedef struct BatchPage {
    PageNo page;
    Lsn lsn; /* of the copy */
    Lsn rec; /* its rec_lsn then */
    uint8_t *copy;
    bool cold;
} BatchPage;

/* Batch - pages copied, in the order of their numbers. */
typedef struct Batch {
    BatchPage pages[DWB_PAGES];
    PageNo copied[DWB_PAGES]; /* those that need a copy in the double-write area */
    uint32_t n, copies, plain;
} Batch;

static int page_cmp(const void *pa, const void *pb)
{
    PageNo a = *(const PageNo *)pa, b = *(const PageNo *)pb;
    return (a > b) - (a < b);
}

void pages_sort(PageNo *pages, uint32_t n)
{
    array_sort(pages, n, sizeof(*pages), page_cmp);
}

/* page_unlock_as - writing a page is no use of it: a cold one stays cold. */
static void page_unlock_as(Store *s, PageRef *ref, bool cold)
{
    if (cold) {
        page_unlock_cold(s, ref);
    } else {
        page_unlock(s, ref);
    }
}

/* copy_page - take the page's bytes into the batch and set its io flag; not when it is clean, busy
 * or being written. */
static Status copy_page(Cx *cx, Store *s, PageNo page, bool wait, Batch *b)
{
    PageRef ref;
    uint8_t idle = 0;
    if (atomic_load(&s->rec_lsn[page]) == 0) {
        return ST_OK;
    }
    uint64_t word = atomic_load(&s->state[page]);
    if (state_of(word) == STATE_EVICTED || (!wait && state_of(word) == STATE_EXCLUSIVE)) {
        return ST_OK;
    }
    TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
    bool cold = state_of(word) == STATE_MARKED;
    if (atomic_load(&s->rec_lsn[page]) != 0 &&
        atomic_compare_exchange_strong(&s->io[page], &idle, 1)) {
        bool plain = dwb_has_copy(s, page);
        uint8_t *copy = dwb_copy(s, plain ? DWB_PAGES + b->plain : b->copies);
        memcpy(copy, ref.hdr, PAGE_SIZE);
        b->pages[b->n++] =
            (BatchPage){page, ref.hdr->lsn, atomic_load(&s->rec_lsn[page]), copy, cold};
        if (plain) {
            b->plain++;
        } else {
            b->copied[b->copies++] = page;
        }
    }
    page_unlock_as(s, &ref, cold);
    return ST_OK;
}

/* finish_page - the copy is in the file: clean unless it changed since. */
static void finish_page(Store *s, const BatchPage *b)
{
    Err err = {0};
    Cx cx = {.err = &err};
    PageRef ref;
    DASSERT(atomic_load(&s->io[b->page]) == 1); /* I11: nobody else wrote it meanwhile */
    if (page_lock(&cx, s, b->page, LATCH_SHARED, &ref) == ST_OK) {
        /* Changed since: what is not in the file yet began at the copy's LSN; a page that never had
         * a record has none. Redo may start here, so it must be where a record begins: the copy of
         * a new page has an LSN just below that (page_lock_new). */
        Lsn later = ALIGN_UP(b->lsn, (Lsn)8);
        atomic_store(&s->rec_lsn[b->page], ref.hdr->lsn == b->lsn ? 0 : MAX(later, b->rec));
        atomic_store(&s->io[b->page], 0);
        page_unlock_as(s, &ref, b->cold);
    } else {
        atomic_store(&s->io[b->page], 0);
    }
}

/* batch_write - write a batch of page copies: log first, then the double-write area, then their
 * places. */
static Status batch_write(Cx *cx, Store *s, const Batch *b, int64_t *sync_us)
{
    Lsn newest = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        PageHeader *h = (PageHeader *)(void *)b->pages[i].copy;
        h->crc = page_crc(h);
        newest = MAX(newest, h->lsn);
    }
    if (s->wal != NULL && wal_flushed(s->wal) <= newest) {
        TRY(wal_flush_wait(cx, s->wal, newest + 1));
    }
    DASSERT(s->wal == NULL ||
            newest < wal_flushed(s->wal)); /* I1: what goes to disk is logged there */
    os_stop_point(s->os, "write.before_dwb");
    int64_t start = os_mono_us(s->os);
    TRY(dwb_write(cx, s, b->copied, b->copies));
    *sync_us += os_mono_us(s->os) - start; /* nearly all of it is the sync */
    s->dwb_owed = s->options.sync;
    for (uint32_t i = 0, run; i < b->n; i += run) {
        const BatchPage *first = &b->pages[i];
        run = 1;
        while (i + run < b->n && first[run].page == first->page + run &&
               first[run].copy == first->copy + (size_t)run * PAGE_SIZE) {
            run++;
        }
        TRY(os_file_pwrite(cx, s->file, first->copy, (size_t)run * PAGE_SIZE,
                           first->page * PAGE_SIZE));
    }
    os_stop_point(s->os, "write.placed");
    dwb_placed(s);
    return ST_OK;
}

Status write_pages(Cx *cx, Store *s, const PageNo *pages, uint32_t count, bool wait,
                   StoreFlush *flush)
{
    Status st = ST_OK;
    int64_t sync_us = 0;
    bool again = false;
    Batch b;
    os_mutex_lock(s->os, &s->write_mutex);
    for (uint32_t at = 0; at < count && st == ST_OK;) {
        uint32_t from = at;
        int64_t start = os_mono_us(s->os);
        st = dwb_ready(cx, s);
        sync_us += os_mono_us(s->os) - start;
        b.n = b.copies = b.plain = 0;
        for (; at < count && b.n < DWB_PAGES && st == ST_OK; at++) {
            st = copy_page(cx, s, pages[at], wait, &b);
        }
        Status written = b.n != 0 ? batch_write(cx, s, &b, &sync_us) : ST_OK;
        for (uint32_t i = 0; i < b.n; i++) {
            if (written == ST_OK) {
                finish_page(s, &b.pages[i]);
            } else {
                atomic_store(&s->io[b.pages[i].page], 0); /* still dirty */
            }
        }
        if (written != ST_OK && st == ST_OK && s->dwb_failed && !again) {
            /* No room for a longer double-write area: once more in its first slot (dwb_ready). */
            again = true;
            at = from;
            err_clear(cx);
            continue;
        }
        again = false;
        st_keep_first(&st, written);
        if (flush != NULL && written == ST_OK) {
            flush->pages += b.n;
        }
    }
    os_mutex_unlock(s->os, &s->write_mutex);
    if (flush != NULL) {
        flush->sync_us += sync_us;
    }
    return st;
}

/* dirty_before - how many pages have changes from before `begin`. */
static uint64_t dirty_before(Store *s, Lsn begin)
{
    uint64_t n = 0, count = atomic_load(&s->page_count);
    for (PageNo p = STORE_FIRST_PAGE; p < count; p++) {
        Lsn rec = atomic_load_explicit(&s->rec_lsn[p], memory_order_relaxed);
        n += rec != 0 && rec < begin;
    }
    return n;
}

/* flush_batch - how many pages the next batch may have, after `seen` of `total` are dealt with. */
static uint32_t flush_batch(const StoreFlush *flush, uint64_t seen, uint64_t total)
{
    uint32_t n = flush->pace != NULL ? flush->pace(flush->arg, seen, total) : 0;
    return n != 0 ? MIN(n, DWB_PAGES) : DWB_PAGES;
}

Status store_flush_before(Cx *cx, Store *s, Lsn begin, StoreFlush *flush, Lsn *redo_out)
{
    StoreFlush at_once = {0};
    PageNo pages[DWB_PAGES];
    uint32_t n = 0;
    flush = flush != NULL ? flush : &at_once;
    uint64_t count = atomic_load(&s->page_count), seen = 0;
    uint64_t total = flush->pace != NULL ? dirty_before(s, begin) + dwb_in_use(s) : 0;
    uint32_t batch = flush_batch(flush, 0, total);
    for (PageNo p = STORE_FIRST_PAGE; p <= count; p++) {
        if (p < count) {
            Lsn rec = atomic_load(&s->rec_lsn[p]);
            if (rec == 0 || rec >= begin) {
                continue;
            }
            pages[n++] = p;
        }
        if (n == batch || (p == count && n != 0)) {
            TRY(write_pages(cx, s, pages, n, true, flush));
            seen += n;
            n = 0;
            batch = flush_batch(flush, seen, total);
        }
    }
    for (uint64_t seq = 0; (n = dwb_write_back(cx, s, &seq)) != 0;) {
        seen += n;
        (void)flush_batch(flush, seen, total);
    }
    Lsn redo = begin;
    count = atomic_load(&s->page_count);
    for (PageNo p = STORE_FIRST_PAGE; p < count; p++) {
        Lsn rec = atomic_load(&s->rec_lsn[p]);
        redo = rec != 0 ? MIN(redo, rec) : redo;
    }
    int64_t start = os_mono_us(s->os);
    store_sync(cx, s);
    flush->sync_us += os_mono_us(s->os) - start;
    *redo_out = redo;
    return ST_OK;
}
