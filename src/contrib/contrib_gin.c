/*
 * contrib_gin.c - inverted operator classes of extensions: hstore's keys and values, trigrams of
 * texts. Whatever an item cannot tell is tested on the row.
 */
#include "contrib/contrib.h"
#include "contrib/hstore.h"
#include "contrib/trgm.h"
#include "type/gin.h"

/* ---- hstore ---- */

enum { HS_CONTAINS = 7, HS_EXISTS = 9, HS_EXISTS_ANY = 10, HS_EXISTS_ALL = 11 };
enum { HS_ITEM_KEY = GIN_FLAG_FIRST, HS_ITEM_VALUE, HS_ITEM_NULL };

/* hs_item - an item, made one that no other extends by an end that its bytes cannot have. */
static void hs_item(GinItems *out, uint8_t flag, Slice bytes)
{
    Buf key;
    buf_init(&key, SIZE_MAX);
    key_put_text(&key, bytes.ptr, bytes.len);
    gin_add(out, flag, (Slice){(const char *)key.data, key.len});
    buf_release(&key);
}

/* hs_items - of a value: each key, and each value or that one is NULL. */
static void hs_items(const Datum *v, GinItems *out)
{
    HsList l = hs_list(out->arena, &v->str, 0);
    for (uint32_t i = 0; i < l.count; i++) {
        hs_item(out, HS_ITEM_KEY, l.pairs[i].key);
        hs_item(out, l.pairs[i].is_null ? HS_ITEM_NULL : HS_ITEM_VALUE, l.pairs[i].val);
    }
}

/* hs_gin_query - GinOps.query. */
static void hs_gin_query(int strategy, const Datum *v, GinQuery *out)
{
    ArrayView view;
    Datum key;
    bool is_null;
    if (strategy == HS_CONTAINS) {
        hs_items(v, &out->items);
        out->need = out->items.count == 0 ? GIN_ALL : GIN_EACH_OF;
        return;
    }
    if (strategy == HS_EXISTS) {
        hs_item(&out->items, HS_ITEM_KEY, str_slice(&v->str));
        out->need = GIN_EACH_OF;
        return;
    }
    array_view(&v->str, &view);
    for (ArrayIter it = array_iter(&view); array_next(&it, &key, &is_null);) {
        if (!is_null) {
            hs_item(&out->items, HS_ITEM_KEY, str_slice(&key.str));
        }
    }
    if (strategy == HS_EXISTS_ANY) {
        out->need = out->items.count == 0 ? GIN_NONE : GIN_ANY_OF;
    } else {
        out->need = out->items.count == 0 ? GIN_ALL : GIN_EACH_OF;
    }
}

const GinOps contrib_gin_hstore = {
    .symbol = "hstore:gin_extract_hstore",
    .strategies = 1u << HS_CONTAINS | 1u << HS_EXISTS | 1u << HS_EXISTS_ANY | 1u << HS_EXISTS_ALL,
    .extract = hs_items,
    .query = hs_gin_query,
};

/* ---- trigrams ---- */

enum {
    TRGM_ALIKE = 1,
    TRGM_LIKE = 3,
    TRGM_ILIKE = 4,
    TRGM_WORD = 7,
    TRGM_STRICT = 9,
    TRGM_EQUAL = 11
};

/* trgm_items - an item a trigram. */
static void trgm_items(const TrgmList *l, GinItems *out)
{
    for (uint32_t i = 0; i < l->count; i++) {
        gin_add(out, GIN_FLAG_FIRST, (Slice){l->items[i].letters, TRGM_BYTES});
    }
}

static void trgm_gin_items(const Datum *v, GinItems *out)
{
    TrgmList l = trgm_set(out->arena, str_slice(&v->str));
    trgm_items(&l, out);
}

static void trgm_gin_query(int strategy, const Datum *v, GinQuery *out)
{
    bool pattern = strategy == TRGM_LIKE || strategy == TRGM_ILIKE;
    TrgmList l = pattern ? trgm_pattern(out->items.arena, str_slice(&v->str))
                         : trgm_set(out->items.arena, str_slice(&v->str));
    trgm_items(&l, &out->items);
    out->need = l.count == 0                        ? GIN_ALL
                : pattern || strategy == TRGM_EQUAL ? GIN_EACH_OF
                                                    : GIN_ANY_OF;
}

const GinOps contrib_gin_trgm = {
    .symbol = "pg_trgm:gin_extract_value_trgm",
    .strategies = 1u << TRGM_ALIKE | 1u << TRGM_LIKE | 1u << TRGM_ILIKE | 1u << TRGM_WORD |
                  1u << TRGM_STRICT | 1u << TRGM_EQUAL,
    .extract = trgm_gin_items,
    .query = trgm_gin_query,
};
