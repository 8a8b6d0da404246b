#ifndef DASSIE_TSEARCH_PARSER_H
#define DASSIE_TSEARCH_PARSER_H
/*
 * parser.h - a document cut into tokens of 23 types: words, numbers, addresses, tags.
 *
 * Tokens follow each other without gaps, but those of a compound (a word with hyphens, a URL) come
 * after the whole and lie within it. One thread at a time; memory from the arena given.
 */
#include "tsearch/tsvector.h"

typedef enum TsTokenType {
    TS_ASCIIWORD = 1,
    TS_WORD,
    TS_NUMWORD,
    TS_EMAIL,
    TS_URL,
    TS_HOST,
    TS_SFLOAT,
    TS_VERSION,
    TS_HWORD_NUMPART,
    TS_HWORD_PART,
    TS_HWORD_ASCIIPART,
    TS_BLANK,
    TS_TAG,
    TS_PROTOCOL,
    TS_NUMHWORD,
    TS_ASCIIHWORD,
    TS_HWORD,
    TS_URL_PATH,
    TS_FILE,
    TS_FLOAT,
    TS_INT,
    TS_UINT,
    TS_ENTITY,
} TsTokenType;
#define TS_TOKEN_LAST TS_ENTITY

/* TsTokenName - as ts_token_type tells it. */
typedef struct TsTokenName {
    const char *alias, *description;
} TsTokenName;
extern const TsTokenName TS_TOKEN_NAMES[TS_TOKEN_LAST + 1]; /* by type; 0 is none */

typedef struct TsParser TsParser;
TsParser *ts_parser_create(Arena *arena, Slice text);
/* ts_parser_next - the next token; false at the end. */
bool ts_parser_next(TsParser *p, TsTokenType *type_out, Slice *token_out);

#endif
