/*
 * json_agg.c - json_agg and json_object_agg: rows gathered into one array or object.
 *
 * The text grows in the state's arena. Order matters, so states are never combined.
 */
#include "type/array.h"
#include "type/json_internal.h"

#define JSON_AGG_BYTES_MAX 0x3fffffffu

typedef struct AggJson {
    char *text;
    uint32_t len, size;
} AggJson;
STATIC_ASSERT(sizeof(AggJson) == 16, "states are 16-byte aligned");

static Status agg_json_put(FnCall *call, AggJson *s, const Buf *b)
{
    if (s->len + b->len > JSON_AGG_BYTES_MAX) {
        return err_set(call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "out of memory");
    }
    if (s->len + b->len > s->size) {
        uint32_t size = MAX((uint32_t)(s->len + b->len), MAX(s->size * 2, 64u));
        s->text = arena_grow(call->arena, s->text, s->size, size);
        s->size = size;
    }
    memcpy(s->text + s->len, b->data, b->len);
    s->len += (uint32_t)b->len;
    return ST_OK;
}

static Status agg_json_array_step(FnCall *call, const Vector *const *args, uint32_t row, AggJson *s)
{
    Buf b;
    buf_init(&b, JSON_AGG_BYTES_MAX);
    buf_puts(&b, s->len > 0 ? ", " : "[");
    Oid type = call->arg_types[0];
    bool structured = type_array_element(type) != OID_INVALID || type == TYPE_RECORD;
    if (s->len > 0 && structured && !vec_is_null(args[0], row)) {
        buf_puts(&b, "\n ");
    }
    Status st = json_put_value(call, call->arg_types[0], args[0], row, false, &b);
    if (st == ST_OK) {
        st = agg_json_put(call, s, &b);
    }
    buf_release(&b);
    return st;
}

static Status agg_json_object_step(FnCall *call, const Vector *const *args, uint32_t row,
                                   AggJson *s)
{
    if (vec_is_null(args[0], row)) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "field name must not be null");
    }
    Buf b;
    buf_init(&b, JSON_AGG_BYTES_MAX);
    buf_puts(&b, s->len > 0 ? ", " : "{ ");
    Status st = json_put_value(call, call->arg_types[0], args[0], row, true, &b);
    if (st == ST_OK) {
        buf_puts(&b, " : ");
        st = json_put_value(call, call->arg_types[1], args[1], row, false, &b);
    }
    if (st == ST_OK) {
        st = agg_json_put(call, s, &b);
    }
    buf_release(&b);
    return st;
}

static Status agg_json_end(FnCall *call, const AggJson *s, const char *close, Vector *out,
                           uint32_t row)
{
    if (s->len == 0) {
        vec_set_null(out, row);
        return ST_OK;
    }
    size_t n = strlen(close);
    char *text = arena_alloc(call->arena, s->len + n);
    memcpy(text, s->text, s->len);
    memcpy(text + s->len, close, n);
    VEC_DATA(out, Str)[row] = str_copy(call->arena, text, s->len + n);
    return ST_OK;
}

#define AGG_JSON(name, close)                                                                      \
    AGG_STEPS(name)                                                                                \
    static Status name##_final(FnCall *call, const void *state, Vector *out, uint32_t row)         \
    {                                                                                              \
        return agg_json_end(call, state, close, out, row);                                         \
    }
AGG_JSON(agg_json_array, "]")
AGG_JSON(agg_json_object, " }")

static const AggOps JSON_AGGS[] = {
    {3175, "json_agg", 16, false, NULL, agg_json_array_one, agg_json_array_many, NULL,
     agg_json_array_final},
    {3197, "json_object_agg", 16, false, NULL, agg_json_object_one, agg_json_object_many, NULL,
     agg_json_object_final},
};
const TypeFamily type_family_json_agg = {
    .aggs = JSON_AGGS,
    .agg_count = ARRAY_LEN(JSON_AGGS),
};
