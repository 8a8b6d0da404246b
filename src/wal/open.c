/*
 * open.c - opening, starting and closing a log.
 *
 * Opening an existing log finds its end: the first record from start_lsn on that does not validate.
 * Three things make that end safe to go on from. What was found is synced first, for it may only be
 * in the kernel's cache, and recovery is about to rely on it. Bytes behind the end may hold records
 * of a flush that was cut off; with the same LSNs they would validate if a later, shorter log came
 * to end just before one of them, so they are wiped. Later segments are removed for the same
 * reason.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "wal/wal_internal.h"

#define REGION_BYTES_MIN (64u << 10)

void wal_options_default(WalOptions *o)
{
    uint64_t memory = os_memory_bytes();
    memset(o, 0, sizeof(*o));
    o->segment_bytes = 64u << 20;
    o->first_segment_bytes = 1u << 20;
    o->region_bytes = 4ULL << 30;
    o->resident_bytes = MIN(MAX(memory / 32, 16u << 20), 256u << 20);
    o->resident_max_bytes = memory / 8;
    o->sync = true;
}

static uint64_t wal_power_of_two(uint64_t n)
{
    uint64_t p = 1;
    while (p < n) {
        p *= 2;
    }
    return p;
}

static void wal_free(Wal *wal)
{
    for (uint32_t i = 0; i < wal->segment_count; i++) {
        os_file_close(wal->segments[i]->file);
        mem_free(wal->segments[i]);
    }
    os_mem_unreserve(wal->region_map, wal->region_bytes + WAL_HUGE_BYTES);
    os_mem_unreserve(wal->bounce, WAL_BOUNCE_BYTES);
    mem_free(wal->segments);
    mem_free(wal->chunks);
    mem_free(wal->cold);
    mem_free(wal->dir);
    os_mem_unreserve(wal, sizeof(*wal));
}

/* wal_new - the state in memory, without files. */
static Status wal_new(Cx *cx, Os *os, const char *dir, const WalOptions *o, Wal **wal_out)
{
    Wal *wal = os_mem_reserve(sizeof(*wal)); /* zeros, and aligned for its slots */
    if (wal == NULL) {
        return err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory");
    }
    wal->os = os;
    size_t dir_bytes = strlen(dir) + 1;
    wal->dir = mem_alloc("wal", dir_bytes);
    memcpy(wal->dir, dir, dir_bytes);
    wal->options = *o;
    wal->options.segment_bytes = ALIGN_UP(MAX(o->segment_bytes, 1), (uint64_t)WAL_BLOCK_BYTES);
    wal->options.first_segment_bytes =
        ALIGN_UP(MAX(o->first_segment_bytes, 1), (uint64_t)WAL_BLOCK_BYTES);
    wal->region_bytes = wal_power_of_two(MAX(o->region_bytes, REGION_BYTES_MIN));
    wal->chunk_bytes = MIN(WAL_CHUNK_BYTES, wal->region_bytes / 16);
    wal->chunk_count = wal->region_bytes / wal->chunk_bytes;
    wal->chunk_shift = (uint32_t)__builtin_ctzll(wal->chunk_bytes);
    wal->kick_shift = wal->chunk_shift - 2;
    uint64_t resident = o->resident_bytes / wal->chunk_bytes;
    wal->resident_chunks = MIN(MAX(resident, 2), wal->chunk_count - 4);
    uint64_t most = o->resident_max_bytes / wal->chunk_bytes;
    wal->resident_chunks_max = MIN(MAX(most, wal->resident_chunks), wal->chunk_count - 4);
    atomic_init(&wal->keep_lsn, UINT64_MAX);
    /* What is read in search of the end is read again by redo: it stays as far as there is room. */
    wal->cold_max = wal->cold_size = (uint32_t)MAX(wal->resident_chunks_max, 2);
    wal->chunks = mem_zalloc("wal", wal->chunk_count * sizeof(uint64_t));
    wal->cold = mem_zalloc("wal", wal->cold_size * sizeof(uint64_t));
    wal->region_map = os_mem_reserve(wal->region_bytes + WAL_HUGE_BYTES);
    wal->region = (uint8_t *)ALIGN_UP((uintptr_t)wal->region_map, (uintptr_t)WAL_HUGE_BYTES);
    wal->bounce = os_mem_reserve(WAL_BOUNCE_BYTES);
    if (wal->region_map == NULL || wal->bounce == NULL) {
        wal_free(wal);
        st_ignore(err_set(cx, ERRCODE_OUT_OF_MEMORY,
                          "could not reserve %llu bytes of address space for the log",
                          (unsigned long long)o->region_bytes));
        return err_hint(cx, "The machine's vm.overcommit_memory may be 2.");
    }
    if (!os->simulated && 2 * wal->chunk_bytes == WAL_HUGE_BYTES) {
        /* Old versions are read all over the log: with small pages most of such a look is spent on
           finding the address. */
        wal->huge = true;
        os_mem_prefer_huge(wal->region, wal->region_bytes);
    }
    for (uint32_t i = 0; i < WAL_SLOTS; i++) {
        atomic_init(&wal->slots[i].lsn, WAL_SLOT_FREE);
    }
    os_mutex_init(&wal->flush_mutex, "wal-flush", WAL_RANK_FLUSH);
    os_mutex_init(&wal->alloc_mutex, "wal-alloc", WAL_RANK_ALLOC);
    os_mutex_init(&wal->chunk_mutex, "wal-chunk", WAL_RANK_CHUNK);
    os_mutex_init(&wal->segment_mutex, "wal-segments", WAL_RANK_SEGMENTS);
    *wal_out = wal;
    return ST_OK;
}

/* wal_set_positions - the log ends at head, and everything below is durable. */
static void wal_set_positions(Wal *wal, Lsn tail, Lsn head)
{
    atomic_store(&wal->head, head);
    atomic_store(&wal->flushed, head);
    atomic_store(&wal->flush_wanted, head);
    atomic_store(&wal->tail, tail);
}

static Status wal_sync_parent(Cx *cx, Wal *wal)
{
    char parent[WAL_PATH_BYTES];
    (void)snprintf(parent, sizeof(parent), "%s", wal->dir);
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        (void)snprintf(parent, sizeof(parent), ".");
    } else {
        slash[slash == parent ? 1 : 0] = '\0';
    }
    return os_sync_dir(cx, wal->os, parent);
}

bool wal_name_parse(const char *name, Lsn *start_out)
{
    char *end;
    if (strlen(name) != 20 || strcmp(name + 16, ".wal") != 0) {
        return false;
    }
    *start_out = strtoull(name, &end, 16);
    return end == name + 16;
}

static Status wal_remove_name(Cx *cx, Wal *wal, const char *name)
{
    char path[WAL_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", wal->dir, name);
    return os_unlink(cx, wal->os, path);
}

/* wal_remove_ours - unlink the files of a log: all of them, or what a crash left half made. */
static Status wal_remove_ours(Cx *cx, Wal *wal, Arena *arena, bool all)
{
    char **names;
    uint32_t count;
    Lsn start;
    TRY(os_list_dir(cx, wal->os, arena, wal->dir, &names, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(names[i], "new.tmp") == 0 || (all && wal_name_parse(names[i], &start))) {
            TRY(wal_remove_name(cx, wal, names[i]));
        }
    }
    return ST_OK;
}

static Status wal_create_files(Cx *cx, Wal *wal, Arena *arena, Lsn start_lsn)
{
    TRY(os_mkdir(cx, wal->os, wal->dir));
    TRY(wal_remove_ours(cx, wal, arena, true));
    atomic_store(&wal->alloc_end, start_lsn & ~(Lsn)(WAL_BLOCK_BYTES - 1));
    TRY(wal_alloc_ensure(cx, wal, start_lsn + 1));
    if (wal->options.sync) {
        TRY(os_sync_dir(cx, wal->os, wal->dir));
        TRY(wal_sync_parent(cx, wal));
    }
    wal_set_positions(wal, start_lsn, start_lsn);
    return ST_OK;
}

static int wal_start_compare(const void *a, const void *b)
{
    Lsn x = *(const Lsn *)a, y = *(const Lsn *)b;
    return x < y ? -1 : x > y;
}

static Status wal_segment_open(Cx *cx, Wal *wal, Lsn start)
{
    char path[WAL_PATH_BYTES];
    OsFile *file;
    uint64_t bytes;
    (void)wal_segment_path(wal, start, path, sizeof(path));
    TRY(os_file_open(cx, wal->os, path, OS_OPEN_DIRECT, &file));
    Status st = os_file_size(cx, file, &bytes);
    if (st != ST_OK) {
        os_file_close(file);
        return st;
    }
    WalSegment *seg = mem_zalloc("wal", sizeof(*seg));
    seg->start = start;
    seg->bytes = bytes & ~(uint64_t)(WAL_BLOCK_BYTES - 1);
    seg->file = file;
    wal_segment_list_add(wal, seg);
    return ST_OK;
}

/* wal_open_run - the unbroken run of segments around start_lsn, opened. */
static Status wal_open_run(Cx *cx, Wal *wal, const Lsn *starts, const uint64_t *sizes,
                           uint32_t count, Lsn start_lsn)
{
    uint32_t at = count;
    while (at > 0 && starts[at - 1] > start_lsn) {
        at--;
    }
    if (at == 0 || starts[at - 1] + sizes[at - 1] < start_lsn) {
        return err_set(cx, ERRCODE_DATA_CORRUPTED,
                       "the log segment that holds %X/%X is missing from \"%s\"",
                       (unsigned)(start_lsn >> 32), (unsigned)start_lsn, wal->dir);
    }
    uint32_t first = at - 1;
    while (first > 0 && starts[first - 1] + sizes[first - 1] == starts[first]) {
        first--;
    }
    for (uint32_t i = first; i < count; i++) {
        if (i > first && starts[i] != atomic_load(&wal->alloc_end)) {
            break;
        }
        TRY(wal_segment_open(cx, wal, starts[i]));
    }
    return ST_OK;
}

/* wal_open_segments - open the run that covers start_lsn; all other segments are of no use and
 * removed: what is before a gap was already given up, what is behind one cannot be reached. */
static Status wal_open_segments(Cx *cx, Wal *wal, Arena *arena, Lsn start_lsn)
{
    char **names, path[WAL_PATH_BYTES];
    uint32_t count, found = 0;
    OsFile *file;
    TRY(os_list_dir(cx, wal->os, arena, wal->dir, &names, &count));
    Lsn *starts = ARENA_ARRAY(arena, Lsn, count + 1);
    uint64_t *sizes = ARENA_ARRAY(arena, uint64_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        found += wal_name_parse(names[i], &starts[found]);
    }
    array_sort(starts, found, sizeof(Lsn), wal_start_compare);
    for (uint32_t i = 0; i < found; i++) {
        (void)wal_segment_path(wal, starts[i], path, sizeof(path));
        TRY(os_file_open(cx, wal->os, path, OS_OPEN_READONLY, &file));
        Status st = os_file_size(cx, file, &sizes[i]);
        os_file_close(file);
        TRY(st);
        sizes[i] &= ~(uint64_t)(WAL_BLOCK_BYTES - 1);
    }
    TRY(wal_open_run(cx, wal, starts, sizes, found, start_lsn));
    for (uint32_t i = 0; i < found; i++) {
        if (starts[i] < wal->segments[0]->start || starts[i] >= atomic_load(&wal->alloc_end)) {
            TRY(os_unlink(cx, wal->os, wal_segment_path(wal, starts[i], path, sizeof(path))));
        }
    }
    return ST_OK;
}

/* wal_find_in_piece - the records of n raw bytes at lsn, from *at on; *at comes to the first that
 * is not whole there. As wal_parse. */
static Status wal_find_in_piece(const Wal *wal, Lsn lsn, const uint8_t *piece, size_t n, size_t *at,
                                size_t *need_out)
{
    for (;;) {
        WalHeader hdr;
        Slice body;
        Status st = wal_parse(lsn + *at, piece + *at, n - *at, &hdr, &body, need_out);
        if (st != ST_OK) {
            return st;
        }
        if (wal->options.on_found != NULL) {
            wal->options.on_found(wal->options.on_found_arg, lsn + *at, &hdr, body);
        }
        *at += hdr.len;
    }
}

/* wal_find_end - the first LSN from start on that holds no valid record. */
static Status wal_find_end(Cx *cx, Wal *wal, Lsn start, Lsn *end_out)
{
    Status st = ST_RESTART;
    size_t room = wal->chunk_bytes, need = 0;
    uint8_t *piece = mem_alloc("wal", room);
    WalAhead *ahead = wal_ahead_start(wal, start, atomic_load(&wal->alloc_end));
    while (st == ST_RESTART) {
        size_t at = 0;
        if (need > room) {
            room = need;
            piece = mem_realloc("wal", piece, room);
        }
        /* Up to the end of a chunk: the next piece begins where the next chunk does. */
        size_t n = room - (size_t)((start + room) & (wal->chunk_bytes - 1));
        n = n < sizeof(WalHeader) || n < need ? room : n;
        wal_ahead_at(ahead, start);
        st = wal_read_raw(cx, wal, start, piece, n);
        if (st == ST_OK) {
            st = wal_find_in_piece(wal, start, piece, n, &at, &need);
        }
        start += at;
    }
    wal_ahead_end(ahead);
    mem_free(piece);
    *end_out = start;
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* wal_remove_after - the segments behind the one the log ends in. */
static Status wal_remove_after(Cx *cx, Wal *wal, Lsn head)
{
    char path[WAL_PATH_BYTES];
    while (wal->segment_count > 1 && wal->segments[wal->segment_count - 1]->start >= head) {
        WalSegment *seg = wal->segments[--wal->segment_count];
        os_file_close(seg->file);
        TRY(os_unlink(cx, wal->os, wal_segment_path(wal, seg->start, path, sizeof(path))));
        atomic_store(&wal->alloc_end, seg->start);
        mem_free(seg);
    }
    return ST_OK;
}

/* wal_wipe_behind - zeros from head on, as far as a cut-off flush can have written. */
static Status wal_wipe_behind(Cx *cx, Wal *wal, Lsn head)
{
    WalSegment *seg = wal->segments[wal->segment_count - 1];
    Lsn at = head & ~(Lsn)(WAL_BLOCK_BYTES - 1);
    Lsn end = MIN(seg->start + seg->bytes, head + WAL_ROUND_BYTES + WAL_BLOCK_BYTES);
    size_t got, keep = (size_t)(head - at);
    while (at < end) {
        size_t part = (size_t)MIN(end - at, WAL_BOUNCE_BYTES) & ~(size_t)(WAL_BLOCK_BYTES - 1);
        if (part == 0) {
            break;
        }
        memset(wal->bounce, 0, part);
        if (keep != 0) {
            TRY(os_file_pread(cx, seg->file, wal->bounce, WAL_BLOCK_BYTES, at - seg->start, &got));
            memset(wal->bounce + keep, 0, WAL_BLOCK_BYTES - keep);
            keep = 0;
        }
        TRY(os_file_pwrite(cx, seg->file, wal->bounce, part, at - seg->start));
        at += part;
    }
    return ST_OK;
}

static Status wal_open_files(Cx *cx, Wal *wal, Arena *arena, Lsn start_lsn)
{
    Lsn head;
    TRY(wal_remove_ours(cx, wal, arena, false));
    TRY(wal_open_segments(cx, wal, arena, start_lsn));
    TRY(wal_find_end(cx, wal, start_lsn, &head));
    TRY(wal_remove_after(cx, wal, head));
    TRY(wal_wipe_behind(cx, wal, head));
    for (uint32_t i = 0; wal->options.sync && i < wal->segment_count; i++) {
        TRY(os_file_sync(cx, wal->segments[i]->file));
    }
    if (wal->options.sync) {
        TRY(os_sync_dir(cx, wal->os, wal->dir));
    }
    wal_set_positions(wal, wal->segments[0]->start, head);
    return ST_OK;
}

Status wal_open(Cx *cx, Os *os, const char *dir, const WalOptions *o, Lsn start_lsn, bool create,
                Wal **wal_out)
{
    ASSERT(start_lsn > 0 && start_lsn % 8 == 0);
    Wal *wal = NULL;
    Status st = ST_OK;
    Arena arena;
    TRY(wal_new(cx, os, dir, o, &wal));
    arena_init(&arena, NULL, "wal-open", 0);
    TRY_OUT(create ? wal_create_files(cx, wal, &arena, start_lsn)
                   : wal_open_files(cx, wal, &arena, start_lsn));
    TRY_OUT(wal_chunk_reset(cx, wal, atomic_load(&wal->head)));
    *wal_out = wal;
out:
    arena_release(&arena);
    if (st != ST_OK) {
        wal_free(wal);
    }
    return st;
}

Status wal_start(Cx *cx, Wal *wal)
{
    ASSERT(!wal->started);
    wal_chunk_calm(wal);
    TRY(os_thread_create(cx, wal->os, "wal-writer", wal_writer_main, wal, &wal->writer));
    wal->started = true;
    Status st =
        os_thread_create(cx, wal->os, "wal-alloc", wal_preallocator_main, wal, &wal->preallocator);
    return st;
}

/* wal_stop - end the threads; the writer first flushes what was asked for. */
static void wal_stop(Wal *wal)
{
    atomic_store(&wal->stopping, 1);
    os_event_signal(wal->os, &wal->work_event);
    os_event_signal(wal->os, &wal->alloc_event);
    if (wal->writer != NULL) {
        os_thread_join(wal->writer);
    }
    if (wal->preallocator != NULL) {
        os_thread_join(wal->preallocator);
    }
    wal->started = false;
}

Status wal_close(Cx *cx, Wal *wal, bool remove)
{
    Status st = wal_flush_wait(cx, wal, wal_head(wal));
    wal_stop(wal);
    if (remove && st == ST_OK) {
        Arena arena;
        arena_init(&arena, NULL, "wal-close", 0);
        st = wal_remove_ours(cx, wal, &arena, true);
        arena_release(&arena);
        if (st == ST_OK) {
            st = os_rmdir(cx, wal->os, wal->dir);
        }
        if (st == ST_OK && wal->options.sync) {
            st = wal_sync_parent(cx, wal);
        }
    }
    wal_free(wal);
    return st;
}
