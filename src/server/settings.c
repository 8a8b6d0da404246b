/*
 * settings.c - settings: names, kinds, limits and defaults from the catalog data; SET, SHOW, RESET,
 * rollback.
 *
 * A session keeps only what differs from the server's values (--set), which keep only what differs
 * from the built-in defaults. Values are kept as text in the base unit of the setting; SHOW turns
 * them into the largest unit that fits. What code reads often is kept parsed in the Session
 * (settings_apply.c).
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalog/catalog_data.h"
#include "server/server_internal.h"

/* Where dassie's defaults are not those of PostgreSQL's sources. */
static const struct {
    const char *name, *value;
} OWN_DEFAULTS[] = {
    {"server_encoding", "UTF8"},
    {"client_encoding", "UTF8"},
    {"lc_collate", "C"},
    {"lc_ctype", "C"},
    {"lc_messages", "C"},
    {"lc_monetary", "C"},
    {"lc_numeric", "C"},
    {"lc_time", "C"},
    {"TimeZone", "UTC"},
    {"log_timezone", "UTC"},
    {"max_connections", "10000"},
    {"client_connection_check_interval", "1000"}, /* no statement goes on for nobody */
    {"cluster_name", ""},
    {"default_text_search_config", "pg_catalog.english"},
    {"max_prepared_transactions", "64"},
    {"autovacuum", "off"},
    {"listen_addresses", "127.0.0.1"},
    {"logging_collector", "off"},
    {"data_checksums", "on"},
    {"jit", "off"},
    {"max_parallel_workers_per_gather", "0"},
    {"default_toast_compression", "lz4"},
};

/* A canonical text may be longer than what was given by this much. */
#define TEXT_SPARE_BYTES 1024

static const CatSettingsRow *setting_row(const char *name)
{
    for (size_t i = 0; i < CATALOG_SETTINGS_COUNT; i++) {
        if (strcasecmp(catalog_str(catalog_settings[i].name), name) == 0) {
            return &catalog_settings[i];
        }
    }
    return NULL;
}

static const char *or_empty(CatStr s)
{
    const char *text = catalog_str(s);
    return text != NULL ? text : "";
}

static const char *setting_default(const CatSettingsRow *row)
{
    const char *name = catalog_str(row->name);
    for (size_t i = 0; i < ARRAY_LEN(OWN_DEFAULTS); i++) {
        if (strcmp(OWN_DEFAULTS[i].name, name) == 0) {
            return OWN_DEFAULTS[i].value;
        }
    }
    return or_empty(row->boot_val);
}

static SettingValue *value_find(SettingValue *list, const char *name)
{
    while (list != NULL && strcmp(list->name, name) != 0) {
        list = list->next;
    }
    return list;
}

static char *text_copy(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(mem_alloc("setting", n), text, n);
}

static void setting_put(SettingValue **list, const char *name, const char *value)
{
    SettingValue *v = value_find(*list, name);
    if (v == NULL) {
        v = mem_zalloc("setting", sizeof(*v));
        v->name = name;
        v->next = *list;
        *list = v;
    }
    char *copy = text_copy(value);
    mem_free(v->value);
    v->value = copy;
}

static void value_drop(SettingValue **list, const char *name)
{
    for (SettingValue **at = list; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->name, name) == 0) {
            SettingValue *v = *at;
            *at = v->next;
            mem_free(v->value);
            mem_free(v);
            return;
        }
    }
}

/* ---- parsing ---- */

bool setting_parse_bool(const char *text, bool *out)
{
    static const char *const ON[] = {"true", "yes", "on", "1"}, *const OFF[] = {"false", "no",
                                                                                "off", "0"};
    size_t n = strlen(text);
    if (n == 0) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        /* Unique prefixes are enough; "o" alone is not one. */
        size_t min = (i == 2) ? 2 : 1;
        if (n >= min && n <= strlen(ON[i]) && strncasecmp(text, ON[i], n) == 0) {
            *out = true;
            return true;
        }
        if (n >= min && n <= strlen(OFF[i]) && strncasecmp(text, OFF[i], n) == 0) {
            *out = false;
            return true;
        }
    }
    return false;
}

typedef struct UnitDef {
    const char *name;
    double base; /* in bytes or microseconds */
} UnitDef;
static const UnitDef MEMORY_UNITS[] = {
    {"TB", 1099511627776.0}, {"GB", 1073741824.0}, {"MB", 1048576.0}, {"kB", 1024.0}, {"B", 1.0}};
static const UnitDef TIME_UNITS[] = {{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6},
                                     {"s", 1e6},     {"ms", 1e3},   {"us", 1.0}};

/* unit_base - how many bytes or microseconds one unit of the setting is; 0 = it has no unit. */
static double unit_base(const char *unit, bool *is_time_out)
{
    *is_time_out = false;
    if (strcmp(unit, "8kB") == 0) {
        return 8192.0;
    }
    for (size_t i = 0; i < ARRAY_LEN(MEMORY_UNITS); i++) {
        if (strcmp(unit, MEMORY_UNITS[i].name) == 0) {
            return MEMORY_UNITS[i].base;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(TIME_UNITS); i++) {
        if (strcmp(unit, TIME_UNITS[i].name) == 0) {
            *is_time_out = true;
            return TIME_UNITS[i].base;
        }
    }
    return 0;
}

/* parse_number - "64MB", "5 s", "0x10", "1.5": in the setting's own unit. */
static bool parse_number(const char *text, const char *unit, double *out)
{
    char *end;
    errno = 0;
    double v = strncmp(text, "0x", 2) == 0 ? (double)strtoll(text, &end, 16) : strtod(text, &end);
    if (end == text || errno == ERANGE) {
        return false;
    }
    while (isspace((unsigned char)*end)) {
        end++;
    }
    if (*end != '\0') {
        bool is_time;
        double base = unit_base(unit, &is_time), given = 0;
        const UnitDef *units = is_time ? TIME_UNITS : MEMORY_UNITS;
        size_t count = is_time ? ARRAY_LEN(TIME_UNITS) : ARRAY_LEN(MEMORY_UNITS);
        for (size_t i = 0; base != 0 && i < count; i++) {
            if (strcmp(end, units[i].name) == 0) {
                given = units[i].base;
            }
        }
        if (given == 0) {
            return false;
        }
        v = v * given / base;
    }
    *out = v;
    return true;
}

bool setting_parse_bytes(const char *text, uint64_t unit, uint64_t *out)
{
    double v;
    if (!parse_number(text, "B", &v) || v < 0) {
        return false;
    }
    bool has_unit = strpbrk(text, "TGMkB") != NULL;
    *out = (uint64_t)(has_unit ? v : v * (double)unit);
    return true;
}

/* bad_value - the message has the name as it was given, as that of PostgreSQL has. */
static Status bad_value(Cx *cx, const char *name, const char *value)
{
    return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                   "invalid value for parameter \"%s\": \"%s\"", name, value);
}

/* bad_number - a number with something behind it is told which units there are. */
static Status bad_number(Cx *cx, const CatSettingsRow *row, const char *name, const char *value)
{
    bool is_time;
    char *end;
    Status st = bad_value(cx, name, value);
    (void)strtod(value, &end);
    if (end == value || unit_base(or_empty(row->unit), &is_time) == 0) {
        return st;
    }
    return err_hint(cx, "Valid units for this parameter are %s.",
                    is_time ? "\"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\""
                            : "\"B\", \"kB\", \"MB\", \"GB\", and \"TB\"");
}

/* check_number - a number for a setting: its unit is converted, its range checked; `out` gets the
 * text kept. */
static Status check_number(Cx *cx, const CatSettingsRow *row, const char *name, const char *value,
                           bool is_int, char *out, size_t size)
{
    double v, min, max;
    const char *unit = or_empty(row->unit);
    if (!parse_number(value, unit, &v)) {
        return bad_number(cx, row, name, value);
    }
    min = strtod(or_empty(row->min_val), NULL);
    max = strtod(or_empty(row->max_val), NULL);
    if (is_int) {
        v = rint(v);
        if (v > INT32_MAX || v < INT32_MIN) {
            st_ignore(bad_value(cx, name, value));
            return err_hint(cx, "Value exceeds integer range.");
        }
    }
    if (v < min || v > max) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "%g%s%s is outside the valid range for parameter \"%s\" (%s .. %s)", v,
                       unit[0] ? " " : "", unit, name, or_empty(row->min_val),
                       or_empty(row->max_val));
    }
    if (is_int) {
        (void)snprintf(out, size, "%lld", (long long)v);
    } else {
        (void)snprintf(out, size, "%.15g", v);
    }
    return ST_OK;
}

/* check_enum - enumvals is an array literal: {a,"b c"}. */
static Status check_enum(Cx *cx, const CatSettingsRow *row, const char *name, const char *value,
                         char *out, size_t size)
{
    const char *p = or_empty(row->enumvals);
    char list[512] = "";
    while (*p == '{' || *p == ',') {
        p++;
        bool quoted = *p == '"';
        p += quoted;
        size_t n = strcspn(p, quoted ? "\"" : ",}");
        if (n == strlen(value) && strncasecmp(p, value, n) == 0) {
            (void)snprintf(out, size, "%.*s", (int)n, p);
            return ST_OK;
        }
        size_t at = strlen(list);
        (void)snprintf(list + at, sizeof(list) - at, "%s%.*s", at ? ", " : "", (int)n, p);
        p += n + quoted;
    }
    bool b;
    if (setting_parse_bool(value, &b) && strstr(list, "on") != NULL) {
        (void)snprintf(out, size, "%s", b ? "on" : "off");
        return ST_OK;
    }
    st_ignore(bad_value(cx, name, value));
    return err_hint(cx, "Available values: %s.", list);
}

/* check_built - settings of which only one value is what the server does. */
static Status check_built(Cx *cx, const CatSettingsRow *row, const char *value)
{
    static const struct {
        const char *name, *only;
    } BUILT[] = {
        {"standard_conforming_strings", "on"},    {"transform_null_equals", "off"},
        {"default_table_access_method", "heap"},  {"default_toast_compression", "lz4"},
        {"password_encryption", "scram-sha-256"},
    };
    for (size_t i = 0; i < ARRAY_LEN(BUILT); i++) {
        if (strcmp(BUILT[i].name, catalog_str(row->name)) == 0 &&
            strcmp(BUILT[i].only, value) != 0) {
            return err_unsupported(cx, "%s = %s is not supported", BUILT[i].name, value);
        }
    }
    return ST_OK;
}

/* setting_check - is the value good for the setting? out gets its canonical text. current is the
 * value it has now, name the name as it was given. */
static Status setting_check(Cx *cx, Os *os, const CatSettingsRow *row, const char *name,
                            const char *current, const char *value, char *out, size_t size)
{
    const char *type = or_empty(row->vartype);
    if (strcmp(type, "bool") == 0) {
        bool b;
        if (!setting_parse_bool(value, &b)) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "parameter \"%s\" requires a Boolean value", name);
        }
        (void)snprintf(out, size, "%s", b ? "on" : "off");
        return check_built(cx, row, out);
    }
    if (strcmp(type, "integer") == 0) {
        return check_number(cx, row, name, value, true, out, size);
    }
    if (strcmp(type, "real") == 0) {
        return check_number(cx, row, name, value, false, out, size);
    }
    if (strcmp(type, "enum") == 0) {
        TRY(check_enum(cx, row, name, value, out, size));
        return check_built(cx, row, out);
    }
    if (strlen(value) >= size) {
        return bad_value(cx, name, value);
    }
    (void)snprintf(out, size, "%s", value);
    TRY(check_built(cx, row, out));
    return setting_check_string(cx, os, catalog_str(row->name), current, out, size);
}

/* ---- reading ---- */

static const char *setting_raw(Session *s, Server *srv, const CatSettingsRow *row)
{
    const char *name = catalog_str(row->name);
    SettingValue *v = s != NULL ? value_find(s->settings.changed, name) : NULL;
    if (v == NULL && s != NULL) {
        v = value_find(s->settings.startup, name);
    }
    if (v == NULL) {
        v = value_find(srv->settings, name);
    }
    return v != NULL ? v->value : setting_default(row);
}

/* setting_display - the largest unit that divides the value, as SHOW gives it. */
static void setting_display(const CatSettingsRow *row, const char *raw, char *out, size_t size)
{
    bool is_time;
    const char *unit = or_empty(row->unit);
    double base = unit_base(unit, &is_time);
    (void)snprintf(out, size, "%s", raw);
    if (base == 0 || strcmp(or_empty(row->vartype), "integer") != 0) {
        if (base != 0 && strcmp(raw, "0") != 0) {
            (void)snprintf(out, size, "%s%s", raw, unit);
        }
        return;
    }
    double v = strtod(raw, NULL);
    if (v <= 0) {
        return;
    }
    const UnitDef *units = is_time ? TIME_UNITS : MEMORY_UNITS;
    size_t count = is_time ? ARRAY_LEN(TIME_UNITS) : ARRAY_LEN(MEMORY_UNITS);
    double total = v * base;
    for (size_t i = 0; i < count; i++) {
        double n = total / units[i].base;
        if (n >= 1 && n == (double)(int64_t)n) {
            (void)snprintf(out, size, "%lld%s", (long long)n, units[i].name);
            return;
        }
    }
}

const char *setting_show(Session *s, const char *name, const char **canonical_out)
{
    const CatSettingsRow *row = setting_row(name);
    if (row == NULL && setting_session_text(s, name) != NULL) {
        if (canonical_out != NULL) {
            *canonical_out = name;
        }
        return setting_session_text(s, name);
    }
    if (row == NULL) {
        SettingValue *v = value_find(s->settings.changed, name); /* custom: "class.name" */
        v = v != NULL ? v : value_find(s->settings.startup, name);
        if (canonical_out != NULL) {
            *canonical_out = v != NULL ? v->name : NULL;
        }
        return v != NULL ? v->value : NULL;
    }
    if (canonical_out != NULL) {
        *canonical_out = catalog_str(row->name);
    }
    char text[512];
    const char *session_text = setting_session_text(s, catalog_str(row->name));
    if (session_text != NULL) {
        return session_text;
    }
    if (strcmp(or_empty(row->vartype), "string") == 0) {
        return setting_raw(s, s->server, row);
    }
    setting_display(row, setting_raw(s, s->server, row), text, sizeof(text));
    return arena_strdup(&s->stmt_arena, text);
}

const char *setting_value(Session *s, const char *name)
{
    const CatSettingsRow *row = setting_row(name);
    ASSERT(row != NULL);
    return setting_raw(s, s->server, row);
}

const char *server_setting(Server *srv, const char *name)
{
    const CatSettingsRow *row = setting_row(name);
    ASSERT(row != NULL);
    return setting_raw(NULL, srv, row);
}

void settings_foreach(Session *s,
                      void (*fn)(void *arg, const char *name, const char *value, const char *desc),
                      void *arg)
{
    for (size_t i = 0; i < CATALOG_SETTINGS_COUNT; i++) {
        const char *name = catalog_str(catalog_settings[i].name);
        fn(arg, name, setting_show(s, name, NULL), or_empty(catalog_settings[i].short_desc));
    }
}

void setting_tell(Session *s, uint32_t i, FuncSetting *out)
{
    const CatSettingsRow *row = &catalog_settings[i];
    const char *name = catalog_str(row->name);
    const SettingValue *changed = value_find(s->settings.changed, name);
    const SettingValue *startup = value_find(s->settings.startup, name);
    const SettingValue *given = value_find(s->server->settings, name);
    const char *fact = setting_session_text(s, name);
    out->boot = setting_default(row);
    out->reset = startup != NULL ? startup->value : given != NULL ? given->value : out->boot;
    out->value = changed != NULL ? changed->value : out->reset;
    out->source = changed != NULL   ? "session"
                  : startup != NULL ? "client"
                  : given != NULL   ? "command line"
                                    : "default";
    if (out->boot[0] == '\0' && catalog_str(row->boot_val) == NULL) {
        out->boot = NULL;
    }
    if (fact != NULL) {
        out->value = fact;
        out->reset = strcmp(or_empty(row->context), "internal") == 0 ? fact : out->reset;
    }
}

/* ---- writing ---- */

/* check_context - may the session change it at all? */
static Status check_context(Cx *cx, const CatSettingsRow *row, const char *name, bool startup)
{
    const char *context = or_empty(row->context);
    if (strcmp(context, "internal") == 0) {
        return err_set(cx, ERRCODE_CANT_CHANGE_RUNTIME_PARAM, "parameter \"%s\" cannot be changed",
                       name);
    }
    if (strcmp(context, "postmaster") == 0) {
        return err_set(cx, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                       "parameter \"%s\" cannot be changed without restarting the server", name);
    }
    if (strcmp(context, "sighup") == 0) {
        return err_set(cx, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                       "parameter \"%s\" cannot be changed now", name);
    }
    if (!startup &&
        (strcmp(context, "backend") == 0 || strcmp(context, "superuser-backend") == 0)) {
        return err_set(cx, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                       "parameter \"%s\" cannot be set after connection start", name);
    }
    return ST_OK;
}

/* check_super - 42501 for settings of superusers. */
static Status check_super(Cx *cx, const Session *s, const CatSettingsRow *row, const char *name)
{
    const char *context = or_empty(row->context);
    bool super = strcmp(context, "superuser") == 0 || strcmp(context, "superuser-backend") == 0;
    return !super || s->view.user_super
               ? ST_OK
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "permission denied to set parameter \"%s\"", name);
}

const char *setting_custom(Session *s, const char *name)
{
    const SettingValue *v = value_find(s->settings.changed, name);
    v = v != NULL ? v : value_find(s->settings.startup, name);
    return v != NULL ? v->value : NULL;
}

bool setting_is_given(Session *s, const char *name)
{
    const CatSettingsRow *row = setting_row(name);
    const char *canonical = row != NULL ? catalog_str(row->name) : name;
    return value_find(s->settings.startup, canonical) != NULL;
}

Status setting_begin(Cx *cx, Session *s, const char *name, const char *value)
{
    TRY(setting_assign(cx, s, name, value, false, true));
    /* What was just put among the changed ones is what the session begins with. */
    while (s->settings.changed != NULL) {
        SettingValue *v = s->settings.changed;
        s->settings.changed = v->next;
        v->next = s->settings.startup;
        s->settings.startup = v;
    }
    return ST_OK;
}

Status settings_reset_all(Cx *cx, Session *s, bool roles)
{
    const SettingValue *v = s->settings.changed;
    while (v != NULL) {
        if (!roles && session_role_setting(v->name) != NULL) {
            v = v->next;
            continue;
        }
        TRY(setting_assign(cx, s, v->name, NULL, false, false));
        v = s->settings.changed;
    }
    return ST_OK;
}

Status settings_begun_check(Cx *cx, Session *s)
{
    for (const SettingValue *v = s->settings.startup; v != NULL; v = v->next) {
        const CatSettingsRow *row = setting_row(v->name);
        if (row != NULL) {
            TRY(check_super(cx, s, row, v->name));
        }
    }
    return ST_OK;
}

Status setting_try(Cx *cx, Session *s, const char *name, const char *value,
                   const char **canonical_out)
{
    const CatSettingsRow *row = setting_row(name);
    size_t size = (value != NULL ? strlen(value) : 0) + TEXT_SPARE_BYTES;
    char *text = arena_alloc(cx->arena, size);
    *canonical_out = name;
    if (row == NULL && session_role_setting(name) != NULL) {
        *canonical_out = session_role_setting(name);
        return ST_OK;
    }
    if (row == NULL) {
        return strchr(name, '.') != NULL
                   ? ST_OK
                   : err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                             "unrecognized configuration parameter \"%s\"", name);
    }
    *canonical_out = catalog_str(row->name);
    TRY(check_context(cx, row, name, true));
    TRY(check_super(cx, s, row, name));
    return value == NULL ? ST_OK
                         : setting_check(cx, s->server->os, row, name,
                                         setting_raw(s, s->server, row), value, text, size);
}

/* settings_remember - for rollback and the end of SET LOCAL. */
static void settings_remember(Session *s, const char *name, bool local)
{
    uint32_t level = session_level(s);
    for (SettingUndo *u = s->settings.undo; u != NULL; u = u->next) {
        if (u->name == name) {
            if (u->savepoint_level == level && (!local || u->local)) {
                u->local = local; /* what was before it is known already */
                return;
            }
            break;
        }
    }
    SettingValue *old = value_find(s->settings.changed, name);
    SettingUndo *u = mem_zalloc("setting", sizeof(*u));
    u->name = name;
    u->old_value = old != NULL ? text_copy(old->value) : NULL;
    u->savepoint_level = level;
    u->local = local;
    u->next = s->settings.undo;
    s->settings.undo = u;
}

Status setting_assign(Cx *cx, Session *s, const char *name, const char *value, bool local,
                      bool startup)
{
    size_t size = (value != NULL ? strlen(value) : 0) + TEXT_SPARE_BYTES;
    char *text = arena_alloc(cx->arena, size);
    const CatSettingsRow *row = setting_row(name);
    const char *canonical = row == NULL ? session_role_setting(name) : NULL;
    bool authorization = session_role_is_authorization(canonical);
    if (canonical != NULL) {
        (void)snprintf(text, size, "%s", value != NULL ? value : "");
        if (value != NULL && !startup) {
            TRY(session_role_check(cx, s, canonical, value));
        }
    } else if (row == NULL) {
        if (setting_session_text(s, name) != NULL) {
            return err_set(cx, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                           "parameter \"%s\" cannot be changed", name);
        }
        if (strchr(name, '.') == NULL) {
            return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                           "unrecognized configuration parameter \"%s\"", name);
        }
        SettingValue *v = value_find(s->settings.changed, name);
        canonical = v != NULL ? v->name : arena_strdup(&s->arena, name);
        (void)snprintf(text, size, "%s", value != NULL ? value : "");
    } else {
        canonical = catalog_str(row->name);
        TRY(check_context(cx, row, name, startup));
        TRY(startup ? ST_OK : check_super(cx, s, row, name));
        if (value != NULL) {
            TRY(setting_check(cx, s->server->os, row, name, setting_raw(s, s->server, row), value,
                              text, size));
            TRY(startup ? ST_OK : setting_check_search(cx, s, canonical, &text));
        }
    }
    if (mode_is_setting(canonical)) {
        return startup ? ST_OK : session_mode_assign(cx, s, canonical, value != NULL ? text : NULL);
    }
    if (!startup) {
        settings_remember(s, canonical, local);
    }
    if (authorization && !startup) { /* it ends SET ROLE */
        const char *role = session_role_setting("role");
        settings_remember(s, role, local);
        value_drop(&s->settings.changed, role);
    }
    if (value == NULL) {
        value_drop(&s->settings.changed, canonical);
    } else {
        setting_put(&s->settings.changed, canonical, text);
    }
    s->settings.generation++;
    return setting_changed(cx, s, canonical);
}

Status server_setting_set(Cx *cx, Server *srv, const char *name, const char *value)
{
    char text[1024];
    const CatSettingsRow *row = setting_row(name);
    if (row == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"",
                       name);
    }
    if (strcmp(or_empty(row->context), "internal") == 0) {
        return check_context(cx, row, name, true);
    }
    TRY(setting_check(cx, srv->os, row, name, setting_raw(NULL, srv, row), value, text,
                      sizeof(text)));
    setting_put(&srv->settings, catalog_str(row->name), text);
    return ST_OK;
}

/* undo_pop - take the newest remembered value; restore = put it back. */
static void undo_pop(Session *s, bool restore)
{
    SettingUndo *u = s->settings.undo;
    s->settings.undo = u->next;
    if (restore) {
        if (u->old_value != NULL) {
            setting_put(&s->settings.changed, u->name, u->old_value);
        } else {
            value_drop(&s->settings.changed, u->name);
        }
        s->settings.generation++;
        st_ignore(setting_changed(&s->cx, s, u->name));
    }
    mem_free(u->old_value);
    mem_free(u);
}

void settings_commit(Session *s)
{
    /* SET LOCAL ends with the transaction: put back what was before it, unless a plain SET came
     * later. */
    for (SettingUndo *u = s->settings.undo; u != NULL; u = u->next) {
        u->kept = !u->local;
        for (SettingUndo *newer = s->settings.undo; newer != u && !u->kept; newer = newer->next) {
            u->kept = newer->name == u->name && newer->kept;
        }
    }
    while (s->settings.undo != NULL) {
        undo_pop(s, !s->settings.undo->kept);
    }
}

void settings_rollback(Session *s, uint32_t to_level)
{
    while (s->settings.undo != NULL && s->settings.undo->savepoint_level >= to_level) {
        undo_pop(s, true);
    }
}

void settings_release_level(Session *s, uint32_t level)
{
    /* What lies above `level` is the newest part of the list: the older one of the same name comes
       later in it. One that has its like below it at this level adds nothing, so that the list
       stays as short as there are names, however many savepoints come and go. */
    for (SettingUndo **at = &s->settings.undo; *at != NULL && (*at)->savepoint_level > level;) {
        SettingUndo *u = *at, *older = u->next;
        while (older != NULL && older->name != u->name) {
            older = older->next;
        }
        if (older != NULL && older->savepoint_level >= level && (!u->local || older->local)) {
            older->local = u->local;
            *at = u->next;
            mem_free(u->old_value);
            mem_free(u);
        } else {
            u->savepoint_level = level;
            at = &u->next;
        }
    }
}

void settings_release(Session *s)
{
    while (s->settings.undo != NULL) {
        undo_pop(s, false);
    }
    while (s->settings.changed != NULL) {
        value_drop(&s->settings.changed, s->settings.changed->name);
    }
    while (s->settings.startup != NULL) {
        value_drop(&s->settings.startup, s->settings.startup->name);
    }
}

void settings_startup_done(Session *s)
{
    ASSERT(s->settings.startup == NULL);
    s->settings.startup = s->settings.changed;
    s->settings.changed = NULL;
}
