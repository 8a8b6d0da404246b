/*
 * lock_rows.c - SELECT ... FOR UPDATE and friends: locks exactly the rows it hands out.
 */
#include "exec/exec_internal.h"

typedef struct LockRun {
    ExprRun *recheck;
    uint16_t *idx;
    Batch fresh; /* the newest version, laid out like the input */
} LockRun;

static Status lock_start(Cx *cx, ExecNode *n)
{
    LockRun *r = n->priv;
    run_reset(n, r->recheck);
    return node_start_children(cx, n);
}

/* lock_changed - a row changed meanwhile: take its newest version when it still fits; *keep_out
 * says so. */
static Status lock_changed(Cx *cx, ExecNode *n, const Batch *b, uint32_t row, RowId id,
                           bool *keep_out)
{
    LockRun *r = n->priv;
    const PlanNode *p = n->plan;
    Txn *txn = n->s->env.txn;
    WriteOutcome outcome = WRITE_UPDATED_MEANWHILE;
    *keep_out = false;
    if (txn->isolation != ISO_READ_COMMITTED || p->u.lock.scan == NULL) {
        return err_set(cx, ERRCODE_T_R_SERIALIZATION_FAILURE,
                       "could not serialize access due to concurrent update");
    }
    while (outcome == WRITE_UPDATED_MEANWHILE) {
        Snapshot snap;
        snapshot_take(txn->sys, txn, &snap);
        batch_reset(&r->fresh);
        Status st = table_lock_row(cx, txn, &snap, p->u.lock.tables[0]->storage, id,
                                   p->u.lock.modes[0], p->u.lock.waits[0], &outcome);
        if (st == ST_OK && outcome == WRITE_DONE) {
            st = table_fetch(cx, txn, &snap, p->u.lock.tables[0]->storage, id,
                             p->u.lock.scan->columns, p->u.lock.scan->column_count, &r->fresh, 0,
                             &n->batch);
        }
        snapshot_release(&snap);
        if (st == ST_NOTFOUND) {
            return ST_OK;
        }
        TRY(st);
    }
    if (outcome != WRITE_DONE) {
        return ST_OK;
    }
    uint16_t idx[VEC_CAPACITY];
    Sel keep = {NULL, 1};
    batch_set_count(&r->fresh, 1);
    if (r->recheck != NULL) {
        TRY(expr_filter(cx, r->recheck, 0, &r->fresh, &r->fresh.sel, &n->batch, idx, &keep));
    }
    if (keep.count > 0) {
        *keep_out = true;
        for (uint16_t c = 0; c < p->u.lock.scan->column_count; c++) {
            vec_copy_value(r->fresh.cols[c], 0, b->cols[c], row, NULL);
        }
    }
    return ST_OK;
}

static Status lock_one(Cx *cx, ExecNode *n, const Batch *b, uint32_t row, uint16_t k, bool *keep)
{
    const PlanNode *p = n->plan;
    const Vector *ids = b->cols[p->u.lock.rowid_columns[k]];
    WriteOutcome outcome;
    if (vec_is_null(ids, row)) {
        return ST_OK; /* the NULL side of an outer join */
    }
    RowId id = (RowId)vec_int(ids, row);
    const CatTable *t = p->u.lock.tables[k];
    TRY(table_lock_row(cx, n->s->env.txn, n->s->env.snapshot, t->storage, id, p->u.lock.modes[k],
                       p->u.lock.waits[k], &outcome));
    switch (outcome) {
    case WRITE_DONE: return ST_OK;
    case WRITE_NOT_AVAILABLE:
        return err_set(cx, ERRCODE_LOCK_NOT_AVAILABLE,
                       "could not obtain lock on row in relation \"%s\"", t->name);
    case WRITE_UPDATED_MEANWHILE: return lock_changed(cx, n, b, row, id, keep);
    case WRITE_DELETED_MEANWHILE:
        if (n->s->env.txn->isolation != ISO_READ_COMMITTED) {
            return err_set(cx, ERRCODE_T_R_SERIALIZATION_FAILURE,
                           "could not serialize access due to concurrent delete");
        }
        *keep = false;
        return ST_OK;
    case WRITE_SKIPPED:
    case WRITE_SELF_CHANGED: *keep = false; return ST_OK;
    }
    UNREACHABLE();
}

static Status lock_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    LockRun *r = n->priv;
    for (;;) {
        const Batch *b;
        uint32_t count = 0;
        TRY(n->left->next(cx, n->left, max_rows, &b));
        TRY(txn_start_write(cx, n->s->env.txn));
        arena_clear(&n->batch);
        SEL_FOREACH(row, &b->sel)
        {
            bool keep = true;
            for (uint16_t k = 0; k < n->plan->u.lock.count && keep; k++) {
                TRY(lock_one(cx, n, b, row, k, &keep));
            }
            if (keep) {
                r->idx[count++] = (uint16_t)row;
            }
        }
        if (count > 0) {
            n->out = *b;
            n->out.sel = (Sel){r->idx, count};
            *out = &n->out;
            return ST_OK;
        }
    }
}

Status lock_rows_create(Cx *cx, ExecNode *n)
{
    LockRun *r = ARENA_NEW(&n->s->arena, LockRun);
    n->priv = r;
    n->start = lock_start;
    n->next = lock_next;
    r->idx = ARENA_ARRAY(&n->s->arena, uint16_t, VEC_CAPACITY);
    if (n->plan->u.lock.scan != NULL) {
        batch_init(&r->fresh, n->plan->phys, n->plan->col_count, &n->s->arena);
    }
    return run_create(cx, n, n->plan->u.lock.recheck, &r->recheck);
}
