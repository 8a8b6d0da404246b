/*
 * dump_command.c - the commands dump-wal and dump-page.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/server_internal.h"

static void dump_stdout(void *arg, const char *text, size_t n)
{
    (void)arg;
    (void)fwrite(text, 1, n, stdout);
}

/* parse_lsn - X/X as pg_lsn prints it. */
static bool parse_lsn(const char *text, Lsn *out)
{
    char *slash, *end;
    unsigned long hi = strtoul(text, &slash, 16);
    if (slash == text || *slash != '/' || hi > UINT32_MAX) {
        return false;
    }
    unsigned long lo = strtoul(slash + 1, &end, 16);
    *out = (uint64_t)hi << 32 | lo;
    return end != slash + 1 && *end == '\0' && lo <= UINT32_MAX;
}

static bool parse_dump_wal(int argc, char **argv, EngineDump *o)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--summary") == 0) {
            o->summary = true;
        } else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc) {
            if (!parse_lsn(argv[++i], &o->from)) {
                return false;
            }
        } else if (strcmp(argv[i], "--to") == 0 && i + 1 < argc) {
            if (!parse_lsn(argv[++i], &o->to)) {
                return false;
            }
        } else {
            return false;
        }
    }
    return true;
}

Status dump_wal_command(Cx *cx, int argc, char **argv, bool *usage_out)
{
    EngineDump o = {.put = dump_stdout};
    *usage_out = argc < 1 || !parse_dump_wal(argc - 1, argv + 1, &o);
    if (*usage_out) {
        return ST_OK;
    }
    Os *os = os_posix_create();
    Status st = engine_dump_wal(cx, os, argv[0], &o);
    os_posix_free(os);
    return st;
}

Status dump_page_command(Cx *cx, int argc, char **argv, bool *usage_out)
{
    EngineDump o = {.put = dump_stdout};
    char *end = NULL;
    unsigned long long page = argc == 2 ? strtoull(argv[1], &end, 10) : 0;
    *usage_out = argc != 2 || end == argv[1] || *end != '\0';
    if (*usage_out) {
        return ST_OK;
    }
    Os *os = os_posix_create();
    Status st = engine_dump_page(cx, os, argv[0], page, &o);
    os_posix_free(os);
    return st;
}
