/*
 * datetime.c - date, time, timetz, timestamp, timestamptz, interval: I/O, order, keys, and the
 * conversions the other files build on.
 */
#include <stdlib.h>

#include "type/datetime_internal.h"

#define TIMESTAMP_MIN INT64_C(-211813488000000000)
#define TIMESTAMP_END INT64_C(9223371331200000000)
#define DATE_MIN_DAYS (-JULIAN_2000)
#define DATE_END_DAYS 2145031949

Status err_timestamp_range(Cx *cx)
{
    return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
}
Status err_date_range(Cx *cx)
{
    return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "date out of range");
}
Status err_interval_range(Cx *cx)
{
    return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "interval out of range");
}

int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}
bool timestamp_valid(int64_t ts)
{
    return ts >= TIMESTAMP_MIN && ts < TIMESTAMP_END;
}
int64_t time_of_parts(const DateParts *p)
{
    return ((p->hour * INT64_C(60) + p->minute) * 60 + p->second) * USECS_PER_SEC + p->usec;
}
bool timestamp_of_parts(const DateParts *p, int64_t *out)
{
    if (p->year < -4713 || p->year > 294277) {
        return false;
    }
    int64_t days = days_from_civil(p->year, p->month, p->day);
    return !__builtin_mul_overflow(days, USECS_PER_DAY, out) &&
           !__builtin_add_overflow(*out, time_of_parts(p), out) && timestamp_valid(*out);
}
void parts_of_timestamp(int64_t ts, DateParts *p)
{
    int64_t days = floor_div(ts, USECS_PER_DAY), t = ts - days * USECS_PER_DAY;
    civil_from_days((int32_t)days, &p->year, &p->month, &p->day);
    p->hour = (int32_t)(t / USECS_PER_HOUR);
    p->minute = (int32_t)(t / USECS_PER_MIN % 60);
    p->second = (int32_t)(t / USECS_PER_SEC % 60);
    p->usec = (int32_t)(t % USECS_PER_SEC);
}
#define UNIX_EPOCH_SECS (INT64_C(86400) * UNIX_EPOCH_DAYS)
int64_t timestamptz_local(const struct TimeZone *tz, int64_t ts, TzInfo *info)
{
    TzInfo at = tz_at(tz, floor_div(ts, USECS_PER_SEC) + UNIX_EPOCH_SECS);
    if (info != NULL) {
        *info = at;
    }
    return ts + at.east * USECS_PER_SEC;
}
bool timestamptz_of_local(const struct TimeZone *tz, int64_t local, int64_t *out)
{
    int32_t east = tz_east_of_local(tz, floor_div(local, USECS_PER_SEC) + UNIX_EPOCH_SECS, NULL);
    *out = local - east * USECS_PER_SEC;
    return timestamp_valid(*out);
}
int64_t time_round_typmod(int64_t us, int32_t typmod)
{
    static const int64_t UNITS[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (typmod < 0 || typmod >= 6) {
        return us;
    }
    int64_t unit = UNITS[typmod], half = unit / 2;
    return us >= 0 ? (us + half) / unit * unit : -((-us + half) / unit * unit);
}

Status date_to_timestamp(Cx *cx, int32_t date, int64_t *out)
{
    if (date == DATE_NEG_INF || date == DATE_POS_INF) {
        *out = date == DATE_NEG_INF ? TIMESTAMP_NEG_INF : TIMESTAMP_POS_INF;
        return ST_OK;
    }
    if (__builtin_mul_overflow((int64_t)date, USECS_PER_DAY, out) || !timestamp_valid(*out)) {
        return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "date out of range for timestamp");
    }
    return ST_OK;
}
Status timestamp_to_timestamptz(FnCall *call, int64_t ts, int64_t *out)
{
    *out = ts;
    if (!timestamp_is_inf(ts) && !timestamptz_of_local(env_zone(call), ts, out)) {
        return err_timestamp_range(call->cx);
    }
    return ST_OK;
}
Status date_to_timestamptz(FnCall *call, int32_t date, int64_t *out)
{
    TRY(date_to_timestamp(call->cx, date, out));
    return timestamp_to_timestamptz(call, *out, out);
}
int64_t timestamptz_to_timestamp(FnCall *call, int64_t ts)
{
    return timestamp_is_inf(ts) ? ts : timestamptz_local(env_zone(call), ts, NULL);
}

/* ---- input ---- */
static Status date_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    DateText d;
    TRY(date_text_parse(call, text, DATE_WANT_DATE, "date", &d));
    switch (d.word) {
    case DATE_WORD_EPOCH: out->i32 = -UNIX_EPOCH_DAYS; return ST_OK;
    case DATE_WORD_POS_INF: out->i32 = DATE_POS_INF; return ST_OK;
    case DATE_WORD_NEG_INF: out->i32 = DATE_NEG_INF; return ST_OK;
    case DATE_WORD_NONE: break;
    }
    if (d.p.year < -4713 || d.p.year > 5874898 ||
        (out->i32 = days_from_civil(d.p.year, d.p.month, d.p.day)) < DATE_MIN_DAYS ||
        out->i32 >= DATE_END_DAYS) {
        return err_set(call->cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "date out of range: \"%.*s\"",
                       (int)text.len, text.ptr);
    }
    return ST_OK;
}
static Status err_timestamp_text(Cx *cx, Slice text)
{
    return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "timestamp out of range: \"%.*s\"",
                   (int)text.len, text.ptr);
}
static bool timestamp_word(DateWord word, int64_t *out)
{
    *out = word == DATE_WORD_EPOCH     ? -UNIX_EPOCH_DAYS * USECS_PER_DAY
           : word == DATE_WORD_POS_INF ? TIMESTAMP_POS_INF
                                       : TIMESTAMP_NEG_INF;
    return word != DATE_WORD_NONE;
}
static Status timestamp_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    DateText d;
    TRY(date_text_parse(call, text, DATE_WANT_TIMESTAMP, "timestamp", &d));
    if (timestamp_word(d.word, &out->i64)) {
        return ST_OK;
    }
    if (!timestamp_of_parts(&d.p, &out->i64)) {
        return err_timestamp_text(call->cx, text);
    }
    out->i64 = time_round_typmod(out->i64, typmod);
    return ST_OK;
}
/* timestamptz_in - a zone in the text decides, else the session's. */
static Status timestamptz_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    DateText d;
    int64_t local;
    TRY(date_text_parse(call, text, DATE_WANT_TIMESTAMP, "timestamp with time zone", &d));
    if (timestamp_word(d.word, &out->i64)) {
        return ST_OK;
    }
    bool ok = timestamp_of_parts(&d.p, &local);
    if (ok && (!d.has_zone || d.zone != NULL)) {
        ok = timestamptz_of_local(d.zone != NULL ? d.zone : env_zone(call), local, &out->i64);
    } else if (ok) {
        out->i64 = local - d.east * USECS_PER_SEC;
        ok = timestamp_valid(out->i64);
    }
    if (!ok) {
        return err_timestamp_text(call->cx, text);
    }
    out->i64 = time_round_typmod(out->i64, typmod);
    return ST_OK;
}
static Status time_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    DateText d;
    TRY(date_text_parse(call, text, DATE_WANT_TIME, "time", &d));
    out->i64 = time_round_typmod(time_of_parts(&d.p), typmod);
    return ST_OK;
}
/* timetz_in - a named zone's offset is that of the day given, or of today. */
static Status timetz_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    DateText d;
    TRY(date_text_parse(call, text, DATE_WANT_TIME, "time with time zone", &d));
    int32_t east = d.east;
    if (!d.has_zone || d.zone != NULL) {
        /* A zone's offset is that of the day given, or of today. */
        const struct TimeZone *tz = d.zone != NULL ? d.zone : env_zone(call);
        int64_t now = call->env != NULL ? call->env->xact_time_us : 0;
        DateParts p = d.p;
        if (!d.has_date) {
            DateParts today;
            parts_of_timestamp(timestamptz_local(tz, now, NULL), &today);
            p.year = today.year;
            p.month = today.month;
            p.day = today.day;
        }
        int64_t local = (int64_t)days_from_civil(p.year, p.month, p.day) * 86400 +
                        time_of_parts(&p) / USECS_PER_SEC + UNIX_EPOCH_SECS;
        east = tz_east_of_local(tz, local, NULL);
    }
    datum_set_timetz(out, time_round_typmod(time_of_parts(&d.p), typmod), -east);
    return ST_OK;
}
static Status interval_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    Interval v;
    TRY(interval_parse(call, text, typmod, &v));
    datum_set_interval(out, v);
    return ST_OK;
}

/* ---- output ---- */
static void date_out(FnCall *call, const Datum *v, Buf *buf)
{
    date_text(call->env, v->i32, buf);
}
static void timestamp_out(FnCall *call, const Datum *v, Buf *buf)
{
    timestamp_text(call->env, v->i64, buf);
}
static void timestamptz_out(FnCall *call, const Datum *v, Buf *buf)
{
    timestamptz_text(call->env, env_zone(call), v->i64, buf);
}
static void time_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    time_text(v->i64, buf);
}
static void timetz_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    TimeTz t = datum_timetz(v);
    timetz_text(&t, buf);
}
static void interval_out(FnCall *call, const Datum *v, Buf *buf)
{
    Interval i = datum_interval(v);
    interval_text(call->env != NULL ? call->env->interval_style : INTERVALSTYLE_POSTGRES, &i, buf);
}

/* ---- binary ---- */
static Status date_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 4));
    out->i32 = (int32_t)load_u32be(bytes.ptr);
    if (out->i32 != DATE_NEG_INF && out->i32 != DATE_POS_INF &&
        (out->i32 < DATE_MIN_DAYS || out->i32 >= DATE_END_DAYS)) {
        return err_date_range(call->cx);
    }
    return ST_OK;
}
static Status timestamp_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 8));
    out->i64 = (int64_t)load_u64be(bytes.ptr);
    if (timestamp_is_inf(out->i64)) {
        return ST_OK;
    }
    if (!timestamp_valid(out->i64)) {
        return err_timestamp_range(call->cx);
    }
    out->i64 = time_round_typmod(out->i64, typmod);
    return ST_OK;
}
static Status err_time_range(Cx *cx)
{
    return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW, "time out of range");
}
static Status time_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 8));
    out->i64 = (int64_t)load_u64be(bytes.ptr);
    if (out->i64 < 0 || out->i64 > USECS_PER_DAY) {
        return err_time_range(call->cx);
    }
    out->i64 = time_round_typmod(out->i64, typmod);
    return ST_OK;
}
static Status timetz_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 12));
    int64_t us = (int64_t)load_u64be(bytes.ptr);
    int32_t west = (int32_t)load_u32be(bytes.ptr + 8);
    if (us < 0 || us > USECS_PER_DAY) {
        return err_time_range(call->cx);
    }
    if (west <= -57600 || west >= 57600) {
        return err_set(call->cx, ERRCODE_INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                       "time zone displacement out of range");
    }
    datum_set_timetz(out, time_round_typmod(us, typmod), west);
    return ST_OK;
}
static void timetz_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    TimeTz t = datum_timetz(v);
    buf_put_u64be(buf, (uint64_t)t.us);
    buf_put_u32be(buf, (uint32_t)t.west);
}
static Status interval_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 16));
    Interval v = {(int64_t)load_u64be(bytes.ptr), (int32_t)load_u32be(bytes.ptr + 8),
                  (int32_t)load_u32be(bytes.ptr + 12)};
    TRY(interval_apply_typmod(call->cx, typmod, &v));
    datum_set_interval(out, v);
    return ST_OK;
}
static void interval_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    Interval i = datum_interval(v);
    buf_put_u64be(buf, (uint64_t)i.us);
    buf_put_u32be(buf, (uint32_t)i.days);
    buf_put_u32be(buf, (uint32_t)i.months);
}

/* ---- order, hash, keys ---- */
/* timetz_instant - the same time in Greenwich. */
static int64_t timetz_instant(const TimeTz *t)
{
    return t->us + t->west * USECS_PER_SEC;
}
static int timetz_order(const Datum *a, const Datum *b)
{
    TimeTz x = datum_timetz(a), y = datum_timetz(b);
    int64_t p = timetz_instant(&x), q = timetz_instant(&y);
    return p != q ? (p > q) - (p < q) : (x.west > y.west) - (x.west < y.west);
}
static uint64_t timetz_hash(const Datum *v)
{
    TimeTz t = datum_timetz(v);
    return hash_u64((uint64_t)t.us ^ hash_u64((uint64_t)(int64_t)t.west));
}
static void timetz_key(const Datum *v, Buf *buf)
{
    TimeTz t = datum_timetz(v);
    key_put_u64(buf, (uint64_t)timetz_instant(&t) ^ 0x8000000000000000u);
    key_put_u32(buf, (uint32_t)t.west ^ 0x80000000u);
}
/* interval_span - microseconds with months of 30 days: what order and equality go by. */
static i128 interval_span(const Interval *v)
{
    return (i128)v->us + ((i128)v->months * 30 + v->days) * USECS_PER_DAY;
}
int interval_compare(const Interval *a, const Interval *b)
{
    i128 x = interval_span(a), y = interval_span(b);
    return (x > y) - (x < y);
}
static int interval_order(const Datum *a, const Datum *b)
{
    Interval x = datum_interval(a), y = datum_interval(b);
    return interval_compare(&x, &y);
}
static uint64_t interval_hash(const Datum *v)
{
    Interval i = datum_interval(v);
    i128 span = interval_span(&i);
    return hash_u64((uint64_t)span ^ (uint64_t)(span >> 64));
}
static void interval_key(const Datum *v, Buf *buf)
{
    Interval i = datum_interval(v);
    u128 span = (u128)interval_span(&i) ^ ((u128)1 << 127);
    key_put_u64(buf, (uint64_t)(span >> 64));
    key_put_u64(buf, (uint64_t)span);
}

static const TypeOps DATETIME_TYPES[] = {
    {TYPE_DATE, "date", PHYS_I32, date_in, date_out, date_recv, int4_send, int4_order, int4_hash,
     int4_key, int4_unkey},
    {TYPE_TIME, "time", PHYS_I64, time_in, time_out, time_recv, int8_send, int8_order, int8_hash,
     int8_key, int8_unkey},
    {TYPE_TIMETZ, "timetz", PHYS_B16, timetz_in, timetz_out, timetz_recv, timetz_send, timetz_order,
     timetz_hash, timetz_key, NULL},
    {TYPE_TIMESTAMP, "timestamp", PHYS_I64, timestamp_in, timestamp_out, timestamp_recv, int8_send,
     int8_order, int8_hash, int8_key, int8_unkey},
    {TYPE_TIMESTAMPTZ, "timestamptz", PHYS_I64, timestamptz_in, timestamptz_out, timestamp_recv,
     int8_send, int8_order, int8_hash, int8_key, int8_unkey},
    {TYPE_INTERVAL, "interval", PHYS_B16, interval_in, interval_out, interval_recv, interval_send,
     interval_order, interval_hash, interval_key, NULL},
};
const TypeFamily type_family_datetime = {
    .types = DATETIME_TYPES,
    .type_count = ARRAY_LEN(DATETIME_TYPES),
};
