/*
 * rank.c - how well a document fits a query: by how often and how near to each other its lexemes
 * stand (ts_rank), and by the density of covers, pieces that match (ts_rank_cover).
 *
 * The arithmetic is in the order and precision that gives PostgreSQL's numbers to the last bit.
 */
#include "tsearch/tsquery.h"

#include <limits.h>
#include <math.h>

const float TS_RANK_WEIGHTS[4] = {0.1f, 0.2f, 0.4f, 1.0f};

static int32_t rank_length(const TsVector *v)
{
    int32_t n = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        TsvEntry e = tsv_entry(v, i);
        n += e.place_count == 0 ? 1 : (int32_t)e.place_count;
    }
    return n;
}

/* RankOperand - an operand of the query; each text once. */
typedef struct RankOperand {
    Slice text;
    bool prefix;
} RankOperand;

static int rank_order_operands(const void *a, const void *b)
{
    const RankOperand *x = a, *y = b;
    return ts_compare(x->text, y->text, false);
}

static RankOperand *rank_operands(Arena *arena, const TsQuery *q, uint32_t *count_out)
{
    RankOperand *list = ARENA_ARRAY(arena, RankOperand, q->count + 1);
    uint32_t n = 0, kept = 0;
    for (uint32_t i = 0; i < q->count; i++) {
        if (q->items[i].kind == TSQ_VALUE) {
            list[n++] = (RankOperand){tsq_text(q, i), q->items[i].prefix != 0};
        }
    }
    array_sort(list, n, sizeof(*list), rank_order_operands);
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || !slice_eq(list[i].text, list[kept - 1].text)) {
            list[kept++] = list[i];
        }
    }
    *count_out = kept;
    return list;
}

/* ---- ts_rank ---- */

/* RankPlaces - places of a lexeme; one that has none stands at the end, but `unknown`. */
typedef struct RankPlaces {
    TsvEntry entry;
    bool unknown;
} RankPlaces;
static uint32_t rank_place_count(const RankPlaces *p)
{
    return p->unknown ? 1 : p->entry.place_count;
}
static uint16_t rank_place(const RankPlaces *p, uint32_t i)
{
    return p->unknown ? TSV_PLACE(TSV_POSITION_LAST, 0) : tsv_place(&p->entry, i);
}

static float rank_distance(int32_t d)
{
    return d > 100 ? 1e-30f : (float)(1.0 / (1.005 + 0.05 * exp((float)d / 1.5 - 2)));
}

/* rank_pair - two operands' places, each with each. */
static void rank_pair(const float *w, const RankPlaces *a, const RankPlaces *b, float *res)
{
    for (uint32_t l = 0; l < rank_place_count(a); l++) {
        uint16_t x = rank_place(a, l);
        for (uint32_t p = 0; p < rank_place_count(b); p++) {
            uint16_t y = rank_place(b, p);
            int32_t d = abs((int)TSV_POSITION(x) - (int)TSV_POSITION(y));
            if (d == 0 && !a->unknown && !b->unknown) {
                continue;
            }
            d = d == 0 ? TSV_POSITION_LAST + 1 : d;
            float one = (float)sqrt(w[TSV_WEIGHT(x)] * w[TSV_WEIGHT(y)] * rank_distance(d));
            *res = *res < 0 ? one : (float)(1.0 - (1.0 - *res) * (1.0 - one));
        }
    }
}

/* rank_or - by how often each operand is there, whatever stands around it. */
static float rank_or(Arena *arena, const float *w, const TsVector *v, const TsQuery *q)
{
    uint32_t count;
    const RankOperand *ops = rank_operands(arena, q, &count);
    float res = 0.0f;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first, n = tsv_find(v, ops[i].text, ops[i].prefix, &first);
        for (uint32_t k = 0; k < n; k++) {
            TsvEntry e = tsv_entry(v, first + k);
            float sum = 0.0f, best = -1.0f;
            int32_t at = 0;
            for (int32_t j = 0; j < (int32_t)(e.has_places ? e.place_count : 1); j++) {
                float one = w[e.has_places ? TSV_WEIGHT(tsv_place(&e, (uint32_t)j)) : 0];
                sum = sum + one / (float)((j + 1) * (j + 1));
                if (one > best) {
                    best = one;
                    at = j;
                }
            }
            /* Squares of 1/i add up to pi^2/6. */
            res = (float)(res + (best + sum - best / (float)((at + 1) * (at + 1))) / 1.64493406685);
        }
    }
    return count > 0 ? res / (float)count : res;
}

/* rank_and - by how near to each other different operands stand. */
static float rank_and(Arena *arena, const float *w, const TsVector *v, const TsQuery *q)
{
    uint32_t count;
    const RankOperand *ops = rank_operands(arena, q, &count);
    float res = -1.0f;
    if (count < 2) {
        return rank_or(arena, w, v, q);
    }
    RankPlaces *seen = ARENA_ARRAY(arena, RankPlaces, count);
    bool *there = ARENA_ARRAY(arena, bool, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first, n = tsv_find(v, ops[i].text, ops[i].prefix, &first);
        for (uint32_t e = 0; e < n; e++) {
            seen[i].entry = tsv_entry(v, first + e);
            seen[i].unknown = !seen[i].entry.has_places;
            there[i] = true;
            for (uint32_t k = 0; k < i; k++) {
                if (there[k]) {
                    rank_pair(w, &seen[i], &seen[k], &res);
                }
            }
        }
    }
    return res;
}

float ts_rank(Arena *arena, const float *w, Slice vector, Slice query, int32_t method)
{
    TsVector v = tsv_open(vector);
    TsQuery q = tsq_open(query);
    if (v.count == 0 || q.count == 0) {
        return 0.0f;
    }
    const TsqItem *top = &q.items[0];
    bool together = top->kind == TSQ_OPERATOR && (top->oper == TSQ_AND || top->oper == TSQ_PHRASE);
    float res = together ? rank_and(arena, w, &v, &q) : rank_or(arena, w, &v, &q);
    if (res < 0) {
        res = 1e-20f;
    }
    if ((method & TS_RANK_LOG_LENGTH) != 0) {
        res = (float)(res / (log((double)(rank_length(&v) + 1)) / log(2.0)));
    }
    if ((method & TS_RANK_LENGTH) != 0) {
        res /= (float)rank_length(&v);
    }
    if ((method & TS_RANK_UNIQUE) != 0) {
        res /= (float)v.count;
    }
    if ((method & TS_RANK_LOG_UNIQUE) != 0) {
        res = (float)(res / (log((double)(v.count + 1)) / log(2.0)));
    }
    if ((method & TS_RANK_SCALE) != 0) {
        res /= (res + 1);
    }
    return res;
}

/* ---- ts_rank_cd ---- */

/* CoverWord - a place of the document where operands of the query stand. */
typedef struct CoverWord {
    uint16_t place;
    uint32_t entry;
    uint32_t *items;
    uint32_t item_count;
} CoverWord;

/* CoverSeen - where an operand was seen, in the order of going over the document. */
typedef struct CoverSeen {
    uint16_t *places;
    uint32_t count, size;
    bool there;
} CoverSeen;

typedef struct Covers {
    Cx *cx;
    Arena *arena;
    TsQuery q;
    CoverWord *words;
    uint32_t count;
    CoverSeen *seen; /* an item */
    bool backward;   /* the document is gone over from its end */
    /* The cover found: words, and their positions. */
    uint32_t at, first, last;
    int32_t low, high;
} Covers;

static int cover_order(const void *a, const void *b)
{
    const CoverWord *x = a, *y = b;
    if (TSV_POSITION(x->place) != TSV_POSITION(y->place)) {
        return TSV_POSITION(x->place) > TSV_POSITION(y->place) ? 1 : -1;
    }
    if (x->place != y->place) {
        return x->place > y->place ? 1 : -1;
    }
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* cover_words - all places of all operands, in order; those of one place and lexeme are one. */
static void cover_words(Covers *c, const TsVector *v)
{
    uint32_t size = 0, n = 0;
    CoverWord *list = NULL;
    for (uint32_t i = 0; i < c->q.count; i++) {
        const TsqItem *it = &c->q.items[i];
        uint32_t first, found = 0;
        if (it->kind == TSQ_VALUE) {
            found = tsv_find(v, tsq_text(&c->q, i), it->prefix != 0, &first);
        }
        for (uint32_t e = 0; e < found; e++) {
            TsvEntry entry = tsv_entry(v, first + e);
            for (uint32_t k = 0; k < entry.place_count; k++) {
                uint16_t p = tsv_place(&entry, k);
                if (it->weight != 0 && (it->weight >> TSV_WEIGHT(p) & 1) == 0) {
                    continue;
                }
                if (n == size) {
                    uint32_t more = MAX(size * 2, 32u);
                    list = arena_grow(c->arena, list, size * sizeof(*list), more * sizeof(*list));
                    size = more;
                }
                uint32_t *items = arena_alloc(c->arena, c->q.count * sizeof(uint32_t));
                items[0] = i;
                list[n++] = (CoverWord){p, first + e, items, 1};
            }
        }
    }
    array_sort(list, n, sizeof(*list), cover_order);
    c->words = list;
    for (uint32_t i = 0; i < n; i++) {
        CoverWord *last = c->count > 0 ? &list[c->count - 1] : NULL;
        if (last != NULL && last->place == list[i].place && last->entry == list[i].entry) {
            last->items[last->item_count++] = list[i].items[0];
        } else {
            list[c->count++] = list[i];
        }
    }
}

static void cover_forget(Covers *c, bool backward)
{
    for (uint32_t i = 0; i < c->q.count; i++) {
        c->seen[i].there = false;
        c->seen[i].count = 0;
    }
    c->backward = backward;
}

static void cover_see(Covers *c, const CoverWord *w)
{
    for (uint32_t k = 0; k < w->item_count; k++) {
        CoverSeen *s = &c->seen[w->items[k]];
        s->there = true;
        if (s->count > 0 && TSV_POSITION(s->places[s->count - 1]) == TSV_POSITION(w->place)) {
            continue;
        }
        if (s->count == s->size) {
            uint32_t more = MAX(s->size * 2, 8u);
            s->places = arena_grow(c->arena, s->places, s->size * 2, more * 2);
            s->size = more;
        }
        s->places[s->count++] = w->place;
    }
}

/* cover_found - TsqFoundFn over what was seen. */
static TsMatch cover_found(void *arg, uint32_t i, TsPlaces *out)
{
    Covers *c = arg;
    CoverSeen *s = &c->seen[i];
    if (!s->there) {
        return TS_NO;
    }
    if (out != NULL) {
        out->places = s->places;
        out->count = s->count;
        if (c->backward) {
            out->places = arena_alloc(out->arena, s->count * sizeof(uint16_t));
            for (uint32_t k = 0; k < s->count; k++) {
                out->places[k] = s->places[s->count - 1 - k];
            }
        }
    }
    return TS_YES;
}

static bool cover_matches(Covers *c)
{
    Arena scratch;
    arena_init(&scratch, NULL, "cover", 0);
    bool m = tsq_execute(&c->q, &scratch, cover_found, c, false);
    arena_release(&scratch);
    return m;
}

/* cover_next - the next cover: its end is found going forward, its beginning going back from there.
 * ST_DONE: there are no more. */
static Status cover_next(Covers *c)
{
    for (;; c->at++) {
        uint32_t i = c->at, end = UINT32_MAX;
        TRY(cx_check(c->cx));
        cover_forget(c, false);
        c->low = INT_MAX;
        c->high = 0;
        for (; i < c->count && end == UINT32_MAX; i++) {
            cover_see(c, &c->words[i]);
            if (cover_matches(c)) {
                end = i;
            }
        }
        if (end == UINT32_MAX || TSV_POSITION(c->words[end].place) <= c->high) {
            return ST_DONE;
        }
        c->high = TSV_POSITION(c->words[end].place);
        c->last = end;
        cover_forget(c, true);
        uint32_t begin = end + 1;
        while (begin-- > c->at) {
            cover_see(c, &c->words[begin]);
            if (cover_matches(c)) {
                c->first = begin;
                c->low = TSV_POSITION(c->words[begin].place);
                break;
            }
        }
        if (c->low <= c->high) {
            c->at = begin + 1;
            return ST_OK;
        }
    }
}

/* cover_sum - the densities of all covers, and how far from each other they are. */
static Status cover_sum(Covers *c, const double *inverse, double *total, double *distances,
                        int32_t *count)
{
    double before = 0.0;
    Status st;
    while ((st = cover_next(c)) == ST_OK) {
        double weights = 0.0;
        for (uint32_t i = c->first; i <= c->last; i++) {
            weights += inverse[TSV_WEIGHT(c->words[i].place)];
        }
        int32_t words = (int32_t)(c->last - c->first);
        double density = (double)(words + 1) / weights;
        /* In a long document positions end; half of such a cover is taken for other words. */
        int32_t noise = (c->high - c->low) - words;
        if (noise < 0) {
            noise = words / 2;
        }
        *total += density / (double)(1 + noise);
        double middle = (double)(c->high + c->low) / 2.0;
        if (*count > 0 && middle > before) {
            *distances += 1.0 / (middle - before);
        }
        before = middle;
        ++*count;
    }
    return st == ST_DONE ? ST_OK : st;
}

Status ts_rank_cover(Cx *cx, Arena *arena, const float *w, Slice vector, Slice query,
                     int32_t method, float *out)
{
    TsVector v = tsv_open(vector);
    Covers c = {.cx = cx, .arena = arena, .q = tsq_open(query)};
    double inverse[4], total = 0.0, distances = 0.0;
    int32_t count = 0;
    for (int i = 0; i < 4; i++) {
        inverse[i] = 1.0 / (double)w[i];
    }
    c.seen = ARENA_ARRAY(arena, CoverSeen, c.q.count + 1);
    cover_words(&c, &v);
    *out = 0.0f;
    if (c.count == 0) {
        return ST_OK;
    }
    TRY(cover_sum(&c, inverse, &total, &distances, &count));
    if ((method & TS_RANK_LOG_LENGTH) != 0) {
        total /= log((double)(rank_length(&v) + 1));
    }
    if ((method & TS_RANK_LENGTH) != 0) {
        total /= (double)rank_length(&v);
    }
    if ((method & TS_RANK_EXTENTS) != 0 && count > 0 && distances > 0) {
        total /= (double)count / distances;
    }
    if ((method & TS_RANK_UNIQUE) != 0) {
        total /= (double)v.count;
    }
    if ((method & TS_RANK_LOG_UNIQUE) != 0) {
        total /= log((double)(v.count + 1)) / log(2.0);
    }
    if ((method & TS_RANK_SCALE) != 0) {
        total /= total + 1;
    }
    *out = (float)total;
    return ST_OK;
}
