#ifndef DASSIE_MODIFY_INTERNAL_H
#define DASSIE_MODIFY_INTERNAL_H
/*
 * modify_internal.h - the state of one INSERT, UPDATE or DELETE, for modify.c and conflict.c.
 */
#include "exec/trigger_run.h"

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
    TriggerRun *triggers; /* NULL = none */
    bool *changed_now;    /* columns that differ after BEFORE UPDATE triggers */
    CmdKind command;      /* of the row at hand: the statement's, in MERGE the action's */
    const bool *set;      /* UPDATE: the columns that it sets */
    ExprRun *merge_conds, **merge_values; /* MERGE: values by action */
} ModifyRun;

/* modify.c */
Status modify_row_inserted(Cx *cx, ExecNode *n, const Batch *in, const Batch *row, uint32_t at);
/* modify_row_written - what follows from one changed row: keys to check, RETURNING. */
Status modify_row_written(Cx *cx, ExecNode *n, const Batch *in, const Batch *old, uint32_t old_at,
                          const Batch *row, uint32_t at);
Status modify_conflict_failure(Cx *cx, WriteOutcome o);
/* modify_compute_rows - the new rows of a batch, tested by their constraints unless BEFORE triggers
 * have yet to see them. modify_insert - insert the rows that `values` makes of a batch.
 * modify_write_one - update or delete one row, after its BEFORE triggers, and what follows from it;
 * `row` (for DELETE ModifyRun.old) holds it at `at`, and ModifyRun.old what it was. */
Status modify_compute_rows(Cx *cx, ExecNode *n, ExprRun *values, const Batch *in, Batch *row);
Status modify_insert(Cx *cx, ExecNode *n, ExprRun *values, const Batch *in);
Status modify_write_one(Cx *cx, ExecNode *n, const Snapshot *snap, RowId id, const Batch *in,
                        const Batch *row, uint32_t at, WriteOutcome *outcome);
/* modify_set_old - the target table's columns among the input's, as ModifyRun.old. */
void modify_set_old(ExecNode *n, const Batch *in);
/* modify_check_rows - NOT NULL and CHECK of new rows. */
Status modify_check_rows(Cx *cx, ExecNode *n, const Batch *row);

/* modify_trigger.c */
/* modify_before_row - has the table BEFORE (or the view INSTEAD OF) ... FOR EACH ROW triggers of
 * the event? */
static inline bool modify_before_row(const ExecNode *n, int16_t event)
{
    const PlanTriggers *t = n->plan->u.modify.triggers;
    return t != NULL && ((t->before_row | t->instead_row) & event) != 0;
}
Status modify_before_statement(Cx *cx, ExecNode *n);
Status modify_after_statement(Cx *cx, ExecNode *n);
/*
 * modify_fire_before - lock the row and fire its BEFORE triggers of UPDATE or DELETE: `row` (for
 * DELETE the old one) gets what they make of it, tested by the constraints, *changed the columns
 * that differ. An outcome but WRITE_DONE: the row is not what the snapshot knows, and nothing was
 * fired. The old row is row `at` of ModifyRun.old.
 */
Status modify_fire_before(Cx *cx, ExecNode *n, const Snapshot *snap, RowId id, Batch *row,
                          uint32_t at, const bool **changed, WriteOutcome *outcome, bool *skip_out);
/* modify_changed_now - the columns that a statement sets or that differ; valid until the next call.
 */
const bool *modify_changed_now(ExecNode *n, const bool *set, const Batch *old, const Batch *row,
                               uint32_t at);
/* modify_self_changed - 27000 when the outcome says that a trigger has changed the row; what:
 * "updated" and the like. */
Status modify_self_changed(Cx *cx, ExecNode *n, RowId id, WriteOutcome outcome, const char *what);
/* merge.c */
Status merge_actions_create(Cx *cx, ExecNode *n);
void merge_start(ExecNode *n);
Status merge_batch(Cx *cx, ExecNode *n, const Batch *in);
/* modify_generated - the generated columns of new rows whose other columns are there. */
Status modify_generated(Cx *cx, ExecNode *n, ExprRun *generated, const Batch *row);
/* conflict.c */
Status conflict_create(Cx *cx, ExecNode *n);
void conflict_start(ExecNode *n);
Status conflict_insert(Cx *cx, ExecNode *n, const Batch *in);

#endif
