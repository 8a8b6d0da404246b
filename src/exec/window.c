/*
 * window.c - the window node: takes in sorted rows by whole partitions, hands them out with the
 * values of its calls.
 *
 * Small partitions are taken in many at a time. The input's columns go to a store that goes on on
 * disk; only what the calls look at by row (arguments, filters, RANGE keys) stays in memory until
 * its partition is done.
 */
#include "exec/window_internal.h"

/* same_window_key - are two values of a key equal, NULLs too? */
static bool same_window_key(const TypeOps *t, PhysType phys, const Datum *a, bool a_null,
                            const Datum *b, bool b_null)
{
    if (a_null || b_null) {
        return a_null && b_null;
    }
    if (phys_is_int(phys)) {
        return memcmp(a, b, phys_bytes(phys)) == 0;
    }
    return t->cmp(a, b) == 0;
}

/* row_begins - does the row begin a partition or a peer group? Its keys become the last ones. */
static uint8_t row_begins(ExecNode *n, uint32_t row)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    uint8_t begins = r->have_last ? 0 : WIN_NEW_PARTITION | WIN_NEW_GROUP;
    uint32_t keys = w->partition_count + (uint32_t)w->order_count;
    for (uint32_t k = 0; k < keys; k++) {
        bool null = vec_is_null(r->vecs[k], row);
        Datum d = {0};
        if (!null) {
            d = vec_get(r->vecs[k], row);
        }
        if (begins == 0 && !same_window_key(w->key_types[k], w->expr_phys[k], &d, null, &r->last[k],
                                            r->last_null[k])) {
            begins = k < w->partition_count ? WIN_NEW_PARTITION | WIN_NEW_GROUP : WIN_NEW_GROUP;
        }
        r->last[k] = d;
        r->last_null[k] = null;
    }
    r->have_last = true;
    return begins;
}

/* keep_last - long strings of the last keys lie in a batch that is about to go. */
static void keep_last(ExecNode *n)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    Arena *a = &r->last_arena[r->last_turn ^= 1];
    arena_clear(a);
    for (uint32_t k = 0; k < w->partition_count + (uint32_t)w->order_count; k++) {
        if (r->have_last && w->expr_phys[k] == PHYS_STR && !r->last_null[k]) {
            Str *s = &r->last[k].str;
            *s = str_copy(a, str_ptr(s), s->len);
        }
    }
}

/* more_input - the next batch and its expressions; ST_DONE at the end. */
static Status more_input(Cx *cx, ExecNode *n)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    const Batch *b;
    keep_last(n);
    Status st = r->input_ended ? ST_DONE : n->left->next(cx, n->left, VEC_CAPACITY, &b);
    if (st != ST_OK) {
        r->input_ended = st == ST_DONE;
        return st;
    }
    arena_clear(&n->batch);
    for (uint32_t i = 0; i < w->expr_count; i++) {
        TRY(expr_eval(cx, r->run, i, b, &b->sel, &n->batch, &r->vecs[i]));
    }
    r->in = *b;
    r->in_at = 0;
    return ST_OK;
}

/* take_rows - the next `count` selected rows of the input batch into the stores. */
static Status take_rows(Cx *cx, ExecNode *n, uint32_t count)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    Batch rows = r->in;
    if (count == 0) {
        return ST_OK;
    }
    if (rows.sel.idx == NULL) {
        for (uint32_t i = 0; i < count; i++) {
            r->idx[i] = (uint16_t)(r->in_at + i);
        }
        rows.sel = (Sel){r->idx, count};
    } else {
        rows.sel = (Sel){rows.sel.idx + r->in_at, count};
    }
    TRY(big_store_append(cx, &r->rows, &rows));
    Batch exprs = {.cols = (Vector **)(uintptr_t)(r->vecs + r->expr_first),
                   .col_count = (uint16_t)(w->expr_count - r->expr_first),
                   .count = rows.count,
                   .sel = rows.sel};
    row_store_append(&r->exprs, &exprs);
    r->in_at += count;
    return ST_OK;
}

/* take_batch - rows of the input batch, up to its end or, when enough are held, to the first row of
 * a new partition; *full_out: there are whole partitions to work on. */
static Status take_batch(Cx *cx, ExecNode *n, bool *full_out)
{
    WindowRun *r = n->priv;
    uint32_t count = 0;
    *full_out = false;
    if (r->row_count + VEC_CAPACITY > r->begins_size) {
        uint32_t size = MAX(r->begins_size * 2, r->row_count + VEC_CAPACITY);
        r->begins = arena_grow(&n->hold, r->begins, r->begins_size, size);
        r->begins_size = size;
    }
    if (r->row_count >= UINT32_MAX - 2 * VEC_CAPACITY) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many rows in a window partition");
    }
    for (uint32_t at = r->in_at; at < r->in.sel.count; at++) {
        uint32_t row = r->in.sel.idx != NULL ? r->in.sel.idx[at] : at;
        uint8_t begins = row_begins(n, row);
        if ((begins & WIN_NEW_PARTITION) && r->row_count >= VEC_CAPACITY) {
            r->have_last = false; /* it begins the next round's first partition */
            *full_out = true;
            break;
        }
        r->begins[r->row_count++] = begins;
        count++;
    }
    return take_rows(cx, n, count);
}

/* forget_rows - ready for the next partitions. */
static void forget_rows(ExecNode *n)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    const PlanNode *in = n->left->plan;
    arena_clear(&n->hold);
    arena_clear(&r->rows_arena);
    big_store_init(&r->rows, n->s, &r->rows_arena, in->phys, in->col_count);
    row_store_init(&r->exprs, &n->hold, w->expr_phys + r->expr_first,
                   (uint16_t)(w->expr_count - r->expr_first));
    r->begins = NULL;
    r->begins_size = r->row_count = r->given = 0;
    big_reader_rewind(&r->reader);
}

/* make_results - vectors for the results of all rows held. */
static void make_results(ExecNode *n)
{
    WindowRun *r = n->priv;
    const PlanNode *p = n->plan;
    uint16_t first = n->left->plan->col_count;
    r->chunk_count = (r->row_count + VEC_CAPACITY - 1) / VEC_CAPACITY;
    size_t count = (size_t)r->chunk_count * p->u.window.call_count;
    r->results = ARENA_ARRAY(&n->hold, Vector *, count + 1);
    for (size_t i = 0; i < count; i++) {
        r->results[i] = ARENA_NEW(&n->hold, Vector);
        vec_init(r->results[i], p->phys[first + i / r->chunk_count], &n->hold);
    }
}

/* work - compute all calls over the partitions held. */
static Status work(Cx *cx, ExecNode *n)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    make_results(n);
    for (uint32_t first = 0, end; first < r->row_count; first = end) {
        for (end = first + 1; end < r->row_count && !(r->begins[end] & WIN_NEW_PARTITION); end++) {
        }
        TRY(window_partition_begin(cx, n, first, end));
        for (uint16_t c = 0; c < w->call_count; c++) {
            TRY(window_call_run(cx, n, c));
        }
    }
    return exec_budget(cx, n->s, &n->hold);
}

/* fill_rows - take in the next partitions and compute; ST_DONE when there are none. */
static Status fill_rows(Cx *cx, ExecNode *n)
{
    WindowRun *r = n->priv;
    bool full = false;
    forget_rows(n);
    while (!full) {
        if (r->in_at >= r->in.sel.count) {
            Status st = more_input(cx, n);
            if (st == ST_DONE) {
                break;
            }
            TRY(st);
        }
        TRY(take_batch(cx, n, &full));
        TRY(exec_budget(cx, n->s, &n->hold));
    }
    return r->row_count == 0 ? ST_DONE : work(cx, n);
}

/* window_next - the input columns as they were put aside, the results beside them. */
static Status window_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    uint16_t in_count = n->left->plan->col_count;
    const Batch *b;
    if (r->given >= r->row_count) {
        TRY(fill_rows(cx, n));
    }
    TRY(big_read(cx, &r->reader, &r->rows, max_rows, &b));
    for (uint16_t c = 0; c < in_count; c++) {
        r->view.cols[c] = b->cols[c];
    }
    for (uint16_t c = 0; c < w->call_count; c++) {
        Vector *to = n->out.cols[in_count + c];
        vec_reset(to);
        SEL_FOREACH(row, &b->sel)
        {
            uint32_t at = r->given + row_k;
            const Vector *from = r->results[(size_t)c * r->chunk_count + at / VEC_CAPACITY];
            vec_copy_value(from, at % VEC_CAPACITY, to, row, NULL);
        }
        r->view.cols[in_count + c] = to;
    }
    r->view.col_count = n->plan->col_count;
    r->view.count = b->count;
    r->view.sel = b->sel;
    r->given += b->sel.count;
    *out = &r->view;
    return ST_OK;
}

static void window_end(ExecNode *n)
{
    WindowRun *r = n->priv;
    arena_clear(&r->rows_arena);
    for (uint16_t c = 0; c < n->plan->u.window.call_count; c++) {
        arena_clear(&r->calls[c].arena);
    }
}

static Status window_start(Cx *cx, ExecNode *n)
{
    WindowRun *r = n->priv;
    run_reset(n, r->run);
    run_reset(n, r->offsets);
    r->in = (Batch){0};
    r->in_at = 0;
    r->input_ended = r->have_last = r->offsets_known = false;
    forget_rows(n);
    return node_start_children(cx, n);
}

Status window_create(Cx *cx, ExecNode *n)
{
    const PlanWindow *w = &n->plan->u.window;
    Arena *a = &n->s->arena;
    WindowRun *r = ARENA_NEW(a, WindowRun);
    uint32_t keys = w->partition_count + (uint32_t)w->order_count;
    n->priv = r;
    n->start = window_start;
    n->next = window_next;
    n->end = window_end;
    node_out_init(n);
    arena_init(&r->rows_arena, a, "window rows", 0);
    arena_init(&r->last_arena[0], a, "window keys", 0);
    arena_init(&r->last_arena[1], a, "window keys", 0);
    r->expr_first = (uint16_t)keys;
    r->vecs = ARENA_ARRAY(a, const Vector *, w->expr_count + 1u);
    r->last = ARENA_ARRAY(a, Datum, keys + 1);
    r->last_null = ARENA_ARRAY(a, bool, keys + 1);
    r->idx = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->sel_idx = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->view.cols = ARENA_ARRAY(a, Vector *, n->plan->col_count + 1u);
    r->calls = ARENA_ARRAY(a, WinCallRun, w->call_count + 1u);
    big_reader_init(&r->reader, n->s);
    for (uint16_t c = 0; c < w->call_count; c++) {
        const WindowCall *call = &w->calls[c];
        WinCallRun *run = &r->calls[c];
        arena_init(&run->arena, a, "window state", 0);
        run->argv = ARENA_ARRAY(a, const Vector *, call->arg_count + 1u);
        if (call->func == WIN_AGG) {
            run->remove = agg_remove(call->ops->fn_oid);
            run->fc = (FnCall){.state_arena = &run->arena,
                               .fn_oid = call->ops->fn_oid,
                               .result_type = call->expr->type,
                               .arg_types = call->arg_types,
                               .collation = call->expr->collation,
                               .arg_typmod = -1};
        }
    }
    TRY(run_create(cx, n, w->prog, &r->run));
    return run_create(cx, n, w->offsets, &r->offsets);
}
