/*
 * settings_apply.c - what settings do: the session's parsed copies, checks of text settings,
 * reports to the client.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/server_internal.h"
#include "type/datetime.h"

#define NAME_BYTES 64

/* Settings the client is told of when they change (protocol chapter 55.2.7). */
static const char *const REPORTED[] = {
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
};

STATIC_ASSERT(ARRAY_LEN(REPORTED) <= SETTINGS_REPORTED_MAX, "room for what was reported");

/* report_one - tell the client when it was last told something else. */
static void report_one(Session *s, size_t i)
{
    const char *value = setting_show(s, REPORTED[i], NULL);
    ASSERT(value != NULL);
    uint64_t hash = hash_bytes(value, strlen(value), i) | 1; /* 0 = never told */
    if (s->settings.reported[i] != hash) {
        s->settings.reported[i] = hash;
        reply_parameter_status(&s->out, REPORTED[i], value);
    }
}

void settings_report_all(Session *s)
{
    s->settings.report_due = true;
    settings_report(s);
}

void settings_report(Session *s)
{
    if (!s->settings.report_due) {
        return;
    }
    s->settings.report_due = false;
    for (size_t i = 0; i < ARRAY_LEN(REPORTED); i++) {
        report_one(s, i);
    }
}

const char *setting_session_text(Session *s, const char *name)
{
    if (strcmp(name, "session_authorization") == 0) {
        return s->state == SESSION_READY ? s->session_user_name : s->user;
    }
    if (strcmp(name, "server_version") == 0) {
        return SERVER_VERSION;
    }
    if (strcmp(name, "server_version_num") == 0) {
        return SERVER_VERSION_NUM;
    }
    if (strcmp(name, "is_superuser") == 0) {
        return s->view.user_super ? "on" : "off";
    }
    if (strcmp(name, "role") == 0) {
        return s->role_name;
    }
    if (mode_is_setting(name)) {
        return session_mode_text(s, name);
    }
    return NULL;
}

/* datestyle_parse - words in any order: an output style, a field order; what is not said stays as
 * it is. wrong_out gets the word that is none, or NULL for words that contradict each other. */
static bool datestyle_parse(const char *text, DateStyle *style, DateOrder *order, char *wrong_out,
                            size_t wrong_size)
{
    char copy[128], *save = NULL;
    int new_style = -1, new_order = -1;
    (void)snprintf(copy, sizeof(copy), "%s", text);
    wrong_out[0] = '\0';
    for (char *w = strtok_r(copy, ", ", &save); w != NULL; w = strtok_r(NULL, ", ", &save)) {
        int is_style = -1, is_order = -1;
        if (strcasecmp(w, "iso") == 0) {
            is_style = DATESTYLE_ISO;
        } else if (strcasecmp(w, "sql") == 0) {
            is_style = DATESTYLE_SQL;
        } else if (strncasecmp(w, "postgres", 8) == 0) {
            is_style = DATESTYLE_POSTGRES;
        } else if (strcasecmp(w, "german") == 0) {
            is_style = DATESTYLE_GERMAN;
        } else if (strcasecmp(w, "ymd") == 0) {
            is_order = DATEORDER_YMD;
        } else if (strcasecmp(w, "dmy") == 0 || strncasecmp(w, "euro", 4) == 0) {
            is_order = DATEORDER_DMY;
        } else if (strcasecmp(w, "mdy") == 0 || strcasecmp(w, "us") == 0 ||
                   strncasecmp(w, "noneuro", 7) == 0) {
            is_order = DATEORDER_MDY;
        } else if (strcasecmp(w, "default") == 0) {
            *style = new_style < 0 ? DATESTYLE_ISO : *style;
            *order = new_order < 0 ? DATEORDER_MDY : *order;
        } else {
            (void)snprintf(wrong_out, wrong_size, "%s", w);
            return false;
        }
        if ((is_style >= 0 && new_style >= 0 && is_style != new_style) ||
            (is_order >= 0 && new_order >= 0 && is_order != new_order)) {
            return false;
        }
        new_style = is_style >= 0 ? is_style : new_style;
        new_order = is_order >= 0 ? is_order : new_order;
    }
    if (new_style == DATESTYLE_GERMAN && new_order < 0) {
        new_order = DATEORDER_DMY;
    }
    *style = new_style >= 0 ? (DateStyle)new_style : *style;
    *order = new_order >= 0 ? (DateOrder)new_order : *order;
    return true;
}

/* setting_encoding - text is exchanged as UTF-8; SQL_ASCII asks for no conversion, which is the
 * same bytes. *other_out tells that it is an encoding PostgreSQL knows but this server does not. */
const char *setting_encoding(const char *name, bool *other_out)
{
    static const char *const OTHERS[] = {
        "LATIN1",   "LATIN2",   "LATIN3",   "LATIN4",    "LATIN5",  "LATIN6",   "LATIN7",
        "LATIN8",   "LATIN9",   "LATIN10",  "WIN1250",   "WIN1251", "WIN1252",  "WIN1253",
        "WIN1254",  "WIN1255",  "WIN1256",  "WIN1257",   "WIN1258", "WIN866",   "WIN874",
        "KOI8R",    "KOI8U",    "EUCJP",    "EUCCN",     "EUCKR",   "EUCTW",    "SJIS",
        "BIG5",     "GBK",      "GB18030",  "UHC",       "JOHAB",   "ISO88591", "ISO88595",
        "ISO88596", "ISO88597", "ISO88598", "ISO885915",
    };
    char clean[32];
    size_t n = 0;
    /* Only letters and digits count: "utf-8", even with its quotes, is UTF8. */
    for (; *name != '\0' && n + 1 < sizeof(clean); name++) {
        char c = *name;
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            clean[n++] = c;
        }
    }
    clean[n] = '\0';
    *other_out = false;
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++) {
        *other_out = *other_out || strcasecmp(clean, OTHERS[i]) == 0;
    }
    return strcasecmp(clean, "UTF8") == 0 || strcasecmp(clean, "UNICODE") == 0 ? "UTF8"
           : strcasecmp(clean, "SQLASCII") == 0                                ? "SQL_ASCII"
                                                                               : NULL;
}

Status setting_check_string(Cx *cx, Os *os, const char *name, const char *current, char *text,
                            size_t size)
{
    if (strcmp(name, "DateStyle") == 0) {
        static const char *const STYLES[] = {"ISO", "SQL", "Postgres", "German"},
                                 *const ORDERS[] = {"YMD", "DMY", "MDY"};
        DateStyle style = DATESTYLE_ISO;
        DateOrder order = DATEORDER_MDY;
        char wrong[128];
        (void)datestyle_parse(current, &style, &order, wrong, sizeof(wrong));
        if (!datestyle_parse(text, &style, &order, wrong, sizeof(wrong))) {
            st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                              "invalid value for parameter \"DateStyle\": \"%s\"", text));
            return wrong[0] != '\0' ? err_detail(cx, "Unrecognized key word: \"%s\".", wrong)
                                    : err_detail(cx, "Conflicting \"datestyle\" specifications.");
        }
        (void)snprintf(text, size, "%s, %s", STYLES[style], ORDERS[order]);
    } else if (strcmp(name, "TimeZone") == 0) {
        const TimeZone *tz;
        Err keep = *cx->err;
        if (tz_load(cx, os, cx->arena, text, &tz) != ST_OK) {
            *cx->err = keep;
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "invalid value for parameter \"TimeZone\": \"%s\"", text);
        }
        (void)snprintf(text, size, "%s", tz_name(tz)); /* as the zone is spelled */
    } else if (strcmp(name, "client_encoding") == 0) {
        bool other;
        const char *known = setting_encoding(text, &other);
        if (known == NULL && !other) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "invalid value for parameter \"client_encoding\": \"%s\"", text);
        }
        if (known == NULL) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "client_encoding \"%s\" is not supported: use UTF8", text);
        }
        (void)snprintf(text, size, "%s", known);
    } else if (strcmp(name, "application_name") == 0) {
        text[strnlen(text, NAME_BYTES - 1)] = '\0';
        for (char *p = text; *p != '\0'; p++) {
            *p = *p >= 32 && *p < 127 ? *p : '?';
        }
    }
    return ST_OK;
}

Status setting_check_search(Cx *cx, Session *s, const char *name, char **text)
{
    Oid oid;
    const char *object;
    Oid namespace_oid;
    if (strcmp(name, "default_text_search_config") != 0) {
        return ST_OK;
    }
    Status st = cat_reg_find(cx, &s->view, cx->arena, TYPE_REGCONFIG, slice_of(*text), &oid);
    st = st == ST_OK
             ? cat_ts_name(cx, &s->view, cx->arena, CAT_PG_TS_CONFIG, oid, &object, &namespace_oid)
             : st;
    if (st != ST_OK) {
        err_clear(cx);
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid value for parameter \"%s\": \"%s\"", name, *text);
    }
    Buf b;
    buf_init(&b, SIZE_MAX);
    cat_put_qualified(cat_namespace_name(&s->view, namespace_oid), object, true, &b);
    *text = arena_strndup(cx->arena, (const char *)b.data, b.len);
    buf_release(&b);
    return ST_OK;
}

/* setting_ms - in microseconds. */
static int64_t setting_ms(Session *s, const char *name)
{
    return strtoll(setting_value(s, name), NULL, 10) * 1000;
}

static bool setting_on(Session *s, const char *name)
{
    bool on = false;
    return setting_parse_bool(setting_value(s, name), &on) && on;
}

static Isolation isolation_of(const char *text)
{
    return strcmp(text, "serializable") == 0      ? ISO_SERIALIZABLE
           : strcmp(text, "repeatable read") == 0 ? ISO_REPEATABLE_READ
                                                  : ISO_READ_COMMITTED;
}

static IntervalStyle interval_style_of(const char *text)
{
    return strcmp(text, "postgres_verbose") == 0 ? INTERVALSTYLE_POSTGRES_VERBOSE
           : strcmp(text, "sql_standard") == 0   ? INTERVALSTYLE_SQL_STANDARD
           : strcmp(text, "iso_8601") == 0       ? INTERVALSTYLE_ISO_8601
                                                 : INTERVALSTYLE_POSTGRES;
}

/* search_path_apply - the list's names to OIDs; needs a transaction to read catalogs. */
static Status search_path_apply(Cx *cx, Session *s)
{
    const char *names[SEARCH_PATH_MAX];
    uint32_t count = 0;
    char *text = arena_strdup(&s->stmt_arena, setting_value(s, "search_path"));
    for (char *p = text; *p != '\0' && count < ARRAY_LEN(names);) {
        while (*p == ' ' || *p == ',') {
            p++;
        }
        if (*p == '\0') {
            break;
        }
        char *out = p;
        names[count++] = p;
        if (*p == '"') {
            for (p++; *p != '\0' && (*p != '"' || p[1] == '"'); p++) {
                p += *p == '"';
                *out++ = *p;
            }
            p += *p == '"';
        } else {
            for (; *p != '\0' && *p != ',' && *p != ' '; p++) {
                *out++ = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
            }
        }
        bool more = *p != '\0';
        *out = '\0';
        p += more;
    }
    s->search_path_stale = false;
    s->search_path_version = catalog_version(s->view.catalog);
    return cat_set_search_path(cx, &s->view, s->search_path, names, count);
}

Status settings_apply(Cx *cx, Session *s)
{
    const char *isolation = setting_value(s, "default_transaction_isolation");
    s->default_isolation = isolation_of(isolation);
    s->default_read_uncommitted = strcmp(isolation, "read uncommitted") == 0;
    s->default_read_only = setting_on(s, "default_transaction_read_only");
    s->default_deferrable = setting_on(s, "default_transaction_deferrable");
    s->sync_commit = strcmp(setting_value(s, "synchronous_commit"), "off") != 0;
    const char *min = setting_value(s, "client_min_messages");
    s->notices_min = strcmp(min, "error") == 0       ? ERR_ERROR
                     : strcmp(min, "warning") == 0   ? ERR_WARNING
                     : strncmp(min, "debug", 5) == 0 ? ERR_DEBUG
                     : strcmp(min, "log") == 0       ? ERR_LOG
                                                     : ERR_NOTICE;
    s->statement_timeout_us = setting_ms(s, "statement_timeout");
    s->lock_timeout_us = setting_ms(s, "lock_timeout");
    s->client_check_us = setting_ms(s, "client_connection_check_interval");
    s->track_activities = setting_on(s, "track_activities");
    s->work_mem_bytes = strtoull(setting_value(s, "work_mem"), NULL, 10) * 1024;
    s->replica = strcmp(setting_value(s, "session_replication_role"), "replica") == 0;
    s->idle_timeout_us = setting_ms(s, "idle_session_timeout");
    s->idle_txn_timeout_us = setting_ms(s, "idle_in_transaction_session_timeout");
    bool timed =
        s->statement_timeout_us > 0 || s->idle_timeout_us > 0 || s->idle_txn_timeout_us > 0;
    if (timed != s->timed) {
        s->timed = timed;
        atomic_fetch_add(&s->server->timed_sessions, timed ? 1u : UINT32_MAX);
    }
    if (s->txn != NULL) {
        s->txn->lock_timeout_us = s->lock_timeout_us;
    }
    char wrong[128];
    (void)datestyle_parse(setting_value(s, "DateStyle"), &s->env.date_style, &s->env.date_order,
                          wrong, sizeof(wrong));
    s->env.interval_style = interval_style_of(setting_value(s, "IntervalStyle"));
    s->env.extra_float_digits = (int)strtol(setting_value(s, "extra_float_digits"), NULL, 10);
    s->env.bytea_escape = strcmp(setting_value(s, "bytea_output"), "escape") == 0;
    (void)snprintf(s->application_name, sizeof(s->application_name), "%s",
                   setting_value(s, "application_name"));
    activity_application(s);
    const char *zone = setting_value(s, "TimeZone");
    if (s->env.timezone == NULL || strcmp(tz_name(s->env.timezone), zone) != 0) {
        TRY(tz_load(cx, s->server->os, &s->arena, zone, &s->env.timezone));
    }
    s->search_path_stale = true;
    s->view.row_security_off = !setting_on(s, "row_security");
    static const char *const BINDING[] = {"search_path", "DateStyle", "IntervalStyle", "TimeZone",
                                          "row_security"};
    s->cache_salt = 0;
    for (size_t i = 0; i < ARRAY_LEN(BINDING); i++) {
        const char *text = setting_value(s, BINDING[i]);
        s->cache_salt = hash_bytes(text, strlen(text), s->cache_salt + i);
    }
    return s->txn != NULL ? search_path_apply(cx, s) : ST_OK;
}

Status settings_apply_path(Cx *cx, Session *s)
{
    /* Schemas come and go: names are resolved again when anything of the catalogs changed. */
    TRY(session_role_refresh(cx, s));
    bool changed = s->search_path_version != catalog_version(s->view.catalog);
    return s->search_path_stale || changed ? search_path_apply(cx, s) : ST_OK;
}

Status setting_changed(Cx *cx, Session *s, const char *name)
{
    if (s->state != SESSION_READY) {
        return ST_OK; /* applied as a whole when the session is ready */
    }
    for (size_t i = 0; i < ARRAY_LEN(REPORTED); i++) {
        if (strcmp(REPORTED[i], name) == 0) {
            s->settings.report_due = true;
        }
    }
    if (session_role_setting(name) != NULL) {
        TRY(session_role_apply(cx, s));
    }
    return settings_apply(cx, s);
}
