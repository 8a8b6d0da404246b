/*
 * plpgsql.c - the language's handlers: a function's text is parsed once, and run for each call.
 */
#include "plpgsql/plpgsql.h"

#include "plpgsql/pl_internal.h"
#include "type/array.h"
#include "type/record.h"

/* ---- compiling ---- */

static void pl_release(void *compiled)
{
    PlFunction *fn = compiled;
    for (PlExpr *e = fn->exprs; e != NULL; e = e->next) {
        func_query_release(&e->q);
    }
}

/* declare_trigger - OLD, NEW and the TG_ variables. */
static void declare_trigger(PlFunction *fn, Arena *a, PlLevel *level)
{
    static const struct {
        const char *name;
        Oid type;
    } TG[] = {{"tg_name", TYPE_NAME},       {"tg_when", TYPE_TEXT},
              {"tg_level", TYPE_TEXT},      {"tg_op", TYPE_TEXT},
              {"tg_relid", TYPE_OID},       {"tg_relname", TYPE_NAME},
              {"tg_table_name", TYPE_NAME}, {"tg_table_schema", TYPE_NAME},
              {"tg_nargs", TYPE_INT4},      {"tg_argv", 1009}};
    fn->new_var = pl_var_add(fn, a, level, "new", TYPE_RECORD, -1)->number;
    fn->old_var = pl_var_add(fn, a, level, "old", TYPE_RECORD, -1)->number;
    for (size_t i = 0; i < ARRAY_LEN(TG); i++) {
        fn->tg_vars[i] = pl_var_add(fn, a, level, TG[i].name, TG[i].type, -1)->number;
    }
}

/* declare_arguments - the parameters by name, and those of OUT. */
static void declare_arguments(PlFunction *fn, Arena *a, PlLevel *level)
{
    const FuncBody *b = fn->body;
    uint32_t in = 0;
    fn->arg_vars = ARENA_ARRAY(a, uint32_t, b->arg_count + 1u);
    fn->out_vars = ARENA_ARRAY(a, uint32_t, b->all_count + 1u);
    for (uint16_t i = 0; i < b->all_count; i++) {
        char mode = b->modes != NULL ? b->modes[i] : 'i';
        bool input = mode != 'o' && mode != 't';
        const char *name = b->names[i];
        PlVar *v =
            pl_var_add(fn, a, name != NULL ? level : NULL,
                       name != NULL ? name : arena_printf(a, "$%u", i + 1u), b->all_args[i], -1);
        if (input && in < b->arg_count) {
            fn->arg_vars[in++] = v->number;
        }
        if (mode == 'o' || mode == 'b' || mode == 't') {
            fn->out_vars[fn->out_count++] = v->number;
        }
    }
}

static Status pl_compile(Cx *cx, FuncManager *m, FuncBody *body, const FnValidate *check,
                         void **compiled_out)
{
    PlFunction *fn = ARENA_NEW(&body->arena, PlFunction);
    *compiled_out = fn;
    fn->m = m;
    fn->body = body;
    fn->arena = &body->arena;
    fn->found_var = fn->new_var = fn->old_var = PL_NO_VAR;
    const char *conflict = m->fs->setting_get(m->fs->arg, "plpgsql.variable_conflict");
    fn->conflict = conflict == NULL                        ? BIND_CONFLICT_ERROR
                   : strcmp(conflict, "use_variable") == 0 ? BIND_CONFLICT_VARIABLE
                   : strcmp(conflict, "use_column") == 0   ? BIND_CONFLICT_COLUMN
                                                           : BIND_CONFLICT_ERROR;
    return pl_parse(cx, m, fn, check);
}

/* pl_options - #variable_conflict at the head of the text. */
static Status pl_options(PlParser *p)
{
    while (p->tok.kind == TOK_OP && p->tok.value[0] == '#') {
        pl_advance(p);
        if (pl_accept(p, "variable_conflict")) {
            if (pl_accept(p, "use_variable")) {
                p->fn->conflict = BIND_CONFLICT_VARIABLE;
            } else if (pl_accept(p, "use_column")) {
                p->fn->conflict = BIND_CONFLICT_COLUMN;
            } else if (pl_accept(p, "error")) {
                p->fn->conflict = BIND_CONFLICT_ERROR;
            } else {
                return pl_syntax(p);
            }
        } else if (pl_accept(p, "print_strict_params")) {
            pl_advance(p);
        } else if (pl_accept(p, "option")) {
            pl_advance(p);
        } else {
            return pl_syntax(p);
        }
    }
    return ST_OK;
}

/* parse_function - the names around the block, the options before it, the block. */
static Status parse_function(PlParser *p)
{
    PlFunction *fn = p->fn;
    PlLevel *level = pl_level_push(p, fn->body->name);
    declare_arguments(fn, p->arena, level);
    if (fn->body->is_trigger) {
        declare_trigger(fn, p->arena, level);
    }
    fn->found_var = pl_var_add(fn, p->arena, level, "found", TYPE_BOOL, -1)->number;
    pl_advance(p);
    TRY(pl_options(p));
    const char *label = NULL;
    if (p->tok.kind == TOK_OP && strcmp(p->tok.value, "<<") == 0) {
        pl_advance(p);
        label = p->tok.value;
        pl_advance(p);
        pl_advance(p);
    }
    if (!pl_is(p, "declare") && !pl_is(p, "begin")) {
        return pl_syntax(p);
    }
    TRY(pl_block(p, label, &fn->main));
    return p->tok.kind == TOK_END ? ST_OK : pl_syntax(p);
}

Status pl_parse(Cx *cx, FuncManager *m, PlFunction *fn, const FnValidate *check)
{
    PlParser p = {.cx = cx,
                  .m = m,
                  .fn = fn,
                  .arena = fn->arena,
                  .src = slice_of(fn->body->source),
                  .check = check};
    p.lex = (Lexer){.text = p.src, .arena = fn->arena};
    Status st = parse_function(&p);
    if (st == ST_ERROR && !(p.failed_placed && check != NULL)) {
        uint32_t line = fn->error_line != 0 ? fn->error_line : pl_line(&p, p.tok.start);
        cx->err->position = 0;
        return err_add_context(cx, "compilation of PL/pgSQL function \"%s\" near line %u",
                               fn->body->name, line);
    }
    return st;
}

/* ---- calling ---- */

static void pl_frame_text(const FuncFrame *frame, Buf *buf)
{
    const PlFrame *f = frame->arg;
    buf_printf(buf, "PL/pgSQL function %s", f->fn->body->signature);
    if (f->phase != NULL) {
        if (f->phase_line > 0) {
            buf_printf(buf, " line %u %s", f->phase_line, f->phase);
        } else {
            buf_printf(buf, " %s", f->phase);
        }
    } else if (f->stmt != NULL) {
        buf_printf(buf, " line %u at %s", f->stmt->line, pl_stmt_name(f->stmt));
    }
}

/* frame_args - the inputs into their variables. */
static Status frame_args(PlFrame *f)
{
    const FnInvoke *in = f->in->invoke;
    f->phase = "during function entry";
    f->phase_line = 0;
    for (uint32_t i = 0; i < f->fn->body->arg_count && i < in->arg_count; i++) {
        const PlVar *v = f->fn->vars[f->fn->arg_vars[i]];
        if (v->record) {
            Oid type = in->types != NULL ? in->types[i] : v->type;
            TRY(pl_record_set(f, v->number, &in->args[i], in->nulls[i], type));
        } else {
            pl_value_put(&f->slots[v->number].value, func_phys(f->fn->m, v->type), &in->args[i],
                         in->nulls[i]);
        }
    }
    f->phase = NULL;
    return ST_OK;
}

/* tg_text - one of the TG_ variables. */
static Status tg_text(PlFrame *f, uint32_t number, const char *text)
{
    return pl_assign_text(f, f->fn->tg_vars[number], text);
}

/* trigger_row - OLD or NEW from the row of the table; NULL when there is none. */
static Status trigger_row(PlFrame *f, uint32_t var, const CatTable *t, const TriggerRow *row)
{
    PlRecord *r = pl_record(f, var);
    uint32_t n = 0;
    if (row == NULL) {
        r->assigned = false;
        r->is_null = true;
        return ST_OK;
    }
    TRY(pl_record_of_table(f, r, t));
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (!t->columns[i].dropped) {
            pl_value_put(&r->values[n], func_phys(f->fn->m, r->types[n]), &row->values[i],
                         row->nulls[i]);
            n++;
        }
    }
    return ST_OK;
}

/* frame_trigger - OLD, NEW and the TG_ variables of this firing. */
static Status frame_trigger(PlFrame *f, const TriggerCall *t)
{
    Datum d = {.u32 = t->table->oid};
    PlTarget relid = {f->fn->tg_vars[4], NULL}, nargs = {f->fn->tg_vars[8], NULL},
             argv = {f->fn->tg_vars[9], NULL};
    TRY(trigger_row(f, f->fn->new_var, t->table, t->new_row));
    TRY(trigger_row(f, f->fn->old_var, t->table, t->old_row));
    TRY(tg_text(f, 0, t->name));
    TRY(tg_text(f, 1, t->when == 'b' ? "BEFORE" : t->when == 'a' ? "AFTER" : "INSTEAD OF"));
    TRY(tg_text(f, 2, t->row ? "ROW" : "STATEMENT"));
    TRY(tg_text(f, 3,
                t->event == 'i'   ? "INSERT"
                : t->event == 'u' ? "UPDATE"
                : t->event == 'd' ? "DELETE"
                                  : "TRUNCATE"));
    TRY(pl_assign(f, &relid, &d, false, TYPE_OID));
    TRY(tg_text(f, 5, t->table->name));
    TRY(tg_text(f, 6, t->table->name));
    TRY(tg_text(f, 7, t->table->schema_name));
    d.i32 = (int32_t)t->arg_count;
    TRY(pl_assign(f, &nargs, &d, false, TYPE_INT4));
    ArrayShape shape = {.element = TYPE_TEXT,
                        .ndim = t->arg_count > 0 ? 1 : 0,
                        .dims = {(int32_t)t->arg_count},
                        .lower = {0}};
    Datum *values = ARENA_ARRAY(&f->scratch, Datum, t->arg_count + 1u);
    bool *nulls = ARENA_ARRAY(&f->scratch, bool, t->arg_count + 1u);
    for (uint32_t i = 0; i < t->arg_count; i++) {
        values[i].str = str_ref(t->args[i], strlen(t->args[i]));
    }
    d.str = array_build(&f->scratch, &shape, values, nulls);
    return pl_assign(f, &argv, &d, false, 1009);
}

/* ---- results ---- */

/* out_value - what the OUT parameters say: one, or a row of them. */
static void out_value(PlFrame *f)
{
    PlFunction *fn = f->fn;
    if (fn->out_count == 1 && !(fn->body->result == TYPE_RECORD && fn->body->procedure)) {
        const PlVar *v = fn->vars[fn->out_vars[0]];
        if (v->record) {
            pl_record_value(f, v->number, &f->result, &f->result_null);
        } else {
            f->result = f->slots[v->number].value.v;
            f->result_null = f->slots[v->number].value.is_null;
        }
        f->result_type = v->type;
        return;
    }
    RecordField *fields = ARENA_ARRAY(&f->scratch, RecordField, fn->out_count + 1u);
    for (uint32_t i = 0; i < fn->out_count; i++) {
        const PlVar *v = fn->vars[fn->out_vars[i]];
        fields[i] = (RecordField){.type = func_base_type(fn->m, v->type), .name = v->name};
        if (v->record) {
            pl_record_value(f, v->number, &fields[i].value, &fields[i].is_null);
        } else {
            fields[i].value = f->slots[v->number].value.v;
            fields[i].is_null = f->slots[v->number].value.is_null;
        }
    }
    f->result.str = record_build(&f->scratch, fields, fn->out_count);
    f->result_null = false;
    f->result_type = TYPE_RECORD;
}

Status pl_run_return(PlFrame *f, const PlStmt *s)
{
    f->flow = FLOW_RETURN;
    f->returned = true;
    if (s->expr == NULL) {
        return ST_OK;
    }
    Datum d = {0};
    TRY(pl_eval(f, s->expr, &d, &f->result_null, &f->result_type));
    arena_clear(&f->result_arena);
    f->result = d;
    f->has_result = true;
    if (!f->result_null && func_phys(f->fn->m, f->result_type) == PHYS_STR) {
        f->result.str = str_copy(&f->result_arena, str_ptr(&d.str), d.str.len);
    }
    return ST_OK;
}

/* add_row - a row's value into the set. */
static Status add_row(PlFrame *f, const Datum *value, bool is_null)
{
    FuncRows *r = f->in->rows;
    Datum *values = ARENA_ARRAY(&f->scratch, Datum, r->col_count + 1u);
    bool *nulls = ARENA_ARRAY(&f->scratch, bool, r->col_count + 1u);
    RecordField field;
    Slice name;
    uint32_t n = 0;
    memset(nulls, 1, r->col_count);
    RecordIter it = is_null ? (RecordIter){0} : record_iter(&value->str);
    while (!is_null && n < r->col_count && record_next(&it, &field, &name)) {
        if (r->types[n] == 0) {
            r->types[n] = field.type;
            r->phys[n] = func_phys(f->fn->m, field.type);
        }
        TRY(func_cast(f->fn->m, &f->cx, &f->scratch, &field.value, field.is_null, field.type,
                      r->types[n], -1, &values[n], &nulls[n]));
        n++;
    }
    if (!is_null && it.count != r->col_count) {
        st_ignore(err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                          "wrong record type supplied in RETURN "
                          "NEXT"));
        return err_detail(&f->cx,
                          "Number of returned columns (%u) does not match expected column count "
                          "(%u).",
                          it.count, r->col_count);
    }
    func_rows_add(r, values, nulls);
    return ST_OK;
}

Status pl_run_return_next(PlFrame *f, const PlStmt *s)
{
    FuncRows *r = f->in->rows;
    PlFunction *fn = f->fn;
    if (r == NULL) {
        return err_unsupported(&f->cx, "set-valued function called in context that cannot accept "
                                       "a set");
    }
    if (fn->out_count > 0) {
        out_value(f);
        if (r->is_row) {
            return add_row(f, &f->result, f->result_null);
        }
        func_rows_add(r, &f->result, &f->result_null);
        return ST_OK;
    }
    Datum d = {0};
    bool is_null;
    Oid type;
    TRY(pl_eval(f, s->expr, &d, &is_null, &type));
    if (r->is_row) {
        if (!is_null && !pl_is_record_type(fn->m, type)) {
            return err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                           "cannot return non-composite value from function returning composite "
                           "type");
        }
        return add_row(f, &d, is_null);
    }
    TRY(func_cast(fn->m, &f->cx, &f->scratch, &d, is_null, type, fn->body->result, -1, &d,
                  &is_null));
    func_rows_add(r, &d, &is_null);
    return ST_OK;
}

/* row_as - a row's value with the fields of a table's row type. */
static Status row_as(PlFrame *f, const CatTable *t, Datum *value)
{
    RecordIter it = record_iter(&value->str);
    RecordField *fields = ARENA_ARRAY(&f->scratch, RecordField, t->column_count + 1u);
    RecordField field;
    Slice name;
    uint32_t n = 0, given = it.count;
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *c = &t->columns[i];
        if (c->dropped) {
            continue;
        }
        fields[n] = (RecordField){
            .type = func_base_type(f->fn->m, c->type), .name = c->name, .is_null = true};
        if (record_next(&it, &field, &name)) {
            TRY(func_cast(f->fn->m, &f->cx, &f->scratch, &field.value, field.is_null, field.type,
                          c->type, -1, &fields[n].value, &fields[n].is_null));
        }
        n++;
    }
    if (given != n) {
        st_ignore(err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                          "returned record type does not match expected record type"));
        return err_detail(
            &f->cx, "Number of returned columns (%u) does not match expected column count (%u).",
            given, n);
    }
    value->str = record_build(&f->scratch, fields, n);
    return ST_OK;
}

/* finish_value - the function's value, as its type, in the caller's arena. */
static Status finish_value(PlFrame *f, Datum *value_out, bool *null_out)
{
    const FuncBody *b = f->fn->body;
    FuncManager *m = f->fn->m;
    Datum d = {0};
    bool is_null = true;
    f->phase = "while casting return value to function's return type";
    f->phase_line = 0;
    if (f->fn->out_count > 0) {
        out_value(f);
    } else if (!f->has_result) {
        f->result_null = true;
        f->result_type = b->result;
    }
    d = f->result;
    is_null = f->result_null;
    if (b->result != TYPE_VOID && !is_null) {
        bool row = pl_is_record_type(m, b->result);
        if (row && !pl_is_record_type(m, f->result_type)) {
            f->phase = NULL;
            return err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                           "cannot return non-composite value from function returning composite "
                           "type");
        }
        if (row && b->result != TYPE_RECORD && f->result_type != b->result) {
            const CatType *t = cat_type(m->fs->view, b->result);
            const CatTable *table;
            TRY(cat_table_by_oid(&f->cx, m->fs->view, t->relation, &table));
            TRY(row_as(f, table, &d));
        } else if (!row) {
            TRY(func_cast(m, &f->cx, &f->scratch, &d, is_null, f->result_type, b->result, -1, &d,
                          &is_null));
        }
    }
    *null_out = is_null;
    *value_out = d;
    if (b->result == TYPE_VOID) {
        /* void is shown as an empty text, unlike NULL. */
        value_out->str = str_ref("", 0);
        *null_out = b->procedure;
    } else if (!is_null && func_phys(m, b->result) == PHYS_STR) {
        value_out->str = str_copy(f->in->arena, str_ptr(&d.str), d.str.len);
    }
    f->phase = NULL;
    return ST_OK;
}

/* finish_trigger - the row that a trigger returned. */
static Status finish_trigger(PlFrame *f, TriggerCall *t)
{
    const TriggerRow *as_is = t->event == 'd' ? t->old_row : t->new_row;
    t->skip = f->result_null;
    if (as_is != NULL) {
        t->values = as_is->values;
        t->nulls = as_is->nulls;
    }
    if (f->result_null || !t->row || t->when == 'a') {
        return ST_OK;
    }
    if (!pl_is_record_type(f->fn->m, f->result_type)) {
        return err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                       "cannot return non-composite value from function returning composite type");
    }
    Datum *values = ARENA_ARRAY(t->arena, Datum, t->table->column_count + 1u);
    bool *nulls = ARENA_ARRAY(t->arena, bool, t->table->column_count + 1u);
    RecordIter it = record_iter(&f->result.str);
    RecordField field;
    Slice name;
    for (uint16_t i = 0; i < t->table->column_count; i++) {
        const CatColumn *c = &t->table->columns[i];
        nulls[i] = true;
        if (c->dropped) {
            continue;
        }
        if (!record_next(&it, &field, &name)) {
            st_ignore(err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                              "returned row structure does not match the structure of the "
                              "triggering table"));
            return ST_ERROR;
        }
        TRY(func_cast(f->fn->m, &f->cx, t->arena, &field.value, field.is_null, field.type, c->type,
                      field.type == c->type ? -1 : c->typmod, &values[i], &nulls[i]));
        if (!nulls[i] && func_phys(f->fn->m, c->type) == PHYS_STR) {
            values[i].str = str_copy(t->arena, str_ptr(&values[i].str), values[i].str.len);
        }
    }
    t->values = values;
    t->nulls = nulls;
    return ST_OK;
}

/* run_body - the outermost block, and what comes of it. */
static Status run_body(PlFrame *f, Datum *value_out, bool *null_out)
{
    const FuncBody *b = f->fn->body;
    TRY(f->in->trigger != NULL ? frame_trigger(f, f->in->trigger) : frame_args(f));
    f->stmt = f->fn->main;
    TRY(pl_run_block(f, f->fn->main));
    f->stmt = NULL;
    bool needs = !b->procedure && !b->returns_set && b->result != TYPE_VOID &&
                 f->fn->out_count == 0 && !b->inline_block;
    if (!f->returned && (needs || b->is_trigger)) {
        return err_set(&f->cx, SQLSTATE('2', 'F', '0', '0', '5'),
                       "control reached end of %s without RETURN",
                       b->is_trigger ? "trigger procedure" : "function");
    }
    if (f->in->trigger != NULL) {
        return finish_trigger(f, f->in->trigger);
    }
    if (b->returns_set) {
        *null_out = true;
        return f->in->rows != NULL
                   ? ST_OK
                   : err_unsupported(&f->cx, "set-valued function called in context that cannot "
                                             "accept a set");
    }
    return finish_value(f, value_out, null_out);
}

/* pl_call - FuncLanguage.call: a frame with its variables, the body, the result. */
static Status pl_call(Cx *cx, const FuncCallIn *in, Datum *value_out, bool *null_out)
{
    PlFunction *fn = in->body->compiled;
    FuncManager *m = in->m;
    PlFrame *f = mem_zalloc("PL/pgSQL frame", sizeof(*f));
    if ((in->body->result == PL_TYPE_TRIGGER) != (in->trigger != NULL)) {
        mem_free(f);
        return in->trigger == NULL
                   ? err_unsupported(cx, "trigger functions can only be called as triggers")
                   : err_set(cx, ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                             "function %s was not called by trigger manager", in->body->name);
    }
    arena_init(&f->scratch, NULL, "PL/pgSQL statement", 0);
    arena_init(&f->result_arena, NULL, "PL/pgSQL result", 0);
    f->fn = fn;
    f->in = in;
    f->cx = *cx;
    f->cx.arena = &f->scratch;
    f->outer = fn->frame;
    fn->frame = f;
    f->slots = mem_zalloc("PL/pgSQL variables", (fn->var_count + 1u) * sizeof(PlSlot));
    for (uint32_t i = 0; i < fn->var_count; i++) {
        f->slots[i].value.is_null = true;
    }
    pl_set_found(f, false);
    f->frame = (FuncFrame){.outer = m->frames, .text = pl_frame_text, .arg = f};
    m->frames = &f->frame;
    Status st = run_body(f, value_out, null_out);
    m->frames = f->frame.outer;
    if (st == ST_ERROR && !m->context_done) {
        st_ignore(func_error_context(cx, &f->frame));
    }
    fn->frame = f->outer;
    for (uint32_t i = 0; i < fn->var_count; i++) {
        mem_free(f->slots[i].value.bytes);
        pl_record_free(f->slots[i].record);
    }
    mem_free(f->slots);
    arena_release(&f->result_arena);
    arena_release(&f->scratch);
    mem_free(f);
    return st;
}

const FuncLanguage PLPGSQL_LANGUAGE = {
    .oid = PL_LANGUAGE_OID,
    .name = "plpgsql",
    .compile = pl_compile,
    .release = pl_release,
    .call = pl_call,
};
