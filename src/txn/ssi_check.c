/*
 * ssi_check.c - where edges come from: a read that does not see a concurrent write, a write to what
 * a concurrent transaction has read.
 *
 * For each pair of a read and a write of one thing one of the two sees the other, because both hold
 * the leaf's latch: a reader that comes first has entered its SIREAD lock before, a writer that
 * comes first has left a version the reader steps back over.
 */
#include <stdio.h>

#include "txn/ssi_internal.h"

static void ssi_mutex_lock(Txn *txn)
{
    os_mutex_lock(txn->sys->os, &txn->sys->ssi->mutex);
}

static void ssi_mutex_unlock(Txn *txn)
{
    os_mutex_unlock(txn->sys->os, &txn->sys->ssi->mutex);
}

/* ---- reads ---- */

/* out_to_old - a writer of whom only the earliest commit it has an edge to is left. */
static Status out_to_old(Cx *cx, SerTxn *me, Xid xid, uint64_t earliest)
{
    char reason[96];
    bool read_only = (ser_flags(me) & SER_READ_ONLY) != 0;
    if (earliest != 0 && (!read_only || earliest <= me->snap_seq)) {
        (void)snprintf(reason, sizeof(reason), "conflict out to old pivot %llu",
                       (unsigned long long)xid);
        return ser_failure(cx, reason);
    }
    if (!read_only && (!list_empty(&me->in) || (ser_flags(me) & SER_SUMMARY_IN) != 0)) {
        (void)snprintf(reason, sizeof(reason),
                       "identification as a pivot, with conflict out to old committed transaction "
                       "%llu",
                       (unsigned long long)xid);
        return ser_failure(cx, reason);
    }
    ser_flag(me, SER_SUMMARY_OUT);
    return ST_OK;
}

/* out_to - the edge me -> writer, where it matters. */
static Status out_to(Cx *cx, SerTxn *me, SerTxn *writer)
{
    uint32_t flags = ser_flags(writer);
    if (writer == me || (flags & (SER_DOOMED | SER_GONE)) != 0) {
        return ST_OK;
    }
    if ((flags & SER_SUMMARY_OUT) != 0) {
        if ((flags & SER_PREPARED) != 0) {
            return ser_failure(cx, "conflict out to old pivot");
        }
        ser_flag(writer, SER_DOOMED);
        return ST_OK;
    }
    if ((ser_flags(me) & SER_READ_ONLY) != 0 && (flags & SER_COMMITTED) != 0 &&
        ((flags & SER_CONFLICT_OUT) == 0 || writer->earliest_out > me->snap_seq)) {
        return ST_OK; /* a reader only comes into a circle through what had committed before it */
    }
    return ser_edge_add(cx, me, me, writer);
}

Status ssi_check_doomed(Cx *cx, Txn *txn)
{
    uint32_t flags = ser_flags(txn->ser);
    if (UNLIKELY((flags & SER_SAFE) != 0)) {
        ssi_forget_safe(txn);
        return ST_OK;
    }
    return LIKELY((flags & SER_DOOMED) == 0)
               ? ST_OK
               : ser_failure(cx, "identification as a pivot, during conflict out checking");
}

Status ssi_conflict_out(Cx *cx, Txn *txn, Xid xid)
{
    SerTxn *me = txn->ser;
    struct Ssi *ssi = txn->sys->ssi;
    Status st;
    TRY(ssi_check_doomed(cx, txn));
    if (txn->ser == NULL) {
        return ST_OK; /* has just proved safe */
    }
    Xid *handled = &me->handled[xid & (SSI_HANDLED - 1)];
    if (*handled == xid || xid == txn->xid) {
        return ST_OK;
    }
    ssi_mutex_lock(txn);
    SerTxn *writer = ser_by_xid(ssi, xid);
    if (writer != NULL) {
        st = out_to(cx, me, writer);
    } else {
        uintptr_t old = (uintptr_t)map_get_int(&ssi->old_xids, xid);
        st = old == 0 ? ST_OK : out_to_old(cx, me, xid, old - 1);
    }
    ssi_mutex_unlock(txn);
    if (st == ST_OK) {
        *handled = xid;
    }
    return st;
}

Status ssi_conflict_by(Cx *cx, Txn *txn, Xid xid)
{
    SerTxn *me = txn->ser;
    struct Ssi *ssi = txn->sys->ssi;
    Status st = ST_OK;
    if (xid == txn->xid) {
        return ST_OK;
    }
    ssi_mutex_lock(txn);
    SerTxn *other = ser_by_xid(ssi, xid);
    if (other != NULL) {
        bool after = atomic_load_explicit(&other->commit_seq, memory_order_relaxed) > me->snap_seq;
        if (after && (ser_flags(other) & (SER_DOOMED | SER_GONE)) == 0) {
            st = ser_edge_add(cx, me, other, me);
        }
    } else if (map_get_int(&ssi->old_xids, xid) != NULL) {
        st = ser_edge_add(cx, me, NULL, me);
    }
    ssi_mutex_unlock(txn);
    return st;
}

/* ---- writes ---- */

/* in_from - the edge from the owner of a SIREAD lock to me, unless it cannot have seen the version
 * I replace. Requires the lock's partition. */
static Status in_from(Cx *cx, Txn *txn, const SerLock *l, Lsn over)
{
    SerTxn *me = txn->ser, *reader = l->owner;
    if (reader == NULL) {
        if (l->old_seq <= me->snap_seq) {
            return ST_OK;
        }
    } else if (atomic_load_explicit(&reader->commit_seq, memory_order_acquire) <= me->snap_seq ||
               (over != 0 && over >= reader->snap_lsn) ||
               (ser_flags(reader) & (SER_DOOMED | SER_GONE | SER_SAFE)) != 0) {
        return ST_OK;
    }
    ssi_mutex_lock(txn);
    Status st = ST_OK;
    if (reader != NULL && (ser_flags(reader) & SER_SUMMARISED) != 0) {
        reader = NULL;
    }
    if (reader == NULL || (ser_flags(reader) & (SER_DOOMED | SER_GONE | SER_SAFE)) == 0) {
        st = ser_edge_add(cx, me, reader, me);
    }
    ssi_mutex_unlock(txn);
    return st;
}

/* write_check - edges from all who hold this lock. */
static Status write_check(Cx *cx, Txn *txn, TreeId tree, SsiWhat what, uint64_t id, Lsn over)
{
    struct Ssi *ssi = txn->sys->ssi;
    uint32_t hash = ser_hash(tree, what, id);
    _Atomic(SerLock *) *bucket = ser_bucket(ssi, hash);
    Status st = ST_OK;
    if (atomic_load_explicit(bucket, memory_order_acquire) == NULL) {
        return ST_OK;
    }
    os_mutex_lock(txn->sys->os, ser_part(ssi, hash));
    SerLock *next, *l = atomic_load_explicit(bucket, memory_order_relaxed);
    for (; l != NULL && st == ST_OK; l = next) {
        next = l->next;
        if (!ser_lock_is(l, hash, tree, what, id)) {
            continue;
        }
        if (l->owner != txn->ser) {
            st = in_from(cx, txn, l, over);
        } else if (what == SSI_ROW && txn->savepoint_level == 0) {
            /* Who writes the row after me either waits for me and fails, or began after me. With a
               savepoint the write may be undone, and the read not. */
            ser_chain_remove(ssi, l);
        }
    }
    os_mutex_unlock(txn->sys->os, ser_part(ssi, hash));
    return st;
}

Status ssi_check_write_slow(Cx *cx, Txn *txn, TreeId tree, SsiWhat what, uint64_t id, Lsn over)
{
    if ((ser_flags(txn->ser) & SER_DOOMED) != 0) {
        return ser_failure(cx, "identification as a pivot, during conflict in checking");
    }
    txn->ser->did_write = true;
    if (what != SSI_TREE) {
        TRY(write_check(cx, txn, tree, what, id, over));
    }
    return write_check(cx, txn, tree, SSI_TREE, 0, over);
}

Status ssi_check_tree(Cx *cx, Txn *txn, TreeId tree)
{
    struct Ssi *ssi = txn->sys->ssi;
    Status st = ST_OK;
    if (txn->ser == NULL) {
        return ST_OK;
    }
    TRY(ssi_check_write(cx, txn, tree, SSI_TREE, 0, 0));
    for (uint32_t i = 0; i < SSI_BUCKETS && st == ST_OK; i++) {
        if (atomic_load_explicit(&ssi->buckets[i], memory_order_acquire) == NULL) {
            continue;
        }
        os_mutex_lock(txn->sys->os, ser_part(ssi, i));
        SerLock *l = atomic_load_explicit(&ssi->buckets[i], memory_order_relaxed);
        for (; l != NULL && st == ST_OK; l = l->next) {
            if (l->tree == tree && l->owner != txn->ser) {
                st = in_from(cx, txn, l, 0);
            }
        }
        os_mutex_unlock(txn->sys->os, ser_part(ssi, i));
    }
    return st;
}
