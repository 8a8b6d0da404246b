/*
 * quals.c - conjuncts and what they refer to: splitting, range table masks, columns turned into
 * parameters.
 */
#include "plan/plan_internal.h"

/* RefWalk - collects the range table entries of the query `depth` levels up from where the walk
 * stands. */
typedef struct RefWalk {
    uint32_t depth;
    uint64_t rels;
    bool deeper; /* refers to levels further out */
} RefWalk;

static void walk_query(RefWalk *w, const Query *q);

static bool ref_visit(void *arg, const Expr *e)
{
    RefWalk *w = arg;
    if (e->kind == EXPR_COLUMN) {
        if (e->u.column.levels_up == w->depth) {
            w->rels |= (uint64_t)1 << (e->u.column.rte & 63);
        } else if (e->u.column.levels_up > w->depth) {
            w->deeper = true;
        }
    } else if (e->kind == EXPR_SUBLINK) {
        w->depth++;
        walk_query(w, e->u.sublink.query);
        w->depth--;
    }
    return true;
}

static void walk_from(RefWalk *w, const FromNode *f)
{
    if (f->is_join) {
        expr_walk(f->on, ref_visit, w);
        walk_from(w, f->left);
        walk_from(w, f->right);
    }
}

static void walk_rte(RefWalk *w, const Rte *r)
{
    if (r->kind == RTE_SUBQUERY) {
        w->depth++;
        walk_query(w, r->subquery);
        w->depth--;
    } else if (r->kind == RTE_VALUES) {
        for (uint32_t i = 0; i < r->row_count; i++) {
            for (uint16_t c = 0; c < r->column_count; c++) {
                expr_walk(r->rows[i][c], ref_visit, w);
            }
        }
    } else if (r->kind == RTE_FUNCTION) {
        expr_walk(r->function, ref_visit, w);
    }
}

/* walk_query - visit all expressions of a query and of what is nested in it, for references to
 * outer columns. */
static void walk_query(RefWalk *w, const Query *q)
{
    if (q->set_op != SETOP_NONE) {
        walk_query(w, q->set_left);
        walk_query(w, q->set_right);
    }
    for (uint16_t i = 0; i < q->target_count; i++) {
        expr_walk(q->targets[i].expr, ref_visit, w);
    }
    expr_walk(q->where, ref_visit, w);
    expr_walk(q->having, ref_visit, w);
    expr_walk(q->limit, ref_visit, w);
    expr_walk(q->offset, ref_visit, w);
    for (uint16_t i = 0; i < q->group_count; i++) {
        expr_walk(q->group_by[i], ref_visit, w);
    }
    plan_walk_windows(q, ref_visit, w);
    for (uint16_t i = 0; i < q->distinct_on_count; i++) {
        expr_walk(q->distinct_on[i], ref_visit, w);
    }
    for (uint16_t i = 0; i < q->order_count; i++) {
        expr_walk(q->order_by[i].expr, ref_visit, w);
    }
    for (uint16_t i = 0; i < q->from_count; i++) {
        walk_from(w, q->from[i]);
    }
    for (uint16_t i = 0; i < q->rte_count; i++) {
        walk_rte(w, q->rtes[i]);
    }
    for (uint16_t i = 0; i < q->cte_count; i++) {
        w->depth++;
        walk_query(w, q->ctes[i].query);
        w->depth--;
    }
}

/* expr_rels - the entries of this level's range table that the expression needs, through
 * sub-queries too. */
uint64_t expr_rels(PlanQuery *pq, const Expr *e)
{
    (void)pq;
    RefWalk w = {0};
    expr_walk(e, ref_visit, &w);
    return w.rels;
}

/* query_outer_rels - the entries of the level around q that q refers to. */
uint64_t query_outer_rels(PlanQuery *pq, const Query *q, uint32_t depth)
{
    (void)pq;
    RefWalk w = {.depth = depth};
    walk_query(&w, q);
    return w.rels;
}

/* query_is_correlated - does q refer to any level outside itself? */
bool query_is_correlated(const Query *q, uint32_t depth)
{
    RefWalk w = {.depth = depth};
    walk_query(&w, q);
    return w.rels != 0 || w.deeper;
}

/* quals_add - split at AND and remember what each part needs. */
void quals_add(PlanQuery *pq, QualList *l, Expr *e)
{
    if (e == NULL) {
        return;
    }
    if (e->kind == EXPR_AND) {
        for (uint16_t i = 0; i < e->arg_count; i++) {
            quals_add(pq, l, e->args[i]);
        }
        return;
    }
    if (e->kind == EXPR_CONST && !e->u.constant.is_null && e->u.constant.value.b) {
        return;
    }
    if (l->count == l->size) {
        uint32_t size = l->size == 0 ? 8 : l->size * 2;
        l->items = arena_grow(pq->p->arena, l->items, l->size * sizeof(Qual), size * sizeof(Qual));
        l->size = size;
    }
    l->items[l->count++] = (Qual){.expr = e, .rels = expr_rels(pq, e)};
}

/*
 * expr_to_params - a copy of e in which columns of `rels` are parameters; each is entered once in
 * the list. Returns NULL when the list is full or the expression cannot be split this way (a
 * sub-query inside).
 */
Expr *expr_to_params(PlanQuery *pq, const Expr *e, uint64_t rels, ParamSource *list,
                     uint32_t *count, uint32_t max)
{
    Arena *a = pq->p->arena;
    if (e->kind == EXPR_SUBLINK) {
        return NULL;
    }
    if (e->kind == EXPR_COLUMN && e->u.column.levels_up == 0 &&
        (rels >> (e->u.column.rte & 63) & 1)) {
        uint32_t i = 0;
        while (i < *count && !expr_equal(list[i].expr, e)) {
            i++;
        }
        if (i == max) {
            return NULL;
        }
        if (i == *count) {
            list[(*count)++] =
                (ParamSource){.param = planner_new_param(pq->p), .expr = expr_copy(a, e)};
        }
        Expr *param = arena_memdup(a, e, sizeof(*e));
        param->kind = EXPR_PARAM;
        memset(&param->u, 0, sizeof(param->u));
        param->u.param.number = list[i].param + 1;
        param->args =
            arena_memdup(a, &list[i].expr, sizeof(Expr *)); /* for EXPLAIN; arg_count stays 0 */
        return param;
    }
    Expr *c = arena_memdup(a, e, sizeof(*e));
    if (e->arg_count > 0) {
        c->args = ARENA_ARRAY(a, Expr *, e->arg_count);
        for (uint16_t i = 0; i < e->arg_count; i++) {
            c->args[i] = expr_to_params(pq, e->args[i], rels, list, count, max);
            if (c->args[i] == NULL) {
                return NULL;
            }
        }
    }
    return c;
}
