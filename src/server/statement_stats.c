/*
 * statement_stats.c - how often each statement ran, how long it took, how many rows it gave: what
 * the extension pg_stat_statements shows.
 *
 * Statements are counted by user, database and their text with $n for literals. Nothing is counted
 * until some database of the file has the extension; what was counted is kept in memory only. When
 * there is no room, the statements that ran least often go.
 * Locking: StatementStats.mutex guards everything but `on`.
 */
#include <math.h>
#include <stdlib.h>

#include "catalog/acl.h"
#include "catalog/catalog_data.h"
#include "server/server_internal.h"

#define RANK_STATEMENT_STATS 13
#define STATEMENTS_MAX       5000u
#define STATEMENT_TEXT_MAX   (64u * 1024)

typedef struct StatementKey {
    Oid user, database;
    int64_t query_id;
} StatementKey;

typedef struct StatementStat {
    StatementKey key;
    char *text;
    int64_t calls, rows;
    double total_ms, min_ms, max_ms, mean_ms, spread; /* spread: sum of squared distances */
} StatementStat;

struct StatementStats {
    _Atomic bool on;
    OsMutex mutex;
    Map entries; /* StatementKey -> StatementStat */
    int64_t dealloc, reset_us;
};

struct StatementStats *statement_stats_create(int64_t now_us)
{
    struct StatementStats *st = mem_zalloc("statement statistics", sizeof(*st));
    os_mutex_init(&st->mutex, "statement statistics", RANK_STATEMENT_STATS);
    map_init(&st->entries);
    st->reset_us = now_us;
    return st;
}

static void stat_free(StatementStat *s)
{
    mem_free(s->text);
    mem_free(s);
}

void statement_stats_free(struct StatementStats *st)
{
    MapSlot slot;
    for (uint32_t pos = 0; map_next(&st->entries, &pos, &slot);) {
        stat_free(slot.value);
    }
    map_release(&st->entries);
    mem_free(st);
}

void statement_stats_on(Server *srv)
{
    atomic_store(&srv->statement_stats->on, true);
}

/* stats_found - CatRowFn: a database has the extension. */
static Status stats_found(void *arg, Cx *cx, const CatRow *row)
{
    (void)cx, (void)row;
    statement_stats_on(arg);
    return ST_OK;
}

Status statement_stats_start(Cx *cx, Server *srv)
{
    static const uint16_t COLUMN = PG_EXTENSION_EXTNAME;
    Datum name = {.str = str_ref("pg_stat_statements", 18)};
    Arena arena;
    CatView v;
    Oid *databases;
    uint32_t count = 0;
    arena_init(&arena, NULL, "statement statistics", 0);
    cat_view_init(&v, srv->catalog);
    Status st = server_databases(cx, srv, &arena, &databases, &count);
    for (uint32_t i = 0; i < count && st == ST_OK; i++) {
        v.database = databases[i];
        st = cat_rows_each(cx, &v, CAT_PG_EXTENSION, &COLUMN, &name, 1, stats_found, srv);
    }
    cat_view_release_pins(&v);
    arena_release(&arena);
    return st;
}

/* ---- counting ---- */

bool statement_stats_wanted(const Session *s)
{
    return UNLIKELY(atomic_load_explicit(&s->server->statement_stats->on, memory_order_relaxed));
}

static int stat_by_calls(const void *a, const void *b)
{
    const StatementStat *x = *(StatementStat *const *)a, *y = *(StatementStat *const *)b;
    return (x->calls > y->calls) - (x->calls < y->calls);
}

/* stats_make_room - a twentieth of the statements goes, those that ran least often. */
static void stats_make_room(struct StatementStats *st)
{
    StatementStat **list = mem_alloc("statement statistics", st->entries.count * sizeof(*list));
    MapSlot slot;
    uint32_t n = 0;
    for (uint32_t pos = 0; map_next(&st->entries, &pos, &slot);) {
        list[n++] = slot.value;
    }
    qsort(list, n, sizeof(*list), stat_by_calls);
    for (uint32_t i = 0; i < n / 20 + 1 && i < n; i++) {
        (void)map_remove(&st->entries, &list[i]->key, sizeof(StatementKey));
        stat_free(list[i]);
    }
    st->dealloc++;
    mem_free(list);
}

static StatementStat *stats_entry(struct StatementStats *st, const StatementKey *key,
                                  const Buf *text)
{
    StatementStat *e = map_get(&st->entries, key, sizeof(*key));
    if (e != NULL) {
        return e;
    }
    if (st->entries.count >= STATEMENTS_MAX) {
        stats_make_room(st);
    }
    e = mem_zalloc("statement statistics", sizeof(*e));
    e->key = *key;
    e->text = mem_alloc("statement statistics", text->len + 1);
    if (text->len != 0) {
        memcpy(e->text, text->data, text->len);
    }
    e->text[text->len] = '\0';
    (void)map_put(&st->entries, &e->key, sizeof(StatementKey), e);
    return e;
}

void statement_stats_add(Session *s, Slice sql, int64_t took_us, uint64_t rows)
{
    struct StatementStats *st = s->server->statement_stats;
    Buf text;
    while (sql.len != 0 && strchr(" \t\r\n;", sql.ptr[sql.len - 1]) != NULL) {
        sql.len--;
    }
    while (sql.len != 0 && strchr(" \t\r\n", sql.ptr[0]) != NULL) {
        sql.ptr++;
        sql.len--;
    }
    if (sql.len == 0 || sql.len > STATEMENT_TEXT_MAX) {
        return;
    }
    buf_init(&text, STATEMENT_TEXT_MAX * 2);
    parse_normal_text(sql, &text);
    StatementKey key;
    memset(&key, 0, sizeof(key));
    key.user = s->view.user;
    key.database = s->view.database;
    key.query_id = (int64_t)hash_bytes(text.data, text.len, 0);
    double ms = (double)took_us / 1000.0;
    os_mutex_lock(s->server->os, &st->mutex);
    StatementStat *e = stats_entry(st, &key, &text);
    e->calls++;
    e->rows += (int64_t)rows;
    e->total_ms += ms;
    e->min_ms = e->calls == 1 ? ms : MIN(e->min_ms, ms);
    e->max_ms = MAX(e->max_ms, ms);
    double before = e->mean_ms;
    e->mean_ms += (ms - before) / (double)e->calls;
    e->spread += (ms - before) * (ms - e->mean_ms);
    os_mutex_unlock(s->server->os, &st->mutex);
    buf_release(&text);
}

/* ---- asking ---- */

/* stats_all - may the session see the statements of others? Not when that cannot be told. */
static bool stats_all(Session *s)
{
    bool all;
    return cat_role_inherits(&s->cx, &s->view, s->view.user, ROLE_PG_READ_ALL_STATS, &all) ==
               ST_OK &&
           all;
}

void func_statement_stats(void *arg, Arena *arena, FuncStatement **out, uint32_t *count_out)
{
    Session *s = arg;
    struct StatementStats *st = s->server->statement_stats;
    bool all = stats_all(s);
    MapSlot slot;
    os_mutex_lock(s->server->os, &st->mutex);
    FuncStatement *list = ARENA_ARRAY(arena, FuncStatement, st->entries.count + 1u);
    uint32_t n = 0;
    for (uint32_t pos = 0; map_next(&st->entries, &pos, &slot); n++) {
        const StatementStat *e = slot.value;
        bool own = all || e->key.user == s->view.user;
        list[n] = (FuncStatement){
            .user = e->key.user,
            .database = e->key.database,
            .query_id = own ? e->key.query_id : 0,
            .text = own ? arena_strdup(arena, e->text) : NULL,
            .calls = e->calls,
            .rows = e->rows,
            .total_ms = e->total_ms,
            .min_ms = e->min_ms,
            .max_ms = e->max_ms,
            .mean_ms = e->mean_ms,
            .stddev_ms = e->calls > 1 ? sqrt(e->spread / (double)e->calls) : 0,
        };
    }
    os_mutex_unlock(s->server->os, &st->mutex);
    *out = list;
    *count_out = n;
}

void func_statement_info(void *arg, int64_t *dealloc_out, int64_t *reset_us_out)
{
    Session *s = arg;
    struct StatementStats *st = s->server->statement_stats;
    os_mutex_lock(s->server->os, &st->mutex);
    *dealloc_out = st->dealloc;
    *reset_us_out = st->reset_us;
    os_mutex_unlock(s->server->os, &st->mutex);
}

void func_statement_reset(void *arg, Oid user, Oid database, int64_t query_id)
{
    Session *s = arg;
    struct StatementStats *st = s->server->statement_stats;
    MapSlot slot;
    os_mutex_lock(s->server->os, &st->mutex);
    StatementStat **gone =
        mem_alloc("statement statistics", (st->entries.count + 1u) * sizeof(StatementStat *));
    uint32_t n = 0;
    for (uint32_t pos = 0; map_next(&st->entries, &pos, &slot);) {
        StatementStat *e = slot.value;
        if ((user == 0 || e->key.user == user) && (database == 0 || e->key.database == database) &&
            (query_id == 0 || e->key.query_id == query_id)) {
            gone[n++] = e;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        (void)map_remove(&st->entries, &gone[i]->key, sizeof(StatementKey));
        stat_free(gone[i]);
    }
    if (user == 0 && database == 0 && query_id == 0) {
        st->dealloc = 0;
        st->reset_us = os_now_us(s->server->os) - UNIX_TO_PG_EPOCH_US;
    }
    os_mutex_unlock(s->server->os, &st->mutex);
    mem_free(gone);
}
