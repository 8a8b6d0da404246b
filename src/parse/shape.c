/*
 * shape.c - statement shapes: the text with each literal cut out
 *
 * The key holds one byte of kind before each token, so that no two token lists give the same bytes.
 */
#include "parse/lex.h"
#include "parse/parse.h"

typedef struct ShapeMaker {
    Arena *arena;
    char *key;
    size_t key_len, key_size;
    ShapeLiteral *literals;
    uint32_t literal_size;
    StmtShape *out;
} ShapeMaker;

static void shape_put(ShapeMaker *m, const void *p, size_t n)
{
    if (m->key_len + n > m->key_size) {
        size_t size = MAX(m->key_size * 2, m->key_len + n + 64);
        m->key = arena_grow(m->arena, m->key, m->key_len, size);
        m->key_size = size;
    }
    memcpy(m->key + m->key_len, p, n);
    m->key_len += n;
}

static void shape_putc(ShapeMaker *m, char c)
{
    shape_put(m, &c, 1);
}

/* shape_class - int4, int8 or numeric, as the parser and binder class a run of digits. */
static LiteralClass shape_class(const LexToken *t)
{
    if (t->kind == LEX_STRING) {
        return LIT_STRING;
    }
    if (t->kind == LEX_DECIMAL) {
        return LIT_NUMERIC;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < t->value.len; i++) {
        uint64_t digit = (uint64_t)(t->value.ptr[i] - '0');
        if (v > (INT64_MAX - digit) / 10) {
            return LIT_NUMERIC;
        }
        v = v * 10 + digit;
    }
    return v <= INT32_MAX ? LIT_INT4 : LIT_INT8;
}

static void shape_literal(ShapeMaker *m, const LexToken *t)
{
    StmtShape *o = m->out;
    if (o->literal_count == m->literal_size) {
        uint32_t size = m->literal_size == 0 ? 16 : m->literal_size * 2;
        m->literals = arena_grow(m->arena, m->literals, m->literal_size * sizeof(ShapeLiteral),
                                 size * sizeof(ShapeLiteral));
        m->literal_size = size;
    }
    LiteralClass cls = shape_class(t);
    m->literals[o->literal_count++] =
        (ShapeLiteral){.text = t->value, .location = (int32_t)t->start, .cls = cls};
    shape_putc(m, 'L');
    shape_putc(m, (char)('0' + cls));
}

/* shape_first_word - does the text begin like a plain statement? */
static bool shape_first_word(const LexToken *t)
{
    static const char *const WORDS[] = {"select", "insert", "update", "delete", "with", "values"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (t->kind == LEX_IDENT && slice_eq(t->value, slice_of(WORDS[i]))) {
            return true;
        }
    }
    return false;
}

Status parse_shape(Cx *cx, Arena *arena, Slice sql, StmtShape *out)
{
    (void)cx;
    *out = (StmtShape){0};
    ShapeMaker m = {.arena = arena, .out = out};
    Lexer lx = {.text = sql, .arena = arena};
    LexToken t;
    lex_next(&lx, &t);
    if (!shape_first_word(&t)) {
        return ST_NOTFOUND;
    }
    LexKind before = LEX_END;
    bool ended = false;
    for (; t.kind != LEX_END; lex_next(&lx, &t)) {
        char c = sql.ptr[t.start];
        if (ended || t.kind == LEX_OTHER || (t.kind == LEX_STRING && before == LEX_STRING)) {
            return ST_NOTFOUND; /* adjacent strings are one literal to the parser */
        }
        if ((t.kind == LEX_IDENT || t.kind == LEX_QUOTED_IDENT) &&
            t.value.len > LEX_NAME_BYTES_MAX) {
            return ST_NOTFOUND; /* each time it is parsed, the client is told that it is cut */
        }
        switch (t.kind) {
        case LEX_INTEGER:
        case LEX_DECIMAL:
        case LEX_STRING: shape_literal(&m, &t); break;
        case LEX_IDENT:
            shape_putc(&m, 'i');
            shape_put(&m, t.value.ptr, t.value.len);
            break;
        case LEX_QUOTED_IDENT:
            shape_putc(&m, 'q');
            shape_put(&m, &t.value.len, sizeof(t.value.len));
            shape_put(&m, t.value.ptr, t.value.len);
            break;
        default:
            if (c == ';' && t.kind == LEX_PUNCT) {
                ended = true;
                break;
            }
            shape_putc(&m, t.kind == LEX_PARAM ? 'p' : t.kind == LEX_OPERATOR ? 'o' : 'x');
            shape_put(&m, sql.ptr + t.start, t.end - t.start);
            break;
        }
        if (!ended) {
            shape_putc(&m, ' ');
        }
        before = t.kind;
    }
    out->key = (Slice){m.key, m.key_len};
    out->literals = m.literals;
    return ST_OK;
}
