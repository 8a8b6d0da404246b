/*
 * tsquery_match.c - does a query match, and, within phrases, where.
 *
 * Outside of phrases an operand is there or not. Within one it has places; those of an operator are
 * made by merging its operands' lists, `negate` meaning "everywhere but there". Where places are
 * not known (a stripped document) the answer is "maybe".
 */
#include "tsearch/tsquery.h"

typedef struct TsqExec {
    const TsQuery *q;
    Arena *arena;
    TsqFoundFn found;
    void *arg;
    bool maybe;
} TsqExec;

enum { MERGE_LEFT = 1, MERGE_RIGHT = 2, MERGE_BOTH = 4 };

/* TsqSides - two operands' places, and how far they must be moved to be comparable. */
typedef struct TsqSides {
    TsPlaces left, right;
    uint32_t left_by, right_by;
} TsqSides;

/* tsq_merge_places - places that are in the left list only, the right only, or both, as `emit`
 * says. out NULL: only whether there are any. */
static TsMatch tsq_merge_places(const TsqExec *x, const TsqSides *s, int emit, TsPlaces *out)
{
    uint32_t i = 0, k = 0;
    while (i < s->left.count || k < s->right.count) {
        uint32_t l = UINT32_MAX, r = UINT32_MAX, at = 0;
        if (i < s->left.count) {
            l = TSV_POSITION(s->left.places[i]) + s->left_by;
        } else if ((emit & MERGE_RIGHT) == 0) {
            break;
        }
        if (k < s->right.count) {
            r = TSV_POSITION(s->right.places[k]) + s->right_by;
        } else if ((emit & MERGE_LEFT) == 0) {
            break;
        }
        int which = l < r ? MERGE_LEFT : l == r ? MERGE_BOTH : MERGE_RIGHT;
        at = (emit & which) != 0 ? MIN(l, r) : 0;
        i += l <= r;
        k += r <= l;
        if (at == 0) {
            continue;
        }
        if (out == NULL) {
            return TS_YES;
        }
        if (out->places == NULL) {
            out->places =
                arena_alloc(x->arena, ((size_t)s->left.count + s->right.count) * sizeof(uint16_t));
        }
        out->places[out->count++] = (uint16_t)at;
    }
    return out != NULL && out->count > 0 ? TS_YES : TS_NO;
}

static TsMatch tsq_phrase(const TsqExec *x, uint32_t i, TsPlaces *out);

/* tsq_phrase_not - the other places. */
static TsMatch tsq_phrase_not(const TsqExec *x, uint32_t i, TsPlaces *out)
{
    TsMatch m = tsq_phrase(x, i + 1, out);
    if (m == TS_NO) {
        out->negate = true;
        return TS_YES;
    }
    if (m == TS_YES && out->count > 0) {
        out->negate = !out->negate;
        return TS_YES;
    }
    if (m == TS_YES) { /* everywhere */
        out->negate = false;
        return TS_NO;
    }
    return TS_MAYBE;
}

/* tsq_align - both operands end at the same place when they match as wide as the wider one. */
static uint32_t tsq_align(TsqSides *s)
{
    uint32_t width = MAX(s->left.width, s->right.width);
    s->left_by = width - s->left.width;
    s->right_by = width - s->right.width;
    return width;
}

/* tsq_phrase_and - also the phrase operator, which is an AND at a distance. */
static TsMatch tsq_phrase_and(const TsqExec *x, uint32_t i, TsqSides *s, TsPlaces *out)
{
    const TsqItem *it = &x->q->items[i];
    uint32_t width;
    if (it->oper == TSQ_PHRASE) {
        s->left_by = it->text + s->right.width;
        s->right_by = 0;
        width = it->text + s->left.width + s->right.width;
    } else {
        width = tsq_align(s);
    }
    if (out != NULL) {
        out->width = width;
    }
    if (s->left.negate && s->right.negate) {
        (void)tsq_merge_places(x, s, MERGE_LEFT | MERGE_RIGHT | MERGE_BOTH, out);
        if (out != NULL) {
            out->negate = true;
        }
        return TS_YES;
    }
    return tsq_merge_places(x, s,
                            s->left.negate    ? MERGE_RIGHT
                            : s->right.negate ? MERGE_LEFT
                                              : MERGE_BOTH,
                            out);
}

/* tsq_phrase_or - with a "not" it is taken as the "not" of an "and". */
static TsMatch tsq_phrase_or(const TsqExec *x, TsqSides *s, TsPlaces *out)
{
    out->width = tsq_align(s);
    if (!s->left.negate && !s->right.negate) {
        return tsq_merge_places(x, s, MERGE_LEFT | MERGE_RIGHT | MERGE_BOTH, out);
    }
    int emit = s->left.negate && s->right.negate ? MERGE_BOTH
               : s->left.negate                  ? MERGE_LEFT
                                                 : MERGE_RIGHT;
    (void)tsq_merge_places(x, s, emit, out);
    out->negate = true;
    return TS_YES;
}

/* tsq_phrase - match item i within a phrase. out is NULL only for a phrase operator at the top. */
static TsMatch tsq_phrase(const TsqExec *x, uint32_t i, TsPlaces *out)
{
    const TsqItem *it = &x->q->items[i];
    if (it->kind == TSQ_VALUE) {
        return x->found(x->arg, i, out);
    }
    if (it->oper == TSQ_NOT) {
        return tsq_phrase_not(x, i, out);
    }
    TsqSides s = {.left = {.arena = x->arena}, .right = {.arena = x->arena}};
    TsMatch l = tsq_phrase(x, i + it->crc_left, &s.left);
    if (l == TS_NO && it->oper != TSQ_OR) {
        return TS_NO;
    }
    TsMatch r = tsq_phrase(x, i + 1, &s.right);
    if (r == TS_NO && (l == TS_NO || it->oper != TSQ_OR)) {
        return TS_NO;
    }
    if (l == TS_MAYBE || r == TS_MAYBE) {
        return TS_MAYBE;
    }
    s.left.width = l == TS_NO ? 0 : s.left.width;
    s.right.width = r == TS_NO ? 0 : s.right.width;
    return it->oper == TSQ_OR ? tsq_phrase_or(x, &s, out) : tsq_phrase_and(x, i, &s, out);
}

/* tsq_run - match item i outside of phrases. */
static TsMatch tsq_run(const TsqExec *x, uint32_t i)
{
    const TsqItem *it = &x->q->items[i];
    if (it->kind == TSQ_VALUE) {
        return x->found(x->arg, i, NULL);
    }
    if (it->oper == TSQ_PHRASE) {
        TsMatch m = tsq_phrase(x, i, NULL);
        return m == TS_MAYBE && !x->maybe ? TS_NO : m;
    }
    if (it->oper == TSQ_NOT) {
        TsMatch m = tsq_run(x, i + 1);
        return m == TS_NO ? TS_YES : m == TS_YES ? TS_NO : TS_MAYBE;
    }
    TsMatch decides = it->oper == TSQ_AND ? TS_NO : TS_YES;
    TsMatch l = tsq_run(x, i + it->crc_left);
    if (l == decides) {
        return l;
    }
    TsMatch r = tsq_run(x, i + 1);
    return r == decides || r == TS_MAYBE ? r : l;
}

bool tsq_execute(const TsQuery *q, Arena *arena, TsqFoundFn found, void *arg, bool maybe)
{
    TsqExec x = {q, arena, found, arg, maybe};
    return q->count > 0 && tsq_run(&x, 0) != TS_NO;
}

/* ---- against a document ---- */

typedef struct TsqDoc {
    TsVector v;
    TsQuery q;
} TsqDoc;

/* tsq_doc_entry - one lexeme that fits an operand: the places of the weights it asks for, appended
 * to out when not NULL. */
static TsMatch tsq_doc_entry(const TsvEntry *e, uint32_t weight, TsPlaces *out)
{
    TsMatch m = TS_NO;
    if (out == NULL && weight == 0) {
        return TS_YES;
    }
    if (!e->has_places) {
        return out != NULL ? TS_MAYBE : TS_YES;
    }
    if (out != NULL) {
        out->places = arena_grow(out->arena, out->places, out->count * sizeof(uint16_t),
                                 (out->count + e->place_count) * sizeof(uint16_t));
    }
    for (uint32_t k = 0; k < e->place_count; k++) {
        uint16_t p = tsv_place(e, k);
        if (weight != 0 && (weight >> TSV_WEIGHT(p) & 1) == 0) {
            continue;
        }
        m = TS_YES;
        if (out == NULL) {
            break;
        }
        out->places[out->count++] = TSV_POSITION(p);
    }
    return m;
}

static int tsq_order_places(const void *a, const void *b)
{
    uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
    return (x > y) - (x < y);
}

/* tsq_doc_found - TsqFoundFn: an operand may be the beginning of many lexemes. */
static TsMatch tsq_doc_found(void *arg, uint32_t i, TsPlaces *out)
{
    const TsqDoc *d = arg;
    const TsqItem *it = &d->q.items[i];
    uint32_t first, n = tsv_find(&d->v, tsq_text(&d->q, i), it->prefix != 0, &first);
    TsMatch m = TS_NO;
    for (uint32_t k = 0; k < n; k++) {
        TsvEntry e = tsv_entry(&d->v, first + k);
        TsMatch one = tsq_doc_entry(&e, it->weight, out);
        if (one == TS_MAYBE && out != NULL) {
            out->count = 0;
            return TS_MAYBE;
        }
        m = one == TS_YES || m == TS_NO ? one : m;
        if (m == TS_YES && out == NULL) {
            break;
        }
    }
    if (out != NULL && n > 1 && out->count > 1) {
        uint32_t kept = 1;
        array_sort(out->places, out->count, sizeof(uint16_t), tsq_order_places);
        for (uint32_t k = 1; k < out->count; k++) {
            if (out->places[k] != out->places[kept - 1]) {
                out->places[kept++] = out->places[k];
            }
        }
        out->count = kept;
    }
    return out != NULL ? (out->count > 0 ? TS_YES : TS_NO) : m;
}

bool tsq_match(Arena *arena, Slice vector, Slice query)
{
    TsqDoc d = {tsv_open(vector), tsq_open(query)};
    return tsq_execute(&d.q, arena, tsq_doc_found, &d, false);
}
