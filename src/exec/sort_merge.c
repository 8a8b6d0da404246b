/*
 * sort_merge.c - sorts larger than memory: ordered runs on disk, merged by a heap.
 *
 * When there are SORT_RUNS_MAX runs they are merged into one, so the number of files and of rows in
 * memory stays bounded. Equal keys keep the order of arrival: an earlier run goes first.
 */
#include "exec/sort_internal.h"

/* RunHead - where the merge stands in one run: the chunk in memory, with its rows' keys. */
typedef struct RunHead {
    Spill *run;
    const Batch *b;
    uint32_t at;
    Buf keys;
    uint32_t *ends; /* of each row's key in keys */
    uint32_t number;
} RunHead;

typedef struct SortMerge {
    RunHead heads[SORT_RUNS_MAX];
    RunHead *heap[SORT_RUNS_MAX];
    uint32_t heap_count;
} SortMerge;

static void key_at(const RunHead *h, const uint8_t **p, uint32_t *len)
{
    uint32_t from = h->at == 0 ? 0 : h->ends[h->at - 1];
    *p = h->keys.data + from;
    *len = h->ends[h->at] - from;
}

static bool head_less(const RunHead *a, const RunHead *b)
{
    const uint8_t *pa, *pb;
    uint32_t la, lb;
    key_at(a, &pa, &la);
    key_at(b, &pb, &lb);
    int c = memcmp(pa, pb, MIN(la, lb));
    return c != 0 ? c < 0 : la != lb ? la < lb : a->number < b->number;
}

static void heap_down(SortMerge *m, uint32_t i)
{
    for (;;) {
        uint32_t least = i, l = 2 * i + 1;
        if (l < m->heap_count && head_less(m->heap[l], m->heap[least])) {
            least = l;
        }
        if (l + 1 < m->heap_count && head_less(m->heap[l + 1], m->heap[least])) {
            least = l + 1;
        }
        if (least == i) {
            return;
        }
        RunHead *t = m->heap[i];
        m->heap[i] = m->heap[least];
        m->heap[least] = t;
        i = least;
    }
}

/* head_load - the next chunk of a run and its keys; ST_DONE at its end. */
static Status head_load(Cx *cx, ExecNode *n, RunHead *h)
{
    TRY(spill_next(cx, h->run, &h->b));
    TRY(sort_keys_eval(cx, n, h->b));
    h->at = 0;
    buf_clear(&h->keys);
    for (uint32_t i = 0; i < h->b->count; i++) {
        uint32_t len;
        const uint8_t *key = sort_key_of(n, i, &len);
        buf_put(&h->keys, key, len);
        h->ends[i] = (uint32_t)h->keys.len;
    }
    return h->keys.overflow ? err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory") : ST_OK;
}

static void release_keys(void *arg)
{
    SortMerge *m = arg;
    for (uint32_t i = 0; i < SORT_RUNS_MAX; i++) {
        buf_release(&m->heads[i].keys);
    }
}

/* merge_create - a heap over the first rows of all runs. */
static Status merge_create(Cx *cx, ExecNode *n, SortMerge **out)
{
    SortRun *r = n->priv;
    SortMerge *m = ARENA_NEW(&r->disk, SortMerge);
    for (uint32_t i = 0; i < SORT_RUNS_MAX; i++) {
        buf_init(&m->heads[i].keys, 1u << 30);
    }
    arena_on_clear(&r->disk, release_keys, m);
    for (uint32_t i = 0; i < r->run_count; i++) {
        RunHead *h = &m->heads[i];
        h->run = r->runs[i];
        h->number = i;
        h->ends = ARENA_ARRAY(&r->disk, uint32_t, VEC_CAPACITY);
        TRY(spill_rewind(cx, h->run));
        Status st = head_load(cx, n, h);
        if (st == ST_OK) {
            m->heap[m->heap_count++] = h;
        } else if (st != ST_DONE) {
            return st;
        }
    }
    for (uint32_t i = m->heap_count; i-- > 0;) {
        heap_down(m, i);
    }
    *out = m;
    return ST_OK;
}

/* merge_step - go on from the least row. */
static Status merge_step(Cx *cx, ExecNode *n, SortMerge *m)
{
    RunHead *h = m->heap[0];
    Status st = ST_OK;
    if (++h->at >= h->b->count) {
        st = head_load(cx, n, h);
    }
    if (st == ST_DONE) {
        m->heap[0] = m->heap[--m->heap_count];
        st = ST_OK;
    }
    heap_down(m, 0);
    return st;
}

/* merge_runs - all runs become one. */
static Status merge_runs(Cx *cx, ExecNode *n)
{
    SortRun *r = n->priv;
    SortMerge *m;
    Spill *all = spill_create(n->s, &r->disk, n->plan->phys, n->plan->col_count);
    TRY(merge_create(cx, n, &m));
    while (m->heap_count > 0) {
        const RunHead *h = m->heap[0];
        TRY(spill_append_row(cx, all, (const Vector *const *)h->b->cols, h->at));
        arena_clear(&n->batch);
        TRY(merge_step(cx, n, m));
    }
    for (uint32_t i = 0; i < r->run_count; i++) {
        spill_drop(r->runs[i]);
    }
    r->runs[0] = all;
    r->run_count = 1;
    return ST_OK;
}

Status sort_spill(Cx *cx, ExecNode *n)
{
    SortRun *r = n->priv;
    if (r->count == 0) {
        return ST_OK;
    }
    if (r->run_count == SORT_RUNS_MAX) {
        TRY(merge_runs(cx, n));
    }
    Spill *run = spill_create(n->s, &r->disk, n->plan->phys, n->plan->col_count);
    const uint32_t *order = sort_order(&r->order, &n->hold, r->items, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t row = r->items[order[i]].row;
        TRY(spill_append_row(cx, run,
                             (const Vector *const *)r->store.chunks[row / VEC_CAPACITY]->cols,
                             row % VEC_CAPACITY));
    }
    r->runs[r->run_count++] = run;
    r->bounded = false; /* its key goes with the rows */
    sort_forget(n);
    return ST_OK;
}

Status sort_merge_begin(Cx *cx, ExecNode *n)
{
    SortRun *r = n->priv;
    TRY(sort_spill(cx, n));
    arena_clear(&n->batch);
    return merge_create(cx, n, &r->merge);
}

Status sort_merge_next(Cx *cx, ExecNode *n, uint32_t max_rows)
{
    SortRun *r = n->priv;
    SortMerge *m = r->merge;
    uint32_t count = 0;
    arena_clear(&n->batch);
    batch_reset(&n->out);
    while (count < max_rows && m->heap_count > 0) {
        const RunHead *h = m->heap[0];
        for (uint16_t c = 0; c < n->plan->col_count; c++) {
            vec_copy_value(h->b->cols[c], h->at, n->out.cols[c], count, &n->batch);
        }
        count++;
        TRY(merge_step(cx, n, m));
    }
    batch_set_count(&n->out, count);
    return count == 0 ? ST_DONE : ST_OK;
}
