#ifndef DASSIE_TEST_CRASH_H
#define DASSIE_TEST_CRASH_H
/*
 * crash.h - the crash simulator's workload and its model.
 *
 * Table "kv" (a int4 unique, b int8, c text indexed): each worker owns a range of keys, so its part
 * of the table has a linear history; the model keeps every state since the last acknowledged
 * commit, and after a crash exactly one of them must be there. Table "account" (a int4 unique, b
 * int8): all workers move money between the same few rows, so they wait for each other; the sum
 * must never change. Everything of the model lives outside of the simulated machine and survives
 * its power cuts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "os/os_sim.h"
#include "recovery/engine.h"

#define CRASH_WORKERS_MAX   4
#define CRASH_KEYS          24 /* of each worker */
#define CRASH_PENDING_MAX   24
#define CRASH_ACCOUNTS      6
#define CRASH_ACCOUNT_SUM   (CRASH_ACCOUNTS * 1000)
#define CRASH_TEXT_MAX      6000
#define CRASH_KEY(w, i)     ((int32_t)((w)*1000 + (i)))
#define CRASH_KEY_WORKER(a) ((uint32_t)(a) / 1000)

/* One row of a worker's part; its text follows from text_seed and text_len. */
typedef struct CrashRow {
    bool present;
    RowId rowid;
    int64_t b;
    uint32_t text_seed, text_len;
} CrashRow;

/* A table a worker made, with one index; both are dropped again some time. */
typedef struct CrashExtra {
    TreeId tree;
    TableIndex index;
    uint32_t rows;
} CrashExtra;

typedef struct CrashState {
    Lsn lsn; /* of the commit; 0 = not known (its call never returned) */
    CrashRow rows[CRASH_KEYS];
    CrashExtra extra; /* tree 0 = none */
    int64_t sequence; /* the greatest value used so far */
} CrashState;

typedef struct CrashWorker {
    struct Crash *crash;
    uint32_t id;
    uint64_t random;
    uint32_t transactions;
    /* states[0] is acknowledged; the later ones were committed, in this order, and not yet
     * acknowledged. */
    CrashState states[CRASH_PENDING_MAX + 1];
    uint32_t state_count;
    CrashState draft; /* what the open transaction made of it */
    Err err;
    Arena arena;
    Cx cx;
} CrashWorker;

typedef struct Crash {
    uint64_t seed, random;
    Os *os;
    Engine *engine;
    EngineOptions options;
    bool verbose;
    bool ready; /* the tables exist, durably */
    bool stop;  /* the helpers of the workload shall end */
    uint32_t worker_count;
    bool faulty; /* a disk error was planned: failing statements are no finding */
    TreeId kv_tree, account_tree, sequence_tree;
    int64_t sequence_seen; /* the greatest value a committed transaction used */
    TableIndex kv_index[2], account_index[1];
    RowId accounts[CRASH_ACCOUNTS];
    Table *kv, *account;
    CrashWorker workers[CRASH_WORKERS_MAX];
    Err err;
    Arena arena;
    Cx cx;
    uint32_t images, commits, aborts, deadlocks, leaked;
} Crash;

/* crash_must - any failure of a step that has to work is a finding. */
#define crash_must(cx, expr) crash_must_at((cx), (expr), #expr, __FILE__, __LINE__)
void crash_must_at(Cx *cx, Status st, const char *what, const char *file, int line);
#define crash_check(c, ...) ((c) ? (void)0 : crash_fail(__FILE__, __LINE__, __VA_ARGS__))
NORETURN void crash_fail(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

uint32_t crash_random(uint64_t *state, uint32_t below);
void crash_text(uint32_t text_seed, uint32_t text_len, char *out);

/* The three programs that run on the simulated machine; arg is the Crash. */
/* crash_work - open (recovering if need be), make the tables if there are none, let the workers
 * work, sometimes close cleanly. */
void crash_work(void *arg);
/* crash_verify - open, verify everything, compare with the model, settle it; close or go on. */
void crash_verify(void *arg);

/* crash_status - true: it worked. False: it failed, and may, for a planned disk error. */
#define crash_status(c, cx, expr) crash_status_at((c), (cx), (expr), #expr, __FILE__, __LINE__)
bool crash_status_at(Crash *c, Cx *cx, Status st, const char *what, const char *file, int line);

/* crash_extra.c: tables made and dropped, sequences. */
bool crash_extra_step(CrashWorker *w, Txn *txn);
void crash_extra_check(Crash *c, const CrashState *model);
bool crash_sequence_step(CrashWorker *w);
void crash_sequence_check(Crash *c);
RowValues crash_row_values(Arena *arena, int32_t a, const CrashRow *row, uint16_t columns);
extern const ColumnLayout crash_kv_columns[3];

/* Shared by the two. */
void crash_open(Crash *c);
void crash_open_tables(Crash *c);
void crash_verify_table(Crash *c, const Table *t);
void crash_check_accounts(Crash *c, Cx *cx, Txn *txn, const Snapshot *snap);
uint32_t crash_scan_kv(Crash *c, Cx *cx, const Snapshot *snap,
                       void (*row)(void *arg, int32_t a, const CrashRow *row), void *arg);

#endif
