/*
 * sql_function.c - PostgreSQL's own functions that are written in SQL and have no kernel: their
 * body, an expression, takes the place of the call, as PostgreSQL's planner does it.
 *
 * The body is bound in a scope of its own at the level of the call; a parameter in it, $1 or its
 * name, is the argument. A strict function's body is asked only when no argument is NULL.
 */
#include <strings.h>

#include "bind/bind_internal.h"

enum { SQL_LANGUAGE = 14, SQL_ARGS_MAX = 8 };

/* sql_body - the query a body stands for; NULL when it is none of one expression. */
static const char *sql_body(BindScope *s, const char *body)
{
    size_t n = strlen(body);
    if (strncmp(body, "RETURN ", 7) == 0) {
        return arena_printf(s->b->arena, "SELECT %s", body + 7);
    }
    if (strncmp(body, "BEGIN ATOMIC", 12) == 0 && n > 16) {
        /* One SELECT, up to ";\nEND". */
        const char *end = strrchr(body, ';');
        const char *first = strchr(body, ';');
        return end == first && end != NULL
                   ? arena_printf(s->b->arena, "SELECT (%.*s)", (int)(end - body - 12), body + 12)
                   : NULL;
    }
    return strncasecmp(body, "select ", 7) == 0 ? body : NULL;
}

static Status sql_volatile_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)level, (void)descend;
    if ((e->kind == EXPR_FUNC && e->proc->volatility == 'v') || e->kind == EXPR_SUBLINK) {
        *(bool *)arg = true;
    }
    return ST_OK;
}

/* sql_null_test - CASE WHEN an argument IS NULL THEN NULL ELSE body END. */
static Expr *sql_null_test(BindScope *s, const Expr *call, Expr *body)
{
    Expr *any = bind_expr_new(s, EXPR_OR, TYPE_BOOL, -1, -1, call->arg_count);
    uint16_t n = 0;
    for (uint16_t i = 0; i < call->arg_count; i++) {
        if (call->args[i]->kind == EXPR_ROW) {
            continue; /* a row of a table that is there */
        }
        Expr *test = bind_expr_new(s, EXPR_IS_NULL, TYPE_BOOL, -1, -1, 1);
        test->args[0] = call->args[i];
        any->args[n++] = test;
    }
    if (n == 0) {
        return body;
    }
    any->arg_count = n;
    Expr *e = bind_expr_new(s, EXPR_CASE, body->type, body->typmod, call->location, 3);
    e->args[0] = n == 1 ? any->args[0] : any;
    e->args[1] = bind_const_null(s, body->type, body->typmod);
    e->args[2] = body;
    e->collation = body->collation;
    return e;
}

Status bind_sql_function(BindScope *s, Expr *call, Expr **out)
{
    const CatProc *p = call->proc;
    ParsedStmt *stmts;
    uint32_t count;
    if (p->language != SQL_LANGUAGE || p->kind != 'f' || p->returns_set ||
        call->arg_count > SQL_ARGS_MAX || fn_ops_by_oid(p->oid) != NULL) {
        return ST_OK;
    }
    const char *text = cat_builtin_body(p->oid);
    /* Those of pg_catalog that read tables have kernels in src/func. */
    if (text == NULL ||
        (p->namespace_oid == NAMESPACE_PG_CATALOG && strncmp(text, "RETURN ", 7) != 0)) {
        return ST_OK;
    }
    const char *sql = sql_body(s, text);
    bool volatile_args = false;
    for (uint16_t i = 0; i < call->arg_count; i++) {
        TRY(bind_walk(call->args[i], 0, sql_volatile_visit, &volatile_args));
    }
    if (sql == NULL || volatile_args) {
        return ST_OK; /* it stays a call, which says that it cannot run */
    }
    TRY(parse_sql(s->cx, s->b->arena, slice_of(sql), &stmts, &count));
    const PgQuery__SelectStmt *st = stmts[0].node->select_stmt;
    if (count != 1 || st->n_target_list != 1 || st->n_from_clause > 0) {
        return ST_OK;
    }
    BindScope *d = bind_scope_new(s, NULL, CMD_SELECT);
    d->stored = true;
    d->depth = s->depth + 1;
    d->sql_call = call;
    Expr *body;
    TRY(bind_expr(d, st->target_list[0]->res_target->val, &body));
    TRY(bind_coerce_implicit(d, body, call->type, &body));
    s->query->has_sublinks = s->query->has_sublinks || d->query->has_sublinks;
    *out = p->strict ? sql_null_test(s, call, body) : body;
    return ST_OK;
}

/* sql_scope - the scope of the body that s is in, and how many levels above. */
static const BindScope *sql_scope(const BindScope *s, uint16_t *levels_out)
{
    *levels_out = 0;
    while (s != NULL && s->sql_call == NULL) {
        s = s->parent;
        ++*levels_out;
    }
    return s;
}

Status bind_sql_param(BindScope *s, uint32_t number, Expr **out)
{
    uint16_t levels;
    const BindScope *d = sql_scope(s, &levels);
    if (d == NULL || number == 0 || number > d->sql_call->arg_count) {
        return ST_NOTFOUND;
    }
    *out = bind_raise_levels(s, d->sql_call->args[number - 1], levels, LOCATION_KEEP);
    return ST_OK;
}

Status bind_sql_name(BindScope *s, const char *name, Expr **out)
{
    uint16_t levels;
    const BindScope *d = sql_scope(s, &levels);
    const CatProc *p = d != NULL ? d->sql_call->proc : NULL;
    for (uint16_t i = 0; p != NULL && p->arg_names != NULL && i < p->arg_count; i++) {
        if (p->arg_names[i] != NULL && strcmp(p->arg_names[i], name) == 0) {
            return bind_sql_param(s, i + 1u, out);
        }
    }
    return ST_NOTFOUND;
}
