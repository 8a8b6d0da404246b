/*
 * with_rows.c - WITH queries: rows made as far as the readers have come, and kept for the other
 * readers.
 *
 * A recursive query makes its rows in rounds: the first round is its start, each later one the step
 * over the rows of the round before. It may have no end; a LIMIT above stops the asking.
 */
#include "exec/spill.h"

/* CteRun - the rows of a WITH query, made as far as its readers have come. */
struct CteRun {
    const CtePlan *plan;
    ExecNode *root, *step;
    ExecState *s;
    BigStore store;
    Arena hold;
    bool started, in_step, done;
    KeyTable seen; /* recursive UNION: rows so far */
    /* recursive: the rows of the last round, and those of this one */
    RowStore rounds[2];
    Arena round_holds[2];
    uint32_t round; /* which of them is the last round's */
};

Status cte_create(Cx *cx, ExecState *s, const CtePlan *plan, CteRun **out)
{
    CteRun *c = ARENA_NEW(&s->arena, CteRun);
    *out = c;
    c->s = s;
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
    if (!c->started && c->store.s != NULL) {
        return;
    }
    arena_clear(&c->hold);
    big_store_init(&c->store, c->s, &c->hold, c->root->plan->phys, c->root->plan->col_count);
    c->started = c->in_step = c->done = false;
    c->round = 0;
    if (c->step != NULL) {
        key_table_init(&c->seen, &c->hold, false);
        round_clear(c, 0);
        round_clear(c, 1);
    }
}

/* keep_new - rows of a round: all, or (UNION) those not seen before. */
static Status keep_new(Cx *cx, CteRun *c, const Batch *b, RowStore *round)
{
    uint16_t idx[VEC_CAPACITY];
    Batch fresh = *b;
    uint32_t count = 0;
    if (c->plan->types == NULL) {
        row_store_append(round, b);
        return big_store_append(cx, &c->store, b);
    }
    Buf key;
    buf_init(&key, 1u << 30);
    SEL_FOREACH(row, &b->sel)
    {
        bool added;
        buf_clear(&key);
        for (uint16_t i = 0; i < c->root->plan->col_count; i++) {
            key_append(c->plan->types[i], b->cols[i], row, &key);
        }
        key_table_add(&c->seen, key.data, key.len, &added);
        if (added) {
            idx[count++] = (uint16_t)row;
        }
    }
    buf_release(&key);
    fresh.sel = (Sel){idx, count};
    row_store_append(round, &fresh);
    return big_store_append(cx, &c->store, &fresh);
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
        TRY(cx_check(cx));
        Status st = from->next(cx, from, max_rows, &b);
        if (st == ST_OK) {
            TRY(keep_new(cx, c, b, round));
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
    return big_store_append(cx, &c->store, b);
}

/* cte_root - the first operator of a WITH query. */
const ExecNode *cte_root(const CteRun *c)
{
    return c->root;
}

/* cte_end - let go of scans and files. */
void cte_end(CteRun *c)
{
    nodes_end(c->root);
    nodes_end(c->step);
    cte_reset(c);
}

/* ---- a reference ---- */

typedef struct CteScan {
    StoreReader *work; /* in a step: the last round */
    BigReader all;
} CteScan;

static Status cte_start(Cx *cx, ExecNode *n)
{
    (void)cx;
    CteScan *r = n->priv;
    r->work->at = 0;
    big_reader_rewind(&r->all);
    return ST_OK;
}

static Status cte_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    CteRun *c = n->s->ctes[n->plan->u.cte.cte];
    CteScan *r = n->priv;
    if (n->plan->u.cte.work) {
        return store_read(r->work, &c->rounds[c->round], max_rows, out);
    }
    if (r->all.given >= c->store.rows) {
        TRY(cte_more(cx, n->s, c, max_rows));
    }
    return big_read(cx, &r->all, &c->store, max_rows, out);
}

Status cte_scan_create(Cx *cx, ExecNode *n)
{
    (void)cx;
    CteScan *r = ARENA_NEW(&n->s->arena, CteScan);
    n->priv = r;
    n->start = cte_start;
    n->next = cte_next;
    r->work = store_reader_new(&n->s->arena);
    big_reader_init(&r->all, n->s);
    return ST_OK;
}
