/*
 * to_char.c - to_char of dates, times and intervals, to_date and to_timestamp by a format.
 *
 * A format is a row of fields with modifiers (FM before, TH after), quoted texts and other
 * characters. One scanner reads it for both directions.
 */
#include <stdlib.h>

#include "type/datetime_internal.h"

typedef enum CharField {
    CF_TEXT,
    CF_Y_YYY,
    CF_YYYY,
    CF_YYY,
    CF_YY,
    CF_Y,
    CF_IYYY,
    CF_IYY,
    CF_IY,
    CF_I,
    CF_ERA,
    CF_ERA_DOTS,
    CF_MONTH,
    CF_MON,
    CF_MM,
    CF_DAY,
    CF_DY,
    CF_IDDD,
    CF_DDD,
    CF_DD,
    CF_ID,
    CF_D,
    CF_WW,
    CF_W,
    CF_IW,
    CF_CC,
    CF_J,
    CF_Q,
    CF_RM,
    CF_HH24,
    CF_HH12,
    CF_HH,
    CF_MI,
    CF_SSSS,
    CF_SS,
    CF_MS,
    CF_US,
    CF_FF,
    CF_AM,
    CF_AM_DOTS,
    CF_TZH,
    CF_TZM,
    CF_TZ,
    CF_OF
} CharField;
typedef enum CharCase { CC_UPPER, CC_CAPITAL, CC_LOWER } CharCase;
typedef struct CharNode {
    CharField field;
    CharCase letters;
    bool fill, ordinal, ordinal_lower, quoted;
    int digits; /* FF1..FF6 */
    Slice text; /* of CF_TEXT; of a field: as written */
} CharNode;

static const struct {
    const char *word;
    CharField field;
} CHAR_FIELDS[] = {
    {"Y,YYY", CF_Y_YYY},   {"YYYY", CF_YYYY},     {"YYY", CF_YYY},      {"YY", CF_YY},
    {"Y", CF_Y},           {"IYYY", CF_IYYY},     {"IYY", CF_IYY},      {"IY", CF_IY},
    {"IDDD", CF_IDDD},     {"ID", CF_ID},         {"IW", CF_IW},        {"I", CF_I},
    {"B.C.", CF_ERA_DOTS}, {"A.D.", CF_ERA_DOTS}, {"BC", CF_ERA},       {"AD", CF_ERA},
    {"MONTH", CF_MONTH},   {"MON", CF_MON},       {"MM", CF_MM},        {"MI", CF_MI},
    {"MS", CF_MS},         {"DAY", CF_DAY},       {"DY", CF_DY},        {"DDD", CF_DDD},
    {"DD", CF_DD},         {"D", CF_D},           {"WW", CF_WW},        {"W", CF_W},
    {"CC", CF_CC},         {"J", CF_J},           {"Q", CF_Q},          {"RM", CF_RM},
    {"HH24", CF_HH24},     {"HH12", CF_HH12},     {"HH", CF_HH},        {"SSSSS", CF_SSSS},
    {"SSSS", CF_SSSS},     {"SS", CF_SS},         {"US", CF_US},        {"FF1", CF_FF},
    {"FF2", CF_FF},        {"FF3", CF_FF},        {"FF4", CF_FF},       {"FF5", CF_FF},
    {"FF6", CF_FF},        {"A.M.", CF_AM_DOTS},  {"P.M.", CF_AM_DOTS}, {"AM", CF_AM},
    {"PM", CF_AM},         {"TZH", CF_TZH},       {"TZM", CF_TZM},      {"TZ", CF_TZ},
    {"OF", CF_OF},
};

/* char_prefix - the format continues with a word, letters' case ignored. */
static bool char_prefix(Slice f, const char *word)
{
    size_t n = strlen(word);
    if (f.len < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (ascii_upper(f.ptr[i]) != word[i]) {
            return false;
        }
    }
    return true;
}
/* char_next - the next node of a format; false at its end. */
static bool char_next(Slice *f, CharNode *node)
{
    *node = (CharNode){.field = CF_TEXT};
    while (char_prefix(*f, "FM") || char_prefix(*f, "FX") || char_prefix(*f, "TM")) {
        node->fill |= ascii_upper(f->ptr[1]) == 'M' && ascii_upper(f->ptr[0]) == 'F';
        f->ptr += 2;
        f->len -= 2;
    }
    if (f->len == 0) {
        return false;
    }
    if (f->ptr[0] == '"') {
        size_t n = 1;
        while (n < f->len && f->ptr[n] != '"') {
            n += f->ptr[n] == '\\' && n + 1 < f->len ? 2 : 1;
        }
        node->text = (Slice){f->ptr + 1, n - 1};
        node->quoted = true;
        n = MIN(n + 1, f->len);
        f->ptr += n;
        f->len -= n;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(CHAR_FIELDS); i++) {
        if (!char_prefix(*f, CHAR_FIELDS[i].word)) {
            continue;
        }
        size_t n = strlen(CHAR_FIELDS[i].word);
        node->field = CHAR_FIELDS[i].field;
        node->text = (Slice){f->ptr, n};
        node->digits = node->field == CF_FF ? f->ptr[2] - '0' : 0;
        bool first_low = f->ptr[0] >= 'a', second_low = n > 1 && f->ptr[1] >= 'a';
        node->letters = first_low ? CC_LOWER : second_low ? CC_CAPITAL : CC_UPPER;
        f->ptr += n;
        f->len -= n;
        if (char_prefix(*f, "TH")) {
            node->ordinal = true;
            node->ordinal_lower = f->ptr[0] == 't';
            f->ptr += 2;
            f->len -= 2;
        }
        return true;
    }
    if (f->ptr[0] == '\\' && f->len > 1 && f->ptr[1] == '"') {
        f->ptr++;
        f->len--;
    }
    size_t n = MIN((size_t)utf8_len(f->ptr[0]), f->len);
    node->text = (Slice){f->ptr, n};
    f->ptr += n;
    f->len -= n;
    return true;
}

/* ---- output ---- */
typedef struct CharTime {
    DateParts p;
    int64_t hour; /* an interval's may pass 24 */
    int32_t days; /* since 2000-01-01 */
    bool interval, negative_time;
    const TzInfo *zone;
} CharTime;

/* char_put_number - zero-padded to width unless FM; then the ordinal's letters. */
static void char_put_number(Buf *buf, const CharNode *node, int64_t v, int width)
{
    char digits[24];
    int n = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[n++] = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (v < 0) {
        buf_putc(buf, '-');
    }
    for (int i = n; i < width && !node->fill; i++) {
        buf_putc(buf, '0');
    }
    while (n > 0) {
        buf_putc(buf, digits[--n]);
    }
    if (node->ordinal) {
        int64_t last = llabs(v) % 100;
        int64_t one = last >= 11 && last <= 13 ? 0 : last % 10;
        const char *th = one == 1 ? "ST" : one == 2 ? "ND" : one == 3 ? "RD" : "TH";
        for (int i = 0; i < 2; i++) {
            buf_putc(buf, node->ordinal_lower ? ascii_lower(th[i]) : th[i]);
        }
    }
}
/* char_put_word - a name in the case asked, padded to width unless FM. */
static void char_put_word(Buf *buf, const CharNode *node, const char *word, size_t n, size_t width)
{
    for (size_t i = 0; i < n; i++) {
        char c = word[i];
        buf_putc(buf, node->letters == CC_UPPER   ? ascii_upper(c)
                      : node->letters == CC_LOWER ? ascii_lower(c)
                                                  : c);
    }
    for (size_t i = n; i < width && !node->fill; i++) {
        buf_putc(buf, ' ');
    }
}
static int32_t char_weekday(int32_t days)
{
    return (int32_t)((((int64_t)days + 6) % 7 + 7) % 7); /* Sunday = 0 */
}
/* char_iso - ISO year, week and day of the ISO year. */
static void char_iso(const CharTime *t, int32_t *year, int32_t *week, int32_t *doy)
{
    int32_t dow = (char_weekday(t->days) + 6) % 7, y, m, d;
    int32_t thursday = t->days - dow + 3;
    civil_from_days(thursday, &y, &m, &d);
    int32_t jan4 = days_from_civil(y, 1, 4), start = jan4 - (char_weekday(jan4) + 6) % 7;
    *year = y;
    *week = (t->days - start) / 7 + 1;
    *doy = t->days - start + 1;
}
static void char_put_year(Buf *buf, const CharNode *node, int32_t year, int digits)
{
    static const int32_t MODS[] = {0, 10, 100, 1000};
    int32_t shown = year > 0 ? year : -(year - 1);
    if (digits == 5) {
        char_put_number(buf, &(CharNode){.fill = node->fill}, shown / 1000, 1);
        buf_putc(buf, ',');
        CharNode rest = *node;
        rest.fill = false;
        char_put_number(buf, &rest, shown % 1000, 3);
        return;
    }
    char_put_number(buf, node, digits < 4 ? shown % MODS[digits] : shown, digits);
}
static void char_put_offset(Buf *buf, int32_t east)
{
    uint32_t v = (uint32_t)abs(east);
    buf_putc(buf, east < 0 ? '-' : '+');
    char_put_number(buf, &(CharNode){.fill = false}, v / 3600, 2);
    if (v % 3600 != 0) {
        buf_putc(buf, ':');
        char_put_number(buf, &(CharNode){.fill = false}, v / 60 % 60, 2);
    }
}

/* char_put_date - fields of the calendar; false when the field is not one. */
static bool char_put_date(Buf *buf, const CharNode *node, const CharTime *t)
{
    static const char *const ROMAN[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                        "VII", "VIII", "IX",  "X",  "XI", "XII"};
    const DateParts *p = &t->p;
    int32_t iso_year = 0, week = 0, iso_doy = 0;
    if (!t->interval) {
        char_iso(t, &iso_year, &week, &iso_doy);
    }
    int32_t doy = t->interval ? p->day : t->days - days_from_civil(p->year, 1, 1) + 1;
    int32_t year = p->year;
    switch (node->field) {
    case CF_Y_YYY: char_put_year(buf, node, year, 5); break;
    case CF_YYYY:
        if (t->interval) {
            char_put_number(buf, node, p->year, 4);
        } else {
            char_put_year(buf, node, year, 4);
        }
        break;
    case CF_YYY: char_put_year(buf, node, year, 3); break;
    case CF_YY: char_put_year(buf, node, year, 2); break;
    case CF_Y: char_put_year(buf, node, year, 1); break;
    case CF_IYYY: char_put_year(buf, node, iso_year, 4); break;
    case CF_IYY: char_put_year(buf, node, iso_year, 3); break;
    case CF_IY: char_put_year(buf, node, iso_year, 2); break;
    case CF_I: char_put_year(buf, node, iso_year, 1); break;
    case CF_ERA:
    case CF_ERA_DOTS: {
        const char *era =
            node->field == CF_ERA ? (p->year <= 0 ? "BC" : "AD") : (p->year <= 0 ? "B.C." : "A.D.");
        char_put_word(buf, node, era, strlen(era), 0);
        break;
    }
    case CF_MONTH:
        if (p->month > 0) {
            const char *m = MONTH_NAMES[p->month - 1];
            char_put_word(buf, node, m, strlen(m), 9);
        }
        break;
    case CF_MON:
        if (p->month > 0) {
            char_put_word(buf, node, MONTH_NAMES[p->month - 1], 3, 0);
        }
        break;
    case CF_MM: char_put_number(buf, node, p->month, 2); break;
    case CF_DAY: {
        const char *d = DAY_NAMES[char_weekday(t->days)];
        char_put_word(buf, node, d, strlen(d), 9);
        break;
    }
    case CF_DY: char_put_word(buf, node, DAY_NAMES[char_weekday(t->days)], 3, 0); break;
    case CF_DDD: char_put_number(buf, node, doy, 3); break;
    case CF_IDDD: char_put_number(buf, node, iso_doy, 3); break;
    case CF_DD: char_put_number(buf, node, p->day, 2); break;
    case CF_D: char_put_number(buf, node, char_weekday(t->days) + 1, 1); break;
    case CF_ID: char_put_number(buf, node, (char_weekday(t->days) + 6) % 7 + 1, 1); break;
    case CF_WW: char_put_number(buf, node, (doy - 1) / 7 + 1, 2); break;
    case CF_W: char_put_number(buf, node, (p->day - 1) / 7 + 1, 1); break;
    case CF_IW: char_put_number(buf, node, week, 2); break;
    case CF_CC:
        char_put_number(buf, node, p->year > 0 ? (p->year + 99) / 100 : (p->year - 100) / 100, 2);
        break;
    case CF_J: char_put_number(buf, node, (int64_t)t->days + JULIAN_2000, 0); break;
    case CF_Q: char_put_number(buf, node, (p->month - 1) / 3 + 1, 1); break;
    case CF_RM:
        if (p->month > 0) {
            const char *m = ROMAN[p->month - 1];
            char_put_word(buf, node, m, strlen(m), 4);
        }
        break;
    default: return false;
    }
    return true;
}
/* char_put_time - fields of the clock and the zone. */
static void char_put_time(Buf *buf, const CharNode *node, const CharTime *t)
{
    static const int32_t SCALE[] = {1, 100000, 10000, 1000, 100, 10, 1};
    const DateParts *p = &t->p;
    int64_t h12 = t->hour % 12 == 0 ? 12 : t->hour % 12;
    bool pm = t->hour % 24 >= 12;
    switch (node->field) {
    case CF_HH24: char_put_number(buf, node, t->hour, 2); break;
    case CF_HH12:
    case CF_HH: char_put_number(buf, node, h12, 2); break;
    case CF_MI: char_put_number(buf, node, p->minute, 2); break;
    case CF_SS: char_put_number(buf, node, p->second, 2); break;
    case CF_SSSS: char_put_number(buf, node, t->hour * 3600 + p->minute * 60 + p->second, 0); break;
    case CF_MS: char_put_number(buf, node, p->usec / 1000, 3); break;
    case CF_US: char_put_number(buf, node, p->usec, 6); break;
    case CF_FF: {
        CharNode padded = *node;
        padded.fill = false;
        char_put_number(buf, &padded, p->usec / SCALE[node->digits], node->digits);
        break;
    }
    case CF_AM: char_put_word(buf, node, pm ? "PM" : "AM", 2, 0); break;
    case CF_AM_DOTS: char_put_word(buf, node, pm ? "P.M." : "A.M.", 4, 0); break;
    case CF_TZ:
        if (t->zone != NULL && t->zone->abbrev != NULL) {
            const char *z = t->zone->abbrev;
            CharNode same = *node;
            same.letters = node->letters == CC_LOWER ? CC_LOWER : CC_UPPER;
            char_put_word(buf, &same, z, strlen(z), 0);
        }
        break;
    case CF_OF: char_put_offset(buf, t->zone != NULL ? t->zone->east : 0); break;
    case CF_TZH: {
        int32_t east = t->zone != NULL ? t->zone->east : 0;
        buf_putc(buf, east < 0 ? '-' : '+');
        char_put_number(buf, node, abs(east) / 3600, 2);
        break;
    }
    case CF_TZM: {
        int32_t east = t->zone != NULL ? t->zone->east : 0;
        char_put_number(buf, node, abs(east) / 60 % 60, 2);
        break;
    }
    default: break;
    }
}
/* char_format - write a time by a format. */
static Status char_format(FnCall *call, const CharTime *t, Slice format, Str *out)
{
    Buf buf;
    CharNode node;
    Status st = ST_OK;
    buf_init(&buf, 0x3fffffff);
    while (st == ST_OK && char_next(&format, &node)) {
        if (node.field == CF_TEXT) {
            for (size_t i = 0; i < node.text.len; i++) {
                if (!(node.quoted && node.text.ptr[i] == '\\' && i + 1 < node.text.len)) {
                    buf_putc(&buf, node.text.ptr[i]);
                }
            }
        } else if (t->interval &&
                   (node.field == CF_DAY || node.field == CF_DY || node.field == CF_D ||
                    node.field == CF_ID || node.field == CF_ERA || node.field == CF_ERA_DOTS ||
                    node.field == CF_MONTH || node.field == CF_MON || node.field == CF_TZ ||
                    node.field == CF_OF)) {
            st_ignore(err_set(call->cx, ERRCODE_INVALID_DATETIME_FORMAT,
                              "invalid format specification for an interval value"));
            st = err_hint(call->cx, "Intervals are not tied to specific calendar dates.");
        } else if (!char_put_date(&buf, &node, t)) {
            char_put_time(&buf, &node, t);
        }
    }
    *out = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return st;
}
static void char_time_of(CharTime *t, int64_t local)
{
    parts_of_timestamp(local, &t->p);
    t->hour = t->p.hour;
    t->days = (int32_t)floor_div(local, USECS_PER_DAY);
}
ROW_KERNEL(timestamp_to_char)
{
    CharTime t = {.zone = NULL};
    if (timestamp_is_inf(a[0].i64) || a[1].str.len == 0) {
        return KERNEL_NULL;
    }
    char_time_of(&t, a[0].i64);
    return char_format(call, &t, str_slice(&a[1].str), &r->str);
}
ROW_KERNEL(timestamptz_to_char)
{
    TzInfo info;
    CharTime t = {.zone = &info};
    if (timestamp_is_inf(a[0].i64) || a[1].str.len == 0) {
        return KERNEL_NULL;
    }
    char_time_of(&t, timestamptz_local(env_zone(call), a[0].i64, &info));
    return char_format(call, &t, str_slice(&a[1].str), &r->str);
}
ROW_KERNEL(interval_to_char)
{
    Interval v = datum_interval(&a[0]);
    if (a[1].str.len == 0) {
        return KERNEL_NULL;
    }
    CharTime t = {.interval = true,
                  .p = {.year = v.months / 12,
                        .month = v.months % 12,
                        .day = v.days,
                        .minute = (int32_t)(v.us / USECS_PER_MIN % 60),
                        .second = (int32_t)(v.us / USECS_PER_SEC % 60),
                        .usec = (int32_t)(v.us % USECS_PER_SEC)},
                  .hour = v.us / USECS_PER_HOUR};
    t.days = v.days;
    return char_format(call, &t, str_slice(&a[1].str), &r->str);
}

/* ---- input by a format ---- */
typedef struct CharIn {
    int32_t year, month, day, doy, hour, minute, second, usec, julian, sssss, cc;
    bool has_year, has_doy, has_julian, has_zone, bc, pm, am, hour12;
    int32_t east;
} CharIn;
static Status char_in_bad(Cx *cx, Slice in, const CharNode *node, const char *why)
{
    st_ignore(err_set(cx, ERRCODE_INVALID_DATETIME_FORMAT, "invalid value \"%.*s\" for \"%.*s\"",
                      (int)MIN(in.len, (size_t)32), in.ptr, (int)node->text.len, node->text.ptr));
    return err_detail(cx, "%s", why);
}
/* char_in_number - up to `width` digits; all digits when the format goes on without one. */
static Status char_in_number(Cx *cx, Slice *in, const CharNode *node, size_t width, bool free_width,
                             int32_t *out, size_t *digits_out)
{
    while (in->len > 0 && is_space(in->ptr[0])) {
        in->ptr++;
        in->len--;
    }
    size_t n = 0;
    bool sign = in->len > 0 && (in->ptr[0] == '-' || in->ptr[0] == '+');
    int64_t v = 0;
    for (n = sign;
         n < in->len && is_digit(in->ptr[n]) && (free_width || node->fill || n - sign < width);
         n++) {
        v = v * 10 + (in->ptr[n] - '0');
        if (v > INT32_MAX) {
            st_ignore(err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                              "value for \"%.*s\" in source string is out of range",
                              (int)node->text.len, node->text.ptr));
            return ST_ERROR;
        }
    }
    if (n == (size_t)sign) {
        return char_in_bad(cx, (Slice){in->ptr, MIN(in->len, width)}, node,
                           "Value must be an integer.");
    }
    *out = (int32_t)(sign && in->ptr[0] == '-' ? -v : v);
    *digits_out = n - sign;
    in->ptr += n;
    in->len -= n;
    return ST_OK;
}
/* char_in_word - the longest of some names at the start of the input; -1 when none. */
static int32_t char_in_word(Slice *in, const char *const *names, int32_t count, size_t only)
{
    for (int32_t i = 0; i < count; i++) {
        size_t n = only != 0 ? only : strlen(names[i]), k = 0;
        while (k < n && k < in->len && ascii_lower(in->ptr[k]) == ascii_lower(names[i][k])) {
            k++;
        }
        if (k == n) {
            in->ptr += n;
            in->len -= n;
            return i;
        }
    }
    return -1;
}
static Status char_in_year(Cx *cx, Slice *in, const CharNode *node, bool free_width, CharIn *v)
{
    size_t width = node->field == CF_YYYY || node->field == CF_IYYY ? 4
                   : node->field == CF_YYY                          ? 3
                   : node->field == CF_YY                           ? 2
                                                                    : 1;
    size_t n;
    TRY(char_in_number(cx, in, node, width, free_width, &v->year, &n));
    if (n < 4 && width < 4) {
        /* Short years are near 2020. */
        v->year += n == 2 || (n == 1 && width <= 2) ? (v->year < 70 ? 2000 : 1900)
                   : n == 3                         ? (v->year < 520 ? 2000 : 1000)
                                                    : 2000;
    }
    v->has_year = true;
    return ST_OK;
}
/* char_in_field - read one field of a format from the input. */
static Status char_in_field(Cx *cx, Slice *in, const CharNode *node, bool free_width, CharIn *v)
{
    size_t n = 0;
    int32_t x = 0;
    static const char *const AM_PM[] = {"AM", "PM", "A.M.", "P.M."};
    static const char *const ERAS[] = {"AD", "BC", "A.D.", "B.C."};
    switch (node->field) {
    case CF_YYYY:
    case CF_YYY:
    case CF_YY:
    case CF_Y: return char_in_year(cx, in, node, free_width, v);
    case CF_MM: return char_in_number(cx, in, node, 2, free_width, &v->month, &n);
    case CF_DD: return char_in_number(cx, in, node, 2, free_width, &v->day, &n);
    case CF_DDD: v->has_doy = true; return char_in_number(cx, in, node, 3, free_width, &v->doy, &n);
    case CF_J: v->has_julian = true; return char_in_number(cx, in, node, 9, true, &v->julian, &n);
    case CF_HH:
    case CF_HH12:
        v->hour12 = true;
        return char_in_number(cx, in, node, 2, free_width, &v->hour, &n);
    case CF_HH24: return char_in_number(cx, in, node, 2, free_width, &v->hour, &n);
    case CF_MI: return char_in_number(cx, in, node, 2, free_width, &v->minute, &n);
    case CF_SS: return char_in_number(cx, in, node, 2, free_width, &v->second, &n);
    case CF_MS:
    case CF_US:
    case CF_FF: {
        size_t width = node->field == CF_MS ? 3 : node->field == CF_US ? 6 : (size_t)node->digits;
        TRY(char_in_number(cx, in, node, width, free_width, &x, &n));
        for (; n < 6; n++) {
            x *= 10;
        }
        v->usec = x;
        return ST_OK;
    }
    case CF_AM:
    case CF_AM_DOTS:
        x = char_in_word(in, AM_PM, 4, 0);
        v->pm = x == 1 || x == 3;
        v->am = x == 0 || x == 2;
        v->hour12 = true;
        return x >= 0
                   ? ST_OK
                   : char_in_bad(
                         cx, *in, node,
                         "The given value did not match any of the allowed values for this field.");
    case CF_ERA:
    case CF_ERA_DOTS:
        x = char_in_word(in, ERAS, 4, 0);
        v->bc = x == 1 || x == 3;
        return x >= 0
                   ? ST_OK
                   : char_in_bad(
                         cx, *in, node,
                         "The given value did not match any of the allowed values for this field.");
    case CF_MONTH:
    case CF_MON:
        x = char_in_word(in, MONTH_NAMES, 12, node->field == CF_MON ? 3 : 0);
        v->month = x + 1;
        return x >= 0
                   ? ST_OK
                   : char_in_bad(
                         cx, *in, node,
                         "The given value did not match any of the allowed values for this field.");
    case CF_DAY:
    case CF_DY:
        x = char_in_word(in, DAY_NAMES, 7, node->field == CF_DY ? 3 : 0);
        return x >= 0
                   ? ST_OK
                   : char_in_bad(
                         cx, *in, node,
                         "The given value did not match any of the allowed values for this field.");
    case CF_TZH: {
        bool neg = in->len > 0 && in->ptr[0] == '-';
        TRY(char_in_number(cx, in, node, 2, free_width, &x, &n));
        v->east = (neg ? -abs(x) : x) * 3600;
        v->has_zone = true;
        return ST_OK;
    }
    case CF_TZM:
        TRY(char_in_number(cx, in, node, 2, free_width, &x, &n));
        v->east += v->east < 0 ? -x * 60 : x * 60;
        v->has_zone = true;
        return ST_OK;
    default:
        return err_unsupported(cx, "formatting field \"%.*s\" is not supported for input",
                               (int)node->text.len, node->text.ptr);
    }
}
static bool char_is_separator(char c)
{
    return (uint8_t)c < 0x80 && c > 0x20 && !is_digit(c) &&
           !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}
/* char_parse - read the input by the format and check the ranges. */
static Status char_parse(FnCall *call, Slice input, Slice format, CharIn *v, DateParts *p)
{
    Cx *cx = call->cx;
    Slice in = input;
    CharNode node, next;
    *v = (CharIn){.month = 1, .day = 1, .year = 0};
    while (in.len > 0 && is_space(in.ptr[0])) {
        in.ptr++;
        in.len--;
    }
    while (char_next(&format, &node) && in.len > 0) {
        if (node.field == CF_TEXT) {
            size_t skip = node.quoted ? node.text.len : 1;
            if (!node.quoted &&
                (is_space(node.text.ptr[0]) || char_is_separator(node.text.ptr[0]))) {
                while (in.len > 0 && is_space(in.ptr[0])) {
                    in.ptr++;
                    in.len--;
                }
                skip = in.len > 0 && char_is_separator(in.ptr[0]) && in.ptr[0] != '+' &&
                               !(in.ptr[0] == '-' && is_space(node.text.ptr[0]))
                           ? 1
                           : 0;
                while (skip == 1 && in.len > 1 && is_space(in.ptr[1])) {
                    in.ptr++;
                    in.len--;
                }
            }
            skip = MIN(skip, in.len);
            in.ptr += skip;
            in.len -= skip;
            continue;
        }
        while (in.len > 0 && (is_space(in.ptr[0]))) {
            in.ptr++;
            in.len--;
        }
        Slice rest = format;
        bool more = char_next(&rest, &next);
        TRY(char_in_field(cx, &in, &node, !more || next.field == CF_TEXT, v));
    }
    if (v->hour12) {
        if (v->hour < 1 || v->hour > 12) {
            st_ignore(err_set(cx, ERRCODE_INVALID_DATETIME_FORMAT,
                              "hour \"%d\" is invalid for the 12-hour clock", v->hour));
            return err_hint(cx, "Use the 24-hour clock, or give an hour between 1 and 12.");
        }
        v->hour = v->pm && v->hour < 12 ? v->hour + 12 : v->am && v->hour == 12 ? 0 : v->hour;
    }
    *p = (DateParts){v->year, v->month, v->day, v->hour, v->minute, v->second, v->usec};
    if (v->bc) {
        p->year = -(p->year - 1);
    } else if (!v->has_year) {
        p->year = 0;
    }
    if (v->has_julian) {
        civil_from_days(v->julian - JULIAN_2000, &p->year, &p->month, &p->day);
    } else if (v->has_doy) {
        if (v->doy < 1 || v->doy > 366) {
            p->month = 0;
        } else {
            civil_from_days(days_from_civil(p->year, 1, 1) + v->doy - 1, &p->year, &p->month,
                            &p->day);
        }
    }
    if (p->month < 1 || p->month > 12 || p->day < 1 || p->day > days_in_month(p->year, p->month) ||
        p->hour < 0 || p->hour > 23 || p->minute < 0 || p->minute > 59 || p->second < 0 ||
        p->second > 59) {
        return err_set(cx, ERRCODE_DATETIME_FIELD_OVERFLOW,
                       "date/time field value out of range: \"%.*s\"", (int)input.len, input.ptr);
    }
    return ST_OK;
}
ROW_KERNEL(to_date)
{
    CharIn v;
    DateParts p;
    TRY(char_parse(call, str_slice(&a[0].str), str_slice(&a[1].str), &v, &p));
    r->i32 = days_from_civil(p.year, p.month, p.day);
    return ST_OK;
}
ROW_KERNEL(to_timestamp)
{
    CharIn v;
    DateParts p;
    int64_t local;
    TRY(char_parse(call, str_slice(&a[0].str), str_slice(&a[1].str), &v, &p));
    bool ok = timestamp_of_parts(&p, &local);
    if (ok && v.has_zone) {
        r->i64 = local - v.east * USECS_PER_SEC;
    } else {
        ok = ok && timestamptz_of_local(env_zone(call), local, &r->i64);
    }
    return ok ? ST_OK : err_timestamp_range(call->cx);
}

static const FnOps TO_CHAR_FNS[] = {
    FN(timestamp_to_char), FN(timestamptz_to_char), FN(interval_to_char),
    FN(to_date),           FN(to_timestamp),
};
const TypeFamily type_family_to_char = {
    .fns = TO_CHAR_FNS,
    .fn_count = ARRAY_LEN(TO_CHAR_FNS),
};
