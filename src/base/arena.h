#ifndef DASSIE_BASE_ARENA_H
#define DASSIE_BASE_ARENA_H
/*
 * arena.h - regions of memory freed as a whole, and the tagged allocator for long-lived structures.
 *
 * Arenas form a tree by life time: server > session > transaction > statement > operator > batch; a
 * child is released with its parent. One arena belongs to one thread at a time. Allocation cannot
 * fail to the caller: when an arena passes its cap it keeps serving and turns `over_cap` on, which
 * statement boundaries and loops test with arena_check() (54001/53200); data-sized memory is
 * reserved from a budget first. Memory is not zeroed unless the name says so.
 */
#include "base/status.h"

typedef struct ArenaBlock ArenaBlock;
typedef struct Arena {
    uint8_t *cur, *end; /* free space of the current block */
    ArenaBlock *blocks; /* newest first */
    struct Arena *parent, *children, *sibling_next, *sibling_prev;
    struct ArenaCleanup *cleanups; /* run newest first at clear/release */
    size_t total_bytes;            /* of all blocks held */
    size_t cap_bytes;              /* 0 = none */
    size_t block_bytes;            /* size of the next block; grows */
    bool over_cap;
    const char *name; /* static string, for reports */
} Arena;

/* arena_init - an empty arena; takes no memory until used. parent may be NULL. */
void arena_init(Arena *a, Arena *parent, const char *name, size_t cap_bytes);
/* arena_create - likewise, the Arena struct itself living in the parent (parent required). */
Arena *arena_create(Arena *parent, const char *name, size_t cap_bytes);
/* arena_clear - run cleanups, release children and all memory but the first block; ready for reuse.
 */
void arena_clear(Arena *a);
/* arena_thread_end - a thread that ends gives back the blocks it keeps for its arenas. */
void arena_thread_end(void);
/* arena_release - arena_clear and give all memory back; unlink from the parent. */
void arena_release(Arena *a);
/* arena_on_clear - have fn(arg) called when the arena is cleared or released (non-memory
 * resources). */
void arena_on_clear(Arena *a, void (*fn)(void *arg), void *arg);
void *arena_alloc_slow(Arena *a, size_t bytes, size_t align);

static inline void *arena_alloc_aligned(Arena *a, size_t bytes, size_t align)
{
    uint8_t *p = (uint8_t *)ALIGN_UP((uintptr_t)a->cur, align);
    if (LIKELY(a->cur != NULL && p <= a->end && bytes <= (size_t)(a->end - p))) {
        a->cur = p + bytes;
        return p;
    }
    return arena_alloc_slow(a, bytes, align);
}
static inline void *arena_alloc(Arena *a, size_t bytes)
{
    return arena_alloc_aligned(a, bytes, 16);
}
/* Zeroed bytes, and copies of bytes, of strings, of a formatted text. */
void *arena_zalloc(Arena *a, size_t bytes);
void *arena_memdup(Arena *a, const void *p, size_t bytes);
char *arena_strdup(Arena *a, const char *s);
char *arena_strndup(Arena *a, const char *s, size_t n);
char *arena_printf(Arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* arena_grow - a bigger copy of an array (old_bytes are copied); in place when it was the last
 * allocation. */
void *arena_grow(Arena *a, void *p, size_t old_bytes, size_t new_bytes);
/* arena_block_count - how many pieces of memory it holds, for reports. */
uint32_t arena_block_count(const Arena *a);
/* arena_check - 53200 once the cap was passed. */
Status arena_check(Cx *cx, Arena *a);

#define ARENA_NEW(a, type)      ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (size_t)(n)))

/* A mark lets a loop give back what it took: arena_mark / arena_rewind (only the newest blocks are
 * freed; cleanups registered since run). */
typedef struct ArenaMark {
    ArenaBlock *block;
    uint8_t *cur;
    struct ArenaCleanup *cleanups; /* those registered later run at the rewind */
} ArenaMark;
ArenaMark arena_mark(const Arena *a);
void arena_rewind(Arena *a, ArenaMark mark);

/*
 * mem_alloc and friends - long-lived memory with accounting per tag; ends the process on exhaustion
 * (of a small reserve). tag is a static string.
 */
void *mem_alloc(const char *tag, size_t bytes);
void *mem_zalloc(const char *tag, size_t bytes);
void *mem_realloc(const char *tag, void *p, size_t bytes);
void mem_free(void *p);
/* mem_try_alloc - NULL instead of the end: for data-sized memory under a budget. */
void *mem_try_alloc(const char *tag, size_t bytes);

#endif
