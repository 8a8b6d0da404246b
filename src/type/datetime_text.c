/*
 * datetime_text.c - the text of dates, times, timestamps and intervals in every DateStyle and
 * IntervalStyle. ISO output uses no printf.
 */
#include <stdlib.h>

#include "type/datetime_internal.h"

static void put2(Buf *buf, int32_t v)
{
    char two[2] = {(char)('0' + v / 10 % 10), (char)('0' + v % 10)};
    buf_put(buf, two, 2);
}
/* put_year - at least four digits. */
static void put_year(Buf *buf, int32_t year)
{
    year = year > 0 ? year : -(year - 1);
    if (year < 1000) {
        buf_putc(buf, '0');
        buf_putc(buf, (char)('0' + year / 100));
        put2(buf, year);
    } else {
        buf_put_i64_text(buf, year);
    }
}
/* put_fraction - ".123", trailing zeros dropped; nothing for zero. */
static void put_fraction(Buf *buf, int32_t us)
{
    if (us == 0) {
        return;
    }
    char digits[7] = {'.'};
    for (int i = 6; i > 0; i--) {
        digits[i] = (char)('0' + us % 10);
        us /= 10;
    }
    size_t n = 7;
    while (digits[n - 1] == '0') {
        n--;
    }
    buf_put(buf, digits, n);
}
static void put_hms(Buf *buf, int32_t h, int32_t m, int32_t s, int32_t us)
{
    put2(buf, h);
    buf_putc(buf, ':');
    put2(buf, m);
    buf_putc(buf, ':');
    put2(buf, s);
    put_fraction(buf, us);
}
/* put_zone - +hh[:mm[:ss]]. */
static void put_zone(Buf *buf, int32_t east)
{
    int32_t v = abs(east);
    buf_putc(buf, east < 0 ? '-' : '+');
    put2(buf, v / 3600);
    if (v % 3600 != 0) {
        buf_putc(buf, ':');
        put2(buf, v / 60 % 60);
        if (v % 60 != 0) {
            buf_putc(buf, ':');
            put2(buf, v % 60);
        }
    }
}

static void put_date_parts(const TypeEnv *env, const DateParts *p, Buf *buf)
{
    DateStyle style = env != NULL ? env->date_style : DATESTYLE_ISO;
    bool dmy = env != NULL && env->date_order == DATEORDER_DMY;
    char sep = style == DATESTYLE_SQL ? '/' : style == DATESTYLE_GERMAN ? '.' : '-';
    if (style == DATESTYLE_ISO) {
        put_year(buf, p->year);
        buf_putc(buf, '-');
        put2(buf, p->month);
        buf_putc(buf, '-');
        put2(buf, p->day);
        return;
    }
    bool day_first = dmy || style == DATESTYLE_GERMAN;
    put2(buf, day_first ? p->day : p->month);
    buf_putc(buf, sep);
    put2(buf, day_first ? p->month : p->day);
    buf_putc(buf, sep);
    put_year(buf, p->year);
}
static void put_bc(Buf *buf, int32_t year)
{
    if (year <= 0) {
        buf_puts(buf, " BC");
    }
}

void date_text(const TypeEnv *env, int32_t date, Buf *buf)
{
    DateParts p = {0};
    if (date == DATE_NEG_INF || date == DATE_POS_INF) {
        buf_puts(buf, date == DATE_NEG_INF ? "-infinity" : "infinity");
        return;
    }
    civil_from_days(date, &p.year, &p.month, &p.day);
    put_date_parts(env, &p, buf);
    put_bc(buf, p.year);
}

/* put_timestamp - with the zone when info is not NULL. */
static void put_timestamp(const TypeEnv *env, const DateParts *p, const TzInfo *info, Buf *buf)
{
    DateStyle style = env != NULL ? env->date_style : DATESTYLE_ISO;
    if (style == DATESTYLE_POSTGRES) {
        int32_t days = days_from_civil(p->year, p->month, p->day);
        int32_t dow = (int32_t)(((int64_t)days + 6) % 7 + 7) % 7; /* 2000-01-01 was a Saturday */
        buf_put(buf, DAY_NAMES[dow], 3);
        buf_putc(buf, ' ');
        if (env->date_order == DATEORDER_DMY) {
            put2(buf, p->day);
            buf_putc(buf, ' ');
            buf_put(buf, MONTH_NAMES[p->month - 1], 3);
        } else {
            buf_put(buf, MONTH_NAMES[p->month - 1], 3);
            buf_putc(buf, ' ');
            put2(buf, p->day);
        }
        buf_putc(buf, ' ');
        put_hms(buf, p->hour, p->minute, p->second, p->usec);
        buf_putc(buf, ' ');
        put_year(buf, p->year);
    } else {
        put_date_parts(env, p, buf);
        buf_putc(buf, ' ');
        put_hms(buf, p->hour, p->minute, p->second, p->usec);
    }
    if (info != NULL) {
        bool named = info->abbrev != NULL && style != DATESTYLE_ISO;
        if (named && info->abbrev[0] != '+' && info->abbrev[0] != '-') {
            buf_putc(buf, ' ');
            buf_puts(buf, info->abbrev);
        } else {
            if (style == DATESTYLE_POSTGRES) {
                buf_putc(buf, ' ');
            }
            put_zone(buf, info->east);
        }
    }
    put_bc(buf, p->year);
}
static bool put_timestamp_inf(int64_t ts, Buf *buf)
{
    if (timestamp_is_inf(ts)) {
        buf_puts(buf, ts < 0 ? "-infinity" : "infinity");
        return true;
    }
    return false;
}
void timestamp_text(const TypeEnv *env, int64_t ts, Buf *buf)
{
    DateParts p;
    if (!put_timestamp_inf(ts, buf)) {
        parts_of_timestamp(ts, &p);
        put_timestamp(env, &p, NULL, buf);
    }
}
void timestamptz_text(const TypeEnv *env, const struct TimeZone *tz, int64_t ts, Buf *buf)
{
    DateParts p;
    TzInfo info;
    if (!put_timestamp_inf(ts, buf)) {
        parts_of_timestamp(timestamptz_local(tz, ts, &info), &p);
        put_timestamp(env, &p, &info, buf);
    }
}
void time_text(int64_t us, Buf *buf)
{
    put_hms(buf, (int32_t)(us / USECS_PER_HOUR), (int32_t)(us / USECS_PER_MIN % 60),
            (int32_t)(us / USECS_PER_SEC % 60), (int32_t)(us % USECS_PER_SEC));
}
void timetz_text(const TimeTz *v, Buf *buf)
{
    time_text(v->us, buf);
    put_zone(buf, -v->west);
}

/* ---- intervals ---- */
typedef struct IntervalParts {
    int64_t years, months, days, hours, minutes, seconds, usec;
} IntervalParts;
static IntervalParts interval_parts(const Interval *v)
{
    int64_t t = v->us;
    return (IntervalParts){v->months / 12,     v->months % 12,         v->days,
                           t / USECS_PER_HOUR, t / USECS_PER_MIN % 60, t / USECS_PER_SEC % 60,
                           t % USECS_PER_SEC};
}
/* put_seconds - whole and fraction, without a sign; padded to two digits when asked. */
static void put_seconds(Buf *buf, int64_t s, int64_t us, bool pad)
{
    s = llabs(s);
    if (pad && s < 10) {
        buf_putc(buf, '0');
    }
    buf_put_i64_text(buf, s);
    put_fraction(buf, (int32_t)llabs(us));
}
static void put_padded(Buf *buf, int64_t v)
{
    v = llabs(v);
    if (v < 10) {
        buf_putc(buf, '0');
    }
    buf_put_i64_text(buf, v);
}

/* interval_put_unit - " 3 days"; after a negative part a positive one shows its sign. */
static void interval_put_unit(Buf *buf, int64_t v, const char *unit, bool *first, bool *before)
{
    if (v == 0) {
        return;
    }
    if (!*first) {
        buf_putc(buf, ' ');
    }
    if (*before && v > 0) {
        buf_putc(buf, '+');
    }
    buf_put_i64_text(buf, v);
    buf_putc(buf, ' ');
    buf_puts(buf, unit);
    if (v != 1) {
        buf_putc(buf, 's');
    }
    *before = v < 0;
    *first = false;
}
/* interval_text_postgres - "1 year 2 mons 3 days 04:05:06". */
static void interval_text_postgres(const Interval *v, Buf *buf)
{
    IntervalParts p = interval_parts(v);
    bool first = true, before = false;
    interval_put_unit(buf, p.years, "year", &first, &before);
    interval_put_unit(buf, p.months, "mon", &first, &before);
    interval_put_unit(buf, p.days, "day", &first, &before);
    if (first || v->us != 0) {
        if (!first) {
            buf_putc(buf, ' ');
        }
        if (v->us < 0) {
            buf_putc(buf, '-');
        } else if (before) {
            buf_putc(buf, '+');
        }
        put_padded(buf, p.hours);
        buf_putc(buf, ':');
        put_padded(buf, p.minutes);
        buf_putc(buf, ':');
        put_seconds(buf, p.seconds, p.usec, true);
    }
}

/* interval_put_verbose - " 3 days", signs relative to the first part's. */
static void interval_put_verbose(Buf *buf, int64_t v, const char *unit, bool *zero, bool *before)
{
    if (v == 0) {
        return;
    }
    if (*zero) {
        *before = v < 0;
        v = llabs(v);
    } else if (*before) {
        v = -v;
    }
    buf_putc(buf, ' ');
    buf_put_i64_text(buf, v);
    buf_putc(buf, ' ');
    buf_puts(buf, unit);
    if (v != 1) {
        buf_putc(buf, 's');
    }
    *zero = false;
}
/* interval_text_verbose - "@ 1 year 2 mons 3 days 4 hours 5 mins 6 secs". */
static void interval_text_verbose(const Interval *v, Buf *buf)
{
    IntervalParts p = interval_parts(v);
    bool zero = true, before = false;
    buf_putc(buf, '@');
    interval_put_verbose(buf, p.years, "year", &zero, &before);
    interval_put_verbose(buf, p.months, "mon", &zero, &before);
    interval_put_verbose(buf, p.days, "day", &zero, &before);
    interval_put_verbose(buf, p.hours, "hour", &zero, &before);
    interval_put_verbose(buf, p.minutes, "min", &zero, &before);
    if (p.seconds != 0 || p.usec != 0) {
        buf_putc(buf, ' ');
        if (p.seconds < 0 || p.usec < 0) {
            if (zero) {
                before = true;
            } else if (!before) {
                buf_putc(buf, '-');
            }
        } else if (before) {
            buf_putc(buf, '-');
        }
        put_seconds(buf, p.seconds, p.usec, false);
        buf_puts(buf, llabs(p.seconds) != 1 || p.usec != 0 ? " secs" : " sec");
        zero = false;
    }
    if (zero) {
        buf_puts(buf, " 0");
    }
    if (before) {
        buf_puts(buf, " ago");
    }
}
/* interval_text_iso - "P1Y2M3DT4H5M6S". */
static void interval_text_iso(const Interval *v, Buf *buf)
{
    IntervalParts p = interval_parts(v);
    const struct {
        int64_t v;
        char unit;
    } units[] = {{p.years, 'Y'}, {p.months, 'M'}, {p.days, 'D'},
                 {0, 'T'},       {p.hours, 'H'},  {p.minutes, 'M'}};
    if (v->us == 0 && v->days == 0 && v->months == 0) {
        buf_puts(buf, "PT0S");
        return;
    }
    buf_putc(buf, 'P');
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (units[i].unit == 'T') {
            if (v->us != 0) {
                buf_putc(buf, 'T');
            }
        } else if (units[i].v != 0) {
            buf_put_i64_text(buf, units[i].v);
            buf_putc(buf, units[i].unit);
        }
    }
    if (p.seconds != 0 || p.usec != 0) {
        if (p.seconds < 0 || p.usec < 0) {
            buf_putc(buf, '-');
        }
        put_seconds(buf, p.seconds, p.usec, false);
        buf_putc(buf, 'S');
    }
}
static void interval_put_hms_sql(Buf *buf, const IntervalParts *p)
{
    buf_put_i64_text(buf, llabs(p->hours));
    buf_putc(buf, ':');
    put_padded(buf, p->minutes);
    buf_putc(buf, ':');
    put_seconds(buf, p->seconds, p->usec, true);
}
/* interval_text_sql - "1-2" or "3 4:05:06"; both with signs when mixed. */
static void interval_text_sql(const Interval *v, Buf *buf)
{
    IntervalParts p = interval_parts(v);
    bool neg = v->months < 0 || v->days < 0 || v->us < 0;
    bool pos = v->months > 0 || v->days > 0 || v->us > 0;
    bool ym = v->months != 0, dt = v->days != 0 || v->us != 0;
    if (!neg && !pos) {
        buf_puts(buf, "0");
        return;
    }
    if ((neg && pos) || (ym && dt)) {
        /* Not a form of the standard: each part carries its sign. */
        buf_putc(buf, v->months < 0 ? '-' : '+');
        buf_put_i64_text(buf, llabs(p.years));
        buf_putc(buf, '-');
        buf_put_i64_text(buf, llabs(p.months));
        buf_puts(buf, v->days < 0 ? " -" : " +");
        buf_put_i64_text(buf, llabs(p.days));
        buf_puts(buf, v->us < 0 ? " -" : " +");
        interval_put_hms_sql(buf, &p);
        return;
    }
    if (neg) {
        buf_putc(buf, '-');
    }
    if (ym) {
        buf_put_i64_text(buf, llabs(p.years));
        buf_putc(buf, '-');
        buf_put_i64_text(buf, llabs(p.months));
    } else {
        if (v->days != 0) {
            buf_put_i64_text(buf, llabs(p.days));
            buf_putc(buf, ' ');
        }
        interval_put_hms_sql(buf, &p);
    }
}
void interval_text(IntervalStyle style, const Interval *v, Buf *buf)
{
    switch (style) {
    case INTERVALSTYLE_POSTGRES: interval_text_postgres(v, buf); break;
    case INTERVALSTYLE_POSTGRES_VERBOSE: interval_text_verbose(v, buf); break;
    case INTERVALSTYLE_SQL_STANDARD: interval_text_sql(v, buf); break;
    case INTERVALSTYLE_ISO_8601: interval_text_iso(v, buf); break;
    }
}
