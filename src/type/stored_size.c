/*
 * stored_size.c - how many bytes PostgreSQL would store a value in, uncompressed: what its limits
 * are counted in, and what pg_column_size tells.
 */
#include "type/array.h"
#include "type/geo.h"

/* StoredShape - length (-1: varlena) and alignment of a type. */
typedef struct StoredShape {
    int16_t len;
    uint8_t align;
} StoredShape;

/* stored_shape - of a built-in type; one we do not know counts as a varlena. */
static StoredShape stored_shape(Oid type)
{
    switch (type) {
    case TYPE_BOOL:
    case TYPE_CHAR: return (StoredShape){1, 1};
    case TYPE_NAME: return (StoredShape){64, 1};
    case TYPE_POINT: return (StoredShape){16, 8};
    case TYPE_LINE:
    case TYPE_CIRCLE: return (StoredShape){24, 8};
    case TYPE_LSEG:
    case TYPE_BOX: return (StoredShape){32, 8};
    case TYPE_UUID: return (StoredShape){16, 1};
    case TYPE_INTERVAL: return (StoredShape){16, 8};
    case TYPE_TIMETZ: return (StoredShape){12, 8};
    default: break;
    }
    const TypeOps *ops = type_ops(type);
    switch (ops != NULL ? ops->phys : PHYS_STR) {
    case PHYS_BOOL: return (StoredShape){1, 1};
    case PHYS_I16: return (StoredShape){2, 2};
    case PHYS_I32:
    case PHYS_F32: return (StoredShape){4, 4};
    case PHYS_I64:
    case PHYS_F64: return (StoredShape){8, 8};
    case PHYS_B16: return (StoredShape){16, 8};
    default: break;
    }
    Oid element = type_array_element(type);
    return (StoredShape){-1, element != 0 && stored_shape(element).align == 8 ? 8 : 4};
}

/* stored_array - an array's bytes behind its length word. */
static size_t stored_array(const Str *s)
{
    ArrayView v;
    Datum d;
    bool is_null;
    array_view(s, &v);
    StoredShape element = stored_shape(v.shape.element);
    size_t at = 16 + 8 * (size_t)v.shape.ndim + (v.valid != NULL ? (v.count + 7) / 8 : 0);
    at = ALIGN_UP(at, (size_t)8);
    ArrayIter it = array_iter(&v);
    while (array_next(&it, &d, &is_null)) {
        if (!is_null) {
            at += element.len >= 0 ? (size_t)element.len : 4 + (size_t)d.str.len;
            at = ALIGN_UP(at, (size_t)element.align);
        }
    }
    return at - 4;
}

size_t type_stored_end(Oid type, const Datum *v, size_t at)
{
    StoredShape shape = stored_shape(type);
    if (shape.len >= 0) {
        return ALIGN_UP(at, (size_t)shape.align) + (size_t)shape.len;
    }
    size_t n = type_array_element(type) != 0 ? stored_array(&v->str) : v->str.len;
    n += type == TYPE_PATH ? 4 : type == TYPE_POLYGON ? 36 : 0; /* counts; the box around it */
    if (n + 1 <= 127) {
        return at + n + 1; /* one byte of length, not aligned */
    }
    return ALIGN_UP(at, (size_t)shape.align) + 4 + n;
}

size_t type_value_bytes(Oid type, const Datum *v, bool computed)
{
    size_t n = type_stored_end(type, v, 0);
    if (type == TYPE_UNKNOWN) {
        return (size_t)v->str.len + 1; /* a C string there */
    }
    return computed && stored_shape(type).len < 0 && n <= 127 ? n + 3 : n;
}
