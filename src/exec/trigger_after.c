/*
 * trigger_after.c - AFTER triggers at the end of the statement, and of the transaction: rows in the
 * order they were changed, for each the triggers by name; then the statement's.
 */
#include "exec/fk_action.h"

/* TriggerLater - a call of a deferred constraint trigger. */
struct TriggerLater {
    const struct TriggerLater *next; /* older; never changed */
    Oid table, trigger, constraint;
    int16_t event;
    uint16_t column_count;
    const TriggerRow *old_row, *new_row;
};

static CatConstraint trigger_constraint(const CatTrigger *g)
{
    return (CatConstraint){
        .oid = g->constraint, .deferrable = g->deferrable, .deferred = g->deferred};
}

/* row_keep - a row as long as the arena lives. */
static const TriggerRow *row_keep(const CatTable *t, const TriggerRow *r, Arena *arena)
{
    if (r == NULL) {
        return NULL;
    }
    Datum *values = arena_memdup(arena, r->values, (t->column_count + 1u) * sizeof(Datum));
    for (uint16_t c = 0; c < t->column_count; c++) {
        if (t->storage->columns[c].phys == PHYS_STR &&
            !r->nulls[c]) { /* a table: no view has them */
            values[c].str = str_copy(arena, str_ptr(&r->values[c].str), r->values[c].str.len);
        }
    }
    TriggerRow *out = ARENA_NEW(arena, TriggerRow);
    *out =
        (TriggerRow){values, arena_memdup(arena, r->nulls, (t->column_count + 1u) * sizeof(bool))};
    return out;
}

/* later_add - put the call off until the transaction's end. */
static void later_add(FkDeferred *d, const CatTrigger *g, int16_t event, const TriggerCall *call)
{
    struct TriggerLater *l = ARENA_NEW(d->arena, struct TriggerLater);
    *l = (struct TriggerLater){.next = d->modes.triggers,
                               .table = call->table->oid,
                               .trigger = g->oid,
                               .constraint = g->constraint,
                               .event = event,
                               .column_count = call->table->column_count,
                               .old_row = row_keep(call->table, call->old_row, d->arena),
                               .new_row = row_keep(call->table, call->new_row, d->arena)};
    d->modes.triggers = l;
    fk_pending_add(d, l->table, l->constraint);
}

/* call_transitions - the transition tables that the trigger names. */
static void call_transitions(const TriggerAfter *a, const CatTrigger *g, int16_t event,
                             TriggerCall *call)
{
    bool update = event == TRIGGER_UPDATE;
    const RowStore *old = update ? a->updated_old : a->deleted;
    const RowStore *now = update ? a->updated_new : a->inserted;
    if (g->old_table != NULL && old != NULL) {
        TransitionRows *rows = ARENA_NEW(call->arena, TransitionRows);
        *rows = (TransitionRows){g->old_table, (const Batch *const *)old->chunks, old->chunk_count};
        call->old_rows = rows;
    }
    if (g->new_table != NULL && now != NULL) {
        TransitionRows *rows = ARENA_NEW(call->arena, TransitionRows);
        *rows = (TransitionRows){g->new_table, (const Batch *const *)now->chunks, now->chunk_count};
        call->new_rows = rows;
    }
}

/* after_call - one call, or its postponement. */
static Status after_call(Cx *cx, const TriggerAfter *a, const ExecEnv *env, const CatTrigger *g,
                         int16_t event, TriggerCall *call)
{
    CatConstraint con = trigger_constraint(g);
    if (con.oid != OID_INVALID && fk_is_deferred(env->deferred, &con)) {
        later_add(env->deferred, g, event, call);
        return ST_OK;
    }
    call_transitions(a, g, event, call);
    TRY(txn_next_command(cx, env->txn));
    return trigger_call(cx, env, call);
}

/* fire_row - the triggers noted for one row. */
static Status fire_row(Cx *cx, const TriggerAfter *a, const ExecEnv *env, const Batch *b,
                       uint32_t at, Arena *arena)
{
    const CatTable *t = a->plan->table;
    uint16_t count = t->column_count;
    Batch now = *b;
    now.cols += count;
    uint64_t due = (uint64_t)vec_int(b->cols[2 * count], at);
    int16_t event = (int16_t)vec_int(b->cols[2 * count + 1], at);
    for (uint16_t i = 0; i < a->plan->count; i++) {
        if ((due >> i & 1) == 0) {
            continue;
        }
        arena_clear(arena);
        TriggerCall call = trigger_begin_call(t, a->plan->list[i], event, arena);
        if (event != TRIGGER_INSERT) {
            call.old_row = trigger_row_of(t, b, at, arena);
        }
        if (event != TRIGGER_DELETE) {
            call.new_row = trigger_row_of(t, &now, at, arena);
        }
        TRY(after_call(cx, a, env, a->plan->list[i], event, &call));
    }
    return ST_OK;
}

/* fire_statement - the FOR EACH STATEMENT triggers of one event. */
static Status fire_statement(Cx *cx, const TriggerAfter *a, const ExecEnv *env, int16_t event,
                             Arena *arena)
{
    uint64_t due = a->statement[trigger_event_number(event)];
    for (uint16_t i = 0; i < a->plan->count; i++) {
        if ((due >> i & 1) == 0) {
            continue;
        }
        arena_clear(arena);
        TriggerCall call = trigger_begin_call(a->plan->table, a->plan->list[i], event, arena);
        TRY(after_call(cx, a, env, a->plan->list[i], event, &call));
    }
    return ST_OK;
}

bool trigger_after_owes(const TriggerAfter *a)
{
    return (a->begun && a->rows.rows > 0) || (a->statement[0] | a->statement[1] | a->statement[2]);
}

/* fire_statements - the statement's triggers. */
static Status fire_statements(Cx *cx, const TriggerAfter *a, const ExecEnv *env, Arena *arena)
{
    TRY(fire_statement(cx, a, env, TRIGGER_DELETE, arena));
    TRY(fire_statement(cx, a, env, TRIGGER_UPDATE, arena));
    return fire_statement(cx, a, env, TRIGGER_INSERT, arena);
}

Status trigger_after_fire(Cx *cx, TriggerAfter *a, const ExecEnv *env, TriggerPart part)
{
    Arena arena;
    Status st = ST_OK;
    arena_init(&arena, a->arena, "trigger", 0);
    if (part != TRIGGER_PART_STATEMENT && a->begun && a->rows.rows > 0) {
        BigReader reader = {0};
        const Batch *b;
        big_reader_init(&reader, a->s);
        while ((st = big_read(cx, &reader, &a->rows, VEC_CAPACITY, &b)) == ST_OK) {
            SEL_FOREACH(at, &b->sel)
            {
                TRY_OUT(fire_row(cx, a, env, b, at, &arena));
            }
        }
        if (st != ST_DONE) {
            goto out;
        }
    }
    st = part != TRIGGER_PART_ROWS ? fire_statements(cx, a, env, &arena) : ST_OK;
out:
    arena_release(&arena);
    return st;
}

/* ---- at the transaction's end ---- */

/* later_fire - one call that was put off; a table or trigger that is gone has none. */
static Status later_fire(Cx *cx, const struct TriggerLater *l, const ExecEnv *env, Arena *arena)
{
    const CatTable *t;
    const CatTrigger *g = NULL;
    Status st = cat_table_by_oid(cx, env->view, l->table, &t);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        g = t->triggers[i].oid == l->trigger ? &t->triggers[i] : g;
    }
    if (g == NULL || t->column_count != l->column_count) {
        return ST_OK;
    }
    TriggerCall call = trigger_begin_call(t, g, l->event, arena);
    call.old_row = l->old_row;
    call.new_row = l->new_row;
    TRY(txn_next_command(cx, env->txn));
    return trigger_call(cx, env, &call);
}

bool trigger_deferred_any(const FkDeferred *d, Oid constraint)
{
    const struct TriggerLater *l = d->modes.triggers;
    while (l != NULL && constraint != 0 && l->constraint != constraint) {
        l = l->next;
    }
    return l != NULL;
}

/* trigger_deferred_fire - make the calls that were put off so far (constraint 0: all), oldest
 * first. The list is made anew instead of changed: a savepoint may still bring the old one back. */
Status trigger_deferred_fire(Cx *cx, FkDeferred *d, const ExecEnv *env, Oid constraint)
{
    const struct TriggerLater **due;
    uint32_t count = 0, n = 0;
    for (const struct TriggerLater *l = d->modes.triggers; l != NULL; l = l->next) {
        count++;
    }
    due = ARENA_ARRAY(d->arena, const struct TriggerLater *, count + 1);
    for (const struct TriggerLater *l = d->modes.triggers; l != NULL; l = l->next) {
        due[n++] = l;
    }
    d->modes.triggers = NULL;
    for (uint32_t i = count; i-- > 0;) { /* those that stay, oldest first */
        if (constraint != 0 && due[i]->constraint != constraint) {
            struct TriggerLater *copy = ARENA_NEW(d->arena, struct TriggerLater);
            *copy = *due[i];
            copy->next = d->modes.triggers;
            d->modes.triggers = copy;
        }
    }
    Arena arena;
    Status st = ST_OK;
    arena_init(&arena, d->arena, "deferred triggers", 0);
    for (uint32_t i = count; st == ST_OK && i-- > 0;) {
        if (constraint == 0 || due[i]->constraint == constraint) {
            arena_clear(&arena);
            st = later_fire(cx, due[i], env, &arena);
        }
    }
    arena_release(&arena);
    return st;
}
