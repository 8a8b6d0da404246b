/*
 * array.c - array values: opening, walking, building them; order, hash and keys.
 *
 * Packed bytes are read with memcpy: nothing in a row is aligned.
 */
#include "type/array.h"
#include "type/geo.h"
#include "type/jsonb.h"
#include "type/numeric.h"
#include "type/range.h"
#include "type/record.h"
#include "type/tsearch_type.h"

#include "type/type_internal.h"

#define ARRAY_HEADER_BYTES 12
#define ARRAY_HAS_NULLS    1u

static uint32_t array_load_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* array_view - read the head; what follows is found from there. */
void array_view(const Str *s, ArrayView *v)
{
    const uint8_t *p = (const uint8_t *)str_ptr(s);
    memset(v, 0, sizeof(*v));
    ASSERT(s->len >= ARRAY_HEADER_BYTES);
    v->shape.ndim = array_load_u32(p);
    uint32_t flags = array_load_u32(p + 4);
    v->shape.element = array_load_u32(p + 8);
    ASSERT(v->shape.ndim <= ARRAY_DIMS_MAX);
    v->ops = type_ops(v->shape.element);
    v->phys = v->ops != NULL ? v->ops->phys : PHYS_STR;
    p += ARRAY_HEADER_BYTES;
    memcpy(v->shape.dims, p, v->shape.ndim * 4);
    p += v->shape.ndim * 4;
    memcpy(v->shape.lower, p, v->shape.ndim * 4);
    p += v->shape.ndim * 4;
    v->count = v->shape.ndim > 0 ? 1 : 0;
    for (uint32_t i = 0; i < v->shape.ndim; i++) {
        v->count *= (uint32_t)v->shape.dims[i];
    }
    if ((flags & ARRAY_HAS_NULLS) != 0) {
        v->valid = p;
        p += (v->count + 7) / 8;
    }
    v->data = p;
}

/* array_head_sound - the part before the elements; *count_out, *has_nulls_out, *at_out (where it
 * ends) describe the rest. */
static bool array_head_sound(const uint8_t *p, uint32_t len, uint64_t *count_out,
                             bool *has_nulls_out, uint32_t *at_out)
{
    if (len < ARRAY_HEADER_BYTES) {
        return false;
    }
    uint32_t ndim = array_load_u32(p), flags = array_load_u32(p + 4);
    uint64_t count = ndim > 0 ? 1 : 0;
    if (ndim > ARRAY_DIMS_MAX || flags > ARRAY_HAS_NULLS || len < ARRAY_HEADER_BYTES + 8 * ndim) {
        return false;
    }
    for (uint32_t i = 0; i < ndim; i++) {
        int32_t dim = (int32_t)array_load_u32(p + ARRAY_HEADER_BYTES + 4 * i), end;
        int32_t lower = (int32_t)array_load_u32(p + ARRAY_HEADER_BYTES + 4 * (ndim + i));
        count *= dim >= 0 ? (uint64_t)dim : 0;
        if (dim < 0 || count > ARRAY_ELEMENTS_MAX || __builtin_add_overflow(dim, lower, &end)) {
            return false;
        }
    }
    *count_out = count;
    *has_nulls_out = (flags & ARRAY_HAS_NULLS) != 0;
    *at_out = ARRAY_HEADER_BYTES + 8 * ndim;
    return true;
}

/* array_value_sound - one array: its element's type is a known one, its elements fill the rest of
 * the bytes. */
static bool array_value_sound(const uint8_t *p, uint32_t len)
{
    uint64_t count;
    bool has_nulls;
    uint32_t at;
    if (!array_head_sound(p, len, &count, &has_nulls, &at)) {
        return false;
    }
    Oid element_type = array_load_u32(p + 8);
    const TypeOps *ops = type_ops(element_type);
    const uint8_t *valid = p + at;
    if (ops == NULL || type_array_element(element_type) != 0) {
        return false;
    }
    TypeSoundFn sound = type_sound(element_type);
    uint64_t bitmap = has_nulls ? (count + 7) / 8 : 0;
    if (bitmap > len - at) {
        return false;
    }
    at += (uint32_t)bitmap;
    if (ops->phys != PHYS_STR && !has_nulls) {
        return count * phys_bytes(ops->phys) == len - at;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = phys_bytes(ops->phys);
        if (has_nulls && (valid[i >> 3] >> (i & 7) & 1) == 0) {
            continue;
        }
        if (ops->phys == PHYS_STR) {
            if (len - at < 4) {
                return false;
            }
            n = array_load_u32(p + at);
            at += 4;
        }
        if (n > len - at) {
            return false;
        }
        if (sound != NULL) {
            Str element = str_ref(p + at, n);
            if (!sound(&element, 1)) {
                return false;
            }
        }
        at += n;
    }
    return at == len;
}

bool array_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!array_value_sound((const uint8_t *)str_ptr(&values[i]), values[i].len)) {
            return false;
        }
    }
    return true;
}

static bool array_valid_at(const ArrayView *v, uint32_t i)
{
    return v->valid == NULL || ((v->valid[i >> 3] >> (i & 7)) & 1) != 0;
}

bool array_next(ArrayIter *it, Datum *value, bool *is_null)
{
    const ArrayView *v = it->view;
    if (it->next >= v->count) {
        return false;
    }
    *is_null = !array_valid_at(v, it->next++);
    if (*is_null) {
        return true;
    }
    if (v->phys == PHYS_STR) {
        uint32_t len = array_load_u32(it->at);
        value->str = str_ref(it->at + 4, len);
        it->at += 4 + (size_t)len;
    } else {
        uint32_t n = phys_bytes(v->phys);
        memcpy(value, it->at, n);
        it->at += n;
    }
    return true;
}

void array_skip(ArrayIter *it, uint32_t n)
{
    const ArrayView *v = it->view;
    n = MIN(n, v->count - it->next);
    if (v->phys != PHYS_STR && v->valid == NULL) {
        it->next += n;
        it->at += (size_t)n * phys_bytes(v->phys);
        return;
    }
    for (; n > 0; n--, it->next++) {
        if (array_valid_at(v, it->next)) {
            it->at += v->phys == PHYS_STR ? 4 + (size_t)array_load_u32(it->at)
                                          : (size_t)phys_bytes(v->phys);
        }
    }
}

Status array_shape_count(Cx *cx, const ArrayShape *shape, uint32_t *count_out)
{
    int64_t n = shape->ndim > 0 ? 1 : 0;
    for (uint32_t i = 0; i < shape->ndim; i++) {
        int32_t end;
        if (shape->dims[i] < 0 || __builtin_mul_overflow(n, (int64_t)shape->dims[i], &n) ||
            n > ARRAY_ELEMENTS_MAX) {
            return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                           "array size exceeds the maximum allowed (%d)", ARRAY_ELEMENTS_MAX);
        }
        if (__builtin_add_overflow(shape->dims[i], shape->lower[i], &end)) {
            return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "array lower bound is too large: %d",
                           shape->lower[i]);
        }
    }
    *count_out = (uint32_t)n;
    return ST_OK;
}

/* array_bytes - the size of the elements' part, and whether a bitmap is needed. */
static size_t array_bytes(PhysType phys, const Datum *values, const bool *nulls, uint32_t count,
                          bool *has_nulls)
{
    size_t bytes = 0;
    *has_nulls = false;
    for (uint32_t i = 0; i < count; i++) {
        if (nulls != NULL && nulls[i]) {
            *has_nulls = true;
        } else {
            bytes += phys == PHYS_STR ? 4 + (size_t)values[i].str.len : (size_t)phys_bytes(phys);
        }
    }
    return bytes + (*has_nulls ? (count + 7) / 8 : 0);
}

Str array_build(Arena *arena, const ArrayShape *shape, const Datum *values, const bool *nulls)
{
    uint32_t count = shape->ndim > 0 ? 1 : 0;
    for (uint32_t i = 0; i < shape->ndim; i++) {
        count *= (uint32_t)shape->dims[i];
    }
    if (count == 0) {
        return array_empty(shape->element);
    }
    const TypeOps *ops = type_ops(shape->element);
    PhysType phys = ops != NULL ? ops->phys : PHYS_STR;
    bool has_nulls;
    size_t bytes = ARRAY_HEADER_BYTES + shape->ndim * 8;
    bytes += array_bytes(phys, values, nulls, count, &has_nulls);
    uint8_t *start = arena_alloc(arena, bytes), *p = start;
    uint32_t head[3] = {shape->ndim, has_nulls ? ARRAY_HAS_NULLS : 0, shape->element};
    memcpy(p, head, sizeof(head));
    p += sizeof(head);
    memcpy(p, shape->dims, shape->ndim * 4);
    p += shape->ndim * 4;
    memcpy(p, shape->lower, shape->ndim * 4);
    p += shape->ndim * 4;
    if (has_nulls) {
        memset(p, 0, (count + 7) / 8);
        for (uint32_t i = 0; i < count; i++) {
            p[i >> 3] = (uint8_t)(p[i >> 3] | (nulls[i] ? 0 : 1u << (i & 7)));
        }
        p += (count + 7) / 8;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (nulls != NULL && nulls[i]) {
            continue;
        }
        if (phys == PHYS_STR) {
            memcpy(p, &values[i].str.len, 4);
            memcpy(p + 4, str_ptr(&values[i].str), values[i].str.len);
            p += 4 + (size_t)values[i].str.len;
        } else {
            memcpy(p, &values[i], phys_bytes(phys));
            p += phys_bytes(phys);
        }
    }
    ASSERT(p == start + bytes);
    return str_ref(start, bytes);
}

Str array_build_list(const ArrayList *list, Oid element)
{
    ArrayShape shape = {
        .element = element, .ndim = 1, .dims = {(int32_t)list->count}, .lower = {1}};
    return array_build(list->arena, &shape, list->values, list->nulls);
}

Str array_empty(Oid element)
{
    uint32_t head[3] = {0, 0, element};
    return str_ref(head, sizeof(head)); /* fits inline */
}

Str array_vector_empty(Arena *arena, Oid element)
{
    uint32_t head[5] = {1, 0, element, 0, 0};
    return str_copy(arena, head, sizeof(head));
}

/* nested_add - one more array; false when its shape is not that of those before it. */
static bool nested_add(ArrayShape *shape, ArrayList *list, const ArrayView *v, uint32_t count)
{
    if (shape->ndim == 0) {
        shape->ndim = v->shape.ndim + 1;
        shape->dims[0] = (int32_t)count;
        shape->lower[0] = 1;
        memcpy(shape->dims + 1, v->shape.dims, v->shape.ndim * 4);
        memcpy(shape->lower + 1, v->shape.lower, v->shape.ndim * 4);
    } else if (shape->ndim != v->shape.ndim + 1 ||
               memcmp(shape->dims + 1, v->shape.dims, v->shape.ndim * 4) != 0 ||
               memcmp(shape->lower + 1, v->shape.lower, v->shape.ndim * 4) != 0) {
        return false;
    }
    array_list_all(list, v);
    return true;
}

static Status array_too_many_dims(Cx *cx, uint32_t ndim)
{
    return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                   "number of array dimensions (%u) exceeds the maximum allowed (%d)", ndim,
                   ARRAY_DIMS_MAX);
}

static Status array_mismatch(Cx *cx)
{
    return err_set(cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                   "multidimensional arrays must have array expressions with matching dimensions");
}

Status array_build_nested(Cx *cx, Arena *arena, Oid element, const Datum *arrays, const bool *nulls,
                          uint32_t count, Str *out)
{
    ArrayShape shape = {.element = element};
    ArrayList list = array_list(arena);
    uint32_t empty = 0;
    for (uint32_t i = 0; i < count; i++) {
        ArrayView v;
        if (nulls[i]) {
            empty++;
            continue;
        }
        array_view(&arrays[i].str, &v);
        if (v.count == 0) {
            empty++;
            continue;
        }
        if (v.shape.ndim + 1 > ARRAY_DIMS_MAX) {
            return array_too_many_dims(cx, v.shape.ndim + 1);
        }
        if (!nested_add(&shape, &list, &v, count)) {
            return array_mismatch(cx);
        }
    }
    if (empty > 0 && empty < count) {
        return array_mismatch(cx);
    }
    uint32_t total;
    TRY(array_shape_count(cx, &shape, &total));
    *out = array_build(arena, &shape, list.values, list.nulls);
    return ST_OK;
}

Status array_accumulate(Cx *cx, const ArrayList *arrays, Oid element, Str *out)
{
    ArrayShape shape = {.element = element};
    ArrayList list = array_list(arrays->arena);
    for (uint32_t i = 0; i < arrays->count; i++) {
        ArrayView v;
        if (arrays->nulls[i]) {
            return err_set(cx, ERRCODE_NULL_VALUE_NOT_ALLOWED, "cannot accumulate null arrays");
        }
        array_view(&arrays->values[i].str, &v);
        if (i == 0 && v.count == 0) {
            return err_set(cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "cannot accumulate empty arrays");
        }
        if (v.shape.ndim + 1 > ARRAY_DIMS_MAX) {
            return array_too_many_dims(cx, v.shape.ndim + 1);
        }
        if (!nested_add(&shape, &list, &v, arrays->count)) {
            return err_set(cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                           "cannot accumulate arrays of different dimensionality");
        }
    }
    uint32_t total;
    TRY(array_shape_count(cx, &shape, &total));
    *out = array_build(arrays->arena, &shape, list.values, list.nulls);
    return ST_OK;
}

void array_list_add(ArrayList *list, PhysType phys, const Datum *value, bool is_null, bool copy)
{
    if (list->count == list->size) {
        uint32_t size = list->size == 0 ? 8 : list->size * 2;
        list->values =
            arena_grow(list->arena, list->values, list->size * sizeof(Datum), size * sizeof(Datum));
        list->nulls = arena_grow(list->arena, list->nulls, list->size, size);
        list->size = size;
    }
    Datum *d = &list->values[list->count];
    list->nulls[list->count++] = is_null;
    if (is_null) {
        memset(d, 0, sizeof(*d));
        return;
    }
    memcpy(d, value, phys_bytes(phys));
    if (copy && phys == PHYS_STR) {
        d->str = str_copy(list->arena, str_ptr(&d->str), d->str.len);
    }
}

void array_list_all(ArrayList *list, const ArrayView *v)
{
    ArrayIter it = array_iter(v);
    Datum d;
    bool is_null;
    while (array_next(&it, &d, &is_null)) {
        array_list_add(list, v->phys, &d, is_null, false);
    }
}

/* ---- order ---- */

/* array_shape_order - what decides when the elements, as far as both go, are alike. */
static int array_shape_order(const ArrayView *a, const ArrayView *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    if (a->shape.ndim != b->shape.ndim) {
        return a->shape.ndim < b->shape.ndim ? -1 : 1;
    }
    for (uint32_t i = 0; i < a->shape.ndim; i++) {
        if (a->shape.dims[i] != b->shape.dims[i]) {
            return a->shape.dims[i] < b->shape.dims[i] ? -1 : 1;
        }
    }
    for (uint32_t i = 0; i < a->shape.ndim; i++) {
        if (a->shape.lower[i] != b->shape.lower[i]) {
            return a->shape.lower[i] < b->shape.lower[i] ? -1 : 1;
        }
    }
    return 0;
}

int array_compare(const Datum *a, const Datum *b)
{
    ArrayView x, y;
    array_view(&a->str, &x);
    array_view(&b->str, &y);
    ArrayIter i = array_iter(&x), j = array_iter(&y);
    Datum d, e;
    bool d_null, e_null;
    while (array_next(&i, &d, &d_null) && array_next(&j, &e, &e_null)) {
        int c = d_null || e_null ? d_null - e_null : x.ops->cmp(&d, &e);
        if (c != 0) {
            return c < 0 ? -1 : 1;
        }
    }
    return array_shape_order(&x, &y);
}

static uint64_t array_hash(const Datum *v)
{
    ArrayView a;
    array_view(&v->str, &a);
    ArrayIter it = array_iter(&a);
    uint64_t h = hash_u64(a.count);
    Datum d;
    bool is_null;
    while (array_next(&it, &d, &is_null)) {
        h = h * 31 + (is_null ? 0 : a.ops->hash(&d));
    }
    return h;
}

/* array_key - each element after a marker (NULLs last), an end below both markers, then the shape
 * in the order array_shape_order looks at it; the count is told by where the end is. */
static void array_key(const Datum *v, Buf *buf)
{
    ArrayView a;
    array_view(&v->str, &a);
    ArrayIter it = array_iter(&a);
    Datum d;
    bool is_null;
    while (array_next(&it, &d, &is_null)) {
        buf_putc(buf, is_null ? 2 : 1);
        if (!is_null) {
            a.ops->key(&d, buf);
        }
    }
    buf_putc(buf, 0);
    buf_putc(buf, (char)a.shape.ndim);
    for (uint32_t i = 0; i < a.shape.ndim; i++) {
        buf_put_u32be(buf, (uint32_t)a.shape.dims[i]);
    }
    for (uint32_t i = 0; i < a.shape.ndim; i++) {
        buf_put_u32be(buf, (uint32_t)a.shape.lower[i] ^ 0x80000000u);
    }
}

/* ---- the array types ---- */

typedef struct ArrayType {
    Oid array, element;
    const char *name;
} ArrayType;
static const ArrayType ARRAY_TYPES[] = {
    {TYPE_INT2VECTOR, TYPE_INT2, "int2vector"},
    {TYPE_OIDVECTOR, TYPE_OID, "oidvector"},
    {143, 142, "_xml"},
    {199, 114, "_json"},
    {271, 5069, "_xid8"},
    {629, 628, "_line"},
    {651, 650, "_cidr"},
    {719, 718, "_circle"},
    {775, 774, "_macaddr8"},
    {791, 790, "_money"},
    {1000, 16, "_bool"},
    {1001, 17, "_bytea"},
    {1002, 18, "_char"},
    {1003, 19, "_name"},
    {1005, 21, "_int2"},
    {1006, 22, "_int2vector"},
    {1007, 23, "_int4"},
    {1008, 24, "_regproc"},
    {1009, 25, "_text"},
    {1010, 27, "_tid"},
    {1011, 28, "_xid"},
    {1012, 29, "_cid"},
    {1013, 30, "_oidvector"},
    {1014, 1042, "_bpchar"},
    {1015, 1043, "_varchar"},
    {1016, 20, "_int8"},
    {1017, 600, "_point"},
    {1018, 601, "_lseg"},
    {1019, 602, "_path"},
    {1020, 603, "_box"},
    {1021, 700, "_float4"},
    {1022, 701, "_float8"},
    {1027, 604, "_polygon"},
    {1028, 26, "_oid"},
    {1034, 1033, "_aclitem"},
    {1040, 829, "_macaddr"},
    {1041, 869, "_inet"},
    {1115, 1114, "_timestamp"},
    {1182, 1082, "_date"},
    {1183, 1083, "_time"},
    {1185, 1184, "_timestamptz"},
    {1187, 1186, "_interval"},
    {1231, 1700, "_numeric"},
    {1263, 2275, "_cstring"},
    {1270, 1266, "_timetz"},
    {1561, 1560, "_bit"},
    {1563, 1562, "_varbit"},
    {2201, 1790, "_refcursor"},
    {2207, 2202, "_regprocedure"},
    {2208, 2203, "_regoper"},
    {2209, 2204, "_regoperator"},
    {2210, 2205, "_regclass"},
    {2211, 2206, "_regtype"},
    {2287, 2249, "_record"},
    {2949, 2970, "_txid_snapshot"},
    {2951, 2950, "_uuid"},
    {3221, 3220, "_pg_lsn"},
    {3643, 3614, "_tsvector"},
    {3644, 3642, "_gtsvector"},
    {3645, 3615, "_tsquery"},
    {3735, 3734, "_regconfig"},
    {3770, 3769, "_regdictionary"},
    {3807, 3802, "_jsonb"},
    {4073, 4072, "_jsonpath"},
    {4090, 4089, "_regnamespace"},
    {4097, 4096, "_regrole"},
    {4192, 4191, "_regcollation"},
    {5039, 5038, "_pg_snapshot"},
    {3905, 3904, "_int4range"},
    {3907, 3906, "_numrange"},
    {3909, 3908, "_tsrange"},
    {3911, 3910, "_tstzrange"},
    {3913, 3912, "_daterange"},
    {3927, 3926, "_int8range"},
    {6150, 4451, "_int4multirange"},
    {6151, 4532, "_nummultirange"},
    {6152, 4533, "_tsmultirange"},
    {6153, 4534, "_tstzmultirange"},
    {6155, 4535, "_datemultirange"},
    {6157, 4536, "_int8multirange"},
    {CARRIER_ENUM_ARRAY, TYPE_ANYENUM, "anyenum[]"},
    {CARRIER_RANGE_ARRAY, TYPE_ANYRANGE, "anyrange[]"},
    {CARRIER_MULTIRANGE_ARRAY, TYPE_ANYMULTIRANGE, "anymultirange[]"},
    {CARRIER_CITEXT_ARRAY, CARRIER_CITEXT, "citext[]"},
    {CARRIER_HSTORE_ARRAY, CARRIER_HSTORE, "hstore[]"},
};
STATIC_ASSERT(ARRAY_LEN(ARRAY_TYPES) <= ARRAY_TYPES_MAX, "room for every array type");

Oid type_array_element(Oid type)
{
    for (uint32_t i = 0; i < ARRAY_LEN(ARRAY_TYPES); i++) {
        if (ARRAY_TYPES[i].array == type) {
            return ARRAY_TYPES[i].element;
        }
    }
    return OID_INVALID;
}

/* type_other_sound - of geometric types, and of those of extensions. */
static TypeSoundFn type_other_sound(Oid type)
{
    TypeSoundFn geo = geo_type_sound(type);
    return geo != NULL ? geo : type_contrib_sound(type);
}

TypeSoundFn type_sound(Oid type)
{
    return type == TYPE_NUMERIC            ? numeric_sound
           : type == TYPE_JSONB            ? jsonb_sound
           : type == TYPE_RECORD           ? record_sound
           : type_is_range(type)           ? range_sound
           : type == 1560 || type == 1562  ? bit_sound
           : type == TYPE_TSVECTOR         ? type_tsvector_sound
           : type == TYPE_TSQUERY          ? type_tsquery_sound
           : type_array_element(type) != 0 ? array_sound
                                           : type_other_sound(type);
}

Oid type_array_of(Oid element)
{
    for (uint32_t i = 2; i < ARRAY_LEN(ARRAY_TYPES); i++) { /* not the two vectors */
        if (ARRAY_TYPES[i].element == element) {
            return ARRAY_TYPES[i].array;
        }
    }
    return OID_INVALID;
}

uint32_t array_type_count(void)
{
    return ARRAY_LEN(ARRAY_TYPES);
}

bool array_type_make(uint32_t i, TypeOps *out)
{
    const ArrayType *t = &ARRAY_TYPES[i];
    const TypeOps *element = type_ops(t->element);
    if (element == NULL || element->in == NULL) {
        return false;
    }
    bool vector = t->array == TYPE_INT2VECTOR || t->array == TYPE_OIDVECTOR;
    *out = (TypeOps){.oid = t->array,
                     .name = t->name,
                     .phys = PHYS_STR,
                     .in = vector ? array_vector_in : array_in,
                     .out = vector ? array_vector_out : array_text_out,
                     .recv = array_recv,
                     .send = array_send,
                     .cmp = element->cmp != NULL ? array_compare : NULL,
                     .hash = element->hash != NULL ? array_hash : NULL,
                     .key = element->key != NULL ? array_key : NULL};
    return true;
}
