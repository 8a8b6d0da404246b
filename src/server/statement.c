/*
 * statement.c - one statement: classify, bind, plan, run through a portal.
 */
#include <pg_query/pg_query.pb-c.h>
#include <stdio.h>

#include "server/plan_access.h"
#include "server/server_internal.h"

#define STORE_BYTES_MAX ((size_t)1 << 30)

static StmtClass stmt_classify(const PgQuery__Node *node, const char **tag_out)
{
    *tag_out = "";
    if (node == NULL) {
        return STMT_EMPTY;
    }
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
        *tag_out = "SELECT";
        return node->select_stmt->into_clause == NULL ? STMT_PLANNED : STMT_UTILITY;
    case PG_QUERY__NODE__NODE_INSERT_STMT: *tag_out = "INSERT"; return STMT_PLANNED;
    case PG_QUERY__NODE__NODE_UPDATE_STMT: *tag_out = "UPDATE"; return STMT_PLANNED;
    case PG_QUERY__NODE__NODE_DELETE_STMT: *tag_out = "DELETE"; return STMT_PLANNED;
    case PG_QUERY__NODE__NODE_MERGE_STMT: *tag_out = "MERGE"; return STMT_PLANNED;
    default: return STMT_UTILITY;
    }
}

Statement *statement_in(Arena *arena, Slice sql, const PgQuery__Node *node)
{
    Statement *st = ARENA_NEW(arena, Statement);
    st->sql = sql;
    st->node = node;
    st->params.fixed = true;
    arena_init(&st->arena, arena, "statement", 0);
    return st;
}

Status statement_again(Cx *cx, const Statement *outer, Statement **out)
{
    ParsedStmt *parsed;
    uint32_t count = 0;
    Statement *st = *out = mem_zalloc("statement", sizeof(*st));
    st->refs = 1;
    arena_init(&st->arena, NULL, "prepared", 0);
    st->sql = (Slice){arena_strndup(&st->arena, outer->sql.ptr, outer->sql.len), outer->sql.len};
    TRY(parse_sql(cx, &st->arena, st->sql, &parsed, &count));
    ASSERT(outer->index < count);
    st->node = parsed[outer->index].node;
    return ST_OK;
}

Status statement_params_resolved(Cx *cx, const BindParams *params)
{
    for (uint32_t i = 0; i < params->count; i++) {
        if (params->types[i] == OID_INVALID || params->types[i] == TYPE_UNKNOWN) {
            return err_set(cx, ERRCODE_INDETERMINATE_DATATYPE,
                           "could not determine data type of parameter $%u", i + 1);
        }
    }
    return ST_OK;
}

/* ---- table locks of a plan ---- */

typedef struct LockList {
    Arena *arena;
    Oid database;
    PlanLock *locks;
    uint32_t count, size;
    AccessList access; /* what the query needs beside them */
} LockList;

static void locks_of_query(LockList *l, const Query *q);

static void lock_add(LockList *l, const CatTable *t, TableLockMode mode)
{
    uint64_t key = (uint64_t)l->database << 32 | t->oid;
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->locks[i].key == key) {
            l->locks[i].mode = MAX(l->locks[i].mode, mode);
            return;
        }
    }
    if (l->count == l->size) {
        l->size = MAX(l->size * 2, 4u);
        l->locks =
            arena_grow(l->arena, l->locks, l->count * sizeof(PlanLock), l->size * sizeof(PlanLock));
    }
    l->locks[l->count++] = (PlanLock){key, mode, t->persistence == 't'};
}

static void locks_of_expr(LockList *l, const Expr *e);

static void locks_of_keys(LockList *l, const SortKey *keys, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        locks_of_expr(l, keys[i].expr);
    }
}

static void locks_of_exprs(LockList *l, Expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        locks_of_expr(l, exprs[i]);
    }
}

/* locks_of_expr - what an expression calls, and the locks of its subqueries. */
static void locks_of_expr(LockList *l, const Expr *e)
{
    if (e == NULL) {
        return;
    }
    if (e->proc != NULL) {
        access_note_proc(&l->access, e->proc->oid);
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        locks_of_expr(l, e->args[i]);
    }
    if (e->kind == EXPR_WINDOW) {
        locks_of_expr(l, e->u.window.filter);
    } else if (e->kind == EXPR_AGG) {
        locks_of_expr(l, e->u.agg.filter);
        locks_of_keys(l, e->u.agg.order_by, e->u.agg.order_count);
    }
    if (e->kind == EXPR_SUBLINK && e->u.sublink.query != NULL) {
        locks_of_query(l, e->u.sublink.query);
    }
}

static void locks_of_targets(LockList *l, const Target *targets, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        locks_of_expr(l, targets[i].expr);
    }
}

static void locks_of_from(LockList *l, const FromNode *n)
{
    if (n != NULL && n->is_join) {
        locks_of_expr(l, n->on);
        locks_of_from(l, n->left);
        locks_of_from(l, n->right);
    }
}

/* locks_of_query - add the table locks a query needs, those of nested queries included. */
static void locks_of_query(LockList *l, const Query *q)
{
    if (q == NULL) {
        return;
    }
    for (uint16_t i = 0; i < q->rte_count; i++) {
        const Rte *rte = q->rtes[i];
        bool marked = false;
        for (uint16_t m = 0; m < q->row_mark_count; m++) {
            marked |= q->row_marks[m].rte == i;
        }
        if (rte->kind == RTE_TABLE && !rte->table->builtin) {
            bool written = q->result_table != NULL && q->result_table->oid == rte->table->oid;
            lock_add(l, rte->table,
                     written  ? TABLELOCK_ROW_EXCLUSIVE
                     : marked ? TABLELOCK_ROW_SHARE
                              : TABLELOCK_ACCESS_SHARE);
        }
        access_note_rte(&l->access, q, i);
        Oid outer = l->access.check_as;
        l->access.check_as = rte->view != NULL ? cat_view_checks_as(rte->view, outer) : outer;
        locks_of_query(l, rte->subquery);
        l->access.check_as = outer;
        locks_of_expr(l, rte->function);
        for (uint32_t r = 0; rte->kind == RTE_VALUES && r < rte->row_count; r++) {
            locks_of_exprs(l, rte->rows[r], rte->column_count);
        }
    }
    if (q->result_table != NULL) {
        lock_add(l, q->result_table, TABLELOCK_ROW_EXCLUSIVE);
    }
    for (uint16_t i = 0; i < q->cte_count; i++) {
        bool off = l->access.off;
        l->access.off =
            off || (q->ctes[i].reference_count == 0 && q->ctes[i].query->command == CMD_SELECT);
        locks_of_query(l, q->ctes[i].query);
        l->access.off = off;
    }
    for (uint16_t i = 0; i < q->from_count; i++) {
        locks_of_from(l, q->from[i]);
    }
    for (uint16_t i = 0; i < q->window_count; i++) {
        const Window *w = &q->windows[i];
        locks_of_exprs(l, w->partition_by, w->partition_count);
        locks_of_keys(l, w->order_by, w->order_count);
        locks_of_expr(l, w->start_offset);
        locks_of_expr(l, w->end_offset);
    }
    locks_of_expr(l, q->where);
    locks_of_expr(l, q->having);
    locks_of_expr(l, q->limit);
    locks_of_expr(l, q->offset);
    locks_of_exprs(l, q->group_by, q->group_count);
    locks_of_exprs(l, q->distinct_on, q->distinct_on_count);
    locks_of_keys(l, q->order_by, q->order_count);
    locks_of_exprs(l, q->checks, q->check_count);
    locks_of_expr(l, q->conflict_where);
    if (q->conflict_targets != NULL) {
        locks_of_targets(l, q->conflict_targets, q->result_table->column_count);
    }
    for (uint16_t i = 0; i < q->merge_action_count; i++) {
        const MergeAction *a = &q->merge_actions[i];
        locks_of_expr(l, a->cond);
        if (a->targets != NULL) {
            locks_of_targets(l, a->targets, q->result_table->column_count);
        }
    }
    locks_of_targets(l, q->targets, q->target_count);
    locks_of_targets(l, q->returning, q->returning_count);
    locks_of_query(l, q->set_left);
    locks_of_query(l, q->set_right);
    locks_of_query(l, q->insert_source);
}

void statement_tables(Arena *arena, Oid database, const Query *query, PlanLock **locks_out,
                      uint32_t *count_out)
{
    LockList list = {.arena = arena, .database = database, .access = {.arena = arena}};
    locks_of_query(&list, query);
    *locks_out = list.locks;
    *count_out = list.count;
}

Status statement_query_may(void *session, Cx *cx, const Query *query)
{
    Session *s = session;
    LockList list = {
        .arena = &s->stmt_arena, .database = s->view.database, .access = {.arena = &s->stmt_arena}};
    locks_of_query(&list, query);
    return access_check(cx, &s->view, &list.access);
}

Status statement_create_plan(Cx *cx, Session *s, uint64_t version, const Query *query,
                             const BindParams *params, Plan **plan_out)
{
    LockList list = {
        .arena = &s->stmt_arena, .database = s->view.database, .access = {.arena = &s->stmt_arena}};
    const Err *denied = NULL;
    locks_of_query(&list, query);
    Status st = access_check(cx, &s->view, &list.access);
    if (st != ST_OK && cx->err->sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE) {
        /* An error of running it, not of planning it: PREPARE may. */
        denied = arena_memdup(&s->stmt_arena, cx->err, sizeof(Err));
        err_clear(cx);
        st = ST_OK;
    }
    TRY(st);
    st = plan_create(cx, &s->view, &s->env, query, params, func_ops_by_prosrc, plan_out);
    if (st != ST_OK && denied != NULL) {
        *cx->err = *denied;
    }
    TRY(st);
    Plan *plan = *plan_out;
    plan->catalog_version = version;
    if (list.count != 0) {
        plan->locks = arena_memdup(&plan->arena, list.locks, list.count * sizeof(PlanLock));
        plan->lock_count = list.count;
    }
    if (denied != NULL) {
        plan->denied = arena_memdup(&plan->arena, denied, sizeof(Err));
    }
    return ST_OK;
}

Status statement_may(Cx *cx, const Plan *plan)
{
    if (LIKELY(plan->denied == NULL)) {
        return ST_OK;
    }
    *cx->err = *plan->denied;
    return ST_ERROR;
}

/* columns_differ - would clients see other result columns than were described to them? */
static bool columns_differ(const Plan *a, const Plan *b)
{
    if (a->column_count != b->column_count || a->returns_rows != b->returns_rows) {
        return true;
    }
    for (uint16_t i = 0; i < a->column_count; i++) {
        const PlanColumn *x = &a->columns[i], *y = &b->columns[i];
        if (x->type != y->type || x->typmod != y->typmod || strcmp(x->name, y->name) != 0) {
            return true;
        }
    }
    return false;
}

bool session_plans_alone(const Session *s)
{
    return s->view.has_own_ddl || indexes_newer(s->server->engine, s->txn);
}

/* statement_plan - bind and plan; the catalog version is read first so that a change meanwhile
 * makes the plan stale, not wrong. */
static Status statement_plan(Cx *cx, Session *s, Statement *st)
{
    Query *query;
    BindCx bind = {.view = &s->view,
                   .arena = &s->stmt_arena,
                   .sql = st->sql,
                   .env = &s->env,
                   .params = &st->params};
    TRY(session_txn_need(cx, s));
    uint64_t version = catalog_version(s->server->catalog); /* before the first look-up */
    s->txn->park = session_may_park(s);
    Status bound = bind_statement(cx, &bind, st->node, &query);
    s->txn->park = NULL;
    TRY(bound);
    TRY(statement_params_resolved(cx, &st->params));
    /* The array grew in the statement's arena of this run; keep it. */
    st->params.types = arena_memdup(&st->arena, st->params.types, sizeof(Oid) * st->params.count);
    st->params.fixed = true;
    Plan *plan;
    TRY(statement_create_plan(cx, s, version, query, &st->params, &plan));
    if (st->plan != NULL) {
        /* What was prepared keeps its result; a statement of one run has not been described yet. */
        if (st->refs != 0 && columns_differ(st->plan, plan)) {
            plan_unref(plan);
            (void)err_unsupported(cx, "cached plan must not change result type");
            cx->err->func = "RevalidateCachedQuery"; /* what asyncpg knows this error by */
            return ST_ERROR;
        }
        plan_unref(st->plan);
    }
    st->plan = plan;
    /* One that is for this transaction only is not to be used after it. */
    st->settings_generation = s->settings.generation - (session_plans_alone(s) ? 1 : 0);
    return ST_OK;
}

/* declare_params - the types of the parameters in a cursor's query. */
static Status declare_params(Cx *cx, Session *s, Statement *st)
{
    Query *query;
    BindCx bind = {.view = &s->view,
                   .arena = &s->stmt_arena,
                   .sql = st->sql,
                   .env = &s->env,
                   .params = &st->params};
    if (st->params.fixed) { /* simple protocol: there are none */
        return ST_OK;
    }
    TRY(session_txn_need(cx, s));
    TRY(bind_statement(cx, &bind, st->node->declare_cursor_stmt->query, &query));
    TRY(statement_params_resolved(cx, &st->params));
    st->params.types = arena_memdup(&st->arena, st->params.types, sizeof(Oid) * st->params.count);
    st->params.fixed = true;
    return ST_OK;
}

Status statement_prepare(Cx *cx, Session *s, Statement *st)
{
    st->cls = stmt_classify(st->node, &st->tag);
    if (st->cls == STMT_UTILITY &&
        st->node->node_case == PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT) {
        return declare_params(cx, s, st);
    }
    if (st->cls == STMT_UTILITY && st->node->node_case == PG_QUERY__NODE__NODE_CALL_STMT) {
        return call_prepare(cx, s, st);
    }
    return st->cls == STMT_PLANNED ? statement_plan(cx, s, st) : ST_OK;
}

Status statement_replan(Cx *cx, Session *s, Statement *st)
{
    if (st->cls != STMT_PLANNED ||
        (st->plan->catalog_version == catalog_version(s->server->catalog) &&
         !session_plans_alone(s) && st->settings_generation == s->settings.generation)) {
        return ST_OK;
    }
    return statement_plan(cx, s, st);
}

Status statement_check_txn(Cx *cx, Session *s, const Statement *st)
{
    if (!s->failed || st->cls == STMT_EMPTY) {
        return ST_OK;
    }
    if (st->node->node_case == PG_QUERY__NODE__NODE_TRANSACTION_STMT) {
        PgQuery__TransactionStmtKind kind = st->node->transaction_stmt->kind;
        if (kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT ||
            kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE ||
            kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK ||
            kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO) {
            return ST_OK;
        }
    }
    return err_set(
        cx, ERRCODE_IN_FAILED_SQL_TRANSACTION,
        "current transaction is aborted, commands ignored until end of transaction block");
}

void exec_env_fill(Session *s, ExecEnv *env, const Snapshot *snap, const Datum *values,
                   const bool *nulls, uint32_t n)
{
    *env = (ExecEnv){.view = &s->view,
                     .txn = s->txn,
                     .snapshot = snap,
                     .type_env = &s->env,
                     .params = values,
                     .param_nulls = nulls,
                     .param_count = n,
                     .extra_fn = func_ops_by_prosrc,
                     .extra_set = func_sets_by_prosrc,
                     .work_mem_bytes = s->work_mem_bytes,
                     .deferred = &s->fk_deferred,
                     .replica = s->replica,
                     .os = s->server->os,
                     .temp_prefix = s->server->options.file};
}

/* portal_lock_tables - the table locks of the plan; ST_BUSY: one is waited for (session_park). */
static Status portal_lock_tables(Cx *cx, Session *s, const Plan *plan)
{
    Status st = ST_OK;
    s->txn->park = session_may_park(s);
    for (uint32_t i = 0; st == ST_OK && i < plan->lock_count; i++) {
        st = table_lock(cx, s->txn, plan->locks[i].key, plan->locks[i].mode, WAIT_BLOCK);
        if (plan->locks[i].temporary) {
            s->prepare_refused = "operated on temporary objects";
        }
    }
    s->txn->park = NULL;
    return st;
}

/* same_table_locks - does the plan lock just what the other one does? */
static bool same_table_locks(const Plan *a, const Plan *b)
{
    bool same = a->lock_count == b->lock_count;
    for (uint32_t i = 0; same && i < a->lock_count; i++) {
        same = a->locks[i].key == b->locks[i].key && a->locks[i].mode == b->locks[i].mode;
    }
    return same;
}

/* portal_open - take the snapshot and check the execution state out. suspendable: the portal may
   outlive the statement, so it holds a snapshot of its own. good: the plan was made while its
   tables were locked; else ST_RESTART when the catalog has changed since. */
static Status portal_open(Cx *cx, Session *s, Portal *p, bool suspendable, bool good)
{
    const Snapshot *snap;
    ExecEnv env;
    TRY(session_txn_need(cx, s));
    TRY(statement_may(cx, p->plan));
    if (s->txn->read_only && (p->plan->writes || p->plan->locks_rows)) {
        return err_set(cx, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                       "cannot execute %s in a read-only transaction", p->plan->what);
    }
    if (s->txn->deferrable && s->txn->read_only && s->txn->isolation == ISO_SERIALIZABLE) {
        /* It may have to wait for its snapshot: not while it holds the tables of the statement. */
        TRY(txn_snapshot(cx, s->txn, &snap));
    }
    TRY(portal_lock_tables(cx, s, p->plan));
    good = good || (s->park_again && s->park_opened);
    if (!good && p->plan->catalog_version != catalog_version(s->server->catalog) &&
        !s->view.has_own_ddl) {
        return ST_RESTART; /* changed while we waited for the lock: plan again */
    }
    TRY(txn_snapshot(cx, s->txn, &snap));
    s->had_query = true;
    if (suspendable) {
        snapshot_copy(snap, &p->snapshot);
        p->holds_snapshot = true;
        snap = &p->snapshot;
    }
    exec_env_fill(s, &env, snap, p->param_values, p->param_nulls, p->param_count);
    /* With a snapshot of its own the portal may be suspended with rows read: it keeps its state. */
    env.park = !suspendable && p->plan->repeatable ? session_may_park(s) : NULL;
    env.count_nodes = p->count_nodes;
    Status st = exec_open(cx, p->plan, &env, &p->exec);
    if (st == ST_OK && p->plan->returns_rows && !p->writer_ready) {
        st = row_writer_init(cx, &p->arena, &p->writer, p->plan->columns, p->plan->column_count,
                             p->formats, p->format_count, &s->env, &s->view);
        p->writer_ready = st == ST_OK;
    }
    return st;
}

/* portal_end - the execution state goes back to its plan. */
static void portal_end(Session *s, Portal *p)
{
    if (p->exec != NULL) {
        exec_close(p->exec);
        p->exec = NULL;
    }
    if (p->holds_snapshot) {
        snapshot_release(&p->snapshot);
        p->holds_snapshot = false;
    } else if (s->txn != NULL) {
        txn_snapshot_done(s->txn);
    }
}

/* portal_send_stored - up to max_rows of the rows a data-modifying statement left. */
static Status portal_send_stored(Cx *cx, Session *s, Portal *p, uint64_t max_rows, bool *done_out)
{
    uint64_t left = max_rows == 0 ? UINT64_MAX : max_rows;
    s->rows_told = true;
    while (left > 0 && p->store_pos < p->store.len) {
        uint32_t n;
        memcpy(&n, p->store.data + p->store_pos + 1, sizeof(n));
        n = __builtin_bswap32(n) + 1;
        buf_put(&s->out, p->store.data + p->store_pos, n);
        p->store_pos += n;
        left--;
        if (UNLIKELY(s->out.len > SESSION_OUT_FLUSH_BYTES)) {
            TRY(session_send_wait(cx, s));
        }
    }
    *done_out = left > 0;
    return ST_OK;
}

/* portal_run_stored - a data-modifying statement with RETURNING under a row limit: it runs to its
 * end at once, as its effects must not depend on how many rows the client takes. */
static Status portal_run_stored(Cx *cx, Portal *p)
{
    const Batch *batch;
    Status st;
    buf_init(&p->store, STORE_BYTES_MAX);
    while ((st = exec_next(cx, p->exec, (uint32_t)VEC_CAPACITY, &batch)) == ST_OK) {
        TRY(cx_check(cx));
        p->writer.call.cx = cx;
        SEL_FOREACH(row, &batch->sel)
        {
            row_write(&p->writer, &p->store, batch, row);
        }
        if (p->store.overflow) {
            return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the result is too large");
        }
    }
    return st == ST_DONE ? ST_OK : st;
}

/* portal_fetch - up to max_rows rows (0: all) into the reply, sent on when it grows; *done_out
 * says that the last was reached. */
static Status portal_fetch(Cx *cx, Session *s, Portal *p, uint64_t max_rows, bool *done_out)
{
    uint64_t left = max_rows == 0 ? UINT64_MAX : max_rows;
    while (left > 0) {
        const Batch *batch;
        TRY(cx_check(cx));
        Status st = exec_next(cx, p->exec, (uint32_t)MIN(left, (uint64_t)VEC_CAPACITY), &batch);
        if (st == ST_DONE) {
            *done_out = true;
            return ST_OK;
        }
        TRY(st);
        p->writer.call.cx = cx;
        s->rows_told = true;
        SEL_FOREACH(row, &batch->sel)
        {
            row_write(&p->writer, &s->out, batch, row);
            if (UNLIKELY(s->out.len > SESSION_OUT_FLUSH_BYTES)) {
                TRY(session_send_wait(cx, s));
            }
        }
        left -= batch->sel.count;
        p->rows_sent += batch->sel.count;
        exec_forbid_park(p->exec); /* rows were sent */
    }
    return ST_OK;
}

/* portal_start - open the portal; a plan that went stale while waiting for locks is made again,
 * until it was made under all the locks that it needs: other tables may come and go all the time.
 */
static Status portal_start(Cx *cx, Session *s, Portal *p, bool suspendable)
{
    Status st = portal_open(cx, s, p, suspendable, false);
    while (st == ST_RESTART && p->stmt != NULL) {
        TRY(cx_check(cx));
        portal_end(s, p);
        TRY(statement_replan(cx, s, p->stmt));
        bool good = same_table_locks(p->plan, p->stmt->plan);
        plan_ref(p->stmt->plan);
        plan_unref(p->plan);
        p->plan = p->stmt->plan;
        p->writer_ready = false;
        st = portal_open(cx, s, p, suspendable, good);
    }
    return st;
}

Status portal_prepare(Cx *cx, Session *s, Portal *p, bool suspendable)
{
    Status st = portal_start(cx, s, p, suspendable);
    if (st != ST_OK) {
        portal_end(s, p);
    }
    return st;
}

Status portal_explain(Cx *cx, Session *s, Portal *p, const ExplainOptions *o, int64_t *us_out,
                      Buf *text)
{
    bool may_park = s->may_park;
    const Batch *batch;
    s->may_park = false; /* what it waits for it waits for here */
    int64_t since = os_mono_us(s->server->os);
    Status st = portal_start(cx, s, p, false);
    while (st == ST_OK) {
        st = exec_next(cx, p->exec, VEC_CAPACITY, &batch);
    }
    s->may_park = may_park;
    if (st == ST_DONE) {
        PlanActuals actuals = {exec_actual, p->exec};
        *us_out = os_mono_us(s->server->os) - since;
        plan_explain(p->plan, o, &actuals, text);
        s->rows_told = true; /* their number is */
        st = ST_OK;
    }
    portal_end(s, p);
    if (st == ST_OK && s->txn->xid != 0) {
        st = txn_next_command(cx, s->txn);
    }
    return st;
}

Status portal_run(Cx *cx, Session *s, Portal *p, uint64_t max_rows, bool *done_out)
{
    bool select = p->plan->command == CMD_SELECT, stored = false;
    *done_out = p->done;
    p->rows_sent = select ? 0 : p->rows_sent;
    if (p->done) {
        return p->store.data != NULL ? portal_send_stored(cx, s, p, max_rows, done_out) : ST_OK;
    }
    if (p->exec == NULL) {
        Status st = portal_start(cx, s, p, max_rows != 0);
        if (st != ST_OK) {
            portal_end(s, p);
            return st;
        }
    }
    Status st;
    if (!select && p->plan->returns_rows && max_rows != 0) {
        stored = true;
        st = portal_run_stored(cx, p);
    } else {
        st = portal_fetch(cx, s, p, select ? max_rows : 0, done_out);
        if (st == ST_OK && !*done_out) {
            return ST_OK; /* suspended */
        }
    }
    if (st == ST_BUSY) {
        /* To be run again under the same snapshot, which stays. */
        exec_close(p->exec);
        p->exec = NULL;
        s->park_opened = true;
        return ST_BUSY;
    }
    if (st == ST_OK && !select) {
        p->rows_sent = exec_affected(p->exec);
    }
    if (st == ST_OK && (select || p->rows_sent == 0)) {
        s->rows_told = true; /* also that there are none, or no more */
    }
    p->done = true;
    portal_end(s, p);
    if (st == ST_OK && s->txn->xid != 0) {
        st = txn_next_command(cx, s->txn);
    }
    return st == ST_OK && stored ? portal_send_stored(cx, s, p, max_rows, done_out) : st;
}

void portal_close_exec(Session *s, Portal *p)
{
    portal_end(s, p);
    p->done = true;
}

void portal_tag(const Portal *p, char *tag, size_t size)
{
    unsigned long long n = (unsigned long long)p->rows_sent;
    switch (p->plan->command) {
    case CMD_INSERT: (void)snprintf(tag, size, "INSERT 0 %llu", n); break;
    case CMD_UPDATE: (void)snprintf(tag, size, "UPDATE %llu", n); break;
    case CMD_DELETE: (void)snprintf(tag, size, "DELETE %llu", n); break;
    case CMD_MERGE: (void)snprintf(tag, size, "MERGE %llu", n); break;
    default: (void)snprintf(tag, size, "SELECT %llu", n); break;
    }
}
