#ifndef DASSIE_ANALYZE_INTERNAL_H
#define DASSIE_ANALYZE_INTERNAL_H
/*
 * analyze_internal.h - ANALYZE: a sample of a table's rows, and what is computed from one column of
 * it. One thread, that of the statement.
 */
#include "ddl/ddl_internal.h"

/* Rows of a sample: enough for a histogram of 100 bins whatever the table's size. */
#define ANALYZE_SAMPLE_ROWS 30000u
/* Most common values kept, and bins of a histogram. */
#define ANALYZE_TARGET 100u
/* Values longer than this are counted, but never kept. */
#define ANALYZE_WIDE_BYTES 1024u

/* SampleColumn - the values of one column, row by row of the sample. */
typedef struct SampleColumn {
    const CatType *type;
    Datum *values;
    uint8_t *state; /* SAMPLE_NULL, SAMPLE_WIDE, SAMPLE_VALUE */
    uint32_t *widths;
} SampleColumn;
enum { SAMPLE_NULL, SAMPLE_WIDE, SAMPLE_VALUE };

/* AnalyzeSample - rows drawn at random, each with the same chance. */
typedef struct AnalyzeSample {
    uint32_t count, size;
    uint64_t *places; /* of each row: its place in the table's order */
    SampleColumn *columns;
    uint16_t column_count;
    uint64_t seen;     /* rows met */
    double total_rows; /* of the table: counted or estimated */
    uint64_t random;   /* state of the generator */
    Arena *arena;      /* the values' */
} AnalyzeSample;

/* analyze_sample - draw it under a snapshot of its own; numbers: the table's columns wanted. */
Status analyze_sample(Cx *cx, DdlCx *d, const CatTable *t, const uint16_t *numbers,
                      AnalyzeSample *s);

/* ColumnStats - what pg_statistic will say of a column. */
typedef struct ColumnStats {
    double null_fraction, distinct,
        correlation; /* distinct as stored: < 0 is a share of the rows */
    int32_t width;
    bool has_correlation;
    uint32_t mcv_count, bound_count;
    Datum *mcvs, *bounds;
    double *frequencies; /* of mcvs */
} ColumnStats;
/* analyze_column - everything about column c of the sample. */
void analyze_column(const AnalyzeSample *s, uint16_t c, Arena *arena, ColumnStats *out);

#endif
