/*
 * run.c - the interpreter: statements, blocks with their handlers, conditions and loops.
 */
#include "plpgsql/pl_internal.h"
#include "type/array.h"

const char *pl_stmt_name(const PlStmt *s)
{
    switch (s->kind) {
    case PL_BLOCK: return "statement block";
    case PL_ASSIGN: return "assignment";
    case PL_IF: return "IF";
    case PL_CASE: return "CASE";
    case PL_LOOP: return "LOOP";
    case PL_WHILE: return "WHILE";
    case PL_FOR_INT: return "FOR with integer loop variable";
    case PL_FOR_QUERY: return "FOR over SELECT rows";
    case PL_FOR_CURSOR: return "FOR over cursor";
    case PL_FOR_EXECUTE: return "FOR over EXECUTE statement";
    case PL_FOREACH: return "FOREACH over array";
    case PL_EXIT: return s->is_continue ? "CONTINUE" : "EXIT";
    case PL_RETURN: return "RETURN";
    case PL_RETURN_NEXT: return "RETURN NEXT";
    case PL_RETURN_QUERY: return "RETURN QUERY";
    case PL_RAISE: return "RAISE";
    case PL_ASSERT: return "ASSERT";
    case PL_SQL: return "SQL statement";
    case PL_EXECUTE: return "EXECUTE";
    case PL_GET_DIAG: return s->stacked ? "GET STACKED DIAGNOSTICS" : "GET DIAGNOSTICS";
    case PL_OPEN: return "OPEN";
    case PL_FETCH: return s->move ? "MOVE" : "FETCH";
    case PL_CLOSE: return "CLOSE";
    case PL_PERFORM: return "PERFORM";
    case PL_CALL: return "CALL";
    case PL_COMMIT: return s->rollback ? "ROLLBACK" : "COMMIT";
    case PL_NULL: return "NULL";
    }
    UNREACHABLE();
}

/* ---- assignments and conditions ---- */

static Status run_assign(PlFrame *f, const PlStmt *s)
{
    Datum d = {0};
    bool is_null;
    Oid type;
    TRY(pl_eval(f, s->expr, &d, &is_null, &type));
    return pl_assign(f, &s->targets[0], &d, is_null, type);
}

/* any_true - is one of a branch's conditions true? */
static Status any_true(PlFrame *f, const PlBranch *b, bool *out)
{
    bool is_null;
    *out = false;
    for (uint32_t i = 0; i < b->count && !*out; i++) {
        TRY(pl_eval_bool(f, b->conds[i], out, &is_null));
    }
    return ST_OK;
}

/* branches_stale - a CASE's test has another type now: what compares with it is bound again. */
static void branches_stale(const PlStmt *s)
{
    for (const PlBranch *b = s->branches; b != NULL; b = b->next) {
        for (uint32_t i = 0; i < b->count; i++) {
            func_query_stale(&b->conds[i]->q);
        }
    }
}

/* run_branches - IF and CASE: the first branch whose condition is true. */
static Status run_branches(PlFrame *f, const PlStmt *s)
{
    if (s->case_var != PL_NO_VAR) {
        Datum d = {0};
        bool is_null;
        Oid type;
        PlVar *v = f->fn->vars[s->case_var];
        TRY(pl_eval(f, s->expr, &d, &is_null, &type));
        type = type == TYPE_UNKNOWN ? TYPE_TEXT : type;
        if (v->type != type) {
            v->type = type;
            branches_stale(s);
        }
        pl_value_put(&f->slots[s->case_var].value, func_phys(f->fn->m, type), &d, is_null);
    }
    for (const PlBranch *b = s->branches; b != NULL; b = b->next) {
        bool yes;
        TRY(any_true(f, b, &yes));
        if (yes) {
            return pl_run_statements(f, b->body);
        }
    }
    if (s->kind == PL_CASE && !s->has_else) {
        st_ignore(err_set(&f->cx, ERRCODE_CASE_NOT_FOUND, "case not found"));
        return err_hint(&f->cx, "CASE statement is missing ELSE part.");
    }
    return pl_run_statements(f, s->otherwise);
}

/* ---- loops ---- */

bool pl_loop_flow(PlFrame *f, const PlStmt *s)
{
    bool mine = f->flow_label == NULL || (s->label != NULL && strcmp(s->label, f->flow_label) == 0);
    if (f->flow == FLOW_NEXT) {
        return false;
    }
    if (f->flow == FLOW_RETURN || !mine) {
        return true;
    }
    bool end = f->flow == FLOW_EXIT;
    f->flow = FLOW_NEXT;
    f->flow_label = NULL;
    return end;
}

static Status run_loop(PlFrame *f, const PlStmt *s)
{
    for (;;) {
        if (s->kind == PL_WHILE) {
            bool yes, is_null;
            f->stmt = s;
            arena_clear(&f->scratch);
            TRY(pl_eval_bool(f, s->expr, &yes, &is_null));
            if (!yes) {
                return ST_OK;
            }
        }
        TRY(cx_check(&f->cx));
        TRY(pl_run_statements(f, s->body));
        if (pl_loop_flow(f, s)) {
            return ST_OK;
        }
    }
}

/* for_bound - one of an integer loop's numbers. */
static Status for_bound(PlFrame *f, PlExpr *e, const char *what, int64_t *out)
{
    Datum d = {0};
    bool is_null;
    TRY(pl_eval_as(f, e, TYPE_INT4, &d, &is_null));
    *out = d.i32;
    return is_null ? err_set(&f->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                             "%s of FOR loop cannot be null", what)
                   : ST_OK;
}

/* run_for_int - FOR over integers; bounds and step are taken once. */
static Status run_for_int(PlFrame *f, const PlStmt *s)
{
    int64_t at, end, step = 1;
    bool found = false;
    TRY(for_bound(f, s->expr, "lower bound", &at));
    TRY(for_bound(f, s->expr2, "upper bound", &end));
    if (s->expr3 != NULL) {
        TRY(for_bound(f, s->expr3, "BY value", &step));
        if (step <= 0) {
            return err_set(&f->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "BY value of FOR loop must be greater than zero");
        }
    }
    for (; s->reverse ? at >= end : at <= end; at += s->reverse ? -step : step) {
        Datum d = {.i32 = (int32_t)at};
        if (at > INT32_MAX || at < INT32_MIN) {
            break;
        }
        found = true;
        pl_value_put(&f->slots[s->var].value, PHYS_I32, &d, false);
        TRY(cx_check(&f->cx));
        TRY(pl_run_statements(f, s->body));
        if (pl_loop_flow(f, s)) {
            break;
        }
    }
    pl_set_found(f, found);
    return ST_OK;
}

/* run_foreach - each element of an array. */
static Status run_foreach(PlFrame *f, const PlStmt *s)
{
    Datum d = {0};
    bool is_null, found = false;
    Oid type;
    TRY(pl_eval(f, s->expr, &d, &is_null, &type));
    const CatType *t = cat_type(f->fn->m->fs->view, type);
    if (is_null) {
        return err_set(&f->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                       "FOREACH expression must not be null");
    }
    if (t == NULL || t->category != 'A' || t->element == 0) {
        return err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                       "FOREACH expression must yield an array, not type %s",
                       t != NULL ? t->name : "?");
    }
    if (s->slice > 0) {
        return err_unsupported(&f->cx, "FOREACH ... SLICE is not supported");
    }
    Arena hold;
    arena_init(&hold, NULL, "foreach", 0);
    Str array = str_copy(&hold, str_ptr(&d.str), d.str.len);
    ArrayView view;
    array_view(&array, &view);
    ArrayIter it = array_iter(&view);
    Datum item;
    bool item_null;
    Status st = ST_OK;
    while (st == ST_OK && array_next(&it, &item, &item_null)) {
        found = true;
        arena_clear(&f->scratch);
        f->stmt = s;
        st = pl_assign(f, &s->targets[0], &item, item_null, t->element);
        st = st == ST_OK ? cx_check(&f->cx) : st;
        st = st == ST_OK ? pl_run_statements(f, s->body) : st;
        if (st != ST_OK || pl_loop_flow(f, s)) {
            break;
        }
    }
    arena_release(&hold);
    TRY(st);
    pl_set_found(f, found);
    return ST_OK;
}

static Status run_exit(PlFrame *f, const PlStmt *s)
{
    if (s->expr != NULL) {
        bool yes, is_null;
        TRY(pl_eval_bool(f, s->expr, &yes, &is_null));
        if (!yes) {
            return ST_OK;
        }
    }
    f->flow = s->is_continue ? FLOW_CONTINUE : FLOW_EXIT;
    f->flow_label = s->label;
    return ST_OK;
}

static Status run_assert(PlFrame *f, const PlStmt *s)
{
    bool yes, is_null;
    const char *on = f->fn->m->fs->setting_get(f->fn->m->fs->arg, "plpgsql.check_asserts");
    const char *text = NULL;
    if (on != NULL && strcmp(on, "off") == 0) {
        return ST_OK;
    }
    TRY(pl_eval_bool(f, s->expr, &yes, &is_null));
    if (yes) {
        return ST_OK;
    }
    if (s->expr2 != NULL) {
        TRY(pl_eval_text(f, s->expr2, &text));
    }
    return err_set(&f->cx, ERRCODE_ASSERT_FAILURE, "%s", text != NULL ? text : "assertion failed");
}

static Status run_end_transaction(PlFrame *f, const PlStmt *s)
{
    FuncManager *m = f->fn->m;
    if (f->in->atomic || m->host->end_transaction == NULL) {
        return err_set(&f->cx, ERRCODE_INVALID_TRANSACTION_TERMINATION,
                       "invalid transaction termination");
    }
    if (m->open_runs > 0) {
        return err_unsupported(&f->cx, "%s inside a loop over rows is not supported",
                               s->rollback ? "ROLLBACK" : "COMMIT");
    }
    if (s->chain) {
        return err_unsupported(&f->cx, "AND CHAIN in procedures is not supported");
    }
    return m->host->end_transaction(m->fs->arg, &f->cx, !s->rollback);
}

/* ---- statements ---- */

/* run_one - by the kind of the statement. */
static Status run_one(PlFrame *f, const PlStmt *s)
{
    switch (s->kind) {
    case PL_BLOCK: return pl_run_block(f, s);
    case PL_ASSIGN: return run_assign(f, s);
    case PL_IF:
    case PL_CASE: return run_branches(f, s);
    case PL_LOOP:
    case PL_WHILE: return run_loop(f, s);
    case PL_FOR_INT: return run_for_int(f, s);
    case PL_FOR_QUERY:
    case PL_FOR_EXECUTE: return pl_run_for_query(f, s);
    case PL_FOR_CURSOR: return pl_run_for_cursor(f, s);
    case PL_FOREACH: return run_foreach(f, s);
    case PL_EXIT: return run_exit(f, s);
    case PL_RETURN: return pl_run_return(f, s);
    case PL_RETURN_NEXT: return pl_run_return_next(f, s);
    case PL_RETURN_QUERY: return pl_run_return_query(f, s);
    case PL_RAISE: return pl_run_raise(f, s);
    case PL_ASSERT: return run_assert(f, s);
    case PL_SQL: return pl_run_sql(f, s);
    case PL_EXECUTE: return pl_run_execute(f, s);
    case PL_GET_DIAG: return pl_run_get_diag(f, s);
    case PL_OPEN: return pl_run_open(f, s);
    case PL_FETCH: return pl_run_fetch(f, s);
    case PL_CLOSE: return pl_run_close(f, s);
    case PL_PERFORM: return pl_run_perform(f, s);
    case PL_CALL: return pl_run_call(f, s);
    case PL_COMMIT: return run_end_transaction(f, s);
    case PL_NULL: return ST_OK;
    }
    UNREACHABLE();
}

Status pl_run_statements(PlFrame *f, const PlStmt *s)
{
    for (; s != NULL && f->flow == FLOW_NEXT; s = s->next) {
        f->stmt = s;
        f->phase = NULL;
        arena_clear(&f->scratch);
        TRY(cx_check(&f->cx));
        TRY(run_one(f, s));
    }
    return ST_OK;
}

/* ---- blocks ---- */

/* block_init - the variables of a block get their defaults, or NULL. */
static Status block_init(PlFrame *f, const PlStmt *s)
{
    f->phase = "during statement block local variable initialization";
    for (uint32_t i = 0; i < s->var_count; i++) {
        const PlVar *v = f->fn->vars[s->vars[i]];
        PlTarget t = {v->number, NULL};
        Datum d = {0};
        bool is_null = true;
        Oid type = v->type;
        f->phase_line = v->line;
        arena_clear(&f->scratch);
        if (v->is_cursor) { /* a bound cursor is called as its variable */
            TRY(pl_assign_text(f, v->number, v->name));
            continue;
        }
        if (v->init == NULL) {
            if (v->record) {
                pl_record_free(f->slots[v->number].record);
                f->slots[v->number].record = NULL;
                TRY(v->type != TYPE_RECORD ? pl_record_set(f, v->number, &d, true, v->type)
                                           : ST_OK);
            } else {
                f->slots[v->number].value.is_null = true;
                const CatType *ct = cat_type(f->fn->m->fs->view, v->type);
                if (ct != NULL && ct->kind == 'd') {
                    TRY(pl_assign(f, &t, &d, true, ct->base)); /* a domain may forbid it */
                }
            }
            continue;
        }
        TRY(pl_eval(f, v->init, &d, &is_null, &type));
        TRY(pl_assign(f, &t, &d, is_null, type));
    }
    f->phase = NULL;
    return ST_OK;
}

/* handler_fits - is the error one of a handler's? */
static bool handler_fits(const PlHandler *h, uint32_t state)
{
    for (uint32_t i = 0; i < h->count; i++) {
        uint32_t want = h->states[i];
        char text[6];
        if (want == 0) {
            if (state != ERRCODE_QUERY_CANCELED && state != ERRCODE_ASSERT_FAILURE) {
                return true;
            }
            continue;
        }
        if (want == state) {
            return true;
        }
        sqlstate_text(want, text);
        if (strcmp(text + 2, "000") == 0 && (want & 0xfff) == (state & 0xfff)) {
            return true; /* a whole class */
        }
    }
    return false;
}

/* error_full_context - what GET STACKED DIAGNOSTICS tells: the lines of all that was under way. */
static void error_full_context(PlFrame *f, Err *e)
{
    Buf b;
    FuncManager *m = f->fn->m;
    if (m->context_done) {
        m->context_done = false;
        return;
    }
    buf_init(&b, ERR_CONTEXT_BYTES_MAX - 1);
    buf_puts(&b, e->context);
    func_put_context(m, &b);
    size_t n = MIN(b.len, sizeof(e->context) - 1);
    if (n > 0) {
        memcpy(e->context, b.data, n);
    }
    e->context[n] = '\0';
    buf_release(&b);
}

/* block_catch - the error of a block's body: its handler, or the error again. */
static Status block_catch(PlFrame *f, const PlStmt *s, Status st, void *mark)
{
    FuncManager *m = f->fn->m;
    PlCaught *c = mem_alloc("caught error", sizeof(*c));
    const PlHandler *h = s->handlers;
    c->err = *f->cx.err;
    bool complete = m->context_done;
    m->frames = &f->frame;
    while (h != NULL && (c->err.severity == ERR_FATAL || !handler_fits(h, c->err.sqlstate))) {
        h = h->next;
    }
    if (h != NULL) {
        error_full_context(f, &c->err);
    }
    err_clear(&f->cx);
    Status undone = func_sub_end(m, &f->cx, mark, false);
    if (h == NULL || undone != ST_OK) {
        if (undone == ST_OK) {
            *f->cx.err = c->err;
            m->context_done = complete;
        }
        mem_free(c);
        return st;
    }
    char state[6];
    sqlstate_text(c->err.sqlstate, state);
    c->outer = f->caught;
    f->caught = c;
    f->phase = NULL;
    f->flow = FLOW_NEXT;
    arena_clear(&f->scratch);
    st = pl_assign_text(f, s->sqlstate_var, state);
    st = st == ST_OK ? pl_assign_text(f, s->sqlerrm_var, c->err.message) : st;
    st = st == ST_OK ? pl_run_statements(f, h->body) : st;
    f->caught = c->outer;
    mem_free(c);
    return st;
}

/* pl_run_block - variables, body; with handlers the body is a sub-transaction. */
Status pl_run_block(PlFrame *f, const PlStmt *s)
{
    Status st;
    TRY(block_init(f, s));
    if (s->handlers == NULL) {
        st = pl_run_statements(f, s->body);
    } else {
        void *mark;
        f->phase = "during statement block entry";
        f->phase_line = s->line;
        TRY(func_sub_begin(f->fn->m, &f->cx, &mark));
        f->phase = NULL;
        st = pl_run_statements(f, s->body);
        if (st == ST_OK) {
            st = func_sub_end(f->fn->m, &f->cx, mark, true);
        } else if (st == ST_ERROR) {
            st = block_catch(f, s, st, mark);
        }
    }
    if (st == ST_OK && f->flow == FLOW_EXIT && f->flow_label != NULL && s->label != NULL &&
        strcmp(f->flow_label, s->label) == 0) {
        f->flow = FLOW_NEXT;
        f->flow_label = NULL;
    }
    return st;
}
