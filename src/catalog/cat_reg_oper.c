/*
 * cat_reg_oper.c - regoper, regoperator, regcollation, regconfig, regdictionary: names in texts to
 * OIDs and back.
 */
#include "catalog/cat_internal.h"

/* reg_oper_split - schema and name of an operator, which need no quotes: the schema ends at a dot.
 */
static void reg_oper_split(Arena *arena, Slice text, const char **schema_out, const char **name_out)
{
    size_t dot = text.len;
    for (size_t i = 0; i < text.len && dot == text.len; i++) {
        dot = text.ptr[i] == '.' ? i : dot;
    }
    bool has = dot < text.len;
    *schema_out = has ? arena_strndup(arena, text.ptr, dot) : NULL;
    *name_out = has ? arena_strndup(arena, text.ptr + dot + 1, text.len - dot - 1)
                    : arena_strndup(arena, text.ptr, text.len);
}

static Slice reg_oper_trim(Slice s)
{
    while (s.len > 0 && s.ptr[0] == ' ') {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && s.ptr[s.len - 1] == ' ') {
        s.len--;
    }
    return s;
}

static Status reg_oper_missing(Cx *cx, Slice text)
{
    return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "operator does not exist: %.*s", (int)text.len,
                   text.ptr);
}

static Status reg_oper_name(Cx *cx, CatView *v, Arena *arena, Slice text, Oid *oid_out)
{
    const char *schema, *name;
    const CatOper *const *list;
    uint32_t count = 0;
    reg_oper_split(arena, text, &schema, &name);
    Status st = cat_opers_by_name(cx, v, schema, name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    if (st == ST_NOTFOUND || count == 0) {
        return reg_oper_missing(cx, text);
    }
    if (count > 1) {
        return err_set(cx, ERRCODE_AMBIGUOUS_FUNCTION, "more than one operator named %.*s",
                       (int)text.len, text.ptr);
    }
    *oid_out = list[0]->oid;
    return ST_OK;
}

/* reg_oper_signature - "name(left, right)", NONE where there is no operand. */
static Status reg_oper_signature(Cx *cx, CatView *v, Arena *arena, Slice text, Oid *oid_out)
{
    const char *schema, *name;
    const CatOper *const *list;
    Oid types[2] = {OID_INVALID, OID_INVALID};
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
    for (size_t at = open + 1, end; at < text.len; at = end + 1) {
        for (end = at; end < text.len - 1 && text.ptr[end] != ','; end++) {
        }
        Slice one = reg_oper_trim((Slice){text.ptr + at, end - at});
        if (n == 2) {
            st_ignore(err_set(cx, ERRCODE_TOO_MANY_ARGUMENTS, "too many arguments"));
            return err_hint(cx, "Provide two argument types for operator.");
        }
        bool none = one.len == 4 && strncasecmp(one.ptr, "none", 4) == 0;
        if (!none) {
            TRY(cat_reg_find(cx, v, arena, TYPE_REGTYPE, one, &types[n]));
        }
        n++;
    }
    if (n == 1) {
        st_ignore(err_set(cx, ERRCODE_UNDEFINED_PARAMETER, "missing argument"));
        return err_hint(cx, "Use NONE to denote the missing argument of a unary operator.");
    }
    reg_oper_split(arena, reg_oper_trim((Slice){text.ptr, open}), &schema, &name);
    Status st = cat_opers_by_name(cx, v, schema, name, &list, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        if (list[i]->left == types[0] && list[i]->right == types[1]) {
            *oid_out = list[i]->oid;
            return ST_OK;
        }
    }
    return st == ST_ERROR ? st : reg_oper_missing(cx, text);
}

/* reg_collation_find - a built-in collation; those for other encodings are not there. */
static Status reg_collation_find(Cx *cx, CatView *v, Slice text, const char *schema,
                                 const char *name, Oid *oid_out)
{
    Oid namespace = NAMESPACE_PG_CATALOG;
    if (schema != NULL) {
        Status st = cat_namespace(cx, v, schema, &namespace);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
        }
        TRY(st);
    }
    for (uint32_t i = 0; i < CATALOG_PG_COLLATION_COUNT; i++) {
        const PgCollationRow *c = &catalog_pg_collation[i];
        if (c->collnamespace == namespace && strcmp(catalog_str(c->collname), name) == 0) {
            *oid_out = c->oid;
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                   "collation \"%.*s\" for encoding \"UTF8\" does not exist", (int)text.len,
                   text.ptr);
}

/* reg_tsearch_find - a text search configuration or dictionary. */
static Status reg_tsearch_find(Cx *cx, CatView *v, Oid reg_type, const char *schema,
                               const char *name, Oid *oid_out)
{
    bool config = reg_type == TYPE_REGCONFIG;
    Status st =
        cat_ts_find(cx, v, config ? CAT_PG_TS_CONFIG : CAT_PG_TS_DICT, schema, name, oid_out);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_UNDEFINED_OBJECT, "text search %s \"%s%s%s\" does not exist",
                         config ? "configuration" : "dictionary", schema != NULL ? schema : "",
                         schema != NULL ? "." : "", name)
               : st;
}

Status cat_reg_find_more(Cx *cx, CatView *v, Arena *arena, Oid reg_type, Slice text,
                         const char *schema, const char *name, Oid *oid_out)
{
    switch (reg_type) {
    case CAT_REGOPER: return reg_oper_name(cx, v, arena, text, oid_out);
    case CAT_REGOPERATOR: return reg_oper_signature(cx, v, arena, text, oid_out);
    case CAT_REGCOLLATION: return reg_collation_find(cx, v, text, schema, name, oid_out);
    case TYPE_REGCONFIG:
    case TYPE_REGDICTIONARY: return reg_tsearch_find(cx, v, reg_type, schema, name, oid_out);
    default: return err_unsupported(cx, "names of this kind of object are not supported");
    }
}

/* ---- as text ---- */

/* reg_oper_shown - is it the one its name (and, with both, its operands) means? */
static bool reg_oper_shown(Cx *cx, CatView *v, const CatOper *o, bool both)
{
    const CatOper *const *list;
    uint32_t count = 0;
    if (cat_opers_by_name(cx, v, NULL, o->name, &list, &count) != ST_OK) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (list[i]->left == o->left && list[i]->right == o->right) {
            return list[i]->oid == o->oid && (both || count == 1);
        }
    }
    return false;
}

static void reg_oper_put_side(CatView *v, Oid type, Buf *buf)
{
    if (type == OID_INVALID) {
        buf_puts(buf, "NONE");
    } else {
        cat_format_type(v, type, CAT_TYPMOD_NONE, buf);
    }
}

bool cat_reg_text_more(Cx *cx, CatView *v, Oid reg_type, Oid oid, Buf *buf)
{
    if (reg_type == CAT_REGCOLLATION) {
        for (uint32_t i = 0; i < CATALOG_PG_COLLATION_COUNT; i++) {
            if (catalog_pg_collation[i].oid == oid) {
                cat_put_qualified(NULL, catalog_str(catalog_pg_collation[i].collname), false, buf);
                return true;
            }
        }
        return false;
    }
    if (reg_type == TYPE_REGCONFIG || reg_type == TYPE_REGDICTIONARY) {
        return cat_ts_text(cx, v, reg_type == TYPE_REGCONFIG ? CAT_PG_TS_CONFIG : CAT_PG_TS_DICT,
                           oid, buf);
    }
    const CatOper *o =
        reg_type == CAT_REGOPER || reg_type == CAT_REGOPERATOR ? cat_oper(v, oid) : NULL;
    if (o == NULL) {
        return false;
    }
    bool both = reg_type == CAT_REGOPERATOR;
    if (!reg_oper_shown(cx, v, o, both)) {
        cat_put_qualified(NULL, cat_namespace_name(v, o->namespace_oid), false, buf);
        buf_putc(buf, '.');
    }
    buf_puts(buf, o->name);
    if (both) {
        buf_putc(buf, '(');
        reg_oper_put_side(v, o->left, buf);
        buf_putc(buf, ',');
        reg_oper_put_side(v, o->right, buf);
        buf_putc(buf, ')');
    }
    return true;
}
