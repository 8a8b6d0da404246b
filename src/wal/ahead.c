/*
 * ahead.c - reading the log ahead of whoever walks it from one end to the other.
 *
 * Opening a log after a crash reads it piece by piece, and each piece costs the disk's latency: two
 * threads bring chunks in before they are asked for. They are read as any cold chunk is, so the
 * walker finds them, waits for one that is on its way, or reads it itself; what fails here is left
 * to the walker to meet.
 */
#include "wal/wal_internal.h"

enum { AHEAD_THREADS = 2, AHEAD_CHUNKS = 8 };

struct WalAhead {
    Wal *wal;
    uint64_t last;         /* chunk */
    _Atomic uint64_t at;   /* chunk the walker is in */
    _Atomic uint64_t next; /* chunk to be read next */
    _Atomic bool stop;
    OsEvent event;
    OsThread *threads[AHEAD_THREADS];
};

/* ahead_main - one of the threads: the next chunk nobody reads yet, as soon as the walker is near.
 */
static void ahead_main(void *arg)
{
    WalAhead *a = arg;
    Err err = {0};
    Cx cx = {.err = &err};
    for (;;) {
        bool direct;
        uint64_t number = atomic_fetch_add(&a->next, 1);
        for (;;) {
            uint32_t seen = os_event_value(&a->event);
            if (atomic_load(&a->stop) || number > a->last) {
                return;
            }
            if (number <= atomic_load(&a->at) + AHEAD_CHUNKS) {
                break;
            }
            (void)os_event_wait(a->wal->os, &a->event, seen, -1);
        }
        if (wal_chunk_load(&cx, a->wal, number, &direct) != ST_OK) {
            err_clear(&cx);
        }
    }
}

WalAhead *wal_ahead_start(Wal *wal, Lsn from, Lsn end)
{
    Err err = {0};
    Cx cx = {.err = &err};
    ASSERT(!wal->started);
    if (wal->cold_max < 4 * AHEAD_CHUNKS || end <= from + 2 * wal->chunk_bytes) {
        return NULL;
    }
    WalAhead *a = mem_zalloc("wal ahead", sizeof(*a));
    a->wal = wal;
    a->last = (end - 1) >> wal->chunk_shift;
    atomic_store(&a->at, from >> wal->chunk_shift);
    atomic_store(&a->next, (from >> wal->chunk_shift) + 1);
    for (int i = 0; i < AHEAD_THREADS; i++) {
        if (os_thread_create(&cx, wal->os, "log ahead", ahead_main, a, &a->threads[i]) != ST_OK) {
            a->threads[i] = NULL; /* a hint: the walker reads what nobody read ahead */
            err_clear(&cx);
        }
    }
    return a;
}

void wal_ahead_at(WalAhead *a, Lsn lsn)
{
    if (a != NULL && lsn >> a->wal->chunk_shift != atomic_load(&a->at)) {
        atomic_store(&a->at, lsn >> a->wal->chunk_shift);
        os_event_signal(a->wal->os, &a->event);
    }
}

void wal_ahead_end(WalAhead *a)
{
    if (a == NULL) {
        return;
    }
    atomic_store(&a->stop, true);
    os_event_signal(a->wal->os, &a->event);
    for (int i = 0; i < AHEAD_THREADS; i++) {
        if (a->threads[i] != NULL) {
            os_thread_join(a->threads[i]);
        }
    }
    mem_free(a);
}
