#ifndef DASSIE_TSEARCH_DOCUMENT_H
#define DASSIE_TSEARCH_DOCUMENT_H
/*
 * document.h - documents and searches by a configuration: into vectors, into queries, and
 * headlines, which are the pieces of a document that answer a query. Any thread with a
 * configuration of its own; results live in the arena given.
 */
#include "tsearch/dict.h"
#include "tsearch/tsquery.h"

/* TsText - lexemes of a document, or of several one after the other. */
typedef struct TsTextWord {
    Slice text;
    uint32_t place;
    uint16_t variant;
    bool prefix;
} TsTextWord;
typedef struct TsText {
    Arena *arena;
    TsTextWord *words;
    uint32_t count, size;
    uint32_t place; /* of the last word that a dictionary knew */
} TsText;

/* ts_text_add - NOTICE for a word that is too long. */
Status ts_text_add(Cx *cx, const TsConfig *config, TsText *text, Slice document);
/* ts_long_word - the NOTICE of that. */
void ts_long_word(Cx *cx);
/* ts_text_vector - all that was added. */
Status ts_text_vector(Cx *cx, TsText *text, Str *out);

/* ts_text_query - a query whose words are looked up; between: what stands between the lexemes of
 * one operand. */
Status ts_text_query(Cx *cx, Arena *arena, const TsConfig *config, Slice text, TsqSyntax syntax,
                     TsqOper between, Str *out);

typedef struct TsHeadline {
    int32_t max_words, min_words, short_word, max_fragments;
    bool highlight_all;
    Slice start, stop, delimiter;
} TsHeadline;
/* ts_headline_options - of text; an empty one gives the defaults. */
Status ts_headline_options(Cx *cx, Arena *arena, Slice text, TsHeadline *out);
Status ts_headline(Cx *cx, const TsConfig *config, const TsHeadline *options, Slice document,
                   Slice query, Buf *out);

#endif
