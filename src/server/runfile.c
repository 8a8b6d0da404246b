/*
 * runfile.c - where the running server of a file listens: "<file>-run", read by `dassie psql`
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "server/server_internal.h"

#define RUNFILE_BYTES (2 * SERVER_PATH_MAX)

bool server_read_text(const char *path, char *out, size_t size)
{
    size_t len = 0;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        while (len < size - 1 && (n = read(fd, out + len, size - 1 - len)) > 0) {
            len += (size_t)n;
        }
        (void)close(fd);
    }
    out[len] = '\0';
    return n >= 0;
}

static void runfile_path(const char *file, char *out, size_t size)
{
    (void)snprintf(out, size, "%s-run", file);
}

Status runfile_write(Cx *cx, Server *srv)
{
    char path[SERVER_PATH_MAX], text[RUNFILE_BYTES];
    OsFile *f;
    runfile_path(srv->options.file, path, sizeof(path));
    int n = snprintf(text, sizeof(text), "%d\n%s\n%s\n%u\n",
                     srv->options.supervisor_pid != 0 ? srv->options.supervisor_pid : (int)getpid(),
                     srv->options.socket_dir ? srv->options.socket_dir : "",
                     srv->options.listen_host ? srv->options.listen_host : "", srv->options.port);
    TRY(os_file_open(cx, srv->os, path, OS_OPEN_CREATE, &f));
    srv->runfile_written = true;
    Status st = os_file_truncate(cx, f, 0);
    if (st == ST_OK) {
        st = os_file_pwrite(cx, f, text, MIN((size_t)n, sizeof(text) - 1), 0);
    }
    os_file_close(f);
    return st;
}

void runfile_remove(Server *srv)
{
    char path[SERVER_PATH_MAX];
    if (!srv->runfile_written) {
        return; /* it may be that of another server, which has the file */
    }
    runfile_path(srv->options.file, path, sizeof(path));
    (void)unlink(path);
}

bool runfile_read(const char *file, int *pid_out, char *dir, size_t dir_size, unsigned *port_out)
{
    char path[SERVER_PATH_MAX], text[RUNFILE_BYTES], *lines[4];
    runfile_path(file, path, sizeof(path));
    if (!server_read_text(path, text, sizeof(text))) {
        return false;
    }
    char *at = text;
    for (uint32_t i = 0; i < ARRAY_LEN(lines); i++) {
        char *end = strchr(at, '\n');
        if (end == NULL) {
            return false; /* half written */
        }
        *end = '\0';
        lines[i] = at;
        at = end + 1;
    }
    *pid_out = (int)strtol(lines[0], NULL, 10);
    *port_out = (unsigned)strtoul(lines[3], NULL, 10);
    int n = snprintf(dir, dir_size, "%s", lines[1]);
    return *pid_out > 0 && (size_t)n < dir_size;
}

Status server_open_engine(Cx *cx, Os *os, const char *file, int own_pid,
                          const EngineOptions *options, Engine **out)
{
    enum { TURNS = 500, TURN_US = 10000 };
    char dir[SERVER_PATH_MAX];
    int pid = 0;
    unsigned port;
    Status st = engine_open(cx, os, file, options, out);
    bool dying = st != ST_OK && cx->err->sqlstate == ERRCODE_OBJECT_IN_USE &&
                 runfile_read(file, &pid, dir, sizeof(dir), &port) &&
                 (pid == own_pid || kill(pid, 0) != 0);
    for (int i = 0; i < TURNS && dying; i++) {
        os_sleep_us(os, TURN_US);
        err_clear(cx);
        st = engine_open(cx, os, file, options, out);
        dying = st != ST_OK && cx->err->sqlstate == ERRCODE_OBJECT_IN_USE;
    }
    return st;
}
