/*
 * cat_rows.c - writing catalog rows, and scanning catalogs: built-in and stored rows united.
 *
 * A stored row whose key is that of a built-in row hides it (comments, ACLs).
 */
#include "catalog/acl.h"
#include "catalog/cat_internal.h"
#include "type/array.h"

/* rows_equal - two values of one physical type. */
static bool rows_equal(PhysType phys, const Datum *a, const Datum *b)
{
    if (phys == PHYS_STR) {
        return a->str.len == b->str.len &&
               memcmp(str_ptr(&a->str), str_ptr(&b->str), a->str.len) == 0;
    }
    return memcmp(a, b, phys_bytes(phys)) == 0;
}

bool cat_row_matches(const CatShape *shape, const CatRow *row, const CatKey *key)
{
    for (uint32_t i = 0; i < key->count; i++) {
        uint16_t column = key->columns[i];
        if (row->nulls[column] ||
            !rows_equal(shape->phys[column], &row->values[column], &key->values[i])) {
            return false;
        }
    }
    return true;
}

Status cat_row_insert(Cx *cx, CatView *v, Oid catalog_rel, const Datum *values, const bool *nulls)
{
    Catalog *c = v->catalog;
    const CatShape *shape = cat_shape(c, catalog_rel);
    ASSERT(shape != NULL);
    return c->store->insert(c->store_self, cx, v, shape, values, nulls);
}

/* rows_find - stored rows with this prefix of the primary key. */
static Status rows_find(Cx *cx, CatView *v, Arena *arena, const CatShape *shape,
                        const Datum *key_values, uint32_t key_count, const CatRow **rows_out,
                        uint32_t *count_out)
{
    Catalog *c = v->catalog;
    ASSERT(key_count <= shape->key_count);
    CatKey key = {.count = key_count};
    for (uint32_t i = 0; i < key_count; i++) {
        key.columns[i] = shape->key[i];
        key.values[i] = key_values[i];
    }
    CatRead read = {.view = v};
    c->store->begin(c->store_self, &read, v);
    Status st = cat_read_list(cx, &read, arena, shape->rel, &key, rows_out, count_out);
    c->store->end(c->store_self, &read);
    return st;
}

/* rows_find_oid - the first constant row whose key begins with the OID: they are in its order. */
static const void *rows_find_oid(const CatShape *shape, Oid oid, Arena *arena)
{
    const CatRel *rel = shape->builtin;
    const uint8_t *rows = rel->rows;
    uint32_t lo = 0, hi = rel->row_count;
    Datum value = {0};
    bool is_null;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        cat_builtin_value(shape, rows + (size_t)mid * rel->row_bytes, shape->key[0], arena, &value,
                          &is_null);
        if (value.u32 < oid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo == rel->row_count) {
        return NULL;
    }
    rows += (size_t)lo * rel->row_bytes;
    cat_builtin_value(shape, rows, shape->key[0], arena, &value, &is_null);
    return value.u32 == oid ? rows : NULL;
}

/* rows_find_builtin - the constant row with this key; NULL when none. */
static const void *rows_find_builtin(const CatShape *shape, const Datum *key_values,
                                     uint32_t key_count, Arena *arena)
{
    const CatRel *rel = shape->builtin;
    const uint8_t *row = rel != NULL ? rel->rows : NULL;
    if (rel != NULL && key_count == 1 && shape->types[shape->key[0]] == TYPE_OID) {
        return rows_find_oid(shape, key_values[0].u32, arena);
    }
    for (uint32_t r = 0; rel != NULL && r < rel->row_count; r++, row += rel->row_bytes) {
        bool same = true;
        for (uint32_t i = 0; i < key_count && same; i++) {
            Datum value;
            bool is_null;
            cat_builtin_value(shape, row, shape->key[i], arena, &value, &is_null);
            same = !is_null && rows_equal(shape->phys[shape->key[i]], &value, &key_values[i]);
        }
        if (same) {
            return row;
        }
    }
    return NULL;
}

Status cat_row_update(Cx *cx, CatView *v, Oid catalog_rel, const Datum *values, const bool *nulls)
{
    Catalog *c = v->catalog;
    const CatShape *shape = cat_shape(c, catalog_rel);
    ASSERT(shape != NULL);
    Datum key[CAT_KEY_COLUMNS_MAX];
    for (uint16_t i = 0; i < shape->key_count; i++) {
        key[i] = values[shape->key[i]];
    }
    Arena arena;
    arena_init(&arena, NULL, "catalog rows", 0);
    const CatRow *rows;
    uint32_t count;
    Status st = rows_find(cx, v, &arena, shape, key, shape->key_count, &rows, &count);
    if (st == ST_OK && count != 0) {
        st = c->store->update(c->store_self, cx, v, shape, rows[0].rowid, values, nulls);
    } else if (st == ST_OK && rows_find_builtin(shape, key, shape->key_count, &arena) != NULL) {
        st = c->store->insert(c->store_self, cx, v, shape, values, nulls);
    } else if (st == ST_OK) {
        st = ST_NOTFOUND;
    }
    arena_release(&arena);
    return st;
}

Status cat_row_delete(Cx *cx, CatView *v, Oid catalog_rel, const Datum *key_values,
                      uint32_t key_count)
{
    Catalog *c = v->catalog;
    const CatShape *shape = cat_shape(c, catalog_rel);
    ASSERT(shape != NULL && key_count > 0);
    Arena arena;
    arena_init(&arena, NULL, "catalog rows", 0);
    const CatRow *rows;
    uint32_t count = 0;
    Status st = rows_find(cx, v, &arena, shape, key_values, key_count, &rows, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        st = c->store->remove(c->store_self, cx, v, shape, rows[i].rowid);
    }
    arena_release(&arena);
    return st == ST_OK && count == 0 ? ST_NOTFOUND : st;
}

Status cat_row_get(Cx *cx, CatView *v, Arena *arena, Oid catalog_rel, const Datum *key_values,
                   uint32_t key_count, const Datum **values_out, const bool **nulls_out)
{
    const CatShape *shape = cat_shape(v->catalog, catalog_rel);
    ASSERT(shape != NULL);
    const CatRow *rows;
    uint32_t count;
    TRY(rows_find(cx, v, arena, shape, key_values, key_count, &rows, &count));
    if (count != 0) {
        *values_out = rows[0].values;
        *nulls_out = rows[0].nulls;
        return ST_OK;
    }
    const void *row = rows_find_builtin(shape, key_values, key_count, arena);
    if (row == NULL) {
        return ST_NOTFOUND;
    }
    Datum *values = ARENA_ARRAY(arena, Datum, shape->column_count);
    bool *nulls = ARENA_ARRAY(arena, bool, shape->column_count);
    for (uint16_t i = 0; i < shape->column_count; i++) {
        cat_builtin_value(shape, row, i, arena, &values[i], &nulls[i]);
    }
    *values_out = values;
    *nulls_out = nulls;
    return ST_OK;
}

/* ---- scans ---- */

#define SCAN_ACLITEM 1033

struct CatScan {
    CatView *view;
    const CatShape *shape; /* NULL: a sequence, of one row */
    Arena *arena;
    uint16_t column_count;
    const uint16_t *columns;
    Oid *array_types; /* of each column: its array type, whose text becomes a value; 0 = as it is */
    const CatRow *rows; /* stored rows, by one snapshot */
    uint32_t row_count, row_at;
    uint32_t builtin_at;
    CatRow *hiding; /* stored rows whose key is below FIRST_USER_OID */
    uint32_t hiding_count;
    CatKey key; /* only these rows; count 0: all */
};

/* scan_note_hiding - which stored rows may stand for a built-in one. */
static void scan_note_hiding(CatScan *s)
{
    if (s->shape->builtin == NULL || s->row_count == 0) {
        return;
    }
    s->hiding = ARENA_ARRAY(s->arena, CatRow, s->row_count);
    for (uint32_t i = 0; i < s->row_count; i++) {
        uint16_t first = s->shape->key[0];
        if (s->shape->phys[first] == PHYS_I32 && s->rows[i].values[first].u32 < FIRST_USER_OID) {
            s->hiding[s->hiding_count++] = s->rows[i];
        }
    }
}

/* scan_sequence - the state of a sequence as its one row: last_value, log_cnt, is_called. */
static Status scan_sequence(Cx *cx, CatView *v, CatScan *s, Oid oid)
{
    const CatTable *t;
    SequenceState state;
    TRY(cat_table_by_oid(cx, v, oid, &t));
    TRY(sequence_get(cx, catalog_engine(v->catalog), t->tree, &state));
    Datum *values = ARENA_ARRAY(s->arena, Datum, 3);
    CatRow *row = ARENA_NEW(s->arena, CatRow);
    values[0].i64 = state.last_value;
    values[1].i64 = state.log_count;
    values[2].b = state.is_called;
    row->values = values;
    row->nulls = ARENA_ARRAY(s->arena, bool, 3);
    s->rows = row;
    s->row_count = 1;
    return ST_OK;
}

Status cat_scan_open(Cx *cx, CatView *v, Arena *arena, Oid catalog_rel, const uint16_t *columns,
                     uint16_t column_count, CatScan **scan_out)
{
    return cat_scan_open_key(cx, v, arena, catalog_rel, columns, column_count, NULL, NULL, 0,
                             scan_out);
}

Status cat_scan_open_key(Cx *cx, CatView *v, Arena *arena, Oid catalog_rel, const uint16_t *columns,
                         uint16_t column_count, const uint16_t *key_columns,
                         const Datum *key_values, uint16_t key_count, CatScan **scan_out)
{
    Catalog *c = v->catalog;
    *scan_out = NULL;
    CatScan *s = ARENA_NEW(arena, CatScan);
    s->arena = arena;
    s->view = v;
    s->columns = arena_memdup(arena, columns, column_count * sizeof(uint16_t));
    s->column_count = column_count;
    s->array_types = ARENA_ARRAY(arena, Oid, column_count + 1u);
    s->shape = cat_shape(c, catalog_rel);
    if (s->shape == NULL) {
        *scan_out = s;
        return scan_sequence(cx, v, s, catalog_rel);
    }
    for (uint16_t i = 0; i < column_count; i++) {
        Oid type = s->shape->types[columns[i]];
        bool is_array = type_array_element(type) != 0 || type == TYPE_ANYARRAY;
        s->array_types[i] = type_ops(type) != NULL && is_array ? type : 0;
    }
    ASSERT(key_count <= CAT_SCAN_KEYS_MAX);
    s->key.count = key_count;
    for (uint16_t i = 0; i < key_count; i++) {
        s->key.columns[i] = key_columns[i];
        s->key.values[i] = key_values[i];
    }
    CatRead read = {.view = v};
    c->store->begin(c->store_self, &read, v);
    Status st = cat_read_list(cx, &read, arena, catalog_rel, &s->key, &s->rows, &s->row_count);
    c->store->end(c->store_self, &read);
    TRY(st);
    if (key_count == 0) {
        scan_note_hiding(s);
    }
    *scan_out = s;
    return ST_OK;
}

/* scan_hidden - is there a stored row with the key of this constant row? */
static bool scan_hidden(const CatScan *s, const void *row)
{
    for (uint32_t h = 0; h < s->hiding_count; h++) {
        bool same = true;
        for (uint16_t i = 0; i < s->shape->key_count && same; i++) {
            uint16_t column = s->shape->key[i];
            Datum value;
            bool is_null;
            cat_builtin_value(s->shape, row, column, s->arena, &value, &is_null);
            same = !is_null &&
                   rows_equal(s->shape->phys[column], &value, &s->hiding[h].values[column]);
        }
        if (same) {
            return true;
        }
    }
    return false;
}

/* scan_wanted - a constant row under a scan by key: has it the key, and does no stored row,
 * whatever that one's values are now, stand for it? */
static Status scan_wanted(Cx *cx, const CatScan *s, const void *row, bool *wanted_out)
{
    CatKey primary = {.count = s->shape->key_count};
    CatRead read = {.view = s->view};
    Catalog *c = s->view->catalog;
    const CatRow *rows;
    uint32_t count = 0;
    *wanted_out = false;
    for (uint32_t i = 0; i < s->key.count; i++) {
        Datum value;
        bool is_null;
        uint16_t column = s->key.columns[i];
        cat_builtin_value(s->shape, row, column, s->arena, &value, &is_null);
        if (is_null || !rows_equal(s->shape->phys[column], &value, &s->key.values[i])) {
            return ST_OK;
        }
    }
    *wanted_out = true;
    for (uint32_t i = 0; i < primary.count; i++) {
        bool is_null;
        primary.columns[i] = s->shape->key[i];
        cat_builtin_value(s->shape, row, primary.columns[i], s->arena, &primary.values[i],
                          &is_null);
        if (is_null) {
            return ST_OK;
        }
    }
    if (primary.count != 0) {
        c->store->begin(c->store_self, &read, s->view);
        Status st = cat_read_list(cx, &read, s->arena, s->shape->rel, &primary, &rows, &count);
        c->store->end(c->store_self, &read);
        TRY(st);
    }
    *wanted_out = count == 0;
    return ST_OK;
}

/* scan_array - the value that the text of a vector or an array stands for. */
static Status scan_array(Cx *cx, const CatScan *s, Oid type, const Datum *text, Datum *out)
{
    Oid element = type_array_element(type);
    FnCall call = {.cx = cx,
                   .arena = s->arena,
                   .state_arena = s->arena,
                   .result_type = type,
                   .arg_typmod = -1};
    if (type == TYPE_INT2VECTOR || type == TYPE_OIDVECTOR) {
        return array_vector_text_in(&call, str_slice(&text->str), element, out);
    }
    if (type == TYPE_ANYARRAY) { /* what its elements are is not told: texts */
        return array_text_in(&call, str_slice(&text->str), TYPE_TEXT, type_ops(TYPE_TEXT), -1, out);
    }
    Slice in = str_slice(&text->str);
    if (element == SCAN_ACLITEM) { /* stored lists have numbers of roles */
        const char *names;
        TRY(cat_acl_names(cx, s->view, s->arena, arena_strndup(s->arena, in.ptr, in.len), &names));
        in = slice_of(names);
    }
    const TypeOps *ops = type_ops(element);
    /* Elements that only come out of the catalog, such as aclitem, are their text. */
    ops = ops->phys == PHYS_STR ? type_ops(TYPE_TEXT) : ops;
    return array_text_in(&call, in, element, ops, -1, out);
}

static Status scan_put(Cx *cx, const CatScan *s, Batch *out, uint16_t column, uint32_t row,
                       const Datum *value, bool is_null)
{
    Datum array;
    if (!is_null && s->array_types[column] != OID_INVALID) {
        TRY(scan_array(cx, s, s->array_types[column], value, &array));
        value = &array;
    }
    if (is_null) {
        static const Datum ZERO;
        vec_put(out->cols[column], row, &ZERO);
        vec_set_null(out->cols[column], row);
    } else {
        vec_put(out->cols[column], row, value);
    }
    return ST_OK;
}

Status cat_scan_next(Cx *cx, CatScan *s, uint32_t max_rows, Batch *out)
{
    const CatRel *rel = s->shape != NULL ? s->shape->builtin : NULL;
    uint32_t n = 0, limit = MIN(max_rows, VEC_CAPACITY);
    TRY(cx_check(cx));
    batch_reset(out);
    while (rel != NULL && n < limit && s->builtin_at < rel->row_count) {
        const uint8_t *row = (const uint8_t *)rel->rows + (size_t)s->builtin_at * rel->row_bytes;
        s->builtin_at++;
        if (s->hiding_count != 0 && scan_hidden(s, row)) {
            continue;
        }
        if (s->key.count != 0) {
            bool wanted;
            TRY(scan_wanted(cx, s, row, &wanted));
            if (!wanted) {
                continue;
            }
        }
        for (uint16_t i = 0; i < s->column_count; i++) {
            Datum value;
            bool is_null;
            cat_builtin_value(s->shape, row, s->columns[i], s->arena, &value, &is_null);
            TRY(scan_put(cx, s, out, i, n, &value, is_null));
        }
        n++;
    }
    for (; n < limit && s->row_at < s->row_count; s->row_at++, n++) {
        const CatRow *row = &s->rows[s->row_at];
        for (uint16_t i = 0; i < s->column_count; i++) {
            uint16_t column = s->columns[i];
            TRY(scan_put(cx, s, out, i, n, &row->values[column], row->nulls[column]));
        }
    }
    batch_set_count(out, n);
    return n != 0 || max_rows == 0 ? ST_OK : ST_DONE;
}

void cat_scan_end(CatScan *scan)
{
    (void)scan; /* all its memory is the arena's */
}
