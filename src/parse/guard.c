/*
 * guard.c - bounds on nesting and size before the recursive parser sees a text
 *
 * The tree's depth is estimated from above: brackets and CASE nest, and so do chains of operators,
 * NOT, joins and set operations within one bracket (they make left-deep or right-deep trees).
 * Commas, AND and OR begin a new chain, since the parser flattens those lists.
 */
#include "parse/lex.h"

#define GUARD_LEVELS_MAX 1000
#define GUARD_CHAIN_MAX  4000
#define GUARD_TEXT_MAX   ((size_t)256 << 20)

typedef struct GuardLevel {
    uint32_t chain; /* operators since the last comma */
    uint32_t kept;  /* joins and set operations */
    bool is_case;
} GuardLevel;

static bool guard_word_is(const LexToken *t, const char *word)
{
    size_t n = strlen(word);
    return t->value.len == n && strncasecmp(t->value.ptr, word, n) == 0;
}

static Status guard_too_deep(Cx *cx)
{
    (void)err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    return err_hint(cx, "The statement nests more than %d levels deep; write it with less nesting.",
                    GUARD_LEVELS_MAX);
}

/* guard_word - what a word does to the nesting. */
static void guard_word(const LexToken *t, GuardLevel *levels, uint32_t *depth)
{
    GuardLevel *l = &levels[*depth];
    if (t->value.len > 9 || t->value.len < 2) {
        return;
    }
    if (guard_word_is(t, "case")) {
        levels[++*depth] = (GuardLevel){.is_case = true};
    } else if (guard_word_is(t, "end")) {
        if (*depth > 0 && l->is_case) {
            --*depth;
        }
    } else if (guard_word_is(t, "and") || guard_word_is(t, "or")) {
        l->chain = 0;
    } else if (guard_word_is(t, "not") || guard_word_is(t, "is") || guard_word_is(t, "like") ||
               guard_word_is(t, "in") || guard_word_is(t, "collate") || guard_word_is(t, "at")) {
        l->chain++;
    } else if (guard_word_is(t, "join") || guard_word_is(t, "union") ||
               guard_word_is(t, "except") || guard_word_is(t, "intersect")) {
        l->kept++;
    }
}

/* guard_name - the notice for a name that will be cut, which the library swallows. */
static void guard_name(Cx *cx, const LexToken *t)
{
    if (t->value.len <= LEX_NAME_BYTES_MAX || cx->notice == NULL) {
        return;
    }
    char *name = mem_alloc("name", t->value.len + 1);
    size_t n = 0, kept = LEX_NAME_BYTES_MAX;
    for (size_t i = 0; i < t->value.len; i++) {
        char c = t->value.ptr[i];
        bool quoted = t->kind == LEX_QUOTED_IDENT;
        name[n++] = !quoted && c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        i += quoted && c == '"'; /* doubled, as values are not made here */
    }
    name[n] = '\0';
    while (kept > 0 && ((uint8_t)name[kept] & 0xc0) == 0x80) {
        kept--;
    }
    if (n > LEX_NAME_BYTES_MAX) {
        err_notice(cx, ERR_NOTICE, ERRCODE_NAME_TOO_LONG, NULL,
                   "identifier \"%s\" will be truncated to \"%.*s\"", name, (int)kept, name);
    }
    mem_free(name);
}

Status parse_guard(Cx *cx, Slice sql)
{
    if (sql.len > GUARD_TEXT_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "statement text is too long");
    }
    GuardLevel levels[GUARD_LEVELS_MAX + 2];
    uint32_t depth = 0;
    levels[0] = (GuardLevel){0};
    Lexer lx = {.text = sql};
    LexToken t;
    for (lex_next(&lx, &t); t.kind != LEX_END && t.start < sql.len; lex_next(&lx, &t)) {
        GuardLevel *l = &levels[depth];
        char c = sql.ptr[t.start];
        if (t.kind == LEX_IDENT || t.kind == LEX_QUOTED_IDENT) {
            guard_name(cx, &t);
        }
        if (t.kind == LEX_IDENT) {
            guard_word(&t, levels, &depth);
        } else if (t.kind == LEX_OPERATOR || (t.kind == LEX_PUNCT && c == ':')) {
            l->chain++;
        } else if (t.kind == LEX_PUNCT) {
            if (c == '(' || c == '[') {
                levels[++depth] = (GuardLevel){0};
            } else if (c == ')' || c == ']') {
                depth -= depth > 0 ? 1 : 0;
            } else if (c == ',') {
                l->chain = 0;
            } else if (c == ';') {
                depth = 0;
                levels[0] = (GuardLevel){0};
            }
        }
        if (depth >= GUARD_LEVELS_MAX ||
            levels[depth].chain + levels[depth].kept > GUARD_CHAIN_MAX) {
            return guard_too_deep(cx);
        }
    }
    return ST_OK;
}
