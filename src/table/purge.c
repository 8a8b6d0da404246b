/*
 * purge.c - physical removal of what committed deletes left, and of dropped trees.
 *
 * Driven by the log: each DELETE record below the horizon names an entry; it is removed if it still
 * carries that record's tag. If not, the delete was undone, or the index entry came to life again.
 * The position is published before the leaf is latched, for the undo that meets a delete-mark purge
 * has passed (undo.c).
 */
#include "table/table_internal.h"

void table_set_purge_pos(Engine *e, Lsn lsn)
{
    atomic_store(&e->tables->purge_pos, lsn);
}

static Status purge_free_ref(void *arg, Cx *cx, const OverflowRef *ref)
{
    const TreeRt *rt = ((void **)arg)[1];
    return overflow_free(cx, ((void **)arg)[0], rt->tree, ref->page, ref->stamp);
}

/* purge_row_chains - free the dead row's chains before the row that names them. */
static Status purge_row_chains(Cx *cx, Engine *e, TreeRt *rt, const BtTree *tree, const BtKey *key,
                               Lsn lsn)
{
    uint8_t row[ROW_INLINE_MAX];
    uint32_t len = 0;
    BtPos pos;
    BtEntry entry;
    if (!atomic_load(&rt->has_overflow)) {
        return ST_OK;
    }
    TRY(bt_seek(cx, tree, key, LATCH_SHARED, &pos));
    if (pos.found && bt_leaf_entry(&pos.leaf, pos.slot, &entry) && tag_lsn(entry.tag) == lsn &&
        entry.payload_len <= sizeof(row)) {
        len = entry.payload_len;
        memcpy(row, entry.payload, len);
    }
    bt_release(tree, &pos);
    void *arg[2] = {e, rt};
    return len != 0 ? row_for_each_ref(cx, e, rt, slice_bytes(row, len), true, purge_free_ref, arg)
                    : ST_OK;
}

/* purge_entry - remove the entry if the record at lsn deleted it for good. */
static Status purge_entry(Cx *cx, Engine *e, const BtTree *tree, const BtKey *key, Lsn lsn)
{
    BtPos pos;
    BtEntry entry;
    bool empty = false;
    bool index = tree->kind == TREE_INDEX;
    TRY(bt_seek(cx, tree, key, LATCH_EXCLUSIVE, &pos));
    if (pos.found && bt_leaf_entry(&pos.leaf, pos.slot, &entry) && tag_lsn(entry.tag) == lsn &&
        (entry.tag & TAG_DELETED) != 0) {
        uint16_t n = 1, klen = (uint16_t)key->bytes.len;
        Slice parts[2] = {slice_bytes(&key->rowid, 8), slice_bytes(&n, 2)};
        if (index) {
            parts[0] = slice_bytes(&klen, 2);
            parts[1] = key->bytes;
        }
        WalHeader h = {
            .xid48_type8_flags8 = wal_pack(0, WAL_PURGE, index ? ROWREC_INDEX : 0),
            .tree = tree->tree,
            .page = pos.leaf.page,
        };
        page_dirty(e->store, &pos.leaf);
        Lsn at = wal_append(e->wal, &h, parts, 2);
        bt_leaf_remove(&pos.leaf, pos.slot);
        page_set_lsn(&pos.leaf, at, false);
        empty = bt_leaf_count(&pos.leaf) == 0;
    }
    bt_release(tree, &pos);
    return empty ? bt_try_shrink(cx, tree, key) : ST_OK;
}

Status table_purge_record(Cx *cx, Engine *e, Lsn lsn, const WalHeader *hdr, Slice body)
{
    TreeRt *rt;
    if (wal_type(hdr) != WAL_DELETE) {
        return ST_OK;
    }
    atomic_store_explicit(&e->tables->purge_pos, lsn + 1, memory_order_seq_cst);
    Status st = tree_rt_get(cx, e, hdr->tree, &rt);
    if (st == ST_NOTFOUND) {
        return ST_OK; /* dropped meanwhile */
    }
    TRY(st);
    BtTree tree = {e->store, hdr->tree, rt->kind, rt->root};
    BtKey key = {.rowid = 0};
    if ((wal_flags(hdr) & ROWREC_INDEX) != 0) {
        if (body.len < 8 ||
            !key_body_decode((const uint8_t *)body.ptr + 8, body.len - 8, &key.bytes)) {
            return err_corrupt(cx, 0, "index record is damaged");
        }
    } else {
        if (body.len < 16) {
            return err_corrupt(cx, 0, "delete record is damaged");
        }
        key.rowid = get_u64(body.ptr);
        TRY(purge_row_chains(cx, e, rt, &tree, &key, lsn));
    }
    return purge_entry(cx, e, &tree, &key, lsn);
}

/* DropRefs - chains of one leaf. */
typedef struct DropRefs {
    OverflowRef *refs;
    uint32_t count, size;
} DropRefs;

static Status drop_collect(void *arg, Cx *cx, const OverflowRef *ref)
{
    DropRefs *d = arg;
    (void)cx;
    if (d->count == d->size) {
        d->size = d->size == 0 ? 64 : d->size * 2;
        d->refs = mem_realloc("drop refs", d->refs, d->size * sizeof(*d->refs));
    }
    d->refs[d->count++] = *ref;
    return ST_OK;
}

/* drop_chains - free the chains of every row of a table tree. */
static Status drop_chains(Cx *cx, Engine *e, TreeRt *rt, const BtTree *tree)
{
    BtCursor c;
    BtPos pos;
    DropRefs refs = {0};
    bt_cursor_init(&c, tree, false);
    Status st = bt_cursor_seek(cx, &c, NULL, &pos);
    while (st == ST_OK) {
        BtEntry entry;
        refs.count = 0;
        for (uint32_t s = 0; s < bt_leaf_count(&pos.leaf) && st == ST_OK; s++) {
            if (bt_leaf_entry(&pos.leaf, s, &entry)) {
                st = row_for_each_ref(cx, e, rt, slice_bytes(entry.payload, entry.payload_len),
                                      true, drop_collect, &refs);
            }
        }
        bt_cursor_leave(&c, &pos);
        for (uint32_t i = 0; i < refs.count && st == ST_OK; i++) {
            st = overflow_free(cx, e, rt->tree, refs.refs[i].page, refs.refs[i].stamp);
        }
        if (st == ST_OK) {
            st = bt_cursor_next_leaf(cx, &c, &pos);
        }
    }
    bt_cursor_release(&c);
    mem_free(refs.refs);
    return st == ST_DONE ? ST_OK : st;
}

/* drop_prepare - the chains go first, as long as the rows can be read; then the tree is marked, for
 * a crash in the middle of freeing its pages leaves one that can only be freed further. */
static Status drop_prepare(Cx *cx, Engine *e, TreeId tree)
{
    TreeRt *rt;
    TreeEntry entry;
    TRY(tree_rt_get(cx, e, tree, &rt));
    BtTree t = {e->store, tree, rt->kind, rt->root};
    if (rt->kind == TREE_TABLE && atomic_load(&rt->has_overflow)) {
        TRY(drop_chains(cx, e, rt, &t));
    }
    TRY(tree_get(cx, e->store, tree, &entry));
    entry.flags |= TREE_FLAG_FREEING;
    TRY(tree_put(cx, e->store, &entry));
    tree_rt_forget(e, tree);
    return ST_OK;
}

Status table_drop_some(Cx *cx, Engine *e, TreeId tree, uint32_t pages)
{
    TreeEntry entry;
    Status st = tree_get(cx, e->store, tree, &entry);
    if (st == ST_OK && (entry.flags & TREE_FLAG_FREEING) == 0) {
        st = drop_prepare(cx, e, tree);
    }
    if (st == ST_OK) {
        st = bt_free_tree(cx, e->store, tree, pages);
    }
    return st == ST_NOTFOUND ? ST_OK : st;
}

Status table_drop_tree(Cx *cx, Engine *e, TreeId tree)
{
    Status st;
    while ((st = table_drop_some(cx, e, tree, UINT32_MAX)) == ST_RESTART) {
    }
    return st;
}
