/*
 * index_match.c - expression and partial indexes: what their keys are in a query's own terms, and
 * whether its conditions say that every row it wants is in the index.
 */
#include "plan/plan_internal.h"

static void rebase_columns(Expr *e, uint16_t rte)
{
    if (e->kind == EXPR_COLUMN && e->u.column.levels_up == 0) {
        e->u.column.rte = rte;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        rebase_columns(e->args[i], rte);
    }
}

/* planned_tree - an index's own expression as one over the entry, folded as the query's are. */
static Status planned_tree(PlanQuery *pq, const Expr *stored, uint16_t rte, Expr **out)
{
    const ExprEnv env = {.type_env = pq->p->env};
    Expr *e = expr_copy(pq->p->arena, stored);
    rebase_columns(e, rte);
    return expr_fold(pq->p->cx, pq->p->arena, &env, e, out);
}

Status plan_index_keys(PlanQuery *pq, const TableIndex *ti, uint16_t rte, Expr ***keys_out)
{
    *keys_out = ARENA_ARRAY(pq->p->arena, Expr *, ti->column_count + 1u);
    for (uint16_t i = 0, n = 0; ti->compute != NULL && i < ti->column_count; i++) {
        if (ti->columns[i].column < 0 && n < ti->compute->expr_count) {
            TRY(planned_tree(pq, ti->compute->exprs[n++], rte, &(*keys_out)[i]));
        }
    }
    return ST_OK;
}

/* ---- implication ---- */

static const Expr *bare(const Expr *e)
{
    while (e->kind == EXPR_RELABEL) {
        e = e->args[0];
    }
    return e;
}

/* Comparison - "x op constant", with x on the left. */
typedef struct Comparison {
    const Expr *x, *value;
    int strategy; /* btree's: 1 < 2 <= 3 = 4 >= 5 > */
} Comparison;

static bool comparison_of(PlanQuery *pq, const Expr *e, Comparison *c)
{
    static const int SWAPPED[] = {0, 5, 4, 3, 2, 1};
    if (e->kind != EXPR_FUNC || e->oper == 0 || e->arg_count != 2) {
        return false;
    }
    int strategy = cat_oper_strategy(pq->p->view, e->oper);
    for (uint16_t side = 0; side < 2 && strategy != 0; side++) {
        const Expr *v = e->args[1 - side];
        if (v->kind == EXPR_CONST && !v->u.constant.is_null) {
            *c = (Comparison){bare(e->args[side]), v, side == 0 ? strategy : SWAPPED[strategy]};
            return true;
        }
    }
    return false;
}

/* comparison_implies - does "x op2 b" say that "x op a" holds? */
static bool comparison_implies(const Comparison *have, const Comparison *want)
{
    const TypeOps *ops = expr_type_ops(want->value);
    if (have->value->type != want->value->type || ops == NULL || ops->cmp == NULL ||
        !expr_equal(have->x, want->x)) {
        return false;
    }
    int c = ops->cmp(&have->value->u.constant.value, &want->value->u.constant.value);
    switch (want->strategy) {
    case 1: return have->strategy == 1 ? c <= 0 : have->strategy <= 3 && c < 0;
    case 2: return have->strategy <= 3 && c <= 0;
    case 3: return have->strategy == 3 && c == 0;
    case 4: return have->strategy >= 3 && c >= 0;
    case 5: return have->strategy == 5 ? c >= 0 : have->strategy >= 3 && c > 0;
    default: return false;
    }
}

/* qual_implies - does one condition that holds say that the predicate does? */
static bool qual_implies(PlanQuery *pq, const Expr *have, const Expr *want)
{
    Comparison h, w;
    if (expr_equal(have, want)) {
        return true;
    }
    if (want->kind == EXPR_IS_NULL && want->u.negated) {
        bool strict = (have->kind == EXPR_FUNC && have->oper != 0 && have->proc->strict) ||
                      (have->kind == EXPR_IN && !have->u.negated);
        const Expr *x = bare(want->args[0]);
        for (uint16_t i = 0; strict && i < (have->kind == EXPR_IN ? 1 : have->arg_count); i++) {
            if (expr_equal(bare(have->args[i]), x)) {
                return true;
            }
        }
    }
    return comparison_of(pq, have, &h) && comparison_of(pq, want, &w) && comparison_implies(&h, &w);
}

/* predicate_implied - by conditions on this entry alone. */
static bool predicate_implied(PlanQuery *pq, const QualList *quals, uint16_t rte, const Expr *want)
{
    if (want->kind == EXPR_AND || want->kind == EXPR_OR) {
        bool all = want->kind == EXPR_AND;
        for (uint16_t i = 0; i < want->arg_count; i++) {
            if (predicate_implied(pq, quals, rte, want->args[i]) != all) {
                return !all;
            }
        }
        return all;
    }
    for (uint32_t i = 0; i < quals->count; i++) {
        const Qual *q = &quals->items[i];
        if (!q->done && q->rels == (uint64_t)1 << rte && qual_implies(pq, q->expr, want)) {
            return true;
        }
    }
    return false;
}

Status plan_index_holds_all(PlanQuery *pq, const TableIndex *ti, uint16_t rte,
                            const QualList *quals, bool *holds_out)
{
    Expr *want;
    *holds_out = ti->compute == NULL || ti->compute->predicate == NULL;
    if (*holds_out || quals == NULL) {
        return ST_OK;
    }
    TRY(planned_tree(pq, ti->compute->predicate, rte, &want));
    *holds_out = predicate_implied(pq, quals, rte, want);
    return ST_OK;
}
