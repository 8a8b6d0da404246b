/*
 * inet_fn.c - cidr, and the functions and operators of inet and cidr.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "type/inet.h"
#include "type/kernel.h"

#define TYPE_CIDR 650

/* inet_mask - keep (or, with host, drop) the network's bits of an address. */
static void inet_mask(InetValue *v, bool host)
{
    for (uint32_t i = 0; i < v->size; i++) {
        uint32_t keep = v->bits >= 8 * (i + 1) ? 8 : v->bits > 8 * i ? v->bits - 8 * i : 0;
        uint8_t mask = (uint8_t)(0xff00 >> keep);
        v->address[i] = (uint8_t)(v->address[i] & (host ? ~mask : mask));
    }
}

static bool inet_has_host_bits(const InetValue *v)
{
    InetValue h = *v;
    inet_mask(&h, true);
    for (uint32_t i = 0; i < h.size; i++) {
        if (h.address[i] != 0) {
            return true;
        }
    }
    return false;
}

/* ---- cidr's I/O ---- */

/* cidr_number - digits up to the end or a stop character; false when there are none or too many. */
static bool cidr_number(Slice s, size_t *at, uint32_t max, uint32_t *out)
{
    size_t start = *at;
    uint32_t n = 0;
    while (*at < s.len && is_digit(s.ptr[*at]) && *at - start < 4) {
        n = n * 10 + (uint32_t)(s.ptr[(*at)++] - '0');
    }
    *out = n;
    return *at > start && n <= max;
}

/* cidr_parse_v4 - one to four octets, and bits; without these the class or the octets tell. */
static bool cidr_parse_v4(Slice s, InetValue *v)
{
    size_t at = 0;
    uint32_t octets = 0, n = 0;
    *v = (InetValue){.family = INET_V4, .size = 4};
    do {
        if (octets == 4 || !cidr_number(s, &at, 255, &n)) {
            return false;
        }
        v->address[octets++] = (uint8_t)n;
    } while (at < s.len && s.ptr[at] == '.' && ++at > 0);
    if (at < s.len) {
        if (s.ptr[at++] != '/' || !cidr_number(s, &at, 32, &n) || at != s.len) {
            return false;
        }
        v->bits = (uint8_t)n;
        return true;
    }
    uint32_t class = v->address[0] >= 240   ? 32
                     : v->address[0] >= 224 ? 8
                     : v->address[0] >= 192 ? 24
                     : v->address[0] >= 128 ? 16
                                            : 8;
    v->bits = (uint8_t)(class > octets * 8 ? class : octets * 8);
    return true;
}

static bool cidr_parse_v6(Slice s, InetValue *v)
{
    char copy[64];
    uint32_t bits = 128;
    const char *slash = memchr(s.ptr, '/', s.len);
    size_t n = slash != NULL ? (size_t)(slash - s.ptr) : s.len, at = n + 1;
    if (n >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, s.ptr, n);
    copy[n] = '\0';
    *v = (InetValue){.family = INET_V6, .size = 16};
    if (inet_pton(AF_INET6, copy, v->address) != 1 ||
        (slash != NULL && (!cidr_number(s, &at, 128, &bits) || at != s.len))) {
        return false;
    }
    v->bits = (uint8_t)bits;
    return true;
}

static Status cidr_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    InetValue v;
    bool v6 = memchr(text.ptr, ':', text.len) != NULL;
    if (!(v6 ? cidr_parse_v6(text, &v) : cidr_parse_v4(text, &v))) {
        return err_bad_syntax(call->cx, "cidr", text);
    }
    if (inet_has_host_bits(&v)) {
        (void)err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid cidr value: \"%.*s\"",
                      (int)text.len, text.ptr);
        return err_detail(call->cx, "Value has bits set to right of mask.");
    }
    out->str = inet_str(call->arena, &v);
    return ST_OK;
}

/* inet_text - the address, and with bits always the length of the network. */
static void inet_text(const InetValue *v, bool bits, Buf *buf)
{
    char text[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(v->family == INET_V4 ? AF_INET : AF_INET6, v->address, text, sizeof(text));
    buf_puts(buf, text);
    if (bits) {
        buf_printf(buf, "/%u", v->bits);
    }
}

static void cidr_out(FnCall *call UNUSED, const Datum *d, Buf *buf)
{
    InetValue v = inet_value(&d->str);
    inet_text(&v, true, buf);
}

static Status cidr_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(inet_recv(call, bytes, typmod, out));
    InetValue v = inet_value(&out->str);
    if (inet_has_host_bits(&v)) {
        (void)err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                      "invalid external \"cidr\" value");
        return err_detail(call->cx, "Value has bits set to right of mask.");
    }
    return ST_OK;
}

static void cidr_send(FnCall *call UNUSED, const Datum *d, Buf *buf)
{
    InetValue v = inet_value(&d->str);
    v.cidr = 1;
    buf_put(buf, &v, (size_t)INET_HEAD + v.size);
}

/* ---- texts ---- */

static Status inet_result(FnCall *call, Buf *b, Datum *r)
{
    r->str = str_of_buf(call->arena, b);
    buf_release(b);
    return ST_OK;
}

#define INET_TEXT(name, expr)                                                                      \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        InetValue v = inet_value(&a[0].str);                                                       \
        Buf b;                                                                                     \
        buf_init(&b, 256);                                                                         \
        expr;                                                                                      \
        return inet_result(call, &b, r);                                                           \
    }
INET_TEXT(network_host, inet_text(&v, false, &b))
INET_TEXT(network_show, inet_text(&v, true, &b))
INET_TEXT(inet_abbrev, inet_text(&v, v.bits != v.size * 8, &b))
/* cidr_short - cidr's abbreviation: the octets that the network has. */
static void cidr_short(const InetValue *v, Buf *b)
{
    if (v->family == INET_V6) {
        inet_text(v, true, b);
        return;
    }
    uint32_t octets = MAX((v->bits + 7u) / 8, 1u);
    for (uint32_t i = 0; i < octets; i++) {
        buf_printf(b, "%s%u", i > 0 ? "." : "", v->address[i]);
    }
    buf_printf(b, "/%u", v->bits);
}
INET_TEXT(cidr_abbrev, cidr_short(&v, &b))
#undef INET_TEXT

ROW_KERNEL(network_masklen)
{
    r->i32 = inet_value(&a[0].str).bits;
    return ST_OK;
}
ROW_KERNEL(network_family)
{
    r->i32 = inet_value(&a[0].str).family == INET_V4 ? 4 : 6;
    return ST_OK;
}

/* ---- parts ---- */

#define INET_PART(name, expr)                                                                      \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        InetValue v = inet_value(&a[0].str);                                                       \
        expr;                                                                                      \
        r->str = inet_str(call->arena, &v);                                                        \
        return ST_OK;                                                                              \
    }
/* inet_ones - all bits of the network's part (or of the host's), the others 0. */
static void inet_ones(InetValue *v, bool host)
{
    memset(v->address, 0xff, v->size);
    inet_mask(v, host);
    v->bits = (uint8_t)(v->size * 8);
}
static void inet_broadcast(InetValue *v)
{
    InetValue host = *v;
    memset(host.address, 0xff, host.size);
    inet_mask(&host, true);
    for (uint32_t i = 0; i < v->size; i++) {
        v->address[i] |= host.address[i];
    }
}
INET_PART(network_network, inet_mask(&v, false))
INET_PART(network_netmask, inet_ones(&v, false))
INET_PART(network_hostmask, inet_ones(&v, true))
INET_PART(network_broadcast, inet_broadcast(&v))
INET_PART(inet_to_cidr, inet_mask(&v, false))
INET_PART(
    inetnot, for (uint32_t i = 0; i < v.size; i++) { v.address[i] = (uint8_t)~v.address[i]; })
#undef INET_PART

/* inet_length - the same address with another length of its network. */
static Status inet_length(FnCall *call, const Datum *a, bool cidr, Datum *r)
{
    InetValue v = inet_value(&a[0].str);
    int32_t bits = a[1].i32 == -1 ? v.size * 8 : a[1].i32;
    if (bits < 0 || bits > v.size * 8) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid mask length: %d",
                       a[1].i32);
    }
    v.bits = (uint8_t)bits;
    if (cidr) {
        inet_mask(&v, false);
    }
    r->str = inet_str(call->arena, &v);
    return ST_OK;
}
ROW_KERNEL(inet_set_masklen)
{
    return inet_length(call, a, false, r);
}
ROW_KERNEL(cidr_set_masklen)
{
    return inet_length(call, a, true, r);
}

/* ---- of two ---- */

ROW_KERNEL(inet_same_family)
{
    r->b = inet_value(&a[0].str).family == inet_value(&a[1].str).family;
    return ST_OK;
}
/* inet_merge - the least network that holds both. */
ROW_KERNEL(inet_merge)
{
    InetValue x = inet_value(&a[0].str), y = inet_value(&a[1].str);
    if (x.family != y.family) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "cannot merge addresses from different families");
    }
    uint32_t bits = 0, most = x.bits < y.bits ? x.bits : y.bits;
    while (bits < most && ((x.address[bits / 8] ^ y.address[bits / 8]) & (0x80 >> bits % 8)) == 0) {
        bits++;
    }
    x.bits = (uint8_t)bits;
    inet_mask(&x, false);
    r->str = inet_str(call->arena, &x);
    return ST_OK;
}

#define INET_BITS(name, word, op)                                                                  \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        InetValue x = inet_value(&a[0].str), y = inet_value(&a[1].str);                            \
        if (x.family != y.family) {                                                                \
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,                              \
                           "cannot " word " inet values of different sizes");                      \
        }                                                                                          \
        for (uint32_t i = 0; i < x.size; i++) {                                                    \
            x.address[i] = (uint8_t)(x.address[i] op y.address[i]);                                \
        }                                                                                          \
        x.bits = x.bits > y.bits ? x.bits : y.bits;                                                \
        r->str = inet_str(call->arena, &x);                                                        \
        return ST_OK;                                                                              \
    }
INET_BITS(inetand, "AND", &)
INET_BITS(inetor, "OR", |)
#undef INET_BITS

static Status inet_range_error(FnCall *call)
{
    return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "result is out of range");
}

/* inet_add - an address so many further on. */
static Status inet_add(FnCall *call, const Str *s, i128 n, Datum *r)
{
    InetValue v = inet_value(s);
    i128 carry = n;
    for (int i = v.size - 1; i >= 0; i--) {
        carry += v.address[i];
        v.address[i] = (uint8_t)(carry & 0xff);
        carry >>= 8;
    }
    if (carry != 0) {
        return inet_range_error(call);
    }
    r->str = inet_str(call->arena, &v);
    return ST_OK;
}
ROW_KERNEL(inetpl)
{
    return inet_add(call, &a[0].str, a[1].i64, r);
}
ROW_KERNEL(inetmi_int8)
{
    return inet_add(call, &a[0].str, -(i128)a[1].i64, r);
}
ROW_KERNEL(int8pl_inet)
{
    return inet_add(call, &a[1].str, a[0].i64, r);
}
ROW_KERNEL(inetmi)
{
    InetValue x = inet_value(&a[0].str), y = inet_value(&a[1].str);
    if (x.family != y.family) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "cannot subtract inet values of different sizes");
    }
    u128 p = 0, q = 0;
    for (uint32_t i = 0; i < x.size; i++) {
        p = p << 8 | x.address[i];
        q = q << 8 | y.address[i];
    }
    i128 d = (i128)(p - q);
    bool wrong = p >= q ? d < 0 : d >= 0;
    if (wrong || d > INT64_MAX || d < INT64_MIN) {
        return inet_range_error(call);
    }
    r->i64 = (int64_t)d;
    return ST_OK;
}
ROW_KERNEL(network_larger)
{
    *r = inet_order(&a[0], &a[1]) > 0 ? a[0] : a[1];
    return ST_OK;
}
ROW_KERNEL(network_smaller)
{
    *r = inet_order(&a[0], &a[1]) < 0 ? a[0] : a[1];
    return ST_OK;
}
ROW_KERNEL(hashinet)
{
    r->i32 = (int32_t)inet_hash(&a[0]);
    return ST_OK;
}

static const FnOps INET_MORE_FNS[] = {
    FN(network_host),
    FN(network_show),
    FN(inet_abbrev),
    FN(cidr_abbrev),
    FN(network_masklen),
    FN(network_family),
    FN(network_network),
    FN(network_netmask),
    FN(network_hostmask),
    FN(network_broadcast),
    FN(inet_to_cidr),
    FN(inetnot),
    FN(inet_set_masklen),
    FN(cidr_set_masklen),
    FN(inet_same_family),
    FN(inet_merge),
    FN(inetand),
    FN(inetor),
    FN(inetpl),
    FN(inetmi_int8),
    FN(inetmi),
    FN(network_larger),
    FN(network_smaller),
    FN(hashinet),
    FN_AS("oid:2631", int8pl_inet),
};
static const TypeOps INET_MORE_TYPES[] = {
    {TYPE_CIDR, "cidr", PHYS_STR, cidr_in, cidr_out, cidr_recv, cidr_send, inet_order, inet_hash,
     inet_key, inet_unkey},
};
const TypeFamily type_family_inet_fn = {
    .types = INET_MORE_TYPES,
    .type_count = ARRAY_LEN(INET_MORE_TYPES),
    .fns = INET_MORE_FNS,
    .fn_count = ARRAY_LEN(INET_MORE_FNS),
};
