/*
 * document.c - documents into vectors and searches into queries.
 */
#include "tsearch/document.h"

Status ts_text_add(Cx *cx, const TsConfig *config, TsText *text, Slice document)
{
    TsParser *p = ts_parser_create(text->arena, document);
    TsTokenType type;
    Slice token;
    while (ts_parser_next(p, &type, &token)) {
        TsLexemes lexemes;
        TRY(cx_check(cx));
        if (token.len > TSV_LEXEME_MAX) {
            ts_long_word(cx);
            continue;
        }
        Status st = ts_config_lexize(cx, config, text->arena, type, token, &lexemes);
        if (st == ST_NOTFOUND) {
            continue;
        }
        TRY(st);
        text->place++;
        for (uint32_t i = 0; i < lexemes.count; i++) {
            const TsLexeme *l = &lexemes.items[i];
            if (text->count == text->size) {
                uint32_t size = MAX(text->size * 2, 32u);
                text->words = arena_grow(text->arena, text->words, text->size * sizeof(TsTextWord),
                                         size * sizeof(TsTextWord));
                text->size = size;
            }
            text->place += (l->flags & TS_LEXEME_NEXT_PLACE) != 0;
            text->words[text->count++] =
                (TsTextWord){l->text, MIN(text->place, (uint32_t)TSV_POSITION_LAST), l->variant,
                             (l->flags & TS_LEXEME_PREFIX) != 0};
        }
    }
    return arena_check(cx, text->arena);
}

void ts_long_word(Cx *cx)
{
    Err e = {.sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED, .severity = ERR_NOTICE};
    static const char MESSAGE[] = "word is too long to be indexed",
                      DETAIL[] = "Words longer than 2047 characters are ignored.";
    memcpy(e.message, MESSAGE, sizeof(MESSAGE));
    memcpy(e.detail, DETAIL, sizeof(DETAIL));
    if (cx->notice != NULL) {
        cx->notice(cx->notice_arg, &e);
    }
}

/* ---- vectors ---- */

static int document_order(const void *a, const void *b)
{
    const TsTextWord *x = a, *y = b;
    int c = ts_compare(x->text, y->text, false);
    return c != 0 ? c : (x->place > y->place) - (x->place < y->place);
}

Status ts_text_vector(Cx *cx, TsText *text, Str *out)
{
    TsvWords words = {.arena = text->arena};
    uint16_t *places = arena_alloc(text->arena, (text->count + 1) * sizeof(uint16_t));
    array_sort(text->words, text->count, sizeof(TsTextWord), document_order);
    for (uint32_t i = 0; i < text->count; i++) {
        const TsTextWord *w = &text->words[i];
        TsvWord *last = words.count > 0 ? &words.items[words.count - 1] : NULL;
        if (last == NULL || !slice_eq(last->text, w->text)) {
            places[i] = TSV_PLACE(w->place, 0);
            tsv_add(&words, w->text, places + i, 1);
            continue;
        }
        uint16_t before = last->places[last->place_count - 1];
        if (last->place_count < TSV_POSITIONS_MAX - 1 && before != TSV_POSITION_LAST &&
            before != w->place) {
            last->places[last->place_count++] = TSV_PLACE(w->place, 0);
        }
    }
    return tsv_build(cx, &words, out);
}

/* ---- queries ---- */

typedef struct TextQuery {
    Arena *arena;
    const TsConfig *config;
    TsqOper between;
} TextQuery;

/* document_same_place - all lexemes of one place: variants are alternatives, the lexemes of one go
 * together. */
static Status document_same_place(Cx *cx, TsqParse *p, const TsText *text, uint32_t *at,
                                  uint32_t weight, bool prefix)
{
    uint32_t place = text->words[*at].place, variants = 0;
    while (*at < text->count && text->words[*at].place == place) {
        uint16_t variant = text->words[*at].variant;
        uint32_t parts = 0;
        while (*at < text->count && text->words[*at].place == place &&
               text->words[*at].variant == variant) {
            const TsTextWord *w = &text->words[(*at)++];
            TRY(tsq_push_value(cx, p, w->text, weight, prefix || w->prefix));
            if (parts++ > 0) {
                TRY(tsq_push_operator(cx, p, TSQ_AND, 0));
            }
        }
        if (variants++ > 0) {
            TRY(tsq_push_operator(cx, p, TSQ_OR, 0));
        }
    }
    return ST_OK;
}

/* document_operand - TsqWordFn: the operand's words, and where stop words stood something to be
 * dropped later, which keeps the distances. */
static Status document_operand(Cx *cx, TsqParse *p, void *arg, Slice word, uint32_t weight,
                               bool prefix)
{
    const TextQuery *q = arg;
    TsText text = {.arena = q->arena};
    uint32_t at = 0, place = 0, pushed = 0;
    TRY(ts_text_add(cx, q->config, &text, word));
    if (text.count == 0) {
        tsq_push_stop(p);
        return ST_OK;
    }
    while (at < text.count) {
        uint32_t next = text.words[at].place;
        for (; place > 0 && place + 1 < next; place++) {
            tsq_push_stop(p);
            if (pushed++ > 0) {
                TRY(tsq_push_operator(cx, p, q->between, 1));
            }
        }
        place = next;
        TRY(document_same_place(cx, p, &text, &at, weight, prefix));
        if (pushed++ > 0) {
            TRY(tsq_push_operator(cx, p, q->between, 1));
        }
    }
    return ST_OK;
}

Status ts_text_query(Cx *cx, Arena *arena, const TsConfig *config, Slice text, TsqSyntax syntax,
                     TsqOper between, Str *out)
{
    TextQuery q = {arena, config, between};
    return tsq_parse(cx, arena, text, syntax, document_operand, &q, out);
}
