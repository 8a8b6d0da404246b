#ifndef DASSIE_TYPE_JSONPATH_H
#define DASSIE_TYPE_JSONPATH_H
/*
 * jsonpath.h - the SQL/JSON path language: its tree, reading and writing it, running it.
 *
 * A jsonpath is stored as its text, written as jsonpath_out does, and read again by who runs it;
 * functions keep the tree in their state. Any thread; no state.
 */
#include "type/jsonb.h"
#include "type/kernel.h"

typedef enum JpType {
    JP_NULL,
    JP_BOOL,
    JP_NUMBER,
    JP_STRING,
    JP_VARIABLE,
    JP_ROOT,
    JP_CURRENT,
    JP_LAST,
    JP_AND,
    JP_OR,
    JP_NOT,
    JP_UNKNOWN,
    JP_EXISTS,
    JP_EQ,
    JP_NE,
    JP_LT,
    JP_GT,
    JP_LE,
    JP_GE,
    JP_STARTS,
    JP_REGEX,
    JP_ADD,
    JP_SUB,
    JP_MUL,
    JP_DIV,
    JP_MOD,
    JP_PLUS,
    JP_MINUS,
    JP_KEY,
    JP_ANY_KEY,
    JP_ANY_ARRAY,
    JP_INDEX,
    JP_ANY,
    JP_FILTER,
    JP_TYPE,
    JP_SIZE,
    JP_ABS,
    JP_FLOOR,
    JP_CEILING,
    JP_DOUBLE,
    JP_DATETIME,
    JP_KEYVALUE,
} JpType;

enum { JP_REGEX_I = 1, JP_REGEX_S = 2, JP_REGEX_M = 4, JP_REGEX_X = 8, JP_REGEX_Q = 16 };
#define JP_LEVEL_LAST UINT32_MAX

typedef struct JpSub {
    struct JpNode *from, *to; /* to NULL: one element */
} JpSub;

/* JpNode - one item of the tree; `next` is the accessor behind it. */
typedef struct JpNode {
    JpType type;
    bool predicate; /* gives a truth value by itself */
    bool paren;     /* of the parser: stood in parentheses */
    bool b;
    uint32_t first, last; /* JP_ANY: levels */
    uint32_t flags;       /* JP_REGEX */
    struct JpNode *next, *left, *right;
    Slice text;  /* key, string, variable, pattern, template */
    Str number;  /* JP_NUMBER */
    Slice node;  /* the constant as jsonb */
    JpSub *subs; /* JP_INDEX */
    uint32_t sub_count;
    void *regex; /* JP_REGEX: the compiled pattern */
    Arena *arena;
} JpNode;

typedef struct JsonPath {
    bool strict;
    JpNode *root;
} JsonPath;

/* jp_parse - read a path; 42601 and friends. Everything is in call->arena. */
Status jp_parse(FnCall *call, Arena *arena, Slice text, JsonPath *out);
/* jp_regex - does a text match the pattern of a JP_REGEX? */
Status jp_regex(FnCall *call, JpNode *n, Slice text, bool *found);
/* jp_print - as PostgreSQL writes it. */
void jp_print(const JsonPath *path, Buf *buf);
/* jp_name - of an operator or a method, as in error texts. */
const char *jp_name(JpType type);

/* ---- running ---- */
/* JpItem - one item of a sequence: jsonb, or a date or time with its type. */
typedef struct JpItem {
    Slice node;
    Oid datetime; /* 0: jsonb */
    Datum value;
    int32_t zone; /* seconds east, of timestamptz */
} JpItem;
typedef struct JpList {
    JpItem *items;
    uint32_t count, size;
} JpList;

/* JpResult - JP_FAILED: an error that the path's silence hides; JP_RAISED: one in cx. */
typedef enum JpResult { JP_FOUND, JP_NOTHING, JP_FAILED, JP_RAISED } JpResult;

typedef struct JpRun {
    FnCall *call;
    const JsonPath *path;
    Slice root, vars;
    bool has_vars;
    bool raise;         /* errors are raised, else JP_FAILED */
    bool lenient;       /* structural errors are nothing */
    bool use_zone;      /* the _tz functions: the session's zone may be used */
    int64_t array_size; /* of the innermost subscript; -1: none */
    const JpItem *current;
    uint32_t depth;
} JpRun;

/* jp_run - evaluate; found NULL: only whether there is anything. */
JpResult jp_run(JpRun *x, JpList *found);
JpResult jp_fail(JpRun *x, uint32_t sqlstate, const char *fmt, ...) PRINTF_LIKE(3, 4);
void jp_list_add(JpRun *x, JpList *list, const JpItem *item);
/* jp_datetime - .datetime() of a string. */
JpResult jp_datetime(JpRun *x, const JpNode *n, Slice text, JpItem *out);
/* jp_datetime_compare - *known_out false: not comparable. */
JpResult jp_datetime_compare(JpRun *x, const JpItem *a, const JpItem *b, int *cmp, bool *known_out);
const char *jp_datetime_type(Oid type);
/* jp_datetime_node - as a JSON string. */
Slice jp_datetime_node(JpRun *x, const JpItem *item);

/* ---- inverted indexes ---- */
struct GinItems;
typedef void (*JpGinKeyFn)(Slice key, struct GinItems *out);
/* jp_gin_keys - the keys without which a path (as text) finds nothing in a value (@?), or (match)
 * is not true of it (@@). */
void jp_gin_keys(Slice text, bool match, JpGinKeyFn fn, struct GinItems *out);

#endif
