/*
 * setop.c - INTERSECT and EXCEPT [ALL]: rows of both sides counted in one hash table.
 */
#include "exec/exec_internal.h"

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
} SetRun;

static Status set_start(Cx *cx, ExecNode *n)
{
    SetRun *r = n->priv;
    arena_clear(&n->hold);
    key_table_init(&r->keys, &n->hold, false);
    row_store_init(&r->rows, &n->hold, n->plan->phys, n->plan->col_count);
    r->left = r->right = NULL;
    r->size = r->key_at = 0;
    r->filled = r->copies_set = false;
    return node_start_children(cx, n);
}

/* set_side - count how often each row occurs on one side of INTERSECT or EXCEPT. */
static Status set_side(Cx *cx, ExecNode *n, ExecNode *side, bool is_left)
{
    SetRun *r = n->priv;
    const Batch *b;
    Status st;
    while ((st = side->next(cx, side, VEC_CAPACITY, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            bool added;
            buf_clear(&r->key);
            for (uint16_t c = 0; c < n->plan->col_count; c++) {
                key_append(n->plan->u.setop.types[c], b->cols[c], row, &r->key);
            }
            uint32_t k = key_table_find(&r->keys, r->key.data, r->key.len);
            if (k == KEY_NONE && !is_left) {
                continue; /* only rows of the left side can be in the result */
            }
            k = key_table_add(&r->keys, r->key.data, r->key.len, &added);
            if (k >= r->size) {
                uint32_t size = r->size == 0 ? 256 : r->size * 2;
                r->left = arena_grow(&n->hold, r->left, r->size * 8, size * 8);
                r->right = arena_grow(&n->hold, r->right, r->size * 8, size * 8);
                r->size = size;
            }
            if (added) {
                row_store_append_row(&r->rows, (const Vector *const *)b->cols, row);
                r->left[k] = r->right[k] = 0;
            }
            if (is_left) {
                r->left[k]++;
            } else {
                r->right[k]++;
            }
        }
        TRY(exec_budget(cx, n->s, &n->hold));
    }
    return st == ST_DONE ? ST_OK : st;
}

static uint64_t set_copies(const ExecNode *n, uint64_t l, uint64_t r)
{
    bool all = n->plan->u.setop.all;
    if (n->plan->u.setop.op == SETOP_INTERSECT) {
        return all ? MIN(l, r) : (l > 0 && r > 0);
    }
    return all ? (l > r ? l - r : 0) : (l > 0 && r == 0);
}

/* set_next - each distinct row as often as the set operation says, in order of first appearance. */
static Status set_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    SetRun *r = n->priv;
    if (!r->filled) {
        TRY(set_side(cx, n, n->left, true));
        TRY(set_side(cx, n, n->right, false));
        r->filled = true;
    }
    uint32_t count = 0;
    batch_reset(&n->out);
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
    if (count == 0) {
        return ST_DONE;
    }
    batch_set_count(&n->out, count);
    *out = &n->out;
    return ST_OK;
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
    node_out_init(n);
    buf_init(&r->key, 1u << 30);
    arena_on_clear(&n->s->arena, setop_key_release, r);
    return ST_OK;
}
