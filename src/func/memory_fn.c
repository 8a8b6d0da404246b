/*
 * memory_fn.c - pg_backend_memory_contexts: the arenas of the session that asks.
 *
 * Those below its own arena are all walked; of those its statement runs in only the way up, for
 * what hangs beside it may be another thread's.
 */
#include "func/func_internal.h"

enum { MEMORY_MAX = 512, MEMORY_DEPTH = 32 };

typedef struct MemoryRow {
    const char *name, *parent;
    int32_t level;
    int64_t total, blocks, left;
} MemoryRow;

typedef struct MemoryRows {
    MemoryRow rows[MEMORY_MAX];
    uint32_t count, at;
} MemoryRows;

static void contexts_add(MemoryRows *r, const Arena *a, int32_t level)
{
    if (r->count < MEMORY_MAX) {
        r->rows[r->count++] = (MemoryRow){
            .name = a->name,
            .parent = a->parent != NULL ? a->parent->name : NULL,
            .level = level,
            .total = (int64_t)a->total_bytes,
            .blocks = arena_block_count(a),
            .left = a->cur != NULL ? (int64_t)(a->end - a->cur) : 0,
        };
    }
}

static void contexts_walk(MemoryRows *r, const Arena *a, int32_t level)
{
    contexts_add(r, a, level);
    if (level < MEMORY_DEPTH) {
        for (const Arena *c = a->children; c != NULL; c = c->sibling_next) {
            contexts_walk(r, c, level + 1);
        }
    }
}

/* contexts_climb - the arena and those above it, the uppermost first. */
static int32_t contexts_climb(MemoryRows *r, const Arena *a, const Arena *stop)
{
    if (a == NULL || a == stop) {
        return 0;
    }
    int32_t level = contexts_climb(r, a->parent, stop);
    contexts_add(r, a, level);
    return level + 1;
}

static Status contexts_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    MemoryRows *r = ARENA_NEW(call->state_arena, MemoryRows);
    FuncSession *fs = func_session(call);
    (void)args, (void)nulls, (void)count;
    contexts_walk(r, fs->session_arena, 0);
    (void)contexts_climb(r, call->state_arena, fs->session_arena);
    call->state = r;
    return ST_OK;
}

static Status contexts_next(FnCall *call, Datum *cols, bool *nulls)
{
    MemoryRows *r = call->state;
    if (r->at == r->count) {
        return ST_DONE;
    }
    const MemoryRow *m = &r->rows[r->at++];
    func_put(call, cols, nulls, 0, m->name);
    nulls[1] = true; /* arenas have no further mark */
    func_put(call, cols, nulls, 2, m->parent);
    cols[3].i32 = m->level;
    cols[4].i64 = m->total;
    cols[5].i64 = m->blocks;
    cols[6].i64 = m->left;
    cols[7].i64 = 0; /* nothing is freed one by one */
    cols[8].i64 = m->total - m->left;
    return ST_OK;
}

const SetOps FUNC_MEMORY_SET = {"pg_get_backend_memory_contexts", contexts_begin, contexts_next};
