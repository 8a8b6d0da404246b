#ifndef DASSIE_FUNC_RUN_H
#define DASSIE_FUNC_RUN_H
/*
 * run.h - SQL that functions run: texts bound with a function's variables, planned once and run
 * many times; plain expressions evaluated without a plan; the functions of users themselves.
 *
 * A FuncManager is one session's: what it has compiled, which functions are under way. One thread,
 * that of the session's statement. Languages above this folder (PL/pgSQL) are handed to
 * func_manager_create as tables of handlers.
 *
 * Snapshots: a volatile function's statements see what was committed when each of them began and
 * all that its transaction did before; those of others see what the calling query sees.
 */
#include "bind/bind.h"
#include "exec/exec.h"
#include "expr/call.h"
#include "func/func.h"

typedef struct FuncManager FuncManager;
typedef struct FuncBody FuncBody; /* a function, compiled */

/* FuncHost - what only the server can do for a function. */
typedef struct FuncHost {
    Status (*plan)(void *arg, Cx *cx, const Query *q, const BindParams *params, uint64_t version,
                   Plan **out);
    void (*exec_env)(void *arg, ExecEnv *env, const Snapshot *snap, const Datum *values,
                     const bool *nulls, uint32_t count);
    /* A statement that is not planned: DDL, SET... Its tag. */
    Status (*utility)(void *arg, Cx *cx, Arena *arena, Slice sql, const struct PgQuery__Node *node,
                      const char **tag_out);
    /* A savepoint without a name, and its end: kept, or rolled back. */
    Status (*sub_begin)(void *arg, Cx *cx, void **mark_out);
    Status (*sub_end)(void *arg, Cx *cx, void *mark, bool keep);
    /* COMMIT and ROLLBACK of a procedure that is not inside a query. */
    Status (*end_transaction)(void *arg, Cx *cx, bool commit);
    uint64_t (*generation)(void *arg); /* of the settings that binding depends on */
    /* 42501 for what the user may not do of a query that is not planned. */
    Status (*may)(void *arg, Cx *cx, const Query *q);
} FuncHost;

/* FuncLanguage - how functions of one language are compiled and run. */
typedef struct FuncCallIn {
    FuncManager *m;
    FuncBody *body;
    const FnInvoke *invoke;
    TriggerCall *trigger;  /* not NULL: called as a trigger; invoke is NULL */
    struct FuncRows *rows; /* not NULL: a set is wanted */
    bool atomic;           /* no COMMIT and ROLLBACK */
    Arena *arena;          /* of the result */
} FuncCallIn;
typedef struct FuncLanguage {
    Oid oid;
    const char *name;
    /* compile - *compiled_out lives in arena. For a trigger function, table is its table. */
    Status (*compile)(Cx *cx, FuncManager *m, FuncBody *body, const FnValidate *check,
                      void **compiled_out);
    void (*release)(void *compiled);
    Status (*call)(Cx *cx, const FuncCallIn *in, Datum *value_out, bool *null_out);
} FuncLanguage;

/* FuncBody - one function as it is called with these types. */
struct FuncBody {
    Oid oid, language, result; /* result: resolved */
    const char *name, *source;
    const char *sqlbody;   /* instead of the source: bind_load_body; NULL = none */
    const char *signature; /* name(types): for contexts */
    bool procedure, returns_set, read_only, strict, inline_block;
    uint16_t arg_count; /* inputs */
    Oid *args;          /* resolved */
    uint16_t all_count; /* as in CatProc, types resolved; equal to the inputs without OUT ones */
    Oid *all_args;
    const char *modes;     /* NULL: all i */
    const char **names;    /* of all; NULL entries and NULL: none */
    const CatTable *table; /* of a trigger */
    bool is_trigger;
    const char *const *config;
    uint16_t config_count;
    bool security_definer;
    Oid owner;
    void *compiled;
    const FuncLanguage *ops;
    Arena arena;
    uint64_t version, own;
    uint32_t running;
    bool dropped; /* another has taken its place: freed when it is left */
    struct FuncBody *next;
};

/* FuncRows - rows of a set, kept. */
typedef struct FuncRows {
    Arena *arena;
    uint32_t col_count; /* 0: not yet known */
    PhysType *phys;
    Oid *types;
    Datum *values; /* row by row */
    bool *nulls;
    uint64_t count, size, next;
    bool is_row; /* the function returns rows: columns are their fields */
} FuncRows;
void func_rows_add(FuncRows *r, const Datum *values, const bool *nulls);

/* FuncFrame - what is under way, for the lines of CONTEXT; innermost first. */
typedef struct FuncFrame {
    struct FuncFrame *outer;
    void (*text)(const struct FuncFrame *f, Buf *buf); /* one line */
    void *arg;
} FuncFrame;

struct FuncManager {
    FnManager base;             /* what lower folders see */
    const TriggerCall *trigger; /* what has called the function that runs; NULL: no trigger */
    FuncSession *fs;
    const FuncHost *host;
    const TypeEnv *env;
    const FuncLanguage *const *languages;
    uint32_t language_count;
    Arena arena;
    Map bodies; /* key bytes -> FuncBody */
    Map by_oid; /* those that are what they are whatever they are called with */
    Map casts;  /* key bytes -> FuncCast */
    FuncFrame *frames;
    uint32_t open_runs; /* statements whose rows are being read: no COMMIT meanwhile */
    bool context_done;  /* the error on its way up has its whole context (it was raised again) */
    uint64_t epoch;     /* grows with each rolled back sub-transaction */
    struct PlCursor *cursors; /* of functions, by name, of the transaction */
    struct PlCursor *closed_cursors;
    uint32_t portal_number;
    const char *stack_top; /* where the outermost call stood */
};

FuncManager *func_manager_create(FuncSession *fs, const FuncHost *host, const TypeEnv *env,
                                 const FuncLanguage *const *languages, uint32_t language_count);
void func_manager_free(FuncManager *m);
static inline FuncManager *func_manager(const TypeEnv *env)
{
    return (FuncManager *)env->functions;
}
/* func_version - changes whenever something bound before may mean something else. */
typedef struct FuncVersion {
    uint64_t catalog, own, settings;
    Oid user; /* whose rights were looked at */
} FuncVersion;
FuncVersion func_version_now(FuncManager *m);

/* func_call_table - CALL: proc with arguments; *rows: what its OUT parameters are. */
Status func_call_procedure(FuncManager *m, Cx *cx, const FnInvoke *invoke, bool atomic,
                           Datum *value_out, bool *null_out);
/* func_run_block - DO. */
Status func_run_block(FuncManager *m, Cx *cx, Oid language, const char *source,
                      const FnValidate *check, bool atomic);

/* ---- contexts ---- */
/* func_put_context - the lines of all that is under way. */
void func_put_context(const FuncManager *m, Buf *buf);
/* func_error_context - add the frame's line to the error; returns ST_ERROR. */
Status func_error_context(Cx *cx, const FuncFrame *f);

/* ---- sub-transactions ---- */
Status func_sub_begin(FuncManager *m, Cx *cx, void **mark_out);
Status func_sub_end(FuncManager *m, Cx *cx, void *mark, bool keep);

/* ---- queries ---- */
/* FuncQuery - one SQL text. */
typedef struct FuncQuery {
    FuncManager *m;
    const char *text;  /* as it stands in the function */
    const char *shown; /* what QUERY shows */
    uint32_t prefix;   /* bytes of text before what the function has: "SELECT " */
    uint32_t shown_prefix;
    bool is_expr;       /* SQL expression "...", not SQL statement */
    bool quiet;         /* no line of context: the function's own says it */
    const char *stored; /* a SQL-standard body, and which of its queries; NULL: text */
    uint32_t stored_at;
    const Oid *stored_types; /* of its parameters */
    uint32_t stored_count;
    bool store;    /* UPDATE t SET v[...] = e: v with the part replaced, as an expression */
    BindVars vars; /* vars.find NULL: none */
    /* An expression whose value is wanted as a type; 0: as it comes. */
    Oid want_type;
    int32_t want_typmod;
    Arena arena;                      /* of the tree */
    const struct PgQuery__Node *node; /* NULL: not parsed, or empty */
    uint32_t stmt_count;
    BindParams params;
    Plan *plan; /* NULL: a utility statement, or simple */
    bool ready, utility;
    FuncVersion version;
    /* A plain expression. */
    bool simple;
    const ExprProg *prog;
    ExprRun *run;
    ExprEnv expr_env;
    Arena prog_arena;
    CatPins *pins;
    bool busy;
    Oid type;
    int32_t typmod;
} FuncQuery;
void func_query_init(FuncQuery *q, FuncManager *m, Arena *parent, const char *text, bool is_expr);
void func_query_release(FuncQuery *q);
/* func_query_parse - only that: for errors of syntax. */
Status func_query_parse(Cx *cx, FuncQuery *q);
/* func_query_ready - bound and planned as of now. */
Status func_query_ready(Cx *cx, FuncQuery *q);
/* func_query_stale - what it was bound with has changed: to be bound again. */
void func_query_stale(FuncQuery *q);

/* FuncRun - one execution. */
typedef struct FuncRun {
    FuncQuery *q;
    ExecState *exec;
    Snapshot snapshot;
    Plan *plan;
    bool holds, failed;
} FuncRun;
Status func_run_open(Cx *cx, FuncQuery *q, const Datum *values, const bool *nulls, bool read_only,
                     FuncRun *run);
Status func_run_next(Cx *cx, FuncRun *run, uint32_t max_rows, const Batch **batch_out);
/* func_run_close - what was written is seen by what follows. */
Status func_run_close(Cx *cx, FuncRun *run, Status st);
Status func_run_utility(Cx *cx, FuncQuery *q, bool read_only, const char **tag_out);
/* func_eval - an expression's value; string bytes in arena. */
Status func_eval(Cx *cx, FuncQuery *q, const Datum *values, const bool *nulls, bool read_only,
                 Arena *arena, Datum *value_out, bool *null_out);
/* func_query_error - an error of this text: where in it, or a line of context. */
Status func_query_error(Cx *cx, const FuncQuery *q);

/* func_cast - a value to another type as an assignment of PL/pgSQL does. */
Status func_cast(FuncManager *m, Cx *cx, Arena *arena, const Datum *value, bool is_null, Oid from,
                 Oid to, int32_t typmod, Datum *value_out, bool *null_out);
/* func_value_text - a value's text, appended. */
void func_value_text(FuncManager *m, Cx *cx, Arena *arena, Oid type, const Datum *v, Buf *buf);
#define FUNC_USER_ARGS_MAX 100
bool func_is_polymorphic(Oid type);
/* func_base_type - what a domain is over; any other type is itself. Fields of rows have it. */
Oid func_base_type(FuncManager *m, Oid type);
PhysType func_phys(FuncManager *m, Oid type);
/* func_type_ops - also of domains, rows and what else is kept as one of the built-in types. */
const TypeOps *func_type_ops(FuncManager *m, Oid type);

extern const FuncLanguage FUNC_LANGUAGE_SQL;
/* The kernel and the set that stand for all functions of users. */
extern const FnOps FUNC_USER_FN;
extern const SetOps FUNC_USER_SET;

#endif
