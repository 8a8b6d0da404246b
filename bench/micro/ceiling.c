/*
 * ceiling.c - how fast can any server answer pgbench here? One that does nothing
 *
 * Usage: ceiling DIRECTORY [threads]. Listens on DIRECTORY/.s.PGSQL.5432 and answers every message
 * with fixed bytes of the length a real reply has: one int4 column, one row. It serves `pgbench -n
 * -S` in every protocol mode. Its threads do what the server's workers do (an epoll set each,
 * edge-triggered, the replies of one turn sent together), so what it reaches is what the kernel's
 * sockets and pgbench itself leave to a server on the machine, and what it uses is the share of a
 * server's processor time that no server can save. Ends by a signal.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/os.h"

#define CEILING_EVENTS      64
#define CEILING_CLIENTS     1024
#define CEILING_BYTES       4096
#define CEILING_THREADS_MAX 64

typedef struct CeilingClient {
    bool started;
    size_t in_len, out_len;
    int fd;
    uint8_t in[CEILING_BYTES], out[CEILING_BYTES];
} CeilingClient;

static void ceiling_put(CeilingClient *c, const void *bytes, size_t n)
{
    if (c->out_len + n <= CEILING_BYTES) {
        memcpy(c->out + c->out_len, bytes, n);
        c->out_len += n;
    }
}
#define CEILING_PUT(c, text) ceiling_put(c, text, sizeof(text) - 1)

/* ceiling_row_description - one column "abalance" of type int4. */
static void ceiling_row_description(CeilingClient *c)
{
    CEILING_PUT(c, "T\0\0\0\x21\0\1"
                   "abalance\0"
                   "\0\0\x40\0\0\3\0\0\0\x17\0\4\xff\xff\xff\xff\0\0");
}

static void ceiling_rows(CeilingClient *c)
{
    CEILING_PUT(c, "D\0\0\0\x0d\0\1\0\0\0\3"
                   "123"
                   "C\0\0\0\x0d"
                   "SELECT 1\0");
}

/* ceiling_query - pgbench's question for partitions, the only one for more than a column, gets an
 * error, with which it goes on. */
static void ceiling_query(CeilingClient *c, const uint8_t *text, size_t len)
{
    if (memmem(text, len, "pg_", 3) != NULL) {
        CEILING_PUT(c, "E\0\0\0\x13"
                       "SERROR\0C42P01\0\0");
    } else {
        ceiling_row_description(c);
        ceiling_rows(c);
    }
    CEILING_PUT(c, "Z\0\0\0\5I");
}

static void ceiling_answer(CeilingClient *c, uint8_t type, const uint8_t *body, size_t len)
{
    switch (type) {
    case 'P': CEILING_PUT(c, "1\0\0\0\4"); break;
    case 'B': CEILING_PUT(c, "2\0\0\0\4"); break;
    case 'D': ceiling_row_description(c); break;
    case 'E': ceiling_rows(c); break;
    case 'S': CEILING_PUT(c, "Z\0\0\0\5I"); break;
    case 'Q': ceiling_query(c, body, len); break;
    default: break;
    }
}

/* ceiling_consume - answer the whole messages among `n` bytes at `in`; what is used up. */
static size_t ceiling_consume(CeilingClient *c, const uint8_t *in, size_t n)
{
    size_t at = 0;
    for (;;) {
        size_t head = c->started ? 1 : 0;
        uint32_t len;
        if (n - at < head + 4) {
            return at;
        }
        memcpy(&len, in + at + head, 4);
        len = __builtin_bswap32(len);
        if (len < 4 || n - at < head + len) {
            return at;
        }
        if (c->started) {
            ceiling_answer(c, in[at], in + at + 5, len - 4);
        } else {
            c->started = true;
            CEILING_PUT(c, "R\0\0\0\x08\0\0\0\0S\0\0\0\x16server_version\00015\0Z\0\0\0\5I");
        }
        at += head + len;
    }
}

/* ceiling_read - what one client has sent; false when it is gone. */
static bool ceiling_read(CeilingClient *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, CEILING_BYTES - c->in_len, 0);
    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    }
    c->in_len += (size_t)n;
    size_t used = ceiling_consume(c, c->in, c->in_len);
    memmove(c->in, c->in + used, c->in_len - used);
    c->in_len -= used;
    return true;
}

static void *ceiling_main(void *arg)
{
    int epoll_fd = *(int *)arg;
    OsSends *sends = os_sends_create();
    for (;;) {
        struct epoll_event events[CEILING_EVENTS];
        OsSend ops[CEILING_EVENTS];
        uint32_t count = 0;
        int n = epoll_wait(epoll_fd, events, CEILING_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            CeilingClient *c = events[i].data.ptr;
            if (!ceiling_read(c)) {
                (void)close(c->fd);
                free(c);
            } else if (c->out_len != 0) {
                ops[count++] = (OsSend){.fd = c->fd, .data = c->out, .len = c->out_len};
                c->out_len = 0; /* the bytes stay until they are sent */
            }
        }
        os_sends(sends, ops, count);
    }
    return NULL;
}

static int ceiling_listen(const char *dir)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int n = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/.s.PGSQL.5432", dir);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (n < 0 || (size_t)n >= sizeof(addr.sun_path) || fd < 0) {
        return -1;
    }
    (void)unlink(addr.sun_path);
    return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, CEILING_CLIENTS) == 0
               ? fd
               : -1;
}

int main(int argc, char **argv)
{
    static int epoll_fds[CEILING_THREADS_MAX];
    int threads = argc > 2 ? (int)strtol(argv[2], NULL, 10) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    int listen_fd = argc > 1 ? ceiling_listen(argv[1]) : -1;
    if (listen_fd < 0 || threads < 1 || threads > CEILING_THREADS_MAX) {
        (void)fprintf(stderr, "usage: ceiling DIRECTORY [threads]\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < threads; i++) {
        pthread_t id;
        epoll_fds[i] = epoll_create1(EPOLL_CLOEXEC);
        (void)pthread_create(&id, NULL, ceiling_main, &epoll_fds[i]);
    }
    for (int next = 0;; next = (next + 1) % threads) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return 1;
        }
        CeilingClient *c = calloc(1, sizeof(*c));
        struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};
        if (c == NULL) {
            return 1;
        }
        c->fd = fd;
        (void)epoll_ctl(epoll_fds[next], EPOLL_CTL_ADD, fd, &ev);
    }
}
