#ifndef DASSIE_STORE_H
#define DASSIE_STORE_H
/*
 * store.h - the database file: header, pages and checksums, buffer pool (vmcache), page latches,
 * space map, tree directory, double-write area.
 *
 * Pages are PAGE_SIZE bytes at a fixed virtual address each (one NORESERVE mapping); `state[page]`
 * is latch and version in one word (shared/engine notes: 1.1). Any thread. Latch order: parent ->
 * child, left -> right, table before index; never wait for a lock, a transaction or a flush while
 * holding a latch; wal_append is allowed.
 */
#include "wal/wal.h"

#ifndef PAGE_SIZE
#define PAGE_SIZE 8192
#endif
#define PAGE_NO_INVALID ((PageNo)0)

/* Every page begins with this header (64 bytes, little-endian). */
typedef enum PageType {
    PAGE_FREE = 0,
    PAGE_HEADER = 1,
    PAGE_SPACE_MAP = 2,
    PAGE_TREE_DIR = 3,
    PAGE_BT_INNER = 4,
    PAGE_BT_INDEX_LEAF = 5,
    PAGE_BT_TABLE_LEAF = 6,
    PAGE_OVERFLOW = 7,
    PAGE_META = 8,
    PAGE_SEQUENCE = 9,
} PageType;
typedef struct PageHeader {
    uint32_t crc; /* of the rest of the page, checked on read, set on write */
    uint8_t type; /* PageType */
    uint8_t flags;
    uint16_t slot_count;
    PageNo page;     /* own number */
    Lsn lsn;         /* last record that changed the page */
    Lsn max_row_lsn; /* >= every tag LSN on the page; < R means every version is settled */
    TreeId tree;
    uint16_t heap_top;
    uint16_t frag_bytes;
    PageNo next;          /* right sibling of a leaf; next page of a chain */
    uint64_t first_rowid; /* table leaves */
    uint64_t reserved;
} PageHeader;
STATIC_ASSERT(sizeof(PageHeader) == 64, "PageHeader is 64 bytes on disk");

typedef struct Store Store;

typedef enum LatchMode { LATCH_NONE, LATCH_OPTIMISTIC, LATCH_SHARED, LATCH_EXCLUSIVE } LatchMode;
/* PageRef - a latched (or optimistically read) page. Held by one thread; never kept across a wait.
 */
typedef struct PageRef {
    PageHeader *hdr; /* == page bytes; NULL when not held */
    PageNo page;
    uint64_t version; /* state word's version at latching, for optimistic validation */
    LatchMode mode;
} PageRef;

typedef struct StoreOptions {
    uint64_t pool_bytes; /* shared_buffers */
    uint64_t
        max_pages; /* virtual size of the file at most; default 2^27 (1 TiB; 2^24 under TSan) */
    bool sync;
    bool read_only; /* looked at only, through an Os that keeps writes to itself */
} StoreOptions;

/*
 * store_open / store_create - the file itself. Refuses with a clear text and never overwrites: a
 * file that is not ours (58P01-class text, SQLSTATE XX001), another format number, a damaged header
 * in both copies, a file already served (55006).
 */
Status store_create(Cx *cx, Os *os, const char *path, const StoreOptions *o, Store **store_out);
Status store_open(Cx *cx, Os *os, const char *path, const StoreOptions *o, Store **store_out);
/* store_is_new - nothing was ever kept in it: just created, or a crash came before its first
 * checkpoint. The log begins at STORE_FIRST_LSN. */
bool store_is_new(Store *s);
#define STORE_FIRST_LSN ((Lsn)4096)
/* store_attach_wal - the log to honour (WAL rule) and to append structure changes to; before any
 * page is changed. */
void store_attach_wal(Store *s, Wal *wal);
/* store_on_moved - who wants to know that keys of a leaf (or gaps between them) went to another
 * leaf: called with both latched exclusive. store_page_moved - src/btree says so. */
void store_on_moved(Store *s, void (*fn)(void *arg, TreeId tree, PageNo from, PageNo to),
                    void *arg);
void store_page_moved(Store *s, TreeId tree, PageNo from, PageNo to);
/* store_start / store_close - background page writer. close writes nothing: checkpoint first. */
Status store_start(Cx *cx, Store *s);
void store_close(Store *s);
/* store_stop - end the background writer: before the log is closed, which it flushes. */
void store_stop(Store *s);
/* store_restore_torn - recovery's first step: put back pages whose checksum fails from the
 * double-write area. */
Status store_restore_torn(Cx *cx, Store *s);

/* The master record: two alternating copies in the header page. */
typedef struct StoreMaster {
    uint64_t seq;
    Lsn checkpoint_lsn; /* the CHECKPOINT record; 0 = none yet */
    Lsn next_lsn;       /* where a new log begins after a clean shutdown */
    uint64_t clean;     /* 1 = shut down cleanly: no log needed */
    uint64_t next_xid, next_csn, next_oid;
    uint64_t system_id;
} StoreMaster;
void store_master_get(Store *s, StoreMaster *out);
Status store_master_put(Cx *cx, Store *s, const StoreMaster *m);

/* ---- latches ---- */
/* page_lock - fault the page in if need be and latch it shared or exclusive; waits by parking.
   XX001 on a bad checksum, wrong page number; 58030. */
Status page_lock(Cx *cx, Store *s, PageNo page, LatchMode mode, PageRef *ref_out);
/* page_lock_at - latch only if the version is still `version`, else ST_RESTART (last step of an
 * optimistic descent). */
Status page_lock_at(Cx *cx, Store *s, PageNo page, uint64_t version, LatchMode mode,
                    PageRef *ref_out);
/* page_peek - begin an optimistic read (inner nodes): no latch, version noted. Waits while
 * X-latched. */
Status page_peek(Cx *cx, Store *s, PageNo page, PageRef *ref_out);
/* page_validate - was everything read since page_peek consistent? ST_RESTART when not. */
Status page_validate(Store *s, const PageRef *ref);
/* page_upgrade - optimistic -> exclusive if unchanged, else ST_RESTART. */
Status page_upgrade(Cx *cx, Store *s, PageRef *ref);
/* page_unlock - release; exclusive bumps the version. Harmless on a PageRef not held. */
void page_unlock(Store *s, PageRef *ref);
/* page_prefetch - a hint that the page's first bytes will be read soon; never faults. */
void page_prefetch(Store *s, PageNo page, uint32_t bytes);
/* page_unlock_cold - as page_unlock; a shared page nobody else reads is left as the clock's next
 * victim: a walk over everything must not drive out what is used often. */
void page_unlock_cold(Store *s, PageRef *ref);
/* page_resident - is it in memory just now? */
bool page_resident(Store *s, PageNo page);
/* store_throttle - when far more pages are dirty in memory than the pool has frames: pause until
 * the writer has caught up a little. Never while holding a latch. */
void store_throttle(Store *s);
/* page_dirty - requires X: note rec_lsn BEFORE the log record is reserved. */
void page_dirty(Store *s, PageRef *ref);
/* page_set_lsn - requires X, after the append: page.lsn = lsn (and max_row_lsn when row = true). */
static inline void page_set_lsn(PageRef *ref, Lsn lsn, bool row)
{
    ref->hdr->lsn = lsn;
    if (row && ref->hdr->max_row_lsn < lsn) {
        ref->hdr->max_row_lsn = lsn;
    }
}
/* store_prefetch - bring pages in that are not in memory, neighbours in one read. `pages` ascends,
 * each once. A hint: a page that cannot be read is left to whoever needs it. Returns how many it
 * asked the file for. */
uint32_t store_prefetch(Store *s, const PageNo *pages, uint32_t count);
/* store_frames - pages that fit the pool. */
uint64_t store_frames(const Store *s);
/* store_admit - wal_admit on the log of this store: before logging so many bytes. */
Status store_admit(Cx *cx, Store *s, size_t bytes);
/* store_redo_room - between two records of redo, before the page writer runs: keep the pool within
 * its frames, writing pages out here. On a full disk the pool grows instead. Any thread, without a
 * latch. */
void store_redo_room(Cx *cx, Store *s);
/* store_path - of the database file. */
const char *store_path(const Store *s);
uint64_t store_page_count(Store *s);
/* store_resident_count - pages in memory now. */
uint64_t store_resident_count(Store *s);

/* ---- space: in-memory reservation first (may fail 53100), then the record that links the page
 * sets the map bit ---- */
/* page_reserve - take a free page number out of circulation; nothing on disk changes.
 * page_unreserve gives it back. */
Status page_reserve(Cx *cx, Store *s, PageNo *page_out);
void page_unreserve(Store *s, PageNo page);
/* page_lock_new - X latch on a reserved page, bytes zeroed, header set (type, tree, page). No read
 * from disk. */
void page_lock_new(Store *s, PageNo page, PageType type, TreeId tree, PageRef *ref_out);

/*
 * Structure-change records (WAL_SMO): one record, a list of page operations, each redone by
 * page.lsn on its own. Usage: smo_begin; smo_* with all pages X latched; smo_commit logs, stamps
 * lsn on every page, sets the map bits. Phases: everything that may fail comes before smo_commit,
 * which cannot fail.
 */
typedef struct Smo {
    Store *store;
    Buf ops;
    uint32_t page_count;
    PageRef *pages[16];
    PageNo alloc[16], freed[16];
    uint32_t alloc_count, freed_count;
    const PageNo *many; /* smo_free_many */
    uint32_t many_count;
} Smo;
void smo_begin(Smo *smo, Store *s);
/* smo_image - log the page as it is now (the hole between slots and heap left out). Call after
 * editing it. */
void smo_image(Smo *smo, PageRef *ref);
/* smo_bytes - log that bytes [offset, offset+n) of the page are now what they are. */
void smo_bytes(Smo *smo, PageRef *ref, uint32_t offset, uint32_t n);
/* smo_diff - log what differs from `before`, a copy of the page from before the change. */
void smo_diff(Smo *smo, PageRef *ref, const void *before);
/* smo_alloc / smo_free - the record also marks a reserved page used, or a page free. */
void smo_alloc(Smo *smo, PageNo page);
void smo_free(Smo *smo, PageNo page);
/* smo_free_many - so, too, the last of these pages, as many as one record takes: returned. The
 * array must live until the commit; once a record. */
uint32_t smo_free_many(Smo *smo, const PageNo *pages, uint32_t count);
Lsn smo_commit(Smo *smo, TreeId tree);

/* ---- tree directory ---- */
typedef enum TreeKind { TREE_TABLE = 1, TREE_INDEX = 2, TREE_SEQUENCE = 3 } TreeKind;
typedef struct TreeEntry {
    TreeId tree;
    TreeKind kind;
    PageNo root; /* fixed for the tree's life: a root split moves its content down */
    PageNo meta; /* chain of PAGE_META pages with the row layouts; 0 = none */
    uint32_t flags;
    uint64_t next_rowid; /* lower bound kept ahead: rowids are taken from it in ranges */
} TreeEntry;
/* tree_create - allocate id, root page (empty leaf of the kind), directory entry: redo-only
   records. The caller's transaction must register the drop-on-abort action (txn.h). */
Status tree_create(Cx *cx, Store *s, TreeKind kind, TreeEntry *entry_out);
/* tree_get - ST_NOTFOUND for an unknown or dropped tree. */
Status tree_get(Cx *cx, Store *s, TreeId tree, TreeEntry *entry_out);
Status tree_put(Cx *cx, Store *s, const TreeEntry *entry);
/* tree_remove_entry - drop the directory entry (pages are freed first, by bt_free_tree). */
Status tree_remove_entry(Cx *cx, Store *s, TreeId tree);
/* trees_foreach - a copy of all entries, in arena. */
void trees_foreach(Store *s, Arena *arena, TreeEntry **list_out, uint32_t *count_out);
/* page_chain_each - fn for each page of such a chain. */
Status page_chain_each(Cx *cx, Store *s, TreeId tree, PageNo page,
                       Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg);
/* page_chain_free - free a chain of pages linked by hdr->next, one record each; repeatable after a
 * crash. */
Status page_chain_free(Cx *cx, Store *s, TreeId tree, PageNo page);
/* tree_meta_write - replace the tree's meta bytes (row layouts), logged. tree_meta_read - all of
 * them, in the arena. */
Status tree_meta_write(Cx *cx, Store *s, TreeId tree, Slice bytes);
Status tree_meta_read(Cx *cx, Store *s, Arena *arena, TreeId tree, Slice *bytes_out);

/* ---- checkpoint and redo ---- */
/* StoreFlush - how fast pages are written, and what it took. Zero-filled: at once. */
typedef struct StoreFlush {
    /* After each batch: returns how many pages the next has at most (0: as many as fit), and may
     * wait before. NULL: as many as fit, at once. */
    uint32_t (*pace)(void *arg, uint64_t written, uint64_t total);
    void *arg;
    uint64_t pages;  /* out: written */
    int64_t sync_us; /* out: spent in syncs */
} StoreFlush;
/* store_flush_before - write every page with rec_lsn < begin (through the double-write area); then
   *redo_out = min(begin, remaining rec_lsn) computed BEFORE the data fsync, then fdatasync. flush
   may be NULL. */
Status store_flush_before(Cx *cx, Store *s, Lsn begin, StoreFlush *flush, Lsn *redo_out);
/* StoreStats - counts since the file was opened. */
typedef struct StoreStats {
    uint64_t written_clean; /* pages written to make room in the pool */
    uint64_t allocated;     /* pages that took a place in the pool */
} StoreStats;
void store_stats(Store *s, StoreStats *out);
/* store_redo - apply SMO, IMAGE and TREE records; idempotent by page.lsn. */
Status store_redo(Cx *cx, Store *s, Lsn lsn, const WalHeader *hdr, Slice body);
/* store_redo_on - only its operations on this page (the space map page, for bits in it): pages are
 * independent of each other, and threads may redo them side by side. */
Status store_redo_on(Cx *cx, Store *s, Lsn lsn, Slice body, PageNo page);
/* store_redo_reach - before pages are redone side by side: the file is made to have this page. */
Status store_redo_reach(Cx *cx, Store *s, PageNo page);
/* store_redo_each_page - call fn for the pages an SMO, IMAGE or TREE record changes, as far as its
 * body makes sense; a page may come twice. False when its body is malformed. */
bool store_redo_each_page(Slice body, void (*fn)(void *arg, PageNo page), void *arg);
/* store_redo_page - for row redo in other folders: X latch the page and say whether the record
 * still has to be applied. */
Status store_redo_page(Cx *cx, Store *s, PageNo page, Lsn lsn, bool *apply_out, PageRef *ref_out);
/* store_load_space - after redo: build the in-memory free lists from the space map. */
Status store_load_space(Cx *cx, Store *s);
/* store_check - the checksums of pages from `from` to below `to` that are in use; appends findings
 * to report. */
Status store_check(Cx *cx, Store *s, PageNo from, PageNo to, Buf *report, uint64_t *errors);

/* store_own_pages - fn for each page the store itself uses: header, space maps, tree directory. */
Status store_own_pages(Cx *cx, Store *s, Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg);
/* store_page_used - what the space map in memory says. */
bool store_page_used(Store *s, PageNo page);
/* store_free_leaked - free a page that nothing reaches. */
Status store_free_leaked(Cx *cx, Store *s, PageNo page);

/* ---- looking at files, for the dump commands ---- */
/* store_read_page_of - the page's bytes (PAGE_SIZE, aligned to 4096) of a file that is not open as
 * a store; not checked. *bytes_out: how many of them the file has; the rest is zero. */
Status store_read_page_of(Cx *cx, OsFile *f, PageNo page, void *bytes, size_t *bytes_out);
/* store_first_page - the first behind the header of the file. */
PageNo store_first_page(void);
/* store_page_whole - do checksum, number and length agree? The header's pages have none: true. */
bool store_page_whole(PageNo page, const PageHeader *h, size_t bytes);
const char *store_page_type_name(PageNo page, uint8_t type);
/* store_describe_page - the page's header, and what store itself keeps on it, as text. */
void store_describe_page(PageNo page, const PageHeader *h, size_t bytes, Buf *out);
/* store_describe_record - the operations of a structure-change record. */
void store_describe_record(Slice body, Buf *out);

#endif
