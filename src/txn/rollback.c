/*
 * rollback.c - the one undo walk: abort, ROLLBACK TO and the losers of a crash.
 *
 * The walk follows prev_lsn from the transaction's newest record. Each undone record is answered by
 * a CLR whose body begins with the LSN to go on with, so a walk that is interrupted (by a crash, or
 * by the abort after a ROLLBACK TO) never undoes twice. The transaction stays in progress until the
 * walk is done: readers keep using the before-images, writers keep waiting.
 */
#include "base/log.h"
#include "txn/ssi_internal.h"

/* txn_created_trees - the trees this very transaction created (above action `from`). Their rows
 * need no undo: they go as a whole. */
static void txn_created_trees(Txn *txn, uint32_t from, Map *out)
{
    const TxnPrivate *p = txn->priv;
    map_init(out);
    for (uint32_t i = from; i < p->action_count; i++) {
        if (p->actions[i].kind == ACTION_DROP_ON_ABORT) {
            (void)map_put_int(out, p->actions[i].tree, &p->actions[i]);
        }
    }
}

/* txn_undo_tree_created - free the tree, then say so with a CLR. */
static Status txn_undo_tree_created(Cx *cx, Txn *txn, const WalHeader *hdr)
{
    TxnSys *sys = txn->sys;
    if (sys->drop_tree != NULL) {
        TRY(sys->drop_tree(sys->handler_arg, cx, hdr->tree));
    }
    Lsn undo_next = hdr->prev_lsn;
    Slice part = {(const char *)&undo_next, sizeof(undo_next)};
    txn_log(txn, WAL_CLR, CLR_TREE_CREATED, hdr->tree, 0, &part, 1);
    return ST_OK;
}

/* txn_undo_read - the record at lsn with its whole body in buf. */
static Status txn_undo_read(Cx *cx, TxnSys *sys, Lsn lsn, WalHeader *hdr, Buf *buf)
{
    size_t len = 0;
    buf_clear(buf);
    (void)buf_reserve(buf, 1024);
    TRY(wal_read(cx, sys->wal, lsn, hdr, buf->data, buf->size, &len));
    if (len > buf->size) {
        (void)buf_reserve(buf, len);
        TRY(wal_read(cx, sys->wal, lsn, hdr, buf->data, buf->size, &len));
    }
    buf->len = len;
    return ST_OK;
}

/* txn_undo_walk - undo every record above stop_lsn. created_from: first action to look at for trees
 * that go as a whole. */
static Status txn_undo_walk(Cx *cx, Txn *txn, Lsn stop_lsn, uint32_t created_from,
                            _Atomic bool *stop)
{
    TxnSys *sys = txn->sys;
    Lsn lsn = txn->last_lsn;
    Status st = ST_OK;
    uint64_t records = 0;
    Buf body;
    Map created;
    buf_init(&body, WAL_RECORD_BYTES_MAX);
    txn_created_trees(txn, created_from, &created);
    while (lsn > stop_lsn) {
        WalHeader hdr;
        if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed)) {
            st = ST_DONE;
            break;
        }
        TRY_OUT(txn_undo_read(cx, sys, lsn, &hdr, &body));
        if (wal_xid(&hdr) != txn->xid) {
            st = err_corrupt(cx, 0, "log record at %llu is not of transaction %llu",
                             (unsigned long long)lsn, (unsigned long long)txn->xid);
            break;
        }
        Slice bytes = {(const char *)body.data, body.len};
        Lsn next = hdr.prev_lsn;
        switch (wal_type(&hdr)) {
        case WAL_CLR:
            if (bytes.len < sizeof(next)) {
                st = err_corrupt(cx, 0, "CLR of %zu bytes", bytes.len);
                goto out;
            }
            memcpy(&next, bytes.ptr, sizeof(next));
            break;
        case WAL_NOOP:
            if (wal_flags(&hdr) == NOOP_TREE_CREATED) {
                TRY_OUT(txn_undo_tree_created(cx, txn, &hdr));
            } else if (wal_flags(&hdr) == NOOP_CHAIN_WRITTEN) {
                /* Also of trees that go as a whole: no row may name it. */
                TRY_OUT(sys->undo(sys->handler_arg, cx, txn, lsn, &hdr, bytes));
            }
            break;
        case WAL_INSERT:
        case WAL_UPDATE:
        case WAL_DELETE:
        case WAL_RESURRECT:
            if (created.count == 0 || map_get_int(&created, hdr.tree) == NULL) {
                TRY_OUT(sys->undo(sys->handler_arg, cx, txn, lsn, &hdr, bytes));
            }
            break;
        default: break;
        }
        ASSERT(next < lsn);
        lsn = next;
        if (stop != NULL && ++records % 1024 == 0 && sys->undo_progress != NULL) {
            sys->undo_progress(sys->handler_arg, txn->xid, lsn, records);
        }
    }
out:
    map_release(&created);
    buf_release(&body);
    return st;
}

Status txn_undo_to(Cx *cx, Txn *txn, Lsn stop_lsn)
{
    return txn_undo_walk(cx, txn, stop_lsn, 0, NULL);
}

/* txn_finish_abort - everything is undone: log the end, publish, let go of locks. */
void txn_finish_abort(Cx *cx, Txn *txn)
{
    TxnSys *sys = txn->sys;
    (void)cx;
    txn_unpark(txn);
    if (txn->xid != 0) {
        txn_log(txn, WAL_ABORT_END, 0, 0, 0, NULL, 0);
    }
    os_mutex_lock(sys->os, &sys->commit_lock);
    if (txn->xid != 0) {
        if (txn->xid >= sys->first_xid) {
            DASSERT(atomic_load(txnsys_status_at(sys, txn->xid)) == STATUS_IN_PROGRESS); /* I14 */
            atomic_store_explicit(txnsys_status_at(sys, txn->xid), STATUS_ABORTED,
                                  memory_order_release);
        }
        txnsys_unregister(sys, txn);
    }
    if (txn->snapshot_held) {
        txn_snapshot_unlink(&txn->snapshot);
        txn->snapshot_held = false;
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    ssi_rollback_end(txn);
    txn_blocks_leave(txn, 0);
    row_locks_release(txn, 0, true);
    table_locks_release(txn, 0, true);
    advisory_locks_release(txn, 0, true);
    if (txn->xid != 0) {
        txn_wake_xid(sys, txn->xid);
    }
    txn_actions_run_end(txn, 0, false);
    txn_count_end(txn, false);
}

void txn_abort(Cx *cx, Txn *txn)
{
    shared_snapshots_drop(txn);
    ssi_rollback_begin(txn);
    if (txn->xid != 0 && txn->last_lsn != 0) {
        /* Undo must not stop half way: no cancel, and errors of its own (the statement's error must
           survive). */
        Err err;
        memset(&err, 0, sizeof(err));
        Cx own = *cx;
        own.err = &err;
        own.cancel = NULL;
        Status st = txn_undo_to(&own, txn, 0);
        if (st != ST_OK) {
            log_err(LOG_FATAL, &err);
            os_halt(txn->sys->os, "undo of a transaction failed");
        }
    }
    txn_finish_abort(cx, txn);
}

/* undo_to_savepoint - undo what was logged since; it cannot fail. */
static void undo_to_savepoint(Cx *cx, Txn *txn, const SavePoint *sp)
{
    if (txn->xid == 0 || txn->last_lsn <= sp->last_lsn) {
        return;
    }
    Cx own = *cx;
    own.cancel = NULL;
    Err err;
    memset(&err, 0, sizeof(err));
    own.err = &err;
    Status st = txn_undo_walk(&own, txn, sp->last_lsn, sp->action_count, NULL);
    if (st != ST_OK) {
        log_err(LOG_FATAL, &err);
        os_halt(txn->sys->os, "undo of a transaction failed");
    }
}

void txn_mark(Txn *txn, SavePoint *mark_out)
{
    *mark_out = (SavePoint){txn->last_lsn, txn->cid, txn->savepoint_level, txn->priv->action_count};
}

void txn_undo_to_mark(Cx *cx, Txn *txn, const SavePoint *mark)
{
    undo_to_savepoint(cx, txn, mark);
    txn_wake_xid(txn->sys, txn->xid);
    txn_actions_run_end(txn, mark->action_count, false);
}

Status txn_rollback_to(Cx *cx, Txn *txn, const SavePoint *sp)
{
    txn_unpark(txn);
    undo_to_savepoint(cx, txn, sp);
    if (txn->xid != 0) {
        /* Who waits for this transaction may only have waited for what is undone now. */
        txn_wake_xid(txn->sys, txn->xid);
    }
    row_locks_release(txn, sp->level, false);
    table_locks_release(txn, sp->level, false);
    advisory_locks_release(txn, sp->level, false);
    txn_actions_run_end(txn, sp->action_count, false);
    txn->savepoint_level = sp->level + 1;
    return ST_OK;
}

/* ---- losers ---- */

void txnsys_register_unfinished(TxnSys *sys, Txn *txn)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    txnsys_register(sys, txn);
    atomic_fetch_add(&sys->loser_count, 1);
    os_mutex_unlock(sys->os, &sys->commit_lock);
    /* Which blocks it wrote is not known: all between its first and last record. */
    for (Lsn l = txn->first_lsn;; l += (Lsn)1 << LOG_BLOCK_SHIFT) {
        txn_blocks_enter(txn, MIN(l, txn->last_lsn));
        if (l >= txn->last_lsn) {
            break;
        }
    }
}

Status txnsys_add_loser(Cx *cx, TxnSys *sys, const TxnActive *loser)
{
    (void)cx;
    Txn *txn = mem_alloc("loser", sizeof(*txn));
    TxnPrivate *priv = mem_alloc("loser", sizeof(*priv));
    txn_init(txn, priv, sys, ISO_READ_COMMITTED, NULL);
    priv->loser = true;
    txn->xid = loser->xid;
    txn->first_lsn = loser->first_lsn;
    txn->last_lsn = loser->last_lsn;
    txnsys_register_unfinished(sys, txn);
    return ST_OK;
}

/* loser_created_trees - the trees the transaction made and still has, into its actions, as they
 * were there before the crash. An abort passes over the records of such trees and leaves no CLRs
 * for them, so when it was cut off, rows in them are no longer what the records below made them. */
static Status loser_created_trees(Cx *cx, Txn *txn, _Atomic bool *stop)
{
    TxnPrivate *p = txn->priv;
    p->actions = NULL; /* those of an earlier try went with its arena */
    p->action_count = p->action_size = 0;
    for (Lsn lsn = txn->last_lsn; lsn != 0;) {
        WalHeader hdr;
        Lsn undo_next = 0;
        size_t len = 0;
        if (atomic_load_explicit(stop, memory_order_relaxed)) {
            return ST_DONE;
        }
        TRY(wal_read(cx, txn->sys->wal, lsn, &hdr, &undo_next, sizeof(undo_next), &len));
        if (wal_type(&hdr) == WAL_NOOP && wal_flags(&hdr) == NOOP_TREE_CREATED) {
            txn_action_created(txn, hdr.tree);
        }
        lsn = wal_type(&hdr) == WAL_CLR && len >= sizeof(undo_next) ? undo_next : hdr.prev_lsn;
    }
    return ST_OK;
}

/* undo_losers_locked - undo transactions that a crash ended, one after the other, until none is
 * left or *stop. Requires: nobody else undoes losers. */
static Status undo_losers_locked(Cx *cx, TxnSys *sys, _Atomic bool *stop)
{
    for (;;) {
        Txn *txn = NULL;
        os_mutex_lock(sys->os, &sys->commit_lock);
        LIST_FOREACH (node, &sys->active) {
            TxnPrivate *p = LIST_ITEM(node, TxnPrivate, active_link);
            if (p->loser) {
                txn = p->owner;
                break;
            }
        }
        os_mutex_unlock(sys->os, &sys->commit_lock);
        if (txn == NULL) {
            return ST_OK;
        }
        Arena arena;
        arena_init(&arena, NULL, "loser undo", 0);
        txn->arena = &arena;
        Status st = loser_created_trees(cx, txn, stop);
        if (st == ST_OK) {
            st = txn_undo_walk(cx, txn, 0, 0, stop);
        }
        if (st != ST_OK) {
            arena_release(&arena);
            return st == ST_DONE ? ST_OK : st;
        }
        txn_finish_abort(cx, txn);
        atomic_fetch_sub(&sys->loser_count, 1);
        arena_release(&arena);
        mem_free(txn->priv);
        mem_free(txn);
    }
}

/* txnsys_undo_losers - the background thread and a closing engine may both want to. */
Status txnsys_undo_losers(Cx *cx, TxnSys *sys, _Atomic bool *stop)
{
    os_mutex_lock(sys->os, &sys->undo_mutex);
    Status st = undo_losers_locked(cx, sys, stop);
    os_mutex_unlock(sys->os, &sys->undo_mutex);
    return st;
}
