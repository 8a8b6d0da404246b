/*
 * exec.c - execution states: made from a plan, kept on its free list, opened, pulled, closed.
 */
#include "exec/fk_action.h"
#include "expr/call.h"

enum { FREE_STATES_MAX = 64 };

Status run_create(Cx *cx, ExecNode *n, const ExprProg *prog, ExprRun **out)
{
    *out = NULL;
    return prog != NULL ? expr_run_create(cx, &n->s->arena, prog, out) : ST_OK;
}

Status node_start_children(Cx *cx, ExecNode *n)
{
    n->done = false;
    if (n->left != NULL) {
        TRY(n->left->start(cx, n->left));
    }
    return n->right != NULL ? n->right->start(cx, n->right) : ST_OK;
}

bool exec_over_budget(const ExecState *s, const Arena *a)
{
    return s->env.work_mem_bytes != 0 && a->total_bytes > s->env.work_mem_bytes * 64 &&
           spill_possible(s);
}

/* exec_budget - 53200 when an operator that cannot spill holds more than its share, which is
 * generous: 64 times work_mem. */
Status exec_budget(Cx *cx, const ExecState *s, const Arena *a)
{
    if ((s->env.work_mem_bytes != 0 && a->total_bytes > s->env.work_mem_bytes * 64) ||
        cx_refused(cx)) {
        st_ignore(err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory"));
        return err_detail(cx, "One step of the query holds more than 64 times work_mem.");
    }
    return cx_check(cx);
}

/* create_kind - make the state of a node by its kind. */
static Status create_kind(Cx *cx, ExecNode *n)
{
    switch (n->plan->kind) {
    case PLAN_RESULT: return result_create(cx, n);
    case PLAN_VALUES: return values_create(cx, n);
    case PLAN_SCAN: return scan_create(cx, n);
    case PLAN_INDEX_SCAN: return index_scan_node_create(cx, n);
    case PLAN_CAT_SCAN: return cat_scan_create(cx, n);
    case PLAN_FUNCTION: return function_create(cx, n);
    case PLAN_PROJECT_SET: return project_set_create(cx, n);
    case PLAN_CTE_SCAN: return cte_scan_create(cx, n);
    case PLAN_FILTER: return filter_create(cx, n);
    case PLAN_PROJECT: return project_create(cx, n);
    case PLAN_NEST_LOOP: return nest_loop_create(cx, n);
    case PLAN_HASH_JOIN: return hash_join_create(cx, n);
    case PLAN_AGG: return agg_create(cx, n);
    case PLAN_EXPAND: return expand_create(cx, n);
    case PLAN_WINDOW: return window_create(cx, n);
    case PLAN_SORT: return sort_create(cx, n);
    case PLAN_UNIQUE: return unique_create(cx, n);
    case PLAN_TIES: return ties_create(cx, n);
    case PLAN_LIMIT: return limit_create(cx, n);
    case PLAN_APPEND: return append_create(cx, n);
    case PLAN_SETOP: return setop_create(cx, n);
    case PLAN_MATERIAL: return material_create(cx, n);
    case PLAN_LOCK_ROWS: return lock_rows_create(cx, n);
    case PLAN_MODIFY: return modify_create(cx, n);
    case PLAN_TRANSITION: return transition_create(cx, n);
    }
    UNREACHABLE();
}

Status node_create(Cx *cx, ExecState *s, const PlanNode *plan, ExecNode **out)
{
    ExecNode *n = ARENA_NEW(&s->arena, ExecNode);
    n->plan = plan;
    n->s = s;
    arena_init(&n->batch, &s->arena, "batch", 0);
    arena_init(&n->hold, &s->arena, "operator", 0);
    if (plan->left != NULL) {
        TRY(node_create(cx, s, plan->left, &n->left));
    }
    if (plan->right != NULL) {
        TRY(node_create(cx, s, plan->right, &n->right));
    }
    *out = n;
    TRY(create_kind(cx, n));
    if (s->env.count_nodes) {
        node_count_begin(n);
    }
    return ST_OK;
}

/* nodes_end - let go of scans, all the way down. */
void nodes_end(ExecNode *n)
{
    if (n == NULL) {
        return;
    }
    if (n->end != NULL) {
        n->end(n);
    }
    nodes_end(n->left);
    nodes_end(n->right);
    arena_clear(&n->hold);
    arena_clear(&n->batch);
}

static void state_free(ExecState *s)
{
    fk_actions_free(s->fk_actions);
    arena_release(&s->arena);
    mem_free(s);
}

static void free_all(ExecFreeList *l)
{
    while (l->first != NULL) {
        ExecState *s = l->first;
        l->first = s->next_free;
        state_free(s);
    }
}

static void list_lock(ExecFreeList *l)
{
    while (atomic_flag_test_and_set_explicit(&l->lock, memory_order_acquire)) {
    }
}

static void list_unlock(ExecFreeList *l)
{
    atomic_flag_clear_explicit(&l->lock, memory_order_release);
}

static ExecState *list_take(Plan *plan)
{
    list_lock(&plan->free_list);
    ExecState *s = plan->free_list.first;
    if (s != NULL) {
        plan->free_list.first = s->next_free;
        plan->free_list.count--;
    }
    list_unlock(&plan->free_list);
    return s;
}

static void list_give(Plan *plan, ExecState *s)
{
    list_lock(&plan->free_list);
    bool keep = plan->free_list.count < FREE_STATES_MAX;
    if (keep) {
        plan->free_list.free_all = free_all;
        s->next_free = plan->free_list.first;
        plan->free_list.first = s;
        plan->free_list.count++;
    }
    list_unlock(&plan->free_list);
    if (!keep) {
        state_free(s);
    }
}

/* state_create - an execution state of a plan with parameters, subplans and nodes; frees all of it
 * on failure. */
static Status state_create(Cx *cx, Plan *plan, const ExecEnv *env, ExecState **out)
{
    ExecState *s = mem_zalloc("exec", sizeof(*s));
    Status st = ST_OK;
    uint32_t params = plan->param_count + plan->exec_param_count;
    s->plan = plan;
    s->env = *env;
    arena_init(&s->arena, NULL, "exec", 0);
    s->params = ARENA_ARRAY(&s->arena, Datum, params + 1);
    s->param_nulls = ARENA_ARRAY(&s->arena, bool, params + 1);
    s->expr_env = (ExprEnv){.params = s->params,
                            .param_nulls = s->param_nulls,
                            .param_count = params,
                            .sublink = exec_sublink,
                            .sublink_arg = s};
    TRY_OUT(subs_create(cx, s));
    TRY_OUT(node_create(cx, s, plan->root, &s->root));
    *out = s;
out:
    if (st != ST_OK) {
        state_free(s);
    }
    return st;
}

Status exec_open(Cx *cx, Plan *plan, const ExecEnv *env, ExecState **state_out)
{
    ExecState *s = env->count_nodes ? NULL : list_take(plan);
    if (s == NULL) {
        TRY(state_create(cx, plan, env, &s));
        s->spoiled = env->count_nodes;
    }
    plan_ref(plan);
    s->env = *env;
    s->affected = 0;
    s->failed = s->started = false;
    s->due_first = s->due_last = NULL;
    s->expr_env.type_env = env->type_env;
    s->expr_env.extra_fn = env->extra_fn;
    uint32_t given = MIN(env->param_count, plan->param_count);
    if (given > 0) {
        memcpy(s->params, env->params, given * sizeof(Datum));
        if (env->param_nulls != NULL) {
            memcpy(s->param_nulls, env->param_nulls, given * sizeof(bool));
        } else {
            memset(s->param_nulls, 0, given * sizeof(bool));
        }
    }
    subs_reset(s);
    *state_out = s;
    return ST_OK;
}

/* run_modifying_ctes - data-changing WITH queries run once and to the end, read or not. */
static Status run_modifying_ctes(Cx *cx, ExecState *s)
{
    for (uint32_t i = 0; i < s->plan->cte_count; i++) {
        CteRun *c = s->ctes[i];
        if (s->plan->ctes[i].root->kind != PLAN_MODIFY) {
            continue;
        }
        Status st = ST_OK;
        uint64_t affected = s->affected;
        while (st == ST_OK) {
            st = cte_more(cx, s, c, VEC_CAPACITY);
        }
        if (st != ST_DONE) {
            return st;
        }
        s->affected = affected;
    }
    return ST_OK;
}

Status exec_next(Cx *cx, ExecState *s, uint32_t max_rows, const Batch **batch_out)
{
    const Batch *b;
    Status st = cx_check(cx);
    struct FnManager *m = s->env.type_env != NULL ? s->env.type_env->functions : NULL;
    const Snapshot *outer = NULL;
    if (m != NULL) {
        outer = m->snapshot;
        m->snapshot = s->env.snapshot;
    }
    if (st == ST_OK && !s->started) {
        s->started = true;
        st = run_modifying_ctes(cx, s);
        st = st == ST_OK ? s->root->start(cx, s->root) : st;
    }
    if (st == ST_OK) {
        st = s->root->next(cx, s->root, MIN(max_rows, VEC_CAPACITY), &b);
    }
    if (st == ST_DONE && s->due_first != NULL) {
        st = exec_statement_end(cx, s);
        st = st == ST_OK ? ST_DONE : st;
    }
    if (m != NULL) {
        m->snapshot = outer;
    }
    st = cat_view_judge(cx, s->env.view, st);
    if (st != ST_OK) {
        s->failed = st == ST_ERROR;
        return st;
    }
    s->view = *b;
    s->view.col_count = s->plan->column_count;
    if (s->plan->command == CMD_SELECT) {
        s->affected += b->sel.count;
    }
    *batch_out = &s->view;
    return ST_OK;
}

void exec_forbid_park(ExecState *state)
{
    state->env.park = NULL;
}

uint64_t exec_affected(const ExecState *state)
{
    return state->affected;
}

void exec_close(ExecState *s)
{
    Plan *plan = s->plan;
    nodes_end(s->root);
    for (uint32_t i = 0; i < plan->subplan_count; i++) {
        nodes_end(s->subs[i].root);
    }
    for (uint32_t i = 0; i < plan->cte_count; i++) {
        cte_end(s->ctes[i]);
    }
    if (s->failed || s->spoiled) {
        state_free(s);
    } else {
        list_give(plan, s);
    }
    plan_unref(plan);
}
