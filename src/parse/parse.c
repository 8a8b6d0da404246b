/*
 * parse.c - libpg_query behind our header: parse, unpack into an arena, deparse
 *
 * The library keeps its memory per thread and hands a packed protobuf message over; unpacking it
 * with an allocator over the arena makes the tree ours and free of charge to drop.
 */
#include "parse/parse.h"

#include <ctype.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "parse/lex.h"

static void *parse_tree_alloc(void *arena, size_t bytes)
{
    return arena_alloc(arena, bytes);
}

static void parse_tree_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* parse_is_char_start - false for the second and later bytes of a UTF-8 character. */
static bool parse_is_char_start(char c)
{
    return ((uint8_t)c & 0xc0) != 0x80;
}

int32_t parse_char_position(Slice sql, int32_t byte_offset)
{
    if (byte_offset < 0) {
        return 0;
    }
    int32_t position = 1;
    for (size_t i = 0; i < (size_t)byte_offset && i < sql.len; i++) {
        position += parse_is_char_start(sql.ptr[i]) ? 1 : 0;
    }
    return position;
}

/* parse_error_state - the SQLSTATE of a message of the parser's: nearly all are syntax errors. The
 * library does not hand its own code over. */
static uint32_t parse_error_state(const char *message)
{
    static const struct {
        const char *part;
        uint32_t state;
    } STATES[] = {
        {"LIMIT #,# syntax", ERRCODE_SYNTAX_ERROR},
        {"not supported", ERRCODE_FEATURE_NOT_SUPPORTED},
        {"not implemented", ERRCODE_FEATURE_NOT_SUPPORTED},
        {"not yet implemented", ERRCODE_FEATURE_NOT_SUPPORTED},
        {"constraints cannot be marked ", ERRCODE_FEATURE_NOT_SUPPORTED},
        {"cannot have output arguments", ERRCODE_FEATURE_NOT_SUPPORTED},
        {"current database cannot be changed", ERRCODE_FEATURE_NOT_SUPPORTED},
        {"precision for type float ", ERRCODE_INVALID_PARAMETER_VALUE},
        {"frame start cannot be ", ERRCODE_WINDOWING_ERROR},
        {"frame end cannot be ", ERRCODE_WINDOWING_ERROR},
        {"frame starting from ", ERRCODE_WINDOWING_ERROR},
        {"unsafe use of \\' ", ERRCODE_NONSTANDARD_USE_OF_ESCAPE_CHARACTER},
        {"role name \"", ERRCODE_RESERVED_NAME},
        {"invalid byte sequence", ERRCODE_CHARACTER_NOT_IN_REPERTOIRE},
    };
    for (size_t i = 0; i < ARRAY_LEN(STATES); i++) {
        if (strstr(message, STATES[i].part) != NULL) {
            return STATES[i].state;
        }
    }
    return ERRCODE_SYNTAX_ERROR;
}

/* parse_error_raise - the library's error as PostgreSQL gives it. Two things it does not tell: in
 * which kind of literal a Unicode escape is wrong, and the whole of a number with letters behind
 * it. */
static Status parse_error_raise(Cx *cx, Slice sql, const char *message, int32_t position)
{
    static const char JUNK[] = "trailing junk after numeric literal at or near \"";
    size_t at = 0;
    for (int32_t chars = 1; at < sql.len; at++) {
        if (parse_is_char_start(sql.ptr[at]) && chars++ == position) {
            break;
        }
    }
    if (strcmp(message, "invalid Unicode escape") == 0) {
        /* The position is the escape's: \uXXXX is of E'', all else of U&''. */
        bool escape_string = at + 1 < sql.len && sql.ptr[at] == '\\' &&
                             (sql.ptr[at + 1] == 'u' || sql.ptr[at + 1] == 'U');
        st_ignore(err_set(cx,
                          escape_string ? ERRCODE_INVALID_ESCAPE_SEQUENCE : ERRCODE_SYNTAX_ERROR,
                          "%s", message));
        st_ignore(err_hint(cx, escape_string ? "Unicode escapes must be \\uXXXX or \\UXXXXXXXX."
                                             : "Unicode escapes must be \\XXXX or \\+XXXXXX."));
        return err_position(cx, position);
    }
    if (strncmp(message, JUNK, sizeof(JUNK) - 1) == 0) {
        size_t end = at + strlen(message) - sizeof(JUNK);
        while (end < sql.len && (isalnum((unsigned char)sql.ptr[end]) || sql.ptr[end] == '_' ||
                                 sql.ptr[end] == '$' || (sql.ptr[end] & 0x80) != 0)) {
            end++;
        }
        st_ignore(
            err_set(cx, ERRCODE_SYNTAX_ERROR, "%s%.*s\"", JUNK, (int)(end - at), sql.ptr + at));
        return err_position(cx, position);
    }
    st_ignore(err_set(cx, parse_error_state(message), "%s", message));
    return err_position(cx, position);
}

/* parse_error_hint - the hints of the grammar, which the library does not hand on. */
static void parse_error_hint(Cx *cx, const char *message)
{
    static const char *const HINTS[][2] = {
        {"subquery in FROM must have an alias", "For example, FROM (SELECT ...) [AS] foo."},
        {"VALUES in FROM must have an alias", "For example, FROM (VALUES ...) [AS] foo."},
        {"LIMIT #,# syntax is not supported", "Use separate LIMIT and OFFSET clauses."},
    };
    for (size_t i = 0; i < ARRAY_LEN(HINTS); i++) {
        if (strcmp(HINTS[i][0], message) == 0) {
            st_ignore(err_hint(cx, "%s", HINTS[i][1]));
        }
    }
}

Status parse_sql(Cx *cx, Arena *arena, Slice sql, ParsedStmt **stmts_out, uint32_t *count_out)
{
    *stmts_out = NULL;
    *count_out = 0;
    TRY(parse_guard(cx, sql));
    char *text = arena_strndup(arena, sql.ptr, sql.len);
    PgQueryProtobufParseResult r = pg_query_parse_protobuf(text);
    if (r.error != NULL) {
        st_ignore(parse_error_raise(cx, sql, r.error->message, r.error->cursorpos));
        parse_error_hint(cx, r.error->message);
        pg_query_free_protobuf_parse_result(r);
        return ST_ERROR;
    }
    ProtobufCAllocator allocator = {parse_tree_alloc, parse_tree_free, arena};
    PgQuery__ParseResult *tree = pg_query__parse_result__unpack(&allocator, r.parse_tree.len,
                                                                (const uint8_t *)r.parse_tree.data);
    pg_query_free_protobuf_parse_result(r);
    if (tree == NULL) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "the parser's tree could not be read");
    }
    ParsedStmt *list = ARENA_ARRAY(arena, ParsedStmt, tree->n_stmts);
    for (size_t i = 0; i < tree->n_stmts; i++) {
        const PgQuery__RawStmt *s = tree->stmts[i];
        int32_t at = s->stmt_location;
        int32_t len = s->stmt_len > 0 ? s->stmt_len : (int32_t)sql.len - at;
        while (len > 0 && strchr(" \t\r\n\f", sql.ptr[at]) != NULL) {
            at++;
            len--;
        }
        list[i] = (ParsedStmt){s->stmt, at, len};
    }
    *stmts_out = list;
    *count_out = (uint32_t)tree->n_stmts;
    return ST_OK;
}

Status parse_expression(Cx *cx, Arena *arena, Slice text, struct PgQuery__Node **node_out)
{
    char *sql = arena_printf(arena, "SELECT %.*s", (int)text.len, text.ptr);
    ParsedStmt *stmts;
    uint32_t count;
    TRY(parse_sql(cx, arena, slice_of(sql), &stmts, &count));
    const PgQuery__SelectStmt *s =
        count == 1 && stmts[0].node->node_case == PG_QUERY__NODE__NODE_SELECT_STMT
            ? stmts[0].node->select_stmt
            : NULL;
    if (s == NULL || s->n_target_list != 1 ||
        s->target_list[0]->node_case != PG_QUERY__NODE__NODE_RES_TARGET) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "not one expression: %.*s", (int)text.len,
                       text.ptr);
    }
    *node_out = s->target_list[0]->res_target->val;
    return ST_OK;
}

Status parse_deparse_statement(Cx *cx, Arena *arena, const struct PgQuery__Node *node,
                               char **text_out)
{
    PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
    PgQuery__RawStmt *raws[1] = {&raw};
    PgQuery__ParseResult result = PG_QUERY__PARSE_RESULT__INIT;
    PgQuery__Node copy = *node;
    raw.stmt = &copy;
    result.n_stmts = 1;
    result.stmts = raws;
    size_t len = pg_query__parse_result__get_packed_size(&result);
    uint8_t *bytes = arena_alloc(arena, len + 1);
    (void)pg_query__parse_result__pack(&result, bytes);
    PgQueryDeparseResult r =
        pg_query_deparse_protobuf((PgQueryProtobuf){.len = len, .data = (char *)bytes});
    Status st = ST_OK;
    if (r.error != NULL) {
        st = err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "this statement cannot be stored: %s",
                     r.error->message);
    } else {
        *text_out = arena_strdup(arena, r.query);
    }
    pg_query_free_deparse_result(r);
    return st;
}

Status parse_deparse_expression(Cx *cx, Arena *arena, const struct PgQuery__Node *node,
                                char **text_out)
{
    static const char PREFIX[] = "SELECT ";
    PgQuery__Node copy = *node;
    PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
    PgQuery__Node target_node = PG_QUERY__NODE__INIT;
    PgQuery__Node *targets[1] = {&target_node};
    PgQuery__SelectStmt select = PG_QUERY__SELECT_STMT__INIT;
    PgQuery__Node select_node = PG_QUERY__NODE__INIT;
    target.val = &copy;
    target_node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
    target_node.res_target = &target;
    select.n_target_list = 1;
    select.target_list = targets;
    select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
    select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    select_node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    select_node.select_stmt = &select;
    char *text;
    TRY(parse_deparse_statement(cx, arena, &select_node, &text));
    *text_out = strncmp(text, PREFIX, sizeof(PREFIX) - 1) == 0 ? text + sizeof(PREFIX) - 1 : text;
    return ST_OK;
}
