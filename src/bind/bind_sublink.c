/*
 * bind_sublink.c - subqueries in expressions: EXISTS, IN, ANY, ALL, scalar
 */
#include "bind/bind_internal.h"

static uint16_t visible_targets(const Query *q)
{
    uint16_t n = 0;
    while (n < q->target_count && !q->targets[n].hidden) {
        n++;
    }
    return n;
}

/* sublink_convert - the subquery's only column as the type its comparison needs. */
static Status sublink_convert(BindScope *s, Query *q, Oid type)
{
    Target *t = &q->targets[0];
    if (q->set_op == SETOP_NONE) {
        return bind_coerce_implicit(s, t->expr, type, &t->expr);
    }
    return err_unsupported(s->cx,
                           "comparing with this set operation needs a conversion of its column "
                           "from %s to %s: this is not supported",
                           bind_type_text(s, t->expr->type), bind_type_text(s, type));
}

/* sublink_compare - x op ANY/ALL (subquery) and x IN (subquery). */
static Status sublink_compare(BindScope *s, const PgQuery__SubLink *l, Query *q, Expr **out)
{
    Expr *test, *cmp;
    bool all = l->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK;
    TRY(bind_expr(s, l->testexpr, &test));
    uint16_t columns = visible_targets(q);
    if (test->kind == EXPR_ROW) {
        return BIND_ERR(s, l->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "comparing a row with a subquery is not supported");
    }
    if (columns != 1) {
        return BIND_ERR(s, l->location, ERRCODE_SYNTAX_ERROR,
                        columns > 1 ? "subquery has too many columns"
                                    : "subquery has too few columns");
    }
    const Expr *col = q->targets[0].expr;
    Expr *right = bind_column_expr(s, 0, 0, col->type, col->typmod, col->collation, -1);
    if (l->n_oper_name > 0) {
        TRY(bind_oper_names(s, l->oper_name, l->n_oper_name, test, right, l->location, &cmp));
    } else {
        TRY(bind_equality(s, test, right, l->location, &cmp));
    }
    if (cmp->type != TYPE_BOOL) {
        return BIND_ERR(s, l->location, ERRCODE_DATATYPE_MISMATCH,
                        "row comparison operator must yield type boolean, not type %s",
                        bind_type_text(s, cmp->type));
    }
    if (cmp->args[1] != right) {
        TRY(sublink_convert(s, q, cmp->args[1]->type));
    }
    Expr *e = bind_expr_new(s, EXPR_SUBLINK, TYPE_BOOL, -1, l->location, 1);
    e->args[0] = cmp->args[0];
    e->proc = cmp->proc;
    e->oper = cmp->oper;
    e->u.sublink.kind = all ? SUBLINK_ALL : SUBLINK_ANY;
    e->u.sublink.query = q;
    *out = e;
    return ST_OK;
}

Status bind_sublink(BindScope *s, const PgQuery__SubLink *l, Expr **out)
{
    Query *q;
    if (s->no_subquery != NULL) {
        return BIND_ERR(s, l->location, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot use subquery in %s",
                        s->no_subquery);
    }
    TRY(bind_query_node(s, NULL, l->subselect, false, &q));
    s->query->has_sublinks = true;
    Expr *e;
    switch (l->sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
        e = bind_expr_new(s, EXPR_SUBLINK, TYPE_BOOL, -1, l->location, 0);
        e->u.sublink.kind = SUBLINK_EXISTS;
        e->u.sublink.query = q;
        break;
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
        if (visible_targets(q) != 1) {
            return BIND_ERR(s, l->location, ERRCODE_SYNTAX_ERROR,
                            "subquery must return only one column");
        }
        e = bind_expr_new(s, EXPR_SUBLINK, q->targets[0].expr->type, q->targets[0].expr->typmod,
                          l->location, 0);
        e->collation = q->targets[0].expr->collation;
        e->u.sublink.kind = SUBLINK_SCALAR;
        e->u.sublink.query = q;
        break;
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK: return sublink_compare(s, l, q, out);
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
        return BIND_ERR(s, l->location, ERRCODE_FEATURE_NOT_SUPPORTED, "arrays are not supported");
    default:
        return BIND_ERR(s, l->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "this kind of subquery is not supported");
    }
    *out = e;
    return ST_OK;
}
