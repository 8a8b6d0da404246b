#ifndef DASSIE_OS_SIM_INTERNAL_H
#define DASSIE_OS_SIM_INTERNAL_H
/*
 * os_sim_internal.h - the simulated machine's parts, for os_sim*.c only.
 *
 * Only the thread that has the baton runs, so the disk needs no locks; `lock` guards the baton.
 */
#include <pthread.h>

#include "os/os_sim.h"

#define SIM_SECTOR  512u
#define SIM_MET_MAX 128u /* different stop points */

typedef enum SimState {
    SIM_RUNNABLE,
    SIM_WAITING,
    SIM_SLEEPING,
    SIM_JOINING,
    SIM_HELD,
    SIM_DONE
} SimState;

typedef struct SimThread {
    OsThread base;
    struct Sim *sim;
    char name[32];
    void (*fn)(void *arg);
    void *arg;
    pthread_cond_t turn;
    SimState state;
    const char *where;         /* the last call of the Os */
    _Atomic uint32_t *address; /* waited on */
    int64_t deadline;          /* virtual; < 0 = none */
    bool timed_out;
    struct SimThread *joined;
} SimThread;

/* A change of a file that no sync has made durable yet. */
typedef struct SimChange {
    bool is_size;   /* else a write */
    uint64_t at, n; /* write: offset, bytes; size: the new size in `at` */
    uint8_t *data;
} SimChange;

typedef struct SimNode {
    uint8_t *now, *durable; /* content */
    uint64_t now_size, durable_size, room, durable_room;
    SimChange *changes;
    uint32_t change_count, change_room;
    void *lock_owner;
} SimNode;

typedef struct SimEntry {
    char *path;
    SimNode *node; /* NULL = directory */
} SimEntry;

typedef struct SimDir { /* a set of names */
    SimEntry *entries;
    uint32_t count, room;
} SimDir;

typedef enum SimNameKind { SIM_ADD, SIM_REMOVE, SIM_RENAME } SimNameKind;
typedef struct SimNameChange {
    SimNameKind kind;
    char *parent, *path, *to;
    SimNode *node;
} SimNameChange;

/* A place where a thread is to be held, or is. */
typedef struct SimStop {
    const char *point, *thread; /* thread NULL = any; point NULL = not in use */
    SimThread *held;
} SimStop;

typedef struct Sim {
    Os os;
    uint64_t random_state, schedule_state;
    uint32_t switch_one_in;
    int64_t clock_us, run_begin_us;

    pthread_mutex_t lock;
    pthread_cond_t ended;
    SimThread **threads;
    uint32_t thread_count, thread_room, live;
    SimThread *current;
    SimStop stops[OS_SIM_STOPS_MAX];
    bool gone; /* no power */
    bool halted;
    char halt_reason[256];

    SimDir now, durable;
    SimNameChange *name_changes;
    uint32_t name_change_count, name_change_room;
    SimNode **nodes;
    uint32_t node_count, node_room;
    uint64_t ops, all_ops, crash_op, fault_op, capacity;
    OsSimFault fault;
    bool fault_stays, faulted, takes_space; /* does the operation under way? */
    char fault_name[128];
    struct SimMet {
        const char *name;
        uint64_t count;
    } met[SIM_MET_MAX];
} Sim;

uint64_t sim_random(uint64_t *state);

/* os_sim_sched.c */
/* sim_point - called at the beginning of every call of the Os: ends the thread when the power is
 * gone, lets time pass, perhaps switches. */
void sim_point(Sim *sim, const char *where);
/* sim_hold - at a stop point: stay here if a test has said so. */
void sim_hold(Sim *sim, const char *point);
NORETURN void sim_cut_power(Sim *sim);
Status sim_thread_create(Os *os, Cx *cx, const char *name, void (*fn)(void *arg), void *arg,
                         OsThread **out);
void sim_thread_join(OsThread *t);
bool sim_wait(Os *os, _Atomic uint32_t *addr, uint32_t expected, int64_t timeout_us);
void sim_wake(Os *os, _Atomic uint32_t *addr, uint32_t count);
void sim_pause(Os *os);
void sim_sleep_us(Os *os, int64_t us);
void sim_threads_clear(Sim *sim);

/* os_sim_disk.c */
void sim_disk_survive(Sim *sim, uint64_t seed);
void sim_disk_free(Sim *sim);
/* sim_disk_copy - the files and names of `from` as they are now, durable. */
void sim_disk_copy(Sim *sim, const Sim *from);
Status sim_file_open(Os *os, Cx *cx, const char *path, uint32_t flags, OsFile **file_out);
void sim_file_close(OsFile *f);
Status sim_file_pread(OsFile *f, Cx *cx, void *buf, size_t n, uint64_t offset, size_t *n_out);
Status sim_file_pwrite(OsFile *f, Cx *cx, const void *buf, size_t n, uint64_t offset);
Status sim_file_sync(OsFile *f, Cx *cx);
Status sim_file_writeback(OsFile *f, Cx *cx, uint64_t offset, uint64_t n, bool wait);
Status sim_file_truncate(OsFile *f, Cx *cx, uint64_t size);
Status sim_file_allocate(OsFile *f, Cx *cx, uint64_t offset, uint64_t n);
Status sim_file_size(OsFile *f, Cx *cx, uint64_t *size_out);
Status sim_file_lock(OsFile *f, Cx *cx);

/* os_sim_names.c */
SimEntry *sim_find(SimDir *dir, const char *path);
/* sim_name_change - do it now; it becomes durable by a sync of the parent. */
void sim_name_change(Sim *sim, SimNameKind kind, const char *path, const char *to, SimNode *node);
void sim_names_survive(Sim *sim, uint64_t *random_state);
void sim_names_free(Sim *sim);
/* sim_name_add - a name in a set; node NULL = directory. */
void sim_name_add(SimDir *dir, const char *path, SimNode *node);
/* sim_op - count an operation: the error it is to fail with, if any. changing: the power may be
 * cut in it, which the caller does (sim_op_end) when it has noted its change. */
typedef enum SimVerdict { SIM_GO, SIM_FAIL, SIM_FAIL_HALF } SimVerdict;
SimVerdict sim_op(Sim *sim, Cx *cx, bool changing, const char *verb, const char *path);
void sim_op_end(Sim *sim);
Status sim_unlink(Os *os, Cx *cx, const char *path);
Status sim_rename(Os *os, Cx *cx, const char *from, const char *to);
Status sim_mkdir(Os *os, Cx *cx, const char *path);
Status sim_rmdir(Os *os, Cx *cx, const char *path);
Status sim_sync_dir(Os *os, Cx *cx, const char *path);
Status sim_list_dir(Os *os, Cx *cx, Arena *arena, const char *path, char ***names_out,
                    uint32_t *count_out);
Status sim_exists(Os *os, Cx *cx, const char *path, bool *exists_out);

#endif
