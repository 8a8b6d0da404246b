/*
 * index_build.c - CREATE INDEX: the keys of all rows, sorted in bounded memory, make a tree
 * bottom-up.
 */
#include <stdio.h>

#include "table/table_internal.h"

/* build_add_batch - the keys of the rows of a batch. */
static Status build_add_batch(Cx *cx, const TableIndex *ix, const Batch *batch, KeySorter *sorter)
{
    IndexKey key;
    for (uint32_t r = 0; r < batch->count; r++) {
        key.buf = (Buf){.data = key.bytes, .size = sizeof(key.bytes), .cap = sizeof(key.bytes)};
        bool has_null = false;
        for (uint16_t i = 0; i < ix->column_count; i++) {
            bool is_null = vec_is_null(batch->cols[i], r);
            Datum v = is_null ? (Datum){0} : vec_get(batch->cols[i], r);
            has_null |= is_null;
            (void)index_key_column(ix, i, &v, is_null, &key.buf);
        }
        if (key.buf.overflow || key.buf.len > INDEX_KEY_MAX) {
            return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                           "index row size exceeds maximum %zu for index \"%s\"",
                           (size_t)INDEX_KEY_MAX, ix->name);
        }
        buf_put_u64be(&key.buf, (uint64_t)VEC_DATA(batch->cols[ix->column_count], int64_t)[r]);
        TRY(key_sorter_add(cx, sorter, slice_bytes(key.buf.data, key.buf.len), has_null));
    }
    return ST_OK;
}

/* build_collect - the keys of all rows the snapshot sees. */
static Status build_collect(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t,
                            const TableIndex *ix, Arena *arena, KeySorter *sorter)
{
    uint16_t cols[INDEX_COLUMNS_MAX];
    PhysType types[INDEX_COLUMNS_MAX + 1];
    TableScan *scan;
    Batch batch;
    Arena strings;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        if (ix->columns[i].column < 0) {
            return err_unsupported(cx, "index on an expression is not supported");
        }
        cols[i] = (uint16_t)ix->columns[i].column;
        types[i] = t->columns[cols[i]].phys;
    }
    types[ix->column_count] = PHYS_I64;
    batch_init(&batch, types, (uint16_t)(ix->column_count + 1), arena);
    TRY(table_scan_create(cx, arena, t, cols, ix->column_count, true, &scan));
    arena_init(&strings, NULL, "index build", 0);
    Status st = table_scan_start(cx, scan, txn, snap);
    while (st == ST_OK) {
        arena_clear(&strings);
        st = table_scan_next(cx, scan, VEC_CAPACITY, &batch, &strings);
        if (st == ST_OK) {
            st = build_add_batch(cx, ix, &batch, sorter);
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
    uint16_t cols[INDEX_COLUMNS_MAX];
    PhysType types[INDEX_COLUMNS_MAX];
    Batch row, wide = {0};
    for (uint16_t i = 0; i < ix->column_count; i++) {
        cols[i] = (uint16_t)ix->columns[i].column;
        types[i] = t->columns[cols[i]].phys;
    }
    batch_init(&row, types, ix->column_count, arena);
    TRY(table_fetch(cx, txn, snap, t, rowid, cols, ix->column_count, &row, 0, arena));
    wide.cols = ARENA_ARRAY(arena, Vector *, t->column_count);
    wide.col_count = t->column_count;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        wide.cols[cols[i]] = row.cols[i];
    }
    RowValues values = {&wide, 0};
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

/* build_path - a name beside the database file that no other build uses. */
static const char *build_path(Arena *arena, const Table *t, const TableIndex *ix)
{
    return arena_printf(arena, "%s-sort-%u", store_path(t->engine->store), ix->tree);
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
            if (st != ST_OK) {
                bt_build_abandon(build);
            }
        }
    }
    key_sorter_free(sorter);
    snapshot_release(&snap);
    arena_release(&arena);
    return st;
}
