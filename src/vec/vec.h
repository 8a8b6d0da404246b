#ifndef DASSIE_VEC_H
#define DASSIE_VEC_H
/*
 * vec.h - the data layout of execution: vectors of one column, batches of rows, selections, 16-byte
 * strings.
 *
 * A vector holds up to VEC_CAPACITY values of one physical type, FLAT (one value a row), CONST (row
 * 0 stands for all) or DICT (row i is data[dict[i]]). `valid` is a bitmap (bit set = not NULL); a
 * NULL pointer means no NULLs; a CONST vector uses bit 0. Kernels see FLAT and CONST inputs only
 * (vec_flatten first). Bytes behind long strings live in an arena of whoever made the vector, never
 * in a database page. One thread at a time.
 */
#include "base/arena.h"
#include "base/buf.h"

#ifndef VEC_CAPACITY
#define VEC_CAPACITY 1024
#endif
#define VEC_VALID_WORDS ((VEC_CAPACITY + 63) / 64)

typedef enum PhysType {
    PHYS_BOOL, /* uint8_t 0 or 1 */
    PHYS_I16,
    PHYS_I32,
    PHYS_I64,
    PHYS_F32,
    PHYS_F64,
    PHYS_B16, /* 16 bytes: uuid; interval {int64 us, int32 days, int32 months} */
    PHYS_STR, /* Str: text, bytea, numeric, json, ... */
    PHYS_COUNT,
} PhysType;

/* phys_bytes - size of one value in a vector: 1, 2, 4, 8 or 16. */
static inline uint32_t phys_bytes(PhysType t)
{
    static const uint8_t BYTES[PHYS_COUNT] = {1, 2, 4, 8, 4, 8, 16, 16};
    return BYTES[t];
}

/* Str - a string of bytes: up to 12 inline, else a 4-byte prefix and a pointer. Not NUL-terminated.
 */
#define STR_INLINE_BYTES 12
typedef struct Str {
    uint32_t len;
    union {
        char inl[STR_INLINE_BYTES];
        struct __attribute__((packed)) {
            char prefix[4];
            const char *ptr;
        };
    };
} Str;
STATIC_ASSERT(sizeof(Str) == 16, "Str is 16 bytes");

static inline const char *str_ptr(const Str *s)
{
    return s->len <= STR_INLINE_BYTES ? s->inl : s->ptr;
}
/* str_ref - a Str over bytes that live elsewhere (copied when they fit inline). */
static inline Str str_ref(const void *p, size_t len)
{
    Str s = {.len = (uint32_t)len};
    if (len <= STR_INLINE_BYTES) {
        memset(s.inl, 0, sizeof(s.inl));
        if (len != 0) {
            memcpy(s.inl, p, len);
        }
    } else {
        memcpy(s.prefix, p, 4);
        s.ptr = p;
    }
    return s;
}
/* str_copy - a Str whose bytes are copied into the arena when long. */
static inline Str str_copy(Arena *a, const void *p, size_t len)
{
    return len <= STR_INLINE_BYTES ? str_ref(p, len) : str_ref(arena_memdup(a, p, len), len);
}
static inline bool str_eq(const Str *a, const Str *b)
{
    uint64_t wa, wb;
    memcpy(&wa, a, 8);
    memcpy(&wb, b, 8);
    if (wa != wb) { /* length and first four bytes */
        return false;
    }
    if (a->len <= STR_INLINE_BYTES) {
        return memcmp(a->inl + 4, b->inl + 4, 8) == 0;
    }
    return memcmp(a->ptr, b->ptr, a->len) == 0;
}
/* str_cmp - bytewise order, shorter first on a tie (collation C). */
static inline int str_cmp(const Str *a, const Str *b)
{
    uint32_t n = MIN(a->len, b->len);
    int c = memcmp(str_ptr(a), str_ptr(b), n);
    return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}
static inline Slice str_slice(const Str *s)
{
    return (Slice){str_ptr(s), s->len};
}

/* Datum - one value of any physical type. */
typedef union Datum {
    bool b;
    int16_t i16;
    int32_t i32;
    uint32_t u32; /* oid */
    int64_t i64;
    float f32;
    double f64;
    uint8_t b16[16];
    Str str;
} Datum;
STATIC_ASSERT(sizeof(Datum) == 16, "Datum is 16 bytes");

typedef enum VecKind { VEC_FLAT, VEC_CONST, VEC_DICT } VecKind;

typedef struct Vector {
    PhysType phys;
    VecKind kind;
    void *data;      /* VEC_CAPACITY values, 64-byte aligned (CONST: at least one) */
    uint64_t *valid; /* NULL = no NULLs */
    uint64_t
        *valid_buf; /* VEC_VALID_WORDS words this vector may use for `valid`; owned with data */
    const uint16_t *dict; /* VEC_DICT only: indexes into data and valid */
} Vector;

/* Sel - which rows of a batch count: idx[0..count), ascending; idx NULL = rows 0..count-1. */
typedef struct Sel {
    const uint16_t *idx;
    uint32_t count;
} Sel;
/* Loop over the rows of a selection; `row` is the row number. */
#define SEL_FOREACH(row, sel)                                                                      \
    for (uint32_t row##_k = 0, row = 0;                                                            \
         row##_k < (sel)->count && (row = (sel)->idx ? (sel)->idx[row##_k] : row##_k, true);       \
         row##_k++)

/* Batch - up to VEC_CAPACITY rows of several columns; `sel` says which of the `count` physical rows
 * are in it. */
typedef struct Batch {
    Vector **cols; /* pointers, so that operators pass columns through without copying */
    uint16_t col_count;
    uint16_t count; /* physical rows in the vectors */
    Sel sel;        /* rows that count; sel.count == number of rows in the batch */
} Batch;

/* vec_init - give a vector its data and validity buffers from the arena; FLAT, no NULLs. */
void vec_init(Vector *v, PhysType phys, Arena *arena);
/* vec_init_const - a CONST vector of one value (valid = false: NULL). The Datum is copied; string
 * bytes are not. */
void vec_init_const(Vector *v, PhysType phys, Arena *arena, const Datum *value, bool is_null);
/* vec_reset - FLAT, no NULLs, ready to be filled again. */
static inline void vec_reset(Vector *v)
{
    v->kind = VEC_FLAT;
    v->valid = NULL;
    v->dict = NULL;
}
static inline uint32_t vec_index(const Vector *v, uint32_t row)
{
    return v->kind == VEC_FLAT ? row : v->kind == VEC_CONST ? 0 : v->dict[row];
}
static inline bool vec_is_null(const Vector *v, uint32_t row)
{
    if (v->valid == NULL) {
        return false;
    }
    uint32_t i = vec_index(v, row);
    return ((v->valid[i >> 6] >> (i & 63)) & 1) == 0;
}
/* vec_set_null - mark a row NULL (FLAT vectors being filled; starts the bitmap with all rows
 * valid). */
static inline void vec_set_null(Vector *v, uint32_t row)
{
    if (v->valid == NULL) {
        v->valid = v->valid_buf;
        memset(v->valid, 0xff, VEC_VALID_WORDS * sizeof(uint64_t));
    }
    v->valid[row >> 6] &= ~((uint64_t)1 << (row & 63));
}
/* vec_get - one value; only the bytes of its physical type are set. Undefined for a NULL row. */
static inline Datum vec_get(const Vector *v, uint32_t row)
{
    Datum d;
    uint32_t n = phys_bytes(v->phys);
    memcpy(&d, (const uint8_t *)v->data + (size_t)vec_index(v, row) * n, n);
    return d;
}
static inline void vec_put(Vector *v, uint32_t row, const Datum *d)
{
    uint32_t n = phys_bytes(v->phys);
    memcpy((uint8_t *)v->data + (size_t)row * n, d, n);
}
/* Typed access to FLAT data. */
#define VEC_DATA(v, type) ((type *)__builtin_assume_aligned((v)->data, 16))

/* vec_flatten - a FLAT or CONST view of `in`: `in` itself, or `scratch` filled with the selected
 * rows. */
const Vector *vec_flatten(const Vector *in, const Sel *sel, Vector *scratch);
/* vec_copy_rows - copy selected rows of `in` to rows out_at.. of `out`, long string bytes into the
 * arena (NULL = share). */
void vec_copy_rows(const Vector *in, const Sel *sel, Vector *out, uint32_t out_at, Arena *arena);
/* vec_take - rows[0..count) of `in` to rows out_at.. of `out` (FLAT); strings are shared. */
void vec_take(const Vector *in, const uint16_t *rows, uint32_t count, Vector *out, uint32_t out_at);
/* vec_copy_value - one row to one row; string bytes as above. */
void vec_copy_value(const Vector *in, uint32_t row, Vector *out, uint32_t out_row, Arena *arena);

/* batch_init - cols vectors of the given types, all from the arena. */
void batch_init(Batch *b, const PhysType *types, uint16_t col_count, Arena *arena);
/* batch_reset - no rows; vectors reset. */
void batch_reset(Batch *b);
/* batch_set_count - n physical rows, all selected. */
static inline void batch_set_count(Batch *b, uint32_t n)
{
    b->count = (uint16_t)n;
    b->sel = (Sel){NULL, n};
}

#endif
