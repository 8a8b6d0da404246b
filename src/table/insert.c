/*
 * insert.c - new rows: one, a batch, and ON CONFLICT's insert-unless.
 *
 * The row goes in first, then its index entries; a unique violation leaves both for the statement's
 * rollback. A batch logs one record per leaf it fills; row ids of a batch are consecutive.
 */
#include "table/counts.h"
#include "table/table_internal.h"

static Status insert_indexes(Cx *cx, Txn *txn, const Table *t, const RowValues *values, RowId rowid)
{
    IndexKey key;
    KeySource src = {.values = values};
    for (uint16_t i = 0; i < t->index_count; i++) {
        const TableIndex *ix = &t->indexes[i];
        if (ix->inverted) {
            TRY(inverted_change(cx, txn, t, ix, NULL, &src, rowid));
            continue;
        }
        TRY(index_key_build(cx, t, ix, &src, rowid, &key));
        TRY(index_put(cx, txn, t, ix, &key, rowid, true, NULL));
    }
    return ST_OK;
}

/* insert_log - an INSERT record of n rows whose lengths and bytes are given. */
static Lsn insert_log(Txn *txn, TreeId tree, PageNo page, RowId first, uint16_t n,
                      const uint16_t *lens, const void *rows, size_t row_bytes)
{
    Slice parts[4] = {slice_bytes(&first, 8), slice_bytes(&n, 2), slice_bytes(lens, 2u * n),
                      slice_bytes(rows, row_bytes)};
    return txn_log(txn, WAL_INSERT, 0, tree, page, parts, 4);
}

/* insert_row - one encoded row under a fresh row id. */
static Status insert_row(Cx *cx, Txn *txn, const Table *t, const uint8_t *row, uint32_t len,
                         RowId *rowid_out)
{
    Engine *e = t->engine;
    BtTree tree = table_tree(t);
    BtPos pos;
    TRY(wal_admit(cx, e->wal, len + 128));
    TRY(tree_rt_rowids(cx, e, t->layouts, 1, rowid_out));
    BtKey key = row_key(*rowid_out);
    TRY(bt_seek_insert(cx, &tree, &key, 8 + len, &pos));
    ASSERT(!pos.found);
    uint16_t len16 = (uint16_t)len;
    Status st = table_check_write(cx, txn, t, t->tree, SSI_TREE, 0, 0);
    if (st != ST_OK) {
        bt_release(&tree, &pos);
        return st;
    }
    page_dirty(e->store, &pos.leaf);
    Lsn lsn = insert_log(txn, t->tree, pos.leaf.page, *rowid_out, 1, &len16, row, len);
    bt_leaf_insert(&pos.leaf, &key, pos.slot, lsn, slice_bytes(row, len));
    page_set_lsn(&pos.leaf, lsn, true);
    bt_release(&tree, &pos);
    counts_change(txn, t, COUNT_INSERTED, 1);
    return ST_OK;
}

Status table_insert(Cx *cx, Txn *txn, const Table *t, const RowValues *values, RowId *rowid_out)
{
    uint8_t row[ROW_INLINE_MAX];
    uint32_t len;
    TRY(txn_start_write(cx, txn));
    TRY(row_encode(cx, txn, t, values, (Slice){NULL, 0}, NULL, row, &len));
    TRY(insert_row(cx, txn, t, row, len, rowid_out));
    return t->index_count != 0 ? insert_indexes(cx, txn, t, values, *rowid_out) : ST_OK;
}

/* insert_arbitrates - does ON CONFLICT look into index i? */
static bool insert_arbitrates(const Table *t, uint16_t i, int arbiter)
{
    const TableIndex *ix = &t->indexes[i];
    return (ix->unique || ix->exclude != NULL) && (arbiter < 0 || arbiter == i);
}

/* insert_find_conflict - a live row in the arbiter indexes, or a transaction to wait for. */
static Status insert_find_conflict(Cx *cx, Txn *txn, const Table *t, const RowValues *values,
                                   int arbiter, RowId *conflict_out, Xid *wait_out)
{
    IndexKey key;
    KeySource src = {.values = values};
    *conflict_out = 0;
    *wait_out = 0;
    for (uint16_t i = 0; i < t->index_count && *conflict_out == 0 && *wait_out == 0; i++) {
        if (insert_arbitrates(t, i, arbiter)) {
            if (t->indexes[i].deferrable) {
                st_ignore(err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                                  "ON CONFLICT does not support deferrable unique "
                                  "constraints/exclusion constraints as arbiters"));
                return err_constraint(cx, t->schema_name, t->name, NULL, t->indexes[i].name);
            }
            TRY(index_key_build(cx, t, &t->indexes[i], &src, 0, &key));
            TRY(index_find_conflict(cx, txn, t, &t->indexes[i], &key, 0, conflict_out, wait_out));
        }
    }
    return ST_OK;
}

/* insert_unless_indexes - entries of a row just inserted; *conflict_out != 0: an arbiter objected.
 */
static Status insert_unless_indexes(Cx *cx, Txn *txn, const Table *t, const RowValues *values,
                                    RowId rowid, int arbiter, RowId *conflict_out)
{
    IndexKey key;
    KeySource src = {.values = values};
    *conflict_out = 0;
    for (uint16_t i = 0; i < t->index_count && *conflict_out == 0; i++) {
        bool arbitrates = insert_arbitrates(t, i, arbiter);
        if (t->indexes[i].inverted) {
            TRY(inverted_change(cx, txn, t, &t->indexes[i], NULL, &src, rowid));
            continue;
        }
        TRY(index_key_build(cx, t, &t->indexes[i], &src, rowid, &key));
        TRY(index_put(cx, txn, t, &t->indexes[i], &key, rowid, true,
                      arbitrates ? conflict_out : NULL));
    }
    return ST_OK;
}

Status table_insert_unless(Cx *cx, Txn *txn, const Table *t, const RowValues *values, int arbiter,
                           RowId *rowid_out, bool *inserted_out, RowId *conflict_out)
{
    uint8_t row[ROW_INLINE_MAX];
    uint32_t len;
    TRY(txn_start_write(cx, txn));
    *inserted_out = false;
    for (uint32_t tries = 0;;) {
        Xid wait;
        TRY(insert_find_conflict(cx, txn, t, values, arbiter, conflict_out, &wait));
        if (*conflict_out != 0) {
            return ST_OK;
        }
        if (wait != 0) {
            TRY(txn_wait_xid(cx, txn, wait, 0));
            TRY(cx_retry(cx, &tries));
            continue;
        }
        /* Nobody there a moment ago; whoever comes in between is found by the insert itself, which
           is then taken back. */
        SavePoint sp;
        txn_savepoint(txn, &sp);
        TRY(row_encode(cx, txn, t, values, (Slice){NULL, 0}, NULL, row, &len));
        TRY(insert_row(cx, txn, t, row, len, rowid_out));
        TRY(insert_unless_indexes(cx, txn, t, values, *rowid_out, arbiter, conflict_out));
        if (*conflict_out == 0) {
            *inserted_out = true;
            return ST_OK;
        }
        TRY(txn_rollback_to(cx, txn, &sp));
        TRY(cx_retry(cx, &tries));
    }
}

/* ---- batches ---- */

enum { INSERT_BYTES_MAX = PAGE_SIZE, INSERT_ROWS_MAX = 512 };
/* InsertGroup - encoded rows waiting to be put into leaves. */
typedef struct InsertGroup {
    uint16_t lens[INSERT_ROWS_MAX];
    uint32_t count, bytes;
    RowId first;
    uint8_t rows[INSERT_BYTES_MAX];
} InsertGroup;

/* insert_group_flush - leaf by leaf: as many rows as fit are one record. */
static Status insert_group_flush(Cx *cx, Txn *txn, const Table *t, InsertGroup *g)
{
    Engine *e = t->engine;
    BtTree tree = table_tree(t);
    uint32_t done = 0, at = 0;
    while (done < g->count) {
        BtPos pos;
        BtKey key = row_key(g->first + done);
        TRY(bt_seek_insert(cx, &tree, &key, 8u + g->lens[done], &pos));
        /* How many fit is known only while putting them in; under the latch nobody sees that their
           tags come last. Others may have rows above ours here: then the slots are theirs. */
        bool last = pos.slot == bt_leaf_count(&pos.leaf);
        uint32_t n = 0, bytes = 0;
        Status st = table_check_write(cx, txn, t, t->tree, SSI_TREE, 0, 0);
        if (st != ST_OK) {
            bt_release(&tree, &pos);
            return st;
        }
        page_dirty(e->store, &pos.leaf);
        do {
            bt_leaf_insert(&pos.leaf, &key, pos.slot + n, 0,
                           slice_bytes(g->rows + at + bytes, g->lens[done + n]));
            bytes += g->lens[done + n];
            n++;
            key.rowid++;
        } while (last && done + n < g->count &&
                 bt_leaf_has_room(&pos.leaf, &key, 8u + g->lens[done + n]));
        Lsn lsn = insert_log(txn, t->tree, pos.leaf.page, g->first + done, (uint16_t)n,
                             g->lens + done, g->rows + at, bytes);
        for (uint32_t i = 0; i < n; i++) {
            bt_leaf_set_tag(&pos.leaf, pos.slot + i, lsn);
        }
        at += bytes;
        page_set_lsn(&pos.leaf, lsn, true);
        bt_release(&tree, &pos);
        done += n;
    }
    g->count = 0;
    g->bytes = 0;
    return ST_OK;
}

Status table_insert_batch(Cx *cx, Txn *txn, const Table *t, const Batch *rows, RowId *rowids_out)
{
    Engine *e = t->engine;
    RowId first;
    uint32_t k = 0;
    if (rows->sel.count == 0) {
        return ST_OK;
    }
    TRY(txn_start_write(cx, txn));
    TRY(wal_admit(cx, e->wal, (size_t)rows->sel.count * 128));
    TRY(tree_rt_rowids(cx, e, t->layouts, rows->sel.count, &first));
    InsertGroup g;
    g.count = 0;
    g.bytes = 0;
    SEL_FOREACH(r, &rows->sel)
    {
        uint32_t len;
        RowValues values = {rows, r};
        if (g.count == INSERT_ROWS_MAX || g.bytes + ROW_INLINE_MAX > INSERT_BYTES_MAX) {
            TRY(insert_group_flush(cx, txn, t, &g));
        }
        TRY(row_encode(cx, txn, t, &values, (Slice){NULL, 0}, NULL, g.rows + g.bytes, &len));
        if (g.count == 0) {
            g.first = first + k;
        }
        g.lens[g.count++] = (uint16_t)len;
        g.bytes += len;
        if (rowids_out != NULL) {
            rowids_out[k] = first + k;
        }
        k++;
    }
    TRY(insert_group_flush(cx, txn, t, &g));
    counts_change(txn, t, COUNT_INSERTED, rows->sel.count);
    if (t->index_count != 0) {
        k = 0;
        SEL_FOREACH(r, &rows->sel)
        {
            RowValues values = {rows, r};
            Status st = insert_indexes(cx, txn, t, &values, first + k);
            if (UNLIKELY(st != ST_OK)) {
                cx->err->batch_row = r + 1;
                return st;
            }
            k++;
        }
    }
    return ST_OK;
}

/* ---- making tables ---- */

Status table_create(Cx *cx, Engine *e, Txn *txn, const ColumnLayout *columns, uint16_t column_count,
                    TreeId *tree_out)
{
    TreeEntry entry;
    TreeRt *rt;
    uint16_t layout;
    TRY(txn_start_write(cx, txn));
    TRY(tree_create(cx, e->store, TREE_TABLE, &entry));
    txn_drop_tree_on_abort(txn, entry.tree);
    TRY(tree_rt_get(cx, e, entry.tree, &rt));
    TRY(tree_rt_add_layout(cx, e, rt, columns, column_count, &layout));
    *tree_out = entry.tree;
    return ST_OK;
}

Status table_add_layout(Cx *cx, Engine *e, Txn *txn, TreeId tree, const ColumnLayout *columns,
                        uint16_t column_count, uint16_t *layout_out)
{
    TreeRt *rt;
    TRY(txn_start_write(cx, txn));
    TRY(tree_rt_get(cx, e, tree, &rt));
    return tree_rt_add_layout(cx, e, rt, columns, column_count, layout_out);
}

static void table_use_layout(Table *t, const RowLayout *l)
{
    t->layout = l->number;
    t->column_count = l->column_count;
    t->columns = l->columns;
}

Status table_only_columns(Cx *cx, Table *t, uint16_t column_count)
{
    /* A layout is one column longer than what its transaction found, so of those with so many
     * columns the newest is that of the transaction that committed. */
    for (uint32_t n = t->layout + 1u; n-- > 0;) {
        const RowLayout *l = tree_rt_layout(t->layouts, n);
        if (l->column_count == column_count) {
            table_use_layout(t, l);
            return ST_OK;
        }
    }
    return err_corrupt(cx, t->root, "tree %u has no row layout of %u columns", t->tree,
                       column_count);
}

Status table_open(Cx *cx, Engine *e, Arena *arena, Oid oid, const char *schema_name,
                  const char *name, TreeId tree, const TableIndex *indexes, uint16_t index_count,
                  Table **table_out)
{
    TreeRt *rt;
    TRY(tree_rt_get(cx, e, tree, &rt));
    Table *t = ARENA_NEW(arena, Table);
    t->engine = e;
    t->oid = oid;
    t->schema_name = arena_strdup(arena, schema_name);
    t->name = arena_strdup(arena, name);
    t->tree = tree;
    t->root = rt->root;
    t->layouts = rt;
    t->sound = NULL;
    t->storage = NULL;
    t->counts = NULL;
    uint32_t layouts = atomic_load(&rt->layout_count);
    if (layouts != 0) {
        table_use_layout(t, tree_rt_layout(rt, layouts - 1));
    }
    t->index_count = index_count;
    t->indexes =
        index_count != 0 ? arena_memdup(arena, indexes, sizeof(*indexes) * index_count) : NULL;
    for (uint16_t i = 0; i < index_count; i++) {
        t->indexes[i].counts = NULL;
    }
    *table_out = t;
    return ST_OK;
}
