/*
 * minmax.c - min() and max() of a whole table's indexed columns, read off the ends of the indexes.
 *
 * "SELECT max(id) FROM t" becomes "SELECT (SELECT id FROM t WHERE id IS NOT NULL ORDER BY id DESC
 * LIMIT 1)", whose plan walks the index and stops at the first row. Only where every aggregate of
 * the query can be had so, and only for types whose equal values are the same value.
 */
#include "plan/plan_internal.h"

/* agg_side - -1 for min, 1 for max of such a type, 0 for any other aggregate. */
static int agg_side(Oid agg)
{
    static const Oid MIN_MAX[][2] = {{2133, 2117}, {2132, 2116}, {2131, 2115}, {2134, 2118},
                                     {2138, 2122}, {2139, 2123}, {2142, 2126}, {2143, 2127}};
    for (uint32_t i = 0; i < ARRAY_LEN(MIN_MAX); i++) {
        if (agg == MIN_MAX[i][0]) {
            return -1;
        }
        if (agg == MIN_MAX[i][1]) {
            return 1;
        }
    }
    return 0;
}

/* has_end - is there an index in whose order the column's least or greatest value comes first?
 * NULLs come last in it, so the greatest is only near when there are none. */
static bool has_end(const CatTable *t, int16_t column, bool greatest)
{
    if (column < 0 || (greatest && !t->columns[column].not_null)) {
        return false;
    }
    for (uint16_t i = 0; i < t->storage->index_count; i++) {
        const CatIndex *ix = &t->indexes[i];
        if (ix->valid && !t->storage->indexes[i].inverted && ix->predicate_sql == NULL &&
            ix->key_count > 0 && ix->columns[0] == column + 1 && ix->options[0] == 0) {
            return true;
        }
    }
    return false;
}

/* end_value - does the aggregate ask for an end of an index of the query's table? */
static bool end_value(const Query *q, const Expr *e)
{
    int side = agg_side(e->proc->oid);
    return side != 0 && e->arg_count == 1 && e->u.agg.filter == NULL &&
           e->args[0]->kind == EXPR_COLUMN && e->args[0]->u.column.levels_up == 0 &&
           has_end(q->rtes[e->args[0]->u.column.rte]->table, e->args[0]->u.column.column, side > 0);
}

typedef struct EndWalk {
    const Query *q;
    bool all;
    uint32_t count;
} EndWalk;

static bool visit_end(void *arg, const Expr *e)
{
    EndWalk *w = arg;
    if (e->kind == EXPR_AGG) {
        w->all &= end_value(w->q, e);
        w->count++;
        return false;
    }
    w->all &= e->kind != EXPR_SUBLINK && e->kind != EXPR_COLUMN;
    return true;
}

static bool whole_table(const Query *q)
{
    if (q->command != CMD_SELECT || q->set_op != SETOP_NONE || !q->has_aggs || q->has_group_by ||
        q->has_windows || q->group_count != 0 || q->having != NULL || q->where != NULL ||
        q->order_count != 0 || q->distinct || q->distinct_on_count != 0 || q->row_mark_count != 0 ||
        q->cte_count != 0 || q->from_count != 1 || q->rte_count != 1 || q->from[0]->is_join) {
        return false;
    }
    const Rte *r = q->rtes[q->from[0]->rte];
    return r->kind == RTE_TABLE && !r->table->builtin && r->table->storage != NULL &&
           r->table->kind == 'r';
}

static Expr *expr_new(Arena *a, ExprKind kind, Oid type, PhysType phys)
{
    Expr *e = ARENA_NEW(a, Expr);
    *e = (Expr){.kind = kind, .type = type, .typmod = -1, .location = -1, .phys = phys};
    return e;
}

/* end_query - SELECT column FROM t WHERE column IS NOT NULL ORDER BY column [DESC] LIMIT 1. */
static Query *end_query(Arena *a, const Query *q, const Expr *agg)
{
    Query *end = arena_memdup(a, q, sizeof(*q));
    Expr *column = agg->args[0], *limit = expr_new(a, EXPR_CONST, TYPE_INT8, PHYS_I64);
    limit->u.constant.value.i64 = 1;
    end->targets = ARENA_NEW(a, Target);
    *end->targets = (Target){.expr = column, .name = agg->proc->name};
    end->target_count = 1;
    end->where = expr_new(a, EXPR_IS_NULL, TYPE_BOOL, PHYS_BOOL);
    end->where->u.negated = true;
    end->where->arg_count = 1;
    end->where->args = arena_memdup(a, &column, sizeof(column));
    bool greatest = agg_side(agg->proc->oid) > 0;
    end->order_by = ARENA_NEW(a, SortKey);
    *end->order_by = (SortKey){.expr = column, .desc = greatest, .nulls_first = greatest};
    end->order_count = 1;
    end->limit = limit;
    end->offset = NULL;
    end->has_aggs = false;
    return end;
}

/* replace_ends - a copy of e with its aggregates as sub-queries. */
static Expr *replace_ends(Arena *a, const Query *q, Expr *e)
{
    if (e->kind == EXPR_AGG) {
        Expr *sub = expr_new(a, EXPR_SUBLINK, e->type, e->phys);
        sub->carrier = e->carrier;
        sub->u.sublink.kind = SUBLINK_SCALAR;
        sub->u.sublink.query = end_query(a, q, e);
        return sub;
    }
    Expr *c = arena_memdup(a, e, sizeof(*e));
    if (e->arg_count > 0) {
        c->args = ARENA_ARRAY(a, Expr *, e->arg_count);
        for (uint16_t i = 0; i < e->arg_count; i++) {
            c->args[i] = replace_ends(a, q, e->args[i]);
        }
    }
    return c;
}

void plan_minmax(PlanQuery *pq, Query *q)
{
    Arena *a = pq->p->arena;
    EndWalk w = {.q = q, .all = true};
    if (!whole_table(q)) {
        return;
    }
    for (uint16_t i = 0; i < q->target_count; i++) {
        expr_walk(q->targets[i].expr, visit_end, &w);
    }
    if (!w.all || w.count == 0) {
        return;
    }
    Query *old = arena_memdup(a, q, sizeof(*q));
    q->targets = arena_memdup(a, q->targets, q->target_count * sizeof(Target));
    for (uint16_t i = 0; i < q->target_count; i++) {
        q->targets[i].expr = replace_ends(a, old, q->targets[i].expr);
    }
    q->from_count = 0;
    q->rte_count = 0;
    q->has_aggs = false;
    q->has_sublinks = true;
}
