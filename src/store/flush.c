/*
 * flush.c - writing pages: through the double-write area, in batches, by the writer thread and the
 * checkpoint.
 *
 * A batch is copied page by page under short shared latches, checksummed, written to the side file
 * and synced; then to its places and synced; only then rec_lsn is cleared (or moved up when the
 * page changed meanwhile), so what is not dirty is durable. The io flag keeps two writers off one
 * page.
 */
#include <stdlib.h>

#include "base/log.h"
#include "store/store_internal.h"

typedef struct DwbHeader {
    char magic[8];
    uint64_t count;
    uint64_t check; /* of the page numbers */
    PageNo pages[DWB_PAGES];
} DwbHeader;
#define DWB_HEADER_BYTES 4096u

static const char DWB_MAGIC[8] = {'d', 'a', 's', 's', 'd', 'w', 'b', '1'};

Status dwb_open(Cx *cx, Store *s, bool create)
{
    s->flush_buf = mem_alloc("page flush", DWB_HEADER_BYTES + (size_t)DWB_PAGES * PAGE_SIZE);
    return os_file_open(cx, s->os, s->dwb_path, create ? OS_OPEN_CREATE : 0, &s->dwb);
}

static void flush_sync(Cx *cx, Store *s, OsFile *f)
{
    if (s->options.sync && os_file_sync(cx, f) != ST_OK) {
        log_err(LOG_FATAL, cx->err);
        os_halt(s->os, "sync of the database file failed");
    }
}

/* FlushItem - a page of the batch. */
typedef struct FlushItem {
    PageNo page;
    Lsn lsn;
} FlushItem;

/* flush_take - copy one dirty page to place n of the buffer; false when it is not to be had now. */
static bool flush_take(Store *s, PageNo page, uint32_t n, FlushItem *item, Lsn *need_out)
{
    uint8_t no = 0;
    PageRef ref;
    if (atomic_load(&s->rec_lsn[page]) == 0 ||
        !atomic_compare_exchange_strong(&s->io[page], &no, 1)) {
        return false;
    }
    if (!page_trylock_shared(s, page, &ref)) {
        atomic_store(&s->io[page], 0);
        return false;
    }
    bool take = atomic_load(&s->rec_lsn[page]) != 0;
    /* The log up to the page's newest record must be durable; that record begins at page.lsn. */
    if (take && ref.hdr->lsn >= wal_flushed(s->wal)) {
        *need_out = MAX(*need_out, ref.hdr->lsn + 1);
        take = false;
    }
    if (take) {
        uint8_t *copy = s->flush_buf + DWB_HEADER_BYTES + (size_t)n * PAGE_SIZE;
        memcpy(copy, ref.hdr, PAGE_SIZE);
        *item = (FlushItem){page, ref.hdr->lsn};
        PageHeader *h = (PageHeader *)(void *)copy;
        h->crc = page_checksum(h, page);
    }
    page_unlock(s, &ref);
    if (!take) {
        atomic_store(&s->io[page], 0);
    }
    return take;
}

static Status flush_write(Cx *cx, Store *s, const FlushItem *items, uint32_t n)
{
    DwbHeader h = {.count = n};
    memcpy(h.magic, DWB_MAGIC, sizeof(DWB_MAGIC));
    for (uint32_t i = 0; i < n; i++) {
        h.pages[i] = items[i].page;
    }
    h.check = hash_bytes(h.pages, sizeof(h.pages), n);
    memset(s->flush_buf, 0, DWB_HEADER_BYTES);
    memcpy(s->flush_buf, &h, sizeof(h));
    TRY(os_file_pwrite(cx, s->dwb, s->flush_buf, DWB_HEADER_BYTES + (size_t)n * PAGE_SIZE, 0));
    flush_sync(cx, s, s->dwb);
    for (uint32_t i = 0; i < n;) {
        uint32_t run = 1; /* neighbours go in one write */
        while (i + run < n && items[i + run].page == items[i].page + run) {
            run++;
        }
        TRY(os_file_pwrite(cx, s->file, s->flush_buf + DWB_HEADER_BYTES + (size_t)i * PAGE_SIZE,
                           (size_t)run * PAGE_SIZE, items[i].page * (uint64_t)PAGE_SIZE));
        i += run;
    }
    flush_sync(cx, s, s->file);
    return ST_OK;
}

/* flush_settle - after the sync: clean, or dirty since what was copied. */
static void flush_settle(Store *s, const FlushItem *item)
{
    PageRef ref;
    while (!page_trylock_shared(s, item->page, &ref)) {
        os_pause(s->os); /* not evicted: io is set. A writer has it; it does not wait for us. */
    }
    atomic_store(&s->rec_lsn[item->page], ref.hdr->lsn == item->lsn ? 0 : item->lsn);
    page_unlock(s, &ref);
    atomic_store(&s->io[item->page], 0);
}

Status flush_pages(Cx *cx, Store *s, const PageNo *pages, uint32_t n, bool wait, uint32_t *done_out)
{
    FlushItem items[DWB_PAGES];
    Status st = ST_OK;
    *done_out = 0;
    os_mutex_lock(s->os, &s->flush_mutex);
    for (uint32_t at = 0; at < n && st == ST_OK;) {
        uint32_t k = 0;
        Lsn need = 0;
        for (; at < n && k < DWB_PAGES; at++) {
            if (flush_take(s, pages[at], k, &items[k], &need)) {
                k++;
            }
        }
        if (need != 0) {
            if (wait) {
                st = wal_flush_wait(cx, s->wal, need);
            } else {
                wal_flush_request(s->wal, need);
            }
        }
        if (k != 0 && st == ST_OK) {
            st = flush_write(cx, s, items, k);
        }
        for (uint32_t i = 0; i < k; i++) {
            if (st == ST_OK) {
                flush_settle(s, &items[i]);
            } else {
                atomic_store(&s->io[items[i].page], 0);
            }
        }
        *done_out += k;
    }
    os_mutex_unlock(s->os, &s->flush_mutex);
    return st;
}

static int flush_page_cmp(const void *pa, const void *pb)
{
    const PageNo *a = pa, *b = pb;
    return (*a > *b) - (*a < *b);
}

/* flush_collect - resident pages with 0 < rec_lsn < begin, sorted; the least rec_lsn of all others.
 */
static PageNo *flush_collect(Store *s, Lsn begin, uint64_t max, uint64_t *count_out, Lsn *least_out)
{
    os_mutex_lock(s->os, &s->pool_mutex);
    uint64_t n = 0, all = s->resident_count;
    PageNo *list = mem_alloc("page flush", (all + 1) * sizeof(PageNo));
    Lsn least = UINT64_MAX;
    for (uint64_t i = 0; i < all; i++) {
        Lsn rec = atomic_load(&s->rec_lsn[s->resident[i]]);
        if (rec != 0 && rec < begin && n < max) {
            list[n++] = s->resident[i];
        }
        if (rec != 0) {
            least = MIN(least, rec);
        }
    }
    os_mutex_unlock(s->os, &s->pool_mutex);
    qsort(list, n, sizeof(*list), flush_page_cmp);
    *count_out = n;
    if (least_out != NULL) {
        *least_out = least;
    }
    return list;
}

Status store_flush_before(Cx *cx, Store *s, Lsn begin, int64_t throttle_us, Lsn *redo_out)
{
    Status st = ST_OK;
    for (;;) {
        uint64_t n;
        uint32_t done;
        PageNo *list = flush_collect(s, begin, UINT64_MAX, &n, NULL);
        for (uint64_t at = 0; at < n && st == ST_OK; at += DWB_PAGES) {
            st = flush_pages(cx, s, list + at, (uint32_t)MIN(n - at, (uint64_t)DWB_PAGES), true,
                             &done);
            if (throttle_us > 0) {
                os_sleep_us(s->os, throttle_us);
            }
        }
        mem_free(list);
        if (n == 0 || st != ST_OK) {
            break;
        }
        os_pause(s->os);
    }
    TRY(st);
    uint64_t n;
    Lsn least;
    mem_free(flush_collect(s, 0, 0, &n, &least));
    *redo_out = MIN(begin, least);
    flush_sync(cx, s, s->file);
    return ST_OK;
}

/* ---- torn pages ---- */

Status store_restore_torn(Cx *cx, Store *s)
{
    size_t n = 0;
    DwbHeader h;
    uint8_t *page = mem_alloc("restore", 2 * (size_t)PAGE_SIZE), *copy = page + PAGE_SIZE;
    Status st = os_file_pread(cx, s->dwb, &h, sizeof(h), 0, &n);
    if (st != ST_OK || n < sizeof(h) || memcmp(h.magic, DWB_MAGIC, sizeof(DWB_MAGIC)) != 0 ||
        h.count > DWB_PAGES || h.check != hash_bytes(h.pages, sizeof(h.pages), h.count)) {
        mem_free(page);
        return st;
    }
    for (uint64_t i = 0; i < h.count && st == ST_OK; i++) {
        PageHeader *ch = (PageHeader *)(void *)copy, *ph = (PageHeader *)(void *)page;
        uint64_t at = h.pages[i] * (uint64_t)PAGE_SIZE;
        st = os_file_pread(cx, s->dwb, copy, PAGE_SIZE, DWB_HEADER_BYTES + i * (uint64_t)PAGE_SIZE,
                           &n);
        if (st != ST_OK || n < PAGE_SIZE || ch->page != h.pages[i] ||
            ch->crc != page_checksum(ch, h.pages[i])) {
            continue; /* the copy itself is torn: then its page was not written yet */
        }
        memset(page, 0, PAGE_SIZE);
        st = os_file_pread(cx, s->file, page, PAGE_SIZE, at, &n);
        if (st == ST_OK &&
            (n < PAGE_SIZE || ph->page != h.pages[i] || ph->crc != page_checksum(ph, h.pages[i]))) {
            log_line(LOG_INFO, "page %llu was torn, restored", (unsigned long long)h.pages[i]);
            st = os_file_pwrite(cx, s->file, copy, PAGE_SIZE, at);
        }
    }
    mem_free(page);
    if (st == ST_OK) {
        flush_sync(cx, s, s->file);
    }
    return st;
}

/* ---- the writer thread ---- */

static void store_writer(void *arg)
{
    Store *s = arg;
    Err err;
    Arena arena;
    memset(&err, 0, sizeof(err));
    arena_init(&arena, NULL, "page writer", 0);
    Cx cx = {.err = &err, .arena = &arena};
    while (!atomic_load(&s->stop)) {
        uint32_t seen = os_event_value(&s->writer_wake);
        uint64_t now = atomic_load_explicit(&s->resident_now, memory_order_relaxed);
        uint32_t done = 0;
        if (now > s->limit - s->limit / 16) {
            pool_evict(s, s->limit / 16);
            uint64_t n;
            PageNo *list = flush_collect(s, UINT64_MAX, DWB_PAGES * 8, &n, NULL);
            if (n != 0 && flush_pages(&cx, s, list, (uint32_t)n, false, &done) != ST_OK) {
                log_err(LOG_ERROR, &err);
                err_clear(&cx);
                done = 0;
            }
            mem_free(list);
            pool_evict(s, s->limit / 16);
        }
        if (done == 0 && !atomic_load(&s->stop)) {
            (void)os_event_wait(s->os, &s->writer_wake, seen, 50000);
        }
    }
    arena_release(&arena);
}

Status store_start(Cx *cx, Store *s)
{
    return os_thread_create(cx, s->os, "page writer", store_writer, s, &s->writer);
}
