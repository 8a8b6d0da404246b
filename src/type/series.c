/*
 * series.c - generate_series over numerics and timestamps, and texts cut into rows.
 */
#include "type/datetime_internal.h"
#include "type/kernel.h"
#include "type/numeric.h"

/* ---- numeric ---- */
typedef struct NumSeries {
    Str at, stop, step;
    int sign;
    bool started;
} NumSeries;

static Status series_num_special(Cx *cx, const Str *v, const char *what)
{
    Num n = num_get(v);
    if (n.kind == NUM_FINITE) {
        return ST_OK;
    }
    return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "%s cannot be %s", what,
                   n.kind == NUM_NAN ? "NaN" : "infinity");
}

static Status series_num_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED, uint32_t n)
{
    NumSeries *s = ARENA_NEW(call->state_arena, NumSeries);
    call->state = s;
    s->at = a[0].str;
    s->stop = a[1].str;
    s->step = n > 2 ? a[2].str : numeric_from_i128(call->state_arena, 1, 0);
    TRY(series_num_special(call->cx, &s->at, "start value"));
    TRY(series_num_special(call->cx, &s->stop, "stop value"));
    TRY(series_num_special(call->cx, &s->step, "step size"));
    Str zero = numeric_from_i128(call->state_arena, 0, 0);
    s->sign = numeric_compare(&s->step, &zero);
    return s->sign == 0
               ? err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "step size cannot equal zero")
               : ST_OK;
}

static Status series_num_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    NumSeries *s = call->state;
    if (s->started) {
        /* The value of the row before lies in memory that the next batch takes. */
        TRY(numeric_add(call->cx, call->state_arena, &s->at, &s->step, &s->at));
    }
    s->started = true;
    int c = numeric_compare(&s->at, &s->stop);
    if (s->sign > 0 ? c > 0 : c < 0) {
        return ST_DONE;
    }
    cols[0].str = s->at;
    return ST_OK;
}

/* ---- timestamps ---- */
typedef struct TimeSeries {
    int64_t at, stop;
    Interval step;
    int sign;
    bool zoned, started;
} TimeSeries;

static Status series_time_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                uint32_t n UNUSED)
{
    TimeSeries *s = ARENA_NEW(call->state_arena, TimeSeries);
    Interval zero = {0};
    call->state = s;
    s->at = a[0].i64;
    s->stop = a[1].i64;
    s->step = datum_interval(&a[2]);
    s->sign = interval_compare(&s->step, &zero);
    s->zoned = call->result_type == TYPE_TIMESTAMPTZ;
    return s->sign == 0
               ? err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "step size cannot equal zero")
               : ST_OK;
}

static Status series_time_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    TimeSeries *s = call->state;
    if (s->started && s->zoned) {
        TRY(timestamptz_plus_interval(call, s->at, &s->step, &s->at));
    } else if (s->started) {
        TRY(timestamp_plus_interval(call->cx, s->at, &s->step, &s->at));
    }
    s->started = true;
    if (s->sign > 0 ? s->at > s->stop : s->at < s->stop) {
        return ST_DONE;
    }
    cols[0].i64 = s->at;
    return ST_OK;
}

/* ---- string_to_table ---- */
typedef struct TextPieces {
    Slice rest, sep, null_text;
    bool has_sep, has_null, done;
} TextPieces;

static Status text_pieces_begin(FnCall *call, const Datum *a, const bool *nulls, uint32_t n)
{
    TextPieces *s = ARENA_NEW(call->state_arena, TextPieces);
    call->state = s;
    if (nulls[0]) {
        return ST_DONE;
    }
    /* The texts are in the state's arena, but short ones are inside the Str: it is copied too. */
    Str *own = arena_memdup(call->state_arena, &a[0].str, sizeof(Str));
    s->rest = str_slice(own);
    s->has_sep = !nulls[1];
    if (s->has_sep) {
        s->sep = str_slice(arena_memdup(call->state_arena, &a[1].str, sizeof(Str)));
    }
    s->has_null = n > 2 && !nulls[2];
    if (s->has_null) {
        s->null_text = str_slice(arena_memdup(call->state_arena, &a[2].str, sizeof(Str)));
    }
    return s->rest.len == 0 ? ST_DONE : ST_OK;
}

/* text_pieces_next - up to the next separator; without one each character is a piece. */
static Status text_pieces_next(FnCall *call, Datum *cols, bool *nulls)
{
    TextPieces *s = call->state;
    Slice piece = s->rest;
    if (s->done) {
        return ST_DONE;
    }
    if (!s->has_sep) {
        piece.len = MIN((size_t)utf8_len(piece.ptr[0]), piece.len);
        s->rest.ptr += piece.len;
        s->rest.len -= piece.len;
        s->done = s->rest.len == 0;
    } else {
        const char *end = s->sep.len == 0 || s->rest.len < s->sep.len
                              ? NULL
                              : memmem(s->rest.ptr, s->rest.len, s->sep.ptr, s->sep.len);
        s->done = end == NULL;
        if (end != NULL) {
            piece.len = (size_t)(end - s->rest.ptr);
            s->rest.ptr += piece.len + s->sep.len;
            s->rest.len -= piece.len + s->sep.len;
        }
    }
    if (s->has_null && slice_eq(piece, s->null_text)) {
        nulls[0] = true;
        return ST_OK;
    }
    cols[0].str = str_copy(call->arena, piece.ptr, piece.len);
    return ST_OK;
}

/* no_partitions - pg_partition_ancestors: no relation is a partition. */
static Status no_partitions_begin(FnCall *call, const Datum *args, const bool *nulls,
                                  uint32_t arg_count)
{
    (void)call, (void)args, (void)nulls, (void)arg_count;
    return ST_DONE;
}

static Status no_partitions_next(FnCall *call, Datum *cols, bool *nulls)
{
    (void)call, (void)cols, (void)nulls;
    return ST_DONE;
}

static const SetOps SERIES_SETS[] = {
    {"pg_partition_ancestors", no_partitions_begin, no_partitions_next},
    {"generate_series_numeric", series_num_begin, series_num_next},
    {"generate_series_step_numeric", series_num_begin, series_num_next},
    {"generate_series_timestamp", series_time_begin, series_time_next},
    {"generate_series_timestamptz", series_time_begin, series_time_next},
    {"text_to_table", text_pieces_begin, text_pieces_next},
    {"text_to_table_null", text_pieces_begin, text_pieces_next},
};
const TypeFamily type_family_series = {
    .sets = SERIES_SETS,
    .set_count = ARRAY_LEN(SERIES_SETS),
};
