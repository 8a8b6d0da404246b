/*
 * cat_stats.c - pg_statistic of a table for the planner: the texts of its arrays back to values.
 */
#include <stdlib.h>

#include "catalog/cat_internal.h"

enum { STAT_SLOTS = 5, STAT_KIND_COMMON = 1, STAT_KIND_HISTOGRAM = 2, STAT_KIND_CORRELATION = 3 };

const TypeEnv *cat_stats_env(void)
{
    static const TypeEnv ENV = {.date_order = DATEORDER_MDY, .extra_float_digits = 1};
    return &ENV;
}

/* stats_values - the values of an array's text; 0 when there are none or one cannot be read. */
static uint32_t stats_values(Cx *cx, const TypeOps *ops, const char *text, Arena *scratch,
                             Arena *arena, const Datum **out)
{
    const char *const *texts;
    uint32_t n = cat_text_array(scratch, text, &texts);
    Datum *values = ARENA_ARRAY(arena, Datum, n + 1);
    FnCall call = {.cx = cx, .arena = arena, .state_arena = scratch, .env = cat_stats_env()};
    for (uint32_t i = 0; i < n; i++) {
        if (ops == NULL || texts[i] == NULL ||
            ops->in(&call, slice_of(texts[i]), -1, &values[i]) != ST_OK) {
            err_clear(cx);
            return 0;
        }
    }
    *out = values;
    return n;
}

/* stats_numbers - those of an array of real. */
static uint32_t stats_numbers(const char *text, Arena *scratch, Arena *arena, const double **out)
{
    const char *const *texts;
    uint32_t n = cat_text_array(scratch, text, &texts);
    double *numbers = ARENA_ARRAY(arena, double, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        numbers[i] = texts[i] != NULL ? strtod(texts[i], NULL) : 0;
    }
    *out = numbers;
    return n;
}

/* stats_column - one row of pg_statistic. */
static void stats_column(Cx *cx, const CatRow *row, const TypeOps *ops, Arena *scratch,
                         Arena *arena, CatColumnStats *c)
{
    *c = (CatColumnStats){
        .known = true,
        .null_fraction = (double)row->values[PG_STATISTIC_STANULLFRAC].f32,
        .distinct = (double)row->values[PG_STATISTIC_STADISTINCT].f32,
        .avg_width = (uint32_t)row->values[PG_STATISTIC_STAWIDTH].i32,
        .ops = ops,
    };
    for (uint16_t i = 0; i < STAT_SLOTS; i++) {
        const char *values = cat_str(scratch, row, (uint16_t)(PG_STATISTIC_STAVALUES1 + i));
        const char *numbers = cat_str(scratch, row, (uint16_t)(PG_STATISTIC_STANUMBERS1 + i));
        const double *n;
        switch (row->values[PG_STATISTIC_STAKIND1 + i].i16) {
        case STAT_KIND_COMMON:
            c->common_count = stats_values(cx, ops, values, scratch, arena, &c->common);
            if (stats_numbers(numbers, scratch, arena, &c->frequencies) != c->common_count) {
                c->common_count = 0;
            }
            for (uint32_t k = 0; k < c->common_count; k++) {
                c->common_total += c->frequencies[k];
            }
            break;
        case STAT_KIND_HISTOGRAM:
            c->bound_count = stats_values(cx, ops, values, scratch, arena, &c->bounds);
            break;
        case STAT_KIND_CORRELATION:
            c->correlation = stats_numbers(numbers, scratch, arena, &n) == 1 ? n[0] : 0;
            break;
        default: break;
        }
    }
}

Status cat_load_stats(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    (void)name;
    const CatTable *t;
    Status st = cat_table_by_oid(cx, read->view, oid, &t);
    if (st != ST_OK || t->builtin) {
        return st == ST_ERROR ? st : ST_OK;
    }
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(PG_CLASS_OID, oid);
    const CatRow *row, *rows = NULL;
    uint32_t count = 0;
    TRY_OUT(cat_read_one(cx, read, &scratch, CAT_PG_CLASS, &key, &row));
    if (row == NULL || row->values[PG_CLASS_RELTUPLES].f32 < 0) {
        goto out;
    }
    key = cat_key_oid(PG_STATISTIC_STARELID, oid);
    TRY_OUT(cat_read_list(cx, read, &scratch, CAT_PG_STATISTIC, &key, &rows, &count));
    CatTableStats *stats = ARENA_NEW(&obj->arena, CatTableStats);
    CatColumnStats *columns = ARENA_ARRAY(&obj->arena, CatColumnStats, t->column_count);
    for (uint32_t i = 0; i < count; i++) {
        int16_t attnum = rows[i].values[PG_STATISTIC_STAATTNUM].i16;
        if (attnum > 0 && attnum <= t->column_count) {
            const CatType *type = cat_type(read->view, t->columns[attnum - 1].type);
            stats_column(cx, &rows[i], type != NULL ? type->ops : NULL, &scratch, &obj->arena,
                         &columns[attnum - 1]);
        }
    }
    *stats = (CatTableStats){
        .rows = (double)row->values[PG_CLASS_RELTUPLES].f32,
        .pages = (double)row->values[PG_CLASS_RELPAGES].i32,
        .column_count = t->column_count,
        .columns = columns,
    };
    obj->payload = stats;
out:
    arena_release(&scratch);
    return st;
}
