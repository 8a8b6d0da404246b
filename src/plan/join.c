/*
 * join.c - FROM: the join tree to nested loops, index loops and hash joins.
 *
 * Inner joins are flattened and joined greedily, the smallest intermediate result first; outer
 * joins stand as units. A condition is applied as low as its relations allow; those of WHERE never
 * sink below the null-supplying side of an outer join, but one that rejects NULLs there turns the
 * outer join into an inner one.
 */
#include "plan/plan_internal.h"

static Status plan_tree(PlanQuery *pq, const FromNode *f, QualList *quals, PlanNode **out);

static uint64_t from_rels(const FromNode *f)
{
    return f->is_join ? from_rels(f->left) | from_rels(f->right) : (uint64_t)1 << f->rte;
}

/* rejects_nulls - is the condition never true when all columns of `rels` are NULL? */
static bool rejects_nulls(const Expr *e, uint64_t rels)
{
    switch (e->kind) {
    case EXPR_COLUMN:
        return e->u.column.levels_up == 0 && (rels >> (e->u.column.rte & 63) & 1) != 0;
    case EXPR_FUNC:
        if (!e->proc->strict) {
            return false;
        }
        break;
    case EXPR_RELABEL: break;
    case EXPR_IN: return !e->u.negated && rejects_nulls(e->args[0], rels);
    case EXPR_IS_NULL: return e->u.negated && rejects_nulls(e->args[0], rels);
    default: return false;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        if (rejects_nulls(e->args[i], rels)) {
            return true;
        }
    }
    return false;
}

static bool becomes_inner(const FromNode *f, const QualList *quals)
{
    if (f->join == JOIN_INNER) {
        return true;
    }
    if (f->join == JOIN_FULL) {
        return false;
    }
    uint64_t nullable = from_rels(f->join == JOIN_LEFT ? f->right : f->left);
    for (uint32_t i = 0; i < quals->count; i++) {
        if (!quals->items[i].done && rejects_nulls(quals->items[i].expr, nullable)) {
            return true;
        }
    }
    return false;
}

/* JoinConds - the conditions of one join, told apart. */
typedef struct JoinConds {
    Expr *left_keys[16], *right_keys[16], *conds[16];
    const TypeOps *types[16];
    uint16_t key_count;
    Expr **rest;
    uint32_t rest_count;
} JoinConds;

static bool is_int_type_oid(Oid t)
{
    return t == TYPE_INT2 || t == TYPE_INT4 || t == TYPE_INT8;
}

/* hash_key_type - the type by whose keys two sides of an equality are compared; NULL when it cannot
 * be hashed. */
static const TypeOps *hash_key_type(const Expr *a, const Expr *b)
{
    const TypeOps *t = expr_type_ops(a);
    if (a->type == b->type) {
        return t != NULL && t->key != NULL ? t : NULL;
    }
    return is_int_type_oid(a->type) && is_int_type_oid(b->type) ? type_ops(TYPE_INT8) : NULL;
}

/* split_conds - sort the conditions of a join into hash keys (left = right of the same comparison)
 * and the rest. */
static void split_conds(PlanQuery *pq, Expr *const *exprs, uint32_t count, const PlanNode *l,
                        const PlanNode *r, JoinConds *c)
{
    c->rest = ARENA_ARRAY(pq->p->arena, Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        Expr *e = exprs[i];
        if (c->key_count < 16 && e->kind == EXPR_FUNC && e->oper != 0 && e->arg_count == 2 &&
            cat_oper_strategy(pq->p->view, e->oper) == 3) {
            uint64_t a = expr_rels(pq, e->args[0]), b = expr_rels(pq, e->args[1]);
            const TypeOps *t = hash_key_type(e->args[0], e->args[1]);
            bool straight = a != 0 && b != 0 && (a & ~l->rels) == 0 && (b & ~r->rels) == 0;
            bool swapped = a != 0 && b != 0 && (b & ~l->rels) == 0 && (a & ~r->rels) == 0;
            if (t != NULL && (straight || swapped)) {
                c->left_keys[c->key_count] = e->args[straight ? 0 : 1];
                c->right_keys[c->key_count] = e->args[straight ? 1 : 0];
                c->conds[c->key_count] = e;
                c->types[c->key_count++] = t;
                continue;
            }
        }
        c->rest[c->rest_count++] = e;
    }
}

static Status set_residual(PlanQuery *pq, PlanNode *j, const PlanNode *l, const PlanNode *r,
                           Expr **exprs, uint32_t count)
{
    if (count == 0) {
        return ST_OK;
    }
    Expr *all = ARENA_NEW(pq->p->arena, Expr);
    *all = (Expr){.kind = EXPR_AND, .type = TYPE_BOOL, .phys = PHYS_BOOL, .typmod = -1};
    all->args = exprs;
    all->arg_count = (uint16_t)count;
    j->u.join.residual_count = count;
    j->u.join.residual_exprs = ARENA_ARRAY(pq->p->arena, Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        j->u.join.residual_exprs[i] = plan_keep_expr(pq, exprs[i]);
    }
    return prog_over(pq, l, r, &all, 1, &j->u.join.residual);
}

static PlanNode *join_node(PlanQuery *pq, PlanKind kind, PlanJoin join, PlanNode *l, PlanNode *r)
{
    bool left_only = join == PJOIN_SEMI || join == PJOIN_ANTI;
    PlanNode *j =
        node_new(pq->p, kind, l, r, l->col_count + (left_only ? 0 : (uint32_t)r->col_count));
    node_copy_outs(j, 0, l);
    if (left_only) {
        j->rels = l->rels;
    } else {
        node_copy_outs(j, l->col_count, r);
    }
    j->u.join.join = join;
    j->width = l->width + r->width;
    return j;
}

/* resolve_params - find the outer columns that feed the inner side's parameters. */
static Status resolve_params(PlanQuery *pq, PlanNode *j, const PlanNode *outer)
{
    for (uint32_t i = 0; i < j->u.join.param_count; i++) {
        ParamSource *s = &j->u.join.params[i];
        bool found = false;
        for (uint16_t c = 0; c < outer->col_count && !found; c++) {
            if (expr_equal(outer->outs[c], s->expr)) {
                s->column = c;
                found = true;
            }
        }
        if (!found) {
            return err_set(pq->p->cx, ERRCODE_INTERNAL_ERROR,
                           "a join parameter is not among the outer columns");
        }
    }
    return ST_OK;
}

/* gather_quals - the conditions a base node already applies, to be planned anew. */
static void gather_quals(PlanQuery *pq, const PlanNode *n, QualList *l)
{
    if (n->kind == PLAN_FILTER) {
        for (uint32_t i = 0; i < n->u.filter.count; i++) {
            quals_add(pq, l, n->u.filter.exprs[i]);
        }
        n = n->left;
    }
    if (n->kind == PLAN_INDEX_SCAN) {
        for (uint16_t i = 0; i < n->u.scan.index.cond_count; i++) {
            quals_add(pq, l, n->u.scan.index.conds[i]);
        }
    }
}

static uint16_t single_rel(uint64_t rels)
{
    return (uint16_t)__builtin_ctzll(rels);
}

/*
 * plan_index_loop - nested loop with an index scan of the inner table for each outer row.
 * Sets *out only when an index uses a join condition and the loop is estimated cheaper than
 * `other_cost`.
 */
Status plan_index_loop(PlanQuery *pq, PlanJoin join, PlanNode *l, PlanNode *r, Expr *const *exprs,
                       uint32_t count, double other_cost, PlanNode **out)
{
    enum { PARAMS_MAX = 32 };
    const PlanNode *base = r->kind == PLAN_FILTER ? r->left : r;
    if (__builtin_popcountll(r->rels) != 1 ||
        (base->kind != PLAN_SCAN && base->kind != PLAN_INDEX_SCAN)) {
        return ST_OK;
    }
    uint16_t rte = single_rel(r->rels);
    PlanNode *scan;
    PlanIndex ix;
    double rows;
    uint64_t used;
    QualList quals = {0};
    for (uint32_t i = 0; i < count; i++) {
        quals_add(pq, &quals, exprs[i]);
    }
    uint32_t join_quals = quals.count;
    gather_quals(pq, r, &quals);
    TRY(plan_table_scan(pq, rte, base->u.scan.scan.want_rowid, false, &scan));
    scan->u.scan.scan = base->u.scan.scan;
    scan->col_count = base->col_count;
    scan->outs = base->outs;
    scan->phys = base->phys;
    if (quals.count > 64 || !plan_index_for(pq, scan, rte, &quals, l->rels, &ix, &rows, &used) ||
        (join_quals < 64 && (used & (((uint64_t)1 << join_quals) - 1)) == 0) ||
        l->total_cost + l->rows * (0.4 + rows * 0.2) > other_cost) {
        return ST_OK;
    }
    ParamSource *params = ARENA_ARRAY(pq->p->arena, ParamSource, PARAMS_MAX);
    uint32_t param_count = 0;
    uint32_t keys = ix.eq_count + (ix.has_lo ? 1u : 0u) + (ix.has_hi ? 1u : 0u);
    if (ix.in_count > 0) {
        return ST_OK;
    }
    for (uint32_t i = 0; i < keys; i++) {
        ix.key_exprs[i] =
            expr_to_params(pq, ix.key_exprs[i], l->rels, params, &param_count, PARAMS_MAX);
        if (ix.key_exprs[i] == NULL) {
            return ST_OK;
        }
    }
    for (uint16_t i = 0; i < ix.cond_count; i++) {
        ix.conds[i] = plan_keep_expr(pq, ix.conds[i]);
    }
    TRY(plan_index_scan(pq, scan, &ix, rows));
    Expr **inner = ARENA_ARRAY(pq->p->arena, Expr *, quals.count + 1);
    Expr **residual = ARENA_ARRAY(pq->p->arena, Expr *, quals.count + 1);
    uint32_t inner_count = 0, residual_count = 0;
    for (uint32_t i = 0; i < quals.count; i++) {
        if (used >> i & 1) {
            continue;
        }
        if (quals.items[i].rels & l->rels) {
            residual[residual_count++] = quals.items[i].expr;
        } else {
            inner[inner_count++] = quals.items[i].expr;
        }
    }
    PlanNode *inner_node;
    TRY(plan_filter(pq, scan, inner, inner_count, &inner_node));
    PlanNode *j = join_node(pq, PLAN_NEST_LOOP, join, l, inner_node);
    j->u.join.params = params;
    j->u.join.param_count = param_count;
    TRY(resolve_params(pq, j, l));
    TRY(set_residual(pq, j, l, inner_node, residual, residual_count));
    j->total_cost = l->total_cost + l->rows * (0.4 + rows * 0.2);
    *out = j;
    return ST_OK;
}

/* copy_keys - kept copies of the key conditions for EXPLAIN. */
static Status set_hash_keys(PlanQuery *pq, PlanNode *j, PlanNode *l, PlanNode *r, JoinConds *c)
{
    Arena *a = pq->p->arena;
    j->u.join.key_count = c->key_count;
    j->u.join.key_types = arena_memdup(a, c->types, c->key_count * sizeof(TypeOps *));
    j->u.join.conds = ARENA_ARRAY(a, Expr *, c->key_count);
    for (uint16_t i = 0; i < c->key_count; i++) {
        j->u.join.conds[i] = plan_keep_expr(pq, c->conds[i]);
    }
    TRY(prog_over(pq, l, NULL, c->left_keys, c->key_count, &j->u.join.left_keys));
    return prog_over(pq, r, NULL, c->right_keys, c->key_count, &j->u.join.right_keys);
}

/* A lateral item is a nested loop without its outer side: it waits for the join that has the
 * columns its parameters are given from. */
static bool is_waiting(const PlanNode *n)
{
    return n->kind == PLAN_NEST_LOOP && n->left == NULL;
}

static uint64_t waits_for(PlanQuery *pq, const PlanNode *n)
{
    uint64_t rels = 0;
    for (uint32_t i = 0; is_waiting(n) && i < n->u.join.param_count; i++) {
        rels |= expr_rels(pq, n->u.join.params[i].expr);
    }
    return rels;
}

/* wait_on - n as an inner side that waits for what `waiting` waited for beyond `rels`; n itself
 * when that is nothing. n may wait already. */
static PlanNode *wait_on(PlanQuery *pq, PlanNode *n, const PlanNode *waiting, uint64_t rels)
{
    uint32_t have = is_waiting(n) ? n->u.join.param_count : 0;
    uint32_t count = waiting->u.join.param_count;
    ParamSource *params = ARENA_ARRAY(pq->p->arena, ParamSource, have + count + 1);
    PlanScope scope = waiting->u.join.scope;
    if (have > 0) {
        memcpy(params, n->u.join.params, have * sizeof(*params));
        scope.cte_first = MIN(scope.cte_first, n->u.join.scope.cte_first);
        scope.cte_end = MAX(scope.cte_end, n->u.join.scope.cte_end);
        scope.sub_first = MIN(scope.sub_first, n->u.join.scope.sub_first);
        scope.sub_end = MAX(scope.sub_end, n->u.join.scope.sub_end);
    }
    uint32_t total = have;
    for (uint32_t i = 0; i < count; i++) {
        if ((expr_rels(pq, waiting->u.join.params[i].expr) & ~rels) != 0) {
            params[total++] = waiting->u.join.params[i];
        }
    }
    if (total == have) {
        return n;
    }
    PlanNode *inner = have > 0 ? n->right : n;
    PlanNode *w = node_new(pq->p, PLAN_NEST_LOOP, NULL, inner, inner->col_count);
    node_copy_outs(w, 0, inner);
    w->rels = inner->rels;
    w->rows = inner->rows;
    w->u.join.params = params;
    w->u.join.param_count = total;
    w->u.join.scope = scope;
    return w;
}

/* lateral_join - r, which waits, is run for each row of l; what it waits for beyond l is left to a
 * join further up. */
static Status lateral_join(PlanQuery *pq, PlanJoin join, PlanNode *l, PlanNode *r,
                           Expr *const *exprs, uint32_t count, double rows, PlanNode **out)
{
    ParamSource *given = ARENA_ARRAY(pq->p->arena, ParamSource, r->u.join.param_count + 1);
    uint32_t given_count = 0;
    if (join == PJOIN_FULL) {
        return err_set(pq->p->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "FULL JOIN with a LATERAL item is not supported");
    }
    for (uint32_t i = 0; i < r->u.join.param_count; i++) {
        if ((expr_rels(pq, r->u.join.params[i].expr) & ~l->rels) == 0) {
            given[given_count++] = r->u.join.params[i];
        }
    }
    PlanNode *j;
    if (given_count == 0) {
        TRY(plan_join(pq, join, l, r->right, exprs, count, &j));
    } else {
        j = join_node(pq, PLAN_NEST_LOOP, join, l, r->right);
        j->u.join.params = given;
        j->u.join.param_count = given_count;
        j->u.join.scope = r->u.join.scope;
        TRY(resolve_params(pq, j, l));
        TRY(set_residual(pq, j, l, r->right, (Expr **)(uintptr_t)exprs, count));
        j->rows = rows;
    }
    *out = wait_on(pq, j, r, l->rels);
    return ST_OK;
}

/* plan_join - join two planned inputs under the given conditions. */
Status plan_join(PlanQuery *pq, PlanJoin join, PlanNode *l, PlanNode *r, Expr *const *exprs,
                 uint32_t count, PlanNode **out)
{
    if (is_waiting(l)) {
        PlanNode *j;
        TRY(plan_join(pq, join, l->right, r, exprs, count, &j));
        *out = wait_on(pq, j, l, 0);
        return ST_OK;
    }
    double sel = quals_selectivity(pq, exprs, count);
    double rows = MAX(l->rows * r->rows * sel, 1);
    if (join == PJOIN_LEFT || join == PJOIN_FULL) {
        rows = MAX(rows, l->rows);
    } else if (join == PJOIN_SEMI || join == PJOIN_ANTI) {
        double kept = semi_selectivity(pq, exprs, count, l->rels, r->rows);
        rows = MAX(l->rows * (join == PJOIN_SEMI ? kept : 1 - kept), 1);
    }
    if (is_waiting(r)) {
        return lateral_join(pq, join, l, r, exprs, count, rows, out);
    }
    JoinConds c = {0};
    split_conds(pq, exprs, count, l, r, &c);
    double hash_cost = l->total_cost + r->total_cost + r->rows * 0.03 + l->rows * 0.02 + 1;
    double loop_cost = l->total_cost + r->total_cost + l->rows * r->rows * 0.0125;
    PlanNode *j = NULL;
    if (join != PJOIN_FULL) {
        TRY(plan_index_loop(pq, join, l, r, exprs, count, c.key_count > 0 ? hash_cost : loop_cost,
                            &j));
    }
    if (j == NULL && c.key_count > 0) {
        if (join == PJOIN_INNER && l->rows < r->rows) { /* build on the smaller side */
            PlanNode *t = l;
            l = r;
            r = t;
            for (uint16_t i = 0; i < c.key_count; i++) {
                Expr *e = c.left_keys[i];
                c.left_keys[i] = c.right_keys[i];
                c.right_keys[i] = e;
            }
        }
        j = join_node(pq, PLAN_HASH_JOIN, join, l, r);
        TRY(set_hash_keys(pq, j, l, r, &c));
        TRY(set_residual(pq, j, l, r, c.rest, c.rest_count));
        j->startup_cost = r->total_cost;
        j->total_cost = hash_cost;
    } else if (j == NULL) {
        if (join == PJOIN_FULL && count > 0) {
            return err_set(
                pq->p->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions");
        }
        PlanNode *m = node_new(pq->p, PLAN_MATERIAL, r, NULL, r->col_count);
        node_copy_outs(m, 0, r);
        j = join_node(pq, join == PJOIN_FULL ? PLAN_HASH_JOIN : PLAN_NEST_LOOP, join, l, m);
        if (join == PJOIN_FULL) {
            TRY(set_hash_keys(pq, j, l, m, &c));
        }
        TRY(set_residual(pq, j, l, m, (Expr **)(uintptr_t)exprs, count));
        j->total_cost = loop_cost;
    }
    j->rows = rows;
    *out = j;
    return ST_OK;
}

typedef struct JoinItems {
    const FromNode *nodes[PLAN_RELS_MAX];
    PlanNode *plans[PLAN_RELS_MAX];
    uint32_t count;
} JoinItems;

static void collect_items(PlanQuery *pq, const FromNode *f, QualList *quals, JoinItems *items)
{
    if (f->is_join && becomes_inner(f, quals)) {
        quals_add(pq, quals, f->on);
        collect_items(pq, f->left, quals, items);
        collect_items(pq, f->right, quals, items);
        return;
    }
    items->nodes[items->count++] = f;
}

/* take_conds - conditions that a join result of `rels` can test now. */
static uint32_t take_conds(QualList *quals, uint64_t rels, bool mark, Expr **out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < quals->count; i++) {
        Qual *q = &quals->items[i];
        if (!q->done && (q->rels & ~rels) == 0) {
            out[n++] = q->expr;
            q->done = q->done || mark;
        }
    }
    return n;
}

/* next_item - the item whose join with `cur` is estimated smallest; connected ones before cross
 * products. One that waits for other items comes after them. */
static uint32_t next_item(PlanQuery *pq, const PlanNode *cur, const JoinItems *items, uint64_t rels,
                          QualList *quals, Expr **scratch)
{
    uint32_t best = UINT32_MAX;
    double best_rows = 0;
    bool best_connected = false;
    for (uint32_t i = 0; i < items->count; i++) {
        const PlanNode *n = items->plans[i];
        if (n == NULL || (waits_for(pq, n) & rels & ~(cur != NULL ? cur->rels : 0)) != 0) {
            continue;
        }
        double rows = n->rows;
        bool connected = cur == NULL;
        if (cur != NULL) {
            uint32_t count = take_conds(quals, cur->rels | n->rels, false, scratch);
            rows *= cur->rows;
            rows *= quals_selectivity(pq, scratch, count);
            connected = count > 0;
        }
        if (best == UINT32_MAX || (connected && !best_connected) ||
            (connected == best_connected && rows < best_rows)) {
            best = i;
            best_rows = rows;
            best_connected = connected;
        }
    }
    return best;
}

/* plan_inner - join the items greedily; conditions of `quals` that fit are used up. */
static Status plan_inner(PlanQuery *pq, JoinItems *items, QualList *quals, const SortKey *order,
                         uint32_t order_count, bool *ordered_out, PlanNode **out)
{
    /* Only to the items of the outermost call: an outer join may stand above inner ones. */
    bool apply_semis = pq->apply_semis;
    pq->apply_semis = false;
    for (uint32_t i = 0; i < items->count; i++) {
        const FromNode *f = items->nodes[i];
        if (f->is_join) {
            TRY(plan_tree(pq, f, quals, &items->plans[i]));
        } else if (items->count == 1) {
            TRY(plan_base(pq, f->rte, quals, order, order_count, ordered_out, &items->plans[i]));
        } else {
            TRY(plan_base(pq, f->rte, quals, NULL, 0, ordered_out, &items->plans[i]));
        }
    }
    if (apply_semis) {
        for (uint32_t i = 0; i < items->count; i++) {
            if (!is_waiting(items->plans[i])) {
                TRY(plan_semi_joins(pq, &items->plans[i]));
            }
        }
    }
    Expr **conds = ARENA_ARRAY(pq->p->arena, Expr *, quals->count + 1);
    PlanNode *cur = NULL;
    uint64_t rels = 0;
    for (uint32_t i = 0; i < items->count; i++) {
        rels |= items->plans[i]->rels;
    }
    for (uint32_t k = 0; k < items->count; k++) {
        uint32_t i = next_item(pq, cur, items, rels, quals, conds);
        if (i == UINT32_MAX) {
            return err_unsupported(pq->p->cx, "this use of LATERAL is not supported");
        }
        PlanNode *n = items->plans[i];
        items->plans[i] = NULL;
        if (cur == NULL) {
            cur = n;
            uint32_t count = n->rels != 0 && items->nodes[i]->is_join
                                 ? take_conds(quals, n->rels, true, conds)
                                 : 0;
            TRY(plan_filter(pq, cur, conds, count, &cur));
            continue;
        }
        uint32_t count = take_conds(quals, cur->rels | n->rels, true, conds);
        TRY(plan_join(pq, PJOIN_INNER, cur, n, conds, count, &cur));
    }
    *out = cur;
    return ST_OK;
}

/* plan_tree - an outer join, or a join tree below one. */
static Status plan_tree(PlanQuery *pq, const FromNode *f, QualList *quals, PlanNode **out)
{
    bool unused = false;
    if (!f->is_join) {
        return plan_base(pq, f->rte, quals, NULL, 0, &unused, out);
    }
    if (becomes_inner(f, quals)) {
        JoinItems *items = ARENA_NEW(pq->p->arena, JoinItems);
        QualList own = {0};
        Expr **conds = ARENA_ARRAY(pq->p->arena, Expr *, quals->count + 1);
        uint32_t n = take_conds(quals, from_rels(f), true, conds);
        for (uint32_t i = 0; i < n; i++) {
            quals_add(pq, &own, conds[i]);
        }
        collect_items(pq, f, &own, items);
        return plan_inner(pq, items, &own, NULL, 0, &unused, out);
    }
    QualList on = {0}, none = {0};
    quals_add(pq, &on, f->on);
    const FromNode *lf = f->join == JOIN_RIGHT ? f->right : f->left;
    const FromNode *rf = f->join == JOIN_RIGHT ? f->left : f->right;
    PlanNode *l, *r;
    TRY(plan_tree(pq, lf, f->join == JOIN_FULL ? &none : quals, &l));
    TRY(plan_tree(pq, rf, f->join == JOIN_FULL ? &none : &on, &r));
    Expr **conds = ARENA_ARRAY(pq->p->arena, Expr *, on.count + 1);
    uint32_t count = take_conds(&on, ~(uint64_t)0, true, conds);
    return plan_join(pq, f->join == JOIN_FULL ? PJOIN_FULL : PJOIN_LEFT, l, r, conds, count, out);
}

Status plan_from_items(PlanQuery *pq, FromNode *const *from, uint16_t count, QualList *quals,
                       PlanNode **out)
{
    PlanNode *n;
    bool unused = false;
    JoinItems *items = ARENA_NEW(pq->p->arena, JoinItems);
    for (uint16_t i = 0; i < count; i++) {
        collect_items(pq, from[i], quals, items);
    }
    TRY(plan_inner(pq, items, quals, NULL, 0, &unused, &n));
    Expr **rest = ARENA_ARRAY(pq->p->arena, Expr *, quals->count + 1);
    uint32_t rest_count = take_conds(quals, ~(uint64_t)0, true, rest);
    return plan_filter(pq, n, rest, rest_count, out);
}

/* plan_from - everything in FROM and WHERE. */
Status plan_from(PlanQuery *pq, QualList *quals, const SortKey *order, uint32_t order_count,
                 bool *ordered_out, PlanNode **out)
{
    const Query *q = pq->q;
    if (q->rte_count > PLAN_RELS_MAX) {
        return err_set(pq->p->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "more than %d relations in one query level", PLAN_RELS_MAX);
    }
    PlanNode *n;
    if (q->from_count == 0) {
        n = node_new(pq->p, PLAN_RESULT, NULL, NULL, 0);
        n->rows = 1;
        n->total_cost = 0.01;
    } else {
        JoinItems *items = ARENA_NEW(pq->p->arena, JoinItems);
        TRY(plan_semis(pq, quals));
        for (uint16_t i = 0; i < q->from_count; i++) {
            collect_items(pq, q->from[i], quals, items);
        }
        pq->apply_semis = pq->semis != NULL;
        TRY(plan_inner(pq, items, quals, order, pq->semis != NULL ? 0 : order_count, ordered_out,
                       &n));
        TRY(plan_semi_joins(pq, &n));
    }
    Expr **rest = ARENA_ARRAY(pq->p->arena, Expr *, quals->count + 1);
    uint32_t count = take_conds(quals, ~(uint64_t)0, true, rest);
    return plan_filter(pq, n, rest, count, out);
}
