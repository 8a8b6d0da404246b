/*
 * cat_verify.c - every table against its indexes, for `dassie check`: only the catalog knows which
 * index belongs to which table.
 */
#include "catalog/cat_internal.h"
#include "recovery/engine.h"

typedef struct VerifyTables {
    Arena *arena;
    Oid *oids;
    uint32_t count, size;
} VerifyTables;

static Status verify_note_table(void *arg, Cx *cx, const CatRow *row)
{
    VerifyTables *v = arg;
    (void)cx;
    if (v->count == v->size) {
        v->size = MAX(v->size * 2, 64u);
        v->oids = mem_realloc("verify", v->oids, v->size * sizeof(Oid));
    }
    v->oids[v->count++] = row->values[PG_CLASS_OID].u32;
    return ST_OK;
}

Status catalog_verify(Cx *cx, Catalog *c, Buf *report, uint64_t *errors)
{
    CatView view;
    Arena arena;
    VerifyTables v = {0};
    Status st = cat_trees_verify(cx, c, report, errors);
    arena_init(&arena, NULL, "verify", 0);
    cat_view_init(&view, c);
    if (st == ST_OK) {
        st = cat_rows_each(cx, &view, CAT_PG_CLASS, NULL, NULL, 0, verify_note_table, &v);
    }
    for (uint32_t i = 0; i < v.count && st == ST_OK; i++) {
        const CatTable *t;
        engine_check_at(c->engine, "indexes", i, v.count);
        st = cat_table_by_oid(cx, &view, v.oids[i], &t);
        if (st == ST_OK && t->kind == 'r' && t->storage != NULL) {
            st = table_verify(cx, t->storage, report, errors);
        }
        if (st != ST_OK) {
            buf_printf(report, "relation %u: %s\n", v.oids[i],
                       st == ST_NOTFOUND ? "its catalog row cannot be found again"
                                         : cx->err->message);
            (*errors)++;
            err_clear(cx);
            st = cx_check(cx);
        }
        cat_view_release_pins(&view);
    }
    mem_free(v.oids);
    arena_release(&arena);
    return st;
}
