/*
 * jsonb_build.c - jsonb made from SQL values: to_jsonb, jsonb_build_object and -array,
 * jsonb_object, jsonb_agg, jsonb_object_agg.
 */
#include "type/array.h"
#include "type/json_internal.h"
#include "type/jsonb.h"
#include "type/numeric.h"

static const Slice JB_NAMELESS = {NULL, 0};

/* jb_value_text - a value as the text of JSON, in the arena. */
static Status jb_value_text(FnCall *call, Oid type, const Datum *v, bool as_key, Slice *out)
{
    const TypeOps *ops = type_ops(type);
    Vector one = {.phys = ops != NULL ? ops->phys : PHYS_STR,
                  .kind = VEC_CONST,
                  .data = (void *)(uintptr_t)v};
    Buf text;
    buf_init(&text, SIZE_MAX);
    Status st = json_put_value(call, type, &one, 0, as_key, &text);
    *out = (Slice){text.len == 0 ? "" : arena_memdup(call->arena, text.data, text.len), text.len};
    buf_release(&text);
    return st;
}

/* jb_from_number - finite numbers are numbers, the others strings. */
static Status jb_from_number(FnCall *call, Oid type, const Datum *v, JbItem *out)
{
    Str number;
    Slice text;
    int64_t i = type == TYPE_INT2 ? v->i16 : type == TYPE_INT4 ? v->i32 : v->i64;
    if (type == TYPE_INT2 || type == TYPE_INT4 || type == TYPE_INT8) {
        number = numeric_from_i128(call->arena, i, 0);
        *out = jb_numeric(call->arena, &number);
        return ST_OK;
    }
    if (type == TYPE_NUMERIC && num_get(&v->str).kind == NUM_FINITE) {
        *out = jb_numeric(call->arena, &v->str);
        return ST_OK;
    }
    TRY(jb_value_text(call, type, v, false, &text));
    return jb_parse_item(call, text, out);
}

Status jb_from_value(FnCall *call, Oid type, const Datum *v, bool is_null, JbItem *out)
{
    Slice text;
    if (is_null) {
        *out = jb_item(JB_NULL);
        return ST_OK;
    }
    switch (type) {
    case TYPE_BOOL: *out = jb_item(v->b ? JB_TRUE : JB_FALSE); return ST_OK;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_NUMERIC: return jb_from_number(call, type, v, out);
    case TYPE_TEXT:
    case TYPE_VARCHAR:
        *out =
            jb_string((Slice){arena_memdup(call->arena, str_ptr(&v->str), v->str.len), v->str.len});
        return ST_OK;
    case TYPE_JSONB:
        *out =
            jb_packed((Slice){arena_memdup(call->arena, str_ptr(&v->str), v->str.len), v->str.len});
        return ST_OK;
    default: break;
    }
    TRY(jb_value_text(call, type, v, false, &text));
    return jb_parse_item(call, text, out);
}

Status jb_key_from_value(FnCall *call, Oid type, const Datum *v, Slice *out)
{
    Slice text;
    JbItem item;
    if (type == TYPE_TEXT) {
        *out = (Slice){arena_memdup(call->arena, str_ptr(&v->str), v->str.len), v->str.len};
        return ST_OK;
    }
    TRY(jb_value_text(call, type, v, true, &text));
    TRY(jb_parse_item(call, text, &item));
    *out = item.bytes;
    return ST_OK;
}

/* jb_argument - an argument of a function that takes any. */
static Status jb_argument(FnCall *call, const Vector *const *args, uint32_t i, uint32_t row,
                          JbItem *out)
{
    Datum d = vec_get(args[i], row);
    return jb_from_value(call, call->arg_types[i], &d, vec_is_null(args[i], row), out);
}

/* ---- functions of any arguments ---- */

typedef Status (*JbRowFn)(FnCall *call, const Vector *const *args, uint32_t n, uint32_t row,
                          JbItem *out);
static Status jb_rows(KERNEL_PARAMS, JbRowFn one)
{
    SEL_FOREACH(row, sel)
    {
        JbItem item;
        TRY(cx_check(call->cx));
        TRY(one(call, args, arg_count, row, &item));
        TRY(jb_encode(call->cx, call->arena, &item, &VEC_DATA(out, Str)[row]));
    }
    return ST_OK;
}
static Status jb_to_jsonb_row(FnCall *call, const Vector *const *args, uint32_t n UNUSED,
                              uint32_t row, JbItem *out)
{
    return jb_argument(call, args, 0, row, out);
}
/* jb_build_object_row - keys and values in turn. */
static Status jb_build_object_row(FnCall *call, const Vector *const *args, uint32_t n, uint32_t row,
                                  JbItem *out)
{
    if (n % 2 != 0) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                          "argument list must have even number of elements"));
        return err_hint(call->cx,
                        "The arguments of %s must consist of alternating keys and values.",
                        "jsonb_build_object()");
    }
    *out = jb_item(JB_OBJECT);
    for (uint32_t i = 0; i < n; i += 2) {
        Slice key;
        JbItem value;
        if (vec_is_null(args[i], row)) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "argument %u: key must not be null", i + 1);
        }
        Datum d = vec_get(args[i], row);
        TRY(jb_key_from_value(call, call->arg_types[i], &d, &key));
        TRY(jb_argument(call, args, i + 1, row, &value));
        jb_add(call->arena, out, key, value);
    }
    return ST_OK;
}
static Status jb_build_array_row(FnCall *call, const Vector *const *args, uint32_t n, uint32_t row,
                                 JbItem *out)
{
    *out = jb_item(JB_ARRAY);
    for (uint32_t i = 0; i < n; i++) {
        JbItem value;
        TRY(jb_argument(call, args, i, row, &value));
        jb_add(call->arena, out, JB_NAMELESS, value);
    }
    return ST_OK;
}
static Status k_to_jsonb(KERNEL_PARAMS)
{
    return jb_rows(call, args, arg_count, sel, out, jb_to_jsonb_row);
}
static Status k_jsonb_build_object(KERNEL_PARAMS)
{
    return jb_rows(call, args, arg_count, sel, out, jb_build_object_row);
}
static Status k_jsonb_build_array(KERNEL_PARAMS)
{
    return jb_rows(call, args, arg_count, sel, out, jb_build_array_row);
}

/* ---- jsonb_object, json_object: from arrays of texts ---- */

/* TextPairs - names and values, in turn or from an array each. */
typedef struct TextPairs {
    uint32_t count;
    ArrayList names, values;
} TextPairs;

/* text_pairs_one - names and values in turn, or in two columns. */
static Status text_pairs_one(FnCall *call, const Str *array, TextPairs *out)
{
    ArrayView v;
    array_view(array, &v);
    if (v.shape.ndim == 1 && v.count % 2 != 0) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                       "array must have even number of elements");
    }
    if (v.shape.ndim == 2 && v.shape.dims[1] != 2) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "array must have two columns");
    }
    if (v.shape.ndim > 2) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    }
    Datum d;
    bool is_null;
    ArrayIter it = array_iter(&v);
    for (uint32_t i = 0; array_next(&it, &d, &is_null); i++) {
        array_list_add(i % 2 == 0 ? &out->names : &out->values, v.phys, &d, is_null, true);
    }
    return ST_OK;
}
static Status text_pairs_two(FnCall *call, const Datum *a, TextPairs *out)
{
    ArrayView names, values;
    array_view(&a[0].str, &names);
    array_view(&a[1].str, &values);
    if (names.shape.ndim > 1 || names.shape.ndim != values.shape.ndim) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    }
    if (names.count != values.count) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "mismatched array dimensions");
    }
    array_list_all(&out->names, &names);
    array_list_all(&out->values, &values);
    return ST_OK;
}
/* text_pairs - of one array, or of two. */
static Status text_pairs(FnCall *call, const Datum *a, bool two, TextPairs *out)
{
    out->names = array_list(call->arena);
    out->values = array_list(call->arena);
    TRY(two ? text_pairs_two(call, a, out) : text_pairs_one(call, &a[0].str, out));
    out->count = out->names.count;
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->names.nulls[i]) {
            return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "null value not allowed for object key");
        }
    }
    return ST_OK;
}

static Status jsonb_object_of(FnCall *call, const Datum *a, bool two, Datum *r)
{
    TextPairs p;
    TRY(text_pairs(call, a, two, &p));
    JbItem o = jb_item(JB_OBJECT);
    for (uint32_t i = 0; i < p.count; i++) {
        jb_add(call->arena, &o, str_slice(&p.names.values[i].str),
               p.values.nulls[i] ? jb_item(JB_NULL)
                                 : jb_string(str_slice(&p.values.values[i].str)));
    }
    return jb_encode(call->cx, call->arena, &o, &r->str);
}
/* json_object_of - likewise as the text json keeps. */
static Status json_object_of(FnCall *call, const Datum *a, bool two, Datum *r)
{
    TextPairs p;
    Buf text;
    TRY(text_pairs(call, a, two, &p));
    buf_init(&text, SIZE_MAX);
    buf_putc(&text, '{');
    for (uint32_t i = 0; i < p.count; i++) {
        buf_puts(&text, i > 0 ? ", " : "");
        json_quote(str_slice(&p.names.values[i].str), &text);
        buf_puts(&text, " : ");
        if (p.values.nulls[i]) {
            buf_puts(&text, "null");
        } else {
            json_quote(str_slice(&p.values.values[i].str), &text);
        }
    }
    buf_putc(&text, '}');
    r->str = str_of_buf(call->arena, &text);
    buf_release(&text);
    return ST_OK;
}
ROW_KERNEL(jsonb_object)
{
    return jsonb_object_of(call, a, false, r);
}
ROW_KERNEL(jsonb_object_two_arg)
{
    return jsonb_object_of(call, a, true, r);
}
ROW_KERNEL(json_object)
{
    return json_object_of(call, a, false, r);
}
ROW_KERNEL(json_object_two_arg)
{
    return json_object_of(call, a, true, r);
}

/* ---- aggregates ---- */

/* AggJsonb - the members so far, packed, in the state's arena. Order matters, so states are never
 * combined. */
typedef struct AggJsonb {
    JbItem *items;
    uint32_t count, size;
} AggJsonb;
STATIC_ASSERT(sizeof(AggJsonb) == 16, "states are 16-byte aligned");

/* agg_jsonb_add - one member more. */
static Status agg_jsonb_add(FnCall *call, AggJsonb *s, Slice key, JbItem *value)
{
    Slice node;
    TRY(jb_encode_node(call->cx, call->arena, value, &node));
    JbItem c = {.items = s->items, .count = s->count, .size = s->size};
    jb_add(call->arena, &c, key, jb_packed(node));
    *s = (AggJsonb){c.items, c.count, c.size};
    return ST_OK;
}
static Status agg_jsonb_array_step(FnCall *call, const Vector *const *args, uint32_t row,
                                   AggJsonb *s)
{
    JbItem value;
    TRY(jb_argument(call, args, 0, row, &value));
    return agg_jsonb_add(call, s, JB_NAMELESS, &value);
}
static Status agg_jsonb_object_step(FnCall *call, const Vector *const *args, uint32_t row,
                                    AggJsonb *s)
{
    JbItem value;
    Slice key;
    if (vec_is_null(args[0], row)) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "field name must not be null");
    }
    Datum d = vec_get(args[0], row);
    TRY(jb_key_from_value(call, call->arg_types[0], &d, &key));
    TRY(jb_argument(call, args, 1, row, &value));
    return agg_jsonb_add(call, s, key, &value);
}
static Status agg_jsonb_end(FnCall *call, const AggJsonb *s, JbKind kind, Vector *out, uint32_t row)
{
    if (s->count == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    JbItem c = {.kind = kind, .count = s->count, .size = s->count};
    c.items = arena_memdup(call->arena, s->items, s->count * sizeof(JbItem));
    return jb_encode(call->cx, call->arena, &c, &VEC_DATA(out, Str)[row]);
}
#define AGG_JSONB(name, kind)                                                                      \
    AGG_STEPS(name)                                                                                \
    static Status name##_final(FnCall *call, const void *state, Vector *out, uint32_t row)         \
    {                                                                                              \
        return agg_jsonb_end(call, state, kind, out, row);                                         \
    }
AGG_JSONB(agg_jsonb_array, JB_ARRAY)
AGG_JSONB(agg_jsonb_object, JB_OBJECT)

static const AggOps JSONB_AGGS[] = {
    {3267, "jsonb_agg", 16, false, NULL, agg_jsonb_array_one, agg_jsonb_array_many, NULL,
     agg_jsonb_array_final},
    {3270, "jsonb_object_agg", 16, false, NULL, agg_jsonb_object_one, agg_jsonb_object_many, NULL,
     agg_jsonb_object_final},
};
static const FnOps JSONB_BUILD_FNS[] = {
    FN(to_jsonb),
    FN(jsonb_build_object),
    FN_AS("jsonb_build_object_noargs", jsonb_build_object),
    FN(jsonb_build_array),
    FN_AS("jsonb_build_array_noargs", jsonb_build_array),
    FN(jsonb_object),
    FN(jsonb_object_two_arg),
    FN(json_object),
    FN(json_object_two_arg),
};
const TypeFamily type_family_jsonb_build = {
    .fns = JSONB_BUILD_FNS,
    .fn_count = ARRAY_LEN(JSONB_BUILD_FNS),
    .aggs = JSONB_AGGS,
    .agg_count = ARRAY_LEN(JSONB_AGGS),
};
