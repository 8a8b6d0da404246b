/*
 * int.c - smallint, integer, bigint: I/O, order, keys, arithmetic within one type, casts.
 *
 * Arithmetic notes overflow by the compiler's builtins; the error names the result's type.
 */
#include "type/kernel.h"

/* ---- I/O ---- */
static Status int2_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    int64_t v = 0;
    TRY(parse_i64(call->cx, text, INT16_MIN, INT16_MAX, "smallint", &v));
    out->i16 = (int16_t)v;
    return ST_OK;
}
static Status int4_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    int64_t v = 0;
    TRY(parse_i64(call->cx, text, INT32_MIN, INT32_MAX, "integer", &v));
    out->i32 = (int32_t)v;
    return ST_OK;
}
static Status int8_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return parse_i64(call->cx, text, INT64_MIN, INT64_MAX, "bigint", &out->i64);
}
static void int2_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_i64_text(buf, v->i16);
}
static void int4_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_i64_text(buf, v->i32);
}
static void int8_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_i64_text(buf, v->i64);
}
static Status int2_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 2));
    out->i16 = (int16_t)load_u16be(bytes.ptr);
    return ST_OK;
}
static Status int4_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 4));
    out->i32 = (int32_t)load_u32be(bytes.ptr);
    return ST_OK;
}
static Status int8_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 8));
    out->i64 = (int64_t)load_u64be(bytes.ptr);
    return ST_OK;
}
void int2_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u16be(buf, (uint16_t)v->i16);
}
void int4_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u32be(buf, (uint32_t)v->i32);
}
void int8_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u64be(buf, (uint64_t)v->i64);
}
#define INT_TYPE_FNS(t, field, key_put, UT, BIAS)                                                  \
    int t##_order(const Datum *a, const Datum *b)                                                  \
    {                                                                                              \
        return (a->field > b->field) - (a->field < b->field);                                      \
    }                                                                                              \
    uint64_t t##_hash(const Datum *v)                                                              \
    {                                                                                              \
        return hash_u64((uint64_t)(int64_t)v->field);                                              \
    }                                                                                              \
    void t##_key(const Datum *v, Buf *buf)                                                         \
    {                                                                                              \
        key_put(buf, (UT)((UT)v->field ^ (UT)BIAS));                                               \
    }
INT_TYPE_FNS(int2, i16, buf_put_u16be, uint16_t, 0x8000u)
INT_TYPE_FNS(int4, i32, buf_put_u32be, uint32_t, 0x80000000u)
INT_TYPE_FNS(int8, i64, buf_put_u64be, uint64_t, 0x8000000000000000u)

bool int2_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 2) {
        return false;
    }
    out->i16 = (int16_t)(load_u16be(in->ptr) ^ 0x8000u);
    in->ptr += 2;
    in->len -= 2;
    return true;
}
bool int4_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 4) {
        return false;
    }
    out->i32 = (int32_t)(load_u32be(in->ptr) ^ 0x80000000u);
    in->ptr += 4;
    in->len -= 4;
    return true;
}
bool int8_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 8) {
        return false;
    }
    out->i64 = (int64_t)(load_u64be(in->ptr) ^ 0x8000000000000000u);
    in->ptr += 8;
    in->len -= 8;
    return true;
}

/* ---- arithmetic within one type ---- */
#define INT_ARITH(t, T, UT, range)                                                                 \
    KERNEL_BINARY(k_##t##pl, T, T, T,                                                              \
                  if (UNLIKELY(__builtin_add_overflow(a, b, &r))) return range(call->cx))          \
    KERNEL_BINARY(k_##t##mi, T, T, T,                                                              \
                  if (UNLIKELY(__builtin_sub_overflow(a, b, &r))) return range(call->cx))          \
    KERNEL_BINARY(k_##t##mul, T, T, T,                                                             \
                  if (UNLIKELY(__builtin_mul_overflow(a, b, &r))) return range(call->cx))          \
    KERNEL_BINARY(                                                                                 \
        k_##t##div, T, T, T, if (UNLIKELY(b == 0)) return err_division_by_zero(call->cx);          \
        if (UNLIKELY(b == -1)) {                                                                   \
            if (UNLIKELY(__builtin_sub_overflow((T)0, a, &r))) {                                   \
                return range(call->cx);                                                            \
            }                                                                                      \
        } else { r = (T)(a / b); })                                                                \
    KERNEL_BINARY(k_##t##mod, T, T, T,                                                             \
                  if (UNLIKELY(b == 0)) return err_division_by_zero(call->cx);                     \
                  r = (T)(b == -1 ? 0 : a % b))                                                    \
    KERNEL_UNARY(k_##t##um, T, T,                                                                  \
                 if (UNLIKELY(__builtin_sub_overflow((T)0, a, &r))) return range(call->cx))        \
    KERNEL_UNARY(                                                                                  \
        k_##t##abs, T, T, r = a;                                                                   \
        if (a < 0 && UNLIKELY(__builtin_sub_overflow((T)0, a, &r))) return range(call->cx))        \
    KERNEL_UNARY_TOTAL(k_##t##up, T, T, a)                                                         \
    KERNEL_BINARY_TOTAL(k_##t##and, T, T, T, a &b)                                                 \
    KERNEL_BINARY_TOTAL(k_##t## or, T, T, T, a | b)                                                \
    KERNEL_BINARY_TOTAL(k_##t## xor, T, T, T, a ^ b)                                               \
    KERNEL_UNARY_TOTAL(k_##t##not, T, T, ~a)                                                       \
    KERNEL_BINARY_TOTAL(k_##t##larger, T, T, T, a > b ? a : b)                                     \
    KERNEL_BINARY_TOTAL(k_##t##smaller, T, T, T, a < b ? a : b)                                    \
    KERNEL_COMPARE_TOTAL(k_##t, T, T)                                                              \
    KERNEL_BINARY_TOTAL(k_bt##t##cmp, T, T, int32_t, (a > b) - (a < b))
INT_ARITH(int2, int16_t, uint16_t, err_int2_range)
INT_ARITH(int4, int32_t, uint32_t, err_int4_range)
INT_ARITH(int8, int64_t, uint64_t, err_int8_range)

/* Shifts: the machine's, which takes the count modulo the width (32 for smallint). */
KERNEL_BINARY_TOTAL(k_int2shl, int16_t, int32_t, int16_t, (uint32_t)a << (b & 31))
KERNEL_BINARY_TOTAL(k_int2shr, int16_t, int32_t, int16_t, (int32_t)a >> (b & 31))
KERNEL_BINARY_TOTAL(k_int4shl, int32_t, int32_t, int32_t, (uint32_t)a << (b & 31))
KERNEL_BINARY_TOTAL(k_int4shr, int32_t, int32_t, int32_t, a >> (b & 31))
KERNEL_BINARY_TOTAL(k_int8shl, int64_t, int32_t, int64_t, (uint64_t)a << (b & 63))
KERNEL_BINARY_TOTAL(k_int8shr, int64_t, int32_t, int64_t, a >> (b & 63))

static uint64_t int_gcd_u64(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}
static uint64_t int_abs_u64(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}
/* int_gcd, int_lcm - false when the result does not fit `max`. */
static bool int_gcd(int64_t a, int64_t b, uint64_t max, int64_t *out)
{
    uint64_t g = int_gcd_u64(int_abs_u64(a), int_abs_u64(b));
    *out = (int64_t)g;
    return g <= max;
}
static bool int_lcm(int64_t a, int64_t b, uint64_t max, int64_t *out)
{
    uint64_t ua = int_abs_u64(a), ub = int_abs_u64(b), r = 0;
    if (ua != 0 && ub != 0 && __builtin_mul_overflow(ua / int_gcd_u64(ua, ub), ub, &r)) {
        return false;
    }
    *out = (int64_t)r;
    return r <= max;
}
ROW_KERNEL(int4gcd)
{
    int64_t v;
    if (!int_gcd(a[0].i32, a[1].i32, INT32_MAX, &v)) {
        return err_int4_range(call->cx);
    }
    r->i32 = (int32_t)v;
    return ST_OK;
}
ROW_KERNEL(int8gcd)
{
    return int_gcd(a[0].i64, a[1].i64, INT64_MAX, &r->i64) ? ST_OK : err_int8_range(call->cx);
}
ROW_KERNEL(int4lcm)
{
    int64_t v;
    if (!int_lcm(a[0].i32, a[1].i32, INT32_MAX, &v)) {
        return err_int4_range(call->cx);
    }
    r->i32 = (int32_t)v;
    return ST_OK;
}
ROW_KERNEL(int8lcm)
{
    return int_lcm(a[0].i64, a[1].i64, INT64_MAX, &r->i64) ? ST_OK : err_int8_range(call->cx);
}
KERNEL_UNARY(k_int8inc, int64_t, int64_t,
             if (UNLIKELY(__builtin_add_overflow(a, 1, &r))) return err_int8_range(call->cx))
KERNEL_UNARY(k_int8dec, int64_t, int64_t,
             if (UNLIKELY(__builtin_sub_overflow(a, 1, &r))) return err_int8_range(call->cx))
KERNEL_UNARY(k_int4inc, int32_t, int32_t,
             if (UNLIKELY(__builtin_add_overflow(a, 1, &r))) return err_int4_range(call->cx))

/* ---- casts ---- */
KERNEL_UNARY_TOTAL(k_i2toi4, int16_t, int32_t, a)
KERNEL_UNARY_TOTAL(k_int28, int16_t, int64_t, a)
KERNEL_UNARY_TOTAL(k_int48, int32_t, int64_t, a)
KERNEL_UNARY(k_i4toi2, int32_t, int16_t,
             if (UNLIKELY(a < INT16_MIN || a > INT16_MAX)) return err_int2_range(call->cx);
             r = (int16_t)a)
KERNEL_UNARY(k_int82, int64_t, int16_t,
             if (UNLIKELY(a < INT16_MIN || a > INT16_MAX)) return err_int2_range(call->cx);
             r = (int16_t)a)
KERNEL_UNARY(k_int84, int64_t, int32_t,
             if (UNLIKELY(a < INT32_MIN || a > INT32_MAX)) return err_int4_range(call->cx);
             r = (int32_t)a)
KERNEL_UNARY_TOTAL(k_i2tod, int16_t, double, a)
KERNEL_UNARY_TOTAL(k_i4tod, int32_t, double, a)
KERNEL_UNARY_TOTAL(k_i8tod, int64_t, double, a)
KERNEL_UNARY_TOTAL(k_i2tof, int16_t, float, a)
KERNEL_UNARY_TOTAL(k_i4tof, int32_t, float, a)
KERNEL_UNARY_TOTAL(k_i8tof, int64_t, float, a)
KERNEL_UNARY_TOTAL(k_int4_bool, int32_t, uint8_t, a != 0)
KERNEL_UNARY_TOTAL(k_bool_int4, uint8_t, int32_t, a)

ROW_KERNEL(to_hex32)
{
    char hex[8];
    int n = 0;
    for (int shift = 28; shift >= 0; shift -= 4) {
        uint32_t d = ((uint32_t)a[0].i32 >> shift) & 15;
        if (n > 0 || d != 0 || shift == 0) {
            hex[n++] = "0123456789abcdef"[d];
        }
    }
    r->str = str_copy(call->arena, hex, (size_t)n);
    return ST_OK;
}
ROW_KERNEL(to_hex64)
{
    char hex[16];
    int n = 0;
    for (int shift = 60; shift >= 0; shift -= 4) {
        uint64_t d = ((uint64_t)a[0].i64 >> shift) & 15;
        if (n > 0 || d != 0 || shift == 0) {
            hex[n++] = "0123456789abcdef"[d];
        }
    }
    r->str = str_copy(call->arena, hex, (size_t)n);
    return ST_OK;
}

#define INT_FN_ENTRIES(t)                                                                          \
    FN(t##pl), FN(t##mi), FN(t##mul), FN(t##div), FN(t##mod), FN(t##um), FN(t##abs), FN_T(t##up),  \
        FN_T(t##and), FN_T(t## or), FN_T(t## xor), FN_T(t##not ), FN_T(t##larger),                 \
        FN_T(t##smaller), FN_T(t##shl), FN_T(t##shr), FN_T(bt##t##cmp), FN_COMPARE(t, FN_TOTAL)

static const FnOps INT_FNS[] = {
    INT_FN_ENTRIES(int2),
    INT_FN_ENTRIES(int4),
    INT_FN_ENTRIES(int8),
    FN(int4gcd),
    FN(int8gcd),
    FN(int4lcm),
    FN(int8lcm),
    FN(int8inc),
    FN(int8dec),
    FN(int4inc),
    FN_T(i2toi4),
    FN_T(int28),
    FN_T(int48),
    FN(i4toi2),
    FN(int82),
    FN(int84),
    FN_T(i2tod),
    FN_T(i4tod),
    FN_T(i8tod),
    FN_T(i2tof),
    FN_T(i4tof),
    FN_T(i8tof),
    FN_T(int4_bool),
    FN_T(bool_int4),
    FN(to_hex32),
    FN(to_hex64),
};
static const TypeOps INT_TYPES[] = {
    {TYPE_INT2, "int2", PHYS_I16, int2_in, int2_out, int2_recv, int2_send, int2_order, int2_hash,
     int2_key, int2_unkey},
    {TYPE_INT4, "int4", PHYS_I32, int4_in, int4_out, int4_recv, int4_send, int4_order, int4_hash,
     int4_key, int4_unkey},
    {TYPE_INT8, "int8", PHYS_I64, int8_in, int8_out, int8_recv, int8_send, int8_order, int8_hash,
     int8_key, int8_unkey},
};
const TypeFamily type_family_int = {
    .types = INT_TYPES,
    .type_count = ARRAY_LEN(INT_TYPES),
    .fns = INT_FNS,
    .fn_count = ARRAY_LEN(INT_FNS),
};
