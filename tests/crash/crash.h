#ifndef DASSIE_TEST_CRASH_H
#define DASSIE_TEST_CRASH_H
/*
 * crash.h - the crash simulator's workload and its model.
 *
 * Table "kv" (a int4, b int8, c text; a unique index, one on c, one on an expression, a partial
 * one): each worker owns a range of keys, so its part of the table has a linear history; the model
 * keeps every state since the last acknowledged commit, and after a crash exactly one of them must
 * be there. Table "claim": workers contend for the same few unique keys (of a unique
 * index or an exclusion constraint), and each knows which it
 * holds. Table "account" (a int4 unique, b int8): all workers move money between the same few rows,
 * so they wait for each other; the sum must never change. Each worker also has a table of its own
 * that it makes, fills, alters, rewrites, empties, indexes and drops (CrashOwn). Everything of the
 * model lives outside of the simulated machine and survives its power cuts.
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
#define CRASH_CLAIMS        6
#define CRASH_OWN_KEYS      32
#define CRASH_OWN_COLUMNS   5
#define CRASH_BULK_KEY      1000 /* keys from here on came in one batch */
#define CRASH_D_MISSING     77   /* what column d was added with */
#define CRASH_MARK          1000000
#define CRASH_KEY(w, i)     ((int32_t)((w)*1000 + (i)))
#define CRASH_KEY_WORKER(a) ((uint32_t)(a) / 1000)

/* One row of a worker's part; its text follows from text_seed and text_len. */
typedef struct CrashRow {
    bool present;
    RowId rowid;
    int64_t b;
    uint32_t text_seed, text_len; /* seed 0 = NULL */
} CrashRow;

typedef enum CrashIndexKind {
    CRASH_IX_KEY,     /* unique (a) */
    CRASH_IX_TEXT,    /* (c) */
    CRASH_IX_EXPR,    /* (length(c) % 8) */
    CRASH_IX_PARTIAL, /* (b) WHERE length(c) % 2 = 0 */
    CRASH_IX_ITEMS,   /* inverted: the bits of length(c), and its first letter */
    CRASH_IX_KINDS
} CrashIndexKind;

/* CrashOwn - a worker's own table: (a int4, b int8 or text, c text [, d int8 [, e text]]). */
typedef struct CrashOwnRow {
    CrashRow row;
    int64_t d;
    uint32_t e_seed, e_len;
} CrashOwnRow;
typedef struct CrashOwn {
    uint32_t version; /* grows with every change */
    TreeId tree;      /* 0 = there is no table */
    uint16_t column_count;
    bool b_text;                       /* column b was changed to text */
    TreeId index_tree[CRASH_IX_KINDS]; /* 0 = no such index */
    PageNo index_root[CRASH_IX_KINDS];
    uint32_t bulk; /* keys CRASH_BULK_KEY ... so many */
    CrashOwnRow rows[CRASH_OWN_KEYS];
} CrashOwn;

typedef struct CrashState {
    Lsn lsn; /* of the commit; 0 = not known (its call never returned) */
    CrashRow rows[CRASH_KEYS];
    CrashRow claims[CRASH_CLAIMS]; /* those of the shared keys that are this worker's */
    CrashOwn own;
    int64_t sequence; /* the greatest value used so far */
} CrashState;

/* CrashPrepared - a worker's transaction on its way through two-phase commit. */
typedef enum CrashPhase {
    CRASH_PREPARED_NONE,
    CRASH_PREPARING,        /* asked for */
    CRASH_PREPARED,         /* told to be */
    CRASH_PREPARED_COMMITS, /* the end is asked for; states[1] is what it makes */
    CRASH_PREPARED_ABORTS,
} CrashPhase;
typedef struct CrashPrepared {
    CrashPhase phase;
    uint32_t number;
    char gid[32];
    CrashState draft;
} CrashPrepared;

typedef struct CrashWorker {
    struct Crash *crash;
    uint32_t id;
    uint64_t random;
    uint32_t transactions;
    int64_t mark;                /* what row 0 is to say, or 0 */
    uint32_t marks;              /* unique values given out: what tells states apart */
    bool committing;             /* which of the last two states a snapshot sees is open */
    uint32_t epoch;              /* grows with every commit */
    bool idle, ended;            /* waits inside a transaction that wrote; was told to give it up */
    bool locked[CRASH_ACCOUNTS]; /* rows this transaction holds against writers */
    /* states[0] is acknowledged; the later ones were committed, in this order, and not yet
     * acknowledged. */
    CrashState states[CRASH_PENDING_MAX + 1];
    uint32_t state_count;
    CrashState draft; /* what the open transaction made of it */
    CrashPrepared prepared;
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
    bool faulty;    /* a disk error was planned: failing statements are no finding */
    bool retaining; /* log kept is bounded: old snapshots and idle writers are cancelled */
    bool verified;  /* the last crash_verify came to its end */
    TreeId kv_tree, account_tree, claim_tree, sequence_tree;
    int64_t sequence_seen; /* the greatest value a committed transaction used */
    TableIndex kv_index[CRASH_IX_KINDS], account_index[1], claim_index[1];
    IndexExclude claim_exclude; /* a third of the seeds each: a unique key, exclusion constraints */
    RowId accounts[CRASH_ACCOUNTS];
    Table *kv, *account, *claim;
    CrashWorker workers[CRASH_WORKERS_MAX];
    Err err;
    Arena arena;
    Cx cx;
    uint32_t images, recuts, commits, aborts, deadlocks, leaked, faults;
    uint32_t ddl, conflicts, old_snapshots, cancelled, prepared, prepared_found;
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

RowValues crash_row_values(Arena *arena, int32_t a, const CrashRow *row, uint16_t columns);
extern const ColumnLayout crash_kv_columns[3];
/* crash_refused - a key too long for the index on text: must fail as such, and is then undone. */
bool crash_refused(Cx *cx, Status st);
CrashRow crash_new_row(CrashWorker *w);
/* crash_row_text - check a text as read; its seed and length go to *row. */
void crash_row_text(const Vector *v, uint32_t at, CrashRow *row, int32_t a);
bool crash_row_matches(const CrashRow *model, const CrashRow *found);

/* crash_sequence.c */
bool crash_sequence_step(CrashWorker *w);
void crash_sequence_check(Crash *c);

/* crash_index.c: the four kinds of indexes, and reading through them. */
void crash_index_describe(CrashIndexKind kind, bool b_text, TableIndex *out);
bool crash_index_holds(CrashIndexKind kind, const CrashRow *row);
/* crash_check_indexes - every index of the table read forward and backward under the snapshot gives
 * the rows that the table gives; has[kind]: the table's indexes in order. */
void crash_check_indexes(Crash *c, Cx *cx, const Table *t, const CrashIndexKind *kinds,
                         const Snapshot *snap);

/* crash_own.c, crash_ddl.c: the worker's own table. */
Status crash_own_open(Crash *c, Cx *cx, Arena *arena, const CrashOwn *own, Table **table_out);
RowValues crash_own_values(Arena *arena, const CrashOwn *own, int32_t a, const CrashOwnRow *row);
Status crash_own_bulk(CrashWorker *w, Txn *txn, const Table *t, uint32_t count);
bool crash_own_step(CrashWorker *w, Txn *txn);
Status crash_ddl_step(CrashWorker *w, Txn *txn);
/* crash_own_check - the table as the snapshot sees it is exactly what the model says. */
void crash_own_check(Crash *c, Cx *cx, const CrashOwn *own, const Snapshot *snap);
void crash_own_verify(Crash *c, const CrashOwn *own);

/* crash_claim.c: contended unique keys, row locks. */
void crash_claim_describe(Crash *c);
bool crash_claim_step(CrashWorker *w, Txn *txn);
bool crash_lock_step(CrashWorker *w, Txn *txn);
/* crash_gave_up - deadlock, serialization failure, cancelled: the transaction has to be aborted. */
bool crash_gave_up(CrashWorker *w, Status st);
/* crash_snapshot - txn_snapshot; false: give up. */
bool crash_snapshot(CrashWorker *w, Txn *txn, const Snapshot **snap_out);

/* crash_prepare.c: two-phase commit. */
/* crash_prepare_commit - instead of a commit: prepare, wait, commit or roll back by name. */
void crash_prepare_commit(CrashWorker *w, Txn *txn);
/* crash_prepare_recovered - after recovery: what had to be prepared is, and nothing else; what a
 * worker's rows may be follows from it. */
void crash_prepare_recovered(Crash *c);
/* crash_prepare_settle - commit or roll back what was found. */
void crash_prepare_settle(Crash *c);

/* crash_watch.c: old snapshots, read again and again while everything changes. */
void crash_watch(void *arg);
/* crash_retain - the engine asks for an idle writer to be ended. */
bool crash_on_retained(void *arg, int32_t process_id);

/* Shared by the two. */
void crash_open(Crash *c);
void crash_open_tables(Crash *c);
void crash_verify_table(Crash *c, const Table *t);
void crash_check_accounts(Crash *c, Cx *cx, Txn *txn, const Snapshot *snap);
/* crash_scan - the rows of a table of kv's layout. */
uint32_t crash_scan(Crash *c, Cx *cx, const Table *t, const Snapshot *snap,
                    void (*row)(void *arg, int32_t a, const CrashRow *row), void *arg);
/* CrashSeen - the shared tables' rows by worker, as a snapshot sees them. */
typedef struct CrashSeen {
    Crash *crash;
    CrashState found[CRASH_WORKERS_MAX];
} CrashSeen;
void crash_see(Crash *c, Cx *cx, const Snapshot *snap, CrashSeen *out);
bool crash_state_matches(const CrashState *model, const CrashState *found);
void crash_print_state(const char *what, const CrashState *s);

#endif
