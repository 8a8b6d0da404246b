#ifndef DASSIE_INET_H
#define DASSIE_INET_H
/*
 * inet.h - values of inet and cidr, for the files that handle them. Any thread; no state.
 */
#include "type/type.h"

enum { INET_V4 = 2, INET_V6 = 3, INET_HEAD = 4, INET_BYTES_MAX = INET_HEAD + 16 };

/* InetValue - a value, as its bytes on the wire but for `cidr`, which is always 0. */
typedef struct InetValue {
    uint8_t family, bits, cidr, size;
    uint8_t address[16];
} InetValue;

static inline InetValue inet_value(const Str *s)
{
    InetValue v = {0};
    memcpy(&v, str_ptr(s), MIN(s->len, (uint32_t)sizeof(v)));
    return v;
}
static inline Str inet_str(Arena *arena, const InetValue *v)
{
    return str_copy(arena, (const char *)v, (size_t)INET_HEAD + v->size);
}
/* The I/O, order, hash and keys of inet, which cidr shares. */
Status inet_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out);
int inet_order(const Datum *a, const Datum *b);
uint64_t inet_hash(const Datum *v);
void inet_key(const Datum *d, Buf *buf);
bool inet_unkey(Arena *arena, Slice *in, Datum *out);

#endif
