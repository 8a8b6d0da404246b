/*
 * session_call.c - functions of users: what they need of the session; CALL and DO.
 */
#include <pg_query/pg_query.pb-c.h>

#include "catalog/catalog_data.h"
#include "func/run.h"
#include "parse/lex.h"
#include "plpgsql/plpgsql.h"
#include "server/server_internal.h"
#include "type/record.h"

static Status host_plan(void *arg, Cx *cx, const Query *q, const BindParams *params,
                        uint64_t version, Plan **out)
{
    return statement_create_plan(cx, arg, version, q, params, out);
}

static void host_exec_env(void *arg, ExecEnv *env, const Snapshot *snap, const Datum *values,
                          const bool *nulls, uint32_t count)
{
    exec_env_fill(arg, env, snap, values, nulls, count);
}

/* host_utility - a statement without a plan. Those that answer the client with rows are refused. */
static Status host_utility(void *arg, Cx *cx, Arena *arena, Slice sql, const PgQuery__Node *node,
                           const char **tag_out)
{
    Session *s = arg;
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
    case PG_QUERY__NODE__NODE_FETCH_STMT:
    case PG_QUERY__NODE__NODE_COPY_STMT:
    case PG_QUERY__NODE__NODE_EXECUTE_STMT:
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
    case PG_QUERY__NODE__NODE_CALL_STMT:
    case PG_QUERY__NODE__NODE_DO_STMT:
        return err_unsupported(cx, "%s is not supported inside a function",
                               utility_tag(arena, node));
    default: break;
    }
    Statement *st = statement_in(arena, sql, node);
    st->cls = STMT_UTILITY;
    Status status = utility_run(cx, s, st, false, tag_out);
    arena_release(&st->arena);
    return status;
}

static Status host_sub_begin(void *arg, Cx *cx, void **mark_out)
{
    Session *s = arg;
    TRY(session_txn_need(cx, s));
    *mark_out = session_sub_begin(s);
    return ST_OK;
}

static Status host_sub_end(void *arg, Cx *cx, void *mark, bool keep)
{
    return session_sub_end(cx, arg, mark, keep);
}

static Status host_end_transaction(void *arg, Cx *cx, bool commit)
{
    Session *s = arg;
    if (s->savepoints != NULL) {
        return err_set(cx, ERRCODE_INVALID_TRANSACTION_TERMINATION,
                       "cannot %s while a subtransaction is active",
                       commit ? "commit" : "roll back");
    }
    if (commit) {
        TRY(session_commit(cx, s));
    } else {
        session_abort(s);
    }
    return session_txn_need(cx, s);
}

static uint64_t host_generation(void *arg)
{
    const Session *s = arg;
    return s->settings.generation;
}

static const FuncHost HOST = {.plan = host_plan,
                              .exec_env = host_exec_env,
                              .utility = host_utility,
                              .sub_begin = host_sub_begin,
                              .sub_end = host_sub_end,
                              .end_transaction = host_end_transaction,
                              .generation = host_generation,
                              .may = statement_query_may};

void session_functions_begin(Session *s)
{
    static const FuncLanguage *const LANGUAGES[] = {&PLPGSQL_LANGUAGE};
    s->functions = func_manager_create(&s->func, &HOST, &s->env, LANGUAGES, ARRAY_LEN(LANGUAGES));
    s->env.functions = &s->functions->base;
}

/* ---- DO ---- */

/* block_place - where the text of DO's literal begins; -1 when it has escapes. */
static int32_t block_place(Slice sql, const PgQuery__DefElem *as, const char *text)
{
    if (as->location < 0) {
        return -1;
    }
    Lexer lx = {.text = sql, .at = (size_t)as->location};
    LexToken t;
    lex_next(&lx, &t);
    bool same = t.kind == LEX_STRING && t.value.len == strlen(text);
    return same ? (int32_t)(t.value.ptr - sql.ptr) : -1;
}

Status do_run(Cx *cx, Session *s, const Statement *st, const char **tag_out)
{
    const PgQuery__DoStmt *stmt = st->node->do_stmt;
    const char *language = "plpgsql", *text = NULL;
    FnValidate check = {.sql = st->sql, .body_location = -1};
    Oid oid = 0;
    *tag_out = "DO";
    for (size_t i = 0; i < stmt->n_args; i++) {
        const PgQuery__DefElem *e = stmt->args[i]->def_elem;
        if (strcmp(e->defname, "as") == 0) {
            text = e->arg->string->sval;
            check.body_location = block_place(st->sql, e, text);
        } else {
            language = e->arg->string->sval;
        }
    }
    for (uint32_t i = 0; i < CATALOG_PG_LANGUAGE_COUNT; i++) {
        if (strcmp(catalog_str(catalog_pg_language[i].lanname), language) == 0) {
            oid = catalog_pg_language[i].oid;
        }
    }
    if (oid == 0) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "language \"%s\" does not exist", language);
    }
    if (text == NULL) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "no inline code specified");
    }
    return func_run_block(s->functions, cx, oid, text, &check,
                          s->in_block || s->implicit_block || s->functions->base.depth > 0);
}

/* ---- CALL ---- */

/* call_columns - the columns of CALL's row: OUT and INOUT parameters. */
static uint32_t call_columns(Session *s, const CatProc *p, PlanColumn **out)
{
    uint32_t n = 0;
    *out = ARENA_ARRAY(&s->stmt_arena, PlanColumn, p->all_arg_count + 1u);
    for (uint16_t i = 0; p->arg_modes != NULL && i < p->all_arg_count; i++) {
        if (strchr("ob", p->arg_modes[i]) != NULL) {
            const char *name =
                p->arg_names != NULL && p->arg_names[i] != NULL && p->arg_names[i][0] != '\0'
                    ? p->arg_names[i]
                    : arena_printf(&s->stmt_arena, "column%u", n + 1);
            (*out)[n++] = (PlanColumn){.name = name, .type = p->all_args[i], .typmod = -1};
        }
    }
    return n;
}

/* call_reply - the row of the OUT parameters. */
static Status call_reply(Cx *cx, Session *s, const CatProc *p, const Datum *value, bool is_null,
                         bool extended)
{
    PlanColumn *columns;
    uint32_t n = call_columns(s, p, &columns);
    RowWriter w;
    Batch b = {.count = 1, .sel = {NULL, 1}, .col_count = (uint16_t)n};
    RecordField f;
    Slice name;
    if (n == 0) {
        return ST_OK;
    }
    const int16_t *formats = NULL;
    uint32_t format_count = 0;
    if (extended && s->running_portal != NULL) {
        formats = s->running_portal->formats;
        format_count = s->running_portal->format_count;
    } else {
        reply_row_description(&s->out, columns, (uint16_t)n, NULL, 0, &s->view);
    }
    TRY(row_writer_init(cx, &s->stmt_arena, &w, columns, n, formats, format_count, &s->env,
                        &s->view));
    b.cols = ARENA_ARRAY(&s->stmt_arena, Vector *, n);
    RecordIter it = is_null ? (RecordIter){0} : record_iter(&value->str);
    for (uint32_t i = 0; i < n; i++) {
        const CatType *t = cat_type(&s->view, columns[i].type);
        bool have = !is_null && record_next(&it, &f, &name);
        b.cols[i] = ARENA_NEW(&s->stmt_arena, Vector);
        vec_init_const(b.cols[i], t != NULL ? t->phys : PHYS_STR, &s->stmt_arena, &f.value,
                       !have || f.is_null);
    }
    w.call.cx = cx;
    row_write(&w, &s->out, &b, 0);
    return ST_OK;
}

/* call_stmt_bind - the call with its arguments; parameters without a type take that of their place.
 */
static Status call_stmt_bind(Cx *cx, Session *s, const Statement *st, BindParams *params,
                             Expr **out)
{
    BindCx b = {.view = &s->view,
                .arena = &s->stmt_arena,
                .sql = st->sql,
                .env = &s->env,
                .params = params};
    return bind_call(cx, &b, st->node->call_stmt->funccall, out);
}

Status call_prepare(Cx *cx, Session *s, Statement *st)
{
    Expr *call;
    if (st->params.fixed) { /* simple protocol: there are none */
        return ST_OK;
    }
    TRY(session_txn_need(cx, s));
    TRY(call_stmt_bind(cx, s, st, &st->params, &call));
    TRY(statement_params_resolved(cx, &st->params));
    st->params.types = arena_memdup(&st->arena, st->params.types, sizeof(Oid) * st->params.count);
    st->params.fixed = true;
    return ST_OK;
}

Status call_describe(Cx *cx, Session *s, const Statement *st, PlanColumn **cols_out,
                     uint32_t *count_out)
{
    BindParams params = st->params;
    Expr *call;
    if (s->failed) {
        return ST_OK;
    }
    TRY(session_txn_need(cx, s));
    TRY(call_stmt_bind(cx, s, st, &params, &call));
    const CatProc *p = cat_proc(&s->view, call->proc->oid);
    *count_out = call_columns(s, p, cols_out);
    return ST_OK;
}

/* call_values - the inputs' values, of the arguments that were given. */
static Status call_values(Cx *cx, Session *s, const CatProc *p, const Expr *call, FnInvoke *in)
{
    const Portal *given = s->running_portal;
    ExprEnv env = {.type_env = &s->env,
                   .extra_fn = func_ops_by_prosrc,
                   .params = given != NULL ? given->param_values : NULL,
                   .param_nulls = given != NULL ? given->param_nulls : NULL,
                   .param_count = given != NULL ? given->param_count : 0};
    Datum *values = ARENA_ARRAY(&s->stmt_arena, Datum, call->arg_count + 1u);
    bool *nulls = ARENA_ARRAY(&s->stmt_arena, bool, call->arg_count + 1u);
    Oid *types = ARENA_ARRAY(&s->stmt_arena, Oid, call->arg_count + 1u);
    bool with_outs = call->proc->arg_count != p->arg_count;
    for (uint16_t i = 0; i < call->arg_count; i++) {
        if (with_outs && p->arg_modes[i] == 'o') {
            continue;
        }
        TRY(expr_eval_const(cx, &s->stmt_arena, &env, call->args[i], &values[in->arg_count],
                            &nulls[in->arg_count]));
        types[in->arg_count++] = call->args[i]->type;
    }
    in->args = values;
    in->nulls = nulls;
    in->types = types;
    return ST_OK;
}

Status call_run(Cx *cx, Session *s, const Statement *st, bool extended, const char **tag_out)
{
    BindParams params = st->params;
    Expr *call;
    Datum value = {0};
    bool is_null = true;
    *tag_out = "CALL";
    TRY(call_stmt_bind(cx, s, st, extended ? &params : NULL, &call));
    /* The look-up's copy may have OUT parameters among its arguments. */
    const CatProc *p = cat_proc(&s->view, call->proc->oid);
    FnInvoke in = {.function = p->oid, .result = p->result, .arena = &s->stmt_arena};
    TRY(call_values(cx, s, p, call, &in));
    bool atomic = s->in_block || s->implicit_block;
    TRY(func_call_procedure(s->functions, cx, &in, atomic, &value, &is_null));
    p = cat_proc(&s->view, in.function);
    return p == NULL ? ST_OK : call_reply(cx, s, p, &value, is_null, extended);
}
