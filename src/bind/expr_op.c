/*
 * expr_op.c - operator syntax: a op b, IN, BETWEEN, LIKE, IS DISTINCT FROM, row comparisons
 */
#include "bind/bind_internal.h"

static Expr *op_logic(BindScope *s, ExprKind kind, Expr *a, Expr *b, int32_t location)
{
    Expr *e = bind_expr_new(s, kind, TYPE_BOOL, -1, location, b != NULL ? 2 : 1);
    e->args[0] = a;
    if (b != NULL) {
        e->args[1] = b;
    }
    return e;
}

/* row_ordering - (a, b) < (c, d): a < c OR (a = c AND b < d), from the last column backwards. */
static Status row_ordering(BindScope *s, const char *op, const Expr *l, const Expr *r,
                           int32_t location, Expr **out)
{
    const char strict[2] = {op[0], '\0'};
    Expr *e = NULL;
    for (uint16_t i = l->arg_count; i-- > 0;) {
        Expr *cmp, *eq;
        bool last = i + 1 == l->arg_count;
        TRY(bind_oper(s, NULL, last ? op : strict, l->args[i], r->args[i], location, &cmp));
        if (e != NULL) {
            TRY(bind_equality(s, l->args[i], r->args[i], location, &eq));
            cmp = op_logic(s, EXPR_OR, cmp, op_logic(s, EXPR_AND, eq, e, location), location);
        }
        e = cmp;
    }
    *out = e;
    return ST_OK;
}

/* bind_row_compare - rows of one length, compared column by column. */
Status bind_row_compare(BindScope *s, const char *op, const Expr *l, const Expr *r,
                        int32_t location, Expr **out)
{
    if (l->arg_count != r->arg_count) {
        return BIND_ERR(s, location, ERRCODE_SYNTAX_ERROR,
                        "unequal number of entries in row expressions");
    }
    if (l->arg_count == 0) {
        return BIND_ERR(s, location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "cannot compare rows of zero length");
    }
    bool eq = strcmp(op, "=") == 0, ne = strcmp(op, "<>") == 0;
    if (!eq && !ne) {
        if (strcmp(op, "<") == 0 || strcmp(op, "<=") == 0 || strcmp(op, ">") == 0 ||
            strcmp(op, ">=") == 0) {
            return row_ordering(s, op, l, r, location, out);
        }
        (void)err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "could not determine interpretation of row comparison operator %s", op);
        (void)err_hint(s->cx, "Row comparison operators must be associated with btree operator "
                              "families.");
        return bind_at(s, location);
    }
    *out = NULL;
    for (uint16_t i = 0; i < l->arg_count; i++) {
        Expr *cmp;
        TRY(bind_oper(s, NULL, op, l->args[i], r->args[i], location, &cmp));
        *out = *out == NULL ? cmp : op_logic(s, eq ? EXPR_AND : EXPR_OR, *out, cmp, location);
    }
    return ST_OK;
}

/* op_binary - one operator over bound operands; rows compare column by column. */
static Status op_binary(BindScope *s, Node *const *names, size_t name_count, Expr *l, Expr *r,
                        int32_t location, Expr **out)
{
    if (l != NULL && l->kind == EXPR_ROW && r->kind == EXPR_ROW) {
        return bind_row_compare(s, bind_string(names[name_count - 1]), l, r, location, out);
    }
    return bind_oper_names(s, names, name_count, l, r, location, out);
}

/* in_any_operator - the list's items one by one, where they share no type. */
static Status in_one_by_one(BindScope *s, const PgQuery__AExpr *a, Expr *l, Expr *const *items,
                            uint32_t count, bool negated, Expr **out)
{
    *out = NULL;
    for (uint32_t i = 0; i < count; i++) {
        Expr *cmp;
        TRY(op_binary(s, a->name, a->n_name, l, items[i], a->location, &cmp));
        TRY(bind_coerce_bool(s, cmp, "IN", &cmp));
        *out =
            *out == NULL ? cmp : op_logic(s, negated ? EXPR_AND : EXPR_OR, *out, cmp, a->location);
    }
    return ST_OK;
}

/* in_list - test IN (items) as one EXPR_IN when everything agrees on a type. */
static Status in_list(BindScope *s, const PgQuery__AExpr *a, Expr *l, Expr **items, uint32_t count,
                      bool negated, Expr **out)
{
    Oid type;
    Expr **all = ARENA_ARRAY(s->b->arena, Expr *, count + 1);
    bool rows = l->kind == EXPR_ROW || count + 1 > UINT16_MAX;
    all[0] = l;
    memcpy(all + 1, items, count * sizeof(*items));
    if (count == 1 || rows) {
        return in_one_by_one(s, a, l, items, count, negated, out);
    }
    Status st = bind_common_type(s, all, count + 1, "IN", &type);
    if (st != ST_OK) {
        err_clear(s->cx);
        return in_one_by_one(s, a, l, items, count, negated, out);
    }
    for (uint32_t i = 0; i < count; i++) {
        TRY(bind_coerce_common(s, items[i], type, "IN", &items[i]));
    }
    Expr *eq;
    TRY(bind_equality(s, l, items[0], a->location, &eq));
    Expr *e = bind_expr_new(s, EXPR_IN, TYPE_BOOL, -1, a->location, count + 1);
    e->args[0] = eq->args[0];
    for (uint32_t i = 0; i < count; i++) {
        TRY(bind_coerce_implicit(s, items[i], eq->args[1]->type, &e->args[i + 1]));
        if (e->args[i + 1] != items[i] && e->args[i + 1]->form == FORM_IMPLICIT_CAST) {
            e->args[i + 1]->form = FORM_ARRAY_CAST;
        }
    }
    e->proc = eq->proc;
    e->oper = eq->oper;
    e->u.negated = negated;
    *out = e;
    return ST_OK;
}

static Status bind_in(BindScope *s, const PgQuery__AExpr *a, Expr **out)
{
    Expr *l, **items;
    const Node *list = a->rexpr;
    bool negated = strcmp(bind_string(a->name[a->n_name - 1]), "<>") == 0;
    if (!NODE_IS(list, LIST)) {
        return err_set(s->cx, ERRCODE_INTERNAL_ERROR, "IN without a list");
    }
    TRY(bind_expr(s, a->lexpr, &l));
    TRY(bind_exprs(s, list->list->items, list->list->n_items, &items));
    return in_list(s, a, l, items, (uint32_t)list->list->n_items, negated, out);
}

static Status between_pair(BindScope *s, const PgQuery__AExpr *a, const Node *low, const Node *high,
                           bool negated, Expr **out)
{
    Expr *x, *y, *lo, *hi, *first, *second;
    TRY(bind_expr(s, a->lexpr, &x));
    TRY(bind_expr(s, low, &lo));
    TRY(bind_oper(s, NULL, negated ? "<" : ">=", x, lo, a->location, &first));
    TRY(bind_expr(s, a->lexpr, &y));
    TRY(bind_expr(s, high, &hi));
    TRY(bind_oper(s, NULL, negated ? ">" : "<=", y, hi, a->location, &second));
    *out = op_logic(s, negated ? EXPR_OR : EXPR_AND, first, second, a->location);
    return ST_OK;
}

static Status bind_between(BindScope *s, const PgQuery__AExpr *a, Expr **out)
{
    Node *const *bounds = a->rexpr->list->items;
    bool symmetric = a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
                     a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    bool negated = a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                   a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    TRY(between_pair(s, a, bounds[0], bounds[1], negated, out));
    if (symmetric) {
        Expr *other;
        TRY(between_pair(s, a, bounds[1], bounds[0], negated, &other));
        *out = op_logic(s, negated ? EXPR_AND : EXPR_OR, *out, other, a->location);
    }
    return ST_OK;
}

static bool is_null_literal(const Expr *e)
{
    return e->kind == EXPR_CONST && e->u.constant.is_null && e->type == TYPE_UNKNOWN;
}

/* distinct_rows - rows are distinct when one pair of their fields is. */
static Status distinct_rows(BindScope *s, Expr *l, Expr *r, bool same, int32_t location, Expr **out)
{
    if (l->kind != EXPR_ROW || r->kind != EXPR_ROW) {
        return BIND_ERR(s, location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "IS DISTINCT FROM between a row and a value is not supported");
    }
    if (l->arg_count != r->arg_count) {
        return BIND_ERR(s, location, ERRCODE_SYNTAX_ERROR,
                        "unequal number of entries in row expressions");
    }
    if (l->arg_count == 0) {
        *out = bind_const_bool(s, same);
        return ST_OK;
    }
    bool whole = l->u.row.whole && r->u.row.whole;
    Expr *any = bind_expr_new(s, EXPR_OR, TYPE_BOOL, -1, location, l->arg_count);
    any->form = whole ? FORM_WHOLE_ROWS : FORM_CALL;
    for (uint16_t i = 0; i < l->arg_count; i++) {
        TRY(bind_distinct_pair(s, l->args[i], r->args[i], false, location, &any->args[i]));
    }
    any = l->arg_count == 1 && !whole ? any->args[0] : any;
    if (same) {
        Expr *not = bind_expr_new(s, EXPR_NOT, TYPE_BOOL, -1, location, 1);
        not ->args[0] = any;
        any = not ;
    }
    *out = any;
    return ST_OK;
}

Status bind_distinct_pair(BindScope *s, Expr *l, Expr *r, bool same, int32_t location, Expr **out)
{
    Expr *eq;
    TRY(bind_equality(s, l, r, location, &eq));
    Expr *e = bind_expr_new(s, EXPR_IS_DISTINCT, TYPE_BOOL, -1, location, 2);
    memcpy(e->args, eq->args, 2 * sizeof(Expr *));
    e->proc = eq->proc;
    e->oper = eq->oper;
    e->u.negated = same;
    *out = e;
    return ST_OK;
}

/* bind_distinct - IS [NOT] DISTINCT FROM; against a NULL literal it is a NULL test. */
static Status bind_distinct(BindScope *s, const PgQuery__AExpr *a, Expr **out)
{
    Expr *l, *r;
    bool same = a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT;
    TRY(bind_expr(s, a->lexpr, &l));
    TRY(bind_expr(s, a->rexpr, &r));
    if (is_null_literal(l) || is_null_literal(r)) {
        Expr *e = bind_expr_new(s, EXPR_IS_NULL, TYPE_BOOL, -1, a->location, 1);
        TRY(bind_resolve_unknown(s, is_null_literal(l) ? r : l, &e->args[0]));
        e->u.negated = !same;
        *out = e;
        return ST_OK;
    }
    if (l->kind == EXPR_ROW || r->kind == EXPR_ROW) {
        return distinct_rows(s, l, r, same, a->location, out);
    }
    return bind_distinct_pair(s, l, r, same, a->location, out);
}

static Status bind_nullif(BindScope *s, const PgQuery__AExpr *a, Expr **out)
{
    Expr *l, *r, *eq;
    TRY(bind_expr(s, a->lexpr, &l));
    TRY(bind_expr(s, a->rexpr, &r));
    TRY(bind_oper_names(s, a->name, a->n_name, l, r, a->location, &eq));
    Expr *e = bind_expr_new(s, EXPR_NULLIF, eq->args[0]->type, eq->args[0]->typmod, a->location, 2);
    memcpy(e->args, eq->args, 2 * sizeof(Expr *));
    e->proc = eq->proc;
    e->oper = eq->oper;
    *out = e;
    return ST_OK;
}

Status bind_a_expr(BindScope *s, const PgQuery__AExpr *a, Expr **out)
{
    Expr *l = NULL, *r;
    switch (a->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL: return bind_array_op(s, a, out);
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT: return bind_distinct(s, a, out);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF: return bind_nullif(s, a, out);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN: return bind_in(s, a, out);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM: return bind_between(s, a, out);
    default: break;
    }
    if (a->lexpr != NULL) {
        TRY(bind_expr(s, a->lexpr, &l));
    }
    TRY(bind_expr(s, a->rexpr, &r));
    return op_binary(s, a->name, a->n_name, l, r, a->location, out);
}
