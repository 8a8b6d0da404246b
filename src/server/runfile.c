/*
 * runfile.c - where the running server of a file listens: "<file>-run", read by `dassie psql`
 */
#include <stdio.h>
#include <unistd.h>

#include "server/server_internal.h"

static void runfile_path(const char *file, char *out, size_t size)
{
    (void)snprintf(out, size, "%s-run", file);
}

Status runfile_write(Cx *cx, Server *srv)
{
    char path[SERVER_PATH_MAX];
    runfile_path(srv->options.file, path, sizeof(path));
    FILE *f = fopen(path, "we");
    if (f == NULL) {
        return err_set(cx, ERRCODE_IO_ERROR, "could not write \"%s\"", path);
    }
    srv->runfile_written = true;
    (void)fprintf(f, "%d\n%s\n%s\n%u\n", (int)getpid(),
                  srv->options.socket_dir ? srv->options.socket_dir : "",
                  srv->options.listen_host ? srv->options.listen_host : "", srv->options.port);
    (void)fclose(f);
    return ST_OK;
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
    char path[SERVER_PATH_MAX], host[256];
    runfile_path(file, path, sizeof(path));
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return false;
    }
    bool ok = fscanf(f, "%d\n", pid_out) == 1 && fgets(dir, (int)dir_size, f) != NULL &&
              fgets(host, sizeof(host), f) != NULL && fscanf(f, "%u", port_out) == 1;
    (void)fclose(f);
    dir[strcspn(dir, "\n")] = '\0';
    return ok;
}
