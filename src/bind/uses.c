/*
 * uses.c - which objects a bound tree uses: what pg_depend records for defaults, checks and views
 *
 * Columns come from the range tables, whose entries know which columns are referred to; a relation
 * without any is used as a whole.
 */
#include "bind/bind_internal.h"

typedef struct BindUses {
    BindUseFn fn;
    void *arg;
} BindUses;

static Status uses_object(const BindUses *u, Oid class_oid, Oid oid, int16_t column)
{
    return oid < FIRST_USER_OID ? ST_OK : u->fn(u->arg, class_oid, oid, column);
}

/* uses_visit - BindVisit: what one expression node names besides columns. */
static Status uses_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    const BindUses *u = arg;
    (void)level;
    (void)descend;
    if (e->kind == EXPR_CONST && e->type == TYPE_REGCLASS && !e->u.constant.is_null) {
        TRY(uses_object(u, CAT_PG_CLASS, e->u.constant.value.u32, 0));
    }
    if (e->oper != 0) { /* which stands for its function */
        TRY(uses_object(u, CAT_PG_OPERATOR, e->oper, 0));
    } else if (e->proc != NULL) {
        TRY(uses_object(u, CAT_PG_PROC, e->proc->oid, 0));
    }
    return uses_object(u, CAT_PG_TYPE, e->type, 0);
}

static Status uses_query(const BindUses *u, const Query *q);

/* uses_nested - BindVisit: the subqueries of an expression. */
static Status uses_nested(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)level;
    if (e->kind == EXPR_SUBLINK) {
        for (uint16_t i = 0; i < e->arg_count; i++) {
            TRY(bind_walk(e->args[i], level, uses_nested, arg));
        }
        *descend = false;
        return uses_query(arg, e->u.sublink.query);
    }
    return uses_visit(arg, e, level, descend);
}

static Status uses_expr(const BindUses *u, Expr *e)
{
    return bind_walk(e, 0, uses_nested, (void *)(uintptr_t)u);
}

/* uses_rte - the columns of a relation that are referred to, or what is inside another entry. */
static Status uses_rte(const BindUses *u, const Rte *r)
{
    const CatTable *t = r->view != NULL ? r->view : r->table;
    if (t != NULL) {
        bool any = false;
        for (uint16_t i = 0; i < t->column_count; i++) {
            if (r->column_used[i]) {
                any = true;
                TRY(uses_object(u, CAT_PG_CLASS, t->oid, t->columns[i].number));
            }
        }
        return any ? ST_OK : uses_object(u, CAT_PG_CLASS, t->oid, 0);
    }
    if (r->kind == RTE_SUBQUERY) {
        return uses_query(u, r->subquery);
    }
    for (uint32_t i = 0; i < r->row_count; i++) {
        for (uint16_t c = 0; c < r->column_count; c++) {
            TRY(uses_expr(u, r->rows[i][c]));
        }
    }
    return uses_expr(u, r->function);
}

static Status uses_from(const BindUses *u, const FromNode *n)
{
    if (!n->is_join) {
        return ST_OK;
    }
    TRY(uses_expr(u, n->on));
    TRY(uses_from(u, n->left));
    return uses_from(u, n->right);
}

/* uses_query - a query with all its clauses and subqueries; ORDER BY repeats its targets. */
static Status uses_query(const BindUses *u, const Query *q)
{
    if (q == NULL) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < q->cte_count; i++) {
        TRY(uses_query(u, q->ctes[i].query));
    }
    for (uint16_t i = 0; i < q->rte_count; i++) {
        TRY(uses_rte(u, q->rtes[i]));
    }
    TRY(uses_query(u, q->set_left));
    TRY(uses_query(u, q->set_right));
    for (uint16_t i = 0; i < q->from_count; i++) {
        TRY(uses_from(u, q->from[i]));
    }
    TRY(uses_expr(u, q->where));
    for (uint16_t i = 0; i < q->target_count; i++) {
        TRY(uses_expr(u, q->targets[i].expr));
    }
    for (uint16_t i = 0; i < q->group_count; i++) {
        TRY(uses_expr(u, q->group_by[i]));
    }
    for (uint16_t i = 0; i < q->window_count; i++) {
        const Window *w = &q->windows[i];
        for (uint16_t k = 0; k < w->partition_count; k++) {
            TRY(uses_expr(u, w->partition_by[k]));
        }
        for (uint16_t k = 0; k < w->order_count; k++) {
            TRY(uses_expr(u, w->order_by[k].expr));
        }
        TRY(uses_expr(u, w->start_offset));
        TRY(uses_expr(u, w->end_offset));
    }
    TRY(uses_expr(u, q->having));
    TRY(uses_expr(u, q->limit));
    return uses_expr(u, q->offset);
}

Status bind_uses_of_expr(const Expr *e, BindUseFn fn, void *arg)
{
    BindUses u = {fn, arg};
    return uses_expr(&u, (Expr *)(uintptr_t)e);
}

Status bind_uses_of_query(const Query *q, BindUseFn fn, void *arg)
{
    BindUses u = {fn, arg};
    return uses_query(&u, q);
}
