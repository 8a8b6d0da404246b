/*
 * jsonpath_parse.c - the text of a jsonpath read into its tree.
 *
 * Words and numbers are cut out first, one ahead; then one function for each level of precedence.
 * Parentheses may hold a predicate or an expression, which only what is in them tells, so both are
 * read by the same functions and `predicate` says what came out.
 */
#include <stdlib.h>

#include "type/jsonpath.h"
#include "type/numeric.h"

typedef enum JpTok {
    JT_END,
    JT_PUNCT,  /* one or two characters, in `text` */
    JT_IDENT,  /* also keywords */
    JT_STRING, /* quoted */
    JT_VARIABLE,
    JT_NUMBER,
} JpTok;

typedef struct JpParse {
    FnCall *call;
    Arena *arena;
    const char *p, *end;
    const char *from; /* the token at hand, as written */
    JpTok tok;
    Slice text;
    bool quoted;
    uint32_t depth, subscripts, filters;
} JpParse;

#define JP_DEPTH_MAX 1000

/* jp_error - PostgreSQL's "... at or near". */
static Status jp_error(JpParse *s, const char *what)
{
    if (s->from >= s->end) {
        return err_set(s->call->cx, ERRCODE_SYNTAX_ERROR, "%s at end of jsonpath input", what);
    }
    return err_set(s->call->cx, ERRCODE_SYNTAX_ERROR, "%s at or near \"%.*s\" of jsonpath input",
                   what, (int)(s->p - s->from), s->from);
}
/* jp_syntax - a word is told by what ends it, as PostgreSQL's scanner has it: a blank or the quote;
 * else the text seems to be at its end. */
static Status jp_syntax(JpParse *s)
{
    if (s->tok == JT_IDENT || s->tok == JT_STRING) {
        bool blank = s->p < s->end && memchr(" \t\n\r\f", *s->p, 5) != NULL;
        s->from = s->quoted ? s->p - 1 : blank ? s->p++ : s->end;
    }
    return jp_error(s, "syntax error");
}

static bool jp_word_char(char c)
{
    return c != '\0' && strchr("?%$.[]{}()|&!=<>@#,*:-+/\\\" \t\n\r\f", c) == NULL;
}

/* ---- tokens ---- */

static int jp_hex_digit(char c)
{
    c = ascii_lower(c);
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* jp_hex - up to `max` digits, at least `min`. */
static bool jp_hex(JpParse *s, int min, int max, uint32_t *out)
{
    int n = 0;
    *out = 0;
    while (n < max && s->p < s->end && jp_hex_digit(*s->p) >= 0) {
        *out = *out << 4 | (uint32_t)jp_hex_digit(*s->p++);
        n++;
    }
    return n >= min;
}

/* jp_unicode - behind \u: four digits, or up to six in braces; high halves are kept for the next.
 */
static Status jp_unicode(JpParse *s, uint32_t *high, Buf *text)
{
    uint32_t code;
    bool braces = s->p < s->end && *s->p == '{', ok;
    s->p += braces;
    ok = jp_hex(s, braces ? 1 : 4, braces ? 6 : 4, &code);
    if (braces) {
        ok = ok && s->p < s->end && *s->p == '}';
        s->p += ok;
    }
    if (!ok) {
        return jp_error(s, "invalid Unicode escape sequence");
    }
    if (code == 0) {
        st_ignore(err_set(s->call->cx, ERRCODE_UNTRANSLATABLE_CHARACTER,
                          "unsupported Unicode escape sequence"));
        return err_detail(s->call->cx, "\\u0000 cannot be converted to text.");
    }
    bool is_high = code >= 0xd800 && code < 0xdc00, is_low = code >= 0xdc00 && code < 0xe000;
    if (is_high ? *high != 0 : is_low != (*high != 0)) {
        st_ignore(err_set(s->call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                          "invalid input syntax for type %s", "jsonpath"));
        return err_detail(s->call->cx, is_high
                                           ? "Unicode high surrogate must not follow a high "
                                             "surrogate."
                                           : "Unicode low surrogate must follow a high surrogate.");
    }
    if (is_high) {
        *high = code;
        return ST_OK;
    }
    if (is_low) {
        code = 0x10000u + ((*high & 0x3ff) << 10) + (code & 0x3ff);
        *high = 0;
    }
    char bytes[4];
    buf_put(text, bytes, utf8_encode(code, bytes));
    return ST_OK;
}

/* jp_escape - behind a backslash. */
static Status jp_escape(JpParse *s, uint32_t *high, Buf *text)
{
    static const char FROM[] = "bfnrtv", TO[] = "\b\f\n\r\t\v";
    char c = *s->p++;
    if (c == 'u') {
        return jp_unicode(s, high, text);
    }
    if (c == 'x') {
        uint32_t code;
        if (!jp_hex(s, 2, 2, &code)) {
            return jp_error(s, "invalid hex character sequence");
        }
        char bytes[4];
        buf_put(text, bytes, utf8_encode(code, bytes));
        return ST_OK;
    }
    const char *at = c == '\0' ? NULL : strchr(FROM, c);
    buf_putc(text, at != NULL ? TO[at - FROM] : c);
    return ST_OK;
}

/* jp_text - a quoted string to its quote, or a bare word to its end. */
static Status jp_text(JpParse *s, bool quoted, Buf *text)
{
    uint32_t high = 0;
    while (s->p < s->end) {
        char c = *s->p;
        if (high != 0 && (c != '\\' || s->p + 1 >= s->end || s->p[1] != 'u')) {
            break;
        }
        if (c == '\\' && s->p + 1 < s->end) {
            s->p++;
            TRY(jp_escape(s, &high, text));
        } else if (quoted ? c == '"' : !jp_word_char(c)) {
            s->p += quoted;
            return ST_OK;
        } else {
            buf_putc(text, c);
            s->p++;
        }
    }
    if (high != 0) {
        st_ignore(err_set(s->call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                          "invalid input syntax for type %s", "jsonpath"));
        return err_detail(s->call->cx, "Unicode low surrogate must follow a high surrogate.");
    }
    if (quoted) {
        s->from = s->end;
        return jp_error(s, "unexpected end of quoted string");
    }
    return ST_OK;
}

static Status jp_take_text(JpParse *s, bool quoted)
{
    Buf text;
    buf_init(&text, SIZE_MAX);
    Status st = jp_text(s, quoted, &text);
    s->text = (Slice){text.len == 0 ? "" : arena_memdup(s->arena, text.data, text.len), text.len};
    s->quoted = quoted;
    buf_release(&text);
    return st;
}

/* jp_take_number - at a digit, or a point before one. */
static Status jp_take_number(JpParse *s)
{
    bool leading_zero = *s->p == '0';
    const char *from = s->p;
    while (s->p < s->end && is_digit(*s->p)) {
        s->p++;
        if (leading_zero) {
            break;
        }
    }
    if (s->p < s->end && *s->p == '.' && (s->p == from || s->p[-1] != '.')) {
        s->p++;
        while (s->p < s->end && is_digit(*s->p)) {
            s->p++;
        }
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        const char *e = s->p + 1;
        e += e < s->end && (*e == '+' || *e == '-');
        if (e < s->end && is_digit(*e)) {
            while (e < s->end && is_digit(*e)) {
                e++;
            }
            s->p = e;
        }
    }
    if (s->p < s->end && jp_word_char(*s->p)) {
        const char *word = from;
        while (word < s->end && jp_word_char(*word)) {
            word++;
        }
        if (word > s->p + 1) { /* longer as a word than as a number and one more */
            s->p = from;
            s->tok = JT_IDENT;
            return jp_take_text(s, false);
        }
        s->p++;
        return jp_error(s, "trailing junk after numeric literal");
    }
    s->tok = JT_NUMBER;
    s->text = (Slice){from, (size_t)(s->p - from)};
    return ST_OK;
}

static Status jp_skip_blank(JpParse *s)
{
    for (;;) {
        while (s->p < s->end && memchr(" \t\n\r\f", *s->p, 5) != NULL) {
            s->p++;
        }
        if (s->end - s->p < 2 || s->p[0] != '/' || s->p[1] != '*') {
            return ST_OK;
        }
        s->p += 2;
        while (s->end - s->p >= 2 && (s->p[0] != '*' || s->p[1] != '/')) {
            s->p++;
        }
        if (s->end - s->p < 2) {
            s->from = s->end;
            return jp_error(s, "unexpected end of comment");
        }
        s->p += 2;
    }
}

/* jp_next - the next token. */
static Status jp_next(JpParse *s)
{
    TRY(jp_skip_blank(s));
    s->from = s->p;
    if (s->p >= s->end) {
        s->tok = JT_END;
        return ST_OK;
    }
    char c = *s->p, d = s->p + 1 < s->end ? s->p[1] : '\0';
    if (c == '"') {
        s->p++;
        s->tok = JT_STRING;
        return jp_take_text(s, true);
    }
    if (c == '$' && (d == '"' || d == '\\' || jp_word_char(d))) {
        s->p += d == '"' ? 2 : 1;
        s->tok = JT_VARIABLE;
        return jp_take_text(s, d == '"');
    }
    if (is_digit(c) || (c == '.' && is_digit(d))) {
        return jp_take_number(s);
    }
    if (jp_word_char(c) || c == '\\') {
        s->tok = JT_IDENT;
        return jp_take_text(s, false);
    }
    static const char *const TWO[] = {"&&", "||", "==", "!=", "<>", "<=", ">=", "**"};
    s->tok = JT_PUNCT;
    s->p++;
    for (size_t i = 0; i < ARRAY_LEN(TWO); i++) {
        if (c == TWO[i][0] && d == TWO[i][1]) {
            s->p++;
            break;
        }
    }
    s->text = (Slice){s->from, (size_t)(s->p - s->from)};
    return ST_OK;
}

static bool jp_is(const JpParse *s, const char *punct)
{
    return s->tok == JT_PUNCT && slice_eq(s->text, slice_of(punct));
}
/* jp_word - a keyword; null, true and false are so in lower case only. */
static bool jp_word(const JpParse *s, const char *word)
{
    if (s->tok != JT_IDENT) {
        return false;
    }
    bool exact = word[0] == 't' ? strcmp(word, "true") == 0
                                : strcmp(word, "null") == 0 || strcmp(word, "false") == 0;
    return exact ? slice_eq(s->text, slice_of(word)) : slice_ieq(s->text, word);
}
static Status jp_expect(JpParse *s, const char *punct)
{
    return jp_is(s, punct) ? jp_next(s) : jp_syntax(s);
}
static Status jp_expect_word(JpParse *s, const char *word)
{
    return jp_word(s, word) ? jp_next(s) : jp_syntax(s);
}

/* ---- the tree ---- */

static JpNode *jp_node(JpParse *s, JpType type)
{
    JpNode *n = ARENA_NEW(s->arena, JpNode);
    n->type = type;
    n->predicate = type >= JP_AND && type <= JP_REGEX;
    return n;
}
static JpNode *jp_binary(JpParse *s, JpType type, JpNode *l, JpNode *r)
{
    JpNode *n = jp_node(s, type);
    n->left = l;
    n->right = r;
    return n;
}

static Status jp_any(JpParse *s, JpNode **out);
static Status jp_additive(JpParse *s, JpNode **out);

/* jp_expression - what must not be a predicate. */
static Status jp_expression(JpParse *s, JpNode **out)
{
    TRY(jp_additive(s, out));
    return (*out)->predicate && (*out)->next == NULL ? jp_syntax(s) : ST_OK;
}
/* jp_condition - what must be one. */
static Status jp_condition(JpParse *s, JpNode **out)
{
    TRY(jp_any(s, out));
    return !(*out)->predicate || (*out)->next != NULL ? jp_syntax(s) : ST_OK;
}
static bool jp_is_condition(const JpNode *n)
{
    return n->predicate && n->next == NULL;
}

static Status jp_constant_number(JpParse *s, const Str *number, JpNode *n)
{
    JbItem item = jb_numeric(s->arena, number);
    n->number = *number;
    return jb_encode_node(s->call->cx, s->arena, &item, &n->node);
}

/* jp_scalar - a constant at hand; *out NULL: it is none. */
static Status jp_scalar(JpParse *s, JpNode **out)
{
    JbItem item;
    *out = NULL;
    if (s->tok == JT_STRING) {
        *out = jp_node(s, JP_STRING);
        item = jb_string(s->text);
    } else if (s->tok == JT_VARIABLE) {
        *out = jp_node(s, JP_VARIABLE);
        item = jb_item(JB_NULL);
    } else if (jp_word(s, "null")) {
        *out = jp_node(s, JP_NULL);
        item = jb_item(JB_NULL);
    } else if (jp_word(s, "true") || jp_word(s, "false")) {
        *out = jp_node(s, JP_BOOL);
        (*out)->b = jp_word(s, "true");
        item = jb_item((*out)->b ? JB_TRUE : JB_FALSE);
    } else if (s->tok == JT_NUMBER) {
        Str number;
        FnCall call = *s->call;
        call.arena = s->arena;
        *out = jp_node(s, JP_NUMBER);
        TRY(numeric_parse(&call, s->text, -1, &number));
        TRY(jp_constant_number(s, &number, *out));
        return jp_next(s);
    } else {
        return ST_OK;
    }
    (*out)->text = s->text;
    TRY(jb_encode_node(s->call->cx, s->arena, &item, &(*out)->node));
    return jp_next(s);
}

/* jp_primary - a constant, $, @, last, exists(...), or parentheses. */
static Status jp_primary(JpParse *s, JpNode **out)
{
    TRY(jp_scalar(s, out));
    if (*out != NULL) {
        return ST_OK;
    }
    if (jp_is(s, "$")) {
        *out = jp_node(s, JP_ROOT);
        return jp_next(s);
    }
    if (jp_is(s, "@")) {
        if (s->filters == 0) {
            return err_set(s->call->cx, ERRCODE_SYNTAX_ERROR,
                           "@ is not allowed in root expressions");
        }
        *out = jp_node(s, JP_CURRENT);
        return jp_next(s);
    }
    if (jp_word(s, "last")) {
        if (s->subscripts == 0) {
            return err_set(s->call->cx, ERRCODE_SYNTAX_ERROR,
                           "LAST is allowed only in array subscripts");
        }
        *out = jp_node(s, JP_LAST);
        return jp_next(s);
    }
    if (jp_word(s, "exists")) {
        *out = jp_node(s, JP_EXISTS);
        TRY(jp_next(s));
        TRY(jp_expect(s, "("));
        TRY(jp_expression(s, &(*out)->left));
        return jp_expect(s, ")");
    }
    TRY(jp_expect(s, "("));
    if (++s->depth > JP_DEPTH_MAX) {
        return err_set(s->call->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    TRY(jp_any(s, out));
    s->depth--;
    (*out)->paren = true;
    return jp_expect(s, ")");
}

/* jp_method - behind a point: a method's name with its parentheses; *out NULL: a key. */
static Status jp_method(JpParse *s, JpNode **out)
{
    static const struct {
        const char *name;
        JpType type;
    } METHODS[] = {{"type", JP_TYPE},         {"size", JP_SIZE},        {"abs", JP_ABS},
                   {"floor", JP_FLOOR},       {"ceiling", JP_CEILING},  {"double", JP_DOUBLE},
                   {"datetime", JP_DATETIME}, {"keyvalue", JP_KEYVALUE}};
    JpParse ahead = *s;
    *out = NULL;
    for (size_t i = 0; i < ARRAY_LEN(METHODS); i++) {
        if (!jp_word(s, METHODS[i].name)) {
            continue;
        }
        TRY(jp_next(&ahead));
        if (!jp_is(&ahead, "(")) {
            return ST_OK;
        }
        *s = ahead;
        *out = jp_node(s, METHODS[i].type);
        TRY(jp_next(s));
        if ((*out)->type == JP_DATETIME && s->tok == JT_STRING) {
            (*out)->text = s->text;
            TRY(jp_next(s));
        }
        return jp_expect(s, ")");
    }
    return ST_OK;
}

/* jp_level - of .**{...}. */
static Status jp_level(JpParse *s, uint32_t *out)
{
    if (jp_word(s, "last")) {
        *out = JP_LEVEL_LAST;
        return jp_next(s);
    }
    if (s->tok != JT_NUMBER || memchr(s->text.ptr, '.', s->text.len) != NULL) {
        return jp_syntax(s);
    }
    *out = (uint32_t)strtoul(slice_cstr(s->arena, s->text), NULL, 10);
    return jp_next(s);
}

/* jp_any_path - .** with its levels. */
static Status jp_any_path(JpParse *s, JpNode **out)
{
    *out = jp_node(s, JP_ANY);
    (*out)->last = JP_LEVEL_LAST;
    TRY(jp_next(s));
    if (!jp_is(s, "{")) {
        return ST_OK;
    }
    TRY(jp_next(s));
    TRY(jp_level(s, &(*out)->first));
    (*out)->last = (*out)->first;
    if (jp_word(s, "to")) {
        TRY(jp_next(s));
        TRY(jp_level(s, &(*out)->last));
    }
    return jp_expect(s, "}");
}

/* jp_member - behind a point. */
static Status jp_member(JpParse *s, JpNode **out)
{
    if (jp_is(s, "*")) {
        *out = jp_node(s, JP_ANY_KEY);
        return jp_next(s);
    }
    if (jp_is(s, "**")) {
        return jp_any_path(s, out);
    }
    TRY(jp_method(s, out));
    if (*out != NULL) {
        return ST_OK;
    }
    if (s->tok != JT_IDENT && s->tok != JT_STRING) {
        return jp_syntax(s);
    }
    *out = jp_node(s, JP_KEY);
    (*out)->text = s->text;
    return jp_next(s);
}

/* jp_subscript - behind an opening bracket. */
static Status jp_subscript(JpParse *s, JpNode **out)
{
    if (jp_is(s, "*")) {
        *out = jp_node(s, JP_ANY_ARRAY);
        TRY(jp_next(s));
        return jp_expect(s, "]");
    }
    uint32_t size = 0;
    *out = jp_node(s, JP_INDEX);
    s->subscripts++;
    for (;;) {
        if ((*out)->sub_count == size) {
            (*out)->subs = arena_grow(s->arena, (*out)->subs, size * sizeof(JpSub),
                                      (size + 4) * sizeof(JpSub));
            size += 4;
        }
        JpSub *sub = &(*out)->subs[(*out)->sub_count++];
        sub->to = NULL;
        TRY(jp_expression(s, &sub->from));
        if (jp_word(s, "to")) {
            TRY(jp_next(s));
            TRY(jp_expression(s, &sub->to));
        }
        if (!jp_is(s, ",")) {
            break;
        }
        TRY(jp_next(s));
    }
    s->subscripts--;
    return jp_expect(s, "]");
}

/* jp_filter - behind a question mark; `last` of a subscript outside is not seen in it. */
static Status jp_filter(JpParse *s, JpNode **out)
{
    *out = jp_node(s, JP_FILTER);
    s->filters++;
    TRY(jp_expect(s, "("));
    TRY(jp_condition(s, &(*out)->left));
    s->filters--;
    return jp_expect(s, ")");
}

/* jp_accessors - all that follow. */
static Status jp_accessors(JpParse *s, JpNode *base)
{
    JpNode *tail = base;
    while (tail->next != NULL) {
        tail = tail->next;
    }
    for (;;) {
        JpNode *n;
        if (jp_is(s, ".")) {
            TRY(jp_next(s));
            TRY(jp_member(s, &n));
        } else if (jp_is(s, "[")) {
            TRY(jp_next(s));
            TRY(jp_subscript(s, &n));
        } else if (jp_is(s, "?")) {
            TRY(jp_next(s));
            TRY(jp_filter(s, &n));
        } else {
            return ST_OK;
        }
        tail->next = n;
        tail = n;
    }
}

/* jp_unary - a sign, or an accessor expression; a sign before a number is part of it. */
static Status jp_unary(JpParse *s, JpNode **out)
{
    bool minus = jp_is(s, "-");
    if (!minus && !jp_is(s, "+")) {
        TRY(jp_primary(s, out));
        return jp_accessors(s, *out);
    }
    JpNode *arg;
    TRY(jp_next(s));
    if (++s->depth > JP_DEPTH_MAX) {
        return err_set(s->call->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    TRY(jp_unary(s, &arg));
    s->depth--;
    if (jp_is_condition(arg)) {
        return jp_syntax(s);
    }
    if (arg->type == JP_NUMBER && arg->next == NULL) {
        Str zero = numeric_from_i128(s->arena, 0, 0), negated;
        *out = jp_node(s, JP_NUMBER);
        if (!minus) {
            return jp_constant_number(s, &arg->number, *out);
        }
        TRY(numeric_subtract(s->call->cx, s->arena, &zero, &arg->number, &negated));
        return jp_constant_number(s, &negated, *out);
    }
    *out = jp_node(s, minus ? JP_MINUS : JP_PLUS);
    (*out)->left = arg;
    return ST_OK;
}

static Status jp_multiplicative(JpParse *s, JpNode **out)
{
    TRY(jp_unary(s, out));
    while (jp_is(s, "*") || jp_is(s, "/") || jp_is(s, "%")) {
        JpType type = jp_is(s, "*") ? JP_MUL : jp_is(s, "/") ? JP_DIV : JP_MOD;
        JpNode *r;
        if (jp_is_condition(*out)) {
            return jp_syntax(s);
        }
        TRY(jp_next(s));
        TRY(jp_unary(s, &r));
        if (jp_is_condition(r)) {
            return jp_syntax(s);
        }
        *out = jp_binary(s, type, *out, r);
    }
    return ST_OK;
}
static Status jp_additive(JpParse *s, JpNode **out)
{
    TRY(jp_multiplicative(s, out));
    while (jp_is(s, "+") || jp_is(s, "-")) {
        JpType type = jp_is(s, "+") ? JP_ADD : JP_SUB;
        JpNode *r;
        if (jp_is_condition(*out)) {
            return jp_syntax(s);
        }
        TRY(jp_next(s));
        TRY(jp_multiplicative(s, &r));
        if (jp_is_condition(r)) {
            return jp_syntax(s);
        }
        *out = jp_binary(s, type, *out, r);
    }
    return ST_OK;
}

/* jp_regex_flags - the letters of a flag, and whether they go together. */
static Status jp_regex_flags(JpParse *s, Slice letters, uint32_t *flags)
{
    static const char KNOWN[] = "ismxq";
    for (size_t i = 0; i < letters.len; i++) {
        const char *at = letters.ptr[i] == '\0' ? NULL : strchr(KNOWN, letters.ptr[i]);
        if (at == NULL) {
            st_ignore(err_set(s->call->cx, ERRCODE_SYNTAX_ERROR, "invalid input syntax for type %s",
                              "jsonpath"));
            return err_detail(s->call->cx,
                              "Unrecognized flag character \"%.*s\" in LIKE_REGEX predicate.",
                              (int)utf8_len(letters.ptr[i]), letters.ptr + i);
        }
        *flags |= 1u << (at - KNOWN);
    }
    if ((*flags & JP_REGEX_X) != 0 && (*flags & JP_REGEX_Q) == 0) {
        return err_unsupported(
            s->call->cx, "XQuery \"x\" flag (expanded regular expressions) is not implemented");
    }
    return ST_OK;
}
/* jp_text_predicate - starts with, like_regex. */
static Status jp_text_predicate(JpParse *s, JpNode **out)
{
    if (jp_word(s, "starts")) {
        JpNode *r;
        TRY(jp_next(s));
        TRY(jp_expect_word(s, "with"));
        if (s->tok != JT_STRING && s->tok != JT_VARIABLE) {
            return jp_syntax(s);
        }
        TRY(jp_scalar(s, &r));
        *out = jp_binary(s, JP_STARTS, *out, r);
        return ST_OK;
    }
    *out = jp_binary(s, JP_REGEX, *out, NULL);
    TRY(jp_next(s));
    if (s->tok != JT_STRING) {
        return jp_syntax(s);
    }
    (*out)->text = s->text;
    TRY(jp_next(s));
    if (jp_word(s, "flag")) {
        TRY(jp_next(s));
        if (s->tok != JT_STRING) {
            return jp_syntax(s);
        }
        TRY(jp_regex_flags(s, s->text, &(*out)->flags));
        TRY(jp_next(s));
    }
    bool found;
    (*out)->arena = s->arena;
    return jp_regex(s->call, *out, SLICE_LIT(""), &found);
}

/* jp_comparison - a predicate, or an expression that is none. */
static Status jp_comparison(JpParse *s, JpNode **out)
{
    static const struct {
        const char *text;
        JpType type;
    } OPS[] = {{"==", JP_EQ}, {"!=", JP_NE}, {"<>", JP_NE}, {"<", JP_LT},
               {">", JP_GT},  {"<=", JP_LE}, {">=", JP_GE}};
    if (jp_is(s, "!")) {
        JpNode *arg;
        TRY(jp_next(s));
        if (!jp_is(s, "(") && !jp_word(s, "exists")) {
            return jp_syntax(s);
        }
        TRY(jp_primary(s, &arg));
        if (!jp_is_condition(arg)) {
            return jp_syntax(s);
        }
        *out = jp_node(s, JP_NOT);
        (*out)->left = arg;
        return ST_OK;
    }
    TRY(jp_additive(s, out));
    if (jp_is_condition(*out)) {
        if ((*out)->paren && jp_word(s, "is")) {
            JpNode *arg = *out;
            TRY(jp_next(s));
            TRY(jp_expect_word(s, "unknown"));
            *out = jp_node(s, JP_UNKNOWN);
            (*out)->left = arg;
        }
        return ST_OK;
    }
    if (jp_word(s, "starts") || jp_word(s, "like_regex")) {
        return jp_text_predicate(s, out);
    }
    for (size_t i = 0; i < ARRAY_LEN(OPS); i++) {
        JpNode *r;
        if (jp_is(s, OPS[i].text)) {
            TRY(jp_next(s));
            TRY(jp_expression(s, &r));
            *out = jp_binary(s, OPS[i].type, *out, r);
            return ST_OK;
        }
    }
    return ST_OK;
}

/* jp_logical - && binds closer than ||. */
static Status jp_logical(JpParse *s, bool either, JpNode **out)
{
    const char *op = either ? "||" : "&&";
    TRY(either ? jp_logical(s, false, out) : jp_comparison(s, out));
    while (jp_is(s, op)) {
        JpNode *r;
        if (!jp_is_condition(*out)) {
            return jp_syntax(s);
        }
        TRY(jp_next(s));
        TRY(either ? jp_logical(s, false, &r) : jp_comparison(s, &r));
        if (!jp_is_condition(r)) {
            return jp_syntax(s);
        }
        *out = jp_binary(s, either ? JP_OR : JP_AND, *out, r);
    }
    return ST_OK;
}
static Status jp_any(JpParse *s, JpNode **out)
{
    return jp_logical(s, true, out);
}

Status jp_parse(FnCall *call, Arena *arena, Slice text, JsonPath *out)
{
    JpParse s = {.call = call, .arena = arena, .p = text.ptr, .end = text.ptr + text.len};
    *out = (JsonPath){0};
    TRY(jp_next(&s));
    if (s.tok == JT_END) {
        return err_bad_syntax(call->cx, "jsonpath", text);
    }
    if (jp_word(&s, "strict") || jp_word(&s, "lax")) {
        out->strict = jp_word(&s, "strict");
        TRY(jp_next(&s));
    }
    TRY(jp_any(&s, &out->root));
    return s.tok == JT_END ? ST_OK : jp_syntax(&s);
}
