/*
 * cat_trees.c - user rows of the catalogs as versioned rows in trees of the engine.
 *
 * Every catalog that has stored rows has a row tree and one index tree for each of PostgreSQL's
 * indexes on it (so that the same names report the same duplicates), plus one by confrelid. A
 * stored row is the database's OID (0 in shared catalogs), then the catalog's columns; indexes
 * begin with the database too.
 * Which tree belongs to which catalog is said by rows {relation, index or 0, tree} of the map, the
 * tree with the lowest id in the file: it is made first in a new file. Trees of the other catalogs
 * are made when their first row comes, each by a transaction of its own.
 * A whole database is copied and removed here, too: its rows stand together in every index.
 * Locking: TreeStore.mutex guards nothing but the making of trees and is held across it (a lock
 * that allows I/O); open tables are published by an atomic pointer.
 */
#include "catalog/cat_internal.h"
#include "type/array.h"

#define TREES_MUTEX_RANK     40 /* before everything the engine takes */
#define TREES_MAP_ID_MAX     1024
#define TREES_INDEXES_MAX    8
#define TREES_CONFRELID_NAME "pg_constraint_confrelid_index"

/* SysIndex - an index that a catalog's trees have. */
typedef struct SysIndex {
    Oid oid;
    const char *name;
    bool unique;
    uint16_t column_count;
    uint16_t columns[CAT_KEY_COLUMNS_MAX]; /* positions in the catalog */
} SysIndex;

typedef struct TreeStore {
    Catalog *catalog;
    Engine *engine;
    Arena arena;
    OsMutex mutex;
    Table *map;
    _Atomic(const Table *) *tables; /* by position in catalog->shapes; NULL = no rows yet */
    _Atomic bool several; /* somebody made a database: trees have rows of others between ours */
} TreeStore;

/* ---- descriptions ---- */

/* trees_indexes - the indexes of a catalog. */
static uint16_t trees_indexes(const CatShape *shape, SysIndex *out)
{
    uint16_t n = 0;
    for (uint32_t i = 0; i < CATALOG_PG_INDEX_COUNT && n < TREES_INDEXES_MAX; i++) {
        const PgIndexRow *row = &catalog_pg_index[i];
        if (row->indrelid != shape->rel) {
            continue;
        }
        const char *name = catalog_str(cat_builtin_class(row->indexrelid)->relname);
        uint32_t columns;
        const int32_t *attnums = catalog_vec(row->indkey, &columns);
        SysIndex *ix = &out[n++];
        *ix = (SysIndex){.oid = row->indexrelid, .name = name, .unique = row->indisunique};
        for (uint32_t k = 0; k < columns && k < CAT_KEY_COLUMNS_MAX; k++) {
            ix->columns[ix->column_count++] = (uint16_t)(attnums[k] - 1);
        }
    }
    if (shape->rel == CAT_PG_CONSTRAINT && n < TREES_INDEXES_MAX) {
        out[n++] = (SysIndex){
            .oid = 1, /* no relation of its own */
            .name = TREES_CONFRELID_NAME,
            .column_count = 1,
            .columns = {PG_CONSTRAINT_CONFRELID},
        };
    }
    return n;
}

/* trees_key_type - operations with an order for a column's physical type. */
static const TypeOps *trees_key_type(Oid type, PhysType phys)
{
    const TypeOps *ops = type_array_element(type) == OID_INVALID ? type_ops(type) : NULL;
    if (ops != NULL && ops->key != NULL && ops->cmp != NULL) {
        return ops;
    }
    switch (phys) {
    case PHYS_BOOL: return type_ops(TYPE_BOOL);
    case PHYS_I16: return type_ops(TYPE_INT2);
    case PHYS_I32: return type_ops(TYPE_OID);
    case PHYS_I64: return type_ops(TYPE_INT8);
    default: return type_ops(TYPE_TEXT);
    }
}

/* trees_layouts - the database, then the catalog's columns. */
static ColumnLayout *trees_layouts(Arena *arena, const CatShape *shape)
{
    ColumnLayout *columns = ARENA_ARRAY(arena, ColumnLayout, shape->column_count + 1u);
    columns[0] = (ColumnLayout){.phys = PHYS_I32, .missing_is_null = true};
    for (uint16_t i = 0; i < shape->column_count; i++) {
        columns[i + 1] = (ColumnLayout){.phys = shape->phys[i], .missing_is_null = true};
    }
    return columns;
}

/* trees_describe_index - the engine's description of an index over stored rows. */
static void trees_describe_index(const CatShape *shape, const SysIndex *ix, TreeId tree,
                                 PageNo root, TableIndex *out)
{
    *out = (TableIndex){
        .tree = tree,
        .root = root,
        .oid = ix->oid,
        .unique = ix->unique,
        .column_count = (uint16_t)(ix->column_count + 1),
        .name = ix->name,
    };
    out->columns[0] = (IndexColumn){.type = type_ops(TYPE_OID), .name = "database"};
    for (uint16_t k = 0; k < ix->column_count; k++) {
        uint16_t column = ix->columns[k];
        out->columns[k + 1] = (IndexColumn){
            .column = (int16_t)(column + 1),
            .type = trees_key_type(shape->types[column], shape->phys[column]),
            .name = shape->columns[column],
        };
    }
}

/* ---- the map ---- */

enum { MAP_REL, MAP_INDEX, MAP_TREE, MAP_COLUMNS };

static Status trees_map_add(Cx *cx, TreeStore *s, Txn *txn, Oid rel, Oid index, TreeId tree)
{
    Vector vectors[MAP_COLUMNS];
    Vector *cols[MAP_COLUMNS];
    uint32_t values[MAP_COLUMNS] = {rel, index, tree};
    for (int i = 0; i < MAP_COLUMNS; i++) {
        Datum d = {.u32 = values[i]};
        vec_init_const(&vectors[i], PHYS_I32, cx->arena, &d, false);
        cols[i] = &vectors[i];
    }
    Batch batch = {.cols = cols, .col_count = MAP_COLUMNS};
    batch_set_count(&batch, 1);
    RowId rowid;
    return table_insert(cx, txn, s->map, &(RowValues){&batch, 0}, &rowid);
}

/* TreesFound - trees of one catalog as the map has them. */
typedef struct TreesFound {
    TreeId table;
    TreeId indexes[TREES_INDEXES_MAX];
} TreesFound;

/* trees_map_read - what the map says of every catalog: found[i] belongs to shapes[i]. */
static Status trees_map_read(Cx *cx, TreeStore *s, Txn *txn, TreesFound *found)
{
    static const uint16_t COLUMNS[MAP_COLUMNS] = {MAP_REL, MAP_INDEX, MAP_TREE};
    static const PhysType TYPES[MAP_COLUMNS] = {PHYS_I32, PHYS_I32, PHYS_I32};
    const Catalog *c = s->catalog;
    Arena arena;
    arena_init(&arena, NULL, "catalog map", 0);
    Snapshot snap;
    snapshot_take(s->engine->txns, txn, &snap);
    TableScan *scan = NULL;
    Batch batch;
    batch_init(&batch, TYPES, MAP_COLUMNS, &arena);
    Status st = ST_OK;
    TRY_OUT(table_scan_create(cx, &arena, s->map, COLUMNS, MAP_COLUMNS, false, &scan));
    TRY_OUT(table_scan_start(cx, scan, txn, &snap));
    while ((st = table_scan_next(cx, scan, VEC_CAPACITY, &batch, &arena)) == ST_OK) {
        for (uint32_t r = 0; r < batch.count; r++) {
            Oid rel = vec_get(batch.cols[MAP_REL], r).u32;
            Oid index = vec_get(batch.cols[MAP_INDEX], r).u32;
            const CatShape *shape = cat_shape(c, rel);
            if (shape == NULL) {
                continue; /* a catalog of a later version */
            }
            TreesFound *f = &found[shape - c->shapes];
            SysIndex list[TREES_INDEXES_MAX];
            uint16_t n = trees_indexes(shape, list);
            for (uint16_t k = 0; k < n; k++) {
                if (index == list[k].oid) {
                    f->indexes[k] = vec_get(batch.cols[MAP_TREE], r).u32;
                }
            }
            if (index == OID_INVALID) {
                f->table = vec_get(batch.cols[MAP_TREE], r).u32;
            }
        }
    }
    if (st == ST_DONE) {
        st = ST_OK;
    }
out:
    if (scan != NULL) {
        table_scan_end(scan);
    }
    snapshot_release(&snap);
    arena_release(&arena);
    return st;
}

/* trees_publish - open a catalog's table for use. */
static Status trees_publish(Cx *cx, TreeStore *s, const CatShape *shape, const TreesFound *found)
{
    SysIndex list[TREES_INDEXES_MAX];
    uint16_t n = trees_indexes(shape, list);
    TableIndex *indexes = ARENA_ARRAY(&s->arena, TableIndex, n + 1u);
    for (uint16_t k = 0; k < n; k++) {
        TreeEntry entry;
        Status st = tree_get(cx, s->engine->store, found->indexes[k], &entry);
        if (st != ST_OK) {
            return st == ST_ERROR
                       ? st
                       : err_set(cx, ERRCODE_DATA_CORRUPTED,
                                 "the tree of catalog index \"%s\" is missing", list[k].name);
        }
        trees_describe_index(shape, &list[k], found->indexes[k], entry.root, &indexes[k]);
    }
    Table *t;
    TRY(table_open(cx, s->engine, &s->arena, shape->rel, "pg_catalog", shape->name, found->table,
                   indexes, n, &t));
    atomic_store_explicit(&s->tables[shape - s->catalog->shapes], t, memory_order_release);
    return ST_OK;
}

/* trees_make - the trees of a catalog that has none yet, by a transaction of its own. */
static Status trees_make(Cx *cx, TreeStore *s, const CatShape *shape)
{
    Arena arena;
    Txn *txn = NULL;
    TreesFound found = {0};
    arena_init(&arena, NULL, "catalog trees", 0);
    Status st = ST_OK;
    TRY_OUT(txn_begin(cx, s->engine->txns, ISO_READ_COMMITTED, &arena, &txn));
    TRY_OUT(txn_start_write(cx, txn));
    TRY_OUT(table_create(cx, s->engine, txn, trees_layouts(&arena, shape),
                         (uint16_t)(shape->column_count + 1), &found.table));
    TRY_OUT(trees_map_add(cx, s, txn, shape->rel, OID_INVALID, found.table));
    SysIndex list[TREES_INDEXES_MAX];
    uint16_t n = trees_indexes(shape, list);
    for (uint16_t k = 0; k < n; k++) {
        PageNo root;
        TRY_OUT(index_create(cx, s->engine, txn, &found.indexes[k], &root));
        TRY_OUT(trees_map_add(cx, s, txn, shape->rel, list[k].oid, found.indexes[k]));
    }
    Lsn lsn;
    TRY_OUT(txn_commit(cx, txn, &lsn));
    txn = NULL;
    TRY_OUT(trees_publish(cx, s, shape, &found));
out:
    if (txn != NULL) {
        txn_abort(cx, txn);
    }
    arena_release(&arena);
    return st;
}

/* trees_table - the open table of a catalog; NULL in *out when it has no rows and make is false. */
static Status trees_table(Cx *cx, TreeStore *s, const CatShape *shape, bool make, const Table **out)
{
    _Atomic(const Table *) *slot = &s->tables[shape - s->catalog->shapes];
    *out = atomic_load_explicit(slot, memory_order_acquire);
    if (*out != NULL || !make) {
        return ST_OK;
    }
    os_mutex_lock(s->engine->os, &s->mutex);
    Status st = ST_OK;
    if (atomic_load_explicit(slot, memory_order_acquire) == NULL) {
        st = trees_make(cx, s, shape);
    }
    os_mutex_unlock(s->engine->os, &s->mutex);
    *out = atomic_load_explicit(slot, memory_order_acquire);
    return st;
}

/* ---- the row store ---- */

static void trees_begin(void *self, CatRead *read, CatView *v)
{
    TreeStore *s = self;
    read->view = v;
    snapshot_take(s->engine->txns, v->txn, &read->snap);
    /* Everything this transaction wrote, the running command included. */
    read->snap.cid = UINT32_MAX;
    read->has_snap = true;
}

static void trees_end(void *self, CatRead *read)
{
    (void)self;
    snapshot_release(&read->snap);
    read->has_snap = false;
}

static Oid trees_database(const CatShape *shape, const CatView *v)
{
    return shape->shared ? OID_INVALID : v->database;
}

/* TreesCursor - one read: an index scan, or a table scan when no index fits. */
typedef struct TreesCursor {
    Arena arena;
    const Table *table;
    const CatShape *shape;
    Oid database;
    bool by_database; /* the trees have many rows of other databases: reach ours by an index */
    Batch batch;
    TableScan *scan;
    IndexScan *index_scan;
    Buf key;
} TreesCursor;

/* trees_choose_index - the index whose leading columns are most of the key's. */
static int32_t trees_choose_index(const TreesCursor *t, const CatKey *key, uint32_t *length_out)
{
    int32_t best = -1;
    *length_out = 0;
    for (uint16_t i = 0; i < t->table->index_count; i++) {
        const TableIndex *ix = &t->table->indexes[i];
        uint32_t length = 0;
        for (uint16_t k = 1; k < ix->column_count; k++, length++) {
            bool wanted = false;
            for (uint32_t w = 0; w < key->count; w++) {
                wanted = wanted || key->columns[w] + 1 == ix->columns[k].column;
            }
            if (!wanted) {
                break;
            }
        }
        if (length > *length_out) {
            *length_out = length;
            best = i;
        }
    }
    return best;
}

/* trees_start_index - begin at the rows whose index key starts with the wanted values. */
static Status trees_start_index(Cx *cx, TreesCursor *t, Txn *txn, const Snapshot *snap,
                                const CatKey *key, uint16_t index, uint32_t length,
                                const uint16_t *columns)
{
    const TableIndex *ix = &t->table->indexes[index];
    Datum database = {.u32 = t->database};
    index_key_column(ix, 0, &database, false, &t->key);
    for (uint32_t k = 1; k <= length; k++) {
        for (uint32_t w = 0; w < key->count; w++) {
            if (key->columns[w] + 1 == ix->columns[k].column) {
                index_key_column(ix, (uint16_t)k, &key->values[w], false, &t->key);
                break;
            }
        }
    }
    IndexBound bound = {{(const char *)t->key.data, t->key.len}, true};
    TRY(index_scan_create(cx, &t->arena, t->table, index, columns,
                          (uint16_t)(t->shape->column_count + 1), true, &t->index_scan));
    return index_scan_start(cx, t->index_scan, txn, snap, &bound, &bound, false);
}

/* trees_start - begin reading the rows of the key, by the best index or the whole table. */
static Status trees_start(Cx *cx, TreesCursor *t, CatRead *read, const CatKey *key)
{
    uint16_t count = (uint16_t)(t->shape->column_count + 1);
    uint16_t columns[CAT_COLUMNS_MAX + 1];
    PhysType types[CAT_COLUMNS_MAX + 2];
    for (uint16_t i = 0; i < count; i++) {
        columns[i] = i;
        types[i] = i == 0 ? PHYS_I32 : t->shape->phys[i - 1];
    }
    types[count] = PHYS_I64;
    batch_init(&t->batch, types, (uint16_t)(count + 1), &t->arena);
    Txn *txn = read->view->txn;
    uint32_t length;
    int32_t index = trees_choose_index(t, key, &length);
    if (index < 0 && t->by_database && t->table->index_count != 0) {
        index = 0; /* all its keys that begin with the database */
    }
    if (index >= 0) {
        return trees_start_index(cx, t, txn, &read->snap, key, (uint16_t)index, length, columns);
    }
    TRY(table_scan_create(cx, &t->arena, t->table, columns, count, true, &t->scan));
    return table_scan_start(cx, t->scan, txn, &read->snap);
}

/* trees_emit - hand the batch's rows that match to fn. */
static Status trees_emit(Cx *cx, TreesCursor *t, const CatKey *key, CatRowFn fn, void *arg)
{
    Datum values[CAT_COLUMNS_MAX];
    bool nulls[CAT_COLUMNS_MAX];
    uint16_t count = t->shape->column_count;
    SEL_FOREACH(row, &t->batch.sel)
    {
        if (vec_get(t->batch.cols[0], row).u32 != t->database) {
            continue;
        }
        for (uint16_t i = 0; i < count; i++) {
            const Vector *v = t->batch.cols[i + 1];
            nulls[i] = vec_is_null(v, row);
            memset(&values[i], 0, sizeof(Datum));
            if (!nulls[i]) {
                values[i] = vec_get(v, row);
            }
        }
        CatRow r = {values, nulls, (RowId)vec_get(t->batch.cols[count + 1], row).i64};
        if (cat_row_matches(t->shape, &r, key)) {
            TRY(fn(arg, cx, &r));
        }
    }
    return ST_OK;
}

/* trees_next - the next rows into the cursor's batch; ST_DONE. */
static Status trees_next(Cx *cx, TreesCursor *t)
{
    return t->scan != NULL ? table_scan_next(cx, t->scan, VEC_CAPACITY, &t->batch, &t->arena)
                           : index_scan_next(cx, t->index_scan, VEC_CAPACITY, &t->batch, &t->arena);
}

static void trees_end_cursor(TreesCursor *t)
{
    if (t->scan != NULL) {
        table_scan_end(t->scan);
    }
    if (t->index_scan != NULL) {
        index_scan_end(t->index_scan);
    }
    buf_release(&t->key);
    arena_release(&t->arena);
}

/* trees_scan - CatRowStore.scan: every matching row to fn. */
static Status trees_scan(void *self, Cx *cx, CatRead *read, const CatShape *shape,
                         const CatKey *key, CatRowFn fn, void *arg)
{
    TreeStore *s = self;
    TreesCursor t = {.shape = shape,
                     .database = trees_database(shape, read->view),
                     .by_database = !shape->shared && atomic_load(&s->several)};
    TRY(trees_table(cx, s, shape, false, &t.table));
    if (t.table == NULL) {
        return ST_OK;
    }
    arena_init(&t.arena, NULL, "catalog scan", 0);
    buf_init(&t.key, SIZE_MAX / 2);
    Status st = ST_OK;
    TRY_OUT(trees_start(cx, &t, read, key));
    while ((st = trees_next(cx, &t)) == ST_OK) {
        TRY_OUT(trees_emit(cx, &t, key, fn, arg));
    }
    if (st == ST_DONE) {
        st = ST_OK;
    }
out:
    trees_end_cursor(&t);
    return st;
}

/* trees_row - a stored row as a batch of one. */
static void trees_row(Arena *arena, const CatShape *shape, const CatView *v, const Datum *values,
                      const bool *nulls, Batch *batch)
{
    uint16_t count = (uint16_t)(shape->column_count + 1);
    Vector *vectors = ARENA_ARRAY(arena, Vector, count);
    Vector **cols = ARENA_ARRAY(arena, Vector *, count);
    Datum database = {.u32 = trees_database(shape, v)};
    for (uint16_t i = 0; i < count; i++) {
        cols[i] = &vectors[i];
        if (i == 0) {
            vec_init_const(cols[i], PHYS_I32, arena, &database, false);
        } else {
            vec_init_const(cols[i], shape->phys[i - 1], arena, &values[i - 1], nulls[i - 1]);
        }
    }
    *batch = (Batch){.cols = cols, .col_count = count};
    batch_set_count(batch, 1);
}

/* trees_key_detail - "Key (database, oid)=(5, 1) ..." is (oid)=(1) to those who see one database.
 */
static void trees_key_detail(Cx *cx)
{
    static const char NAMES[] = "Key (database, ", VALUES[] = ")=(";
    char *detail = cx->err->detail, *values = strstr(detail, VALUES);
    if (cx->err->sqlstate != ERRCODE_UNIQUE_VIOLATION || values == NULL ||
        strncmp(detail, NAMES, sizeof(NAMES) - 1) != 0) {
        return;
    }
    char *second = strstr(values, ", ");
    if (second != NULL) {
        char *into = values + sizeof(VALUES) - 1;
        memmove(into, second + 2, strlen(second + 2) + 1);
        memmove(detail + 5, detail + sizeof(NAMES) - 1, strlen(detail + sizeof(NAMES) - 1) + 1);
    }
}

/* trees_insert - CatRowStore.insert; 23505 in the names of the catalog. */
static Status trees_insert(void *self, Cx *cx, CatView *v, const CatShape *shape,
                           const Datum *values, const bool *nulls)
{
    TreeStore *s = self;
    const Table *table;
    Batch batch;
    RowId rowid;
    Arena arena;
    ASSERT(v->txn != NULL);
    TRY(trees_table(cx, s, shape, true, &table));
    arena_init(&arena, NULL, "catalog row", 0);
    trees_row(&arena, shape, v, values, nulls, &batch);
    Status st = table_insert(cx, v->txn, table, &(RowValues){&batch, 0}, &rowid);
    arena_release(&arena);
    if (st == ST_ERROR) {
        trees_key_detail(cx);
    }
    if (shape->rel == CAT_PG_DATABASE && values[PG_DATABASE_OID].u32 >= FIRST_USER_OID) {
        atomic_store(&s->several, true);
    }
    return st;
}

/* trees_outcome - the row was found a moment ago: anything but done means another session's DDL. */
static Status trees_outcome(Cx *cx, WriteOutcome outcome, bool removing)
{
    switch (outcome) {
    case WRITE_DONE: return ST_OK;
    case WRITE_DELETED_MEANWHILE:
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "tuple concurrently deleted");
    default:
        return err_set(cx, ERRCODE_INTERNAL_ERROR,
                       removing ? "tuple concurrently deleted" : "tuple concurrently updated");
    }
}

static Status trees_update(void *self, Cx *cx, CatView *v, const CatShape *shape, RowId rowid,
                           const Datum *values, const bool *nulls)
{
    TreeStore *s = self;
    const Table *table;
    Batch batch;
    Arena arena;
    WriteOutcome outcome = WRITE_DONE;
    CatRead read = {.view = v};
    ASSERT(v->txn != NULL);
    TRY(trees_table(cx, s, shape, true, &table));
    arena_init(&arena, NULL, "catalog row", 0);
    trees_row(&arena, shape, v, values, nulls, &batch);
    trees_begin(self, &read, v);
    Status st =
        table_update(cx, v->txn, &read.snap, table, rowid, &(RowValues){&batch, 0}, NULL, &outcome);
    trees_end(self, &read);
    arena_release(&arena);
    return st == ST_OK ? trees_outcome(cx, outcome, false) : st;
}

static Status trees_remove(void *self, Cx *cx, CatView *v, const CatShape *shape, RowId rowid)
{
    TreeStore *s = self;
    const Table *table;
    WriteOutcome outcome = WRITE_DONE;
    CatRead read = {.view = v};
    ASSERT(v->txn != NULL);
    TRY(trees_table(cx, s, shape, true, &table));
    trees_begin(self, &read, v);
    Status st = table_delete(cx, v->txn, &read.snap, table, rowid, &outcome);
    trees_end(self, &read);
    return st == ST_OK ? trees_outcome(cx, outcome, true) : st;
}

/* ---- whole databases ---- */

/* trees_begin_database - a cursor over all rows that a database has in one catalog. ST_NOTFOUND
 * when the catalog has no rows at all; then there is nothing to end. */
static Status trees_begin_database(Cx *cx, TreeStore *s, CatRead *read, const CatShape *shape,
                                   Oid database, TreesCursor *t)
{
    static const CatKey ALL = {.count = 0};
    *t = (TreesCursor){.shape = shape, .database = database, .by_database = true};
    TRY(trees_table(cx, s, shape, false, &t->table));
    if (t->table == NULL) {
        return ST_NOTFOUND;
    }
    arena_init(&t->arena, NULL, "catalog scan", 0);
    buf_init(&t->key, SIZE_MAX / 2);
    Status st = trees_start(cx, t, read, &ALL);
    if (st != ST_OK) {
        trees_end_cursor(t);
    }
    return st;
}

/* trees_own_rows - which rows of the cursor's batch are the database's. */
static Sel trees_own_rows(const TreesCursor *t, uint16_t *idx)
{
    Sel sel = {idx, 0};
    SEL_FOREACH(row, &t->batch.sel)
    {
        if (vec_get(t->batch.cols[0], row).u32 == t->database) {
            idx[sel.count++] = (uint16_t)row;
        }
    }
    return sel;
}

/* trees_copy_rows - the rows of one catalog once more, as those of the database copy->to. */
static Status trees_copy_rows(Cx *cx, TreeStore *s, CatRead *read, const CatShape *shape,
                              const CatDatabaseCopy *copy)
{
    TreesCursor t;
    uint16_t idx[VEC_CAPACITY];
    Datum to = {.u32 = copy->to};
    Vector database;
    Status st = trees_begin_database(cx, s, read, shape, copy->from, &t);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    vec_init_const(&database, PHYS_I32, &t.arena, &to, false);
    uint16_t count = (uint16_t)(shape->column_count + 1);
    Vector **cols = ARENA_ARRAY(&t.arena, Vector *, count);
    while ((st = trees_next(cx, &t)) == ST_OK) {
        Batch out = {.cols = cols, .col_count = count, .count = t.batch.count};
        memcpy(cols, t.batch.cols, count * sizeof(Vector *));
        cols[0] = &database;
        out.sel = trees_own_rows(&t, idx);
        SEL_FOREACH(row, &out.sel)
        {
            if (shape->rel == CAT_PG_CLASS) {
                Datum oid = vec_get(cols[PG_CLASS_OID + 1], row);
                Datum tree = {.u32 = copy->tree_of(copy->arg, oid.u32)};
                vec_put(cols[PG_CLASS_RELFILENODE + 1], row, &tree);
            }
        }
        TRY_OUT(table_insert_batch(cx, read->view->txn, t.table, &out, NULL));
    }
    st = st == ST_DONE ? ST_OK : st;
out:
    trees_end_cursor(&t);
    return st;
}

Status cat_database_copy(Cx *cx, CatView *v, const CatDatabaseCopy *copy)
{
    TreeStore *s = v->catalog->store_self;
    CatRead read;
    Status st = ST_OK;
    ASSERT(v->catalog->engine != NULL && v->txn != NULL && copy->from != copy->to);
    trees_begin(s, &read, v);
    for (uint32_t i = 0; i < v->catalog->shape_count && st == ST_OK; i++) {
        if (!v->catalog->shapes[i].shared) {
            st = trees_copy_rows(cx, s, &read, &v->catalog->shapes[i], copy);
        }
    }
    trees_end(s, &read);
    return st;
}

/* trees_remove_rows - all rows of one catalog that are of the database. */
static Status trees_remove_rows(Cx *cx, TreeStore *s, CatRead *read, const CatShape *shape,
                                Oid database)
{
    TreesCursor t;
    uint16_t idx[VEC_CAPACITY];
    RowId *rows = NULL;
    uint32_t n = 0;
    Status st = trees_begin_database(cx, s, read, shape, database, &t);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    while ((st = trees_next(cx, &t)) == ST_OK) {
        Sel own = trees_own_rows(&t, idx);
        rows = arena_grow(&t.arena, rows, n * sizeof(RowId), (n + own.count) * sizeof(RowId));
        SEL_FOREACH(row, &own)
        {
            rows[n++] = (RowId)vec_get(t.batch.cols[shape->column_count + 1], row).i64;
        }
    }
    st = st == ST_DONE ? ST_OK : st;
    for (uint32_t i = 0; i < n && st == ST_OK; i++) {
        WriteOutcome outcome = WRITE_DONE;
        st = table_delete(cx, read->view->txn, &read->snap, t.table, rows[i], &outcome);
        if (st == ST_OK) {
            st = trees_outcome(cx, outcome, true);
        }
    }
    trees_end_cursor(&t);
    return st;
}

Status cat_database_remove(Cx *cx, CatView *v, Oid database)
{
    TreeStore *s = v->catalog->store_self;
    CatRead read;
    Status st = ST_OK;
    ASSERT(v->catalog->engine != NULL && v->txn != NULL);
    trees_begin(s, &read, v);
    for (uint32_t i = 0; i < v->catalog->shape_count && st == ST_OK; i++) {
        if (!v->catalog->shapes[i].shared) {
            st = trees_remove_rows(cx, s, &read, &v->catalog->shapes[i], database);
        }
    }
    trees_end(s, &read);
    return st;
}

static void trees_close(void *self)
{
    TreeStore *s = self;
    arena_release(&s->arena);
    mem_free(s);
}

static const CatRowStore TREE_STORE = {
    .begin = trees_begin,
    .end = trees_end,
    .scan = trees_scan,
    .insert = trees_insert,
    .update = trees_update,
    .remove = trees_remove,
    .open = cat_storage_open,
    .close = trees_close,
};

/* ---- opening ---- */

static Status trees_open_map(Cx *cx, TreeStore *s, TreeId tree)
{
    return table_open(cx, s->engine, &s->arena, OID_INVALID, "pg_catalog", "catalog map", tree,
                      NULL, 0, &s->map);
}

/* trees_first_rows - the rows every file begins with, in one transaction; templates_only: those of
 * the template databases. */
static Status trees_first_rows(Cx *cx, TreeStore *s, bool templates_only)
{
    Arena arena;
    Txn *txn = NULL;
    Lsn lsn;
    CatView v;
    arena_init(&arena, NULL, "catalog bootstrap", 0);
    cat_view_init(&v, s->catalog);
    Status st = ST_OK;
    TRY_OUT(txn_begin(cx, s->engine->txns, ISO_READ_COMMITTED, &arena, &txn));
    v.txn = txn;
    if (!templates_only) {
        TRY_OUT(cat_bootstrap(cx, s->catalog, &v, false));
    }
    v.database = DATABASE_TEMPLATE1;
    TRY_OUT(cat_bootstrap(cx, s->catalog, &v, true));
    v.database = DATABASE_TEMPLATE0;
    TRY_OUT(cat_bootstrap(cx, s->catalog, &v, true));
    TRY_OUT(txn_commit(cx, txn, &lsn));
    txn = NULL;
    st = wal_flush_wait(cx, s->engine->wal, lsn);
out:
    cat_view_release_pins(&v);
    if (txn != NULL) {
        txn_abort(cx, txn);
    }
    arena_release(&arena);
    return st;
}

/* trees_bootstrap - a new file: the map, then its first rows. */
static Status trees_bootstrap(Cx *cx, TreeStore *s)
{
    static const ColumnLayout COLUMNS[MAP_COLUMNS] = {
        {.phys = PHYS_I32}, {.phys = PHYS_I32}, {.phys = PHYS_I32}};
    Arena arena;
    Txn *txn = NULL;
    TreeId tree;
    Lsn lsn;
    arena_init(&arena, NULL, "catalog bootstrap", 0);
    Status st = ST_OK;
    TRY_OUT(txn_begin(cx, s->engine->txns, ISO_READ_COMMITTED, &arena, &txn));
    TRY_OUT(txn_start_write(cx, txn));
    TRY_OUT(table_create(cx, s->engine, txn, COLUMNS, MAP_COLUMNS, &tree));
    TRY_OUT(txn_commit(cx, txn, &lsn));
    txn = NULL;
    TRY_OUT(trees_open_map(cx, s, tree));
    st = trees_first_rows(cx, s, false);
out:
    if (txn != NULL) {
        txn_abort(cx, txn);
    }
    arena_release(&arena);
    return st;
}

/* trees_has_row - is there a row with this OID in the catalog of a database? */
static Status trees_has_row(Cx *cx, TreeStore *s, Oid database, Oid rel, Oid oid, bool *has_out)
{
    Arena arena;
    CatView v;
    Datum key = {.u32 = oid};
    const Datum *values;
    const bool *nulls;
    arena_init(&arena, NULL, "catalog bootstrap", 0);
    cat_view_init(&v, s->catalog);
    v.database = database;
    Status st = cat_row_get(cx, &v, &arena, rel, &key, 1, &values, &nulls);
    *has_out = st == ST_OK;
    arena_release(&arena);
    return st == ST_ERROR ? st : ST_OK;
}

/* trees_complete - the first transaction of the file's making may not have got through; files of
 * before there were several databases have templates without a schema. */
static Status trees_complete(Cx *cx, TreeStore *s)
{
    bool has_rows, has_templates;
    TRY(trees_has_row(cx, s, DATABASE_FIRST, CAT_PG_AUTHID, ROLE_BOOTSTRAP, &has_rows));
    if (!has_rows) {
        return trees_first_rows(cx, s, false);
    }
    /* Nobody can connect to template0, so what it lacks it never had. */
    TRY(trees_has_row(cx, s, DATABASE_TEMPLATE0, CAT_PG_NAMESPACE, NAMESPACE_PUBLIC,
                      &has_templates));
    return has_templates ? ST_OK : trees_first_rows(cx, s, true);
}

/* trees_note_database - CatRowFn: one that somebody made. */
static Status trees_note_database(void *arg, Cx *cx, const CatRow *row)
{
    TreeStore *s = arg;
    (void)cx;
    if (row->values[PG_DATABASE_OID].u32 >= FIRST_USER_OID) {
        atomic_store(&s->several, true);
    }
    return ST_OK;
}

/* cat_trees_load - an existing file: find the map, open what it names. */
static Status cat_trees_load(Cx *cx, TreeStore *s)
{
    TreeEntry entry;
    TreeId tree = 1;
    Status st = ST_NOTFOUND;
    for (; tree < TREES_MAP_ID_MAX; tree++) {
        st = tree_get(cx, s->engine->store, tree, &entry);
        if (st != ST_NOTFOUND) {
            break;
        }
    }
    if (st == ST_ERROR) {
        return st;
    }
    if (st != ST_OK || entry.kind != TREE_TABLE) {
        /* The file was made, but its maker died before the first commit. */
        return st == ST_NOTFOUND
                   ? trees_bootstrap(cx, s)
                   : err_set(cx, ERRCODE_DATA_CORRUPTED, "the file has no catalog map");
    }
    TRY(trees_open_map(cx, s, tree));
    Arena arena;
    Txn *txn = NULL;
    arena_init(&arena, NULL, "catalog load", 0);
    TreesFound *found = ARENA_ARRAY(&arena, TreesFound, s->catalog->shape_count);
    TRY_OUT(txn_begin(cx, s->engine->txns, ISO_READ_COMMITTED, &arena, &txn));
    TRY_OUT(trees_map_read(cx, s, txn, found));
    for (uint32_t i = 0; i < s->catalog->shape_count; i++) {
        if (found[i].table != 0) {
            TRY_OUT(trees_publish(cx, s, &s->catalog->shapes[i], &found[i]));
        }
    }
out:
    if (txn != NULL) {
        txn_abort(cx, txn);
    }
    arena_release(&arena);
    return st;
}

Status catalog_open(Cx *cx, Engine *e, Catalog **catalog_out)
{
    *catalog_out = NULL;
    TreeStore *s = mem_zalloc("catalog", sizeof(TreeStore));
    s->engine = e;
    arena_init(&s->arena, NULL, "catalog tables", 0);
    os_mutex_init(&s->mutex, "catalog trees", TREES_MUTEX_RANK);
    Status st = cat_create(cx, e, &TREE_STORE, s, &s->catalog);
    if (st != ST_OK) {
        trees_close(s);
        return st;
    }
    Catalog *c = s->catalog;
    s->tables = (void *)arena_zalloc(&s->arena, c->shape_count * sizeof(*s->tables));
    st = e->created ? trees_bootstrap(cx, s) : cat_trees_load(cx, s);
    if (st == ST_OK) {
        st = trees_complete(cx, s);
    }
    if (st == ST_OK) {
        CatView v;
        cat_view_init(&v, c);
        st = cat_rows_each(cx, &v, CAT_PG_DATABASE, NULL, NULL, 0, trees_note_database, s);
    }
    if (st != ST_OK) {
        catalog_close(c);
        return st;
    }
    *catalog_out = c;
    return ST_OK;
}

Status cat_trees_verify(Cx *cx, Catalog *c, Buf *report, uint64_t *errors)
{
    TreeStore *s = c->store_self;
    if (c->engine == NULL) {
        return ST_OK; /* rows in memory */
    }
    TRY(table_verify(cx, s->map, report, errors));
    for (uint32_t i = 0; i < c->shape_count; i++) {
        const Table *t = atomic_load_explicit(&s->tables[i], memory_order_acquire);
        if (t != NULL) {
            TRY(table_verify(cx, t, report, errors));
        }
    }
    return ST_OK;
}

void cat_trees_each(Catalog *c, void (*fn)(void *arg, TreeId tree, Oid oid), void *arg)
{
    const TreeStore *s = c->store_self;
    if (c->engine == NULL) {
        return; /* rows in memory */
    }
    fn(arg, s->map->tree, OID_INVALID);
    for (uint32_t i = 0; i < c->shape_count; i++) {
        const Table *t = atomic_load_explicit(&s->tables[i], memory_order_acquire);
        if (t == NULL) {
            continue;
        }
        fn(arg, t->tree, t->oid);
        for (uint16_t k = 0; k < t->index_count; k++) {
            fn(arg, t->indexes[k].tree, t->indexes[k].oid);
        }
    }
}

bool catalog_stored_table(Catalog *c, uint32_t i, const Table **table_out)
{
    TreeStore *s = c->store_self;
    *table_out = NULL;
    if (c->engine == NULL || i >= c->shape_count) {
        return false;
    }
    *table_out = atomic_load_explicit(&s->tables[i], memory_order_acquire);
    return true;
}
