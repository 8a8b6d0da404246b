/*
 * conflict.c - INSERT ... ON CONFLICT, row by row.
 *
 * A row that meets another with its key in the arbiter leaves that one alone, or updates it. The
 * row that is there need not be visible to the statement: under READ COMMITTED its newest version
 * is locked and updated; when it changed between its discovery and its lock, the row is proposed
 * anew. The fresh snapshot is taken before the discovery: what it calls unchanged still has that
 * key.
 */
#include "exec/modify_internal.h"

Status conflict_create(Cx *cx, ExecNode *n)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    Arena *a = &n->s->arena;
    uint16_t count = m->table->column_count;
    if (m->conflict != CONFLICT_UPDATE) {
        return ST_OK;
    }
    PhysType *phys = ARENA_ARRAY(a, PhysType, count + 1u);
    r->all_columns = ARENA_ARRAY(a, uint16_t, count + 1u);
    for (uint16_t i = 0; i < count; i++) {
        phys[i] = m->table->storage->columns[i].phys;
        r->all_columns[i] = i;
    }
    batch_init(&r->there, phys, count, a);
    batch_init(&r->proposed, phys, count, a);
    r->pair.cols = ARENA_ARRAY(a, Vector *, 2u * count + 1u);
    r->pair.col_count = (uint16_t)(2 * count);
    r->changed.cols = ARENA_ARRAY(a, Vector *, count + 1u);
    r->changed.col_count = count;
    for (uint16_t i = 0; i < count; i++) {
        r->pair.cols[i] = r->there.cols[i];
        r->pair.cols[count + i] = r->proposed.cols[i];
    }
    TRY(run_create(cx, n, m->conflict_values, &r->conflict_values));
    return run_create(cx, n, m->conflict_where, &r->conflict_where);
}

void conflict_start(ExecNode *n)
{
    ModifyRun *r = n->priv;
    run_reset(n, r->conflict_values);
    run_reset(n, r->conflict_where);
}

static Status affected_twice(Cx *cx)
{
    st_ignore(err_set(cx, ERRCODE_CARDINALITY_VIOLATION,
                      "ON CONFLICT DO UPDATE command cannot affect row a second time"));
    return err_hint(cx, "Ensure that no rows proposed for insertion within the same command have "
                        "duplicate constrained values.");
}

/* must_be_visible - REPEATABLE READ: a row that stands in the way is one the transaction knows. */
static Status must_be_visible(Cx *cx, ExecNode *n, RowId id)
{
    Txn *txn = n->s->env.txn;
    const Table *t = n->plan->u.modify.table->storage;
    if (txn->isolation == ISO_READ_COMMITTED) {
        return ST_OK;
    }
    Status st = table_fetch(cx, txn, n->s->env.snapshot, t, id, NULL, 0, NULL, 0, &n->batch);
    if (st == ST_NOTFOUND) { /* a row this command itself put there is no conflict either */
        Snapshot own = snapshot_view(n->s->env.snapshot);
        own.cid++;
        st = table_fetch(cx, txn, &own, t, id, NULL, 0, NULL, 0, &n->batch);
    }
    return st == ST_NOTFOUND ? modify_conflict_failure(cx, WRITE_UPDATED_MEANWHILE) : st;
}

/* changed_row - the new version of the row that is there, after its BEFORE triggers and with its
 * constraints; *keep_out: WHERE holds, and no trigger is against it. */
static Status changed_row(Cx *cx, ExecNode *n, uint32_t at, bool *keep_out,
                          const bool **changed_out)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    uint16_t idx[VEC_CAPACITY];
    Sel keep = {NULL, 1};
    batch_reset(&r->proposed);
    for (uint16_t c = 0; c < m->table->column_count; c++) {
        vec_copy_value(r->row.cols[c], at, r->proposed.cols[c], 0, NULL);
    }
    batch_set_count(&r->pair, 1);
    if (r->conflict_where != NULL) {
        TRY(expr_filter(cx, r->conflict_where, 0, &r->pair, &r->pair.sel, &n->batch, idx, &keep));
    }
    *keep_out = keep.count > 0;
    if (!*keep_out) {
        return ST_OK;
    }
    for (uint16_t c = 0; c < m->table->column_count; c++) {
        const Vector *v;
        TRY(expr_eval(cx, r->conflict_values, c, &r->pair, &r->pair.sel, &n->batch, &v));
        r->changed.cols[c] = (Vector *)(uintptr_t)v;
    }
    batch_set_count(&r->changed, 1);
    bool fires = modify_before_row(n, TRIGGER_UPDATE);
    *changed_out = m->conflict_changed;
    if (fires) {
        bool skip;
        TRY(trigger_before_row(cx, r->triggers, TRIGGER_UPDATE, &r->there, &r->changed, 0,
                               &n->batch, &skip));
        if (skip) {
            *keep_out = false;
            return ST_OK;
        }
    }
    TRY(modify_generated(cx, n, r->generated_again, &r->changed));
    if (fires) {
        *changed_out = modify_changed_now(n, m->conflict_changed, &r->there, &r->changed, 0);
    }
    return modify_check_rows(cx, n, &r->changed);
}

/* update_there - lock the row that is there under the snapshot and update it; *again_out: it
 * changed, propose anew. */
static Status update_there(Cx *cx, ExecNode *n, const Batch *in, uint32_t at, RowId id,
                           const Snapshot *snap, bool *again_out)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    const Table *t = m->table->storage;
    Txn *txn = n->s->env.txn;
    WriteOutcome outcome;
    bool keep;
    const bool *changed;
    *again_out = false;
    TRY(table_lock_row(cx, txn, snap, t, id, ROWLOCK_NO_KEY_UPDATE, WAIT_BLOCK, &outcome));
    if (outcome == WRITE_UPDATED_MEANWHILE || outcome == WRITE_DELETED_MEANWHILE) {
        *again_out = true;
        return txn->isolation == ISO_READ_COMMITTED ? ST_OK : modify_conflict_failure(cx, outcome);
    }
    batch_reset(&r->there);
    Status st = outcome == WRITE_DONE ? table_fetch(cx, txn, snap, t, id, r->all_columns,
                                                    m->table->column_count, &r->there, 0, &n->batch)
                                      : ST_NOTFOUND;
    if (st == ST_NOTFOUND) {
        return affected_twice(cx); /* put there by this very command */
    }
    TRY(st);
    batch_set_count(&r->there, 1);
    TRY(changed_row(cx, n, at, &keep, &changed));
    if (!keep) {
        return ST_OK;
    }
    RowValues v = {&r->changed, 0};
    TRY(table_update(cx, txn, snap, t, id, &v, changed, &outcome));
    if (outcome == WRITE_SELF_CHANGED) { /* locked above: by a trigger, if there is any */
        TRY(modify_before_row(n, TRIGGER_UPDATE)
                ? modify_self_changed(cx, n, id, outcome, "updated")
                : ST_OK);
        return affected_twice(cx);
    }
    if (outcome != WRITE_DONE) {
        *again_out = true;
        return ST_OK;
    }
    return modify_row_written(cx, n, in, &r->there, 0, &r->changed, 0);
}

/* propose - insert row `at`, or do with the row in its way what is asked for; *again_out as above.
 */
static Status propose(Cx *cx, ExecNode *n, const Batch *in, uint32_t at, const Snapshot *snap,
                      bool *again_out)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    RowValues v = {&r->row, at};
    RowId id, there;
    bool inserted;
    *again_out = false;
    TRY(table_insert_unless(cx, n->s->env.txn, m->table->storage, &v, m->arbiter, &id, &inserted,
                            &there));
    if (inserted) {
        return modify_row_inserted(cx, n, in, &r->row, at);
    }
    if (m->conflict == CONFLICT_NOTHING) {
        return must_be_visible(cx, n, there);
    }
    if (snap == NULL) {
        *again_out = true; /* now with a snapshot */
        return ST_OK;
    }
    return update_there(cx, n, in, at, there, snap, again_out);
}

Status conflict_insert(Cx *cx, ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    Txn *txn = n->s->env.txn;
    SEL_FOREACH(at, &in->sel)
    {
        bool again;
        TRY(propose(cx, n, in, at, NULL, &again));
        while (again && txn->isolation != ISO_READ_COMMITTED) {
            TRY(propose(cx, n, in, at, n->s->env.snapshot, &again));
        }
        while (again) {
            TRY(cx_check(cx));
            snapshot_take(txn->sys, txn, &r->fresh);
            r->fresh.cid = n->s->env.snapshot->cid;
            Status st = propose(cx, n, in, at, &r->fresh, &again);
            snapshot_release(&r->fresh);
            TRY(st);
        }
    }
    return ST_OK;
}
