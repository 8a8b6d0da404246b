#ifndef DASSIE_BIND_H
#define DASSIE_BIND_H
/*
 * bind.h - names, types, coercions: syntax tree to typed query tree, by PostgreSQL's rules over
 * catalog data.
 *
 * One BindCx per statement, one thread. Table locks are taken while binding (ACCESS SHARE, ROW
 * SHARE, ROW EXCLUSIVE).
 */
#include "bind/query.h"
#include "parse/parse.h"

struct PgQuery__Node;
struct PgQuery__TypeName;

typedef struct BindParams {
    Oid *types; /* in: declared types (0 = infer); out: resolved. Grows in arena as $n are met */
    uint32_t count;
    uint32_t room; /* of types, where bind_param made them */
    bool fixed;    /* no more than count, all known (re-binding a prepared statement) */
} BindParams;

/* BindTransition - a table that only the statements of a trigger's function see: REFERENCING. */
typedef struct BindTransition {
    const char *name;
    const CatTable *table; /* whose rows they are */
} BindTransition;
#define TRANSITIONS_MAX 2

/* BindVars - names and $n that are no columns: variables and parameters of a function whose text is
 * bound. They become EXPR_PARAM; the owner numbers them and gives their values. */
typedef struct BindVar {
    uint32_t number; /* of the parameter, from 1 */
    Oid type, collation;
    int32_t typmod;
    const char *name;
} BindVar;
typedef enum BindConflict {
    BIND_CONFLICT_ERROR,
    BIND_CONFLICT_VARIABLE,
    BIND_CONFLICT_COLUMN
} BindConflict;
typedef struct BindVars {
    /* find - name, record.field, label.name...; ST_NOTFOUND: none of that name. */
    Status (*find)(void *arg, Cx *cx, const char *const *names, uint32_t count, BindVar *out);
    Status (*number)(void *arg, Cx *cx, uint32_t number, BindVar *out); /* $n */
    /* fields - of record.*: an array in arena. */
    Status (*fields)(void *arg, Cx *cx, Arena *arena, const char *const *names, uint32_t count,
                     BindVar **out, uint32_t *count_out);
    void *arg;
    BindConflict conflict; /* a name that a column has, too */
} BindVars;

typedef struct BindCx {
    CatView *view;
    Arena *arena;
    Slice sql;                         /* for error positions */
    const TypeEnv *env;                /* constants of type literals are made with it */
    BindParams *params;                /* may be NULL: no parameters allowed */
    const BindVars *vars;              /* NULL: none */
    const BindTransition *transitions; /* of the trigger, up to TRANSITIONS_MAX */
    uint16_t transition_count;
    bool no_row_security; /* the query is stored, not run: policies are put in when it is */
    bool maintains;       /* our own statement may change a materialized view */
    bool no_locks;        /* stored expressions and Describe of cached statements */
} BindCx;

/* bind_statement - SELECT/INSERT/UPDATE/DELETE (and EXPLAIN's, DECLARE CURSOR's, PREPARE's inner
 * statement). */
Status bind_statement(Cx *cx, BindCx *b, const struct PgQuery__Node *stmt, Query **query_out);
struct PgQuery__FuncCall;
/* bind_call - CALL's procedure with its arguments, OUT ones included: an EXPR_FUNC. */
Status bind_call(Cx *cx, BindCx *b, const struct PgQuery__FuncCall *call, Expr **out);
/* bind_table_expr - the text of an expression to store (DEFAULT, CHECK, index expression) over one
   table's columns: EXPR_COLUMN rte 0. table NULL: no columns allowed. want_type 0 = as it comes;
   else coerced by assignment. what names it in errors. */
Status bind_table_expr(Cx *cx, BindCx *b, const CatTable *table, const struct PgQuery__Node *expr,
                       Oid want_type, int32_t want_typmod, const char *what, Expr **expr_out);
/* bind_domain_check - the CHECK of a domain over `base`, its value (VALUE) an EXPR_ELEMENT. */
Status bind_domain_check(Cx *cx, BindCx *b, Oid base, int32_t typmod,
                         const struct PgQuery__Node *expr, Expr **expr_out);
/* bind_domain_wrap - a value of the base as one of the domain, checked when it is evaluated. */
Status bind_domain_wrap(Cx *cx, BindCx *b, Expr *e, Oid domain, Expr **out);
/* bind_result_name - what a result column of this expression is called; "?column?" when nothing
 * names it. */
const char *bind_result_name(const struct PgQuery__Node *expr);
/* bind_type_name - a TypeName node to type OID and typmod. 42704. */
Status bind_type_name(Cx *cx, BindCx *b, const struct PgQuery__TypeName *name, Oid *type_out,
                      int32_t *typmod_out);
/* bind_coerce_any - as bind_coerce by assignment, through text where there is no cast (what
 * PL/pgSQL does). */
Status bind_coerce_any(Cx *cx, BindCx *b, Expr *expr, Oid type, int32_t typmod, Expr **out);
/* bind_store_variable - of UPDATE t SET v.f[i] = e, made of an assignment: the variable v.f with
 * the part replaced. */
Status bind_store_variable(Cx *cx, BindCx *b, const struct PgQuery__Node *update, Expr **out);
/* bind_param_expr - parameter number (from 1) of the type, as an expression. */
Expr *bind_param_expr(Cx *cx, BindCx *b, uint32_t number, Oid type, int32_t typmod);
/* bind_coerce - make expr the type; context 'i','a','e'. ST_NOTFOUND when there is no such cast. */
Status bind_coerce(Cx *cx, BindCx *b, Expr *expr, Oid type, int32_t typmod, char context,
                   Expr **out);
/*
 * What the catalogs keep of expressions and views: the bound tree as text, objects by OID and
 * columns by number, so that it means the same whatever the search path and whatever is renamed.
 * Built-in views and defaults are SQL text; the functions that load take both.
 */
Status bind_store_expr(Cx *cx, Arena *arena, const Expr *e, const char **text_out);
Status bind_store_query(Cx *cx, Arena *arena, const Query *q, const char **text_out);
/* bind_load_expr - a stored expression over one table's columns (EXPR_COLUMN rte 0; NULL: none). */
Status bind_load_expr(Cx *cx, BindCx *b, const CatTable *table, const char *stored, Expr **out);
/* bind_trigger_when - the WHEN condition of a trigger (type: TRIGGER_*) over the columns of its
 * table: EXPR_COLUMN rte 0 is OLD, rte 1 is NEW. */
Status bind_trigger_when(Cx *cx, BindCx *b, const CatTable *table, const struct PgQuery__Node *when,
                         int16_t type, Expr **expr_out);
/* bind_load_trigger_when - whole rows have the columns of the table as it is. */
Status bind_load_trigger_when(Cx *cx, BindCx *b, const CatTable *table, const char *stored,
                              Expr **out);
/* bind_store_body - the queries of a function's SQL-standard body, bound, as one text; atomic:
 * BEGIN ATOMIC, else RETURN. bind_load_body - and back. */
Status bind_store_body(Cx *cx, Arena *arena, bool atomic, Query *const *list, uint32_t count,
                       const char **text_out);
Status bind_load_body(Cx *cx, BindCx *b, const char *stored, bool *atomic_out, Query ***list_out,
                      uint32_t *count_out);
/* bind_load_view - the query of a view as it is defined now. */
Status bind_load_view(Cx *cx, BindCx *b, const CatTable *view, Query **out);
/* bind_secure_query - a stored query that is about to run gets the policies of the tables it reads,
 * by the rights of the view's user. */
Status bind_secure_query(Cx *cx, BindCx *b, Query *q);
/* bind_view_reason - why rows cannot be changed through a view of this query, in PostgreSQL's
 * words; NULL: they can. need_column: some column must be one that can be changed. */
const char *bind_view_reason(const Query *q, bool need_column);
/* bind_change_events - the commands that may change the relation's rows (column 0), or a column of
 * them: bits 4 UPDATE, 8 INSERT, 16 DELETE. triggers: also by INSTEAD OF ones. */
Status bind_change_events(Cx *cx, BindCx *b, const CatTable *t, int16_t column, bool triggers,
                          int *events_out);
/* bind_nextval - nextval of the sequence with this OID, as the type: the default of its column. */
Status bind_nextval(Cx *cx, BindCx *b, Oid sequence, Oid type, Expr **out);
/* bind_column_value - what a column gets that is not given: its default, nextval of its identity,
 * or NULL. */
Status bind_column_value(Cx *cx, BindCx *b, const CatTable *t, uint16_t column, Expr **out);
/* bind_uses_of_expr, bind_uses_of_query - fn for every object of users that the tree names: tables
 * and views (column 0: the whole), functions, types. An object may come more than once; the columns
 * of a table expression do not come. */
typedef Status (*BindUseFn)(void *arg, Oid class_oid, Oid oid, int16_t column);
Status bind_uses_of_expr(const Expr *e, BindUseFn fn, void *arg);
Status bind_uses_of_query(const Query *q, BindUseFn fn, void *arg);
/* bind_fold - constant folding of immutable calls over constants lives in src/expr: expr_fold. */

#endif
