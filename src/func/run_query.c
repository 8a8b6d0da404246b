/*
 * run_query.c - SQL texts of functions: bound with the function's variables, planned when first run
 * and again when the catalogs or the settings have changed; plain expressions need no plan.
 */
#include "func/run.h"

#include <pg_query/pg_query.pb-c.h>

void func_query_init(FuncQuery *q, FuncManager *m, Arena *parent, const char *text, bool is_expr)
{
    *q = (FuncQuery){.m = m, .text = text, .shown = text, .is_expr = is_expr, .want_typmod = -1};
    arena_init(&q->arena, parent, "function query", 0);
    arena_init(&q->prog_arena, parent, "function expression", 0);
}

/* query_unbind - forget what was bound. */
static void query_unbind(FuncQuery *q)
{
    plan_unref(q->plan);
    q->plan = NULL;
    if (q->pins != NULL) {
        cat_pins_release(q->pins);
        q->pins = NULL;
    }
    q->ready = q->simple = false;
    q->prog = NULL;
    q->run = NULL;
    arena_clear(&q->prog_arena);
}

void func_query_release(FuncQuery *q)
{
    query_unbind(q);
    arena_release(&q->prog_arena);
    arena_release(&q->arena);
}

void func_query_stale(FuncQuery *q)
{
    q->ready = false;
}

Status func_query_error(Cx *cx, const FuncQuery *q)
{
    Err *e = cx->err;
    if (e->position > 0) {
        int32_t at = e->position - (int32_t)q->prefix + (int32_t)q->shown_prefix;
        e->internal_position = at > 0 ? at : 0;
        e->position = 0;
        size_t n = MIN(strlen(q->shown), sizeof(e->internal_query) - 1);
        memcpy(e->internal_query, q->shown, n);
        e->internal_query[n] = '\0';
        return ST_ERROR;
    }
    if (q->quiet || q->m->context_done) {
        return ST_ERROR;
    }
    return err_add_context(cx, q->is_expr ? "SQL expression \"%s\"" : "SQL statement \"%s\"",
                           q->shown + (q->is_expr ? q->shown_prefix : 0));
}

/* query_frame_text - the line of a statement under way. */
static void query_frame_text(const FuncFrame *f, Buf *buf)
{
    const FuncQuery *q = f->arg;
    buf_printf(buf, q->is_expr ? "SQL expression \"%s\"" : "SQL statement \"%s\"",
               q->shown + (q->is_expr ? q->shown_prefix : 0));
}

/* query_frame_push - from here on q is under way. */
static void query_frame_push(FuncQuery *q, FuncFrame *f)
{
    *f = (FuncFrame){.outer = q->m->frames, .text = query_frame_text, .arg = q};
    if (!q->quiet) {
        q->m->frames = f;
    }
}

static void query_frame_pop(FuncQuery *q, const FuncFrame *f)
{
    q->m->frames = f->outer;
}

Status func_query_parse(Cx *cx, FuncQuery *q)
{
    ParsedStmt *stmts;
    if (q->node != NULL) {
        return ST_OK;
    }
    TRY(parse_sql(cx, &q->arena, slice_of(q->text), &stmts, &q->stmt_count));
    if (q->stmt_count > 0) {
        q->node = stmts[0].node;
    }
    return ST_OK;
}

FuncVersion func_version_now(FuncManager *m)
{
    const CatView *v = m->fs->view;
    uint64_t own = 0;
    if (v->has_own_ddl) {
        uint64_t parts[3] = {v->own_ddl_count, m->epoch, v->txn != NULL ? v->txn->xid : 0};
        own = hash_bytes(parts, sizeof(parts), 1) | 1;
    }
    return (FuncVersion){catalog_version(v->catalog), own, m->host->generation(m->fs->arg),
                         v->user};
}

static bool same_version(const FuncVersion *a, const FuncVersion *b)
{
    return a->catalog == b->catalog && a->own == b->own && a->settings == b->settings &&
           a->user == b->user;
}

/* ---- plain expressions ---- */

static bool sets_visit(void *arg, const Expr *e)
{
    bool *bad = arg;
    if (e->kind == EXPR_SUBLINK || e->kind == EXPR_AGG || e->kind == EXPR_WINDOW ||
        e->kind == EXPR_GROUPING || e->kind == EXPR_DEFAULT || e->kind == EXPR_COLUMN ||
        (e->proc != NULL && e->kind == EXPR_FUNC && e->proc->returns_set)) {
        *bad = true;
    }
    return true;
}

/* query_is_plain - SELECT of one value from nothing. */
static bool query_is_plain(const Query *q)
{
    bool bad = false;
    if (q->command != CMD_SELECT || q->rte_count != 0 || q->from_count != 0 || q->where != NULL ||
        q->having != NULL || q->has_aggs || q->has_windows || q->has_sublinks || q->distinct ||
        q->distinct_on_count != 0 || q->limit != NULL || q->offset != NULL || q->cte_count != 0 ||
        q->set_op != SETOP_NONE || q->target_count != 1 || q->group_count != 0 ||
        q->group_set_count != 0 || q->order_count != 0) {
        return false;
    }
    expr_walk(q->targets[0].expr, sets_visit, &bad);
    return !bad;
}

/* query_compile - a plain expression to a program. */
static Status query_compile(Cx *cx, FuncQuery *q, Expr *e)
{
    ExprEnv env = {.type_env = q->m->env, .extra_fn = func_ops_by_prosrc};
    TRY(expr_fold(cx, &q->prog_arena, &env, e, &e));
    TRY(expr_compile(cx, &q->prog_arena, &e, 1, NULL, func_ops_by_prosrc, &q->prog));
    TRY(expr_run_create(cx, &q->prog_arena, q->prog, &q->run));
    q->simple = true;
    q->type = e->type;
    q->typmod = e->typmod;
    q->expr_env = env;
    return ST_OK;
}

/* query_transitions - the transition tables of the trigger that has called: by name for the binder,
 * and (rows not NULL) their rows in the same order. */
static uint16_t query_transitions(const TriggerCall *t, BindTransition *names,
                                  const TransitionRows **rows)
{
    const TransitionRows *both[TRANSITIONS_MAX] = {t != NULL ? t->old_rows : NULL,
                                                   t != NULL ? t->new_rows : NULL};
    uint16_t n = 0;
    for (size_t i = 0; i < TRANSITIONS_MAX; i++) {
        if (both[i] == NULL) {
            continue;
        }
        names[n] = (BindTransition){both[i]->name, t->table};
        if (rows != NULL) {
            rows[n] = both[i];
        }
        n++;
    }
    return n;
}

/* query_literal - the one literal of an expression that is nothing else: it takes the type wanted.
 */
static const PgQuery__Node *query_literal(const FuncQuery *q)
{
    if (!q->is_expr || q->store || q->node->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
        return NULL;
    }
    const PgQuery__SelectStmt *s = q->node->select_stmt;
    if (s->n_target_list != 1 || s->n_from_clause != 0 || s->where_clause != NULL ||
        s->n_values_lists != 0) {
        return NULL;
    }
    const PgQuery__Node *v = s->target_list[0]->res_target->val;
    return v != NULL && v->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                   v->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL
               ? v
               : NULL;
}

/* query_load - one query of a SQL-standard body. */
static Status query_load(Cx *cx, FuncQuery *q, BindCx *b, Query **out)
{
    Query **list;
    uint32_t count;
    bool atomic;
    q->params.types = ARENA_ARRAY(b->arena, Oid, q->stored_count + 1u);
    if (q->stored_count > 0) {
        memcpy(q->params.types, q->stored_types, q->stored_count * sizeof(Oid));
    }
    q->params.count = q->stored_count;
    TRY(bind_load_body(cx, b, q->stored, &atomic, &list, &count));
    if (q->stored_at >= count) {
        return err_set(cx, ERRCODE_DATA_CORRUPTED, "a function's stored body is damaged");
    }
    *out = list[q->stored_at];
    return bind_secure_query(cx, b, *out);
}

/* query_bind - bind and plan, by the catalogs of now. */
static Status query_bind(Cx *cx, FuncQuery *q)
{
    FuncManager *m = q->m;
    CatView *view = m->fs->view;
    Arena scratch;
    Query *query;
    arena_init(&scratch, NULL, "function bind", 0);
    q->params = (BindParams){0};
    BindCx b = {.view = view,
                .arena = &scratch,
                .sql = slice_of(q->text),
                .env = m->env,
                .params = &q->params,
                .vars = q->vars.find != NULL ? &q->vars : NULL};
    BindTransition transitions[TRANSITIONS_MAX];
    b.transition_count = query_transitions(m->trigger, transitions, NULL);
    b.transitions = transitions;
    Expr *e = NULL;
    const PgQuery__Node *literal = q->want_type != 0 ? query_literal(q) : NULL;
    Status st = q->stored != NULL ? ST_OK
                : q->store        ? bind_store_variable(cx, &b, q->node, &e)
                : literal != NULL ? bind_table_expr(cx, &b, NULL, literal, q->want_type,
                                                    q->want_typmod, "value", &e)
                                  : bind_statement(cx, &b, q->node, &query);
    if (q->stored != NULL) {
        st = query_load(cx, q, &b, &query);
    }
    bool made = q->store || literal != NULL;
    bool plain = made || (st == ST_OK && q->is_expr && query_is_plain(query));
    if (st == ST_OK && plain) {
        e = made ? e : query->targets[0].expr;
        if (q->want_type != 0) {
            st = bind_coerce_any(cx, &b, e, q->want_type, q->want_typmod, &e);
        }
        st = st == ST_OK && !made ? m->host->may(m->fs->arg, cx, query) : st;
        st = st == ST_OK ? query_compile(cx, q, e) : st;
        if (st == ST_OK) {
            q->pins = cat_pins_take(view);
        }
    } else if (st == ST_OK) {
        st = m->host->plan(m->fs->arg, cx, query, &q->params, q->version.catalog, &q->plan);
    }
    if (st == ST_OK && q->plan != NULL && q->plan->column_count > 0) {
        q->type = q->plan->columns[0].type;
        q->typmod = q->plan->columns[0].typmod;
    }
    Oid *types = ARENA_ARRAY(&q->prog_arena, Oid, q->params.count + 1u);
    if (q->params.count > 0) {
        memcpy(types, q->params.types, q->params.count * sizeof(Oid));
    }
    q->params.types = types;
    arena_release(&scratch);
    return st;
}

static bool node_is_planned(const PgQuery__Node *n)
{
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT: return n->select_stmt->into_clause == NULL;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT:
    case PG_QUERY__NODE__NODE_MERGE_STMT: return true;
    default: return false;
    }
}

/* query_lock - the tables of a plan made before. */
static Status query_lock(Cx *cx, const FuncQuery *q)
{
    Txn *txn = q->m->fs->view->txn;
    for (uint32_t i = 0; q->plan != NULL && i < q->plan->lock_count; i++) {
        TRY(table_lock(cx, txn, q->plan->locks[i].key, q->plan->locks[i].mode, WAIT_BLOCK));
    }
    return ST_OK;
}

/* query_ready - bound by what is now, its tables locked. */
static Status query_ready(Cx *cx, FuncQuery *q)
{
    CatView *view = q->m->fs->view;
    if (q->stored == NULL) {
        TRY(func_query_parse(cx, q));
    }
    if (q->node == NULL && q->stored == NULL) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "the statement is empty");
    }
    q->utility = !q->store && q->stored == NULL && !node_is_planned(q->node);
    if (q->utility) {
        return ST_OK;
    }
    for (;;) {
        FuncVersion now = func_version_now(q->m);
        if (q->ready && same_version(&q->version, &now)) {
            TRY(query_lock(cx, q));
            FuncVersion then = func_version_now(q->m);
            if (q->plan == NULL || same_version(&q->version, &then)) {
                return ST_OK;
            }
            continue;
        }
        if (q->busy) {
            return ST_OK; /* the run under way goes on with what it has */
        }
        query_unbind(q);
        q->version = now;
        /* What the caller has looked up stays where it is. */
        CatPins *outer = view->pins;
        view->pins = NULL;
        Status st = query_bind(cx, q);
        cat_pins_release(cat_pins_take(view));
        view->pins = outer;
        if (st != ST_OK) {
            query_unbind(q);
            return st;
        }
        q->ready = true;
        return ST_OK;
    }
}

Status func_query_ready(Cx *cx, FuncQuery *q)
{
    Status st = query_ready(cx, q);
    return st == ST_ERROR ? func_query_error(cx, q) : st;
}

/* ---- running ---- */

/* query_snapshot - what a statement of a function sees. */
static Status query_snapshot(Cx *cx, FuncManager *m, bool read_only, Snapshot *out)
{
    Txn *txn = m->fs->view->txn;
    const Snapshot *snap;
    if (read_only && m->base.snapshot != NULL) {
        snapshot_copy(m->base.snapshot, out);
        return ST_OK;
    }
    TRY(txn_next_command(cx, txn));
    if (txn->isolation == ISO_READ_COMMITTED) {
        snapshot_take(txn->sys, txn, out);
    } else {
        uint32_t cid = txn->snapshot.cid;
        bool held = txn->snapshot_held;
        TRY(txn_snapshot(cx, txn, &snap));
        snapshot_copy(snap, out);
        if (held) {
            txn->snapshot.cid = cid; /* of the query that called us */
        }
    }
    out->cid = txn->cid;
    return ST_OK;
}

static Status run_allowed(Cx *cx, const FuncQuery *q, const Plan *plan, bool read_only)
{
    if (read_only && plan->writes) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "%s is not allowed in a non-volatile function", plan->what);
    }
    if (q->m->fs->view->txn->read_only && (plan->writes || plan->locks_rows)) {
        return err_set(cx, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                       "cannot execute %s in a read-only transaction", plan->what);
    }
    return ST_OK;
}

/* query_need_plan - the plan of the text, also of a plain expression that is wanted as a query. */
static Status query_need_plan(Cx *cx, FuncQuery *q)
{
    if (q->plan != NULL) {
        return ST_OK;
    }
    bool was = q->is_expr;
    q->is_expr = false;
    q->ready = false;
    Status st = query_ready(cx, q);
    q->is_expr = was;
    return st;
}

Status func_run_open(Cx *cx, FuncQuery *q, const Datum *values, const bool *nulls, bool read_only,
                     FuncRun *run)
{
    FuncManager *m = q->m;
    ExecEnv env;
    *run = (FuncRun){.q = q};
    Status st = query_need_plan(cx, q);
    st = st == ST_OK ? run_allowed(cx, q, q->plan, read_only) : st;
    st = st == ST_OK ? query_snapshot(cx, m, read_only, &run->snapshot) : st;
    if (st != ST_OK) {
        return func_query_error(cx, q);
    }
    run->holds = true;
    m->open_runs++;
    run->plan = q->plan;
    plan_ref(run->plan);
    m->host->exec_env(m->fs->arg, &env, &run->snapshot, values, nulls, q->params.count);
    BindTransition transitions[TRANSITIONS_MAX];
    (void)query_transitions(m->trigger, transitions, env.transitions);
    st = exec_open(cx, run->plan, &env, &run->exec);
    if (st != ST_OK) {
        run->exec = NULL;
        st = func_query_error(cx, q);
        return func_run_close(cx, run, st);
    }
    return ST_OK;
}

Status func_run_next(Cx *cx, FuncRun *run, uint32_t max_rows, const Batch **batch_out)
{
    FuncFrame frame;
    query_frame_push(run->q, &frame);
    Status st = exec_next(cx, run->exec, max_rows, batch_out);
    query_frame_pop(run->q, &frame);
    return st == ST_ERROR ? func_query_error(cx, run->q) : st;
}

Status func_run_close(Cx *cx, FuncRun *run, Status st)
{
    if (run->exec != NULL) {
        exec_close(run->exec);
        run->exec = NULL;
    }
    if (run->holds) {
        snapshot_release(&run->snapshot);
        run->holds = false;
        run->q->m->open_runs--;
    }
    if (run->plan != NULL) {
        plan_unref(run->plan);
        run->plan = NULL;
    }
    if (st == ST_OK && run->q->m->fs->view->txn != NULL) {
        return txn_next_command(cx, run->q->m->fs->view->txn);
    }
    return st;
}

Status func_run_utility(Cx *cx, FuncQuery *q, bool read_only, const char **tag_out)
{
    FuncManager *m = q->m;
    Arena scratch;
    Status st;
    if (read_only) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "%s is not allowed in a non-volatile function", "this statement");
    }
    FuncFrame frame;
    query_frame_push(q, &frame);
    arena_init(&scratch, NULL, "function utility", 0);
    CatPins *outer = m->fs->view->pins;
    m->fs->view->pins = NULL;
    st = m->host->utility(m->fs->arg, cx, &scratch, slice_of(q->text), q->node, tag_out);
    cat_pins_release(cat_pins_take(m->fs->view));
    m->fs->view->pins = outer;
    arena_release(&scratch);
    query_frame_pop(q, &frame);
    *tag_out = ""; /* it was in the scratch */
    return st == ST_ERROR ? func_query_error(cx, q) : st;
}

/* eval_query - the one value of an expression that needs a plan: no row is NULL. */
static Status eval_query(Cx *cx, FuncQuery *q, const Datum *values, const bool *nulls,
                         bool read_only, Arena *arena, Datum *value_out, bool *null_out)
{
    FuncRun run;
    const Batch *b;
    uint64_t rows = 0;
    *null_out = true;
    TRY(func_run_open(cx, q, values, nulls, read_only, &run));
    Oid type = run.plan->columns[0].type;
    uint16_t columns = run.plan->column_count;
    Status st = ST_OK;
    if (columns != 1) {
        st = err_set(cx, ERRCODE_SYNTAX_ERROR, "query returned %u columns", columns);
    }
    while (st == ST_OK && rows < 2 && (st = func_run_next(cx, &run, 2, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            if (rows++ == 0 && !vec_is_null(b->cols[0], row)) {
                *value_out = vec_get(b->cols[0], row);
                if (b->cols[0]->phys == PHYS_STR) {
                    value_out->str = str_copy(arena, str_ptr(&value_out->str), value_out->str.len);
                }
                *null_out = false;
            }
        }
    }
    st = func_run_close(cx, &run, st == ST_DONE ? ST_OK : st);
    TRY(st);
    if (rows > 1) {
        st_ignore(err_set(cx, ERRCODE_CARDINALITY_VIOLATION, "query returned more than one row"));
        return err_add_context(cx, "query: %s", q->shown);
    }
    if (q->want_type == 0 || (type == q->want_type && q->want_typmod == -1)) {
        return ST_OK;
    }
    return func_cast(q->m, cx, arena, value_out, *null_out, type, q->want_type, q->want_typmod,
                     value_out, null_out);
}

Status func_eval(Cx *cx, FuncQuery *q, const Datum *values, const bool *nulls, bool read_only,
                 Arena *arena, Datum *value_out, bool *null_out)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    FuncManager *m = q->m;
    const Vector *v;
    if (!q->simple) {
        return eval_query(cx, q, values, nulls, read_only, arena, value_out, null_out);
    }
    ExprEnv env = q->expr_env;
    ExprRun *run = q->run;
    bool mine = !q->busy;
    if (!mine) { /* a function that calls itself inside this very expression */
        TRY(expr_run_create(cx, arena, q->prog, &run));
    }
    env.params = values;
    env.param_nulls = nulls;
    env.param_count = q->params.count;
    const Snapshot *outer = m->base.snapshot;
    m->base.snapshot = read_only ? outer : NULL;
    q->busy = true;
    expr_run_reset(run, &env);
    Status st = expr_eval(cx, run, 0, &NONE, &NONE.sel, arena, &v);
    if (st == ST_OK) {
        *null_out = vec_is_null(v, 0);
        if (!*null_out) {
            *value_out = vec_get(v, 0);
            if (v->phys == PHYS_STR) {
                value_out->str = str_copy(arena, str_ptr(&value_out->str), value_out->str.len);
            }
        }
    }
    st = cat_view_judge(cx, m->fs->view, st);
    q->busy = !mine;
    m->base.snapshot = outer;
    return st;
}

/* ---- casts ---- */

typedef struct FuncCast {
    const ExprProg *prog; /* NULL: nothing to do */
    ExprRun *run;
    FuncVersion version;
    Arena arena;
    bool busy;
} FuncCast;

static Status cast_make(FuncManager *m, Cx *cx, FuncCast *c, Oid from, Oid to, int32_t typmod)
{
    BindParams params = {.types = &from, .count = 1, .fixed = true};
    BindCx b = {.view = m->fs->view, .arena = &c->arena, .env = m->env, .params = &params};
    Expr *e = bind_param_expr(cx, &b, 1, from, -1), *to_e;
    TRY(bind_coerce_any(cx, &b, e, to, typmod, &to_e));
    if (to_e == e) {
        return ST_OK;
    }
    TRY(expr_compile(cx, &c->arena, &to_e, 1, NULL, func_ops_by_prosrc, &c->prog));
    return expr_run_create(cx, &c->arena, c->prog, &c->run);
}

/* cast_find - the program of a cast, made when it is first asked for. */
static Status cast_find(FuncManager *m, Cx *cx, Oid from, Oid to, int32_t typmod, FuncCast **out)
{
    uint32_t key[3] = {from, to, (uint32_t)typmod};
    FuncVersion now = func_version_now(m);
    FuncCast *c = map_get(&m->casts, key, sizeof(key));
    if (c != NULL && (same_version(&c->version, &now) || c->busy)) {
        *out = c;
        return ST_OK;
    }
    if (c == NULL) {
        uint32_t *kept = arena_memdup(&m->arena, key, sizeof(key));
        c = ARENA_NEW(&m->arena, FuncCast);
        arena_init(&c->arena, &m->arena, "cast", 0);
        (void)map_put(&m->casts, kept, sizeof(key), c);
    }
    arena_clear(&c->arena);
    c->prog = NULL;
    c->version = (FuncVersion){0};
    CatPins *outer = m->fs->view->pins;
    m->fs->view->pins = NULL;
    Status st = cast_make(m, cx, c, from, to, typmod);
    cat_pins_release(cat_pins_take(m->fs->view));
    m->fs->view->pins = outer;
    if (st == ST_OK) {
        c->version = now;
    }
    *out = c;
    return st;
}

Status func_cast(FuncManager *m, Cx *cx, Arena *arena, const Datum *value, bool is_null, Oid from,
                 Oid to, int32_t typmod, Datum *value_out, bool *null_out)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    FuncCast *c;
    const Vector *v;
    Datum in = *value;
    if ((from == to && typmod == -1) || from == TYPE_UNKNOWN) {
        *value_out = in;
        *null_out = is_null;
        if (from == to) {
            return ST_OK;
        }
        from = TYPE_TEXT;
    }
    const CatType *t = cat_type(m->fs->view, to);
    if (is_null && t != NULL && t->kind != 'd') {
        *null_out = true;
        return ST_OK;
    }
    TRY(cast_find(m, cx, from, to, typmod, &c));
    if (c->prog == NULL) {
        *value_out = in;
        *null_out = is_null;
        return ST_OK;
    }
    ExprEnv env = {.type_env = m->env,
                   .extra_fn = func_ops_by_prosrc,
                   .params = &in,
                   .param_nulls = &is_null,
                   .param_count = 1};
    ExprRun *run = c->run;
    bool mine = !c->busy;
    if (!mine) {
        TRY(expr_run_create(cx, arena, c->prog, &run));
    }
    c->busy = true;
    expr_run_reset(run, &env);
    Status st = expr_eval(cx, run, 0, &NONE, &NONE.sel, arena, &v);
    c->busy = !mine;
    TRY(st);
    *null_out = vec_is_null(v, 0);
    if (!*null_out) {
        *value_out = vec_get(v, 0);
        if (v->phys == PHYS_STR) {
            value_out->str = str_copy(arena, str_ptr(&value_out->str), value_out->str.len);
        }
    }
    return ST_OK;
}

const TypeOps *func_type_ops(FuncManager *m, Oid type)
{
    const TypeOps *ops = type_ops(type);
    if (ops != NULL) {
        return ops;
    }
    const CatType *t = cat_type(m->fs->view, type);
    return t == NULL        ? NULL
           : t->kind == 'c' ? type_ops(TYPE_RECORD)
           : t->ops != NULL ? t->ops
                            : NULL;
}

Oid func_base_type(FuncManager *m, Oid type)
{
    const CatType *t = cat_type(m->fs->view, type);
    while (t != NULL && t->kind == 'd') {
        type = t->base;
        t = cat_type(m->fs->view, type);
    }
    return type;
}

PhysType func_phys(FuncManager *m, Oid type)
{
    const CatType *t = cat_type(m->fs->view, type);
    return t != NULL ? t->phys : PHYS_STR;
}

void func_value_text(FuncManager *m, Cx *cx, Arena *arena, Oid type, const Datum *v, Buf *buf)
{
    const TypeOps *ops = func_type_ops(m, type);
    FnCall call = {.cx = cx,
                   .arena = arena,
                   .env = m->env,
                   .state_arena = arena,
                   .result_type = type,
                   .arg_typmod = -1};
    if (ops != NULL) {
        ops->out(&call, v, buf);
    } else {
        buf_put_slice(buf, str_slice(&v->str));
    }
}
