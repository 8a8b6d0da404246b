#ifndef DASSIE_BIND_DEPARSE_H
#define DASSIE_BIND_DEPARSE_H
/*
 * deparse.h - bound trees back to SQL text, in the form PostgreSQL's own pg_get_expr,
 * pg_get_viewdef and their relatives give, byte for byte.
 *
 * Names get their schema only where the bare name would not find the same object. Any thread; the
 * view's search path is set aside while a text with `qualify` is made.
 */
#include "bind/query.h"

typedef struct Deparse {
    CatView *view;
    Arena *arena;       /* where the text is put */
    const TypeEnv *env; /* how constants are written */
    bool qualify; /* text to be stored: names as under an empty search path, regclass constants by
                     OID; bound again under an empty search path it gives the same tree */
    /* What $1, $2... are called; NULL entries: as they are. */
    const char *const *params;
    uint32_t param_count;
    /* The function whose body it is: nobody sees the names of the result columns, and a parameter
     * gets the function's name where it might be taken for a column. NULL: none. */
    const char *function;
    bool pretty; /* fewer parentheses: the argument of that name of PostgreSQL's functions */
} Deparse;

/* deparse_expr - an expression over one table's columns (EXPR_COLUMN rte 0 of table; NULL: over
 * none). */
Status deparse_expr(Cx *cx, const Deparse *d, const Expr *e, const CatTable *table,
                    char **text_out);
/* deparse_trigger_when - a trigger's condition: EXPR_COLUMN rte 0 is OLD, rte 1 NEW. */
Status deparse_trigger_when(Cx *cx, const Deparse *d, const Expr *e, const CatTable *table,
                            char **text_out);
/* deparse_query - a SELECT, without the semicolon. names: the result columns' names where they are
 * not the query's own (views), or NULL. */
Status deparse_query(Cx *cx, const Deparse *d, const Query *q, const char *const *names,
                     char **text_out);

#endif
