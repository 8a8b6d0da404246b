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
#define IV_WORD_MAX         ((size_t)10)

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
    int64_t us;
    int32_t days, months, years;
    bool overflow; /* of a field: years, months, days and microseconds each have a range */
    uint32_t seen; /* units given, one bit each */
} IvSum;

#define IV_SECONDS (1u << IV_SECOND | 1u << IV_MSEC | 1u << IV_USEC)
#define IV_CLOCK   (1u << IV_HOUR | 1u << IV_MINUTE | IV_SECONDS)

/* iv_unit - the unit a word names; only its first ten letters count. */
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
    w.len = MIN(w.len, IV_WORD_MAX);
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        size_t len = MIN(strlen(UNITS[i].word), IV_WORD_MAX);
        if (w.len == len && strncasecmp(w.ptr, UNITS[i].word, len) == 0) {
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

static void iv_add32(int32_t *sum, int64_t v, int32_t times, bool *overflow)
{
    int32_t t;
    *overflow |= __builtin_mul_overflow(v, times, &t);
    *overflow |= __builtin_add_overflow(*sum, t, sum);
}

/* iv_add_part - a fraction of `unit` microseconds, cut to whole ones unless more than half remains.
 */
static void iv_add_part(IvSum *s, double frac, int64_t unit)
{
    double part = frac * (double)unit;
    int64_t us = (int64_t)part;
    part -= (double)us;
    iv_add(&s->us, us + (part > 0.5) - (part < -0.5), 1, &s->overflow);
}

/* iv_add_days - a fraction of `days` days: whole ones, the rest as time. */
static void iv_add_days(IvSum *s, double frac, int days)
{
    double part = frac * days;
    int32_t whole = (int32_t)part;
    iv_add32(&s->days, whole, 1, &s->overflow);
    iv_add_part(s, part - whole, USECS_PER_DAY);
}

/* iv_add_years - v.frac units of so many years; the fraction counts as months. */
static void iv_add_years(IvSum *s, int64_t v, double frac, int32_t years)
{
    iv_add32(&s->years, v, years, &s->overflow);
    iv_add32(&s->months, (int64_t)rint(frac * years * 12), 1, &s->overflow);
}

/* iv_add_unit - v.frac of a unit, the fraction spread over smaller ones. */
static void iv_add_unit(IvSum *s, IvUnit unit, int64_t v, double frac)
{
    static const int64_t CLOCK[] = {[IV_USEC] = 1,
                                    [IV_MSEC] = 1000,
                                    [IV_SECOND] = USECS_PER_SEC,
                                    [IV_MINUTE] = USECS_PER_MIN,
                                    [IV_HOUR] = USECS_PER_HOUR};
    bool *o = &s->overflow;
    switch (unit) {
    case IV_USEC:
    case IV_MSEC:
    case IV_SECOND:
    case IV_MINUTE:
    case IV_HOUR:
        iv_add(&s->us, v, CLOCK[unit], o);
        iv_add_part(s, frac, CLOCK[unit]);
        break;
    case IV_DAY:
        iv_add32(&s->days, v, 1, o);
        iv_add_part(s, frac, USECS_PER_DAY);
        break;
    case IV_WEEK:
        iv_add32(&s->days, v, 7, o);
        iv_add_days(s, frac, 7);
        break;
    case IV_MONTH:
        iv_add32(&s->months, v, 1, o);
        iv_add_days(s, frac, 30);
        break;
    case IV_QUARTER:
        iv_add32(&s->months, v, 3, o);
        iv_add32(&s->months, (int64_t)rint(frac * 3), 1, o);
        break;
    case IV_YEAR: iv_add_years(s, v, frac, 1); break;
    case IV_DECADE: iv_add_years(s, v, frac, 10); break;
    case IV_CENTURY: iv_add_years(s, v, frac, 100); break;
    case IV_MILLENNIUM: iv_add_years(s, v, frac, 1000); break;
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
        int digit = *neg ? '0' - *q : *q - '0';
        *overflow |= __builtin_mul_overflow(*v, 10, v) || __builtin_add_overflow(*v, digit, v);
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
    iv_add(&us, v[1] * USECS_PER_MIN + v[2] * USECS_PER_SEC + (int64_t)rint(frac * 1e6), 1,
           &sum->overflow);
    iv_add(&sum->us, neg ? -us : us, 1, &sum->overflow);
    return true;
}

/* iv_iso_number - a number of ISO 8601's forms; exponents are taken too. digits_out: how many
 * digits it begins with. */
static bool iv_iso_number(const char **p, IvSum *sum, int64_t *v, double *frac, int *digits_out)
{
    char *end;
    const char *digits = *p + (**p == '-' || **p == '+');
    if (!is_digit(*digits) && *digits != '.') {
        return false;
    }
    double d = strtod(*p, &end);
    if (end == *p) {
        return false;
    }
    if (isnan(d) || d < -1e15 || d > 1e15) {
        sum->overflow = true;
        d = 0;
    }
    *digits_out = 0;
    for (const char *q = *p; is_digit(*q); q++) {
        ++*digits_out;
    }
    *v = (int64_t)d;
    *frac = d - (double)*v;
    *p = end;
    return true;
}

/* iv_iso_rest - the alternative form after its first number, which v.frac is: the other parts, each
 * after `mark`. *p is left at T or at the end. */
static bool iv_iso_rest(const char **p, IvSum *sum, const IvUnit units[3], char mark, int64_t v,
                        double frac)
{
    for (int i = 0;; i++) {
        int digits;
        iv_add_unit(sum, units[i], v, frac);
        if (**p == '\0' || (**p == 'T' && mark == '-')) {
            return true;
        }
        if (**p != mark || i == 2) {
            return false;
        }
        ++*p;
        if (!iv_iso_number(p, sum, &v, &frac, &digits)) {
            return false;
        }
    }
}

static IvUnit iv_iso_unit(char c, bool time)
{
    switch (c) {
    case 'Y': return time ? IV_NONE : IV_YEAR;
    case 'M': return time ? IV_MINUTE : IV_MONTH;
    case 'W': return time ? IV_NONE : IV_WEEK;
    case 'D': return time ? IV_NONE : IV_DAY;
    case 'H': return time ? IV_HOUR : IV_NONE;
    case 'S': return time ? IV_SECOND : IV_NONE;
    default: return IV_NONE;
    }
}

/*
 * iv_iso - ISO 8601's forms behind P, text ending in a zero byte: with designators
 * (P1Y2M3DT4H5M6S), the alternative ones (P0001-02-03T04:05:06, P0001, PT04:05) and the basic one
 * (P00010203T040506).
 */
static bool iv_iso(const char *p, IvSum *sum)
{
    static const IvUnit DATE[] = {IV_YEAR, IV_MONTH, IV_DAY},
                        TIME[] = {IV_HOUR, IV_MINUTE, IV_SECOND};
    bool time = false, any = false;
    if (*p == '\0') {
        return false;
    }
    while (*p != '\0') {
        int64_t v;
        double frac;
        int digits;
        if (*p == 'T') {
            time = true;
            any = false;
            p++;
            continue;
        }
        if (!iv_iso_number(&p, sum, &v, &frac, &digits)) {
            return false;
        }
        IvUnit unit = iv_iso_unit(*p, time);
        if (unit != IV_NONE) {
            iv_add_unit(sum, unit, v, frac);
            any = true;
            p++;
            continue;
        }
        if (any) {
            return false;
        }
        bool part_ends = *p == '\0' || (*p == 'T' && !time);
        if (part_ends && digits == (time ? 6 : 8)) { /* basic: yyyymmdd, hhmmss */
            const IvUnit *units = time ? TIME : DATE;
            iv_add_unit(sum, units[0], v / 10000, 0);
            iv_add_unit(sum, units[1], v / 100 % 100, 0);
            iv_add_unit(sum, units[2], v % 100, 0);
        } else if (!iv_iso_rest(&p, sum, time ? TIME : DATE, time ? ':' : '-', v, frac)) {
            return false;
        }
    }
    return true;
}

/* iv_cut - numbers (with signs, colons, dashes) and words. A sign may stand apart from its number:
 * it is moved there. */
static uint32_t iv_cut(char *text, size_t len, Slice *fields)
{
    char *p = text, *end = text + len;
    uint32_t n = 0;
    while (p < end) {
        char *start = p;
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
            while (sign && p < end && is_space(*p)) {
                *p = *start;
                start = p++;
            }
            if (sign && (p == end || !(is_digit(*p) || *p == '.'))) {
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

static void iv_negate(IvSum *s)
{
    s->overflow |= __builtin_sub_overflow(0, s->us, &s->us);
    s->overflow |= __builtin_sub_overflow(0, s->days, &s->days);
    s->overflow |= __builtin_sub_overflow(0, s->months, &s->months);
    s->overflow |= __builtin_sub_overflow(0, s->years, &s->years);
}

/* iv_one_sign - a text with one sign, at its beginning: SQL's rule is that it holds for all. */
static bool iv_one_sign(const Slice *fields, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (fields[i].ptr[0] == '-' || fields[i].ptr[0] == '+') {
            return false;
        }
    }
    return n > 0 && fields[0].ptr[0] == '-';
}

/* iv_fields - the traditional and SQL forms. all_negative: whatever the signs say. */
static bool iv_fields(Slice *fields, uint32_t n, int32_t range, bool all_negative, IvSum *sum)
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
            if (!iv_time(f, ms, sum) || !iv_once(sum, IV_CLOCK)) {
                return false;
            }
            sum->us = all_negative && sum->us > 0 ? -sum->us : sum->us;
            unit = IV_DAY;
            continue;
        }
        int64_t v;
        double frac;
        bool neg;
        if (!iv_number(&p, end, &v, &frac, &neg, &sum->overflow)) {
            return false;
        }
        if (all_negative && !neg) {
            neg = true;
            v = -v;
            frac = -frac;
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
        if (!iv_once(sum, use == IV_SECOND && frac != 0 ? IV_SECONDS : 1u << use)) {
            return false;
        }
        iv_add_unit(sum, use, v, frac);
        if (use == IV_HOUR) {
            unit = IV_DAY; /* "1 2" of day to hour */
        }
    }
    if (ago) {
        iv_negate(sum);
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
        char copy[INTERVAL_TEXT_MAX + 1];
        memcpy(copy, s.ptr, s.len);
        copy[s.len] = '\0';
        if (copy[0] == 'P') {
            ok = strlen(copy) == s.len && iv_iso(copy + 1, &sum);
        } else {
            uint32_t n = iv_cut(copy, s.len, fields);
            bool negative =
                call->env->interval_style == INTERVALSTYLE_SQL_STANDARD && iv_one_sign(fields, n);
            ok = iv_fields(fields, n, range, negative, &sum);
        }
    }
    if (!ok) {
        return err_set(call->cx, ERRCODE_INVALID_DATETIME_FORMAT,
                       "invalid input syntax for type interval: \"%.*s\"", (int)text.len, text.ptr);
    }
    if (sum.overflow) {
        return err_set(call->cx, ERRCODE_INTERVAL_FIELD_OVERFLOW,
                       "interval field value out of range: \"%.*s\"", (int)text.len, text.ptr);
    }
    int32_t months;
    if (__builtin_mul_overflow(sum.years, 12, &months) ||
        __builtin_add_overflow(months, sum.months, &months)) {
        return err_interval_range(call->cx);
    }
    *out = (Interval){sum.us, sum.days, months};
    return interval_apply_typmod(call->cx, typmod, out);
}
