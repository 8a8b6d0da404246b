#ifndef DASSIE_WAL_INTERNAL_H
#define DASSIE_WAL_INTERNAL_H
/*
 * wal_internal.h - the state of a log, for the files of src/wal only.
 *
 * Addresses. Byte `lsn` of the log is region[lsn % region_bytes] while its chunk is in memory, and
 * byte lsn - segment.start of the segment that covers it. Chunks [chunk_low, chunk_next) are the
 * window: always in memory, the only ones appends go to. [old_first, old_first + old_count) have
 * left it and stay as they are, for an old snapshot. Other older chunks ("cold") are read back on
 * demand, as long as their place is not taken by a chunk of the window; when too many are wanted,
 * single records are read from the files instead.
 */
#include "wal/wal.h"

#define WAL_BLOCK_BYTES 4096u /* unit of writing; segments start at multiples of it */
#define WAL_CHUNK_BYTES (1u << 20)
#define WAL_HUGE_BYTES  (2u << 20) /* of a huge page, where the machine has them */
/* The most written between two syncs: what may be on disk beyond the last durable byte. */
#define WAL_ROUND_BYTES  (8u << 20)
#define WAL_BOUNCE_BYTES (128u << 10)
#define WAL_SLOTS        64u
#define WAL_SLOT_FREE    UINT64_MAX

/* Ranks of the log's mutexes: the log is below everything, so they come last. */
enum {
    WAL_RANK_FLUSH = 900,
    WAL_RANK_ALLOC = 910,
    WAL_RANK_CHUNK = 920,
    WAL_RANK_SEGMENTS = 930,
};

/* One chunk's state word: number << 24 | generation << 2 | status. The generation makes a reader's
 * two looks differ when the chunk was dropped and read back in between. */
enum { CHUNK_EMPTY = 0, CHUNK_WINDOW = 1, CHUNK_LOADING = 2, CHUNK_LOADED = 3 };
static inline uint64_t chunk_number(uint64_t state)
{
    return state >> 24;
}
static inline uint32_t chunk_status(uint64_t state)
{
    return (uint32_t)(state & 3);
}
static inline uint64_t chunk_state_next(uint64_t old, uint64_t number, uint32_t status)
{
    return number << 24 | ((old + 4) & 0xfffffc) | status;
}

/* What a thread in the middle of an append publishes: nothing at or above it is complete. */
typedef struct WalSlot {
    alignas(CACHE_LINE) _Atomic uint64_t lsn;
    _Atomic uint64_t records, bytes; /* by whoever holds the slot: wal_counts */
} WalSlot;

typedef struct WalSegment {
    Lsn start;
    uint64_t bytes;
    OsFile *file;
    uint32_t pins; /* guarded by segment_mutex, like the list */
    bool removed;  /* close at the last unpin */
} WalSegment;

struct Wal {
    Os *os;
    char *dir;
    WalOptions options;
    uint8_t *region_map;   /* where the region lies, from the address asked for on */
    uint8_t *region;       /* at a multiple of WAL_HUGE_BYTES */
    uint64_t region_bytes; /* power of two */
    uint64_t chunk_bytes;  /* power of two */
    bool huge;             /* two chunks may lie in one huge page */
    uint32_t chunk_shift;
    uint32_t kick_shift; /* passing a multiple of 1 << kick_shift wakes the background threads */
    uint64_t chunk_count, resident_chunks, resident_chunks_max;
    _Atomic Lsn keep_lsn; /* wal_keep_resident; UINT64_MAX: nothing */

    alignas(CACHE_LINE) _Atomic Lsn head;
    alignas(CACHE_LINE) _Atomic Lsn append_limit; /* bytes below may be stored into the region */
    alignas(CACHE_LINE) _Atomic Lsn flushed;
    _Atomic uint64_t writes, syncs; /* wal_counts */
    _Atomic Lsn flush_wanted;
    _Atomic Lsn tail;
    _Atomic Lsn alloc_end;         /* end of the last prepared segment */
    _Atomic Lsn alloc_target;      /* somebody waits for alloc_end to reach this */
    _Atomic uint64_t alloc_begun;  /* attempts to make room begun by the thread */
    _Atomic uint64_t alloc_failed; /* the last of them that failed */
    _Atomic uint32_t stopping;
    WalSlot slots[WAL_SLOTS];

    OsMutex chunk_mutex; /* window bounds, cold list, every change of a chunk's number */
    _Atomic uint64_t *chunks;
    uint64_t chunk_low, chunk_next;
    uint64_t old_first, old_count; /* chunks kept from wal_keep_resident's on, below chunk_low */
    uint32_t cold_misses;
    uint64_t *cold;     /* ring of chunk numbers read back, oldest first */
    uint32_t cold_size; /* of the ring */
    uint32_t cold_max;  /* chunks it may hold: more while the log is opened and redone */
    bool calm;          /* ... which is over */
    uint32_t cold_first, cold_count;

    OsMutex flush_mutex; /* one flush round at a time */
    uint8_t *bounce;
    void (*on_flush)(void *arg, Lsn flushed);
    void *on_flush_arg;

    OsMutex segment_mutex;
    WalSegment **segments; /* by start, without gaps */
    uint32_t segment_count, segment_room;

    OsMutex alloc_mutex; /* one maker of segments at a time */
    Err alloc_err;       /* of the last failure; guarded by alloc_mutex */

    OsEvent work_event;        /* for the log writer */
    OsEvent gather_event;      /* ... while it waits for more to flush at once */
    _Atomic uint32_t writers;  /* wal_writers_add */
    _Atomic uint32_t requests; /* flushes asked for since the last round began */
    int64_t gather_us;         /* the log writer's: how long it waits for more at most */
    OsEvent flushed_event;     /* flushed advanced */
    OsEvent alloc_event;       /* for the preallocation thread */
    OsEvent alloc_done_event;
    OsEvent chunk_event; /* a cold chunk arrived */
    bool started;
    OsThread *writer, *preallocator;
};

/* crc.c */
uint32_t wal_crc32c(uint32_t crc, const void *p, size_t n);
/* wal_crc_begin - the checksum after the LSN and the length word; wal_crc_header - after the rest
 * of the header. */
uint32_t wal_crc_begin(Lsn lsn, uint32_t disk_len);
uint32_t wal_crc_header(uint32_t crc, const WalHeader *h);

/* On disk `len` carries the padding in its upper three bits, so that the body's true length is
 * known. */
static inline uint32_t wal_disk_len(uint32_t bytes, uint32_t pad)
{
    return bytes | pad << 29;
}
static inline uint32_t wal_disk_bytes(uint32_t disk_len)
{
    return disk_len & 0x1fffffff;
}
static inline uint32_t wal_disk_pad(uint32_t disk_len)
{
    return disk_len >> 29;
}
static inline bool wal_disk_len_valid(uint32_t disk_len)
{
    uint32_t bytes = wal_disk_bytes(disk_len);
    return bytes >= sizeof(WalHeader) + wal_disk_pad(disk_len) && bytes <= WAL_RECORD_BYTES_MAX &&
           (bytes & 7) == 0;
}

/* append.c */
/* wal_complete_bound - every byte below has been stored. */
Lsn wal_complete_bound(Wal *wal);

/* chunk.c */
/* wal_chunk_extend - move the window on until it covers end, as far as the flushed position
 * allows. populate: have the memory there. */
void wal_chunk_extend(Wal *wal, Lsn end, bool populate);
/* wal_chunk_load - bring a cold chunk back; *direct_out when its place is taken and the caller must
 * read the file itself. */
Status wal_chunk_load(Cx *cx, Wal *wal, uint64_t number, bool *direct_out);
/* wal_chunk_calm - from now on only as many cold chunks as a running server keeps. */
void wal_chunk_calm(Wal *wal);
/* wal_chunk_reset - forget everything in memory; the window becomes empty at head's chunk, then
 * holds [its start, head) from the file. Single thread. */
Status wal_chunk_reset(Cx *cx, Wal *wal, Lsn head);

/* open.c */
/* wal_name_parse - the start LSN of a segment's file name. */
bool wal_name_parse(const char *name, Lsn *start_out);

/* read.c */
/* wal_record_read - as wal_read, but ST_NOTFOUND when the bytes are not a valid record. */
Status wal_record_read(Cx *cx, Wal *wal, Lsn lsn, WalHeader *hdr_out, void *body, size_t body_cap,
                       size_t *body_len_out);

/* segment.c */
char *wal_segment_path(Wal *wal, Lsn start, char *buf, size_t n);
#define WAL_PATH_BYTES 1024
void wal_segment_list_add(Wal *wal, WalSegment *seg);
WalSegment *wal_segment_pin(Wal *wal, Lsn lsn);
void wal_segment_unpin(Wal *wal, WalSegment *seg);
/* wal_segment_make - requires alloc_mutex: one more zero-filled segment at alloc_end. */
Status wal_segment_make(Cx *cx, Wal *wal);
/* wal_segment_drop - take the first segment off the list; renamed to the end of the log when
 * recycle, else removed. The caller syncs the directory. Requires alloc_mutex. */
Status wal_segment_drop_first(Cx *cx, Wal *wal, bool recycle);
/* wal_file_read - up to n bytes of the log from the files; *got_out < n where they end. */
Status wal_file_read(Cx *cx, Wal *wal, Lsn lsn, void *buf, size_t n, size_t *got_out);

/* flush.c */
/* wal_flush_round - one write and sync of whatever is complete; false when there was nothing. */
bool wal_flush_round(Wal *wal);
void wal_writer_main(void *arg);

/* prealloc.c */
void wal_preallocator_main(void *arg);
/* wal_alloc_ensure - make segments until they cover end. */
Status wal_alloc_ensure(Cx *cx, Wal *wal, Lsn end);

#endif
