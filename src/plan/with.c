/*
 * with.c - WITH queries: planned once where they are written, read by scans of what they made.
 *
 * A WITH query keeps its rows for the whole statement. One that stands inside a correlated part and
 * depends on its parameters is made anew when they change: the part's PlanScope says which.
 */
#include "plan/plan_internal.h"

PlanScope plan_scope_begin(const Planner *p)
{
    return (PlanScope){.cte_first = p->plan->cte_count,
                       .cte_end = p->plan->cte_count,
                       .sub_first = p->plan->subplan_count,
                       .sub_end = p->plan->subplan_count};
}

/* plan_scope_end - close the scope; it stays empty when no WITH query in it can vary. */
void plan_scope_end(const Planner *p, PlanScope *scope)
{
    for (uint32_t i = scope->cte_first; i < p->plan->cte_count; i++) {
        if (p->plan->ctes[i].correlated) {
            scope->cte_end = p->plan->cte_count;
            scope->sub_end = p->plan->subplan_count;
            return;
        }
    }
}

static CtePlan *cte_add(Planner *p, const Cte *c, uint32_t *number_out)
{
    Plan *plan = p->plan;
    if (plan->cte_count == p->cte_size) {
        uint32_t size = p->cte_size == 0 ? 4 : p->cte_size * 2;
        plan->ctes =
            arena_grow(p->arena, plan->ctes, p->cte_size * sizeof(CtePlan), size * sizeof(CtePlan));
        p->cte_size = size;
    }
    CtePlan *cte = &plan->ctes[plan->cte_count];
    *cte = (CtePlan){.name = arena_strdup(p->arena, c->name), .source = c};
    /* A reference to an earlier query that varies makes this one vary. Taking any earlier one for
     * referred to costs a repetition, never a row. */
    cte->correlated = query_is_correlated(c->query, 1);
    for (uint32_t i = 0; i < plan->cte_count; i++) {
        cte->correlated = cte->correlated || plan->ctes[i].correlated;
    }
    *number_out = plan->cte_count++;
    return cte;
}

/* plan_recursive - start and step, each a level of its own beside the other. */
static Status plan_recursive(PlanQuery *pq, const Cte *c, uint32_t number)
{
    Planner *p = pq->p;
    PlanNode *root, *step;
    PlanQuery body = {.p = p, .q = c->query, .parent = pq};
    if (c->query->cte_count > 0) {
        TRY(plan_ctes(&body));
    }
    TRY(plan_side(&body, c->query->set_left, &root));
    p->plan->ctes[number].root = root;
    p->plan->ctes[number].in_step = true;
    PlanScope scope = plan_scope_begin(p);
    TRY(plan_side(&body, c->query->set_right, &step));
    CtePlan *cte = &p->plan->ctes[number];
    for (uint32_t i = scope.cte_first; i < p->plan->cte_count; i++) {
        p->plan->ctes[i].correlated = true; /* it may read the rows of the last round */
    }
    plan_scope_end(p, &scope);
    cte->scope = scope;
    cte->in_step = false;
    cte->step = step;
    for (uint16_t i = 0; i < root->col_count; i++) {
        if (root->phys[i] != step->phys[i]) {
            return err_set(p->cx, ERRCODE_INTERNAL_ERROR,
                           "the parts of a recursive query differ in column %u", i + 1u);
        }
    }
    if (!c->query->set_all) {
        cte->types = ARENA_ARRAY(p->arena, const TypeOps *, root->col_count + 1u);
        for (uint16_t i = 0; i < root->col_count; i++) {
            cte->types[i] = plan_type_ops(p, c->query->targets[i].expr->type);
            if (cte->types[i] == NULL || cte->types[i]->key == NULL) {
                return err_unsupported(p->cx, "WITH RECURSIVE with UNION over this type is not "
                                              "supported");
            }
        }
    }
    return ST_OK;
}

Status plan_ctes(PlanQuery *pq)
{
    const Query *q = pq->q;
    Planner *p = pq->p;
    for (uint16_t i = 0; i < q->cte_count; i++) {
        const Cte *c = &q->ctes[i];
        PlanQuery child;
        PlanNode *root;
        uint32_t number;
        if (c->recursive) {
            cte_add(p, c, &number);
            TRY(plan_recursive(pq, c, number));
            continue;
        }
        /* Numbered after its own WITH queries, so that those it reads come before it. */
        TRY(plan_subquery(p, pq, c->query, NULL, &root, &child));
        cte_add(p, c, &number)->root = root;
    }
    return ST_OK;
}

/* plan_cte_scan - a reference. The newest plan of the query is the one around this reference, when
 * it was planned more than once. */
Status plan_cte_scan(PlanQuery *pq, uint16_t rte, PlanNode **out)
{
    const Rte *r = pq->q->rtes[rte];
    uint32_t number = pq->p->plan->cte_count;
    while (number > 0 && pq->p->plan->ctes[number - 1].source != r->cte) {
        number--;
    }
    if (number-- == 0) {
        return err_unsupported(pq->p->cx, "this reference to a WITH query is not supported");
    }
    const CtePlan *cte = &pq->p->plan->ctes[number];
    PlanNode *n = node_new(pq->p, PLAN_CTE_SCAN, NULL, NULL, r->column_count);
    memcpy(n->phys, cte->root->phys, r->column_count * sizeof(PhysType));
    plan_rebase_outs(pq, rte, n, r->column_count);
    n->u.cte.cte = number;
    n->u.cte.name = cte->name;
    n->u.cte.alias = arena_strdup(pq->p->arena, r->alias != NULL ? r->alias : cte->name);
    n->u.cte.work = cte->in_step;
    n->rows = cte->root->rows * (cte->in_step || cte->step == NULL ? 1 : 10);
    n->total_cost = n->rows * 0.02;
    *out = n;
    return ST_OK;
}
