/*
 * enum.c - values of enum types: eight bytes that compare as integers (src/catalog makes them), so
 * that only input and output ask the catalog.
 */
#include "type/array.h"

#include "type/kernel.h"

static Status enum_bad(FnCall *call, Slice text)
{
    Buf name;
    buf_init(&name, 1024);
    call->env->types->name(call->env->session, call->result_type, &name);
    Status st = err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                        "invalid input value for enum %.*s: \"%.*s\"", (int)name.len,
                        (const char *)name.data, (int)text.len, text.ptr);
    buf_release(&name);
    return st;
}

static Status enum_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    if (call->env == NULL || call->env->types == NULL) { /* statistics: as enum_out wrote it */
        return parse_i64(call->cx, text, INT64_MIN, INT64_MAX, "enum", &out->i64);
    }
    if (call->result_type == TYPE_ANYENUM) {
        return err_unsupported(call->cx, "cannot accept a value of type %s", "anyenum");
    }
    Status st = ST_NOTFOUND;
    if (text.len < 64) {
        st = call->env->types->enum_value(call->cx, call->env->session, call->result_type, text,
                                          &out->i64);
    }
    return st == ST_NOTFOUND ? enum_bad(call, text) : st;
}

static void enum_out(FnCall *call, const Datum *v, Buf *buf)
{
    const TypeEnv *env = call->env;
    if (env == NULL || env->types == NULL || !env->types->enum_label(env->session, v->i64, buf)) {
        buf_put_i64_text(buf, v->i64);
    }
}

static Status enum_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(utf8_verify(call->cx, bytes));
    return enum_in(call, bytes, typmod, out);
}

KERNEL_COMPARE_TOTAL(k_enum_, int64_t, int64_t)
KERNEL_BINARY_TOTAL(k_enum_cmp, int64_t, int64_t, int32_t, (a > b) - (a < b))
KERNEL_BINARY_TOTAL(k_enum_larger, int64_t, int64_t, int64_t, a > b ? a : b)
KERNEL_BINARY_TOTAL(k_enum_smaller, int64_t, int64_t, int64_t, a < b ? a : b)
KERNEL_UNARY_TOTAL(k_hashenum, int64_t, int32_t, (uint32_t)hash_u64((uint64_t)a))

/* enum_all - the values of the call's enum type, which its argument's declared type tells. */
static Status enum_all(FnCall *call, int64_t **values, uint32_t *count)
{
    const TypeEnv *env = call->env;
    *count = 0;
    *values = NULL;
    if (call->real_types == NULL || env == NULL || env->types == NULL) {
        return err_set(call->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "could not determine actual enum type");
    }
    TRY(env->types->enum_values(call->cx, env->session, call->arena, call->real_types[0], values,
                                count));
    if (*count == 0) {
        Buf name;
        buf_init(&name, 1024);
        env->types->name(env->session, call->real_types[0], &name);
        (void)err_set(call->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                      "enum %.*s contains no values", (int)name.len, (const char *)name.data);
        buf_release(&name);
        return ST_ERROR;
    }
    return ST_OK;
}

ROW_NULL_KERNEL(enum_first)
{
    int64_t *values;
    uint32_t count;
    TRY(enum_all(call, &values, &count));
    r->i64 = values[0];
    return ST_OK;
}
ROW_NULL_KERNEL(enum_last)
{
    int64_t *values;
    uint32_t count;
    TRY(enum_all(call, &values, &count));
    r->i64 = values[count - 1];
    return ST_OK;
}

/* enum_between - the values from one to another; NULL: no bound. */
static Status enum_between(FnCall *call, const Datum *low, const Datum *high, Datum *r)
{
    int64_t *values;
    uint32_t count;
    ArrayList list = array_list(call->arena);
    Status st = enum_all(call, &values, &count);
    if (st == ST_ERROR && call->cx->err->sqlstate == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE) {
        err_clear(call->cx); /* an empty range */
        st = ST_OK;
    }
    TRY(st);
    for (uint32_t i = 0; i < count; i++) {
        if ((low == NULL || values[i] >= low->i64) && (high == NULL || values[i] <= high->i64)) {
            Datum d = {.i64 = values[i]};
            array_list_add(&list, PHYS_I64, &d, false, false);
        }
    }
    r->str = array_build_list(&list, TYPE_ANYENUM);
    return ST_OK;
}
ROW_NULL_KERNEL(enum_range_all)
{
    return enum_between(call, NULL, NULL, r);
}
ROW_NULL_KERNEL(enum_range_bounds)
{
    return enum_between(call, nulls[0] ? NULL : &a[0], nulls[1] ? NULL : &a[1], r);
}

static const FnOps ENUM_FNS[] = {
    FN_COMPARE(enum_, FN_TOTAL),
    FN_T(enum_cmp),
    FN_T(enum_larger),
    FN_T(enum_smaller),
    FN_T(hashenum),
    FN(enum_first),
    FN(enum_last),
    FN(enum_range_all),
    FN(enum_range_bounds),
};
static const TypeOps ENUM_TYPES[] = {
    {TYPE_ANYENUM, "anyenum", PHYS_I64, enum_in, enum_out, enum_recv, enum_out, int8_order,
     int8_hash, int8_key, int8_unkey},
};
const TypeFamily type_family_enum = {
    .types = ENUM_TYPES,
    .type_count = ARRAY_LEN(ENUM_TYPES),
    .fns = ENUM_FNS,
    .fn_count = ARRAY_LEN(ENUM_FNS),
};
