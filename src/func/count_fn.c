/*
 * count_fn.c - the numbers of the statistics views that transactions count (table/counts.h): how
 * often tables, indexes and the database are used, and setting them back.
 */
#include "table/counts.h"

#include "func/func_internal.h"

#define COUNT_PG_EPOCH_US (INT64_C(946684800) * 1000000)

static int64_t count_load(const _Atomic int64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

/* ---- relations ---- */

static const RelCounts *count_rel(FuncSession *fs, Oid oid)
{
    return counts_find(fs->engine, fs->view->database, oid);
}

/* count_of - a relation's shared number; what nobody has used has been used 0 times. */
static int64_t count_of(FuncSession *fs, Oid oid, CountKind kind)
{
    const RelCounts *rel = count_rel(fs, oid);
    return rel != NULL ? counts_of(rel, kind) : 0;
}

/* count_own - what the transaction under way has counted itself. */
static int64_t count_own(FuncSession *fs, Oid oid, CountKind kind)
{
    const RelCounts *rel = count_rel(fs, oid);
    const RelPending *p = rel != NULL ? counts_pending_find(fs->view->txn, rel) : NULL;
    return p != NULL ? (int64_t)p->n[kind] : 0;
}

static int64_t count_changed(FuncSession *fs, Oid oid)
{
    const RelCounts *rel = count_rel(fs, oid);
    return rel != NULL ? MAX(count_load(&rel->changed), 0) : 0;
}

/* COUNT_FN - a function of one OID and no NULLs. */
#define COUNT_FN(name, member, value)                                                              \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        (void)call, (void)null_out;                                                                \
        out->member = (value);                                                                     \
        return ST_OK;                                                                              \
    }                                                                                              \
    KERNEL(name)
#define COUNT_REL(suffix, kind)                                                                    \
    COUNT_FN(count_##suffix, i64, count_of(fs, a[0].u32, kind))                                    \
    COUNT_FN(count_xact_##suffix, i64, count_own(fs, a[0].u32, kind))

COUNT_REL(scans, COUNT_SCANS)
COUNT_REL(returned, COUNT_RETURNED)
COUNT_REL(fetched, COUNT_FETCHED)
COUNT_REL(inserted, COUNT_INSERTED)
COUNT_REL(updated, COUNT_UPDATED)
COUNT_REL(deleted, COUNT_DELETED)
COUNT_REL(hot, COUNT_HOT_UPDATED)
COUNT_REL(blocks, COUNT_BLOCKS_FETCHED)
COUNT_FN(count_hits, i64,
         count_of(fs, a[0].u32, COUNT_BLOCKS_FETCHED) - count_of(fs, a[0].u32, COUNT_BLOCKS_READ))
COUNT_FN(count_xact_hits, i64,
         count_own(fs, a[0].u32, COUNT_BLOCKS_FETCHED) - count_own(fs, a[0].u32, COUNT_BLOCKS_READ))
COUNT_FN(count_mod, i64, count_changed(fs, a[0].u32))

static Status count_analyzed(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    const RelCounts *rel = count_rel(fs, a[0].u32);
    (void)call, (void)null_out;
    out->i64 = rel != NULL ? count_load(&rel->analyzed) : 0;
    return ST_OK;
}
KERNEL(count_analyzed)

/* count_analyzed_time - NULL until it has been analyzed, as in PostgreSQL. */
static Status count_analyzed_time(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    const RelCounts *rel = count_rel(fs, a[0].u32);
    (void)call;
    out->i64 = rel != NULL ? count_load(&rel->analyzed_us) : 0;
    *null_out = out->i64 == 0;
    return ST_OK;
}
KERNEL(count_analyzed_time)

/* ---- databases ---- */

static int64_t count_sum(FuncSession *fs, Oid database, CountKind kind)
{
    return counts_db_sum(fs->engine, database, kind);
}

static int64_t count_db(FuncSession *fs, Oid database, DbCountKind kind)
{
    const DbCounts *db = counts_db_find(fs->engine, database);
    return db != NULL ? counts_db_of(db, kind) : 0;
}

/* count_open_us - how long sessions of the database that are still there have been. */
static int64_t count_open_us(FnCall *call, FuncSession *fs, Oid database)
{
    FuncBackend *list;
    uint32_t count;
    int64_t now = os_now_us(fs->engine->os) - COUNT_PG_EPOCH_US, sum = 0;
    fs->backends(fs->arg, call->arena, &list, &count);
    for (uint32_t i = 0; i < count; i++) {
        sum += list[i].database == database ? MAX(now - list[i].backend_start_us, 0) : 0;
    }
    return sum;
}

#define COUNT_DB_SUM(name, kind) COUNT_FN(name, i64, count_sum(fs, a[0].u32, kind))
#define COUNT_DB(name, kind)     COUNT_FN(name, i64, count_db(fs, a[0].u32, kind))
#define COUNT_DB_MS(name, kind)  COUNT_FN(name, f64, (double)count_db(fs, a[0].u32, kind) / 1e3)

COUNT_DB_SUM(count_db_returned, COUNT_RETURNED)
COUNT_DB_SUM(count_db_fetched, COUNT_FETCHED)
COUNT_DB_SUM(count_db_inserted, COUNT_INSERTED)
COUNT_DB_SUM(count_db_updated, COUNT_UPDATED)
COUNT_DB_SUM(count_db_deleted, COUNT_DELETED)
COUNT_DB_SUM(count_db_blocks, COUNT_BLOCKS_FETCHED)
COUNT_FN(count_db_hits, i64,
         count_sum(fs, a[0].u32, COUNT_BLOCKS_FETCHED) - count_sum(fs, a[0].u32, COUNT_BLOCKS_READ))
COUNT_DB(count_db_commits, DB_COMMITS)
COUNT_DB(count_db_rollbacks, DB_ROLLBACKS)
COUNT_DB(count_db_deadlocks, DB_DEADLOCKS)
COUNT_DB(count_db_temp_files, DB_TEMP_FILES)
COUNT_DB(count_db_temp_bytes, DB_TEMP_BYTES)
COUNT_DB(count_db_sessions, DB_SESSIONS)
COUNT_DB(count_db_abandoned, DB_SESSIONS_ABANDONED)
COUNT_DB(count_db_fatal, DB_SESSIONS_FATAL)
COUNT_DB(count_db_killed, DB_SESSIONS_KILLED)
COUNT_DB_MS(count_db_active, DB_ACTIVE_US)
COUNT_DB_MS(count_db_idle_in_txn, DB_IDLE_IN_TXN_US)
COUNT_FN(count_db_session_time, f64,
         (double)(count_db(fs, a[0].u32, DB_SESSION_US) + count_open_us(call, fs, a[0].u32)) / 1e3)

/* count_db_reset_time - NULL until somebody resets them. */
static Status count_db_reset_time(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    const DbCounts *db = counts_db_find(fs->engine, a[0].u32);
    (void)call;
    out->i64 = db != NULL ? count_load(&db->reset_us) : 0;
    *null_out = out->i64 == 0;
    return ST_OK;
}
KERNEL(count_db_reset_time)

/* ---- back to zero ---- */

static Status count_reset(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)a, (void)out, (void)null_out;
    counts_reset_db(fs->engine, fs->view->database, os_now_us(fs->engine->os) - COUNT_PG_EPOCH_US);
    return ST_OK;
}
KERNEL(count_reset)

/* count_reset_one - a table or an index; another OID is nothing to reset, as in PostgreSQL. */
static Status count_reset_one(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                              bool *null_out)
{
    RelCounts *rel = counts_find(fs->engine, fs->view->database, a[0].u32);
    (void)call, (void)out, (void)null_out;
    if (rel != NULL) {
        counts_reset_rel(fs->engine, rel);
    }
    return ST_OK;
}
KERNEL(count_reset_one)

/* count_have - pg_stat_have_stats(kind, database, object). */
static Status count_have(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    static const char *const NEVER[] = {"archiver", "bgwriter",     "checkpointer", "slru",
                                        "wal",      "subscription", "replslot",     "function"};
    const char *kind = func_cstring(call, &a[0]);
    (void)null_out;
    if (strcmp(kind, "relation") == 0) {
        out->b = counts_find(fs->engine, a[1].u32, a[2].u32) != NULL;
        return ST_OK;
    }
    if (strcmp(kind, "database") == 0) {
        out->b = counts_db_find(fs->engine, a[1].u32) != NULL;
        return ST_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(NEVER); i++) {
        if (strcmp(kind, NEVER[i]) == 0) {
            out->b = i < 5; /* the first five are one for the server */
            return ST_OK;
        }
    }
    return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid statistics kind: \"%s\"",
                   kind);
}
KERNEL(count_have)

#define COUNT_PAIR(prosrc, kernel)                                                                 \
    {"pg_stat_get_" prosrc, count_##kernel##_kernel, 0},                                           \
    {                                                                                              \
        "pg_stat_get_xact_" prosrc, count_xact_##kernel##_kernel, 0                                \
    }

static const FnOps FNS[] = {
    COUNT_PAIR("numscans", scans),
    COUNT_PAIR("tuples_returned", returned),
    COUNT_PAIR("tuples_fetched", fetched),
    COUNT_PAIR("tuples_inserted", inserted),
    COUNT_PAIR("tuples_updated", updated),
    COUNT_PAIR("tuples_deleted", deleted),
    COUNT_PAIR("tuples_hot_updated", hot),
    COUNT_PAIR("blocks_fetched", blocks),
    COUNT_PAIR("blocks_hit", hits),
    {"pg_stat_get_mod_since_analyze", count_mod_kernel, 0},
    {"pg_stat_get_last_analyze_time", count_analyzed_time_kernel, 0},
    {"pg_stat_get_analyze_count", count_analyzed_kernel, 0},
    {"pg_stat_get_db_xact_commit", count_db_commits_kernel, 0},
    {"pg_stat_get_db_xact_rollback", count_db_rollbacks_kernel, 0},
    {"pg_stat_get_db_blocks_fetched", count_db_blocks_kernel, 0},
    {"pg_stat_get_db_blocks_hit", count_db_hits_kernel, 0},
    {"pg_stat_get_db_tuples_returned", count_db_returned_kernel, 0},
    {"pg_stat_get_db_tuples_fetched", count_db_fetched_kernel, 0},
    {"pg_stat_get_db_tuples_inserted", count_db_inserted_kernel, 0},
    {"pg_stat_get_db_tuples_updated", count_db_updated_kernel, 0},
    {"pg_stat_get_db_tuples_deleted", count_db_deleted_kernel, 0},
    {"pg_stat_get_db_temp_files", count_db_temp_files_kernel, 0},
    {"pg_stat_get_db_temp_bytes", count_db_temp_bytes_kernel, 0},
    {"pg_stat_get_db_deadlocks", count_db_deadlocks_kernel, 0},
    {"pg_stat_get_db_session_time", count_db_session_time_kernel, 0},
    {"pg_stat_get_db_active_time", count_db_active_kernel, 0},
    {"pg_stat_get_db_idle_in_transaction_time", count_db_idle_in_txn_kernel, 0},
    {"pg_stat_get_db_sessions", count_db_sessions_kernel, 0},
    {"pg_stat_get_db_sessions_abandoned", count_db_abandoned_kernel, 0},
    {"pg_stat_get_db_sessions_fatal", count_db_fatal_kernel, 0},
    {"pg_stat_get_db_sessions_killed", count_db_killed_kernel, 0},
    {"pg_stat_get_db_stat_reset_time", count_db_reset_time_kernel, 0},
    {"pg_stat_reset", count_reset_kernel, 0},
    {"pg_stat_reset_single_table_counters", count_reset_one_kernel, 0},
    {"pg_stat_have_stats", count_have_kernel, 0},
};
const FuncTable FUNC_COUNTS = {FNS, ARRAY_LEN(FNS)};
