#ifndef DASSIE_STORE_INTERNAL_H
#define DASSIE_STORE_INTERNAL_H
/*
 * store_internal.h - structures shared by the files of src/store.
 *
 * Mutexes: directory (130) > [latches] > space (600) > pool (610); flush (140) is taken without
 * latches by whoever writes pages.
 */
#include "base/map.h"
#include "store/store.h"

enum {
    STORE_RANK_DIR = 130,
    STORE_RANK_FLUSH = 140,
    STORE_RANK_SPACE = 600,
    STORE_RANK_POOL = 610,
};

/* The first HEADER_BYTES of the file hold the two header copies; then pages begin. */
#define HEADER_COPY_BYTES 4096u
#define HEADER_BYTES      8192u
#define HEADER_PAGES      (HEADER_BYTES > PAGE_SIZE ? HEADER_BYTES / PAGE_SIZE : 1)
#define PAGE_STRIDE       ((size_t)(PAGE_SIZE < 4096 ? 4096 : PAGE_SIZE))
#define MAP_BITS          ((uint64_t)(PAGE_SIZE - sizeof(PageHeader)) * 8)
#define MAP_PAGE(group)   ((PageNo)(group)*MAP_BITS + HEADER_PAGES)
#define DIR_FIRST_PAGE    ((PageNo)HEADER_PAGES + 1)
#define FORMAT_NUMBER     1u

/* Page states: top byte of the word. */
enum { PS_EVICTED = 0, PS_UNLOCKED = 1, PS_SHARED_MAX = 250, PS_EXCLUSIVE = 253, PS_MARKED = 254 };
#define PS_SHIFT        56
#define PS_VERSION      (((uint64_t)1 << PS_SHIFT) - 1)
#define PS_TAG(w)       ((uint32_t)((w) >> PS_SHIFT))
#define PS_MAKE(tag, w) ((uint64_t)(tag) << PS_SHIFT | ((w)&PS_VERSION))
#define PARK_BUCKETS    256
#define DWB_PAGES       128

typedef struct FileHeader {
    char magic[8];
    uint32_t format;
    uint32_t page_size;
    uint64_t features;
    StoreMaster master;
    uint64_t check; /* xxh3 of what is before */
} FileHeader;

struct Store {
    Os *os;
    Wal *wal;
    OsFile *file, *dwb;
    char *path, *dwb_path;
    StoreOptions options;
    SmoRedoFn smo_redo;
    OsMutex master_mutex;
    StoreMaster master;

    uint8_t *mem;
    _Atomic uint64_t *state;
    _Atomic Lsn *rec_lsn;
    _Atomic uint8_t *io;
    uint32_t *slot; /* place in resident + 1 */
    Lsn redo_lsn;   /* during redo: what page_dirty notes */
    OsEvent park[PARK_BUCKETS];

    OsMutex pool_mutex; /* resident list */
    PageNo *resident;
    uint64_t resident_count, resident_size, hand, limit;
    _Atomic uint64_t resident_now;

    OsMutex space_mutex;
    uint64_t *used; /* bitmap of pages in use or reserved */
    uint64_t page_count, hint;
    uint64_t group_count; /* map pages that exist */

    OsMutex dir_mutex;
    Map trees; /* TreeId -> DirSlot */
    TreeId last_tree;
    PageNo dir_last;
    uint32_t dir_last_count;
    Arena dir_arena;
    struct DirSlot *dir_free;

    OsMutex flush_mutex;
    uint8_t *flush_buf; /* DWB header page and DWB_PAGES pages */
    OsThread *writer;
    _Atomic bool stop;
    OsEvent writer_wake;
};

typedef struct DirSlot {
    TreeEntry entry;
    PageNo page;
    uint32_t slot;
    struct DirSlot *next_free;
} DirSlot;

static inline PageHeader *store_page(Store *s, PageNo page)
{
    return (PageHeader *)(void *)(s->mem + page * PAGE_STRIDE);
}

/* pool.c */
Status pool_create(Cx *cx, Store *s);
void pool_free(Store *s);
bool page_trylock_shared(Store *s, PageNo page, PageRef *ref_out);
void pool_evict(Store *s, uint64_t want);
uint32_t page_checksum(const PageHeader *h, PageNo page);

/* flush.c */
Status dwb_open(Cx *cx, Store *s, bool create);
Status flush_pages(Cx *cx, Store *s, const PageNo *pages, uint32_t n, bool wait,
                   uint32_t *done_out);

/* space.c */
void space_note_used(Store *s, PageNo page, bool used);
Status space_create(Cx *cx, Store *s);

/* directory.c */
Status dir_create(Cx *cx, Store *s);
Status dir_load(Cx *cx, Store *s);

/* smo.c */
enum { SMO_OP_IMAGE = 1, SMO_OP_BYTES = 2, SMO_OP_BIT = 3, SMO_OP_CALL = 4 };

#endif
