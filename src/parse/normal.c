/*
 * normal.c - a statement's text with $n in the place of its literals, to gather statistics by
 */
#include "parse/lex.h"
#include "parse/parse.h"

static bool normal_is_literal(const LexToken *t)
{
    return t->kind == LEX_INTEGER || t->kind == LEX_DECIMAL || t->kind == LEX_STRING;
}

/* normal_params - the highest parameter number in the text. */
static uint32_t normal_params(Slice sql)
{
    Lexer lx = {.text = sql};
    LexToken t;
    uint32_t max = 0;
    for (lex_next(&lx, &t); t.kind != LEX_END; lex_next(&lx, &t)) {
        uint32_t n = 0;
        for (size_t i = t.start + 1; t.kind == LEX_PARAM && i < t.end && n < 100000; i++) {
            n = n * 10 + (uint32_t)(sql.ptr[i] - '0');
        }
        max = MAX(max, n);
    }
    return max;
}

void parse_normal_text(Slice sql, Buf *out)
{
    Lexer lx = {.text = sql};
    LexToken t;
    uint32_t number = normal_params(sql);
    size_t from = 0;
    for (lex_next(&lx, &t); t.kind != LEX_END; lex_next(&lx, &t)) {
        if (t.kind == LEX_OTHER) {
            break; /* the rest as it is */
        }
        if (normal_is_literal(&t)) {
            buf_put(out, sql.ptr + from, t.start - from);
            buf_printf(out, "$%u", ++number);
            from = t.end;
        }
    }
    buf_put(out, sql.ptr + from, sql.len - from);
}
