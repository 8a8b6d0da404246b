/*
 * jsonpath.c - the type jsonpath: input, output, and how a tree is written.
 */
#include "type/jsonpath.h"
#include "type/json_internal.h"
#include "type/numeric.h"

const char *jp_name(JpType type)
{
    static const char *const NAMES[] = {[JP_AND] = "&&",
                                        [JP_OR] = "||",
                                        [JP_EQ] = "==",
                                        [JP_NE] = "!=",
                                        [JP_LT] = "<",
                                        [JP_GT] = ">",
                                        [JP_LE] = "<=",
                                        [JP_GE] = ">=",
                                        [JP_STARTS] = "starts with",
                                        [JP_ADD] = "+",
                                        [JP_SUB] = "-",
                                        [JP_MUL] = "*",
                                        [JP_DIV] = "/",
                                        [JP_MOD] = "%",
                                        [JP_PLUS] = "+",
                                        [JP_MINUS] = "-",
                                        [JP_TYPE] = "type",
                                        [JP_SIZE] = "size",
                                        [JP_ABS] = "abs",
                                        [JP_FLOOR] = "floor",
                                        [JP_CEILING] = "ceiling",
                                        [JP_DOUBLE] = "double",
                                        [JP_DATETIME] = "datetime",
                                        [JP_KEYVALUE] = "keyvalue"};
    return NAMES[type];
}

/* jp_priority - how close an operator binds; what is none binds closest. */
static int jp_priority(JpType type)
{
    switch (type) {
    case JP_OR: return 0;
    case JP_AND: return 1;
    case JP_EQ:
    case JP_NE:
    case JP_LT:
    case JP_GT:
    case JP_LE:
    case JP_GE:
    case JP_STARTS: return 2;
    case JP_ADD:
    case JP_SUB: return 3;
    case JP_MUL:
    case JP_DIV:
    case JP_MOD: return 4;
    case JP_PLUS:
    case JP_MINUS: return 5;
    default: return 6;
    }
}

static void jp_print_node(const JpNode *n, bool in_key, bool brackets, Buf *buf);

/* jp_print_arg - an operand, in parentheses where it binds no closer than its operator. */
static void jp_print_arg(const JpNode *of, const JpNode *arg, Buf *buf)
{
    jp_print_node(arg, false, jp_priority(arg->type) <= jp_priority(of->type), buf);
}

static void jp_print_levels(const JpNode *n, Buf *buf)
{
    buf_puts(buf, "**");
    if (n->first == 0 && n->last == JP_LEVEL_LAST) {
        return;
    }
    buf_putc(buf, '{');
    uint32_t ends[2] = {n->first, n->last};
    for (int i = 0; i < (n->first == n->last ? 1 : 2); i++) {
        buf_puts(buf, i > 0 ? " to " : "");
        if (ends[i] == JP_LEVEL_LAST) {
            buf_puts(buf, "last");
        } else {
            buf_put_u64_text(buf, ends[i]);
        }
    }
    buf_putc(buf, '}');
}

static void jp_print_regex(const JpNode *n, Buf *buf)
{
    static const char LETTERS[] = "ismxq";
    jp_print_arg(n, n->left, buf);
    buf_puts(buf, " like_regex ");
    json_quote(n->text, buf);
    if (n->flags != 0) {
        buf_puts(buf, " flag \"");
        for (uint32_t i = 0; i < 5; i++) {
            if ((n->flags & 1u << i) != 0) {
                buf_putc(buf, LETTERS[i]);
            }
        }
        buf_putc(buf, '"');
    }
}

static void jp_print_subscripts(const JpNode *n, Buf *buf)
{
    buf_putc(buf, '[');
    for (uint32_t i = 0; i < n->sub_count; i++) {
        buf_puts(buf, i > 0 ? "," : "");
        jp_print_node(n->subs[i].from, false, false, buf);
        if (n->subs[i].to != NULL) {
            buf_puts(buf, " to ");
            jp_print_node(n->subs[i].to, false, false, buf);
        }
    }
    buf_putc(buf, ']');
}

/* jp_print_operator - of two operands, or of one before it. */
static void jp_print_operator(const JpNode *n, bool brackets, Buf *buf)
{
    buf_puts(buf, brackets ? "(" : "");
    if (n->type == JP_REGEX) {
        jp_print_regex(n, buf);
    } else if (n->type == JP_PLUS || n->type == JP_MINUS) {
        buf_puts(buf, jp_name(n->type));
        jp_print_arg(n, n->left, buf);
    } else {
        jp_print_arg(n, n->left, buf);
        buf_putc(buf, ' ');
        buf_puts(buf, jp_name(n->type));
        buf_putc(buf, ' ');
        jp_print_arg(n, n->right, buf);
    }
    buf_puts(buf, brackets ? ")" : "");
}

/* jp_print_around - what takes one argument in parentheses. */
static void jp_print_around(const char *before, const JpNode *arg, const char *after, Buf *buf)
{
    buf_puts(buf, before);
    jp_print_node(arg, false, false, buf);
    buf_puts(buf, after);
}

static void jp_print_constant(const JpNode *n, Buf *buf)
{
    switch (n->type) {
    case JP_NULL: buf_puts(buf, "null"); return;
    case JP_BOOL: buf_puts(buf, n->b ? "true" : "false"); return;
    case JP_NUMBER:
        buf_puts(buf, n->next != NULL ? "(" : "");
        numeric_text(&n->number, buf);
        buf_puts(buf, n->next != NULL ? ")" : "");
        return;
    case JP_VARIABLE: buf_putc(buf, '$'); break;
    default: break;
    }
    json_quote(n->text, buf);
}

/* jp_print_node - an item and the accessors behind it. in_key: after another one. */
static void jp_print_node(const JpNode *n, bool in_key, bool brackets, Buf *buf)
{
    switch (n->type) {
    case JP_NULL:
    case JP_BOOL:
    case JP_NUMBER:
    case JP_STRING:
    case JP_VARIABLE: jp_print_constant(n, buf); break;
    case JP_ROOT: buf_putc(buf, '$'); break;
    case JP_CURRENT: buf_putc(buf, '@'); break;
    case JP_LAST: buf_puts(buf, "last"); break;
    case JP_NOT: jp_print_around("!(", n->left, ")", buf); break;
    case JP_UNKNOWN: jp_print_around("(", n->left, ") is unknown", buf); break;
    case JP_EXISTS: jp_print_around("exists (", n->left, ")", buf); break;
    case JP_FILTER: jp_print_around("?(", n->left, ")", buf); break;
    case JP_KEY:
        buf_puts(buf, in_key ? "." : "");
        json_quote(n->text, buf);
        break;
    case JP_ANY_KEY: buf_puts(buf, in_key ? ".*" : "*"); break;
    case JP_ANY_ARRAY: buf_puts(buf, "[*]"); break;
    case JP_INDEX: jp_print_subscripts(n, buf); break;
    case JP_ANY:
        buf_puts(buf, in_key ? "." : "");
        jp_print_levels(n, buf);
        break;
    case JP_TYPE:
    case JP_SIZE:
    case JP_ABS:
    case JP_FLOOR:
    case JP_CEILING:
    case JP_DOUBLE:
    case JP_DATETIME:
    case JP_KEYVALUE:
        buf_putc(buf, '.');
        buf_puts(buf, jp_name(n->type));
        buf_putc(buf, '(');
        if (n->text.ptr != NULL) {
            json_quote(n->text, buf);
        }
        buf_putc(buf, ')');
        break;
    default: jp_print_operator(n, brackets, buf); break;
    }
    if (n->next != NULL) {
        jp_print_node(n->next, true, true, buf);
    }
}

void jp_print(const JsonPath *path, Buf *buf)
{
    buf_puts(buf, path->strict ? "strict " : "");
    jp_print_node(path->root, false, true, buf);
}

Status jp_regex(FnCall *call, JpNode *n, Slice text, bool *found)
{
    bool s = (n->flags & JP_REGEX_S) != 0, m = (n->flags & JP_REGEX_M) != 0;
    char options[4] = {0};
    uint32_t at = 0;
    if ((n->flags & JP_REGEX_I) != 0) {
        options[at++] = 'i';
    }
    options[at++] = (n->flags & JP_REGEX_Q) != 0 ? 'q' : s ? (m ? 'w' : 's') : (m ? 'n' : 'p');
    FnCall own = *call;
    own.state = n->regex;
    own.state_arena = n->arena;
    Status st = text_regex_search(&own, n->text, options, text, found);
    n->regex = own.state;
    return st;
}

/* ---- the type ---- */

static Status jsonpath_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    JsonPath path;
    Buf buf;
    TRY(jp_parse(call, call->arena, text, &path));
    buf_init(&buf, SIZE_MAX);
    jp_print(&path, &buf);
    out->str = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return ST_OK;
}
static void jsonpath_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_slice(buf, str_slice(&v->str));
}

#define JSONPATH_WIRE_VERSION 1

static Status jsonpath_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    if (bytes.len == 0) {
        return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "no data left in message");
    }
    if (bytes.ptr[0] != JSONPATH_WIRE_VERSION) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "unsupported jsonpath version number: %d",
                       (uint8_t)bytes.ptr[0]);
    }
    Slice text = {bytes.ptr + 1, bytes.len - 1};
    TRY(utf8_verify(call->cx, text));
    return jsonpath_in(call, text, typmod, out);
}
static void jsonpath_send(FnCall *call, const Datum *v, Buf *buf)
{
    buf_putc(buf, JSONPATH_WIRE_VERSION);
    jsonpath_out(call, v, buf);
}

static const TypeOps JSONPATH_TYPES[] = {
    {TYPE_JSONPATH, "jsonpath", PHYS_STR, jsonpath_in, jsonpath_out, jsonpath_recv, jsonpath_send,
     NULL, NULL, NULL, NULL},
};
const TypeFamily type_family_jsonpath = {
    .types = JSONPATH_TYPES,
    .type_count = ARRAY_LEN(JSONPATH_TYPES),
};
