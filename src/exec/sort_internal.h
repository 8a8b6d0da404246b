#ifndef DASSIE_EXEC_SORT_INTERNAL_H
#define DASSIE_EXEC_SORT_INTERNAL_H
/*
 * sort_internal.h - the state of a sort, for sort.c (in memory) and sort_merge.c (runs on disk).
 */
#include "exec/order.h"
#include "exec/spill.h"

enum { SORT_RUNS_MAX = 32 };

typedef struct SortRun {
    ExprRun *run;
    RowStore store;
    SortItem *items;
    uint32_t count, size;
    int64_t want;   /* -1 = all */
    SortItem bound; /* the last wanted row so far */
    bool bounded, ints;
    uint32_t at;
    bool filled;
    SortOrder order;
    Buf key;
    const Vector **vecs;
    uint32_t *rows;
    uint16_t *kept;
    /* unique and ties */
    Buf last;
    bool have_last;
    ExprRun *limit; /* of ties: LIMIT and OFFSET; `want` counts down to its last row */
    uint16_t *idx;
    /* runs on disk */
    Arena disk;
    Spill *runs[SORT_RUNS_MAX];
    uint32_t run_count;
    struct SortMerge *merge;
} SortRun;

/* sort_key_of - the key of a row of the batch that sort_keys_eval was called for; valid until the
 * next. */
Status sort_keys_eval(Cx *cx, ExecNode *n, const Batch *b);
const uint8_t *sort_key_of(ExecNode *n, uint32_t row, uint32_t *len_out);
void sort_forget(ExecNode *n);
/* sort_merge.c */
/* sort_spill - put what is in memory aside as a run, in order. */
Status sort_spill(Cx *cx, ExecNode *n);
Status sort_merge_begin(Cx *cx, ExecNode *n);
Status sort_merge_next(Cx *cx, ExecNode *n, uint32_t max_rows);

#endif
