#ifndef DASSIE_BIND_INTERNAL_H
#define DASSIE_BIND_INTERNAL_H
/*
 * bind_internal.h - what the files of src/bind share: scopes, name spaces, helpers.
 *
 * A BindScope is one query level being bound. Inside src/bind only; one thread per statement.
 */
#include <pg_query/pg_query.pb-c.h>

#include "bind/bind.h"

typedef PgQuery__Node Node;
#define NODE_IS(n, K) ((n) != NULL && (n)->node_case == PG_QUERY__NODE__NODE_##K)
#define NO_RTE        UINT16_MAX

/* One column a name space item offers. */
typedef struct NsColumn {
    const char *name; /* NULL: dropped, never matches */
    Expr *expr;       /* at the level of the item's own query */
} NsColumn;

/* NsItem - a named (or, for joins, unnamed) thing of FROM that columns are looked up in. */
typedef struct NsItem {
    const char *name; /* NULL: a join without alias */
    const CatTable *table;
    uint16_t rte; /* NO_RTE for joins */
    uint16_t column_count;
    NsColumn *columns;
    bool rel_visible, cols_visible;
    bool lateral_only, lateral_ok;
    bool scalar; /* a function of one plain value: its name alone is that value */
} NsItem;

/* ViewChain - views being expanded, innermost first. */
typedef struct ViewChain {
    Oid view;
    const struct ViewChain *outer;
} ViewChain;

/* ViewColumn - a column of a view that rows are changed through. */
typedef struct ViewColumn {
    const char *name;
    int16_t base; /* column of the table (0-based); -1: it cannot be changed, for `reason` */
    Expr *expr;   /* over the table */
    const char *reason, *reason_view, *reason_column;
} ViewColumn;

/* ViewTarget - a view that rows are changed through, over the table behind it. */
typedef struct ViewTarget {
    const CatTable *view, *table;
    const CatTable **chain; /* the view and those below it */
    uint16_t column_count, check_count, chain_count;
    ViewColumn *columns;
    const char **defaults; /* per column of the table: the view's own default, NULL = none */
    Expr *where;           /* of all views; NULL = none */
    Expr **checks;         /* WITH CHECK OPTION, innermost view first */
    const char **check_views;
    bool has_sublinks;
} ViewTarget;

typedef struct BindScope {
    Cx *cx;
    BindCx *b;
    struct BindScope *parent;    /* outer query: one level up */
    struct BindScope *set_owner; /* the set operation this query is an operand of: the same level */
    Query *query;
    NsItem **items;
    uint16_t item_count, item_size;
    uint16_t rte_size;
    uint16_t window_count, window_size;
    const PgQuery__WindowDef **windows; /* definitions, named ones first; bound at the end */
    const char *no_windows;        /* clause that may hold aggregates but no window functions */
    Cte *recursive_cte;            /* this query is the body of a WITH RECURSIVE entry */
    bool stored;                   /* text from the catalog: locations mean nothing to the client */
    bool keep_unknown;             /* operand of a set operation: unknown literals stay */
    bool in_agg;                   /* inside an aggregate's arguments */
    bool in_from_function;         /* set-returning function allowed at the top */
    const char *no_aggs;           /* clause that may hold no aggregates, NULL = allowed */
    const char *no_columns;        /* clause that may hold no columns, NULL = allowed */
    uint32_t depth;                /* nesting of views and subqueries */
    const struct ViewChain *views; /* the views whose queries this one is in */
    bool in_targets;               /* of a SELECT: sets inside expressions are allowed */
    bool set_top;                  /* a target is a set itself */
    bool set_from_target;          /* binding a call of a target list as an item of FROM */
    const PgQuery__FuncCall *set_call; /* the set inside expressions of targets, and its item */
    uint16_t set_item;
    const Expr *sql_call; /* this is the body of that function: parameters are its arguments */
    bool in_call;         /* this is CALL: a procedure, OUT parameters given */
    Oid domain_value;     /* in a domain's CHECK: VALUE is of this type */
    int32_t domain_typmod;
    const char *no_subquery;  /* expression that may hold no subquery, NULL = allowed */
    const ViewTarget *change; /* rows are changed through this view; NULL: of the table itself */
} BindScope;

/* ---- errors ---- */
Status bind_at(BindScope *s, int32_t location);
#define BIND_ERR(s, location, state, ...)                                                          \
    ((void)err_set((s)->cx, (state), __VA_ARGS__), bind_at((s), (location)))
const char *bind_type_text(BindScope *s, Oid type);
const char *bind_types_text(BindScope *s, Expr *const *args, uint32_t count);
const char *bind_string(const Node *n); /* a String node's text, "" for others */
Status bind_names(BindScope *s, Node *const *names, size_t count, const char **schema_out,
                  const char **name_out);

Status bind_schema_exists(BindScope *s, const char *schema, int32_t location);

/* ---- making expressions ---- */
Expr *bind_expr_new(BindScope *s, ExprKind kind, Oid type, int32_t typmod, int32_t location,
                    uint32_t arg_count);
Expr *bind_const_i32(BindScope *s, int32_t v);
Expr *bind_const_bool(BindScope *s, bool v);
Expr *bind_const_null(BindScope *s, Oid type, int32_t typmod);
Expr *bind_column_expr(BindScope *s, uint16_t rte, int16_t column, Oid type, int32_t typmod,
                       Oid collation, int32_t location);
/* bind_collation_derive - the collation of a new expression from its arguments; refuses what
 * depends on another than the bytes' order. bind_collation_check - the same refusal for a sort key.
 */
Status bind_collation_derive(BindScope *s, Expr *e);
Status bind_collation_check(BindScope *s, const Expr *e);
Expr *bind_func_expr(BindScope *s, const CatProc *proc, Oid result, int32_t location,
                     uint32_t arg_count);
int32_t bind_location(const Expr *e); /* leftmost location of the expression's text */
bool bind_same(const Expr *a, const Expr *b);
/* bind_walk - fn for e and everything below, until it fails. Subqueries are entered with level+1.
 */
typedef Status (*BindVisit)(void *arg, Expr *e, uint32_t level, bool *descend);
Status bind_walk(Expr *e, uint32_t level, BindVisit fn, void *arg);
Status bind_walk_query(Query *q, uint32_t level, BindVisit fn, void *arg);
/* bind_walk_windows - the window definitions of a query. */
Status bind_walk_windows(Query *q, uint32_t level, BindVisit fn, void *arg);

/* ---- scope.c ---- */
BindScope *bind_scope_new(BindScope *like, BindScope *parent, CmdKind command);
NsItem *bind_add_item(BindScope *s, NsItem *item);
uint16_t bind_add_rte(BindScope *s, Rte *rte);
NsItem *bind_item_of_rte(BindScope *s, uint16_t rte, const char *name, const char *const *names,
                         uint32_t name_count);
void bind_mark_used(BindScope *s, const Expr *e);
#define LOCATION_KEEP INT32_MIN
/* bind_raise_levels - a copy of an expression as seen from queries that many levels deeper, at
 * another location or (LOCATION_KEEP) its own. */
Expr *bind_raise_levels(BindScope *s, const Expr *e, uint16_t levels, int32_t location);
Status bind_column_ref(BindScope *s, const PgQuery__ColumnRef *ref, Expr **out);
Status bind_find_relation(BindScope *s, const char *schema, const char *name, int32_t location,
                          NsItem **item_out, uint16_t *levels_out);
Expr *bind_item_column(BindScope *s, const NsItem *item, uint16_t column, uint16_t levels_up,
                       int32_t location);
Status bind_find_column(BindScope *s, const char *name, int32_t location, Expr **out);
Status bind_no_column(BindScope *s, const char *rel, const char *name, int32_t location);

/* ---- from.c, table.c ---- */
Status bind_from_clause(BindScope *s, Node *const *items, size_t count);
Status bind_from_function(BindScope *s, const PgQuery__RangeFunction *rf, FromNode **out);
Status bind_open_table(BindScope *s, const PgQuery__RangeVar *rv, TableLockMode mode,
                       const CatTable **out);
Status bind_table_rte(BindScope *s, const CatTable *t, const char *alias, uint16_t *rte_out);
/* bind_open_oid - the relation a stored tree names, locked for reading. */
Status bind_open_oid(BindScope *s, Oid oid, const CatTable **out);
/* bind_table_columns - make r a range table entry of the relation; a view's query is read. */
Status bind_table_columns(BindScope *s, const CatTable *t, Rte *r);
Status bind_alias_names(BindScope *s, const PgQuery__Alias *alias, uint32_t have, const char *rel,
                        const char ***names_out, uint32_t *count_out);
Rte *bind_subquery_rte(BindScope *s, Query *q, const char *alias);

/* ---- expressions ---- */
Status bind_expr(BindScope *s, const Node *n, Expr **out);
Status bind_exprs(BindScope *s, Node *const *nodes, size_t count, Expr ***out);
Status bind_bool_expr(BindScope *s, const Node *n, const char *clause, Expr **out);
Status bind_a_expr(BindScope *s, const PgQuery__AExpr *a, Expr **out);
/* bind_row_compare - two EXPR_ROW of one length by the operator of that name. */
Status bind_row_compare(BindScope *s, const char *op, const Expr *l, const Expr *r,
                        int32_t location, Expr **out);
Status bind_sublink(BindScope *s, const PgQuery__SubLink *l, Expr **out);
Status bind_func_call(BindScope *s, const PgQuery__FuncCall *f, Expr **out);
Status bind_case(BindScope *s, const PgQuery__CaseExpr *c, Expr **out);
/* bind_array_as - ARRAY[...] that is cast to a type; when it is an array type, so are its items. */
Status bind_array_as(BindScope *s, const PgQuery__AArrayExpr *a, Oid type, int32_t typmod,
                     Expr **out);
Status bind_array(BindScope *s, const PgQuery__AArrayExpr *a, Expr **out);
Status bind_array_op(BindScope *s, const PgQuery__AExpr *a, Expr **out);
/* bind_row_resolve - unknown literals in a ROW(...) that is used as a value become text. */
Status bind_row_resolve(BindScope *s, Expr *e);
/* bind_store_part - base, a value of the column, with the part [..] replaced. */
Status bind_store_part(BindScope *s, const CatColumn *c, Expr *base, Node *const *nodes,
                       size_t count, Expr *value, int32_t location, Expr **out);
/* bind_store_field - likewise with a field replaced. */
Status bind_store_field(BindScope *s, const CatColumn *c, Expr *base, Node *const *nodes,
                        size_t count, Expr *value, int32_t location, Expr **out);
Status bind_indirection(BindScope *s, const PgQuery__AIndirection *a, Expr **out);
Status bind_type_cast(BindScope *s, const PgQuery__TypeCast *c, Expr **out);
Status bind_sql_value(BindScope *s, const PgQuery__SQLValueFunction *f, Expr **out);
Status bind_param(BindScope *s, const PgQuery__ParamRef *p, Expr **out);
Status bind_params_check(BindScope *s);
/* ---- variables.c ---- */
/* bind_variable - a function's variable of the name; ST_NOTFOUND. */
Status bind_variable(BindScope *s, const PgQuery__ColumnRef *ref, Expr **out);
/* bind_variable_number - $n of a function; ST_NOTFOUND: not in one. */
Status bind_variable_number(BindScope *s, uint32_t number, int32_t location, Expr **out);
/* bind_variable_fields - record.*: one expression for each field. ST_NOTFOUND. */
Status bind_variable_fields(BindScope *s, const PgQuery__ColumnRef *ref, Expr ***exprs_out,
                            const char ***names_out, uint32_t *count_out);
const char *bind_target_name(const Node *n);
Status bind_const(BindScope *s, const PgQuery__AConst *c, Expr **out);

/* ---- composite.c ---- */
/* RowShape - the fields of a row value. */
typedef struct RowShape {
    const char **names;
    Oid *types;
    int32_t *typmods;
    uint16_t count;
} RowShape;
/* bind_row_type_shape - of a row type, or a domain over one; false for another type. */
bool bind_row_type_shape(BindScope *s, Oid type, RowShape *out);
/* bind_row_as - ROW(...) as a value of a row type. ST_NOTFOUND: it does not fit; 42846 tells why
 * when explicit. */
Status bind_row_as(BindScope *s, Expr *row, Oid type, char context, int32_t location, Expr **out);
/* bind_domain_over - a value of what the domain is over as one of the domain, checked. */
Status bind_domain_over(BindScope *s, Expr *e, Oid domain, char context, int32_t location,
                        Expr **out);
/* bind_domain_fill - the constraints of an EXPR_DOMAIN of e->type. */
Status bind_domain_fill(BindScope *s, Expr *e);
/* bind_row_shape - false when it cannot be known here. */
bool bind_row_shape(BindScope *s, const Expr *e, RowShape *out);
/* bind_row_field - the field itself, or EXPR_FIELD. */
Expr *bind_row_field(BindScope *s, Expr *row, const RowShape *shape, uint16_t field);
/* bind_field - (row).name; arg is the text of the row. */
Status bind_field(BindScope *s, Expr *row, const Node *n, const Node *arg, Expr **out);
/* bind_set_in_target - a call that returns a set inside a target's expression: its value there. */
Status bind_set_in_target(BindScope *s, const PgQuery__FuncCall *f, Expr **out);
/* bind_set_check - 0A000 for such a call in a query that does more than PostgreSQL's order allows.
 */
Status bind_set_check(BindScope *s);

/* ---- sql_function.c ---- */
/* bind_sql_function - a call of a built-in function written in SQL becomes its body; else *out
 * stays. */
Status bind_sql_function(BindScope *s, Expr *call, Expr **out);
/* bind_sql_param, bind_sql_name - an argument inside such a body; ST_NOTFOUND elsewhere. */
Status bind_sql_param(BindScope *s, uint32_t number, Expr **out);
Status bind_sql_name(BindScope *s, const char *name, Expr **out);

/* ---- coerce.c ---- */
bool bind_can_coerce(BindScope *s, Oid from, Oid to, char context);
bool bind_binary_coercible(BindScope *s, Oid from, Oid to);
/* bind_coerce_to - as bind_coerce; ST_NOTFOUND when there is no cast. */
Status bind_coerce_to(BindScope *s, Expr *e, Oid type, int32_t typmod, char context,
                      int32_t location, Expr **out);
/* Implicit coercion that is known to exist (after resolution). */
Status bind_coerce_implicit(BindScope *s, Expr *e, Oid type, Expr **out);
Status bind_coerce_bool(BindScope *s, Expr *e, const char *clause, Expr **out);
Status bind_coerce_int8(BindScope *s, Expr *e, const char *clause, Expr **out);
Status bind_resolve_unknown(BindScope *s, Expr *e, Expr **out);
Status bind_common_type(BindScope *s, Expr *const *exprs, uint32_t count, const char *context,
                        Oid *type_out);
Status bind_coerce_common(BindScope *s, Expr *e, Oid type, const char *context, Expr **out);
int32_t bind_common_typmod(Expr *const *exprs, uint32_t count, Oid type);

/* ---- resolve.c, func_resolve.c, oper_resolve.c ---- */
typedef struct BindCandidate {
    const Oid *args;
    const void *object; /* CatProc or CatOper */
    uint32_t index;     /* order in the path */
    uint16_t defaults;  /* arguments taken from defaults */
    Oid variadic;       /* element type when variadic arguments were spread */
    const uint16_t *at; /* named notation: the parameter of each argument; NULL = in order */
    uint16_t nargs;
} BindCandidate;
/* bind_select_candidate - PostgreSQL's choice among candidates of one argument count. Returns how
 * many remain (0 none, 1 chosen in list[0], more: ambiguous). */
/* bind_args_fit - can all arguments be coerced, and do they agree on polymorphic parameters? */
bool bind_args_fit(BindScope *s, const Oid *actual, const Oid *decl, uint32_t nargs);
uint32_t bind_match_candidates(BindScope *s, const Oid *types, uint32_t nargs, BindCandidate *list,
                               uint32_t count);
uint32_t bind_select_candidate(BindScope *s, const Oid *types, uint32_t nargs, BindCandidate *list,
                               uint32_t count);
Status bind_oper(BindScope *s, const char *schema, const char *name, Expr *left, Expr *right,
                 int32_t location, Expr **out);
Status bind_oper_names(BindScope *s, Node *const *names, size_t count, Expr *left, Expr *right,
                       int32_t location, Expr **out);
/* bind_resolve_generic - the types polymorphic parameters stand for; rewrites decl in place and
 * gives the result type. */
Status bind_resolve_generic(BindScope *s, const Oid *actual, Oid *decl, uint32_t nargs, Oid result,
                            const char *name, int32_t location, Oid *result_out);
bool bind_is_generic(Oid type);
Status bind_equality(BindScope *s, Expr *a, Expr *b, int32_t location, Expr **out);
/* bind_distinct_pair - l IS [NOT] DISTINCT FROM r, of single values. */
Status bind_distinct_pair(BindScope *s, Expr *l, Expr *r, bool same, int32_t location, Expr **out);
Status bind_default_order(BindScope *s, Oid type, int32_t location, bool equality);

/* ---- queries ---- */
Status bind_select(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_query_node(BindScope *outer, const Node *n, bool keep_unknown, Query **out);
Status bind_subselect(BindScope *outer, const PgQuery__SelectStmt *st, bool keep_unknown,
                      Query **out);
Status bind_set_operation(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_values(BindScope *s, const PgQuery__SelectStmt *st);
/* bind_target_limit - 54011 for more entries of a target list than TARGETS_MAX. */
enum { TARGETS_MAX = 1664, FUNC_ARGS_MAX = 100 };
Status bind_target_limit(BindScope *s, size_t count);
Status bind_targets(BindScope *s, Node *const *nodes, size_t count, Target **targets_out,
                    uint16_t *count_out);
Status bind_sort_clause(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_group_clause(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_distinct_clause(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_limit(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_row_marks(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_with_clause(BindScope *s, const PgQuery__WithClause *w);
Cte *bind_find_cte(BindScope *s, const char *name);
Status bind_recursive_use(BindScope *s, Cte *c, int32_t location);
Status bind_recursive_start(BindScope *s, Query *start);
Status bind_check_aggregates(BindScope *s);
bool bind_has_agg(Expr *e);
Status bind_sort_direction(BindScope *s, const PgQuery__SortBy *sb, SortKey *key);
Status bind_add_hidden(BindScope *s, Expr *e);

/* group_sets.c */
Status bind_group_key(BindScope *s, const Node *n, uint16_t *key_out);
Status bind_group_sets(BindScope *s, const PgQuery__SelectStmt *st);
Status bind_grouping_call(BindScope *s, const PgQuery__GroupingFunc *f, Expr **out);
Status bind_grouping_check(BindScope *s, const Expr *e);
/* bind_window.c */
Status bind_window_names(BindScope *s, Node *const *defs, size_t count);
Status bind_window_call(BindScope *s, const PgQuery__FuncCall *f, Expr *call, Expr **out);
Status bind_windows(BindScope *s);
Expr *bind_find_window(Expr *e);
/* same_text.c */
/* bind_same_text - the same syntax, positions aside. */
bool bind_same_text(const ProtobufCMessage *a, const ProtobufCMessage *b);

/* ---- view_change.c ---- */
/* bind_view_target - the table behind a view, locked, as entry rte will be. 55000: not a simple
 * view. */
Status bind_view_target(BindScope *s, const CatTable *view, CmdKind command, uint16_t rte,
                        ViewTarget *out);
/* bind_view_changes - the statement changes what is behind the view. */
void bind_view_changes(BindScope *s, const ViewTarget *v);
NsItem *bind_view_item(BindScope *s, const ViewTarget *v, const char *name);
/* bind_view_column - the table's column that the view (s->change) calls name. 0A000, 42703. */
Status bind_view_column(BindScope *s, const char *name, int32_t location, uint16_t *column_out);
Status bind_view_refuse_column(BindScope *s, const ViewColumn *c);

/* ---- data modification ---- */
Status bind_insert(BindScope *s, const PgQuery__InsertStmt *st);
Status bind_update(BindScope *s, const PgQuery__UpdateStmt *st);
Status bind_delete(BindScope *s, const PgQuery__DeleteStmt *st);
Status bind_merge(BindScope *s, const PgQuery__MergeStmt *st);
/* bind_merge_insert - WHEN NOT MATCHED THEN INSERT: a value for each table column. */
Status bind_merge_insert(BindScope *s, const CatTable *t, const PgQuery__MergeWhenClause *w,
                         Target **targets_out);
/* bind_value_or_default - an expression, or DEFAULT itself where a column takes its value. */
Status bind_value_or_default(BindScope *s, const Node *n, Expr **out);
/* bind_update_columns - SET of UPDATE and ON CONFLICT DO UPDATE: a value for every table column. */
Status bind_update_columns(BindScope *s, const CatTable *t, Node *const *nodes, size_t count,
                           Target **targets_out, bool **set_out);
Status bind_on_conflict(BindScope *s, const PgQuery__OnConflictClause *c, const CatTable *t,
                        NsItem *target);
Status bind_returning(BindScope *s, Node *const *nodes, size_t count);
/* bind_generated - the generated columns that INSERT, or UPDATE of the set columns (NULL: all),
 * computes anew; they count as set. */
Status bind_generated(BindScope *s, const CatTable *t, bool *set);
Status bind_checks(BindScope *s, const CatTable *t);
Status bind_column_default(BindScope *s, const CatTable *t, uint16_t column, Expr **out);
Status bind_assign(BindScope *s, const CatTable *t, uint16_t column, Expr *e, int32_t location,
                   Expr **out);
Status bind_stored_expr(BindScope *s, const CatTable *t, uint16_t rte, const char *sql, Expr **out);
Status bind_target_column(BindScope *s, const CatTable *t, const char *name, int32_t location,
                          uint16_t *column_out);
/* bind_is_modifiable - may statements change its rows, or those behind it? */
Status bind_is_modifiable(BindScope *s, const CatTable *t);
/* bind_has_instead - has the view an INSTEAD OF trigger of the event (TRIGGER_INSERT, ...), enabled
 * or not? Its rows are changed by nothing else then. */
bool bind_has_instead(const CatTable *t, int16_t event);

/* ---- row_security.c ---- */
/* bind_row_security - the policies of tables with row security, put into the whole statement. */
Status bind_row_security(BindScope *s);

/* ---- stored.c: trees of the catalogs, read ---- */
bool bind_is_tree(const char *stored);
/* bind_read_expr - rte is what entry 0 of the table expression stands for; NO_RTE: entries are as
 * they were stored. */
Status bind_read_expr(BindScope *s, const char *stored, uint16_t rte, Expr **out);
Status bind_read_query(BindScope *s, const char *stored, Query **out);

#endif
