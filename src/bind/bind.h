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
    bool fixed; /* no more than count, all known (re-binding a prepared statement) */
} BindParams;

typedef struct BindCx {
    CatView *view;
    Arena *arena;
    Slice sql;          /* for error positions */
    const TypeEnv *env; /* constants of type literals are made with it */
    BindParams *params; /* may be NULL: no parameters allowed */
    bool no_locks;      /* stored expressions and Describe of cached statements */
} BindCx;

/* bind_statement - SELECT/INSERT/UPDATE/DELETE (and EXPLAIN's, DECLARE CURSOR's, PREPARE's inner
 * statement). */
Status bind_statement(Cx *cx, BindCx *b, const struct PgQuery__Node *stmt, Query **query_out);
/* bind_table_expr - a stored expression (DEFAULT, CHECK, index expression) over one table's
   columns: EXPR_COLUMN rte 0. table NULL: no columns allowed. want_type 0 = as it comes; else
   coerced by assignment. what names it in errors. */
Status bind_table_expr(Cx *cx, BindCx *b, const CatTable *table, const struct PgQuery__Node *expr,
                       Oid want_type, int32_t want_typmod, const char *what, Expr **expr_out);
/* bind_type_name - a TypeName node to type OID and typmod. 42704. */
Status bind_type_name(Cx *cx, BindCx *b, const struct PgQuery__TypeName *name, Oid *type_out,
                      int32_t *typmod_out);
/* bind_coerce - make expr the type; context 'i','a','e'. ST_NOTFOUND when there is no such cast. */
Status bind_coerce(Cx *cx, BindCx *b, Expr *expr, Oid type, int32_t typmod, char context,
                   Expr **out);
/* bind_fold - constant folding of immutable calls over constants lives in src/expr: expr_fold. */

#endif
