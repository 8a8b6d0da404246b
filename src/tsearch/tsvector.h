#ifndef DASSIE_TSEARCH_TSVECTOR_H
#define DASSIE_TSEARCH_TSVECTOR_H
/*
 * tsvector.h - documents as sorted lexemes with positions: their bytes, reading, building, and what
 * is done with them.
 *
 * A value is a count, one word an entry (bit 0: it has positions, 11 bits length, 20 bits offset),
 * then the lexemes; the positions of one follow it at an even offset: their count, then 14 bits
 * position and 2 bits weight each. Any thread; no state; results live in the arena given.
 */
#include "vec/vec.h"

#define TSV_LEXEME_MAX      2046 /* bytes */
#define TSV_STRING_MAX      1048575
#define TSV_POSITIONS_MAX   256
#define TSV_POSITION_LAST   16383 /* what lies behind is said to be here */
#define TSV_POSITION(p)     ((uint16_t)((p)&0x3fff))
#define TSV_WEIGHT(p)       ((uint32_t)(p) >> 14)
#define TSV_PLACE(pos, wgt) ((uint16_t)(((pos)&0x3fff) | (wgt) << 14))

/* TsVector - a value, opened; valid as long as its bytes. */
typedef struct TsVector {
    uint32_t count;
    const char *entries, *strings;
} TsVector;

/* TsvEntry - one lexeme; places[i] are read by tsv_place: nothing is aligned. */
typedef struct TsvEntry {
    Slice text;
    bool has_places;
    uint32_t place_count;
    const char *places;
} TsvEntry;

/* TsvWord - one lexeme on the way into a value. */
typedef struct TsvWord {
    Slice text;
    uint16_t *places;
    uint32_t place_count; /* 0: none */
} TsvWord;

typedef struct TsvWords {
    Arena *arena;
    TsvWord *items;
    uint32_t count, size;
} TsvWords;

static inline uint32_t ts_load_u32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}
static inline uint16_t ts_load_u16(const char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}
static inline uint16_t tsv_place(const TsvEntry *e, uint32_t i)
{
    return ts_load_u16(e->places + i * sizeof(uint16_t));
}

/* tsv_sound - the bytes are a value, to the last one. */
bool tsv_sound(Slice bytes);
/* tsv_open - of bytes that this module made, or that tsv_sound passed. */
TsVector tsv_open(Slice bytes);
TsvEntry tsv_entry(const TsVector *v, uint32_t i);
/* ts_compare - the order of lexemes; prefix: a text that begins with a is equal to it. */
int ts_compare(Slice a, Slice b, bool prefix);
int tsv_compare(Slice a, Slice b);
/* tsv_key - bytes that order like tsv_compare. */
void tsv_key(Slice bytes, Buf *buf);
/* tsv_find - the first entry that is, or begins with, a text, and how many are; 0: none. */
uint32_t tsv_find(const TsVector *v, Slice text, bool prefix, uint32_t *first_out);

/* ---- building ---- */
void tsv_add(TsvWords *words, Slice text, uint16_t *places, uint32_t place_count);
/* tsv_merge - sort; equal lexemes become one with the places of all, in order, each once. */
void tsv_merge(TsvWords *words);
/* tsv_build - the value of sorted lexemes, each there once. 54000 when they are too long. */
Status tsv_build(Cx *cx, const TsvWords *words, Str *out);
/* tsv_word_fits - 54000 for a lexeme that is too long. */
Status tsv_word_fits(Cx *cx, size_t len);

/* ---- text form ---- */
/* TsScan - words of the text form, of tsvector and (operators) of tsquery; web: as a search engine
 * takes them, nothing is quoted or escaped. */
typedef struct TsScan {
    Arena *arena;
    const char *start, *end, *at;
    bool operators, web;
} TsScan;
static inline char ts_peek(const TsScan *s)
{
    return s->at < s->end ? *s->at : '\0';
}
static inline bool ts_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool ts_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline char ts_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline bool ts_is_operator(char c)
{
    return c == '!' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<';
}
/* ts_scan_word - the next word and its places; ST_DONE at the end. 42601. */
Status ts_scan_word(Cx *cx, TsScan *s, TsvWord *out);
/* ts_quote - a lexeme as the text forms show it. */
void ts_quote(Slice text, Buf *buf);
Status tsv_parse(Cx *cx, Arena *arena, Slice text, Str *out);
void tsv_print(Slice bytes, Buf *buf);
Status tsv_receive(Cx *cx, Arena *arena, Slice bytes, Str *out);
void tsv_send(Slice bytes, Buf *buf);

/* ---- functions ---- */
/* ts_weight - 0 (D) to 3 (A) of a letter; -1 for what is none. */
int ts_weight(char letter);
Status tsv_concat(Cx *cx, Arena *arena, Slice a, Slice b, Str *out);
Status tsv_strip(Cx *cx, Arena *arena, Slice v, Str *out);
/* tsv_set_weight - of all lexemes, or (only not NULL) of those. */
Status tsv_set_weight(Cx *cx, Arena *arena, Slice v, uint32_t weight, const Slice *only,
                      uint32_t only_count, Str *out);
Status tsv_delete(Cx *cx, Arena *arena, Slice v, const Slice *gone, uint32_t gone_count, Str *out);
/* tsv_filter - what has one of the weights (a bit each). */
Status tsv_filter(Cx *cx, Arena *arena, Slice v, uint32_t weights, Str *out);

#endif
