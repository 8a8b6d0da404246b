#ifndef DASSIE_BASE_BUF_H
#define DASSIE_BASE_BUF_H
/*
 * buf.h - a growable byte buffer with a cap, and Slice, a borrowed piece of text.
 *
 * Buf owns heap memory (mem_alloc); past its cap appends are dropped and `overflow` is set, tested
 * once by the owner. One thread at a time.
 */
#include "base/status.h"

typedef struct Slice {
    const char *ptr; /* not NUL-terminated */
    size_t len;
} Slice;
#define SLICE_LIT(s) ((Slice){(s), sizeof(s) - 1})
static inline Slice slice_of(const char *s)
{
    return (Slice){s, strlen(s)};
}
static inline bool slice_eq(Slice a, Slice b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

typedef struct Buf {
    uint8_t *data;
    size_t len, size; /* bytes used, bytes held */
    size_t cap;       /* bytes at most */
    bool overflow;
} Buf;

void buf_init(Buf *b, size_t cap);
void buf_release(Buf *b);
/* buf_clear - forget the content, keep the memory. */
static inline void buf_clear(Buf *b)
{
    b->len = 0;
    b->overflow = false;
}
bool buf_reserve_slow(Buf *b, size_t more);
/* buf_reserve - make room for `more` bytes; false (and overflow set) when the cap forbids it. */
static inline bool buf_reserve(Buf *b, size_t more)
{
    return LIKELY(b->size - b->len >= more) || buf_reserve_slow(b, more);
}
static inline void buf_put(Buf *b, const void *p, size_t n)
{
    if (LIKELY(buf_reserve(b, n))) {
        if (n != 0) {
            memcpy(b->data + b->len, p, n);
        }
        b->len += n;
    }
}
static inline void buf_putc(Buf *b, char c)
{
    buf_put(b, &c, 1);
}
static inline void buf_puts(Buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}
static inline void buf_put_slice(Buf *b, Slice s)
{
    buf_put(b, s.ptr, s.len);
}
void buf_printf(Buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Big-endian integers, as the wire has them. */
static inline void buf_put_u16be(Buf *b, uint16_t v)
{
    v = __builtin_bswap16(v);
    buf_put(b, &v, 2);
}
static inline void buf_put_u32be(Buf *b, uint32_t v)
{
    v = __builtin_bswap32(v);
    buf_put(b, &v, 4);
}
static inline void buf_put_u64be(Buf *b, uint64_t v)
{
    v = __builtin_bswap64(v);
    buf_put(b, &v, 8);
}
/* buf_put_i64_text, buf_put_u64_text - decimal text, no printf. */
void buf_put_i64_text(Buf *b, int64_t v);
void buf_put_u64_text(Buf *b, uint64_t v);
/* buf_put_json - a string of JSON, quoted; bytes of 128 and more go as they are. */
void buf_put_json(Buf *b, Slice s);

#endif
