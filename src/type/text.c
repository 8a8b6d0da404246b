/*
 * text.c - text, varchar, char(n), name, "char", unknown, cstring: I/O, order, keys, length
 * coercions, comparisons. Collation C: bytes decide the order.
 *
 * char(n) values carry their padding; comparisons, hashes and keys look past trailing spaces.
 * "char" is one byte, the empty string standing for zero.
 */
#include "type/array.h"
#include "type/kernel.h"

#define VARHDRSZ       4 /* the length word that PostgreSQL's typmods count */
#define NAME_BYTES_MAX 63

/* ---- I/O ---- */
static Status text_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    out->str = str_copy(call->arena, text.ptr, text.len);
    return ST_OK;
}
static void text_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put(buf, str_ptr(&v->str), v->str.len);
}
static Status text_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(utf8_verify(call->cx, bytes));
    return text_in(call, bytes, typmod, out);
}

/* text_fit - the bytes of the first `chars` characters; 22001 when more than spaces would be lost
 * and the cast is not explicit. */
static Status text_fit(Cx *cx, Slice s, size_t chars, bool explicit_cast, const char *type_name,
                       size_t *bytes_out)
{
    size_t keep = utf8_offset(s, chars);
    if (!explicit_cast) {
        for (size_t i = keep; i < s.len; i++) {
            if (s.ptr[i] != ' ') {
                return err_set(cx, ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
                               "value too long for type %s(%zu)", type_name, chars);
            }
        }
    }
    *bytes_out = keep;
    return ST_OK;
}

static Status varchar_coerce(FnCall *call, Slice s, int32_t typmod, bool explicit_cast, Str *out)
{
    size_t keep = s.len;
    if (typmod >= VARHDRSZ && s.len > (size_t)(typmod - VARHDRSZ)) {
        TRY(text_fit(call->cx, s, (size_t)(typmod - VARHDRSZ), explicit_cast, "character varying",
                     &keep));
    }
    *out = str_copy(call->arena, s.ptr, keep);
    return ST_OK;
}
static Status bpchar_coerce(FnCall *call, Slice s, int32_t typmod, bool explicit_cast, Str *out)
{
    if (typmod < VARHDRSZ) {
        *out = str_copy(call->arena, s.ptr, s.len);
        return ST_OK;
    }
    size_t want = (size_t)(typmod - VARHDRSZ), chars = utf8_count(s), keep = s.len;
    if (chars > want) {
        TRY(text_fit(call->cx, s, want, explicit_cast, "character", &keep));
        chars = want;
    }
    size_t total = keep + (want - chars);
    char *p = arena_alloc_aligned(call->arena, total + 1, 1);
    memcpy(p, s.ptr, keep);
    memset(p + keep, ' ', total - keep);
    *out = str_ref(p, total);
    return ST_OK;
}
static Status varchar_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    return varchar_coerce(call, text, typmod, false, &out->str);
}
static Status varchar_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(utf8_verify(call->cx, bytes));
    return varchar_coerce(call, bytes, typmod, false, &out->str);
}
static Status bpchar_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    return bpchar_coerce(call, text, typmod, false, &out->str);
}
static Status bpchar_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(utf8_verify(call->cx, bytes));
    return bpchar_coerce(call, bytes, typmod, false, &out->str);
}
/* name_truncated - cut to 63 bytes at a character's end. */
static Str name_truncated(Arena *arena, Slice s)
{
    size_t n = MIN(s.len, (size_t)NAME_BYTES_MAX);
    while (n < s.len && n > 0 && ((uint8_t)s.ptr[n] & 0xc0) == 0x80) {
        n--;
    }
    return str_copy(arena, s.ptr, n);
}
static Status name_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    out->str = name_truncated(call->arena, text);
    return ST_OK;
}
static Status name_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(utf8_verify(call->cx, bytes));
    if (bytes.len > NAME_BYTES_MAX) {
        return err_set(call->cx, ERRCODE_NAME_TOO_LONG, "identifier too long");
    }
    return name_in(call, bytes, typmod, out);
}
/* char_in - one byte, or a backslash and three octal digits for a byte above 127. */
static Status char_in(FnCall *call UNUSED, Slice text, int32_t typmod UNUSED, Datum *out)
{
    char c = text.len > 0 ? text.ptr[0] : '\0';
    if (text.len == 4 && c == '\\') {
        bool octal = true;
        for (int i = 1; i < 4; i++) {
            octal = octal && text.ptr[i] >= '0' && text.ptr[i] <= '7';
        }
        if (octal) {
            c = (char)((text.ptr[1] - '0') << 6 | (text.ptr[2] - '0') << 3 | (text.ptr[3] - '0'));
        }
    }
    out->str = str_ref(&c, c != '\0');
    return ST_OK;
}
static uint8_t char_byte(const Datum *v)
{
    return v->str.len == 0 ? 0 : (uint8_t)*str_ptr(&v->str);
}
static void char_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    uint8_t c = char_byte(v);
    if (c >= 0x80) {
        buf_putc(buf, '\\');
        buf_putc(buf, (char)('0' + (c >> 6)));
        buf_putc(buf, (char)('0' + ((c >> 3) & 7)));
        buf_putc(buf, (char)('0' + (c & 7)));
    } else if (c != 0) {
        buf_putc(buf, (char)c);
    }
}
static Status char_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 1));
    out->str = str_ref(bytes.ptr, bytes.ptr[0] != '\0');
    return ST_OK;
}
static void char_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_putc(buf, (char)char_byte(v));
}
/* Types whose text the catalog makes and nobody may type in. */
static Status text_in_unsupported(FnCall *call, Slice text UNUSED, int32_t typmod UNUSED,
                                  Datum *out UNUSED)
{
    return err_unsupported(call->cx, "input of values of this type is not supported");
}

/* void: what functions without a result return; its only value is empty. */
static Status void_in(FnCall *call, Slice text UNUSED, int32_t typmod UNUSED, Datum *out)
{
    out->str = str_copy(call->arena, "", 0);
    return ST_OK;
}
static void void_out(FnCall *call UNUSED, const Datum *v UNUSED, Buf *buf UNUSED)
{
}

/* ---- order, hash, keys ---- */
static int text_order(const Datum *a, const Datum *b)
{
    return str_cmp(&a->str, &b->str);
}
static uint64_t text_hash(const Datum *v)
{
    return hash_bytes(str_ptr(&v->str), v->str.len, 0);
}
static void text_key(const Datum *v, Buf *buf)
{
    key_put_text(buf, str_ptr(&v->str), v->str.len);
}
static bool text_unkey(Arena *arena, Slice *in, Datum *out)
{
    const char *zero = memchr(in->ptr, 0, in->len);
    if (zero == NULL || (size_t)(zero - in->ptr) + 2 > in->len || zero[1] != 0) {
        return false;
    }
    size_t n = (size_t)(zero - in->ptr);
    out->str = str_copy(arena, in->ptr, n);
    in->ptr += n + 2;
    in->len -= n + 2;
    return true;
}
static Slice bpchar_slice(const Str *s)
{
    Slice r = str_slice(s);
    while (r.len > 0 && r.ptr[r.len - 1] == ' ') {
        r.len--;
    }
    return r;
}
static int bpchar_compare(const Str *a, const Str *b)
{
    Slice x = bpchar_slice(a), y = bpchar_slice(b);
    int c = memcmp(x.ptr, y.ptr, MIN(x.len, y.len));
    return c != 0 ? c : (x.len > y.len) - (x.len < y.len);
}
static int bpchar_order(const Datum *a, const Datum *b)
{
    return bpchar_compare(&a->str, &b->str);
}
static uint64_t bpchar_hash(const Datum *v)
{
    Slice s = bpchar_slice(&v->str);
    return hash_bytes(s.ptr, s.len, 0);
}
static void bpchar_key(const Datum *v, Buf *buf)
{
    Slice s = bpchar_slice(&v->str);
    key_put_text(buf, s.ptr, s.len);
}
static int char_order(const Datum *a, const Datum *b)
{
    return (int)char_byte(a) - (int)char_byte(b);
}
static void char_key(const Datum *v, Buf *buf)
{
    buf_putc(buf, (char)char_byte(v));
}
static bool char_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 1) {
        return false;
    }
    out->str = str_ref(in->ptr, in->ptr[0] != '\0');
    in->ptr++;
    in->len--;
    return true;
}

/* ---- comparisons ---- */
KERNEL_BINARY(k_texteq, Str, Str, uint8_t, r = str_eq(&a, &b))
KERNEL_BINARY(k_textne, Str, Str, uint8_t, r = !str_eq(&a, &b))
KERNEL_BINARY(k_text_lt, Str, Str, uint8_t, r = str_cmp(&a, &b) < 0)
KERNEL_BINARY(k_text_le, Str, Str, uint8_t, r = str_cmp(&a, &b) <= 0)
KERNEL_BINARY(k_text_gt, Str, Str, uint8_t, r = str_cmp(&a, &b) > 0)
KERNEL_BINARY(k_text_ge, Str, Str, uint8_t, r = str_cmp(&a, &b) >= 0)
static int text_sign(int c)
{
    return (c > 0) - (c < 0);
}
KERNEL_BINARY(k_bttextcmp, Str, Str, int32_t, r = text_sign(str_cmp(&a, &b)))
KERNEL_BINARY(k_text_larger, Str, Str, Str, r = str_cmp(&a, &b) > 0 ? a : b)
KERNEL_BINARY(k_text_smaller, Str, Str, Str, r = str_cmp(&a, &b) < 0 ? a : b)
KERNEL_COMPARE_BY(k_bpchar, Str, bpchar_compare)
KERNEL_BINARY(k_bpcharcmp, Str, Str, int32_t, r = text_sign(bpchar_compare(&a, &b)))
KERNEL_BINARY(k_bpchar_larger, Str, Str, Str, r = bpchar_compare(&a, &b) > 0 ? a : b)
KERNEL_BINARY(k_bpchar_smaller, Str, Str, Str, r = bpchar_compare(&a, &b) < 0 ? a : b)
static int char_compare(const Str *a, const Str *b)
{
    uint8_t x = a->len == 0 ? 0 : (uint8_t)*str_ptr(a);
    uint8_t y = b->len == 0 ? 0 : (uint8_t)*str_ptr(b);
    return (int)x - (int)y;
}
KERNEL_COMPARE_BY(k_char, Str, char_compare)
KERNEL_BINARY(k_btcharcmp, Str, Str, int32_t, r = text_sign(char_compare(&a, &b)))

/* ---- casts and length coercions: (value, typmod, explicit) ---- */
ROW_KERNEL(varchar)
{
    return varchar_coerce(call, str_slice(&a[0].str), a[1].i32, a[2].b, &r->str);
}
ROW_KERNEL(bpchar)
{
    return bpchar_coerce(call, str_slice(&a[0].str), a[1].i32, a[2].b, &r->str);
}
ROW_KERNEL(name_text)
{
    r->str = a[0].str;
    return ST_OK;
}
ROW_KERNEL(text_name)
{
    r->str = name_truncated(call->arena, str_slice(&a[0].str));
    return ST_OK;
}
ROW_KERNEL(bpchar_name)
{
    r->str = name_truncated(call->arena, bpchar_slice(&a[0].str));
    return ST_OK;
}
ROW_KERNEL(text_char)
{
    return char_in(call, str_slice(&a[0].str), -1, r);
}
ROW_KERNEL(char_text)
{
    uint8_t c = char_byte(&a[0]);
    char octal[4] = {'\\', (char)('0' + (c >> 6)), (char)('0' + ((c >> 3) & 7)),
                     (char)('0' + (c & 7))};
    r->str = c >= 0x80 ? str_ref(octal, 4) : a[0].str;
    return ST_OK;
}
ROW_KERNEL(chartoi4)
{
    r->i32 = (int8_t)char_byte(&a[0]);
    return ST_OK;
}
ROW_KERNEL(i4tochar)
{
    if (a[0].i32 < INT8_MIN || a[0].i32 > INT8_MAX) {
        return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "\"char\" out of range");
    }
    char c = (char)a[0].i32;
    r->str = str_ref(&c, c != '\0');
    return ST_OK;
}

#define FN_STR_COMPARE(prefix, suffix)                                                             \
    {.prosrc = #prefix "lt" suffix, .kernel = k_text_lt},                                          \
        {.prosrc = #prefix "le" suffix, .kernel = k_text_le},                                      \
        {.prosrc = #prefix "gt" suffix, .kernel = k_text_gt},                                      \
        {.prosrc = #prefix "ge" suffix, .kernel = k_text_ge},                                      \
        {.prosrc = #prefix "eq" suffix, .kernel = k_texteq},                                       \
    {                                                                                              \
        .prosrc = #prefix "ne" suffix, .kernel = k_textne                                          \
    }

static const FnOps TEXT_FNS[] = {
    FN(texteq),
    FN(textne),
    FN(text_lt),
    FN(text_le),
    FN(text_gt),
    FN(text_ge),
    FN(bttextcmp),
    FN(text_larger),
    FN(text_smaller),
    FN_AS("text_pattern_lt", text_lt),
    FN_AS("text_pattern_le", text_le),
    FN_AS("text_pattern_gt", text_gt),
    FN_AS("text_pattern_ge", text_ge),
    FN_AS("bttext_pattern_cmp", bttextcmp),
    FN_STR_COMPARE(name, ""),
    FN_STR_COMPARE(name, "text"),
    FN_STR_COMPARE(text, "name"),
    FN_AS("btnamecmp", bttextcmp),
    FN_AS("btnametextcmp", bttextcmp),
    FN_AS("bttextnamecmp", bttextcmp),
    FN_COMPARE(bpchar, 0),
    FN(bpcharcmp),
    FN(bpchar_larger),
    FN(bpchar_smaller),
    FN_AS("bpchar_pattern_lt", bpcharlt),
    FN_AS("bpchar_pattern_le", bpcharle),
    FN_AS("bpchar_pattern_gt", bpchargt),
    FN_AS("bpchar_pattern_ge", bpcharge),
    FN_AS("btbpchar_pattern_cmp", bpcharcmp),
    FN_COMPARE(char, 0),
    FN(btcharcmp),
    FN(varchar),
    FN(bpchar),
    FN(name_text),
    FN_AS("name_bpchar", name_text),
    FN(text_name),
    FN(bpchar_name),
    FN(text_char),
    FN(char_text),
    FN_AS("char_bpchar", char_text),
    FN(chartoi4),
    FN(i4tochar),
};

/* A type that only ever comes out of the catalog, as its text. */
#define TEXT_OPAQUE(oid, name)                                                                     \
    {                                                                                              \
        oid, name, PHYS_STR, text_in_unsupported, text_out, NULL, text_out, text_order, text_hash, \
            NULL, NULL                                                                             \
    }
static const TypeOps TEXT_TYPES[] = {
    {TYPE_REFCURSOR, "refcursor", PHYS_STR, text_in, text_out, text_recv, text_out, NULL, NULL,
     NULL, NULL},
    {TYPE_TEXT, "text", PHYS_STR, text_in, text_out, text_recv, text_out, text_order, text_hash,
     text_key, text_unkey},
    {TYPE_VOID, "void", PHYS_STR, void_in, void_out, void_in, void_out, NULL, NULL, NULL, NULL},
    {TYPE_VARCHAR, "varchar", PHYS_STR, varchar_in, text_out, varchar_recv, text_out, text_order,
     text_hash, text_key, text_unkey},
    {TYPE_BPCHAR, "bpchar", PHYS_STR, bpchar_in, text_out, bpchar_recv, text_out, bpchar_order,
     bpchar_hash, bpchar_key, NULL},
    {TYPE_NAME, "name", PHYS_STR, name_in, text_out, name_recv, text_out, text_order, text_hash,
     text_key, text_unkey},
    {TYPE_CHAR, "char", PHYS_STR, char_in, char_out, char_recv, char_send, char_order, text_hash,
     char_key, char_unkey},
    {TYPE_UNKNOWN, "unknown", PHYS_STR, text_in, text_out, text_recv, text_out, text_order,
     text_hash, text_key, text_unkey},
    {TYPE_CSTRING, "cstring", PHYS_STR, text_in, text_out, text_recv, text_out, text_order,
     text_hash, NULL, NULL},
    TEXT_OPAQUE(194, "pg_node_tree"),
    TEXT_OPAQUE(1033, "aclitem"),
    {TYPE_ANYARRAY, "anyarray", PHYS_STR, text_in_unsupported, array_text_out, NULL, array_send,
     NULL, NULL, NULL, NULL},
};
const TypeFamily type_family_text = {
    .types = TEXT_TYPES,
    .type_count = ARRAY_LEN(TEXT_TYPES),
    .fns = TEXT_FNS,
    .fn_count = ARRAY_LEN(TEXT_FNS),
};
