/*
 * window_call.c - window functions over one partition: ranks, neighbours, values of the frame,
 * aggregates.
 *
 * An aggregate's state follows the frame: rows are added as the frame grows, taken out where that
 * is exact, and else the frame is added up anew. So a frame that only grows costs one pass.
 */
#include "exec/window_internal.h"

/* result_at - where the result of a row goes. */
static Vector *result_at(const WindowRun *r, uint16_t call, uint32_t row, uint32_t *at_out)
{
    *at_out = row % VEC_CAPACITY;
    return r->results[(size_t)call * r->chunk_count + row / VEC_CAPACITY];
}

static void put_i64(const WindowRun *r, uint16_t call, uint32_t row, int64_t value)
{
    uint32_t at;
    Vector *v = result_at(r, call, row, &at);
    ((int64_t *)v->data)[at] = value;
}

static void put_f64(const WindowRun *r, uint16_t call, uint32_t row, double value)
{
    uint32_t at;
    Vector *v = result_at(r, call, row, &at);
    ((double *)v->data)[at] = value;
}

static void put_null(const WindowRun *r, uint16_t call, uint32_t row)
{
    uint32_t at;
    Vector *v = result_at(r, call, row, &at);
    vec_set_null(v, at);
}

/* put_arg - the result of a row is an argument of another row. */
static void put_arg(const WindowRun *r, uint16_t call, uint32_t row, int expr, uint32_t from)
{
    uint32_t at, at_from;
    Vector *v = result_at(r, call, row, &at);
    const Vector *arg = window_expr(r, expr, from, &at_from);
    vec_copy_value(arg, at_from, v, at, NULL);
}

/* int_arg - an integer argument of a row; false when it is NULL. */
static bool int_arg(const WindowRun *r, int expr, uint32_t row, int64_t *out)
{
    uint32_t at;
    const Vector *v = window_expr(r, expr, row, &at);
    if (vec_is_null(v, at)) {
        return false;
    }
    *out = vec_int(v, at);
    return true;
}

/* ---- ranks ---- */

static void call_ranks(const WindowRun *r, uint16_t call, WinFunc func)
{
    const WinPartition *p = &r->part;
    int64_t rows = p->end - p->first;
    for (uint32_t row = p->first; row < p->end; row++) {
        uint32_t group = p->group_of[row - p->first];
        int64_t rank = p->group_first[group] - p->first + 1;
        int64_t last = p->group_first[group + 1] - p->first;
        switch (func) {
        case WIN_ROW_NUMBER: put_i64(r, call, row, row - p->first + 1); break;
        case WIN_RANK: put_i64(r, call, row, rank); break;
        case WIN_DENSE_RANK: put_i64(r, call, row, (int64_t)group + 1); break;
        case WIN_PERCENT_RANK:
            put_f64(r, call, row, rows <= 1 ? 0 : (double)(rank - 1) / (double)(rows - 1));
            break;
        default: put_f64(r, call, row, (double)last / (double)rows); break;
        }
    }
}

/* call_ntile - buckets of almost one size; the first ones have one row more. */
static Status call_ntile(Cx *cx, const WindowRun *r, uint16_t call, int arg)
{
    const WinPartition *p = &r->part;
    int64_t buckets = 0, rows = p->end - p->first;
    uint32_t row = p->first;
    for (; row < p->end && !int_arg(r, arg, row, &buckets); row++) {
        put_null(r, call, row);
    }
    if (row == p->end) {
        return ST_OK;
    }
    if (buckets <= 0) {
        return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_NTILE,
                       "argument of ntile must be greater than zero");
    }
    int64_t size = rows / buckets, larger = size > 0 ? rows % buckets : 0;
    size = MAX(size, 1);
    for (int64_t i = 0; row < p->end; row++, i++) {
        int64_t in_larger = larger * (size + 1);
        VEC_DATA(result_at(r, call, row, &(uint32_t){0}), int32_t)
        [row % VEC_CAPACITY] =
            (int32_t)(i < in_larger ? i / (size + 1) + 1 : larger + (i - in_larger) / size + 1);
    }
    return ST_OK;
}

/* ---- values of other rows ---- */

static void call_lag(const WindowRun *r, uint16_t call, const WindowCall *c)
{
    const WinPartition *p = &r->part;
    for (uint32_t row = p->first; row < p->end; row++) {
        int64_t offset = 1;
        if (c->arg_count > 1 && !int_arg(r, c->first_arg + 1, row, &offset)) {
            put_null(r, call, row);
            continue;
        }
        int64_t from = c->func == WIN_LAG ? row - offset : row + offset;
        if (from >= p->first && from < p->end) {
            put_arg(r, call, row, c->first_arg, (uint32_t)from);
        } else if (c->arg_count > 2) {
            put_arg(r, call, row, c->first_arg + 2, row);
        } else {
            put_null(r, call, row);
        }
    }
}

/* call_frame_value - first_value, last_value, nth_value. */
static Status call_frame_value(Cx *cx, ExecNode *n, uint16_t call, const WindowCall *c)
{
    WindowRun *r = n->priv;
    const WinPartition *p = &r->part;
    for (uint32_t row = p->first; row < p->end; row++) {
        WinFrame f;
        int64_t nth = 1;
        uint32_t from;
        if (c->func == WIN_NTH_VALUE && !int_arg(r, c->first_arg + 1, row, &nth)) {
            put_null(r, call, row);
            continue;
        }
        if (nth <= 0) {
            return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_NTH_VALUE,
                           "argument of nth_value must be greater than zero");
        }
        TRY(window_frame(n, row, &f));
        if (c->func == WIN_LAST_VALUE ? frame_last(&f, &from)
                                      : frame_find(&f, (uint64_t)nth - 1, &from)) {
            put_arg(r, call, row, c->first_arg, from);
        } else {
            put_null(r, call, row);
        }
    }
    return ST_OK;
}

/* ---- aggregates ---- */

static void agg_restart(const WindowCall *c, WinCallRun *run)
{
    arena_clear(&run->arena);
    run->state = arena_zalloc(&run->arena, c->ops->state_bytes + 16u);
    if (c->ops->init != NULL) {
        c->ops->init(run->state);
    }
}

/* counted - which rows of a chunk the aggregate counts: FILTER, NULL arguments. */
static Sel counted(const WindowRun *r, const WindowCall *c, const WinCallRun *run,
                   const Batch *chunk, uint32_t from, uint32_t to)
{
    uint32_t count = 0;
    const Vector *filter = c->filter >= 0 ? chunk->cols[c->filter - r->expr_first] : NULL;
    for (uint32_t i = from; i < to; i++) {
        bool keep = filter == NULL || (!vec_is_null(filter, i) && ((uint8_t *)filter->data)[i]);
        for (uint16_t a = 0; a < c->arg_count && keep && c->ops->ignores_nulls; a++) {
            keep = !vec_is_null(run->argv[a], i);
        }
        if (keep) {
            r->sel_idx[count++] = (uint16_t)i;
        }
    }
    return (Sel){r->sel_idx, count};
}

/* agg_rows - add rows to the state, or take them out. */
static Status agg_rows(const WindowRun *r, const WindowCall *c, WinCallRun *run, WinRange rows,
                       bool take_out)
{
    while (rows.from < rows.to) {
        uint32_t first = rows.from / VEC_CAPACITY * VEC_CAPACITY;
        uint32_t end = MIN(rows.to, first + VEC_CAPACITY);
        const Batch *chunk = r->exprs.chunks[rows.from / VEC_CAPACITY];
        for (uint16_t a = 0; a < c->arg_count; a++) {
            run->argv[a] = chunk->cols[c->first_arg - r->expr_first + a];
        }
        Sel sel = counted(r, c, run, chunk, rows.from - first, end - first);
        rows.from = end;
        if (sel.count == 0) {
            continue;
        }
        if (take_out) {
            run->remove(run->argv, &sel, run->state);
        } else {
            TRY(c->ops->update_one(&run->fc, run->argv, c->arg_count, &sel, run->state));
        }
    }
    return ST_OK;
}

static bool frame_same(const WinFrame *a, const WinFrame *b)
{
    bool same = a->count == b->count;
    for (uint32_t i = 0; i < a->count && same; i++) {
        same = a->part[i].from == b->part[i].from && a->part[i].to == b->part[i].to;
    }
    return same;
}

/* agg_follow - bring the state from frame `old` to frame `f`. */
static Status agg_follow(const WindowRun *r, const WindowCall *c, WinCallRun *run,
                         const WinFrame *old, const WinFrame *f)
{
    WinRange was = old->part[0], now = f->part[0];
    bool plain = old->count == 1 && f->count == 1 && now.to >= was.to;
    if (plain && now.from == was.from) {
        return agg_rows(r, c, run, (WinRange){was.to, now.to}, false);
    }
    if (plain && run->remove != NULL && now.from > was.from && now.from < was.to) {
        TRY(agg_rows(r, c, run, (WinRange){was.from, now.from}, true));
        return agg_rows(r, c, run, (WinRange){was.to, now.to}, false);
    }
    agg_restart(c, run);
    for (uint32_t i = 0; i < f->count; i++) {
        TRY(agg_rows(r, c, run, f->part[i], false));
    }
    return ST_OK;
}

/* call_aggregate - an aggregate whose state follows the frame; equal frames share a result. */
static Status call_aggregate(Cx *cx, ExecNode *n, uint16_t call, const WindowCall *c)
{
    WindowRun *r = n->priv;
    WinCallRun *run = &r->calls[call];
    const WinPartition *p = &r->part;
    WinFrame old = {0};
    run->fc.cx = cx;
    run->fc.env = n->s->env.type_env;
    agg_restart(c, run);
    for (uint32_t row = p->first; row < p->end; row++) {
        WinFrame f;
        uint32_t at, at_old;
        TRY(window_frame(n, row, &f));
        Vector *v = result_at(r, call, row, &at);
        if (row > p->first && frame_same(&old, &f)) {
            const Vector *before = result_at(r, call, row - 1, &at_old);
            vec_copy_value(before, at_old, v, at, NULL);
            continue;
        }
        run->fc.arena = &run->arena;
        TRY(agg_follow(r, c, run, &old, &f));
        run->fc.arena = &n->hold;
        TRY(c->ops->final(&run->fc, run->state, v, at));
        old = f;
        if ((row & 255) == 255) {
            TRY(cx_check(cx));
        }
    }
    return ST_OK;
}

/* window_call_run - one call over the partition at hand. */
Status window_call_run(Cx *cx, ExecNode *n, uint16_t call)
{
    WindowRun *r = n->priv;
    const WindowCall *c = &n->plan->u.window.calls[call];
    r->part.start_at = r->part.end_at = r->part.keyed.from;
    switch (c->func) {
    case WIN_ROW_NUMBER:
    case WIN_RANK:
    case WIN_DENSE_RANK:
    case WIN_PERCENT_RANK:
    case WIN_CUME_DIST: call_ranks(r, call, c->func); return ST_OK;
    case WIN_NTILE: return call_ntile(cx, r, call, c->first_arg);
    case WIN_LAG:
    case WIN_LEAD: call_lag(r, call, c); return ST_OK;
    case WIN_FIRST_VALUE:
    case WIN_LAST_VALUE:
    case WIN_NTH_VALUE: return call_frame_value(cx, n, call, c);
    case WIN_AGG: return call_aggregate(cx, n, call, c);
    }
    UNREACHABLE();
}
