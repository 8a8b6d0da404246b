#ifndef DASSIE_PLAN_H
#define DASSIE_PLAN_H
/*
 * plan.h - typed query tree to physical plan: rewrites, join order, access paths, EXPLAIN.
 *
 * A Plan is immutable, reference-counted and shared by sessions; it keeps its own arena and the
 * catalog pins it needs. Execution state is elsewhere (exec.h) and is kept on the plan's free list
 * between executions.
 */
#include "bind/bind.h"
#include "expr/expr.h"

typedef struct PlanNode PlanNode; /* plan_nodes.h, for src/exec */

typedef struct PlanColumn {
    const char *name;
    Oid type;
    int32_t typmod;
    Oid source_table;
    int16_t source_column;
} PlanColumn;

typedef struct PlanLock {
    uint64_t key; /* as table_lock takes it */
    TableLockMode mode;
    bool temporary; /* a temporary table */
} PlanLock;
/* ExecFreeList - execution states that nobody uses now, kept for the plan's next execution.
 * src/exec fills it and says how to free them; the flag is held for a few instructions. */
typedef struct ExecFreeList {
    atomic_flag lock;
    struct ExecState *first;
    uint32_t count;
    void (*free_all)(struct ExecFreeList *l);
} ExecFreeList;

typedef struct Plan {
    _Atomic uint32_t refs;
    Arena arena;
    CatPins *pins;
    uint64_t catalog_version; /* stale when catalog_version() moved on */
    CmdKind command;
    PlanColumn
        *columns; /* of the result; column_count 0 and no returning = a command without rows */
    uint16_t column_count;
    bool returns_rows;
    const char *what; /* for messages: INSERT, SELECT FOR UPDATE, ... */
    bool writes;      /* INSERT, UPDATE, DELETE, in WITH too */
    bool locks_rows;
    bool read_only; /* writes nothing, locks no rows, calls nothing volatile */
    /* An UPDATE or DELETE that calls nothing volatile and locks no rows but those it changes: until
     * it has changed the first, it may be begun again. */
    bool repeatable;
    uint32_t param_count;
    Oid *param_types;
    PlanNode *root;
    /* Table locks every execution takes before it starts: set by the owner of the plan after
     * plan_create. */
    struct PlanLock *locks;
    uint32_t lock_count;
    struct SubPlan *subplans; /* sub-queries inside expressions */
    uint32_t subplan_count;
    struct CtePlan *ctes;
    uint32_t cte_count;
    uint32_t exec_param_count; /* parameters after the statement's: values of outer rows */
    uint32_t node_count;
    const Err *denied; /* who runs it may not: set by the owner of the plan, like the locks */
    ExecFreeList free_list;
} Plan;

/* plan_create - one reference for the caller. query may live in any arena; what the plan needs is
 * copied. */
Status plan_create(Cx *cx, CatView *view, const TypeEnv *env, const Query *query,
                   const BindParams *params, const FnOps *(*extra_fn)(const char *prosrc),
                   Plan **plan_out);
void plan_ref(Plan *p);
void plan_unref(Plan *p);
/* plan_reads - does the plan scan the table? */
bool plan_reads(const Plan *p, Oid table);
/* plan_explain - text lines in PostgreSQL's manner, appended, separated by newlines. */
typedef struct ExplainOptions {
    bool analyze, verbose, costs, timing, summary;
} ExplainOptions;
/* PlanActual - what a node did when it was run for EXPLAIN ANALYZE, summed over its loops. */
typedef struct PlanActual {
    uint64_t loops, rows;
    int64_t startup_us, total_us; /* until the first row, and altogether */
} PlanActual;
/* PlanActuals - asked by plan_explain for each node; NULL: the plan was not run. */
typedef struct PlanActuals {
    const PlanActual *(*of)(const void *arg, const struct PlanNode *n);
    const void *arg;
} PlanActuals;
void plan_explain(const Plan *p, const ExplainOptions *o, const PlanActuals *actuals, Buf *out);

#endif
