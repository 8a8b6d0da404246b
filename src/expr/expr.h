#ifndef DASSIE_EXPR_H
#define DASSIE_EXPR_H
/*
 * expr.h - typed expressions compiled to step arrays over vectors; constant folding.
 *
 * An ExprProg is immutable and shared (part of a plan); an ExprRun is its state for one execution
 * (vectors, kernels' states), one thread. Evaluation honours the selection: nothing is evaluated
 * for a row that PostgreSQL would not (CASE, AND/OR short circuits by selection, COALESCE). Columns
 * are looked up by a caller-given mapping from (rte, column) to input vector number.
 */
#include "bind/query.h"

typedef struct ExprProg ExprProg;
typedef struct ExprRun ExprRun;

/* ExprMap - where the compiler finds columns: returns the input vector's number or -1. */
typedef struct ExprMap {
    int (*find)(void *arg, uint16_t rte, int16_t column);
    /* Sub-plans: how EXPR_SUBLINK is evaluated; the executor registers, the compiler numbers.
     * Returns a number or -1; args_out: expressions over the input that the sub-plan is given (the
     * tested expression, then the columns it is correlated with). */
    int (*sublink)(void *arg, const Expr *e, Expr ***args_out, uint32_t *arg_count_out);
    /* An expression that the input already holds (a group key, an aggregate, a sort key): its
     * vector, or -1. Asked before anything else, for every node but constants. May be NULL. */
    int (*computed)(void *arg, const Expr *e);
    /* A column of an outer query (levels_up > 0): the number of the parameter (1-based) that
     * carries it, or -1. May be NULL. */
    int (*outer)(void *arg, const Expr *e);
    void *arg;
} ExprMap;

/* What an execution brings along. */
typedef struct ExprEnv {
    const TypeEnv *type_env;
    const Datum *params; /* values of EXPR_PARAM, [0] is $1 */
    const bool *param_nulls;
    uint32_t param_count;
    /* Kernels of folders above (src/func): asked when type's table does not know the prosrc. May be
     * NULL. */
    const FnOps *(*extra_fn)(const char *prosrc);
    /* Evaluate sub-plan `number` for the selected rows, given its arguments' vectors. */
    Status (*sublink)(void *arg, Cx *cx, uint32_t number, const Vector *const *args,
                      uint32_t arg_count, const Sel *sel, Vector *out, Arena *arena);
    void *sublink_arg;
} ExprEnv;

/* expr_compile - many expressions into one program; out vectors are numbered like exprs. 0A000 for
 * missing kernels. */
Status expr_compile(Cx *cx, Arena *arena, Expr *const *exprs, uint32_t count, const ExprMap *map,
                    const FnOps *(*extra_fn)(const char *prosrc), const ExprProg **prog_out);
Status expr_run_create(Cx *cx, Arena *arena, const ExprProg *prog, ExprRun **run_out);
/* expr_run_reset - a new execution: forget kernels' states and cached constants. */
void expr_run_reset(ExprRun *run, const ExprEnv *env);
/* expr_eval - evaluate expression `number` for the selected rows. The result is valid until the
   next call on this run; long strings live in arena. */
Status expr_eval(Cx *cx, ExprRun *run, uint32_t number, const Batch *in, const Sel *sel,
                 Arena *arena, const Vector **out);
/* expr_filter - the rows of sel for which boolean expression `number` is true: idx_out holds
 * VEC_CAPACITY entries. */
Status expr_filter(Cx *cx, ExprRun *run, uint32_t number, const Batch *in, const Sel *sel,
                   Arena *arena, uint16_t *idx_out, Sel *sel_out);
/* expr_fold - constant folding: immutable calls over constants, boolean simplification; may copy.
 */
Status expr_fold(Cx *cx, Arena *arena, const ExprEnv *env, Expr *e, Expr **out);
/* expr_eval_const - evaluate an expression without columns, once (LIMIT, DEFAULT, parameters of
 * utility statements). */
Status expr_eval_const(Cx *cx, Arena *arena, const ExprEnv *env, Expr *e, Datum *value_out,
                       bool *null_out);
bool expr_is_volatile(const Expr *e);

/* ---- trees ---- */
/* expr_copy - a deep copy in the arena, string bytes included; sub-queries are shared. */
Expr *expr_copy(Arena *arena, const Expr *e);
/* expr_equal - the same expression: positions in the text do not count. Sub-queries are equal only
 * when shared. */
bool expr_equal(const Expr *a, const Expr *b);
/* expr_walk - call fn for the node and everything below it (aggregates' filters and orders
 * included, not into sub-queries); fn returns false to leave out what is below its node. */
void expr_walk(const Expr *e, bool (*fn)(void *arg, const Expr *e), void *arg);

#endif
