/*
 * node.c - making plan nodes, and compiling expressions over their columns.
 */
#include "plan/plan_internal.h"
#include "type/array.h"

/* node_new - a node with its children and room for col_count outputs. */
PlanNode *node_new(Planner *p, PlanKind kind, PlanNode *left, PlanNode *right, uint32_t col_count)
{
    PlanNode *n = ARENA_NEW(p->arena, PlanNode);
    n->kind = kind;
    n->left = left;
    n->right = right;
    n->id = p->plan->node_count++;
    n->col_count = (uint16_t)col_count;
    n->phys = ARENA_ARRAY(p->arena, PhysType, col_count + 1);
    n->outs = ARENA_ARRAY(p->arena, Expr *, col_count + 1);
    n->rels = (left ? left->rels : 0) | (right ? right->rels : 0);
    if (left != NULL) {
        n->rows = left->rows;
        n->startup_cost = left->startup_cost;
        n->total_cost = left->total_cost;
        n->width = left->width;
    }
    return n;
}

void node_set_out(PlanNode *n, uint32_t at, Expr *e)
{
    ASSERT(at < n->col_count);
    n->outs[at] = e;
    n->phys[at] = e->phys;
}

void node_copy_outs(PlanNode *n, uint32_t at, const PlanNode *from)
{
    for (uint32_t i = 0; i < from->col_count; i++) {
        node_set_out(n, at + i, from->outs[i]);
    }
}

Expr *column_expr(Arena *a, uint16_t rte, int16_t column, Oid type, PhysType phys)
{
    Expr *e = ARENA_NEW(a, Expr);
    e->kind = EXPR_COLUMN;
    e->type = type;
    e->phys = phys;
    e->typmod = -1;
    e->location = -1;
    e->u.column.rte = rte;
    e->u.column.column = column;
    return e;
}

uint32_t planner_new_param(Planner *p)
{
    return p->plan->param_count + p->plan->exec_param_count++;
}

static int find_in_node(const PlanNode *n, uint16_t rte, int16_t column)
{
    for (uint16_t i = 0; i < n->col_count; i++) {
        const Expr *o = n->outs[i];
        if (o->kind == EXPR_COLUMN && o->u.column.rte == rte && o->u.column.column == column &&
            o->u.column.levels_up == 0) {
            return i;
        }
    }
    return -1;
}

static int node_map_find(void *arg, uint16_t rte, int16_t column)
{
    NodeMap *m = arg;
    int n = find_in_node(m->left, rte, column);
    if (n < 0 && m->right != NULL) {
        n = find_in_node(m->right, rte, column);
        n = n < 0 ? n : n + m->left->col_count;
    }
    return n;
}

/* map_computed - a whole expression the node already holds. Columns go through node_map_find. */
static int map_computed(void *arg, const Expr *e)
{
    NodeMap *m = arg;
    if (e->kind == EXPR_COLUMN) {
        return -1;
    }
    for (uint16_t i = 0; i < m->left->col_count; i++) {
        const Expr *o = m->left->outs[i];
        if (o->kind == e->kind && expr_equal(o, e)) {
            return i;
        }
    }
    for (uint16_t i = 0; m->right != NULL && i < m->right->col_count; i++) {
        const Expr *o = m->right->outs[i];
        if (o->kind == e->kind && expr_equal(o, e)) {
            return i + m->left->col_count;
        }
    }
    return -1;
}

/* outer_param - the parameter that carries a column of an outer level; entered where that level can
 * see it. */
static int outer_param(PlanQuery *pq, const Expr *e)
{
    Planner *p = pq->p;
    if (pq->sub == NULL && pq->parent == NULL) {
        return -1;
    }
    Expr *outer = expr_copy(p->arena, e);
    outer->u.column.levels_up--;
    ParamSource **list = pq->sub != NULL ? &pq->sub->params : &pq->lateral;
    uint32_t *count = pq->sub != NULL ? &pq->sub->param_count : &pq->lateral_count;
    uint32_t *size = pq->sub != NULL ? &pq->sub->param_size : &pq->lateral_size;
    if (pq->sub == NULL && outer->u.column.levels_up > 0) {
        return outer_param(pq->parent, outer);
    }
    for (uint32_t i = 0; i < *count; i++) {
        if (expr_equal((*list)[i].expr, outer)) {
            return (int)(*list)[i].param + 1;
        }
    }
    if (*count == *size) {
        uint32_t bigger = *size == 0 ? 4 : *size * 2;
        *list =
            arena_grow(p->arena, *list, *size * sizeof(ParamSource), bigger * sizeof(ParamSource));
        *size = bigger;
    }
    uint32_t param = planner_new_param(p);
    (*list)[(*count)++] = (ParamSource){.param = param, .expr = outer};
    return (int)param + 1;
}

static int map_outer(void *arg, const Expr *e)
{
    return outer_param(((NodeMap *)arg)->pq, e);
}

/* sublink_test - compile the comparison of ANY/ALL over (tested value, sub-query's column). */
static Status sublink_test(PlanQuery *pq, const Expr *e, SubPlan *sub)
{
    Planner *p = pq->p;
    Expr *cmp = ARENA_NEW(p->arena, Expr);
    PlanNode two = {.col_count = 2};
    PhysType phys[2] = {e->args[0]->phys, sub->root->phys[0]};
    Expr *cols[2] = {column_expr(p->arena, 0, 0, e->args[0]->type, phys[0]),
                     column_expr(p->arena, 0, 1, sub->root->outs[0]->type, phys[1])};
    cols[0]->carrier = e->args[0]->carrier;
    cols[1]->carrier = sub->root->outs[0]->carrier;
    two.phys = phys;
    two.outs = cols;
    cmp->kind = EXPR_FUNC;
    cmp->type = TYPE_BOOL;
    cmp->phys = PHYS_BOOL;
    cmp->proc = e->proc;
    cmp->oper = e->oper;
    cmp->collation = e->collation;
    cmp->arg_count = 2;
    cmp->args = arena_memdup(p->arena, cols, sizeof(cols));
    size_t n = strlen(e->proc->prosrc);
    bool is_eq = n >= 2 && strcmp(e->proc->prosrc + n - 2, "eq") == 0;
    const TypeOps *t = expr_type_ops(cols[0]);
    if (is_eq && sub->kind == SUBLINK_ANY && cols[0]->type == cols[1]->type && t != NULL &&
        t->key != NULL) {
        sub->hash_type = t;
    }
    return prog_over(pq, &two, NULL, &cmp, 1, &sub->test);
}

/* add_subplan - number a sub-plan. */
static uint32_t add_subplan(Planner *p, const SubPlan *sub)
{
    Plan *plan = p->plan;
    if (plan->subplan_count == p->subplan_size) {
        uint32_t size = p->subplan_size == 0 ? 4 : p->subplan_size * 2;
        plan->subplans = arena_grow(p->arena, plan->subplans, p->subplan_size * sizeof(SubPlan),
                                    size * sizeof(SubPlan));
        p->subplan_size = size;
    }
    plan->subplans[plan->subplan_count] = *sub;
    return plan->subplan_count++;
}

/* add_hashed - the second way to answer EXISTS or a scalar, when there is one: taken as soon as as
 * much was spent on runs as it costs. */
static Status add_hashed(PlanQuery *pq, const Expr *e, SubPlan *sub, Expr **args, uint32_t *count)
{
    SubPlan any;
    Expr *tested;
    bool made;
    TRY(plan_hashed_way(pq, e, &any, &tested, &made));
    if (made) {
        double runs = any.root->total_cost / MAX(sub->root->total_cost, 0.01);
        sub->hashed_after = (uint32_t)MIN(MAX(runs, 1), 1e9);
        sub->hashed = add_subplan(pq->p, &any);
        sub->hashed_column = (uint16_t)*count;
        args[(*count)++] = tested;
    }
    return ST_OK;
}

/* map_sublink - plan the sub-query and number it; its arguments are the tested value and the outer
 * columns. */
static int map_sublink(void *arg, const Expr *e, Expr ***args_out, uint32_t *arg_count_out)
{
    NodeMap *m = arg;
    PlanQuery *pq = m->pq;
    Planner *p = pq->p;
    Cx *cx = p->cx;
    bool tested = e->u.sublink.kind == SUBLINK_ANY || e->u.sublink.kind == SUBLINK_ALL;
    if (tested && e->proc == NULL) {
        st_ignore(err_unsupported(cx, "a row compared with a sub-query is not supported"));
        return -1;
    }
    SubPlan sub = {.kind = e->u.sublink.kind, .negated = e->u.sublink.negated};
    PlanQuery child;
    sub.scope = plan_scope_begin(p);
    if (plan_subquery(p, pq, e->u.sublink.query, &sub, &sub.root, &child) != ST_OK) {
        return -1;
    }
    plan_scope_end(p, &sub.scope);
    sub.phys = e->phys;
    if (sub.kind == SUBLINK_ARRAY) {
        sub.element = type_array_element(expr_carrier(e));
        if (sub.element == OID_INVALID || type_ops(sub.element) == NULL) {
            st_ignore(err_unsupported(cx, "arrays of type %u are not supported", e->type));
            return -1;
        }
        sub.nested = sub.root->outs[0]->type == e->type;
    }
    if (tested && sublink_test(pq, e, &sub) != ST_OK) {
        return -1;
    }
    uint32_t first = tested ? 1 : 0;
    Expr **args = ARENA_ARRAY(p->arena, Expr *, sub.param_count + 2);
    if (tested) {
        args[0] = e->args[0];
    }
    for (uint32_t i = 0; i < sub.param_count; i++) {
        args[first + i] = sub.params[i].expr;
        sub.params[i].column = (uint16_t)(first + i);
    }
    *arg_count_out = first + sub.param_count;
    if ((sub.kind == SUBLINK_EXISTS || sub.kind == SUBLINK_SCALAR) && sub.param_count != 0 &&
        add_hashed(pq, e, &sub, args, arg_count_out) != ST_OK) {
        return -1;
    }
    *args_out = args;
    return (int)add_subplan(p, &sub);
}

Status prog_over(PlanQuery *pq, const PlanNode *left, const PlanNode *right, Expr *const *exprs,
                 uint32_t count, const ExprProg **prog_out)
{
    NodeMap m = {.pq = pq, .left = left, .right = right};
    ExprMap map = {.find = node_map_find,
                   .sublink = map_sublink,
                   .computed = map_computed,
                   .outer = map_outer,
                   .arg = &m};
    for (uint32_t i = 0; i < count && !pq->p->calls_volatile; i++) {
        pq->p->calls_volatile = expr_is_volatile(exprs[i]);
    }
    return expr_compile(pq->p->cx, pq->p->arena, exprs, count, &map, pq->p->extra_fn, prog_out);
}
