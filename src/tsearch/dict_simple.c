/*
 * dict_simple.c - the templates simple (words in lower case) and snowball (their stems), both with
 * stop words.
 */
#include <libstemmer.h>
#include <strings.h>

#include "tsearch/dict.h"

#define STEM_BYTES_MAX 1000 /* what is longer is no word of any language */

/* DictWords - the state of both: snowball has a stemmer. */
typedef struct DictWords {
    const TsStopWords *stop;
    bool accept; /* simple: words that are no stop words are known */
    struct sb_stemmer *stemmer;
} DictWords;

/* dict_bool - as options of SQL statements are read. */
static Status dict_bool(Cx *cx, const TsOption *o, bool *out)
{
    static const char *const YES[] = {"true", "on", "1"}, *const NO[] = {"false", "off", "0"};
    for (size_t i = 0; i < ARRAY_LEN(YES); i++) {
        if (strcasecmp(o->value, YES[i]) == 0 || strcasecmp(o->value, NO[i]) == 0) {
            *out = strcasecmp(o->value, YES[i]) == 0;
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a Boolean value", o->name);
}

static Status dict_stop_words(Cx *cx, const char *name, const TsStopWords **out)
{
    for (const char *p = name; *p != '\0'; p++) {
        if (!(*p >= 'a' && *p <= 'z') && !ts_is_digit(*p) && *p != '_' && *p != '.') {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "invalid text search configuration file name \"%s\"", name);
        }
    }
    for (uint32_t i = 0; i < TS_STOP_WORDS_COUNT; i++) {
        if (strcmp(TS_STOP_WORDS[i].name, name) == 0) {
            *out = &TS_STOP_WORDS[i];
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_CONFIG_FILE_ERROR,
                   "could not open stop-word file \"%s.stop\": No such file or directory", name);
}

static bool dict_is_stop_word(const TsStopWords *list, Slice word)
{
    uint32_t low = 0, high = list == NULL ? 0 : list->count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = ts_compare(word, slice_of(list->words + list->offsets[mid]), false);
        if (c == 0) {
            return true;
        }
        low = c > 0 ? mid + 1 : low;
        high = c > 0 ? high : mid;
    }
    return false;
}

static Slice dict_lower(Arena *arena, Slice token)
{
    char *p = arena_alloc(arena, token.len + 1);
    for (size_t i = 0; i < token.len; i++) {
        p[i] = ts_lower(token.ptr[i]);
    }
    return (Slice){p, token.len};
}

static void dict_one(Arena *arena, Slice text, TsLexemes *out)
{
    out->items = ARENA_NEW(arena, TsLexeme);
    out->items[0].text = text;
    out->count = 1;
}

/* ---- simple ---- */

/* dict_simple_create - TsTemplate.create: StopWords, Accept. */
static Status dict_simple_create(Cx *cx, TsDict *dict, const TsOption *options, uint32_t count)
{
    DictWords *d = ARENA_NEW(dict->arena, DictWords);
    bool accept_seen = false;
    d->accept = true;
    dict->state = d;
    for (uint32_t i = 0; i < count; i++) {
        const TsOption *o = &options[i];
        if (strcasecmp(o->name, "stopwords") == 0) {
            if (d->stop != NULL) {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                               "multiple StopWords parameters");
            }
            TRY(dict_stop_words(cx, o->value, &d->stop));
        } else if (strcasecmp(o->name, "accept") == 0) {
            if (accept_seen) {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "multiple Accept parameters");
            }
            accept_seen = true;
            TRY(dict_bool(cx, o, &d->accept));
        } else {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "unrecognized simple dictionary parameter: \"%s\"", o->name);
        }
    }
    return ST_OK;
}

static Status dict_simple_lexize(Cx *cx UNUSED, const TsDict *dict, Arena *arena, Slice token,
                                 TsLexemes *out)
{
    const DictWords *d = dict->state;
    Slice word = dict_lower(arena, token);
    if (word.len == 0 || dict_is_stop_word(d->stop, word)) {
        return ST_OK;
    }
    if (!d->accept) {
        return ST_NOTFOUND;
    }
    dict_one(arena, word, out);
    return ST_OK;
}

const TsTemplate TS_TEMPLATE_SIMPLE = {
    .init = "dsimple_init", .create = dict_simple_create, .lexize = dict_simple_lexize};

/* ---- snowball ---- */

static void dict_stemmer_free(void *arg)
{
    sb_stemmer_delete(arg);
}

static Status dict_stemmer(Cx *cx, TsDict *dict, DictWords *d, const char *language)
{
    const char **list = sb_stemmer_list();
    for (uint32_t i = 0; list[i] != NULL; i++) {
        if (strcasecmp(list[i], language) != 0) {
            continue;
        }
        d->stemmer = sb_stemmer_new(list[i], NULL);
        if (d->stemmer == NULL) {
            return err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory");
        }
        arena_on_clear(dict->arena, dict_stemmer_free, d->stemmer);
        return ST_OK;
    }
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                   "no Snowball stemmer available for language \"%s\" and encoding \"UTF8\"",
                   language);
}

/* dict_snowball_create - TsTemplate.create: Language, StopWords. */
static Status dict_snowball_create(Cx *cx, TsDict *dict, const TsOption *options, uint32_t count)
{
    DictWords *d = ARENA_NEW(dict->arena, DictWords);
    dict->state = d;
    for (uint32_t i = 0; i < count; i++) {
        const TsOption *o = &options[i];
        if (strcasecmp(o->name, "stopwords") == 0) {
            if (d->stop != NULL) {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                               "multiple StopWords parameters");
            }
            TRY(dict_stop_words(cx, o->value, &d->stop));
        } else if (strcasecmp(o->name, "language") == 0) {
            if (d->stemmer != NULL) {
                return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "multiple Language parameters");
            }
            TRY(dict_stemmer(cx, dict, d, o->value));
        } else {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "unrecognized Snowball parameter: \"%s\"", o->name);
        }
    }
    return d->stemmer != NULL
               ? ST_OK
               : err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "missing Language parameter");
}

/* dict_snowball_lexize - the stem; the word itself where nothing would be left of it. */
static Status dict_snowball_lexize(Cx *cx, const TsDict *dict, Arena *arena, Slice token,
                                   TsLexemes *out)
{
    const DictWords *d = dict->state;
    Slice word = dict_lower(arena, token);
    if (word.len <= STEM_BYTES_MAX) {
        if (word.len == 0 || dict_is_stop_word(d->stop, word)) {
            return ST_OK;
        }
        const sb_symbol *stem =
            sb_stemmer_stem(d->stemmer, (const sb_symbol *)word.ptr, (int)word.len);
        if (stem == NULL) {
            return err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory");
        }
        int len = sb_stemmer_length(d->stemmer);
        if (len > 0) {
            word = (Slice){arena_memdup(arena, stem, (size_t)len), (size_t)len};
        }
    }
    dict_one(arena, word, out);
    return ST_OK;
}

const TsTemplate TS_TEMPLATE_SNOWBALL = {
    .init = "dsnowball_init", .create = dict_snowball_create, .lexize = dict_snowball_lexize};
