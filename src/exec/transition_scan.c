/*
 * transition_scan.c - the rows of a trigger's transition table, from memory.
 */
#include "exec/exec_internal.h"
#include "expr/call.h"

/* TransitionScan - where the scan is. */
typedef struct TransitionScan {
    uint32_t batch, row;
    Batch view;
    uint16_t *idx;
} TransitionScan;

static Status transition_start(Cx *cx, ExecNode *n)
{
    TransitionScan *t = n->priv;
    (void)cx;
    t->batch = t->row = 0;
    return ST_OK;
}

/* transition_next - ExecNode.next: the rest of a batch, or the next one. */
static Status transition_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    TransitionScan *t = n->priv;
    const TransitionRows *rows = n->s->env.transitions[n->plan->u.transition.number];
    if (rows == NULL) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "transition table \"%s\" is not there",
                       n->plan->u.transition.name);
    }
    while (t->batch < rows->batch_count && t->row >= rows->batches[t->batch]->count) {
        t->batch++;
        t->row = 0;
    }
    if (t->batch >= rows->batch_count) {
        return ST_DONE;
    }
    const Batch *b = rows->batches[t->batch];
    uint32_t count = MIN(max_rows, b->count - t->row);
    for (uint32_t i = 0; i < count; i++) {
        t->idx[i] = (uint16_t)(t->row + i);
    }
    t->row += count;
    t->view = *b;
    t->view.sel = (Sel){t->idx, count};
    *out = &t->view;
    return ST_OK;
}

Status transition_create(Cx *cx, ExecNode *n)
{
    TransitionScan *t = ARENA_NEW(&n->s->arena, TransitionScan);
    (void)cx;
    t->idx = ARENA_ARRAY(&n->s->arena, uint16_t, VEC_CAPACITY);
    n->priv = t;
    n->start = transition_start;
    n->next = transition_next;
    return ST_OK;
}
