/*
 * append.c - reserving, copying and completing records.
 *
 * Many threads append at once: a fetch_add on the head gives each its own bytes. Which bytes are
 * complete is told by slots: before its fetch_add a thread publishes a position not above what it
 * will get, and frees the slot when its bytes are stored. Whoever wants the bound reads the head
 * first and the slots after it: an append that got bytes below that head published its slot before,
 * so it is either seen or finished.
 */
#include "wal/wal_internal.h"

static inline uint32_t wal_slot_claim(Wal *wal)
{
    uint64_t thread = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    uint32_t at = (uint32_t)((thread * 0x9e3779b97f4a7c15ULL) >> 58);
    STATIC_ASSERT(WAL_SLOTS == 64, "the hash gives 6 bits");
    for (uint32_t tries = 1;; tries++) {
        uint64_t expected = WAL_SLOT_FREE;
        Lsn head = atomic_load(&wal->head);
        if (LIKELY(atomic_compare_exchange_strong(&wal->slots[at].lsn, &expected, head))) {
            return at;
        }
        at = (at + 1) % WAL_SLOTS;
        if (tries % WAL_SLOTS == 0) {
            os_pause(wal->os);
        }
    }
}

static inline void wal_slot_free(Wal *wal, uint32_t slot)
{
    atomic_store_explicit(&wal->slots[slot].lsn, WAL_SLOT_FREE, memory_order_release);
}

Lsn wal_complete_bound(Wal *wal)
{
    Lsn bound = atomic_load(&wal->head);
    for (uint32_t i = 0; i < WAL_SLOTS; i++) {
        Lsn lsn = atomic_load(&wal->slots[i].lsn); /* once: MIN looks at its arguments twice */
        bound = MIN(bound, lsn);
    }
    return bound;
}

/* wal_wait_space - wait until the region has room up to end. The slot was a guess below lsn; made
 * exact here, else the bytes between would never count as complete and the wait never end. */
static NOINLINE void wal_wait_space(Wal *wal, uint32_t slot, Lsn lsn, Lsn end)
{
    if (end - lsn > wal->region_bytes / 2) {
        PANIC("log record of %llu bytes does not fit the log's memory of %llu bytes",
              (unsigned long long)(end - lsn), (unsigned long long)wal->region_bytes);
    }
    atomic_store(&wal->slots[slot].lsn, lsn);
    for (;;) {
        uint32_t seen = os_event_value(&wal->flushed_event);
        wal_chunk_extend(wal, end, false);
        if (atomic_load(&wal->append_limit) >= end) {
            return;
        }
        if (!wal->started) {
            os_mutex_lock(wal->os, &wal->flush_mutex);
            (void)wal_flush_round(wal);
            os_mutex_unlock(wal->os, &wal->flush_mutex);
            continue;
        }
        wal_flush_request(wal, lsn);
        (void)os_event_wait(wal->os, &wal->flushed_event, seen, -1);
    }
}

/* wal_region_put - store bytes at an LSN, around the end of the region if need be. */
static inline void wal_region_put(Wal *wal, Lsn lsn, const void *p, size_t n)
{
    uint64_t at = lsn & (wal->region_bytes - 1);
    if (LIKELY(at + n <= wal->region_bytes)) {
        memcpy(wal->region + at, p, n);
        return;
    }
    size_t first = wal->region_bytes - at;
    memcpy(wal->region + at, p, first);
    memcpy(wal->region, (const uint8_t *)p + first, n - first);
}

/* wal_record_put - checksum and store the record, complete it, wake the background threads now and
 * then. */
static inline void wal_record_put(Wal *wal, uint32_t slot, Lsn lsn, uint32_t len, size_t body_bytes,
                                  WalHeader *hdr, const Slice *parts, uint32_t part_count)
{
    static const uint64_t zeros = 0;
    Lsn end = lsn + len;
    if (UNLIKELY(end > atomic_load_explicit(&wal->append_limit, memory_order_acquire))) {
        wal_wait_space(wal, slot, lsn, end);
    }
    uint32_t pad = (uint32_t)(len - sizeof(*hdr) - body_bytes);
    hdr->len = wal_disk_len(len, pad);
    uint32_t crc = wal_crc_header(wal_crc_begin(lsn, hdr->len), hdr);
    Lsn at = lsn + sizeof(*hdr);
    for (uint32_t i = 0; i < part_count; i++) {
        if (parts[i].len != 0) {
            wal_region_put(wal, at, parts[i].ptr, parts[i].len);
            crc = wal_crc32c(crc, parts[i].ptr, parts[i].len);
            at += parts[i].len;
        }
    }
    if (pad != 0) {
        wal_region_put(wal, at, &zeros, pad);
    }
    hdr->crc = crc;
    wal_region_put(wal, lsn, hdr, sizeof(*hdr));
    hdr->len = len;
    wal_slot_free(wal, slot);
    if (UNLIKELY((lsn ^ end) >> wal->kick_shift != 0)) {
        os_event_signal(wal->os, &wal->work_event);
        os_event_signal(wal->os, &wal->alloc_event);
    }
}

static inline size_t wal_parts_bytes(const Slice *parts, uint32_t part_count)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < part_count; i++) {
        bytes += parts[i].len;
    }
    return bytes;
}

/* wal_slot_count - only the holder of the slot changes it. */
static inline void wal_slot_count(_Atomic uint64_t *n, uint64_t by)
{
    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

static inline void wal_reserve_bytes(Wal *wal, size_t body_bytes, WalReservation *res)
{
    size_t len = ALIGN_UP(sizeof(WalHeader) + body_bytes, (size_t)8);
    ASSERT(len <= WAL_RECORD_BYTES_MAX);
    res->len = (uint32_t)len;
    res->slot = wal_slot_claim(wal);
    res->lsn = atomic_fetch_add(&wal->head, len);
    WalSlot *slot = &wal->slots[res->slot];
    wal_slot_count(&slot->records, 1);
    wal_slot_count(&slot->bytes, len);
}

void wal_counts(Wal *wal, WalCounts *out)
{
    *out = (WalCounts){.writes = atomic_load(&wal->writes), .syncs = atomic_load(&wal->syncs)};
    for (uint32_t i = 0; i < WAL_SLOTS; i++) {
        out->records += atomic_load_explicit(&wal->slots[i].records, memory_order_relaxed);
        out->bytes += atomic_load_explicit(&wal->slots[i].bytes, memory_order_relaxed);
    }
}

Lsn wal_append(Wal *wal, WalHeader *hdr, const Slice *parts, uint32_t part_count)
{
    WalReservation res;
    size_t body_bytes = wal_parts_bytes(parts, part_count);
    wal_reserve_bytes(wal, body_bytes, &res);
    os_stop_point(wal->os, "wal-reserved");
    wal_record_put(wal, res.slot, res.lsn, res.len, body_bytes, hdr, parts, part_count);
    return res.lsn;
}

void wal_reserve(Wal *wal, size_t body_bytes, WalReservation *res_out)
{
    wal_reserve_bytes(wal, body_bytes, res_out);
    /* Others may reserve and wait for room while this one is not filled: let them see it exactly.
     */
    atomic_store(&wal->slots[res_out->slot].lsn, res_out->lsn);
}

void wal_fill(Wal *wal, const WalReservation *res, WalHeader *hdr, const Slice *parts,
              uint32_t part_count)
{
    size_t body_bytes = wal_parts_bytes(parts, part_count);
    ASSERT(ALIGN_UP(sizeof(WalHeader) + body_bytes, (size_t)8) == res->len);
    os_stop_point(wal->os, "wal-fill");
    wal_record_put(wal, res->slot, res->lsn, res->len, body_bytes, hdr, parts, part_count);
}

Lsn wal_head(Wal *wal)
{
    return atomic_load_explicit(&wal->head, memory_order_acquire);
}

Lsn wal_head_fence(Wal *wal)
{
    return atomic_fetch_add(&wal->head, 0);
}
