/*
 * admin_fn.c - other sessions, sizes, transaction numbers.
 */
#include "catalog/acl.h"
#include "func/func_internal.h"

/* signal_may - may the user cancel a statement of that session, or end it? 42501. */
static Status signal_may(FnCall *call, FuncSession *fs, int32_t pid, bool terminate)
{
    FuncBackend *list;
    uint32_t count;
    CatView *v = fs->view;
    fs->backends(fs->arg, call->arena, &list, &count);
    for (uint32_t i = 0; !v->user_super && i < count; i++) {
        bool super, may;
        if (list[i].pid != pid) {
            continue;
        }
        TRY(cat_role_super(call->cx, v, list[i].user, &super));
        if (super) {
            return err_set(call->cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "%s",
                           terminate ? "must be a superuser to terminate superuser process"
                                     : "must be a superuser to cancel superuser query");
        }
        TRY(cat_role_inherits(call->cx, v, v->user, list[i].user, &may));
        if (!may) {
            TRY(cat_role_inherits(call->cx, v, v->user, ROLE_PG_SIGNAL_BACKEND, &may));
        }
        if (!may) {
            return err_set(call->cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                           "must be a member of the role whose %s being %s or member of "
                           "pg_signal_backend",
                           terminate ? "process is" : "query is",
                           terminate ? "terminated" : "canceled");
        }
    }
    return ST_OK;
}

static Status fn_cancel(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)null_out;
    TRY(signal_may(call, fs, a[0].i32, false));
    out->b = fs->signal_backend(fs->arg, a[0].i32, false);
    if (!out->b) {
        err_notice(call->cx, ERR_WARNING, ERRCODE_WARNING, NULL,
                   "PID %d is not a PostgreSQL backend process", a[0].i32);
    }
    return ST_OK;
}
KERNEL(fn_cancel)

/* terminate_wait - until the process is gone, or for so long. */
static Status terminate_wait(FnCall *call, FuncSession *fs, int32_t pid, int64_t timeout_ms,
                             bool *gone_out)
{
    static const FuncWait WAIT = {"IPC", "BackendTermination"};
    Os *os = fs->engine->os;
    int64_t end = os_mono_us(os) + MIN(timeout_ms, INT64_MAX / 2000 - os_mono_us(os)) * 1000;
    Status st = ST_OK;
    atomic_store(&fs->wait, &WAIT);
    cx_blocking(call->cx, CX_BLOCKING_WAIT);
    while (!(*gone_out = !fs->backend_exists(fs->arg, pid)) && os_mono_us(os) < end &&
           (st = cx_check(call->cx)) == ST_OK) {
        os_sleep_us(os, 1000);
    }
    cx_blocking(call->cx, CX_BLOCKING_WAIT_ENDS);
    atomic_store(&fs->wait, NULL);
    return st;
}

/* fn_terminate - pg_terminate_backend(pid, milliseconds to wait for its end). */
static Status fn_terminate(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                           bool *null_out)
{
    (void)null_out;
    if (a[1].i64 < 0) {
        return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                       "\"timeout\" must not be negative");
    }
    TRY(signal_may(call, fs, a[0].i32, true));
    out->b = fs->signal_backend(fs->arg, a[0].i32, true);
    if (!out->b) {
        err_notice(call->cx, ERR_WARNING, ERRCODE_WARNING, NULL,
                   "PID %d is not a PostgreSQL backend process", a[0].i32);
    } else if (a[1].i64 > 0) {
        TRY(terminate_wait(call, fs, a[0].i32, a[1].i64, &out->b));
        if (!out->b) {
            err_notice(call->cx, ERR_WARNING, ERRCODE_WARNING, NULL,
                       "backend with PID %d did not terminate within %lld milliseconds", a[0].i32,
                       (long long)a[1].i64);
        }
    }
    return ST_OK;
}
KERNEL(fn_terminate)

static Status fn_in_recovery(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    (void)call;
    (void)fs;
    (void)a;
    (void)null_out;
    out->b = false; /* a file that is served is open for writing */
    return ST_OK;
}
KERNEL(fn_in_recovery)

static Status fn_xact_id(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)a;
    (void)null_out;
    TRY(txn_start_write(call->cx, fs->view->txn));
    out->i64 = (int64_t)fs->view->txn->xid;
    return ST_OK;
}
KERNEL(fn_xact_id)

/* fn_xid_age - age(xid): how many transactions began since; numbers below 3 are older than any. */
static Status fn_xid_age(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)null_out;
    TxnActive *active = NULL;
    uint32_t count = 0;
    Xid next = 0;
    Csn next_csn = 0;
    if (a[0].u32 < 3) {
        out->i32 = INT32_MAX;
        return ST_OK;
    }
    txnsys_active(txn_sys(fs->view->txn), call->arena, &active, &count, &next, &next_csn);
    out->i32 = (int32_t)((uint32_t)next - a[0].u32);
    return ST_OK;
}
KERNEL(fn_xid_age)

/* fn_mxid_age - mxid_age(xid): rows are locked without multixacts, of which none is ever made. */
static Status fn_mxid_age(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)fs, (void)null_out;
    out->i32 = a[0].u32 == 0 ? INT32_MAX : (int32_t)(1 - a[0].u32);
    return ST_OK;
}
KERNEL(fn_mxid_age)

/* fn_row_security_active - there is no row security, so it is on for no table. */
static Status fn_row_security_active(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                     bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)null_out;
    out->b = false;
    return ST_OK;
}
KERNEL(fn_row_security_active)

static const FnOps FNS[] = {
    {"row_security_active", fn_row_security_active_kernel, 0},
    {"pg_cancel_backend", fn_cancel_kernel, 0},
    {"pg_terminate_backend", fn_terminate_kernel, 0},
    {"pg_is_in_recovery", fn_in_recovery_kernel, 0},
    {"pg_current_xact_id", fn_xact_id_kernel, 0},
    {"xid_age", fn_xid_age_kernel, 0},
    {"mxid_age", fn_mxid_age_kernel, 0},
};
const FuncTable FUNC_ADMIN = {FNS, ARRAY_LEN(FNS)};
