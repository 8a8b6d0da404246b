/*
 * function.c - functions in FROM, and set-returning functions in a target list.
 *
 * generate_series over integers is made here, other sets by src/type's set functions row by row;
 * one that is not there is 0A000 by name.
 */
#include "exec/exec_internal.h"

enum { LANGUAGE_SQL = 14 };

typedef struct SeriesRun {
    const Expr *expr;       /* the call */
    uint16_t column;        /* PROJECT_SET: where it goes */
    bool row_done;          /* PROJECT_SET: no more values for this row */
    struct SeriesRun *more; /* PROJECT_SET: sets beside this one */
    ExprRun *args, *others, *scalar;
    bool started, finished;
    int64_t at, stop, step, ordinal;
    const SetOps *set; /* NULL: a series of integers */
    FnCall call;
    Arena state; /* of one set */
    uint32_t set_cols;
    Datum *cols; /* a row of the set */
    bool *nulls;
    /* PROJECT_SET */
    Batch in;
    uint32_t in_k;
    bool have_in, in_series;
} SeriesRun;

static bool is_int_series(const Expr *call)
{
    return call->kind == EXPR_FUNC && strcmp(call->proc->name, "generate_series") == 0 &&
           (call->type == TYPE_INT4 || call->type == TYPE_INT8);
}

/* set_begin - evaluate the arguments for one row and open the set. */
static Status set_begin(Cx *cx, ExecNode *n, const Batch *in, const Sel *sel, uint32_t row)
{
    SeriesRun *r = n->priv;
    const Expr *call = r->expr;
    Datum *args;
    bool *nulls, any_null = false;
    r->finished = false;
    r->ordinal = 0;
    arena_clear(&r->state);
    args = ARENA_ARRAY(&r->state, Datum, call->arg_count + 1u);
    nulls = ARENA_ARRAY(&r->state, bool, call->arg_count + 1u);
    for (uint16_t i = 0; i < call->arg_count; i++) {
        const Vector *a;
        TRY(expr_eval(cx, r->args, i, in, sel, &n->batch, &a));
        nulls[i] = vec_is_null(a, row);
        any_null = any_null || nulls[i];
        args[i] = vec_get(a, row);
        if (a->phys == PHYS_STR && !nulls[i]) {
            args[i].str = str_copy(&r->state, str_ptr(&args[i].str), args[i].str.len);
        }
    }
    if (any_null && call->proc->strict && call->arg_count == call->proc->arg_count) {
        r->finished = true;
        return ST_OK;
    }
    r->call = (FnCall){.cx = cx,
                       .arena = &n->batch,
                       .env = n->s->expr_env.type_env,
                       .state_arena = &r->state,
                       .fn_oid = call->proc->oid,
                       .result_type = call->type,
                       .row = n->plan->kind == PLAN_FUNCTION ? n->plan->u.function.row : NULL,
                       .arg_types = r->call.arg_types,
                       .collation = call->collation,
                       .set_cols = r->set_cols};
    Status st = r->set->begin(&r->call, args, nulls, call->arg_count);
    if (st == ST_DONE) {
        r->finished = true;
        return ST_OK;
    }
    return st;
}

/* set_row - the next row of the set into columns `first` on; ST_DONE after the last. */
static Status set_row(Cx *cx, ExecNode *n, uint32_t first, uint32_t out_row)
{
    SeriesRun *r = n->priv;
    Datum *cols = r->cols;
    bool *nulls = r->nulls;
    memset(cols, 0, r->set_cols * sizeof(Datum));
    memset(nulls, 0, r->set_cols * sizeof(bool));
    if (r->finished) {
        return ST_DONE;
    }
    r->call.cx = cx;
    Status st = r->set->next(&r->call, cols, nulls);
    if (st != ST_OK) {
        r->finished = st == ST_DONE;
        return st;
    }
    r->ordinal++;
    for (uint32_t c = 0; c < r->set_cols; c++) {
        if (nulls[c]) {
            vec_set_null(n->out.cols[first + c], out_row);
        } else {
            vec_put(n->out.cols[first + c], out_row, &cols[c]);
        }
    }
    return ST_OK;
}

/* series_begin - from, to, step of one row; nothing comes out when one of them is NULL. */
static Status series_begin(Cx *cx, ExecNode *n, const Batch *in, const Sel *sel, uint32_t row)
{
    SeriesRun *r = n->priv;
    int64_t v[3] = {0, 0, 1};
    if (r->set != NULL) {
        return set_begin(cx, n, in, sel, row);
    }
    r->finished = false;
    r->ordinal = 0;
    for (uint16_t i = 0; i < r->expr->arg_count; i++) {
        const Vector *a;
        TRY(expr_eval(cx, r->args, i, in, sel, &n->batch, &a));
        if (vec_is_null(a, row)) {
            r->finished = true;
            return ST_OK;
        }
        v[i] = vec_int(a, row);
    }
    if (v[2] == 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "step size cannot equal zero");
    }
    r->at = v[0];
    r->stop = v[1];
    r->step = v[2];
    return ST_OK;
}

static bool series_next(SeriesRun *r, int64_t *out)
{
    if (r->finished || (r->step > 0 ? r->at > r->stop : r->at < r->stop)) {
        r->finished = true;
        return false;
    }
    *out = r->at;
    r->ordinal++;
    r->finished = __builtin_add_overflow(r->at, r->step, &r->at);
    return true;
}

static void put_int(Vector *v, uint32_t row, int64_t i)
{
    if (v->phys == PHYS_I32) {
        ((int32_t *)v->data)[row] = (int32_t)i;
    } else {
        ((int64_t *)v->data)[row] = i;
    }
}

static Status function_start(Cx *cx, ExecNode *n)
{
    (void)cx;
    SeriesRun *r = n->priv;
    run_reset(n, r->args);
    run_reset(n, r->scalar);
    r->started = false;
    n->done = false;
    return ST_OK;
}

/* series_row - the next row, of either kind, into columns `first` on; ST_DONE after the last. */
static Status series_row(Cx *cx, ExecNode *n, uint32_t first, uint32_t out_row)
{
    SeriesRun *r = n->priv;
    int64_t v;
    if (r->set != NULL) {
        return set_row(cx, n, first, out_row);
    }
    if (!series_next(r, &v)) {
        return ST_DONE;
    }
    put_int(n->out.cols[first], out_row, v);
    return ST_OK;
}

/* function_next - a batch of the set, or the one row of a plain function. */
static Status function_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    SeriesRun *r = n->priv;
    uint32_t count = 0;
    TRY(cx_check(cx));
    if (n->done) {
        return ST_DONE;
    }
    batch_reset(&n->out);
    if (r->scalar != NULL) {
        const Vector *v;
        n->done = true;
        arena_clear(&n->batch);
        TRY(expr_eval(cx, r->scalar, 0, &NONE, &NONE.sel, &n->batch, &v));
        vec_copy_value(v, 0, n->out.cols[0], 0, NULL);
        if (n->plan->u.function.with_ordinality) {
            put_int(n->out.cols[n->plan->col_count - 1], 0, 1);
        }
        batch_set_count(&n->out, 1);
        *out = &n->out;
        return ST_OK;
    }
    if (!r->started) {
        r->started = true;
        arena_clear(&n->batch);
        TRY(series_begin(cx, n, &NONE, &NONE.sel, 0));
    }
    if (r->set != NULL) {
        arena_clear(&n->batch); /* the rows handed out last; the arguments are in the state */
    }
    while (count < max_rows) {
        Status st = series_row(cx, n, 0, count);
        if (st == ST_DONE) {
            break;
        }
        TRY(st);
        if (n->plan->u.function.with_ordinality) {
            put_int(n->out.cols[n->plan->col_count - 1], count, r->ordinal);
        }
        count++;
    }
    n->done = count == 0;
    batch_set_count(&n->out, count);
    *out = &n->out;
    return count == 0 ? ST_DONE : ST_OK;
}

/* series_init - one set: which it is, and the program for its arguments. */
static Status series_init(Cx *cx, ExecNode *n, SeriesRun *r, const Expr *call, const ExprProg *args)
{
    arena_init(&r->state, &n->s->arena, "set", 0);
    r->expr = call;
    if (n->plan->u.function.scalar == NULL && !is_int_series(call)) {
        /* A function written in SQL is found by its own name, as its text is none. */
        const char *prosrc = cat_proc_is_user(call->proc) ? "user:"
                             : call->proc->language == LANGUAGE_SQL
                                 ? arena_printf(&n->s->arena, "sql:%s", call->proc->name)
                                 : call->proc->prosrc;
        r->set = prosrc != NULL ? set_ops_by_prosrc(prosrc) : NULL;
        if (r->set == NULL && prosrc != NULL && n->s->env.extra_set != NULL) {
            r->set = n->s->env.extra_set(prosrc);
        }
        if (r->set == NULL) {
            return err_unsupported(cx, "set-returning function %s is not supported",
                                   call->proc->name);
        }
        Oid *types = ARENA_ARRAY(&n->s->arena, Oid, call->arg_count + 1u);
        for (uint16_t i = 0; i < call->arg_count; i++) {
            types[i] = expr_carrier(call->args[i]);
        }
        r->call.arg_types = types;
        r->set_cols = n->plan->kind == PLAN_PROJECT_SET
                          ? 1
                          : n->plan->col_count - (n->plan->u.function.with_ordinality ? 1u : 0u);
        /* Built-in functions count on room for SET_COLUMNS_MAX. */
        r->cols = ARENA_ARRAY(&n->s->arena, Datum, MAX(r->set_cols, (uint32_t)SET_COLUMNS_MAX));
        r->nulls = ARENA_ARRAY(&n->s->arena, bool, MAX(r->set_cols, (uint32_t)SET_COLUMNS_MAX));
        if ((n->plan->kind == PLAN_PROJECT_SET && call->type == TYPE_RECORD)) {
            return err_unsupported(cx, "rows of %s are not supported in this place",
                                   call->proc->name);
        }
    }
    return run_create(cx, n, args, &r->args);
}

/* series_create - what both nodes need: the set, or the program for a plain function's value. */
static Status series_create(Cx *cx, ExecNode *n)
{
    SeriesRun *r = ARENA_NEW(&n->s->arena, SeriesRun);
    n->priv = r;
    node_out_init(n);
    TRY(series_init(cx, n, r, n->plan->u.function.call, n->plan->u.function.args));
    return run_create(cx, n, n->plan->u.function.scalar, &r->scalar);
}

Status function_create(Cx *cx, ExecNode *n)
{
    n->start = function_start;
    n->next = function_next;
    return series_create(cx, n);
}

/* ---- in a target list: each input row as often as the set has values ---- */

static Status project_set_start(Cx *cx, ExecNode *n)
{
    SeriesRun *r = n->priv;
    run_reset(n, r->args);
    run_reset(n, r->others);
    for (uint16_t k = 0; k < n->plan->u.function.more_count; k++) {
        run_reset(n, r->more[k].args);
    }
    r->have_in = r->in_series = false;
    return node_start_children(cx, n);
}

/* sets_begin - open every set for an input row. */
static Status sets_begin(Cx *cx, ExecNode *n, const Batch *in, const Sel *sel, uint32_t row)
{
    SeriesRun *first = n->priv;
    Status st = ST_OK;
    for (uint16_t k = 0; k <= n->plan->u.function.more_count && st == ST_OK; k++) {
        SeriesRun *r = k == 0 ? first : &first->more[k - 1];
        n->priv = r; /* a set's functions find their own state there */
        r->row_done = false;
        st = series_begin(cx, n, in, sel, row);
    }
    n->priv = first;
    return st;
}

/* sets_row - the next value of every set; one that has ended gives NULL. ST_DONE when all have. */
static Status sets_row(Cx *cx, ExecNode *n, uint32_t out_row)
{
    SeriesRun *first = n->priv;
    Status st = ST_OK;
    bool any = false;
    for (uint16_t k = 0; k <= n->plan->u.function.more_count; k++) {
        SeriesRun *r = k == 0 ? first : &first->more[k - 1];
        n->priv = r;
        st = r->row_done ? ST_DONE : series_row(cx, n, r->column, out_row);
        n->priv = first;
        if (st == ST_ERROR) {
            return st;
        }
        r->row_done = st == ST_DONE;
        any = any || st == ST_OK;
    }
    for (uint16_t k = 0; any && k <= n->plan->u.function.more_count; k++) {
        const SeriesRun *r = k == 0 ? first : &first->more[k - 1];
        if (r->row_done) {
            vec_set_null(n->out.cols[r->column], out_row);
        }
    }
    return any ? ST_OK : ST_DONE;
}

static bool is_set_output(const ExecNode *n, uint16_t column)
{
    const SeriesRun *r = n->priv;
    bool is_set = r->column == column;
    for (uint16_t k = 0; k < n->plan->u.function.more_count && !is_set; k++) {
        is_set = r->more[k].column == column;
    }
    return is_set;
}

/* project_set_next - each input row as often as its set-returning column has values; a row may go
 * on in the next batch. */
static Status project_set_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    SeriesRun *r = n->priv;
    uint32_t count = 0;
    while (count == 0) {
        TRY(cx_check(cx));
        if (!r->have_in) {
            const Batch *b;
            TRY(n->left->next(cx, n->left, max_rows, &b));
            r->in = *b;
            r->in_k = 0;
            r->have_in = true;
            arena_clear(&n->batch);
        }
        batch_reset(&n->out);
        while (count < max_rows && r->in_k < r->in.sel.count) {
            uint16_t row = (uint16_t)(r->in.sel.idx != NULL ? r->in.sel.idx[r->in_k] : r->in_k);
            Sel one = {&row, 1};
            if (!r->in_series) {
                TRY(sets_begin(cx, n, &r->in, &one, row));
                r->in_series = true;
            }
            Status st = sets_row(cx, n, count);
            if (st == ST_DONE) {
                r->in_series = false;
                r->in_k++;
                continue;
            }
            TRY(st);
            for (uint16_t c = 0; c < n->plan->col_count; c++) {
                const Vector *o;
                if (is_set_output(n, c)) {
                    continue;
                }
                TRY(expr_eval(cx, r->others, c, &r->in, &one, &n->batch, &o));
                vec_copy_value(o, row, n->out.cols[c], count, NULL);
            }
            count++;
        }
        r->have_in = r->in_k < r->in.sel.count;
    }
    batch_set_count(&n->out, count);
    *out = &n->out;
    return ST_OK;
}

Status project_set_create(Cx *cx, ExecNode *n)
{
    n->start = project_set_start;
    n->next = project_set_next;
    TRY(series_create(cx, n));
    SeriesRun *r = n->priv;
    uint16_t more = n->plan->u.function.more_count;
    r->column = n->plan->u.function.set_column;
    r->more = ARENA_ARRAY(&n->s->arena, SeriesRun, more + 1u);
    for (uint16_t k = 0; k < more; k++) {
        const PlanSetCall *set = &n->plan->u.function.more[k];
        r->more[k].column = set->column;
        TRY(series_init(cx, n, &r->more[k], set->call, set->args));
    }
    return run_create(cx, n, n->plan->u.function.others, &r->others);
}
