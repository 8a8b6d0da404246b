#ifndef DASSIE_PLAN_INTERNAL_H
#define DASSIE_PLAN_INTERNAL_H
/*
 * plan_internal.h - the planner's own state, for the files of src/plan.
 */
#include "plan/plan_nodes.h"

#define PLAN_RELS_MAX 64

typedef struct Planner {
    Cx *cx;
    Arena *arena; /* the plan's */
    CatView *view;
    const TypeEnv *env;
    Plan *plan;
    const FnOps *(*extra_fn)(const char *prosrc);
    uint32_t subplan_size, cte_size;
    uint32_t depth;
    bool locks_rows, calls_volatile; /* somewhere in the statement */
} Planner;

/* plan_type_ops - a type's order and keys, a domain's from what it is over; NULL when unknown. */
static inline const TypeOps *plan_type_ops(const Planner *p, Oid type)
{
    const TypeOps *ops = type_ops(type);
    const CatType *t = ops == NULL ? cat_type(p->view, type) : NULL;
    return t != NULL ? t->ops : ops;
}

/* plan_column_phys - of a column of the table or view that a statement changes. */
PhysType plan_column_phys(CatView *view, const CatTable *t, uint16_t column);

/* Qual - one conjunct and the range table entries of its own query that it needs. */
typedef struct Qual {
    Expr *expr;
    uint64_t rels;
    bool done;
} Qual;
typedef struct QualList {
    Qual *items;
    uint32_t count, size;
} QualList;

/* SemiJoin - EXISTS or IN on its way to becoming a join. */
typedef struct SemiJoin {
    struct SemiJoin *next;
    PlanNode *right;
    Expr **conds;
    uint32_t cond_count;
    uint64_t outer_rels;
    bool anti, done;
} SemiJoin;

/* PlanQuery - one query level while it is planned. */
typedef struct PlanQuery {
    Planner *p;
    const Query *q;
    struct PlanQuery *parent; /* the level that levels_up = 1 means */
    SubPlan *
        sub; /* this level is a sub-query of an expression: where outer columns become parameters */
    ParamSource *lateral; /* this level stands in FROM: columns of the level it stands in */
    uint32_t lateral_count, lateral_size;
    SemiJoin *semis;
    bool apply_semis; /* plan_inner may join them to its items: nothing above can undo it */
} PlanQuery;

/* NodeMap - where a compiler finds the columns of a node (or of two, left then right). */
typedef struct NodeMap {
    PlanQuery *pq;
    const PlanNode *left, *right;
} NodeMap;

PlanNode *node_new(Planner *p, PlanKind kind, PlanNode *left, PlanNode *right, uint32_t col_count);
void node_set_out(PlanNode *n, uint32_t at, Expr *e);
void node_copy_outs(PlanNode *n, uint32_t at, const PlanNode *from);
/* prog_over - compile expressions over a node's columns (right may be NULL). */
Status prog_over(PlanQuery *pq, const PlanNode *left, const PlanNode *right, Expr *const *exprs,
                 uint32_t count, const ExprProg **prog_out);
/* plan_keep_expr - a copy for EXPLAIN that knows its columns' names. */
Expr *plan_keep_expr(PlanQuery *pq, const Expr *e);
Expr *column_expr(Arena *a, uint16_t rte, int16_t column, Oid type, PhysType phys);
uint32_t planner_new_param(Planner *p);

/* query.c */
Status plan_query(PlanQuery *pq, PlanNode **out);
Status plan_subquery(Planner *p, PlanQuery *parent, const Query *q, SubPlan *sub, PlanNode **out,
                     PlanQuery *pq_out);
Status plan_filter(PlanQuery *pq, PlanNode *input, Expr *const *exprs, uint32_t count,
                   PlanNode **out);
Status plan_project(PlanQuery *pq, PlanNode *input, Expr *const *exprs, uint32_t count,
                    PlanNode **out);
Status plan_sort(PlanQuery *pq, PlanNode *input, const SortKey *keys, uint32_t count,
                 PlanNode **out);
Status plan_distinct(PlanQuery *pq, PlanNode *input, uint32_t columns, PlanNode **out);
Status plan_limit(PlanQuery *pq, PlanNode *input, PlanNode **out);
/* group.c */
Status plan_aggregate(PlanQuery *pq, PlanNode *input, PlanNode **out);
Status plan_side(PlanQuery *pq, const Query *q, PlanNode **out);
Status plan_setop(PlanQuery *pq, PlanNode **out);
/* plan_sets.c */
bool plan_has_sets(const Query *q);
Expr *plan_masked_key(PlanQuery *pq, uint16_t key, const Expr *e);
Expr *plan_set_number(PlanQuery *pq);
Status plan_expand(PlanQuery *pq, PlanNode *input, PlanNode **out);
/* plan_empty_sets - the numbers of the sets without keys. */
uint16_t plan_empty_sets(PlanQuery *pq, int32_t **list_out);
/* plan_grouping_calls - GROUPING(...) of the query as columns over its groups. */
Status plan_grouping_calls(PlanQuery *pq, PlanNode *input, PlanNode **out);
/* plan_walk_outputs - fn for all that is computed over the groups: targets, HAVING, ORDER BY,
 * DISTINCT ON, windows. */
void plan_walk_outputs(const Query *q, bool (*fn)(void *arg, const Expr *e), void *arg);
/* plan_window.c */
/* plan_windows - the window functions of the query; *ordered_out: the rows come as ORDER BY wants.
 */
Status plan_windows(PlanQuery *pq, PlanNode *input, bool *ordered_out, PlanNode **out);
/* plan_walk_windows - fn for every expression of the window definitions that are used. */
void plan_walk_windows(const Query *q, bool (*fn)(void *arg, const Expr *e), void *arg);
/* with.c */
Status plan_ctes(PlanQuery *pq);
Status plan_cte_scan(PlanQuery *pq, uint16_t rte, PlanNode **out);
PlanScope plan_scope_begin(const Planner *p);
void plan_scope_end(const Planner *p, PlanScope *scope);
/* access.c */
void plan_rebase_outs(PlanQuery *pq, uint16_t rte, PlanNode *n, uint32_t col_count);
/* plan_transition - the rows of a trigger's transition table (trigger_plan.c). */
void plan_transition(PlanQuery *pq, uint16_t rte, PlanNode **out);
Status plan_base(PlanQuery *pq, uint16_t rte, QualList *quals, const SortKey *order,
                 uint32_t order_count, bool *ordered_out, PlanNode **out);
/* plan_index_keys - by key column: the expression an index has there, over the entry; NULL for
 * plain columns. */
Status plan_index_keys(PlanQuery *pq, const TableIndex *ti, uint16_t rte, Expr ***keys_out);
/* plan_index_holds_all - every row the conditions let through is in the index (always so unless it
 * is partial). */
Status plan_index_holds_all(PlanQuery *pq, const TableIndex *ti, uint16_t rte,
                            const QualList *quals, bool *holds_out);
Status plan_table_scan(PlanQuery *pq, uint16_t rte, bool want_rowid, bool all_columns,
                       PlanNode **out);
double any_item_count(const Expr *array);
bool plan_index_for(PlanQuery *pq, const PlanNode *scan, uint16_t rte, QualList *quals,
                    uint64_t outer_rels, PlanIndex *ix_out, double *rows_out, uint64_t *used_out);
Status plan_index_scan(PlanQuery *pq, PlanNode *scan, PlanIndex *ix, double rows);
/* selectivity.c */
/* qual_selectivity - the share of rows for which a condition holds; quals_selectivity - for which
 * all do, two bounds of one column taken together. */
double qual_selectivity(PlanQuery *pq, const Expr *e);
double quals_selectivity(PlanQuery *pq, Expr *const *exprs, uint32_t count);
/* semi_selectivity - the share of outer rows with a partner among inner_rows. */
double semi_selectivity(PlanQuery *pq, Expr *const *exprs, uint32_t count, uint64_t outer_rels,
                        double inner_rows);
/* group_estimate - how many different keys there are in so many rows. */
double group_estimate(PlanQuery *pq, Expr *const *keys, uint32_t count, double rows);
/* join.c */
Status plan_from(PlanQuery *pq, QualList *quals, const SortKey *order, uint32_t order_count,
                 bool *ordered_out, PlanNode **out);
/* plan_from_items - a join of these FROM items under these conditions. */
Status plan_from_items(PlanQuery *pq, FromNode *const *from, uint16_t count, QualList *quals,
                       PlanNode **out);
Status plan_join(PlanQuery *pq, PlanJoin join, PlanNode *l, PlanNode *r, Expr *const *exprs,
                 uint32_t count, PlanNode **out);
Status plan_index_loop(PlanQuery *pq, PlanJoin join, PlanNode *l, PlanNode *r, Expr *const *exprs,
                       uint32_t count, double other_cost, PlanNode **out);
/* semi.c */
Status plan_semis(PlanQuery *pq, QualList *quals);
Status plan_semi_joins(PlanQuery *pq, PlanNode **n);
/* quals.c */
void quals_add(PlanQuery *pq, QualList *l, Expr *e);
uint64_t expr_rels(PlanQuery *pq, const Expr *e);
uint64_t query_outer_rels(PlanQuery *pq, const Query *q, uint32_t depth);
bool query_is_correlated(const Query *q, uint32_t depth);
Expr *expr_to_params(PlanQuery *pq, const Expr *e, uint64_t rels, ParamSource *list,
                     uint32_t *count, uint32_t max);
/* plan_push_down - the query in FROM with those of the conditions on it that may be tested inside;
 * these are done (pushdown.c). */
const Query *plan_push_down(PlanQuery *pq, uint16_t rte, QualList *quals);
/* exists.c */
/* plan_hashed_way - a sub-plan in which the outer `*tested_out` is to be looked up, to answer
 * EXISTS or a scalar sub-query; *made_out tells whether there is one. */
Status plan_hashed_way(PlanQuery *pq, const Expr *e, SubPlan *hashed_out, Expr **tested_out,
                       bool *made_out);
/* minmax.c */
/* plan_minmax - min and max over whole tables become sub-queries that stop at an index's end. */
void plan_minmax(PlanQuery *pq, Query *q);
/* recheck.c */
/* plan_recheck - how joined rows of `input` are tested again when a row of `targets` has changed.
 */
Status plan_recheck(PlanQuery *pq, const PlanNode *input, uint64_t targets, PlanRecheck *out);
/* plan_mark_table - where the input has the columns and row id of a table; false: has no row id. */
bool plan_mark_table(PlanQuery *pq, const PlanNode *input, uint16_t rte, PlanMark *out);
/* write_plan.c */
Status plan_modify(PlanQuery *pq, PlanNode **out);
/* explain_expr.c */
void explain_expr(Buf *out, const Plan *plan, const Expr *e, bool qualify);
/* ColumnName - what plan_keep_expr hangs on a column (in its args, which columns do not use). */
typedef struct ColumnName {
    const char *alias, *name;
} ColumnName;

#endif
