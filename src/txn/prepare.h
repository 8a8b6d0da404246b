#ifndef DASSIE_TXN_PREPARE_H
#define DASSIE_TXN_PREPARE_H
/*
 * prepare.h - two-phase commit: transactions that wait, without a session and across restarts, to
 * be committed or rolled back by their name.
 *
 * txn_prepare takes a session's transaction over: its xid, its locks and what is to be done at its
 * end. A PREPARE record holds all of that, so restart brings the transaction back before clients
 * are served. Any thread may claim one by name, and then ends it. Waiting transactions hold back
 * log truncation, purge and settled_lsn, like any writer.
 */
#include "txn/txn.h"

#define PREPARED_GID_BYTES 200 /* with the NUL */

/* PreparedFacts - what is told of a prepared transaction, and kept in its record. */
typedef struct PreparedFacts {
    char gid[PREPARED_GID_BYTES];
    Xid xid; /* set by txn_prepare */
    uint32_t owner, database;
    int64_t prepared_us;  /* as the caller counts time */
    bool changed_catalog; /* whoever commits it must say so to the catalog */
} PreparedFacts;
typedef struct Prepared Prepared;

/* txnsys_set_max_prepared - how many may exist; those found by restart are never too many. Before
 * sessions begin. */
void txnsys_set_max_prepared(TxnSys *sys, uint32_t max);
uint32_t txnsys_prepared_count(TxnSys *sys);
/*
 * txn_prepare - the first phase. Afterwards the Txn is no more; end functions have run as after a
 * rollback, for nothing is committed yet. Must not be told before the log is flushed to *lsn_out.
 * On an error (55000 disabled, 42710 name in use, 53200 too many) the
 * transaction is as before, but may have an xid.
 */
Status txn_prepare(Cx *cx, Txn *txn, const PreparedFacts *facts, Lsn *lsn_out);

/* prepared_claim - the transaction of that name, for this caller alone, once it is durable. 42704
 * when there is none, 55006 when somebody else has it. */
Status prepared_claim(Cx *cx, TxnSys *sys, const char *gid, Prepared **out);
void prepared_unclaim(TxnSys *sys, Prepared *p);
const PreparedFacts *prepared_facts(const Prepared *p);
/* prepared_on_commit - fn(arg, true) is called once a claimed one has committed, before its locks
 * go. */
void prepared_on_commit(Prepared *p, void (*fn)(void *arg, bool committed), void *arg);
/* prepared_commit, prepared_rollback - the second phase of a claimed one, which is gone then. Must
 * not be told before the log is flushed to *lsn_out. */
Status prepared_commit(Cx *cx, TxnSys *sys, Prepared *p, Lsn *lsn_out);
void prepared_rollback(Cx *cx, TxnSys *sys, Prepared *p, Lsn *lsn_out);

/* txnsys_prepared_list - all that are durable, oldest first; in the arena. */
Status txnsys_prepared_list(Cx *cx, TxnSys *sys, Arena *arena, PreparedFacts **list_out,
                            uint32_t *count_out);

/* txnsys_prepared_at - the prepared transaction whose first_lsn this is; false: none. */
bool txnsys_prepared_at(TxnSys *sys, Lsn first_lsn, PreparedFacts *facts_out);

/* txnsys_add_unfinished - recovery: an xid without an end, whose newest record is at last_lsn. It
 * is a prepared transaction when that is its PREPARE record, else a loser. *prepared_out says
 * which. */
Status txnsys_add_unfinished(Cx *cx, TxnSys *sys, const TxnActive *found, bool *prepared_out);

#endif
