/*
 * compile.c - expression trees to flat step arrays.
 *
 * Two passes: count the steps, then emit them in post-order. Whatever the program keeps (constants,
 * names of kernels, argument types) is copied or lives in constant tables and catalog objects
 * pinned by the plan.
 */
#include "expr/expr_internal.h"

static Status compile_expr(Compiler *c, const Expr *e, uint32_t *step_out);

Step *step_new(Compiler *c, const Expr *e, StepKind kind)
{
    if (c->count == c->size) {
        uint32_t size = c->size == 0 ? 8 : c->size * 2;
        c->steps = arena_grow(c->arena, c->steps, c->size * sizeof(Step), size * sizeof(Step));
        c->size = size;
    }
    Step *s = &c->steps[c->count++];
    memset(s, 0, sizeof(*s));
    s->kind = kind;
    s->phys = e->phys;
    s->type = e->type;
    s->collation = e->collation;
    s->typmod = e->typmod;
    s->arg_typmod = -1;
    return s;
}

/* compile_args - the arguments in order; *args_out holds their step numbers. */
Status compile_args(Compiler *c, Expr *const *exprs, uint32_t count, uint32_t **args_out,
                    bool *invariant_out)
{
    uint32_t *args = ARENA_ARRAY(c->arena, uint32_t, count + 1);
    bool invariant = true;
    for (uint32_t i = 0; i < count; i++) {
        TRY(compile_expr(c, exprs[i], &args[i]));
        invariant = invariant && c->steps[args[i]].invariant;
    }
    *args_out = args;
    *invariant_out = invariant;
    return ST_OK;
}

static const FnOps *find_fn(Compiler *c, const char *prosrc)
{
    const FnOps *fn = fn_ops_by_prosrc(prosrc);
    return fn == NULL && c->extra_fn != NULL ? c->extra_fn(prosrc) : fn;
}

/* find_sql_fn - a function written in SQL has its kernel by OID. */
static const FnOps *find_sql_fn(Compiler *c, Oid oid)
{
    const FnOps *fn = fn_ops_by_oid(oid);
    return fn == NULL && c->extra_fn != NULL ? c->extra_fn(arena_printf(c->arena, "oid:%u", oid))
                                             : fn;
}

static bool all_const(const Expr *e)
{
    for (uint16_t i = 0; i < e->arg_count; i++) {
        if (e->args[i]->kind != EXPR_CONST) {
            return false;
        }
    }
    return true;
}

/* step_set_fn - the kernel of a function, with the types it is called with. */
Status step_set_fn(Compiler *c, Step *s, const Expr *e)
{
    const CatProc *proc = e->proc;
    s->fn = cat_proc_is_user(proc)           ? find_fn(c, "user:")
            : proc->language == LANGUAGE_SQL ? find_sql_fn(c, proc->oid)
            : proc->prosrc != NULL           ? find_fn(c, proc->prosrc)
                                             : NULL;
    if (s->fn == NULL) {
        return err_unsupported(c->cx, "function %s is not supported", proc->name);
    }
    s->fn_oid = proc->oid;
    /* PostgreSQL runs such a function only to fold constants; elsewhere it puts its body in place.
     */
    s->sql_name = proc->language == LANGUAGE_SQL && !cat_proc_is_user(proc) && all_const(e)
                      ? proc->name
                      : NULL;
    s->strict = proc->strict;
    s->total = (s->fn->flags & FN_TOTAL) != 0;
    s->is_volatile = proc->volatility == 'v';
    Oid *types = ARENA_ARRAY(c->arena, Oid, e->arg_count + 1u);
    Oid *real = ARENA_ARRAY(c->arena, Oid, e->arg_count + 1u);
    for (uint16_t i = 0; i < e->arg_count; i++) {
        types[i] = expr_carrier(e->args[i]);
        real[i] = e->args[i]->type;
    }
    s->arg_types = types;
    s->real_types = real;
    s->arg_typmod = e->arg_count > 0 ? e->args[0]->typmod : -1;
    s->arg_column = e->arg_count > 0 && e->args[0]->kind == EXPR_COLUMN;
    return ST_OK;
}

static Status compile_func(Compiler *c, const Expr *e, uint32_t *step_out)
{
    uint32_t *args;
    bool invariant;
    if (e->proc->returns_set) {
        return err_unsupported(c->cx, "set-returning functions are not supported in this place");
    }
    TRY(compile_args(c, e->args, e->arg_count, &args, &invariant));
    Step *s = step_new(c, e, STEP_FUNC);
    s->args = args;
    s->arg_count = e->arg_count;
    TRY(step_set_fn(c, s, e));
    s->invariant = invariant && !s->is_volatile;
    if (e->arg_count == 2 && !cat_proc_is_user(e->proc) && c->steps[args[1]].invariant &&
        c->steps[args[0]].kind == STEP_INPUT) {
        s->fused = fused_op(e->proc->prosrc);
    }
    *step_out = c->count - 1;
    return ST_OK;
}

/* compile_simple - kinds whose step is the arguments and a few flags. */
static Status compile_simple(Compiler *c, const Expr *e, StepKind kind, uint32_t *step_out)
{
    uint32_t *args;
    bool invariant;
    TRY(compile_args(c, e->args, e->arg_count, &args, &invariant));
    Step *s = step_new(c, e, kind);
    s->args = args;
    s->arg_count = e->arg_count;
    s->invariant = invariant;
    if (kind == STEP_IS_NULL) {
        s->negated = e->u.negated;
        s->nested = expr_carrier(e->args[0]) == TYPE_RECORD;
    } else if (kind == STEP_IS_BOOL) {
        s->bool_test = e->u.bool_test;
    } else if (kind == STEP_MINMAX) {
        s->is_least = e->u.is_least;
        s->ops = expr_type_ops(e);
        if (s->ops == NULL || s->ops->cmp == NULL) {
            return err_unsupported(c->cx, "GREATEST and LEAST of this type are not supported");
        }
    } else if (kind == STEP_IO_CAST) {
        s->ops = expr_type_ops(e);
        s->src_ops = expr_type_ops(e->args[0]);
        if (s->ops == NULL || s->src_ops == NULL) {
            return err_unsupported(c->cx,
                                   "a cast through text between types %u and %u is not supported",
                                   e->args[0]->type, e->type);
        }
    } else if (kind == STEP_PASS && s->phys != c->steps[args[0]].phys) {
        return err_unsupported(c->cx, "relabelling type %u as type %u is not supported",
                               e->args[0]->type, e->type);
    }
    *step_out = c->count - 1;
    return ST_OK;
}

/* compile_compare - NULLIF and IS DISTINCT: two arguments and an equality kernel. */
static Status compile_compare(Compiler *c, const Expr *e, StepKind kind, uint32_t *step_out)
{
    uint32_t *args;
    bool invariant;
    TRY(compile_args(c, e->args, e->arg_count, &args, &invariant));
    Step *s = step_new(c, e, kind);
    s->args = args;
    s->arg_count = e->arg_count;
    s->negated = kind == STEP_IS_DISTINCT && e->u.negated;
    TRY(step_set_fn(c, s, e));
    s->invariant = invariant && !s->is_volatile;
    *step_out = c->count - 1;
    return ST_OK;
}

bool compile_name_ends_eq(const char *name)
{
    size_t n = strlen(name);
    return n >= 2 && strcmp(name + n - 2, "eq") == 0;
}

/* compile_in - x op ANY/ALL (a, b, c): a hash set when the list is constant and long, else compared
 * one by one. */
static Status compile_in(Compiler *c, const Expr *e, Expr *left, Expr *const *list, uint32_t count,
                         bool is_all, bool negated, uint32_t *step_out)
{
    Expr **all = ARENA_ARRAY(c->arena, Expr *, count + 1);
    all[0] = left;
    bool constant = true;
    for (uint32_t i = 0; i < count; i++) {
        all[i + 1] = list[i];
        constant = constant && list[i]->kind == EXPR_CONST && list[i]->type == list[0]->type;
    }
    const TypeOps *type = count > 0 ? expr_type_ops(list[0]) : NULL;
    bool hashed = constant && count > 4 && !is_all && type != NULL && type->hash != NULL &&
                  type->cmp != NULL && e->proc->arg_count == 2 &&
                  e->proc->args[0] == e->proc->args[1] && type->phys == left->phys &&
                  compile_name_ends_eq(e->proc->prosrc);
    uint32_t *args;
    bool invariant;
    TRY(compile_args(c, all, hashed ? 1 : count + 1, &args, &invariant));
    Step *s = step_new(c, e, STEP_IN);
    s->args = args;
    s->arg_count = (uint16_t)(hashed ? 1 : count + 1);
    s->negated = negated;
    s->is_all = is_all;
    Expr pair = *e;
    Expr *two[2] = {left, count > 0 ? list[0] : left};
    pair.args = two;
    pair.arg_count = 2;
    TRY(step_set_fn(c, s, &pair));
    if (hashed) {
        s->set = in_set_build(c->arena, type, list, count);
    }
    s->invariant = invariant && !s->is_volatile;
    *step_out = c->count - 1;
    return ST_OK;
}

static Status compile_sublink(Compiler *c, const Expr *e, uint32_t *step_out)
{
    Expr **exprs = NULL;
    uint32_t count = 0, *args;
    bool invariant;
    int number = c->map->sublink != NULL ? c->map->sublink(c->map->arg, e, &exprs, &count) : -1;
    if (number < 0) {
        return c->cx->err->sqlstate != 0
                   ? ST_ERROR
                   : err_unsupported(c->cx, "a sub-query is not supported in this place");
    }
    TRY(compile_args(c, exprs, count, &args, &invariant));
    Step *s = step_new(c, e, STEP_SUBLINK);
    s->args = args;
    s->arg_count = (uint16_t)count;
    s->number = (uint32_t)number;
    s->invariant = invariant;
    *step_out = c->count - 1;
    return ST_OK;
}

/* compile_sql_value - CURRENT_DATE and its kin: the transaction's time through a conversion kernel,
 * or a session function. */
static Status compile_sql_value(Compiler *c, const Expr *e, uint32_t *step_out)
{
    static const char *const KERNEL[] = {
        [SQLVALUE_CURRENT_DATE] = "timestamptz_date",
        [SQLVALUE_CURRENT_TIME] = "timestamptz_timetz",
        [SQLVALUE_CURRENT_TIMESTAMP] = NULL,
        [SQLVALUE_LOCALTIME] = "timestamptz_time",
        [SQLVALUE_LOCALTIMESTAMP] = "timestamptz_timestamp",
        [SQLVALUE_CURRENT_USER] = "current_user",
        [SQLVALUE_SESSION_USER] = "session_user",
        [SQLVALUE_CURRENT_CATALOG] = "current_database",
        [SQLVALUE_CURRENT_SCHEMA] = "current_schema",
        [SQLVALUE_CURRENT_ROLE] = "current_user",
        [SQLVALUE_USER] = "current_user",
    };
    static const Oid TIME_TYPES[] = {TYPE_TIMESTAMPTZ};
    bool is_time = e->u.sql_value <= SQLVALUE_LOCALTIMESTAMP;
    uint32_t *args = ARENA_ARRAY(c->arena, uint32_t, 1);
    if (is_time) {
        Step *now = step_new(c, e, STEP_XACT_TIME);
        now->phys = PHYS_I64;
        now->type = TYPE_TIMESTAMPTZ;
        now->invariant = true;
        args[0] = c->count - 1;
    }
    const char *kernel = KERNEL[e->u.sql_value];
    if (kernel != NULL) {
        Step *s = step_new(c, e, STEP_FUNC);
        s->args = args;
        s->arg_count = is_time ? 1 : 0;
        s->arg_types = TIME_TYPES;
        s->strict = true;
        s->invariant = true;
        s->fn = find_fn(c, kernel);
        if (s->fn == NULL) {
            return err_unsupported(c->cx, "function %s is not supported", kernel);
        }
    }
    *step_out = c->count - 1;
    return ST_OK;
}

/* compile_leaf - a step for a constant, parameter or column; a column of an outer query becomes a
 * parameter. */
static Status compile_leaf(Compiler *c, const Expr *e, uint32_t *step_out)
{
    Step *s;
    if (e->kind == EXPR_CONST) {
        s = step_new(c, e, STEP_CONST);
        s->invariant = true;
        s->is_null = e->u.constant.is_null;
        if (!s->is_null) {
            s->value = e->u.constant.value;
            if (e->phys == PHYS_STR) {
                s->value.str = str_copy(c->arena, str_ptr(&s->value.str), s->value.str.len);
            }
        }
    } else if (e->kind == EXPR_PARAM) {
        s = step_new(c, e, STEP_PARAM);
        s->invariant = true;
        s->number = e->u.param.number - 1;
    } else if (e->u.column.levels_up > 0) {
        int n = c->map->outer != NULL ? c->map->outer(c->map->arg, e) : -1;
        if (n < 1) {
            return err_unsupported(c->cx,
                                   "a column of an outer query is not supported in this place");
        }
        s = step_new(c, e, STEP_PARAM);
        s->invariant = true;
        s->number = (uint32_t)n - 1;
    } else {
        int n = c->map->find != NULL
                    ? c->map->find(c->map->arg, e->u.column.rte, e->u.column.column)
                    : -1;
        if (n < 0) {
            return err_set(c->cx, ERRCODE_INTERNAL_ERROR,
                           "column %d of relation %u is not in the plan's input",
                           e->u.column.column, e->u.column.rte);
        }
        s = step_new(c, e, STEP_INPUT);
        s->number = (uint32_t)n;
    }
    *step_out = c->count - 1;
    return ST_OK;
}

/* compile_expr - steps of an expression, arguments first; *step_out is the step that holds its
 * value. */
static Status compile_expr(Compiler *c, const Expr *e, uint32_t *step_out)
{
    if (e->kind != EXPR_CONST && e->kind != EXPR_PARAM && c->map->computed != NULL) {
        int n = c->map->computed(c->map->arg, e);
        if (n >= 0) {
            step_new(c, e, STEP_INPUT)->number = (uint32_t)n;
            *step_out = c->count - 1;
            return ST_OK;
        }
    }
    switch (e->kind) {
    case EXPR_CONST:
    case EXPR_PARAM:
    case EXPR_COLUMN: return compile_leaf(c, e, step_out);
    case EXPR_FUNC: return compile_func(c, e, step_out);
    case EXPR_AND: return compile_simple(c, e, STEP_AND, step_out);
    case EXPR_OR: return compile_simple(c, e, STEP_OR, step_out);
    case EXPR_NOT: return compile_simple(c, e, STEP_NOT, step_out);
    case EXPR_CASE: return compile_simple(c, e, STEP_CASE, step_out);
    case EXPR_COALESCE: return compile_simple(c, e, STEP_COALESCE, step_out);
    case EXPR_MINMAX: return compile_simple(c, e, STEP_MINMAX, step_out);
    case EXPR_IS_NULL: return compile_simple(c, e, STEP_IS_NULL, step_out);
    case EXPR_IS_BOOL: return compile_simple(c, e, STEP_IS_BOOL, step_out);
    case EXPR_RELABEL: return compile_simple(c, e, STEP_PASS, step_out);
    case EXPR_IO_CAST: return compile_simple(c, e, STEP_IO_CAST, step_out);
    case EXPR_NULLIF: return compile_compare(c, e, STEP_NULLIF, step_out);
    case EXPR_IS_DISTINCT: return compile_compare(c, e, STEP_IS_DISTINCT, step_out);
    case EXPR_IN:
        return compile_in(c, e, e->args[0], e->args + 1, e->arg_count - 1u, false, e->u.negated,
                          step_out);
    case EXPR_ARRAY_ANY:
        if (e->args[1]->kind == EXPR_ARRAY && !e->args[1]->u.array.nested) {
            return compile_in(c, e, e->args[0], e->args[1]->args, e->args[1]->arg_count,
                              e->u.is_all, false, step_out);
        }
        return compile_array(c, e, step_out);
    case EXPR_SUBLINK: return compile_sublink(c, e, step_out);
    case EXPR_SQL_VALUE: return compile_sql_value(c, e, step_out);
    case EXPR_ARRAY:
    case EXPR_ARRAY_CAST:
    case EXPR_SUBSCRIPT: return compile_array(c, e, step_out);
    case EXPR_ELEMENT:
        step_new(c, e, STEP_INPUT)->number = 0;
        *step_out = c->count - 1;
        return ST_OK;
    case EXPR_ROW: return compile_row(c, e, step_out);
    case EXPR_FIELD: return compile_field(c, e, step_out);
    case EXPR_DOMAIN: return compile_domain(c, e, step_out);
    case EXPR_AGG:
        return err_set(c->cx, ERRCODE_GROUPING_ERROR,
                       "aggregate functions are not allowed in this place");
    case EXPR_WINDOW:
        return err_set(c->cx, ERRCODE_WINDOWING_ERROR,
                       "window functions are not allowed in this place");
    case EXPR_GROUPING:
        return err_set(c->cx, ERRCODE_GROUPING_ERROR,
                       "grouping operations are not allowed in this place");
    case EXPR_DEFAULT:
        return err_set(c->cx, ERRCODE_SYNTAX_ERROR, "DEFAULT is not allowed in this context");
    }
    UNREACHABLE();
}

Status expr_compile(Cx *cx, Arena *arena, Expr *const *exprs, uint32_t count, const ExprMap *map,
                    const FnOps *(*extra_fn)(const char *prosrc), const ExprProg **prog_out)
{
    static const ExprMap NO_MAP = {0};
    Compiler c = {
        .cx = cx, .arena = arena, .map = map != NULL ? map : &NO_MAP, .extra_fn = extra_fn};
    ExprProg *prog = ARENA_NEW(arena, ExprProg);
    prog->roots = ARENA_ARRAY(arena, uint32_t, count + 1);
    prog->count = count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(compile_expr(&c, exprs[i], &prog->roots[i]));
    }
    prog->steps = c.steps;
    prog->step_count = c.count;
    *prog_out = prog;
    return ST_OK;
}
