/*
 * fk_action.c - what a statement owes its foreign keys, done at its end: parents looked for, keys
 * that left followed by CASCADE, SET NULL, SET DEFAULT.
 *
 * An action is a statement of its own over the referencing table, planned once per execution state
 * and run for each key that left, under a fresh snapshot. What such a statement owes in turn goes
 * to the end of the same queue instead of being done inside it: so rows that go by several ways are
 * all gone before anything is checked about them, and a cascade of any depth needs no recursion.
 */
#include "exec/fk_action.h"
#include "parse/parse.h"

/* FkAction - the plan of an action; owned by the execution state. */
struct FkAction {
    Oid constraint;
    bool update;
    Plan *plan;
    struct FkAction *next;
};

/* FkEvent - keys of one foreign key, to be looked at together, or the AFTER triggers of a node. */
typedef struct FkEvent {
    const FkCheck *fk;
    TriggerAfter *after; /* not NULL: this, and nothing else */
    bool statement;      /* ... its statement's triggers alone: those of rows were fired */
    bool parent_side, update;
    RowStore old_keys, new_keys; /* parent side: keys that left, what they became; else new_keys */
    struct FkEvent *next;
} FkEvent;

/* FkFired - BEFORE STATEMENT triggers of a table that this cascade has fired. */
typedef struct FkFired {
    Oid table;
    int16_t event;
    struct FkFired *next;
} FkFired;

struct FkQueue {
    FkFired *fired;
    Arena *rows; /* of AFTER triggers of actions; NULL: none yet */
    ExecState *top;
    Arena *arena;
    FkEvent *first, **last;
    Plan **plans; /* kept until the queue is empty: events point into them */
    uint32_t plan_count, plan_size;
};

void fk_actions_free(FkAction *list)
{
    for (FkAction *a = list; a != NULL; a = a->next) {
        plan_unref(a->plan);
    }
}

/* ---- the action as a statement ---- */

static void put_name(Buf *b, const char *name)
{
    buf_putc(b, '"');
    for (const char *p = name; *p != '\0'; p++) {
        buf_puts(b, *p == '"' ? "\"" : "");
        buf_putc(b, *p);
    }
    buf_putc(b, '"');
}

static bool is_set_column(const FkCheck *fk, bool update, uint16_t i)
{
    const CatConstraint *con = fk->con;
    bool set = update || con->delete_set_count == 0;
    for (uint16_t k = 0; !set && k < con->delete_set_count; k++) {
        set = con->delete_set_columns[k] == con->columns[i];
    }
    return set;
}

/* action_text - DELETE or UPDATE of the rows with the key that left: its values are the last
 * parameters, new ones the first. Worded as PostgreSQL words it, for the context line of errors. */
static void action_text(const FkCheck *fk, char action, bool update, Buf *b)
{
    bool cascade_update = action == 'c' && update, first = true;
    buf_puts(b, action == 'c' && !update ? "DELETE FROM ONLY " : "UPDATE ONLY ");
    put_name(b, fk->child->schema_name);
    buf_putc(b, '.');
    put_name(b, fk->child->name);
    for (uint16_t i = 0; i < fk->column_count && (action != 'c' || update); i++) {
        if (action != 'c' && !is_set_column(fk, update, i)) {
            continue;
        }
        buf_puts(b, first ? " SET " : ", ");
        first = false;
        put_name(b, fk->child->columns[fk->child_columns[i]].name);
        if (action == 'c') {
            buf_printf(b, " = $%u", i + 1u);
        } else {
            buf_puts(b, action == 'n' ? " = NULL" : " = DEFAULT");
        }
    }
    for (uint16_t i = 0; i < fk->column_count; i++) {
        buf_printf(b, "%s$%u OPERATOR(pg_catalog.=) ", i == 0 ? " WHERE " : " AND ",
                   i + 1u + (cascade_update ? fk->column_count : 0u));
        put_name(b, fk->child->columns[fk->child_columns[i]].name);
    }
}

/* action_plan - the statement that acts on the child rows of one parent key, planned. The plan is
 * the caller's reference; what binding needs goes into `scratch`. */
static Status action_plan(Cx *cx, ExecState *top, const FkCheck *fk, char action, bool update,
                          Arena *scratch, Plan **plan_out)
{
    const ExecEnv *env = &top->env;
    ParsedStmt *stmts;
    uint32_t count;
    Query *query;
    Buf text;
    Status st = ST_OK;
    Oid *types = ARENA_ARRAY(scratch, Oid, 2u * fk->column_count);
    BindParams params = {.types = types, .count = fk->column_count, .fixed = true};
    params.count *= action == 'c' && update ? 2u : 1u;
    for (uint16_t i = 0; i < fk->column_count; i++) {
        types[i] = types[fk->column_count + i] = fk->parent->columns[fk->parent_columns[i]].type;
    }
    buf_init(&text, 1u << 20);
    action_text(fk, action, update, &text);
    BindCx b = {.view = env->view,
                .arena = scratch,
                .sql = {(const char *)text.data, text.len},
                .env = env->type_env,
                .params = &params,
                .no_row_security = true}; /* keys hold for rows nobody may see, too */
    TRY_OUT(parse_sql(cx, scratch, b.sql, &stmts, &count));
    TRY_OUT(bind_statement(cx, &b, stmts[0].node, &query));
    st = plan_create(cx, env->view, env->type_env, query, &params, env->extra_fn, plan_out);
out:
    buf_release(&text);
    return st;
}

static Status action_find(Cx *cx, FkQueue *q, const FkCheck *fk, char action, bool update,
                          Plan **plan_out)
{
    ExecState *top = q->top;
    for (FkAction *a = top->fk_actions; a != NULL; a = a->next) {
        if (a->constraint == fk->con->oid && a->update == update) {
            *plan_out = a->plan;
            return ST_OK;
        }
    }
    Arena scratch;
    arena_init(&scratch, &top->arena, "foreign key action", 0);
    Status st = action_plan(cx, top, fk, action, update, &scratch, plan_out);
    arena_release(&scratch);
    TRY(st);
    FkAction *a = ARENA_NEW(&top->arena, FkAction);
    *a = (FkAction){fk->con->oid, update, *plan_out, top->fk_actions};
    top->fk_actions = a;
    return ST_OK;
}

static Status action_context(Cx *cx, const FkCheck *fk, char action, bool update)
{
    Buf text;
    buf_init(&text, ERR_FIELD_BYTES_MAX);
    action_text(fk, action, update, &text);
    Status st = err_context(cx, "SQL statement \"%.*s\"", (int)text.len, (const char *)text.data);
    buf_release(&text);
    return st;
}

/* action_run - the action for one key that left: what it owes in turn goes into the queue. */
static Status action_run(Cx *cx, FkQueue *q, const FkCheck *fk, bool update, const Batch *old,
                         const Batch *new_keys, uint32_t row)
{
    char action = update ? fk->con->on_update : fk->con->on_delete;
    Datum values[2 * INDEX_COLUMNS_MAX];
    bool nulls[2 * INDEX_COLUMNS_MAX] = {false};
    uint32_t n = fk->column_count;
    Plan *plan;
    ExecState *state;
    Snapshot snap;
    TRY(action_find(cx, q, fk, action, update, &plan));
    ExecEnv env = q->top->env;
    env.park = NULL; /* rows were changed already */
    bool cascade_update = update && action == 'c';
    uint32_t given = 0;
    for (uint32_t i = 0; i < n && cascade_update; i++, given++) {
        nulls[given] = vec_is_null(new_keys->cols[i], row);
        values[given] = nulls[given] ? (Datum){0} : vec_get(new_keys->cols[i], row);
    }
    for (uint32_t i = 0; i < n; i++, given++) {
        values[given] = vec_get(old->cols[i], row);
    }
    TRY(txn_next_command(cx, env.txn));
    snapshot_take(env.txn->sys, env.txn, &snap);
    if (env.txn->isolation != ISO_READ_COMMITTED) {
        env.crosscheck = env.snapshot;
    }
    env.snapshot = &snap;
    env.fk_queue = q;
    env.params = values;
    env.param_nulls = nulls;
    env.param_count = given;
    Status st = exec_open(cx, plan, &env, &state);
    while (st == ST_OK) {
        const Batch *b;
        st = exec_next(cx, state, VEC_CAPACITY, &b);
        if (st != ST_OK) {
            exec_close(state);
        }
    }
    snapshot_release(&snap);
    return st == ST_ERROR ? action_context(cx, fk, action, update) : ST_OK;
}

/* ---- the queue ---- */

static void event_store_init(FkQueue *q, RowStore *s, const RowStore *like)
{
    PhysType *types =
        arena_memdup(q->arena, like->types, (like->col_count + 1u) * sizeof(PhysType));
    row_store_init(s, q->arena, types, like->col_count);
}

static void event_store_add(RowStore *s, const RowStore *from)
{
    for (uint32_t i = 0; i < from->chunk_count; i++) {
        row_store_append(s, from->chunks[i]);
    }
}

/* queue_keys - keys of a statement run here, behind what is there already. The first event is the
 * one being worked on: nothing is added to it. */
static void queue_keys(FkQueue *q, const FkCheck *fk, bool parent_side, bool update,
                       const RowStore *old_keys, const RowStore *new_keys)
{
    const RowStore *any = new_keys != NULL ? new_keys : old_keys;
    FkEvent *e = q->first->next;
    if (any->rows == 0) {
        return;
    }
    while (e != NULL && (e->after != NULL || e->fk != fk || e->parent_side != parent_side)) {
        e = e->next;
    }
    if (e == NULL) {
        e = ARENA_NEW(q->arena, FkEvent);
        *e = (FkEvent){.fk = fk, .parent_side = parent_side, .update = update};
        event_store_init(q, &e->old_keys, any);
        event_store_init(q, &e->new_keys, any);
        *q->last = e;
        q->last = &e->next;
    }
    if (old_keys != NULL) {
        event_store_add(&e->old_keys, old_keys);
    }
    if (new_keys != NULL) {
        event_store_add(&e->new_keys, new_keys);
    }
}

static void queue_plan(FkQueue *q, Plan *p)
{
    for (uint32_t i = 0; i < q->plan_count; i++) {
        if (q->plans[i] == p) {
            return;
        }
    }
    if (q->plan_count == q->plan_size) {
        uint32_t size = q->plan_size == 0 ? 8 : q->plan_size * 2;
        q->plans =
            arena_grow(q->arena, q->plans, q->plan_size * sizeof(Plan *), size * sizeof(Plan *));
        q->plan_size = size;
    }
    plan_ref(p);
    q->plans[q->plan_count++] = p;
}

bool fk_queue_fired(FkQueue *q, Oid table, int16_t event)
{
    for (const FkFired *f = q->fired; f != NULL; f = f->next) {
        if (f->table == table && f->event == event) {
            return true;
        }
    }
    FkFired *f = ARENA_NEW(q->arena, FkFired);
    *f = (FkFired){table, event, q->fired};
    q->fired = f;
    return false;
}

/* fk_queue_after - that of an earlier key of the same action, unless it is being worked off. */
TriggerAfter *fk_queue_after(FkQueue *q, const PlanTriggers *plan)
{
    for (FkEvent *e = q->first->next; e != NULL; e = e->next) {
        if (e->after != NULL && !e->statement && e->after->plan == plan) {
            return e->after;
        }
    }
    if (q->rows == NULL) {
        q->rows = ARENA_NEW(q->arena, Arena);
        arena_init(q->rows, &q->top->arena, "trigger rows", 0);
    }
    return trigger_after_new(plan, q->top, q->rows);
}

/* queue_after_event - at the end of the queue. */
static void queue_after_event(FkQueue *q, TriggerAfter *a, bool statement)
{
    FkEvent *e = ARENA_NEW(q->arena, FkEvent);
    *e = (FkEvent){.after = a, .statement = statement};
    a->queued = true;
    *q->last = e;
    q->last = &e->next;
}

/* queue_after - a node's AFTER triggers, once, behind what is there. Those of a statement over the
 * same table that are still to be fired give way to it: they fire once, after the last. */
static void queue_after(FkQueue *q, TriggerAfter *a)
{
    for (FkEvent *e = q->first; e != NULL; e = e->next) {
        bool same =
            e->after != NULL && e->after != a && e->after->plan->table->oid == a->plan->table->oid;
        for (size_t i = 0; same && i < ARRAY_LEN(a->statement); i++) {
            e->after->statement[i] = a->statement[i] != 0 ? 0 : e->after->statement[i];
        }
    }
    if (!a->queued && trigger_after_owes(a)) {
        queue_after_event(q, a, false);
    }
}

/* queue_returns - may an action that is still to come change rows of the table? */
static bool queue_returns(const FkQueue *q, const CatTable *t)
{
    for (const FkEvent *e = q->first->next; e != NULL; e = e->next) {
        if (e->after == NULL && e->parent_side && e->fk->child->oid == t->oid) {
            return true;
        }
    }
    return false;
}

/* after_do - AFTER triggers; the statement's wait while an action may run another on the table. */
static Status after_do(Cx *cx, FkQueue *q, const FkEvent *e)
{
    const ExecEnv *env = &q->top->env;
    if (!queue_returns(q, e->after->plan->table)) {
        return trigger_after_fire(cx, e->after, env,
                                  e->statement ? TRIGGER_PART_STATEMENT : TRIGGER_PART_ALL);
    }
    if (!e->statement) {
        TRY(trigger_after_fire(cx, e->after, env, TRIGGER_PART_ROWS));
    }
    queue_after_event(q, e->after, true);
    return ST_OK;
}

/* parent_side_do - what a parent key that left owes its children: refuse, or run the action. */
static Status parent_side_do(Cx *cx, FkQueue *q, const FkEvent *e, Arena *scratch)
{
    const FkCheck *fk = e->fk;
    char action = e->update ? fk->con->on_update : fk->con->on_delete;
    const RowStore *became = e->update ? &e->new_keys : NULL;
    if (action == 'a' && fk_is_deferred(q->top->env.deferred, fk->con)) {
        fk_defer(q->top->env.deferred, fk, true, &e->old_keys, became);
        return ST_OK;
    }
    if (action == 'a' || action == 'r') {
        return fk_parent_gone(cx, &q->top->env, scratch, fk, &e->old_keys, became, action == 'a');
    }
    for (uint32_t c = 0; c < e->old_keys.chunk_count; c++) {
        const Batch *old = e->old_keys.chunks[c];
        const Batch *now = became != NULL ? became->chunks[c] : NULL;
        for (uint32_t row = 0; row < old->count; row++) {
            if (fk_key_left(fk, old, now, row)) {
                TRY(action_run(cx, q, fk, e->update, old, now, row));
            }
        }
    }
    if (action != 'd') {
        return ST_OK;
    }
    TRY(txn_next_command(cx, q->top->env.txn)); /* a default may be the very key that left */
    return fk_parent_gone(cx, &q->top->env, scratch, fk, &e->old_keys, became, true);
}

/* event_do - by what the event is. */
static Status event_do(Cx *cx, FkQueue *q, const FkEvent *e, Arena *scratch)
{
    if (e->after != NULL) {
        return after_do(cx, q, e);
    }
    if (e->parent_side) {
        return parent_side_do(cx, q, e, scratch);
    }
    if (fk_is_deferred(q->top->env.deferred, e->fk->con)) {
        fk_defer(q->top->env.deferred, e->fk, false, &e->new_keys, NULL);
        return ST_OK;
    }
    return fk_check_rows(cx, &q->top->env, scratch, e->fk, &e->new_keys);
}

/* fk_queue_add - what the statement of this node owes, into the queue of the statement on top. */
static void fk_queue_add(FkQueue *q, ExecNode *n)
{
    const ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    queue_plan(q, n->s->plan);
    for (uint16_t i = 0; i < m->fk_count; i++) {
        if (trigger_fires(&n->s->env, m->fks[i].enabled)) {
            queue_keys(q, &m->fks[i], false, false, NULL, &r->fk_keys[i]);
        }
    }
    for (uint16_t i = 0; i < m->ref_count; i++) {
        if (trigger_fires(&n->s->env, m->refs[i].enabled)) {
            bool update = m->refs[i].event == TRIGGER_UPDATE;
            queue_keys(q, &m->refs[i], true, update, &r->ref_old[i],
                       update ? &r->ref_new[i] : NULL);
        }
    }
    if (r->triggers != NULL) {
        queue_after(q, r->triggers->after);
    }
}

/* own_events - the statement's own keys come first, where they are, then its triggers. */
static void own_events(FkQueue *q, ExecNode *n)
{
    const ModifyRun *r = n->priv;
    const PlanModify *m = &n->plan->u.modify;
    for (uint16_t i = 0; i < m->fk_count + m->ref_count; i++) {
        const FkCheck *fk = i < m->fk_count ? &m->fks[i] : &m->refs[i - m->fk_count];
        if (!trigger_fires(&n->s->env, fk->enabled)) {
            continue;
        }
        FkEvent *e = ARENA_NEW(q->arena, FkEvent);
        if (i < m->fk_count) {
            *e = (FkEvent){.fk = &m->fks[i], .new_keys = r->fk_keys[i]};
        } else {
            uint16_t k = (uint16_t)(i - m->fk_count);
            *e = (FkEvent){.fk = &m->refs[k],
                           .parent_side = true,
                           .update = m->refs[k].event == TRIGGER_UPDATE,
                           .old_keys = r->ref_old[k],
                           .new_keys = r->ref_new[k]};
        }
        *q->last = e;
        q->last = &e->next;
    }
    if (r->triggers != NULL) {
        (void)fk_queue_fired(q, m->table->oid,
                             m->command == CMD_INSERT   ? TRIGGER_INSERT
                             : m->command == CMD_UPDATE ? TRIGGER_UPDATE
                                                        : TRIGGER_DELETE);
        queue_after(q, r->triggers->after);
    }
}

/* next_due - the next node with something owed. */
static ExecNode *next_due(const ExecNode *n)
{
    return ((const ModifyRun *)n->priv)->next_due;
}

/* queue_run - everything in the queue, and what comes to it meanwhile. Works in the arenas of `n`.
 */
static Status queue_run(Cx *cx, FkQueue *q, ExecNode *n)
{
    Status st = ST_OK;
    while (q->first != NULL) {
        TRY_OUT(cx_check(cx));
        TRY_OUT(txn_next_command(cx, q->top->env.txn));
        TRY_OUT(event_do(cx, q, q->first, &n->batch));
        TRY_OUT(exec_budget(cx, q->top, &n->hold));
        q->first = q->first->next;
    }
out:
    for (uint32_t i = 0; i < q->plan_count; i++) {
        plan_unref(q->plans[i]);
    }
    if (q->rows != NULL) {
        arena_release(q->rows);
    }
    return st;
}

Status exec_statement_end(Cx *cx, ExecState *s)
{
    ExecNode *first = s->due_first, *last = s->due_last;
    s->due_first = s->due_last = NULL;
    FkQueue q = {.top = s, .arena = &last->hold};
    q.last = &q.first;
    for (ExecNode *n = first; n != NULL; n = next_due(n)) {
        const PlanModify *m = &n->plan->u.modify;
        if (m->fk_count == 0 && m->ref_count == 0 && m->triggers == NULL) {
            continue;
        }
        if (s->env.fk_queue != NULL) {
            fk_queue_add(s->env.fk_queue, n);
        } else {
            own_events(&q, n);
        }
    }
    TRY(queue_run(cx, &q, last));
    return unique_statement_end(cx, &s->env);
}
