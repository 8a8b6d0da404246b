#ifndef DASSIE_PARSE_H
#define DASSIE_PARSE_H
/*
 * parse.h - SQL text to syntax tree: libpg_query behind one header.
 *
 * The tree is libpg_query's protobuf tree (PgQuery__Node and friends, pg_query.pb-c.h) unpacked
 * into the caller's arena. Nesting and size are checked before the parser sees the text (54001,
 * 54000), since it recurses. Any thread.
 */
#include "base/arena.h"
#include "base/buf.h"

struct PgQuery__Node;

/* One statement of a query string. */
typedef struct ParsedStmt {
    struct PgQuery__Node *node; /* NULL for an empty statement */
    int32_t location;           /* byte offset of the statement in the text */
    int32_t length;             /* bytes */
} ParsedStmt;

/* parse_sql - all statements of the text. Errors: 42601 with PostgreSQL's message and position (in
 * characters), 54001. */
Status parse_sql(Cx *cx, Arena *arena, Slice sql, ParsedStmt **stmts_out, uint32_t *count_out);
/* parse_expression - one scalar expression (defaults, checks stored as text): the node of "SELECT
 * <text>". */
Status parse_expression(Cx *cx, Arena *arena, Slice text, struct PgQuery__Node **node_out);
/* parse_deparse_expression - text that parses back to the same tree (what defaults and checks are
 * stored as). */
Status parse_deparse_expression(Cx *cx, Arena *arena, const struct PgQuery__Node *node,
                                char **text_out);
/* parse_deparse_statement - likewise for a whole statement (view definitions). */
Status parse_deparse_statement(Cx *cx, Arena *arena, const struct PgQuery__Node *node,
                               char **text_out);
/* parse_char_position - 1-based character position of a byte offset, as error positions are
 * counted. */
int32_t parse_char_position(Slice sql, int32_t byte_offset);

/*
 * Statement shape, for the cache that serves clients which never prepare: the text with each
 * literal cut out. Two texts with the same shape have the same tree but for constants. Our own
 * scan; no parser.
 */
typedef enum LiteralClass { LIT_INT4 = 1, LIT_INT8, LIT_NUMERIC, LIT_STRING } LiteralClass;
typedef struct ShapeLiteral {
    Slice text;       /* digits, or the string's value (unescaped, in arena) */
    int32_t location; /* byte offset in the statement */
    LiteralClass cls;
} ShapeLiteral;
typedef struct StmtShape {
    Slice key; /* tokens with literals replaced by their class; white space and comments folded */
    ShapeLiteral *literals;
    uint32_t literal_count;
} StmtShape;
/* parse_shape - ST_NOTFOUND when the text is not one plain SELECT/INSERT/UPDATE/DELETE/WITH
 * statement. */
Status parse_shape(Cx *cx, Arena *arena, Slice sql, StmtShape *out);
/* parse_normal_text - append the text with $n in the place of each literal (normal.c). */
void parse_normal_text(Slice sql, Buf *out);

#endif
