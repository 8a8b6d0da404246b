/*
 * options.c - WITH (...), SET (...), RESET (...): the storage parameters of relations, checked and
 * kept in reloptions as PostgreSQL does. What they steer there (vacuum, page filling) has nothing
 * to steer here; a view's check_option and security_barrier are read by the binder.
 */
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <stdlib.h>

#include "ddl/ddl_internal.h"

typedef enum OptionType { OPTION_BOOL, OPTION_INT, OPTION_REAL, OPTION_ENUM } OptionType;

/* Option - kinds: 'r' tables and materialized views, 'v' views, 'a' columns; of indexes 'i' btree,
 * 'h' hash, 'G' gist, 's' spgist, 'g' gin, 'b' brin. */
typedef struct Option {
    const char *name, *kinds;
    OptionType type;
    double min, max;
    const char *values; /* of an enum: "|a|b|" */
    const char *detail;
} Option;

static const Option OPTIONS[] = {
    {.name = "fillfactor", .kinds = "r", .type = OPTION_INT, .min = 10, .max = 100},
    {.name = "fillfactor", .kinds = "ihGs", .type = OPTION_INT, .min = 10, .max = 100},
    {.name = "deduplicate_items", .kinds = "i", .type = OPTION_BOOL},
    {.name = "buffering",
     .kinds = "G",
     .type = OPTION_ENUM,
     .values = "|auto|on|off|",
     .detail = "Valid values are \"on\", \"off\", and \"auto\"."},
    {.name = "pages_per_range", .kinds = "b", .type = OPTION_INT, .min = 1, .max = 131072},
    {.name = "autosummarize", .kinds = "b", .type = OPTION_BOOL},
    {.name = "fastupdate", .kinds = "g", .type = OPTION_BOOL},
    {.name = "gin_pending_list_limit", .kinds = "g", .type = OPTION_INT, .min = 64, .max = INT_MAX},
    {.name = "autovacuum_enabled", .kinds = "r", .type = OPTION_BOOL},
    {.name = "user_catalog_table", .kinds = "r", .type = OPTION_BOOL},
    {.name = "vacuum_truncate", .kinds = "r", .type = OPTION_BOOL},
    {.name = "toast_tuple_target", .kinds = "r", .type = OPTION_INT, .min = 128, .max = 8160},
    {.name = "parallel_workers", .kinds = "r", .type = OPTION_INT, .min = 0, .max = 1024},
    {.name = "autovacuum_vacuum_threshold", .kinds = "r", .type = OPTION_INT, .max = INT_MAX},
    {.name = "autovacuum_vacuum_insert_threshold",
     .kinds = "r",
     .type = OPTION_INT,
     .min = -1,
     .max = INT_MAX},
    {.name = "autovacuum_analyze_threshold", .kinds = "r", .type = OPTION_INT, .max = INT_MAX},
    {.name = "autovacuum_vacuum_cost_limit",
     .kinds = "r",
     .type = OPTION_INT,
     .min = 1,
     .max = 10000},
    {.name = "autovacuum_freeze_min_age", .kinds = "r", .type = OPTION_INT, .max = 1000000000},
    {.name = "autovacuum_multixact_freeze_min_age",
     .kinds = "r",
     .type = OPTION_INT,
     .max = 1000000000},
    {.name = "autovacuum_freeze_max_age",
     .kinds = "r",
     .type = OPTION_INT,
     .min = 100000,
     .max = 2000000000},
    {.name = "autovacuum_multixact_freeze_max_age",
     .kinds = "r",
     .type = OPTION_INT,
     .min = 10000,
     .max = 2000000000},
    {.name = "autovacuum_freeze_table_age", .kinds = "r", .type = OPTION_INT, .max = 2000000000},
    {.name = "autovacuum_multixact_freeze_table_age",
     .kinds = "r",
     .type = OPTION_INT,
     .max = 2000000000},
    {.name = "log_autovacuum_min_duration",
     .kinds = "r",
     .type = OPTION_INT,
     .min = -1,
     .max = INT_MAX},
    {.name = "autovacuum_vacuum_cost_delay",
     .kinds = "r",
     .type = OPTION_REAL,
     .min = 0,
     .max = 100},
    {.name = "autovacuum_vacuum_scale_factor",
     .kinds = "r",
     .type = OPTION_REAL,
     .min = 0,
     .max = 100},
    {.name = "autovacuum_vacuum_insert_scale_factor",
     .kinds = "r",
     .type = OPTION_REAL,
     .min = 0,
     .max = 100},
    {.name = "autovacuum_analyze_scale_factor",
     .kinds = "r",
     .type = OPTION_REAL,
     .min = 0,
     .max = 100},
    {.name = "vacuum_index_cleanup",
     .kinds = "r",
     .type = OPTION_ENUM,
     .values = "|auto|on|off|true|false|yes|no|1|0|",
     .detail = "Valid values are \"on\", \"off\", and \"auto\"."},
    {.name = "n_distinct", .kinds = "a", .type = OPTION_REAL, .min = -1, .max = DBL_MAX},
    {.name = "n_distinct_inherited", .kinds = "a", .type = OPTION_REAL, .min = -1, .max = DBL_MAX},
    {.name = "security_barrier", .kinds = "v", .type = OPTION_BOOL},
    {.name = "security_invoker", .kinds = "v", .type = OPTION_BOOL},
    {.name = "check_option",
     .kinds = "v",
     .type = OPTION_ENUM,
     .values = "|local|cascaded|",
     .detail = "Valid values are \"local\" and \"cascaded\"."},
};

static const Option *option_find(char kind, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        if (strchr(OPTIONS[i].kinds, kind) != NULL && strcmp(OPTIONS[i].name, name) == 0) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

/* option_is_bool - a boolean as settings have it: any beginning of its words that is clear. */
static bool option_is_bool(const char *text)
{
    static const char *const WORDS[] = {"true", "false", "yes", "no", "on", "off"};
    size_t n = strlen(text);
    if (strcmp(text, "1") == 0 || strcmp(text, "0") == 0) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(WORDS) && n > 0; i++) {
        bool clear = WORDS[i][0] != 'o' || n > 1;
        if (clear && n <= strlen(WORDS[i]) && strncasecmp(WORDS[i], text, n) == 0) {
            return true;
        }
    }
    return false;
}

static Status option_out_of_bounds(Cx *cx, const Option *o, const char *value)
{
    st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                      "value %s out of bounds for option \"%s\"", value, o->name));
    return o->type == OPTION_INT
               ? err_detail(cx, "Valid values are between \"%d\" and \"%d\".", (int)o->min,
                            (int)o->max)
               : err_detail(cx, "Valid values are between \"%f\" and \"%f\".", o->min, o->max);
}

/* option_check - the value is one the option may have. 22023. */
static Status option_check(Cx *cx, const Option *o, const char *value)
{
    static const char *const TYPES[] = {[OPTION_BOOL] = "boolean option",
                                        [OPTION_INT] = "integer option",
                                        [OPTION_REAL] = "floating point option",
                                        [OPTION_ENUM] = "enum option"};
    char *end = NULL;
    bool good = false;
    double number = 0;
    errno = 0;
    if (o->type == OPTION_BOOL) {
        good = option_is_bool(value);
    } else if (o->type == OPTION_ENUM) {
        char word[64];
        size_t n = strlen(value);
        if (n + 3 < sizeof(word) && strchr(value, '|') == NULL) {
            word[0] = '|';
            for (size_t i = 0; i < n; i++) {
                word[i + 1] = (char)tolower((unsigned char)value[i]);
            }
            word[n + 1] = '|';
            word[n + 2] = '\0';
            good = n > 0 && strstr(o->values, word) != NULL;
        }
    } else {
        number = strtod(value, &end);
        good = end != value && *end == '\0' && errno == 0 &&
               (o->type == OPTION_REAL || (number >= INT_MIN && number <= INT_MAX));
    }
    if (!good) {
        Status st = err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for %s \"%s\": %s",
                            TYPES[o->type], o->name, value);
        return o->type == OPTION_ENUM ? err_detail(cx, "%s", o->detail) : st;
    }
    bool bounded = o->type == OPTION_INT || o->type == OPTION_REAL;
    return bounded && (number < o->min || number > o->max) ? option_out_of_bounds(cx, o, value)
                                                           : ST_OK;
}

/* OptionList - "name=value" texts in order. */
typedef struct OptionList {
    Arena *arena;
    const char **items;
    uint32_t count;
} OptionList;

static void option_list_add(OptionList *l, const char *item)
{
    l->items = arena_grow(l->arena, l->items, l->count * sizeof(const char *),
                          (l->count + 1) * sizeof(const char *));
    l->items[l->count++] = item;
}

/* option_list_read - the elements of reloptions; none of them needs quotes. */
static void option_list_read(OptionList *l, const char *text)
{
    const char *p = text != NULL && text[0] == '{' ? text + 1 : "";
    while (*p != '\0' && *p != '}') {
        size_t n = strcspn(p, ",}");
        option_list_add(l, arena_strndup(l->arena, p, n));
        p += n + (p[n] == ',' ? 1 : 0);
    }
}

static void option_list_remove(OptionList *l, const char *name)
{
    size_t n = strlen(name);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        if (strncmp(l->items[i], name, n) != 0 || l->items[i][n] != '=') {
            l->items[kept++] = l->items[i];
        }
    }
    l->count = kept;
}

Status ddl_options(Cx *cx, DdlCx *d, const DdlOptions *o, const char **text_out)
{
    OptionList list = {.arena = d->arena};
    option_list_read(&list, o->old);
    for (size_t i = 0; i < o->count; i++) {
        const PgQuery__DefElem *e = o->list[i]->def_elem;
        const char *space = e->defnamespace;
        if (space != NULL && space[0] != '\0') {
            if (strcmp(space, "toast") != 0 || o->kind != 'r') {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                               "unrecognized parameter namespace \"%s\"", space);
            }
            continue; /* of the values out of line: there is nothing they steer */
        }
        if (o->reset && e->arg != NULL) {
            return err_set(cx, ERRCODE_SYNTAX_ERROR,
                           "RESET must not include values for parameters");
        }
        option_list_remove(&list, e->defname);
        if (o->reset) {
            continue;
        }
        const char *value = ddl_option_value(d->arena, e->arg);
        const Option *known = option_find(o->kind, e->defname);
        if (known == NULL) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized parameter \"%s\"",
                           e->defname);
        }
        TRY(option_check(cx, known, value));
        option_list_add(&list, arena_printf(d->arena, "%s=%s", e->defname, value));
    }
    *text_out = NULL;
    for (uint32_t i = 0; i < list.count; i++) {
        *text_out = arena_printf(d->arena, "%s%s%s", i == 0 ? "{" : *text_out, i == 0 ? "" : ",",
                                 list.items[i]);
    }
    *text_out = *text_out != NULL ? arena_printf(d->arena, "%s}", *text_out) : NULL;
    return ST_OK;
}

Status ddl_rel_options(Cx *cx, DdlCx *d, char kind, PgQuery__Node *const *options, size_t count,
                       const char **text_out)
{
    DdlOptions o = {.kind = kind, .list = options, .count = count};
    return ddl_options(cx, d, &o, text_out);
}
