/*
 * datetime_part.c - date_part, extract, date_trunc, date_bin, AT TIME ZONE, make_*, overlaps.
 */
#include <math.h>

#include "type/datetime_internal.h"
#include "type/numeric.h"

typedef enum PartUnit {
    PART_NONE,
    PART_MICROSECONDS,
    PART_MILLISECONDS,
    PART_SECOND,
    PART_MINUTE,
    PART_HOUR,
    PART_DAY,
    PART_WEEK,
    PART_MONTH,
    PART_QUARTER,
    PART_YEAR,
    PART_DECADE,
    PART_CENTURY,
    PART_MILLENNIUM,
    PART_DOW,
    PART_ISODOW,
    PART_DOY,
    PART_ISOYEAR,
    PART_JULIAN,
    PART_EPOCH,
    PART_TIMEZONE,
    PART_TIMEZONE_HOUR,
    PART_TIMEZONE_MINUTE,
} PartUnit;

/* part_unit - the unit a word names, with its abbreviations. */
static PartUnit part_unit(Slice s)
{
    static const struct {
        const char *word;
        PartUnit unit;
    } UNITS[] = {
        {"microseconds", PART_MICROSECONDS},
        {"microsecond", PART_MICROSECONDS},
        {"us", PART_MICROSECONDS},
        {"usec", PART_MICROSECONDS},
        {"usecs", PART_MICROSECONDS},
        {"milliseconds", PART_MILLISECONDS},
        {"millisecond", PART_MILLISECONDS},
        {"ms", PART_MILLISECONDS},
        {"msec", PART_MILLISECONDS},
        {"msecs", PART_MILLISECONDS},
        {"second", PART_SECOND},
        {"seconds", PART_SECOND},
        {"sec", PART_SECOND},
        {"secs", PART_SECOND},
        {"s", PART_SECOND},
        {"minute", PART_MINUTE},
        {"minutes", PART_MINUTE},
        {"min", PART_MINUTE},
        {"mins", PART_MINUTE},
        {"m", PART_MINUTE},
        {"hour", PART_HOUR},
        {"hours", PART_HOUR},
        {"hr", PART_HOUR},
        {"hrs", PART_HOUR},
        {"h", PART_HOUR},
        {"day", PART_DAY},
        {"days", PART_DAY},
        {"d", PART_DAY},
        {"week", PART_WEEK},
        {"weeks", PART_WEEK},
        {"w", PART_WEEK},
        {"month", PART_MONTH},
        {"months", PART_MONTH},
        {"mon", PART_MONTH},
        {"mons", PART_MONTH},
        {"quarter", PART_QUARTER},
        {"qtr", PART_QUARTER},
        {"year", PART_YEAR},
        {"years", PART_YEAR},
        {"yr", PART_YEAR},
        {"yrs", PART_YEAR},
        {"y", PART_YEAR},
        {"decade", PART_DECADE},
        {"decades", PART_DECADE},
        {"dec", PART_DECADE},
        {"century", PART_CENTURY},
        {"centuries", PART_CENTURY},
        {"cent", PART_CENTURY},
        {"c", PART_CENTURY},
        {"millennium", PART_MILLENNIUM},
        {"millennia", PART_MILLENNIUM},
        {"mil", PART_MILLENNIUM},
        {"dow", PART_DOW},
        {"isodow", PART_ISODOW},
        {"doy", PART_DOY},
        {"isoyear", PART_ISOYEAR},
        {"julian", PART_JULIAN},
        {"jd", PART_JULIAN},
        {"j", PART_JULIAN},
        {"epoch", PART_EPOCH},
        {"timezone", PART_TIMEZONE},
        {"timezone_h", PART_TIMEZONE_HOUR},
        {"timezone_hour", PART_TIMEZONE_HOUR},
        {"timezone_m", PART_TIMEZONE_MINUTE},
        {"timezone_minute", PART_TIMEZONE_MINUTE},
    };
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        if (slice_ieq(s, UNITS[i].word)) {
            return UNITS[i].unit;
        }
    }
    return PART_NONE;
}
static Status err_unit(Cx *cx, Slice unit, PartUnit known, const char *type_name)
{
    char lower[64];
    size_t n = MIN(unit.len, sizeof(lower) - 1);
    for (size_t i = 0; i < n; i++) {
        lower[i] = ascii_lower(unit.ptr[i]);
    }
    if (known == PART_NONE) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "unit \"%.*s\" not recognized for type %s", (int)n, lower, type_name);
    }
    return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "unit \"%.*s\" not supported for type %s",
                   (int)n, lower, type_name);
}

/* PartValue - a part as a decimal: v / 10^scale. */
typedef struct PartValue {
    i128 v;
    int32_t scale;
} PartValue;
#define PART_INT(x) ((PartValue){(x), 0})

/* date_iso_week - ISO 8601's year and week of a day. */
static void date_iso_week(int32_t days, int32_t *year, int32_t *week)
{
    int32_t y, m, d;
    int32_t dow = (int32_t)(((int64_t)days + 5) % 7 + 7) % 7; /* Monday = 0 */
    int32_t thursday = days - dow + 3;
    civil_from_days(thursday, &y, &m, &d);
    *year = y;
    *week = (thursday - days_from_civil(y, 1, 1)) / 7 + 1;
}
static int64_t part_century(int64_t year, int64_t span)
{
    return year > 0 ? (year + span - 1) / span : -((span - 1 - (year - 1)) / span);
}

/* part_calendar - parts that depend on the day alone; false for others. */
static bool part_calendar(PartUnit unit, int64_t days64, PartValue *out)
{
    int32_t year, month, day, week, days = (int32_t)days64;
    civil_from_days(days, &year, &month, &day);
    switch (unit) {
    case PART_DAY: *out = PART_INT(day); break;
    case PART_MONTH: *out = PART_INT(month); break;
    case PART_QUARTER: *out = PART_INT((month - 1) / 3 + 1); break;
    case PART_YEAR: *out = PART_INT(year > 0 ? year : year - 1); break;
    case PART_DECADE: *out = PART_INT(year >= 0 ? year / 10 : -((8 - (year - 1)) / 10)); break;
    case PART_CENTURY: *out = PART_INT(part_century(year, 100)); break;
    case PART_MILLENNIUM: *out = PART_INT(part_century(year, 1000)); break;
    case PART_DOW: *out = PART_INT(((days64 + 6) % 7 + 7) % 7); break;
    case PART_ISODOW: *out = PART_INT(((days64 + 5) % 7 + 7) % 7 + 1); break;
    case PART_DOY: *out = PART_INT(days - days_from_civil(year, 1, 1) + 1); break;
    case PART_WEEK:
        date_iso_week(days, &year, &week);
        *out = PART_INT(week);
        break;
    case PART_ISOYEAR:
        date_iso_week(days, &year, &week);
        *out = PART_INT(year > 0 ? year : year - 1);
        break;
    default: return false;
    }
    return true;
}
/* part_clock - parts of the time of the day; false for others. */
static bool part_clock(PartUnit unit, int64_t us, PartValue *out)
{
    switch (unit) {
    case PART_MICROSECONDS: *out = PART_INT(us % USECS_PER_MIN); break;
    case PART_MILLISECONDS: *out = (PartValue){us % USECS_PER_MIN, 3}; break;
    case PART_SECOND: *out = (PartValue){us % USECS_PER_MIN, 6}; break;
    case PART_MINUTE: *out = PART_INT(us / USECS_PER_MIN % 60); break;
    case PART_HOUR: *out = PART_INT(us / USECS_PER_HOUR); break;
    default: return false;
    }
    return true;
}

/* part_timestamp - of a wall clock; `instant` for epoch; zone parts when east is given. */
static Status part_timestamp(FnCall *call, Slice name, int64_t local, int64_t instant,
                             const TzInfo *zone, const char *type_name, PartValue *out)
{
    PartUnit unit = part_unit(name);
    int64_t days = floor_div(local, USECS_PER_DAY), us = local - days * USECS_PER_DAY;
    if (unit != PART_NONE && (part_clock(unit, us, out) || part_calendar(unit, days, out))) {
        return ST_OK;
    }
    switch (unit) {
    case PART_EPOCH:
        *out = (PartValue){(i128)instant + (i128)UNIX_EPOCH_DAYS * USECS_PER_DAY, 6};
        return ST_OK;
    case PART_JULIAN:
        /* Days and the part of a day, to twenty digits as a division gives. */
        *out = (PartValue){(i128)(days + JULIAN_2000) * USECS_PER_DAY + us, -1};
        return ST_OK;
    case PART_TIMEZONE:
        if (zone != NULL) {
            *out = PART_INT(zone->east);
            return ST_OK;
        }
        break;
    case PART_TIMEZONE_HOUR:
        if (zone != NULL) {
            *out = PART_INT(zone->east / 3600);
            return ST_OK;
        }
        break;
    case PART_TIMEZONE_MINUTE:
        if (zone != NULL) {
            *out = PART_INT(zone->east / 60 % 60);
            return ST_OK;
        }
        break;
    default: break;
    }
    return err_unit(call->cx, name, unit, type_name);
}
/* part_interval - a part of an interval. */
static Status part_interval(FnCall *call, Slice name, const Interval *v, PartValue *out)
{
    PartUnit unit = part_unit(name);
    switch (unit) {
    case PART_DAY: *out = PART_INT(v->days); return ST_OK;
    case PART_MONTH: *out = PART_INT(v->months % 12); return ST_OK;
    case PART_QUARTER: *out = PART_INT(v->months % 12 / 3 + 1); return ST_OK;
    case PART_YEAR: *out = PART_INT(v->months / 12); return ST_OK;
    case PART_DECADE: *out = PART_INT(v->months / 120); return ST_OK;
    case PART_CENTURY: *out = PART_INT(v->months / 1200); return ST_OK;
    case PART_MILLENNIUM: *out = PART_INT(v->months / 12000); return ST_OK;
    case PART_EPOCH: {
        /* Years of 365.25 days, months of 30. */
        i128 secs = (i128)(v->months / 12) * 31557600 + (i128)(v->months % 12) * 30 * 86400 +
                    (i128)v->days * 86400;
        *out = (PartValue){secs * USECS_PER_SEC + v->us, 6};
        return ST_OK;
    }
    default: break;
    }
    if (unit != PART_NONE && part_clock(unit, v->us, out)) {
        return ST_OK;
    }
    return err_unit(call->cx, name, unit, "interval");
}
static Status part_time(FnCall *call, Slice name, int64_t us, const int32_t *west,
                        const char *type_name, PartValue *out)
{
    PartUnit unit = part_unit(name);
    if (unit != PART_NONE && part_clock(unit, us, out)) {
        return ST_OK;
    }
    if (unit == PART_EPOCH) {
        *out = (PartValue){us + (west != NULL ? *west * USECS_PER_SEC : 0), 6};
        return ST_OK;
    }
    if (west != NULL && unit >= PART_TIMEZONE) {
        int32_t east = -*west;
        *out = PART_INT(unit == PART_TIMEZONE        ? east
                        : unit == PART_TIMEZONE_HOUR ? east / 3600
                                                     : east / 60 % 60);
        return ST_OK;
    }
    return err_unit(call->cx, name, unit, type_name);
}

/* part_infinite - infinite values: parts that grow without end are infinite, the rest NULL. */
static Status part_infinite(FnCall *call, Slice name, bool neg, bool zone, const char *type_name,
                            double *out)
{
    PartUnit unit = part_unit(name);
    if (unit == PART_NONE || (unit >= PART_TIMEZONE && !zone)) {
        return err_unit(call->cx, name, unit, type_name);
    }
    *out = neg ? -(double)INFINITY : (double)INFINITY;
    switch (unit) {
    case PART_YEAR:
    case PART_DECADE:
    case PART_CENTURY:
    case PART_MILLENNIUM:
    case PART_JULIAN:
    case PART_ISOYEAR:
    case PART_EPOCH: return ST_OK;
    default: return KERNEL_NULL;
    }
}

/* part_result - as double precision (date_part) or numeric (extract). */
static Status part_result(FnCall *call, Status st, const PartValue *v, bool numeric, Datum *r)
{
    TRY(st);
    if (v->scale == -1) { /* a Julian date with its fraction */
        if (!numeric) {
            r->f64 = (double)v->v / (double)USECS_PER_DAY;
            return ST_OK;
        }
        Str day = numeric_from_i128(call->arena, USECS_PER_DAY, 0), part;
        Str whole = numeric_from_i128(call->arena, v->v / USECS_PER_DAY, 0);
        Str rest = numeric_from_i128(call->arena, v->v % USECS_PER_DAY, 0);
        TRY(numeric_divide(call->cx, call->arena, &rest, &day, &part));
        return numeric_add(call->cx, call->arena, &whole, &part, &r->str);
    }
    if (numeric) {
        r->str = numeric_from_i128(call->arena, v->v, v->scale);
    } else {
        static const double POW10[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
        r->f64 = (double)v->v / POW10[v->scale];
    }
    return ST_OK;
}
static Status part_infinity(Status st, double inf, bool numeric, Datum *r)
{
    TRY(st);
    if (numeric) {
        r->str = num_special(inf > 0 ? NUM_PINF : NUM_NINF);
    } else {
        r->f64 = inf;
    }
    return ST_OK;
}
static Status part_of_timestamp(FnCall *call, const Datum *a, bool numeric, Datum *r)
{
    PartValue v = {0, 0};
    Slice name = str_slice(&a[0].str);
    const char *type = "timestamp without time zone";
    if (timestamp_is_inf(a[1].i64)) {
        double inf = 0;
        Status st = part_infinite(call, name, a[1].i64 < 0, false, type, &inf);
        return part_infinity(st, inf, numeric, r);
    }
    return part_result(call, part_timestamp(call, name, a[1].i64, a[1].i64, NULL, type, &v), &v,
                       numeric, r);
}
static Status part_of_timestamptz(FnCall *call, const Datum *a, bool numeric, Datum *r)
{
    PartValue v = {0, 0};
    Slice name = str_slice(&a[0].str);
    const char *type = "timestamp with time zone";
    TzInfo info;
    if (timestamp_is_inf(a[1].i64)) {
        double inf = 0;
        Status st = part_infinite(call, name, a[1].i64 < 0, true, type, &inf);
        return part_infinity(st, inf, numeric, r);
    }
    int64_t local = timestamptz_local(env_zone(call), a[1].i64, &info);
    return part_result(call, part_timestamp(call, name, local, a[1].i64, &info, type, &v), &v,
                       numeric, r);
}
/* part_of_date - a part of a date; units of the clock do not exist for it. */
static Status part_of_date(FnCall *call, const Datum *a, Datum *r)
{
    PartValue v = {0, 0};
    Slice name = str_slice(&a[0].str);
    PartUnit unit = part_unit(name);
    if (unit != PART_NONE && unit < PART_DAY) {
        return err_unit(call->cx, name, unit, "date");
    }
    if (a[1].i32 == DATE_NEG_INF || a[1].i32 == DATE_POS_INF) {
        double inf = 0;
        Status st = part_infinite(call, name, a[1].i32 < 0, false, "date", &inf);
        return part_infinity(st, inf, true, r);
    }
    if (unit == PART_EPOCH) {
        v = PART_INT(((int64_t)a[1].i32 + UNIX_EPOCH_DAYS) * 86400);
    } else if (unit == PART_JULIAN) {
        v = PART_INT((int64_t)a[1].i32 + JULIAN_2000);
    } else if (unit == PART_NONE || !part_calendar(unit, a[1].i32, &v)) {
        return err_unit(call->cx, name, unit, "date");
    }
    return part_result(call, ST_OK, &v, true, r);
}
static Status part_of_interval(FnCall *call, const Datum *a, bool numeric, Datum *r)
{
    PartValue v = {0, 0};
    Interval i = datum_interval(&a[1]);
    return part_result(call, part_interval(call, str_slice(&a[0].str), &i, &v), &v, numeric, r);
}
static Status part_of_time(FnCall *call, const Datum *a, bool numeric, Datum *r)
{
    PartValue v = {0, 0};
    return part_result(
        call, part_time(call, str_slice(&a[0].str), a[1].i64, NULL, "time without time zone", &v),
        &v, numeric, r);
}
static Status part_of_timetz(FnCall *call, const Datum *a, bool numeric, Datum *r)
{
    PartValue v = {0, 0};
    TimeTz t = datum_timetz(&a[1]);
    return part_result(
        call, part_time(call, str_slice(&a[0].str), t.us, &t.west, "time with time zone", &v), &v,
        numeric, r);
}
#define PART_KERNELS(t)                                                                            \
    ROW_KERNEL(t##_part)                                                                           \
    {                                                                                              \
        return part_of_##t(call, a, false, r);                                                     \
    }                                                                                              \
    ROW_KERNEL(extract_##t)                                                                        \
    {                                                                                              \
        return part_of_##t(call, a, true, r);                                                      \
    }
/* clang-format off */
PART_KERNELS(timestamp)
PART_KERNELS(timestamptz)
PART_KERNELS(interval)
PART_KERNELS(time)
PART_KERNELS(timetz)
/* clang-format on */
ROW_KERNEL(extract_date)
{
    return part_of_date(call, a, r);
}
/* date_part of a date goes through timestamp. */
ROW_KERNEL(date_part_date)
{
    Datum b[2] = {a[0], a[0]};
    TRY(date_to_timestamp(call->cx, a[1].i32, &b[1].i64));
    return part_of_timestamp(call, b, false, r);
}

/* ---- date_trunc ---- */

/* trunc_local - cut a wall-clock value to a unit. */
static Status trunc_local(FnCall *call, Slice name, const char *type_name, int64_t local,
                          int64_t *out)
{
    PartUnit unit = part_unit(name);
    DateParts p;
    parts_of_timestamp(local, &p);
    int64_t day = floor_div(local, USECS_PER_DAY), us = local - day * USECS_PER_DAY;
    int32_t span = 0;
    switch (unit) {
    case PART_MICROSECONDS: *out = local; return ST_OK;
    case PART_MILLISECONDS: *out = local - us % 1000; return ST_OK;
    case PART_SECOND: *out = local - us % USECS_PER_SEC; return ST_OK;
    case PART_MINUTE: *out = local - us % USECS_PER_MIN; return ST_OK;
    case PART_HOUR: *out = local - us % USECS_PER_HOUR; return ST_OK;
    case PART_DAY: *out = local - us; return ST_OK;
    case PART_WEEK: *out = (day - ((day + 5) % 7 + 7) % 7) * USECS_PER_DAY; return ST_OK;
    case PART_MONTH: break;
    case PART_QUARTER: p.month = (p.month - 1) / 3 * 3 + 1; break;
    case PART_YEAR: p.month = 1; break;
    case PART_DECADE: span = 10; break;
    case PART_CENTURY: span = 100; break;
    case PART_MILLENNIUM: span = 1000; break;
    case PART_DOW:
    case PART_ISODOW:
    case PART_DOY:
    case PART_EPOCH: return err_unit(call->cx, name, PART_NONE, type_name);
    default: return err_unit(call->cx, name, unit, type_name);
    }
    if (span == 10) {
        p.year = p.year > 0 ? p.year / 10 * 10 : -((8 - (p.year - 1)) / 10) * 10;
    } else if (span > 0) {
        p.year = p.year > 0 ? (p.year + span - 1) / span * span - (span - 1)
                            : -((span - 1 - (p.year - 1)) / span) * span + 1;
    }
    p.month = span > 0 ? 1 : p.month;
    p.day = 1;
    p.hour = p.minute = p.second = p.usec = 0;
    return timestamp_of_parts(&p, out) ? ST_OK : err_timestamp_range(call->cx);
}
ROW_KERNEL(timestamp_trunc)
{
    r->i64 = a[1].i64;
    if (timestamp_is_inf(a[1].i64)) {
        return ST_OK;
    }
    return trunc_local(call, str_slice(&a[0].str), "timestamp without time zone", a[1].i64,
                       &r->i64);
}
static Status trunc_in_zone(FnCall *call, Slice name, const struct TimeZone *tz, int64_t ts,
                            int64_t *out)
{
    TzInfo info;
    *out = ts;
    if (timestamp_is_inf(ts)) {
        return ST_OK;
    }
    int64_t local = timestamptz_local(tz, ts, &info);
    TRY(trunc_local(call, name, "timestamp with time zone", local, &local));
    if (part_unit(name) <= PART_HOUR) {
        *out = local - info.east * USECS_PER_SEC; /* no change of offset inside an hour */
        return ST_OK;
    }
    return timestamptz_of_local(tz, local, out) ? ST_OK : err_timestamp_range(call->cx);
}
ROW_KERNEL(timestamptz_trunc)
{
    return trunc_in_zone(call, str_slice(&a[0].str), env_zone(call), a[1].i64, &r->i64);
}
ROW_KERNEL(interval_trunc)
{
    Interval v = datum_interval(&a[1]);
    Slice name = str_slice(&a[0].str);
    PartUnit unit = part_unit(name);
    int32_t months = unit == PART_MONTH        ? 1
                     : unit == PART_QUARTER    ? 3
                     : unit == PART_YEAR       ? 12
                     : unit == PART_DECADE     ? 120
                     : unit == PART_CENTURY    ? 1200
                     : unit == PART_MILLENNIUM ? 12000
                                               : 0;
    int64_t us = unit == PART_MICROSECONDS   ? 1
                 : unit == PART_MILLISECONDS ? 1000
                 : unit == PART_SECOND       ? USECS_PER_SEC
                 : unit == PART_MINUTE       ? USECS_PER_MIN
                 : unit == PART_HOUR         ? USECS_PER_HOUR
                                             : 0;
    if (months > 0) {
        v = (Interval){0, 0, v.months / months * months};
    } else if (unit == PART_DAY) {
        v.us = 0;
    } else if (us > 0) {
        v.us -= v.us % us;
    } else {
        st_ignore(err_unit(call->cx, name, unit, "interval"));
        return unit == PART_WEEK ? err_detail(call->cx, "Months usually have fractional weeks.")
                                 : ST_ERROR;
    }
    datum_set_interval(r, v);
    return ST_OK;
}

/* ---- zones ---- */
/* zone_by_text - AT TIME ZONE's argument: an abbreviation or a name. The last one is kept. */
typedef struct ZoneCache {
    Str name;
    const struct TimeZone *zone;
} ZoneCache;
/* zone_by_text - AT TIME ZONE's argument; the last one is kept in the call's state. */
static Status zone_by_text(FnCall *call, const Str *name, const struct TimeZone **zone)
{
    ZoneCache *cache = call->state;
    if (cache == NULL) {
        cache = call->state = ARENA_NEW(call->state_arena, ZoneCache);
    }
    if (cache->zone != NULL && str_eq(&cache->name, name)) {
        *zone = cache->zone;
        return ST_OK;
    }
    Slice s = str_slice(name);
    const TzAbbrev *abbrev = tz_abbrev_find(s);
    if (abbrev != NULL && abbrev->zone == NULL) {
        *zone = tz_fixed(call->state_arena, abbrev->east);
    } else {
        Status st = tz_find(call->cx, env_os(call), call->state_arena,
                            abbrev != NULL ? slice_of(abbrev->zone) : s, zone);
        if (st == ST_NOTFOUND) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "time zone \"%.*s\" not recognized", (int)s.len, s.ptr);
        }
        TRY(st);
    }
    cache->name = str_copy(call->state_arena, s.ptr, s.len);
    cache->zone = *zone;
    return ST_OK;
}
ROW_KERNEL(timestamptz_zone)
{
    const struct TimeZone *tz = NULL;
    r->i64 = a[1].i64;
    if (timestamp_is_inf(a[1].i64)) {
        return ST_OK;
    }
    TRY(zone_by_text(call, &a[0].str, &tz));
    r->i64 = timestamptz_local(tz, a[1].i64, NULL);
    return ST_OK;
}
ROW_KERNEL(timestamp_zone)
{
    const struct TimeZone *tz = NULL;
    r->i64 = a[1].i64;
    if (timestamp_is_inf(a[1].i64)) {
        return ST_OK;
    }
    TRY(zone_by_text(call, &a[0].str, &tz));
    return timestamptz_of_local(tz, a[1].i64, &r->i64) ? ST_OK : err_timestamp_range(call->cx);
}
ROW_KERNEL(timetz_zone)
{
    const struct TimeZone *tz = NULL;
    TRY(zone_by_text(call, &a[0].str, &tz));
    TimeTz t = datum_timetz(&a[1]);
    int64_t now = call->env != NULL ? call->env->xact_time_us : 0;
    TzInfo info;
    (void)timestamptz_local(tz, now, &info);
    int64_t us = t.us + (t.west + info.east) * USECS_PER_SEC;
    datum_set_timetz(r, us - floor_div(us, USECS_PER_DAY) * USECS_PER_DAY, -info.east);
    return ST_OK;
}
ROW_KERNEL(timestamptz_trunc_zone)
{
    const struct TimeZone *tz = NULL;
    TRY(zone_by_text(call, &a[2].str, &tz));
    return trunc_in_zone(call, str_slice(&a[0].str), tz, a[1].i64, &r->i64);
}
static Status zone_interval(FnCall *call, const Interval *v, int64_t *us)
{
    if (v->months != 0 || v->days != 0) {
        Buf text;
        buf_init(&text, 256);
        interval_text(INTERVALSTYLE_POSTGRES, v, &text);
        Status st = err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                            "interval time zone \"%.*s\" must not include months or days",
                            (int)text.len, (const char *)text.data);
        buf_release(&text);
        return st;
    }
    *us = v->us / USECS_PER_SEC * USECS_PER_SEC;
    return ST_OK;
}
ROW_KERNEL(timestamptz_izone)
{
    Interval v = datum_interval(&a[0]);
    int64_t us = 0;
    TRY(zone_interval(call, &v, &us));
    r->i64 = timestamp_is_inf(a[1].i64) ? a[1].i64 : a[1].i64 + us;
    return timestamp_is_inf(r->i64) || timestamp_valid(r->i64) ? ST_OK
                                                               : err_timestamp_range(call->cx);
}
ROW_KERNEL(timestamp_izone)
{
    Interval v = datum_interval(&a[0]);
    int64_t us = 0;
    TRY(zone_interval(call, &v, &us));
    r->i64 = timestamp_is_inf(a[1].i64) ? a[1].i64 : a[1].i64 - us;
    return timestamp_is_inf(r->i64) || timestamp_valid(r->i64) ? ST_OK
                                                               : err_timestamp_range(call->cx);
}

/* ---- date_bin ---- */

/* date_bin - the start of the bin, counted from the origin, that holds a value. */
static Status date_bin(FnCall *call, const Datum *a, Datum *r)
{
    Interval v = datum_interval(&a[0]);
    int64_t ts = a[1].i64, origin = a[2].i64, diff;
    r->i64 = ts;
    if (timestamp_is_inf(ts)) {
        return ST_OK;
    }
    if (timestamp_is_inf(origin)) {
        return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "origin out of range");
    }
    if (v.months != 0) {
        return err_set(call->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "timestamps cannot be binned into intervals containing months or years");
    }
    int64_t stride;
    if (__builtin_mul_overflow((int64_t)v.days, USECS_PER_DAY, &stride) ||
        __builtin_add_overflow(stride, v.us, &stride)) {
        return err_interval_range(call->cx);
    }
    if (stride <= 0) {
        return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                       "stride must be greater than zero");
    }
    if (__builtin_sub_overflow(ts, origin, &diff)) {
        return err_interval_range(call->cx);
    }
    r->i64 = origin + floor_div(diff, stride) * stride;
    return ST_OK;
}
ROW_KERNEL(timestamp_bin)
{
    return date_bin(call, a, r);
}

/* ---- make_* ---- */
static Status make_day(Cx *cx, int32_t y, int32_t m, int32_t d, DateParts *p)
{
    int32_t year = y < 0 ? y + 1 : y;
    if (y == 0 || m < 1 || m > 12 || d < 1 || d > days_in_month(year, m)) {
        return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                       "date field value out of range: %d-%02d-%02d", y, m, d);
    }
    *p = (DateParts){.year = year, .month = m, .day = d};
    return ST_OK;
}
static Status make_clock(Cx *cx, int32_t h, int32_t m, double s, DateParts *p)
{
    double us = rint(s * 1e6);
    if (h < 0 || h > 24 || m < 0 || m > 59 || isnan(s) || us < 0 || us > 6e7 ||
        (h == 24 && (m > 0 || us > 0))) {
        return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                       "time field value out of range: %d:%02d:%02g", h, m, s);
    }
    p->hour = h;
    p->minute = m;
    p->second = (int32_t)(us / 1e6);
    p->usec = (int32_t)((int64_t)us % USECS_PER_SEC);
    return ST_OK;
}
ROW_KERNEL(make_date)
{
    DateParts p = {0};
    TRY(make_day(call->cx, a[0].i32, a[1].i32, a[2].i32, &p));
    if (p.year < -4713 || p.year > 5874897) {
        return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "date out of range: %d-%02d-%02d",
                       a[0].i32, a[1].i32, a[2].i32);
    }
    r->i32 = days_from_civil(p.year, p.month, p.day);
    return ST_OK;
}
ROW_KERNEL(make_time)
{
    DateParts p = {0};
    TRY(make_clock(call->cx, a[0].i32, a[1].i32, a[2].f64, &p));
    r->i64 = time_of_parts(&p);
    return ST_OK;
}
static Status make_timestamp_of(FnCall *call, const Datum *a, int64_t *out)
{
    DateParts p = {0};
    TRY(make_day(call->cx, a[0].i32, a[1].i32, a[2].i32, &p));
    TRY(make_clock(call->cx, a[3].i32, a[4].i32, a[5].f64, &p));
    return timestamp_of_parts(&p, out)
               ? ST_OK
               : err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                         "timestamp out of range: %d-%02d-%02d %d:%02d:%02g", a[0].i32, a[1].i32,
                         a[2].i32, a[3].i32, a[4].i32, a[5].f64);
}
ROW_KERNEL(make_timestamp)
{
    return make_timestamp_of(call, a, &r->i64);
}
ROW_KERNEL(make_timestamptz)
{
    TRY(make_timestamp_of(call, a, &r->i64));
    return timestamp_to_timestamptz(call, r->i64, &r->i64);
}
/* zone_of_number - an offset as ISO writes it: +2 is east of Greenwich. */
static Status zone_of_number(FnCall *call, Slice s, const struct TimeZone **zone)
{
    int32_t east = 0;
    if (is_digit(s.ptr[0])) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                          "invalid input syntax for type numeric time zone: \"%.*s\"", (int)s.len,
                          s.ptr));
        return err_hint(call->cx,
                        "Numeric time zones must have \"-\" or \"+\" as first character.");
    }
    ZoneOffset z = zone_offset_parse(s, &east);
    if (z != ZONE_OFFSET_OK) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       z == ZONE_OFFSET_RANGE ? "numeric time zone \"%.*s\" out of range"
                                              : "time zone \"%.*s\" not recognized",
                       (int)s.len, s.ptr);
    }
    *zone = tz_fixed(call->arena, east);
    return ST_OK;
}

ROW_KERNEL(make_timestamptz_at_timezone)
{
    const struct TimeZone *tz = NULL;
    Slice zone = str_slice(&a[6].str);
    TRY(make_timestamp_of(call, a, &r->i64));
    if (zone.len > 0 && (is_digit(zone.ptr[0]) || zone.ptr[0] == '+' || zone.ptr[0] == '-')) {
        TRY(zone_of_number(call, zone, &tz));
        return timestamptz_of_local(tz, r->i64, &r->i64) ? ST_OK : err_timestamp_range(call->cx);
    }
    TRY(zone_by_text(call, &a[6].str, &tz));
    return timestamptz_of_local(tz, r->i64, &r->i64) ? ST_OK : err_timestamp_range(call->cx);
}
ROW_KERNEL(make_interval)
{
    double us = rint(a[6].f64 * 1e6);
    int64_t months = (int64_t)a[0].i32 * 12 + a[1].i32, days = (int64_t)a[2].i32 * 7 + a[3].i32;
    if (isnan(us) || isinf(us) || fabs(us) > 9e18 || months != (int32_t)months ||
        days != (int32_t)days) {
        return err_interval_range(call->cx);
    }
    datum_set_interval(
        r, (Interval){a[4].i32 * USECS_PER_HOUR + a[5].i32 * USECS_PER_MIN + (int64_t)us,
                      (int32_t)days, (int32_t)months});
    return ST_OK;
}
ROW_KERNEL(float8_timestamptz)
{
    double s = a[0].f64;
    if (isnan(s)) {
        return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "timestamp cannot be NaN");
    }
    if (isinf(s)) {
        r->i64 = s < 0 ? TIMESTAMP_NEG_INF : TIMESTAMP_POS_INF;
        return ST_OK;
    }
    double us = rint((s - 86400.0 * UNIX_EPOCH_DAYS) * 1e6);
    if (us < -9e18 || us > 9e18 || !timestamp_valid((int64_t)us)) {
        return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "timestamp out of range: \"%g\"",
                       s);
    }
    r->i64 = (int64_t)us;
    return ST_OK;
}

/* ---- overlaps: (start, end) pairs with SQL's treatment of NULLs ---- */
/* span_order - make start <= end; a lone NULL goes to the end. False when both are NULL. */
static bool span_order(int64_t v[2], bool nulls[2])
{
    if (nulls[0] || (!nulls[1] && v[0] > v[1])) {
        int64_t t = v[0];
        bool n = nulls[0];
        v[0] = v[1];
        nulls[0] = nulls[1];
        v[1] = t;
        nulls[1] = n;
    }
    return !nulls[0];
}
Status datetime_overlaps(FnCall *call UNUSED, const Datum *a, const bool *nulls, Datum *r)
{
    int64_t x[2] = {a[0].i64, a[1].i64}, y[2] = {a[2].i64, a[3].i64};
    bool xn[2] = {nulls[0], nulls[1]}, yn[2] = {nulls[2], nulls[3]};
    if (!span_order(x, xn) || !span_order(y, yn)) {
        return KERNEL_NULL;
    }
    bool swap = x[0] < y[0];
    int64_t late = swap ? y[0] : x[0], end = swap ? x[1] : y[1];
    bool end_null = swap ? xn[1] : yn[1];
    r->b = x[0] == y[0] || (!end_null && late < end);
    if (x[0] != y[0] && r->b) {
        return ST_OK;
    }
    return xn[1] || yn[1] ? KERNEL_NULL : ST_OK;
}
static Status k_overlaps_timestamp(KERNEL_PARAMS)
{
    return kernel_rows_nullable(call, args, arg_count, sel, out, datetime_overlaps);
}

static const FnOps DATETIME_PART_FNS[] = {
    FN(timestamp_part),
    FN(extract_timestamp),
    FN(timestamptz_part),
    FN(extract_timestamptz),
    FN(interval_part),
    FN(extract_interval),
    FN(time_part),
    FN(extract_time),
    FN(timetz_part),
    FN(extract_timetz),
    FN(extract_date),
    FN_AS("oid:1384", date_part_date),
    FN(timestamp_trunc),
    FN(timestamptz_trunc),
    FN(timestamptz_trunc_zone),
    FN(interval_trunc),
    FN(timestamptz_zone),
    FN(timestamp_zone),
    FN(timetz_zone),
    FN(timestamptz_izone),
    FN(timestamp_izone),
    FN(timestamp_bin),
    FN_AS("timestamptz_bin", timestamp_bin),
    FN(make_date),
    FN(make_time),
    FN(make_timestamp),
    FN(make_timestamptz),
    FN(make_timestamptz_at_timezone),
    FN(make_interval),
    FN(float8_timestamptz),
    FN(overlaps_timestamp),
    FN_AS("overlaps_time", overlaps_timestamp),
};
const TypeFamily type_family_datetime_part = {
    .fns = DATETIME_PART_FNS,
    .fn_count = ARRAY_LEN(DATETIME_PART_FNS),
};
