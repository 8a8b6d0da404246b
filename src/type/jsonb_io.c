/*
 * jsonb_io.c - jsonb: text and binary input and output, order, hash, index keys, casts.
 */
#include "type/json_internal.h"
#include "type/jsonb.h"
#include "type/numeric.h"

/* ---- from text ---- */

/* jb_parse_string - the text of the string at hand, in the arena. */
static Slice jb_parse_string(FnCall *call, JsonScan *s)
{
    const char *from = s->p + 1;
    const char *quote = memchr(from, '"', (size_t)(s->end - from));
    if (quote != NULL && memchr(from, '\\', (size_t)(quote - from)) == NULL) {
        s->p = quote + 1; /* as it is in the text, which outlives the items */
        return (Slice){from, (size_t)(quote - from)};
    }
    Buf text;
    buf_init(&text, SIZE_MAX);
    (void)json_string(s, &text);
    Slice r = {text.len == 0 ? "" : arena_memdup(call->arena, text.data, text.len), text.len};
    buf_release(&text);
    return r;
}

/* jb_parse_value - the value at hand, of a text that json_check passed. */
static Status jb_parse_value(FnCall *call, JsonScan *s, JbItem *out)
{
    json_skip_space(s);
    JsonKind kind = json_kind(s->p);
    if (kind == JSON_STRING) {
        *out = jb_string(jb_parse_string(call, s));
        return ST_OK;
    }
    if (kind != JSON_OBJECT && kind != JSON_ARRAY) {
        char first = *s->p;
        Slice word = json_step(s);
        Str number;
        if (kind == JSON_NUMBER) {
            TRY(numeric_parse(call, word, -1, &number));
            *out = jb_numeric(call->arena, &number);
        } else {
            *out = jb_item(kind == JSON_NULL ? JB_NULL : first == 't' ? JB_TRUE : JB_FALSE);
        }
        return ST_OK;
    }
    *out = jb_item(kind == JSON_OBJECT ? JB_OBJECT : JB_ARRAY);
    if (json_empty(s)) {
        s->p++;
        return ST_OK;
    }
    do {
        Slice key = {NULL, 0};
        json_skip_space(s);
        if (kind == JSON_OBJECT) {
            key = jb_parse_string(call, s);
            json_skip_space(s);
            s->p++;
        }
        JbItem member;
        TRY(jb_parse_value(call, s, &member));
        jb_add(call->arena, out, key, member);
    } while (json_next(s));
    return ST_OK;
}

Status jb_parse_item(FnCall *call, Slice text, JbItem *out)
{
    TRY(json_check(call->cx, text, true));
    JsonScan s = {.start = text.ptr, .p = text.ptr, .end = text.ptr + text.len};
    return jb_parse_value(call, &s, out);
}

Status jb_parse(FnCall *call, Slice text, Str *out)
{
    JbItem item;
    TRY(jb_parse_item(call, text, &item));
    return jb_encode(call->cx, call->arena, &item, out);
}

static Status jsonb_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return jb_parse(call, text, &out->str);
}

/* ---- to text ---- */

static void jb_print_line(Buf *buf, uint32_t level)
{
    buf_putc(buf, '\n');
    for (uint32_t i = 0; i < level; i++) {
        buf_puts(buf, "    ");
    }
}

/* jb_print_at - a node so many levels deep. */
static void jb_print_at(Slice node, bool indent, uint32_t level, Buf *buf)
{
    static const char *const WORDS[] = {
        [JB_NULL] = "null", [JB_FALSE] = "false", [JB_TRUE] = "true"};
    JbView v = jb_view(node);
    Str number;
    switch (v.kind) {
    case JB_STRING: json_quote(jb_text(node), buf); return;
    case JB_NUMBER:
        number = jb_number(node);
        numeric_text(&number, buf);
        return;
    case JB_ARRAY:
    case JB_OBJECT: break;
    default: buf_puts(buf, WORDS[v.kind]); return;
    }
    buf_putc(buf, v.kind == JB_ARRAY ? '[' : '{');
    for (uint32_t i = 0; i < v.count; i++) {
        buf_puts(buf, i == 0 ? "" : indent ? "," : ", ");
        if (indent) {
            jb_print_line(buf, level + 1);
        }
        if (v.kind == JB_OBJECT) {
            json_quote(jb_key(&v, i), buf);
            buf_puts(buf, ": ");
        }
        jb_print_at(v.kind == JB_OBJECT ? jb_value(&v, i) : jb_element(&v, i), indent, level + 1,
                    buf);
    }
    if (indent) {
        jb_print_line(buf, level);
    }
    buf_putc(buf, v.kind == JB_ARRAY ? ']' : '}');
}
void jb_print(Slice node, bool indent, Buf *buf)
{
    jb_print_at(node, indent, 0, buf);
}

static void jsonb_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    jb_print(str_slice(&v->str), false, buf);
}

#define JSONB_WIRE_VERSION 1

static Status jsonb_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    if (bytes.len == 0) {
        return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "no data left in message");
    }
    if (bytes.ptr[0] != JSONB_WIRE_VERSION) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "unsupported jsonb version number %d",
                       (uint8_t)bytes.ptr[0]);
    }
    Slice text = {bytes.ptr + 1, bytes.len - 1};
    TRY(utf8_verify(call->cx, text));
    return jb_parse(call, text, &out->str);
}
static void jsonb_send(FnCall *call, const Datum *v, Buf *buf)
{
    buf_putc(buf, JSONB_WIRE_VERSION);
    jsonb_out(call, v, buf);
}

/* ---- order, hash, keys ---- */

static int jsonb_compare(const Datum *a, const Datum *b)
{
    return jb_compare(str_slice(&a->str), str_slice(&b->str));
}

/* jb_hash - of a node; equal numbers of different scales hash alike. */
static uint64_t jb_hash(Slice node, uint64_t seed)
{
    JbView v = jb_view(node);
    Datum number;
    seed = hash_u64(seed ^ ((uint64_t)v.kind << 32 | v.count));
    switch (v.kind) {
    case JB_STRING: return hash_bytes(node.ptr + 1, node.len - 1, seed);
    case JB_NUMBER:
        number.str = jb_number(node);
        return hash_u64(seed ^ type_ops(TYPE_NUMERIC)->hash(&number));
    default: break;
    }
    for (uint32_t i = 0; i < v.count; i++) {
        if (v.kind == JB_OBJECT) {
            Slice key = jb_key(&v, i);
            seed = hash_bytes(key.ptr, key.len, seed);
        }
        seed = jb_hash(v.kind == JB_OBJECT ? jb_value(&v, i) : jb_element(&v, i), seed);
    }
    return seed;
}
static uint64_t jsonb_hash(const Datum *v)
{
    return jb_hash(str_slice(&v->str), 0);
}

/* jb_index_key - the key of a node: its type, how many members, then they. whole: a value, not a
 * member: a scalar counts as an array of one, before the others. */
static void jb_index_key(Slice node, bool whole, Buf *buf)
{
    JbView v = jb_view(node);
    Datum number;
    if (jb_is_container(v.kind) || whole) {
        bool array = v.kind != JB_OBJECT;
        buf_putc(buf, (char)(array ? JB_ARRAY : JB_OBJECT));
        key_put_u32(buf, jb_is_container(v.kind) ? v.count : 1);
        if (whole && array) {
            buf_putc(buf, (char)(v.kind == JB_ARRAY));
        }
    }
    switch (v.kind) {
    case JB_STRING:
        buf_putc(buf, JB_STRING);
        key_put_text(buf, node.ptr + 1, node.len - 1);
        return;
    case JB_NUMBER:
        buf_putc(buf, JB_NUMBER);
        number.str = jb_number(node);
        type_ops(TYPE_NUMERIC)->key(&number, buf);
        return;
    case JB_ARRAY:
    case JB_OBJECT: break;
    default: buf_putc(buf, (char)v.kind); return;
    }
    for (uint32_t i = 0; i < v.count; i++) {
        if (v.kind == JB_OBJECT) {
            Slice key = jb_key(&v, i);
            key_put_text(buf, key.ptr, key.len);
        }
        jb_index_key(v.kind == JB_OBJECT ? jb_value(&v, i) : jb_element(&v, i), false, buf);
    }
}
static void jsonb_key(const Datum *v, Buf *buf)
{
    jb_index_key(str_slice(&v->str), true, buf);
}

KERNEL_BINARY(k_jsonb_eq, Str, Str, uint8_t, r = jb_compare(str_slice(&a), str_slice(&b)) == 0)
KERNEL_BINARY(k_jsonb_ne, Str, Str, uint8_t, r = jb_compare(str_slice(&a), str_slice(&b)) != 0)
KERNEL_BINARY(k_jsonb_lt, Str, Str, uint8_t, r = jb_compare(str_slice(&a), str_slice(&b)) < 0)
KERNEL_BINARY(k_jsonb_le, Str, Str, uint8_t, r = jb_compare(str_slice(&a), str_slice(&b)) <= 0)
KERNEL_BINARY(k_jsonb_gt, Str, Str, uint8_t, r = jb_compare(str_slice(&a), str_slice(&b)) > 0)
KERNEL_BINARY(k_jsonb_ge, Str, Str, uint8_t, r = jb_compare(str_slice(&a), str_slice(&b)) >= 0)
ROW_KERNEL(jsonb_cmp)
{
    int c = jb_compare(str_slice(&a[0].str), str_slice(&a[1].str));
    r->i32 = (c > 0) - (c < 0);
    return ST_OK;
}

/* ---- casts ---- */

/* jb_cast_number - the number a value is; the error for anything else names the target. */
static Status jb_cast_number(FnCall *call, const Datum *v, const char *type, Str *out)
{
    static const char *const KINDS[] = {
        [JB_NULL] = "null",     [JB_STRING] = "string", [JB_NUMBER] = "numeric",
        [JB_FALSE] = "boolean", [JB_TRUE] = "boolean",  [JB_ARRAY] = "array",
        [JB_OBJECT] = "object"};
    Slice node = str_slice(&v->str);
    JbKind kind = jb_kind(node);
    if (kind != JB_NUMBER) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "cannot cast jsonb %s to type %s",
                       KINDS[kind], type);
    }
    Str n = jb_number(node);
    *out = str_copy(call->arena, str_ptr(&n), n.len);
    return ST_OK;
}

ROW_KERNEL(jsonb_bool)
{
    Str n;
    JbKind kind = jb_kind(str_slice(&a[0].str));
    if (kind == JB_TRUE || kind == JB_FALSE) {
        r->b = kind == JB_TRUE;
        return ST_OK;
    }
    if (kind == JB_NUMBER) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "cannot cast jsonb numeric to type boolean");
    }
    return jb_cast_number(call, &a[0], "boolean", &n);
}
ROW_KERNEL(jsonb_numeric)
{
    return jb_cast_number(call, &a[0], "numeric", &r->str);
}
ROW_KERNEL(jsonb_int2)
{
    Str n;
    int64_t v;
    TRY(jb_cast_number(call, &a[0], "smallint", &n));
    if (!numeric_to_i64(&n, &v) || v < INT16_MIN || v > INT16_MAX) {
        return err_int2_range(call->cx);
    }
    r->i16 = (int16_t)v;
    return ST_OK;
}
ROW_KERNEL(jsonb_int4)
{
    Str n;
    int64_t v;
    TRY(jb_cast_number(call, &a[0], "integer", &n));
    if (!numeric_to_i64(&n, &v) || v < INT32_MIN || v > INT32_MAX) {
        return err_int4_range(call->cx);
    }
    r->i32 = (int32_t)v;
    return ST_OK;
}
ROW_KERNEL(jsonb_int8)
{
    Str n;
    TRY(jb_cast_number(call, &a[0], "bigint", &n));
    return numeric_to_i64(&n, &r->i64) ? ST_OK : err_int8_range(call->cx);
}

/* jb_cast_float - by way of the number's text, which tells what is out of range. */
static Status jb_cast_float(FnCall *call, const Datum *v, const char *type, Oid oid, Datum *r)
{
    Str n;
    Buf text;
    TRY(jb_cast_number(call, v, type, &n));
    buf_init(&text, SIZE_MAX);
    numeric_text(&n, &text);
    Status st = type_ops(oid)->in(call, (Slice){(const char *)text.data, text.len}, -1, r);
    buf_release(&text);
    return st;
}
ROW_KERNEL(jsonb_float4)
{
    return jb_cast_float(call, &a[0], "real", TYPE_FLOAT4, r);
}
ROW_KERNEL(jsonb_float8)
{
    return jb_cast_float(call, &a[0], "double precision", TYPE_FLOAT8, r);
}

static const FnOps JSONB_IO_FNS[] = {
    FN_COMPARE(jsonb_, 0), FN(jsonb_cmp),  FN(jsonb_bool),   FN(jsonb_numeric), FN(jsonb_int2),
    FN(jsonb_int4),        FN(jsonb_int8), FN(jsonb_float4), FN(jsonb_float8),
};
static const TypeOps JSONB_TYPES[] = {
    {TYPE_JSONB, "jsonb", PHYS_STR, jsonb_in, jsonb_out, jsonb_recv, jsonb_send, jsonb_compare,
     jsonb_hash, jsonb_key, NULL},
};
const TypeFamily type_family_jsonb_io = {
    .types = JSONB_TYPES,
    .type_count = ARRAY_LEN(JSONB_TYPES),
    .fns = JSONB_IO_FNS,
    .fn_count = ARRAY_LEN(JSONB_IO_FNS),
};
