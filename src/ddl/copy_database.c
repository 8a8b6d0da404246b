/*
 * copy_database.c - the contents of a new database: trees and catalog rows of another once more.
 *
 * Relations keep their OIDs, as databases do not see each other's; each gets trees of its own. Rows
 * are copied first and the indexes are built over them, which leaves them as tight as can be. All
 * is one transaction's work: a crash or an error leaves nothing of a half made database.
 * Requires that nobody is connected to the source (DdlCx.hold_database).
 */
#include "ddl/ddl_internal.h"

typedef struct DatabaseCopy {
    DdlCx *d;
    CatView source; /* as a session of that database sees it */
    Map trees;      /* relation OID -> its new tree */
} DatabaseCopy;

static void copy_note_tree(DatabaseCopy *c, Oid relation, TreeId tree)
{
    (void)map_put_int(&c->trees, relation, (void *)(uintptr_t)tree);
}

static TreeId copy_tree_of(void *arg, Oid relation)
{
    const DatabaseCopy *c = arg;
    return (TreeId)(uintptr_t)map_get_int(&c->trees, relation);
}

/* copy_make_table - empty trees like those of `from`, opened in the arena. */
static Status copy_make_table(Cx *cx, DatabaseCopy *c, const CatTable *t, Arena *arena, Table **out)
{
    DdlCx *d = c->d;
    const Table *from = t->storage;
    Txn *txn = d->view->txn;
    TreeId tree;
    ColumnLayout *layout = ARENA_ARRAY(arena, ColumnLayout, from->column_count + 1u);
    TableIndex *indexes = ARENA_ARRAY(arena, TableIndex, from->index_count + 1u);
    if (from->index_count != 0) {
        memcpy(indexes, from->indexes, from->index_count * sizeof(TableIndex));
    }
    for (uint16_t i = 0; i < from->column_count; i++) {
        layout[i] = (ColumnLayout){.phys = from->columns[i].phys, .missing_is_null = true};
    }
    TRY(table_create(cx, d->engine, txn, layout, from->column_count, &tree));
    copy_note_tree(c, t->oid, tree);
    for (uint16_t i = 0; i < from->index_count; i++) {
        TRY(index_create(cx, d->engine, txn, &indexes[i].tree, &indexes[i].root));
        copy_note_tree(c, indexes[i].oid, indexes[i].tree);
    }
    TRY(table_open(cx, d->engine, arena, t->oid, from->schema_name, from->name, tree, indexes,
                   from->index_count, out));
    (*out)->storage = from->storage;
    return ST_OK;
}

/* copy_table_rows - all rows, without index entries. */
static Status copy_table_rows(Cx *cx, DatabaseCopy *c, const Table *from, const Table *to,
                              uint64_t *count_out)
{
    Txn *txn = c->d->view->txn;
    Table bare = *to;
    TableScan *scan = NULL;
    Snapshot snap;
    Arena arena, strings;
    Batch batch;
    arena_init(&arena, NULL, "database copy", 0);
    arena_init(&strings, &arena, "database copy rows", 0);
    uint16_t *columns = ARENA_ARRAY(&arena, uint16_t, from->column_count + 1u);
    PhysType *types = ARENA_ARRAY(&arena, PhysType, from->column_count + 1u);
    for (uint16_t i = 0; i < from->column_count; i++) {
        columns[i] = i;
        types[i] = from->columns[i].phys;
    }
    bare.index_count = 0;
    *count_out = 0;
    snapshot_take(c->d->engine->txns, txn, &snap);
    batch_init(&batch, types, from->column_count, &arena);
    Status st = ST_OK;
    TRY_OUT(table_scan_create(cx, &arena, from, columns, from->column_count, false, &scan));
    TRY_OUT(table_scan_start(cx, scan, txn, &snap));
    while ((st = table_scan_next(cx, scan, VEC_CAPACITY, &batch, &strings)) == ST_OK) {
        TRY_OUT(cx_check(cx));
        TRY_OUT(table_insert_batch(cx, txn, &bare, &batch, NULL));
        *count_out += batch.sel.count;
        arena_clear(&strings);
    }
    st = st == ST_DONE ? ST_OK : st;
out:
    if (scan != NULL) {
        table_scan_end(scan);
    }
    snapshot_release(&snap);
    arena_release(&strings);
    arena_release(&arena);
    return st;
}

/* copy_table - a table with its rows and indexes. */
static Status copy_table(Cx *cx, DatabaseCopy *c, const CatTable *t)
{
    Arena arena;
    Table *to;
    uint64_t count;
    arena_init(&arena, NULL, "database copy table", 0);
    Status st = ST_OK;
    TRY_OUT(copy_make_table(cx, c, t, &arena, &to));
    TRY_OUT(copy_table_rows(cx, c, t->storage, to, &count));
    for (uint16_t i = 0; count != 0 && i < to->index_count; i++) {
        TRY_OUT(index_build(cx, c->d->view->txn, to, &to->indexes[i]));
    }
out:
    arena_release(&arena);
    return st;
}

/* CopyRelation - what pg_class says of a relation that has a tree. */
typedef struct CopyRelation {
    Oid oid;
    TreeId tree;
    char kind;
    uint16_t column_count;
} CopyRelation;

/* copy_sequence - a sequence at its present value. */
static Status copy_sequence(Cx *cx, DatabaseCopy *c, const CopyRelation *r)
{
    DdlCx *d = c->d;
    SequenceState state;
    TreeId tree;
    TRY(sequence_get(cx, d->engine, r->tree, &state));
    TRY(sequence_create(cx, d->engine, d->view->txn, state.last_value, &tree));
    TRY(sequence_set(cx, d->engine, tree, state.last_value, state.is_called));
    copy_note_tree(c, r->oid, tree);
    return ST_OK;
}

/* copy_is_empty - has the table no rows? */
static Status copy_is_empty(Cx *cx, DatabaseCopy *c, Arena *arena, const Table *t, bool *empty_out)
{
    Txn *txn = c->d->view->txn;
    Snapshot snap;
    TableScan *scan;
    Batch batch;
    TRY(table_scan_create(cx, arena, t, NULL, 0, false, &scan));
    batch_init(&batch, NULL, 0, arena);
    snapshot_take(c->d->engine->txns, txn, &snap);
    Status st = table_scan_start(cx, scan, txn, &snap);
    if (st == ST_OK) {
        st = table_scan_next(cx, scan, 1, &batch, arena);
    }
    table_scan_end(scan);
    snapshot_release(&snap);
    *empty_out = st == ST_DONE;
    return st == ST_DONE ? ST_OK : st;
}

/* copy_relation - a table. Of an empty one, as most are in templates, its tree says enough; only
 * one with rows is looked up in the catalog, for its indexes. */
static Status copy_relation(Cx *cx, DatabaseCopy *c, const CopyRelation *r)
{
    Arena arena;
    Table *from;
    bool empty;
    TreeId tree;
    arena_init(&arena, NULL, "database copy table", 0);
    Status st = ST_OK;
    TRY_OUT(table_open(cx, c->d->engine, &arena, r->oid, "", "", r->tree, NULL, 0, &from));
    if (from->columns != NULL && from->column_count != r->column_count) {
        TRY_OUT(table_only_columns(cx, from, r->column_count));
    }
    TRY_OUT(copy_is_empty(cx, c, &arena, from, &empty));
    if (empty) {
        ColumnLayout *layout = ARENA_ARRAY(&arena, ColumnLayout, from->column_count + 1u);
        for (uint16_t i = 0; i < from->column_count; i++) {
            layout[i] = (ColumnLayout){.phys = from->columns[i].phys, .missing_is_null = true};
        }
        TRY_OUT(table_create(cx, c->d->engine, c->d->view->txn, layout, from->column_count, &tree));
        copy_note_tree(c, r->oid, tree);
    } else {
        const CatTable *t;
        TRY_OUT(cat_table_by_oid(cx, &c->source, r->oid, &t));
        TRY_OUT(copy_table(cx, c, t));
        cat_view_release_pins(&c->source);
    }
out:
    arena_release(&arena);
    return st;
}

/* CopyList - the relations of the source that have trees. */
typedef struct CopyList {
    Arena *arena;
    CopyRelation *relations;
    uint32_t count, size;
} CopyList;

/* copy_list_add - CatRowFn: a relation with a tree. */
static Status copy_list_add(void *arg, Cx *cx, const CatRow *row)
{
    CopyList *list = arg;
    (void)cx;
    const Str *kind = &row->values[PG_CLASS_RELKIND].str;
    if (row->values[PG_CLASS_RELFILENODE].u32 == 0 || kind->len == 0) {
        return ST_OK; /* nothing stored */
    }
    if (list->count == list->size) {
        uint32_t size = MAX(list->size * 2, 64u);
        list->relations =
            arena_grow(list->arena, list->relations, list->size * sizeof(CopyRelation),
                       size * sizeof(CopyRelation));
        list->size = size;
    }
    list->relations[list->count++] = (CopyRelation){
        .oid = row->values[PG_CLASS_OID].u32,
        .tree = row->values[PG_CLASS_RELFILENODE].u32,
        .kind = str_ptr(kind)[0],
        .column_count = (uint16_t)row->values[PG_CLASS_RELNATTS].i16,
    };
    return ST_OK;
}

/* copy_relations - tables and sequences, then the indexes that no table with rows has brought. */
static Status copy_relations(Cx *cx, DatabaseCopy *c)
{
    DdlCx *d = c->d;
    CopyList list = {.arena = d->arena};
    TRY(cat_rows_each(cx, &c->source, CAT_PG_CLASS, NULL, NULL, 0, copy_list_add, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const CopyRelation *r = &list.relations[i];
        TRY(cx_check(cx));
        if (r->kind == 'S') {
            TRY(copy_sequence(cx, c, r));
        } else if (r->kind != 'i') {
            TRY(copy_relation(cx, c, r));
        }
    }
    for (uint32_t i = 0; i < list.count; i++) {
        const CopyRelation *r = &list.relations[i];
        TreeId tree;
        PageNo root;
        if (r->kind == 'i' && copy_tree_of(c, r->oid) == 0) {
            TRY(index_create(cx, d->engine, d->view->txn, &tree, &root));
            copy_note_tree(c, r->oid, tree);
        }
    }
    return ST_OK;
}

/* copy_drop_temporary - temporary objects of the session that copies its own database stay there.
 */
static Status copy_drop_temporary(Cx *cx, DdlCx *d, Oid database)
{
    CatView v;
    DdlCx mine = *d;
    cat_view_init(&v, d->view->catalog);
    v.database = database;
    v.txn = d->view->txn;
    mine.view = &v;
    cat_changed(&v);
    TRY(txn_next_command(cx, v.txn));
    Status st = ddl_temp_clear_all(cx, &mine);
    cat_view_release_pins(&v);
    return st;
}

Status ddl_copy_database(Cx *cx, DdlCx *d, Oid from, Oid to)
{
    static const Oid CATALOG_ONLY[1] = {NAMESPACE_PG_CATALOG};
    DatabaseCopy c = {.d = d};
    CatDatabaseCopy rows = {.from = from, .to = to, .tree_of = copy_tree_of, .arg = &c};
    cat_view_init(&c.source, d->view->catalog);
    c.source.database = from;
    c.source.txn = d->view->txn;
    c.source.search_path = CATALOG_ONLY;
    c.source.search_path_count = 1;
    map_init(&c.trees);
    Status st = cat_view_judge(cx, &c.source, copy_relations(cx, &c));
    if (st == ST_OK) {
        st = cat_database_copy(cx, d->view, &rows);
    }
    if (st == ST_OK) {
        st = copy_drop_temporary(cx, d, to);
    }
    cat_view_release_pins(&c.source);
    map_release(&c.trees);
    return st;
}

/* drop_note_tree - CatRowFn: the relation's tree goes at commit. */
static Status drop_note_tree(void *arg, Cx *cx, const CatRow *row)
{
    DdlCx *d = arg;
    (void)cx;
    if (row->values[PG_CLASS_RELFILENODE].u32 != 0) {
        txn_drop_tree_on_commit(d->view->txn, row->values[PG_CLASS_RELFILENODE].u32);
    }
    return ST_OK;
}

Status ddl_empty_database(Cx *cx, DdlCx *d, Oid database)
{
    CatView v;
    cat_view_init(&v, d->view->catalog);
    v.database = database;
    v.txn = d->view->txn;
    TRY(cat_rows_each(cx, &v, CAT_PG_CLASS, NULL, NULL, 0, drop_note_tree, d));
    cat_view_release_pins(&v);
    return cat_database_remove(cx, d->view, database);
}
