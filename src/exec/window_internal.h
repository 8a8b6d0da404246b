#ifndef DASSIE_EXEC_WINDOW_INTERNAL_H
#define DASSIE_EXEC_WINDOW_INTERNAL_H
/*
 * window_internal.h - the state of a window node, for window.c (input, partitions, output),
 * window_frame.c (frames) and window_call.c (functions).
 *
 * The node takes in whole partitions, computes all calls over them and hands the rows out again.
 * Rows are numbered within what is held: a partition is rows [first, end).
 */
#include "exec/spill.h"

/* WinRange - rows [from, to). */
typedef struct WinRange {
    uint32_t from, to;
} WinRange;

/* WinFrame - the rows of a frame: up to three ranges in order; what EXCLUDE takes out lies between.
 */
typedef struct WinFrame {
    WinRange part[3];
    uint32_t count;
} WinFrame;

typedef struct WinPartition {
    uint32_t first, end;
    uint32_t *group_of;    /* peer group of each row, [row - first] */
    uint32_t *group_first; /* first row of each group, and end behind the last */
    uint32_t group_count;
    /* for RANGE with offsets: how far the bounds have come, and where the order key is not NULL */
    WinRange keyed;
    uint32_t start_at, end_at;
} WinPartition;

typedef struct WinCallRun {
    FnCall fc;
    Arena arena; /* of the aggregate's state */
    void *state;
    AggRemove remove;
    const Vector **argv;
} WinCallRun;

typedef struct WindowRun {
    ExprRun *run, *offsets;
    /* input */
    Batch in; /* rows not yet taken in: selected ones from in_at on */
    uint32_t in_at;
    const Vector **vecs; /* the program's expressions over `in` */
    bool input_ended, have_last;
    Datum *last; /* keys of the last row taken in */
    bool *last_null;
    Arena last_arena[2]; /* long strings of `last`, in turn */
    uint32_t last_turn;
    uint16_t *idx;
    /* what is held */
    Arena rows_arena;
    BigStore rows;
    RowStore exprs;      /* of range expressions, arguments and filters only */
    uint16_t expr_first; /* the program's first expression held */
    uint8_t *begins;     /* per row: WIN_NEW_GROUP, WIN_NEW_PARTITION */
    uint32_t begins_size, row_count;
    /* offsets of the frame, evaluated once */
    bool offsets_known;
    int64_t start_count, end_count; /* ROWS, GROUPS, RANGE_INT; RANGE_TIME: microseconds */
    double start_float, end_float;
    bool start_negative, end_negative;
    /* output */
    WinCallRun *calls;
    Vector **results; /* [call * chunk_count + chunk] */
    uint32_t chunk_count, given;
    BigReader reader;
    Batch view;
    WinPartition part;
    uint16_t *sel_idx;
} WindowRun;

enum { WIN_NEW_GROUP = 1, WIN_NEW_PARTITION = 2 };

/* window_frame.c */
Status window_offsets(Cx *cx, ExecNode *n);
Status window_partition_begin(Cx *cx, ExecNode *n, uint32_t first, uint32_t end);
Status window_frame(ExecNode *n, uint32_t row, WinFrame *out);
/* frame_find - the k-th row (from 0) of a frame; false when it has fewer. frame_last - its last. */
bool frame_find(const WinFrame *f, uint64_t k, uint32_t *row_out);
bool frame_last(const WinFrame *f, uint32_t *row_out);

/* window_call.c */
Status window_call_run(Cx *cx, ExecNode *n, uint16_t call);

/* window_expr - the vector that holds expression `number` of a row, and the row's place in it. */
static inline const Vector *window_expr(const WindowRun *r, int number, uint32_t row,
                                        uint32_t *at_out)
{
    *at_out = row % VEC_CAPACITY;
    return r->exprs.chunks[row / VEC_CAPACITY]->cols[number - r->expr_first];
}

#endif
