/*
 * row_recheck.c - a joined row in which one table's row was replaced by its newest version: is it
 * still a result, and with which columns?
 */
#include "exec/exec_internal.h"

Status recheck_holds(Cx *cx, ExprRun *run, const PlanRecheck *r, Batch *row, Arena *arena,
                     bool *holds_out)
{
    uint16_t idx[VEC_CAPACITY];
    *holds_out = true;
    for (uint16_t i = 0; i < r->count && *holds_out; i++) {
        Sel keep = {NULL, 1};
        const PlanRecheckStep *s = &r->steps[i];
        TRY(expr_filter(cx, run, i, row, &row->sel, arena, idx, &keep));
        *holds_out = keep.count > 0 || s->nulls;
        for (uint16_t c = 0; keep.count == 0 && c < s->null_count; c++) {
            vec_reset(row->cols[s->null_columns[c]]);
            vec_set_null(row->cols[s->null_columns[c]], 0);
        }
    }
    return ST_OK;
}

void recheck_put(Batch *row, const PlanMark *m, const Batch *fresh)
{
    for (uint16_t c = 0; c < m->column_count; c++) {
        Vector *to = row->cols[m->input_columns[c]];
        vec_reset(to);
        vec_copy_value(fresh->cols[c], 0, to, 0, NULL);
    }
}

void recheck_batch_init(Batch *fresh, const PlanMark *m, const PhysType *input, Arena *arena)
{
    PhysType *phys = ARENA_ARRAY(arena, PhysType, m->column_count + 1u);
    for (uint16_t c = 0; c < m->column_count; c++) {
        phys[c] = input[m->input_columns[c]];
    }
    batch_init(fresh, phys, m->column_count, arena);
}
