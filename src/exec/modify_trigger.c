/*
 * modify_trigger.c - triggers around INSERT, UPDATE, DELETE and MERGE.
 *
 * A row with BEFORE triggers is locked first, as it is the newest version that they are to see. Who
 * changes the very row that is about to change gets an error, for one of the two changes would be
 * lost.
 */
#include "exec/fk_action.h"

/* statement_events - the kinds of changes that the statement may make. */
static int16_t statement_events(const PlanModify *m)
{
    int16_t events = m->command == CMD_INSERT   ? TRIGGER_INSERT
                     : m->command == CMD_UPDATE ? TRIGGER_UPDATE
                     : m->command == CMD_DELETE ? TRIGGER_DELETE
                                                : 0;
    for (uint16_t i = 0; i < m->action_count; i++) {
        events |= m->actions[i].command == CMD_INSERT   ? TRIGGER_INSERT
                  : m->actions[i].command == CMD_UPDATE ? TRIGGER_UPDATE
                  : m->actions[i].command == CMD_DELETE ? TRIGGER_DELETE
                                                        : 0;
    }
    return (int16_t)(events | (m->conflict == CONFLICT_UPDATE ? TRIGGER_UPDATE : 0));
}

Status modify_before_statement(Cx *cx, ExecNode *n)
{
    static const int16_t ORDER[] = {TRIGGER_INSERT, TRIGGER_UPDATE, TRIGGER_DELETE};
    ModifyRun *r = n->priv;
    int16_t events = statement_events(&n->plan->u.modify);
    for (size_t i = 0; r->triggers != NULL && i < ARRAY_LEN(ORDER); i++) {
        if ((events & ORDER[i]) != 0) {
            TRY(trigger_before_statement(cx, r->triggers, ORDER[i]));
        }
    }
    return ST_OK;
}

Status modify_after_statement(Cx *cx, ExecNode *n)
{
    static const int16_t ORDER[] = {TRIGGER_DELETE, TRIGGER_UPDATE, TRIGGER_INSERT};
    ModifyRun *r = n->priv;
    int16_t events = statement_events(&n->plan->u.modify);
    for (size_t i = 0; r->triggers != NULL && i < ARRAY_LEN(ORDER); i++) {
        if ((events & ORDER[i]) != 0) {
            TRY(trigger_after_statement(cx, r->triggers, ORDER[i]));
        }
    }
    return ST_OK;
}

Status modify_self_changed(Cx *cx, ExecNode *n, RowId id, WriteOutcome outcome, const char *what)
{
    ModifyRun *r = n->priv;
    if (outcome != WRITE_SELF_CHANGED || trigger_was_own(r->triggers, id)) {
        return ST_OK;
    }
    st_ignore(
        err_set(cx, ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
                "tuple to be %s was already modified by an operation triggered by the current "
                "command",
                what));
    return err_hint(cx, "Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
                        "changes to other rows.");
}

/* value_same - the same bytes. */
static bool value_same(const Vector *a, const Vector *b, uint32_t at)
{
    bool null_a = vec_is_null(a, at), null_b = vec_is_null(b, at);
    if (null_a || null_b) {
        return null_a == null_b;
    }
    Datum x = vec_get(a, at), y = vec_get(b, at);
    return a->phys == PHYS_STR ? str_eq(&x.str, &y.str) : memcmp(&x, &y, phys_bytes(a->phys)) == 0;
}

const bool *modify_changed_now(ExecNode *n, const bool *set, const Batch *old, const Batch *row,
                               uint32_t at)
{
    ModifyRun *r = n->priv;
    const CatTable *t = n->plan->u.modify.table;
    for (uint16_t c = 0; c < t->column_count; c++) {
        r->changed_now[c] = set == NULL || set[c] || !value_same(old->cols[c], row->cols[c], at);
    }
    return r->changed_now;
}

Status modify_fire_before(Cx *cx, ExecNode *n, const Snapshot *snap, RowId id, Batch *row,
                          uint32_t at, const bool **changed, WriteOutcome *outcome, bool *skip_out)
{
    ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    bool update = r->command == CMD_UPDATE;
    uint16_t idx[1] = {(uint16_t)at};
    *skip_out = false;
    TRY(table_lock_row(cx, n->s->env.txn, snap, m->table->storage, id,
                       update && !m->key_update ? ROWLOCK_NO_KEY_UPDATE : ROWLOCK_UPDATE,
                       WAIT_BLOCK, outcome));
    if (*outcome != WRITE_DONE) {
        return modify_self_changed(cx, n, id, *outcome, "updated");
    }
    TRY(trigger_before_row(cx, r->triggers, update ? TRIGGER_UPDATE : TRIGGER_DELETE, &r->old,
                           update ? row : NULL, at, &n->batch, skip_out));
    if (*skip_out || !update) {
        return ST_OK;
    }
    Batch one = *row;
    one.sel = (Sel){idx, 1};
    TRY(modify_generated(cx, n, r->generated, &one));
    *changed = modify_changed_now(n, r->set, &r->old, row, at);
    return modify_check_rows(cx, n, &one);
}
