#ifndef DASSIE_SSI_INTERNAL_H
#define DASSIE_SSI_INTERNAL_H
/*
 * ssi_internal.h - structures shared by ssi_*.c.
 *
 * Locks: a partition of the SIREAD table (726), then the graph's mutex (728), then the commit lock.
 * A SerTxn is found through the lists (graph's mutex held) or as the owner of a SIREAD lock
 * (partition held); it is freed only after it was taken off the lists and then its locks out of the
 * table.
 */
#include "txn/ssi.h"
#include "txn/txn_internal.h"

enum { TXN_RANK_SSI_PART = 726, TXN_RANK_SSI = 728 };

#define SSI_PARTS        256
#define SSI_BUCKETS      ((uint32_t)1 << 18)
#define SSI_XID_BUCKETS  1024
#define SSI_LOCKS_INLINE 12
#define SSI_SLOTS_INLINE 32
#define SSI_CHUNK_LOCKS  64
#define SSI_HANDLED      16
#define SSI_SEQ_NONE     UINT64_MAX
/* Past this many rows or leaves of one tree, a transaction has read all of it. */
#define SSI_TREE_LOCKS_MAX 1024
/* Past this many pieces of SSI_CHUNK_LOCKS locks, every transaction locks trees only. */
#define SSI_CHUNKS_MAX 8192
/* Finished transactions kept one by one; older ones are kept as a summary. */
#define SSI_FINISHED_MAX 2048

/* What is known of a transaction; guarded by the graph's mutex, read without for hints. */
enum {
    SER_COMMITTED = 1,
    SER_PREPARED = 2, /* also set once committed: it will not fail any more */
    SER_DOOMED = 4,   /* must fail at its next step */
    SER_GONE = 8,     /* rolled back, or proved safe: its edges count no more */
    SER_READ_ONLY = 16,
    SER_SAFE = 32,          /* read only: no edge of it can do harm */
    SER_UNSAFE = 64,        /* read only: it can, and stays tracked */
    SER_CONFLICT_OUT = 128, /* committed, with an edge to one that committed before: earliest_out */
    SER_SUMMARY_IN = 256,   /* an edge from a summarised transaction */
    SER_SUMMARY_OUT = 512,  /* ... to one */
    SER_WAITS = 2048,       /* DEFERRABLE: until it is known whether its snapshot is safe */
    SER_SUMMARISED = 1024,  /* its locks are on their way into the summary */
};

/* SerLock - one SIREAD lock. In its owner's hash while not linked, it counts finer locks. */
typedef struct SerLock {
    struct SerLock *next, *prev; /* bucket's chain; partition held */
    struct SerLock *more;        /* of copies made by splits: the owner's stack of them */
    struct SerTxn *owner;        /* NULL: of the summary */
    uint64_t id;
    TreeId tree;
    uint32_t hash;
    uint8_t what;
    bool linked, heap;
    bool dying;        /* of the summary: about to be freed */
    uint32_t finer;    /* SSI_TREE: rows and leaves of the tree that the owner has locked */
    ListNode old_link; /* of the summary; graph's mutex */
    uint64_t old_seq;  /* of the summary: when the newest reader among them committed */
} SerLock;

typedef struct SerChunk {
    struct SerChunk *next;
    uint32_t used;
    SerLock locks[SSI_CHUNK_LOCKS];
} SerChunk;

/* SerEdge - reader comes before writer; or reader is read only and waits to hear of writer's end.
 */
typedef struct SerEdge {
    ListNode out_link; /* reader's list */
    ListNode in_link;  /* writer's list */
    struct SerTxn *reader, *writer;
} SerEdge;

typedef struct SerTxn {
    ListNode link;       /* active or finished */
    struct SerTxn *next; /* being freed */
    struct SerTxn *xid_next;
    Xid xid;
    int32_t process_id;
    _Atomic uint32_t flags;
    bool did_write, declared_ro;
    Lsn snap_lsn;         /* what was logged since, its snapshot does not see */
    uint64_t snap_seq;    /* newest commit its snapshot sees */
    uint64_t prepare_seq; /* SSI_SEQ_NONE: not yet */
    _Atomic uint64_t commit_seq;
    uint64_t earliest_out;
    ListNode out, in; /* SerEdge */
    uint32_t out_count, in_count;
    ListNode
        watch; /* SerEdge between a read-only transaction and the writers about when it began */
    /* the owner thread's, until it has ended */
    Xid handled[SSI_HANDLED]; /* writers whose edge from here is known */
    SerLock **slots;          /* hash by tree, what, id */
    uint32_t slot_count, slots_used;
    uint32_t inline_used;
    SerChunk *chunks;
    SerLock *tree_last; /* the SSI_TREE entry used last */
    SerLock *_Atomic copies;
    SerLock *slots_inline[SSI_SLOTS_INLINE];
    SerLock locks_inline[SSI_LOCKS_INLINE];
} SerTxn;

/* SerOld - a summarised writer. */
typedef struct SerOld {
    Xid xid;
    uint64_t commit_seq;
} SerOld;

struct Ssi {
    OsMutex mutex; /* guards from here to the mark */
    uint64_t seq;  /* of the newest commit or preparation */
    ListNode active, finished;
    uint32_t active_count, writer_count, finished_count;
    SerTxn *by_xid[SSI_XID_BUCKETS];
    Map old_xids; /* xid -> its earliest_out + 1 */
    SerOld *old_queue;
    uint32_t old_first, old_count, old_size;
    ListNode old_locks; /* SerLock.old_link, about by age */
    /* ---- mark ---- */
    OsEvent safe;             /* a snapshot proved safe or unsafe */
    _Atomic uint32_t tracked; /* transactions and summaries about: 0 = no lock is in the table */
    _Atomic uint32_t chunk_count;
    _Atomic(SerLock *) *buckets;
    OsMutex parts[SSI_PARTS];
};

static inline uint32_t ser_flags(const SerTxn *t)
{
    return atomic_load_explicit(&t->flags, memory_order_relaxed);
}
static inline void ser_flag(SerTxn *t, uint32_t bits)
{
    atomic_store_explicit(&t->flags, ser_flags(t) | bits, memory_order_release);
}

static inline uint32_t ser_hash(TreeId tree, SsiWhat what, uint64_t id)
{
    return (uint32_t)hash_u64(id * 31 + ((uint64_t)tree << 20) + (uint64_t)what);
}

static inline OsMutex *ser_part(struct Ssi *ssi, uint32_t hash)
{
    return &ssi->parts[hash & (SSI_PARTS - 1)];
}

static inline _Atomic(SerLock *) *ser_bucket(struct Ssi *ssi, uint32_t hash)
{
    return &ssi->buckets[hash & (SSI_BUCKETS - 1)];
}

static inline bool ser_lock_is(const SerLock *l, uint32_t hash, TreeId tree, SsiWhat what,
                               uint64_t id)
{
    return l->hash == hash && l->tree == tree && l->what == (uint8_t)what && l->id == id;
}

/* ssi_lock.c */
/* ser_chain_remove - out of the table; requires the partition. */
void ser_chain_remove(struct Ssi *ssi, SerLock *l);
void ser_locks_init(SerTxn *t);
/* ser_locks_release - all locks out of the table; then the memory they took. */
void ser_locks_release(Os *os, struct Ssi *ssi, SerTxn *t);
/* ser_locks_summarise - give the locks to the summary, then as above. */
void ser_locks_summarise(Os *os, struct Ssi *ssi, SerTxn *t);
/* ser_old_release - free locks of the summary that were taken off its list. */
void ser_old_release(Os *os, struct Ssi *ssi, ListNode *gone);

/* ser_each_lock - fn for every lock in the table, under its partition, until it says false. */
void ser_each_lock(TxnSys *sys, bool (*fn)(void *arg, const SerLock *l), void *arg);

/* ssi_each_read - what an active transaction has read, coarse enough to hold after a restart: fn
 * for rows and trees. */
void ssi_each_read(const Txn *txn, void (*fn)(void *arg, TreeId tree, SsiWhat what, uint64_t id),
                   void *arg);

/* ssi_graph.c: the graph's mutex held */
SerTxn *ser_by_xid(struct Ssi *ssi, Xid xid);
Status ser_failure(Cx *cx, const char *reason);
void ser_edge_free(SerEdge *e);
void ser_edges_free(SerTxn *t);
/* ser_edge_add - reader comes before writer; me is one of them. Dooms the one to fail, or says
 * 40001 when that is me. reader NULL: a summarised one. */
Status ser_edge_add(Cx *cx, SerTxn *me, SerTxn *reader, SerTxn *writer);
/* ser_precommit - the commit of me must not complete a dangerous structure: its pivot is doomed. */
Status ser_precommit(Cx *cx, struct Ssi *ssi, SerTxn *me);

/* ssi_life.c */
/* ssi_wrote - the transaction was given its xid. */
void ssi_wrote(Txn *txn);
/* ssi_commit_begin - the commit's test; on ST_OK the graph's mutex is held until ssi_commit_end,
 * and the commit number is to be taken in between. */
Status ssi_commit_begin(Cx *cx, Txn *txn);
void ssi_commit_end(Txn *txn);
/* ssi_rollback_begin - the transaction is going to be undone: nobody need fail for it. */
void ssi_rollback_begin(Txn *txn);
void ssi_rollback_end(Txn *txn);
/* ssi_restore - track a prepared transaction found by restart. What edges it had is not known. */
void ssi_restore(Txn *txn);
/* ssi_forget_safe - a read-only transaction whose snapshot has proved safe is not tracked. */
void ssi_forget_safe(Txn *txn);
Status ssi_create(Cx *cx, TxnSys *sys);
void ssi_free(TxnSys *sys);

#endif
