/*
 * checkpoint.c - fuzzy checkpoints: writers go on meanwhile.
 *
 * The order matters: the log's head and the active transactions first, then the pages dirtied
 * before that head, then the redo point (computed by the store before its data fsync, so that a
 * page written but not yet durable still holds it back), then the record, durable, then the master
 * record that names it, and only then the log behind it goes.
 */
#include "base/log.h"
#include "recovery/engine_internal.h"

/* checkpoint_log - the CHECKPOINT record, durable. */
static Status checkpoint_log(Cx *cx, Engine *e, const CheckpointBody *body, const TxnActive *active,
                             Lsn *lsn_out)
{
    Slice parts[2] = {{(const char *)body, sizeof(*body)},
                      {(const char *)active, body->active_count * sizeof(*active)}};
    WalHeader h = {.xid48_type8_flags8 = wal_pack(0, WAL_CHECKPOINT, 0)};
    *lsn_out = wal_append(e->wal, &h, parts, body->active_count != 0 ? 2 : 1);
    return wal_flush_wait(cx, e->wal, wal_head(e->wal));
}

/* checkpoint_truncate - the log behind everybody who may still read it goes. */
static Status checkpoint_truncate(Cx *cx, Engine *e, const CheckpointBody *body,
                                  const TxnActive *active)
{
    Lsn keep = MIN(body->redo, body->purge_lsn);
    keep = MIN(keep, txnsys_horizon(e->txns));
    for (uint64_t i = 0; i < body->active_count; i++) {
        keep = MIN(keep, active[i].first_lsn);
    }
    return wal_truncate(cx, e->wal, keep);
}

Status engine_checkpoint_write(Cx *cx, Engine *e, bool clean)
{
    struct EnginePrivate *p = e->priv;
    CheckpointBody body = {0};
    TxnActive *active = NULL;
    uint32_t count = 0;
    Arena arena;
    Lsn lsn = 0;
    arena_init(&arena, NULL, "checkpoint", 0);
    os_mutex_lock(e->os, &p->checkpoint_mutex);
    Status st = ST_OK;
    Lsn begin = wal_head_fence(e->wal);
    Xid next_xid;
    Csn next_csn;
    txnsys_active(e->txns, &arena, &active, &count, &next_xid, &next_csn);
    body.next_xid = next_xid;
    body.next_csn = next_csn;
    body.active_count = count;
    body.purge_lsn = atomic_load(&p->purge_lsn);
    os_mutex_lock(e->os, &p->oid_mutex);
    body.next_oid = clean ? p->next_oid : p->oid_limit;
    os_mutex_unlock(e->os, &p->oid_mutex);
    TRY_OUT(store_flush_before(cx, e->store, begin, 0, &body.redo));
    TRY_OUT(checkpoint_log(cx, e, &body, active, &lsn));
    StoreMaster m;
    store_master_get(e->store, &m);
    m.seq++;
    m.checkpoint_lsn = clean ? 0 : lsn;
    m.next_lsn = wal_head(e->wal);
    m.clean = clean ? 1 : 0;
    m.next_xid = next_xid;
    m.next_csn = next_csn;
    m.next_oid = body.next_oid;
    TRY_OUT(store_master_put(cx, e->store, &m));
    p->checkpoint_lsn = lsn;
    p->checkpoint_us = os_mono_us(e->os);
    if (!clean) {
        st = checkpoint_truncate(cx, e, &body, active);
    }
out:
    os_mutex_unlock(e->os, &p->checkpoint_mutex);
    arena_release(&arena);
    return st;
}

Status engine_checkpoint(Cx *cx, Engine *e)
{
    return engine_checkpoint_write(cx, e, false);
}
