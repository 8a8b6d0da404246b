/*
 * lockrow.c - SELECT ... FOR UPDATE and friends, foreign keys: a lock in memory, taken while the
 * row's leaf is latched, so that no writer passes in between.
 */
#include "table/table_internal.h"

/* LockTry - what one look at the row under its latch said. */
typedef enum LockTry { LOCK_DONE, LOCK_WAIT } LockTry;

/* lock_row_try - look at a row under its latch and say what is next: locked, wait for a
 * transaction, or gone. Requires: pos latched exclusive; it stays so. */
static Status lock_row_try(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                           RowLockMode mode, BtPos *pos, LockTry *try_out, Xid *xid,
                           WriteOutcome *outcome)
{
    BtEntry entry;
    VersionState state;
    bool key_update = true;
    *try_out = LOCK_DONE;
    if (!pos->found) {
        *outcome = WRITE_DELETED_MEANWHILE;
        return ST_OK;
    }
    if (!bt_leaf_entry(&pos->leaf, pos->slot, &entry)) {
        return err_corrupt(cx, pos->leaf.page, "row %u is damaged", pos->slot);
    }
    TRY(version_writable(cx, txn, snap, entry.tag, &state, xid, &key_update));
    bool deleted = (entry.tag & TAG_DELETED) != 0;
    bool beside = false;
    if (mode == ROWLOCK_KEY_SHARE && !key_update && !deleted &&
        (state == VERSION_WAIT || state == VERSION_NEWER)) {
        /* Updates that leave keys alone do not disturb KEY SHARE: it is given the version of its
           snapshot, at every isolation level. */
        Xid changer;
        TRY(version_key_changed(cx, snap, entry.tag, &changer));
        if (changer == 0) {
            beside = state == VERSION_WAIT;
            state = VERSION_FREE;
        } else if (changer != *xid) {
            state = VERSION_NEWER; /* the unfinished writer came after it, so it is committed */
        }
    }
    /* Beside a writer it passes those who queue: what conflicts with it waits for that writer. */
    bool own = beside || (*xid != 0 && *xid == txn->xid);
    if (state == VERSION_WAIT) {
        *try_out = LOCK_WAIT;
    } else if (deleted) {
        *outcome = state == VERSION_SELF ? WRITE_SELF_CHANGED : WRITE_DELETED_MEANWHILE;
    } else if (state == VERSION_NEWER) {
        *outcome = WRITE_UPDATED_MEANWHILE;
    } else if (row_lock_conflict(t->engine->txns, txn, t->tree, rowid, mode, own)) {
        *try_out = LOCK_WAIT;
        *xid = own && !beside ? *xid : 0;
    } else {
        TRY(row_lock_add(cx, txn, t->tree, rowid, mode));
        *outcome = WRITE_DONE;
    }
    return ST_OK;
}

Status table_lock_row(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                      RowLockMode mode, WaitPolicy wait, WriteOutcome *outcome_out)
{
    BtTree tree = table_tree(t);
    BtKey key = row_key(rowid);
    for (uint32_t tries = 0;;) {
        BtPos pos;
        LockTry result;
        Xid xid = 0;
        TRY(bt_seek(cx, &tree, &key, LATCH_EXCLUSIVE, &pos));
        Status st = lock_row_try(cx, txn, snap, t, rowid, mode, &pos, &result, &xid, outcome_out);
        if (st == ST_OK && result == LOCK_WAIT && wait == WAIT_BLOCK) {
            row_wait_enter(txn, t->tree, rowid, mode, xid);
        }
        bt_release(&tree, &pos);
        if (st == ST_OK && result == LOCK_WAIT && wait == WAIT_BLOCK) {
            TRY(row_wait(cx, txn));
            TRY(cx_retry(cx, &tries));
            continue;
        }
        if (st != ST_OK || *outcome_out != WRITE_UPDATED_MEANWHILE) {
            row_wait_over(txn);
        }
        TRY(st);
        if (result == LOCK_WAIT) {
            *outcome_out = wait == WAIT_SKIP ? WRITE_SKIPPED : WRITE_NOT_AVAILABLE;
        }
        return ST_OK;
    }
}
