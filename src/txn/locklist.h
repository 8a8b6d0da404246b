#ifndef DASSIE_LOCKLIST_H
#define DASSIE_LOCKLIST_H
/*
 * locklist.h - what is locked and waited for now: the facts behind pg_locks and pg_blocking_pids.
 *
 * Any thread may call, at any time, with no latch and none of the locks of src/txn held. The
 * answer is put together piece by piece: each piece is true for one moment, the whole need not be.
 */
#include "txn/txn.h"

typedef enum LockKind {
    LOCKKIND_TABLE,    /* key = database OID << 32 | relation OID; mode: TableLockMode */
    LOCKKIND_ROW,      /* tree, key = row id (0: every row); mode: RowLockMode */
    LOCKKIND_XID,      /* key = xid; granted: a writer's own, else somebody waits for its end */
    LOCKKIND_ADVISORY, /* advisory; mode: 0 shared, 1 exclusive */
    LOCKKIND_SIREAD,   /* what SERIALIZABLE has read: tree, mode: SsiWhat, key: its id */
} LockKind;

typedef struct LockInfo {
    LockKind kind;
    bool granted;
    int mode;           /* as the kind says; 0 for LOCKKIND_XID */
    int32_t process_id; /* who holds it or waits for it; 0: no session (prepared, recovery) */
    Xid xid;            /* of that transaction; 0: it has none yet */
    TreeId tree;
    uint64_t key;
    AdvisoryKey advisory;
    int64_t since_us; /* os_mono_us when the wait began; 0 when granted */
    bool ended;       /* SIREAD: the reader has committed, others may still meet what it read */
} LockInfo;

/* LOCKLIST_ROWS_MAX - how many granted row locks, and as many SIREAD locks, lock_list tells of at
 * most: a transaction may hold millions. Waiting ones are always told. */
#define LOCKLIST_ROWS_MAX 10000

/* lock_list - every lock granted and every wait. */
void lock_list(TxnSys *sys, Arena *arena, LockInfo **list_out, uint32_t *count_out);

/* lock_blockers - the processes that the transaction of process_id waits for: holders of what it
 * wants, and those ahead of it in a queue that want what conflicts. None when it does not wait. */
void lock_blockers(TxnSys *sys, Arena *arena, int32_t process_id, int32_t **pids_out,
                   uint32_t *count_out);

/* lock_waits - the waits alone. */
void lock_waits(TxnSys *sys, Arena *arena, LockInfo **list_out, uint32_t *count_out);

/* RunningTxn - a process with a transaction number or a snapshot; the other is 0. */
typedef struct RunningTxn {
    int32_t process_id;
    Xid xid, xmin;
} RunningTxn;
void lock_running(TxnSys *sys, Arena *arena, RunningTxn **list_out, uint32_t *count_out);

#endif
