/*
 * query.c - one query level: FROM and WHERE, aggregation, ordering, limits, the target list.
 *
 * The target list is computed last, above ORDER BY and LIMIT, so nothing is evaluated for rows that
 * are not returned; it comes first only when the order depends on it (DISTINCT, volatile sort keys,
 * set-returning targets).
 */
#include "plan/plan_internal.h"

#define QUERY_DEPTH_MAX 200

/* name_columns - hang the names of columns on an expression that is kept for EXPLAIN; `args` of
 * the copy holds them. */
static void name_columns(PlanQuery *pq, Expr *e)
{
    if (e == NULL) {
        return;
    }
    if (e->kind == EXPR_COLUMN) {
        PlanQuery *at = pq;
        for (uint16_t i = 0; i < e->u.column.levels_up && at != NULL; i++) {
            at = at->parent;
        }
        ColumnName *n = ARENA_NEW(pq->p->arena, ColumnName);
        if (at != NULL && e->u.column.rte < at->q->rte_count) {
            const Rte *r = at->q->rtes[e->u.column.rte];
            n->alias = r->alias != NULL ? arena_strdup(pq->p->arena, r->alias) : NULL;
            if (e->u.column.column >= 0 && e->u.column.column < r->column_count) {
                n->name = arena_strdup(pq->p->arena, r->columns[e->u.column.column].name);
            }
        }
        e->args = (Expr **)(void *)n;
        return;
    }
    if (e->kind == EXPR_PARAM) {
        return;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        name_columns(pq, e->args[i]);
    }
    if (e->kind == EXPR_AGG) {
        name_columns(pq, e->u.agg.filter);
    } else if (e->kind == EXPR_WINDOW) {
        name_columns(pq, e->u.window.filter);
    }
}

Expr *plan_keep_expr(PlanQuery *pq, const Expr *e)
{
    Expr *c = expr_copy(pq->p->arena, e);
    name_columns(pq, c);
    return c;
}

/* plan_filter - a filter over the input, or the input itself when there is nothing to test. */
Status plan_filter(PlanQuery *pq, PlanNode *input, Expr *const *exprs, uint32_t count,
                   PlanNode **out)
{
    if (count == 0) {
        *out = input;
        return ST_OK;
    }
    if (input->kind == PLAN_NEST_LOOP && input->left == NULL) {
        /* Conditions on a lateral item stay inside the loop that is still to come. */
        *out = input;
        return plan_filter(pq, input->right, exprs, count, &input->right);
    }
    Arena *a = pq->p->arena;
    PlanNode *f = node_new(pq->p, PLAN_FILTER, input, NULL, input->col_count);
    node_copy_outs(f, 0, input);
    Expr *all = ARENA_NEW(a, Expr);
    *all = (Expr){.kind = EXPR_AND, .type = TYPE_BOOL, .phys = PHYS_BOOL, .typmod = -1};
    all->arg_count = (uint16_t)count;
    all->args = arena_memdup(a, exprs, count * sizeof(Expr *));
    f->u.filter.count = count;
    f->u.filter.exprs = ARENA_ARRAY(a, Expr *, count);
    double sel = quals_selectivity(pq, exprs, count);
    for (uint32_t i = 0; i < count; i++) {
        f->u.filter.exprs[i] = plan_keep_expr(pq, exprs[i]);
    }
    TRY(prog_over(pq, input, NULL, &all, 1, &f->u.filter.prog));
    f->rows = MAX(input->rows * sel, 1);
    f->total_cost = input->total_cost + input->rows * 0.0025 * count;
    *out = f;
    return ST_OK;
}

Status plan_project(PlanQuery *pq, PlanNode *input, Expr *const *exprs, uint32_t count,
                    PlanNode **out)
{
    PlanNode *n = node_new(pq->p, PLAN_PROJECT, input, NULL, count);
    TRY(prog_over(pq, input, NULL, exprs, count, &n->u.project.prog));
    n->width = 0;
    for (uint32_t i = 0; i < count; i++) {
        node_set_out(n, i, exprs[i]);
        n->width += exprs[i]->phys == PHYS_STR ? 32 : phys_bytes(exprs[i]->phys);
    }
    *out = n;
    return ST_OK;
}

static Status sort_keys(PlanQuery *pq, PlanNode *n, const PlanNode *input, const SortKey *keys,
                        uint32_t count)
{
    Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, count + 1);
    n->u.sort.keys = ARENA_ARRAY(pq->p->arena, PlanSortKey, count + 1);
    n->u.sort.key_count = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = keys[i].expr;
        n->u.sort.keys[i] = (PlanSortKey){.type = plan_type_ops(pq->p, keys[i].expr->type),
                                          .desc = keys[i].desc,
                                          .nulls_first = keys[i].nulls_first,
                                          .expr = plan_keep_expr(pq, keys[i].expr)};
        if (n->u.sort.keys[i].type == NULL || n->u.sort.keys[i].type->key == NULL) {
            return err_unsupported(pq->p->cx, "ordering by type %u is not supported",
                                   keys[i].expr->type);
        }
    }
    return prog_over(pq, input, NULL, exprs, count, &n->u.sort.prog);
}

Status plan_sort(PlanQuery *pq, PlanNode *input, const SortKey *keys, uint32_t count,
                 PlanNode **out)
{
    PlanNode *n = node_new(pq->p, PLAN_SORT, input, NULL, input->col_count);
    node_copy_outs(n, 0, input);
    TRY(sort_keys(pq, n, input, keys, count));
    n->startup_cost = n->total_cost = input->total_cost + input->rows * 0.05;
    *out = n;
    return ST_OK;
}

/* plan_distinct - the first `columns` outputs without duplicates. */
Status plan_distinct(PlanQuery *pq, PlanNode *input, uint32_t columns, PlanNode **out)
{
    PlanNode *n = node_new(pq->p, PLAN_AGG, input, NULL, columns);
    n->u.agg.group_count = (uint16_t)columns;
    n->u.agg.group_types = ARENA_ARRAY(pq->p->arena, const TypeOps *, columns + 1);
    for (uint32_t i = 0; i < columns; i++) {
        node_set_out(n, i, input->outs[i]);
        n->u.agg.group_types[i] = plan_type_ops(pq->p, input->outs[i]->type);
        if (n->u.agg.group_types[i] == NULL || n->u.agg.group_types[i]->key == NULL) {
            return err_set(pq->p->cx, ERRCODE_UNDEFINED_FUNCTION,
                           "could not identify an equality operator for type %s",
                           n->u.agg.group_types[i] != NULL ? n->u.agg.group_types[i]->name
                                                           : "record");
        }
    }
    TRY(prog_over(pq, input, NULL, input->outs, columns, &n->u.agg.prog));
    n->startup_cost = n->total_cost = input->total_cost + input->rows * 0.03;
    *out = n;
    return ST_OK;
}

static Status plan_distinct_on(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    const Query *q = pq->q;
    SortKey *keys = ARENA_ARRAY(pq->p->arena, SortKey, q->distinct_on_count + 1u);
    for (uint16_t i = 0; i < q->distinct_on_count; i++) {
        keys[i].expr = q->distinct_on[i];
    }
    if (q->order_count == 0) {
        TRY(plan_sort(pq, input, keys, q->distinct_on_count, &input));
    }
    PlanNode *n = node_new(pq->p, PLAN_UNIQUE, input, NULL, input->col_count);
    node_copy_outs(n, 0, input);
    TRY(sort_keys(pq, n, input, keys, q->distinct_on_count));
    *out = n;
    return ST_OK;
}

/* limit_prog - LIMIT (or NULL) and OFFSET as expressions of the node. */
static Status limit_prog(PlanQuery *pq, Expr *limit, PlanNode *n, const ExprProg **prog_out)
{
    Expr *exprs[2];
    uint32_t count = 0;
    PlanNode none = {0};
    n->u.limit.limit = n->u.limit.offset = -1;
    if (limit != NULL) {
        n->u.limit.limit = (int)count;
        exprs[count++] = limit;
    }
    if (pq->q->offset != NULL) {
        n->u.limit.offset = (int)count;
        exprs[count++] = pq->q->offset;
    }
    return prog_over(pq, &none, NULL, exprs, count, prog_out);
}

/* plan_ties - FETCH FIRST ... WITH TIES over sorted input: the rows up to OFFSET and LIMIT, and
 * those after them that are equal in ORDER BY to the last of them. OFFSET comes after it, in a node
 * of its own. */
static Status plan_ties(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    const Query *q = pq->q;
    Expr *exprs[2] = {q->limit, q->offset};
    PlanNode none = {0};
    PlanNode *n = node_new(pq->p, PLAN_TIES, input, NULL, input->col_count);
    node_copy_outs(n, 0, input);
    TRY(sort_keys(pq, n, input, q->order_by, q->order_count));
    TRY(prog_over(pq, &none, NULL, exprs, q->offset != NULL ? 2 : 1, &n->u.sort.limit));
    n->u.sort.has_offset = q->offset != NULL;
    *out = n;
    return ST_OK;
}

Status plan_limit(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    const Query *q = pq->q;
    *out = input;
    if (q->limit == NULL && q->offset == NULL) {
        return ST_OK;
    }
    bool ties = q->with_ties;
    if (ties) {
        TRY(plan_ties(pq, input, &input));
        *out = input;
        if (q->offset == NULL) {
            return ST_OK;
        }
    }
    PlanNode *n = node_new(pq->p, PLAN_LIMIT, input, NULL, input->col_count);
    node_copy_outs(n, 0, input);
    TRY(limit_prog(pq, ties ? NULL : q->limit, n, &n->u.limit.prog));
    if (q->limit != NULL && input->kind == PLAN_SORT) {
        input->u.sort.limit = n->u.limit.prog;
    }
    double want = input->rows;
    if (q->limit != NULL && q->limit->kind == EXPR_CONST && !q->limit->u.constant.is_null) {
        want = MIN(want, (double)q->limit->u.constant.value.i64);
    }
    n->rows = MAX(want, 1);
    n->total_cost = input->startup_cost +
                    (input->total_cost - input->startup_cost) * (n->rows / MAX(input->rows, 1));
    *out = n;
    return ST_OK;
}

/* plan_row_marks - FOR UPDATE and friends: lock each row that reaches this place. */
static Status plan_row_marks(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    const Query *q = pq->q;
    Planner *p = pq->p;
    if (q->row_mark_count == 0) {
        *out = input;
        return ST_OK;
    }
    p->locks_rows = true;
    PlanNode *n = node_new(p, PLAN_LOCK_ROWS, input, NULL, input->col_count);
    node_copy_outs(n, 0, input);
    n->u.lock.marks = ARENA_ARRAY(p->arena, PlanMark, q->row_mark_count);
    uint64_t targets = 0;
    for (uint16_t i = 0; i < q->row_mark_count; i++) {
        const RowMark *m = &q->row_marks[i];
        const CatTable *marked = q->rtes[m->rte]->kind == RTE_TABLE ? q->rtes[m->rte]->table : NULL;
        if (marked != NULL && (marked->kind == 'S' || marked->kind == 'm')) {
            return err_set(p->cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot lock rows in %s \"%s\"",
                           marked->kind == 'S' ? "sequence" : "materialized view", marked->name);
        }
        if (q->rtes[m->rte]->kind != RTE_TABLE || q->rtes[m->rte]->table->builtin) {
            continue; /* what is not a table has no rows to lock */
        }
        PlanMark *mark = &n->u.lock.marks[n->u.lock.count];
        *mark = (PlanMark){.mode = m->mode, .wait = m->wait};
        n->u.lock.count += plan_mark_table(pq, input, m->rte, mark);
        targets |= (uint64_t)1 << (m->rte & 63);
    }
    TRY(plan_recheck(pq, input, targets, &n->u.lock.recheck));
    *out = n;
    return ST_OK;
}

static bool is_set_call(const Expr *e)
{
    return e->kind == EXPR_FUNC && e->proc->returns_set;
}

/* plan_targets - the target list over the input, without or with what only ORDER BY needs (it comes
 * last); targets may return sets. */
static Status plan_targets(PlanQuery *pq, PlanNode *input, bool hidden, PlanNode **out)
{
    const Query *q = pq->q;
    Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, q->target_count + 1u);
    uint32_t count = 0;
    uint16_t *sets = ARENA_ARRAY(pq->p->arena, uint16_t, q->target_count + 1u), set_count = 0;
    for (uint16_t i = 0; i < q->target_count; i++) {
        if (q->targets[i].hidden && !hidden) {
            continue;
        }
        if (is_set_call(q->targets[i].expr)) {
            sets[set_count++] = (uint16_t)count;
        }
        exprs[count++] = q->targets[i].expr;
    }
    if (set_count == 0) {
        return plan_project(pq, input, exprs, count, out);
    }
    PlanNode *n = node_new(pq->p, PLAN_PROJECT_SET, input, NULL, count);
    Expr **others = arena_memdup(pq->p->arena, exprs, count * sizeof(Expr *));
    n->u.function.more = ARENA_ARRAY(pq->p->arena, PlanSetCall, set_count);
    n->u.function.more_count = (uint16_t)(set_count - 1);
    for (uint16_t k = 0; k < set_count; k++) {
        Expr *call = exprs[sets[k]];
        Expr *null_expr = expr_copy(pq->p->arena, call);
        null_expr->kind = EXPR_CONST;
        null_expr->arg_count = 0;
        memset(&null_expr->u, 0, sizeof(null_expr->u));
        null_expr->u.constant.is_null = true;
        others[sets[k]] = null_expr;
        PlanSetCall set = {.call = expr_copy(pq->p->arena, call), .column = sets[k]};
        TRY(prog_over(pq, input, NULL, call->args, call->arg_count, &set.args));
        if (k > 0) {
            n->u.function.more[k - 1] = set;
            continue;
        }
        n->u.function.set_column = set.column;
        n->u.function.call = set.call;
        n->u.function.name = call->proc->name;
        n->u.function.args = set.args;
    }
    TRY(prog_over(pq, input, NULL, others, count, &n->u.function.others));
    for (uint32_t i = 0; i < count; i++) {
        node_set_out(n, i, exprs[i]);
    }
    n->rows = input->rows * 1000;
    *out = n;
    return ST_OK;
}

static bool order_needs_targets(const Query *q)
{
    for (uint16_t i = 0; i < q->target_count; i++) {
        if (is_set_call(q->targets[i].expr)) {
            return true;
        }
    }
    for (uint16_t i = 0; i < q->order_count; i++) {
        if (expr_is_volatile(q->order_by[i].expr)) {
            return true;
        }
    }
    return false;
}

Status plan_subquery(Planner *p, PlanQuery *parent, const Query *q, SubPlan *sub, PlanNode **out,
                     PlanQuery *pq_out)
{
    if (++p->depth > QUERY_DEPTH_MAX) {
        return err_set(p->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "sub-queries are nested too deeply");
    }
    *pq_out = (PlanQuery){.p = p, .q = q, .parent = parent, .sub = sub};
    Status st = plan_query(pq_out, out);
    p->depth--;
    return st;
}

static Status fold(PlanQuery *pq, Expr **e)
{
    const ExprEnv env = {.type_env = pq->p->env};
    return *e == NULL ? ST_OK : expr_fold(pq->p->cx, pq->p->arena, &env, *e, e);
}

/* fold_windows - window definitions with their expressions folded. */
static Status fold_windows(PlanQuery *pq, Query *c)
{
    Arena *a = pq->p->arena;
    c->windows = arena_memdup(a, c->windows, c->window_count * sizeof(Window));
    for (uint16_t i = 0; i < c->window_count; i++) {
        Window *w = &c->windows[i];
        w->partition_by = arena_memdup(a, w->partition_by, w->partition_count * sizeof(Expr *));
        for (uint16_t k = 0; k < w->partition_count; k++) {
            TRY(fold(pq, &w->partition_by[k]));
        }
        w->order_by = arena_memdup(a, w->order_by, w->order_count * sizeof(SortKey));
        for (uint16_t k = 0; k < w->order_count; k++) {
            TRY(fold(pq, &w->order_by[k].expr));
        }
        TRY(fold(pq, &w->range_key));
        TRY(fold(pq, &w->range_start));
        TRY(fold(pq, &w->range_end));
    }
    return ST_OK;
}

/* fold_query - a copy of the query node with its expressions folded. */
static Status fold_query(PlanQuery *pq, Query *c)
{
    Arena *a = pq->p->arena;
    c->targets =
        arena_memdup(a, c->targets, (c->target_count + 1u) * sizeof(Target) - sizeof(Target));
    for (uint16_t i = 0; i < c->target_count; i++) {
        TRY(fold(pq, &c->targets[i].expr));
    }
    c->group_by = arena_memdup(a, c->group_by, c->group_count * sizeof(Expr *));
    for (uint16_t i = 0; i < c->group_count; i++) {
        TRY(fold(pq, &c->group_by[i]));
    }
    c->order_by = arena_memdup(a, c->order_by, c->order_count * sizeof(SortKey));
    for (uint16_t i = 0; i < c->order_count; i++) {
        TRY(fold(pq, &c->order_by[i].expr));
    }
    c->distinct_on = arena_memdup(a, c->distinct_on, c->distinct_on_count * sizeof(Expr *));
    for (uint16_t i = 0; i < c->distinct_on_count; i++) {
        TRY(fold(pq, &c->distinct_on[i]));
    }
    TRY(fold_windows(pq, c));
    TRY(fold(pq, &c->where));
    TRY(fold(pq, &c->having));
    TRY(fold(pq, &c->limit));
    return fold(pq, &c->offset);
}

/* plan_sort_values - volatile sort keys beside the columns of rows that are to be locked: the
 * target list, which would drop the row ids, comes later and finds the keys computed. */
static Status plan_sort_values(PlanQuery *pq, PlanNode *input, PlanNode **out)
{
    const Query *q = pq->q;
    uint32_t count = input->col_count;
    Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, count + q->order_count + 1u);
    for (uint16_t i = 0; i < q->target_count; i++) {
        if (is_set_call(q->targets[i].expr)) {
            return err_unsupported(pq->p->cx, "FOR UPDATE is not allowed with set-returning "
                                              "functions in the target list");
        }
    }
    memcpy(exprs, input->outs, count * sizeof(Expr *));
    for (uint16_t i = 0; i < q->order_count; i++) {
        if (expr_is_volatile(q->order_by[i].expr)) {
            exprs[count++] = q->order_by[i].expr;
        }
    }
    return plan_project(pq, input, exprs, count, out);
}

/* plan_ordering - DISTINCT, ORDER BY, row locks, LIMIT and the target list, in the order that fits.
 */
static Status plan_ordering(PlanQuery *pq, PlanNode *n, bool ordered, PlanNode **out)
{
    const Query *q = pq->q;
    bool targets_done = false;
    uint32_t visible = 0;
    if (q->row_mark_count > 0 && order_needs_targets(q)) {
        TRY(plan_sort_values(pq, n, &n));
    } else if (q->distinct || order_needs_targets(q)) {
        while (visible < q->target_count && !q->targets[visible].hidden) {
            visible++;
        }
        TRY(plan_targets(pq, n, !q->distinct, &n));
        targets_done = true;
        if (q->distinct) {
            double rows = n->rows;
            TRY(plan_distinct(pq, n, visible, &n));
            n->rows = group_estimate(pq, n->outs, visible, rows);
        }
    }
    if (q->order_count > 0 && !ordered) {
        TRY(plan_sort(pq, n, q->order_by, q->order_count, &n));
    }
    if (q->distinct_on_count > 0) {
        TRY(plan_distinct_on(pq, n, &n));
    }
    TRY(plan_row_marks(pq, n, &n));
    TRY(plan_limit(pq, n, &n));
    if (!targets_done) {
        TRY(plan_targets(pq, n, false, &n));
    } else if (n->col_count > visible) {
        TRY(plan_project(pq, n, n->outs, visible, &n));
    }
    *out = n;
    return ST_OK;
}

Status plan_query(PlanQuery *pq, PlanNode **out)
{
    Query *q = arena_memdup(pq->p->arena, pq->q, sizeof(*q));
    TRY(fold_query(pq, q));
    plan_minmax(pq, q);
    pq->q = q;
    PlanNode *n;
    if (q->cte_count > 0) {
        TRY(plan_ctes(pq));
    }
    if (q->command != CMD_SELECT) {
        return plan_modify(pq, out);
    }
    if (q->set_op != SETOP_NONE) {
        TRY(plan_setop(pq, &n));
        if (q->order_count > 0) {
            TRY(plan_sort(pq, n, q->order_by, q->order_count, &n));
        }
        return plan_limit(pq, n, out);
    }
    QualList where = {0};
    bool grouped = q->has_aggs || q->has_group_by || q->group_count > 0 || q->having != NULL;
    bool ordered = false;
    bool use_order = !grouped && !q->distinct && q->distinct_on_count == 0 &&
                     !order_needs_targets(q) && !q->has_windows;
    quals_add(pq, &where, q->where);
    TRY(plan_from(pq, &where, q->order_by, use_order ? q->order_count : 0, &ordered, &n));
    if (grouped) {
        TRY(plan_aggregate(pq, n, &n));
        if (q->having != NULL) {
            QualList having = {0};
            quals_add(pq, &having, q->having);
            Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, having.count + 1);
            for (uint32_t i = 0; i < having.count; i++) {
                exprs[i] = having.items[i].expr;
            }
            TRY(plan_filter(pq, n, exprs, having.count, &n));
        }
    }
    if (q->has_windows) {
        TRY(plan_windows(pq, n, &ordered, &n));
    }
    return plan_ordering(pq, n, ordered, out);
}
