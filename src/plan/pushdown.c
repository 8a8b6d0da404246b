/*
 * pushdown.c - conditions on a query in FROM (a view, mostly) that are tested inside it, where an
 * index may answer them.
 *
 * A condition goes in when it would see the same values there: it reads only columns of that query
 * whose expressions are plain (no sub-query, nothing volatile), and no step of the query between
 * its WHERE and its rows depends on which other rows there are. A limit and window functions do;
 * grouping does not when the condition is on keys. Behind security_barrier nothing goes, as a
 * function of the condition could tell of rows that the view hides.
 */
#include "plan/plan_internal.h"

#include <string.h>

/* InsideCopy - a condition being written anew over the columns of the query it goes into. */
typedef struct InsideCopy {
    Arena *arena;
    const Query *sub;
    uint16_t rte;
    uint32_t columns; /* met in the copy */
    bool refused;
} InsideCopy;

/* inside_ready - may conditions go into this query at all? */
static bool inside_ready(const Rte *r)
{
    const Query *q = r->subquery;
    bool barrier = r->view != NULL && r->view->options != NULL &&
                   strstr(r->view->options, "security_barrier=") != NULL;
    return !barrier && q->command == CMD_SELECT && q->set_op == SETOP_NONE && q->from_count > 0 &&
           q->limit == NULL && q->offset == NULL && !q->has_windows && q->distinct_on_count == 0 &&
           q->row_mark_count == 0 && q->group_set_count == 0;
}

/* column_inside - what a column of the query is, when a condition on it may go in; else NULL. */
static Expr *column_inside(const Query *q, int16_t column)
{
    if (column < 0 || column >= q->target_count || q->targets[column].hidden) {
        return NULL;
    }
    Expr *e = q->targets[column].expr;
    if (!q->has_aggs && !q->has_group_by && q->group_count == 0 && q->having == NULL) {
        return e;
    }
    for (uint16_t i = 0; i < q->group_count; i++) {
        if (expr_equal(q->group_by[i], e)) {
            return e;
        }
    }
    return NULL;
}

static bool plain_visit(void *arg, const Expr *e)
{
    bool *plain = arg;
    bool set = e->kind == EXPR_FUNC && e->proc != NULL && e->proc->returns_set;
    bool nested = e->kind == EXPR_SUBLINK || e->kind == EXPR_AGG || e->kind == EXPR_WINDOW;
    *plain = *plain && !set && !nested && !(e->kind == EXPR_CASE && e->case_test != NULL);
    return *plain;
}

static bool expr_is_plain(const Expr *e)
{
    bool plain = true;
    expr_walk(e, plain_visit, &plain);
    return plain && !expr_is_volatile(e);
}

static bool count_columns(void *arg, const Expr *e)
{
    *(uint32_t *)arg += e->kind == EXPR_COLUMN;
    return true;
}

/* replace_columns - in a copy, columns of the query by what they are inside. */
static Expr *replace_columns(InsideCopy *c, Expr *e)
{
    if (e->kind == EXPR_COLUMN) {
        Expr *is = e->u.column.levels_up == 0 && e->u.column.rte == c->rte
                       ? column_inside(c->sub, e->u.column.column)
                       : NULL;
        c->columns++;
        if (is == NULL || !expr_is_plain(is)) {
            c->refused = true;
            return e;
        }
        return expr_copy(c->arena, is);
    }
    if (e->kind == EXPR_PARAM) {
        return e;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        e->args[i] = replace_columns(c, e->args[i]);
    }
    return e;
}

/* condition_inside - the condition over the columns inside; NULL: it stays where it is. */
static Expr *condition_inside(PlanQuery *pq, uint16_t rte, const Expr *e)
{
    InsideCopy c = {.arena = pq->p->arena, .sub = pq->q->rtes[rte]->subquery, .rte = rte};
    uint32_t columns = 0;
    if (!expr_is_plain(e)) {
        return NULL;
    }
    expr_walk(e, count_columns, &columns);
    Expr *inside = replace_columns(&c, expr_copy(c.arena, e));
    return !c.refused && columns > 0 && c.columns == columns ? inside : NULL;
}

const Query *plan_push_down(PlanQuery *pq, uint16_t rte, QualList *quals)
{
    const Query *sub = pq->q->rtes[rte]->subquery;
    Arena *a = pq->p->arena;
    if (quals->count == 0 || !inside_ready(pq->q->rtes[rte])) {
        return sub;
    }
    Expr **all = ARENA_ARRAY(a, Expr *, quals->count + 1);
    uint16_t n = 0;
    if (sub->where != NULL) {
        all[n++] = sub->where; /* its own first, as the user of a view expects */
    }
    uint16_t own = n;
    for (uint32_t i = 0; i < quals->count && n < UINT16_MAX; i++) {
        Expr *inside = condition_inside(pq, rte, quals->items[i].expr);
        if (inside != NULL) {
            quals->items[i].done = true;
            all[n++] = inside;
        }
    }
    if (n == own) {
        return sub;
    }
    Query *q = arena_memdup(a, sub, sizeof(*q));
    q->where = ARENA_NEW(a, Expr);
    *q->where = (Expr){.kind = EXPR_AND,
                       .type = TYPE_BOOL,
                       .phys = PHYS_BOOL,
                       .typmod = -1,
                       .location = -1,
                       .arg_count = n,
                       .args = all};
    return q;
}
