/*
 * plan.c - making a plan, its life as a shared object.
 */
#include "plan/plan_internal.h"

static void plan_free(Plan *p)
{
    if (p->free_list.free_all != NULL) {
        p->free_list.free_all(&p->free_list);
    }
    if (p->pins != NULL) {
        cat_pins_release(p->pins);
    }
    arena_release(&p->arena);
    mem_free(p);
}

void plan_ref(Plan *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

void plan_unref(Plan *p)
{
    if (p != NULL && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1) {
        plan_free(p);
    }
}

/* node_reads - does this node or one below it scan the table? */
static bool node_reads(const PlanNode *n, Oid table)
{
    if (n == NULL) {
        return false;
    }
    if ((n->kind == PLAN_SCAN || n->kind == PLAN_INDEX_SCAN) &&
        n->u.scan.scan.table->oid == table) {
        return true;
    }
    return node_reads(n->left, table) || node_reads(n->right, table);
}

bool plan_reads(const Plan *p, Oid table)
{
    bool found = node_reads(p->root, table);
    for (uint32_t i = 0; !found && i < p->subplan_count; i++) {
        found = node_reads(p->subplans[i].root, table);
    }
    for (uint32_t i = 0; !found && i < p->cte_count; i++) {
        found = node_reads(p->ctes[i].root, table) || node_reads(p->ctes[i].step, table);
    }
    return found;
}

static void set_columns(Plan *p, const Query *q)
{
    const Target *list = q->command == CMD_SELECT ? q->targets : q->returning;
    uint16_t count = q->command == CMD_SELECT ? q->target_count : q->returning_count;
    p->columns = ARENA_ARRAY(&p->arena, PlanColumn, count + 1u);
    for (uint16_t i = 0; i < count; i++) {
        if (list[i].hidden) {
            continue;
        }
        const Expr *e = list[i].expr;
        p->columns[p->column_count++] =
            (PlanColumn){.name = arena_strdup(&p->arena, list[i].name ? list[i].name : "?column?"),
                         .type = e->type,
                         .typmod = e->typmod,
                         .source_table = list[i].source_table,
                         .source_column = list[i].source_column};
    }
    p->returns_rows = q->command == CMD_SELECT || count > 0;
}

/* plan_what - what PostgreSQL calls the statement in its messages. */
static const char *plan_what(const Query *q)
{
    switch (q->command) {
    case CMD_INSERT: return "INSERT";
    case CMD_UPDATE: return "UPDATE";
    case CMD_DELETE: return "DELETE";
    case CMD_MERGE: return "MERGE";
    default: break;
    }
    if (q->row_mark_count == 0) {
        return "SELECT";
    }
    switch (q->row_marks[0].mode) {
    case ROWLOCK_KEY_SHARE: return "SELECT FOR KEY SHARE";
    case ROWLOCK_SHARE: return "SELECT FOR SHARE";
    case ROWLOCK_NO_KEY_UPDATE: return "SELECT FOR NO KEY UPDATE";
    default: return "SELECT FOR UPDATE";
    }
}

Status plan_create(Cx *cx, CatView *view, const TypeEnv *env, const Query *query,
                   const BindParams *params, const FnOps *(*extra_fn)(const char *prosrc),
                   Plan **plan_out)
{
    Plan *p = mem_zalloc("plan", sizeof(*p));
    Status st = ST_OK;
    atomic_store(&p->refs, 1);
    arena_init(&p->arena, NULL, "plan", (size_t)64 << 20);
    p->catalog_version = view->version;
    p->command = query->command;
    p->param_count = params != NULL ? params->count : 0;
    p->param_types = ARENA_ARRAY(&p->arena, Oid, p->param_count + 1);
    for (uint32_t i = 0; i < p->param_count; i++) {
        p->param_types[i] = params->types[i];
    }
    atomic_flag_clear(&p->free_list.lock);
    Planner planner = {
        .cx = cx, .arena = &p->arena, .view = view, .env = env, .plan = p, .extra_fn = extra_fn};
    PlanQuery top = {.p = &planner, .q = query};
    TRY_OUT(cat_view_judge(cx, view, plan_query(&top, &p->root)));
    set_columns(p, query);
    p->writes = query->command != CMD_SELECT;
    p->what = plan_what(query);
    for (uint32_t i = 0; i < p->cte_count; i++) {
        p->writes = p->writes || p->ctes[i].root->kind == PLAN_MODIFY;
    }
    p->locks_rows = planner.locks_rows;
    p->read_only = !p->writes && !planner.locks_rows && !planner.calls_volatile;
    p->repeatable = (p->command == CMD_SELECT || !planner.locks_rows) && p->cte_count == 0 &&
                    !planner.calls_volatile;
    TRY_OUT(arena_check(cx, &p->arena));
    p->pins = cat_pins_take(view);
    *plan_out = p;
out:
    if (st != ST_OK) {
        plan_free(p);
    }
    return st;
}
