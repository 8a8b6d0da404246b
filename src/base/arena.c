/*
 * arena.c - block lists behind the arenas, and the tagged allocator.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ARENA_BLOCK_BYTES_MIN 1024
#define ARENA_BLOCK_BYTES_MAX (256 * 1024)
#define ARENA_HUGE_BYTES      ((size_t)4 * 1024 * 1024)
#define HUGE_PAGE_BYTES       ((uintptr_t)2 * 1024 * 1024)

/*
 * Blocks of 16 to 256 KiB come straight from the system, in powers of two, and each thread keeps a
 * few. Short-lived large blocks among long-lived small ones would leave holes in the heap:
 * thousands of idle sessions, each with a few KiB behind the hole of its first statement.
 */
#define PAGES_SHIFT_MIN 14
#define PAGES_SHIFT_MAX 18
#define PAGES_SPARE_BYTES_MAX                                                                      \
    ((size_t)4 << 20) /* per size and thread; of the largest, four times */

struct ArenaBlock {
    ArenaBlock *next;       /* older */
    size_t bytes : 56;      /* of data */
    size_t pages_shift : 8; /* 0 = from the heap */
    alignas(16) uint8_t data[];
};

typedef struct ArenaCleanup {
    struct ArenaCleanup *next;
    void (*fn)(void *arg);
    void *arg;
} ArenaCleanup;

void arena_init(Arena *a, Arena *parent, const char *name, size_t cap_bytes)
{
    *a = (Arena){.name = name, .cap_bytes = cap_bytes, .parent = parent};
    a->block_bytes = ARENA_BLOCK_BYTES_MIN;
    if (parent != NULL) {
        a->sibling_next = parent->children;
        if (parent->children != NULL) {
            parent->children->sibling_prev = a;
        }
        parent->children = a;
    }
}

Arena *arena_create(Arena *parent, const char *name, size_t cap_bytes)
{
    Arena *a = arena_alloc(parent, sizeof(Arena));
    arena_init(a, parent, name, cap_bytes);
    return a;
}

static void arena_unlink(Arena *a)
{
    if (a->sibling_prev != NULL) {
        a->sibling_prev->sibling_next = a->sibling_next;
    } else if (a->parent != NULL) {
        a->parent->children = a->sibling_next;
    }
    if (a->sibling_next != NULL) {
        a->sibling_next->sibling_prev = a->sibling_prev;
    }
    a->sibling_next = a->sibling_prev = a->parent = NULL;
}

/* PagesSpare - free blocks of one size, of the running thread. */
typedef struct PagesSpare {
    ArenaBlock *first;
    uint32_t count;
} PagesSpare;
static __thread PagesSpare pages_spare[PAGES_SHIFT_MAX - PAGES_SHIFT_MIN + 1];

/* pages_block - a block of at least `size` bytes of data, NULL when it is none of these sizes. */
static ArenaBlock *pages_block(size_t size)
{
    uint32_t shift = PAGES_SHIFT_MIN;
    size_t total = size + sizeof(ArenaBlock);
#ifdef __SANITIZE_ADDRESS__
    return NULL; /* the heap's red zones find more */
#endif
    if (total <= (size_t)1 << (PAGES_SHIFT_MIN - 1) || total > (size_t)1 << PAGES_SHIFT_MAX) {
        return NULL;
    }
    while (total > (size_t)1 << shift) {
        shift++;
    }
    PagesSpare *spare = &pages_spare[shift - PAGES_SHIFT_MIN];
    ArenaBlock *b = spare->first;
    if (b != NULL) {
        spare->first = b->next;
        spare->count--;
        return b;
    }
    b = mmap(NULL, (size_t)1 << shift, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) {
        return NULL;
    }
    b->bytes = (((size_t)1 << shift) - sizeof(ArenaBlock)) & (((size_t)1 << 56) - 1);
    b->pages_shift = (uint8_t)shift;
    return b;
}

static void pages_free(ArenaBlock *b)
{
    uint32_t shift = b->pages_shift;
    PagesSpare *spare = &pages_spare[shift - PAGES_SHIFT_MIN];
    size_t max = PAGES_SPARE_BYTES_MAX >> shift << (shift == PAGES_SHIFT_MAX ? 2 : 0);
    if (spare->count >= max) {
        (void)munmap(b, (size_t)1 << shift);
        return;
    }
    b->next = spare->first;
    spare->first = b;
    spare->count++;
}

void arena_thread_end(void)
{
    for (size_t i = 0; i < ARRAY_LEN(pages_spare); i++) {
        while (pages_spare[i].first != NULL) {
            ArenaBlock *b = pages_spare[i].first;
            pages_spare[i].first = b->next;
            (void)munmap(b, (size_t)1 << (i + PAGES_SHIFT_MIN));
        }
        pages_spare[i].count = 0;
    }
}

static void arena_free_block(Arena *a, ArenaBlock *b)
{
    a->total_bytes -= b->bytes;
    if (b->pages_shift != 0) {
        pages_free(b);
    } else {
        free(b);
    }
}

/* arena_drop_contents - children first, then cleanups newest first: a cleanup may still use this
 * arena's memory. */
static void arena_drop_contents(Arena *a)
{
    while (a->children != NULL) {
        arena_release(a->children);
    }
    while (a->cleanups != NULL) {
        ArenaCleanup *c = a->cleanups;
        a->cleanups = c->next;
        c->fn(c->arg);
    }
}

void arena_clear(Arena *a)
{
    arena_drop_contents(a);
    while (a->blocks != NULL && a->blocks->next != NULL) {
        ArenaBlock *b = a->blocks;
        a->blocks = b->next;
        arena_free_block(a, b);
    }
    a->over_cap = false;
    if (a->blocks != NULL && a->blocks->pages_shift != 0) {
        arena_free_block(a, a->blocks); /* cheap to get again, much to keep by an idle session */
        a->blocks = NULL;
        a->cur = a->end = NULL;
    }
    if (a->blocks != NULL) {
        a->cur = a->blocks->data;
        a->end = a->blocks->data + a->blocks->bytes;
#ifdef DASSIE_DEBUG
        memset(a->cur, 0xCD, a->blocks->bytes);
#endif
    }
}

void arena_release(Arena *a)
{
    arena_drop_contents(a);
    while (a->blocks != NULL) {
        ArenaBlock *b = a->blocks;
        a->blocks = b->next;
        arena_free_block(a, b);
    }
    a->cur = a->end = NULL;
    arena_unlink(a);
}

void arena_on_clear(Arena *a, void (*fn)(void *arg), void *arg)
{
    ArenaCleanup *c = arena_alloc(a, sizeof(*c));
    *c = (ArenaCleanup){.next = a->cleanups, .fn = fn, .arg = arg};
    a->cleanups = c;
}

/* huge_hint - the inner part of a big block may lie in huge pages: a hash table or a store of many
 * rows is filled once, and most of the cost of its first touch is the number of page faults. */
static void huge_hint(void *p, size_t bytes)
{
    uintptr_t from = ALIGN_UP((uintptr_t)p, HUGE_PAGE_BYTES);
    uintptr_t to = ((uintptr_t)p + bytes) & ~(HUGE_PAGE_BYTES - 1);
    if (bytes >= ARENA_HUGE_BYTES && to > from) {
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE); /* only a hint */
    }
}

/* arena_block_new - a new block and the first allocation from it. zeroed: of a big block, whose
 * memory comes from the system as zeros and need not be touched. */
static void *arena_block_new(Arena *a, size_t bytes, size_t align, bool zeroed)
{
    size_t need = bytes + align;
    size_t size = MAX(need, a->block_bytes);
    if (size == ARENA_BLOCK_BYTES_MAX && need <= size - sizeof(ArenaBlock)) {
        size -= sizeof(ArenaBlock); /* the header within the power of two */
    }
    ArenaBlock *b = pages_block(size);
    if (b == NULL) {
        b = zeroed ? mem_zalloc("arena", sizeof(ArenaBlock) + size)
                   : mem_alloc("arena", sizeof(ArenaBlock) + size);
        huge_hint(b, sizeof(ArenaBlock) + size);
        b->bytes = size & (((size_t)1 << 56) - 1);
        b->pages_shift = 0;
    }
    b->next = a->blocks;
    a->blocks = b;
    a->total_bytes += b->bytes;
    a->over_cap |= a->cap_bytes != 0 && a->total_bytes > a->cap_bytes;
    /* Arenas that have become big grow by an eighth of what they have. */
    size_t most = MIN(MAX(a->total_bytes / 8, (size_t)ARENA_BLOCK_BYTES_MAX), 2 * ARENA_HUGE_BYTES);
    a->block_bytes = MIN(a->block_bytes * 2, most);
    uint8_t *p = (uint8_t *)ALIGN_UP((uintptr_t)b->data, align);
    a->cur = p + bytes;
    a->end = b->data + b->bytes;
    return p;
}

void *arena_alloc_slow(Arena *a, size_t bytes, size_t align)
{
    return arena_block_new(a, bytes, align, false);
}

void *arena_zalloc(Arena *a, size_t bytes)
{
    if (bytes >= ARENA_HUGE_BYTES) {
        return arena_block_new(a, bytes, 16, true);
    }
    return memset(arena_alloc(a, bytes), 0, bytes);
}

void *arena_memdup(Arena *a, const void *p, size_t bytes)
{
    void *copy = arena_alloc(a, MAX(bytes, 1));
    return bytes ? memcpy(copy, p, bytes) : copy;
}

char *arena_strndup(Arena *a, const char *s, size_t n)
{
    char *copy = arena_alloc_aligned(a, n + 1, 1);
    if (n != 0) { /* s may be NULL then */
        memcpy(copy, s, n);
    }
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(Arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(Arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    char *text = arena_alloc_aligned(a, (size_t)n + 1, 1);
    (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

void *arena_grow(Arena *a, void *p, size_t old_bytes, size_t new_bytes)
{
    if (p != NULL && (uint8_t *)p + old_bytes == a->cur && new_bytes >= old_bytes &&
        new_bytes - old_bytes <= (size_t)(a->end - a->cur)) {
        a->cur += new_bytes - old_bytes;
        return p;
    }
    void *bigger = arena_alloc(a, new_bytes);
    if (old_bytes != 0) {
        memcpy(bigger, p, MIN(old_bytes, new_bytes));
    }
    return bigger;
}

uint32_t arena_block_count(const Arena *a)
{
    uint32_t n = 0;
    for (const ArenaBlock *b = a->blocks; b != NULL; b = b->next) {
        n++;
    }
    return n;
}

Status arena_check(Cx *cx, Arena *a)
{
    if (UNLIKELY(a->over_cap || cx_refused(cx))) {
        return err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory in \"%s\"", a->name);
    }
    return ST_OK;
}

ArenaMark arena_mark(const Arena *a)
{
    return (ArenaMark){.block = a->blocks, .cur = a->cur, .cleanups = a->cleanups};
}

void arena_rewind(Arena *a, ArenaMark mark)
{
    /* They live in the memory given back, and so does what they clean up. */
    while (a->cleanups != NULL && a->cleanups != mark.cleanups) {
        ArenaCleanup *c = a->cleanups;
        a->cleanups = c->next;
        c->fn(c->arg);
    }
    while (a->blocks != mark.block) {
        ASSERT(a->blocks != NULL);
        ArenaBlock *b = a->blocks;
        if (mark.block == NULL && b->next == NULL) {
            /* Nothing was held at the mark: keep the first block for the next round. */
            mark.block = b;
            mark.cur = b->data;
            break;
        }
        a->blocks = b->next;
        arena_free_block(a, b);
    }
    a->cur = mark.cur;
    a->end = a->blocks != NULL ? a->blocks->data + a->blocks->bytes : NULL;
}

void *mem_try_alloc(const char *tag, size_t bytes)
{
    (void)tag;
    return malloc(bytes ? bytes : 1);
}

void *mem_alloc(const char *tag, size_t bytes)
{
    void *p = mem_try_alloc(tag, bytes);
    if (UNLIKELY(p == NULL)) {
        PANIC("out of memory: %zu bytes for %s", bytes, tag);
    }
    return p;
}

void *mem_zalloc(const char *tag, size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (UNLIKELY(p == NULL)) {
        PANIC("out of memory: %zu bytes for %s", bytes, tag);
    }
    return p;
}

void *mem_realloc(const char *tag, void *p, size_t bytes)
{
    void *q = realloc(p, bytes ? bytes : 1);
    if (UNLIKELY(q == NULL)) {
        PANIC("out of memory: %zu bytes for %s", bytes, tag);
    }
    return q;
}

void mem_free(void *p)
{
    free(p);
}
