/*
 * jsonb_rows.c - jsonb taken apart into rows: elements, keys, members.
 */
#include "type/json_internal.h"
#include "type/jsonb.h"

typedef struct JbRows {
    Str value; /* short values are inside the Str: the view is over our own */
    JbView view;
    uint32_t next;
} JbRows;

/* jb_rows_open - a walk over the members of a container. */
static JbRows *jb_rows_open(FnCall *call, const Datum *a)
{
    JbRows *s = ARENA_NEW(call->state_arena, JbRows);
    s->value = a[0].str;
    s->view = jb_view(str_slice(&s->value));
    call->state = s;
    return s;
}

static Status jb_elements_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                uint32_t n UNUSED)
{
    JbRows *s = jb_rows_open(call, a);
    if (s->view.kind != JB_ARRAY) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       s->view.kind == JB_OBJECT ? "cannot extract elements from an object"
                                                 : "cannot extract elements from a scalar");
    }
    return ST_OK;
}
static Status jb_elements_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    JbRows *s = call->state;
    if (s->next == s->view.count) {
        return ST_DONE;
    }
    Slice v = jb_element(&s->view, s->next++);
    cols[0].str = str_copy(call->arena, v.ptr, v.len);
    return ST_OK;
}
/* jb_rows_text - a member as a text column. */
static Status jb_rows_text(FnCall *call, Slice node, Datum *col, bool *is_null)
{
    Status st = jb_result_text(call, node, col);
    *is_null = st == KERNEL_NULL;
    return st == KERNEL_NULL ? ST_OK : st;
}
static Status jb_elements_text_next(FnCall *call, Datum *cols, bool *nulls)
{
    JbRows *s = call->state;
    if (s->next == s->view.count) {
        return ST_DONE;
    }
    return jb_rows_text(call, jb_element(&s->view, s->next++), &cols[0], &nulls[0]);
}

static Status jb_keys_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                            uint32_t n UNUSED)
{
    JbRows *s = jb_rows_open(call, a);
    if (s->view.kind != JB_OBJECT) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       s->view.kind == JB_ARRAY ? "cannot call jsonb_object_keys on an array"
                                                : "cannot call jsonb_object_keys on a scalar");
    }
    return ST_OK;
}
static Status jb_keys_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    JbRows *s = call->state;
    if (s->next == s->view.count) {
        return ST_DONE;
    }
    Slice key = jb_key(&s->view, s->next++);
    cols[0].str = str_copy(call->arena, key.ptr, key.len);
    return ST_OK;
}

static Status jb_each_open(FnCall *call, const Datum *a, const char *fn)
{
    JbRows *s = jb_rows_open(call, a);
    return s->view.kind == JB_OBJECT ? ST_OK
                                     : err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                                               "cannot call %s on a non-object", fn);
}
static Status jb_each_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                            uint32_t n UNUSED)
{
    return jb_each_open(call, a, "jsonb_each");
}
static Status jb_each_text_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                 uint32_t n UNUSED)
{
    return jb_each_open(call, a, "jsonb_each_text");
}
static Status jb_each_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    JbRows *s = call->state;
    if (s->next == s->view.count) {
        return ST_DONE;
    }
    Slice key = jb_key(&s->view, s->next), v = jb_value(&s->view, s->next);
    s->next++;
    cols[0].str = str_copy(call->arena, key.ptr, key.len);
    cols[1].str = str_copy(call->arena, v.ptr, v.len);
    return ST_OK;
}
static Status jb_each_text_next(FnCall *call, Datum *cols, bool *nulls)
{
    JbRows *s = call->state;
    if (s->next == s->view.count) {
        return ST_DONE;
    }
    Slice key = jb_key(&s->view, s->next), v = jb_value(&s->view, s->next);
    s->next++;
    cols[0].str = str_copy(call->arena, key.ptr, key.len);
    return jb_rows_text(call, v, &cols[1], &nulls[1]);
}

static const SetOps JSONB_SETS[] = {
    {"jsonb_array_elements", jb_elements_begin, jb_elements_next},
    {"jsonb_array_elements_text", jb_elements_begin, jb_elements_text_next},
    {"jsonb_object_keys", jb_keys_begin, jb_keys_next},
    {"jsonb_each", jb_each_begin, jb_each_next},
    {"jsonb_each_text", jb_each_text_begin, jb_each_text_next},
};
const TypeFamily type_family_jsonb_rows = {
    .sets = JSONB_SETS,
    .set_count = ARRAY_LEN(JSONB_SETS),
};
