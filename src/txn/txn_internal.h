#ifndef DASSIE_TXN_INTERNAL_H
#define DASSIE_TXN_INTERNAL_H
/*
 * txn_internal.h - structures shared by the files of src/txn.
 *
 * Locks, in the order they may be taken: deadlock mutex, row lock partition or table lock
 * partition, commit lock. The commit lock is the innermost but for the log's own.
 */
#include "base/map.h"
#include "txn/prepare.h"

enum {
    TXN_RANK_UNDO = 90,      /* one undoer of losers at a time */
    TXN_RANK_KEY_LOCK = 100, /* above latches: I/O allowed */
    TXN_RANK_PREPARED = 690,
    TXN_RANK_DEADLOCK = 700,
    TXN_RANK_ROW_LOCK = 710,
    TXN_RANK_TABLE_LOCK = 720,
    TXN_RANK_ADVISORY = 725,
    TXN_RANK_SHARED = 722,
    TXN_RANK_COMMIT = 730,
    TXN_RANK_PARKED = 740,
};

/* Commit status: a ring of u64 by xid, so large that it cannot lap itself in one life. */
#define STATUS_IN_PROGRESS  ((uint64_t)0)
#define STATUS_ABORTED      (~(uint64_t)0)
#define STATUS_RING_ENTRIES ((uint64_t)1 << 32)
#define STATUS_DROP_ENTRIES                                                                        \
    ((uint64_t)64 * 1024) /* memory is given back in pieces of this many                           \
                           */

#define LOG_BLOCK_SHIFT  20
#define LOG_BLOCK_COUNT  ((uint64_t)1 << 24)
#define XID_HASH_BUCKETS 1024
#define WAIT_BUCKETS     256
#define ROWLOCK_PARTS    256
#define ROWLOCK_COUNTERS 65536
#define ROWLOCK_BYTES    ((uint64_t)256 << 20) /* memory for row locks unless told otherwise */
/* More key-share blocks of one transaction on one table become a lock on the whole table. */
#define ROWLOCK_KEY_SHARES_MAX 4096
/* Who comes and finds the row free passes those who have waited for less: a running thread need not
   stop for one that is only just being woken. Beyond it first come is first served. */
#define ROWLOCK_BARGE_US 1000
#define TABLELOCK_PARTS  64
#define ADVISORY_PARTS   64
#define KEY_LOCKS        1024
#define WAIT_SLICE_US    20000
/* A reader passes waiting strong table locks until one of them has waited this long. */
#define TABLELOCK_STARVE_US 2000000
/* For who waits for a table, should a wake ever be missed. */
#define TABLELOCK_LOOK_AGAIN_US 1000000

/* LogBlock - who still writes into a 1 MiB block of the log, and the newest commit in it. */
typedef struct LogBlock {
    _Atomic uint64_t max_csn;
    _Atomic uint32_t active;
    uint32_t pad;
} LogBlock;

typedef enum TxnActionKind {
    ACTION_DROP_ON_COMMIT,
    ACTION_FREE_CHAIN,
    ACTION_DROP_ON_ABORT,
    ACTION_ON_END,
} TxnActionKind;
typedef struct TxnAction {
    TxnActionKind kind;
    TreeId tree;
    PageNo page;
    uint64_t stamp;
    void (*fn)(void *arg, bool committed);
    void *arg;
} TxnAction;

/* LockWaiter - a transaction that waits for a row or table lock (TxnPrivate); linked FIFO. */
typedef struct LockWaiter {
    struct LockWaiter *next, *prev;
    Txn *txn;
    int mode;
    int64_t since_us;
    uint64_t key; /* row id */
} LockWaiter;

/* Rows are locked in blocks of 64 that follow each other: who locks many has one bit for each. */
#define ROW_BLOCK_SHIFT 6
#define ROW_BLOCK_ALL   (~(uint64_t)0) /* the block that stands for every row of the table */
/* RowHold - one transaction's locks of one mode and savepoint level in a block; in the entry's list
 * and in the transaction's. */
typedef struct RowHold {
    struct RowHold *entry_next, *txn_next;
    struct RowEntry *entry;
    Txn *txn;
    uint64_t rows; /* bit i: row block << 6 | i */
    uint32_t level;
    RowLockMode mode;
} RowHold;
/* RowEntry - a block in which rows are locked or waited for. */
typedef struct RowEntry {
    struct RowEntry *next;
    uint64_t block;
    TreeId tree;
    uint32_t waiting[ROWLOCK_UPDATE + 1]; /* of each mode */
    RowHold *holds;
    struct WaitQueue {
        LockWaiter *first, *last;
    } queue;
} RowEntry;
/* RowTable - the key-share locks of one transaction on one table. */
typedef struct RowTable {
    struct RowTable *next;
    TreeId tree;
    uint32_t key_shares; /* blocks */
    bool whole;          /* it has the lock on the whole table instead of more */
} RowTable;

/* TableEntry - stays once made; their number is bounded by the tables of the file. */
typedef struct TableEntry {
    struct TableEntry *next;
    uint64_t key;
    uint32_t granted[TABLELOCK_ACCESS_EXCLUSIVE + 1];
    struct TableGrant *grants;
    struct WaitQueue queue;
} TableEntry;
/* TableGrant - the modes one transaction holds on one table (bit m = mode m). */
typedef struct TableGrant {
    struct TableGrant *next, *txn_next;
    struct TableEntry *entry;
    Txn *txn;
    uint32_t modes;
    uint32_t level[TABLELOCK_ACCESS_EXCLUSIVE + 1]; /* savepoint level of the first taking */
    uint32_t level_max; /* an upper bound of those; falls along the transaction's list */
} TableGrant;

/* AdvisoryEntry - one number that is held or waited for. AdvisoryHold - what one session has of it
 * in one mode; in the entry's list and in the session's. The holds of transactions and sessions
 * guard themselves: a session is used by one thread at a time. */
typedef struct AdvisoryHold {
    struct AdvisoryHold *entry_next;
    struct AdvisoryEntry *entry;
    AdvisoryOwner *owner;
    ListNode owner_link;
    ListNode xact_link; /* linked while in_xact */
    int mode;
    uint32_t session_count; /* times taken for the session and not given back */
    uint32_t xact_level;    /* outermost savepoint level of the transaction that took it */
    bool in_xact;
} AdvisoryHold;
typedef struct AdvisoryEntry {
    AdvisoryKey key;
    AdvisoryHold *holds;
    struct WaitQueue queue;
} AdvisoryEntry;
typedef struct AdvisoryPart {
    OsMutex mutex;
    OsEvent event;
    Map entries; /* by key */
} AdvisoryPart;

typedef enum TxnWaitKind {
    TXN_WAIT_NONE,
    TXN_WAIT_XID,
    TXN_WAIT_ROW,
    TXN_WAIT_TABLE,
    TXN_WAIT_ADVISORY,
} TxnWaitKind;
/* TxnWait - what a transaction waits for; guarded by the deadlock mutex. */
typedef struct TxnWait {
    TxnWaitKind kind;
    Xid xid;
    TreeId tree;
    uint64_t key; /* row id or table key */
    AdvisoryKey advisory;
    int mode;
    int64_t since_us;
    ListNode link;
    /* Of the last search for deadlocks that came by: */
    uint32_t visited; /* its epoch */
    Txn *parent;      /* who waits for this one on the way here */
    Txn *search_next; /* to be looked at; then the way back */
    bool soft;        /* the parent only waits behind this one in a queue */
} TxnWait;

#define TXN_BLOCKS_INLINE 4
typedef struct TxnPrivate {
    ListNode active_link;
    Txn *hash_next;
    Txn *owner;
    uint64_t last_block;
    uint64_t blocks_inline[TXN_BLOCKS_INLINE];
    uint64_t *blocks; /* log blocks written to, ascending; mem_alloc when grown */
    uint32_t block_count, block_size;
    TxnAction *actions;
    uint32_t action_count, action_size;
    RowHold *row_holds; /* newest first, so by falling savepoint level */
    RowHold *free_holds;
    RowTable *row_tables;
    uint64_t row_bytes; /* of holds */
    TableGrant *table_grants, *free_grants;
    struct SharedSnapshot *shared; /* share.c */
    uint32_t share_number, share_count;
    TxnWait wait;
    /* Where it queues for a row; NULL: nowhere. Changed by its own thread only, under the
     * partition.
     */
    RowEntry *row_queue;
    LockWaiter row_wait;
    Xid row_xid; /* the writer it waits for at the head of the queue; guarded by the partition */
    TableEntry *table_queue; /* likewise for a table */
    LockWaiter table_wait;

    /* Guarded by the park mutex: */
    ListNode xid_link; /* TxnSys.xid_waiters */
    Xid xid_waited;    /* 0: not in a list */
    TxnPark *parked;   /* to be called at the next wake */
    _Atomic bool woken;
    OsEvent wake;
    bool loser;
    bool prepared; /* no session's: part of a Prepared */
} TxnPrivate;

typedef struct LockPart {
    OsMutex mutex;
    RowEntry **rows; /* row lock partitions: a hash table of chains */
    uint32_t row_size, row_count;
    RowEntry *free_rows;
    uint32_t free_count;
    TableEntry *tables; /* table lock partitions: chain */
} LockPart;

struct TxnSys {
    Os *os;
    Wal *wal;
    TxnUndoFn undo;
    TxnDropTreeFn drop_tree;
    TxnUndoProgressFn undo_progress; /* may be NULL */
    void *handler_arg;

    OsMutex undo_mutex;
    OsMutex commit_lock; /* guards from here to the mark */
    ListNode active;     /* TxnPrivate.active_link, by first_lsn */
    ListNode snapshots;  /* Snapshot.link, oldest first */
    Xid next_xid;
    Csn last_csn;
    Lsn last_commit_lsn;            /* end of the newest COMMIT */
    Lsn seen_settled, seen_horizon; /* the last R and G given out, for assertions */
    Lsn durable_pending, durable_pending_head;
    Txn *xid_hash[XID_HASH_BUCKETS];
    uint32_t writer_count, snapshot_count;
    struct RevivedXid {
        Xid xid;
        Csn csn;
    } * revived; /* prepared before the restart, committed after it, not yet seen by all */
    uint32_t revived_count, revived_size;
    /* ---- mark ---- */

    _Atomic Lsn oldest_active;       /* first_lsn of the head of `active`; 0 = none */
    _Atomic Lsn oldest_snapshot_lsn; /* of the oldest registered snapshot; UINT64_MAX = none */
    _Atomic Csn oldest_snapshot_csn;
    _Atomic Lsn durable_lsn;
    /* Xids from before the restart whose state is not simply committed: losers, prepared
     * transactions, and those of them that have committed since (revived). */
    _Atomic uint32_t loser_count;
    Xid first_xid; /* of this process; older ones are losers or finished */

    _Atomic uint64_t *status;
    _Atomic Xid settled_xid; /* every xid below is finished and seen by every snapshot */
    Xid dropped_xid;         /* memory below was given back; used by txnsys_horizon's caller only */
    LogBlock *blocks;

    OsMutex park_mutex; /* guards the lists; held while a waiter is woken */
    ListNode xid_waiters[WAIT_BUCKETS];
    _Atomic uint32_t xid_waiter_count[WAIT_BUCKETS];
    OsMutex deadlock;
    ListNode waiters; /* TxnWait.link */
    uint32_t search_epoch;

    OsMutex prepared_mutex; /* guards the list */
    ListNode prepared;      /* Prepared.link, oldest first */
    uint32_t prepared_count, prepared_max;

    _Atomic uint32_t *row_counters; /* entries by hash */
    _Atomic uint64_t row_bytes;     /* memory of all row locks */
    _Atomic uint64_t row_bytes_max; /* beyond it 53200 */
    _Atomic uint32_t row_waiters;
    LockPart row_parts[ROWLOCK_PARTS];
    LockPart table_parts[TABLELOCK_PARTS];
    AdvisoryPart advisory_parts[ADVISORY_PARTS];
    _Atomic uint32_t advisory_count; /* holds */
    OsMutex key_locks[KEY_LOCKS];
    struct Ssi *ssi;      /* ssi_internal.h */
    OsMutex shared_mutex; /* guards these two and SharedSnapshot.txn's life */
    ListNode shared;
    uint32_t share_numbers;
};

static inline _Atomic uint64_t *txnsys_status_at(TxnSys *sys, Xid xid)
{
    return &sys->status[xid & (STATUS_RING_ENTRIES - 1)];
}

/* txnsys.c */
void txnsys_register(TxnSys *sys, Txn *txn); /* commit lock held */
void txnsys_unregister(TxnSys *sys, Txn *txn);
/* txnsys_replace - `to` takes the place of `txn`, whose xid it has. Commit lock held. */
void txnsys_replace(TxnSys *sys, Txn *txn, Txn *to);
/* txnsys_register_unfinished - a transaction found by restart: active list, log blocks. */
void txnsys_register_unfinished(TxnSys *sys, Txn *txn);
/* txnsys_revived_room - one more prepared transaction of before the restart may commit. */
void txnsys_revived_room(TxnSys *sys);
/* txnsys_revive - it has: its commit number. Commit lock held. */
void txnsys_revive(TxnSys *sys, Xid xid, Csn csn);
Txn *txnsys_find(TxnSys *sys, Xid xid);   /* commit lock held */
void txnsys_durable_refresh(TxnSys *sys); /* commit lock held */
void txn_snapshot_unlink(Snapshot *snap); /* commit lock held */
Lsn txnsys_settled_locked(TxnSys *sys);   /* commit lock held */

/* txn.c */
void txn_blocks_enter(Txn *txn, Lsn lsn);
void txn_blocks_leave(Txn *txn, Csn csn);
void txn_blocks_move(Txn *txn, Txn *to);
void txn_init(Txn *txn, TxnPrivate *priv, TxnSys *sys, Isolation iso, Arena *arena);

/* share.c: its snapshots can be imported no more. */
void shared_snapshots_drop(Txn *txn);

/* rollback.c */
Status txn_undo_to(Cx *cx, Txn *txn, Lsn stop_lsn);
void txn_finish_abort(Cx *cx, Txn *txn);

/* action.c */
void txn_actions_run_end(Txn *txn, uint32_t from, bool committed);
/* txn_count_end - it is over: what it counted goes where it is shown. */
static inline void txn_count_end(Txn *txn, bool committed)
{
    if (txn->counts_to != NULL) {
        txn->counts_end(txn, committed);
    }
}
/* txn_action_created - note that the tree is this transaction's own: it goes as a whole when
 * undone. */
void txn_action_created(Txn *txn, TreeId tree);
/* txn_action_copy - another transaction's action, unless it is an end function. */
void txn_action_copy(Txn *txn, const TxnAction *a);

/* prepare.c, prepare_record.c */
enum { PREPARE_PART = 1, PREPARE_TAKEN_BACK = 2 }; /* flags of WAL_PREPARE records */
void prepared_free(Prepared *p);
void prepare_encode(const Txn *txn, const PreparedFacts *facts, Buf *out);
size_t prepare_log_parts(Txn *txn, const Buf *body, Buf *parts);
/* prepare_read_body - the body of the PREPARE record at lsn, whole; the caller releases it. */
Status prepare_read_body(Cx *cx, Wal *wal, Lsn lsn, Xid xid, Buf *body);
/* prepare_decode - locks and actions into txn (which takes them without asking), facts out. */
Status prepare_decode(Cx *cx, const Buf *body, Txn *txn, PreparedFacts *facts_out);
/* txnsys_add_loser - recovery: a transaction without an end; stays in progress until undone in the
 * background. */
Status txnsys_add_loser(Cx *cx, TxnSys *sys, const TxnActive *loser);
void txnsys_free_prepared(TxnSys *sys);

/* wait.c */
/* txn_wake_xid - the transaction has ended, or undone a part: who waits for it looks again. */
void txn_wake_xid(TxnSys *sys, Xid xid);
/* txn_wake - what a transaction waits for may be there. Requires: it cannot end now, as it is in a
 * queue whose mutex is held, or in the list of waiters with the deadlock mutex held. */
void txn_wake(Txn *txn);
/* txn_wait_arm - before looking at what is waited for the last time: a wake from now on counts. */
void txn_wait_arm(Txn *txn);
/* txn_await_xid - to be woken when xid ends; 0: no longer. */
void txn_await_xid(Txn *txn, Xid xid);
/* txn_wait - until txn_wake was called since txn_wait_arm. ST_BUSY: not yet, and txn->park will be
 * told. Enters the wait-for graph and looks for a cycle. */
Status txn_wait(Cx *cx, Txn *txn, const TxnWait *what, int64_t look_again_us,
                int64_t lock_timeout_us);
/* txn_wait_loop - sleep on `event` until ready(arg) says so; never parks. */
Status txn_wait_loop(Cx *cx, Txn *txn, const TxnWait *what, OsEvent *event,
                     bool (*ready)(void *arg), void *arg, int64_t lock_timeout_us);

/* advisory.c */
void advisory_start(TxnSys *sys);
void advisory_end(TxnSys *sys);
/* advisory_locks_release - what the transaction (above a savepoint level) has; the session's stay.
 */
void advisory_locks_release(Txn *txn, uint32_t above_level, bool all);
/* advisory_held_both - is a number held for the session and for its transaction? */
bool advisory_held_both(const AdvisoryOwner *owner);
/* advisory_locks_move - what the transaction has becomes another's, with an owner of its own. */
void advisory_locks_move(Txn *txn, Txn *to);
/* advisory_lock_adopt - take a lock without asking who else has it. */
void advisory_lock_adopt(Txn *txn, const AdvisoryKey *key, int mode);
/* advisory_list - the holds of one partition, as far as there is room; returns how many there are.
 */
typedef struct AdvisoryInfo {
    AdvisoryKey key;
    int mode;
    int32_t process_id;
} AdvisoryInfo;
uint32_t advisory_list(TxnSys *sys, uint32_t part_no, AdvisoryInfo *out, uint32_t size);

/* deadlock.c; all with the deadlock mutex held. */
/* TxnEdgeFn - a transaction that is waited for, alive during the call; soft: it is only ahead in a
 * queue. */
typedef void (*TxnEdgeFn)(void *arg, Txn *by, bool soft);
/* deadlock_edges - everyone `t` waits for; with all == false those may be left out who are reached
 * through others. */
void deadlock_edges(TxnSys *sys, Txn *t, bool all, TxnEdgeFn fn, void *arg);
Status deadlock_check(Cx *cx, TxnSys *sys, Txn *txn);

/* txnsys_waiter_of - the session's transaction, if it waits. */
Txn *txnsys_waiter_of(TxnSys *sys, const AdvisoryOwner *owner);
void advisory_lock_edges(TxnSys *sys, Txn *waiter, bool all, TxnEdgeFn fn, void *arg);

/* rowlock.c, rowqueue.c, tablelock.c */
extern const uint8_t ROW_CONFLICTS[ROWLOCK_UPDATE + 1];
static inline bool row_modes_conflict(int a, int b)
{
    return (ROW_CONFLICTS[a] >> b & 1) != 0;
}
static inline uint64_t row_hash(TreeId tree, uint64_t block)
{
    return hash_u64(block ^ (uint64_t)tree << 40);
}
static inline LockPart *row_part(TxnSys *sys, uint64_t hash)
{
    return &sys->row_parts[(hash >> 32) & (ROWLOCK_PARTS - 1)];
}
static inline LockPart *row_entry_part(TxnSys *sys, const RowEntry *e)
{
    return row_part(sys, row_hash(e->tree, e->block));
}
static inline bool row_hold_has(const RowHold *h, uint64_t rowid)
{
    return (h->rows >> (rowid & 63) & 1) != 0;
}
/* These require the partition. */
RowEntry *row_entry_find(const LockPart *part, TreeId tree, uint64_t block);
RowEntry *row_entry_make(TxnSys *sys, LockPart *part, TreeId tree, uint64_t block);
void row_entry_drop_unused(TxnSys *sys, LockPart *part, RowEntry *e);
bool row_holds_conflict(const RowEntry *e, const Txn *txn, uint64_t rowid, int mode);
bool row_queue_conflict(TxnSys *sys, const RowEntry *e, const Txn *txn, uint64_t rowid, int mode);
/* row_queue_released - locks on these rows were let go: wake who may have them now. */
void row_queue_released(RowEntry *e, uint64_t rows);
/* row_queue_leave - txn does not queue any more; taken >= 0: it has the row now, by a lock or (by
 * write) by its xid. */
void row_queue_leave(Txn *txn, int taken, bool write);

/* row_whole_conflict - does another transaction have the key-share lock on the whole table? */
bool row_whole_conflict(TxnSys *sys, const Txn *txn, TreeId tree);
/* row_whole_released - that lock was let go: every waiter of the table looks again. */
void row_whole_released(TxnSys *sys, TreeId tree);

/* row_lock_adopt - take locks without asking, neither others nor how much memory is left. */
void row_lock_adopt(Txn *txn, TreeId tree, uint64_t block, uint64_t rows, RowLockMode mode);
void row_locks_release(Txn *txn, uint32_t above_level, bool all);
void table_locks_release(Txn *txn, uint32_t above_level, bool all);
/* table_lock_adopt - take modes (bit m = mode m) without asking who else holds the table. */
void table_lock_adopt(Txn *txn, uint64_t key, uint32_t modes);
void table_wait_over(Txn *txn);
void row_lock_edges(TxnSys *sys, Txn *waiter, bool all, TxnEdgeFn fn, void *arg);
void table_lock_edges(TxnSys *sys, Txn *waiter, TxnEdgeFn fn, void *arg);
/* row_queue_pass and the like - put a waiter ahead of one that it waits behind; both wait. */
void row_queue_pass(TxnSys *sys, Txn *txn, Txn *ahead);
void table_queue_pass(TxnSys *sys, Txn *txn, Txn *ahead);
void advisory_queue_pass(TxnSys *sys, Txn *txn, Txn *ahead);
void lock_queue_push(struct WaitQueue *q, LockWaiter *w);
void lock_queue_push_front(struct WaitQueue *q, LockWaiter *w);
void lock_queue_insert_before(struct WaitQueue *q, LockWaiter *w, LockWaiter *at);
void lock_queue_remove(struct WaitQueue *q, LockWaiter *w);

#endif
