/*
 * delete.c - deleting a row: the tag gets DELETED, the bytes stay until purge; index entries are
 * delete-marked.
 */
#include "table/counts.h"
#include "table/table_internal.h"

static Status delete_indexes(Cx *cx, Txn *txn, const Table *t, Slice payload, RowId rowid)
{
    IndexKey key;
    KeySource src = {.arena = cx->arena};
    ArenaMark mark = arena_mark(cx->arena);
    TRY(row_resolve(cx, t->engine, t->layouts, cx->arena, payload, t->root, &src.row, &src.layout));
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (t->indexes[i].inverted) {
            TRY(inverted_change(cx, txn, t, &t->indexes[i], &src, NULL, rowid));
            continue;
        }
        TRY(index_key_build(cx, t, &t->indexes[i], &src, rowid, &key));
        TRY(index_delete_mark(cx, txn, t, &t->indexes[i], &key));
    }
    arena_rewind(cx->arena, mark);
    return ST_OK;
}

Status table_delete(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                    WriteOutcome *outcome_out)
{
    uint8_t old[ROW_INLINE_MAX];
    uint32_t len = 0;
    BtTree tree = table_tree(t);
    BtPos pos;
    BtEntry entry;
    TRY(txn_start_write(cx, txn));
    TRY(wal_admit(cx, t->engine->wal, 256));
    TRY(row_write_seek(cx, txn, snap, t, rowid, ROWLOCK_UPDATE, 0, &pos, &entry, NULL,
                       outcome_out));
    if (*outcome_out != WRITE_DONE) {
        return ST_OK;
    }
    if (t->index_count != 0) {
        if (entry.payload_len > sizeof(old)) {
            bt_release(&tree, &pos);
            return err_corrupt(cx, pos.leaf.page, "row of %u bytes", entry.payload_len);
        }
        len = entry.payload_len;
        memcpy(old, entry.payload, len);
    }
    page_dirty(tree.store, &pos.leaf);
    Slice parts[2] = {slice_bytes(&rowid, 8), slice_bytes(&entry.tag, 8)};
    Lsn lsn = txn_log(txn, WAL_DELETE, 0, t->tree, pos.leaf.page, parts, 2);
    bt_leaf_set_tag(&pos.leaf, pos.slot, lsn | TAG_HAS_PREV | TAG_DELETED);
    page_set_lsn(&pos.leaf, lsn, true);
    row_written(txn, ROWLOCK_UPDATE);
    bt_release(&tree, &pos);
    counts_change(txn, t, COUNT_DELETED, 1);
    return t->index_count != 0 ? delete_indexes(cx, txn, t, slice_bytes(old, len), rowid) : ST_OK;
}
