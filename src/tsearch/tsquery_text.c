/*
 * tsquery_text.c - the text and binary forms of tsquery.
 *
 * Operators wait on a stack until one of lower priority comes; operands and operators that are
 * ready go through tsq_push_*, which keeps the trees that have no operator above them yet.
 */
#include "tsearch/tsquery.h"

#define TSQ_OPERATORS_MAX 32 /* that wait, in one pair of parentheses */
#define TSQ_NESTING_MAX   2000

typedef enum TsqExpect { EXPECT_FIRST, EXPECT_OPERAND, EXPECT_OPERATOR } TsqExpect;
typedef enum TsqToken {
    TOKEN_END,
    TOKEN_VALUE,
    TOKEN_OPERATOR,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_WRONG
} TsqToken;

struct TsqParse {
    Arena *arena;
    TsScan scan;
    TsqSyntax syntax;
    TsqExpect expect;
    int parentheses;
    TsqWordFn word;
    void *arg;
    TsqNode **trees; /* without an operator yet */
    uint32_t tree_count, tree_size;
    size_t bytes; /* of all texts */
    bool has_stops;
    /* The last token. */
    TsqOper oper;
    uint32_t distance, weight;
    bool prefix;
    Slice text;
};

static const uint8_t TSQ_PRIORITY[] = {
    [TSQ_NOT] = 4, [TSQ_AND] = 2, [TSQ_OR] = 1, [TSQ_PHRASE] = 3};

static Slice tsq_source(const TsqParse *p)
{
    return (Slice){p->scan.start, (size_t)MIN(p->scan.end - p->scan.start, 4096)};
}
static Status tsq_syntax(Cx *cx, const TsqParse *p, const char *what)
{
    Slice s = tsq_source(p);
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s tsquery: \"%.*s\"", what, (int)s.len, s.ptr);
}

/* ---- pushing ---- */

static void tsq_push(TsqParse *p, TsqNode *n)
{
    if (p->tree_count == p->tree_size) {
        uint32_t size = MAX(p->tree_size * 2, 16u);
        p->trees = arena_grow(p->arena, p->trees, p->tree_size * sizeof(TsqNode *),
                              size * sizeof(TsqNode *));
        p->tree_size = size;
    }
    p->trees[p->tree_count++] = n;
}

Status tsq_push_value(Cx *cx, TsqParse *p, Slice text, uint32_t weight, bool prefix)
{
    TsqNode *n = ARENA_NEW(p->arena, TsqNode);
    Slice s = tsq_source(p);
    if (text.len > TSV_LEXEME_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "word is too long in tsquery: \"%.*s\"",
                       (int)s.len, s.ptr);
    }
    if (p->bytes >= TSV_STRING_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "value is too big in tsquery: \"%.*s\"",
                       (int)s.len, s.ptr);
    }
    p->bytes += text.len + 1;
    *n = (TsqNode){.kind = TSQ_VALUE, .weight = weight, .prefix = prefix, .depth = 1, .text = text};
    tsq_push(p, n);
    return ST_OK;
}

void tsq_push_stop(TsqParse *p)
{
    TsqNode *n = ARENA_NEW(p->arena, TsqNode);
    *n = (TsqNode){.kind = TSQ_STOP, .depth = 1};
    p->has_stops = true;
    tsq_push(p, n);
}

Status tsq_push_operator(Cx *cx, TsqParse *p, TsqOper oper, uint32_t distance)
{
    uint32_t need = oper == TSQ_NOT ? 1 : 2;
    if (p->tree_count < need) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "malformed tsquery: operand not found");
    }
    TsqNode *right = p->trees[--p->tree_count];
    TsqNode *left = need == 1 ? NULL : p->trees[--p->tree_count];
    TsqNode *n = tsq_operator(p->arena, oper, distance, left, right);
    if (n->depth > TSQ_DEPTH_MAX) {
        return err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    tsq_push(p, n);
    return ST_OK;
}

/* ---- tokens ---- */

/* tsq_modifiers - ":*AB" after an operand. */
static void tsq_modifiers(TsqParse *p)
{
    TsScan *s = &p->scan;
    if (ts_peek(s) != ':') {
        return;
    }
    for (s->at++; s->at < s->end; s->at++) {
        int w = ts_weight(*s->at);
        if (w >= 0) {
            p->weight |= 1u << w;
        } else if (*s->at == '*') {
            p->prefix = true;
        } else {
            return;
        }
    }
}

/* tsq_phrase_operator - "<->" or "<3>", with something behind it; false: it is none. */
static Status tsq_phrase_operator(Cx *cx, TsqParse *p, bool *is_one)
{
    const char *at = p->scan.at, *end = p->scan.end;
    uint64_t n = 1;
    *is_one = false;
    if (at == end || *at != '<' || ++at == end) {
        return ST_OK;
    }
    if (*at == '-') {
        at++;
    } else if (ts_is_digit(*at)) {
        for (n = 0; at < end && ts_is_digit(*at); at++) {
            n = n > 1000000 ? n : n * 10 + (uint64_t)(*at - '0');
        }
        if (n > TSV_POSITION_LAST + 1) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "distance in phrase operator must be an integer value between zero and "
                           "%d inclusive",
                           TSV_POSITION_LAST + 1);
        }
    } else {
        return ST_OK;
    }
    if (end - at < 2 || *at != '>') {
        return ST_OK;
    }
    p->scan.at = at + 1;
    p->distance = (uint32_t)n;
    *is_one = true;
    return ST_OK;
}

static TsqToken tsq_token_operator(TsqParse *p, TsqOper oper)
{
    p->oper = oper;
    p->expect = EXPECT_OPERAND;
    return TOKEN_OPERATOR;
}

/* tsq_operand - by the words of the text form; ST_DONE: there are no more. */
static Status tsq_operand(Cx *cx, TsqParse *p)
{
    TsvWord w;
    TRY(ts_scan_word(cx, &p->scan, &w));
    p->text = w.text;
    return ST_OK;
}

/* tsq_token_full - the next token of to_tsquery's syntax. */
static Status tsq_token_full(Cx *cx, TsqParse *p, TsqToken *out)
{
    TsScan *s = &p->scan;
    p->weight = p->distance = 0;
    p->prefix = false;
    while (ts_is_space(ts_peek(s))) {
        s->at++;
    }
    char c = ts_peek(s);
    if (p->expect != EXPECT_OPERATOR) {
        if (c == '!') {
            s->at++;
            *out = tsq_token_operator(p, TSQ_NOT);
            return ST_OK;
        }
        if (c == '(') {
            s->at++;
            p->parentheses++;
            p->expect = EXPECT_OPERAND;
            *out = TOKEN_OPEN;
            return ST_OK;
        }
        if (c == ':') {
            return tsq_syntax(cx, p, "syntax error in");
        }
        Status st = tsq_operand(cx, p);
        if (st == ST_OK) {
            tsq_modifiers(p);
            p->expect = EXPECT_OPERATOR;
        }
        *out = st == ST_OK ? TOKEN_VALUE : TOKEN_END;
        return st != ST_DONE               ? st
               : p->expect == EXPECT_FIRST ? ST_OK
                                           : tsq_syntax(cx, p, "no operand in");
    }
    bool phrase;
    TRY(tsq_phrase_operator(cx, p, &phrase));
    if (phrase) {
        *out = tsq_token_operator(p, TSQ_PHRASE);
    } else if (c == '&' || c == '|') {
        s->at++;
        *out = tsq_token_operator(p, c == '&' ? TSQ_AND : TSQ_OR);
    } else if (c == ')') {
        s->at++;
        *out = --p->parentheses < 0 ? TOKEN_WRONG : TOKEN_CLOSE;
    } else {
        *out = s->at < s->end || p->parentheses != 0 ? TOKEN_WRONG : TOKEN_END;
    }
    return ST_OK;
}

/* tsq_web_or - the word "or", with something behind it that is no part of it. */
static bool tsq_web_or(TsqParse *p)
{
    const char *at = p->scan.at, *end = p->scan.end;
    if (end - at < 3 || ts_lower(at[0]) != 'o' || ts_lower(at[1]) != 'r') {
        return false;
    }
    char c = at[2];
    if (c == '-' || c == '_' || (c & 0x80) != 0 || ts_is_digit(c) ||
        (ts_lower(c) >= 'a' && ts_lower(c) <= 'z')) {
        return false;
    }
    for (at += 3; at < end && ts_is_space(*at); at++) {
    }
    if (at == end) {
        return false;
    }
    p->scan.at += 2;
    return true;
}

/* tsq_web_quoted - everything up to the next quote is one operand. */
static void tsq_web_quoted(TsqParse *p)
{
    TsScan *s = &p->scan;
    const char *from = ++s->at;
    while (s->at < s->end && *s->at != '"') {
        s->at++;
    }
    p->text = (Slice){from, (size_t)(s->at - from)};
    s->at += s->at < s->end;
    p->expect = EXPECT_OPERATOR;
}

/* tsq_token_web - the next token as a search engine reads it: nothing is wrong, only ignored. */
static Status tsq_token_web(Cx *cx, TsqParse *p, TsqToken *out)
{
    TsScan *s = &p->scan;
    p->weight = p->distance = 0;
    p->prefix = false;
    for (;;) {
        while (ts_is_space(ts_peek(s))) {
            s->at++;
        }
        char c = ts_peek(s);
        if (p->expect == EXPECT_OPERATOR) {
            *out = TOKEN_END;
            if (c == '"') {
                *out = tsq_token_operator(p, TSQ_AND);
            } else if (tsq_web_or(p)) {
                *out = tsq_token_operator(p, TSQ_OR);
            } else if (s->at < s->end) {
                *out = tsq_token_operator(p, TSQ_AND);
            }
            return ST_OK;
        }
        if (c == '-') {
            s->at++;
            *out = tsq_token_operator(p, TSQ_NOT);
            return ST_OK;
        }
        if (c == '"') {
            tsq_web_quoted(p);
            *out = TOKEN_VALUE;
            return ST_OK;
        }
        if (ts_is_operator(c)) {
            s->at++;
            p->expect = EXPECT_OPERAND;
            continue;
        }
        Status st = tsq_operand(cx, p);
        *out = st == ST_OK ? TOKEN_VALUE : TOKEN_END;
        if (st == ST_DONE && p->expect != EXPECT_FIRST) {
            tsq_push_stop(p);
        }
        if (st == ST_OK) {
            p->expect = EXPECT_OPERATOR;
        }
        return st == ST_DONE ? ST_OK : st;
    }
}

static Status tsq_token(Cx *cx, TsqParse *p, TsqToken *out)
{
    if (p->syntax == TSQ_SYNTAX_FULL) {
        return tsq_token_full(cx, p, out);
    }
    if (p->syntax == TSQ_SYNTAX_WEB) {
        return tsq_token_web(cx, p, out);
    }
    *out = p->scan.at < p->scan.end ? TOKEN_VALUE : TOKEN_END;
    p->text = (Slice){p->scan.at, (size_t)(p->scan.end - p->scan.at)};
    p->scan.at = p->scan.end;
    return ST_OK;
}

/* ---- the grammar ---- */

typedef struct TsqWaiting {
    TsqOper oper;
    uint32_t distance;
} TsqWaiting;

/* tsq_release - operators that bind as closely as `oper`, or closer; NOT binds to its right. */
static Status tsq_release(Cx *cx, TsqParse *p, TsqWaiting *stack, uint32_t *count, TsqOper oper)
{
    while (*count > 0) {
        uint8_t mine = TSQ_PRIORITY[oper], top = TSQ_PRIORITY[stack[*count - 1].oper];
        if (mine > top || (oper == TSQ_NOT && mine == top)) {
            break;
        }
        --*count;
        TRY(tsq_push_operator(cx, p, stack[*count].oper, stack[*count].distance));
    }
    return ST_OK;
}

/* tsq_group - to the closing parenthesis, or the end. */
static Status tsq_group(Cx *cx, TsqParse *p, uint32_t nesting)
{
    TsqWaiting stack[TSQ_OPERATORS_MAX];
    uint32_t count = 0;
    TsqToken token = TOKEN_END;
    if (nesting > TSQ_NESTING_MAX) {
        return err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    for (;;) {
        TRY(tsq_token(cx, p, &token));
        switch (token) {
        case TOKEN_VALUE: TRY(p->word(cx, p, p->arg, p->text, p->weight, p->prefix)); break;
        case TOKEN_OPERATOR: {
            TsqWaiting w = {p->oper, p->distance};
            TRY(tsq_release(cx, p, stack, &count, w.oper));
            if (count == TSQ_OPERATORS_MAX) {
                return err_set(cx, ERRCODE_INTERNAL_ERROR, "tsquery stack too small");
            }
            stack[count++] = w;
            break;
        }
        case TOKEN_OPEN: TRY(tsq_group(cx, p, nesting + 1)); break;
        case TOKEN_END:
        case TOKEN_CLOSE: return tsq_release(cx, p, stack, &count, TSQ_OR);
        default: return tsq_syntax(cx, p, "syntax error in");
        }
    }
}

static Status tsq_word_as_is(Cx *cx, TsqParse *p, void *arg UNUSED, Slice word, uint32_t weight,
                             bool prefix)
{
    return tsq_push_value(cx, p, word, weight, prefix);
}

Status tsq_parse(Cx *cx, Arena *arena, Slice text, TsqSyntax syntax, TsqWordFn word, void *arg,
                 Str *out)
{
    TsqParse p = {.arena = arena,
                  .scan = {.arena = arena,
                           .start = text.ptr,
                           .end = text.ptr + text.len,
                           .at = text.ptr,
                           .operators = true,
                           .web = syntax == TSQ_SYNTAX_WEB},
                  .syntax = syntax,
                  .word = word != NULL ? word : tsq_word_as_is,
                  .arg = arg};
    TRY(tsq_group(cx, &p, 0));
    if (p.tree_count == 0) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "text-search query doesn't contain lexemes: \"%.*s\"", (int)text.len, text.ptr);
        return tsq_build(cx, arena, NULL, out);
    }
    if (p.tree_count > 1) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "malformed tsquery: extra nodes");
    }
    TsqNode *tree = p.trees[0];
    if (p.has_stops && (tree = tsq_drop_stops(tree)) == NULL) {
        err_notice(
            cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
            "text-search query contains only stop words or doesn't contain lexemes, ignored");
    }
    return tsq_build(cx, arena, tree, out);
}

/* ---- output ---- */

/* tsq_print_node - with parentheses where the operator around it binds closer. */
static void tsq_print_node(const TsqNode *n, int parent, bool right_of_phrase, Buf *buf)
{
    if (n->kind == TSQ_VALUE) {
        ts_quote(n->text, buf);
        if (n->weight != 0 || n->prefix) {
            buf_puts(buf, n->prefix ? ":*" : ":");
            for (int w = 3; w >= 0; w--) {
                if ((n->weight >> w & 1) != 0) {
                    buf_putc(buf, "DCBA"[w]);
                }
            }
        }
        return;
    }
    int priority = TSQ_PRIORITY[n->oper];
    bool parentheses = priority < parent || (n->oper == TSQ_PHRASE && right_of_phrase);
    buf_puts(buf, parentheses ? "( " : "");
    if (n->oper == TSQ_NOT) {
        buf_putc(buf, '!');
        tsq_print_node(n->right, priority, false, buf);
    } else {
        tsq_print_node(n->left, priority, false, buf);
        if (n->oper == TSQ_PHRASE && n->distance != 1) {
            buf_printf(buf, " <%u> ", n->distance);
        } else {
            buf_puts(buf, n->oper == TSQ_AND ? " & " : n->oper == TSQ_OR ? " | " : " <-> ");
        }
        tsq_print_node(n->right, priority, n->oper == TSQ_PHRASE, buf);
    }
    buf_puts(buf, parentheses ? " )" : "");
}

void tsq_print(Slice bytes, Buf *buf)
{
    TsQuery q = tsq_open(bytes);
    Arena arena;
    arena_init(&arena, NULL, "tsquery text", 0);
    TsqNode *tree = tsq_tree(&arena, &q);
    if (tree != NULL) {
        tsq_print_node(tree, -1, false, buf);
    }
    arena_release(&arena);
}

/* ---- binary ---- */

void tsq_send(Slice bytes, Buf *buf)
{
    TsQuery q = tsq_open(bytes);
    buf_put_u32be(buf, q.count);
    for (uint32_t i = 0; i < q.count; i++) {
        const TsqItem *it = &q.items[i];
        buf_putc(buf, (char)it->kind);
        if (it->kind == TSQ_VALUE) {
            buf_putc(buf, (char)it->weight);
            buf_putc(buf, (char)it->prefix);
            buf_put_slice(buf, tsq_text(&q, i));
            buf_putc(buf, '\0');
        } else {
            buf_putc(buf, (char)it->oper);
            if (it->oper == TSQ_PHRASE) {
                buf_put_u16be(buf, (uint16_t)it->text);
            }
        }
    }
}

typedef struct TsqRead {
    Slice in;
    bool short_of;
} TsqRead;
static uint32_t tsq_read(TsqRead *r, size_t n)
{
    uint32_t v = 0;
    if (r->in.len < n) {
        r->short_of = true;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | (uint8_t)r->in.ptr[i];
    }
    r->in = (Slice){r->in.ptr + n, r->in.len - n};
    return v;
}

/* tsq_receive_item - one node as it came, its operands missing. */
static Status tsq_receive_item(Cx *cx, TsqRead *r, bool last, size_t *bytes, TsqNode *n)
{
    n->kind = (TsqKind)tsq_read(r, 1);
    if (n->kind == TSQ_VALUE) {
        n->weight = tsq_read(r, 1);
        n->prefix = tsq_read(r, 1) != 0;
        const char *end = r->in.len == 0 ? NULL : memchr(r->in.ptr, 0, r->in.len);
        if (end == NULL) {
            return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid string in message");
        }
        n->text = (Slice){r->in.ptr, (size_t)(end - r->in.ptr)};
        r->in = (Slice){end + 1, r->in.len - n->text.len - 1};
        if (n->weight > 0xf) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "invalid tsquery: invalid weight bitmap");
        }
        if (n->text.len > TSV_LEXEME_MAX + 1) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "invalid tsquery: operand too long");
        }
        *bytes += n->text.len + 1;
        return *bytes > TSV_STRING_MAX ? err_set(cx, ERRCODE_INTERNAL_ERROR,
                                                 "invalid tsquery: total operand length exceeded")
                                       : ST_OK;
    }
    if (r->short_of || n->kind != TSQ_OPERATOR) {
        return r->short_of ? err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "no data left in message")
                           : err_set(cx, ERRCODE_INTERNAL_ERROR,
                                     "unrecognized tsquery node type: %d", (int)n->kind);
    }
    n->oper = (TsqOper)tsq_read(r, 1);
    if (n->oper < TSQ_NOT || n->oper > TSQ_PHRASE) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "invalid tsquery: unrecognized operator type %d",
                       (int)n->oper);
    }
    if (last) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "invalid pointer to right operand");
    }
    n->distance = n->oper == TSQ_PHRASE ? tsq_read(r, 2) : 0;
    return ST_OK;
}

Status tsq_receive(Cx *cx, Arena *arena, Slice in, Str *out)
{
    TsqRead r = {.in = in};
    TsqParse p = {.arena = arena};
    size_t bytes = 0;
    uint32_t count = tsq_read(&r, 4);
    if (r.short_of) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    if (count > 0x3fffffff / sizeof(TsqItem)) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "invalid size of tsquery");
    }
    if (count > r.in.len) { /* each takes at least two bytes */
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "no data left in message");
    }
    TsqNode *nodes = ARENA_ARRAY(arena, TsqNode, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        TRY(tsq_receive_item(cx, &r, i + 1 == count, &bytes, &nodes[i]));
        nodes[i].depth = 1;
    }
    if (r.short_of || r.in.len != 0) {
        return r.short_of
                   ? err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message")
                   : err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                             "incorrect binary data format in bind parameter");
    }
    for (uint32_t i = count; i-- > 0;) {
        if (nodes[i].kind == TSQ_VALUE) {
            tsq_push(&p, &nodes[i]);
        } else {
            TRY(tsq_push_operator(cx, &p, nodes[i].oper, nodes[i].distance));
        }
    }
    if (p.tree_count > 1) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "malformed tsquery: extra nodes");
    }
    return tsq_build(cx, arena, p.tree_count == 0 ? NULL : p.trees[0], out);
}
