/*
 * money.c - money: hundredths in a 64-bit integer, written as the C locale does ($1,234.50).
 */
#include <math.h>

#include "type/numeric.h"

#include "type/kernel.h"

#define TYPE_MONEY 790

static Status money_range(FnCall *call, Slice text)
{
    return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                   "value \"%.*s\" is out of range for type %s", (int)text.len, text.ptr, "money");
}

/* money_in - a sign or parentheses, a dollar sign, digits with commas, decimals of which two count
 * and the third rounds. */
static Status money_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    Slice s = slice_trim(text);
    size_t i = 0;
    bool negative = false, paren = false, any = false;
    i128 v = 0;
    int decimals = -1;
    for (; i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '(' || s.ptr[i] == '+' || s.ptr[i] == '$' ||
                         is_space(s.ptr[i]));
         i++) {
        negative = negative || s.ptr[i] == '-' || s.ptr[i] == '(';
        paren = paren || s.ptr[i] == '(';
    }
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_digit(c)) {
            any = true;
            if (decimals < 2) {
                v = v * 10 + (c - '0');
                decimals += decimals >= 0 ? 1 : 0;
            } else if (decimals == 2) {
                v += c >= '5' ? 1 : 0;
                decimals = 3;
            }
            if (v > (i128)INT64_MAX * 2) {
                return money_range(call, text);
            }
        } else if (c == '.' && decimals < 0) {
            decimals = 0;
        } else if (c != ',' || decimals >= 0) {
            break;
        }
    }
    for (int d = MAX(decimals, 0); d < 2; d++) {
        v *= 10;
    }
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '-') {
            negative = true;
        } else if (!is_space(c) && !(c == ')' && paren) && c != '+' && c != '$') {
            return err_bad_syntax(call->cx, "money", text);
        }
    }
    if (!any && s.len == 0) {
        return err_bad_syntax(call->cx, "money", text);
    }
    v = negative ? -v : v;
    if (v > INT64_MAX || v < INT64_MIN) {
        return money_range(call, text);
    }
    out->i64 = (int64_t)v;
    return ST_OK;
}

static void money_out(FnCall *call UNUSED, const Datum *d, Buf *buf)
{
    char digits[32];
    uint64_t v = d->i64 < 0 ? 0 - (uint64_t)d->i64 : (uint64_t)d->i64;
    int n = 0;
    for (uint64_t whole = v / 100; whole > 0 || n == 0; whole /= 10) {
        digits[n++] = (char)('0' + whole % 10);
    }
    buf_puts(buf, d->i64 < 0 ? "-$" : "$");
    while (n > 0) {
        buf_putc(buf, digits[--n]);
        if (n > 0 && n % 3 == 0) {
            buf_putc(buf, ',');
        }
    }
    buf_printf(buf, ".%02u", (unsigned)(v % 100));
}

static Status money_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 8));
    out->i64 = (int64_t)load_u64be(bytes.ptr);
    return ST_OK;
}
KERNEL_COMPARE_TOTAL(k_cash_, int64_t, int64_t)
KERNEL_BINARY_TOTAL(k_cash_cmp, int64_t, int64_t, int32_t, (a > b) - (a < b))
KERNEL_BINARY_TOTAL(k_cash_pl, int64_t, int64_t, int64_t, (uint64_t)a + (uint64_t)b)
KERNEL_BINARY_TOTAL(k_cash_mi, int64_t, int64_t, int64_t, (uint64_t)a - (uint64_t)b)
KERNEL_BINARY_TOTAL(k_cashlarger, int64_t, int64_t, int64_t, a > b ? a : b)
KERNEL_BINARY_TOTAL(k_cashsmaller, int64_t, int64_t, int64_t, a < b ? a : b)

/* MONEY_INT - money times and by an integer, MONEY_FLOAT by a float. */
#define MONEY_INT(name, T)                                                                         \
    KERNEL_BINARY_TOTAL(k_cash_mul_##name, int64_t, T, int64_t, (uint64_t)a *(uint64_t)(int64_t)b) \
    KERNEL_BINARY_TOTAL(k_##name##_mul_cash, T, int64_t, int64_t,                                  \
                        (uint64_t)(int64_t)a *(uint64_t)b)                                         \
    KERNEL_BINARY(k_cash_div_##name, int64_t, T, int64_t,                                          \
                  if (b == 0) return err_division_by_zero(call->cx);                               \
                  r = b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b)
MONEY_INT(int2, int16_t)
MONEY_INT(int4, int32_t)
MONEY_INT(int8, int64_t)
#define MONEY_FLOAT(name, T)                                                                       \
    KERNEL_BINARY(k_cash_mul_##name, int64_t, T, int64_t,                                          \
                  r = (int64_t)rint((double)a * (double)b))                                        \
    KERNEL_BINARY(k_##name##_mul_cash, T, int64_t, int64_t,                                        \
                  r = (int64_t)rint((double)a * (double)b))                                        \
    KERNEL_BINARY(k_cash_div_##name, int64_t, T, int64_t,                                          \
                  if (b == 0) return err_division_by_zero(call->cx);                               \
                  r = (int64_t)rint((double)a / (double)b))
MONEY_FLOAT(flt4, float)
MONEY_FLOAT(flt8, double)
KERNEL_BINARY(k_cash_div_cash, int64_t, int64_t, double,
              if (b == 0) return err_division_by_zero(call->cx);
              r = (double)a / (double)b)
KERNEL_UNARY_TOTAL(k_int4_cash, int32_t, int64_t, (int64_t)a * 100)

ROW_KERNEL(int8_cash)
{
    return __builtin_mul_overflow(a[0].i64, 100, &r->i64) ? err_int8_range(call->cx) : ST_OK;
}
ROW_KERNEL(cash_numeric)
{
    bool neg = a[0].i64 < 0;
    u128 m = neg ? (u128)(0 - (uint64_t)a[0].i64) : (u128)a[0].i64;
    r->str = num_make(call->arena, neg, m, 2);
    return ST_OK;
}
/* numeric_cash - rounded to hundredths, halves away from zero. */
ROW_KERNEL(numeric_cash)
{
    Num n = num_get(&a[0].str);
    if (n.kind != NUM_FINITE || n.big) {
        return err_int8_range(call->cx);
    }
    u128 m = n.m, divisor = 1;
    for (int32_t d = n.dscale; d < 2; d++) {
        m *= 10;
    }
    for (int32_t d = 2; d < n.dscale; d++) {
        if (divisor > ~(u128)0 / 10) {
            m = 0; /* nothing is left of it */
            break;
        }
        divisor *= 10;
    }
    m = m / divisor + (m % divisor >= divisor - m % divisor && divisor > 1 ? 1 : 0);
    if (m > (u128)INT64_MAX) {
        return err_int8_range(call->cx);
    }
    r->i64 = n.neg ? -(int64_t)m : (int64_t)m;
    return ST_OK;
}

static const FnOps MONEY_FNS[] = {
    FN_COMPARE(cash_, FN_TOTAL),
    FN_T(cash_cmp),
    FN_T(cash_pl),
    FN_T(cash_mi),
    FN_T(cashlarger),
    FN_T(cashsmaller),
    FN_T(cash_mul_int2),
    FN_T(cash_mul_int4),
    FN_T(cash_mul_int8),
    FN_T(int2_mul_cash),
    FN_T(int4_mul_cash),
    FN_T(int8_mul_cash),
    FN(cash_div_int2),
    FN(cash_div_int4),
    FN(cash_div_int8),
    FN(cash_mul_flt4),
    FN(cash_mul_flt8),
    FN(flt4_mul_cash),
    FN(flt8_mul_cash),
    FN(cash_div_flt4),
    FN(cash_div_flt8),
    FN(cash_div_cash),
    FN_T(int4_cash),
    FN(int8_cash),
    FN(cash_numeric),
    FN(numeric_cash),
};
static const TypeOps MONEY_TYPES[] = {
    {TYPE_MONEY, "money", PHYS_I64, money_in, money_out, money_recv, int8_send, int8_order,
     int8_hash, int8_key, int8_unkey},
};
const TypeFamily type_family_money = {
    .types = MONEY_TYPES,
    .type_count = ARRAY_LEN(MONEY_TYPES),
    .fns = MONEY_FNS,
    .fn_count = ARRAY_LEN(MONEY_FNS),
};
