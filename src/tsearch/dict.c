/*
 * dict.c - options, the registry of dictionary templates, and looking tokens up.
 */
#include "tsearch/dict.h"

#include <stdio.h>
#include <strings.h>

/* ---- options ---- */

typedef struct OptionScan {
    const char *at, *end;
    Buf word;
} OptionScan;

static bool option_more(const OptionScan *s)
{
    return s->at < s->end;
}
static void option_spaces(OptionScan *s, bool commas)
{
    while (option_more(s) && (ts_is_space(*s->at) || (commas && *s->at == ','))) {
        s->at++;
    }
}
/* option_quoted - to the closing quote, which is doubled where it is meant; a backslash may be. */
static bool option_quoted(OptionScan *s, char quote)
{
    for (; option_more(s); s->at++) {
        bool twice = s->at + 1 < s->end && s->at[1] == *s->at;
        if (*s->at == quote && !twice) {
            s->at++;
            return true;
        }
        if (twice && (*s->at == quote || (*s->at == '\\' && quote == '\''))) {
            s->at++;
        }
        buf_putc(&s->word, *s->at);
    }
    return false;
}

/* option_number - integers are told as they are understood. */
static char *option_number(Arena *arena, Slice text)
{
    char *copy = arena_strndup(arena, text.ptr, text.len), *end;
    long v = strtol(copy, &end, 10);
    bool whole = text.len > 0 && *end == '\0' && v >= INT32_MIN && v <= INT32_MAX;
    return whole ? arena_printf(arena, "%ld", v) : copy;
}

/* option_value - quoted, or to the next space or comma. */
static bool option_value(OptionScan *s, Arena *arena, const char **out)
{
    option_spaces(s, false);
    buf_clear(&s->word);
    if (!option_more(s)) {
        return false;
    }
    bool escaped = *s->at == 'E' && s->at + 1 < s->end && s->at[1] == '\'';
    s->at += escaped;
    if (*s->at == '\'' || *s->at == '"') {
        if (!option_quoted(s, *s->at++)) {
            return false;
        }
        *out = arena_strndup(arena, (const char *)s->word.data, s->word.len);
        return true;
    }
    const char *from = s->at;
    while (option_more(s) && !ts_is_space(*s->at) && *s->at != ',') {
        s->at++;
    }
    Slice text = {from, (size_t)(s->at - from)};
    *out = option_number(arena, text);
    return true;
}

/* option_name - and the sign after it. */
static bool option_name(OptionScan *s, Arena *arena, const char **out)
{
    buf_clear(&s->word);
    if (*s->at == '"') {
        s->at++;
        if (!option_quoted(s, '"')) {
            return false;
        }
    } else {
        do {
            buf_putc(&s->word, *s->at++);
        } while (option_more(s) && !ts_is_space(*s->at) && *s->at != '=');
    }
    *out = arena_strndup(arena, (const char *)s->word.data, s->word.len);
    option_spaces(s, false);
    return option_more(s) && *s->at++ == '=';
}

Status ts_options_parse(Cx *cx, Arena *arena, Slice text, TsOption **out, uint32_t *count_out)
{
    OptionScan s = {.at = text.ptr, .end = text.ptr + text.len};
    uint32_t size = 0, n = 0;
    bool ok = true;
    *out = NULL;
    buf_init(&s.word, SIZE_MAX);
    for (option_spaces(&s, true); ok && option_more(&s); option_spaces(&s, true)) {
        TsOption o = {0};
        ok = option_name(&s, arena, &o.name) && option_value(&s, arena, &o.value);
        if (n == size) {
            uint32_t more = MAX(size * 2, 4u);
            *out = arena_grow(arena, *out, size * sizeof(o), more * sizeof(o));
            size = more;
        }
        (*out)[n++] = o;
    }
    buf_release(&s.word);
    *count_out = n;
    return ok ? ST_OK
              : err_set(cx, ERRCODE_SYNTAX_ERROR, "invalid parameter list format: \"%.*s\"",
                        (int)text.len, text.ptr);
}

/* ---- templates ---- */

static const TsTemplate DICT_SYNONYM = {.init = "dsynonym_init"},
                        DICT_ISPELL = {.init = "dispell_init"},
                        DICT_THESAURUS = {.init = "thesaurus_init"};

const TsTemplate *ts_template(const char *init)
{
    static const TsTemplate *const ALL[] = {&TS_TEMPLATE_SIMPLE, &TS_TEMPLATE_SNOWBALL,
                                            &DICT_SYNONYM, &DICT_ISPELL, &DICT_THESAURUS};
    for (size_t i = 0; i < ARRAY_LEN(ALL); i++) {
        if (strcmp(ALL[i]->init, init) == 0) {
            return ALL[i];
        }
    }
    return NULL;
}

Status ts_dict_create(Cx *cx, Arena *arena, const TsTemplate *template, const char *template_name,
                      const TsOption *options, uint32_t count, TsDict **out)
{
    if (template == NULL || template->create == NULL) {
        return err_unsupported(cx, "text search dictionaries of template \"%s\" are not supported",
                               template_name);
    }
    *out = ARENA_NEW(arena, TsDict);
    (*out)->template = template;
    (*out)->arena = arena;
    return template->create(cx, *out, options, count);
}

Status ts_config_lexize(Cx *cx, const TsConfig *config, Arena *arena, TsTokenType type, Slice token,
                        TsLexemes *out)
{
    for (uint32_t i = 0; i < config->counts[type]; i++) {
        *out = (TsLexemes){0};
        Status st = ts_dict_lexize(cx, config->dicts[type][i], arena, token, out);
        if (st == ST_OK && out->count > 0 && (out->items[0].flags & TS_LEXEME_FILTER) != 0) {
            token = out->items[0].text;
            continue;
        }
        if (st != ST_NOTFOUND) {
            return st;
        }
    }
    return ST_NOTFOUND;
}
