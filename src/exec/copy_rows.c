/*
 * copy_rows.c - COPY FROM: batches of whole rows into a table.
 *
 * CHECK is tested a batch at a time before its rows are written; keys of foreign keys are kept and
 * looked up at the end, as a statement does.
 */
#include "exec/fk_action.h"
#include "parse/parse.h"

struct ExecInsert {
    ExecState state; /* its env, and memory for triggers */
    const CatTable *table;
    Arena *arena;
    PlanModify modify; /* its table and CHECK constraints */
    ExprRun *checks, *generated;
    Vector **row; /* a batch's columns, the generated ones computed */
    ExprEnv expr_env;
    Arena batch;
    FkCheck *fks;
    uint16_t fk_count;
    RowStore *keys;       /* per foreign key */
    TriggerRun *triggers; /* NULL = none */
    uint64_t rows;        /* inserted */
};

/* insert_column - ExprMap.find: the batch holds the table's columns in order. */
static int insert_column(void *arg, uint16_t rte, int16_t column)
{
    const CatTable *t = arg;
    return rte == 0 && column >= 0 && column < t->column_count ? column : -1;
}

/* insert_checks - bind and compile the table's CHECK constraints, once for all batches to come. */
static Status insert_checks(Cx *cx, ExecInsert *ins)
{
    const CatTable *t = ins->table;
    const ExecEnv *env = &ins->state.env;
    PlanModify *m = &ins->modify;
    Expr **exprs = ARENA_ARRAY(ins->arena, Expr *, t->constraint_count + 1u);
    BindCx b = {.view = env->view, .arena = ins->arena, .env = env->type_env, .no_locks = true};
    ExprMap map = {.find = insert_column, .arg = (void *)(uintptr_t)t};
    const ExprProg *prog;
    m->table = t;
    m->check_constraints = ARENA_ARRAY(ins->arena, const CatConstraint *, t->constraint_count + 1u);
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        const CatConstraint *c = &t->constraints[i];
        if (c->type != 'c' || c->check_sql == NULL) {
            continue;
        }
        TRY(bind_load_expr(cx, &b, t, c->check_sql, &exprs[m->check_count]));
        m->check_constraints[m->check_count++] = c;
    }
    if (m->check_count == 0) {
        return ST_OK;
    }
    TRY(expr_compile(cx, ins->arena, exprs, m->check_count, &map, env->extra_fn, &prog));
    TRY(expr_run_create(cx, ins->arena, prog, &ins->checks));
    ins->expr_env = (ExprEnv){.type_env = env->type_env, .extra_fn = env->extra_fn};
    expr_run_reset(ins->checks, &ins->expr_env);
    return ST_OK;
}

/* insert_generated - bind and compile the table's generated columns. */
static Status insert_generated(Cx *cx, ExecInsert *ins)
{
    const CatTable *t = ins->table;
    const ExecEnv *env = &ins->state.env;
    PlanModify *m = &ins->modify;
    Expr **exprs = ARENA_ARRAY(ins->arena, Expr *, t->column_count + 1u);
    uint16_t *columns = ARENA_ARRAY(ins->arena, uint16_t, t->column_count + 1u);
    BindCx b = {.view = env->view, .arena = ins->arena, .env = env->type_env, .no_locks = true};
    ExprMap map = {.find = insert_column, .arg = (void *)(uintptr_t)t};
    const ExprProg *prog;
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *c = &t->columns[i];
        if (c->generated == 0 || c->dropped || c->default_sql == NULL) {
            continue;
        }
        TRY(bind_load_expr(cx, &b, t, c->default_sql, &exprs[m->generated_count]));
        columns[m->generated_count++] = i;
    }
    m->generated_columns = columns;
    if (m->generated_count == 0) {
        return ST_OK;
    }
    ins->row = ARENA_ARRAY(ins->arena, Vector *, t->column_count + 1u);
    TRY(expr_compile(cx, ins->arena, exprs, m->generated_count, &map, env->extra_fn, &prog));
    TRY(expr_run_create(cx, ins->arena, prog, &ins->generated));
    ins->expr_env = (ExprEnv){.type_env = env->type_env, .extra_fn = env->extra_fn};
    expr_run_reset(ins->generated, &ins->expr_env);
    return ST_OK;
}

static Status insert_keys(Cx *cx, ExecInsert *ins)
{
    const CatTable *t = ins->table;
    TRY(plan_child_keys(cx, ins->state.env.view, ins->arena, t, &ins->fks, &ins->fk_count));
    ins->keys = ARENA_ARRAY(ins->arena, RowStore, ins->fk_count + 1u);
    for (uint16_t i = 0; i < ins->fk_count; i++) {
        const FkCheck *fk = &ins->fks[i];
        PhysType *types = ARENA_ARRAY(ins->arena, PhysType, fk->column_count + 1u);
        for (uint16_t c = 0; c < fk->column_count; c++) {
            types[c] = t->storage->columns[fk->child_columns[c]].phys;
        }
        row_store_init(&ins->keys[i], ins->arena, types, fk->column_count);
    }
    return ST_OK;
}

/* insert_triggers - those of INSERT. What they owe lives as long as the COPY. */
static Status insert_triggers(Cx *cx, ExecInsert *ins)
{
    const ExecEnv *env = &ins->state.env;
    const PlanTriggers *plan;
    TRY(plan_triggers(cx, env->view, env->type_env, ins->arena, ins->table, TRIGGER_INSERT, NULL,
                      env->extra_fn, &plan));
    if (plan == NULL) {
        return ST_OK;
    }
    arena_init(&ins->state.arena, ins->arena, "copy triggers", 0);
    ins->state.expr_env = (ExprEnv){.type_env = env->type_env, .extra_fn = env->extra_fn};
    TRY(trigger_run_create(cx, &ins->state, ins->arena, plan, &ins->triggers));
    trigger_run_start(ins->triggers);
    return ST_OK;
}

Status exec_insert_begin(Cx *cx, Arena *arena, const ExecEnv *env, const CatTable *table,
                         ExecInsert **ins_out)
{
    ExecInsert *ins = ARENA_NEW(arena, ExecInsert);
    if (table->builtin || table->storage == NULL) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot copy to \"%s\"", table->name);
    }
    ins->state.env = *env;
    ins->table = table;
    ins->arena = arena;
    arena_init(&ins->batch, arena, "copy checks", 0);
    TRY(insert_checks(cx, ins));
    TRY(insert_generated(cx, ins));
    TRY(insert_keys(cx, ins));
    TRY(insert_triggers(cx, ins));
    *ins_out = ins;
    TRY(txn_start_write(cx, env->txn));
    return ins->triggers != NULL ? trigger_before_statement(cx, ins->triggers, TRIGGER_INSERT)
                                 : ST_OK;
}

/* insert_checked_rows - compute generated columns, test and write rows, and keep what is owed for
 * them. */
static Status insert_checked_rows(Cx *cx, ExecInsert *ins, const Batch *given)
{
    Batch whole = *given;
    const Batch *rows = given;
    if (ins->generated != NULL) {
        memcpy(ins->row, given->cols, given->col_count * sizeof(Vector *));
        whole.cols = ins->row;
        for (uint16_t i = 0; i < ins->modify.generated_count; i++) {
            const Vector *v;
            TRY(expr_eval(cx, ins->generated, i, given, &given->sel, &ins->batch, &v));
            ins->row[ins->modify.generated_columns[i]] = (Vector *)(uintptr_t)v;
        }
        rows = &whole;
    }
    TRY(check_not_null(cx, &ins->state, ins->table, rows));
    if (ins->checks != NULL) {
        TRY(check_constraints(cx, &ins->state, &ins->modify, ins->checks, rows, &ins->batch));
    }
    TRY(table_insert_batch(cx, ins->state.env.txn, ins->table->storage, rows, NULL));
    for (uint16_t i = 0; i < ins->fk_count; i++) {
        Vector *cols[INDEX_COLUMNS_MAX];
        const FkCheck *fk = &ins->fks[i];
        for (uint16_t c = 0; c < fk->column_count; c++) {
            cols[c] = rows->cols[fk->child_columns[c]];
        }
        Batch keys = *rows;
        keys.cols = cols;
        keys.col_count = fk->column_count;
        row_store_append(&ins->keys[i], &keys);
    }
    for (uint32_t k = 0; ins->triggers != NULL && k < rows->sel.count; k++) {
        uint32_t row = rows->sel.idx != NULL ? rows->sel.idx[k] : k;
        TRY(trigger_after_row(cx, ins->triggers, TRIGGER_INSERT, NULL, rows, row));
    }
    return ins->fk_count > 0 ? exec_budget(cx, &ins->state, ins->arena) : ST_OK;
}

/* insert_each_row - one row after the other, each after its BEFORE triggers. */
static Status insert_each_row(Cx *cx, ExecInsert *ins, const Batch *rows)
{
    uint16_t count = ins->table->column_count;
    Vector **cols = ARENA_ARRAY(&ins->batch, Vector *, count + 1u);
    SEL_FOREACH(at, &rows->sel)
    {
        uint16_t idx = (uint16_t)at;
        bool skip;
        Batch one = *rows;
        memcpy(cols, rows->cols, count * sizeof(Vector *));
        one.cols = cols;
        one.sel = (Sel){&idx, 1};
        Status st = trigger_before_row(cx, ins->triggers, TRIGGER_INSERT, NULL, &one, at,
                                       &ins->batch, &skip);
        if (st == ST_OK && !skip) {
            st = insert_checked_rows(cx, ins, &one);
            ins->rows += st == ST_OK ? 1 : 0;
        }
        if (st == ST_ERROR && cx->err->batch_row == 0) {
            cx->err->batch_row = at + 1;
        }
        TRY(st);
    }
    return ST_OK;
}

Status exec_insert_rows(Cx *cx, ExecInsert *ins, const Batch *rows)
{
    arena_clear(&ins->batch);
    if (ins->triggers != NULL && ins->triggers->plan->before_row != 0) {
        return insert_each_row(cx, ins, rows);
    }
    ins->rows += rows->sel.count;
    return insert_checked_rows(cx, ins, rows);
}

uint64_t exec_insert_count(const ExecInsert *ins)
{
    return ins->rows;
}

Status exec_insert_end(Cx *cx, ExecInsert *ins)
{
    TRY(cx_check(cx));
    if (ins->triggers != NULL) {
        TRY(trigger_after_statement(cx, ins->triggers, TRIGGER_INSERT));
    }
    if (ins->fk_count > 0) {
        TRY(txn_next_command(cx, ins->state.env.txn));
    }
    for (uint16_t i = 0; i < ins->fk_count; i++) {
        if (!trigger_fires(&ins->state.env, ins->fks[i].enabled)) {
            continue;
        }
        if (fk_is_deferred(ins->state.env.deferred, ins->fks[i].con)) {
            fk_defer(ins->state.env.deferred, &ins->fks[i], false, &ins->keys[i], NULL);
        } else {
            TRY(fk_check_rows(cx, &ins->state.env, ins->arena, &ins->fks[i], &ins->keys[i]));
        }
    }
    if (ins->triggers != NULL) {
        TRY(trigger_after_fire(cx, ins->triggers->after, &ins->state.env, TRIGGER_PART_ALL));
    }
    return unique_statement_end(cx, &ins->state.env);
}
