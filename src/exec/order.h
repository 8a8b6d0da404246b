#ifndef DASSIE_EXEC_ORDER_H
#define DASSIE_EXEC_ORDER_H
/*
 * order.h - putting sort items in order of their keys: by digits of the first 16 key bytes, by
 * comparison where longer keys agree in them. Stable: items that compare equal keep their order.
 *
 * One thread at a time; the items belong to the caller and are not moved.
 */
#include "base/arena.h"

#define SORT_ITEM_BYTES 16u

typedef struct SortItem {
    uint64_t word[2];   /* the key's first bytes, big-endian, zeros behind its end */
    const uint8_t *key; /* the whole key, when it is longer than SORT_ITEM_BYTES */
    uint32_t len, row;
} SortItem;

/* SortOrder - the result: at[i] is the number of the item that comes i-th. Reusable. */
typedef struct SortOrder {
    uint32_t *at;
    struct SortDigit *digits, *spare;
    uint32_t size;
} SortOrder;

/* sort_item - an item for a key; `key` points to the caller's bytes. */
SortItem sort_item(const uint8_t *key, uint32_t len, uint32_t row);
/* sort_item_cmp - order of two items by key alone. No key is the beginning of another one. */
int sort_item_cmp(const SortItem *a, const SortItem *b);
/* sort_order - order n items; memory comes from the arena when what there is does not suffice. */
const uint32_t *sort_order(SortOrder *o, Arena *arena, const SortItem *items, uint32_t n);

#endif
