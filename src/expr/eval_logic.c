/*
 * eval_logic.c - steps that decide which rows their arguments see: AND, OR, NOT, CASE, COALESCE,
 * IN, and filters.
 *
 * Three-valued logic by selections: AND asks its next argument only for rows not yet false, OR only
 * for rows not yet true, exactly the rows for which PostgreSQL would evaluate it.
 */
#include "expr/expr_internal.h"

typedef uint64_t RowSet[VEC_VALID_WORDS];

static void row_set_add(uint64_t *set, const Sel *sel)
{
    SEL_FOREACH(row, sel)
    {
        set[row >> 6] |= (uint64_t)1 << (row & 63);
    }
}

/* sel_split - the rows of sel that are in the set (or are not); idx may be sel->idx. */
static Sel sel_split(const Sel *sel, const uint64_t *set, bool in_set, uint16_t *idx)
{
    uint32_t n = 0;
    uint64_t want = in_set ? 1 : 0;
    SEL_FOREACH(row, sel)
    {
        idx[n] = (uint16_t)row;
        n += ((set[row >> 6] >> (row & 63)) & 1) == want;
    }
    return (Sel){idx, n};
}

/* true_rows - the rows of sel whose boolean is true. */
static Sel true_rows(const Vector *v, const Sel *sel, uint16_t *idx)
{
    const uint8_t *data = v->data;
    uint32_t n = 0;
    if (v->kind == VEC_CONST) {
        if (vec_is_null(v, 0) || data[0] == 0) {
            return (Sel){idx, 0};
        }
        SEL_FOREACH(row, sel)
        {
            idx[n++] = (uint16_t)row;
        }
        return (Sel){idx, n};
    }
    if (v->valid == NULL) {
        SEL_FOREACH(row, sel)
        {
            idx[n] = (uint16_t)row;
            n += data[row] != 0;
        }
    } else {
        SEL_FOREACH(row, sel)
        {
            idx[n] = (uint16_t)row;
            n += data[row] != 0 && ((v->valid[row >> 6] >> (row & 63)) & 1) != 0;
        }
    }
    return (Sel){idx, n};
}

/* filter_or - rows for which some argument is true. */
static Status filter_or(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                        Arena *arena, uint16_t *idx_out, Sel *sel_out)
{
    const Step *s = &run->prog->steps[step];
    RowSet found = {0};
    uint16_t *rest_idx = step_idx(run, step, 0), *hit_idx = step_idx(run, step, 1);
    Sel rest = *sel;
    for (uint16_t i = 0; i < s->arg_count && rest.count > 0; i++) {
        Sel hit;
        TRY(step_filter(cx, run, s->args[i], in, &rest, arena, hit_idx, &hit));
        row_set_add(found, &hit);
        if (i + 1 < s->arg_count) {
            rest = sel_split(&rest, found, false, rest_idx);
        }
    }
    *sel_out = sel_split(sel, found, true, idx_out);
    return ST_OK;
}

/* step_filter - the rows of sel for which the boolean step is true. idx_out may be sel->idx. */
Status step_filter(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                   Arena *arena, uint16_t *idx_out, Sel *sel_out)
{
    const Step *s = &run->prog->steps[step];
    const Vector *v;
    if (sel->count == 0) {
        *sel_out = (Sel){idx_out, 0};
        return ST_OK;
    }
    if (s->kind == STEP_AND) {
        Sel cur = *sel;
        for (uint16_t i = 0; i < s->arg_count && cur.count > 0; i++) {
            TRY(step_filter(cx, run, s->args[i], in, &cur, arena, idx_out, &cur));
        }
        *sel_out = cur;
        return ST_OK;
    }
    if (s->kind == STEP_OR) {
        return filter_or(cx, run, step, in, sel, arena, idx_out, sel_out);
    }
    if (s->fused != FUSED_NONE) {
        const Vector *col, *konst;
        uint32_t n;
        TRY(step_eval(cx, run, s->args[0], in, sel, arena, &col));
        TRY(step_eval(cx, run, s->args[1], in, sel, arena, &konst));
        if (fused_filter(s->fused, col, konst, sel, idx_out, &n)) {
            *sel_out = (Sel){idx_out, n};
            return ST_OK;
        }
    }
    TRY(step_eval(cx, run, step, in, sel, arena, &v));
    *sel_out = true_rows(v, sel, idx_out);
    return ST_OK;
}

/* eval_not - NOT: NULL stays NULL; a constant stays one. */
static Status eval_not(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                       Arena *arena, const Vector **out)
{
    const Step *s = &run->prog->steps[step];
    Vector *r = &run->steps[step].out;
    const Vector *v;
    TRY(step_eval(cx, run, s->args[0], in, sel, arena, &v));
    step_ready(run, step);
    *out = r;
    const uint8_t *a = v->data;
    uint8_t *b = r->data;
    if (v->kind == VEC_CONST) {
        b[0] = a[0] == 0;
        if (vec_is_null(v, 0)) {
            vec_set_null(r, 0);
        }
        r->kind = VEC_CONST;
        return ST_OK;
    }
    SEL_FOREACH(row, sel)
    {
        b[row] = a[row] == 0;
    }
    if (v->valid != NULL) {
        memcpy(r->valid_buf, v->valid, VEC_VALID_WORDS * sizeof(uint64_t));
        r->valid = r->valid_buf;
    }
    return ST_OK;
}

/* step_eval_logic - AND, OR, NOT as values. */
Status step_eval_logic(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                       Arena *arena, const Vector **out)
{
    const Step *s = &run->prog->steps[step];
    if (s->kind == STEP_NOT) {
        return eval_not(cx, run, step, in, sel, arena, out);
    }
    bool decides = s->kind == STEP_OR; /* the value that ends the evaluation of a row */
    uint16_t *idx = step_idx(run, step, 0);
    RowSet decided = {0}, unknown = {0};
    Sel cur = *sel;
    for (uint16_t i = 0; i < s->arg_count && cur.count > 0; i++) {
        const Vector *v;
        TRY(step_eval(cx, run, s->args[i], in, &cur, arena, &v));
        const uint8_t *data = v->data;
        SEL_FOREACH(row, &cur)
        {
            uint64_t bit = (uint64_t)1 << (row & 63);
            if (vec_is_null(v, row)) {
                unknown[row >> 6] |= bit;
            } else if ((data[vec_index(v, row)] != 0) == decides) {
                decided[row >> 6] |= bit;
            }
        }
        if (i + 1 < s->arg_count) {
            cur = sel_split(&cur, decided, false, idx);
        }
    }
    step_ready(run, step);
    Vector *r = &run->steps[step].out;
    uint8_t *b = r->data;
    SEL_FOREACH(row, sel)
    {
        bool d = (decided[row >> 6] >> (row & 63)) & 1;
        b[row] = d == decides;
        if (!d && ((unknown[row >> 6] >> (row & 63)) & 1)) {
            vec_set_null(r, row);
        }
    }
    *out = r;
    return ST_OK;
}

/* step_spread - copy the rows of sel to the same rows of out, sharing string bytes. */
void step_spread(const Vector *v, const Sel *sel, Vector *out)
{
    SEL_FOREACH(row, sel)
    {
        vec_copy_value(v, row, out, row, NULL);
    }
}

Status step_eval_case(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                      Arena *arena, const Vector **out)
{
    const Step *s = &run->prog->steps[step];
    Vector *r = &run->steps[step].out;
    uint16_t *rest_idx = step_idx(run, step, 0), *hit_idx = step_idx(run, step, 1);
    Sel rest = *sel;
    step_ready(run, step);
    for (uint16_t i = 0; i + 1 < s->arg_count && rest.count > 0; i = (uint16_t)(i + 2)) {
        Sel hit;
        TRY(step_filter(cx, run, s->args[i], in, &rest, arena, hit_idx, &hit));
        if (hit.count == 0) {
            continue;
        }
        const Vector *v;
        TRY(step_eval(cx, run, s->args[i + 1], in, &hit, arena, &v));
        step_spread(v, &hit, r);
        RowSet set = {0};
        row_set_add(set, &hit);
        rest = sel_split(&rest, set, false, rest_idx);
    }
    if (rest.count > 0) {
        if (s->arg_count % 2 == 1) {
            const Vector *v;
            TRY(step_eval(cx, run, s->args[s->arg_count - 1], in, &rest, arena, &v));
            step_spread(v, &rest, r);
        } else {
            SEL_FOREACH(row, &rest)
            {
                vec_set_null(r, row);
            }
        }
    }
    *out = r;
    return ST_OK;
}

Status step_eval_coalesce(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                          Arena *arena, const Vector **out)
{
    const Step *s = &run->prog->steps[step];
    Vector *r = &run->steps[step].out;
    uint16_t *idx = step_idx(run, step, 0);
    Sel rest = *sel;
    step_ready(run, step);
    for (uint16_t i = 0; i < s->arg_count && rest.count > 0; i++) {
        const Vector *v;
        TRY(step_eval(cx, run, s->args[i], in, &rest, arena, &v));
        step_spread(v, &rest, r);
        uint32_t n = 0;
        SEL_FOREACH(row, &rest)
        {
            idx[n] = (uint16_t)row;
            n += vec_is_null(v, row);
        }
        rest = (Sel){idx, n};
    }
    *out = r;
    return ST_OK;
}

/* step_eval_in_set - membership in the hashed constants. */
void step_eval_in_set(const InSet *set, bool negated, const Vector *v, const Sel *sel, Vector *r)
{
    uint8_t *b = r->data;
    SEL_FOREACH(row, sel)
    {
        if (vec_is_null(v, row)) {
            vec_set_null(r, row);
            continue;
        }
        Datum d = vec_get(v, row);
        bool found = in_set_has(set, &d);
        if (!found && set->has_null) {
            vec_set_null(r, row);
            continue;
        }
        b[row] = found != negated;
    }
}

/* step_eval_in - x op ANY (list): true at the first true; x op ALL (list): false at the first
 * false. */
Status step_eval_in(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                    Arena *arena, const Vector **out)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    const Vector *pair[2];
    TRY(step_eval(cx, run, s->args[0], in, sel, arena, &pair[0]));
    step_ready(run, step);
    *out = &sr->out;
    if (s->set != NULL) {
        step_eval_in_set(s->set, s->negated, pair[0], sel, &sr->out);
        return ST_OK;
    }
    if (sr->flat.data == NULL) {
        vec_init(&sr->flat, PHYS_BOOL, run->arena);
    }
    bool decides = !s->is_all;
    RowSet decided = {0}, unknown = {0};
    uint16_t *idx = step_idx(run, step, 1);
    Sel cur = *sel;
    for (uint16_t i = 1; i < s->arg_count && cur.count > 0; i++) {
        TRY(step_eval(cx, run, s->args[i], in, &cur, arena, &pair[1]));
        vec_reset(&sr->flat);
        TRY(step_call(cx, run, step, pair, in, &cur, arena, &sr->flat));
        const uint8_t *data = sr->flat.data;
        SEL_FOREACH(row, &cur)
        {
            uint64_t bit = (uint64_t)1 << (row & 63);
            if (vec_is_null(&sr->flat, row)) {
                unknown[row >> 6] |= bit;
            } else if ((data[vec_index(&sr->flat, row)] != 0) == decides) {
                decided[row >> 6] |= bit;
            }
        }
        cur = sel_split(&cur, decided, false, idx);
    }
    uint8_t *b = sr->out.data;
    SEL_FOREACH(row, sel)
    {
        bool d = (decided[row >> 6] >> (row & 63)) & 1;
        b[row] = (d == decides) != s->negated;
        if (!d && ((unknown[row >> 6] >> (row & 63)) & 1)) {
            vec_set_null(&sr->out, row);
        }
    }
    return ST_OK;
}
