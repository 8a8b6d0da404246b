/*
 * cat_storage.c - the engine's description of a user's table: its tree and its indexes.
 *
 * Apart from cat_load.c so that a catalog in memory links without the storage engine.
 */
#include "catalog/cat_internal.h"
#include "table/counts.h"
#include "type/gin.h"

#define GIN_EXTRACT_VALUE 2 /* number of the support function */

void catalog_set_index_compute(Catalog *c, CatIndexComputeFn fn)
{
    c->index_compute = fn;
}

/* storage_operator - the function of an exclusion constraint's operator. */
static Status storage_operator(Cx *cx, CatView *v, const CatIndex *ix, Oid oper, uint16_t k,
                               IndexExclude *x)
{
    const CatOper *o = cat_oper(v, oper);
    const CatProc *proc = o != NULL ? cat_proc(v, o->proc) : NULL;
    x->opers[k].fn = proc != NULL ? fn_ops_by_prosrc(proc->prosrc) : NULL;
    x->opers[k].proc = proc != NULL ? proc->oid : OID_INVALID;
    x->opers[k].collation = ix->collations[k];
    return x->opers[k].fn != NULL
               ? ST_OK
               : err_set(cx, ERRCODE_INTERNAL_ERROR,
                         "could not find the operators of exclusion constraint \"%s\"", ix->name);
}

/* storage_exclude - what an exclusion constraint compares by. */
static Status storage_exclude(Cx *cx, CatRead *read, Arena *arena, const CatTable *t,
                              const CatIndex *ix, TableIndex *out)
{
    const CatConstraint *con = NULL;
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        con = t->constraints[i].oid == ix->constraint ? &t->constraints[i] : con;
    }
    if (con == NULL) { /* between its rows in the catalogs */
        return ST_OK;
    }
    IndexExclude *x = ARENA_NEW(arena, IndexExclude);
    for (uint16_t k = 0; k < ix->key_count && k < INDEX_COLUMNS_MAX; k++) {
        Oid lt, eq, gt,
            type = ix->columns[k] > 0 ? t->columns[ix->columns[k] - 1].type
                                      : cat_opclass_input(read->view, ix->opclasses[k]);
        if (x->equal_count == k && cat_default_order(read->view, type, &lt, &eq, &gt) &&
            eq == con->operators[k]) {
            x->equal_count++;
        } else {
            TRY(storage_operator(cx, read->view, ix, con->operators[k], k, x));
        }
    }
    if (x->equal_count < ix->key_count) {
        x->ranges = key_range_fn(x->opers[x->equal_count].proc);
    }
    out->exclude = x;
    return ST_OK;
}

/* storage_index - the engine's description of one index. */
static Status storage_index(Cx *cx, CatRead *read, Arena *arena, const CatTable *t,
                            const CatIndex *ix, TableIndex *out)
{
    Catalog *c = read->view->catalog;
    const IndexCompute *compute = NULL;
    const char *const *names = NULL;
    uint16_t expr = 0;
    TreeEntry entry;
    Status st = tree_get(cx, c->engine->store, ix->tree, &entry);
    if (st != ST_OK) {
        return st == ST_ERROR
                   ? st
                   : err_set(cx, ERRCODE_INTERNAL_ERROR, "could not open index \"%s\"", ix->name);
    }
    if (ix->expressions_sql != NULL || ix->predicate_sql != NULL) {
        if (c->index_compute == NULL) {
            return err_unsupported(cx, "index \"%s\" needs expressions, which are not at hand",
                                   ix->name);
        }
        TRY(c->index_compute(cx, read->view, arena, t, ix, &compute, &names));
    }
    *out = (TableIndex){
        .compute = compute,
        .tree = ix->tree,
        .root = entry.root,
        .oid = ix->oid,
        .unique = ix->unique,
        .nulls_not_distinct = ix->nulls_not_distinct,
        .is_primary = ix->primary,
        .deferrable = ix->deferrable,
        .column_count = ix->key_count,
        .name = ix->name,
    };
    for (uint16_t k = 0; k < ix->key_count && k < INDEX_COLUMNS_MAX; k++) {
        int16_t attnum = ix->columns[k];
        IndexColumn *col = &out->columns[k];
        col->column = (int16_t)(attnum - 1); /* -1 for an expression */
        col->desc = (ix->options[k] & 1) != 0;
        col->nulls_first = (ix->options[k] & 2) != 0;
        if (attnum > t->column_count) {
            return err_corrupt(cx, entry.root, "index \"%s\" is over a column that \"%s\" has not",
                               ix->name, t->name);
        }
        if (attnum > 0) {
            const CatColumn *column = &t->columns[attnum - 1];
            const CatType *type = cat_type(read->view, column->type);
            col->type = type != NULL ? type->ops : NULL;
            col->name = column->name;
        } else {
            const CatType *type =
                cat_type(read->view, cat_opclass_input(read->view, ix->opclasses[k]));
            col->type = type != NULL ? type->ops : NULL;
            col->name = names[expr++];
        }
        Oid extract = cat_opclass_method(read->view, ix->opclasses[k]) == AM_GIN
                          ? cat_opclass_proc(read->view, ix->opclasses[k], GIN_EXTRACT_VALUE)
                          : OID_INVALID;
        if (extract != OID_INVALID) {
            out->inverted = true;
            const CatProc *proc = cat_proc(read->view, extract);
            col->gin = gin_ops(extract, proc != NULL ? proc->prosrc : NULL);
            if (col->gin == NULL) {
                return err_unsupported(cx, "operator class %u of index \"%s\" is not supported",
                                       ix->opclasses[k], ix->name);
            }
        }
    }
    return ix->exclusion ? storage_exclude(cx, read, arena, t, ix, out) : ST_OK;
}

/* storage_sound - how the columns' bytes from disk are tried. */
static void storage_sound(Arena *arena, const CatTable *t, Table *storage)
{
    TypeSoundFn *sound = NULL;
    for (uint16_t i = 0; i < t->column_count; i++) {
        TypeSoundFn fn = t->columns[i].dropped ? NULL : type_sound(t->columns[i].carrier);
        if (fn != NULL) {
            sound = sound != NULL ? sound : arena_zalloc(arena, t->column_count * sizeof(*sound));
            sound[i] = fn;
        }
    }
    storage->sound = sound;
}

/* storage_columns - SET STORAGE of columns, when it differs from what all do anyway. */
static void storage_columns(Arena *arena, const CatTable *t, Table *storage)
{
    ColumnStorage *modes = NULL;
    for (uint16_t i = 0; i < t->column_count; i++) {
        char c = t->columns[i].storage;
        ColumnStorage mode = c == 'e'   ? COLUMN_EXTERNAL
                             : c == 'm' ? COLUMN_MAIN
                             : c == 'p' ? COLUMN_PLAIN
                                        : COLUMN_EXTENDED;
        if (mode != COLUMN_EXTENDED && storage->columns[i].phys == PHYS_STR) {
            modes = modes != NULL ? modes : arena_zalloc(arena, t->column_count * sizeof(*modes));
            modes[i] = mode;
        }
    }
    storage->storage = modes;
}

/* cat_storage_open - CatRowStore.open: the table with its indexes, as src/table works on it. */
Status cat_storage_open(void *self, Cx *cx, CatRead *read, Arena *arena, CatTable *t)
{
    Catalog *c = read->view->catalog;
    (void)self;
    if (t->tree == 0) {
        return ST_OK;
    }
    TableIndex *indexes = ARENA_ARRAY(arena, TableIndex, t->index_count + 1);
    for (uint16_t i = 0; i < t->index_count; i++) {
        TRY(storage_index(cx, read, arena, t, &t->indexes[i], &indexes[i]));
    }
    Table *storage;
    TRY(table_open(cx, c->engine, arena, t->oid, t->schema_name, t->name, t->tree, indexes,
                   t->index_count, &storage));
    if (storage->columns != NULL && storage->column_count != t->column_count) {
        TRY(table_only_columns(cx, storage, t->column_count));
    }
    storage_sound(arena, t, storage);
    if (storage->columns != NULL) {
        storage_columns(arena, t, storage);
    }
    counts_table(storage, read->view->database);
    t->storage = storage;
    return ST_OK;
}
