/*
 * trigger_row.c - triggers while a statement changes rows: BEFORE ones are called at once, AFTER
 * ones noted, each with its condition tested now.
 */
#include "exec/fk_action.h"

Status trigger_run_create(Cx *cx, ExecState *s, Arena *arena, const PlanTriggers *plan,
                          TriggerRun **out)
{
    *out = NULL;
    if (plan == NULL) {
        return ST_OK;
    }
    uint16_t count = plan->table->column_count;
    TriggerRun *t = *out = ARENA_NEW(arena, TriggerRun);
    t->plan = plan;
    t->s = s;
    t->pair.cols = ARENA_ARRAY(arena, Vector *, 2u * count + 1u);
    t->pair.col_count = (uint16_t)(2 * count);
    t->changed = ARENA_ARRAY(arena, bool, count + 1u);
    if ((plan->before_row | plan->instead_row) != 0) {
        batch_init(&t->made, plan->phys, count, arena);
    }
    arena_init(&t->call, arena, "trigger", 0);
    arena_init(&t->rows, arena, "trigger rows", 0);
    return plan->when_prog != NULL ? expr_run_create(cx, arena, plan->when_prog, &t->when) : ST_OK;
}

/* rows_new - an empty transition table. */
static RowStore *rows_new(TriggerAfter *a)
{
    RowStore *r = ARENA_NEW(a->arena, RowStore);
    row_store_init(r, a->arena, a->types, a->plan->table->column_count);
    return r;
}

/* after_begin - ready to note rows; transition tables are made when a trigger names them. */
static void after_begin(TriggerAfter *a)
{
    uint16_t count = a->plan->table->column_count;
    if (a->begun) {
        return;
    }
    a->begun = true;
    a->types = ARENA_ARRAY(a->arena, PhysType, 2u * count + 2u);
    for (uint16_t c = 0; c < count; c++) {
        a->types[c] = a->types[count + c] = a->plan->phys[c];
    }
    a->types[2 * count] = a->types[2 * count + 1] = PHYS_I64;
    big_store_init(&a->rows, a->s, a->arena, a->types, (uint16_t)(2 * count + 2));
    for (uint16_t i = 0; i < a->plan->count; i++) {
        const CatTrigger *g = a->plan->list[i];
        bool update = (g->type & TRIGGER_UPDATE) != 0;
        RowStore **old = update ? &a->updated_old : &a->deleted;
        RowStore **now = update ? &a->updated_new : &a->inserted;
        if (g->old_table != NULL && *old == NULL) {
            *old = rows_new(a);
        }
        if (g->new_table != NULL && *now == NULL) {
            *now = rows_new(a);
        }
    }
}

TriggerAfter *trigger_after_new(const PlanTriggers *plan, ExecState *s, Arena *arena)
{
    TriggerAfter *a = ARENA_NEW(arena, TriggerAfter);
    *a = (TriggerAfter){.plan = plan, .s = s, .arena = arena};
    return a;
}

void trigger_run_start(TriggerRun *t)
{
    if (t == NULL) {
        return;
    }
    const ExecEnv *env = &t->s->env;
    arena_clear(&t->rows);
    if (t->when != NULL) {
        expr_run_reset(t->when, &t->s->expr_env);
    }
    t->own = ARENA_NEW(&t->rows, KeyTable);
    key_table_init(t->own, &t->rows, true);
    t->after = env->fk_queue != NULL ? fk_queue_after(env->fk_queue, t->plan)
                                     : trigger_after_new(t->plan, t->s, &t->rows);
}

void trigger_run_end(TriggerRun *t)
{
    if (t != NULL) {
        arena_clear(&t->call);
        arena_clear(&t->rows);
    }
}

void trigger_own_row(TriggerRun *t, RowId id)
{
    bool added;
    key_table_add_int(t->own, (int64_t)id, &added);
}

bool trigger_was_own(const TriggerRun *t, RowId id)
{
    return t->own->count > 0 && key_table_find_int(t->own, (int64_t)id) != KEY_NONE;
}

/* ---- which triggers ---- */

/* trigger_of_changed - UPDATE OF: is one of its columns set by the statement? */
static bool trigger_of_changed(const PlanTriggers *p, const CatTrigger *g, int16_t event)
{
    bool found = event != TRIGGER_UPDATE || g->column_count == 0 || p->changed == NULL;
    for (uint16_t i = 0; i < g->column_count && !found; i++) {
        found = p->changed[g->columns[i] - 1];
    }
    return found;
}

bool trigger_is_due(const ExecEnv *env, const PlanTriggers *p, uint16_t i, int16_t event,
                    int16_t kind)
{
    enum { KIND = TRIGGER_ROW | TRIGGER_BEFORE | TRIGGER_INSTEAD };
    const CatTrigger *g = p->list[i];
    return !env->no_triggers && (g->type & KIND) == kind && (g->type & event) != 0 &&
           trigger_fires(env, g->enabled) && trigger_of_changed(p, g, event);
}

/* when_holds - the condition over the old and new row in t->pair; a statement's has neither. */
static Status when_holds(Cx *cx, TriggerRun *t, uint16_t i, uint32_t at, bool *holds_out)
{
    uint16_t idx[1] = {(uint16_t)at}, kept[VEC_CAPACITY];
    Sel one = {idx, 1}, keep = {NULL, 1};
    *holds_out = true;
    if (t->plan->when[i] < 0) {
        return ST_OK;
    }
    t->pair.count = (uint16_t)(at + 1);
    t->pair.sel = one;
    TRY(expr_filter(cx, t->when, (uint32_t)t->plan->when[i], &t->pair, &one, &t->call, kept,
                    &keep));
    *holds_out = keep.count > 0;
    return ST_OK;
}

/* pair_set - the rows that conditions look at; of the one that is not there nobody asks. */
static void pair_set(TriggerRun *t, const Batch *old, const Batch *row)
{
    uint16_t count = t->plan->table->column_count;
    for (uint16_t c = 0; c < count; c++) {
        t->pair.cols[c] = (old != NULL ? old : row)->cols[c];
        t->pair.cols[count + c] = (row != NULL ? row : old)->cols[c];
    }
}

/* ---- before ---- */

/* statement_due - which FOR EACH STATEMENT triggers of a kind are to fire, as bits. */
static Status statement_due(Cx *cx, TriggerRun *t, int16_t event, int16_t kind, uint64_t *due_out)
{
    *due_out = 0;
    for (uint16_t i = 0; i < t->plan->count; i++) {
        bool holds = false;
        if (trigger_is_due(&t->s->env, t->plan, i, event, kind)) {
            arena_clear(&t->call);
            TRY(when_holds(cx, t, i, 0, &holds));
        }
        *due_out |= holds ? (uint64_t)1 << i : 0;
    }
    return ST_OK;
}

/* statement_now - fire the statement's triggers of a kind; conditions are tested one by one. */
static Status statement_now(Cx *cx, TriggerRun *t, int16_t event, int16_t kind)
{
    for (uint16_t i = 0; i < t->plan->count; i++) {
        bool holds;
        if (!trigger_is_due(&t->s->env, t->plan, i, event, kind)) {
            continue;
        }
        arena_clear(&t->call);
        TRY(when_holds(cx, t, i, 0, &holds));
        TriggerCall call = trigger_begin_call(t->plan->table, t->plan->list[i], event, &t->call);
        if (holds) {
            TRY(trigger_call(cx, &t->s->env, &call));
        }
    }
    return ST_OK;
}

Status trigger_before_statement(Cx *cx, TriggerRun *t, int16_t event)
{
    const ExecEnv *env = &t->s->env;
    if ((t->plan->before_statement & event) == 0 ||
        (env->fk_queue != NULL && fk_queue_fired(env->fk_queue, t->plan->table->oid, event))) {
        return ST_OK;
    }
    return statement_now(cx, t, event, TRIGGER_BEFORE);
}

Status exec_truncate_triggers(Cx *cx, const ExecEnv *env, Arena *arena, const CatTable *table,
                              bool before)
{
    const PlanTriggers *plan;
    TriggerRun *t;
    TRY(plan_triggers(cx, env->view, env->type_env, arena, table, TRIGGER_TRUNCATE, NULL,
                      env->extra_fn, &plan));
    if (plan == NULL) {
        return ST_OK;
    }
    ExecState *s = ARENA_NEW(arena, ExecState);
    s->env = *env;
    s->expr_env = (ExprEnv){.type_env = env->type_env, .extra_fn = env->extra_fn};
    TRY(trigger_run_create(cx, s, arena, plan, &t));
    trigger_run_start(t);
    return before ? statement_now(cx, t, TRIGGER_TRUNCATE, TRIGGER_BEFORE)
                  : statement_now(cx, t, TRIGGER_TRUNCATE, 0);
}

/* row_replace - the row that a trigger gave becomes row `at`. */
static void row_replace(TriggerRun *t, const TriggerCall *given, Batch *row, uint32_t at,
                        Arena *arena)
{
    const CatTable *table = t->plan->table;
    for (uint16_t c = 0; c < table->column_count; c++) {
        Vector *v = t->made.cols[c];
        Datum d = given->values[c];
        bool is_null = given->nulls[c] || table->columns[c].dropped;
        if (v->phys == PHYS_STR && !is_null) {
            d.str = str_copy(arena, str_ptr(&given->values[c].str), given->values[c].str.len);
        }
        vec_reset(v);
        if (is_null) {
            vec_set_null(v, at);
        } else {
            vec_put(v, at, &d);
        }
        row->cols[c] = v;
    }
}

Status trigger_change_row(Cx *cx, TriggerRun *t, int16_t event, int16_t kind, const Batch *old,
                          Batch *row, uint32_t at, Arena *arena, bool *skip_out)
{
    const CatTable *table = t->plan->table;
    const ExecEnv *env = &t->s->env;
    *skip_out = false;
    for (uint16_t i = 0; i < t->plan->count && !*skip_out; i++) {
        bool holds;
        if (!trigger_is_due(env, t->plan, i, event, TRIGGER_ROW | kind)) {
            continue;
        }
        arena_clear(&t->call);
        pair_set(t, old, row);
        TRY(when_holds(cx, t, i, at, &holds));
        if (!holds) {
            continue;
        }
        TriggerCall call = trigger_begin_call(table, t->plan->list[i], event, &t->call);
        if (old != NULL) {
            call.old_row = trigger_row_of(table, old, at, &t->call);
        }
        if (row != NULL) {
            call.new_row = trigger_row_of(table, row, at, &t->call);
        }
        TRY(trigger_call(cx, env, &call));
        *skip_out = call.skip;
        if (!call.skip && row != NULL && call.values != NULL &&
            call.values != call.new_row->values) {
            row_replace(t, &call, row, at, arena);
        }
    }
    return ST_OK;
}

/* ---- after ---- */

/* transition_add - the row to the statement's transition tables of this event. */
static Status transition_add(Cx *cx, TriggerAfter *a, int16_t event, const Batch *old,
                             const Batch *row, uint32_t at)
{
    uint16_t idx = (uint16_t)at, count = a->plan->table->column_count;
    RowStore *from = event == TRIGGER_UPDATE ? a->updated_old : a->deleted;
    RowStore *to = event == TRIGGER_UPDATE ? a->updated_new : a->inserted;
    if (old != NULL && event != TRIGGER_INSERT && from != NULL) {
        Batch one = *old;
        one.sel = (Sel){&idx, 1};
        one.col_count = count;
        row_store_append(from, &one);
    }
    if (row != NULL && event != TRIGGER_DELETE && to != NULL) {
        Batch one = *row;
        one.sel = (Sel){&idx, 1};
        one.col_count = count;
        row_store_append(to, &one);
    }
    return from != NULL || to != NULL ? exec_budget(cx, a->s, a->arena) : ST_OK;
}

Status trigger_after_row(Cx *cx, TriggerRun *t, int16_t event, const Batch *old, const Batch *row,
                         uint32_t at)
{
    const PlanTriggers *p = t->plan;
    int64_t due = 0, what = event;
    uint16_t idx = (uint16_t)at, count = p->table->column_count;
    if (((p->after_row | p->after_statement) & event) == 0) {
        return ST_OK;
    }
    after_begin(t->after);
    TRY(transition_add(cx, t->after, event, old, row, at));
    arena_clear(&t->call);
    pair_set(t, old, row);
    for (uint16_t i = 0; (p->after_row & event) != 0 && i < p->count; i++) {
        bool holds = false;
        if (trigger_is_due(&t->s->env, p, i, event, TRIGGER_ROW)) {
            TRY(when_holds(cx, t, i, at, &holds));
        }
        due |= holds ? (int64_t)((uint64_t)1 << i) : 0;
    }
    if (due == 0) {
        return ST_OK;
    }
    Vector **cols = ARENA_ARRAY(&t->call, Vector *, 2u * count + 2u);
    Vector *bits = ARENA_NEW(&t->call, Vector), *events = ARENA_NEW(&t->call, Vector);
    Datum d = {.i64 = due}, e = {.i64 = what};
    vec_init_const(bits, PHYS_I64, &t->call, &d, false);
    vec_init_const(events, PHYS_I64, &t->call, &e, false);
    memcpy(cols, t->pair.cols, 2u * count * sizeof(Vector *));
    cols[2 * count] = bits;
    cols[2 * count + 1] = events;
    Batch one = {.cols = cols,
                 .col_count = (uint16_t)(2 * count + 2),
                 .count = (uint16_t)(at + 1),
                 .sel = {&idx, 1}};
    return big_store_append(cx, &t->after->rows, &one);
}

Status trigger_after_statement(Cx *cx, TriggerRun *t, int16_t event)
{
    uint64_t due;
    if ((t->plan->after_statement & event) == 0) {
        return ST_OK;
    }
    after_begin(t->after); /* transition tables are there, rows or not */
    TRY(statement_due(cx, t, event, 0, &due));
    t->after->statement[trigger_event_number(event)] |= due;
    return ST_OK;
}
