/*
 * basic_nodes.c - one-row result, VALUES, filter, projection, LIMIT, append, materialisation.
 */
#include "exec/spill.h"

/* ---- result ---- */

static Status result_start(Cx *cx, ExecNode *n)
{
    (void)cx;
    n->done = false;
    return ST_OK;
}

static Status result_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    (void)cx;
    (void)max_rows;
    if (n->done) {
        return ST_DONE;
    }
    n->done = true;
    batch_set_count(&n->out, 1);
    *out = &n->out;
    return ST_OK;
}

Status result_create(Cx *cx, ExecNode *n)
{
    (void)cx;
    n->start = result_start;
    n->next = result_next;
    return ST_OK;
}

/* ---- VALUES ---- */

typedef struct ValuesRun {
    ExprRun *run;
    uint32_t at;
} ValuesRun;

static Status values_start(Cx *cx, ExecNode *n)
{
    (void)cx;
    ValuesRun *r = n->priv;
    r->at = 0;
    run_reset(n, r->run);
    return ST_OK;
}

/* values_next - evaluate the next rows of VALUES, no more than demanded: one may raise an error. */
static Status values_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    ValuesRun *r = n->priv;
    uint32_t total = n->plan->u.values.row_count, count = MIN(total - r->at, max_rows);
    if (count == 0) {
        return ST_DONE;
    }
    arena_clear(&n->batch);
    batch_reset(&n->out);
    for (uint32_t i = 0; i < count; i++, r->at++) {
        for (uint16_t c = 0; c < n->plan->col_count; c++) {
            const Vector *v;
            TRY(expr_eval(cx, r->run, r->at * n->plan->col_count + c, &NONE, &NONE.sel, &n->batch,
                          &v));
            vec_copy_value(v, 0, n->out.cols[c], i, NULL);
        }
    }
    batch_set_count(&n->out, count);
    *out = &n->out;
    return ST_OK;
}

Status values_create(Cx *cx, ExecNode *n)
{
    ValuesRun *r = ARENA_NEW(&n->s->arena, ValuesRun);
    n->priv = r;
    n->start = values_start;
    n->next = values_next;
    node_out_init(n);
    return run_create(cx, n, n->plan->u.values.prog, &r->run);
}

/* ---- filter ---- */

typedef struct FilterRun {
    ExprRun *run;
    uint16_t *idx;
    Batch in;    /* the input batch whose rows are handed out */
    uint32_t at; /* rows of in.sel handed out so far */
} FilterRun;

static Status filter_start(Cx *cx, ExecNode *n)
{
    FilterRun *r = n->priv;
    run_reset(n, r->run);
    r->at = r->in.sel.count = 0;
    return node_start_children(cx, n);
}

/*
 * filter_next - the input is asked for no more rows than wanted, then for twice as many each time
 * nothing was found; what is found too much is kept for the next call.
 */
static Status filter_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    FilterRun *r = n->priv;
    uint32_t demand = max_rows;
    while (r->at >= r->in.sel.count) {
        const Batch *b;
        TRY(n->left->next(cx, n->left, demand, &b));
        arena_clear(&n->batch);
        r->in = *b;
        TRY(expr_filter(cx, r->run, 0, b, &b->sel, &n->batch, r->idx, &r->in.sel));
        r->at = 0;
        demand = MIN(demand * 2, VEC_CAPACITY);
    }
    n->out = r->in;
    uint32_t count = MIN(r->in.sel.count - r->at, max_rows);
    n->out.sel = (Sel){r->in.sel.idx + r->at, count};
    r->at += count;
    *out = &n->out;
    return ST_OK;
}

Status filter_create(Cx *cx, ExecNode *n)
{
    FilterRun *r = ARENA_NEW(&n->s->arena, FilterRun);
    n->priv = r;
    n->start = filter_start;
    n->next = filter_next;
    r->idx = arena_alloc(&n->s->arena, VEC_CAPACITY * sizeof(uint16_t));
    return run_create(cx, n, n->plan->u.filter.prog, &r->run);
}

/* ---- projection ---- */

static Status project_start(Cx *cx, ExecNode *n)
{
    run_reset(n, n->priv);
    return node_start_children(cx, n);
}

static Status project_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    const Batch *b;
    TRY(n->left->next(cx, n->left, max_rows, &b));
    arena_clear(&n->batch);
    for (uint16_t c = 0; c < n->plan->col_count; c++) {
        const Vector *v;
        TRY(expr_eval(cx, n->priv, c, b, &b->sel, &n->batch, &v));
        n->out.cols[c] = (Vector *)(uintptr_t)v;
    }
    n->out.col_count = n->plan->col_count;
    n->out.count = b->count;
    n->out.sel = b->sel;
    *out = &n->out;
    return ST_OK;
}

Status project_create(Cx *cx, ExecNode *n)
{
    ExprRun *run;
    n->start = project_start;
    n->next = project_next;
    n->out.cols = ARENA_ARRAY(&n->s->arena, Vector *, n->plan->col_count + 1u);
    TRY(run_create(cx, n, n->plan->u.project.prog, &run));
    n->priv = run;
    return ST_OK;
}

/* ---- LIMIT ---- */

typedef struct LimitRun {
    ExprRun *run;
    int64_t left, skip; /* left < 0: no limit */
    uint16_t *idx;
} LimitRun;

/* limit_values - LIMIT and OFFSET; -1 = no limit. 2201W, 2201X. */
Status limit_values(Cx *cx, ExprRun *run, int limit_expr, int offset_expr, Arena *arena,
                    int64_t *limit_out, int64_t *offset_out)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    const Vector *v;
    *limit_out = -1;
    *offset_out = 0;
    if (offset_expr >= 0) {
        TRY(expr_eval(cx, run, (uint32_t)offset_expr, &NONE, &NONE.sel, arena, &v));
        *offset_out = vec_is_null(v, 0) ? 0 : vec_int(v, 0);
        if (*offset_out < 0) {
            return err_set(cx, ERRCODE_INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE,
                           "OFFSET must not be negative");
        }
    }
    if (limit_expr >= 0) {
        TRY(expr_eval(cx, run, (uint32_t)limit_expr, &NONE, &NONE.sel, arena, &v));
        *limit_out = vec_is_null(v, 0) ? -1 : vec_int(v, 0);
        if (*limit_out < 0 && !vec_is_null(v, 0)) {
            return err_set(cx, ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE,
                           "LIMIT must not be negative");
        }
    }
    return ST_OK;
}

static Status limit_start(Cx *cx, ExecNode *n)
{
    LimitRun *r = n->priv;
    run_reset(n, r->run);
    TRY(limit_values(cx, r->run, n->plan->u.limit.limit, n->plan->u.limit.offset, &n->batch,
                     &r->left, &r->skip));
    TRY(node_start_children(cx, n));
    if (n->left->plan->kind == PLAN_SORT && r->left >= 0 && r->left < INT64_MAX - r->skip &&
        r->left + r->skip < 100000) {
        sort_set_want(n->left, r->left + r->skip);
    }
    return ST_OK;
}

/* limit_next - pass rows on after OFFSET until LIMIT; demands no more from below than it will pass
 * on. */
static Status limit_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    LimitRun *r = n->priv;
    if (r->left == 0) {
        return ST_DONE;
    }
    for (;;) {
        const Batch *b;
        int64_t demand = r->left < 0 ? (int64_t)max_rows : MIN(r->left, (int64_t)max_rows);
        demand = MIN(demand + r->skip, VEC_CAPACITY);
        TRY(n->left->next(cx, n->left, (uint32_t)demand, &b));
        int64_t have = b->sel.count;
        if (have <= r->skip) {
            r->skip -= have;
            continue;
        }
        uint32_t skip = (uint32_t)r->skip, count = 0;
        uint32_t take = (uint32_t)(have - r->skip);
        take = r->left >= 0 ? (uint32_t)MIN((int64_t)take, r->left) : take;
        n->out = *b;
        if (skip == 0 && take == b->sel.count) {
            r->left -= r->left < 0 ? 0 : (int64_t)take;
            *out = &n->out;
            return ST_OK;
        }
        SEL_FOREACH(row, &b->sel)
        {
            if (row_k >= skip && count < take) {
                r->idx[count++] = (uint16_t)row;
            }
        }
        n->out.sel = (Sel){r->idx, count};
        r->skip = 0;
        r->left -= r->left < 0 ? 0 : (int64_t)count;
        *out = &n->out;
        return ST_OK;
    }
}

Status limit_create(Cx *cx, ExecNode *n)
{
    LimitRun *r = ARENA_NEW(&n->s->arena, LimitRun);
    n->priv = r;
    n->start = limit_start;
    n->next = limit_next;
    r->idx = arena_alloc(&n->s->arena, VEC_CAPACITY * sizeof(uint16_t));
    return run_create(cx, n, n->plan->u.limit.prog, &r->run);
}

/* ---- append ---- */

static Status append_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    const Batch *b;
    Status st = ST_DONE;
    if (!n->done) {
        st = n->left->next(cx, n->left, max_rows, &b);
        n->done = st == ST_DONE;
    }
    if (n->done) {
        st = n->right->next(cx, n->right, max_rows, &b);
    }
    if (st == ST_OK) {
        n->out = *b;
        *out = &n->out;
    }
    return st;
}

Status append_create(Cx *cx, ExecNode *n)
{
    (void)cx;
    n->start = node_start_children;
    n->next = append_next;
    return ST_OK;
}

/* ---- materialisation ---- */

typedef struct MaterialRun {
    BigStore store;
    BigReader reader;
    bool filled;
} MaterialRun;

static Status material_start(Cx *cx, ExecNode *n)
{
    MaterialRun *r = n->priv;
    big_reader_rewind(&r->reader);
    r->filled = false;
    arena_clear(&n->hold);
    big_store_init(&r->store, n->s, &n->hold, n->plan->phys, n->plan->col_count);
    return node_start_children(cx, n);
}

static Status material_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    MaterialRun *r = n->priv;
    const Batch *b;
    if (!r->filled) {
        Status st;
        while ((st = n->left->next(cx, n->left, VEC_CAPACITY, &b)) == ST_OK) {
            TRY(big_store_append(cx, &r->store, b));
        }
        if (st != ST_DONE) {
            return st;
        }
        r->filled = true;
    }
    return big_read(cx, &r->reader, &r->store, max_rows, out);
}

/* material_rewind - read again what is there. */
void material_rewind(ExecNode *n)
{
    big_reader_rewind(&((MaterialRun *)n->priv)->reader);
    node_count_loop(n);
}

Status material_create(Cx *cx, ExecNode *n)
{
    (void)cx;
    MaterialRun *r = ARENA_NEW(&n->s->arena, MaterialRun);
    n->priv = r;
    n->start = material_start;
    n->next = material_next;
    big_reader_init(&r->reader, n->s);
    return ST_OK;
}
