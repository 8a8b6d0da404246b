/*
 * exists.c - a second way to answer EXISTS and scalar sub-queries: made once for all keys, and
 * looked up.
 *
 * "EXISTS (SELECT ... FROM t WHERE t.x = outer.y AND ...)" is run anew for every outer row, good
 * for few of them. Without the equality the rest does not depend on the outer row, so all of t.x
 * that pass it answer the same question for every row. Likewise "(SELECT sum(t.v) FROM t WHERE t.x
 * = outer.y)": one run grouped by t.x has the answers of all outer rows; those without a group get
 * what the sub-query gives of no rows. The executor begins with the first way and turns to the
 * second when what it spent would have paid for it.
 */
#include "plan/plan_internal.h"

static bool plain_column(const Expr *e, uint16_t levels_up)
{
    return e->kind == EXPR_COLUMN && e->u.column.levels_up == levels_up;
}

/* small_int - integers of any width are looked up alike. */
static bool small_int(Oid type)
{
    return type == TYPE_INT2 || type == TYPE_INT4 || type == TYPE_INT8;
}

/* key_equality - is e "own column = column of the level around"? */
static bool key_equality(const Expr *e, Expr **own_out, Expr **outer_out)
{
    if (e->kind != EXPR_FUNC || e->arg_count != 2 || e->proc == NULL) {
        return false;
    }
    size_t n = strlen(e->proc->prosrc);
    if (n < 2 || strcmp(e->proc->prosrc + n - 2, "eq") != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        Expr *own = e->args[i], *outer = e->args[1 - i];
        const TypeOps *t = expr_type_ops(own);
        if (plain_column(own, 0) && plain_column(outer, 1) && t != NULL && t->key != NULL &&
            (own->type == outer->type || (small_int(own->type) && small_int(outer->type)))) {
            *own_out = own;
            *outer_out = outer;
            return true;
        }
    }
    return false;
}

/* plain_select - FROM, tables only, and WHERE alone decide which rows there are. */
static bool plain_select(const Query *q)
{
    for (uint16_t i = 0; i < q->rte_count; i++) {
        if (q->rtes[i]->kind != RTE_TABLE) {
            return false;
        }
    }
    return q->command == CMD_SELECT && q->set_op == SETOP_NONE && !q->has_windows &&
           !q->has_group_by && q->group_count == 0 && q->having == NULL && q->limit == NULL &&
           q->offset == NULL && q->row_mark_count == 0 && q->cte_count == 0 && q->where != NULL &&
           q->from_count > 0;
}

/* without_equality - the query without its equality, and both sides of that; false when it cannot
 * be taken apart like this. */
static bool without_equality(PlanQuery *pq, const Query *q, Query **rest_out, Expr **own_out,
                             Expr **outer_out)
{
    Arena *a = pq->p->arena;
    QualList quals = {0};
    bool found = false;
    if (!plain_select(q) || expr_is_volatile(q->where)) {
        return false;
    }
    Query *rest = arena_memdup(a, q, sizeof(*q));
    quals_add(pq, &quals, q->where);
    Expr **args = ARENA_ARRAY(a, Expr *, quals.count + 1u);
    uint16_t n = 0;
    for (uint32_t i = 0; i < quals.count; i++) {
        if (!found && key_equality(quals.items[i].expr, own_out, outer_out)) {
            found = true;
        } else {
            args[n++] = quals.items[i].expr;
        }
    }
    if (!found) {
        return false;
    }
    rest->where = n == 0 ? NULL : n == 1 ? args[0] : expr_copy(a, q->where);
    if (n > 1) {
        rest->where->kind = EXPR_AND;
        rest->where->args = args;
        rest->where->arg_count = n;
    }
    *rest_out = rest;
    return true;
}

/* exists_as_any - the sub-query's own side of the equality, of all its rows. */
static bool exists_as_any(PlanQuery *pq, const Query *q, Query **rest_out, Expr **own_out,
                          Expr **outer_out)
{
    if (q->has_aggs || !without_equality(pq, q, rest_out, own_out, outer_out)) {
        return false;
    }
    Query *rest = *rest_out;
    Target *target = ARENA_NEW(pq->p->arena, Target);
    *target = (Target){.expr = *own_out, .name = "?column?"};
    rest->targets = target;
    rest->target_count = 1;
    rest->distinct = false;
    rest->distinct_on_count = 0;
    rest->order_count = 0;
    return !query_is_correlated(rest, 1);
}

/* scalar_by_key - the sub-query's own side of the equality beside its value, grouped by it when the
 * value is an aggregate. */
static bool scalar_by_key(PlanQuery *pq, const Query *q, Query **rest_out, Expr **own_out,
                          Expr **outer_out)
{
    Arena *a = pq->p->arena;
    if (q->distinct || q->distinct_on_count > 0 || q->target_count != 1 || q->targets[0].hidden ||
        expr_is_volatile(q->targets[0].expr) ||
        !without_equality(pq, q, rest_out, own_out, outer_out)) {
        return false;
    }
    Query *rest = *rest_out;
    rest->targets = ARENA_ARRAY(a, Target, 2);
    rest->targets[0] = (Target){.expr = expr_copy(a, *own_out), .name = "?column?"};
    rest->targets[1] = q->targets[0];
    rest->target_count = 2;
    rest->order_count = 0;
    if (q->has_aggs) {
        rest->group_by = ARENA_ARRAY(a, Expr *, 1);
        rest->group_by[0] = *own_out;
        rest->group_count = 1;
        rest->has_group_by = true;
    }
    return !query_is_correlated(rest, 1);
}

/* The answers of all keys are held in memory: of more the sub-query is rather run by row. */
#define KEYED_BYTES_MAX 256e6

Status plan_hashed_way(PlanQuery *pq, const Expr *e, SubPlan *hashed_out, Expr **tested_out,
                       bool *made_out)
{
    Query *rest;
    Expr *own = NULL, *outer = NULL;
    PlanQuery child;
    bool scalar = e->u.sublink.kind == SUBLINK_SCALAR;
    *made_out = false;
    if (!(scalar ? scalar_by_key : exists_as_any)(pq, e->u.sublink.query, &rest, &own, &outer)) {
        return ST_OK;
    }
    SubPlan sub = {.kind = SUBLINK_ANY, .hash_type = expr_type_ops(own), .phys = PHYS_BOOL};
    if (scalar) {
        sub.kind = SUBLINK_SCALAR;
        sub.keyed = true;
        sub.phys = e->phys;
    }
    sub.scope = plan_scope_begin(pq->p);
    TRY(plan_subquery(pq->p, pq, rest, &sub, &sub.root, &child));
    plan_scope_end(pq->p, &sub.scope);
    *tested_out = expr_copy(pq->p->arena, outer);
    (*tested_out)->u.column.levels_up = 0;
    *made_out = sub.param_count == 0 &&
                (!scalar || sub.root->rows * (sub.root->width + 64.0) < KEYED_BYTES_MAX);
    *hashed_out = sub;
    return ST_OK;
}
