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
#define TABLELOCK_PARTS  64
#define ADVISORY_PARTS   64
#define KEY_LOCKS        1024
#define WAIT_SLICE_US    20000
/* A reader passes waiting strong table locks until one of them has waited this long. */
#define TABLELOCK_STARVE_US 2000000

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

/* RowHold - one transaction's lock on one row; in the entry's list and in the transaction's. */
typedef struct RowHold {
    struct RowHold *entry_next, *txn_next;
    struct RowEntry *entry;
    Txn *txn;
    RowLockMode mode;
    uint32_t level;
} RowHold;
typedef struct RowEntry {
    struct RowEntry *next;
    TreeId tree;
    uint64_t rowid;
    RowHold *holds;
    struct WaitQueue {
        struct LockWaiter *first, *last;
    } queue;
} RowEntry;

/* LockWaiter - a thread that waits for a row or table lock; lives on its stack, linked FIFO. */
typedef struct LockWaiter {
    struct LockWaiter *next, *prev;
    Txn *txn;
    int mode;
    int64_t since_us;
} LockWaiter;

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
    uint32_t visited; /* epoch of the last search that came by */
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
    RowHold *row_holds;
    RowHold *free_holds;
    TableGrant *table_grants, *free_grants;
    TxnWait wait;
    TxnPark *parked; /* the wait under way holds no thread */
    bool loser;
    bool prepared; /* no session's: part of a Prepared */
} TxnPrivate;

typedef struct LockPart {
    OsMutex mutex;
    OsEvent event;
    RowEntry *rows; /* row lock partitions: chain */
    RowEntry *free_rows;
    uint32_t free_count;
    TableEntry *tables; /* table lock partitions: chain */
} LockPart;

struct TxnSys {
    Os *os;
    Wal *wal;
    _Atomic uint64_t partial_undos; /* rollbacks to savepoints so far: what waits looks again */
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
    Lsn last_commit_lsn; /* end of the newest COMMIT */
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

    OsEvent xid_wait[WAIT_BUCKETS];
    OsMutex park_mutex; /* guards the lists; held while wake is called */
    ListNode parked[WAIT_BUCKETS];
    _Atomic uint32_t parked_count[WAIT_BUCKETS];
    OsMutex deadlock;
    ListNode waiters; /* TxnWait.link */
    uint32_t search_epoch;

    OsMutex prepared_mutex; /* guards the list */
    ListNode prepared;      /* Prepared.link, oldest first */
    uint32_t prepared_count, prepared_max;

    _Atomic uint32_t *row_counters;
    LockPart row_parts[ROWLOCK_PARTS];
    LockPart table_parts[TABLELOCK_PARTS];
    AdvisoryPart advisory_parts[ADVISORY_PARTS];
    _Atomic uint32_t advisory_count; /* holds */
    OsMutex key_locks[KEY_LOCKS];
    struct Ssi *ssi; /* ssi_internal.h */
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

/* rollback.c */
Status txn_undo_to(Cx *cx, Txn *txn, Lsn stop_lsn);
void txn_finish_abort(Cx *cx, Txn *txn);

/* action.c */
void txn_actions_run_end(Txn *txn, uint32_t from, bool committed);
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
void txn_wake_xid(TxnSys *sys, Xid xid);
/* txn_wait_loop - the one blocking wait of this folder: enters the wait-for graph, looks for a
 * cycle, sleeps on `event` until ready(arg) says so. */
Status txn_wait_loop(Cx *cx, Txn *txn, const TxnWait *what, OsEvent *event,
                     bool (*ready)(void *arg), void *arg, int64_t lock_timeout_us);

/* deadlock_blockers - transactions `t` waits for, as bare pointers, with their process ids.
 * Requires the deadlock mutex. */
uint32_t deadlock_blockers(TxnSys *sys, const Txn *t, Txn **out, int32_t *pids);
/* txnsys_waiter_of - the session's transaction, if it waits. Requires the deadlock mutex. */
Txn *txnsys_waiter_of(TxnSys *sys, const AdvisoryOwner *owner);

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
uint32_t advisory_lock_blockers(TxnSys *sys, const Txn *waiter, const TxnWait *w, Txn **out,
                                int32_t *pids);

/* rowlock.c, tablelock.c */
void row_locks_release(Txn *txn, uint32_t above_level, bool all);
void table_locks_release(Txn *txn, uint32_t above_level, bool all);
/* table_lock_adopt - take modes (bit m = mode m) without asking who else holds the table. */
void table_lock_adopt(Txn *txn, uint64_t key, uint32_t modes);
#define BLOCKERS_MAX 64
uint32_t row_lock_blockers(TxnSys *sys, const Txn *waiter, const TxnWait *w, Txn **out,
                           int32_t *pids);
uint32_t table_lock_blockers(TxnSys *sys, const Txn *waiter, const TxnWait *w, Txn **out,
                             int32_t *pids);
void lock_queue_push(struct WaitQueue *q, LockWaiter *w);
void lock_queue_remove(struct WaitQueue *q, LockWaiter *w);

#endif
