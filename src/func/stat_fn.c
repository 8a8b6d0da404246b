/*
 * stat_fn.c - the numbers of the statistics views (pg_stat_get_*).
 *
 * What dassie knows is told; what never happens here (vacuum, conflicts with a standby) is zero, as
 * it is true, or NULL where PostgreSQL's is until it happens. The numbers that transactions count
 * of relations and databases are in count_fn.c.
 */
#include "func/func_internal.h"

#include "catalog/catalog_data.h"

static Status stat_zero(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)out, (void)null_out;
    return ST_OK;
}
KERNEL(stat_zero)

static Status stat_unknown(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                           bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)out;
    *null_out = true;
    return ST_OK;
}
KERNEL(stat_unknown)

static Status stat_nothing(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                           bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)out, (void)null_out;
    return ST_OK;
}
KERNEL(stat_nothing)

/* ---- tables ---- */

static Status stat_live_rows(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    const CatTable *t;
    TableSize size = {0};
    (void)null_out;
    Status st = cat_table_by_oid(call->cx, fs->view, a[0].u32, &t);
    if (st == ST_OK && t->storage != NULL) {
        TRY(table_size(call->cx, t->storage, &size));
    }
    out->i64 = (int64_t)size.rows;
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(stat_live_rows)

/* ---- sessions ---- */

static void stat_backends(FnCall *call, FuncSession *fs, FuncBackend **list, uint32_t *count)
{
    fs->backends(fs->arg, call->arena, list, count);
}

static Status stat_db_backends(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    FuncBackend *list;
    uint32_t count;
    (void)null_out;
    stat_backends(call, fs, &list, &count);
    for (uint32_t i = 0; i < count; i++) {
        out->i32 += list[i].database == a[0].u32 ? 1 : 0;
    }
    return ST_OK;
}
KERNEL(stat_db_backends)

/* STAT_BACKEND - a fact of the session of a number: its place in the list, from 1. */
#define STAT_BACKEND(name, statement)                                                              \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        FuncBackend *list;                                                                         \
        uint32_t count;                                                                            \
        stat_backends(call, fs, &list, &count);                                                    \
        *null_out = a[0].i32 < 1 || (uint32_t)a[0].i32 > count;                                    \
        if (!*null_out) {                                                                          \
            const FuncBackend *b = &list[a[0].i32 - 1];                                            \
            statement;                                                                             \
        }                                                                                          \
        return ST_OK;                                                                              \
    }                                                                                              \
    KERNEL(name)

static void stat_time(int64_t us, Datum *out, bool *null_out)
{
    *null_out = us == 0;
    out->i64 = us;
}

static void stat_text(FnCall *call, const char *text, Datum *out, bool *null_out)
{
    *null_out = text == NULL;
    if (text != NULL) {
        func_text(call, out, text);
    }
}

STAT_BACKEND(stat_backend_pid, out->i32 = b->pid)
STAT_BACKEND(stat_backend_database, out->u32 = b->database)
STAT_BACKEND(stat_backend_user, out->u32 = b->user)
STAT_BACKEND(stat_backend_activity, stat_text(call, b->query, out, null_out))
STAT_BACKEND(stat_backend_wait_type,
             stat_text(call, b->wait != NULL ? b->wait->type : NULL, out, null_out))
STAT_BACKEND(stat_backend_wait_event,
             stat_text(call, b->wait != NULL ? b->wait->event : NULL, out, null_out))
STAT_BACKEND(stat_backend_start, stat_time(b->backend_start_us, out, null_out))
STAT_BACKEND(stat_backend_xact_start, stat_time(b->xact_start_us, out, null_out))
STAT_BACKEND(stat_backend_query_start, stat_time(b->query_start_us, out, null_out))
STAT_BACKEND(stat_backend_port, out->i32 = b->client_address != NULL ? b->client_port : -1)

static const FnOps FNS[] = {
    {"pg_stat_get_live_tuples", stat_live_rows_kernel, 0},
    {"pg_stat_get_db_numbackends", stat_db_backends_kernel, 0},
    {"pg_stat_get_backend_pid", stat_backend_pid_kernel, 0},
    {"pg_stat_get_backend_dbid", stat_backend_database_kernel, 0},
    {"pg_stat_get_backend_userid", stat_backend_user_kernel, 0},
    {"pg_stat_get_backend_activity", stat_backend_activity_kernel, 0},
    {"pg_stat_get_backend_wait_event_type", stat_backend_wait_type_kernel, 0},
    {"pg_stat_get_backend_wait_event", stat_backend_wait_event_kernel, 0},
    {"pg_stat_get_backend_start", stat_backend_start_kernel, 0},
    {"pg_stat_get_backend_xact_start", stat_backend_xact_start_kernel, 0},
    {"pg_stat_get_backend_activity_start", stat_backend_query_start_kernel, 0},
    {"pg_stat_get_backend_client_port", stat_backend_port_kernel, 0},
    /* What never happens. */
    {"pg_stat_get_dead_tuples", stat_zero_kernel, 0}, /* versions are in the log, not in tables */
    {"pg_stat_get_ins_since_vacuum", stat_zero_kernel, 0},
    {"pg_stat_get_vacuum_count", stat_zero_kernel, 0},
    {"pg_stat_get_autovacuum_count", stat_zero_kernel, 0},
    {"pg_stat_get_autoanalyze_count", stat_zero_kernel, 0},
    {"pg_stat_get_db_conflict_tablespace", stat_zero_kernel, 0},
    {"pg_stat_get_db_conflict_lock", stat_zero_kernel, 0},
    {"pg_stat_get_db_conflict_snapshot", stat_zero_kernel, 0},
    {"pg_stat_get_db_conflict_bufferpin", stat_zero_kernel, 0},
    {"pg_stat_get_db_conflict_startup_deadlock", stat_zero_kernel, 0},
    {"pg_stat_get_db_conflict_all", stat_zero_kernel, 0},
    {"pg_stat_get_last_vacuum_time", stat_unknown_kernel, 0},
    {"pg_stat_get_last_autovacuum_time", stat_unknown_kernel, 0},
    {"pg_stat_get_last_autoanalyze_time", stat_unknown_kernel, 0},
    {"pg_stat_get_snapshot_timestamp", stat_unknown_kernel, 0},
    {"pg_stat_get_function_calls", stat_unknown_kernel, 0}, /* no functions of users: no row */
    {"pg_stat_get_function_total_time", stat_unknown_kernel, 0},
    {"pg_stat_get_function_self_time", stat_unknown_kernel, 0},
    {"pg_stat_get_xact_function_calls", stat_unknown_kernel, 0},
    {"pg_stat_get_xact_function_total_time", stat_unknown_kernel, 0},
    {"pg_stat_get_xact_function_self_time", stat_unknown_kernel, 0},
    /* As on a server that keeps no data checksums (data_checksums is off). */
    {"pg_stat_get_db_checksum_failures", stat_unknown_kernel, 0},
    {"pg_stat_get_db_checksum_last_failure", stat_unknown_kernel, 0},
    /* track_io_timing is off. */
    {"pg_stat_get_db_blk_read_time", stat_zero_kernel, 0},
    {"pg_stat_get_db_blk_write_time", stat_zero_kernel, 0},
    /* Every number is read when it is asked for: there is no copy to give up. */
    {"pg_stat_clear_snapshot", stat_nothing_kernel, 0},
    {"pg_stat_force_next_flush", stat_nothing_kernel, 0},
};
const FuncTable FUNC_STATS = {FNS, ARRAY_LEN(FNS)};

/* ---- sets, and rows of several columns ---- */

typedef struct StatRows {
    uint32_t at, count;
    Datum arg;
} StatRows;

static Status stat_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    StatRows *r = ARENA_NEW(call->state_arena, StatRows);
    FuncSession *fs = func_session(call);
    FuncBackend *list;
    (void)nulls;
    if (count > 0) {
        r->arg = args[0];
    }
    fs->backends(fs->arg, call->state_arena, &list, &r->count);
    call->state = r;
    return ST_OK;
}

/* backend_numbers_next - pg_stat_get_backend_idset: 1 to the number of sessions. */
static Status backend_numbers_next(FnCall *call, Datum *cols, bool *nulls)
{
    StatRows *r = call->state;
    (void)nulls;
    if (r->at == r->count) {
        return ST_DONE;
    }
    cols[0].i32 = (int32_t)++r->at;
    return ST_OK;
}

/* stat_one_row - a row of so many columns, all NULL. */
static Status stat_one_row(FnCall *call, bool *nulls, uint32_t columns)
{
    StatRows *r = call->state;
    if (r->at++ > 0) {
        return ST_DONE;
    }
    for (uint32_t i = 0; i < columns; i++) {
        nulls[i] = true;
    }
    return ST_OK;
}

static Status wal_receiver_next(FnCall *call, Datum *cols, bool *nulls)
{
    (void)cols;
    return stat_one_row(call, nulls, 15);
}

/* slot_next, subscription_next - the counts of what there is none of. */
static Status slot_next(FnCall *call, Datum *cols, bool *nulls)
{
    StatRows *r = call->state;
    TRY(stat_one_row(call, nulls, 10));
    cols[0].str = r->arg.str;
    nulls[0] = false;
    for (uint32_t i = 1; i < 9; i++) {
        cols[i].i64 = nulls[i] = false;
    }
    return ST_OK;
}

static Status subscription_next(FnCall *call, Datum *cols, bool *nulls)
{
    StatRows *r = call->state;
    TRY(stat_one_row(call, nulls, 4));
    cols[0].u32 = r->arg.u32;
    cols[1].i64 = cols[2].i64 = 0;
    nulls[0] = nulls[1] = nulls[2] = false;
    return ST_OK;
}

static const SetOps SETS[] = {
    {"pg_stat_get_backend_idset", stat_begin, backend_numbers_next},
    {"pg_stat_get_wal_receiver", stat_begin, wal_receiver_next},
    {"pg_stat_get_replication_slot", stat_begin, slot_next},
    {"pg_stat_get_subscription_stats", stat_begin, subscription_next},
};
const FuncSets FUNC_STAT_SETS = {SETS, ARRAY_LEN(SETS)};
