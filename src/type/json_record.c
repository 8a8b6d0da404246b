/*
 * json_record.c - json and jsonb as rows: of given columns (json_to_record, json_to_recordset), of
 * a row type (json_populate_record, json_populate_recordset), and their kin of jsonb.
 *
 * Both forms are read through one small view, since json must keep its text where a column is json
 * itself.
 */
#include "type/array.h"
#include "type/json_internal.h"
#include "type/jsonb.h"
#include "type/record.h"

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
    const Str *had; /* a row the fields come from that the value does not have; NULL = none */
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
    a.element = (JrColumn){.name = c->name, .type = element, .typmod = c->typmod};
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

/* ---- rows ---- */

static Status jr_no_object(FnCall *call, JsonKind kind)
{
    return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                   kind == JSON_ARRAY ? "cannot call populate_composite on an array"
                                      : "cannot call populate_composite on a scalar");
}

/* jr_no_row_type - of the function called, or of a row of its own without a type. */
static Status jr_no_row_type(FnCall *call, const char *name)
{
    st_ignore(err_unsupported(call->cx, "could not determine row type for result of %s", name));
    return err_hint(call->cx, "Provide a non-null record argument, or call the function in the "
                              "FROM clause using a column definition list.");
}

/* jr_fields - the fields of a row type; of an anonymous row those of the value. */
static Status jr_fields(FnCall *call, Oid type, const Str *had, const char *name, RecordField **out,
                        uint32_t *count)
{
    const TypeEnv *env = call->env;
    if (type != TYPE_RECORD) {
        Status st = env == NULL || env->types == NULL
                        ? ST_NOTFOUND
                        : env->types->fields(call->cx, env->session, call->arena, type, out, count);
        return st == ST_NOTFOUND ? err_set(call->cx, ERRCODE_DATATYPE_MISMATCH,
                                           "first argument of %s must be a row type", name)
                                 : st;
    }
    if (had == NULL) {
        return jr_no_row_type(call, name);
    }
    RecordIter it = record_iter(had);
    Slice field;
    *out = ARENA_ARRAY(call->arena, RecordField, it.count + 1u);
    for (*count = 0; record_next(&it, &(*out)[*count], &field); ++*count) {
        (*out)[*count].name = field.len > 0 ? arena_strndup(call->arena, field.ptr, field.len)
                                            : arena_printf(call->arena, "f%u", *count + 1);
        (*out)[*count].typmod = -1;
    }
    return ST_OK;
}

/* jr_member - the value of one column: the object's member, else what it had. */
static Status jr_member(FnCall *call, JrValue object, const JrColumn *c, RecordIter *had,
                        Datum *out, bool *is_null)
{
    RecordField old = {.is_null = true};
    JrColumn column = *c;
    JrValue member;
    Slice name;
    bool kept = had != NULL && record_next(had, &old, &name);
    if (jr_field(object, slice_of(c->name), &member)) {
        column.had = !old.is_null && old.type == TYPE_RECORD ? &old.value.str : NULL;
        return jr_convert(call, &column, member, out, is_null);
    }
    *is_null = old.is_null;
    *out = old.value;
    return kept ? ST_OK : type_check_domain(call, c->type, NULL);
}

/* jr_populate - an object as a value of the row type. */
static Status jr_populate(FnCall *call, Oid type, const Str *had, JrValue v, const char *name,
                          Datum *out)
{
    RecordField *fields;
    uint32_t count;
    if (jr_kind(v) != JSON_OBJECT) {
        return jr_no_object(call, jr_kind(v));
    }
    TRY(jr_fields(call, type_domain_base(call, type), had, name, &fields, &count));
    RecordIter it = {0};
    if (had != NULL) {
        it = record_iter(had);
    }
    for (uint32_t i = 0; i < count; i++) {
        RecordField *f = &fields[i];
        JrColumn c = {f->name, f->declared != 0 ? f->declared : f->type, f->typmod, NULL};
        TRY(jr_member(call, v, &c, had != NULL ? &it : NULL, &f->value, &f->is_null));
    }
    out->str = record_build(call->arena, fields, count);
    return type_check_domain(call, type, out);
}

/* jr_convert - a value as the type of a column. */
static Status jr_convert(FnCall *call, const JrColumn *c, JrValue v, Datum *out, bool *is_null)
{
    Oid base = type_domain_base(call, c->type), element = call_element(call, base);
    JsonKind kind = jr_kind(v);
    Slice text;
    bool as_json = base == TYPE_JSON || base == TYPE_JSONB;
    *is_null = kind == JSON_NULL && !as_json;
    if (*is_null) {
        return type_check_domain(call, c->type, NULL);
    }
    if (v.binary && base == TYPE_JSONB) {
        out->str = str_copy(call->arena, v.s.ptr, v.s.len);
        return type_check_domain(call, c->type, out);
    }
    if (element != OID_INVALID && kind != JSON_STRING) {
        TRY(jr_array(call, c, element, v, out));
        return type_check_domain(call, c->type, out);
    }
    const TypeOps *ops = type_ops(call_carrier(call, base));
    if (ops == NULL || ops->in == NULL || base == TYPE_RECORD) {
        return err_unsupported(call->cx, "column \"%s\" of type %u is not supported here", c->name,
                               c->type);
    }
    if (ops->oid == TYPE_RECORD && kind != JSON_STRING) {
        return jr_populate(call, c->type, c->had, v, c->name, out);
    }
    TRY(jr_text(call, v, as_json, &text));
    FnCall in = *call;
    in.result_type = base;
    TRY(ops->in(&in, text, c->typmod, out));
    return type_check_domain(&in, c->type, out);
}

/* jr_row - an object's members as the columns of the row asked for. */
static Status jr_row(FnCall *call, JrValue v, const Str *had, Datum *cols, bool *nulls)
{
    const FnRow *row = call->row;
    RecordIter it = {0};
    if (had != NULL) {
        it = record_iter(had);
    }
    for (uint16_t i = 0; i < row->count; i++) {
        JrColumn c = {row->names[i], row->types[i], row->typmods[i], NULL};
        TRY(jr_member(call, v, &c, had != NULL ? &it : NULL, &cols[i], &nulls[i]));
    }
    return ST_OK;
}

/* ---- the functions ---- */

/* JrRows - what is left to be given. */
typedef struct JrRows {
    Str value;
    JrValue one;
    JrList list;
    Str had;                     /* what columns that are not in the value are taken from */
    bool set, has_had, no_value; /* no_value: one row, of what there was */
    uint32_t next;
    const char *name;
} JrRows;

/* jr_begin - open what the columns are to be taken from. ST_DONE: a NULL, no rows (of
 * populate_record one row, of what there was). had: the row given, NULL = none. */
static Status jr_begin(FnCall *call, const Datum *value, const Datum *had, bool binary, bool set,
                       const char *name)
{
    JrRows *s = ARENA_NEW(call->state_arena, JrRows);
    s->has_had = had != NULL;
    s->had = had != NULL ? had->str : (Str){0};
    s->set = set;
    s->name = name;
    s->no_value = value == NULL;
    call->state = s;
    if (value == NULL) {
        return set ? ST_DONE : ST_OK;
    }
    s->value = value->str;
    s->one = (JrValue){binary, str_slice(&s->value)};
    JsonKind kind = jr_kind(s->one);
    if (set && kind != JSON_ARRAY) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       kind == JSON_OBJECT || binary ? "cannot call %s on a non-array"
                                                     : "cannot call %s on a scalar",
                       name);
    }
    if (!set && kind != JSON_OBJECT) {
        return jr_no_object(call, kind);
    }
    if (set) {
        s->list = jr_elements(call->state_arena, s->one);
    }
    return ST_OK;
}
/* jr_had_row - the row given as columns; none was: NULLs. */
static void jr_had_row(const FnCall *call, const JrRows *s, Datum *cols, bool *nulls)
{
    RecordIter it = {0};
    RecordField f;
    Slice name;
    if (s->has_had) {
        it = record_iter(&s->had);
    }
    for (uint16_t i = 0; i < call->row->count; i++) {
        nulls[i] = !record_next(&it, &f, &name) || f.is_null;
        cols[i] = nulls[i] ? (Datum){0} : f.value;
    }
}
/* jr_next - the next row: its columns, or as one value where no columns are asked for. */
static Status jr_next(FnCall *call, Datum *cols, bool *nulls)
{
    JrRows *s = call->state;
    if (s->next >= (s->set ? s->list.count : 1)) {
        return ST_DONE;
    }
    if (s->no_value) {
        s->next++;
        jr_had_row(call, s, cols, nulls);
        return ST_OK;
    }
    JrValue v = s->set ? s->list.items[s->next] : s->one;
    const Str *had = s->has_had ? &s->had : NULL;
    s->next++;
    if (jr_kind(v) != JSON_OBJECT) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "argument of %s must be an array of objects", s->name);
    }
    return call->row != NULL ? jr_row(call, v, had, cols, nulls)
                             : jr_populate(call, call->result_type, had, v, s->name, &cols[0]);
}

#define JR_BEGIN(name, binary, set)                                                                \
    static Status name##_begin(FnCall *call, const Datum *a, const bool *nulls, uint32_t n UNUSED) \
    {                                                                                              \
        return !nulls[0] && call->row == NULL                                                      \
                   ? jr_no_row_type(call, #name)                                                   \
                   : jr_begin(call, nulls[0] ? NULL : &a[0], NULL, binary, set, #name);            \
    }
#define JR_POPULATE(name, binary, set)                                                             \
    static Status name##_begin(FnCall *call, const Datum *a, const bool *nulls, uint32_t n UNUSED) \
    {                                                                                              \
        return jr_begin(call, nulls[1] ? NULL : &a[1], nulls[0] ? NULL : &a[0], binary, set,       \
                        #name);                                                                    \
    }
JR_BEGIN(json_to_record, false, false)
JR_BEGIN(json_to_recordset, false, true)
JR_BEGIN(jsonb_to_record, true, false)
JR_BEGIN(jsonb_to_recordset, true, true)
JR_POPULATE(json_populate_record, false, false)
JR_POPULATE(jsonb_populate_record, true, false)
JR_POPULATE(json_populate_recordset, false, true)
JR_POPULATE(jsonb_populate_recordset, true, true)

/* jr_populate_rows - json_populate_record and jsonb_populate_record. */
static Status jr_populate_rows(KERNEL_PARAMS, bool binary, const char *name)
{
    (void)arg_count;
    SEL_FOREACH(row, sel)
    {
        Datum had = vec_get(args[0], row), from = vec_get(args[1], row), r;
        bool none = vec_is_null(args[0], row);
        TRY(cx_check(call->cx));
        if (vec_is_null(args[1], row)) {
            if (none) {
                vec_set_null(out, row);
            } else {
                vec_put(out, row, &had);
            }
            continue;
        }
        TRY(jr_populate(call, call->result_type, none ? NULL : &had.str,
                        (JrValue){binary, str_slice(&from.str)}, name, &r));
        vec_put(out, row, &r);
    }
    return ST_OK;
}
static Status k_json_populate_record(KERNEL_PARAMS)
{
    return jr_populate_rows(call, args, arg_count, sel, out, false, "json_populate_record");
}
static Status k_jsonb_populate_record(KERNEL_PARAMS)
{
    return jr_populate_rows(call, args, arg_count, sel, out, true, "jsonb_populate_record");
}

static const SetOps JSON_RECORD_SETS[] = {
    {"json_to_record", json_to_record_begin, jr_next},
    {"json_to_recordset", json_to_recordset_begin, jr_next},
    {"jsonb_to_record", jsonb_to_record_begin, jr_next},
    {"jsonb_to_recordset", jsonb_to_recordset_begin, jr_next},
    {"json_populate_record", json_populate_record_begin, jr_next}, /* in FROM */
    {"jsonb_populate_record", jsonb_populate_record_begin, jr_next},
    {"json_populate_recordset", json_populate_recordset_begin, jr_next},
    {"jsonb_populate_recordset", jsonb_populate_recordset_begin, jr_next},
};
static const FnOps JSON_RECORD_FNS[] = {
    FN(json_populate_record),
    FN(jsonb_populate_record),
};
const TypeFamily type_family_json_record = {
    .fns = JSON_RECORD_FNS,
    .fn_count = ARRAY_LEN(JSON_RECORD_FNS),
    .sets = JSON_RECORD_SETS,
    .set_count = ARRAY_LEN(JSON_RECORD_SETS),
};
