/*
 * numeric_math.c - sqrt, exp, ln, log, power, width_bucket and factorial of numeric.
 *
 * The scale of a result is chosen as PostgreSQL chooses it, from an estimate of the result's size.
 * The value is computed in binary fixed point with spare bits: exp by halving its argument and
 * squaring back, ln by the series of atanh after scaling by a power of two.
 */
#include <math.h>
#include <stdlib.h>

#include "type/kernel.h"
#include "type/numeric.h"

#define NUM_RESULT_SCALE_MAX 2000
#define NUM_BITS_PER_DIGIT   3.3219280948873626
#define NUM_LOG10_E          0.434294481903252
#define NUM_POW_EXACT_DIGITS 40000

/* NumArg - a finite argument taken apart. */
typedef struct NumArg {
    mpz_t z;
    int32_t scale;
    double approx;
} NumArg;
static void num_arg_init(NumArg *a, const Str *v)
{
    mpz_init(a->z);
    num_get_mpz(v, a->z);
    a->scale = num_get(v).dscale;
    a->approx = numeric_to_f64(v);
}
static int32_t num_clamp_scale(int32_t scale)
{
    return MIN(MAX(scale, 0), NUM_DISPLAY_SCALE_MAX);
}

/* ---- fixed point ---- */
/* fix_of_decimal - z / 10^scale in units of 2^-bits. */
static void fix_of_decimal(mpz_t out, const mpz_t z, int32_t scale, unsigned long bits)
{
    mpz_t p;
    mpz_init(p);
    num_pow10(p, (uint32_t)scale);
    mpz_mul_2exp(out, z, bits);
    mpz_tdiv_q(out, out, p);
    mpz_clear(p);
}
/* fix_to_decimal - round to `scale` decimals. */
static void fix_to_decimal(mpz_t z, unsigned long bits, int32_t scale)
{
    mpz_t p, one;
    mpz_inits(p, one, NULL);
    num_pow10(p, (uint32_t)scale);
    mpz_mul(z, z, p);
    mpz_setbit(one, bits);
    num_div_round(z, z, one);
    mpz_clears(p, one, NULL);
}
/* fix_atanh2 - 2 atanh(num / den), |num / den| well below one. */
static void fix_atanh2(mpz_t out, const mpz_t num, const mpz_t den, unsigned long bits)
{
    mpz_t z, square, term, part;
    mpz_inits(z, square, term, part, NULL);
    mpz_mul_2exp(z, num, bits);
    mpz_tdiv_q(z, z, den);
    mpz_mul(square, z, z);
    mpz_tdiv_q_2exp(square, square, bits);
    mpz_set(term, z);
    mpz_set_ui(out, 0);
    for (unsigned long k = 1; mpz_sgn(term) != 0; k += 2) {
        mpz_tdiv_q_ui(part, term, k);
        mpz_add(out, out, part);
        mpz_mul(term, term, square);
        mpz_tdiv_q_2exp(term, term, bits);
    }
    mpz_mul_2exp(out, out, 1);
    mpz_clears(z, square, term, part, NULL);
}
/* fix_ln - of z / 10^scale > 0. */
static void fix_ln(mpz_t out, const mpz_t z, int32_t scale, unsigned long bits)
{
    mpz_t den, num, sum, diff, ln2;
    mpz_inits(den, num, sum, diff, ln2, NULL);
    num_pow10(den, (uint32_t)scale);
    mpz_set(num, z);
    /* Scale by 2^e so that the quotient is between 2/3 and 4/3. */
    long e = (long)mpz_sizeinbase(num, 2) - (long)mpz_sizeinbase(den, 2);
    if (e > 0) {
        mpz_mul_2exp(den, den, (unsigned long)e);
    } else {
        mpz_mul_2exp(num, num, (unsigned long)-e);
    }
    mpz_mul_ui(sum, num, 3);
    mpz_mul_ui(diff, den, 4);
    if (mpz_cmp(sum, diff) > 0) {
        mpz_mul_2exp(den, den, 1);
        e++;
    }
    mpz_sub(diff, num, den);
    mpz_add(sum, num, den);
    fix_atanh2(out, diff, sum, bits);
    if (e != 0) {
        mpz_set_ui(num, 1);
        mpz_set_ui(den, 3);
        fix_atanh2(ln2, num, den, bits);
        mpz_mul_si(ln2, ln2, e);
        mpz_add(out, out, ln2);
    }
    mpz_clears(den, num, sum, diff, ln2, NULL);
}
/* fix_exp - of x (fixed point); the result's relative error stays near 2^-bits. */
static void fix_exp(mpz_t out, const mpz_t x, unsigned long bits)
{
    mpz_t r, term, sum;
    mpz_inits(r, term, sum, NULL);
    bool neg = mpz_sgn(x) < 0;
    mpz_abs(r, x);
    size_t size = mpz_sizeinbase(r, 2);
    unsigned long halvings = size + 8 > bits ? (unsigned long)(size + 8 - bits) : 0;
    unsigned long work = bits + halvings * 2 + 32;
    mpz_mul_2exp(r, r, work - bits);
    mpz_tdiv_q_2exp(r, r, halvings);
    mpz_set_ui(sum, 0);
    mpz_setbit(sum, work);
    mpz_set(term, sum);
    for (unsigned long k = 1; mpz_sgn(term) != 0; k++) {
        mpz_mul(term, term, r);
        mpz_tdiv_q_2exp(term, term, work);
        mpz_tdiv_q_ui(term, term, k);
        mpz_add(sum, sum, term);
    }
    for (unsigned long i = 0; i < halvings; i++) {
        mpz_mul(sum, sum, sum);
        mpz_tdiv_q_2exp(sum, sum, work);
    }
    if (neg) {
        mpz_set_ui(term, 0);
        mpz_setbit(term, work * 2);
        mpz_tdiv_q(sum, term, sum);
    }
    mpz_tdiv_q_2exp(out, sum, work - bits);
    mpz_clears(r, term, sum, NULL);
}
static unsigned long fix_bits(double digits)
{
    return (unsigned long)(MAX(digits, 1) * NUM_BITS_PER_DIGIT) + 96;
}

/* ---- estimates ---- */
/* num_ln_weight - the decimal position of ln(v)'s first digit. */
static int32_t num_ln_weight(const NumArg *a)
{
    if (mpz_sgn(a->z) <= 0) {
        return 0;
    }
    if (a->approx >= 0.9 && a->approx <= 1.1) {
        mpz_t d, one;
        int32_t first, weight;
        mpz_inits(d, one, NULL);
        num_pow10(one, (uint32_t)a->scale);
        mpz_sub(d, a->z, one);
        weight = num_weight(d, a->scale, &first);
        weight = first == 0 ? 0 : weight * 4 + (int32_t)log10((double)first);
        mpz_clears(d, one, NULL);
        return weight;
    }
    long exp2;
    double m = mpz_get_d_2exp(&exp2, a->z);
    double ln = log(m) + (double)exp2 * 0.693147180559945309 - a->scale * 2.302585092994046;
    return (int32_t)log10(fabs(ln));
}

/* ---- sqrt, exp, ln, log ---- */
static Status num_check_log(Cx *cx, const Num *n, const mpz_t z)
{
    if (n->kind == NUM_NINF || (n->kind == NUM_FINITE && mpz_sgn(z) < 0)) {
        return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_LOG,
                       "cannot take logarithm of a negative number");
    }
    if (n->kind == NUM_FINITE && mpz_sgn(z) == 0) {
        return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_LOG, "cannot take logarithm of zero");
    }
    return ST_OK;
}
ROW_KERNEL(numeric_sqrt)
{
    Num n = num_get(&a[0].str);
    if (n.kind == NUM_NAN || n.kind == NUM_PINF) {
        r->str = a[0].str;
        return ST_OK;
    }
    if (n.kind == NUM_NINF || n.neg) {
        return err_set(call->cx, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                       "cannot take square root of a negative number");
    }
    NumArg v;
    int32_t first;
    num_arg_init(&v, &a[0].str);
    int32_t weight = num_weight(v.z, v.scale, &first);
    int32_t scale = NUM_MIN_SIG_DIGITS - ((weight + 1) * 4 / 2 - 1);
    scale = num_clamp_scale(MAX(scale, v.scale));
    Status st = numeric_sqrt_scaled(call->cx, call->arena, v.z, v.scale, scale, &r->str);
    mpz_clear(v.z);
    return st;
}
ROW_KERNEL(numeric_exp)
{
    Num n = num_get(&a[0].str);
    if (n.kind != NUM_FINITE) {
        r->str = n.kind == NUM_NINF ? num_make(call->arena, false, 0, 0) : a[0].str;
        return ST_OK;
    }
    NumArg v;
    Status st = ST_OK;
    num_arg_init(&v, &a[0].str);
    double val = MIN(MAX(v.approx * NUM_LOG10_E, -NUM_RESULT_SCALE_MAX), NUM_RESULT_SCALE_MAX);
    int32_t scale = num_clamp_scale(MAX(NUM_MIN_SIG_DIGITS - (int32_t)val, v.scale));
    if (fabs(v.approx) >= NUM_RESULT_SCALE_MAX * 3) {
        st = v.approx > 0 ? err_num_overflow(call->cx) : ST_OK;
        r->str = num_make(call->arena, false, 0, scale);
    } else {
        unsigned long bits = fix_bits(scale + MAX(val, 0) + 10);
        mpz_t x;
        mpz_init(x);
        fix_of_decimal(x, v.z, v.scale, bits);
        fix_exp(x, x, bits);
        fix_to_decimal(x, bits, scale);
        st = num_make_mpz(call->cx, call->arena, x, scale, &r->str);
        mpz_clear(x);
    }
    mpz_clear(v.z);
    return st;
}
ROW_KERNEL(numeric_ln)
{
    Num n = num_get(&a[0].str);
    NumArg v;
    num_arg_init(&v, &a[0].str);
    Status st = num_check_log(call->cx, &n, v.z);
    if (st == ST_OK && n.kind != NUM_FINITE) {
        r->str = a[0].str;
    } else if (st == ST_OK) {
        int32_t scale = NUM_MIN_SIG_DIGITS - num_ln_weight(&v);
        scale = num_clamp_scale(MAX(scale, v.scale));
        unsigned long bits = fix_bits(scale + 10);
        mpz_t x;
        mpz_init(x);
        fix_ln(x, v.z, v.scale, bits);
        fix_to_decimal(x, bits, scale);
        st = num_make_mpz(call->cx, call->arena, x, scale, &r->str);
        mpz_clear(x);
    }
    mpz_clear(v.z);
    return st;
}
/* num_log - the logarithm of y to base x, both finite and positive. */
static Status num_log(FnCall *call, const NumArg *x, const NumArg *y, Str *out)
{
    int32_t scale = NUM_MIN_SIG_DIGITS - (num_ln_weight(y) - num_ln_weight(x));
    scale = num_clamp_scale(MAX(scale, MAX(x->scale, y->scale)));
    unsigned long bits = fix_bits(scale + 2 * MAX(x->scale, y->scale) + 30);
    mpz_t p, q;
    Status st;
    mpz_inits(p, q, NULL);
    fix_ln(p, y->z, y->scale, bits);
    fix_ln(q, x->z, x->scale, bits);
    if (mpz_sgn(q) == 0) {
        st = err_division_by_zero(call->cx);
    } else {
        mpz_mul_2exp(p, p, bits);
        mpz_tdiv_q(p, p, q);
        fix_to_decimal(p, bits, scale);
        st = num_make_mpz(call->cx, call->arena, p, scale, out);
    }
    mpz_clears(p, q, NULL);
    return st;
}
ROW_KERNEL(numeric_log)
{
    Num nx = num_get(&a[0].str), ny = num_get(&a[1].str);
    NumArg x, y;
    num_arg_init(&x, &a[0].str);
    num_arg_init(&y, &a[1].str);
    Status st = ST_OK;
    if (nx.kind == NUM_NAN || ny.kind == NUM_NAN) {
        r->str = num_special(NUM_NAN);
    } else {
        st = num_check_log(call->cx, &nx, x.z);
        if (st == ST_OK) {
            st = num_check_log(call->cx, &ny, y.z);
        }
        if (st == ST_OK && (nx.kind != NUM_FINITE || ny.kind != NUM_FINITE)) {
            r->str = nx.kind == ny.kind      ? num_special(NUM_NAN)
                     : ny.kind != NUM_FINITE ? num_special(NUM_PINF)
                                             : num_make(call->arena, false, 0, 0);
        } else if (st == ST_OK) {
            st = num_log(call, &x, &y, &r->str);
        }
    }
    mpz_clears(x.z, y.z, NULL);
    return st;
}
ROW_KERNEL(numeric_log10)
{
    Datum b[2] = {a[0], a[0]};
    b[0].str = numeric_from_i128(call->arena, 10, 0);
    return row_numeric_log(call, b, r);
}

/* ---- power ---- */
static Status err_num_power(Cx *cx, const char *text)
{
    return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION, "%s", text);
}
static const char POWER_ZERO[] = "zero raised to a negative power is undefined";
static const char POWER_COMPLEX[] =
    "a negative number raised to a non-integer power yields a complex result";

/* num_integral - the value of a finite number when it has no fraction. */
static bool num_integral(const NumArg *v, mpz_t out)
{
    mpz_t p;
    mpz_init(p);
    num_pow10(p, (uint32_t)v->scale);
    bool whole = mpz_divisible_p(v->z, p) != 0;
    if (whole) {
        mpz_divexact(out, v->z, p);
    }
    mpz_clear(p);
    return whole;
}
static int num_sign_of(const Num *n, const mpz_t z)
{
    return n->kind == NUM_PINF ? 1 : n->kind == NUM_NINF ? -1 : mpz_sgn(z);
}
/* num_power_special - one side is NaN or infinite. */
static Status num_power_special(FnCall *call, const Num *nx, const Num *ny, const NumArg *x,
                                const NumArg *y, Str *out)
{
    Str one = numeric_from_i128(call->arena, 1, 0), zero = numeric_from_i128(call->arena, 0, 0);
    bool x_is_one = nx->kind == NUM_FINITE && x->approx == 1.0;
    int sx = num_sign_of(nx, x->z), sy = num_sign_of(ny, y->z);
    mpz_t whole;
    mpz_init(whole);
    bool integral = ny->kind != NUM_FINITE || num_integral(y, whole);
    bool odd = integral && mpz_odd_p(whole);
    mpz_clear(whole);
    if (nx->kind == NUM_NAN || ny->kind == NUM_NAN) {
        bool is_one = x_is_one || (ny->kind == NUM_FINITE && sy == 0);
        *out = is_one ? one : num_special(NUM_NAN);
        return ST_OK;
    }
    if (sx == 0 && sy < 0) {
        return err_num_power(call->cx, POWER_ZERO);
    }
    if (sx < 0 && !integral) {
        return err_num_power(call->cx, POWER_COMPLEX);
    }
    if (x_is_one || sy == 0) {
        *out = one;
    } else if (sx == 0) {
        *out = zero;
    } else if (ny->kind != NUM_FINITE) {
        bool above = nx->kind != NUM_FINITE || fabs(x->approx) > 1;
        *out = nx->kind == NUM_FINITE && x->approx == -1 ? one
               : above == (sy > 0)                       ? num_special(NUM_PINF)
                                                         : zero;
    } else if (sy < 0) {
        *out = zero;
    } else {
        *out = num_special(sx < 0 && odd ? NUM_NINF : NUM_PINF);
    }
    return ST_OK;
}
/* num_power_exact - a whole exponent whose exact power is not too long. */
static Status num_power_exact(FnCall *call, const NumArg *x, long e, int32_t scale, Str *out)
{
    unsigned long n = (unsigned long)labs(e);
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    mpz_pow_ui(p, x->z, n); /* at scale x->scale * n */
    if (e >= 0) {
        num_rescale(p, x->scale * (int32_t)n, scale);
    } else {
        num_pow10(q, (uint32_t)(x->scale * (int32_t)n + scale));
        num_div_round(p, q, p);
    }
    Status st = num_make_mpz(call->cx, call->arena, p, scale, out);
    mpz_clears(p, q, NULL);
    return st;
}

/* num_power_float - a whole exponent whose exact power would be long: binary powers in floating
 * point of enough bits that what each step cuts off stays far below the last digit. */
static Status num_power_float(FnCall *call, const NumArg *x, long e, double digits, int32_t scale,
                              Str *out)
{
    unsigned long n = (unsigned long)labs(e);
    unsigned long bits = fix_bits(scale + MAX(digits, 0) + 30) + 2 * sizeof(long) * CHAR_BIT;
    mpz_t z;
    mpf_t p, t;
    mpz_init(z);
    mpf_init2(p, bits);
    mpf_init2(t, bits);
    mpf_set_z(p, x->z);
    num_pow10(z, (uint32_t)x->scale);
    mpf_set_z(t, z);
    mpf_div(p, p, t);
    mpf_pow_ui(p, p, n);
    if (e < 0) {
        mpf_ui_div(p, 1, p);
    }
    num_pow10(z, (uint32_t)scale);
    mpf_set_z(t, z);
    mpf_mul(p, p, t);
    mpf_set_d(t, mpf_sgn(p) < 0 ? -0.5 : 0.5);
    mpf_add(p, p, t);
    mpz_set_f(z, p); /* cuts off: rounds half away from zero */
    Status st = num_make_mpz(call->cx, call->arena, z, scale, out);
    mpz_clear(z);
    mpf_clears(p, t, NULL);
    return st;
}
/* num_power_log - exp(y ln x); negate when an odd power of a negative number. */
static Status num_power_log(FnCall *call, const NumArg *x, const NumArg *y, double digits,
                            int32_t scale, bool negate, Str *out)
{
    unsigned long bits = fix_bits(scale + MAX(digits, 0) + fabs(log10(fabs(y->approx) + 1)) + 30);
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    mpz_abs(q, x->z);
    fix_ln(p, q, x->scale, bits);
    mpz_mul(p, p, y->z);
    num_pow10(q, (uint32_t)y->scale);
    mpz_tdiv_q(p, p, q);
    fix_exp(p, p, bits);
    fix_to_decimal(p, bits, scale);
    if (negate) {
        mpz_neg(p, p);
    }
    Status st = num_make_mpz(call->cx, call->arena, p, scale, out);
    mpz_clears(p, q, NULL);
    return st;
}
/* num_power - x to the y, both finite. */
static Status num_power(FnCall *call, const NumArg *x, const NumArg *y, Str *out)
{
    mpz_t whole;
    mpz_init(whole);
    bool integral = num_integral(y, whole), small = integral && mpz_fits_sint_p(whole);
    long e = small ? mpz_get_si(whole) : 0;
    bool odd = integral && mpz_odd_p(whole);
    mpz_clear(whole);
    if (mpz_sgn(x->z) == 0) {
        if (mpz_sgn(y->z) < 0) {
            return err_num_power(call->cx, POWER_ZERO);
        }
        *out = mpz_sgn(y->z) == 0 ? numeric_from_i128(call->arena, (i128)10000000000000000, 16)
                                  : num_make(call->arena, false, 0, NUM_MIN_SIG_DIGITS);
        return ST_OK;
    }
    if (mpz_sgn(x->z) < 0 && !integral) {
        return err_num_power(call->cx, POWER_COMPLEX);
    }
    /* The decimal weight of the result. */
    long exp2;
    double m = mpz_get_d_2exp(&exp2, x->z);
    double log10_x = log10(fabs(m)) + (double)exp2 * 0.30102999566398119521 - x->scale;
    if (fabs(x->approx - 1) < 1e-8) {
        log10_x = (x->approx - 1) * NUM_LOG10_E;
    }
    double weight = y->approx * log10_x;
    if (weight > (small ? 32768.0 * 4 : NUM_RESULT_SCALE_MAX * 3.01 * NUM_LOG10_E)) {
        return err_num_overflow(call->cx);
    }
    if (!small && weight + 1 < -NUM_DISPLAY_SCALE_MAX) {
        *out = num_make(call->arena, false, 0, NUM_DISPLAY_SCALE_MAX);
        return ST_OK;
    }
    int32_t scale = NUM_MIN_SIG_DIGITS - (int32_t)weight;
    scale = num_clamp_scale(MAX(scale, MAX(x->scale, y->scale)));
    if (small) {
        /* Whole powers always have sixteen decimals. */
        scale = num_clamp_scale(MAX(NUM_MIN_SIG_DIGITS, x->scale));
    }
    if (small && weight < -1100) {
        *out = num_make(call->arena, false, 0, scale);
        return ST_OK;
    }
    if (small && (double)num_digits(x->z) * (double)labs(e) < NUM_POW_EXACT_DIGITS) {
        return num_power_exact(call, x, e, scale, out);
    }
    if (small) {
        return num_power_float(call, x, e, weight, scale, out);
    }
    return num_power_log(call, x, y, weight, scale, odd && mpz_sgn(x->z) < 0, out);
}
ROW_KERNEL(numeric_power)
{
    Num nx = num_get(&a[0].str), ny = num_get(&a[1].str);
    NumArg x, y;
    num_arg_init(&x, &a[0].str);
    num_arg_init(&y, &a[1].str);
    Status st = nx.kind != NUM_FINITE || ny.kind != NUM_FINITE
                    ? num_power_special(call, &nx, &ny, &x, &y, &r->str)
                    : num_power(call, &x, &y, &r->str);
    mpz_clears(x.z, y.z, NULL);
    return st;
}

/* ---- width_bucket, factorial ---- */
static Status err_bucket(Cx *cx, const char *text)
{
    return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION, "%s", text);
}
ROW_KERNEL(width_bucket_numeric)
{
    Cx *cx = call->cx;
    Num n[3];
    int32_t scale = 0, count = a[3].i32;
    if (count <= 0) {
        return err_bucket(cx, "count must be greater than zero");
    }
    for (int i = 0; i < 3; i++) {
        n[i] = num_get(&a[i].str);
        scale = MAX(scale, n[i].dscale);
        if (n[i].kind == NUM_NAN) {
            return err_bucket(cx, "operand, lower bound, and upper bound cannot be NaN");
        }
    }
    if (n[1].kind != NUM_FINITE || n[2].kind != NUM_FINITE) {
        return err_bucket(cx, "lower and upper bounds must be finite");
    }
    int order = numeric_compare(&a[1].str, &a[2].str);
    if (order == 0) {
        return err_bucket(cx, "lower bound cannot equal upper bound");
    }
    int below = numeric_compare(&a[0].str, &a[1].str),
        above = numeric_compare(&a[0].str, &a[2].str);
    if (order < 0 ? below < 0 : below > 0) {
        r->i32 = 0;
        return ST_OK;
    }
    if (order < 0 ? above >= 0 : above <= 0) {
        return __builtin_add_overflow(count, 1, &r->i32) ? err_int4_range(cx) : ST_OK;
    }
    mpz_t v, lo, hi;
    mpz_inits(v, lo, hi, NULL);
    num_get_mpz(&a[0].str, v);
    num_get_mpz(&a[1].str, lo);
    num_get_mpz(&a[2].str, hi);
    num_rescale(v, n[0].dscale, scale);
    num_rescale(lo, n[1].dscale, scale);
    num_rescale(hi, n[2].dscale, scale);
    mpz_sub(v, v, lo);
    mpz_sub(hi, hi, lo);
    mpz_mul_si(v, v, count);
    mpz_tdiv_q(v, v, hi);
    r->i32 = (int32_t)mpz_get_si(v) + 1;
    mpz_clears(v, lo, hi, NULL);
    return ST_OK;
}
ROW_KERNEL(numeric_fac)
{
    if (a[0].i64 < 0) {
        return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                       "factorial of a negative number is undefined");
    }
    if (a[0].i64 > 32177) {
        return err_num_overflow(call->cx);
    }
    mpz_t z;
    mpz_init(z);
    mpz_fac_ui(z, (unsigned long)a[0].i64);
    Status st = num_make_mpz(call->cx, call->arena, z, 0, &r->str);
    mpz_clear(z);
    return st;
}

static const FnOps NUMERIC_MATH_FNS[] = {
    FN(numeric_sqrt),
    FN(numeric_exp),
    FN(numeric_ln),
    FN(numeric_log),
    FN_AS("oid:1741", numeric_log10),
    FN_AS("oid:1481", numeric_log10),
    FN(numeric_power),
    FN(width_bucket_numeric),
    FN(numeric_fac),
};
const TypeFamily type_family_numeric_math = {
    .fns = NUMERIC_MATH_FNS,
    .fn_count = ARRAY_LEN(NUMERIC_MATH_FNS),
};
