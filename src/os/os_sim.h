#ifndef DASSIE_OS_SIM_H
#define DASSIE_OS_SIM_H
/*
 * os_sim.h - a simulated machine: a disk that loses, reorders and tears what was not synced, a
 * scheduler that runs one thread at a time and switches by seed, a virtual clock, and power that
 * can be cut at any I/O. The same seed gives the same run.
 *
 * Life cycle: os_sim_create; os_sim_run (a function and all threads it makes; returns when all have
 * ended, or the power was cut); os_sim_restart (the disk becomes what survived); os_sim_run again.
 * When power is cut, threads end inside their next call of the Os, wherever that is: what they had
 * in memory is leaked, as a dead machine's memory is. A harness forks for batches of images.
 *
 * The model of the disk. A write is durable after a sync of its file; before, each of its 512-byte
 * sectors survives or not, independently, so writes are torn and reordered in every way. A size
 * change survives or not. Creating, renaming, removing a name is durable after a sync of the
 * directory; before, some number of the directory's last changes is lost (a journal keeps their
 * order). A sync of a file does not make its name durable.
 */
#include "os/os.h"

Os *os_sim_create(uint64_t seed);
void os_sim_free(Os *os);
/* os_sim_copy - another machine whose disk holds what this one's does, all of it durable. Requires
 * that nothing runs on it. */
Os *os_sim_copy(const Os *os, uint64_t seed);

typedef enum OsSimEnd {
    OS_SIM_ENDED,   /* all threads returned */
    OS_SIM_CRASHED, /* the power was cut as asked */
    OS_SIM_HALTED,  /* os_halt was called: os_sim_halt_reason says why */
} OsSimEnd;

/* os_sim_run - run fn(arg) as the first simulated thread. A state where every thread waits for ever
 * is printed, thread by thread, and ends the process. */
OsSimEnd os_sim_run(Os *os, void (*fn)(void *arg), void *arg);
const char *os_sim_halt_reason(Os *os);

/* os_sim_crash_at - cut the power in the n-th changing operation on the disk from now on (1 = the
 * next; 0 = never). That operation itself is among those that may survive. */
void os_sim_crash_at(Os *os, uint64_t n);
/* os_sim_crash_now - cut the power. Does not return to a simulated thread. */
void os_sim_crash_now(Os *os);
/* os_sim_ops - changing disk operations so far. */
uint64_t os_sim_ops(Os *os);
/* os_sim_restart - the machine is switched on again with what survived, chosen by seed. */
void os_sim_restart(Os *os, uint64_t seed);

typedef enum OsSimFault {
    OS_SIM_EIO,         /* the operation fails, nothing done */
    OS_SIM_ENOSPC,      /* likewise, the first operation from there on that takes space: files
                           created or made longer */
    OS_SIM_SHORT_WRITE, /* a write (or read) does half of its work and fails */
    OS_SIM_SYNC_EIO,    /* the first sync from there on fails: what it should have made durable may
                           be lost */
} OsSimFault;
/* os_sim_fault_at - the n-th disk operation from now on (reads count) fails; 0 = never. */
void os_sim_fault_at(Os *os, uint64_t n, OsSimFault fault);
/* os_sim_fault_stays - all operations of that kind fail from there on: a full or broken disk. Until
 * the machine is restarted. */
void os_sim_fault_stays(Os *os);
/* os_sim_faulted - did an operation fail since os_sim_fault_at? */
bool os_sim_faulted(Os *os);
/* os_sim_fault_name - what failed first: "write file /app.db". */
const char *os_sim_fault_name(Os *os);
/* os_sim_met - how often stop points of this name were met, over all runs. */
uint64_t os_sim_met(Os *os, const char *stop_point);
/* os_sim_capacity - the disk is full beyond so many bytes of files (0 = endless). */
void os_sim_capacity(Os *os, uint64_t bytes);

/*
 * Stops: a test holds a thread at a named stop point (os_stop_point; every mutex is one, by its
 * name) while others go on, so an interleaving is written down instead of drawn. With
 * os_sim_switching(os, 0) threads change only where one waits, ends or is held.
 */
#define OS_SIM_STOPS_MAX 8u
/* os_sim_stop - the next thread called `thread` (NULL: any) that meets the stop point is held. */
void os_sim_stop(Os *os, const char *stop_point, const char *thread);
/* os_sim_await - let others run until somebody is held there; false: nobody came within ten virtual
 * seconds. */
bool os_sim_await(Os *os, const char *stop_point);
/* os_sim_go_on - who is held there may run again; who has not come yet is not held. */
void os_sim_go_on(Os *os, const char *stop_point);
/* os_sim_switching - one of `one_in` switch points switches threads (default from the seed; 0 =
 * none). */
void os_sim_switching(Os *os, uint32_t one_in);

#endif
