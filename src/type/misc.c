/*
 * misc.c - functions that belong to no family alone: bits of bytea, encodings, sizes in words,
 * overlaps with lengths, remaining operators of time with time zone.
 */
#include <math.h>

#include "type/datetime_internal.h"
#include "type/numeric.h"

/* ---- bytea bits ---- */
static Status bit_index(Cx *cx, int64_t i, uint32_t len)
{
    if (i < 0 || i >= (int64_t)len * 8) {
        return err_set(cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "index %lld out of valid range, 0..%lld",
                       (long long)i, (long long)len * 8 - 1);
    }
    return ST_OK;
}
ROW_KERNEL(byteaGetBit)
{
    TRY(bit_index(call->cx, a[1].i64, a[0].str.len));
    r->i32 = ((uint8_t)str_ptr(&a[0].str)[a[1].i64 / 8] >> (a[1].i64 % 8)) & 1;
    return ST_OK;
}
ROW_KERNEL(byteaSetBit)
{
    TRY(bit_index(call->cx, a[1].i64, a[0].str.len));
    if (a[2].i32 != 0 && a[2].i32 != 1) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "new bit must be 0 or 1");
    }
    char *p = arena_memdup(call->arena, str_ptr(&a[0].str), a[0].str.len);
    uint8_t mask = (uint8_t)(1u << (a[1].i64 % 8)), old = (uint8_t)p[a[1].i64 / 8];
    p[a[1].i64 / 8] = (char)(a[2].i32 ? old | mask : old & ~mask);
    r->str = str_ref(p, a[0].str.len);
    return ST_OK;
}
ROW_KERNEL(bytea_bit_count)
{
    r->i64 = 0;
    for (uint32_t i = 0; i < a[0].str.len; i++) {
        r->i64 += __builtin_popcount((uint8_t)str_ptr(&a[0].str)[i]);
    }
    return ST_OK;
}
static Status bytea_overlay(FnCall *call, const Str *v, const Str *with, int64_t start, int64_t len,
                            Str *out)
{
    if (start <= 0) {
        return err_set(call->cx, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
    }
    size_t head = (size_t)MIN(start - 1, (int64_t)v->len);
    size_t tail = (size_t)MIN(MAX(start + len - 1, 0), (int64_t)v->len);
    size_t n = head + with->len + (v->len - tail);
    char *p = arena_alloc(call->arena, n + 1);
    memcpy(p, str_ptr(v), head);
    memcpy(p + head, str_ptr(with), with->len);
    memcpy(p + head + with->len, str_ptr(v) + tail, v->len - tail);
    *out = str_ref(p, n);
    return ST_OK;
}
ROW_KERNEL(byteaoverlay)
{
    return bytea_overlay(call, &a[0].str, &a[1].str, a[2].i32, a[3].i32, &r->str);
}
ROW_KERNEL(byteaoverlay_no_len)
{
    return bytea_overlay(call, &a[0].str, &a[1].str, a[2].i32, a[1].str.len, &r->str);
}

/* ---- encodings: UTF8 is the only one ---- */
static Status encoding_is_utf8(Cx *cx, const Str *name)
{
    Slice s = str_slice(name);
    if (slice_ieq(s, "utf8") || slice_ieq(s, "utf-8") || slice_ieq(s, "unicode")) {
        return ST_OK;
    }
    return err_unsupported(cx, "encoding \"%.*s\" is not supported", (int)s.len, s.ptr);
}
ROW_KERNEL(pg_convert_to)
{
    r->str = a[0].str;
    return encoding_is_utf8(call->cx, &a[1].str);
}
ROW_KERNEL(pg_convert_from)
{
    TRY(encoding_is_utf8(call->cx, &a[1].str));
    r->str = a[0].str;
    return utf8_verify(call->cx, str_slice(&a[0].str));
}
ROW_KERNEL(length_in_encoding)
{
    TRY(encoding_is_utf8(call->cx, &a[1].str));
    TRY(utf8_verify(call->cx, str_slice(&a[0].str)));
    r->i32 = (int32_t)utf8_count(str_slice(&a[0].str));
    return ST_OK;
}

/* ---- sizes ---- */
ROW_KERNEL(pg_size_pretty)
{
    static const char *const UNITS[] = {" bytes", " kB", " MB", " GB", " TB", " PB"};
    /* From kB on the number keeps one more bit, so that the last step rounds to nearest. */
    int64_t v = a[0].i64;
    size_t unit = 0;
    bool half = false;
    while (unit + 1 < ARRAY_LEN(UNITS)) {
        int64_t limit = half ? 20 * 1024 - 1 : 10 * 1024;
        uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
        if (size < (uint64_t)limit) {
            break;
        }
        v = half ? v / 1024 : v / 512;
        half = true;
        unit++;
    }
    if (half) {
        v = (v >= 0 ? v + 1 : v - 1) / 2;
    }
    Buf buf;
    buf_init(&buf, 64);
    buf_put_i64_text(&buf, v);
    buf_puts(&buf, UNITS[unit]);
    r->str = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return ST_OK;
}

/* ---- overlaps where an end may be a length ---- */
/* span_end - the end of a span: the value itself, or start + interval. */
static Status span_end(FnCall *call, int at, const Datum *a, Datum *ends)
{
    Oid type = call->arg_types[at];
    if (type != TYPE_INTERVAL) {
        ends[at] = a[at];
        return ST_OK;
    }
    Interval v = datum_interval(&a[at]);
    switch (call->arg_types[at - 1]) {
    case TYPE_TIMESTAMP: return timestamp_plus_interval(call->cx, a[at - 1].i64, &v, &ends[at].i64);
    case TYPE_TIMESTAMPTZ: return timestamptz_plus_interval(call, a[at - 1].i64, &v, &ends[at].i64);
    default: {
        int64_t us = a[at - 1].i64 + v.us % USECS_PER_DAY;
        ends[at].i64 = us - floor_div(us, USECS_PER_DAY) * USECS_PER_DAY;
        return ST_OK;
    }
    }
}
static Status row_overlaps_lengths(FnCall *call, const Datum *a, const bool *nulls, Datum *r)
{
    Datum ends[4] = {a[0], a[1], a[2], a[3]};
    bool missing[4];
    memcpy(missing, nulls, sizeof(missing));
    for (int at = 1; at < 4; at += 2) {
        if (call->arg_types[at] == TYPE_INTERVAL && (nulls[at] || nulls[at - 1])) {
            missing[at] = true;
        } else if (!nulls[at]) {
            TRY(span_end(call, at, a, ends));
        }
    }
    return datetime_overlaps(call, ends, missing, r);
}
static Status k_overlaps_lengths(KERNEL_PARAMS)
{
    return kernel_rows_nullable(call, args, arg_count, sel, out, row_overlaps_lengths);
}

/* ---- time with time zone ---- */
ROW_KERNEL(timetz_izone)
{
    Interval v = datum_interval(&a[0]);
    TimeTz t = datum_timetz(&a[1]);
    if (v.months != 0 || v.days != 0) {
        Buf text;
        buf_init(&text, 256);
        interval_text(INTERVALSTYLE_POSTGRES, &v, &text);
        Status st = err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                            "interval time zone \"%.*s\" must not include months or days",
                            (int)text.len, (const char *)text.data);
        buf_release(&text);
        return st;
    }
    int32_t east = (int32_t)(v.us / USECS_PER_SEC);
    int64_t us = t.us + (t.west + east) * USECS_PER_SEC;
    datum_set_timetz(r, us - floor_div(us, USECS_PER_DAY) * USECS_PER_DAY, -east);
    return ST_OK;
}
ROW_KERNEL(interval_pl_timetz)
{
    Interval v = datum_interval(&a[0]);
    TimeTz t = datum_timetz(&a[1]);
    int64_t us = t.us + v.us % USECS_PER_DAY;
    datum_set_timetz(r, us - floor_div(us, USECS_PER_DAY) * USECS_PER_DAY, t.west);
    return ST_OK;
}
ROW_KERNEL(timetzdate_pl)
{
    TimeTz t = datum_timetz(&a[0]);
    TRY(date_to_timestamp(call->cx, a[1].i32, &r->i64));
    if (!timestamp_is_inf(r->i64)) {
        r->i64 += t.us + t.west * USECS_PER_SEC;
    }
    return timestamp_is_inf(r->i64) || timestamp_valid(r->i64) ? ST_OK
                                                               : err_timestamp_range(call->cx);
}

static const FnOps MISC_FNS[] = {
    FN(byteaGetBit),
    FN(byteaSetBit),
    FN(bytea_bit_count),
    FN(byteaoverlay),
    FN(byteaoverlay_no_len),
    FN(pg_convert_to),
    FN(pg_convert_from),
    FN(length_in_encoding),
    FN(pg_size_pretty),
    FN_AS("oid:1305", overlaps_lengths),
    FN_AS("oid:1306", overlaps_lengths),
    FN_AS("oid:1307", overlaps_lengths),
    FN_AS("oid:1309", overlaps_lengths),
    FN_AS("oid:1310", overlaps_lengths),
    FN_AS("oid:1311", overlaps_lengths),
    FN_AS("oid:2042", overlaps_lengths),
    FN_AS("oid:2043", overlaps_lengths),
    FN_AS("oid:2044", overlaps_lengths),
    FN(timetz_izone),
    FN_AS("oid:2547", interval_pl_timetz),
    FN_AS("oid:1298", timetzdate_pl),
};
const TypeFamily type_family_misc = {
    .fns = MISC_FNS,
    .fn_count = ARRAY_LEN(MISC_FNS),
};
