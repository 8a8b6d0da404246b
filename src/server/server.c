/*
 * server.c - putting a server together and taking it apart.
 */
#include "server/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "ddl/ddl.h"
#include "server/server_internal.h"
#include "txn/prepare.h"

#define RANK_SERVER 10
#define RANK_NOTIFY 14  /* held over a commit */
#define RANK_SPARES 950 /* a read from the disk takes it, whatever is held */

void server_options_default(ServerOptions *o)
{
    *o = (ServerOptions){.listen_host = "127.0.0.1", .port = 5432, .socket_dir = "/tmp"};
}

static uint64_t setting_bytes(Server *srv, const char *name, uint64_t unit)
{
    return strtoull(server_setting(srv, name), NULL, 10) * unit;
}

/* engine_options - from the settings; shared_buffers defaults to a quarter of the memory this
 * process may use. */
static void engine_options(Server *srv, EngineOptions *o)
{
    engine_options_default(o);
    bool given = false, sync = true;
    for (SettingValue *v = srv->settings; v != NULL; v = v->next) {
        given |= strcmp(v->name, "shared_buffers") == 0;
    }
    o->store.pool_bytes =
        given ? setting_bytes(srv, "shared_buffers", 8192) : os_memory_bytes() / 4;
    /* A server told to be small keeps little of the log in memory, too. */
    o->wal.resident_bytes =
        MIN(o->wal.resident_bytes, MAX(o->store.pool_bytes, (uint64_t)16 << 20));
    o->wal.resident_max_bytes = MIN(o->wal.resident_max_bytes, o->store.pool_bytes);
    (void)setting_parse_bool(server_setting(srv, "fsync"), &sync);
    o->store.sync = o->wal.sync = sync;
    o->max_wal_bytes = setting_bytes(srv, "max_wal_size", (uint64_t)1 << 20);
    o->checkpoint_us = strtoll(server_setting(srv, "checkpoint_timeout"), NULL, 10) * 1000000;
    o->checkpoint_share = strtod(server_setting(srv, "checkpoint_completion_target"), NULL);
    (void)setting_parse_bool(server_setting(srv, "log_checkpoints"), &o->log_checkpoints);
    o->create = true;
    o->background = true;
    o->build_bytes = setting_bytes(srv, "maintenance_work_mem", 1024);
    o->progress_us = strtoll(server_setting(srv, "log_startup_progress_interval"), NULL, 10) * 1000;
    o->max_wal_retained = setting_bytes(srv, "max_wal_retained", (uint64_t)1 << 20);
    o->on_flush = poller_on_flush;
    o->on_retained = server_end_idle;
    o->on_flush_arg = srv;
}

/* role_password - set the password of the first role in a new file. */
static Status role_password(Cx *cx, Server *srv, const char *password)
{
    uint8_t salt[16];
    char verifier[256];
    Arena arena;
    os_random(srv->os, salt, sizeof(salt));
    scram_make_verifier(password, salt, verifier, sizeof(verifier));
    arena_init(&arena, NULL, "password", 0);
    Status st = catalog_set_password(cx, srv->catalog, &arena, "postgres", verifier);
    arena_release(&arena);
    return st;
}

static Status password_from_file(Cx *cx, const char *path, char *out, size_t size)
{
    if (!server_read_text(path, out, size) || out[0] == '\0') {
        return err_set(cx, ERRCODE_UNDEFINED_FILE, "could not read the password file \"%s\"", path);
    }
    out[strcspn(out, "\r\n")] = '\0';
    return ST_OK;
}

/* first_password - a new file's role postgres gets the given password, or one made up and said
 * once. */
static Status first_password(Cx *cx, Server *srv)
{
    static const char ALPHABET[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    char password[256];
    const char *env = getenv("DASSIE_PASSWORD");
    if (srv->options.password_file != NULL) {
        TRY(password_from_file(cx, srv->options.password_file, password, sizeof(password)));
    } else if (env != NULL && env[0] != '\0') {
        (void)snprintf(password, sizeof(password), "%s", env);
    } else {
        uint8_t bytes[20];
        os_random(srv->os, bytes, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes); i++) {
            password[i] = ALPHABET[bytes[i] % (sizeof(ALPHABET) - 1)];
        }
        password[sizeof(bytes)] = '\0';
        if (!srv->options.quiet) {
            (void)fprintf(stderr, "password of role postgres (shown this once): %s\n", password);
        }
    }
    return role_password(cx, srv, password);
}

/* server_init_settings - options of the command line become settings, --set over them, then the
 * server's own copies are read back. */
static Status server_init_settings(Cx *cx, Server *srv)
{
    const ServerOptions *o = &srv->options;
    char port[16];
    (void)snprintf(port, sizeof(port), "%u", o->port);
    TRY(server_setting_set(cx, srv, "port", port));
    TRY(server_setting_set(cx, srv, "listen_addresses",
                           o->listen_host != NULL ? o->listen_host : ""));
    TRY(server_setting_set(cx, srv, "unix_socket_directories",
                           o->socket_dir != NULL ? o->socket_dir : ""));
    for (uint32_t i = 0; i < o->set_count; i++) {
        TRY(server_setting_set(cx, srv, o->set_names[i], o->set_values[i]));
    }
    /* The settings of these names mean the same as the options. */
    srv->options.port = (uint16_t)strtoul(server_setting(srv, "port"), NULL, 10);
    const char *host = server_setting(srv, "listen_addresses"),
               *dir = server_setting(srv, "unix_socket_directories");
    srv->options.listen_host = host[0] != '\0' ? arena_strdup(&srv->arena, host) : NULL;
    srv->options.socket_dir = dir[0] != '\0' ? arena_strdup(&srv->arena, dir) : NULL;
    srv->activity_bytes =
        (uint32_t)strtoul(server_setting(srv, "track_activity_query_size"), NULL, 10);
    srv->max_connections = (uint32_t)strtoul(server_setting(srv, "max_connections"), NULL, 10);
    srv->authentication_timeout_us =
        strtoll(server_setting(srv, "authentication_timeout"), NULL, 10) * 1000000;
    return ST_OK;
}

/* sweep_temporary - what sessions before a crash left goes, in every database. */
static void sweep_temporary(Cx *cx, Server *srv)
{
    Arena arena;
    Oid *databases;
    uint32_t count = 0;
    arena_init(&arena, NULL, "temporary objects", 0);
    Status st = server_databases(cx, srv, &arena, &databases, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        st = ddl_temp_sweep(cx, srv->engine, srv->catalog, databases[i]);
    }
    if (st != ST_OK) {
        log_line(LOG_WARNING, "temporary objects of earlier sessions are left: %s",
                 cx->err->message);
        err_clear(cx);
    }
    arena_release(&arena);
}

Status server_create(Cx *cx, Os *os, const ServerOptions *o, Server **server_out)
{
    EngineOptions engine;
    Server *srv = mem_zalloc("server", sizeof(*srv));
    *server_out = NULL;
    srv->os = os;
    srv->options = *o;
    srv->tcp_fd = srv->unix_fd = srv->stop_fd = -1;
    srv->start_us = os_now_us(os);
    arena_init(&srv->arena, NULL, "server", 0);
    os_mutex_init(&srv->mutex, "server", RANK_SERVER);
    os_mutex_init(&srv->spares_mutex, "spare workers", RANK_SPARES);
    list_init(&srv->sessions);
    list_init(&srv->spares);
    map_init(&srv->sessions_by_pid);
    os_mutex_init(&srv->notify_mutex, "notify", RANK_NOTIFY);
    map_init(&srv->channels);
    os_random(os, srv->secret, sizeof(srv->secret));
    srv->plan_cache = plan_cache_create();
    srv->statement_stats = statement_stats_create(srv->start_us - UNIX_TO_PG_EPOCH_US);
    *server_out = srv;
    TRY(server_init_settings(cx, srv));
    TRY(tls_server_start(cx, srv));
    TRY(hba_load(cx, srv));
    engine_options(srv, &engine);
    TRY(server_open_engine(cx, os, o->file, o->supervisor_pid, &engine, &srv->engine));
    txnsys_set_max_prepared(
        srv->engine->txns,
        (uint32_t)strtoul(server_setting(srv, "max_prepared_transactions"), NULL, 10));
    TRY(catalog_open(cx, srv->engine, &srv->catalog));
    catalog_set_index_compute(srv->catalog, exec_index_compute);
    TRY(statement_stats_start(cx, srv));
    sweep_temporary(cx, srv);
    if (srv->engine->created) {
        TRY(first_password(cx, srv));
    }
    return ST_OK;
}

/* server_announce - the one line that says the server is ready and how to reach it. */
static void server_announce(const Server *srv)
{
    const ServerOptions *o = &srv->options;
    if (o->restarts != 0) {
        log_line(LOG_INFO, "the server is ready again");
    }
    if (o->quiet || o->restarts != 0) {
        return;
    }
    if (o->socket_dir != NULL) {
        (void)printf("dassie is ready: psql -h %s -p %u -U postgres", o->socket_dir, o->port);
    } else {
        (void)printf("dassie is ready: psql -h %s -p %u -U postgres", o->listen_host, o->port);
    }
    if (o->listen_host != NULL) {
        (void)printf("   (also postgresql://postgres@%s:%u/postgres)", o->listen_host, o->port);
    }
    (void)printf("\n");
    (void)fflush(stdout);
}

Status server_run(Cx *cx, Server *srv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    TRY(server_listen(cx, srv));
    TRY(pollers_start(cx, srv, (uint32_t)MAX(cores, 1L)));
    TRY(runfile_write(cx, srv));
    server_announce(srv);
    server_accept_loop(srv);
    return ST_OK;
}

void server_stop(Server *srv)
{
    uint64_t one = 1;
    atomic_store(&srv->stopping, true);
    ssize_t n = write(srv->stop_fd, &one, sizeof(one));
    (void)n;
}

/* sessions_end - after the workers are gone: roll back and close what is left. */
static void sessions_end(Server *srv)
{
    while (!list_empty(&srv->sessions)) {
        Session *s = LIST_ITEM(srv->sessions.next, Session, link);
        s->worker = NULL;
        session_say_goodbye(s);
        session_close(s);
        session_free(s);
    }
}

Status server_free(Cx *cx, Server *srv)
{
    Status st = ST_OK;
    atomic_store(&srv->stopping, true);
    os_mutex_lock(srv->os, &srv->mutex);
    LIST_FOREACH (n, &srv->sessions) {
        atomic_fetch_or(&LIST_ITEM(n, Session, link)->cancel, CX_CANCEL_TERMINATE);
    }
    os_mutex_unlock(srv->os, &srv->mutex);
    if (srv->pollers != NULL) {
        pollers_stop(srv);
        sessions_end(srv);
    }
    server_unlisten(srv);
    runfile_remove(srv);
    plan_cache_free(srv->plan_cache);
    if (srv->catalog != NULL) {
        catalog_close(srv->catalog);
    }
    if (srv->engine != NULL) {
        st = engine_close(cx, srv->engine);
    }
    if (srv->pollers != NULL) {
        pollers_free(srv);
    }
    map_release(&srv->sessions_by_pid);
    map_release(&srv->channels);
    tls_server_end(srv);
    statement_stats_free(srv->statement_stats);
    arena_release(&srv->arena);
    while (srv->settings != NULL) {
        SettingValue *v = srv->settings;
        srv->settings = v->next;
        mem_free(v->value);
        mem_free(v);
    }
    mem_free(srv);
    return st;
}
