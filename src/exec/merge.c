/*
 * merge.c - MERGE: for each row of the source, with the row of the target that it matches or
 * without, the first action whose condition holds.
 *
 * A row changed by another transaction since the snapshot: under READ COMMITTED its newest version
 * is put in its place; if it still matches, the actions are gone through from the first again, else
 * those for rows without a match are, as for one that is gone.
 */
#include "exec/fk_action.h"

Status merge_actions_create(Cx *cx, ExecNode *n)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    TRY(run_create(cx, n, m->merge_conds, &r->merge_conds));
    r->merge_values = ARENA_ARRAY(&n->s->arena, ExprRun *, m->action_count + 1u);
    for (uint16_t i = 0; i < m->action_count; i++) {
        TRY(run_create(cx, n, m->actions[i].values, &r->merge_values[i]));
    }
    return ST_OK;
}

void merge_start(ExecNode *n)
{
    ModifyRun *r = n->priv;
    run_reset(n, r->merge_conds);
    for (uint16_t i = 0; i < n->plan->u.modify.action_count; i++) {
        run_reset(n, r->merge_values[i]);
    }
}

/* merge_choose - the first action of the kind whose condition holds for row `at`; NULL: none. */
static Status merge_choose(Cx *cx, ExecNode *n, const Batch *in, uint32_t at, bool matched,
                           const PlanMergeAction **out)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    uint16_t idx[1] = {(uint16_t)at}, kept[VEC_CAPACITY];
    Sel one = {idx, 1};
    *out = NULL;
    for (uint16_t i = 0; i < m->action_count && *out == NULL; i++) {
        const PlanMergeAction *a = &m->actions[i];
        Sel keep = {NULL, 1};
        if (a->matched != matched) {
            continue;
        }
        if (a->cond >= 0) {
            TRY(expr_filter(cx, r->merge_conds, (uint32_t)a->cond, in, &one, &n->batch, kept,
                            &keep));
        }
        *out = keep.count > 0 ? a : NULL;
    }
    return ST_OK;
}

/* merge_without - a row of the source that matches none of the target. */
static Status merge_without(Cx *cx, ExecNode *n, const Batch *in, uint32_t at)
{
    ModifyRun *r = n->priv;
    const PlanMergeAction *a;
    uint16_t idx[1] = {(uint16_t)at};
    Batch one = *in;
    one.sel = (Sel){idx, 1};
    TRY(merge_choose(cx, n, in, at, false, &a));
    if (a == NULL || a->command == CMD_UTILITY) {
        return ST_OK;
    }
    r->command = CMD_INSERT;
    return modify_insert(cx, n, r->merge_values[a - n->plan->u.modify.actions], &one);
}

static Status merged_twice(Cx *cx)
{
    st_ignore(err_set(cx, ERRCODE_CARDINALITY_VIOLATION,
                      "MERGE command cannot affect row a second time"));
    return err_hint(cx, "Ensure that not more than one source row matches any one target row.");
}

/* merge_matched - row `at` of the input with the row of the target as the snapshot has it. */
static Status merge_matched(Cx *cx, ExecNode *n, const Snapshot *snap, RowId id, const Batch *in,
                            uint32_t at, WriteOutcome *outcome)
{
    ModifyRun *r = n->priv;
    const PlanMergeAction *a;
    uint16_t idx[1] = {(uint16_t)at};
    Batch one = *in;
    const Batch *row = &r->old;
    one.sel = (Sel){idx, 1};
    *outcome = WRITE_DONE;
    modify_set_old(n, &one);
    TRY(merge_choose(cx, n, in, at, true, &a));
    if (a == NULL || a->command == CMD_UTILITY) {
        return ST_OK;
    }
    r->command = a->command;
    r->set = a->set;
    if (a->command == CMD_UPDATE) {
        TRY(modify_compute_rows(cx, n, r->merge_values[a - n->plan->u.modify.actions], &one,
                                &r->row));
        row = &r->row;
    }
    TRY(modify_write_one(cx, n, snap, id, &one, row, at, outcome));
    return *outcome == WRITE_SELF_CHANGED ? merged_twice(cx) : ST_OK;
}

/* merge_newest - the joined row with the newest version of the target's; *matched_out: it is still
 * a match. ST_NOTFOUND: it is gone. */
static Status merge_newest(Cx *cx, ExecNode *n, RowId id, const Batch *in, uint32_t at,
                           bool *matched_out)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    bool holds;
    batch_reset(&r->newest);
    TRY(table_fetch(cx, n->s->env.txn, &r->fresh, m->table->storage, id, m->target.columns,
                    m->target.column_count, &r->newest, 0, &n->batch));
    batch_reset(&r->one);
    for (uint16_t c = 0; c < r->one.col_count; c++) {
        vec_copy_value(in->cols[c], at, r->one.cols[c], 0, NULL);
    }
    recheck_put(&r->one, &m->target, &r->newest);
    batch_set_count(&r->one, 1);
    TRY(recheck_holds(cx, r->recheck, &m->recheck, &r->one, &n->batch, &holds));
    *matched_out = holds && !vec_is_null(r->one.cols[m->target.rowid_column], 0);
    return ST_OK;
}

/* merge_again - a row that was changed meanwhile, until it stays; *gone_out: it matches no more. */
static Status merge_again(Cx *cx, ExecNode *n, RowId id, const Batch *in, uint32_t at,
                          bool *gone_out)
{
    ModifyRun *r = n->priv;
    WriteOutcome outcome = WRITE_UPDATED_MEANWHILE;
    *gone_out = false;
    while (outcome == WRITE_UPDATED_MEANWHILE) {
        bool matched = false;
        TRY(cx_check(cx));
        snapshot_take(n->s->env.txn->sys, n->s->env.txn, &r->fresh);
        r->fresh.cid = n->s->env.snapshot->cid;
        Status st = merge_newest(cx, n, id, in, at, &matched);
        if (st == ST_OK && matched) {
            st = merge_matched(cx, n, &r->fresh, id, &r->one, 0, &outcome);
        }
        snapshot_release(&r->fresh);
        *gone_out = st == ST_NOTFOUND || (st == ST_OK && !matched) ||
                    (st == ST_OK && outcome == WRITE_DELETED_MEANWHILE);
        if (*gone_out) {
            break;
        }
        TRY(st);
    }
    row_wait_over(n->s->env.txn); /* if it is no longer meant */
    return ST_OK;
}

Status merge_batch(Cx *cx, ExecNode *n, const Batch *in)
{
    const PlanModify *m = &n->plan->u.modify;
    const Vector *ids = in->cols[m->target.rowid_column];
    SEL_FOREACH(at, &in->sel)
    {
        WriteOutcome outcome = WRITE_DONE;
        bool gone = vec_is_null(ids, at);
        if (!gone) {
            RowId id = (RowId)vec_int(ids, at);
            TRY(merge_matched(cx, n, n->s->env.snapshot, id, in, at, &outcome));
            if (outcome != WRITE_DONE && n->s->env.txn->isolation != ISO_READ_COMMITTED) {
                return modify_conflict_failure(cx, outcome);
            }
            gone = outcome == WRITE_DELETED_MEANWHILE;
            if (outcome == WRITE_UPDATED_MEANWHILE) {
                TRY(merge_again(cx, n, id, in, at, &gone));
            }
        }
        if (gone) {
            TRY(merge_without(cx, n, in, at));
        }
    }
    return ST_OK;
}
