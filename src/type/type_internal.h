#ifndef DASSIE_TYPE_INTERNAL_H
#define DASSIE_TYPE_INTERNAL_H
/*
 * type_internal.h - what the family files of src/type share: error helpers, number and text
 * scanning, UTF-8, and each family's entry in the registry. Any thread; no state.
 */
#include "base/map.h"
#include "type/type.h"

typedef __int128 i128;
typedef unsigned __int128 u128;

/* ---- families, joined by type.c ---- */
extern const TypeFamily type_family_bool, type_family_int, type_family_int_cross, type_family_oid,
    type_family_float, type_family_text, type_family_agg_basic, type_family_numeric,
    type_family_numeric_ops, type_family_numeric_agg, type_family_text_fn, type_family_text_like,
    type_family_text_out, type_family_datetime, type_family_datetime_ops, type_family_datetime_part,
    type_family_inet, type_family_uuid, type_family_pg_lsn, type_family_json,
    type_family_float_math, type_family_numeric_math, type_family_text_regex, type_family_to_char,
    type_family_to_char_num, type_family_misc, type_family_series, type_family_json_set,
    type_family_json_agg, type_family_agg_regr, type_family_array, type_family_agg_ordered,
    type_family_record, type_family_json_record, type_family_jsonb_io, type_family_jsonb_ops,
    type_family_jsonb_edit, type_family_jsonb_build, type_family_jsonb_rows, type_family_jsonpath,
    type_family_jsonpath_fn, type_family_enum, type_family_range, type_family_range_fn,
    type_family_inet_fn, type_family_macaddr, type_family_bit, type_family_money, type_family_geo,
    type_family_geo_fn, type_family_geo_path, type_family_tsvector, type_family_tsquery,
    type_family_tsearch;

/* ---- errors with PostgreSQL's texts ---- */
Status err_bad_syntax(Cx *cx, const char *type_name, Slice text);
Status err_value_range(Cx *cx, const char *type_name, Slice text);
Status err_int2_range(Cx *cx);
Status err_int4_range(Cx *cx);
Status err_int8_range(Cx *cx);
Status err_float_overflow(Cx *cx);
Status err_float_underflow(Cx *cx);
Status err_division_by_zero(Cx *cx);
/* recv_exact - 08P01 when the message is shorter than `n` bytes, 22P03 when it is longer. */
Status recv_exact(Cx *cx, Slice bytes, size_t n);

/* ---- scanning ---- */
static inline bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}
/* slice_ieq - equal to a lower-case literal, ASCII case ignored. */
bool slice_ieq(Slice s, const char *lower);
/* slice_trim - without white space at both ends. */
Slice slice_trim(Slice s);
/* slice_cstr - a NUL-terminated copy in the arena. */
static inline const char *slice_cstr(Arena *a, Slice s)
{
    return arena_strndup(a, s.ptr, s.len);
}

/* ---- UTF-8 ---- */
/* utf8_len - bytes of the character that starts with this byte (1 for a stray byte). */
static inline uint32_t utf8_len(char c)
{
    uint8_t b = (uint8_t)c;
    return b < 0xc0 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
}
/* utf8_count - characters in a valid text. */
uint32_t utf8_count(Slice s);
/* utf8_offset - byte offset of character n (0-based), the text's length when it is shorter. */
size_t utf8_offset(Slice s, size_t n);
uint32_t utf8_decode(const char *p);
uint32_t utf8_encode(uint32_t code, char out[4]);

/* text_quote_literal - as SQL would have to be written. */
void text_quote_literal(Slice s, Buf *buf);
bool text_is_keyword(Slice s);

/* text_regex_search - does the text match? options: letters as regexp_match takes them. The
 * compiled pattern stays in call->state, for its next use. */
Status text_regex_search(FnCall *call, Slice pattern, const char *options, Slice text, bool *found);
/* bit_sound - TypeSoundFn of bit and bit varying. */
bool bit_sound(const Str *values, uint32_t n);

/* ---- results ---- */
static inline Str str_of_buf(Arena *a, const Buf *b)
{
    return str_copy(a, b->data, b->len);
}
static inline uint16_t load_u16be(const char *p)
{
    uint16_t v;
    memcpy(&v, p, 2);
    return __builtin_bswap16(v);
}
static inline uint32_t load_u32be(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}
static inline uint64_t load_u64be(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return __builtin_bswap64(v);
}

/* parse_i64 - PostgreSQL's integer syntax within [min, max]; white space around is allowed. */
Status parse_i64(Cx *cx, Slice text, int64_t min, int64_t max, const char *type_name, int64_t *out);
/* float8_text - the shortest text that reads back the same, or %g rounding when extra digits <= 0.
 */
void float8_text(double v, int extra_float_digits, Buf *buf);
void float4_text(float v, int extra_float_digits, Buf *buf);
Status float8_parse(Cx *cx, Slice text, const char *type_name, double *out);
int float8_order(double a, double b);
/* key_put_* - memcmp-ordered forms. */
void key_put_u32(Buf *b, uint32_t v);
void key_put_u64(Buf *b, uint64_t v);
/* intN_order, _hash, _key, _unkey, _send - of signed integers (int.c), and of all types that are
 * one inside: dates, timestamps, money, enums. */
#define INT_SHARED_FNS(t)                                                                          \
    int t##_order(const Datum *a, const Datum *b);                                                 \
    uint64_t t##_hash(const Datum *v);                                                             \
    void t##_key(const Datum *v, Buf *buf);                                                        \
    bool t##_unkey(Arena *arena, Slice *in, Datum *out);                                           \
    void t##_send(FnCall *call, const Datum *v, Buf *buf);
INT_SHARED_FNS(int2)
INT_SHARED_FNS(int4)
INT_SHARED_FNS(int8)
void key_put_text(Buf *b, const char *p, size_t n);

#endif
