/*
 * truncate.c - giving old segments back.
 */
#include "wal/wal_internal.h"

/* truncate_first - the first segment, if it lies wholly below lsn; *recycle_out: the log will want
 * one like it soon. */
static bool truncate_first(Wal *wal, Lsn lsn, bool *recycle_out)
{
    os_mutex_lock(wal->os, &wal->segment_mutex);
    WalSegment *seg = wal->segments[0];
    bool below = wal->segment_count > 1 && seg->start + seg->bytes <= lsn;
    bool full_size = seg->bytes == wal->options.segment_bytes;
    os_mutex_unlock(wal->os, &wal->segment_mutex);
    uint64_t ahead = atomic_load(&wal->alloc_end) - atomic_load(&wal->head);
    *recycle_out = full_size && ahead < 2 * wal->options.segment_bytes;
    return below;
}

Status wal_truncate(Cx *cx, Wal *wal, Lsn lsn)
{
    Status st = ST_OK;
    bool recycle, removed = false;
    Lsn flushed = wal_flushed(wal);
    lsn = MIN(lsn, flushed) & ~(Lsn)7;
    os_mutex_lock(wal->os, &wal->alloc_mutex);
    if (lsn > atomic_load(&wal->tail)) {
        atomic_store(&wal->tail, lsn);
    }
    while (st == ST_OK && truncate_first(wal, lsn, &recycle)) {
        st = wal_segment_drop_first(cx, wal, recycle);
        removed = true;
    }
    if (removed && st == ST_OK && wal->options.sync) {
        st = os_sync_dir(cx, wal->os, wal->dir);
    }
    os_mutex_unlock(wal->os, &wal->alloc_mutex);
    return st;
}

Lsn wal_tail(Wal *wal)
{
    return atomic_load(&wal->tail);
}
