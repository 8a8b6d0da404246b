/*
 * bind_array.c - arrays in expressions: ARRAY[...], op ANY/ALL (array), subscripts
 */
#include "bind/bind_internal.h"

static Oid array_element_type(BindScope *s, Oid type)
{
    const CatType *t = cat_type(s->b->view, type);
    while (t != NULL && t->kind == 'd') {
        t = cat_type(s->b->view, t->base);
    }
    return t != NULL && t->category == 'A' ? t->element : 0;
}

static Oid bind_array_type_of(BindScope *s, Oid element)
{
    const CatType *t = cat_type(s->b->view, element);
    return t != NULL ? t->array : 0;
}

/* array_common - the type the items agree on, where no cast says one. */
static Status array_common(BindScope *s, Expr *e, int32_t location, bool nested, Oid *item_out)
{
    Oid common;
    TRY(bind_common_type(s, e->args, e->arg_count, "ARRAY", &common));
    Oid type = nested ? common : bind_array_type_of(s, common);
    if (type == 0 || (nested && array_element_type(s, common) == 0)) {
        return BIND_ERR(s, location, ERRCODE_UNDEFINED_OBJECT,
                        "could not find %s type for data type %s", nested ? "element" : "array",
                        bind_type_text(s, common));
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        TRY(bind_coerce_common(s, e->args[i], common, "ARRAY", &e->args[i]));
    }
    *item_out = common;
    const CatType *made = cat_type(s->b->view, type);
    e->type = type;
    e->carrier = made != NULL ? made->carrier : 0;
    return ST_OK;
}

/* array_items - the items, sub-arrays without a type name of their own by the same cast. */
static Status array_items(BindScope *s, const PgQuery__AArrayExpr *a, Oid type, int32_t typmod,
                          Expr *e)
{
    for (size_t i = 0; i < a->n_elements; i++) {
        const Node *n = a->elements[i];
        if (NODE_IS(n, A_ARRAY_EXPR)) {
            TRY(bind_array_as(s, n->a_array_expr, type, typmod, &e->args[i]));
            e->u.array.nested = true;
        } else {
            TRY(bind_expr(s, n, &e->args[i]));
            if (array_element_type(s, e->args[i]->type) != 0 &&
                e->args[i]->type != TYPE_INT2VECTOR && e->args[i]->type != TYPE_OIDVECTOR) {
                e->u.array.nested = true;
            }
        }
    }
    return ST_OK;
}

Status bind_array_as(BindScope *s, const PgQuery__AArrayExpr *a, Oid type, int32_t typmod,
                     Expr **out)
{
    Oid element = type != 0 ? array_element_type(s, type) : 0, item;
    if (a->n_elements > UINT16_MAX) {
        return BIND_ERR(s, a->location, ERRCODE_STATEMENT_TOO_COMPLEX, "too many array elements");
    }
    Expr *e = bind_expr_new(s, EXPR_ARRAY, element != 0 ? type : TYPE_TEXT, -1, a->location,
                            (uint32_t)a->n_elements);
    if (element == 0 && a->n_elements == 0) {
        (void)err_set(s->cx, ERRCODE_INDETERMINATE_DATATYPE,
                      "cannot determine type of empty array");
        (void)err_hint(s->cx,
                       "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
        return bind_at(s, a->location);
    }
    TRY(array_items(s, a, element != 0 ? type : 0, typmod, e));
    if (element == 0) {
        TRY(array_common(s, e, a->location, e->u.array.nested, &item));
        *out = bind_expr_new(s, EXPR_ARRAY, e->type, -1, a->location, 0);
        (*out)->args = e->args;
        (*out)->arg_count = e->arg_count;
        (*out)->u.array.nested = e->u.array.nested;
        return ST_OK;
    }
    item = e->u.array.nested ? type : element;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        Expr *arg = e->args[i];
        Status st = bind_coerce_to(s, arg, item, typmod, 'e', arg->location, &e->args[i]);
        if (st == ST_NOTFOUND) {
            return BIND_ERR(s, bind_location(arg), ERRCODE_CANNOT_COERCE,
                            "cannot cast type %s to %s", bind_type_text(s, arg->type),
                            bind_type_text(s, item));
        }
        TRY(st);
    }
    e->typmod = typmod;
    *out = e;
    return ST_OK;
}

Status bind_array(BindScope *s, const PgQuery__AArrayExpr *a, Expr **out)
{
    return bind_array_as(s, a, 0, -1, out);
}

/* array_op_probe - something of the array's element type, to choose the operator by. */
static Status array_op_probe(BindScope *s, const Expr *r, int32_t location, Expr **out)
{
    if (r->type == TYPE_UNKNOWN) {
        *out = bind_const_null(s, TYPE_UNKNOWN, -1);
        return ST_OK;
    }
    Oid element = array_element_type(s, r->type);
    if (element == 0) {
        return BIND_ERR(s, location, ERRCODE_WRONG_OBJECT_TYPE,
                        "op ANY/ALL (array) requires array on right side");
    }
    *out = bind_expr_new(s, EXPR_ELEMENT, element, -1, r->location, 0);
    return ST_OK;
}

Status bind_array_op(BindScope *s, const PgQuery__AExpr *a, Expr **out)
{
    Expr *l, *r, *probe = NULL, *cmp;
    bool all = a->kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL;
    TRY(bind_expr(s, a->lexpr, &l));
    TRY(bind_expr(s, a->rexpr, &r));
    TRY(array_op_probe(s, r, a->location, &probe));
    TRY(bind_oper_names(s, a->name, a->n_name, l, probe, a->location, &cmp));
    if (cmp->type != TYPE_BOOL) {
        return BIND_ERR(s, a->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "op ANY/ALL (array) requires operator to yield boolean");
    }
    if (cmp->proc->returns_set) {
        return BIND_ERR(s, a->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "op ANY/ALL (array) requires operator not to return a set");
    }
    Oid element = cmp->args[1]->type;
    if (r->kind == EXPR_ARRAY && !r->u.array.nested) {
        for (uint16_t i = 0; i < r->arg_count; i++) {
            Expr *item = r->args[i];
            TRY(bind_coerce_implicit(s, item, element, &r->args[i]));
            if (r->args[i] != item && r->args[i]->form == FORM_IMPLICIT_CAST) {
                r->args[i]->form = FORM_ARRAY_CAST;
            }
        }
    } else {
        Oid type = bind_array_type_of(s, element);
        if (type == 0) {
            return BIND_ERR(s, a->location, ERRCODE_UNDEFINED_OBJECT,
                            "could not find array type for data type %s",
                            bind_type_text(s, element));
        }
        if (array_element_type(s, r->type) != element) {
            TRY(bind_coerce_implicit(s, r, type, &r));
        }
    }
    Expr *e = bind_expr_new(s, EXPR_ARRAY_ANY, TYPE_BOOL, -1, a->location, 2);
    e->args[0] = cmp->args[0];
    e->args[1] = r;
    e->proc = cmp->proc;
    e->oper = cmp->oper;
    e->u.is_all = all;
    *out = e;
    return ST_OK;
}

/* ---- subscripts ---- */

/* subscript_bound - one bound, an integer. */
static Status subscript_bound(BindScope *s, const Node *n, Expr **out)
{
    Expr *e;
    TRY(bind_expr(s, n, &e));
    Status st = bind_coerce_to(s, e, TYPE_INT4, -1, 'a', -1, out);
    if (st == ST_NOTFOUND) {
        return BIND_ERR(s, bind_location(e), ERRCODE_DATATYPE_MISMATCH,
                        "array subscript must have type integer");
    }
    return st;
}

/* subscript_args - the bounds of all dimensions; where one is a slice, a plain subscript n is 1:n.
 */
static Status subscript_args(BindScope *s, Node *const *nodes, size_t count, Expr *e)
{
    uint16_t n = 1;
    for (size_t i = 0; i < count; i++) {
        e->u.subs.is_slice |= nodes[i]->a_indices->is_slice != 0;
    }
    for (size_t i = 0; i < count; i++) {
        const PgQuery__AIndices *x = nodes[i]->a_indices;
        if (x->lidx != NULL) {
            TRY(subscript_bound(s, x->lidx, &e->args[n]));
            e->u.subs.lower[i] = (uint8_t)n++;
        } else if (e->u.subs.is_slice && !x->is_slice) {
            e->args[n] = bind_const_i32(s, 1);
            e->u.subs.lower[i] = (uint8_t)n++;
        }
        if (x->uidx != NULL) {
            TRY(subscript_bound(s, x->uidx, &e->args[n]));
            e->u.subs.upper[i] = (uint8_t)n++;
        }
    }
    e->u.subs.count = (uint8_t)count;
    e->arg_count = n;
    return ST_OK;
}

/* bind_name_subscript - name[i]: its i-th byte, from 0, as a "char". */
static Status bind_name_subscript(BindScope *s, Expr *name, const Node *n, Expr **out)
{
    enum { SUBSTR_PROC = 877, INT4PL_PROC = 177, TO_CHAR_PROC = 944 };
    const CatProc *substr = cat_proc(s->b->view, SUBSTR_PROC);
    const CatProc *plus = cat_proc(s->b->view, INT4PL_PROC);
    const CatProc *to_char = cat_proc(s->b->view, TO_CHAR_PROC);
    Expr *at;
    TRY(subscript_bound(s, n->a_indices->uidx, &at));
    Expr *from = bind_func_expr(s, plus, TYPE_INT4, -1, 2);
    from->args[0] = at;
    from->args[1] = bind_const_i32(s, 1);
    Expr *part = bind_func_expr(s, substr, TYPE_TEXT, -1, 3);
    TRY(bind_coerce_to(s, name, TYPE_TEXT, -1, 'e', -1, &part->args[0]));
    part->args[1] = from;
    part->args[2] = bind_const_i32(s, 1);
    *out = bind_func_expr(s, to_char, TYPE_CHAR, -1, 1);
    (*out)->args[0] = part;
    return ST_OK;
}

/* jsonb_subscript - one of jsonb: an integer or a text. */
static Status jsonb_subscript(BindScope *s, const PgQuery__AIndices *x, Expr **out)
{
    Expr *e;
    if (x->is_slice) {
        TRY(bind_expr(s, x->uidx != NULL ? x->uidx : x->lidx, &e));
        return BIND_ERR(s, bind_location(e), ERRCODE_DATATYPE_MISMATCH,
                        "jsonb subscript does not support slices");
    }
    TRY(bind_expr(s, x->uidx, &e));
    Status st =
        e->type != TYPE_UNKNOWN ? bind_coerce_to(s, e, TYPE_INT4, -1, 'i', -1, out) : ST_NOTFOUND;
    if (st == ST_NOTFOUND) {
        st = bind_coerce_to(s, e, TYPE_TEXT, -1, 'i', -1, out);
    }
    if (st == ST_NOTFOUND) {
        (void)err_set(s->cx, ERRCODE_DATATYPE_MISMATCH, "subscript type %s is not supported",
                      bind_type_text(s, e->type));
        (void)err_hint(s->cx, "jsonb subscript must be coercible to either integer or text.");
        return bind_at(s, bind_location(e));
    }
    return st;
}

/* bind_jsonb_subscripts - jsonb[...]...: a step of a path each. */
static Status bind_jsonb_subscripts(BindScope *s, Expr *value, Node *const *nodes, size_t count,
                                    Expr **out)
{
    Expr *e =
        bind_expr_new(s, EXPR_SUBSCRIPT, TYPE_JSONB, -1, value->location, (uint32_t)(count + 2));
    if (count > ARRAY_LEN(e->u.subs.upper)) {
        return err_unsupported(s->cx, "more than %zu subscripts of jsonb are not supported",
                               ARRAY_LEN(e->u.subs.upper));
    }
    e->args[0] = value;
    for (size_t i = 0; i < count; i++) {
        TRY(jsonb_subscript(s, nodes[i]->a_indices, &e->args[i + 1]));
        e->u.subs.upper[i] = (uint8_t)(i + 1);
    }
    e->u.subs.count = (uint8_t)count;
    e->arg_count = (uint16_t)(count + 1);
    *out = e;
    return ST_OK;
}

/* bind_fixed_subscript - point[i] and its like: there is one subscript, and no slices. */
static Status bind_fixed_subscript(BindScope *s, Expr *value, Oid element, Node *const *nodes,
                                   size_t count, Expr **out)
{
    Expr *e = bind_expr_new(s, EXPR_SUBSCRIPT, element, -1, value->location, 3);
    e->args[0] = value;
    TRY(subscript_args(s, nodes, 1, e));
    if (e->u.subs.is_slice) {
        return err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "slices of fixed-length arrays not implemented");
    }
    if (count > 1) {
        return err_set(s->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    }
    *out = e;
    return ST_OK;
}

/* bind_subscripts - array[...]...; its type is the element's, of a slice the array's. */
static Status bind_subscripts(BindScope *s, Expr *array, Node *const *nodes, size_t count,
                              Expr **out)
{
    Oid element = array_element_type(s, array->type);
    if (array->type == TYPE_NAME && count == 1 && !nodes[0]->a_indices->is_slice) {
        return bind_name_subscript(s, array, nodes[0], out);
    }
    if (array->type == TYPE_JSONB) {
        return bind_jsonb_subscripts(s, array, nodes, count, out);
    }
    Oid part = type_fixed_element(array->type);
    if (part != OID_INVALID) {
        return bind_fixed_subscript(s, array, part, nodes, count, out);
    }
    if (element == 0) {
        return BIND_ERR(s, bind_location(array), ERRCODE_DATATYPE_MISMATCH,
                        "cannot subscript type %s because it does not support subscripting",
                        bind_type_text(s, array->type));
    }
    if (count > 6) {
        return err_set(s->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "number of array dimensions (%zu) exceeds the maximum allowed (%d)", count,
                       6);
    }
    Expr *e = bind_expr_new(s, EXPR_SUBSCRIPT, array->type, array->typmod, array->location,
                            (uint32_t)(2 * count + 2));
    e->args[0] = array;
    TRY(subscript_args(s, nodes, count, e));
    if (!e->u.subs.is_slice) {
        Expr *of = bind_expr_new(s, EXPR_SUBSCRIPT, element, array->typmod, array->location, 0);
        of->args = e->args;
        of->arg_count = e->arg_count;
        of->u.subs = e->u.subs;
        e = of;
    }
    *out = e;
    return ST_OK;
}

Status bind_store_part(BindScope *s, const CatColumn *c, Expr *base, Node *const *nodes,
                       size_t count, Expr *value, int32_t location, Expr **out)
{
    Expr *e;
    if (!NODE_IS(nodes[0], A_INDICES)) {
        return bind_store_field(s, c, base, nodes, count, value, location, out);
    }
    for (size_t i = 0; i < count; i++) {
        if (!NODE_IS(nodes[i], A_INDICES)) {
            return BIND_ERR(s, location, ERRCODE_FEATURE_NOT_SUPPORTED,
                            "assigning to a field of a column is not supported");
        }
    }
    if (value->kind == EXPR_DEFAULT) {
        return BIND_ERR(s, location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "cannot set an array element to DEFAULT");
    }
    TRY(bind_subscripts(s, base, nodes, count, &e));
    Oid part = type_fixed_element(c->type);
    Oid wanted = part != OID_INVALID                           ? part
                 : e->u.subs.is_slice || c->type == TYPE_JSONB ? c->type
                                                               : array_element_type(s, c->type);
    Status st = bind_coerce_to(s, value, wanted, c->typmod, 'a', -1, &e->args[e->arg_count]);
    if (st == ST_NOTFOUND) {
        (void)err_set(s->cx, ERRCODE_DATATYPE_MISMATCH,
                      "subscripted assignment to \"%s\" requires type %s but expression is of "
                      "type %s",
                      c->name, bind_type_text(s, wanted), bind_type_text(s, value->type));
        (void)err_hint(s->cx, "You will need to rewrite or cast the expression.");
        return bind_at(s, location);
    }
    TRY(st);
    Expr *whole = bind_expr_new(s, EXPR_SUBSCRIPT, c->type, c->typmod, -1, 0);
    whole->args = e->args;
    whole->arg_count = (uint16_t)(e->arg_count + 1);
    whole->u.subs = e->u.subs;
    whole->u.subs.assign = true;
    *out = whole;
    return ST_OK;
}

Status bind_row_resolve(BindScope *s, Expr *e)
{
    for (uint16_t i = 0; e->kind == EXPR_ROW && i < e->arg_count; i++) {
        TRY(bind_resolve_unknown(s, e->args[i], &e->args[i]));
        TRY(bind_row_resolve(s, e->args[i]));
    }
    return ST_OK;
}

Status bind_indirection(BindScope *s, const PgQuery__AIndirection *a, Expr **out)
{
    TRY(bind_expr(s, a->arg, out));
    for (size_t i = 0; i < a->n_indirection;) {
        size_t n = i;
        while (n < a->n_indirection && NODE_IS(a->indirection[n], A_INDICES)) {
            n++;
        }
        if (n == i) {
            TRY(bind_field(s, *out, a->indirection[i++], a->arg, out));
            continue;
        }
        TRY(bind_subscripts(s, *out, a->indirection + i, n - i, out));
        i = n;
    }
    return ST_OK;
}
