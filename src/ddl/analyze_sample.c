/*
 * analyze_sample.c - rows for ANALYZE, each row of the table with the same chance.
 *
 * A table that is not much larger than the sample is read whole, and rows replace earlier ones by
 * Vitter's reservoir rule. Of a larger one, row ids are cut into as many equal strata as rows are
 * wanted, and a run of ids beginning at a random place of each is read: row ids being the order of
 * the tree, a row's chance does not depend on how full its page is or how its neighbours fell out.
 * A run is as long as needed to meet one row on average, so that gaps left by deletes cost nothing
 * but ids.
 */
#include "ddl/analyze_internal.h"

/* A whole scan reads this many rows in the time of one descent to a row by its id. */
enum { SAMPLE_SCAN_ROWS = 10, SAMPLE_RUN_MAX = 4096 };

static uint64_t sample_random(AnalyzeSample *s)
{
    uint64_t x = s->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    s->random = x;
    return x * 0x2545f4914f6cdd1dULL;
}

/* sample_below - a random number in [0, n). */
static uint64_t sample_below(AnalyzeSample *s, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)sample_random(s) * n) >> 64);
}

static uint32_t value_width(const CatType *type, const Datum *d)
{
    if (type->phys != PHYS_STR) {
        return (uint32_t)MAX(type->len, 1);
    }
    return type->len > 0 ? (uint32_t)type->len : d->str.len + (d->str.len < 126 ? 1u : 4u);
}

/* sample_keep - row `row` of the batch becomes row `at` of the sample. */
static void sample_keep(AnalyzeSample *s, uint32_t at, const Batch *b, uint32_t row, uint64_t place)
{
    s->places[at] = place;
    for (uint16_t i = 0; i < s->column_count; i++) {
        SampleColumn *c = &s->columns[i];
        c->state[at] = SAMPLE_NULL;
        if (vec_is_null(b->cols[i], row)) {
            continue;
        }
        Datum v = vec_get(b->cols[i], row);
        c->widths[at] = value_width(c->type, &v);
        c->state[at] = SAMPLE_VALUE;
        if (c->type->phys == PHYS_STR) {
            if (v.str.len > ANALYZE_WIDE_BYTES) {
                c->state[at] = SAMPLE_WIDE;
                continue;
            }
            v.str = str_copy(s->arena, str_ptr(&v.str), v.str.len);
        }
        c->values[at] = v;
    }
}

/* sample_offer - by Vitter's rule: the n-th row met is taken with the chance size / n. */
static void sample_offer(AnalyzeSample *s, const Batch *b)
{
    SEL_FOREACH(row, &b->sel)
    {
        uint64_t place = s->seen++;
        uint64_t at = s->count < s->size ? s->count : sample_below(s, s->seen);
        if (at < s->size) {
            sample_keep(s, (uint32_t)at, b, row, place);
            s->count += s->count < s->size ? 1 : 0;
        }
    }
}

/* sample_rows - offer the rest of a scan's range; *batch_arena is for one batch. */
static Status sample_rows(Cx *cx, TableScan *scan, Batch *b, Arena *batch_arena, AnalyzeSample *s)
{
    for (;;) {
        arena_clear(batch_arena);
        Status st = table_scan_next(cx, scan, VEC_CAPACITY, b, batch_arena);
        if (st != ST_OK) {
            return st == ST_DONE ? ST_OK : st;
        }
        sample_offer(s, b);
        TRY(cx_check(cx));
    }
}

/* sample_strata - a run of row ids out of each stratum. */
static Status sample_strata(Cx *cx, const CatTable *t, double rows, TableScan *scan, Batch *b,
                            Arena *batch_arena, AnalyzeSample *s)
{
    uint64_t ids = table_rowid_end(t->storage) - 1;
    double gap = (double)ids / MAX(rows, 1);
    uint64_t run = (uint64_t)MIN(MAX(gap, 1), (double)SAMPLE_RUN_MAX), read = 0;
    uint64_t strata = MAX(MIN((uint64_t)s->size, ids / run), 1);
    for (uint64_t i = 0; i < strata; i++) {
        uint64_t first = 1 + (uint64_t)((unsigned __int128)ids * i / strata);
        uint64_t end = 1 + (uint64_t)((unsigned __int128)ids * (i + 1) / strata);
        uint64_t at = first + (end - first > run ? sample_below(s, end - first - run + 1) : 0);
        uint64_t last = MIN(at + run, end) - 1;
        TRY(table_scan_range(cx, scan, at, last));
        TRY(sample_rows(cx, scan, b, batch_arena, s));
        read += last - at + 1;
    }
    s->total_rows = read > 0 ? (double)s->seen / (double)read * (double)ids : 0;
    return ST_OK;
}

static void sample_init(AnalyzeSample *s, DdlCx *d)
{
    s->size = ANALYZE_SAMPLE_ROWS;
    s->places = ARENA_ARRAY(s->arena, uint64_t, s->size);
    for (uint16_t i = 0; i < s->column_count; i++) {
        SampleColumn *c = &s->columns[i];
        c->values = ARENA_ARRAY(s->arena, Datum, s->size);
        c->state = ARENA_ARRAY(s->arena, uint8_t, s->size);
        c->widths = ARENA_ARRAY(s->arena, uint32_t, s->size);
    }
    os_random(d->engine->os, &s->random, sizeof(s->random));
    s->random |= 1;
}

Status analyze_sample(Cx *cx, DdlCx *d, const CatTable *t, const uint16_t *numbers,
                      AnalyzeSample *s)
{
    Arena batch_arena;
    TableScan *scan = NULL;
    Batch batch;
    Snapshot snap;
    TableSize size;
    uint16_t n = s->column_count;
    PhysType *types = ARENA_ARRAY(s->arena, PhysType, n + 1);
    TRY(table_size(cx, t->storage, &size));
    for (uint16_t i = 0; i < n; i++) {
        types[i] = s->columns[i].type->phys;
    }
    sample_init(s, d);
    batch_init(&batch, types, n, s->arena);
    arena_init(&batch_arena, d->arena, "analyze", 0);
    snapshot_take(d->engine->txns, d->view->txn, &snap);
    Status st = ST_OK;
    TRY_OUT(table_scan_create(cx, s->arena, t->storage, numbers, n, false, &scan));
    table_scan_uncounted(scan);
    TRY_OUT(table_scan_start(cx, scan, d->view->txn, &snap));
    if (size.rows > (double)s->size * SAMPLE_SCAN_ROWS) {
        TRY_OUT(sample_strata(cx, t, size.rows, scan, &batch, &batch_arena, s));
    } else {
        TRY_OUT(sample_rows(cx, scan, &batch, &batch_arena, s));
        s->total_rows = (double)s->seen;
    }
out:
    if (scan != NULL) {
        table_scan_end(scan);
    }
    snapshot_release(&snap);
    arena_release(&batch_arena);
    return st;
}
