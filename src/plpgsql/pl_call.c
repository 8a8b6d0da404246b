/*
 * pl_call.c - CALL and DO inside a function: OUT and INOUT parameters go back into variables.
 */
#include <pg_query/pg_query.pb-c.h>

#include "plpgsql/pl_internal.h"
#include "type/record.h"

/* output_target - the variable that an argument for an OUT parameter is. */
static Status output_target(PlFrame *f, const PlExpr *e, const Expr *arg, const CatProc *p,
                            uint16_t i, PlTarget *out)
{
    while (arg->arg_count > 0 && arg->form == FORM_IMPLICIT_CAST) {
        arg = arg->args[0];
    }
    if (arg->kind == EXPR_PARAM && arg->u.param.number <= e->param_count) {
        const PlParam *var = &e->params[arg->u.param.number - 1];
        *out = (PlTarget){var->var, var->field};
        return ST_OK;
    }
    if (p->arg_names != NULL && p->arg_names[i] != NULL && p->arg_names[i][0] != '\0') {
        return err_set(&f->cx, ERRCODE_SYNTAX_ERROR,
                       "procedure parameter \"%s\" is an output parameter but corresponding "
                       "argument is not writable",
                       p->arg_names[i]);
    }
    return err_set(&f->cx, ERRCODE_SYNTAX_ERROR,
                   "procedure parameter %u is an output parameter but corresponding argument is "
                   "not writable",
                   i + 1u);
}

/* CallParts - a CALL taken apart. */
typedef struct CallParts {
    const Expr *call;
    const CatProc *proc;
    PlTarget *targets; /* of OUT and INOUT parameters, in order */
    uint32_t target_count;
    FnInvoke invoke;
} CallParts;

/* call_bind - the procedure of the statement. */
static Status call_bind(PlFrame *f, FuncQuery *q, CallParts *c)
{
    FuncManager *m = f->fn->m;
    BindParams params = {0};
    BindVars vars = q->vars;
    BindCx b = {.view = m->fs->view,
                .arena = &f->scratch,
                .sql = slice_of(q->text),
                .env = m->env,
                .params = &params,
                .vars = &vars};
    Expr *call;
    TRY(bind_call(&f->cx, &b, q->node->call_stmt->funccall, &call));
    c->call = call;
    c->proc = cat_proc(m->fs->view, call->proc->oid);
    q->params = params;
    return ST_OK;
}

/* call_targets - the variables that the outputs go to. */
static Status call_targets(PlFrame *f, const PlExpr *e, CallParts *c)
{
    bool with_outs = c->call->proc->arg_count != c->proc->arg_count;
    c->targets = ARENA_ARRAY(&f->scratch, PlTarget, c->call->arg_count + 1u);
    uint16_t at = 0;
    for (uint16_t i = 0; c->proc->arg_modes != NULL && i < c->proc->all_arg_count; i++) {
        char mode = c->proc->arg_modes[i];
        if (mode == 'o' && !with_outs) {
            continue;
        }
        if ((mode == 'o' || mode == 'b') && at < c->call->arg_count) {
            TRY(output_target(f, e, c->call->args[at], c->proc, i, &c->targets[c->target_count]));
            c->target_count++;
        }
        at++;
    }
    return ST_OK;
}

/* call_inputs - the values of the inputs. */
static Status call_inputs(PlFrame *f, const FuncQuery *q, CallParts *c, const Datum *params,
                          const bool *param_nulls, Arena *arena)
{
    const Expr *call = c->call;
    bool with_outs = call->proc->arg_count != c->proc->arg_count;
    ExprEnv env = {.type_env = f->fn->m->env,
                   .extra_fn = func_ops_by_prosrc,
                   .params = params,
                   .param_nulls = param_nulls,
                   .param_count = q->params.count};
    Datum *values = ARENA_ARRAY(arena, Datum, call->arg_count + 1u);
    bool *nulls = ARENA_ARRAY(arena, bool, call->arg_count + 1u);
    Oid *types = ARENA_ARRAY(arena, Oid, call->arg_count + 1u);
    FnInvoke *in = &c->invoke;
    *in = (FnInvoke){.function = c->proc->oid, .result = c->proc->result, .arena = arena};
    for (uint16_t i = 0; i < call->arg_count; i++) {
        if (with_outs && c->proc->arg_modes[i] == 'o') {
            continue;
        }
        TRY(expr_eval_const(&f->cx, arena, &env, call->args[i], &values[in->arg_count],
                            &nulls[in->arg_count]));
        types[in->arg_count++] = call->args[i]->type;
    }
    in->args = values;
    in->nulls = nulls;
    in->types = types;
    return ST_OK;
}

/* call_outputs - the row of results into the variables. */
static Status call_outputs(PlFrame *f, const CallParts *c, const Datum *value, bool is_null)
{
    RecordIter it = is_null ? (RecordIter){0} : record_iter(&value->str);
    RecordField field;
    Slice name;
    for (uint32_t i = 0; i < c->target_count; i++) {
        bool have = !is_null && record_next(&it, &field, &name);
        if (!have) {
            field = (RecordField){.type = TYPE_TEXT, .is_null = true};
        }
        TRY(pl_assign(f, &c->targets[i], &field.value, field.is_null, field.type));
    }
    return ST_OK;
}

/* run_do - DO as a statement. */
static Status run_do(PlFrame *f, const PgQuery__DoStmt *d, bool atomic)
{
    const char *text = "";
    for (size_t i = 0; i < d->n_args; i++) {
        const PgQuery__DefElem *e = d->args[i]->def_elem;
        if (strcmp(e->defname, "as") == 0) {
            text = e->arg->string->sval;
        } else if (strcmp(e->arg->string->sval, "plpgsql") != 0) {
            return err_unsupported(&f->cx, "DO in language %s is not supported here",
                                   e->arg->string->sval);
        }
    }
    return func_run_block(f->fn->m, &f->cx, PL_LANGUAGE_OID, text, NULL, atomic);
}

/* call_into - the outputs as a row into the targets of INTO. */
static Status call_into(PlFrame *f, const PlStmt *s, const Datum *value, bool is_null, Arena *arena)
{
    PlanColumn columns[FUNC_USER_ARGS_MAX];
    Datum *values = ARENA_ARRAY(arena, Datum, FUNC_USER_ARGS_MAX);
    bool *nulls = ARENA_ARRAY(arena, bool, FUNC_USER_ARGS_MAX);
    RecordIter it = is_null ? (RecordIter){0} : record_iter(&value->str);
    RecordField field;
    Slice name;
    uint32_t n = 0;
    while (!is_null && n < FUNC_USER_ARGS_MAX && record_next(&it, &field, &name)) {
        columns[n] = (PlanColumn){
            .name = arena_strndup(arena, name.ptr, name.len), .type = field.type, .typmod = -1};
        values[n] = field.value;
        nulls[n++] = field.is_null;
    }
    if (n == 0) {
        return err_set(&f->cx, ERRCODE_SYNTAX_ERROR,
                       "INTO used with a command that cannot return data");
    }
    return pl_take_row(f, s->targets, s->target_count, columns, n,
                       &(PlRow){.values = values, .nulls = nulls});
}

Status pl_execute_call(PlFrame *f, const PlStmt *s, FuncQuery *q, const Datum *params,
                       const bool *nulls)
{
    CallParts c = {0};
    Arena arena;
    Datum value = {0};
    bool is_null = true;
    arena_init(&arena, NULL, "call", 0);
    Status st = ST_OK;
    if (q->node->node_case == PG_QUERY__NODE__NODE_DO_STMT) {
        st = run_do(f, q->node->do_stmt, true);
    } else {
        st = call_bind(f, q, &c);
        st = st == ST_OK ? call_inputs(f, q, &c, params, nulls, &arena) : st;
        st = st == ST_OK ? func_call_procedure(f->fn->m, &f->cx, &c.invoke, true, &value, &is_null)
                         : st;
    }
    if (st == ST_ERROR) {
        st = func_query_error(&f->cx, q);
    } else if (s->into) {
        st = call_into(f, s, &value, is_null, &arena);
    }
    f->row_count = 0;
    arena_release(&arena);
    return st;
}

/* call_run_parts - bind, find the targets, call. */
static Status call_run_parts(PlFrame *f, PlExpr *e, CallParts *c, Arena *arena, Datum *value_out,
                             bool *null_out)
{
    Datum *params;
    bool *nulls;
    if (call_bind(f, &e->q, c) != ST_OK) {
        return func_query_error(&f->cx, &e->q);
    }
    TRY(call_targets(f, e, c));
    TRY(pl_fill(f, e, arena, true, &params, &nulls));
    Status st = call_inputs(f, &e->q, c, params, nulls, arena);
    st = st == ST_OK
             ? func_call_procedure(f->fn->m, &f->cx, &c->invoke, f->in->atomic, value_out, null_out)
             : st;
    return st == ST_ERROR ? func_query_error(&f->cx, &e->q) : st;
}

Status pl_run_call(PlFrame *f, const PlStmt *s)
{
    PlExpr *e = s->expr;
    CallParts c = {0};
    Arena arena;
    Datum value = {0};
    bool is_null = true;
    Status st;
    if (func_query_parse(&f->cx, &e->q) != ST_OK) {
        return func_query_error(&f->cx, &e->q);
    }
    e->q.utility = true;
    arena_init(&arena, NULL, "call", 0);
    if (e->q.node->node_case == PG_QUERY__NODE__NODE_DO_STMT) {
        st = run_do(f, e->q.node->do_stmt, f->in->atomic);
        st = st == ST_ERROR ? func_query_error(&f->cx, &e->q) : st;
    } else {
        st = call_run_parts(f, e, &c, &arena, &value, &is_null);
        st = st == ST_OK ? call_outputs(f, &c, &value, is_null) : st;
    }
    arena_release(&arena);
    return st;
}
