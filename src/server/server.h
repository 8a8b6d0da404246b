#ifndef DASSIE_SERVER_H
#define DASSIE_SERVER_H
/*
 * server.h - one server: an open engine, its catalog, listening sockets, sessions and the workers
 * that run them.
 *
 * Life cycle: server_create opens the file, server_run listens and serves until server_stop (from a
 * signal thread), server_free closes cleanly. Several servers may live in one process.
 */
#include "catalog/catalog.h"

#define SERVER_PATH_MAX 1024

typedef struct Server Server;

typedef struct ServerOptions {
    const char *file;
    const char *listen_host;   /* NULL: no TCP */
    uint16_t port;             /* also names the Unix socket */
    const char *socket_dir;    /* NULL: no Unix socket */
    const char *password_file; /* NULL: DASSIE_PASSWORD or generated, at creation */
    uint32_t set_count;
    const char *const *set_names;
    const char *const *set_values;
    bool quiet; /* no line when ready */
    /* Set by server_supervise: */
    int supervisor_pid; /* the program's pid, as its user knows it; 0 = this process */
    uint32_t restarts;  /* of servers before this one that died */
} ServerOptions;
void server_options_default(ServerOptions *o);

Status server_create(Cx *cx, Os *os, const ServerOptions *o, Server **server_out);
/* server_run - serve until server_stop; blocks. */
Status server_run(Cx *cx, Server *s);
/* server_stop - any thread, also a signal handler's thread. */
void server_stop(Server *s);
Status server_free(Cx *cx, Server *s);

#endif
