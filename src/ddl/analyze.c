/*
 * analyze.c - ANALYZE of one table: row count, pages, NULLs, distinct values, widths.
 *
 * One pass. Distinct values are counted by a sketch: of the hashes only those below a threshold are
 * kept, and the threshold falls by half whenever too many are kept, so a column costs 32 KiB
 * whatever its size.
 */
#include <math.h>
#include <stdlib.h>

#include "ddl/ddl_internal.h"

#define ANALYZE_SLOTS 4096u

/* AnalyzeColumn - what is gathered of one column. */
typedef struct AnalyzeColumn {
    const CatType *type;
    uint64_t *slots; /* hash table of kept hashes, 0 = empty */
    uint32_t kept;
    unsigned level; /* kept hashes have this many low zero bits */
    uint64_t nulls, bytes;
} AnalyzeColumn;

static uint64_t analyze_mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    h ^= h >> 33;
    return h == 0 ? 1 : h;
}

static bool analyze_kept(const AnalyzeColumn *c, uint64_t h)
{
    return (h & (((uint64_t)1 << c->level) - 1)) == 0;
}

/* analyze_put - into the table, unless there. */
static void analyze_put(AnalyzeColumn *c, uint64_t h)
{
    uint32_t at = (uint32_t)(h >> 40) & (ANALYZE_SLOTS - 1);
    while (c->slots[at] != 0 && c->slots[at] != h) {
        at = (at + 1) & (ANALYZE_SLOTS - 1);
    }
    c->kept += c->slots[at] == 0 ? 1 : 0;
    c->slots[at] = h;
}

/* analyze_thin - one level up: about half of the kept hashes go. */
static void analyze_thin(AnalyzeColumn *c, Arena *scratch)
{
    uint64_t *old = arena_memdup(scratch, c->slots, ANALYZE_SLOTS * sizeof(uint64_t));
    memset(c->slots, 0, ANALYZE_SLOTS * sizeof(uint64_t));
    c->level++;
    c->kept = 0;
    for (uint32_t i = 0; i < ANALYZE_SLOTS; i++) {
        if (old[i] != 0 && analyze_kept(c, old[i])) {
            analyze_put(c, old[i]);
        }
    }
}

/* analyze_batch - all rows of one column of a batch. */
static void analyze_batch(AnalyzeColumn *c, const Vector *v, const Sel *sel, Arena *scratch)
{
    SEL_FOREACH(row, sel)
    {
        if (vec_is_null(v, row)) {
            c->nulls++;
            continue;
        }
        Datum d = vec_get(v, row);
        c->bytes += c->type->phys == PHYS_STR ? d.str.len + 1u : (uint64_t)MAX(c->type->len, 1);
        uint64_t h = analyze_mix(c->type->ops->hash(&d));
        if (analyze_kept(c, h)) {
            analyze_put(c, h);
            while (c->kept > ANALYZE_SLOTS / 2) {
                analyze_thin(c, scratch);
            }
        }
    }
}

/* analyze_store - the row of pg_statistic. */
static Status analyze_store(Cx *cx, DdlCx *d, Oid table, int16_t attnum, const AnalyzeColumn *c,
                            double rows)
{
    DdlRow r;
    double values = rows - (double)c->nulls;
    double distinct = ldexp((double)c->kept, (int)c->level);
    distinct = MIN(distinct, values);
    /* A column whose values grow with the table is described by a ratio, as PostgreSQL does. */
    double stored = distinct > 0.1 * rows && rows > 0 ? -distinct / rows : distinct;
    Datum key[3] = {{.u32 = table}, {.i16 = attnum}, {.b = false}};
    TRY(ddl_row_remove(cx, d, CAT_PG_STATISTIC, key, 3));
    ddl_row_init(&r, CAT_PG_STATISTIC);
    for (int i = 0; i < 5; i++) {
        ddl_set_i16(&r, PG_STATISTIC_STAKIND1 + i, 0);
        ddl_set_oid(&r, PG_STATISTIC_STAOP1 + i, 0);
        ddl_set_oid(&r, PG_STATISTIC_STACOLL1 + i, 0);
    }
    ddl_set_oid(&r, PG_STATISTIC_STARELID, table);
    ddl_set_i16(&r, PG_STATISTIC_STAATTNUM, attnum);
    ddl_set_bool(&r, PG_STATISTIC_STAINHERIT, false);
    ddl_set_f32(&r, PG_STATISTIC_STANULLFRAC, rows > 0 ? (float)((double)c->nulls / rows) : 0.0f);
    ddl_set_i32(&r, PG_STATISTIC_STAWIDTH,
                values > 0 ? (int32_t)((double)c->bytes / values) : c->type->len);
    ddl_set_f32(&r, PG_STATISTIC_STADISTINCT, (float)stored);
    return ddl_row_insert(cx, d, &r);
}

/* analyze_scan - read the whole table once. */
static Status analyze_scan(Cx *cx, DdlCx *d, const CatTable *t, const uint16_t *numbers,
                           AnalyzeColumn *columns, uint16_t n, double *rows_out)
{
    Arena batch_arena;
    TableScan *scan = NULL;
    Batch batch;
    Snapshot snap;
    PhysType *types = ARENA_ARRAY(d->arena, PhysType, n + 1);
    for (uint16_t i = 0; i < n; i++) {
        types[i] = columns[i].type->phys;
    }
    batch_init(&batch, types, n, d->arena);
    arena_init(&batch_arena, d->arena, "analyze", 0);
    snapshot_take(d->engine->txns, d->view->txn, &snap);
    Status st = table_scan_create(cx, d->arena, t->storage, numbers, n, false, &scan);
    if (st == ST_OK) {
        st = table_scan_start(cx, scan, d->view->txn, &snap);
    }
    while (st == ST_OK) {
        arena_clear(&batch_arena);
        st = table_scan_next(cx, scan, VEC_CAPACITY, &batch, &batch_arena);
        if (st == ST_OK) {
            *rows_out += batch.sel.count;
            for (uint16_t i = 0; i < n; i++) {
                analyze_batch(&columns[i], batch.cols[i], &batch.sel, &batch_arena);
            }
            st = cx_check(cx);
        }
    }
    if (scan != NULL) {
        table_scan_end(scan);
    }
    snapshot_release(&snap);
    arena_release(&batch_arena);
    return st == ST_DONE ? ST_OK : st;
}

/* analyze_table - statistics of one table into pg_statistic, its size into pg_class. */
static Status analyze_table(Cx *cx, DdlCx *d, const CatTable *table)
{
    if (table->kind != 'r' || table->storage == NULL) {
        return ST_OK;
    }
    uint64_t lock = (uint64_t)d->view->database << 32 | table->oid;
    Oid oid = table->oid;
    TRY(table_lock(cx, d->view->txn, lock, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, WAIT_BLOCK));
    TRY(txn_start_write(cx, d->view->txn));
    TRY(cat_table_by_oid(cx, d->view, oid, &table));
    uint16_t n = 0;
    uint16_t *numbers = ARENA_ARRAY(d->arena, uint16_t, table->column_count + 1);
    AnalyzeColumn *columns = ARENA_ARRAY(d->arena, AnalyzeColumn, table->column_count + 1);
    for (uint16_t i = 0; i < table->column_count; i++) {
        const CatType *type =
            table->columns[i].dropped ? NULL : cat_type(d->view, table->columns[i].type);
        if (type != NULL && type->ops != NULL && type->ops->hash != NULL) {
            columns[n] = (AnalyzeColumn){.type = type,
                                         .slots = ARENA_ARRAY(d->arena, uint64_t, ANALYZE_SLOTS)};
            numbers[n++] = i;
        }
    }
    double rows = 0;
    TableSize size;
    TRY(analyze_scan(cx, d, table, numbers, columns, n, &rows));
    TRY(table_size(cx, table->storage, &size));
    for (uint16_t i = 0; i < n; i++) {
        TRY(analyze_store(cx, d, oid, (int16_t)(numbers[i] + 1), &columns[i], rows));
    }
    Datum key = {.u32 = oid};
    DdlRow r;
    TRY(ddl_row_load(cx, d, CAT_PG_CLASS, &key, 1, &r));
    ddl_set_f32(&r, PG_CLASS_RELTUPLES, (float)rows);
    ddl_set_i32(&r, PG_CLASS_RELPAGES, (int32_t)MIN(size.pages, (double)INT32_MAX));
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

/* ---- every table ---- */

/* AnalyzeAll - the user tables there are. */
typedef struct AnalyzeAll {
    DdlCx *d;
    Oid *oids;
    uint32_t count, size;
} AnalyzeAll;

static Status analyze_note_table(void *arg, Cx *cx, const CatRow *row)
{
    AnalyzeAll *all = arg;
    const Str *kind = &row->values[PG_CLASS_RELKIND].str;
    (void)cx;
    if (kind->len == 1 && str_ptr(kind)[0] == 'r') {
        if (all->count == all->size) {
            uint32_t size = MAX(all->size * 2, 16u);
            all->oids =
                arena_grow(all->d->arena, all->oids, all->count * sizeof(Oid), size * sizeof(Oid));
            all->size = size;
        }
        all->oids[all->count++] = row->values[PG_CLASS_OID].u32;
    }
    return ST_OK;
}

Status ddl_analyze(Cx *cx, DdlCx *d, const CatTable *table)
{
    AnalyzeAll all = {.d = d};
    if (table != NULL) {
        return analyze_table(cx, d, table);
    }
    TRY(cat_rows_each(cx, d->view, CAT_PG_CLASS, NULL, NULL, 0, analyze_note_table, &all));
    for (uint32_t i = 0; i < all.count; i++) {
        const CatTable *t;
        Status st = cat_table_by_oid(cx, d->view, all.oids[i], &t);
        if (st == ST_OK) {
            st = analyze_table(cx, d, t);
        }
        if (st != ST_OK && st != ST_NOTFOUND) {
            return st;
        }
    }
    return ST_OK;
}
