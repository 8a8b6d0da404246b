/*
 * read.c - copying records out, from memory or from the files.
 *
 * Bytes of the window were stored by this process and need no checksum; bytes that came from a file
 * are verified. Nothing copied is looked at before the chunk's word has been looked at again.
 */
#include "wal/wal_internal.h"

/*
 * region_copy - bytes of the region that may be overwritten meanwhile: a chunk is given up and its
 * place taken by another as soon as the window moves on, and no reader is waited for.
 *
 * A data race to the letter of C, and harmless: the caller has loaded the chunk's word (acquire)
 * before, and after the copy and an acquire fence loads it again. Whoever overwrites a chunk has
 * changed its word first (chunk_set: store, then a full fence), and no value of the word ever comes
 * back, so bytes that were overwritten are never looked at. ThreadSanitizer models no fences and
 * would report each such copy; the plain loop is for it, since it watches memcpy in any function.
 * wal_peek alone does not look again: what it hands out is a hint.
 */
#ifdef __SANITIZE_THREAD__
__attribute__((noinline, no_sanitize_thread)) static void region_copy(void *to, const uint8_t *from,
                                                                      size_t n)
{
    volatile uint8_t *t = to;
    const volatile uint8_t *f = from;
    while (n-- > 0) {
        *t++ = *f++;
    }
}
#else
static inline void region_copy(void *to, const uint8_t *from, size_t n)
{
    memcpy(to, from, n);
}
#endif

/* wal_copy - bytes [lsn, lsn + n); *cold_out is set when any came from a file. */
static Status wal_copy(Cx *cx, Wal *wal, Lsn lsn, void *out, size_t n, bool *cold_out)
{
    uint8_t *to = out;
    while (n > 0) {
        uint64_t number = lsn >> wal->chunk_shift;
        size_t part = MIN(n, (size_t)(((number + 1) << wal->chunk_shift) - lsn));
        _Atomic uint64_t *word = &wal->chunks[number & (wal->chunk_count - 1)];
        for (;;) {
            uint64_t state = atomic_load_explicit(word, memory_order_acquire);
            uint32_t status = chunk_status(state);
            if (chunk_number(state) == number &&
                (status == CHUNK_WINDOW || status == CHUNK_LOADED)) {
                region_copy(to, wal->region + (lsn & (wal->region_bytes - 1)), part);
                atomic_thread_fence(memory_order_acquire);
                if (atomic_load_explicit(word, memory_order_relaxed) == state) {
                    *cold_out |= status == CHUNK_LOADED;
                    break;
                }
                continue;
            }
            bool direct;
            TRY(wal_chunk_load(cx, wal, number, &direct));
            if (direct) {
                size_t got;
                TRY(wal_file_read(cx, wal, lsn, to, part, &got));
                memset(to + got, 0, part - got);
                *cold_out = true;
                break;
            }
        }
        lsn += part;
        to += part;
        n -= part;
    }
    return ST_OK;
}

/* wal_crc_rest - continue a checksum over log bytes the caller has no room for. */
static Status wal_crc_rest(Cx *cx, Wal *wal, Lsn lsn, size_t n, uint32_t *crc)
{
    uint8_t piece[1024];
    bool cold = false;
    while (n > 0) {
        size_t part = MIN(n, sizeof(piece));
        TRY(wal_copy(cx, wal, lsn, piece, part, &cold));
        *crc = wal_crc32c(*crc, piece, part);
        lsn += part;
        n -= part;
    }
    return ST_OK;
}

/* record_view - where a record lies, if in one chunk of the window, and its header. */
static inline bool record_view(Wal *wal, Lsn lsn, WalHeader *hdr_out, WalView *out)
{
    uint64_t number = lsn >> wal->chunk_shift;
    out->word = &wal->chunks[number & (wal->chunk_count - 1)];
    out->state = atomic_load_explicit(out->word, memory_order_acquire);
    uint64_t room = ((number + 1) << wal->chunk_shift) - lsn;
    if (chunk_number(out->state) != number || chunk_status(out->state) != CHUNK_WINDOW ||
        room < sizeof(*hdr_out)) {
        return false;
    }
    const uint8_t *p = wal->region + (lsn & (wal->region_bytes - 1));
    region_copy(hdr_out, p, sizeof(*hdr_out));
    uint32_t bytes = wal_disk_bytes(hdr_out->len);
    uint32_t used = wal_disk_pad(hdr_out->len) + (uint32_t)sizeof(*hdr_out);
    if (bytes > room || bytes < used) {
        return false;
    }
    hdr_out->len = bytes;
    out->body = p + sizeof(*hdr_out);
    out->body_len = bytes - used;
    return true;
}

bool wal_view(Wal *wal, Lsn lsn, WalHeader *hdr_out, WalView *out)
{
#ifdef __SANITIZE_THREAD__
    (void)wal, (void)lsn, (void)hdr_out, (void)out;
    return false; /* it would report every look at the bytes: see region_copy */
#else
    return record_view(wal, lsn, hdr_out, out);
#endif
}

/* wal_read_fast - a record that lies in one chunk of the window. */
static inline bool wal_read_fast(Wal *wal, Lsn lsn, WalHeader *hdr_out, void *body, size_t body_cap,
                                 size_t *body_len_out)
{
    WalView v;
    if (!record_view(wal, lsn, hdr_out, &v)) {
        return false;
    }
    size_t n = MIN(v.body_len, body_cap);
    if (n != 0) {
        region_copy(body, v.body, n);
    }
    *body_len_out = v.body_len;
    return wal_view_good(&v);
}

Status wal_record_read(Cx *cx, Wal *wal, Lsn lsn, WalHeader *hdr_out, void *body, size_t body_cap,
                       size_t *body_len_out)
{
    bool cold = false;
    TRY(wal_copy(cx, wal, lsn, hdr_out, sizeof(*hdr_out), &cold));
    uint32_t disk_len = hdr_out->len;
    if (!wal_disk_len_valid(disk_len)) {
        return ST_NOTFOUND;
    }
    size_t body_len = wal_disk_bytes(disk_len) - sizeof(*hdr_out) - wal_disk_pad(disk_len);
    size_t n = MIN(body_len, body_cap);
    TRY(wal_copy(cx, wal, lsn + sizeof(*hdr_out), body, n, &cold));
    if (cold) {
        uint32_t crc = wal_crc_header(wal_crc_begin(lsn, disk_len), hdr_out);
        crc = wal_crc32c(crc, body, n);
        TRY(wal_crc_rest(cx, wal, lsn + sizeof(*hdr_out) + n, body_len - n, &crc));
        if (crc != hdr_out->crc) {
            return ST_NOTFOUND;
        }
    }
    hdr_out->len = wal_disk_bytes(disk_len);
    *body_len_out = body_len;
    return ST_OK;
}

Status wal_read_raw(Cx *cx, Wal *wal, Lsn lsn, void *out, size_t n)
{
    bool cold = false;
    return wal_copy(cx, wal, lsn, out, n, &cold);
}

Status wal_parse(Lsn lsn, const uint8_t *p, size_t n, WalHeader *hdr_out, Slice *body_out,
                 size_t *need_out)
{
    if (n < sizeof(*hdr_out)) {
        *need_out = sizeof(*hdr_out);
        return ST_RESTART;
    }
    memcpy(hdr_out, p, sizeof(*hdr_out));
    uint32_t disk_len = hdr_out->len;
    if (!wal_disk_len_valid(disk_len)) {
        return ST_NOTFOUND;
    }
    size_t bytes = wal_disk_bytes(disk_len);
    if (bytes > n) {
        *need_out = bytes;
        return ST_RESTART;
    }
    uint32_t crc = wal_crc_header(wal_crc_begin(lsn, disk_len), hdr_out);
    wal_parsed(p, hdr_out, body_out);
    return wal_crc32c(crc, body_out->ptr, body_out->len) == hdr_out->crc ? ST_OK : ST_NOTFOUND;
}

void wal_parsed(const uint8_t *p, WalHeader *hdr_out, Slice *body_out)
{
    memcpy(hdr_out, p, sizeof(*hdr_out));
    uint32_t disk_len = hdr_out->len;
    hdr_out->len = wal_disk_bytes(disk_len);
    *body_out = (Slice){(const char *)p + sizeof(*hdr_out),
                        hdr_out->len - sizeof(*hdr_out) - wal_disk_pad(disk_len)};
}

void wal_prefetch(const Wal *wal, Lsn lsn)
{
    const uint8_t *p = wal->region + (lsn & (wal->region_bytes - 1));
    __builtin_prefetch(p);
    __builtin_prefetch(p + CACHE_LINE);
    __builtin_prefetch(p + 88); /* most row records end by there */
}

bool wal_peek(Wal *wal, Lsn lsn, void *out, size_t n)
{
    uint64_t number = lsn >> wal->chunk_shift;
    uint64_t state =
        atomic_load_explicit(&wal->chunks[number & (wal->chunk_count - 1)], memory_order_acquire);
    /* Touching what is not in the window could bring back memory that was given up. */
    if (chunk_number(state) != number || chunk_status(state) != CHUNK_WINDOW ||
        ((number + 1) << wal->chunk_shift) - lsn < n) {
        return false;
    }
    region_copy(out, wal->region + (lsn & (wal->region_bytes - 1)), n);
    return true;
}

Lsn wal_peek_end(Lsn lsn, const WalHeader *hdr)
{
    return lsn + wal_disk_bytes(hdr->len) - wal_disk_pad(hdr->len);
}

Status wal_read(Cx *cx, Wal *wal, Lsn lsn, WalHeader *hdr_out, void *body, size_t body_cap,
                size_t *body_len_out)
{
    if (LIKELY(wal_read_fast(wal, lsn, hdr_out, body, body_cap, body_len_out))) {
        return ST_OK;
    }
    Status st = lsn < atomic_load(&wal->head)
                    ? wal_record_read(cx, wal, lsn, hdr_out, body, body_cap, body_len_out)
                    : ST_NOTFOUND;
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_DATA_CORRUPTED, "no valid log record at %X/%X",
                       (unsigned)(lsn >> 32), (unsigned)lsn);
    }
    return st;
}
