/*
 * leftovers.c - temporary files beside the database that a power cut left.
 *
 * Sorts, spills and index builds unlink their file as soon as it is open, so it has a name for a
 * moment only; a machine that stops in that moment keeps it. Whoever holds the lock of the database
 * file is its only server, so a file of such a name is nobody's then. Only names exactly as
 * src/exec/spill.c and src/table/index_build.c make them are touched.
 */
#include "base/log.h"
#include "recovery/engine_internal.h"

/* leftover_name - is it `base`-tmp- and 16 hexadecimal digits, or `base`-sort- and a number? */
static bool leftover_name(const char *name, const char *base)
{
    size_t n = strlen(base);
    if (strncmp(name, base, n) != 0) {
        return false;
    }
    name += n;
    if (strncmp(name, "-tmp-", 5) == 0) {
        return strlen(name + 5) == 16 && strspn(name + 5, "0123456789abcdef") == 16;
    }
    if (strncmp(name, "-sort-", 6) == 0) {
        size_t digits = strspn(name + 6, "0123456789");
        return digits != 0 && digits <= 10 && name[6 + digits] == '\0';
    }
    return false;
}

/* leftovers_unlink - all of them beside `path`. */
static Status leftovers_unlink(Cx *cx, Os *os, Arena *arena, const char *path)
{
    char **names;
    uint32_t count;
    const char *slash = strrchr(path, '/');
    size_t n =
        slash != NULL ? (size_t)(slash - path) + 1 : 0; /* of the directory, with its slash */
    const char *parent = n == 0   ? "."
                         : n == 1 ? "/"
                                  : arena_printf(arena, "%.*s", (int)n - 1, path);
    TRY(os_list_dir(cx, os, arena, parent, &names, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (leftover_name(names[i], path + n)) {
            const char *old = arena_printf(arena, "%.*s%s", (int)n, path, names[i]);
            TRY(os_unlink(cx, os, old));
            log_line(LOG_INFO, "removed \"%s\", a temporary file of an earlier run", old);
        }
    }
    return ST_OK;
}

void engine_remove_leftovers(Cx *cx, Engine *e)
{
    Arena arena;
    Err err;
    Cx own = *cx;
    memset(&err, 0, sizeof(err));
    own.err = &err;
    arena_init(&arena, NULL, "leftovers", 0);
    if (leftovers_unlink(&own, e->os, &arena, e->priv->path) != ST_OK) {
        log_line(LOG_WARNING, "old temporary files were not removed: %s", err.message);
    }
    arena_release(&arena);
}
