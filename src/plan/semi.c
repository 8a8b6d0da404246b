/*
 * semi.c - EXISTS and IN over sub-queries of tables as semi and anti joins.
 *
 * A condition EXISTS (...), NOT EXISTS (...) or x IN (...) of WHERE whose sub-query is a plain join
 * is taken out of the conditions: the sub-query's range table is put behind that of the query
 * around it, so that what ties the two together becomes the condition of a join. Sub-queries of
 * another form, and NOT IN with its NULLs, stay sub-plans of the filter.
 */
#include "plan/plan_internal.h"

static bool has_hard_part(void *arg, const Expr *e)
{
    bool *hard = arg;
    *hard = *hard || e->kind == EXPR_SUBLINK || e->kind == EXPR_AGG || e->kind == EXPR_WINDOW ||
            (e->kind == EXPR_FUNC && e->proc->returns_set);
    return !*hard;
}

/* is_plain - no sub-query, aggregate, set or volatile call inside. */
static bool is_plain(const Expr *e)
{
    bool hard = false;
    if (e == NULL) {
        return true;
    }
    expr_walk(e, has_hard_part, &hard);
    return !hard && !expr_is_volatile(e);
}

static bool find_column(void *arg, const Expr *e)
{
    bool *found = arg;
    *found = *found || e->kind == EXPR_COLUMN;
    return !*found;
}

/* rte_fits - can the entry stand in another range table as it is? */
static bool rte_fits(const Rte *r)
{
    bool column = false;
    switch (r->kind) {
    case RTE_TABLE:
    case RTE_CTE: return true;
    case RTE_SUBQUERY: return !r->lateral && !query_is_correlated(r->subquery, 1);
    case RTE_VALUES:
        for (uint32_t i = 0; i < r->row_count * r->column_count; i++) {
            expr_walk(r->rows[i / r->column_count][i % r->column_count], find_column, &column);
            column = column || !is_plain(r->rows[i / r->column_count][i % r->column_count]);
        }
        return !column;
    case RTE_FUNCTION:
    case RTE_TRANSITION:
    case RTE_RESULT: return false;
    }
    return false;
}

static bool from_is_plain(const FromNode *f)
{
    return !f->is_join || (is_plain(f->on) && from_is_plain(f->left) && from_is_plain(f->right));
}

/* limit_is_idle - a LIMIT that cannot change whether there is a row. */
static bool limit_is_idle(const Query *q)
{
    return q->offset == NULL &&
           (q->limit == NULL || (q->limit->kind == EXPR_CONST && !q->limit->u.constant.is_null &&
                                 q->limit->u.constant.value.i64 > 0));
}

/* query_fits - whether EXISTS or IN of this subquery may become a semi-join: a plain SELECT that
 * does not group, count, lock or cut off rows. */
static bool query_fits(const Query *q, bool exists)
{
    if (q->command != CMD_SELECT || q->set_op != SETOP_NONE || q->has_aggs || q->has_windows ||
        q->has_group_by || q->group_count > 0 || q->having != NULL || q->distinct_on_count > 0 ||
        q->cte_count > 0 || q->row_mark_count > 0 || q->from_count == 0 || !is_plain(q->where) ||
        !(exists ? limit_is_idle(q) : q->limit == NULL && q->offset == NULL)) {
        return false;
    }
    for (uint16_t i = 0; i < q->target_count; i++) {
        if (!is_plain(q->targets[i].expr)) {
            return false;
        }
    }
    for (uint16_t i = 0; i < q->from_count; i++) {
        if (!from_is_plain(q->from[i])) {
            return false;
        }
    }
    for (uint16_t i = 0; i < q->rte_count; i++) {
        if (!rte_fits(q->rtes[i])) {
            return false;
        }
    }
    return true;
}

/* raise_columns - in place: own columns move behind the outer range table, outer ones one level in.
 */
static void raise_columns(Expr *e, uint16_t offset)
{
    if (e->kind == EXPR_COLUMN) {
        if (e->u.column.levels_up == 0) {
            e->u.column.rte = (uint16_t)(e->u.column.rte + offset);
        } else {
            e->u.column.levels_up--;
        }
        return;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        raise_columns(e->args[i], offset);
    }
}

static Status raised(PlanQuery *pq, const Expr *e, uint16_t offset, Expr **out)
{
    const ExprEnv env = {.type_env = pq->p->env};
    Expr *c = expr_copy(pq->p->arena, e);
    raise_columns(c, offset);
    return expr_fold(pq->p->cx, pq->p->arena, &env, c, out);
}

static Status raised_from(PlanQuery *pq, const FromNode *f, uint16_t offset, FromNode **out)
{
    FromNode *c = arena_memdup(pq->p->arena, f, sizeof(*f));
    *out = c;
    if (!f->is_join) {
        c->rte = (uint16_t)(f->rte + offset);
        return ST_OK;
    }
    if (f->on != NULL) {
        TRY(raised(pq, f->on, offset, &c->on));
    }
    TRY(raised_from(pq, f->left, offset, &c->left));
    return raised_from(pq, f->right, offset, &c->right);
}

/* raise_rtes - the query's range table with that of the sub-query behind it; its offset. */
static uint16_t raise_rtes(PlanQuery *pq, const Query *sub)
{
    Query *q = arena_memdup(pq->p->arena, pq->q, sizeof(*q));
    uint16_t offset = q->rte_count;
    q->rtes = ARENA_ARRAY(pq->p->arena, Rte *, offset + sub->rte_count + 1u);
    memcpy(q->rtes, pq->q->rtes, offset * sizeof(Rte *));
    memcpy(q->rtes + offset, sub->rtes, sub->rte_count * sizeof(Rte *));
    q->rte_count = (uint16_t)(offset + sub->rte_count);
    pq->q = q;
    return offset;
}

/* is_row_test - TRUE = ANY (SELECT comparison ...): the binder's form of a row IN a sub-query. */
static bool is_row_test(const Expr *link)
{
    const Expr *test = link->u.sublink.kind == SUBLINK_ANY ? link->args[0] : NULL;
    return test != NULL && test->kind == EXPR_CONST && test->type == TYPE_BOOL &&
           !test->u.constant.is_null && test->u.constant.value.b;
}

/* semi_add - take the sub-query apart: its own plan, and the conditions that tie it to the outer
 * rows. */
static Status semi_add(PlanQuery *pq, const Expr *link, bool anti)
{
    const Query *sub = link->u.sublink.query;
    Arena *a = pq->p->arena;
    uint16_t offset = raise_rtes(pq, sub);
    uint64_t inner = 0;
    QualList all = {0}, own = {0};
    SemiJoin *s = ARENA_NEW(a, SemiJoin);
    Expr *where;
    for (uint16_t i = 0; i < sub->rte_count; i++) {
        inner |= (uint64_t)1 << (offset + i);
    }
    if (sub->where != NULL) {
        TRY(raised(pq, sub->where, offset, &where));
        quals_add(pq, &all, where);
    }
    if (is_row_test(link)) {
        TRY(raised(pq, sub->targets[0].expr, offset, &where));
        quals_add(pq, &all, where);
    } else if (link->u.sublink.kind == SUBLINK_ANY) {
        Expr *eq = ARENA_NEW(a, Expr);
        *eq = (Expr){.kind = EXPR_FUNC,
                     .type = TYPE_BOOL,
                     .phys = PHYS_BOOL,
                     .typmod = -1,
                     .location = -1,
                     .collation = link->collation,
                     .proc = link->proc,
                     .oper = link->oper,
                     .arg_count = 2};
        eq->args = ARENA_ARRAY(a, Expr *, 2);
        eq->args[0] = link->args[0];
        TRY(raised(pq, sub->targets[0].expr, offset, &eq->args[1]));
        quals_add(pq, &all, eq);
    }
    s->conds = ARENA_ARRAY(a, Expr *, all.count + 1);
    for (uint32_t i = 0; i < all.count; i++) {
        uint64_t outer = all.items[i].rels & ~inner;
        s->outer_rels |= outer;
        if (outer != 0) {
            s->conds[s->cond_count++] = all.items[i].expr;
        } else {
            quals_add(pq, &own, all.items[i].expr);
        }
    }
    FromNode **from = ARENA_ARRAY(a, FromNode *, sub->from_count);
    for (uint16_t i = 0; i < sub->from_count; i++) {
        TRY(raised_from(pq, sub->from[i], offset, &from[i]));
    }
    TRY(plan_from_items(pq, from, sub->from_count, &own, &s->right));
    s->anti = anti;
    s->next = pq->semis;
    pq->semis = s;
    return ST_OK;
}

/* semi_candidate - the sub-query condition of a conjunct that can become a join, or NULL. */
static const Expr *semi_candidate(PlanQuery *pq, const Expr *e, bool *anti_out)
{
    *anti_out = false;
    if (e->kind == EXPR_NOT) {
        *anti_out = true;
        e = e->args[0];
    }
    if (e->kind != EXPR_SUBLINK) {
        return NULL;
    }
    if (e->u.sublink.negated) {
        *anti_out = !*anti_out;
    }
    const Query *sub = e->u.sublink.query;
    bool exists = e->u.sublink.kind == SUBLINK_EXISTS;
    bool in =
        e->u.sublink.kind == SUBLINK_ANY && !*anti_out && e->oper != 0 && e->proc != NULL &&
        cat_oper_strategy(pq->p->view, e->oper) == 3 && is_plain(e->args[0]) &&
        (expr_rels(pq, e->args[0]) != 0 || (is_row_test(e) && query_outer_rels(pq, sub, 1) != 0));
    if ((!exists && !in) || (exists && query_outer_rels(pq, sub, 1) == 0) ||
        pq->q->rte_count + sub->rte_count > PLAN_RELS_MAX || !query_fits(sub, exists)) {
        return NULL;
    }
    return e;
}

Status plan_semis(PlanQuery *pq, QualList *quals)
{
    for (uint32_t i = 0; i < quals->count; i++) {
        bool anti;
        const Expr *link =
            quals->items[i].done ? NULL : semi_candidate(pq, quals->items[i].expr, &anti);
        if (link != NULL) {
            quals->items[i].done = true;
            TRY(semi_add(pq, link, anti));
        }
    }
    return ST_OK;
}

/*
 * semi_turned - an IN whose sub-query gives few rows drives an index of the outer table: its
 * distinct values are the outer side of an ordinary join. *out stays NULL when that does not pay.
 */
static Status semi_turned(PlanQuery *pq, const SemiJoin *s, PlanNode *l, double other_cost,
                          PlanNode **out)
{
    Expr **keys = ARENA_ARRAY(pq->p->arena, Expr *, s->cond_count + 1);
    *out = NULL;
    if (s->anti || l->kind == PLAN_INDEX_SCAN) {
        return ST_OK;
    }
    for (uint32_t i = 0; i < s->cond_count; i++) {
        const Expr *e = s->conds[i];
        if (e->kind != EXPR_FUNC || e->oper == 0 || e->arg_count != 2 ||
            cat_oper_strategy(pq->p->view, e->oper) != 3) {
            return ST_OK;
        }
        uint16_t side = (expr_rels(pq, e->args[0]) & ~s->right->rels) == 0 ? 0 : 1;
        keys[i] = e->args[side];
        const TypeOps *t = expr_type_ops(keys[i]);
        if (keys[i]->kind != EXPR_COLUMN || keys[i]->u.column.levels_up > 0 || t == NULL ||
            t->key == NULL || (expr_rels(pq, keys[i]) & ~s->right->rels) != 0 ||
            (expr_rels(pq, e->args[1 - side]) & s->right->rels) != 0) {
            return ST_OK;
        }
    }
    PlanNode *distinct;
    TRY(plan_project(pq, s->right, keys, s->cond_count, &distinct));
    distinct->rels = s->right->rels;
    TRY(plan_distinct(pq, distinct, s->cond_count, &distinct));
    distinct->rels = s->right->rels;
    return plan_index_loop(pq, PJOIN_INNER, distinct, l, s->conds, s->cond_count, other_cost, out);
}

static Status semi_join(PlanQuery *pq, SemiJoin *s, PlanNode **n)
{
    PlanNode *turned;
    double cost =
        (*n)->total_cost + s->right->total_cost + s->right->rows * 0.03 + (*n)->rows * 0.02 + 1;
    s->done = true;
    TRY(semi_turned(pq, s, *n, cost, &turned));
    if (turned != NULL) {
        double kept = semi_selectivity(pq, s->conds, s->cond_count, (*n)->rels, s->right->rows);
        turned->rows = MAX((*n)->rows * kept, 1);
        *n = turned;
        return ST_OK;
    }
    return plan_join(pq, s->anti ? PJOIN_ANTI : PJOIN_SEMI, *n, s->right, s->conds, s->cond_count,
                     n);
}

/* plan_semi_joins - the joins that need nothing but the relations of n; all of them at last. */
Status plan_semi_joins(PlanQuery *pq, PlanNode **n)
{
    for (SemiJoin *s = pq->semis; s != NULL; s = s->next) {
        if (!s->done && (s->outer_rels & ~(*n)->rels) == 0) {
            TRY(semi_join(pq, s, n));
        }
    }
    return ST_OK;
}
