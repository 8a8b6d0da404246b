#ifndef DASSIE_MODIFY_INTERNAL_H
#define DASSIE_MODIFY_INTERNAL_H
/*
 * modify_internal.h - the state of one INSERT, UPDATE or DELETE, for modify.c and conflict.c.
 */
#include "exec/spill.h"

typedef struct ModifyRun {
    ExprRun *values, *checks, *returning, *recheck;
    ExprRun
        *values_again; /* of a row that is computed a second time: the batch's stay as they are */
    ExprRun *generated, *generated_again; /* likewise */
    Batch row;                            /* new rows: table columns */
    Batch row_again;
    Batch old;        /* the rows to be changed: table columns of the input */
    Batch both;       /* new row's columns, then the input's */
    Arena returned;   /* with `results`, so that what foreign keys hold is counted apart */
    BigStore results; /* of RETURNING */
    BigReader reader;
    bool finished, wrote; /* wrote: a row was changed */
    uint64_t affected;
    RowStore *fk_keys;           /* per foreign key: new keys */
    RowStore *ref_old, *ref_new; /* per referencing key: old and new parent keys */
    ExecNode *next_due;          /* ExecState.due_first */
    PhysType *fk_types;
    Batch one, newest; /* a joined row with the newest version of the row to change; that alone */
    Snapshot fresh;
    /* ON CONFLICT DO UPDATE */
    ExprRun *conflict_values, *conflict_where;
    Batch there, proposed, pair, changed;
    uint16_t *all_columns;
} ModifyRun;

/* modify.c */
Status modify_row_inserted(Cx *cx, ExecNode *n, const Batch *in, const Batch *row, uint32_t at);
/* modify_row_written - what follows from one changed row: keys to check, RETURNING. */
Status modify_row_written(Cx *cx, ExecNode *n, const Batch *in, const Batch *old, uint32_t old_at,
                          const Batch *row, uint32_t at);
Status modify_conflict_failure(Cx *cx, WriteOutcome o);
/* modify_generated - the generated columns of new rows whose other columns are there. */
Status modify_generated(Cx *cx, ExecNode *n, ExprRun *generated, Batch *row);
/* conflict.c */
Status conflict_create(Cx *cx, ExecNode *n);
void conflict_start(ExecNode *n);
Status conflict_insert(Cx *cx, ExecNode *n, const Batch *in);

#endif
