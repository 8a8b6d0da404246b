/*
 * numeric_ops.c - arithmetic of numeric with PostgreSQL's scales, rounding, casts.
 *
 * Numbers that fit 64 bits are worked on in 128, everything else by GMP.
 */
#include <math.h>
#include <stdlib.h>

#include "type/kernel.h"
#include "type/numeric.h"

/* ---- specials ---- */
static bool num_is_zero(const Num *n)
{
    return !n->big && n->m == 0 && n->kind == NUM_FINITE;
}
/* num_sign - of any kind but NaN. */
static int num_sign(const Num *n)
{
    return n->kind == NUM_PINF   ? 1
           : n->kind == NUM_NINF ? -1
           : num_is_zero(n)      ? 0
           : n->neg              ? -1
                                 : 1;
}
static Str num_inf(int sign)
{
    return sign == 0 ? num_special(NUM_NAN) : num_special(sign > 0 ? NUM_PINF : NUM_NINF);
}

/* num_two_mpz - two finite numbers as integers of one scale, which is returned. Owns: p and q are
 * the caller's to clear. */
static int32_t num_two_mpz(const Str *x, const Str *y, mpz_t p, mpz_t q)
{
    Num nx = num_get(x), ny = num_get(y);
    int32_t scale = MAX(nx.dscale, ny.dscale);
    mpz_inits(p, q, NULL);
    num_get_mpz(x, p);
    num_get_mpz(y, q);
    num_rescale(p, nx.dscale, scale);
    num_rescale(q, ny.dscale, scale);
    return scale;
}

/* ---- add, subtract, multiply ---- */
static Status num_add_big(Cx *cx, Arena *a, const Str *x, const Str *y, bool negate_y, Str *out)
{
    mpz_t p, q;
    int32_t scale = num_two_mpz(x, y, p, q);
    if (negate_y) {
        mpz_sub(p, p, q);
    } else {
        mpz_add(p, p, q);
    }
    Status st = num_make_mpz(cx, a, p, scale, out);
    mpz_clears(p, q, NULL);
    return st;
}
/* num_add - x + y or x - y; 128 bits hold the sum of any two short numbers of near scales. */
static ALWAYS_INLINE Status num_add(Cx *cx, Arena *a, const Str *x, const Str *y, bool negate_y,
                                    Str *out)
{
    Num nx = num_get(x), ny = num_get(y);
    if (UNLIKELY(nx.kind != NUM_FINITE || ny.kind != NUM_FINITE)) {
        int sx = nx.kind == NUM_FINITE ? 0 : num_sign(&nx);
        int sy = ny.kind == NUM_FINITE ? 0 : num_sign(&ny) * (negate_y ? -1 : 1);
        *out = nx.kind == NUM_NAN || ny.kind == NUM_NAN ? num_special(NUM_NAN)
               : sx != 0 && sy != 0 && sx != sy         ? num_special(NUM_NAN)
                                                        : num_inf(sx != 0 ? sx : sy);
        return ST_OK;
    }
    int32_t d = nx.dscale - ny.dscale;
    if (UNLIKELY(x->len != 12 || y->len != 12 || d > 18 || d < -18)) {
        return num_add_big(cx, a, x, y, negate_y, out);
    }
    i128 p = (i128)nx.m, q = (i128)ny.m;
    if (d > 0) {
        q *= (i128)num_pow10_u128((uint32_t)d);
    } else if (d < 0) {
        p *= (i128)num_pow10_u128((uint32_t)-d);
    }
    p = nx.neg ? -p : p;
    q = ny.neg != negate_y ? -q : q;
    if (UNLIKELY(__builtin_add_overflow(p, q, &p))) {
        return num_add_big(cx, a, x, y, negate_y, out);
    }
    *out = numeric_from_i128(a, p, MAX(nx.dscale, ny.dscale));
    return ST_OK;
}
Status numeric_add(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out)
{
    return num_add(cx, a, x, y, false, out);
}
Status numeric_subtract(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out)
{
    return num_add(cx, a, x, y, true, out);
}

/* numeric_multiply - two short magnitudes fit 128 bits; the rest goes to GMP. */
Status numeric_multiply(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out)
{
    Num nx = num_get(x), ny = num_get(y);
    if (UNLIKELY(nx.kind != NUM_FINITE || ny.kind != NUM_FINITE)) {
        *out = nx.kind == NUM_NAN || ny.kind == NUM_NAN ? num_special(NUM_NAN)
                                                        : num_inf(num_sign(&nx) * num_sign(&ny));
        return ST_OK;
    }
    int32_t scale = nx.dscale + ny.dscale;
    if (LIKELY(x->len == 12 && y->len == 12 && scale <= NUM_DSCALE_MAX)) {
        *out = num_make(a, nx.neg != ny.neg, nx.m * ny.m, scale);
        return ST_OK;
    }
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    num_get_mpz(x, p);
    num_get_mpz(y, q);
    mpz_mul(p, p, q);
    num_rescale(p, scale, MIN(scale, NUM_DSCALE_MAX));
    Status st = num_make_mpz(cx, a, p, MIN(scale, NUM_DSCALE_MAX), out);
    mpz_clears(p, q, NULL);
    return st;
}

/* ---- division ---- */
int32_t num_weight(const mpz_t z, int32_t dscale, int32_t *first)
{
    *first = 0;
    if (mpz_sgn(z) == 0) {
        return 0;
    }
    int32_t digits = num_digits(z), lead = digits - 1 - dscale;
    int32_t weight = lead >= 0 ? lead / 4 : -((3 - lead) / 4);
    int32_t take = lead - weight * 4 + 1; /* 1..4 decimal digits make the first one */
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    if (digits >= take) {
        num_pow10(p, (uint32_t)(digits - take));
        mpz_tdiv_q(q, z, p);
    } else {
        num_pow10(p, (uint32_t)(take - digits));
        mpz_mul(q, z, p);
    }
    *first = (int32_t)labs(mpz_get_si(q));
    mpz_clears(p, q, NULL);
    return weight;
}

int32_t numeric_div_scale(const mpz_t x, int32_t xscale, const mpz_t y, int32_t yscale)
{
    int32_t first_x, first_y;
    int32_t weight = num_weight(x, xscale, &first_x) - num_weight(y, yscale, &first_y);
    if (first_x <= first_y) {
        weight--;
    }
    int32_t scale = NUM_MIN_SIG_DIGITS - weight * 4;
    scale = MAX(scale, MAX(xscale, yscale));
    return MIN(MAX(scale, 0), NUM_DISPLAY_SCALE_MAX);
}

/* num_special_divide - either operand is not finite. */
static Status num_special_divide(Cx *cx, const Num *x, const Num *y, Str *out)
{
    if (x->kind == NUM_NAN || y->kind == NUM_NAN) {
        *out = num_special(NUM_NAN);
    } else if (x->kind != NUM_FINITE) {
        if (num_is_zero(y)) {
            return err_division_by_zero(cx);
        }
        *out = y->kind != NUM_FINITE ? num_special(NUM_NAN) : num_inf(num_sign(x) * num_sign(y));
    } else {
        *out = num_make(NULL, false, 0, 0); /* finite / infinite; small: no arena needed */
    }
    return ST_OK;
}

/* num_small_weight - num_weight for 64-bit magnitudes. */
static int32_t num_small_weight(uint64_t m, int32_t dscale, int32_t *first)
{
    static const uint64_t POW10[] = {1ull,
                                     10ull,
                                     100ull,
                                     1000ull,
                                     10000ull,
                                     100000ull,
                                     1000000ull,
                                     10000000ull,
                                     100000000ull,
                                     1000000000ull,
                                     10000000000ull,
                                     100000000000ull,
                                     1000000000000ull,
                                     10000000000000ull,
                                     100000000000000ull,
                                     1000000000000000ull,
                                     10000000000000000ull,
                                     100000000000000000ull,
                                     1000000000000000000ull,
                                     10000000000000000000ull};
    *first = 0;
    if (m == 0) {
        return 0;
    }
    int32_t digits = 1;
    while (digits < 20 && m >= POW10[digits]) {
        digits++;
    }
    int32_t lead = digits - 1 - dscale;
    int32_t weight = lead >= 0 ? lead / 4 : -((3 - lead) / 4);
    int32_t take = lead - weight * 4 + 1;
    *first = (int32_t)(digits >= take ? m / POW10[digits - take] : m * POW10[take - digits]);
    return weight;
}

/* num_divide_small - 64-bit operands whose scaled dividend fits 128 bits. */
static bool num_divide_small(Arena *a, const Num *x, const Num *y, Str *out)
{
    int32_t first_x, first_y;
    uint64_t mx = (uint64_t)x->m, my = (uint64_t)y->m;
    int32_t weight = num_small_weight(mx, x->dscale, &first_x) -
                     num_small_weight(my, y->dscale, &first_y) - (first_x <= first_y);
    int32_t scale = MAX(NUM_MIN_SIG_DIGITS - weight * 4, MAX(x->dscale, y->dscale));
    scale = MIN(MAX(scale, 0), NUM_DISPLAY_SCALE_MAX);
    int32_t shift = scale - x->dscale + y->dscale;
    u128 num;
    if (shift < 0 || shift > 38 ||
        __builtin_mul_overflow((u128)mx, num_pow10_u128((uint32_t)shift), &num) ||
        num >> 127 != 0) {
        return false;
    }
    u128 q = num / my, rest = num - q * my;
    q += rest * 2 >= my;
    *out = num_make(a, x->neg != y->neg, q, scale);
    return true;
}

Status numeric_divide(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out)
{
    Num nx = num_get(x), ny = num_get(y);
    if (UNLIKELY(nx.kind != NUM_FINITE || ny.kind != NUM_FINITE)) {
        return num_special_divide(cx, &nx, &ny, out);
    }
    if (UNLIKELY(num_is_zero(&ny))) {
        return err_division_by_zero(cx);
    }
    if (LIKELY(x->len == 12 && y->len == 12) && num_divide_small(a, &nx, &ny, out)) {
        return ST_OK;
    }
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    num_get_mpz(x, p);
    num_get_mpz(y, q);
    int32_t scale = numeric_div_scale(p, nx.dscale, q, ny.dscale);
    int32_t shift = scale - nx.dscale + ny.dscale;
    if (shift >= 0) {
        num_rescale(p, 0, shift);
    } else {
        num_rescale(q, 0, -shift);
    }
    num_div_round(p, p, q);
    Status st = num_make_mpz(cx, a, p, scale, out);
    mpz_clears(p, q, NULL);
    return st;
}

/* num_mod_div - the remainder (sign of x), or the quotient cut to an integer. */
static Status num_mod_div(Cx *cx, Arena *a, const Str *x, const Str *y, bool remainder, Str *out)
{
    Num nx = num_get(x), ny = num_get(y);
    if (UNLIKELY(nx.kind != NUM_FINITE || ny.kind != NUM_FINITE)) {
        if (remainder && nx.kind == NUM_FINITE && ny.kind != NUM_NAN) {
            *out = *x;
            return ST_OK;
        }
        if (remainder && ny.kind != NUM_NAN && nx.kind != NUM_NAN) {
            if (num_is_zero(&ny)) {
                return err_division_by_zero(cx);
            }
            *out = num_special(NUM_NAN);
            return ST_OK;
        }
        return num_special_divide(cx, &nx, &ny, out);
    }
    if (num_is_zero(&ny)) {
        return err_division_by_zero(cx);
    }
    int32_t scale = MAX(nx.dscale, ny.dscale);
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    num_get_mpz(x, p);
    num_get_mpz(y, q);
    num_rescale(p, nx.dscale, scale);
    num_rescale(q, ny.dscale, scale);
    if (remainder) {
        mpz_tdiv_r(p, p, q);
    } else {
        mpz_tdiv_q(p, p, q);
    }
    Status st = num_make_mpz(cx, a, p, remainder ? scale : 0, out);
    mpz_clears(p, q, NULL);
    return st;
}
Status numeric_modulo(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out)
{
    return num_mod_div(cx, a, x, y, true, out);
}

/* ---- rounding ---- */
Status numeric_round_to(Cx *cx, Arena *a, const Str *x, int32_t scale, bool truncate, Str *out)
{
    Num n = num_get(x);
    scale = MIN(MAX(scale, -2000), 2000);
    if (n.kind != NUM_FINITE || n.dscale == scale) {
        *out = *x;
        return ST_OK;
    }
    mpz_t z, p;
    mpz_inits(z, p, NULL);
    num_get_mpz(x, z);
    if (truncate && scale < n.dscale) {
        num_pow10(p, (uint32_t)(n.dscale - scale));
        mpz_tdiv_q(z, z, p);
    } else {
        num_rescale(z, n.dscale, scale);
    }
    if (scale < 0) {
        num_rescale(z, scale, 0);
    }
    Status st = num_make_mpz(cx, a, z, MAX(scale, 0), out);
    mpz_clears(z, p, NULL);
    return st;
}

/* num_floor_ceil - towards minus or plus infinity. */
static Status num_floor_ceil(Cx *cx, Arena *a, const Str *x, bool up, Str *out)
{
    Num n = num_get(x);
    if (n.kind != NUM_FINITE || n.dscale == 0) {
        *out = *x;
        return ST_OK;
    }
    mpz_t z, p;
    mpz_inits(z, p, NULL);
    num_get_mpz(x, z);
    num_pow10(p, (uint32_t)n.dscale);
    if (up) {
        mpz_cdiv_q(z, z, p);
    } else {
        mpz_fdiv_q(z, z, p);
    }
    Status st = num_make_mpz(cx, a, z, 0, out);
    mpz_clears(z, p, NULL);
    return st;
}

/* num_with_sign - x with another sign. */
static Str num_with_sign(Arena *a, const Str *x, bool negate)
{
    Num n = num_get(x);
    if (n.kind == NUM_NAN || num_is_zero(&n)) {
        return *x;
    }
    if (n.kind != NUM_FINITE) {
        return num_special(negate == (n.kind == NUM_PINF) ? NUM_NINF : NUM_PINF);
    }
    char *copy = arena_memdup(a, str_ptr(x), x->len);
    copy[0] = (char)((n.neg != negate) ? 0x10 : 0);
    return str_ref(copy, x->len);
}

/* num_gcd_lcm - of the magnitudes. */
static Status num_gcd_lcm(Cx *cx, Arena *a, const Str *x, const Str *y, bool lcm, Str *out)
{
    Num nx = num_get(x), ny = num_get(y);
    if (nx.kind != NUM_FINITE || ny.kind != NUM_FINITE) {
        *out = num_special(NUM_NAN);
        return ST_OK;
    }
    mpz_t p, q;
    int32_t scale = num_two_mpz(x, y, p, q);
    if (lcm) {
        mpz_lcm(p, p, q);
    } else {
        mpz_gcd(p, p, q);
    }
    Status st = num_make_mpz(cx, a, p, scale, out);
    mpz_clears(p, q, NULL);
    return st;
}

/* ---- casts ---- */
bool numeric_to_i64(const Str *v, int64_t *out)
{
    Num n = num_get(v);
    if (n.kind != NUM_FINITE) {
        return false;
    }
    if (n.big || n.dscale > 38) {
        mpz_t z;
        mpz_init(z);
        num_get_mpz(v, z);
        num_rescale(z, n.dscale, 0);
        bool fits = mpz_fits_slong_p(z) != 0;
        *out = fits ? mpz_get_si(z) : 0;
        mpz_clear(z);
        return fits;
    }
    u128 m = n.m;
    if (n.dscale > 0) {
        u128 p = num_pow10_u128((uint32_t)n.dscale), rest = m % p;
        m = m / p + (rest >= p - rest);
    }
    if (m > (u128)INT64_MAX + n.neg) {
        return false;
    }
    *out = (int64_t)(n.neg ? 0 - (uint64_t)m : (uint64_t)m);
    return true;
}

double numeric_to_f64(const Str *v)
{
    static const double POW10[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    Num n = num_get(v);
    if (n.kind != NUM_FINITE) {
        return n.kind == NUM_NAN    ? (double)NAN
               : n.kind == NUM_PINF ? (double)INFINITY
                                    : -(double)INFINITY;
    }
    if (!n.big && n.m <= (u128)1 << 53 && n.dscale <= 22) {
        double d = (double)(uint64_t)n.m / POW10[n.dscale]; /* both exact: one rounding */
        return n.neg ? -d : d;
    }
    Buf text;
    buf_init(&text, SIZE_MAX);
    numeric_text(v, &text);
    buf_putc(&text, '\0');
    double d = strtod((const char *)text.data, NULL);
    buf_release(&text);
    return d;
}

Status numeric_from_f64(FnCall *call, double v, int digits, Str *out)
{
    if (isnan(v) || isinf(v)) {
        *out = num_special(isnan(v) ? NUM_NAN : v > 0 ? NUM_PINF : NUM_NINF);
        return ST_OK;
    }
    Buf text;
    buf_init(&text, 4096);
    /* 15 digits of a double, 6 of a real: what the %g form shows. */
    float8_text(v, digits - 15, &text);
    Status st = numeric_parse(call, (Slice){(const char *)text.data, text.len}, -1, out);
    buf_release(&text);
    return st;
}

#define NUM_TO_INT(name, field, T, lo, hi, type_name, range)                                       \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        int64_t v;                                                                                 \
        Num n = num_get(&a[0].str);                                                                \
        if (n.kind != NUM_FINITE) {                                                                \
            return err_set(call->cx, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot convert %s to %s",     \
                           n.kind == NUM_NAN ? "NaN" : "infinity", type_name);                     \
        }                                                                                          \
        if (!numeric_to_i64(&a[0].str, &v) || v < (lo) || v > (hi)) {                              \
            return range(call->cx);                                                                \
        }                                                                                          \
        r->field = (T)v;                                                                           \
        return ST_OK;                                                                              \
    }
/* clang-format off */
NUM_TO_INT(numeric_int2, i16, int16_t, INT16_MIN, INT16_MAX, "smallint", err_int2_range)
NUM_TO_INT(numeric_int4, i32, int32_t, INT32_MIN, INT32_MAX, "integer", err_int4_range)
NUM_TO_INT(numeric_int8, i64, int64_t, INT64_MIN, INT64_MAX, "bigint", err_int8_range)
/* clang-format on */
KERNEL_UNARY(k_int2_numeric, int16_t, Str, r = numeric_from_i128(call->arena, a, 0))
KERNEL_UNARY(k_int4_numeric, int32_t, Str, r = numeric_from_i128(call->arena, a, 0))
KERNEL_UNARY(k_int8_numeric, int64_t, Str, r = numeric_from_i128(call->arena, a, 0))
ROW_KERNEL(numeric_float8)
{
    r->f64 = numeric_to_f64(&a[0].str);
    Num n = num_get(&a[0].str);
    if (n.kind == NUM_FINITE && (isinf(r->f64) || (r->f64 == 0 && !num_is_zero(&n)))) {
        Buf text;
        buf_init(&text, SIZE_MAX);
        numeric_text(&a[0].str, &text);
        Status st = err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                            "\"%.*s\" is out of range for type double precision", (int)text.len,
                            (const char *)text.data);
        buf_release(&text);
        return st;
    }
    return ST_OK;
}
ROW_KERNEL(numeric_float4)
{
    double v = numeric_to_f64(&a[0].str);
    r->f32 = (float)v;
    Num n = num_get(&a[0].str);
    if (n.kind == NUM_FINITE && (isinf(r->f32) || (r->f32 == 0 && !num_is_zero(&n)))) {
        Buf text;
        buf_init(&text, SIZE_MAX);
        numeric_text(&a[0].str, &text);
        Status st = err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                            "\"%.*s\" is out of range for type real", (int)text.len,
                            (const char *)text.data);
        buf_release(&text);
        return st;
    }
    return ST_OK;
}
ROW_KERNEL(float8_numeric)
{
    return numeric_from_f64(call, a[0].f64, 15, &r->str);
}
ROW_KERNEL(float4_numeric)
{
    return numeric_from_f64(call, (double)a[0].f32, 6, &r->str);
}

/* ---- kernels ---- */
KERNEL_BINARY(k_numeric_add, Str, Str, Str, TRY(num_add(call->cx, call->arena, &a, &b, false, &r)))
KERNEL_BINARY(k_numeric_sub, Str, Str, Str, TRY(num_add(call->cx, call->arena, &a, &b, true, &r)))
KERNEL_BINARY(k_numeric_mul, Str, Str, Str,
              TRY(numeric_multiply(call->cx, call->arena, &a, &b, &r)))
KERNEL_BINARY(k_numeric_div, Str, Str, Str, TRY(numeric_divide(call->cx, call->arena, &a, &b, &r)))
KERNEL_BINARY(k_numeric_mod, Str, Str, Str,
              TRY(num_mod_div(call->cx, call->arena, &a, &b, true, &r)))
KERNEL_BINARY(k_numeric_div_trunc, Str, Str, Str,
              TRY(num_mod_div(call->cx, call->arena, &a, &b, false, &r)))
KERNEL_BINARY(k_numeric_gcd, Str, Str, Str,
              TRY(num_gcd_lcm(call->cx, call->arena, &a, &b, false, &r)))
KERNEL_BINARY(k_numeric_lcm, Str, Str, Str,
              TRY(num_gcd_lcm(call->cx, call->arena, &a, &b, true, &r)))
KERNEL_BINARY(k_numeric_round, Str, int32_t, Str,
              TRY(numeric_round_to(call->cx, call->arena, &a, MAX(b, -NUM_INT_DIGITS_MAX), false,
                                   &r)))
KERNEL_BINARY(k_numeric_trunc, Str, int32_t, Str,
              TRY(numeric_round_to(call->cx, call->arena, &a, b, true, &r)))
KERNEL_UNARY(k_numeric_round0, Str, Str,
             TRY(numeric_round_to(call->cx, call->arena, &a, 0, false, &r)))
KERNEL_UNARY(k_numeric_trunc0, Str, Str,
             TRY(numeric_round_to(call->cx, call->arena, &a, 0, true, &r)))
KERNEL_UNARY(k_numeric_ceil, Str, Str, TRY(num_floor_ceil(call->cx, call->arena, &a, true, &r)))
KERNEL_UNARY(k_numeric_floor, Str, Str, TRY(num_floor_ceil(call->cx, call->arena, &a, false, &r)))
KERNEL_UNARY(k_numeric_uminus, Str, Str, r = num_with_sign(call->arena, &a, true))
KERNEL_UNARY(k_numeric_uplus, Str, Str, r = a)
KERNEL_UNARY(k_numeric_abs, Str, Str, Num n = num_get(&a);
             r = n.neg || n.kind == NUM_NINF ? num_with_sign(call->arena, &a, true) : a)
KERNEL_UNARY(k_numeric_sign, Str, Str, Num n = num_get(&a);
             r = n.kind == NUM_NAN ? a : numeric_from_i128(call->arena, num_sign(&n), 0))
KERNEL_UNARY(k_numeric_inc, Str, Str, Str one = numeric_from_i128(call->arena, 1, 0);
             TRY(num_add(call->cx, call->arena, &a, &one, false, &r)))
ROW_KERNEL(numeric_scale)
{
    Num n = num_get(&a[0].str);
    r->i32 = n.dscale;
    return n.kind == NUM_FINITE ? ST_OK : KERNEL_NULL;
}
/* num_min_scale - decimals needed to write the value. */
static int32_t num_min_scale(const Str *x)
{
    Num n = num_get(x);
    mpz_t z;
    mpz_init(z);
    num_get_mpz(x, z);
    int32_t scale = mpz_sgn(z) == 0 ? 0 : n.dscale;
    while (scale > 0 && mpz_divisible_ui_p(z, 10)) {
        mpz_divexact_ui(z, z, 10);
        scale--;
    }
    mpz_clear(z);
    return scale;
}
ROW_KERNEL(numeric_min_scale)
{
    if (num_get(&a[0].str).kind != NUM_FINITE) {
        return KERNEL_NULL;
    }
    r->i32 = num_min_scale(&a[0].str);
    return ST_OK;
}
ROW_KERNEL(numeric_trim_scale)
{
    if (num_get(&a[0].str).kind != NUM_FINITE) {
        r->str = a[0].str;
        return ST_OK;
    }
    return numeric_round_to(call->cx, call->arena, &a[0].str, num_min_scale(&a[0].str), true,
                            &r->str);
}
ROW_NULL_KERNEL(int8_sum)
{
    Str add;
    if (nulls[1]) {
        r->str = a[0].str;
        return nulls[0] ? KERNEL_NULL : ST_OK;
    }
    add = numeric_from_i128(call->arena, a[1].i64, 0);
    if (nulls[0]) {
        r->str = add;
        return ST_OK;
    }
    return numeric_add(call->cx, call->arena, &a[0].str, &add, &r->str);
}

static const FnOps NUMERIC_OPS_FNS[] = {
    FN(numeric_add),
    FN(numeric_sub),
    FN(numeric_mul),
    FN(numeric_div),
    FN(numeric_mod),
    FN(numeric_div_trunc),
    FN(numeric_gcd),
    FN(numeric_lcm),
    FN(numeric_round),
    FN(numeric_trunc),
    FN_AS("oid:1708", numeric_round0),
    FN_AS("oid:1710", numeric_trunc0),
    FN(numeric_ceil),
    FN(numeric_floor),
    FN(numeric_uminus),
    FN(numeric_uplus),
    FN(numeric_abs),
    FN(numeric_sign),
    FN(numeric_inc),
    FN(numeric_scale),
    FN(numeric_min_scale),
    FN(numeric_trim_scale),
    FN(numeric_int2),
    FN(numeric_int4),
    FN(numeric_int8),
    FN(int2_numeric),
    FN(int4_numeric),
    FN(int8_numeric),
    FN(numeric_float4),
    FN(numeric_float8),
    FN(float4_numeric),
    FN(float8_numeric),
    FN(int8_sum),
};
const TypeFamily type_family_numeric_ops = {
    .fns = NUMERIC_OPS_FNS,
    .fn_count = ARRAY_LEN(NUMERIC_OPS_FNS),
};
