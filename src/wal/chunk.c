/*
 * chunk.c - which parts of the log are in memory.
 *
 * Readers take no lock: they look at the chunk's state word, copy, and look again. So every change
 * of a chunk's bytes that is not an append lies between two changes of its word, and no word value
 * ever comes back (generation). The window's chunks change only by appends, to bytes nobody may
 * read yet.
 */
#include "wal/wal_internal.h"

#define DROP_AT_ONCE 8

/* With the cold chunks' budget used up, one in so many reads brings its chunk in and another one
 * out; the others take their bytes from the file. */
#define COLD_ADMIT 512

static _Atomic uint64_t *chunk_word(Wal *wal, uint64_t number)
{
    return &wal->chunks[number & (wal->chunk_count - 1)];
}

static uint8_t *chunk_memory(Wal *wal, uint64_t number)
{
    return wal->region + ((number << wal->chunk_shift) & (wal->region_bytes - 1));
}

/* chunk_set - requires chunk_mutex, or being the loader. What follows (bytes) is ordered after it.
 */
static void chunk_set(Wal *wal, uint64_t number, uint32_t status)
{
    _Atomic uint64_t *word = chunk_word(wal, number);
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, chunk_state_next(old, number, status), memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
}

/* chunk_drop - requires chunk_mutex. The neighbour's memory is given back too when it is not used:
 * it may have come with a huge page. */
static void chunk_drop(Wal *wal, uint64_t number)
{
    chunk_set(wal, number, CHUNK_EMPTY);
    uint64_t neighbour = atomic_load_explicit(chunk_word(wal, number ^ 1), memory_order_relaxed);
    if (wal->huge && chunk_status(neighbour) == CHUNK_EMPTY) {
        os_mem_drop(chunk_memory(wal, number & ~(uint64_t)1), 2 * wal->chunk_bytes);
    } else {
        os_mem_drop(chunk_memory(wal, number), wal->chunk_bytes);
    }
}

/* old_pop - requires chunk_mutex: the first of the old chunks is not kept any more. */
static void old_pop(Wal *wal)
{
    chunk_drop(wal, wal->old_first++);
    wal->old_count--;
}

/* chunk_take_place - requires chunk_mutex: make the place of a new window chunk free of a cold or
 * an old one. */
static void chunk_take_place(Wal *wal, uint64_t number)
{
    _Atomic uint64_t *word = chunk_word(wal, number);
    for (;;) {
        uint64_t state = atomic_load(word);
        if (chunk_status(state) == CHUNK_LOADING) {
            os_mutex_unlock(wal->os, &wal->chunk_mutex);
            os_sleep_us(wal->os, 50);
            os_mutex_lock(wal->os, &wal->chunk_mutex);
            continue;
        }
        /* A window chunk is here when somebody else made the place while the mutex was given up. */
        if (chunk_status(state) == CHUNK_LOADED) {
            chunk_drop(wal, chunk_number(state));
        } else if (chunk_status(state) == CHUNK_WINDOW && chunk_number(state) != number) {
            while (wal->old_count != 0 && wal->old_first <= chunk_number(state)) {
                old_pop(wal);
            }
        }
        return;
    }
}

void wal_keep_resident(Wal *wal, Lsn lsn)
{
    atomic_store_explicit(&wal->keep_lsn, lsn, memory_order_relaxed);
}

/* chunk_window - how many chunks the window should have when it ends behind `number`. */
static uint64_t chunk_window(const Wal *wal, uint64_t number, uint64_t keep)
{
    uint64_t wanted = number > keep ? number - keep + 1 : 0;
    return MAX(wal->resident_chunks, MIN(wanted, wal->resident_chunks_max - wal->old_count));
}

/*
 * window_shrink - requires chunk_mutex: give up what the window is too wide by, a few chunks at a
 * time: when an old snapshot goes, appends must not wait for all it kept.
 *
 * When the log since the oldest snapshot outgrows the budget, its middle goes: an old snapshot
 * needs a row's newest record, which is mostly recent, and the oldest since it was taken, which a
 * link leads to (table/version.c). So half of the budget stays with the chunks from `keep` on.
 */
static void window_shrink(Wal *wal, uint64_t number)
{
    uint64_t keep = atomic_load_explicit(&wal->keep_lsn, memory_order_relaxed) >> wal->chunk_shift;
    int dropped = 0;
    while (dropped < DROP_AT_ONCE && wal->old_count != 0 && wal->old_first < keep) {
        old_pop(wal);
        dropped++;
    }
    while (dropped < DROP_AT_ONCE && number - wal->chunk_low >= chunk_window(wal, number, keep) &&
           (wal->chunk_low + 1) << wal->chunk_shift <= atomic_load(&wal->flushed)) {
        bool next = wal->old_count == 0 || wal->chunk_low == wal->old_first + wal->old_count;
        if (wal->chunk_low >= keep && next && wal->old_count < wal->resident_chunks_max / 2) {
            wal->old_first = wal->old_count == 0 ? wal->chunk_low : wal->old_first;
            wal->old_count++;
        } else {
            chunk_drop(wal, wal->chunk_low);
            dropped++;
        }
        wal->chunk_low++;
    }
}

void wal_chunk_extend(Wal *wal, Lsn end, bool populate)
{
    os_mutex_lock(wal->os, &wal->chunk_mutex);
    while (wal->chunk_next << wal->chunk_shift < end) {
        uint64_t number = wal->chunk_next;
        window_shrink(wal, number);
        if (number - wal->chunk_low >= wal->chunk_count) {
            break;
        }
        chunk_take_place(wal, number);
        if (number != wal->chunk_next) {
            continue; /* the mutex was given up and somebody else moved on */
        }
        if (populate) {
            os_mem_populate(chunk_memory(wal, number), wal->chunk_bytes);
        }
        chunk_set(wal, number, CHUNK_WINDOW);
        wal->chunk_next = number + 1;
        atomic_store(&wal->append_limit, wal->chunk_next << wal->chunk_shift);
    }
    os_mutex_unlock(wal->os, &wal->chunk_mutex);
}

/* chunk_cold_pop - requires chunk_mutex: drop the chunk read back longest ago. Entries whose place
 * was taken since are stale and skipped. */
static void chunk_cold_pop(Wal *wal)
{
    uint64_t oldest = wal->cold[wal->cold_first];
    wal->cold_first = (wal->cold_first + 1) % wal->cold_size;
    wal->cold_count--;
    uint64_t state = atomic_load(chunk_word(wal, oldest));
    if (chunk_number(state) == oldest && chunk_status(state) == CHUNK_LOADED) {
        chunk_drop(wal, oldest);
    }
}

/* chunk_cold_push - requires chunk_mutex: remember a chunk read back, drop the oldest beyond the
 * budget. */
static void chunk_cold_push(Wal *wal, uint64_t number)
{
    if (wal->cold_count == wal->cold_max) {
        chunk_cold_pop(wal);
    }
    wal->cold[(wal->cold_first + wal->cold_count++) % wal->cold_size] = number;
}

void wal_chunk_calm(Wal *wal)
{
    os_mutex_lock(wal->os, &wal->chunk_mutex);
    wal->cold_max = (uint32_t)MIN(MAX(wal->resident_chunks / 4, 2), 64);
    wal->cold_max = MIN(wal->cold_max, wal->cold_size);
    wal->calm = true;
    while (wal->cold_count > wal->cold_max) {
        chunk_cold_pop(wal);
    }
    os_mutex_unlock(wal->os, &wal->chunk_mutex);
}

/* chunk_claim - under the mutex decide who reads the chunk: true = the caller (it is LOADING now).
 */
static bool chunk_claim(Wal *wal, uint64_t number, bool *direct_out, bool *wait_out)
{
    _Atomic uint64_t *word = chunk_word(wal, number);
    os_mutex_lock(wal->os, &wal->chunk_mutex);
    uint64_t state = atomic_load(word);
    uint32_t status = chunk_status(state);
    bool mine = chunk_number(state) == number;
    bool claimed = false;
    *direct_out = *wait_out = false;
    if (status == CHUNK_LOADING) {
        *wait_out = mine;
        *direct_out = !mine;
    } else if (status == CHUNK_WINDOW) {
        *direct_out = !mine;
    } else if (status == CHUNK_EMPTY || !mine) {
        *direct_out =
            wal->calm && wal->cold_count == wal->cold_max && ++wal->cold_misses % COLD_ADMIT != 0;
    }
    if (!*direct_out && (status == CHUNK_EMPTY || (status == CHUNK_LOADED && !mine))) {
        chunk_cold_push(wal, number);
        chunk_set(wal, number, CHUNK_LOADING);
        claimed = true;
    }
    os_mutex_unlock(wal->os, &wal->chunk_mutex);
    return claimed;
}

Status wal_chunk_load(Cx *cx, Wal *wal, uint64_t number, bool *direct_out)
{
    bool wait;
    uint32_t seen = os_event_value(&wal->chunk_event);
    if (!chunk_claim(wal, number, direct_out, &wait)) {
        if (wait) {
            (void)os_event_wait(wal->os, &wal->chunk_event, seen, -1);
        }
        return ST_OK;
    }
    uint8_t *memory = chunk_memory(wal, number);
    size_t got = 0;
    Status st = wal_file_read(cx, wal, number << wal->chunk_shift, memory, wal->chunk_bytes, &got);
    if (st == ST_OK) {
        memset(memory + got, 0, wal->chunk_bytes - got);
    }
    chunk_set(wal, number, st == ST_OK ? CHUNK_LOADED : CHUNK_EMPTY);
    os_event_signal(wal->os, &wal->chunk_event);
    return st;
}

Status wal_chunk_reset(Cx *cx, Wal *wal, Lsn head)
{
    /* What was read of the log in search of its end stays for redo, but for what lies behind it. */
    for (uint64_t i = 0; i < wal->chunk_count; i++) {
        uint64_t state = atomic_load(&wal->chunks[i]);
        if (chunk_status(state) != CHUNK_EMPTY && chunk_number(state) >= head >> wal->chunk_shift) {
            chunk_drop(wal, chunk_number(state));
        }
    }
    wal->chunk_low = wal->chunk_next = head >> wal->chunk_shift;
    wal_chunk_extend(wal, head + 1, false);
    Lsn start = wal->chunk_low << wal->chunk_shift;
    size_t got = 0;
    TRY(wal_file_read(cx, wal, start, chunk_memory(wal, wal->chunk_low), head - start, &got));
    return ST_OK;
}
