/*
 * txn.c - the life of a transaction: begin, first write, log records, savepoints, commit.
 *
 * COMMIT is O(1) in the write set: reserve the record, take the commit number, publish, all under
 * the commit lock; the record's bytes are copied after it was released. Rows are not touched.
 */
#include "txn/ssi_internal.h"

void txn_init(Txn *txn, TxnPrivate *priv, TxnSys *sys, Isolation iso, Arena *arena)
{
    memset(txn, 0, sizeof(*txn));
    memset(priv, 0, sizeof(*priv));
    txn->sys = sys;
    txn->isolation = iso;
    txn->arena = arena;
    txn->cid = 1; /* records of command n are seen by snapshots with cid > n */
    txn->priv = priv;
    priv->owner = txn;
    priv->blocks = priv->blocks_inline;
    priv->block_size = TXN_BLOCKS_INLINE;
    priv->last_block = ~(uint64_t)0;
    list_init(&priv->active_link);
    list_init(&priv->wait.link);
    list_init(&priv->xid_link);
}

Status txn_begin(Cx *cx, TxnSys *sys, Isolation iso, Arena *arena, Txn **txn_out)
{
    (void)cx;
    Txn *txn = arena_alloc(arena, sizeof(*txn));
    TxnPrivate *priv = arena_alloc(arena, sizeof(*priv));
    txn_init(txn, priv, sys, iso, arena);
    *txn_out = txn;
    return ST_OK;
}

Status txn_start_write(Cx *cx, Txn *txn)
{
    if (LIKELY(txn->xid != 0)) {
        return ST_OK;
    }
    if (txn->read_only) {
        return err_set(cx, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                       "cannot execute a command that writes in a read-only transaction");
    }
    TxnSys *sys = txn->sys;
    os_mutex_lock(sys->os, &sys->commit_lock);
    /* first_lsn = head before the first reservation: no snapshot can compute an R above our
       records. */
    __atomic_store_n(&txn->xid, sys->next_xid++, __ATOMIC_RELAXED); /* a list of locks may look */
    txn->first_lsn = wal_head(sys->wal);
    atomic_store_explicit(txnsys_status_at(sys, txn->xid), STATUS_IN_PROGRESS,
                          memory_order_relaxed);
    txnsys_register(sys, txn);
    os_mutex_unlock(sys->os, &sys->commit_lock);
    ssi_wrote(txn);
    return ST_OK;
}

/* txn_blocks_enter - the transaction writes into another log block: it is no longer settled. */
void txn_blocks_enter(Txn *txn, Lsn lsn)
{
    TxnPrivate *p = txn->priv;
    uint64_t block = lsn >> LOG_BLOCK_SHIFT;
    if (LIKELY(block == p->last_block)) {
        return;
    }
    p->last_block = block;
    if (p->block_count == p->block_size) {
        uint32_t size = p->block_size * 2;
        if (p->blocks == p->blocks_inline) {
            p->blocks = mem_alloc("txn blocks", size * sizeof(uint64_t));
            memcpy(p->blocks, p->blocks_inline, sizeof(p->blocks_inline));
        } else {
            p->blocks = mem_realloc("txn blocks", p->blocks, size * sizeof(uint64_t));
        }
        p->block_size = size;
    }
    p->blocks[p->block_count++] = block;
    atomic_fetch_add_explicit(&txn->sys->blocks[block & (LOG_BLOCK_COUNT - 1)].active, 1,
                              memory_order_acq_rel);
}

/* txn_blocks_leave - the transaction has ended (csn 0: aborted, nothing of it is left). */
void txn_blocks_leave(Txn *txn, Csn csn)
{
    TxnPrivate *p = txn->priv;
    for (uint32_t i = 0; i < p->block_count; i++) {
        LogBlock *b = &txn->sys->blocks[p->blocks[i] & (LOG_BLOCK_COUNT - 1)];
        uint64_t old = atomic_load_explicit(&b->max_csn, memory_order_relaxed);
        while (old < csn &&
               !atomic_compare_exchange_weak_explicit(&b->max_csn, &old, csn, memory_order_release,
                                                      memory_order_relaxed)) {
        }
        atomic_fetch_sub_explicit(&b->active, 1, memory_order_release);
    }
    p->block_count = 0;
    if (p->blocks != p->blocks_inline) {
        mem_free(p->blocks);
        p->blocks = p->blocks_inline;
        p->block_size = TXN_BLOCKS_INLINE;
    }
}

/* txn_blocks_move - another Txn struct goes on with this transaction. */
void txn_blocks_move(Txn *txn, Txn *to)
{
    TxnPrivate *from = txn->priv, *p = to->priv;
    bool grown = from->blocks != from->blocks_inline;
    memcpy(p->blocks_inline, from->blocks_inline, sizeof(from->blocks_inline));
    p->blocks = grown ? from->blocks : p->blocks_inline;
    p->block_size = from->block_size;
    p->block_count = from->block_count;
    p->last_block = from->last_block;
    from->blocks = from->blocks_inline;
    from->block_size = TXN_BLOCKS_INLINE;
    from->block_count = 0;
}

Lsn txn_log(Txn *txn, WalType type, uint8_t flags, TreeId tree, PageNo page, const Slice *parts,
            uint32_t part_count)
{
    ASSERT(txn->xid != 0);
    WalHeader h = {
        .xid48_type8_flags8 = wal_pack(txn->xid, type, flags),
        .prev_lsn = txn->last_lsn,
        .cid = txn->cid,
        .tree = tree,
        .page = page,
    };
    Lsn lsn = wal_append(txn->sys->wal, &h, parts, part_count);
    /* The checkpoint reads it from another thread; see txnsys_active. */
    __atomic_store_n(&txn->last_lsn, lsn, __ATOMIC_RELAXED);
    txn_blocks_enter(txn, lsn);
    return lsn;
}

/* txn_log_actions - encode commit actions; all but the last part of a long list goes into records
 * of its own. buf gets the COMMIT body after the csn: u32 chunk_count, u32 action_count, chunk
 * LSNs, actions. */
static uint32_t txn_log_actions(Txn *txn, Buf *buf)
{
    enum { PER_RECORD = 65536 };
    TxnPrivate *p = txn->priv;
    Buf chunks, now;
    buf_init(&chunks, (size_t)1 << 20);
    buf_init(&now, (size_t)4 << 20);
    uint32_t n = 0, total = 0, chunk_count = 0;
    for (uint32_t i = 0; i < p->action_count; i++) {
        const TxnAction *a = &p->actions[i];
        if (a->kind != ACTION_DROP_ON_COMMIT && a->kind != ACTION_FREE_CHAIN) {
            continue;
        }
        if (n == PER_RECORD) {
            Slice part = {(const char *)now.data, now.len};
            Lsn lsn = txn_log(txn, WAL_NOOP, NOOP_COMMIT_ACTIONS, 0, 0, &part, 1);
            buf_put(&chunks, &lsn, sizeof(lsn));
            buf_clear(&now);
            chunk_count++;
            n = 0;
        }
        CommitAction c = {
            .kind = a->kind == ACTION_DROP_ON_COMMIT ? COMMIT_DROP_TREE : COMMIT_FREE_CHAIN,
            .tree = a->tree,
            .page = a->page,
            .stamp = a->stamp,
        };
        buf_put(&now, &c, sizeof(c));
        n++;
        total++;
    }
    if (total != 0) {
        buf_put(buf, &chunk_count, 4);
        buf_put(buf, &n, 4);
        buf_put(buf, chunks.data, chunks.len);
        buf_put(buf, now.data, now.len);
    }
    buf_release(&chunks);
    buf_release(&now);
    return total;
}

static Status commit_actions_decode(Cx *cx, const uint8_t *p, size_t len, uint32_t n,
                                    Status (*fn)(void *arg, Cx *cx, const CommitAction *a),
                                    void *arg)
{
    if ((size_t)n * sizeof(CommitAction) > len) {
        return err_corrupt(cx, 0, "commit record: action list is too short");
    }
    for (uint32_t i = 0; i < n; i++) {
        CommitAction a;
        memcpy(&a, p + (size_t)i * sizeof(a), sizeof(a));
        TRY(fn(arg, cx, &a));
    }
    return ST_OK;
}

Status commit_record_actions(Cx *cx, Wal *wal, const WalHeader *hdr, Slice body,
                             Status (*fn)(void *arg, Cx *cx, const CommitAction *a), void *arg)
{
    if (wal_flags(hdr) == 0) {
        return ST_OK;
    }
    uint32_t chunk_count, n;
    const uint8_t *p = (const uint8_t *)body.ptr;
    if (body.len < 16) {
        return err_corrupt(cx, 0, "commit record: %zu bytes", body.len);
    }
    memcpy(&chunk_count, p + 8, 4);
    memcpy(&n, p + 12, 4);
    size_t at = 16;
    if ((size_t)chunk_count * 8 > body.len - at) {
        return err_corrupt(cx, 0, "commit record: chunk list is too short");
    }
    for (uint32_t i = 0; i < chunk_count; i++, at += 8) {
        Lsn lsn;
        memcpy(&lsn, p + at, 8);
        WalHeader h;
        size_t len = 0, cap = (size_t)4 << 20;
        void *mem = mem_alloc("commit actions", cap);
        Status st = wal_read(cx, wal, lsn, &h, mem, cap, &len);
        if (st == ST_OK) {
            uint32_t count = (uint32_t)(MIN(len, cap) / sizeof(CommitAction));
            st = commit_actions_decode(cx, mem, MIN(len, cap), count, fn, arg);
        }
        mem_free(mem);
        TRY(st);
    }
    return commit_actions_decode(cx, p + at, body.len - at, n, fn, arg);
}

/* txn_commit_failed - SERIALIZABLE: the commit would leave no serial order. */
static Status txn_commit_failed(Cx *cx, Txn *txn)
{
    Err keep = *cx->err;
    txn_abort(cx, txn);
    *cx->err = keep;
    return ST_ERROR;
}

Status txn_commit(Cx *cx, Txn *txn, Lsn *lsn_out)
{
    TxnSys *sys = txn->sys;
    *lsn_out = 0;
    txn_unpark(txn);
    shared_snapshots_drop(txn);
    if (txn->xid == 0) {
        if (UNLIKELY(txn->ser != NULL)) {
            if (ssi_commit_begin(cx, txn) != ST_OK) {
                return txn_commit_failed(cx, txn);
            }
            ssi_commit_end(txn);
        }
        if (txn->snapshot_held) {
            snapshot_release(&txn->snapshot);
            txn->snapshot_held = false;
        }
        row_locks_release(txn, 0, true);
        table_locks_release(txn, 0, true);
        advisory_locks_release(txn, 0, true);
        txn_actions_run_end(txn, 0, true);
        txn_count_end(txn, true);
        return ST_OK;
    }
    Buf body;
    buf_init(&body, WAL_RECORD_BYTES_MAX);
    Csn csn = 0;
    bool actions = txn->priv->action_count != 0;
    if (UNLIKELY(actions)) {
        actions = txn_log_actions(txn, &body) != 0;
    }
    WalReservation res;
    bool tracked = txn->ser != NULL;
    if (UNLIKELY(tracked) && ssi_commit_begin(cx, txn) != ST_OK) {
        buf_release(&body);
        return txn_commit_failed(cx, txn);
    }
    os_mutex_lock(sys->os, &sys->commit_lock);
    wal_reserve(sys->wal, sizeof(csn) + body.len, &res);
    csn = ++sys->last_csn;
    os_stop_point(sys->os, "commit.numbered");
    DASSERT(res.lsn >= sys->last_commit_lsn); /* I9: commit numbers rise with the COMMIT records */
    if (LIKELY(txn->xid >= sys->first_xid)) {
        DASSERT(atomic_load(txnsys_status_at(sys, txn->xid)) == STATUS_IN_PROGRESS); /* I14 */
        atomic_store_explicit(txnsys_status_at(sys, txn->xid), csn, memory_order_release);
    } else {
        txnsys_revive(sys, txn->xid, csn);
    }
    sys->last_commit_lsn = res.lsn + res.len;
    txnsys_unregister(sys, txn);
    if (txn->snapshot_held) {
        txn_snapshot_unlink(&txn->snapshot);
        txn->snapshot_held = false;
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    if (UNLIKELY(tracked)) {
        ssi_commit_end(txn);
    }
    WalHeader h = {
        .xid48_type8_flags8 = wal_pack(txn->xid, WAL_COMMIT, actions ? 1 : 0),
        .prev_lsn = txn->last_lsn,
        .cid = txn->cid,
    };
    Slice parts[2] = {{(const char *)&csn, sizeof(csn)}, {(const char *)body.data, body.len}};
    wal_fill(sys->wal, &res, &h, parts, body.len != 0 ? 2 : 1);
    buf_release(&body);
    *lsn_out = res.lsn + res.len;
    txn_blocks_leave(txn, csn);
    /* Before the locks go: who waited for one must find the caches of what changed dropped. */
    txn_actions_run_end(txn, 0, true);
    row_locks_release(txn, 0, true);
    table_locks_release(txn, 0, true);
    advisory_locks_release(txn, 0, true);
    txn_wake_xid(sys, txn->xid);
    txn_count_end(txn, true);
    return ST_OK;
}

void txn_savepoint(Txn *txn, SavePoint *sp_out)
{
    sp_out->last_lsn = txn->last_lsn;
    sp_out->cid = txn->cid;
    sp_out->level = txn->savepoint_level++;
    sp_out->action_count = txn->priv->action_count;
}

Status txn_next_command(Cx *cx, Txn *txn)
{
    if (txn->xid == 0) {
        return ST_OK; /* nothing was written: command ids are not used up by reads */
    }
    if (txn->cid >= UINT32_MAX - 2) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "cannot have more than 2^32-2 commands in a transaction");
    }
    txn->cid++;
    return ST_OK;
}

Status txn_snapshot(Cx *cx, Txn *txn, const Snapshot **snap_out)
{
    if (txn->snapshot_held) {
        TRY(snapshot_check(cx, &txn->snapshot));
    }
    if (!txn->snapshot_held && txn->isolation == ISO_SERIALIZABLE) {
        TRY(ssi_begin(cx, txn));
    } else if (!txn->snapshot_held) {
        snapshot_take(txn->sys, txn, &txn->snapshot);
        txn->snapshot_held = true;
    }
    txn->snapshot.cid = txn->cid;
    *snap_out = &txn->snapshot;
    return ST_OK;
}

void txn_snapshot_done(Txn *txn)
{
    row_wait_over(txn);
    if (txn->snapshot_held && txn->isolation == ISO_READ_COMMITTED) {
        snapshot_release(&txn->snapshot);
        txn->snapshot_held = false;
    }
}
