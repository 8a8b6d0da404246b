/*
 * float.c - real and double precision: I/O, order, keys, arithmetic, comparisons, casts.
 *
 * Text output is the shortest that reads back the same. Numbers with up to 15 significant digits,
 * the common case, are found by scaling to an integer and checking the way back; the rest try 15 to
 * 17 digits. Results that overflow or underflow raise, NaN equals itself and is greater than all.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "type/kernel.h"

int float8_order(double a, double b)
{
    if (UNLIKELY(isnan(a))) {
        return isnan(b) ? 0 : 1;
    }
    if (UNLIKELY(isnan(b))) {
        return -1;
    }
    return (a > b) - (a < b);
}

/* ---- output ---- */
/* float_put_digits - place `n` digits d.ddd x 10^exp10 as %g would with precision `fixed_digits`.
 */
static void float_put_digits(Buf *buf, const char *digits, int n, int exp10, int fixed_digits)
{
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    if (exp10 < -4 || exp10 >= fixed_digits) {
        buf_putc(buf, digits[0]);
        if (n > 1) {
            buf_putc(buf, '.');
            buf_put(buf, digits + 1, (size_t)n - 1);
        }
        buf_putc(buf, 'e');
        buf_putc(buf, exp10 < 0 ? '-' : '+');
        uint32_t e = (uint32_t)(exp10 < 0 ? -exp10 : exp10);
        if (e < 10) {
            buf_putc(buf, '0');
        }
        buf_put_u64_text(buf, e);
        return;
    }
    if (exp10 < 0) {
        buf_puts(buf, "0.");
        for (int i = -1; i > exp10; i--) {
            buf_putc(buf, '0');
        }
        buf_put(buf, digits, (size_t)n);
        return;
    }
    for (int i = 0; i <= exp10; i++) {
        buf_putc(buf, i < n ? digits[i] : '0');
    }
    if (n > exp10 + 1) {
        buf_putc(buf, '.');
        buf_put(buf, digits + exp10 + 1, (size_t)(n - exp10 - 1));
    }
}

/* float_special - NaN, the infinities and zero. */
static bool float_special(double v, Buf *buf)
{
    if (isnan(v)) {
        buf_puts(buf, "NaN");
    } else if (isinf(v)) {
        buf_puts(buf, v > 0 ? "Infinity" : "-Infinity");
    } else if (v == 0) {
        buf_puts(buf, signbit(v) ? "-0" : "0");
    } else {
        return false;
    }
    return true;
}

/* float_scaled - v as m / 10^k with m below 10^15 and k up to 8, exactly as a reader would compute
 * it; writes its digits. */
static int float_scaled(double v, char digits[20], int *exp10)
{
    static const double POW10[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    for (int k = 0; k < (int)ARRAY_LEN(POW10); k++) {
        double scaled = v * POW10[k];
        if (scaled >= 1e15) {
            return 0;
        }
        double whole = nearbyint(scaled);
        if (whole >= 1 && whole / POW10[k] == v) {
            uint64_t m = (uint64_t)whole;
            char tmp[20];
            int n = 0;
            for (; m != 0; m /= 10) {
                tmp[n++] = (char)('0' + m % 10);
            }
            for (int i = 0; i < n; i++) {
                digits[i] = tmp[n - 1 - i];
            }
            *exp10 = n - 1 - k;
            return n;
        }
    }
    return 0;
}

/* float_digits_of - the digits and exponent of printf's %.*e. */
static int float_digits_of(double v, int digits, char *out, int *exp10)
{
    char text[40];
    snprintf(text, sizeof(text), "%.*e", digits - 1, v);
    int n = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (is_digit(*p)) {
            out[n++] = *p;
        }
    }
    *exp10 = (int)strtol(p + 1, NULL, 10);
    return n;
}

void float8_text(double v, int extra_float_digits, Buf *buf)
{
    char digits[40];
    int exp10 = 0, n = 0;
    if (float_special(v, buf)) {
        return;
    }
    if (v < 0) {
        buf_putc(buf, '-');
        v = -v;
    }
    if (extra_float_digits <= 0) {
        int want = MAX(15 + extra_float_digits, 1);
        n = float_digits_of(v, want, digits, &exp10);
        float_put_digits(buf, digits, n, exp10, want);
        return;
    }
    n = float_scaled(v, digits, &exp10);
    for (int want = 1; n == 0; want = want == 1 ? 15 : want + 1) {
        /* One digit first: subnormal numbers have fewer than 15 that mean anything. */
        if (want == 1 && v > 1e-300) {
            continue;
        }
        int k = want;
        do {
            n = float_digits_of(v, k, digits, &exp10);
            char text[64];
            snprintf(text, sizeof(text), "%c.%.*se%d", digits[0], n - 1, digits + 1, exp10);
            if (strtod(text, NULL) != v && want != 17) {
                n = 0;
            }
            k++;
        } while (n == 0 && want == 1 && k < 15);
    }
    float_put_digits(buf, digits, n, exp10, 15);
}

void float4_text(float v, int extra_float_digits, Buf *buf)
{
    char digits[40];
    int exp10 = 0, n = 0;
    if (float_special((double)v, buf)) {
        return;
    }
    if (v < 0) {
        buf_putc(buf, '-');
        v = -v;
    }
    if (extra_float_digits <= 0) {
        int want = MAX(6 + extra_float_digits, 1);
        n = float_digits_of((double)v, want, digits, &exp10);
        float_put_digits(buf, digits, n, exp10, want);
        return;
    }
    for (int want = v < 1e-30f ? 1 : 6; n == 0; want++) {
        n = float_digits_of((double)v, want, digits, &exp10);
        char text[64];
        snprintf(text, sizeof(text), "%c.%.*se%d", digits[0], n - 1, digits + 1, exp10);
        if (strtof(text, NULL) != v && want < 9) {
            n = 0;
        }
    }
    float_put_digits(buf, digits, n, exp10, 6);
}

/* ---- input ---- */
/* float_word - the spellings of NaN and the infinities. */
static bool float_word(Slice s, double *out)
{
    bool neg = false;
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        neg = s.ptr[0] == '-';
        s.ptr++;
        s.len--;
    } else if (slice_ieq(s, "nan")) {
        *out = (double)NAN;
        return true;
    }
    if (slice_ieq(s, "infinity") || slice_ieq(s, "inf")) {
        *out = neg ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    return false;
}

/* float_simple - up to 15 digits and a small decimal exponent: exact by one division. */
static bool float_simple(Slice s, double *out)
{
    static const double POW10[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t m = 0;
    uint32_t digits = 0, scale = 0;
    bool dot = false, neg = false;
    size_t i = 0;
    if (s.len > 0 && s.ptr[0] == '-') {
        neg = true;
        i++;
    }
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_digit(c)) {
            m = m * 10 + (uint64_t)(c - '0');
            scale += dot;
            if (++digits > 15) {
                return false;
            }
        } else if (c == '.' && !dot) {
            dot = true;
        } else {
            return false;
        }
    }
    if (digits == 0) {
        return false;
    }
    double v = (double)m / POW10[scale];
    *out = neg ? -v : v;
    return true;
}

/* float_valid - the syntax strtod takes, without hexadecimal. */
static bool float_valid(Slice s)
{
    size_t i = 0, digits = 0;
    if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+')) {
        i++;
    }
    for (; i < s.len && is_digit(s.ptr[i]); i++) {
        digits++;
    }
    if (i < s.len && s.ptr[i] == '.') {
        for (i++; i < s.len && is_digit(s.ptr[i]); i++) {
            digits++;
        }
    }
    if (digits == 0) {
        return false;
    }
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+')) {
            i++;
        }
        size_t start = i;
        while (i < s.len && is_digit(s.ptr[i])) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    return i == s.len;
}

/* float_prepare - common checks of both widths: ST_DONE when *out is final, ST_OK when `cstr` must
 * be read by strtod. */
static Status float_prepare(Cx *cx, Slice text, const char *type_name, double *out, char *small,
                            size_t small_size, const char **cstr)
{
    Slice s = slice_trim(text);
    if (float_word(s, out)) {
        return ST_DONE;
    }
    if (!float_valid(s)) {
        return err_bad_syntax(cx, type_name, text);
    }
    if (s.len < small_size) {
        memcpy(small, s.ptr, s.len);
        small[s.len] = '\0';
        *cstr = small;
    } else {
        *cstr = arena_strndup(cx->arena, s.ptr, s.len);
    }
    return ST_OK;
}
static Status float_range(Cx *cx, const char *type_name, const char *text)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "\"%s\" is out of range for type %s",
                   text, type_name);
}

Status float8_parse(Cx *cx, Slice text, const char *type_name, double *out)
{
    char small[128];
    const char *cstr = NULL;
    if (float_simple(text, out)) {
        return ST_OK;
    }
    Status st = float_prepare(cx, text, type_name, out, small, sizeof(small), &cstr);
    if (st != ST_OK) {
        return st == ST_DONE ? ST_OK : st;
    }
    errno = 0;
    *out = strtod(cstr, NULL);
    if (errno == ERANGE && (*out == 0 || isinf(*out))) {
        return float_range(cx, type_name, cstr);
    }
    return ST_OK;
}

static Status float8_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return float8_parse(call->cx, text, "double precision", &out->f64);
}
static Status float4_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    char small[128];
    const char *cstr = NULL;
    double wide = 0;
    Status st = float_prepare(call->cx, text, "real", &wide, small, sizeof(small), &cstr);
    if (st != ST_OK) {
        out->f32 = (float)wide;
        return st == ST_DONE ? ST_OK : st;
    }
    errno = 0;
    out->f32 = strtof(cstr, NULL);
    if (errno == ERANGE && (out->f32 == 0 || isinf(out->f32))) {
        return float_range(call->cx, "real", cstr);
    }
    return ST_OK;
}
static void float8_out(FnCall *call, const Datum *v, Buf *buf)
{
    float8_text(v->f64, call->env != NULL ? call->env->extra_float_digits : 1, buf);
}
static void float4_out(FnCall *call, const Datum *v, Buf *buf)
{
    float4_text(v->f32, call->env != NULL ? call->env->extra_float_digits : 1, buf);
}
static Status float8_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 8));
    out->i64 = (int64_t)load_u64be(bytes.ptr);
    return ST_OK;
}
static Status float4_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 4));
    out->u32 = load_u32be(bytes.ptr);
    return ST_OK;
}
static void float8_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u64be(buf, (uint64_t)v->i64);
}
static void float4_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u32be(buf, v->u32);
}
static int float8_cmp(const Datum *a, const Datum *b)
{
    return float8_order(a->f64, b->f64);
}
static int float4_cmp(const Datum *a, const Datum *b)
{
    return float8_order((double)a->f32, (double)b->f32);
}
/* float_hash_of - one value for both zeros and for every NaN. */
static uint64_t float_hash_of(double v)
{
    uint64_t bits;
    v = v == 0 ? 0 : isnan(v) ? (double)NAN : v;
    memcpy(&bits, &v, 8);
    return hash_u64(bits);
}
static uint64_t float8_hash(const Datum *v)
{
    return float_hash_of(v->f64);
}
static uint64_t float4_hash(const Datum *v)
{
    return float_hash_of((double)v->f32);
}
/* float8_key - IEEE bits, made to order like integers; both zeros and all NaNs are one key. */
static void float8_key(const Datum *v, Buf *buf)
{
    double d = v->f64 == 0 ? 0 : isnan(v->f64) ? (double)NAN : v->f64;
    uint64_t bits;
    memcpy(&bits, &d, 8);
    bits = isnan(d) ? UINT64_MAX : (bits >> 63) != 0 ? ~bits : bits | ((uint64_t)1 << 63);
    key_put_u64(buf, bits);
}
static void float4_key(const Datum *v, Buf *buf)
{
    float d = v->f32 == 0 ? 0 : v->f32;
    uint32_t bits;
    memcpy(&bits, &d, 4);
    bits = isnan(d) ? UINT32_MAX : (bits >> 31) != 0 ? ~bits : bits | ((uint32_t)1 << 31);
    key_put_u32(buf, bits);
}

/* ---- arithmetic ---- */
#define FLOAT_CHECK(r, overflow_allowed, zero_allowed)                                             \
    if (UNLIKELY(isinf(r)) && !(overflow_allowed)) {                                               \
        return err_float_overflow(call->cx);                                                       \
    }                                                                                              \
    if (UNLIKELY(r == 0) && !(zero_allowed)) {                                                     \
        return err_float_underflow(call->cx);                                                      \
    }
#define FLOAT_ARITH(t, TA, TB, TR)                                                                 \
    KERNEL_BINARY(k_##t##pl, TA, TB, TR, r = (TR)a + (TR)b;                                        \
                  FLOAT_CHECK(r, isinf(a) || isinf(b), true))                                      \
    KERNEL_BINARY(k_##t##mi, TA, TB, TR, r = (TR)a - (TR)b;                                        \
                  FLOAT_CHECK(r, isinf(a) || isinf(b), true))                                      \
    KERNEL_BINARY(k_##t##mul, TA, TB, TR, r = (TR)a * (TR)b;                                       \
                  FLOAT_CHECK(r, isinf(a) || isinf(b), a == 0 || b == 0))                          \
    KERNEL_BINARY(k_##t##div, TA, TB, TR,                                                          \
                  if (UNLIKELY(b == 0) && !isnan(a)) return err_division_by_zero(call->cx);        \
                  r = (TR)a / (TR)b; FLOAT_CHECK(r, isinf(a) || isinf(b), a == 0 || isinf(b)))
/* clang-format off */
FLOAT_ARITH(float8, double, double, double)
FLOAT_ARITH(float4, float, float, float)
FLOAT_ARITH(float48, float, double, double)
FLOAT_ARITH(float84, double, float, double)
/* clang-format on */

/* Comparisons where NaN equals NaN and is above the rest. */
#define FLOAT_COMPARE(t, TA, TB)                                                                   \
    KERNEL_BINARY_TOTAL(k_##t##eq, TA, TB, uint8_t, isnan(a) ? isnan(b) : (double)a == (double)b)  \
    KERNEL_BINARY_TOTAL(k_##t##ne, TA, TB, uint8_t, isnan(a) ? !isnan(b) : (double)a != (double)b) \
    KERNEL_BINARY_TOTAL(k_##t##lt, TA, TB, uint8_t,                                                \
                        !isnan(a) && (isnan(b) || (double)a < (double)b))                          \
    KERNEL_BINARY_TOTAL(k_##t##le, TA, TB, uint8_t,                                                \
                        isnan(b) || (!isnan(a) && (double)a <= (double)b))                         \
    KERNEL_BINARY_TOTAL(k_##t##gt, TA, TB, uint8_t,                                                \
                        !isnan(b) && (isnan(a) || (double)a > (double)b))                          \
    KERNEL_BINARY_TOTAL(k_##t##ge, TA, TB, uint8_t,                                                \
                        isnan(a) || (!isnan(b) && (double)a >= (double)b))                         \
    KERNEL_BINARY_TOTAL(k_bt##t##cmp, TA, TB, int32_t, float8_order((double)a, (double)b))
/* clang-format off */
FLOAT_COMPARE(float8, double, double)
FLOAT_COMPARE(float4, float, float)
FLOAT_COMPARE(float48, float, double)
FLOAT_COMPARE(float84, double, float)
/* clang-format on */

KERNEL_UNARY_TOTAL(k_float8um, double, double, -a)
KERNEL_UNARY_TOTAL(k_float8up, double, double, a)
KERNEL_UNARY_TOTAL(k_float8abs, double, double, fabs(a))
KERNEL_UNARY_TOTAL(k_float4um, float, float, -a)
KERNEL_UNARY_TOTAL(k_float4up, float, float, a)
KERNEL_UNARY_TOTAL(k_float4abs, float, float, fabsf(a))
KERNEL_BINARY_TOTAL(k_float8larger, double, double, double, float8_order(a, b) > 0 ? a : b)
KERNEL_BINARY_TOTAL(k_float8smaller, double, double, double, float8_order(a, b) < 0 ? a : b)
KERNEL_BINARY_TOTAL(k_float4larger, float, float, float,
                    float8_order((double)a, (double)b) > 0 ? a : b)
KERNEL_BINARY_TOTAL(k_float4smaller, float, float, float,
                    float8_order((double)a, (double)b) < 0 ? a : b)

/* ---- casts ---- */
KERNEL_UNARY_TOTAL(k_ftod, float, double, a)
KERNEL_UNARY(k_dtof, double, float, r = (float)a; FLOAT_CHECK(r, isinf(a), a == 0))
#define FLOAT_TO_INT(name, TA, TR, lo, hi, range)                                                  \
    KERNEL_UNARY(name, TA, TR, double v = rint((double)a);                                         \
                 if (UNLIKELY(isnan(v) || v < (lo) || v >= (hi))) return range(call->cx);          \
                 r = (TR)v)
/* clang-format off */
FLOAT_TO_INT(k_dtoi2, double, int16_t, -32768.0, 32768.0, err_int2_range)
FLOAT_TO_INT(k_dtoi4, double, int32_t, -2147483648.0, 2147483648.0, err_int4_range)
FLOAT_TO_INT(k_dtoi8, double, int64_t, -9223372036854775808.0, 9223372036854775808.0, err_int8_range)
FLOAT_TO_INT(k_ftoi2, float, int16_t, -32768.0, 32768.0, err_int2_range)
FLOAT_TO_INT(k_ftoi4, float, int32_t, -2147483648.0, 2147483648.0, err_int4_range)
FLOAT_TO_INT(k_ftoi8, float, int64_t, -9223372036854775808.0, 9223372036854775808.0, err_int8_range)
/* clang-format on */

#define FLOAT_ENTRIES(t)                                                                           \
    FN(t##pl), FN(t##mi), FN(t##mul), FN(t##div), FN_COMPARE(t, FN_TOTAL), FN_T(bt##t##cmp)
static const FnOps FLOAT_FNS[] = {
    FLOAT_ENTRIES(float8),
    FLOAT_ENTRIES(float4),
    FLOAT_ENTRIES(float48),
    FLOAT_ENTRIES(float84),
    FN_T(float8um),
    FN_T(float8up),
    FN_T(float8abs),
    FN_T(float4um),
    FN_T(float4up),
    FN_T(float4abs),
    FN_T(float8larger),
    FN_T(float8smaller),
    FN_T(float4larger),
    FN_T(float4smaller),
    FN_T(ftod),
    FN(dtof),
    FN(dtoi2),
    FN(dtoi4),
    FN(dtoi8),
    FN(ftoi2),
    FN(ftoi4),
    FN(ftoi8),
};
static const TypeOps FLOAT_TYPES[] = {
    {TYPE_FLOAT4, "float4", PHYS_F32, float4_in, float4_out, float4_recv, float4_send, float4_cmp,
     float4_hash, float4_key, NULL},
    {TYPE_FLOAT8, "float8", PHYS_F64, float8_in, float8_out, float8_recv, float8_send, float8_cmp,
     float8_hash, float8_key, NULL},
};
const TypeFamily type_family_float = {
    .types = FLOAT_TYPES,
    .type_count = ARRAY_LEN(FLOAT_TYPES),
    .fns = FLOAT_FNS,
    .fn_count = ARRAY_LEN(FLOAT_FNS),
};
