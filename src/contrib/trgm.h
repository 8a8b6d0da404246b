#ifndef DASSIE_CONTRIB_TRGM_H
#define DASSIE_CONTRIB_TRGM_H
/*
 * trgm.h - trigrams of texts: what the functions of pg_trgm and its inverted index share.
 *
 * A trigram is three letters of a word in small letters that has two blanks before it and one
 * behind it. In collation C the letters of words are those of ASCII and digits, so a trigram is
 * three bytes. Any thread; no state.
 */
#include "type/type.h"

#define TRGM_BYTES 3

typedef struct Trgm {
    char letters[TRGM_BYTES];
    bool first, last; /* of its word */
} Trgm;

typedef struct TrgmList {
    Arena *arena;
    Trgm *items;
    uint32_t count, size;
} TrgmList;

/* trgm_words - all trigrams of a text as they come. trgm_set - in order, each once. */
TrgmList trgm_words(Arena *arena, Slice text);
TrgmList trgm_set(Arena *arena, Slice text);
/* trgm_pattern - those that each text has which is LIKE the pattern, in order, each once. */
TrgmList trgm_pattern(Arena *arena, Slice pattern);

#endif
