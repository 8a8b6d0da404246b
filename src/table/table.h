#ifndef DASSIE_TABLE_H
#define DASSIE_TABLE_H
/*
 * table.h - tables as the executor sees them: versioned rows in a row-id tree, their indexes kept
 * in step, scans that fill vectors. Also sequences. Row codec, versions and visibility, undo, purge
 * live behind this header.
 *
 * A Table is an immutable description (tree, layout, indexes) shared by many threads; the catalog
 * builds and caches it. Functions that change rows take the writing transaction and keep every
 * index of the Table in step. No catalog is known here: columns are physical types, index columns
 * carry their TypeOps.
 */
#include "btree/btree.h"
#include "txn/txn.h"
#include "type/type.h"

#define TABLE_COLUMNS_MAX 1600
#define INDEX_COLUMNS_MAX 32

/* ColumnLayout - how a column is stored. Columns are never removed from a layout (a dropped one
 * stays and is NULL). */
typedef struct ColumnLayout {
    PhysType phys;
    bool missing_is_null; /* rows written before the column was added read as NULL, else as
                             `missing` */
    Datum missing;
} ColumnLayout;

/* ColumnStorage - what to do with values of a column when rows are too long: compressed out of
 * line; out of line as they are; the same two, but only when those of other columns do not suffice.
 */
typedef enum ColumnStorage {
    COLUMN_EXTENDED,
    COLUMN_EXTERNAL,
    COLUMN_MAIN,
    COLUMN_PLAIN,
} ColumnStorage;

/*
 * IndexCompute - what of an index is computed from a row: its expressions, and whether a partial
 * index holds the row. The folder that knows expressions makes one for each open table; any thread
 * may call it.
 */
typedef struct IndexCompute {
    uint16_t column_count; /* table columns (0-based) it reads */
    const uint16_t *columns;
    uint16_t expr_count;
    struct Expr *const *exprs;    /* as bound over the table */
    const struct Expr *predicate; /* NULL: holds every row */
    /* From the columns' values to the expressions'. *holds_out false: no entry, out is not set. */
    Status (*run)(const struct IndexCompute *self, Cx *cx, const Datum *values, const bool *nulls,
                  Arena *arena, Datum *out, bool *out_nulls, bool *holds_out);
} IndexCompute;

typedef struct IndexColumn {
    int16_t column; /* 0-based table column, or -1: the next expression of `compute` */
    const TypeOps *type;
    bool desc, nulls_first;
    const char *name;         /* for 23505's detail: column name or expression text */
    const struct GinOps *gin; /* of an inverted index: how values are taken apart */
} IndexColumn;
/* IndexExclude - what makes two rows conflict in the index of an exclusion constraint: every key
 * column's operator is true of their values. */
typedef struct IndexExclude {
    /* So many leading columns are compared by the equality of the index's order: rows that differ
     * there are told apart by their keys. */
    uint16_t equal_count;
    struct {
        const FnOps *fn;
        Oid proc, collation;
    } opers[INDEX_COLUMNS_MAX]; /* of the columns behind those */
    KeyRangeFn ranges;          /* of the first of them; NULL: all its entries are looked at */
} IndexExclude;

typedef struct TableIndex {
    TreeId tree;
    PageNo root;
    Oid oid;
    bool unique, nulls_not_distinct, is_primary;
    bool inverted;   /* entries for items, not for values: see inverted.c */
    bool deferrable; /* a duplicate is let in and looked at later (table_unique_check) */
    const IndexExclude *exclude; /* NULL: no exclusion constraint has it */
    uint16_t column_count;
    IndexColumn columns[INDEX_COLUMNS_MAX];
    const char *name;            /* index or constraint name for 23505 */
    const IndexCompute *compute; /* NULL: plain columns of all rows */
    struct RelCounts *counts;    /* NULL: not counted (counts.h) */
} TableIndex;

/* Engine - one open database file. Its parts are declared here, where the lowest folder needs them;
 * how it is opened and driven is recovery/engine.h. */
typedef struct EngineOptions {
    StoreOptions store;
    WalOptions wal;
    uint64_t max_wal_bytes;  /* checkpoints are made so often that redo reads no more log than
                                this, roughly (max_wal_size) */
    int64_t checkpoint_us;   /* ... or after this much time */
    double checkpoint_share; /* of the time between two checkpoints that one takes
                                (checkpoint_completion_target); 0 = at once */
    bool log_checkpoints;
    uint64_t max_wal_retained; /* log kept for snapshots and idle writers at most; 0 = no bound */
    int64_t progress_us;       /* between lines about recovery in the server log; 0 = none */
    size_t build_bytes;        /* memory of one index build (maintenance_work_mem) */
    bool create;               /* make the file when absent */
    bool background; /* start checkpoint, purge and writer threads (tests may drive them by hand) */
    /* Called by the log writer after each flush (wal_on_flush); NULL = nobody listens. */
    void (*on_flush)(void *arg, Lsn flushed);
    /* A writer (Txn.process_id) keeps more log than max_wal_retained: end it if its session is idle
     * and say whether; same arg. NULL = nobody is ever idle. */
    bool (*on_retained)(void *arg, int32_t process_id);
    void *on_flush_arg;
} EngineOptions;
typedef struct Engine {
    Os *os;
    Wal *wal;
    Store *store;
    TxnSys *txns;
    EngineOptions options;
    bool created;                /* the file was made by this open: catalogs must be bootstrapped */
    struct TableRuntime *tables; /* what src/table keeps of each tree */
    struct EnginePrivate *priv;  /* src/recovery */
} Engine;

typedef struct Table {
    Engine *engine;
    Oid oid;
    const char *schema_name, *name;
    TreeId tree;
    PageNo root;
    uint16_t column_count;
    ColumnLayout *columns;
    /* What each column's values from disk are tried with, NULL: any will do; NULL as a whole: so
     * of all columns. Whoever opened the table may set it. */
    const TypeSoundFn *sound;
    /* How each column's values go out of line; NULL: all as COLUMN_EXTENDED. Likewise. */
    const ColumnStorage *storage;
    uint16_t layout;            /* current layout number: new rows are written in it */
    struct RowLayouts *layouts; /* all layouts of the tree, by number */
    uint16_t index_count;
    TableIndex *indexes;
    struct RelCounts *counts; /* NULL: not counted (counts.h) */
} Table;

/* ---- making and opening (DDL and catalog) ---- */
/* table_create - a new row tree with its first layout; dropped again if txn aborts. */
Status table_create(Cx *cx, Engine *e, Txn *txn, const ColumnLayout *columns, uint16_t column_count,
                    TreeId *tree_out);
/* table_add_layout - columns were added at the end: a new layout; rows are not rewritten.
 * Transactional with txn. */
Status table_add_layout(Cx *cx, Engine *e, Txn *txn, TreeId tree, const ColumnLayout *columns,
                        uint16_t column_count, uint16_t *layout_out);
/* table_open - build the description in the arena. indexes are copied. */
Status table_open(Cx *cx, Engine *e, Arena *arena, Oid oid, const char *schema_name,
                  const char *name, TreeId tree, const TableIndex *indexes, uint16_t index_count,
                  Table **table_out);
/* table_only_columns - the table has only so many columns: an ADD COLUMN was rolled back, which
 * left its layout behind. XX001 when no layout fits. */
Status table_only_columns(Cx *cx, Table *t, uint16_t column_count);
/* index_create - a new empty index tree; index_build - fill it from the table (needs SHARE lock: no
   writers). 23505 "could not create unique index", 23P01 "could not create exclusion constraint",
   with PostgreSQL's details. */
Status index_create(Cx *cx, Engine *e, Txn *txn, TreeId *tree_out, PageNo *root_out);
Status index_build(Cx *cx, Txn *txn, const Table *table, TableIndex *index);
/* index_serves - has the index what the transaction's snapshot sees? One built after the snapshot
 * was taken has the newest versions of the rows only, and for everybody. No snapshot yet: true. */
bool index_serves(Cx *cx, const Table *t, const TableIndex *index, const Txn *txn);
/* indexes_newer - was any index built since the transaction's snapshot? Then plans are not for
 * others to use, nor others' for it. */
bool indexes_newer(const Engine *e, const Txn *txn);

/* ---- writing ---- */
typedef enum WriteOutcome {
    WRITE_DONE,
    WRITE_UPDATED_MEANWHILE, /* a transaction my snapshot does not see changed the row and
                                committed: re-check */
    WRITE_DELETED_MEANWHILE, /* ... deleted it */
    WRITE_SELF_CHANGED,  /* this command itself changed the row already: skip it, as PostgreSQL does
                          */
    WRITE_SKIPPED,       /* row lock not available under WAIT_SKIP */
    WRITE_NOT_AVAILABLE, /* ... under WAIT_NOWAIT (55P03 by the caller) */
} WriteOutcome;

/* RowValues - row `row` of a batch whose column i is table column i (all columns). */
typedef struct RowValues {
    const Batch *batch;
    uint32_t row;
} RowValues;

/* table_insert - one row and its index entries. 23505 and 23P01 with names and detail; 54000 for
 * rows or keys too large. */
Status table_insert(Cx *cx, Txn *txn, const Table *t, const RowValues *values, RowId *rowid_out);
/*
 * table_insert_unless - INSERT ... ON CONFLICT: like table_insert, but a conflict with a live row
 * in a unique or exclusion index (arbiter: index number, or -1 for any) changes nothing and reports
 * the row in *conflict_out with *inserted_out = false. Waits for in-progress writers of the key.
 * The row reported may not be visible to the statement's snapshot.
 */
Status table_insert_unless(Cx *cx, Txn *txn, const Table *t, const RowValues *values, int arbiter,
                           RowId *rowid_out, bool *inserted_out, RowId *conflict_out);
/* UniqueLater - a row that met another with its key in a deferrable unique index, or one that
 * conflicts with it in a deferrable exclusion constraint's, and was let in.
 * Txn.unique_later lists them until whoever decides when (src/exec) has looked at them. */
typedef struct UniqueLater {
    struct UniqueLater *next;
    RowId rowid;
    Oid table;
    TreeId index;
    bool put_off; /* beyond the end of its statement */
} UniqueLater;
/* table_unique_check - is the row, if it is still there, the only one with its key by now (or
 * without conflict)? Waits for in-progress writers of the key; 23505, 23P01. ix: one of t->indexes.
 */
Status table_unique_check(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, RowId rowid);
/* table_insert_batch - all selected rows of the batch (COPY, INSERT ... SELECT): one log record per
   leaf fill. rowids_out (sel.count of them) may be NULL. */
Status table_insert_batch(Cx *cx, Txn *txn, const Table *t, const Batch *rows, RowId *rowids_out);
/*
 * table_update - replace the row: values holds the whole new row; changed[i] says which columns may
 * differ (NULL = all), so that indexes over unchanged columns are left alone. Waits for an
 * in-progress writer or lock holder of the row (no latch held), then reports. On anything but
 * WRITE_DONE nothing was changed.
 */
Status table_update(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                    const RowValues *values, const bool *changed, WriteOutcome *outcome_out);
Status table_delete(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                    WriteOutcome *outcome_out);
/* table_lock_row - SELECT ... FOR UPDATE and friends; foreign keys (KEY SHARE). Same outcomes. */
Status table_lock_row(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                      RowLockMode mode, WaitPolicy wait, WriteOutcome *outcome_out);

/* ---- reading ---- */
/* table_fetch - the version of a row the snapshot sees: columns[i] -> out->cols[i] at out_row.
   ST_NOTFOUND when none. Long strings are copied into arena. */
Status table_fetch(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                   const uint16_t *columns, uint16_t column_count, Batch *out, uint32_t out_row,
                   Arena *arena);

/* TableScan - all rows in row-id order, in batches. Holds nothing between calls. Reusable: reset,
 * no allocation. */
typedef struct TableScan TableScan;
/* columns: wanted table columns (none is fine: count(*)). want_rowid: out->cols[column_count] is
 * the row id (PHYS_I64). */
Status table_scan_create(Cx *cx, Arena *arena, const Table *t, const uint16_t *columns,
                         uint16_t column_count, bool want_rowid, TableScan **scan_out);
/* table_scan_start - (re)position at the beginning, under this snapshot. snap must outlive the
 * scan's use. */
Status table_scan_start(Cx *cx, TableScan *scan, Txn *txn, const Snapshot *snap);
/* table_scan_uncounted - what this scan does is not among the numbers of pg_stat_*: ANALYZE's. */
void table_scan_uncounted(TableScan *scan);
/* table_scan_range - restrict a started scan to row ids from..to, both included (morsels: cut the
 * space of row ids); may be called again for the next piece. */
Status table_scan_range(Cx *cx, TableScan *scan, RowId from, RowId to);
/* table_rowid_end - a row id above all that exist now: where to cut. */
RowId table_rowid_end(const Table *t);
/* table_scan_next - fill out (its vectors made by batch_init with the scan's types) with up to
   max_rows rows, all selected; string bytes go to `arena`. ST_DONE when there are no more (out is
   then empty). */
Status table_scan_next(Cx *cx, TableScan *scan, uint32_t max_rows, Batch *out, Arena *arena);
/* table_scan_count - count the rest of the rows without materialising any. */
Status table_scan_count(Cx *cx, TableScan *scan, uint64_t *count_out);
void table_scan_end(TableScan *scan);

/* INDEX_BOUND_BYTES_MAX - room for the encoded values of any bound: one that had to be left out
 * would make the range wider. */
#define INDEX_BOUND_BYTES_MAX ((size_t)4 << 30)

/* IndexScan - rows in key order between bounds, forward or backward. */
typedef struct IndexBound {
    Slice key;      /* encoded prefix of key columns (key_encode); len 0 = open */
    bool inclusive; /* rows whose key begins with exactly this prefix belong to the range */
} IndexBound;
typedef struct IndexScan IndexScan;
Status index_scan_create(Cx *cx, Arena *arena, const Table *t, uint16_t index,
                         const uint16_t *columns, uint16_t column_count, bool want_rowid,
                         IndexScan **scan_out);
Status index_scan_start(Cx *cx, IndexScan *scan, Txn *txn, const Snapshot *snap,
                        const IndexBound *lo, const IndexBound *hi, bool backward);
/* InvertedNeed - what a condition asks of one column of an inverted index. */
typedef struct InvertedNeed {
    uint16_t column;
    const struct GinQuery *query;
} InvertedNeed;
/* index_scan_start_inverted - rows, in the order of their ids, that may meet all conditions: those
 * must be tested on them. */
Status index_scan_start_inverted(Cx *cx, IndexScan *scan, Txn *txn, const Snapshot *snap,
                                 const InvertedNeed *needs, uint32_t count);
Status index_scan_next(Cx *cx, IndexScan *scan, uint32_t max_rows, Batch *out, Arena *arena);
void index_scan_end(IndexScan *scan);
/* index_key_encode - append the encoded key column `col` of an index. 54000 when too long. */
bool index_key_column(const TableIndex *ix, uint16_t col, const Datum *v, bool is_null, Buf *buf);

/* Rough size, for the planner: rows (from counters kept per tree) and leaf pages. */
typedef struct TableSize {
    double rows;
    double pages;
} TableSize;
Status table_size(Cx *cx, const Table *t, TableSize *out);
/* TreePages - the pages of a table's, index's or sequence's tree, and an estimate of those that
 * hold values out of line. */
typedef struct TreePages {
    uint64_t tree, out_of_line;
} TreePages;
/* tree_pages - ST_NOTFOUND for a tree that is not (any more) there. */
Status tree_pages(Cx *cx, Engine *e, TreeId tree, TreePages *out);

/* ---- sequences: not transactional, logged 32 values ahead ---- */
typedef struct SequenceState {
    int64_t last_value;
    bool is_called;
    int64_t log_count;
} SequenceState;
typedef struct SequenceDef {
    int64_t start, increment, min, max, cache;
    bool cycle;
} SequenceDef;
Status sequence_create(Cx *cx, Engine *e, Txn *txn, int64_t first_value, TreeId *tree_out);
/* sequence_next - 2200H at the limit without cycle: text as PostgreSQL's, with the sequence's name.
 */
Status sequence_next(Cx *cx, Engine *e, TreeId tree, const SequenceDef *def, const char *name,
                     int64_t *value_out);
Status sequence_set(Cx *cx, Engine *e, TreeId tree, int64_t value, bool is_called);
Status sequence_get(Cx *cx, Engine *e, TreeId tree, SequenceState *out);

/* ---- check ---- */
/* table_verify - the tree's structure, and every index against the table at a fresh snapshot. */
Status table_verify(Cx *cx, const Table *t, Buf *report, uint64_t *errors_out);
/* table_verify_live - the same while others read and write; txn's own changes are seen (NULL: those
 * of nobody that are not committed). fn is told each finding: ix NULL is the row tree, page 0 none
 * in particular. Damage that is met is a finding too, not an error. Requires: a table lock that
 * keeps the trees. */
typedef void (*TableFindingFn)(void *arg, const TableIndex *ix, PageNo page, const char *what);
Status table_verify_live(Cx *cx, const Table *t, Txn *txn, TableFindingFn fn, void *arg);

#endif
