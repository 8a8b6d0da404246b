/*
 * buf.c - the growable byte buffer.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

#define BUF_BYTES_MIN 256

void buf_init(Buf *b, size_t cap)
{
    *b = (Buf){.cap = cap};
}

void buf_release(Buf *b)
{
    mem_free(b->data);
    *b = (Buf){.cap = b->cap};
}

bool buf_reserve_slow(Buf *b, size_t more)
{
    if (more > b->cap || b->len > b->cap - more) {
        b->overflow = true;
        return false;
    }
    size_t size = MAX(b->size * 2, (size_t)BUF_BYTES_MIN);
    size = MIN(MAX(size, b->len + more), b->cap);
    b->data = mem_realloc("buf", b->data, size);
    b->size = size;
    return true;
}

void buf_printf(Buf *b, const char *fmt, ...)
{
    char small[512];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    if ((size_t)n < sizeof(small)) {
        buf_put(b, small, (size_t)n);
    } else if (buf_reserve(b, (size_t)n + 1)) {
        (void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_put_u64_text(Buf *b, uint64_t v)
{
    char text[20];
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    buf_put(b, text + at, sizeof(text) - at);
}

void buf_put_i64_text(Buf *b, int64_t v)
{
    if (v < 0) {
        buf_putc(b, '-');
        buf_put_u64_text(b, 0 - (uint64_t)v);
    } else {
        buf_put_u64_text(b, (uint64_t)v);
    }
}

void buf_put_json(Buf *b, Slice s)
{
    buf_putc(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\') {
            buf_putc(b, '\\');
            buf_putc(b, (char)c);
        } else if (c < 0x20) {
            buf_printf(b, "\\u%04x", c);
        } else {
            buf_putc(b, (char)c);
        }
    }
    buf_putc(b, '"');
}
