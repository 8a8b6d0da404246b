/*
 * explain_run.c - EXPLAIN: what its options may be, and the statement itself
 *
 * All options are checked as PostgreSQL checks them before one that is not there yet is refused.
 * With ANALYZE the plan is run to its end by a portal of its own, for nothing but what its nodes
 * count.
 */
#include <pg_query/pg_query.pb-c.h>
#include <strings.h>

#include "server/server_internal.h"

/* explain_value - an option's argument as text; NULL = none was given. */
static const char *explain_value(Arena *arena, const PgQuery__DefElem *d)
{
    if (d->arg == NULL) {
        return NULL;
    }
    switch (d->arg->node_case) {
    case PG_QUERY__NODE__NODE_STRING: return d->arg->string->sval;
    case PG_QUERY__NODE__NODE_INTEGER: return arena_printf(arena, "%d", d->arg->integer->ival);
    case PG_QUERY__NODE__NODE_FLOAT: return d->arg->float_->fval;
    case PG_QUERY__NODE__NODE_BOOLEAN: return d->arg->boolean->boolval ? "true" : "false";
    default: return "";
    }
}

/* explain_bool - no argument, 0, 1, true, false, on or off. */
static Status explain_bool(Cx *cx, const PgQuery__DefElem *d, const char *value, bool *on_out)
{
    static const char *const WORDS[][2] = {{"1", "0"}, {"true", "false"}, {"on", "off"}};
    *on_out = true;
    if (value == NULL) {
        return ST_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        *on_out = strcasecmp(value, WORDS[i][0]) == 0;
        if (*on_out || strcasecmp(value, WORDS[i][1]) == 0) {
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a Boolean value", d->defname);
}

/* explain_at - the error just raised is about this option. */
static Status explain_at(Cx *cx, Slice sql, const PgQuery__DefElem *d)
{
    return d->location >= 0 ? err_position(cx, parse_char_position(sql, d->location)) : ST_ERROR;
}

/* explain_format - FORMAT: sets *refused to a format that is known but not there yet. */
static Status explain_format(Cx *cx, Slice sql, const PgQuery__DefElem *d, const char *value,
                             const char **refused)
{
    static const char *const OTHERS[] = {"xml", "json", "yaml"};
    if (value == NULL) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a parameter", d->defname);
    }
    if (strcmp(value, "text") == 0) {
        return ST_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++) {
        if (strcmp(value, OTHERS[i]) == 0) {
            *refused = "format";
            return ST_OK;
        }
    }
    st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                      "unrecognized value for EXPLAIN option \"%s\": \"%s\"", d->defname, value));
    return explain_at(cx, sql, d);
}

/* explain_options - what EXPLAIN (...) asks for. 42601, 22023; 0A000 for options that are not there
 * yet. */
static Status explain_options(Cx *cx, Arena *arena, Slice sql, const PgQuery__ExplainStmt *stmt,
                              ExplainOptions *o)
{
    static const char *const OTHERS[] = {"buffers", "settings", "wal"};
    const char *refused = NULL;
    bool wal = false, timing_given = false, summary_given = false;
    *o = (ExplainOptions){.costs = true, .timing = true};
    for (size_t i = 0; i < stmt->n_options; i++) {
        const PgQuery__DefElem *d = stmt->options[i]->def_elem;
        const char *value = explain_value(arena, d), *name = d->defname, *other = NULL;
        bool on;
        for (size_t k = 0; k < ARRAY_LEN(OTHERS); k++) {
            other = strcmp(name, OTHERS[k]) == 0 ? OTHERS[k] : other;
        }
        if (strcmp(name, "format") == 0) {
            TRY(explain_format(cx, sql, d, value, &refused));
            continue;
        }
        bool *place = strcmp(name, "analyze") == 0   ? &o->analyze
                      : strcmp(name, "verbose") == 0 ? &o->verbose
                      : strcmp(name, "costs") == 0   ? &o->costs
                      : strcmp(name, "timing") == 0  ? &o->timing
                      : strcmp(name, "summary") == 0 ? &o->summary
                                                     : NULL;
        if (place == NULL && other == NULL) {
            st_ignore(
                err_set(cx, ERRCODE_SYNTAX_ERROR, "unrecognized EXPLAIN option \"%s\"", name));
            return explain_at(cx, sql, d);
        }
        TRY(explain_bool(cx, d, value, &on));
        if (place == &o->verbose && on) {
            refused = name;
        } else if (place != NULL) {
            *place = on;
            timing_given |= place == &o->timing;
            summary_given |= place == &o->summary;
        } else if (strcmp(name, "wal") == 0) {
            wal = on;
        } else if (on) {
            refused = other;
        }
    }
    if (!o->analyze && (wal || (timing_given && o->timing))) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "EXPLAIN option %s requires ANALYZE",
                       wal ? "WAL" : "TIMING");
    }
    o->summary = summary_given ? o->summary : o->analyze;
    return refused != NULL
               ? err_unsupported(cx, "EXPLAIN option \"%s\" is not supported yet", refused)
               : ST_OK;
}

/* put_plan_time - a line of the summary. */
static void put_plan_time(Buf *text, const char *what, int64_t us)
{
    buf_printf(text, "\n%s Time: %.3f ms", what, (double)us / 1000);
}

/* explain_analyze - run the statement in a portal and write its plan with what came out. */
static Status explain_analyze(Cx *cx, Session *s, Statement *inner, const ExplainOptions *o,
                              int64_t planning_us, Buf *text)
{
    Portal p = {.stmt = inner, .plan = inner->plan, .count_nodes = true};
    int64_t us = 0;
    arena_init(&p.arena, &s->stmt_arena, "portal", 0);
    plan_ref(p.plan);
    Status st = portal_explain(cx, s, &p, o, &us, text);
    plan_unref(p.plan);
    arena_release(&p.arena);
    if (st == ST_OK && o->summary) {
        put_plan_time(text, "Planning", planning_us);
        put_plan_time(text, "Execution", us);
    }
    return st;
}

Status session_explain(Cx *cx, Session *s, const Statement *st, Buf *text)
{
    const PgQuery__ExplainStmt *stmt = st->node->explain_stmt;
    ExplainOptions options;
    Statement *inner = statement_in(&s->stmt_arena, st->sql, stmt->query);
    TRY(explain_options(cx, &s->stmt_arena, st->sql, stmt, &options));
    int64_t since = os_mono_us(s->server->os);
    TRY(statement_prepare(cx, s, inner));
    int64_t planning_us = os_mono_us(s->server->os) - since;
    if (inner->plan == NULL) {
        return err_unsupported(cx, "EXPLAIN of this statement is not supported yet");
    }
    Status status = statement_may(cx, inner->plan);
    if (status == ST_OK && options.analyze) {
        status = explain_analyze(cx, s, inner, &options, planning_us, text);
    } else if (status == ST_OK) {
        plan_explain(inner->plan, &options, NULL, text);
        if (options.summary) {
            put_plan_time(text, "Planning", planning_us);
        }
    }
    plan_unref(inner->plan);
    return status;
}
