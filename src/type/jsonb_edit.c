/*
 * jsonb_edit.c - jsonb with parts of it changed: ||, -, #-, jsonb_set, jsonb_insert, subscripts
 * that are assigned to, jsonb_strip_nulls.
 *
 * Only the containers on the way to the change are opened; all else is copied as it is.
 */
#include "type/array.h"
#include "type/json_internal.h"
#include "type/jsonb.h"

#define JB_PATH_INSERTS (JB_PATH_INSERT_BEFORE | JB_PATH_INSERT_AFTER)
#define JB_PATH_MAKES   (JB_PATH_INSERTS | JB_PATH_CREATE)

static const Slice JB_NO_KEY = {NULL, 0};

/* ---- || ---- */

/* jb_concat_into - the members of a value behind those of an array; an object is one member. */
static void jb_concat_into(Arena *arena, JbItem *array, Slice node)
{
    JbView v = jb_view(node);
    if (v.kind != JB_ARRAY) {
        jb_add(arena, array, JB_NO_KEY, jb_packed(node));
        return;
    }
    for (uint32_t i = 0; i < v.count; i++) {
        jb_add(arena, array, JB_NO_KEY, jb_packed(jb_element(&v, i)));
    }
}
ROW_KERNEL(jsonb_concat)
{
    Slice x = str_slice(&a[0].str), y = str_slice(&a[1].str);
    JbItem out;
    if (jb_kind(x) == JB_OBJECT && jb_kind(y) == JB_OBJECT) {
        JbView v = jb_view(y);
        out = jb_open(call->arena, x);
        for (uint32_t i = 0; i < v.count; i++) {
            jb_add(call->arena, &out, jb_key(&v, i), jb_packed(jb_value(&v, i)));
        }
    } else {
        out = jb_item(JB_ARRAY);
        jb_concat_into(call->arena, &out, x);
        jb_concat_into(call->arena, &out, y);
    }
    return jb_encode(call->cx, call->arena, &out, &r->str);
}

/* ---- - ---- */

/* jb_is_one_of - the name of a member, or a string element, among names. */
static bool jb_is_one_of(const JbItem *member, JbKind container, const JbPath *names)
{
    bool string = jb_kind(member->bytes) == JB_STRING;
    Slice name = container == JB_OBJECT ? member->key
                 : string               ? jb_text(member->bytes)
                                        : (Slice){"", 0};
    for (uint32_t i = 0; i < names->count; i++) {
        if (!names->nulls[i] && (container == JB_OBJECT || string) &&
            slice_eq(name, names->steps[i])) {
            return true;
        }
    }
    return false;
}
static Status jb_delete_names(FnCall *call, const Str *value, const JbPath *names, Datum *r)
{
    Slice node = str_slice(value);
    if (!jb_is_container(jb_kind(node))) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "cannot delete from scalar");
    }
    JbItem c = jb_open(call->arena, node);
    uint32_t n = 0;
    for (uint32_t i = 0; i < c.count; i++) {
        if (!jb_is_one_of(&c.items[i], c.kind, names)) {
            c.items[n++] = c.items[i];
        }
    }
    c.count = n;
    return jb_encode(call->cx, call->arena, &c, &r->str);
}
ROW_KERNEL(jsonb_delete)
{
    Slice name = str_slice(&a[1].str);
    bool is_null = false;
    JbPath names = {1, &name, &is_null};
    return jb_delete_names(call, &a[0].str, &names, r);
}
/* jb_path_checked - of a text[] with one dimension at most. */
static Status jb_path_checked(FnCall *call, const Str *array, JbPath *out)
{
    ArrayView v;
    array_view(array, &v);
    if (v.shape.ndim > 1) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    }
    *out = jb_path(call->arena, array);
    return ST_OK;
}
ROW_KERNEL(jsonb_delete_array)
{
    JbPath names;
    TRY(jb_path_checked(call, &a[1].str, &names));
    return jb_delete_names(call, &a[0].str, &names, r);
}
ROW_KERNEL(jsonb_delete_idx)
{
    Slice node = str_slice(&a[0].str);
    JbView v = jb_view(node);
    int64_t at = a[1].i32;
    if (v.kind != JB_ARRAY) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       v.kind == JB_OBJECT ? "cannot delete from object using integer index"
                                           : "cannot delete from scalar");
    }
    at += at < 0 ? (int64_t)v.count : 0;
    if (at < 0 || at >= (int64_t)v.count) {
        r->str = str_copy(call->arena, node.ptr, node.len);
        return ST_OK;
    }
    JbItem c = jb_open(call->arena, node);
    c.count--;
    memmove(&c.items[at], &c.items[at + 1], (c.count - (size_t)at) * sizeof(JbItem));
    return jb_encode(call->cx, call->arena, &c, &r->str);
}

/* ---- changes along a path ---- */

typedef struct JbEdit {
    FnCall *call;
    const JbPath *path;
    JbItem value;
    uint32_t ops;
} JbEdit;

static Status jb_edit_at(JbEdit *e, Slice node, uint32_t level, JbItem *out);

static void jb_add_nulls(JbEdit *e, JbItem *array, int64_t n)
{
    for (; n > 0; n--) {
        jb_add(e->call->arena, array, JB_NO_KEY, jb_item(JB_NULL));
    }
}

/* jb_edit_chain - what the steps behind `level` lead to where nothing is yet. */
static JbItem jb_edit_chain(JbEdit *e, uint32_t level)
{
    JbItem item = e->value;
    for (uint32_t i = e->path->count; i-- > level + 1;) {
        int32_t index;
        Slice step = e->path->steps[i];
        JbItem outer;
        if (jb_step_index(step, &index)) {
            outer = jb_item(JB_ARRAY);
            jb_add_nulls(e, &outer, index);
            jb_add(e->call->arena, &outer, JB_NO_KEY, item);
        } else {
            outer = jb_item(JB_OBJECT);
            jb_add(e->call->arena, &outer, step, item);
        }
        item = outer;
    }
    return item;
}

/* jb_edit_object - an object on the way to the change, or the one that is changed. */
static Status jb_edit_object(JbEdit *e, Slice node, uint32_t level, JbItem *out)
{
    Arena *arena = e->call->arena;
    Slice key = e->path->steps[level];
    bool last = level + 1 == e->path->count;
    *out = jb_open(arena, node);
    for (uint32_t i = 0; i < out->count; i++) {
        JbItem *m = &out->items[i];
        if (jb_key_order(m->key, key) != 0) {
            continue;
        }
        if (!last) {
            JbItem changed;
            TRY(jb_edit_at(e, m->bytes, level + 1, &changed));
            changed.key = m->key;
            *m = changed;
        } else if ((e->ops & JB_PATH_INSERTS) != 0) {
            st_ignore(err_set(e->call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                              "cannot replace existing key"));
            return err_hint(e->call->cx, "Try using the function jsonb_set to replace key value.");
        } else if ((e->ops & JB_PATH_DELETE) != 0) {
            out->count--;
            memmove(m, m + 1, (out->count - i) * sizeof(JbItem));
        } else {
            *m = e->value;
            m->key = key;
        }
        return ST_OK;
    }
    if (last ? (e->ops & JB_PATH_MAKES) != 0 : (e->ops & JB_PATH_FILL_GAPS) != 0) {
        jb_add(arena, out, key, jb_edit_chain(e, level));
    }
    return ST_OK;
}

/* jb_edit_index - where in an array of n elements a step points to: INT32_MIN before the first, n
 * behind the last, more when gaps may be filled. */
static Status jb_edit_index(JbEdit *e, uint32_t level, int64_t n, int64_t *out)
{
    int32_t index;
    Slice step = e->path->steps[level];
    if (!jb_step_index(step, &index)) {
        return err_set(e->call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                       "path element at position %u is not an integer: \"%.*s\"", level + 1,
                       (int)step.len, step.ptr);
    }
    int64_t at = index;
    if (at < 0 && -at > n) {
        if ((e->ops & JB_PATH_CONSISTENT_POSITION) != 0) {
            return err_set(e->call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "path element at position %u is out of range: %d", level + 1, index);
        }
        at = INT32_MIN;
    } else if (at < 0) {
        at += n;
    }
    if ((e->ops & JB_PATH_FILL_GAPS) == 0 && at > n) {
        at = n;
    }
    *out = at;
    return ST_OK;
}

/* jb_edit_last - the change itself, at an element of an array. */
static void jb_edit_last(JbEdit *e, JbItem *out, JbItem old)
{
    Arena *arena = e->call->arena;
    if ((e->ops & (JB_PATH_INSERT_BEFORE | JB_PATH_CREATE)) != 0) {
        jb_add(arena, out, JB_NO_KEY, e->value);
    }
    if ((e->ops & JB_PATH_INSERTS) != 0) {
        jb_add(arena, out, JB_NO_KEY, old);
    }
    if ((e->ops & (JB_PATH_INSERT_AFTER | JB_PATH_REPLACE)) != 0) {
        jb_add(arena, out, JB_NO_KEY, e->value);
    }
}

/* jb_edit_array - likewise an array. */
static Status jb_edit_array(JbEdit *e, Slice node, uint32_t level, JbItem *out)
{
    Arena *arena = e->call->arena;
    JbView v = jb_view(node);
    int64_t n = v.count, at = 0;
    bool last = level + 1 == e->path->count, done = false;
    bool fill = (e->ops & JB_PATH_FILL_GAPS) != 0;
    bool makes = last && (e->ops & JB_PATH_MAKES) != 0;
    TRY(jb_edit_index(e, level, n, &at));
    *out = jb_item(JB_ARRAY);
    if (makes && (at == INT32_MIN || n == 0)) {
        jb_add_nulls(e, out, fill && n == 0 ? at : 0);
        jb_add(arena, out, JB_NO_KEY, e->value);
        done = true;
    }
    for (int64_t i = 0; i < n; i++) {
        Slice element = jb_element(&v, (uint32_t)i);
        if (i != at) {
            jb_add(arena, out, JB_NO_KEY, jb_packed(element));
            continue;
        }
        done = true;
        if (last) {
            jb_edit_last(e, out, jb_packed(element));
        } else {
            JbItem changed;
            TRY(jb_edit_at(e, element, level + 1, &changed));
            jb_add(arena, out, JB_NO_KEY, changed);
        }
    }
    if (!done && (makes || (!last && fill))) {
        jb_add_nulls(e, out, fill ? at - n : 0);
        jb_add(arena, out, JB_NO_KEY, jb_edit_chain(e, level));
    }
    return ST_OK;
}

/* jb_edit_at - the value at hand, changed by the steps from `level` on. */
static Status jb_edit_at(JbEdit *e, Slice node, uint32_t level, JbItem *out)
{
    if (e->path->nulls[level]) {
        return err_set(e->call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                       "path element at position %u is null", level + 1);
    }
    switch (jb_kind(node)) {
    case JB_OBJECT: return jb_edit_object(e, node, level, out);
    case JB_ARRAY: return jb_edit_array(e, node, level, out);
    default: break;
    }
    if ((e->ops & JB_PATH_FILL_GAPS) != 0) {
        st_ignore(
            err_set(e->call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "cannot replace existing key"));
        return err_detail(e->call->cx, "The path assumes key is a composite object, but it is a "
                                       "scalar value.");
    }
    *out = jb_packed(node);
    return ST_OK;
}

Status jb_path_set(FnCall *call, Slice root, const JbPath *path, const JbItem *value, uint32_t ops,
                   Str *out)
{
    JbEdit e = {.call = call, .path = path, .ops = ops};
    JbItem item;
    if (path->count == 0) {
        *out = str_copy(call->arena, root.ptr, root.len);
        return ST_OK;
    }
    if (value != NULL) {
        e.value = *value;
    }
    TRY(jb_edit_at(&e, root, 0, &item));
    return jb_encode(call->cx, call->arena, &item, out);
}

/* jb_edit_call - what the SQL functions have in common. */
static Status jb_edit_call(FnCall *call, const Datum *a, const Str *value, uint32_t ops, Datum *r)
{
    Slice root = str_slice(&a[0].str);
    JbPath path;
    TRY(jb_path_checked(call, &a[1].str, &path));
    if (!jb_is_container(jb_kind(root))) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       ops == JB_PATH_DELETE ? "cannot delete path in scalar"
                                             : "cannot set path in scalar");
    }
    if ((ops == JB_PATH_DELETE || ops == JB_PATH_REPLACE) && jb_view(root).count == 0) {
        r->str = str_copy(call->arena, root.ptr, root.len);
        return ST_OK;
    }
    JbItem item = value != NULL ? jb_packed(str_slice(value)) : jb_item(JB_NULL);
    return jb_path_set(call, root, &path, &item, ops, &r->str);
}
ROW_KERNEL(jsonb_delete_path)
{
    return jb_edit_call(call, a, NULL, JB_PATH_DELETE, r);
}
ROW_KERNEL(jsonb_set)
{
    return jb_edit_call(call, a, &a[2].str, a[3].b ? JB_PATH_CREATE : JB_PATH_REPLACE, r);
}
ROW_KERNEL(jsonb_insert)
{
    return jb_edit_call(call, a, &a[2].str, a[3].b ? JB_PATH_INSERT_AFTER : JB_PATH_INSERT_BEFORE,
                        r);
}
ROW_NULL_KERNEL(jsonb_set_lax)
{
    if (nulls[0] || nulls[1] || nulls[3]) {
        return KERNEL_NULL;
    }
    Slice how = nulls[4] ? SLICE_LIT("") : str_slice(&a[4].str);
    uint32_t ops = a[3].b ? JB_PATH_CREATE : JB_PATH_REPLACE;
    bool raise = slice_eq(how, SLICE_LIT("raise_exception"));
    bool json_null = slice_eq(how, SLICE_LIT("use_json_null"));
    bool delete_key = slice_eq(how, SLICE_LIT("delete_key"));
    if (nulls[4] ||
        (!raise && !json_null && !delete_key && !slice_eq(how, SLICE_LIT("return_target")))) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "null_value_treatment must be \"delete_key\", \"return_target\", "
                       "\"use_json_null\", or \"raise_exception\"");
    }
    if (!nulls[2]) {
        return jb_edit_call(call, a, &a[2].str, ops, r);
    }
    if (raise) {
        st_ignore(err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED, "JSON value must not be null"));
        st_ignore(err_detail(call->cx, "Exception was raised because null_value_treatment is "
                                       "\"raise_exception\"."));
        return err_hint(call->cx, "To avoid, either change the null_value_treatment argument or "
                                  "ensure that an SQL NULL is not passed.");
    }
    if (json_null) {
        return jb_edit_call(call, a, NULL, ops, r);
    }
    if (delete_key) {
        return jb_edit_call(call, a, NULL, JB_PATH_DELETE, r);
    }
    r->str = str_copy(call->arena, str_ptr(&a[0].str), a[0].str.len);
    return ST_OK;
}

/* ---- subscripts ---- */

Status jb_subscript_set(FnCall *call, const Str *old, const JbPath *path, bool array,
                        const Str *value, Str *out)
{
    static const char EMPTY_ARRAY[] = {JB_ARRAY, 1, 0}, EMPTY_OBJECT[] = {JB_OBJECT, 1, 0};
    Slice root = old != NULL ? str_slice(old) : (Slice){array ? EMPTY_ARRAY : EMPTY_OBJECT, 3};
    JbItem item = value != NULL ? jb_packed(str_slice(value)) : jb_item(JB_NULL);
    return jb_path_set(call, root, path, &item,
                       JB_PATH_CREATE | JB_PATH_FILL_GAPS | JB_PATH_CONSISTENT_POSITION, out);
}

/* ---- jsonb_strip_nulls ---- */

static JbItem jb_strip(Arena *arena, Slice node)
{
    if (!jb_is_container(jb_kind(node))) {
        return jb_packed(node);
    }
    JbItem c = jb_open(arena, node);
    uint32_t n = 0;
    for (uint32_t i = 0; i < c.count; i++) {
        JbItem m = c.items[i];
        if (c.kind == JB_OBJECT && jb_kind(m.bytes) == JB_NULL) {
            continue;
        }
        c.items[n] = jb_strip(arena, m.bytes);
        c.items[n++].key = m.key;
    }
    c.count = n;
    return c;
}
ROW_KERNEL(jsonb_strip_nulls)
{
    JbItem item = jb_strip(call->arena, str_slice(&a[0].str));
    return jb_encode(call->cx, call->arena, &item, &r->str);
}

static const FnOps JSONB_EDIT_FNS[] = {
    FN(jsonb_concat),     FN(jsonb_delete),      FN(jsonb_delete_array),
    FN(jsonb_delete_idx), FN(jsonb_delete_path), FN(jsonb_set),
    FN(jsonb_insert),     FN(jsonb_set_lax),     FN(jsonb_strip_nulls),
};
const TypeFamily type_family_jsonb_edit = {
    .fns = JSONB_EDIT_FNS,
    .fn_count = ARRAY_LEN(JSONB_EDIT_FNS),
};
