/*
 * pg_lsn.c - pg_lsn: a position in the log, printed as two hexadecimal halves.
 */
#include "type/kernel.h"
#include "type/numeric.h"

static uint64_t lsn_of(const Datum *v)
{
    return (uint64_t)v->i64;
}
/* lsn_half - one to eight hexadecimal digits at *p; moves *p behind them. */
static bool lsn_half(const char **p, const char *end, uint32_t *out)
{
    const char *start = *p;
    uint32_t v = 0;
    for (; *p < end && *p - start < 8; (*p)++) {
        char l = ascii_lower(**p);
        if (is_digit(l)) {
            v = v << 4 | (uint32_t)(l - '0');
        } else if (l >= 'a' && l <= 'f') {
            v = v << 4 | (uint32_t)(l - 'a' + 10);
        } else {
            break;
        }
    }
    *out = v;
    return *p > start;
}
static Status lsn_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    uint32_t high, low;
    if (!lsn_half(&p, end, &high) || p == end || *p++ != '/' || !lsn_half(&p, end, &low) ||
        p != end) {
        return err_bad_syntax(call->cx, "pg_lsn", text);
    }
    out->i64 = (int64_t)((uint64_t)high << 32 | low);
    return ST_OK;
}
static void lsn_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_printf(buf, "%X/%X", (uint32_t)(lsn_of(v) >> 32), (uint32_t)lsn_of(v));
}
static Status lsn_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 8));
    out->i64 = (int64_t)load_u64be(bytes.ptr);
    return ST_OK;
}
static void lsn_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u64be(buf, lsn_of(v));
}
static int lsn_order(const Datum *a, const Datum *b)
{
    return (lsn_of(a) > lsn_of(b)) - (lsn_of(a) < lsn_of(b));
}
static uint64_t lsn_hash(const Datum *v)
{
    return hash_u64(lsn_of(v));
}
static void lsn_key(const Datum *v, Buf *buf)
{
    key_put_u64(buf, lsn_of(v));
}
static bool lsn_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 8) {
        return false;
    }
    out->i64 = (int64_t)load_u64be(in->ptr);
    in->ptr += 8;
    in->len -= 8;
    return true;
}

KERNEL_COMPARE_TOTAL(k_pg_lsn_, uint64_t, uint64_t)
KERNEL_BINARY_TOTAL(k_pg_lsn_cmp, uint64_t, uint64_t, int32_t, (a > b) - (a < b))
KERNEL_BINARY_TOTAL(k_pg_lsn_larger, uint64_t, uint64_t, uint64_t, a > b ? a : b)
KERNEL_BINARY_TOTAL(k_pg_lsn_smaller, uint64_t, uint64_t, uint64_t, a < b ? a : b)

/* The distance in bytes; negative when the second is the later one. */
ROW_KERNEL(pg_lsn_mi)
{
    r->str = numeric_from_i128(call->arena, (i128)lsn_of(&a[0]) - (i128)lsn_of(&a[1]), 0);
    return ST_OK;
}

static const FnOps PG_LSN_FNS[] = {
    FN_COMPARE(pg_lsn_, FN_TOTAL), FN_T(pg_lsn_cmp), FN_T(pg_lsn_larger),
    FN_T(pg_lsn_smaller),          FN(pg_lsn_mi),    FN_AS("pg_wal_lsn_diff", pg_lsn_mi),
};
static const TypeOps PG_LSN_TYPES[] = {
    {TYPE_PG_LSN, "pg_lsn", PHYS_I64, lsn_in, lsn_out, lsn_recv, lsn_send, lsn_order, lsn_hash,
     lsn_key, lsn_unkey},
};
const TypeFamily type_family_pg_lsn = {
    .types = PG_LSN_TYPES,
    .type_count = ARRAY_LEN(PG_LSN_TYPES),
    .fns = PG_LSN_FNS,
    .fn_count = ARRAY_LEN(PG_LSN_FNS),
};
