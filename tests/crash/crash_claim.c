/*
 * crash_claim.c - workers in each other's way: keys that only one can hold, rows locked.
 *
 * Table "claim": a key is a worker's from its insert to its delete, so the union of what the
 * workers believe to hold is exactly the table, and no key can be held twice.
 */
#include "crash.h"

bool crash_gave_up(CrashWorker *w, Status st)
{
    if (st != ST_ERROR) {
        return false;
    }
    switch (w->err.sqlstate) {
    case ERRCODE_T_R_DEADLOCK_DETECTED:
    case ERRCODE_T_R_SERIALIZATION_FAILURE: w->crash->deadlocks++; return true;
    case ERRCODE_SNAPSHOT_TOO_OLD:
        crash_check(w->crash->retaining, "a snapshot was cancelled that nobody may cancel");
        w->crash->cancelled++;
        return true;
    default: return false;
    }
}

bool crash_snapshot(CrashWorker *w, Txn *txn, const Snapshot **snap_out)
{
    Status st = txn_snapshot(&w->cx, txn, snap_out);
    return !crash_gave_up(w, st) && crash_status(w->crash, &w->cx, st);
}

void crash_claim_describe(Crash *c)
{
    TableIndex *ix = &c->claim_index[0];
    crash_index_describe(CRASH_IX_KEY, false, ix);
    if (c->seed % 3 != 0) {
        /* By the order's equality, or by an operator that is asked about every entry. */
        c->claim_exclude = (IndexExclude){.equal_count = c->seed % 3 == 1};
        c->claim_exclude.opers[0].fn = fn_ops_by_prosrc("int4eq");
        ix->exclude = &c->claim_exclude;
        ix->unique = ix->is_primary = false;
    }
}

/* claim_take - the key, if nobody has it: INSERT, or INSERT ... ON CONFLICT DO NOTHING. */
static Status claim_take(CrashWorker *w, Txn *txn, uint32_t k)
{
    Crash *c = w->crash;
    CrashRow row = {.present = true,
                    .b = (int64_t)w->id * CRASH_MARK + crash_random(&w->random, CRASH_MARK)};
    RowValues v = crash_row_values(&w->arena, (int32_t)k, &row, 3);
    bool inserted = true;
    if (crash_random(&w->random, 2) == 0) {
        RowId other;
        TRY(table_insert_unless(&w->cx, txn, c->claim, &v, 0, &row.rowid, &inserted, &other));
    } else {
        TRY(table_insert(&w->cx, txn, c->claim, &v, &row.rowid));
    }
    if (inserted) {
        w->draft.claims[k] = row;
    } else {
        c->conflicts++;
    }
    return ST_OK;
}

/* claim_keep - it is mine: give it up, take it anew, or change what it says. */
static Status claim_keep(CrashWorker *w, Txn *txn, uint32_t k)
{
    static const bool changed[3] = {false, true, false};
    Crash *c = w->crash;
    CrashRow row = w->draft.claims[k];
    const Snapshot *snap;
    WriteOutcome outcome;
    bool is_delete = crash_random(&w->random, 2) == 0;
    TRY(txn_snapshot(&w->cx, txn, &snap));
    row.b = (int64_t)w->id * CRASH_MARK + crash_random(&w->random, CRASH_MARK);
    RowValues v = crash_row_values(&w->arena, (int32_t)k, &row, 3);
    Status st = is_delete
                    ? table_delete(&w->cx, txn, snap, c->claim, row.rowid, &outcome)
                    : table_update(&w->cx, txn, snap, c->claim, row.rowid, &v, changed, &outcome);
    txn_snapshot_done(txn);
    TRY(st);
    crash_check(outcome == WRITE_DONE, "claim %u is mine, and the outcome is %d", k, (int)outcome);
    w->draft.claims[k] = is_delete ? (CrashRow){0} : row;
    return ST_OK;
}

bool crash_claim_step(CrashWorker *w, Txn *txn)
{
    Crash *c = w->crash;
    uint32_t k = crash_random(&w->random, CRASH_CLAIMS);
    CrashRow before = w->draft.claims[k];
    SavePoint sp;
    txn_savepoint(txn, &sp);
    Status st = before.present ? claim_keep(w, txn, k) : claim_take(w, txn, k);
    if (st == ST_ERROR && (w->err.sqlstate == ERRCODE_UNIQUE_VIOLATION ||
                           w->err.sqlstate == ERRCODE_EXCLUSION_VIOLATION)) {
        crash_check(!before.present, "claim %u is mine, and is refused", k);
        crash_must(&w->cx, txn_rollback_to(&w->cx, txn, &sp));
        c->conflicts++;
        return true;
    }
    if (crash_gave_up(w, st) || !crash_status(c, &w->cx, st)) {
        return false;
    }
    crash_must(&w->cx, txn_next_command(&w->cx, txn));
    return true;
}

/* crash_lock_step - SELECT ... FOR ... of an account. What is locked against writers stays as it is
 * until the transaction changes it (account_add in crash_work.c relies on it). */
bool crash_lock_step(CrashWorker *w, Txn *txn)
{
    static const RowLockMode modes[] = {ROWLOCK_KEY_SHARE, ROWLOCK_SHARE, ROWLOCK_NO_KEY_UPDATE,
                                        ROWLOCK_UPDATE};
    static const WaitPolicy waits[] = {WAIT_BLOCK, WAIT_BLOCK, WAIT_NOWAIT, WAIT_SKIP};
    Crash *c = w->crash;
    uint32_t i = crash_random(&w->random, CRASH_ACCOUNTS);
    RowLockMode mode = modes[crash_random(&w->random, ARRAY_LEN(modes))];
    WaitPolicy wait = waits[crash_random(&w->random, ARRAY_LEN(waits))];
    const Snapshot *snap;
    WriteOutcome outcome;
    if (!crash_snapshot(w, txn, &snap)) {
        return false;
    }
    Status st = table_lock_row(&w->cx, txn, snap, c->account, c->accounts[i], mode, wait, &outcome);
    txn_snapshot_done(txn);
    if (crash_gave_up(w, st) || !crash_status(c, &w->cx, st)) {
        return false;
    }
    crash_must(&w->cx, txn_next_command(&w->cx, txn));
    crash_check(outcome != WRITE_DELETED_MEANWHILE, "an account was deleted");
    if (outcome == WRITE_UPDATED_MEANWHILE && txn->isolation != ISO_READ_COMMITTED) {
        return false;
    }
    w->locked[i] |= outcome == WRITE_DONE && mode != ROWLOCK_KEY_SHARE;
    return true;
}
