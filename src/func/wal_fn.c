/*
 * wal_fn.c - positions of the log: where it is written, flushed, and will be written next.
 */
#include "func/func_internal.h"
#include "wal/wal.h"

/* fn_wal_insert - the end of what transactions have put into the log. */
static Status fn_wal_insert(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                            bool *null_out)
{
    (void)call;
    (void)a;
    (void)null_out;
    out->i64 = (int64_t)wal_head(fs->engine->wal);
    return ST_OK;
}
KERNEL(fn_wal_insert)

/* fn_wal_flush - the end of what is durable; the log is written and synced in one step, so the
 * written position is the same. */
static Status fn_wal_flush(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                           bool *null_out)
{
    (void)call;
    (void)a;
    (void)null_out;
    out->i64 = (int64_t)wal_flushed(fs->engine->wal);
    return ST_OK;
}
KERNEL(fn_wal_flush)

static const FnOps FNS[] = {
    {"pg_current_wal_insert_lsn", fn_wal_insert_kernel, 0},
    {"pg_current_wal_lsn", fn_wal_flush_kernel, 0},
    {"pg_current_wal_flush_lsn", fn_wal_flush_kernel, 0},
};
const FuncTable FUNC_WAL = {FNS, ARRAY_LEN(FNS)};
