/*
 * session_copy.c - COPY TO STDOUT and FROM STDIN, in text, CSV and binary; files of the server go
 * the same ways (copy_file.c).
 *
 * COPY FROM holds no thread: its state stays in the session, each CopyData message feeds the
 * reader, full batches go into the table. Bytes after an error are swallowed until the client ends
 * its copy.
 */
#include <pg_query/pg_query.pb-c.h>
#include <stdio.h>

#include "catalog/acl.h"
#include "server/server_internal.h"

#define COPY_LINE_SHOWN 100 /* bytes of a line that an error shows */

/* ---- TO STDOUT ---- */

static void reply_copy_response(Session *s, char type, uint32_t columns, bool binary)
{
    size_t at = reply_begin(&s->out, type);
    buf_putc(&s->out, binary ? 1 : 0);
    buf_put_u16be(&s->out, (uint16_t)columns);
    for (uint32_t i = 0; i < columns; i++) {
        buf_put_u16be(&s->out, binary ? 1 : 0);
    }
    reply_end(&s->out, at);
}

/* CopyOut - where the lines of COPY TO go: to the client, or (file not NULL) into a file. */
typedef struct CopyOut {
    const CopyFormat *format;
    CopyFile *file;
    Buf messages; /* for the file */
    uint64_t rows;
} CopyOut;

/* copy_batch_out - the rows of one batch. */
static Status copy_batch_out(Cx *cx, Session *s, CopyOut *o, RowWriter *w, Buf *scratch,
                             const Batch *batch)
{
    Buf *out = o->file != NULL ? &o->messages : &s->out;
    TRY(cx_check(cx));
    SEL_FOREACH(row, &batch->sel)
    {
        if (o->format->binary) {
            copy_write_binary(w, out, scratch, batch, row, o->rows == 0);
        } else {
            copy_write_row(o->format, w, out, scratch, batch, row);
        }
        o->rows++;
    }
    if (o->file != NULL) {
        return copy_file_put(cx, o->file, out);
    }
    return s->out.len > SESSION_OUT_FLUSH_BYTES ? session_send_wait(cx, s) : ST_OK;
}

/* copy_rows_out - run the plan of COPY TO and send a line for each row. Owns: the execution state
 * and scratch memory, released on every path. */
static Status copy_rows_out(Cx *cx, Session *s, Plan *plan, CopyOut *o)
{
    const CopyFormat *f = o->format;
    static const int16_t BINARY = 1;
    ExecEnv env;
    ExecState *exec = NULL;
    RowWriter w;
    Buf scratch;
    const Snapshot *snap;
    const Batch *batch;
    Status st = ST_OK;
    buf_init(&scratch, (size_t)1 << 30);
    TRY_OUT(statement_may(cx, plan));
    TRY_OUT(row_writer_init(cx, &s->stmt_arena, &w, plan->columns, plan->column_count,
                            f->binary ? &BINARY : NULL, f->binary ? 1 : 0, &s->env, &s->view));
    TRY_OUT(txn_snapshot(cx, s->txn, &snap));
    exec_env_fill(s, &env, snap, NULL, NULL, 0);
    TRY_OUT(exec_open(cx, plan, &env, &exec));
    Buf *out = o->file != NULL ? &o->messages : &s->out;
    if (o->file == NULL) {
        reply_copy_response(s, 'H', plan->column_count, f->binary);
    }
    if (f->header) {
        copy_write_header(f, out, plan->columns, plan->column_count);
    }
    while ((st = exec_next(cx, exec, VEC_CAPACITY, &batch)) == ST_OK) {
        TRY_OUT(copy_batch_out(cx, s, o, &w, &scratch, batch));
    }
    st = st == ST_DONE ? ST_OK : st;
    if (st == ST_OK && f->binary) {
        copy_write_binary_end(out, o->rows == 0);
    }
    if (st == ST_OK && o->file == NULL) {
        reply_simple(&s->out, 'c');
    } else if (st == ST_OK) {
        st = copy_file_put(cx, o->file, out);
    }
out:
    if (exec != NULL) {
        exec_close(exec);
    }
    txn_snapshot_done(s->txn);
    buf_release(&scratch);
    return st;
}

/* copy_put_name - a name, quoted. */
static void copy_put_name(Buf *text, const char *name)
{
    buf_putc(text, '"');
    for (const char *p = name; *p != '\0'; p++) {
        buf_puts(text, *p == '"' ? "\"" : "");
        buf_putc(text, *p);
    }
    buf_putc(text, '"');
}

/* copy_source - the statement whose rows COPY TO writes: the given query, or SELECT of the table's
 * columns. */
static Status copy_source(Cx *cx, Session *s, const PgQuery__CopyStmt *stmt, const Statement *outer,
                          const CatTable *table, Statement **inner)
{
    if (stmt->query != NULL) {
        *inner = statement_in(&s->stmt_arena, outer->sql, stmt->query);
        return ST_OK;
    }
    Buf text;
    buf_init(&text, 1u << 20);
    buf_puts(&text, "SELECT ");
    for (size_t i = 0; i < stmt->n_attlist; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(stmt->attlist[i]->string->sval, stmt->attlist[k]->string->sval) == 0) {
                buf_release(&text);
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once",
                               stmt->attlist[i]->string->sval);
            }
        }
        buf_puts(&text, i != 0 ? ", " : "");
        copy_put_name(&text, stmt->attlist[i]->string->sval);
    }
    bool first = true;
    for (uint16_t i = 0; stmt->n_attlist == 0 && i < table->column_count; i++) {
        if (!table->columns[i].dropped && table->columns[i].generated == 0) {
            buf_puts(&text, first ? "" : ", ");
            copy_put_name(&text, table->columns[i].name);
            first = false;
        }
    }
    buf_puts(&text, " FROM ");
    const char *parts[2] = {stmt->relation->schemaname, stmt->relation->relname};
    for (int i = 0; i < 2; i++) {
        if (parts[i] == NULL || parts[i][0] == '\0') {
            continue;
        }
        copy_put_name(&text, parts[i]);
        buf_puts(&text, i == 0 ? "." : "");
    }
    ParsedStmt *parsed;
    uint32_t count;
    Slice sql = {arena_memdup(&s->stmt_arena, text.data, text.len + 1), text.len};
    ((char *)(uintptr_t)sql.ptr)[sql.len] = '\0';
    buf_release(&text);
    TRY(parse_sql(cx, &s->stmt_arena, sql, &parsed, &count));
    *inner = statement_in(&s->stmt_arena, sql, parsed[0].node);
    return ST_OK;
}

static int16_t column_by_name(const CatTable *t, const char *name)
{
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (!t->columns[i].dropped && strcmp(t->columns[i].name, name) == 0) {
            return (int16_t)i;
        }
    }
    return -1;
}

/* copy_not_generated - a column that is computed is neither given nor taken. */
static Status copy_not_generated(Cx *cx, const CatTable *t, int16_t column)
{
    if (t->columns[column].generated == 0) {
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_INVALID_COLUMN_REFERENCE, "column \"%s\" is a generated column",
                      t->columns[column].name));
    return err_detail(cx, "Generated columns cannot be used in COPY.");
}

/* copy_to_table - the table that COPY TO reads: it must be there, and the columns, before the
 * options are looked at. */
static Status copy_to_table(Cx *cx, Session *s, const PgQuery__CopyStmt *stmt, const CatTable **out)
{
    const char *schema = stmt->relation->schemaname != NULL && stmt->relation->schemaname[0] != '\0'
                             ? stmt->relation->schemaname
                             : NULL;
    Status st = cat_table_by_name(cx, &s->view, schema, stmt->relation->relname, out);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                       schema != NULL ? schema : "", schema != NULL ? "." : "",
                       stmt->relation->relname);
    }
    TRY(st);
    if ((*out)->kind == 'v' || (*out)->kind == 'm') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot copy from %s \"%s\"",
                          (*out)->kind == 'v' ? "view" : "materialized view", (*out)->name));
        return err_hint(cx, "Try the COPY (SELECT ...) TO variant.");
    }
    for (size_t i = 0; i < stmt->n_attlist; i++) {
        const char *name = stmt->attlist[i]->string->sval;
        if (column_by_name(*out, name) < 0) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           "column \"%s\" of relation \"%s\" does not exist", name, (*out)->name);
        }
        TRY(copy_not_generated(cx, *out, column_by_name(*out, name)));
    }
    return ST_OK;
}

/* copy_to - COPY TO STDOUT, of a table or a query, to its end. */
static Status copy_to(Cx *cx, Session *s, const PgQuery__CopyStmt *stmt, const Statement *outer,
                      const char **tag_out)
{
    CopyOptions o;
    const CatTable *table = NULL;
    Statement *inner = NULL;
    CopyOut out = {0};
    CopyFile file;
    if (stmt->relation != NULL) {
        TRY(copy_to_table(cx, s, stmt, &table));
    }
    TRY(copy_options(cx, stmt, outer->sql, &o));
    TRY(copy_source(cx, s, stmt, outer, table, &inner));
    if (inner->node->node_case == PG_QUERY__NODE__NODE_MERGE_STMT) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "MERGE not supported in COPY");
    }
    Status st = statement_prepare(cx, s, inner);
    if (st != ST_OK && stmt->query == NULL) {
        cx->err->position = 0; /* it counts in the query made here */
    }
    TRY(st);
    if (inner->plan == NULL || !inner->plan->returns_rows) {
        return err_unsupported(cx, "COPY query must have a RETURNING clause");
    }
    const Plan *plan = inner->plan;
    const char **names = ARENA_ARRAY(&s->stmt_arena, const char *, plan->column_count + 1u);
    for (uint32_t i = 0; i < plan->column_count; i++) {
        names[i] = plan->columns[i].name;
    }
    st = copy_force_columns(cx, &s->stmt_arena, o.force_quote, table, names, plan->column_count,
                            "FORCE_QUOTE", &o.format.force_quote);
    out.format = &o.format;
    if (st == ST_OK && stmt->filename != NULL && stmt->filename[0] != '\0') {
        out.file = &file;
        buf_init(&out.messages, (size_t)1 << 30);
        st = copy_file_create(cx, s, stmt->filename, &file);
    }
    if (st == ST_OK) {
        st = copy_rows_out(cx, s, inner->plan, &out);
    }
    if (out.file != NULL) {
        st = copy_file_end(cx, &file, st);
        buf_release(&out.messages);
    }
    plan_unref(inner->plan);
    *tag_out = arena_printf(&s->stmt_arena, "COPY %llu", (unsigned long long)out.rows);
    return st;
}

/* ---- FROM STDIN ---- */

void copy_abort(Session *s)
{
    CopyIn *c = s->copy;
    if (c == NULL) {
        return;
    }
    s->copy = NULL;
    mem_free(s->rest_sql);
    s->rest_sql = NULL;
    copy_reader_release(&c->reader);
    snapshot_release(&c->snapshot);
    arena_release(&c->batch_arena);
    arena_release(&c->arena);
    mem_free(c);
}

/* copy_columns - the columns COPY FROM fills, in the order of the statement; all but generated
 * ones when it names none. */
static Status copy_columns(Cx *cx, Session *s, CopyIn *c, const PgQuery__CopyStmt *stmt)
{
    const CatTable *t = c->table;
    c->columns = ARENA_ARRAY(&c->arena, uint16_t, t->column_count + 1);
    if (stmt->n_attlist == 0) {
        for (uint16_t i = 0; i < t->column_count; i++) {
            if (!t->columns[i].dropped && !t->columns[i].generated) {
                c->columns[c->column_count++] = i;
            }
        }
    }
    for (size_t i = 0; i < stmt->n_attlist; i++) {
        const char *name = stmt->attlist[i]->string->sval;
        int16_t n = column_by_name(t, name);
        if (n < 0) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           "column \"%s\" of relation \"%s\" does not exist", name, t->name);
        }
        TRY(copy_not_generated(cx, t, n));
        for (uint32_t j = 0; j < c->column_count; j++) {
            if (c->columns[j] == (uint16_t)n) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once", name);
            }
        }
        c->columns[c->column_count++] = (uint16_t)n;
    }
    c->ops = ARENA_ARRAY(&c->arena, const TypeOps *, c->column_count + 1);
    c->typmods = ARENA_ARRAY(&c->arena, int32_t, c->column_count + 1);
    c->types = ARENA_ARRAY(&c->arena, Oid, c->column_count + 1);
    c->int_digits = ARENA_ARRAY(&c->arena, uint8_t, c->column_count + 1);
    for (uint32_t i = 0; i < c->column_count; i++) {
        const CatColumn *col = &t->columns[c->columns[i]];
        const CatType *type = cat_type(&s->view, col->type);
        if (type == NULL || type->ops == NULL) {
            return err_unsupported(cx, "COPY into column \"%s\" of this type is not supported",
                                   col->name);
        }
        c->ops[i] = type->ops;
        c->types[i] = type->kind == 'd' ? cat_domain_base(&s->view, col->type) : col->type;
        Oid oid = type->ops->oid;
        c->int_digits[i] = oid == TYPE_INT8 ? 18 : oid == TYPE_INT4 ? 9 : oid == TYPE_INT2 ? 4 : 0;
        c->int_digits[i] = type->kind == 'd' ? 0 : c->int_digits[i];
        c->typmods[i] = col->typmod;
    }
    return ST_OK;
}

/* copy_defaults - compile the defaults of the columns that are not in the list; expression number =
 * table column. */
static Status copy_defaults(Cx *cx, Session *s, CopyIn *c)
{
    const CatTable *t = c->table;
    Expr **exprs = ARENA_ARRAY(&c->arena, Expr *, t->column_count + 1);
    bool any = false;
    BindCx bind = {.view = &s->view, .arena = &c->arena, .env = &s->env};
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *col = &t->columns[i];
        bool listed = false;
        for (uint32_t j = 0; j < c->column_count; j++) {
            listed |= c->columns[j] == i;
        }
        if (!listed && !col->dropped && (col->default_sql != NULL || col->identity != 0)) {
            TRY(bind_column_value(cx, &bind, t, i, &exprs[i]));
            any = true;
        } else {
            const CatType *type = cat_type(&s->view, col->type);
            exprs[i] = ARENA_NEW(&c->arena, Expr);
            exprs[i]->kind = EXPR_CONST;
            exprs[i]->type = col->type;
            exprs[i]->carrier = col->carrier;
            exprs[i]->phys = type != NULL ? type->phys : PHYS_STR;
            exprs[i]->u.constant.is_null = true;
        }
    }
    if (any) {
        const ExprProg *prog;
        TRY(expr_compile(cx, &c->arena, exprs, t->column_count, NULL, func_ops_by_prosrc, &prog));
        TRY(expr_run_create(cx, &c->arena, prog, &c->defaults));
        ExprEnv *env = ARENA_NEW(&c->arena, ExprEnv);
        *env = (ExprEnv){.type_env = &s->env, .extra_fn = func_ops_by_prosrc};
        expr_run_reset(c->defaults, env);
    }
    return ST_OK;
}

/* copy_find_column - ExprMap.find: the batch has the table's columns in their order. */
static int copy_find_column(void *arg, uint16_t rte, int16_t column)
{
    (void)arg, (void)rte;
    return column;
}

/* copy_where - compile the condition of FROM ... WHERE. */
static Status copy_where(Cx *cx, Session *s, CopyIn *c, const PgQuery__Node *where, Slice sql)
{
    BindCx bind = {.view = &s->view, .arena = &c->arena, .sql = sql, .env = &s->env};
    const ExprProg *prog;
    Expr *e;
    if (where == NULL) {
        return ST_OK;
    }
    TRY(bind_table_expr(cx, &bind, c->table, where, TYPE_BOOL, -1, "COPY FROM WHERE condition",
                        &e));
    static const ExprMap COLUMNS = {.find = copy_find_column};
    TRY(expr_compile(cx, &c->arena, &e, 1, &COLUMNS, func_ops_by_prosrc, &prog));
    TRY(expr_run_create(cx, &c->arena, prog, &c->where));
    ExprEnv *env = ARENA_NEW(&c->arena, ExprEnv);
    *env = (ExprEnv){.type_env = &s->env, .extra_fn = func_ops_by_prosrc};
    expr_run_reset(c->where, env);
    c->kept = ARENA_ARRAY(&c->arena, uint16_t, VEC_CAPACITY);
    return ST_OK;
}

/* copy_rows_shown - what must be remembered of each line to name it in an error. */
static void copy_rows_shown(CopyIn *c)
{
    const CatTable *t = c->table;
    c->lines = ARENA_ARRAY(&c->arena, uint64_t, VEC_CAPACITY);
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        if (t->constraints[i].type == 'c' && c->line_texts == NULL && !c->format.binary) {
            c->line_texts = ARENA_ARRAY(&c->arena, char *, VEC_CAPACITY);
        }
    }
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        enum { BEFORE_INSERT = TRIGGER_ROW | TRIGGER_BEFORE | TRIGGER_INSERT };
        c->row_triggers |= (t->triggers[i].type & BEFORE_INSERT) == BEFORE_INSERT;
    }
    c->lone_rows = c->row_triggers;
    for (uint16_t i = 0; i < t->column_count; i++) {
        bool listed = false;
        for (uint32_t j = 0; j < c->column_count; j++) {
            listed |= c->columns[j] == i;
        }
        c->lone_rows |= !listed && !t->columns[i].dropped && t->columns[i].not_null &&
                        t->columns[i].default_sql == NULL && t->columns[i].identity == 0;
    }
}

/* copy_from_options - the options, once the columns are known. */
static Status copy_from_options(Cx *cx, CopyIn *c, const PgQuery__CopyStmt *stmt, Slice sql)
{
    CopyOptions o;
    TRY(copy_options(cx, stmt, sql, &o));
    c->format = o.format;
    const char **names = ARENA_ARRAY(&c->arena, const char *, c->column_count + 1);
    for (uint32_t i = 0; i < c->column_count; i++) {
        names[i] = c->table->columns[c->columns[i]].name;
    }
    c->names = names;
    TRY(copy_force_columns(cx, &c->arena, o.force_not_null, c->table, names, c->column_count,
                           "FORCE_NOT_NULL", &c->format.force_not_null));
    return copy_force_columns(cx, &c->arena, o.force_null, c->table, names, c->column_count,
                              "FORCE_NULL", &c->format.force_null);
}

/* copy_may - INSERT on the columns; 0A000 where policies look at new rows. */
static Status copy_may(Cx *cx, Session *s, const CopyIn *c)
{
    const CatTable *t = c->table;
    int16_t *numbers = ARENA_ARRAY(&s->stmt_arena, int16_t, c->column_count + 1);
    for (uint32_t i = 0; i < c->column_count; i++) {
        numbers[i] = t->columns[c->columns[i]].number;
    }
    TRY(cat_acl_columns_need(cx, &s->view, t->oid, numbers, c->column_count, s->view.user,
                             ACL_INSERT));
    bool owner = s->view.user_bypass_rls;
    if (t->row_security && !owner) {
        TRY(cat_is_owner(cx, &s->view, CAT_PG_CLASS, t->oid, s->view.user, &owner));
        owner = owner && !t->force_row_security;
    }
    if (!t->row_security || owner) {
        return ST_OK;
    }
    st_ignore(err_unsupported(cx, "COPY FROM not supported with row-level security"));
    return err_hint(cx, "Use INSERT statements instead.");
}

/* copy_setup - lock the table, read options and columns, get ready to insert. */
static Status copy_setup(Cx *cx, Session *s, CopyIn *c, const PgQuery__CopyStmt *stmt, Slice sql)
{
    const char *schema = stmt->relation->schemaname != NULL && stmt->relation->schemaname[0]
                             ? stmt->relation->schemaname
                             : NULL;
    const Snapshot *snap;
    ExecEnv env;
    Status st = cat_table_lock(cx, &s->view, schema, stmt->relation->relname,
                               TABLELOCK_ROW_EXCLUSIVE, &c->table);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s\" does not exist",
                       stmt->relation->relname);
    }
    TRY(st);
    if (c->table->kind == 'v' || c->table->kind == 'm' || c->table->kind == 'S') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot copy to %s \"%s\"",
                          c->table->kind == 'v'   ? "view"
                          : c->table->kind == 'm' ? "materialized view"
                                                  : "sequence",
                          c->table->name));
        return c->table->kind != 'v' ? ST_ERROR
                                     : err_hint(cx, "To enable copying to a view, provide an "
                                                    "INSTEAD OF INSERT trigger.");
    }
    if (c->table->kind != 'r' || c->table->builtin) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot copy to relation \"%s\"",
                       c->table->name);
    }
    TRY(copy_columns(cx, s, c, stmt));
    TRY(copy_may(cx, s, c));
    TRY(copy_from_options(cx, c, stmt, sql));
    TRY(copy_where(cx, s, c, stmt->where_clause, sql));
    TRY(copy_defaults(cx, s, c));
    PhysType *types = ARENA_ARRAY(&c->arena, PhysType, c->table->column_count + 1);
    for (uint16_t i = 0; i < c->table->column_count; i++) {
        types[i] = c->table->storage->columns[i].phys;
    }
    batch_init(&c->batch, types, c->table->column_count, &c->arena);
    batch_reset(&c->batch);
    copy_rows_shown(c);
    TRY(txn_snapshot(cx, s->txn, &snap));
    snapshot_copy(snap, &c->snapshot);
    txn_snapshot_done(s->txn);
    exec_env_fill(s, &env, &c->snapshot, NULL, NULL, 0);
    return exec_insert_begin(cx, &c->arena, &env, c->table, &c->insert);
}

/* copy_from - COPY FROM STDIN: the session takes CopyData until copy_finish. */
static Status copy_from(Cx *cx, Session *s, const PgQuery__CopyStmt *stmt, Slice sql, bool extended,
                        const char **tag_out)
{
    if (s->txn->read_only) {
        return err_set(cx, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                       "cannot execute COPY FROM in a read-only transaction");
    }
    CopyIn *c = mem_zalloc("copy", sizeof(*c));
    arena_init(&c->arena, NULL, "copy", 0);
    arena_init(&c->batch_arena, NULL, "copy batch", 0);
    list_init(&c->snapshot.link);
    Status st = copy_setup(cx, s, c, stmt, sql);
    copy_reader_init(&c->reader, &c->format);
    c->header_pending = c->format.header;
    c->extended = extended;
    s->copy = c;
    if (st != ST_OK) {
        copy_abort(s);
        return st;
    }
    if (stmt->filename != NULL && stmt->filename[0] != '\0') {
        st = copy_file_read(cx, s, stmt->filename);
        *tag_out = arena_printf(&s->stmt_arena, "COPY %llu", (unsigned long long)c->rows);
        copy_abort(s);
        return st == ST_OK && s->txn->xid != 0 ? txn_next_command(cx, s->txn) : st;
    }
    reply_copy_response(s, 'G', c->column_count, c->format.binary);
    *tag_out = NULL; /* the tag comes when the copy ends */
    return ST_OK;
}

Status copy_begin(Cx *cx, Session *s, const PgQuery__CopyStmt *stmt, const Statement *st,
                  bool extended, const char **tag_out)
{
    if (stmt->filename != NULL && stmt->filename[0] != '\0') {
        TRY(copy_file_allowed(cx, s, stmt));
    }
    return stmt->is_from ? copy_from(cx, s, stmt, st->sql, extended, tag_out)
                         : copy_to(cx, s, stmt, st, tag_out);
}

/* line_shown - how many bytes of a line an error shows: no broken character at the end. */
static size_t line_shown(Slice line)
{
    size_t n = MIN(line.len, (size_t)COPY_LINE_SHOWN);
    while (n < line.len && n > 0 && ((uint8_t)line.ptr[n] & 0xc0) == 0x80) {
        n--;
    }
    return n;
}

/* copy_line_context - the error is about the line last read: show it. */
static Status copy_line_context(Cx *cx, const CopyIn *c)
{
    Slice line = copy_reader_line(&c->reader);
    size_t n = line_shown(line);
    char inner[sizeof(cx->err->context) + 2]; /* of the function of a trigger */
    (void)snprintf(inner, sizeof(inner), "%s%s", cx->err->context,
                   cx->err->context[0] != '\0' ? "\n" : "");
    if (c->format.binary) {
        return err_context(cx, "%sCOPY %s, line %llu", inner, c->table->name,
                           (unsigned long long)c->reader.line);
    }
    return err_context(cx, "%sCOPY %s, line %llu: \"%.*s%s\"", inner, c->table->name,
                       (unsigned long long)c->reader.line, (int)n, line.ptr,
                       n < line.len ? "..." : "");
}

/* copy_batch_context - where the row of the batch that failed stood. PostgreSQL shows the line's
 * text for what it tests as rows come, and its number alone for what it finds in indexes. */
static Status copy_batch_context(Cx *cx, const CopyIn *c)
{
    uint32_t row = cx->err->batch_row;
    if (c->row_triggers) {
        return copy_line_context(cx, c);
    }
    if (row == 0 || row > c->batch.count || cx->err->context[0] != '\0') {
        return ST_ERROR;
    }
    unsigned long long line = (unsigned long long)c->lines[row - 1];
    if (cx->err->sqlstate == ERRCODE_CHECK_VIOLATION && c->line_texts != NULL) {
        return err_context(cx, "COPY %s, line %llu: \"%s\"", c->table->name, line,
                           c->line_texts[row - 1]);
    }
    return cx->err->sqlstate == ERRCODE_NOT_NULL_VIOLATION
               ? copy_line_context(cx, c)
               : err_context(cx, "COPY %s, line %llu", c->table->name, line);
}

/* copy_choose - only the rows that WHERE is true of stay in the batch. */
static Status copy_choose(Cx *cx, CopyIn *c)
{
    const Vector *v;
    Sel kept = {c->kept, 0};
    TRY(expr_eval(cx, c->where, 0, &c->batch, &c->batch.sel, &c->batch_arena, &v));
    SEL_FOREACH(row, &c->batch.sel)
    {
        if (!vec_is_null(v, row) && vec_get(v, row).b) {
            c->kept[kept.count++] = (uint16_t)row;
        }
    }
    c->batch.sel = kept;
    return ST_OK;
}

/* copy_flush - defaults, then the batch goes into the table. */
static Status copy_flush(Cx *cx, Session *s, CopyIn *c)
{
    uint32_t n = c->batch.count;
    if (n == 0) {
        return ST_OK;
    }
    batch_set_count(&c->batch, n);
    if (c->defaults != NULL) {
        bool listed[TABLE_COLUMNS_MAX] = {false};
        for (uint32_t i = 0; i < c->column_count; i++) {
            listed[c->columns[i]] = true;
        }
        for (uint16_t i = 0; i < c->table->column_count; i++) {
            const Vector *v;
            if (listed[i]) {
                continue;
            }
            vec_reset(c->batch.cols[i]);
            TRY(expr_eval(cx, c->defaults, i, &c->batch, &c->batch.sel, &c->batch_arena, &v));
            vec_copy_rows(v, &c->batch.sel, c->batch.cols[i], 0, &c->batch_arena);
        }
    }
    (void)s;
    if (c->where != NULL) {
        TRY(copy_choose(cx, c));
    }
    if (UNLIKELY(exec_insert_rows(cx, c->insert, &c->batch) != ST_OK)) {
        return copy_batch_context(cx, c);
    }
    c->rows = exec_insert_count(c->insert);
    batch_reset(&c->batch);
    arena_clear(&c->batch_arena);
    return ST_OK;
}

/* copy_int - a field of nothing but a sign and so few digits that the number surely fits. */
static inline bool copy_int(const CopyField *f, uint32_t digits_max, int64_t *out)
{
    bool neg = f->len != 0 && f->ptr[0] == '-';
    uint32_t i = neg, n = f->len;
    int64_t v = 0;
    if (n == i || n - i > digits_max) {
        return false;
    }
    for (; i < n; i++) {
        uint32_t d = (uint32_t)(uint8_t)f->ptr[i] - '0';
        if (d > 9) {
            return false;
        }
        v = v * 10 + d;
    }
    *out = neg ? -v : v;
    return true;
}

/* copy_keep - a value into the batch; bytes in the reader's buffer, which moves on, are copied. */
static void copy_keep(CopyIn *c, const CopyField *f, Vector *v, uint32_t row, Datum *d)
{
    if (v->phys == PHYS_STR && d->str.len > STR_INLINE_BYTES && d->str.ptr >= f->ptr &&
        d->str.ptr < f->ptr + f->len) {
        d->str = str_copy(&c->batch_arena, d->str.ptr, d->str.len);
    }
    vec_put(v, row, d);
}

/* copy_value_binary - ... in the type's binary form. */
static Status copy_value_binary(Cx *cx, CopyIn *c, FnCall *call, uint32_t i, const CopyField *f,
                                Vector *v, uint32_t row)
{
    const char *name = c->table->columns[c->columns[i]].name;
    Oid declared = c->table->columns[c->columns[i]].type;
    Datum d;
    call->result_type = c->types[i];
    Status st = c->ops[i]->recv == NULL
                    ? err_unsupported(cx, "COPY in binary of column \"%s\" is not supported", name)
                    : c->ops[i]->recv(call, (Slice){f->ptr, f->len}, c->typmods[i], &d);
    if (st == ST_OK && declared != c->types[i]) { /* a domain */
        st = call->env->types->check(cx, call->env->session, declared, &d, false);
    }
    if (st != ST_OK) {
        return err_context(cx, "COPY %s, line %llu, column %s", c->table->name,
                           (unsigned long long)c->reader.line, name);
    }
    copy_keep(c, f, v, row, &d);
    return ST_OK;
}

/* copy_value - one field that is not NULL into the batch. */
static inline Status copy_value(Cx *cx, CopyIn *c, FnCall *call, uint32_t i, const CopyField *f,
                                Vector *v, uint32_t row)
{
    Datum d;
    if (c->format.binary) {
        return copy_value_binary(cx, c, call, i, f, v, row);
    }
    if (c->int_digits[i] != 0 && copy_int(f, c->int_digits[i], &d.i64)) {
        switch (v->phys) { /* little-endian: the number's low bytes */
        case PHYS_I16: VEC_DATA(v, int16_t)[row] = (int16_t)d.i64; return ST_OK;
        case PHYS_I32: VEC_DATA(v, int32_t)[row] = (int32_t)d.i64; return ST_OK;
        default: VEC_DATA(v, int64_t)[row] = d.i64; return ST_OK;
        }
    }
    call->result_type = c->types[i];
    Oid declared = c->table->columns[c->columns[i]].type;
    Status st = c->ops[i]->in(call, (Slice){f->ptr, f->len}, c->typmods[i], &d);
    if (st == ST_OK && declared != c->types[i]) { /* a domain */
        st = call->env->types->check(cx, call->env->session, declared, &d, false);
    }
    if (st != ST_OK) {
        size_t n = line_shown((Slice){f->ptr, f->len});
        return err_context(cx, "COPY %s, line %llu, column %s: \"%.*s%s\"", c->table->name,
                           (unsigned long long)c->reader.line,
                           c->table->columns[c->columns[i]].name, (int)n, f->ptr,
                           n < f->len ? "..." : "");
    }
    copy_keep(c, f, v, row, &d);
    return ST_OK;
}

/* copy_row_values - one row of fields into the batch. */
static Status copy_row_values(Cx *cx, Session *s, CopyIn *c)
{
    CopyReader *r = &c->reader;
    uint32_t row = c->batch.count;
    bool alone = c->lone_rows; /* this row is looked at before the next one is read */
    c->lines[row] = r->line;
    if (c->line_texts != NULL) {
        Slice line = copy_reader_line(r);
        size_t n = line_shown(line);
        c->line_texts[row] =
            arena_printf(&c->batch_arena, "%.*s%s", (int)n, line.ptr, n < line.len ? "..." : "");
    }
    if (!r->line_ascii) {
        TRY(utf8_verify(cx, copy_reader_line(r)));
    }
    if (c->format.binary && r->field_count != c->column_count) {
        return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "row field count is %u, expected %u",
                       r->field_count, c->column_count);
    }
    if (r->field_count > c->column_count) {
        st_ignore(
            err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "extra data after last expected column"));
        return copy_line_context(cx, c);
    }
    FnCall call = {
        .cx = cx, .arena = &c->batch_arena, .env = &s->env, .state_arena = &c->batch_arena};
    for (uint32_t i = 0; i < c->column_count; i++) {
        if (i == r->field_count) {
            st_ignore(err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "missing data for column \"%s\"",
                              c->table->columns[c->columns[i]].name));
            return copy_line_context(cx, c);
        }
        const CopyField *f = &r->row[i];
        Vector *v = c->batch.cols[c->columns[i]];
        if (f->is_null) {
            Oid declared = c->table->columns[c->columns[i]].type;
            if (declared != c->types[i] &&
                s->env.types->check(cx, s->env.session, declared, NULL, true) != ST_OK) {
                return err_context(cx, "COPY %s, line %llu, column %s: null input", c->table->name,
                                   (unsigned long long)r->line,
                                   c->table->columns[c->columns[i]].name);
            }
            vec_set_null(v, row);
            alone = alone || c->table->columns[c->columns[i]].not_null;
            continue;
        }
        TRY(copy_value(cx, c, &call, i, f, v, row));
        if (v->valid != NULL) {
            v->valid[row >> 6] |= (uint64_t)1 << (row & 63);
        }
    }
    /* Columns without a field stay NULL until their default comes. */
    if (c->defaults == NULL && c->column_count < c->table->column_count) {
        for (uint16_t i = 0; i < c->table->column_count; i++) {
            bool listed = false;
            for (uint32_t j = 0; j < c->column_count; j++) {
                listed |= c->columns[j] == i;
            }
            if (!listed) {
                vec_set_null(c->batch.cols[i], row);
            }
        }
    }
    c->batch.count++;
    return c->batch.count == VEC_CAPACITY || alone ? copy_flush(cx, s, c) : ST_OK;
}

/* copy_check_header - HEADER MATCH: the first line names the columns copied. */
static Status copy_check_header(Cx *cx, const CopyIn *c)
{
    const CopyReader *r = &c->reader;
    Status st = ST_OK;
    if (!c->format.header_match) {
        return ST_OK;
    }
    if (r->field_count != c->column_count) {
        st = err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT,
                     "wrong number of fields in header line: got %u, expected %u", r->field_count,
                     c->column_count);
    }
    for (uint32_t i = 0; st == ST_OK && i < c->column_count; i++) {
        const CopyField *f = &r->row[i];
        const char *name = c->names[i];
        if (f->is_null) {
            st = err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT,
                         "column name mismatch in header line field %u: got null value (\"%s\"), "
                         "expected \"%s\"",
                         i + 1, c->format.null_text, name);
        } else if (f->len != strlen(name) || memcmp(f->ptr, name, f->len) != 0) {
            st = err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT,
                         "column name mismatch in header line field %u: got \"%.*s\", expected "
                         "\"%s\"",
                         i + 1, (int)f->len, f->ptr, name);
        }
    }
    return st == ST_OK ? ST_OK : copy_line_context(cx, c);
}

/* copy_rows - all whole rows that have come go into the batch, full batches into the table. */
static Status copy_rows(Cx *cx, Session *s, CopyIn *c)
{
    for (;;) {
        Status st = copy_reader_row(cx, &c->reader);
        if (st == ST_BUSY || st == ST_DONE) {
            return ST_OK;
        }
        if (st != ST_OK && c->format.binary && !c->reader.header_read) {
            return st;
        }
        if (st != ST_OK) {
            return c->reader.line_whole && !c->format.binary
                       ? copy_line_context(cx, c)
                       : err_context(cx, "COPY %s, line %llu", c->table->name,
                                     (unsigned long long)c->reader.line + 1);
        }
        if (cx_check(cx) != ST_OK) {
            return copy_line_context(cx, c);
        }
        if (c->header_pending) {
            c->header_pending = false;
            TRY(copy_check_header(cx, c));
            continue;
        }
        st = copy_row_values(cx, s, c);
        if (st != ST_OK) {
            if (cx->err->context[0] == '\0') {
                st_ignore(err_context(cx, "COPY %s, line %llu", c->table->name,
                                      (unsigned long long)c->reader.line));
            }
            return st;
        }
    }
}

Status copy_feed(Cx *cx, Session *s, Slice bytes, bool last)
{
    CopyIn *c = s->copy;
    copy_reader_feed(&c->reader, bytes);
    c->reader.eof = last;
    TRY(copy_rows(cx, s, c));
    if (!last) {
        return ST_OK;
    }
    TRY(copy_flush(cx, s, c));
    return exec_insert_end(cx, c->insert);
}

/* copy_finish - the copy is over: tag and, in the simple protocol, commit and ReadyForQuery. */
static void copy_finish(Session *s, Status st)
{
    char tag[64];
    bool extended = s->copy->extended;
    char *rest = s->rest_sql;
    s->rest_sql = NULL;
    (void)snprintf(tag, sizeof(tag), "COPY %llu", (unsigned long long)s->copy->rows);
    copy_abort(s);
    if (st == ST_OK && s->txn != NULL && s->txn->xid != 0) {
        st = txn_next_command(&s->cx, s->txn);
    }
    if (st == ST_OK && !extended && !s->in_block && rest == NULL) {
        st = session_commit(&s->cx, s);
    }
    session_statement_end(s);
    if (st == ST_OK) {
        reply_command_complete(&s->out, tag);
    } else {
        session_statement_failed(s);
        reply_error(&s->out, &s->err, false);
        s->skip_to_sync = extended;
        if (s->err.severity == ERR_FATAL) {
            s->close_after_send = true;
            mem_free(rest);
            return;
        }
    }
    if (rest != NULL && st == ST_OK) {
        s->rest_sql = rest;
        session_rest_query(s);
        return;
    }
    mem_free(rest);
    if (!extended) {
        session_ready_for_query(s);
    }
}

/* copy_lost - a message that has no place in a copy: whether more data will follow is unknown, so
 * the connection ends. */
static void copy_lost(Session *s, char type)
{
    Cx *cx = &s->cx;
    st_ignore(err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                      "unexpected message type 0x%02X during COPY from stdin", (uint8_t)type));
    st_ignore(err_context(cx, "COPY %s, line %llu", s->copy->table->name,
                          (unsigned long long)s->copy->reader.line + 1));
    copy_abort(s);
    session_statement_failed(s);
    reply_error(&s->out, &s->err, false);
    st_ignore(err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                      "terminating connection because protocol synchronization was lost"));
    s->err.severity = ERR_FATAL;
    reply_error(&s->out, &s->err, false);
    s->close_after_send = true;
}

void copy_message(Session *s, ProtoMsg *m)
{
    CopyIn *c = s->copy;
    Cx *cx = &s->cx;
    Status st = ST_OK;
    switch (m->type) {
    case 'd':
        st = copy_feed(cx, s, msg_bytes(m, (size_t)(m->end - m->at)), false);
        if (st != ST_OK) {
            copy_finish(s, st);
        }
        return;
    case 'c':
        st = cx_check(cx);
        if (st == ST_OK) {
            st = copy_feed(cx, s, (Slice){NULL, 0}, true);
        }
        copy_finish(s, st);
        return;
    case 'f':
        st = err_set(cx, ERRCODE_QUERY_CANCELED, "COPY from stdin failed: %s", msg_cstring(m));
        st_ignore(err_context(cx, "COPY %s, line %llu", c->table->name,
                              (unsigned long long)c->reader.line + 1));
        copy_finish(s, st);
        return;
    case 'H':
    case 'S': return; /* ignored during a copy */
    default: copy_lost(s, m->type); return;
    }
}
