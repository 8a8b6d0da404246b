/*
 * wal_files.c - the records in the files of a log, without opening it: for looking at what is
 * there.
 *
 * Opening a log trims it to its end and is the server's alone. This reads the segments as they lie,
 * beside a running server or after a crash. The oldest segment may begin in the middle of a record:
 * the first place that validates is where the walk begins, since a checksum is seeded with its LSN.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "wal/wal_internal.h"

#define WINDOW_BYTES ((size_t)WAL_RECORD_BYTES_MAX + (1u << 20))

typedef struct DumpSegment {
    Lsn start;
    uint64_t bytes;
    OsFile *file;
} DumpSegment;

typedef struct Dump {
    DumpSegment *segments;
    uint32_t count;
    uint8_t *window; /* bytes [at, at + len) of the log */
    Lsn at;
    size_t len;
} Dump;

static int dump_segment_cmp(const void *pa, const void *pb)
{
    const DumpSegment *a = pa, *b = pb;
    return (a->start > b->start) - (a->start < b->start);
}

/* dump_open - open the segments of a log for reading without a running log; read only. */
static Status dump_open(Cx *cx, Os *os, Arena *arena, const char *dir, Dump *d)
{
    char **names;
    uint32_t count;
    TRY(os_list_dir(cx, os, arena, dir, &names, &count));
    d->segments = ARENA_ARRAY(arena, DumpSegment, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        DumpSegment s = {0};
        if (!wal_name_parse(names[i], &s.start)) {
            continue;
        }
        TRY(os_file_open(cx, os, arena_printf(arena, "%s/%s", dir, names[i]), OS_OPEN_READONLY,
                         &s.file));
        d->segments[d->count++] = s;
        TRY(os_file_size(cx, s.file, &d->segments[d->count - 1].bytes));
    }
    array_sort(d->segments, d->count, sizeof(*d->segments), dump_segment_cmp);
    if (d->count == 0) {
        return err_set(cx, ERRCODE_UNDEFINED_FILE, "there is no log in \"%s\"", dir);
    }
    return ST_OK;
}

/* dump_fill - the window begins at lsn; shorter than asked for at the end of the files. */
static Status dump_fill(Cx *cx, Dump *d, Lsn lsn)
{
    d->at = lsn;
    d->len = 0;
    for (uint32_t i = 0; i < d->count && d->len < WINDOW_BYTES; i++) {
        const DumpSegment *s = &d->segments[i];
        Lsn want = lsn + d->len;
        size_t got;
        if (want < s->start || want >= s->start + s->bytes) {
            continue;
        }
        size_t n = (size_t)MIN((uint64_t)(WINDOW_BYTES - d->len), s->start + s->bytes - want);
        TRY(os_file_pread(cx, s->file, d->window + d->len, n, want - s->start, &got));
        d->len += got;
    }
    return ST_OK;
}

/* dump_record - the valid record at lsn, in the window; ST_NOTFOUND when there is none. */
static Status dump_record(Cx *cx, Dump *d, Lsn lsn, WalHeader *hdr, Slice *body)
{
    bool refilled = false;
    for (;;) {
        size_t left = lsn >= d->at && lsn < d->at + d->len ? (size_t)(d->at + d->len - lsn) : 0;
        if (left >= sizeof(*hdr)) {
            memcpy(hdr, d->window + (lsn - d->at), sizeof(*hdr));
            if (!wal_disk_len_valid(hdr->len)) {
                return ST_NOTFOUND;
            }
            if (left >= wal_disk_bytes(hdr->len)) {
                break;
            }
        }
        if (refilled) {
            return ST_NOTFOUND;
        }
        refilled = true;
        TRY(dump_fill(cx, d, lsn));
    }
    const uint8_t *p = d->window + (lsn - d->at) + sizeof(*hdr);
    uint32_t bytes = wal_disk_bytes(hdr->len);
    size_t n = bytes - sizeof(*hdr) - wal_disk_pad(hdr->len);
    uint32_t crc = wal_crc32c(wal_crc_header(wal_crc_begin(lsn, hdr->len), hdr), p, n);
    if (crc != hdr->crc) {
        return ST_NOTFOUND;
    }
    hdr->len = bytes;
    *body = (Slice){(const char *)p, n};
    return ST_OK;
}

/* dump_walk - call the visitor for every record of the range, in order, from the first place that
 * validates; stops at the first record after it that is not whole. */
static Status dump_walk(Cx *cx, Dump *d, Lsn from, Lsn to, WalFilesFn fn, void *arg, Lsn *end_out)
{
    const DumpSegment *last = &d->segments[d->count - 1];
    Lsn lsn = ALIGN_UP(MAX(from, d->segments[0].start), (Lsn)8);
    bool found = false;
    while (lsn < last->start + last->bytes && (to == 0 || lsn < to)) {
        WalHeader hdr;
        Slice body;
        Status st = dump_record(cx, d, lsn, &hdr, &body);
        if (st == ST_NOTFOUND && !found) {
            lsn += 8;
            continue;
        }
        if (st == ST_NOTFOUND) {
            break;
        }
        TRY(st);
        found = true;
        TRY(fn(arg, cx, lsn, &hdr, body));
        lsn += hdr.len;
    }
    *end_out = lsn;
    return ST_OK;
}

Status wal_files_each(Cx *cx, Os *os, const char *dir, Lsn from, Lsn to, WalFilesFn fn, void *arg,
                      Lsn *end_out)
{
    Dump d = {0};
    Arena arena;
    arena_init(&arena, NULL, "log files", 0);
    d.window = mem_alloc("log files", WINDOW_BYTES);
    Status st = dump_open(cx, os, &arena, dir, &d);
    if (st == ST_OK) {
        st = dump_walk(cx, &d, from, to, fn, arg, end_out);
    }
    for (uint32_t i = 0; i < d.count; i++) {
        os_file_close(d.segments[i].file);
    }
    mem_free(d.window);
    arena_release(&arena);
    return st;
}
