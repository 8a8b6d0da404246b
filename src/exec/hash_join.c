/*
 * hash_join.c - inner, left and full joins by a hash table over the right side.
 *
 * Build rows go to a store; rows of equal keys are chained by number. A probe batch is turned into
 * pairs (probe row, build row), at most a batch of them at a time; the remaining condition is
 * tested on the pairs, and what stayed without a partner follows with NULLs.
 *
 * When the right side outgrows its memory, both sides are divided on disk by a hash of their keys,
 * and part is joined with part.
 */
#include "base/map.h"
#include "exec/spill.h"

#define ROW_NONE UINT32_MAX

typedef struct HashRun {
    ExprRun *lkeys, *rkeys, *residual;
    bool ints;
    RowStore store;
    KeyTable keys;
    uint32_t *heads, *next; /* per key; per build row */
    uint32_t head_size, next_size;
    uint8_t *build_matched;
    bool built;
    Buf key;
    const Vector **vecs;
    Batch probe;
    bool have_probe;
    uint32_t probe_k, chain; /* selected row being joined, its next build row */
    bool chain_set;
    uint64_t matched[VEC_VALID_WORDS];
    uint32_t *build_rows;
    uint16_t *probe_rows;
    uint32_t *found; /* integer keys: first build row of each selected probe row */
    uint16_t *idx;
    bool pad_probe;
    uint64_t pad_build;
    Batch *pairs; /* the joined rows: what is handed out, but for semi and anti joins */
    uint16_t *semi_idx;
    Sel semi; /* rows of the probe batch that are handed out */
    uint32_t semi_at;
    /* on disk */
    Arena disk;
    SpillParts *build_parts;      /* the right side goes there, NULL = there is room */
    Spill *build_src, *probe_src; /* the parts being joined, NULL = the inputs */
    bool no_probe;                /* nothing is left to be joined */
    uint32_t depth;
    struct JoinPart {
        struct JoinPart *next;
        Spill *build, *probe;
        uint32_t depth;
    } * pending;
} HashRun;

/* hash_forget - an empty table. */
static void hash_forget(ExecNode *n)
{
    HashRun *r = n->priv;
    arena_clear(&n->hold);
    row_store_init(&r->store, &n->hold, n->right->plan->phys, n->right->plan->col_count);
    key_table_init(&r->keys, &n->hold, r->ints);
    key_table_expect(&r->keys, r->depth == 0 ? n->right->plan->rows : 0);
    r->heads = r->next = NULL;
    r->head_size = r->next_size = 0;
    r->built = r->have_probe = r->pad_probe = false;
    r->pad_build = 0;
}

static void hash_end(ExecNode *n)
{
    HashRun *r = n->priv;
    arena_clear(&r->disk);
    r->build_parts = NULL;
    r->build_src = r->probe_src = NULL;
    r->pending = NULL;
    r->depth = 0;
}

static Status hash_start(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    run_reset(n, r->lkeys);
    run_reset(n, r->rkeys);
    run_reset(n, r->residual);
    hash_forget(n);
    hash_end(n);
    r->semi_at = r->semi.count = 0;
    r->no_probe = false;
    return node_start_children(cx, n);
}

/* key_of - the number of a row's key; KEY_NONE when it has a NULL or (probing) is not there. */
static uint32_t key_of(ExecNode *n, uint32_t row, bool add, bool *added)
{
    HashRun *r = n->priv;
    *added = false;
    if (r->ints) {
        if (vec_is_null(r->vecs[0], row)) {
            return KEY_NONE;
        }
        int64_t v = vec_int(r->vecs[0], row);
        return add ? key_table_add_int(&r->keys, v, added) : key_table_find_int(&r->keys, v);
    }
    buf_clear(&r->key);
    for (uint16_t k = 0; k < n->plan->u.join.key_count; k++) {
        if (vec_is_null(r->vecs[k], row)) {
            return KEY_NONE;
        }
        key_append(n->plan->u.join.key_types[k], r->vecs[k], row, &r->key);
    }
    return add ? key_table_add(&r->keys, r->key.data, r->key.len, added)
               : key_table_find(&r->keys, r->key.data, r->key.len);
}

static void grow_u32(Arena *a, uint32_t **p, uint32_t *size, uint32_t want)
{
    if (want <= *size) {
        return;
    }
    uint32_t bigger = *size == 0 ? 256 : *size * 2;
    while (bigger < want) {
        bigger *= 2;
    }
    *p = arena_grow(a, *p, *size * sizeof(uint32_t), bigger * sizeof(uint32_t));
    *size = bigger;
}

/* join_part_hash - a row's key as a number; rows that join have the same. */
static uint64_t join_part_hash(ExecNode *n, uint32_t row)
{
    HashRun *r = n->priv;
    if (r->ints) {
        return vec_is_null(r->vecs[0], row) ? 0 : hash_u64((uint64_t)vec_int(r->vecs[0], row));
    }
    buf_clear(&r->key);
    for (uint16_t k = 0; k < n->plan->u.join.key_count; k++) {
        if (vec_is_null(r->vecs[k], row)) {
            return 0;
        }
        key_append(n->plan->u.join.key_types[k], r->vecs[k], row, &r->key);
    }
    return hash_bytes(r->key.data, r->key.len, 0);
}

/* put_rows - divide a batch of one side among its parts. */
static Status put_rows(Cx *cx, ExecNode *n, ExprRun *keys, SpillParts *parts, const Batch *b)
{
    HashRun *r = n->priv;
    arena_clear(&n->batch);
    for (uint16_t k = 0; k < n->plan->u.join.key_count; k++) {
        TRY(expr_eval(cx, keys, k, b, &b->sel, &n->batch, &r->vecs[k]));
    }
    SEL_FOREACH(row, &b->sel)
    {
        TRY(spill_put(cx, parts, join_part_hash(n, row), (const Vector *const *)b->cols, row));
    }
    return ST_OK;
}

/* go_to_disk - what is in memory of the right side becomes parts; so does what follows. */
static Status go_to_disk(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    const PlanNode *p = n->right->plan;
    r->build_parts = spill_parts_create(n->s, &r->disk, p->phys, p->col_count, r->depth);
    for (uint32_t i = 0; i < r->store.chunk_count; i++) {
        TRY(put_rows(cx, n, r->rkeys, r->build_parts, r->store.chunks[i]));
    }
    hash_forget(n);
    return ST_OK;
}

/* build_batch - rows of the right side into the table, until it is too large. */
static Status build_batch(Cx *cx, ExecNode *n, const Batch *b)
{
    HashRun *r = n->priv;
    arena_clear(&n->batch);
    for (uint16_t k = 0; k < n->plan->u.join.key_count; k++) {
        TRY(expr_eval(cx, r->rkeys, k, b, &b->sel, &n->batch, &r->vecs[k]));
    }
    if (r->ints) {
        key_table_prefetch(&r->keys, r->vecs[0], &b->sel);
    }
    uint32_t first = (uint32_t)r->store.rows;
    row_store_append(&r->store, b);
    grow_u32(&n->hold, &r->next, &r->next_size, (uint32_t)r->store.rows);
    SEL_FOREACH(row, &b->sel)
    {
        bool added;
        uint32_t key = key_of(n, row, true, &added);
        r->next[first + row_k] = ROW_NONE;
        if (key == KEY_NONE) {
            continue;
        }
        grow_u32(&n->hold, &r->heads, &r->head_size, key + 1);
        r->next[first + row_k] = added ? ROW_NONE : r->heads[key];
        r->heads[key] = first + row_k;
    }
    if (n->plan->u.join.key_count > 0 && r->depth < SPILL_DEPTH_MAX &&
        exec_over_budget(n->s, &n->hold)) {
        return go_to_disk(cx, n);
    }
    /* Rows that all have one key stay in memory whatever they take. */
    return spill_possible(n->s) ? cx_check(cx) : exec_budget(cx, n->s, &n->hold);
}

/* build_input - the right side to its end: into the table, or into parts. */
static Status build_input(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    const Batch *b;
    Status st;
    while ((st = r->build_src != NULL ? spill_next(cx, r->build_src, &b)
                                      : n->right->next(cx, n->right, VEC_CAPACITY, &b)) == ST_OK) {
        if (r->build_parts != NULL) {
            TRY(put_rows(cx, n, r->rkeys, r->build_parts, b));
        } else {
            TRY(build_batch(cx, n, b));
        }
    }
    return st == ST_DONE ? ST_OK : st;
}

/* divide_probe - the left side into parts, and the pairs of parts that can give rows. */
static Status divide_probe(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    const PlanNode *p = n->left->plan;
    PlanJoin join = n->plan->u.join.join;
    const Batch *b;
    Status st;
    SpillParts *probe = spill_parts_create(n->s, &r->disk, p->phys, p->col_count, r->depth);
    while ((st = r->probe_src != NULL ? spill_next(cx, r->probe_src, &b)
                                      : n->left->next(cx, n->left, VEC_CAPACITY, &b)) == ST_OK) {
        TRY(put_rows(cx, n, r->lkeys, probe, b));
    }
    if (st != ST_DONE) {
        return st;
    }
    for (uint32_t i = 0; i < SPILL_PARTS; i++) {
        Spill *bs = r->build_parts->parts[i], *ps = probe->parts[i];
        bool needs_build = join == PJOIN_INNER || join == PJOIN_SEMI;
        bool can_give = spill_rows(ps) > 0 ? !needs_build || spill_rows(bs) > 0
                                           : join == PJOIN_FULL && spill_rows(bs) > 0;
        if (!can_give) {
            spill_drop(bs);
            spill_drop(ps);
            continue;
        }
        struct JoinPart *part = ARENA_NEW(&r->disk, struct JoinPart);
        *part =
            (struct JoinPart){.next = r->pending, .build = bs, .probe = ps, .depth = r->depth + 1};
        r->pending = part;
    }
    r->build_parts = NULL;
    return ST_OK;
}

/* take_part - the next pair of parts becomes the inputs; ST_DONE when there is none. */
static Status take_part(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    if (r->build_src != NULL) {
        spill_drop(r->build_src);
        spill_drop(r->probe_src);
    }
    if (r->pending == NULL) {
        return ST_DONE;
    }
    r->build_src = r->pending->build;
    r->probe_src = r->pending->probe;
    r->depth = r->pending->depth;
    r->pending = r->pending->next;
    hash_forget(n);
    TRY(spill_rewind(cx, r->build_src));
    return spill_rewind(cx, r->probe_src);
}

static Status build(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    TRY(build_input(cx, n));
    while (r->build_parts != NULL) {
        TRY(divide_probe(cx, n));
        Status st = take_part(cx, n);
        if (st == ST_DONE) {
            r->no_probe = true;
            break;
        }
        TRY(st);
        TRY(build_input(cx, n));
    }
    r->build_matched = ARENA_ARRAY(&n->hold, uint8_t, r->store.rows + 1);
    r->built = true;
    return ST_OK;
}

/* next_parts - the left side is used up: go on with the next pair of parts; ST_DONE = none. */
static Status next_parts(Cx *cx, ExecNode *n)
{
    if (((HashRun *)n->priv)->no_probe) {
        return ST_DONE;
    }
    TRY(take_part(cx, n));
    n->done = false;
    return build(cx, n);
}

/* find_ints - the first build row of every row of a probe batch: one pass each for the look-ups and
 * for what they point to, so that the waits for memory overlap. */
static void find_ints(HashRun *r, const Sel *sel)
{
    const Vector *v = r->vecs[0];
    key_table_prefetch(&r->keys, v, sel);
    SEL_FOREACH(row, sel)
    {
        uint32_t key =
            vec_is_null(v, row) ? KEY_NONE : key_table_find_int(&r->keys, vec_int(v, row));
        r->found[row_k] = key;
        if (key != KEY_NONE) {
            __builtin_prefetch(&r->heads[key]);
        }
    }
    for (uint32_t k = 0; k < sel->count; k++) {
        r->found[k] = r->found[k] == KEY_NONE ? ROW_NONE : r->heads[r->found[k]];
        if (r->found[k] != ROW_NONE) {
            __builtin_prefetch(&r->next[r->found[k]]);
        }
    }
}

/* next_probe - a batch of the left side with its keys. */
static Status next_probe(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    const Batch *b;
    if (r->no_probe) {
        return ST_DONE;
    }
    TRY(r->probe_src != NULL ? spill_next(cx, r->probe_src, &b)
                             : n->left->next(cx, n->left, VEC_CAPACITY, &b));
    arena_clear(&n->batch);
    r->probe = *b;
    for (uint16_t k = 0; k < n->plan->u.join.key_count; k++) {
        TRY(expr_eval(cx, r->lkeys, k, b, &b->sel, &n->batch, &r->vecs[k]));
    }
    if (r->ints) {
        find_ints(r, &b->sel);
    }
    memset(r->matched, 0, sizeof(r->matched));
    r->probe_k = 0;
    r->chain_set = false;
    r->have_probe = true;
    return ST_OK;
}

/* fill_pairs - the next pairs of the probe batch; 0 when it is used up. */
static uint32_t fill_pairs(ExecNode *n, uint32_t max)
{
    HashRun *r = n->priv;
    uint32_t count = 0;
    while (count < max && r->probe_k < r->probe.sel.count) {
        uint32_t row = r->probe.sel.idx != NULL ? r->probe.sel.idx[r->probe_k] : r->probe_k;
        if (!r->chain_set) {
            if (r->ints) {
                r->chain = r->found[r->probe_k];
            } else {
                bool added;
                uint32_t key = key_of(n, row, false, &added);
                r->chain = key == KEY_NONE ? ROW_NONE : r->heads[key];
            }
            r->chain_set = true;
        }
        while (count < max && r->chain != ROW_NONE) {
            r->probe_rows[count] = (uint16_t)row;
            r->build_rows[count++] = r->chain;
            r->chain = r->next[r->chain];
        }
        if (r->chain == ROW_NONE) {
            r->probe_k++;
            r->chain_set = false;
        }
    }
    return count;
}

static void emit_pairs(ExecNode *n, uint32_t count)
{
    HashRun *r = n->priv;
    uint16_t lc = n->left->plan->col_count;
    batch_reset(r->pairs);
    for (uint16_t c = 0; c < lc; c++) {
        vec_take(r->probe.cols[c], r->probe_rows, count, r->pairs->cols[c], 0);
    }
    for (uint16_t c = 0; c < n->right->plan->col_count; c++) {
        row_store_gather(&r->store, c, r->build_rows, count, r->pairs->cols[lc + c]);
    }
    batch_set_count(r->pairs, count);
}

static void set_all_null(Vector *v, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        vec_set_null(v, i);
    }
}

/* pad_probe - probe rows without a partner, with NULLs on the right. */
static bool pad_probe(ExecNode *n)
{
    HashRun *r = n->priv;
    uint32_t count = 0;
    SEL_FOREACH(row, &r->probe.sel)
    {
        if (!((r->matched[row >> 6] >> (row & 63)) & 1)) {
            r->probe_rows[count++] = (uint16_t)row;
        }
    }
    if (count == 0) {
        return false;
    }
    uint16_t lc = n->left->plan->col_count;
    batch_reset(&n->out);
    for (uint16_t c = 0; c < lc; c++) {
        vec_take(r->probe.cols[c], r->probe_rows, count, n->out.cols[c], 0);
    }
    for (uint16_t c = lc; c < n->plan->col_count; c++) {
        set_all_null(n->out.cols[c], count);
    }
    batch_set_count(&n->out, count);
    return true;
}

/* pad_build - build rows without a partner (FULL), with NULLs on the left. */
static bool pad_build(ExecNode *n, uint32_t max)
{
    HashRun *r = n->priv;
    uint32_t count = 0;
    uint16_t lc = n->left->plan->col_count;
    while (count < max && r->pad_build < r->store.rows) {
        if (!r->build_matched[r->pad_build]) {
            r->build_rows[count++] = (uint32_t)r->pad_build;
        }
        r->pad_build++;
    }
    if (count == 0) {
        return false;
    }
    batch_reset(&n->out);
    for (uint16_t c = 0; c < lc; c++) {
        set_all_null(n->out.cols[c], count);
    }
    for (uint16_t c = 0; c < n->right->plan->col_count; c++) {
        row_store_gather(&r->store, c, r->build_rows, count, n->out.cols[lc + c]);
    }
    batch_set_count(&n->out, count);
    return true;
}

/* semi_match - which rows of the probe batch have a partner. */
static Status semi_match(Cx *cx, ExecNode *n)
{
    HashRun *r = n->priv;
    if (r->residual == NULL) {
        SEL_FOREACH(row, &r->probe.sel)
        {
            bool added;
            if (key_of(n, row, false, &added) != KEY_NONE) {
                r->matched[row >> 6] |= (uint64_t)1 << (row & 63);
            }
        }
        return ST_OK;
    }
    for (uint32_t count; (count = fill_pairs(n, VEC_CAPACITY)) > 0;) {
        TRY(cx_check(cx));
        emit_pairs(n, count);
        TRY(expr_filter(cx, r->residual, 0, r->pairs, &r->pairs->sel, &n->batch, r->idx,
                        &r->pairs->sel));
        SEL_FOREACH(i, &r->pairs->sel)
        {
            r->matched[r->probe_rows[i] >> 6] |= (uint64_t)1 << (r->probe_rows[i] & 63);
        }
    }
    return ST_OK;
}

/* semi_next - rows of the left side with (SEMI) or without (ANTI) a partner, as they are. */
static Status semi_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    HashRun *r = n->priv;
    bool want = n->plan->u.join.join == PJOIN_SEMI;
    if (!r->built) {
        TRY(build(cx, n));
    }
    while (r->semi_at >= r->semi.count) {
        uint32_t count = 0;
        Status st = next_probe(cx, n);
        if (st == ST_DONE) {
            TRY(next_parts(cx, n));
            continue;
        }
        TRY(st);
        TRY(semi_match(cx, n));
        SEL_FOREACH(row, &r->probe.sel)
        {
            if (((r->matched[row >> 6] >> (row & 63)) & 1) == want) {
                r->semi_idx[count++] = (uint16_t)row;
            }
        }
        r->semi = (Sel){r->semi_idx, count};
        r->semi_at = 0;
    }
    n->out = r->probe;
    n->out.sel = (Sel){r->semi.idx + r->semi_at, MIN(r->semi.count - r->semi_at, max_rows)};
    r->semi_at += n->out.sel.count;
    *out = &n->out;
    return ST_OK;
}

/* hash_next - probe with outer batches until there are pairs; at the end FULL pads inner rows
 * without a partner. */
static Status hash_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    HashRun *r = n->priv;
    PlanJoin join = n->plan->u.join.join;
    if (!r->built) {
        TRY(build(cx, n));
    }
    for (;;) {
        if (!r->have_probe && !n->done) {
            Status st = next_probe(cx, n);
            n->done = st == ST_DONE;
            if (st != ST_OK && st != ST_DONE) {
                return st;
            }
        }
        if (n->done) {
            *out = &n->out;
            if (join == PJOIN_FULL && pad_build(n, max_rows)) {
                return ST_OK;
            }
            TRY(next_parts(cx, n));
            continue;
        }
        TRY(cx_check(cx)); /* a batch may have any number of pairs, all refused */
        uint32_t count = fill_pairs(n, max_rows);
        if (count == 0) {
            r->have_probe = false;
            *out = &n->out;
            if (join != PJOIN_INNER && pad_probe(n)) {
                return ST_OK;
            }
            continue;
        }
        emit_pairs(n, count);
        if (r->residual != NULL) {
            TRY(expr_filter(cx, r->residual, 0, &n->out, &n->out.sel, &n->batch, r->idx,
                            &n->out.sel));
        }
        SEL_FOREACH(i, &n->out.sel)
        {
            r->matched[r->probe_rows[i] >> 6] |= (uint64_t)1 << (r->probe_rows[i] & 63);
            r->build_matched[r->build_rows[i]] = 1;
        }
        if (n->out.sel.count > 0) {
            *out = &n->out;
            return ST_OK;
        }
    }
}

static void join_key_release(void *arg)
{
    buf_release(&((HashRun *)arg)->key);
}

Status hash_join_create(Cx *cx, ExecNode *n)
{
    Arena *a = &n->s->arena;
    HashRun *r = ARENA_NEW(a, HashRun);
    const PlanNode *p = n->plan;
    n->priv = r;
    n->start = hash_start;
    n->end = hash_end;
    arena_init(&r->disk, a, "join parts", 0);
    bool semi = p->u.join.join == PJOIN_SEMI || p->u.join.join == PJOIN_ANTI;
    n->next = semi ? semi_next : hash_next;
    r->pairs = &n->out;
    if (semi) {
        uint16_t lc = n->left->plan->col_count, rc = n->right->plan->col_count;
        PhysType *phys = ARENA_ARRAY(a, PhysType, (uint32_t)lc + rc + 1);
        memcpy(phys, n->left->plan->phys, lc * sizeof(PhysType));
        memcpy(phys + lc, n->right->plan->phys, rc * sizeof(PhysType));
        r->pairs = ARENA_NEW(a, Batch);
        r->semi_idx = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
        batch_init(r->pairs, phys, (uint16_t)(lc + rc), a);
    } else {
        node_out_init(n);
    }
    buf_init(&r->key, 1u << 30);
    arena_on_clear(a, join_key_release, r);
    r->ints = p->u.join.key_count == 1 && phys_is_int(p->u.join.key_types[0]->phys);
    r->vecs = ARENA_ARRAY(a, const Vector *, p->u.join.key_count + 1u);
    r->build_rows = ARENA_ARRAY(a, uint32_t, VEC_CAPACITY);
    r->probe_rows = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->idx = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->found = ARENA_ARRAY(a, uint32_t, VEC_CAPACITY);
    TRY(run_create(cx, n, p->u.join.left_keys, &r->lkeys));
    TRY(run_create(cx, n, p->u.join.right_keys, &r->rkeys));
    return run_create(cx, n, p->u.join.residual, &r->residual);
}
