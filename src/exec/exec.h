#ifndef DASSIE_EXEC_H
#define DASSIE_EXEC_H
/*
 * exec.h - running plans: operators over batches, pull-based, demand flows down.
 *
 * An ExecState is checked out of the plan's free list per portal and given back, so a cached
 * statement executes without allocating. One thread at a time; it may change between calls of
 * exec_next (portals).
 */
#include "plan/plan.h"

typedef struct ExecState ExecState;

/* FkDeferred - foreign keys put off until the transaction's end; one of each transaction. All zero
 * but for the arena, which lives as long: nothing put off, nothing set. */
/* FkModes - what SET CONSTRAINTS said so far and which tables have checks put off; a copy of it is
 * all that is needed to go back. */
typedef struct FkModes {
    const struct FkMode *first; /* newest first, never changed */
    char all;                   /* SET CONSTRAINTS ALL: 'd' deferred, 'i' immediate, 0 neither */
    const struct FkPending *pending;     /* never changed */
    const struct TriggerLater *triggers; /* calls put off, newest first, never changed */
} FkModes;
typedef struct FkDeferred {
    Arena *arena;
    struct FkLater *first;
    FkModes modes;
} FkDeferred;
/* fk_pending_on - is there a check put off because of rows of the table? */
bool fk_pending_on(const FkDeferred *d, Oid table);
/* fk_pending_done - what was put off for the constraint (0: for all) has been checked. */
void fk_pending_done(FkDeferred *d, Oid constraint);
/* fk_deferred_set - SET CONSTRAINTS; constraint 0: all. */
void fk_deferred_set(FkDeferred *d, Oid constraint, bool deferred);
struct ExecEnv;
/* fk_deferred_check - do now what was put off; constraint 0: all. keep: it stays to be done again,
 * for what makes it good now may be rolled back. 23503. */
Status fk_deferred_check(Cx *cx, FkDeferred *d, const struct ExecEnv *env, Arena *arena,
                         Oid constraint, bool keep);

/* trigger_deferred_any - is a call of a constraint trigger put off? trigger_deferred_fire - make
 * those; they may put off others. constraint 0: all. */
bool trigger_deferred_any(const FkDeferred *d, Oid constraint);
Status trigger_deferred_fire(Cx *cx, FkDeferred *d, const struct ExecEnv *env, Oid constraint);

/* unique_deferred_check - the same for the rows of deferrable unique constraints. 23505. */
Status unique_deferred_check(Cx *cx, FkDeferred *d, const struct ExecEnv *env, Oid constraint,
                             bool keep);

typedef struct ExecEnv {
    CatView *view;
    Txn *txn;
    const Snapshot *snapshot; /* must stay valid until exec_close */
    const TypeEnv *type_env;
    const Datum *params;
    const bool *param_nulls;
    uint32_t param_count;
    const FnOps *(*extra_fn)(const char *prosrc);
    const SetOps *(*extra_set)(const char *prosrc); /* may be NULL */
    uint64_t work_mem_bytes;
    /* Where temporary files go: names begin with this. NULL: operators that outgrow their memory
     * fail. */
    Os *os;
    const char *temp_prefix;
    FkDeferred *deferred; /* NULL: every foreign key is checked at the statement's end */
    /* Not NULL, for a plan that is `repeatable` only: instead of blocking, exec_next may return
     * ST_BUSY (TxnPark); then close the state, and later run the plan again under the same
     * snapshot. */
    struct TxnPark *park;
    bool count_nodes; /* EXPLAIN ANALYZE: rows and times of each node are kept; the state is not
                         used again */
    const struct TransitionRows *transitions[TRANSITIONS_MAX]; /* of a trigger's function */
    bool no_triggers; /* a statement of DDL's own: only keys are looked at */
    bool replica;     /* session_replication_role: which triggers fire */
    /* Set by src/exec itself, for statements that foreign keys run: */
    struct FkQueue *fk_queue;   /* what is owed at the end of the statement on top */
    const Snapshot *crosscheck; /* not NULL: a row to be changed that this snapshot does not know in
                                   its newest form is 40001 */
} ExecEnv;

Status exec_open(Cx *cx, Plan *plan, const ExecEnv *env, ExecState **state_out);
/* exec_next - up to max_rows rows (<= VEC_CAPACITY); valid until the next call. ST_DONE at the end.
   A command without RETURNING does all its work in the first call and returns ST_DONE. */
Status exec_next(Cx *cx, ExecState *state, uint32_t max_rows, const Batch **batch_out);
/* exec_forbid_park - something was done with its rows: it cannot be begun again (ExecEnv.park). */
void exec_forbid_park(ExecState *state);
/* exec_affected - rows inserted, updated, deleted or returned so far, for the command tag. */
uint64_t exec_affected(const ExecState *state);
/* exec_actual - what a node has done so far, of a state opened with `count_nodes`. For PlanActuals.
 */
const PlanActual *exec_actual(const void *state, const struct PlanNode *n);
/* exec_close - end the scans, give the state back to the plan. Safe after an error. */
void exec_close(ExecState *state);

/* CopyIn - COPY FROM: rows as batches of the table's columns, with defaults, checks, indexes and
 * foreign keys. */
typedef struct ExecInsert ExecInsert;
Status exec_insert_begin(Cx *cx, Arena *arena, const ExecEnv *env, const CatTable *table,
                         ExecInsert **ins_out);
/* columns of the batch: all table columns, in order. */
Status exec_insert_rows(Cx *cx, ExecInsert *ins, const Batch *rows);
/* exec_insert_count - rows inserted: those that BEFORE triggers skipped are not. */
uint64_t exec_insert_count(const ExecInsert *ins);
Status exec_insert_end(Cx *cx, ExecInsert *ins);

/* exec_truncate_triggers - fire the BEFORE or AFTER TRUNCATE triggers of a table. */
Status exec_truncate_triggers(Cx *cx, const ExecEnv *env, Arena *arena, const CatTable *table,
                              bool before);

/* exec_index_compute - CatIndexComputeFn over bind and expr. */
Status exec_index_compute(Cx *cx, CatView *v, Arena *arena, const CatTable *t, const CatIndex *ix,
                          const IndexCompute **out, const char *const **names_out);

#endif
