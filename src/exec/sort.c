/*
 * sort.c - ORDER BY through memcmp keys, top-N, and UNIQUE over sorted input.
 *
 * Rows go to a store, their keys, encoded to compare by memcmp, to one buffer; what is sorted is an
 * array of (first eight key bytes, place of the key, row). With a LIMIT the array is cut back to
 * the wanted rows whenever it has grown to several times as many.
 */
#include "exec/exec_internal.h"

#include <stdlib.h>

typedef struct SortItem {
    uint64_t prefix; /* big-endian first bytes */
    const uint8_t *key;
    uint32_t len, row;
} SortItem;

typedef struct SortRun {
    ExprRun *run;
    RowStore store;
    SortItem *items;
    uint32_t count, size;
    int64_t want; /* -1 = all */
    uint32_t at;
    bool filled;
    Buf key;
    const Vector **vecs;
    uint32_t *rows;
    /* unique */
    Buf last;
    bool have_last;
    uint16_t *idx;
} SortRun;

static int item_cmp(const void *pa, const void *pb)
{
    const SortItem *a = pa, *b = pb;
    if (a->prefix != b->prefix) {
        return a->prefix < b->prefix ? -1 : 1;
    }
    uint32_t n = MIN(a->len, b->len);
    int c = memcmp(a->key, b->key, n);
    if (c != 0) {
        return c;
    }
    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }
    return a->row < b->row ? -1 : a->row > b->row; /* rows that compare equal keep their order */
}

static uint64_t key_prefix(const uint8_t *p, size_t len)
{
    uint8_t b[8] = {0};
    uint64_t v;
    memcpy(b, p, MIN(len, 8));
    memcpy(&v, b, 8);
    return __builtin_bswap64(v);
}

/* cut - keep the first `want` rows of what has come so far. */
static void cut(SortRun *r)
{
    qsort(r->items, r->count, sizeof(SortItem), item_cmp);
    r->count = (uint32_t)MIN((int64_t)r->count, r->want);
}

static Status encode_keys(Cx *cx, ExecNode *n, ExprRun *run, const Batch *b, SortRun *r)
{
    for (uint16_t k = 0; k < n->plan->u.sort.key_count; k++) {
        TRY(expr_eval(cx, run, k, b, &b->sel, &n->batch, &r->vecs[k]));
    }
    return ST_OK;
}

static void encode_row(ExecNode *n, SortRun *r, uint32_t row)
{
    buf_clear(&r->key);
    for (uint16_t k = 0; k < n->plan->u.sort.key_count; k++) {
        const PlanSortKey *sk = &n->plan->u.sort.keys[k];
        bool null = vec_is_null(r->vecs[k], row);
        Datum d = {0};
        if (!null) {
            d = vec_get(r->vecs[k], row);
        }
        key_encode(sk->type, &d, null, sk->desc, sk->nulls_first, &r->key);
    }
}

static Status sort_add(Cx *cx, ExecNode *n, const Batch *b)
{
    SortRun *r = n->priv;
    arena_clear(&n->batch);
    TRY(encode_keys(cx, n, r->run, b, r));
    uint32_t first = (uint32_t)r->store.rows;
    if (r->store.rows + b->sel.count >= UINT32_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many rows to sort");
    }
    row_store_append(&r->store, b);
    SEL_FOREACH(row, &b->sel)
    {
        encode_row(n, r, row);
        if (r->count == r->size) {
            uint32_t size = r->size == 0 ? 256 : r->size * 2;
            r->items =
                arena_grow(&n->hold, r->items, r->size * sizeof(SortItem), size * sizeof(SortItem));
            r->size = size;
        }
        r->items[r->count++] = (SortItem){.prefix = key_prefix(r->key.data, r->key.len),
                                          .key = arena_memdup(&n->hold, r->key.data, r->key.len),
                                          .len = (uint32_t)r->key.len,
                                          .row = first + row_k};
    }
    if (r->want >= 0 && r->count > r->want * 4 + VEC_CAPACITY) {
        cut(r);
    }
    return exec_budget(cx, n->s, &n->hold);
}

static Status sort_start(Cx *cx, ExecNode *n)
{
    SortRun *r = n->priv;
    run_reset(n, r->run);
    arena_clear(&n->hold);
    row_store_init(&r->store, &n->hold, n->plan->phys, n->plan->col_count);
    r->items = NULL;
    r->count = r->size = r->at = 0;
    r->filled = false;
    r->want = -1;
    return node_start_children(cx, n);
}

static Status sort_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    SortRun *r = n->priv;
    const Batch *b;
    if (!r->filled) {
        Status st;
        while ((st = n->left->next(cx, n->left, VEC_CAPACITY, &b)) == ST_OK) {
            TRY(sort_add(cx, n, b));
        }
        if (st != ST_DONE) {
            return st;
        }
        if (r->count > 1) {
            qsort(r->items, r->count, sizeof(SortItem), item_cmp);
        }
        r->filled = true;
    }
    uint32_t count = MIN(max_rows, r->count - r->at);
    if (count == 0) {
        return ST_DONE;
    }
    batch_reset(&n->out);
    for (uint32_t i = 0; i < count; i++) {
        r->rows[i] = r->items[r->at + i].row;
    }
    for (uint16_t c = 0; c < n->plan->col_count; c++) {
        row_store_gather(&r->store, c, r->rows, count, n->out.cols[c]);
    }
    r->at += count;
    batch_set_count(&n->out, count);
    *out = &n->out;
    return ST_OK;
}

static void release_bufs(void *arg)
{
    SortRun *r = arg;
    buf_release(&r->key);
    buf_release(&r->last);
}

static Status sort_run_create(Cx *cx, ExecNode *n)
{
    Arena *a = &n->s->arena;
    SortRun *r = ARENA_NEW(a, SortRun);
    n->priv = r;
    buf_init(&r->key, 1u << 30);
    buf_init(&r->last, 1u << 30);
    arena_on_clear(a, release_bufs, r);
    r->vecs = ARENA_ARRAY(a, const Vector *, n->plan->u.sort.key_count + 1u);
    return run_create(cx, n, n->plan->u.sort.prog, &r->run);
}

Status sort_create(Cx *cx, ExecNode *n)
{
    n->start = sort_start;
    n->next = sort_next;
    node_out_init(n);
    TRY(sort_run_create(cx, n));
    ((SortRun *)n->priv)->rows = ARENA_ARRAY(&n->s->arena, uint32_t, VEC_CAPACITY);
    return ST_OK;
}

/* sort_set_want - the LIMIT above needs only this many rows. */
void sort_set_want(ExecNode *n, int64_t want)
{
    ((SortRun *)n->priv)->want = want;
}

/* ---- DISTINCT ON: the first row of each run of equal keys ---- */

static Status unique_start(Cx *cx, ExecNode *n)
{
    SortRun *r = n->priv;
    run_reset(n, r->run);
    r->have_last = false;
    return node_start_children(cx, n);
}

static Status unique_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    SortRun *r = n->priv;
    for (;;) {
        const Batch *b;
        uint32_t count = 0;
        TRY(n->left->next(cx, n->left, max_rows, &b));
        arena_clear(&n->batch);
        TRY(encode_keys(cx, n, r->run, b, r));
        SEL_FOREACH(row, &b->sel)
        {
            encode_row(n, r, row);
            if (r->have_last && r->last.len == r->key.len &&
                memcmp(r->last.data, r->key.data, r->key.len) == 0) {
                continue;
            }
            buf_clear(&r->last);
            buf_put(&r->last, r->key.data, r->key.len);
            r->have_last = true;
            r->idx[count++] = (uint16_t)row;
        }
        if (count > 0) {
            n->out = *b;
            n->out.sel = (Sel){r->idx, count};
            *out = &n->out;
            return ST_OK;
        }
    }
}

Status unique_create(Cx *cx, ExecNode *n)
{
    n->start = unique_start;
    n->next = unique_next;
    TRY(sort_run_create(cx, n));
    ((SortRun *)n->priv)->idx = ARENA_ARRAY(&n->s->arena, uint16_t, VEC_CAPACITY);
    return ST_OK;
}
