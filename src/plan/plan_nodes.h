#ifndef DASSIE_PLAN_NODES_H
#define DASSIE_PLAN_NODES_H
/*
 * plan_nodes.h - the physical plan, read-only: what the planner makes, src/exec runs and EXPLAIN
 * prints.
 *
 * Every node names its output columns by expressions over the query's range table (`outs`), so the
 * planner finds what a node already holds by comparing expressions; at run time only column numbers
 * are left, in compiled programs. Values of outer rows (correlated sub-queries, inner sides of
 * index joins) travel as parameters numbered after the statement's own.
 */
#include "plan/plan.h"

typedef enum PlanKind {
    PLAN_RESULT, /* one row without columns */
    PLAN_VALUES,
    PLAN_SCAN,
    PLAN_INDEX_SCAN,
    PLAN_CAT_SCAN,
    PLAN_FUNCTION,
    PLAN_CTE_SCAN,
    PLAN_FILTER,
    PLAN_PROJECT,
    PLAN_PROJECT_SET,
    PLAN_NEST_LOOP,
    PLAN_HASH_JOIN,
    PLAN_AGG,
    PLAN_WINDOW,
    PLAN_EXPAND,
    PLAN_SORT,
    PLAN_UNIQUE,
    PLAN_TIES, /* the first rows and those that equal the last of them in the keys */
    PLAN_LIMIT,
    PLAN_APPEND,
    PLAN_SETOP,
    PLAN_MATERIAL,
    PLAN_LOCK_ROWS,
    PLAN_MODIFY,
    PLAN_TRANSITION,
} PlanKind;

typedef enum PlanJoin { PJOIN_INNER, PJOIN_LEFT, PJOIN_FULL, PJOIN_SEMI, PJOIN_ANTI } PlanJoin;

/* ParamSource - an outer row's value: column of the giver -> parameter (0-based over all
 * parameters). */
typedef struct ParamSource {
    uint32_t param;
    uint16_t column;
    Expr *expr;
} ParamSource;

/* PlanSetCall - one set-returning function of a target list. */
typedef struct PlanSetCall {
    const Expr *call;
    const ExprProg *args;
    uint16_t column;
} PlanSetCall;

typedef struct PlanScan {
    const CatTable *table;
    const char *alias;
    uint16_t *columns; /* table columns fetched, 0-based */
    uint16_t column_count;
    bool want_rowid;    /* one more output: the row id */
    bool want_tableoid; /* of catalogs: one more column after the others */
    /* Of catalogs: columns held equal to values. The conditions are tested all the same. */
    uint16_t key_count;
    uint16_t key_columns[CAT_SCAN_KEYS_MAX];
    const ExprProg *keys;
} PlanScan;

/* PlanGin - a condition on a column of an inverted index. */
typedef struct PlanGin {
    uint16_t column;
    int strategy; /* of the operator in the column's class */
} PlanGin;

/* PlanIndex - the range, or the conditions, an index narrows a scan to; its values are numbered in
 * keys. */
typedef struct PlanIndex {
    uint16_t index; /* in table->storage->indexes */
    uint16_t eq_count;
    bool has_lo, has_hi, lo_incl, hi_incl; /* over the column after the equal ones */
    bool backward, unique_point;
    uint16_t in_count;  /* > 0: the last equal column takes each of in_count values; they come last
                           in the program */
    bool in_array;      /* in_count is 1: an array, whose elements are the values */
    uint16_t gin_count; /* > 0: an inverted index, and so many conditions on its columns */
    const struct PlanGin *gin;
    const ExprProg *keys;
    Expr **key_exprs; /* eq..., [in...], [lo], [hi]; of an inverted index: a value a condition */
    Expr **conds;     /* the conditions, for EXPLAIN */
    uint16_t cond_count;
} PlanIndex;

typedef struct AggCall {
    const Expr *expr;
    const AggOps *ops;
    uint16_t first_arg, arg_count; /* expressions of the program */
    int filter;                    /* expression of the program, -1 none */
    bool distinct;
    const Oid *arg_types;
    /* sort_count > 0: rows are kept and given to the aggregate in this order; the keys are
     * expressions of the program from sort_first on */
    struct PlanSortKey *sort_keys;
    uint16_t sort_first, sort_count;
} AggCall;

/* WinFunc - the window functions that are no aggregates. */
typedef enum WinFunc {
    WIN_AGG,
    WIN_ROW_NUMBER,
    WIN_RANK,
    WIN_DENSE_RANK,
    WIN_PERCENT_RANK,
    WIN_CUME_DIST,
    WIN_NTILE,
    WIN_LAG,
    WIN_LEAD,
    WIN_FIRST_VALUE,
    WIN_LAST_VALUE,
    WIN_NTH_VALUE,
} WinFunc;

typedef struct WindowCall {
    const Expr *expr;
    WinFunc func;
    const AggOps *ops;             /* WIN_AGG */
    uint16_t first_arg, arg_count; /* expressions of the program */
    int filter;                    /* expression of the program, -1 none */
    const Oid *arg_types;
} WindowCall;

/* PlanWindow - window functions over one definition; the input comes in order of its keys. */
typedef struct PlanWindow {
    const ExprProg *prog; /* partition keys, order keys, range expressions, arguments, filters */
    const PhysType *expr_phys;
    uint16_t expr_count, partition_count, order_count;
    const TypeOps **key_types;
    uint32_t frame; /* FRAME_* */
    const ExprProg *offsets;
    int start_offset, end_offset; /* of offsets, -1 none */
    RangeKind range;
    int range_key, range_start, range_end; /* of prog, -1 none */
    const TypeOps *range_type;
    bool desc, nulls_first; /* of the first order key */
    WindowCall *calls;
    uint16_t call_count;
} PlanWindow;

typedef struct PlanSortKey {
    const TypeOps *type;
    bool desc, nulls_first;
    Expr *expr;
} PlanSortKey;

/* FkCheck - a foreign key: of this table (parent rows must exist) or of another table that points
 * here. */
typedef struct FkCheck {
    const CatConstraint *con;
    const CatTable *child, *parent;
    uint16_t column_count;
    const uint16_t *child_columns, *parent_columns; /* 0-based */
    int parent_index;                               /* storage index of the parent's unique index */
    int child_index; /* storage index that begins with the child's columns, -1 none */
    char enabled;    /* tgenabled of the internal trigger it stands for */
    int16_t event;   /* TRIGGER_...: of the child's rows INSERT or UPDATE, of the parent's UPDATE or
                        DELETE */
} FkCheck;

/* plan_child_keys - the foreign keys of a table's own rows, for those who write rows without a
 * plan.
 */
Status plan_child_keys(Cx *cx, CatView *view, Arena *arena, const CatTable *t, FkCheck **fks_out,
                       uint16_t *count_out);

/* PlanTriggers - the triggers of a table that one statement may fire, by name, and their
 * conditions, over the old row's columns, then the new row's. */
typedef struct PlanTriggers {
    const CatTable *table;
    uint16_t count;
    const CatTrigger **list;
    int16_t *when; /* expressions of the program, -1 none */
    const ExprProg *when_prog;
    const bool *changed;  /* UPDATE: the columns it sets */
    const PhysType *phys; /* of the table's or view's columns */
    /* events (TRIGGER_INSERT, ...) that have any of the kind */
    int16_t before_row, after_row, before_statement, after_statement, instead_row;
} PlanTriggers;
#define PLAN_TRIGGERS_MAX 64

/* plan_triggers - for the events; NULL when there is none. changed: of UPDATE. */
Status plan_triggers(Cx *cx, CatView *view, const TypeEnv *env, Arena *arena, const CatTable *t,
                     int16_t events, const bool *changed,
                     const FnOps *(*extra_fn)(const char *prosrc), const PlanTriggers **out);

/* PlanMark - one table whose rows are locked or changed: where its columns are in the input. */
typedef struct PlanMark {
    const CatTable *table;
    uint16_t rowid_column;
    RowLockMode mode;
    WaitPolicy wait;
    uint16_t *columns, *input_columns; /* table column -> input column */
    uint16_t column_count;
} PlanMark;

/* PlanRecheckStep - one condition over the joined row: when it does not hold, the row is none, or
 * (nulls) these columns are NULL. */
typedef struct PlanRecheckStep {
    bool nulls;
    uint16_t *null_columns;
    uint16_t null_count;
} PlanRecheckStep;
/* PlanRecheck - how a joined row is tested again, in this order; expression i belongs to step i. */
typedef struct PlanRecheck {
    const ExprProg *prog; /* NULL = always holds */
    PlanRecheckStep *steps;
    uint16_t count;
} PlanRecheck;

/* PlanMergeAction - a WHEN clause; command CMD_UTILITY is DO NOTHING. */
typedef struct PlanMergeAction {
    bool matched;
    CmdKind command;
    int16_t cond;           /* expression of merge_conds, -1 none */
    const ExprProg *values; /* UPDATE, INSERT: one per table column, over the input */
    const bool *set;        /* UPDATE */
} PlanMergeAction;

typedef struct PlanModify {
    CmdKind command;
    const CatTable *table;
    const ExprProg *values; /* INSERT, UPDATE: the new row over the input, one per table column */
    Expr **value_exprs;
    const bool *changed;       /* UPDATE: per table column */
    const ExprProg *generated; /* generated columns, over the new row */
    const uint16_t *generated_columns;
    uint16_t generated_count;
    const ExprProg *checks;                  /* over the new row */
    const CatConstraint **check_constraints; /* NULL: the check option of check_views[i] */
    const char **check_views;
    uint16_t check_count;
    const ExprProg *returning; /* over the new row (DELETE: the old one) and the input: columns,
                                  row, then input */
    uint16_t returning_count;
    PlanMark target;     /* where the input has the row to change */
    PlanRecheck recheck; /* READ COMMITTED: a row changed meanwhile */
    FkCheck *fks;
    uint16_t fk_count; /* to parents */
    FkCheck *refs;
    uint16_t ref_count;             /* from children */
    bool key_update;                /* UPDATE touches a column of a unique index */
    const PlanTriggers *triggers;   /* NULL = none */
    const PlanMergeAction *actions; /* MERGE; the input's row id is NULL where nothing matches */
    uint16_t action_count;
    const ExprProg *merge_conds;
    /* INSERT ... ON CONFLICT; DO UPDATE: programs over the row that is there, then the one proposed
     */
    ConflictAction conflict;
    int arbiter; /* storage index, -1 any */
    const ExprProg *conflict_values, *conflict_where;
    const bool *conflict_changed;
    const uint16_t *old_columns; /* UPDATE, DELETE: input column of each table column */
} PlanModify;

/* PlanScope - what was numbered while a correlated part of the plan was made: its WITH queries and
 * sub-queries, whose answers are void when its parameters change. Empty when none of them can vary.
 */
typedef struct PlanScope {
    uint32_t cte_first, cte_end, sub_first, sub_end;
} PlanScope;

struct PlanNode {
    PlanKind kind;
    PlanNode *left, *right;
    uint32_t id;
    uint16_t col_count;
    PhysType *phys;
    Expr **outs;
    double rows, startup_cost, total_cost;
    uint32_t width;
    uint64_t rels; /* range table entries joined below, while planning */
    union {
        struct {
            const ExprProg *prog;
            Expr **exprs;
            uint32_t count; /* conjuncts */
        } filter;
        struct {
            const ExprProg *prog;
        } project; /* also PROJECT_SET: column `set_column` is the set-returning one */
        struct {
            const ExprProg *prog;
            uint32_t row_count;
            const char *alias;
        } values;
        struct {
            PlanScan scan;
            PlanIndex index;
        } scan;
        struct {
            const Expr *call;
            const ExprProg *args;
            const char *alias, *name;
            const ExprProg *scalar; /* not set-returning: the value itself */
            bool with_ordinality;
            const FnRow *row;    /* of a column definition list */
            uint16_t set_column; /* PROJECT_SET */
            const ExprProg *others;
            struct PlanSetCall *more; /* PROJECT_SET: further sets, side by side with the first */
            uint16_t more_count;
        } function;
        struct {
            uint32_t cte;
            const char *alias, *name;
            bool work; /* inside a recursive step: the rows of the last round */
        } cte;
        struct {
            uint16_t number; /* in ExecEnv.transitions */
            const char *name, *alias;
        } transition;
        struct {
            PlanJoin join;
            const ExprProg *left_keys, *right_keys; /* hash join */
            const TypeOps **key_types;
            uint16_t key_count;
            const ExprProg *residual; /* over left outs ++ right outs; NULL = true */
            Expr **conds;             /* key conditions, for EXPLAIN */
            Expr **residual_exprs;
            uint32_t residual_count;
            ParamSource *params; /* nested loop: given to the inner side for each outer row */
            uint32_t param_count;
            PlanScope scope; /* of a lateral inner side */
            bool null_aware; /* ANTI for NOT IN */
        } join;
        struct {
            const ExprProg *prog; /* group keys, then arguments and filters */
            uint16_t group_count;
            const TypeOps **group_types;
            AggCall *calls;
            uint16_t call_count;
            const int32_t *empty_sets; /* grouping sets without keys: they have a group always */
            uint16_t empty_count;
            bool count_scan; /* nothing but count(*) over a whole table */
        } agg;
        struct {
            const ExprProg *prog;
            PlanSortKey *keys;
            uint16_t key_count;
            const ExprProg *limit; /* top-N: expression 0 limit, 1 offset; NULL = all */
            bool has_offset;       /* TIES: there is expression 1 */
        } sort;                    /* UNIQUE too: keys without order */
        struct {
            const ExprProg *prog;
            int limit, offset; /* expression numbers, -1 none */
            bool for_sort;
        } limit;
        struct {
            SetOp op;
            bool all;
            const TypeOps **types;
        } setop;
        struct {
            PlanMark *marks;
            uint16_t count;
            PlanRecheck recheck;
        } lock;
        PlanModify modify;
        PlanWindow window;
        struct {
            const ExprProg *prog; /* the keys */
            const uint64_t *sets;
            uint16_t key_count, set_count;
        } expand; /* outputs: the input's, the keys as the set has them, the set's number */
    } u;
};

typedef struct SubPlan {
    SublinkKind kind;
    PlanNode *root;
    ParamSource *params; /* column = number of the argument that carries the value */
    uint32_t param_count, param_size;
    const ExprProg *test;     /* ANY, ALL: column 0 = tested, 1 = the sub-query's; expression 0 */
    const TypeOps *hash_type; /* ANY by equality over one type: answers are looked up */
    bool negated;
    bool nested; /* ARRAY: of arrays */
    Oid element; /* ARRAY */
    PhysType phys;
    PlanScope scope;
    bool keyed; /* SCALAR: columns are a key and the value for it; `hash_type` is the key's */
    /* EXISTS and SCALAR, hashed_after != 0: from that many runs on it is answered by looking
     * argument `hashed_column` up in sub-plan `hashed`. */
    uint32_t hashed, hashed_after;
    uint16_t hashed_column;
} SubPlan;

/* CtePlan - a WITH query. A recursive one: `root` makes the first rows, `step` the next ones from
 * those of the last round. */
typedef struct CtePlan {
    const char *name;
    PlanNode *root, *step;
    const Cte *source;     /* while planning */
    bool correlated;       /* (or perhaps so) reads parameters of an outer query */
    bool in_step;          /* while planning: the step is being made */
    PlanScope scope;       /* what is made anew in each round */
    const TypeOps **types; /* UNION: columns by which repeated rows are found; NULL = UNION ALL */
} CtePlan;

#endif
