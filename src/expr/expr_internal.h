#ifndef DASSIE_EXPR_INTERNAL_H
#define DASSIE_EXPR_INTERNAL_H
/*
 * expr_internal.h - the compiled form of expressions, for the files of src/expr.
 *
 * A program is a flat array of steps in post-order: a step names its arguments by step number, all
 * smaller than its own. Steps that decide which rows their arguments see (AND, OR, CASE, COALESCE,
 * IN) evaluate them under narrower selections; all others evaluate their arguments under the
 * selection they were given.
 */
#include "expr/expr.h"

enum { LANGUAGE_SQL = 14 }; /* pg_language */

typedef enum StepKind {
    STEP_CONST,
    STEP_PARAM,
    STEP_INPUT,
    STEP_FUNC,
    STEP_AND,
    STEP_OR,
    STEP_NOT,
    STEP_CASE,
    STEP_COALESCE,
    STEP_NULLIF,
    STEP_MINMAX,
    STEP_IS_NULL,
    STEP_IS_BOOL,
    STEP_IS_DISTINCT,
    STEP_PASS,
    STEP_IO_CAST,
    STEP_IN,
    STEP_SUBLINK,
    STEP_XACT_TIME,
    STEP_ARRAY,
    STEP_ARRAY_CAST,
    STEP_ARRAY_ANY,
    STEP_SUBSCRIPT,
    STEP_ROW,
    STEP_FIELD,
    STEP_DOMAIN,
} StepKind;

typedef enum FusedOp {
    FUSED_NONE,
    FUSED_EQ,
    FUSED_NE,
    FUSED_LT,
    FUSED_LE,
    FUSED_GT,
    FUSED_GE
} FusedOp;

/* InSet - the constants of an IN list, hashed: open addressing, capacity a power of two. */
typedef struct InSet {
    const TypeOps *type;
    uint32_t mask;
    uint8_t *used;
    Datum *values;
    bool has_null;
} InSet;

typedef struct Step {
    StepKind kind;
    PhysType phys;
    Oid type, collation;
    int32_t typmod;
    uint16_t arg_count;
    bool strict, total, is_volatile;
    bool invariant; /* no column below: one value for the whole execution */
    bool negated;   /* IS NULL, IS DISTINCT, IN, SUBLINK */
    bool is_least, is_all;
    FusedOp fused; /* FUNC: args[0] op args[1], a column against an invariant, on plain integers or
                      floats */
    BoolTest bool_test;
    uint32_t number; /* INPUT: vector; PARAM: 0-based; SUBLINK: sub-plan; FIELD: which */
    const uint32_t *args;
    const FnOps *fn;
    Oid fn_oid;
    const char *sql_name; /* a function written in SQL over constants: errors name it */
    const Oid *arg_types, *real_types; /* carriers; the types themselves */
    int32_t arg_typmod;
    bool arg_column;
    const TypeOps *ops, *src_ops; /* MINMAX, IO_CAST target and source */
    Datum value;                  /* CONST */
    bool is_null;
    const InSet *set;
    /* ARRAY, ARRAY_CAST, ARRAY_ANY, SUBSCRIPT */
    bool fixed; /* SUBSCRIPT: of a type that is a fixed list of elements */
    Oid element;
    bool nested;          /* ARRAY: of arrays */
    bool hashed;          /* ARRAY_ANY: a constant array may be made a hash set */
    const ExprProg *each; /* ARRAY_CAST: input 0 to an element of the new type */
    Subscripts subs;
    const char *const *names; /* ROW; DOMAIN: of the checks */
} Step;

struct ExprProg {
    Step *steps;
    uint32_t step_count;
    uint32_t *roots;
    uint32_t count;
};

typedef struct StepRun {
    Vector out;
    Vector flat; /* a flattened argument of dictionary kind */
    const Vector **argv;
    FnCall call;
    uint16_t *idx[2]; /* selections while evaluating */
    const Vector *cached;
    bool ready;
    ExprRun *each;    /* ARRAY_CAST */
    const InSet *set; /* ARRAY_ANY: of this execution's constant array */
    Vector item;      /* ARRAY_CAST, ARRAY_ANY: elements */
} StepRun;

struct ExprRun {
    const ExprProg *prog;
    const ExprEnv *env;
    Arena *arena;      /* vectors, kept between executions */
    Arena const_arena; /* values that last one execution */
    Cx *cx;
    StepRun *steps;
};

/* compile.c, compile_array.c */
typedef struct Compiler {
    Cx *cx;
    Arena *arena;
    const ExprMap *map;
    const FnOps *(*extra_fn)(const char *prosrc);
    Step *steps;
    uint32_t count, size;
} Compiler;
Step *step_new(Compiler *c, const Expr *e, StepKind kind);
Status compile_args(Compiler *c, Expr *const *exprs, uint32_t count, uint32_t **args_out,
                    bool *invariant_out);
Status step_set_fn(Compiler *c, Step *s, const Expr *e);
bool compile_name_ends_eq(const char *name);
/* compile_array - ARRAY[...], casts of arrays, op ANY/ALL (array), subscripts. */
Status compile_array(Compiler *c, const Expr *e, uint32_t *step_out);
/* compile_row - ROW(...) and whole rows. */
/* domain_step.c */
Status compile_domain(Compiler *c, const Expr *e, uint32_t *step_out);
Status step_eval_domain(Cx *cx, ExprRun *run, uint32_t step, const Sel *sel, Arena *arena);
Status compile_field(Compiler *c, const Expr *e, uint32_t *step_out);
Status compile_row(Compiler *c, const Expr *e, uint32_t *step_out);

/* eval.c */
Status step_eval(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel, Arena *arena,
                 const Vector **out);
void step_ready(ExprRun *run, uint32_t step);
uint16_t *step_idx(ExprRun *run, uint32_t step, uint32_t which);
Status step_call(Cx *cx, ExprRun *run, uint32_t step, const Vector *const *argv, const Batch *in,
                 const Sel *sel, Arena *arena, Vector *out);
void step_spread(const Vector *v, const Sel *sel, Vector *out);
/* eval_logic.c */
Status step_filter(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                   Arena *arena, uint16_t *idx_out, Sel *sel_out);
Status step_eval_logic(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                       Arena *arena, const Vector **out);
Status step_eval_case(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                      Arena *arena, const Vector **out);
Status step_eval_coalesce(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                          Arena *arena, const Vector **out);
Status step_eval_in(Cx *cx, ExprRun *run, uint32_t step, const Batch *in, const Sel *sel,
                    Arena *arena, const Vector **out);
void step_eval_in_set(const InSet *set, bool negated, const Vector *v, const Sel *sel, Vector *r);
/* eval_array.c */
Status step_eval_array(Cx *cx, ExprRun *run, uint32_t step, const Sel *sel, Arena *arena);
/* in_set.c */
InSet *in_set_build_values(Arena *arena, const TypeOps *type, const Datum *values,
                           const bool *nulls, uint32_t count);
InSet *in_set_build(Arena *arena, const TypeOps *type, Expr *const *values, uint32_t count);
bool in_set_has(const InSet *set, const Datum *v);
/* fused.c */
FusedOp fused_op(const char *prosrc);
bool fused_filter(FusedOp op, const Vector *col, const Vector *konst, const Sel *sel,
                  uint16_t *idx_out, uint32_t *count_out);

#endif
