/*
 * cte.c - WITH queries: rows made as far as the readers have come, and kept for the other readers.
 *
 * A recursive query makes its rows in rounds: the first round is its start, each later one the step
 * over the rows of the round before. It may have no end; a LIMIT above stops the asking.
 */
#include "exec/exec_internal.h"

Status cte_create(Cx *cx, ExecState *s, CteRun *c, const CtePlan *plan)
{
    c->plan = plan;
    arena_init(&c->hold, &s->arena, "with", 0);
    arena_init(&c->round_holds[0], &s->arena, "with", 0);
    arena_init(&c->round_holds[1], &s->arena, "with", 0);
    TRY(node_create(cx, s, plan->root, &c->root));
    return plan->step != NULL ? node_create(cx, s, plan->step, &c->step) : ST_OK;
}

static void round_clear(CteRun *c, uint32_t i)
{
    arena_clear(&c->round_holds[i]);
    row_store_init(&c->rounds[i], &c->round_holds[i], c->root->plan->phys,
                   c->root->plan->col_count);
}

void cte_reset(CteRun *c)
{
    if (!c->started && c->store.types != NULL) {
        return;
    }
    arena_clear(&c->hold);
    row_store_init(&c->store, &c->hold, c->root->plan->phys, c->root->plan->col_count);
    c->started = c->in_step = c->done = false;
    c->round = 0;
    if (c->step != NULL) {
        key_table_init(&c->seen, &c->hold, false);
        round_clear(c, 0);
        round_clear(c, 1);
    }
}

/* keep_new - rows of a round: all, or (UNION) those not seen before. */
static void keep_new(CteRun *c, const Batch *b, RowStore *round)
{
    if (c->plan->types == NULL) {
        row_store_append(&c->store, b);
        row_store_append(round, b);
        return;
    }
    Buf key;
    buf_init(&key, 1u << 30);
    SEL_FOREACH(row, &b->sel)
    {
        bool added;
        buf_clear(&key);
        for (uint16_t i = 0; i < c->store.col_count; i++) {
            key_append(c->plan->types[i], b->cols[i], row, &key);
        }
        key_table_add(&c->seen, key.data, key.len, &added);
        if (added) {
            row_store_append_row(&c->store, (const Vector *const *)b->cols, row);
            row_store_append_row(round, (const Vector *const *)b->cols, row);
        }
    }
    buf_release(&key);
}

/* more_rounds - one more batch of a recursive query. */
static Status more_rounds(Cx *cx, ExecState *s, CteRun *c, uint32_t max_rows)
{
    uint64_t before = c->store.rows;
    while (c->store.rows == before) {
        const Batch *b;
        ExecNode *from = c->in_step ? c->step : c->root;
        /* The start fills the round that the first step reads; a step fills the other one. */
        RowStore *round = &c->rounds[c->in_step ? 1 - c->round : c->round];
        TRY(exec_budget(cx, s, &c->hold));
        Status st = from->next(cx, from, max_rows, &b);
        if (st == ST_OK) {
            keep_new(c, b, round);
            continue;
        }
        if (st != ST_DONE) {
            return st;
        }
        if (c->in_step) {
            round_clear(c, c->round);
            c->round = 1 - c->round;
        }
        c->in_step = true;
        if (c->rounds[c->round].rows == 0) {
            c->done = true;
            return ST_DONE;
        }
        subs_forget(s, &c->plan->scope);
        TRY(c->step->start(cx, c->step));
    }
    return ST_OK;
}

Status cte_more(Cx *cx, ExecState *s, CteRun *c, uint32_t max_rows)
{
    const Batch *b;
    if (c->done) {
        return ST_DONE;
    }
    if (!c->started) {
        c->started = true;
        TRY(c->root->start(cx, c->root));
    }
    if (c->step != NULL) {
        return more_rounds(cx, s, c, max_rows);
    }
    Status st = c->root->next(cx, c->root, max_rows, &b);
    if (st != ST_OK) {
        c->done = st == ST_DONE;
        return st;
    }
    row_store_append(&c->store, b);
    return exec_budget(cx, s, &c->hold);
}

/* ---- a reference ---- */

static Status cte_start(Cx *cx, ExecNode *n)
{
    (void)cx;
    StoreReader *r = n->priv;
    r->at = 0;
    return ST_OK;
}

static Status cte_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    CteRun *c = &n->s->ctes[n->plan->u.cte.cte];
    StoreReader *r = n->priv;
    if (n->plan->u.cte.work) {
        return store_read(r, &c->rounds[c->round], max_rows, out);
    }
    if (r->at >= c->store.rows) {
        TRY(cte_more(cx, n->s, c, max_rows));
    }
    return store_read(r, &c->store, max_rows, out);
}

Status cte_scan_create(Cx *cx, ExecNode *n)
{
    (void)cx;
    n->priv = store_reader_new(&n->s->arena);
    n->start = cte_start;
    n->next = cte_next;
    return ST_OK;
}
