/*
 * setop.c - INTERSECT and EXCEPT [ALL]: rows of both sides counted in one hash table.
 *
 * When the left side's distinct rows outgrow the budget, rows not among them go to disk, divided by
 * their hash, and so do the right side's; each pair of parts is then a set operation of its own.
 */
#include "exec/spill.h"

/* SetPart - the rows of both sides whose hash fell into one part. */
typedef struct SetPart {
    struct SetPart *next;
    Spill *left, *right;
    uint32_t depth;
} SetPart;

typedef struct SetRun {
    KeyTable keys;
    RowStore rows; /* one per distinct key */
    uint64_t *left, *right;
    uint32_t size;
    bool filled;
    uint32_t key_at;
    uint64_t copies; /* still to hand out of the key at key_at */
    bool copies_set;
    Buf key;
    /* on disk */
    Arena disk;
    SpillParts *left_parts, *right_parts; /* rows not in the table go there; NULL = there is room */
    SetPart *part, *pending;              /* part: the one being worked on, NULL = the inputs */
    uint32_t depth;
} SetRun;

/* set_forget - an empty table. */
static void set_forget(ExecNode *n)
{
    SetRun *r = n->priv;
    arena_clear(&n->hold);
    key_table_init(&r->keys, &n->hold, false);
    row_store_init(&r->rows, &n->hold, n->plan->phys, n->plan->col_count);
    r->left = r->right = NULL;
    r->size = r->key_at = 0;
    r->filled = r->copies_set = false;
}

static void set_end(ExecNode *n)
{
    SetRun *r = n->priv;
    arena_clear(&r->disk);
    r->left_parts = r->right_parts = NULL;
    r->part = r->pending = NULL;
    r->depth = 0;
}

static Status set_start(Cx *cx, ExecNode *n)
{
    set_forget(n);
    set_end(n);
    return node_start_children(cx, n);
}

/* set_count - one row more of the key numbered k, which was perhaps just added. */
static void set_count(ExecNode *n, uint32_t k, bool added, bool is_left)
{
    SetRun *r = n->priv;
    if (k >= r->size) {
        uint32_t size = r->size == 0 ? 256 : r->size * 2;
        r->left = arena_grow(&n->hold, r->left, r->size * 8, size * 8);
        r->right = arena_grow(&n->hold, r->right, r->size * 8, size * 8);
        r->size = size;
    }
    if (added) {
        r->left[k] = r->right[k] = 0;
    }
    (is_left ? r->left : r->right)[k]++;
}

/* set_take_row - a row of one side: counted, put aside, or (right, on its own) of no interest. */
static Status set_take_row(Cx *cx, ExecNode *n, const Batch *b, uint32_t row, bool is_left)
{
    SetRun *r = n->priv;
    const Vector *const *cols = (const Vector *const *)b->cols;
    SpillParts *parts = is_left ? r->left_parts : r->right_parts;
    bool added = false;
    buf_clear(&r->key);
    for (uint16_t c = 0; c < n->plan->col_count; c++) {
        key_append(n->plan->u.setop.types[c], b->cols[c], row, &r->key);
    }
    uint32_t k = key_table_find(&r->keys, r->key.data, r->key.len);
    if (k == KEY_NONE && parts != NULL) {
        return spill_put(cx, parts, hash_bytes(r->key.data, r->key.len, 0), cols, row);
    }
    if (k == KEY_NONE && !is_left) {
        return ST_OK; /* only rows of the left side can be in the result */
    }
    if (k == KEY_NONE) {
        k = key_table_add(&r->keys, r->key.data, r->key.len, &added);
        row_store_append_row(&r->rows, cols, row);
    }
    set_count(n, k, added, is_left);
    return ST_OK;
}

/* set_side - count how often each row occurs on one side of INTERSECT or EXCEPT. */
static Status set_side(Cx *cx, ExecNode *n, ExecNode *side, Spill *part, bool is_left)
{
    SetRun *r = n->priv;
    const PlanNode *p = n->plan;
    const Batch *b;
    Status st;
    while ((st = part != NULL ? spill_next(cx, part, &b)
                              : side->next(cx, side, VEC_CAPACITY, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            TRY(set_take_row(cx, n, b, row, is_left));
        }
        if (is_left && r->left_parts == NULL && r->depth < SPILL_DEPTH_MAX &&
            exec_over_budget(n->s, &n->hold)) {
            r->left_parts = spill_parts_create(n->s, &r->disk, p->phys, p->col_count, r->depth);
            r->right_parts = spill_parts_create(n->s, &r->disk, p->phys, p->col_count, r->depth);
        }
        TRY(spill_possible(n->s) ? cx_check(cx) : exec_budget(cx, n->s, &n->hold));
    }
    return st == ST_DONE ? ST_OK : st;
}

/* set_fill - both sides, of the inputs or of the part being worked on. */
static Status set_fill(Cx *cx, ExecNode *n)
{
    SetRun *r = n->priv;
    SetPart *p = r->part;
    if (p != NULL) {
        TRY(spill_rewind(cx, p->left));
        TRY(spill_rewind(cx, p->right));
    }
    TRY(set_side(cx, n, n->left, p != NULL ? p->left : NULL, true));
    TRY(set_side(cx, n, n->right, p != NULL ? p->right : NULL, false));
    r->filled = true;
    return ST_OK;
}

/* set_next_part - the table was handed out: what it put aside is pending. false: that was all. */
static bool set_next_part(ExecNode *n)
{
    SetRun *r = n->priv;
    for (uint32_t i = 0; r->left_parts != NULL && i < SPILL_PARTS; i++) {
        if (spill_rows(r->left_parts->parts[i]) > 0) {
            SetPart *part = ARENA_NEW(&r->disk, SetPart);
            *part = (SetPart){r->pending, r->left_parts->parts[i], r->right_parts->parts[i],
                              r->depth + 1};
            r->pending = part;
        }
    }
    r->left_parts = r->right_parts = NULL;
    if (r->part != NULL) {
        spill_drop(r->part->left);
        spill_drop(r->part->right);
    }
    r->part = r->pending;
    if (r->part == NULL) {
        return false;
    }
    r->pending = r->part->next;
    r->depth = r->part->depth;
    set_forget(n);
    return true;
}

static uint64_t set_copies(const ExecNode *n, uint64_t l, uint64_t r)
{
    bool all = n->plan->u.setop.all;
    if (n->plan->u.setop.op == SETOP_INTERSECT) {
        return all ? MIN(l, r) : (l > 0 && r > 0);
    }
    return all ? (l > r ? l - r : 0) : (l > 0 && r == 0);
}

/* set_emit - as often as the set operation says, in order of first appearance; returns how many
 * rows went into the output. */
static uint32_t set_emit(ExecNode *n, uint32_t max_rows)
{
    SetRun *r = n->priv;
    uint32_t count = 0;
    while (count < max_rows && r->key_at < r->keys.count) {
        if (!r->copies_set) {
            r->copies = set_copies(n, r->left[r->key_at], r->right[r->key_at]);
            r->copies_set = true;
        }
        if (r->copies == 0) {
            r->key_at++;
            r->copies_set = false;
            continue;
        }
        for (uint16_t c = 0; c < n->plan->col_count; c++) {
            vec_copy_value(r->rows.chunks[r->key_at / VEC_CAPACITY]->cols[c],
                           r->key_at % VEC_CAPACITY, n->out.cols[c], count, NULL);
        }
        count++;
        r->copies--;
    }
    return count;
}

/* set_next - the next rows of the result, part by part. */
static Status set_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    SetRun *r = n->priv;
    for (;;) {
        if (!r->filled) {
            TRY(set_fill(cx, n));
        }
        batch_reset(&n->out);
        uint32_t count = set_emit(n, max_rows);
        if (count > 0) {
            batch_set_count(&n->out, count);
            *out = &n->out;
            return ST_OK;
        }
        if (!set_next_part(n)) {
            return ST_DONE;
        }
    }
}

static void setop_key_release(void *arg)
{
    buf_release(&((SetRun *)arg)->key);
}

Status setop_create(Cx *cx, ExecNode *n)
{
    (void)cx;
    SetRun *r = ARENA_NEW(&n->s->arena, SetRun);
    n->priv = r;
    n->start = set_start;
    n->next = set_next;
    n->end = set_end;
    arena_init(&r->disk, &n->s->arena, "set operation on disk", 0);
    node_out_init(n);
    buf_init(&r->key, 1u << 30);
    arena_on_clear(&n->s->arena, setop_key_release, r);
    return ST_OK;
}
