#ifndef DASSIE_BIND_DEPARSE_INTERNAL_H
#define DASSIE_BIND_DEPARSE_INTERNAL_H
/*
 * deparse_internal.h - what the files of the deparser share.
 *
 * A DpOut is one text being written; a DpNames says what the columns of one query level are called.
 */
#include "bind/deparse.h"

/* DpNames - one query level: names of its range table entries and of their columns. */
typedef struct DpNames {
    const struct DpNames *parent; /* the outer query */
    const Query *query;           /* NULL: an expression over `table` */
    const CatTable *table;
    const char **aliases; /* by range table entry; unique together with those of the parents */
    bool
        prefix; /* columns are written with the name of their entry; over `table`: as OLD and NEW */
} DpNames;

typedef struct DpOut {
    Cx *cx;
    const Deparse *d;
    Buf *buf;
    int indent;
    const DpNames *names;
    uint32_t depth;
} DpOut;

/* DP_BYTES_MAX - of one text: more than any stored tree can stand for. */
#define DP_BYTES_MAX ((size_t)256 << 20)

#define DP_INDENT_STEP 4 /* of CASE, JOIN */
#define DP_INDENT_STD  8 /* of a query's clauses */
#define DP_INDENT_MAX  40

/* dp_keyword - a word that begins a line; the indentation changes by `before` and then `after`;
 * this line alone has `plus` more. */
void dp_keyword(DpOut *o, const char *word, int before, int after, int plus);
void dp_name(DpOut *o, const char *name);
void dp_string(DpOut *o, const char *text, size_t len);
void dp_type(DpOut *o, Oid type, int32_t typmod);
/* dp_relation - a relation's name, with its schema where it needs one. */
Status dp_relation(DpOut *o, const CatTable *t);

/* dp_expr - implicit casts are written only when show_implicit. */
Status dp_expr(DpOut *o, const Expr *e, bool show_implicit);
/* dp_expr_in - e as a part of parent: in parentheses where the pretty form needs them. */
Status dp_expr_in(DpOut *o, const Expr *e, const Expr *parent, bool show_implicit);
Status dp_list(DpOut *o, Expr *const *list, uint32_t count, bool show_implicit);
/* dp_const - show_type -1: never the type, 0: where the text alone does not tell, 1: always. */
Status dp_const(DpOut *o, const Expr *e, int show_type);
Status dp_call(DpOut *o, const Expr *e, bool show_implicit);
Status dp_cast(DpOut *o, const Expr *arg, Oid type, int32_t typmod, const Expr *parent);
Status dp_operator(DpOut *o, Oid oper);
/* dp_simple - may the pretty form leave the parentheses around e out, inside parent? */
bool dp_simple(DpOut *o, const Expr *e, const Expr *parent);
Status dp_call_name(DpOut *o, const CatProc *p);
/* dp_sort_exprs, dp_sort_keys - items of GROUP BY, PARTITION BY; of ORDER BY. */
Status dp_sort_exprs(DpOut *o, const Query *q, Expr *const *list, uint16_t count);
Status dp_sort_keys(DpOut *o, const Query *q, const SortKey *keys, uint16_t count);
Status dp_window_call(DpOut *o, const Expr *e);
/* dp_window_clause - the WINDOW clause, nothing when there is none. */
Status dp_window_clause(DpOut *o, const Query *q);
Status dp_sublink(DpOut *o, const Expr *e);
/* dp_target_call - the function call that an entry stands for, where it stands in a target. */
Status dp_target_call(DpOut *o, const Rte *r, const DpNames *names);
/* dp_query - names: the result columns' names, NULL = the query's own; names_visible: something
 * outside sees them. */
Status dp_query(DpOut *o, const Query *q, const DpNames *parent, const char *const *names,
                bool names_visible);

#endif
