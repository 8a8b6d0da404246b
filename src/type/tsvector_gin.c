/*
 * tsvector_gin.c - the inverted operator class of tsvector: an item a lexeme.
 *
 * A long lexeme's item is its beginning, which is enough to narrow by. Of a query the index is
 * asked for lexemes that all have to be there, or one of which has to: rows are tested again.
 */
#include "type/tsearch_type.h"

#define GIN_LEXEME_BYTES 200

/* gin_lexeme - a flag, the bytes, and where all are there a zero byte behind them: so none is the
 * beginning of another. */
static Slice gin_lexeme(Arena *arena, Slice text)
{
    size_t len = MIN(text.len, (size_t)GIN_LEXEME_BYTES);
    char *p = arena_alloc(arena, len + 2);
    p[0] = GIN_FLAG_FIRST;
    memcpy(p + 1, text.ptr, len);
    p[len + 1] = '\0';
    return (Slice){p, text.len < GIN_LEXEME_BYTES ? len + 2 : len + 1};
}

static void gin_tsvector_extract(const Datum *d, GinItems *out)
{
    TsVector v = tsv_open(str_slice(&d->str));
    for (uint32_t i = 0; i < v.count; i++) {
        gin_push(out, gin_lexeme(out->arena, tsv_entry(&v, i).text));
    }
}

/* gin_tsquery_and - what both ask for; one of many lexemes cannot be asked for beside others. */
static GinQuery gin_tsquery_and(GinQuery a, GinQuery b)
{
    if (a.need == GIN_ALL || b.need == GIN_ALL) {
        return a.need == GIN_ALL ? b : a;
    }
    if (a.need != b.need) {
        return a.need == GIN_EACH_OF ? a : b;
    }
    if (a.need == GIN_ANY_OF) {
        return a.items.count <= b.items.count ? a : b;
    }
    for (uint32_t i = 0; i < b.items.count; i++) {
        gin_push(&a.items, b.items.items[i]);
    }
    return a;
}

/* gin_tsquery_or - one of those that either asks for. */
static GinQuery gin_tsquery_or(GinQuery a, GinQuery b)
{
    if (a.need == GIN_ALL || b.need == GIN_ALL) {
        return a.need == GIN_ALL ? a : b;
    }
    if (a.need == GIN_EACH_OF) {
        a.items.count = 1;
    }
    for (uint32_t i = 0; i < (b.need == GIN_EACH_OF ? 1 : b.items.count); i++) {
        gin_push(&a.items, b.items.items[i]);
    }
    a.need = GIN_ANY_OF;
    return a;
}

/* gin_tsquery_at - what item i and those below it ask for. */
static GinQuery gin_tsquery_at(const TsQuery *q, uint32_t i, Arena *arena)
{
    const TsqItem *it = &q->items[i];
    GinQuery out = {.need = GIN_ALL, .items = {.arena = arena}};
    if (it->kind == TSQ_VALUE) {
        if (it->prefix == 0) {
            gin_push(&out.items, gin_lexeme(arena, tsq_text(q, i)));
            out.need = GIN_EACH_OF;
        }
        return out;
    }
    if (it->oper == TSQ_NOT) {
        return out;
    }
    GinQuery left = gin_tsquery_at(q, i + it->crc_left, arena);
    GinQuery right = gin_tsquery_at(q, i + 1, arena);
    return it->oper == TSQ_OR ? gin_tsquery_or(left, right) : gin_tsquery_and(left, right);
}

static void gin_tsvector_query(int strategy UNUSED, const Datum *d, GinQuery *out)
{
    TsQuery q = tsq_open(str_slice(&d->str));
    if (q.count == 0) {
        out->need = GIN_NONE;
        return;
    }
    *out = gin_tsquery_at(&q, 0, out->items.arena);
}

const GinOps gin_tsvector_ops = {
    .extract_proc = 3656,
    .strategies = 1u << 1 | 1u << 2, /* @@ and @@@ */
    .extract = gin_tsvector_extract,
    .query = gin_tsvector_query,
};
