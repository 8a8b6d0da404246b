/*
 * session_query.c - the simple query protocol: a string of statements, run one by one.
 *
 * Several statements in one string are one implicit transaction. A single
 * SELECT/INSERT/UPDATE/DELETE is first looked up by its shape in the statement cache, so that
 * clients that never prepare do not pay for parsing and planning.
 */
#include <pg_query/pg_query.pb-c.h>

#include "server/server_internal.h"

/* run_planned - run a plan as an anonymous portal and reply with its rows and tag. */
static Status run_planned(Cx *cx, Session *s, Statement *stmt, Plan *plan, Datum *values,
                          bool *nulls, uint32_t count)
{
    char tag[64];
    bool done;
    size_t out_at = s->out.len;
    Portal p = {.stmt = stmt,
                .plan = plan,
                .param_values = values,
                .param_nulls = nulls,
                .param_count = count};
    plan_ref(plan);
    arena_init(&p.arena, &s->stmt_arena, "portal", 0);
    if (plan->returns_rows) {
        reply_row_description(&s->out, plan->columns, plan->column_count, NULL, 0, &s->view);
    }
    Status st = portal_run(cx, s, &p, 0, &done);
    if (st == ST_OK) {
        portal_tag(&p, tag, sizeof(tag));
        reply_command_complete(&s->out, tag);
    }
    plan_unref(p.plan);
    arena_release(&p.arena);
    if (st == ST_RESTART) {
        s->out.len = out_at; /* a cached plan went stale before anything was sent: parse the text */
        return ST_NOTFOUND;
    }
    return st;
}

/* run_statement - one parsed statement of the string. */
static Status run_statement(Cx *cx, Session *s, Slice sql, const ParsedStmt *parsed)
{
    Statement stmt = {
        .sql = sql, .node = parsed->node, .cls = STMT_UTILITY, .params = {.fixed = true}};
    const char *tag = NULL;
    TRY(statement_check_txn(cx, s, &stmt));
    arena_init(&stmt.arena, &s->stmt_arena, "simple", 0);
    Status st = statement_prepare(cx, s, &stmt);
    if (st == ST_OK && stmt.cls == STMT_PLANNED) {
        st = run_planned(cx, s, &stmt, stmt.plan, NULL, NULL, 0);
    } else if (st == ST_OK && stmt.cls == STMT_UTILITY) {
        st = utility_run(cx, s, &stmt, false, &tag);
        if (st == ST_OK && tag != NULL) {
            reply_command_complete(&s->out, tag);
        }
    }
    if (stmt.plan != NULL) {
        plan_unref(stmt.plan);
    }
    arena_release(&stmt.arena);
    return st;
}

/* end_statement - commit what is not in a block; the last statement of the string commits the
 * implicit block. */
static Status end_statement(Cx *cx, Session *s, bool last)
{
    if (s->copy != NULL || s->in_block) {
        return ST_OK;
    }
    if (!last) {
        s->implicit_block = true;
        return ST_OK;
    }
    return session_commit(cx, s);
}

static Status run_string(Cx *cx, Session *s, Slice sql)
{
    ParsedStmt *stmts;
    uint32_t count;
    TRY(parse_sql(cx, &s->stmt_arena, sql, &stmts, &count));
    if (count == 0) {
        reply_simple(&s->out, 'I');
        return ST_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (count > 1 && !s->in_block) {
            s->implicit_block = true;
        }
        TRY(run_statement(cx, s, sql, &stmts[i]));
        if (s->copy != NULL && i + 1 < count) {
            copy_abort(s);
            return err_unsupported(
                cx, "COPY FROM STDIN followed by other statements in one query string is not "
                    "supported");
        }
        TRY(end_statement(cx, s, i + 1 == count));
    }
    return ST_OK;
}

/* run_cached - the whole string by its shape; ST_NOTFOUND when it has to be parsed. */
static Status run_cached(Cx *cx, Session *s, Slice sql, StmtShape *shape)
{
    Plan *plan;
    Datum *values;
    bool *nulls;
    if (s->failed) {
        return ST_NOTFOUND;
    }
    TRY(plan_cache_find(cx, s, sql, shape, &plan, &values, &nulls));
    Status st = run_planned(cx, s, NULL, plan, values, nulls, plan->param_count);
    plan_unref(plan);
    TRY(st);
    return end_statement(cx, s, true);
}

void session_statement_begin(Session *s)
{
    int64_t now = os_now_us(s->server->os);
    s->env.statement_time_us = now - UNIX_TO_PG_EPOCH_US;
    atomic_fetch_and(&s->cancel,
                     ~(uint32_t)(CX_CANCEL_QUERY | CX_CANCEL_TIMEOUT | CX_CANCEL_LOCK_TIMEOUT));
    if (s->statement_timeout_us > 0) {
        atomic_store(&s->statement_start_us, os_mono_us(s->server->os));
    }
}

void session_statement_end(Session *s)
{
    if (s->statement_timeout_us > 0) {
        atomic_store(&s->statement_start_us, 0);
    }
}

void session_simple_query(Session *s, Slice sql)
{
    StmtShape shape = {0};
    session_statement_begin(s);
    s->skip_to_sync = false;
    Status st = run_cached(&s->cx, s, sql, &shape);
    if (st == ST_NOTFOUND) {
        st = run_string(&s->cx, s, sql);
        if (st == ST_OK && shape.key.len != 0) {
            plan_cache_add(s, &shape, sql);
        }
    }
    session_statement_end(s);
    if (st != ST_OK) {
        session_statement_failed(s);
        reply_error(&s->out, &s->err, false);
        if (s->err.severity == ERR_FATAL) {
            s->close_after_send = true;
            return;
        }
    }
    if (s->copy == NULL) {
        s->implicit_block = false;
        reply_ready(&s->out, session_txn_status(s));
    }
}
