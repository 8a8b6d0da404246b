/*
 * json_record.c - json and jsonb as rows of given columns: json_to_record, json_to_recordset and
 * their kin of jsonb.
 *
 * Both forms are read through one small view, since json must keep its text where a column is json
 * itself.
 */
#include "type/array.h"
#include "type/json_internal.h"
#include "type/jsonb.h"

/* JrValue - a value of either form. */
typedef struct JrValue {
    bool binary;
    Slice s;
} JrValue;

static JsonScan jr_scan(JrValue v)
{
    JsonScan s = {.start = v.s.ptr, .p = v.s.ptr, .end = v.s.ptr + v.s.len};
    json_skip_space(&s);
    return s;
}

static JsonKind jr_kind(JrValue v)
{
    static const JsonKind KINDS[] = {
        [JB_NULL] = JSON_NULL,    [JB_STRING] = JSON_STRING, [JB_NUMBER] = JSON_NUMBER,
        [JB_FALSE] = JSON_BOOL,   [JB_TRUE] = JSON_BOOL,     [JB_ARRAY] = JSON_ARRAY,
        [JB_OBJECT] = JSON_OBJECT};
    return v.binary ? KINDS[jb_kind(v.s)] : json_kind(jr_scan(v).p);
}

/* jr_field - the value under a name. */
static bool jr_field(JrValue v, Slice name, JrValue *out)
{
    out->binary = v.binary;
    if (v.binary) {
        JbView view = jb_view(v.s);
        return jb_find(&view, name, &out->s);
    }
    return json_find_field(v.s, name, &out->s);
}

/* JrList - the elements of an array. */
typedef struct JrList {
    JrValue *items;
    uint32_t count, size;
} JrList;
static void jr_list_add(Arena *arena, JrList *l, JrValue v)
{
    if (l->count == l->size) {
        uint32_t size = MAX(l->size * 2, 8u);
        l->items = arena_grow(arena, l->items, l->size * sizeof(JrValue), size * sizeof(JrValue));
        l->size = size;
    }
    l->items[l->count++] = v;
}
static JrList jr_elements(Arena *arena, JrValue v)
{
    JrList l = {0};
    if (v.binary) {
        JbView view = jb_view(v.s);
        for (uint32_t i = 0; i < view.count; i++) {
            jr_list_add(arena, &l, (JrValue){true, jb_element(&view, i)});
        }
        return l;
    }
    JsonScan s = jr_scan(v);
    if (!json_empty(&s)) {
        do {
            jr_list_add(arena, &l, (JrValue){false, json_step(&s)});
        } while (json_next(&s));
    }
    return l;
}

/* jr_text - as text: strings without their quotes. */
static Status jr_text(FnCall *call, JrValue v, bool as_json, Slice *out)
{
    Datum d;
    Buf text;
    if (!v.binary && (as_json || jr_kind(v) != JSON_STRING)) {
        *out = slice_trim(v.s);
        return ST_OK;
    }
    if (v.binary && (as_json || jr_kind(v) != JSON_STRING)) {
        buf_init(&text, SIZE_MAX);
        jb_print(v.s, false, &text);
        *out = (Slice){arena_memdup(call->arena, text.data, text.len), text.len};
        buf_release(&text);
        return ST_OK;
    }
    Status st =
        v.binary ? jb_result_text(call, v.s, &d) : json_as_text(call, v.s, slice_trim(v.s), &d.str);
    if (st == ST_OK) {
        *out = (Slice){arena_memdup(call->arena, str_ptr(&d.str), d.str.len), d.str.len};
    }
    return st;
}

/* JrColumn - what a value is to become. */
typedef struct JrColumn {
    const char *name;
    Oid type;
    int32_t typmod;
} JrColumn;

static Status jr_convert(FnCall *call, const JrColumn *c, JrValue v, Datum *out, bool *is_null);

/* JrArray - an array being filled, with how many elements each dimension has: -1 not known yet. */
typedef struct JrArray {
    ArrayList list;
    int32_t dims[ARRAY_DIMS_MAX];
    uint32_t ndim; /* 0: not known */
    JrColumn element;
    const char *column;
    uint32_t at[ARRAY_DIMS_MAX]; /* the element being looked at */
} JrArray;

/* jr_no_array - an array was expected so many levels deep. */
static Status jr_no_array(FnCall *call, const JrArray *a, uint32_t level)
{
    Buf where;
    st_ignore(err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION, "expected JSON array"));
    if (level == 0) {
        return err_hint(call->cx, "See the value of key \"%s\".", a->column);
    }
    buf_init(&where, 256);
    for (uint32_t i = 0; i < level; i++) {
        buf_printf(&where, "[%u]", a->at[i]);
    }
    Status st = err_hint(call->cx, "See the array element %.*s of key \"%s\".", (int)where.len,
                         (const char *)where.data, a->column);
    buf_release(&where);
    return st;
}
static Status jr_bad_array(FnCall *call)
{
    st_ignore(err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION, "malformed JSON array"));
    return err_detail(call->cx, "Multidimensional arrays must have sub-arrays with matching "
                                "dimensions.");
}

/* jr_array_level - the elements of one level; the first that is no array tells how many dimensions
 * there are. */
static Status jr_array_level(FnCall *call, JrArray *a, JrValue v, uint32_t level)
{
    if (jr_kind(v) != JSON_ARRAY || level >= ARRAY_DIMS_MAX) {
        return jr_no_array(call, a, level);
    }
    JrList items = jr_elements(call->arena, v);
    if (a->dims[level] < 0) {
        a->dims[level] = (int32_t)items.count;
    } else if (a->dims[level] != (int32_t)items.count) {
        return jr_bad_array(call);
    }
    for (uint32_t i = 0; i < items.count; i++) {
        bool nested = jr_kind(items.items[i]) == JSON_ARRAY;
        a->at[level] = i;
        if (a->ndim == 0 &&
            (!nested || a->element.type == TYPE_JSON || a->element.type == TYPE_JSONB)) {
            a->ndim = level + 1;
        }
        if (a->ndim == 0 || level + 1 < a->ndim) {
            if (!nested) {
                return jr_no_array(call, a, level + 1);
            }
            TRY(jr_array_level(call, a, items.items[i], level + 1));
            continue;
        }
        Datum d = {0};
        bool is_null;
        TRY(jr_convert(call, &a->element, items.items[i], &d, &is_null));
        array_list_add(&a->list, type_ops(call_carrier(call, a->element.type))->phys, &d, is_null,
                       true);
    }
    if (a->ndim == 0 && items.count == 0) {
        a->ndim = level + 1;
    }
    return ST_OK;
}
static Status jr_array(FnCall *call, const JrColumn *c, Oid element, JrValue v, Datum *out)
{
    JrArray a = {.list = array_list(call->arena), .column = c->name};
    a.element = (JrColumn){c->name, element, c->typmod};
    for (uint32_t i = 0; i < ARRAY_DIMS_MAX; i++) {
        a.dims[i] = -1;
    }
    TRY(jr_array_level(call, &a, v, 0));
    if (a.list.count == 0) {
        out->str = array_empty(call_carrier(call, element));
        return ST_OK;
    }
    ArrayShape shape = {.element = call_carrier(call, element), .ndim = a.ndim};
    for (uint32_t i = 0; i < a.ndim; i++) {
        shape.dims[i] = a.dims[i];
        shape.lower[i] = 1;
    }
    out->str = array_build(call->arena, &shape, a.list.values, a.list.nulls);
    return ST_OK;
}

/* jr_convert - a value as the type of a column. */
static Status jr_convert(FnCall *call, const JrColumn *c, JrValue v, Datum *out, bool *is_null)
{
    Oid element = call_element(call, c->type);
    JsonKind kind = jr_kind(v);
    Slice text;
    bool as_json = c->type == TYPE_JSON || c->type == TYPE_JSONB;
    *is_null = kind == JSON_NULL && !as_json;
    if (*is_null) {
        return ST_OK;
    }
    if (v.binary && c->type == TYPE_JSONB) {
        out->str = str_copy(call->arena, v.s.ptr, v.s.len);
        return ST_OK;
    }
    if (element != OID_INVALID && kind != JSON_STRING) {
        return jr_array(call, c, element, v, out);
    }
    const TypeOps *ops = type_ops(call_carrier(call, c->type));
    if (ops == NULL || ops->in == NULL || ops->oid == TYPE_RECORD) {
        return err_unsupported(call->cx, "column \"%s\" of type %u is not supported here", c->name,
                               c->type);
    }
    TRY(jr_text(call, v, as_json, &text));
    FnCall in = *call;
    in.result_type = c->type;
    TRY(ops->in(&in, text, c->typmod, out));
    return type_check_domain(&in, c->type, out);
}

/* jr_row - an object's members as the columns of the row asked for. */
static Status jr_row(FnCall *call, JrValue v, Datum *cols, bool *nulls)
{
    const FnRow *row = call->row;
    for (uint16_t i = 0; i < row->count; i++) {
        JrColumn c = {row->names[i], row->types[i], row->typmods[i]};
        JrValue field;
        nulls[i] = !jr_field(v, slice_of(row->names[i]), &field);
        if (!nulls[i]) {
            TRY(jr_convert(call, &c, field, &cols[i], &nulls[i]));
        }
    }
    return ST_OK;
}

/* ---- the functions ---- */

/* JrRows - what is left to be given. */
typedef struct JrRows {
    Str value;
    JrValue one;
    JrList list;
    bool set;
    uint32_t next;
    const char *name;
} JrRows;

/* jr_begin - open what the columns are to be taken from. ST_DONE: a NULL, no rows. */
static Status jr_begin(FnCall *call, const Datum *a, const bool *nulls, bool binary, bool set,
                       const char *name)
{
    JrRows *s = ARENA_NEW(call->state_arena, JrRows);
    if (nulls[0]) {
        return ST_DONE;
    }
    if (call->row == NULL) {
        st_ignore(err_unsupported(call->cx, "could not determine row type for result of %s", name));
        return err_hint(call->cx, "Provide a non-null record argument, or call the function in the "
                                  "FROM clause using a column definition list.");
    }
    s->value = a[0].str;
    s->set = set;
    s->name = name;
    s->one = (JrValue){binary, str_slice(&s->value)};
    call->state = s;
    JsonKind kind = jr_kind(s->one);
    if (set && kind != JSON_ARRAY) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       kind == JSON_OBJECT || binary ? "cannot call %s on a non-array"
                                                     : "cannot call %s on a scalar",
                       name);
    }
    if (!set && kind != JSON_OBJECT) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       kind == JSON_ARRAY ? "cannot call populate_composite on an array"
                                          : "cannot call populate_composite on a scalar");
    }
    if (set) {
        s->list = jr_elements(call->state_arena, s->one);
    }
    return ST_OK;
}
static Status jr_next(FnCall *call, Datum *cols, bool *nulls)
{
    JrRows *s = call->state;
    if (s->next >= (s->set ? s->list.count : 1)) {
        return ST_DONE;
    }
    JrValue v = s->set ? s->list.items[s->next] : s->one;
    s->next++;
    if (jr_kind(v) != JSON_OBJECT) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "argument of %s must be an array of objects", s->name);
    }
    return jr_row(call, v, cols, nulls);
}

#define JR_BEGIN(name, binary, set)                                                                \
    static Status name##_begin(FnCall *call, const Datum *a, const bool *nulls, uint32_t n UNUSED) \
    {                                                                                              \
        return jr_begin(call, a, nulls, binary, set, #name);                                       \
    }
JR_BEGIN(json_to_record, false, false)
JR_BEGIN(json_to_recordset, false, true)
JR_BEGIN(jsonb_to_record, true, false)
JR_BEGIN(jsonb_to_recordset, true, true)

static const SetOps JSON_RECORD_SETS[] = {
    {"json_to_record", json_to_record_begin, jr_next},
    {"json_to_recordset", json_to_recordset_begin, jr_next},
    {"jsonb_to_record", jsonb_to_record_begin, jr_next},
    {"jsonb_to_recordset", jsonb_to_recordset_begin, jr_next},
};
const TypeFamily type_family_json_record = {
    .sets = JSON_RECORD_SETS,
    .set_count = ARRAY_LEN(JSON_RECORD_SETS),
};
