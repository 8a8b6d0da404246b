/*
 * analyze.c - ANALYZE: a table's size into pg_class, where the planner finds it.
 *
 * Column statistics are not gathered yet.
 */
#include "catalog/catalog_data.h"
#include "ddl/ddl.h"

static Status analyze_table(Cx *cx, DdlCx *d, const CatTable *t)
{
    TableSize size;
    const Datum *values;
    const bool *nulls;
    Datum key = {.u32 = t->oid};
    if (t->storage == NULL) {
        return ST_OK;
    }
    TRY(table_size(cx, t->storage, &size));
    TRY(cat_row_get(cx, d->view, d->arena, CAT_PG_CLASS, &key, 1, &values, &nulls));
    /* The row's values are the caller's to change: the copy is in our arena. */
    Datum *row = (Datum *)(uintptr_t)values;
    row[PG_CLASS_RELTUPLES].f32 = (float)size.rows;
    row[PG_CLASS_RELPAGES].i32 = (int32_t)size.pages;
    TRY(cat_row_update(cx, d->view, CAT_PG_CLASS, row, nulls));
    cat_changed(d->view);
    return ST_OK;
}

typedef struct AnalyzeAll {
    DdlCx *d;
    Oid *oids;
    uint32_t count, size;
} AnalyzeAll;

static Status note_table(void *arg, Cx *cx, const CatRow *row)
{
    AnalyzeAll *all = arg;
    const Str *kind = &row->values[PG_CLASS_RELKIND].str;
    (void)cx;
    if (kind->len == 1 && str_ptr(kind)[0] == 'r') {
        if (all->count == all->size) {
            uint32_t size = MAX(all->size * 2, 16u);
            all->oids =
                arena_grow(all->d->arena, all->oids, all->count * sizeof(Oid), size * sizeof(Oid));
            all->size = size;
        }
        all->oids[all->count++] = row->values[PG_CLASS_OID].u32;
    }
    return ST_OK;
}

Status ddl_analyze(Cx *cx, DdlCx *d, const CatTable *table)
{
    AnalyzeAll all = {.d = d};
    if (table != NULL) {
        return analyze_table(cx, d, table);
    }
    TRY(cat_rows_each(cx, d->view, CAT_PG_CLASS, NULL, NULL, 0, note_table, &all));
    for (uint32_t i = 0; i < all.count; i++) {
        const CatTable *t;
        Status st = cat_table_by_oid(cx, d->view, all.oids[i], &t);
        if (st == ST_OK) {
            st = analyze_table(cx, d, t);
        }
        if (st != ST_OK && st != ST_NOTFOUND) {
            return st;
        }
    }
    return ST_OK;
}
