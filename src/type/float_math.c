/*
 * float_math.c - mathematical functions of double precision.
 *
 * The C library computes; what is checked here are the domain errors and ranges PostgreSQL reports.
 */
#include <math.h>

#include "type/kernel.h"

#define FLOAT_RANGE(r, finite_in, zero_ok)                                                         \
    do {                                                                                           \
        if (UNLIKELY(isinf(r)) && (finite_in)) {                                                   \
            return err_float_overflow(call->cx);                                                   \
        }                                                                                          \
        if (UNLIKELY((r) == 0) && !(zero_ok)) {                                                    \
            return err_float_underflow(call->cx);                                                  \
        }                                                                                          \
    } while (0)

static Status err_input_range(Cx *cx)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range");
}
static Status err_logarithm(Cx *cx, double v)
{
    return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_LOG,
                   v == 0 ? "cannot take logarithm of zero"
                          : "cannot take logarithm of a negative number");
}

KERNEL_UNARY_TOTAL(k_dround, double, double, rint(a))
KERNEL_UNARY_TOTAL(k_dtrunc, double, double, trunc(a))
KERNEL_UNARY_TOTAL(k_dceil, double, double, ceil(a))
KERNEL_UNARY_TOTAL(k_dfloor, double, double, floor(a))
KERNEL_UNARY_TOTAL(k_dsign, double, double, a > 0 ? 1.0 : a < 0 ? -1.0 : 0.0)
KERNEL_UNARY(k_dsqrt, double, double,
             if (a < 0) return err_set(call->cx, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                                       "cannot take square root of a negative number");
             r = sqrt(a))
KERNEL_UNARY_TOTAL(k_dcbrt, double, double, cbrt(a))
KERNEL_UNARY(k_dexp, double, double, r = exp(a); FLOAT_RANGE(r, !isinf(a), isinf(a)))
KERNEL_UNARY(k_dlog1, double, double, if (a <= 0) return err_logarithm(call->cx, a); r = log(a))
KERNEL_UNARY(k_dlog10, double, double, if (a <= 0) return err_logarithm(call->cx, a); r = log10(a))
KERNEL_BINARY(k_dpow, double, double, double,
              if (a == 0 && b < 0) return err_set(call->cx,
                                                  ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                                                  "zero raised to a negative power is undefined");
              if (a < 0 && isfinite(a) && isfinite(b) && floor(b) != b) return err_set(
                  call->cx, ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                  "a negative number raised to a non-integer power yields a complex result");
              r = pow(a, b);
              FLOAT_RANGE(r, isfinite(a) && isfinite(b), !isfinite(a) || !isfinite(b) || a == 0))

/* ---- trigonometry ---- */
KERNEL_UNARY(k_dsin, double, double, if (isinf(a)) return err_input_range(call->cx); r = sin(a))
KERNEL_UNARY(k_dcos, double, double, if (isinf(a)) return err_input_range(call->cx); r = cos(a))
KERNEL_UNARY(k_dtan, double, double, if (isinf(a)) return err_input_range(call->cx); r = tan(a))
KERNEL_UNARY(k_dcot, double, double, if (isinf(a)) return err_input_range(call->cx);
             r = 1.0 / tan(a))
KERNEL_UNARY(k_dasin, double, double, if (a < -1 || a > 1) return err_input_range(call->cx);
             r = asin(a))
KERNEL_UNARY(k_dacos, double, double, if (a < -1 || a > 1) return err_input_range(call->cx);
             r = acos(a))
KERNEL_UNARY_TOTAL(k_datan, double, double, atan(a))
KERNEL_BINARY_TOTAL(k_datan2, double, double, double, atan2(a, b))
KERNEL_UNARY(k_dsinh, double, double, r = sinh(a))
KERNEL_UNARY(k_dcosh, double, double, r = cosh(a))
KERNEL_UNARY_TOTAL(k_dtanh, double, double, tanh(a))
KERNEL_UNARY_TOTAL(k_dasinh, double, double, asinh(a))
KERNEL_UNARY(k_dacosh, double, double, if (a < 1) return err_input_range(call->cx); r = acosh(a))
KERNEL_UNARY(k_datanh, double, double, if (a < -1 || a > 1) return err_input_range(call->cx);
             r = a == -1  ? -(double)INFINITY
                 : a == 1 ? (double)INFINITY
                          : atanh(a))
static const double RADIANS_PER_DEGREE = 0.0174532925199432957692;
KERNEL_UNARY(k_degrees, double, double, r = a / RADIANS_PER_DEGREE;
             FLOAT_RANGE(r, !isinf(a), a == 0))
KERNEL_UNARY(k_radians, double, double, r = a * RADIANS_PER_DEGREE;
             FLOAT_RANGE(r, !isinf(a), a == 0))
/* ---- trigonometry in degrees: exact where the exact answer is a simple number ---- */

/* The compiler must not fold these, or sin(30 degrees) would be divided by another sin(30 degrees)
 * than the one computed at run time. */
static double float_sin_deg(double x)
{
    volatile double d = x * RADIANS_PER_DEGREE;
    return sin(d);
}
static double float_cos_deg(double x)
{
    volatile double d = x * RADIANS_PER_DEGREE;
    return cos(d);
}
static double float_asin_of(double x)
{
    volatile double v = x;
    return asin(v);
}
static double float_acos_of(double x)
{
    volatile double v = x;
    return acos(v);
}
static double float_atan_of(double x)
{
    volatile double v = x;
    return atan(v);
}
/* sind_q1, cosd_q1 - for 0 to 90 degrees, exact at 0, 30, 60 and 90. */
static double sind_0_to_30(double x)
{
    return float_sin_deg(x) / float_sin_deg(30) / 2.0;
}
static double cosd_0_to_60(double x)
{
    return 1.0 - (1.0 - float_cos_deg(x)) / (1.0 - float_cos_deg(60)) / 2.0;
}
static double sind_q1(double x)
{
    return x <= 30 ? sind_0_to_30(x) : cosd_0_to_60(90 - x);
}
static double cosd_q1(double x)
{
    return x <= 60 ? cosd_0_to_60(x) : sind_0_to_30(90 - x);
}
/* asind_q1, acosd_q1 - for 0 to 1, exact at 0, 0.5 and 1. */
static double asind_q1(double x)
{
    return x <= 0.5 ? float_asin_of(x) / float_asin_of(0.5) * 30.0
                    : 90.0 - float_acos_of(x) / float_acos_of(0.5) * 60.0;
}
static double acosd_q1(double x)
{
    return x <= 0.5 ? 90.0 - float_asin_of(x) / float_asin_of(0.5) * 30.0
                    : float_acos_of(x) / float_acos_of(0.5) * 60.0;
}
/* degrees_fold - an angle to 0..90 degrees; the signs of sine and cosine there. */
static double degrees_fold(double x, int *sin_sign, int *cos_sign)
{
    *sin_sign = *cos_sign = 1;
    x = fmod(x, 360.0);
    if (x < 0) {
        x = -x;
        *sin_sign = -1;
    }
    if (x > 180) {
        x = 360 - x;
        *sin_sign = -*sin_sign;
    }
    if (x > 90) {
        x = 180 - x;
        *cos_sign = -1;
    }
    return x;
}
static double float_sind(double x)
{
    int s, c;
    x = degrees_fold(x, &s, &c);
    return s * sind_q1(x);
}
static double float_cosd(double x)
{
    int s, c;
    x = degrees_fold(x, &s, &c);
    return c * cosd_q1(x);
}
/* float_tand, float_cotd - scaled to be 1 at 45 degrees; a zero has no sign. */
static double float_tand(double x)
{
    int s, c;
    x = degrees_fold(x, &s, &c);
    double r = s * c * ((sind_q1(x) / cosd_q1(x)) / (sind_q1(45) / cosd_q1(45)));
    return r == 0 ? 0.0 : r;
}
static double float_cotd(double x)
{
    int s, c;
    x = degrees_fold(x, &s, &c);
    double r = s * c * ((cosd_q1(x) / sind_q1(x)) / (cosd_q1(45) / sind_q1(45)));
    return r == 0 ? 0.0 : r;
}
#define DEGREES_KERNEL(name, fn)                                                                   \
    KERNEL_UNARY(name, double, double, if (isinf(a)) return err_input_range(call->cx);             \
                 r = isnan(a) ? a : fn(a))
/* clang-format off */
DEGREES_KERNEL(k_dsind, float_sind)
DEGREES_KERNEL(k_dcosd, float_cosd)
DEGREES_KERNEL(k_dtand, float_tand)
DEGREES_KERNEL(k_dcotd, float_cotd)
/* clang-format on */
KERNEL_UNARY(k_dasind, double, double, if (a < -1 || a > 1) return err_input_range(call->cx);
             r = isnan(a) ? a
                 : a >= 0 ? asind_q1(a)
                          : -asind_q1(-a))
KERNEL_UNARY(k_dacosd, double, double, if (a < -1 || a > 1) return err_input_range(call->cx);
             r = isnan(a) ? a
                 : a >= 0 ? acosd_q1(a)
                          : 90.0 + asind_q1(-a))
KERNEL_UNARY(k_datand, double, double, r = atan(a) / float_atan_of(1.0) * 45.0)
KERNEL_BINARY(k_datan2d, double, double, double, r = atan2(a, b) / float_atan_of(1.0) * 45.0)

static Status k_dpi(KERNEL_PARAMS)
{
    (void)call, (void)args, (void)arg_count;
    SEL_FOREACH(row, sel)
    {
        VEC_DATA(out, double)[row] = 3.14159265358979323846;
    }
    return ST_OK;
}
ROW_KERNEL(width_bucket_float8)
{
    double v = a[0].f64, lo = a[1].f64, hi = a[2].f64;
    int32_t n = a[3].i32;
    Cx *cx = call->cx;
    if (n <= 0) {
        return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION,
                       "count must be greater than zero");
    }
    if (isnan(v) || isnan(lo) || isnan(hi)) {
        return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION,
                       "operand, lower bound, and upper bound cannot be NaN");
    }
    if (isinf(lo) || isinf(hi)) {
        return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION,
                       "lower and upper bounds must be finite");
    }
    if (lo == hi) {
        return err_set(cx, ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION,
                       "lower bound cannot equal upper bound");
    }
    bool up = lo < hi;
    if (up ? v < lo : v > lo) {
        r->i32 = 0;
    } else if (up ? v >= hi : v <= hi) {
        return __builtin_add_overflow(n, 1, &r->i32) ? err_int4_range(cx) : ST_OK;
    } else {
        double part = up ? (v - lo) / (hi - lo) : (lo - v) / (lo - hi);
        r->i32 = MIN((int32_t)((double)n * part), n - 1) + 1;
    }
    return ST_OK;
}

static const FnOps FLOAT_MATH_FNS[] = {
    FN_T(dround),
    FN_T(dtrunc),
    FN_T(dceil),
    FN_T(dfloor),
    FN_T(dsign),
    FN(dsqrt),
    FN_T(dcbrt),
    FN(dexp),
    FN(dlog1),
    FN(dlog10),
    FN(dpow),
    FN(dsin),
    FN(dcos),
    FN(dtan),
    FN(dcot),
    FN(dasin),
    FN(dacos),
    FN_T(datan),
    FN_T(datan2),
    FN(dsinh),
    FN(dcosh),
    FN_T(dtanh),
    FN_T(dasinh),
    FN(dacosh),
    FN(datanh),
    FN(degrees),
    FN(radians),
    FN(dsind),
    FN(dcosd),
    FN(dtand),
    FN(dcotd),
    FN(dasind),
    FN(dacosd),
    FN(datand),
    FN(datan2d),
    FN(dpi),
    FN(width_bucket_float8),
};
const TypeFamily type_family_float_math = {
    .fns = FLOAT_MATH_FNS,
    .fn_count = ARRAY_LEN(FLOAT_MATH_FNS),
};
