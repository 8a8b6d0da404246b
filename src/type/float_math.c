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
KERNEL_UNARY_TOTAL(k_dsign, double, double, a > 0 ? 1.0 : a < 0 ? -1.0 : isnan(a) ? a : 0.0)
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
    FN(dpi),
    FN(width_bucket_float8),
};
const TypeFamily type_family_float_math = {
    .fns = FLOAT_MATH_FNS,
    .fn_count = ARRAY_LEN(FLOAT_MATH_FNS),
};
