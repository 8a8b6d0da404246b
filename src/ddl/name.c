/*
 * name.c - names of new objects, looking up and locking relations, texts of names.
 */
#include "ddl/role.h"

Status ddl_new_oid(Cx *cx, DdlCx *d, Oid *oid_out)
{
    return engine_next_oid(cx, d->engine, oid_out);
}

Status ddl_error_at(Cx *cx, DdlCx *d, Status st, int32_t location)
{
    if (st == ST_ERROR && location >= 0 && d->sql.ptr != NULL) {
        return err_position(cx, parse_char_position(d->sql, location));
    }
    return st;
}

const char *ddl_string(const PgQuery__Node *n)
{
    return n->node_case == PG_QUERY__NODE__NODE_STRING ? n->string->sval : "";
}

static const char *name_or_null(const char *s)
{
    return s != NULL && s[0] != '\0' ? s : NULL;
}

Status ddl_relation_exists(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name, bool *exists_out)
{
    const CatTable *t;
    const char *schema = cat_namespace_name(d->view, namespace_oid);
    *exists_out = false;
    if (schema == NULL) {
        return ST_OK;
    }
    Status st = cat_table_by_name(cx, d->view, schema, name, &t);
    *exists_out = st == ST_OK;
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* name_clip - the longest prefix of at most `bytes` bytes that ends between characters. */
static size_t name_clip(const char *s, size_t bytes)
{
    size_t n = strlen(s);
    if (n <= bytes) {
        return n;
    }
    n = bytes;
    while (n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80) {
        n--;
    }
    return n;
}

/* name_make - name1_name2_label within 63 bytes: the longer of the two names is cut first. */
static char *name_make(Arena *a, const char *name1, const char *name2, const char *label)
{
    size_t overhead = (name2 != NULL ? 1 : 0) + (label != NULL ? strlen(label) + 1 : 0);
    size_t available = DDL_NAME_BYTES_MAX - overhead;
    size_t n1 = strlen(name1), n2 = name2 != NULL ? strlen(name2) : 0;
    while (n1 + n2 > available) {
        if (n1 > n2) {
            n1--;
        } else {
            n2--;
        }
    }
    n1 = name_clip(name1, n1);
    n2 = name2 != NULL ? name_clip(name2, n2) : 0;
    return arena_printf(a, "%.*s%s%.*s%s%s", (int)n1, name1, name2 != NULL ? "_" : "", (int)n2,
                        name2 != NULL ? name2 : "", label != NULL ? "_" : "",
                        label != NULL ? label : "");
}

/* name_constraint_exists - does any table of the schema have a constraint of this name? */
static Status name_constraint_exists(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name,
                                     bool *exists_out)
{
    static const uint16_t COLUMNS[2] = {PG_CONSTRAINT_CONNAME, PG_CONSTRAINT_CONNAMESPACE};
    Datum key[2] = {{.str = str_ref(name, strlen(name))}, {.u32 = namespace_oid}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_CONSTRAINT, COLUMNS, key, 2, &list));
    *exists_out = list.count != 0;
    return ST_OK;
}

Status ddl_choose_relation_name(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name1,
                                const char *name2, const char *label, char **name_out)
{
    const char *numbered = label;
    for (uint32_t pass = 1;; pass++) {
        bool exists, is_constraint = false;
        *name_out = name_make(d->arena, name1, name2, numbered);
        TRY(ddl_relation_exists(cx, d, namespace_oid, *name_out, &exists));
        if (!exists && (strcmp(label, "pkey") == 0 || strcmp(label, "key") == 0 ||
                        strcmp(label, "excl") == 0)) {
            TRY(name_constraint_exists(cx, d, namespace_oid, *name_out, &is_constraint));
        }
        if (!exists && !is_constraint) {
            return ST_OK;
        }
        numbered = arena_printf(d->arena, "%s%u", label, pass);
    }
}

Status ddl_choose_constraint_name(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name1,
                                  const char *name2, const char *label, char **name_out)
{
    const char *numbered = label;
    for (uint32_t pass = 1;; pass++) {
        bool exists;
        *name_out = name_make(d->arena, name1, name2, numbered);
        TRY(name_constraint_exists(cx, d, namespace_oid, *name_out, &exists));
        if (!exists) {
            return ST_OK;
        }
        numbered = arena_printf(d->arena, "%s%u", label, pass);
    }
}

Status ddl_lock(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, TableLockMode mode, bool missing_ok,
                const CatTable **out)
{
    const char *schema = name_or_null(rv->schemaname);
    *out = NULL;
    Status st = cat_table_lock(cx, d->view, schema, rv->relname, mode, out);
    if (st == ST_OK || st == ST_ERROR) {
        return st;
    }
    *out = NULL;
    const char *text =
        schema != NULL ? arena_printf(d->arena, "%s.%s", schema, rv->relname) : rv->relname;
    if (missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "relation \"%s\" does not exist, skipping", rv->relname);
        return ST_OK;
    }
    return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s\" does not exist", text);
}

Status ddl_not_in_use(Cx *cx, const DdlCx *d, const CatTable *t, const char *action)
{
    const char *why = d->in_use != NULL ? d->in_use(d->in_use_arg, t->oid) : NULL;
    return why == NULL ? ST_OK
                       : err_set(cx, ERRCODE_OBJECT_IN_USE, "cannot %s \"%s\" because %s", action,
                                 t->name, why);
}

Status ddl_require_table(Cx *cx, const CatTable *t)
{
    if (t->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", t->name);
    }
    if (t->kind != 'r') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a table", t->name);
    }
    return ST_OK;
}

Status ddl_reload(Cx *cx, DdlCx *d, Oid oid, const CatTable **out)
{
    cat_changed(d->view);
    Status st = cat_table_by_oid(cx, d->view, oid, out);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_INTERNAL_ERROR, "could not open relation with OID %u", oid)
               : st;
}

const CatColumn *ddl_column(const CatTable *t, const char *name)
{
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (!t->columns[i].dropped && strcmp(t->columns[i].name, name) == 0) {
            return &t->columns[i];
        }
    }
    return NULL;
}

const char *ddl_quote_name(Arena *a, const char *name)
{
    Buf b;
    buf_init(&b, 1024);
    cat_put_qualified(NULL, name, false, &b);
    const char *text = arena_strndup(a, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

const char *ddl_relation_text(Cx *cx, DdlCx *d, const CatTable *t)
{
    const CatTable *seen;
    Status st = cat_table_by_name(cx, d->view, NULL, t->name, &seen);
    if (st == ST_OK && seen->oid == t->oid) {
        return ddl_quote_name(d->arena, t->name);
    }
    return arena_printf(d->arena, "%s.%s",
                        ddl_quote_name(d->arena, t->schema_name != NULL ? t->schema_name : ""),
                        ddl_quote_name(d->arena, t->name));
}

void ddl_notice_detail(Cx *cx, const char *detail, const char *message)
{
    if (cx->notice == NULL) {
        return;
    }
    Err e = {.sqlstate = ERRCODE_SUCCESSFUL_COMPLETION,
             .severity = ERR_NOTICE,
             .func = __func__,
             .file = __FILE__,
             .line = __LINE__};
    size_t n = MIN(strlen(message), sizeof(e.message) - 1);
    memcpy(e.message, message, n);
    n = MIN(strlen(detail), sizeof(e.detail) - 1);
    memcpy(e.detail, detail, n);
    cx->notice(cx->notice_arg, &e);
}
