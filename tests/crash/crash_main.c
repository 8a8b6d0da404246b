/*
 * crash_main.c - the crash simulator: seeds, images, child processes, the count.
 *
 * One seed: a machine, a file, rounds of work cut off at a random disk operation; after each cut
 * the surviving image is recovered, sometimes cut again while recovering, then verified against the
 * model. A child process runs a few seeds (a dead machine's memory is never freed) and says in
 * shared memory where it is; when it dies, its seed has failed and the next child goes on behind.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"

#define SEEDS_PER_CHILD 16
#define ROUNDS          3
#define SEED_SECONDS    60 /* a child that hangs is a finding too */

typedef struct Progress {
    _Atomic uint64_t seed, images, commits, aborts, deadlocks;
} Progress;

static void crash_configure(Crash *c, uint64_t seed)
{
    memset(c, 0, sizeof(*c));
    c->seed = c->random = seed;
    c->os = os_sim_create(seed);
    c->cx.err = &c->err;
    c->cx.arena = &c->arena;
    arena_init(&c->arena, NULL, "crash", 0);
    EngineOptions *o = &c->options;
    engine_options_default(o);
    o->store.pool_bytes = (uint64_t)PAGE_SIZE * (16 + crash_random(&c->random, 100));
    o->store.max_pages = 1u << 14;
    o->wal.segment_bytes = 65536u << crash_random(&c->random, 3);
    o->wal.first_segment_bytes = 16384;
    o->wal.region_bytes = (uint64_t)1 << (20 + crash_random(&c->random, 2));
    o->wal.resident_bytes = o->wal.region_bytes / 8;
    o->max_wal_bytes = 100000;
    o->checkpoint_us = 20000;
    c->retaining = crash_random(&c->random, 4) == 0;
    o->max_wal_retained = c->retaining ? 40000 + crash_random(&c->random, 200000) : 0;
    o->on_retained = crash_on_retained;
    o->on_flush_arg = c;
    o->background = crash_random(&c->random, 3) == 0;
    c->worker_count = 1 + crash_random(&c->random, CRASH_WORKERS_MAX);
    for (uint32_t i = 0; i < c->worker_count; i++) {
        CrashWorker *w = &c->workers[i];
        w->crash = c;
        w->id = i;
        w->random = seed * 31 + i;
        w->state_count = 1;
        w->cx.err = &w->err;
        w->cx.arena = &w->arena;
        w->transactions = 4 + crash_random(&c->random, crash_random(&c->random, 4) ? 24 : 120);
        arena_init(&w->arena, NULL, "worker", 0);
    }
}

/* crash_cut - when to cut the power: early operations as often as late ones. */
static uint64_t crash_cut(Crash *c)
{
    return 1 + crash_random(&c->random, 1u << (3 + crash_random(&c->random, 9)));
}

static void crash_seed(uint64_t seed, bool verbose, Progress *p)
{
    static Crash c;
    crash_configure(&c, seed);
    c.verbose = verbose;
    if (verbose) {
        (void)printf("seed %llu: %u workers, pool of %llu pages, background threads %s\n",
                     (unsigned long long)seed, c.worker_count,
                     (unsigned long long)(c.options.store.pool_bytes / PAGE_SIZE),
                     c.options.background ? "on" : "off");
    }
    for (int round = 0; round < ROUNDS; round++) {
        os_sim_crash_at(c.os, crash_cut(&c));
        OsSimEnd end = os_sim_run(c.os, crash_work, &c);
        crash_check(end == OS_SIM_CRASHED || c.faulty, "the engine gave up: %s",
                    os_sim_halt_reason(c.os));
        for (uint32_t cuts = crash_random(&c.random, 3);; cuts--) {
            if (verbose) {
                (void)printf("seed %llu round %d: operation %llu, %u commits, %u aborts%s\n",
                             (unsigned long long)seed, round, (unsigned long long)os_sim_ops(c.os),
                             c.commits, c.aborts, c.ready ? "" : ", no tables yet");
                (void)fflush(stdout);
            }
            os_sim_restart(c.os, crash_random(&c.random, UINT32_MAX));
            c.images++;
            if (cuts > 0) { /* cut again while it recovers, and what survived must do as well */
                os_sim_crash_at(c.os, crash_cut(&c));
            }
            end = os_sim_run(c.os, crash_verify, &c);
            crash_check(end == OS_SIM_CRASHED, "the engine gave up: %s", os_sim_halt_reason(c.os));
            if (cuts == 0) {
                break;
            }
        }
        os_sim_restart(c.os, crash_random(&c.random, UINT32_MAX));
    }
    p->images += c.images;
    p->commits += c.commits;
    p->aborts += c.aborts;
    p->deadlocks += c.deadlocks;
    os_sim_free(c.os);
}

/* crash_child - seeds until the last, a few at a time; returns the child's wait status. */
static int crash_child(uint64_t first, uint64_t last, bool verbose, Progress *p)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (uint64_t seed = first; seed <= last; seed++) {
            atomic_store(&p->seed, seed);
            (void)alarm(SEED_SECONDS);
            crash_seed(seed, verbose, p);
        }
        _exit(0);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("crash: fork");
        exit(2);
    }
    return status;
}

static const char *crash_status_text(int status, char *buf, size_t n)
{
    if (WIFSIGNALED(status)) {
        (void)snprintf(buf, n, WTERMSIG(status) == SIGALRM ? "hangs" : "signal %d",
                       WTERMSIG(status));
    } else {
        (void)snprintf(buf, n, "exit %d", WEXITSTATUS(status));
    }
    return buf;
}

int main(int argc, char **argv)
{
    unsigned long long first = 1, last = 100, failed = 0;
    bool verbose = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else if (strcmp(argv[i], "--seeds") != 0 || i + 1 == argc ||
                   sscanf(argv[++i], "%llu-%llu", &first, &last) < 1) {
            (void)fprintf(stderr, "usage: crash_sim [--verbose] --seeds A-B\n");
            return 2;
        }
    }
    Progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("crash: mmap");
        return 2;
    }
    for (uint64_t next = first; next <= last;) {
        uint64_t end = MIN(last, next + SEEDS_PER_CHILD - 1);
        int status = crash_child(next, end, verbose, p);
        if (status == 0) {
            next = end + 1;
            continue;
        }
        char text[40];
        uint64_t seed = atomic_load(&p->seed);
        (void)printf("FAILED seed %llu (%s); again: crash_sim --verbose --seeds %llu-%llu\n",
                     (unsigned long long)seed, crash_status_text(status, text, sizeof(text)),
                     (unsigned long long)seed, (unsigned long long)seed);
        (void)fflush(stdout);
        failed++;
        next = seed + 1;
    }
    (void)printf("images %llu commits %llu aborts %llu deadlocks %llu\n",
                 (unsigned long long)p->images, (unsigned long long)p->commits,
                 (unsigned long long)p->aborts, (unsigned long long)p->deadlocks);
    (void)printf("%llu passed, %llu failed\n", last - first + 1 - failed, failed);
    return failed != 0;
}
