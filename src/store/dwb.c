/*
 * dwb.c - the double-write area: a batch's pages stand here, synced, before they are written in
 * place.
 *
 * Layout of "<file>-dwb": one head page {magic, count, seq, {page, lsn}...}, as many head pages as
 * the list needs, then the page copies. A torn page in place is put back at the next open from its
 * copy, if the list says that this very copy (page and LSN) belongs to the last batch.
 */
#include "store/store_internal.h"

#define DWB_MAGIC 0x6264776469737361ULL

typedef struct DwbEntry {
    PageNo page;
    Lsn lsn;
} DwbEntry;
typedef struct DwbHead {
    uint64_t magic, count, seq, hash;
    DwbEntry entries[DWB_PAGES];
} DwbHead;
#define DWB_HEAD_BYTES ((size_t)ALIGN_UP(sizeof(DwbHead), 4096))

Status dwb_write(Cx *cx, Store *s, const PageNo *pages, uint32_t count)
{
    alignas(4096) uint8_t bytes[DWB_HEAD_BYTES] = {0};
    DwbHead *head = (DwbHead *)(void *)bytes;
    if (!s->options.sync) {
        return ST_OK; /* nothing is durable before the end anyway */
    }
    head->magic = DWB_MAGIC;
    head->count = count;
    head->seq = ++s->dwb_seq;
    for (uint32_t i = 0; i < count; i++) {
        const PageHeader *h =
            (const PageHeader *)(const void *)(s->batch + (size_t)(i + 1) * PAGE_SIZE);
        head->entries[i] = (DwbEntry){pages[i], h->lsn};
    }
    head->hash = hash_bytes(head->entries, sizeof(head->entries), head->seq);
    TRY(os_file_pwrite(cx, s->dwb, bytes, sizeof(bytes), 0));
    TRY(os_file_pwrite(cx, s->dwb, s->batch + PAGE_SIZE, (size_t)count * PAGE_SIZE,
                       DWB_HEAD_BYTES));
    sync_or_halt(cx, s, s->dwb);
    return ST_OK;
}

/* restore_one - put the copy back if the page in place is torn. */
static Status restore_one(Cx *cx, Store *s, uint32_t i, const DwbEntry *e)
{
    PageHeader *copy = (PageHeader *)(void *)s->batch;
    PageHeader *place = (PageHeader *)(void *)(s->batch + STORE_STRIDE);
    size_t n;
    TRY(os_file_pread(cx, s->dwb, copy, PAGE_SIZE, DWB_HEAD_BYTES + (uint64_t)i * PAGE_SIZE, &n));
    if (n < PAGE_SIZE || copy->crc != page_crc(copy) || copy->page != e->page ||
        copy->lsn != e->lsn) {
        return ST_OK; /* the batch never got as far as the in-place writes */
    }
    TRY(os_file_pread(cx, s->file, place, PAGE_SIZE, e->page * PAGE_SIZE, &n));
    if (n == PAGE_SIZE && place->crc == page_crc(place) && place->page == e->page) {
        return ST_OK;
    }
    os_stop_point(s->os, "dwb.restored");
    return os_file_pwrite(cx, s->file, copy, PAGE_SIZE, e->page * PAGE_SIZE);
}

/* dwb_restore - put back every page of the last batch that is torn in place. */
static Status dwb_restore(Cx *cx, Store *s)
{
    alignas(4096) uint8_t bytes[DWB_HEAD_BYTES];
    DwbHead *head = (DwbHead *)(void *)bytes;
    size_t n;
    TRY(os_file_pread(cx, s->dwb, bytes, sizeof(bytes), 0, &n));
    if (n < sizeof(bytes) || head->magic != DWB_MAGIC || head->count > DWB_PAGES ||
        head->hash != hash_bytes(head->entries, sizeof(head->entries), head->seq)) {
        return ST_OK;
    }
    s->dwb_seq = head->seq;
    for (uint32_t i = 0; i < head->count; i++) {
        TRY(restore_one(cx, s, i, &head->entries[i]));
    }
    sync_or_halt(cx, s, s->file);
    return ST_OK;
}

Status store_restore_torn(Cx *cx, Store *s)
{
    uint64_t size;
    TRY(dwb_restore(cx, s));
    TRY(os_file_size(cx, s->file, &size));
    atomic_store(&s->page_count, MIN(size / PAGE_SIZE, s->options.max_pages));
    return ST_OK;
}

/* dwb_settle - a write in place failed: the page may be half written, and the area holds its only
 * whole copy. Before the area is used again, all of it must be in place. */
Status dwb_settle(Cx *cx, Store *s)
{
    if (!s->dwb_owed || !s->options.sync) {
        return ST_OK;
    }
    uint8_t *keep = mem_alloc("dwb", 2 * STORE_STRIDE);
    memcpy(keep, s->batch, 2 * STORE_STRIDE); /* the next batch is there already */
    Status st = dwb_restore(cx, s);
    memcpy(s->batch, keep, 2 * STORE_STRIDE);
    mem_free(keep);
    s->dwb_owed = st != ST_OK;
    return st;
}
