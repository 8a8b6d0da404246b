#ifndef DASSIE_BIND_QUERY_H
#define DASSIE_BIND_QUERY_H
/*
 * query.h - the typed query tree: what the binder makes and the planner takes.
 *
 * A tree of SELECT-like Query nodes over a range table. Everything lives in one arena and is not
 * changed after binding (rewrites copy). Column references name (range table entry, column), so
 * join order is free. All coercions are explicit.
 *
 * Catalogs keep trees as text (stored.c), enums by their numbers: members of enums are added at
 * their end, and what a stored view or expression may have is added there too.
 */
#include "catalog/catalog.h"

typedef struct Expr Expr;
typedef struct Query Query;

typedef enum ExprKind {
    EXPR_CONST,  /* value, is_null */
    EXPR_PARAM,  /* param: $n (1-based), or a lifted literal */
    EXPR_COLUMN, /* rte, column (0-based; COLUMN_ROWID = the row id), levels_up */
    EXPR_FUNC,   /* proc over args (operators too: oper set); strict per proc */
    EXPR_AGG,    /* aggregate proc over args, distinct, filter, order_by */
    EXPR_AND,
    EXPR_OR,
    EXPR_NOT,  /* args */
    EXPR_CASE, /* args: [when, then]..., else last (arg_count odd); simple CASE has its test folded
                  into the whens */
    EXPR_COALESCE,    /* args */
    EXPR_NULLIF,      /* args: a, b; proc = equality */
    EXPR_MINMAX,      /* GREATEST/LEAST: args; is_least; ordered by the type's order */
    EXPR_IS_NULL,     /* IS [NOT] NULL: args[0], negated */
    EXPR_IS_BOOL,     /* IS [NOT] TRUE/FALSE/UNKNOWN: args[0], bool_test */
    EXPR_IS_DISTINCT, /* args a, b; proc = equality; negated = NOT DISTINCT */
    EXPR_RELABEL,     /* binary-coercible cast: args[0] with another type */
    EXPR_IO_CAST,     /* cast through text output and input: args[0] */
    EXPR_IN,          /* args[0] IN (args[1..]): proc = equality; negated: NOT IN (<> ALL) */
    EXPR_SUBLINK, /* subquery: sublink kind; args[0] = the tested expression of ANY/ALL, proc = its
                     operator */
    EXPR_ARRAY,   /* ARRAY[...]: args; array.nested: they are arrays themselves */
    EXPR_ARRAY_CAST, /* args[0]'s elements each through array.each */
    EXPR_ELEMENT,    /* in array.each: the element at hand */
    EXPR_ARRAY_ANY,  /* args[0] op ANY/ALL (args[1] an array): proc; is_all */
    EXPR_ROW,        /* ROW(...) */
    EXPR_SQL_VALUE,  /* CURRENT_DATE ...: sql_value */
    EXPR_SUBSCRIPT,  /* args[0][...]: subs; with subs.assign the array with the last argument put in
                      */
    EXPR_FIELD,      /* (args[0]).field */
    EXPR_DEFAULT,    /* DEFAULT in VALUES: replaced before planning */
    EXPR_GROUPING,   /* GROUPING(...) */
    EXPR_WINDOW,     /* window function */
    EXPR_DOMAIN,     /* args[0], of what a domain is over, checked: domain */
} ExprKind;

typedef enum SublinkKind {
    SUBLINK_EXISTS,
    SUBLINK_ANY,
    SUBLINK_ALL,
    SUBLINK_SCALAR,
    SUBLINK_ARRAY
} SublinkKind;
typedef enum BoolTest {
    IS_TRUE,
    IS_NOT_TRUE,
    IS_FALSE,
    IS_NOT_FALSE,
    IS_UNKNOWN,
    IS_NOT_UNKNOWN
} BoolTest;
typedef enum SqlValue {
    SQLVALUE_CURRENT_DATE,
    SQLVALUE_CURRENT_TIME,
    SQLVALUE_CURRENT_TIMESTAMP,
    SQLVALUE_LOCALTIME,
    SQLVALUE_LOCALTIMESTAMP,
    SQLVALUE_CURRENT_USER,
    SQLVALUE_SESSION_USER,
    SQLVALUE_CURRENT_CATALOG,
    SQLVALUE_CURRENT_SCHEMA,
    SQLVALUE_CURRENT_ROLE,
    SQLVALUE_USER,
} SqlValue;
/* ExprForm - how the text had a function call or cast, for writing it back (deparse.h). */
typedef enum ExprForm {
    FORM_CALL,          /* name(args), or an operator */
    FORM_EXPLICIT_CAST, /* x::type, CAST(x AS type) */
    FORM_IMPLICIT_CAST, /* not in the text */
    FORM_SQL_SYNTAX,    /* EXTRACT(... FROM ...) and the like */
    FORM_COLLATE,       /* a RELABEL to the same type: x COLLATE name, in collation */
    FORM_ARRAY_CAST,    /* one cast of a whole ARRAY[...], done on each of its elements */
    FORM_HIDDEN,        /* a cast that is no cast in PostgreSQL's own tree: never written */
    FORM_WHOLE_ROWS,    /* OR, AND: t.* IS DISTINCT FROM u.*, t.* IS [NOT] NULL, column by column */
} ExprForm;
#define COLUMN_ROWID    (-1) /* physical row id: UPDATE, DELETE, row locks */
#define COLUMN_TABLEOID (-2)

typedef struct SortKey {
    Expr *expr;
    bool desc, nulls_first;
} SortKey;

/* Subscripts - which arguments are the bounds; 0 = left out (a slice to the array's own bound). */
typedef struct Subscripts {
    uint8_t count;
    bool is_slice, assign;
    uint8_t lower[6], upper[6]; /* without is_slice only upper */
} Subscripts;

struct Expr {
    ExprKind kind;
    Oid type, collation;
    int32_t typmod;
    int32_t location; /* byte offset in the statement, -1 unknown: for error positions */
    Oid carrier;      /* built-in type whose TypeOps handle the values; 0: type itself */
    PhysType phys;
    uint8_t form; /* ExprForm of FUNC, RELABEL, IO_CAST, AND, OR */
    uint16_t arg_count;
    uint16_t default_count; /* FUNC: how many of the last args are the function's defaults */
    Expr **args;
    Expr *case_test;     /* CASE x WHEN ...: x, which is also in each WHEN's comparison */
    const CatProc *proc; /* FUNC, AGG, NULLIF, IN, ANY... */
    Oid oper;            /* operator OID when written as one (EXPLAIN, index matching) */
    union {
        struct {
            Datum value;
            bool is_null;
        } constant;
        struct {
            uint32_t number;
            const Datum
                *peek; /* for estimates, while planning: its value this time; NULL unknown */
        } param;
        struct {
            uint16_t rte;
            int16_t column;
            uint16_t levels_up;
        } column;
        struct {
            bool distinct, star;
            bool within_group; /* ordered-set: the last order_count arguments are what is ordered */
            Expr *filter;
            SortKey *order_by;
            uint16_t order_count;
        } agg;
        struct {
            uint16_t number; /* in the query's windows */
            bool star;
            Expr *filter;
        } window;
        struct {
            SublinkKind kind;
            Query *query;
            bool negated;
        } sublink;
        BoolTest bool_test;
        SqlValue sql_value;
        bool negated;
        bool is_least;
        bool is_all;
        struct {
            bool nested;
            Expr *each;
        } array;
        Subscripts subs;
        struct {
            const char *const *names; /* of the fields; NULL: f1, f2, ... */
            bool whole;               /* of a table or subquery: NULL when all fields are */
        } row;
        struct {
            uint16_t number; /* among the fields that are not dropped */
            const char *name;
        } field;
        struct {
            const char *name, *schema, *plain; /* of the domain: for messages; and its own names */
            bool not_null;
            uint16_t check_count;
            Expr **checks; /* over EXPR_ELEMENT, the value */
            const char *const *names;
        } domain;
        const char *merged_name; /* COALESCE: it is this column of a FULL JOIN ... USING */
    } u;
};

static inline Oid expr_carrier(const Expr *e)
{
    return e->carrier != 0 ? e->carrier : e->type;
}
static inline const TypeOps *expr_type_ops(const Expr *e)
{
    return type_ops(expr_carrier(e));
}

typedef enum RteKind {
    RTE_TABLE,
    RTE_SUBQUERY,
    RTE_VALUES,
    RTE_FUNCTION,
    RTE_CTE,
    RTE_RESULT,
    RTE_TRANSITION /* rows of the trigger's table: `table`, `transition` */
} RteKind;
typedef struct RteColumn {
    const char *name;
    Oid type, collation;
    int32_t typmod;
    PhysType phys;
} RteColumn;
/* FunctionItem - entries that are only a function call, in another form than the text's. */
enum {
    FUNCTION_ITEM = 1, /* SUBQUERY: a function over columns to its left, and nothing else */
    FUNCTION_ITEM_IN_TARGET = 2, /* the call stands in a target's expression */
};
typedef struct Rte {
    RteKind kind;
    const char *alias; /* name it is known by */
    uint16_t column_count;
    RteColumn *columns;
    const CatTable *table; /* TABLE (built-in catalog relations too) */
    bool lateral;
    Query *subquery; /* SUBQUERY (views are expanded to this) */
    Expr ***rows;    /* VALUES: rows[r][c] */
    uint32_t row_count;
    Expr *function; /* FUNCTION: an EXPR_FUNC; set-returning or scalar */
    bool with_ordinality;
    uint16_t transition;   /* TRANSITION: number in BindCx.transitions and ExecEnv.transitions */
    bool defined;          /* FUNCTION: the columns are those of a definition list */
    bool fields;           /* FUNCTION: the columns are the fields of the row type it returns */
    const struct Cte *cte; /* CTE: which one */
    bool *column_used;     /* which columns the query refers to: what the scan must fetch */
    bool *column_read;     /* those that its text names: SELECT privilege; NULL: as column_used */
    bool tableoid_used;    /* TABLE: the query refers to tableoid */
    /* How the text had it, for deparse.h. */
    const CatTable *view;     /* SUBQUERY: the view it is */
    bool alias_given;         /* the name was written, it is not the relation's own */
    uint8_t function_item;    /* FunctionItem bits */
    const char **shown_names; /* by column, where the text renamed them; NULL = columns[].name */
} Rte;

typedef enum JoinKind { JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL } JoinKind;
/* FromNode - the join tree: a leaf names a range table entry. USING/NATURAL columns are resolved to
 * expressions. */
typedef struct FromNode {
    bool is_join;
    uint16_t rte; /* leaf */
    JoinKind join;
    struct FromNode *left, *right;
    Expr *on; /* NULL = true */
    /* How the text had it, for deparse.h. */
    const char *const *using_names;
    uint16_t using_count;
    const char *alias;
} FromNode;

typedef struct Target {
    Expr *expr;
    const char *name;
    bool hidden;      /* resjunk: only there for ORDER BY/GROUP BY */
    Oid source_table; /* RowDescription: table OID and attnum of a plain column, else 0 */
    int16_t source_column;
    const char *own_name; /* before a WITH clause's column list renamed it; NULL = name */
} Target;

typedef enum SetOp { SETOP_NONE, SETOP_UNION, SETOP_INTERSECT, SETOP_EXCEPT } SetOp;
typedef enum CmdKind {
    CMD_SELECT,
    CMD_INSERT,
    CMD_UPDATE,
    CMD_DELETE,
    CMD_UTILITY,
    CMD_MERGE
} CmdKind;

typedef enum ConflictAction { CONFLICT_ERROR, CONFLICT_NOTHING, CONFLICT_UPDATE } ConflictAction;

typedef struct RowMark {
    uint16_t rte;
    RowLockMode mode;
    WaitPolicy wait;
} RowMark;

/* FRAME_* - what a window's frame is made of; the bits are those of the parser. */
enum {
    FRAME_RANGE = 0x2,
    FRAME_ROWS = 0x4,
    FRAME_GROUPS = 0x8,
    FRAME_START_UNBOUNDED = 0x20,
    FRAME_END_UNBOUNDED = 0x100,
    FRAME_START_CURRENT = 0x200,
    FRAME_END_CURRENT = 0x400,
    FRAME_START_PRECEDING = 0x800,
    FRAME_END_PRECEDING = 0x1000,
    FRAME_START_FOLLOWING = 0x2000,
    FRAME_END_FOLLOWING = 0x4000,
    FRAME_START_OFFSET = FRAME_START_PRECEDING | FRAME_START_FOLLOWING,
    FRAME_END_OFFSET = FRAME_END_PRECEDING | FRAME_END_FOLLOWING,
    FRAME_EXCLUDE_CURRENT = 0x8000,
    FRAME_EXCLUDE_GROUP = 0x10000,
    FRAME_EXCLUDE_TIES = 0x20000,
    FRAME_EXCLUDE = FRAME_EXCLUDE_CURRENT | FRAME_EXCLUDE_GROUP | FRAME_EXCLUDE_TIES,
    FRAME_DEFAULT = FRAME_RANGE | FRAME_START_UNBOUNDED | FRAME_END_CURRENT,
};

/* RangeKind - how RANGE with an offset reckons: in C over 64-bit integers, floats and times of day;
 * else by the expressions range_start and range_end. */
typedef enum RangeKind { RANGE_NONE, RANGE_INT, RANGE_FLOAT, RANGE_TIME, RANGE_EXPR } RangeKind;

/* Window - one window definition of a query level. */
typedef struct Window {
    const char *name; /* NULL: written in an OVER clause */
    Expr **partition_by;
    SortKey *order_by;
    uint16_t partition_count, order_count;
    uint32_t frame;                  /* FRAME_* */
    Expr *start_offset, *end_offset; /* NULL = no offset */
    RangeKind range;
    Expr *range_key, *range_start, *range_end; /* of one type: the order key, and RANGE_EXPR: it
                                                  with the offset added or taken away */
    const char *base; /* the definition it goes on from, for the deparser */
    bool order_copied, has_frame, between;
} Window;

typedef struct Cte {
    const char *name;
    Query *query;
    bool recursive; /* refers to itself: query is "start UNION [ALL] step" */
    bool materialized, not_materialized;
    uint32_t reference_count;
    const char **alias_names; /* WITH name(columns) */
    uint16_t alias_count;
    /* while a recursive one is bound */
    Query *start;
    int32_t location;
    bool may_recur; /* has the form that may refer to itself */
} Cte;

/* MergeAction - a WHEN clause of MERGE; command CMD_UTILITY is DO NOTHING. */
typedef struct MergeAction {
    bool matched;
    CmdKind command;
    Expr *cond;      /* NULL = always */
    Target *targets; /* UPDATE, INSERT: a value for each table column */
    bool *set;       /* UPDATE: which are assigned */
} MergeAction;

struct Query {
    CmdKind command;
    uint16_t rte_count;
    Rte **rtes;
    FromNode **from; /* FROM items, cross joined; from_count 0 = one empty row */
    uint16_t from_count;
    Expr *where;
    Target *targets;
    uint16_t target_count; /* hidden ones included, at the end */
    Expr **group_by;
    uint16_t group_count;
    uint64_t *group_sets; /* GROUPING SETS: bit i = group_by[i]; none = all keys at once */
    uint16_t group_set_count;
    bool has_aggs, has_group_by, has_sublinks;
    Window *windows;
    uint16_t window_count; /* has_windows: a window function is called */
    bool has_windows;
    Expr *having;
    bool distinct; /* SELECT DISTINCT */
    Expr **distinct_on;
    uint16_t distinct_on_count;
    SortKey *order_by;
    uint16_t order_count;
    Expr *limit, *offset; /* int8 */
    bool with_ties;       /* the peers of the last row under the limit, too */
    RowMark *row_marks;
    uint16_t row_mark_count;
    Cte *ctes;
    uint16_t cte_count;
    bool recursive_with; /* WITH RECURSIVE was written */
    /* Set operation: this query is left OP right; targets describe the result by column position
     * only. */
    SetOp set_op;
    bool set_all;
    Query *set_left,
        *set_right; /* order_by/limit of the whole refer to result columns (EXPR_COLUMN rte 0) */
    /* INSERT/UPDATE/DELETE */
    uint16_t result_rte; /* the target table's range table entry */
    const CatTable *result_table;
    /* INSERT: source rows; targets[i] gives table column i (defaults filled in, dropped columns
       NULL). UPDATE: targets[i] is the new value of table column i; set_columns says which are
       assigned. */
    ConflictAction conflict;  /* INSERT ... ON CONFLICT */
    int conflict_index;       /* number of the arbiter among the table's indexes, -1 any */
    uint16_t conflict_rte;    /* DO UPDATE: "excluded", the row proposed */
    Target *conflict_targets; /* DO UPDATE: the new value of each table column */
    bool *conflict_set;
    Expr *conflict_where;
    MergeAction *merge_actions; /* MERGE: in their order; FROM is the source joined to the target */
    uint16_t merge_action_count;
    Query *insert_source; /* NULL: one row from targets directly (or VALUES rte) */
    bool *set_columns;
    /* The statement changes a view: it and those below it, down to result_table; for each column of
     * the first its column of result_table, -1: none. */
    const CatTable **through;
    uint16_t through_count;
    const int16_t *through_base;
    Target *returning;
    uint16_t returning_count;
    /* Generated columns that are computed, over the new row as for checks. */
    Expr **generated;
    uint16_t *generated_columns;
    uint16_t generated_count;
    Expr **checks; /* CHECK constraints over the new row: EXPR_COLUMN rte = result_rte */
    const CatConstraint *
        *check_constraints; /* NULL: WITH CHECK OPTION of the view check_views[i] */
    const char **check_views;
    uint16_t check_count;
};

#endif
