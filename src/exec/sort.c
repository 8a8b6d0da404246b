/*
 * sort.c - ORDER BY through memcmp keys, top-N, and UNIQUE over sorted input.
 *
 * Rows go to a store; of their keys, encoded to compare by memcmp, the first 16 bytes go into the
 * item that stands for the row, longer ones to memory as well. Items are ordered by order.c. With a
 * LIMIT they are cut back to the wanted rows whenever there are several times as many, and from
 * then on a row whose key is not below the last wanted one's is not even stored.
 */
#include "exec/sort_internal.h"

#define INT_KEY_BYTES 9u /* marker and at most 8 bytes */
#define INT_KEYS_MAX  8u

/* cut - keep the first `want` rows of what has come so far. */
static void cut(ExecNode *n, SortRun *r)
{
    uint32_t keep = (uint32_t)MIN((int64_t)r->count, r->want);
    const uint32_t *order = sort_order(&r->order, &n->hold, r->items, r->count);
    SortItem *best = ARENA_ARRAY(&n->batch, SortItem, keep + 1u);
    for (uint32_t i = 0; i < keep; i++) {
        best[i] = r->items[order[i]];
    }
    memcpy(r->items, best, keep * sizeof(SortItem));
    r->count = keep;
    r->bounded = keep == r->want;
    if (r->bounded && keep != 0) {
        r->bound = best[keep - 1];
    }
}

/* int_key - is the type's key its value, big-endian, with the sign bit turned? */
static bool int_key(Oid type)
{
    switch (type) {
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ: return true;
    default: return false;
    }
}

/* sort_put_int - the key of one integer value, as key_encode makes it. */
static uint32_t sort_put_int(uint8_t *out, const PlanSortKey *sk, const Vector *v, uint32_t row)
{
    if (vec_is_null(v, row)) {
        out[0] = sk->nulls_first ? 0 : 2;
        return 1;
    }
    uint32_t bytes = phys_bytes(v->phys), shift = 64 - 8 * bytes;
    uint64_t w = ((uint64_t)vec_int(v, row) << shift) ^ ((uint64_t)1 << 63);
    w = __builtin_bswap64(sk->desc ? ~w : w);
    out[0] = 1;
    memcpy(out + 1, &w, 8);
    return 1 + bytes;
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

/* row_key_bytes - the key of a row; valid until the next one is made. */
static const uint8_t *row_key_bytes(ExecNode *n, SortRun *r, uint32_t row, uint8_t *room,
                                    uint32_t *len_out)
{
    if (!r->ints) {
        encode_row(n, r, row);
        *len_out = (uint32_t)r->key.len;
        return r->key.data;
    }
    uint32_t len = 0;
    for (uint16_t k = 0; k < n->plan->u.sort.key_count; k++) {
        len += sort_put_int(room + len, &n->plan->u.sort.keys[k], r->vecs[k], row);
    }
    *len_out = len;
    return room;
}

Status sort_keys_eval(Cx *cx, ExecNode *n, const Batch *b)
{
    SortRun *r = n->priv;
    return encode_keys(cx, n, r->run, b, r);
}

const uint8_t *sort_key_of(ExecNode *n, uint32_t row, uint32_t *len_out)
{
    SortRun *r = n->priv;
    encode_row(n, r, row);
    *len_out = (uint32_t)r->key.len;
    return r->key.data;
}

/* sort_add - keep a batch and the sort keys of its rows; a top-N leaves out what its bound rules
 * out. */
static Status sort_add(Cx *cx, ExecNode *n, const Batch *b)
{
    SortRun *r = n->priv;
    uint8_t room[INT_KEYS_MAX * INT_KEY_BYTES + 8];
    arena_clear(&n->batch);
    TRY(encode_keys(cx, n, r->run, b, r));
    uint32_t first = (uint32_t)r->store.rows, kept = 0;
    if (r->store.rows + b->sel.count >= UINT32_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many rows to sort");
    }
    if (r->count + b->sel.count > r->size) {
        uint32_t size = MAX(r->size * 2, r->count + (uint32_t)VEC_CAPACITY);
        r->items =
            arena_grow(&n->hold, r->items, r->size * sizeof(SortItem), size * sizeof(SortItem));
        r->size = size;
    }
    SEL_FOREACH(row, &b->sel)
    {
        uint32_t len;
        const uint8_t *key = row_key_bytes(n, r, row, room, &len);
        SortItem item = sort_item(key, len, first + kept);
        if (r->bounded && (r->want == 0 || sort_item_cmp(&item, &r->bound) >= 0)) {
            continue;
        }
        if (len > SORT_ITEM_BYTES) {
            item.key = arena_memdup(&n->hold, key, len);
        }
        r->items[r->count++] = item;
        r->kept[kept++] = (uint16_t)row;
    }
    Batch rows = *b;
    if (kept != b->sel.count) {
        rows.sel = (Sel){r->kept, kept};
    }
    row_store_append(&r->store, &rows);
    if (r->want >= 0 && r->count > r->want * 4 + VEC_CAPACITY / 2) {
        cut(n, r);
    }
    return exec_over_budget(n->s, &n->hold) ? sort_spill(cx, n) : exec_budget(cx, n->s, &n->hold);
}

/* sort_forget - an empty sort. */
void sort_forget(ExecNode *n)
{
    SortRun *r = n->priv;
    arena_clear(&n->hold);
    row_store_init(&r->store, &n->hold, n->plan->phys, n->plan->col_count);
    r->items = NULL;
    r->count = r->size = r->at = 0;
    r->order = (SortOrder){0};
}

static void sort_end(ExecNode *n)
{
    SortRun *r = n->priv;
    arena_clear(&r->disk);
    r->run_count = 0;
    r->merge = NULL;
}

static Status sort_start(Cx *cx, ExecNode *n)
{
    SortRun *r = n->priv;
    run_reset(n, r->run);
    sort_forget(n);
    sort_end(n);
    r->filled = r->bounded = false;
    r->want = -1;
    return node_start_children(cx, n);
}

/* sort_next - sort all input on the first call, then hand out rows in order. */
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
        if (r->run_count > 0) {
            TRY(sort_merge_begin(cx, n));
        } else {
            (void)sort_order(&r->order, &n->hold, r->items, r->count);
        }
        r->filled = true;
    }
    if (r->merge != NULL) {
        TRY(sort_merge_next(cx, n, max_rows));
        *out = &n->out;
        return ST_OK;
    }
    uint32_t count = MIN(max_rows, r->count - r->at);
    if (count == 0) {
        return ST_DONE;
    }
    batch_reset(&n->out);
    for (uint32_t i = 0; i < count; i++) {
        r->rows[i] = r->items[r->order.at[r->at + i]].row;
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
    arena_init(&r->disk, a, "sort runs", 0);
    arena_on_clear(a, release_bufs, r);
    r->vecs = ARENA_ARRAY(a, const Vector *, n->plan->u.sort.key_count + 1u);
    r->kept = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->ints = n->plan->u.sort.key_count <= INT_KEYS_MAX;
    for (uint16_t k = 0; k < n->plan->u.sort.key_count; k++) {
        r->ints &= int_key(n->plan->u.sort.keys[k].type->oid);
    }
    return run_create(cx, n, n->plan->u.sort.prog, &r->run);
}

Status sort_create(Cx *cx, ExecNode *n)
{
    n->start = sort_start;
    n->next = sort_next;
    n->end = sort_end;
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

/* unique_next - rows whose key differs from that of the row before them: the input is sorted. */
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

/* ---- WITH TIES: the first rows, and those that equal the last of them ---- */

static Status ties_start(Cx *cx, ExecNode *n)
{
    SortRun *r = n->priv;
    int64_t limit, offset;
    run_reset(n, r->run);
    run_reset(n, r->limit);
    TRY(limit_values(cx, r->limit, 0, n->plan->u.sort.has_offset ? 1 : -1, &n->batch, &limit,
                     &offset));
    r->have_last = false;
    r->want = limit < 0 || limit > INT64_MAX - offset ? INT64_MAX : limit + offset;
    TRY(node_start_children(cx, n));
    n->done = limit == 0;
    return ST_OK;
}

/* ties_next - rows as they come until `want` are out, then those with the key of the last one. */
static Status ties_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    SortRun *r = n->priv;
    const Batch *b;
    uint32_t count = 0;
    if (n->done) {
        return ST_DONE;
    }
    TRY(n->left->next(cx, n->left,
                      r->want > 0 ? (uint32_t)MIN(r->want, (int64_t)max_rows) : max_rows, &b));
    arena_clear(&n->batch);
    TRY(encode_keys(cx, n, r->run, b, r));
    SEL_FOREACH(row, &b->sel)
    {
        if (r->want > 0) {
            r->want--;
            if (r->want == 0) {
                encode_row(n, r, row);
                buf_clear(&r->last);
                buf_put(&r->last, r->key.data, r->key.len);
            }
        } else {
            encode_row(n, r, row);
            if (r->last.len != r->key.len || memcmp(r->last.data, r->key.data, r->key.len) != 0) {
                n->done = true;
                break;
            }
        }
        r->idx[count++] = (uint16_t)row;
    }
    if (count == 0) {
        return ST_DONE;
    }
    n->out = *b;
    n->out.sel = (Sel){r->idx, count};
    *out = &n->out;
    return ST_OK;
}

Status ties_create(Cx *cx, ExecNode *n)
{
    n->start = ties_start;
    n->next = ties_next;
    TRY(sort_run_create(cx, n));
    SortRun *r = n->priv;
    r->idx = ARENA_ARRAY(&n->s->arena, uint16_t, VEC_CAPACITY);
    return run_create(cx, n, n->plan->u.sort.limit, &r->limit);
}
