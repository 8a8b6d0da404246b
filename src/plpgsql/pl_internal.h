#ifndef DASSIE_PLPGSQL_INTERNAL_H
#define DASSIE_PLPGSQL_INTERNAL_H
/*
 * pl_internal.h - the tree of a PL/pgSQL function, its parser's and its interpreter's shared parts.
 *
 * Variables are numbered through the whole function ("datums"); names are looked up when an
 * expression is bound, from the place where it stands. A row variable is a record of one shape.
 */
#include "parse/lex.h"
#include "plpgsql/plpgsql.h"

enum { PL_LANGUAGE_OID = 13562, PL_TYPE_TRIGGER = 2279, PL_TYPE_REFCURSOR = 1790 };

typedef struct PlFunction PlFunction;
typedef struct PlFrame PlFrame;
typedef struct PlStmt PlStmt;

/* PlVar - a declared variable, parameter or loop variable. */
typedef struct PlVar {
    const char *name;
    uint32_t number, line;
    bool record; /* RECORD or of a composite type */
    bool constant, not_null;
    Oid type, collation;
    int32_t typmod;
    struct PlExpr *init;
    /* A bound cursor. */
    struct PlExpr *cursor_query;
    uint32_t *cursor_args;
    uint32_t cursor_arg_count;
    bool is_cursor;
} PlVar;

/* PlLevel - the names of one block; the innermost is searched first. */
typedef struct PlLevel {
    struct PlLevel *outer;
    const char *label;
    uint32_t *vars; /* numbers, in order of declaration */
    const char **names;
    uint32_t count, size;
    bool is_loop; /* the label may be named by EXIT and CONTINUE of loops */
    bool block;
} PlLevel;

/* PlParam - what parameter number i + 1 of an expression is. */
typedef struct PlParam {
    uint32_t var;
    const char *field; /* of a record; NULL: the whole */
} PlParam;

typedef struct PlExpr {
    FuncQuery q;
    PlFunction *fn;
    const PlLevel *level;
    uint32_t level_count; /* how many names of the level there were */
    uint32_t line;
    int32_t offset; /* of its text in the source */
    PlParam *params;
    uint32_t param_count, param_size;
    struct PlExpr *next; /* all of the function */
} PlExpr;

/* PlTarget - where a value goes. */
typedef struct PlTarget {
    uint32_t var;
    const char *field;
} PlTarget;

typedef enum PlKind {
    PL_BLOCK,
    PL_ASSIGN,
    PL_IF,
    PL_CASE,
    PL_LOOP,
    PL_WHILE,
    PL_FOR_INT,
    PL_FOR_QUERY,
    PL_FOR_CURSOR,
    PL_FOR_EXECUTE,
    PL_FOREACH,
    PL_EXIT,
    PL_RETURN,
    PL_RETURN_NEXT,
    PL_RETURN_QUERY,
    PL_RAISE,
    PL_ASSERT,
    PL_SQL,
    PL_EXECUTE,
    PL_GET_DIAG,
    PL_OPEN,
    PL_FETCH,
    PL_CLOSE,
    PL_PERFORM,
    PL_CALL,
    PL_COMMIT,
    PL_NULL,
} PlKind;

/* PlBranch - IF, ELSIF, WHEN. */
typedef struct PlBranch {
    PlExpr **conds; /* any of them */
    uint32_t count;
    PlStmt *body;
    struct PlBranch *next;
} PlBranch;

/* PlHandler - WHEN conditions THEN. */
typedef struct PlHandler {
    uint32_t *states; /* SQLSTATEs; 0: others; those ending in 000 stand for their class */
    uint32_t count;
    PlStmt *body;
    struct PlHandler *next;
} PlHandler;

/* PlOption - an option of RAISE; an item of GET DIAGNOSTICS. */
typedef struct PlOption {
    const char *name;
    PlExpr *value;
    PlTarget target;
} PlOption;

struct PlStmt {
    PlKind kind;
    uint32_t line;
    const char *label; /* of a block or loop; of EXIT: the one named */
    PlStmt *next;
    PlExpr *expr, *expr2, *expr3; /* condition, value, query, bounds */
    PlStmt *body;
    PlBranch *branches;
    PlStmt *otherwise;
    bool has_else;
    PlTarget *targets; /* INTO, assignment, loop variables */
    uint32_t target_count;
    bool into, strict;
    uint32_t *vars; /* BLOCK: declared here */
    uint32_t var_count;
    PlHandler *handlers;
    uint32_t sqlstate_var, sqlerrm_var;
    PlExpr **args; /* USING, RAISE's parameters, a cursor's arguments */
    const char **arg_names;
    uint32_t arg_count;
    PlOption *options;
    uint32_t option_count;
    const char *text; /* RAISE: format; FETCH: direction */
    const char *condition;
    ErrSeverity level;
    uint32_t sqlstate;
    bool is_continue, reverse, stacked, move, dynamic, rollback, chain, scroll, no_scroll;
    int64_t slice;
    uint32_t var;      /* cursor, loop variable */
    uint32_t case_var; /* CASE: its test's value */
};

struct PlFunction {
    FuncManager *m;
    FuncBody *body;
    Arena *arena;
    PlVar **vars;
    uint32_t var_count, var_size;
    PlExpr *exprs;
    PlStmt *main;
    uint32_t *arg_vars; /* of the inputs, in order */
    uint32_t *out_vars; /* OUT, INOUT and TABLE */
    uint32_t out_count;
    uint32_t found_var, new_var, old_var;
    uint32_t tg_vars[11];
    BindConflict conflict;
    PlFrame *frame; /* of the innermost call */
    uint32_t error_line;
};
#define PL_NO_VAR UINT32_MAX

/* ---- parse.c and its parts ---- */
typedef enum PlTok {
    TOK_END,
    TOK_WORD,   /* unquoted: value is folded */
    TOK_QUOTED, /* "x" */
    TOK_INT,
    TOK_NUMBER,
    TOK_STRING,
    TOK_PARAM,
    TOK_OP,
    TOK_PUNCT,  /* value is the character */
    TOK_ASSIGN, /* := */
    TOK_DOTS,   /* .. */
    TOK_OTHER,
} PlTok;
typedef struct PlToken {
    PlTok kind;
    uint32_t start, end;
    const char *value;
} PlToken;
typedef struct PlParser {
    Cx *cx;
    FuncManager *m;
    PlFunction *fn;
    Arena *arena;
    Slice src;
    Lexer lex;
    PlToken tok; /* the one looked at */
    PlLevel *level;
    const FnValidate *check;
    uint32_t nested; /* handlers around */
    bool failed_placed;
} PlParser;
Status pl_parse(Cx *cx, FuncManager *m, PlFunction *fn, const FnValidate *check);
void pl_advance(PlParser *p);
PlToken pl_peek(PlParser *p);
bool pl_is(const PlParser *p, const char *word);
bool pl_is_punct(const PlParser *p, char c);
bool pl_accept(PlParser *p, const char *word);
Status pl_expect(PlParser *p, const char *word);
Status pl_expect_punct(PlParser *p, char c);
Status pl_syntax(PlParser *p);
Status pl_error_at(PlParser *p, uint32_t start, uint32_t sqlstate, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
uint32_t pl_line(const PlParser *p, uint32_t offset);
/* pl_read_expr - an expression up to one of the words (NULL-ended) or characters, which stays the
 * token looked at. */
Status pl_read_expr(PlParser *p, const char *const *words, const char *chars, PlExpr **out);
PlExpr *pl_expr_new(PlParser *p, const char *text, uint32_t prefix, uint32_t start, bool is_expr);
Status pl_expr_check(PlParser *p, PlExpr *e);
PlStmt *pl_stmt_new(PlParser *p, PlKind kind, uint32_t start);
Status pl_statements(PlParser *p, PlStmt **out);
Status pl_statement(PlParser *p, PlStmt **out);
Status pl_block(PlParser *p, const char *label, PlStmt **out);
Status pl_loop_statement(PlParser *p, const char *label, PlStmt **out);
Status pl_parse_raise(PlParser *p, PlStmt **out);
Status pl_parse_open(PlParser *p, PlStmt **out);
Status pl_parse_fetch(PlParser *p, bool move, PlStmt **out);
Status pl_parse_close(PlParser *p, PlStmt **out);
Status pl_parse_get(PlParser *p, PlStmt **out);
Status pl_parse_execute(PlParser *p, PlStmt **out);
Status pl_parse_sql(PlParser *p, uint32_t start, PlStmt **out);
Status pl_parse_return(PlParser *p, PlStmt **out);
Status pl_parse_case(PlParser *p, PlStmt **out);
Status pl_parse_if(PlParser *p, PlStmt **out);
Status pl_parse_targets(PlParser *p, PlStmt *s);
Status pl_parse_using(PlParser *p, const char *const *words, PlStmt *s);
Status pl_cursor_args(PlParser *p, const PlVar *v, PlStmt *s);
Status pl_declare_section(PlParser *p, PlStmt *block);
Status pl_read_type(PlParser *p, const char *const *words, PlVar *v);
PlLevel *pl_level_push(PlParser *p, const char *label);
void pl_level_pop(PlParser *p);
void pl_level_name(PlLevel *level, Arena *a, const char *name, uint32_t number);
PlVar *pl_var_add(PlFunction *fn, Arena *a, PlLevel *level, const char *name, Oid type,
                  int32_t typmod);
/* pl_lookup - the variable of a name from a place; used_out: how many of the names it took. */
PlVar *pl_lookup(const PlFunction *fn, const PlLevel *level, uint32_t count,
                 const char *const *names, uint32_t name_count, uint32_t *used_out);
/* pl_parse_variable - a name that is one: its target. 42601. */
Status pl_parse_variable(PlParser *p, PlTarget *out);
/* pl_condition - the SQLSTATEs of a condition's name; 0: there is none. */
uint32_t pl_condition(const char *name);
const char *pl_stmt_name(const PlStmt *s);
bool pl_is_record_type(FuncManager *m, Oid type);

/* ---- running ---- */
typedef struct PlValue {
    Datum v;
    bool is_null;
    char *bytes; /* of a long string, owned */
    uint32_t size;
} PlValue;
typedef struct PlRecord {
    uint32_t count, size;
    const char **names;
    Oid *types;
    int32_t *typmods;
    PlValue *values;
    bool assigned; /* has a shape */
    bool is_null;  /* as a whole, of a composite type */
    Arena arena;   /* names and arrays */
    bool arena_ready;
} PlRecord;
typedef struct PlSlot {
    PlValue value;
    PlRecord *record;
} PlSlot;

typedef enum PlFlow { FLOW_NEXT, FLOW_EXIT, FLOW_CONTINUE, FLOW_RETURN } PlFlow;

/* PlCaught - the error that a handler runs for. */
typedef struct PlCaught {
    Err err;
    struct PlCaught *outer;
} PlCaught;

struct PlFrame {
    FuncFrame frame;
    PlFunction *fn;
    const FuncCallIn *in;
    PlFrame *outer; /* an earlier call of the same function */
    PlSlot *slots;
    const PlStmt *stmt;
    const char *phase; /* instead of a statement */
    uint32_t phase_line;
    PlFlow flow;
    const char *flow_label;
    bool has_result, result_null;
    Datum result;
    Arena result_arena; /* of the value to return */
    Oid result_type;
    Arena scratch; /* one statement's */
    Cx cx;
    PlCaught *caught;
    uint64_t row_count;
    bool returned;
};

Status pl_run_statements(PlFrame *f, const PlStmt *s);
Status pl_run_block(PlFrame *f, const PlStmt *s);
/* values */
Status pl_eval(PlFrame *f, PlExpr *e, Datum *value_out, bool *null_out, Oid *type_out);
Status pl_eval_as(PlFrame *f, PlExpr *e, Oid type, Datum *value_out, bool *null_out);
Status pl_eval_bool(PlFrame *f, PlExpr *e, bool *value_out, bool *null_out);
Status pl_eval_text(PlFrame *f, PlExpr *e, const char **text_out);
/* pl_fill - the expression is ready and these are its parameters, in arena; copied: with the bytes
 * of strings, for what runs on while variables change. */
Status pl_fill(PlFrame *f, PlExpr *e, Arena *arena, bool copied, Datum **values_out,
               bool **nulls_out);
Status pl_assign(PlFrame *f, const PlTarget *t, const Datum *value, bool is_null, Oid type);
Status pl_assign_text(PlFrame *f, uint32_t var, const char *text);
void pl_set_found(PlFrame *f, bool found);
/* pl_take_row - a row of a query (NULL: none) into targets: variables, or one record. */
typedef struct PlRow {
    const Batch *b; /* NULL: values and nulls */
    uint32_t row;
    const Datum *values;
    const bool *nulls;
} PlRow;
Status pl_take_row(PlFrame *f, const PlTarget *targets, uint32_t count, const PlanColumn *columns,
                   uint32_t column_count, const PlRow *row);
void pl_value_free(PlValue *v);
void pl_value_put(PlValue *v, PhysType phys, const Datum *d, bool is_null);
PlRecord *pl_record(PlFrame *f, uint32_t var);
void pl_record_shape(PlFrame *f, PlRecord *r, uint32_t count, const char *const *names,
                     const Oid *types, const int32_t *typmods);
Status pl_record_set(PlFrame *f, uint32_t var, const Datum *value, bool is_null, Oid type);
/* pl_record_value - the record as one value, in the frame's scratch. */
void pl_record_value(PlFrame *f, uint32_t var, Datum *value_out, bool *null_out);
Status pl_record_of_table(PlFrame *f, PlRecord *r, const CatTable *t);
void pl_record_free(PlRecord *r);
/* vars hook */
BindVars pl_bind_vars(PlExpr *e);
/* statements of their own files */
Status pl_run_raise(PlFrame *f, const PlStmt *s);
Status pl_run_sql(PlFrame *f, const PlStmt *s);
Status pl_run_execute(PlFrame *f, const PlStmt *s);
Status pl_run_for_query(PlFrame *f, const PlStmt *s);
Status pl_run_return_query(PlFrame *f, const PlStmt *s);
Status pl_run_return(PlFrame *f, const PlStmt *s);
Status pl_run_return_next(PlFrame *f, const PlStmt *s);
Status pl_run_get_diag(PlFrame *f, const PlStmt *s);
Status pl_run_open(PlFrame *f, const PlStmt *s);
Status pl_run_fetch(PlFrame *f, const PlStmt *s);
Status pl_run_close(PlFrame *f, const PlStmt *s);
Status pl_run_for_cursor(PlFrame *f, const PlStmt *s);
Status pl_run_perform(PlFrame *f, const PlStmt *s);
Status pl_run_call(PlFrame *f, const PlStmt *s);
/* pl_execute_call - CALL and DO as the text of EXECUTE. */
Status pl_execute_call(PlFrame *f, const PlStmt *s, FuncQuery *q, const Datum *params,
                       const bool *nulls);
/* pl_loop_flow - after a loop's body: true when the loop ends. */
bool pl_loop_flow(PlFrame *f, const PlStmt *s);
/* pl_dynamic - the query text of EXECUTE and its parameters, ready to run. */
Status pl_dynamic(PlFrame *f, const PlStmt *s, Arena *arena, FuncQuery *q, Datum **values_out,
                  bool **nulls_out);

#endif
