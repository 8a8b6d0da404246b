/*
 * variables.c - variables and parameters of functions whose texts are bound
 */
#include "bind/bind_internal.h"

static Expr *variable_expr(BindScope *s, const BindVar *v, int32_t location)
{
    Expr *e = bind_expr_new(s, EXPR_PARAM, v->type, v->typmod, location, 0);
    BindParams *p = s->b->params;
    e->u.param.number = v->number;
    e->collation = v->collation;
    if (p != NULL && v->number > p->count) {
        p->types =
            arena_grow(s->b->arena, p->types, p->count * sizeof(Oid), v->number * sizeof(Oid));
        memset(p->types + p->count, 0, (v->number - p->count) * sizeof(Oid));
        p->count = v->number;
    }
    if (p != NULL) {
        p->types[v->number - 1] = v->type;
    }
    return e;
}

/* variable_names - the parts of a reference, without a star at its end. */
static uint32_t variable_names(const PgQuery__ColumnRef *ref, const char **names, uint32_t max)
{
    uint32_t n = 0;
    for (size_t i = 0; i < ref->n_fields && n < max; i++) {
        if (!NODE_IS(ref->fields[i], A_STAR)) {
            names[n++] = bind_string(ref->fields[i]);
        }
    }
    return n;
}

Status bind_variable(BindScope *s, const PgQuery__ColumnRef *ref, Expr **out)
{
    const char *names[4];
    BindVar v;
    if (ref->n_fields > ARRAY_LEN(names)) {
        return ST_NOTFOUND;
    }
    uint32_t n = variable_names(ref, names, ARRAY_LEN(names));
    TRY(s->b->vars->find(s->b->vars->arg, s->cx, names, n, &v));
    *out = variable_expr(s, &v, ref->location);
    return ST_OK;
}

Status bind_variable_number(BindScope *s, uint32_t number, int32_t location, Expr **out)
{
    BindVar v;
    if (s->b->vars == NULL || s->b->vars->number == NULL || s->stored) {
        return ST_NOTFOUND;
    }
    TRY(s->b->vars->number(s->b->vars->arg, s->cx, number, &v));
    *out = variable_expr(s, &v, location);
    return ST_OK;
}

Status bind_variable_fields(BindScope *s, const PgQuery__ColumnRef *ref, Expr ***exprs_out,
                            const char ***names_out, uint32_t *count_out)
{
    const char *names[4];
    BindVar *list;
    const BindVars *v = s->b->vars;
    if (v == NULL || v->fields == NULL || s->stored || ref->n_fields > ARRAY_LEN(names)) {
        return ST_NOTFOUND;
    }
    uint32_t n = variable_names(ref, names, ARRAY_LEN(names));
    TRY(v->fields(v->arg, s->cx, s->b->arena, names, n, &list, count_out));
    *exprs_out = ARENA_ARRAY(s->b->arena, Expr *, *count_out + 1u);
    *names_out = ARENA_ARRAY(s->b->arena, const char *, *count_out + 1u);
    for (uint32_t i = 0; i < *count_out; i++) {
        (*exprs_out)[i] = variable_expr(s, &list[i], ref->location);
        (*names_out)[i] = list[i].name;
    }
    return ST_OK;
}

Expr *bind_param_expr(Cx *cx, BindCx *b, uint32_t number, Oid type, int32_t typmod)
{
    BindScope s = {.cx = cx, .b = b};
    Expr *e = bind_expr_new(&s, EXPR_PARAM, type, typmod, -1, 0);
    e->u.param.number = number;
    return e;
}

Status bind_coerce_any(Cx *cx, BindCx *b, Expr *e, Oid type, int32_t typmod, Expr **out)
{
    BindScope s = {.cx = cx, .b = b};
    if (e->type == type && (typmod == -1 || e->typmod == typmod)) {
        *out = e;
        return ST_OK;
    }
    Status st = bind_coerce_to(&s, e, type, typmod, 'a', bind_location(e), out);
    if (st != ST_NOTFOUND) {
        return st;
    }
    Expr *cast = bind_expr_new(&s, EXPR_IO_CAST, type, typmod, -1, 1);
    cast->args[0] = e;
    cast->form = FORM_EXPLICIT_CAST;
    *out = cast;
    return ST_OK;
}

Status bind_store_variable(Cx *cx, BindCx *b, const Node *update, Expr **out)
{
    const PgQuery__ResTarget *rt = update->update_stmt->target_list[0]->res_target;
    BindScope base = {.cx = cx, .b = b};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    const char *names[4] = {rt->name};
    uint32_t n = 1;
    size_t at = 0;
    BindVar v;
    Expr *value;
    while (at < rt->n_indirection && n < ARRAY_LEN(names) && NODE_IS(rt->indirection[at], STRING)) {
        names[n++] = bind_string(rt->indirection[at++]);
    }
    Status st = b->vars->find(b->vars->arg, cx, names, n, &v);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "\"%s\" is not a known variable", names[0]);
    }
    TRY(st);
    Expr *var = variable_expr(s, &v, rt->location);
    TRY(bind_expr(s, rt->val, &value));
    if (s->query->has_sublinks) {
        return err_unsupported(cx, "a sub-query assigned to an array element is not supported");
    }
    CatColumn column = {
        .name = names[n - 1], .type = v.type, .typmod = v.typmod, .collation = v.collation};
    return bind_store_part(s, arena_memdup(b->arena, &column, sizeof(column)), var,
                           rt->indirection + at, rt->n_indirection - at, value, rt->location, out);
}
