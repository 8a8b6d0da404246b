#ifndef DASSIE_BASE_COMPILER_H
#define DASSIE_BASE_COMPILER_H
/*
 * compiler.h - the GNU C extensions we allow ourselves, and the assertions.
 *
 * ASSERT stays on in release builds (cheap facts about our own code); DASSERT only in debug builds
 * (walks). Neither may ever test bytes that came from a client or a disk. Any thread; no state.
 */
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIKELY(x)                     __builtin_expect(!!(x), 1)
#define UNLIKELY(x)                   __builtin_expect(!!(x), 0)
#define PRINTF_LIKE(f, a)             __attribute__((format(printf, f, a)))
#define NORETURN                      __attribute__((noreturn))
#define UNUSED                        __attribute__((unused))
#define ALWAYS_INLINE                 inline __attribute__((always_inline))
#define NOINLINE                      __attribute__((noinline))
#define CACHE_LINE                    64
#define ARRAY_LEN(a)                  (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))
#define STATIC_ASSERT(c, msg)         _Static_assert(c, msg)
/* MIN, MAX - look at each argument once: it may be an atomic load or a call. */
#define PICK_(a, b, op, n)                                                                         \
    __extension__({                                                                                \
        __typeof__(1 ? (a) : (b)) pick_a_##n = (a), pick_b_##n = (b);                              \
        pick_a_##n op pick_b_##n ? pick_a_##n : pick_b_##n;                                        \
    })
#define PICK(a, b, op, n) PICK_(a, b, op, n)
#define MIN(a, b)         PICK(a, b, <, __COUNTER__)
#define MAX(a, b)         PICK(a, b, >, __COUNTER__)
#define ALIGN_UP(n, a)    (((n) + ((__typeof__(n))(a)-1)) & ~((__typeof__(n))(a)-1))

/* array_sort - qsort, of an array that may be NULL when it is empty. */
static inline void array_sort(void *items, size_t count, size_t item_bytes,
                              int (*compare)(const void *a, const void *b))
{
    if (count > 1) {
        qsort(items, count, item_bytes, compare);
    }
}

/* panic - say what broke and end the process; the restart recovers. Used after a failed fsync or
 * inside "must not fail". */
NORETURN void panic_at(const char *file, int line, const char *fn, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
#define PANIC(...) panic_at(__FILE__, __LINE__, __func__, __VA_ARGS__)
#define ASSERT(c)                                                                                  \
    (LIKELY(c) ? (void)0 : panic_at(__FILE__, __LINE__, __func__, "assertion failed: %s", #c))
#define UNREACHABLE() panic_at(__FILE__, __LINE__, __func__, "unreachable code reached")
#ifdef DASSIE_DEBUG
#define DASSERT(c) ASSERT(c)
#else
#define DASSERT(c) ((void)sizeof(c))
#endif

#endif
