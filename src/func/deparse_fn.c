/*
 * deparse_fn.c - stored expressions, constraints, indexes and views as SQL: pg_get_expr,
 * pg_get_constraintdef, pg_get_indexdef, pg_get_viewdef.
 *
 * Stored trees are loaded and written by the deparser, so that names are qualified as the asker's
 * search path needs it.
 */
#include "bind/bind.h"
#include "bind/deparse.h"
#include "catalog/catalog_data.h"
#include "func/func_internal.h"

/* DefText - one definition being written. */
typedef struct DefText {
    FnCall *call;
    FuncSession *fs;
    bool pretty;
    Buf buf;
} DefText;

static void def_name(DefText *d, const char *name)
{
    cat_put_qualified(NULL, name, false, &d->buf);
}

static Deparse def_deparse(const DefText *d)
{
    return (Deparse){
        .view = d->fs->view, .arena = d->call->arena, .env = d->call->env, .pretty = d->pretty};
}

#define DEF_BYTES_MAX ((size_t)256 << 20) /* of one definition */

/* def_finish - the text as the function's result. */
static Status def_finish(DefText *d, Status st, Datum *out)
{
    if (st == ST_OK && d->buf.overflow) {
        st = err_set(d->call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the definition is too long");
    }
    if (st == ST_OK) {
        out->str = str_copy(d->call->arena, d->buf.data, d->buf.len);
    }
    buf_release(&d->buf);
    return st;
}

static void def_begin(DefText *d, FnCall *call, FuncSession *fs, bool pretty)
{
    *d = (DefText){.call = call, .fs = fs, .pretty = pretty};
    buf_init(&d->buf, DEF_BYTES_MAX);
}

/* ---- expressions ---- */

/* def_each_expr - fn for a stored expression over the table, for each of an index's, which are kept
 * as one row. */
typedef Status (*DefExprFn)(DefText *d, uint32_t number, const Expr *e, const char *text,
                            void *arg);
static Status def_each_expr(DefText *d, const CatTable *t, const char *stored, DefExprFn fn,
                            void *arg)
{
    Cx *cx = d->call->cx;
    Deparse dp = def_deparse(d);
    BindCx b = {
        .view = d->fs->view, .arena = d->call->arena, .env = d->call->env, .no_locks = true};
    Expr *e;
    TRY(bind_load_expr(cx, &b, t, stored, &e));
    bool list = e->kind == EXPR_ROW;
    for (uint16_t i = 0; i < (list ? e->arg_count : 1); i++) {
        const Expr *one = list ? e->args[i] : e;
        char *text;
        TRY(deparse_expr(cx, &dp, one, t, &text));
        TRY(fn(d, i, one, text, arg));
    }
    return ST_OK;
}

static Status def_put_expr(DefText *d, uint32_t number, const Expr *e, const char *text, void *arg)
{
    (void)e, (void)arg;
    buf_puts(&d->buf, number > 0 ? ", " : "");
    buf_puts(&d->buf, text);
    return ST_OK;
}

/* get_expr - pg_get_expr; a relation that is not there gives NULL. */
static Status get_expr(FnCall *call, FuncSession *fs, const Datum *a, bool pretty, Datum *out,
                       bool *null_out)
{
    const CatTable *t = NULL;
    DefText d;
    if (a[1].u32 != OID_INVALID) {
        Status st = cat_table_by_oid(call->cx, fs->view, a[1].u32, &t);
        *null_out = st == ST_NOTFOUND;
        if (st != ST_OK) {
            return st == ST_NOTFOUND ? ST_OK : st;
        }
    }
    def_begin(&d, call, fs, pretty);
    return def_finish(&d, def_each_expr(&d, t, func_cstring(call, &a[0]), def_put_expr, NULL), out);
}

static Status fn_get_expr(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    return get_expr(call, fs, a, false, out, null_out);
}
KERNEL(fn_get_expr)

static Status fn_get_expr_ext(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                              bool *null_out)
{
    return get_expr(call, fs, a, a[2].b, out, null_out);
}
KERNEL(fn_get_expr_ext)

/* ---- options ---- */

/* def_option_value - "a=b", the value in quotes unless it could be a name. */
static void def_option_value(DefText *d, const char *name, Slice value)
{
    Buf quoted;
    buf_init(&quoted, SIZE_MAX);
    text_quote_ident(value, &quoted);
    bool plain = quoted.len == value.len;
    buf_release(&quoted);
    buf_printf(&d->buf, plain ? "%s=%.*s" : "%s='%.*s'", name, (int)value.len, value.ptr);
}

/* def_options - " WITH (a='1')" from pg_class.reloptions. */
static Status def_options(DefText *d, Oid relation)
{
    const Datum *values, key = {.u32 = relation};
    const bool *nulls;
    TRY(cat_row_get(d->call->cx, d->fs->view, d->call->arena, CAT_PG_CLASS, &key, 1, &values,
                    &nulls));
    if (nulls[PG_CLASS_RELOPTIONS]) {
        return ST_OK;
    }
    char *text = func_cstring(d->call, &values[PG_CLASS_RELOPTIONS]);
    buf_puts(&d->buf, " WITH (");
    bool first = true;
    for (char *save = NULL, *p = strtok_r(text, "{},", &save); p != NULL;
         p = strtok_r(NULL, "{},", &save)) {
        char *eq = strchr(p, '=');
        buf_puts(&d->buf, first ? "" : ", ");
        first = false;
        if (eq != NULL) {
            *eq = '\0';
        }
        def_option_value(d, p, slice_of(eq != NULL ? eq + 1 : "true"));
    }
    buf_putc(&d->buf, ')');
    return ST_OK;
}

/* ---- indexes ---- */

/* IndexExprs - the texts of an index's expressions, in order. */
typedef struct IndexExprs {
    const char **texts;
    const Expr **exprs;
    uint32_t count;
} IndexExprs;

static Status index_expr_keep(DefText *d, uint32_t number, const Expr *e, const char *text,
                              void *arg)
{
    IndexExprs *x = arg;
    bool call = (e->kind == EXPR_FUNC && e->oper == 0 && e->form == FORM_CALL) ||
                e->kind == EXPR_COALESCE || e->kind == EXPR_MINMAX || e->kind == EXPR_NULLIF ||
                e->kind == EXPR_SQL_VALUE;
    x->texts[number] = call ? text : arena_printf(d->call->arena, "(%s)", text);
    x->exprs[number] = e;
    x->count = number + 1;
    return ST_OK;
}

/* opclass_name - an operator class by OID. */
static Status opclass_name(DefText *d, Oid opclass, const char **name_out)
{
    const Datum *values, key = {.u32 = opclass};
    const bool *nulls;
    *name_out = NULL;
    Status st =
        cat_row_get(d->call->cx, d->fs->view, d->call->arena, 2616, &key, 1, &values, &nulls);
    if (st == ST_OK) {
        *name_out = func_cstring(d->call, &values[PG_OPCLASS_OPCNAME]);
    }
    return st == ST_ERROR ? st : ST_OK;
}

/* index_decoration - what follows a key column: collation (where it is not the column's own),
 * operator class, order. */
static Status index_decoration(DefText *d, const CatIndex *ix, uint16_t i, Oid type, Oid own)
{
    Oid collation = ix->collations != NULL ? ix->collations[i] : 0;
    if (collation != 0 && collation != own) {
        const Datum *values, key = {.u32 = collation};
        const bool *nulls;
        TRY(cat_row_get(d->call->cx, d->fs->view, d->call->arena, 3456, &key, 1, &values, &nulls));
        buf_puts(&d->buf, " COLLATE ");
        def_name(d, func_cstring(d->call, &values[PG_COLLATION_COLLNAME]));
    }
    if (ix->opclasses != NULL && ix->opclasses[i] != 0 &&
        ix->opclasses[i] != cat_method_opclass(d->fs->view,
                                               cat_opclass_method(d->fs->view, ix->opclasses[i]),
                                               type)) {
        const char *name;
        TRY(opclass_name(d, ix->opclasses[i], &name));
        if (name != NULL) {
            buf_putc(&d->buf, ' ');
            def_name(d, name);
        }
    }
    bool desc = (ix->options[i] & 1) != 0, first = (ix->options[i] & 2) != 0;
    buf_puts(&d->buf, desc ? " DESC" : "");
    if (first != desc) {
        buf_puts(&d->buf, first ? " NULLS FIRST" : " NULLS LAST");
    }
    return ST_OK;
}

/* index_column - one column: its name or expression, and for a whole definition the rest. */
static Status index_column(DefText *d, const CatTable *t, const CatIndex *ix, uint16_t i,
                           const IndexExprs *x, bool whole)
{
    Oid type = 0, own = 0;
    if (ix->columns[i] != 0) {
        const CatColumn *c = &t->columns[ix->columns[i] - 1];
        def_name(d, c->name);
        type = c->type;
        own = c->collation;
    } else {
        uint32_t n = 0;
        for (uint16_t k = 0; k < i; k++) {
            n += ix->columns[k] == 0 ? 1 : 0;
        }
        if (n >= x->count) {
            return err_set(d->call->cx, ERRCODE_INTERNAL_ERROR, "too few entries in indexprs list");
        }
        buf_puts(&d->buf, x->texts[n]);
        type = x->exprs[n]->type;
        own = x->exprs[n]->collation;
    }
    return whole && i < ix->key_count ? index_decoration(d, ix, i, type, own) : ST_OK;
}

static const int16_t *vec_i16(FnCall *call, CatVec at, uint16_t *count_out)
{
    uint32_t n;
    const int32_t *v = catalog_vec(at, &n);
    int16_t *out = ARENA_ARRAY(call->arena, int16_t, n + 1u);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (int16_t)v[i];
    }
    *count_out = (uint16_t)n;
    return out;
}

/* builtin_index - an index of a catalog; catalogs are not described with their indexes. */
static Status builtin_index(FnCall *call, FuncSession *fs, const CatTable *self,
                            const CatTable **table_out, const CatIndex **index_out)
{
    for (uint32_t i = 0; i < CATALOG_PG_INDEX_COUNT; i++) {
        const PgIndexRow *r = &catalog_pg_index[i];
        if (r->indexrelid != self->oid) {
            continue;
        }
        CatIndex *ix = ARENA_NEW(call->arena, CatIndex);
        uint32_t n;
        *ix = (CatIndex){.oid = self->oid,
                         .name = self->name,
                         .unique = r->indisunique,
                         .key_count = (uint16_t)r->indnkeyatts,
                         .opclasses = (const Oid *)catalog_vec(r->indclass, &n)};
        ix->columns = vec_i16(call, r->indkey, &ix->column_count);
        ix->options = arena_zalloc(call->arena, ix->column_count + 1u);
        *index_out = ix;
        return cat_table_by_oid(call->cx, fs->view, r->indrelid, table_out);
    }
    return ST_NOTFOUND;
}

/* index_of - an index by OID, and its table. ST_NOTFOUND when it is none. */
static Status index_of(FnCall *call, FuncSession *fs, Oid oid, const CatTable **table_out,
                       const CatIndex **index_out)
{
    const CatTable *t;
    TRY(cat_table_by_oid(call->cx, fs->view, oid, &t));
    if (t->kind != 'i') {
        return ST_NOTFOUND;
    }
    if (t->oid < FIRST_USER_OID) {
        return builtin_index(call, fs, t, table_out, index_out);
    }
    TRY(cat_table_by_oid(call->cx, fs->view, t->index_table, table_out));
    for (uint16_t i = 0; i < (*table_out)->index_count; i++) {
        if ((*table_out)->indexes[i].oid == oid) {
            *index_out = &(*table_out)->indexes[i];
            return ST_OK;
        }
    }
    return ST_NOTFOUND;
}

/* index_columns - "(a, lower(b) DESC)", INCLUDE too; operators: those of an exclusion constraint,
 * or NULL. */
static Status index_columns(DefText *d, const CatTable *t, const CatIndex *ix, const IndexExprs *x,
                            const Oid *operators)
{
    buf_putc(&d->buf, '(');
    for (uint16_t i = 0; i < ix->column_count; i++) {
        if (i == ix->key_count) {
            buf_puts(&d->buf, ") INCLUDE (");
        } else {
            buf_puts(&d->buf, i > 0 ? ", " : "");
        }
        TRY(index_column(d, t, ix, i, x, true));
        if (operators != NULL && i < ix->key_count) {
            const CatOper *o = cat_oper(d->fs->view, operators[i]);
            buf_printf(&d->buf, " WITH %s", o != NULL ? o->name : "?");
        }
    }
    buf_putc(&d->buf, ')');
    return ST_OK;
}

static const char *index_method(const DefText *d, const CatIndex *ix)
{
    return cat_access_method_name(
        ix->opclasses != NULL ? cat_opclass_method(d->fs->view, ix->opclasses[0]) : 0);
}

/* index_exprs - the texts of an index's expressions. */
static Status index_exprs(DefText *d, const CatTable *t, const CatIndex *ix, IndexExprs *x)
{
    *x = (IndexExprs){0};
    x->texts = ARENA_ARRAY(d->call->arena, const char *, ix->column_count + 1u);
    x->exprs = ARENA_ARRAY(d->call->arena, const Expr *, ix->column_count + 1u);
    return ix->expressions_sql != NULL
               ? def_each_expr(d, t, ix->expressions_sql, index_expr_keep, x)
               : ST_OK;
}

/* def_index - the whole CREATE INDEX. */
static Status def_index(DefText *d, const CatTable *t, const CatIndex *ix, const IndexExprs *x)
{
    const CatTable *seen;
    Status st = cat_table_by_name(d->call->cx, d->fs->view, NULL, t->name, &seen);
    bool visible = st == ST_OK && seen->oid == t->oid;
    buf_printf(&d->buf, "CREATE %sINDEX ", ix->unique ? "UNIQUE " : "");
    def_name(d, ix->name);
    buf_puts(&d->buf, " ON ");
    cat_put_qualified(t->schema_name, t->name, !d->pretty || !visible, &d->buf);
    buf_printf(&d->buf, " USING %s ", index_method(d, ix));
    TRY(index_columns(d, t, ix, x, NULL));
    buf_puts(&d->buf, ix->nulls_not_distinct ? " NULLS NOT DISTINCT" : "");
    TRY(def_options(d, ix->oid));
    if (ix->predicate_sql != NULL) {
        buf_puts(&d->buf, " WHERE ");
        TRY(def_each_expr(d, t, ix->predicate_sql, def_put_expr, NULL));
    }
    return ST_OK;
}

/* get_indexdef - column 0: the whole index, else that column. NULL when there is no such index. */
static Status get_indexdef(FnCall *call, FuncSession *fs, Oid oid, int32_t column, bool pretty,
                           Datum *out, bool *null_out)
{
    const CatTable *t;
    const CatIndex *ix;
    DefText d;
    IndexExprs x;
    Status st = index_of(call, fs, oid, &t, &ix);
    *null_out = st == ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    def_begin(&d, call, fs, pretty);
    st = index_exprs(&d, t, ix, &x);
    if (st == ST_OK && column == 0) {
        st = def_index(&d, t, ix, &x);
    } else if (st == ST_OK && column > 0 && column <= ix->column_count) {
        st = index_column(&d, t, ix, (uint16_t)(column - 1), &x, false);
    }
    return def_finish(&d, st, out);
}

static Status fn_get_indexdef(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                              bool *null_out)
{
    return get_indexdef(call, fs, a[0].u32, 0, false, out, null_out);
}
KERNEL(fn_get_indexdef)

static Status fn_get_indexdef_ext(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    return get_indexdef(call, fs, a[0].u32, a[1].i32, a[2].b, out, null_out);
}
KERNEL(fn_get_indexdef_ext)

/* ---- constraints ---- */

/* def_columns - "(a, b)". */
static void def_columns(DefText *d, const CatTable *t, const int16_t *columns, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        buf_puts(&d->buf, i > 0 ? ", " : "(");
        def_name(d, t->columns[columns[i] - 1].name);
    }
    buf_putc(&d->buf, ')');
}

static const char *action_words(char action)
{
    return action == 'r'   ? "RESTRICT"
           : action == 'c' ? "CASCADE"
           : action == 'n' ? "SET NULL"
           : action == 'd' ? "SET DEFAULT"
                           : NULL;
}

/* def_foreign_key - columns, the referenced table, what happens when its rows change. */
static Status def_foreign_key(DefText *d, const CatTable *t, const CatConstraint *c)
{
    const CatTable *ref, *seen;
    TRY(cat_table_by_oid(d->call->cx, d->fs->view, c->foreign_table, &ref));
    Status st = cat_table_by_name(d->call->cx, d->fs->view, NULL, ref->name, &seen);
    if (st == ST_ERROR) {
        return st;
    }
    buf_puts(&d->buf, "FOREIGN KEY ");
    def_columns(d, t, c->columns, c->column_count);
    buf_puts(&d->buf, " REFERENCES ");
    cat_put_qualified(ref->schema_name, ref->name, st != ST_OK || seen->oid != ref->oid, &d->buf);
    def_columns(d, ref, c->foreign_columns, c->column_count);
    buf_puts(&d->buf, c->match == 'f' ? " MATCH FULL" : "");
    if (action_words(c->on_update) != NULL) {
        buf_printf(&d->buf, " ON UPDATE %s", action_words(c->on_update));
    }
    if (action_words(c->on_delete) != NULL) {
        buf_printf(&d->buf, " ON DELETE %s", action_words(c->on_delete));
        if (c->delete_set_count > 0) {
            buf_putc(&d->buf, ' ');
            def_columns(d, t, c->delete_set_columns, c->delete_set_count);
        }
    }
    return ST_OK;
}

/* def_key - a primary or unique key, with what its index adds. */
static Status def_key(DefText *d, const CatTable *t, const CatConstraint *c)
{
    const CatIndex *ix = NULL;
    for (uint16_t i = 0; i < t->index_count; i++) {
        ix = t->indexes[i].oid == c->index ? &t->indexes[i] : ix;
    }
    buf_puts(&d->buf, c->type == 'p' ? "PRIMARY KEY " : "UNIQUE ");
    buf_puts(&d->buf, ix != NULL && ix->nulls_not_distinct ? "NULLS NOT DISTINCT " : "");
    def_columns(d, t, c->columns, c->column_count);
    if (ix == NULL) {
        return ST_OK;
    }
    if (ix->column_count > ix->key_count) {
        buf_puts(&d->buf, " INCLUDE ");
        def_columns(d, t, ix->columns + ix->key_count,
                    (uint16_t)(ix->column_count - ix->key_count));
    }
    return def_options(d, ix->oid);
}

/* def_exclude - an exclusion constraint: its index with the operators. */
static Status def_exclude(DefText *d, const CatTable *t, const CatConstraint *c)
{
    const CatIndex *ix = NULL;
    IndexExprs x;
    for (uint16_t i = 0; i < t->index_count; i++) {
        ix = t->indexes[i].oid == c->index ? &t->indexes[i] : ix;
    }
    if (ix == NULL) {
        return err_set(d->call->cx, ERRCODE_INTERNAL_ERROR,
                       "exclusion constraint \"%s\" has no index", c->name);
    }
    TRY(index_exprs(d, t, ix, &x));
    buf_printf(&d->buf, "EXCLUDE USING %s ", index_method(d, ix));
    TRY(index_columns(d, t, ix, &x, c->operators));
    TRY(def_options(d, ix->oid));
    if (ix->predicate_sql != NULL) {
        buf_puts(&d->buf, " WHERE (");
        TRY(def_each_expr(d, t, ix->predicate_sql, def_put_expr, NULL));
        buf_putc(&d->buf, ')');
    }
    return ST_OK;
}

static Status def_constraint(DefText *d, const CatTable *t, const CatConstraint *c)
{
    switch (c->type) {
    case 'p':
    case 'u': TRY(def_key(d, t, c)); break;
    case 'f': TRY(def_foreign_key(d, t, c)); break;
    case 'x': TRY(def_exclude(d, t, c)); break;
    case 'c':
        buf_puts(&d->buf, "CHECK (");
        TRY(def_each_expr(d, t, c->check_sql, def_put_expr, NULL));
        buf_putc(&d->buf, ')');
        break;
    case 't': buf_puts(&d->buf, "TRIGGER"); break;
    default: return err_unsupported(d->call->cx, "this kind of constraint is not supported");
    }
    buf_puts(&d->buf, c->deferrable ? " DEFERRABLE" : "");
    buf_puts(&d->buf, c->deferred ? " INITIALLY DEFERRED" : "");
    buf_puts(&d->buf, c->validated ? "" : " NOT VALID");
    return ST_OK;
}

/* constraint_of - a table constraint by OID. ST_NOTFOUND when there is none. */
static Status constraint_of(FnCall *call, FuncSession *fs, Oid oid, const CatTable **table_out,
                            const CatConstraint **out)
{
    const Datum *values, key = {.u32 = oid};
    const bool *nulls;
    TRY(cat_row_get(call->cx, fs->view, call->arena, CAT_PG_CONSTRAINT, &key, 1, &values, &nulls));
    TRY(cat_table_by_oid(call->cx, fs->view, values[PG_CONSTRAINT_CONRELID].u32, table_out));
    for (uint16_t i = 0; i < (*table_out)->constraint_count; i++) {
        if ((*table_out)->constraints[i].oid == oid) {
            *out = &(*table_out)->constraints[i];
            return ST_OK;
        }
    }
    return ST_NOTFOUND;
}

/* builtin_domaindef - the check of a domain that every database has: its text is constant. */
static Status builtin_domaindef(FnCall *call, FuncSession *fs, Oid oid, bool pretty, Datum *out)
{
    const Datum *row, key = {.u32 = oid};
    const bool *nulls;
    TRY(cat_row_get(call->cx, fs->view, call->arena, CAT_PG_CONSTRAINT, &key, 1, &row, &nulls));
    if (oid >= FIRST_USER_OID || nulls[PG_CONSTRAINT_CONBIN] ||
        row[PG_CONSTRAINT_CONTYPID].u32 == OID_INVALID) {
        return ST_NOTFOUND;
    }
    const char *text = func_cstring(call, &row[PG_CONSTRAINT_CONBIN]);
    func_text(call, out,
              arena_printf(call->arena, pretty && *text == '(' ? "CHECK %s" : "CHECK (%s)", text));
    return ST_OK;
}

/* domain_constraintdef - a domain's check. ST_NOTFOUND: it is none. */
static Status domain_constraintdef(FnCall *call, FuncSession *fs, Oid oid, bool pretty, Datum *out)
{
    const Datum *values, key = {.u32 = oid};
    const bool *nulls;
    DefText d;
    TRY(cat_row_get(call->cx, fs->view, call->arena, CAT_PG_CONSTRAINT, &key, 1, &values, &nulls));
    if (values[PG_CONSTRAINT_CONTYPID].u32 < FIRST_USER_OID || nulls[PG_CONSTRAINT_CONBIN]) {
        return ST_NOTFOUND;
    }
    const Str *bin = &values[PG_CONSTRAINT_CONBIN].str;
    const char *stored = arena_strndup(call->arena, str_ptr(bin), bin->len);
    def_begin(&d, call, fs, pretty);
    buf_puts(&d.buf, "CHECK (");
    Status st = def_each_expr(&d, NULL, stored, def_put_expr, NULL);
    buf_puts(&d.buf, values[PG_CONSTRAINT_CONVALIDATED].b ? ")" : ") NOT VALID");
    return def_finish(&d, st, out);
}

static Status get_constraintdef(FnCall *call, FuncSession *fs, Oid oid, bool pretty, Datum *out,
                                bool *null_out)
{
    const CatTable *t;
    const CatConstraint *c;
    DefText d;
    Status st = domain_constraintdef(call, fs, oid, pretty, out);
    if (st != ST_NOTFOUND) {
        return st;
    }
    st = constraint_of(call, fs, oid, &t, &c);
    if (st != ST_OK) {
        st = st == ST_NOTFOUND ? builtin_domaindef(call, fs, oid, pretty, out) : st;
        *null_out = st == ST_NOTFOUND;
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    *null_out = false;
    def_begin(&d, call, fs, pretty);
    return def_finish(&d, def_constraint(&d, t, c), out);
}

static Status fn_get_constraintdef(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                   bool *null_out)
{
    return get_constraintdef(call, fs, a[0].u32, false, out, null_out);
}
KERNEL(fn_get_constraintdef)

static Status fn_get_constraintdef_ext(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                       bool *null_out)
{
    return get_constraintdef(call, fs, a[0].u32, a[1].b, out, null_out);
}
KERNEL(fn_get_constraintdef_ext)

/* ---- views ---- */

/* def_view - the view's query as text, with its columns' names. */
static Status def_view(DefText *d, const CatTable *t)
{
    Query *q;
    char *text;
    Cx *cx = d->call->cx;
    Arena *arena = d->call->arena;
    BindCx b = {.view = d->fs->view, .arena = arena, .env = d->call->env, .no_locks = true};
    const char **names = ARENA_ARRAY(arena, const char *, t->column_count + 1u);
    for (uint16_t i = 0; i < t->column_count; i++) {
        names[i] = t->columns[i].name;
    }
    TRY(bind_load_view(cx, &b, t, &q));
    Deparse dp = def_deparse(d);
    TRY(deparse_query(cx, &dp, q, names, &text));
    buf_puts(&d->buf, text);
    buf_putc(&d->buf, ';');
    return ST_OK;
}

/* get_viewdef - the query of a view; NULL for what is none. */
static Status get_viewdef(FnCall *call, FuncSession *fs, Oid oid, bool pretty, Datum *out,
                          bool *null_out)
{
    const CatTable *t;
    DefText d;
    Status st = cat_table_by_oid(call->cx, fs->view, oid, &t);
    *null_out = st == ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    *null_out = t->view_sql == NULL;
    if (*null_out) {
        return ST_OK;
    }
    if (t->oid < FIRST_USER_OID && !pretty) { /* kept as PostgreSQL gives it */
        func_text(call, out, t->view_sql);
        return ST_OK;
    }
    def_begin(&d, call, fs, pretty);
    return def_finish(&d, def_view(&d, t), out);
}

static Status fn_get_viewdef(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    return get_viewdef(call, fs, a[0].u32, false, out, null_out);
}
KERNEL(fn_get_viewdef)

static Status fn_get_viewdef_ext(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    return get_viewdef(call, fs, a[0].u32, a[1].b, out, null_out);
}
KERNEL(fn_get_viewdef_ext)

/* viewdef_name - by the view's name. */
static Status viewdef_name(FnCall *call, FuncSession *fs, const Datum *a, bool pretty, Datum *out,
                           bool *null_out)
{
    Oid oid;
    Slice name = {str_ptr(&a[0].str), a[0].str.len};
    TRY(cat_reg_find(call->cx, fs->view, call->arena, TYPE_REGCLASS, name, &oid));
    return get_viewdef(call, fs, oid, pretty, out, null_out);
}

static Status fn_get_viewdef_name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    return viewdef_name(call, fs, a, false, out, null_out);
}
KERNEL(fn_get_viewdef_name)

static Status fn_get_viewdef_name_ext(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                      bool *null_out)
{
    return viewdef_name(call, fs, a, a[1].b, out, null_out);
}
KERNEL(fn_get_viewdef_name_ext)

/* get_ruledef - the rule that is a view's query; there are no others. */
static Status get_ruledef(FnCall *call, FuncSession *fs, Oid oid, bool pretty, Datum *out,
                          bool *null_out)
{
    const Datum *values, key = {.u32 = oid};
    const bool *nulls;
    const CatTable *t, *seen;
    DefText d;
    Status st = cat_row_get(call->cx, fs->view, call->arena, 2618, &key, 1, &values, &nulls);
    if (st == ST_OK) {
        st = cat_table_by_oid(call->cx, fs->view, values[PG_REWRITE_EV_CLASS].u32, &t);
    }
    *null_out = st == ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    st = cat_table_by_name(call->cx, fs->view, NULL, t->name, &seen);
    bool visible = st == ST_OK && seen->oid == t->oid;
    def_begin(&d, call, fs, pretty);
    buf_puts(&d.buf, "CREATE RULE \"_RETURN\" AS\n    ON SELECT TO ");
    cat_put_qualified(t->schema_name, t->name, !pretty || !visible, &d.buf);
    buf_puts(&d.buf, " DO INSTEAD ");
    return def_finish(&d, def_view(&d, t), out);
}

static Status fn_get_ruledef(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    return get_ruledef(call, fs, a[0].u32, false, out, null_out);
}
KERNEL(fn_get_ruledef)

static Status fn_get_ruledef_ext(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    return get_ruledef(call, fs, a[0].u32, a[1].b, out, null_out);
}
KERNEL(fn_get_ruledef_ext)

/* fn_none - partition keys, extended statistics, rules of tables: there are none. */
static Status fn_none(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)out;
    *null_out = true;
    return ST_OK;
}
KERNEL(fn_none)

static const FnOps FNS[] = {
    {"pg_get_expr", fn_get_expr_kernel, 0},
    {"pg_get_expr_ext", fn_get_expr_ext_kernel, 0},
    {"pg_get_indexdef", fn_get_indexdef_kernel, 0},
    {"pg_get_indexdef_ext", fn_get_indexdef_ext_kernel, 0},
    {"pg_get_constraintdef", fn_get_constraintdef_kernel, 0},
    {"pg_get_constraintdef_ext", fn_get_constraintdef_ext_kernel, 0},
    {"pg_get_viewdef", fn_get_viewdef_kernel, 0},
    {"pg_get_viewdef_ext", fn_get_viewdef_ext_kernel, 0},
    {"pg_get_viewdef_name", fn_get_viewdef_name_kernel, 0},
    {"pg_get_viewdef_name_ext", fn_get_viewdef_name_ext_kernel, 0},
    {"pg_get_ruledef", fn_get_ruledef_kernel, 0},
    {"pg_get_ruledef_ext", fn_get_ruledef_ext_kernel, 0},
    {"pg_get_partkeydef", fn_none_kernel, 0},
    {"pg_get_partition_constraintdef", fn_none_kernel, 0},
    {"pg_get_statisticsobjdef", fn_none_kernel, 0},
    {"pg_get_statisticsobjdef_columns", fn_none_kernel, 0},
    {"pg_get_statisticsobjdef_expressions", fn_none_kernel, 0},
    {"pg_statistics_obj_is_visible", fn_none_kernel, 0},
};
const FuncTable FUNC_DEPARSE = {FNS, ARRAY_LEN(FNS)};
