/*
 * crash_index.c - five kinds of indexes over tables that begin with (a int4, b, c text), and every
 * one of them read against its table.
 *
 * table_verify looks at entries; here the index scan that queries use is asked, forward and
 * backward, and under snapshots of any age.
 */
#include "base/map.h"
#include "crash.h"
#include "type/gin.h"

static const uint16_t column_c[1] = {2};

/* expr_run - IndexCompute.run: length(c) % 8. */
static Status expr_run(const IndexCompute *self, Cx *cx, const Datum *values, const bool *nulls,
                       Arena *arena, Datum *out, bool *out_nulls, bool *holds_out)
{
    (void)self;
    (void)cx;
    (void)arena;
    *holds_out = true;
    out_nulls[0] = nulls[0];
    out[0] = (Datum){.i64 = nulls[0] ? 0 : values[0].str.len % 8};
    return ST_OK;
}

/* partial_run - IndexCompute.run: WHERE length(c) % 2 = 0. */
static Status partial_run(const IndexCompute *self, Cx *cx, const Datum *values, const bool *nulls,
                          Arena *arena, Datum *out, bool *out_nulls, bool *holds_out)
{
    (void)self;
    (void)cx;
    (void)arena;
    (void)out;
    (void)out_nulls;
    *holds_out = !nulls[0] && values[0].str.len % 2 == 0;
    return ST_OK;
}

static const IndexCompute expr_compute = {
    .column_count = 1, .columns = column_c, .expr_count = 1, .run = expr_run};
static const IndexCompute partial_compute = {
    .column_count = 1, .columns = column_c, .run = partial_run};

/* items_extract - GinOps.extract: an item for each bit of the length that is set, and the first
 * letter. */
static void items_extract(const Datum *v, GinItems *out)
{
    for (char bit = 0; bit < 16; bit++) {
        if ((v->str.len >> bit & 1) != 0) {
            gin_add(out, GIN_FLAG_FIRST, (Slice){&bit, 1});
        }
    }
    if (v->str.len > 0) {
        gin_add(out, GIN_FLAG_FIRST + 1, (Slice){str_ptr(&v->str), 1});
    }
}
static const GinOps items_ops = {.extract = items_extract};

/* items_any - a condition that every row meets, put as many items. */
static void items_any(GinQuery *out)
{
    static const char NUMBERS[] = "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17";
    out->need = GIN_ANY_OF;
    gin_push(&out->items, GIN_ITEM_NULL);
    gin_push(&out->items, GIN_ITEM_EMPTY);
    for (uint32_t i = 0; i < 16; i++) {
        gin_add(&out->items, GIN_FLAG_FIRST, (Slice){NUMBERS + i, 1});
    }
}

void crash_index_describe(CrashIndexKind kind, bool b_text, TableIndex *out)
{
    static const char *const names[] = {"x_a_key", "x_c_idx", "x_length_idx", "x_b_even_idx",
                                        "x_c_items_idx"};
    *out = (TableIndex){.oid = 17001 + kind, .column_count = 1, .name = names[kind]};
    IndexColumn *col = &out->columns[0];
    switch (kind) {
    case CRASH_IX_KEY:
        out->unique = out->is_primary = true;
        *col = (IndexColumn){.column = 0, .type = type_ops(TYPE_INT4), .name = "a"};
        return;
    case CRASH_IX_TEXT:
        *col = (IndexColumn){.column = 2, .type = type_ops(TYPE_TEXT), .name = "c"};
        return;
    case CRASH_IX_EXPR:
        *col = (IndexColumn){.column = -1, .type = type_ops(TYPE_INT8), .name = "length"};
        out->compute = &expr_compute;
        return;
    case CRASH_IX_ITEMS:
        out->inverted = true;
        *col =
            (IndexColumn){.column = 2, .type = type_ops(TYPE_TEXT), .name = "c", .gin = &items_ops};
        return;
    default:
        *col = (IndexColumn){
            .column = 1, .type = type_ops(b_text ? TYPE_TEXT : TYPE_INT8), .name = "b"};
        out->compute = &partial_compute;
    }
}

bool crash_index_holds(CrashIndexKind kind, const CrashRow *row)
{
    return kind != CRASH_IX_PARTIAL || (row->text_seed != 0 && row->text_len % 2 == 0);
}

/* ---- scans ---- */

typedef struct Sums {
    uint64_t rows, sum;
} Sums;

/* scan_row_hash - of the first three columns and the row id, which is the batch's last column. */
static uint64_t scan_row_hash(const Batch *b, uint32_t at, CrashRow *row_out)
{
    uint64_t h = hash_u64((uint64_t)vec_get(b->cols[3], at).i64);
    h = hash_u64(h ^ (uint32_t)vec_get(b->cols[0], at).i32);
    *row_out = (CrashRow){0};
    for (uint16_t col = 1; col < 3; col++) {
        if (vec_is_null(b->cols[col], at)) {
            h = hash_u64(h + 1);
            continue;
        }
        Datum v = vec_get(b->cols[col], at);
        if (b->cols[col]->phys != PHYS_STR) {
            h = hash_u64(h ^ (uint64_t)v.i64);
            continue;
        }
        h = hash_bytes(str_ptr(&v.str), v.str.len, h);
        if (col == 2) {
            row_out->text_seed = 1;
            row_out->text_len = v.str.len;
        }
    }
    return h;
}

static void sums_add(Sums *sums, CrashIndexKind kind, const Batch *b)
{
    SEL_FOREACH(at, &b->sel)
    {
        CrashRow row;
        uint64_t h = scan_row_hash(b, at, &row);
        if (crash_index_holds(kind, &row)) {
            sums->rows++;
            sums->sum += h;
        }
    }
}

static const uint16_t first_columns[3] = {0, 1, 2};

/* index_begin - read all of an index; an inverted one as a whole, or (backward) item by item. */
static Status index_begin(Cx *cx, IndexScan *scan, const TableIndex *ix, const Snapshot *snap,
                          bool backward, Arena *arena)
{
    IndexBound open = {0};
    if (!ix->inverted) {
        return index_scan_start(cx, scan, snap->txn, snap, &open, &open, backward);
    }
    GinQuery any = {.items = {.arena = arena}};
    InvertedNeed need = {0, &any};
    items_any(&any);
    return index_scan_start_inverted(cx, scan, snap->txn, snap, &need, backward ? 1 : 0);
}

/* index_sums - false: the snapshot was cancelled meanwhile. */
static bool index_sums(Cx *cx, const Table *t, uint16_t index, CrashIndexKind kind,
                       const Snapshot *snap, bool backward, Batch *b, Arena *arena, Sums *out)
{
    IndexScan *scan;
    Status st;
    *out = (Sums){0};
    crash_must(cx, index_scan_create(cx, arena, t, index, first_columns, 3, true, &scan));
    st = index_begin(cx, scan, &t->indexes[index], snap, backward, arena);
    while (st == ST_OK && (st = index_scan_next(cx, scan, 16, b, arena)) == ST_OK) {
        sums_add(out, kind, b);
    }
    index_scan_end(scan);
    if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_SNAPSHOT_TOO_OLD) {
        return false;
    }
    crash_check(st == ST_DONE, "index scan: status %d: %s", (int)st, cx->err->message);
    return true;
}

static bool table_sums(Cx *cx, const Table *t, CrashIndexKind kind, const Snapshot *snap, Batch *b,
                       Arena *arena, Sums *out)
{
    TableScan *scan;
    Status st;
    *out = (Sums){0};
    crash_must(cx, table_scan_create(cx, arena, t, first_columns, 3, true, &scan));
    st = table_scan_start(cx, scan, snap->txn, snap);
    while (st == ST_OK && (st = table_scan_next(cx, scan, 16, b, arena)) == ST_OK) {
        sums_add(out, kind, b);
    }
    table_scan_end(scan);
    if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_SNAPSHOT_TOO_OLD) {
        return false;
    }
    crash_check(st == ST_DONE, "table scan: status %d: %s", (int)st, cx->err->message);
    return true;
}

void crash_check_indexes(Crash *c, Cx *cx, const Table *t, const CrashIndexKind *kinds,
                         const Snapshot *snap)
{
    Arena arena;
    Batch b;
    const PhysType types[4] = {PHYS_I32, t->columns[1].phys, PHYS_STR, PHYS_I64};
    arena_init(&arena, NULL, "indexes", 0);
    batch_init(&b, types, 4, &arena);
    for (uint16_t i = 0; i < t->index_count; i++) {
        Sums table, forward, backward;
        if (!table_sums(cx, t, kinds[i], snap, &b, &arena, &table) ||
            !index_sums(cx, t, i, kinds[i], snap, false, &b, &arena, &forward) ||
            !index_sums(cx, t, i, kinds[i], snap, true, &b, &arena, &backward)) {
            crash_check(c->retaining, "a snapshot was cancelled that nobody may cancel");
            break;
        }
        crash_check(forward.rows == table.rows && forward.sum == table.sum,
                    "%s: index %s gives %llu rows forward, the table %llu", t->name,
                    t->indexes[i].name, (unsigned long long)forward.rows,
                    (unsigned long long)table.rows);
        crash_check(backward.rows == table.rows && backward.sum == table.sum,
                    "%s: index %s gives %llu rows backward, the table %llu", t->name,
                    t->indexes[i].name, (unsigned long long)backward.rows,
                    (unsigned long long)table.rows);
    }
    arena_release(&arena);
}
