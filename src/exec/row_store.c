/*
 * row_store.c - rows kept in memory by column, in chunks of one vector each.
 */
#include "exec/exec_internal.h"

void row_store_init(RowStore *r, Arena *arena, const PhysType *types, uint16_t col_count)
{
    *r = (RowStore){.arena = arena, .types = types, .col_count = col_count};
}

/* store_room - the chunk with room for a row; a new one when the last is full. */
static Batch *store_room(RowStore *r)
{
    uint32_t want = (uint32_t)(r->rows / VEC_CAPACITY) + 1;
    if (r->chunk_count < want) {
        if (r->chunk_count == r->chunk_size) {
            uint32_t size = r->chunk_size == 0 ? 8 : r->chunk_size * 2;
            r->chunks = arena_grow(r->arena, r->chunks, r->chunk_size * sizeof(Batch *),
                                   size * sizeof(Batch *));
            r->chunk_size = size;
        }
        Batch *b = ARENA_NEW(r->arena, Batch);
        batch_init(b, r->types, r->col_count, r->arena);
        r->chunks[r->chunk_count++] = b;
    }
    return r->chunks[want - 1];
}

void row_store_append(RowStore *r, const Batch *in)
{
    uint32_t done = 0;
    while (done < in->sel.count) {
        Batch *b = store_room(r);
        uint32_t at = (uint32_t)(r->rows % VEC_CAPACITY);
        uint32_t n = MIN(VEC_CAPACITY - at, in->sel.count - done);
        for (uint16_t c = 0; c < r->col_count; c++) {
            Vector *to = b->cols[c];
            const Vector *from = in->cols[c];
            if (in->sel.idx != NULL || done == 0) {
                Sel part = {in->sel.idx != NULL ? in->sel.idx + done : NULL, n};
                vec_copy_rows(from, &part, to, at, r->arena);
                continue;
            }
            for (uint32_t i = 0; i < n; i++) {
                vec_copy_value(from, done + i, to, at + i, r->arena);
            }
        }
        done += n;
        r->rows += n;
        batch_set_count(b, at + n);
    }
}

void row_store_append_row(RowStore *r, const Vector *const *cols, uint32_t row)
{
    Batch *b = store_room(r);
    uint32_t at = (uint32_t)(r->rows % VEC_CAPACITY);
    for (uint16_t c = 0; c < r->col_count; c++) {
        vec_copy_value(cols[c], row, b->cols[c], at, r->arena);
    }
    r->rows++;
    batch_set_count(b, at + 1);
}

typedef struct Wide {
    uint64_t w[2];
} Wide;

#define GATHER_ROWS(type)                                                                          \
    do {                                                                                           \
        type *to_ = out->data;                                                                     \
        for (uint32_t i = 0; i < count; i++) {                                                     \
            to_[i] = *(const type *)from[i];                                                       \
        }                                                                                          \
    } while (0)

void row_store_gather(const RowStore *r, uint16_t c, const uint32_t *rows, uint32_t count,
                      Vector *out)
{
    const void *from[VEC_CAPACITY];
    uint32_t bytes = phys_bytes(out->phys);
    /* Rows in another order are far apart: ask for all of them before the first is needed. */
    for (uint32_t i = 0; i < count; i++) {
        const Vector *v = r->chunks[rows[i] / VEC_CAPACITY]->cols[c];
        uint32_t row = rows[i] % VEC_CAPACITY;
        from[i] = (const uint8_t *)v->data + (size_t)row * bytes;
        __builtin_prefetch(from[i]);
        if (v->valid != NULL && vec_is_null(v, row)) {
            vec_set_null(out, i);
        }
    }
    switch (bytes) {
    case 1: GATHER_ROWS(uint8_t); break;
    case 2: GATHER_ROWS(uint16_t); break;
    case 4: GATHER_ROWS(uint32_t); break;
    case 8: GATHER_ROWS(uint64_t); break;
    default: GATHER_ROWS(Wide); break;
    }
}

StoreReader *store_reader_new(Arena *arena)
{
    StoreReader *r = ARENA_NEW(arena, StoreReader);
    r->identity = arena_alloc(arena, VEC_CAPACITY * sizeof(uint16_t));
    for (uint32_t i = 0; i < VEC_CAPACITY; i++) {
        r->identity[i] = (uint16_t)i;
    }
    return r;
}

/* store_read - the next rows, at most max_rows of one chunk; ST_DONE at the end. */
Status store_read(StoreReader *r, const RowStore *s, uint32_t max_rows, const Batch **out)
{
    if (r->at >= s->rows) {
        return ST_DONE;
    }
    const Batch *chunk = s->chunks[r->at / VEC_CAPACITY];
    uint32_t from = (uint32_t)(r->at % VEC_CAPACITY);
    r->view = *chunk;
    r->view.sel = (Sel){from == 0 ? NULL : r->identity + from, MIN(max_rows, chunk->count - from)};
    r->at += r->view.sel.count;
    *out = &r->view;
    return ST_OK;
}
