#ifndef DASSIE_TABLE_FIXTURE_H
#define DASSIE_TABLE_FIXTURE_H
/*
 * table_fixture.h - an engine on a fresh file and one table (a int4, b int8, c text) for the tests
 * of txn, table and recovery. Index 0: unique on a. Index 1: on c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "recovery/engine.h"
#include "txn/locklist.h"

/* Session - one thread's error object, memory and call context. */
typedef struct Session {
    Err err;
    Arena arena;
    Cx cx;
} Session;

static UNUSED void session_begin(Session *s)
{
    memset(s, 0, sizeof(*s));
    arena_init(&s->arena, NULL, "test", 0);
    s->cx.err = &s->err;
    s->cx.arena = &s->arena;
}

static UNUSED void session_end(Session *s)
{
    arena_release(&s->arena);
}

typedef struct Fixture {
    Os *os;
    Engine *e;
    Session s;
    char dir[64], path[96];
    EngineOptions options;
    TreeId tree;
    TableIndex ix[2];
    Table *t;
    bool crashed;
} Fixture;

/* must - a step of the test itself has to work. */
#define must(f, expr) must_at((f), (expr), __FILE__, __LINE__)
static UNUSED void must_at(Session *s, Status st, const char *file, int line)
{
    if (st != ST_OK) {
        printf("%s:%d: status %d: %s\n", file, line, (int)st, s->err.message);
        abort();
    }
}

static const ColumnLayout FIXTURE_COLUMNS[3] = {
    {.phys = PHYS_I32, .missing_is_null = true},
    {.phys = PHYS_I64, .missing_is_null = true},
    {.phys = PHYS_STR, .missing_is_null = true},
};

static UNUSED void fixture_options(Fixture *f)
{
    engine_options_default(&f->options);
    f->options.store.pool_bytes = (uint64_t)64 << 20;
    f->options.store.max_pages = (uint64_t)1 << 20;
    f->options.background = false;
}

static UNUSED void fixture_describe(Fixture *f)
{
    TableIndex *ix = f->ix;
    ix[0].unique = true;
    ix[0].column_count = 1;
    ix[0].columns[0] = (IndexColumn){.column = 0, .type = type_ops(TYPE_INT4), .name = "a"};
    ix[0].name = "t_a_key";
    ix[1].column_count = 1;
    ix[1].columns[0] = (IndexColumn){.column = 2, .type = type_ops(TYPE_TEXT), .name = "c"};
    ix[1].name = "t_c_idx";
}

static UNUSED Txn *fixture_begin_in(Fixture *f, Session *s, Isolation iso)
{
    Txn *txn;
    must(s, txn_begin(&s->cx, f->e->txns, iso, &s->arena, &txn));
    return txn;
}

static UNUSED Txn *fixture_begin(Fixture *f)
{
    return fixture_begin_in(f, &f->s, ISO_READ_COMMITTED);
}

static UNUSED void fixture_commit(Fixture *f, Session *s, Txn *txn)
{
    Lsn lsn;
    must(s, txn_commit(&s->cx, txn, &lsn));
    if (lsn != 0) {
        must(s, wal_flush_wait(&s->cx, f->e->wal, lsn));
    }
}

static UNUSED void fixture_open_table(Fixture *f, int index_count)
{
    must(&f->s, table_open(&f->s.cx, f->e, &f->s.arena, 16384, "public", "t", f->tree, f->ix,
                           (uint16_t)index_count, &f->t));
}

static UNUSED void fixture_open(Fixture *f)
{
    must(&f->s, engine_open(&f->s.cx, f->os, f->path, &f->options, &f->e));
}

/* fixture_make - the file, which is not there yet, engine, table and `index_count` indexes. */
static UNUSED void fixture_make(Fixture *f, int index_count)
{
    fixture_open(f);
    fixture_describe(f);
    Txn *txn = fixture_begin(f);
    must(&f->s, table_create(&f->s.cx, f->e, txn, FIXTURE_COLUMNS, 3, &f->tree));
    for (int i = 0; i < index_count; i++) {
        must(&f->s, index_create(&f->s.cx, f->e, txn, &f->ix[i].tree, &f->ix[i].root));
    }
    fixture_commit(f, &f->s, txn);
    fixture_open_table(f, index_count);
}

/* fixture_start - engine, table and `index_count` indexes in a temporary directory. */
static UNUSED void fixture_start(Fixture *f, int index_count)
{
    memset(f, 0, sizeof(*f));
    session_begin(&f->s);
    f->os = os_posix_create();
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/dassie-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/app.db", f->dir);
    fixture_options(f);
    fixture_make(f, index_count);
}

static UNUSED void fixture_remove(Fixture *f)
{
    char cmd[160];
    snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->dir);
    (void)!system(cmd);
    if (!f->crashed) { /* abandoned engines still have threads on it */
        os_posix_free(f->os);
    }
    session_end(&f->s);
}

static UNUSED void fixture_end(Fixture *f)
{
    must(&f->s, engine_close(&f->s.cx, f->e));
    fixture_remove(f);
}

/* fixture_crash - go on with a copy of the files as a killed process leaves them; the engine that
 * still has them open is abandoned. */
static UNUSED void fixture_crash(Fixture *f)
{
    char cmd[400], copy[64] = "/tmp/dassie-test-XXXXXX";
    assert_non_null(mkdtemp(copy));
    /* A segment being prepared (new.tmp) is no part of the log and may be renamed away meanwhile.
     */
    snprintf(cmd, sizeof(cmd),
             "cd '%s' && find . -type f ! -name new.tmp -exec cp --parents -t '%s' {} +", f->dir,
             copy);
    assert_int_equal(system(cmd), 0);
    snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->dir);
    (void)!system(cmd);
    (void)snprintf(f->dir, sizeof(f->dir), "%s", copy);
    snprintf(f->path, sizeof(f->path), "%s/app.db", f->dir);
    f->e = NULL;
    f->crashed = true;
    fixture_open(f);
}

/* FixtureRow - one row of the test table. */
typedef struct FixtureRow {
    int32_t a;
    int64_t b;
    const char *c; /* NULL = NULL */
} FixtureRow;

static UNUSED RowValues fixture_values(Session *s, const FixtureRow *row, uint32_t columns)
{
    static const PhysType TYPES[4] = {PHYS_I32, PHYS_I64, PHYS_STR, PHYS_I32};
    Batch *b = arena_alloc(&s->arena, sizeof(*b));
    batch_init(b, TYPES, (uint16_t)columns, &s->arena);
    batch_set_count(b, 1);
    VEC_DATA(b->cols[0], int32_t)[0] = row->a;
    VEC_DATA(b->cols[1], int64_t)[0] = row->b;
    if (row->c == NULL) {
        vec_set_null(b->cols[2], 0);
    } else {
        VEC_DATA(b->cols[2], Str)[0] = str_copy(&s->arena, row->c, strlen(row->c));
    }
    return (RowValues){b, 0};
}

static UNUSED Status try_insert(Fixture *f, Session *s, Txn *txn, FixtureRow row, RowId *id)
{
    ArenaMark mark = arena_mark(&s->arena);
    RowValues v = fixture_values(s, &row, 3);
    Status st = table_insert(&s->cx, txn, f->t, &v, id);
    (void)mark;
    return st;
}

static UNUSED RowId insert(Fixture *f, Session *s, Txn *txn, FixtureRow row)
{
    RowId id;
    must(s, try_insert(f, s, txn, row, &id));
    return id;
}

/* update - the row under the transaction's own fresh snapshot. */
static UNUSED WriteOutcome update(Fixture *f, Session *s, Txn *txn, RowId id, FixtureRow row)
{
    WriteOutcome out;
    const Snapshot *snap;
    RowValues v = fixture_values(s, &row, 3);
    must(s, txn_snapshot(&s->cx, txn, &snap));
    must(s, table_update(&s->cx, txn, snap, f->t, id, &v, NULL, &out));
    txn_snapshot_done(txn);
    must(s, txn_next_command(&s->cx, txn));
    return out;
}

static UNUSED WriteOutcome delete_row(Fixture *f, Session *s, Txn *txn, RowId id)
{
    WriteOutcome out;
    const Snapshot *snap;
    must(s, txn_snapshot(&s->cx, txn, &snap));
    must(s, table_delete(&s->cx, txn, snap, f->t, id, &out));
    txn_snapshot_done(txn);
    must(s, txn_next_command(&s->cx, txn));
    return out;
}

/* see - the row's b as the snapshot sees it; -1 = no row. */
static UNUSED int64_t see(Fixture *f, Session *s, const Snapshot *snap, RowId id)
{
    static const PhysType TYPES[3] = {PHYS_I32, PHYS_I64, PHYS_STR};
    static const uint16_t COLUMNS[3] = {0, 1, 2};
    Batch b;
    batch_init(&b, TYPES, 3, &s->arena);
    Status st = table_fetch(&s->cx, snap->txn, snap, f->t, id, COLUMNS, 3, &b, 0, &s->arena);
    if (st == ST_NOTFOUND) {
        return -1;
    }
    must(s, st);
    return VEC_DATA(b.cols[1], int64_t)[0];
}

/* see_now - under a fresh snapshot of nobody (or of txn). */
static UNUSED int64_t see_now(Fixture *f, Session *s, Txn *txn, RowId id)
{
    Snapshot snap;
    snapshot_take(f->e->txns, txn, &snap);
    int64_t b = see(f, s, &snap, id);
    snapshot_release(&snap);
    return b;
}

static UNUSED uint64_t count_rows(Fixture *f, Session *s, const Snapshot *snap)
{
    TableScan *scan;
    uint64_t n;
    Arena a;
    arena_init(&a, NULL, "scan", 0);
    must(s, table_scan_create(&s->cx, &a, f->t, NULL, 0, false, &scan));
    must(s, table_scan_start(&s->cx, scan, snap->txn, snap));
    must(s, table_scan_count(&s->cx, scan, &n));
    table_scan_end(scan);
    arena_release(&a);
    return n;
}

static UNUSED uint64_t count_now(Fixture *f, Session *s, Txn *txn)
{
    Snapshot snap;
    snapshot_take(f->e->txns, txn, &snap);
    uint64_t n = count_rows(f, s, &snap);
    snapshot_release(&snap);
    return n;
}

/* find - b of the row with key a through the unique index; -1 = none. */
static UNUSED int64_t find(Fixture *f, Session *s, const Snapshot *snap, int32_t a)
{
    static const PhysType TYPES[2] = {PHYS_I64, PHYS_I64};
    static const uint16_t COLUMNS[1] = {1};
    IndexScan *scan;
    Batch b;
    Buf key;
    Arena arena;
    Datum d = {.i32 = a};
    arena_init(&arena, NULL, "find", 0);
    buf_init(&key, 100);
    assert_true(index_key_column(&f->t->indexes[0], 0, &d, false, &key));
    IndexBound bound = {.key = {(const char *)key.data, key.len}, .inclusive = true};
    batch_init(&b, TYPES, 2, &arena);
    must(s, index_scan_create(&s->cx, &arena, f->t, 0, COLUMNS, 1, true, &scan));
    must(s, index_scan_start(&s->cx, scan, snap->txn, snap, &bound, &bound, false));
    Status st = index_scan_next(&s->cx, scan, 10, &b, &arena);
    int64_t result = -1;
    if (st == ST_OK) {
        assert_int_equal(b.count, 1);
        result = VEC_DATA(b.cols[0], int64_t)[0];
    } else {
        assert_int_equal(st, ST_DONE);
    }
    index_scan_end(scan);
    buf_release(&key);
    arena_release(&arena);
    return result;
}

static UNUSED int64_t find_now(Fixture *f, Session *s, Txn *txn, int32_t a)
{
    Snapshot snap;
    snapshot_take(f->e->txns, txn, &snap);
    int64_t b = find(f, s, &snap, a);
    snapshot_release(&snap);
    return b;
}

/* verify - tables and indexes agree. */
static UNUSED void verify(Fixture *f, Session *s)
{
    Buf report;
    uint64_t errors = 0;
    buf_init(&report, 1 << 20);
    must(s, engine_check(&s->cx, f->e, &report, &errors));
    must(s, table_verify(&s->cx, f->t, &report, &errors));
    if (errors != 0) {
        printf("%.*s\n", (int)report.len, (const char *)report.data);
    }
    assert_int_equal(errors, 0);
    buf_release(&report);
}

/* purge_all - flush the log and purge to the horizon. */
static UNUSED void purge_all(Fixture *f, Session *s)
{
    Status st;
    must(s, wal_flush_wait(&s->cx, f->e->wal, wal_head(f->e->wal)));
    do {
        st = engine_purge_step(&s->cx, f->e);
    } while (st == ST_OK);
    assert_int_equal(st, ST_DONE);
}

/* until_blocked - until the transaction of this process waits for another one. */
static UNUSED void until_blocked(TxnSys *sys, int32_t process_id)
{
    uint32_t count = 0;
    while (count == 0) {
        Arena arena;
        int32_t *pids;
        usleep(1000);
        arena_init(&arena, NULL, "blockers", 0);
        lock_blockers(sys, &arena, process_id, &pids, &count);
        arena_release(&arena);
    }
}

#endif
