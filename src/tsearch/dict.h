#ifndef DASSIE_TSEARCH_DICT_H
#define DASSIE_TSEARCH_DICT_H
/*
 * dict.h - dictionaries, which make lexemes of tokens, and configurations, which say by which
 * dictionaries tokens of a type are looked up.
 *
 * A dictionary is made from a template and options, lives in an arena and belongs to one thread at
 * a time: a stemmer keeps buffers of its own.
 */
#include "tsearch/parser.h"

/* TsOption - one "name = value" of a dictionary or a headline. */
typedef struct TsOption {
    const char *name, *value;
} TsOption;
/* ts_options_parse - of "a = 1, b = 'x'". 42601. */
Status ts_options_parse(Cx *cx, Arena *arena, Slice text, TsOption **out, uint32_t *count_out);

enum {
    TS_LEXEME_NEXT_PLACE = 1, /* stands one place further */
    TS_LEXEME_PREFIX = 2,
    TS_LEXEME_FILTER = 4, /* in the token's stead for the dictionaries that follow */
};
typedef struct TsLexeme {
    Slice text;
    uint16_t variant, flags;
} TsLexeme;
typedef struct TsLexemes {
    TsLexeme *items;
    uint32_t count; /* 0: a stop word */
} TsLexemes;

struct TsDict;
typedef struct TsTemplate {
    const char *init; /* prosrc of the template's init function */
    /* NULL: the template is known, but not supported. */
    Status (*create)(Cx *cx, struct TsDict *dict, const TsOption *options, uint32_t count);
    /* ST_NOTFOUND: the dictionary does not know the token. */
    Status (*lexize)(Cx *cx, const struct TsDict *dict, Arena *arena, Slice token, TsLexemes *out);
} TsTemplate;
typedef struct TsDict {
    const TsTemplate *template;
    Arena *arena;
    void *state;
} TsDict;

extern const TsTemplate TS_TEMPLATE_SIMPLE, TS_TEMPLATE_SNOWBALL;
/* ts_template - by its init function's prosrc; NULL: there is none. */
const TsTemplate *ts_template(const char *init);
/* ts_dict_create - 0A000 for a template that is not supported; its own errors for options. */
Status ts_dict_create(Cx *cx, Arena *arena, const TsTemplate *template, const char *template_name,
                      const TsOption *options, uint32_t count, TsDict **out);
static inline Status ts_dict_lexize(Cx *cx, const TsDict *d, Arena *arena, Slice token,
                                    TsLexemes *out)
{
    return d->template->lexize(cx, d, arena, token, out);
}

/* TsConfig - the dictionaries of each type of token, in the order they are asked. */
typedef struct TsConfig {
    TsDict **dicts[TS_TOKEN_LAST + 1];
    const uint32_t *oids[TS_TOKEN_LAST + 1]; /* theirs in pg_ts_dict */
    uint32_t counts[TS_TOKEN_LAST + 1];
} TsConfig;
/* ts_config_lexize - the lexemes of a token; ST_NOTFOUND: no dictionary is there, or knows it. */
Status ts_config_lexize(Cx *cx, const TsConfig *config, Arena *arena, TsTokenType type, Slice token,
                        TsLexemes *out);

/* TsStopWords - a list of words, sorted; words[offsets[i]] is a C string. */
typedef struct TsStopWords {
    const char *name;
    const char *words;
    const uint16_t *offsets;
    uint32_t count;
} TsStopWords;
extern const TsStopWords TS_STOP_WORDS[];
extern const uint32_t TS_STOP_WORDS_COUNT;

#endif
