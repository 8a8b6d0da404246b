#ifndef DASSIE_SSI_H
#define DASSIE_SSI_H
/*
 * ssi.h - SERIALIZABLE: what a transaction has read is remembered, and a pattern of reads and
 * writes between concurrent transactions that could have no serial order ends one of them (40001).
 *
 * The algorithm is Cahill's as Ports and Grittner built it for PostgreSQL (VLDB 2012). Reads leave
 * SIREAD locks on rows, index leaves (the gaps between their keys) or whole trees; they block
 * nobody. A write that meets another's SIREAD lock, and a read that steps back over a version of a
 * concurrent transaction, are edges "the reader comes before the writer". Of two edges in a row
 * T0 -> T1 -> T2 one transaction is ended when T2 is the first of the three to commit.
 *
 * All of it is for transactions with txn->ser, which ssi_begin gives to the serializable ones with
 * their snapshot; others pay one load. Functions on txn are for its own thread, and may be called
 * with page latches held.
 */
#include "txn/txn.h"

/* SsiWhat - how much of a tree a SIREAD lock covers. */
typedef enum SsiWhat {
    SSI_ROW = 1,  /* a row of a table, by row id */
    SSI_LEAF = 2, /* the keys of an index leaf and the gaps between them, by page number */
    SSI_TREE = 3, /* everything, now and later */
} SsiWhat;

/* ---- reads: no latch ordering is asked for, but the lock goes first, then what it covers is read
 * (a leaf's and a row's under its latch) ---- */
void ssi_lock(Txn *txn, TreeId tree, SsiWhat what, uint64_t id);
/* ssi_conflict_out - this transaction does not see what xid wrote, but could have: it comes before
 * xid. 40001 when that may not be. */
Status ssi_conflict_out(Cx *cx, Txn *txn, Xid xid);
/* ssi_conflict_by - this transaction was let see, outside its snapshot, that xid has committed
 * something (a unique key given free, a foreign key's look at what is current): it comes after xid,
 * as if xid had read what this transaction writes. */
Status ssi_conflict_by(Cx *cx, Txn *txn, Xid xid);
/* These three may end the tracking of a read-only transaction that has proved safe: txn->ser is
 * NULL then. ssi_check_doomed - 40001 when another transaction's progress has made this one
 * impossible. */
Status ssi_check_doomed(Cx *cx, Txn *txn);

/* ---- writes: under the exclusive latch of the leaf written, before it is ---- */
Status ssi_check_write_slow(Cx *cx, Txn *txn, TreeId tree, SsiWhat what, uint64_t id, Lsn over);
/* ssi_check_write - the one gate of every write to a row (SSI_ROW), into an index leaf (SSI_LEAF),
 * or of new rows (SSI_TREE): who has read it comes before this transaction. over: the LSN of a
 * row's version that is replaced, else 0; who cannot have seen that one comes before its writer
 * already. 40001 when that may not be. */
static inline Status ssi_check_write(Cx *cx, Txn *txn, TreeId tree, SsiWhat what, uint64_t id,
                                     Lsn over)
{
    return LIKELY(txn->ser == NULL) ? ST_OK : ssi_check_write_slow(cx, txn, tree, what, id, over);
}
/* ssi_check_tree - a write that any reader of any part of the tree must come before (TRUNCATE,
 * DROP). */
Status ssi_check_tree(Cx *cx, Txn *txn, TreeId tree);

/* ---- structure changes ---- */
/* ssi_page_moved - keys or gaps of leaf `from` now belong to leaf `to`, both latched exclusive: who
 * has read one has read the other. */
void ssi_page_moved(TxnSys *sys, TreeId tree, PageNo from, PageNo to);
/* ssi_tree_replaced - what `tree` said is said by `by` from now on (a rewritten table, or the table
 * of a dropped index): readers of any part of the one have read all of the other. */
void ssi_tree_replaced(TxnSys *sys, TreeId tree, TreeId by);
/* ssi_any - may there be SIREAD locks at all? */
bool ssi_any(TxnSys *sys);

/* ---- life, called by src/txn ---- */
/* ssi_begin - take the transaction's snapshot, and track it unless nothing can go wrong with it
 * (read only, and no serializable writer about). Waits for a safe snapshot when DEFERRABLE. */
Status ssi_begin(Cx *cx, Txn *txn);
/* ssi_begin_import - with the snapshot of another serializable transaction, which must not end
 * meanwhile; a read-only one's only when this one is read only too. */
void ssi_begin_import(Txn *txn, Txn *source, const Snapshot *snap);
/* ssi_prepare - PREPARE TRANSACTION: the test that COMMIT makes. Afterwards the transaction is not
 * chosen as a victim any more, and its commit cannot fail. */
Status ssi_prepare(Cx *cx, Txn *txn);

/* ssi_tracked - is the transaction watched (false also: its snapshot has proved safe)? */
bool ssi_tracked(const Txn *txn);
/* ssi_safe_blockers - the processes whose end a READ ONLY DEFERRABLE transaction of process_id
 * waits for; none when it does not wait. */
void ssi_safe_blockers(TxnSys *sys, Arena *arena, int32_t process_id, int32_t **pids_out,
                       uint32_t *count_out);
/* SsiCounts - for monitoring and tests. */
typedef struct SsiCounts {
    uint32_t active, finished, summarised, locks;
} SsiCounts;
void ssi_counts(TxnSys *sys, SsiCounts *out);

#endif
