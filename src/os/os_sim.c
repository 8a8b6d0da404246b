/*
 * os_sim.c - the simulated machine as an Os: making, running, cutting power, clock and random.
 */
#include "os/os_sim_internal.h"

#include <stdio.h>

#define SIM_EPOCH_US 1700000000000000 /* where the wall clock begins */

uint64_t sim_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static int64_t sim_now_us(Os *os)
{
    return SIM_EPOCH_US + ((Sim *)os)->clock_us;
}

static int64_t sim_mono_us(Os *os)
{
    return ((Sim *)os)->clock_us;
}

static void sim_random_bytes(Os *os, void *buf, size_t n)
{
    Sim *sim = (Sim *)os;
    uint8_t *p = buf;
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)sim_random(&sim->random_state);
    }
}

static void sim_stop_point(Os *os, const char *name)
{
    Sim *sim = (Sim *)os;
    uint32_t i = 0;
    while (i < SIM_MET_MAX - 1 && sim->met[i].name != NULL && strcmp(sim->met[i].name, name) != 0) {
        i++;
    }
    sim->met[i].name = name;
    sim->met[i].count++;
    sim_hold(sim, name);
    sim_point(sim, name);
}

NORETURN static void sim_halt(Os *os, const char *why)
{
    Sim *sim = (Sim *)os;
    sim_point(sim, "halt");
    sim->halted = true;
    (void)snprintf(sim->halt_reason, sizeof(sim->halt_reason), "%s", why);
    sim_cut_power(sim);
}

static const OsOps sim_ops = {
    .file_open = sim_file_open,
    .file_close = sim_file_close,
    .file_pread = sim_file_pread,
    .file_pwrite = sim_file_pwrite,
    .file_sync = sim_file_sync,
    .file_writeback = sim_file_writeback,
    .file_truncate = sim_file_truncate,
    .file_allocate = sim_file_allocate,
    .file_size = sim_file_size,
    .file_lock = sim_file_lock,
    .unlink = sim_unlink,
    .rename = sim_rename,
    .mkdir = sim_mkdir,
    .rmdir = sim_rmdir,
    .sync_dir = sim_sync_dir,
    .list_dir = sim_list_dir,
    .exists = sim_exists,
    .now_us = sim_now_us,
    .mono_us = sim_mono_us,
    .random = sim_random_bytes,
    .thread_create = sim_thread_create,
    .thread_join = sim_thread_join,
    .wait = sim_wait,
    .wake = sim_wake,
    .pause = sim_pause,
    .sleep_us = sim_sleep_us,
    .stop_point = sim_stop_point,
    .halt = sim_halt,
};

Os *os_sim_create(uint64_t seed)
{
    Sim *sim = mem_zalloc("sim", sizeof(*sim));
    sim->os.ops = &sim_ops;
    sim->os.simulated = true;
    sim->random_state = seed;
    sim->schedule_state = seed ^ 0x5ca1ab1e5ca1ab1eULL;
    static const uint32_t rates[] = {2, 4, 16, 64};
    sim->switch_one_in = rates[sim_random(&sim->schedule_state) % ARRAY_LEN(rates)];
    (void)pthread_mutex_init(&sim->lock, NULL);
    (void)pthread_cond_init(&sim->ended, NULL);
    return &sim->os;
}

Os *os_sim_copy(const Os *os, uint64_t seed)
{
    const Sim *from = (const Sim *)os;
    ASSERT(from->live == 0);
    Os *copy = os_sim_create(seed);
    sim_disk_copy((Sim *)copy, from);
    return copy;
}

void os_sim_free(Os *os)
{
    Sim *sim = (Sim *)os;
    sim_threads_clear(sim);
    sim_disk_free(sim);
    (void)pthread_mutex_destroy(&sim->lock);
    (void)pthread_cond_destroy(&sim->ended);
    mem_free(sim);
}

const char *os_sim_halt_reason(Os *os)
{
    return ((Sim *)os)->halt_reason;
}

void os_sim_crash_at(Os *os, uint64_t n)
{
    Sim *sim = (Sim *)os;
    sim->crash_op = n == 0 ? 0 : sim->ops + n;
}

void os_sim_crash_now(Os *os)
{
    sim_cut_power((Sim *)os);
}

uint64_t os_sim_ops(Os *os)
{
    return ((Sim *)os)->ops;
}

void os_sim_fault_at(Os *os, uint64_t n, OsSimFault fault)
{
    Sim *sim = (Sim *)os;
    sim->fault_op = n == 0 ? 0 : sim->all_ops + n;
    sim->fault = fault;
    sim->fault_stays = sim->faulted = false;
}

void os_sim_fault_stays(Os *os)
{
    ((Sim *)os)->fault_stays = true;
}

bool os_sim_faulted(Os *os)
{
    return ((Sim *)os)->faulted;
}

const char *os_sim_fault_name(Os *os)
{
    return ((Sim *)os)->fault_name;
}

uint64_t os_sim_met(Os *os, const char *stop_point)
{
    Sim *sim = (Sim *)os;
    for (uint32_t i = 0; i < SIM_MET_MAX && sim->met[i].name != NULL; i++) {
        if (strcmp(sim->met[i].name, stop_point) == 0) {
            return sim->met[i].count;
        }
    }
    return 0;
}

void os_sim_capacity(Os *os, uint64_t bytes)
{
    ((Sim *)os)->capacity = bytes;
}

void os_sim_switching(Os *os, uint32_t one_in)
{
    ((Sim *)os)->switch_one_in = one_in != 0 ? one_in : UINT32_MAX;
}

void os_sim_restart(Os *os, uint64_t seed)
{
    Sim *sim = (Sim *)os;
    ASSERT(sim->live == 0);
    sim_threads_clear(sim);
    sim_disk_survive(sim, seed);
    sim->gone = sim->halted = false;
    sim->crash_op = sim->fault_op = 0;
    memset(sim->stops, 0, sizeof(sim->stops));
    sim->fault_stays = sim->faulted = false;
}
