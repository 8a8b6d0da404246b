/*
 * crash_ddl.c - what is done to a worker's own table as a whole: made, dropped, emptied, rewritten,
 * given columns and indexes, deprived of them.
 *
 * The steps are those that src/ddl takes for the statements named below, without the catalog: the
 * model stands for its rows, so a transaction that is rolled back has never changed it.
 */
#include "crash.h"

static const ColumnLayout own_columns[CRASH_OWN_COLUMNS] = {
    {.phys = PHYS_I32, .missing_is_null = true},
    {.phys = PHYS_I64, .missing_is_null = true},
    {.phys = PHYS_STR, .missing_is_null = true},
    {.phys = PHYS_I64, .missing = {.i64 = CRASH_D_MISSING}},
    {.phys = PHYS_STR, .missing_is_null = true},
};

/* ddl_tree - a tree for the table as described: its columns, all of them. */
static Status ddl_tree(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    ColumnLayout columns[CRASH_OWN_COLUMNS];
    memcpy(columns, own_columns, sizeof(columns));
    columns[1].phys = own->b_text ? PHYS_STR : PHYS_I64;
    columns[3].missing_is_null = true;
    return table_create(&w->cx, w->crash->engine, txn, columns, own->column_count, &own->tree);
}

/* ddl_drop_own - DROP TABLE, or what a swap leaves behind. */
static void ddl_drop_own(Txn *txn, const CrashOwn *own)
{
    txn_drop_tree_on_commit(txn, own->tree);
    for (uint32_t k = 0; k < CRASH_IX_KINDS; k++) {
        if (own->index_tree[k] != 0) {
            txn_drop_tree_on_commit(txn, own->index_tree[k]);
        }
    }
}

/* ddl_index - CREATE INDEX over the rows there are. */
static Status ddl_index(CrashWorker *w, Txn *txn, CrashOwn *own, CrashIndexKind kind)
{
    Table *t;
    TableIndex ix;
    TRY(crash_own_open(w->crash, &w->cx, &w->arena, own, &t));
    crash_index_describe(kind, own->b_text, &ix);
    TRY(index_create(&w->cx, w->crash->engine, txn, &ix.tree, &ix.root));
    TRY(index_build(&w->cx, txn, t, &ix));
    own->index_tree[kind] = ix.tree;
    own->index_root[kind] = ix.root;
    return ST_OK;
}

static Status ddl_empty_indexes(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    for (uint32_t k = 0; k < CRASH_IX_KINDS; k++) {
        if (own->index_tree[k] != 0) {
            TRY(index_create(&w->cx, w->crash->engine, txn, &own->index_tree[k],
                             &own->index_root[k]));
        }
    }
    return ST_OK;
}

/* ddl_fill - the model's rows into the table, a new row id each. */
static Status ddl_fill(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    Table *t;
    TRY(crash_own_open(w->crash, &w->cx, &w->arena, own, &t));
    for (uint32_t i = 0; i < CRASH_OWN_KEYS; i++) {
        CrashOwnRow *r = &own->rows[i];
        if (r->row.present) {
            RowValues v = crash_own_values(&w->arena, own, (int32_t)i, r);
            TRY(table_insert(&w->cx, txn, t, &v, &r->row.rowid));
        }
    }
    TRY(own->bulk != 0 ? crash_own_bulk(w, txn, t, own->bulk) : ST_OK);
    return txn_next_command(&w->cx, txn);
}

/* ddl_create - CREATE TABLE with one index before and one after its first rows. */
static Status ddl_create(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    uint32_t version = own->version;
    *own = (CrashOwn){.version = version,
                      .column_count = (uint16_t)(3 + crash_random(&w->random, 2)),
                      .b_text = crash_random(&w->random, 3) == 0};
    TRY(ddl_tree(w, txn, own));
    CrashIndexKind kind = (CrashIndexKind)crash_random(&w->random, CRASH_IX_KINDS);
    TRY(index_create(&w->cx, w->crash->engine, txn, &own->index_tree[kind],
                     &own->index_root[kind]));
    for (uint32_t i = 0; i < CRASH_OWN_KEYS; i++) {
        if (crash_random(&w->random, 2) == 0) {
            own->rows[i] = (CrashOwnRow){
                .row = {.present = true, .b = i, .text_seed = 1 + i % 26, .text_len = i},
                .d = CRASH_D_MISSING};
        }
    }
    own->bulk = crash_random(&w->random, 4) == 0 ? crash_random(&w->random, 300) : 0;
    TRY(ddl_fill(w, txn, own));
    return kind == CRASH_IX_KEY ? ST_OK : ddl_index(w, txn, own, CRASH_IX_KEY);
}

/* ddl_truncate - TRUNCATE: empty trees take the places of the old. */
static Status ddl_truncate_own(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    ddl_drop_own(txn, own);
    TRY(ddl_tree(w, txn, own));
    TRY(ddl_empty_indexes(w, txn, own));
    own->bulk = 0;
    memset(own->rows, 0, sizeof(own->rows));
    return ST_OK;
}

/* ddl_rewrite - ALTER COLUMN TYPE: other trees with the same rows; indexes filled on the way or
 * built at the end. */
static Status ddl_rewrite(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    ddl_drop_own(txn, own);
    own->b_text = !own->b_text;
    TRY(ddl_tree(w, txn, own));
    if (crash_random(&w->random, 2) == 0) {
        TRY(ddl_empty_indexes(w, txn, own));
        return ddl_fill(w, txn, own);
    }
    CrashOwn bare = *own;
    memset(own->index_tree, 0, sizeof(own->index_tree));
    TRY(ddl_fill(w, txn, own));
    for (uint32_t k = 0; k < CRASH_IX_KINDS; k++) {
        if (bare.index_tree[k] != 0) {
            TRY(ddl_index(w, txn, own, (CrashIndexKind)k));
        }
    }
    return ST_OK;
}

/* ddl_add_column - ADD COLUMN with a default: no row is touched. */
static Status ddl_add_column(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    uint16_t layout;
    Table *t;
    TRY(crash_own_open(w->crash, &w->cx, &w->arena, own, &t));
    ColumnLayout columns[CRASH_OWN_COLUMNS];
    memcpy(columns, t->columns, own->column_count * sizeof(ColumnLayout));
    columns[own->column_count] = own_columns[own->column_count];
    own->column_count++;
    for (uint32_t i = 0; i < CRASH_OWN_KEYS; i++) {
        CrashOwnRow *r = &own->rows[i];
        if (r->row.present && own->column_count == 4) {
            r->d = CRASH_D_MISSING;
        }
    }
    return table_add_layout(&w->cx, w->crash->engine, txn, own->tree, columns, own->column_count,
                            &layout);
}

static Status ddl_change(CrashWorker *w, Txn *txn, CrashOwn *own)
{
    CrashIndexKind kind = (CrashIndexKind)crash_random(&w->random, CRASH_IX_KINDS);
    switch (crash_random(&w->random, 8)) {
    case 0:
        ddl_drop_own(txn, own);
        own->tree = 0;
        return ST_OK;
    case 1: return ddl_truncate_own(w, txn, own);
    case 2: return ddl_rewrite(w, txn, own);
    case 3:
    case 4: return own->column_count < CRASH_OWN_COLUMNS ? ddl_add_column(w, txn, own) : ST_OK;
    default:
        if (own->index_tree[kind] == 0) {
            return ddl_index(w, txn, own, kind);
        }
        txn_drop_tree_on_commit(txn, own->index_tree[kind]);
        own->index_tree[kind] = 0;
        return ST_OK;
    }
}

Status crash_ddl_step(CrashWorker *w, Txn *txn)
{
    CrashOwn *own = &w->draft.own;
    TRY(txn_start_write(&w->cx, txn));
    TRY(own->tree == 0 ? ddl_create(w, txn, own) : ddl_change(w, txn, own));
    own->version++;
    return ST_OK;
}
