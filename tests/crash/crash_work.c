/*
 * crash_work.c - what the workers do to the engine, and to the model.
 */
#include <stdarg.h>

#include "crash.h"
#include "recovery/engine_internal.h"
#include "txn/prepare.h"

const ColumnLayout crash_kv_columns[3] = {
    {.phys = PHYS_I32, .missing_is_null = true},
    {.phys = PHYS_I64, .missing_is_null = true},
    {.phys = PHYS_STR, .missing_is_null = true},
};
static const PhysType kv_types[3] = {PHYS_I32, PHYS_I64, PHYS_STR};

/* The run whose log a failure prints (--verbose). */
static Crash *crash_running;

static const char *log_type_text(WalType t)
{
    static const char *const texts[] = {
        "invalid", "insert", "update", "delete",     "resurrect", "clr",  "purge", "smo",
        "image",   "commit", "abort",  "checkpoint", "sequence",  "tree", "noop",  "prepare"};
    return t < ARRAY_LEN(texts) ? texts[t] : "?";
}

static Status print_record(void *arg, Cx *cx, Lsn lsn, const WalHeader *h, Slice body)
{
    uint64_t first = 0;
    (void)arg;
    (void)cx;
    memcpy(&first, body.ptr, MIN(body.len, sizeof(first)));
    (void)fprintf(stderr,
                  "%8llx %-10s flags %3u xid %4llu prev %8llx tree %3u page %4llu"
                  " body %zu %llx\n",
                  (unsigned long long)lsn, log_type_text(wal_type(h)), wal_flags(h),
                  (unsigned long long)wal_xid(h), (unsigned long long)h->prev_lsn, h->tree,
                  (unsigned long long)h->page, body.len, (unsigned long long)first);
    return ST_OK;
}

/* crash_print_log - every record that is on the disk, for whoever looks for the cause of a finding.
 */
static void crash_print_log(Crash *c)
{
    Err err;
    Cx cx = {.err = &err};
    Lsn end;
    if (c != NULL && c->verbose) {
        st_ignore(wal_files_each(&cx, c->os, "/app.db-wal", 0, 0, print_record, NULL, &end));
    }
}

void crash_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    crash_print_log(crash_running);
    va_start(ap, fmt);
    (void)fprintf(stderr, "%s:%d: ", file, line);
    (void)vfprintf(stderr, fmt, ap);
    (void)fprintf(stderr, "\n");
    va_end(ap);
    (void)fflush(stderr);
    abort();
}

void crash_must_at(Cx *cx, Status st, const char *what, const char *file, int line)
{
    if (st != ST_OK) {
        char state[6];
        sqlstate_text(cx->err->sqlstate, state);
        crash_fail(file, line, "%s: status %d, %s: %s", what, (int)st, state, cx->err->message);
    }
}

bool crash_status_at(Crash *c, Cx *cx, Status st, const char *what, const char *file, int line)
{
    bool planned =
        c->faulty && st == ST_ERROR &&
        (cx->err->sqlstate == ERRCODE_IO_ERROR || cx->err->sqlstate == ERRCODE_DISK_FULL);
    if (!planned) {
        crash_must_at(cx, st, what, file, line);
    }
    return !planned;
}

uint32_t crash_random(uint64_t *state, uint32_t below)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return (uint32_t)((z ^ (z >> 31)) % below);
}

void crash_text(uint32_t text_seed, uint32_t text_len, char *out)
{
    for (uint32_t i = 0; i < text_len; i++) {
        out[i] = (char)('a' + (text_seed + i * 31 + i / 26) % 26);
    }
}

/* ---- the file and its tables ---- */

void crash_open(Crash *c)
{
    crash_running = c;
    c->engine = NULL;
    crash_must(&c->cx, engine_open(&c->cx, c->os, "/app.db", &c->options, &c->engine));
}

void crash_open_tables(Crash *c)
{
    arena_clear(&c->arena);
    crash_must(&c->cx, table_open(&c->cx, c->engine, &c->arena, 16384, "public", "kv", c->kv_tree,
                                  c->kv_index, CRASH_IX_KINDS, &c->kv));
    crash_must(&c->cx, table_open(&c->cx, c->engine, &c->arena, 16386, "public", "claim",
                                  c->claim_tree, c->claim_index, 1, &c->claim));
    crash_must(&c->cx, table_open(&c->cx, c->engine, &c->arena, 16385, "public", "account",
                                  c->account_tree, c->account_index, 1, &c->account));
}

static void crash_describe(Crash *c)
{
    for (uint32_t k = 0; k < CRASH_IX_KINDS; k++) {
        crash_index_describe((CrashIndexKind)k, false, &c->kv_index[k]);
    }
    crash_index_describe(CRASH_IX_KEY, false, &c->account_index[0]);
    crash_claim_describe(c);
}

static void row_put(Batch *b, uint32_t at, int32_t a, const CrashRow *row, Arena *arena)
{
    VEC_DATA(b->cols[0], int32_t)[at] = a;
    VEC_DATA(b->cols[1], int64_t)[at] = row->b;
    if (b->col_count < 3) {
        return;
    }
    if (row->text_seed == 0) {
        vec_set_null(b->cols[2], at);
        return;
    }
    char *text = arena_alloc(arena, row->text_len + 1);
    crash_text(row->text_seed, row->text_len, text);
    VEC_DATA(b->cols[2], Str)[at] = str_ref(text, row->text_len);
}

RowValues crash_row_values(Arena *arena, int32_t a, const CrashRow *row, uint16_t columns)
{
    Batch *b = arena_alloc(arena, sizeof(*b));
    batch_init(b, kv_types, columns, arena);
    batch_set_count(b, 1);
    row_put(b, 0, a, row, arena);
    return (RowValues){b, 0};
}

/* crash_make_tables - both tables and the accounts, in one transaction. */
static void crash_make_tables(Crash *c)
{
    Cx *cx = &c->cx;
    Txn *txn;
    Lsn lsn;
    Arena arena;
    Engine *e = c->engine;
    arena_init(&arena, NULL, "make", 0);
    crash_describe(c);
    crash_must(cx, txn_begin(cx, e->txns, ISO_READ_COMMITTED, &arena, &txn));
    crash_must(cx, table_create(cx, e, txn, crash_kv_columns, 3, &c->kv_tree));
    for (uint32_t k = 0; k < CRASH_IX_KINDS; k++) {
        crash_must(cx, index_create(cx, e, txn, &c->kv_index[k].tree, &c->kv_index[k].root));
    }
    crash_must(cx, table_create(cx, e, txn, crash_kv_columns, 3, &c->claim_tree));
    crash_must(cx, index_create(cx, e, txn, &c->claim_index[0].tree, &c->claim_index[0].root));
    crash_must(cx, table_create(cx, e, txn, crash_kv_columns, 3, &c->account_tree));
    crash_must(cx, index_create(cx, e, txn, &c->account_index[0].tree, &c->account_index[0].root));
    crash_must(cx, sequence_create(cx, e, txn, 1, &c->sequence_tree));
    crash_open_tables(c);
    for (int32_t i = 0; i < CRASH_ACCOUNTS; i++) {
        CrashRow row = {.b = 1000};
        RowValues v = crash_row_values(&arena, i, &row, 3);
        crash_must(cx, table_insert(cx, txn, c->account, &v, &c->accounts[i]));
    }
    crash_must(cx, txn_commit(cx, txn, &lsn));
    crash_must(cx, wal_flush_wait(cx, e->wal, lsn));
    arena_release(&arena);
    c->ready = true;
}

/* ---- reading ---- */

void crash_check_accounts(Crash *c, Cx *cx, Txn *txn, const Snapshot *snap)
{
    static const uint16_t columns[1] = {1};
    static const PhysType types[1] = {PHYS_I64};
    TableScan *scan;
    Batch b;
    Arena arena;
    int64_t sum = 0, rows = 0;
    Status st;
    arena_init(&arena, NULL, "accounts", 0);
    batch_init(&b, types, 1, &arena);
    crash_must(cx, table_scan_create(cx, &arena, c->account, columns, 1, false, &scan));
    crash_must(cx, table_scan_start(cx, scan, txn, snap));
    while ((st = table_scan_next(cx, scan, 4, &b, &arena)) == ST_OK) {
        SEL_FOREACH(row, &b.sel)
        {
            sum += vec_get(b.cols[0], row).i64;
            rows++;
        }
    }
    table_scan_end(scan);
    arena_release(&arena);
    if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_SNAPSHOT_TOO_OLD && c->retaining) {
        return;
    }
    crash_check(st == ST_DONE, "scan of accounts: status %d: %s", (int)st, cx->err->message);
    crash_check(rows == CRASH_ACCOUNTS, "%lld accounts, not %d", (long long)rows, CRASH_ACCOUNTS);
    crash_check(sum == CRASH_ACCOUNT_SUM, "the sum of the accounts is %lld, not %d", (long long)sum,
                CRASH_ACCOUNT_SUM);
}

/* account_read - one account's balance as the snapshot sees it. */
static bool account_read(CrashWorker *w, Txn *txn, const Snapshot *snap, uint32_t i,
                         int64_t *balance_out)
{
    Crash *c = w->crash;
    Cx *cx = &w->cx;
    Arena *arena = &w->arena;
    static const uint16_t columns[1] = {1};
    static const PhysType types[1] = {PHYS_I64};
    Batch b;
    batch_init(&b, types, 1, arena);
    Status st = table_fetch(cx, txn, snap, c->account, c->accounts[i], columns, 1, &b, 0, arena);
    if (crash_gave_up(w, st) || !crash_status(c, cx, st)) {
        return false;
    }
    *balance_out = VEC_DATA(b.cols[0], int64_t)[0];
    return true;
}

/* ---- one transaction of a worker ---- */

/* account_add - with READ COMMITTED's retry; false = the transaction has to be given up. */
static bool account_add(CrashWorker *w, Txn *txn, uint32_t i, int64_t delta)
{
    static const bool changed[3] = {false, true, false};
    Crash *c = w->crash;
    for (;;) {
        const Snapshot *snap;
        WriteOutcome outcome;
        if (!crash_snapshot(w, txn, &snap)) {
            return false;
        }
        CrashRow row = {0};
        if (!account_read(w, txn, snap, i, &row.b)) {
            return false;
        }
        row.b += delta;
        RowValues v = crash_row_values(&w->arena, (int32_t)i, &row, 3);
        Status st =
            table_update(&w->cx, txn, snap, c->account, c->accounts[i], &v, changed, &outcome);
        txn_snapshot_done(txn);
        if (crash_gave_up(w, st) || !crash_status(c, &w->cx, st)) {
            return false;
        }
        crash_must(&w->cx, txn_next_command(&w->cx, txn));
        if (outcome == WRITE_DONE) {
            return true;
        }
        crash_check(!w->locked[i] || txn->isolation != ISO_READ_COMMITTED,
                    "account %u was locked, and is changed: outcome %d", i, (int)outcome);
        crash_check(outcome == WRITE_UPDATED_MEANWHILE, "update of an account: outcome %d",
                    (int)outcome);
        if (txn->isolation != ISO_READ_COMMITTED) {
            return false;
        }
    }
}

static bool work_transfer(CrashWorker *w, Txn *txn)
{
    uint32_t from = crash_random(&w->random, CRASH_ACCOUNTS);
    uint32_t to = (from + 1 + crash_random(&w->random, CRASH_ACCOUNTS - 1)) % CRASH_ACCOUNTS;
    int64_t amount = crash_random(&w->random, 100);
    return account_add(w, txn, from, -amount) && account_add(w, txn, to, amount);
}

CrashRow crash_new_row(CrashWorker *w)
{
    CrashRow row = {.present = true, .b = crash_random(&w->random, 1000000)};
    switch (crash_random(&w->random, 12)) {
    case 0: return row; /* NULL text */
    case 1: row.text_len = 0; break;
    case 2: row.text_len = crash_random(&w->random, CRASH_TEXT_MAX); break; /* goes out of line */
    default: row.text_len = crash_random(&w->random, 60);
    }
    row.text_seed = 1 + crash_random(&w->random, 25);
    return row;
}

bool crash_refused(Cx *cx, Status st)
{
    return st == ST_ERROR && cx->err->sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/* work_insert - a free key, or one that is taken: 23505, and the statement's work is taken back. */
static bool work_insert(CrashWorker *w, Txn *txn, uint32_t i)
{
    CrashRow *old = &w->draft.rows[i];
    CrashRow row = crash_new_row(w);
    SavePoint sp;
    row.b = w->mark != 0 ? w->mark : row.b;
    RowValues v = crash_row_values(&w->arena, CRASH_KEY(w->id, i), &row, 3);
    txn_savepoint(txn, &sp);
    Status st = table_insert(&w->cx, txn, w->crash->kv, &v, &row.rowid);
    if (st == ST_ERROR && w->crash->faulty && w->err.sqlstate != ERRCODE_UNIQUE_VIOLATION &&
        !crash_refused(&w->cx, st)) {
        return crash_status(w->crash, &w->cx, st);
    }
    if (old->present || crash_refused(&w->cx, st)) {
        crash_check(st == ST_ERROR && (w->err.sqlstate == ERRCODE_UNIQUE_VIOLATION ||
                                       w->err.sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    "key %d is taken, and insert gave status %d", CRASH_KEY(w->id, i), (int)st);
        crash_must(&w->cx, txn_rollback_to(&w->cx, txn, &sp));
        return true;
    }
    crash_must(&w->cx, st);
    crash_must(&w->cx, txn_next_command(&w->cx, txn));
    *old = row;
    return true;
}

/* work_change - update or delete a row of one's own: nobody else may have touched it. */
static bool work_change(CrashWorker *w, Txn *txn, uint32_t i, bool is_delete)
{
    CrashRow *old = &w->draft.rows[i];
    CrashRow row = crash_new_row(w);
    bool changed[3] = {false, true, true};
    const Snapshot *snap;
    WriteOutcome outcome = WRITE_DONE;
    SavePoint sp;
    Status st;
    txn_savepoint(txn, &sp);
    row.rowid = old->rowid;
    if (w->mark != 0) {
        row.b = w->mark;
    }
    if (crash_random(&w->random, 3) == 0) { /* leave the index on text alone */
        row.text_seed = old->text_seed;
        row.text_len = old->text_len;
        changed[2] = false;
    }
    if (!crash_snapshot(w, txn, &snap)) {
        return false;
    }
    if (is_delete) {
        st = table_delete(&w->cx, txn, snap, w->crash->kv, old->rowid, &outcome);
    } else {
        RowValues v = crash_row_values(&w->arena, CRASH_KEY(w->id, i), &row, 3);
        st = table_update(&w->cx, txn, snap, w->crash->kv, old->rowid, &v, changed, &outcome);
    }
    txn_snapshot_done(txn);
    if (crash_refused(&w->cx, st)) {
        crash_must(&w->cx, txn_rollback_to(&w->cx, txn, &sp));
        return true;
    }
    if (crash_gave_up(w, st) || !crash_status(w->crash, &w->cx, st)) {
        return false;
    }
    crash_check(outcome == WRITE_DONE, "key %d is mine, and the outcome is %d", CRASH_KEY(w->id, i),
                (int)outcome);
    crash_must(&w->cx, txn_next_command(&w->cx, txn));
    *old = is_delete ? (CrashRow){.present = false} : row;
    return true;
}

/* work_batch - several rows at once, as COPY does. */
static bool work_batch(CrashWorker *w, Txn *txn)
{
    uint32_t at[CRASH_KEYS], n = 0;
    CrashRow rows[CRASH_KEYS];
    RowId ids[CRASH_KEYS];
    Batch b;
    for (uint32_t i = 0; i < CRASH_KEYS; i++) {
        if (!w->draft.rows[i].present && crash_random(&w->random, 2) == 0) {
            rows[n] = crash_new_row(w);
            rows[n].text_len = MIN(rows[n].text_len, 40);
            at[n++] = i;
        }
    }
    n = MIN(n, VEC_CAPACITY);
    if (n == 0) {
        return true;
    }
    batch_init(&b, kv_types, 3, &w->arena);
    for (uint32_t k = 0; k < n; k++) {
        row_put(&b, k, CRASH_KEY(w->id, at[k]), &rows[k], &w->arena);
    }
    batch_set_count(&b, n);
    if (!crash_status(w->crash, &w->cx, table_insert_batch(&w->cx, txn, w->crash->kv, &b, ids))) {
        return false;
    }
    crash_must(&w->cx, txn_next_command(&w->cx, txn));
    for (uint32_t k = 0; k < n; k++) {
        rows[k].rowid = ids[k];
        w->draft.rows[at[k]] = rows[k];
    }
    return true;
}

/* work_step - one statement. */
static bool work_step(CrashWorker *w, Txn *txn)
{
    uint32_t i = crash_random(&w->random, CRASH_KEYS);
    switch (crash_random(&w->random, 16)) {
    case 0: return work_batch(w, txn);
    case 1:
    case 2: return work_insert(w, txn, i); /* perhaps a duplicate */
    case 3: return crash_sequence_step(w);
    case 4: return crash_lock_step(w, txn);
    case 5: return crash_claim_step(w, txn);
    case 6:
    case 7:
    case 8: return crash_own_step(w, txn);
    case 9: return work_transfer(w, txn);
    default:
        if (!w->draft.rows[i].present) {
            return work_insert(w, txn, i);
        }
        return work_change(w, txn, i, crash_random(&w->random, 3) == 0);
    }
}

/* work_mark - the transaction's last change: row 0 says what it never said before (a key too long
 * changes nothing). States that differ elsewhere can be told apart by it. */
static bool work_mark(CrashWorker *w, Txn *txn)
{
    w->mark = CRASH_MARK + ++w->marks;
    bool good = true;
    while (good && (!w->draft.rows[0].present || w->draft.rows[0].b != w->mark)) {
        good = w->draft.rows[0].present ? work_change(w, txn, 0, false) : work_insert(w, txn, 0);
    }
    w->mark = 0;
    return good;
}

/* work_commit - the state is among the possible ones before the engine can have made it durable. */
static void work_commit(CrashWorker *w, Txn *txn)
{
    Lsn lsn;
    CrashState *state = &w->states[w->state_count++];
    *state = w->draft;
    state->lsn = 0;
    w->committing = true;
    crash_must(&w->cx, txn_commit(&w->cx, txn, &lsn));
    w->committing = false;
    w->epoch++;
    state->lsn = lsn;
    w->crash->commits++;
    if (lsn == 0) { /* it wrote nothing: the same state as before */
        w->state_count--;
        return;
    }
    if (w->state_count > CRASH_PENDING_MAX || crash_random(&w->random, 3) != 0) {
        crash_must(&w->cx, wal_flush_wait(&w->cx, w->crash->engine->wal, lsn));
        crash_check(wal_flushed(w->crash->engine->wal) >= lsn, "flush_wait returned too early");
        w->states[0] = w->draft;
        w->state_count = 1;
        w->crash->sequence_seen = MAX(w->crash->sequence_seen, w->draft.sequence);
    }
}

/* work_savepoint - some steps, perhaps all undone; inside of them perhaps the same again. */
static bool work_savepoint(CrashWorker *w, Txn *txn, uint32_t depth)
{
    SavePoint sp;
    bool good = true, locked[CRASH_ACCOUNTS];
    CrashState *before = arena_memdup(&w->arena, &w->draft, sizeof(w->draft));
    memcpy(locked, w->locked, sizeof(locked));
    txn_savepoint(txn, &sp);
    for (uint32_t k = 0; k < 3 && good; k++) {
        bool deeper = depth > 0 && crash_random(&w->random, 4) == 0;
        good = deeper ? work_savepoint(w, txn, depth - 1) : work_step(w, txn);
    }
    if (good && crash_random(&w->random, 2) == 0) {
        int64_t sequence = w->draft.sequence; /* never goes back */
        crash_must(&w->cx, txn_rollback_to(&w->cx, txn, &sp));
        w->draft = *before;
        w->draft.sequence = sequence;
        memcpy(w->locked, locked, sizeof(locked));
    }
    return good;
}

/* work_wait - an open transaction that does nothing for a while; checkpoints and purges go on.
 * False: it was told to end. */
static bool work_wait(CrashWorker *w)
{
    w->idle = true;
    os_sleep_us(w->crash->os, 1000 + crash_random(&w->random, 80000));
    w->idle = false;
    return !w->ended;
}

static void work_transaction(CrashWorker *w)
{
    Crash *c = w->crash;
    Txn *txn;
    Isolation iso = crash_random(&w->random, 4) == 0 ? ISO_REPEATABLE_READ : ISO_READ_COMMITTED;
    arena_clear(&w->arena);
    w->draft = w->states[w->state_count - 1];
    memset(w->locked, 0, sizeof(w->locked));
    w->ended = false;
    crash_must(&w->cx, txn_begin(&w->cx, c->engine->txns, iso, &w->arena, &txn));
    txn->process_id = (int32_t)w->id + 1;
    bool good = true, idles = crash_random(&w->random, 12) == 0;
    uint32_t steps = 1 + crash_random(&w->random, crash_random(&w->random, 16) ? 5 : 40);
    for (uint32_t i = 0; i < steps && good; i++) {
        uint32_t what = crash_random(&w->random, 10);
        if (what == 0) {
            const Snapshot *snap;
            good = crash_snapshot(w, txn, &snap);
            if (good && !c->faulty) {
                crash_check_accounts(c, &w->cx, txn, snap);
            }
            txn_snapshot_done(txn);
        } else if (what == 1) {
            good = work_savepoint(w, txn, 2);
        } else {
            good = work_step(w, txn);
        }
        if (good && idles && crash_random(&w->random, 3) == 0) {
            good = work_wait(w);
        }
    }
    bool commit = good && crash_random(&w->random, 6) != 0;
    if (commit && w->draft.own.version != w->states[w->state_count - 1].own.version) {
        commit = work_mark(w, txn);
    }
    if (commit && crash_random(&w->random, 6) == 0) {
        crash_prepare_commit(w, txn);
    } else if (commit) {
        work_commit(w, txn);
    } else {
        c->aborts++;
        txn_abort(&w->cx, txn);
    }
}

static void crash_worker(void *arg)
{
    CrashWorker *w = arg;
    for (uint32_t i = 0; i < w->transactions; i++) {
        work_transaction(w);
    }
}

/* helper_main - checkpoints and purges beside the workers. */
static void helper_main(void *arg)
{
    Crash *c = arg;
    uint64_t random = c->seed ^ 0xabcdef;
    Err err;
    Arena arena;
    memset(&err, 0, sizeof(err));
    arena_init(&arena, NULL, "helper", 0);
    Cx cx = {.err = &err, .arena = &arena};
    while (!c->stop) {
        os_sleep_us(c->os, 500 + crash_random(&random, 4000));
        if (c->retaining) {
            (void)engine_retain(c->engine);
        }
        if (crash_random(&random, 2) == 0) {
            (void)crash_status(c, &cx, engine_checkpoint(&cx, c->engine));
        } else {
            Status st = engine_purge_step(&cx, c->engine);
            (void)crash_status(c, &cx, st == ST_DONE ? ST_OK : st);
        }
        arena_clear(&arena);
    }
    arena_release(&arena);
}

/* crash_plan_fault - some rounds have one disk error, once the tables are there. */
static void crash_plan_fault(Crash *c)
{
    static const OsSimFault faults[] = {OS_SIM_EIO, OS_SIM_ENOSPC, OS_SIM_SHORT_WRITE,
                                        OS_SIM_SYNC_EIO};
    c->faulty = crash_random(&c->random, 4) == 0;
    if (c->faulty) {
        if (c->verbose) {
            (void)printf("seed %llu: a disk error is planned\n", (unsigned long long)c->seed);
        }
        os_sim_fault_at(c->os, 1 + crash_random(&c->random, 200),
                        faults[crash_random(&c->random, ARRAY_LEN(faults))]);
    }
}

void crash_work(void *arg)
{
    Crash *c = arg;
    OsThread *threads[CRASH_WORKERS_MAX], *helper, *watch;
    crash_open(c);
    txnsys_set_max_prepared(c->engine->txns, CRASH_WORKERS_MAX);
    if (!c->ready) {
        crash_make_tables(c);
    } else {
        crash_open_tables(c);
    }
    crash_plan_fault(c);
    c->stop = false;
    for (uint32_t i = 0; i < c->worker_count; i++) {
        crash_must(&c->cx, os_thread_create(&c->cx, c->os, "worker", crash_worker, &c->workers[i],
                                            &threads[i]));
    }
    crash_must(&c->cx, os_thread_create(&c->cx, c->os, "helper", helper_main, c, &helper));
    crash_must(&c->cx, os_thread_create(&c->cx, c->os, "watch", crash_watch, c, &watch));
    for (uint32_t i = 0; i < c->worker_count; i++) {
        os_thread_join(threads[i]);
    }
    c->stop = true;
    os_thread_join(helper);
    os_thread_join(watch);
    if (crash_random(&c->random, 2) == 0 &&
        crash_status(c, &c->cx, engine_close(&c->cx, c->engine))) {
        for (uint32_t i = 0; i < c->worker_count; i++) { /* closing makes everything durable */
            CrashWorker *w = &c->workers[i];
            w->states[0] = w->states[w->state_count - 1];
            w->state_count = 1;
        }
    }
    os_sim_crash_now(c->os);
}
