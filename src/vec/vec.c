/*
 * vec.c - making, flattening and copying vectors and batches.
 */
#include "vec/vec.h"

void vec_init(Vector *v, PhysType phys, Arena *arena)
{
    *v = (Vector){.phys = phys, .kind = VEC_FLAT};
    v->data = arena_alloc_aligned(arena, (size_t)VEC_CAPACITY * phys_bytes(phys), CACHE_LINE);
    v->valid_buf = arena_alloc_aligned(arena, VEC_VALID_WORDS * sizeof(uint64_t), CACHE_LINE);
}

void vec_init_const(Vector *v, PhysType phys, Arena *arena, const Datum *value, bool is_null)
{
    *v = (Vector){.phys = phys, .kind = VEC_CONST};
    v->data = arena_zalloc(arena, sizeof(Datum));
    v->valid_buf = arena_alloc_aligned(arena, VEC_VALID_WORDS * sizeof(uint64_t), CACHE_LINE);
    if (is_null) {
        vec_set_null(v, 0);
    } else {
        memcpy(v->data, value, phys_bytes(phys));
    }
}

void vec_copy_value(const Vector *in, uint32_t row, Vector *out, uint32_t out_row, Arena *arena)
{
    ASSERT(in->phys == out->phys && out->kind == VEC_FLAT);
    if (vec_is_null(in, row)) {
        vec_set_null(out, out_row);
        return;
    }
    if (out->valid != NULL) {
        out->valid[out_row >> 6] |= (uint64_t)1 << (out_row & 63);
    }
    Datum d = vec_get(in, row);
    if (in->phys == PHYS_STR && arena != NULL) {
        d.str = str_copy(arena, str_ptr(&d.str), d.str.len);
    }
    vec_put(out, out_row, &d);
}

typedef struct Wide {
    uint64_t w[2];
} Wide;

#define TAKE(type)                                                                                 \
    do {                                                                                           \
        const type *from_ = in->data;                                                              \
        type *to_ = (type *)out->data + out_at;                                                    \
        for (uint32_t i = 0; i < count; i++) {                                                     \
            to_[i] = from_[rows[i]];                                                               \
        }                                                                                          \
    } while (0)

void vec_take(const Vector *in, const uint16_t *rows, uint32_t count, Vector *out, uint32_t out_at)
{
    ASSERT(in->phys == out->phys && out->kind == VEC_FLAT && out_at + count <= VEC_CAPACITY);
    if (in->kind != VEC_FLAT || in->valid != NULL || out->valid != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            vec_copy_value(in, rows[i], out, out_at + i, NULL);
        }
        return;
    }
    switch (phys_bytes(in->phys)) {
    case 1: TAKE(uint8_t); break;
    case 2: TAKE(uint16_t); break;
    case 4: TAKE(uint32_t); break;
    case 8: TAKE(uint64_t); break;
    default: TAKE(Wide); break;
    }
}

void vec_copy_rows(const Vector *in, const Sel *sel, Vector *out, uint32_t out_at, Arena *arena)
{
    uint32_t n = sel->count, bytes = phys_bytes(in->phys);
    ASSERT(out_at + n <= VEC_CAPACITY);
    if (in->kind != VEC_FLAT || in->valid != NULL || out->valid != NULL ||
        (in->phys == PHYS_STR && arena != NULL && sel->idx != NULL)) {
        SEL_FOREACH(row, sel)
        {
            vec_copy_value(in, row, out, out_at + row_k, arena);
        }
        return;
    }
    if (sel->idx != NULL) {
        vec_take(in, sel->idx, n, out, out_at);
        return;
    }
    memcpy((uint8_t *)out->data + (size_t)out_at * bytes, in->data, (size_t)n * bytes);
    if (in->phys == PHYS_STR && arena != NULL) {
        Str *s = (Str *)out->data + out_at;
        for (uint32_t i = 0; i < n; i++) {
            if (s[i].len > STR_INLINE_BYTES) {
                s[i] = str_copy(arena, s[i].ptr, s[i].len);
            }
        }
    }
}

const Vector *vec_flatten(const Vector *in, const Sel *sel, Vector *scratch)
{
    if (in->kind != VEC_DICT) {
        return in;
    }
    vec_reset(scratch);
    SEL_FOREACH(row, sel)
    {
        vec_copy_value(in, row, scratch, row, NULL);
    }
    return scratch;
}

void batch_init(Batch *b, const PhysType *types, uint16_t col_count, Arena *arena)
{
    *b = (Batch){.col_count = col_count};
    b->cols = ARENA_ARRAY(arena, Vector *, col_count);
    Vector *vectors = ARENA_ARRAY(arena, Vector, col_count);
    for (uint16_t i = 0; i < col_count; i++) {
        vec_init(&vectors[i], types[i], arena);
        b->cols[i] = &vectors[i];
    }
}

void batch_reset(Batch *b)
{
    for (uint16_t i = 0; i < b->col_count; i++) {
        vec_reset(b->cols[i]);
    }
    batch_set_count(b, 0);
}
