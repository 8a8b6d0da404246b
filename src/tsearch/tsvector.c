/*
 * tsvector.c - the bytes of a tsvector: reading, order, building.
 */
#include "tsearch/tsvector.h"

#define ENTRY_PLACED(e) (((e)&1) != 0)
#define ENTRY_LEN(e)    ((e) >> 1 & 0x7ff)
#define ENTRY_AT(e)     ((e) >> 12)

static uint32_t tsv_even(uint32_t n)
{
    return (n + 1) & ~1u;
}

bool tsv_sound(Slice bytes)
{
    if (bytes.len < 4) {
        return false;
    }
    uint32_t count = ts_load_u32(bytes.ptr);
    if (count > (bytes.len - 4) / 4) {
        return false;
    }
    size_t room = bytes.len - 4 - (size_t)count * 4;
    const char *strings = bytes.ptr + 4 + (size_t)count * 4;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t e = ts_load_u32(bytes.ptr + 4 + (size_t)i * 4);
        size_t end = (size_t)ENTRY_AT(e) + ENTRY_LEN(e);
        if (end > room) {
            return false;
        }
        if (ENTRY_PLACED(e)) {
            size_t at = tsv_even((uint32_t)end);
            if (at + 2 > room || at + 2 + (size_t)ts_load_u16(strings + at) * 2 > room) {
                return false;
            }
        }
    }
    return true;
}

TsVector tsv_open(Slice bytes)
{
    TsVector v = {.count = ts_load_u32(bytes.ptr), .entries = bytes.ptr + 4};
    v.strings = v.entries + (size_t)v.count * 4;
    return v;
}

TsvEntry tsv_entry(const TsVector *v, uint32_t i)
{
    uint32_t e = ts_load_u32(v->entries + (size_t)i * 4);
    TsvEntry out = {.text = {v->strings + ENTRY_AT(e), ENTRY_LEN(e)}};
    if (ENTRY_PLACED(e)) {
        const char *p = v->strings + tsv_even(ENTRY_AT(e) + ENTRY_LEN(e));
        out.has_places = true;
        out.place_count = ts_load_u16(p);
        out.places = p + 2;
    }
    return out;
}

int ts_compare(Slice a, Slice b, bool prefix)
{
    size_t n = MIN(a.len, b.len);
    int c = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);
    if (c != 0) {
        return c;
    }
    return prefix ? (a.len > b.len) : (a.len > b.len) - (a.len < b.len);
}

/* tsv_compare_entry - one with places comes before one without, more of them before fewer, later
 * ones before earlier ones: nobody asks for this order, it only has to be one. */
static int tsv_compare_entry(const TsvEntry *a, const TsvEntry *b)
{
    if (a->has_places != b->has_places) {
        return a->has_places ? -1 : 1;
    }
    int c = ts_compare(a->text, b->text, false);
    if (c != 0 || !a->has_places) {
        return c;
    }
    if (a->place_count != b->place_count) {
        return a->place_count > b->place_count ? -1 : 1;
    }
    for (uint32_t i = 0; i < a->place_count; i++) {
        uint16_t x = tsv_place(a, i), y = tsv_place(b, i);
        if (TSV_POSITION(x) != TSV_POSITION(y)) {
            return TSV_POSITION(x) > TSV_POSITION(y) ? -1 : 1;
        }
        if (TSV_WEIGHT(x) != TSV_WEIGHT(y)) {
            return TSV_WEIGHT(x) > TSV_WEIGHT(y) ? -1 : 1;
        }
    }
    return 0;
}

int tsv_compare(Slice a, Slice b)
{
    TsVector x = tsv_open(a), y = tsv_open(b);
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    if (x.count != y.count) {
        return x.count < y.count ? -1 : 1;
    }
    for (uint32_t i = 0; i < x.count; i++) {
        TsvEntry p = tsv_entry(&x, i), q = tsv_entry(&y, i);
        int c = tsv_compare_entry(&p, &q);
        if (c != 0) {
            return c;
        }
    }
    return 0;
}

void tsv_key(Slice bytes, Buf *buf)
{
    TsVector v = tsv_open(bytes);
    buf_put_u32be(buf, (uint32_t)bytes.len);
    buf_put_u32be(buf, v.count);
    for (uint32_t i = 0; i < v.count; i++) {
        TsvEntry e = tsv_entry(&v, i);
        buf_putc(buf, e.has_places ? 0 : 1);
        for (size_t k = 0; k < e.text.len; k++) { /* no byte of a lexeme is 0 */
            buf_putc(buf, e.text.ptr[k]);
        }
        buf_putc(buf, '\0');
        if (e.has_places) {
            buf_put_u16be(buf, (uint16_t)~e.place_count);
            for (uint32_t k = 0; k < e.place_count; k++) {
                uint16_t p = tsv_place(&e, k);
                buf_put_u16be(buf, (uint16_t) ~((unsigned)TSV_POSITION(p) << 2 | TSV_WEIGHT(p)));
            }
        }
    }
}

uint32_t tsv_find(const TsVector *v, Slice text, bool prefix, uint32_t *first_out)
{
    uint32_t low = 0, high = v->count, n = 0;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        TsvEntry e = tsv_entry(v, mid);
        if (ts_compare(text, e.text, false) > 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *first_out = low;
    while (low + n < v->count) {
        TsvEntry e = tsv_entry(v, low + n);
        if (ts_compare(text, e.text, prefix) != 0) {
            break;
        }
        n++;
    }
    return n;
}

/* ---- building ---- */

void tsv_add(TsvWords *words, Slice text, uint16_t *places, uint32_t place_count)
{
    if (words->count == words->size) {
        uint32_t size = MAX(words->size * 2, 16u);
        words->items = arena_grow(words->arena, words->items, words->size * sizeof(TsvWord),
                                  size * sizeof(TsvWord));
        words->size = size;
    }
    words->items[words->count++] = (TsvWord){text, places, place_count};
}

static int tsv_order_words(const void *a, const void *b)
{
    const TsvWord *x = a, *y = b;
    return ts_compare(x->text, y->text, false);
}
static int tsv_order_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* tsv_unique_places - in order, one a position, that with the highest weight. What comes after as
 * many as there may be, or after the last position there is, is left out. */
static uint32_t tsv_unique_places(Arena *arena, uint16_t *places, uint32_t count)
{
    uint32_t n = 0;
    if (count <= 1) {
        return count;
    }
    /* Of equal positions the one that came first stays first. */
    uint64_t *order = arena_alloc(arena, count * sizeof(uint64_t));
    for (uint32_t i = 0; i < count; i++) {
        order[i] = (uint64_t)TSV_POSITION(places[i]) << 48 | (uint64_t)i << 16 | places[i];
    }
    array_sort(order, count, sizeof(*order), tsv_order_numbers);
    places[0] = (uint16_t)order[0];
    for (uint32_t i = 1; i < count; i++) {
        uint16_t p = (uint16_t)order[i];
        if (TSV_POSITION(p) == TSV_POSITION(places[n])) {
            places[n] = p > places[n] ? p : places[n];
            continue;
        }
        places[++n] = p;
        if (n >= TSV_POSITIONS_MAX - 1 || TSV_POSITION(p) == TSV_POSITION_LAST) {
            break;
        }
    }
    return n + 1;
}

void tsv_merge(TsvWords *words)
{
    uint32_t n = 0;
    array_sort(words->items, words->count, sizeof(TsvWord), tsv_order_words);
    for (uint32_t i = 0, end; i < words->count; i = end) {
        TsvWord w = words->items[i];
        uint32_t total = w.place_count;
        for (end = i + 1; end < words->count && slice_eq(words->items[end].text, w.text); end++) {
            total += words->items[end].place_count;
        }
        if (end > i + 1 && total > 0) {
            w.places = arena_alloc(words->arena, total * sizeof(uint16_t));
            w.place_count = 0;
            for (uint32_t k = i; k < end; k++) {
                const TsvWord *from = &words->items[k];
                if (from->place_count > 0) {
                    memcpy(w.places + w.place_count, from->places, from->place_count * 2);
                    w.place_count += from->place_count;
                }
            }
        }
        w.place_count = tsv_unique_places(words->arena, w.places, w.place_count);
        words->items[n++] = w;
    }
    words->count = n;
}

Status tsv_word_fits(Cx *cx, size_t len)
{
    return len <= TSV_LEXEME_MAX
               ? ST_OK
               : err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                         "word is too long (%zu bytes, max %d bytes)", len, TSV_LEXEME_MAX);
}

Status tsv_build(Cx *cx, const TsvWords *words, Str *out)
{
    size_t strings = 0;
    for (uint32_t i = 0; i < words->count; i++) {
        const TsvWord *w = &words->items[i];
        TRY(tsv_word_fits(cx, w->text.len));
        strings += w->text.len;
        if (w->place_count > 0) {
            strings = ((strings + 1) & ~(size_t)1) + 2 + (size_t)w->place_count * 2;
        }
    }
    if (strings > TSV_STRING_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "string is too long for tsvector (%zu bytes, max %d bytes)", strings,
                       TSV_STRING_MAX);
    }
    size_t head = 4 + (size_t)words->count * 4;
    char *bytes = arena_zalloc(words->arena, head + strings), *to = bytes + head;
    uint32_t at = 0;
    memcpy(bytes, &words->count, 4);
    for (uint32_t i = 0; i < words->count; i++) {
        const TsvWord *w = &words->items[i];
        uint32_t e = (uint32_t)(w->place_count > 0) | (uint32_t)w->text.len << 1 | at << 12;
        memcpy(bytes + 4 + (size_t)i * 4, &e, 4);
        if (w->text.len > 0) {
            memcpy(to + at, w->text.ptr, w->text.len);
        }
        at += (uint32_t)w->text.len;
        if (w->place_count > 0) {
            uint16_t n = (uint16_t)w->place_count;
            at = tsv_even(at);
            memcpy(to + at, &n, 2);
            memcpy(to + at + 2, w->places, w->place_count * 2);
            at += 2 + w->place_count * 2;
        }
    }
    *out = str_ref(bytes, head + strings);
    return ST_OK;
}
