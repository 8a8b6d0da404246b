/*
 * listen.c - the listening sockets and the accept loop.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server_internal.h"

#define LISTEN_BACKLOG 1024

/* listen_tcp - listen on the first address of the host name that can be bound. */
static Status listen_tcp(Cx *cx, Server *srv)
{
    char port[16];
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE},
                    *list;
    (void)snprintf(port, sizeof(port), "%u", srv->options.port);
    int rc = getaddrinfo(srv->options.listen_host, port, &hints, &list);
    if (rc != 0) {
        return err_set(cx, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
                       "could not translate host name \"%s\": %s", srv->options.listen_host,
                       gai_strerror(rc));
    }
    int fd = -1, err = 0;
    for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int one = 1;
        if (fd >= 0) {
            (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        }
        if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
            err = errno;
            if (fd >= 0) {
                (void)close(fd);
            }
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        st_ignore(err_set(cx, ERRCODE_OBJECT_IN_USE, "could not listen on %s port %u: %s",
                          srv->options.listen_host, srv->options.port, strerror(err)));
        return err_hint(
            cx,
            "Is another server already running on port %u? If not, choose another with --listen.",
            srv->options.port);
    }
    srv->tcp_fd = fd;
    return ST_OK;
}

/* unix_in_use - does somebody answer on the socket? A dead server's socket file is in the way of a
 * new one. */
static bool unix_in_use(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool used = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return used;
}

/* listen_unix - listen on the socket of the directory; a stale socket file is replaced, a living
 * server's is not. */
static Status listen_unix(Cx *cx, Server *srv)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int n = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/.s.PGSQL.%u",
                     srv->options.socket_dir, srv->options.port);
    if (n < 0 || (size_t)n >= sizeof(addr.sun_path)) {
        return err_set(cx, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
                       "the path of the Unix socket in \"%s\" is too long",
                       srv->options.socket_dir);
    }
    if (unix_in_use(&addr)) {
        return err_set(cx, ERRCODE_OBJECT_IN_USE,
                       "another server already listens on the socket \"%s\"", addr.sun_path);
    }
    (void)unlink(addr.sun_path);
    srv->unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (srv->unix_fd < 0 || bind(srv->unix_fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        chmod(addr.sun_path, 0777) != 0 || listen(srv->unix_fd, LISTEN_BACKLOG) != 0) {
        return err_set(cx, ERRCODE_OBJECT_IN_USE, "could not listen on the socket \"%s\": %s",
                       addr.sun_path, strerror(errno));
    }
    (void)snprintf(srv->socket_path, sizeof(srv->socket_path), "%s", addr.sun_path);
    return ST_OK;
}

/* raise_file_limit - a descriptor for every connection the settings allow. */
static void raise_file_limit(const Server *srv)
{
    struct rlimit lim;
    rlim_t want = srv->max_connections + 256;
    if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur < want) {
        lim.rlim_cur = lim.rlim_max == RLIM_INFINITY ? want : MIN(want, lim.rlim_max);
        (void)setrlimit(RLIMIT_NOFILE, &lim);
    }
}

Status server_listen(Cx *cx, Server *srv)
{
    raise_file_limit(srv);
    srv->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (srv->options.listen_host != NULL) {
        TRY(listen_tcp(cx, srv));
    }
    if (srv->options.socket_dir != NULL) {
        TRY(listen_unix(cx, srv));
    }
    return ST_OK;
}

/* refuse - a connection past the limit is told so without a session. */
static void refuse(int fd, Err *err)
{
    Buf out;
    err->severity = ERR_FATAL;
    buf_init(&out, 8192);
    reply_error(&out, err, false);
    ssize_t n = send(fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n;
    buf_release(&out);
    (void)close(fd);
}

void session_name_client(Session *s, const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
        (void)inet_ntop(AF_INET, &in->sin_addr, s->client_address, sizeof(s->client_address));
        s->client_port = ntohs(in->sin_port);
    } else if (addr->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)addr;
        (void)inet_ntop(AF_INET6, &in->sin6_addr, s->client_address, sizeof(s->client_address));
        s->client_port = ntohs(in->sin6_port);
    } else {
        (void)snprintf(s->client_address, sizeof(s->client_address), "[local]");
    }
}

/* accept_one - false when nobody waits at this socket. */
static bool accept_one(Server *srv, int listen_fd, bool is_unix)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);
    Err err = {0};
    Cx cx = {.err = &err};
    int fd = accept4(listen_fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE) {
            log_line(LOG_WARNING, "could not accept a connection: %s", strerror(errno));
            os_sleep_us(srv->os, 10000);
        }
        return errno == EINTR || errno == ECONNABORTED;
    }
    if (atomic_load(&srv->session_count) >= srv->max_connections) {
        st_ignore(err_set(&cx, ERRCODE_TOO_MANY_CONNECTIONS, "sorry, too many clients already"));
        refuse(fd, &err);
        return true;
    }
    if (!is_unix) {
        int one = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    }
    Poller *p = &srv->pollers[srv->next_poller++ % srv->poller_count];
    st_ignore(session_create(&cx, srv, p, fd, is_unix, &addr));
    return true;
}

void server_accept_loop(Server *srv)
{
    struct pollfd fds[3] = {{.fd = srv->stop_fd, .events = POLLIN},
                            {.fd = srv->tcp_fd, .events = POLLIN},
                            {.fd = srv->unix_fd, .events = POLLIN}};
    while (!atomic_load(&srv->stopping)) {
        if (poll(fds, 3, 1000) <= 0) {
            continue;
        }
        while (fds[1].revents & POLLIN && accept_one(srv, srv->tcp_fd, false)) {
        }
        while (fds[2].revents & POLLIN && accept_one(srv, srv->unix_fd, true)) {
        }
    }
}

void server_unlisten(Server *srv)
{
    int fds[] = {srv->tcp_fd, srv->unix_fd, atomic_exchange(&srv->stop_fd, -1)};
    srv->tcp_fd = srv->unix_fd = -1;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    if (srv->socket_path[0] != '\0') {
        (void)unlink(srv->socket_path);
    }
}
