/*
 * order.c - a radix sort over the first 16 bytes of keys.
 *
 * How: pairs of (eight key bytes, item number) are distributed byte by byte from the last to the
 * first; bytes that are the same in all pairs are skipped, and most are: markers, high bytes of
 * small numbers. Runs of pairs that are equal are ordered by the next eight bytes in the same way,
 * then by comparing whole keys. Few pairs are sorted by insertion.
 */
#include "exec/order.h"

#include <stdlib.h>

typedef struct SortDigit {
    uint64_t word;
    uint64_t item;
} SortDigit;

enum { INSERTION_MAX = 24 };

SortItem sort_item(const uint8_t *key, uint32_t len, uint32_t row)
{
    uint8_t b[SORT_ITEM_BYTES] = {0};
    SortItem item = {.key = key, .len = len, .row = row};
    memcpy(b, key, MIN(len, SORT_ITEM_BYTES));
    memcpy(item.word, b, sizeof(b));
    item.word[0] = __builtin_bswap64(item.word[0]);
    item.word[1] = __builtin_bswap64(item.word[1]);
    return item;
}

int sort_item_cmp(const SortItem *a, const SortItem *b)
{
    for (int w = 0; w < 2; w++) {
        if (a->word[w] != b->word[w]) {
            return a->word[w] < b->word[w] ? -1 : 1;
        }
    }
    uint32_t n = MIN(a->len, b->len);
    int c = n > SORT_ITEM_BYTES
                ? memcmp(a->key + SORT_ITEM_BYTES, b->key + SORT_ITEM_BYTES, n - SORT_ITEM_BYTES)
                : 0;
    return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static int whole_cmp(const void *pa, const void *pb, void *arg)
{
    const SortItem *items = arg;
    const SortDigit *a = pa, *b = pb;
    int c = sort_item_cmp(&items[a->item], &items[b->item]);
    return c != 0 ? c : (a->item > b->item) - (a->item < b->item);
}

static void sort_few(SortDigit *d, uint32_t n, const SortItem *items)
{
    for (uint32_t i = 1; i < n; i++) {
        SortDigit x = d[i];
        uint32_t at = i;
        while (at > 0 && sort_item_cmp(&items[d[at - 1].item], &items[x.item]) > 0) {
            d[at] = d[at - 1];
            at--;
        }
        d[at] = x;
    }
}

/* distribute - stable order by `word`, in place; `spare` has room for as many. */
static void distribute(SortDigit *d, SortDigit *spare, uint32_t n)
{
    uint32_t counts[8][256] = {{0}};
    SortDigit *from = d, *to = spare;
    uint64_t varies = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t w = d[i].word;
        varies |= w ^ d[0].word;
        for (uint32_t b = 0; b < 8; b++) {
            counts[b][w >> (8 * b) & 255]++;
        }
    }
    for (uint32_t b = 0; b < 8; b++) {
        uint32_t sum = 0, *count = counts[b];
        if ((varies >> (8 * b) & 255) == 0) {
            continue;
        }
        for (uint32_t v = 0; v < 256; v++) {
            uint32_t c = count[v];
            count[v] = sum;
            sum += c;
        }
        for (uint32_t i = 0; i < n; i++) {
            to[count[from[i].word >> (8 * b) & 255]++] = from[i];
        }
        SortDigit *other = from;
        from = to;
        to = other;
    }
    if (from != d) {
        memcpy(d, from, n * sizeof(*d));
    }
}

/* sort_runs - order digits whose words before `w` agree. */
static void sort_runs(SortDigit *d, SortDigit *spare, uint32_t n, const SortItem *items, uint32_t w)
{
    if (n <= INSERTION_MAX) {
        sort_few(d, n, items);
        return;
    }
    if (w == 2) {
        qsort_r(d, n, sizeof(*d), whole_cmp, (void *)(uintptr_t)items);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        d[i].word = items[d[i].item].word[w];
    }
    distribute(d, spare, n);
    for (uint32_t i = 0; i < n;) {
        uint32_t end = i + 1;
        bool longer = items[d[i].item].len > 8 * (w + 1);
        while (end < n && d[end].word == d[i].word) {
            longer |= items[d[end].item].len > 8 * (w + 1);
            end++;
        }
        if (end - i > 1 && longer) {
            sort_runs(d + i, spare, end - i, items, w + 1);
        }
        i = end;
    }
}

const uint32_t *sort_order(SortOrder *o, Arena *arena, const SortItem *items, uint32_t n)
{
    if (n > o->size) {
        o->size = MAX(n, o->size * 2);
        o->at = ARENA_ARRAY(arena, uint32_t, o->size);
        o->digits = ARENA_ARRAY(arena, SortDigit, o->size);
        o->spare = ARENA_ARRAY(arena, SortDigit, o->size);
    }
    for (uint32_t i = 0; i < n; i++) {
        o->digits[i].item = i;
    }
    sort_runs(o->digits, o->spare, n, items, 0);
    for (uint32_t i = 0; i < n; i++) {
        o->at[i] = (uint32_t)o->digits[i].item;
    }
    return o->at;
}
