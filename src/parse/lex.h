#ifndef DASSIE_PARSE_LEX_H
#define DASSIE_PARSE_LEX_H
/*
 * lex.h - SQL text to tokens: only as exact as statement shapes and the nesting guard need.
 *
 * A Lexer walks a borrowed text; values of strings and identifiers are made in its arena when one
 * is given. It never fails: what it does not understand becomes LEX_OTHER, which its callers treat
 * as "leave this to the parser". One thread at a time.
 */
#include "base/arena.h"
#include "base/buf.h"

typedef enum LexKind {
    LEX_END,
    LEX_IDENT,        /* unquoted word, value folded to lower case */
    LEX_QUOTED_IDENT, /* "x": value without quotes */
    LEX_INTEGER,      /* digits only */
    LEX_DECIMAL,      /* with point or exponent */
    LEX_STRING,       /* '..', E'..', $$..$$: value unescaped */
    LEX_PARAM,        /* $n */
    LEX_OPERATOR,     /* one or more operator characters */
    LEX_PUNCT,        /* one of ( ) [ ] , ; . : or :: */
    LEX_OTHER,        /* unfinished or unusual: the parser decides */
} LexKind;

typedef struct LexToken {
    LexKind kind;
    size_t start, end;
    Slice value;
} LexToken;

typedef struct Lexer {
    Slice text;
    size_t at;
    Arena *arena; /* NULL: no values are made, value is the raw text */
} Lexer;

/* lex_next - the next token; LEX_END at the end, for ever. */
void lex_next(Lexer *lx, LexToken *out);

#define LEX_NAME_BYTES_MAX 63 /* longer names are cut */

/* parse_guard - refuse texts that would make the recursive parser or its users nest too deep
 * (54001), or that are too long (54000); a NOTICE for each name the parser will cut. */
Status parse_guard(Cx *cx, Slice sql);

#endif
