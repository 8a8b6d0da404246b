/*
 * dump.c - dump-wal: what is in the log, as text, beside a server or without one.
 */
#include <strings.h>

#include "recovery/engine_internal.h"

enum { DUMP_TYPES = WAL_PREPARE + 2, DUMP_FLUSH_BYTES = 60000 };

static const char *const DUMP_NAMES[DUMP_TYPES] = {
    "INVALID", "INSERT", "UPDATE", "DELETE",   "RESURRECT", "CLR",  "PURGE",   "SMO",     "IMAGE",
    "COMMIT",  "ABORT",  "CHECK",  "SEQUENCE", "TREE",      "NOOP", "PREPARE", "unknown",
};

typedef struct DumpSum {
    uint64_t records, bytes;
} DumpSum;

typedef struct DumpLog {
    const EngineDump *o;
    Buf out, detail;
    DumpSum by_type[DUMP_TYPES][2]; /* rows and others, index entries */
    Lsn first;
} DumpLog;

static void dump_put(DumpLog *d, bool all)
{
    if (d->out.len > (all ? 0 : DUMP_FLUSH_BYTES)) {
        d->o->put(d->o->arg, (const char *)d->out.data, d->out.len);
        buf_clear(&d->out);
    }
}

/* dump_body - what the record says, by its type. */
static void dump_body(const WalHeader *h, Slice body, Buf *out)
{
    uint64_t v;
    CheckpointBody c;
    switch (wal_type(h)) {
    case WAL_SMO:
    case WAL_IMAGE:
    case WAL_TREE: store_describe_record(body, out); return;
    case WAL_COMMIT:
        if (body.len >= sizeof(v)) {
            memcpy(&v, body.ptr, sizeof(v));
            buf_printf(out, " number %llu", (unsigned long long)v);
        }
        return;
    case WAL_CHECKPOINT:
        if (body.len >= sizeof(c)) {
            memcpy(&c, body.ptr, sizeof(c));
            buf_printf(out, " redo %X/%X purge %X/%X next xid %llu active %llu",
                       (unsigned)(c.redo >> 32), (unsigned)c.redo, (unsigned)(c.purge_lsn >> 32),
                       (unsigned)c.purge_lsn, (unsigned long long)c.next_xid,
                       (unsigned long long)c.active_count);
        }
        return;
    default: table_describe_record(h, body, out);
    }
}

uint32_t engine_dump_kind(Slice name)
{
    for (uint32_t i = 1; i < DUMP_TYPES - 1; i++) {
        if (strlen(DUMP_NAMES[i]) == name.len &&
            strncasecmp(DUMP_NAMES[i], name.ptr, name.len) == 0) {
            return 1u << i;
        }
    }
    return 0;
}

typedef struct DumpTouch {
    PageNo page;
    bool touched;
} DumpTouch;

static void dump_touch(void *arg, PageNo page)
{
    DumpTouch *t = arg;
    t->touched = t->touched || t->page == page;
}

/* dump_wanted - does the record pass the filters? One of many pages counts for each of them. */
static bool dump_wanted(const EngineDump *o, uint32_t type, const WalHeader *h, Slice body)
{
    if ((o->tree != 0 && h->tree != o->tree) || (o->xid != 0 && wal_xid(h) != o->xid) ||
        (o->kinds != 0 && (o->kinds >> type & 1) == 0)) {
        return false;
    }
    if (o->page != 0 && (type == WAL_SMO || type == WAL_IMAGE || type == WAL_TREE)) {
        DumpTouch t = {.page = o->page};
        (void)store_redo_each_page(body, dump_touch, &t); /* malformed: as far as it goes */
        return t.touched;
    }
    return o->page == 0 || h->page == o->page;
}

/* dump_text, dump_object - one record. */
static void dump_text(DumpLog *d, Lsn lsn, const WalHeader *h, uint32_t type)
{
    buf_printf(&d->out, "%X/%08X %-9s len %u xid %llu prev %X/%X cid %u tree %u page %llu",
               (unsigned)(lsn >> 32), (unsigned)lsn, DUMP_NAMES[type], h->len,
               (unsigned long long)wal_xid(h), (unsigned)(h->prev_lsn >> 32), (unsigned)h->prev_lsn,
               h->cid, h->tree, (unsigned long long)h->page);
    buf_put(&d->out, d->detail.data, d->detail.len);
}

static void dump_object(DumpLog *d, Lsn lsn, const WalHeader *h, uint32_t type, bool index)
{
    Slice detail = {(const char *)d->detail.data, d->detail.len};
    if (detail.len != 0 && detail.ptr[0] == ' ') {
        detail = (Slice){detail.ptr + 1, detail.len - 1};
    }
    buf_printf(&d->out,
               "{\"lsn\":\"%X/%X\",\"kind\":\"%s\",\"index\":%s,\"len\":%u,\"xid\":%llu,"
               "\"prev\":\"%X/%X\",\"cid\":%u,\"tree\":%u,\"page\":%llu,\"detail\":",
               (unsigned)(lsn >> 32), (unsigned)lsn, DUMP_NAMES[type], index ? "true" : "false",
               h->len, (unsigned long long)wal_xid(h), (unsigned)(h->prev_lsn >> 32),
               (unsigned)h->prev_lsn, h->cid, h->tree, (unsigned long long)h->page);
    buf_put_json(&d->out, detail);
    buf_putc(&d->out, '}');
}

/* dump_one - WalFilesFn: count a record and show it. */
static Status dump_one(void *arg, Cx *cx, Lsn lsn, const WalHeader *h, Slice body)
{
    DumpLog *d = arg;
    uint32_t type = MIN((uint32_t)wal_type(h), (uint32_t)DUMP_TYPES - 1);
    bool row = type >= WAL_INSERT && type <= WAL_PURGE && type != WAL_CLR;
    bool index = row && (wal_flags(h) & 1) != 0;
    if (!dump_wanted(d->o, type, h, body)) {
        return cx_check(cx);
    }
    d->first = d->first == 0 ? lsn : d->first;
    d->by_type[type][index].records++;
    d->by_type[type][index].bytes += h->len;
    if (!d->o->summary) {
        buf_clear(&d->detail);
        dump_body(h, body, &d->detail);
        if (d->o->json) {
            dump_object(d, lsn, h, type, index);
        } else {
            dump_text(d, lsn, h, type);
        }
        buf_putc(&d->out, '\n');
        dump_put(d, false);
    }
    return cx_check(cx);
}

/* dump_sums - records and bytes by type. */
static void dump_sums(DumpLog *d, Lsn end)
{
    DumpSum all = {0, 0};
    for (uint32_t i = 0; i < 2 * DUMP_TYPES; i++) {
        const DumpSum *s = &d->by_type[i / 2][i % 2];
        all.records += s->records;
        all.bytes += s->bytes;
    }
    buf_printf(&d->out, "%-16s %12s %14s %8s %6s\n", "type", "records", "bytes", "mean", "share");
    for (uint32_t i = 0; i < 2 * DUMP_TYPES; i++) {
        const DumpSum *s = &d->by_type[i / 2][i % 2];
        if (s->records != 0) {
            buf_printf(&d->out, "%-9s %-6s %12llu %14llu %8.1f %5.1f%%\n", DUMP_NAMES[i / 2],
                       i % 2 == 1 ? "index" : "", (unsigned long long)s->records,
                       (unsigned long long)s->bytes, (double)s->bytes / (double)s->records,
                       100.0 * (double)s->bytes / (double)all.bytes);
        }
    }
    buf_printf(&d->out, "%-16s %12llu %14llu   from %X/%X to %X/%X\n", "all",
               (unsigned long long)all.records, (unsigned long long)all.bytes,
               (unsigned)(d->first >> 32), (unsigned)d->first, (unsigned)(end >> 32),
               (unsigned)end);
}

static void dump_sum_objects(DumpLog *d)
{
    for (uint32_t i = 0; i < 2 * DUMP_TYPES; i++) {
        const DumpSum *s = &d->by_type[i / 2][i % 2];
        if (s->records != 0) {
            buf_printf(&d->out, "{\"kind\":\"%s\",\"index\":%s,\"records\":%llu,\"bytes\":%llu}\n",
                       DUMP_NAMES[i / 2], i % 2 == 1 ? "true" : "false",
                       (unsigned long long)s->records, (unsigned long long)s->bytes);
        }
    }
}

Status engine_dump_wal(Cx *cx, Os *os, const char *path, const EngineDump *o)
{
    DumpLog *d = mem_zalloc("dump", sizeof(*d));
    Arena arena;
    Lsn end = o->from;
    arena_init(&arena, NULL, "dump", 0);
    d->o = o;
    buf_init(&d->out, (size_t)64 << 20);
    buf_init(&d->detail, (size_t)8 << 20);
    Status st = wal_files_each(cx, os, arena_printf(&arena, "%s-wal", path), o->from, o->to,
                               dump_one, d, &end);
    if (st == ST_OK && o->summary && o->json) {
        dump_sum_objects(d);
    } else if (st == ST_OK && o->summary) {
        dump_sums(d, end);
    }
    dump_put(d, true);
    buf_release(&d->out);
    buf_release(&d->detail);
    mem_free(d);
    arena_release(&arena);
    return st;
}
