#ifndef DASSIE_TYPE_DATETIME_H
#define DASSIE_TYPE_DATETIME_H
/*
 * datetime.h - time zones, calendar arithmetic and the date and time types.
 *
 * Representation: date int32 days, timestamp and timestamptz int64 microseconds, both since
 * 2000-01-01 (UTC for timestamptz), extremes stand for the infinities; time int64 microseconds;
 * timetz TimeTz and interval Interval in 16 bytes. Zones are read from the system's tzdata through
 * the os seam. A TimeZone is constant once loaded: any thread may use it while its arena lives.
 */
#include "os/os.h"
#include "type/type.h"

typedef struct TimeZone TimeZone;

/* tz_load - a zone by name ("Europe/Vienna"), ASCII case ignored, as a POSIX string or as a fixed
 * offset ("+02", "UTC"). 22023 when there is none. Everything lives in the arena. os may be NULL:
 * then only UTC, offsets and POSIX strings are known. */
Status tz_load(Cx *cx, Os *os, Arena *arena, const char *name, const TimeZone **out);
/* tz_find - likewise, ST_NOTFOUND instead of an error. */
Status tz_find(Cx *cx, Os *os, Arena *arena, Slice name, const TimeZone **out);
/* tz_fixed - a zone of one offset, seconds east of Greenwich. */
const TimeZone *tz_fixed(Arena *arena, int32_t east);
/* tz_utc - the zone UTC, always there. */
const TimeZone *tz_utc(void);
const char *tz_name(const TimeZone *tz);
/* tz_at - what holds at an instant (seconds since 1970 UTC): seconds east, name, daylight saving.
 */
typedef struct TzInfo {
    int32_t east;
    bool dst;
    const char *abbrev;
} TzInfo;
TzInfo tz_at(const TimeZone *tz, int64_t unix_seconds);
/* tz_east_of_local - the offset for a local time, given as if it were UTC; in a gap the offset
 * before it, in an overlap the later reading. */
int32_t tz_east_of_local(const TimeZone *tz, int64_t local_seconds, bool *dst_out);
/* tz_abbrev_east - the offset an abbreviation means ("EST"); dynamic ones need the local time.
 * False when unknown. */
typedef struct TzAbbrev {
    const char *name; /* lower case */
    int32_t east;
    bool dst;
    const char *zone; /* not NULL: the abbreviation's offset comes from this zone */
} TzAbbrev;
const TzAbbrev *tz_abbrev_find(Slice name);
const TzAbbrev *tz_abbrev_at(uint32_t i); /* the i-th of all, NULL behind the last */

#define DATE_NEG_INF      INT32_MIN
#define DATE_POS_INF      INT32_MAX
#define TIMESTAMP_NEG_INF INT64_MIN
#define TIMESTAMP_POS_INF INT64_MAX
#define USECS_PER_SEC     INT64_C(1000000)
#define USECS_PER_MIN     (60 * USECS_PER_SEC)
#define USECS_PER_HOUR    (3600 * USECS_PER_SEC)
#define USECS_PER_DAY     (86400 * USECS_PER_SEC)
#define UNIX_EPOCH_DAYS   10957 /* 1970-01-01 to 2000-01-01 */
#define JULIAN_2000       2451545

typedef struct Interval {
    int64_t us;
    int32_t days, months;
} Interval;
typedef struct TimeTz {
    int64_t us;
    int32_t west; /* seconds west of Greenwich, as PostgreSQL keeps it */
    int32_t zero;
} TimeTz;

/* days_from_civil - days since 2000-01-01 of a proleptic Gregorian date; year 0 is 1 BC. */
int32_t days_from_civil(int32_t year, int32_t month, int32_t day);
void civil_from_days(int32_t days, int32_t *year, int32_t *month, int32_t *day);

#endif
