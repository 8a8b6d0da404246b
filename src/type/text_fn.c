/*
 * text_fn.c - functions on text: length, concatenation, substring, search, case, trimming, padding.
 *
 * Positions count characters; a text that is pure ASCII takes no scan. The default collation is C,
 * which changes the case of ASCII letters only.
 */
#include "type/kernel.h"

#define TEXT_BYTES_MAX 0x3fffffff

static bool text_is_ascii(Slice s)
{
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t w;
        memcpy(&w, s.ptr + i, 8);
        if ((w & 0x8080808080808080u) != 0) {
            return false;
        }
    }
    for (; i < s.len; i++) {
        if ((s.ptr[i] & 0x80) != 0) {
            return false;
        }
    }
    return true;
}
static Status text_too_long(Cx *cx)
{
    return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "requested length too large");
}
/* text_part - bytes of a text that shares them with a longer one. */
static Str text_part(const char *p, size_t n)
{
    return str_ref(p, n);
}

/* ---- length ---- */
KERNEL_UNARY(k_textlen, Str, int32_t, r = (int32_t)utf8_count(str_slice(&a)))
KERNEL_UNARY(k_textoctetlen, Str, int32_t, r = (int32_t)a.len)
KERNEL_UNARY(k_bitlen, Str, int32_t, r = (int32_t)a.len * 8)
KERNEL_UNARY(
    k_bpcharlen, Str, int32_t, Slice s = str_slice(&a);
    while (s.len > 0 && s.ptr[s.len - 1] == ' ') { s.len--; } r = (int32_t)utf8_count(s))

/* ---- concatenation ---- */
/* A value and its length word take no more than this in PostgreSQL. */
#define TEXT_ALLOC_MAX 0x3fffffffu
KERNEL_BINARY(
    k_textcat, Str, Str, Str, size_t n = (size_t)a.len + b.len; if (n <= STR_INLINE_BYTES) {
        char bytes[STR_INLINE_BYTES];
        memcpy(bytes, str_ptr(&a), a.len);
        memcpy(bytes + a.len, str_ptr(&b), b.len);
        r = str_ref(bytes, n);
    } else if (UNLIKELY(n + 4 > TEXT_ALLOC_MAX)) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "invalid memory alloc request size %zu",
                       n + 4);
    } else {
        char *p = arena_alloc_aligned(call->arena, n, 1);
        memcpy(p, str_ptr(&a), a.len);
        memcpy(p + a.len, str_ptr(&b), b.len);
        r = str_ref(p, n);
    })

/* ---- substring ---- */
/* text_substring - PostgreSQL's rules: a start before 1 uses up length. */
static Status text_substring(FnCall *call, const Str *v, int64_t start, bool has_len, int64_t len,
                             Str *out)
{
    int64_t end = INT64_MAX;
    if (has_len) {
        if (len < 0) {
            return err_set(call->cx, ERRCODE_SUBSTRING_ERROR,
                           "negative substring length not allowed");
        }
        end = start + len;
    }
    Slice s = str_slice(v);
    int64_t from = MAX(start, 1) - 1;
    if (end <= 1 || from >= (int64_t)s.len) {
        *out = text_part("", 0);
        return ST_OK;
    }
    size_t chars = (size_t)MIN(end - 1 - from, (int64_t)s.len);
    if (end - 1 <= from) {
        *out = text_part("", 0);
        return ST_OK;
    }
    size_t at = (size_t)from, n = chars;
    if (text_is_ascii(s)) {
        n = MIN(n, s.len - at);
    } else {
        at = utf8_offset(s, at);
        n = utf8_offset((Slice){s.ptr + at, s.len - at}, chars);
    }
    *out = str_copy(call->arena, s.ptr + at, n);
    return ST_OK;
}
ROW_KERNEL(text_substr)
{
    return text_substring(call, &a[0].str, a[1].i32, true, a[2].i32, &r->str);
}
ROW_KERNEL(text_substr_no_len)
{
    return text_substring(call, &a[0].str, a[1].i32, false, 0, &r->str);
}
/* text_edge - the first n characters (all but -n when negative), or the last. */
static Str text_edge(const Str *v, int32_t n, bool from_left)
{
    Slice s = str_slice(v);
    int64_t chars = utf8_count(s), keep = n >= 0 ? MIN((int64_t)n, chars) : MAX(chars + n, 0);
    size_t cut = utf8_offset(s, (size_t)(from_left ? keep : chars - keep));
    return from_left ? text_part(s.ptr, cut) : text_part(s.ptr + cut, s.len - cut);
}
ROW_KERNEL(text_left)
{
    Str part = text_edge(&a[0].str, a[1].i32, true);
    r->str = str_copy(call->arena, str_ptr(&part), part.len);
    return ST_OK;
}
ROW_KERNEL(text_right)
{
    Str part = text_edge(&a[0].str, a[1].i32, false);
    r->str = str_copy(call->arena, str_ptr(&part), part.len);
    return ST_OK;
}
static Status text_overlay(FnCall *call, const Str *v, const Str *with, int64_t start, int64_t len,
                           Str *out)
{
    if (start <= 0) {
        return err_set(call->cx, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
    }
    if (start + len > INT32_MAX) {
        return err_int4_range(call->cx);
    }
    Str head, tail;
    TRY(text_substring(call, v, 1, true, start - 1, &head));
    TRY(text_substring(call, v, start + len, false, 0, &tail));
    size_t n = (size_t)head.len + with->len + tail.len;
    char *p = arena_alloc(call->arena, n + 1);
    memcpy(p, str_ptr(&head), head.len);
    memcpy(p + head.len, str_ptr(with), with->len);
    memcpy(p + head.len + with->len, str_ptr(&tail), tail.len);
    *out = str_ref(p, n);
    return ST_OK;
}
ROW_KERNEL(textoverlay)
{
    return text_overlay(call, &a[0].str, &a[1].str, a[2].i32, a[3].i32, &r->str);
}
ROW_KERNEL(textoverlay_no_len)
{
    return text_overlay(call, &a[0].str, &a[1].str, a[2].i32, utf8_count(str_slice(&a[1].str)),
                        &r->str);
}

/* ---- search ---- */
static const char *text_find(Slice hay, Slice needle)
{
    return needle.len == 0 ? hay.ptr : memmem(hay.ptr, hay.len, needle.ptr, needle.len);
}
KERNEL_BINARY(k_textpos, Str, Str, int32_t, Slice s = str_slice(&a);
              const char *at = text_find(s, str_slice(&b));
              r = at == NULL ? 0 : (int32_t)utf8_count((Slice){s.ptr, (size_t)(at - s.ptr)}) + 1)
KERNEL_BINARY(k_text_starts_with, Str, Str, uint8_t,
              r = b.len <= a.len && memcmp(str_ptr(&a), str_ptr(&b), b.len) == 0)
ROW_KERNEL(replace_text)
{
    Slice s = str_slice(&a[0].str), from = str_slice(&a[1].str), to = str_slice(&a[2].str);
    const char *at = from.len == 0 ? NULL : text_find(s, from);
    if (at == NULL) {
        r->str = a[0].str;
        return ST_OK;
    }
    Buf buf;
    buf_init(&buf, TEXT_BYTES_MAX);
    while (at != NULL) {
        buf_put(&buf, s.ptr, (size_t)(at - s.ptr));
        buf_put_slice(&buf, to);
        s.len -= (size_t)(at - s.ptr) + from.len;
        s.ptr = at + from.len;
        at = text_find(s, from);
    }
    buf_put_slice(&buf, s);
    Status st = buf.overflow ? text_too_long(call->cx) : ST_OK;
    r->str = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return st;
}
ROW_KERNEL(split_part)
{
    Slice s = str_slice(&a[0].str), sep = str_slice(&a[1].str);
    int64_t want = a[2].i32;
    if (want == 0) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "field position must not be zero");
    }
    r->str = str_ref("", 0);
    if (s.len == 0) {
        return ST_OK;
    }
    if (sep.len == 0) {
        if (want == 1 || want == -1) {
            r->str = a[0].str;
        }
        return ST_OK;
    }
    if (want < 0) {
        int64_t fields = 1;
        for (Slice t = s; text_find(t, sep) != NULL; fields++) {
            const char *next = text_find(t, sep) + sep.len;
            t = (Slice){next, t.len - (size_t)(next - t.ptr)};
        }
        want += fields + 1;
        if (want <= 0) {
            return ST_OK;
        }
    }
    for (;;) {
        const char *at = text_find(s, sep);
        size_t n = at == NULL ? s.len : (size_t)(at - s.ptr);
        if (--want == 0) {
            r->str = str_copy(call->arena, s.ptr, n);
            return ST_OK;
        }
        if (at == NULL) {
            return ST_OK;
        }
        s.len -= n + sep.len;
        s.ptr = at + sep.len;
    }
}

/* ---- case ---- */
typedef enum TextCase { TEXT_LOWER, TEXT_UPPER, TEXT_INITCAP } TextCase;
static uint32_t text_case_char(uint32_t c, TextCase how, bool *in_word)
{
    bool word = *in_word;
    /* Default collation C folds ASCII only; letters beyond it are left as they are. */
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    *in_word = alnum;
    bool upper = how == TEXT_UPPER || (how == TEXT_INITCAP && !word);
    return upper ? (c >= 'a' && c <= 'z' ? c - 32 : c) : (c >= 'A' && c <= 'Z' ? c + 32 : c);
}
static Str text_change_case(Arena *arena, const Str *v, TextCase how)
{
    char small[STR_INLINE_BYTES], *to = small;
    const char *p = str_ptr(v);
    bool in_word = false;
    if (v->len > STR_INLINE_BYTES) {
        to = arena_alloc_aligned(arena, v->len, 1);
    }
    for (uint32_t i = 0; i < v->len; i++) {
        to[i] = (char)text_case_char((uint8_t)p[i], how, &in_word);
    }
    return str_ref(to, v->len);
}
KERNEL_UNARY(k_lower, Str, Str, r = text_change_case(call->arena, &a, TEXT_LOWER))
KERNEL_UNARY(k_upper, Str, Str, r = text_change_case(call->arena, &a, TEXT_UPPER))
KERNEL_UNARY(k_initcap, Str, Str, r = text_change_case(call->arena, &a, TEXT_INITCAP))

/* ---- trimming ---- */
static bool text_set_has(Slice set, const char *p, size_t n)
{
    for (size_t i = 0; i < set.len;) {
        size_t m = utf8_len(set.ptr[i]);
        if (m == n && i + m <= set.len && memcmp(set.ptr + i, p, n) == 0) {
            return true;
        }
        i += m;
    }
    return false;
}
/* text_trim - without characters of a set at the ends. */
static Str text_trim(const Str *v, Slice set, bool left, bool right)
{
    Slice s = str_slice(v);
    while (left && s.len > 0) {
        size_t n = MIN((size_t)utf8_len(s.ptr[0]), s.len);
        if (!text_set_has(set, s.ptr, n)) {
            break;
        }
        s.ptr += n;
        s.len -= n;
    }
    while (right && s.len > 0) {
        size_t n = 1;
        while (n < s.len && ((uint8_t)s.ptr[s.len - n] & 0xc0) == 0x80) {
            n++;
        }
        if (!text_set_has(set, s.ptr + s.len - n, n)) {
            break;
        }
        s.len -= n;
    }
    return str_ref(s.ptr, s.len);
}
#define TEXT_TRIM(name, left, right)                                                               \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        Str t = text_trim(&a[0].str, str_slice(&a[1].str), left, right);                           \
        r->str = str_copy(call->arena, str_ptr(&t), t.len);                                        \
        return ST_OK;                                                                              \
    }                                                                                              \
    ROW_KERNEL(name##1)                                                                            \
    {                                                                                              \
        Str t = text_trim(&a[0].str, SLICE_LIT(" "), left, right);                                 \
        r->str = str_copy(call->arena, str_ptr(&t), t.len);                                        \
        return ST_OK;                                                                              \
    }
/* clang-format off */
TEXT_TRIM(btrim, true, true)
TEXT_TRIM(ltrim, true, false)
TEXT_TRIM(rtrim, false, true)
/* clang-format on */

/* ---- padding, repeating, mapping ---- */

/* text_repeat_to - `total` bytes of the pattern over and over, by copying what is there already. */
static Status text_repeat_to(Cx *cx, char *to, Slice pattern, size_t total)
{
    const size_t most = MAX(((size_t)1 << 20) / MAX(pattern.len, 1) * pattern.len, pattern.len);
    size_t done = MIN(pattern.len, total);
    memcpy(to, pattern.ptr, done);
    while (done < total) {
        size_t n = MIN(MIN(done, most), total - done);
        TRY(n == most ? cx_check(cx) : ST_OK);
        memcpy(to + done, to, n);
        done += n;
    }
    return ST_OK;
}

/* text_pad - fill to a length in characters, or cut to it. */
static Status text_pad(FnCall *call, const Str *v, int32_t want, Slice fill, bool left, Str *out)
{
    Slice s = str_slice(v);
    size_t chars = utf8_count(s), length = (size_t)MAX(want, 0);
    if (length * 4 > TEXT_BYTES_MAX) {
        return text_too_long(call->cx);
    }
    if (chars >= length || fill.len == 0) {
        *out = str_copy(call->arena, s.ptr, utf8_offset(s, length));
        return ST_OK;
    }
    size_t need = length - chars, fill_chars = utf8_count(fill);
    size_t whole = need / fill_chars, rest = utf8_offset(fill, need % fill_chars);
    size_t pad = whole * fill.len + rest;
    char *p = arena_alloc(call->arena, pad + s.len), *to = left ? p : p + s.len;
    memcpy(left ? p + pad : p, s.ptr, s.len);
    TRY(text_repeat_to(call->cx, to, fill, pad));
    *out = str_ref(p, pad + s.len);
    return ST_OK;
}
ROW_KERNEL(lpad)
{
    return text_pad(call, &a[0].str, a[1].i32, str_slice(&a[2].str), true, &r->str);
}
ROW_KERNEL(rpad)
{
    return text_pad(call, &a[0].str, a[1].i32, str_slice(&a[2].str), false, &r->str);
}
ROW_KERNEL(lpad_space)
{
    return text_pad(call, &a[0].str, a[1].i32, SLICE_LIT(" "), true, &r->str);
}
ROW_KERNEL(rpad_space)
{
    return text_pad(call, &a[0].str, a[1].i32, SLICE_LIT(" "), false, &r->str);
}
ROW_KERNEL(repeat)
{
    Slice s = str_slice(&a[0].str);
    size_t times = (size_t)MAX(a[1].i32, 0), total;
    if (__builtin_mul_overflow(s.len, times, &total) || total > TEXT_BYTES_MAX) {
        return text_too_long(call->cx);
    }
    char *p = arena_alloc(call->arena, total + 1);
    TRY(text_repeat_to(call->cx, p, s, total));
    r->str = str_ref(p, total);
    return ST_OK;
}
ROW_KERNEL(translate)
{
    Slice s = str_slice(&a[0].str), from = str_slice(&a[1].str), to = str_slice(&a[2].str);
    Buf buf;
    buf_init(&buf, TEXT_BYTES_MAX);
    for (size_t i = 0; i < s.len;) {
        size_t n = MIN((size_t)utf8_len(s.ptr[i]), s.len - i), k = 0, f = 0;
        bool found = false;
        while (f < from.len && !found) {
            size_t m = utf8_len(from.ptr[f]);
            found = m == n && f + m <= from.len && memcmp(from.ptr + f, s.ptr + i, n) == 0;
            f += m;
            k += !found;
        }
        if (!found) {
            buf_put(&buf, s.ptr + i, n);
        } else {
            size_t at = utf8_offset(to, k);
            if (at < to.len) {
                buf_put(&buf, to.ptr + at, MIN((size_t)utf8_len(to.ptr[at]), to.len - at));
            }
        }
        i += n;
    }
    r->str = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return ST_OK;
}
ROW_KERNEL(text_reverse)
{
    Slice s = str_slice(&a[0].str);
    char *p = arena_alloc(call->arena, s.len + 1), *to = p + s.len;
    for (size_t i = 0; i < s.len;) {
        size_t n = MIN((size_t)utf8_len(s.ptr[i]), s.len - i);
        to -= n;
        memcpy(to, s.ptr + i, n);
        i += n;
    }
    r->str = str_ref(p, s.len);
    return ST_OK;
}
ROW_KERNEL(ascii)
{
    r->i32 = a[0].str.len == 0 ? 0 : (int32_t)utf8_decode(str_ptr(&a[0].str));
    return ST_OK;
}
ROW_KERNEL(chr)
{
    int32_t c = a[0].i32;
    char bytes[4];
    if (c < 0) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "character number must be positive");
    }
    if (c == 0) {
        return err_set(call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "null character not permitted");
    }
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return err_set(call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       c > 0x10ffff ? "requested character too large for encoding: %d"
                                    : "requested character not valid for encoding: %d",
                       c);
    }
    r->str = str_ref(bytes, utf8_encode((uint32_t)c, bytes));
    return ST_OK;
}

static const FnOps TEXT_FN_FNS[] = {
    FN(textlen),
    FN(textoctetlen),
    FN_AS("byteaoctetlen", textoctetlen),
    FN_AS("bpcharoctetlen", textoctetlen),
    FN_AS("oid:1810", bitlen),
    FN_AS("oid:1811", bitlen),
    FN(bpcharlen),
    FN(textcat),
    FN_AS("byteacat", textcat),
    FN(text_substr),
    FN(text_substr_no_len),
    FN(text_left),
    FN(text_right),
    FN(textoverlay),
    FN(textoverlay_no_len),
    FN(textpos),
    FN(text_starts_with),
    FN(replace_text),
    FN(split_part),
    FN(lower),
    FN(upper),
    FN(initcap),
    FN(btrim),
    FN(ltrim),
    FN(rtrim),
    FN(btrim1),
    FN(ltrim1),
    FN(rtrim1),
    FN(lpad),
    FN(rpad),
    FN_AS("oid:879", lpad_space),
    FN_AS("oid:880", rpad_space),
    FN(repeat),
    FN(translate),
    FN(text_reverse),
    FN(ascii),
    FN(chr),
};
const TypeFamily type_family_text_fn = {
    .fns = TEXT_FN_FNS,
    .fn_count = ARRAY_LEN(TEXT_FN_FNS),
};
