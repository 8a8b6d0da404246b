/*
 * lock_rows.c - SELECT ... FOR UPDATE and friends: locks exactly the rows it hands out.
 *
 * A row changed by another transaction since the snapshot: under READ COMMITTED its newest version
 * is locked and put in the place of the one that was read, and the joined row is handed out when
 * the conditions still hold, as PostgreSQL does; the rows of the other tables stay as they were
 * read.
 */
#include "exec/exec_internal.h"

typedef struct LockRun {
    ExprRun *recheck;
    uint16_t *idx;
    Batch *fresh;   /* per table: its columns' newest version, row 0 */
    bool *changed;  /* per table, of the row being locked */
    Batch row_view; /* what is handed out when nothing changed */
    Batch row;      /* the joined row with the newest versions in it */
    RowStore kept;  /* such rows, of this batch */
    uint32_t *kept_at;
    Arena rows;
    bool handed; /* rows were: it cannot be begun again */
} LockRun;

/* lock_row - lock a row, or (ST_BUSY) wait for it without this thread: what was locked so far can
 * be locked again. */
static Status lock_row(Cx *cx, ExecNode *n, const PlanMark *m, const Snapshot *snap, RowId id,
                       WriteOutcome *outcome)
{
    const LockRun *r = n->priv;
    Txn *txn = n->s->env.txn;
    txn->park = r->handed ? NULL : n->s->env.park;
    Status st = table_lock_row(cx, txn, snap, m->table->storage, id, m->mode, m->wait, outcome);
    txn->park = NULL;
    return st;
}

static Status lock_start(Cx *cx, ExecNode *n)
{
    LockRun *r = n->priv;
    run_reset(n, r->recheck);
    r->handed = false;
    return node_start_children(cx, n);
}

/* lock_failure - also of a deleted row: PostgreSQL says "update" when a row was to be locked. */
static Status lock_failure(Cx *cx)
{
    return err_set(cx, ERRCODE_T_R_SERIALIZATION_FAILURE,
                   "could not serialize access due to concurrent update");
}

/* lock_newest - lock and fetch the newest version of a row changed meanwhile; *outcome as of the
 * lock.
 */
static Status lock_newest(Cx *cx, ExecNode *n, uint16_t k, RowId id, WriteOutcome *outcome)
{
    LockRun *r = n->priv;
    const PlanMark *m = &n->plan->u.lock.marks[k];
    Txn *txn = n->s->env.txn;
    while (*outcome == WRITE_UPDATED_MEANWHILE) {
        Snapshot snap;
        TRY(cx_check(cx));
        snapshot_take(txn->sys, txn, &snap);
        batch_reset(&r->fresh[k]);
        Status st = lock_row(cx, n, m, &snap, id, outcome);
        if (st == ST_OK && *outcome == WRITE_DONE) {
            st = table_fetch(cx, txn, &snap, m->table->storage, id, m->columns, m->column_count,
                             &r->fresh[k], 0, &n->batch);
        }
        snapshot_release(&snap);
        if (st == ST_NOTFOUND) {
            *outcome = WRITE_DELETED_MEANWHILE;
            return ST_OK;
        }
        TRY(st);
    }
    r->changed[k] = *outcome == WRITE_DONE;
    return ST_OK;
}

/* lock_one - lock one table's row; *keep_out is cleared when it is gone or to be skipped. */
static Status lock_one(Cx *cx, ExecNode *n, const Batch *b, uint32_t row, uint16_t k, bool *keep)
{
    LockRun *r = n->priv;
    const PlanMark *m = &n->plan->u.lock.marks[k];
    const Vector *ids = b->cols[m->rowid_column];
    WriteOutcome outcome;
    r->changed[k] = false;
    if (vec_is_null(ids, row)) {
        return ST_OK; /* the NULL side of an outer join */
    }
    RowId id = (RowId)vec_int(ids, row);
    TRY(lock_row(cx, n, m, n->s->env.snapshot, id, &outcome));
    if (outcome == WRITE_UPDATED_MEANWHILE || outcome == WRITE_DELETED_MEANWHILE) {
        if (n->s->env.txn->isolation != ISO_READ_COMMITTED) {
            return lock_failure(cx);
        }
        TRY(lock_newest(cx, n, k, id, &outcome));
    }
    if (outcome == WRITE_NOT_AVAILABLE) {
        return err_set(cx, ERRCODE_LOCK_NOT_AVAILABLE,
                       "could not obtain lock on row in relation \"%s\"", m->table->name);
    }
    *keep = outcome == WRITE_DONE;
    return ST_OK;
}

/* still_fits - put the newest versions into a copy of the row, test it, and keep it when it fits.
 */
static Status still_fits(Cx *cx, ExecNode *n, const Batch *b, uint32_t row, bool *keep_out)
{
    LockRun *r = n->priv;
    batch_reset(&r->row);
    for (uint16_t c = 0; c < n->plan->col_count; c++) {
        vec_copy_value(b->cols[c], row, r->row.cols[c], 0, NULL);
    }
    for (uint16_t k = 0; k < n->plan->u.lock.count; k++) {
        if (r->changed[k]) {
            recheck_put(&r->row, &n->plan->u.lock.marks[k], &r->fresh[k]);
        }
    }
    batch_set_count(&r->row, 1);
    TRY(recheck_holds(cx, r->recheck, &n->plan->u.lock.recheck, &r->row, &n->batch, keep_out));
    if (*keep_out) {
        row_store_append_row(&r->kept, (const Vector *const *)r->row.cols, 0);
    }
    return ST_OK;
}

/* put_kept - hand out rows of the input among which some are newer versions, in the input's order.
 */
static void put_kept(ExecNode *n, const Batch *b, uint32_t count, const Batch **out)
{
    LockRun *r = n->priv;
    batch_reset(&n->out);
    for (uint16_t c = 0; c < n->plan->col_count; c++) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = r->kept_at[i];
            if (at == UINT32_MAX) {
                vec_copy_value(b->cols[c], r->idx[i], n->out.cols[c], i, NULL);
            } else {
                vec_copy_value(r->kept.chunks[at / VEC_CAPACITY]->cols[c], at % VEC_CAPACITY,
                               n->out.cols[c], i, NULL);
            }
        }
    }
    batch_set_count(&n->out, count);
    *out = &n->out;
}

/* lock_batch - lock the rows of one batch; idx and kept_at tell those that stay. */
static Status lock_batch(Cx *cx, ExecNode *n, const Batch *b, uint32_t *count_out)
{
    LockRun *r = n->priv;
    uint32_t count = 0;
    SEL_FOREACH(row, &b->sel)
    {
        bool keep = true, changed = false;
        for (uint16_t k = 0; k < n->plan->u.lock.count && keep; k++) {
            TRY(lock_one(cx, n, b, row, k, &keep));
            changed = changed || r->changed[k];
        }
        r->kept_at[count] = UINT32_MAX;
        if (keep && changed) {
            r->kept_at[count] = (uint32_t)r->kept.rows;
            TRY(still_fits(cx, n, b, row, &keep));
        }
        if (keep) {
            r->idx[count++] = (uint16_t)row;
        }
    }
    *count_out = count;
    return ST_OK;
}

/* lock_next - lock the rows of the next batch that has any left; rows changed meanwhile were read
 * again and may be gone. */
static Status lock_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    LockRun *r = n->priv;
    for (;;) {
        const Batch *b;
        uint32_t count;
        TRY(n->left->next(cx, n->left, max_rows, &b));
        TRY(txn_start_write(cx, n->s->env.txn));
        arena_clear(&n->batch);
        arena_clear(&r->rows);
        row_store_init(&r->kept, &r->rows, n->plan->phys, n->plan->col_count);
        TRY(lock_batch(cx, n, b, &count));
        r->handed = r->handed || count > 0;
        if (count > 0 && r->kept.rows > 0) {
            put_kept(n, b, count, out);
            return ST_OK;
        }
        if (count > 0) {
            r->row_view = *b;
            r->row_view.sel = (Sel){r->idx, count};
            *out = &r->row_view;
            return ST_OK;
        }
    }
}

Status lock_rows_create(Cx *cx, ExecNode *n)
{
    Arena *a = &n->s->arena;
    LockRun *r = ARENA_NEW(a, LockRun);
    const PlanNode *p = n->plan;
    n->priv = r;
    n->start = lock_start;
    n->next = lock_next;
    arena_init(&r->rows, a, "locked rows", 0);
    r->idx = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->kept_at = ARENA_ARRAY(a, uint32_t, VEC_CAPACITY);
    r->fresh = ARENA_ARRAY(a, Batch, p->u.lock.count + 1u);
    r->changed = ARENA_ARRAY(a, bool, p->u.lock.count + 1u);
    node_out_init(n);
    batch_init(&r->row, p->phys, p->col_count, a);
    for (uint16_t k = 0; k < p->u.lock.count; k++) {
        recheck_batch_init(&r->fresh[k], &p->u.lock.marks[k], p->phys, a);
    }
    return run_create(cx, n, p->u.lock.recheck.prog, &r->recheck);
}
