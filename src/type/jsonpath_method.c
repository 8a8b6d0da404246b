/*
 * jsonpath_method.c - the method datetime() of jsonpath: ISO 8601 texts read, compared and written.
 *
 * Without a template PostgreSQL tries a list of fixed formats; here one walk over the text takes
 * the same ones. A template is not supported.
 */
#include "type/datetime_internal.h"
#include "type/json_internal.h"
#include "type/jsonpath.h"

/* jp_digits - exactly n digits at *p. */
static bool jp_digits(const char **p, const char *end, int n, int32_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (*p >= end || !is_digit(**p)) {
            return false;
        }
        *out = *out * 10 + (*(*p)++ - '0');
    }
    return true;
}
static bool jp_char(const char **p, const char *end, char c)
{
    if (*p >= end || **p != c) {
        return false;
    }
    ++*p;
    return true;
}

/* JpStamp - what an ISO text holds. */
typedef struct JpStamp {
    DateParts p;
    bool date, time, zone;
    int32_t east;
} JpStamp;

/* jp_stamp_time - a time of day, with an offset or without. */
static bool jp_stamp_time(const char **p, const char *end, JpStamp *s)
{
    if (!jp_digits(p, end, 2, &s->p.hour) || !jp_char(p, end, ':') ||
        !jp_digits(p, end, 2, &s->p.minute) || !jp_char(p, end, ':') ||
        !jp_digits(p, end, 2, &s->p.second)) {
        return false;
    }
    s->time = true;
    if (*p < end && **p == '.') {
        int32_t scale = 1000000;
        for (++*p; *p < end && is_digit(**p) && scale > 1; ++*p) {
            scale /= 10;
            s->p.usec += (**p - '0') * scale;
        }
        if (scale == 1000000) {
            return false;
        }
    }
    if (*p < end && (**p == '+' || **p == '-')) {
        bool west = *(*p)++ == '-';
        int32_t hours, minutes = 0;
        bool short_hours = *p + 1 == end || (*p + 1 < end && (*p)[1] == ':');
        if (!jp_digits(p, end, short_hours ? 1 : 2, &hours) ||
            (*p < end && (!jp_char(p, end, ':') || !jp_digits(p, end, 2, &minutes)))) {
            return false;
        }
        s->zone = true;
        s->east = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
        if (hours > 15 || minutes > 59) {
            return false;
        }
    }
    return s->p.hour < 24 && s->p.minute < 60 && s->p.second < 60;
}
static bool jp_stamp_parse(Slice text, JpStamp *s)
{
    const char *p = text.ptr, *end = p + text.len;
    if (text.len > 2 && p[2] == ':') {
        return jp_stamp_time(&p, end, s) && p == end;
    }
    if (!jp_digits(&p, end, 4, &s->p.year) || !jp_char(&p, end, '-') ||
        !jp_digits(&p, end, 2, &s->p.month) || !jp_char(&p, end, '-') ||
        !jp_digits(&p, end, 2, &s->p.day) || s->p.month < 1 || s->p.month > 12 || s->p.day < 1 ||
        s->p.day > days_in_month(s->p.year, s->p.month)) {
        return false;
    }
    s->date = true;
    if (p == end) {
        return true;
    }
    return (jp_char(&p, end, 'T') || jp_char(&p, end, ' ')) && jp_stamp_time(&p, end, s) &&
           p == end;
}

JpResult jp_datetime(JpRun *x, const JpNode *n, Slice text, JpItem *out)
{
    JpStamp s;
    memset(&s, 0, sizeof(s));
    *out = (JpItem){0};
    if (n->text.ptr != NULL) {
        st_ignore(err_unsupported(x->call->cx,
                                  "a template of jsonpath item method .datetime() is not "
                                  "supported"));
        return JP_RAISED;
    }
    if (!jp_stamp_parse(text, &s)) {
        JpResult r =
            jp_fail(x, ERRCODE_INVALID_ARGUMENT_FOR_SQL_JSON_DATETIME_FUNCTION,
                    "datetime format is not recognized: \"%.*s\"", (int)text.len, text.ptr);
        if (r == JP_RAISED) {
            st_ignore(err_hint(x->call->cx, "Use a datetime template argument to specify the input "
                                            "data format."));
        }
        return r;
    }
    out->zone = s.east;
    if (s.date && !s.time) {
        out->datetime = TYPE_DATE;
        out->value.i32 = days_from_civil(s.p.year, s.p.month, s.p.day);
        return JP_FOUND;
    }
    if (!s.date) {
        int64_t us = time_of_parts(&s.p);
        out->datetime = s.zone ? TYPE_TIMETZ : TYPE_TIME;
        if (s.zone) {
            datum_set_timetz(&out->value, us, -s.east);
        } else {
            out->value.i64 = us;
        }
        return JP_FOUND;
    }
    out->datetime = s.zone ? TYPE_TIMESTAMPTZ : TYPE_TIMESTAMP;
    if (!timestamp_of_parts(&s.p, &out->value.i64)) {
        return jp_fail(x, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "timestamp out of range");
    }
    out->value.i64 -= (int64_t)s.east * 1000000;
    return JP_FOUND;
}

const char *jp_datetime_type(Oid type)
{
    return type == TYPE_DATE        ? "date"
           : type == TYPE_TIME      ? "time without time zone"
           : type == TYPE_TIMETZ    ? "time with time zone"
           : type == TYPE_TIMESTAMP ? "timestamp without time zone"
                                    : "timestamp with time zone";
}

Slice jp_datetime_node(JpRun *x, const JpItem *item)
{
    Buf text;
    buf_init(&text, 256);
    TypeEnv env = x->call->env != NULL ? *x->call->env : (TypeEnv){.extra_float_digits = 1};
    env.date_style = DATESTYLE_ISO;
    FnCall call = *x->call;
    call.env = &env;
    Datum d = item->value;
    Oid type = item->datetime;
    if (type == TYPE_TIMESTAMPTZ) {
        d.i64 += (int64_t)item->zone * 1000000;
        type = TYPE_TIMESTAMP;
    }
    type_ops(type)->out(&call, &d, &text);
    uint8_t *space = memchr(text.data, ' ', text.len);
    if (type == TYPE_TIMESTAMP && space != NULL) {
        *space = 'T';
    }
    if (item->datetime == TYPE_TIMESTAMPTZ) {
        int32_t east = item->zone < 0 ? -item->zone : item->zone;
        buf_printf(&text, "%c%02d:%02d", item->zone < 0 ? '-' : '+', east / 3600, east / 60 % 60);
    } else if (item->datetime == TYPE_TIMETZ && text.len > 3 &&
               (text.data[text.len - 3] == '+' || text.data[text.len - 3] == '-')) {
        buf_puts(&text, ":00");
    }
    char *node = arena_alloc(x->call->arena, text.len + 1);
    node[0] = JB_STRING;
    memcpy(node + 1, text.data, text.len);
    Slice out = {node, text.len + 1};
    buf_release(&text);
    return out;
}

/* jp_zone_needed - a comparison that depends on the session's zone. */
static JpResult jp_zone_needed(JpRun *x, const char *from, const char *to)
{
    if (x->use_zone) {
        return JP_FOUND;
    }
    st_ignore(err_unsupported(
        x->call->cx, "cannot convert value from %s to %s without time zone usage", from, to));
    st_ignore(err_hint(x->call->cx, "Use *_tz() function for time zone support."));
    return JP_RAISED;
}

/* jp_as_stamp - a date or timestamp as microseconds, in UTC when `zoned`. */
static JpResult jp_as_stamp(JpRun *x, const JpItem *v, bool zoned, int64_t *out)
{
    bool is_date = v->datetime == TYPE_DATE;
    *out = v->value.i64;
    if (is_date) {
        *out = (int64_t)v->value.i32 * 86400000000;
    }
    if (!zoned || v->datetime == TYPE_TIMESTAMPTZ) {
        return JP_FOUND;
    }
    JpResult r = jp_zone_needed(x, is_date ? "date" : "timestamp", "timestamptz");
    if (r == JP_FOUND && timestamp_to_timestamptz(x->call, *out, out) != ST_OK) {
        r = JP_RAISED;
    }
    return r;
}

/* jp_as_timetz - a time of day in the session's zone, as timetz compares: its instant, then its
 * zone. */
static JpResult jp_as_timetz(JpRun *x, const JpItem *v, TimeTz *out)
{
    if (v->datetime == TYPE_TIMETZ) {
        *out = datum_timetz(&v->value);
        return JP_FOUND;
    }
    JpResult r = jp_zone_needed(x, "time", "timetz");
    int64_t now = x->call->env != NULL ? x->call->env->xact_time_us : 0;
    TzInfo info;
    (void)timestamptz_local(env_zone(x->call), now, &info);
    memset(out, 0, sizeof(*out));
    Datum d;
    datum_set_timetz(&d, v->value.i64, -info.east);
    *out = datum_timetz(&d);
    return r;
}

static bool jp_is_day_time(Oid type)
{
    return type == TYPE_TIME || type == TYPE_TIMETZ;
}

JpResult jp_datetime_compare(JpRun *x, const JpItem *a, const JpItem *b, int *cmp, bool *known_out)
{
    *known_out = jp_is_day_time(a->datetime) == jp_is_day_time(b->datetime);
    if (!*known_out) {
        return JP_FOUND;
    }
    int64_t l, r;
    JpResult res;
    if (!jp_is_day_time(a->datetime)) {
        bool zoned = a->datetime == TYPE_TIMESTAMPTZ || b->datetime == TYPE_TIMESTAMPTZ;
        res = jp_as_stamp(x, a, zoned, &l);
        res = res == JP_FOUND ? jp_as_stamp(x, b, zoned, &r) : res;
        if (res == JP_FOUND) {
            *cmp = (l > r) - (l < r);
        }
        return res;
    }
    if (a->datetime == TYPE_TIME && b->datetime == TYPE_TIME) {
        *cmp = (a->value.i64 > b->value.i64) - (a->value.i64 < b->value.i64);
        return JP_FOUND;
    }
    TimeTz tl, tr;
    res = jp_as_timetz(x, a, &tl);
    res = res == JP_FOUND ? jp_as_timetz(x, b, &tr) : res;
    if (res == JP_FOUND) {
        Datum dl, dr;
        memcpy(dl.b16, &tl, sizeof(tl));
        memcpy(dr.b16, &tr, sizeof(tr));
        *cmp = type_ops(TYPE_TIMETZ)->cmp(&dl, &dr);
    }
    return res;
}
