/*
 * session_fastpath.c - the FunctionCall message: one function by its OID, as libpq's large-object
 * calls use it.
 *
 * Arguments come as in Bind; the call is an expression of constants, so what is true of functions
 * in queries (strictness, permissions, errors) is true here. Outside of a block it is a transaction
 * of its own.
 */
#include "catalog/acl.h"
#include "server/server_internal.h"

/* FastCall - one message taken apart. */
typedef struct FastCall {
    const CatProc *proc;
    Expr **args;
    int16_t result_format;
    Datum value;
    bool is_null;
} FastCall;

/* fast_arg - the i-th argument as a constant. */
static Status fast_arg(Cx *cx, Session *s, FastCall *f, uint16_t i, int16_t format, Slice bytes,
                       bool is_null)
{
    const CatType *type = cat_type(&s->view, f->proc->args[i]);
    if (type == NULL || type->ops == NULL || type->ops->recv == NULL) {
        return err_unsupported(cx, "arguments of type %s are not supported in function calls",
                               type != NULL ? type->name : "unknown");
    }
    Expr *e = ARENA_NEW(&s->stmt_arena, Expr);
    *e = (Expr){.kind = EXPR_CONST,
                .type = type->oid,
                .collation = type->collation,
                .typmod = -1,
                .location = -1,
                .phys = type->ops->phys};
    e->u.constant.is_null = is_null;
    FnCall call = {.cx = cx,
                   .arena = &s->stmt_arena,
                   .env = &s->env,
                   .state_arena = &s->stmt_arena,
                   .result_type = type->ops->oid,
                   .arg_typmod = -1};
    f->args[i] = e;
    if (is_null) {
        return ST_OK;
    }
    if (format == 0) {
        TRY(utf8_verify(cx, bytes));
        return type->ops->in(&call, bytes, -1, &e->u.constant.value);
    }
    return format == 1 ? type->ops->recv(&call, bytes, -1, &e->u.constant.value)
                       : err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "unsupported format code: %d",
                                 format);
}

/* fast_read - the message's parts. */
static Status fast_read(Cx *cx, Session *s, ProtoMsg *m, FastCall *f)
{
    Oid oid = msg_u32(m);
    uint16_t format_count = msg_u16(m);
    int16_t *formats = ARENA_ARRAY(&s->stmt_arena, int16_t, format_count + 1u);
    for (uint16_t i = 0; i < format_count; i++) {
        formats[i] = (int16_t)msg_u16(m);
    }
    uint16_t arg_count = msg_u16(m);
    f->proc = cat_proc(&s->view, oid);
    if (f->proc == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "function with OID %u does not exist", oid);
    }
    TRY(cat_acl_need(cx, &s->view, CAT_PG_NAMESPACE, f->proc->namespace_oid, s->view.user,
                     ACL_USAGE));
    TRY(cat_acl_need(cx, &s->view, CAT_PG_PROC, oid, s->view.user, ACL_EXECUTE));
    if (f->proc->kind != 'f' || f->proc->returns_set) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot call function \"%s\" via fastpath interface", f->proc->name);
    }
    if (arg_count != f->proc->arg_count) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "function call message contains %u arguments but function requires %u",
                       arg_count, f->proc->arg_count);
    }
    if (format_count > 1 && format_count != arg_count) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "function call message contains %u argument formats but %u arguments",
                       format_count, arg_count);
    }
    f->args = ARENA_ARRAY(&s->stmt_arena, Expr *, arg_count + 1u);
    for (uint16_t i = 0; i < arg_count; i++) {
        uint32_t len = msg_u32(m);
        bool is_null = len == UINT32_MAX;
        Slice bytes = is_null ? (Slice){NULL, 0} : msg_bytes(m, len);
        int16_t format = format_count == 0 ? 0 : formats[format_count == 1 ? 0 : i];
        if (m->broken) {
            break; /* msg_end tells */
        }
        TRY(fast_arg(cx, s, f, i, format, bytes, is_null));
    }
    f->result_format = (int16_t)msg_u16(m);
    return msg_end(cx, m);
}

/* fast_reply - FunctionCallResponse. */
static Status fast_reply(Cx *cx, Session *s, const FastCall *f)
{
    const CatType *type = cat_type(&s->view, f->proc->result);
    bool is_null = f->is_null;
    if (type == NULL || type->ops == NULL) {
        is_null = true; /* void */
    }
    size_t at = reply_begin(&s->out, 'V');
    if (is_null) {
        buf_put_u32be(&s->out, UINT32_MAX);
        reply_end(&s->out, at);
        return ST_OK;
    }
    FnCall call = {.cx = cx,
                   .arena = &s->stmt_arena,
                   .env = &s->env,
                   .state_arena = &s->stmt_arena,
                   .result_type = type->oid,
                   .arg_typmod = -1};
    Buf value;
    buf_init(&value, (size_t)1 << 30);
    if (f->result_format == 1) {
        type->ops->send(&call, &f->value, &value);
    } else {
        type->ops->out(&call, &f->value, &value);
    }
    buf_put_u32be(&s->out, (uint32_t)value.len);
    if (value.len != 0) {
        buf_put(&s->out, value.data, value.len);
    }
    buf_release(&value);
    reply_end(&s->out, at);
    return ST_OK;
}

/* fast_run - the call within its transaction, and the answer. */
static Status fast_run(Cx *cx, Session *s, ProtoMsg *m)
{
    FastCall f = {0};
    ExprEnv env = {.type_env = &s->env, .extra_fn = func_ops_by_prosrc};
    if (s->failed) {
        return err_set(cx, ERRCODE_IN_FAILED_SQL_TRANSACTION,
                       "current transaction is aborted, commands ignored until end of transaction "
                       "block");
    }
    TRY(session_txn_need(cx, s));
    TRY(fast_read(cx, s, m, &f));
    const CatType *type = cat_type(&s->view, f.proc->result);
    Expr e = {.kind = EXPR_FUNC,
              .type = f.proc->result,
              .typmod = -1,
              .location = -1,
              .phys = type != NULL && type->ops != NULL ? type->ops->phys : PHYS_STR,
              .arg_count = f.proc->arg_count,
              .args = f.args,
              .proc = f.proc};
    TRY(expr_eval_const(cx, &s->stmt_arena, &env, &e, &f.value, &f.is_null));
    if (s->txn != NULL && s->txn->xid != 0) {
        TRY(txn_next_command(cx, s->txn));
    }
    TRY(fast_reply(cx, s, &f));
    return s->in_block ? ST_OK : session_commit(cx, s);
}

void session_function_call(Session *s, ProtoMsg *m)
{
    size_t out_len = s->out.len;
    session_statement_begin(s);
    activity_query(s, slice_of("<FASTPATH> function call"));
    Status st = cat_view_judge(&s->cx, &s->view, fast_run(&s->cx, s, m));
    session_statement_end(s);
    if (st != ST_OK) {
        s->out.len = MIN(s->out.len, out_len);
        session_statement_failed(s);
        reply_error(&s->out, &s->err, false);
    }
    session_ready_for_query(s);
}
