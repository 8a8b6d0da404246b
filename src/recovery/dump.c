/*
 * dump.c - dump-wal and dump-page: what is in the files, as text, beside a server or without one.
 */
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
    Buf out;
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

static Status dump_one(void *arg, Cx *cx, Lsn lsn, const WalHeader *h, Slice body)
{
    DumpLog *d = arg;
    uint32_t type = MIN((uint32_t)wal_type(h), (uint32_t)DUMP_TYPES - 1);
    bool row = type >= WAL_INSERT && type <= WAL_PURGE && type != WAL_CLR;
    bool index = row && (wal_flags(h) & 1) != 0;
    d->first = d->first == 0 ? lsn : d->first;
    d->by_type[type][index].records++;
    d->by_type[type][index].bytes += h->len;
    if (!d->o->summary) {
        buf_printf(&d->out, "%X/%08X %-9s len %u xid %llu prev %X/%X cid %u tree %u page %llu",
                   (unsigned)(lsn >> 32), (unsigned)lsn, DUMP_NAMES[type], h->len,
                   (unsigned long long)wal_xid(h), (unsigned)(h->prev_lsn >> 32),
                   (unsigned)h->prev_lsn, h->cid, h->tree, (unsigned long long)h->page);
        dump_body(h, body, &d->out);
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

Status engine_dump_wal(Cx *cx, Os *os, const char *path, const EngineDump *o)
{
    DumpLog *d = mem_zalloc("dump", sizeof(*d));
    Arena arena;
    Lsn end = o->from;
    arena_init(&arena, NULL, "dump", 0);
    d->o = o;
    buf_init(&d->out, (size_t)1 << 20);
    Status st = wal_files_each(cx, os, arena_printf(&arena, "%s-wal", path), o->from, o->to,
                               dump_one, d, &end);
    if (st == ST_OK && o->summary) {
        dump_sums(d, end);
    }
    dump_put(d, true);
    buf_release(&d->out);
    mem_free(d);
    arena_release(&arena);
    return st;
}

Status engine_dump_page(Cx *cx, Os *os, const char *path, PageNo page, const EngineDump *o)
{
    alignas(4096) uint8_t bytes[PAGE_SIZE];
    Buf out;
    TRY(store_read_page_of(cx, os, path, page, bytes));
    PageHeader *h = (PageHeader *)(void *)bytes;
    buf_init(&out, (size_t)4 << 20);
    store_describe_page(page, h, &out);
    bt_describe_page(h, &out);
    o->put(o->arg, (const char *)out.data, out.len);
    buf_release(&out);
    return ST_OK;
}
