/*
 * analyze_column.c - statistics of one column from a sample of its values.
 *
 * The values are sorted once; runs of equal ones give the distinct and the common values, what is
 * left of the order gives the histogram, and how the order agrees with the rows' own gives the
 * correlation. Formulas are those PostgreSQL documents, so that its users find the numbers they
 * know: the number of distinct values is estimated by Haas and Stokes' n*d / (n - f1 + f1*n/N)
 * (n rows of N sampled, d distinct values, f1 of them met once).
 */
#include <math.h>
#include <stdlib.h>

#include "ddl/analyze_internal.h"

/* SampleValue - a value and its place in the sample. */
typedef struct SampleValue {
    Datum value;
    uint64_t place;
    const TypeOps *ops; /* for the comparison */
} SampleValue;

/* ValueRun - equal values in the sorted array. */
typedef struct ValueRun {
    uint32_t first, count;
} ValueRun;

static int sample_value_cmp(const void *a, const void *b)
{
    const SampleValue *x = a, *y = b;
    int c = x->ops->cmp(&x->value, &y->value);
    return c != 0 ? c : (x->place > y->place) - (x->place < y->place);
}

static int run_cmp(const void *a, const void *b)
{
    const ValueRun *x = a, *y = b;
    if (x->count != y->count) {
        return x->count < y->count ? 1 : -1;
    }
    return (x->first > y->first) - (x->first < y->first);
}

static int place_cmp(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* distinct_estimate - as stored: a number, or a negative share of the rows when it grows with them.
 */
static double distinct_estimate(uint32_t n, uint32_t d, uint32_t met_once, bool wide, double rows,
                                double null_fraction)
{
    double known = rows * (1 - null_fraction);
    double distinct = d;
    if (d > 0 && d == met_once) {
        return -(1 - null_fraction); /* nothing twice: taken for a key */
    }
    if (met_once > 0 || wide) {
        double f1 = met_once, denominator = n - f1 + f1 * n / MAX(known, 1);
        distinct = denominator > 0 ? n * (double)d / denominator : d;
        distinct = floor(MIN(MAX(distinct, d), known) + 0.5);
    }
    return rows > 0 && distinct > 0.1 * rows ? -(distinct / rows) : distinct;
}

/* common_count - how many of the most frequent runs are common beyond chance: each one more often
 * met than the values after it by two standard deviations of what a sample gives. */
static uint32_t common_count(const ValueRun *runs, uint32_t count, double distinct,
                             double null_fraction, uint32_t sample_rows, double rows)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += runs[i].count;
    }
    if (sample_rows == rows || rows <= 1) {
        return count; /* nothing was left to chance */
    }
    while (count > 0) {
        sum -= runs[count - 1].count;
        double rest = MAX(1 - sum / sample_rows - null_fraction, 0);
        double others = distinct - (count - 1);
        double share = others > 1 ? rest / others : rest;
        double mean = rows * runs[count - 1].count / sample_rows;
        double variance =
            sample_rows * mean * (rows - mean) * (rows - sample_rows) / (rows * rows * (rows - 1));
        if (runs[count - 1].count > share * sample_rows + 2 * sqrt(variance) + 0.5) {
            return count;
        }
        count--;
    }
    return 0;
}

/* histogram - equally spaced values of what the common ones leave. */
static void histogram(const SampleValue *v, uint32_t n, const ValueRun *common, uint32_t common_n,
                      uint32_t distinct, Arena *arena, ColumnStats *out)
{
    uint32_t bounds = MIN(distinct - common_n, ANALYZE_TARGET + 1), left = 0;
    if (bounds < 2) {
        return;
    }
    uint32_t *rest = ARENA_ARRAY(arena, uint32_t, n);
    bool *taken = ARENA_ARRAY(arena, bool, n);
    for (uint32_t i = 0; i < common_n; i++) {
        memset(taken + common[i].first, 1, common[i].count);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!taken[i]) {
            rest[left++] = i;
        }
    }
    out->bounds = ARENA_ARRAY(arena, Datum, bounds);
    for (uint32_t i = 0; i < bounds; i++) {
        out->bounds[i] = v[rest[(uint64_t)i * (left - 1) / (bounds - 1)]].value;
    }
    out->bound_count = bounds;
}

/* correlation - of the sorted order with the order in the table. */
static double correlation(const SampleValue *v, uint32_t n)
{
    double xs = 0, xxs = 0, xys = 0;
    for (uint32_t i = 0; i < n; i++) {
        xs += i;
        xxs += (double)i * i;
        xys += (double)i * (double)v[i].place;
    }
    double spread = n * xxs - xs * xs;
    return spread > 0 ? (n * xys - xs * xs) / spread : 0;
}

/* common_values - the most common values and their share of all rows. */
static uint32_t common_values(const AnalyzeSample *s, const SampleValue *v, ValueRun *runs,
                              uint32_t run_count, uint32_t distinct, bool wide, Arena *arena,
                              ColumnStats *out)
{
    uint32_t repeated = 0, common;
    qsort(runs, run_count, sizeof(*runs), run_cmp);
    while (repeated < run_count && repeated < ANALYZE_TARGET && runs[repeated].count > 1) {
        repeated++;
    }
    if (run_count == distinct && repeated == run_count && !wide && out->distinct > 0) {
        common = repeated; /* these are all there are */
    } else {
        double d = out->distinct < 0 ? -out->distinct * s->total_rows : out->distinct;
        common = common_count(runs, repeated, d, out->null_fraction, s->count, s->total_rows);
    }
    out->mcvs = ARENA_ARRAY(arena, Datum, common + 1);
    out->frequencies = ARENA_ARRAY(arena, double, common + 1);
    for (uint32_t i = 0; i < common; i++) {
        out->mcvs[i] = v[runs[i].first].value;
        out->frequencies[i] = (double)runs[i].count / s->count;
    }
    out->mcv_count = common;
    return common;
}

/* scalar_stats - of a type with an order. */
static void scalar_stats(const AnalyzeSample *s, const SampleColumn *c, uint32_t n, uint32_t wide,
                         Arena *arena, ColumnStats *out)
{
    SampleValue *v = ARENA_ARRAY(arena, SampleValue, n);
    ValueRun *runs = ARENA_ARRAY(arena, ValueRun, n);
    uint32_t k = 0, run_count = 0, met_once = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (c->state[i] == SAMPLE_VALUE) {
            v[k] = (SampleValue){c->values[i], s->places[i], c->type->ops};
            k++;
        }
    }
    if (n < s->count || s->seen > s->count) { /* places as ranks among the values there are */
        uint64_t *order = ARENA_ARRAY(arena, uint64_t, n);
        for (uint32_t i = 0; i < n; i++) {
            order[i] = v[i].place;
        }
        qsort(order, n, sizeof(*order), place_cmp);
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t *at = bsearch(&v[i].place, order, n, sizeof(*order), place_cmp);
            v[i].place = (uint64_t)(at - order);
        }
    }
    qsort(v, n, sizeof(*v), sample_value_cmp);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0 && c->type->ops->cmp(&v[i].value, &v[i - 1].value) == 0) {
            runs[run_count - 1].count++;
        } else {
            runs[run_count++] = (ValueRun){i, 1};
        }
    }
    for (uint32_t i = 0; i < run_count; i++) {
        met_once += runs[i].count == 1 ? 1 : 0;
    }
    uint32_t distinct = run_count + wide; /* wide values are taken for different ones */
    out->distinct = distinct_estimate(n + wide, distinct, met_once + wide, wide > 0, s->total_rows,
                                      out->null_fraction);
    uint32_t common = common_values(s, v, runs, run_count, distinct, wide > 0, arena, out);
    histogram(v, n, runs, common, run_count, arena, out);
    out->has_correlation = n > 1;
    out->correlation = n > 1 ? correlation(v, n) : 0;
}

void analyze_column(const AnalyzeSample *s, uint16_t col, Arena *arena, ColumnStats *out)
{
    const SampleColumn *c = &s->columns[col];
    uint32_t nulls = 0, wide = 0;
    double bytes = 0;
    *out = (ColumnStats){.width = c->type->len > 0 ? c->type->len : 0};
    for (uint32_t i = 0; i < s->count; i++) {
        nulls += c->state[i] == SAMPLE_NULL ? 1 : 0;
        wide += c->state[i] == SAMPLE_WIDE ? 1 : 0;
        bytes += c->state[i] == SAMPLE_NULL ? 0 : c->widths[i];
    }
    if (s->count == 0) {
        return;
    }
    uint32_t n = s->count - nulls - wide;
    out->null_fraction = (double)nulls / s->count;
    if (nulls < s->count && c->type->len < 0) {
        out->width = (int32_t)(bytes / (s->count - nulls));
    }
    if (n > 0 && c->type->ops->cmp != NULL) {
        scalar_stats(s, c, n, wide, arena, out);
    } else if (wide > 0) {
        out->distinct = -(1 - out->null_fraction);
    }
}
