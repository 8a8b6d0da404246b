/*
 * recheck.c - what must still hold of a joined row when the row of one of its tables has changed
 * since the snapshot: the conditions of FROM and WHERE, over the newest version of that row and the
 * other tables' rows as they were read.
 *
 * The row that changed is on no nullable side (what is to be locked or changed may not be). So of
 * the joins above it an inner one keeps the row or drops it, and a left one keeps it, with its
 * other side or with NULLs in that place. Joins elsewhere cannot change.
 */
#include "plan/plan_internal.h"

/* RecheckBuild - steps as they are found. */
typedef struct RecheckBuild {
    PlanQuery *pq;
    const PlanNode *input;
    uint64_t targets;
    PlanRecheck *r;
    Expr **exprs;
    uint32_t size;
} RecheckBuild;

static uint64_t recheck_rels(const FromNode *f)
{
    return f->is_join ? recheck_rels(f->left) | recheck_rels(f->right) : (uint64_t)1 << f->rte;
}

/* recheck_step - a condition; when it fails the columns of `nullable` are NULL, or (0) the row
 * goes.
 */
static void recheck_step(RecheckBuild *b, Expr *cond, uint64_t nullable)
{
    Arena *a = b->pq->p->arena;
    PlanRecheckStep *s = &b->r->steps[b->r->count];
    if (cond == NULL) {
        return;
    }
    if (nullable != 0) {
        s->null_columns = ARENA_ARRAY(a, uint16_t, b->input->col_count + 1u);
        s->nulls = true;
    }
    for (uint16_t c = 0; nullable != 0 && c < b->input->col_count; c++) {
        const Expr *o = b->input->outs[c];
        if (o->kind == EXPR_COLUMN && o->u.column.levels_up == 0 &&
            (nullable >> (o->u.column.rte & 63) & 1) != 0) {
            s->null_columns[s->null_count++] = c;
        }
    }
    b->exprs[b->r->count++] = cond;
}

/* recheck_from - the joins above the targets, the lowest first. */
static void recheck_from(RecheckBuild *b, const FromNode *f)
{
    if (!f->is_join || (recheck_rels(f) & b->targets) == 0) {
        return;
    }
    recheck_from(b, f->left);
    recheck_from(b, f->right);
    uint64_t nullable = f->join == JOIN_LEFT    ? recheck_rels(f->right)
                        : f->join == JOIN_RIGHT ? recheck_rels(f->left)
                                                : 0;
    if (f->join != JOIN_FULL && (nullable & b->targets) == 0) {
        recheck_step(b, f->on, nullable);
    }
}

static uint32_t recheck_count(const FromNode *f)
{
    return f->is_join ? 1 + recheck_count(f->left) + recheck_count(f->right) : 0;
}

Status plan_recheck(PlanQuery *pq, const PlanNode *input, uint64_t targets, PlanRecheck *out)
{
    const Query *q = pq->q;
    uint32_t size = 1;
    for (uint16_t i = 0; i < q->from_count; i++) {
        size += recheck_count(q->from[i]);
    }
    *out = (PlanRecheck){.steps = ARENA_ARRAY(pq->p->arena, PlanRecheckStep, size)};
    RecheckBuild b = {.pq = pq, .input = input, .targets = targets, .r = out};
    b.exprs = ARENA_ARRAY(pq->p->arena, Expr *, size);
    for (uint16_t i = 0; i < q->from_count; i++) {
        recheck_from(&b, q->from[i]);
    }
    recheck_step(&b, q->where, 0);
    return out->count > 0 ? prog_over(pq, input, NULL, b.exprs, out->count, &out->prog) : ST_OK;
}

bool plan_mark_table(PlanQuery *pq, const PlanNode *input, uint16_t rte, PlanMark *out)
{
    bool found = false;
    out->table = pq->q->rtes[rte]->table;
    out->columns = ARENA_ARRAY(pq->p->arena, uint16_t, input->col_count + 1u);
    out->input_columns = ARENA_ARRAY(pq->p->arena, uint16_t, input->col_count + 1u);
    for (uint16_t c = 0; c < input->col_count; c++) {
        const Expr *o = input->outs[c];
        if (o->kind != EXPR_COLUMN || o->u.column.rte != rte || o->u.column.levels_up != 0) {
            continue;
        }
        if (o->u.column.column == COLUMN_ROWID) {
            out->rowid_column = c;
            found = true;
        } else if (o->u.column.column >= 0) {
            out->columns[out->column_count] = (uint16_t)o->u.column.column;
            out->input_columns[out->column_count++] = c;
        }
    }
    return found;
}
