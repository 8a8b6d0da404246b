/*
 * restart.c - analysis and redo in one pass over the log, from the checkpoint's redo point to the
 * end of the valid log.
 *
 * The table of active transactions begins with the checkpoint's list; records of a transaction
 * enter it, COMMIT and ABORT_END take it out. What is left at the end are the losers.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/map.h"
#include "recovery/engine_internal.h"

/* restart_checkpoint - read the CHECKPOINT record; the list of writers lives in the arena. */
static Status restart_checkpoint(Cx *cx, Wal *wal, Lsn lsn, Arena *arena, CheckpointBody *body_out,
                                 TxnActive **active_out)
{
    WalHeader hdr;
    size_t len = 0;
    TRY(wal_read(cx, wal, lsn, &hdr, body_out, sizeof(*body_out), &len));
    if (wal_type(&hdr) != WAL_CHECKPOINT || len < sizeof(*body_out) ||
        body_out->active_count > (len - sizeof(*body_out)) / sizeof(TxnActive)) {
        return err_corrupt(cx, 0, "log record at %llu is not a checkpoint",
                           (unsigned long long)lsn);
    }
    uint8_t *whole = arena_alloc(arena, len);
    TRY(wal_read(cx, wal, lsn, &hdr, whole, len, &len));
    *active_out = (TxnActive *)(void *)(whole + sizeof(*body_out));
    return ST_OK;
}

/* Restart - the pass's state. */
typedef struct Restart {
    Engine *e;
    Arena arena;
    Map active; /* xid -> TxnActive */
    TxnActive *free;
    uint64_t records;
    Xid max_xid;
    Csn max_csn; /* commit numbers go on rising: skip links in old records compare with them */
} Restart;

static void restart_note_xid(Restart *r, Xid xid, Lsn lsn)
{
    TxnActive *a = map_get_int(&r->active, xid);
    if (a == NULL) {
        a = ARENA_NEW(&r->arena, TxnActive);
        a->xid = xid;
        a->first_lsn = lsn;
        map_put_int(&r->active, xid, a);
    }
    a->last_lsn = MAX(a->last_lsn, lsn);
    r->max_xid = MAX(r->max_xid, xid);
}

static Status restart_noop(Restart *r, const WalReader *reader)
{
    if (wal_flags(&reader->hdr) == NOOP_NEXT_OID && reader->body.len >= 8) {
        uint64_t limit;
        memcpy(&limit, reader->body.data, sizeof(limit));
        r->e->priv->next_oid = MAX(r->e->priv->next_oid, limit);
    }
    return ST_OK;
}

/* restart_record - redo one record and note what restart must know of it: transactions that began
 * or ended, the highest commit number, the OIDs given out. */
static Status restart_record(Cx *cx, Restart *r, const WalReader *reader)
{
    const WalHeader *h = &reader->hdr;
    Xid xid = wal_xid(h);
    Slice body = {(const char *)reader->body.data, reader->body.len};
    if (xid != 0) {
        restart_note_xid(r, xid, reader->lsn);
    }
    switch (wal_type(h)) {
    case WAL_INSERT:
    case WAL_UPDATE:
    case WAL_DELETE:
    case WAL_RESURRECT:
    case WAL_CLR:
    case WAL_PURGE:
    case WAL_SEQUENCE: return table_redo_record(cx, r->e, reader->lsn, h, body);
    case WAL_SMO:
    case WAL_IMAGE:
    case WAL_TREE: return store_redo(cx, r->e->store, reader->lsn, h, body);
    case WAL_COMMIT:
        if (body.len >= sizeof(Csn)) {
            Csn csn;
            memcpy(&csn, body.ptr, sizeof(csn));
            r->max_csn = MAX(r->max_csn, csn);
        }
        (void)map_remove_int(&r->active, xid);
        return ST_OK;
    case WAL_ABORT_END: (void)map_remove_int(&r->active, xid); return ST_OK;
    case WAL_NOOP: return restart_noop(r, reader);
    case WAL_CHECKPOINT:
    case WAL_INVALID: return ST_OK;
    }
    return err_corrupt(cx, 0, "log record of unknown type %u at %llu", (unsigned)wal_type(h),
                       (unsigned long long)reader->lsn);
}

static int restart_cmp(const void *pa, const void *pb)
{
    const TxnActive *a = pa, *b = pb;
    return (a->first_lsn > b->first_lsn) - (a->first_lsn < b->first_lsn);
}

/* restart_losers - into the active list, oldest first. */
static Status restart_losers(Cx *cx, Restart *r)
{
    uint32_t pos = 0, n = 0;
    MapSlot slot;
    TxnActive *list = ARENA_ARRAY(&r->arena, TxnActive, MAX(r->active.count, 1));
    while (map_next(&r->active, &pos, &slot)) {
        const TxnActive *a = slot.value;
        if (a->last_lsn != 0) {
            list[n++] = *a;
        }
    }
    array_sort(list, n, sizeof(*list), restart_cmp);
    for (uint32_t i = 0; i < n; i++) {
        TRY(txnsys_add_loser(cx, r->e->txns, &list[i]));
    }
    return ST_OK;
}

Status engine_redo(Cx *cx, Engine *e, const StoreMaster *m)
{
    Restart r = {.e = e};
    CheckpointBody body;
    TxnActive *active = NULL;
    WalReader reader;
    arena_init(&r.arena, NULL, "restart", 0);
    map_init(&r.active);
    int64_t start = os_mono_us(e->os);
    Status st = restart_checkpoint(cx, e->wal, m->checkpoint_lsn, &r.arena, &body, &active);
    if (st != ST_OK) {
        goto out;
    }
    e->priv->next_oid = MAX(e->priv->next_oid, body.next_oid);
    atomic_store(&e->priv->purge_lsn, body.purge_lsn);
    for (uint64_t i = 0; i < body.active_count; i++) {
        TxnActive *a = arena_memdup(&r.arena, &active[i], sizeof(*a));
        map_put_int(&r.active, a->xid, a);
    }
    TRY_OUT(engine_redo_read_pages(cx, e, body.redo));
    wal_reader_init(&reader, e->wal, body.redo, 0);
    while ((st = wal_reader_next(cx, &reader)) == ST_OK) {
        st = restart_record(cx, &r, &reader);
        if (st != ST_OK) {
            break;
        }
        r.records++;
        store_redo_room(cx, e->store);
    }
    wal_reader_release(&reader);
    if (st == ST_DONE) {
        st = engine_make_txns(cx, e, MAX(body.next_xid, r.max_xid + 1),
                              MAX(body.next_csn, r.max_csn + 1));
    }
    if (st == ST_OK) {
        st = restart_losers(cx, &r);
    }
    if (st == ST_OK && !e->os->simulated) {
        log_line(LOG_INFO, "recovered: %llu log records in %lld ms, %u transactions to undo",
                 (unsigned long long)r.records, (long long)((os_mono_us(e->os) - start) / 1000),
                 r.active.count);
    }
out:
    map_release(&r.active);
    arena_release(&r.arena);
    return st;
}
