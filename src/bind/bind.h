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

typedef struct BindCx {
    CatView *view;
    Arena *arena;
    Slice sql;            /* for error positions */
    const TypeEnv *env;   /* constants of type literals are made with it */
    BindParams *params;   /* may be NULL: no parameters allowed */
    bool no_row_security; /* the query is stored, not run: policies are put in when it is */
    bool maintains;       /* our own statement may change a materialized view */
    bool no_locks;        /* stored expressions and Describe of cached statements */
} BindCx;

/* bind_statement - SELECT/INSERT/UPDATE/DELETE (and EXPLAIN's, DECLARE CURSOR's, PREPARE's inner
 * statement). */
Status bind_statement(Cx *cx, BindCx *b, const struct PgQuery__Node *stmt, Query **query_out);
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
/* bind_load_view - the query of a view as it is defined now. */
Status bind_load_view(Cx *cx, BindCx *b, const CatTable *view, Query **out);
/* bind_secure_query - a stored query that is about to run gets the policies of the tables it reads,
 * by the rights of the view's user. */
Status bind_secure_query(Cx *cx, BindCx *b, Query *q);
/* bind_view_reason - why rows cannot be changed through a view of this query, in PostgreSQL's
 * words; NULL: they can. need_column: some column must be one that can be changed. */
const char *bind_view_reason(const Query *q, bool need_column);
/* bind_change_events - the commands that may change the relation's rows (column 0), or a column of
 * them: bits 4 UPDATE, 8 INSERT, 16 DELETE. */
Status bind_change_events(Cx *cx, BindCx *b, const CatTable *t, int16_t column, int *events_out);
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
