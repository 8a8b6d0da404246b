/*
 * os_overlay.c - the overlay itself and its names.
 */
#include <stdio.h>

#include "os/os_overlay_internal.h"

static OverlayOs *overlay(Os *os)
{
    return (OverlayOs *)os;
}

/* ---- names ---- */

static char *overlay_copy(const char *path)
{
    size_t n = strlen(path) + 1;
    return memcpy(mem_alloc("overlay", n), path, n);
}

/* overlay_node_new - known from now on by this path; a node that was is nobody's name any more. */
static OverlayNode *overlay_node_new(OverlayOs *o, const char *path)
{
    OverlayNode *n = mem_zalloc("overlay", sizeof(*n));
    n->path = overlay_copy(path);
    n->next = o->nodes;
    o->nodes = n;
    map_init(&n->blocks);
    (void)map_remove(&o->names, path, strlen(path));
    (void)map_put(&o->names, n->path, strlen(n->path), n);
    return n;
}

Status overlay_node(OverlayOs *o, Cx *cx, const char *path, OverlayNode **out)
{
    bool there;
    *out = map_get(&o->names, path, strlen(path));
    if (*out != NULL) {
        return ST_OK;
    }
    TRY(os_exists(cx, o->base, path, &there));
    OverlayNode *n = overlay_node_new(o, path);
    n->exists = n->in_base = there;
    n->base_path = there ? overlay_copy(path) : NULL;
    *out = n;
    return ST_OK;
}

Status overlay_node_open(OverlayOs *o, Cx *cx, OverlayNode *n, uint32_t flags)
{
    if (!n->in_base || n->base != NULL) {
        return ST_OK;
    }
    TRY(os_file_open(cx, o->base, n->base_path, OS_OPEN_READONLY | (flags & OS_OPEN_DIRECT),
                     &n->base));
    TRY(os_file_size(cx, n->base, &n->base_bytes));
    n->size = n->base_bytes;
    return ST_OK;
}

static Status overlay_absent(Cx *cx, const char *verb, const char *path)
{
    return err_set(cx, ERRCODE_UNDEFINED_FILE, "could not %s \"%s\": No such file or directory",
                   verb, path);
}

/* overlay_open_node - what file_open does to the node. */
static Status overlay_open_node(OverlayOs *o, Cx *cx, OverlayNode *n, uint32_t flags)
{
    if (n->exists && (flags & OS_OPEN_CREATE) != 0 && (flags & OS_OPEN_EXCL) != 0) {
        return err_set(cx, ERRCODE_DUPLICATE_FILE, "could not create file \"%s\": File exists",
                       n->path);
    }
    if (n->exists) {
        return overlay_node_open(o, cx, n, flags);
    }
    if ((flags & OS_OPEN_CREATE) == 0) {
        return overlay_absent(cx, "open file", n->path);
    }
    OverlayNode *fresh = overlay_node_new(o, n->path);
    fresh->exists = true;
    return ST_OK;
}

static Status overlay_open_locked(OverlayOs *o, Cx *cx, const char *path, uint32_t flags,
                                  OverlayNode **out)
{
    TRY(overlay_node(o, cx, path, out));
    TRY(overlay_open_node(o, cx, *out, flags));
    return overlay_node(o, cx, path, out);
}

static Status overlay_file_open(Os *os, Cx *cx, const char *path, uint32_t flags, OsFile **file_out)
{
    OverlayOs *o = overlay(os);
    OverlayNode *n;
    os_mutex_lock(o->base, &o->mutex);
    Status st = overlay_open_locked(o, cx, path, flags, &n);
    os_mutex_unlock(o->base, &o->mutex);
    TRY(st);
    OverlayFile *f = mem_zalloc("overlay", sizeof(*f));
    f->file.os = os;
    f->node = n;
    *file_out = &f->file;
    return ST_OK;
}

/* overlay_remove - the name leads nowhere; whoever has the file open keeps it. */
static Status overlay_remove(Os *os, Cx *cx, const char *path)
{
    OverlayOs *o = overlay(os);
    OverlayNode *n;
    os_mutex_lock(o->base, &o->mutex);
    Status st = overlay_node(o, cx, path, &n);
    if (st == ST_OK && !n->exists) {
        st = overlay_absent(cx, "remove file", path);
    }
    if (st == ST_OK) {
        (void)overlay_node_new(o, path);
    }
    os_mutex_unlock(o->base, &o->mutex);
    return st;
}

static Status overlay_rename_locked(OverlayOs *o, Cx *cx, const char *from, const char *to)
{
    OverlayNode *n;
    TRY(overlay_node(o, cx, from, &n));
    if (!n->exists) {
        return overlay_absent(cx, "rename file", from);
    }
    TRY(overlay_node_open(o, cx, n, 0));
    (void)overlay_node_new(o, from);
    (void)overlay_node_new(o, to); /* takes the name from its node */
    OverlayNode *placeholder = map_remove(&o->names, to, strlen(to));
    mem_free(n->path);
    n->path = overlay_copy(placeholder->path);
    (void)map_put(&o->names, n->path, strlen(n->path), n);
    return ST_OK;
}

static Status overlay_rename(Os *os, Cx *cx, const char *from, const char *to)
{
    OverlayOs *o = overlay(os);
    os_mutex_lock(o->base, &o->mutex);
    Status st = overlay_rename_locked(o, cx, from, to);
    os_mutex_unlock(o->base, &o->mutex);
    return st;
}

static Status overlay_mkdir(Os *os, Cx *cx, const char *path)
{
    OverlayOs *o = overlay(os);
    OverlayNode *n;
    os_mutex_lock(o->base, &o->mutex);
    Status st = overlay_node(o, cx, path, &n);
    if (st == ST_OK) {
        n->exists = true;
    }
    os_mutex_unlock(o->base, &o->mutex);
    return st;
}

static Status overlay_sync_dir(Os *os, Cx *cx, const char *path)
{
    (void)os;
    (void)cx;
    (void)path;
    return ST_OK;
}

/* overlay_child - the name in the directory `dir`, when the path is that of an entry of it. */
static const char *overlay_child(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    bool inside = strncmp(path, dir, n) == 0 && path[n] == '/';
    return inside && strchr(path + n + 1, '/') == NULL ? path + n + 1 : NULL;
}

/* overlay_list_locked - what the other Os lists and is not hidden here, and what is only here. */
static Status overlay_list_locked(OverlayOs *o, Cx *cx, Arena *arena, const char *path,
                                  char ***names_out, uint32_t *count_out)
{
    OverlayNode *dir;
    MapSlot slot;
    char **below = NULL;
    uint32_t below_count = 0, count = 0;
    TRY(overlay_node(o, cx, path, &dir));
    if (!dir->exists) {
        return overlay_absent(cx, "open directory", path);
    }
    if (dir->in_base) {
        TRY(os_list_dir(cx, o->base, arena, path, &below, &below_count));
    }
    char **names = ARENA_ARRAY(arena, char *, below_count + o->names.count + 1u);
    for (uint32_t i = 0; i < below_count; i++) {
        char *full = arena_printf(arena, "%s/%s", path, below[i]);
        if (map_get(&o->names, full, strlen(full)) == NULL) {
            names[count++] = below[i];
        }
    }
    for (uint32_t pos = 0; map_next(&o->names, &pos, &slot);) {
        const OverlayNode *n = slot.value;
        const char *name = overlay_child(n->path, path);
        if (name != NULL && n->exists) {
            names[count++] = arena_strdup(arena, name);
        }
    }
    *names_out = names;
    *count_out = count;
    return ST_OK;
}

static Status overlay_list_dir(Os *os, Cx *cx, Arena *arena, const char *path, char ***names_out,
                               uint32_t *count_out)
{
    OverlayOs *o = overlay(os);
    os_mutex_lock(o->base, &o->mutex);
    Status st = overlay_list_locked(o, cx, arena, path, names_out, count_out);
    os_mutex_unlock(o->base, &o->mutex);
    return st;
}

static Status overlay_exists(Os *os, Cx *cx, const char *path, bool *exists_out)
{
    OverlayOs *o = overlay(os);
    OverlayNode *n;
    os_mutex_lock(o->base, &o->mutex);
    Status st = overlay_node(o, cx, path, &n);
    os_mutex_unlock(o->base, &o->mutex);
    *exists_out = st == ST_OK && n->exists;
    return st;
}

/* ---- the rest is the other Os's ---- */

static int64_t overlay_now_us(Os *os)
{
    return os_now_us(overlay(os)->base);
}

static int64_t overlay_mono_us(Os *os)
{
    return os_mono_us(overlay(os)->base);
}

static void overlay_random(Os *os, void *buf, size_t n)
{
    os_random(overlay(os)->base, buf, n);
}

static Status overlay_thread_create(Os *os, Cx *cx, const char *name, void (*fn)(void *arg),
                                    void *arg, OsThread **out)
{
    return os_thread_create(cx, overlay(os)->base, name, fn, arg, out);
}

static bool overlay_wait(Os *os, _Atomic uint32_t *addr, uint32_t expected, int64_t timeout_us)
{
    return os_wait(overlay(os)->base, addr, expected, timeout_us);
}

static void overlay_wake(Os *os, _Atomic uint32_t *addr, uint32_t count)
{
    os_wake(overlay(os)->base, addr, count);
}

static void overlay_pause(Os *os)
{
    os_pause(overlay(os)->base);
}

static void overlay_sleep_us(Os *os, int64_t us)
{
    os_sleep_us(overlay(os)->base, us);
}

static void overlay_stop_point(Os *os, const char *name)
{
    os_stop_point(overlay(os)->base, name);
}

NORETURN static void overlay_halt(Os *os, const char *why)
{
    os_halt(overlay(os)->base, why);
}

static const OsOps OVERLAY_OPS = {
    .file_open = overlay_file_open,
    .file_close = overlay_file_close,
    .file_pread = overlay_file_pread,
    .file_pwrite = overlay_file_pwrite,
    .file_sync = overlay_file_sync,
    .file_writeback = overlay_file_writeback,
    .file_truncate = overlay_file_truncate,
    .file_allocate = overlay_file_allocate,
    .file_size = overlay_file_size,
    .file_lock = overlay_file_lock,
    .unlink = overlay_remove,
    .rename = overlay_rename,
    .mkdir = overlay_mkdir,
    .rmdir = overlay_remove,
    .sync_dir = overlay_sync_dir,
    .list_dir = overlay_list_dir,
    .exists = overlay_exists,
    .now_us = overlay_now_us,
    .mono_us = overlay_mono_us,
    .random = overlay_random,
    .thread_create = overlay_thread_create,
    .wait = overlay_wait,
    .wake = overlay_wake,
    .pause = overlay_pause,
    .sleep_us = overlay_sleep_us,
    .stop_point = overlay_stop_point,
    .halt = overlay_halt,
};

/* overlay_scratch - a file that has no name once it is open. */
static Status overlay_scratch(Cx *cx, OverlayOs *o, const char *dir)
{
    Arena arena;
    uint64_t number;
    arena_init(&arena, NULL, "overlay", 0);
    os_random(o->base, &number, sizeof(number));
    const char *path =
        arena_printf(&arena, "%s/dassie-scratch-%016llx", dir, (unsigned long long)number);
    Status st = os_file_open(cx, o->base, path, OS_OPEN_CREATE | OS_OPEN_EXCL, &o->scratch);
    if (st == ST_OK) {
        st = os_unlink(cx, o->base, path);
    }
    arena_release(&arena);
    return st;
}

Status os_overlay_create(Cx *cx, Os *base, const char *scratch_dir, Os **os_out)
{
    OverlayOs *o = mem_zalloc("overlay", sizeof(*o));
    o->os.ops = &OVERLAY_OPS;
    o->os.simulated = base->simulated;
    o->base = base;
    os_mutex_init(&o->mutex, "overlay", OVERLAY_RANK);
    map_init(&o->names);
    Status st = overlay_scratch(cx, o, scratch_dir);
    if (st != ST_OK) {
        os_overlay_free(&o->os);
        return st;
    }
    *os_out = &o->os;
    return ST_OK;
}

void os_overlay_free(Os *os)
{
    if (os == NULL) {
        return;
    }
    OverlayOs *o = overlay(os);
    map_release(&o->names);
    while (o->nodes != NULL) {
        OverlayNode *n = o->nodes;
        o->nodes = n->next;
        os_file_close(n->base);
        map_release(&n->blocks);
        mem_free(n->base_path);
        mem_free(n->path);
        mem_free(n);
    }
    os_file_close(o->scratch);
    mem_free(o);
}

uint64_t os_overlay_bytes(Os *os)
{
    return overlay(os)->scratch_blocks * OVERLAY_BLOCK;
}
