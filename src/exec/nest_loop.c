/*
 * nest_loop.c - for each outer row, the inner side: rewound when materialised, else started anew
 * with the outer row's values as parameters.
 */
#include "exec/exec_internal.h"

typedef struct LoopRun {
    ExprRun *residual;
    const Batch *outer;
    uint32_t outer_at;
    bool have_row, matched;
    Batch pair; /* outer columns constant, inner columns as they are */
    Vector *consts;
    uint16_t *idx;
    bool inner_started;
} LoopRun;

static Status loop_start(Cx *cx, ExecNode *n)
{
    LoopRun *r = n->priv;
    run_reset(n, r->residual);
    r->outer = NULL;
    r->have_row = false;
    r->inner_started = false;
    return n->left->start(cx, n->left);
}

/* loop_set_row - the outer row's values: constants of the pair, parameters of the inner side. */
static Status loop_set_row(Cx *cx, ExecNode *n, uint32_t row)
{
    LoopRun *r = n->priv;
    const PlanNode *p = n->plan;
    for (uint16_t c = 0; c < n->left->plan->col_count; c++) {
        const Vector *v = r->outer->cols[c];
        Vector *k = &r->consts[c];
        uint32_t i = vec_index(v, row);
        k->phys = v->phys;
        k->kind = VEC_CONST;
        k->data = (uint8_t *)v->data + (size_t)i * phys_bytes(v->phys);
        k->valid = NULL;
        if (vec_is_null(v, row)) {
            k->valid = k->valid_buf;
            k->valid[0] = 0;
        }
    }
    for (uint32_t i = 0; i < p->u.join.param_count; i++) {
        const ParamSource *s = &p->u.join.params[i];
        const Vector *k = &r->consts[s->column];
        n->s->param_nulls[s->param] = k->valid != NULL;
        if (k->valid == NULL) {
            n->s->params[s->param] = vec_get(k, 0);
        }
    }
    subs_forget(n->s, &p->u.join.scope);
    r->matched = false;
    r->have_row = true;
    if (r->inner_started && n->right->plan->kind == PLAN_MATERIAL && p->u.join.param_count == 0) {
        material_rewind(n->right);
        return ST_OK;
    }
    r->inner_started = true;
    return n->right->start(cx, n->right);
}

/* loop_emit - a batch of pairs, or (inner NULL) the outer row alone with NULLs. */
static void loop_emit(ExecNode *n, const Batch *inner, Sel sel, const Batch **out)
{
    LoopRun *r = n->priv;
    uint16_t lc = n->left->plan->col_count;
    for (uint16_t c = 0; c < n->right->plan->col_count; c++) {
        if (inner != NULL) {
            r->pair.cols[lc + c] = inner->cols[c];
        } else {
            Vector *k = &r->consts[lc + c];
            k->kind = VEC_CONST;
            k->phys = n->right->plan->phys[c];
            k->valid = k->valid_buf;
            k->valid[0] = 0;
            r->pair.cols[lc + c] = k;
        }
    }
    r->pair.count = inner != NULL ? inner->count : 1;
    r->pair.sel = sel;
    *out = &r->pair;
}

/* loop_next - join one outer row after the other with the inner side, started anew for each. */
static Status loop_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    LoopRun *r = n->priv;
    PlanJoin join = n->plan->u.join.join;
    for (;;) {
        TRY(cx_check(cx));
        if (!r->have_row) {
            if (r->outer == NULL || r->outer_at >= r->outer->sel.count) {
                TRY(n->left->next(cx, n->left, max_rows, &r->outer));
                r->outer_at = 0;
            }
            uint32_t k = r->outer_at++;
            TRY(loop_set_row(cx, n, r->outer->sel.idx != NULL ? r->outer->sel.idx[k] : k));
        }
        const Batch *inner;
        bool semi = join == PJOIN_SEMI || join == PJOIN_ANTI;
        bool one_is_enough = semi && r->residual == NULL;
        Status st = n->right->next(cx, n->right, one_is_enough ? 1 : max_rows, &inner);
        if (st == ST_OK) {
            loop_emit(n, inner, inner->sel, out);
            if (r->residual != NULL) {
                arena_clear(&n->batch);
                TRY(expr_filter(cx, r->residual, 0, &r->pair, &inner->sel, &n->batch, r->idx,
                                &r->pair.sel));
            }
            if (r->pair.sel.count > 0) {
                r->matched = true;
                if (!semi) {
                    return ST_OK;
                }
                r->have_row = false; /* whatever else the inner side has does not matter */
                if (join == PJOIN_SEMI) {
                    loop_emit(n, NULL, (Sel){NULL, 1}, out);
                    return ST_OK;
                }
            }
            continue;
        }
        if (st != ST_DONE) {
            return st;
        }
        r->have_row = false;
        if ((join == PJOIN_LEFT || join == PJOIN_ANTI) && !r->matched) {
            loop_emit(n, NULL, (Sel){NULL, 1}, out);
            return ST_OK;
        }
    }
}

Status nest_loop_create(Cx *cx, ExecNode *n)
{
    Arena *a = &n->s->arena;
    LoopRun *r = ARENA_NEW(a, LoopRun);
    uint32_t cols = (uint32_t)n->left->plan->col_count + n->right->plan->col_count;
    n->priv = r;
    n->start = loop_start;
    n->next = loop_next;
    r->consts = ARENA_ARRAY(a, Vector, cols + 1);
    r->pair.cols = ARENA_ARRAY(a, Vector *, cols + 1);
    r->pair.col_count = n->plan->col_count;
    uint8_t *zero = arena_zalloc(a, 16);
    for (uint32_t c = 0; c < cols; c++) {
        r->consts[c].valid_buf = ARENA_ARRAY(a, uint64_t, VEC_VALID_WORDS);
        r->consts[c].data = zero;
        r->pair.cols[c] = &r->consts[c];
    }
    r->idx = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    return run_create(cx, n, n->plan->u.join.residual, &r->residual);
}
