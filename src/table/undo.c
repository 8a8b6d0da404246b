/*
 * undo.c - taking back one row record: find the entry by its key (splits may have moved it), check
 * that it is the version the record made, restore what was, and log a CLR in the same latch scope.
 *
 * An entry that is gone was undone before a crash interrupted this record; then there is nothing to
 * do. A delete-mark that purge has passed already must not come back: the entry is removed instead.
 */
#include "base/log.h"
#include "table/counts.h"
#include "table/table_internal.h"

Status bt_tree_of(Cx *cx, Engine *e, TreeId tree, BtTree *out)
{
    TreeRt *rt;
    TRY(tree_rt_get(cx, e, tree, &rt));
    *out = (BtTree){e->store, tree, rt->kind, rt->root};
    return ST_OK;
}

/* UndoCx - what the steps below share. */
typedef struct UndoCx {
    Engine *e;
    Txn *txn;
    TreeRt *rt;
    BtTree tree;
    Lsn lsn, next; /* the record undone, and the one before it */
} UndoCx;

static Lsn undo_log(const UndoCx *u, PageNo page, uint8_t kind, Lsn undo_next, const Slice *parts,
                    uint32_t n)
{
    Slice all[8];
    ASSERT(n < ARRAY_LEN(all));
    all[0] = slice_bytes(&undo_next, sizeof(undo_next));
    memcpy(all + 1, parts, n * sizeof(*parts));
    return txn_log(u->txn, WAL_CLR, kind, u->tree.tree, page, all, n + 1);
}

/* ---- INSERT of rows ---- */

/* undo_insert - remove the rows of an insert record, as many as stand together with one record;
 * rows already gone are passed over. */
static Status undo_insert(Cx *cx, UndoCx *u, Slice body)
{
    if (body.len < 10 || body.len < 10 + 2u * (size_t)get_u16(body.ptr + 8)) {
        return err_corrupt(cx, 0, "insert record is damaged");
    }
    RowId first = get_u64(body.ptr);
    uint16_t n = get_u16(body.ptr + 8), done = 0;
    while (done < n) {
        BtPos pos;
        BtEntry entry;
        BtKey key = row_key(first + done);
        TRY(bt_seek(cx, &u->tree, &key, LATCH_EXCLUSIVE, &pos));
        uint16_t k = 0;
        while (pos.found && done + k < n && pos.slot + k < bt_leaf_count(&pos.leaf) &&
               bt_leaf_entry(&pos.leaf, pos.slot + k, &entry) && entry.rowid == first + done + k &&
               tag_lsn(entry.tag) == u->lsn) {
            k++;
        }
        if (k != 0) {
            RowId from = first + done;
            Slice parts[2] = {slice_bytes(&from, 8), slice_bytes(&k, 2)};
            page_dirty(u->e->store, &pos.leaf);
            Lsn lsn = undo_log(u, pos.leaf.page, CLR_REMOVE_ROWS, done + k == n ? u->next : u->lsn,
                               parts, 2);
            for (uint16_t i = 0; i < k; i++) {
                bt_leaf_remove(&pos.leaf, pos.slot);
            }
            page_set_lsn(&pos.leaf, lsn, false);
        }
        bt_release(&u->tree, &pos);
        done = (uint16_t)(done + MAX(k, 1));
    }
    return ST_OK;
}

/* ---- UPDATE ---- */

/* undo_update_locked - write the row's before-image back with its compensation record. Requires:
 * pos latched exclusive and found; `row` has room for ROW_INLINE_MAX bytes. */
static Status undo_update_locked(Cx *cx, UndoCx *u, const UpdateBody *b, BtPos *pos, BtEntry *entry,
                                 uint8_t *row)
{
    uint32_t len = entry->payload_len;
    if (len > ROW_INLINE_MAX) {
        return err_corrupt(cx, pos->leaf.page, "row of %u bytes", len);
    }
    memcpy(row, entry->payload, len);
    if (!delta_apply_back(b, row, &len, ROW_INLINE_MAX)) {
        return err_corrupt(cx, pos->leaf.page, "update record does not match row %llu",
                           (unsigned long long)b->rowid);
    }
    uint8_t head[22 + 6 * DELTA_RANGES_MAX];
    Slice parts[1 + DELTA_RANGES_MAX];
    uint32_t n = 1;
    const uint8_t *p = b->bytes;
    put_u64(head, b->rowid);
    put_u64(head + 8, b->tag);
    put_u16(head + 16, b->delta.new_len);
    put_u16(head + 18, b->delta.old_len);
    put_u16(head + 20, (uint16_t)b->delta.count);
    Slice all[10];
    for (uint32_t i = 0; i < b->delta.count; i++) {
        const DeltaRange *r = &b->delta.ranges[i];
        put_u16(head + 22 + 6 * i, r->at);
        put_u16(head + 24 + 6 * i, r->new_n);
        put_u16(head + 26 + 6 * i, r->old_n);
        if (r->old_n != 0) {
            parts[n++] = slice_bytes(p, r->old_n);
        }
        p += r->old_n + r->new_n;
    }
    parts[0] = slice_bytes(head, 22 + 6 * (size_t)b->delta.count);
    all[0] = slice_bytes(&u->next, sizeof(u->next));
    memcpy(all + 1, parts, n * sizeof(*parts));
    page_dirty(u->e->store, &pos->leaf);
    Lsn lsn = txn_log(u->txn, WAL_CLR, CLR_UPDATE_ROW, u->tree.tree, pos->leaf.page, all, n + 1);
    if (len != entry->payload_len) {
        bool fits = bt_leaf_resize(&pos->leaf, pos->slot, len);
        ASSERT(fits);
        bool good = bt_leaf_entry(&pos->leaf, pos->slot, entry);
        ASSERT(good);
    }
    memcpy(entry->payload, row, len);
    bt_leaf_set_tag(&pos->leaf, pos->slot, b->tag);
    page_set_lsn(&pos->leaf, lsn, false);
    return ST_OK;
}

/* undo_update - take an update back; the leaf may have to be split for the longer row of before.
 * Releases its latch on every path. */
static Status undo_update(Cx *cx, UndoCx *u, Slice body)
{
    UpdateBody b;
    BtPos pos;
    BtEntry entry;
    uint8_t row[ROW_INLINE_MAX];
    if (!update_body_decode(body, false, &b)) {
        return err_corrupt(cx, 0, "update record is damaged");
    }
    BtKey key = row_key(b.rowid);
    TRY(bt_seek(cx, &u->tree, &key, LATCH_EXCLUSIVE, &pos));
    if (b.delta.old_len > b.delta.new_len &&
        !bt_leaf_has_room(&pos.leaf, &key, 8u + b.delta.old_len)) {
        bt_release(&u->tree, &pos);
        TRY(bt_seek_insert(cx, &u->tree, &key, 8u + b.delta.old_len, &pos));
    }
    Status st = ST_OK;
    if (!pos.found || !bt_leaf_entry(&pos.leaf, pos.slot, &entry) || tag_lsn(entry.tag) != u->lsn) {
        st = err_corrupt(cx, pos.leaf.page, "row %llu is not the one its update record made",
                         (unsigned long long)b.rowid);
    } else {
        st = undo_update_locked(cx, u, &b, &pos, &entry, row);
    }
    bt_release(&u->tree, &pos);
    return st;
}

/* ---- tags: DELETE, RESURRECT; INSERT of a key ---- */

/* undo_delete_row - put back the tag a row had before its delete record. */
static Status undo_delete_row(Cx *cx, UndoCx *u, Slice body)
{
    BtPos pos;
    BtEntry entry;
    if (body.len < 16) {
        return err_corrupt(cx, 0, "delete record is damaged");
    }
    RowId rowid = get_u64(body.ptr);
    uint64_t tag = get_u64(body.ptr + 8);
    BtKey key = row_key(rowid);
    TRY(bt_seek(cx, &u->tree, &key, LATCH_EXCLUSIVE, &pos));
    Status st = ST_OK;
    if (!pos.found || !bt_leaf_entry(&pos.leaf, pos.slot, &entry) || tag_lsn(entry.tag) != u->lsn) {
        st = err_corrupt(cx, pos.leaf.page, "row %llu is not the one its delete record made",
                         (unsigned long long)rowid);
    } else {
        Slice parts[2] = {slice_bytes(&rowid, 8), slice_bytes(&tag, 8)};
        page_dirty(u->e->store, &pos.leaf);
        Lsn lsn = undo_log(u, pos.leaf.page, CLR_TAG_ROW, u->next, parts, 2);
        bt_leaf_set_tag(&pos.leaf, pos.slot, tag);
        page_set_lsn(&pos.leaf, lsn, false);
    }
    bt_release(&u->tree, &pos);
    return st;
}

/* undo_key - an index entry back to `tag` (remove: back to nothing). */
static Status undo_key(Cx *cx, UndoCx *u, Slice keyed, uint64_t tag, bool remove)
{
    Slice bytes;
    BtPos pos;
    BtEntry entry;
    if (!key_body_decode((const uint8_t *)keyed.ptr, keyed.len, &bytes)) {
        return err_corrupt(cx, 0, "index record is damaged");
    }
    uint16_t klen = (uint16_t)bytes.len;
    BtKey key = {.bytes = bytes};
    TRY(bt_seek(cx, &u->tree, &key, LATCH_EXCLUSIVE, &pos));
    Status st = ST_OK;
    if (!pos.found || !bt_leaf_entry(&pos.leaf, pos.slot, &entry) || tag_lsn(entry.tag) != u->lsn) {
        st = err_corrupt(cx, pos.leaf.page, "index entry is not the one its record made");
    } else {
        /* Read under the latch: purge publishes before it latches. */
        remove |=
            (tag & TAG_DELETED) != 0 &&
            tag_lsn(tag) < atomic_load_explicit(&u->e->tables->purge_pos, memory_order_seq_cst);
        Slice parts[3] = {slice_bytes(&tag, 8), slice_bytes(&klen, 2), bytes};
        page_dirty(u->e->store, &pos.leaf);
        Lsn lsn = remove ? undo_log(u, pos.leaf.page, CLR_REMOVE_KEY, u->next, parts + 1, 2)
                         : undo_log(u, pos.leaf.page, CLR_TAG_KEY, u->next, parts, 3);
        if (remove) {
            bt_leaf_remove(&pos.leaf, pos.slot);
        } else {
            bt_leaf_set_tag(&pos.leaf, pos.slot, tag);
        }
        page_set_lsn(&pos.leaf, lsn, false);
    }
    bt_release(&u->tree, &pos);
    return st;
}

/* undo_chain - free what was written of an overflow chain. Undone after all records of rows that
 * name it; also when its tree is gone. */
static Status undo_chain(Cx *cx, const UndoCx *u, TreeId tree, Slice body)
{
    PageNo page;
    if (body.len < sizeof(page)) {
        return err_corrupt(cx, 0, "record of an overflow chain is damaged");
    }
    memcpy(&page, body.ptr, sizeof(page));
    TRY(overflow_free(cx, u->e, tree, page, u->lsn));
    Slice part = slice_bytes(&u->next, sizeof(u->next));
    (void)txn_log(u->txn, WAL_CLR, CLR_CHAIN_FREED, tree, 0, &part, 1);
    return ST_OK;
}

Status table_undo_record(void *arg, Cx *cx, Txn *txn, Lsn lsn, const WalHeader *hdr, Slice body)
{
    UndoCx u = {.e = arg, .txn = txn, .lsn = lsn, .next = hdr->prev_lsn};
    if (wal_type(hdr) == WAL_NOOP) {
        return undo_chain(cx, &u, hdr->tree, body);
    }
    Status st = tree_rt_get(cx, u.e, hdr->tree, &u.rt);
    if (st == ST_NOTFOUND) {
        return ST_OK; /* the tree went with its creation, undone before a crash */
    }
    TRY(st);
    u.tree = (BtTree){u.e->store, hdr->tree, u.rt->kind, u.rt->root};
    bool index = (wal_flags(hdr) & ROWREC_INDEX) != 0;
    if (index && wal_type(hdr) != WAL_INSERT && body.len < 8) {
        return err_corrupt(cx, 0, "index record is damaged");
    }
    switch (wal_type(hdr)) {
    case WAL_INSERT:
        if (!index) {
            TRY(undo_insert(cx, &u, body));
            counts_undone(txn, hdr->tree, get_u16(body.ptr + 8));
            return ST_OK;
        }
        return undo_key(cx, &u, body, 0, true);
    case WAL_UPDATE: counts_undone(txn, hdr->tree, 1); return undo_update(cx, &u, body);
    case WAL_DELETE:
        if (!index) {
            counts_undone(txn, hdr->tree, 1);
            return undo_delete_row(cx, &u, body);
        }
        return undo_key(cx, &u, (Slice){body.ptr + 8, body.len - 8}, get_u64(body.ptr), false);
    case WAL_RESURRECT:
        return undo_key(cx, &u, (Slice){body.ptr + 8, body.len - 8}, get_u64(body.ptr), false);
    default: return ST_OK;
    }
}
