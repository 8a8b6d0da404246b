/*
 * bind_setop.c - UNION, INTERSECT, EXCEPT: operands, the columns' common types
 *
 * Operands live at the same level as the operation itself: their outer references skip it.
 */
#include "bind/bind_internal.h"

static const char *setop_name(SetOp op)
{
    return op == SETOP_UNION ? "UNION" : op == SETOP_INTERSECT ? "INTERSECT" : "EXCEPT";
}

static Status setop_operand(BindScope *s, const PgQuery__SelectStmt *st, BindScope **out)
{
    BindScope *side = bind_scope_new(s, s->parent, CMD_SELECT);
    side->set_owner = s;
    side->keep_unknown = true;
    TRY(bind_select(side, st));
    *out = side;
    return ST_OK;
}

static uint16_t setop_columns(const Query *q)
{
    uint16_t n = 0;
    while (n < q->target_count && !q->targets[n].hidden) {
        n++;
    }
    return n;
}

/* setop_convert - have an operand give column i as the type; an operand that is a set operation
 * hands it on to its own operands. */
static Status setop_convert(BindScope *s, Query *q, uint16_t i, Oid type, int32_t typmod,
                            const char *name)
{
    Target *t = &q->targets[i];
    if (q->set_op != SETOP_NONE) {
        if (t->expr->type == type && t->expr->typmod == typmod) {
            return ST_OK;
        }
        TRY(setop_convert(s, q->set_left, i, type, typmod, name));
        TRY(setop_convert(s, q->set_right, i, type, typmod, name));
        t->expr = bind_column_expr(s, 0, (int16_t)i, type, typmod, t->expr->collation, -1);
        return ST_OK;
    }
    const Expr *was = t->expr;
    TRY(bind_coerce_common(s, t->expr, type, name, &t->expr));
    if (t->expr->arg_count > 0 && t->expr->args[0] == was && t->expr != was) {
        t->expr->form = FORM_HIDDEN; /* PostgreSQL's own tree has it above the operand */
    }
    for (uint16_t k = 0; k < q->order_count; k++) {
        if (q->order_by[k].expr == was && was->type == TYPE_UNKNOWN) {
            q->order_by[k].expr = t->expr;
        }
    }
    return ST_OK;
}

static Status setop_column(BindScope *s, uint16_t i, const char *name)
{
    Query *q = s->query;
    Expr *both[2] = {q->set_left->targets[i].expr, q->set_right->targets[i].expr};
    Oid type;
    TRY(bind_common_type(s, both, 2, name, &type));
    int32_t typmod = bind_common_typmod(both, 2, type);
    TRY(setop_convert(s, q->set_left, i, type, typmod, name));
    TRY(setop_convert(s, q->set_right, i, type, typmod, name));
    bool sorts = q->set_op != SETOP_UNION || !q->set_all;
    if (sorts) {
        TRY(bind_default_order(s, type, bind_location(both[1]), true));
    }
    const Expr *l = q->set_left->targets[i].expr;
    Target *t = &q->targets[i];
    t->name = q->set_left->targets[i].name;
    t->expr =
        bind_column_expr(s, 0, (int16_t)i, type, typmod, l->collation, bind_location(both[0]));
    return ST_OK;
}

/* setop_result_rte - the entry that EXPR_COLUMN rte 0 of the whole means. */
static void setop_result_rte(BindScope *s)
{
    const Query *q = s->query;
    Rte *r = ARENA_NEW(s->b->arena, Rte);
    r->kind = RTE_RESULT;
    r->column_count = q->target_count;
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, q->target_count + 1u);
    for (uint16_t i = 0; i < q->target_count; i++) {
        const Expr *e = q->targets[i].expr;
        r->columns[i] = (RteColumn){q->targets[i].name, e->type, e->collation, e->typmod, e->phys};
    }
    bind_add_rte(s, r);
}

Status bind_set_operation(BindScope *s, const PgQuery__SelectStmt *st)
{
    Query *q = s->query;
    BindScope *l, *r;
    q->set_op = st->op == PG_QUERY__SET_OPERATION__SETOP_UNION       ? SETOP_UNION
                : st->op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT ? SETOP_INTERSECT
                                                                     : SETOP_EXCEPT;
    q->set_all = st->all;
    TRY(setop_operand(s, st->larg, &l));
    TRY(bind_recursive_start(s, l->query));
    TRY(setop_operand(s, st->rarg, &r));
    q->set_left = l->query;
    q->set_right = r->query;
    const char *name = setop_name(q->set_op);
    uint16_t count = setop_columns(q->set_left);
    if (count != setop_columns(q->set_right)) {
        int32_t at =
            setop_columns(q->set_right) > 0 ? bind_location(q->set_right->targets[0].expr) : -1;
        return BIND_ERR(s, at, ERRCODE_SYNTAX_ERROR,
                        "each %s query must have the same number of columns", name);
    }
    q->targets = ARENA_ARRAY(s->b->arena, Target, count + 1u);
    q->target_count = count;
    for (uint16_t i = 0; i < count; i++) {
        TRY(setop_column(s, i, name));
    }
    setop_result_rte(s);
    TRY(bind_sort_clause(s, st));
    TRY(bind_limit(s, st));
    return bind_row_marks(s, st);
}
