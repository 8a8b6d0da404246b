/*
 * utility.c - statements that are not planned: SET and SHOW, EXPLAIN, PREPARE, LOCK, VACUUM, COPY;
 * DDL goes to src/ddl.
 */
#include <pg_query/pg_query.pb-c.h>
#include <stdio.h>

#include "catalog/acl.h"
#include "ddl/ddl.h"
#include "server/server_internal.h"
#include "type/datetime.h"

/* ---- rows made here ---- */

typedef struct TextRows {
    Session *s;
    PlanColumn *cols;
    uint32_t count;
    uint64_t sent;
} TextRows;

static PlanColumn *text_columns(Session *s, const char *const *names, uint32_t count)
{
    PlanColumn *cols = ARENA_ARRAY(&s->stmt_arena, PlanColumn, count);
    for (uint32_t i = 0; i < count; i++) {
        cols[i] = (PlanColumn){.name = names[i], .type = TYPE_TEXT, .typmod = -1};
    }
    return cols;
}

static void text_rows_begin(TextRows *r, Session *s, const char *const *names, uint32_t count,
                            bool describe)
{
    *r = (TextRows){.s = s, .cols = text_columns(s, names, count), .count = count};
    if (describe) {
        reply_row_description(&s->out, r->cols, count, NULL, 0, &s->view);
    }
}

static void text_row(TextRows *r, const char *const *values)
{
    Buf *out = &r->s->out;
    size_t at = reply_begin(out, 'D');
    buf_put_u16be(out, (uint16_t)r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        size_t n = strlen(values[i]);
        buf_put_u32be(out, (uint32_t)n);
        buf_put(out, values[i], n);
    }
    reply_end(out, at);
    r->sent++;
}

/* ---- SET, SHOW, RESET, DISCARD ---- */

/* zone_of_interval - SET TIME ZONE INTERVAL '-02:00': hours east of Greenwich, as a number. */
static Status zone_of_interval(Cx *cx, Session *s, const char *text, Buf *out)
{
    FnCall call = {.cx = cx, .arena = &s->stmt_arena, .env = &s->env, .arg_typmod = -1};
    Datum d;
    char hours[32];
    TRY(type_ops(TYPE_INTERVAL)->in(&call, slice_of(text), -1, &d));
    Interval i;
    memcpy(&i, d.b16, sizeof(i));
    if (i.months != 0 || i.days != 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "cannot specify %s in time zone interval",
                       i.months != 0 ? "months" : "days");
    }
    (void)snprintf(hours, sizeof(hours), "%.9g", (double)i.us / 3600e6);
    buf_puts(out, hours);
    return ST_OK;
}

/* set_joined - the arguments of SET joined as PostgreSQL does: identifiers of list settings are
 * quoted. */
static Status set_joined(Cx *cx, Session *s, const PgQuery__VariableSetStmt *stmt, char **out)
{
    Buf b;
    buf_init(&b, SIZE_MAX);
    bool is_list = strcasecmp(stmt->name, "search_path") == 0;
    for (size_t i = 0; i < stmt->n_args; i++) {
        const PgQuery__Node *arg = stmt->args[i];
        if (i != 0) {
            buf_puts(&b, ", ");
        }
        if (arg->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
            const PgQuery__AConst *c = arg->type_cast->arg->a_const;
            Status st = zone_of_interval(cx, s, c->sval->sval, &b);
            if (st != ST_OK) {
                buf_release(&b);
                return st;
            }
            continue;
        }
        if (arg->node_case != PG_QUERY__NODE__NODE_A_CONST) {
            buf_release(&b);
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "SET %s takes constants only",
                           stmt->name);
        }
        const PgQuery__AConst *c = arg->a_const;
        switch (c->val_case) {
        case PG_QUERY__A__CONST__VAL_IVAL: buf_put_i64_text(&b, c->ival->ival); break;
        case PG_QUERY__A__CONST__VAL_FVAL: buf_puts(&b, c->fval->fval); break;
        case PG_QUERY__A__CONST__VAL_BOOLVAL:
            buf_puts(&b, c->boolval->boolval ? "on" : "off");
            break;
        case PG_QUERY__A__CONST__VAL_SVAL: {
            const char *text = c->sval->sval;
            bool plain = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text) &&
                         text[0] != '\0';
            if (is_list && !plain) {
                buf_putc(&b, '"');
                for (const char *p = text; *p != '\0'; p++) {
                    buf_puts(&b, *p == '"' ? "\"" : "");
                    buf_putc(&b, *p);
                }
                buf_putc(&b, '"');
            } else {
                buf_puts(&b, text);
            }
            break;
        }
        default: break;
        }
    }
    *out = arena_strndup(&s->stmt_arena, b.data != NULL ? (const char *)b.data : "", b.len);
    buf_release(&b);
    return ST_OK;
}

static Status set_session_characteristics(Cx *cx, Session *s, const PgQuery__VariableSetStmt *stmt)
{
    for (size_t i = 0; i < stmt->n_args; i++) {
        const PgQuery__DefElem *d = stmt->args[i]->def_elem;
        const PgQuery__AConst *c = d->arg->a_const;
        char name[64];
        (void)snprintf(name, sizeof(name), "default_%s", d->defname);
        const char *value = c->val_case == PG_QUERY__A__CONST__VAL_SVAL ? c->sval->sval
                            : c->val_case == PG_QUERY__A__CONST__VAL_IVAL
                                ? (c->ival->ival ? "on" : "off")
                                : "off";
        TRY(setting_assign(cx, s, name, value, false, false));
    }
    return ST_OK;
}

static void reset_warning(Cx *cx, const Session *s, const char *name)
{
    if (strcmp(name, "transaction_isolation") == 0 && !s->in_block && !s->implicit_block) {
        err_notice(cx, ERR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, NULL,
                   "RESET TRANSACTION can only be used in transaction blocks");
    }
}

/* run_set_multi - SET TRANSACTION, SET SESSION CHARACTERISTICS. */
static Status run_set_multi(Cx *cx, Session *s, const PgQuery__VariableSetStmt *stmt)
{
    bool snapshot = strcmp(stmt->name, "TRANSACTION SNAPSHOT") == 0;
    if (strcmp(stmt->name, "SESSION CHARACTERISTICS") == 0) {
        return set_session_characteristics(cx, s, stmt);
    }
    if (!snapshot && strcmp(stmt->name, "TRANSACTION") != 0) {
        return err_unsupported(cx, "SET %s is not supported yet", stmt->name);
    }
    if (!s->in_block && !s->implicit_block) {
        err_notice(cx, ERR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, NULL,
                   "SET TRANSACTION can only be used in transaction blocks");
    }
    return snapshot ? session_import_snapshot(cx, s, stmt->args[0]->a_const->sval->sval)
                    : session_set_transaction(cx, s, stmt->args, stmt->n_args);
}

/* run_set - every form of SET and RESET. */
static Status run_set(Cx *cx, Session *s, const PgQuery__VariableSetStmt *stmt,
                      const char **tag_out)
{
    char *value = NULL;
    *tag_out = "SET";
    switch (stmt->kind) {
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE:
        TRY(set_joined(cx, s, stmt, &value));
        if (stmt->is_local && !s->in_block && !s->implicit_block) {
            err_notice(cx, ERR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, NULL,
                       "SET LOCAL can only be used in transaction blocks");
        }
        return setting_assign(cx, s, stmt->name, value, stmt->is_local, false);
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT:
        reset_warning(cx, s, stmt->name);
        return setting_assign(cx, s, stmt->name, NULL, stmt->is_local, false);
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI: return run_set_multi(cx, s, stmt);
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET:
        *tag_out = "RESET";
        reset_warning(cx, s, stmt->name);
        return setting_assign(cx, s, stmt->name, NULL, false, false);
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL:
        *tag_out = "RESET";
        return settings_reset_all(cx, s, false);
    default: return err_unsupported(cx, "this form of SET is not supported yet");
    }
}

static void show_all_row(void *arg, const char *name, const char *value, const char *desc)
{
    const char *values[] = {name, value, desc};
    text_row(arg, values);
}

/* run_show - SHOW name and SHOW ALL. */
static Status run_show(Cx *cx, Session *s, const PgQuery__VariableShowStmt *stmt, bool extended,
                       const char **tag_out)
{
    TextRows rows;
    *tag_out = "SHOW";
    if (strcmp(stmt->name, "all") == 0) {
        static const char *const NAMES[] = {"name", "setting", "description"};
        text_rows_begin(&rows, s, NAMES, 3, !extended);
        settings_foreach(s, show_all_row, &rows);
        return ST_OK;
    }
    const char *canonical = NULL;
    TRY(cat_setting_need(cx, &s->view, stmt->name));
    const char *value = setting_show(s, stmt->name, &canonical);
    if (value == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"",
                       stmt->name);
    }
    text_rows_begin(&rows, s, &canonical, 1, !extended);
    text_row(&rows, &value);
    return ST_OK;
}

/* utility_setting_text - DdlCx.setting_text: name and value of ALTER ROLE ... SET. */
static Status utility_setting_text(void *arg, Cx *cx, const PgQuery__VariableSetStmt *set,
                                   const char **name_out, const char **value_out)
{
    Session *s = arg;
    char *text;
    *value_out = NULL;
    if (set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
        TRY(set_joined(cx, s, set, &text));
        *value_out = text;
    } else if (set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT) {
        *value_out = setting_show(s, set->name, NULL);
    }
    return setting_try(cx, s, set->name, *value_out, name_out);
}

/* refuse_in_block - 25001 for what runs in a transaction of its own only. */
static Status refuse_in_block(Cx *cx, const Session *s, const char *what)
{
    return s->in_block || s->implicit_block
               ? err_set(cx, ERRCODE_ACTIVE_SQL_TRANSACTION,
                         "%s cannot run inside a transaction block", what)
               : ST_OK;
}

/* run_discard - DISCARD: forget what the session keeps between transactions. */
static Status run_discard(Cx *cx, Session *s, const PgQuery__DiscardStmt *stmt,
                          const char **tag_out)
{
    switch (stmt->target) {
    case PG_QUERY__DISCARD_MODE__DISCARD_ALL:
        TRY(refuse_in_block(cx, s, "DISCARD ALL"));
        portals_drop_all(s);
        session_drop_statements(s);
        advisory_unlock_all(&s->advisory);
        session_unlisten_all(s);
        map_clear(&s->sequence_values);
        s->func.last_sequence = 0;
        TRY(settings_reset_all(cx, s, true));
        TRY(session_discard_temp(cx, s));
        *tag_out = "DISCARD ALL";
        return ST_OK;
    case PG_QUERY__DISCARD_MODE__DISCARD_PLANS: *tag_out = "DISCARD PLANS"; return ST_OK;
    case PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES:
        map_clear(&s->sequence_values);
        s->func.last_sequence = 0;
        *tag_out = "DISCARD SEQUENCES";
        return ST_OK;
    default: *tag_out = "DISCARD TEMP"; return session_discard_temp(cx, s);
    }
}

/* ---- EXPLAIN ---- */

/* run_explain - EXPLAIN: a row for each line of the plan. */
static Status run_explain(Cx *cx, Session *s, const Statement *st, bool extended,
                          const char **tag_out)
{
    static const char *const NAMES[] = {"QUERY PLAN"};
    Buf text;
    *tag_out = "EXPLAIN";
    buf_init(&text, 1u << 20);
    Status status = session_explain(cx, s, st, &text);
    if (status == ST_OK) {
        TextRows rows;
        text_rows_begin(&rows, s, NAMES, 1, !extended);
        buf_putc(&text, '\0');
        char *save = NULL;
        for (char *line = strtok_r((char *)text.data, "\n", &save); line != NULL;
             line = strtok_r(NULL, "\n", &save)) {
            const char *value = line;
            text_row(&rows, &value);
        }
    }
    buf_release(&text);
    return status;
}

/* ---- PREPARE, EXECUTE, DEALLOCATE ---- */

/* run_prepare - PREPARE: the text is parsed again, to live as long as the statement. */
static Status run_prepare(Cx *cx, Session *s, const Statement *outer, const char **tag_out)
{
    const PgQuery__PrepareStmt *stmt = outer->node->prepare_stmt;
    *tag_out = "PREPARE";
    Statement *st;
    Status status = statement_again(cx, outer, &st);
    if (status == ST_OK) {
        st->node = st->node->prepare_stmt->query;
    }
    BindCx bind = {.view = &s->view, .arena = &s->stmt_arena, .sql = outer->sql, .env = &s->env};
    st->params.count = (uint32_t)stmt->n_argtypes;
    st->params.types = ARENA_ARRAY(&st->arena, Oid, stmt->n_argtypes + 1);
    for (size_t i = 0; status == ST_OK && i < stmt->n_argtypes; i++) {
        int32_t typmod;
        status =
            bind_type_name(cx, &bind, stmt->argtypes[i]->type_name, &st->params.types[i], &typmod);
    }
    if (status == ST_OK) {
        st->from_sql = true;
        st->prepared_at_us = s->env.statement_time_us;
        status = statement_prepare(cx, s, st);
    }
    if (status == ST_OK && st->cls != STMT_PLANNED) {
        status = err_set(cx, ERRCODE_INVALID_PSTATEMENT_DEFINITION,
                         "utility statements cannot be prepared");
    }
    if (status == ST_OK) {
        status = statement_add(cx, s, st, stmt->name);
    }
    if (status != ST_OK) {
        statement_unref(st);
    }
    return status;
}

/* execute_params - the arguments of EXECUTE, evaluated and converted to the parameters' types. */
static Status execute_params(Cx *cx, Session *s, const Statement *outer, const Statement *st,
                             Portal *p)
{
    const PgQuery__ExecuteStmt *stmt = outer->node->execute_stmt;
    /* PostgreSQL does not look at the arguments of a statement that has no parameters. */
    if (stmt->n_params != st->params.count && st->params.count > 0) {
        st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                          "wrong number of parameters for prepared statement \"%s\"", stmt->name));
        return err_detail(cx, "Expected %u parameters but got %zu.", st->params.count,
                          stmt->n_params);
    }
    BindCx bind = {.view = &s->view, .arena = &s->stmt_arena, .sql = outer->sql, .env = &s->env};
    ExprEnv env = {.type_env = &s->env, .extra_fn = func_ops_by_prosrc};
    p->param_count = st->params.count;
    p->param_values = ARENA_ARRAY(&s->stmt_arena, Datum, p->param_count + 1);
    p->param_nulls = ARENA_ARRAY(&s->stmt_arena, bool, p->param_count + 1);
    for (uint32_t i = 0; i < p->param_count; i++) {
        Expr *e;
        TRY(bind_table_expr(cx, &bind, NULL, stmt->params[i], st->params.types[i], -1,
                            "EXECUTE parameter", &e));
        TRY(expr_eval_const(cx, &s->stmt_arena, &env, e, &p->param_values[i], &p->param_nulls[i]));
    }
    return ST_OK;
}

/* run_execute - EXECUTE of a prepared statement, through a portal of this call only. */
static Status run_execute(Cx *cx, Session *s, const Statement *outer, bool extended,
                          const char **tag_out)
{
    const char *name = outer->node->execute_stmt->name;
    Statement *st = statement_find(s, name);
    if (st == NULL || name[0] == '\0') {
        return err_set(cx, ERRCODE_UNDEFINED_PSTATEMENT, "prepared statement \"%s\" does not exist",
                       name);
    }
    TRY(statement_replan(cx, s, st));
    if (st->plan == NULL) {
        return utility_run(cx, s, st, extended, tag_out);
    }
    Portal p = {.stmt = st, .plan = st->plan};
    if (s->running_portal != NULL) {
        p.formats = s->running_portal->formats;
        p.format_count = s->running_portal->format_count;
    }
    bool done;
    TRY(execute_params(cx, s, outer, st, &p));
    arena_init(&p.arena, &s->stmt_arena, "portal", 0);
    plan_ref(p.plan);
    if (p.plan->returns_rows && !extended) {
        reply_row_description(&s->out, p.plan->columns, p.plan->column_count, NULL, 0, &s->view);
    }
    Status status = portal_run(cx, s, &p, 0, &done);
    if (status == ST_OK) {
        char *tag = arena_alloc(&s->stmt_arena, 64);
        portal_tag(&p, tag, 64);
        *tag_out = tag;
    }
    plan_unref(p.plan);
    arena_release(&p.arena);
    return status;
}

static Status run_deallocate(Cx *cx, Session *s, const PgQuery__DeallocateStmt *stmt,
                             const char **tag_out)
{
    *tag_out = "DEALLOCATE";
    if (stmt->name == NULL || stmt->name[0] == '\0') {
        session_drop_statements(s);
        *tag_out = "DEALLOCATE ALL";
        return ST_OK;
    }
    if (!statement_drop(s, stmt->name)) {
        return err_set(cx, ERRCODE_UNDEFINED_PSTATEMENT, "prepared statement \"%s\" does not exist",
                       stmt->name);
    }
    return ST_OK;
}

/* ---- the rest ---- */

/* run_vacuum - VACUUM has nothing to do (purge follows the log); ANALYZE gathers statistics. */
static Status run_vacuum(Cx *cx, Session *s, const Statement *st, DdlCx *d, const char **tag_out)
{
    const PgQuery__VacuumStmt *stmt = st->node->vacuum_stmt;
    *tag_out = stmt->is_vacuumcmd ? "VACUUM" : "ANALYZE";
    if (stmt->is_vacuumcmd) {
        TRY(refuse_in_block(cx, s, "VACUUM"));
    }
    return ddl_vacuum(cx, d, stmt);
}

/* run_alone - what cannot be a part of a transaction of several statements. */
static Status run_alone(Cx *cx, const Session *s, const PgQuery__Node *node)
{
    static const char *const REINDEX[] = {
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA] = "REINDEX SCHEMA",
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM] = "REINDEX SYSTEM",
        [PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE] = "REINDEX DATABASE"};
    if (node->node_case == PG_QUERY__NODE__NODE_CLUSTER_STMT &&
        node->cluster_stmt->relation == NULL) {
        return refuse_in_block(cx, s, "CLUSTER");
    }
    if (node->node_case != PG_QUERY__NODE__NODE_REINDEX_STMT) {
        return ST_OK;
    }
    const PgQuery__ReindexStmt *r = node->reindex_stmt;
    for (size_t i = 0; i < r->n_params; i++) {
        if (strcmp(r->params[i]->def_elem->defname, "concurrently") == 0) {
            TRY(refuse_in_block(cx, s, "REINDEX CONCURRENTLY"));
        }
    }
    const char *what = (size_t)r->kind < ARRAY_LEN(REINDEX) ? REINDEX[r->kind] : NULL;
    return what != NULL ? refuse_in_block(cx, s, what) : ST_OK;
}

/* checkpoint_may - pg_checkpoint's privilege. */
static Status checkpoint_may(Cx *cx, Session *s)
{
    bool may;
    TRY(cat_role_inherits(cx, &s->view, s->view.user, ROLE_PG_CHECKPOINT, &may));
    return may ? ST_OK
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "must be superuser or have privileges of pg_checkpoint to do CHECKPOINT");
}

/* utility_reads - does PostgreSQL take a snapshot for it, which fixes the modes of the transaction?
 */
static bool utility_reads(const PgQuery__Node *node)
{
    return node->node_case != PG_QUERY__NODE__NODE_LOCK_STMT &&
           node->node_case != PG_QUERY__NODE__NODE_FETCH_STMT &&
           node->node_case != PG_QUERY__NODE__NODE_CHECK_POINT_STMT;
}

void session_ddl_cx(Session *s, Slice sql, DdlCx *out)
{
    *out = (DdlCx){.view = &s->view,
                   .engine = s->server->engine,
                   .arena = &s->stmt_arena,
                   .sql = sql,
                   .env = &s->env,
                   .extra_fn = func_ops_by_prosrc,
                   .work_mem_bytes = s->work_mem_bytes,
                   .replica = s->replica,
                   .in_use = session_needs_table,
                   .in_use_arg = s,
                   .need_temp = session_need_temp,
                   .on_commit = session_on_commit,
                   .hold_database = session_hold_database,
                   .encoding_name = setting_encoding,
                   .session_user = s->session_user,
                   .make_verifier = session_make_verifier,
                   .setting_text = utility_setting_text,
                   .may_run = statement_query_may,
                   .server_arg = s};
}

Status utility_run(Cx *cx, Session *s, const Statement *st, bool extended, const char **tag_out)
{
    const PgQuery__Node *node = st->node;
    DdlCx ddl;
    session_ddl_cx(s, st->sql, &ddl);
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
        return session_transaction_stmt(cx, s, node->transaction_stmt, tag_out);
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
        return run_set(cx, s, node->variable_set_stmt, tag_out);
    case PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT:
        *tag_out = "SET CONSTRAINTS";
        return session_set_constraints(cx, s, node->constraints_set_stmt);
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
        return run_show(cx, s, node->variable_show_stmt, extended, tag_out);
    case PG_QUERY__NODE__NODE_DISCARD_STMT: return run_discard(cx, s, node->discard_stmt, tag_out);
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT:
        if (node->close_portal_stmt->portalname == NULL ||
            node->close_portal_stmt->portalname[0] == '\0') {
            portals_drop_all(s);
            *tag_out = "CLOSE CURSOR ALL";
            return ST_OK;
        }
        break;
    case PG_QUERY__NODE__NODE_UNLISTEN_STMT:
        *tag_out = "UNLISTEN";
        return session_unlisten(cx, s, node->unlisten_stmt->conditionname);
    case PG_QUERY__NODE__NODE_LISTEN_STMT:
        *tag_out = "LISTEN";
        return session_listen(cx, s, node->listen_stmt->conditionname);
    case PG_QUERY__NODE__NODE_NOTIFY_STMT:
        *tag_out = "NOTIFY";
        return session_notify(cx, s, node->notify_stmt->conditionname,
                              node->notify_stmt->payload != NULL ? node->notify_stmt->payload : "");
    case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
        return run_deallocate(cx, s, node->deallocate_stmt, tag_out);
    default: break;
    }
    TRY(session_txn_need(cx, s));
    s->had_query = s->had_query || utility_reads(node);
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT: return run_explain(cx, s, st, extended, tag_out);
    case PG_QUERY__NODE__NODE_PREPARE_STMT: return run_prepare(cx, s, st, tag_out);
    case PG_QUERY__NODE__NODE_EXECUTE_STMT: return run_execute(cx, s, st, extended, tag_out);
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
    case PG_QUERY__NODE__NODE_FETCH_STMT:
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT: return cursor_run(cx, s, st, extended, tag_out);
    case PG_QUERY__NODE__NODE_COPY_STMT:
        return copy_begin(cx, s, node->copy_stmt, st, extended, tag_out);
    case PG_QUERY__NODE__NODE_DO_STMT: return do_run(cx, s, st, tag_out);
    case PG_QUERY__NODE__NODE_CALL_STMT: return call_run(cx, s, st, extended, tag_out);
    case PG_QUERY__NODE__NODE_LOCK_STMT: return lock_table_run(cx, s, node->lock_stmt, tag_out);
    case PG_QUERY__NODE__NODE_VACUUM_STMT: return run_vacuum(cx, s, st, &ddl, tag_out);
    case PG_QUERY__NODE__NODE_CHECK_POINT_STMT:
        *tag_out = "CHECKPOINT";
        TRY(checkpoint_may(cx, s));
        return engine_checkpoint(cx, s->server->engine);
    default: break;
    }
    if (s->txn->read_only) {
        return err_set(cx, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                       "cannot execute %s in a read-only transaction",
                       utility_tag(&s->stmt_arena, node));
    }
    /* CONCURRENTLY is done like any other; what it forbids stays forbidden. */
    if (node->node_case == PG_QUERY__NODE__NODE_INDEX_STMT && node->index_stmt->concurrent) {
        TRY(refuse_in_block(cx, s, "CREATE INDEX CONCURRENTLY"));
    }
    if (node->node_case == PG_QUERY__NODE__NODE_DROP_STMT && node->drop_stmt->concurrent) {
        TRY(refuse_in_block(cx, s, "DROP INDEX CONCURRENTLY"));
    }
    if (node->node_case == PG_QUERY__NODE__NODE_CREATEDB_STMT ||
        node->node_case == PG_QUERY__NODE__NODE_DROPDB_STMT) {
        TRY(refuse_in_block(cx, s, utility_tag(&s->stmt_arena, node)));
    }
    TRY(run_alone(cx, s, node));
    bool is_as = (node->node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT &&
                  node->create_table_as_stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW) ||
                 node->node_case == PG_QUERY__NODE__NODE_SELECT_STMT;
    Status status =
        is_as ? create_as_run(cx, s, &ddl, st, tag_out) : ddl_execute(cx, &ddl, node, tag_out);
    if (status == ST_OK && node->node_case == PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT &&
        strcmp(node->create_extension_stmt->extname, "pg_stat_statements") == 0) {
        statement_stats_on(s->server);
    }
    if (status == ST_NOTFOUND) {
        return err_unsupported(cx, "%s is not supported yet", utility_tag(&s->stmt_arena, node));
    }
    bool schema = node->node_case == PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT ||
                  node->node_case == PG_QUERY__NODE__NODE_DROP_STMT ||
                  node->node_case == PG_QUERY__NODE__NODE_RENAME_STMT;
    s->search_path_stale = s->search_path_stale || schema;
    if (status == ST_OK && s->txn != NULL && s->txn->xid != 0) {
        status = txn_next_command(cx, s->txn);
    }
    return status;
}

Status utility_columns(Cx *cx, Session *s, const Statement *st, PlanColumn **cols_out,
                       uint32_t *count_out)
{
    *cols_out = NULL;
    *count_out = 0;
    if (st->node->node_case == PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT) {
        static const char *const ALL[] = {"name", "setting", "description"};
        const char *canonical = NULL;
        if (strcmp(st->node->variable_show_stmt->name, "all") == 0) {
            *cols_out = text_columns(s, ALL, 3);
            *count_out = 3;
        } else if (setting_show(s, st->node->variable_show_stmt->name, &canonical) != NULL) {
            *cols_out = text_columns(s, &canonical, 1);
            *count_out = 1;
        }
    } else if (st->node->node_case == PG_QUERY__NODE__NODE_EXPLAIN_STMT) {
        static const char *const NAMES[] = {"QUERY PLAN"};
        *cols_out = text_columns(s, NAMES, 1);
        *count_out = 1;
    } else if (st->node->node_case == PG_QUERY__NODE__NODE_FETCH_STMT) {
        cursor_columns(s, st->node->fetch_stmt, cols_out, count_out);
    } else if (st->node->node_case == PG_QUERY__NODE__NODE_EXECUTE_STMT) {
        Statement *prepared = statement_find(s, st->node->execute_stmt->name);
        if (prepared != NULL && prepared->plan != NULL && prepared->plan->returns_rows) {
            *cols_out = prepared->plan->columns;
            *count_out = prepared->plan->column_count;
        }
    } else if (st->node->node_case == PG_QUERY__NODE__NODE_CALL_STMT) {
        return call_describe(cx, s, st, cols_out, count_out);
    }
    return ST_OK;
}
