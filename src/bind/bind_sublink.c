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
    const CatType *to = cat_type(s->b->view, type);
    if (to != NULL && to->phys == t->expr->phys && to->phys != PHYS_STR &&
        bind_binary_coercible(s, t->expr->type, type)) {
        return ST_OK; /* the same value under another name: an OID and its aliases */
    }
    return err_unsupported(s->cx,
                           "comparing with this set operation needs a conversion of its column "
                           "from %s to %s: this is not supported",
                           bind_type_text(s, t->expr->type), bind_type_text(s, type));
}

static Status sublink_width(BindScope *s, const PgQuery__SubLink *l, const Query *q, uint16_t width)
{
    uint16_t columns = visible_targets(q);
    if (columns != width) {
        return BIND_ERR(s, l->location, ERRCODE_SYNTAX_ERROR,
                        columns > width ? "subquery has too many columns"
                                        : "subquery has too few columns");
    }
    return ST_OK;
}

/* refuse_hard - subqueries and aggregates of the tested row cannot be moved one query deeper. */
static Status refuse_hard(void *arg, Expr *e, uint32_t level, bool *descend)
{
    BindScope *s = arg;
    (void)level;
    *descend = true;
    if (e->kind == EXPR_SUBLINK || e->kind == EXPR_AGG || e->kind == EXPR_WINDOW) {
        return BIND_ERR(s, bind_location(e), ERRCODE_FEATURE_NOT_SUPPORTED,
                        "a row compared with a subquery that holds a subquery or an aggregate is "
                        "not supported");
    }
    return ST_OK;
}

/*
 * sublink_row - (a, b) op ANY/ALL (subquery) and (a, b) IN (subquery): TRUE = ANY/ALL over the
 * comparison of each of its rows, SELECT (a, b) op (x, y) FROM (subquery) s (x, y), which has the
 * same three-valued result.
 */
static Status sublink_row(BindScope *s, const PgQuery__SubLink *l, Expr **out)
{
    Query *q;
    Expr *test, *cmp;
    BindScope *wrap = bind_scope_new(s, s, CMD_SELECT);
    TRY(bind_query_node(wrap, l->subselect, false, &q));
    TRY(bind_expr(s, l->testexpr, &test));
    TRY(sublink_width(s, l, q, test->arg_count));
    TRY(bind_walk(test, 0, refuse_hard, s));
    uint16_t rte = bind_add_rte(wrap, bind_subquery_rte(wrap, q, "row"));
    NsItem *item = bind_item_of_rte(wrap, rte, NULL, NULL, 0);
    Expr *row = bind_expr_new(wrap, EXPR_ROW, TYPE_RECORD, -1, l->location, test->arg_count);
    for (uint16_t i = 0; i < test->arg_count; i++) {
        row->args[i] = bind_item_column(wrap, item, i, 0, -1);
    }
    test = bind_raise_levels(s, test, 1, LOCATION_KEEP);
    const char *op = l->n_oper_name > 0 ? bind_string(l->oper_name[l->n_oper_name - 1]) : "=";
    TRY(bind_row_compare(wrap, op, test, row, l->location, &cmp));
    FromNode *leaf = ARENA_NEW(s->b->arena, FromNode);
    leaf->rte = rte;
    wrap->query->from = arena_memdup(s->b->arena, &leaf, sizeof(leaf));
    wrap->query->from_count = 1;
    wrap->query->targets = ARENA_NEW(s->b->arena, Target);
    wrap->query->targets[0] = (Target){.expr = cmp, .name = "?column?"};
    wrap->query->target_count = 1;
    bool all = l->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK;
    Expr *eq;
    Expr *column = bind_column_expr(s, 0, 0, TYPE_BOOL, -1, 0, -1);
    TRY(bind_equality(s, bind_const_bool(s, true), column, l->location, &eq));
    Expr *e = bind_expr_new(s, EXPR_SUBLINK, TYPE_BOOL, -1, l->location, 1);
    e->args[0] = eq->args[0];
    e->proc = eq->proc;
    e->oper = eq->oper;
    e->u.sublink.kind = all ? SUBLINK_ALL : SUBLINK_ANY;
    e->u.sublink.query = wrap->query;
    *out = e;
    return ST_OK;
}

/* sublink_compare - x op ANY/ALL (subquery) and x IN (subquery). */
static Status sublink_compare(BindScope *s, const PgQuery__SubLink *l, Query *q, Expr **out)
{
    Expr *test, *cmp;
    bool all = l->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK;
    TRY(bind_expr(s, l->testexpr, &test));
    TRY(sublink_width(s, l, q, 1));
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

/* sublink_array - ARRAY(subquery): its only column as an array; of arrays, one dimension more. */
static Status sublink_array(BindScope *s, const PgQuery__SubLink *l, Query *q, Expr **out)
{
    if (visible_targets(q) != 1) {
        return BIND_ERR(s, l->location, ERRCODE_SYNTAX_ERROR,
                        "subquery must return only one column");
    }
    const Expr *col = q->targets[0].expr;
    const CatType *t = cat_type(s->b->view, col->type);
    Oid type = t == NULL ? 0 : t->array != 0 ? t->array : t->category == 'A' ? t->oid : 0;
    if (type == 0) {
        return BIND_ERR(s, l->location, ERRCODE_UNDEFINED_OBJECT,
                        "could not find array type for data type %s", bind_type_text(s, col->type));
    }
    Expr *e = bind_expr_new(s, EXPR_SUBLINK, type, col->typmod, l->location, 0);
    e->u.sublink.kind = SUBLINK_ARRAY;
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
    s->query->has_sublinks = true;
    if (NODE_IS(l->testexpr, ROW_EXPR)) {
        return sublink_row(s, l, out);
    }
    TRY(bind_query_node(s, l->subselect, false, &q));
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
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK: return sublink_array(s, l, q, out);
    default:
        return BIND_ERR(s, l->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "this kind of subquery is not supported");
    }
    *out = e;
    return ST_OK;
}
