/*
 * text_out.c - functions that build text from values: concat, format, quoting, encodings, digests,
 * string_agg; and bytea.
 */
#include <openssl/evp.h>

#include "type/kernel.h"

/* ---- bytea ---- */
static int hex_digit_value(char c)
{
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}
/* hex_decode - digit pairs, white space between them skipped; 22023 with PostgreSQL's texts. */
static Status hex_decode(Cx *cx, Slice s, char *to, size_t *n_out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        if (is_space(s.ptr[i])) {
            i++;
            continue;
        }
        int hi = hex_digit_value(s.ptr[i]), lo = i + 1 < s.len ? hex_digit_value(s.ptr[i + 1]) : -1;
        if (hi < 0 || (i + 1 < s.len && lo < 0)) {
            const char *bad = hi < 0 ? s.ptr + i : s.ptr + i + 1;
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "invalid hexadecimal digit: \"%.*s\"",
                           (int)MIN((size_t)utf8_len(*bad), s.len - (size_t)(bad - s.ptr)), bad);
        }
        if (i + 1 >= s.len) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "invalid hexadecimal data: odd number of digits");
        }
        to[n++] = (char)(hi << 4 | lo);
        i += 2;
    }
    *n_out = n;
    return ST_OK;
}
static void hex_encode(Buf *buf, const char *p, size_t n)
{
    if (buf_reserve(buf, n * 2)) {
        for (size_t i = 0; i < n; i++) {
            uint8_t b = (uint8_t)p[i];
            buf->data[buf->len++] = (uint8_t) "0123456789abcdef"[b >> 4];
            buf->data[buf->len++] = (uint8_t) "0123456789abcdef"[b & 15];
        }
    }
}
/* escape_decode - backslash forms \\ and \ooo; false when malformed. */
static bool escape_decode(Slice s, char *to, size_t *n_out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        if (s.ptr[i] != '\\') {
            to[n++] = s.ptr[i++];
        } else if (i + 3 < s.len && s.ptr[i + 1] >= '0' && s.ptr[i + 1] <= '3' &&
                   s.ptr[i + 2] >= '0' && s.ptr[i + 2] <= '7' && s.ptr[i + 3] >= '0' &&
                   s.ptr[i + 3] <= '7') {
            to[n++] = (char)((s.ptr[i + 1] - '0') << 6 | (s.ptr[i + 2] - '0') << 3 |
                             (s.ptr[i + 3] - '0'));
            i += 4;
        } else if (i + 1 < s.len && s.ptr[i + 1] == '\\') {
            to[n++] = '\\';
            i += 2;
        } else {
            return false;
        }
    }
    *n_out = n;
    return true;
}
static void escape_encode(Buf *buf, const char *p, size_t n, bool encode_fn)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t b = (uint8_t)p[i];
        if (b == '\\') {
            buf_puts(buf, "\\\\");
        } else if (encode_fn ? b == 0 || b >= 0x80 : b < 0x20 || b > 0x7e) {
            char octal[4] = {'\\', (char)('0' + (b >> 6)), (char)('0' + ((b >> 3) & 7)),
                             (char)('0' + (b & 7))};
            buf_put(buf, octal, 4);
        } else {
            buf_putc(buf, (char)b);
        }
    }
}
static Status bytea_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    char *to = arena_alloc_aligned(call->arena, text.len + 1, 1);
    size_t n = 0;
    if (text.len >= 2 && text.ptr[0] == '\\' && text.ptr[1] == 'x') {
        TRY(hex_decode(call->cx, (Slice){text.ptr + 2, text.len - 2}, to, &n));
    } else if (!escape_decode(text, to, &n)) {
        return err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                       "invalid input syntax for type bytea");
    }
    out->str = str_ref(to, n);
    return ST_OK;
}
static void bytea_out(FnCall *call, const Datum *v, Buf *buf)
{
    if (call->env != NULL && call->env->bytea_escape) {
        escape_encode(buf, str_ptr(&v->str), v->str.len, false);
        return;
    }
    buf_puts(buf, "\\x");
    hex_encode(buf, str_ptr(&v->str), v->str.len);
}
static Status bytea_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    out->str = str_copy(call->arena, bytes.ptr, bytes.len);
    return ST_OK;
}
static void bytea_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put(buf, str_ptr(&v->str), v->str.len);
}
static int bytea_order(const Datum *a, const Datum *b)
{
    return str_cmp(&a->str, &b->str);
}
static uint64_t bytea_hash(const Datum *v)
{
    return hash_bytes(str_ptr(&v->str), v->str.len, 0);
}
static void bytea_key(const Datum *v, Buf *buf)
{
    key_put_text(buf, str_ptr(&v->str), v->str.len);
}
KERNEL_COMPARE_BY(k_bytea, Str, str_cmp)
KERNEL_BINARY(k_byteacmp, Str, Str, int32_t, int c = str_cmp(&a, &b); r = (c > 0) - (c < 0))

static Status bytea_substring(FnCall *call, const Str *v, int64_t start, int64_t len, Str *out)
{
    if (len < 0) {
        return err_set(call->cx, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
    }
    int64_t end = MIN(start + len, (int64_t)v->len + 1);
    start = MAX(start, 1);
    *out = end <= start ? str_ref("", 0)
                        : str_copy(call->arena, str_ptr(v) + start - 1, (size_t)(end - start));
    return ST_OK;
}
ROW_KERNEL(bytea_substr)
{
    return bytea_substring(call, &a[0].str, a[1].i32, a[2].i32, &r->str);
}
ROW_KERNEL(bytea_substr_no_len)
{
    return bytea_substring(call, &a[0].str, a[1].i32, (int64_t)1 << 40, &r->str);
}
KERNEL_BINARY(k_byteapos, Str, Str, int32_t,
              const char *at = b.len == 0 ? str_ptr(&a)
                                          : memmem(str_ptr(&a), a.len, str_ptr(&b), b.len);
              r = at == NULL ? 0 : (int32_t)(at - str_ptr(&a)) + 1)
static Status bytea_index(Cx *cx, int64_t i, uint32_t len)
{
    if (i < 0 || i >= (int64_t)len) {
        return err_set(cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "index %lld out of valid range, 0..%lld",
                       (long long)i, (long long)len - 1);
    }
    return ST_OK;
}
ROW_KERNEL(byteaGetByte)
{
    TRY(bytea_index(call->cx, a[1].i32, a[0].str.len));
    r->i32 = (uint8_t)str_ptr(&a[0].str)[a[1].i32];
    return ST_OK;
}
ROW_KERNEL(byteaSetByte)
{
    TRY(bytea_index(call->cx, a[1].i32, a[0].str.len));
    char *p = arena_memdup(call->arena, str_ptr(&a[0].str), a[0].str.len);
    p[a[1].i32] = (char)a[2].i32;
    r->str = str_ref(p, a[0].str.len);
    return ST_OK;
}
static Str bytea_trim(const Str *v, const Str *set, bool left, bool right)
{
    Slice s = str_slice(v), k = str_slice(set);
    while (left && s.len > 0 && memchr(k.ptr, s.ptr[0], k.len) != NULL) {
        s.ptr++;
        s.len--;
    }
    while (right && s.len > 0 && memchr(k.ptr, s.ptr[s.len - 1], k.len) != NULL) {
        s.len--;
    }
    return str_ref(s.ptr, s.len);
}
KERNEL_BINARY(k_byteatrim, Str, Str, Str, Str t = bytea_trim(&a, &b, true, true);
              r = str_copy(call->arena, str_ptr(&t), t.len))
KERNEL_BINARY(k_bytealtrim, Str, Str, Str, Str t = bytea_trim(&a, &b, true, false);
              r = str_copy(call->arena, str_ptr(&t), t.len))
KERNEL_BINARY(k_byteartrim, Str, Str, Str, Str t = bytea_trim(&a, &b, false, true);
              r = str_copy(call->arena, str_ptr(&t), t.len))

/* ---- encode, decode, digests ---- */
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static void base64_encode(Buf *buf, Slice s)
{
    size_t line = 0;
    for (size_t i = 0; i < s.len; i += 3) {
        uint32_t n = (uint32_t)MIN(s.len - i, (size_t)3), v = 0;
        for (uint32_t k = 0; k < 3; k++) {
            v = v << 8 | (k < n ? (uint8_t)s.ptr[i + k] : 0);
        }
        char four[4] = {BASE64[v >> 18], BASE64[(v >> 12) & 63],
                        n > 1 ? BASE64[(v >> 6) & 63] : '=', n > 2 ? BASE64[v & 63] : '='};
        buf_put(buf, four, 4);
        line += 4;
        if (line >= 76 && i + 3 < s.len) {
            buf_putc(buf, '\n');
            line = 0;
        }
    }
}
/* base64_decode - white space is passed over; the end must be whole. */
static Status base64_decode(Cx *cx, Slice s, char *to, size_t *n_out)
{
    uint32_t v = 0, count = 0, pads = 0;
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_space(c)) {
            continue;
        }
        const char *at = c == '=' || c == '\0' ? NULL : strchr(BASE64, c);
        if (c == '=') {
            if (count < 2 && pads == 0) {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                               "unexpected \"=\" while decoding base64 sequence");
            }
            pads++;
        } else if (at == NULL || pads > 0) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "invalid symbol \"%.*s\" found while decoding base64 sequence",
                           (int)utf8_len(c), s.ptr + i);
        }
        v = v << 6 | (at == NULL ? 0 : (uint32_t)(at - BASE64));
        if (++count == 4) {
            to[n++] = (char)(v >> 16);
            if (pads < 2) {
                to[n++] = (char)(v >> 8);
            }
            if (pads < 1) {
                to[n++] = (char)v;
            }
            v = count = 0;
        }
    }
    if (count != 0) {
        st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid base64 end sequence"));
        return err_hint(cx,
                        "Input data is missing padding, is truncated, or is otherwise corrupted.");
    }
    *n_out = n;
    return ST_OK;
}
static Status err_encoding_name(Cx *cx, Slice name)
{
    return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized encoding: \"%.*s\"",
                   (int)name.len, name.ptr);
}
ROW_KERNEL(binary_encode)
{
    Slice s = str_slice(&a[0].str), name = str_slice(&a[1].str);
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    Status st = ST_OK;
    if (slice_ieq(name, "hex")) {
        hex_encode(&buf, s.ptr, s.len);
    } else if (slice_ieq(name, "base64")) {
        base64_encode(&buf, s);
    } else if (slice_ieq(name, "escape")) {
        escape_encode(&buf, s.ptr, s.len, true);
    } else {
        st = err_encoding_name(call->cx, name);
    }
    r->str = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return st;
}
ROW_KERNEL(binary_decode)
{
    Slice s = str_slice(&a[0].str), name = str_slice(&a[1].str);
    char *to = arena_alloc(call->arena, s.len + 4);
    size_t n = 0;
    if (slice_ieq(name, "hex")) {
        TRY(hex_decode(call->cx, s, to, &n));
    } else if (slice_ieq(name, "base64")) {
        TRY(base64_decode(call->cx, s, to, &n));
    } else if (slice_ieq(name, "escape")) {
        if (!escape_decode(s, to, &n)) {
            return err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                           "invalid input syntax for type bytea");
        }
    } else {
        return err_encoding_name(call->cx, name);
    }
    r->str = str_ref(to, n);
    return ST_OK;
}
/* text_digest - a hash as bytes, or as hex text. */
static Status text_digest(FnCall *call, const Str *v, const EVP_MD *md, bool hex, Str *out)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(str_ptr(v), v->len, bytes, &n, md, NULL) != 1) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "could not compute digest");
    }
    if (!hex) {
        *out = str_copy(call->arena, bytes, n);
        return ST_OK;
    }
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    hex_encode(&buf, (const char *)bytes, n);
    *out = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return ST_OK;
}
KERNEL_UNARY(k_md5, Str, Str, TRY(text_digest(call, &a, EVP_md5(), true, &r)))
KERNEL_UNARY(k_sha224_bytea, Str, Str, TRY(text_digest(call, &a, EVP_sha224(), false, &r)))
KERNEL_UNARY(k_sha256_bytea, Str, Str, TRY(text_digest(call, &a, EVP_sha256(), false, &r)))
KERNEL_UNARY(k_sha384_bytea, Str, Str, TRY(text_digest(call, &a, EVP_sha384(), false, &r)))
KERNEL_UNARY(k_sha512_bytea, Str, Str, TRY(text_digest(call, &a, EVP_sha512(), false, &r)))

/* ---- quoting ---- */
/* quote_ident_needed - not a plain lower-case name, or a reserved word. */
static bool quote_ident_needed(Slice s)
{
    if (s.len == 0 || !((s.ptr[0] >= 'a' && s.ptr[0] <= 'z') || s.ptr[0] == '_')) {
        return true;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || c == '_' || is_digit(c))) {
            return true;
        }
    }
    return text_is_keyword(s);
}
void text_quote_ident(Slice s, Buf *buf)
{
    if (!quote_ident_needed(s)) {
        buf_put_slice(buf, s);
        return;
    }
    buf_putc(buf, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"') {
            buf_putc(buf, '"');
        }
        buf_putc(buf, s.ptr[i]);
    }
    buf_putc(buf, '"');
}
void text_quote_literal(Slice s, Buf *buf)
{
    if (memchr(s.ptr, '\\', s.len) != NULL) {
        buf_putc(buf, 'E');
    }
    buf_putc(buf, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\'' || s.ptr[i] == '\\') {
            buf_putc(buf, s.ptr[i]);
        }
        buf_putc(buf, s.ptr[i]);
    }
    buf_putc(buf, '\'');
}
static Str text_quoted(Arena *arena, const Str *v, void (*quote)(Slice, Buf *))
{
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    quote(str_slice(v), &buf);
    Str r = str_of_buf(arena, &buf);
    buf_release(&buf);
    return r;
}
KERNEL_UNARY(k_quote_ident, Str, Str, r = text_quoted(call->arena, &a, text_quote_ident))
KERNEL_UNARY(k_quote_literal, Str, Str, r = text_quoted(call->arena, &a, text_quote_literal))
ROW_NULL_KERNEL(quote_nullable)
{
    r->str =
        nulls[0] ? str_ref("NULL", 4) : text_quoted(call->arena, &a[0].str, text_quote_literal);
    return ST_OK;
}

/* ---- any arguments as text ---- */
/* text_of_arg - the text output of argument i in this row, appended; 0A000 for a type without one.
 */
static Status text_of_arg(FnCall *call, const Vector *const *args, uint32_t i, uint32_t row,
                          Buf *buf)
{
    const TypeOps *type = type_ops(call->arg_types[i]);
    if (type == NULL) {
        return err_unsupported(call->cx, "text output of type %u is not supported",
                               call->arg_types[i]);
    }
    Datum v = vec_get(args[i], row);
    type->out(call, &v, buf);
    return ST_OK;
}
/* text_rows - run `one` for each row with an empty buffer and keep what it wrote. */
typedef Status (*TextRowFn)(FnCall *call, const Vector *const *args, uint32_t arg_count,
                            uint32_t row, Buf *buf);
/* text_rows - run `one` for each row with an empty buffer and keep what it wrote. */
static Status text_rows(KERNEL_PARAMS, TextRowFn one)
{
    Buf buf;
    buf_init(&buf, 0x3fffffff);
    Status st = ST_OK;
    Str *result = out->data;
    SEL_FOREACH(row, sel)
    {
        buf_clear(&buf);
        st = cx_check(call->cx);
        if (st == ST_OK) {
            st = one(call, args, arg_count, row, &buf);
        }
        if (st == KERNEL_NULL) {
            vec_set_null(out, row);
            st = ST_OK;
        } else if (st != ST_OK) {
            break;
        }
        result[row] = str_of_buf(call->arena, &buf);
    }
    buf_release(&buf);
    return st;
}
static Status text_concat_row(FnCall *call, const Vector *const *args, uint32_t arg_count,
                              uint32_t row, Buf *buf)
{
    for (uint32_t i = 0; i < arg_count; i++) {
        if (!vec_is_null(args[i], row)) {
            TRY(text_of_arg(call, args, i, row, buf));
        }
    }
    return ST_OK;
}
static Status k_text_concat(KERNEL_PARAMS)
{
    return text_rows(call, args, arg_count, sel, out, text_concat_row);
}
static Status text_concat_ws_row(FnCall *call, const Vector *const *args, uint32_t arg_count,
                                 uint32_t row, Buf *buf)
{
    bool any = false;
    if (vec_is_null(args[0], row)) {
        return KERNEL_NULL;
    }
    Datum sep = vec_get(args[0], row);
    for (uint32_t i = 1; i < arg_count; i++) {
        if (!vec_is_null(args[i], row)) {
            if (any) {
                buf_put(buf, str_ptr(&sep.str), sep.str.len);
            }
            any = true;
            TRY(text_of_arg(call, args, i, row, buf));
        }
    }
    return ST_OK;
}
static Status k_text_concat_ws(KERNEL_PARAMS)
{
    return text_rows(call, args, arg_count, sel, out, text_concat_ws_row);
}

/* text_of_cast - like text_of_arg, as a cast to text would: booleans spelled out. */
static Status text_of_cast(FnCall *call, const Vector *const *args, uint32_t i, uint32_t row,
                           Buf *buf)
{
    if (call->arg_types[i] == TYPE_BOOL) {
        buf_puts(buf, vec_get(args[i], row).b ? "true" : "false");
        return ST_OK;
    }
    return text_of_arg(call, args, i, row, buf);
}
/* || of a text and any other value. */
static Status text_any_cat_row(FnCall *call, const Vector *const *args, uint32_t n UNUSED,
                               uint32_t row, Buf *buf)
{
    if (vec_is_null(args[0], row) || vec_is_null(args[1], row)) {
        return KERNEL_NULL;
    }
    TRY(text_of_cast(call, args, 0, row, buf));
    return text_of_cast(call, args, 1, row, buf);
}
static Status k_text_any_cat(KERNEL_PARAMS)
{
    return text_rows(call, args, arg_count, sel, out, text_any_cat_row);
}
/* quote_literal, quote_nullable of any value go by its text. */
static Status quote_any_row(FnCall *call, const Vector *const *args, uint32_t n UNUSED,
                            uint32_t row, Buf *buf)
{
    if (vec_is_null(args[0], row)) {
        buf_puts(buf, "NULL");
        return ST_OK;
    }
    Buf raw;
    buf_init(&raw, SIZE_MAX);
    Status st = text_of_cast(call, args, 0, row, &raw);
    text_quote_literal((Slice){raw.data == NULL ? "" : (const char *)raw.data, raw.len}, buf);
    buf_release(&raw);
    return st;
}
static Status k_quote_any(KERNEL_PARAMS)
{
    return text_rows(call, args, arg_count, sel, out, quote_any_row);
}

/* ---- format ---- */
typedef struct FormatSpec {
    int32_t arg, width, width_arg; /* 0 = none, -1 = the next one */
    bool left;
    char conversion;
} FormatSpec;
static Status err_format_end(Cx *cx)
{
    st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "unterminated format() type specifier"));
    return err_hint(cx, "For a single \"%%\" use \"%%%%\".");
}
/* format_number - digits at *i; false when there are none. */
static Status format_number(Cx *cx, Slice f, size_t *i, int32_t *out, bool *found)
{
    int32_t v = 0;
    *found = false;
    while (*i < f.len && is_digit(f.ptr[*i])) {
        *found = true;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, f.ptr[*i] - '0', &v)) {
            return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range");
        }
        (*i)++;
    }
    *out = v;
    return *i < f.len ? ST_OK : err_format_end(cx);
}
/* format_spec - [position$][-][width | *[n$]]conversion. */
static Status format_spec(Cx *cx, Slice f, size_t *i, FormatSpec *spec)
{
    int32_t n = 0;
    bool found = false;
    *spec = (FormatSpec){.arg = -1};
    TRY(format_number(cx, f, i, &n, &found));
    if (found) {
        if (f.ptr[*i] != '$') {
            spec->width = n;
            spec->conversion = f.ptr[*i];
            return ST_OK;
        }
        spec->arg = n;
        if (n == 0) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "format specifies argument 0, but arguments are numbered from 1");
        }
        (*i)++;
    }
    while (*i < f.len && f.ptr[*i] == '-') {
        spec->left = true;
        (*i)++;
    }
    if (*i >= f.len) {
        return err_format_end(cx);
    }
    if (f.ptr[*i] == '*') {
        (*i)++;
        TRY(format_number(cx, f, i, &n, &found));
        spec->width_arg = -1;
        if (found) {
            if (f.ptr[*i] != '$') {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                               "width argument position must be ended by \"$\"");
            }
            spec->width_arg = n;
            if (n == 0) {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                               "format specifies argument 0, but arguments are numbered from 1");
            }
            (*i)++;
        }
    } else {
        TRY(format_number(cx, f, i, &spec->width, &found));
    }
    if (*i >= f.len) {
        return err_format_end(cx);
    }
    spec->conversion = f.ptr[*i];
    return ST_OK;
}
/* format_arg - the text of one argument by its conversion. */
static Status format_arg(FnCall *call, const Vector *const *args, uint32_t at, uint32_t row,
                         char conversion, Buf *buf)
{
    if (vec_is_null(args[at], row)) {
        if (conversion == 'I') {
            return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "null values cannot be formatted as an SQL identifier");
        }
        buf_puts(buf, conversion == 'L' ? "NULL" : "");
        return ST_OK;
    }
    if (conversion == 's') {
        return text_of_arg(call, args, at, row, buf);
    }
    Buf raw;
    buf_init(&raw, SIZE_MAX);
    Status st = text_of_arg(call, args, at, row, &raw);
    Slice s = {raw.data == NULL ? "" : (const char *)raw.data, raw.len};
    if (conversion == 'I') {
        text_quote_ident(s, buf);
    } else {
        text_quote_literal(s, buf);
    }
    buf_release(&raw);
    return st;
}
/* format_width - a width given as an argument. */
static Status format_width(FnCall *call, const Vector *const *args, uint32_t at, uint32_t row,
                           int32_t *width)
{
    *width = 0;
    if (vec_is_null(args[at], row)) {
        return ST_OK;
    }
    Buf text;
    buf_init(&text, 64);
    int64_t v = 0;
    Status st = text_of_arg(call, args, at, row, &text);
    if (st == ST_OK) {
        st = parse_i64(call->cx, (Slice){(const char *)text.data, text.len}, INT32_MIN, INT32_MAX,
                       "integer", &v);
    }
    buf_release(&text);
    *width = (int32_t)v;
    return st;
}
/* format_row - one row of format(): literal text and conversions in turn. */
static Status format_row(FnCall *call, const Vector *const *args, uint32_t arg_count, uint32_t row,
                         Buf *buf)
{
    if (vec_is_null(args[0], row)) {
        return KERNEL_NULL;
    }
    Datum fmt = vec_get(args[0], row);
    Slice f = str_slice(&fmt.str);
    uint32_t next = 1;
    for (size_t i = 0; i < f.len; i++) {
        if (f.ptr[i] != '%') {
            buf_putc(buf, f.ptr[i]);
            continue;
        }
        if (++i >= f.len) {
            return err_format_end(call->cx);
        }
        if (f.ptr[i] == '%') {
            buf_putc(buf, '%');
            continue;
        }
        FormatSpec spec;
        TRY(format_spec(call->cx, f, &i, &spec));
        if (spec.conversion == '\0' || strchr("sIL", spec.conversion) == NULL) {
            st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                              "unrecognized format() type specifier \"%.*s\"",
                              (int)utf8_len(spec.conversion), f.ptr + i));
            return err_hint(call->cx, "For a single \"%%\" use \"%%%%\".");
        }
        if (spec.width_arg != 0) {
            uint32_t at = spec.width_arg < 0 ? next++ : (uint32_t)spec.width_arg;
            next = at + 1;
            if (at >= arg_count) {
                return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                               "too few arguments for format()");
            }
            TRY(format_width(call, args, at, row, &spec.width));
        }
        uint32_t at = spec.arg < 0 ? next : (uint32_t)spec.arg;
        next = at + 1;
        if (at >= arg_count) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "too few arguments for format()");
        }
        if (spec.width < 0) {
            spec.left = true;
            spec.width = -spec.width;
        }
        size_t start = buf->len;
        TRY(format_arg(call, args, at, row, spec.conversion, buf));
        size_t len = buf->len - start;
        size_t chars = utf8_count((Slice){(const char *)buf->data + start, len});
        size_t pad = (size_t)spec.width > chars ? (size_t)spec.width - chars : 0;
        if (pad > 0 && buf_reserve(buf, pad)) {
            uint8_t *p = buf->data + start;
            if (spec.left) {
                memset(p + len, ' ', pad);
            } else {
                memmove(p + pad, p, len);
                memset(p, ' ', pad);
            }
            buf->len += pad;
        }
    }
    return ST_OK;
}
static Status k_text_format(KERNEL_PARAMS)
{
    return text_rows(call, args, arg_count, sel, out, format_row);
}
static Status k_num_nulls_of(KERNEL_PARAMS, bool nulls)
{
    (void)call;
    SEL_FOREACH(row, sel)
    {
        int32_t n = 0;
        for (uint32_t i = 0; i < arg_count; i++) {
            n += vec_is_null(args[i], row) == nulls;
        }
        VEC_DATA(out, int32_t)[row] = n;
    }
    return ST_OK;
}
static Status k_pg_num_nulls(KERNEL_PARAMS)
{
    return k_num_nulls_of(call, args, arg_count, sel, out, true);
}
static Status k_pg_num_nonnulls(KERNEL_PARAMS)
{
    return k_num_nulls_of(call, args, arg_count, sel, out, false);
}

/* ---- string_agg ---- */
typedef struct AggString {
    char *text;
    uint32_t len, size;
    bool set;
} AggString;
static Status agg_string_put(FnCall *call, AggString *s, const char *p, size_t n)
{
    if ((size_t)s->len + n > 0x3fffffff) {
        return err_set(call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "out of memory");
    }
    if (s->len + n > s->size) {
        uint32_t size = MAX((uint32_t)(s->len + n), MAX(s->size * 2, 64u));
        s->text = arena_grow(call->arena, s->text, s->size, size);
        s->size = size;
    }
    if (n > 0) {
        memcpy(s->text + s->len, p, n);
    }
    s->len += (uint32_t)n;
    return ST_OK;
}
/* A NULL value is passed over, with its delimiter; a NULL delimiter is an empty one. */
static Status agg_string_step(FnCall *call, const Vector *const *args, uint32_t row, AggString *s)
{
    if (vec_is_null(args[0], row)) {
        return ST_OK;
    }
    if (s->set && !vec_is_null(args[1], row)) {
        Datum sep = vec_get(args[1], row);
        TRY(agg_string_put(call, s, str_ptr(&sep.str), sep.str.len));
    }
    s->set = true;
    Datum v = vec_get(args[0], row);
    return agg_string_put(call, s, str_ptr(&v.str), v.str.len);
}
static Status agg_string_one(AGG_PARAMS_ONE)
{
    SEL_FOREACH(row, sel)
    {
        TRY(agg_string_step(call, args, row, state));
    }
    return ST_OK;
}
static Status agg_string_many(AGG_PARAMS_MANY)
{
    SEL_FOREACH(row, sel)
    {
        TRY(agg_string_step(call, args, row, states[row_k]));
    }
    return ST_OK;
}
static Status agg_string_final(FnCall *call, const void *state, Vector *out, uint32_t row)
{
    const AggString *s = state;
    if (!s->set) {
        vec_set_null(out, row);
        return ST_OK;
    }
    VEC_DATA(out, Str)[row] = str_copy(call->arena, s->text == NULL ? "" : s->text, s->len);
    return ST_OK;
}

static const FnOps TEXT_OUT_FNS[] = {
    FN_COMPARE(bytea, 0),
    FN(byteacmp),
    FN(bytea_substr),
    FN(bytea_substr_no_len),
    FN(byteapos),
    FN(byteaGetByte),
    FN(byteaSetByte),
    FN(byteatrim),
    FN(bytealtrim),
    FN(byteartrim),
    FN(binary_encode),
    FN(binary_decode),
    FN_AS("md5_text", md5),
    FN_AS("md5_bytea", md5),
    FN(sha224_bytea),
    FN(sha256_bytea),
    FN(sha384_bytea),
    FN(sha512_bytea),
    FN(quote_ident),
    FN(quote_literal),
    FN(quote_nullable),
    FN_AS("oid:1285", quote_any),
    FN_AS("oid:1290", quote_any),
    FN_AS("oid:2003", text_any_cat),
    FN_AS("oid:2004", text_any_cat),
    FN(text_concat),
    FN(text_concat_ws),
    FN(text_format),
    FN_AS("text_format_nv", text_format),
    FN(pg_num_nulls),
    FN(pg_num_nonnulls),
};
static const TypeOps TEXT_OUT_TYPES[] = {
    {TYPE_BYTEA, "bytea", PHYS_STR, bytea_in, bytea_out, bytea_recv, bytea_send, bytea_order,
     bytea_hash, bytea_key, NULL},
};
/* Order matters to string_agg, so its states are never combined. */
static const AggOps TEXT_OUT_AGGS[] = {
    {3538, "string_agg", (sizeof(AggString) + 15u) & ~15u, false, NULL, agg_string_one,
     agg_string_many, NULL, agg_string_final},
    {3545, "string_agg", (sizeof(AggString) + 15u) & ~15u, false, NULL, agg_string_one,
     agg_string_many, NULL, agg_string_final},
};
const TypeFamily type_family_text_out = {
    .types = TEXT_OUT_TYPES,
    .type_count = ARRAY_LEN(TEXT_OUT_TYPES),
    .fns = TEXT_OUT_FNS,
    .fn_count = ARRAY_LEN(TEXT_OUT_FNS),
    .aggs = TEXT_OUT_AGGS,
    .agg_count = ARRAY_LEN(TEXT_OUT_AGGS),
};
