/*
 * segment.c - the files of the log.
 *
 * A segment is named after the LSN it starts at (16 hexadecimal digits), so giving an old one a new
 * place is a rename. A new one is written full of zeros under another name, synced, then renamed:
 * whoever finds the final name finds a whole file. Sizes double from the first to the full size.
 */
#include <stdio.h>

#include "base/arena.h"
#include "wal/wal_internal.h"

#define FILL_PIECE_BYTES (256u << 10)
#define FILL_SYNC_BYTES  (4u << 20) /* keep the device free for commits in between */

char *wal_segment_path(Wal *wal, Lsn start, char *buf, size_t n)
{
    int used = snprintf(buf, n, "%s/%016llx.wal", wal->dir, (unsigned long long)start);
    ASSERT(used > 0 && (size_t)used < n);
    return buf;
}

void wal_segment_list_add(Wal *wal, WalSegment *seg)
{
    os_mutex_lock(wal->os, &wal->segment_mutex);
    if (wal->segment_count == wal->segment_room) {
        wal->segment_room = wal->segment_room == 0 ? 8 : wal->segment_room * 2;
        wal->segments = mem_realloc("wal", wal->segments, wal->segment_room * sizeof(WalSegment *));
    }
    wal->segments[wal->segment_count++] = seg;
    os_mutex_unlock(wal->os, &wal->segment_mutex);
    atomic_store(&wal->alloc_end, seg->start + seg->bytes);
}

WalSegment *wal_segment_pin(Wal *wal, Lsn lsn)
{
    WalSegment *found = NULL;
    os_mutex_lock(wal->os, &wal->segment_mutex);
    for (uint32_t i = wal->segment_count; i-- > 0;) {
        WalSegment *seg = wal->segments[i];
        if (lsn >= seg->start && lsn < seg->start + seg->bytes) {
            seg->pins++;
            found = seg;
            break;
        }
    }
    os_mutex_unlock(wal->os, &wal->segment_mutex);
    return found;
}

void wal_segment_unpin(Wal *wal, WalSegment *seg)
{
    os_mutex_lock(wal->os, &wal->segment_mutex);
    bool last = --seg->pins == 0 && seg->removed;
    os_mutex_unlock(wal->os, &wal->segment_mutex);
    if (last) {
        os_file_close(seg->file);
        mem_free(seg);
    }
}

/* segment_fill - zeros from start to end, durable. */
static Status segment_fill(Cx *cx, Wal *wal, OsFile *file, uint64_t bytes)
{
    Status st = ST_OK;
    uint8_t *zeros = os_mem_reserve(FILL_PIECE_BYTES);
    if (zeros == NULL) {
        return err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory");
    }
    for (uint64_t at = 0; at < bytes;) {
        size_t part = (size_t)MIN(bytes - at, FILL_PIECE_BYTES);
        TRY_OUT(os_file_pwrite(cx, file, zeros, part, at));
        at += part;
        if (wal->options.sync && (at % FILL_SYNC_BYTES == 0 || at == bytes)) {
            TRY_OUT(os_file_sync(cx, file));
        }
    }
out:
    os_mem_unreserve(zeros, FILL_PIECE_BYTES);
    return st;
}

static uint64_t segment_next_bytes(Wal *wal)
{
    if (wal->segment_count == 0) {
        return wal->options.first_segment_bytes;
    }
    uint64_t last = wal->segments[wal->segment_count - 1]->bytes;
    return MIN(wal->options.segment_bytes, last * 2);
}

Status wal_segment_make(Cx *cx, Wal *wal)
{
    char fresh[WAL_PATH_BYTES], path[WAL_PATH_BYTES];
    OsFile *file = NULL;
    Status st = ST_OK;
    Lsn start = atomic_load(&wal->alloc_end);
    uint64_t bytes = segment_next_bytes(wal);
    (void)snprintf(fresh, sizeof(fresh), "%s/new.tmp", wal->dir);
    (void)wal_segment_path(wal, start, path, sizeof(path));
    TRY(os_file_open(cx, wal->os, fresh, OS_OPEN_CREATE | OS_OPEN_DIRECT, &file));
    TRY_OUT(segment_fill(cx, wal, file, bytes));
    TRY_OUT(os_rename(cx, wal->os, fresh, path));
    if (wal->options.sync) {
        TRY_OUT(os_sync_dir(cx, wal->os, wal->dir));
    }
    WalSegment *seg = mem_zalloc("wal", sizeof(*seg));
    seg->start = start;
    seg->bytes = bytes;
    seg->file = file;
    wal_segment_list_add(wal, seg);
    return ST_OK;
out:
    /* Give the space back: the disk is probably full. The first error is the one to tell. */
    os_file_close(file);
    Err first = *cx->err;
    st_ignore(os_unlink(cx, wal->os, fresh));
    *cx->err = first;
    return st;
}

/* segment_unlist_first - take it off the list; *idle_out tells that no reader has it pinned. */
static WalSegment *segment_unlist_first(Wal *wal, bool *idle_out)
{
    os_mutex_lock(wal->os, &wal->segment_mutex);
    WalSegment *seg = wal->segments[0];
    wal->segment_count--;
    memmove(wal->segments, wal->segments + 1, wal->segment_count * sizeof(WalSegment *));
    *idle_out = seg->pins == 0;
    seg->removed = !*idle_out;
    os_mutex_unlock(wal->os, &wal->segment_mutex);
    return seg;
}

Status wal_segment_drop_first(Cx *cx, Wal *wal, bool recycle)
{
    char path[WAL_PATH_BYTES], reborn[WAL_PATH_BYTES];
    bool idle;
    WalSegment *seg = segment_unlist_first(wal, &idle);
    (void)wal_segment_path(wal, seg->start, path, sizeof(path));
    if (!recycle || !idle) {
        /* A pinned one is closed by its last reader, and may be gone from here on. */
        if (idle) {
            os_file_close(seg->file);
            mem_free(seg);
        }
        return os_unlink(cx, wal->os, path);
    }
    Lsn start = atomic_load(&wal->alloc_end);
    Status st = os_rename(cx, wal->os, path, wal_segment_path(wal, start, reborn, sizeof(reborn)));
    if (st == ST_OK && wal->options.sync) {
        /* Before any new record goes into it: else its old name could come back around them. */
        st = os_sync_dir(cx, wal->os, wal->dir);
    }
    if (st != ST_OK) {
        os_file_close(seg->file);
        mem_free(seg);
        return st;
    }
    seg->start = start;
    os_stop_point(wal->os, "wal.recycled");
    wal_segment_list_add(wal, seg);
    return ST_OK;
}

/* file_first_start - where the first segment begins now. */
static Lsn file_first_start(Wal *wal)
{
    os_mutex_lock(wal->os, &wal->segment_mutex);
    Lsn first = wal->segment_count != 0 ? wal->segments[0]->start : UINT64_MAX;
    os_mutex_unlock(wal->os, &wal->segment_mutex);
    return first;
}

Status wal_file_read(Cx *cx, Wal *wal, Lsn lsn, void *buf, size_t n, size_t *got_out)
{
    size_t done = 0;
    *got_out = 0;
    while (done < n) {
        Lsn at = lsn + done;
        WalSegment *seg = wal_segment_pin(wal, at);
        if (seg == NULL) {
            /* Bytes before the first segment read as zeros: a chunk may begin there, and truncation
             * may take a segment while the chunk is being read. */
            Lsn first = file_first_start(wal);
            if (at >= first) {
                break;
            }
            size_t gone = (size_t)MIN((uint64_t)(n - done), first - at);
            memset((uint8_t *)buf + done, 0, gone);
            done += gone;
            continue;
        }
        uint64_t offset = at - seg->start;
        size_t part = (size_t)MIN((uint64_t)(n - done), seg->bytes - offset);
        size_t got = 0;
        Status st = os_file_pread(cx, seg->file, (uint8_t *)buf + done, part, offset, &got);
        wal_segment_unpin(wal, seg);
        TRY(st);
        done += got;
        if (got < part) {
            break;
        }
    }
    *got_out = done;
    return ST_OK;
}
