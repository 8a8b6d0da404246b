#ifndef DASSIE_WAL_H
#define DASSIE_WAL_H
/*
 * wal.h - the one log: recovery, rollback, row versions and replication at once (design rule 1).
 *
 * An Lsn is a byte position in an endless log, never reused, always a multiple of 8; 0 is invalid.
 * The log is mapped modulo a fixed region, so a recent record is a pointer add away; cold 1 MiB
 * chunks are dropped and read back. Segments are files of 1 MiB at first, doubling up to 64 MiB,
 * preallocated, zero-filled, recycled. A log-writer thread flushes whatever is complete the moment
 * the last flush ends (with many writers, up to 400 us later). Any thread may append, read and
 * wait.
 */
#include "base/buf.h"
#include "os/os.h"

typedef uint64_t Lsn;
typedef uint64_t Xid;    /* dense 48-bit; 0 = none */
typedef uint32_t TreeId; /* 0 = none; never reused */
typedef uint64_t PageNo; /* 0 is the file header, never a page of a tree */

typedef struct Wal Wal;

/* Record types; numbers are on disk: append only. Row records belong to src/table, SMO to
 * src/btree, the rest as said. */
typedef enum WalType {
    WAL_INVALID = 0,
    WAL_INSERT = 1,      /* table: n rows of one leaf, or one index entry */
    WAL_UPDATE = 2,      /* table: delta pairs */
    WAL_DELETE = 3,      /* table: set DELETED on a row or index entry */
    WAL_RESURRECT = 4,   /* table: clear DELETED on an index entry, new tag */
    WAL_CLR = 5,         /* table: compensation; flags = inverse op, carries undo_next */
    WAL_PURGE = 6,       /* table: remove a dead entry */
    WAL_SMO = 7,         /* btree/store: list of page operations, redo-only, all or nothing */
    WAL_IMAGE = 8,       /* store: whole pages (bulk load, index build) */
    WAL_COMMIT = 9,      /* txn: csn, action list */
    WAL_ABORT_END = 10,  /* txn: undo of this xid is complete */
    WAL_CHECKPOINT = 11, /* recovery */
    WAL_SEQUENCE = 12,   /* table: sequence state */
    WAL_TREE = 13,       /* store: tree directory change */
    WAL_NOOP = 14,       /* filler */
    WAL_PREPARE = 15,    /* txn: all that a prepared transaction is */
} WalType;

/* On-disk record header, little-endian; body follows; whole record padded to 8 bytes. */
typedef struct WalHeader {
    uint32_t len; /* bytes of the whole record, header and padding included (on disk the upper three
                     bits hold the padding; no user sees them) */
    uint32_t crc; /* crc32c of the rest, seeded with the LSN: bytes of a recycled segment never
                     validate */
    uint64_t xid48_type8_flags8; /* xid | type << 48 | flags << 56 */
    Lsn prev_lsn;                /* previous record of the same transaction, 0 = first */
    uint32_t cid;                /* command id within the transaction */
    TreeId tree;
    PageNo page; /* the page this record changed (first one for lists) */
} WalHeader;
STATIC_ASSERT(sizeof(WalHeader) == 40, "WalHeader is 40 bytes on disk");

#define WAL_RECORD_BYTES_MAX (4u * 1024 * 1024)

static inline Xid wal_xid(const WalHeader *h)
{
    return h->xid48_type8_flags8 & 0xffffffffffffULL;
}
static inline WalType wal_type(const WalHeader *h)
{
    return (WalType)((h->xid48_type8_flags8 >> 48) & 0xff);
}
static inline uint8_t wal_flags(const WalHeader *h)
{
    return (uint8_t)(h->xid48_type8_flags8 >> 56);
}
static inline uint64_t wal_pack(Xid xid, WalType type, uint8_t flags)
{
    return xid | (uint64_t)type << 48 | (uint64_t)flags << 56;
}

typedef struct WalOptions {
    uint64_t segment_bytes;       /* 64 MiB; tests use less */
    uint64_t first_segment_bytes; /* 1 MiB */
    uint64_t region_bytes;        /* size of the mapping LSNs are taken modulo of */
    uint64_t resident_bytes;      /* recent log kept in memory */
    uint64_t resident_max_bytes;  /* ... at most, while old snapshots need it (wal_keep_resident) */
    bool sync;                    /* false: never fdatasync (fsync = off) */
    /* wal_open: called with each valid record at or above its start_lsn, in order; may be NULL. */
    void (*on_found)(void *arg, Lsn lsn, const WalHeader *hdr, Slice body);
    void *on_found_arg;
} WalOptions;
void wal_options_default(WalOptions *o);

/*
 * wal_open - open the log directory. For a new database start_lsn says where the log begins (> 0).
 * For an existing one the records from `start_lsn` (the checkpoint's) on are readable up to the
 * first that does not validate; the head is set behind the last valid one, and all of it is durable
 * when this returns. Older records are readable as far back as segments exist (wal_tail). Starts no
 * thread: until wal_start, waits flush by themselves. With create, dir is made when absent and an
 * old log in it is removed.
 */
Status wal_open(Cx *cx, Os *os, const char *dir, const WalOptions *o, Lsn start_lsn, bool create,
                Wal **wal_out);
/* wal_start - start the log-writer and preallocation threads. */
Status wal_start(Cx *cx, Wal *wal);
/* wal_close - flush everything, stop the threads, free. remove = delete the directory (clean
 * shutdown). */
Status wal_close(Cx *cx, Wal *wal, bool remove);

/*
 * wal_admit - before latching anything: make sure `bytes` more (and as much again for their undo)
 * fit on disk; waits for preallocation. Returns 53100 on a full disk, so that the later append need
 * not fail.
 */
Status wal_admit(Cx *cx, Wal *wal, size_t bytes);

/*
 * wal_append - reserve, copy, checksum and complete one record; returns its LSN. Cannot fail: a
 * broken log ends the process. May wait for buffer space (the flusher takes no page latch, so
 * callers may hold latches). hdr: xid48_type8_flags8, prev_lsn, cid, tree, page are the caller's;
 * len and crc are set here.
 */
Lsn wal_append(Wal *wal, WalHeader *hdr, const Slice *parts, uint32_t part_count);

/*
 * wal_reserve / wal_fill - the two halves of wal_append, for COMMIT: reserve under the commit lock
 * (bytes = exact size of header + body), fill after releasing it. Between the two the thread must
 * not block on anything.
 */
typedef struct WalReservation {
    Lsn lsn;
    uint32_t len;
    uint32_t slot;
} WalReservation;
void wal_reserve(Wal *wal, size_t body_bytes, WalReservation *res_out);
void wal_fill(Wal *wal, const WalReservation *res, WalHeader *hdr, const Slice *parts,
              uint32_t part_count);

/* wal_head - next LSN to be reserved (an RMW where the checkpoint needs one: wal_head_fence). */
Lsn wal_head(Wal *wal);
Lsn wal_head_fence(Wal *wal);
/* wal_flushed - everything below is durable (or written, with sync off). Monotone, and always
 * between two records. */
Lsn wal_flushed(Wal *wal);
/* wal_flush_request - have everything complete below lsn flushed soon; does not wait. */
void wal_flush_request(Wal *wal, Lsn lsn);
/* wal_writers_add - transactions that write have begun (or ended: negative), each of which may ask
 * for a flush soon: what the log writer may wait for a little. */
void wal_writers_add(Wal *wal, int32_t n);
/* wal_flush_wait - wait until wal_flushed() >= lsn. Never while holding a latch (I10). */
Status wal_flush_wait(Cx *cx, Wal *wal, Lsn lsn);
/* wal_on_flush - the one listener called by the log writer after each advance (releases replies).
 * Set before wal_start. */
void wal_on_flush(Wal *wal, void (*fn)(void *arg, Lsn flushed), void *arg);

/*
 * wal_read - copy a record out: header and at most body_cap bytes of its body. *body_len_out is the
 * true body length. Errors: XX001 when the bytes do not validate, 58030. Fast path (resident): no
 * system call, no allocation, no lock.
 */
Status wal_read(Cx *cx, Wal *wal, Lsn lsn, WalHeader *hdr_out, void *body, size_t body_cap,
                size_t *body_len_out);

/*
 * wal_read_raw - bytes [lsn, lsn + n) of the log as they lie there, for walking it in large pieces.
 * wal_parse - the record at `lsn`, of which n bytes are at p: ST_OK; ST_NOTFOUND: no valid one;
 * ST_RESTART: it needs *need_out bytes, at most WAL_RECORD_BYTES_MAX. The checksum is verified.
 */
Status wal_read_raw(Cx *cx, Wal *wal, Lsn lsn, void *out, size_t n);
Status wal_parse(Lsn lsn, const uint8_t *p, size_t n, WalHeader *hdr_out, Slice *body_out,
                 size_t *need_out);
/* wal_parsed - a record again that wal_parse has found good. */
void wal_parsed(const uint8_t *p, WalHeader *hdr_out, Slice *body_out);
/*
 * wal_ahead_start - the log will be read once from `from` to `end`: threads read it ahead of
 * wal_ahead_at (where the reader is). NULL where the memory for the log is too small for it to pay,
 * which the other two take. Before wal_start only.
 */
typedef struct WalAhead WalAhead;
WalAhead *wal_ahead_start(Wal *wal, Lsn from, Lsn end);
void wal_ahead_at(WalAhead *a, Lsn lsn);
void wal_ahead_end(WalAhead *a);
/* WalView - a record in memory, looked at where it lies. Its bytes may be any until wal_view_good
 * said, after the last look, that they were the record's: load, clamp and copy only. */
typedef struct WalView {
    const uint8_t *body;
    uint32_t body_len;
    const _Atomic uint64_t *word;
    uint64_t state;
} WalView;
/* wal_view - false when the record is not in memory as a whole and in one piece: wal_read it. */
bool wal_view(Wal *wal, Lsn lsn, WalHeader *hdr_out, WalView *out);
static inline bool wal_view_good(const WalView *v)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(v->word, memory_order_relaxed) == v->state;
}

/* wal_prefetch - a hint that the record will be read soon; never faults. */
void wal_prefetch(const Wal *wal, Lsn lsn);
/* wal_peek - bytes of the log that are in memory, for hints: nothing is checked, and they may be
 * any. False when they are not there. */
bool wal_peek(Wal *wal, Lsn lsn, void *out, size_t n);
/* wal_peek_end - where the body of a record with this peeked header ends. */
Lsn wal_peek_end(Lsn lsn, const WalHeader *hdr);

/* WalReader - forward iteration for recovery and purge; ST_DONE at the end of valid log (or at
 * `end`). */
typedef struct WalReader {
    Wal *wal;
    Lsn next, end; /* end 0 = until the log ends */
    Lsn bound;     /* everything below is complete (private) */
    Lsn lsn;       /* of the current record */
    WalHeader hdr;
    Buf body;
    size_t body_len;
} WalReader;
void wal_reader_init(WalReader *r, Wal *wal, Lsn start, Lsn end);
Status wal_reader_next(Cx *cx, WalReader *r);
void wal_reader_release(WalReader *r);

/*
 * wal_files_each - the records in the files of the log directory `dir`, without opening the log:
 * from the first valid one at or above `from` to the first that does not validate, or to `to` (0 =
 * no bound). Read only; beside a running server too.
 */
typedef Status (*WalFilesFn)(void *arg, Cx *cx, Lsn lsn, const WalHeader *hdr, Slice body);
Status wal_files_each(Cx *cx, Os *os, const char *dir, Lsn from, Lsn to, WalFilesFn fn, void *arg,
                      Lsn *end_out);

/* wal_keep_resident - records from lsn on are read again and again (old versions for old
 * snapshots): keep them in memory as far as resident_max_bytes reaches. A hint; replaces the one
 * before. */
void wal_keep_resident(Wal *wal, Lsn lsn);

/* WalCounts - since the log was opened: records and their bytes, writes to the files and syncs. */
typedef struct WalCounts {
    uint64_t records, bytes, writes, syncs;
} WalCounts;
void wal_counts(Wal *wal, WalCounts *out);

/* wal_truncate - nothing below lsn is needed any more: recycle whole segments. Monotone. */
Status wal_truncate(Cx *cx, Wal *wal, Lsn lsn);
Lsn wal_tail(Wal *wal);

#endif
