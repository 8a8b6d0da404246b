/*
 * psql.c - the command "psql FILE": psql on a file, through the server that serves it or a private
 * one that ends with it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/server_internal.h"

#define PRIVATE_PORT 5432
#define WAIT_TURNS   1000
#define WAIT_TURN_US 10000

/* exec_psql - become psql; returns only on failure. */
static void exec_psql(const char *dir, unsigned port, int argc, char **argv)
{
    char port_text[16];
    char **args = mem_zalloc("psql", sizeof(char *) * (size_t)(argc + 10));
    int n = 0;
    (void)snprintf(port_text, sizeof(port_text), "%u", port);
    args[n++] = (char[]){"psql"};
    args[n++] = (char[]){"-h"};
    args[n++] = (char *)(uintptr_t)dir;
    args[n++] = (char[]){"-p"};
    args[n++] = port_text;
    args[n++] = (char[]){"-U"};
    args[n++] = (char[]){"postgres"};
    for (int i = 0; i < argc; i++) {
        args[n++] = argv[i];
    }
    (void)setenv("PGDATABASE", "postgres", 0);
    (void)execvp("psql", args);
    (void)fprintf(stderr, "dassie: could not start psql: %s\n", strerror(errno));
}

/* wait_for_socket - until the private server listens; false when it ended or needs too long. */
static bool wait_for_socket(const char *path, pid_t server)
{
    Os *os = os_posix_create();
    bool there = false, ended = false;
    for (int i = 0; i < WAIT_TURNS && !there && !ended; i++) {
        struct stat sb;
        there = stat(path, &sb) == 0;
        ended = !there && waitpid(server, NULL, WNOHANG) == server;
        if (!there && !ended) {
            os_sleep_us(os, WAIT_TURN_US);
        }
    }
    os_posix_free(os);
    return there;
}

int psql_command(int argc, char **argv)
{
    char dir[SERVER_PATH_MAX], socket_path[SERVER_PATH_MAX + 32], exe[SERVER_PATH_MAX];
    int pid, status = 1;
    unsigned port;
    if (argc < 1) {
        (void)fprintf(stderr, "usage: dassie psql FILE [psql arguments]\n");
        return 2;
    }
    if (runfile_read(argv[0], &pid, dir, sizeof(dir), &port) && kill(pid, 0) == 0) {
        exec_psql(dir, port, argc - 1, argv + 1);
        return 1;
    }
    (void)snprintf(dir, sizeof(dir), "/tmp/dassie-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        (void)fprintf(stderr, "dassie: could not make a directory for the socket: %s\n",
                      strerror(errno));
        return 1;
    }
    (void)snprintf(socket_path, sizeof(socket_path), "%s/.s.PGSQL.%d", dir, PRIVATE_PORT);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[MAX(n, 0)] = '\0';
    pid_t server = fork();
    if (server == 0) {
        (void)setpgid(0, 0); /* Ctrl-C in psql is not for the server */
        /* Its log goes to the user's terminal: only what is wrong. */
        (void)execl(exe, exe, "serve", argv[0], "--listen", "none", "--socket-dir", dir, "--quiet",
                    "--set", "log_checkpoints=off", (char *)NULL);
        _exit(127);
    }
    if (server > 0 && wait_for_socket(socket_path, server)) {
        pid_t client = fork();
        if (client == 0) {
            exec_psql(dir, PRIVATE_PORT, argc - 1, argv + 1);
            _exit(127);
        }
        (void)signal(SIGINT, SIG_IGN);
        (void)waitpid(client, &status, 0);
        (void)kill(server, SIGTERM);
        (void)waitpid(server, NULL, 0);
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    } else {
        (void)fprintf(stderr, "dassie: the private server did not start\n");
    }
    (void)rmdir(dir);
    return status;
}
