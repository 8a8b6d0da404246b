/*
 * share.c - snapshots with names.
 *
 * The list of them has a mutex of its own, held while one is copied: its transaction takes its
 * names out of the list before it ends, so it is alive as long as it is found.
 */
#include <stdio.h>

#include "txn/share.h"
#include "txn/ssi_internal.h"

typedef struct SharedSnapshot {
    ListNode link; /* TxnSys.shared */
    struct SharedSnapshot *txn_next;
    Txn *txn;
    Snapshot snap;
    Isolation isolation;
    bool read_only;
    uint32_t database;
    char name[SNAPSHOT_NAME_BYTES];
} SharedSnapshot;

bool snapshot_exported(const Txn *txn)
{
    return txn->priv->shared != NULL;
}

Status snapshot_export(Cx *cx, Txn *txn, uint32_t database, char name_out[SNAPSHOT_NAME_BYTES])
{
    TxnSys *sys = txn->sys;
    const Snapshot *now;
    if (txn->savepoint_level > 0) {
        return err_set(cx, ERRCODE_ACTIVE_SQL_TRANSACTION,
                       "cannot export a snapshot from a subtransaction");
    }
    TRY(txn_snapshot(cx, txn, &now));
    SharedSnapshot *e = mem_zalloc("shared snapshot", sizeof(*e));
    e->txn = txn;
    e->isolation = txn->isolation;
    e->read_only = txn->read_only;
    e->database = database;
    snapshot_copy(now, &e->snap);
    os_mutex_lock(sys->os, &sys->shared_mutex);
    if (txn->priv->shared == NULL) {
        txn->priv->share_number = ++sys->share_numbers;
    }
    (void)snprintf(e->name, sizeof(e->name), "%08X-%08X-%u", (uint32_t)txn->process_id,
                   txn->priv->share_number, ++txn->priv->share_count);
    e->txn_next = txn->priv->shared;
    txn->priv->shared = e;
    list_push_back(&sys->shared, &e->link);
    os_mutex_unlock(sys->os, &sys->shared_mutex);
    memcpy(name_out, e->name, sizeof(e->name));
    return ST_OK;
}

void shared_snapshots_drop(Txn *txn)
{
    TxnSys *sys = txn->sys;
    SharedSnapshot *e = txn->priv->shared;
    if (LIKELY(e == NULL)) {
        return;
    }
    txn->priv->shared = NULL;
    os_mutex_lock(sys->os, &sys->shared_mutex);
    for (SharedSnapshot *i = e; i != NULL; i = i->txn_next) {
        list_remove(&i->link);
    }
    os_mutex_unlock(sys->os, &sys->shared_mutex);
    while (e != NULL) {
        SharedSnapshot *next = e->txn_next;
        snapshot_release(&e->snap);
        mem_free(e);
        e = next;
    }
}

/* shared_check - may txn have it? */
static Status shared_check(Cx *cx, const Txn *txn, uint32_t database, const SharedSnapshot *e,
                           const char *name)
{
    if (e == NULL) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid snapshot identifier: \"%s\"",
                       name);
    }
    if (txn->isolation == ISO_SERIALIZABLE) {
        if (e->isolation != ISO_SERIALIZABLE) {
            return err_unsupported(cx, "a serializable transaction cannot import a snapshot from a "
                                       "non-serializable transaction");
        }
        if (e->read_only && !txn->read_only) {
            return err_unsupported(cx, "a non-read-only serializable transaction cannot import a "
                                       "snapshot from a read-only transaction");
        }
    }
    if (e->database != database) {
        return err_unsupported(cx, "cannot import a snapshot from a different database");
    }
    if (txn->isolation == ISO_SERIALIZABLE && txn->read_only && txn->deferrable) {
        return err_unsupported(cx,
                               "a snapshot-importing transaction must not be READ ONLY DEFERRABLE");
    }
    return snapshot_check(cx, &e->snap);
}

Status snapshot_import(Cx *cx, Txn *txn, uint32_t database, const char *name)
{
    TxnSys *sys = txn->sys;
    SharedSnapshot *found = NULL;
    if (txn->isolation == ISO_READ_COMMITTED) {
        return err_unsupported(cx, "a snapshot-importing transaction must have isolation level "
                                   "SERIALIZABLE or REPEATABLE READ");
    }
    os_mutex_lock(sys->os, &sys->shared_mutex);
    LIST_FOREACH (n, &sys->shared) {
        SharedSnapshot *e = LIST_ITEM(n, SharedSnapshot, link);
        if (strcmp(e->name, name) == 0) {
            found = e;
        }
    }
    Status st = shared_check(cx, txn, database, found, name);
    if (st == ST_OK && txn->isolation == ISO_SERIALIZABLE) {
        ssi_begin_import(txn, found->txn, &found->snap);
    } else if (st == ST_OK) {
        snapshot_copy(&found->snap, &txn->snapshot);
        txn->snapshot.txn = txn;
        txn->snapshot_held = true;
    }
    os_mutex_unlock(sys->os, &sys->shared_mutex);
    return st;
}
