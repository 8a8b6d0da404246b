/*
 * gin.c - the registry of inverted operator classes, and the one of arrays.
 */
#include "type/gin.h"

#include "type/array.h"
#include "type/tsearch_type.h"
#include "type/type_internal.h"

#define GIN_ITEM_LONG   200 /* bytes of an item above which its hash stands for it */
#define GIN_FLAG_HASHED 0x40

void gin_push(GinItems *list, Slice item)
{
    if (list->count == list->size) {
        uint32_t size = MAX(list->size * 2, 8u);
        list->items =
            arena_grow(list->arena, list->items, list->size * sizeof(Slice), size * sizeof(Slice));
        list->size = size;
    }
    list->items[list->count++] = item;
}

void gin_add(GinItems *list, uint8_t flag, Slice bytes)
{
    bool hashed = bytes.len > GIN_ITEM_LONG;
    uint64_t hash = hashed ? hash_bytes(bytes.ptr, bytes.len, 0) : 0;
    size_t len = hashed ? sizeof(hash) : bytes.len;
    char *p = arena_alloc(list->arena, len + 1);
    p[0] = (char)(hashed ? flag | GIN_FLAG_HASHED : flag);
    if (len != 0) {
        memcpy(p + 1, hashed ? (const char *)&hash : bytes.ptr, len);
    }
    gin_push(list, (Slice){p, len + 1});
}

/* ---- arrays ---- */

enum { ARRAY_OVERLAPS = 1, ARRAY_CONTAINS = 2, ARRAY_CONTAINED = 3, ARRAY_EQUAL = 4 };

/* gin_array_items - the elements' keys; false when one is NULL. */
static bool gin_array_items(const Datum *v, GinItems *out)
{
    ArrayView view;
    Datum d;
    bool is_null, none = true;
    Buf key;
    array_view(&v->str, &view);
    buf_init(&key, SIZE_MAX);
    ArrayIter it = array_iter(&view);
    while (array_next(&it, &d, &is_null)) {
        none = none && !is_null;
        if (!is_null && view.ops != NULL && view.ops->key != NULL) {
            buf_clear(&key);
            view.ops->key(&d, &key);
            gin_add(out, GIN_FLAG_FIRST, (Slice){(const char *)key.data, key.len});
        }
    }
    buf_release(&key);
    return none;
}
static void gin_array_extract(const Datum *v, GinItems *out)
{
    (void)gin_array_items(v, out);
}
static void gin_array_query(int strategy, const Datum *v, GinQuery *out)
{
    bool without_nulls = gin_array_items(v, &out->items);
    switch (strategy) {
    case ARRAY_OVERLAPS: out->need = GIN_ANY_OF; break;
    case ARRAY_CONTAINED:
        gin_push(&out->items, GIN_ITEM_EMPTY);
        out->need = GIN_ANY_OF;
        break;
    case ARRAY_CONTAINS:
        out->need = !without_nulls ? GIN_NONE : out->items.count == 0 ? GIN_ALL : GIN_EACH_OF;
        break;
    default: out->need = out->items.count == 0 ? GIN_ALL : GIN_EACH_OF; break;
    }
}

static const GinOps gin_array_ops = {
    .extract_proc = 2743,
    .strategies =
        1u << ARRAY_OVERLAPS | 1u << ARRAY_CONTAINS | 1u << ARRAY_CONTAINED | 1u << ARRAY_EQUAL,
    .extract = gin_array_extract,
    .query = gin_array_query,
};

const GinOps *gin_ops(Oid extract_proc, const char *prosrc)
{
    static const GinOps *const ALL[] = {&gin_array_ops, &gin_jsonb_ops, &gin_jsonb_path_ops,
                                        &gin_tsvector_ops};
    for (size_t i = 0; i < ARRAY_LEN(ALL); i++) {
        if (ALL[i]->extract_proc == extract_proc) {
            return ALL[i];
        }
    }
    for (uint32_t i = 0; i < TYPE_CONTRIB_GIN_COUNT && prosrc != NULL; i++) {
        if (strcmp(TYPE_CONTRIB_GINS[i]->symbol, prosrc) == 0) {
            return TYPE_CONTRIB_GINS[i];
        }
    }
    return NULL;
}
