/*
 * session_extended.c - the extended query protocol: Parse, Bind, Describe, Execute, Close, Flush,
 * Sync.
 *
 * After an error everything up to the next Sync is skipped. Outside a block, the statements up to a
 * Sync are one implicit transaction, committed by the Sync.
 */
#include <pg_query/pg_query.pb-c.h>

#include <stdio.h>

#include "server/server_internal.h"

#define STATEMENT_ARENA_CAP ((size_t)256 << 20)

/* ---- prepared statements and portals ---- */

Statement *statement_find(Session *s, const char *name)
{
    return name[0] == '\0' ? s->unnamed : map_get(&s->statements, name, strlen(name));
}

void statement_unref(Statement *st)
{
    ASSERT(st->refs > 0);
    if (--st->refs > 0) {
        return;
    }
    if (st->plan != NULL) {
        plan_unref(st->plan);
    }
    arena_release(&st->arena);
    mem_free(st->name);
    mem_free(st);
}

/* statement_add - a prepared statement enters the session under its name; the unnamed one replaces
 * its predecessor. */
Status statement_add(Cx *cx, Session *s, Statement *st, const char *name)
{
    if (name[0] == '\0') {
        if (s->unnamed != NULL) {
            statement_unref(s->unnamed);
        }
        s->unnamed = st;
        return ST_OK;
    }
    if (statement_find(s, name) != NULL) {
        return err_set(cx, ERRCODE_DUPLICATE_PSTATEMENT, "prepared statement \"%s\" already exists",
                       name);
    }
    size_t n = strlen(name);
    st->name = mem_alloc("statement", n + 1);
    memcpy(st->name, name, n + 1);
    (void)map_put(&s->statements, st->name, n, st);
    return ST_OK;
}

/* statement_drop - forget a prepared statement by name; false when there is none. */
bool statement_drop(Session *s, const char *name)
{
    if (name[0] == '\0') {
        bool had = s->unnamed != NULL;
        if (had) {
            statement_unref(s->unnamed);
            s->unnamed = NULL;
        }
        return had;
    }
    Statement *st = map_remove(&s->statements, name, strlen(name));
    if (st != NULL) {
        statement_unref(st);
    }
    return st != NULL;
}

void session_drop_statements(Session *s)
{
    MapSlot slot;
    for (uint32_t pos = 0; map_next(&s->statements, &pos, &slot);) {
        statement_unref(slot.value);
    }
    map_clear(&s->statements);
    (void)statement_drop(s, "");
}

static Portal *portal_find(Session *s, const char *name)
{
    return map_get(&s->portals, name, strlen(name));
}

Status portal_create(Cx *cx, Session *s, const char *name, Portal **out)
{
    Portal *old = portal_find(s, name);
    if (old != NULL) {
        if (name[0] != '\0') {
            return err_set(cx, ERRCODE_DUPLICATE_CURSOR, "cursor \"%s\" already exists", name);
        }
        portal_drop(s, old);
    }
    Portal *p = mem_zalloc("portal", sizeof(*p));
    p->created_us = s->env.statement_time_us;
    arena_init(&p->arena, NULL, "portal", 0);
    size_t n = strlen(name);
    p->name = arena_strndup(&p->arena, name, n);
    p->savepoint_level = session_level(s);
    (void)map_put(&s->portals, p->name, n, p);
    *out = p;
    return ST_OK;
}

void portal_drop(Session *s, Portal *p)
{
    (void)map_remove(&s->portals, p->name, strlen(p->name));
    portal_close_exec(s, p);
    if (p->plan != NULL) {
        plan_unref(p->plan);
    }
    if (p->stmt != NULL) {
        statement_unref(p->stmt);
    }
    buf_release(&p->store);
    arena_release(&p->arena);
    mem_free(p);
}

void portal_drop_unnamed(Session *s)
{
    Portal *p = s->portals.count != 0 ? portal_find(s, "") : NULL;
    if (p != NULL) {
        portal_drop(s, p);
    }
}

void portals_drop_level(Session *s, uint32_t above_level)
{
    MapSlot slot;
    for (uint32_t pos = 0; s->portals.count != 0 && map_next(&s->portals, &pos, &slot);) {
        Portal *p = slot.value;
        if (p->savepoint_level >= above_level) {
            portal_drop(s, p);
            pos = 0; /* removal moves slots */
        }
    }
}

void portals_drop_all(Session *s)
{
    if (s->portals.count != 0) {
        portals_drop_level(s, 0);
    }
}

/* ---- messages ---- */

/* param_types_known - the types a Parse names must exist. */
static Status param_types_known(Cx *cx, Session *s, const Statement *st)
{
    for (uint32_t i = 0; i < st->params.count; i++) {
        Oid type = st->params.types[i];
        if (type == OID_INVALID || type == TYPE_UNKNOWN) {
            continue;
        }
        TRY(session_txn_need(cx, s));
        if (cat_type(&s->view, type) == NULL) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "cache lookup failed for type %u", type);
        }
    }
    return ST_OK;
}

/* msg_parse - Parse: a named or unnamed prepared statement with an arena of its own, freed when
 * anything fails. */
static Status msg_parse(Cx *cx, Session *s, ProtoMsg *m)
{
    const char *name = msg_cstring(m);
    const char *sql = msg_cstring(m);
    uint16_t count = msg_u16(m);
    Statement *st = mem_zalloc("statement", sizeof(*st));
    st->refs = 1;
    ParsedStmt *stmts;
    uint32_t stmt_count;
    Status status = ST_OK;
    arena_init(&st->arena, NULL, "prepared", STATEMENT_ARENA_CAP);
    st->params.types = ARENA_ARRAY(&st->arena, Oid, count + 1u);
    st->params.count = count;
    for (uint32_t i = 0; i < count; i++) {
        st->params.types[i] = msg_u32(m);
    }
    status = msg_end(cx, m);
    if (status == ST_OK) {
        size_t n = strlen(sql);
        st->sql = (Slice){arena_strndup(&st->arena, sql, n), n};
        status = utf8_verify(cx, st->sql);
    }
    if (status == ST_OK) {
        activity_query(s, st->sql);
        status = parse_sql(cx, &st->arena, st->sql, &stmts, &stmt_count);
    }
    if (status == ST_OK && stmt_count > 1) {
        status = err_set(cx, ERRCODE_SYNTAX_ERROR,
                         "cannot insert multiple commands into a prepared statement");
    }
    if (status == ST_OK) {
        st->node = stmt_count == 1 ? stmts[0].node : NULL;
        st->prepared_at_us = s->env.statement_time_us;
        st->cls = st->node == NULL ? STMT_EMPTY : STMT_UTILITY;
        status = statement_check_txn(cx, s, st);
    }
    if (status == ST_OK) {
        status = param_types_known(cx, s, st);
    }
    if (status == ST_OK) {
        status = statement_prepare(cx, s, st);
    }
    if (status == ST_OK) {
        status = statement_add(cx, s, st, name);
    }
    if (status != ST_OK) {
        mem_free(st->name);
        st->name = NULL;
        statement_unref(st);
        return status;
    }
    reply_simple(&s->out, '1');
    return ST_OK;
}

/* bind_value - one parameter value of a Bind message. */
static Status bind_value(Cx *cx, Session *s, Portal *p, uint32_t i, Oid type_oid, int format,
                         Slice bytes)
{
    const CatType *type = cat_type(&s->view, type_oid);
    if (type == NULL || type->ops == NULL) {
        return err_unsupported(cx, "parameters of type %s are not supported",
                               type ? type->name : "unknown");
    }
    FnCall call = {.cx = cx,
                   .arena = &p->arena,
                   .env = &s->env,
                   .state_arena = &p->arena,
                   .result_type = cat_domain_base(&s->view, type_oid),
                   .arg_typmod = -1};
    if (format == 0) {
        TRY(utf8_verify(cx, bytes));
        TRY(type->ops->in(&call, bytes, -1, &p->param_values[i]));
        return type_check_domain(&call, type_oid, &p->param_values[i]);
    }
    if (format == 1) {
        Status st = type->ops->recv(&call, bytes, -1, &p->param_values[i]);
        if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_INVALID_BINARY_REPRESENTATION &&
            strcmp(cx->err->message, "incorrect binary data format") == 0) {
            (void)err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                          "incorrect binary data format in bind parameter %u", i + 1);
        }
        TRY(st);
        return type_check_domain(&call, type_oid, &p->param_values[i]);
    }
    return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "unsupported format code: %d", format);
}

/* bind_error_context - say which parameter it was, behind what the type's input said; a value is
 * only hinted at, as it may be secret. */
static void bind_error_context(Cx *cx, const Portal *p, uint32_t i, int format, size_t len)
{
    char first[ERR_CONTEXT_BYTES_MAX];
    (void)snprintf(first, sizeof(first), "%s", cx->err->context);
    const char *nl = first[0] != '\0' ? "\n" : "";
    bool shown = format == 0 && cx->err->sqlstate != ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
    const char *value = shown && len != 0 ? " = '...'" : shown ? " = ''" : "";
    if (p->name[0] == '\0') {
        st_ignore(err_context(cx, "%s%sunnamed portal parameter $%u%s", first, nl, i + 1, value));
    } else {
        st_ignore(
            err_context(cx, "%s%sportal \"%s\" parameter $%u%s", first, nl, p->name, i + 1, value));
    }
}

/* bind_params - parameter values of Bind in text or binary; counts and lengths are the client's
 * and checked here. */
static Status bind_params(Cx *cx, Session *s, Portal *p, ProtoMsg *m, const Statement *st,
                          const char *stmt_name)
{
    uint16_t format_count = msg_u16(m);
    Slice formats = msg_bytes(m, (size_t)format_count * 2);
    uint16_t count = msg_u16(m);
    if (m->broken) {
        return msg_end(cx, m);
    }
    if (format_count > 1 && format_count != count) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "bind message has %u parameter formats but %u parameters", format_count,
                       count);
    }
    if (count != st->params.count) {
        return err_set(
            cx, ERRCODE_PROTOCOL_VIOLATION,
            "bind message supplies %u parameters, but prepared statement \"%s\" requires %u", count,
            stmt_name, st->params.count);
    }
    p->param_count = count;
    p->param_values = ARENA_ARRAY(&p->arena, Datum, count + 1u);
    p->param_nulls = ARENA_ARRAY(&p->arena, bool, count + 1u);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t len = msg_u32(m);
        if (len == UINT32_MAX) {
            p->param_nulls[i] = true;
            continue;
        }
        Slice bytes = msg_bytes(m, len);
        if (m->broken) {
            return msg_end(cx, m);
        }
        int format = 0;
        if (format_count != 0) {
            const uint8_t *f = (const uint8_t *)formats.ptr + (format_count == 1 ? 0 : 2 * i);
            format = f[0] << 8 | f[1];
        }
        /* The message's bytes go away; values keep pointers into the arena. */
        bytes.ptr = arena_memdup(&p->arena, bytes.ptr, bytes.len);
        Status status = bind_value(cx, s, p, i, st->params.types[i], format, bytes);
        if (status != ST_OK) {
            if (status == ST_ERROR) {
                bind_error_context(cx, p, i, format, bytes.len);
            }
            return status;
        }
    }
    return ST_OK;
}

static Status err_no_statement(Cx *cx, const char *name)
{
    return name[0] == '\0' ? err_set(cx, ERRCODE_UNDEFINED_PSTATEMENT,
                                     "unnamed prepared statement does not exist")
                           : err_set(cx, ERRCODE_UNDEFINED_PSTATEMENT,
                                     "prepared statement \"%s\" does not exist", name);
}

static Status err_portal_done(Cx *cx, const char *name)
{
    return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"%s\" cannot be run",
                   name);
}

/* bind_formats - the formats Bind asks for: none, one for all columns, or one for each. */
static Status bind_formats(Cx *cx, Session *s, Portal *p, ProtoMsg *m, const Statement *st)
{
    p->format_count = msg_u16(m);
    p->formats = ARENA_ARRAY(&p->arena, int16_t, p->format_count + 1);
    for (uint32_t i = 0; i < p->format_count && !m->broken; i++) {
        p->formats[i] = (int16_t)msg_u16(m);
    }
    TRY(msg_end(cx, m));
    if (p->format_count <= 1) {
        return ST_OK;
    }
    PlanColumn *columns;
    uint32_t count = p->format_count;
    if (st->plan != NULL) {
        count = st->plan->column_count;
    } else if (st->cls == STMT_UTILITY && !s->failed) {
        TRY(utility_columns(cx, s, st, &columns, &count));
        count = count == 0 ? p->format_count : count; /* no rows: any number will do */
    }
    return p->format_count == count
               ? ST_OK
               : err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                         "bind message has %u result formats but query has %u columns",
                         p->format_count, count);
}

/* msg_bind - Bind: a portal of a prepared statement; the portal holds a reference to the
 * statement. */
static Status msg_bind(Cx *cx, Session *s, ProtoMsg *m)
{
    const char *portal_name = msg_cstring(m);
    const char *stmt_name = msg_cstring(m);
    if (m->broken) {
        return msg_end(cx, m);
    }
    Statement *st = statement_find(s, stmt_name);
    if (st == NULL) {
        return err_no_statement(cx, stmt_name);
    }
    activity_query(s, st->sql);
    TRY(statement_check_txn(cx, s, st));
    if (st->cls == STMT_PLANNED) {
        TRY(session_txn_need(cx, s));
    }
    TRY(statement_replan(cx, s, st));
    Portal *p;
    TRY(portal_create(cx, s, portal_name, &p));
    p->stmt = st;
    st->refs++;
    Status status = bind_params(cx, s, p, m, st, stmt_name);
    if (status == ST_OK) {
        status = bind_formats(cx, s, p, m, st);
    }
    if (status == ST_OK && st->plan != NULL) {
        plan_ref(st->plan);
        p->plan = st->plan;
        /* A named portal may be run much later: it sees what was there when it was made. */
        status = portal_name[0] != '\0' ? portal_prepare(cx, s, p, true) : ST_OK;
    }
    if (status != ST_OK) {
        portal_drop(s, p);
        return status;
    }
    reply_simple(&s->out, '2');
    return ST_OK;
}

static Status txn_failed(Cx *cx)
{
    return err_set(
        cx, ERRCODE_IN_FAILED_SQL_TRANSACTION,
        "current transaction is aborted, commands ignored until end of transaction block");
}

/* describe_rows - RowDescription or NoData of a statement's result. */
static Status describe_rows(Cx *cx, Session *s, const Statement *st, const Plan *plan,
                            const int16_t *formats, uint32_t format_count)
{
    PlanColumn *cols = NULL;
    uint32_t count = 0;
    bool rows = false;
    if (plan != NULL) {
        cols = plan->columns;
        count = plan->column_count;
        rows = plan->returns_rows;
    } else if (st != NULL && st->cls == STMT_UTILITY) {
        TRY(utility_columns(cx, s, st, &cols, &count));
        rows = count != 0;
    }
    if (rows && s->failed) {
        return txn_failed(cx);
    }
    if (rows) {
        reply_row_description(&s->out, cols, count, formats, format_count, &s->view);
    } else {
        reply_simple(&s->out, 'n');
    }
    return ST_OK;
}

/* msg_describe - Describe of a statement (S) or a portal (P). */
static Status msg_describe(Cx *cx, Session *s, ProtoMsg *m)
{
    uint8_t kind = msg_u8(m);
    const char *name = msg_cstring(m);
    TRY(msg_end(cx, m));
    if (kind == 'S') {
        Statement *st = statement_find(s, name);
        if (st == NULL) {
            return err_no_statement(cx, name);
        }
        if (st->cls == STMT_PLANNED && !s->failed) {
            TRY(session_txn_need(cx, s));
            TRY(statement_replan(cx, s, st));
        }
        reply_param_description(&s->out, st->params.types, st->params.count);
        return describe_rows(cx, s, st, st->plan, NULL, 0);
    }
    if (kind == 'P') {
        Portal *p = portal_find(s, name);
        if (p == NULL) {
            return err_set(cx, ERRCODE_UNDEFINED_CURSOR, "portal \"%s\" does not exist", name);
        }
        return describe_rows(cx, s, p->stmt, p->plan, p->formats, p->format_count);
    }
    return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid DESCRIBE message subtype %d", kind);
}

/* msg_execute - Execute: the next max_rows rows of a portal, or all of them when 0. */
static Status msg_execute(Cx *cx, Session *s, ProtoMsg *m)
{
    const char *name = msg_cstring(m);
    uint32_t max_rows = msg_u32(m);
    TRY(msg_end(cx, m));
    Portal *p = portal_find(s, name);
    if (p == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_CURSOR, "portal \"%s\" does not exist", name);
    }
    if (p->plan == NULL && (p->stmt == NULL || p->stmt->cls == STMT_EMPTY)) {
        reply_simple(&s->out, 'I');
        return ST_OK;
    }
    if (p->stmt != NULL) {
        activity_query(s, p->stmt->sql);
    }
    TRY(statement_check_txn(cx, s, p->stmt));
    if (p->plan == NULL) {
        const char *tag = NULL;
        Statement *st = p->stmt;
        if (p->done) {
            return err_portal_done(cx, name);
        }
        p->done = true;
        st->refs++; /* COMMIT drops the portal, DEALLOCATE the statement's name */
        s->running_portal = p;
        utility_park(s, st);
        Status status = utility_run(cx, s, st, true, &tag);
        s->running_portal = NULL;
        if (status == ST_BUSY) {
            p->done = false; /* it waits, and is run again */
        }
        if (status == ST_OK && tag != NULL) {
            reply_command_complete(&s->out, tag);
        }
        statement_unref(st);
        return status;
    }
    if (p->done && p->plan->command != CMD_SELECT && !p->plan->returns_rows) {
        return err_portal_done(cx, name);
    }
    return session_execute(cx, s, p, max_rows > INT32_MAX ? 0 : max_rows);
}

Status session_execute(Cx *cx, Session *s, Portal *p, uint32_t max_rows)
{
    bool done, counted = statement_stats_wanted(s);
    int64_t start = counted ? os_mono_us(s->server->os) : 0;
    Status st = portal_run(cx, s, p, max_rows, &done);
    TRY(st);
    if (counted && p->stmt != NULL) {
        statement_stats_add(s, p->stmt->sql, os_mono_us(s->server->os) - start, p->rows_sent);
    }
    if (!done) {
        reply_simple(&s->out, 's');
        return ST_OK;
    }
    char tag[64];
    portal_tag(p, tag, sizeof(tag));
    reply_command_complete(&s->out, tag);
    return ST_OK;
}

static Status msg_close(Cx *cx, Session *s, ProtoMsg *m)
{
    uint8_t kind = msg_u8(m);
    const char *name = msg_cstring(m);
    TRY(msg_end(cx, m));
    if (kind == 'S') {
        (void)statement_drop(s, name);
    } else if (kind == 'P') {
        Portal *p = portal_find(s, name);
        if (p != NULL) {
            portal_drop(s, p);
        }
    } else {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid CLOSE message subtype %d", kind);
    }
    reply_simple(&s->out, '3');
    return ST_OK;
}

static Status dispatch(Cx *cx, Session *s, ProtoMsg *m)
{
    switch (m->type) {
    case 'P': return msg_parse(cx, s, m);
    case 'B': return msg_bind(cx, s, m);
    case 'D': return msg_describe(cx, s, m);
    case 'E': return msg_execute(cx, s, m);
    case 'C': return msg_close(cx, s, m);
    default:
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid frontend message type %d", m->type);
    }
}

static void msg_sync(Session *s)
{
    s->skip_to_sync = false;
    session_statement_end(s);
    if (!s->in_block) {
        if (session_commit(&s->cx, s) != ST_OK) {
            reply_error(&s->out, &s->err, false);
        }
    }
    s->implicit_block = false;
    session_ready_for_query(s);
}

void session_extended_message(Session *s, ProtoMsg *m)
{
    if (m->type == 'S') {
        msg_sync(s);
        return;
    }
    if (s->skip_to_sync || m->type == 'H') {
        return; /* Flush: replies are sent when the input is worked off anyway */
    }
    if (m->type == 'P' || m->type == 'B' || m->type == 'E') {
        session_statement_begin(s);
    }
    session_park_allow(s);
    Status st = dispatch(&s->cx, s, m);
    if (st != ST_OK && !session_park(s, st)) {
        session_extended_failed(s);
    }
}

void session_extended_failed(Session *s)
{
    session_statement_end(s);
    session_statement_failed(s);
    reply_error(&s->out, &s->err, false);
    s->skip_to_sync = true;
    if (s->err.severity == ERR_FATAL) {
        s->close_after_send = true;
    }
}
