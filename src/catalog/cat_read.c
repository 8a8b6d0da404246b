/*
 * cat_read.c - reading stored catalog rows: copies of rows, and their columns as C values.
 */
#include "catalog/cat_internal.h"

typedef struct ReadList {
    Arena *arena;
    const CatShape *shape;
    CatRow *rows;
    uint32_t count, capacity;
} ReadList;

/* read_list_add - keep a copy of a row, long strings included. */
static Status read_list_add(void *arg, Cx *cx, const CatRow *row)
{
    ReadList *list = arg;
    (void)cx;
    if (list->count == list->capacity) {
        uint32_t grown = list->capacity != 0 ? list->capacity * 2 : 8;
        list->rows = arena_grow(list->arena, list->rows, list->capacity * sizeof(CatRow),
                                grown * sizeof(CatRow));
        list->capacity = grown;
    }
    uint16_t n = list->shape->column_count;
    Datum *values = arena_memdup(list->arena, row->values, n * sizeof(Datum));
    for (uint16_t i = 0; i < n; i++) {
        if (list->shape->phys[i] == PHYS_STR && !row->nulls[i]) {
            values[i].str = str_copy(list->arena, str_ptr(&row->values[i].str), values[i].str.len);
        }
    }
    list->rows[list->count++] = (CatRow){
        .values = values,
        .nulls = arena_memdup(list->arena, row->nulls, n * sizeof(bool)),
        .rowid = row->rowid,
    };
    return ST_OK;
}

Status cat_read_list(Cx *cx, CatRead *read, Arena *arena, Oid rel, const CatKey *key,
                     const CatRow **rows_out, uint32_t *count_out)
{
    Catalog *c = read->view->catalog;
    ReadList list = {.arena = arena, .shape = cat_shape(c, rel)};
    ASSERT(list.shape != NULL);
    *rows_out = NULL;
    *count_out = 0;
    TRY(c->store->scan(c->store_self, cx, read, list.shape, key, read_list_add, &list));
    *rows_out = list.rows;
    *count_out = list.count;
    return ST_OK;
}

Status cat_read_one(Cx *cx, CatRead *read, Arena *arena, Oid rel, const CatKey *key,
                    const CatRow **row_out)
{
    const CatRow *rows;
    uint32_t count;
    TRY(cat_read_list(cx, read, arena, rel, key, &rows, &count));
    *row_out = count != 0 ? &rows[0] : NULL;
    return ST_OK;
}

char *cat_str(Arena *arena, const CatRow *row, uint16_t column)
{
    if (row->nulls[column]) {
        return NULL;
    }
    const Str *s = &row->values[column].str;
    return arena_strndup(arena, str_ptr(s), s->len);
}

char cat_char(const CatRow *row, uint16_t column)
{
    if (row->nulls[column]) {
        return 0;
    }
    const Datum *d = &row->values[column];
    if (cat_column_phys(TYPE_CHAR) == PHYS_STR) {
        return d->str.len != 0 ? str_ptr(&d->str)[0] : 0;
    }
    return (char)d->b16[0];
}

int64_t cat_int(const CatShape *shape, const CatRow *row, uint16_t column)
{
    if (row->nulls[column]) {
        return 0;
    }
    const Datum *d = &row->values[column];
    switch (shape->phys[column]) {
    case PHYS_BOOL: return d->b;
    case PHYS_I16: return d->i16;
    case PHYS_I32: return d->i32;
    case PHYS_I64: return d->i64;
    default: UNREACHABLE();
    }
}

Status cat_rows_each(Cx *cx, CatView *v, Oid catalog_rel, const uint16_t *columns,
                     const Datum *values, uint32_t count, CatRowFn fn, void *arg)
{
    Catalog *c = v->catalog;
    CatKey key = {.count = count};
    ASSERT(count <= CAT_KEY_COLUMNS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        key.columns[i] = columns[i];
        key.values[i] = values[i];
    }
    /* A copy first: fn may change rows of the same catalog. */
    Arena arena;
    arena_init(&arena, NULL, "catalog rows", 0);
    CatRead read = {.view = v};
    const CatRow *rows;
    uint32_t row_count;
    c->store->begin(c->store_self, &read, v);
    Status st = cat_read_list(cx, &read, &arena, catalog_rel, &key, &rows, &row_count);
    c->store->end(c->store_self, &read);
    for (uint32_t i = 0; st == ST_OK && i < row_count; i++) {
        st = fn(arg, cx, &rows[i]);
    }
    arena_release(&arena);
    return st;
}
