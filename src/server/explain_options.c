/*
 * explain_options.c - the options of EXPLAIN: what they may be, and which of them we can do
 *
 * All are checked as PostgreSQL checks them before one that is not there yet is refused.
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

Status session_explain_options(Cx *cx, Arena *arena, Slice sql, const PgQuery__ExplainStmt *stmt,
                               ExplainOptions *o)
{
    static const char *const OTHERS[] = {"buffers", "settings", "summary", "wal"};
    const char *refused = NULL;
    bool wal = false, timing_given = false;
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
    if (o->analyze || refused != NULL) {
        return err_unsupported(cx, "EXPLAIN option \"%s\" is not supported yet",
                               o->analyze ? "analyze" : refused);
    }
    return ST_OK;
}
