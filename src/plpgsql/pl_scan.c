/*
 * pl_scan.c - the tokens of a PL/pgSQL text, its errors of syntax, the SQL expressions in it.
 *
 * SQL inside is not understood here: an expression is the text up to a word or character that ends
 * it outside brackets.
 */
#include <stdarg.h>
#include <stdio.h>

#include "plpgsql/pl_internal.h"

/* scan_one - the token at the lexer's place. */
static PlToken scan_one(PlParser *p)
{
    LexToken t;
    Lexer *lx = &p->lex;
    lex_next(lx, &t);
    PlToken out = {.start = (uint32_t)t.start, .end = (uint32_t)t.end};
    const char *s = p->src.ptr;
    char next = t.end < p->src.len ? s[t.end] : '\0';
    out.value = arena_strndup(p->arena, t.value.ptr, t.value.len);
    switch (t.kind) {
    case LEX_END: out.kind = TOK_END; break;
    case LEX_IDENT: out.kind = TOK_WORD; break;
    case LEX_QUOTED_IDENT: out.kind = TOK_QUOTED; break;
    case LEX_INTEGER: out.kind = TOK_INT; break;
    case LEX_DECIMAL: out.kind = TOK_NUMBER; break;
    case LEX_STRING: out.kind = TOK_STRING; break;
    case LEX_PARAM: out.kind = TOK_PARAM; break;
    case LEX_OPERATOR: out.kind = TOK_OP; break;
    case LEX_PUNCT:
        out.kind = TOK_PUNCT;
        if (s[t.start] == ':' && t.end - t.start == 1 && next == '=') {
            out.kind = TOK_ASSIGN;
            lx->at = out.end = (uint32_t)t.end + 1;
        } else if (s[t.start] == '.' && next == '.') {
            out.kind = TOK_DOTS;
            lx->at = out.end = (uint32_t)t.end + 1;
        }
        break;
    default: out.kind = TOK_OTHER; break;
    }
    return out;
}

void pl_advance(PlParser *p)
{
    p->tok = scan_one(p);
}

PlToken pl_peek(PlParser *p)
{
    Lexer saved = p->lex;
    PlToken t = scan_one(p);
    p->lex = saved;
    return t;
}

bool pl_is(const PlParser *p, const char *word)
{
    return p->tok.kind == TOK_WORD && strcmp(p->tok.value, word) == 0;
}

bool pl_is_punct(const PlParser *p, char c)
{
    return p->tok.kind == TOK_PUNCT && p->src.ptr[p->tok.start] == c &&
           p->tok.end - p->tok.start == 1;
}

bool pl_accept(PlParser *p, const char *word)
{
    if (!pl_is(p, word)) {
        return false;
    }
    pl_advance(p);
    return true;
}

/* ---- errors ---- */

uint32_t pl_line(const PlParser *p, uint32_t offset)
{
    uint32_t line = 1;
    for (uint32_t i = 0; i < offset && i < p->src.len; i++) {
        line += p->src.ptr[i] == '\n';
    }
    return line;
}

/* error_place - the error is at that byte of the source: where in the statement, or in the body. */
static Status error_place(PlParser *p, uint32_t start)
{
    Err *e = p->cx->err;
    int32_t at = parse_char_position(p->src, (int32_t)start);
    p->failed_placed = true;
    if (p->check != NULL && p->check->body_location >= 0 && p->check->sql.ptr != NULL) {
        e->position = parse_char_position(p->check->sql, p->check->body_location) - 1 + at;
        return ST_ERROR;
    }
    e->internal_position = at;
    size_t n = MIN(p->src.len, sizeof(e->internal_query) - 1);
    memcpy(e->internal_query, p->src.ptr, n);
    e->internal_query[n] = '\0';
    return ST_ERROR;
}

Status pl_error_at(PlParser *p, uint32_t start, uint32_t sqlstate, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    st_ignore(err_set(p->cx, sqlstate, "%s", text));
    return error_place(p, start);
}

/* pl_yyerror - a message at the token looked at. */
static Status pl_yyerror(PlParser *p, const char *what)
{
    if (p->tok.kind == TOK_END) {
        return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR, "%s at end of input", what);
    }
    return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR, "%s at or near \"%.*s\"", what,
                       (int)(p->tok.end - p->tok.start), p->src.ptr + p->tok.start);
}

Status pl_syntax(PlParser *p)
{
    return pl_yyerror(p, "syntax error");
}

Status pl_expect(PlParser *p, const char *word)
{
    return pl_accept(p, word) ? ST_OK : pl_syntax(p);
}

Status pl_expect_punct(PlParser *p, char c)
{
    if (!pl_is_punct(p, c)) {
        return pl_syntax(p);
    }
    pl_advance(p);
    return ST_OK;
}

/* ---- expressions ---- */

PlExpr *pl_expr_new(PlParser *p, const char *text, uint32_t prefix, uint32_t start, bool is_expr)
{
    PlExpr *e = ARENA_NEW(p->arena, PlExpr);
    func_query_init(&e->q, p->m, NULL, text, is_expr);
    e->q.prefix = prefix;
    e->q.shown = text + prefix;
    e->fn = p->fn;
    e->level = p->level;
    e->level_count = p->level != NULL ? p->level->count : 0;
    e->line = pl_line(p, start);
    e->offset = (int32_t)start;
    e->next = p->fn->exprs;
    p->fn->exprs = e;
    e->q.vars = pl_bind_vars(e);
    return e;
}

Status pl_expr_check(PlParser *p, PlExpr *e)
{
    if (p->check == NULL) {
        return ST_OK;
    }
    if (func_query_parse(p->cx, &e->q) == ST_OK) {
        return ST_OK;
    }
    int32_t at = p->cx->err->position - (int32_t)e->q.prefix;
    if (p->cx->err->position <= 0) {
        return ST_ERROR;
    }
    /* Characters to bytes, then in the source. */
    uint32_t byte = (uint32_t)e->offset;
    for (int32_t i = 1; i < at && byte < p->src.len; i++) {
        byte++;
        while (byte < p->src.len && ((uint8_t)p->src.ptr[byte] & 0xc0) == 0x80) {
            byte++;
        }
    }
    p->cx->err->position = 0;
    return error_place(p, byte);
}

static bool is_one_of(const PlParser *p, const char *const *words, const char *chars)
{
    for (const char *const *w = words; w != NULL && *w != NULL; w++) {
        if (strcmp(*w, "..") == 0 ? p->tok.kind == TOK_DOTS : pl_is(p, *w)) {
            return true;
        }
    }
    for (const char *c = chars; c != NULL && *c != '\0'; c++) {
        if (*c == '=' ? p->tok.kind == TOK_ASSIGN ||
                            (p->tok.kind == TOK_OP && strcmp(p->tok.value, "=") == 0)
                      : pl_is_punct(p, *c)) {
            return true;
        }
    }
    return false;
}

Status pl_read_expr(PlParser *p, const char *const *words, const char *chars, PlExpr **out)
{
    uint32_t start = p->tok.start, end = start, depth = 0;
    while (depth > 0 || !is_one_of(p, words, chars)) {
        if (p->tok.kind == TOK_END) {
            return pl_syntax(p);
        }
        if (pl_is_punct(p, ';')) {
            if (depth > 0) {
                return pl_yyerror(p, "mismatched parentheses");
            }
            return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                               "missing \"%s\" at end of SQL expression",
                               words != NULL && words[0] != NULL ? words[0] : chars);
        }
        if (pl_is_punct(p, '(') || pl_is_punct(p, '[')) {
            depth++;
        } else if (pl_is_punct(p, ')') || pl_is_punct(p, ']')) {
            if (depth == 0) {
                return pl_yyerror(p, "mismatched parentheses");
            }
            depth--;
        }
        end = p->tok.end;
        pl_advance(p);
    }
    if (end == start) {
        return pl_yyerror(p, "missing expression");
    }
    const char *text =
        arena_printf(p->arena, "SELECT %.*s", (int)(end - start), p->src.ptr + start);
    *out = pl_expr_new(p, text, 7, start, true);
    return pl_expr_check(p, *out);
}

PlStmt *pl_stmt_new(PlParser *p, PlKind kind, uint32_t start)
{
    PlStmt *s = ARENA_NEW(p->arena, PlStmt);
    s->kind = kind;
    s->line = pl_line(p, start);
    s->var = s->case_var = s->sqlstate_var = s->sqlerrm_var = PL_NO_VAR;
    return s;
}
