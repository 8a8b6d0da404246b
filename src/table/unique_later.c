/*
 * unique_later.c - deferrable unique and exclusion indexes: duplicates are let in and looked at
 * later.
 *
 * Only the row is remembered. What counts is what it holds when the check comes: it may be gone by
 * then, changed once more, or rolled back to a savepoint, and each needs no bookkeeping that way.
 */
#include "table/table_internal.h"

void unique_put_off(Txn *txn, const Table *t, const TableIndex *ix, RowId rowid)
{
    UniqueLater *u = ARENA_NEW(txn->arena, UniqueLater);
    *u = (UniqueLater){txn->unique_later, rowid, t->oid, ix->tree, false};
    txn->unique_later = u;
}

Status row_newest(Cx *cx, const Txn *txn, const Table *t, RowId rowid, uint8_t *bytes,
                  uint32_t *len_out)
{
    BtTree tree = table_tree(t);
    BtKey key = row_key(rowid);
    BtPos pos;
    BtEntry entry;
    bool live = false, wait = false;
    Xid xid;
    Status st = ST_OK;
    *len_out = 0;
    TRY(bt_seek(cx, &tree, &key, LATCH_SHARED, &pos));
    if (pos.found) {
        if (!bt_leaf_entry(&pos.leaf, pos.slot, &entry) || entry.payload_len > ROW_INLINE_MAX) {
            st = err_corrupt(cx, pos.leaf.page, "row %u is damaged", pos.slot);
        } else {
            st = version_live(cx, txn, t->engine->txns, entry.tag, &live, &wait, &xid);
        }
        if (st == ST_OK && live && !wait) {
            memcpy(bytes, entry.payload, entry.payload_len);
            *len_out = entry.payload_len;
        }
    }
    bt_release(&tree, &pos);
    return st;
}

Status table_unique_check(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, RowId rowid)
{
    uint8_t bytes[ROW_INLINE_MAX];
    KeySource src = {.arena = cx->arena};
    IndexKey key;
    for (uint32_t tries = 0;;) {
        uint32_t len;
        RowId conflict;
        Xid wait;
        ArenaMark mark = arena_mark(cx->arena);
        TRY(row_newest(cx, txn, t, rowid, bytes, &len));
        if (len == 0) {
            return ST_OK;
        }
        TRY(row_resolve(cx, t->engine, t->layouts, cx->arena, slice_bytes(bytes, len), t->root,
                        &src.row, &src.layout));
        TRY(index_key_build(cx, t, ix, &src, rowid, &key));
        TRY(index_find_conflict(cx, txn, t, ix, &key, rowid, &conflict, &wait));
        bool gone = false;
        if (conflict != 0 && ix->exclude == NULL) {
            return index_duplicate(cx, txn, t, ix, &src, false);
        }
        if (conflict != 0) {
            TRY(exclude_violation(cx, txn, t, ix, &key, conflict, false, &gone));
        }
        arena_rewind(cx->arena, mark);
        if (wait == 0 && !gone) {
            return ST_OK;
        }
        if (wait != 0) {
            TRY(txn_wait_xid(cx, txn, wait, 0));
        }
        TRY(cx_retry(cx, &tries));
    }
}
