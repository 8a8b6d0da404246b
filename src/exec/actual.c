/*
 * actual.c - EXPLAIN ANALYZE: how many rows each operator gave, how often it was begun, and how
 * long it took
 *
 * How: the operator's start and next are called through counting ones. Nothing of it is there when
 * nobody asks: a state that counts is made for its one execution.
 */
#include "exec/exec_internal.h"

typedef struct NodeCount {
    PlanActual sum;
    Status (*start)(Cx *cx, ExecNode *n);
    Status (*next)(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out);
    int64_t loop_us;     /* of this loop, until its first row */
    bool fresh, waiting; /* begun but not asked; without a row so far */
} NodeCount;

/* count_time - time spent in the node since `since`. */
static void count_time(ExecNode *n, int64_t since)
{
    NodeCount *c = n->count;
    int64_t us = os_mono_us(n->s->env.os) - since;
    c->sum.total_us += us;
    c->loop_us += us;
}

static Status counted_start(Cx *cx, ExecNode *n)
{
    int64_t since = os_mono_us(n->s->env.os);
    node_count_loop(n);
    Status st = n->count->start(cx, n);
    count_time(n, since);
    return st;
}

static Status counted_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    NodeCount *c = n->count;
    int64_t since = os_mono_us(n->s->env.os);
    c->sum.loops += c->fresh;
    c->fresh = false;
    Status st = c->next(cx, n, max_rows, out);
    count_time(n, since);
    if (c->waiting) {
        c->sum.startup_us += c->loop_us;
        c->waiting = false;
    }
    c->sum.rows += st == ST_OK ? (*out)->sel.count : 0;
    return st;
}

/* node_count_loop - the node begins again, by start or otherwise. */
void node_count_loop(ExecNode *n)
{
    if (n->count != NULL) {
        n->count->fresh = n->count->waiting = true;
        n->count->loop_us = 0;
    }
}

/* node_count_rows - the node's rows were had in another way than by next. */
void node_count_rows(ExecNode *n, uint64_t rows)
{
    if (n->count != NULL) {
        n->count->sum.loops += n->count->fresh;
        n->count->fresh = false;
        n->count->sum.rows += rows;
    }
}

void node_count_begin(ExecNode *n)
{
    NodeCount *c = ARENA_NEW(&n->s->arena, NodeCount);
    c->start = n->start;
    c->next = n->next;
    n->count = c;
    n->start = counted_start;
    n->next = counted_next;
}

/* find_node - the operator of a plan node at or below n. */
static const ExecNode *find_node(const ExecNode *n, const PlanNode *plan)
{
    if (n == NULL || n->plan == plan) {
        return n;
    }
    const ExecNode *found = find_node(n->left, plan);
    return found != NULL ? found : find_node(n->right, plan);
}

const PlanActual *exec_actual(const void *state, const PlanNode *plan)
{
    const ExecState *s = state;
    const ExecNode *n = find_node(s->root, plan);
    for (uint32_t i = 0; n == NULL && i < s->plan->subplan_count; i++) {
        n = find_node(s->subs[i].root, plan);
    }
    for (uint32_t i = 0; n == NULL && i < s->plan->cte_count; i++) {
        n = find_node(cte_root(s->ctes[i]), plan);
    }
    return n != NULL && n->count != NULL ? &n->count->sum : NULL;
}
