/*
 * crash_main.c - the crash simulator: seeds, images, child processes, the count.
 *
 * One seed: a machine, a file, rounds of work cut off at a random disk operation; after each cut
 * the surviving image is recovered, sometimes cut again while recovering (now and then at every one
 * of recovery's disk operations in turn), then verified against the model. A child process runs a
 * few seeds (a dead machine's memory is never freed) and says in shared memory where it is; when it
 * dies, its seed has failed and the next child goes on behind. With --state the totals are kept in
 * a file after each child, and the next run goes on there.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"

#define SEEDS_PER_CHILD 16
#define ROUNDS          3
#define SEED_SECONDS    60 /* a child that hangs is a finding too */

#define DEEP_CUTS_MAX 60 /* of one recovery, each a little later than the last */

/* Totals - what was done; their order is that of the state file and of count_names. */
typedef enum Count {
    COUNT_SEEDS,
    COUNT_FAILED,
    COUNT_IMAGES,
    COUNT_RECUTS,
    COUNT_COMMITS,
    COUNT_ABORTS,
    COUNT_DEADLOCKS,
    COUNT_FAULTS,
    COUNT_DDL,
    COUNT_CONFLICTS,
    COUNT_OLD_SNAPSHOTS,
    COUNT_CANCELLED,
    COUNT_RECYCLED,
    COUNT_TORN,
    COUNT_PREPARED,
    COUNT_PREPARED_FOUND,
    COUNTS
} Count;
static const char *const count_names[COUNTS] = {
    "seeds",     "failed", "images",   "recuts",        "commits",       "aborts",
    "deadlocks", "faults", "ddl",      "conflicts",     "old-snapshots", "cancelled",
    "recycled",  "torn",   "prepared", "found-prepared"};

typedef struct Progress {
    _Atomic uint64_t seed;
    uint64_t counts[COUNTS];
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

/* crash_recover - what survived must recover and agree with the model, also when the power is cut
 * again meanwhile. */
static void crash_recover(Crash *c, int round)
{
    bool deep = crash_random(&c->random, 16) == 0;
    uint32_t cuts = deep ? DEEP_CUTS_MAX : crash_random(&c->random, 3);
    uint64_t at = 0;
    do {
        if (c->verbose) {
            (void)printf("seed %llu round %d: operation %llu, %u commits, %u aborts%s\n",
                         (unsigned long long)c->seed, round, (unsigned long long)os_sim_ops(c->os),
                         c->commits, c->aborts, c->ready ? "" : ", no tables yet");
            (void)fflush(stdout);
        }
        os_sim_restart(c->os, crash_random(&c->random, UINT32_MAX));
        c->images++;
        if (cuts > 0) { /* cut again while it recovers, and what survived must do as well */
            at += 1 + crash_random(&c->random, 2);
            os_sim_crash_at(c->os, deep ? at : crash_cut(c));
        }
        OsSimEnd end = os_sim_run(c->os, crash_verify, c);
        crash_check(end == OS_SIM_CRASHED, "the engine gave up: %s", os_sim_halt_reason(c->os));
        c->recuts += !c->verified;
    } while (cuts-- > 0 && !(deep && c->verified));
    if (!c->verified) { /* the last of the cuts of a deep run */
        os_sim_restart(c->os, crash_random(&c->random, UINT32_MAX));
        c->images++;
        OsSimEnd end = os_sim_run(c->os, crash_verify, c);
        crash_check(end == OS_SIM_CRASHED, "the engine gave up: %s", os_sim_halt_reason(c->os));
    }
    os_sim_restart(c->os, crash_random(&c->random, UINT32_MAX));
}

/* crash_add - a seed has passed. */
static void crash_add(const Crash *c, Progress *p)
{
    p->counts[COUNT_IMAGES] += c->images;
    p->counts[COUNT_RECUTS] += c->recuts;
    p->counts[COUNT_COMMITS] += c->commits;
    p->counts[COUNT_ABORTS] += c->aborts;
    p->counts[COUNT_DEADLOCKS] += c->deadlocks;
    p->counts[COUNT_FAULTS] += c->faults;
    p->counts[COUNT_DDL] += c->ddl;
    p->counts[COUNT_CONFLICTS] += c->conflicts;
    p->counts[COUNT_OLD_SNAPSHOTS] += c->old_snapshots;
    p->counts[COUNT_CANCELLED] += c->cancelled;
    p->counts[COUNT_RECYCLED] += os_sim_met(c->os, "wal.recycled");
    p->counts[COUNT_PREPARED] += c->prepared;
    p->counts[COUNT_PREPARED_FOUND] += c->prepared_found;
    p->counts[COUNT_TORN] += os_sim_met(c->os, "dwb.restored");
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
        c.faults += os_sim_faulted(c.os);
        crash_recover(&c, round);
    }
    crash_add(&c, p);
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

/* state_read - where the run before stopped; a file that is not there begins anew. */
static void state_read(const char *path, unsigned long long *next, Progress *p)
{
    FILE *f = path != NULL ? fopen(path, "r") : NULL;
    char name[32];
    unsigned long long n;
    while (f != NULL && fscanf(f, "%31s %llu", name, &n) == 2) {
        for (uint32_t i = 0; i < COUNTS; i++) {
            if (strcmp(name, count_names[i]) == 0) {
                p->counts[i] = n;
            }
        }
        *next = strcmp(name, "next") == 0 ? n : *next;
    }
    if (f != NULL) {
        (void)fclose(f);
    }
}

static void counts_print(FILE *f, const Progress *p, const char *between)
{
    for (uint32_t i = 0; i < COUNTS; i++) {
        (void)fprintf(f, "%s %llu%s", count_names[i], (unsigned long long)p->counts[i],
                      i + 1 < COUNTS ? between : "\n");
    }
}

/* state_write - under another name first: the machine that runs this may fail, too. */
static void state_write(const char *path, unsigned long long next, const Progress *p)
{
    char fresh[4096];
    if (path == NULL) {
        return;
    }
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    FILE *f = fopen(fresh, "w");
    if (f == NULL) {
        perror(fresh);
        exit(2);
    }
    (void)fprintf(f, "next %llu\n", next);
    counts_print(f, p, "\n");
    if (fclose(f) != 0 || rename(fresh, path) != 0) {
        perror(path);
        exit(2);
    }
}

/* Arguments of the command line. */
typedef struct Arguments {
    unsigned long long first, last, seconds;
    const char *state;
    bool verbose;
} Arguments;

static bool arguments_parse(int argc, char **argv, Arguments *a)
{
    *a = (Arguments){.first = 1, .last = 100};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--verbose") == 0) {
            a->verbose = true;
            continue;
        }
        if (value == NULL) {
            return false;
        }
        i++;
        if (strcmp(argv[i - 1], "--seeds") == 0) {
            if (sscanf(value, "%llu-%llu", &a->first, &a->last) < 1) {
                return false;
            }
        } else if (strcmp(argv[i - 1], "--state") == 0) {
            a->state = value;
        } else if (strcmp(argv[i - 1], "--seconds") != 0 ||
                   sscanf(value, "%llu", &a->seconds) != 1) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    Arguments a;
    if (!arguments_parse(argc, argv, &a)) {
        (void)fprintf(stderr, "usage: crash_sim [--verbose] [--state FILE] [--seconds N] --seeds "
                              "A-B\n");
        return 2;
    }
    Progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("crash: mmap");
        return 2;
    }
    unsigned long long next = a.first;
    state_read(a.state, &next, p);
    time_t until = time(NULL) + (time_t)a.seconds;
    while (next <= a.last && (a.seconds == 0 || time(NULL) < until)) {
        uint64_t end = MIN(a.last, next + SEEDS_PER_CHILD - 1);
        int status = crash_child(next, end, a.verbose, p);
        uint64_t seed = status == 0 ? end : atomic_load(&p->seed);
        p->counts[COUNT_SEEDS] += seed + 1 - next;
        if (status != 0) {
            char text[40];
            p->counts[COUNT_FAILED]++;
            (void)printf("FAILED seed %llu (%s); again: crash_sim --verbose --seeds %llu-%llu\n",
                         (unsigned long long)seed, crash_status_text(status, text, sizeof(text)),
                         (unsigned long long)seed, (unsigned long long)seed);
            (void)fflush(stdout);
        }
        next = seed + 1;
        state_write(a.state, next, p);
    }
    counts_print(stdout, p, " ");
    if (next <= a.last) {
        (void)printf("not done yet: seeds %llu-%llu\n", next, a.last);
    }
    (void)printf("%llu passed, %llu failed\n",
                 (unsigned long long)(p->counts[COUNT_SEEDS] - p->counts[COUNT_FAILED]),
                 (unsigned long long)p->counts[COUNT_FAILED]);
    return p->counts[COUNT_FAILED] != 0;
}
