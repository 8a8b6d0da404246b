/*
 * eval.c - running compiled expressions: leaves, function calls, casts, comparisons.
 *
 * A strict function never sees a row with a NULL argument unless its kernel is total (cannot raise,
 * touches nothing behind the values): then all lanes are computed and the validity bitmaps are
 * combined by words. A call whose arguments are all constant is made once and its result kept for
 * the execution when nothing below it varies.
 */
#include "expr/expr_internal.h"
#include "type/record.h"

Status expr_run_create(Cx *cx, Arena *arena, const ExprProg *prog, ExprRun **run_out)
{
    (void)cx;
    ExprRun *run = ARENA_NEW(arena, ExprRun);
    run->prog = prog;
    run->arena = arena;
    arena_init(&run->const_arena, arena, "expr constants", 0);
    run->steps = ARENA_ARRAY(arena, StepRun, prog->step_count + 1u);
    for (uint32_t i = 0; i < prog->step_count; i++) {
        if (prog->steps[i].arg_count > 0) {
            run->steps[i].argv = ARENA_ARRAY(arena, const Vector *, prog->steps[i].arg_count);
        }
    }
    *run_out = run;
    return ST_OK;
}

void expr_run_reset(ExprRun *run, const ExprEnv *env)
{
    run->env = env;
    arena_clear(&run->const_arena);
    for (uint32_t i = 0; i < run->prog->step_count; i++) {
        run->steps[i].cached = NULL;
        run->steps[i].call.state = NULL;
        run->steps[i].set = NULL;
        if (run->steps[i].each != NULL) {
            expr_run_reset(run->steps[i].each, env);
        }
    }
}

/* step_ready - the step's own vector, made at first use. */
void step_ready(ExprRun *run, uint32_t step)
{
    StepRun *sr = &run->steps[step];
    if (!sr->ready) {
        vec_init(&sr->out, run->prog->steps[step].phys, run->arena);
        sr->ready = true;
    }
    vec_reset(&sr->out);
}

uint16_t *step_idx(ExprRun *run, uint32_t step, uint32_t which)
{
    StepRun *sr = &run->steps[step];
    if (sr->idx[which] == NULL) {
        sr->idx[which] = arena_alloc(run->arena, VEC_CAPACITY * sizeof(uint16_t));
    }
    return sr->idx[which];
}

/* vec_make_null - turn a step's vector into the constant NULL. */
static void vec_make_null(Vector *v)
{
    vec_reset(v);
    vec_set_null(v, 0);
    v->kind = VEC_CONST;
}

/* step_eval_args - the arguments, FLAT or CONST, into argv. */
static Status step_eval_args(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                             Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    for (uint16_t i = 0; i < s->arg_count; i++) {
        TRY(step_eval(cx, run, s->args[i], in, sel, arena, &run->steps[step].argv[i]));
    }
    return ST_OK;
}

/* and_valid - out NULL where any argument is. */
static void and_valid(const Vector *const *argv, uint32_t count, Vector *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (argv[i]->kind == VEC_CONST || argv[i]->valid == NULL) {
            continue;
        }
        if (out->valid == NULL) {
            memcpy(out->valid_buf, argv[i]->valid, VEC_VALID_WORDS * sizeof(uint64_t));
            out->valid = out->valid_buf;
            continue;
        }
        for (uint32_t w = 0; w < VEC_VALID_WORDS; w++) {
            out->valid[w] &= argv[i]->valid[w];
        }
    }
}

/* valid_rows - the rows of sel for which every argument is not NULL. */
static Sel valid_rows(const Vector *const *argv, uint32_t count, const Sel *sel, uint16_t *idx)
{
    uint64_t words[VEC_VALID_WORDS];
    memset(words, 0xff, sizeof(words));
    for (uint32_t i = 0; i < count; i++) {
        if (argv[i]->kind != VEC_CONST && argv[i]->valid != NULL) {
            for (uint32_t w = 0; w < VEC_VALID_WORDS; w++) {
                words[w] &= argv[i]->valid[w];
            }
        }
    }
    uint32_t n = 0;
    SEL_FOREACH(row, sel)
    {
        idx[n] = (uint16_t)row;
        n += (uint32_t)((words[row >> 6] >> (row & 63)) & 1);
    }
    return (Sel){idx, n};
}

/* call_kernel - run the kernel for sel into out, strictness already dealt with. */
static Status call_kernel(Cx *cx, ExprRun *run, uint32_t step, const Vector *const *argv,
                          uint32_t argc, const Sel *sel, Arena *arena, Vector *out)
{
    const Step *s = &run->prog->steps[step];
    FnCall *call = &run->steps[step].call;
    call->cx = cx;
    call->arena = arena;
    call->env = run->env != NULL ? run->env->type_env : NULL;
    call->state_arena = &run->const_arena;
    call->fn_oid = s->fn_oid;
    call->result_type = s->type;
    call->arg_types = s->arg_types;
    call->real_types = s->real_types;
    call->collation = s->collation;
    call->arg_typmod = s->arg_typmod;
    call->arg_column = s->arg_column;
    Status st = s->fn->kernel(call, argv, argc, sel, out);
    if (UNLIKELY(st == ST_ERROR) && s->sql_name != NULL) {
        st_ignore(err_context(cx, "SQL function \"%s\" statement 1", s->sql_name));
    }
    return st;
}

/*
 * step_call - call the step's function over given arguments for the rows of sel, NULL handling
 * included. Requires: argv FLAT or CONST; out FLAT and reset. in may be NULL (then only rows of sel
 * are computed).
 */
Status step_call(Cx *cx, ExprRun *run, uint32_t step, const Vector *const *argv, const Batch *in,
                 const Sel *sel, Arena *arena, Vector *out)
{
    const Step *s = &run->prog->steps[step];
    uint32_t argc = s->kind == STEP_FUNC ? s->arg_count : 2;
    if (!s->strict) {
        return call_kernel(cx, run, step, argv, argc, sel, arena, out);
    }
    bool has_nulls = false;
    for (uint32_t i = 0; i < argc; i++) {
        if (argv[i]->kind == VEC_CONST && vec_is_null(argv[i], 0)) {
            vec_make_null(out);
            return ST_OK;
        }
        has_nulls = has_nulls || (argv[i]->kind != VEC_CONST && argv[i]->valid != NULL);
    }
    if (s->total) {
        Sel dense = {NULL, in != NULL ? in->count : 0};
        bool use_dense = sel->idx != NULL && dense.count > 0 && sel->count * 5 >= dense.count;
        TRY(call_kernel(cx, run, step, argv, argc, use_dense ? &dense : sel, arena, out));
    } else if (has_nulls) {
        Sel narrowed = valid_rows(argv, argc, sel, step_idx(run, step, 0));
        if (narrowed.count > 0) {
            TRY(call_kernel(cx, run, step, argv, argc, &narrowed, arena, out));
        }
    } else {
        return call_kernel(cx, run, step, argv, argc, sel, arena, out);
    }
    if (has_nulls) {
        and_valid(argv, argc, out);
    }
    return ST_OK;
}

/* step_eval_func - call a function; when all arguments are constant only once a batch, or once
 * for the run when the step is invariant. */
static Status step_eval_func(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                             Arena *arena, const Vector **out)
{
    static const Sel ONE = {NULL, 1};
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    TRY(step_eval_args(cx, run, step, in, sel, arena));
    bool all_const = !s->is_volatile;
    for (uint16_t i = 0; i < s->arg_count; i++) {
        all_const = all_const && sr->argv[i]->kind == VEC_CONST;
    }
    step_ready(run, step);
    *out = &sr->out;
    if (all_const && sel->count > 0) {
        TRY(step_call(cx, run, step, sr->argv, NULL, &ONE, s->invariant ? &run->const_arena : arena,
                      &sr->out));
        sr->out.kind = VEC_CONST;
        if (s->invariant) {
            sr->cached = &sr->out;
        }
        return ST_OK;
    }
    return step_call(cx, run, step, sr->argv, in, sel, arena, &sr->out);
}

/* row_null_test - a row IS NULL when it is or all its fields are, IS NOT NULL when none is. */
static bool row_null_test(const Vector *v, uint32_t row, bool not_null)
{
    RecordField f;
    Slice name;
    if (vec_is_null(v, row)) {
        return !not_null;
    }
    Datum d = vec_get(v, row);
    RecordIter it = record_iter(&d.str);
    while (record_next(&it, &f, &name)) {
        if (f.is_null == not_null) {
            return false;
        }
    }
    return true;
}

/* step_eval_is_null - a boolean from the validity bitmap alone. */
static Status step_eval_is_null(ExprRun *run, uint32_t step, const Sel *sel)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    const Vector *v = sr->argv[0];
    uint8_t *data = sr->out.data;
    if (s->nested) {
        SEL_FOREACH(row, sel)
        {
            data[row] = row_null_test(v, row, s->negated);
        }
        return ST_OK;
    }
    if (v->kind == VEC_CONST) {
        data[0] = vec_is_null(v, 0) != s->negated;
        sr->out.kind = VEC_CONST;
        return ST_OK;
    }
    if (v->valid == NULL) {
        data[0] = s->negated;
        sr->out.kind = VEC_CONST;
        return ST_OK;
    }
    SEL_FOREACH(row, sel)
    {
        data[row] = (((v->valid[row >> 6] >> (row & 63)) & 1) == 0) != s->negated;
    }
    return ST_OK;
}

/* step_eval_is_bool - IS [NOT] TRUE, FALSE, UNKNOWN: never NULL. */
static void step_eval_is_bool(ExprRun *run, uint32_t step, const Sel *sel)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    const Vector *v = sr->argv[0];
    uint8_t *data = sr->out.data;
    SEL_FOREACH(row, sel)
    {
        bool null = vec_is_null(v, row);
        bool value = !null && ((const uint8_t *)v->data)[vec_index(v, row)] != 0;
        bool r = false;
        switch (s->bool_test) {
        case IS_TRUE: r = !null && value; break;
        case IS_NOT_TRUE: r = null || !value; break;
        case IS_FALSE: r = !null && !value; break;
        case IS_NOT_FALSE: r = null || value; break;
        case IS_UNKNOWN: r = null; break;
        case IS_NOT_UNKNOWN: r = !null; break;
        }
        data[row] = r;
    }
}

/* step_eval_compare - NULLIF (the first argument, NULL where both are equal) and IS [NOT] DISTINCT
 * FROM. */
static Status step_eval_compare(Cx *cx, ExprRun *run, uint32_t step, const Batch *in,
                                const Sel *sel, Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    const Vector *a = sr->argv[0], *b = sr->argv[1];
    if (!sr->flat.data) {
        vec_init(&sr->flat, PHYS_BOOL, run->arena);
    }
    vec_reset(&sr->flat);
    Vector *eq = &sr->flat;
    TRY(step_call(cx, run, step, sr->argv, in, sel, arena, eq));
    SEL_FOREACH(row, sel)
    {
        bool equal = !vec_is_null(eq, row) && ((const uint8_t *)eq->data)[vec_index(eq, row)] != 0;
        if (s->kind == STEP_NULLIF) {
            if (equal) {
                vec_set_null(&sr->out, row);
            } else {
                vec_copy_value(a, row, &sr->out, row, NULL);
            }
            continue;
        }
        bool na = vec_is_null(a, row), nb = vec_is_null(b, row);
        bool distinct = na || nb ? na != nb : !equal;
        ((uint8_t *)sr->out.data)[row] = distinct != s->negated;
    }
    return ST_OK;
}

/* step_eval_minmax - GREATEST and LEAST: NULLs are passed over, NULL only when all are. */
static void step_eval_minmax(ExprRun *run, uint32_t step, const Sel *sel)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    SEL_FOREACH(row, sel)
    {
        bool have = false;
        Datum best = {0};
        for (uint16_t i = 0; i < s->arg_count; i++) {
            if (vec_is_null(sr->argv[i], row)) {
                continue;
            }
            Datum d = vec_get(sr->argv[i], row);
            int c = have ? s->ops->cmp(&d, &best) : 0;
            if (!have || (s->is_least ? c < 0 : c > 0)) {
                best = d;
                have = true;
            }
        }
        if (have) {
            vec_put(&sr->out, row, &best);
        } else {
            vec_set_null(&sr->out, row);
        }
    }
}

/* step_eval_io_cast - text output of one type into text input of another, row by row. */
static Status step_eval_io_cast(Cx *cx, ExprRun *run, uint32_t step, const Sel *sel, Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    FnCall *call = &sr->call;
    call->cx = cx;
    call->arena = arena;
    call->env = run->env != NULL ? run->env->type_env : NULL;
    call->state_arena = &run->const_arena;
    call->result_type = s->type;
    call->collation = s->collation;
    call->arg_typmod = -1;
    Buf buf;
    buf_init(&buf, 1u << 30);
    Status st = ST_OK;
    SEL_FOREACH(row, sel)
    {
        if (vec_is_null(sr->argv[0], row)) {
            vec_set_null(&sr->out, row);
            continue;
        }
        Datum v = vec_get(sr->argv[0], row), r = {0};
        buf_clear(&buf);
        s->src_ops->out(call, &v, &buf);
        TRY_OUT(s->ops->in(call, (Slice){(const char *)buf.data, buf.len}, s->typmod, &r));
        if (s->phys == PHYS_STR) { /* input functions may refer to the text they were given */
            r.str = str_copy(arena, str_ptr(&r.str), r.str.len);
        }
        vec_put(&sr->out, row, &r);
    }
out:
    buf_release(&buf);
    return st;
}

/* step_eval_plain - steps whose arguments are all evaluated under the same selection. */
static Status step_eval_plain(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                              Arena *arena, const Vector **out)
{
    static const Sel ONE = {NULL, 1};
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    TRY(step_eval_args(cx, run, step, in, sel, arena));
    if (s->kind == STEP_DOMAIN) {
        TRY(step_eval_domain(cx, run, step, sel, arena));
    }
    if (s->kind == STEP_PASS || s->kind == STEP_DOMAIN) {
        *out = sr->argv[0];
        return ST_OK;
    }
    bool all_const = sel->count > 0;
    for (uint16_t i = 0; i < s->arg_count; i++) {
        all_const = all_const && sr->argv[i]->kind == VEC_CONST;
    }
    all_const = all_const && s->kind != STEP_SUBLINK;
    const Sel *rows = all_const ? &ONE : sel;
    Arena *where = all_const && s->invariant ? &run->const_arena : arena;
    step_ready(run, step);
    *out = &sr->out;
    switch (s->kind) {
    case STEP_IS_NULL: TRY(step_eval_is_null(run, step, rows)); break;
    case STEP_IS_BOOL: step_eval_is_bool(run, step, rows); break;
    case STEP_NULLIF:
    case STEP_IS_DISTINCT:
        TRY(step_eval_compare(cx, run, step, all_const ? NULL : in, rows, where));
        break;
    case STEP_MINMAX: step_eval_minmax(run, step, rows); break;
    case STEP_IO_CAST: TRY(step_eval_io_cast(cx, run, step, rows, where)); break;
    case STEP_SUBLINK:
        return run->env->sublink(run->env->sublink_arg, cx, s->number, sr->argv, s->arg_count, sel,
                                 &sr->out, arena);
    case STEP_ARRAY:
    case STEP_ARRAY_CAST:
    case STEP_ARRAY_ANY:
    case STEP_SUBSCRIPT:
    case STEP_ROW:
    case STEP_FIELD: TRY(step_eval_array(cx, run, step, rows, where)); break;
    default: UNREACHABLE();
    }
    if (all_const) {
        sr->out.kind = VEC_CONST;
        sr->cached = s->invariant ? &sr->out : NULL;
    }
    return ST_OK;
}

/* step_eval_leaf - constants, parameters, the transaction's time: vectors that point at the value.
 */
static Status step_eval_leaf(Cx *cx, ExprRun *run, uint32_t step, const Vector **out)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    Vector *v = &sr->out;
    bool is_null = false;
    if (!sr->ready) {
        *v = (Vector){.phys = s->phys, .kind = VEC_CONST};
        v->valid_buf = arena_zalloc(run->arena, VEC_VALID_WORDS * sizeof(uint64_t));
        sr->ready = true;
    }
    if (s->kind == STEP_CONST) {
        v->data = (void *)&s->value;
        is_null = s->is_null;
    } else if (s->kind == STEP_PARAM) {
        if (run->env == NULL || s->number >= run->env->param_count) {
            return err_set(cx, ERRCODE_UNDEFINED_PARAMETER, "there is no parameter $%u",
                           s->number + 1);
        }
        v->data = (void *)&run->env->params[s->number];
        is_null = run->env->param_nulls != NULL && run->env->param_nulls[s->number];
    } else {
        v->data = (void *)&run->env->type_env->xact_time_us;
    }
    v->valid = is_null ? v->valid_buf : NULL;
    sr->cached = v;
    *out = v;
    return ST_OK;
}

/* step_eval - one step and all it depends on, for the rows of sel. The result is FLAT or CONST. */
Status step_eval(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel, Arena *arena,
                 const Vector **out)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    if (sr->cached != NULL) {
        *out = sr->cached;
        return ST_OK;
    }
    switch (s->kind) {
    case STEP_CONST:
    case STEP_PARAM:
    case STEP_XACT_TIME: return step_eval_leaf(cx, run, step, out);
    case STEP_INPUT: {
        const Vector *v = in->cols[s->number];
        if (v->kind == VEC_DICT) {
            if (sr->flat.data == NULL) {
                vec_init(&sr->flat, v->phys, run->arena);
            }
            v = vec_flatten(v, sel, &sr->flat);
        }
        *out = v;
        return ST_OK;
    }
    case STEP_FUNC: return step_eval_func(cx, run, step, in, sel, arena, out);
    case STEP_AND:
    case STEP_OR:
    case STEP_NOT: return step_eval_logic(cx, run, step, in, sel, arena, out);
    case STEP_CASE: return step_eval_case(cx, run, step, in, sel, arena, out);
    case STEP_COALESCE: return step_eval_coalesce(cx, run, step, in, sel, arena, out);
    case STEP_IN: return step_eval_in(cx, run, step, in, sel, arena, out);
    default: return step_eval_plain(cx, run, step, in, sel, arena, out);
    }
}

Status expr_eval(Cx *cx, ExprRun *run, uint32_t number, const Batch *in, const Sel *sel,
                 Arena *arena, const Vector **out)
{
    ASSERT(number < run->prog->count);
    return step_eval(cx, run, run->prog->roots[number], in, sel, arena, out);
}

Status expr_filter(Cx *cx, ExprRun *run, uint32_t number, const Batch *in, const Sel *sel,
                   Arena *arena, uint16_t *idx_out, Sel *sel_out)
{
    ASSERT(number < run->prog->count);
    return step_filter(cx, run, run->prog->roots[number], in, sel, arena, idx_out, sel_out);
}
