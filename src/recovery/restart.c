/*
 * restart.c - analysis and redo in one pass over the log, from the checkpoint's redo point to the
 * end of the valid log. Redo itself is redo_apply.c's.
 *
 * The table of active transactions begins with the checkpoint's list; records of a transaction
 * enter it, COMMIT and ABORT_END take it out. What is left at the end are the losers.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/map.h"
#include "recovery/engine_internal.h"
#include "txn/prepare.h"

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

enum { RESTART_FREE = 256 };

/* Restart - the pass's state. */
typedef struct Restart {
    Engine *e;
    Arena arena;
    Map active;                    /* xid -> TxnActive */
    TxnActive *free[RESTART_FREE]; /* of those that ended, for the next */
    uint32_t free_count;
    TxnActive *last; /* of the record before: records of one transaction often follow each other */
    uint32_t losers, prepared;
    EngineProgress progress;
    Xid max_xid;
    Csn max_csn; /* commit numbers go on rising: skip links in old records compare with them */
} Restart;

static void restart_note_xid(Restart *r, Xid xid, Lsn lsn)
{
    TxnActive *a = r->last != NULL && r->last->xid == xid ? r->last : map_get_int(&r->active, xid);
    if (a == NULL) {
        a = r->free_count != 0 ? r->free[--r->free_count] : ARENA_NEW(&r->arena, TxnActive);
        *a = (TxnActive){.xid = xid, .first_lsn = lsn};
        map_put_int(&r->active, xid, a);
    }
    r->last = a;
    a->last_lsn = MAX(a->last_lsn, lsn);
    r->max_xid = MAX(r->max_xid, xid);
}

static void restart_ended(Restart *r, Xid xid)
{
    TxnActive *a = map_remove_int(&r->active, xid);
    if (a != NULL && r->free_count < RESTART_FREE) {
        r->free[r->free_count++] = a;
    }
    r->last = NULL;
}

static Status restart_noop(Restart *r, const WalHeader *h, Slice body)
{
    if (wal_flags(h) == NOOP_NEXT_OID && body.len >= 8) {
        uint64_t limit;
        memcpy(&limit, body.ptr, sizeof(limit));
        r->e->priv->next_oid = MAX(r->e->priv->next_oid, limit);
    }
    return ST_OK;
}

/* restart_record - EngineRedoNote: what restart must know of a record: transactions that began or
 * ended, the highest commit number, the OIDs given out. */
static Status restart_record(void *arg, Cx *cx, Lsn lsn, const WalHeader *h, Slice body)
{
    Restart *r = arg;
    Xid xid = wal_xid(h);
    engine_progress(r->e, &r->progress, "redo", lsn);
    if (xid != 0) {
        restart_note_xid(r, xid, lsn);
    }
    switch (wal_type(h)) {
    case WAL_INSERT:
    case WAL_UPDATE:
    case WAL_DELETE:
    case WAL_RESURRECT:
    case WAL_CLR:
    case WAL_PURGE:
    case WAL_SEQUENCE:
    case WAL_SMO:
    case WAL_IMAGE:
    case WAL_TREE: return ST_OK;
    case WAL_COMMIT:
        if (body.len >= sizeof(Csn)) {
            Csn csn;
            memcpy(&csn, body.ptr, sizeof(csn));
            r->max_csn = MAX(r->max_csn, csn);
        }
        restart_ended(r, xid);
        return ST_OK;
    case WAL_ABORT_END: restart_ended(r, xid); return ST_OK;
    case WAL_NOOP: return restart_noop(r, h, body);
    case WAL_PREPARE: /* the newest record of its transaction tells (restart_losers) */
    case WAL_CHECKPOINT:
    case WAL_INVALID: return ST_OK;
    }
    return err_corrupt(cx, 0, "log record of unknown type %u at %llu", (unsigned)wal_type(h),
                       (unsigned long long)lsn);
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
        bool prepared;
        TRY(txnsys_add_unfinished(cx, r->e->txns, &list[i], &prepared));
        r->prepared += prepared;
        r->losers += !prepared;
    }
    return ST_OK;
}

Status engine_redo(Cx *cx, Engine *e, const StoreMaster *m)
{
    Restart r = {.e = e};
    CheckpointBody body;
    TxnActive *active = NULL;
    uint64_t records = 0;
    arena_init(&r.arena, NULL, "restart", 0);
    map_init(&r.active);
    int64_t start = os_mono_us(e->os);
    engine_progress_start(e, &r.progress);
    Status st = restart_checkpoint(cx, e->wal, m->checkpoint_lsn, &r.arena, &body, &active);
    if (st != ST_OK) {
        goto out;
    }
    if (!e->os->simulated) {
        log_line(LOG_INFO, "database system was not properly shut down; automatic recovery in "
                           "progress");
        log_line(LOG_INFO, "redo starts at %X/%X", (unsigned)(body.redo >> 32),
                 (unsigned)body.redo);
    }
    e->priv->next_oid = MAX(e->priv->next_oid, body.next_oid);
    atomic_store(&e->priv->purge_lsn, body.purge_lsn);
    for (uint64_t i = 0; i < body.active_count; i++) {
        TxnActive *a = arena_memdup(&r.arena, &active[i], sizeof(*a));
        map_put_int(&r.active, a->xid, a);
    }
    TRY_OUT(engine_redo_pages_read(cx, e, e->priv->redo_pages, body.redo, m->checkpoint_lsn));
    engine_redo_pages_free(e->priv->redo_pages);
    e->priv->redo_pages = NULL;
    st = engine_redo_apply(cx, e, body.redo, restart_record, &r, &records);
    if (st == ST_OK) {
        st = engine_make_txns(cx, e, MAX(body.next_xid, r.max_xid + 1),
                              MAX(body.next_csn, r.max_csn + 1));
    }
    if (st == ST_OK) {
        st = restart_losers(cx, &r);
    }
    if (st == ST_OK && !e->os->simulated) {
        Lsn end = wal_head(e->wal);
        log_line(LOG_INFO, "redo done at %X/%X", (unsigned)(end >> 32), (unsigned)end);
        log_line(LOG_INFO,
                 "recovered: %llu log records in %lld ms, %u transactions to undo, %u prepared",
                 (unsigned long long)records, (long long)((os_mono_us(e->os) - start) / 1000),
                 r.losers, r.prepared);
    }
out:
    map_release(&r.active);
    arena_release(&r.arena);
    return st;
}
