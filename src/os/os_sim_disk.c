/*
 * os_sim_disk.c - files of the simulated machine: what they hold now, what is durable, and the
 * changes in between.
 */
#include "os/os_sim_internal.h"

typedef struct SimFile {
    OsFile base;
    SimNode *node;
    bool read_only;
    char path[];
} SimFile;

static Sim *sim_of(OsFile *f)
{
    return (Sim *)f->os;
}

/* sim_resize - zeros appear beyond the old end. */
static void sim_resize(uint8_t **bytes, uint64_t *size, uint64_t *room, uint64_t to)
{
    if (to > *room) {
        uint64_t more = MAX(to, *room * 2);
        *bytes = mem_realloc("sim", *bytes, more);
        *room = more;
    }
    if (to > *size) {
        memset(*bytes + *size, 0, to - *size);
    }
    *size = to;
}

static void sim_note_change(SimNode *node, SimChange change)
{
    if (node->change_count == node->change_room) {
        node->change_room = node->change_room == 0 ? 16 : node->change_room * 2;
        node->changes = mem_realloc("sim", node->changes, node->change_room * sizeof(SimChange));
    }
    node->changes[node->change_count++] = change;
}

static void sim_forget_changes(SimNode *node)
{
    for (uint32_t i = 0; i < node->change_count; i++) {
        mem_free(node->changes[i].data);
    }
    node->change_count = 0;
}

/* sim_make_durable - what the file holds now survives. Only changed ranges are copied. */
static void sim_make_durable(SimNode *node)
{
    sim_resize(&node->durable, &node->durable_size, &node->durable_room, node->now_size);
    for (uint32_t i = 0; i < node->change_count; i++) {
        const SimChange *c = &node->changes[i];
        uint64_t end = c->is_size ? node->now_size : MIN(c->at + c->n, node->now_size);
        if (c->at < end) {
            memcpy(node->durable + c->at, node->now + c->at, end - c->at);
        }
    }
    sim_forget_changes(node);
}

static SimNode *sim_node_new(Sim *sim)
{
    if (sim->node_count == sim->node_room) {
        sim->node_room = sim->node_room == 0 ? 16 : sim->node_room * 2;
        sim->nodes = mem_realloc("sim", sim->nodes, sim->node_room * sizeof(SimNode *));
    }
    SimNode *node = mem_zalloc("sim", sizeof(*node));
    sim->nodes[sim->node_count++] = node;
    return node;
}

Status sim_file_open(Os *os, Cx *cx, const char *path, uint32_t flags, OsFile **file_out)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "open");
    SimEntry *e = sim_find(&sim->now, path);
    if (e != NULL && e->node == NULL) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "could not open file \"%s\": Is a directory",
                       path);
    }
    if (e != NULL && flags & OS_OPEN_CREATE && flags & OS_OPEN_EXCL) {
        return err_set(cx, ERRCODE_DUPLICATE_FILE, "could not create file \"%s\": File exists",
                       path);
    }
    if (e == NULL && !(flags & OS_OPEN_CREATE)) {
        return err_set(cx, ERRCODE_UNDEFINED_FILE,
                       "could not open file \"%s\": No such file or directory", path);
    }
    SimNode *node;
    if (e == NULL) {
        sim->takes_space = true;
        if (sim_op(sim, cx, true, "create file", path) != SIM_GO) {
            return ST_ERROR;
        }
        node = sim_node_new(sim);
        sim_name_change(sim, SIM_ADD, path, NULL, node);
        sim_op_end(sim);
    } else {
        node = e->node;
    }
    size_t path_bytes = strlen(path) + 1;
    SimFile *f = mem_zalloc("sim", sizeof(*f) + path_bytes);
    f->base.os = os;
    f->node = node;
    f->read_only = (flags & OS_OPEN_READONLY) != 0;
    memcpy(f->path, path, path_bytes);
    *file_out = &f->base;
    return ST_OK;
}

void sim_file_close(OsFile *file)
{
    SimFile *f = (SimFile *)file;
    sim_point(sim_of(file), "close");
    if (f->node->lock_owner == f) {
        f->node->lock_owner = NULL;
    }
    mem_free(f);
}

Status sim_file_pread(OsFile *file, Cx *cx, void *buf, size_t n, uint64_t offset, size_t *n_out)
{
    SimFile *f = (SimFile *)file;
    sim_point(sim_of(file), "pread");
    SimVerdict verdict = sim_op(sim_of(file), cx, false, "read file", f->path);
    if (verdict == SIM_FAIL) {
        return ST_ERROR;
    }
    const SimNode *node = f->node;
    n = verdict == SIM_FAIL_HALF ? n / 2 : n;
    size_t got = offset < node->now_size ? (size_t)MIN((uint64_t)n, node->now_size - offset) : 0;
    if (got != 0) {
        memcpy(buf, node->now + offset, got);
    }
    *n_out = got;
    return verdict == SIM_GO ? ST_OK : ST_ERROR;
}

/* sim_room - is there room on the disk for the file to become `size` long? */
static Status sim_room(Sim *sim, Cx *cx, const SimFile *f, uint64_t size)
{
    if (sim->capacity == 0 || size <= f->node->now_size) {
        return ST_OK;
    }
    uint64_t used = size - f->node->now_size;
    for (uint32_t i = 0; i < sim->now.count; i++) {
        used += sim->now.entries[i].node != NULL ? sim->now.entries[i].node->now_size : 0;
    }
    if (used <= sim->capacity) {
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_DISK_FULL,
                      "could not extend file \"%s\": No space left on device", f->path));
    return err_hint(cx, "Check free disk space.");
}

Status sim_file_pwrite(OsFile *file, Cx *cx, const void *buf, size_t n, uint64_t offset)
{
    SimFile *f = (SimFile *)file;
    SimNode *node = f->node;
    Sim *sim = sim_of(file);
    ASSERT(!f->read_only);
    sim_point(sim, "pwrite");
    sim->takes_space = offset + n > node->now_size;
    SimVerdict verdict = sim_op(sim, cx, true, "write file", f->path);
    if (verdict == SIM_FAIL) {
        return ST_ERROR;
    }
    n = verdict == SIM_FAIL_HALF ? n / 2 : n;
    TRY(sim_room(sim, cx, f, offset + n));
    if (n != 0) {
        if (offset + n > node->now_size) {
            sim_resize(&node->now, &node->now_size, &node->room, offset + n);
        }
        memcpy(node->now + offset, buf, n);
        SimChange c = {.at = offset, .n = n, .data = mem_alloc("sim", n)};
        memcpy(c.data, buf, n);
        sim_note_change(node, c);
    }
    sim_op_end(sim);
    return verdict == SIM_GO ? ST_OK : ST_ERROR;
}

/* sim_file_writeback - unsynced changes are lost or kept by the seed, whether this is called or
 * not. */
Status sim_file_writeback(OsFile *file, Cx *cx, uint64_t offset, uint64_t n, bool wait)
{
    (void)cx, (void)offset, (void)n, (void)wait;
    sim_point(sim_of(file), "writeback");
    return ST_OK;
}

Status sim_file_sync(OsFile *file, Cx *cx)
{
    SimFile *f = (SimFile *)file;
    Sim *sim = sim_of(file);
    sim_point(sim, "sync");
    if (sim_op(sim, cx, true, "fsync file", f->path) != SIM_GO) {
        return ST_ERROR;
    }
    sim_op_end(sim);
    sim_make_durable(f->node);
    sim_point(sim, "synced");
    return ST_OK;
}

static Status sim_set_size(SimFile *f, Cx *cx, uint64_t size)
{
    Sim *sim = sim_of(&f->base);
    SimNode *node = f->node;
    TRY(sim_room(sim, cx, f, size));
    sim_note_change(node, (SimChange){.is_size = true, .at = MIN(size, node->now_size), .n = size});
    sim_resize(&node->now, &node->now_size, &node->room, size);
    sim_op_end(sim);
    return ST_OK;
}

Status sim_file_truncate(OsFile *file, Cx *cx, uint64_t size)
{
    SimFile *f = (SimFile *)file;
    sim_point(sim_of(file), "truncate");
    sim_of(file)->takes_space = size > f->node->now_size;
    if (sim_op(sim_of(file), cx, true, "truncate file", f->path) != SIM_GO) {
        return ST_ERROR;
    }
    return sim_set_size(f, cx, size);
}

Status sim_file_allocate(OsFile *file, Cx *cx, uint64_t offset, uint64_t n)
{
    SimFile *f = (SimFile *)file;
    sim_point(sim_of(file), "allocate");
    sim_of(file)->takes_space = offset + n > f->node->now_size;
    if (sim_op(sim_of(file), cx, true, "extend file", f->path) != SIM_GO) {
        return ST_ERROR;
    }
    if (offset + n <= f->node->now_size) {
        sim_op_end(sim_of(file));
        return ST_OK;
    }
    return sim_set_size(f, cx, offset + n);
}

Status sim_file_size(OsFile *file, Cx *cx, uint64_t *size_out)
{
    (void)cx;
    *size_out = ((SimFile *)file)->node->now_size;
    return ST_OK;
}

Status sim_file_lock(OsFile *file, Cx *cx)
{
    (void)cx;
    SimFile *f = (SimFile *)file;
    if (f->node->lock_owner != NULL && f->node->lock_owner != f) {
        return ST_BUSY;
    }
    f->node->lock_owner = f;
    return ST_OK;
}

/* sim_write_survives - sectors of a lost write that reached the disk all the same. */
static void sim_write_survives(SimNode *node, const SimChange *c, uint64_t chance, uint64_t *random)
{
    for (uint64_t at = c->at; at < c->at + c->n;) {
        uint64_t end = MIN((at / SIM_SECTOR + 1) * SIM_SECTOR, c->at + c->n);
        if (sim_random(random) % 100 < chance) {
            if (end > node->durable_size) {
                sim_resize(&node->durable, &node->durable_size, &node->durable_room, end);
            }
            memcpy(node->durable + at, c->data + (at - c->at), end - at);
        }
        at = end;
    }
}

static void sim_node_survive(SimNode *node, uint64_t chance, uint64_t *random)
{
    for (uint32_t i = 0; i < node->change_count; i++) {
        const SimChange *c = &node->changes[i];
        if (!c->is_size) {
            sim_write_survives(node, c, chance, random);
        } else if (sim_random(random) % 100 < chance) {
            sim_resize(&node->durable, &node->durable_size, &node->durable_room, c->n);
        }
    }
    sim_forget_changes(node);
    sim_resize(&node->now, &node->now_size, &node->room, node->durable_size);
    if (node->durable_size != 0) {
        memcpy(node->now, node->durable, node->durable_size);
    }
    node->lock_owner = NULL;
}

/* sim_disk_survive - after a power cut. Some seeds lose all, some nothing: both are likely in life
 * and unlikely by coin. */
void sim_disk_survive(Sim *sim, uint64_t seed)
{
    static const uint64_t chances[] = {0, 10, 50, 50, 90, 100};
    uint64_t random = seed;
    uint64_t chance = chances[sim_random(&random) % ARRAY_LEN(chances)];
    sim_names_survive(sim, &random);
    for (uint32_t i = 0; i < sim->node_count; i++) {
        sim_node_survive(sim->nodes[i], chance, &random);
    }
}

void sim_disk_copy(Sim *sim, const Sim *from)
{
    for (uint32_t i = 0; i < from->now.count; i++) {
        const SimEntry *e = &from->now.entries[i];
        SimNode *node = NULL;
        if (e->node != NULL) {
            node = sim_node_new(sim);
            sim_resize(&node->now, &node->now_size, &node->room, e->node->now_size);
            sim_resize(&node->durable, &node->durable_size, &node->durable_room, e->node->now_size);
            if (e->node->now_size != 0) {
                memcpy(node->now, e->node->now, e->node->now_size);
                memcpy(node->durable, e->node->now, e->node->now_size);
            }
        }
        sim_name_add(&sim->now, e->path, node);
        sim_name_add(&sim->durable, e->path, node);
    }
}

void sim_disk_free(Sim *sim)
{
    sim_names_free(sim);
    for (uint32_t i = 0; i < sim->node_count; i++) {
        SimNode *node = sim->nodes[i];
        sim_forget_changes(node);
        mem_free(node->changes);
        mem_free(node->now);
        mem_free(node->durable);
        mem_free(node);
    }
    mem_free(sim->nodes);
}
