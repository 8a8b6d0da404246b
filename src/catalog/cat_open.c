/*
 * cat_open.c - making and closing a Catalog, whatever its rows live in; the rows of a new file.
 */
#include "catalog/cat_internal.h"

Status cat_create(Cx *cx, Engine *e, const CatRowStore *store, void *store_self,
                  Catalog **catalog_out)
{
    Catalog *c = mem_zalloc("catalog", sizeof(Catalog));
    c->engine = e;
    c->store = store;
    c->store_self = store_self;
    arena_init(&c->arena, NULL, "catalog", 0);
    map_init(&c->cache);
    atomic_init(&c->version, 1);
    if (e != NULL) {
        os_mutex_init(&c->mutex, "catalog cache", CAT_MUTEX_RANK);
    }
    Status st = cat_builtin_init(cx, c);
    if (st != ST_OK) {
        arena_release(&c->arena);
        mem_free(c);
        return st;
    }
    *catalog_out = c;
    return ST_OK;
}

void catalog_close(Catalog *c)
{
    if (c == NULL) {
        return;
    }
    cat_cache_release(c);
    c->store->close(c->store_self);
    arena_release(&c->arena);
    mem_free(c);
}

Engine *catalog_engine(Catalog *c)
{
    return c->engine;
}

/* cat_bootstrap - what users may alter or drop of what initdb makes, as ordinary rows of the view's
 * database. */
Status cat_bootstrap(Cx *cx, Catalog *c, CatView *v, bool local_only)
{
    Datum values[CAT_COLUMNS_MAX];
    bool nulls[CAT_COLUMNS_MAX];
    for (uint32_t i = 0; i < c->shape_count; i++) {
        const CatShape *shape = &c->shapes[i];
        if (shape->builtin == NULL || (local_only && shape->shared)) {
            continue;
        }
        const uint8_t *row = shape->builtin->boot_rows;
        for (uint32_t r = 0; r < shape->builtin->boot_count;
             r++, row += shape->builtin->row_bytes) {
            for (uint16_t k = 0; k < shape->column_count; k++) {
                cat_builtin_value(shape, row, k, cx->arena, &values[k], &nulls[k]);
            }
            TRY(cat_row_insert(cx, v, shape->rel, values, nulls));
        }
    }
    return ST_OK;
}
