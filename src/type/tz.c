/*
 * tz.c - time zones: TZif files of the system's tzdata, POSIX zone strings, fixed offsets.
 *
 * A zone is its list of transitions and a rule for the time after the last one. Searching is
 * binary; the rule is worked out for the year asked.
 */
#include <stdlib.h>

#include "type/datetime.h"
#include "type/type_internal.h"

#define TZ_DIR        "/usr/share/zoneinfo/"
#define TZ_FILE_MAX   (1 << 20)
#define TZ_NAME_MAX   255
#define TZ_ABBREV_MAX 15

typedef struct TzType {
    int32_t east;
    bool dst;
    const char *abbrev;
} TzType;
/* TzRuleDate - when a rule's change happens: Mm.w.d, Jn or n, at `time` seconds of the local day.
 */
typedef struct TzRuleDate {
    char kind; /* 'M', 'J', '0' */
    int32_t month, week, day, time;
} TzRuleDate;
typedef struct TzRule {
    bool set, has_dst;
    TzType std, dst;
    TzRuleDate start, end;
} TzRule;
struct TimeZone {
    const char *name;
    uint32_t count, type_count;
    const int64_t *at; /* instants of transitions, ascending */
    const uint8_t *to; /* the type each leads to */
    const TzType *types;
    TzType first; /* before the first transition */
    TzRule rule;
};

static const TimeZone TZ_UTC = {.name = "UTC", .first = {0, false, "UTC"}};
const TimeZone *tz_utc(void)
{
    return &TZ_UTC;
}
const char *tz_name(const TimeZone *tz)
{
    return tz->name;
}

/* ---- rules ---- */
static int64_t tz_year_start_days(int64_t year)
{
    int64_t y = year - 1;
    return y * 365 +
           (y >= 0 ? y / 4 - y / 100 + y / 400
                   : -((3 - y) / 4) + ((99 - y) / 100) - ((399 - y) / 400)) -
           719162;
}
static bool tz_is_leap(int64_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}
/* tz_rule_at - seconds since 1970 of the change in `year`, in the local time it is stated in. */
static int64_t tz_rule_at(const TzRuleDate *d, int64_t year)
{
    static const int16_t MONTHS[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t day = tz_year_start_days(year);
    bool leap = tz_is_leap(year);
    if (d->kind == 'J') {
        day += d->day - 1 + (leap && d->day >= 60);
    } else if (d->kind == '0') {
        day += d->day;
    } else {
        int64_t first = day + MONTHS[d->month - 1] + (leap && d->month > 2);
        int32_t length = MONTHS[d->month] - MONTHS[d->month - 1] + (leap && d->month == 2);
        int32_t weekday = (int32_t)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
        int32_t offset = (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        while (offset >= length) {
            offset -= 7;
        }
        day = first + offset;
    }
    return day * 86400 + d->time;
}

static TzInfo tz_rule_info(const TzRule *rule, int64_t t)
{
    const TzType *type = &rule->std;
    if (rule->has_dst) {
        int64_t local = t + rule->std.east;
        int64_t days = local >= 0 ? local / 86400 : -((86399 - local) / 86400);
        int32_t year, month, day;
        civil_from_days((int32_t)(days - UNIX_EPOCH_DAYS), &year, &month, &day);
        int64_t start = tz_rule_at(&rule->start, year) - rule->std.east;
        int64_t end = tz_rule_at(&rule->end, year) - rule->dst.east;
        bool dst = start < end ? t >= start && t < end : t >= start || t < end;
        type = dst ? &rule->dst : &rule->std;
    }
    return (TzInfo){type->east, type->dst, type->abbrev};
}

TzInfo tz_at(const TimeZone *tz, int64_t t)
{
    const TzType *type = &tz->first;
    if (tz->rule.set && (tz->count == 0 || t >= tz->at[tz->count - 1])) {
        return tz_rule_info(&tz->rule, t);
    }
    if (tz->count > 0 && t >= tz->at[0]) {
        uint32_t lo = 0, hi = tz->count; /* at[lo] <= t < at[hi] */
        while (hi - lo > 1) {
            uint32_t mid = (lo + hi) / 2;
            if (tz->at[mid] <= t) {
                lo = mid;
            } else {
                hi = mid;
            }
        }
        type = &tz->types[tz->to[lo]];
    }
    return (TzInfo){type->east, type->dst, type->abbrev};
}

int32_t tz_east_of_local(const TimeZone *tz, int64_t local, bool *dst_out)
{
    /* The zone a day before and a day after tells whether a change is near. */
    TzInfo before = tz_at(tz, local - 86400), after = tz_at(tz, local + 86400), use;
    if (before.east == after.east && before.dst == after.dst) {
        use = tz_at(tz, local - before.east);
        if (use.east == before.east) {
            goto done;
        }
    }
    TzInfo as_before = tz_at(tz, local - before.east), as_after = tz_at(tz, local - after.east);
    bool before_ok = as_before.east == before.east, after_ok = as_after.east == after.east;
    if (before_ok && after_ok) {
        /* Both readings exist: an overlap (or no change between). The later one is standard time.
         */
        use = before.east > after.east ? as_after : as_before;
    } else if (before_ok) {
        use = as_before;
    } else if (after_ok) {
        use = as_after;
    } else {
        use = before.east < after.east ? before : after;
    }
done:
    if (dst_out != NULL) {
        *dst_out = use.dst;
    }
    return use.east;
}

/* ---- POSIX strings: std offset [dst [offset] [,start[/time],end[/time]]] ---- */
typedef struct TzScan {
    const char *p, *end;
    Arena *arena;
} TzScan;

/* tz_scan_abbrev - letters, or anything between < and >. */
static bool tz_scan_abbrev(TzScan *s, const char **out)
{
    const char *start = s->p;
    if (s->p < s->end && *s->p == '<') {
        start = ++s->p;
        while (s->p < s->end && *s->p != '>') {
            s->p++;
        }
        if (s->p == s->end) {
            return false;
        }
        *out = arena_strndup(s->arena, start, (size_t)(s->p - start));
        s->p++;
        return true;
    }
    while (s->p < s->end && ((*s->p >= 'a' && *s->p <= 'z') || (*s->p >= 'A' && *s->p <= 'Z'))) {
        s->p++;
    }
    *out = arena_strndup(s->arena, start, (size_t)(s->p - start));
    return s->p > start;
}
static bool tz_scan_int(TzScan *s, int32_t max, int32_t *out)
{
    int32_t v = 0;
    const char *start = s->p;
    while (s->p < s->end && is_digit(*s->p) && v <= max) {
        v = v * 10 + (*s->p++ - '0');
    }
    *out = v;
    return s->p > start && v <= max;
}
/* tz_scan_time - [+-]h[:m[:s]] in seconds. */
static bool tz_scan_time(TzScan *s, int32_t *out)
{
    int32_t sign = 1, h = 0, m = 0, sec = 0;
    if (s->p < s->end && (*s->p == '+' || *s->p == '-')) {
        sign = *s->p++ == '-' ? -1 : 1;
    }
    if (!tz_scan_int(s, 167, &h)) {
        return false;
    }
    if (s->p < s->end && *s->p == ':') {
        s->p++;
        if (!tz_scan_int(s, 59, &m)) {
            return false;
        }
        if (s->p < s->end && *s->p == ':') {
            s->p++;
            if (!tz_scan_int(s, 59, &sec)) {
                return false;
            }
        }
    }
    *out = sign * (h * 3600 + m * 60 + sec);
    return true;
}
/* tz_scan_date - ",date[/time]" of a rule. */
static bool tz_scan_date(TzScan *s, TzRuleDate *d)
{
    if (s->p == s->end || *s->p++ != ',' || s->p == s->end) {
        return false;
    }
    d->kind = '0';
    d->time = 7200;
    if (*s->p == 'M') {
        s->p++;
        d->kind = 'M';
        if (!tz_scan_int(s, 12, &d->month) || d->month < 1 || s->p == s->end || *s->p++ != '.' ||
            !tz_scan_int(s, 5, &d->week) || d->week < 1 || s->p == s->end || *s->p++ != '.' ||
            !tz_scan_int(s, 6, &d->day)) {
            return false;
        }
    } else {
        if (*s->p == 'J') {
            s->p++;
            d->kind = 'J';
        }
        if (!tz_scan_int(s, 365, &d->day)) {
            return false;
        }
    }
    if (s->p < s->end && *s->p == '/') {
        s->p++;
        return tz_scan_time(s, &d->time);
    }
    return true;
}
/* tz_scan_rule - a whole POSIX zone string. */
static bool tz_scan_rule(TzScan *s, TzRule *rule)
{
    int32_t west = 0;
    /* "+02" alone: an offset without a name. */
    bool bare = s->p < s->end && (*s->p == '+' || *s->p == '-' || is_digit(*s->p));
    rule->std.abbrev = bare ? arena_strndup(s->arena, s->p, (size_t)(s->end - s->p)) : NULL;
    if ((!bare && !tz_scan_abbrev(s, &rule->std.abbrev)) || !tz_scan_time(s, &west)) {
        return false;
    }
    rule->set = true;
    rule->std.east = -west;
    if (s->p == s->end) {
        return true;
    }
    rule->has_dst = rule->dst.dst = true;
    if (!tz_scan_abbrev(s, &rule->dst.abbrev)) {
        return false;
    }
    rule->dst.east = rule->std.east + 3600;
    if (s->p < s->end && *s->p != ',') {
        if (!tz_scan_time(s, &west)) {
            return false;
        }
        rule->dst.east = -west;
    }
    if (s->p == s->end) {
        /* No rule given: that of the United States. */
        rule->start = (TzRuleDate){'M', 3, 2, 0, 7200};
        rule->end = (TzRuleDate){'M', 11, 1, 0, 7200};
        return true;
    }
    return tz_scan_date(s, &rule->start) && tz_scan_date(s, &rule->end) && s->p == s->end;
}

/* ---- TZif ---- */
static int64_t tz_read_i64(const uint8_t *p)
{
    return (int64_t)load_u64be((const char *)p);
}
/* tz_parse - the second, 64-bit block of a version 2+ file. False when the bytes are not one. */
static bool tz_parse(Arena *arena, const uint8_t *p, size_t n, TimeZone *tz)
{
    uint32_t c[6] = {0}; /* isutc, isstd, leap, time, type, char counts */
    size_t at = 0;
    for (int block = 0; block < 2; block++) {
        if (n - at < 44 || memcmp(p + at, "TZif", 4) != 0 || p[at + 4] < '2') {
            return false;
        }
        for (int i = 0; i < 6; i++) {
            c[i] = load_u32be((const char *)p + at + 20 + i * 4);
            if (c[i] > TZ_FILE_MAX) {
                return false;
            }
        }
        at += 44;
        size_t width = block == 0 ? 4 : 8;
        size_t body =
            c[3] * (width + 1) + (size_t)c[4] * 6 + c[5] + (size_t)c[2] * (width + 4) + c[1] + c[0];
        if (n - at < body) {
            return false;
        }
        if (block == 0) {
            at += body;
        }
    }
    uint32_t count = c[3], types = c[4], chars = c[5];
    if (types == 0 || types > 256) {
        return false;
    }
    int64_t *times = arena_alloc(arena, (count + 1) * sizeof(int64_t));
    for (uint32_t i = 0; i < count; i++) {
        times[i] = tz_read_i64(p + at + i * 8);
    }
    at += (size_t)count * 8;
    uint8_t *to = arena_memdup(arena, p + at, count);
    at += count;
    const char *names_copy = arena_strndup(arena, "", 0);
    if (chars > 0) {
        char *copy = arena_alloc(arena, chars + 1u);
        memcpy(copy, p + at + (size_t)types * 6, chars);
        copy[chars] = '\0';
        names_copy = copy;
    }
    TzType *list = ARENA_ARRAY(arena, TzType, types);
    for (uint32_t i = 0; i < types; i++) {
        const uint8_t *t = p + at + i * 6;
        if (t[5] >= chars) {
            return false;
        }
        list[i] = (TzType){(int32_t)load_u32be((const char *)t), t[4] != 0, names_copy + t[5]};
    }
    for (uint32_t i = 0; i < count; i++) {
        if (to[i] >= types) {
            return false;
        }
    }
    at += (size_t)types * 6 + chars + (size_t)c[2] * 12 + c[1] + c[0];
    tz->count = count;
    tz->type_count = types;
    tz->at = times;
    tz->to = to;
    tz->types = list;
    tz->first = list[0];
    /* The footer, between newlines, is the rule for later times. */
    if (at < n && p[at] == '\n') {
        const uint8_t *end = memchr(p + at + 1, '\n', n - at - 1);
        if (end != NULL && end > p + at + 1) {
            TzScan scan = {(const char *)p + at + 1, (const char *)end, arena};
            if (!tz_scan_rule(&scan, &tz->rule)) {
                return false;
            }
        }
    }
    return true;
}

/* tz_name_valid - letters, digits and / _ - + only, no way out of the directory. */
static bool tz_name_valid(Slice name)
{
    if (name.len == 0 || name.len > TZ_NAME_MAX || name.ptr[0] == '/' || name.ptr[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = ascii_lower(name.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || is_digit(c) || strchr("/_-+", c) != NULL)) {
            return false;
        }
    }
    return true;
}

/* tz_match_path - the name as the files are spelled, part by part, ASCII case ignored. */
static Status tz_match_path(Cx *cx, Os *os, Arena *arena, Slice name, char *path, size_t *path_len)
{
    size_t at = 0;
    while (at < name.len) {
        size_t end = at;
        while (end < name.len && name.ptr[end] != '/') {
            end++;
        }
        Slice part = {name.ptr + at, end - at};
        char **names = NULL;
        uint32_t count = 0, i = 0;
        path[*path_len] = '\0';
        TRY(os_list_dir(cx, os, arena, path, &names, &count));
        for (; i < count; i++) {
            size_t n = strlen(names[i]), k = 0;
            while (n == part.len && k < n && ascii_lower(names[i][k]) == ascii_lower(part.ptr[k])) {
                k++;
            }
            if (n == part.len && k == n) {
                break;
            }
        }
        if (i == count) {
            return ST_NOTFOUND;
        }
        memcpy(path + *path_len, names[i], part.len);
        *path_len += part.len;
        at = end;
        if (at < name.len) {
            path[(*path_len)++] = '/';
            at++;
        }
    }
    path[*path_len] = '\0';
    return ST_OK;
}

/* tz_read_file - find the file, spelled as on disk, and parse it. */
static Status tz_read_file(Cx *cx, Os *os, Arena *arena, Slice name, const TimeZone **out)
{
    char path[sizeof(TZ_DIR) + TZ_NAME_MAX + 1] = TZ_DIR;
    size_t len = sizeof(TZ_DIR) - 1;
    bool exists = false;
    memcpy(path + len, name.ptr, name.len);
    path[len + name.len] = '\0';
    TRY(os_exists(cx, os, path, &exists));
    if (exists) {
        len += name.len;
    } else {
        TRY(tz_match_path(cx, os, arena, name, path, &len));
    }
    OsFile *file = NULL;
    uint64_t size = 0;
    size_t got = 0;
    Status st = os_file_open(cx, os, path, OS_OPEN_READONLY, &file);
    if (st != ST_OK) {
        err_clear(cx);
        return ST_NOTFOUND;
    }
    uint8_t *bytes = NULL;
    st = os_file_size(cx, file, &size);
    if (st == ST_OK && size > 0 && size < TZ_FILE_MAX) {
        bytes = arena_alloc(arena, size);
        st = os_file_pread(cx, file, bytes, size, 0, &got);
    }
    os_file_close(file);
    TimeZone *tz = ARENA_NEW(arena, TimeZone);
    if (st != ST_OK || bytes == NULL || !tz_parse(arena, bytes, got, tz)) {
        err_clear(cx);
        return ST_NOTFOUND;
    }
    tz->name = arena_strdup(arena, path + sizeof(TZ_DIR) - 1);
    *out = tz;
    return ST_OK;
}

const TimeZone *tz_fixed(Arena *arena, int32_t east)
{
    TimeZone *tz = ARENA_NEW(arena, TimeZone);
    uint32_t v = (uint32_t)(east < 0 ? -east : east);
    char text[16];
    size_t n = 0;
    text[n++] = '<';
    text[n++] = east < 0 ? '-' : '+';
    text[n++] = (char)('0' + v / 36000);
    text[n++] = (char)('0' + v / 3600 % 10);
    if (v % 3600 != 0) {
        text[n++] = ':';
        text[n++] = (char)('0' + v / 600 % 6);
        text[n++] = (char)('0' + v / 60 % 10);
    }
    tz->first = (TzType){east, false, arena_strndup(arena, text + 1, n - 1)};
    text[n] = '\0';
    tz->name = arena_printf(arena, "%s>%s%s", text, east < 0 ? "+" : "-", text + 2);
    return tz;
}

Status tz_find(Cx *cx, Os *os, Arena *arena, Slice name, const TimeZone **out)
{
    if (slice_ieq(name, "utc") || slice_ieq(name, "gmt")) {
        if (slice_ieq(name, "gmt")) {
            TimeZone *gmt = ARENA_NEW(arena, TimeZone);
            *gmt = (TimeZone){.name = "GMT", .first = {0, false, "GMT"}};
            *out = gmt;
        } else {
            *out = &TZ_UTC;
        }
        return ST_OK;
    }
    if (os != NULL && tz_name_valid(name)) {
        Status st = tz_read_file(cx, os, arena, name, out);
        if (st != ST_NOTFOUND) {
            return st;
        }
    }
    TimeZone *tz = ARENA_NEW(arena, TimeZone);
    TzScan scan = {name.ptr, name.ptr + name.len, arena};
    if (name.len > 0 && name.len <= TZ_NAME_MAX && tz_scan_rule(&scan, &tz->rule)) {
        tz->name = arena_strndup(arena, name.ptr, name.len);
        tz->first = tz->rule.std;
        *out = tz;
        return ST_OK;
    }
    return ST_NOTFOUND;
}

Status tz_load(Cx *cx, Os *os, Arena *arena, const char *name, const TimeZone **out)
{
    /* A plain number is hours east, fractions allowed. */
    char *end = NULL;
    double hours = strtod(name, &end);
    if (end != name && *end == '\0' && hours > -168 && hours < 168) {
        *out = tz_fixed(arena, (int32_t)(hours * 3600));
        return ST_OK;
    }
    Status st = tz_find(cx, os, arena, slice_of(name), out);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "time zone \"%s\" not recognized",
                       name);
    }
    return st;
}
