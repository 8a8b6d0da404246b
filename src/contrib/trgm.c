/*
 * trgm.c - taking texts apart into trigrams.
 */
#include "contrib/trgm.h"

static bool trgm_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char trgm_small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void trgm_push(TrgmList *l, const char *letters, bool first, bool last)
{
    if (l->count == l->size) {
        uint32_t size = l->size < 16 ? 32 : l->size * 2;
        l->items = arena_grow(l->arena, l->items, l->size * sizeof(Trgm), size * sizeof(Trgm));
        l->size = size;
    }
    Trgm *t = &l->items[l->count++];
    memcpy(t->letters, letters, TRGM_BYTES);
    t->first = first;
    t->last = last;
}

/* trgm_word - the trigrams of one word, with so many blanks before and behind it. */
static void trgm_word(TrgmList *l, Slice word, size_t before, size_t behind)
{
    size_t n = before + word.len + behind;
    for (size_t i = 0; i + TRGM_BYTES <= n; i++) {
        char letters[TRGM_BYTES];
        for (size_t k = 0; k < TRGM_BYTES; k++) {
            size_t at = i + k;
            letters[k] =
                at < before || at >= before + word.len ? ' ' : trgm_small(word.ptr[at - before]);
        }
        trgm_push(l, letters, i == 0, i + TRGM_BYTES == n);
    }
}

TrgmList trgm_words(Arena *arena, Slice text)
{
    TrgmList l = {.arena = arena};
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && trgm_is_letter(text.ptr[i])) {
            i++;
        }
        if (i > start) {
            trgm_word(&l, (Slice){text.ptr + start, i - start}, 2, 1);
        } else {
            i++;
        }
    }
    return l;
}

static int trgm_order(const void *a, const void *b)
{
    return memcmp(((const Trgm *)a)->letters, ((const Trgm *)b)->letters, TRGM_BYTES);
}

static void trgm_unique(TrgmList *l)
{
    uint32_t n = 0;
    array_sort(l->items, l->count, sizeof(Trgm), trgm_order);
    for (uint32_t i = 0; i < l->count; i++) {
        if (n == 0 || trgm_order(&l->items[n - 1], &l->items[i]) != 0) {
            l->items[n++] = l->items[i];
        }
    }
    l->count = n;
}

TrgmList trgm_set(Arena *arena, Slice text)
{
    TrgmList l = trgm_words(arena, text);
    trgm_unique(&l);
    return l;
}

TrgmList trgm_pattern(Arena *arena, Slice pattern)
{
    /* The pattern without escapes: wildcards become byte 1, which is in no word. */
    enum { WILD = 1 };
    TrgmList l = {.arena = arena};
    char *p = arena_alloc(arena, pattern.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '%' || c == '_') {
            p[n++] = WILD;
        } else {
            i += c == '\\' && i + 1 < pattern.len ? 1 : 0;
            p[n++] = pattern.ptr[i];
        }
    }
    for (size_t i = 0; i < n;) {
        size_t start = i;
        while (i < n && trgm_is_letter(p[i])) {
            i++;
        }
        if (i == start) {
            i++;
            continue;
        }
        /* Beside a wildcard the word may go on. */
        size_t before = start > 0 && p[start - 1] == WILD ? 0 : 2;
        size_t behind = i < n && p[i] == WILD ? 0 : 1;
        trgm_word(&l, (Slice){p + start, i - start}, before, behind);
    }
    trgm_unique(&l);
    return l;
}
