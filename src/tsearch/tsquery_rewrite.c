/*
 * tsquery_rewrite.c - a part of a query replaced by another.
 *
 * AND and OR are taken as operators of any number of operands in a fixed order, so that a part is
 * found however it was written: `a & b` in `b & c & a`.
 */
#include "tsearch/tsquery.h"

/* FlatNode - a node with any number of operands, the right one first as in the stored form. */
typedef struct FlatNode {
    const TsqNode *value; /* NULL: an operator */
    uint32_t crc;
    TsqOper oper;
    uint32_t distance;
    struct FlatNode **operands;
    uint32_t count;
    bool done; /* what was put in is not searched again */
} FlatNode;

/* flat_compare - the order of tsq_compare, with any number of operands. */
static int flat_compare(const FlatNode *a, const FlatNode *b)
{
    if ((a->value == NULL) != (b->value == NULL)) {
        return a->value == NULL ? -1 : 1; /* the order of kinds, the greater first */
    }
    if (a->value != NULL) {
        if (a->crc != b->crc) {
            return (int32_t)a->crc > (int32_t)b->crc ? -1 : 1;
        }
        return ts_compare(a->value->text, b->value->text, false);
    }
    if (a->oper != b->oper) {
        return a->oper > b->oper ? -1 : 1;
    }
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        int c = flat_compare(a->operands[i], b->operands[i]);
        if (c != 0) {
            return c;
        }
    }
    if (a->oper == TSQ_PHRASE && a->distance != b->distance) {
        return a->distance > b->distance ? -1 : 1;
    }
    return 0;
}
static int flat_order(const void *a, const void *b)
{
    return flat_compare(*(FlatNode *const *)a, *(FlatNode *const *)b);
}

/* flat_sort - operands of the node and of those below it; a phrase's stay as they are. */
static void flat_sort(FlatNode *n)
{
    for (uint32_t i = 0; i < n->count; i++) {
        flat_sort(n->operands[i]);
    }
    if (n->count > 1 && n->oper != TSQ_PHRASE) {
        array_sort(n->operands, n->count, sizeof(FlatNode *), flat_order);
    }
}

/* flat_of - a tree; flatten: chains of AND and of OR become one node. */
static FlatNode *flat_of(Arena *arena, const TsqNode *n, bool flatten)
{
    FlatNode *f = ARENA_NEW(arena, FlatNode);
    if (n->kind == TSQ_VALUE) {
        f->value = n;
        f->crc = tsq_crc(n->text);
        return f;
    }
    FlatNode *parts[2] = {flat_of(arena, n->right, flatten), NULL};
    uint32_t part_count = 1, size = 0;
    if (n->left != NULL) {
        parts[part_count++] = flat_of(arena, n->left, flatten);
    }
    f->oper = n->oper;
    f->distance = n->distance;
    for (uint32_t i = 0; i < part_count; i++) {
        size += 1 + parts[i]->count;
    }
    f->operands = ARENA_ARRAY(arena, FlatNode *, size);
    for (uint32_t i = 0; i < part_count; i++) {
        const FlatNode *p = parts[i];
        if (flatten && p->value == NULL && p->oper == f->oper &&
            (f->oper == TSQ_AND || f->oper == TSQ_OR)) {
            memcpy(f->operands + f->count, p->operands, p->count * sizeof(FlatNode *));
            f->count += p->count;
        } else {
            f->operands[f->count++] = parts[i];
        }
    }
    return f;
}

/* flat_sorted - flattened, operands of AND and OR in order. */
static FlatNode *flat_sorted(Arena *arena, const TsqNode *n)
{
    FlatNode *f = flat_of(arena, n, true);
    flat_sort(f);
    return f;
}

/* FlatSwap - what is looked for, and what takes its place (NULL: nothing). */
typedef struct FlatSwap {
    Arena *arena;
    const FlatNode *what;
    const TsqNode *with;
} FlatSwap;

static FlatNode *flat_with(const FlatSwap *s)
{
    if (s->with == NULL) {
        return NULL;
    }
    FlatNode *n = flat_of(s->arena, s->with, false);
    n->done = true;
    return n;
}

/* flat_swap_some - `what` is some of the operands of n. */
static void flat_swap_some(const FlatSwap *s, FlatNode *n)
{
    const FlatNode *what = s->what;
    bool *matched = ARENA_ARRAY(s->arena, bool, n->count);
    uint32_t i = 0, k = 0, kept = 0;
    while (i < n->count && k < what->count) {
        int c = flat_compare(n->operands[i], what->operands[k]);
        if (c > 0) {
            return;
        }
        matched[i] = c == 0;
        k += c == 0;
        i++;
    }
    if (k < what->count) {
        return;
    }
    for (i = 0; i < n->count; i++) {
        if (!matched[i]) {
            n->operands[kept++] = n->operands[i];
        }
    }
    FlatNode *with = flat_with(s);
    if (with != NULL) {
        n->operands[kept++] = with;
    }
    n->count = kept;
    flat_sort(n);
}

/* flat_swap - in the node itself, else below it; a node without operands is gone. */
static FlatNode *flat_swap(const FlatSwap *s, FlatNode *n)
{
    const FlatNode *what = s->what;
    if (n->done) {
        return n;
    }
    if (flat_compare(n, what) == 0) {
        return flat_with(s);
    }
    if (n->value != NULL) {
        return n;
    }
    if (what->value == NULL && n->oper == what->oper && n->count > what->count) {
        flat_swap_some(s, n);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n->count; i++) {
        FlatNode *o = flat_swap(s, n->operands[i]);
        if (o != NULL) {
            n->operands[kept++] = o;
        }
    }
    n->count = kept;
    return kept == 0 ? NULL : kept == 1 && n->oper != TSQ_NOT ? n->operands[0] : n;
}

/* flat_tree - operators with two operands again: the first two become one until two are left. */
static TsqNode *flat_tree(Arena *arena, const FlatNode *n)
{
    if (n->value != NULL) {
        return arena_memdup(arena, n->value, sizeof(TsqNode));
    }
    TsqNode *right = flat_tree(arena, n->operands[0]);
    if (n->count == 1) {
        return tsq_operator(arena, n->oper, n->distance, NULL, right);
    }
    TsqNode *left = flat_tree(arena, n->operands[1]);
    for (uint32_t rest = n->count; rest > 2; rest--) {
        right = tsq_operator(arena, n->oper, n->distance, left, right);
        left = flat_tree(arena, n->operands[rest - 1]);
    }
    return tsq_operator(arena, n->oper, n->distance, left, right);
}

TsqNode *tsq_rewrite(Arena *arena, TsqNode *tree, TsqNode *what, TsqNode *with)
{
    if (tree == NULL || what == NULL) {
        return tree;
    }
    FlatSwap s = {arena, flat_sorted(arena, what), with};
    FlatNode *n = flat_swap(&s, flat_sorted(arena, tree));
    return n == NULL ? NULL : flat_tree(arena, n);
}

/* ---- containment ---- */

bool tsq_contains(Slice a, Slice b)
{
    TsQuery x = tsq_open(a), y = tsq_open(b);
    for (uint32_t i = 0; i < y.count; i++) {
        bool found = y.items[i].kind != TSQ_VALUE;
        for (uint32_t k = 0; k < x.count && !found; k++) {
            found = x.items[k].kind == TSQ_VALUE && slice_eq(tsq_text(&x, k), tsq_text(&y, i));
        }
        if (!found) {
            return false;
        }
    }
    return true;
}
