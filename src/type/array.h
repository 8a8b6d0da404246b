#ifndef DASSIE_TYPE_ARRAY_H
#define DASSIE_TYPE_ARRAY_H
/*
 * array.h - array values: their form, reading and building them, subscripts and slices.
 *
 * An array is a Str of packed bytes: number of dimensions, flags, element type OID; then a length
 * and a lower bound a dimension; a bitmap when there are NULLs (bit set = not NULL); then the
 * elements that are not NULL, row by row, fixed-width ones as in a vector, strings after their
 * 4-byte length. An empty array has no dimensions. Any thread; no state.
 */
#include "type/type.h"

#define ARRAY_DIMS_MAX     6
#define ARRAY_ELEMENTS_MAX 134217727

/* ArrayShape - what an array is apart from its elements. */
typedef struct ArrayShape {
    Oid element;
    uint32_t ndim;
    int32_t dims[ARRAY_DIMS_MAX], lower[ARRAY_DIMS_MAX];
} ArrayShape;

/* ArrayView - an array's bytes, opened; valid as long as they are. */
typedef struct ArrayView {
    ArrayShape shape;
    const TypeOps *ops; /* of the element type; NULL when it is not known here */
    PhysType phys;
    uint32_t count;
    const uint8_t *valid; /* NULL: no NULLs */
    const uint8_t *data;
} ArrayView;

typedef struct ArrayIter {
    const ArrayView *view;
    const uint8_t *at;
    uint32_t next;
} ArrayIter;

/* ArrayList - elements being gathered, in an arena. */
typedef struct ArrayList {
    Arena *arena;
    Datum *values;
    bool *nulls;
    uint32_t count, size;
} ArrayList;

/* type_array_element - the element type of a built-in array type (int2vector and oidvector
 * included); 0 for what is none. */
Oid type_array_element(Oid type);
/* type_array_of - the array type of a built-in element type; 0 when there is none. */
Oid type_array_of(Oid element);

/* array_sound - TypeSoundFn: the bytes are an array, to the last one. */
bool array_sound(const Str *values, uint32_t n);
/* array_view - open a value: it must be one that this module made, or that array_sound passed. */
void array_view(const Str *s, ArrayView *v);
static inline ArrayIter array_iter(const ArrayView *v)
{
    return (ArrayIter){v, v->data, 0};
}
/* array_next - the next element, its string bytes borrowed from the array; false at the end. */
bool array_next(ArrayIter *it, Datum *value, bool *is_null);
/* array_skip - pass over n elements. */
void array_skip(ArrayIter *it, uint32_t n);
/* array_shape_count - how many elements a shape has; 54000 when too many. */
Status array_shape_count(Cx *cx, const ArrayShape *shape, uint32_t *count_out);
/* array_build - the value of that shape with these elements; no element: an empty array. */
Str array_build(Arena *arena, const ArrayShape *shape, const Datum *values, const bool *nulls);
/* array_build_list - one dimension from 1 on. */
Str array_build_list(const ArrayList *list, Oid element);
Str array_empty(Oid element);
/* array_vector_empty - int2vector and oidvector without elements have one dimension all the same.
 */
Str array_vector_empty(Arena *arena, Oid element);
/* array_build_nested - one dimension more around arrays of one shape; NULLs and empty arrays are
 * left out when all are. 2202E when shapes differ. */
Status array_build_nested(Cx *cx, Arena *arena, Oid element, const Datum *arrays, const bool *nulls,
                          uint32_t count, Str *out);
/* array_accumulate - likewise of gathered arrays (ARRAY(subquery), array_agg): none may be NULL or
 * empty. */
Status array_accumulate(Cx *cx, const ArrayList *arrays, Oid element, Str *out);

static inline ArrayList array_list(Arena *arena)
{
    return (ArrayList){.arena = arena};
}
/* array_list_add - copy is set when string bytes must be copied to the list's arena. */
void array_list_add(ArrayList *list, PhysType phys, const Datum *value, bool is_null, bool copy);
/* array_list_all - every element of an array, borrowed. */
void array_list_all(ArrayList *list, const ArrayView *v);

/* array_text_in - read the text form; the elements are of type `element` and read by `ops`. */
Status array_text_in(FnCall *call, Slice text, Oid element, const TypeOps *ops, int32_t typmod,
                     Datum *out);
/* array_vector_text_in - "1 2 3" of int2vector and oidvector. */
Status array_vector_text_in(FnCall *call, Slice text, Oid element, Datum *out);
void array_text_out(FnCall *call, const Datum *v, Buf *buf);

/* array_compare - PostgreSQL's order: elements, then how many, then dimensions. */
int array_compare(const Datum *a, const Datum *b);

/* ---- subscripts ---- */
/* ArraySubs - subscripts of one access: slices have both bounds, an absent one is `open`. */
typedef struct ArraySubs {
    uint32_t count;
    bool is_slice;
    int32_t lower[ARRAY_DIMS_MAX], upper[ARRAY_DIMS_MAX];
    bool lower_open[ARRAY_DIMS_MAX], upper_open[ARRAY_DIMS_MAX];
} ArraySubs;
/* array_fetch - the element at the subscripts; false: outside, or NULL. */
bool array_fetch(const ArrayView *v, const ArraySubs *subs, Datum *out);
/* array_slice - the part of an array within the bounds, counted from 1. */
Str array_slice(Arena *arena, const ArrayView *v, ArraySubs *subs);
/* array_store - the array with one element, or a slice, replaced. old may be NULL (a NULL array);
 * `value` is an element, or for a slice an array. */
Status array_store(Cx *cx, Arena *arena, Oid element, const Str *old, ArraySubs *subs,
                   const Datum *value, bool is_null, Str *out);

/* ---- TypeOps of array types, made when the registry is built ---- */
#define ARRAY_TYPES_MAX 100
uint32_t array_type_count(void);
/* array_type_make - the operations of array type number i; false when its elements have none. */
bool array_type_make(uint32_t i, TypeOps *out);
/* Their input and output functions; the array type is call->result_type. */
Status array_in(FnCall *call, Slice text, int32_t typmod, Datum *out);
Status array_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out);
void array_send(FnCall *call, const Datum *v, Buf *buf);
Status array_vector_in(FnCall *call, Slice text, int32_t typmod, Datum *out);
void array_vector_out(FnCall *call, const Datum *v, Buf *buf);

#endif
