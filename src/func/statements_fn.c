/*
 * statements_fn.c - the functions of the extension pg_stat_statements; the server counts.
 *
 * What is not counted for single statements (blocks, log, times of I/O) is NULL; planning is not
 * timed apart, as with pg_stat_statements.track_planning = off, and there is no JIT: those are 0.
 */
#include "func/func_internal.h"

/* Columns of pg_stat_statements(showtext). */
enum {
    STMT_USER,
    STMT_DATABASE,
    STMT_TOPLEVEL,
    STMT_QUERY_ID,
    STMT_QUERY,
    STMT_PLANS,
    STMT_PLAN_TIMES, /* five */
    STMT_CALLS = 11,
    STMT_TOTAL,
    STMT_MIN,
    STMT_MAX,
    STMT_MEAN,
    STMT_STDDEV,
    STMT_ROWS,
    STMT_BLOCKS, /* up to the counts of the log: not counted */
    STMT_JIT = 35,
    STMT_COLUMNS = 43,
};

/* StatementRows - what is shown, and how far it is. */
typedef struct StatementRows {
    FuncStatement *list;
    uint32_t count, at;
    bool show_text;
} StatementRows;

static Status statements_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    StatementRows *r = ARENA_NEW(call->state_arena, StatementRows);
    FuncSession *fs = func_session(call);
    (void)nulls;
    r->show_text = count == 0 || args[0].b;
    if (fs != NULL && fs->statement_stats != NULL) {
        fs->statement_stats(fs->arg, call->state_arena, &r->list, &r->count);
    }
    call->state = r;
    return ST_OK;
}

/* statements_next - one statement of one user in one database. */
static Status statements_next(FnCall *call, Datum *cols, bool *nulls)
{
    StatementRows *r = call->state;
    if (r->at == r->count) {
        return ST_DONE;
    }
    const FuncStatement *s = &r->list[r->at++];
    memset(cols, 0, STMT_COLUMNS * sizeof(Datum));
    for (int i = 0; i < STMT_COLUMNS; i++) {
        nulls[i] = i >= STMT_BLOCKS && i < STMT_JIT;
    }
    cols[STMT_USER].u32 = s->user;
    cols[STMT_DATABASE].u32 = s->database;
    cols[STMT_TOPLEVEL].b = true;
    cols[STMT_QUERY_ID].i64 = s->query_id;
    nulls[STMT_QUERY_ID] = s->text == NULL;
    func_put(call, cols, nulls, STMT_QUERY,
             !r->show_text     ? NULL
             : s->text == NULL ? "<insufficient privilege>"
                               : s->text);
    cols[STMT_CALLS].i64 = s->calls;
    cols[STMT_TOTAL].f64 = s->total_ms;
    cols[STMT_MIN].f64 = s->min_ms;
    cols[STMT_MAX].f64 = s->max_ms;
    cols[STMT_MEAN].f64 = s->mean_ms;
    cols[STMT_STDDEV].f64 = s->stddev_ms;
    cols[STMT_ROWS].i64 = s->rows;
    return ST_OK;
}

static Status info_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    (void)args, (void)nulls, (void)count;
    call->state = ARENA_NEW(call->state_arena, StatementRows);
    return ST_OK;
}

static Status info_next(FnCall *call, Datum *cols, bool *nulls)
{
    StatementRows *r = call->state;
    FuncSession *fs = func_session(call);
    if (r->at++ != 0 || fs == NULL || fs->statement_info == NULL) {
        return ST_DONE;
    }
    fs->statement_info(fs->arg, &cols[0].i64, &cols[1].i64);
    nulls[0] = nulls[1] = false;
    return ST_OK;
}

static Status fn_reset(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)out, (void)null_out;
    if (fs->statement_reset != NULL) {
        fs->statement_reset(fs->arg, a[0].u32, a[1].u32, a[2].i64);
    }
    return ST_OK;
}
KERNEL(fn_reset)

static const FnOps FNS[] = {
    {"pg_stat_statements:pg_stat_statements_reset_1_7", fn_reset_kernel, 0}};
const FuncTable FUNC_STATEMENTS = {FNS, ARRAY_LEN(FNS)};
static const SetOps SETS[] = {
    {"pg_stat_statements:pg_stat_statements_1_10", statements_begin, statements_next},
    {"pg_stat_statements:pg_stat_statements_info", info_begin, info_next},
};
const FuncSets FUNC_STATEMENT_SETS = {SETS, ARRAY_LEN(SETS)};
