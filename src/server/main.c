/*
 * main.c - the command line.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server_internal.h"
#include "txn/prepare.h"

#define SETTINGS_MAX 256

static int usage(void)
{
    (void)fprintf(
        stderr,
        "usage: dassie serve FILE [--listen HOST:PORT] [--socket-dir DIR] [--password-file F]\n"
        "                         [--set NAME=VALUE ...]\n"
        "       dassie psql FILE [psql arguments]\n"
        "       dassie check FILE [--json] [--reclaim]\n"
        "       dassie dump-wal FILE [--summary] [--json] [--from LSN] [--to LSN] [--tree N]\n"
        "                       [--xid N] [--page N] [--kind NAME,...]\n"
        "       dassie dump-page FILE PAGE|--tree N [--json] [--bytes]\n"
        "       dassie version\n");
    return 2;
}

int main_fail(const Err *err)
{
    char state[6];
    sqlstate_text(err->sqlstate, state);
    (void)fprintf(stderr, "dassie: %s (%s)\n", err->message, state);
    if (err->detail[0] != '\0') {
        (void)fprintf(stderr, "  %s\n", err->detail);
    }
    if (err->hint[0] != '\0') {
        (void)fprintf(stderr, "  %s\n", err->hint);
    }
    return 1;
}

/* parse_listen - HOST:PORT, :PORT, HOST, PORT or none. */
static bool parse_listen(char *text, ServerOptions *o)
{
    char *colon = strrchr(text, ':');
    if (strcmp(text, "none") == 0) {
        o->listen_host = NULL;
        return true;
    }
    const char *port = colon != NULL                                ? colon + 1
                       : strspn(text, "0123456789") == strlen(text) ? text
                                                                    : NULL;
    if (colon != NULL) {
        *colon = '\0';
    }
    if (port != text && text[0] != '\0') {
        o->listen_host = text[0] == '[' ? text + 1 : text;
        text[strcspn(text, "]")] = '\0';
    }
    if (port != NULL) {
        char *end;
        unsigned long n = strtoul(port, &end, 10);
        if (*end != '\0' || n == 0 || n > 65535) {
            return false;
        }
        o->port = (uint16_t)n;
    }
    return true;
}

/* parse_serve - options after FILE; false for a wrong one. */
static bool parse_serve(int argc, char **argv, ServerOptions *o, const char **names,
                        const char **values)
{
    for (int i = 0; i < argc; i++) {
        char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--quiet") == 0) {
            o->quiet = true;
            continue;
        }
        if (value == NULL) {
            return false;
        }
        i++;
        if (strcmp(argv[i - 1], "--listen") == 0) {
            if (!parse_listen(value, o)) {
                return false;
            }
        } else if (strcmp(argv[i - 1], "--socket-dir") == 0) {
            o->socket_dir = strcmp(value, "none") == 0 ? NULL : value;
        } else if (strcmp(argv[i - 1], "--password-file") == 0) {
            o->password_file = value;
        } else if (strcmp(argv[i - 1], "--set") == 0 && strchr(value, '=') != NULL &&
                   o->set_count < SETTINGS_MAX) {
            char *eq = strchr(value, '=');
            *eq = '\0';
            names[o->set_count] = value;
            values[o->set_count++] = eq + 1;
        } else {
            return false;
        }
    }
    o->set_names = names;
    o->set_values = values;
    return true;
}

typedef struct StopThread {
    Server *server;
    sigset_t signals;
} StopThread;

/* stop_main - waits for SIGTERM or SIGINT and asks the server to end. SIGHUP, by which PostgreSQL
 * reads its configuration files again, ends nothing. */
static void stop_main(void *arg)
{
    StopThread *t = arg;
    int sig;
    do {
        (void)sigwait(&t->signals, &sig);
        if (sig == SIGHUP) {
            log_line(LOG_INFO, "received SIGHUP; there are no configuration files to read");
        }
    } while (sig == SIGHUP);
    server_stop(t->server);
}

/* wants_supervisor - the setting restart_after_crash, as it is given on the command line. */
static bool wants_supervisor(const ServerOptions *o)
{
    bool on = true;
    for (uint32_t i = 0; i < o->set_count; i++) {
        if (strcasecmp(o->set_names[i], "restart_after_crash") == 0) {
            (void)setting_parse_bool(o->set_values[i], &on);
        }
    }
    return on;
}

/* exit_in_midst - a library has called exit() while the server serves, as libpg_query does when it
 * gets no memory: an end as by a signal, so that the supervisor starts the server again. */
static void exit_in_midst(int code, void *arg)
{
    const volatile sig_atomic_t *serving = arg;
    if (*serving != 0) {
        log_line(LOG_FATAL, "a library ended the process with exit code %d", code);
        abort();
    }
}

/* command_serve - `dassie serve`: runs until SIGTERM or SIGINT; signals are blocked first so that
 * every thread inherits it. */
static int command_serve(int argc, char **argv)
{
    static const char *names[SETTINGS_MAX], *values[SETTINGS_MAX];
    static volatile sig_atomic_t
        serving; /* of the process: exit() tells its handlers nothing more */
    ServerOptions options;
    Err err = {0};
    Arena arena;
    StopThread stop = {0};
    OsThread *thread;
    Server *server;
    server_options_default(&options);
    if (argc < 1 || argv[0][0] == '-' ||
        !parse_serve(argc - 1, argv + 1, &options, names, values)) {
        return usage();
    }
    options.file = argv[0];
    if (wants_supervisor(&options)) {
        int exit_code;
        if (!server_supervise(&options, &exit_code)) {
            return exit_code;
        }
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file past the process's limit is a full disk: 53100 */
    (void)sigemptyset(&stop.signals);
    (void)sigaddset(&stop.signals, SIGTERM);
    (void)sigaddset(&stop.signals, SIGINT);
    (void)sigaddset(&stop.signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &stop.signals, NULL);
    arena_init(&arena, NULL, "main", 0);
    Cx cx = {.err = &err, .arena = &arena};
    Os *os = os_posix_create();
    Status st = server_create(&cx, os, &options, &server);
    if (st == ST_OK) {
        stop.server = server;
        st = os_thread_create(&cx, os, "signals", stop_main, &stop, &thread);
        if (st == ST_OK) {
            serving = 1;
            (void)on_exit(exit_in_midst, (void *)&serving);
            st = server_run(&cx, server);
            serving = 0;
            (void)kill(getpid(), SIGTERM); /* the thread ends, if no signal has ended it */
            os_thread_join(thread);
        }
    }
    Err first = err;
    Status closed = server_free(&cx, server);
    os_posix_free(os);
    arena_release(&arena);
    if (st != ST_OK) {
        return main_fail(&first);
    }
    return closed == ST_OK ? 0 : main_fail(&err);
}

/* command_dump - one of the two dump commands. */
static int command_dump(Status (*run)(Cx *, int, char **, bool *), int argc, char **argv)
{
    Err err = {0};
    Arena arena;
    bool wrong;
    arena_init(&arena, NULL, "dump", 0);
    Cx cx = {.err = &err, .arena = &arena};
    Status st = run(&cx, argc, argv, &wrong);
    arena_release(&arena);
    return wrong ? usage() : st == ST_OK ? 0 : main_fail(&err);
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "serve") == 0) {
        return command_serve(argc - 2, argv + 2);
    }
    if (argc >= 2 && strcmp(argv[1], "psql") == 0) {
        return psql_command(argc - 2, argv + 2);
    }
    if (argc >= 2 && strcmp(argv[1], "check") == 0) {
        int code = check_command(argc - 2, argv + 2);
        return code >= 0 ? code : usage();
    }
    if (argc >= 2 && strcmp(argv[1], "dump-wal") == 0) {
        return command_dump(dump_wal_command, argc - 2, argv + 2);
    }
    if (argc >= 2 && strcmp(argv[1], "dump-page") == 0) {
        return command_dump(dump_page_command, argc - 2, argv + 2);
    }
    if (argc >= 2 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0)) {
        (void)printf("dassie %s (PostgreSQL 15 compatible)\n", DASSIE_VERSION);
        return 0;
    }
    return usage();
}
