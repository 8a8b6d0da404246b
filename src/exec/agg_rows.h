#ifndef DASSIE_EXEC_AGG_ROWS_H
#define DASSIE_EXEC_AGG_ROWS_H
/*
 * agg_rows.h - the rows of one group for an aggregate call that has an ORDER BY of its own: kept
 * with their encoded sort keys, sorted when the group is handed out, then given to the aggregate.
 * One thread; memory is the caller's arenas'.
 */
#include "exec/exec_internal.h"

typedef struct AggRow AggRow;
/* AggRows - the state of such a call; zero is empty. */
typedef struct AggRows {
    AggRow **rows;
    uint32_t count, size;
} AggRows;

/* agg_rows_add - keep a row: its arguments, and its key made of the sort vectors. `key` is scratch.
 */
void agg_rows_add(AggRows *state, const AggCall *call, const Vector *const *args,
                  const Vector *const *sort, uint32_t row, Buf *key, Arena *arena);
/* agg_rows_update - sort, and run the aggregate over the rows; its state comes from fc->arena. */
Status agg_rows_update(FnCall *fc, const AggCall *call, AggRows *state, void **state_out);

#endif
