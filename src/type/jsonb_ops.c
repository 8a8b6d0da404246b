/*
 * jsonb_ops.c - jsonb: access by name, index and path, containment, existence of keys.
 */
#include <stdlib.h>

#include "type/array.h"
#include "type/json_internal.h"
#include "type/jsonb.h"
#include "type/numeric.h"

/* jb_result - a member as a value of its own. */
static Status jb_result(FnCall *call, Slice node, Datum *r)
{
    r->str = str_copy(call->arena, node.ptr, node.len);
    return ST_OK;
}

Status jb_result_text(FnCall *call, Slice node, Datum *r)
{
    Buf text;
    if (jb_kind(node) == JB_NULL) {
        return KERNEL_NULL;
    }
    if (jb_kind(node) == JB_STRING) {
        r->str = str_copy(call->arena, node.ptr + 1, node.len - 1);
        return ST_OK;
    }
    buf_init(&text, SIZE_MAX);
    jb_print(node, false, &text);
    r->str = str_of_buf(call->arena, &text);
    buf_release(&text);
    return ST_OK;
}

static bool jb_field_of(const Datum *a, Slice *out)
{
    JbView v = jb_view(str_slice(&a[0].str));
    return jb_find(&v, str_slice(&a[1].str), out);
}
/* jb_element_of - a scalar is an array of itself here. */
static bool jb_element_of(const Datum *a, Slice *out)
{
    Slice node = str_slice(&a[0].str);
    JbView v = jb_view(node);
    if (!jb_is_container(v.kind)) {
        *out = node;
        return a[1].i32 == 0 || a[1].i32 == -1;
    }
    return jb_at(&v, a[1].i32, out);
}
ROW_KERNEL(jsonb_object_field)
{
    Slice v;
    return jb_field_of(a, &v) ? jb_result(call, v, r) : KERNEL_NULL;
}
ROW_KERNEL(jsonb_object_field_text)
{
    Slice v;
    return jb_field_of(a, &v) ? jb_result_text(call, v, r) : KERNEL_NULL;
}
ROW_KERNEL(jsonb_array_element)
{
    Slice v;
    return jb_element_of(a, &v) ? jb_result(call, v, r) : KERNEL_NULL;
}
ROW_KERNEL(jsonb_array_element_text)
{
    Slice v;
    return jb_element_of(a, &v) ? jb_result_text(call, v, r) : KERNEL_NULL;
}

/* ---- paths ---- */

JbPath jb_path(Arena *arena, const Str *array)
{
    ArrayView v;
    array_view(array, &v);
    JbPath p = {.count = v.count};
    p.steps = ARENA_ARRAY(arena, Slice, v.count + 1u);
    p.nulls = ARENA_ARRAY(arena, bool, v.count + 1u);
    ArrayIter it = array_iter(&v);
    Datum *d = ARENA_ARRAY(arena, Datum, v.count + 1u); /* short texts are inside their Str */
    for (uint32_t i = 0; i < v.count; i++) {
        if (array_next(&it, &d[i], &p.nulls[i]) && !p.nulls[i]) {
            p.steps[i] = str_slice(&d[i].str);
        }
    }
    return p;
}

bool jb_step_index(Slice step, int32_t *out)
{
    char digits[24] = {0}, *end;
    if (step.len == 0 || step.len >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, step.ptr, step.len);
    long v = strtol(digits, &end, 10);
    if (*end != '\0' || end == digits || v > INT32_MAX || v < INT32_MIN) {
        return false;
    }
    *out = (int32_t)v;
    return true;
}

bool jb_follow(Slice node, const JbPath *path, Slice *out)
{
    for (uint32_t i = 0; i < path->count; i++) {
        JbView v = jb_view(node);
        int32_t index;
        if (path->nulls[i]) {
            return false;
        }
        bool found = v.kind == JB_OBJECT
                         ? jb_find(&v, path->steps[i], &node)
                         : v.kind == JB_ARRAY && jb_step_index(path->steps[i], &index) &&
                               jb_at(&v, index, &node);
        if (!found) {
            return false;
        }
    }
    *out = node;
    return true;
}

static bool jb_extract(FnCall *call, const Datum *a, Slice *out)
{
    JbPath path = jb_path(call->arena, &a[1].str);
    return jb_follow(str_slice(&a[0].str), &path, out);
}
ROW_KERNEL(jsonb_extract_path)
{
    Slice v;
    return jb_extract(call, a, &v) ? jb_result(call, v, r) : KERNEL_NULL;
}
ROW_KERNEL(jsonb_extract_path_text)
{
    Slice v;
    return jb_extract(call, a, &v) ? jb_result_text(call, v, r) : KERNEL_NULL;
}

/* ---- containment, existence ---- */

KERNEL_BINARY(k_jsonb_contains, Str, Str, uint8_t, r = jb_contains(str_slice(&a), str_slice(&b)))
KERNEL_BINARY(k_jsonb_contained, Str, Str, uint8_t, r = jb_contains(str_slice(&b), str_slice(&a)))

/* jb_has_name - a key of an object, a string in an array, or the string itself. */
static bool jb_has_name(const JbView *v, Slice node, Slice name)
{
    Slice value;
    switch (v->kind) {
    case JB_OBJECT: return jb_find(v, name, &value);
    case JB_STRING: return slice_eq(jb_text(node), name);
    case JB_ARRAY: break;
    default: return false;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        Slice e = jb_element(v, i);
        if (jb_kind(e) == JB_STRING && slice_eq(jb_text(e), name)) {
            return true;
        }
    }
    return false;
}
ROW_KERNEL(jsonb_exists)
{
    Slice node = str_slice(&a[0].str);
    JbView v = jb_view(node);
    r->b = jb_has_name(&v, node, str_slice(&a[1].str));
    return ST_OK;
}
/* jb_has_names - any of them, or all; NULLs among them do not count. */
static bool jb_has_names(FnCall *call, const Datum *a, bool all)
{
    Slice node = str_slice(&a[0].str);
    JbView v = jb_view(node);
    JbPath names = jb_path(call->arena, &a[1].str);
    for (uint32_t i = 0; i < names.count; i++) {
        if (!names.nulls[i] && jb_has_name(&v, node, names.steps[i]) != all) {
            return !all;
        }
    }
    return all;
}
ROW_KERNEL(jsonb_exists_any)
{
    r->b = jb_has_names(call, a, false);
    return ST_OK;
}
ROW_KERNEL(jsonb_exists_all)
{
    r->b = jb_has_names(call, a, true);
    return ST_OK;
}

/* ---- what a value is ---- */

ROW_KERNEL(jsonb_typeof)
{
    static const char *const NAMES[] = {
        [JB_NULL] = "null",     [JB_STRING] = "string", [JB_NUMBER] = "number",
        [JB_FALSE] = "boolean", [JB_TRUE] = "boolean",  [JB_ARRAY] = "array",
        [JB_OBJECT] = "object"};
    const char *name = NAMES[jb_kind(str_slice(&a[0].str))];
    r->str = str_ref(name, strlen(name));
    return ST_OK;
}
ROW_KERNEL(jsonb_array_length)
{
    JbView v = jb_view(str_slice(&a[0].str));
    if (v.kind != JB_ARRAY) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       v.kind == JB_OBJECT ? "cannot get array length of a non-array"
                                           : "cannot get array length of a scalar");
    }
    r->i32 = (int32_t)v.count;
    return ST_OK;
}
ROW_KERNEL(jsonb_pretty)
{
    Buf text;
    buf_init(&text, SIZE_MAX);
    jb_print(str_slice(&a[0].str), true, &text);
    r->str = str_of_buf(call->arena, &text);
    buf_release(&text);
    return ST_OK;
}

static const FnOps JSONB_OPS_FNS[] = {
    FN(jsonb_object_field),  FN(jsonb_object_field_text),
    FN(jsonb_array_element), FN(jsonb_array_element_text),
    FN(jsonb_extract_path),  FN(jsonb_extract_path_text),
    FN(jsonb_contains),      FN(jsonb_contained),
    FN(jsonb_exists),        FN(jsonb_exists_any),
    FN(jsonb_exists_all),    FN(jsonb_typeof),
    FN(jsonb_array_length),  FN(jsonb_pretty),
};
const TypeFamily type_family_jsonb_ops = {
    .fns = JSONB_OPS_FNS,
    .fn_count = ARRAY_LEN(JSONB_OPS_FNS),
};
