#ifndef DASSIE_EXEC_INTERNAL_H
#define DASSIE_EXEC_INTERNAL_H
/*
 * exec_internal.h - operators and their shared tools, for the files of src/exec.
 *
 * An operator is made once per state (`create`), then for every execution and every rescan
 * `start`ed and pulled by `next`; `end` lets go of scans. A batch handed out is valid until the
 * next call of the same operator. Each operator has two arenas: `batch` for strings of the batch it
 * hands out, `hold` for what lives until its next start.
 */
#include "exec/exec.h"
#include "plan/plan_nodes.h"

typedef struct ExecNode ExecNode;
struct ExecNode {
    const PlanNode *plan;
    ExecState *s;
    ExecNode *left, *right;
    Status (*start)(Cx *cx, ExecNode *n);
    Status (*next)(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out);
    void (*end)(ExecNode *n);
    Batch out;
    Arena batch, hold;
    bool done;
    void *priv;
    struct NodeCount *count; /* EXPLAIN ANALYZE; else NULL */
};

typedef struct RowStore {
    Arena *arena;
    const PhysType *types;
    uint16_t col_count;
    Batch **chunks;
    uint32_t chunk_count, chunk_size;
    uint64_t rows;
} RowStore;

/* KeyTable - distinct keys numbered in order of arrival: integers (in their slots, so that a
 * look-up touches one cache line), or byte strings. */
typedef struct KeyTable {
    Arena *arena;
    bool ints;
    uint32_t mask, count, size;
    uint32_t expected; /* key_table_expect */
    uint32_t *slots;   /* key number + 1 */
    struct KeyIntSlot {
        int64_t key;
        uint64_t number; /* + 1; 0 = free */
    } * int_slots;
    uint64_t *hashes;
    struct KeyBytes {
        const uint8_t *p;
        uint32_t len;
    } * byte_keys;
} KeyTable;
#define KEY_NONE UINT32_MAX

typedef struct SubRun {
    const SubPlan *plan;
    ExecNode *root;
    ExprRun *test;
    bool cached;
    bool exists, is_null;
    Datum value;
    Arena hold;
    RowStore store; /* ANY, ALL: the sub-query's column; keyed: the value of each key */
    KeyTable keys;
    Buf key;
    bool has_null;
    uint32_t runs; /* since what it depends on changed */
    /* keyed */
    uint8_t *repeated; /* per key: the sub-query has several rows of it */
    uint32_t repeated_size;
    bool no_keys;               /* could not be made for all keys: run by row */
    bool none_known, none_null; /* the answer for no rows */
    Datum none;
} SubRun;

typedef struct CteRun CteRun; /* with_rows.c */

struct ExecState {
    Plan *plan;
    ExecEnv env;
    ExprEnv expr_env;
    Datum *params;
    bool *param_nulls;
    Arena arena;
    ExecNode *root;
    SubRun *subs;
    CteRun **ctes;
    uint64_t affected;
    uint64_t big_stores; /* made so far: tells one from the next */
    bool failed, started;
    bool spoiled; /* something in it failed and was passed over: not to be used again */
    Batch view;   /* what exec_next hands out */
    struct FkAction *fk_actions;
    /* INSERT, UPDATE and DELETE nodes that are through, with what they owe at the statement's end
     */
    ExecNode *due_first, *due_last;
    struct ExecState *next_free;
};

/* exec.c */
Status node_create(Cx *cx, ExecState *s, const PlanNode *plan, ExecNode **out);
void nodes_end(ExecNode *n);
Status node_start_children(Cx *cx, ExecNode *n);
Status run_create(Cx *cx, ExecNode *n, const ExprProg *prog, ExprRun **out);
static inline void run_reset(ExecNode *n, ExprRun *r)
{
    if (r != NULL) {
        expr_run_reset(r, &n->s->expr_env);
    }
}
Status exec_budget(Cx *cx, const ExecState *s, const Arena *a);
static inline void node_out_init(ExecNode *n)
{
    batch_init(&n->out, n->plan->phys, n->plan->col_count, &n->s->arena);
}

/* actual.c: EXPLAIN ANALYZE. node_count_begin - from now on the node's calls are counted; the
 * others are for what goes around start and next. */
void node_count_begin(ExecNode *n);
void node_count_loop(ExecNode *n);
void node_count_rows(ExecNode *n, uint64_t rows);

/* row_store.c */
void row_store_init(RowStore *r, Arena *arena, const PhysType *types, uint16_t col_count);
void row_store_append(RowStore *r, const Batch *in);
void row_store_append_row(RowStore *r, const Vector *const *cols, uint32_t row);
/* row_store_gather - rows by number into rows 0..count of column c's vector. Strings are shared. */
void row_store_gather(const RowStore *r, uint16_t c, const uint32_t *rows, uint32_t count,
                      Vector *out);
/* StoreReader - hands a store's rows out in order, as many at a time as wanted. */
typedef struct StoreReader {
    uint64_t at;
    uint16_t *identity;
    Batch view;
} StoreReader;
StoreReader *store_reader_new(Arena *arena);
Status store_read(StoreReader *r, const RowStore *s, uint32_t max_rows, const Batch **out);

/* key_table.c */
void key_table_init(KeyTable *t, Arena *arena, bool ints);
/* key_table_expect - integers: about so many keys will come. A hint, and not trusted far. */
void key_table_expect(KeyTable *t, double keys);
uint32_t key_table_add_int(KeyTable *t, int64_t key, bool *added_out);
uint32_t key_table_find_int(const KeyTable *t, int64_t key);
/* key_table_prefetch - a hint that these integers of a vector are looked up next. */
void key_table_prefetch(const KeyTable *t, const Vector *v, const Sel *sel);
uint32_t key_table_add(KeyTable *t, const void *p, size_t len, bool *added_out);
uint32_t key_table_find(const KeyTable *t, const void *p, size_t len);
/* key_append - one value as bytes that are equal exactly when the values are; integers of any width
 * agree. */
void key_append(const TypeOps *type, const Vector *v, uint32_t row, Buf *buf);
static inline bool phys_is_int(PhysType p)
{
    return p == PHYS_I16 || p == PHYS_I32 || p == PHYS_I64;
}
static inline int64_t vec_int(const Vector *v, uint32_t row)
{
    uint32_t i = vec_index(v, row);
    return v->phys == PHYS_I64   ? ((const int64_t *)v->data)[i]
           : v->phys == PHYS_I32 ? ((const int32_t *)v->data)[i]
                                 : ((const int16_t *)v->data)[i];
}
bool type_is_raw_text(const TypeOps *t);

/* operators: set start, next, end and make what they need */
Status result_create(Cx *cx, ExecNode *n);
Status values_create(Cx *cx, ExecNode *n);
Status scan_create(Cx *cx, ExecNode *n);
Status index_scan_node_create(Cx *cx, ExecNode *n);
Status cat_scan_create(Cx *cx, ExecNode *n);
Status function_create(Cx *cx, ExecNode *n);
Status project_set_create(Cx *cx, ExecNode *n);
Status cte_scan_create(Cx *cx, ExecNode *n);
Status filter_create(Cx *cx, ExecNode *n);
Status project_create(Cx *cx, ExecNode *n);
Status nest_loop_create(Cx *cx, ExecNode *n);
Status hash_join_create(Cx *cx, ExecNode *n);
Status agg_create(Cx *cx, ExecNode *n);
Status expand_create(Cx *cx, ExecNode *n);
Status window_create(Cx *cx, ExecNode *n);
Status sort_create(Cx *cx, ExecNode *n);
Status unique_create(Cx *cx, ExecNode *n);
Status ties_create(Cx *cx, ExecNode *n);
Status limit_create(Cx *cx, ExecNode *n);
Status append_create(Cx *cx, ExecNode *n);
Status setop_create(Cx *cx, ExecNode *n);
Status material_create(Cx *cx, ExecNode *n);
Status lock_rows_create(Cx *cx, ExecNode *n);
Status modify_create(Cx *cx, ExecNode *n);
Status transition_create(Cx *cx, ExecNode *n);

/* scan_nodes.c */
uint64_t scan_node_count_start(ExecNode *n);
Status scan_node_count(Cx *cx, ExecNode *n, uint64_t *count_out);
void sort_set_want(ExecNode *n, int64_t want);
void material_rewind(ExecNode *n);
/* limit evaluation: basic_nodes.c */
Status limit_values(Cx *cx, ExprRun *run, int limit_expr, int offset_expr, Arena *arena,
                    int64_t *limit_out, int64_t *offset_out);
/* sublink.c */
Status exec_sublink(void *arg, Cx *cx, uint32_t number, const Vector *const *args,
                    uint32_t arg_count, const Sel *sel, Vector *out, Arena *arena);
Status subs_create(Cx *cx, ExecState *s);
void subs_reset(ExecState *s);
/* subs_forget - the parameters of a correlated part changed: what depends on them is to be made
 * anew.
 */
void subs_forget(ExecState *s, const PlanScope *scope);
/* with_rows.c */
Status cte_create(Cx *cx, ExecState *s, const CtePlan *plan, CteRun **out);
void cte_reset(CteRun *c);
const ExecNode *cte_root(const CteRun *c);
void cte_end(CteRun *c);
/* cte_more - make at least one more row, up to max_rows; ST_DONE when there are no more. */
Status cte_more(Cx *cx, ExecState *s, CteRun *c, uint32_t max_rows);
/* row_check.c */
Status check_not_null(Cx *cx, const ExecState *s, const CatTable *t, const Batch *rows);
Status check_constraints(Cx *cx, const ExecState *s, const PlanModify *m, ExprRun *run,
                         const Batch *rows, Arena *arena);
void put_key_text(const ExecEnv *env, const CatTable *t, const uint16_t *columns, uint16_t count,
                  const Batch *rows, uint32_t row, Buf *out);
/* fk.c */
Status fk_check_rows(Cx *cx, const ExecEnv *env, Arena *arena, const FkCheck *fk,
                     const RowStore *rows);
Status fk_parent_gone(Cx *cx, const ExecEnv *env, Arena *arena, const FkCheck *fk,
                      const RowStore *old_rows, const RowStore *new_rows, bool may_return);
/* fk_child_owes - does an updated row (row `at` of `now`) need its parent looked for? Not when it
 * has the key it had, or NULLs let it pass. Both batches are rows of the child. */
bool fk_child_owes(const FkCheck *fk, const Batch *old, uint32_t old_at, const Batch *now,
                   uint32_t at);
/* fk_key_left - does no row have the old key any more, as far as this row goes? */
bool fk_key_left(const FkCheck *fk, const Batch *old, const Batch *now, uint32_t row);
/* fk_action.c */
typedef struct FkAction FkAction;
void fk_actions_free(FkAction *list);

/* row_recheck.c */
/* recheck_holds - test the joined row (row 0) again; columns of a side that no longer fits become
 * NULL. */
Status recheck_holds(Cx *cx, ExprRun *run, const PlanRecheck *r, Batch *row, Arena *arena,
                     bool *holds_out);
/* recheck_put - the newest version of one table's row into the joined row. */
void recheck_put(Batch *row, const PlanMark *m, const Batch *fresh);
void recheck_batch_init(Batch *fresh, const PlanMark *m, const PhysType *input, Arena *arena);

#endif
