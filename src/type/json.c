/*
 * json.c - json: text that is checked on input and kept as it was written; access by name and
 * index, building from values.
 *
 * One scanner does all: it walks a value, checks it, and tells where it ends. Looking something up
 * walks the siblings before it. Errors carry PostgreSQL's DETAIL and CONTEXT.
 */
#include <stdio.h>
#include <stdlib.h>

#include "type/array.h"
#include "type/json_internal.h"
#include "type/record.h"

#define JSON_DEPTH_MAX 6000

void json_skip_space(JsonScan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) {
        s->p++;
    }
}
static bool json_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (c & 0x80) != 0;
}
/* json_fail - the token at p is wrong. */
static JsonErr json_fail(JsonScan *s, JsonErr e)
{
    const char *q = s->p;
    while (q < s->end && json_word_char(*q)) {
        q++;
    }
    if (q == s->p && q < s->end) {
        q++;
        if (*s->p == '"') { /* a whole string is the token */
            while (q < s->end && *q != '"') {
                q += *q == '\\' && q + 1 < s->end ? 2 : 1;
            }
            q += q < s->end;
        } else if (*s->p == '-') {
            while (q < s->end && json_word_char(*q)) {
                q++;
            }
        } else if (memchr("{}[],:", *s->p, 6) == NULL) {
            e = JE_TOKEN;
        }
    } else if (q > s->p && !is_digit(*s->p)) {
        Slice w = {s->p, (size_t)(q - s->p)};
        if (!slice_eq(w, SLICE_LIT("true")) && !slice_eq(w, SLICE_LIT("false")) &&
            !slice_eq(w, SLICE_LIT("null"))) {
            e = JE_TOKEN;
        }
    }
    s->token = s->p;
    s->token_end = q;
    return e;
}

/* json_hex4 - four digits at p, -1 when they are not. */
static int32_t json_hex4(const char *p, const char *end)
{
    int32_t v = 0;
    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        char c = ascii_lower(p[i]);
        int d = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (d < 0) {
            return -1;
        }
        v = v << 4 | d;
    }
    return v;
}
/* json_hex_end - behind the character where four digits stop being some; *cut_out: the text ends
 * first. */
static const char *json_hex_end(const char *p, const char *end, bool *cut_out)
{
    *cut_out = false;
    for (int i = 0; i < 4 && p < end; i++) {
        char c = ascii_lower(*p);
        if (!is_digit(c) && (c < 'a' || c > 'f')) {
            return MIN(p + utf8_len(*p), end);
        }
        p++;
    }
    *cut_out = true;
    return p;
}
/* json_string - at the opening quote; the text without escapes goes to `out` when not NULL. */
JsonErr json_string(JsonScan *s, Buf *out)
{
    const char *open = s->p++;
    int32_t high = 0;
    s->token = open;
    for (;;) {
        if (s->p >= s->end) {
            s->token_end = s->end;
            return JE_TOKEN;
        }
        uint8_t c = (uint8_t)*s->p;
        if (out != NULL && high != 0 && (c != '\\' || s->p + 1 >= s->end || s->p[1] != 'u')) {
            s->token_end = MIN(s->p + (c == '\\' ? 2 : utf8_len((char)c)), s->end);
            return JE_SURROGATE_LOW;
        }
        if (c == '"') {
            s->p++;
            return JE_OK;
        }
        if (c < 0x20) {
            s->token_end = s->p;
            return JE_CONTROL;
        }
        if (c != '\\') {
            if (out != NULL) {
                buf_putc(out, (char)c);
            }
            s->p++;
            continue;
        }
        if (++s->p >= s->end) {
            s->token_end = s->end;
            return JE_TOKEN;
        }
        static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
        const char *at = *s->p == '\0' ? NULL : strchr(FROM, *s->p);
        if (*s->p == 'u') {
            int32_t code = json_hex4(s->p + 1, s->end);
            if (code < 0) {
                bool cut;
                s->token_end = json_hex_end(s->p + 1, s->end, &cut);
                return cut ? JE_TOKEN : JE_UNICODE;
            }
            bool is_high = code >= 0xd800 && code < 0xdc00,
                 is_low = code >= 0xdc00 && code < 0xe000;
            s->p += 5;
            if (out == NULL) {
                continue; /* halves of pairs are only looked at when the text is asked for */
            }
            if (is_high && high != 0) {
                s->token_end = s->p;
                return JE_SURROGATE_HIGH;
            }
            if (is_low != (high != 0)) {
                s->token_end = s->p;
                return JE_SURROGATE_LOW;
            }
            if (is_high) {
                high = code;
                continue;
            }
            uint32_t full =
                is_low ? 0x10000u + ((uint32_t)(high & 0x3ff) << 10) + (uint32_t)(code & 0x3ff)
                       : (uint32_t)code;
            high = 0;
            if (full == 0) {
                s->token_end = s->p;
                return JE_NUL;
            }
            char bytes[4];
            buf_put(out, bytes, utf8_encode(full, bytes));
        } else if (at != NULL) {
            if (out != NULL) {
                buf_putc(out, TO[at - FROM]);
            }
            s->p++;
        } else {
            s->token_end = MIN(s->p + utf8_len(*s->p), s->end);
            s->token = s->p;
            return JE_ESCAPE;
        }
    }
}
/* json_number - at a digit or minus sign. */
static JsonErr json_number(JsonScan *s)
{
    const char *q = s->p;
    bool bad = false;
    q += *q == '-';
    if (q < s->end && *q == '0') {
        q++;
    } else if (q < s->end && is_digit(*q)) {
        while (q < s->end && is_digit(*q)) {
            q++;
        }
    } else {
        bad = true;
    }
    if (q < s->end && *q == '.') {
        q++;
        bad |= q == s->end || !is_digit(*q);
        while (q < s->end && is_digit(*q)) {
            q++;
        }
    }
    if (q < s->end && (*q == 'e' || *q == 'E')) {
        q++;
        q += q < s->end && (*q == '+' || *q == '-');
        bad |= q == s->end || !is_digit(*q);
        while (q < s->end && is_digit(*q)) {
            q++;
        }
    }
    if (bad || (q < s->end && json_word_char(*q))) {
        while (q < s->end && json_word_char(*q)) {
            q++;
        }
        s->token = s->p;
        s->token_end = q;
        return JE_TOKEN;
    }
    s->p = q;
    return JE_OK;
}

/* json_string_checked - a string within a value. */
static JsonErr json_string_checked(JsonScan *s)
{
    if (s->text != NULL) {
        buf_clear(s->text);
    }
    return json_string(s, s->text);
}

static JsonErr json_value(JsonScan *s);
/* json_array - at the opening bracket. */
static JsonErr json_array(JsonScan *s)
{
    s->p++;
    json_skip_space(s);
    if (s->p < s->end && *s->p == ']') {
        s->p++;
        return JE_OK;
    }
    for (bool first = true;; first = false) {
        json_skip_space(s);
        if (first && (s->p >= s->end || memchr("}:,", *s->p, 3) != NULL)) {
            return json_fail(s, JE_ARRAY_FIRST);
        }
        JsonErr e = json_value(s);
        if (e != JE_OK) {
            return e;
        }
        json_skip_space(s);
        if (s->p < s->end && *s->p == ']') {
            s->p++;
            return JE_OK;
        }
        if (s->p >= s->end || *s->p != ',') {
            return json_fail(s, JE_ARRAY_NEXT);
        }
        s->p++;
    }
}
/* json_object - at the opening brace. */
static JsonErr json_object(JsonScan *s)
{
    s->p++;
    json_skip_space(s);
    if (s->p < s->end && *s->p == '}') {
        s->p++;
        return JE_OK;
    }
    for (bool first = true;; first = false) {
        json_skip_space(s);
        if (s->p >= s->end || *s->p != '"') {
            return json_fail(s, first ? JE_OBJECT_FIRST : JE_STRING);
        }
        JsonErr e = json_string_checked(s);
        if (e != JE_OK) {
            return e;
        }
        json_skip_space(s);
        if (s->p >= s->end || *s->p != ':') {
            return json_fail(s, JE_COLON);
        }
        s->p++;
        e = json_value(s);
        if (e != JE_OK) {
            return e;
        }
        json_skip_space(s);
        if (s->p < s->end && *s->p == '}') {
            s->p++;
            return JE_OK;
        }
        if (s->p >= s->end || *s->p != ',') {
            return json_fail(s, JE_OBJECT_NEXT);
        }
        s->p++;
    }
}
/* json_value - any value; white space before it is passed over. */
static JsonErr json_value(JsonScan *s)
{
    json_skip_space(s);
    if (s->p >= s->end) {
        return json_fail(s, JE_VALUE);
    }
    char c = *s->p;
    if (c == '{' || c == '[') {
        if (++s->depth > JSON_DEPTH_MAX) {
            return JE_DEPTH;
        }
        JsonErr e = c == '{' ? json_object(s) : json_array(s);
        s->depth--;
        return e;
    }
    if (c == '"') {
        return json_string_checked(s);
    }
    if (c == '-' || is_digit(c)) {
        return json_number(s);
    }
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        size_t n = strlen(WORDS[i]);
        if ((size_t)(s->end - s->p) >= n && memcmp(s->p, WORDS[i], n) == 0 &&
            (s->p + n == s->end || !json_word_char(s->p[n]))) {
            s->p += n;
            return JE_OK;
        }
    }
    return json_fail(s, JE_VALUE);
}

/* json_raise - the error with PostgreSQL's DETAIL and CONTEXT. */
Status json_raise(Cx *cx, const JsonScan *s, JsonErr e)
{
    if (e == JE_DEPTH) {
        return err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    const char *token = s->token;
    int n = (int)(s->token_end - token);
    Status st = e == JE_NUL ? err_set(cx, ERRCODE_UNTRANSLATABLE_CHARACTER,
                                      "unsupported Unicode escape sequence")
                            : err_set(cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                                      "invalid input syntax for type json");
    if (e == JE_NUL) {
        st = err_detail(cx, "\\u0000 cannot be converted to text.");
    } else if (n == 0 && e != JE_CONTROL && e != JE_ESCAPE && e != JE_UNICODE) {
        st = err_detail(cx, "The input string ended unexpectedly.");
    } else {
        static const char *const FORMS[] = {
            [JE_VALUE] = "Expected JSON value, but found \"%.*s\".",
            [JE_END] = "Expected end of input, but found \"%.*s\".",
            [JE_ARRAY_FIRST] = "Expected array element or \"]\", but found \"%.*s\".",
            [JE_ARRAY_NEXT] = "Expected \",\" or \"]\", but found \"%.*s\".",
            [JE_OBJECT_FIRST] = "Expected string or \"}\", but found \"%.*s\".",
            [JE_OBJECT_NEXT] = "Expected \",\" or \"}\", but found \"%.*s\".",
            [JE_STRING] = "Expected string, but found \"%.*s\".",
            [JE_COLON] = "Expected \":\", but found \"%.*s\".",
            [JE_TOKEN] = "Token \"%.*s\" is invalid.",
            [JE_ESCAPE] = "Escape sequence \"\\%.*s\" is invalid.",
        };
        char detail[512];
        Buf text;
        buf_init(&text, sizeof(detail) - 1);
        if (e == JE_CONTROL) {
            buf_printf(&text, "Character with value 0x%02x must be escaped.",
                       (unsigned)(uint8_t)*s->token_end);
        } else if (e == JE_UNICODE) {
            buf_puts(&text, "\"\\u\" must be followed by four hexadecimal digits.");
        } else if (e == JE_SURROGATE_HIGH) {
            buf_puts(&text, "Unicode high surrogate must not follow a high surrogate.");
        } else if (e == JE_SURROGATE_LOW) {
            buf_puts(&text, "Unicode low surrogate must follow a high surrogate.");
        } else {
            const char *form = FORMS[e], *at = strstr(form, "%.*s");
            buf_put(&text, form, (size_t)(at - form));
            buf_put(&text, token, (size_t)MIN(n, 400));
            buf_puts(&text, at + 4);
        }
        st = err_detail(cx, "%.*s", (int)text.len, (const char *)text.data);
        buf_release(&text);
    }
    /* The line with the error, up to it, fifty bytes at most. */
    int line = 1;
    const char *line_start = s->start;
    for (const char *q = s->start; q < s->token_end; q++) {
        if (*q == '\n') {
            line++;
            line_start = q + 1;
        }
    }
    const char *from = line_start;
    while (s->token_end - from >= 50) {
        from += utf8_len(*from);
    }
    if (from - line_start <= 3) {
        from = line_start;
    }
    bool more = s->token_end < s->end && *s->token_end != '\n' && *s->token_end != '\r';
    st_ignore(err_context(cx, "JSON data, line %d: %s%.*s%s", line, from > line_start ? "..." : "",
                          (int)(s->token_end - from), from, more ? "..." : ""));
    return st;
}

Status json_check(Cx *cx, Slice text, bool as_texts)
{
    Buf scratch;
    buf_init(&scratch, SIZE_MAX);
    JsonScan s = {.start = text.ptr, .p = text.ptr, .end = text.ptr + text.len};
    s.text = as_texts ? &scratch : NULL;
    JsonErr e = json_value(&s);
    if (e == JE_OK) {
        json_skip_space(&s);
        if (s.p < s.end) {
            e = json_fail(&s, JE_END);
        }
    }
    buf_release(&scratch);
    return e == JE_OK ? ST_OK : json_raise(cx, &s, e);
}
static Status json_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    TRY(json_check(call->cx, text, false));
    out->str = str_copy(call->arena, text.ptr, text.len);
    return ST_OK;
}
static void json_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put(buf, str_ptr(&v->str), v->str.len);
}
static Status json_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(utf8_verify(call->cx, bytes));
    return json_in(call, bytes, typmod, out);
}

/* ---- access ---- */
JsonKind json_kind(const char *p)
{
    switch (*p) {
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case '"': return JSON_STRING;
    case 't':
    case 'f': return JSON_BOOL;
    case 'n': return JSON_NULL;
    default: return JSON_NUMBER;
    }
}
JsonScan json_open(const Str *v)
{
    Slice t = str_slice(v);
    JsonScan s = {.start = t.ptr, .p = t.ptr, .end = t.ptr + t.len};
    json_skip_space(&s);
    return s;
}
/* json_step - past the value at p (known to be valid); returns its bytes. */
Slice json_step(JsonScan *s)
{
    json_skip_space(s);
    const char *from = s->p;
    (void)json_value(s);
    return (Slice){from, (size_t)(s->p - from)};
}
/* json_next - after an element: true when another follows. */
bool json_next(JsonScan *s)
{
    json_skip_space(s);
    return s->p < s->end && *s->p++ == ',';
}
bool json_empty(JsonScan *s)
{
    s->p++;
    json_skip_space(s);
    return *s->p == ']' || *s->p == '}';
}
/* json_find_field - the last value under a name, as the text of the value. */
bool json_find_field(Slice text, Slice name, Slice *out)
{
    JsonScan s = {.start = text.ptr, .p = text.ptr, .end = text.ptr + text.len};
    json_skip_space(&s);
    bool found = false;
    if (json_kind(s.p) != JSON_OBJECT || json_empty(&s)) {
        return false;
    }
    Buf key;
    buf_init(&key, SIZE_MAX);
    do {
        json_skip_space(&s);
        buf_clear(&key);
        (void)json_string(&s, &key);
        json_skip_space(&s);
        s.p++;
        Slice value = json_step(&s);
        if (key.len == name.len &&
            memcmp(key.data == NULL ? (const uint8_t *)"" : key.data, name.ptr, name.len) == 0) {
            *out = value;
            found = true;
        }
    } while (json_next(&s));
    buf_release(&key);
    return found;
}
static int32_t json_count(const Str *v)
{
    JsonScan s = json_open(v);
    int32_t n = 0;
    if (!json_empty(&s)) {
        do {
            (void)json_step(&s);
            n++;
        } while (json_next(&s));
    }
    return n;
}
static bool json_find_element(const Str *v, int32_t index, Slice *out)
{
    JsonScan s = json_open(v);
    if (json_kind(s.p) != JSON_ARRAY) {
        return false;
    }
    if (index < 0) {
        index += json_count(v);
    }
    if (index < 0 || json_empty(&s)) {
        return false;
    }
    do {
        *out = json_step(&s);
        if (index-- == 0) {
            return true;
        }
    } while (json_next(&s));
    return false;
}
/* json_as_text - strings lose their quotes, null is NULL. */
Status json_as_text(FnCall *call, Slice whole, Slice value, Str *out)
{
    if (json_kind(value.ptr) == JSON_NULL) {
        return KERNEL_NULL;
    }
    if (json_kind(value.ptr) != JSON_STRING) {
        *out = str_copy(call->arena, value.ptr, value.len);
        return ST_OK;
    }
    if (value.ptr < whole.ptr || value.ptr >= whole.ptr + whole.len) {
        whole = value; /* a copy, as short texts are */
    }
    JsonScan s = {.start = whole.ptr, .p = value.ptr, .end = whole.ptr + whole.len};
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    JsonErr e = json_string(&s, &buf);
    *out = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return e == JE_OK ? ST_OK : json_raise(call->cx, &s, e);
}
ROW_KERNEL(json_object_field)
{
    Slice v;
    if (!json_find_field(str_slice(&a[0].str), str_slice(&a[1].str), &v)) {
        return KERNEL_NULL;
    }
    r->str = str_copy(call->arena, v.ptr, v.len);
    return ST_OK;
}
ROW_KERNEL(json_object_field_text)
{
    Slice v;
    return json_find_field(str_slice(&a[0].str), str_slice(&a[1].str), &v)
               ? json_as_text(call, str_slice(&a[0].str), v, &r->str)
               : KERNEL_NULL;
}
ROW_KERNEL(json_array_element)
{
    Slice v;
    if (!json_find_element(&a[0].str, a[1].i32, &v)) {
        return KERNEL_NULL;
    }
    r->str = str_copy(call->arena, v.ptr, v.len);
    return ST_OK;
}
ROW_KERNEL(json_array_element_text)
{
    Slice v;
    return json_find_element(&a[0].str, a[1].i32, &v)
               ? json_as_text(call, str_slice(&a[0].str), v, &r->str)
               : KERNEL_NULL;
}
/* json_follow - down a text[] of field names and element numbers; false when it leads nowhere. Each
 * step is kept in the arena: a short text is inside its Str. */
static bool json_follow(Arena *arena, const Str *start, const Str *path, Slice *out)
{
    ArrayView v;
    Datum d;
    bool is_null;
    array_view(path, &v);
    ArrayIter it = array_iter(&v);
    *out = slice_trim(str_slice(start));
    while (array_next(&it, &d, &is_null)) {
        Str *here = ARENA_NEW(arena, Str);
        Slice step = str_slice(&d.str);
        if (is_null) {
            return false;
        }
        *here = str_ref(out->ptr, out->len);
        JsonScan s = json_open(here);
        if (json_kind(s.p) == JSON_OBJECT) {
            if (!json_find_field(str_slice(here), step, out)) {
                return false;
            }
        } else {
            char digits[12] = {0}, *end;
            memcpy(digits, step.ptr, MIN(step.len, sizeof(digits) - 1));
            int64_t index = strtol(digits, &end, 10);
            if (step.len == 0 || *end != '\0' || step.len >= sizeof(digits) || index > INT32_MAX ||
                index < -INT32_MAX || !json_find_element(here, (int32_t)index, out)) {
                return false;
            }
        }
    }
    return true;
}
ROW_KERNEL(json_extract_path)
{
    Slice v;
    if (!json_follow(call->arena, &a[0].str, &a[1].str, &v)) {
        return KERNEL_NULL;
    }
    r->str = str_copy(call->arena, v.ptr, v.len);
    return ST_OK;
}
ROW_KERNEL(json_extract_path_text)
{
    Slice v;
    return json_follow(call->arena, &a[0].str, &a[1].str, &v)
               ? json_as_text(call, str_slice(&a[0].str), v, &r->str)
               : KERNEL_NULL;
}
ROW_KERNEL(json_array_length)
{
    JsonScan s = json_open(&a[0].str);
    JsonKind kind = json_kind(s.p);
    if (kind != JSON_ARRAY) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       kind == JSON_OBJECT ? "cannot get array length of a non-array"
                                           : "cannot get array length of a scalar");
    }
    r->i32 = json_count(&a[0].str);
    return ST_OK;
}
ROW_KERNEL(json_typeof)
{
    static const char *const NAMES[] = {"object", "array", "string", "number", "boolean", "null"};
    JsonScan s = json_open(&a[0].str);
    const char *name = NAMES[json_kind(s.p)];
    r->str = str_ref(name, strlen(name));
    return ST_OK;
}

/* ---- building ---- */

/* json_quote - a text as a JSON string. */
void json_quote(Slice s, Buf *buf)
{
    buf_putc(buf, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        switch (c) {
        case '"': buf_puts(buf, "\\\""); break;
        case '\\': buf_puts(buf, "\\\\"); break;
        case '\b': buf_puts(buf, "\\b"); break;
        case '\f': buf_puts(buf, "\\f"); break;
        case '\n': buf_puts(buf, "\\n"); break;
        case '\r': buf_puts(buf, "\\r"); break;
        case '\t': buf_puts(buf, "\\t"); break;
        default:
            if ((uint8_t)c < 0x20) {
                buf_puts(buf, "\\u00");
                buf_putc(buf, (char)('0' + (c >> 4)));
                buf_putc(buf, "0123456789abcdef"[c & 15]);
            } else {
                buf_putc(buf, c);
            }
        }
    }
    buf_putc(buf, '"');
}
/* json_put_array - an array as json, one level for each dimension; separator stands between the
 * items of the outermost. */
static Status json_put_array(FnCall *call, const Str *array, const char *separator, Buf *buf)
{
    ArrayView v;
    Datum d;
    bool is_null;
    int32_t at[ARRAY_DIMS_MAX] = {0};
    uint64_t none[VEC_VALID_WORDS] = {0};
    array_view(array, &v);
    if (v.count == 0) {
        buf_puts(buf, "[]");
        return ST_OK;
    }
    uint32_t last = v.shape.ndim - 1;
    ArrayIter it = array_iter(&v);
    for (uint32_t i = 0; i <= last; i++) {
        buf_putc(buf, '[');
    }
    while (array_next(&it, &d, &is_null)) {
        Vector one = {
            .phys = v.phys, .kind = VEC_CONST, .data = &d, .valid = is_null ? none : NULL};
        TRY(json_put_value(call, v.shape.element, &one, 0, false, buf));
        uint32_t level = last, closed = 0;
        while (++at[level] == v.shape.dims[level]) {
            at[level] = 0;
            buf_putc(buf, ']');
            closed++;
            if (level-- == 0) {
                return ST_OK;
            }
        }
        buf_puts(buf, level == 0 ? separator : ",");
        for (; closed > 0; closed--) {
            buf_putc(buf, '[');
        }
    }
    return ST_OK;
}

/* json_put_record - a row as an object of its fields. */
static Status json_put_record(FnCall *call, const Str *record, const char *separator, Buf *buf)
{
    RecordIter it = record_iter(record);
    RecordField f;
    Slice name;
    char number[16];
    uint64_t none[VEC_VALID_WORDS] = {0};
    buf_putc(buf, '{');
    while (record_next(&it, &f, &name)) {
        const TypeOps *ops = type_ops(f.type);
        Vector one = {.phys = ops != NULL ? ops->phys : PHYS_STR,
                      .kind = VEC_CONST,
                      .data = &f.value,
                      .valid = f.is_null ? none : NULL};
        buf_puts(buf, it.next > 1 ? separator : "");
        if (name.len == 0) {
            name = (Slice){number, (size_t)snprintf(number, sizeof(number), "f%u", it.next)};
        }
        json_quote(name, buf);
        buf_putc(buf, ':');
        TRY(json_put_value(call, f.type, &one, 0, false, buf));
    }
    buf_putc(buf, '}');
    return ST_OK;
}

/* json_put_value - any value as json: numbers and booleans bare, json as it is, the rest quoted;
 * timestamps in ISO 8601. */
Status json_put_value(FnCall *call, Oid oid, const Vector *arg, uint32_t row, bool as_key, Buf *buf)
{
    const TypeOps *type = type_ops(oid);
    if (type == NULL) {
        return err_unsupported(call->cx, "conversion of type %u to json is not supported", oid);
    }
    if (vec_is_null(arg, row)) {
        buf_puts(buf, "null");
        return ST_OK;
    }
    Datum v = vec_get(arg, row);
    if (oid == TYPE_BOOL) {
        const char *quote = as_key ? "\"" : "";
        buf_puts(buf, quote);
        buf_puts(buf, v.b ? "true" : "false");
        buf_puts(buf, quote);
        return ST_OK;
    }
    if (oid == TYPE_JSON || oid == TYPE_JSONB) {
        if (as_key) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "key value must be scalar, not array, composite, or json");
        }
        type->out(call, &v, buf);
        return ST_OK;
    }
    if (type_array_element(oid) != OID_INVALID) {
        return as_key ? err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                                "key value must be scalar, not array, composite, or json")
                      : json_put_array(call, &v.str, ",", buf);
    }
    if (oid == TYPE_RECORD) {
        return as_key ? err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                                "key value must be scalar, not array, composite, or json")
                      : json_put_record(call, &v.str, ",", buf);
    }
    Buf text;
    buf_init(&text, SIZE_MAX);
    FnCall iso = *call;
    TypeEnv env = call->env != NULL ? *call->env : (TypeEnv){.extra_float_digits = 1};
    env.date_style = DATESTYLE_ISO;
    iso.env = &env;
    type->out(&iso, &v, &text);
    if ((oid == TYPE_TIMESTAMP || oid == TYPE_TIMESTAMPTZ) && text.len > 0) {
        uint8_t *space = memchr(text.data, ' ', text.len);
        if (space != NULL) {
            *space = 'T';
        }
        /* +02 becomes +02:00. */
        if (oid == TYPE_TIMESTAMPTZ && text.len > 3 &&
            (text.data[text.len - 3] == '+' || text.data[text.len - 3] == '-')) {
            buf_puts(&text, ":00");
        }
    }
    Slice s = {text.data == NULL ? "" : (const char *)text.data, text.len};
    bool number = oid == TYPE_INT2 || oid == TYPE_INT4 || oid == TYPE_INT8 || oid == TYPE_FLOAT4 ||
                  oid == TYPE_FLOAT8 || oid == TYPE_NUMERIC;
    if (!as_key && number && s.ptr[s.len - 1] >= '0' && s.ptr[s.len - 1] <= '9') {
        buf_put_slice(buf, s);
    } else {
        json_quote(s, buf);
    }
    buf_release(&text);
    return ST_OK;
}
typedef Status (*JsonRowFn)(FnCall *call, const Vector *const *args, uint32_t n, uint32_t row,
                            Buf *buf);
static Status json_rows(KERNEL_PARAMS, JsonRowFn one)
{
    Buf buf;
    buf_init(&buf, 0x3fffffff);
    Status st = ST_OK;
    SEL_FOREACH(row, sel)
    {
        buf_clear(&buf);
        st = cx_check(call->cx);
        if (st == ST_OK) {
            st = one(call, args, arg_count, row, &buf);
        }
        if (st != ST_OK) {
            break;
        }
        VEC_DATA(out, Str)[row] = str_of_buf(call->arena, &buf);
    }
    buf_release(&buf);
    return st;
}
/* json_build_object_row - keys and values in turn. */
static Status json_build_object_row(FnCall *call, const Vector *const *args, uint32_t n,
                                    uint32_t row, Buf *buf)
{
    if (n % 2 != 0) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                          "argument list must have even number of elements"));
        return err_hint(call->cx,
                        "The arguments of %s must consist of alternating keys and values.",
                        "json_build_object()");
    }
    buf_putc(buf, '{');
    for (uint32_t i = 0; i < n; i += 2) {
        if (vec_is_null(args[i], row)) {
            st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                              "argument %u cannot be null", i + 1));
            return err_hint(call->cx, "Object keys should be text.");
        }
        buf_puts(buf, i > 0 ? ", " : "");
        TRY(json_put_value(call, call->arg_types[i], args[i], row, true, buf));
        buf_puts(buf, " : ");
        TRY(json_put_value(call, call->arg_types[i + 1], args[i + 1], row, false, buf));
    }
    buf_putc(buf, '}');
    return ST_OK;
}
static Status json_build_array_row(FnCall *call, const Vector *const *args, uint32_t n,
                                   uint32_t row, Buf *buf)
{
    buf_putc(buf, '[');
    for (uint32_t i = 0; i < n; i++) {
        buf_puts(buf, i > 0 ? ", " : "");
        TRY(json_put_value(call, call->arg_types[i], args[i], row, false, buf));
    }
    buf_putc(buf, ']');
    return ST_OK;
}
static Status to_json_row(FnCall *call, const Vector *const *args, uint32_t n UNUSED, uint32_t row,
                          Buf *buf)
{
    return json_put_value(call, call->arg_types[0], args[0], row, false, buf);
}
static Status array_to_json_row(FnCall *call, const Vector *const *args, uint32_t n, uint32_t row,
                                Buf *buf)
{
    Datum d = vec_get(args[0], row);
    bool pretty = n > 1 && vec_get(args[1], row).b;
    return json_put_array(call, &d.str, pretty ? ",\n " : ",", buf);
}
static Status row_to_json_row(FnCall *call, const Vector *const *args, uint32_t n, uint32_t row,
                              Buf *buf)
{
    Datum d = vec_get(args[0], row);
    bool pretty = n > 1 && vec_get(args[1], row).b;
    return json_put_record(call, &d.str, pretty ? ",\n " : ",", buf);
}
static Status k_row_to_json(KERNEL_PARAMS)
{
    return json_rows(call, args, arg_count, sel, out, row_to_json_row);
}
static Status k_array_to_json(KERNEL_PARAMS)
{
    return json_rows(call, args, arg_count, sel, out, array_to_json_row);
}
static Status k_json_build_object(KERNEL_PARAMS)
{
    return json_rows(call, args, arg_count, sel, out, json_build_object_row);
}
static Status k_json_build_array(KERNEL_PARAMS)
{
    return json_rows(call, args, arg_count, sel, out, json_build_array_row);
}
static Status k_to_json(KERNEL_PARAMS)
{
    return json_rows(call, args, arg_count, sel, out, to_json_row);
}

static const FnOps JSON_FNS[] = {
    FN(json_object_field),
    FN(json_object_field_text),
    FN(json_array_element),
    FN(json_array_element_text),
    FN(json_array_length),
    FN(json_extract_path),
    FN(json_extract_path_text),
    FN(json_typeof),
    FN(json_build_object),
    FN_AS("json_build_object_noargs", json_build_object),
    FN(json_build_array),
    FN_AS("json_build_array_noargs", json_build_array),
    FN(to_json),
    FN(array_to_json),
    FN(row_to_json),
    FN_AS("row_to_json_pretty", row_to_json),
    FN_AS("array_to_json_pretty", array_to_json),
};
static const TypeOps JSON_TYPES[] = {
    {TYPE_JSON, "json", PHYS_STR, json_in, json_out, json_recv, json_out, NULL, NULL, NULL, NULL},
};
const TypeFamily type_family_json = {
    .types = JSON_TYPES,
    .type_count = ARRAY_LEN(JSON_TYPES),
    .fns = JSON_FNS,
    .fn_count = ARRAY_LEN(JSON_FNS),
};
