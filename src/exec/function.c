/*
 * function.c - functions in FROM, and one set-returning function in a target list.
 *
 * generate_series over integers is made here; any other set-returning function is 0A000 by name.
 */
#include "exec/exec_internal.h"

typedef struct SeriesRun {
    ExprRun *args, *others, *scalar;
    bool started, finished;
    int64_t at, stop, step, ordinal;
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

/* series_begin - from, to, step of one row; nothing comes out when one of them is NULL. */
static Status series_begin(Cx *cx, ExecNode *n, const Batch *in, const Sel *sel, uint32_t row)
{
    SeriesRun *r = n->priv;
    int64_t v[3] = {0, 0, 1};
    r->finished = false;
    r->ordinal = 0;
    for (uint16_t i = 0; i < n->plan->u.function.call->arg_count; i++) {
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
    int64_t v;
    while (count < max_rows && series_next(r, &v)) {
        put_int(n->out.cols[0], count, v);
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

static Status series_create(Cx *cx, ExecNode *n)
{
    SeriesRun *r = ARENA_NEW(&n->s->arena, SeriesRun);
    n->priv = r;
    node_out_init(n);
    if (n->plan->u.function.scalar == NULL && !is_int_series(n->plan->u.function.call)) {
        return err_unsupported(cx, "set-returning function %s is not supported",
                               n->plan->u.function.name);
    }
    TRY(run_create(cx, n, n->plan->u.function.args, &r->args));
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
    r->have_in = r->in_series = false;
    return node_start_children(cx, n);
}

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
            int64_t v;
            if (!r->in_series) {
                TRY(series_begin(cx, n, &r->in, &one, row));
                r->in_series = true;
            }
            if (!series_next(r, &v)) {
                r->in_series = false;
                r->in_k++;
                continue;
            }
            for (uint16_t c = 0; c < n->plan->col_count; c++) {
                const Vector *o;
                if (c == n->plan->u.function.set_column) {
                    put_int(n->out.cols[c], count, v);
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
    return run_create(cx, n, n->plan->u.function.others, &((SeriesRun *)n->priv)->others);
}
