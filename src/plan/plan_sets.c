/*
 * plan_sets.c - GROUPING SETS: every input row once for each set, with the keys outside the set
 * NULL and the set's number as one more key; so one aggregation makes the groups of all sets.
 */
#include "plan/plan_internal.h"

/* Range table entries that no query has: the masked keys, and the number of the set. */
enum { RTE_MASKED = 0xfffe, RTE_SET_NUMBER = 0xfffd };
#define INT4_EQ_OID 65

bool plan_has_sets(const Query *q)
{
    return q->group_set_count > 0;
}

Expr *plan_masked_key(PlanQuery *pq, uint16_t key, const Expr *e)
{
    Expr *masked = column_expr(pq->p->arena, RTE_MASKED, (int16_t)key, e->type, e->phys);
    masked->carrier = e->carrier;
    return masked;
}

Expr *plan_set_number(PlanQuery *pq)
{
    return column_expr(pq->p->arena, RTE_SET_NUMBER, 0, TYPE_INT4, PHYS_I32);
}

Status plan_expand(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    const Query *q = pq->q;
    PlanNode *n =
        node_new(pq->p, PLAN_EXPAND, input, NULL, input->col_count + (uint32_t)q->group_count + 1);
    node_copy_outs(n, 0, input);
    for (uint16_t i = 0; i < q->group_count; i++) {
        node_set_out(n, input->col_count + (uint32_t)i, plan_masked_key(pq, i, q->group_by[i]));
    }
    node_set_out(n, input->col_count + (uint32_t)q->group_count, plan_set_number(pq));
    n->u.expand.key_count = q->group_count;
    n->u.expand.set_count = q->group_set_count;
    n->u.expand.sets =
        arena_memdup(pq->p->arena, q->group_sets, q->group_set_count * sizeof(uint64_t));
    n->rows = input->rows * q->group_set_count;
    n->total_cost = input->total_cost + n->rows * 0.01;
    *out = n;
    return prog_over(pq, input, NULL, q->group_by, q->group_count, &n->u.expand.prog);
}

uint16_t plan_empty_sets(PlanQuery *pq, int32_t **list_out)
{
    const Query *q = pq->q;
    uint16_t count = 0;
    *list_out = ARENA_ARRAY(pq->p->arena, int32_t, q->group_set_count + 1u);
    for (uint16_t i = 0; i < q->group_set_count; i++) {
        if (q->group_sets[i] == 0) {
            (*list_out)[count++] = i;
        }
    }
    return count;
}

/* grouping_bits - what GROUPING gives in a set: a bit for each argument, 1 = not in the set. */
static int32_t grouping_bits(const Query *q, const Expr *e, uint64_t set)
{
    uint32_t bits = 0;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        uint16_t key = 0;
        while (key < q->group_count && !expr_equal(q->group_by[key], e->args[i])) {
            key++;
        }
        bits = bits << 1 | !((set >> key) & 1);
    }
    return (int32_t)bits;
}

static Expr *int_const(Arena *a, int32_t v)
{
    Expr *e = ARENA_NEW(a, Expr);
    *e = (Expr){
        .kind = EXPR_CONST, .type = TYPE_INT4, .typmod = -1, .location = -1, .phys = PHYS_I32};
    e->u.constant.value.i32 = v;
    return e;
}

/* grouping_case - GROUPING as CASE over the set's number. */
static Expr *grouping_case(PlanQuery *pq, const Expr *call)
{
    const Query *q = pq->q;
    Arena *a = pq->p->arena;
    Expr *c = ARENA_NEW(a, Expr);
    *c = (Expr){
        .kind = EXPR_CASE, .type = TYPE_INT4, .typmod = -1, .location = -1, .phys = PHYS_I32};
    c->args = ARENA_ARRAY(a, Expr *, 2u * q->group_set_count + 1);
    for (uint16_t i = 0; i < q->group_set_count; i++) {
        Expr *when = ARENA_NEW(a, Expr);
        *when = (Expr){
            .kind = EXPR_FUNC, .type = TYPE_BOOL, .typmod = -1, .location = -1, .phys = PHYS_BOOL};
        when->proc = cat_proc(pq->p->view, INT4_EQ_OID);
        when->args = ARENA_ARRAY(a, Expr *, 2);
        when->args[0] = plan_set_number(pq);
        when->args[1] = int_const(a, i);
        when->arg_count = 2;
        c->args[c->arg_count++] = when;
        c->args[c->arg_count++] = int_const(a, grouping_bits(q, call, q->group_sets[i]));
    }
    c->args[c->arg_count++] = int_const(a, 0);
    return c;
}

typedef struct CallFind {
    Arena *arena;
    const Expr **list;
    uint32_t count, size;
} CallFind;

static bool visit_grouping(void *arg, const Expr *e)
{
    CallFind *f = arg;
    if (e->kind != EXPR_GROUPING) {
        return true;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        if (expr_equal(f->list[i], e)) {
            return false;
        }
    }
    if (f->count == f->size) {
        uint32_t size = f->size == 0 ? 4 : f->size * 2;
        f->list = arena_grow(f->arena, f->list, f->size * sizeof(Expr *), size * sizeof(Expr *));
        f->size = size;
    }
    f->list[f->count++] = e;
    return false;
}

Status plan_grouping_calls(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    CallFind f = {.arena = pq->p->arena};
    plan_walk_outputs(pq->q, visit_grouping, &f);
    *out = input;
    if (f.count == 0) {
        return ST_OK;
    }
    uint32_t count = input->col_count;
    Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, count + f.count);
    memcpy(exprs, input->outs, count * sizeof(Expr *));
    for (uint32_t i = 0; i < f.count; i++) {
        exprs[count + i] =
            plan_has_sets(pq->q) ? grouping_case(pq, f.list[i]) : int_const(pq->p->arena, 0);
    }
    TRY(plan_project(pq, input, exprs, count + f.count, out));
    for (uint32_t i = 0; i < f.count; i++) {
        node_set_out(*out, count + i, expr_copy(pq->p->arena, f.list[i]));
    }
    return ST_OK;
}
