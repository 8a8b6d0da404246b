/*
 * group.c - GROUP BY and aggregate calls; set operations.
 */
#include "plan/plan_internal.h"

/* AggFind - what the target list, HAVING and ORDER BY need from the aggregation. */
typedef struct AggFind {
    PlanQuery *pq;
    const Expr **aggs;
    uint32_t agg_count, agg_size;
    Expr **groups;
    uint32_t group_count, group_size;
    bool columns; /* second pass: columns outside aggregates that depend on the group keys */
} AggFind;

static bool is_group(const AggFind *f, const Expr *e)
{
    for (uint32_t i = 0; i < f->group_count; i++) {
        if (expr_equal(f->groups[i], e)) {
            return true;
        }
    }
    return false;
}

static void agg_add_group(AggFind *f, Expr *e)
{
    if (is_group(f, e)) {
        return;
    }
    if (f->group_count == f->group_size) {
        uint32_t size = f->group_size == 0 ? 8 : f->group_size * 2;
        f->groups = arena_grow(f->pq->p->arena, f->groups, f->group_size * sizeof(Expr *),
                               size * sizeof(Expr *));
        f->group_size = size;
    }
    f->groups[f->group_count++] = e;
}

/* visit_agg - collect aggregate calls, each once; what is a grouping key is not looked into. */
static bool visit_agg(void *arg, const Expr *e)
{
    AggFind *f = arg;
    if (e->kind == EXPR_AGG) {
        for (uint32_t i = 0; i < f->agg_count; i++) {
            if (expr_equal(f->aggs[i], e)) {
                return false;
            }
        }
        if (f->agg_count == f->agg_size) {
            uint32_t size = f->agg_size == 0 ? 8 : f->agg_size * 2;
            f->aggs = arena_grow(f->pq->p->arena, f->aggs, f->agg_size * sizeof(Expr *),
                                 size * sizeof(Expr *));
            f->agg_size = size;
        }
        f->aggs[f->agg_count++] = e;
        return false;
    }
    if (is_group(f, e)) {
        return false;
    }
    if (f->columns && e->kind == EXPR_COLUMN && e->u.column.levels_up == 0) {
        /* Allowed by the binder only when it depends on the keys: one more key changes no group. */
        agg_add_group(f, expr_copy(f->pq->p->arena, e));
    }
    return true;
}

void plan_walk_outputs(const Query *q, bool (*fn)(void *arg, const Expr *e), void *arg)
{
    for (uint16_t i = 0; i < q->target_count; i++) {
        expr_walk(q->targets[i].expr, fn, arg);
    }
    expr_walk(q->having, fn, arg);
    for (uint16_t i = 0; i < q->order_count; i++) {
        expr_walk(q->order_by[i].expr, fn, arg);
    }
    for (uint16_t i = 0; i < q->distinct_on_count; i++) {
        expr_walk(q->distinct_on[i], fn, arg);
    }
    plan_walk_windows(q, fn, arg);
}

/* plan_call - one aggregate call: its arguments and filter become expressions of the node's
 * program. */
static Status plan_call(PlanQuery *pq, const Expr *e, AggCall *c, Expr **exprs, uint32_t *count)
{
    Cx *cx = pq->p->cx;
    c->expr = plan_keep_expr(pq, e);
    c->ops = agg_ops_of(e->proc->oid, e->proc->prosrc);
    if (c->ops == NULL) {
        return err_unsupported(cx, "aggregate %s is not supported", e->proc->name);
    }
    c->first_arg = (uint16_t)*count;
    c->arg_count = e->arg_count;
    Oid *types = ARENA_ARRAY(pq->p->arena, Oid, e->arg_count + 1u);
    for (uint16_t i = 0; i < e->arg_count; i++) {
        types[i] = expr_carrier(e->args[i]);
        exprs[(*count)++] = e->args[i];
    }
    c->arg_types = types;
    c->filter = -1;
    if (e->u.agg.filter != NULL) {
        c->filter = (int)*count;
        exprs[(*count)++] = e->u.agg.filter;
    }
    c->distinct = e->u.agg.distinct;
    for (uint16_t i = 0; c->distinct && i < e->arg_count; i++) {
        const TypeOps *t = expr_type_ops(e->args[i]);
        if (t == NULL || t->key == NULL) {
            return err_unsupported(cx, "%s(DISTINCT ...) of this type is not supported",
                                   e->proc->name);
        }
    }
    return ST_OK;
}

/* keeps_order - does the result tell in which order rows came? */
static bool keeps_order(const Expr *e)
{
    static const char *const NAMES[] = {"array_agg", "string_agg", "json_agg", "jsonb_agg"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (strcmp(e->proc->name, NAMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* own_order - the call's ORDER BY; without one DISTINCT values come in their own order. */
static const SortKey *own_order(PlanQuery *pq, const Expr *e, uint16_t *count_out)
{
    *count_out = e->u.agg.order_count;
    if (e->u.agg.order_count > 0 || !e->u.agg.distinct || !keeps_order(e)) {
        return e->u.agg.order_by;
    }
    SortKey *keys = ARENA_ARRAY(pq->p->arena, SortKey, e->arg_count + 1u);
    for (uint16_t i = 0; i < e->arg_count; i++) {
        keys[i].expr = e->args[i];
    }
    *count_out = e->arg_count;
    return keys;
}

static bool same_order(const SortKey *a, uint16_t a_count, const SortKey *b, uint16_t b_count)
{
    bool same = a_count == b_count;
    for (uint16_t i = 0; i < a_count && same; i++) {
        same = a[i].desc == b[i].desc && a[i].nulls_first == b[i].nulls_first &&
               expr_equal(a[i].expr, b[i].expr);
    }
    return same;
}

/* call_order - a call whose order is not that of the input sorts the rows of each group itself. */
static Status call_order(PlanQuery *pq, const Expr *e, const Expr *sorted_for, AggCall *c,
                         Expr **exprs, uint32_t *count)
{
    uint16_t n, sorted_count = 0;
    const SortKey *keys = own_order(pq, e, &n), *sorted = NULL;
    if (sorted_for != NULL) {
        sorted = own_order(pq, sorted_for, &sorted_count);
    }
    if (n == 0 || (sorted != NULL && same_order(keys, n, sorted, sorted_count))) {
        return ST_OK;
    }
    c->sort_keys = ARENA_ARRAY(pq->p->arena, PlanSortKey, n);
    c->sort_first = (uint16_t)*count;
    c->sort_count = n;
    for (uint16_t i = 0; i < n; i++) {
        const TypeOps *t = plan_type_ops(pq->p, keys[i].expr->type);
        if (t == NULL || t->key == NULL) {
            return err_unsupported(pq->p->cx, "ORDER BY of this type in %s is not supported",
                                   e->proc->name);
        }
        c->sort_keys[i] = (PlanSortKey){t, keys[i].desc, keys[i].nulls_first, NULL};
        exprs[(*count)++] = keys[i].expr;
    }
    return ST_OK;
}

/* sort_for_aggs - the input is sorted as the first call with an ORDER BY wants it. */
static Status sort_for_aggs(PlanQuery *pq, const AggFind *f, PlanNode **input, const Expr **for_out)
{
    for (uint32_t i = 0; i < f->agg_count; i++) {
        const Expr *e = f->aggs[i];
        if (e->u.agg.order_count > 0) {
            *for_out = e;
            return plan_sort(pq, *input, e->u.agg.order_by, e->u.agg.order_count, input);
        }
    }
    return ST_OK;
}

Status plan_aggregate(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    const Query *q = pq->q;
    Arena *a = pq->p->arena;
    AggFind f = {.pq = pq};
    for (uint16_t i = 0; i < q->group_count; i++) {
        agg_add_group(&f, q->group_by[i]);
    }
    plan_walk_outputs(q, visit_agg, &f);
    if (f.group_count > 0) {
        f.columns = true;
        plan_walk_outputs(q, visit_agg, &f);
    }
    const Expr *sorted_for = NULL;
    TRY(sort_for_aggs(pq, &f, &input, &sorted_for));
    bool sets = plan_has_sets(q);
    if (sets) {
        TRY(plan_expand(pq, input, &input));
        agg_add_group(&f, plan_set_number(pq));
    }
    uint32_t size = f.group_count;
    for (uint32_t i = 0; i < f.agg_count; i++) {
        size += 2u * f.aggs[i]->arg_count + f.aggs[i]->u.agg.order_count + 1u;
    }
    Expr **exprs = ARENA_ARRAY(a, Expr *, size + 1);
    uint32_t count = 0;
    PlanNode *n = node_new(pq->p, PLAN_AGG, input, NULL, f.group_count + f.agg_count);
    n->u.agg.group_count = (uint16_t)f.group_count;
    n->u.agg.group_types = ARENA_ARRAY(a, const TypeOps *, f.group_count + 1);
    for (uint32_t i = 0; i < f.group_count; i++) {
        const TypeOps *t = plan_type_ops(pq->p, f.groups[i]->type);
        if (t == NULL || t->key == NULL) {
            return err_set(pq->p->cx, ERRCODE_UNDEFINED_FUNCTION,
                           "could not identify an equality operator for type %s",
                           t != NULL ? t->name : "record");
        }
        n->u.agg.group_types[i] = t;
        exprs[count++] = sets && i < q->group_count ? plan_masked_key(pq, (uint16_t)i, f.groups[i])
                                                    : f.groups[i];
        node_set_out(n, i, f.groups[i]);
    }
    n->u.agg.calls = ARENA_ARRAY(a, AggCall, f.agg_count + 1);
    n->u.agg.call_count = (uint16_t)f.agg_count;
    bool counts_only = f.agg_count > 0 && f.group_count == 0 && input->kind == PLAN_SCAN;
    for (uint32_t i = 0; i < f.agg_count; i++) {
        const Expr *e = f.aggs[i];
        TRY(plan_call(pq, e, &n->u.agg.calls[i], exprs, &count));
        TRY(call_order(pq, e, sorted_for, &n->u.agg.calls[i], exprs, &count));
        node_set_out(n, f.group_count + i, expr_copy(a, e));
        counts_only = counts_only && e->arg_count == 0 && e->u.agg.filter == NULL &&
                      strcmp(e->proc->name, "count") == 0;
    }
    n->u.agg.count_scan = counts_only;
    TRY(prog_over(pq, input, NULL, exprs, count, &n->u.agg.prog));
    n->rows = f.group_count == 0 ? 1 : group_estimate(pq, f.groups, f.group_count, input->rows);
    n->startup_cost = n->total_cost =
        input->total_cost + input->rows * 0.01 * (f.agg_count + f.group_count);
    if (sets) {
        int32_t *empty;
        n->u.agg.empty_count = plan_empty_sets(pq, &empty);
        n->u.agg.empty_sets = empty;
    }
    return plan_grouping_calls(pq, n, out);
}

/* ---- set operations ---- */

/* plan_side - one side of a set operation: its own level, seen from the same outer levels. */
Status plan_side(PlanQuery *pq, const Query *q, PlanNode **out)
{
    PlanQuery side = {.p = pq->p,
                      .q = q,
                      .parent = pq->parent,
                      .sub = pq->sub,
                      .lateral = pq->lateral,
                      .lateral_count = pq->lateral_count,
                      .lateral_size = pq->lateral_size};
    if (++pq->p->depth > 200) {
        return err_set(pq->p->cx, ERRCODE_STATEMENT_TOO_COMPLEX,
                       "set operations are nested too deeply");
    }
    TRY(plan_query(&side, out));
    pq->p->depth--;
    pq->lateral = side.lateral;
    pq->lateral_count = side.lateral_count;
    pq->lateral_size = side.lateral_size;
    return ST_OK;
}

Status plan_setop(PlanQuery *pq, PlanNode **out)
{
    const Query *q = pq->q;
    PlanNode *l, *r;
    uint32_t visible = 0;
    TRY(plan_side(pq, q->set_left, &l));
    TRY(plan_side(pq, q->set_right, &r));
    for (uint16_t i = 0; i < q->target_count; i++) {
        visible += !q->targets[i].hidden;
    }
    PlanNode *n =
        node_new(pq->p, q->set_op == SETOP_UNION ? PLAN_APPEND : PLAN_SETOP, l, r, visible);
    for (uint32_t i = 0; i < visible; i++) {
        const Expr *o = l->outs[i];
        if (l->phys[i] != r->phys[i]) {
            return err_set(pq->p->cx, ERRCODE_INTERNAL_ERROR,
                           "the sides of a set operation differ in column %u", i + 1);
        }
        Expr *e =
            column_expr(pq->p->arena, 0, (int16_t)i,
                        q->targets[i].expr != NULL ? q->targets[i].expr->type : o->type, o->phys);
        node_set_out(n, i, e);
    }
    n->rows = l->rows + r->rows;
    n->total_cost = l->total_cost + r->total_cost;
    if (q->set_op == SETOP_UNION) {
        if (q->set_all) {
            *out = n;
            return ST_OK;
        }
        return plan_distinct(pq, n, visible, out);
    }
    n->u.setop.op = q->set_op;
    n->u.setop.all = q->set_all;
    n->u.setop.types = ARENA_ARRAY(pq->p->arena, const TypeOps *, visible + 1);
    for (uint32_t i = 0; i < visible; i++) {
        n->u.setop.types[i] = plan_type_ops(pq->p, n->outs[i]->type);
        if (n->u.setop.types[i] == NULL || n->u.setop.types[i]->key == NULL) {
            return err_set(pq->p->cx, ERRCODE_UNDEFINED_FUNCTION,
                           "could not identify an equality operator for type %s",
                           n->u.setop.types[i] != NULL ? n->u.setop.types[i]->name : "record");
        }
    }
    n->rows = l->rows;
    *out = n;
    return ST_OK;
}
