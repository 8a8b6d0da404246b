/*
 * describe_fn.c - what psql and drivers ask about objects: comments, owners, signatures,
 * visibility.
 */
#include <ctype.h>
#include <strings.h>

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

/* put_argument - mode, name and type of one argument. */
static void put_argument(FuncSession *fs, const CatProc *p, uint16_t i, char mode, Buf *b)
{
    const char *name = p->arg_names != NULL ? p->arg_names[i] : NULL;
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
            buf_put_slice(b, default_text(p->defaults, (uint32_t)(inputs - 1 - first_default)));
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
        Slice text = default_text(p->defaults, (uint32_t)(n - first));
        out->str = str_copy(call->arena, text.ptr, text.len);
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

static Status fn_function_sqlbody(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    const Datum *values;
    const bool *nulls;
    Status st = cat_row_get(call->cx, fs->view, call->arena, CAT_PG_PROC, a, 1, &values, &nulls);
    *null_out = st != ST_OK || nulls[PG_PROC_PROSQLBODY];
    if (!*null_out) {
        out->str = str_copy(call->arena, str_ptr(&values[PG_PROC_PROSQLBODY].str),
                            values[PG_PROC_PROSQLBODY].str.len);
    }
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(fn_function_sqlbody)

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
