/*
 * agg_rows.c - rows of a group in an aggregate's own order.
 */
#include "exec/agg_rows.h"

#include <stdlib.h>

struct AggRow {
    const uint8_t *key;
    uint32_t key_len, number; /* among the rows of its group, for a stable sort */
    bool *nulls;
    Datum values[];
};

void agg_rows_add(AggRows *state, const AggCall *call, const Vector *const *args,
                  const Vector *const *sort, uint32_t row, Buf *key, Arena *arena)
{
    if (state->count == state->size) {
        uint32_t size = state->size == 0 ? 4 : state->size * 2;
        state->rows =
            arena_grow(arena, state->rows, state->size * sizeof(AggRow *), size * sizeof(AggRow *));
        state->size = size;
    }
    AggRow *r = arena_alloc(arena, sizeof(AggRow) + call->arg_count * sizeof(Datum));
    buf_clear(key);
    for (uint16_t k = 0; k < call->sort_count; k++) {
        const PlanSortKey *s = &call->sort_keys[k];
        Datum d = vec_get(sort[k], row);
        key_encode(s->type, &d, vec_is_null(sort[k], row), s->desc, s->nulls_first, key);
    }
    r->key = arena_memdup(arena, key->data, key->len);
    r->key_len = (uint32_t)key->len;
    r->number = state->count;
    r->nulls = arena_alloc(arena, call->arg_count + 1u);
    for (uint16_t a = 0; a < call->arg_count; a++) {
        r->nulls[a] = vec_is_null(args[a], row);
        if (r->nulls[a]) {
            continue;
        }
        r->values[a] = vec_get(args[a], row);
        if (args[a]->phys == PHYS_STR) {
            const Str *s = &r->values[a].str;
            r->values[a].str = str_copy(arena, str_ptr(s), s->len);
        }
    }
    state->rows[state->count++] = r;
}

static int agg_row_order(const void *x, const void *y)
{
    const AggRow *a = *(AggRow *const *)x, *b = *(AggRow *const *)y;
    int c = memcmp(a->key, b->key, MIN(a->key_len, b->key_len));
    if (c != 0) {
        return c;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

/* agg_rows_vectors - the arguments of rows [first, first + n) as vectors. */
static const Vector *const *agg_rows_vectors(const AggCall *call, const AggRows *state,
                                             uint32_t first, uint32_t n, Arena *arena)
{
    Vector *vecs = ARENA_ARRAY(arena, Vector, call->arg_count + 1u);
    const Vector **list = ARENA_ARRAY(arena, const Vector *, call->arg_count + 1u);
    for (uint16_t a = 0; a < call->arg_count; a++) {
        const TypeOps *t = type_ops(call->arg_types[a]);
        Vector *v = &vecs[a];
        *v = (Vector){.phys = t != NULL ? t->phys : PHYS_STR};
        v->data = arena_alloc(arena, (size_t)n * phys_bytes(v->phys) + 16);
        v->valid_buf = arena_alloc(arena, VEC_VALID_WORDS * sizeof(uint64_t));
        for (uint32_t i = 0; i < n; i++) {
            const AggRow *r = state->rows[first + i];
            if (r->nulls[a]) {
                vec_set_null(v, i);
            } else {
                vec_put(v, i, &r->values[a]);
            }
        }
        list[a] = v;
    }
    return list;
}

Status agg_rows_update(FnCall *fc, const AggCall *call, AggRows *state, void **state_out)
{
    void *s = arena_zalloc(fc->arena, ALIGN_UP(call->ops->state_bytes, 16u));
    *state_out = s;
    if (call->ops->init != NULL) {
        call->ops->init(s);
    }
    if (state->count > 1) {
        qsort(state->rows, state->count, sizeof(AggRow *), agg_row_order);
    }
    for (uint32_t first = 0; first < state->count; first += VEC_CAPACITY) {
        uint32_t n = MIN(state->count - first, (uint32_t)VEC_CAPACITY);
        const Vector *const *args = agg_rows_vectors(call, state, first, n, fc->arena);
        Sel all = {NULL, n};
        TRY(call->ops->update_one(fc, args, call->arg_count, &all, s));
    }
    return ST_OK;
}
