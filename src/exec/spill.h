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
/* spill_reader - another place to read the same rows from, its own; it lives as long as `of`. */
Spill *spill_reader(Cx *cx, Spill *of, Arena *arena, Status *status_out);
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

/* BigStore - rows in memory as far as it goes, the rest on disk; read by any number of readers,
 * also while it grows. */
typedef struct BigStore {
    ExecState *s;
    Arena *arena;
    RowStore store;
    Spill *disk;
    uint64_t rows, id;
} BigStore;
typedef struct BigReader {
    StoreReader *memory;
    Spill *disk;
    Batch rest, view;
    uint32_t rest_at;
    uint16_t *idx;
    uint64_t given, store; /* rows handed out; of which store the disk reader is */
    bool rewound;
} BigReader;
void big_store_init(BigStore *b, ExecState *s, Arena *arena, const PhysType *types,
                    uint16_t col_count);
Status big_store_append(Cx *cx, BigStore *b, const Batch *rows);
void big_reader_init(BigReader *r, ExecState *s);
/* big_reader_rewind - to the first row; also whenever the store was made anew. */
void big_reader_rewind(BigReader *r);
Status big_read(Cx *cx, BigReader *r, BigStore *b, uint32_t max_rows, const Batch **out);

/* exec_over_budget - does what the arena holds ask for spilling? */
bool exec_over_budget(const ExecState *s, const Arena *a);

#endif
