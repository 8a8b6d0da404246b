/*
 * deparse_expr.c - expressions back to text
 *
 * The rules are PostgreSQL's: every operator, test and AND/OR stands in parentheses of its own,
 * unless the pretty form is asked for, which leaves out those that deparse_paren.c finds needless.
 * Implicit casts are written only as operands and arguments, where they decide which function is
 * meant.
 */
#include "bind/deparse_internal.h"

#define DP_DEPTH_MAX 500

void dp_keyword(DpOut *o, const char *word, int before, int after, int plus)
{
    Buf *b = o->buf;
    o->indent += before;
    while (b->len > 0 && b->data[b->len - 1] == ' ') {
        b->len--;
    }
    buf_putc(b, '\n');
    int n = o->indent < DP_INDENT_MAX
                ? MAX(o->indent, 0) + plus
                : DP_INDENT_MAX +
                      (o->indent - DP_INDENT_MAX) / (DP_INDENT_STD / 2) % DP_INDENT_MAX + plus;
    for (int i = 0; i < n; i++) {
        buf_putc(b, ' ');
    }
    buf_puts(b, word);
    o->indent = MAX(o->indent + after, 0);
}

void dp_name(DpOut *o, const char *name)
{
    cat_put_qualified(NULL, name, false, o->buf);
}

/* dp_string - a string literal, as standard_conforming_strings reads it. */
void dp_string(DpOut *o, const char *text, size_t len)
{
    buf_putc(o->buf, '\'');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'') {
            buf_putc(o->buf, text[i]);
        }
        buf_putc(o->buf, text[i]);
    }
    buf_putc(o->buf, '\'');
}

void dp_type(DpOut *o, Oid type, int32_t typmod)
{
    cat_format_type(o->d->view, type, typmod, o->buf);
}

Status dp_relation(DpOut *o, const CatTable *t)
{
    const CatTable *seen;
    Status st = cat_table_by_name(o->cx, o->d->view, NULL, t->name, &seen);
    if (st == ST_ERROR) {
        return st;
    }
    cat_put_qualified(t->schema_name, t->name, st != ST_OK || seen->oid != t->oid, o->buf);
    return ST_OK;
}

Status dp_list(DpOut *o, Expr *const *list, uint32_t count, bool show_implicit)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_puts(o->buf, ", ");
        }
        TRY(dp_expr(o, list[i], show_implicit));
    }
    return ST_OK;
}

static void dp_open(DpOut *o)
{
    if (!o->d->pretty) {
        buf_putc(o->buf, '(');
    }
}

static void dp_close(DpOut *o)
{
    if (!o->d->pretty) {
        buf_putc(o->buf, ')');
    }
}

Status dp_expr_in(DpOut *o, const Expr *e, const Expr *parent, bool show_implicit)
{
    bool paren = o->d->pretty && !dp_simple(o, e, parent);
    if (paren) {
        buf_putc(o->buf, '(');
    }
    TRY(dp_expr(o, e, show_implicit));
    if (paren) {
        buf_putc(o->buf, ')');
    }
    return ST_OK;
}

/* ---- constants ---- */

/* const_text - the value's text output. */
static Status const_text(DpOut *o, const Expr *e, Buf *text)
{
    const CatType *t = cat_type(o->d->view, e->type);
    while (t != NULL && t->kind == 'd') {
        t = cat_type(o->d->view, t->base);
    }
    Oid type = t != NULL ? t->oid : e->type;
    if (type == TYPE_UNKNOWN) {
        buf_put(text, str_ptr(&e->u.constant.value.str), e->u.constant.value.str.len);
        return ST_OK;
    }
    if (type == TYPE_REGCLASS || type == TYPE_REGTYPE || type == TYPE_REGPROC ||
        type == TYPE_REGNAMESPACE || type == TYPE_REGROLE || type == TYPE_REGPROCEDURE ||
        type == TYPE_REGCONFIG || type == TYPE_REGDICTIONARY) {
        if (o->d->qualify || !cat_reg_text(o->d->view, type, e->u.constant.value.u32, text)) {
            buf_put_u64_text(text, e->u.constant.value.u32);
        }
        return ST_OK;
    }
    const TypeOps *ops = t != NULL && t->ops != NULL ? t->ops : type_ops(type);
    if (ops == NULL || ops->out == NULL) {
        return err_set(o->cx, ERRCODE_INTERNAL_ERROR, "constant of type %u cannot be written",
                       e->type);
    }
    FnCall call = {.cx = o->cx,
                   .arena = o->d->arena,
                   .env = o->d->env,
                   .state_arena = o->d->arena,
                   .result_type = type};
    ops->out(&call, &e->u.constant.value, text);
    return ST_OK;
}

/* const_bare - numbers and booleans that need no quotes; *label_out: the type must be told. */
static bool const_bare(Oid type, const char *text, size_t len, bool *label_out)
{
    bool digit = len > 0 && text[0] >= '0' && text[0] <= '9';
    *label_out = true;
    switch (type) {
    case TYPE_INT4: *label_out = !digit; return digit;
    case TYPE_NUMERIC: {
        bool point = false;
        for (size_t i = 0; i < len; i++) {
            point |= text[i] == '.' || text[i] == 'e' || text[i] == 'E';
        }
        *label_out = !(digit && point);
        return digit && point;
    }
    case TYPE_UNKNOWN: *label_out = false; return false;
    default: return false;
    }
}

Status dp_const(DpOut *o, const Expr *e, int show_type)
{
    bool label = true;
    if (e->u.constant.is_null) {
        buf_puts(o->buf, "NULL");
        label = show_type >= 0;
    } else if (e->type == TYPE_BOOL) {
        buf_puts(o->buf, e->u.constant.value.b ? "true" : "false");
        label = false;
    } else {
        Buf text;
        buf_init(&text, DP_BYTES_MAX);
        Status st = const_text(o, e, &text);
        if (st == ST_OK && const_bare(e->type, (const char *)text.data, text.len, &label)) {
            buf_put(o->buf, text.data, text.len);
        } else if (st == ST_OK) {
            dp_string(o, (const char *)text.data, text.len);
        }
        buf_release(&text);
        TRY(st);
        label |= e->type == TYPE_NUMERIC && e->typmod >= 0;
    }
    if (show_type >= 0 && (label || show_type > 0)) {
        buf_puts(o->buf, "::");
        dp_type(o, e->type, e->typmod);
    }
    return ST_OK;
}

/* ---- columns ---- */

/* dp_column - a column by the name its entry gives it. */
static Status dp_column(DpOut *o, const Expr *e)
{
    const DpNames *n = o->names;
    for (uint16_t up = 0; up < e->u.column.levels_up && n != NULL; up++) {
        n = n->parent;
    }
    int column = e->u.column.column;
    if (n == NULL || column < 0) {
        return err_unsupported(o->cx, "this column reference cannot be written as text");
    }
    if (n->query == NULL) {
        if (n->table == NULL || column >= n->table->column_count) {
            return err_set(o->cx, ERRCODE_INTERNAL_ERROR, "no column %d to write", column);
        }
        if (n->prefix) {
            buf_puts(o->buf, e->u.column.rte == 0 ? "old." : "new.");
        }
        dp_name(o, n->table->columns[column].name);
        return ST_OK;
    }
    const Rte *r = n->query->rtes[e->u.column.rte];
    if ((r->function_item & FUNCTION_ITEM_IN_TARGET) != 0) {
        bool one = r->column_count == 1;
        buf_puts(o->buf, one ? "" : "(");
        TRY(dp_target_call(o, r, n));
        if (!one) {
            buf_puts(o->buf, ").");
            dp_name(o, r->columns[column].name);
        }
        return ST_OK;
    }
    if (n->prefix || e->u.column.levels_up > 0) {
        dp_name(o, n->aliases[e->u.column.rte]);
        buf_putc(o->buf, '.');
    }
    dp_name(o, r->shown_names != NULL && r->shown_names[column] != NULL ? r->shown_names[column]
                                                                        : r->columns[column].name);
    return ST_OK;
}

/* dp_whole_row - t.*, of the entry a column is of. */
static Status dp_whole_row(DpOut *o, const Expr *column)
{
    const DpNames *n = o->names;
    while (column->kind != EXPR_COLUMN && column->arg_count == 1) {
        column = column->args[0]; /* compared as another type */
    }
    if (column->kind != EXPR_COLUMN || column->u.column.levels_up > 0 || n == NULL ||
        (n->query == NULL && !n->prefix)) {
        return err_unsupported(o->cx, "this row cannot be written as text");
    }
    if (n->query == NULL) {
        buf_puts(o->buf, column->u.column.rte == 0 ? "old.*" : "new.*");
        return ST_OK;
    }
    dp_name(o, n->aliases[column->u.column.rte]);
    buf_puts(o->buf, ".*");
    return ST_OK;
}

/* dp_whole_rows - FORM_WHOLE_ROWS. */
static Status dp_whole_rows(DpOut *o, const Expr *e)
{
    const Expr *one = e->args[0];
    dp_open(o);
    TRY(dp_whole_row(o, one->args[0]));
    if (one->kind == EXPR_IS_DISTINCT) {
        buf_puts(o->buf, " IS DISTINCT FROM ");
        TRY(dp_whole_row(o, one->args[1]));
    } else {
        buf_puts(o->buf, one->u.negated ? " IS NOT NULL" : " IS NULL");
    }
    dp_close(o);
    return ST_OK;
}

static Status dp_words(DpOut *o, const char *before, const Expr *e);

/* row_of_call - the entry all of whose columns the row has, when it is a call in a target. */
static const Rte *row_of_call(const DpOut *o, const Expr *e)
{
    const Rte *r = NULL;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        const Expr *a = e->args[i];
        if (a->kind != EXPR_COLUMN || a->u.column.levels_up != 0 || o->names == NULL ||
            o->names->query == NULL || a->u.column.column != i) {
            return NULL;
        }
        const Rte *of = o->names->query->rtes[a->u.column.rte];
        if ((of->function_item & FUNCTION_ITEM_IN_TARGET) == 0 || (r != NULL && of != r)) {
            return NULL;
        }
        r = of;
    }
    return r != NULL && r->column_count == e->arg_count ? r : NULL;
}

/* ---- operators and tests ---- */

Status dp_operator(DpOut *o, Oid oid)
{
    const CatOper *op = cat_oper(o->d->view, oid);
    const CatOper *const *list;
    uint32_t count = 0;
    if (op == NULL) {
        return err_set(o->cx, ERRCODE_INTERNAL_ERROR, "operator %u is not there", oid);
    }
    Status st = cat_opers_by_name(o->cx, o->d->view, NULL, op->name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    const CatOper *seen = NULL;
    for (uint32_t i = 0; st == ST_OK && i < count && seen == NULL; i++) {
        seen = list[i]->left == op->left && list[i]->right == op->right ? list[i] : NULL;
    }
    if (seen == op) {
        buf_puts(o->buf, op->name);
        return ST_OK;
    }
    buf_puts(o->buf, "OPERATOR(");
    dp_name(o, cat_namespace_name(o->d->view, op->namespace_oid));
    buf_printf(o->buf, ".%s)", op->name);
    return ST_OK;
}

static Status dp_oper_expr(DpOut *o, const Expr *e)
{
    dp_open(o);
    if (e->arg_count > 1) {
        TRY(dp_expr_in(o, e->args[0], e, true));
        buf_putc(o->buf, ' ');
    }
    TRY(dp_operator(o, e->oper));
    buf_putc(o->buf, ' ');
    TRY(dp_expr_in(o, e->args[e->arg_count - 1], e, true));
    dp_close(o);
    return ST_OK;
}

static Status dp_logic(DpOut *o, const Expr *e)
{
    if (e->form == FORM_WHOLE_ROWS) {
        return dp_whole_rows(o, e);
    }
    dp_open(o);
    if (e->kind == EXPR_NOT) {
        buf_puts(o->buf, "NOT ");
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        if (i > 0) {
            buf_puts(o->buf, e->kind == EXPR_AND ? " AND " : " OR ");
        }
        TRY(dp_expr_in(o, e->args[i], e, false));
    }
    dp_close(o);
    return ST_OK;
}

/* dp_test - x IS NULL and the like. */
static Status dp_test(DpOut *o, const Expr *e, const char *words, bool show_implicit)
{
    dp_open(o);
    TRY(dp_expr_in(o, e->args[0], e, show_implicit));
    buf_puts(o->buf, words);
    dp_close(o);
    return ST_OK;
}

static const char *bool_test_words(BoolTest t)
{
    static const char *const WORDS[] = {" IS TRUE",      " IS NOT TRUE", " IS FALSE",
                                        " IS NOT FALSE", " IS UNKNOWN",  " IS NOT UNKNOWN"};
    return WORDS[t];
}

/* dp_distinct - IS NOT DISTINCT FROM is written as NOT over IS DISTINCT FROM. */
static Status dp_distinct(DpOut *o, const Expr *e)
{
    if (e->u.negated) {
        dp_open(o);
        buf_puts(o->buf, "NOT ");
    }
    dp_open(o);
    TRY(dp_expr_in(o, e->args[0], e, true));
    buf_puts(o->buf, " IS DISTINCT FROM ");
    TRY(dp_expr_in(o, e->args[1], e, true));
    dp_close(o);
    if (e->u.negated) {
        dp_close(o);
    }
    return ST_OK;
}

/* ---- arrays and IN ---- */

static Oid array_type_of(DpOut *o, Oid element)
{
    const CatType *t = cat_type(o->d->view, element);
    return t != NULL ? t->array : 0;
}

/* dp_array - ARRAY[...]; one cast of the whole where its elements carry it. */
static Status dp_array(DpOut *o, const Expr *e)
{
    bool cast = e->arg_count > 0;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        cast = cast && e->args[i]->form == FORM_ARRAY_CAST;
    }
    if (cast) {
        dp_open(o);
    }
    buf_puts(o->buf, "ARRAY[");
    for (uint16_t i = 0; i < e->arg_count; i++) {
        buf_puts(o->buf, i > 0 ? ", " : "");
        TRY(dp_expr(o, cast ? e->args[i]->args[0] : e->args[i], true));
    }
    buf_putc(o->buf, ']');
    if (cast) {
        dp_close(o);
    }
    if (cast || e->arg_count == 0) {
        buf_puts(o->buf, "::");
        dp_type(o, e->type, -1);
    }
    return ST_OK;
}

/* dp_subscript - a[1], (expression)[1:2]. */
static Status dp_subscript(DpOut *o, const Expr *e)
{
    const Expr *array = e->args[0];
    bool paren = array->kind != EXPR_COLUMN && array->kind != EXPR_PARAM;
    buf_puts(o->buf, paren ? "(" : "");
    TRY(dp_expr(o, array, true));
    buf_puts(o->buf, paren ? ")" : "");
    for (uint8_t i = 0; i < e->u.subs.count; i++) {
        uint8_t low = e->u.subs.lower[i], high = e->u.subs.upper[i];
        buf_putc(o->buf, '[');
        if (e->u.subs.is_slice) {
            if (low != 0) {
                TRY(dp_expr(o, e->args[low], false));
            }
            buf_putc(o->buf, ':');
        }
        if (high != 0) {
            TRY(dp_expr(o, e->args[high], false));
        }
        buf_putc(o->buf, ']');
    }
    return ST_OK;
}

/* dp_array_oper - x op ANY (array). */
static Status dp_array_oper(DpOut *o, const Expr *e, const Expr *array, Oid oper, bool all)
{
    dp_open(o);
    TRY(dp_expr_in(o, e->args[0], e, true));
    buf_putc(o->buf, ' ');
    TRY(dp_operator(o, oper));
    buf_puts(o->buf, all ? " ALL (" : " ANY (");
    TRY(dp_expr_in(o, array, e, true));
    buf_putc(o->buf, ')');
    dp_close(o);
    return ST_OK;
}

static bool has_column(const Expr *e)
{
    bool found = e->kind == EXPR_COLUMN && e->u.column.levels_up == 0;
    for (uint16_t i = 0; i < e->arg_count && !found; i++) {
        found = has_column(e->args[i]);
    }
    return found;
}

static Expr *dp_node(DpOut *o, ExprKind kind, Oid type, uint16_t args)
{
    Expr *e = ARENA_NEW(o->d->arena, Expr);
    e->kind = kind;
    e->type = type;
    e->typmod = -1;
    e->arg_count = args;
    e->args = ARENA_ARRAY(o->d->arena, Expr *, args + 1u);
    return e;
}

/* dp_in - IN as PostgreSQL keeps it: one ANY over the items without columns, the others compared
 * one by one. */
static Status dp_in(DpOut *o, const Expr *e)
{
    const CatOper *eq = cat_oper(o->d->view, e->oper);
    Oid oper = e->u.negated && eq != NULL ? eq->negator : e->oper;
    uint16_t plain = 0;
    for (uint16_t i = 1; i < e->arg_count; i++) {
        plain = (uint16_t)(plain + (has_column(e->args[i]) ? 0 : 1));
    }
    Expr *array = dp_node(o, EXPR_ARRAY, array_type_of(o, e->args[1]->type), plain);
    array->arg_count = 0;
    for (uint16_t i = 1; i < e->arg_count && plain > 1; i++) {
        if (!has_column(e->args[i])) {
            array->args[array->arg_count++] = e->args[i];
        }
    }
    if (plain == e->arg_count - 1 && plain > 1) {
        return dp_array_oper(o, e, array, oper, e->u.negated);
    }
    Expr *all = NULL;
    if (plain > 1) {
        all = dp_node(o, EXPR_ARRAY_ANY, TYPE_BOOL, 2);
        all->args[0] = e->args[0];
        all->args[1] = array;
        all->oper = oper;
        all->u.is_all = e->u.negated;
    }
    for (uint16_t i = 1; i < e->arg_count; i++) {
        if (plain > 1 && !has_column(e->args[i])) {
            continue;
        }
        Expr *one = dp_node(o, EXPR_FUNC, TYPE_BOOL, 2);
        one->args[0] = e->args[0];
        one->args[1] = e->args[i];
        one->oper = oper;
        if (all != NULL) {
            Expr *both = dp_node(o, e->u.negated ? EXPR_AND : EXPR_OR, TYPE_BOOL, 2);
            both->args[0] = all;
            both->args[1] = one;
            one = both;
        }
        all = one;
    }
    return dp_expr(o, all, true);
}

/* ---- the rest ---- */

/* dp_case - a CASE, each of its parts on a line of its own. A simple CASE's WHENs show the right
 * side of the comparison only. */
static Status dp_case(DpOut *o, const Expr *e)
{
    dp_keyword(o, "CASE", 0, DP_INDENT_STEP, 0);
    if (e->case_test != NULL) {
        buf_putc(o->buf, ' ');
        TRY(dp_expr(o, e->case_test, true));
    }
    for (uint16_t i = 0; i + 1 < e->arg_count; i = (uint16_t)(i + 2)) {
        const Expr *when = e->args[i];
        dp_keyword(o, "WHEN ", 0, 0, 0);
        if (e->case_test != NULL && when->kind == EXPR_FUNC && when->arg_count == 2) {
            when = when->args[1];
        }
        TRY(dp_expr(o, when, false));
        buf_puts(o->buf, " THEN ");
        TRY(dp_expr(o, e->args[i + 1], true));
    }
    dp_keyword(o, "ELSE ", 0, 0, 0);
    TRY(dp_expr(o, e->args[e->arg_count - 1], true));
    dp_keyword(o, "END", -DP_INDENT_STEP, 0, 0);
    return ST_OK;
}

static const char *sql_value_words(SqlValue v)
{
    switch (v) {
    case SQLVALUE_CURRENT_DATE: return "CURRENT_DATE";
    case SQLVALUE_CURRENT_TIME: return "CURRENT_TIME";
    case SQLVALUE_CURRENT_TIMESTAMP: return "CURRENT_TIMESTAMP";
    case SQLVALUE_LOCALTIME: return "LOCALTIME";
    case SQLVALUE_LOCALTIMESTAMP: return "LOCALTIMESTAMP";
    case SQLVALUE_CURRENT_USER: return "CURRENT_USER";
    case SQLVALUE_SESSION_USER: return "SESSION_USER";
    case SQLVALUE_CURRENT_CATALOG: return "CURRENT_CATALOG";
    case SQLVALUE_CURRENT_SCHEMA: return "CURRENT_SCHEMA";
    case SQLVALUE_CURRENT_ROLE: return "CURRENT_ROLE";
    case SQLVALUE_USER: return "USER";
    }
    UNREACHABLE();
}

static Status dp_words(DpOut *o, const char *before, const Expr *e)
{
    buf_puts(o->buf, before);
    TRY(dp_list(o, e->args, e->arg_count, true));
    buf_putc(o->buf, ')');
    return ST_OK;
}

/* dp_relabel - casts that need no function, COLLATE. */
static Status dp_relabel(DpOut *o, const Expr *e, bool show_implicit)
{
    if (e->form == FORM_COLLATE) {
        dp_open(o);
        TRY(dp_expr_in(o, e->args[0], e, show_implicit));
        const char *name = cat_collation_name(e->collation);
        buf_puts(o->buf, " COLLATE ");
        dp_name(o, name != NULL ? name : "?");
        dp_close(o);
        return ST_OK;
    }
    if (e->form == FORM_HIDDEN) {
        return dp_expr(o, e->args[0], show_implicit);
    }
    if (e->form == FORM_IMPLICIT_CAST && !show_implicit) {
        return dp_expr_in(o, e->args[0], e, false);
    }
    return dp_cast(o, e->args[0], e->type, e->kind == EXPR_IO_CAST ? -1 : e->typmod, e);
}

/* dp_param - $n, or what it is called. */
static void dp_param(DpOut *o, uint32_t number)
{
    const Deparse *d = o->d;
    bool columns = false;
    if (number > d->param_count || d->params[number - 1] == NULL) {
        buf_printf(o->buf, "$%u", number);
        return;
    }
    for (const DpNames *n = o->names; n != NULL; n = n->parent) {
        columns = columns || (n->query != NULL && n->query->rte_count > 0);
    }
    if (columns && d->function != NULL) {
        dp_name(o, d->function);
        buf_puts(o->buf, ".");
    }
    dp_name(o, d->params[number - 1]);
}

/* dp_field - (row).name: the name that the field of a row type has today, else that it had when it
 * was stored. */
static Status dp_field(DpOut *o, const Expr *e)
{
    const Expr *row = e->args[0];
    bool paren = row->kind != EXPR_SUBSCRIPT && row->kind != EXPR_FIELD;
    const CatType *t = cat_type(o->d->view, cat_domain_base(o->d->view, row->type));
    const char *name = e->u.field.name;
    const CatTable *table;
    buf_puts(o->buf, paren ? "(" : "");
    TRY(dp_expr(o, row, true));
    buf_puts(o->buf, paren ? ")." : ".");
    if (t != NULL && t->kind == 'c' &&
        cat_table_by_oid(o->cx, o->d->view, t->relation, &table) == ST_OK) {
        uint16_t n = e->u.field.number;
        for (uint16_t i = 0; i < table->column_count; i++) {
            if (!table->columns[i].dropped && n-- == 0) {
                name = table->columns[i].name;
                break;
            }
        }
    }
    dp_name(o, name != NULL ? name : "?column?");
    return ST_OK;
}

/* dp_row - ROW(...), with the type it was cast to; a call that gives rows; or a trigger's OLD or
 * NEW as a whole. */
static Status dp_row(DpOut *o, const Expr *e)
{
    if (o->names != NULL && o->names->query == NULL && o->names->prefix && e->u.row.whole &&
        e->arg_count > 0) {
        return dp_whole_row(o, e->args[0]);
    }
    const Rte *call = row_of_call(o, e);
    if (call != NULL) {
        return dp_target_call(o, call, o->names);
    }
    TRY(dp_words(o, "ROW(", e));
    if (e->type != TYPE_RECORD && e->form == FORM_EXPLICIT_CAST) {
        buf_puts(o->buf, "::");
        dp_type(o, e->type, -1);
    }
    return ST_OK;
}

/* dp_any_expr - dispatch by kind of expression. */
static Status dp_any_expr(DpOut *o, const Expr *e, bool show_implicit)
{
    switch (e->kind) {
    case EXPR_CONST: return dp_const(o, e, 0);
    case EXPR_PARAM: dp_param(o, e->u.param.number); return ST_OK;
    case EXPR_COLUMN: return dp_column(o, e);
    case EXPR_FUNC: return e->oper != 0 ? dp_oper_expr(o, e) : dp_call(o, e, show_implicit);
    case EXPR_AGG: return dp_call(o, e, show_implicit);
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT: return dp_logic(o, e);
    case EXPR_CASE: return dp_case(o, e);
    case EXPR_COALESCE:
        if (e->u.merged_name != NULL) {
            dp_name(o, e->u.merged_name);
            return ST_OK;
        }
        return dp_words(o, "COALESCE(", e);
    case EXPR_NULLIF: return dp_words(o, "NULLIF(", e);
    case EXPR_MINMAX: return dp_words(o, e->u.is_least ? "LEAST(" : "GREATEST(", e);
    case EXPR_ROW: return dp_row(o, e);
    case EXPR_FIELD: return dp_field(o, e);
    case EXPR_ELEMENT: buf_puts(o->buf, "VALUE"); return ST_OK;
    case EXPR_IS_NULL: return dp_test(o, e, e->u.negated ? " IS NOT NULL" : " IS NULL", true);
    case EXPR_IS_BOOL: return dp_test(o, e, bool_test_words(e->u.bool_test), false);
    case EXPR_IS_DISTINCT: return dp_distinct(o, e);
    case EXPR_DOMAIN:
    case EXPR_ARRAY_CAST:
    case EXPR_RELABEL:
    case EXPR_IO_CAST: return dp_relabel(o, e, show_implicit);
    case EXPR_IN: return dp_in(o, e);
    case EXPR_ARRAY: return dp_array(o, e);
    case EXPR_SUBSCRIPT: return dp_subscript(o, e);
    case EXPR_ARRAY_ANY: return dp_array_oper(o, e, e->args[1], e->oper, e->u.is_all);
    case EXPR_SQL_VALUE: buf_puts(o->buf, sql_value_words(e->u.sql_value)); return ST_OK;
    case EXPR_SUBLINK: return dp_sublink(o, e);
    case EXPR_WINDOW: return dp_window_call(o, e);
    case EXPR_DEFAULT: buf_puts(o->buf, "DEFAULT"); return ST_OK;
    default: return err_unsupported(o->cx, "this kind of expression cannot be written as text");
    }
}

Status dp_expr(DpOut *o, const Expr *e, bool show_implicit)
{
    if (++o->depth > DP_DEPTH_MAX) {
        return err_set(o->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "expression is nested too deeply");
    }
    Status st = dp_any_expr(o, e, show_implicit);
    o->depth--;
    return st;
}

/* ---- entries ---- */

typedef Status (*DpWrite)(DpOut *o, const void *what, const char *const *names);

/* dp_run - write by fn under the wanted search path, and hand the text out. */
static Status dp_run(Cx *cx, const Deparse *d, DpNames *names, DpWrite fn, const void *what,
                     const char *const *columns, char **text_out)
{
    static const Oid NO_PATH[] = {NAMESPACE_PG_CATALOG};
    Buf buf;
    CatView *v = d->view;
    const Oid *path = v->search_path;
    uint32_t path_count = v->search_path_count;
    DpOut o = {.cx = cx, .d = d, .buf = &buf, .names = names};
    *text_out = NULL;
    if (d->qualify) {
        v->search_path = NO_PATH;
        v->search_path_count = 1;
    }
    buf_init(&buf, DP_BYTES_MAX);
    Status st = fn(&o, what, columns);
    if (st == ST_OK && buf.overflow) {
        st = err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the definition is too long");
    }
    if (st == ST_OK) {
        *text_out = arena_strndup(d->arena, (const char *)buf.data, buf.len);
    }
    buf_release(&buf);
    v->search_path = path;
    v->search_path_count = path_count;
    return st;
}

static Status run_expr(DpOut *o, const void *what, const char *const *names)
{
    (void)names;
    return dp_expr(o, what, false);
}

Status deparse_expr(Cx *cx, const Deparse *d, const Expr *e, const CatTable *table, char **text_out)
{
    DpNames names = {.table = table};
    return dp_run(cx, d, &names, run_expr, e, NULL, text_out);
}

Status deparse_trigger_when(Cx *cx, const Deparse *d, const Expr *e, const CatTable *table,
                            char **text_out)
{
    DpNames names = {.table = table, .prefix = true};
    return dp_run(cx, d, &names, run_expr, e, NULL, text_out);
}

static Status run_query(DpOut *o, const void *what, const char *const *names)
{
    return dp_query(o, what, NULL, names, o->d->function == NULL);
}

Status deparse_query(Cx *cx, const Deparse *d, const Query *q, const char *const *names,
                     char **text_out)
{
    return dp_run(cx, d, NULL, run_query, q, names, text_out);
}
