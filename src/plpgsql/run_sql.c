/*
 * run_sql.c - statements that run SQL: with INTO, EXECUTE, PERFORM, loops over rows, RETURN QUERY.
 */
#include <pg_query/pg_query.pb-c.h>

#include "plpgsql/pl_internal.h"
#include "type/record.h"

static bool is_read_only(const PlFrame *f)
{
    return f->fn->body->read_only;
}

/* into_rows - the rows of a run into targets: the first one, and what STRICT asks for. */
static Status into_rows(PlFrame *f, const PlStmt *s, FuncRun *run)
{
    const Batch *b;
    uint64_t rows = 0;
    bool dml = run->plan->writes;
    uint32_t want = s->strict || dml ? 2 : 1;
    Status st = ST_OK;
    while (rows < want && (st = func_run_next(&f->cx, run, want, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            if (rows++ == 0) {
                TRY(pl_take_row(f, s->targets, s->target_count, run->plan->columns,
                                run->plan->column_count, &(PlRow){.b = b, .row = row}));
            }
        }
    }
    if (st == ST_ERROR) {
        return st;
    }
    while (dml && (st = func_run_next(&f->cx, run, VEC_CAPACITY, &b)) == ST_OK) {
        rows += b->sel.count;
    }
    if (st == ST_ERROR) {
        return st;
    }
    f->row_count = dml ? exec_affected(run->exec) : MIN(rows, 1u);
    if (rows == 0) {
        if (s->strict) {
            return err_set(&f->cx, ERRCODE_NO_DATA_FOUND, "query returned no rows");
        }
        TRY(pl_take_row(f, s->targets, s->target_count, run->plan->columns, run->plan->column_count,
                        NULL));
    }
    if (rows > 1 && (s->strict || dml)) {
        st_ignore(err_set(&f->cx, ERRCODE_TOO_MANY_ROWS, "query returned more than one row"));
        return err_hint(&f->cx, "Make sure the query returns a single row, or use LIMIT 1.");
    }
    pl_set_found(f, rows != 0);
    return ST_OK;
}

/* run_to_end - a statement whose rows nobody wants. */
static Status run_to_end(PlFrame *f, FuncRun *run, uint64_t *rows_out)
{
    const Batch *b;
    Status st;
    *rows_out = 0;
    while ((st = func_run_next(&f->cx, run, VEC_CAPACITY, &b)) == ST_OK) {
        *rows_out += b->sel.count;
    }
    if (run->plan->writes) {
        *rows_out = exec_affected(run->exec);
    }
    return st == ST_DONE ? ST_OK : st;
}

/* no_transaction - COMMIT and its kin are no statements of SQL here. */
static Status no_transaction(PlFrame *f, const FuncQuery *q)
{
    if (q->node->node_case == PG_QUERY__NODE__NODE_TRANSACTION_STMT) {
        st_ignore(err_unsupported(&f->cx, "unsupported transaction command in PL/pgSQL"));
        return ST_ERROR;
    }
    if (q->node->node_case == PG_QUERY__NODE__NODE_COPY_STMT) {
        const PgQuery__CopyStmt *c = q->node->copy_stmt;
        if (c->filename == NULL || c->filename[0] == '\0') {
            return err_unsupported(&f->cx, "cannot COPY to/from client in PL/pgSQL");
        }
    }
    return ST_OK;
}

/* run_ready_query - one statement, made ready: its rows into targets, or nowhere. */
static Status run_ready_query(PlFrame *f, const PlStmt *s, FuncQuery *q, const Datum *values,
                              const bool *nulls, bool dynamic)
{
    FuncRun run;
    if (q->utility) {
        const char *tag;
        TRY(no_transaction(f, q));
        if (q->node->node_case == PG_QUERY__NODE__NODE_CALL_STMT ||
            q->node->node_case == PG_QUERY__NODE__NODE_DO_STMT) {
            return pl_execute_call(f, s, q, values, nulls);
        }
        if (s->into) {
            return err_set(&f->cx, ERRCODE_SYNTAX_ERROR,
                           "INTO used with a command that cannot return data");
        }
        f->row_count = 0;
        return func_run_utility(&f->cx, q, is_read_only(f), &tag);
    }
    TRY(func_run_open(&f->cx, q, values, nulls, is_read_only(f), &run));
    Status st = ST_OK;
    if (s->into && !run.plan->returns_rows) {
        st = err_set(&f->cx, ERRCODE_SYNTAX_ERROR,
                     "INTO used with a command that cannot return data");
    } else if (!s->into && !dynamic && run.plan->returns_rows) {
        st = err_set(&f->cx, ERRCODE_SYNTAX_ERROR, "query has no destination for result data");
        if (run.plan->command == CMD_SELECT) {
            st = err_hint(&f->cx,
                          "If you want to discard the results of a SELECT, use PERFORM instead.");
        }
    } else if (s->into) {
        st = into_rows(f, s, &run);
    } else {
        st = run_to_end(f, &run, &f->row_count);
        if (st == ST_OK && !dynamic) {
            pl_set_found(f, f->row_count != 0);
        }
    }
    return func_run_close(&f->cx, &run, st);
}

Status pl_run_sql(PlFrame *f, const PlStmt *s)
{
    Datum *values;
    bool *nulls;
    TRY(pl_fill(f, s->expr, &f->scratch, false, &values, &nulls));
    return run_ready_query(f, s, &s->expr->q, values, nulls, false);
}

Status pl_run_perform(PlFrame *f, const PlStmt *s)
{
    Datum *values;
    bool *nulls;
    FuncRun run;
    TRY(pl_fill(f, s->expr, &f->scratch, false, &values, &nulls));
    TRY(func_run_open(&f->cx, &s->expr->q, values, nulls, is_read_only(f), &run));
    Status st = run_to_end(f, &run, &f->row_count);
    TRY(func_run_close(&f->cx, &run, st));
    pl_set_found(f, f->row_count != 0);
    return ST_OK;
}

/* ---- EXECUTE ---- */

/* DynamicVars - $1, $2... of EXECUTE ... USING. */
typedef struct DynamicVars {
    const Oid *types;
    uint32_t count;
} DynamicVars;

static Status dynamic_find(void *arg, Cx *cx, const char *const *names, uint32_t count,
                           BindVar *out)
{
    (void)arg, (void)cx, (void)names, (void)count, (void)out;
    return ST_NOTFOUND;
}

static Status dynamic_number(void *arg, Cx *cx, uint32_t number, BindVar *out)
{
    const DynamicVars *v = arg;
    (void)cx;
    if (number == 0 || number > v->count) {
        return ST_NOTFOUND;
    }
    *out = (BindVar){.number = number, .type = v->types[number - 1], .typmod = -1};
    return ST_OK;
}

/* dynamic_using - the values of USING, in arena. */
static Status dynamic_using(PlFrame *f, const PlStmt *s, Arena *arena, DynamicVars *vars,
                            Datum *values, bool *nulls)
{
    Oid *types = ARENA_ARRAY(arena, Oid, s->arg_count + 1u);
    for (uint32_t i = 0; i < s->arg_count; i++) {
        TRY(pl_eval(f, s->args[i], &values[i], &nulls[i], &types[i]));
        types[i] = types[i] == TYPE_UNKNOWN ? TYPE_TEXT : types[i];
        if (!nulls[i] && func_phys(f->fn->m, types[i]) == PHYS_STR) {
            values[i].str = str_copy(arena, str_ptr(&values[i].str), values[i].str.len);
        }
    }
    vars->types = types;
    vars->count = s->arg_count;
    return ST_OK;
}

Status pl_dynamic(PlFrame *f, const PlStmt *s, Arena *arena, FuncQuery *q, Datum **values_out,
                  bool **nulls_out)
{
    const char *text;
    DynamicVars *vars = ARENA_NEW(arena, DynamicVars);
    Datum *values = ARENA_ARRAY(arena, Datum, s->arg_count + 1u);
    bool *nulls = ARENA_ARRAY(arena, bool, s->arg_count + 1u);
    TRY(pl_eval_text(f, s->expr, &text));
    if (text == NULL) {
        return err_set(&f->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                       "query string argument of EXECUTE is null");
    }
    text = arena_strdup(arena, text);
    TRY(dynamic_using(f, s, arena, vars, values, nulls));
    func_query_init(q, f->fn->m, arena, text, false);
    q->vars = (BindVars){.find = dynamic_find,
                         .number = dynamic_number,
                         .arg = vars,
                         .conflict = BIND_CONFLICT_COLUMN};
    *values_out = values;
    *nulls_out = nulls;
    /* Parameters that the text does not use are given all the same. */
    TRY(func_query_parse(&f->cx, q) == ST_OK ? ST_OK : func_query_error(&f->cx, q));
    return q->node == NULL ? ST_OK : func_query_ready(&f->cx, q);
}

/* dynamic_more - the statements behind the first of one text. */
static Status dynamic_more(PlFrame *f, const PlStmt *s, Arena *arena, const FuncQuery *first,
                           const Datum *values, const bool *nulls)
{
    ParsedStmt *stmts;
    uint32_t count;
    TRY(parse_sql(&f->cx, arena, slice_of(first->text), &stmts, &count));
    for (uint32_t i = 1; i < count; i++) {
        FuncQuery q;
        func_query_init(&q, f->fn->m, arena, first->text, false);
        q.vars = first->vars;
        q.node = stmts[i].node;
        Status st = q.node == NULL ? ST_OK : func_query_ready(&f->cx, &q);
        if (st == ST_OK && q.node != NULL) {
            st = run_ready_query(f, s, &q, values, nulls, true);
        }
        func_query_release(&q);
        TRY(st);
    }
    return ST_OK;
}

Status pl_run_execute(PlFrame *f, const PlStmt *s)
{
    FuncQuery q;
    Arena arena;
    Datum *values;
    bool *nulls;
    arena_init(&arena, NULL, "execute", 0);
    q.m = NULL;
    Status st = pl_dynamic(f, s, &arena, &q, &values, &nulls);
    if (st == ST_OK && q.node != NULL) {
        st = run_ready_query(f, s, &q, values, nulls, true);
        if (st == ST_OK && q.stmt_count > 1) {
            st = dynamic_more(f, s, &arena, &q, values, nulls);
        }
    }
    if (q.m != NULL) {
        func_query_release(&q);
    }
    arena_release(&arena);
    return st;
}

/* ---- loops over rows ---- */

/* for_rows - the body for each row of a run. */
static Status for_rows(PlFrame *f, const PlStmt *s, FuncRun *run)
{
    const Batch *b;
    bool found = false, end = false;
    Status st = ST_OK;
    while (!end && (st = func_run_next(&f->cx, run, 50, &b)) == ST_OK) {
        for (uint32_t k = 0; k < b->sel.count && !end; k++) {
            uint32_t row = b->sel.idx != NULL ? b->sel.idx[k] : k;
            found = true;
            f->stmt = s;
            arena_clear(&f->scratch);
            TRY(pl_take_row(f, s->targets, s->target_count, run->plan->columns,
                            run->plan->column_count, &(PlRow){.b = b, .row = row}));
            TRY(pl_run_statements(f, s->body));
            end = pl_loop_flow(f, s);
        }
        f->stmt = f->flow == FLOW_NEXT ? s : f->stmt;
    }
    if (st == ST_ERROR) {
        return st;
    }
    if (!found) {
        TRY(pl_take_row(f, s->targets, s->target_count, run->plan->columns, run->plan->column_count,
                        NULL));
    }
    pl_set_found(f, found);
    return ST_OK;
}

Status pl_run_for_query(PlFrame *f, const PlStmt *s)
{
    FuncQuery dynamic, *q = &s->expr->q;
    Arena arena;
    Datum *values;
    bool *nulls;
    FuncRun *run;
    Status st;
    arena_init(&arena, NULL, "loop over rows", 0);
    run = ARENA_NEW(&arena, FuncRun);
    dynamic.m = NULL;
    if (s->kind == PL_FOR_EXECUTE) {
        st = pl_dynamic(f, s, &arena, &dynamic, &values, &nulls);
        q = &dynamic;
    } else {
        st = pl_fill(f, s->expr, &arena, true, &values, &nulls);
    }
    if (st == ST_OK && q->utility) {
        st = err_set(&f->cx, ERRCODE_INVALID_CURSOR_DEFINITION,
                     "cannot open this statement as cursor");
    }
    if (st == ST_OK) {
        st = func_run_open(&f->cx, q, values, nulls, is_read_only(f), run);
        if (st == ST_OK) {
            st = for_rows(f, s, run);
            st = func_run_close(&f->cx, run, st);
        }
    }
    if (dynamic.m != NULL) {
        func_query_release(&dynamic);
    }
    arena_release(&arena);
    return st;
}

/* ---- RETURN QUERY ---- */

/* return_mismatch - the query's columns are not those of the function. */
static Status return_mismatch(PlFrame *f, const char *detail)
{
    st_ignore(err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                      "structure of query does not match function result type"));
    return err_detail(&f->cx, "%s", detail);
}

static const char *row_type_text(PlFrame *f, Oid type)
{
    Buf b;
    buf_init(&b, 512);
    cat_format_type(f->fn->m->fs->view, type, CAT_TYPMOD_NONE, &b);
    const char *text = arena_strndup(&f->scratch, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

/* return_columns - the rows wanted have no types yet (RECORD): they are the query's. */
static Status return_columns(PlFrame *f, FuncRows *r, const Plan *p)
{
    bool rows_open = r->is_row && r->col_count > 0 && r->types[0] == 0;
    if (p->column_count != r->col_count) {
        return return_mismatch(
            f, arena_printf(&f->scratch,
                            "Number of returned columns (%u) does not match expected column "
                            "count (%u).",
                            p->column_count, r->col_count));
    }
    for (uint32_t i = 0; i < r->col_count; i++) {
        Oid have = p->columns[i].type == TYPE_UNKNOWN ? TYPE_TEXT : p->columns[i].type;
        if (rows_open) {
            r->types[i] = have;
            r->phys[i] = func_phys(f->fn->m, have);
        } else if (have != r->types[i]) {
            return return_mismatch(
                f, arena_printf(&f->scratch,
                                "Returned type %s does not match expected type %s in column %u.",
                                row_type_text(f, have), row_type_text(f, r->types[i]), i + 1));
        }
    }
    return ST_OK;
}

/* return_rows - all rows of a query into the set. */
static Status return_rows(PlFrame *f, FuncRun *run)
{
    FuncRows *r = f->in->rows;
    const Batch *b;
    uint64_t before = r->count;
    Datum *values = ARENA_ARRAY(&f->scratch, Datum, r->col_count + 1u);
    bool *nulls = ARENA_ARRAY(&f->scratch, bool, r->col_count + 1u);
    Status st;
    TRY(return_columns(f, r, run->plan));
    while ((st = func_run_next(&f->cx, run, VEC_CAPACITY, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            for (uint32_t c = 0; c < r->col_count; c++) {
                nulls[c] = vec_is_null(b->cols[c], row);
                if (!nulls[c]) {
                    values[c] = vec_get(b->cols[c], row);
                }
            }
            func_rows_add(r, values, nulls);
        }
    }
    f->row_count = r->count - before;
    return st == ST_DONE ? ST_OK : st;
}

Status pl_run_return_query(PlFrame *f, const PlStmt *s)
{
    FuncQuery dynamic, *q = &s->expr->q;
    Arena arena;
    Datum *values;
    bool *nulls;
    FuncRun run;
    Status st;
    if (f->in->rows == NULL) {
        return err_unsupported(&f->cx, "set-valued function called in context that cannot accept "
                                       "a set");
    }
    arena_init(&arena, NULL, "return query", 0);
    dynamic.m = NULL;
    if (s->dynamic) {
        st = pl_dynamic(f, s, &arena, &dynamic, &values, &nulls);
        q = &dynamic;
    } else {
        st = pl_fill(f, s->expr, &arena, false, &values, &nulls);
    }
    if (st == ST_OK) {
        st = func_run_open(&f->cx, q, values, nulls, is_read_only(f), &run);
        if (st == ST_OK) {
            st = return_rows(f, &run);
            st = func_run_close(&f->cx, &run, st);
        }
    }
    if (dynamic.m != NULL) {
        func_query_release(&dynamic);
    }
    arena_release(&arena);
    TRY(st);
    pl_set_found(f, f->row_count != 0);
    return ST_OK;
}
