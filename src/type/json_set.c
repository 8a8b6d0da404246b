/*
 * json_set.c - json taken apart into rows: elements, keys, members; and json without nulls.
 */
#include "type/json_internal.h"

typedef struct JsonRows {
    Str value;
    JsonScan scan;
    bool first, as_text, names_only;
} JsonRows;

/* json_rows_open - a walk over the members of `kind`; the errors for anything else are those of the
 * function `fn`. */
static Status json_rows_open(FnCall *call, const Datum *a, JsonKind kind, const char *fn,
                             JsonRows **out)
{
    JsonRows *s = ARENA_NEW(call->state_arena, JsonRows);
    call->state = s;
    s->value = a[0].str; /* short texts are inside the Str: the scan is over our own */
    s->scan = json_open(&s->value);
    s->first = true;
    JsonKind is = json_kind(s->scan.p);
    if (is != kind) {
        const char *what = is == JSON_OBJECT  ? "an object"
                           : is == JSON_ARRAY ? "an array"
                                              : "a scalar";
        if (kind == JSON_ARRAY) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           is == JSON_OBJECT ? "cannot call %s on a non-array"
                                             : "cannot call %s on a scalar",
                           fn);
        }
        if (strcmp(fn, "json_object_keys") == 0) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "cannot call %s on %s", fn,
                           what);
        }
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       is == JSON_ARRAY ? "cannot deconstruct an array as an object"
                                        : "cannot deconstruct a scalar");
    }
    *out = s;
    return ST_OK;
}

/* json_rows_more - to the next member; false after the last. */
static bool json_rows_more(JsonRows *s)
{
    bool more = s->first ? !json_empty(&s->scan) : json_next(&s->scan);
    s->first = false;
    return more;
}

/* json_rows_value - the member at hand, as json or as text. */
static Status json_rows_value(FnCall *call, JsonRows *s, Datum *col, bool *is_null)
{
    Slice v = json_step(&s->scan);
    if (!s->as_text) {
        col->str = str_copy(call->arena, v.ptr, v.len);
        return ST_OK;
    }
    Status st = json_as_text(call, (Slice){s->scan.start, (size_t)(s->scan.end - s->scan.start)}, v,
                             &col->str);
    *is_null = st == KERNEL_NULL;
    return st == KERNEL_NULL ? ST_OK : st;
}

/* json_rows_key - the name of the member at hand, and past its colon. */
static Str json_rows_key(FnCall *call, JsonRows *s)
{
    Buf key;
    buf_init(&key, SIZE_MAX);
    json_skip_space(&s->scan);
    (void)json_string(&s->scan, &key);
    json_skip_space(&s->scan);
    s->scan.p++;
    Str k = str_of_buf(call->arena, &key);
    buf_release(&key);
    return k;
}

/* JSON_ROWS_BEGIN - the start of a set function over one kind of value, with texts or with JSON. */
#define JSON_ROWS_BEGIN(name, kind, sql_name, texts)                                               \
    static Status name(FnCall *call, const Datum *a, const bool *nulls UNUSED, uint32_t n UNUSED)  \
    {                                                                                              \
        JsonRows *s = NULL;                                                                        \
        TRY(json_rows_open(call, a, kind, sql_name, &s));                                          \
        s->as_text = texts;                                                                        \
        return ST_OK;                                                                              \
    }

JSON_ROWS_BEGIN(json_elements_begin, JSON_ARRAY, "json_array_elements", false)
JSON_ROWS_BEGIN(json_elements_text_begin, JSON_ARRAY, "json_array_elements_text", true)
static Status json_elements_next(FnCall *call, Datum *cols, bool *nulls)
{
    JsonRows *s = call->state;
    return json_rows_more(s) ? json_rows_value(call, s, &cols[0], &nulls[0]) : ST_DONE;
}

JSON_ROWS_BEGIN(json_keys_begin, JSON_OBJECT, "json_object_keys", false)
static Status json_keys_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    JsonRows *s = call->state;
    if (!json_rows_more(s)) {
        return ST_DONE;
    }
    cols[0].str = json_rows_key(call, s);
    (void)json_step(&s->scan);
    return ST_OK;
}

JSON_ROWS_BEGIN(json_each_begin, JSON_OBJECT, "json_each", false)
JSON_ROWS_BEGIN(json_each_text_begin, JSON_OBJECT, "json_each_text", true)
static Status json_each_next(FnCall *call, Datum *cols, bool *nulls)
{
    JsonRows *s = call->state;
    if (!json_rows_more(s)) {
        return ST_DONE;
    }
    cols[0].str = json_rows_key(call, s);
    return json_rows_value(call, s, &cols[1], &nulls[1]);
}

/* ---- json_strip_nulls ---- */

/* json_strip - the value at s without object members that are null, without white space. */
static void json_strip(JsonScan *s, Buf *out)
{
    json_skip_space(s);
    JsonKind kind = json_kind(s->p);
    if (kind != JSON_OBJECT && kind != JSON_ARRAY) {
        Slice v = json_step(s);
        buf_put_slice(out, v);
        return;
    }
    bool any = false;
    buf_putc(out, *s->p);
    if (!json_empty(s)) {
        do {
            json_skip_space(s);
            if (kind == JSON_ARRAY) {
                buf_puts(out, any ? "," : "");
                json_strip(s, out);
                any = true;
                continue;
            }
            Slice name = json_step(s);
            json_skip_space(s);
            s->p++;
            json_skip_space(s);
            if (json_kind(s->p) == JSON_NULL) {
                (void)json_step(s);
                continue;
            }
            Buf key;
            buf_init(&key, SIZE_MAX);
            JsonScan k = {.start = name.ptr, .p = name.ptr, .end = name.ptr + name.len};
            (void)json_string(&k, &key);
            buf_puts(out, any ? "," : "");
            json_quote((Slice){key.data == NULL ? "" : (const char *)key.data, key.len}, out);
            buf_putc(out, ':');
            buf_release(&key);
            json_strip(s, out);
            any = true;
        } while (json_next(s));
    } else {
        s->p++;
    }
    buf_putc(out, kind == JSON_ARRAY ? ']' : '}');
}
ROW_KERNEL(json_strip_nulls)
{
    JsonScan s = json_open(&a[0].str);
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    json_strip(&s, &buf);
    r->str = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return ST_OK;
}

static const SetOps JSON_SETS[] = {
    {"json_array_elements", json_elements_begin, json_elements_next},
    {"json_array_elements_text", json_elements_text_begin, json_elements_next},
    {"json_object_keys", json_keys_begin, json_keys_next},
    {"json_each", json_each_begin, json_each_next},
    {"json_each_text", json_each_text_begin, json_each_next},
};
static const FnOps JSON_SET_FNS[] = {FN(json_strip_nulls)};
const TypeFamily type_family_json_set = {
    .sets = JSON_SETS,
    .set_count = ARRAY_LEN(JSON_SETS),
    .fns = JSON_SET_FNS,
    .fn_count = ARRAY_LEN(JSON_SET_FNS),
};
