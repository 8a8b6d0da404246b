/*
 * plan_window.c - window functions: one node per definition, sorted once where orders agree.
 *
 * Definitions are taken in PostgreSQL's order (those with a common beginning of their keys
 * together, the longest first), so that rows come out in the same order as there when nothing else
 * is asked for.
 */
#include "plan/plan_internal.h"

/* ActiveWindow - a definition that is used: the keys its input is sorted by, and its calls. */
typedef struct ActiveWindow {
    const Window *w;
    uint16_t number, key_count, call_count;
    SortKey *keys;
    uint32_t *refs; /* of each key: its number among all sort expressions of the query */
    const Expr **calls;
} ActiveWindow;

typedef struct WindowFind {
    PlanQuery *pq;
    ActiveWindow *active; /* by number */
    uint32_t size;        /* most calls a window can have */
} WindowFind;

static bool count_window_call(void *arg, const Expr *e)
{
    *(uint32_t *)arg += e->kind == EXPR_WINDOW;
    return true;
}

static bool visit_window(void *arg, const Expr *e)
{
    WindowFind *f = arg;
    if (e->kind != EXPR_WINDOW) {
        return true;
    }
    ActiveWindow *a = &f->active[e->u.window.number];
    for (uint16_t i = 0; i < a->call_count; i++) {
        if (expr_equal(a->calls[i], e)) {
            return false;
        }
    }
    if (a->calls == NULL) {
        a->calls = ARENA_ARRAY(f->pq->p->arena, const Expr *, f->size);
    }
    a->calls[a->call_count++] = e;
    return false;
}

/* walk_outputs - the clauses window functions may stand in. */
static void walk_outputs(const Query *q, bool (*fn)(void *arg, const Expr *e), void *arg)
{
    for (uint16_t i = 0; i < q->target_count; i++) {
        expr_walk(q->targets[i].expr, fn, arg);
    }
    for (uint16_t i = 0; i < q->order_count; i++) {
        expr_walk(q->order_by[i].expr, fn, arg);
    }
    for (uint16_t i = 0; i < q->distinct_on_count; i++) {
        expr_walk(q->distinct_on[i], fn, arg);
    }
}

void plan_walk_windows(const Query *q, bool (*fn)(void *arg, const Expr *e), void *arg)
{
    for (uint16_t i = 0; i < q->window_count; i++) {
        const Window *w = &q->windows[i];
        for (uint16_t k = 0; k < w->partition_count; k++) {
            expr_walk(w->partition_by[k], fn, arg);
        }
        for (uint16_t k = 0; k < w->order_count; k++) {
            expr_walk(w->order_by[k].expr, fn, arg);
        }
    }
}

/* ---- sort keys ---- */

/* sort_ref - the number of an expression among those sorted or grouped by, as they come. */
static uint32_t sort_ref(const Expr **list, uint32_t *count, const Expr *e)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (expr_equal(list[i], e)) {
            return i;
        }
    }
    list[*count] = e;
    return (*count)++;
}

/* window_keys - what the input must be sorted by: partition keys, then order keys. */
static void window_keys(PlanQuery *pq, ActiveWindow *a, const Expr **list, uint32_t *count)
{
    const Window *w = a->w;
    uint16_t size = (uint16_t)(w->partition_count + w->order_count);
    a->keys = ARENA_ARRAY(pq->p->arena, SortKey, size + 1u);
    a->refs = ARENA_ARRAY(pq->p->arena, uint32_t, size + 1u);
    for (uint16_t i = 0; i < w->order_count; i++) {
        (void)sort_ref(list, count, w->order_by[i].expr);
    }
    for (uint16_t i = 0; i < size; i++) {
        SortKey k = {.expr = i < w->partition_count ? w->partition_by[i] : NULL};
        bool seen = false;
        if (k.expr == NULL) {
            k = w->order_by[i - w->partition_count];
        }
        uint32_t ref = sort_ref(list, count, k.expr);
        for (uint16_t o = 0; o < a->key_count && !seen; o++) {
            seen = a->refs[o] == ref;
        }
        if (!seen) {
            a->refs[a->key_count] = ref;
            a->keys[a->key_count++] = k;
        }
    }
}

/* window_before - does a come before b? */
static bool window_before(const ActiveWindow *a, const ActiveWindow *b)
{
    for (uint16_t i = 0; i < a->key_count && i < b->key_count; i++) {
        if (a->refs[i] != b->refs[i]) {
            return a->refs[i] > b->refs[i];
        }
        if (a->keys[i].desc != b->keys[i].desc) {
            return a->keys[i].desc;
        }
        if (a->keys[i].nulls_first != b->keys[i].nulls_first) {
            return a->keys[i].nulls_first;
        }
    }
    return a->key_count > b->key_count;
}

/* order_contained - are rows sorted by `have` also sorted by `want`? */
static bool order_contained(const SortKey *want, uint16_t want_count, const SortKey *have,
                            uint16_t have_count)
{
    for (uint16_t i = 0; i < want_count; i++) {
        if (i >= have_count || want[i].desc != have[i].desc ||
            want[i].nulls_first != have[i].nulls_first || !expr_equal(want[i].expr, have[i].expr)) {
            return false;
        }
    }
    return true;
}

/* ---- the node ---- */

static const struct {
    const char *prosrc;
    WinFunc func;
} WINDOW_FUNCS[] = {
    {"window_row_number", WIN_ROW_NUMBER},
    {"window_rank", WIN_RANK},
    {"window_dense_rank", WIN_DENSE_RANK},
    {"window_percent_rank", WIN_PERCENT_RANK},
    {"window_cume_dist", WIN_CUME_DIST},
    {"window_ntile", WIN_NTILE},
    {"window_lag", WIN_LAG},
    {"window_lag_with_offset", WIN_LAG},
    {"window_lag_with_offset_and_default", WIN_LAG},
    {"window_lead", WIN_LEAD},
    {"window_lead_with_offset", WIN_LEAD},
    {"window_lead_with_offset_and_default", WIN_LEAD},
    {"window_first_value", WIN_FIRST_VALUE},
    {"window_last_value", WIN_LAST_VALUE},
    {"window_nth_value", WIN_NTH_VALUE},
};

static Status window_func(PlanQuery *pq, const Expr *e, WindowCall *c)
{
    if (e->proc->kind == 'a') {
        c->func = WIN_AGG;
        c->ops = agg_ops_of(e->proc->oid, e->proc->prosrc);
        return c->ops != NULL
                   ? ST_OK
                   : err_unsupported(pq->p->cx, "aggregate %s is not supported", e->proc->name);
    }
    for (size_t i = 0; i < ARRAY_LEN(WINDOW_FUNCS); i++) {
        if (e->proc->prosrc != NULL && strcmp(e->proc->prosrc, WINDOW_FUNCS[i].prosrc) == 0) {
            c->func = WINDOW_FUNCS[i].func;
            return ST_OK;
        }
    }
    return err_unsupported(pq->p->cx, "window function %s is not supported", e->proc->name);
}

/* WindowExprs - the expressions of a node's program as they are collected. */
typedef struct WindowExprs {
    Expr **list;
    uint32_t count;
} WindowExprs;

static int exprs_add(WindowExprs *x, Expr *e)
{
    if (e == NULL) {
        return -1;
    }
    x->list[x->count] = e;
    return (int)x->count++;
}

static Status window_call(PlanQuery *pq, const Expr *e, WindowCall *c, WindowExprs *x)
{
    Oid *types = ARENA_ARRAY(pq->p->arena, Oid, e->arg_count + 1u);
    c->expr = plan_keep_expr(pq, e);
    c->first_arg = (uint16_t)x->count;
    c->arg_count = e->arg_count;
    c->arg_types = types;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        types[i] = expr_carrier(e->args[i]);
        (void)exprs_add(x, e->args[i]);
    }
    c->filter = exprs_add(x, e->u.window.filter);
    return window_func(pq, e, c);
}

/* window_key_types - the types that tell partitions and peers apart. */
static Status window_key_types(PlanQuery *pq, const WindowExprs *x, PlanWindow *w)
{
    w->key_types = ARENA_ARRAY(pq->p->arena, const TypeOps *, x->count + 1u);
    for (uint32_t i = 0; i < x->count; i++) {
        w->key_types[i] = plan_type_ops(pq->p, x->list[i]->type);
        if (w->key_types[i] == NULL || w->key_types[i]->cmp == NULL) {
            return err_unsupported(pq->p->cx, "windows over type %u are not supported",
                                   x->list[i]->type);
        }
    }
    return ST_OK;
}

static Status plan_offsets(PlanQuery *pq, const Window *from, PlanWindow *w)
{
    Expr *list[2];
    WindowExprs x = {.list = list};
    PlanNode none = {0};
    w->start_offset = exprs_add(&x, from->start_offset);
    w->end_offset = exprs_add(&x, from->end_offset);
    return x.count == 0 ? ST_OK : prog_over(pq, &none, NULL, list, x.count, &w->offsets);
}

/* plan_window - the node of one definition over sorted input. */
static Status plan_window(PlanQuery *pq, const ActiveWindow *a, PlanNode *input, PlanNode **out)
{
    Arena *arena = pq->p->arena;
    const Window *from = a->w;
    PlanNode *n =
        node_new(pq->p, PLAN_WINDOW, input, NULL, input->col_count + (uint32_t)a->call_count);
    PlanWindow *w = &n->u.window;
    uint32_t size = from->partition_count + from->order_count + 3u;
    for (uint16_t i = 0; i < a->call_count; i++) {
        size += a->calls[i]->arg_count + 1u;
    }
    WindowExprs x = {.list = ARENA_ARRAY(arena, Expr *, size)};
    for (uint16_t i = 0; i < from->partition_count; i++) {
        (void)exprs_add(&x, from->partition_by[i]);
    }
    for (uint16_t i = 0; i < from->order_count; i++) {
        (void)exprs_add(&x, from->order_by[i].expr);
    }
    TRY(window_key_types(pq, &x, w));
    w->partition_count = from->partition_count;
    w->order_count = from->order_count;
    w->frame = from->frame;
    w->range = from->range;
    w->range_key = exprs_add(&x, from->range_key);
    w->range_start = exprs_add(&x, from->range_start);
    w->range_end = exprs_add(&x, from->range_end);
    w->range_type = from->range_key != NULL ? expr_type_ops(from->range_key) : NULL;
    w->desc = from->order_count > 0 && from->order_by[0].desc;
    w->nulls_first = from->order_count > 0 && from->order_by[0].nulls_first;
    node_copy_outs(n, 0, input);
    w->calls = ARENA_ARRAY(arena, WindowCall, a->call_count + 1u);
    w->call_count = a->call_count;
    for (uint16_t i = 0; i < a->call_count; i++) {
        TRY(window_call(pq, a->calls[i], &w->calls[i], &x));
        node_set_out(n, input->col_count + (uint32_t)i, expr_copy(arena, a->calls[i]));
    }
    PhysType *phys = ARENA_ARRAY(arena, PhysType, x.count + 1u);
    for (uint32_t i = 0; i < x.count; i++) {
        phys[i] = x.list[i]->phys;
    }
    w->expr_phys = phys;
    w->expr_count = (uint16_t)x.count;
    TRY(plan_offsets(pq, from, w));
    TRY(prog_over(pq, input, NULL, x.list, x.count, &w->prog));
    n->width += 8u * a->call_count;
    n->total_cost = input->total_cost + input->rows * 0.01 * (1 + a->call_count);
    *out = n;
    return ST_OK;
}

/* window_refs - number the expressions the query sorts and groups by, then those of the windows. */
static void window_refs(PlanQuery *pq, ActiveWindow *active)
{
    const Query *q = pq->q;
    uint32_t size =
        (uint32_t)q->order_count + q->group_count + q->distinct_on_count + q->target_count + 1u;
    uint32_t count = 0;
    for (uint16_t i = 0; i < q->window_count; i++) {
        size += (uint32_t)q->windows[i].order_count + q->windows[i].partition_count;
    }
    const Expr **list = ARENA_ARRAY(pq->p->arena, const Expr *, size);
    for (uint16_t i = 0; i < q->order_count; i++) {
        (void)sort_ref(list, &count, q->order_by[i].expr);
    }
    for (uint16_t i = 0; i < q->group_count; i++) {
        (void)sort_ref(list, &count, q->group_by[i]);
    }
    for (uint16_t i = 0; i < q->target_count && q->distinct; i++) {
        (void)sort_ref(list, &count, q->targets[i].expr);
    }
    for (uint16_t i = 0; i < q->distinct_on_count; i++) {
        (void)sort_ref(list, &count, q->distinct_on[i]);
    }
    for (uint16_t i = 0; i < q->window_count; i++) {
        active[i].w = &q->windows[i];
        window_keys(pq, &active[i], list, &count);
    }
}

Status plan_windows(PlanQuery *pq, PlanNode *input, bool *ordered_out, PlanNode **out)
{
    const Query *q = pq->q;
    ActiveWindow *active = ARENA_ARRAY(pq->p->arena, ActiveWindow, q->window_count + 1u);
    const ActiveWindow **list =
        ARENA_ARRAY(pq->p->arena, const ActiveWindow *, q->window_count + 1u);
    WindowFind f = {.pq = pq, .active = active};
    const ActiveWindow *last = NULL;
    uint32_t count = 0;
    walk_outputs(q, count_window_call, &f.size);
    walk_outputs(q, visit_window, &f);
    window_refs(pq, active);
    for (uint16_t i = 0; i < q->window_count; i++) {
        if (active[i].call_count == 0) {
            continue;
        }
        uint32_t at = count++;
        for (; at > 0 && window_before(&active[i], list[at - 1]); at--) {
            list[at] = list[at - 1];
        }
        list[at] = &active[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        const ActiveWindow *a = list[i];
        bool sorted =
            a->key_count == 0 ||
            (last != NULL && order_contained(a->keys, a->key_count, last->keys, last->key_count));
        if (!sorted) {
            TRY(plan_sort(pq, input, a->keys, a->key_count, &input));
            last = a;
        }
        TRY(plan_window(pq, a, input, &input));
    }
    *ordered_out = q->order_count > 0 && last != NULL &&
                   order_contained(q->order_by, q->order_count, last->keys, last->key_count);
    *out = input;
    return ST_OK;
}
