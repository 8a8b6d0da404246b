/*
 * dump_command.c - the commands dump-wal and dump-page.
 */
#include <errno.h>
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

/* parse_count - a decimal number from 1 to max. */
static bool parse_count(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
    return *out != 0 && *out <= max && errno == 0 && *end == '\0';
}

/* parse_kinds - names of record types, with commas between. */
static bool parse_kinds(const char *text, uint32_t *kinds)
{
    for (;;) {
        size_t n = strcspn(text, ",");
        uint32_t kind = engine_dump_kind((Slice){text, n});
        *kinds |= kind;
        if (kind == 0 || text[n] == '\0') {
            return kind != 0;
        }
        text += n + 1;
    }
}

/* parse_filter - an option of dump-wal that takes a value. */
static bool parse_filter(const char *name, const char *value, EngineDump *o)
{
    uint64_t n;
    if (value == NULL) {
        return false;
    }
    if (strcmp(name, "--from") == 0 || strcmp(name, "--to") == 0) {
        return parse_lsn(value, name[2] == 'f' ? &o->from : &o->to);
    }
    if (strcmp(name, "--kind") == 0) {
        return parse_kinds(value, &o->kinds);
    }
    if (strcmp(name, "--tree") == 0 && parse_count(value, UINT32_MAX, &n)) {
        o->tree = (TreeId)n;
        return true;
    }
    if (strcmp(name, "--xid") == 0) {
        return parse_count(value, UINT64_MAX >> 16, &o->xid);
    }
    return strcmp(name, "--page") == 0 && parse_count(value, UINT64_MAX >> 1, &o->page);
}

static bool parse_dump_wal(int argc, char **argv, EngineDump *o)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--summary") == 0) {
            o->summary = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            o->json = true;
        } else {
            if (!parse_filter(argv[i], i + 1 < argc ? argv[i + 1] : NULL, o)) {
                return false;
            }
            i++;
        }
    }
    return true;
}

/* parse_dump_page - a page's number, which 0 may be, or --tree N; options. */
static bool parse_dump_page(int argc, char **argv, EngineDump *o)
{
    bool page = false;
    uint64_t n;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            o->json = true;
        } else if (strcmp(argv[i], "--bytes") == 0) {
            o->bytes = true;
        } else if (strcmp(argv[i], "--tree") == 0) {
            if (++i == argc || o->tree != 0 || !parse_count(argv[i], UINT32_MAX, &n)) {
                return false;
            }
            o->tree = (TreeId)n;
        } else if (!page &&
                   (strcmp(argv[i], "0") == 0 || parse_count(argv[i], UINT64_MAX >> 1, &o->page))) {
            page = true;
        } else {
            return false;
        }
    }
    return page != (o->tree != 0);
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
    *usage_out = argc < 1 || !parse_dump_page(argc - 1, argv + 1, &o);
    if (*usage_out) {
        return ST_OK;
    }
    Os *os = os_posix_create();
    Status st = o.tree != 0 ? engine_dump_tree(cx, os, argv[0], &o)
                            : engine_dump_page(cx, os, argv[0], o.page, &o);
    os_posix_free(os);
    return st;
}
