/*
 * fold.c - constant folding: immutable calls over constants, boolean simplification; evaluation of
 * one expression.
 *
 * A call that raises, or sends a notice, is left as it is: it does so when, and only if, it is
 * evaluated.
 */
#include "expr/expr_internal.h"

/* A constant is kept with the plan: what takes more memory than this is computed when it is needed.
 */
#define FOLD_BYTES_MAX ((size_t)1 << 20)

static Expr *const_like(Arena *arena, const Expr *e, const Datum *value)
{
    Expr *c = ARENA_NEW(arena, Expr);
    c->kind = EXPR_CONST;
    c->type = e->type;
    c->carrier = e->carrier;
    c->collation = e->collation;
    c->typmod = e->typmod;
    c->location = e->location;
    c->phys = e->phys;
    c->u.constant.is_null = value == NULL;
    if (value != NULL) {
        c->u.constant.value = *value;
    }
    return c;
}

static bool const_is(const Expr *e, bool value)
{
    return e->kind == EXPR_CONST && !e->u.constant.is_null && e->u.constant.value.b == value;
}

/* fold_notice - Cx.notice while folding: notes that there was one. */
static void fold_notice(void *arg, const Err *notice)
{
    (void)notice;
    *(bool *)arg = true;
}

/* fold_call - evaluate an immutable function over constants, without a program: one lane on the
 * stack. */
static bool fold_call(Cx *cx, Arena *arena, const ExprEnv *env, const Expr *e, Expr **out)
{
    enum { ARGS_MAX = 8 };
    const CatProc *proc = e->proc;
    if (proc->volatility != 'i' || proc->returns_set || proc->prosrc == NULL ||
        e->arg_count > ARGS_MAX) {
        return false;
    }
    const FnOps *fn =
        proc->language == LANGUAGE_SQL ? fn_ops_by_oid(proc->oid) : fn_ops_by_prosrc(proc->prosrc);
    if (fn == NULL) {
        return false;
    }
    Vector vecs[ARGS_MAX];
    const Vector *argv[ARGS_MAX];
    Oid types[ARGS_MAX], real_types[ARGS_MAX];
    for (uint16_t i = 0; i < e->arg_count; i++) {
        const Expr *a = e->args[i];
        if (a->u.constant.is_null && proc->strict) {
            *out = const_like(arena, e, NULL);
            return true;
        }
        vec_init_const(&vecs[i], a->phys, arena, &a->u.constant.value, a->u.constant.is_null);
        argv[i] = &vecs[i];
        types[i] = expr_carrier(a);
        real_types[i] = a->type;
    }
    Datum value = {0};
    uint64_t valid[VEC_VALID_WORDS];
    Vector r = {.phys = e->phys, .kind = VEC_FLAT, .data = &value, .valid_buf = valid};
    Arena work;
    arena_init(&work, NULL, "constant", FOLD_BYTES_MAX);
    FnCall call = {.cx = cx,
                   .arena = &work,
                   .env = env != NULL ? env->type_env : NULL,
                   .state_arena = &work,
                   .fn_oid = proc->oid,
                   .result_type = e->type,
                   .arg_types = types,
                   .real_types = real_types,
                   .collation = e->collation,
                   .arg_typmod = e->arg_count > 0 ? e->args[0]->typmod : -1};
    Sel one = {NULL, 1};
    bool noticed = false;
    void (*notice)(void *arg, const Err *notice) = cx->notice;
    void *notice_arg = cx->notice_arg;
    cx->notice = fold_notice;
    cx->notice_arg = &noticed;
    bool ok = fn->kernel(&call, argv, e->arg_count, &one, &r) == ST_OK &&
              arena_check(cx, &work) == ST_OK && !noticed;
    cx->notice = notice;
    cx->notice_arg = notice_arg;
    if (!ok) {
        err_clear(cx);
    } else if (vec_is_null(&r, 0)) {
        *out = const_like(arena, e, NULL);
    } else {
        memcpy(&value, r.data, phys_bytes(e->phys));
        if (e->phys == PHYS_STR) {
            value.str = str_copy(arena, str_ptr(&value.str), value.str.len);
        }
        *out = const_like(arena, e, &value);
    }
    arena_release(&work);
    return ok;
}

/* fold_and_or - drop what does not matter; decide when one argument decides. */
static Expr *fold_and_or(Arena *arena, Expr *e)
{
    bool decides = e->kind == EXPR_OR;
    uint16_t n = 0;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        if (const_is(e->args[i], decides)) {
            return e->args[i];
        }
        if (!const_is(e->args[i], !decides)) {
            e->args[n++] = e->args[i];
        }
    }
    e->arg_count = n;
    if (n == 0) {
        Datum v = {.b = !decides};
        return const_like(arena, e, &v);
    }
    return n == 1 ? e->args[0] : e;
}

/* fold_case - drop whens that are never true; stop at one that always is. */
static Expr *fold_case(Arena *arena, Expr *e)
{
    uint16_t n = 0, i = 0;
    for (; i + 1 < e->arg_count; i = (uint16_t)(i + 2)) {
        const Expr *when = e->args[i];
        if (const_is(when, true)) {
            if (n == 0) {
                return e->args[i + 1];
            }
            e->args[n++] = e->args[i + 1];
            e->arg_count = n;
            return e;
        }
        if (when->kind == EXPR_CONST) {
            continue;
        }
        e->args[n] = e->args[i];
        e->args[n + 1] = e->args[i + 1];
        n = (uint16_t)(n + 2);
    }
    Expr *rest = i < e->arg_count ? e->args[i] : NULL;
    if (n == 0) {
        return rest != NULL ? rest : const_like(arena, e, NULL);
    }
    if (rest != NULL) {
        e->args[n++] = rest;
    }
    e->arg_count = n;
    return e;
}

/* fold_coalesce - leave out constant NULLs; nothing counts after a constant. */
static Expr *fold_coalesce(Arena *arena, Expr *e)
{
    uint16_t n = 0;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        if (e->args[i]->kind != EXPR_CONST) {
            e->args[n++] = e->args[i];
        } else if (!e->args[i]->u.constant.is_null) {
            e->args[n++] = e->args[i];
            break;
        }
    }
    e->arg_count = n;
    return n == 0                                     ? const_like(arena, e, NULL)
           : n == 1 || e->args[0]->kind == EXPR_CONST ? e->args[0]
                                                      : e;
}

/* fold_node - the simpler form of a node whose arguments are folded already, or the node itself;
 * an error while evaluating is left to run time. */
static Expr *fold_node(Cx *cx, Arena *arena, const ExprEnv *env, Expr *e, bool all_const)
{
    Expr *r;
    switch (e->kind) {
    case EXPR_FUNC: return all_const && fold_call(cx, arena, env, e, &r) ? r : e;
    case EXPR_AND:
    case EXPR_OR: return fold_and_or(arena, e);
    case EXPR_NOT:
        if (!all_const) {
            return e;
        } else {
            Datum v = {.b = !e->args[0]->u.constant.value.b};
            return const_like(arena, e, e->args[0]->u.constant.is_null ? NULL : &v);
        }
    case EXPR_CASE: return fold_case(arena, e);
    case EXPR_COALESCE: return fold_coalesce(arena, e);
    case EXPR_RELABEL:
        return all_const && e->phys == e->args[0]->phys
                   ? const_like(arena, e,
                                e->args[0]->u.constant.is_null ? NULL
                                                               : &e->args[0]->u.constant.value)
                   : e;
    case EXPR_IS_NULL:
        if (all_const) {
            Datum v = {.b = e->args[0]->u.constant.is_null != e->u.negated};
            return const_like(arena, e, &v);
        }
        return e;
    default: return e;
    }
}

Status expr_fold(Cx *cx, Arena *arena, const ExprEnv *env, Expr *e, Expr **out)
{
    if (e == NULL || e->arg_count == 0) {
        if (e != NULL && e->kind == EXPR_FUNC && e->proc->volatility == 'i') {
            *out = fold_node(cx, arena, env, e, true);
        } else {
            *out = e;
        }
        return ST_OK;
    }
    Expr *c = arena_memdup(arena, e, sizeof(*e));
    c->args = arena_memdup(arena, e->args, e->arg_count * sizeof(Expr *));
    bool all_const = true;
    for (uint16_t i = 0; i < c->arg_count; i++) {
        TRY(expr_fold(cx, arena, env, c->args[i], &c->args[i]));
        all_const = all_const && c->args[i]->kind == EXPR_CONST;
    }
    *out = fold_node(cx, arena, env, c, all_const);
    return ST_OK;
}

Status expr_eval_const(Cx *cx, Arena *arena, const ExprEnv *env, Expr *e, Datum *value_out,
                       bool *null_out)
{
    if (e->kind == EXPR_CONST) {
        *value_out = e->u.constant.value;
        *null_out = e->u.constant.is_null;
        return ST_OK;
    }
    const ExprProg *prog;
    ExprRun *run;
    const Vector *v;
    Batch none = {.count = 1, .sel = {NULL, 1}};
    TRY(expr_compile(cx, arena, &e, 1, NULL, env != NULL ? env->extra_fn : NULL, &prog));
    TRY(expr_run_create(cx, arena, prog, &run));
    expr_run_reset(run, env);
    TRY(expr_eval(cx, run, 0, &none, &none.sel, arena, &v));
    *null_out = vec_is_null(v, 0);
    *value_out = vec_get(v, 0);
    return ST_OK;
}
