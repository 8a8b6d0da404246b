/*
 * describe_fn.c - what psql and drivers ask about objects: comments, owners, signatures,
 * visibility.
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "bind/bind.h"
#include "bind/deparse.h"
#include "func/func_internal.h"

#include "catalog/catalog_data.h"

enum {
    DESCRIBE_SHDESCRIPTION = 2396,
    DESCRIBE_LANGUAGE_INTERNAL = 12,
    DESCRIBE_BYTES_MAX = 1 << 20
};

/* ---- comments ---- */

/* comment_of - the text of pg_description's or pg_shdescription's row with this key. */
static Status comment_of(FnCall *call, FuncSession *fs, Oid rel, const Datum *key, uint32_t count,
                         Datum *out, bool *null_out)
{
    const Datum *values;
    const bool *nulls;
    uint32_t column = rel == CAT_PG_DESCRIPTION ? PG_DESCRIPTION_DESCRIPTION : 2;
    Status st = cat_row_get(call->cx, fs->view, call->arena, rel, key, count, &values, &nulls);
    *null_out = st != ST_OK || nulls[column];
    if (!*null_out) {
        out->str = str_copy(call->arena, str_ptr(&values[column].str), values[column].str.len);
    }
    return st == ST_ERROR ? st : ST_OK;
}

/* catalog_named - a catalog's OID by its bare name; 0 = none. */
static Status catalog_named(FnCall *call, FuncSession *fs, const Datum *name, Oid *oid_out)
{
    const CatTable *t;
    *oid_out = OID_INVALID;
    Status st = cat_table_by_name(call->cx, fs->view, "pg_catalog", func_cstring(call, name), &t);
    if (st == ST_OK) {
        *oid_out = t->oid;
    }
    return st == ST_ERROR ? st : ST_OK;
}

static Status fn_obj_description(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    Datum key[3] = {{.u32 = a[0].u32}, {.u32 = 0}, {.i32 = 0}};
    TRY(catalog_named(call, fs, &a[1], &key[1].u32));
    return comment_of(call, fs, CAT_PG_DESCRIPTION, key, 3, out, null_out);
}
KERNEL(fn_obj_description)

/* comment_take - a comment on an object as a whole, of whatever kind. */
static Status comment_take(void *arg, Cx *cx, const CatRow *row)
{
    const Str *text = &row->values[PG_DESCRIPTION_DESCRIPTION].str;
    *(const char **)arg = arena_strndup(cx->arena, str_ptr(text), text->len);
    return ST_OK;
}

static Status fn_obj_description_any(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                     bool *null_out)
{
    static const uint16_t COLUMNS[] = {PG_DESCRIPTION_OBJOID, PG_DESCRIPTION_OBJSUBID};
    Datum key[2] = {{.u32 = a[0].u32}, {.i32 = 0}};
    const char *text = NULL;
    TRY(cat_rows_each(call->cx, fs->view, CAT_PG_DESCRIPTION, COLUMNS, key, 2, comment_take,
                      &text));
    *null_out = text == NULL;
    if (text != NULL) {
        func_text(call, out, text);
        return ST_OK;
    }
    return a[0].u32 < FIRST_USER_OID
               ? comment_of(call, fs, CAT_PG_DESCRIPTION, key, 1, out, null_out)
               : ST_OK;
}
KERNEL(fn_obj_description_any)

static Status fn_col_description(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    Datum key[3] = {{.u32 = a[0].u32}, {.u32 = CAT_PG_CLASS}, {.i32 = a[1].i32}};
    return comment_of(call, fs, CAT_PG_DESCRIPTION, key, 3, out, null_out);
}
KERNEL(fn_col_description)

static Status fn_shobj_description(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                   bool *null_out)
{
    Datum key[2] = {{.u32 = a[0].u32}, {.u32 = 0}};
    TRY(catalog_named(call, fs, &a[1], &key[1].u32));
    return comment_of(call, fs, DESCRIBE_SHDESCRIPTION, key, 2, out, null_out);
}
KERNEL(fn_shobj_description)

/* ---- owners ---- */

static Status fn_userbyid(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    const Datum *values;
    const bool *nulls;
    (void)null_out;
    Status st = cat_row_get(call->cx, fs->view, call->arena, CAT_PG_AUTHID, a, 1, &values, &nulls);
    if (st == ST_OK) {
        out->str = str_copy(call->arena, str_ptr(&values[PG_AUTHID_ROLNAME].str),
                            values[PG_AUTHID_ROLNAME].str.len);
    } else if (st == ST_NOTFOUND) {
        func_text(call, out, arena_printf(call->arena, "unknown (OID=%u)", a[0].u32));
    }
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(fn_userbyid)

/* ---- signatures ---- */

/* default_text - the n-th of the comma separated default expressions. */
static Slice default_text(const char *all, uint32_t n)
{
    uint32_t depth = 0;
    bool quoted = false;
    const char *from = all, *p = all;
    for (; *p != '\0'; p++) {
        if (*p == '\'') {
            quoted = !quoted;
        } else if (!quoted && (*p == '(' || *p == '[')) {
            depth++;
        } else if (!quoted && (*p == ')' || *p == ']')) {
            depth--;
        } else if (*p == ',' && !quoted && depth == 0) {
            if (n == 0) {
                break;
            }
            n--;
            from = p + 1 + (p[1] == ' ' ? 1 : 0);
        }
    }
    return (Slice){from, (size_t)(p - from)};
}

/* put_default - the n-th default expression: text, or a stored row of them. */
static Status put_default(FnCall *call, FuncSession *fs, const CatProc *p, uint32_t n, Buf *b)
{
    Expr *row;
    char *text;
    if (p->oid < FIRST_USER_OID) {
        buf_put_slice(b, default_text(p->defaults, n));
        return ST_OK;
    }
    BindCx bind = {.view = fs->view, .arena = call->arena, .env = call->env, .no_locks = true};
    Deparse dp = {.view = fs->view, .arena = call->arena, .env = call->env};
    TRY(bind_load_expr(call->cx, &bind, NULL, p->defaults, &row));
    if (row->kind == EXPR_ROW && n < row->arg_count) {
        TRY(deparse_expr(call->cx, &dp, row->args[n], NULL, &text));
        buf_puts(b, text);
    }
    return ST_OK;
}

/* put_argument - mode, name and type of one argument. */
static void put_argument(FuncSession *fs, const CatProc *p, uint16_t i, char mode, Buf *b)
{
    const char *name = p->arg_names != NULL ? p->arg_names[i] : NULL;
    buf_puts(b, mode == 'i' && p->kind == 'p' ? "IN " : "");
    buf_puts(b, mode == 'o' ? "OUT " : mode == 'b' ? "INOUT " : mode == 'v' ? "VARIADIC " : "");
    if (name != NULL && name[0] != '\0') {
        cat_put_qualified(NULL, name, false, b);
        buf_putc(b, ' ');
    }
    cat_format_type(fs->view, p->all_args != NULL ? p->all_args[i] : p->args[i], CAT_TYPMOD_NONE,
                    b);
}

/* direct_count - how many arguments an ordered-set aggregate has before ORDER BY; -1 for others. */
static Status direct_count(FnCall *call, FuncSession *fs, const CatProc *p, int *count_out)
{
    const Datum *values, key = {.u32 = p->oid};
    const bool *nulls;
    *count_out = -1;
    if (p->kind != 'a') {
        return ST_OK;
    }
    Status st = cat_row_get(call->cx, fs->view, call->arena, 2600, &key, 1, &values, &nulls);
    if (st == ST_OK) {
        const Datum *kind = &values[PG_AGGREGATE_AGGKIND];
        char k = cat_column_phys(TYPE_CHAR) == PHYS_STR ? *str_ptr(&kind->str) : (char)kind->b16[0];
        *count_out = k == 'n' ? -1 : values[PG_AGGREGATE_AGGNUMDIRECTARGS].i16;
    }
    return st == ST_ERROR ? st : ST_OK;
}

/* put_arguments - the list; table: the columns of TABLE (...) instead. Returns how many. */
static Status put_arguments(FnCall *call, FuncSession *fs, const CatProc *p, bool table,
                            bool defaults, Buf *b)
{
    uint16_t all = p->all_args != NULL ? p->all_arg_count : p->arg_count, inputs = 0, printed = 0;
    int order_at = -1;
    TRY(direct_count(call, fs, p, &order_at));
    for (uint16_t i = 0; i < all; i++) {
        char mode = p->arg_modes != NULL ? p->arg_modes[i] : 'i';
        bool input = mode != 'o' && mode != 't';
        inputs = (uint16_t)(inputs + (input ? 1 : 0));
        if ((mode == 't') != table) {
            continue;
        }
        if (printed == order_at) {
            buf_puts(b, printed > 0 ? " ORDER BY " : "ORDER BY ");
        } else if (printed > 0) {
            buf_puts(b, ", ");
        }
        printed++;
        put_argument(fs, p, i, mode, b);
        int first_default = p->arg_count - p->default_count;
        if (defaults && input && p->defaults != NULL && inputs > first_default) {
            buf_puts(b, " DEFAULT ");
            TRY(put_default(call, fs, p, (uint32_t)(inputs - 1 - first_default), b));
        }
        if (printed == order_at && i + 1 == all) {
            buf_puts(b, " ORDER BY "); /* the last one, VARIADIC, stands for both lists */
            put_argument(fs, p, i, mode, b);
        }
    }
    return ST_OK;
}

static Status function_arguments(FnCall *call, FuncSession *fs, Oid oid, bool defaults, Datum *out,
                                 bool *null_out)
{
    const CatProc *p = cat_proc(fs->view, oid);
    Buf b;
    *null_out = p == NULL;
    if (p == NULL) {
        return ST_OK;
    }
    buf_init(&b, DESCRIBE_BYTES_MAX);
    Status st = put_arguments(call, fs, p, false, defaults, &b);
    out->str = str_copy(call->arena, b.data, b.len);
    buf_release(&b);
    return st;
}

static Status fn_function_arguments(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                    bool *null_out)
{
    return function_arguments(call, fs, a[0].u32, true, out, null_out);
}
KERNEL(fn_function_arguments)

static Status fn_identity_arguments(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                    bool *null_out)
{
    return function_arguments(call, fs, a[0].u32, false, out, null_out);
}
KERNEL(fn_identity_arguments)

/* fn_arg_default - pg_get_function_arg_default(function, n-th input argument). */
static Status fn_arg_default(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    const CatProc *p = cat_proc(fs->view, a[0].u32);
    int first = p != NULL ? p->arg_count - p->default_count : 0, n = a[1].i32 - 1;
    *null_out = p == NULL || p->defaults == NULL || n < first || n >= p->arg_count;
    if (!*null_out) {
        Buf b;
        buf_init(&b, 1u << 20);
        Status st = put_default(call, fs, p, (uint32_t)(n - first), &b);
        out->str = str_copy(call->arena, b.data, b.len);
        buf_release(&b);
        return st;
    }
    return ST_OK;
}
KERNEL(fn_arg_default)

/* fn_function_result - the type, SETOF it, or TABLE (...); NULL for procedures. */
static Status fn_function_result(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    const CatProc *p = cat_proc(fs->view, a[0].u32);
    Buf b;
    Status st = ST_OK;
    *null_out = p == NULL || p->kind == 'p';
    if (*null_out) {
        return ST_OK;
    }
    buf_init(&b, DESCRIBE_BYTES_MAX);
    if (p->arg_modes != NULL && strchr(p->arg_modes, 't') != NULL) {
        buf_puts(&b, "TABLE(");
        st = put_arguments(call, fs, p, true, false, &b);
        buf_putc(&b, ')');
    } else {
        buf_puts(&b, p->returns_set ? "SETOF " : "");
        cat_format_type(fs->view, p->result, CAT_TYPMOD_NONE, &b);
    }
    out->str = str_copy(call->arena, b.data, b.len);
    buf_release(&b);
    return st;
}
KERNEL(fn_function_result)

/* put_indented - a query's text with its further lines one column to the right; what stands in
 * quotes stays. */
static void put_indented(const char *text, Buf *b)
{
    bool quoted = false;
    for (const char *c = text; *c != '\0'; c++) {
        quoted = quoted != (*c == '\'');
        buf_putc(b, *c);
        if (*c == '\n' && !quoted) {
            buf_putc(b, ' ');
        }
    }
}

/* put_sqlbody - RETURN expression, or BEGIN ATOMIC with the queries. */
static Status put_sqlbody(FnCall *call, FuncSession *fs, const CatProc *p, Buf *b)
{
    BindCx bind = {.view = fs->view, .arena = call->arena, .env = call->env, .no_locks = true};
    const char **names = ARENA_ARRAY(call->arena, const char *, p->all_arg_count + 1u);
    Deparse dp = {.view = fs->view,
                  .arena = call->arena,
                  .env = call->env,
                  .params = names,
                  .param_count = p->arg_count,
                  .function = p->name};
    Query **list;
    uint32_t count, in = 0;
    bool atomic;
    char *text;
    uint16_t all = p->arg_modes != NULL ? p->all_arg_count : p->arg_count;
    for (uint16_t i = 0; i < all; i++) {
        bool input = p->arg_modes == NULL || (p->arg_modes[i] != 'o' && p->arg_modes[i] != 't');
        const char *name = p->arg_names != NULL ? p->arg_names[i] : NULL;
        if (input) {
            names[in++] = name != NULL && name[0] != '\0' ? name : NULL;
        }
    }
    TRY(bind_load_body(call->cx, &bind, p->sqlbody, &atomic, &list, &count));
    if (!atomic && count == 1) {
        TRY(deparse_expr(call->cx, &dp, list[0]->targets[0].expr, NULL, &text));
        buf_printf(b, "RETURN %s", text);
        return ST_OK;
    }
    buf_puts(b, "BEGIN ATOMIC\n");
    for (uint32_t i = 0; i < count; i++) {
        TRY(deparse_query(call->cx, &dp, list[i], NULL, &text));
        put_indented(text, b);
        buf_puts(b, ";\n");
    }
    buf_puts(b, "END");
    return ST_OK;
}

/* fn_function_sqlbody - pg_get_function_sqlbody(function). */
static Status fn_function_sqlbody(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    const Datum *values;
    const bool *nulls;
    const CatProc *p = cat_proc(fs->view, a[0].u32);
    if (p != NULL && p->oid >= FIRST_USER_OID) {
        Buf b;
        *null_out = p->sqlbody == NULL;
        if (p->sqlbody == NULL) {
            return ST_OK;
        }
        buf_init(&b, 1u << 24);
        Status st = put_sqlbody(call, fs, p, &b);
        out->str = str_copy(call->arena, b.data, b.len);
        buf_release(&b);
        return st;
    }
    Status st = cat_row_get(call->cx, fs->view, call->arena, CAT_PG_PROC, a, 1, &values, &nulls);
    *null_out = st != ST_OK || nulls[PG_PROC_PROSQLBODY];
    if (!*null_out) {
        out->str = str_copy(call->arena, str_ptr(&values[PG_PROC_PROSQLBODY].str),
                            values[PG_PROC_PROSQLBODY].str.len);
    }
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(fn_function_sqlbody)

/* put_dollar_quoted - the body between dollar signs with a tag that it does not hold. */
static void put_dollar_quoted(const char *body, bool procedure, Buf *b)
{
    const char *tag = procedure ? "procedure" : "function";
    char quote[64];
    for (int more = 0; more < 40; more++) {
        (void)snprintf(quote, sizeof(quote), "$%s%.*s", tag, more,
                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        if (strstr(body, quote) == NULL) {
            break;
        }
    }
    buf_printf(b, "AS %s$%s%s$\n", quote, body, quote);
}

/* put_attributes - the line of volatility, strictness and costs, when it says something. */
static void put_attributes(const CatProc *p, const Datum *v, Buf *b)
{
    size_t before = b->len;
    float cost = v[PG_PROC_PROCOST].f32, rows = v[PG_PROC_PROROWS].f32;
    const Str *parallel = &v[PG_PROC_PROPARALLEL].str;
    char how = parallel->len > 0 ? *str_ptr(parallel) : 'u';
    buf_puts(b, p->kind == 'w' ? " WINDOW" : "");
    buf_puts(b, p->volatility == 'i' ? " IMMUTABLE" : p->volatility == 's' ? " STABLE" : "");
    buf_puts(b, how == 's' ? " PARALLEL SAFE" : how == 'r' ? " PARALLEL RESTRICTED" : "");
    buf_puts(b, p->strict ? " STRICT" : "");
    buf_puts(b, v[PG_PROC_PROSECDEF].b ? " SECURITY DEFINER" : "");
    buf_puts(b, v[PG_PROC_PROLEAKPROOF].b ? " LEAKPROOF" : "");
    if (cost != (p->language < 14 ? 1.0f : 100.0f)) {
        buf_printf(b, " COST %g", (double)cost);
    }
    if (rows > 0 && rows != 1000.0f) {
        buf_printf(b, " ROWS %g", (double)rows);
    }
    if (b->len > before) {
        buf_puts(b, "\n");
    }
}

/* put_literal - text as an SQL literal. */
static void put_literal(const char *text, size_t len, Buf *b)
{
    buf_putc(b, '\'');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'') {
            buf_putc(b, '\'');
        }
        buf_putc(b, text[i]);
    }
    buf_putc(b, '\'');
}

/* put_config - the SET lines; a list's items are literals each. */
static void put_config(const CatProc *p, Buf *b)
{
    for (uint16_t i = 0; i < p->config_count; i++) {
        const char *eq = strchr(p->config[i], '=');
        if (eq == NULL) {
            continue;
        }
        buf_printf(b, " SET %.*s TO ", (int)(eq - p->config[i]), p->config[i]);
        bool list = strncmp(p->config[i], "search_path=", 12) == 0;
        const char *at = eq + 1;
        while (list && strchr(at, ',') != NULL) {
            const char *comma = strchr(at, ',');
            bool quoted = at[0] == '"' && comma[-1] == '"';
            put_literal(at + quoted, (size_t)(comma - at) - 2u * quoted, b);
            buf_puts(b, ", ");
            at = comma + 1 + (comma[1] == ' ');
        }
        size_t n = strlen(at);
        bool quoted = list && n > 1 && at[0] == '"' && at[n - 1] == '"';
        put_literal(at + quoted, n - 2u * quoted, b);
        buf_puts(b, "\n");
    }
}

/* put_functiondef - CREATE OR REPLACE FUNCTION as pg_dump and \\sf want it. */
static Status put_functiondef(FnCall *call, FuncSession *fs, const CatProc *p, const Datum *v,
                              const bool *nulls, Buf *b)
{
    Datum result = {0};
    bool no_result = true, has_body = !nulls[PG_PROC_PROSQLBODY];
    buf_printf(b, "CREATE OR REPLACE %s ", p->kind == 'p' ? "PROCEDURE" : "FUNCTION");
    cat_put_qualified(cat_namespace_name(fs->view, p->namespace_oid), p->name, true, b);
    buf_putc(b, '(');
    TRY(put_arguments(call, fs, p, false, true, b));
    buf_puts(b, ")\n");
    Datum oid = {.u32 = p->oid};
    TRY(fn_function_result(call, fs, &oid, &result, &no_result));
    if (p->kind != 'p' && !no_result) {
        buf_puts(b, " RETURNS ");
        buf_put_slice(b, str_slice(&result.str));
        buf_putc(b, '\n');
    }
    const char *language = "?";
    for (uint32_t i = 0; i < CATALOG_PG_LANGUAGE_COUNT; i++) {
        if (catalog_pg_language[i].oid == p->language) {
            language = catalog_str(catalog_pg_language[i].lanname);
        }
    }
    buf_printf(b, " LANGUAGE %s\n", language);
    put_attributes(p, v, b);
    put_config(p, b);
    if (has_body && p->sqlbody != NULL) {
        TRY(put_sqlbody(call, fs, p, b));
        buf_putc(b, '\n');
        return ST_OK;
    }
    if (has_body) {
        buf_put_slice(b, str_slice(&v[PG_PROC_PROSQLBODY].str));
        buf_putc(b, '\n');
        return ST_OK;
    }
    if (p->language < 14 && !nulls[PG_PROC_PROBIN]) {
        buf_puts(b, "AS ");
        put_literal(str_ptr(&v[PG_PROC_PROBIN].str), v[PG_PROC_PROBIN].str.len, b);
        buf_puts(b, ", ");
        put_literal(p->prosrc, strlen(p->prosrc), b);
        buf_putc(b, '\n');
        return ST_OK;
    }
    put_dollar_quoted(p->prosrc != NULL ? p->prosrc : "", p->kind == 'p', b);
    return ST_OK;
}

/* fn_functiondef - pg_get_functiondef(function). */
static Status fn_functiondef(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    const CatProc *p = cat_proc(fs->view, a[0].u32);
    const Datum *values;
    const bool *nulls;
    Buf b;
    *null_out = p == NULL;
    if (p == NULL) {
        return ST_OK;
    }
    if (p->kind == 'a') {
        return err_set(call->cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is an aggregate function",
                       p->name);
    }
    TRY(cat_row_get(call->cx, fs->view, call->arena, CAT_PG_PROC, a, 1, &values, &nulls));
    buf_init(&b, 1u << 24);
    Status st = put_functiondef(call, fs, p, values, nulls, &b);
    out->str = str_copy(call->arena, b.data, b.len);
    buf_release(&b);
    return st;
}
KERNEL(fn_functiondef)

/* ---- visibility of the kinds that have no look-up by name ---- */

/* visible_row - the object's schema is in the search path; NULL when there is no such object. */
static Status visible_row(FnCall *call, FuncSession *fs, Oid rel, uint32_t column, Oid oid,
                          Datum *out, bool *null_out)
{
    const Datum *values, key = {.u32 = oid};
    const bool *nulls;
    Status st = cat_row_get(call->cx, fs->view, call->arena, rel, &key, 1, &values, &nulls);
    *null_out = st != ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < fs->view->search_path_count; i++) {
        out->b = out->b || (fs->view->search_path[i] == values[column].u32 &&
                            fs->view->search_path[i] != fs->view->temp_namespace);
    }
    return st == ST_ERROR ? st : ST_OK;
}

#define VISIBLE(fn, rel, column)                                                                   \
    static Status fn(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)    \
    {                                                                                              \
        return visible_row(call, fs, (rel), (column), a[0].u32, out, null_out);                    \
    }                                                                                              \
    KERNEL(fn)
VISIBLE(fn_operator_visible, CAT_PG_OPERATOR, PG_OPERATOR_OPRNAMESPACE)
VISIBLE(fn_opclass_visible, 2616, PG_OPCLASS_OPCNAMESPACE)
VISIBLE(fn_opfamily_visible, 2753, PG_OPFAMILY_OPFNAMESPACE)
VISIBLE(fn_conversion_visible, 2607, PG_CONVERSION_CONNAMESPACE)
VISIBLE(fn_collation_visible, 3456, PG_COLLATION_COLLNAMESPACE)

/* ---- the database, places ---- */

/* DESCRIBE_ENCODINGS - PostgreSQL's encodings by number. */
static const char *const DESCRIBE_ENCODINGS[] = {
    "SQL_ASCII", "EUC_JP",        "EUC_CN",     "EUC_KR",     "EUC_TW",     "EUC_JIS_2004",
    "UTF8",      "MULE_INTERNAL", "LATIN1",     "LATIN2",     "LATIN3",     "LATIN4",
    "LATIN5",    "LATIN6",        "LATIN7",     "LATIN8",     "LATIN9",     "LATIN10",
    "WIN1256",   "WIN1258",       "WIN866",     "WIN874",     "KOI8R",      "WIN1251",
    "WIN1252",   "ISO_8859_5",    "ISO_8859_6", "ISO_8859_7", "ISO_8859_8", "WIN1250",
    "WIN1253",   "WIN1254",       "WIN1255",    "WIN1257",    "KOI8U",      "SJIS",
    "BIG5",      "GBK",           "UHC",        "GB18030",    "JOHAB",      "SHIFT_JIS_2004",
};

static Status fn_encoding(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)fs, (void)a, (void)null_out;
    func_text(call, out, "UTF8");
    return ST_OK;
}
KERNEL(fn_encoding)

static Status fn_encoding_name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    (void)fs, (void)null_out;
    bool known = a[0].i32 >= 0 && (size_t)a[0].i32 < ARRAY_LEN(DESCRIBE_ENCODINGS);
    func_text(call, out, known ? DESCRIBE_ENCODINGS[a[0].i32] : "");
    return ST_OK;
}
KERNEL(fn_encoding_name)

/* encoding_same - alike but for case and what is neither letter nor digit, as encodings are named.
 */
static bool encoding_same(const char *a, const char *b)
{
    for (;; a++, b++) {
        for (; *a != '\0' && !isalnum((unsigned char)*a); a++) {
        }
        for (; *b != '\0' && !isalnum((unsigned char)*b); b++) {
        }
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
            return false;
        }
        if (*a == '\0') {
            return true;
        }
    }
}

static Status fn_char_to_encoding(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    const char *name = func_cstring(call, &a[0]);
    (void)fs, (void)null_out;
    out->i32 = encoding_same(name, "unicode") ? 6 : -1;
    for (size_t i = 0; i < ARRAY_LEN(DESCRIBE_ENCODINGS) && out->i32 < 0; i++) {
        out->i32 = encoding_same(name, DESCRIBE_ENCODINGS[i]) ? (int32_t)i : -1;
    }
    return ST_OK;
}
KERNEL(fn_char_to_encoding)

/* fn_tablespace_location - the built-in tablespaces have no place of their own. */
static Status fn_tablespace_location(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                     bool *null_out)
{
    (void)fs, (void)a, (void)null_out;
    func_text(call, out, "");
    return ST_OK;
}
KERNEL(fn_tablespace_location)

/* fn_publishable - tables of users can be published. */
static Status fn_publishable(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    const CatTable *t;
    Status st = cat_table_by_oid(call->cx, fs->view, a[0].u32, &t);
    *null_out = st == ST_NOTFOUND;
    out->b = st == ST_OK && t->kind == 'r' && t->persistence == 'p' && !t->builtin &&
             t->oid >= FIRST_USER_OID;
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(fn_publishable)

static const FnOps FNS[] = {
    {"oid:1215", fn_obj_description_kernel, 0},
    {"oid:1348", fn_obj_description_any_kernel, 0},
    {"oid:1216", fn_col_description_kernel, 0},
    {"oid:1993", fn_shobj_description_kernel, 0},
    {"pg_get_userbyid", fn_userbyid_kernel, 0},
    {"pg_get_functiondef", fn_functiondef_kernel, 0},
    {"pg_get_function_arguments", fn_function_arguments_kernel, 0},
    {"pg_get_function_identity_arguments", fn_identity_arguments_kernel, 0},
    {"pg_get_function_arg_default", fn_arg_default_kernel, 0},
    {"pg_get_function_result", fn_function_result_kernel, 0},
    {"pg_get_function_sqlbody", fn_function_sqlbody_kernel, 0},
    {"pg_operator_is_visible", fn_operator_visible_kernel, 0},
    {"pg_opclass_is_visible", fn_opclass_visible_kernel, 0},
    {"pg_opfamily_is_visible", fn_opfamily_visible_kernel, 0},
    {"pg_conversion_is_visible", fn_conversion_visible_kernel, 0},
    {"pg_collation_is_visible", fn_collation_visible_kernel, 0},
    {"PG_char_to_encoding", fn_char_to_encoding_kernel, 0},
    {"PG_encoding_to_char", fn_encoding_name_kernel, 0},
    {"getdatabaseencoding", fn_encoding_kernel, 0},
    {"pg_tablespace_location", fn_tablespace_location_kernel, 0},
    {"pg_relation_is_publishable", fn_publishable_kernel, 0},
};
const FuncTable FUNC_DESCRIBE = {FNS, ARRAY_LEN(FNS)};
