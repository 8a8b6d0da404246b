/*
 * trigger_plan.c - which triggers of a table a statement may fire, their conditions compiled.
 *
 * Which of them are enabled for the session is known only when they are to fire; those that are
 * disabled for everybody are left out here.
 */
#include "plan/plan_internal.h"

/* trigger_column - ExprMap.find: the old row's columns, then the new row's. */
static int trigger_column(void *arg, uint16_t rte, int16_t column)
{
    const CatTable *t = arg;
    return rte <= 1 && column >= 0 && column < t->column_count ? rte * t->column_count + column
                                                               : -1;
}

/* trigger_counts - may it fire? A view is changed by its INSTEAD OF triggers even when all of them
 * are disabled: then nothing happens. */
static bool trigger_counts(const CatTrigger *g, int16_t events)
{
    return !g->internal && (g->type & events) != 0 &&
           (g->enabled != 'D' || (g->type & TRIGGER_INSTEAD) != 0);
}

PhysType plan_column_phys(CatView *view, const CatTable *t, uint16_t column)
{
    if (t->storage != NULL) {
        return t->storage->columns[column].phys;
    }
    const CatType *type = cat_type(view, t->columns[column].type);
    return type != NULL ? type->phys : PHYS_STR;
}

/* trigger_kinds - note which kinds of triggers there are for which events. */
static void trigger_kinds(PlanTriggers *p, const CatTrigger *g)
{
    bool row = (g->type & TRIGGER_ROW) != 0;
    int16_t events = g->type & TRIGGER_EVENTS;
    int16_t *kind = (g->type & TRIGGER_INSTEAD) != 0  ? &p->instead_row
                    : (g->type & TRIGGER_BEFORE) != 0 ? row ? &p->before_row : &p->before_statement
                    : row                             ? &p->after_row
                                                      : &p->after_statement;
    *kind |= events;
}

Status plan_triggers(Cx *cx, CatView *view, const TypeEnv *env, Arena *arena, const CatTable *t,
                     int16_t events, const bool *changed,
                     const FnOps *(*extra_fn)(const char *prosrc), const PlanTriggers **out)
{
    uint16_t count = 0;
    *out = NULL;
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        const CatTrigger *g = &t->triggers[i];
        bool counts = trigger_counts(g, events);
        count = (uint16_t)(count + counts);
    }
    if (count == 0) {
        return ST_OK;
    }
    if (count > PLAN_TRIGGERS_MAX) {
        return err_unsupported(cx, "more than %d triggers of one table are not supported",
                               PLAN_TRIGGERS_MAX);
    }
    PlanTriggers *p = ARENA_NEW(arena, PlanTriggers);
    Expr **exprs = ARENA_ARRAY(arena, Expr *, count);
    BindCx b = {.view = view, .arena = arena, .env = env, .no_locks = true};
    ExprMap map = {.find = trigger_column, .arg = (void *)(uintptr_t)t};
    uint32_t n = 0;
    PhysType *phys = ARENA_ARRAY(arena, PhysType, t->column_count + 1u);
    for (uint16_t i = 0; i < t->column_count; i++) {
        phys[i] = plan_column_phys(view, t, i);
    }
    *p = (PlanTriggers){.table = t, .changed = changed, .phys = phys};
    p->list = ARENA_ARRAY(arena, const CatTrigger *, count);
    p->when = ARENA_ARRAY(arena, int16_t, count);
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        const CatTrigger *g = &t->triggers[i];
        if (!trigger_counts(g, events)) {
            continue;
        }
        p->when[p->count] = -1;
        if (g->when_sql != NULL) {
            TRY(bind_load_trigger_when(cx, &b, t, g->when_sql, &exprs[n]));
            p->when[p->count] = (int16_t)n++;
        }
        p->list[p->count++] = g;
        trigger_kinds(p, g);
    }
    *out = p;
    return n > 0 ? expr_compile(cx, arena, exprs, n, &map, extra_fn, &p->when_prog) : ST_OK;
}

void plan_transition(PlanQuery *pq, uint16_t rte, PlanNode **out)
{
    const Rte *r = pq->q->rtes[rte];
    PlanNode *n = node_new(pq->p, PLAN_TRANSITION, NULL, NULL, r->column_count);
    for (uint16_t i = 0; i < r->column_count; i++) {
        n->phys[i] = plan_column_phys(pq->p->view, r->table, i);
    }
    plan_rebase_outs(pq, rte, n, r->column_count);
    n->u.transition.number = r->transition;
    n->u.transition.alias = arena_strdup(pq->p->arena, r->alias);
    n->u.transition.name = n->u.transition.alias;
    n->rows = 1000; /* as PostgreSQL takes it */
    n->total_cost = n->rows * 0.02;
    *out = n;
}
