/*
 * file.c - the database file: its header in two alternating copies, opening, the master record.
 */
#include "base/log.h"
#include "store/store_internal.h"

static const char FILE_MAGIC[8] = {'d', 'a', 's', 's', 'i', 'e', 'd', 'b'};

static void header_fill(const Store *s, FileHeader *h)
{
    memset(h, 0, sizeof(*h));
    memcpy(h->magic, FILE_MAGIC, sizeof(FILE_MAGIC));
    h->format = FORMAT_NUMBER;
    h->page_size = PAGE_SIZE;
    h->master = s->master;
    h->check = hash_bytes(h, offsetof(FileHeader, check), 0);
}

/* header_read - the newer of the two copies that are whole. */
static Status header_read(Cx *cx, Store *s)
{
    uint8_t bytes[HEADER_BYTES];
    size_t n = 0;
    bool found = false, ours = false;
    memset(bytes, 0, sizeof(bytes));
    TRY(os_file_pread(cx, s->file, bytes, sizeof(bytes), 0, &n));
    for (uint32_t i = 0; i < 2; i++) {
        FileHeader h;
        memcpy(&h, bytes + i * HEADER_COPY_BYTES, sizeof(h));
        if (memcmp(h.magic, FILE_MAGIC, sizeof(FILE_MAGIC)) != 0) {
            continue;
        }
        ours = true;
        if (h.check != hash_bytes(&h, offsetof(FileHeader, check), 0)) {
            continue;
        }
        if (h.format != FORMAT_NUMBER) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "\"%s\" has file format %u, this program reads format %u only", s->path,
                           h.format, FORMAT_NUMBER);
        }
        if (h.page_size != PAGE_SIZE) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "\"%s\" has pages of %u bytes, this program is built for %u", s->path,
                           h.page_size, (unsigned)PAGE_SIZE);
        }
        if (!found || h.master.seq > s->master.seq) {
            s->master = h.master;
            found = true;
        }
    }
    if (!ours) {
        return err_set(cx, ERRCODE_DATA_CORRUPTED, "\"%s\" is not a dassie database file", s->path);
    }
    return found ? ST_OK
                 : err_set(cx, ERRCODE_DATA_CORRUPTED, "both header copies of \"%s\" are damaged",
                           s->path);
}

static Status header_write(Cx *cx, Store *s)
{
    uint8_t bytes[HEADER_COPY_BYTES];
    FileHeader h;
    header_fill(s, &h);
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, &h, sizeof(h));
    TRY(os_file_pwrite(cx, s->file, bytes, sizeof(bytes), (s->master.seq & 1) * HEADER_COPY_BYTES));
    if (s->options.sync && os_file_sync(cx, s->file) != ST_OK) {
        log_err(LOG_FATAL, cx->err);
        os_halt(s->os, "sync of the database file failed");
    }
    return ST_OK;
}

static char *store_path(const char *path, const char *suffix)
{
    size_t a = strlen(path), b = strlen(suffix);
    char *p = mem_alloc("store", a + b + 1);
    memcpy(p, path, a);
    memcpy(p + a, suffix, b + 1);
    return p;
}

static Store *store_make(Os *os, const char *path, const StoreOptions *o)
{
    Store *s = mem_zalloc("store", sizeof(*s));
    s->os = os;
    s->options = *o;
    s->path = store_path(path, "");
    s->dwb_path = store_path(path, "-dwb");
    os_mutex_init(&s->master_mutex, "master", STORE_RANK_DIR);
    os_mutex_init(&s->space_mutex, "space", STORE_RANK_SPACE);
    os_mutex_init(&s->dir_mutex, "tree directory", STORE_RANK_DIR);
    os_mutex_init(&s->flush_mutex, "page flush", STORE_RANK_FLUSH);
    map_init(&s->trees);
    arena_init(&s->dir_arena, NULL, "tree directory", 0);
    return s;
}

static void store_free(Store *s)
{
    pool_free(s);
    os_file_close(s->file);
    os_file_close(s->dwb);
    map_release(&s->trees);
    arena_release(&s->dir_arena);
    mem_free(s->flush_buf);
    mem_free(s->path);
    mem_free(s->dwb_path);
    mem_free(s);
}

static Status store_open_file(Cx *cx, Store *s, uint32_t flags)
{
    TRY(os_file_open(cx, s->os, s->path, flags, &s->file));
    Status st = os_file_lock(cx, s->file);
    if (st == ST_BUSY) {
        return err_set(cx, ERRCODE_OBJECT_IN_USE,
                       "database file \"%s\" is in use by another server", s->path);
    }
    return st;
}

static Status store_create_steps(Cx *cx, Store *s)
{
    TRY(pool_create(cx, s));
    TRY(store_open_file(cx, s, OS_OPEN_CREATE | OS_OPEN_EXCL));
    os_random(s->os, &s->master.system_id, sizeof(s->master.system_id));
    s->master.next_xid = 1;
    s->master.next_csn = 2;
    s->master.next_oid = 16384;
    s->master.next_lsn = 4096;
    s->master.clean = 1; /* an empty file: no log is needed */
    TRY(header_write(cx, s));
    s->master.seq++;
    TRY(header_write(cx, s));
    return dwb_open(cx, s, true);
}

Status store_create(Cx *cx, Os *os, const char *path, const StoreOptions *o, Store **store_out)
{
    Store *s = store_make(os, path, o);
    Status st = store_create_steps(cx, s);
    if (st != ST_OK) {
        store_free(s);
        return st;
    }
    *store_out = s;
    return ST_OK;
}

Status store_open(Cx *cx, Os *os, const char *path, const StoreOptions *o, Store **store_out)
{
    Store *s = store_make(os, path, o);
    Status st = pool_create(cx, s);
    if (st == ST_OK) {
        st = store_open_file(cx, s, 0);
    }
    if (st == ST_OK) {
        st = header_read(cx, s);
    }
    if (st == ST_OK) {
        st = dwb_open(cx, s, true);
    }
    if (st != ST_OK) {
        store_free(s);
        return st;
    }
    *store_out = s;
    return ST_OK;
}

void store_attach_wal(Store *s, Wal *wal)
{
    s->wal = wal;
}

Wal *store_wal(Store *s)
{
    return s->wal;
}

void store_set_smo_redo(Store *s, SmoRedoFn fn)
{
    s->smo_redo = fn;
}

void store_master_get(Store *s, StoreMaster *out)
{
    os_mutex_lock(s->os, &s->master_mutex);
    *out = s->master;
    os_mutex_unlock(s->os, &s->master_mutex);
}

Status store_master_put(Cx *cx, Store *s, const StoreMaster *m)
{
    os_mutex_lock(s->os, &s->master_mutex);
    uint64_t seq = s->master.seq + 1, id = s->master.system_id;
    s->master = *m;
    s->master.seq = seq;
    s->master.system_id = id;
    Status st = header_write(cx, s);
    os_mutex_unlock(s->os, &s->master_mutex);
    return st;
}

void store_close(Store *s)
{
    if (s->writer != NULL) {
        atomic_store(&s->stop, true);
        os_event_signal(s->os, &s->writer_wake);
        os_thread_join(s->writer);
    }
    bool clean = s->master.clean != 0;
    os_file_close(s->dwb);
    s->dwb = NULL;
    if (clean) {
        Err ignored;
        memset(&ignored, 0, sizeof(ignored));
        Cx cx = {.err = &ignored};
        st_ignore(os_unlink(&cx, s->os, s->dwb_path));
    }
    store_free(s);
}

uint64_t store_page_count(Store *s)
{
    os_mutex_lock(s->os, &s->space_mutex);
    uint64_t n = s->page_count;
    os_mutex_unlock(s->os, &s->space_mutex);
    return n;
}

Status store_check(Cx *cx, Store *s, Buf *report, uint64_t *errors_out)
{
    uint64_t n = store_page_count(s);
    for (PageNo p = HEADER_PAGES; p < n; p++) {
        os_mutex_lock(s->os, &s->space_mutex);
        bool used = (s->used[p / 64] >> (p & 63) & 1) != 0;
        os_mutex_unlock(s->os, &s->space_mutex);
        PageRef ref;
        if (!used) {
            continue;
        }
        if (page_lock(cx, s, p, LATCH_SHARED, &ref) != ST_OK) {
            buf_printf(report, "page %llu: %s\n", (unsigned long long)p, cx->err->message);
            (*errors_out)++;
            err_clear(cx);
            continue;
        }
        if (ref.hdr->type == PAGE_FREE || ref.hdr->type > PAGE_SEQUENCE) {
            buf_printf(report, "page %llu: in use but of type %u\n", (unsigned long long)p,
                       ref.hdr->type);
            (*errors_out)++;
        }
        page_unlock(s, &ref);
        TRY(cx_check(cx));
    }
    return ST_OK;
}
