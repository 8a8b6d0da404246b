#ifndef DASSIE_CONTRIB_HSTORE_H
#define DASSIE_CONTRIB_HSTORE_H
/*
 * hstore.h - the value of hstore: sorted pairs of texts.
 *
 * A value is the number of pairs, then for each pair the lengths of key and value (HS_NULL: it is
 * NULL), four bytes each, then keys and values in turn. Pairs are in the order of the keys'
 * lengths, then of their bytes, each key once. Any thread; no state.
 */
#include "contrib/contrib.h"
#include "type/array.h"
#include "type/kernel.h"

#define HS_NULL UINT32_MAX

typedef struct HsPair {
    Slice key, val;
    bool is_null;
    uint32_t order; /* of pairs with the same key the first given stays */
} HsPair;

/* HsList - pairs of a value, borrowed from it, or being gathered. */
typedef struct HsList {
    Arena *arena;
    HsPair *pairs;
    uint32_t count, size;
} HsList;

/* hs_count - the number of pairs. */
uint32_t hs_count(const Str *s);
/* hs_list - all pairs of a value, with room for `more`. */
HsList hs_list(Arena *arena, const Str *s, uint32_t more);
void hs_add(HsList *l, Slice key, const Slice *val);
/* hs_find - the pair of a key; false when there is none. */
bool hs_find(const Str *s, Slice key, HsPair *out);
/* hs_key_order - of keys. */
int hs_key_order(Slice a, Slice b);
/* hs_pack - the value of pairs that are in order; hs_build - of any pairs. */
Str hs_pack(const HsList *l);
Str hs_build(HsList *l);

#endif
