/*
 * support.c - what the families share: error texts, scanning, UTF-8, ordered keys.
 */
#include "type/type_internal.h"

Status err_bad_syntax(Cx *cx, const char *type_name, Slice text)
{
    return err_set(cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                   "invalid input syntax for type %s: \"%.*s\"", type_name, (int)text.len,
                   text.ptr);
}
Status err_value_range(Cx *cx, const char *type_name, Slice text)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                   "value \"%.*s\" is out of range for type %s", (int)text.len, text.ptr,
                   type_name);
}
Status err_int2_range(Cx *cx)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "smallint out of range");
}
Status err_int4_range(Cx *cx)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
}
Status err_int8_range(Cx *cx)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
}
Status err_float_overflow(Cx *cx)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
}
Status err_float_underflow(Cx *cx)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow");
}
Status err_division_by_zero(Cx *cx)
{
    return err_set(cx, ERRCODE_DIVISION_BY_ZERO, "division by zero");
}
Status recv_exact(Cx *cx, Slice bytes, size_t n)
{
    if (UNLIKELY(bytes.len < n)) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    if (UNLIKELY(bytes.len > n)) {
        return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION, "incorrect binary data format");
    }
    return ST_OK;
}

bool slice_ieq(Slice s, const char *lower)
{
    size_t i = 0;
    for (; i < s.len && lower[i] != '\0'; i++) {
        if (ascii_lower(s.ptr[i]) != lower[i]) {
            return false;
        }
    }
    return i == s.len && lower[i] == '\0';
}

Slice slice_trim(Slice s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

/* parse_i64 - digits are gathered as a negative number, whose range is the larger one. */
Status parse_i64(Cx *cx, Slice text, int64_t min, int64_t max, const char *type_name, int64_t *out)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    while (p < end && is_space(*p)) {
        p++;
    }
    bool neg = false;
    if (p < end && (*p == '-' || *p == '+')) {
        neg = *p++ == '-';
    }
    if (UNLIKELY(p == end || !is_digit(*p))) {
        return err_bad_syntax(cx, type_name, text);
    }
    int64_t v = 0;
    bool overflow = false;
    for (; p < end && is_digit(*p); p++) {
        overflow |= __builtin_mul_overflow(v, 10, &v);
        overflow |= __builtin_sub_overflow(v, (int64_t)(*p - '0'), &v);
    }
    while (p < end && is_space(*p)) {
        p++;
    }
    if (UNLIKELY(p != end)) {
        return overflow ? err_value_range(cx, type_name, text)
                        : err_bad_syntax(cx, type_name, text);
    }
    if (!neg) {
        overflow |= __builtin_sub_overflow((int64_t)0, v, &v);
    }
    if (UNLIKELY(overflow || v < min || v > max)) {
        return err_value_range(cx, type_name, text);
    }
    *out = v;
    return ST_OK;
}

/* ---- UTF-8 ---- */
uint32_t utf8_count(Slice s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += ((uint8_t)s.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

size_t utf8_offset(Slice s, size_t n)
{
    size_t i = 0;
    while (n > 0 && i < s.len) {
        i += utf8_len(s.ptr[i]);
        n--;
    }
    return MIN(i, s.len);
}

uint32_t utf8_decode(const char *p)
{
    const uint8_t *b = (const uint8_t *)p;
    if (b[0] < 0x80) {
        return b[0];
    }
    if (b[0] < 0xe0) {
        return (uint32_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3fu);
    }
    if (b[0] < 0xf0) {
        return (uint32_t)(b[0] & 0x0f) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    }
    return (uint32_t)(b[0] & 0x07) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 |
           (b[3] & 0x3fu);
}

uint32_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* utf8_valid_at - bytes of a valid character at p, 0 when it is not one. */
static uint32_t utf8_valid_at(const uint8_t *p, size_t left)
{
    uint8_t b = p[0];
    if (b < 0x80) {
        return b != 0;
    }
    uint32_t n = b >= 0xc2 && b <= 0xdf   ? 2
                 : b >= 0xe0 && b <= 0xef ? 3
                 : b >= 0xf0 && b <= 0xf4 ? 4
                                          : 0;
    if (n == 0 || left < n) {
        return 0;
    }
    uint8_t lo = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
    uint8_t hi = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < lo || p[1] > hi) {
        return 0;
    }
    for (uint32_t i = 2; i < n; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }
    return n;
}

Status utf8_verify(Cx *cx, Slice s)
{
    const uint8_t *p = (const uint8_t *)s.ptr, *end = p + s.len;
    while (p < end) {
        /* Eight plain characters at once: no high bit and no zero byte. */
        while (end - p >= 8) {
            uint64_t w;
            memcpy(&w, p, 8);
            if ((w & 0x8080808080808080u) != 0 ||
                ((w - 0x0101010101010101u) & ~w & 0x8080808080808080u) != 0) {
                break;
            }
            p += 8;
        }
        if (p == end) {
            break;
        }
        uint32_t n = utf8_valid_at(p, (size_t)(end - p));
        if (n == 0) {
            char hex[32];
            size_t at = 0;
            uint32_t show = MIN(utf8_len((char)*p), (uint32_t)(end - p));
            for (uint32_t i = 0; i < show; i++) {
                static const char DIGITS[] = "0123456789abcdef";
                if (i > 0) {
                    hex[at++] = ' ';
                }
                hex[at++] = '0';
                hex[at++] = 'x';
                hex[at++] = DIGITS[p[i] >> 4];
                hex[at++] = DIGITS[p[i] & 15];
            }
            hex[at] = '\0';
            return err_set(cx, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
                           "invalid byte sequence for encoding \"UTF8\": %s", hex);
        }
        p += n;
    }
    return ST_OK;
}

/* ---- ordered keys ---- */
void key_put_u32(Buf *b, uint32_t v)
{
    buf_put_u32be(b, v);
}
void key_put_u64(Buf *b, uint64_t v)
{
    buf_put_u64be(b, v);
}
/* key_put_text - a zero byte ends the key; one inside is followed by 0xff, so that it sorts after
 * the end and never looks like it. */
void key_put_text(Buf *b, const char *p, size_t n)
{
    if (!buf_reserve(b, n + 2)) {
        return;
    }
    while (n > 0) {
        const char *zero = memchr(p, 0, n);
        size_t run = zero == NULL ? n : (size_t)(zero - p);
        buf_put(b, p, run);
        if (zero == NULL) {
            break;
        }
        buf_put(b, "\0\xff", 2);
        p += run + 1;
        n -= run + 1;
    }
    buf_put(b, "\0\0", 2);
}
