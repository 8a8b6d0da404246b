/*
 * os_sim_names.c - names of the simulated machine's disk, their pending changes, and the counting
 * of operations where faults and power cuts happen.
 */
#include <stdio.h>

#include "os/os_sim_internal.h"

static char *sim_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = mem_alloc("sim", n);
    memcpy(p, s, n);
    return p;
}

/* sim_parent - the directory part of a path, on the heap. */
static char *sim_parent(const char *path)
{
    char *p = sim_strdup(path);
    char *slash = strrchr(p, '/');
    if (slash == NULL) {
        (void)snprintf(p, 2, ".");
    } else {
        slash[slash == p ? 1 : 0] = '\0';
    }
    return p;
}

SimEntry *sim_find(SimDir *dir, const char *path)
{
    for (uint32_t i = 0; i < dir->count; i++) {
        if (strcmp(dir->entries[i].path, path) == 0) {
            return &dir->entries[i];
        }
    }
    return NULL;
}

static void sim_dir_remove(SimDir *dir, const char *path)
{
    SimEntry *e = sim_find(dir, path);
    if (e != NULL) {
        mem_free(e->path);
        *e = dir->entries[--dir->count];
    }
}

void sim_name_add(SimDir *dir, const char *path, SimNode *node)
{
    sim_dir_remove(dir, path);
    if (dir->count == dir->room) {
        dir->room = dir->room == 0 ? 16 : dir->room * 2;
        dir->entries = mem_realloc("sim", dir->entries, dir->room * sizeof(SimEntry));
    }
    dir->entries[dir->count++] = (SimEntry){sim_strdup(path), node};
}

static void sim_name_apply(SimDir *dir, const SimNameChange *c)
{
    if (c->kind != SIM_ADD) {
        sim_dir_remove(dir, c->path);
    }
    if (c->kind != SIM_REMOVE) {
        sim_name_add(dir, c->kind == SIM_ADD ? c->path : c->to, c->node);
    }
}

static void sim_name_change_free(SimNameChange *c)
{
    mem_free(c->parent);
    mem_free(c->path);
    mem_free(c->to);
}

void sim_name_change(Sim *sim, SimNameKind kind, const char *path, const char *to, SimNode *node)
{
    SimNameChange c = {kind, sim_parent(path), sim_strdup(path), to ? sim_strdup(to) : NULL, node};
    sim_name_apply(&sim->now, &c);
    if (sim->name_change_count == sim->name_change_room) {
        sim->name_change_room = sim->name_change_room == 0 ? 16 : sim->name_change_room * 2;
        sim->name_changes =
            mem_realloc("sim", sim->name_changes, sim->name_change_room * sizeof(SimNameChange));
    }
    sim->name_changes[sim->name_change_count++] = c;
}

/* sim_names_sync - the first `keep` changes of one directory become durable, the others stay
 * pending. */
static void sim_names_sync(Sim *sim, const char *parent, uint32_t keep)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < sim->name_change_count; i++) {
        SimNameChange *c = &sim->name_changes[i];
        if (keep > 0 && strcmp(c->parent, parent) == 0) {
            sim_name_apply(&sim->durable, c);
            sim_name_change_free(c);
            keep--;
        } else {
            sim->name_changes[left++] = *c;
        }
    }
    sim->name_change_count = left;
}

/* sim_names_survive - some of each directory's pending changes are lost, the last ones. */
void sim_names_survive(Sim *sim, uint64_t *random_state)
{
    while (sim->name_change_count > 0) {
        char *parent = sim_strdup(sim->name_changes[0].parent);
        uint32_t of_it = 0;
        for (uint32_t i = 0; i < sim->name_change_count; i++) {
            of_it += strcmp(sim->name_changes[i].parent, parent) == 0;
        }
        sim_names_sync(sim, parent, (uint32_t)(sim_random(random_state) % (of_it + 1)));
        uint32_t left = 0;
        for (uint32_t i = 0; i < sim->name_change_count; i++) {
            if (strcmp(sim->name_changes[i].parent, parent) == 0) {
                sim_name_change_free(&sim->name_changes[i]);
            } else {
                sim->name_changes[left++] = sim->name_changes[i];
            }
        }
        sim->name_change_count = left;
        mem_free(parent);
    }
    while (sim->now.count > 0) {
        sim_dir_remove(&sim->now, sim->now.entries[0].path);
    }
    for (uint32_t i = 0; i < sim->durable.count; i++) {
        sim_name_add(&sim->now, sim->durable.entries[i].path, sim->durable.entries[i].node);
    }
}

void sim_names_free(Sim *sim)
{
    for (uint32_t i = 0; i < sim->name_change_count; i++) {
        sim_name_change_free(&sim->name_changes[i]);
    }
    SimDir *dirs[] = {&sim->now, &sim->durable};
    for (uint32_t d = 0; d < 2; d++) {
        while (dirs[d]->count > 0) {
            sim_dir_remove(dirs[d], dirs[d]->entries[0].path);
        }
        mem_free(dirs[d]->entries);
    }
    mem_free(sim->name_changes);
}

/* sim_op_fails - is this operation one that fails? A full disk refuses what takes space, and the
 * n-th operation may not be of that kind: then the next one that is. */
static bool sim_op_fails(const Sim *sim, bool sync)
{
    if (sim->fault_op == 0 || sim->all_ops < sim->fault_op) {
        return false;
    }
    bool first = sim->fault_stays || !sim->faulted;
    switch (sim->fault) {
    case OS_SIM_SYNC_EIO: return sync && first;
    case OS_SIM_ENOSPC: return sim->takes_space && first;
    default: return sim->fault_stays || sim->all_ops == sim->fault_op;
    }
}

SimVerdict sim_op(Sim *sim, Cx *cx, bool changing, const char *verb, const char *path)
{
    sim->ops += changing;
    sim->all_ops++;
    bool fails = sim_op_fails(sim, strcmp(verb, "fsync file") == 0);
    sim->takes_space = false;
    if (!fails) {
        return SIM_GO;
    }
    if (!sim->faulted) {
        sim->faulted = true;
        (void)snprintf(sim->fault_name, sizeof(sim->fault_name), "%s %s", verb, path);
    }
    if (sim->fault == OS_SIM_ENOSPC) {
        st_ignore(err_set(cx, ERRCODE_DISK_FULL,
                          "could not extend file \"%s\": No space left on device", path));
        st_ignore(err_hint(cx, "Check free disk space."));
        return SIM_FAIL;
    }
    st_ignore(err_set(cx, ERRCODE_IO_ERROR, "could not %s \"%s\": Input/output error", verb, path));
    return sim->fault == OS_SIM_SHORT_WRITE ? SIM_FAIL_HALF : SIM_FAIL;
}

void sim_op_end(Sim *sim)
{
    if (sim->crash_op != 0 && sim->ops >= sim->crash_op) {
        sim_cut_power(sim);
    }
}

static Status sim_missing(Cx *cx, const char *verb, const char *path)
{
    return err_set(cx, ERRCODE_UNDEFINED_FILE, "could not %s \"%s\": No such file or directory",
                   verb, path);
}

Status sim_unlink(Os *os, Cx *cx, const char *path)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "unlink");
    SimEntry *e = sim_find(&sim->now, path);
    if (e == NULL || e->node == NULL) {
        return sim_missing(cx, "remove file", path);
    }
    if (sim_op(sim, cx, true, "remove file", path) != SIM_GO) {
        return ST_ERROR;
    }
    sim_name_change(sim, SIM_REMOVE, path, NULL, NULL);
    sim_op_end(sim);
    return ST_OK;
}

Status sim_rename(Os *os, Cx *cx, const char *from, const char *to)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "rename");
    SimEntry *e = sim_find(&sim->now, from);
    if (e == NULL) {
        return sim_missing(cx, "rename file", from);
    }
    char *parent_from = sim_parent(from), *parent_to = sim_parent(to);
    ASSERT(strcmp(parent_from, parent_to) == 0); /* all that is needed, and one pending list */
    mem_free(parent_from);
    mem_free(parent_to);
    if (sim_op(sim, cx, true, "rename file", from) != SIM_GO) {
        return ST_ERROR;
    }
    sim_name_change(sim, SIM_RENAME, from, to, e->node);
    sim_op_end(sim);
    return ST_OK;
}

Status sim_mkdir(Os *os, Cx *cx, const char *path)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "mkdir");
    if (sim_find(&sim->now, path) != NULL) {
        return ST_OK;
    }
    sim->takes_space = true;
    if (sim_op(sim, cx, true, "create directory", path) != SIM_GO) {
        return ST_ERROR;
    }
    sim_name_change(sim, SIM_ADD, path, NULL, NULL);
    sim_op_end(sim);
    return ST_OK;
}

/* sim_is_child - is `path` directly in the directory? */
static bool sim_is_child(const char *directory, const char *path)
{
    char *parent = sim_parent(path);
    bool child = strcmp(parent, directory) == 0;
    mem_free(parent);
    return child;
}

Status sim_rmdir(Os *os, Cx *cx, const char *path)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "rmdir");
    if (sim_find(&sim->now, path) == NULL) {
        return sim_missing(cx, "remove directory", path);
    }
    for (uint32_t i = 0; i < sim->now.count; i++) {
        if (sim_is_child(path, sim->now.entries[i].path)) {
            return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                           "could not remove directory \"%s\": Directory not empty", path);
        }
    }
    if (sim_op(sim, cx, true, "remove directory", path) != SIM_GO) {
        return ST_ERROR;
    }
    sim_name_change(sim, SIM_REMOVE, path, NULL, NULL);
    sim_op_end(sim);
    return ST_OK;
}

Status sim_sync_dir(Os *os, Cx *cx, const char *path)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "sync-dir");
    if (sim_op(sim, cx, true, "fsync file", path) != SIM_GO) {
        return ST_ERROR;
    }
    sim_op_end(sim);
    sim_names_sync(sim, path, UINT32_MAX);
    return ST_OK;
}

Status sim_list_dir(Os *os, Cx *cx, Arena *arena, const char *path, char ***names_out,
                    uint32_t *count_out)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "list-dir");
    SimEntry *self = sim_find(&sim->now, path);
    if (self == NULL && strcmp(path, ".") != 0 && strcmp(path, "/") != 0) {
        return sim_missing(cx, "open directory", path);
    }
    char **names = ARENA_ARRAY(arena, char *, sim->now.count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < sim->now.count; i++) {
        const char *child = sim->now.entries[i].path;
        if (sim_is_child(path, child)) {
            const char *slash = strrchr(child, '/');
            names[count++] = arena_strdup(arena, slash ? slash + 1 : child);
        }
    }
    *names_out = names;
    *count_out = count;
    return ST_OK;
}

Status sim_exists(Os *os, Cx *cx, const char *path, bool *exists_out)
{
    (void)cx;
    Sim *sim = (Sim *)os;
    sim_point(sim, "exists");
    *exists_out =
        sim_find(&sim->now, path) != NULL || strcmp(path, "/") == 0 || strcmp(path, ".") == 0;
    return ST_OK;
}
