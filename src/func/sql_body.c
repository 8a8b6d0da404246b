/*
 * sql_body.c - functions in language SQL: the statements of the body, run one after the other; what
 * the last one gives is the result.
 */
#include "func/run.h"
#include "type/record.h"

#include <pg_query/pg_query.pb-c.h>

/* SqlBody - a compiled one. */
typedef struct SqlBody {
    FuncBody *body;
    FuncQuery *queries;
    uint32_t count;
} SqlBody;

/* SqlFrame - a call under way. */
typedef struct SqlFrame {
    FuncFrame frame;
    const SqlBody *sql;
    uint32_t statement; /* 0: not begun */
} SqlFrame;

static void sql_frame_text(const FuncFrame *f, Buf *buf)
{
    const SqlFrame *s = f->arg;
    if (s->statement == 0) {
        buf_printf(buf, "SQL function \"%s\" during startup", s->sql->body->name);
    } else {
        buf_printf(buf, "SQL function \"%s\" statement %u", s->sql->body->name, s->statement);
    }
}

/* ---- parameters as names ---- */

static void sql_var(const FuncBody *b, uint32_t at, const char *name, BindVar *out)
{
    *out = (BindVar){.number = at + 1, .type = b->args[at], .typmod = -1, .name = name};
}

/* sql_var_named - the input parameter of the name. */
static bool sql_var_named(const FuncBody *b, const char *name, BindVar *out)
{
    uint32_t in = 0;
    for (uint16_t i = 0; i < b->all_count; i++) {
        char mode = b->modes != NULL ? b->modes[i] : 'i';
        if (mode == 'o' || mode == 't') {
            continue;
        }
        if (b->names[i] != NULL && strcmp(b->names[i], name) == 0) {
            sql_var(b, in, name, out);
            return true;
        }
        in++;
    }
    return false;
}

static Status sql_find(void *arg, Cx *cx, const char *const *names, uint32_t count, BindVar *out)
{
    const FuncBody *b = arg;
    (void)cx;
    if (count == 1) {
        return sql_var_named(b, names[0], out) ? ST_OK : ST_NOTFOUND;
    }
    return count == 2 && strcmp(names[0], b->name) == 0 && sql_var_named(b, names[1], out)
               ? ST_OK
               : ST_NOTFOUND;
}

static Status sql_number(void *arg, Cx *cx, uint32_t number, BindVar *out)
{
    const FuncBody *b = arg;
    (void)cx;
    if (number == 0 || number > b->arg_count) {
        return ST_NOTFOUND;
    }
    sql_var(b, number - 1, NULL, out);
    return ST_OK;
}

/* ---- compiling ---- */

static void sql_release(void *compiled)
{
    SqlBody *s = compiled;
    for (uint32_t i = 0; i < s->count; i++) {
        func_query_release(&s->queries[i]);
    }
}

/* sql_type_text - a type's name for the messages below. */
static const char *sql_type_text(FuncManager *m, Arena *arena, Oid type)
{
    Buf b;
    buf_init(&b, 512);
    cat_format_type(m->fs->view, type, CAT_TYPMOD_NONE, &b);
    const char *text = arena_strndup(arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

static Status sql_mismatch(Cx *cx, FuncManager *m, const FuncBody *b, const char *detail)
{
    st_ignore(err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION,
                      "return type mismatch in function declared to return %s",
                      sql_type_text(m, cx->arena, b->result)));
    return err_detail(cx, "%s", detail);
}

/* sql_result_columns - the types of the row that is returned; 0: one value. */
static uint32_t sql_result_columns(FuncManager *m, Cx *cx, const FuncBody *b, Oid *types,
                                   uint32_t max)
{
    uint32_t n = 0;
    const CatType *t = cat_type(m->fs->view, b->result);
    const CatTable *table;
    for (uint16_t i = 0; b->modes != NULL && b->result == TYPE_RECORD && i < b->all_count; i++) {
        if (strchr("obt", b->modes[i]) != NULL && n < max) {
            types[n++] = b->all_args[i];
        }
    }
    if (t != NULL && t->kind == 'c' &&
        cat_table_by_oid(cx, m->fs->view, t->relation, &table) == ST_OK) {
        for (uint16_t i = 0; i < table->column_count && n < max; i++) {
            if (!table->columns[i].dropped) {
                types[n++] = table->columns[i].type;
            }
        }
    }
    return n;
}

/* sql_can_cast - may a column of the last statement become a column of the result? */
static bool sql_can_cast(FuncManager *m, Oid from, Oid to)
{
    if (from == to || from == TYPE_UNKNOWN || to == TYPE_RECORD) {
        return true;
    }
    const CatCast *c = cat_cast(m->fs->view, from, to);
    const CatType *t = cat_type(m->fs->view, to);
    return (c != NULL && c->context != 'e') || (t != NULL && t->kind == 'd' && t->base == from);
}

/* sql_check_result - does the last statement give what the function returns? */
static Status sql_check_result(Cx *cx, FuncManager *m, const SqlBody *s)
{
    const FuncBody *b = s->body;
    Oid types[256];
    const FuncQuery *last = s->count > 0 ? &s->queries[s->count - 1] : NULL;
    if (b->result == TYPE_VOID) {
        return ST_OK;
    }
    if (last == NULL || last->utility || last->plan == NULL || !last->plan->returns_rows) {
        return sql_mismatch(cx, m, b,
                            "Function's final statement must be SELECT or "
                            "INSERT/UPDATE/DELETE RETURNING.");
    }
    const Plan *p = last->plan;
    uint32_t n = sql_result_columns(m, cx, b, types, 256);
    if (n == 0 && b->result == TYPE_RECORD) {
        return ST_OK;
    }
    if (n == 0 || (p->column_count == 1 && p->columns[0].type == b->result)) {
        if (p->column_count != 1) {
            return sql_mismatch(cx, m, b, "Final statement must return exactly one column.");
        }
        return sql_can_cast(m, p->columns[0].type, b->result)
                   ? ST_OK
                   : sql_mismatch(cx, m, b,
                                  arena_printf(cx->arena, "Actual return type is %s.",
                                               sql_type_text(m, cx->arena, p->columns[0].type)));
    }
    for (uint32_t i = 0; i < n; i++) {
        if (i >= p->column_count) {
            return sql_mismatch(cx, m, b, "Final statement returns too few columns.");
        }
        if (!sql_can_cast(m, p->columns[i].type, types[i])) {
            return sql_mismatch(
                cx, m, b,
                arena_printf(cx->arena, "Final statement returns %s instead of %s at column %u.",
                             sql_type_text(m, cx->arena, p->columns[i].type),
                             sql_type_text(m, cx->arena, types[i]), i + 1));
        }
    }
    return p->column_count == n
               ? ST_OK
               : sql_mismatch(cx, m, b, "Final statement returns too many columns.");
}

/* sql_error_place - an error in the body's text, as a place in CREATE FUNCTION. */
static Status sql_error_place(Cx *cx, const FnValidate *check, const SqlBody *s)
{
    Err *e = cx->err;
    int32_t at = e->position > 0 ? e->position : e->internal_position;
    if (at > 0 && check->body_location >= 0 && check->sql.ptr != NULL) {
        int32_t before = parse_char_position(check->sql, check->body_location) - 1;
        e->position = before + at;
        e->internal_position = 0;
        e->internal_query[0] = '\0';
        return ST_ERROR;
    }
    e->context[0] = '\0';
    return err_add_context(cx, "SQL function \"%s\"", s->body->name);
}

/* sql_check - bind every statement now, for errors at CREATE FUNCTION. */
static Status sql_check(Cx *cx, FuncManager *m, SqlBody *s, const FnValidate *check)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (func_query_ready(cx, &s->queries[i]) != ST_OK) {
            return sql_error_place(cx, check, s);
        }
    }
    if (sql_check_result(cx, m, s) != ST_OK) {
        return err_add_context(cx, "SQL function \"%s\"", s->body->name);
    }
    return ST_OK;
}

/* sql_load - the queries of a SQL-standard body. */
static Status sql_load(Cx *cx, FuncManager *m, SqlBody *s)
{
    FuncBody *body = s->body;
    BindCx b = {.view = m->fs->view, .arena = cx->arena, .env = m->env, .no_locks = true};
    Query **list;
    uint32_t count;
    bool atomic;
    TRY(bind_load_body(cx, &b, body->sqlbody, &atomic, &list, &count));
    s->queries = ARENA_ARRAY(&body->arena, FuncQuery, count + 1u);
    for (uint32_t i = 0; i < count; i++) {
        FuncQuery *q = &s->queries[s->count++];
        func_query_init(q, m, NULL, "", false);
        q->stored = body->sqlbody;
        q->stored_at = i;
        q->stored_types = body->args;
        q->stored_count = body->arg_count;
        q->quiet = true;
    }
    return ST_OK;
}

/* sql_compile - FuncLanguage.compile: the statements, each a query of its own. */
static Status sql_compile(Cx *cx, FuncManager *m, FuncBody *body, const FnValidate *check,
                          void **compiled_out)
{
    SqlBody *s = ARENA_NEW(&body->arena, SqlBody);
    ParsedStmt *stmts;
    uint32_t count;
    s->body = body;
    *compiled_out = s;
    if (body->sqlbody != NULL) {
        TRY(sql_load(cx, m, s));
        return check != NULL ? sql_check(cx, m, s, check) : ST_OK;
    }
    Status st = parse_sql(cx, &body->arena, slice_of(body->source), &stmts, &count);
    if (st != ST_OK) {
        return check != NULL ? sql_error_place(cx, check, s) : st;
    }
    s->queries = ARENA_ARRAY(&body->arena, FuncQuery, count + 1u);
    for (uint32_t i = 0; i < count; i++) {
        if (stmts[i].node == NULL) {
            continue;
        }
        FuncQuery *q = &s->queries[s->count++];
        func_query_init(q, m, NULL, body->source, false);
        q->node = stmts[i].node;
        q->stmt_count = 1;
        q->quiet = true;
        q->vars = (BindVars){
            .find = sql_find, .number = sql_number, .arg = body, .conflict = BIND_CONFLICT_COLUMN};
    }
    for (uint16_t i = 0; i < body->all_count; i++) {
        if (func_is_polymorphic(body->all_args[i])) {
            return ST_OK; /* nothing is known of it before it is called */
        }
    }
    return check != NULL ? sql_check(cx, m, s, check) : ST_OK;
}

/* ---- running ---- */

/* SqlCall - one call's way of taking the last statement's rows. */
typedef struct SqlCall {
    const FuncCallIn *in;
    Oid *types; /* of the columns wanted */
    uint32_t columns;
    bool as_row; /* the value is a row of several columns */
    Datum value;
    bool is_null, done;
} SqlCall;

/* sql_row - the columns of one row, as the types wanted. */
static Status sql_row(Cx *cx, SqlCall *c, const Plan *plan, const Batch *b, uint32_t row,
                      Datum *values, bool *nulls)
{
    for (uint32_t i = 0; i < c->columns; i++) {
        Datum d = {0};
        bool is_null = i >= b->col_count || vec_is_null(b->cols[i], row);
        if (!is_null) {
            d = vec_get(b->cols[i], row);
        }
        TRY(func_cast(c->in->m, cx, cx->arena, &d, is_null, plan->columns[i].type, c->types[i], -1,
                      &values[i], &nulls[i]));
    }
    return ST_OK;
}

/* sql_take - a row of the last statement. */
static Status sql_take(Cx *cx, SqlCall *c, const Plan *plan, const Batch *b, uint32_t row)
{
    const FuncBody *body = c->in->body;
    Datum *values = ARENA_ARRAY(cx->arena, Datum, c->columns + 1u);
    bool *nulls = ARENA_ARRAY(cx->arena, bool, c->columns + 1u);
    TRY(sql_row(cx, c, plan, b, row, values, nulls));
    if (c->in->rows != NULL) {
        FuncRows *r = c->in->rows;
        bool whole = r->is_row && !c->as_row; /* one column that is the row itself */
        if (!whole) {
            func_rows_add(r, values, nulls);
            return ST_OK;
        }
        Datum *fields = ARENA_ARRAY(cx->arena, Datum, r->col_count + 1u);
        bool *field_nulls = ARENA_ARRAY(cx->arena, bool, r->col_count + 1u);
        RecordField f;
        Slice name;
        memset(field_nulls, 1, r->col_count);
        if (!nulls[0]) {
            RecordIter it = record_iter(&values[0].str);
            for (uint32_t i = 0; i < r->col_count && record_next(&it, &f, &name); i++) {
                fields[i] = f.value;
                field_nulls[i] = f.is_null;
            }
        }
        func_rows_add(r, fields, field_nulls);
        return ST_OK;
    }
    c->done = true;
    if (!c->as_row) {
        c->value = values[0];
        c->is_null = nulls[0];
        if (!nulls[0] && func_phys(c->in->m, body->result) == PHYS_STR) {
            c->value.str = str_copy(c->in->arena, str_ptr(&values[0].str), values[0].str.len);
        }
        return ST_OK;
    }
    RecordField *fields = ARENA_ARRAY(cx->arena, RecordField, c->columns + 1u);
    uint32_t out = 0;
    for (uint32_t i = 0; i < c->columns; i++) {
        while (body->modes != NULL && body->result == TYPE_RECORD && out < body->all_count &&
               strchr("obt", body->modes[out]) == NULL) {
            out++;
        }
        const char *name =
            body->modes != NULL && body->result == TYPE_RECORD && out < body->all_count
                ? body->names[out++]
                : plan->columns[i].name;
        fields[i] = (RecordField){.type = func_base_type(c->in->m, c->types[i]),
                                  .name = name,
                                  .is_null = nulls[i],
                                  .value = values[i]};
    }
    c->value.str = record_build(c->in->arena, fields, c->columns);
    c->is_null = false;
    return ST_OK;
}

/* sql_run_last - the statement whose rows are the result. */
static Status sql_run_last(Cx *cx, SqlCall *c, FuncQuery *q, FuncRun *run)
{
    const FuncBody *body = c->in->body;
    const Batch *b;
    Oid types[256];
    uint32_t n = sql_result_columns(c->in->m, cx, body, types, 256);
    const Plan *p = run->plan;
    (void)q;
    c->as_row = n > 0 || body->result == TYPE_RECORD;
    if (n == 0 && body->result == TYPE_RECORD) { /* whatever comes */
        n = MIN(p->column_count, 256u);
        for (uint32_t i = 0; i < n; i++) {
            types[i] = p->columns[i].type;
        }
        if (n == 1 && p->columns[0].type == TYPE_RECORD) {
            c->as_row = false;
        }
    } else if (n == 0 || (p->column_count == 1 && p->columns[0].type == body->result)) {
        c->as_row = false;
        types[0] = body->result;
        n = 1;
    }
    if (n > p->column_count) {
        return sql_mismatch(cx, c->in->m, body, "Final statement returns too few columns.");
    }
    FuncRows *rows = c->in->rows;
    if (rows != NULL && rows->is_row && body->result == TYPE_RECORD && rows->types[0] == 0) {
        for (uint32_t i = 0; i < rows->col_count && i < n; i++) {
            rows->types[i] = types[i];
            rows->phys[i] = func_phys(c->in->m, types[i]);
        }
        if (n != rows->col_count) {
            st_ignore(err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                              "function return row and query-specified return row do not match"));
            return err_detail(cx, "Returned row contains %u attributes, but query expects %u.", n,
                              rows->col_count);
        }
    }
    c->types = types;
    c->columns = n;
    Status st;
    while ((st = func_run_next(cx, run, rows != NULL ? VEC_CAPACITY : 1, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            if (!c->done) {
                TRY(sql_take(cx, c, p, b, row));
            }
        }
        if (c->done && p->command == CMD_SELECT) {
            break; /* the rest is not asked for */
        }
    }
    return st == ST_DONE ? ST_OK : st;
}

/* sql_run_one - a statement of the body; the last one's rows are the result. */
static Status sql_run_one(Cx *cx, SqlCall *c, FuncQuery *q, bool last, const Datum *values,
                          const bool *nulls)
{
    const FuncBody *b = c->in->body;
    const char *tag;
    const Batch *batch;
    FuncRun run;
    TRY(func_query_ready(cx, q));
    if (q->utility) {
        return func_run_utility(cx, q, b->read_only, &tag);
    }
    TRY(func_run_open(cx, q, values, nulls, b->read_only, &run));
    Status st = ST_OK;
    if (last && b->result != TYPE_VOID && run.plan->returns_rows) {
        st = sql_run_last(cx, c, q, &run);
    } else {
        while ((st = func_run_next(cx, &run, VEC_CAPACITY, &batch)) == ST_OK) {
        }
        st = st == ST_DONE ? ST_OK : st;
    }
    return func_run_close(cx, &run, st);
}

/* sql_call - FuncLanguage.call: one statement after the other. */
static Status sql_call(Cx *cx, const FuncCallIn *in, Datum *value_out, bool *null_out)
{
    const SqlBody *s = in->body->compiled;
    FuncManager *m = in->m;
    SqlFrame f = {.frame = {.outer = m->frames, .text = sql_frame_text}, .sql = s};
    SqlCall c = {.in = in, .is_null = true};
    Status st = ST_OK;
    if (in->trigger != NULL) {
        return err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION,
                       "SQL functions cannot be called as triggers");
    }
    f.frame.arg = &f;
    m->frames = &f.frame;
    for (uint32_t i = 0; i < s->count && st == ST_OK; i++) {
        f.statement = i + 1;
        st = sql_run_one(cx, &c, &s->queries[i], i + 1 == s->count, in->invoke->args,
                         in->invoke->nulls);
    }
    m->frames = f.frame.outer;
    if (st == ST_ERROR && !m->context_done) {
        /* The statement's own line says less than the function's. */
        return func_error_context(cx, &f.frame);
    }
    *value_out = c.value;
    *null_out = c.is_null;
    return st;
}

const FuncLanguage FUNC_LANGUAGE_SQL = {
    .oid = 14,
    .name = "sql",
    .compile = sql_compile,
    .release = sql_release,
    .call = sql_call,
};
