#ifndef DASSIE_EXEC_SPILL_H
#define DASSIE_EXEC_SPILL_H
/*
 * spill.h - rows put aside on disk, for the operators that hold their input.
 *
 * A Spill is written to its end, rewound, and read in the order of writing, perhaps several times.
 * It lives in an arena and is closed when that is cleared. One thread.
 */
#include "exec/exec_internal.h"

typedef struct Spill Spill;

/* spill_possible - does this execution know where temporary files go? */
bool spill_possible(const ExecState *s);
Spill *spill_create(ExecState *s, Arena *arena, const PhysType *types, uint16_t col_count);
Status spill_append_row(Cx *cx, Spill *p, const Vector *const *cols, uint32_t row);
Status spill_append(Cx *cx, Spill *p, const Batch *b);
Status spill_rewind(Cx *cx, Spill *p);
/* spill_next - the next rows, valid until the next call; ST_DONE at the end. */
Status spill_next(Cx *cx, Spill *p, const Batch **out);
uint64_t spill_rows(const Spill *p);
/* spill_drop - give the file back before the arena is cleared. */
void spill_drop(Spill *p);

/* SpillParts - rows divided by a hash of their key, so that each part fits; a part that does not is
 * divided again, one deeper. */
enum { SPILL_PARTS = 16, SPILL_DEPTH_MAX = 6 };
typedef struct SpillParts {
    Spill *parts[SPILL_PARTS];
    uint32_t depth;
} SpillParts;
SpillParts *spill_parts_create(ExecState *s, Arena *arena, const PhysType *types,
                               uint16_t col_count, uint32_t depth);
Status spill_put(Cx *cx, SpillParts *p, uint64_t hash, const Vector *const *cols, uint32_t row);

/* exec_over_budget - does what the arena holds ask for spilling? */
bool exec_over_budget(const ExecState *s, const Arena *a);

#endif
