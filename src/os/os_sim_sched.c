/*
 * os_sim_sched.c - one simulated thread runs at a time; who is next is drawn from the seed.
 *
 * Each simulated thread is a real one that sleeps on its condition variable until the baton
 * (`current`) is its own. Time is virtual: a microsecond a call, and a jump to the next deadline
 * when nobody can run. Cutting the power makes every thread leave by pthread_exit from the call it
 * is in: no code of the engine runs after the cut, as on a real machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "os/os_sim_internal.h"

#define SIM_STACK_BYTES                                                                            \
    (8u << 20) /* the SQL parser recurses; what is not touched costs nothing                       \
                */
#define SIM_PAUSE_US 20
#define SIM_AWAIT_US 10000000
/* A run that uses so much virtual time is going round in circles. */
#define SIM_RUN_US_MAX (4LL * 3600 * 1000000)

/* The simulated thread this real thread is; NULL outside of os_sim_run. */
static _Thread_local SimThread *sim_self;

static const char *sim_state_text(SimState s)
{
    static const char *const texts[] = {"runnable", "waiting", "sleeping",
                                        "joining",  "held",    "done"};
    return texts[s];
}

/* sim_stuck - say where everybody is, and end the process: there is nothing to go on with. */
static NORETURN void sim_stuck(Sim *sim, const char *what)
{
    (void)fprintf(stderr, "simulated machine: %s at %lld us\n", what, (long long)sim->clock_us);
    for (uint32_t i = 0; i < sim->thread_count; i++) {
        SimThread *t = sim->threads[i];
        (void)fprintf(stderr, "  thread %u \"%s\": %s in %s, address %p, deadline %lld\n", i,
                      t->name, sim_state_text(t->state), t->where ? t->where : "-",
                      (void *)t->address, (long long)t->deadline);
    }
    abort();
}

/* sim_expire - threads whose time has come can run; returns the next deadline, -1 = none. */
static int64_t sim_expire(Sim *sim)
{
    int64_t next = -1;
    for (uint32_t i = 0; i < sim->thread_count; i++) {
        SimThread *t = sim->threads[i];
        bool timed = (t->state == SIM_WAITING || t->state == SIM_SLEEPING) && t->deadline >= 0;
        if (timed && t->deadline <= sim->clock_us) {
            t->state = SIM_RUNNABLE;
            t->timed_out = true;
        } else if (timed && (next < 0 || t->deadline < next)) {
            next = t->deadline;
        }
    }
    return next;
}

/* sim_pick - the next thread, by lot among those that can run. */
static SimThread *sim_pick(Sim *sim)
{
    for (;;) {
        uint32_t able = 0;
        int64_t next = sim_expire(sim);
        SimThread *chosen = NULL;
        for (uint32_t i = 0; i < sim->thread_count; i++) {
            if (sim->threads[i]->state == SIM_RUNNABLE &&
                sim_random(&sim->schedule_state) % ++able == 0) {
                chosen = sim->threads[i];
            }
        }
        if (chosen != NULL) {
            return chosen;
        }
        if (next < 0) {
            sim_stuck(sim, "deadlock");
        }
        sim->clock_us = next;
    }
}

/* sim_leave - requires the lock: this thread ends here. */
static NORETURN void sim_leave(Sim *sim)
{
    if (--sim->live == 0) {
        (void)pthread_cond_signal(&sim->ended);
    }
    (void)pthread_mutex_unlock(&sim->lock);
    pthread_exit(NULL);
}

/* sim_await_turn - requires the lock. */
static void sim_await_turn(Sim *sim, SimThread *self)
{
    while (sim->current != self && !sim->gone) {
        (void)pthread_cond_wait(&self->turn, &sim->lock);
    }
    if (sim->gone) {
        sim_leave(sim);
    }
}

/* sim_switch - requires the lock: let somebody run (perhaps this one, if it still can). */
static void sim_switch(Sim *sim, SimThread *self)
{
    if (sim->clock_us - sim->run_begin_us > SIM_RUN_US_MAX) {
        sim_stuck(sim, "no end in sight");
    }
    SimThread *next = sim_pick(sim);
    if (next != self) {
        sim->current = next;
        (void)pthread_cond_signal(&next->turn);
        sim_await_turn(sim, self);
    }
}

void sim_point(Sim *sim, const char *where)
{
    SimThread *self = sim_self;
    if (self == NULL) {
        return; /* the harness, between runs */
    }
    self->where = where;
    sim->clock_us++;
    if (sim_random(&sim->schedule_state) % sim->switch_one_in == 0) {
        (void)pthread_mutex_lock(&sim->lock);
        sim_switch(sim, self);
        (void)pthread_mutex_unlock(&sim->lock);
    }
}

/* sim_stop_find - the stop armed for a stop point (as the thread meets it; NULL: as anybody does).
 */
static SimStop *sim_stop_find(Sim *sim, const char *point, const SimThread *thread)
{
    for (uint32_t i = 0; i < OS_SIM_STOPS_MAX; i++) {
        SimStop *s = &sim->stops[i];
        if (s->point != NULL && strcmp(s->point, point) == 0 &&
            (thread == NULL ||
             (s->held == NULL && (s->thread == NULL || strcmp(s->thread, thread->name) == 0)))) {
            return s;
        }
    }
    return NULL;
}

void sim_hold(Sim *sim, const char *point)
{
    SimThread *self = sim_self;
    SimStop *stop = self != NULL ? sim_stop_find(sim, point, self) : NULL;
    if (LIKELY(stop == NULL)) {
        return;
    }
    (void)pthread_mutex_lock(&sim->lock);
    stop->held = self;
    self->where = point;
    self->state = SIM_HELD;
    sim_switch(sim, self);
    (void)pthread_mutex_unlock(&sim->lock);
}

void os_sim_stop(Os *os, const char *stop_point, const char *thread)
{
    Sim *sim = (Sim *)os;
    uint32_t i = 0;
    ASSERT(sim_stop_find(sim, stop_point, NULL) == NULL);
    while (sim->stops[i].point != NULL) {
        i++;
        ASSERT(i < OS_SIM_STOPS_MAX);
    }
    sim->stops[i] = (SimStop){.point = stop_point, .thread = thread};
}

bool os_sim_await(Os *os, const char *stop_point)
{
    Sim *sim = (Sim *)os;
    const SimStop *stop = sim_stop_find(sim, stop_point, NULL);
    ASSERT(stop != NULL);
    for (int64_t end = sim->clock_us + SIM_AWAIT_US; stop->held == NULL && sim->clock_us < end;) {
        sim_sleep_us(os, SIM_PAUSE_US);
    }
    return stop->held != NULL;
}

void os_sim_go_on(Os *os, const char *stop_point)
{
    Sim *sim = (Sim *)os;
    SimStop *stop = sim_stop_find(sim, stop_point, NULL);
    ASSERT(stop != NULL);
    if (stop->held != NULL) {
        stop->held->state = SIM_RUNNABLE;
    }
    *stop = (SimStop){0};
}

NORETURN void sim_cut_power(Sim *sim)
{
    ASSERT(sim_self != NULL);
    (void)pthread_mutex_lock(&sim->lock);
    sim->gone = true;
    for (uint32_t i = 0; i < sim->thread_count; i++) {
        (void)pthread_cond_signal(&sim->threads[i]->turn);
    }
    sim_leave(sim);
}

/* sim_thread_main - wait for the first turn, run, wake the joiners, hand the baton on. */
static void *sim_thread_main(void *arg)
{
    SimThread *self = arg;
    Sim *sim = self->sim;
    sim_self = self;
    (void)pthread_mutex_lock(&sim->lock);
    sim_await_turn(sim, self);
    (void)pthread_mutex_unlock(&sim->lock);
    self->fn(self->arg);
    (void)pthread_mutex_lock(&sim->lock);
    self->state = SIM_DONE;
    for (uint32_t i = 0; i < sim->thread_count; i++) {
        SimThread *t = sim->threads[i];
        if (t->state == SIM_JOINING && t->joined == self) {
            t->state = SIM_RUNNABLE;
        }
    }
    if (sim->live > 1) {
        sim->current = sim_pick(sim);
        (void)pthread_cond_signal(&sim->current->turn);
    }
    sim_leave(sim);
}

/* sim_spawn - requires the lock, or that nobody runs. */
static SimThread *sim_spawn(Sim *sim, const char *name, void (*fn)(void *arg), void *arg)
{
    SimThread *t = mem_zalloc("sim", sizeof(*t));
    t->base.os = &sim->os;
    t->sim = sim;
    (void)snprintf(t->name, sizeof(t->name), "%s", name);
    t->fn = fn;
    t->arg = arg;
    t->deadline = -1;
    (void)pthread_cond_init(&t->turn, NULL);
    if (sim->thread_count == sim->thread_room) {
        sim->thread_room = sim->thread_room == 0 ? 16 : sim->thread_room * 2;
        sim->threads = mem_realloc("sim", sim->threads, sim->thread_room * sizeof(SimThread *));
    }
    sim->threads[sim->thread_count++] = t;
    sim->live++;
    pthread_t id;
    pthread_attr_t attr;
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, SIM_STACK_BYTES);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&id, &attr, sim_thread_main, t) != 0) {
        PANIC("could not create a thread for the simulated machine");
    }
    (void)pthread_attr_destroy(&attr);
    return t;
}

Status sim_thread_create(Os *os, Cx *cx, const char *name, void (*fn)(void *arg), void *arg,
                         OsThread **out)
{
    (void)cx;
    Sim *sim = (Sim *)os;
    ASSERT(sim_self != NULL);
    (void)pthread_mutex_lock(&sim->lock);
    *out = &sim_spawn(sim, name, fn, arg)->base;
    (void)pthread_mutex_unlock(&sim->lock);
    sim_point(sim, "thread-create");
    return ST_OK;
}

void sim_thread_join(OsThread *thread)
{
    SimThread *t = (SimThread *)thread;
    Sim *sim = t->sim;
    sim_point(sim, "thread-join");
    (void)pthread_mutex_lock(&sim->lock);
    while (t->state != SIM_DONE) {
        sim_self->state = SIM_JOINING;
        sim_self->joined = t;
        sim_switch(sim, sim_self);
    }
    (void)pthread_mutex_unlock(&sim->lock);
}

bool sim_wait(Os *os, _Atomic uint32_t *addr, uint32_t expected, int64_t timeout_us)
{
    Sim *sim = (Sim *)os;
    SimThread *self = sim_self;
    ASSERT(self != NULL);
    sim_point(sim, "wait");
    if (atomic_load(addr) != expected) {
        return true;
    }
    (void)pthread_mutex_lock(&sim->lock);
    self->state = SIM_WAITING;
    self->address = addr;
    self->deadline = timeout_us < 0 ? -1 : sim->clock_us + timeout_us;
    self->timed_out = false;
    sim_switch(sim, self);
    self->address = NULL;
    self->deadline = -1;
    bool woken = !self->timed_out;
    (void)pthread_mutex_unlock(&sim->lock);
    return woken;
}

void sim_wake(Os *os, _Atomic uint32_t *addr, uint32_t count)
{
    Sim *sim = (Sim *)os;
    if (sim_self == NULL) {
        return;
    }
    sim_point(sim, "wake");
    (void)pthread_mutex_lock(&sim->lock);
    uint32_t from = (uint32_t)sim_random(&sim->schedule_state) % sim->thread_count;
    for (uint32_t i = 0; i < sim->thread_count && count > 0; i++) {
        SimThread *t = sim->threads[(from + i) % sim->thread_count];
        if (t->state == SIM_WAITING && t->address == addr) {
            t->state = SIM_RUNNABLE;
            count--;
        }
    }
    (void)pthread_mutex_unlock(&sim->lock);
}

/* sim_pause - a spinning thread always lets the others go first. */
void sim_pause(Os *os)
{
    Sim *sim = (Sim *)os;
    if (sim_self == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&sim->lock);
    sim_self->where = "pause";
    sim->clock_us += SIM_PAUSE_US;
    sim_switch(sim, sim_self);
    (void)pthread_mutex_unlock(&sim->lock);
}

void sim_sleep_us(Os *os, int64_t us)
{
    Sim *sim = (Sim *)os;
    SimThread *self = sim_self;
    if (self == NULL) {
        sim->clock_us += us;
        return;
    }
    (void)pthread_mutex_lock(&sim->lock);
    self->where = "sleep";
    self->state = SIM_SLEEPING;
    self->deadline = sim->clock_us + MAX(us, 0);
    sim_switch(sim, self);
    self->deadline = -1;
    (void)pthread_mutex_unlock(&sim->lock);
}

OsSimEnd os_sim_run(Os *os, void (*fn)(void *arg), void *arg)
{
    Sim *sim = (Sim *)os;
    ASSERT(sim_self == NULL && sim->live == 0 && !sim->gone);
    sim->run_begin_us = sim->clock_us;
    (void)pthread_mutex_lock(&sim->lock);
    sim->current = sim_spawn(sim, "main", fn, arg);
    while (sim->live > 0) {
        (void)pthread_cond_wait(&sim->ended, &sim->lock);
    }
    (void)pthread_mutex_unlock(&sim->lock);
    if (sim->halted) {
        return OS_SIM_HALTED;
    }
    if (sim->gone) {
        return OS_SIM_CRASHED;
    }
    sim_threads_clear(sim);
    return OS_SIM_ENDED;
}

void sim_threads_clear(Sim *sim)
{
    for (uint32_t i = 0; i < sim->thread_count; i++) {
        (void)pthread_cond_destroy(&sim->threads[i]->turn);
        mem_free(sim->threads[i]);
    }
    mem_free(sim->threads);
    sim->threads = NULL;
    sim->thread_count = sim->thread_room = 0;
}
