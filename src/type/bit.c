/*
 * bit.c - bit and bit varying: I/O, order, operators and functions.
 *
 * A value is its number of bits in four bytes, then the bits, the first one highest; what is left
 * over in the last byte is 0, so equal values have equal bytes.
 */
#include "type/kernel.h"

enum { BIT_HEAD = 4, BITS_MAX = 2147483640 };

typedef struct BitView {
    uint32_t bits;
    const uint8_t *data;
} BitView;

static BitView bit_view(const Str *s)
{
    BitView v = {0};
    const char *p = str_ptr(s);
    memcpy(&v.bits, p, BIT_HEAD);
    v.data = (const uint8_t *)p + BIT_HEAD;
    return v;
}

static bool bit_get(const BitView *v, uint32_t i)
{
    return (v->data[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* BitMake - a value being made, all zero at first. */
typedef struct BitMake {
    char *bytes;
    uint8_t *data;
    uint32_t bits;
} BitMake;

static size_t bit_bytes(uint32_t bits)
{
    return ((size_t)bits + 7) / 8;
}

static BitMake bit_make(Arena *arena, uint32_t bits)
{
    BitMake m = {.bytes = arena_zalloc(arena, BIT_HEAD + bit_bytes(bits)), .bits = bits};
    memcpy(m.bytes, &bits, BIT_HEAD);
    m.data = (uint8_t *)m.bytes + BIT_HEAD;
    return m;
}

static void bit_set(BitMake *m, uint32_t i)
{
    m->data[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static Str bit_done(const BitMake *m)
{
    return str_ref(m->bytes, BIT_HEAD + bit_bytes(m->bits));
}

/* bit_copy - n bits of v from `from` on to `to`. */
static void bit_copy(BitMake *m, uint32_t to, const BitView *v, uint32_t from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (bit_get(v, from + i)) {
            bit_set(m, to + i);
        }
    }
}

bool bit_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        BitView v = {0};
        if (values[i].len < BIT_HEAD) {
            return false;
        }
        v = bit_view(&values[i]);
        if (values[i].len != BIT_HEAD + bit_bytes(v.bits)) {
            return false;
        }
    }
    return true;
}

/* ---- I/O ---- */

/* bit_length_check - the declared length: exact for bit, a limit for bit varying. */
static Status bit_length_check(FnCall *call, uint32_t bits, bool varying, int32_t typmod)
{
    if (typmod < 0 || (varying ? bits <= (uint32_t)typmod : bits == (uint32_t)typmod)) {
        return ST_OK;
    }
    return varying ? err_set(call->cx, ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
                             "bit string too long for type bit varying(%d)", typmod)
                   : err_set(call->cx, ERRCODE_STRING_DATA_LENGTH_MISMATCH,
                             "bit string length %u does not match type bit(%d)", bits, typmod);
}

static int bit_hex(char c)
{
    char l = ascii_lower(c);
    return is_digit(l) ? l - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* bit_read - binary digits, after x hexadecimal ones. */
static Status bit_read(FnCall *call, Slice text, bool varying, int32_t typmod, Datum *out)
{
    bool hex = text.len > 0 && (text.ptr[0] == 'x' || text.ptr[0] == 'X');
    size_t skip = hex || (text.len > 0 && (text.ptr[0] == 'b' || text.ptr[0] == 'B')) ? 1 : 0;
    uint32_t bits = (uint32_t)((text.len - skip) * (hex ? 4 : 1));
    TRY(bit_length_check(call, bits, varying, typmod));
    BitMake m = bit_make(call->arena, bits);
    for (size_t i = skip; i < text.len; i++) {
        char c = text.ptr[i];
        int v = hex ? bit_hex(c) : c == '0' ? 0 : c == '1' ? 1 : -1;
        uint32_t at = (uint32_t)(i - skip) * (hex ? 4 : 1);
        if (v < 0) {
            return err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                           "\"%.*s\" is not a valid %s digit", (int)utf8_len(c), text.ptr + i,
                           hex ? "hexadecimal" : "binary");
        }
        for (int b = hex ? 3 : 0; b >= 0; b--, at++) {
            if ((v >> b & 1) != 0) {
                bit_set(&m, at);
            }
        }
    }
    out->str = bit_done(&m);
    return ST_OK;
}
static Status bit_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    return bit_read(call, text, false, typmod, out);
}
static Status varbit_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    return bit_read(call, text, true, typmod, out);
}
static void bit_out(FnCall *call UNUSED, const Datum *d, Buf *buf)
{
    BitView v = bit_view(&d->str);
    for (uint32_t i = 0; i < v.bits; i++) {
        buf_putc(buf, bit_get(&v, i) ? '1' : '0');
    }
}

static Status bit_receive(FnCall *call, Slice bytes, bool varying, int32_t typmod, Datum *out)
{
    if (bytes.len < 4) {
        return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    uint32_t bits = load_u32be(bytes.ptr);
    if (bits > BITS_MAX) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid length in external bit string");
    }
    TRY(bit_length_check(call, bits, varying, typmod));
    TRY(recv_exact(call->cx, bytes, 4 + bit_bytes(bits)));
    BitMake m = bit_make(call->arena, bits);
    memcpy(m.data, bytes.ptr + 4, bit_bytes(bits));
    if (bits % 8 != 0) {
        m.data[bits / 8] &= (uint8_t)(0xff00 >> bits % 8);
    }
    out->str = bit_done(&m);
    return ST_OK;
}
static Status bit_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    return bit_receive(call, bytes, false, typmod, out);
}
static Status varbit_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    return bit_receive(call, bytes, true, typmod, out);
}
static void bit_send(FnCall *call UNUSED, const Datum *d, Buf *buf)
{
    BitView v = bit_view(&d->str);
    buf_put_u32be(buf, v.bits);
    buf_put(buf, v.data, bit_bytes(v.bits));
}

/* ---- order ---- */

static int bit_str_order(const Str *a, const Str *b)
{
    BitView x = bit_view(a), y = bit_view(b);
    int c = memcmp(x.data, y.data, MIN(bit_bytes(x.bits), bit_bytes(y.bits)));
    return c != 0 ? c : (x.bits > y.bits) - (x.bits < y.bits);
}
static int bit_order(const Datum *a, const Datum *b)
{
    return bit_str_order(&a->str, &b->str);
}
static uint64_t bit_hash(const Datum *d)
{
    return hash_bytes(str_ptr(&d->str), d->str.len, 0);
}
static void bit_key(const Datum *d, Buf *buf)
{
    BitView v = bit_view(&d->str);
    key_put_text(buf, (const char *)v.data, bit_bytes(v.bits));
    key_put_u32(buf, v.bits);
}
KERNEL_COMPARE_BY(k_bit, Str, bit_str_order)
KERNEL_BINARY(k_bitcmp, Str, Str, int32_t, int c = bit_str_order(&a, &b); r = (c > 0) - (c < 0))

/* ---- operators ---- */

static Status bit_sizes(FnCall *call, const BitView *x, const BitView *y, const char *word)
{
    return x->bits == y->bits ? ST_OK
                              : err_set(call->cx, ERRCODE_STRING_DATA_LENGTH_MISMATCH,
                                        "cannot %s bit strings of different sizes", word);
}
#define BIT_OPERATOR(name, word, op)                                                               \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        BitView x = bit_view(&a[0].str), y = bit_view(&a[1].str);                                  \
        TRY(bit_sizes(call, &x, &y, word));                                                        \
        BitMake m = bit_make(call->arena, x.bits);                                                 \
        for (size_t i = 0; i < bit_bytes(x.bits); i++) {                                           \
            m.data[i] = (uint8_t)(x.data[i] op y.data[i]);                                         \
        }                                                                                          \
        r->str = bit_done(&m);                                                                     \
        return ST_OK;                                                                              \
    }
BIT_OPERATOR(bit_and, "AND", &)
BIT_OPERATOR(bit_or, "OR", |)
BIT_OPERATOR(bitxor, "XOR", ^)
#undef BIT_OPERATOR

ROW_KERNEL(bitnot)
{
    BitView x = bit_view(&a[0].str);
    BitMake m = bit_make(call->arena, x.bits);
    for (uint32_t i = 0; i < x.bits; i++) {
        if (!bit_get(&x, i)) {
            bit_set(&m, i);
        }
    }
    r->str = bit_done(&m);
    return ST_OK;
}

/* bit_shift - by n places towards the first bit; negative: towards the last. */
static Status bit_shift(FnCall *call, const Str *s, int64_t n, Datum *r)
{
    BitView x = bit_view(s);
    BitMake m = bit_make(call->arena, x.bits);
    uint64_t by = (uint64_t)(n < 0 ? -n : n);
    if (by < x.bits) {
        uint32_t left = x.bits - (uint32_t)by;
        bit_copy(&m, n < 0 ? (uint32_t)by : 0, &x, n < 0 ? 0 : (uint32_t)by, left);
    }
    r->str = bit_done(&m);
    return ST_OK;
}
ROW_KERNEL(bitshiftleft)
{
    return bit_shift(call, &a[0].str, a[1].i32, r);
}
ROW_KERNEL(bitshiftright)
{
    return bit_shift(call, &a[0].str, -(int64_t)a[1].i32, r);
}
ROW_KERNEL(bitcat)
{
    BitView x = bit_view(&a[0].str), y = bit_view(&a[1].str);
    BitMake m = bit_make(call->arena, x.bits + y.bits);
    bit_copy(&m, 0, &x, 0, x.bits);
    bit_copy(&m, x.bits, &y, 0, y.bits);
    r->str = bit_done(&m);
    return ST_OK;
}

/* ---- functions ---- */

ROW_KERNEL(bitlength)
{
    r->i32 = (int32_t)bit_view(&a[0].str).bits;
    return ST_OK;
}
ROW_KERNEL(bitoctetlength)
{
    r->i32 = (int32_t)bit_bytes(bit_view(&a[0].str).bits);
    return ST_OK;
}
ROW_KERNEL(bit_bit_count)
{
    BitView x = bit_view(&a[0].str);
    r->i64 = 0;
    for (size_t i = 0; i < bit_bytes(x.bits); i++) {
        r->i64 += __builtin_popcount(x.data[i]);
    }
    return ST_OK;
}

/* bit_part - bits from place `start` (1-based) on, so many of them; all the rest: length -1. */
static Status bit_part(FnCall *call, const Str *s, int32_t start, int32_t length, bool rest,
                       Str *out)
{
    BitView x = bit_view(s);
    int64_t from = start, to = rest ? (int64_t)x.bits + 1 : (int64_t)start + length;
    if (!rest && length < 0) {
        return err_set(call->cx, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
    }
    from = MAX(from, 1);
    to = MIN(to, (int64_t)x.bits + 1);
    BitMake m = bit_make(call->arena, to > from ? (uint32_t)(to - from) : 0);
    bit_copy(&m, 0, &x, (uint32_t)(from - 1), m.bits);
    *out = bit_done(&m);
    return ST_OK;
}
ROW_KERNEL(bitsubstr)
{
    return bit_part(call, &a[0].str, a[1].i32, a[2].i32, false, &r->str);
}
ROW_KERNEL(bitsubstr_no_len)
{
    return bit_part(call, &a[0].str, a[1].i32, 0, true, &r->str);
}

/* bit_overlay - the bits from `start` on, so many of them, replaced. */
static Status bit_overlay(FnCall *call, const Datum *a, int32_t length, Datum *r)
{
    Str head, tail;
    int32_t after;
    if (a[2].i32 <= 0) {
        return err_set(call->cx, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
    }
    if (__builtin_add_overflow(a[2].i32, length, &after)) {
        return err_int4_range(call->cx);
    }
    TRY(bit_part(call, &a[0].str, 1, a[2].i32 - 1, false, &head));
    TRY(bit_part(call, &a[0].str, after, 0, true, &tail));
    BitView x = bit_view(&head), y = bit_view(&a[1].str), z = bit_view(&tail);
    BitMake m = bit_make(call->arena, x.bits + y.bits + z.bits);
    bit_copy(&m, 0, &x, 0, x.bits);
    bit_copy(&m, x.bits, &y, 0, y.bits);
    bit_copy(&m, x.bits + y.bits, &z, 0, z.bits);
    r->str = bit_done(&m);
    return ST_OK;
}
ROW_KERNEL(bitoverlay)
{
    return bit_overlay(call, a, a[3].i32, r);
}
ROW_KERNEL(bitoverlay_no_len)
{
    return bit_overlay(call, a, (int32_t)bit_view(&a[1].str).bits, r);
}

ROW_KERNEL(bitposition)
{
    BitView x = bit_view(&a[0].str), y = bit_view(&a[1].str);
    r->i32 = 0;
    if (x.bits == 0 || y.bits > x.bits) {
        return ST_OK;
    }
    for (uint32_t i = 0; i + y.bits <= x.bits && r->i32 == 0; i++) {
        uint32_t k = 0;
        while (k < y.bits && bit_get(&x, i + k) == bit_get(&y, k)) {
            k++;
        }
        r->i32 = k == y.bits ? (int32_t)i + 1 : 0;
    }
    return ST_OK;
}

static Status bit_place_check(FnCall *call, const BitView *x, int32_t n)
{
    return n >= 0 && (uint32_t)n < x->bits
               ? ST_OK
               : err_set(call->cx, ERRCODE_ARRAY_ELEMENT_ERROR,
                         "bit index %d out of valid range (0..%d)", n, (int32_t)x->bits - 1);
}
ROW_KERNEL(bitgetbit)
{
    BitView x = bit_view(&a[0].str);
    TRY(bit_place_check(call, &x, a[1].i32));
    r->i32 = bit_get(&x, (uint32_t)a[1].i32);
    return ST_OK;
}
ROW_KERNEL(bitsetbit)
{
    BitView x = bit_view(&a[0].str);
    TRY(bit_place_check(call, &x, a[1].i32));
    if (a[2].i32 != 0 && a[2].i32 != 1) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "new bit must be 0 or 1");
    }
    BitMake m = bit_make(call->arena, x.bits);
    for (uint32_t i = 0; i < x.bits; i++) {
        if (i == (uint32_t)a[1].i32 ? a[2].i32 == 1 : bit_get(&x, i)) {
            bit_set(&m, i);
        }
    }
    r->str = bit_done(&m);
    return ST_OK;
}

/* ---- casts ---- */

/* bit_resize - the declared length: cut or filled up when the cast is explicit, else an error. */
static Status bit_resize(FnCall *call, const Datum *a, bool varying, Datum *r)
{
    BitView x = bit_view(&a[0].str);
    int32_t length = a[1].i32;
    if (length <= 0 || (varying ? x.bits <= (uint32_t)length : x.bits == (uint32_t)length)) {
        *r = a[0];
        return ST_OK;
    }
    if (!a[2].b) {
        return bit_length_check(call, x.bits, varying, length);
    }
    BitMake m = bit_make(call->arena, (uint32_t)length);
    bit_copy(&m, 0, &x, 0, MIN(x.bits, (uint32_t)length));
    r->str = bit_done(&m);
    return ST_OK;
}
ROW_KERNEL(bit)
{
    return bit_resize(call, a, false, r);
}
ROW_KERNEL(varbit)
{
    return bit_resize(call, a, true, r);
}

/* bit_from - the last bits of a number, its sign repeated before them; a typmod of none: 1. */
static Status bit_from(FnCall *call, int64_t n, int32_t width, int32_t typmod, Datum *r)
{
    int32_t length = typmod > 0 ? typmod : 1;
    BitMake m = bit_make(call->arena, (uint32_t)length);
    for (int32_t i = 0; i < length; i++) {
        int32_t place = length - 1 - i; /* of the number */
        if ((n >> MIN(place, width - 1) & 1) != 0) {
            bit_set(&m, (uint32_t)i);
        }
    }
    r->str = bit_done(&m);
    return ST_OK;
}
ROW_KERNEL(bitfromint4)
{
    return bit_from(call, a[0].i32, 32, a[1].i32, r);
}
ROW_KERNEL(bitfromint8)
{
    return bit_from(call, a[0].i64, 64, a[1].i32, r);
}

static uint64_t bit_number(const BitView *x)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < x->bits; i++) {
        v = v << 1 | bit_get(x, i);
    }
    return v;
}
ROW_KERNEL(bittoint4)
{
    BitView x = bit_view(&a[0].str);
    r->i32 = (int32_t)(uint32_t)bit_number(&x);
    return x.bits <= 32 ? ST_OK : err_int4_range(call->cx);
}
ROW_KERNEL(bittoint8)
{
    BitView x = bit_view(&a[0].str);
    r->i64 = (int64_t)bit_number(&x);
    return x.bits <= 64 ? ST_OK : err_int8_range(call->cx);
}

static const FnOps BIT_FNS[] = {
    FN_COMPARE(bit, 0), FN(bitcmp),
    FN(bit_and),        FN(bit_or),
    FN(bitxor),         FN(bitnot),
    FN(bitshiftleft),   FN(bitshiftright),
    FN(bitcat),         FN(bitlength),
    FN(bitoctetlength), FN(bit_bit_count),
    FN(bitsubstr),      FN(bitsubstr_no_len),
    FN(bitoverlay),     FN(bitoverlay_no_len),
    FN(bitposition),    FN(bitgetbit),
    FN(bitsetbit),      FN(bit),
    FN(varbit),         FN(bitfromint4),
    FN(bitfromint8),    FN(bittoint4),
    FN(bittoint8),      FN_AS("oid:1812", bitlength),
};
static const TypeOps BIT_TYPES[] = {
    {TYPE_BIT, "bit", PHYS_STR, bit_in, bit_out, bit_recv, bit_send, bit_order, bit_hash, bit_key,
     NULL},
    {TYPE_VARBIT, "varbit", PHYS_STR, varbit_in, bit_out, varbit_recv, bit_send, bit_order,
     bit_hash, bit_key, NULL},
};
const TypeFamily type_family_bit = {
    .types = BIT_TYPES,
    .type_count = ARRAY_LEN(BIT_TYPES),
    .fns = BIT_FNS,
    .fn_count = ARRAY_LEN(BIT_FNS),
};
