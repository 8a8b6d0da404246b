/*
 * crash_own.c - a worker's own table: rows in and out of it, and what must be there.
 *
 * Nobody else writes it, so the model knows every row and column exactly at every commit. What is
 * done to the table as a whole is in crash_ddl.c.
 */
#include <stdio.h>

#include "crash.h"

static PhysType own_phys(const CrashOwn *own, uint16_t column)
{
    static const PhysType types[CRASH_OWN_COLUMNS] = {PHYS_I32, PHYS_I64, PHYS_STR, PHYS_I64,
                                                      PHYS_STR};
    return column == 1 && own->b_text ? PHYS_STR : types[column];
}

/* own_kinds - the indexes there are, in the order of the table's description. */
static uint16_t own_kinds(const CrashOwn *own, CrashIndexKind *kinds)
{
    uint16_t n = 0;
    for (uint32_t k = 0; k < CRASH_IX_KINDS; k++) {
        if (own->index_tree[k] != 0) {
            kinds[n++] = (CrashIndexKind)k;
        }
    }
    return n;
}

Status crash_own_open(Crash *c, Cx *cx, Arena *arena, const CrashOwn *own, Table **table_out)
{
    TableIndex indexes[CRASH_IX_KINDS];
    CrashIndexKind kinds[CRASH_IX_KINDS];
    uint16_t n = own_kinds(own, kinds);
    for (uint16_t i = 0; i < n; i++) {
        crash_index_describe(kinds[i], own->b_text, &indexes[i]);
        indexes[i].tree = own->index_tree[kinds[i]];
        indexes[i].root = own->index_root[kinds[i]];
    }
    TRY(table_open(cx, c->engine, arena, 17000, "public", "own", own->tree, indexes, n, table_out));
    /* Layouts of rolled back ADD COLUMNs are still there. */
    return table_only_columns(cx, *table_out, own->column_count);
}

/* own_put - one row into a batch that has as many columns as the table. */
static void own_put(Batch *b, uint32_t at, const CrashOwn *own, int32_t a, const CrashOwnRow *r,
                    Arena *arena)
{
    VEC_DATA(b->cols[0], int32_t)[at] = a;
    if (own->b_text) {
        char *digits = arena_printf(arena, "%lld", (long long)r->row.b);
        VEC_DATA(b->cols[1], Str)[at] = str_ref(digits, strlen(digits));
    } else {
        VEC_DATA(b->cols[1], int64_t)[at] = r->row.b;
    }
    const uint32_t seeds[2] = {r->row.text_seed, r->e_seed}, lens[2] = {r->row.text_len, r->e_len};
    for (uint32_t i = 0; i < 2; i++) {
        uint16_t col = i == 0 ? 2 : 4;
        if (col >= own->column_count) {
            continue;
        }
        if (seeds[i] == 0) {
            vec_set_null(b->cols[col], at);
            continue;
        }
        char *text = arena_alloc(arena, lens[i] + 1);
        crash_text(seeds[i], lens[i], text);
        VEC_DATA(b->cols[col], Str)[at] = str_ref(text, lens[i]);
    }
    if (own->column_count > 3) {
        VEC_DATA(b->cols[3], int64_t)[at] = r->d;
    }
}

static Batch *own_batch(Arena *arena, const CrashOwn *own)
{
    PhysType types[CRASH_OWN_COLUMNS];
    Batch *b = arena_alloc(arena, sizeof(*b));
    for (uint16_t i = 0; i < own->column_count; i++) {
        types[i] = own_phys(own, i);
    }
    batch_init(b, types, own->column_count, arena);
    return b;
}

RowValues crash_own_values(Arena *arena, const CrashOwn *own, int32_t a, const CrashOwnRow *row)
{
    Batch *b = own_batch(arena, own);
    batch_set_count(b, 1);
    own_put(b, 0, own, a, row, arena);
    return (RowValues){b, 0};
}

/* bulk_row - rows that came in one batch follow from their key. */
static CrashOwnRow bulk_row(uint32_t i)
{
    return (CrashOwnRow){
        .row = {.present = true, .b = i, .text_seed = 1 + i % 26, .text_len = i % 40},
        .d = CRASH_D_MISSING};
}

Status crash_own_bulk(CrashWorker *w, Txn *txn, const Table *t, uint32_t count)
{
    const CrashOwn *own = &w->draft.own;
    Batch *b = own_batch(&w->arena, own);
    for (uint32_t done = 0; done < count;) {
        uint32_t n = MIN(count - done, (uint32_t)VEC_CAPACITY);
        batch_reset(b);
        batch_set_count(b, n);
        for (uint32_t i = 0; i < n; i++) {
            CrashOwnRow r = bulk_row(done + i);
            own_put(b, i, own, (int32_t)(CRASH_BULK_KEY + done + i), &r, &w->arena);
        }
        TRY(table_insert_batch(&w->cx, txn, t, b, NULL));
        done += n;
    }
    return ST_OK;
}

/* ---- statements ---- */

static CrashOwnRow own_new_row(CrashWorker *w)
{
    CrashOwnRow r = {.row = crash_new_row(w), .d = crash_random(&w->random, 100000)};
    if (crash_random(&w->random, 3) != 0) {
        r.e_seed = 1 + crash_random(&w->random, 25);
        r.e_len = crash_random(&w->random, crash_random(&w->random, 8) ? 30 : 3000);
    }
    if (w->draft.own.column_count < 5) {
        r.e_seed = r.e_len = 0;
    }
    if (w->draft.own.column_count < 4) {
        r.d = CRASH_D_MISSING;
    }
    return r;
}

/* own_insert - a new row, or a duplicate, which the unique index refuses. */
static Status own_insert(CrashWorker *w, Txn *txn, const Table *t, uint32_t i)
{
    CrashOwn *own = &w->draft.own;
    CrashOwnRow r = own_new_row(w);
    RowValues v = crash_own_values(&w->arena, own, (int32_t)i, &r);
    bool taken = own->rows[i].row.present;
    if (taken && own->index_tree[CRASH_IX_KEY] == 0) {
        return ST_OK; /* nothing would stop it */
    }
    TRY(table_insert(&w->cx, txn, t, &v, &r.row.rowid));
    crash_check(!taken, "own table: a second row with key %u", i);
    own->rows[i] = r;
    own->version++;
    return ST_OK;
}

static Status own_change(CrashWorker *w, Txn *txn, const Table *t, uint32_t i)
{
    CrashOwn *own = &w->draft.own;
    CrashOwnRow r = own_new_row(w);
    bool changed[CRASH_OWN_COLUMNS] = {false, true, true, true, true};
    bool is_delete = crash_random(&w->random, 3) == 0;
    const Snapshot *snap;
    WriteOutcome outcome;
    r.row.rowid = own->rows[i].row.rowid;
    if (crash_random(&w->random, 3) == 0) { /* the keys A, B, A: what was there comes back */
        r.row = own->rows[i].row;
        changed[1] = changed[2] = false;
    }
    TRY(txn_snapshot(&w->cx, txn, &snap));
    Status st;
    if (is_delete) {
        st = table_delete(&w->cx, txn, snap, t, r.row.rowid, &outcome);
    } else {
        RowValues v = crash_own_values(&w->arena, own, (int32_t)i, &r);
        st = table_update(&w->cx, txn, snap, t, r.row.rowid, &v, changed, &outcome);
    }
    txn_snapshot_done(txn);
    TRY(st);
    crash_check(outcome == WRITE_DONE, "own table: row %u: outcome %d", i, (int)outcome);
    if (is_delete) {
        own->rows[i] = (CrashOwnRow){0};
    } else {
        own->rows[i] = r;
    }
    own->version++;
    return ST_OK;
}

/* own_bulk_delete - all that came in one batch. */
static Status own_bulk_delete(CrashWorker *w, Txn *txn, const Table *t)
{
    static const uint16_t columns[1] = {0};
    static const PhysType types[2] = {PHYS_I32, PHYS_I64};
    CrashOwn *own = &w->draft.own;
    RowId *ids = ARENA_ARRAY(&w->arena, RowId, own->bulk);
    uint32_t n = 0;
    TableScan *scan;
    const Snapshot *snap;
    Batch b;
    TRY(txn_snapshot(&w->cx, txn, &snap));
    batch_init(&b, types, 2, &w->arena);
    Status st = table_scan_create(&w->cx, &w->arena, t, columns, 1, true, &scan);
    crash_must(&w->cx, st);
    st = table_scan_start(&w->cx, scan, txn, snap);
    while (st == ST_OK && (st = table_scan_next(&w->cx, scan, 64, &b, &w->arena)) == ST_OK) {
        SEL_FOREACH(at, &b.sel)
        {
            if (vec_get(b.cols[0], at).i32 >= CRASH_BULK_KEY) {
                crash_check(n < own->bulk, "own table: more than %u rows of a batch", own->bulk);
                ids[n++] = (RowId)vec_get(b.cols[1], at).i64;
            }
        }
    }
    table_scan_end(scan);
    for (uint32_t i = 0; i < n && st == ST_DONE; i++) {
        WriteOutcome outcome;
        Status deleted = table_delete(&w->cx, txn, snap, t, ids[i], &outcome);
        st = deleted == ST_OK ? ST_DONE : deleted;
    }
    txn_snapshot_done(txn);
    if (st != ST_DONE) {
        return st;
    }
    crash_check(n == own->bulk, "own table: %u rows of a batch, not %u", n, own->bulk);
    own->bulk = 0;
    own->version++;
    return ST_OK;
}

static Status own_dml(CrashWorker *w, Txn *txn)
{
    CrashOwn *own = &w->draft.own;
    Table *t;
    TRY(crash_own_open(w->crash, &w->cx, &w->arena, own, &t));
    uint32_t i = crash_random(&w->random, CRASH_OWN_KEYS);
    switch (crash_random(&w->random, 12)) {
    case 0:
        if (own->bulk != 0) {
            return own_bulk_delete(w, txn, t);
        } else {
            uint32_t count = 1 + crash_random(&w->random, 200);
            TRY(crash_own_bulk(w, txn, t, count));
            own->bulk = count;
            own->version++;
            return ST_OK;
        }
    case 1: return own_insert(w, txn, t, i); /* perhaps a duplicate */
    default: return own->rows[i].row.present ? own_change(w, txn, t, i) : own_insert(w, txn, t, i);
    }
}

/* crash_own_step - one statement on the worker's table; one that is refused leaves nothing. */
bool crash_own_step(CrashWorker *w, Txn *txn)
{
    Crash *c = w->crash;
    CrashOwn *own = &w->draft.own, before = *own;
    bool ddl = own->tree == 0 || crash_random(&w->random, 4) == 0;
    SavePoint sp;
    txn_savepoint(txn, &sp);
    Status st = ddl ? crash_ddl_step(w, txn) : own_dml(w, txn);
    if (crash_refused(&w->cx, st) ||
        (st == ST_ERROR && w->err.sqlstate == ERRCODE_UNIQUE_VIOLATION)) {
        crash_must(&w->cx, txn_rollback_to(&w->cx, txn, &sp));
        *own = before;
        return true;
    }
    if (crash_gave_up(w, st) || !crash_status(c, &w->cx, st)) {
        return false;
    }
    c->ddl += ddl;
    crash_must(&w->cx, txn_next_command(&w->cx, txn));
    if (!c->faulty && crash_random(&w->random, 6) == 0) {
        const Snapshot *snap;
        if (!crash_snapshot(w, txn, &snap)) {
            return false;
        }
        crash_own_check(c, &w->cx, own, snap);
        txn_snapshot_done(txn);
    }
    return true;
}

/* ---- what must be there ---- */

/* own_row_check - one row as read, all columns and the row id, against the model. */
static void own_row_check(const CrashOwn *own, const Batch *b, uint32_t at, CrashOwn *seen)
{
    int32_t a = vec_get(b->cols[0], at).i32;
    bool bulk = a >= CRASH_BULK_KEY;
    CrashOwnRow want;
    if (bulk) {
        want = bulk_row((uint32_t)a - CRASH_BULK_KEY);
        crash_check((uint32_t)a - CRASH_BULK_KEY < own->bulk, "own table: key %d is not there", a);
        seen->bulk++;
    } else {
        crash_check(a >= 0 && a < CRASH_OWN_KEYS, "own table: key %d is nobody's", a);
        want = own->rows[a];
        crash_check(!seen->rows[a].row.present, "own table: two rows with key %d", a);
        seen->rows[a].row.present = true;
    }
    CrashRow row = {.present = true};
    row.rowid = bulk ? 0 : (RowId)vec_get(b->cols[own->column_count], at).i64;
    Datum v = vec_get(b->cols[1], at);
    if (own->b_text) {
        char digits[32];
        int n = snprintf(digits, sizeof(digits), "%lld", (long long)want.row.b);
        bool same = v.str.len == (uint32_t)n && memcmp(str_ptr(&v.str), digits, v.str.len) == 0;
        row.b = same ? want.row.b : ~want.row.b;
    } else {
        row.b = v.i64;
    }
    crash_row_text(b->cols[2], at, &row, a);
    crash_check(crash_row_matches(&want.row, &row),
                "own table: key %d is (%lld, %u:%u, id %llu), not (%lld, %u:%u, id %llu)", a,
                (long long)row.b, row.text_seed, row.text_len, (unsigned long long)row.rowid,
                (long long)want.row.b, want.row.text_seed, want.row.text_len,
                (unsigned long long)want.row.rowid);
    if (own->column_count > 3) {
        int64_t d = vec_is_null(b->cols[3], at) ? -1 : vec_get(b->cols[3], at).i64;
        crash_check(d == want.d, "own table: key %d: column d is %lld, not %lld", a, (long long)d,
                    (long long)want.d);
    }
    if (own->column_count > 4) {
        CrashRow e = want.row;
        crash_row_text(b->cols[4], at, &e, a);
        crash_check(e.text_len == want.e_len && (e.text_seed == 0) == (want.e_seed == 0) &&
                        (e.text_len == 0 || e.text_seed == want.e_seed),
                    "own table: key %d: column e is %u:%u, not %u:%u", a, e.text_seed, e.text_len,
                    want.e_seed, want.e_len);
    }
}

void crash_own_check(Crash *c, Cx *cx, const CrashOwn *own, const Snapshot *snap)
{
    Arena arena;
    Table *t;
    TableScan *scan;
    Batch b;
    PhysType types[CRASH_OWN_COLUMNS + 1];
    uint16_t columns[CRASH_OWN_COLUMNS];
    CrashIndexKind kinds[CRASH_IX_KINDS];
    Status st;
    if (own->tree == 0) {
        return;
    }
    arena_init(&arena, NULL, "own check", 0);
    CrashOwn *seen = ARENA_NEW(&arena, CrashOwn);
    for (uint16_t i = 0; i < own->column_count; i++) {
        columns[i] = i;
        types[i] = own_phys(own, i);
    }
    types[own->column_count] = PHYS_I64;
    batch_init(&b, types, (uint16_t)(own->column_count + 1), &arena);
    crash_must(cx, crash_own_open(c, cx, &arena, own, &t));
    crash_must(cx, table_scan_create(cx, &arena, t, columns, own->column_count, true, &scan));
    st = table_scan_start(cx, scan, snap->txn, snap);
    while (st == ST_OK && (st = table_scan_next(cx, scan, 32, &b, &arena)) == ST_OK) {
        SEL_FOREACH(at, &b.sel)
        {
            own_row_check(own, &b, at, seen);
        }
    }
    table_scan_end(scan);
    bool cancelled = st == ST_ERROR && cx->err->sqlstate == ERRCODE_SNAPSHOT_TOO_OLD;
    crash_check(st == ST_DONE || (cancelled && c->retaining), "own table: status %d: %s", (int)st,
                cx->err->message);
    if (!cancelled) {
        crash_check(seen->bulk == own->bulk, "own table: %u rows of a batch, not %u", seen->bulk,
                    own->bulk);
        for (uint32_t i = 0; i < CRASH_OWN_KEYS; i++) {
            crash_check(seen->rows[i].row.present == own->rows[i].row.present,
                        "own table: key %u is %sthere", i, seen->rows[i].row.present ? "" : "not ");
        }
        (void)own_kinds(own, kinds);
        crash_check_indexes(c, cx, t, kinds, snap);
    }
    arena_release(&arena);
}

void crash_own_verify(Crash *c, const CrashOwn *own)
{
    Arena arena;
    Table *t;
    Snapshot snap;
    if (own->tree == 0) {
        return;
    }
    arena_init(&arena, NULL, "own verify", 0);
    crash_must(&c->cx, crash_own_open(c, &c->cx, &arena, own, &t));
    crash_verify_table(c, t);
    snapshot_take(c->engine->txns, NULL, &snap);
    crash_own_check(c, &c->cx, own, &snap);
    snapshot_release(&snap);
    arena_release(&arena);
}
