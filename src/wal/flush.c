/*
 * flush.c - group commit: the log writer writes and syncs whatever is complete the moment the last
 * round ends. While a round is on its way to the disk, the next batch gathers by itself; where the
 * disk is so fast that hardly anything does, and many write, a short wait helps (wal_gather).
 *
 * Writes are whole 4 KiB blocks at aligned offsets of preallocated files. The last block of a round
 * is usually not full; its rest is written as zeros, and it is written again by the next round. Its
 * valid bytes are the same both times, so a torn rewrite cannot hurt what was durable. After a
 * failed write or sync nothing is known about the file any more: the process ends.
 */
#include <stdio.h>

#include "base/log.h"
#include "wal/wal_internal.h"

#define FULL_DISK_RETRY_US 100000
#define GATHER_WRITERS_MIN 4   /* fewer would wait for each other longer than it saves */
#define GATHER_ROUNDS      3   /* the wait is no longer than this many rounds take ... */
#define GATHER_US_MAX      400 /* ... nor than this */

static NORETURN void wal_broken(Wal *wal, const Cx *cx)
{
    char why[ERR_MESSAGE_BYTES_MAX + 64];
    (void)snprintf(why, sizeof(why), "the log cannot be written: %s", cx->err->message);
    os_halt(wal->os, why);
}

/* wal_write_piece - blocks [at, end) of one segment and without a wrap of the region; bytes from
 * `bound` on are written as zeros. */
static Status wal_write_piece(Cx *cx, Wal *wal, WalSegment *seg, Lsn at, Lsn end, Lsn bound)
{
    const uint8_t *from = wal->region + (at & (wal->region_bytes - 1));
    Lsn whole_end = MIN(end, bound & ~(Lsn)(WAL_BLOCK_BYTES - 1));
    if (end - at > WAL_BOUNCE_BYTES && whole_end > at) {
        TRY(os_file_pwrite(cx, seg->file, from, whole_end - at, at - seg->start));
        from += whole_end - at;
        at = whole_end;
    }
    if (at == end) {
        return ST_OK;
    }
    size_t valid = (size_t)(MIN(bound, end) - at);
    memcpy(wal->bounce, from, valid);
    memset(wal->bounce + valid, 0, (size_t)(end - at) - valid);
    return os_file_pwrite(cx, seg->file, wal->bounce, (size_t)(end - at), at - seg->start);
}

/* wal_write_range - write and sync [from, bound). */
static Status wal_write_range(Cx *cx, Wal *wal, Lsn from, Lsn bound)
{
    Lsn at = from & ~(Lsn)(WAL_BLOCK_BYTES - 1);
    Lsn end = ALIGN_UP(bound, (Lsn)WAL_BLOCK_BYTES);
    while (at < end) {
        WalSegment *seg = wal_segment_pin(wal, at);
        ASSERT(seg != NULL);
        Lsn seg_end = MIN(end, seg->start + seg->bytes);
        Status st = ST_OK;
        while (at < seg_end && st == ST_OK) {
            Lsn wrap = (at & ~(wal->region_bytes - 1)) + wal->region_bytes;
            Lsn piece_end = MIN(seg_end, wrap);
            st = wal_write_piece(cx, wal, seg, at, piece_end, bound);
            atomic_fetch_add_explicit(&wal->writes, 1, memory_order_relaxed);
            at = piece_end;
        }
        if (st == ST_OK && wal->options.sync) {
            st = os_file_sync(cx, seg->file);
            atomic_fetch_add_explicit(&wal->syncs, 1, memory_order_relaxed);
        }
        wal_segment_unpin(wal, seg);
        TRY(st);
    }
    return ST_OK;
}

/* wal_writer_room - the files must cover what is flushed. wal_admit keeps the disk from being full
 * here; if it is nevertheless, wait: nothing is lost while the records are in memory. */
static void wal_writer_room(Cx *cx, Wal *wal, Lsn bound)
{
    bool told = false;
    while (atomic_load(&wal->alloc_end) < ALIGN_UP(bound, (Lsn)WAL_BLOCK_BYTES)) {
        if (wal_alloc_ensure(cx, wal, bound) == ST_OK) {
            break;
        }
        if (cx->err->sqlstate != ERRCODE_DISK_FULL) {
            wal_broken(wal, cx);
        }
        if (!told) {
            log_err(LOG_ERROR, cx->err);
            told = true;
        }
        os_sleep_us(wal->os, FULL_DISK_RETRY_US);
    }
}

bool wal_flush_round(Wal *wal)
{
    Err err;
    Cx cx = {.err = &err};
    Lsn from = atomic_load(&wal->flushed);
    Lsn bound = wal_complete_bound(wal);
    if (bound <= from) {
        return false;
    }
    wal_writer_room(&cx, wal, bound);
    /* Only the bound is told: it lies between records, so `lsn < flushed` means a whole record. */
    while (from < bound) {
        Lsn part_end = MIN(bound, from + WAL_ROUND_BYTES);
        if (wal_write_range(&cx, wal, from, part_end) != ST_OK) {
            wal_broken(wal, &cx);
        }
        from = part_end;
    }
    DASSERT(atomic_load(&wal->flushed) <= bound); /* I8 */
    atomic_store(&wal->flushed, bound);
    os_event_signal(wal->os, &wal->flushed_event);
    if (wal->on_flush != NULL) {
        wal->on_flush(wal->on_flush_arg, bound);
    }
    return true;
}

/* wal_gather - before a round: give writers that are about to commit a little time, unless as many
 * wait already. A round costs the processor as much as half a transaction, and on a fast disk each
 * would carry a commit or two only. Few clients never wait. */
static void wal_gather(Wal *wal)
{
    int64_t deadline = 0;
    for (;;) {
        uint32_t seen = os_event_value(&wal->gather_event);
        uint32_t writers = atomic_load(&wal->writers);
        if (writers < GATHER_WRITERS_MIN || atomic_load(&wal->requests) >= writers ||
            atomic_load(&wal->stopping) != 0) {
            return;
        }
        int64_t now = os_mono_us(wal->os);
        deadline = deadline == 0 ? now + wal->gather_us : deadline;
        if (now >= deadline) {
            return;
        }
        (void)os_event_wait(wal->os, &wal->gather_event, seen, deadline - now);
    }
}

/* wal_gather_learn - a round took this long: how long it pays to wait before the next. */
static void wal_gather_learn(Wal *wal, int64_t round_us)
{
    int64_t want = MIN(round_us * GATHER_ROUNDS, GATHER_US_MAX);
    wal->gather_us += (want - wal->gather_us) / 8;
}

void wal_writers_add(Wal *wal, int32_t n)
{
    (void)atomic_fetch_add(&wal->writers, (uint32_t)n);
}

void wal_writer_main(void *arg)
{
    Wal *wal = arg;
    uint32_t idle_turns = 0;
    for (;;) {
        uint32_t seen = os_event_value(&wal->work_event);
        Lsn flushed = atomic_load(&wal->flushed);
        bool wanted = atomic_load(&wal->flush_wanted) > flushed;
        bool much = (atomic_load(&wal->head) - flushed) >> wal->kick_shift != 0;
        if (wanted || much) {
            if (!much) {
                wal_gather(wal);
            }
            atomic_store(&wal->requests, 0);
            os_mutex_lock(wal->os, &wal->flush_mutex);
            int64_t began = os_mono_us(wal->os);
            bool advanced = wal_flush_round(wal);
            os_mutex_unlock(wal->os, &wal->flush_mutex);
            if (advanced) {
                idle_turns = 0;
                wal_gather_learn(wal, os_mono_us(wal->os) - began);
                continue;
            }
            if (wanted) {
                /* Some thread is between reserving and completing: a matter of nanoseconds, unless
                 * it lost its processor. */
                if (++idle_turns < 64) {
                    os_pause(wal->os);
                } else {
                    os_sleep_us(wal->os, 20);
                }
                continue;
            }
        }
        if (atomic_load(&wal->stopping) != 0) {
            return;
        }
        (void)os_event_wait(wal->os, &wal->work_event, seen, -1);
    }
}

Lsn wal_flushed(Wal *wal)
{
    return atomic_load_explicit(&wal->flushed, memory_order_acquire);
}

void wal_flush_request(Wal *wal, Lsn lsn)
{
    Lsn wanted = atomic_load(&wal->flush_wanted);
    Lsn head = atomic_load(&wal->head);
    lsn = MIN(lsn, head);
    if (atomic_fetch_add(&wal->requests, 1) + 1 >= atomic_load(&wal->writers)) {
        os_event_signal(wal->os, &wal->gather_event);
    }
    do {
        if (wanted >= lsn) {
            return;
        }
    } while (!atomic_compare_exchange_weak(&wal->flush_wanted, &wanted, lsn));
    os_event_signal(wal->os, &wal->work_event);
}

Status wal_flush_wait(Cx *cx, Wal *wal, Lsn lsn)
{
    (void)cx;
    os_latch_none(); /* I10 */
    ASSERT(lsn <= atomic_load(&wal->head));
    while (wal_flushed(wal) < lsn) {
        uint32_t seen = os_event_value(&wal->flushed_event);
        if (wal_flushed(wal) >= lsn) {
            break;
        }
        if (!wal->started) {
            os_mutex_lock(wal->os, &wal->flush_mutex);
            bool advanced = wal_flush_round(wal);
            os_mutex_unlock(wal->os, &wal->flush_mutex);
            if (!advanced) {
                os_pause(wal->os);
            }
            continue;
        }
        wal_flush_request(wal, lsn);
        (void)os_event_wait(wal->os, &wal->flushed_event, seen, -1);
    }
    return ST_OK;
}

void wal_on_flush(Wal *wal, void (*fn)(void *arg, Lsn flushed), void *arg)
{
    ASSERT(!wal->started);
    wal->on_flush = fn;
    wal->on_flush_arg = arg;
}
