/*
 * property_fn.c - what access methods, indexes and their columns can do, as pg_index*_has_property
 * tell it; what a sequence was made with; which databases a tablespace has.
 *
 * The answers are PostgreSQL's for its access methods, whatever way dassie keeps such an index.
 */
#include "func/func_internal.h"

#include "catalog/catalog_data.h"

/* Property - what of an access method a name asks for, a bit each. */
enum {
    CAN_ORDER = 1,
    CAN_UNIQUE = 2,
    CAN_MULTI_COL = 4,
    CAN_EXCLUDE = 8,
    CAN_INCLUDE = 16,
    CLUSTERABLE = 32,
    INDEX_SCAN = 64,
    BITMAP_SCAN = 128,
    BACKWARD_SCAN = 256,
    RETURNABLE = 512,
    SEARCH_ARRAY = 1024,
    SEARCH_NULLS = 2048,
    DISTANCE = 4096,
};

typedef struct PropertyName {
    const char *name;
    uint32_t bit;
} PropertyName;

static const PropertyName METHOD_NAMES[] = {
    {"can_order", CAN_ORDER},     {"can_unique", CAN_UNIQUE},   {"can_multi_col", CAN_MULTI_COL},
    {"can_exclude", CAN_EXCLUDE}, {"can_include", CAN_INCLUDE},
};
static const PropertyName INDEX_NAMES[] = {
    {"clusterable", CLUSTERABLE},
    {"index_scan", INDEX_SCAN},
    {"bitmap_scan", BITMAP_SCAN},
    {"backward_scan", BACKWARD_SCAN},
};
static const PropertyName COLUMN_NAMES[] = {
    {"returnable", RETURNABLE},
    {"search_array", SEARCH_ARRAY},
    {"search_nulls", SEARCH_NULLS},
    {"distance_orderable", DISTANCE},
};
static const PropertyName METHODS[] = {
    {"btree", CAN_ORDER | CAN_UNIQUE | CAN_MULTI_COL | CAN_EXCLUDE | CAN_INCLUDE | CLUSTERABLE |
                  INDEX_SCAN | BITMAP_SCAN | BACKWARD_SCAN | RETURNABLE | SEARCH_ARRAY |
                  SEARCH_NULLS},
    {"hash", CAN_EXCLUDE | INDEX_SCAN | BITMAP_SCAN | BACKWARD_SCAN},
    {"gist", CAN_MULTI_COL | CAN_EXCLUDE | CAN_INCLUDE | CLUSTERABLE | INDEX_SCAN | BITMAP_SCAN |
                 SEARCH_NULLS},
    {"gin", CAN_MULTI_COL | BITMAP_SCAN},
    {"spgist", CAN_EXCLUDE | CAN_INCLUDE | INDEX_SCAN | BITMAP_SCAN | SEARCH_NULLS},
    {"brin", CAN_MULTI_COL | BITMAP_SCAN | SEARCH_NULLS},
};

static bool property_find(const PropertyName *list, size_t count, const char *name,
                          uint32_t *bit_out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            *bit_out = list[i].bit;
            return true;
        }
    }
    return false;
}

/* property_method - what an access method can do; false: there is no such index access method. */
static bool property_method(Oid method, uint32_t *bits_out)
{
    const char *name = cat_access_method_name(method);
    return name != NULL && property_find(METHODS, ARRAY_LEN(METHODS), name, bits_out);
}

static Status fn_method_property(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    uint32_t bits, bit;
    (void)fs;
    *null_out =
        !property_method(a[0].u32, &bits) ||
        !property_find(METHOD_NAMES, ARRAY_LEN(METHOD_NAMES), func_cstring(call, &a[1]), &bit);
    out->b = !*null_out && (bits & bit) != 0;
    return ST_OK;
}
KERNEL(fn_method_property)

/* property_index - an index and what its access method can do; ST_NOTFOUND: it is none. */
static Status property_index(FnCall *call, FuncSession *fs, Oid oid, const CatIndex **ix_out,
                             uint32_t *bits_out)
{
    const CatTable *t, *table;
    TRY(cat_table_by_oid(call->cx, fs->view, oid, &t));
    if (t->kind != 'i') {
        return ST_NOTFOUND;
    }
    TRY(cat_table_by_oid(call->cx, fs->view, t->index_table, &table));
    for (uint16_t i = 0; i < table->index_count; i++) {
        const CatIndex *ix = &table->indexes[i];
        if (ix->oid == oid) {
            *ix_out = ix;
            return ix->column_count != 0 &&
                           property_method(cat_opclass_method(fs->view, ix->opclasses[0]), bits_out)
                       ? ST_OK
                       : ST_NOTFOUND;
        }
    }
    return ST_NOTFOUND;
}

static Status fn_index_property(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                bool *null_out)
{
    const CatIndex *ix;
    uint32_t bits = 0, bit = 0;
    Status st = property_index(call, fs, a[0].u32, &ix, &bits);
    *null_out = st != ST_OK || !property_find(INDEX_NAMES, ARRAY_LEN(INDEX_NAMES),
                                              func_cstring(call, &a[1]), &bit);
    out->b = !*null_out && (bits & bit) != 0;
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(fn_index_property)

/* property_order - properties that follow from the order of a column's keys; false: none of these.
 */
static bool property_order(const char *name, bool ordered, uint8_t options, bool *out)
{
    bool desc = (options & 1) != 0, nulls_first = (options & 2) != 0;
    const struct {
        const char *name;
        bool is;
    } NAMES[] = {{"asc", !desc},
                 {"desc", desc},
                 {"nulls_first", nulls_first},
                 {"nulls_last", !nulls_first},
                 {"orderable", true}};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (strcmp(NAMES[i].name, name) == 0) {
            *out = ordered && NAMES[i].is;
            return true;
        }
    }
    return false;
}

/* fn_column_property - NULL for what a column has not, or an index does not know of. */
static Status fn_column_property(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    const CatIndex *ix = NULL;
    const char *name = func_cstring(call, &a[2]);
    uint32_t bits = 0, bit = 0;
    int32_t column = a[1].i32;
    Status st = property_index(call, fs, a[0].u32, &ix, &bits);
    *null_out = st != ST_OK || column < 1 || column > ix->column_count;
    if (*null_out) {
        return st == ST_ERROR ? st : ST_OK;
    }
    bool key = column <= ix->key_count;
    if (property_order(name, key && (bits & CAN_ORDER) != 0, key ? ix->options[column - 1] : 0,
                       &out->b)) {
        /* A column that only lies beside the key has no order at all. */
        *null_out = !key && strcmp(name, "orderable") != 0;
        return ST_OK;
    }
    *null_out = !property_find(COLUMN_NAMES, ARRAY_LEN(COLUMN_NAMES), name, &bit);
    out->b = !*null_out && (bits & bit) != 0 && (key || bit == RETURNABLE);
    return ST_OK;
}
KERNEL(fn_column_property)

static const FnOps FNS[] = {
    {"pg_indexam_has_property", fn_method_property_kernel, 0},
    {"pg_index_has_property", fn_index_property_kernel, 0},
    {"pg_index_column_has_property", fn_column_property_kernel, 0},
};
const FuncTable FUNC_PROPERTY = {FNS, ARRAY_LEN(FNS)};

/* ---- rows ---- */

typedef struct PropertyRows {
    Oid arg;
    Oid *oids;
    uint32_t count, at;
} PropertyRows;

static Status property_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    PropertyRows *r = ARENA_NEW(call->state_arena, PropertyRows);
    (void)nulls, (void)count;
    r->arg = args[0].u32;
    call->state = r;
    return ST_OK;
}

/* sequence_parameters_next - start, minimum, maximum, increment, cycle, cache, type. */
static Status sequence_parameters_next(FnCall *call, Datum *cols, bool *nulls)
{
    PropertyRows *r = call->state;
    FuncSession *fs = func_session(call);
    const CatTable *t;
    (void)nulls;
    if (r->at++ > 0) {
        return ST_DONE;
    }
    Status st = cat_table_by_oid(call->cx, fs->view, r->arg, &t);
    if (st == ST_NOTFOUND || (st == ST_OK && t->kind != 'S')) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "cache lookup failed for sequence %u",
                       r->arg);
    }
    TRY(st);
    cols[0].i64 = t->sequence.start;
    cols[1].i64 = t->sequence.min;
    cols[2].i64 = t->sequence.max;
    cols[3].i64 = t->sequence.increment;
    cols[4].b = t->sequence.cycle;
    cols[5].i64 = t->sequence.cache;
    cols[6].u32 = t->sequence_type;
    return ST_OK;
}

typedef struct PropertyDatabases {
    PropertyRows *rows;
    Arena *arena;
} PropertyDatabases;

static Status property_database(void *arg, Cx *cx, const CatRow *row)
{
    PropertyDatabases *d = arg;
    PropertyRows *r = d->rows;
    (void)cx;
    r->oids = arena_grow(d->arena, r->oids, r->count * sizeof(Oid), (r->count + 1) * sizeof(Oid));
    r->oids[r->count++] = row->values[PG_DATABASE_OID].u32;
    return ST_OK;
}

/* place_databases_begin - pg_tablespace_databases. */
static Status place_databases_begin(FnCall *call, const Datum *args, const bool *nulls,
                                    uint32_t count)
{
    enum { PLACE_DEFAULT = 1663, PLACE_GLOBAL = 1664 };
    FuncSession *fs = func_session(call);
    TRY(property_begin(call, args, nulls, count));
    PropertyDatabases d = {call->state, call->state_arena};
    if (args[0].u32 == PLACE_GLOBAL) {
        err_notice(call->cx, ERR_WARNING, ERRCODE_WARNING, NULL,
                   "global tablespace never has databases");
        return ST_OK;
    }
    if (args[0].u32 != PLACE_DEFAULT) {
        err_notice(call->cx, ERR_WARNING, ERRCODE_WARNING, NULL, "%u is not a tablespace OID",
                   args[0].u32);
        return ST_OK;
    }
    return cat_rows_each(call->cx, fs->view, CAT_PG_DATABASE, NULL, NULL, 0, property_database, &d);
}

static Status place_databases_next(FnCall *call, Datum *cols, bool *nulls)
{
    PropertyRows *r = call->state;
    (void)nulls;
    if (r->at == r->count) {
        return ST_DONE;
    }
    cols[0].u32 = r->oids[r->at++];
    return ST_OK;
}

static const SetOps SETS[] = {
    {"pg_sequence_parameters", property_begin, sequence_parameters_next},
    {"pg_tablespace_databases", place_databases_begin, place_databases_next},
};
const FuncSets FUNC_PROPERTY_SETS = {SETS, ARRAY_LEN(SETS)};
