/*
 * cat_memory.c - user rows of the catalogs in memory: a catalog without a file, for tests of the
 * layers above. One thread, no transactions; a change is seen at once.
 */
#include "catalog/cat_internal.h"

typedef struct MemoryRow {
    struct MemoryRow *next;
    Oid rel;
    RowId rowid;
    Datum *values;
    bool *nulls;
} MemoryRow;

typedef struct MemoryStore {
    Arena arena;
    MemoryRow *rows;
    RowId next_rowid;
} MemoryStore;

static void memory_begin(void *self, CatRead *read, CatView *v)
{
    (void)self;
    read->view = v;
}

static void memory_end(void *self, CatRead *read)
{
    (void)self;
    (void)read;
}

static Status memory_scan(void *self, Cx *cx, CatRead *read, const CatShape *shape,
                          const CatKey *key, CatRowFn fn, void *arg)
{
    MemoryStore *m = self;
    (void)read;
    for (MemoryRow *r = m->rows; r != NULL; r = r->next) {
        CatRow row = {r->values, r->nulls, r->rowid};
        if (r->rel == shape->rel && cat_row_matches(shape, &row, key)) {
            TRY(fn(arg, cx, &row));
        }
    }
    return ST_OK;
}

static void memory_fill(MemoryStore *m, const CatShape *shape, MemoryRow *row, const Datum *values,
                        const bool *nulls)
{
    row->values = arena_memdup(&m->arena, values, shape->column_count * sizeof(Datum));
    row->nulls = arena_memdup(&m->arena, nulls, shape->column_count * sizeof(bool));
    for (uint16_t i = 0; i < shape->column_count; i++) {
        if (shape->phys[i] == PHYS_STR && !nulls[i]) {
            row->values[i].str = str_copy(&m->arena, str_ptr(&values[i].str), values[i].str.len);
        }
    }
}

static Status memory_insert(void *self, Cx *cx, CatView *v, const CatShape *shape,
                            const Datum *values, const bool *nulls)
{
    MemoryStore *m = self;
    (void)cx;
    (void)v;
    MemoryRow *row = ARENA_NEW(&m->arena, MemoryRow);
    row->rel = shape->rel;
    row->rowid = ++m->next_rowid;
    memory_fill(m, shape, row, values, nulls);
    MemoryRow **end = &m->rows;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = row;
    return ST_OK;
}

static Status memory_update(void *self, Cx *cx, CatView *v, const CatShape *shape, RowId rowid,
                            const Datum *values, const bool *nulls)
{
    MemoryStore *m = self;
    (void)cx;
    (void)v;
    for (MemoryRow *r = m->rows; r != NULL; r = r->next) {
        if (r->rowid == rowid) {
            memory_fill(m, shape, r, values, nulls);
            return ST_OK;
        }
    }
    return ST_NOTFOUND;
}

static Status memory_remove(void *self, Cx *cx, CatView *v, const CatShape *shape, RowId rowid)
{
    MemoryStore *m = self;
    (void)cx;
    (void)v;
    (void)shape;
    for (MemoryRow **r = &m->rows; *r != NULL; r = &(*r)->next) {
        if ((*r)->rowid == rowid) {
            *r = (*r)->next;
            return ST_OK;
        }
    }
    return ST_NOTFOUND;
}

static void memory_close(void *self)
{
    MemoryStore *m = self;
    arena_release(&m->arena);
    mem_free(m);
}

static const CatRowStore MEMORY_STORE = {
    .begin = memory_begin,
    .end = memory_end,
    .scan = memory_scan,
    .insert = memory_insert,
    .update = memory_update,
    .remove = memory_remove,
    .close = memory_close,
};

Status catalog_open_memory(Cx *cx, Catalog **catalog_out)
{
    *catalog_out = NULL;
    MemoryStore *m = mem_zalloc("catalog", sizeof(MemoryStore));
    arena_init(&m->arena, NULL, "catalog rows", 0);
    Catalog *c;
    Status st = cat_create(cx, NULL, &MEMORY_STORE, m, &c);
    if (st != ST_OK) {
        memory_close(m);
        return st;
    }
    CatView v;
    cat_view_init(&v, c);
    st = cat_bootstrap(cx, c, &v, false);
    cat_view_release_pins(&v);
    if (st != ST_OK) {
        catalog_close(c);
        return st;
    }
    *catalog_out = c;
    return ST_OK;
}
