/*
 * prealloc.c - room for the log ahead of need: segments on disk, chunks in memory, and the question
 * whether there is room at all.
 *
 * A thread keeps half a segment prepared beyond the head. A quarter of the last segment (4 MiB at
 * most) is never given out by wal_admit: rollbacks, commits and structure changes of work admitted
 * earlier still find room when the disk is full.
 */
#include "wal/wal_internal.h"

#define RESERVE_BYTES_MAX (4u << 20)

static uint64_t alloc_last_bytes(Wal *wal)
{
    os_mutex_lock(wal->os, &wal->segment_mutex);
    uint64_t bytes = wal->segments[wal->segment_count - 1]->bytes;
    os_mutex_unlock(wal->os, &wal->segment_mutex);
    return bytes;
}

Status wal_alloc_ensure(Cx *cx, Wal *wal, Lsn end)
{
    Status st = ST_OK;
    os_mutex_lock(wal->os, &wal->alloc_mutex);
    while (st == ST_OK && atomic_load(&wal->alloc_end) < end) {
        st = wal_segment_make(cx, wal);
    }
    os_mutex_unlock(wal->os, &wal->alloc_mutex);
    return st;
}

/* prealloc_step - bring everything up to where it should be; a failure is kept for wal_admit. */
static void prealloc_step(Cx *cx, Wal *wal)
{
    uint64_t attempt = atomic_fetch_add(&wal->alloc_begun, 1) + 1;
    Lsn head = atomic_load(&wal->head);
    Lsn target = atomic_load(&wal->alloc_target);
    Lsn want = head + alloc_last_bytes(wal) / 2;
    want = MAX(want, target);
    if (wal_alloc_ensure(cx, wal, want) != ST_OK) {
        os_mutex_lock(wal->os, &wal->alloc_mutex);
        wal->alloc_err = *cx->err;
        os_mutex_unlock(wal->os, &wal->alloc_mutex);
        atomic_store(&wal->alloc_failed, attempt);
    }
    os_event_signal(wal->os, &wal->alloc_done_event);
    wal_chunk_extend(wal, head + 2 * wal->chunk_bytes, !wal->os->simulated);
}

void wal_preallocator_main(void *arg)
{
    Wal *wal = arg;
    Err err;
    Cx cx = {.err = &err};
    while (atomic_load(&wal->stopping) == 0) {
        uint32_t seen = os_event_value(&wal->alloc_event);
        prealloc_step(&cx, wal);
        if (atomic_load(&wal->stopping) == 0) {
            (void)os_event_wait(wal->os, &wal->alloc_event, seen, -1);
        }
    }
}

/* admit_wait - have the preallocation thread try, and wait for the answer of an attempt that began
 * after the question: an older one may not know that there is room again. */
static Status admit_wait(Cx *cx, Wal *wal, Lsn need)
{
    Lsn target = atomic_load(&wal->alloc_target);
    while (target < need && !atomic_compare_exchange_weak(&wal->alloc_target, &target, need)) {
    }
    uint64_t begun = atomic_load(&wal->alloc_begun);
    os_event_signal(wal->os, &wal->alloc_event);
    for (;;) {
        uint32_t seen = os_event_value(&wal->alloc_done_event);
        if (atomic_load(&wal->alloc_end) >= need) {
            return ST_OK;
        }
        if (atomic_load(&wal->alloc_failed) > begun) {
            os_mutex_lock(wal->os, &wal->alloc_mutex);
            *cx->err = wal->alloc_err;
            os_mutex_unlock(wal->os, &wal->alloc_mutex);
            /* Do not ask for it again in vain: the next wal_admit says what it needs. */
            atomic_store(&wal->alloc_target, 0);
            return ST_ERROR;
        }
        (void)os_event_wait(wal->os, &wal->alloc_done_event, seen, -1);
    }
}

Status wal_admit(Cx *cx, Wal *wal, size_t bytes)
{
    Lsn need = atomic_load_explicit(&wal->head, memory_order_relaxed) + 2 * bytes;
    Lsn end = atomic_load_explicit(&wal->alloc_end, memory_order_acquire);
    if (LIKELY(need + RESERVE_BYTES_MAX <= end)) {
        return ST_OK;
    }
    uint64_t quarter = alloc_last_bytes(wal) / 4;
    need += MIN(quarter, RESERVE_BYTES_MAX);
    if (need <= end) {
        return ST_OK;
    }
    return wal->started ? admit_wait(cx, wal, need) : wal_alloc_ensure(cx, wal, need);
}
