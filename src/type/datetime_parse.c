/*
 * datetime_parse.c - the text of dates, times and timestamps as PostgreSQL reads it.
 *
 * The text is cut into fields (numbers, dates with separators, times with colons, zones with a
 * sign, words); each field then says what it is by its shape and by what is still missing.
 */
#include <math.h>
#include <stdlib.h>

#include "type/datetime_internal.h"

#define DATE_FIELDS_MAX 25
#define DATE_TEXT_MAX   127

typedef enum FieldKind { F_NUMBER, F_DATE, F_TIME, F_ZONE, F_WORD, F_SPECIAL } FieldKind;
typedef struct DateField {
    FieldKind kind;
    Slice text; /* lower case */
} DateField;
enum { HAVE_YEAR = 1, HAVE_MONTH = 2, HAVE_DAY = 4, HAVE_DATE = 7, HAVE_TIME = 8, HAVE_ZONE = 16 };
typedef enum DateErr {
    DE_OK,
    DE_FORMAT,
    DE_FIELD,
    DE_MONTH_DAY,
    DE_ZONE_RANGE,
    DE_ZONE_NAME
} DateErr;

typedef struct DateScan {
    FnCall *call;
    DateField fields[DATE_FIELDS_MAX];
    uint32_t count;
    uint32_t have;
    DateParts p;
    DateText *out;
    DateWant want;
    Slice bad_zone;
    bool text_month, two_digits, bc, julian, time_prefix, dst_word;
    int pm; /* 0 none, 1 am, 2 pm */
} DateScan;

const char *const MONTH_NAMES[12] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
const char *const DAY_NAMES[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* month_of_word - full names, three letters, "sept"; 0 when it is none. */
static int32_t month_of_word(Slice w)
{
    for (int32_t i = 0; i < 12; i++) {
        size_t n = strlen(MONTH_NAMES[i]);
        if (w.len == n || w.len == 3 || (i == 8 && w.len == 4)) {
            size_t k = 0;
            while (k < w.len && k < n && ascii_lower(MONTH_NAMES[i][k]) == w.ptr[k]) {
                k++;
            }
            if (k == w.len) {
                return i + 1;
            }
        }
    }
    return 0;
}
static bool is_day_word(Slice w)
{
    static const char *const DAYS[] = {
        "sun",       "sunday", "mon",  "monday", "tue",      "tues", "tuesday", "wed", "weds",
        "wednesday", "thu",    "thur", "thurs",  "thursday", "fri",  "friday",  "sat", "saturday"};
    for (size_t i = 0; i < ARRAY_LEN(DAYS); i++) {
        if (slice_ieq(w, DAYS[i])) {
            return true;
        }
    }
    return false;
}

/* ---- cutting ---- */
typedef struct FieldScan {
    const char *p, *end;
    char *to;
} FieldScan;
static void field_take(FieldScan *s)
{
    *s->to++ = ascii_lower(*s->p++);
}
static char field_peek(const FieldScan *s)
{
    return s->p < s->end ? *s->p : '\0';
}
static void field_take_digits(FieldScan *s)
{
    while (is_digit(field_peek(s))) {
        field_take(s);
    }
}

/* field_of_digit - a field that starts with a digit: time, date or number by what follows. */
static FieldKind field_of_digit(FieldScan *s)
{
    FieldKind kind = F_NUMBER;
    field_take_digits(s);
    char c = field_peek(s);
    if (c == ':') {
        while (is_digit(field_peek(s)) || field_peek(s) == ':' || field_peek(s) == '.') {
            field_take(s);
        }
        return F_TIME;
    }
    if (c == '-' || c == '/' || c == '.') {
        char delim = c;
        field_take(s);
        if (is_digit(field_peek(s))) {
            kind = delim == '.' ? F_NUMBER : F_DATE;
            field_take_digits(s);
            if (field_peek(s) == delim) {
                kind = F_DATE;
                while (is_digit(field_peek(s)) || field_peek(s) == delim) {
                    field_take(s);
                }
            }
        } else {
            kind = F_DATE;
            while (is_alpha(field_peek(s)) || is_digit(field_peek(s)) || field_peek(s) == delim) {
                field_take(s);
            }
        }
    }
    return kind;
}
/* date_word_known - a word on its own, so that what follows it is another field. */
static bool date_word_known(Slice w)
{
    static const char *const WORDS[] = {"t",  "j",  "jd", "julian", "am", "pm",
                                        "ad", "bc", "on", "at",     "z"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (slice_ieq(w, WORDS[i])) {
            return true;
        }
    }
    return is_day_word(w) || (w.len > 3 && month_of_word(w) != 0);
}
/* field_of_letter - a word; with digits or separators after it a date or a zone's name. */
static FieldKind field_of_letter(FieldScan *s)
{
    char *start = s->to;
    while (is_alpha(field_peek(s))) {
        field_take(s);
    }
    Slice word = {start, (size_t)(s->to - start)};
    char c = field_peek(s);
    bool date = c == '-' || c == '/' || c == '.';
    bool zone = c == '_' || c == '+';
    if (!date && !zone && is_digit(c) && !date_word_known(word) && month_of_word(word) == 0) {
        zone = true;
    }
    if (!date && !zone) {
        return F_WORD;
    }
    while (is_alpha(field_peek(s)) || is_digit(field_peek(s)) ||
           (field_peek(s) != '\0' && strchr("+-/_.:", field_peek(s)) != NULL)) {
        field_take(s);
    }
    return F_DATE;
}

/* date_cut - split the text into fields, folded to lower case in `room`. */
static DateErr date_cut(DateScan *d, Slice text, char *room)
{
    FieldScan s = {text.ptr, text.ptr + text.len, room};
    if (text.len > DATE_TEXT_MAX) {
        return DE_FORMAT;
    }
    while (s.p < s.end) {
        if (is_space(*s.p)) {
            s.p++;
            continue;
        }
        char *start = s.to, c = *s.p;
        FieldKind kind;
        if (d->count == DATE_FIELDS_MAX) {
            return DE_FORMAT;
        }
        if (is_digit(c)) {
            kind = field_of_digit(&s);
        } else if (c == '.') {
            kind = F_NUMBER;
            field_take(&s);
            field_take_digits(&s);
        } else if (is_alpha(c)) {
            kind = field_of_letter(&s);
        } else if (c == '+' || c == '-') {
            field_take(&s);
            while (is_space(field_peek(&s))) {
                s.p++;
            }
            if (is_digit(field_peek(&s))) {
                kind = F_ZONE;
                while (is_digit(field_peek(&s)) ||
                       (field_peek(&s) != '\0' && strchr(":.-", field_peek(&s)) != NULL)) {
                    field_take(&s);
                }
            } else if (is_alpha(field_peek(&s))) {
                kind = F_SPECIAL;
                while (is_alpha(field_peek(&s))) {
                    field_take(&s);
                }
            } else {
                return DE_FORMAT;
            }
        } else if (strchr("!\"#$%&'()*,/:;<=>?@[\\]^_`{|}~", c) != NULL) {
            s.p++;
            continue;
        } else {
            return DE_FORMAT;
        }
        d->fields[d->count++] = (DateField){kind, {start, (size_t)(s.to - start)}};
        *s.to++ = '\0';
    }
    return DE_OK;
}

/* ---- numbers ---- */
static int32_t date_int(Slice s)
{
    int64_t v = 0;
    for (size_t i = 0; i < s.len && is_digit(s.ptr[i]); i++) {
        v = MIN(v * 10 + (s.ptr[i] - '0'), 2000000000);
    }
    return (int32_t)v;
}
/* date_fraction - ".123" in microseconds, rounded. */
static int32_t date_fraction(Slice s)
{
    int32_t us = 0, scale = 100000;
    if (s.len > 7) {
        /* More than six digits: rounded as a double, which takes halves to even. */
        char text[DATE_TEXT_MAX + 1];
        size_t n = MIN(s.len, (size_t)DATE_TEXT_MAX);
        memcpy(text, s.ptr, n);
        text[n] = '\0';
        return (int32_t)rint(strtod(text, NULL) * 1e6);
    }
    for (size_t i = 1; i < s.len; i++, scale /= 10) {
        us += (s.ptr[i] - '0') * scale;
    }
    return us;
}

/* date_number_field - digits run together: yymmdd, yyyymmdd, hhmmss, hhmm. */
static DateErr date_number_field(DateScan *d, Slice s)
{
    const char *dot = memchr(s.ptr, '.', s.len);
    if (dot != NULL) {
        d->p.usec = date_fraction((Slice){dot, s.len - (size_t)(dot - s.ptr)});
        s.len = (size_t)(dot - s.ptr);
    } else if ((d->have & HAVE_DATE) != HAVE_DATE && d->want != DATE_WANT_TIME) {
        if (s.len >= 6) {
            d->p.day = date_int((Slice){s.ptr + s.len - 2, 2});
            d->p.month = date_int((Slice){s.ptr + s.len - 4, 2});
            d->p.year = date_int((Slice){s.ptr, s.len - 4});
            d->two_digits = s.len - 4 == 2;
            d->have |= HAVE_DATE;
            return DE_OK;
        }
    }
    if ((d->have & HAVE_TIME) == 0 && (s.len == 6 || s.len == 4)) {
        d->p.hour = date_int((Slice){s.ptr, 2});
        d->p.minute = date_int((Slice){s.ptr + 2, 2});
        d->p.second = s.len == 6 ? date_int((Slice){s.ptr + 4, 2}) : 0;
        d->have |= HAVE_TIME;
        return DE_OK;
    }
    return DE_FORMAT;
}

static void date_set_year(DateScan *d, Slice s)
{
    d->p.year = date_int(s);
    d->two_digits = s.len <= 2;
    d->have |= HAVE_YEAR;
}
/* date_number - a lone number: year, month or day by its length, the order set, what is missing. */
static DateErr date_number(DateScan *d, Slice s)
{
    int32_t v = date_int(s);
    DateOrder order = d->call->env != NULL ? d->call->env->date_order : DATEORDER_MDY;
    bool as_year = s.len >= 3 || order == DATEORDER_YMD;
    switch (d->have & HAVE_DATE) {
    case 0:
        if (as_year) {
            date_set_year(d, s);
        } else if (order == DATEORDER_DMY) {
            d->p.day = v;
            d->have |= HAVE_DAY;
        } else {
            d->p.month = v;
            d->have |= HAVE_MONTH;
        }
        break;
    case HAVE_YEAR:
    case HAVE_DAY:
        d->p.month = v;
        d->have |= HAVE_MONTH;
        break;
    case HAVE_MONTH:
        if (d->text_month && as_year) {
            date_set_year(d, s);
        } else {
            d->p.day = v;
            d->have |= HAVE_DAY;
        }
        break;
    case HAVE_YEAR | HAVE_MONTH:
        if (d->text_month && s.len >= 3 && d->two_digits) {
            /* What looked like a short year was the day. */
            d->p.day = d->p.year;
            date_set_year(d, s);
        } else {
            d->p.day = v;
        }
        d->have |= HAVE_DAY;
        break;
    case HAVE_MONTH | HAVE_DAY: date_set_year(d, s); break;
    case HAVE_DATE: return date_number_field(d, s);
    default: return DE_FORMAT;
    }
    return DE_OK;
}

/* date_with_separators - 2024-01-31, 31.1.2024, 31-Jan-2024, 2024.031 (day of the year). */
static DateErr date_with_separators(DateScan *d, Slice s)
{
    Slice parts[3];
    uint32_t n = 0;
    for (size_t i = 0; i < s.len;) {
        while (i < s.len && !is_digit(s.ptr[i]) && !is_alpha(s.ptr[i])) {
            i++;
        }
        if (i == s.len) {
            break;
        }
        size_t start = i;
        bool digits = is_digit(s.ptr[i]);
        while (i < s.len && (digits ? is_digit(s.ptr[i]) : is_alpha(s.ptr[i]))) {
            i++;
        }
        if (n == 3) {
            return DE_FORMAT;
        }
        parts[n++] = (Slice){s.ptr + start, i - start};
    }
    for (uint32_t i = 0; i < n; i++) {
        if (is_alpha(parts[i].ptr[0])) {
            int32_t month = month_of_word(parts[i]);
            if (month == 0 || (d->have & HAVE_MONTH) != 0) {
                return DE_FORMAT;
            }
            d->p.month = month;
            d->have |= HAVE_MONTH;
            d->text_month = true;
            parts[i].len = 0;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        if (parts[i].len == 0) {
            continue;
        }
        if (i == 1 && n == 2 && parts[1].len == 3 && (d->have & HAVE_DATE) == HAVE_YEAR) {
            int32_t doy = date_int(parts[1]);
            if (doy < 1 || doy > 366) {
                return DE_FIELD;
            }
            civil_from_days(days_from_civil(d->p.year, 1, 1) + doy - 1, &d->p.year, &d->p.month,
                            &d->p.day);
            d->have |= HAVE_DATE;
            return DE_OK;
        }
        if ((d->have & HAVE_DATE) == HAVE_DATE) {
            return DE_FORMAT;
        }
        DateErr e = date_number(d, parts[i]);
        if (e != DE_OK) {
            return e;
        }
    }
    return (d->have & HAVE_DATE) == HAVE_DATE ? DE_OK : DE_FORMAT;
}

/* date_time_field - h:m[:s[.frac]]. */
static DateErr date_time_field(DateScan *d, Slice s)
{
    int32_t v[3] = {0, 0, 0};
    uint32_t k = 0;
    size_t i = 0;
    if ((d->have & HAVE_TIME) != 0) {
        return DE_FORMAT;
    }
    for (;;) {
        size_t start = i;
        while (i < s.len && is_digit(s.ptr[i])) {
            i++;
        }
        if (i == start) {
            return DE_FORMAT;
        }
        v[k++] = date_int((Slice){s.ptr + start, i - start});
        if (i == s.len) {
            break;
        }
        if (s.ptr[i] == '.') {
            if (k == 1) {
                return DE_FORMAT;
            }
            d->p.usec = date_fraction((Slice){s.ptr + i, s.len - i});
            if (k == 2) {
                /* mm:ss.frac is only an interval's form. */
                return DE_FORMAT;
            }
            break;
        }
        if (k == 3) {
            return DE_FORMAT;
        }
        i++;
    }
    d->p.hour = v[0];
    d->p.minute = v[1];
    d->p.second = v[2];
    d->have |= HAVE_TIME;
    return DE_OK;
}

/* zone_offset_parse - +h, +hhmm, +hh:mm[:ss]: seconds east. */
ZoneOffset zone_offset_parse(Slice s, int32_t *east_out)
{
    int32_t v[3] = {0, 0, 0};
    uint32_t k = 0;
    size_t i = 1;
    while (i < s.len && k < 3) {
        size_t start = i;
        while (i < s.len && is_digit(s.ptr[i])) {
            i++;
        }
        v[k++] = date_int((Slice){s.ptr + start, i - start});
        if (k == 1 && i == s.len && i - start > 2) {
            size_t n = i - start;
            int32_t all = v[0];
            if (n <= 4) {
                v[0] = all / 100;
                v[1] = all % 100;
            } else {
                v[0] = all / 10000;
                v[1] = all / 100 % 100;
                v[2] = all % 100;
            }
        }
        if (i < s.len && s.ptr[i] != ':') {
            return ZONE_OFFSET_BAD;
        }
        i++;
    }
    if (v[0] > 15 || v[1] > 59 || v[2] > 59) {
        return ZONE_OFFSET_RANGE;
    }
    int32_t sec = v[0] * 3600 + v[1] * 60 + v[2];
    *east_out = s.ptr[0] == '-' ? -sec : sec;
    return ZONE_OFFSET_OK;
}

static DateErr date_zone_field(DateScan *d, Slice s)
{
    int32_t east = 0;
    ZoneOffset z = zone_offset_parse(s, &east);
    if (z != ZONE_OFFSET_OK) {
        return z == ZONE_OFFSET_RANGE ? DE_ZONE_RANGE : DE_FORMAT;
    }
    if ((d->have & HAVE_ZONE) != 0) {
        return DE_FORMAT;
    }
    d->out->east += east; /* "EST+1" shifts a word's zone */
    d->have |= HAVE_ZONE;
    return DE_OK;
}

/* date_zone_word - an abbreviation or a zone's name. ST_NOTFOUND when it is neither. */
static Status date_zone_word(DateScan *d, Slice w)
{
    const TzAbbrev *a = tz_abbrev_find(w);
    if (a != NULL && a->zone == NULL) {
        d->out->east = a->east;
        d->out->zone = NULL;
        return ST_OK;
    }
    if (slice_ieq(w, "z") || slice_ieq(w, "zulu")) {
        d->out->east = 0;
        return ST_OK;
    }
    return tz_find(d->call->cx, env_os(d->call), d->call->cx->arena,
                   a != NULL ? slice_of(a->zone) : w, &d->out->zone);
}

/* date_now - the current day and time. */
static void date_now(DateScan *d)
{
    TzInfo info;
    int64_t now = d->call->env != NULL ? d->call->env->xact_time_us : 0;
    parts_of_timestamp(timestamptz_local(env_zone(d->call), now, &info), &d->p);
    d->have |= HAVE_DATE | HAVE_TIME | HAVE_ZONE;
    d->two_digits = false;
    d->out->east = info.east;
}

/* date_today - the current day or a neighbour; a time may come before or after the word. */
static DateErr date_today(DateScan *d, int days)
{
    if ((d->have & HAVE_DATE) != 0) {
        return DE_FORMAT;
    }
    DateParts day;
    TzInfo info;
    int64_t now = d->call->env != NULL ? d->call->env->xact_time_us : 0;
    int64_t local = timestamptz_local(env_zone(d->call), now, &info);
    parts_of_timestamp((floor_div(local, USECS_PER_DAY) + days) * USECS_PER_DAY, &day);
    d->p.year = day.year;
    d->p.month = day.month;
    d->p.day = day.day;
    d->have |= HAVE_DATE;
    d->two_digits = false;
    return DE_OK;
}

/* date_word - what a word adds: a month, a zone, AM and PM, an era, a special value. */
static DateErr date_word(DateScan *d, Slice w, Status *st)
{
    int32_t month = month_of_word(w);
    if (month != 0) {
        /* A number taken for the month was the day. */
        if ((d->have & HAVE_MONTH) != 0 && !d->text_month && (d->have & HAVE_DAY) == 0 &&
            d->p.month >= 1 && d->p.month <= 31) {
            d->p.day = d->p.month;
            d->have |= HAVE_DAY;
        } else if ((d->have & HAVE_MONTH) != 0) {
            return DE_FORMAT;
        }
        d->p.month = month;
        d->text_month = true;
        d->have |= HAVE_MONTH;
    } else if (slice_ieq(w, "am") || slice_ieq(w, "pm")) {
        d->pm = w.ptr[0] == 'p' ? 2 : 1;
    } else if (slice_ieq(w, "ad") || slice_ieq(w, "bc")) {
        d->bc = w.ptr[0] == 'b';
    } else if (slice_ieq(w, "now")) {
        date_now(d);
    } else if (slice_ieq(w, "today")) {
        return date_today(d, 0);
    } else if (slice_ieq(w, "tomorrow")) {
        return date_today(d, 1);
    } else if (slice_ieq(w, "yesterday")) {
        return date_today(d, -1);
    } else if (slice_ieq(w, "allballs")) {
        d->p.hour = d->p.minute = d->p.second = d->p.usec = 0;
        d->have |= HAVE_TIME | HAVE_ZONE;
    } else if (slice_ieq(w, "epoch")) {
        d->out->word = DATE_WORD_EPOCH;
    } else if (slice_ieq(w, "infinity") || slice_ieq(w, "+infinity")) {
        d->out->word = DATE_WORD_POS_INF;
    } else if (slice_ieq(w, "-infinity")) {
        d->out->word = DATE_WORD_NEG_INF;
    } else if (slice_ieq(w, "j") || slice_ieq(w, "jd") || slice_ieq(w, "julian")) {
        d->julian = true;
    } else if (slice_ieq(w, "t")) {
        d->time_prefix = true;
    } else if (slice_ieq(w, "dst")) {
        d->out->east += 3600;
    } else if (!is_day_word(w) && !slice_ieq(w, "on") && !slice_ieq(w, "at")) {
        if (d->count < 2 || (d->have & HAVE_ZONE) != 0) {
            return DE_FORMAT;
        }
        *st = date_zone_word(d, w);
        if (*st == ST_NOTFOUND) {
            *st = ST_OK;
            d->bad_zone = w;
            return DE_FORMAT;
        }
        d->have |= HAVE_ZONE;
    }
    return DE_OK;
}

static DateErr date_julian(DateScan *d, Slice s)
{
    d->julian = false;
    int32_t jd = date_int(s);
    const char *dot = memchr(s.ptr, '.', s.len);
    civil_from_days(jd - JULIAN_2000, &d->p.year, &d->p.month, &d->p.day);
    d->have |= HAVE_DATE;
    if (dot != NULL) {
        int64_t us = (int64_t)(strtod(dot, NULL) * (double)USECS_PER_DAY);
        DateParts t;
        parts_of_timestamp(us, &t);
        d->p.hour = t.hour;
        d->p.minute = t.minute;
        d->p.second = t.second;
        d->p.usec = t.usec;
        d->have |= HAVE_TIME;
    }
    return DE_OK;
}

/* date_field - one field, by its kind and by what is already known. */
static DateErr date_field(DateScan *d, uint32_t i, Status *st)
{
    Slice s = d->fields[i].text;
    switch (d->fields[i].kind) {
    case F_NUMBER: {
        bool dot = memchr(s.ptr, '.', s.len) != NULL;
        if (d->julian) {
            return date_julian(d, s);
        }
        if (d->time_prefix) {
            d->time_prefix = false;
            d->have |= HAVE_DATE;
            return date_number_field(d, s);
        }
        if (d->want == DATE_WANT_TIME && d->have == 0 && s.len >= 4) {
            return date_number_field(d, s);
        }
        if (dot && (d->have & HAVE_DATE) == 0) {
            return date_with_separators(d, s);
        }
        if (dot || (s.len >= 6 && ((d->have & HAVE_DATE) == 0 || (d->have & HAVE_TIME) == 0))) {
            return date_number_field(d, s);
        }
        return date_number(d, s);
    }
    case F_DATE:
        if (is_alpha(s.ptr[0]) &&
            ((d->have & HAVE_DATE) == HAVE_DATE || month_of_word((Slice){s.ptr, 3}) == 0)) {
            *st = date_zone_word(d, s);
            if (*st == ST_NOTFOUND) {
                *st = ST_OK;
                d->bad_zone = s;
                return DE_ZONE_NAME;
            }
            d->have |= HAVE_ZONE;
            return DE_OK;
        }
        if ((d->have & HAVE_DATE) == HAVE_DATE) {
            /* 040506-08: a time run together with its zone. */
            const char *sign = memchr(s.ptr, '-', s.len);
            if (sign == NULL || (d->have & HAVE_TIME) != 0) {
                return DE_FORMAT;
            }
            d->time_prefix = false;
            DateErr e = date_zone_field(d, (Slice){sign, s.len - (size_t)(sign - s.ptr)});
            return e != DE_OK ? e : date_number_field(d, (Slice){s.ptr, (size_t)(sign - s.ptr)});
        }
        return date_with_separators(d, s);
    case F_TIME:
        if (d->julian) {
            return DE_FORMAT;
        }
        d->time_prefix = false;
        return date_time_field(d, s);
    case F_ZONE: return date_zone_field(d, s);
    case F_WORD:
    case F_SPECIAL: return date_word(d, s, st);
    }
    return DE_FORMAT;
}

int32_t days_in_month(int32_t year, int32_t month)
{
    static const int8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return DAYS[month - 1] + (leap && month == 2);
}

/* date_check - ranges of all parts, centuries, BC, AM and PM. */
static DateErr date_check(DateScan *d)
{
    DateParts *p = &d->p;
    if ((d->have & HAVE_DATE) != 0) {
        if (d->bc) {
            if (p->year <= 0) {
                return DE_FIELD;
            }
            p->year = -(p->year - 1);
        } else if (d->two_digits) {
            p->year += p->year < 70 ? 2000 : p->year < 100 ? 1900 : 0;
        } else if ((d->have & HAVE_YEAR) != 0 && p->year <= 0 && d->fields[0].kind != F_WORD) {
            return DE_FIELD;
        }
        if (((d->have & HAVE_MONTH) != 0 && (p->month < 1 || p->month > 12)) ||
            ((d->have & HAVE_DAY) != 0 && (p->day < 1 || p->day > 31))) {
            return DE_MONTH_DAY;
        }
        if ((d->have & HAVE_DATE) == HAVE_DATE && p->day > days_in_month(p->year, p->month)) {
            return DE_FIELD;
        }
    }
    if (d->pm != 0 && p->hour > 12) {
        return DE_FIELD;
    }
    if (d->pm == 1 && p->hour == 12) {
        p->hour = 0;
    } else if (d->pm == 2 && p->hour != 12) {
        p->hour += 12;
    }
    if (p->minute > 59 || p->second > 60 || p->hour > 24 ||
        (p->hour == 24 && (p->minute > 0 || p->second > 0 || p->usec > 0))) {
        return DE_FIELD;
    }
    return DE_OK;
}

/* date_fail - the error for a text that is not one of the type. */
static Status date_fail(FnCall *call, DateErr e, Slice text, const char *type_name, Slice zone)
{
    Cx *cx = call->cx;
    switch (e) {
    case DE_ZONE_NAME:
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "time zone \"%.*s\" not recognized",
                       (int)zone.len, zone.ptr);
    case DE_ZONE_RANGE:
        return err_set(cx, ERRCODE_INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                       "time zone displacement out of range: \"%.*s\"", (int)text.len, text.ptr);
    case DE_MONTH_DAY:
        st_ignore(err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                          "date/time field value out of range: \"%.*s\"", (int)text.len, text.ptr));
        return err_hint(cx, "Perhaps you need a different \"datestyle\" setting.");
    case DE_FIELD:
        return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                       "date/time field value out of range: \"%.*s\"", (int)text.len, text.ptr);
    default:
        return err_set(cx, ERRCODE_INVALID_DATETIME_FORMAT,
                       "invalid input syntax for type %s: \"%.*s\"", type_name, (int)text.len,
                       text.ptr);
    }
}

/* date_text_iso - the common forms "yyyy-mm-dd" and "yyyy-mm-dd hh:mm:ss[.ffffff][+hh[:mm]]". */
static bool date_text_iso(Slice s, DateText *out)
{
    static const char SHAPE[] = "dddd-dd-dd dd:dd:dd";
    if (s.len != 10 && s.len < 19) {
        return false;
    }
    size_t n = s.len == 10 ? 10 : 19;
    for (size_t i = 0; i < n; i++) {
        if (SHAPE[i] == 'd' ? !is_digit(s.ptr[i])
                            : s.ptr[i] != SHAPE[i] && !(i == 10 && s.ptr[i] == 'T')) {
            return false;
        }
    }
#define DATE_TWO(i) ((s.ptr[i] - '0') * 10 + (s.ptr[(i) + 1] - '0'))
    DateParts *p = &out->p;
    p->year = DATE_TWO(0) * 100 + DATE_TWO(2);
    p->month = DATE_TWO(5);
    p->day = DATE_TWO(8);
    if (p->year == 0 || p->month < 1 || p->month > 12 || p->day < 1 ||
        p->day > days_in_month(p->year, p->month)) {
        return false;
    }
    out->has_date = true;
    if (n == 10) {
        return true;
    }
    p->hour = DATE_TWO(11);
    p->minute = DATE_TWO(14);
    p->second = DATE_TWO(17);
    if (p->hour > 23 || p->minute > 59 || p->second > 59) {
        return false;
    }
    size_t i = 19;
    if (i < s.len && s.ptr[i] == '.') {
        int32_t scale = 100000;
        for (i++; i < s.len && is_digit(s.ptr[i]); i++, scale /= 10) {
            if (scale == 0) {
                return false;
            }
            p->usec += (s.ptr[i] - '0') * scale;
        }
    }
    out->has_time = true;
    if (i == s.len) {
        return true;
    }
    if ((s.ptr[i] != '+' && s.ptr[i] != '-') || (s.len - i != 3 && s.len - i != 6) ||
        !is_digit(s.ptr[i + 1]) || !is_digit(s.ptr[i + 2])) {
        return false;
    }
    int32_t east = DATE_TWO(i + 1) * 3600;
    if (s.len - i == 6) {
        if (s.ptr[i + 3] != ':' || !is_digit(s.ptr[i + 4]) || !is_digit(s.ptr[i + 5])) {
            return false;
        }
        east += DATE_TWO(i + 4) * 60;
    }
#undef DATE_TWO
    if (east > 15 * 3600) {
        return false;
    }
    out->east = s.ptr[i] == '-' ? -east : east;
    out->has_zone = true;
    return true;
}

Status date_text_parse(FnCall *call, Slice text, DateWant want, const char *type_name,
                       DateText *out)
{
    *out = (DateText){.word = DATE_WORD_NONE};
    if (want != DATE_WANT_TIME && date_text_iso(text, out)) {
        return ST_OK;
    }
    char room[DATE_TEXT_MAX * 2 + 2];
    *out = (DateText){.word = DATE_WORD_NONE};
    DateScan d = {.call = call, .out = out, .want = want};
    DateErr e = date_cut(&d, text, room);
    Status st = ST_OK;
    for (uint32_t i = 0; i < d.count && e == DE_OK; i++) {
        e = date_field(&d, i, &st);
        TRY(st);
    }
    if (e == DE_OK && out->word == DATE_WORD_NONE) {
        uint32_t need = want == DATE_WANT_TIME ? HAVE_TIME : HAVE_DATE;
        e = date_check(&d);
        if (e == DE_OK && ((d.have & need) != need || d.julian || d.time_prefix)) {
            e = DE_FORMAT;
        }
        bool whole_date = (d.have & HAVE_DATE) == HAVE_DATE;
        if (e == DE_OK && want == DATE_WANT_TIME &&
            (((d.have & HAVE_DATE) != 0 && !whole_date) ||
             (out->zone != NULL && !whole_date))) { /* a named zone's offset depends on the day */
            e = DE_FORMAT;
        }
        if (e == DE_OK && want == DATE_WANT_TIME && !whole_date && d.p.hour == 23 &&
            d.p.minute == 59 && d.p.second == 60 && d.p.usec > 0) {
            e = DE_FIELD; /* beyond 24:00:00 */
        }
    } else if (e == DE_OK && (want == DATE_WANT_TIME || d.count != 1)) {
        e = DE_FORMAT;
    }
    if (d.count == 0) {
        e = DE_FORMAT;
    }
    if (e != DE_OK) {
        return date_fail(call, e, text, type_name, d.bad_zone);
    }
    out->p = d.p;
    out->has_date = (d.have & HAVE_DATE) == HAVE_DATE;
    out->has_time = (d.have & HAVE_TIME) != 0;
    out->has_zone = (d.have & HAVE_ZONE) != 0;
    return ST_OK;
}
