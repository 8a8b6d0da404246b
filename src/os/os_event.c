/*
 * os_event.c - a counter to wait on.
 *
 * The sleeper raises `waiters` before the kernel compares `seq`, the signaller raises `seq` before
 * it reads `waiters`, both sequentially consistent: one of them always sees the other, and a signal
 * nobody waits for costs no system call.
 */
#include "os/os.h"

uint32_t os_event_value(OsEvent *e)
{
    return atomic_load(&e->seq);
}

bool os_event_wait(Os *os, OsEvent *e, uint32_t value, int64_t timeout_us)
{
    atomic_fetch_add(&e->waiters, 1);
    bool woken = true;
    if (atomic_load(&e->seq) == value) {
        woken = os_wait(os, &e->seq, value, timeout_us);
    }
    atomic_fetch_sub(&e->waiters, 1);
    return woken;
}

void os_event_signal(Os *os, OsEvent *e)
{
    os_stop_point(os, "event-signal");
    atomic_fetch_add(&e->seq, 1);
    if (atomic_load(&e->waiters) != 0) {
        os_wake(os, &e->seq, UINT32_MAX);
    }
}
