#ifndef DASSIE_TXN_H
#define DASSIE_TXN_H
/*
 * txn.h - transactions, snapshots, commit status; row locks, table locks, key locks, deadlock
 * detection.
 *
 * One TxnSys per engine. A Txn belongs to one session and is used by one thread at a time.
 * Snapshots are registered while in use, so that purge and log truncation know the oldest. Waiting
 * for another transaction blocks the thread (cx->blocking tells the server) and is never done while
 * a latch is held.
 */
#include "base/list.h"
#include "wal/wal.h"

typedef uint64_t Csn;
typedef struct TxnSys TxnSys;
typedef struct Txn Txn;

typedef enum Isolation { ISO_READ_COMMITTED, ISO_REPEATABLE_READ, ISO_SERIALIZABLE } Isolation;

/* What an 8-byte version tag holds. */
#define TAG_DELETED  ((uint64_t)1 << 63)
#define TAG_HAS_PREV ((uint64_t)1 << 62)
#define TAG_LSN_MASK (((uint64_t)1 << 60) - 1)
static inline Lsn tag_lsn(uint64_t tag)
{
    return tag & TAG_LSN_MASK;
}

/* Snapshot - what a statement (or a REPEATABLE READ transaction) sees: csn <= this csn, plus own
   changes with record cid < this cid. Everything with LSN < settled_lsn belongs to finished
   transactions and is seen at once. */
typedef struct Snapshot {
    Csn csn;
    Lsn settled_lsn; /* "R": min(first_lsn of active writers, log head) */
    Lsn commit_lsn;  /* end of the newest commit seen: a reply must not outrun its flush */
    Lsn taken_lsn;   /* head of the log then: how old it is */
    Xid xmin;        /* the oldest writer then, or the next */
    uint32_t cid;
    bool too_old; /* cancelled: what it should see may be gone (snapshot_check); __atomic */
    Txn *txn;     /* own changes; NULL = none */
    TxnSys *sys;
    ListNode link; /* registered list, guarded by the commit lock */
} Snapshot;

/* snapshot_view - a copy to be changed and read by, beside the original, which stays registered for
 * both. Its neighbours in the list are not copied: they belong to the commit lock. */
static inline Snapshot snapshot_view(const Snapshot *s)
{
    return (Snapshot){.csn = s->csn,
                      .settled_lsn = s->settled_lsn,
                      .commit_lsn = s->commit_lsn,
                      .taken_lsn = s->taken_lsn,
                      .xmin = s->xmin,
                      .cid = s->cid,
                      .too_old = __atomic_load_n(&s->too_old, __ATOMIC_RELAXED),
                      .txn = s->txn,
                      .sys = s->sys};
}

struct Txn {
    TxnSys *sys;
    Xid xid; /* 0 until the first write; __atomic for other threads that list locks */
    Isolation isolation;
    bool read_only, deferrable;
    uint32_t cid; /* current command id */
    Lsn first_lsn, last_lsn;
    Lsn seen_lsn; /* a reply must not outrun the flush of this: commits whose rows were read */
    Snapshot
        snapshot; /* the transaction's own (REPEATABLE READ and up) or the current statement's */
    bool snapshot_held;
    uint32_t savepoint_level;
    int32_t process_id;      /* what deadlock reports call this transaction; set by the session */
    int64_t lock_timeout_us; /* of every lock wait of this transaction; 0 = none */
    struct SerTxn *ser;      /* not NULL: SERIALIZABLE and tracked (ssi.h) */
    struct TxnPark *park;    /* not NULL: waits hold no thread (TxnPark) */
    struct UniqueLater *unique_later; /* checks put off (table.h), newest first; in the arena */
    const void *type_env; /* the session's TypeEnv for keys in error texts; NULL = defaults */
    struct AdvisoryOwner *advisory; /* the session's; NULL: it takes no advisory locks */
    /* What it counts of tables and indexes (table/counts.h). counts_end is called once, when it
     * ends; NULL: it does not count. */
    struct DbCounts *counts_to;
    struct RelPending *counts;
    struct Map *counts_map;
    void (*counts_end)(Txn *txn, bool committed);
    uint32_t counts_count;
    uint32_t deadlocks; /* it was the victim of */
    Arena *arena;       /* lives until the transaction ends; owned by the caller of txn_begin */
    struct TxnPrivate *priv;
};

typedef struct SavePoint {
    Lsn last_lsn;
    uint32_t cid;
    uint32_t level;
    uint32_t action_count; /* commit/abort actions registered so far */
} SavePoint;

/* txnsys_create - next_xid/next_csn from the master record. */
Status txnsys_create(Cx *cx, Os *os, Wal *wal, Xid next_xid, Csn next_csn, TxnSys **sys_out);
void txnsys_free(TxnSys *sys);

/* The undo of one record, registered by src/table: restore the before-image of `lsn`, log a CLR,
 * set txn->last_lsn. */
typedef Status (*TxnUndoFn)(void *arg, Cx *cx, Txn *txn, Lsn lsn, const WalHeader *hdr, Slice body);
/* What to do with a tree whose creation is undone (registered by src/recovery): free it now. May be
 * called twice. Drops are done by purge, from the COMMIT record. */
typedef Status (*TxnDropTreeFn)(void *arg, Cx *cx, TreeId tree);
void txnsys_set_handlers(TxnSys *sys, TxnUndoFn undo, TxnDropTreeFn drop_tree, void *arg);
/* TxnUndoProgressFn - called now and then while a loser is undone: where the walk is, and how many
 * records of this transaction it has done. */
typedef void (*TxnUndoProgressFn)(void *arg, Xid xid, Lsn at, uint64_t records);
void txnsys_on_undo_progress(TxnSys *sys, TxnUndoProgressFn fn);
/* txnsys_losers - transactions that are still to be undone. */
uint32_t txnsys_losers(TxnSys *sys);
TxnSys *txn_sys(const Txn *txn);
Wal *txnsys_wal(TxnSys *sys);
Os *txnsys_os(TxnSys *sys);

/* ---- life of a transaction ---- */
Status txn_begin(Cx *cx, TxnSys *sys, Isolation iso, Arena *arena, Txn **txn_out);
/* txn_start_write - assign the xid and enter the active list (before the first log record).
 * Idempotent. 25006 when read only. */
Status txn_start_write(Cx *cx, Txn *txn);
/* txn_log - append a record of this transaction: fills xid, prev_lsn, cid; keeps last_lsn. */
Lsn txn_log(Txn *txn, WalType type, uint8_t flags, TreeId tree, PageNo page, const Slice *parts,
            uint32_t part_count);
/*
 * txn_commit - O(1): reserve the COMMIT record, take a csn, publish, wake waiters, run commit
 * actions, free the Txn. Does not wait for the flush: *lsn_out is what wal_flushed() must reach
 * before the client is told (0: nothing written; then the reply waits for seen_lsn only).
 */
Status txn_commit(Cx *cx, Txn *txn, Lsn *lsn_out);
/* txn_abort - undo everything, log ABORT_END, wake waiters, free the Txn. Undo cannot fail (PANIC).
 */
void txn_abort(Cx *cx, Txn *txn);
void txn_savepoint(Txn *txn, SavePoint *sp_out);
/* txn_rollback_to - undo back to the savepoint; locks above it are dropped. The savepoint stays. */
Status txn_rollback_to(Cx *cx, Txn *txn, const SavePoint *sp);
/* txn_mark - where the transaction is now, for txn_undo_to_mark: undo what it logged since. Locks
 * stay, and so does a wait that was parked. */
void txn_mark(Txn *txn, SavePoint *mark_out);
void txn_undo_to_mark(Cx *cx, Txn *txn, const SavePoint *mark);
/* txn_next_command - what was written so far becomes visible to the next statement of this
 * transaction. 54000 past 2^32-2. */
Status txn_next_command(Cx *cx, Txn *txn);

/* ---- snapshots ---- */
/* txn_snapshot - the snapshot for a new statement: READ COMMITTED takes a fresh one, REPEATABLE
   READ keeps the first; the cid is the current one. Valid until txn_snapshot_done (statement end)
   or the transaction's end. */
Status txn_snapshot(Cx *cx, Txn *txn, const Snapshot **snap_out);
void txn_snapshot_done(Txn *txn);
/* snapshot_take / snapshot_release - independent ones (portals kept open, background work,
 * foreign-key checks). */
void snapshot_take(TxnSys *sys, Txn *txn, Snapshot *snap_out);
void snapshot_copy(const Snapshot *from, Snapshot *to_out);
void snapshot_release(Snapshot *snap);

/* snapshot_check - 72000 when the snapshot was cancelled. Asked after reading a page and before
 * what was read is used: purge and truncation go on only after the mark was set. */
static inline bool snapshot_too_old(const Snapshot *snap)
{
    return __atomic_load_n(&snap->too_old, __ATOMIC_ACQUIRE);
}
Status snapshot_too_old_error(Cx *cx);
static inline Status snapshot_check(Cx *cx, const Snapshot *snap)
{
    return LIKELY(!snapshot_too_old(snap)) ? ST_OK : snapshot_too_old_error(cx);
}
/* snapshot_judge - the outcome of a look at a page: whatever a cancelled snapshot met (records cut
 * off, chains freed) is 72000. */
static inline Status snapshot_judge(Cx *cx, const Snapshot *snap, Status st)
{
    return LIKELY(!snapshot_too_old(snap)) ? st : snapshot_too_old_error(cx);
}
/* txnsys_cancel_snapshots - cancel those taken before the log reached `limit`: nobody waits for
 * them any more. Returns how many. */
uint32_t txnsys_cancel_snapshots(TxnSys *sys, Lsn limit);
/* txnsys_oldest_writer - first_lsn and process_id of the oldest active writer; false: none. */
bool txnsys_oldest_writer(TxnSys *sys, Lsn *first_lsn_out, int32_t *process_id_out);

/* ---- commit status and visibility ---- */
typedef enum XidState { XID_IN_PROGRESS, XID_ABORTING, XID_COMMITTED } XidState;
XidState xid_state(TxnSys *sys, Xid xid, Csn *csn_out);
/* xid_prefetch - a hint that the xid's state is asked for soon; any number will do. */
void xid_prefetch(TxnSys *sys, Xid xid);
/* xid_visible - is what xid wrote at `lsn` seen by the snapshot? Own changes: record cid < snapshot
 * cid. What was logged after the snapshot was taken needs no look at its writer's state. */
bool xid_visible(const Snapshot *snap, Lsn lsn, Xid xid, uint32_t cid);
/* lsn_settled_block - the log block of `lsn` has no active writer and nothing newer than csn: seen
 * without reading the record. The caller holds the latch of the page the tag was read from. */
bool lsn_settled_block(TxnSys *sys, Lsn lsn, Csn csn);
/* txnsys_settled_now - with a page latched: every tag LSN on it below this belongs to a finished
 * transaction. */
Lsn txnsys_settled_now(TxnSys *sys);
/* txnsys_oldest_snapshot - settled_lsn and csn of the oldest registered snapshot (UINT64_MAX:
 * none); a hint for writers, read without a lock. */
Lsn txnsys_oldest_snapshot(TxnSys *sys, Csn *csn_out);
/* txnsys_last_commit - end of the newest COMMIT in the log. */
Lsn txnsys_last_commit(TxnSys *sys);
/* txnsys_durable_lsn - rows below this belong to transactions whose end is durable. */
Lsn txnsys_durable_lsn(TxnSys *sys);
/* txnsys_counts - for monitoring: active writers, registered snapshots. */
void txnsys_counts(TxnSys *sys, uint32_t *writers_out, uint32_t *snapshots_out);
/* The horizon: every LSN below belongs to finished transactions that every registered snapshot sees
 * ("G"). */
Lsn txnsys_horizon(TxnSys *sys);
/* The oldest first_lsn of an active writer, or the log head. */
Lsn txnsys_oldest_active(TxnSys *sys);
/* For the checkpoint record, under the commit lock: active writers (xid, first, last lsn). */
typedef struct TxnActive {
    Xid xid;
    Lsn first_lsn, last_lsn;
} TxnActive;
void txnsys_active(TxnSys *sys, Arena *arena, TxnActive **list_out, uint32_t *count_out,
                   Xid *next_xid_out, Csn *next_csn_out);
/* Commit records: what purge does with their actions once the horizon has passed them. */
typedef enum CommitActionKind {
    COMMIT_DROP_TREE = 1,
    COMMIT_FREE_CHAIN = 2,
} CommitActionKind;
typedef struct CommitAction {
    uint32_t kind; /* CommitActionKind */
    TreeId tree;
    PageNo page; /* first page of a chain */
    uint64_t stamp;
} CommitAction;
/* commit_record_actions - decode a COMMIT record's body; calls fn for each action. XX001 when it
 * does not parse. */
Status commit_record_actions(Cx *cx, Wal *wal, const WalHeader *hdr, Slice body,
                             Status (*fn)(void *arg, Cx *cx, const CommitAction *a), void *arg);
/* WAL_NOOP records carry small things of other folders, told apart by their flags. */
enum {
    NOOP_FILLER = 0,
    NOOP_TREE_CREATED = 1,   /* in a transaction's chain: undo drops the tree in hdr.tree */
    NOOP_COMMIT_ACTIONS = 2, /* part of a long action list, named by its COMMIT record */
    NOOP_NEXT_OID = 3,       /* recovery: u64 upper bound of OIDs handed out */
    NOOP_CHAIN_WRITTEN = 4,  /* in a transaction's chain: u64 first page of an overflow chain, whose
                                stamp is this record's LSN; undo frees it */
};
/* CLR bodies begin with the LSN the undo goes on with; flags say what was undone. */
enum { CLR_TREE_CREATED = 100, CLR_CHAIN_FREED = 101 };

/* txnsys_undo_losers - background, after opening; returns when all are undone or stop is set. */
Status txnsys_undo_losers(Cx *cx, TxnSys *sys, _Atomic bool *stop);

/* ---- waiting and locks ---- */
typedef enum WaitPolicy { WAIT_BLOCK, WAIT_NOWAIT, WAIT_SKIP } WaitPolicy;
/* txn_wait_xid - until the other transaction ends, or may have undone what is waited for: the
 * caller looks again and waits again. 40P01 when that closes a cycle; 57014/55P03 when asked to
 * stop. lock_timeout_us 0 = none. */
Status txn_wait_xid(Cx *cx, Txn *txn, Xid other, int64_t lock_timeout_us);

/* TxnPark - for a caller that can give up what it does and begin it again: while txn->park is one,
 * no wait for a transaction, a row or a table blocks, but returns ST_BUSY. The transaction counts
 * as waiting, for deadlocks too, and keeps its place in the queue, until txn_unpark: call it when a
 * later try has not returned ST_BUSY (not before it, as a circle of waits must not have a gap
 * meanwhile). wake(arg) says that to try again is worth while. lock_timeout is only noticed by a
 * try. */
typedef struct TxnPark {
    /* By another thread, under a mutex of rank 740; perhaps before the wait returns. */
    void (*wake)(void *arg);
    void *arg;
} TxnPark;
/* txn_unpark - the wait is over; wake is not called any more. Does nothing when there is none. */
void txn_unpark(Txn *txn);

typedef enum RowLockMode {
    ROWLOCK_KEY_SHARE,
    ROWLOCK_SHARE,
    ROWLOCK_NO_KEY_UPDATE,
    ROWLOCK_UPDATE
} RowLockMode;
/* row_lock_* are for src/table, which holds the row's leaf latch exclusively (but for row_wait and
 * row_wait_over), so that no writer can pass between its own test and the lock.
 *
 * Waiters of a row are served in the order they came, be it a lock or an unfinished writer that
 * they wait for: row_wait_enter takes a place in the row's queue, row_wait sleeps until it is worth
 * while to look at the row again, and the place is kept until the row is taken (row_lock_add,
 * row_written) or row_wait_over. */
/* row_lock_conflict - must txn wait for a lock that another transaction holds on the row, or behind
 * somebody in its queue whom no lock keeps from the row? own: the row's newest version is txn's, or
 * of an unfinished writer beside which the lock may be: the queue does not matter. Costs one load
 * (ROWLOCK_UPDATE: two) when nobody has anything to do with rows of this hash. */
bool row_lock_conflict(TxnSys *sys, const Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode,
                       bool own);
/* row_lock_add - take the lock (the caller saw no conflict); held until the transaction ends or its
 * savepoint is rolled back. 53200 when there is no memory left for locks. */
Status row_lock_add(Cx *cx, Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode);
/* row_wait_enter - take a place in the row's queue, or keep the one it has. writer: the unfinished
 * transaction that made the row's newest version, perhaps txn itself; 0 = none. */
void row_wait_enter(Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode, Xid writer);
/* row_wait - no latch held: until it is worth while to look again. Errors as txn_wait_xid; then the
 * place is given up. */
Status row_wait(Cx *cx, Txn *txn);
void row_wait_leave(Txn *txn, bool written, RowLockMode mode);
bool row_wait_has_place(const Txn *txn);
/* row_written - the row is txn's from now on: its new version is on the page. */
static inline void row_written(Txn *txn, RowLockMode mode)
{
    if (UNLIKELY(row_wait_has_place(txn))) {
        row_wait_leave(txn, true, mode);
    }
}
/* row_wait_over - it does not want the row any more. */
static inline void row_wait_over(Txn *txn)
{
    if (UNLIKELY(row_wait_has_place(txn))) {
        row_wait_leave(txn, false, ROWLOCK_KEY_SHARE);
    }
}
/* txnsys_set_row_lock_memory - how much the row locks of all transactions may take. */
void txnsys_set_row_lock_memory(TxnSys *sys, uint64_t bytes);

/* key_lock - one of 1024 striped blocking locks, held for a unique check and its insert only; I/O
 * is allowed under it, waiting for a transaction is not. At most one at a time per thread. */
void key_lock(TxnSys *sys, uint64_t hash);
void key_unlock(TxnSys *sys, uint64_t hash);

typedef enum TableLockMode {
    TABLELOCK_ACCESS_SHARE = 1,
    TABLELOCK_ROW_SHARE,
    TABLELOCK_ROW_EXCLUSIVE,
    TABLELOCK_SHARE_UPDATE_EXCLUSIVE,
    TABLELOCK_SHARE,
    TABLELOCK_SHARE_ROW_EXCLUSIVE,
    TABLELOCK_EXCLUSIVE,
    TABLELOCK_ACCESS_EXCLUSIVE,
} TableLockMode;
/* table_lock_mode_name - as pg_locks and deadlock reports call the mode. */
const char *table_lock_mode_name(TableLockMode mode);
/* table_lock - held until the transaction ends (or its savepoint is rolled back). key = database
   OID << 32 | relation OID. ST_BUSY under WAIT_NOWAIT/WAIT_SKIP; 40P01, 55P03, 57014. Cheap for
   modes 1-3 when nobody holds a strong one. */
Status table_lock(Cx *cx, Txn *txn, uint64_t key, TableLockMode mode, WaitPolicy wait);

/* ---- advisory locks ---- */
/* AdvisoryKey - a number that applications lock: kind 1 is a bigint in two halves, kind 2 two
 * integers. */
typedef struct AdvisoryKey {
    uint32_t database, a, b, kind;
} AdvisoryKey;
/* AdvisoryOwner - a session's advisory locks; they outlive its transactions, which name it in
 * Txn.advisory. Used by one thread at a time. */
typedef struct AdvisoryOwner {
    TxnSys *sys;
    int32_t process_id;
    ListNode holds, xact_holds; /* AdvisoryHold: all, and those of the transaction */
} AdvisoryOwner;
#define ADVISORY_LOCKS_MAX 262144u /* held at a time by all sessions: 53200 past it */
void advisory_owner_init(AdvisoryOwner *owner, TxnSys *sys, int32_t process_id);
/* advisory_lock - for the session: once more, kept over the transaction's end; or for the
 * transaction (or the savepoint). ST_BUSY unless WAIT_BLOCK; 53200, 40P01, 55P03, 57014. */
Status advisory_lock(Cx *cx, Txn *txn, const AdvisoryKey *key, bool exclusive, bool for_session,
                     WaitPolicy wait);
/* advisory_unlock - give one taking for the session back; false: it has none of this mode. */
bool advisory_unlock(AdvisoryOwner *owner, const AdvisoryKey *key, bool exclusive);
/* advisory_unlock_all - all that was taken for the session. */
void advisory_unlock_all(AdvisoryOwner *owner);

/* ---- actions ---- */
/* txn_drop_tree_on_commit - the tree is unlinked by this transaction: freed once committed and seen
 * by no snapshot. */
void txn_drop_tree_on_commit(Txn *txn, TreeId tree);
/* txn_drop_tree_on_abort - the tree was created by this transaction: its undo (also after a crash)
 * drops it. Logs; the transaction must have started writing. */
void txn_drop_tree_on_abort(Txn *txn, TreeId tree);
/* txn_free_chain_on_commit - an overflow chain was unlinked by this transaction. */
void txn_free_chain_on_commit(Txn *txn, TreeId tree, PageNo first_page, uint64_t stamp);
/* txn_chain_written - an overflow chain that begins with this page is about to be written: undo
 * frees it. Returns the record's LSN, the chain's stamp. */
Lsn txn_chain_written(Txn *txn, TreeId tree, PageNo first_page);
/* txn_on_end - called once when the transaction (or the savepoint it was registered above) ends. */
void txn_on_end(Txn *txn, void (*fn)(void *arg, bool committed), void *arg);

#endif
