/*
 * values.c - VALUES lists as queries
 */
#include "bind/bind_internal.h"

static Status values_column(BindScope *s, Rte *r, uint16_t c)
{
    Expr **cells = ARENA_ARRAY(s->b->arena, Expr *, r->row_count);
    Oid type;
    for (uint32_t i = 0; i < r->row_count; i++) {
        cells[i] = r->rows[i][c];
    }
    TRY(bind_common_type(s, cells, r->row_count, "VALUES", &type));
    for (uint32_t i = 0; i < r->row_count; i++) {
        TRY(bind_coerce_common(s, cells[i], type, "VALUES", &cells[i]));
        r->rows[i][c] = cells[i];
    }
    r->columns[c] = (RteColumn){.name = arena_printf(s->b->arena, "column%u", c + 1u),
                                .type = type,
                                .collation = cells[0]->collation,
                                .typmod = bind_common_typmod(cells, r->row_count, type),
                                .phys = cells[0]->phys};
    return ST_OK;
}

/* values_rows - the lists' expressions; all of one length. */
static Status values_rows(BindScope *s, const PgQuery__SelectStmt *st, Rte *r)
{
    r->row_count = (uint32_t)st->n_values_lists;
    r->rows = ARENA_ARRAY(s->b->arena, Expr **, r->row_count);
    TRY(bind_target_limit(s, st->values_lists[0]->list->n_items));
    r->column_count = (uint16_t)st->values_lists[0]->list->n_items;
    for (uint32_t i = 0; i < r->row_count; i++) {
        const PgQuery__List *list = st->values_lists[i]->list;
        TRY(bind_exprs(s, list->items, list->n_items, &r->rows[i]));
        if (list->n_items != r->column_count) {
            int32_t at = list->n_items > 0 ? bind_location(r->rows[i][0]) : -1;
            return BIND_ERR(s, at, ERRCODE_SYNTAX_ERROR,
                            "VALUES lists must all be the same length");
        }
    }
    return ST_OK;
}

Status bind_values(BindScope *s, const PgQuery__SelectStmt *st)
{
    Query *q = s->query;
    Rte *r = ARENA_NEW(s->b->arena, Rte);
    r->kind = RTE_VALUES;
    r->alias = "*VALUES*";
    s->no_aggs = "VALUES";
    TRY(values_rows(s, st, r));
    s->no_aggs = NULL;
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, r->column_count + 1u);
    for (uint16_t c = 0; c < r->column_count; c++) {
        TRY(values_column(s, r, c));
    }
    uint16_t rte = bind_add_rte(s, r);
    NsItem *item = bind_add_item(s, bind_item_of_rte(s, rte, r->alias, NULL, 0));
    q->from = ARENA_ARRAY(s->b->arena, FromNode *, 1);
    q->from[0] = ARENA_NEW(s->b->arena, FromNode);
    q->from[0]->rte = rte;
    q->from_count = 1;
    q->targets = ARENA_ARRAY(s->b->arena, Target, r->column_count + 1u);
    q->target_count = r->column_count;
    for (uint16_t c = 0; c < r->column_count; c++) {
        q->targets[c].name = r->columns[c].name;
        q->targets[c].expr = bind_item_column(s, item, c, 0, bind_location(r->rows[0][c]));
    }
    TRY(bind_sort_clause(s, st));
    TRY(bind_limit(s, st));
    return bind_row_marks(s, st);
}
