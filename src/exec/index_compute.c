/*
 * index_compute.c - what expression and partial indexes compute from a row.
 *
 * The storage engine asks for one row at a time, from any thread, so programs are compiled once for
 * an open table, and a few run states are kept beside them: a thread takes one out by an atomic
 * exchange, or makes a new one when others have them all.
 */
#include <stdatomic.h>

#include "bind/bind.h"
#include "bind/deparse.h"
#include "exec/exec_internal.h"

#define COMPUTE_RUNS 4

/* ComputeRun - one thread's state of the programs. */
typedef struct ComputeRun {
    Arena arena, batch;
    ExprRun *run;
    Batch in;
} ComputeRun;

typedef struct ComputeState {
    IndexCompute base;
    const ExprProg *prog; /* the expressions, then the predicate if there is one */
    PhysType *types;      /* of the columns */
    _Atomic(ComputeRun *) runs[COMPUTE_RUNS];
    TypeEnv type_env; /* its session is the state itself */
    ExprEnv env;
    Catalog *catalog;
    Oid database;
} ComputeState;

static const TypeEnv COMPUTE_ENV = {.date_order = DATEORDER_MDY, .extra_float_digits = 1};

/* compute_config - TypeSearch.config: as it is committed, there is no session. */
static Status compute_config(Cx *cx, void *session, Arena *arena, Oid config, struct TsConfig **out)
{
    const ComputeState *c = session;
    CatView v;
    cat_view_init(&v, c->catalog);
    v.database = c->database;
    return cat_ts_config(cx, &v, arena, config, out);
}
static const TypeSearch COMPUTE_SEARCH = {.config = compute_config};

static void compute_run_free(ComputeRun *r)
{
    arena_release(&r->batch);
    arena_release(&r->arena);
    mem_free(r);
}

/* compute_release - the table's description goes. */
static void compute_release(void *arg)
{
    ComputeState *c = arg;
    for (uint32_t i = 0; i < COMPUTE_RUNS; i++) {
        ComputeRun *r = atomic_exchange(&c->runs[i], NULL);
        if (r != NULL) {
            compute_run_free(r);
        }
    }
}

static Status compute_run_create(Cx *cx, const ComputeState *c, ComputeRun **out)
{
    ComputeRun *r = mem_alloc("index expressions", sizeof(*r));
    arena_init(&r->arena, NULL, "index expressions", 0);
    arena_init(&r->batch, NULL, "index expression", 0);
    batch_init(&r->in, c->types, c->base.column_count, &r->arena);
    Status st = expr_run_create(cx, &r->arena, c->prog, &r->run);
    if (st != ST_OK) {
        compute_run_free(r);
        return st;
    }
    expr_run_reset(r->run, &c->env);
    *out = r;
    return ST_OK;
}

static Status compute_take(Cx *cx, ComputeState *c, ComputeRun **out)
{
    for (uint32_t i = 0; i < COMPUTE_RUNS; i++) {
        *out = atomic_exchange_explicit(&c->runs[i], NULL, memory_order_acquire);
        if (*out != NULL) {
            return ST_OK;
        }
    }
    return compute_run_create(cx, c, out);
}

static void compute_give(ComputeState *c, ComputeRun *r)
{
    arena_clear(&r->batch);
    for (uint32_t i = 0; i < COMPUTE_RUNS; i++) {
        ComputeRun *none = NULL;
        if (atomic_compare_exchange_strong_explicit(&c->runs[i], &none, r, memory_order_release,
                                                    memory_order_relaxed)) {
            return;
        }
    }
    compute_run_free(r);
}

/* compute_values - the predicate first; without it true, no expression is evaluated. */
static Status compute_values(const ComputeState *c, Cx *cx, ComputeRun *r, Arena *arena, Datum *out,
                             bool *out_nulls, bool *holds_out)
{
    static const Sel ONE = {.count = 1};
    const Vector *v;
    if (c->base.predicate != NULL) {
        TRY(expr_eval(cx, r->run, c->base.expr_count, &r->in, &ONE, &r->batch, &v));
        *holds_out = !vec_is_null(v, 0) && vec_get(v, 0).b;
    }
    for (uint16_t i = 0; i < c->base.expr_count && *holds_out; i++) {
        TRY(expr_eval(cx, r->run, i, &r->in, &ONE, &r->batch, &v));
        out_nulls[i] = vec_is_null(v, 0);
        if (!out_nulls[i]) {
            out[i] = vec_get(v, 0);
        }
        if (!out_nulls[i] && v->phys == PHYS_STR) {
            out[i].str = str_copy(arena, str_ptr(&out[i].str), out[i].str.len);
        }
    }
    return ST_OK;
}

static Status compute_row(const IndexCompute *self, Cx *cx, const Datum *values, const bool *nulls,
                          Arena *arena, Datum *out, bool *out_nulls, bool *holds_out)
{
    ComputeState *c = (ComputeState *)(uintptr_t)self;
    ComputeRun *r;
    *holds_out = true;
    TRY(compute_take(cx, c, &r));
    batch_reset(&r->in);
    for (uint16_t i = 0; i < self->column_count; i++) {
        if (nulls[i]) {
            vec_set_null(r->in.cols[i], 0);
        } else {
            vec_put(r->in.cols[i], 0, &values[i]);
        }
    }
    batch_set_count(&r->in, 1);
    Status st = compute_values(c, cx, r, arena, out, out_nulls, holds_out);
    compute_give(c, r);
    return st;
}

/* ---- making one ---- */

/* compute_columns - which table columns the expression reads, each once. */
static void compute_columns(const Expr *e, uint16_t *list, uint16_t *count)
{
    bool seen = e->kind != EXPR_COLUMN || e->u.column.column < 0;
    for (uint16_t i = 0; i < *count && !seen; i++) {
        seen = list[i] == e->u.column.column;
    }
    if (!seen) {
        list[(*count)++] = (uint16_t)e->u.column.column;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        compute_columns(e->args[i], list, count);
    }
}

/* ComputeMap - where the compiler finds a table's column in the input. */
static int compute_find(void *arg, uint16_t rte, int16_t column)
{
    const IndexCompute *c = arg;
    (void)rte;
    for (uint16_t i = 0; i < c->column_count; i++) {
        if (c->columns[i] == column) {
            return i;
        }
    }
    return -1;
}

/* compute_load - the stored trees, in one list: expressions, then the predicate. */
static Status compute_load(Cx *cx, BindCx *b, const CatTable *t, const CatIndex *ix,
                           ComputeState *c, Expr ***all_out)
{
    Expr *list = NULL, *predicate = NULL;
    if (ix->expressions_sql != NULL) {
        TRY(bind_load_expr(cx, b, t, ix->expressions_sql, &list));
        c->base.expr_count = list->arg_count;
        c->base.exprs = list->args;
    }
    if (ix->predicate_sql != NULL) {
        TRY(bind_load_expr(cx, b, t, ix->predicate_sql, &predicate));
        c->base.predicate = predicate;
    }
    *all_out = ARENA_ARRAY(b->arena, Expr *, c->base.expr_count + 1u);
    if (list != NULL) {
        memcpy(*all_out, list->args, list->arg_count * sizeof(Expr *));
    }
    (*all_out)[c->base.expr_count] = predicate;
    return ST_OK;
}

Status exec_index_compute(Cx *cx, CatView *v, Arena *arena, const CatTable *t, const CatIndex *ix,
                          const IndexCompute **out, const char *const **names_out)
{
    BindCx b = {.view = v, .arena = arena, .env = &COMPUTE_ENV, .no_locks = true};
    ComputeState *c = ARENA_NEW(arena, ComputeState);
    ExprMap map = {.find = compute_find, .arg = &c->base};
    uint16_t *columns = ARENA_ARRAY(arena, uint16_t, t->column_count + 1u);
    Expr **all;
    c->base.run = compute_row;
    c->catalog = v->catalog;
    c->database = v->database;
    c->type_env = COMPUTE_ENV;
    c->type_env.search = &COMPUTE_SEARCH;
    c->type_env.session = c;
    c->env = (ExprEnv){.type_env = &c->type_env};
    TRY(compute_load(cx, &b, t, ix, c, &all));
    uint32_t count = c->base.expr_count + (c->base.predicate != NULL ? 1u : 0u);
    for (uint32_t i = 0; i < count; i++) {
        compute_columns(all[i], columns, &c->base.column_count);
    }
    c->base.columns = columns;
    c->types = ARENA_ARRAY(arena, PhysType, c->base.column_count + 1u);
    for (uint16_t i = 0; i < c->base.column_count; i++) {
        const CatType *type = cat_type(v, t->columns[columns[i]].type);
        c->types[i] = type != NULL ? type->phys : PHYS_STR;
    }
    TRY(expr_compile(cx, arena, all, count, &map, NULL, &c->prog));
    arena_on_clear(arena, compute_release, c);
    Deparse d = {.view = v, .arena = arena, .env = &COMPUTE_ENV, .pretty = true};
    const char **names = ARENA_ARRAY(arena, const char *, c->base.expr_count + 1u);
    for (uint16_t i = 0; i < c->base.expr_count; i++) {
        char *text;
        const Expr *e = all[i];
        TRY(deparse_expr(cx, &d, e, t, &text));
        bool call = e->kind == EXPR_FUNC && e->oper == 0 && e->form == FORM_CALL;
        names[i] = call ? text : arena_printf(arena, "(%s)", text);
    }
    *out = &c->base;
    *names_out = names;
    return ST_OK;
}
