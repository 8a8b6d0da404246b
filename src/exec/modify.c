/*
 * modify.c - INSERT, UPDATE, DELETE; MERGE (merge.c) does with each row what one of them does.
 *
 * All work is done in the first call; rows of RETURNING are kept and handed out afterwards. A row
 * changed by another transaction since the snapshot: under READ COMMITTED its newest version is
 * joined to the other tables' rows as they were read and tested again; under REPEATABLE READ it is
 * 40001.
 */
#include "exec/fk_action.h"

static const PhysType *key_phys(ExecNode *n, const CatTable *t, const uint16_t *columns,
                                uint16_t count)
{
    PhysType *p = ARENA_ARRAY(&n->s->arena, PhysType, count + 1u);
    for (uint16_t i = 0; i < count; i++) {
        p[i] = t->storage->columns[columns[i]].phys;
    }
    return p;
}

/* modify_start - ready for a new run: results, pending checks of foreign keys and counters are
 * empty. */
static Status modify_start(Cx *cx, ExecNode *n)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    run_reset(n, r->values);
    run_reset(n, r->values_again);
    run_reset(n, r->generated);
    run_reset(n, r->generated_again);
    conflict_start(n);
    run_reset(n, r->checks);
    run_reset(n, r->returning);
    run_reset(n, r->recheck);
    arena_clear(&n->hold);
    arena_clear(&r->returned);
    big_store_init(&r->results, n->s, &r->returned, n->plan->phys, n->plan->col_count);
    big_reader_rewind(&r->reader);
    r->finished = false;
    /* What triggers do cannot be begun again; MERGE is not tried. */
    r->wrote = r->triggers != NULL || m->command == CMD_MERGE;
    r->command = m->command;
    r->set = m->changed;
    merge_start(n);
    trigger_run_start(r->triggers);
    r->affected = 0;
    for (uint16_t i = 0; i < m->fk_count; i++) {
        row_store_init(&r->fk_keys[i], &n->hold, r->fk_keys[i].types, m->fks[i].column_count);
    }
    for (uint16_t i = 0; i < m->ref_count; i++) {
        row_store_init(&r->ref_old[i], &n->hold, r->ref_old[i].types, m->refs[i].column_count);
        row_store_init(&r->ref_new[i], &n->hold, r->ref_old[i].types, m->refs[i].column_count);
    }
    return node_start_children(cx, n);
}

static void keep_keys(RowStore *s, const Batch *row, const uint16_t *columns, uint16_t count,
                      uint32_t at)
{
    const Vector *v[INDEX_COLUMNS_MAX];
    for (uint16_t i = 0; i < count; i++) {
        v[i] = row->cols[columns[i]];
    }
    row_store_append_row(s, v, at);
}

Status modify_generated(Cx *cx, ExecNode *n, ExprRun *generated, const Batch *row)
{
    const PlanModify *m = &n->plan->u.modify;
    for (uint16_t i = 0; i < m->generated_count; i++) {
        const Vector *v;
        TRY(expr_eval(cx, generated, i, row, &row->sel, &n->batch, &v));
        row->cols[m->generated_columns[i]] = (Vector *)(uintptr_t)v;
    }
    return ST_OK;
}

Status modify_check_rows(Cx *cx, ExecNode *n, const Batch *row)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    TRY(check_not_null(cx, n->s, m->table, row));
    return m->check_count > 0 ? check_constraints(cx, n->s, m, r->checks, row, &n->batch) : ST_OK;
}

/* modify_compute_rows - the new rows of a batch, with their NOT NULL and CHECK constraints; those
 * of rows that BEFORE triggers have yet to see are tested after them. */
Status modify_compute_rows(Cx *cx, ExecNode *n, ExprRun *values, const Batch *in, Batch *row)
{
    const ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    for (uint16_t c = 0; c < m->table->column_count; c++) {
        const Vector *v;
        TRY(expr_eval(cx, values, c, in, &in->sel, &n->batch, &v));
        row->cols[c] = (Vector *)(uintptr_t)v;
    }
    row->col_count = m->table->column_count;
    row->count = in->count;
    row->sel = in->sel;
    if (modify_before_row(n, r->command == CMD_INSERT ? TRIGGER_INSERT : TRIGGER_UPDATE)) {
        return ST_OK;
    }
    TRY(modify_generated(cx, n, values == r->values_again ? r->generated_again : r->generated,
                         row));
    return modify_check_rows(cx, n, row);
}

/* keep_returning - RETURNING of the rows in `row` (their sel), computed beside the input they came
 * from. */
static Status keep_returning(Cx *cx, ExecNode *n, const Batch *row, const Batch *in)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    Vector *cols[TABLE_COLUMNS_MAX];
    r->affected += row->sel.count;
    if (m->returning_count == 0) {
        return ST_OK;
    }
    uint16_t tc = m->table->column_count;
    for (uint16_t c = 0; c < tc; c++) {
        r->both.cols[c] = row->cols[c];
    }
    for (uint16_t c = 0; c < in->col_count && c < n->left->plan->col_count; c++) {
        r->both.cols[tc + c] = in->cols[c];
    }
    r->both.col_count = (uint16_t)(tc + n->left->plan->col_count);
    r->both.count = row->count;
    r->both.sel = row->sel;
    Batch result = {
        .cols = cols, .col_count = m->returning_count, .count = row->count, .sel = row->sel};
    for (uint16_t i = 0; i < m->returning_count; i++) {
        const Vector *v;
        TRY(expr_eval(cx, r->returning, i, &r->both, &row->sel, &n->batch, &v));
        cols[i] = (Vector *)(uintptr_t)v;
    }
    return big_store_append(cx, &r->results, &result);
}

Status modify_row_inserted(Cx *cx, ExecNode *n, const Batch *in, const Batch *row, uint32_t at)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    uint16_t idx = (uint16_t)at;
    for (uint16_t i = 0; i < m->fk_count; i++) {
        keep_keys(&r->fk_keys[i], row, m->fks[i].child_columns, m->fks[i].column_count, at);
    }
    if (r->triggers != NULL) {
        TRY(trigger_after_row(cx, r->triggers, TRIGGER_INSERT, NULL, row, at));
    }
    Batch one = *row;
    one.sel = (Sel){&idx, 1};
    return keep_returning(cx, n, &one, in);
}

/* insert_computed - insert the rows that were computed and checked. */
static Status insert_computed(Cx *cx, ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    const Table *t = m->table->storage;
    if (m->conflict != CONFLICT_ERROR) {
        return conflict_insert(cx, n, in);
    }
    if (in->sel.count == 1) {
        RowValues v = {&r->row, in->sel.idx != NULL ? in->sel.idx[0] : 0};
        RowId id;
        return table_insert(cx, n->s->env.txn, t, &v, &id);
    }
    return table_insert_batch(cx, n->s->env.txn, t, &r->row, NULL);
}

/* insert_or_park - insert_computed; ST_BUSY: a transaction that has the key is waited for
 * (ExecEnv.park), and nothing is left of what this first batch has inserted. */
static Status insert_or_park(Cx *cx, ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    Txn *txn = n->s->env.txn;
    SavePoint before;
    txn_mark(txn, &before);
    txn->park = r->wrote ? NULL : n->s->env.park;
    Status st = insert_computed(cx, n, in);
    txn->park = NULL;
    if (st == ST_BUSY) {
        txn_undo_to_mark(cx, txn, &before);
    }
    r->wrote = true;
    return st;
}

/* insert_checked - insert the rows of r->row that `in` selects; keys for foreign keys are kept
 * until the statement's end. */
static Status insert_checked(Cx *cx, ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    TRY(insert_or_park(cx, n, in));
    if (m->conflict != CONFLICT_ERROR) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < m->fk_count; i++) {
        SEL_FOREACH(row, &in->sel)
        {
            keep_keys(&r->fk_keys[i], &r->row, m->fks[i].child_columns, m->fks[i].column_count,
                      row);
        }
    }
    for (uint32_t k = 0; r->triggers != NULL && k < in->sel.count; k++) {
        uint32_t row = in->sel.idx != NULL ? in->sel.idx[k] : k;
        TRY(trigger_after_row(cx, r->triggers, TRIGGER_INSERT, NULL, &r->row, row));
    }
    return keep_returning(cx, n, &r->row, in);
}

/* insert_each - the same row by row, each after its BEFORE triggers; of a view its INSTEAD OF
 * triggers are all there is. */
static Status insert_each(Cx *cx, ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    Batch all = r->row;
    Vector **cols = ARENA_ARRAY(&n->batch, Vector *, m->table->column_count + 1u);
    bool instead = m->table->storage == NULL;
    Status st = ST_OK;
    SEL_FOREACH(at, &in->sel)
    {
        uint16_t idx = (uint16_t)at;
        bool skip;
        Batch one = *in;
        memcpy(cols, all.cols, m->table->column_count * sizeof(Vector *));
        one.sel = (Sel){&idx, 1};
        r->row = all;
        r->row.cols = cols;
        r->row.sel = one.sel;
        TRY_OUT(trigger_change_row(cx, r->triggers, TRIGGER_INSERT,
                                   instead ? TRIGGER_INSTEAD : TRIGGER_BEFORE, NULL, &r->row, at,
                                   &n->batch, &skip));
        if (!skip && instead) {
            TRY_OUT(keep_returning(cx, n, &r->row, &one));
        } else if (!skip) {
            TRY_OUT(modify_generated(cx, n, r->generated, &r->row));
            TRY_OUT(modify_check_rows(cx, n, &r->row));
            TRY_OUT(insert_checked(cx, n, &one));
        }
    }
out:
    r->row.cols = all.cols;
    return st;
}

Status modify_insert(Cx *cx, ExecNode *n, ExprRun *values, const Batch *in)
{
    ModifyRun *r = n->priv;
    TRY(modify_compute_rows(cx, n, values, in, &r->row));
    return modify_before_row(n, TRIGGER_INSERT) ? insert_each(cx, n, in)
                                                : insert_checked(cx, n, in);
}

Status modify_conflict_failure(Cx *cx, WriteOutcome o)
{
    return err_set(cx, ERRCODE_T_R_SERIALIZATION_FAILURE,
                   "could not serialize access due to concurrent %s",
                   o == WRITE_DELETED_MEANWHILE ? "delete" : "update");
}

/* write_row - update or delete one row under a snapshot. ST_BUSY: the statement has changed nothing
 * yet, waits for the row (ExecEnv.park) and is to be run again. */
static Status write_row(Cx *cx, ExecNode *n, const Snapshot *snap, RowId id, const Batch *row,
                        uint32_t at, const bool *changed, WriteOutcome *outcome)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    Txn *txn = n->s->env.txn;
    Status st;
    txn->park = r->wrote ? NULL : n->s->env.park;
    if (r->command == CMD_DELETE) {
        st = table_delete(cx, txn, snap, m->table->storage, id, outcome);
    } else {
        RowValues v = {row, at};
        st = table_update(cx, txn, snap, m->table->storage, id, &v, changed, outcome);
    }
    txn->park = NULL;
    r->wrote = r->wrote || st != ST_OK || *outcome == WRITE_DONE;
    return st;
}

Status modify_row_written(Cx *cx, ExecNode *n, const Batch *in, const Batch *old, uint32_t old_at,
                          const Batch *row, uint32_t at)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    uint16_t idx = (uint16_t)at;
    for (uint16_t i = 0; r->command != CMD_DELETE && i < m->fk_count; i++) {
        if (fk_child_owes(&m->fks[i], old, old_at, row, at)) {
            keep_keys(&r->fk_keys[i], row, m->fks[i].child_columns, m->fks[i].column_count, at);
        }
    }
    for (uint16_t i = 0; i < m->ref_count; i++) {
        if ((m->refs[i].event == TRIGGER_DELETE) != (r->command == CMD_DELETE)) {
            continue;
        }
        keep_keys(&r->ref_old[i], old, m->refs[i].parent_columns, m->refs[i].column_count, old_at);
        if (r->command != CMD_DELETE) {
            keep_keys(&r->ref_new[i], row, m->refs[i].parent_columns, m->refs[i].column_count, at);
        }
    }
    if (r->triggers != NULL) {
        bool gone = r->command == CMD_DELETE;
        TRY(trigger_after_row(cx, r->triggers, gone ? TRIGGER_DELETE : TRIGGER_UPDATE, old,
                              gone ? NULL : row, at));
    }
    Batch one = *row;
    one.sel = (Sel){&idx, 1};
    return keep_returning(cx, n, &one, in);
}

/* modify_write_one - update or delete a row, after its BEFORE triggers, and what follows from it;
 * `row` is r->old for DELETE. */
Status modify_write_one(Cx *cx, ExecNode *n, const Snapshot *snap, RowId id, const Batch *in,
                        const Batch *row, uint32_t at, WriteOutcome *outcome)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    Batch made = *row;
    bool skip = false;
    const bool *changed = r->set;
    bool before = modify_before_row(n, r->command == CMD_DELETE ? TRIGGER_DELETE : TRIGGER_UPDATE);
    if (before) {
        made.cols = ARENA_ARRAY(&n->batch, Vector *, m->table->column_count + 1u);
        memcpy(made.cols, row->cols, m->table->column_count * sizeof(Vector *));
        TRY(modify_fire_before(cx, n, snap, id, &made, at, &changed, outcome, &skip));
        if (skip || *outcome != WRITE_DONE) {
            return ST_OK;
        }
    }
    TRY(write_row(cx, n, snap, id, &made, at, changed, outcome));
    if (*outcome != WRITE_DONE) {
        const char *what = m->command == CMD_MERGE    ? "updated or deleted"
                           : r->command == CMD_DELETE ? "deleted"
                                                      : "updated";
        return before ? modify_self_changed(cx, n, id, *outcome, what) : ST_OK;
    }
    if (before) {
        trigger_own_row(r->triggers, id);
    }
    return modify_row_written(cx, n, in, &r->old, at, &made, at);
}

/* modify_set_old - the target table's columns among the input's, wherever a join has put them. */
void modify_set_old(ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    for (uint16_t c = 0; c < m->table->column_count; c++) {
        r->old.cols[c] = in->cols[m->old_columns[c]];
    }
    r->old.col_count = m->table->column_count;
    r->old.count = in->count;
    r->old.sel = in->sel;
}

/* recheck_write - the newest version under r->fresh: tested again with the rest of row `at`, and
 * written. ST_NOTFOUND: it is gone. */
static Status recheck_write(Cx *cx, ExecNode *n, const Batch *in, uint32_t at, RowId id,
                            WriteOutcome *outcome)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    const Batch *row = &r->old;
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
    if (!holds) {
        *outcome = WRITE_DONE; /* no longer meant */
        return ST_OK;
    }
    modify_set_old(n, &r->one);
    if (m->command == CMD_UPDATE) {
        TRY(modify_compute_rows(cx, n, r->values_again, &r->one, &r->row_again));
        row = &r->row_again;
    }
    return modify_write_one(cx, n, &r->fresh, id, &r->one, row, 0, outcome);
}

/* recheck_row - a row changed meanwhile, until it stays. */
static Status recheck_row(Cx *cx, ExecNode *n, const Batch *in, uint32_t at, RowId id)
{
    ModifyRun *r = n->priv;
    WriteOutcome outcome = WRITE_UPDATED_MEANWHILE;
    while (outcome == WRITE_UPDATED_MEANWHILE) {
        TRY(cx_check(cx));
        snapshot_take(n->s->env.txn->sys, n->s->env.txn, &r->fresh);
        r->fresh.cid = n->s->env.snapshot->cid;
        Status st = recheck_write(cx, n, in, at, id, &outcome);
        snapshot_release(&r->fresh);
        if (st == ST_NOTFOUND) {
            break;
        }
        TRY(st);
    }
    row_wait_over(n->s->env.txn); /* if it is no longer meant */
    return ST_OK;
}

/* crosscheck_row - REPEATABLE READ: a row that a foreign key changes is one the transaction knows.
 */
static Status crosscheck_row(Cx *cx, ExecNode *n, RowId id)
{
    const PlanModify *m = &n->plan->u.modify;
    WriteOutcome outcome;
    TRY(table_lock_row(cx, n->s->env.txn, n->s->env.crosscheck, m->table->storage, id,
                       m->command == CMD_DELETE || m->key_update ? ROWLOCK_UPDATE
                                                                 : ROWLOCK_NO_KEY_UPDATE,
                       WAIT_BLOCK, &outcome));
    return outcome == WRITE_UPDATED_MEANWHILE || outcome == WRITE_DELETED_MEANWHILE
               ? modify_conflict_failure(cx, outcome)
               : ST_OK;
}

/* write_instead - UPDATE or DELETE of a view: its INSTEAD OF triggers are all there is. */
static Status write_instead(Cx *cx, ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    bool update = m->command == CMD_UPDATE;
    const Batch *rows = update ? &r->row : &r->old;
    Vector **cols = ARENA_ARRAY(&n->batch, Vector *, m->table->column_count + 1u);
    SEL_FOREACH(at, &in->sel)
    {
        uint16_t idx = (uint16_t)at;
        bool skip;
        Batch one = *rows;
        memcpy(cols, rows->cols, m->table->column_count * sizeof(Vector *));
        one.cols = cols;
        one.sel = (Sel){&idx, 1};
        TRY(trigger_change_row(cx, r->triggers, update ? TRIGGER_UPDATE : TRIGGER_DELETE,
                               TRIGGER_INSTEAD, &r->old, update ? &one : NULL, at, &n->batch,
                               &skip));
        if (!skip) {
            TRY(keep_returning(cx, n, &one, in));
        }
    }
    return ST_OK;
}

/* write_batch - UPDATE or DELETE the rows of a batch. READ COMMITTED checks one changed meanwhile
 * again, or asks for a restart of the statement; above it such a row is an error. */
static Status write_batch(Cx *cx, ExecNode *n, const Batch *in)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    const Batch *row = m->command == CMD_UPDATE ? &r->row : &r->old;
    modify_set_old(n, in);
    if (m->command == CMD_UPDATE) {
        TRY(modify_compute_rows(cx, n, r->values, in, &r->row));
    }
    if (m->table->storage == NULL) {
        return write_instead(cx, n, in);
    }
    SEL_FOREACH(at, &in->sel)
    {
        RowId id = (RowId)vec_int(in->cols[m->target.rowid_column], at);
        WriteOutcome outcome;
        if (n->s->env.crosscheck != NULL) {
            TRY(crosscheck_row(cx, n, id));
        }
        TRY(modify_write_one(cx, n, n->s->env.snapshot, id, in, row, at, &outcome));
        if (outcome == WRITE_DONE || outcome == WRITE_SELF_CHANGED) {
            continue;
        }
        if (n->s->env.txn->isolation != ISO_READ_COMMITTED) {
            return modify_conflict_failure(cx, outcome);
        }
        if (outcome == WRITE_DELETED_MEANWHILE) {
            continue;
        }
        TRY(recheck_row(cx, n, in, at, id));
        modify_set_old(n, in);
    }
    return ST_OK;
}

/* modify_all - every row. What is owed to constraints waits for the statement's end: others of its
 * parts (WITH) may make good what this one has broken. */
static Status modify_all(Cx *cx, ExecNode *n)
{
    ModifyRun *r = n->priv;
    const Batch *b;
    Status st = ST_OK;
    while ((st = n->left->next(cx, n->left, VEC_CAPACITY, &b)) == ST_OK) {
        arena_clear(&n->batch);
        switch (n->plan->u.modify.command) {
        case CMD_INSERT: TRY(modify_insert(cx, n, r->values, b)); break;
        case CMD_MERGE: TRY(merge_batch(cx, n, b)); break;
        default: TRY(write_batch(cx, n, b)); break;
        }
    }
    if (st != ST_DONE) {
        return st;
    }
    TRY(modify_after_statement(cx, n));
    if (n->s->due_first == NULL) {
        n->s->due_first = n;
    } else {
        ((ModifyRun *)n->s->due_last->priv)->next_due = n;
    }
    n->s->due_last = n;
    r->next_due = NULL;
    return n == n->s->root ? exec_statement_end(cx, n->s) : ST_OK;
}

static Status modify_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    ModifyRun *r = n->priv;
    if (!r->finished) {
        TRY(txn_start_write(cx, n->s->env.txn));
        TRY(modify_before_statement(cx, n));
        TRY(modify_all(cx, n));
        r->finished = true;
        n->s->affected += r->affected;
    }
    return big_read(cx, &r->reader, &r->results, max_rows, out);
}

/* modify_end - what RETURNING and triggers put on disk goes with the statement. */
static void modify_end(ExecNode *n)
{
    arena_clear(&((ModifyRun *)n->priv)->returned);
    trigger_run_end(((ModifyRun *)n->priv)->triggers);
}

Status modify_create(Cx *cx, ExecNode *n)
{
    const PlanModify *m = &n->plan->u.modify;
    Arena *a = &n->s->arena;
    ModifyRun *r = ARENA_NEW(a, ModifyRun);
    n->priv = r;
    n->start = modify_start;
    n->next = modify_next;
    n->end = modify_end;
    arena_init(&r->returned, a, "returned rows", 0);
    big_reader_init(&r->reader, n->s);
    r->row.cols = ARENA_ARRAY(a, Vector *, m->table->column_count + 1u);
    r->row_again.cols = ARENA_ARRAY(a, Vector *, m->table->column_count + 1u);
    r->old.cols = ARENA_ARRAY(a, Vector *, m->table->column_count + 1u);
    r->both.cols =
        ARENA_ARRAY(a, Vector *, (uint32_t)m->table->column_count + n->left->plan->col_count + 1u);
    r->fk_keys = ARENA_ARRAY(a, RowStore, m->fk_count + 1u);
    r->ref_old = ARENA_ARRAY(a, RowStore, m->ref_count + 1u);
    r->ref_new = ARENA_ARRAY(a, RowStore, m->ref_count + 1u);
    for (uint16_t i = 0; i < m->fk_count; i++) {
        r->fk_keys[i].types =
            key_phys(n, m->table, m->fks[i].child_columns, m->fks[i].column_count);
    }
    for (uint16_t i = 0; i < m->ref_count; i++) {
        r->ref_old[i].types =
            key_phys(n, m->table, m->refs[i].parent_columns, m->refs[i].column_count);
    }
    if (m->command != CMD_INSERT) {
        batch_init(&r->one, n->left->plan->phys, n->left->plan->col_count, a);
        recheck_batch_init(&r->newest, &m->target, n->left->plan->phys, a);
        TRY(run_create(cx, n, m->values, &r->values_again));
    }
    TRY(run_create(cx, n, m->values, &r->values));
    TRY(run_create(cx, n, m->generated, &r->generated));
    TRY(run_create(cx, n, m->generated, &r->generated_again));
    TRY(run_create(cx, n, m->checks, &r->checks));
    TRY(run_create(cx, n, m->returning, &r->returning));
    TRY(conflict_create(cx, n));
    TRY(merge_actions_create(cx, n));
    TRY(trigger_run_create(cx, n->s, a, m->triggers, &r->triggers));
    r->changed_now = ARENA_ARRAY(a, bool, m->table->column_count + 1u);
    return run_create(cx, n, m->recheck.prog, &r->recheck);
}
