#ifndef DASSIE_TABLE_SCAN_INTERNAL_H
#define DASSIE_TABLE_SCAN_INTERNAL_H
/*
 * scan_internal.h - what table and index scans share: lists of visible rows and their gathering.
 */
#include "table/counts.h"
#include "table/table_internal.h"

/* RowList - rows of one latched leaf that the snapshot sees; pointers are good under the latch. */
typedef struct RowList {
    const RowLayout *layout; /* the table's own */
    uint32_t count;
    uint32_t head_bits; /* OR of the rows' heads */
    bool mixed;         /* rows of other layouts are among them */
    bool plain;         /* `layouts` was not filled: all are `layout` */
    const uint8_t *rows[VEC_CAPACITY];
    uint32_t lens[VEC_CAPACITY];
    const RowLayout *layouts[VEC_CAPACITY];
    RowId ids[VEC_CAPACITY];
} RowList;

typedef enum ScanState { SCAN_AT_KEY, SCAN_NEXT_LEAF } ScanState;
struct TableScan {
    const Table *t;
    struct RelCounts *counts;
    const uint16_t *columns;
    uint16_t column_count;
    bool want_rowid, done;
    ScanState state;
    Txn *txn;
    const Snapshot *snap;
    BtTree tree;
    BtCursor cursor;
    RowId next_rowid, last_rowid;
    uint32_t leaf_rows; /* of the last leaf: what the next one will give */
    VersionReader vr;
    RowList list;
    Lsn unsettled[VEC_CAPACITY]; /* by row of the leaf: 0, or what has to be judged */
    uint32_t unsettled_from, unsettled_count;
};

void row_list_begin(RowList *l, const Table *t);
/* row_list_add - the entry, if the snapshot sees it; versions of other times are copied to the
 * arena. */
Status row_list_add(Cx *cx, const Snapshot *snap, const Table *t, VersionReader *vr,
                    const BtEntry *entry, PageNo page, RowList *l, Arena *arena);
Status row_list_gather(Cx *cx, const Table *t, const RowList *l, uint16_t col, Vector *v,
                       uint32_t at, Arena *arena);
/* scan_track - SERIALIZABLE: a row of a latched leaf is looked at, and locked when `lock`. */
Status scan_track(Cx *cx, const Snapshot *snap, const Table *t, uint64_t tag, RowId rowid,
                  bool lock);
/* row_fetch_at - the visible version of the row at a latched position; ST_NOTFOUND when none. */
Status row_fetch_at(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, VersionReader *vr,
                    const BtPos *pos, const uint16_t *columns, uint16_t column_count, Batch *out,
                    uint32_t out_row, Arena *arena);

#endif
