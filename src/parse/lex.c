/*
 * lex.c - the small SQL lexer behind statement shapes and the nesting guard
 *
 * It follows PostgreSQL's lexical rules with standard_conforming_strings on. Rare forms (bit
 * strings, U&, national strings, strings continued over lines) become LEX_OTHER.
 */
#include "parse/lex.h"

static bool lex_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool lex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool lex_is_ident_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool lex_is_ident(char c)
{
    return lex_is_ident_start(c) || lex_is_digit(c) || c == '$';
}

static bool lex_is_operator(char c)
{
    return c != '\0' && strchr("~!@#^&|`?+-*/%<>=", c) != NULL;
}

static char lex_peek(const Lexer *lx, size_t ahead)
{
    return lx->at + ahead < lx->text.len ? lx->text.ptr[lx->at + ahead] : '\0';
}

/* lex_skip_comment - a nested block comment; false when it does not end. */
static bool lex_skip_comment(Lexer *lx)
{
    uint32_t depth = 0;
    while (lx->at < lx->text.len) {
        if (lex_peek(lx, 0) == '/' && lex_peek(lx, 1) == '*') {
            depth++;
            lx->at += 2;
        } else if (lex_peek(lx, 0) == '*' && lex_peek(lx, 1) == '/') {
            lx->at += 2;
            if (--depth == 0) {
                return true;
            }
        } else {
            lx->at++;
        }
    }
    return false;
}

/* lex_skip_blank - white space and comments; false for an unfinished comment. */
static bool lex_skip_blank(Lexer *lx)
{
    for (;;) {
        if (lx->at < lx->text.len && lex_is_space(lx->text.ptr[lx->at])) {
            lx->at++;
        } else if (lex_peek(lx, 0) == '-' && lex_peek(lx, 1) == '-') {
            while (lx->at < lx->text.len && lx->text.ptr[lx->at] != '\n' &&
                   lx->text.ptr[lx->at] != '\r') {
                lx->at++;
            }
        } else if (lex_peek(lx, 0) == '/' && lex_peek(lx, 1) == '*') {
            if (!lex_skip_comment(lx)) {
                return false;
            }
        } else {
            return true;
        }
    }
}

/* lex_quoted - from an opening quote to its end, doubled quotes undone. False when unfinished. */
static bool lex_quoted(Lexer *lx, char quote, Slice *value_out)
{
    const char *p = lx->text.ptr;
    size_t from = ++lx->at;
    size_t doubled = 0;
    for (;; lx->at++) {
        if (lx->at >= lx->text.len) {
            return false;
        }
        if (p[lx->at] == quote) {
            if (lex_peek(lx, 1) != quote) {
                break;
            }
            doubled++;
            lx->at++;
        }
    }
    *value_out = (Slice){p + from, lx->at - from};
    lx->at++;
    if (doubled == 0 || lx->arena == NULL) {
        return true;
    }
    char *to = arena_alloc(lx->arena, value_out->len);
    size_t n = 0;
    for (size_t i = 0; i < value_out->len; i++) {
        to[n++] = value_out->ptr[i];
        if (value_out->ptr[i] == quote) {
            i++;
        }
    }
    *value_out = (Slice){to, n};
    return true;
}

/* lex_escaped - the body of E'...'. Returns LEX_OTHER when it holds an escape that needs more than
 * one byte's thought, having skipped it all the same. */
static LexKind lex_escaped(Lexer *lx, Slice *value_out)
{
    const char *p = lx->text.ptr;
    size_t from = ++lx->at, n = 0;
    char *to = lx->arena != NULL ? arena_alloc(lx->arena, lx->text.len - lx->at + 1) : NULL;
    LexKind kind = LEX_STRING;
    for (;; lx->at++) {
        if (lx->at >= lx->text.len) {
            return LEX_OTHER;
        }
        char c = p[lx->at];
        if (c == '\'') {
            if (lex_peek(lx, 1) != '\'') {
                break;
            }
            lx->at++;
        } else if (c == '\\') {
            if (++lx->at >= lx->text.len) {
                return LEX_OTHER;
            }
            c = p[lx->at];
            switch (c) {
            case 'n': c = '\n'; break;
            case 't': c = '\t'; break;
            case 'r': c = '\r'; break;
            case 'b': c = '\b'; break;
            case 'f': c = '\f'; break;
            case '\\':
            case '\'': break;
            default: kind = LEX_OTHER; break;
            }
        }
        if (to != NULL) {
            to[n++] = c;
        }
    }
    *value_out = to != NULL ? (Slice){to, n} : (Slice){p + from, lx->at - from};
    lx->at++;
    return kind;
}

/* lex_dollar - $tag$ ... $tag$, or $n. */
static LexKind lex_dollar(Lexer *lx, Slice *value_out)
{
    const char *p = lx->text.ptr;
    size_t start = lx->at;
    if (lex_is_digit(lex_peek(lx, 1))) {
        lx->at++;
        while (lex_is_digit(lex_peek(lx, 0))) {
            lx->at++;
        }
        *value_out = (Slice){p + start, lx->at - start};
        return lex_is_ident_start(lex_peek(lx, 0)) ? LEX_OTHER : LEX_PARAM;
    }
    size_t i = start + 1;
    if (i < lx->text.len && lex_is_ident_start(p[i])) {
        while (i < lx->text.len && lex_is_ident(p[i]) && p[i] != '$') {
            i++;
        }
    }
    if (i >= lx->text.len || p[i] != '$') {
        lx->at++;
        return LEX_OTHER;
    }
    Slice tag = {p + start, i + 1 - start};
    size_t body = i + 1;
    const char *end =
        lx->text.len > body ? memmem(p + body, lx->text.len - body, tag.ptr, tag.len) : NULL;
    if (end == NULL) {
        lx->at = lx->text.len;
        return LEX_OTHER;
    }
    *value_out = (Slice){p + body, (size_t)(end - (p + body))};
    lx->at = (size_t)(end - p) + tag.len;
    return LEX_STRING;
}

/* lex_number - digits, point, exponent; LEX_OTHER when letters follow at once. */
static LexKind lex_number(Lexer *lx)
{
    LexKind kind = LEX_INTEGER;
    while (lex_is_digit(lex_peek(lx, 0))) {
        lx->at++;
    }
    /* "1..10" is an integer and two dots. */
    if (lex_peek(lx, 0) == '.' && lex_peek(lx, 1) != '.') {
        kind = LEX_DECIMAL;
        lx->at++;
        while (lex_is_digit(lex_peek(lx, 0))) {
            lx->at++;
        }
    }
    if (lex_peek(lx, 0) == 'e' || lex_peek(lx, 0) == 'E') {
        size_t sign = lex_peek(lx, 1) == '+' || lex_peek(lx, 1) == '-' ? 1 : 0;
        if (lex_is_digit(lex_peek(lx, 1 + sign))) {
            kind = LEX_DECIMAL;
            lx->at += 1 + sign;
            while (lex_is_digit(lex_peek(lx, 0))) {
                lx->at++;
            }
        }
    }
    return lex_is_ident(lex_peek(lx, 0)) ? LEX_OTHER : kind;
}

/* lex_word - an unquoted identifier, folded to lower case (ASCII). */
static void lex_word(Lexer *lx, Slice *value_out)
{
    size_t start = lx->at;
    bool upper = false;
    while (lx->at < lx->text.len && lex_is_ident(lx->text.ptr[lx->at])) {
        char c = lx->text.ptr[lx->at++];
        upper |= c >= 'A' && c <= 'Z';
    }
    *value_out = (Slice){lx->text.ptr + start, lx->at - start};
    if (upper && lx->arena != NULL) {
        char *to = arena_alloc(lx->arena, value_out->len);
        for (size_t i = 0; i < value_out->len; i++) {
            char c = value_out->ptr[i];
            to[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        }
        value_out->ptr = to;
    }
}

/* lex_operator - the longest run of operator characters that starts no comment; a trailing + or -
 * belongs to it only after one of ~!@#%^&|`? (PostgreSQL's rule). */
static void lex_operator(Lexer *lx)
{
    size_t start = lx->at;
    bool special = false;
    while (lex_is_operator(lex_peek(lx, 0))) {
        char c = lex_peek(lx, 0), d = lex_peek(lx, 1);
        if (lx->at > start && ((c == '-' && d == '-') || (c == '/' && d == '*'))) {
            break;
        }
        special |= strchr("~!@#%^&|`?", c) != NULL;
        lx->at++;
    }
    while (!special && lx->at - start > 1 &&
           (lx->text.ptr[lx->at - 1] == '+' || lx->text.ptr[lx->at - 1] == '-')) {
        lx->at--;
    }
}

void lex_next(Lexer *lx, LexToken *out)
{
    bool whole = lex_skip_blank(lx);
    out->start = lx->at;
    out->value = (Slice){NULL, 0};
    char c = lex_peek(lx, 0);
    char d = lex_peek(lx, 1);
    if (lx->at >= lx->text.len) {
        out->kind = whole ? LEX_END : LEX_OTHER;
    } else if (c == '\'') {
        out->kind = lex_quoted(lx, '\'', &out->value) ? LEX_STRING : LEX_OTHER;
    } else if (c == '"') {
        out->kind = lex_quoted(lx, '"', &out->value) ? LEX_QUOTED_IDENT : LEX_OTHER;
    } else if ((c == 'e' || c == 'E') && d == '\'') {
        lx->at++;
        out->kind = lex_escaped(lx, &out->value);
    } else if (d == '\'' && strchr("bBxXnN", c) != NULL) {
        lx->at++;
        (void)lex_quoted(lx, '\'', &out->value);
        out->kind = LEX_OTHER;
    } else if ((c == 'u' || c == 'U') && d == '&' &&
               (lex_peek(lx, 2) == '\'' || lex_peek(lx, 2) == '"')) {
        lx->at += 2;
        (void)lex_quoted(lx, lex_peek(lx, 0), &out->value);
        out->kind = LEX_OTHER;
    } else if (lex_is_ident_start(c)) {
        lex_word(lx, &out->value);
        out->kind = LEX_IDENT;
    } else if (lex_is_digit(c) || (c == '.' && lex_is_digit(d))) {
        out->kind = lex_number(lx);
    } else if (c == '$') {
        out->kind = lex_dollar(lx, &out->value);
    } else if (lex_is_operator(c)) {
        lex_operator(lx);
        out->kind = LEX_OPERATOR;
    } else if (c != '\0' && strchr("()[],;.:", c) != NULL) {
        lx->at += c == ':' && d == ':' ? 2 : 1;
        out->kind = LEX_PUNCT;
    } else {
        lx->at++;
        out->kind = LEX_OTHER;
    }
    out->end = lx->at;
    if (out->value.ptr == NULL) {
        out->value = (Slice){lx->text.ptr + out->start, out->end - out->start};
    }
}
