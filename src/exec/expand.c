/*
 * expand.c - every input row once for each grouping set, its keys outside the set NULL.
 */
#include "exec/exec_internal.h"

typedef struct ExpandRun {
    ExprRun *run;
    const Batch *in;
    uint16_t set; /* the next set of `in` */
    const Vector **keys;
    Vector *nulls; /* one for each key */
    Vector number;
    int32_t *number_value;
} ExpandRun;

static Status expand_start(Cx *cx, ExecNode *n)
{
    ExpandRun *r = n->priv;
    run_reset(n, r->run);
    r->in = NULL;
    return node_start_children(cx, n);
}

/* expand_next - the batch at hand again, masked for the next set. */
static Status expand_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    ExpandRun *r = n->priv;
    const PlanNode *p = n->plan;
    uint16_t first = n->left->plan->col_count;
    if (r->in == NULL || r->set == p->u.expand.set_count) {
        r->in = NULL;
        const Batch *b;
        TRY(n->left->next(cx, n->left, max_rows, &b));
        arena_clear(&n->batch);
        for (uint16_t k = 0; k < p->u.expand.key_count; k++) {
            TRY(expr_eval(cx, r->run, k, b, &b->sel, &n->batch, &r->keys[k]));
        }
        r->in = b;
        r->set = 0;
    }
    uint64_t set = p->u.expand.sets[r->set];
    memcpy(n->out.cols, r->in->cols, first * sizeof(Vector *));
    for (uint16_t k = 0; k < p->u.expand.key_count; k++) {
        n->out.cols[first + k] = (set >> k) & 1 ? (Vector *)(uintptr_t)r->keys[k] : &r->nulls[k];
    }
    *r->number_value = r->set++;
    n->out.cols[first + p->u.expand.key_count] = &r->number;
    n->out.col_count = p->col_count;
    n->out.count = r->in->count;
    n->out.sel = r->in->sel;
    *out = &n->out;
    return ST_OK;
}

Status expand_create(Cx *cx, ExecNode *n)
{
    const PlanNode *p = n->plan;
    Arena *a = &n->s->arena;
    ExpandRun *r = ARENA_NEW(a, ExpandRun);
    const Datum zero = {0};
    uint16_t first = n->left->plan->col_count;
    n->priv = r;
    n->start = expand_start;
    n->next = expand_next;
    n->out.cols = ARENA_ARRAY(a, Vector *, p->col_count + 1u);
    r->keys = ARENA_ARRAY(a, const Vector *, p->u.expand.key_count + 1u);
    r->nulls = ARENA_ARRAY(a, Vector, p->u.expand.key_count + 1u);
    for (uint16_t k = 0; k < p->u.expand.key_count; k++) {
        vec_init_const(&r->nulls[k], p->phys[first + k], a, &zero, true);
    }
    vec_init_const(&r->number, PHYS_I32, a, &zero, false);
    r->number_value = r->number.data;
    return run_create(cx, n, p->u.expand.prog, &r->run);
}
