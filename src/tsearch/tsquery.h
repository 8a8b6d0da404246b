#ifndef DASSIE_TSEARCH_TSQUERY_H
#define DASSIE_TSEARCH_TSQUERY_H
/*
 * tsquery.h - searches: their bytes, reading them, building them as trees, matching and ranking.
 *
 * A value is a count, then that many items of 12 bytes, then the lexemes, each with a zero byte
 * behind it. Items stand in prefix order, the right operand of an operator before the left one. Any
 * thread; no state; results live in the arena given.
 */
#include "tsearch/tsvector.h"

#define TSQ_DEPTH_MAX 6000 /* of the tree: what walks it recurses */

typedef enum TsqKind { TSQ_VALUE = 1, TSQ_OPERATOR = 2, TSQ_STOP = 3 } TsqKind;
typedef enum TsqOper { TSQ_NOT = 1, TSQ_AND = 2, TSQ_OR = 3, TSQ_PHRASE = 4 } TsqOper;

/* TsqItem - one item as it is stored; of a value text is its offset and length, of an operator the
 * distance of a phrase. */
typedef struct __attribute__((packed)) TsqItem {
    uint8_t kind, oper, weight, prefix;
    uint32_t crc_left; /* a value's checksum; of an operator how far its left operand is */
    uint32_t text;
} TsqItem;
STATIC_ASSERT(sizeof(TsqItem) == 12, "an item is 12 bytes");

/* TsQuery - a value, opened; valid as long as its bytes. */
typedef struct TsQuery {
    uint32_t count;
    const TsqItem *items;
    const char *strings;
} TsQuery;

/* TsqNode - a query as a tree; an empty one is NULL. */
typedef struct TsqNode {
    TsqKind kind;
    TsqOper oper;
    uint32_t distance; /* of a phrase */
    uint32_t weight;   /* bits; 0: any */
    bool prefix;
    uint32_t depth;
    Slice text;
    struct TsqNode *left, *right; /* NOT has only a right one */
} TsqNode;

/* tsq_sound - the bytes are a value, its items in order. tsq_open - of bytes that this module made,
 * or that tsq_sound passed. */
bool tsq_sound(Slice bytes);
TsQuery tsq_open(Slice bytes);
static inline Slice tsq_text(const TsQuery *q, uint32_t i)
{
    uint32_t t = q->items[i].text;
    return (Slice){q->strings + (t >> 12), t & 0xfff};
}
/* tsq_compare - by count, size, then item by item; weights do not matter. tsq_key - bytes that
 * order alike. */
int tsq_compare(Slice a, Slice b);
void tsq_key(Slice bytes, Buf *buf);
/* tsq_crc - the checksum of a lexeme, by which queries are ordered. */
uint32_t tsq_crc(Slice text);

/* ---- trees ---- */
TsqNode *tsq_tree(Arena *arena, const TsQuery *q);
TsqNode *tsq_operator(Arena *arena, TsqOper oper, uint32_t distance, TsqNode *left, TsqNode *right);
/* tsq_build - the value of a tree (NULL: an empty query). 54001 when it is too deep, 54000 when it
 * is too large. */
Status tsq_build(Cx *cx, Arena *arena, const TsqNode *tree, Str *out);
/* tsq_drop_stops - take out stop words, and operators that are left with nothing to work on;
 * phrases become as much longer. */
TsqNode *tsq_drop_stops(TsqNode *tree);
/* tsq_drop_nots - what an index can be asked for; NULL: everything. */
TsqNode *tsq_drop_nots(TsqNode *tree);

/* ---- text form ---- */
typedef struct TsqParse TsqParse;
/* TsqWordFn - an operand was read: push what it stands for. */
typedef Status (*TsqWordFn)(Cx *cx, TsqParse *p, void *arg, Slice word, uint32_t weight,
                            bool prefix);
typedef enum TsqSyntax { TSQ_SYNTAX_FULL, TSQ_SYNTAX_PLAIN, TSQ_SYNTAX_WEB } TsqSyntax;
Status tsq_push_value(Cx *cx, TsqParse *p, Slice text, uint32_t weight, bool prefix);
void tsq_push_stop(TsqParse *p);
Status tsq_push_operator(Cx *cx, TsqParse *p, TsqOper oper, uint32_t distance);
/* tsq_parse - word NULL: operands are lexemes as they are. NOTICE when nothing is left. */
Status tsq_parse(Cx *cx, Arena *arena, Slice text, TsqSyntax syntax, TsqWordFn word, void *arg,
                 Str *out);
void tsq_print(Slice bytes, Buf *buf);
Status tsq_receive(Cx *cx, Arena *arena, Slice bytes, Str *out);
void tsq_send(Slice bytes, Buf *buf);

/* ---- matching ---- */
typedef enum TsMatch { TS_NO, TS_YES, TS_MAYBE } TsMatch;
/* TsPlaces - where something matches: at its last lexeme, `width` more before it. */
typedef struct TsPlaces {
    Arena *arena;
    uint16_t *places;
    uint32_t count;
    bool negate; /* everywhere but there */
    uint32_t width;
} TsPlaces;
/* TsqFoundFn - is operand i there? out not NULL: and where. */
typedef TsMatch (*TsqFoundFn)(void *arg, uint32_t i, TsPlaces *out);
/* tsq_execute - does the query match? maybe: say yes of phrases whose places are not known. */
bool tsq_execute(const TsQuery *q, Arena *arena, TsqFoundFn found, void *arg, bool maybe);
bool tsq_match(Arena *arena, Slice vector, Slice query);

/* ---- ranking ---- */
enum {
    TS_RANK_LOG_LENGTH = 1,
    TS_RANK_LENGTH = 2,
    TS_RANK_EXTENTS = 4,
    TS_RANK_UNIQUE = 8,
    TS_RANK_LOG_UNIQUE = 16,
    TS_RANK_SCALE = 32
};
extern const float TS_RANK_WEIGHTS[4];
float ts_rank(Arena *arena, const float *weights, Slice vector, Slice query, int32_t method);
Status ts_rank_cover(Cx *cx, Arena *arena, const float *weights, Slice vector, Slice query,
                     int32_t method, float *out);

/* ---- rewriting ---- */
/* tsq_rewrite - wherever `what` is found in the tree, `with` (NULL: nothing) stands afterwards. */
TsqNode *tsq_rewrite(Arena *arena, TsqNode *tree, TsqNode *what, TsqNode *with);
/* tsq_contains - has a all the lexemes of b? */
bool tsq_contains(Slice a, Slice b);

#endif
