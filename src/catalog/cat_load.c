/*
 * cat_load.c - building the CatTable of a relation: from constant rows for the catalogs, from
 * stored rows for what users made.
 *
 * Everything of one object is read by one snapshot (the CatRead), so it is one state of the
 * catalog.
 */
#include <stdlib.h>

#include "catalog/cat_internal.h"

/* load_i16s - the integers of a vector's or array's text. */
static const int16_t *load_i16s(Arena *arena, const char *text, uint16_t *count_out)
{
    int64_t *values;
    uint32_t n = cat_text_ints(arena, text, &values);
    int16_t *out = ARENA_ARRAY(arena, int16_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (int16_t)values[i];
    }
    *count_out = (uint16_t)n;
    return out;
}

static const Oid *load_oids(Arena *arena, const char *text)
{
    int64_t *values;
    uint32_t n = cat_text_ints(arena, text, &values);
    Oid *out = ARENA_ARRAY(arena, Oid, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (Oid)values[i];
    }
    return out;
}

/* ---- built-in relations ---- */

/* load_builtin_columns - the columns of a built-in relation, without the system columns. */
static void load_builtin_columns(Arena *arena, CatTable *t)
{
    const PgAttributeRow *end = catalog_pg_attribute + CATALOG_PG_ATTRIBUTE_COUNT;
    uint32_t lo = 0, hi = CATALOG_PG_ATTRIBUTE_COUNT;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (catalog_pg_attribute[mid].attrelid < t->oid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    const PgAttributeRow *first = catalog_pg_attribute + lo;
    while (first < end && first->attrelid == t->oid && first->attnum < 0) {
        first++;
    }
    uint16_t n = 0;
    while (first + n < end && first[n].attrelid == t->oid) {
        n++;
    }
    CatColumn *columns = ARENA_ARRAY(arena, CatColumn, n);
    for (uint16_t i = 0; i < n; i++) {
        columns[i] = (CatColumn){
            .name = catalog_str(first[i].attname),
            .number = first[i].attnum,
            .type = first[i].atttypid,
            .collation = first[i].attcollation,
            .typmod = first[i].atttypmod,
            .not_null = first[i].attnotnull,
        };
    }
    t->columns = columns;
    t->column_count = n;
}

static const char *load_builtin_view_sql(Oid oid)
{
    for (uint32_t i = 0; i < CATALOG_VIEW_COUNT; i++) {
        if (catalog_view[i].oid == oid) {
            return catalog_str(catalog_view[i].definition);
        }
    }
    return NULL;
}

/* load_builtin - a catalog, an index on one, or a built-in view. */
static const CatTable *load_builtin(CatView *v, Arena *arena, const PgClassRow *row)
{
    CatTable *t = ARENA_NEW(arena, CatTable);
    t->oid = row->oid;
    t->namespace_oid = row->relnamespace;
    t->owner = row->relowner;
    t->type_oid = row->reltype;
    t->name = catalog_str(row->relname);
    t->schema_name = cat_namespace_name(v, row->relnamespace);
    t->kind = (char)row->relkind;
    t->persistence = (char)row->relpersistence;
    t->builtin = t->kind == 'r';
    load_builtin_columns(arena, t);
    if (t->kind == 'v') {
        t->view_sql = load_builtin_view_sql(t->oid);
    } else if (t->kind == 'i') {
        for (uint32_t i = 0; i < CATALOG_PG_INDEX_COUNT; i++) {
            if (catalog_pg_index[i].indexrelid == t->oid) {
                t->index_table = catalog_pg_index[i].indrelid;
            }
        }
    }
    return t;
}

/* ---- relations of users ---- */

/* TableLoad - what the steps of one load share. */
typedef struct TableLoad {
    CatRead *read;
    Arena *scratch, *arena; /* rows read; the object */
    CatTable *table;
    const CatShape *attribute, *index, *constraint, *sequence;
} TableLoad;

static int load_by_attnum(const void *a, const void *b)
{
    const CatRow *x = a, *y = b;
    return x->values[PG_ATTRIBUTE_ATTNUM].i16 - y->values[PG_ATTRIBUTE_ATTNUM].i16;
}

static int load_by_first_oid(const void *a, const void *b)
{
    Oid x = ((const CatRow *)a)->values[0].u32, y = ((const CatRow *)b)->values[0].u32;
    return (x > y) - (x < y);
}

/* load_identity_defaults - an identity column takes its values from the sequence that belongs to
 * it: an internal dependency, no row of pg_attrdef. */
static Status load_identity_defaults(Cx *cx, TableLoad *l, CatColumn *columns, uint16_t count)
{
    bool any = false;
    for (uint16_t i = 0; i < count; i++) {
        any = any || columns[i].identity != 0;
    }
    if (!any) {
        return ST_OK;
    }
    CatKey key = {.count = 2,
                  .columns = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID},
                  .values = {{.u32 = CAT_PG_CLASS}, {.u32 = l->table->oid}}};
    const CatRow *rows;
    uint32_t n;
    TRY(cat_read_list(cx, l->read, l->scratch, CAT_PG_DEPEND, &key, &rows, &n));
    for (uint32_t r = 0; r < n; r++) {
        int32_t attnum = rows[r].values[PG_DEPEND_REFOBJSUBID].i32;
        if (cat_oid(&rows[r], PG_DEPEND_CLASSID) != CAT_PG_CLASS ||
            cat_char(&rows[r], PG_DEPEND_DEPTYPE) != 'i') {
            continue;
        }
        for (uint16_t i = 0; i < count; i++) {
            if (columns[i].number == attnum && columns[i].identity != 0) {
                columns[i].identity_sequence = cat_oid(&rows[r], PG_DEPEND_OBJID);
            }
        }
    }
    return ST_OK;
}

/* load_columns - columns by attnum, with their defaults. */
static Status load_columns(Cx *cx, TableLoad *l)
{
    CatKey key = cat_key_oid(PG_ATTRIBUTE_ATTRELID, l->table->oid);
    const CatRow *rows, *defaults;
    uint32_t count, default_count;
    TRY(cat_read_list(cx, l->read, l->scratch, CAT_PG_ATTRIBUTE, &key, &rows, &count));
    if (count > 1) {
        array_sort((CatRow *)(uintptr_t)rows, count, sizeof(CatRow), load_by_attnum);
    }
    key = cat_key_oid(PG_ATTRDEF_ADRELID, l->table->oid);
    TRY(cat_read_list(cx, l->read, l->scratch, CAT_PG_ATTRDEF, &key, &defaults, &default_count));
    CatColumn *columns = ARENA_ARRAY(l->arena, CatColumn, count);
    uint16_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        const CatRow *r = &rows[i];
        if (r->values[PG_ATTRIBUTE_ATTNUM].i16 <= 0) {
            continue;
        }
        columns[n++] = (CatColumn){
            .name = cat_str(l->arena, r, PG_ATTRIBUTE_ATTNAME),
            .number = r->values[PG_ATTRIBUTE_ATTNUM].i16,
            .type = cat_oid(r, PG_ATTRIBUTE_ATTTYPID),
            .collation = cat_oid(r, PG_ATTRIBUTE_ATTCOLLATION),
            .typmod = r->values[PG_ATTRIBUTE_ATTTYPMOD].i32,
            .not_null = cat_int(l->attribute, r, PG_ATTRIBUTE_ATTNOTNULL) != 0,
            .dropped = cat_int(l->attribute, r, PG_ATTRIBUTE_ATTISDROPPED) != 0,
            .identity = cat_char(r, PG_ATTRIBUTE_ATTIDENTITY),
            .generated = cat_char(r, PG_ATTRIBUTE_ATTGENERATED),
            .storage = cat_char(r, PG_ATTRIBUTE_ATTSTORAGE),
            .compression = cat_char(r, PG_ATTRIBUTE_ATTCOMPRESSION),
        };
        const CatType *type = cat_type(l->read->view, columns[n - 1].type);
        columns[n - 1].carrier = type != NULL ? type->carrier : columns[n - 1].type;
    }
    for (uint32_t d = 0; d < default_count; d++) {
        for (uint16_t i = 0; i < n; i++) {
            if (columns[i].number == defaults[d].values[PG_ATTRDEF_ADNUM].i16) {
                columns[i].default_oid = cat_oid(&defaults[d], PG_ATTRDEF_OID);
                columns[i].default_sql = cat_str(l->arena, &defaults[d], PG_ATTRDEF_ADBIN);
            }
        }
    }
    TRY(load_identity_defaults(cx, l, columns, n));
    l->table->columns = columns;
    l->table->column_count = n;
    return ST_OK;
}

/* load_index - one index, from its rows in pg_index and pg_class. */
static Status load_index(Cx *cx, TableLoad *l, const CatRow *r, CatIndex *ix)
{
    CatKey key = cat_key_oid(PG_CLASS_OID, cat_oid(r, PG_INDEX_INDEXRELID));
    const CatRow *rel;
    TRY(cat_read_one(cx, l->read, l->scratch, CAT_PG_CLASS, &key, &rel));
    if (rel == NULL) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "could not open relation with OID %u",
                       key.values[0].u32);
    }
    uint16_t option_count;
    const int16_t *options =
        load_i16s(l->scratch, cat_str(l->scratch, r, PG_INDEX_INDOPTION), &option_count);
    *ix = (CatIndex){
        .oid = key.values[0].u32,
        .name = cat_str(l->arena, rel, PG_CLASS_RELNAME),
        .unique = cat_int(l->index, r, PG_INDEX_INDISUNIQUE) != 0,
        .primary = cat_int(l->index, r, PG_INDEX_INDISPRIMARY) != 0,
        .nulls_not_distinct = cat_int(l->index, r, PG_INDEX_INDNULLSNOTDISTINCT) != 0,
        .valid = cat_int(l->index, r, PG_INDEX_INDISVALID) != 0,
        .deferrable = cat_int(l->index, r, PG_INDEX_INDIMMEDIATE) == 0,
        .exclusion = cat_int(l->index, r, PG_INDEX_INDISEXCLUSION) != 0,
        .key_count = (uint16_t)r->values[PG_INDEX_INDNKEYATTS].i16,
        .opclasses = load_oids(l->arena, cat_str(l->scratch, r, PG_INDEX_INDCLASS)),
        .collations = load_oids(l->arena, cat_str(l->scratch, r, PG_INDEX_INDCOLLATION)),
        .expressions_sql = cat_str(l->arena, r, PG_INDEX_INDEXPRS),
        .predicate_sql = cat_str(l->arena, r, PG_INDEX_INDPRED),
        .tree = cat_oid(rel, PG_CLASS_RELFILENODE),
    };
    ix->columns = load_i16s(l->arena, cat_str(l->scratch, r, PG_INDEX_INDKEY), &ix->column_count);
    uint8_t *bits = arena_zalloc(l->arena, ix->column_count + 1u);
    for (uint16_t i = 0; i < MIN(option_count, ix->column_count); i++) {
        bits[i] = (uint8_t)options[i];
    }
    ix->options = bits;
    return ST_OK;
}

static Status load_indexes(Cx *cx, TableLoad *l)
{
    CatKey key = cat_key_oid(PG_INDEX_INDRELID, l->table->oid);
    const CatRow *rows;
    uint32_t count;
    TRY(cat_read_list(cx, l->read, l->scratch, CAT_PG_INDEX, &key, &rows, &count));
    if (count > 1) { /* by OID, the order PostgreSQL maintains them in */
        array_sort((CatRow *)(uintptr_t)rows, count, sizeof(CatRow), load_by_first_oid);
    }
    CatIndex *indexes = ARENA_ARRAY(l->arena, CatIndex, count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(load_index(cx, l, &rows[i], &indexes[i]));
    }
    l->table->indexes = indexes;
    l->table->index_count = (uint16_t)count;
    return ST_OK;
}

/* load_constraint - one row of pg_constraint. */
static void load_constraint(TableLoad *l, const CatRow *r, CatConstraint *con)
{
    uint16_t foreign_count;
    *con = (CatConstraint){
        .oid = cat_oid(r, PG_CONSTRAINT_OID),
        .name = cat_str(l->arena, r, PG_CONSTRAINT_CONNAME),
        .type = cat_char(r, PG_CONSTRAINT_CONTYPE),
        .deferrable = cat_int(l->constraint, r, PG_CONSTRAINT_CONDEFERRABLE) != 0,
        .deferred = cat_int(l->constraint, r, PG_CONSTRAINT_CONDEFERRED) != 0,
        .validated = cat_int(l->constraint, r, PG_CONSTRAINT_CONVALIDATED) != 0,
        .index = cat_oid(r, PG_CONSTRAINT_CONINDID),
        .foreign_table = cat_oid(r, PG_CONSTRAINT_CONFRELID),
        .on_update = cat_char(r, PG_CONSTRAINT_CONFUPDTYPE),
        .on_delete = cat_char(r, PG_CONSTRAINT_CONFDELTYPE),
        .match = cat_char(r, PG_CONSTRAINT_CONFMATCHTYPE),
        .check_sql = cat_str(l->arena, r, PG_CONSTRAINT_CONBIN),
    };
    if (con->type == 'x') {
        con->operators = load_oids(l->arena, cat_str(l->scratch, r, PG_CONSTRAINT_CONEXCLOP));
    }
    con->columns =
        load_i16s(l->arena, cat_str(l->scratch, r, PG_CONSTRAINT_CONKEY), &con->column_count);
    con->foreign_columns =
        load_i16s(l->arena, cat_str(l->scratch, r, PG_CONSTRAINT_CONFKEY), &foreign_count);
    con->delete_set_columns = load_i16s(
        l->arena, cat_str(l->scratch, r, PG_CONSTRAINT_CONFDELSETCOLS), &con->delete_set_count);
}

/* load_constraints - the table's own, which indexes serve them, and foreign keys pointing here. */
static Status load_constraints(Cx *cx, TableLoad *l)
{
    CatTable *t = l->table;
    CatKey key = cat_key_oid(PG_CONSTRAINT_CONRELID, t->oid);
    const CatRow *rows;
    uint32_t count;
    TRY(cat_read_list(cx, l->read, l->scratch, CAT_PG_CONSTRAINT, &key, &rows, &count));
    CatConstraint *list = ARENA_ARRAY(l->arena, CatConstraint, count);
    for (uint32_t i = 0; i < count; i++) {
        load_constraint(l, &rows[i], &list[i]);
        for (uint16_t k = 0; k < t->index_count; k++) {
            CatIndex *ix = (CatIndex *)(uintptr_t)&t->indexes[k];
            if (ix->oid == list[i].index &&
                (list[i].type == 'p' || list[i].type == 'u' || list[i].type == 'x')) {
                ix->constraint = list[i].oid;
            }
        }
    }
    t->constraints = list;
    t->constraint_count = (uint16_t)count;

    key = cat_key_oid(PG_CONSTRAINT_CONFRELID, t->oid);
    TRY(cat_read_list(cx, l->read, l->scratch, CAT_PG_CONSTRAINT, &key, &rows, &count));
    Oid *tables = ARENA_ARRAY(l->arena, Oid, count + 1);
    Oid *constraints = ARENA_ARRAY(l->arena, Oid, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        tables[i] = cat_oid(&rows[i], PG_CONSTRAINT_CONRELID);
        constraints[i] = cat_oid(&rows[i], PG_CONSTRAINT_OID);
    }
    t->referenced_by_tables = tables;
    t->referenced_by_constraints = constraints;
    t->referenced_by_count = (uint16_t)count;
    return ST_OK;
}

static Status load_sequence(Cx *cx, TableLoad *l)
{
    CatKey key = cat_key_oid(PG_SEQUENCE_SEQRELID, l->table->oid);
    const CatRow *r;
    TRY(cat_read_one(cx, l->read, l->scratch, CAT_PG_SEQUENCE, &key, &r));
    if (r == NULL) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "cache lookup failed for sequence %u",
                       l->table->oid);
    }
    l->table->sequence_type = cat_oid(r, PG_SEQUENCE_SEQTYPID);
    l->table->sequence = (SequenceDef){
        .start = r->values[PG_SEQUENCE_SEQSTART].i64,
        .increment = r->values[PG_SEQUENCE_SEQINCREMENT].i64,
        .min = r->values[PG_SEQUENCE_SEQMIN].i64,
        .max = r->values[PG_SEQUENCE_SEQMAX].i64,
        .cache = r->values[PG_SEQUENCE_SEQCACHE].i64,
        .cycle = cat_int(l->sequence, r, PG_SEQUENCE_SEQCYCLE) != 0,
    };
    return ST_OK;
}

static Status load_view(Cx *cx, TableLoad *l)
{
    CatKey key = cat_key_oid(PG_REWRITE_EV_CLASS, l->table->oid);
    const CatRow *rows;
    uint32_t count;
    TRY(cat_read_list(cx, l->read, l->scratch, 2618, &key, &rows, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(cat_str(l->scratch, &rows[i], PG_REWRITE_RULENAME), "_RETURN") == 0) {
            l->table->view_sql = cat_str(l->arena, &rows[i], PG_REWRITE_EV_ACTION);
        }
    }
    return ST_OK;
}

/* load_user - a stored relation of any kind, from its row in pg_class. */
static Status load_user(Cx *cx, TableLoad *l, const CatRow *row)
{
    CatTable *t = l->table;
    Catalog *c = l->read->view->catalog;
    t->namespace_oid = cat_oid(row, PG_CLASS_RELNAMESPACE);
    t->owner = cat_oid(row, PG_CLASS_RELOWNER);
    t->type_oid = cat_oid(row, PG_CLASS_RELTYPE);
    t->name = cat_str(l->arena, row, PG_CLASS_RELNAME);
    const char *schema = cat_namespace_name(l->read->view, t->namespace_oid);
    if (schema == NULL) {
        return cat_view_judge(cx, l->read->view,
                              err_set(cx, ERRCODE_UNDEFINED_SCHEMA,
                                      "schema with OID %u does not exist", t->namespace_oid));
    }
    t->schema_name = arena_strdup(l->arena, schema);
    t->kind = cat_char(row, PG_CLASS_RELKIND);
    t->persistence = cat_char(row, PG_CLASS_RELPERSISTENCE);
    t->tree = cat_oid(row, PG_CLASS_RELFILENODE);
    t->row_security = row->values[PG_CLASS_RELROWSECURITY].b;
    t->force_row_security = row->values[PG_CLASS_RELFORCEROWSECURITY].b;
    t->options = cat_str(l->arena, row, PG_CLASS_RELOPTIONS);
    TRY(load_columns(cx, l));
    if (cat_int(cat_shape(c, CAT_PG_CLASS), row, PG_CLASS_RELHASTRIGGERS) != 0) {
        TRY(cat_load_triggers(cx, l->read, l->scratch, l->arena, t));
    }
    t->populated = cat_int(cat_shape(c, CAT_PG_CLASS), row, PG_CLASS_RELISPOPULATED) != 0;
    switch (t->kind) {
    case 'm':
    case 'r':
        if (t->kind == 'm') {
            TRY(load_view(cx, l));
        }
        TRY(load_indexes(cx, l));
        TRY(load_constraints(cx, l));
        return c->store->open == NULL ? ST_OK
                                      : c->store->open(c->store_self, cx, l->read, l->arena, t);
    case 'S': return load_sequence(cx, l);
    case 'v': return load_view(cx, l);
    case 'i': {
        CatKey key = cat_key_oid(PG_INDEX_INDEXRELID, t->oid);
        const CatRow *r;
        TRY(cat_read_one(cx, l->read, l->scratch, CAT_PG_INDEX, &key, &r));
        t->index_table = r != NULL ? cat_oid(r, PG_INDEX_INDRELID) : OID_INVALID;
        return ST_OK;
    }
    default: return ST_OK;
    }
}

Status cat_load_table(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    (void)name;
    CatView *v = read->view;
    const PgClassRow *builtin = cat_builtin_class(oid);
    if (builtin != NULL) {
        obj->payload = load_builtin(v, &obj->arena, builtin);
        return ST_OK;
    }
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    TableLoad l = {
        .read = read,
        .scratch = &scratch,
        .arena = &obj->arena,
        .attribute = cat_shape(v->catalog, CAT_PG_ATTRIBUTE),
        .index = cat_shape(v->catalog, CAT_PG_INDEX),
        .constraint = cat_shape(v->catalog, CAT_PG_CONSTRAINT),
        .sequence = cat_shape(v->catalog, CAT_PG_SEQUENCE),
    };
    CatKey key = cat_key_oid(PG_CLASS_OID, oid);
    const CatRow *row;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_CLASS, &key, &row);
    if (st == ST_OK && row != NULL) {
        l.table = ARENA_NEW(&obj->arena, CatTable);
        l.table->oid = oid;
        st = load_user(cx, &l, row);
        obj->payload = l.table;
    }
    arena_release(&scratch);
    return st;
}
