/*
 * kill.c - the kill criterion of the version store, on the engine API (no SQL).
 *
 * The design keeps old row versions in the log only. It is right if an old snapshot costs others
 * little: with one open, 8 writers must keep 70 % of their throughput, its scan must end within the
 * time PostgreSQL needs under the same load, and stepping back one resident version must cost no
 * more than 150 ns. Loads: uniform updates over the table, then updates of 100 hot rows; commits
 * are durable. Also prints the cost of the single operations (--micro).
 *
 * usage: bench-kill FILE [--seconds N] [--rows N] [--writers N] [--hot N] [--scans N]
 *                        [--updates N] [--log-memory MIB] [--nosync] [--micro]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "recovery/engine.h"

typedef struct KillOptions {
    const char *path;
    int seconds, writers;
    int64_t rows, hot;
    uint64_t log_memory; /* bytes of log kept in memory at most; 0: the default */
    int64_t updates;     /* by one thread, not flushed, instead of the phases */
    int scans;           /* of the old snapshot after the load; the fastest counts */
    bool micro, sync;
} KillOptions;

typedef struct Bench {
    KillOptions o;
    Os *os;
    Engine *e;
    Table *t;
    Arena arena;
    Err err;
    Cx cx;
    _Atomic bool stop;
    int64_t hot; /* rows the writers choose from */
} Bench;

static void must(const Err *err, Status st, const char *what)
{
    if (st != ST_OK && st != ST_DONE) {
        fprintf(stderr, "%s: status %d: %s\n", what, (int)st, err->message);
        exit(1);
    }
}

static double seconds_now(const Bench *b)
{
    return (double)os_mono_us(b->os) / 1e6;
}

static const ColumnLayout COLUMNS[3] = {
    {.phys = PHYS_I32, .missing_is_null = true},
    {.phys = PHYS_I64, .missing_is_null = true},
    {.phys = PHYS_STR, .missing_is_null = true},
};
static const PhysType TYPES[4] = {PHYS_I32, PHYS_I64, PHYS_STR, PHYS_I64};
static const uint16_t ALL[3] = {0, 1, 2};

/* ---- load ---- */

static double bench_load(Bench *b)
{
    Txn *txn;
    TreeId tree;
    Batch batch;
    Lsn lsn;
    Arena a;
    double start = seconds_now(b);
    arena_init(&a, NULL, "load", 0);
    must(&b->err, txn_begin(&b->cx, b->e->txns, ISO_READ_COMMITTED, &a, &txn), "begin");
    must(&b->err, table_create(&b->cx, b->e, txn, COLUMNS, 3, &tree), "create");
    must(&b->err,
         table_open(&b->cx, b->e, &b->arena, 16384, "public", "kill", tree, NULL, 0, &b->t),
         "open");
    batch_init(&batch, TYPES, 3, &a);
    for (int64_t at = 0; at < b->o.rows;) {
        uint32_t n = (uint32_t)MIN(b->o.rows - at, (int64_t)VEC_CAPACITY);
        batch_reset(&batch);
        batch_set_count(&batch, n);
        for (uint32_t i = 0; i < n; i++) {
            VEC_DATA(batch.cols[0], int32_t)[i] = (int32_t)(at + i);
            VEC_DATA(batch.cols[1], int64_t)[i] = 0;
            VEC_DATA(batch.cols[2], Str)[i] = str_ref("filler text", 11);
        }
        must(&b->err, table_insert_batch(&b->cx, txn, b->t, &batch, NULL), "insert");
        at += n;
    }
    must(&b->err, txn_commit(&b->cx, txn, &lsn), "commit");
    must(&b->err, wal_flush_wait(&b->cx, b->e->wal, lsn), "flush");
    arena_release(&a);
    return (double)b->o.rows / (seconds_now(b) - start);
}

/* ---- writers ---- */

typedef struct Writer {
    Bench *b;
    OsThread *thread;
    uint64_t seed, commits;
    Err err;
} Writer;

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* write_one - one transaction: read a row, write it back plus one; retried when somebody was
 * faster. */
static void write_one(Writer *w, Cx *cx, Arena *arena, RowId id, bool durable)
{
    static const bool CHANGED[3] = {false, true, false};
    Txn *txn;
    Lsn lsn;
    WriteOutcome out = WRITE_SKIPPED;
    Batch row;
    must(cx->err, txn_begin(cx, w->b->e->txns, ISO_READ_COMMITTED, arena, &txn), "begin");
    batch_init(&row, TYPES, 3, arena);
    while (out != WRITE_DONE) {
        const Snapshot *snap;
        batch_reset(&row);
        must(cx->err, txn_snapshot(cx, txn, &snap), "snapshot");
        must(cx->err, table_fetch(cx, txn, snap, w->b->t, id, ALL, 3, &row, 0, arena), "fetch");
        batch_set_count(&row, 1);
        VEC_DATA(row.cols[1], int64_t)[0]++;
        RowValues v = {&row, 0};
        must(cx->err, table_update(cx, txn, snap, w->b->t, id, &v, CHANGED, &out), "update");
        txn_snapshot_done(txn);
    }
    must(cx->err, txn_commit(cx, txn, &lsn), "commit");
    if (durable) {
        must(cx->err, wal_flush_wait(cx, w->b->e->wal, lsn), "flush");
    }
}

static void writer_run(void *arg)
{
    Writer *w = arg;
    Arena arena;
    Cx cx = {.err = &w->err, .arena = &arena};
    arena_init(&arena, NULL, "writer", 0);
    while (!atomic_load_explicit(&w->b->stop, memory_order_relaxed)) {
        RowId id = 1 + next_random(&w->seed) % (uint64_t)w->b->hot;
        write_one(w, &cx, &arena, id, true);
        w->commits++;
        arena_clear(&arena);
    }
    arena_release(&arena);
}

typedef struct Load {
    Writer *writers;
    double start, cpu_start;
    double cpu_us; /* processor time of a commit, after load_end: steadier than its rate */
} Load;

/* cpu_now - processor time of this process, seconds. */
static double cpu_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void load_begin(Bench *b, Load *l)
{
    l->writers = mem_zalloc("bench", sizeof(Writer) * (size_t)b->o.writers);
    atomic_store(&b->stop, false);
    l->start = seconds_now(b);
    l->cpu_start = cpu_now();
    for (int i = 0; i < b->o.writers; i++) {
        Writer *w = &l->writers[i];
        w->b = b;
        w->seed = ((uint64_t)i + 1) * 0x9e3779b97f4a7c15U;
        must(&b->err, os_thread_create(&b->cx, b->os, "writer", writer_run, w, &w->thread),
             "thread");
    }
}

/* load_end - stop the writers; commits a second. */
static double load_end(Bench *b, Load *l)
{
    uint64_t commits = 0;
    atomic_store(&b->stop, true);
    for (int i = 0; i < b->o.writers; i++) {
        os_thread_join(l->writers[i].thread);
        commits += l->writers[i].commits;
    }
    double rate = (double)commits / (seconds_now(b) - l->start);
    l->cpu_us = (cpu_now() - l->cpu_start) * 1e6 / (double)MAX(commits, 1);
    mem_free(l->writers);
    return rate;
}

/* bench_scan - sum of v and number of rows under the snapshot; seconds. */
static double bench_scan(Bench *b, const Snapshot *snap, int64_t *sum_out, int64_t *rows_out)
{
    static const uint16_t COLUMN[1] = {1};
    static const PhysType TYPE[1] = {PHYS_I64};
    TableScan *scan;
    Batch batch;
    Arena a;
    Status st = ST_OK;
    double start = seconds_now(b);
    arena_init(&a, NULL, "scan", 0);
    *sum_out = 0;
    *rows_out = 0;
    batch_init(&batch, TYPE, 1, &a);
    must(&b->err, table_scan_create(&b->cx, &a, b->t, COLUMN, 1, false, &scan), "scan");
    must(&b->err, table_scan_start(&b->cx, scan, NULL, snap), "scan");
    Arena rows;
    arena_init(&rows, NULL, "scan rows", 0);
    while (st == ST_OK) {
        st = table_scan_next(&b->cx, scan, VEC_CAPACITY, &batch, &rows);
        must(&b->err, st, "scan");
        for (uint32_t i = 0; st == ST_OK && i < batch.count; i++) {
            *sum_out += VEC_DATA(batch.cols[0], int64_t)[i];
        }
        *rows_out += st == ST_OK ? batch.count : 0;
        arena_clear(&rows);
    }
    table_scan_end(scan);
    arena_release(&rows);
    arena_release(&a);
    return seconds_now(b) - start;
}

/* bench_phase - throughput without and with an old snapshot, and that snapshot's scan under load.
 */
static void bench_phase(Bench *b, const char *name, int64_t hot)
{
    Load l;
    Snapshot snap, fresh;
    int64_t sum0, sum1, rows0, rows1;
    b->hot = hot;
    load_begin(b, &l);
    os_sleep_us(b->os, (int64_t)b->o.seconds * 1000000);
    double alone = load_end(b, &l), cpu_alone = l.cpu_us;
    snapshot_take(b->e->txns, NULL, &snap);
    double quiet = bench_scan(b, &snap, &sum0, &rows0);
    Lsn log_start = wal_head(b->e->wal);
    load_begin(b, &l);
    os_sleep_us(b->os, (int64_t)b->o.seconds * 1000000);
    double scan = bench_scan(b, &snap, &sum1, &rows1);
    double with = load_end(b, &l);
    double log_mib = (double)(wal_head(b->e->wal) - log_start) / (1024 * 1024);
    double scan_after = bench_scan(b, &snap, &sum1, &rows1);
    for (int i = 1; i < b->o.scans; i++) {
        scan_after = MIN(scan_after, bench_scan(b, &snap, &sum1, &rows1));
    }
    snapshot_release(&snap);
    snapshot_take(b->e->txns, NULL, &fresh);
    int64_t sum2, rows2;
    double fresh_scan = bench_scan(b, &fresh, &sum2, &rows2);
    snapshot_release(&fresh);
    printf("%s: writers %.0f/s alone, %.0f/s with old snapshot (%.0f %%), %.1f and %.1f us of "
           "processor a commit; scan %.1f ms quiet, "
           "%.1f ms by the old snapshot under load, %.1f ms after it, fresh %.1f ms; log %.0f MiB; "
           "%s\n",
           name, alone, with, with / alone * 100, cpu_alone, l.cpu_us, quiet * 1e3, scan * 1e3,
           scan_after * 1e3, fresh_scan * 1e3, log_mib,
           sum0 == sum1 && rows0 == rows1 && rows2 == rows0 ? "answers right" : "ANSWERS WRONG");
    fflush(stdout);
}

/* bench_updates - the old snapshot's scan after a number of updates, made as fast as one thread
 * can: what a long phase leaves behind, without its noise. */
static void bench_updates(Bench *b)
{
    Writer w = {.b = b, .seed = 0x9e3779b97f4a7c15U};
    Snapshot snap;
    Arena a;
    Cx cx = {.err = &w.err, .arena = &a};
    int64_t sum, rows, best_rows = 0;
    double best = 1e9, total = 0;
    arena_init(&a, NULL, "updates", 0);
    snapshot_take(b->e->txns, NULL, &snap);
    double start = seconds_now(b);
    Lsn log_start = wal_head(b->e->wal);
    for (int64_t i = 0; i < b->o.updates; i++) {
        write_one(&w, &cx, &a, 1 + next_random(&w.seed) % (uint64_t)b->o.rows, false);
        arena_clear(&a);
    }
    double took = seconds_now(b) - start;
    int scans = MAX(b->o.scans, 1);
    for (int i = 0; i < scans; i++) {
        double t = bench_scan(b, &snap, &sum, &rows);
        best = MIN(best, t);
        best_rows = rows;
        total += t;
    }
    printf("%lld updates, %.0f ns each, %.0f MiB of log; scan by the snapshot before them: best "
           "%.1f ms, mean %.1f ms of %d (%lld rows, sum %lld)\n",
           (long long)b->o.updates, took * 1e9 / (double)b->o.updates,
           (double)(wal_head(b->e->wal) - log_start) / (1024 * 1024), best * 1e3,
           total * 1e3 / scans, scans, (long long)best_rows, (long long)sum);
    snapshot_release(&snap);
    arena_release(&a);
}

/* ---- single operations ---- */

/* bench_hops - nanoseconds of one step back in a row's history. */
static void bench_hops(Bench *b)
{
    enum { HOPS = 200, TIMES = 1000 }; /* fewer than 256, else a carry begins a new run */
    Writer w = {.b = b};
    Snapshot older, snap;
    Arena a;
    Batch row;
    Cx cx = {.err = &w.err, .arena = &a};
    arena_init(&a, NULL, "hops", 0);
    /* An older snapshot draws the skip links to itself, so that this one has to take every step. */
    snapshot_take(b->e->txns, NULL, &older);
    write_one(&w, &cx, &a, 7, false);
    write_one(&w, &cx, &a, 7, false);
    snapshot_take(b->e->txns, NULL, &snap);
    for (int i = 0; i < HOPS; i++) {
        write_one(&w, &cx, &a, 7, false);
        arena_clear(&a);
    }
    batch_init(&row, TYPES, 3, &a);
    double start = seconds_now(b);
    for (int i = 0; i < TIMES; i++) {
        must(cx.err, table_fetch(&cx, NULL, &snap, b->t, 7, ALL, 3, &row, 0, &a), "fetch");
    }
    double took = seconds_now(b) - start;
    printf("step back in the log: %.0f ns (resident)\n", took * 1e9 / (double)HOPS / TIMES);
    snapshot_release(&snap);
    snapshot_release(&older);
    arena_release(&a);
}

/* bench_index - building a unique index and looking rows up through it. */
static void bench_index(Bench *b)
{
    enum { N = 200000 };
    static const uint16_t COLUMN[1] = {1};
    TableIndex ix = {.unique = true, .column_count = 1, .name = "kill_id_key"};
    Arena a, keys;
    Txn *txn;
    Lsn lsn;
    Table *t;
    IndexScan *scan;
    Batch row;
    Snapshot snap;
    Buf key;
    uint64_t seed = 99, found = 0;
    arena_init(&a, NULL, "index", 0);
    arena_init(&keys, NULL, "index", 0);
    buf_init(&key, 64);
    ix.columns[0] = (IndexColumn){.column = 0, .type = type_ops(TYPE_INT4), .name = "id"};
    double start = seconds_now(b);
    must(&b->err, txn_begin(&b->cx, b->e->txns, ISO_READ_COMMITTED, &a, &txn), "begin");
    must(&b->err, index_create(&b->cx, b->e, txn, &ix.tree, &ix.root), "index");
    must(&b->err, index_build(&b->cx, txn, b->t, &ix), "build");
    must(&b->err, txn_commit(&b->cx, txn, &lsn), "commit");
    printf("index build: %.2f million rows/s\n",
           (double)b->o.rows / (seconds_now(b) - start) / 1e6);
    must(&b->err, table_open(&b->cx, b->e, &a, 16384, "public", "kill", b->t->tree, &ix, 1, &t),
         "open");
    must(&b->err, index_scan_create(&b->cx, &a, t, 0, COLUMN, 1, false, &scan), "scan");
    batch_init(&row, TYPES + 1, 1, &a);
    snapshot_take(b->e->txns, NULL, &snap);
    start = seconds_now(b);
    for (int i = 0; i < N; i++) {
        Datum d = {.i32 = (int32_t)(next_random(&seed) % (uint64_t)b->o.rows)};
        buf_clear(&key);
        (void)index_key_column(&t->indexes[0], 0, &d, false, &key);
        IndexBound bound = {.key = {(const char *)key.data, key.len}, .inclusive = true};
        must(&b->err, index_scan_start(&b->cx, scan, NULL, &snap, &bound, &bound, false), "start");
        must(&b->err, index_scan_next(&b->cx, scan, 1, &row, &keys), "next");
        found += row.count;
    }
    printf("look-up through the index and fetch: %.0f ns (%llu found)\n",
           (seconds_now(b) - start) * 1e9 / N, (unsigned long long)found);
    snapshot_release(&snap);
    buf_release(&key);
    arena_release(&keys);
    arena_release(&a);
}

static void bench_micro(Bench *b)
{
    enum { N = 200000 };
    Writer w = {.b = b, .seed = 1234567};
    Arena a;
    Batch row;
    Snapshot snap;
    Lsn lsn;
    Txn *txn;
    Cx cx = {.err = &w.err, .arena = &a};
    arena_init(&a, NULL, "micro", 0);
    snapshot_take(b->e->txns, NULL, &snap);
    batch_init(&row, TYPES, 3, &a);
    double start = seconds_now(b);
    for (int i = 0; i < N; i++) {
        RowId id = 1 + next_random(&w.seed) % (uint64_t)b->o.rows;
        must(cx.err, table_fetch(&cx, NULL, &snap, b->t, id, ALL, 3, &row, 0, &a), "fetch");
    }
    printf("fetch by row id: %.0f ns\n", (seconds_now(b) - start) * 1e9 / N);
    snapshot_release(&snap);
    start = seconds_now(b);
    Lsn log_start = wal_head(b->e->wal);
    for (int i = 0; i < N; i++) {
        arena_clear(&a);
        write_one(&w, &cx, &a, 1 + next_random(&w.seed) % (uint64_t)b->o.rows, false);
    }
    printf("update in a transaction of its own, not flushed: %.0f ns, %.0f bytes of log\n",
           (seconds_now(b) - start) * 1e9 / N, (double)(wal_head(b->e->wal) - log_start) / N);
    arena_clear(&a);
    must(cx.err, txn_begin(&cx, b->e->txns, ISO_READ_COMMITTED, &a, &txn), "begin");
    batch_init(&row, TYPES, 3, &a);
    batch_set_count(&row, 1);
    VEC_DATA(row.cols[0], int32_t)[0] = 1;
    VEC_DATA(row.cols[1], int64_t)[0] = 1;
    VEC_DATA(row.cols[2], Str)[0] = str_ref("filler text", 11);
    RowValues v = {&row, 0};
    start = seconds_now(b);
    for (int i = 0; i < N; i++) {
        RowId id;
        must(cx.err, table_insert(&cx, txn, b->t, &v, &id), "insert");
    }
    printf("insert of one row: %.0f ns\n", (seconds_now(b) - start) * 1e9 / N);
    must(cx.err, txn_commit(&cx, txn, &lsn), "commit");
    int64_t sum, rows;
    snapshot_take(b->e->txns, NULL, &snap);
    double took = bench_scan(b, &snap, &sum, &rows);
    printf("scan of one column: %.1f ns a row (%lld rows)\n", took * 1e9 / (double)rows,
           (long long)rows);
    TableScan *scan;
    uint64_t n;
    start = seconds_now(b);
    must(cx.err, table_scan_create(&cx, &a, b->t, NULL, 0, false, &scan), "scan");
    must(cx.err, table_scan_start(&cx, scan, NULL, &snap), "scan");
    must(cx.err, table_scan_count(&cx, scan, &n), "count");
    printf("count: %.1f ns a row\n", (seconds_now(b) - start) * 1e9 / (double)n);
    table_scan_end(scan);
    snapshot_release(&snap);
    arena_release(&a);
}

static void options_parse(KillOptions *o, int argc, char **argv)
{
    *o = (KillOptions){.path = argv[1], .seconds = 5, .writers = 8, .rows = 1000000, .hot = 100};
    o->sync = true;
    for (int i = 2; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--micro") == 0) {
            o->micro = true;
        } else if (strcmp(argv[i], "--nosync") == 0) {
            o->sync = false;
        } else if (strcmp(argv[i], "--seconds") == 0 && more) {
            o->seconds = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--writers") == 0 && more) {
            o->writers = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--rows") == 0 && more) {
            o->rows = strtoll(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--scans") == 0 && more) {
            o->scans = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--updates") == 0 && more) {
            o->updates = strtoll(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--log-memory") == 0 && more) {
            o->log_memory = strtoull(argv[++i], NULL, 10) << 20;
        } else if (strcmp(argv[i], "--hot") == 0 && more) {
            o->hot = strtoll(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    static Bench b;
    EngineOptions eo;
    if (argc < 2) {
        fprintf(stderr, "usage: bench-kill FILE [--seconds N] [--rows N] [--writers N] [--hot N] "
                        "[--scans N] [--updates N] [--log-memory MIB] [--nosync] [--micro]\n");
        return 2;
    }
    options_parse(&b.o, argc, argv);
    b.os = os_posix_create();
    arena_init(&b.arena, NULL, "bench", 0);
    b.cx = (Cx){.err = &b.err, .arena = &b.arena};
    engine_options_default(&eo);
    eo.wal.sync = b.o.sync;
    eo.store.sync = b.o.sync;
    if (b.o.log_memory != 0) {
        eo.wal.resident_max_bytes = b.o.log_memory;
        eo.wal.resident_bytes = MIN(eo.wal.resident_bytes, b.o.log_memory);
    }
    must(&b.err, engine_open(&b.cx, b.os, b.o.path, &eo, &b.e), "open");
    printf("load: %.2f million rows/s\n", bench_load(&b) / 1e6);
    bench_hops(&b);
    if (b.o.micro) {
        bench_index(&b);
        bench_micro(&b);
    }
    if (b.o.updates > 0) {
        bench_updates(&b);
    } else if (b.o.seconds > 0) {
        bench_phase(&b, "uniform", b.o.rows);
        bench_phase(&b, "hot rows", b.o.hot);
    }
    must(&b.err, engine_close(&b.cx, b.e), "close");
    arena_release(&b.arena);
    os_posix_free(b.os);
    return 0;
}
