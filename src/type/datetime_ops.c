/*
 * datetime_ops.c - comparisons, arithmetic and casts of the date and time types, interval
 * aggregates, the clock.
 */
#include <math.h>

#include "type/datetime_internal.h"

typedef struct B16 {
    uint8_t b[16];
} B16;
static inline Interval b16_interval(const B16 *v)
{
    Interval i;
    memcpy(&i, v, sizeof(i));
    return i;
}
static inline B16 b16_of(Interval v)
{
    B16 b;
    memcpy(&b, &v, sizeof(b));
    return b;
}
static inline B16 b16_of_timetz(int64_t us, int32_t west)
{
    TimeTz t = {us, west, 0};
    B16 b;
    memcpy(&b, &t, sizeof(b));
    return b;
}
static inline TimeTz b16_timetz(const B16 *v)
{
    TimeTz t;
    memcpy(&t, v, sizeof(t));
    return t;
}

/* ---- comparisons ---- */
#define DATE_CMP(a, b) (((a) > (b)) - ((a) < (b)))
KERNEL_COMPARE_TOTAL(k_date_, int32_t, int32_t)
KERNEL_COMPARE_TOTAL(k_time_, int64_t, int64_t)
KERNEL_BINARY_TOTAL(k_date_cmp, int32_t, int32_t, int32_t, DATE_CMP(a, b))
KERNEL_BINARY_TOTAL(k_time_cmp, int64_t, int64_t, int32_t, DATE_CMP(a, b))
KERNEL_BINARY_TOTAL(k_date_larger, int32_t, int32_t, int32_t, a > b ? a : b)
KERNEL_BINARY_TOTAL(k_date_smaller, int32_t, int32_t, int32_t, a < b ? a : b)
KERNEL_BINARY_TOTAL(k_time_larger, int64_t, int64_t, int64_t, a > b ? a : b)
KERNEL_BINARY_TOTAL(k_time_smaller, int64_t, int64_t, int64_t, a < b ? a : b)
static int interval_compare_b16(const B16 *a, const B16 *b)
{
    Interval x = b16_interval(a), y = b16_interval(b);
    return interval_compare(&x, &y);
}
KERNEL_COMPARE_BY(k_interval_, B16, interval_compare_b16)
KERNEL_BINARY(k_interval_cmp, B16, B16, int32_t, r = interval_compare_b16(&a, &b))
KERNEL_BINARY(k_interval_larger, B16, B16, B16, r = interval_compare_b16(&a, &b) > 0 ? a : b)
KERNEL_BINARY(k_interval_smaller, B16, B16, B16, r = interval_compare_b16(&a, &b) < 0 ? a : b)
static int timetz_compare_b16(const B16 *a, const B16 *b)
{
    TimeTz x = b16_timetz(a), y = b16_timetz(b);
    int64_t p = x.us + x.west * USECS_PER_SEC, q = y.us + y.west * USECS_PER_SEC;
    return p != q ? DATE_CMP(p, q) : DATE_CMP(x.west, y.west);
}
KERNEL_COMPARE_BY(k_timetz_, B16, timetz_compare_b16)
KERNEL_BINARY(k_timetz_cmp, B16, B16, int32_t, r = timetz_compare_b16(&a, &b))
KERNEL_BINARY(k_timetz_larger, B16, B16, B16, r = timetz_compare_b16(&a, &b) > 0 ? a : b)
KERNEL_BINARY(k_timetz_smaller, B16, B16, B16, r = timetz_compare_b16(&a, &b) < 0 ? a : b)

/* Between types: a date is its midnight (beyond the range of timestamps it is infinite), a
 * timestamp without zone is read in the session's. */
static int64_t date_as_ts(FnCall *call UNUSED, int32_t d)
{
    int64_t ts;
    if (d == DATE_NEG_INF || d == DATE_POS_INF ||
        __builtin_mul_overflow((int64_t)d, USECS_PER_DAY, &ts) || !timestamp_valid(ts)) {
        return d < 0 ? TIMESTAMP_NEG_INF : TIMESTAMP_POS_INF;
    }
    return ts;
}
static int64_t ts_as_tstz(FnCall *call, int64_t ts)
{
    int64_t out;
    if (timestamp_is_inf(ts) || !timestamptz_of_local(env_zone(call), ts, &out)) {
        return ts < 0 ? TIMESTAMP_NEG_INF : TIMESTAMP_POS_INF;
    }
    return out;
}
static int64_t date_as_tstz(FnCall *call, int32_t d)
{
    return ts_as_tstz(call, date_as_ts(call, d));
}
static int64_t same_i64(FnCall *call UNUSED, int64_t v)
{
    return v;
}
#define CROSS_COMPARE(prefix, suffix, TA, TB, CA, CB)                                              \
    KERNEL_BINARY(k_##prefix##_eq_##suffix, TA, TB, uint8_t, r = CA(call, a) == CB(call, b))       \
    KERNEL_BINARY(k_##prefix##_ne_##suffix, TA, TB, uint8_t, r = CA(call, a) != CB(call, b))       \
    KERNEL_BINARY(k_##prefix##_lt_##suffix, TA, TB, uint8_t, r = CA(call, a) < CB(call, b))        \
    KERNEL_BINARY(k_##prefix##_le_##suffix, TA, TB, uint8_t, r = CA(call, a) <= CB(call, b))       \
    KERNEL_BINARY(k_##prefix##_gt_##suffix, TA, TB, uint8_t, r = CA(call, a) > CB(call, b))        \
    KERNEL_BINARY(k_##prefix##_ge_##suffix, TA, TB, uint8_t, r = CA(call, a) >= CB(call, b))       \
    KERNEL_BINARY(k_##prefix##_cmp_##suffix, TA, TB, int32_t,                                      \
                  r = DATE_CMP(CA(call, a), CB(call, b)))
#define CROSS_ENTRIES(prefix, suffix)                                                              \
    FN(prefix##_eq_##suffix), FN(prefix##_ne_##suffix), FN(prefix##_lt_##suffix),                  \
        FN(prefix##_le_##suffix), FN(prefix##_gt_##suffix), FN(prefix##_ge_##suffix),              \
        FN(prefix##_cmp_##suffix)
/* clang-format off */
CROSS_COMPARE(date, timestamp, int32_t, int64_t, date_as_ts, same_i64)
CROSS_COMPARE(timestamp, date, int64_t, int32_t, same_i64, date_as_ts)
CROSS_COMPARE(date, timestamptz, int32_t, int64_t, date_as_tstz, same_i64)
CROSS_COMPARE(timestamptz, date, int64_t, int32_t, same_i64, date_as_tstz)
CROSS_COMPARE(timestamp, timestamptz, int64_t, int64_t, ts_as_tstz, same_i64)
CROSS_COMPARE(timestamptz, timestamp, int64_t, int64_t, same_i64, ts_as_tstz)
/* clang-format on */

/* ---- adding intervals ---- */
/* local_plus_months_days - the calendar part on a wall-clock value. */
static bool local_plus_months_days(int64_t ts, const Interval *v, int64_t *out)
{
    *out = ts;
    if (v->months != 0) {
        DateParts p;
        parts_of_timestamp(ts, &p);
        int64_t month = (int64_t)p.year * 12 + p.month - 1 + v->months;
        p.year = (int32_t)floor_div(month, 12);
        p.month = (int32_t)(month - (int64_t)p.year * 12) + 1;
        p.day = MIN(p.day, days_in_month(p.year, p.month));
        if (!timestamp_of_parts(&p, out)) {
            return false;
        }
    }
    i128 sum = *out + (i128)v->days * USECS_PER_DAY; /* the days alone may be beyond 64 bits */
    *out = (int64_t)sum;
    return sum == *out && timestamp_valid(*out);
}
Status timestamp_plus_interval(Cx *cx, int64_t ts, const Interval *v, int64_t *out)
{
    *out = ts;
    if (timestamp_is_inf(ts)) {
        return ST_OK;
    }
    if (!local_plus_months_days(ts, v, out) || __builtin_add_overflow(*out, v->us, out) ||
        !timestamp_valid(*out)) {
        return err_timestamp_range(cx);
    }
    return ST_OK;
}
Status timestamptz_plus_interval(FnCall *call, int64_t ts, const Interval *v, int64_t *out)
{
    *out = ts;
    if (timestamp_is_inf(ts)) {
        return ST_OK;
    }
    if (v->months != 0 || v->days != 0) {
        int64_t local = timestamptz_local(env_zone(call), ts, NULL);
        if (!local_plus_months_days(local, v, &local) ||
            !timestamptz_of_local(env_zone(call), local, out)) {
            return err_timestamp_range(call->cx);
        }
    }
    if (__builtin_add_overflow(*out, v->us, out) || !timestamp_valid(*out)) {
        return err_timestamp_range(call->cx);
    }
    return ST_OK;
}
static Interval interval_negated(const B16 *b)
{
    Interval v = b16_interval(b);
    return (Interval){(int64_t)(0 - (uint64_t)v.us), (int32_t)(0 - (uint32_t)v.days),
                      (int32_t)(0 - (uint32_t)v.months)};
}
KERNEL_BINARY(k_timestamp_pl_interval, int64_t, B16, int64_t, Interval v = b16_interval(&b);
              TRY(timestamp_plus_interval(call->cx, a, &v, &r)))
KERNEL_BINARY(k_timestamp_mi_interval, int64_t, B16, int64_t, Interval v = interval_negated(&b);
              TRY(timestamp_plus_interval(call->cx, a, &v, &r)))
KERNEL_BINARY(k_interval_pl_timestamp, B16, int64_t, int64_t, Interval v = b16_interval(&a);
              TRY(timestamp_plus_interval(call->cx, b, &v, &r)))
KERNEL_BINARY(k_timestamptz_pl_interval, int64_t, B16, int64_t, Interval v = b16_interval(&b);
              TRY(timestamptz_plus_interval(call, a, &v, &r)))
KERNEL_BINARY(k_timestamptz_mi_interval, int64_t, B16, int64_t, Interval v = interval_negated(&b);
              TRY(timestamptz_plus_interval(call, a, &v, &r)))
KERNEL_BINARY(k_interval_pl_timestamptz, B16, int64_t, int64_t, Interval v = b16_interval(&a);
              TRY(timestamptz_plus_interval(call, b, &v, &r)))
KERNEL_BINARY(k_date_pl_interval, int32_t, B16, int64_t, Interval v = b16_interval(&b);
              TRY(date_to_timestamp(call->cx, a, &r));
              TRY(timestamp_plus_interval(call->cx, r, &v, &r)))
KERNEL_BINARY(k_date_mi_interval, int32_t, B16, int64_t, Interval v = interval_negated(&b);
              TRY(date_to_timestamp(call->cx, a, &r));
              TRY(timestamp_plus_interval(call->cx, r, &v, &r)))
KERNEL_BINARY(k_interval_pl_date, B16, int32_t, int64_t, Interval v = b16_interval(&a);
              TRY(date_to_timestamp(call->cx, b, &r));
              TRY(timestamp_plus_interval(call->cx, r, &v, &r)))
static int64_t time_wrap(int64_t us)
{
    return us - floor_div(us, USECS_PER_DAY) * USECS_PER_DAY;
}
KERNEL_BINARY(k_time_pl_interval, int64_t, B16, int64_t, Interval v = b16_interval(&b);
              r = time_wrap(a + v.us % USECS_PER_DAY))
KERNEL_BINARY(k_time_mi_interval, int64_t, B16, int64_t, Interval v = b16_interval(&b);
              r = time_wrap(a - v.us % USECS_PER_DAY))
KERNEL_BINARY(k_interval_pl_time, B16, int64_t, int64_t, Interval v = b16_interval(&a);
              r = time_wrap(b + v.us % USECS_PER_DAY))
KERNEL_BINARY(k_timetz_pl_interval, B16, B16, B16, Interval v = b16_interval(&b);
              TimeTz t = b16_timetz(&a);
              r = b16_of_timetz(time_wrap(t.us + v.us % USECS_PER_DAY), t.west))
KERNEL_BINARY(k_timetz_mi_interval, B16, B16, B16, Interval v = b16_interval(&b);
              TimeTz t = b16_timetz(&a);
              r = b16_of_timetz(time_wrap(t.us - v.us % USECS_PER_DAY), t.west))

/* ---- dates ---- */
static Status date_plus(Cx *cx, int32_t d, int64_t days, int32_t *out)
{
    *out = d;
    if (d == DATE_NEG_INF || d == DATE_POS_INF) {
        return ST_OK;
    }
    int64_t sum = d + days;
    if (sum < -JULIAN_2000 || sum >= 2145031949) {
        return err_date_range(cx);
    }
    *out = (int32_t)sum;
    return ST_OK;
}
KERNEL_BINARY(k_date_pli, int32_t, int32_t, int32_t, TRY(date_plus(call->cx, a, b, &r)))
KERNEL_BINARY(k_date_mii, int32_t, int32_t, int32_t, TRY(date_plus(call->cx, a, -(int64_t)b, &r)))
KERNEL_BINARY(k_integer_pl_date, int32_t, int32_t, int32_t, TRY(date_plus(call->cx, b, a, &r)))
KERNEL_BINARY(k_date_mi, int32_t, int32_t, int32_t,
              if (a == DATE_NEG_INF || a == DATE_POS_INF || b == DATE_NEG_INF ||
                  b == DATE_POS_INF) return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                                                    "cannot subtract infinite dates");
              r = a - b)
KERNEL_UNARY_TOTAL(k_date_finite, int32_t, uint8_t, a != DATE_NEG_INF && a != DATE_POS_INF)
KERNEL_UNARY_TOTAL(k_timestamp_finite, int64_t, uint8_t, !timestamp_is_inf(a))
KERNEL_UNARY_TOTAL(k_interval_finite, B16, uint8_t, ((void)a, 1))

/* ---- differences ---- */
KERNEL_BINARY(k_timestamp_mi, int64_t, int64_t, B16,
              if (timestamp_is_inf(a) ||
                  timestamp_is_inf(b)) return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                                                      "cannot subtract infinite timestamps");
              int64_t us = a - b;
              r = b16_of((Interval){us % USECS_PER_DAY, (int32_t)(us / USECS_PER_DAY), 0}))
KERNEL_BINARY(k_time_mi_time, int64_t, int64_t, B16, r = b16_of((Interval){a - b, 0, 0}))

/* timestamp_age_of - the difference in months, days and time, borrowing from the larger field. */
static Interval timestamp_age_of(int64_t a, int64_t b)
{
    DateParts x, y;
    bool neg = a < b;
    parts_of_timestamp(a, &x);
    parts_of_timestamp(b, &y);
    int64_t us = time_of_parts(&x) - time_of_parts(&y);
    int32_t days = x.day - y.day, months = (x.year - y.year) * 12 + x.month - y.month;
    if (neg) {
        us = -us;
        days = -days;
        months = -months;
    }
    if (us < 0) {
        us += USECS_PER_DAY;
        days--;
    }
    while (days < 0) {
        days += neg ? days_in_month(x.year, x.month) : days_in_month(y.year, y.month);
        months--;
    }
    return neg ? (Interval){-us, -days, -months} : (Interval){us, days, months};
}
static Status timestamp_age_checked(FnCall *call, int64_t a, int64_t b, B16 *r)
{
    *r = (B16){{0}};
    if (timestamp_is_inf(a) || timestamp_is_inf(b)) {
        return err_timestamp_range(call->cx);
    }
    *r = b16_of(timestamp_age_of(a, b));
    return ST_OK;
}
/* today_midnight - of the session's zone, as a timestamp. */
static int64_t today_midnight(FnCall *call)
{
    int64_t now = call->env != NULL ? call->env->xact_time_us : 0;
    int64_t local = timestamptz_local(env_zone(call), now, NULL);
    return floor_div(local, USECS_PER_DAY) * USECS_PER_DAY;
}
KERNEL_BINARY(k_timestamp_age, int64_t, int64_t, B16, TRY(timestamp_age_checked(call, a, b, &r)))
KERNEL_BINARY(k_timestamptz_age, int64_t, int64_t, B16,
              TRY(timestamp_age_checked(call, timestamptz_to_timestamp(call, a),
                                        timestamptz_to_timestamp(call, b), &r)))
KERNEL_UNARY(k_timestamp_age_now, int64_t, B16,
             TRY(timestamp_age_checked(call, today_midnight(call), a, &r)))
KERNEL_UNARY(k_timestamptz_age_now, int64_t, B16,
             TRY(timestamp_age_checked(call, today_midnight(call),
                                       timestamptz_to_timestamp(call, a), &r)))

/* ---- interval arithmetic ---- */
static Status interval_add_to(Cx *cx, Interval x, Interval y, B16 *r)
{
    *r = (B16){{0}};
    Interval v;
    if (__builtin_add_overflow(x.us, y.us, &v.us) ||
        __builtin_add_overflow(x.days, y.days, &v.days) ||
        __builtin_add_overflow(x.months, y.months, &v.months)) {
        return err_interval_range(cx);
    }
    *r = b16_of(v);
    return ST_OK;
}
static Status interval_sub_from(Cx *cx, Interval x, Interval y, B16 *r)
{
    *r = (B16){{0}};
    Interval v;
    if (__builtin_sub_overflow(x.us, y.us, &v.us) ||
        __builtin_sub_overflow(x.days, y.days, &v.days) ||
        __builtin_sub_overflow(x.months, y.months, &v.months)) {
        return err_interval_range(cx);
    }
    *r = b16_of(v);
    return ST_OK;
}
static double round_micro(double v)
{
    return rint(v * 1e6) / 1e6;
}
/* interval_scale_by - times or divided by a factor; fractions of months become days of a 30-day
 * month, fractions of days become time. */
static Status interval_scale_by(Cx *cx, Interval v, double factor, bool divide, B16 *r)
{
    *r = (B16){{0}};
    double months = divide ? v.months / factor : v.months * factor;
    double days = divide ? v.days / factor : v.days * factor;
    if (isnan(months) || months > INT32_MAX || months < INT32_MIN || isnan(days) ||
        days > INT32_MAX || days < INT32_MIN) {
        return err_interval_range(cx);
    }
    Interval out = {.months = (int32_t)months, .days = (int32_t)days};
    double month_days = round_micro((months - out.months) * 30);
    double secs = (days - out.days + month_days - (int32_t)month_days) * 86400;
    secs = round_micro(secs);
    if (fabs(secs) >= 86400) {
        out.days += (int32_t)(secs / 86400);
        secs -= (int32_t)(secs / 86400) * 86400.0;
    }
    if (__builtin_add_overflow(out.days, (int32_t)month_days, &out.days)) {
        return err_interval_range(cx);
    }
    double us = rint((divide ? (double)v.us / factor : (double)v.us * factor) + secs * 1e6);
    if (isnan(us) || us < -9223372036854775808.0 || us >= 9223372036854775808.0) {
        return err_interval_range(cx);
    }
    out.us = (int64_t)us;
    *r = b16_of(out);
    return ST_OK;
}
KERNEL_BINARY(k_interval_pl, B16, B16, B16,
              TRY(interval_add_to(call->cx, b16_interval(&a), b16_interval(&b), &r)))
KERNEL_BINARY(k_interval_mi, B16, B16, B16,
              TRY(interval_sub_from(call->cx, b16_interval(&a), b16_interval(&b), &r)))
KERNEL_UNARY(k_interval_um, B16, B16,
             TRY(interval_sub_from(call->cx, (Interval){0, 0, 0}, b16_interval(&a), &r)))
KERNEL_BINARY(k_interval_mul, B16, double, B16,
              TRY(interval_scale_by(call->cx, b16_interval(&a), b, false, &r)))
KERNEL_BINARY(k_mul_d_interval, double, B16, B16,
              TRY(interval_scale_by(call->cx, b16_interval(&b), a, false, &r)))
KERNEL_BINARY(k_interval_div, B16, double, B16, if (b == 0) return err_division_by_zero(call->cx);
              TRY(interval_scale_by(call->cx, b16_interval(&a), b, true, &r)))
/* interval_justify - whole days out of the time, whole months out of the days; signs made alike. */
static Status interval_justify(Cx *cx, Interval v, bool hours, bool days, B16 *r)
{
    *r = (B16){{0}};
    bool over = false;
    if (hours && days &&
        (v.days > 0) == (v.us > 0)) { /* first: hours might carry the days too far */
        over |= __builtin_add_overflow(v.months, v.days / 30, &v.months);
        v.days %= 30;
    }
    if (hours) {
        over |= __builtin_add_overflow(v.days, (int32_t)(v.us / USECS_PER_DAY), &v.days);
        v.us %= USECS_PER_DAY;
    }
    if (days) {
        over |= __builtin_add_overflow(v.months, v.days / 30, &v.months);
        v.days %= 30;
    }
    if (over) {
        return err_interval_range(cx);
    }
    if (days && v.months > 0 && (v.days < 0 || (hours && v.days == 0 && v.us < 0))) {
        v.days += 30;
        v.months--;
    } else if (days && v.months < 0 && (v.days > 0 || (hours && v.days == 0 && v.us > 0))) {
        v.days -= 30;
        v.months++;
    }
    if (hours && v.days > 0 && v.us < 0) {
        v.us += USECS_PER_DAY;
        v.days--;
    } else if (hours && v.days < 0 && v.us > 0) {
        v.us -= USECS_PER_DAY;
        v.days++;
    }
    *r = b16_of(v);
    return ST_OK;
}
KERNEL_UNARY(k_interval_justify_hours, B16, B16,
             TRY(interval_justify(call->cx, b16_interval(&a), true, false, &r)))
KERNEL_UNARY(k_interval_justify_days, B16, B16,
             TRY(interval_justify(call->cx, b16_interval(&a), false, true, &r)))
KERNEL_UNARY(k_interval_justify_interval, B16, B16,
             TRY(interval_justify(call->cx, b16_interval(&a), true, true, &r)))

/* ---- casts ---- */
static Status timestamp_to_date(Cx *cx, int64_t ts, int32_t *out)
{
    (void)cx;
    *out = ts == TIMESTAMP_NEG_INF   ? DATE_NEG_INF
           : ts == TIMESTAMP_POS_INF ? DATE_POS_INF
                                     : (int32_t)floor_div(ts, USECS_PER_DAY);
    return ST_OK;
}
KERNEL_UNARY(k_date_timestamp, int32_t, int64_t, TRY(date_to_timestamp(call->cx, a, &r)))
KERNEL_UNARY(k_date_timestamptz, int32_t, int64_t, TRY(date_to_timestamptz(call, a, &r)))
KERNEL_UNARY(k_timestamp_date, int64_t, int32_t, TRY(timestamp_to_date(call->cx, a, &r)))
KERNEL_UNARY(k_timestamptz_date, int64_t, int32_t,
             TRY(timestamp_to_date(call->cx, timestamptz_to_timestamp(call, a), &r)))
KERNEL_UNARY(k_timestamp_timestamptz, int64_t, int64_t, TRY(timestamp_to_timestamptz(call, a, &r)))
KERNEL_UNARY(k_timestamptz_timestamp, int64_t, int64_t, r = timestamptz_to_timestamp(call, a))
ROW_KERNEL(timestamp_time)
{
    r->i64 = time_wrap(a[0].i64);
    return timestamp_is_inf(a[0].i64) ? KERNEL_NULL : ST_OK;
}
ROW_KERNEL(timestamptz_time)
{
    r->i64 = time_wrap(timestamptz_to_timestamp(call, a[0].i64));
    return timestamp_is_inf(a[0].i64) ? KERNEL_NULL : ST_OK;
}
ROW_KERNEL(timestamptz_timetz)
{
    TzInfo info;
    int64_t local = timestamptz_local(env_zone(call), a[0].i64, &info);
    datum_set_timetz(r, time_wrap(local), -info.east);
    return timestamp_is_inf(a[0].i64) ? KERNEL_NULL : ST_OK;
}
KERNEL_UNARY(k_time_interval, int64_t, B16, r = b16_of((Interval){a, 0, 0}))
KERNEL_UNARY(k_interval_time, B16, int64_t, r = time_wrap(b16_interval(&a).us))
KERNEL_UNARY(k_timetz_time, B16, int64_t, r = b16_timetz(&a).us)
ROW_KERNEL(time_timetz)
{
    int64_t local = today_midnight(call) + a[0].i64;
    int32_t east = tz_east_of_local(
        env_zone(call), floor_div(local, USECS_PER_SEC) + INT64_C(86400) * UNIX_EPOCH_DAYS, NULL);
    datum_set_timetz(r, a[0].i64, -east);
    return ST_OK;
}
static Status date_plus_time(Cx *cx, int32_t d, int64_t t, int64_t *r)
{
    TRY(date_to_timestamp(cx, d, r));
    if (!timestamp_is_inf(*r)) {
        *r += t;
        if (!timestamp_valid(*r)) {
            return err_timestamp_range(cx);
        }
    }
    return ST_OK;
}
KERNEL_BINARY(k_datetime_timestamp, int32_t, int64_t, int64_t,
              TRY(date_plus_time(call->cx, a, b, &r)))
KERNEL_BINARY(k_timestamptz_of_date_time, int32_t, int64_t, int64_t,
              TRY(date_plus_time(call->cx, a, b, &r));
              TRY(timestamp_to_timestamptz(call, r, &r)))
KERNEL_BINARY(k_timedate_pl, int64_t, int32_t, int64_t, TRY(date_plus_time(call->cx, b, a, &r)))
KERNEL_BINARY(k_datetimetz_timestamptz, int32_t, B16, int64_t, TimeTz t = b16_timetz(&b);
              TRY(date_plus_time(call->cx, a, t.us + t.west * USECS_PER_SEC, &r)))
/* Length coercions: (value, typmod). */
KERNEL_BINARY(k_timestamp_scale, int64_t, int32_t, int64_t,
              r = timestamp_is_inf(a) ? a : time_round_typmod(a, b))
KERNEL_BINARY(k_time_scale, int64_t, int32_t, int64_t, r = time_round_typmod(a, b))
KERNEL_BINARY(k_timetz_scale, B16, int32_t, B16, TimeTz t = b16_timetz(&a);
              r = b16_of_timetz(time_round_typmod(t.us, b), t.west))
KERNEL_BINARY(k_interval_scale, B16, int32_t, B16, Interval v = b16_interval(&a);
              TRY(interval_apply_typmod(call->cx, b, &v)); r = b16_of(v))

/* ---- the clock ---- */
static Status k_now(KERNEL_PARAMS)
{
    (void)args, (void)arg_count;
    SEL_FOREACH(row, sel)
    {
        VEC_DATA(out, int64_t)[row] = call->env->xact_time_us;
    }
    return ST_OK;
}
static Status k_statement_timestamp(KERNEL_PARAMS)
{
    (void)args, (void)arg_count;
    SEL_FOREACH(row, sel)
    {
        VEC_DATA(out, int64_t)[row] = call->env->statement_time_us;
    }
    return ST_OK;
}
static Status k_clock_timestamp(KERNEL_PARAMS)
{
    (void)args, (void)arg_count;
    Os *os = env_os(call);
    SEL_FOREACH(row, sel)
    {
        VEC_DATA(out, int64_t)
        [row] = os == NULL ? call->env->statement_time_us
                           : os_now_us(os) - USECS_PER_DAY * UNIX_EPOCH_DAYS;
    }
    return ST_OK;
}

/* ---- interval aggregates ---- */
typedef struct AggInterval {
    Interval sum;
    int64_t n;
} AggInterval;
static Status agg_interval_add(FnCall *call, AggInterval *s, const B16 *v)
{
    B16 sum = {{0}};
    TRY(interval_add_to(call->cx, s->sum, b16_interval(v), &sum));
    s->sum = b16_interval(&sum);
    s->n++;
    return ST_OK;
}
AGG_UPDATE(agg_interval, AggInterval, B16, TRY(agg_interval_add(call, s, &a)))
static Status agg_interval_combine(FnCall *call, void *into, const void *from)
{
    AggInterval *s = into;
    const AggInterval *f = from;
    B16 sum = {{0}};
    TRY(interval_add_to(call->cx, s->sum, f->sum, &sum));
    s->sum = b16_interval(&sum);
    s->n += f->n;
    return ST_OK;
}
static Status agg_interval_sum_final(FnCall *call UNUSED, const void *state, Vector *out,
                                     uint32_t row)
{
    const AggInterval *s = state;
    VEC_DATA(out, B16)[row] = b16_of(s->sum);
    if (s->n == 0) {
        vec_set_null(out, row);
    }
    return ST_OK;
}
static Status agg_interval_avg_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggInterval *s = state;
    if (s->n == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    return interval_scale_by(call->cx, s->sum, (double)s->n, true, &VEC_DATA(out, B16)[row]);
}

static const FnOps DATETIME_OPS_FNS[] = {
    FN_COMPARE(date_, FN_TOTAL),
    FN_COMPARE(time_, FN_TOTAL),
    {"timestamp_eq", k_time_eq, FN_TOTAL},
    {"timestamp_ne", k_time_ne, FN_TOTAL},
    {"timestamp_lt", k_time_lt, FN_TOTAL},
    {"timestamp_le", k_time_le, FN_TOTAL},
    {"timestamp_gt", k_time_gt, FN_TOTAL},
    {"timestamp_ge", k_time_ge, FN_TOTAL},
    {"timestamp_cmp", k_time_cmp, FN_TOTAL},
    {"timestamp_larger", k_time_larger, FN_TOTAL},
    {"timestamp_smaller", k_time_smaller, FN_TOTAL},
    FN_COMPARE(interval_, 0),
    FN_COMPARE(timetz_, 0),
    FN_T(date_cmp),
    FN_T(time_cmp),
    FN_T(date_larger),
    FN_T(date_smaller),
    FN_T(time_larger),
    FN_T(time_smaller),
    FN(interval_cmp),
    FN(interval_larger),
    FN(interval_smaller),
    FN(timetz_cmp),
    FN(timetz_larger),
    FN(timetz_smaller),
    CROSS_ENTRIES(date, timestamp),
    CROSS_ENTRIES(timestamp, date),
    CROSS_ENTRIES(date, timestamptz),
    CROSS_ENTRIES(timestamptz, date),
    CROSS_ENTRIES(timestamp, timestamptz),
    CROSS_ENTRIES(timestamptz, timestamp),
    FN(timestamp_pl_interval),
    FN(timestamp_mi_interval),
    FN(timestamptz_pl_interval),
    FN(timestamptz_mi_interval),
    FN(date_pl_interval),
    FN(date_mi_interval),
    FN(time_pl_interval),
    FN(time_mi_interval),
    FN(timetz_pl_interval),
    FN(timetz_mi_interval),
    FN_AS("oid:2548", interval_pl_timestamp),
    FN_AS("oid:2549", interval_pl_timestamptz),
    FN_AS("oid:2546", interval_pl_date),
    FN_AS("oid:1848", interval_pl_time),
    FN_AS("oid:2550", integer_pl_date),
    FN(date_pli),
    FN(date_mii),
    FN(date_mi),
    FN_T(date_finite),
    FN_T(timestamp_finite),
    FN_T(interval_finite),
    FN(timestamp_mi),
    FN(time_mi_time),
    FN(timestamp_age),
    FN(timestamptz_age),
    FN_AS("oid:2059", timestamp_age_now),
    FN_AS("oid:1386", timestamptz_age_now),
    FN(interval_pl),
    FN(interval_mi),
    FN(interval_um),
    FN(interval_mul),
    FN(mul_d_interval),
    FN(interval_div),
    FN(interval_justify_hours),
    FN(interval_justify_days),
    FN(interval_justify_interval),
    FN(date_timestamp),
    FN(date_timestamptz),
    FN(timestamp_date),
    FN(timestamptz_date),
    FN(timestamp_timestamptz),
    FN(timestamptz_timestamp),
    FN(timestamp_time),
    FN(timestamptz_time),
    FN(timestamptz_timetz),
    FN(time_interval),
    FN(interval_time),
    FN(timetz_time),
    FN(time_timetz),
    FN(datetime_timestamp),
    FN(datetimetz_timestamptz),
    FN_AS("oid:1176", timestamptz_of_date_time),
    FN_AS("oid:1296", timedate_pl),
    FN(timestamp_scale),
    FN_AS("timestamptz_scale", timestamp_scale),
    FN(time_scale),
    FN(timetz_scale),
    FN(interval_scale),
    FN(now),
    FN(statement_timestamp),
    FN(clock_timestamp),
};
static const AggOps DATETIME_AGGS[] = {
    {2113, "sum", (sizeof(AggInterval) + 15u) & ~15u, true, NULL, agg_interval_one,
     agg_interval_many, agg_interval_combine, agg_interval_sum_final},
    {2106, "avg", (sizeof(AggInterval) + 15u) & ~15u, true, NULL, agg_interval_one,
     agg_interval_many, agg_interval_combine, agg_interval_avg_final},
};
const TypeFamily type_family_datetime_ops = {
    .fns = DATETIME_OPS_FNS,
    .fn_count = ARRAY_LEN(DATETIME_OPS_FNS),
    .aggs = DATETIME_AGGS,
    .agg_count = ARRAY_LEN(DATETIME_AGGS),
};
