/*
 * list_fn.c - functions that return lists: keywords, time zones, extensions, the build; and those
 * whose list is empty because there is nothing of the kind in dassie.
 */
#include "func/func_internal.h"

#include "catalog/catalog_data.h"
#include "type/array.h"
#include "type/datetime.h"

#define UNIX_TO_PG_EPOCH_US 946684800000000LL
#define LIST_SECOND_US      1000000

/* ListRows - where a list is. */
typedef struct ListRows {
    uint32_t at;
    int64_t now; /* seconds since 1970 */
} ListRows;

static Status list_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    ListRows *r = ARENA_NEW(call->state_arena, ListRows);
    (void)args, (void)nulls, (void)count;
    r->now = call->env->xact_time_us / LIST_SECOND_US + UNIX_TO_PG_EPOCH_US / LIST_SECOND_US;
    call->state = r;
    return ST_OK;
}

static Status keywords_next(FnCall *call, Datum *cols, bool *nulls)
{
    ListRows *r = call->state;
    if (r->at == CATALOG_KEYWORDS_COUNT) {
        return ST_DONE;
    }
    const CatKeywordsRow *k = &catalog_keywords[r->at++];
    func_put(call, cols, nulls, 0, catalog_str(k->word));
    func_put(call, cols, nulls, 1, catalog_str(k->catcode));
    cols[2].b = *catalog_str(k->barelabel) == 't';
    func_put(call, cols, nulls, 3, catalog_str(k->catdesc));
    func_put(call, cols, nulls, 4, catalog_str(k->baredesc));
    return ST_OK;
}

/* ---- time zones ---- */

static void put_offset(Datum *col, int32_t east)
{
    Interval v = {.us = (int64_t)east * LIST_SECOND_US};
    memcpy(col, &v, sizeof(v));
}

/* zones_next - a zone of PostgreSQL's list that the system's tzdata has. */
static Status zones_next(FnCall *call, Datum *cols, bool *nulls)
{
    ListRows *r = call->state;
    FuncSession *fs = func_session(call);
    while (r->at < CATALOG_TIMEZONE_NAMES_COUNT) {
        const char *name = catalog_str(catalog_timezone_names[r->at++].name);
        const TimeZone *tz;
        Status st = tz_find(call->cx, fs->engine->os, call->arena, slice_of(name), &tz);
        if (st == ST_NOTFOUND) {
            continue;
        }
        TRY(st);
        TzInfo info = tz_at(tz, r->now);
        func_put(call, cols, nulls, 0, name);
        func_put(call, cols, nulls, 1, info.abbrev);
        put_offset(&cols[2], info.east);
        cols[3].b = info.dst;
        return ST_OK;
    }
    return ST_DONE;
}

/* abbrevs_next - an abbreviation; one that a zone gives its meaning to is told for now. */
static Status abbrevs_next(FnCall *call, Datum *cols, bool *nulls)
{
    ListRows *r = call->state;
    const TzAbbrev *a = tz_abbrev_at(r->at++);
    if (a == NULL) {
        return ST_DONE;
    }
    char *upper = arena_strdup(call->arena, a->name);
    for (char *p = upper; *p != '\0'; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    TzInfo info = {.east = a->east, .dst = a->dst};
    if (a->zone != NULL) {
        const TimeZone *tz;
        TRY(tz_load(call->cx, func_session(call)->engine->os, call->arena, a->zone, &tz));
        info = tz_at(tz, r->now);
    }
    func_put(call, cols, nulls, 0, upper);
    put_offset(&cols[1], info.east);
    cols[2].b = info.dst;
    return ST_OK;
}

/* ---- extensions ---- */

static Status extensions_next(FnCall *call, Datum *cols, bool *nulls)
{
    ListRows *r = call->state;
    if (r->at == CATALOG_EXTENSIONS_COUNT) {
        return ST_DONE;
    }
    const CatExtensionsRow *e = &catalog_extensions[r->at++];
    func_put(call, cols, nulls, 0, catalog_str(e->name));
    func_put(call, cols, nulls, 1, catalog_str(e->version));
    func_put(call, cols, nulls, 2, catalog_str(e->comment));
    return ST_OK;
}

static Status extension_versions_next(FnCall *call, Datum *cols, bool *nulls)
{
    ListRows *r = call->state;
    if (r->at == CATALOG_EXTENSIONS_COUNT) {
        return ST_DONE;
    }
    const CatExtensionsRow *e = &catalog_extensions[r->at++];
    func_put(call, cols, nulls, 0, catalog_str(e->name));
    func_put(call, cols, nulls, 1, catalog_str(e->version));
    cols[2].b = e->superuser != 0;
    cols[3].b = e->trusted != 0;
    cols[4].b = e->relocatable != 0;
    func_put(call, cols, nulls, 5, catalog_str(e->schema));
    nulls[6] = true; /* none requires another one yet */
    func_put(call, cols, nulls, 7, catalog_str(e->comment));
    return ST_OK;
}

/* build_next - what pg_config tells: dassie has no directories and no configure script. */
static Status build_next(FnCall *call, Datum *cols, bool *nulls)
{
    ListRows *r = call->state;
    FuncSession *fs = func_session(call);
    if (r->at++ > 0) {
        return ST_DONE;
    }
    func_put(call, cols, nulls, 0, "VERSION");
    func_put(
        call, cols, nulls, 1,
        arena_printf(call->arena, "PostgreSQL %s", fs->setting_get(fs->arg, "server_version")));
    return ST_OK;
}

/* ---- arrays ---- */

/* ElementRows - the elements of the argument, an array, one after the other. */
typedef struct ElementRows {
    ArrayList list;
    uint32_t at;
} ElementRows;

static Status elements_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    ElementRows *r = ARENA_NEW(call->state_arena, ElementRows);
    ArrayView view;
    (void)nulls, (void)count;
    r->list = array_list(call->state_arena);
    array_view(&args[0].str, &view);
    array_list_all(&r->list, &view);
    call->state = r;
    return ST_OK;
}

/* options_next - pg_options_to_table: name and value of "name=value". */
static Status options_next(FnCall *call, Datum *cols, bool *nulls)
{
    ElementRows *r = call->state;
    if (r->at == r->list.count) {
        return ST_DONE;
    }
    const Str *text = &r->list.values[r->at++].str;
    char *name = arena_strndup(call->arena, str_ptr(text), text->len);
    char *value = strchr(name, '=');
    if (value != NULL) {
        *value++ = '\0';
    }
    func_put(call, cols, nulls, 0, name);
    func_put(call, cols, nulls, 1, value);
    return ST_OK;
}

/* unrolled_next - information_schema._pg_expandarray: each element and its number, from 1. */
static Status unrolled_next(FnCall *call, Datum *cols, bool *nulls)
{
    ElementRows *r = call->state;
    if (r->at == r->list.count) {
        return ST_DONE;
    }
    nulls[0] = r->list.nulls[r->at];
    cols[0] = r->list.values[r->at];
    cols[1].i32 = (int32_t)++r->at;
    return ST_OK;
}

/* ---- what the session has ---- */

typedef struct SessionRows {
    FuncPrepared *prepared;
    FuncCursor *cursors;
    uint32_t count, at;
} SessionRows;

static Status prepared_list_begin(FnCall *call, const Datum *args, const bool *nulls,
                                  uint32_t count)
{
    SessionRows *r = ARENA_NEW(call->state_arena, SessionRows);
    FuncSession *fs = func_session(call);
    (void)args, (void)nulls, (void)count;
    call->state = r;
    fs->prepared_statements(fs->arg, call->state_arena, &r->prepared, &r->count);
    return ST_OK;
}

/* prepared_list_next - a row of pg_prepared_statements. */
static Status prepared_list_next(FnCall *call, Datum *cols, bool *nulls)
{
    enum { REGTYPE = 2206 };
    SessionRows *r = call->state;
    if (r->at == r->count) {
        return ST_DONE;
    }
    const FuncPrepared *p = &r->prepared[r->at++];
    ArrayList types = array_list(call->arena);
    for (uint32_t i = 0; i < p->type_count; i++) {
        Datum d = {.u32 = p->types[i]};
        array_list_add(&types, PHYS_I32, &d, false, false);
    }
    func_put(call, cols, nulls, 0, p->name);
    func_put(call, cols, nulls, 1, p->statement);
    cols[2].i64 = p->prepared_us;
    cols[3].str = array_build_list(&types, REGTYPE);
    cols[4].b = p->from_sql;
    nulls[5] = nulls[6] = true; /* plans are shared: which kind a run had is not counted */
    return ST_OK;
}

static Status cursors_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    SessionRows *r = ARENA_NEW(call->state_arena, SessionRows);
    FuncSession *fs = func_session(call);
    (void)args, (void)nulls, (void)count;
    call->state = r;
    fs->cursors(fs->arg, call->state_arena, &r->cursors, &r->count);
    return ST_OK;
}

static Status cursors_next(FnCall *call, Datum *cols, bool *nulls)
{
    SessionRows *r = call->state;
    if (r->at == r->count) {
        return ST_DONE;
    }
    const FuncCursor *c = &r->cursors[r->at++];
    func_put(call, cols, nulls, 0, c->name);
    func_put(call, cols, nulls, 1, c->statement);
    cols[2].b = c->holdable;
    cols[3].b = c->binary;
    cols[4].b = c->scrollable;
    cols[5].i64 = c->created_us;
    return ST_OK;
}

/* ---- what there is none of ---- */

static Status nothing_next(FnCall *call, Datum *cols, bool *nulls)
{
    (void)call, (void)cols, (void)nulls;
    return ST_DONE;
}

#define LIST_NOTHING(prosrc)                                                                       \
    {                                                                                              \
        prosrc, list_begin, nothing_next                                                           \
    }

static const SetOps SETS[] = {
    {"pg_get_keywords", list_begin, keywords_next},
    {"pg_timezone_names", list_begin, zones_next},
    {"pg_timezone_abbrevs", list_begin, abbrevs_next},
    {"pg_available_extensions", list_begin, extensions_next},
    {"pg_available_extension_versions", list_begin, extension_versions_next},
    {"pg_config", list_begin, build_next},
    {"sql:_pg_expandarray", elements_begin, unrolled_next},
    {"pg_options_to_table", elements_begin, options_next},
    {"pg_prepared_statement", prepared_list_begin, prepared_list_next},
    {"pg_cursor", cursors_begin, cursors_next},
    LIST_NOTHING("show_all_file_settings"), /* no configuration file */
    LIST_NOTHING("pg_hba_file_rules"),
    LIST_NOTHING("pg_ident_file_mappings"),
    LIST_NOTHING("pg_get_publication_tables"), /* no replication */
    LIST_NOTHING("pg_show_replication_origin_status"),
    LIST_NOTHING("pg_get_replication_slots"),
    LIST_NOTHING("pg_stat_get_wal_senders"),
    LIST_NOTHING("pg_stat_get_subscription"),
    LIST_NOTHING("pg_stat_get_recovery_prefetch"),
    LIST_NOTHING("pg_stat_get_progress_info"), /* no command tells its progress */
    LIST_NOTHING("pg_get_shmem_allocations"),  /* no shared memory */
    LIST_NOTHING("pg_listening_channels"),     /* no LISTEN */
    LIST_NOTHING("pg_partition_tree"),         /* no partitioned tables */
    LIST_NOTHING("pg_partition_ancestors"),
    LIST_NOTHING("pg_stats_ext_mcvlist_items"), /* no statistics of several columns */
};
const FuncSets FUNC_LIST_SETS = {SETS, ARRAY_LEN(SETS)};
