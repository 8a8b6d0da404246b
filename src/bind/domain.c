/*
 * domain.c - values of domains: what is checked where one comes into being
 *
 * A coercion to a domain is a node of its own, also when the domain has no constraints (yet):
 * stored trees keep the node, and reading one finds the constraints of today.
 */
#include "bind/bind_internal.h"

Status bind_domain_fill(BindScope *s, Expr *e)
{
    const CatDomain *d;
    TRY(cat_domain(s->cx, s->b->view, e->type, &d));
    const char **names = ARENA_ARRAY(s->b->arena, const char *, d->check_count + 1);
    e->u.domain.name = bind_type_text(s, e->type);
    const CatType *t = cat_type(s->b->view, e->type);
    const char *schema = t != NULL ? cat_namespace_name(s->b->view, t->namespace_oid) : NULL;
    e->u.domain.schema = arena_strdup(s->b->arena, schema != NULL ? schema : "");
    e->u.domain.plain = arena_strdup(s->b->arena, t != NULL ? t->name : "");
    e->u.domain.not_null = d->not_null;
    e->u.domain.check_count = (uint16_t)d->check_count;
    e->u.domain.checks = ARENA_ARRAY(s->b->arena, Expr *, d->check_count + 1);
    for (uint32_t i = 0; i < d->check_count; i++) {
        names[i] = arena_strdup(s->b->arena, d->checks[i].name);
        TRY(bind_stored_expr(s, NULL, 0, d->checks[i].sql, &e->u.domain.checks[i]));
    }
    e->u.domain.names = names;
    return ST_OK;
}

Status bind_domain_over(BindScope *s, Expr *e, Oid domain, char context, int32_t location,
                        Expr **out)
{
    Expr *d = bind_expr_new(s, EXPR_DOMAIN, domain, -1, location, 1);
    d->args[0] = e;
    d->form = context == 'e' ? FORM_EXPLICIT_CAST : FORM_IMPLICIT_CAST;
    *out = d;
    return bind_domain_fill(s, d);
}

Status bind_domain_wrap(Cx *cx, BindCx *b, Expr *e, Oid domain, Expr **out)
{
    BindScope base = {.cx = cx, .b = b, .stored = true};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    return bind_domain_over(s, e, domain, 'i', -1, out);
}

Status bind_domain_check(Cx *cx, BindCx *b, Oid base, int32_t typmod,
                         const struct PgQuery__Node *expr, Expr **out)
{
    BindScope top = {.cx = cx, .b = b, .stored = b->sql.ptr == NULL};
    BindScope *s = bind_scope_new(&top, NULL, CMD_SELECT);
    Expr *e;
    s->no_aggs = "check constraints";
    s->no_subquery = "check constraint";
    s->domain_value = base;
    s->domain_typmod = typmod;
    TRY(bind_expr(s, expr, &e));
    return bind_coerce_bool(s, e, "CHECK", out);
}
