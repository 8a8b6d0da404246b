#ifndef DASSIE_EXPR_CALL_H
#define DASSIE_EXPR_CALL_H
/*
 * call.h - how lower folders reach functions that users wrote (SQL, PL/pgSQL): one table of
 * handlers a session, filled by src/func and reached through TypeEnv.functions.
 *
 * A plain call in an expression or a FROM item needs nothing of this: the expression compiler and
 * the executor take the kernel "user:" of src/func for every function that is not built in. What is
 * here is for callers with an OID in hand: triggers, casts, procedures.
 *
 * One thread, that of the session's statement. A function runs in the transaction of its caller;
 * what it wrote before an error is undone by whoever catches the error (its statement, its block
 * with EXCEPTION).
 */
#include "catalog/catalog.h"

typedef struct FnManager FnManager;

/* TriggerRow - a row of the trigger's table, by position in CatTable.columns (dropped ones NULL);
 * physical types are those of the columns' types. Borrowed. */
typedef struct TriggerRow {
    const Datum *values;
    const bool *nulls;
} TriggerRow;

/* TransitionRows - what a statement trigger sees as a table (REFERENCING ... AS name). */
typedef struct TransitionRows {
    const char *name;
    const Batch *const *batches; /* columns of the table, by position */
    uint32_t batch_count;
} TransitionRows;

/* TriggerCall - one firing of a trigger: everything TG_* tells, and what came back. */
typedef struct TriggerCall {
    Oid function, trigger;
    const char *name; /* TG_NAME */
    const CatTable *table;
    char when;  /* b before, a after, i instead of */
    bool row;   /* FOR EACH ROW */
    char event; /* i insert, u update, d delete, t truncate */
    uint32_t arg_count;
    const char *const *args;                   /* TG_ARGV */
    const TriggerRow *old_row, *new_row;       /* NULL: none (OLD and NEW are NULL then) */
    const TransitionRows *old_rows, *new_rows; /* NULL: none */
    Arena *arena;                              /* the bytes of what is returned are put there */
    /* Out, of row triggers that run before or instead: */
    bool skip;           /* the function returned NULL: nothing is done for this row */
    const Datum *values; /* the row it returned, else; by position as above. Equal to those of */
    const bool *nulls;   /* new_row (old_row for DELETE), the same pointers, when unchanged */
} TriggerCall;

/* FnInvoke - a plain call. types: of the arguments as they are (polymorphic ones are resolved by
 * them); result: the type wanted, resolved (CatProc.result unless that is polymorphic). */
typedef struct FnInvoke {
    Oid function, result;
    const Datum *args;
    const bool *nulls;
    const Oid *types;
    uint32_t arg_count;
    Oid collation;
    Arena *arena; /* the result's bytes */
} FnInvoke;

/* FnValidate - a function that has just been created: is its body one? */
typedef struct FnValidate {
    Oid function;
    Slice sql;             /* the statement that created it, for error positions */
    int32_t body_location; /* byte offset of the body's first character in sql, -1 unknown: a
                              literal with escapes */
} FnValidate;

struct FnManager {
    /* call - a function that returns one value (strictness is looked at: NULL in, NULL out). */
    Status (*call)(FnManager *m, Cx *cx, const FnInvoke *call, Datum *value_out, bool *null_out);
    /* trigger - call->function as trigger function. 39P01 when it is none. */
    Status (*trigger)(FnManager *m, Cx *cx, TriggerCall *call);
    /* validate - after CREATE FUNCTION, its row written. */
    Status (*validate)(FnManager *m, Cx *cx, const FnValidate *v);
    /* The snapshot of the query that runs now: what functions that are not volatile see. Kept by
     * exec_next. */
    const Snapshot *snapshot;
    /* How deep functions and triggers are nested now: pg_trigger_depth() counts triggers. */
    uint32_t depth, trigger_depth;
};

#endif
