/*
 * inet.c - inet: addresses of hosts with a network's length; I/O, order, comparisons, containment.
 *
 * A value is its bytes on the wire: family, network bits, a zero, how many bytes, the address.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "type/inet.h"
#include "type/kernel.h"
#include "type/range.h"

/* inet_in - an address, perhaps with "/bits". */
static Status inet_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    char copy[64];
    InetValue v = {.family = INET_V4, .bits = 32, .size = 4};
    const char *slash = memchr(text.ptr, '/', text.len);
    size_t n = slash != NULL ? (size_t)(slash - text.ptr) : text.len;
    if (n >= sizeof(copy)) {
        return err_bad_syntax(call->cx, "inet", text);
    }
    memcpy(copy, text.ptr, n);
    copy[n] = '\0';
    if (strchr(copy, ':') != NULL) {
        v = (InetValue){.family = INET_V6, .bits = 128, .size = 16};
    }
    bool ok = inet_pton(v.family == INET_V4 ? AF_INET : AF_INET6, copy, v.address) == 1;
    if (ok && slash != NULL) {
        uint32_t bits = 0;
        size_t digits = text.len - n - 1;
        for (size_t i = n + 1; i < text.len; i++) {
            ok = ok && is_digit(text.ptr[i]) && digits <= 3;
            bits = bits * 10 + (uint32_t)(text.ptr[i] - '0');
        }
        ok = ok && digits != 0 && bits <= v.bits;
        v.bits = (uint8_t)bits;
    }
    if (!ok) {
        return err_bad_syntax(call->cx, "inet", text);
    }
    out->str = str_copy(call->arena, (const char *)&v, (size_t)INET_HEAD + v.size);
    return ST_OK;
}

static void inet_out(FnCall *call UNUSED, const Datum *d, Buf *buf)
{
    char text[INET6_ADDRSTRLEN] = "", bits[8];
    InetValue v = inet_value(&d->str);
    (void)inet_ntop(v.family == INET_V4 ? AF_INET : AF_INET6, v.address, text, sizeof(text));
    buf_puts(buf, text);
    if (v.bits != v.size * 8) {
        (void)snprintf(bits, sizeof(bits), "/%u", v.bits);
        buf_puts(buf, bits);
    }
}

Status inet_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    InetValue v = {0};
    if (bytes.len >= INET_HEAD && bytes.len <= INET_BYTES_MAX) {
        memcpy(&v, bytes.ptr, bytes.len);
    }
    if ((v.family != INET_V4 && v.family != INET_V6) || v.size != (v.family == INET_V4 ? 4 : 16) ||
        bytes.len != (size_t)INET_HEAD + v.size || v.bits > v.size * 8) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid address family in external \"inet\" value");
    }
    v.cidr = 0;
    out->str = str_copy(call->arena, (const char *)&v, bytes.len);
    return ST_OK;
}

static void inet_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put(buf, str_ptr(&v->str), v->str.len);
}

/* inet_key - family, network, its length, address: bytes in the order of the values. */
void inet_key(const Datum *d, Buf *buf)
{
    InetValue v = inet_value(&d->str);
    uint8_t network[16] = {0};
    for (uint32_t bit = 0; bit < v.bits; bit++) {
        network[bit / 8] |= (uint8_t)(v.address[bit / 8] & 0x80 >> bit % 8);
    }
    buf_putc(buf, (char)v.family);
    buf_put(buf, network, v.size);
    buf_putc(buf, (char)v.bits);
    buf_put(buf, v.address, v.size);
}

bool inet_unkey(Arena *arena, Slice *in, Datum *out)
{
    InetValue v = {0};
    if (in->len < 1) {
        return false;
    }
    v.family = (uint8_t)in->ptr[0];
    v.size = v.family == INET_V4 ? 4 : 16;
    size_t used = 2u + 2u * v.size;
    if (in->len < used) {
        return false;
    }
    v.bits = (uint8_t)in->ptr[1 + v.size];
    memcpy(v.address, in->ptr + 2 + v.size, v.size);
    in->ptr += used;
    in->len -= used;
    out->str = str_copy(arena, (const char *)&v, (size_t)INET_HEAD + v.size);
    return true;
}

static int inet_compare(const Str *a, const Str *b)
{
    InetValue x = inet_value(a), y = inet_value(b);
    if (x.family != y.family) {
        return x.family - y.family;
    }
    uint32_t common = MIN((uint32_t)x.bits, (uint32_t)y.bits);
    for (uint32_t bit = 0; bit < common; bit++) {
        int p = x.address[bit / 8] >> (7 - bit % 8) & 1,
            q = y.address[bit / 8] >> (7 - bit % 8) & 1;
        if (p != q) {
            return p - q;
        }
    }
    return x.bits != y.bits ? x.bits - y.bits : memcmp(x.address, y.address, x.size);
}

/* inet_overlap_range - KeyRangeFn of &&: for each shorter length the one network that holds v's,
 * then all that begin within v's. */
static bool inet_overlap_range(const Datum *d, uint32_t i, Buf *first, Buf *last)
{
    InetValue v = inet_value(&d->str);
    if (i > v.bits) {
        return false;
    }
    buf_putc(first, (char)v.family);
    buf_putc(last, (char)v.family);
    for (uint32_t at = 0; at < v.size; at++) {
        uint32_t keep = i >= 8 * (at + 1) ? 8 : i > 8 * at ? i - 8 * at : 0;
        uint8_t mask = (uint8_t)(0xff00 >> keep), net = v.address[at] & mask;
        buf_putc(first, (char)net);
        buf_putc(last, (char)(i < v.bits ? net : net | (uint8_t)~mask));
    }
    if (i < v.bits) {
        buf_putc(first, (char)i);
        buf_putc(last, (char)i);
    }
    return true;
}

KeyRangeFn key_range_fn(Oid proc)
{
    enum { PROC_NETWORK_OVERLAP = 3551, PROC_RANGE_OVERLAPS = 3857 };
    return proc == PROC_NETWORK_OVERLAP  ? inet_overlap_range
           : proc == PROC_RANGE_OVERLAPS ? range_overlap_keys
                                         : NULL;
}

/* inet_within - is a's network b's or a part of it? */
static bool inet_within(const InetValue *a, const InetValue *b)
{
    if (a->family != b->family || a->bits < b->bits) {
        return false;
    }
    uint32_t whole = b->bits / 8u, rest = b->bits % 8u;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return memcmp(a->address, b->address, whole) == 0 &&
           (rest == 0 || ((a->address[whole] ^ b->address[whole]) & mask) == 0);
}

/* inet_contains - network b holds a: `strict` without being the same network. */
static bool inet_contains(const Str *b, const Str *a, bool strict)
{
    InetValue x = inet_value(a), y = inet_value(b);
    return inet_within(&x, &y) && !(strict && x.bits == y.bits);
}

int inet_order(const Datum *a, const Datum *b)
{
    return inet_compare(&a->str, &b->str);
}

uint64_t inet_hash(const Datum *v)
{
    return hash_bytes(str_ptr(&v->str), v->str.len, 0);
}

KERNEL_COMPARE_BY(k_network_, Str, inet_compare)
KERNEL_BINARY(k_network_sub, Str, Str, uint8_t, r = inet_contains(&b, &a, true))
KERNEL_BINARY(k_network_subeq, Str, Str, uint8_t, r = inet_contains(&b, &a, false))
KERNEL_BINARY(k_network_sup, Str, Str, uint8_t, r = inet_contains(&a, &b, true))
KERNEL_BINARY(k_network_supeq, Str, Str, uint8_t, r = inet_contains(&a, &b, false))
KERNEL_BINARY(k_network_overlap, Str, Str, uint8_t,
              r = inet_contains(&a, &b, false) || inet_contains(&b, &a, false))
KERNEL_BINARY(k_network_cmp, Str, Str, int32_t, int c = inet_compare(&a, &b); r = (c > 0) - (c < 0))

static const FnOps INET_FNS[] = {
    FN_COMPARE(network_, 0), FN(network_cmp),   FN(network_sub),     FN(network_subeq),
    FN(network_sup),         FN(network_supeq), FN(network_overlap),
};
static const TypeOps INET_TYPES[] = {
    {TYPE_INET, "inet", PHYS_STR, inet_in, inet_out, inet_recv, inet_send, inet_order, inet_hash,
     inet_key, inet_unkey},
};
const TypeFamily type_family_inet = {
    .types = INET_TYPES,
    .type_count = ARRAY_LEN(INET_TYPES),
    .fns = INET_FNS,
    .fn_count = ARRAY_LEN(INET_FNS),
};
