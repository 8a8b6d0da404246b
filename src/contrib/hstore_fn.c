/*
 * hstore_fn.c - functions and operators of the extension hstore.
 */
#include "contrib/hstore.h"
#include "type/jsonb.h"
#include "type/record.h"

/* ---- text arrays ---- */

/* HsKeys - the elements of a text[] that are not NULL. */
typedef struct HsKeys {
    Slice *keys;
    uint32_t count;
} HsKeys;

static int hs_slice_order(const void *a, const void *b)
{
    return hs_key_order(*(const Slice *)a, *(const Slice *)b);
}

/* hs_keys - the keys of an array, in order, each once. */
static HsKeys hs_keys(Arena *arena, const Str *array, ArrayView *view)
{
    array_view(array, view);
    HsKeys k = {.keys = ARENA_ARRAY(arena, Slice, view->count + 1)};
    ArrayIter it = array_iter(view);
    Datum d;
    bool is_null;
    uint32_t n = 0;
    while (array_next(&it, &d, &is_null)) {
        if (!is_null) {
            Str copy = str_copy(arena, str_ptr(&d.str), d.str.len);
            char *p = arena_memdup(arena, str_ptr(&copy), copy.len + (copy.len == 0));
            k.keys[k.count++] = (Slice){p, copy.len};
        }
    }
    array_sort(k.keys, k.count, sizeof(Slice), hs_slice_order);
    for (uint32_t i = 0; i < k.count; i++) {
        if (n == 0 || hs_key_order(k.keys[n - 1], k.keys[i]) != 0) {
            k.keys[n++] = k.keys[i];
        }
    }
    k.count = n;
    return k;
}

static Datum hs_text(Arena *arena, Slice s)
{
    return (Datum){.str = str_copy(arena, s.ptr, s.len)};
}

/* ---- looking into a value ---- */

ROW_KERNEL(hstore_fetchval)
{
    HsPair p;
    if (!hs_find(&a[0].str, str_slice(&a[1].str), &p) || p.is_null) {
        return KERNEL_NULL;
    }
    *r = hs_text(call->arena, p.val);
    return ST_OK;
}

ROW_KERNEL(hstore_exists)
{
    HsPair p;
    r->b = hs_find(&a[0].str, str_slice(&a[1].str), &p);
    return ST_OK;
}

ROW_KERNEL(hstore_defined)
{
    HsPair p;
    r->b = hs_find(&a[0].str, str_slice(&a[1].str), &p) && !p.is_null;
    return ST_OK;
}

/* hs_exists_of - any, or all, of the keys. */
static bool hs_exists_of(FnCall *call, const Datum *a, bool all)
{
    ArrayView view;
    HsPair p;
    HsKeys k = hs_keys(call->arena, &a[1].str, &view);
    for (uint32_t i = 0; i < k.count; i++) {
        if (hs_find(&a[0].str, k.keys[i], &p) != all) {
            return !all;
        }
    }
    return all;
}
ROW_KERNEL(hstore_exists_any)
{
    r->b = hs_exists_of(call, a, false);
    return ST_OK;
}
ROW_KERNEL(hstore_exists_all)
{
    r->b = hs_exists_of(call, a, true);
    return ST_OK;
}

/* hs_contains - has `in` every pair of `of`, with the same value? */
static bool hs_contains(Arena *arena, const Str *in, const Str *of)
{
    HsList l = hs_list(arena, of, 0);
    for (uint32_t i = 0; i < l.count; i++) {
        HsPair p;
        if (!hs_find(in, l.pairs[i].key, &p) || p.is_null != l.pairs[i].is_null ||
            !slice_eq(p.val, l.pairs[i].val)) {
            return false;
        }
    }
    return true;
}
ROW_KERNEL(hstore_contains)
{
    r->b = hs_contains(call->arena, &a[0].str, &a[1].str);
    return ST_OK;
}
ROW_KERNEL(hstore_contained)
{
    r->b = hs_contains(call->arena, &a[1].str, &a[0].str);
    return ST_OK;
}

/* hstore -> text[]: the values of keys, in the shape of the keys' array. */
ROW_KERNEL(hstore_slice_to_array)
{
    ArrayView v;
    ArrayList l = array_list(call->arena);
    array_view(&a[1].str, &v);
    ArrayIter it = array_iter(&v);
    Datum key;
    bool is_null;
    while (array_next(&it, &key, &is_null)) {
        HsPair p = {.is_null = true};
        bool found = !is_null && hs_find(&a[0].str, str_slice(&key.str), &p) && !p.is_null;
        Datum val = found ? hs_text(call->arena, p.val) : (Datum){0};
        array_list_add(&l, PHYS_STR, &val, !found, false);
    }
    v.shape.element = TYPE_TEXT;
    r->str = l.count != 0 ? array_build(call->arena, &v.shape, l.values, l.nulls)
                          : array_empty(TYPE_TEXT);
    return ST_OK;
}

ROW_KERNEL(hstore_slice_to_hstore)
{
    ArrayView view;
    HsKeys k = hs_keys(call->arena, &a[1].str, &view);
    HsList l = hs_list(call->arena, NULL, k.count);
    for (uint32_t i = 0; i < k.count; i++) {
        HsPair p;
        if (hs_find(&a[0].str, k.keys[i], &p)) {
            l.pairs[l.count++] = p;
        }
    }
    r->str = hs_pack(&l);
    return ST_OK;
}

/* ---- changing ---- */

ROW_KERNEL(hstore_delete)
{
    HsList from = hs_list(call->arena, &a[0].str, 0);
    uint32_t n = 0;
    for (uint32_t i = 0; i < from.count; i++) {
        if (!slice_eq(from.pairs[i].key, str_slice(&a[1].str))) {
            from.pairs[n++] = from.pairs[i];
        }
    }
    from.count = n;
    r->str = hs_pack(&from);
    return ST_OK;
}

ROW_KERNEL(hstore_delete_array)
{
    ArrayView view;
    HsKeys k = hs_keys(call->arena, &a[1].str, &view);
    HsList from = hs_list(call->arena, &a[0].str, 0);
    uint32_t n = 0;
    for (uint32_t i = 0, at = 0; i < from.count; i++) {
        while (at < k.count && hs_key_order(k.keys[at], from.pairs[i].key) < 0) {
            at++;
        }
        if (at == k.count || hs_key_order(k.keys[at], from.pairs[i].key) != 0) {
            from.pairs[n++] = from.pairs[i];
        }
    }
    from.count = n;
    r->str = hs_pack(&from);
    return ST_OK;
}

/* hstore - hstore: without the pairs that the other has, too. */
ROW_KERNEL(hstore_delete_hstore)
{
    HsList from = hs_list(call->arena, &a[0].str, 0);
    uint32_t n = 0;
    for (uint32_t i = 0; i < from.count; i++) {
        HsPair p;
        bool same = hs_find(&a[1].str, from.pairs[i].key, &p) &&
                    p.is_null == from.pairs[i].is_null && slice_eq(p.val, from.pairs[i].val);
        if (!same) {
            from.pairs[n++] = from.pairs[i];
        }
    }
    from.count = n;
    r->str = hs_pack(&from);
    return ST_OK;
}

/* hstore || hstore: of a key in both the right one's value. */
ROW_KERNEL(hstore_concat)
{
    HsList x = hs_list(call->arena, &a[0].str, 0), y = hs_list(call->arena, &a[1].str, 0);
    HsList l = hs_list(call->arena, NULL, x.count + y.count);
    for (uint32_t i = 0, k = 0; i < x.count || k < y.count;) {
        int c = i == x.count ? 1 : k == y.count ? -1 : hs_key_order(x.pairs[i].key, y.pairs[k].key);
        l.pairs[l.count++] = c < 0 ? x.pairs[i] : y.pairs[k];
        i += c <= 0 ? 1 : 0;
        k += c >= 0 ? 1 : 0;
    }
    r->str = hs_pack(&l);
    return ST_OK;
}

/* ---- making ---- */

ROW_NULL_KERNEL(hstore_from_text)
{
    HsList l = hs_list(call->arena, NULL, 1);
    if (nulls[0]) {
        return KERNEL_NULL;
    }
    Slice val = nulls[1] ? (Slice){0} : str_slice(&a[1].str);
    hs_add(&l, str_slice(&a[0].str), nulls[1] ? NULL : &val);
    r->str = hs_pack(&l);
    return ST_OK;
}

static Status hs_null_key(FnCall *call)
{
    return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                   "null value not allowed for hstore key");
}

/* hs_elements - of a text array, in memory that stays. */
static ArrayList hs_elements(FnCall *call, const ArrayView *v)
{
    ArrayList l = array_list(call->arena);
    ArrayIter it = array_iter(v);
    Datum d;
    bool is_null;
    while (array_next(&it, &d, &is_null)) {
        array_list_add(&l, PHYS_STR, &d, is_null, true);
    }
    return l;
}

ROW_NULL_KERNEL(hstore_from_arrays)
{
    ArrayView k, v;
    if (nulls[0]) {
        return KERNEL_NULL;
    }
    array_view(&a[0].str, &k);
    if (k.shape.ndim > 1) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    }
    ArrayList keys = hs_elements(call, &k), vals = array_list(call->arena);
    if (!nulls[1]) {
        array_view(&a[1].str, &v);
        if (v.shape.ndim > 1) {
            return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                           "wrong number of array subscripts");
        }
        if ((k.shape.ndim != 0 || v.shape.ndim != 0) &&
            (k.shape.ndim != v.shape.ndim || k.shape.dims[0] != v.shape.dims[0] ||
             k.shape.lower[0] != v.shape.lower[0])) {
            return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "arrays must have same bounds");
        }
        vals = hs_elements(call, &v);
    }
    HsList l = hs_list(call->arena, NULL, keys.count);
    for (uint32_t i = 0; i < keys.count; i++) {
        if (keys.nulls[i]) {
            return hs_null_key(call);
        }
        bool no_val = nulls[1] || vals.nulls[i];
        Slice val = no_val ? (Slice){0} : str_slice(&vals.values[i].str);
        hs_add(&l, str_slice(&keys.values[i].str), no_val ? NULL : &val);
    }
    r->str = hs_build(&l);
    return ST_OK;
}

ROW_KERNEL(hstore_from_array)
{
    ArrayView v;
    array_view(&a[0].str, &v);
    if (v.shape.ndim == 1 && v.shape.dims[0] % 2 != 0) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                       "array must have even number of elements");
    }
    if (v.shape.ndim == 2 && v.shape.dims[1] != 2) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "array must have two columns");
    }
    if (v.shape.ndim > 2) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    }
    ArrayList all = hs_elements(call, &v);
    HsList l = hs_list(call->arena, NULL, all.count / 2);
    for (uint32_t i = 0; i + 1 < all.count; i += 2) {
        if (all.nulls[i]) {
            return hs_null_key(call);
        }
        Slice val = all.nulls[i + 1] ? (Slice){0} : str_slice(&all.values[i + 1].str);
        hs_add(&l, str_slice(&all.values[i].str), all.nulls[i + 1] ? NULL : &val);
    }
    r->str = hs_build(&l);
    return ST_OK;
}

/* hs_add_field - a field of a row under its name, as text. */
static Status hs_add_field(FnCall *call, HsList *l, const RecordField *f, Slice name)
{
    FnCall out = *call;
    const TypeOps *ops = type_ops(f->type);
    Buf text;
    if (f->is_null) {
        hs_add(l, name, NULL);
        return ST_OK;
    }
    if (ops == NULL || ops->out == NULL) {
        return err_unsupported(call->cx, "a field of this type in an hstore is not supported");
    }
    buf_init(&text, (size_t)1 << 30);
    out.result_type = f->declared != 0 ? f->declared : f->type;
    out.state = NULL;
    ops->out(&out, &f->value, &text);
    Slice val = {arena_memdup(call->arena, text.data != NULL ? (const char *)text.data : "",
                              text.len + (text.len == 0)),
                 text.len};
    buf_release(&text);
    hs_add(l, name, &val);
    return ST_OK;
}

/* hs_type_fields - the fields of the argument's row type; ST_NOTFOUND: nothing tells them. */
static Status hs_type_fields(FnCall *call, Oid type, RecordField **out, uint32_t *count_out)
{
    const TypeEnv *env = call->env;
    *count_out = 0;
    if (env == NULL || env->types == NULL) {
        return ST_NOTFOUND;
    }
    return env->types->fields(call->cx, env->session, call->arena, type, out, count_out);
}

ROW_NULL_KERNEL(hstore_from_record)
{
    HsList l = hs_list(call->arena, NULL, 8);
    RecordField f;
    Slice name;
    if (nulls[0]) {
        RecordField *fields;
        uint32_t count;
        Status st = call->real_types != NULL
                        ? hs_type_fields(call, call->real_types[0], &fields, &count)
                        : ST_NOTFOUND;
        if (st != ST_OK) {
            return st == ST_NOTFOUND ? KERNEL_NULL : st;
        }
        for (uint32_t i = 0; i < count; i++) {
            hs_add(&l, slice_of(fields[i].name), NULL);
        }
        r->str = hs_build(&l);
        return ST_OK;
    }
    RecordIter it = record_iter(&a[0].str);
    for (uint32_t n = 1; record_next(&it, &f, &name); n++) {
        if (name.len == 0) {
            name = slice_of(arena_printf(call->arena, "f%u", n));
        }
        TRY(hs_add_field(call, &l, &f, name));
    }
    r->str = hs_build(&l);
    return ST_OK;
}

/* hs_set_field - the hstore's value for a field, read by the field's type. */
static Status hs_set_field(FnCall *call, RecordField *f, const HsPair *p)
{
    FnCall in = *call;
    const TypeOps *ops = type_ops(f->type);
    f->is_null = p->is_null;
    if (p->is_null) {
        return ST_OK;
    }
    if (ops == NULL || ops->in == NULL) {
        return err_unsupported(call->cx, "a field of this type from an hstore is not supported");
    }
    in.result_type = f->declared != 0 ? f->declared : f->type;
    in.state = NULL;
    return ops->in(&in, p->val, f->typmod, &f->value);
}

/* record #= hstore: the record with the values that the hstore has for its fields. */
ROW_NULL_KERNEL(hstore_populate_record)
{
    RecordField *fields = NULL;
    uint32_t count = 0;
    Oid type = call->real_types != NULL ? call->real_types[0] : TYPE_RECORD;
    Status st = hs_type_fields(call, type, &fields, &count);
    if (st == ST_NOTFOUND) {
        st = hs_type_fields(call, call->result_type, &fields, &count);
    }
    if (st == ST_ERROR) {
        return st;
    }
    if (nulls[1] && nulls[0]) {
        return KERNEL_NULL;
    }
    if (nulls[1]) {
        r->str = a[0].str;
        return ST_OK;
    }
    if (st == ST_NOTFOUND && nulls[0]) {
        return err_set(call->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "record type has not been registered");
    }
    if (!nulls[0]) {
        RecordIter it = record_iter(&a[0].str);
        RecordField f;
        Slice name;
        bool known = st == ST_OK;
        RecordField *own = ARENA_ARRAY(call->arena, RecordField, it.count + 1);
        uint32_t n = 0;
        while (record_next(&it, &f, &name)) {
            own[n] = f;
            own[n].typmod = known && n < count ? fields[n].typmod : -1;
            own[n].name = name.len != 0 ? arena_strndup(call->arena, name.ptr, name.len)
                                        : arena_printf(call->arena, "f%u", n + 1);
            n++;
        }
        fields = own;
        count = n;
    }
    for (uint32_t i = 0; i < count; i++) {
        HsPair p;
        if (hs_find(&a[1].str, slice_of(fields[i].name), &p)) {
            TRY(hs_set_field(call, &fields[i], &p));
        }
    }
    r->str = record_build(call->arena, fields, count);
    return ST_OK;
}

/* ---- other forms ---- */

/* hs_number - is the text a number as JSON writes them? */
static bool hs_number(Slice s)
{
    const char *p = s.ptr, *end = s.ptr + s.len;
    p += p < end && *p == '-' ? 1 : 0;
    if (p == end || *p < '0' || *p > '9') {
        return false;
    }
    if (*p == '0') {
        p++;
    } else {
        while (p < end && *p >= '0' && *p <= '9') {
            p++;
        }
    }
    if (p < end && *p == '.') {
        const char *digits = ++p;
        while (p < end && *p >= '0' && *p <= '9') {
            p++;
        }
        if (p == digits) {
            return false;
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-') ? 1 : 0;
        const char *digits = p;
        while (p < end && *p >= '0' && *p <= '9') {
            p++;
        }
        if (p == digits) {
            return false;
        }
    }
    return p == end;
}

/* hs_json - the pairs as a JSON object; loose: booleans and numbers without quotes. */
static void hs_json(FnCall *call, const Str *s, bool loose, Buf *buf)
{
    HsList l = hs_list(call->arena, s, 0);
    buf_putc(buf, '{');
    for (uint32_t i = 0; i < l.count; i++) {
        const HsPair *p = &l.pairs[i];
        buf_puts(buf, i == 0 ? "" : ", ");
        json_quote(p->key, buf);
        buf_puts(buf, ": ");
        if (p->is_null) {
            buf_puts(buf, "null");
        } else if (loose && slice_eq(p->val, SLICE_LIT("t"))) {
            buf_puts(buf, "true");
        } else if (loose && slice_eq(p->val, SLICE_LIT("f"))) {
            buf_puts(buf, "false");
        } else if (loose && hs_number(p->val)) {
            buf_put_slice(buf, p->val);
        } else {
            json_quote(p->val, buf);
        }
    }
    buf_putc(buf, '}');
}

/* hs_as_json - as a value of json, or of jsonb, which reads the text. */
static Status hs_as_json(FnCall *call, const Str *s, bool loose, Oid type, Datum *r)
{
    const TypeOps *ops = type_ops(type);
    Buf buf;
    if (ops == NULL || ops->in == NULL) {
        return err_unsupported(call->cx, "values of type jsonb are not supported");
    }
    buf_init(&buf, (size_t)1 << 30);
    hs_json(call, s, loose, &buf);
    FnCall in = *call;
    in.result_type = type;
    in.state = NULL;
    Status st = ops->in(&in, (Slice){(const char *)buf.data, buf.len}, -1, r);
    buf_release(&buf);
    return st;
}
#define HS_JSON(name, type, loose)                                                                 \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        return hs_as_json(call, &a[0].str, loose, type, r);                                        \
    }
HS_JSON(hstore_to_json, TYPE_JSON, false)
HS_JSON(hstore_to_json_loose, TYPE_JSON, true)
HS_JSON(hstore_to_jsonb, TYPE_JSONB, false)
HS_JSON(hstore_to_jsonb_loose, TYPE_JSONB, true)

/* hs_list_text - keys, values or both into a list of texts. */
static ArrayList hs_list_text(FnCall *call, const Str *s, bool keys, bool vals)
{
    HsList l = hs_list(call->arena, s, 0);
    ArrayList out = array_list(call->arena);
    for (uint32_t i = 0; i < l.count; i++) {
        Datum key = hs_text(call->arena, l.pairs[i].key),
              val = hs_text(call->arena, l.pairs[i].val);
        if (keys) {
            array_list_add(&out, PHYS_STR, &key, false, false);
        }
        if (vals) {
            array_list_add(&out, PHYS_STR, &val, l.pairs[i].is_null, false);
        }
    }
    return out;
}

ROW_KERNEL(hstore_akeys)
{
    ArrayList l = hs_list_text(call, &a[0].str, true, false);
    r->str = array_build_list(&l, TYPE_TEXT);
    return ST_OK;
}
ROW_KERNEL(hstore_avals)
{
    ArrayList l = hs_list_text(call, &a[0].str, false, true);
    r->str = array_build_list(&l, TYPE_TEXT);
    return ST_OK;
}
ROW_KERNEL(hstore_to_array)
{
    ArrayList l = hs_list_text(call, &a[0].str, true, true);
    r->str = array_build_list(&l, TYPE_TEXT);
    return ST_OK;
}
ROW_KERNEL(hstore_to_matrix)
{
    ArrayList l = hs_list_text(call, &a[0].str, true, true);
    ArrayShape shape = {
        .element = TYPE_TEXT, .ndim = 2, .dims = {(int32_t)(l.count / 2), 2}, .lower = {1, 1}};
    r->str =
        l.count != 0 ? array_build(call->arena, &shape, l.values, l.nulls) : array_empty(TYPE_TEXT);
    return ST_OK;
}

ROW_KERNEL(hstore_version_diag)
{
    r->i32 = 2; /* PostgreSQL's code for the form of today */
    return ST_OK;
}

/* ---- sets ---- */

typedef struct HsSet {
    HsList list;
    uint32_t at;
} HsSet;

static Status hs_set_begin(FnCall *call, const Datum *args, const bool *nulls UNUSED,
                           uint32_t arg_count UNUSED)
{
    HsSet *s = ARENA_NEW(call->state_arena, HsSet);
    /* Short values are in the Datum itself, which is the caller's. */
    Str *copy = ARENA_NEW(call->state_arena, Str);
    *copy = args[0].str;
    s->list = hs_list(call->state_arena, copy, 0);
    call->state = s;
    return ST_OK;
}

/* hs_set_put - key or value into a column. */
static void hs_set_put(FnCall *call, const HsPair *p, bool key, Datum *col, bool *is_null)
{
    *is_null = !key && p->is_null;
    *col = hs_text(call->arena, key ? p->key : p->val);
}

static Status hs_skeys_next(FnCall *call, Datum *cols, bool *nulls)
{
    HsSet *s = call->state;
    if (s->at == s->list.count) {
        return ST_DONE;
    }
    hs_set_put(call, &s->list.pairs[s->at++], true, &cols[0], &nulls[0]);
    return ST_OK;
}

static Status hs_svals_next(FnCall *call, Datum *cols, bool *nulls)
{
    HsSet *s = call->state;
    if (s->at == s->list.count) {
        return ST_DONE;
    }
    hs_set_put(call, &s->list.pairs[s->at++], false, &cols[0], &nulls[0]);
    return ST_OK;
}

static Status hs_each_next(FnCall *call, Datum *cols, bool *nulls)
{
    HsSet *s = call->state;
    if (s->at == s->list.count) {
        return ST_DONE;
    }
    const HsPair *p = &s->list.pairs[s->at++];
    hs_set_put(call, p, true, &cols[0], &nulls[0]);
    hs_set_put(call, p, false, &cols[1], &nulls[1]);
    return ST_OK;
}

#define HS_FN(name) FN_AS("hstore:" #name, name)
static const FnOps HSTORE_FN_FNS[] = {
    HS_FN(hstore_fetchval),       HS_FN(hstore_exists),         HS_FN(hstore_exists_any),
    HS_FN(hstore_exists_all),     HS_FN(hstore_defined),        HS_FN(hstore_contains),
    HS_FN(hstore_contained),      HS_FN(hstore_slice_to_array), HS_FN(hstore_slice_to_hstore),
    HS_FN(hstore_delete),         HS_FN(hstore_delete_array),   HS_FN(hstore_delete_hstore),
    HS_FN(hstore_concat),         HS_FN(hstore_from_text),      HS_FN(hstore_from_arrays),
    HS_FN(hstore_from_array),     HS_FN(hstore_from_record),    HS_FN(hstore_populate_record),
    HS_FN(hstore_to_json),        HS_FN(hstore_to_json_loose),  HS_FN(hstore_to_jsonb),
    HS_FN(hstore_to_jsonb_loose), HS_FN(hstore_akeys),          HS_FN(hstore_avals),
    HS_FN(hstore_to_array),       HS_FN(hstore_to_matrix),      HS_FN(hstore_version_diag),
};
static const SetOps HSTORE_FN_SETS[] = {
    {"hstore:hstore_skeys", hs_set_begin, hs_skeys_next},
    {"hstore:hstore_svals", hs_set_begin, hs_svals_next},
    {"hstore:hstore_each", hs_set_begin, hs_each_next},
};
const TypeFamily contrib_hstore_fn = {
    .fns = HSTORE_FN_FNS,
    .fn_count = ARRAY_LEN(HSTORE_FN_FNS),
    .sets = HSTORE_FN_SETS,
    .set_count = ARRAY_LEN(HSTORE_FN_SETS),
};
