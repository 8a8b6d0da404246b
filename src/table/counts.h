#ifndef DASSIE_COUNTS_H
#define DASSIE_COUNTS_H
/*
 * counts.h - how often tables and indexes are used: the numbers of pg_stat_*.
 *
 * A transaction counts for itself, without atomics, and adds what it counted to the shared numbers
 * when it ends, whatever way; so readers see finished transactions, as PostgreSQL's do. Who counts
 * is decided once: a transaction whose counts_to is NULL (background work, recovery) and a Table
 * whose counts are NULL (catalogs) count nothing. The numbers live in memory and begin at zero when
 * the file is opened.
 *
 * Any thread may read or reset; a transaction's own are touched by the thread that runs it.
 */
#include "table/table.h"

/* CountKind - what is counted of a table or an index. A scan of an index returns its entries and
 * fetches the rows they name; what it fetches is the index's count. Blocks are leaf pages visited,
 * and those of them (and of the pages above) that came from the file. */
typedef enum CountKind {
    COUNT_SCANS,
    COUNT_RETURNED,
    COUNT_FETCHED,
    COUNT_INSERTED,
    COUNT_UPDATED,
    COUNT_DELETED,
    COUNT_HOT_UPDATED, /* updates after which every index entry stood as before */
    COUNT_BLOCKS_FETCHED,
    COUNT_BLOCKS_READ,
    COUNT_KINDS,
} CountKind;

/* DbCountKind - what is counted of a database beside the sums of its tables. Times in us. */
typedef enum DbCountKind {
    DB_COMMITS,
    DB_ROLLBACKS,
    DB_DEADLOCKS,
    DB_TEMP_FILES,
    DB_TEMP_BYTES,
    DB_SESSIONS,
    DB_SESSIONS_ABANDONED,
    DB_SESSIONS_FATAL,
    DB_SESSIONS_KILLED,
    DB_SESSION_US,
    DB_ACTIVE_US,
    DB_IDLE_IN_TXN_US,
    DB_COUNT_KINDS,
} DbCountKind;

/* Sessions add in one of several places, by their process id, so that those who use one table much
 * do not wait for each other's cache lines. A relation gets them once it is used often. */
enum { COUNTS_STRIPES = 8 };
typedef struct RelStripe {
    alignas(CACHE_LINE) _Atomic int64_t n[COUNT_KINDS];
} RelStripe;
typedef struct DbStripe {
    alignas(CACHE_LINE) _Atomic int64_t n[DB_COUNT_KINDS];
} DbStripe;

/* RelCounts - the shared numbers of a table or index. Never freed while the engine is open. */
typedef struct RelCounts {
    Os *os;
    Oid database, oid;
    _Atomic int64_t n[COUNT_KINDS];
    _Atomic(RelStripe *) stripes; /* COUNTS_STRIPES of them, or NULL */
    _Atomic uint32_t uses;        /* transactions that have added to n */
    _Atomic int64_t changed;      /* rows committed changes touched since ANALYZE */
    _Atomic int64_t analyzed_us;  /* since 2000-01-01 UTC; 0: never */
    _Atomic int64_t analyzed;     /* how often */
} RelCounts;

/* DbCounts - those of a database. */
typedef struct DbCounts {
    Oid oid;
    _Atomic int64_t base[COUNT_KINDS]; /* of relations that were set back to zero on their own */
    DbStripe stripes[COUNTS_STRIPES];
    _Atomic int64_t reset_us; /* 0: never reset */
} DbCounts;

/* RelPending - what a transaction has counted of a relation. */
typedef struct RelPending {
    struct RelPending *next;
    RelCounts *rel;
    TreeId tree;     /* of a table whose rows it changed */
    int64_t changed; /* rows, those undone taken off again */
    uint64_t n[COUNT_KINDS];
} RelPending;

/* counts_rel - the numbers of a relation, made when there are none yet; counts_find - NULL then. */
RelCounts *counts_rel(Engine *e, Oid database, Oid oid);
RelCounts *counts_find(Engine *e, Oid database, Oid oid);
/* counts_db - the numbers of a database; counts_db_find - NULL when nobody has used it yet. */
DbCounts *counts_db(Engine *e, Oid database);
DbCounts *counts_db_find(Engine *e, Oid database);
/* counts_table - a table just opened is counted, as are its indexes. */
void counts_table(Table *t, Oid database);
/* counts_begin - the transaction counts, for this database. */
void counts_begin(Txn *txn, DbCounts *db);
/* counts_of, counts_db_of - a number; counts_db_sum - of all relations of a database. */
int64_t counts_of(const RelCounts *rel, CountKind kind);
int64_t counts_db_of(const DbCounts *db, DbCountKind kind);
int64_t counts_db_sum(Engine *e, Oid database, CountKind kind);
/* counts_reset_rel, counts_reset_db - back to zero; a database with all its relations, now_us is
 * told as stats_reset. */
void counts_reset_rel(Engine *e, RelCounts *rel);
void counts_reset_db(Engine *e, Oid database, int64_t now_us);
/* counts_analyzed - an ANALYZE of the table has been committed. */
void counts_analyzed(RelCounts *rel);

/* counts_pending_slow - the transaction's numbers of a relation, made when there are none. */
RelPending *counts_pending_slow(Txn *txn, RelCounts *rel);
/* counts_pending_find - the same, NULL when it has counted nothing of it. */
const RelPending *counts_pending_find(const Txn *txn, const RelCounts *rel);

/* counts_pending - NULL: nobody counts. */
static inline RelPending *counts_pending(Txn *txn, RelCounts *rel)
{
    if (txn == NULL || rel == NULL || txn->counts_to == NULL) {
        return NULL;
    }
    RelPending *p = txn->counts;
    return LIKELY(p != NULL && p->rel == rel) ? p : counts_pending_slow(txn, rel);
}
static inline void counts_add(Txn *txn, RelCounts *rel, CountKind kind, uint64_t n)
{
    RelPending *p = counts_pending(txn, rel);
    if (p != NULL) {
        p->n[kind] += n;
    }
}
/* counts_change - n rows of the table were inserted, updated or deleted. */
static inline void counts_change(Txn *txn, const Table *t, CountKind kind, uint64_t n)
{
    RelPending *p = counts_pending(txn, t->counts);
    if (p != NULL) {
        p->n[kind] += n;
        p->changed += (int64_t)n;
        p->tree = t->tree;
    }
}
/* counts_undone - n of the row changes of this tree were undone. */
void counts_undone(Txn *txn, TreeId tree, uint64_t n);
/* counts_pages - what was visited and read of a relation since cx->pages_read was `before`. */
static inline void counts_pages(const Cx *cx, Txn *txn, RelCounts *rel, uint64_t visited,
                                uint64_t before)
{
    RelPending *p = counts_pending(txn, rel);
    if (p != NULL) {
        p->n[COUNT_BLOCKS_FETCHED] += MAX(visited, cx->pages_read - before);
        p->n[COUNT_BLOCKS_READ] += cx->pages_read - before;
    }
}
/* counts_db_add - who: the process id of the session. */
static inline void counts_db_add(DbCounts *db, int32_t who, DbCountKind kind, int64_t n)
{
    if (db != NULL && n != 0) {
        DbStripe *s = &db->stripes[(uint32_t)who % COUNTS_STRIPES];
        atomic_fetch_add_explicit(&s->n[kind], n, memory_order_relaxed);
    }
}

#endif
