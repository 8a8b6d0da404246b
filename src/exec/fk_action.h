#ifndef DASSIE_FK_ACTION_H
#define DASSIE_FK_ACTION_H
/*
 * fk_action.h - foreign keys at the end of a statement: checks, and the actions of keys that left.
 *
 * One thread, that of the statement. A queue lives while the statement on top of a cascade ends.
 */
#include "exec/modify_internal.h"

typedef struct FkQueue FkQueue;

/* fk_queue_after - where an action's statement puts its AFTER triggers; fk_queue_fired - were the
 * table's BEFORE STATEMENT triggers of the event fired in this cascade? From now on they were. */
struct TriggerAfter *fk_queue_after(FkQueue *q, const PlanTriggers *plan);
bool fk_queue_fired(FkQueue *q, Oid table, int16_t event);

/* fk_is_deferred - is the constraint checked at the transaction's end, as things are set now? */
bool fk_is_deferred(const FkDeferred *d, const CatConstraint *con);
/* fk_defer - put a check off: keys that children got, or (parent_side) that left, having become
 * `became` (NULL: deleted). */
void fk_defer(FkDeferred *d, const FkCheck *fk, bool parent_side, const RowStore *keys,
              const RowStore *became);

/* fk_pending_add - a check of the constraint is put off because of rows of the table. */
void fk_pending_add(FkDeferred *d, Oid table, Oid constraint);

/* exec_statement_end - all that the nodes of ExecState.due_first owe: foreign keys, then deferrable
 * unique constraints. */
Status exec_statement_end(Cx *cx, ExecState *s);

/* unique_statement_end - rows of deferrable unique constraints that a statement let in. */
Status unique_statement_end(Cx *cx, const ExecEnv *env);

#endif
