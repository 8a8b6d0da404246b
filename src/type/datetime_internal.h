#ifndef DASSIE_TYPE_DATETIME_INTERNAL_H
#define DASSIE_TYPE_DATETIME_INTERNAL_H
/*
 * datetime_internal.h - what the files of the date and time types share. Any thread; no state.
 */
#include "type/datetime.h"
#include "type/kernel.h"

#define INTERVAL_RANGE_ALL     0x7fff
#define INTERVAL_PRECISION_ALL 0xffff
#define INTERVAL_MASK(f)       (1 << (f))
enum {
    FIELD_MONTH = 1,
    FIELD_YEAR = 2,
    FIELD_DAY = 3,
    FIELD_HOUR = 10,
    FIELD_MINUTE = 11,
    FIELD_SECOND = 12
};

/* DateParts - a broken-down time. */
typedef struct DateParts {
    int32_t year, month, day, hour, minute, second, usec;
} DateParts;

/* What a text said. */
typedef enum DateWord {
    DATE_WORD_NONE,
    DATE_WORD_EPOCH,
    DATE_WORD_POS_INF,
    DATE_WORD_NEG_INF
} DateWord;
typedef struct DateText {
    DateParts p;
    DateWord word;
    bool has_date, has_time, has_zone;
    int32_t east;                /* with has_zone and no zone */
    const struct TimeZone *zone; /* a named zone: the offset depends on the local time */
} DateText;
typedef enum DateWant { DATE_WANT_DATE, DATE_WANT_TIMESTAMP, DATE_WANT_TIME } DateWant;
/* date_text_parse - PostgreSQL's date and time syntax; type_name is for errors. */
Status date_text_parse(FnCall *call, Slice text, DateWant want, const char *type_name,
                       DateText *out);
Status interval_parse(FnCall *call, Slice text, int32_t typmod, Interval *out);
Status interval_apply_typmod(Cx *cx, int32_t typmod, Interval *v);

/* Sessions' settings with defaults for callers that have none. */
static inline const struct TimeZone *env_zone(const FnCall *call)
{
    return call->env != NULL && call->env->timezone != NULL ? call->env->timezone : tz_utc();
}
static inline Os *env_os(const FnCall *call)
{
    return call->env != NULL ? call->env->os : NULL;
}

Status err_timestamp_range(Cx *cx);
Status err_interval_range(Cx *cx);
Status err_date_range(Cx *cx);

int32_t days_in_month(int32_t year, int32_t month);
int64_t floor_div(int64_t a, int64_t b);
/* timestamp_of_parts - 22008 when outside what a timestamp holds: false. */
bool timestamp_of_parts(const DateParts *p, int64_t *out);
void parts_of_timestamp(int64_t ts, DateParts *p);
bool timestamp_valid(int64_t ts);
static inline bool timestamp_is_inf(int64_t ts)
{
    return ts == TIMESTAMP_NEG_INF || ts == TIMESTAMP_POS_INF;
}
/* timestamptz_local - the wall clock in a zone, as a timestamp. */
int64_t timestamptz_local(const struct TimeZone *tz, int64_t ts, TzInfo *info);
/* timestamptz_of_local - the instant; false when out of range. */
bool timestamptz_of_local(const struct TimeZone *tz, int64_t local, int64_t *out);
int64_t time_of_parts(const DateParts *p);
/* timestamp_round - to `typmod` decimals of a second. */
int64_t time_round_typmod(int64_t us, int32_t typmod);
typedef enum ZoneOffset { ZONE_OFFSET_OK, ZONE_OFFSET_BAD, ZONE_OFFSET_RANGE } ZoneOffset;
/* zone_offset_parse - the text of an offset, which begins with its sign: seconds east. */
ZoneOffset zone_offset_parse(Slice s, int32_t *east_out);
Status zone_by_name(FnCall *call, Slice name, const struct TimeZone **zone, int64_t at_local,
                    bool *dynamic);

void date_text(const TypeEnv *env, int32_t date, Buf *buf);
void timestamp_text(const TypeEnv *env, int64_t ts, Buf *buf);
void timestamptz_text(const TypeEnv *env, const struct TimeZone *tz, int64_t ts, Buf *buf);
void time_text(int64_t us, Buf *buf);
void timetz_text(const TimeTz *v, Buf *buf);
void interval_text(IntervalStyle style, const Interval *v, Buf *buf);
int interval_compare(const Interval *a, const Interval *b);
Status timestamp_plus_interval(Cx *cx, int64_t ts, const Interval *v, int64_t *out);
Status timestamptz_plus_interval(FnCall *call, int64_t ts, const Interval *v, int64_t *out);
Status date_to_timestamp(Cx *cx, int32_t date, int64_t *out);
Status date_to_timestamptz(FnCall *call, int32_t date, int64_t *out);
Status timestamp_to_timestamptz(FnCall *call, int64_t ts, int64_t *out);
int64_t timestamptz_to_timestamp(FnCall *call, int64_t ts);
/* datetime_overlaps - SQL's OVERLAPS of two spans of 64-bit values, either end may be NULL. */
Status datetime_overlaps(FnCall *call, const Datum *a, const bool *nulls, Datum *r);
extern const char *const MONTH_NAMES[12];
extern const char *const DAY_NAMES[7];

static inline Interval datum_interval(const Datum *d)
{
    Interval v;
    memcpy(&v, d->b16, sizeof(v));
    return v;
}
static inline void datum_set_interval(Datum *d, Interval v)
{
    memcpy(d->b16, &v, sizeof(v));
}
static inline TimeTz datum_timetz(const Datum *d)
{
    TimeTz v;
    memcpy(&v, d->b16, sizeof(v));
    return v;
}
static inline void datum_set_timetz(Datum *d, int64_t us, int32_t west)
{
    TimeTz v = {us, west, 0};
    memcpy(d->b16, &v, sizeof(v));
}

#endif
