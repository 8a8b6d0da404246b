/*
 * analyze.c - ANALYZE: statistics of a table's columns into pg_statistic, its size into pg_class.
 *
 * What pg_statistic holds as arrays is written as their text, as every array of a catalog is.
 */
#include "ddl/analyze_internal.h"
#include "table/counts.h"

/* Kinds of slots of pg_statistic. */
enum { STAT_COMMON = 1, STAT_HISTOGRAM = 2, STAT_CORRELATION = 3 };

static bool element_needs_quotes(const uint8_t *p, size_t len)
{
    static const char SPECIAL[] = "{},\"\\ \t\n\r\v\f";
    bool quotes = len == 0 || (len == 4 && strncasecmp((const char *)p, "null", 4) == 0);
    for (size_t i = 0; i < len && !quotes; i++) {
        quotes = memchr(SPECIAL, p[i], sizeof(SPECIAL) - 1) != NULL;
    }
    return quotes;
}

static void put_element(Buf *out, const uint8_t *p, size_t len)
{
    if (!element_needs_quotes(p, len)) {
        buf_put(out, p, len);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '"' || p[i] == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, (char)p[i]);
    }
    buf_putc(out, '"');
}

/* values_text - an array's text of values of a type, in the arena. */
static const char *values_text(Cx *cx, Arena *arena, const TypeOps *ops, const Datum *values,
                               uint32_t count)
{
    FnCall call = {.cx = cx, .arena = arena, .state_arena = arena, .env = cat_stats_env()};
    Buf out, one;
    buf_init(&out, 1u << 22);
    buf_init(&one, 1u << 16);
    buf_putc(&out, '{');
    for (uint32_t i = 0; i < count; i++) {
        buf_clear(&one);
        ops->out(&call, &values[i], &one);
        buf_puts(&out, i == 0 ? "" : ",");
        put_element(&out, one.data, one.len);
    }
    buf_putc(&out, '}');
    const char *text = arena_strndup(arena, (const char *)out.data, out.len);
    buf_release(&out);
    buf_release(&one);
    return text;
}

/* numbers_text - the text of an array of real. */
static const char *numbers_text(Cx *cx, Arena *arena, const double *numbers, uint32_t count)
{
    Datum *values = ARENA_ARRAY(arena, Datum, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        values[i].f32 = (float)numbers[i];
    }
    return values_text(cx, arena, type_ops(TYPE_FLOAT4), values, count);
}

/* set_slot - the next free slot of the row. */
static void set_slot(DdlRow *r, int *slot, int16_t kind, Oid oper, Oid collation)
{
    ddl_set_i16(r, PG_STATISTIC_STAKIND1 + *slot, kind);
    ddl_set_oid(r, PG_STATISTIC_STAOP1 + *slot, oper);
    ddl_set_oid(r, PG_STATISTIC_STACOLL1 + *slot, collation);
    (*slot)++;
}

/* analyze_store - the row of pg_statistic. */
static Status analyze_store(Cx *cx, DdlCx *d, const CatTable *t, uint16_t column,
                            const CatType *type, const ColumnStats *c)
{
    DdlRow r;
    Arena *a = d->arena;
    int slot = 0;
    Oid lt = 0, eq = 0, gt = 0, collation = t->columns[column].collation;
    Datum key[3] = {{.u32 = t->oid}, {.i16 = (int16_t)(column + 1)}, {.b = false}};
    TRY(ddl_row_remove(cx, d, CAT_PG_STATISTIC, key, 3));
    ddl_row_init(&r, CAT_PG_STATISTIC);
    for (int i = 0; i < 5; i++) {
        set_slot(&r, &(int){i}, 0, 0, 0);
    }
    ddl_set_oid(&r, PG_STATISTIC_STARELID, t->oid);
    ddl_set_i16(&r, PG_STATISTIC_STAATTNUM, (int16_t)(column + 1));
    ddl_set_bool(&r, PG_STATISTIC_STAINHERIT, false);
    ddl_set_f32(&r, PG_STATISTIC_STANULLFRAC, (float)c->null_fraction);
    ddl_set_i32(&r, PG_STATISTIC_STAWIDTH, c->width);
    ddl_set_f32(&r, PG_STATISTIC_STADISTINCT, (float)c->distinct);
    (void)cat_default_order(d->view, type->oid, &lt, &eq, &gt);
    if (c->mcv_count > 0) {
        ddl_set_text(&r, PG_STATISTIC_STANUMBERS1 + slot,
                     numbers_text(cx, a, c->frequencies, c->mcv_count));
        ddl_set_text(&r, PG_STATISTIC_STAVALUES1 + slot,
                     values_text(cx, a, type->ops, c->mcvs, c->mcv_count));
        set_slot(&r, &slot, STAT_COMMON, eq, collation);
    }
    if (c->bound_count > 0) {
        ddl_set_text(&r, PG_STATISTIC_STAVALUES1 + slot,
                     values_text(cx, a, type->ops, c->bounds, c->bound_count));
        set_slot(&r, &slot, STAT_HISTOGRAM, lt, collation);
    }
    if (c->has_correlation) {
        ddl_set_text(&r, PG_STATISTIC_STANUMBERS1 + slot, numbers_text(cx, a, &c->correlation, 1));
        set_slot(&r, &slot, STAT_CORRELATION, lt, collation);
    }
    return ddl_row_insert(cx, d, &r);
}

/* analyze_columns - sample the table, and store what the sample says of each column. The sample's
 * memory is gone before the next table's. */
static Status analyze_columns(Cx *cx, DdlCx *d, const CatTable *t, double *rows_out)
{
    Arena arena, one;
    arena_init(&arena, d->arena, "analyze sample", 0);
    arena_init(&one, &arena, "analyze column", 0);
    AnalyzeSample s = {.arena = &arena};
    uint16_t *numbers = ARENA_ARRAY(&arena, uint16_t, t->column_count + 1);
    s.columns = ARENA_ARRAY(&arena, SampleColumn, t->column_count + 1);
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatType *type = t->columns[i].dropped ? NULL : cat_type(d->view, t->columns[i].type);
        if (type != NULL && type->ops != NULL) {
            s.columns[s.column_count].type = type;
            numbers[s.column_count++] = i;
        }
    }
    Status st = analyze_sample(cx, d, t, numbers, &s);
    *rows_out = s.total_rows;
    for (uint16_t i = 0; st == ST_OK && i < s.column_count && s.count > 0; i++) {
        ColumnStats stats;
        DdlCx own = *d;
        own.arena = &one;
        analyze_column(&s, i, &one, &stats);
        st = analyze_store(cx, &own, t, numbers[i], s.columns[i].type, &stats);
        arena_clear(&one);
    }
    arena_release(&arena);
    return st;
}

/* analyze_ended - the counts of an analyzed table begin anew once that is committed. */
static void analyze_ended(void *arg, bool committed)
{
    RelCounts *counts = arg;
    if (committed) {
        counts_analyzed(counts);
    }
}

/* analyze_table - statistics of one table into pg_statistic, its size into pg_class. */
static Status analyze_table(Cx *cx, DdlCx *d, const CatTable *table)
{
    if ((table->kind != 'r' && table->kind != 'm') || table->storage == NULL) {
        return ST_OK;
    }
    uint64_t lock = (uint64_t)d->view->database << 32 | table->oid;
    Oid oid = table->oid;
    TRY(table_lock(cx, d->view->txn, lock, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, WAIT_BLOCK));
    TRY(txn_start_write(cx, d->view->txn));
    TRY(cat_table_by_oid(cx, d->view, oid, &table));
    double rows = 0;
    TableSize size;
    TRY(analyze_columns(cx, d, table, &rows));
    TRY(table_size(cx, table->storage, &size));
    Datum key = {.u32 = oid};
    DdlRow r;
    TRY(ddl_row_load(cx, d, CAT_PG_CLASS, &key, 1, &r));
    ddl_set_f32(&r, PG_CLASS_RELTUPLES, (float)rows);
    ddl_set_i32(&r, PG_CLASS_RELPAGES, (int32_t)MIN(size.pages, (double)INT32_MAX));
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    txn_on_end(d->view->txn, analyze_ended, table->storage->counts);
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
