/*
 * time_fn.c - the current time in its three senses, and sleeping.
 */
#include <stdio.h>

#include "func/func_internal.h"
#include "type/datetime.h"

#define UNIX_TO_PG_EPOCH_US 946684800000000LL
#define SLEEP_SLICE_US      10000 /* how soon a cancel is answered */

static int64_t clock_now(FuncSession *fs)
{
    return os_now_us(fs->engine->os) - UNIX_TO_PG_EPOCH_US;
}

static Status fn_now(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)fs;
    (void)a;
    (void)null_out;
    out->i64 = call->env->xact_time_us;
    return ST_OK;
}
KERNEL(fn_now)

static Status fn_statement_timestamp(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                     bool *null_out)
{
    (void)fs;
    (void)a;
    (void)null_out;
    out->i64 = call->env->statement_time_us;
    return ST_OK;
}
KERNEL(fn_statement_timestamp)

static Status fn_clock_timestamp(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    (void)call;
    (void)a;
    (void)null_out;
    out->i64 = clock_now(fs);
    return ST_OK;
}
KERNEL(fn_clock_timestamp)

static Status fn_start_time(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                            bool *null_out)
{
    (void)call;
    (void)a;
    (void)null_out;
    out->i64 = fs->server_start_us;
    return ST_OK;
}
KERNEL(fn_start_time)

/* fn_sleep - pg_sleep: in slices, between which a cancel is seen. */
static Status fn_sleep(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    Os *os = fs->engine->os;
    int64_t end = os_mono_us(os) + (int64_t)(MIN(a[0].f64, 1e9) * 1e6);
    (void)out;
    (void)null_out;
    cx_blocking(call->cx, CX_BLOCKING_WAIT);
    Status st = ST_OK;
    static const FuncWait WAIT = {"Timeout", "PgSleep"};
    atomic_store(&fs->wait, &WAIT);
    for (int64_t left; st == ST_OK && (left = end - os_mono_us(os)) > 0;) {
        os_sleep_us(os, MIN(left, (int64_t)SLEEP_SLICE_US));
        st = cx_check(call->cx);
    }
    atomic_store(&fs->wait, NULL);
    cx_blocking(call->cx, CX_BLOCKING_WAIT_ENDS);
    return st;
}
KERNEL(fn_sleep)

static const FnOps FNS[] = {
    {"now", fn_now_kernel, 0},
    {"statement_timestamp", fn_statement_timestamp_kernel, 0},
    {"clock_timestamp", fn_clock_timestamp_kernel, 0},
    {"pg_postmaster_start_time", fn_start_time_kernel, 0},
    {"pg_conf_load_time", fn_start_time_kernel, 0},
    {"pg_sleep", fn_sleep_kernel, 0},
};
const FuncTable FUNC_TIME = {FNS, ARRAY_LEN(FNS)};
