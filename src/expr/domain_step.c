/*
 * domain_step.c - EXPR_DOMAIN: a value checked against the constraints of a domain.
 *
 * The checks are one program of their own over the vector of values.
 */
#include <stdio.h>

#include "expr/expr_internal.h"

Status compile_domain(Compiler *c, const Expr *e, uint32_t *step_out)
{
    static const ExprMap NO_MAP = {0};
    uint32_t *args, *roots;
    bool invariant, skip;
    uint16_t n = e->u.domain.check_count;
    TRY(compile_args(c, e->args, 1, &args, &invariant));
    Step *s;
    if (n == 0 && !e->u.domain.not_null) {
        s = step_new(c, e, STEP_PASS);
        s->args = args;
        s->arg_count = 1;
        s->invariant = invariant;
        *step_out = c->count - 1;
        return ST_OK;
    }
    ExprProg *each = ARENA_NEW(c->arena, ExprProg);
    Compiler inner = {.cx = c->cx, .arena = c->arena, .map = &NO_MAP, .extra_fn = c->extra_fn};
    TRY(compile_args(&inner, e->u.domain.checks, n, &roots, &skip));
    *each = (ExprProg){inner.steps, inner.count, roots, n};
    s = step_new(c, e, STEP_DOMAIN);
    s->args = args;
    s->arg_count = 1;
    s->invariant = invariant;
    s->each = each;
    s->negated = e->u.domain.not_null;
    s->sql_name = arena_strdup(c->arena, e->u.domain.name);
    const char **names = ARENA_ARRAY(c->arena, const char *, n + 2u);
    for (uint16_t i = 0; i < n; i++) {
        names[i] = arena_strdup(c->arena, e->u.domain.names[i]);
    }
    names[n] = arena_strdup(c->arena, e->u.domain.schema);
    names[n + 1] = arena_strdup(c->arena, e->u.domain.plain);
    s->names = names;
    *step_out = c->count - 1;
    return ST_OK;
}

/* domain_error - the error just raised names the domain and the constraint. */
static Status domain_error(Cx *cx, const Step *s, const char *constraint)
{
    uint32_t n = s->each->count;
    Err *e = cx->err;
    (void)snprintf(e->schema_name, sizeof(e->schema_name), "%s", s->names[n]);
    (void)snprintf(e->datatype_name, sizeof(e->datatype_name), "%s", s->names[n + 1]);
    if (constraint != NULL) {
        (void)snprintf(e->constraint_name, sizeof(e->constraint_name), "%s", constraint);
    }
    return ST_ERROR;
}

/* step_eval_domain - 23502 and 23514 for the first value that does not fulfil the domain. */
Status step_eval_domain(Cx *cx, ExprRun *run, uint32_t step, const Sel *sel, Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    if (sr->each == NULL) {
        TRY(expr_run_create(cx, run->arena, s->each, &sr->each));
        expr_run_reset(sr->each, run->env);
    }
    SEL_FOREACH(row, sel)
    {
        if (s->negated && vec_is_null(sr->argv[0], row)) {
            st_ignore(err_set(cx, ERRCODE_NOT_NULL_VIOLATION,
                              "domain %s does not allow null values", s->sql_name));
            return domain_error(cx, s, NULL);
        }
    }
    Vector *cols[1] = {(Vector *)(uintptr_t)sr->argv[0]};
    Batch in = {.cols = cols, .col_count = 1, .count = VEC_CAPACITY - 1, .sel = *sel};
    for (uint32_t i = 0; i < s->each->count; i++) {
        const Vector *ok;
        TRY(expr_eval(cx, sr->each, i, &in, sel, arena, &ok));
        SEL_FOREACH(at, sel)
        {
            if (!vec_is_null(ok, at) && ((const uint8_t *)ok->data)[vec_index(ok, at)] == 0) {
                (void)err_set(cx, ERRCODE_CHECK_VIOLATION,
                              "value for domain %s violates check constraint \"%s\"", s->sql_name,
                              s->names[i]);
                return domain_error(cx, s, s->names[i]);
            }
        }
    }
    return ST_OK;
}
