/*
 * dwb.c - the double-write area: a page's copy stands here, synced, before the page is written in
 * place.
 *
 * Layout of "<file>-dwb": DWB_SLOTS slots, each a head {magic, count, seq, synced, {page, lsn}...}
 * and then the page copies of one batch. Slots are taken in turn, from the first one again whenever
 * all are free. A slot is in use until the database file was synced after its pages were written in
 * place; every checkpoint does that, and a thread of its own when most of the slots are in use.
 *
 * While a page's copy stands in a slot in use, the page is written in place without another one: if
 * that is torn, the old copy is put back, and redo brings it to what the page was. Redo begins
 * before the copy was made, because the last checkpoint freed all slots before it counted. So a
 * page that is written again and again between two checkpoints costs one copy, and is written to
 * the device when the kernel finds it right.
 *
 * A page torn in place is put back at the next open from its newest whole copy among the batches
 * that were in use, which the head of the newest batch tells: older ones are in place for sure, and
 * a stale copy must never stand in for a page that went bad in another way. The newest copy may be
 * unfinished; then its page was not yet being written with it, but perhaps with the one before.
 *
 * Freeing slots has a beginning, `dwb_closing`, set between two batches (write_mutex): from then on
 * a page in them needs a new copy, as the sync that follows may miss what is written later.
 */
#include "store/store_internal.h"

#define DWB_MAGIC       0x6264776473617332ULL
#define DWB_SYNC_SLOTS  (DWB_SLOTS / 4 * 3) /* in use: the thread sets to work */
#define DWB_IN_FLIGHT   16u                 /* enough for the full speed of a disk */
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
/* In memory: a slot, then the pages of a batch that go without a copy. */
#define DWB_BATCH_BYTES (DWB_HEAD_BYTES + 2 * (size_t)DWB_PAGES * PAGE_SIZE)

/* DwbFound - a copy that may be needed to put its page back. */
typedef struct DwbFound {
    DwbEntry entry;
    uint64_t seq, at; /* its batch; where in the file it stands */
} DwbFound;

static Status dwb_settle(Cx *cx, Store *s);

uint8_t *dwb_copy(Store *s, uint32_t i)
{
    return s->batch + DWB_HEAD_BYTES + (size_t)i * PAGE_SIZE;
}

bool dwb_init(Store *s)
{
    s->batch = os_mem_reserve(DWB_BATCH_BYTES);
    s->dwb_seq_of = os_mem_reserve(s->options.max_pages * sizeof(uint64_t));
    s->dwb_lists = os_mem_reserve(DWB_SLOTS * sizeof(DwbList));
    os_mutex_init(&s->sync_mutex, "store.sync", RANK_SYNC);
    return s->batch != NULL && s->dwb_seq_of != NULL && s->dwb_lists != NULL;
}

void dwb_release(Store *s)
{
    os_mem_unreserve(s->batch, DWB_BATCH_BYTES);
    os_mem_unreserve(s->dwb_seq_of, s->options.max_pages * sizeof(uint64_t));
    os_mem_unreserve(s->dwb_lists, DWB_SLOTS * sizeof(DwbList));
}

static uint64_t head_hash(const DwbHead *head)
{
    return hash_bytes(&head->seq,
                      offsetof(DwbHead, entries) - offsetof(DwbHead, seq) +
                          head->count * sizeof(head->entries[0]),
                      DWB_MAGIC);
}

/* sync_begin - the batches that a sync beginning now frees. Requires write_mutex. */
static uint64_t sync_begin(Store *s)
{
    if (!s->dwb_owed) {
        atomic_store(&s->dwb_closing, s->dwb_placed);
    }
    return atomic_load(&s->dwb_closing);
}

static void sync_end(Cx *cx, Store *s, uint64_t closing)
{
    sync_or_halt(cx, s, s->file);
    if (atomic_load(&s->dwb_synced) < closing) {
        atomic_store(&s->dwb_synced, closing);
    }
    os_event_signal(s->os, &s->sync_done);
}

/* write_back - have these pages written to the device, few at a time. A sync that finds thousands
 * of them queues all at once, and every write and sync of the log stands behind them. */
static void write_back(Cx *cx, Store *s, const PageNo *pages, uint32_t count)
{
    Status st = ST_OK;
    for (uint32_t at = 0, n; at < count && st == ST_OK; at += n) {
        n = MIN(count - at, DWB_IN_FLIGHT);
        for (uint32_t i = 0; i < 2 * n && st == ST_OK; i++) {
            st = os_file_writeback(cx, s->file, pages[at + i % n] * PAGE_SIZE, PAGE_SIZE, i >= n);
        }
    }
    if (st != ST_OK) {
        os_halt(s->os, cx->err->message);
    }
}

/* sync_slots - sync the file and free the slots in use; gently: written back first. */
static void sync_slots(Cx *cx, Store *s, bool gently)
{
    os_mutex_lock(s->os, &s->sync_mutex);
    os_mutex_lock(s->os, &s->write_mutex);
    uint64_t closing = sync_begin(s), seq = atomic_load(&s->dwb_synced);
    os_mutex_unlock(s->os, &s->write_mutex);
    /* Their lists stay: no slot is free before the end of this. */
    while (gently && ++seq <= closing && !atomic_load(&s->stop)) {
        write_back(cx, s, s->dwb_lists[seq % DWB_SLOTS].pages, s->dwb_lists[seq % DWB_SLOTS].n);
    }
    sync_end(cx, s, closing);
    os_mutex_unlock(s->os, &s->sync_mutex);
}

void store_sync(Cx *cx, Store *s)
{
    sync_slots(cx, s, false);
}

Status dwb_ready(Cx *cx, Store *s)
{
    TRY(dwb_settle(cx, s));
    for (;;) {
        uint32_t seen = os_event_value(&s->sync_done);
        uint64_t synced = atomic_load(&s->dwb_synced);
        uint64_t in_use = s->dwb_seq - synced;
        if (in_use < DWB_SLOTS && !s->dwb_failed) {
            return ST_OK;
        }
        if (in_use == 0) {
            /* The disk was full: the first slot, which comes next, gets what the others held. */
            return os_file_truncate(cx, s->dwb, DWB_SLOT_BYTES);
        }
        if (atomic_load(&s->dwb_closing) > synced) {
            (void)os_event_wait(s->os, &s->sync_done, seen, DWB_WAIT_MAX_US);
        } else {
            sync_end(cx, s, sync_begin(s));
        }
    }
}

bool dwb_has_copy(const Store *s, PageNo page)
{
    return !s->options.sync || s->dwb_seq_of[page] > atomic_load(&s->dwb_closing);
}

Status dwb_write(Cx *cx, Store *s, const PageNo *pages, uint32_t count)
{
    DwbHead *head = (DwbHead *)(void *)s->batch;
    uint64_t synced = atomic_load(&s->dwb_synced);
    uint32_t slot = s->dwb_seq == synced ? 0 : (s->dwb_slot + 1) % DWB_SLOTS;
    if (count == 0 || !s->options.sync) {
        return ST_OK; /* without syncs nothing is durable before the end anyway */
    }
    memset(head, 0, DWB_HEAD_BYTES);
    head->magic = DWB_MAGIC;
    head->count = count;
    head->seq = s->dwb_seq + 1;
    head->synced = synced;
    for (uint32_t i = 0; i < count; i++) {
        const PageHeader *h = (const PageHeader *)(const void *)dwb_copy(s, i);
        head->entries[i] = (DwbEntry){pages[i], h->lsn};
    }
    head->hash = head_hash(head);
    /* A full disk: the next batch finds all slots free and takes the first one, which is there. */
    s->dwb_failed = true;
    TRY(os_file_pwrite(cx, s->dwb, s->batch, DWB_HEAD_BYTES + (size_t)count * PAGE_SIZE,
                       slot * DWB_SLOT_BYTES));
    s->dwb_failed = false;
    sync_or_halt(cx, s, s->dwb);
    s->dwb_slot = slot;
    s->dwb_seq++;
    DwbList *list = &s->dwb_lists[s->dwb_seq % DWB_SLOTS];
    list->n = count;
    memcpy(list->pages, pages, count * sizeof(*pages));
    for (uint32_t i = 0; i < count; i++) {
        s->dwb_seq_of[pages[i]] = s->dwb_seq;
    }
    return ST_OK;
}

void dwb_placed(Store *s)
{
    s->dwb_owed = false;
    s->dwb_placed = s->dwb_seq;
    if (s->dwb_seq - atomic_load(&s->dwb_synced) >= DWB_SYNC_SLOTS) {
        os_event_signal(s->os, &s->sync_wanted);
    }
}

void syncer_main(void *arg)
{
    Store *s = arg;
    Err err = {0};
    Cx cx = {.err = &err};
    while (!atomic_load(&s->stop)) {
        uint32_t seen = os_event_value(&s->sync_wanted);
        os_mutex_lock(s->os, &s->write_mutex);
        uint64_t in_use = s->dwb_owed ? 0 : s->dwb_placed - atomic_load(&s->dwb_synced);
        os_mutex_unlock(s->os, &s->write_mutex);
        if (in_use >= DWB_SYNC_SLOTS) {
            sync_slots(&cx, s, true);
        } else {
            (void)os_event_wait(s->os, &s->sync_wanted, seen, DWB_WAIT_MAX_US);
        }
    }
}

uint32_t dwb_write_back(Cx *cx, Store *s, uint64_t *seq)
{
    DwbList list;
    list.n = 0;
    os_mutex_lock(s->os, &s->write_mutex);
    *seq = MAX(*seq, atomic_load(&s->dwb_synced)) + 1;
    if (*seq <= s->dwb_placed) {
        list = s->dwb_lists[*seq % DWB_SLOTS];
    }
    os_mutex_unlock(s->os, &s->write_mutex);
    write_back(cx, s, list.pages, list.n);
    return list.n;
}

uint64_t dwb_in_use(Store *s)
{
    uint64_t n = 0;
    os_mutex_lock(s->os, &s->write_mutex);
    for (uint64_t seq = atomic_load(&s->dwb_synced) + 1; seq <= s->dwb_placed; seq++) {
        n += s->dwb_lists[seq % DWB_SLOTS].n;
    }
    os_mutex_unlock(s->os, &s->write_mutex);
    return n;
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

/* find_copies - those of all slots; what the newest head among them says. */
static Status find_copies(Cx *cx, Store *s, DwbFound *found, uint32_t *count_out, uint64_t *seq_out,
                          uint64_t *synced_out)
{
    Status st = ST_OK;
    bool good;
    *count_out = 0;
    *seq_out = *synced_out = 0;
    DwbHead *head = os_mem_reserve(DWB_HEAD_BYTES);
    for (uint32_t slot = 0; slot < DWB_SLOTS && st == ST_OK; slot++) {
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

/* restore_torn - put back every page in a slot in use that is torn in place. */
static Status restore_torn(Cx *cx, Store *s, uint64_t *seq_out)
{
    uint64_t synced;
    uint32_t count;
    DwbFound *found = mem_alloc("dwb", (size_t)DWB_SLOTS * DWB_PAGES * sizeof(*found));
    Status st = find_copies(cx, s, found, &count, seq_out, &synced);
    if (st == ST_OK) {
        st = restore_found(cx, s, found, count, synced);
    }
    mem_free(found);
    return st;
}

Status store_restore_torn(Cx *cx, Store *s)
{
    uint64_t size, seq;
    TRY(restore_torn(cx, s, &seq));
    s->dwb_seq = s->dwb_placed = seq;
    store_sync(cx, s);
    TRY(os_file_size(cx, s->file, &size));
    atomic_store(&s->page_count, MIN(size / PAGE_SIZE, s->options.max_pages));
    return ST_OK;
}

/* dwb_settle - a write in place failed: a page may be half written, and the area holds its only
 * whole copy. Before the next batch, all of it must be in place. */
static Status dwb_settle(Cx *cx, Store *s)
{
    uint64_t seq;
    if (!s->dwb_owed) {
        return ST_OK;
    }
    TRY(restore_torn(cx, s, &seq));
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
