/*
 * index_build.c - CREATE INDEX: the keys of all rows, sorted in bounded memory, make a tree
 * bottom-up.
 */
#include <stdio.h>

#include "table/table_internal.h"

/* BuildInput - the table columns a build reads, and rows of them as rows of the whole table. */
typedef struct BuildInput {
    uint16_t *cols, col_count;
    PhysType *types;
    Batch wide; /* only those columns are set */
} BuildInput;

/* input_add - one more table column, once. */
static void input_add(BuildInput *in, const Table *t, uint16_t column)
{
    for (uint16_t i = 0; i < in->col_count; i++) {
        if (in->cols[i] == column) {
            return;
        }
    }
    in->types[in->col_count] = t->columns[column].phys;
    in->cols[in->col_count++] = column;
}

/* input_init - key columns, and what the expressions and the predicate are over. */
static void input_init(BuildInput *in, const Table *t, const TableIndex *ix, Arena *arena)
{
    uint32_t computed = ix->compute != NULL ? ix->compute->column_count : 0;
    *in = (BuildInput){.cols = ARENA_ARRAY(arena, uint16_t, ix->column_count + computed + 1u),
                       .types = ARENA_ARRAY(arena, PhysType, ix->column_count + computed + 1u)};
    for (uint16_t i = 0; i < ix->column_count; i++) {
        if (ix->columns[i].column >= 0) {
            input_add(in, t, (uint16_t)ix->columns[i].column);
        }
    }
    for (uint16_t i = 0; i < computed; i++) {
        input_add(in, t, ix->compute->columns[i]);
    }
    in->wide.cols = ARENA_ARRAY(arena, Vector *, t->column_count + 1u);
    in->wide.col_count = t->column_count;
}

/* input_show - the batch of read columns as a batch of table rows. */
static void input_show(BuildInput *in, const Batch *batch)
{
    for (uint16_t i = 0; i < in->col_count; i++) {
        in->wide.cols[in->cols[i]] = batch->cols[i];
    }
    in->wide.count = batch->count;
}

static Status build_add_item(void *arg, Cx *cx, const IndexKey *key)
{
    return key_sorter_add(cx, arg, slice_bytes(key->buf.data, key->buf.len), false);
}

/* build_add_batch - the keys of the rows of a batch; the row id is its last column. */
static Status build_add_batch(Cx *cx, const Table *t, const TableIndex *ix, BuildInput *in,
                              const Batch *batch, KeySorter *sorter)
{
    IndexKey key;
    input_show(in, batch);
    for (uint32_t r = 0; r < batch->count; r++) {
        RowValues values = {&in->wide, r};
        KeySource src = {.values = &values};
        RowId rowid = (uint64_t)VEC_DATA(batch->cols[in->col_count], int64_t)[r];
        if (ix->inverted) {
            TRY(inverted_each(cx, t, ix, &src, rowid, build_add_item, sorter, NULL));
            continue;
        }
        TRY(index_key_build(cx, t, ix, &src, rowid, &key));
        if (!key.left_out) {
            TRY(key_sorter_add(cx, sorter, slice_bytes(key.buf.data, key.buf.len), key.has_null));
        }
    }
    return ST_OK;
}

/* build_collect - the keys of all rows the snapshot sees. */
static Status build_collect(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t,
                            const TableIndex *ix, Arena *arena, KeySorter *sorter)
{
    TableScan *scan;
    Batch batch;
    Arena strings;
    BuildInput in;
    input_init(&in, t, ix, arena);
    in.types[in.col_count] = PHYS_I64;
    batch_init(&batch, in.types, (uint16_t)(in.col_count + 1), arena);
    TRY(table_scan_create(cx, arena, t, in.cols, in.col_count, true, &scan));
    arena_init(&strings, NULL, "index build", 0);
    Status st = table_scan_start(cx, scan, txn, snap);
    while (st == ST_OK) {
        arena_clear(&strings);
        st = table_scan_next(cx, scan, VEC_CAPACITY, &batch, &strings);
        if (st == ST_OK) {
            st = build_add_batch(cx, t, ix, &in, &batch, sorter);
        }
    }
    table_scan_end(scan);
    arena_release(&strings);
    return st == ST_DONE ? ST_OK : st;
}

/* build_duplicate - fetch a row that has the key, for the error's detail. */
static Status build_duplicate(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t,
                              const TableIndex *ix, RowId rowid, Arena *arena)
{
    Batch row;
    BuildInput in;
    input_init(&in, t, ix, arena);
    batch_init(&row, in.types, in.col_count, arena);
    TRY(table_fetch(cx, txn, snap, t, rowid, in.cols, in.col_count, &row, 0, arena));
    input_show(&in, &row);
    RowValues values = {&in.wide, 0};
    KeySource src = {.values = &values};
    return index_duplicate(cx, txn, t, ix, &src, true);
}

/* build_tree - the sorted keys into the tree; neighbours with the same columns are duplicates. */
static Status build_tree(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t,
                         const TableIndex *ix, Arena *arena, KeySorter *sorter, BtBuild *build)
{
    uint8_t last[INDEX_KEY_MAX + 64];
    size_t last_len = 0;
    Slice key;
    bool has_null;
    Status st;
    while ((st = key_sorter_next(cx, sorter, &key, &has_null)) == ST_OK) {
        if (ix->unique && key.len == last_len && memcmp(key.ptr, last, key.len - 8) == 0 &&
            (!has_null || ix->nulls_not_distinct)) {
            return build_duplicate(cx, txn, snap, t, ix, key_rowid(slice_bytes(last, last_len)),
                                   arena);
        }
        TRY(bt_build_add(cx, build, key, 0, (Slice){NULL, 0}));
        if (ix->unique) {
            memcpy(last, key.ptr, key.len);
            last_len = key.len;
        }
    }
    return st == ST_DONE ? ST_OK : st;
}

/* build_exclude_row - is the row in the way of another? own: its entry is in the tree. */
static Status build_exclude_row(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                                const RowValues *values, RowId rowid)
{
    IndexKey key;
    KeySource src = {.values = values};
    TRY(index_key_build(cx, t, ix, &src, rowid, &key));
    for (;;) {
        RowId conflict;
        Xid wait;
        bool gone;
        TRY(exclude_find(cx, txn, t, ix, &key, rowid, &conflict, &wait));
        if (conflict == 0 && wait == 0) {
            return ST_OK;
        }
        if (wait != 0) {
            TRY(txn_wait_xid(cx, txn, wait, 0));
        } else {
            TRY(exclude_violation(cx, txn, t, ix, &key, conflict, true, &gone));
        }
    }
}

/* build_exclude - 23P01 when any two of the rows that are there conflict. */
static Status build_exclude(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t,
                            const TableIndex *ix, Arena *arena)
{
    TableScan *scan;
    Batch batch;
    Arena strings;
    BuildInput in;
    input_init(&in, t, ix, arena);
    in.types[in.col_count] = PHYS_I64;
    batch_init(&batch, in.types, (uint16_t)(in.col_count + 1), arena);
    TRY(table_scan_create(cx, arena, t, in.cols, in.col_count, true, &scan));
    arena_init(&strings, NULL, "exclusion check", 0);
    Status st = table_scan_start(cx, scan, txn, snap);
    while (st == ST_OK) {
        arena_clear(&strings);
        st = table_scan_next(cx, scan, VEC_CAPACITY, &batch, &strings);
        input_show(&in, &batch);
        for (uint32_t r = 0; st == ST_OK && r < batch.count; r++) {
            RowValues values = {&in.wide, r};
            st = build_exclude_row(cx, txn, t, ix, &values,
                                   (RowId)VEC_DATA(batch.cols[in.col_count], int64_t)[r]);
        }
    }
    table_scan_end(scan);
    arena_release(&strings);
    return st == ST_DONE ? ST_OK : st;
}

/* build_path - a name beside the database file that no other build uses. */
static const char *build_path(Arena *arena, const Table *t, const TableIndex *ix)
{
    return arena_printf(arena, "%s-sort-%u", store_path(t->engine->store), ix->tree);
}

bool indexes_newer(const Engine *e, const Txn *txn)
{
    return txn != NULL && txn->snapshot_held &&
           atomic_load_explicit(&e->tables->newest_build, memory_order_acquire) >
               txn->snapshot.taken_lsn;
}

bool index_serves(Cx *cx, const Table *t, const TableIndex *index, const Txn *txn)
{
    TreeRt *rt;
    if (LIKELY(!indexes_newer(t->engine, txn))) {
        return true;
    }
    if (tree_rt_get(cx, t->engine, index->tree, &rt) != ST_OK) {
        err_clear(cx);
        return false;
    }
    return atomic_load_explicit(&rt->built_lsn, memory_order_acquire) <= txn->snapshot.taken_lsn;
}

/* build_note_time - snapshots taken so far do not use the index. Nobody writes the table until it
 * is committed, so later ones may. */
static Status build_note_time(Cx *cx, Engine *e, TreeId tree)
{
    TreeRt *rt;
    TRY(tree_rt_get(cx, e, tree, &rt));
    os_stop_point(e->os, "index.built");
    Lsn now = wal_head(e->wal);
    Lsn newest = atomic_load(&e->tables->newest_build);
    atomic_store(&rt->built_lsn, now);
    while (newest < now && !atomic_compare_exchange_weak(&e->tables->newest_build, &newest, now)) {
    }
    return ST_OK;
}

Status index_build(Cx *cx, Txn *txn, const Table *table, TableIndex *index)
{
    Arena arena;
    Snapshot snap;
    Engine *e = table->engine;
    arena_init(&arena, NULL, "index build", 0);
    KeySorter *sorter =
        key_sorter_create(e->os, build_path(&arena, table, index), e->options.build_bytes);
    snapshot_take(e->txns, txn, &snap);
    snap.cid = UINT32_MAX; /* own rows of this command's time are in the table for good */
    Status st = build_collect(cx, txn, &snap, table, index, &arena, sorter);
    if (st == ST_OK) {
        st = key_sorter_finish(cx, sorter);
    }
    if (st == ST_OK) {
        BtTree tree = index_tree(table, index);
        BtBuild *build;
        st = bt_build_begin(cx, &arena, &tree, &build);
        if (st == ST_OK) {
            st = build_tree(cx, txn, &snap, table, index, &arena, sorter, build);
            if (st == ST_OK) {
                st = bt_build_end(cx, build);
            }
            if (st == ST_OK) {
                st = build_note_time(cx, e, index->tree);
            }
            if (st != ST_OK) {
                bt_build_abandon(build);
            }
        }
    }
    if (st == ST_OK && index->exclude != NULL) {
        st = build_exclude(cx, txn, &snap, table, index, &arena);
    }
    key_sorter_free(sorter);
    snapshot_release(&snap);
    arena_release(&arena);
    return st;
}
