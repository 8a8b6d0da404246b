/*
 * typmod.c - type modifiers: from the constants after a type's name, and back to text.
 */
#include "type/type_internal.h"

#define TYPMOD_VARLEN_MAX       10485760
#define INTERVAL_FULL_RANGE     0x7fff
#define INTERVAL_FULL_PRECISION 0xffff

enum { TYPMOD_BIT = 1560, TYPMOD_VARBIT = 1562, TYPMOD_BITS_MAX = 83886080 };

static Status typmod_length_in(Cx *cx, const char *name, const int32_t *mods, uint32_t n,
                               int32_t max, int32_t *out)
{
    if (n != 1) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid type modifier");
    }
    if (mods[0] < 1) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "length for type %s must be at least 1",
                       name);
    }
    if (mods[0] > max) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "length for type %s cannot exceed %d",
                       name, max);
    }
    *out = mods[0];
    return ST_OK;
}

static Status typmod_numeric_in(Cx *cx, const int32_t *mods, uint32_t n, int32_t *out)
{
    if (n != 1 && n != 2) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid NUMERIC type modifier");
    }
    int32_t scale = n == 2 ? mods[1] : 0;
    if (mods[0] < 1 || mods[0] > 1000) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "NUMERIC precision %d must be between 1 and 1000", mods[0]);
    }
    if (scale < -1000 || scale > 1000) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "NUMERIC scale %d must be between -1000 and 1000", scale);
    }
    *out = (mods[0] << 16 | (scale & 0x7ff)) + 4;
    return ST_OK;
}

/* typmod_precision_in - decimals of seconds; more than six are cut with a warning. */
static Status typmod_precision_in(Cx *cx, const char *name, const char *suffix, int32_t p,
                                  int32_t *out)
{
    if (p < 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "%s(%d)%s precision must not be negative", name, p, suffix);
    }
    if (p > 6) {
        err_notice(cx, ERR_WARNING, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
                   "%s(%d)%s precision reduced to maximum allowed, 6", name, p, suffix);
        p = 6;
    }
    *out = p;
    return ST_OK;
}

static Status typmod_interval_in(Cx *cx, const int32_t *mods, uint32_t n, int32_t *out)
{
    if (n == 0 || n > 2) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid INTERVAL type modifier");
    }
    int32_t range = mods[0], precision = INTERVAL_FULL_PRECISION;
    if (n == 2) {
        TRY(typmod_precision_in(cx, "INTERVAL", "", mods[1], &precision));
    } else if (range == INTERVAL_FULL_RANGE) {
        *out = -1;
        return ST_OK;
    }
    *out = (range & INTERVAL_FULL_RANGE) << 16 | precision;
    return ST_OK;
}

Status type_typmod_in(Cx *cx, Oid type, const int32_t *mods, uint32_t mod_count,
                      int32_t *typmod_out)
{
    switch (type) {
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        TRY(typmod_length_in(cx, type == TYPE_VARCHAR ? "varchar" : "char", mods, mod_count,
                             TYPMOD_VARLEN_MAX, typmod_out));
        *typmod_out += 4;
        return ST_OK;
    case TYPMOD_BIT:
    case TYPMOD_VARBIT:
        return typmod_length_in(cx, type == TYPMOD_BIT ? "bit" : "varbit", mods, mod_count,
                                TYPMOD_BITS_MAX, typmod_out);
    case TYPE_NUMERIC: return typmod_numeric_in(cx, mods, mod_count, typmod_out);
    case TYPE_INTERVAL: return typmod_interval_in(cx, mods, mod_count, typmod_out);
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_TIME:
    case TYPE_TIMETZ:
        if (mod_count != 1) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid type modifier");
        }
        return typmod_precision_in(
            cx, type == TYPE_TIME || type == TYPE_TIMETZ ? "TIME" : "TIMESTAMP",
            type == TYPE_TIMESTAMPTZ || type == TYPE_TIMETZ ? " WITH TIME ZONE" : "", mods[0],
            typmod_out);
    default: return ST_NOTFOUND;
    }
}

/* typmod_interval_out - the fields, then the precision. */
static void typmod_interval_out(int32_t typmod, Buf *buf)
{
    enum {
        MONTH = 1 << 1,
        YEAR = 1 << 2,
        DAY = 1 << 3,
        HOUR = 1 << 10,
        MINUTE = 1 << 11,
        SECOND = 1 << 12
    };
    static const struct {
        int32_t mask;
        const char *text;
    } RANGES[] = {
        {YEAR, " year"},
        {MONTH, " month"},
        {DAY, " day"},
        {HOUR, " hour"},
        {MINUTE, " minute"},
        {SECOND, " second"},
        {YEAR | MONTH, " year to month"},
        {DAY | HOUR, " day to hour"},
        {DAY | HOUR | MINUTE, " day to minute"},
        {DAY | HOUR | MINUTE | SECOND, " day to second"},
        {HOUR | MINUTE, " hour to minute"},
        {HOUR | MINUTE | SECOND, " hour to second"},
        {MINUTE | SECOND, " minute to second"},
    };
    int32_t range = (typmod >> 16) & INTERVAL_FULL_RANGE, precision = typmod & 0xffff;
    for (size_t i = 0; i < ARRAY_LEN(RANGES); i++) {
        if (RANGES[i].mask == range) {
            buf_puts(buf, RANGES[i].text);
        }
    }
    if (precision != INTERVAL_FULL_PRECISION) {
        buf_putc(buf, '(');
        buf_put_i64_text(buf, precision);
        buf_putc(buf, ')');
    }
}

void type_typmod_out(Oid type, int32_t typmod, Buf *buf)
{
    if (typmod < 0) {
        return;
    }
    switch (type) {
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        if (typmod >= 4) {
            buf_putc(buf, '(');
            buf_put_i64_text(buf, typmod - 4);
            buf_putc(buf, ')');
        }
        break;
    case TYPMOD_BIT:
    case TYPMOD_VARBIT:
        buf_putc(buf, '(');
        buf_put_i64_text(buf, typmod);
        buf_putc(buf, ')');
        break;
    case TYPE_NUMERIC:
        if (typmod >= 4) {
            buf_putc(buf, '(');
            buf_put_i64_text(buf, ((typmod - 4) >> 16) & 0xffff);
            buf_putc(buf, ',');
            buf_put_i64_text(buf, (((typmod - 4) & 0x7ff) ^ 1024) - 1024);
            buf_putc(buf, ')');
        }
        break;
    case TYPE_INTERVAL: typmod_interval_out(typmod, buf); break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_TIME:
    case TYPE_TIMETZ:
        buf_putc(buf, '(');
        buf_put_i64_text(buf, typmod);
        buf_puts(buf, type == TYPE_TIMESTAMP || type == TYPE_TIME ? ") without time zone"
                                                                  : ") with time zone");
        break;
    default: break;
    }
}
