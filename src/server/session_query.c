/*
 * session_query.c - the simple query protocol: a string of statements, run one by one.
 *
 * Several statements in one string are one implicit transaction. A single
 * SELECT/INSERT/UPDATE/DELETE is first looked up by its shape in the statement cache, so that
 * clients that never prepare do not pay for parsing and planning.
 */
#include <pg_query/pg_query.pb-c.h>

#include <stdio.h>

#include "server/server_internal.h"

#define TAG_BYTES 64

/* run_planned - run a plan as an anonymous portal and reply with its rows; the tag is said when the
 * statement's work is committed. */
static Status run_planned(Cx *cx, Session *s, Statement *stmt, Plan *plan, Datum *values,
                          bool *nulls, uint32_t count, char tag[TAG_BYTES], uint64_t *rows_out)
{
    bool done;
    Portal p = {.stmt = stmt,
                .plan = plan,
                .param_values = values,
                .param_nulls = nulls,
                .param_count = count};
    plan_ref(plan);
    arena_init(&p.arena, &s->stmt_arena, "portal", 0);
    Status st = portal_prepare(cx, s, &p, false);
    if (st == ST_OK) {
        if (p.plan->returns_rows) {
            reply_row_description(&s->out, p.plan->columns, p.plan->column_count, NULL, 0,
                                  &s->view);
        }
        st = portal_run(cx, s, &p, 0, &done);
    }
    if (st == ST_OK) {
        portal_tag(&p, tag, TAG_BYTES);
        *rows_out = p.rows_sent;
    }
    plan_unref(p.plan);
    arena_release(&p.arena);
    return st == ST_RESTART ? ST_NOTFOUND : st; /* a stale cached plan: parse the text */
}

/* run_statement - one of the parsed statements of the string; its tag, empty for none yet. */
static Status run_statement(Cx *cx, Session *s, Slice sql, const ParsedStmt *stmts, uint32_t index,
                            char tag_out[TAG_BYTES])
{
    Statement stmt = {.sql = sql,
                      .index = index,
                      .node = stmts[index].node,
                      .cls = STMT_UTILITY,
                      .params = {.fixed = true}};
    const char *tag = NULL;
    tag_out[0] = '\0';
    TRY(statement_check_txn(cx, s, &stmt));
    bool counted = statement_stats_wanted(s);
    int64_t start = counted ? os_mono_us(s->server->os) : 0;
    uint64_t rows = 0;
    arena_init(&stmt.arena, &s->stmt_arena, "simple", 0);
    Status st = statement_prepare(cx, s, &stmt);
    if (st == ST_OK && stmt.cls == STMT_PLANNED) {
        st = run_planned(cx, s, &stmt, stmt.plan, NULL, NULL, 0, tag_out, &rows);
    } else if (st == ST_OK && stmt.cls == STMT_UTILITY) {
        utility_park(s, &stmt);
        st = utility_run(cx, s, &stmt, false, &tag);
        if (st == ST_OK && tag != NULL) {
            (void)snprintf(tag_out, TAG_BYTES, "%s", tag);
        }
    }
    if (stmt.plan != NULL) {
        plan_unref(stmt.plan);
    }
    arena_release(&stmt.arena);
    if (counted && st == ST_OK) {
        Slice text = {sql.ptr + stmts[index].location, sql.len - (size_t)stmts[index].location};
        text.len = stmts[index].length > 0 ? MIN(text.len, (size_t)stmts[index].length) : text.len;
        statement_stats_add(s, text, os_mono_us(s->server->os) - start, rows);
    }
    return st;
}

/* end_statement - commit what is not in a block, then say the tag; the last statement of the string
 * commits the implicit block. */
static Status end_statement(Cx *cx, Session *s, bool last, const char *tag)
{
    if (s->copy == NULL && !s->in_block && last) {
        TRY(session_commit(cx, s));
    }
    if (tag[0] != '\0') {
        reply_command_complete(&s->out, tag);
    }
    return ST_OK;
}

/* run_string - the statements of the string from number `first` on. */
static Status run_string(Cx *cx, Session *s, Slice sql, uint32_t first)
{
    ParsedStmt *stmts;
    uint32_t count;
    TRY(parse_sql(cx, &s->stmt_arena, sql, &stmts, &count));
    if (count == 0) {
        reply_simple(&s->out, 'I');
        return ST_OK;
    }
    if (count == 1) {
        session_park_allow(s);
    }
    for (uint32_t i = first; i < count; i++) {
        if (count > 1 && !s->in_block) {
            s->implicit_block = true;
        }
        char tag[TAG_BYTES];
        TRY(run_statement(cx, s, sql, stmts, i, tag));
        if (s->copy != NULL && i + 1 < count) {
            /* The rest of the string runs when the client has sent its data. */
            s->rest_sql = mem_alloc("query", sql.len + 1);
            memcpy(s->rest_sql, sql.ptr, sql.len);
            s->rest_sql[sql.len] = '\0';
            s->rest_index = i + 1;
            return ST_OK;
        }
        TRY(end_statement(cx, s, i + 1 == count, tag));
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
    char tag[TAG_BYTES];
    uint64_t rows;
    session_park_allow(s);
    bool counted = statement_stats_wanted(s);
    int64_t start = counted ? os_mono_us(s->server->os) : 0;
    Status st = run_planned(cx, s, NULL, plan, values, nulls, plan->param_count, tag, &rows);
    plan_unref(plan);
    TRY(st);
    if (counted) {
        statement_stats_add(s, sql, os_mono_us(s->server->os) - start, rows);
    }
    return end_statement(cx, s, true, tag);
}

void session_statement_begin(Session *s)
{
    if (s->park_again) {
        return; /* it began when it was dispatched first */
    }
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

/* query_end - the string has ended, or waits for the data of a COPY: its error, ReadyForQuery. */
static void query_end(Session *s, Status st)
{
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
        session_ready_for_query(s);
    }
}

void session_simple_query(Session *s, Slice sql)
{
    StmtShape shape = {0};
    session_statement_begin(s);
    activity_query(s, sql);
    (void)statement_drop(s, "");
    portal_drop_unnamed(s);
    Status st = utf8_verify(&s->cx, sql);
    if (st == ST_OK) {
        st = run_cached(&s->cx, s, sql, &shape);
    }
    if (st == ST_NOTFOUND) {
        st = run_string(&s->cx, s, sql, 0);
        if (st == ST_OK && shape.key.len != 0) {
            s->may_park = false;
            plan_cache_add(s, &shape, sql);
        }
    }
    if (!session_park(s, st)) {
        query_end(s, st);
    }
}

void session_ready_for_query(Session *s)
{
    s->implicit_block = false;
    session_take_mail(s);
    settings_report(s);
    activity_idle(s);
    s->waits_for_query = true;
    if (s->timed) {
        atomic_store(&s->idle_allowed_us,
                     s->in_block ? s->idle_txn_timeout_us : s->idle_timeout_us);
        atomic_store(&s->idle_start_us, os_mono_us(s->server->os));
    }
    reply_ready(&s->out, session_txn_status(s));
}

void session_rest_query(Session *s)
{
    char *text = s->rest_sql;
    s->rest_sql = NULL;
    Status st = run_string(&s->cx, s, slice_of(text), s->rest_index);
    mem_free(text);
    query_end(s, st);
}
