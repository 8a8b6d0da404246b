/*
 * dwb.c - the double-write area: a batch's pages stand here, synced, before they are written in
 * place.
 *
 * Layout of "<file>-dwb": DWB_SLOTS slots, each a head {magic, count, seq, synced, {page, lsn}...}
 * and then the page copies of one batch. Slots are taken in turn, from the first one again whenever
 * all are free, so that a server that writes little keeps a small file. A slot is in use until the
 * database file was synced after its pages were written in place: one sync frees many slots, and a
 * thread of its own makes it while the next ones are filled. Without a free slot the writer waits.
 *
 * A page torn in place is put back at the next open from its newest whole copy among the batches
 * that were in use, which the head of the newest batch tells: older ones are in place for sure, and
 * a stale copy must never stand in for a page that went bad in another way. The newest copy may be
 * unfinished; then its page was not yet being written with it, but perhaps with the one before.
 */
#include "store/store_internal.h"

#define DWB_MAGIC       0x6264776473617332ULL
#define DWB_SYNC_SLOTS  (DWB_SLOTS / 4) /* in place and not synced: the thread sets to work */
#define DWB_WAIT_MAX_US 1000000

typedef struct DwbEntry {
    PageNo page;
    Lsn lsn;
} DwbEntry;
typedef struct DwbHead {
    uint64_t magic, hash; /* of everything behind it, as far as entries are in use */
    uint64_t seq, synced; /* batches up to `synced` were durable in place when this one was made */
    uint64_t count;
    DwbEntry entries[DWB_PAGES];
} DwbHead;
#define DWB_HEAD_BYTES ((size_t)ALIGN_UP(sizeof(DwbHead), 4096))
#define DWB_SLOT_BYTES ((uint64_t)ALIGN_UP(DWB_HEAD_BYTES + (size_t)DWB_PAGES * PAGE_SIZE, 4096))

/* DwbFound - a copy that may be needed to put its page back. */
typedef struct DwbFound {
    DwbEntry entry;
    uint64_t seq, at; /* its batch; where in the file it stands */
} DwbFound;

uint8_t *dwb_copy(Store *s, uint32_t i)
{
    return s->batch + DWB_HEAD_BYTES + (size_t)i * PAGE_SIZE;
}

size_t dwb_batch_bytes(void)
{
    return (size_t)DWB_SLOT_BYTES;
}

static uint64_t head_hash(const DwbHead *head)
{
    return hash_bytes(&head->seq,
                      offsetof(DwbHead, entries) - offsetof(DwbHead, seq) +
                          head->count * sizeof(head->entries[0]),
                      DWB_MAGIC);
}

void store_sync(Cx *cx, Store *s)
{
    uint64_t placed = atomic_load(&s->dwb_placed);
    sync_or_halt(cx, s, s->file);
    uint64_t synced = atomic_load(&s->dwb_synced);
    while (synced < placed && !atomic_compare_exchange_weak(&s->dwb_synced, &synced, placed)) {
    }
    os_event_signal(s->os, &s->sync_done);
}

/* dwb_free_slot - for the next batch; waits for the thread that syncs, or does it here when there
 * is none. */
static uint32_t dwb_free_slot(Cx *cx, Store *s)
{
    for (;;) {
        uint32_t seen = os_event_value(&s->sync_done);
        uint64_t in_use = s->dwb_seq - atomic_load(&s->dwb_synced);
        if (in_use < DWB_SLOTS) {
            return in_use == 0 ? 0 : (s->dwb_slot + 1) % DWB_SLOTS;
        }
        os_event_signal(s->os, &s->sync_wanted);
        if (!atomic_load(&s->syncing) ||
            !os_event_wait(s->os, &s->sync_done, seen, DWB_WAIT_MAX_US)) {
            store_sync(cx, s);
        }
    }
}

Status dwb_write(Cx *cx, Store *s, const PageNo *pages, uint32_t count)
{
    DwbHead *head = (DwbHead *)(void *)s->batch;
    if (!s->options.sync) {
        return ST_OK; /* nothing is durable before the end anyway */
    }
    uint32_t slot = dwb_free_slot(cx, s);
    memset(head, 0, DWB_HEAD_BYTES);
    head->magic = DWB_MAGIC;
    head->count = count;
    head->seq = s->dwb_seq + 1;
    head->synced = atomic_load(&s->dwb_synced);
    for (uint32_t i = 0; i < count; i++) {
        const PageHeader *h = (const PageHeader *)(const void *)dwb_copy(s, i);
        head->entries[i] = (DwbEntry){pages[i], h->lsn};
    }
    head->hash = head_hash(head);
    TRY(os_file_pwrite(cx, s->dwb, s->batch, DWB_HEAD_BYTES + (size_t)count * PAGE_SIZE,
                       slot * DWB_SLOT_BYTES));
    sync_or_halt(cx, s, s->dwb);
    s->dwb_slot = slot;
    s->dwb_seq++;
    return ST_OK;
}

void dwb_placed(Store *s)
{
    s->dwb_owed = false;
    atomic_store(&s->dwb_placed, s->dwb_seq);
    if (s->dwb_seq - atomic_load(&s->dwb_synced) >= DWB_SYNC_SLOTS) {
        os_event_signal(s->os, &s->sync_wanted);
    }
}

void syncer_main(void *arg)
{
    Store *s = arg;
    Err err = {0};
    Cx cx = {.err = &err};
    atomic_store(&s->syncing, true);
    while (!atomic_load(&s->stop)) {
        uint32_t seen = os_event_value(&s->sync_wanted);
        if (atomic_load(&s->dwb_placed) - atomic_load(&s->dwb_synced) >= DWB_SYNC_SLOTS) {
            store_sync(&cx, s);
        } else {
            (void)os_event_wait(s->os, &s->sync_wanted, seen, DWB_WAIT_MAX_US);
        }
    }
    atomic_store(&s->syncing, false);
    os_event_signal(s->os, &s->sync_done);
}

/* read_head - of a slot; false when no batch stands there whole enough to be told. */
static Status read_head(Cx *cx, Store *s, uint32_t slot, DwbHead *head, bool *good_out)
{
    size_t n;
    TRY(os_file_pread(cx, s->dwb, head, DWB_HEAD_BYTES, slot * DWB_SLOT_BYTES, &n));
    *good_out = n == DWB_HEAD_BYTES && head->magic == DWB_MAGIC && head->count <= DWB_PAGES &&
                head->hash == head_hash(head);
    return ST_OK;
}

/* restore_copy - put this copy back where it is whole; *done_out: it was. */
static Status restore_copy(Cx *cx, Store *s, const DwbFound *f, uint8_t *bytes, bool *done_out)
{
    PageHeader *copy = (PageHeader *)(void *)bytes;
    size_t n;
    TRY(os_file_pread(cx, s->dwb, copy, PAGE_SIZE, f->at, &n));
    *done_out = n == PAGE_SIZE && copy->crc == page_crc(copy) && copy->page == f->entry.page &&
                copy->lsn == f->entry.lsn;
    if (!*done_out) {
        return ST_OK; /* the batch never got as far as the writes in place */
    }
    os_stop_point(s->os, "dwb.restored");
    return os_file_pwrite(cx, s->file, copy, PAGE_SIZE, f->entry.page * PAGE_SIZE);
}

/* restore_page - if the page in place is torn, put it back from the first whole copy of these. */
static Status restore_page(Cx *cx, Store *s, const DwbFound *found, uint32_t count, uint8_t *bytes)
{
    PageHeader *place = (PageHeader *)(void *)bytes;
    PageNo page = found[0].entry.page;
    bool done = false;
    size_t n;
    TRY(os_file_pread(cx, s->file, place, PAGE_SIZE, page * PAGE_SIZE, &n));
    done = n == PAGE_SIZE && place->crc == page_crc(place) && place->page == page;
    for (uint32_t i = 0; i < count && !done; i++) {
        TRY(restore_copy(cx, s, &found[i], bytes, &done));
    }
    return ST_OK;
}

/* found_cmp - by page, the newest copy first. */
static int found_cmp(const void *pa, const void *pb)
{
    const DwbFound *a = pa, *b = pb;
    if (a->entry.page != b->entry.page) {
        return a->entry.page < b->entry.page ? -1 : 1;
    }
    return (a->seq < b->seq) - (a->seq > b->seq);
}

/* restore_found - the copies of batches later than `synced`, page by page. */
static Status restore_found(Cx *cx, Store *s, DwbFound *found, uint32_t count, uint64_t synced)
{
    Status st = ST_OK;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].seq > synced) {
            found[kept++] = found[i];
        }
    }
    array_sort(found, kept, sizeof(*found), found_cmp);
    uint8_t *bytes = os_mem_reserve(STORE_STRIDE);
    for (uint32_t i = 0, n; i < kept && st == ST_OK; i += n) {
        n = 1;
        while (i + n < kept && found[i + n].entry.page == found[i].entry.page) {
            n++;
        }
        st = restore_page(cx, s, &found[i], n, bytes);
    }
    os_mem_unreserve(bytes, STORE_STRIDE);
    return st;
}

/* find_copies - those of slots `first` to below `end`; what the newest head among them says. */
static Status find_copies(Cx *cx, Store *s, uint32_t first, uint32_t end, DwbFound *found,
                          uint32_t *count_out, uint64_t *seq_out, uint64_t *synced_out)
{
    Status st = ST_OK;
    bool good;
    *count_out = 0;
    *seq_out = *synced_out = 0;
    DwbHead *head = os_mem_reserve(DWB_HEAD_BYTES);
    for (uint32_t slot = first; slot < end && st == ST_OK; slot++) {
        st = read_head(cx, s, slot, head, &good);
        if (st != ST_OK || !good) {
            continue;
        }
        if (head->seq > *seq_out) {
            *seq_out = head->seq;
            *synced_out = head->synced;
        }
        for (uint32_t i = 0; i < head->count; i++) {
            uint64_t at = slot * DWB_SLOT_BYTES + DWB_HEAD_BYTES + (uint64_t)i * PAGE_SIZE;
            found[(*count_out)++] = (DwbFound){head->entries[i], head->seq, at};
        }
    }
    os_mem_unreserve(head, DWB_HEAD_BYTES);
    return st;
}

Status store_restore_torn(Cx *cx, Store *s)
{
    uint64_t size, seq, synced;
    uint32_t count;
    DwbFound *found = mem_alloc("dwb", (size_t)DWB_SLOTS * DWB_PAGES * sizeof(*found));
    Status st = find_copies(cx, s, 0, DWB_SLOTS, found, &count, &seq, &synced);
    if (st == ST_OK) {
        st = restore_found(cx, s, found, count, synced);
    }
    mem_free(found);
    TRY(st);
    s->dwb_seq = seq;
    atomic_store(&s->dwb_placed, seq);
    store_sync(cx, s);
    TRY(os_file_size(cx, s->file, &size));
    atomic_store(&s->page_count, MIN(size / PAGE_SIZE, s->options.max_pages));
    return ST_OK;
}

/* dwb_settle - a write in place failed: the page may be half written, and the area holds its only
 * whole copy. Before the next batch, all of it must be in place. */
Status dwb_settle(Cx *cx, Store *s)
{
    uint64_t seq, synced;
    uint32_t count;
    if (!s->dwb_owed) {
        return ST_OK;
    }
    DwbFound *found = mem_alloc("dwb", DWB_PAGES * sizeof(*found));
    Status st = find_copies(cx, s, s->dwb_slot, s->dwb_slot + 1, found, &count, &seq, &synced);
    if (st == ST_OK && seq == s->dwb_seq) {
        st = restore_found(cx, s, found, count, seq - 1);
    }
    mem_free(found);
    TRY(st);
    dwb_placed(s);
    return ST_OK;
}

Status dwb_open(Cx *cx, Store *s)
{
    Arena arena;
    arena_init(&arena, NULL, "path", 0);
    Status st = os_file_open(cx, s->os, arena_printf(&arena, "%s-dwb", s->path),
                             OS_OPEN_CREATE | OS_OPEN_DIRECT, &s->dwb);
    arena_release(&arena);
    if (st == ST_OK && (store_is_new(s) || s->master.clean != 0)) {
        /* Left over from another database of this name, or a backup was put in its place. */
        st = os_file_truncate(cx, s->dwb, 0);
        if (st == ST_OK) {
            sync_or_halt(cx, s, s->dwb);
        }
    }
    return st == ST_OK ? store_sync_parent(cx, s) : st;
}

/* dwb_close - once every batch is synced in place, the area has done its duty: the file goes.
 * Unless recovery did not come to its end, or the last batch is not whole in place: then it may
 * hold what the next one needs. */
void dwb_close(Cx *cx, Store *s)
{
    if (s->dwb == NULL) {
        return;
    }
    bool keep = s->recovering || s->dwb_owed;
    if (!keep && atomic_load(&s->dwb_synced) < s->dwb_seq) {
        store_sync(cx, s);
    }
    os_file_close(s->dwb);
    if (!keep) {
        st_ignore(os_unlink(cx, s->os, arena_printf(cx->arena, "%s-dwb", s->path)));
    }
}
