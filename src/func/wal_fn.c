/*
 * wal_fn.c - positions of the log: where it is written, flushed, and will be written next; and what
 * pg_stat_bgwriter shows: checkpoints and the page writer, since the file was opened.
 */
#include "func/func_internal.h"
#include "recovery/engine.h"
#include "type/numeric.h"

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

/* Of pg_stat_bgwriter. Sessions never write or sync pages here, and the page writer has no limit of
 * a round: those counts are zero because nothing of the kind happens. */
#define POSTGRES_EPOCH_US (INT64_C(946684800) * 1000000)

static EngineCheckpoints bgwriter_checkpoints(FuncSession *fs)
{
    EngineCheckpoints c;
    engine_checkpoints(fs->engine, &c);
    return c;
}

static StoreStats bgwriter_store(FuncSession *fs)
{
    StoreStats s;
    store_stats(fs->engine->store, &s);
    return s;
}

/* BGWRITER_FN - one number of the view. */
#define BGWRITER_FN(name, field, value)                                                            \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        (void)call;                                                                                \
        (void)fs;                                                                                  \
        (void)a;                                                                                   \
        (void)null_out;                                                                            \
        out->field = (value);                                                                      \
        return ST_OK;                                                                              \
    }                                                                                              \
    KERNEL(name)

BGWRITER_FN(fn_bgwriter_timed, i64, (int64_t)bgwriter_checkpoints(fs).timed)
BGWRITER_FN(fn_bgwriter_requested, i64, (int64_t)bgwriter_checkpoints(fs).requested)
BGWRITER_FN(fn_bgwriter_write_ms, f64, (double)bgwriter_checkpoints(fs).write_us / 1e3)
BGWRITER_FN(fn_bgwriter_sync_ms, f64, (double)bgwriter_checkpoints(fs).sync_us / 1e3)
BGWRITER_FN(fn_bgwriter_pages, i64, (int64_t)bgwriter_checkpoints(fs).pages)
BGWRITER_FN(fn_bgwriter_clean, i64, (int64_t)bgwriter_store(fs).written_clean)
BGWRITER_FN(fn_bgwriter_none, i64, 0)
BGWRITER_FN(fn_bgwriter_alloc, i64, (int64_t)bgwriter_store(fs).allocated)
BGWRITER_FN(fn_bgwriter_since, i64, bgwriter_checkpoints(fs).since_us - POSTGRES_EPOCH_US)

static const FnOps FNS[] = {
    {"pg_current_wal_insert_lsn", fn_wal_insert_kernel, 0},
    {"pg_current_wal_lsn", fn_wal_flush_kernel, 0},
    {"pg_current_wal_flush_lsn", fn_wal_flush_kernel, 0},
    {"pg_stat_get_bgwriter_timed_checkpoints", fn_bgwriter_timed_kernel, 0},
    {"pg_stat_get_bgwriter_requested_checkpoints", fn_bgwriter_requested_kernel, 0},
    {"pg_stat_get_checkpoint_write_time", fn_bgwriter_write_ms_kernel, 0},
    {"pg_stat_get_checkpoint_sync_time", fn_bgwriter_sync_ms_kernel, 0},
    {"pg_stat_get_bgwriter_buf_written_checkpoints", fn_bgwriter_pages_kernel, 0},
    {"pg_stat_get_bgwriter_buf_written_clean", fn_bgwriter_clean_kernel, 0},
    {"pg_stat_get_bgwriter_maxwritten_clean", fn_bgwriter_none_kernel, 0},
    {"pg_stat_get_buf_written_backend", fn_bgwriter_none_kernel, 0},
    {"pg_stat_get_buf_fsync_backend", fn_bgwriter_none_kernel, 0},
    {"pg_stat_get_buf_alloc", fn_bgwriter_alloc_kernel, 0},
    {"pg_stat_get_bgwriter_stat_reset_time", fn_bgwriter_since_kernel, 0},
};
const FuncTable FUNC_WAL = {FNS, ARRAY_LEN(FNS)};

/* ---- rows ---- */

typedef struct WalRow {
    uint32_t at;
} WalRow;

static Status wal_row_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    (void)args, (void)nulls, (void)count;
    call->state = ARENA_NEW(call->state_arena, WalRow);
    return ST_OK;
}

/* wal_stat_next - pg_stat_wal: no images of whole pages are logged, no record waits for a buffer to
 * be written by its session, and writes are not timed (track_wal_io_timing). */
static Status wal_stat_next(FnCall *call, Datum *cols, bool *nulls)
{
    WalRow *r = call->state;
    FuncSession *fs = func_session(call);
    WalCounts c;
    (void)nulls;
    if (r->at++ > 0) {
        return ST_DONE;
    }
    wal_counts(fs->engine->wal, &c);
    cols[0].i64 = (int64_t)c.records;
    cols[1].i64 = cols[3].i64 = 0;
    cols[2].str = numeric_from_i128(call->arena, (i128)c.bytes, 0);
    cols[4].i64 = (int64_t)c.writes;
    cols[5].i64 = (int64_t)c.syncs;
    cols[6].f64 = cols[7].f64 = 0;
    cols[8].i64 = bgwriter_checkpoints(fs).since_us - POSTGRES_EPOCH_US;
    return ST_OK;
}

/* archiver_next - no log is archived: the two counts are 0. */
static Status archiver_next(FnCall *call, Datum *cols, bool *nulls)
{
    WalRow *r = call->state;
    if (r->at++ > 0) {
        return ST_DONE;
    }
    cols[0].i64 = cols[3].i64 = 0;
    nulls[1] = nulls[2] = nulls[4] = nulls[5] = true;
    cols[6].i64 = bgwriter_checkpoints(func_session(call)).since_us - POSTGRES_EPOCH_US;
    return ST_OK;
}

/* slru_next - pg_stat_slru: PostgreSQL's caches by name; dassie has none of them. */
static Status slru_next(FnCall *call, Datum *cols, bool *nulls)
{
    static const char *const NAMES[] = {
        "CommitTs", "MultiXactMember", "MultiXactOffset", "Notify", "Serial", "Subtrans", "Xact",
        "other"};
    WalRow *r = call->state;
    if (r->at == ARRAY_LEN(NAMES)) {
        return ST_DONE;
    }
    func_put(call, cols, nulls, 0, NAMES[r->at++]);
    for (uint32_t i = 1; i < 8; i++) {
        cols[i].i64 = 0;
    }
    cols[8].i64 = bgwriter_checkpoints(func_session(call)).since_us - POSTGRES_EPOCH_US;
    return ST_OK;
}

static const SetOps SETS[] = {
    {"pg_stat_get_wal", wal_row_begin, wal_stat_next},
    {"pg_stat_get_slru", wal_row_begin, slru_next},
    {"pg_stat_get_archiver", wal_row_begin, archiver_next},
};
const FuncSets FUNC_WAL_SETS = {SETS, ARRAY_LEN(SETS)};
