/*
 * macaddr.c - macaddr and macaddr8: six and eight bytes; I/O, order, bits.
 *
 * Both are kept as integers whose order is the values': six bytes in the low end of 64 bits, eight
 * with the top bit flipped.
 */
#include "type/kernel.h"

#define TYPE_MACADDR  829
#define TYPE_MACADDR8 774
#define MAC8_FLIP     UINT64_C(0x8000000000000000)

static int mac_hex(char c)
{
    char l = ascii_lower(c);
    return is_digit(l) ? l - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* mac_parse - pairs of digits with one kind of separator between pairs, or between groups of two,
 * three or four of them (loose: anywhere). Returns how many bytes, 0 when it is none. */
static uint32_t mac_parse(Slice s, bool loose, uint8_t out[8])
{
    uint32_t n = 0;
    char separator = '\0';
    uint32_t group = 0, since = 0;
    s = slice_trim(s);
    for (size_t i = 0; i < s.len;) {
        if (i + 1 >= s.len || n == 8 || mac_hex(s.ptr[i]) < 0 || mac_hex(s.ptr[i + 1]) < 0) {
            return 0;
        }
        out[n++] = (uint8_t)(mac_hex(s.ptr[i]) << 4 | mac_hex(s.ptr[i + 1]));
        since++;
        i += 2;
        if (i < s.len && (s.ptr[i] == ':' || s.ptr[i] == '-' || s.ptr[i] == '.')) {
            if ((separator != '\0' && (s.ptr[i] != separator || (since != group && !loose))) ||
                i + 1 == s.len) {
                return 0;
            }
            separator = s.ptr[i++];
            group = since;
            since = 0;
        }
    }
    return separator == '\0' || since == group || loose ? n : 0;
}

static Status macaddr_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    uint8_t b[8];
    if (mac_parse(text, false, b) != 6) {
        return err_bad_syntax(call->cx, "macaddr", text);
    }
    out->i64 = 0;
    for (int i = 0; i < 6; i++) {
        out->i64 = out->i64 << 8 | b[i];
    }
    return ST_OK;
}

static int64_t mac8_from(const uint8_t b[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 8 | b[i];
    }
    return (int64_t)(v ^ MAC8_FLIP);
}

/* mac8_widen - six bytes with ff:fe in their middle. */
static void mac8_widen(uint8_t b[8])
{
    memmove(b + 5, b + 3, 3);
    b[3] = 0xff;
    b[4] = 0xfe;
}

static Status macaddr8_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    uint8_t b[8];
    uint32_t n = mac_parse(text, true, b);
    if (n != 6 && n != 8) {
        return err_bad_syntax(call->cx, "macaddr8", text);
    }
    if (n == 6) {
        mac8_widen(b);
    }
    out->i64 = mac8_from(b);
    return ST_OK;
}

static void mac_put(uint64_t v, int bytes, Buf *buf)
{
    for (int i = bytes - 1; i >= 0; i--) {
        buf_printf(buf, "%02x%s", (unsigned)(v >> (8 * i) & 0xff), i > 0 ? ":" : "");
    }
}
static void macaddr_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    mac_put((uint64_t)v->i64, 6, buf);
}
static void macaddr8_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    mac_put((uint64_t)v->i64 ^ MAC8_FLIP, 8, buf);
}

static Status macaddr_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 6));
    out->i64 = 0;
    for (int i = 0; i < 6; i++) {
        out->i64 = out->i64 << 8 | (uint8_t)bytes.ptr[i];
    }
    return ST_OK;
}
static Status macaddr8_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    uint8_t b[8];
    TRY(bytes.len == 6 ? ST_OK : recv_exact(call->cx, bytes, 8));
    memcpy(b, bytes.ptr, bytes.len);
    if (bytes.len == 6) {
        mac8_widen(b);
    }
    out->i64 = mac8_from(b);
    return ST_OK;
}
static void macaddr_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    for (int i = 5; i >= 0; i--) {
        buf_putc(buf, (char)((uint64_t)v->i64 >> (8 * i) & 0xff));
    }
}
static void macaddr8_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    for (int i = 7; i >= 0; i--) {
        buf_putc(buf, (char)(((uint64_t)v->i64 ^ MAC8_FLIP) >> (8 * i) & 0xff));
    }
}

static int mac_order(const Datum *a, const Datum *b)
{
    return (a->i64 > b->i64) - (a->i64 < b->i64);
}
static uint64_t mac_hash(const Datum *v)
{
    return hash_u64((uint64_t)v->i64);
}
static void mac_key(const Datum *v, Buf *buf)
{
    key_put_u64(buf, (uint64_t)v->i64 ^ MAC8_FLIP);
}
static bool mac_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 8) {
        return false;
    }
    out->i64 = (int64_t)(load_u64be(in->ptr) ^ MAC8_FLIP);
    in->ptr += 8;
    in->len -= 8;
    return true;
}

#define MAC_BITS INT64_C(0xffffffffffff)
KERNEL_COMPARE_TOTAL(k_macaddr_, int64_t, int64_t)
KERNEL_COMPARE_TOTAL(k_macaddr8_, int64_t, int64_t)
KERNEL_BINARY_TOTAL(k_macaddr_cmp, int64_t, int64_t, int32_t, (a > b) - (a < b))
KERNEL_BINARY_TOTAL(k_macaddr_and, int64_t, int64_t, int64_t, a &b)
KERNEL_BINARY_TOTAL(k_macaddr_or, int64_t, int64_t, int64_t, a | b)
KERNEL_UNARY_TOTAL(k_macaddr_not, int64_t, int64_t, ~a &MAC_BITS)
KERNEL_UNARY_TOTAL(k_macaddr_trunc, int64_t, int64_t, a & ~INT64_C(0xffffff))
KERNEL_UNARY_TOTAL(k_hashmacaddr, int64_t, int32_t, (uint32_t)hash_u64((uint64_t)a))
/* Both have the top bit flipped: of a and b, or of one of them, it comes out right like this. */
KERNEL_BINARY_TOTAL(k_macaddr8_and, int64_t, int64_t, int64_t,
                    (((uint64_t)a ^ MAC8_FLIP) & ((uint64_t)b ^ MAC8_FLIP)) ^ MAC8_FLIP)
KERNEL_BINARY_TOTAL(k_macaddr8_or, int64_t, int64_t, int64_t,
                    (((uint64_t)a ^ MAC8_FLIP) | ((uint64_t)b ^ MAC8_FLIP)) ^ MAC8_FLIP)
KERNEL_UNARY_TOTAL(k_macaddr8_not, int64_t, int64_t, ~((uint64_t)a ^ MAC8_FLIP) ^ MAC8_FLIP)
KERNEL_UNARY_TOTAL(k_macaddr8_trunc, int64_t, int64_t,
                   (((uint64_t)a ^ MAC8_FLIP) & ~UINT64_C(0xffffffffff)) ^ MAC8_FLIP)
KERNEL_UNARY_TOTAL(k_macaddr8_set7bit, int64_t, int64_t, (uint64_t)a | UINT64_C(0x0200000000000000))

ROW_KERNEL(macaddrtomacaddr8)
{
    uint8_t b[8];
    for (int i = 0; i < 6; i++) {
        b[i] = (uint8_t)((uint64_t)a[0].i64 >> (8 * (5 - i)) & 0xff);
    }
    mac8_widen(b);
    r->i64 = mac8_from(b);
    return ST_OK;
}
ROW_KERNEL(macaddr8tomacaddr)
{
    uint64_t v = (uint64_t)a[0].i64 ^ MAC8_FLIP;
    if ((v >> 24 & 0xffff) != 0xfffe) {
        (void)err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                      "macaddr8 data out of range to convert to macaddr");
        return err_hint(
            call->cx, "Only addresses that have FF and FE as values in the 4th and 5th bytes from "
                      "the left, for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted "
                      "from macaddr8 to macaddr.");
    }
    r->i64 = (int64_t)(v >> 40 << 24 | (v & 0xffffff));
    return ST_OK;
}

static const FnOps MAC_FNS[] = {
    FN_COMPARE(macaddr_, FN_TOTAL),
    FN_COMPARE(macaddr8_, FN_TOTAL),
    FN_T(macaddr_cmp),
    FN_AS("macaddr8_cmp", macaddr_cmp),
    FN_T(macaddr_and),
    FN_T(macaddr_or),
    FN_T(macaddr_not),
    FN_T(macaddr_trunc),
    FN_T(hashmacaddr),
    FN_AS("hashmacaddr8", hashmacaddr),
    FN_T(macaddr8_and),
    FN_T(macaddr8_or),
    FN_T(macaddr8_not),
    FN_T(macaddr8_trunc),
    FN_T(macaddr8_set7bit),
    FN(macaddrtomacaddr8),
    FN(macaddr8tomacaddr),
};
static const TypeOps MAC_TYPES[] = {
    {TYPE_MACADDR, "macaddr", PHYS_I64, macaddr_in, macaddr_out, macaddr_recv, macaddr_send,
     mac_order, mac_hash, mac_key, mac_unkey},
    {TYPE_MACADDR8, "macaddr8", PHYS_I64, macaddr8_in, macaddr8_out, macaddr8_recv, macaddr8_send,
     mac_order, mac_hash, mac_key, mac_unkey},
};
const TypeFamily type_family_macaddr = {
    .types = MAC_TYPES,
    .type_count = ARRAY_LEN(MAC_TYPES),
    .fns = MAC_FNS,
    .fn_count = ARRAY_LEN(MAC_FNS),
};
