/*
 * file.c - the file itself: header blocks, the master record, opening, creating, refusing.
 */
#include <stdio.h>

#include "store/store_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define STORE_MAGIC "dassie\0\1"

/* One header block, 4096 bytes, two alternating copies. */
typedef struct HeaderBlock {
    char magic[8];
    uint32_t format, page_size;
    uint64_t features; /* none defined: another bit set means a newer dassie wrote the file */
    StoreMaster master;
    uint64_t hash; /* of everything before it */
} HeaderBlock;

uint32_t page_crc(const void *page)
{
    return (uint32_t)XXH3_64bits((const uint8_t *)page + sizeof(uint32_t),
                                 PAGE_SIZE - sizeof(uint32_t));
}

static uint64_t block_hash(const HeaderBlock *b)
{
    return XXH3_64bits(b, offsetof(HeaderBlock, hash));
}

static Status header_write(Cx *cx, Store *s, uint32_t copy)
{
    alignas(4096) uint8_t bytes[STORE_HEADER_BYTES] = {0};
    HeaderBlock b = {.format = STORE_FORMAT, .page_size = PAGE_SIZE, .master = s->master};
    memcpy(b.magic, STORE_MAGIC, sizeof(b.magic));
    b.hash = block_hash(&b);
    memcpy(bytes, &b, sizeof(b));
    return os_file_pwrite(cx, s->file, bytes, sizeof(bytes), (uint64_t)copy * STORE_HEADER_BYTES);
}

void sync_or_halt(Cx *cx, Store *s, OsFile *f)
{
    if (s->options.sync && os_file_sync(cx, f) != ST_OK) {
        os_halt(s->os, cx->err->message);
    }
}

void store_master_get(Store *s, StoreMaster *out)
{
    *out = s->master;
}

Status store_master_put(Cx *cx, Store *s, const StoreMaster *m)
{
    uint64_t seq = s->master.seq + 1;
    s->master = *m;
    s->master.seq = seq;
    TRY(header_write(cx, s, (uint32_t)(seq & 1)));
    store_sync(cx, s);
    return ST_OK;
}

/* header_read - take the newer of the two good copies; refuse everything else with a clear text. */
static Status header_read(Cx *cx, Store *s)
{
    HeaderBlock best = {0};
    bool ours = false;
    for (uint32_t copy = 0; copy < 2; copy++) {
        alignas(4096) uint8_t bytes[STORE_HEADER_BYTES];
        HeaderBlock b;
        size_t n;
        TRY(os_file_pread(cx, s->file, bytes, sizeof(bytes), (uint64_t)copy * STORE_HEADER_BYTES,
                          &n));
        if (n < sizeof(bytes)) {
            continue;
        }
        memcpy(&b, bytes, sizeof(b));
        if (memcmp(b.magic, STORE_MAGIC, sizeof(b.magic)) != 0) {
            continue;
        }
        ours = true;
        if (b.hash == block_hash(&b) && (best.format == 0 || b.master.seq > best.master.seq)) {
            best = b;
        }
    }
    if (!ours) {
        return err_set(cx, ERRCODE_DATA_CORRUPTED, "\"%s\" is not a dassie database file", s->path);
    }
    if (best.format == 0) {
        return err_set(cx, ERRCODE_DATA_CORRUPTED, "the header of \"%s\" is damaged in both copies",
                       s->path);
    }
    if (best.format != STORE_FORMAT || best.features != 0) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "\"%s\" has file format %u, this version of dassie reads format %u", s->path,
                       best.format, STORE_FORMAT);
    }
    if (best.page_size != PAGE_SIZE) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "\"%s\" has pages of %u bytes, this build uses %u", s->path, best.page_size,
                       (unsigned)PAGE_SIZE);
    }
    s->master = best.master;
    return ST_OK;
}

void store_describe_header(const void *bytes, Buf *out)
{
    HeaderBlock b;
    memcpy(&b, bytes, sizeof(b));
    const StoreMaster *m = &b.master;
    if (memcmp(b.magic, STORE_MAGIC, sizeof(b.magic)) != 0) {
        buf_puts(out, "  not the header of a dassie database file\n");
        return;
    }
    buf_printf(out, "  copy %llu: %s, format %u, pages of %u bytes, features %llx, checksum %s\n",
               (unsigned long long)m->seq,
               m->clean != 0 ? "shut down cleanly" : "in use or crashed", b.format, b.page_size,
               (unsigned long long)b.features, b.hash == block_hash(&b) ? "right" : "WRONG");
    buf_printf(out, "    checkpoint %X/%X, next log %X/%X, next xid %llu, commit %llu, oid %llu\n",
               (unsigned)(m->checkpoint_lsn >> 32), (unsigned)m->checkpoint_lsn,
               (unsigned)(m->next_lsn >> 32), (unsigned)m->next_lsn,
               (unsigned long long)m->next_xid, (unsigned long long)m->next_csn,
               (unsigned long long)m->next_oid);
}

/* ThreadSanitizer leaves a program 1.5 TiB for all its mappings, in pieces: 1 TiB often finds none.
 */
#ifdef __SANITIZE_THREAD__
#define MAX_PAGES_DEFAULT ((uint64_t)1 << 24)
#else
#define MAX_PAGES_DEFAULT ((uint64_t)1 << 27)
#endif

static Status store_map(Cx *cx, Store *s)
{
    uint64_t max = s->options.max_pages != 0 ? s->options.max_pages : MAX_PAGES_DEFAULT;
    s->options.max_pages = max;
    s->mapping_bytes = max * STORE_STRIDE + (size_t)256 * 1024;
    s->pages = os_mem_reserve(s->mapping_bytes);
    s->state = os_mem_reserve(max * sizeof(uint64_t));
    s->rec_lsn = os_mem_reserve(max * sizeof(uint64_t));
    s->io = os_mem_reserve(max);
    if (!dwb_init(s) || s->pages == NULL || s->state == NULL || s->rec_lsn == NULL ||
        s->io == NULL) {
        st_ignore(err_set(cx, ERRCODE_OUT_OF_MEMORY,
                          "could not reserve address space for the buffer pool"));
        return err_hint(
            cx, "The kernel may be set to vm.overcommit_memory=2, which dassie cannot work under.");
    }
    return ST_OK;
}

static Status store_init(Cx *cx, Os *os, const char *path, const StoreOptions *o, Store **out)
{
    size_t n = strlen(path) + 1;
    Store *s = mem_zalloc("store", sizeof(*s));
    *out = s;
    s->os = os;
    s->options = *o;
    s->path = memcpy(mem_alloc("store", n), path, n);
    s->resident_max = (uint32_t)MAX(o->pool_bytes / PAGE_SIZE, (uint64_t)16);
    os_mutex_init(&s->evict_mutex, "store.evict", RANK_EVICT);
    os_mutex_init(&s->space_mutex, "store.space", RANK_SPACE);
    os_mutex_init(&s->trees_mutex, "store.trees", RANK_TREES);
    os_mutex_init(&s->write_mutex, "store.write", RANK_WRITE);
    map_init(&s->trees);
    return store_map(cx, s);
}

void store_stop(Store *s)
{
    atomic_store(&s->stop, true);
    if (s->writer != NULL) {
        os_event_signal(s->os, &s->writer_event);
        os_thread_join(s->writer);
        s->writer = NULL;
    }
    if (s->syncer != NULL) {
        os_event_signal(s->os, &s->sync_wanted);
        os_thread_join(s->syncer);
        s->syncer = NULL;
    }
}

void store_close(Store *s)
{
    if (s == NULL) {
        return;
    }
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "path", 0);
    Cx cx = {.err = &err, .arena = &arena};
    store_stop(s);
    dwb_close(&cx, s);
    arena_release(&arena);
    os_file_close(s->file);
    MapSlot slot;
    for (uint32_t pos = 0; map_next(&s->trees, &pos, &slot);) {
        mem_free(slot.value);
    }
    map_release(&s->trees);
    if (s->pages != NULL) {
        os_mem_unreserve(s->pages, s->mapping_bytes);
    }
    if (s->state != NULL) {
        os_mem_unreserve((void *)s->state, s->options.max_pages * sizeof(uint64_t));
    }
    if (s->rec_lsn != NULL) {
        os_mem_unreserve((void *)s->rec_lsn, s->options.max_pages * sizeof(uint64_t));
    }
    if (s->io != NULL) {
        os_mem_unreserve((void *)s->io, s->options.max_pages);
    }
    dwb_release(s);
    mem_free(s->residents);
    mem_free(s->huge_done);
    mem_free(s->used);
    mem_free(s->path);
    mem_free(s);
}

static Status store_lock(Cx *cx, Store *s)
{
    Status st = os_file_lock(cx, s->file);
    if (st == ST_BUSY) {
        return err_set(cx, ERRCODE_OBJECT_IN_USE,
                       "database file \"%s\" is already served by another process", s->path);
    }
    return st;
}

Status store_sync_parent(Cx *cx, Store *s)
{
    Arena arena;
    if (!s->options.sync) {
        return ST_OK;
    }
    arena_init(&arena, NULL, "path", 0);
    char *parent = arena_strdup(&arena, s->path);
    char *slash = strrchr(parent, '/');
    if (slash != NULL) {
        slash[slash == parent ? 1 : 0] = '\0';
    }
    Status st = os_sync_dir(cx, s->os, slash != NULL ? parent : ".");
    arena_release(&arena);
    return st;
}

/* format_page - one of the first pages of a new file, written directly: there is no log yet. */
static Status format_page(Cx *cx, Store *s, PageNo page, PageType type)
{
    memset(s->batch, 0, PAGE_SIZE);
    PageHeader *h = (PageHeader *)(void *)s->batch;
    h->type = (uint8_t)type;
    h->page = page;
    h->heap_top = (uint16_t)(PAGE_SIZE > UINT16_MAX ? 0 : PAGE_SIZE);
    if (type == PAGE_SPACE_MAP) {
        for (PageNo p = 0; p <= TREE_DIR_PAGE; p++) {
            space_bit_set(h, p, true);
        }
    } else {
        h->first_rowid = 1; /* next tree id */
    }
    h->crc = page_crc(h);
    return os_file_pwrite(cx, s->file, s->batch, PAGE_SIZE, page * PAGE_SIZE);
}

/* store_format - the first pages, as they are in an empty database. */
static Status store_format(Cx *cx, Store *s)
{
    TRY(os_file_truncate(cx, s->file, (uint64_t)STORE_FIRST_PAGE * PAGE_SIZE));
    TRY(os_file_allocate(cx, s->file, 0, (uint64_t)(TREE_DIR_PAGE + 1) * PAGE_SIZE));
    TRY(format_page(cx, s, STORE_FIRST_PAGE, PAGE_SPACE_MAP));
    TRY(format_page(cx, s, TREE_DIR_PAGE, PAGE_TREE_DIR));
    sync_or_halt(cx, s, s->file);
    return ST_OK;
}

bool store_is_new(Store *s)
{
    return s->master.checkpoint_lsn == 0 && s->master.next_lsn == STORE_FIRST_LSN;
}

Status store_open(Cx *cx, Os *os, const char *path, const StoreOptions *o, Store **store_out)
{
    Store *s = NULL;
    uint64_t size = 0;
    Status st = ST_OK;
    *store_out = NULL;
    TRY_OUT(store_init(cx, os, path, o, &s));
    s->recovering = true;
    TRY_OUT(os_file_open(cx, os, path, 0, &s->file));
    TRY_OUT(store_lock(cx, s));
    TRY_OUT(header_read(cx, s));
    if (store_is_new(s)) {
        /* No checkpoint ever: what is in the pages belongs to a log that is not read, and its LSNs
         * will come again. */
        TRY_OUT(store_format(cx, s));
    }
    TRY_OUT(os_file_size(cx, s->file, &size));
    TRY_OUT(dwb_open(cx, s));
    atomic_store(&s->page_count, MIN(size / PAGE_SIZE, s->options.max_pages));
    *store_out = s;
    return ST_OK;
out:
    store_close(s);
    return st;
}

/* store_create_file - made under another name, so that a crash leaves no file that is not yet one
 * of ours. */
static Status store_create_file(Cx *cx, Store *s, const char *fresh)
{
    bool exists;
    TRY(os_file_open(cx, s->os, fresh, OS_OPEN_CREATE, &s->file));
    TRY(store_lock(cx, s));
    TRY(os_file_truncate(cx, s->file, 0));
    TRY(store_format(cx, s));
    s->master = (StoreMaster){.seq = 1,
                              .next_xid = 1,
                              .next_csn = 1,
                              .next_oid = 16384,
                              .next_lsn = STORE_FIRST_LSN,
                              .clean = 1};
    os_random(s->os, &s->master.system_id, sizeof(s->master.system_id));
    TRY(header_write(cx, s, 0));
    TRY(header_write(cx, s, 1));
    sync_or_halt(cx, s, s->file);
    TRY(os_exists(cx, s->os, s->path, &exists));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_FILE, "could not create file \"%s\": File exists",
                       s->path);
    }
    return os_rename(cx, s->os, fresh, s->path);
}

Status store_create(Cx *cx, Os *os, const char *path, const StoreOptions *o, Store **store_out)
{
    Store *s = NULL;
    Status st = ST_OK;
    Arena arena;
    *store_out = NULL;
    arena_init(&arena, NULL, "path", 0);
    TRY_OUT(store_init(cx, os, path, o, &s));
    s->recovering = true;
    TRY_OUT(store_create_file(cx, s, arena_printf(&arena, "%s-new", path)));
    TRY_OUT(dwb_open(cx, s));
    atomic_store(&s->page_count, TREE_DIR_PAGE + 1);
    *store_out = s;
    arena_release(&arena);
    return ST_OK;
out:
    arena_release(&arena);
    store_close(s);
    return st;
}

void store_attach_wal(Store *s, Wal *wal)
{
    s->wal = wal;
}

uint64_t store_page_count(Store *s)
{
    return atomic_load(&s->page_count);
}

const char *store_path(const Store *s)
{
    return s->path;
}

Status store_admit(Cx *cx, Store *s, size_t bytes)
{
    return wal_admit(cx, s->wal, bytes);
}
