/*
 * cat_reg.c - regclass, regtype, regproc, regnamespace: names in texts to OIDs and back.
 */
#include "catalog/acl.h"
#include "catalog/cat_internal.h"

#define REG_PARTS_MAX   8
#define FUNC_ARGS_LIMIT 100

/* reg_space - is the byte one that may stand around the parts of a name? */
static bool reg_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* reg_part - one part of a name: quoted as it is, else folded to lower case up to a separator. With
 * spaces (names of types) blanks inside belong to it. false: it is no name. */
static bool reg_part(Slice text, size_t *at, bool spaces, char *part)
{
    size_t i = *at, len = 0;
    bool quoted = i < text.len && text.ptr[i] == '"';
    if (quoted) {
        for (i++; i < text.len; i++) {
            if (text.ptr[i] == '"' && (i + 1 == text.len || text.ptr[i + 1] != '"')) {
                break;
            }
            i += text.ptr[i] == '"';
            part[len++] = text.ptr[i];
        }
        if (i >= text.len) {
            return false;
        }
        i++;
    } else {
        for (; i < text.len && text.ptr[i] != '.' && (spaces || !reg_space(text.ptr[i])); i++) {
            char c = text.ptr[i];
            part[len++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
    }
    part[len] = '\0';
    *at = i;
    return quoted || len > 0;
}

/* reg_split - the dotted parts of a name, of which those past REG_PARTS_MAX are only counted. 42602
 * when it is no name. */
static Status reg_split(Cx *cx, Arena *arena, Slice text, bool spaces, const char **parts,
                        uint32_t *count_out)
{
    uint32_t n = 0;
    for (size_t i = 0;; i++) {
        char *part = arena_alloc(arena, text.len + 1);
        for (; i < text.len && reg_space(text.ptr[i]); i++) {
        }
        if (!reg_part(text, &i, spaces, part)) {
            break;
        }
        if (n < REG_PARTS_MAX) {
            parts[n] = part;
        }
        n++;
        for (; i < text.len && reg_space(text.ptr[i]); i++) {
        }
        if (i == text.len) {
            *count_out = n;
            return ST_OK;
        }
        if (text.ptr[i] != '.') {
            break;
        }
    }
    return err_set(cx, ERRCODE_INVALID_NAME, "invalid name syntax");
}

/* reg_check_parts - at most schema and name, or these behind the name of this database. */
static Status reg_check_parts(Cx *cx, CatView *v, Arena *arena, bool relation, const char **parts,
                              uint32_t count)
{
    const char *all = "", *mark = relation ? "\"" : "";
    for (uint32_t i = 0; i < count && i < REG_PARTS_MAX; i++) {
        all = arena_printf(arena, "%s%s%s", all, i > 0 ? "." : "", parts[i]);
    }
    if (count > 3) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "improper %s name (too many dotted names): %s",
                       relation ? "relation" : "qualified", all);
    }
    if (count == 3 && (v->database_name == NULL || strcmp(parts[0], v->database_name) != 0)) {
        return err_unsupported(cx, "cross-database references are not implemented: %s%s%s", mark,
                               all, mark);
    }
    return ST_OK;
}

static Slice reg_trim(Slice s)
{
    while (s.len > 0 && (*s.ptr == ' ' || *s.ptr == '\t' || *s.ptr == '\n')) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && s.ptr[s.len - 1] == ' ') {
        s.len--;
    }
    return s;
}

/* reg_type_alias - the catalog's name of a type that SQL spells otherwise. */
static const char *reg_type_alias(const char *name)
{
    static const char *const ALIAS[][2] = {
        {"integer", "int4"},
        {"int", "int4"},
        {"bigint", "int8"},
        {"smallint", "int2"},
        {"boolean", "bool"},
        {"real", "float4"},
        {"double precision", "float8"},
        {"character varying", "varchar"},
        {"character", "bpchar"},
        {"char", "bpchar"},
        {"decimal", "numeric"},
        {"timestamp without time zone", "timestamp"},
        {"timestamp with time zone", "timestamptz"},
        {"time without time zone", "time"},
        {"time with time zone", "timetz"},
    };
    for (size_t i = 0; i < ARRAY_LEN(ALIAS); i++) {
        if (strcmp(ALIAS[i][0], name) == 0) {
            return ALIAS[i][1];
        }
    }
    return name;
}

/* reg_find_type - a type by its name, or by SQL's own name for it; a modifier does not matter. */
static Status reg_find_type(Cx *cx, CatView *v, Arena *arena, Slice text, const char *schema,
                            const char *name, Oid *oid_out)
{
    const CatType *t;
    size_t n = strlen(name);
    bool array = n > 2 && strcmp(name + n - 2, "[]") == 0;
    char *base = arena_strndup(arena, name, array ? n - 2 : n);
    char *modifier = strchr(base, '(');
    if (modifier != NULL && base[strlen(base) - 1] == ')') { /* varchar(10) is varchar */
        for (*modifier = '\0'; modifier > base && reg_space(modifier[-1]);) {
            *--modifier = '\0';
        }
    }
    Status st = cat_type_by_name(cx, v, schema, schema == NULL ? reg_type_alias(base) : base, &t);
    if (st == ST_OK && array && t->array == OID_INVALID) {
        st = ST_NOTFOUND;
    }
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "type \"%.*s\" does not exist", (int)text.len,
                       text.ptr);
    }
    TRY(st);
    *oid_out = array ? t->array : t->oid;
    return ST_OK;
}

static Status reg_find_proc(Cx *cx, CatView *v, Slice text, const char *schema, const char *name,
                            Oid *oid_out)
{
    const CatProc *const *list;
    uint32_t count = 0;
    Status st = cat_procs_by_name(cx, v, schema, name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    if (st == ST_NOTFOUND || count == 0) {
        return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "function \"%.*s\" does not exist",
                       (int)text.len, text.ptr);
    }
    if (count > 1) {
        return err_set(cx, ERRCODE_AMBIGUOUS_FUNCTION, "more than one function named \"%.*s\"",
                       (int)text.len, text.ptr);
    }
    *oid_out = list[0]->oid;
    return ST_OK;
}

/* reg_find_role - a role by its name. 42704. */
static Status reg_find_role(Cx *cx, CatView *v, const char *name, Oid *oid_out)
{
    const CatRole *role;
    TRY(cat_role_need(cx, v, name, &role));
    *oid_out = role->oid;
    return ST_OK;
}

/* reg_find_signature - a function with the types of its arguments: "name(int, text)". 22P02, 42883.
 */
static Status reg_find_signature(Cx *cx, CatView *v, Arena *arena, Slice text, Oid *oid_out)
{
    const char *parts[REG_PARTS_MAX];
    const CatProc *const *list;
    Oid types[FUNC_ARGS_LIMIT];
    uint32_t count = 0, n = 0;
    size_t open = 0;
    while (open < text.len && text.ptr[open] != '(') {
        open++;
    }
    if (open == text.len || text.ptr[text.len - 1] != ')') {
        return err_set(cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                       open == text.len ? "expected a left parenthesis"
                                        : "expected a right parenthesis");
    }
    TRY(reg_split(cx, arena, (Slice){text.ptr, open}, false, parts, &count));
    TRY(reg_check_parts(cx, v, arena, false, parts, count));
    for (size_t at = open + 1, end; at < text.len - 1; at = end + 1) {
        for (end = at; end < text.len - 1 && text.ptr[end] != ','; end++) {
        }
        Slice one = reg_trim((Slice){text.ptr + at, end - at});
        if (n == FUNC_ARGS_LIMIT) {
            return err_set(cx, ERRCODE_TOO_MANY_ARGUMENTS, "too many arguments");
        }
        TRY(cat_reg_find(cx, v, arena, TYPE_REGTYPE, one, &types[n++]));
    }
    Status st = cat_procs_by_name(cx, v, count > 1 ? parts[count - 2] : NULL, parts[count - 1],
                                  &list, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        if (list[i]->arg_count == n && memcmp(list[i]->args, types, n * sizeof(Oid)) == 0) {
            *oid_out = list[i]->oid;
            return ST_OK;
        }
    }
    return st == ST_ERROR ? st
                          : err_set(cx, ERRCODE_UNDEFINED_FUNCTION,
                                    "function \"%.*s\" does not exist", (int)text.len, text.ptr);
}

Status cat_reg_find(Cx *cx, CatView *v, Arena *arena, Oid reg_type, Slice text, Oid *oid_out)
{
    const char *parts[REG_PARTS_MAX];
    uint32_t count = 0;
    uint64_t number = 0;
    size_t digits = 0;
    Slice s = reg_trim(text);
    *oid_out = OID_INVALID;
    if (s.len == 1 && s.ptr[0] == '-') {
        return ST_OK;
    }
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9' && number <= UINT32_MAX) {
        number = number * 10 + (uint64_t)(s.ptr[digits++] - '0');
    }
    if (s.len > 0 && digits == s.len && number <= UINT32_MAX) {
        *oid_out = (Oid)number;
        return ST_OK;
    }
    if (reg_type == TYPE_REGPROCEDURE) {
        return reg_find_signature(cx, v, arena, s, oid_out);
    }
    if (reg_type == CAT_REGOPER || reg_type == CAT_REGOPERATOR) {
        return cat_reg_find_more(cx, v, arena, reg_type, s, NULL, NULL, oid_out);
    }
    TRY(reg_split(cx, arena, s, reg_type == TYPE_REGTYPE, parts, &count));
    if (reg_type == TYPE_REGROLE && count == 1) {
        return reg_find_role(cx, v, parts[0], oid_out);
    }
    TRY(reg_check_parts(cx, v, arena, reg_type == TYPE_REGCLASS, parts, count));
    const char *name = parts[count - 1], *schema = count > 1 ? parts[count - 2] : NULL;
    if (reg_type == TYPE_REGNAMESPACE) {
        Status st = cat_namespace(cx, v, name, oid_out);
        return st == ST_NOTFOUND
                   ? err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name)
                   : st;
    }
    if (reg_type == TYPE_REGTYPE) {
        return reg_find_type(cx, v, arena, s, schema, name, oid_out);
    }
    if (reg_type == TYPE_REGPROC) {
        return reg_find_proc(cx, v, s, schema, name, oid_out);
    }
    if (reg_type != TYPE_REGCLASS) {
        return cat_reg_find_more(cx, v, arena, reg_type, s, schema, name, oid_out);
    }
    const CatTable *t;
    Oid namespace_oid;
    Status st = schema != NULL ? cat_namespace(cx, v, schema, &namespace_oid) : ST_OK;
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
    }
    TRY(st);
    st = cat_table_by_name(cx, v, schema, name, &t);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                       schema != NULL ? schema : "", schema != NULL ? "." : "", name);
    }
    TRY(st);
    *oid_out = t->oid;
    return ST_OK;
}

/* reg_put_name - quoted unless it is a plain lower-case name that is no reserved word. */
static void reg_put_name(const char *name, Buf *buf)
{
    text_quote_ident((Slice){name, strlen(name)}, buf);
}

void cat_put_qualified(const char *schema, const char *name, bool qualify, Buf *buf)
{
    if (qualify && schema != NULL) {
        reg_put_name(schema, buf);
        buf_putc(buf, '.');
    }
    reg_put_name(name, buf);
}

static bool reg_class_text(CatView *v, Cx *cx, Oid oid, Buf *buf)
{
    const CatTable *t, *seen;
    if (cat_table_by_oid(cx, v, oid, &t) != ST_OK) {
        return false;
    }
    bool visible = cat_table_by_name(cx, v, NULL, t->name, &seen) == ST_OK && seen->oid == oid;
    cat_put_qualified(t->schema_name, t->name, !visible, buf);
    return true;
}

static bool reg_proc_text(CatView *v, Cx *cx, Oid oid, Buf *buf)
{
    const CatProc *p = cat_proc(v, oid);
    const CatProc *const *list;
    uint32_t count = 0;
    if (p == NULL) {
        return false;
    }
    /* Qualified when the bare name would not be found, or would mean several. */
    bool plain = cat_procs_by_name(cx, v, NULL, p->name, &list, &count) == ST_OK && count == 1 &&
                 list[0]->oid == oid;
    cat_put_qualified(cat_namespace_name(v, p->namespace_oid), p->name, !plain, buf);
    return true;
}

void cat_put_signature(Cx *cx, CatView *v, const CatProc *p, Buf *buf)
{
    const CatProc *const *list;
    uint32_t count = 0;
    bool visible = false;
    if (cat_procs_by_name(cx, v, NULL, p->name, &list, &count) == ST_OK) {
        for (uint32_t i = 0; i < count; i++) {
            if (list[i]->arg_count == p->arg_count &&
                memcmp(list[i]->args, p->args, p->arg_count * sizeof(Oid)) == 0) {
                visible = list[i]->oid == p->oid;
                break;
            }
        }
    }
    cat_put_qualified(cat_namespace_name(v, p->namespace_oid), p->name, !visible, buf);
    buf_putc(buf, '(');
    for (uint16_t i = 0; i < p->arg_count; i++) {
        buf_puts(buf, i > 0 ? "," : "");
        cat_format_type(v, p->args[i], CAT_TYPMOD_NONE, buf);
    }
    buf_putc(buf, ')');
}

static bool reg_role_text(CatView *v, Cx *cx, Oid oid, Buf *buf)
{
    const CatRole *role;
    if (cat_role(cx, v, oid, &role) != ST_OK) {
        return false;
    }
    reg_put_name(role->name, buf);
    return true;
}

bool cat_reg_text(CatView *v, Oid reg_type, Oid oid, Buf *buf)
{
    Err err = {0};
    Arena arena;
    bool found = false;
    arena_init(&arena, NULL, "reg text", 0);
    Cx cx = {.err = &err, .arena = &arena};
    if (reg_type == TYPE_REGCLASS) {
        found = reg_class_text(v, &cx, oid, buf);
    } else if (reg_type == TYPE_REGTYPE && cat_type(v, oid) != NULL) {
        cat_format_type(v, oid, CAT_TYPMOD_NONE, buf);
        found = true;
    } else if (reg_type == TYPE_REGPROC) {
        found = reg_proc_text(v, &cx, oid, buf);
    } else if (reg_type == TYPE_REGPROCEDURE && cat_proc(v, oid) != NULL) {
        cat_put_signature(&cx, v, cat_proc(v, oid), buf);
        found = true;
    } else if (reg_type == TYPE_REGROLE) {
        found = reg_role_text(v, &cx, oid, buf);
    } else if (reg_type == TYPE_REGNAMESPACE) {
        const char *name = cat_namespace_name(v, oid);
        if (name != NULL) {
            reg_put_name(name, buf);
            found = true;
        }
    }
    found = found || cat_reg_text_more(&cx, v, reg_type, oid, buf);
    arena_release(&arena);
    return found;
}
