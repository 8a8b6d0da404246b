/*
 * interval_parse.c - the text of intervals: "1 year 2 mons -3 days 04:05:06", SQL's "1-2 3
 * 4:05:06", ISO 8601's P1Y2M3DT4H5M6S; and the typmod's fields and precision.
 *
 * Fields are read from the last to the first, so that a number knows the unit written after it.
 */
#include <math.h>
#include <stdlib.h>

#include "type/datetime_internal.h"

#define INTERVAL_FIELDS_MAX 25
#define INTERVAL_TEXT_MAX   255

typedef enum IvUnit {
    IV_NONE,
    IV_USEC,
    IV_MSEC,
    IV_SECOND,
    IV_MINUTE,
    IV_HOUR,
    IV_DAY,
    IV_WEEK,
    IV_MONTH,
    IV_QUARTER,
    IV_YEAR,
    IV_DECADE,
    IV_CENTURY,
    IV_MILLENNIUM,
    IV_AGO
} IvUnit;

typedef struct IvSum {
    int64_t us, days, months;
    bool overflow;
    uint32_t seen; /* units given, one bit each */
} IvSum;

/* iv_unit - the unit a word names. */
static IvUnit iv_unit(Slice w)
{
    static const struct {
        const char *word;
        IvUnit unit;
    } UNITS[] = {
        {"us", IV_USEC},
        {"usec", IV_USEC},
        {"usecs", IV_USEC},
        {"microsecond", IV_USEC},
        {"microseconds", IV_USEC},
        {"useconds", IV_USEC},
        {"usecond", IV_USEC},
        {"ms", IV_MSEC},
        {"msec", IV_MSEC},
        {"msecs", IV_MSEC},
        {"msecond", IV_MSEC},
        {"mseconds", IV_MSEC},
        {"millisecond", IV_MSEC},
        {"milliseconds", IV_MSEC},
        {"millisecon", IV_MSEC},
        {"s", IV_SECOND},
        {"sec", IV_SECOND},
        {"secs", IV_SECOND},
        {"second", IV_SECOND},
        {"seconds", IV_SECOND},
        {"m", IV_MINUTE},
        {"min", IV_MINUTE},
        {"mins", IV_MINUTE},
        {"minute", IV_MINUTE},
        {"minutes", IV_MINUTE},
        {"h", IV_HOUR},
        {"hr", IV_HOUR},
        {"hrs", IV_HOUR},
        {"hour", IV_HOUR},
        {"hours", IV_HOUR},
        {"d", IV_DAY},
        {"day", IV_DAY},
        {"days", IV_DAY},
        {"w", IV_WEEK},
        {"week", IV_WEEK},
        {"weeks", IV_WEEK},
        {"mon", IV_MONTH},
        {"mons", IV_MONTH},
        {"month", IV_MONTH},
        {"months", IV_MONTH},
        {"qtr", IV_QUARTER},
        {"quarter", IV_QUARTER},
        {"y", IV_YEAR},
        {"yr", IV_YEAR},
        {"yrs", IV_YEAR},
        {"year", IV_YEAR},
        {"years", IV_YEAR},
        {"dec", IV_DECADE},
        {"decs", IV_DECADE},
        {"decade", IV_DECADE},
        {"decades", IV_DECADE},
        {"c", IV_CENTURY},
        {"cent", IV_CENTURY},
        {"century", IV_CENTURY},
        {"centuries", IV_CENTURY},
        {"mil", IV_MILLENNIUM},
        {"mils", IV_MILLENNIUM},
        {"millennium", IV_MILLENNIUM},
        {"millennia", IV_MILLENNIUM},
        {"ago", IV_AGO},
    };
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        if (slice_ieq(w, UNITS[i].word)) {
            return UNITS[i].unit;
        }
    }
    return IV_NONE;
}

static void iv_add(int64_t *sum, int64_t v, int64_t times, bool *overflow)
{
    int64_t t;
    *overflow |= __builtin_mul_overflow(v, times, &t);
    *overflow |= __builtin_add_overflow(*sum, t, sum);
}
/* iv_add_unit - v.frac of a unit, the fraction spread over smaller ones. */
static void iv_add_unit(IvSum *s, IvUnit unit, int64_t v, double frac)
{
    bool *o = &s->overflow;
    switch (unit) {
    case IV_USEC: iv_add(&s->us, v + (int64_t)rint(frac), 1, o); break;
    case IV_MSEC:
        iv_add(&s->us, v, 1000, o);
        s->us += (int64_t)rint(frac * 1000);
        break;
    case IV_SECOND:
        iv_add(&s->us, v, USECS_PER_SEC, o);
        s->us += (int64_t)rint(frac * 1e6);
        break;
    case IV_MINUTE:
        iv_add(&s->us, v, USECS_PER_MIN, o);
        s->us += (int64_t)rint(frac * 6e7);
        break;
    case IV_HOUR:
        iv_add(&s->us, v, USECS_PER_HOUR, o);
        s->us += (int64_t)rint(frac * 3.6e9);
        break;
    case IV_DAY:
        iv_add(&s->days, v, 1, o);
        s->us += (int64_t)rint(frac * (double)USECS_PER_DAY);
        break;
    case IV_WEEK:
    case IV_MONTH: {
        double days = frac * (unit == IV_WEEK ? 7 : 30), whole = trunc(days);
        iv_add(unit == IV_WEEK ? &s->days : &s->months, v, unit == IV_WEEK ? 7 : 1, o);
        s->days += (int64_t)whole;
        s->us += (int64_t)rint((days - whole) * (double)USECS_PER_DAY);
        break;
    }
    case IV_QUARTER:
        iv_add(&s->months, v, 3, o);
        s->months += (int64_t)rint(frac * 3);
        break;
    case IV_YEAR:
        iv_add(&s->months, v, 12, o);
        s->months += (int64_t)rint(frac * 12);
        break;
    case IV_DECADE:
        iv_add(&s->months, v, 120, o);
        s->months += (int64_t)rint(frac * 120);
        break;
    case IV_CENTURY:
        iv_add(&s->months, v, 1200, o);
        s->months += (int64_t)rint(frac * 1200);
        break;
    case IV_MILLENNIUM:
        iv_add(&s->months, v, 12000, o);
        s->months += (int64_t)rint(frac * 12000);
        break;
    default: break;
    }
}

/* iv_number - [sign]digits[.digits]; what follows is left at *p. */
static bool iv_number(const char **p, const char *end, int64_t *v, double *frac, bool *neg,
                      bool *overflow)
{
    const char *q = *p;
    *neg = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+')) {
        q++;
    }
    const char *start = q;
    *v = 0;
    *frac = 0;
    for (; q < end && is_digit(*q); q++) {
        *overflow |= __builtin_mul_overflow(*v, 10, v) || __builtin_add_overflow(*v, *q - '0', v);
    }
    size_t digits = (size_t)(q - start);
    if (q < end && *q == '.') {
        double scale = 1;
        double m = 0;
        for (q++; q < end && is_digit(*q); q++) {
            if (scale < 1e15) {
                m = m * 10 + (*q - '0');
                scale *= 10;
            }
            digits++;
        }
        *frac = m / scale;
    }
    if (*neg) {
        *v = -*v;
        *frac = -*frac;
    }
    *p = q;
    return digits > 0;
}

/* iv_time - [sign]h:m[:s[.f]], m:s.f, m:s when the range says minute to second. */
static bool iv_time(Slice s, bool minute_second, IvSum *sum)
{
    const char *p = s.ptr, *end = s.ptr + s.len;
    bool neg = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    int64_t v[3] = {0, 0, 0};
    double frac = 0, f;
    uint32_t k = 0;
    bool sign;
    for (;;) {
        if (!iv_number(&p, end, &v[k++], &f, &sign, &sum->overflow) || sign) {
            return false;
        }
        frac = f;
        if (p == end) {
            break;
        }
        if (*p++ != ':' || k == 3 || f != 0) {
            return false;
        }
    }
    if (k == 2 && (minute_second || memchr(s.ptr, '.', s.len) != NULL)) {
        v[2] = v[1];
        v[1] = v[0];
        v[0] = 0;
    }
    if (v[1] > 59 || v[2] > 60) {
        sum->overflow = true;
        return true;
    }
    int64_t us = 0;
    iv_add(&us, v[0], USECS_PER_HOUR, &sum->overflow);
    us += v[1] * USECS_PER_MIN + v[2] * USECS_PER_SEC + (int64_t)rint(frac * 1e6);
    iv_add(&sum->us, neg ? -us : us, 1, &sum->overflow);
    return true;
}

/* iv_iso_clock - the alternative form Pyyyy-mm-ddThh:mm:ss; false when it is not that. */
static bool iv_iso_clock(Slice s, IvSum *sum)
{
    const char *t = memchr(s.ptr, 'T', s.len), *end = s.ptr + s.len,
               *date_end = t != NULL ? t : end;
    static const IvUnit UNITS[] = {IV_YEAR, IV_MONTH, IV_DAY};
    const char *p = s.ptr + 1;
    for (int i = 0; i < 3 && p < date_end; i++) {
        int64_t v;
        double frac;
        bool neg;
        if (!iv_number(&p, date_end, &v, &frac, &neg, &sum->overflow) || frac != 0 ||
            (p < date_end && *p != '-')) {
            return false;
        }
        iv_add_unit(sum, UNITS[i], v, 0);
        p += p < date_end;
    }
    return p == date_end &&
           (t == NULL || iv_time((Slice){t + 1, (size_t)(end - t - 1)}, false, sum));
}

/* iv_iso - the parts after P; weeks and fractions included. */
static bool iv_iso(Slice s, IvSum *sum)
{
    const char *p = s.ptr + 1, *end = s.ptr + s.len;
    bool time = false, any = false;
    while (p < end) {
        int64_t v;
        double frac;
        bool neg;
        if (*p == 't' || *p == 'T') {
            time = true;
            p++;
            continue;
        }
        if (!iv_number(&p, end, &v, &frac, &neg, &sum->overflow) || p == end) {
            return false;
        }
        IvUnit unit = IV_NONE;
        switch (ascii_lower(*p++)) {
        case 'y': unit = time ? IV_NONE : IV_YEAR; break;
        case 'm': unit = time ? IV_MINUTE : IV_MONTH; break;
        case 'w': unit = time ? IV_NONE : IV_WEEK; break;
        case 'd': unit = time ? IV_NONE : IV_DAY; break;
        case 'h': unit = time ? IV_HOUR : IV_NONE; break;
        case 's': unit = time ? IV_SECOND : IV_NONE; break;
        default: break;
        }
        if (unit == IV_NONE) {
            return false;
        }
        iv_add_unit(sum, unit, v, frac);
        any = true;
    }
    return any;
}

/* iv_cut - numbers (with signs, colons, dashes) and words. */
static uint32_t iv_cut(Slice text, Slice *fields)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    uint32_t n = 0;
    while (p < end) {
        const char *start = p;
        if (n == INTERVAL_FIELDS_MAX) {
            return 0;
        }
        if (is_space(*p) || *p == '@' || *p == ',') {
            p++;
            continue;
        }
        if (is_digit(*p) || *p == '+' || *p == '-' || *p == '.') {
            bool sign = *p == '+' || *p == '-';
            p++;
            if (sign && p < end && is_space(*p)) {
                return 0;
            }
            while (p < end && (is_digit(*p) || *p == '.' || *p == ':' || *p == '-')) {
                p++;
            }
        } else if ((ascii_lower(*p) >= 'a' && ascii_lower(*p) <= 'z')) {
            while (p < end && ascii_lower(*p) >= 'a' && ascii_lower(*p) <= 'z') {
                p++;
            }
        } else {
            return 0;
        }
        fields[n++] = (Slice){start, (size_t)(p - start)};
    }
    return n;
}

/* iv_default_unit - what a number without a unit counts, by the typmod's last field. */
static IvUnit iv_default_unit(int32_t range)
{
    if (range == INTERVAL_MASK(FIELD_YEAR)) {
        return IV_YEAR;
    }
    if ((range & (INTERVAL_MASK(FIELD_SECOND) | INTERVAL_MASK(FIELD_MINUTE) |
                  INTERVAL_MASK(FIELD_HOUR) | INTERVAL_MASK(FIELD_DAY))) == 0 &&
        (range & INTERVAL_MASK(FIELD_MONTH)) != 0) {
        return IV_MONTH;
    }
    if ((range & INTERVAL_MASK(FIELD_SECOND)) != 0) {
        return IV_SECOND;
    }
    return (range & INTERVAL_MASK(FIELD_MINUTE)) != 0 ? IV_MINUTE
           : (range & INTERVAL_MASK(FIELD_HOUR)) != 0 ? IV_HOUR
           : (range & INTERVAL_MASK(FIELD_DAY)) != 0  ? IV_DAY
                                                      : IV_SECOND;
}

/* iv_once - false when one of the units was given before. */
static bool iv_once(IvSum *sum, uint32_t units)
{
    bool again = (sum->seen & units) != 0;
    sum->seen |= units;
    return !again;
}

/* iv_fields - the traditional and SQL forms. */
static bool iv_fields(Slice *fields, uint32_t n, int32_t range, IvSum *sum)
{
    IvUnit unit = IV_NONE;
    bool ago = false;
    for (uint32_t i = n; i-- > 0;) {
        Slice f = fields[i];
        const char *p = f.ptr, *end = f.ptr + f.len;
        if (ascii_lower(*p) >= 'a' && ascii_lower(*p) <= 'z') {
            unit = iv_unit(f);
            if (unit == IV_AGO) {
                if (i != n - 1 || n == 1) {
                    return false;
                }
                ago = true;
                unit = IV_NONE;
            } else if (unit == IV_NONE || i == 0) {
                return false;
            }
            continue;
        }
        if (memchr(p, ':', f.len) != NULL) {
            bool ms = range == (INTERVAL_MASK(FIELD_MINUTE) | INTERVAL_MASK(FIELD_SECOND));
            if (!iv_time(f, ms, sum) ||
                !iv_once(sum, 1u << IV_HOUR | 1u << IV_MINUTE | 1u << IV_SECOND)) {
                return false;
            }
            unit = IV_DAY;
            continue;
        }
        int64_t v;
        double frac;
        bool neg;
        if (!iv_number(&p, end, &v, &frac, &neg, &sum->overflow)) {
            return false;
        }
        if (p < end && *p == '-') {
            /* SQL's years-months; both have the sign of the first. */
            int64_t m;
            double mf;
            bool mneg;
            p++;
            if (!iv_number(&p, end, &m, &mf, &mneg, &sum->overflow) || p != end || mneg ||
                frac != 0 || mf != 0) {
                return false;
            }
            if (m >= 12) {
                sum->overflow = true;
                return true;
            }
            if (!iv_once(sum, 1u << IV_YEAR | 1u << IV_MONTH)) {
                return false;
            }
            iv_add_unit(sum, IV_YEAR, v, 0);
            iv_add_unit(sum, IV_MONTH, neg ? -m : m, 0);
            unit = IV_DAY;
            continue;
        }
        if (p != end) {
            return false;
        }
        IvUnit use = unit == IV_NONE ? iv_default_unit(range) : unit;
        if (!iv_once(sum, 1u << use)) {
            return false;
        }
        iv_add_unit(sum, use, v, frac);
        if (use == IV_HOUR) {
            unit = IV_DAY; /* "1 2" of day to hour */
        }
    }
    if (ago) {
        sum->us = -sum->us;
        sum->days = -sum->days;
        sum->months = -sum->months;
    }
    return n > 0;
}

Status interval_apply_typmod(Cx *cx, int32_t typmod, Interval *v)
{
    if (typmod < 0) {
        return ST_OK;
    }
    int32_t range = (typmod >> 16) & INTERVAL_RANGE_ALL, precision = typmod & 0xffff;
    int64_t unit = 1;
    if (range == INTERVAL_MASK(FIELD_YEAR)) {
        v->months -= v->months % 12;
        v->days = 0;
        v->us = 0;
    } else if (range == INTERVAL_MASK(FIELD_MONTH) ||
               range == (INTERVAL_MASK(FIELD_YEAR) | INTERVAL_MASK(FIELD_MONTH))) {
        v->days = 0;
        v->us = 0;
    } else if (range == INTERVAL_MASK(FIELD_DAY)) {
        v->us = 0;
    } else if (range != INTERVAL_RANGE_ALL && (range & INTERVAL_MASK(FIELD_SECOND)) == 0) {
        unit = (range & INTERVAL_MASK(FIELD_MINUTE)) != 0 ? USECS_PER_MIN
               : (range & INTERVAL_MASK(FIELD_HOUR)) != 0 ? USECS_PER_HOUR
                                                          : 1;
    }
    v->us -= v->us % unit;
    if (precision != INTERVAL_PRECISION_ALL) {
        if (precision > 6) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "interval(%d) precision must be between %d and %d", precision, 0, 6);
        }
        v->us = time_round_typmod(v->us, precision);
    }
    return ST_OK;
}

Status interval_parse(FnCall *call, Slice text, int32_t typmod, Interval *out)
{
    Slice fields[INTERVAL_FIELDS_MAX], s = slice_trim(text);
    IvSum sum = {0};
    int32_t range = typmod < 0 ? INTERVAL_RANGE_ALL : (typmod >> 16) & INTERVAL_RANGE_ALL;
    bool ok = false;
    if (s.len > 0 && s.len <= INTERVAL_TEXT_MAX) {
        bool clock =
            memchr(s.ptr, ':', s.len) != NULL || (s.ptr[0] == 'P' && s.len > 5 && s.ptr[5] == '-');
        ok = s.ptr[0] == 'P' ? (clock ? iv_iso_clock(s, &sum) : iv_iso(s, &sum))
                             : iv_fields(fields, iv_cut(s, fields), range, &sum);
    }
    if (!ok) {
        return err_set(call->cx, ERRCODE_INVALID_DATETIME_FORMAT,
                       "invalid input syntax for type interval: \"%.*s\"", (int)text.len, text.ptr);
    }
    if (!sum.overflow && sum.months != (int32_t)sum.months) {
        return err_interval_range(call->cx);
    }
    if (sum.overflow || sum.days != (int32_t)sum.days) {
        return err_set(call->cx, ERRCODE_INTERVAL_FIELD_OVERFLOW,
                       "interval field value out of range: \"%.*s\"", (int)text.len, text.ptr);
    }
    *out = (Interval){sum.us, (int32_t)sum.days, (int32_t)sum.months};
    return interval_apply_typmod(call->cx, typmod, out);
}
