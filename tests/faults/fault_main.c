/*
 * fault_main.c - the n-th disk operation fails, for n = 1, 2, 3, ... until a run meets no fault.
 *
 * Every case starts from a copy of the same disk. A fixed list of units runs, each again after an
 * error that the fault explains (58030, 53100; 53200 for memory), until it works or, when the fault
 * stays, until it is clear that it does not. Then the power is cut, the disk is whole again, and
 * the file must open, be sound, and hold exactly the units that were acknowledged; the one under
 * way when the process ended, perhaps. Recovery is run the same way, from an image with open
 * transactions. Children run the cases, a few each; the outcomes are counted by what failed.
 */
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"

#define CASES_PER_CHILD 24
#define CASE_SECONDS    60
#define OUTCOMES_MAX    400
#define TRIES_MAX       3
#define EXIT_CLEAN      77 /* the last case met no fault */

typedef enum Sweep {
    SWEEP_EIO,
    SWEEP_EIO_STAYS,
    SWEEP_ENOSPC,
    SWEEP_ENOSPC_STAYS,
    SWEEP_SHORT,
    SWEEP_SYNC,
    SWEEP_MEMORY,
    SWEEPS
} Sweep;
static const char *const sweep_names[SWEEPS] = {
    "eio", "eio-stays", "enospc", "enospc-stays", "short-write", "sync", "memory"};
static const OsSimFault sweep_faults[SWEEPS] = {OS_SIM_EIO,    OS_SIM_EIO,         OS_SIM_ENOSPC,
                                                OS_SIM_ENOSPC, OS_SIM_SHORT_WRITE, OS_SIM_SYNC_EIO};

typedef struct Outcome {
    char text[200];
    uint64_t count;
} Outcome;
typedef struct Shared {
    _Atomic uint64_t n, cases;
    uint64_t outcome_count;
    Outcome outcomes[OUTCOMES_MAX];
} Shared;

/* Case - one run; what is here survives the machine's power cuts. */
typedef struct Case {
    Os *os;
    Sweep sweep;
    uint64_t n;
    bool recovery, gave_up, opened, verbose;
    uint32_t done;
    uint64_t digest;
    char first_error[8];
} Case;

static uint64_t base_digests[FAULT_UNITS_MAX + 1], base_outputs[FAULT_UNITS_MAX];
static Shared *shared;
static Case run;

NORETURN static void PRINTF_LIKE(1, 2) fault_fail(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)printf("%s %s %llu (%s): ", run.recovery ? "recovery" : "script", sweep_names[run.sweep],
                 (unsigned long long)run.n, run.os != NULL ? os_sim_fault_name(run.os) : "");
    (void)vprintf(fmt, ap);
    (void)printf("\n");
    va_end(ap);
    (void)fflush(stdout);
    abort();
}

static void fault_must(FaultDb *db, Status st, const char *what)
{
    if (st != ST_OK) {
        char state[6];
        sqlstate_text(db->err.sqlstate, state);
        fault_fail("%s: status %d, %s: %s", what, (int)st, state, db->err.message);
    }
}

static bool is_stays(Sweep s)
{
    return s == SWEEP_EIO_STAYS || s == SWEEP_ENOSPC_STAYS;
}

/* ---- what happened, counted ---- */

/* outcome_name - "write file /app.db-wal/0000000000001000.wal" without what differs each time. */
static void outcome_name(const char *name, char *out, size_t n)
{
    static const char *const cut[] = {"-wal/0", "-tmp-", "-sort-"};
    (void)snprintf(out, n, "%s", name);
    for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
        char *at = strstr(out, cut[i]);
        if (at != NULL) {
            at[strlen(cut[i]) - (i == 0 ? 1 : 0)] = '\0';
        }
    }
}

static void outcome_add(const char *what)
{
    char name[128], text[sizeof(shared->outcomes[0].text)];
    outcome_name(run.sweep == SWEEP_MEMORY ? "budgeted allocation" : os_sim_fault_name(run.os),
                 name, sizeof(name));
    (void)snprintf(text, sizeof(text), "%-8s %-12s %-28.40s %.90s",
                   run.recovery ? "recovery" : "script", sweep_names[run.sweep], name, what);
    uint64_t i = 0;
    while (i < shared->outcome_count && strcmp(shared->outcomes[i].text, text) != 0) {
        i++;
    }
    if (i == OUTCOMES_MAX) {
        return;
    }
    if (i == shared->outcome_count) {
        memcpy(shared->outcomes[i].text, text, sizeof(text));
        shared->outcome_count++;
    }
    shared->outcomes[i].count++;
}

/* ---- the runs ---- */

/* error_expected - the step failed: is that what the fault does? */
static void error_expected(FaultDb *db, uint32_t unit)
{
    char state[6];
    sqlstate_text(db->err.sqlstate, state);
    bool faulted = run.sweep == SWEEP_MEMORY ? db->refuse == 0 : os_sim_faulted(run.os);
    uint32_t s = db->err.sqlstate;
    bool right = run.sweep == SWEEP_MEMORY ? s == ERRCODE_OUT_OF_MEMORY
                 : run.sweep == SWEEP_ENOSPC || run.sweep == SWEEP_ENOSPC_STAYS
                     ? s == ERRCODE_DISK_FULL
                     : s == ERRCODE_IO_ERROR;
    if (!faulted || !right) {
        fault_fail("unit %u \"%s\": %s: %s", unit,
                   unit < fault_unit_count ? fault_units[unit].statements[0] : "open", state,
                   db->err.message);
    }
    if (run.verbose) {
        (void)printf("unit %u: %s: %s (%s:%d)\n", unit, state, db->err.message, db->err.file,
                     db->err.line);
    }
    if (run.first_error[0] == '\0') {
        (void)snprintf(run.first_error, sizeof(run.first_error), "%s", state);
    }
}

/* unit_try - until it works, or three times. */
static bool unit_try(FaultDb *db, uint32_t unit)
{
    for (uint32_t tries = 0; tries < TRIES_MAX; tries++) {
        if (fault_unit(db, &fault_units[unit]) == ST_OK) {
            return true;
        }
        error_expected(db, unit);
    }
    return false;
}

/* readers_go_on - a full disk stops writers only. */
static void readers_go_on(FaultDb *db)
{
    static const FaultUnit read = {{"select count(*) from pg_class where relkind = 'r'"}};
    if (run.sweep == SWEEP_ENOSPC_STAYS && db->engine != NULL) {
        fault_must(db, fault_unit(db, &read), "a reader on a full disk");
    }
}

static uint64_t output_hash(const FaultDb *db)
{
    uint64_t h = 5381;
    for (size_t i = 0; i < db->out.len; i++) {
        h = h * 33 + db->out.data[i];
    }
    return h;
}

/* script_main - the units, with the fault. */
static void script_main(void *arg)
{
    FaultDb db;
    (void)arg;
    fault_db_init(&db, run.os);
    if (run.sweep == SWEEP_MEMORY) {
        db.refuse = (uint32_t)run.n;
    } else {
        os_sim_fault_at(run.os, run.n, sweep_faults[run.sweep]);
    }
    if (is_stays(run.sweep)) {
        os_sim_fault_stays(run.os);
    }
    for (uint32_t i = 0; i < fault_unit_count; i++) {
        if (!unit_try(&db, i)) {
            if (!is_stays(run.sweep)) {
                fault_fail("unit %u does not work after one error: %s", i, db.err.message);
            }
            run.gave_up = true;
            readers_go_on(&db);
            os_sim_crash_now(run.os);
        }
        if (output_hash(&db) != base_outputs[i]) {
            fault_fail("unit %u \"%s\" gives something else: %.*s", i, fault_units[i].statements[0],
                       (int)MIN(db.out.len, 200), (const char *)db.out.data);
        }
        run.done = i + 1;
    }
    if (db.engine != NULL && fault_close(&db) != ST_OK) {
        error_expected(&db, UINT32_MAX);
    }
    os_sim_crash_now(run.os);
}

/* recovery_main - open and settle a file with losers, with the fault. */
static void recovery_main(void *arg)
{
    FaultDb db;
    (void)arg;
    fault_db_init(&db, run.os);
    os_sim_fault_at(run.os, run.n, sweep_faults[run.sweep]);
    if (is_stays(run.sweep)) {
        os_sim_fault_stays(run.os);
    }
    bool good = false;
    for (uint32_t tries = 0; tries < TRIES_MAX && !good; tries++) {
        good = fault_open(&db) == ST_OK;
        if (good && engine_settle(&db.cx, db.engine) != ST_OK) {
            error_expected(&db, UINT32_MAX);
            st_ignore(fault_close(&db));
            good = false;
        } else if (!good) {
            error_expected(&db, UINT32_MAX);
        }
    }
    if (!good && !is_stays(run.sweep)) {
        fault_fail("the file does not open after one error: %s", db.err.message);
    }
    run.gave_up = !good;
    if (good && fault_close(&db) != ST_OK) {
        error_expected(&db, UINT32_MAX);
    }
    os_sim_crash_now(run.os);
}

/* verify_main - the disk is whole again: everything is there and sound. */
static void verify_main(void *arg)
{
    FaultDb db;
    uint64_t errors = 0;
    (void)arg;
    fault_db_init(&db, run.os);
    fault_must(&db, fault_open(&db), "open after the fault");
    fault_must(&db, fault_check(&db, &errors), "check after the fault");
    if (errors != 0) {
        fault_fail("%llu errors in the file after the fault", (unsigned long long)errors);
    }
    fault_must(&db, fault_digest(&db, &run.digest), "digest after the fault");
    fault_must(&db, fault_close(&db), "close after the fault");
    os_sim_crash_now(run.os);
}

/* case_outcome - what is told of it. */
static void case_outcome(bool halted)
{
    char text[200];
    if (halted) {
        (void)snprintf(text, sizeof(text), "the process ends: %.40s%s%s",
                       os_sim_halt_reason(run.os), run.first_error[0] ? ", after " : "",
                       run.first_error);
    } else if (run.first_error[0] != '\0') {
        (void)snprintf(text, sizeof(text), "error %s%s", run.first_error,
                       run.gave_up ? ", again and again" : "");
    } else {
        (void)snprintf(text, sizeof(text), "nothing: tried again in the background, or not needed");
    }
    outcome_add(text);
}

/* case_run - false: there was nothing to fail any more. */
static bool case_run(const Os *base, Sweep sweep, uint64_t n, bool recovery, bool verbose)
{
    run = (Case){.os = os_sim_copy(base, 4711),
                 .sweep = sweep,
                 .n = n,
                 .recovery = recovery,
                 .verbose = verbose};
    OsSimEnd end = os_sim_run(run.os, recovery ? recovery_main : script_main, NULL);
    bool faulted = sweep == SWEEP_MEMORY ? run.first_error[0] != '\0' : os_sim_faulted(run.os);
    bool halted = end == OS_SIM_HALTED;
    if (!faulted && halted) {
        fault_fail("the process ended without a fault: %s", os_sim_halt_reason(run.os));
    }
    if (faulted) {
        case_outcome(halted);
    }
    os_sim_restart(run.os, n);
    end = os_sim_run(run.os, verify_main, NULL);
    if (end != OS_SIM_CRASHED) {
        fault_fail("after the fault the process ended: %s", os_sim_halt_reason(run.os));
    }
    uint32_t done = recovery ? fault_unit_count : run.done;
    bool next = halted && done < fault_unit_count && run.digest == base_digests[done + 1];
    if (run.digest != base_digests[done] && !next) {
        fault_fail("%u units were acknowledged, and the file holds something else", done);
    }
    os_sim_free(run.os);
    return faulted;
}

/* ---- the disks to start from ---- */

static void base_main(void *arg)
{
    FaultDb db;
    bool leave = *(bool *)arg;
    fault_db_init(&db, run.os);
    fault_must(&db, fault_open(&db), "first open");
    fault_must(&db, fault_digest(&db, &base_digests[0]), "digest");
    for (uint32_t i = 0; leave && i < fault_unit_count; i++) {
        fault_must(&db, fault_unit(&db, &fault_units[i]), fault_units[i].statements[0]);
        base_outputs[i] = output_hash(&db);
        fault_must(&db, fault_digest(&db, &base_digests[i + 1]), "digest");
    }
    if (leave) {
        fault_must(&db, fault_leave_open(&db), "open transaction");
    } else {
        fault_must(&db, fault_close(&db), "first close");
    }
    os_sim_crash_now(run.os);
}

/* base_make - an empty database closed cleanly, or one after all units with an open transaction. */
static Os *base_make(bool leave)
{
    run.os = os_sim_create(99);
    OsSimEnd end = os_sim_run(run.os, base_main, &leave);
    if (end != OS_SIM_CRASHED) {
        fault_fail("the first run ended: %s", os_sim_halt_reason(run.os));
    }
    os_sim_restart(run.os, 3);
    return run.os;
}

/* ---- sweeps ---- */

typedef struct Arguments {
    uint64_t from, to, step, seconds;
    int sweep, recovery; /* -1 = all, both */
    bool verbose;
} Arguments;

/* sweep_child - a few cases; its wait status. */
static int sweep_child(const Os *base, Sweep sweep, bool recovery, uint64_t from,
                       const Arguments *a)
{
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        for (uint32_t i = 0; i < CASES_PER_CHILD; i++) {
            uint64_t n = from + i * a->step;
            if (n > a->to) {
                break;
            }
            atomic_store(&shared->n, n);
            (void)alarm(CASE_SECONDS);
            bool faulted = case_run(base, sweep, n, recovery, a->verbose);
            atomic_fetch_add(&shared->cases, 1);
            if (!faulted) {
                _exit(EXIT_CLEAN);
            }
        }
        (void)fflush(stdout);
        _exit(0);
    }
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("faults: fork");
        exit(2);
    }
    return status;
}

/* sweep_run - returns the number of cases that failed. */
static uint64_t sweep_run(const Os *base, Sweep sweep, bool recovery, const Arguments *a)
{
    uint64_t failed = 0, n = a->from;
    while (n <= a->to) {
        int status = sweep_child(base, sweep, recovery, n, a);
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CLEAN) {
            (void)printf("%s %s: clean from operation %llu on\n", recovery ? "recovery" : "script",
                         sweep_names[sweep], (unsigned long long)atomic_load(&shared->n));
            return failed;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            n += CASES_PER_CHILD * a->step;
            continue;
        }
        failed++;
        n = atomic_load(&shared->n);
        (void)printf("FAILED %s %s %llu (%s %d); again: fault_sim --verbose --only %s --part %s "
                     "--from %llu --to %llu\n",
                     recovery ? "recovery" : "script", sweep_names[sweep], (unsigned long long)n,
                     WIFSIGNALED(status) ? "signal" : "exit",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                     sweep_names[sweep], recovery ? "recovery" : "script", (unsigned long long)n,
                     (unsigned long long)n);
        n += a->step;
    }
    return failed;
}

static int outcome_compare(const void *a, const void *b)
{
    return strcmp(((const Outcome *)a)->text, ((const Outcome *)b)->text);
}

static int sweep_by_name(const char *name)
{
    for (int i = 0; i < SWEEPS; i++) {
        if (strcmp(name, sweep_names[i]) == 0) {
            return i;
        }
    }
    return -2;
}

static bool fault_arguments(int argc, char **argv, Arguments *a)
{
    *a = (Arguments){.from = 1, .to = UINT64_MAX / 2, .step = 1, .sweep = -1, .recovery = -1};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--verbose") == 0) {
            a->verbose = true;
            continue;
        }
        if (value == NULL) {
            return false;
        }
        i++;
        if (strcmp(name, "--from") == 0) {
            a->from = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--to") == 0) {
            a->to = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--step") == 0) {
            a->step = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--only") == 0) {
            a->sweep = sweep_by_name(value);
        } else if (strcmp(name, "--part") == 0) {
            a->recovery = strcmp(value, "recovery") == 0;
        } else {
            return false;
        }
    }
    return a->sweep != -2 && a->step > 0 && a->from > 0;
}

int main(int argc, char **argv)
{
    Arguments a;
    uint64_t failed = 0;
    if (!fault_arguments(argc, argv, &a)) {
        (void)fprintf(stderr,
                      "usage: fault_sim [--verbose] [--only SWEEP] [--part script|recovery] "
                      "[--from N] [--to N] [--step N]\n");
        return 2;
    }
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("faults: mmap");
        return 2;
    }
    Os *full = base_make(true), *empty = base_make(false);
    for (int s = 0; s < SWEEPS; s++) {
        for (int recovery = 0; recovery < 2; recovery++) {
            bool wanted = (a.sweep < 0 || a.sweep == s) &&
                          (a.recovery < 0 || a.recovery == recovery) &&
                          !(s == SWEEP_MEMORY && recovery);
            if (wanted) {
                failed += sweep_run(recovery ? full : empty, (Sweep)s, recovery != 0, &a);
            }
        }
    }
    qsort(shared->outcomes, shared->outcome_count, sizeof(Outcome), outcome_compare);
    for (uint64_t i = 0; i < shared->outcome_count; i++) {
        (void)printf("%5llu  %s\n", (unsigned long long)shared->outcomes[i].count,
                     shared->outcomes[i].text);
    }
    (void)printf("%llu passed, %llu failed\n", (unsigned long long)atomic_load(&shared->cases),
                 (unsigned long long)failed);
    return failed != 0;
}
