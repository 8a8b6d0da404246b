/*
 * oper_resolve.c - operators by name and operand types
 */
#include "bind/bind_internal.h"

#define PROC_TEXTCAT    1258
#define PROC_TEXTANYCAT 2003
#define PROC_ANYTEXTCAT 2004

/* oper_signature - "integer = text", as error messages write it. */
static const char *oper_signature(BindScope *s, const char *name, const Expr *l, const Expr *r)
{
    return arena_printf(s->b->arena, "%s%s%s%s%s", l != NULL ? bind_type_text(s, l->type) : "",
                        l != NULL ? " " : "", name, " ", bind_type_text(s, r->type));
}

static Status oper_missing(BindScope *s, const char *name, const Expr *l, const Expr *r,
                           uint32_t left, int32_t location)
{
    if (left > 1) {
        (void)err_set(s->cx, ERRCODE_AMBIGUOUS_FUNCTION, "operator is not unique: %s",
                      oper_signature(s, name, l, r));
        (void)err_hint(s->cx, "Could not choose a best candidate operator. "
                              "You might need to add explicit type casts.");
    } else {
        (void)err_set(s->cx, ERRCODE_UNDEFINED_FUNCTION, "operator does not exist: %s",
                      oper_signature(s, name, l, r));
        (void)err_hint(s->cx, l != NULL ? "No operator matches the given name and argument types. "
                                          "You might need to add explicit type casts."
                                        : "No operator matches the given name and argument type. "
                                          "You might need to add an explicit type cast.");
    }
    return bind_at(s, location);
}

/* oper_exact - the operator for exactly these types; an unknown side is taken as the other's. */
static const CatOper *oper_exact(const CatOper *const *list, uint32_t count, Oid l, Oid r,
                                 bool binary)
{
    if (binary && l == TYPE_UNKNOWN) {
        l = r;
    } else if (binary && r == TYPE_UNKNOWN) {
        r = l;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (list[i]->left == l && list[i]->right == r) {
            return list[i];
        }
    }
    return NULL;
}

/* oper_find - exact match first, then the best candidate. Errors: 42883, 42725. */
static Status oper_find(BindScope *s, const char *schema, const char *name, const Expr *l,
                        const Expr *r, int32_t location, const CatOper **out)
{
    const CatOper *const *list;
    uint32_t count = 0;
    Status st = cat_opers_by_name(s->cx, s->b->view, schema, name, &list, &count);
    if (st != ST_OK && st != ST_NOTFOUND) {
        return st;
    }
    if (st == ST_NOTFOUND) {
        count = 0;
    }
    Oid types[2] = {l != NULL ? l->type : 0, r->type};
    *out = oper_exact(list, count, types[0], types[1], l != NULL);
    if (*out != NULL) {
        return ST_OK;
    }
    BindCandidate *cand = ARENA_ARRAY(s->b->arena, BindCandidate, count + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        if ((list[i]->left == 0) == (l == NULL)) {
            Oid *args = ARENA_ARRAY(s->b->arena, Oid, 2);
            args[0] = l != NULL ? list[i]->left : list[i]->right;
            args[1] = list[i]->right;
            cand[n++] = (BindCandidate){.args = args, .object = list[i]};
        }
    }
    const Oid *in = l != NULL ? types : types + 1;
    uint32_t nargs = l != NULL ? 2 : 1;
    n = bind_match_candidates(s, in, nargs, cand, n);
    if (n > 1) {
        n = bind_select_candidate(s, in, nargs, cand, n);
    }
    if (n != 1) {
        return oper_missing(s, name, l, r, n, location);
    }
    *out = cand[0].object;
    return ST_OK;
}

/* oper_hidden_cast - to text, where PostgreSQL's own tree has the value as it is. */
static Status oper_hidden_cast(BindScope *s, Expr *e, Expr **out)
{
    TRY(bind_coerce_to(s, e, TYPE_TEXT, -1, 'e', -1, out));
    if (*out != e && (*out)->kind != EXPR_CONST && (*out)->kind != EXPR_PARAM) {
        (*out)->form = FORM_HIDDEN;
    }
    return ST_OK;
}

Status bind_oper(BindScope *s, const char *schema, const char *name, Expr *left, Expr *right,
                 int32_t location, Expr **out)
{
    const CatOper *op;
    TRY(oper_find(s, schema, name, left, right, location, &op));
    const CatProc *proc = cat_proc(s->b->view, op->proc);
    if (proc == NULL) {
        return BIND_ERR(s, location, ERRCODE_UNDEFINED_FUNCTION, "operator is only a shell: %s",
                        oper_signature(s, name, left, right));
    }
    Oid actual[2], decl[2];
    uint32_t n = 0;
    if (left != NULL) {
        actual[n] = left->type;
        decl[n++] = op->left;
    }
    actual[n] = right->type;
    decl[n++] = op->right;
    Oid result;
    TRY(bind_resolve_generic(s, actual, decl, n, op->result, name, location, &result));
    if ((proc->oid == PROC_ANYTEXTCAT || proc->oid == PROC_TEXTANYCAT) &&
        cat_proc(s->b->view, PROC_TEXTCAT) != NULL) {
        /* These are SQL functions around a cast to text and textcat: bound as just that. */
        proc = cat_proc(s->b->view, PROC_TEXTCAT);
        TRY(oper_hidden_cast(s, left, &left));
        TRY(oper_hidden_cast(s, right, &right));
        decl[0] = decl[1] = TYPE_TEXT;
    }
    Expr *e = bind_func_expr(s, proc, result, location, n);
    e->oper = op->oid;
    uint32_t i = 0;
    if (left != NULL) {
        TRY(bind_coerce_implicit(s, left, decl[i], &e->args[i]));
        i++;
    }
    TRY(bind_coerce_implicit(s, right, decl[i], &e->args[i]));
    *out = e;
    return bind_collation_derive(s, e);
}

Status bind_oper_names(BindScope *s, Node *const *names, size_t count, Expr *left, Expr *right,
                       int32_t location, Expr **out)
{
    const char *schema, *name;
    TRY(bind_names(s, names, count, &schema, &name));
    return bind_oper(s, schema, name, left, right, location, out);
}

Status bind_equality(BindScope *s, Expr *a, Expr *b, int32_t location, Expr **out)
{
    return bind_oper(s, NULL, "=", a, b, location, out);
}

/* bind_default_order - the type must have an order (or at least equality) to be sorted or grouped.
 */
Status bind_default_order(BindScope *s, Oid type, int32_t location, bool equality)
{
    Oid lt, eq, gt;
    if (cat_default_order(s->b->view, type, &lt, &eq, &gt)) {
        return ST_OK;
    }
    if (equality) {
        const CatType *t = cat_type(s->b->view, type);
        if (t != NULL && t->ops != NULL && t->ops->hash != NULL) {
            return ST_OK;
        }
        return BIND_ERR(s, location, ERRCODE_UNDEFINED_FUNCTION,
                        "could not identify an equality operator for type %s",
                        bind_type_text(s, type));
    }
    (void)err_set(s->cx, ERRCODE_UNDEFINED_FUNCTION,
                  "could not identify an ordering operator for type %s", bind_type_text(s, type));
    (void)err_hint(s->cx, "Use an explicit ordering operator or modify the query.");
    return bind_at(s, location);
}
