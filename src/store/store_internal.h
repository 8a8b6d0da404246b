#ifndef DASSIE_STORE_INTERNAL_H
#define DASSIE_STORE_INTERNAL_H
/*
 * store_internal.h - the insides of a Store, for the files of src/store only.
 */
#include "base/map.h"
#include "store/store.h"

/*
 * File layout, in bytes: two copies of the header block at 0 and 4096, then pages. Page p lies at p
 * * PAGE_SIZE; the pages under the header blocks are never used. Space map page g describes pages
 * [g * SPACE_GROUP_PAGES, (g+1) * ...), and is the first usable page of its group; the first tree
 * directory page follows the first space map page.
 */
#define STORE_FORMAT       5u
#define STORE_HEADER_BYTES 4096u
#define STORE_FIRST_PAGE   ((PageNo)MAX(1, 2 * STORE_HEADER_BYTES / PAGE_SIZE))
#define SPACE_MAP_BYTES    (PAGE_SIZE - sizeof(PageHeader))
#define SPACE_GROUP_PAGES  ((PageNo)SPACE_MAP_BYTES * 8)
#define TREE_DIR_PAGE      (STORE_FIRST_PAGE + 1)
#define STORE_STRIDE       ((size_t)MAX(PAGE_SIZE, 4096))

/* The state word: top byte state, low 56 bits version. Zero = evicted, so the mapping needs no
 * set-up. */
#define STATE_EVICTED    0u
#define STATE_UNLOCKED   1u
#define STATE_SHARED_MAX 250u /* 2..250 = 1..249 readers */
#define STATE_EXCLUSIVE  253u
#define STATE_MARKED     254u /* unlocked, seen once by the clock */
#define VERSION_MASK     (((uint64_t)1 << 56) - 1)
static inline uint32_t state_of(uint64_t word)
{
    return (uint32_t)(word >> 56);
}
static inline uint64_t state_word(uint32_t state, uint64_t version)
{
    return (uint64_t)state << 56 | (version & VERSION_MASK);
}

#define PARK_BUCKETS 256u
#ifdef DASSIE_TINY
#define DWB_PAGES 8u
#define DWB_SLOTS 16u
#else
#define DWB_PAGES 256u /* pages of one write batch */
#define DWB_SLOTS 512u /* batches in the area between two checkpoints: 1 GiB */
#endif
#define EVICT_BATCH 64u
#define RANK_EVICT  153
#define RANK_SPACE  152
#define RANK_TREES  151
#define RANK_WRITE  150
#define RANK_SYNC   149

/* DwbList - the pages of a batch in the double-write area. */
typedef struct DwbList {
    PageNo pages[DWB_PAGES];
    uint32_t n;
} DwbList;

typedef struct TreeSlot {
    TreeEntry entry;
    PageNo page;    /* directory page */
    uint32_t index; /* slot in it */
} TreeSlot;

/* One tree directory entry on its page, 48 bytes. */
typedef struct DirEntry {
    uint32_t tree, kind; /* kind 0 = free */
    uint64_t root, meta;
    uint32_t flags, reserved;
    uint64_t next_rowid, reserved2;
} DirEntry;
STATIC_ASSERT(sizeof(DirEntry) == 48, "DirEntry is 48 bytes on disk");
#define DIR_ENTRIES ((uint32_t)((PAGE_SIZE - sizeof(PageHeader)) / sizeof(DirEntry)))

struct Store {
    Os *os;
    Wal *wal;
    OsFile *file, *dwb;
    char *path;
    StoreOptions options;
    uint8_t *pages; /* STORE_STRIDE * max_pages bytes and a guard */
    size_t mapping_bytes;
    _Atomic uint64_t *state;   /* by page */
    _Atomic uint64_t *rec_lsn; /* by page: 0 = clean, else LSN before its first unwritten change */
    _Atomic uint8_t *io;       /* by page: 1 = being written */
    _Atomic uint64_t page_count; /* pages the file has */
    OsEvent park[PARK_BUCKETS];
    /* residents: the clock's array */
    OsMutex evict_mutex; /* guards residents, hand */
    PageNo *residents;
    uint32_t resident_size, resident_len, hand;
    _Atomic uint32_t resident_count;
    uint32_t resident_max;
    /* huge.c, the writer thread's */
    uint8_t *huge_done; /* by range: it is one huge page */
    uint64_t huge_size, huge_next;
    uint32_t huge_resident, huge_failures;
    bool recovering; /* zero pages are taken as empty ones */
    bool has_space;  /* the space map is loaded */
    /* space */
    OsMutex space_mutex; /* guards used, space_hint; file growth */
    uint64_t *used;      /* bitmap: in use or reserved */
    uint64_t used_words, space_hint;
    /* trees */
    OsMutex trees_mutex; /* guards trees, dir_*; tree changes are logged under it */
    Map trees;           /* TreeId -> TreeSlot */
    PageNo dir_last;
    TreeId next_tree;
    StoreMaster master;
    /* writing */
    OsMutex write_mutex;  /* one batch at a time: guards what follows */
    uint8_t *batch;       /* a slot of the double-write area: its head, then copies */
    uint64_t *dwb_seq_of; /* by page: the batch of its newest copy */
    DwbList *dwb_lists;   /* by batch in use, seq % DWB_SLOTS */
    uint64_t dwb_seq;     /* the last batch in the area */
    uint64_t dwb_placed;  /* batches up to this one are in place */
    uint32_t dwb_slot;    /* where the last one stands */
    bool dwb_owed;        /* the last batch, with or without copies, may not be whole in place */
    bool dwb_failed;      /* the area could not be written: not again before all slots are free */
    OsMutex sync_mutex;   /* one sync that frees slots at a time; taken before write_mutex */
    _Atomic uint64_t dwb_closing; /* a sync is under way that will free batches up to this one */
    _Atomic uint64_t dwb_synced;  /* it has ended: they are durable in place */
    OsThread *syncer;
    OsEvent sync_wanted, sync_done;
    _Atomic uint64_t written_clean, allocated; /* StoreStats */
    OsThread *writer;
    OsEvent writer_event;
    _Atomic bool stop;
    void (*on_moved)(void *arg, TreeId tree, PageNo from, PageNo to);
    void *on_moved_arg;
};

static inline PageHeader *page_at(Store *s, PageNo page)
{
    return (PageHeader *)(void *)(s->pages + page * STORE_STRIDE);
}
static inline OsEvent *park_of(Store *s, PageNo page)
{
    return &s->park[hash_u64(page) & (PARK_BUCKETS - 1)];
}

/* page_crc - of everything behind the crc field. */
uint32_t page_crc(const void *page);
/* store_describe_header - one copy of the file's header, as text. */
void store_describe_header(const void *bytes, Buf *out);
/* sync_or_halt - after a failed sync nobody knows what the file holds. */
void sync_or_halt(Cx *cx, Store *s, OsFile *f);
/* store_sync - the database file; the batches in place by now give their slots back. Any thread. */
void store_sync(Cx *cx, Store *s);
/* store_sync_parent - names made beside the database file become durable. */
Status store_sync_parent(Cx *cx, Store *s);
/* latch_wake - after a release: wake who waits for the page. */
void latch_wake(Store *s, PageNo page);
/* page_fault - bring an evicted page in; returns with the page unlocked (or lost to a faster
 * thread). */
Status page_fault(Cx *cx, Store *s, PageNo page);
void resident_add(Store *s, PageNo page);
/* pool_make_huge - a bounded step: full ranges of the pool become huge pages. Called by the writer
 * thread only. */
void pool_make_huge(Store *s);
void residents_add(Store *s, const PageNo *pages, uint32_t n);
/* page_is_good - are the bytes just read into its place this page, and whole? */
bool page_is_good(Store *s, PageNo page);
/* frames_make_room - for `more` pages: drop clean ones when the pool is full, wake the writer when
 * it nearly is. Never waits: callers may hold latches. */
void frames_make_room(Store *s, uint32_t more);
/* pages_sort - ascending. */
void pages_sort(PageNo *pages, uint32_t n);
/* evict_clean - drop about `want` clean pages, looking at steps_max residents at most, and past no
 * more dirty ones than that: they are as cold, the writer is to take them, and what is clean behind
 * them is worth more. Returns how many. */
uint32_t evict_clean(Store *s, uint32_t want, uint32_t steps_max);
/* write_pages - write the dirty ones of these pages through the double-write area. wait: for X
 * latches too. What it took is added to flush, if given. */
Status write_pages(Cx *cx, Store *s, const PageNo *pages, uint32_t count, bool wait,
                   StoreFlush *flush);
/* dwb_init / dwb_release - its memory. False when there is no address space for it. */
bool dwb_init(Store *s);
void dwb_release(Store *s);
/* dwb_copy - where the batch's i-th copy stands in memory; those from DWB_PAGES on are not written
 * to the area. */
uint8_t *dwb_copy(Store *s, uint32_t i);
/* dwb_ready - before a batch, which holds write_mutex from here to dwb_placed: there is a free
 * slot, perhaps after waiting for a sync. */
Status dwb_ready(Cx *cx, Store *s);
/* dwb_has_copy - the page can be written in place as it is. Within a batch. */
bool dwb_has_copy(const Store *s, PageNo page);
/* dwb_write - the copies into the free slot, durably. dwb_placed - all pages of the batch are in
 * place. */
Status dwb_write(Cx *cx, Store *s, const PageNo *pages, uint32_t count);
void dwb_placed(Store *s);
/* dwb_write_back - have the next batch after *seq in use written to the device, which moves *seq.
 * Returns how many pages; 0: no further one. */
uint32_t dwb_write_back(Cx *cx, Store *s, uint64_t *seq);
/* dwb_in_use - pages of the batches in use. */
uint64_t dwb_in_use(Store *s);
/* dwb_open - the area's file; what it holds counts only when the database was not shut down. */
Status dwb_open(Cx *cx, Store *s);
void dwb_close(Cx *cx, Store *s);
/* syncer_main - the thread that syncs the file behind the batches. */
void syncer_main(void *arg);
/* store_grow - make the file (and the map of used pages) cover page_count pages. Requires
 * space_mutex, or recovery. */
Status store_grow(Cx *cx, Store *s, uint64_t page_count);
/* Space map bits on pages; space_bit_page says which page and where. */
PageNo space_map_page(PageNo page);
void space_bit_set(PageHeader *map, PageNo page, bool used);
void space_mark(Store *s, PageNo page, bool used);
Status trees_load(Cx *cx, Store *s);

#endif
