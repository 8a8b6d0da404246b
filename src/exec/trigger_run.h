#ifndef DASSIE_TRIGGER_RUN_H
#define DASSIE_TRIGGER_RUN_H
/*
 * trigger_run.h - firing the triggers of a table: before the statement and each row at once, after
 * them from a list that is worked off at the statement's end.
 *
 * One thread, that of the statement. A TriggerRun belongs to a node (or a COPY); what it owes at
 * the end, a TriggerAfter, lives in the arena of the statement on top of a cascade.
 */
#include "exec/spill.h"
#include "expr/call.h"

/* TriggerAfter - the AFTER triggers that a node owes: rows with the triggers to fire for each, in
 * the order they were changed, and the statement's. */
typedef struct TriggerAfter {
    const PlanTriggers *plan;
    ExecState *s; /* whose memory and files */
    Arena *arena;
    bool begun;
    BigStore rows; /* old columns, new columns, triggers (bits), event */
    PhysType *types;
    uint64_t statement[3]; /* FOR EACH STATEMENT triggers to fire: of UPDATE, INSERT, DELETE */
    RowStore *inserted, *updated_old, *updated_new, *deleted; /* transition tables */
    bool queued;
} TriggerAfter;

typedef struct TriggerRun {
    const PlanTriggers *plan;
    ExecState *s;
    ExprRun *when;
    Batch pair; /* the old row's columns, then the new row's */
    Batch made; /* the row that BEFORE triggers have made */
    bool *changed;
    KeyTable *own; /* rows that the statement itself has changed */
    Arena call;    /* of one call */
    Arena rows;    /* of what is owed: apart from what foreign keys hold */
    TriggerAfter *after;
} TriggerRun;

/* trigger_fires - does a trigger with this tgenabled fire in the session? */
bool trigger_fires(const ExecEnv *env, char enabled);
/* trigger_is_due - trigger i, if it is of the kind (ROW, BEFORE) and fires for the event. */
bool trigger_is_due(const ExecEnv *env, const PlanTriggers *p, uint16_t i, int16_t event,
                    int16_t kind);
/* trigger_event_number - the place of an event in TriggerAfter.statement. */
static inline uint32_t trigger_event_number(int16_t event)
{
    return event == TRIGGER_UPDATE ? 0 : event == TRIGGER_INSERT ? 1 : 2;
}
/* trigger_begin_call - a call of the trigger for an event (one of TRIGGER_INSERT, ...). */
TriggerCall trigger_begin_call(const CatTable *t, const CatTrigger *g, int16_t event, Arena *arena);
/* trigger_call - call the function. 0A000 when nobody can. */
Status trigger_call(Cx *cx, const ExecEnv *env, TriggerCall *call);
/* trigger_row_of - row `at` of a batch of the table's columns, in arena. */
const TriggerRow *trigger_row_of(const CatTable *t, const Batch *b, uint32_t at, Arena *arena);

/* plan NULL: *out is NULL. */
Status trigger_run_create(Cx *cx, ExecState *s, Arena *arena, const PlanTriggers *plan,
                          TriggerRun **out);
/* trigger_run_start - a new execution; trigger_run_end - let go of what it held. */
void trigger_run_start(TriggerRun *t);
void trigger_run_end(TriggerRun *t);
/* trigger_before_statement - events: of which kinds the statement is. */
Status trigger_before_statement(Cx *cx, TriggerRun *t, int16_t event);
/*
 * trigger_change_row - fire BEFORE or INSTEAD OF triggers (kind) for row `at`: `row`, a batch of
 * table columns, gets what they make of it; old NULL for INSERT; for DELETE `row` is NULL.
 * *skip_out: nothing is to be done with the row. The row lives in `arena`.
 */
Status trigger_change_row(Cx *cx, TriggerRun *t, int16_t event, int16_t kind, const Batch *old,
                          Batch *row, uint32_t at, Arena *arena, bool *skip_out);
static inline Status trigger_before_row(Cx *cx, TriggerRun *t, int16_t event, const Batch *old,
                                        Batch *row, uint32_t at, Arena *arena, bool *skip_out)
{
    return trigger_change_row(cx, t, event, TRIGGER_BEFORE, old, row, at, arena, skip_out);
}
/* trigger_after_row - row `at` was changed: note the triggers to fire and rows of transition
 * tables. */
Status trigger_after_row(Cx *cx, TriggerRun *t, int16_t event, const Batch *old, const Batch *row,
                         uint32_t at);
/* trigger_after_statement - the event's FOR EACH STATEMENT triggers are owed. */
Status trigger_after_statement(Cx *cx, TriggerRun *t, int16_t event);
/* trigger_own_row - the statement has changed the row; trigger_was_own - has it? */
void trigger_own_row(TriggerRun *t, RowId id);
bool trigger_was_own(const TriggerRun *t, RowId id);

/* trigger_after_new - nothing owed yet. */
TriggerAfter *trigger_after_new(const PlanTriggers *plan, ExecState *s, Arena *arena);
/* trigger_after_owes - is there something to fire? */
bool trigger_after_owes(const TriggerAfter *a);
/* TriggerPart - of what a node owes. */
typedef enum TriggerPart {
    TRIGGER_PART_ALL,
    TRIGGER_PART_ROWS,
    TRIGGER_PART_STATEMENT
} TriggerPart;
/* trigger_after_fire - rows in their order, then the statement's; those of constraint triggers that
 * are deferred are put off. env: of the statement on top. */
Status trigger_after_fire(Cx *cx, TriggerAfter *a, const ExecEnv *env, TriggerPart part);

#endif
