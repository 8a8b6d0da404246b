/*
 * cat_verify.c - what the catalog says against what is in the file, for `dassie check`: every table
 * against its indexes, every row of pg_class and pg_index against its tree, columns against the
 * layout of the rows, sequences, and which trees belong to nobody.
 */
#include <stdarg.h>
#include <stdio.h>

#include "catalog/cat_internal.h"
#include "recovery/engine.h"

typedef struct VerifyRelation {
    Oid oid;
    TreeId tree;
    char kind;
    int16_t columns; /* relnatts */
} VerifyRelation;

typedef struct VerifyRun {
    Catalog *catalog;
    CatView view;
    Buf *report;
    uint64_t *errors;
    VerifyRelation *relations; /* of one database */
    uint32_t count, size;
    Oid *databases;
    uint32_t database_count;
    Map *owners; /* tree -> the OID of what owns it + 1 */
} VerifyRun;

static void PRINTF_LIKE(2, 3) verify_found(VerifyRun *v, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    buf_printf(v->report, "%s\n", text);
    (*v->errors)++;
}

/* verify_own - the tree is the relation's, and nobody else's. */
static void verify_own(VerifyRun *v, TreeId tree, Oid oid)
{
    void *old = map_put_int(v->owners, tree, (void *)(uintptr_t)((uint64_t)oid + 1));
    if (old != NULL) {
        verify_found(v, "relation %u: its tree %u is that of relation %llu, too", oid, tree,
                     (unsigned long long)(uintptr_t)old - 1);
    }
}

static void verify_own_fn(void *arg, TreeId tree, Oid oid)
{
    verify_own(arg, tree, oid);
}

static Status verify_note_relation(void *arg, Cx *cx, const CatRow *row)
{
    VerifyRun *v = arg;
    (void)cx;
    if (v->count == v->size) {
        v->size = MAX(v->size * 2, 64u);
        v->relations = mem_realloc("verify", v->relations, v->size * sizeof(VerifyRelation));
    }
    v->relations[v->count++] = (VerifyRelation){
        .oid = row->values[PG_CLASS_OID].u32,
        .tree = cat_oid(row, PG_CLASS_RELFILENODE),
        .kind = cat_char(row, PG_CLASS_RELKIND),
        .columns = row->values[PG_CLASS_RELNATTS].i16,
    };
    return ST_OK;
}

static Status verify_note_database(void *arg, Cx *cx, const CatRow *row)
{
    VerifyRun *v = arg;
    (void)cx;
    v->databases = mem_realloc("verify", v->databases, (v->database_count + 1) * sizeof(Oid));
    v->databases[v->database_count++] = row->values[PG_DATABASE_OID].u32;
    return ST_OK;
}

/* verify_relation_tree - the relation has a tree of its kind exactly if it must. */
static Status verify_relation_tree(Cx *cx, VerifyRun *v, const VerifyRelation *r)
{
    TreeEntry entry;
    TreeKind want = r->kind == 'i' ? TREE_INDEX : r->kind == 'S' ? TREE_SEQUENCE : TREE_TABLE;
    bool stored = r->kind == 'r' || r->kind == 'm' || r->kind == 'i' || r->kind == 'S';
    if (!stored || r->tree == 0) {
        if (stored != (r->tree != 0)) {
            verify_found(v, "relation %u: of kind \"%c\" with tree %u", r->oid, r->kind, r->tree);
        }
        return ST_OK;
    }
    verify_own(v, r->tree, r->oid);
    Status st = tree_get(cx, v->catalog->engine->store, r->tree, &entry);
    if (st == ST_ERROR) {
        return st;
    }
    if (st == ST_NOTFOUND) {
        verify_found(v, "relation %u: its tree %u is not in the file", r->oid, r->tree);
    } else if (entry.kind != want) {
        verify_found(v, "relation %u: of kind \"%c\", but its tree %u is of kind %u", r->oid,
                     r->kind, r->tree, entry.kind);
    }
    return ST_OK;
}

/* verify_columns - pg_attribute against pg_class, and against the layout that rows are written in.
 */
static void verify_columns(VerifyRun *v, const VerifyRelation *r, const CatTable *t)
{
    if (t->column_count != r->columns) {
        verify_found(v, "relation %u: has %u columns in pg_attribute and %d in pg_class", r->oid,
                     t->column_count, r->columns);
        return;
    }
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *c = &t->columns[i];
        const CatType *type = c->dropped ? NULL : cat_type(&v->view, c->type);
        if (c->number != i + 1) {
            verify_found(v, "relation %u: column %d is missing in pg_attribute", r->oid, i + 1);
            return;
        }
        if (!c->dropped && type == NULL) {
            verify_found(v, "relation %u: column \"%s\" is of type %u, which does not exist",
                         r->oid, c->name, c->type);
        } else if (type != NULL && t->storage != NULL &&
                   t->storage->columns[i].phys != type->phys) {
            verify_found(v,
                         "relation %u: column \"%s\" is of another type than its values are "
                         "stored as",
                         r->oid, c->name);
        }
    }
}

static Status verify_sequence(Cx *cx, VerifyRun *v, const CatTable *t)
{
    SequenceState s;
    TRY(sequence_get(cx, v->catalog->engine, t->tree, &s));
    if (s.last_value < t->sequence.min || s.last_value > t->sequence.max) {
        verify_found(v, "relation %u: its value %lld is outside of %lld to %lld", t->oid,
                     (long long)s.last_value, (long long)t->sequence.min,
                     (long long)t->sequence.max);
    }
    return ST_OK;
}

/* verify_index - an index is listed by its table. */
static Status verify_index(Cx *cx, VerifyRun *v, const CatTable *ix)
{
    const CatTable *t = NULL;
    if (ix->index_table == OID_INVALID) {
        verify_found(v, "relation %u: an index without its row in pg_index", ix->oid);
        return ST_OK;
    }
    Status st = cat_table_by_oid(cx, &v->view, ix->index_table, &t);
    if (st == ST_NOTFOUND || (st == ST_OK && t->kind != 'r' && t->kind != 'm')) {
        verify_found(v, "relation %u: an index of relation %u, which is no table", ix->oid,
                     ix->index_table);
        return ST_OK;
    }
    return st;
}

static Status verify_relation(Cx *cx, VerifyRun *v, const VerifyRelation *r)
{
    const CatTable *t;
    TRY(verify_relation_tree(cx, v, r));
    TRY(cat_table_by_oid(cx, &v->view, r->oid, &t));
    verify_columns(v, r, t);
    switch (t->kind) {
    case 'S': return verify_sequence(cx, v, t);
    case 'i': return verify_index(cx, v, t);
    case 'r':
        return t->storage != NULL ? table_verify(cx, t->storage, v->report, v->errors) : ST_OK;
    default: return ST_OK;
    }
}

/* verify_index_row - a row of pg_index: both its relations are there. Those whose table is there
 * are met when it is opened. */
static Status verify_index_row(void *arg, Cx *cx, const CatRow *row)
{
    VerifyRun *v = arg;
    const CatTable *t;
    Oid table = cat_oid(row, PG_INDEX_INDRELID);
    Status st = cat_table_by_oid(cx, &v->view, table, &t);
    if (st == ST_NOTFOUND) {
        verify_found(v, "relation %u: has an index %u in pg_index, but no row in pg_class", table,
                     cat_oid(row, PG_INDEX_INDEXRELID));
        return ST_OK;
    }
    if (st != ST_OK) {
        err_clear(cx); /* told with its table */
    }
    return cx_check(cx);
}

/* verify_database - what the catalogs of the view's database say. */
static Status verify_database(Cx *cx, VerifyRun *v)
{
    v->count = 0;
    TRY(cat_rows_each(cx, &v->view, CAT_PG_CLASS, NULL, NULL, 0, verify_note_relation, v));
    for (uint32_t i = 0; i < v->count; i++) {
        if (v->relations[i].oid < FIRST_USER_OID) {
            continue;
        }
        engine_check_at(v->catalog->engine, "indexes", i, v->count);
        Status st = verify_relation(cx, v, &v->relations[i]);
        if (st != ST_OK) {
            TRY(cx_check(cx));
            verify_found(v, "relation %u: %s", v->relations[i].oid,
                         st == ST_NOTFOUND ? "its catalog row cannot be found again"
                                           : cx->err->message);
            err_clear(cx);
        }
        cat_view_release_pins(&v->view);
    }
    Status st = cat_rows_each(cx, &v->view, CAT_PG_INDEX, NULL, NULL, 0, verify_index_row, v);
    cat_view_release_pins(&v->view);
    return st;
}

static Status verify_all(Cx *cx, VerifyRun *v)
{
    cat_trees_each(v->catalog, verify_own_fn, v);
    TRY(cat_trees_verify(cx, v->catalog, v->report, v->errors));
    TRY(cat_rows_each(cx, &v->view, CAT_PG_DATABASE, NULL, NULL, 0, verify_note_database, v));
    if (v->database_count == 0) {
        verify_found(v, "there is no database in pg_database");
    }
    for (uint32_t i = 0; i < v->database_count; i++) {
        v->view.database = v->databases[i];
        TRY(verify_database(cx, v));
    }
    return ST_OK;
}

/* verify_lost - trees of the directory that nobody owns. Legal after a crash: a tree is made before
 * the record that would undo it. */
static Status verify_lost(Cx *cx, VerifyRun *v, bool reclaim, uint64_t *lost_out)
{
    Arena arena;
    TreeEntry *trees;
    uint32_t count;
    Engine *e = v->catalog->engine;
    Status st = ST_OK;
    arena_init(&arena, NULL, "verify", 0);
    trees_foreach(e->store, &arena, &trees, &count);
    for (uint32_t i = 0; i < count && st == ST_OK; i++) {
        if (map_get_int(v->owners, trees[i].tree) == NULL) {
            (*lost_out)++;
            if (reclaim) {
                st = engine_drop_lost_tree(cx, e, trees[i].tree);
            }
        }
    }
    arena_release(&arena);
    return st;
}

Status catalog_verify(Cx *cx, Catalog *c, Buf *report, uint64_t *errors, bool reclaim,
                      uint64_t *lost_out)
{
    Map owners;
    uint64_t before = *errors;
    VerifyRun v = {.catalog = c, .report = report, .errors = errors, .owners = &owners};
    map_init(&owners);
    cat_view_init(&v.view, c);
    Status st = verify_all(cx, &v);
    if (st == ST_OK && lost_out != NULL && c->engine != NULL) {
        *lost_out = 0;
        st = verify_lost(cx, &v, reclaim && *errors == before, lost_out);
    }
    cat_view_release_pins(&v.view);
    mem_free(v.relations);
    mem_free(v.databases);
    map_release(&owners);
    return st;
}
