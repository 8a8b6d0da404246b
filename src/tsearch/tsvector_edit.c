/*
 * tsvector_edit.c - tsvectors out of tsvectors: joined, stripped, weighted, filtered.
 */
#include "tsearch/tsvector.h"

int ts_weight(char letter)
{
    switch (ts_lower(letter)) {
    case 'a': return 3;
    case 'b': return 2;
    case 'c': return 1;
    case 'd': return 0;
    default: return -1;
    }
}

/* tsv_copy - an entry into a list, its places in memory of their own. */
static void tsv_copy(TsvWords *out, const TsvEntry *e)
{
    uint16_t *places = NULL;
    if (e->place_count > 0) {
        places = arena_memdup(out->arena, e->places, e->place_count * 2);
    }
    tsv_add(out, e->text, places, e->place_count);
}

/* tsv_append_places - those of e, moved behind the first document. */
static void tsv_append_places(TsvWords *out, TsvWord *w, const TsvEntry *e, uint32_t by)
{
    uint16_t *places = arena_alloc(out->arena, (w->place_count + e->place_count + 1) * 2);
    uint32_t n = w->place_count;
    if (n > 0) {
        memcpy(places, w->places, n * 2);
    }
    for (uint32_t i = 0; i < e->place_count && n < TSV_POSITIONS_MAX &&
                         (n == 0 || TSV_POSITION(places[n - 1]) != TSV_POSITION_LAST);
         i++) {
        uint16_t p = tsv_place(e, i);
        places[n++] =
            TSV_PLACE(MIN(TSV_POSITION(p) + by, (uint32_t)TSV_POSITION_LAST), TSV_WEIGHT(p));
    }
    w->places = places;
    w->place_count = n;
}

Status tsv_concat(Cx *cx, Arena *arena, Slice a, Slice b, Str *out)
{
    TsVector x = tsv_open(a), y = tsv_open(b);
    TsvWords words = {.arena = arena};
    uint32_t last = 0, i = 0, k = 0;
    for (uint32_t e = 0; e < x.count; e++) {
        TsvEntry entry = tsv_entry(&x, e);
        for (uint32_t p = 0; p < entry.place_count; p++) {
            last = MAX(last, (uint32_t)TSV_POSITION(tsv_place(&entry, p)));
        }
    }
    while (i < x.count || k < y.count) {
        TsvEntry p, q;
        int c = i == x.count ? 1 : -1;
        if (i < x.count) {
            p = tsv_entry(&x, i);
        }
        if (k < y.count) {
            q = tsv_entry(&y, k);
            c = i < x.count ? ts_compare(p.text, q.text, false) : 1;
        }
        if (c <= 0) {
            tsv_copy(&words, &p);
            i++;
        } else {
            tsv_add(&words, q.text, NULL, 0);
        }
        if (c >= 0) {
            tsv_append_places(&words, &words.items[words.count - 1], &q, last);
            k++;
        }
    }
    return tsv_build(cx, &words, out);
}

Status tsv_strip(Cx *cx, Arena *arena, Slice bytes, Str *out)
{
    TsVector v = tsv_open(bytes);
    TsvWords words = {.arena = arena};
    for (uint32_t i = 0; i < v.count; i++) {
        tsv_add(&words, tsv_entry(&v, i).text, NULL, 0);
    }
    return tsv_build(cx, &words, out);
}

static bool tsv_among(Slice text, const Slice *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_eq(text, list[i])) {
            return true;
        }
    }
    return false;
}

Status tsv_set_weight(Cx *cx, Arena *arena, Slice bytes, uint32_t weight, const Slice *only,
                      uint32_t only_count, Str *out)
{
    TsVector v = tsv_open(bytes);
    TsvWords words = {.arena = arena};
    for (uint32_t i = 0; i < v.count; i++) {
        TsvEntry e = tsv_entry(&v, i);
        tsv_copy(&words, &e);
        TsvWord *w = &words.items[words.count - 1];
        bool change = only == NULL || tsv_among(e.text, only, only_count);
        for (uint32_t k = 0; change && k < w->place_count; k++) {
            w->places[k] = TSV_PLACE(TSV_POSITION(w->places[k]), weight);
        }
    }
    return tsv_build(cx, &words, out);
}

Status tsv_delete(Cx *cx, Arena *arena, Slice bytes, const Slice *gone, uint32_t gone_count,
                  Str *out)
{
    TsVector v = tsv_open(bytes);
    TsvWords words = {.arena = arena};
    for (uint32_t i = 0; i < v.count; i++) {
        TsvEntry e = tsv_entry(&v, i);
        if (!tsv_among(e.text, gone, gone_count)) {
            tsv_copy(&words, &e);
        }
    }
    return tsv_build(cx, &words, out);
}

Status tsv_filter(Cx *cx, Arena *arena, Slice bytes, uint32_t weights, Str *out)
{
    TsVector v = tsv_open(bytes);
    TsvWords words = {.arena = arena};
    for (uint32_t i = 0; i < v.count; i++) {
        TsvEntry e = tsv_entry(&v, i);
        uint16_t *places = e.place_count > 0 ? arena_alloc(arena, e.place_count * 2) : NULL;
        uint32_t n = 0;
        for (uint32_t k = 0; k < e.place_count; k++) {
            uint16_t p = tsv_place(&e, k);
            if ((weights >> TSV_WEIGHT(p) & 1) != 0) {
                places[n++] = p;
            }
        }
        if (n > 0) {
            tsv_add(&words, e.text, places, n);
        }
    }
    return tsv_build(cx, &words, out);
}
