/*
 * alter_storage.c - ALTER TABLE ... ALTER COLUMN ... SET STORAGE and SET COMPRESSION
 *
 * Both are kept in pg_attribute, of the table and of its indexes over the column, as PostgreSQL
 * does; what the storage of a column means for its values is src/table's (ColumnStorage). Values
 * are compressed with lz4 or not at all, so that is the only method that can be named.
 */
#include "ddl/ddl_internal.h"

/* storage_type - typstorage: 'p' for types whose values are never out of line nor compressed. */
static Status storage_type(Cx *cx, DdlCx *d, Oid oid, char *out)
{
    Datum key = {.u32 = oid};
    DdlRow type;
    TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &type));
    Str s = type.values[PG_TYPE_TYPSTORAGE].str;
    *out = s.len != 0 ? str_ptr(&s)[0] : 'p';
    return ST_OK;
}

/* storage_type_error - 0A000 with the type's name in front of `what`. */
static Status storage_type_error(Cx *cx, DdlCx *d, Oid type, const char *what)
{
    Buf b;
    buf_init(&b, 512);
    cat_format_type(d->view, type, CAT_TYPMOD_NONE, &b);
    Status st = err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "column data type %.*s %s", (int)b.len,
                        (const char *)b.data, what);
    buf_release(&b);
    return st;
}

/* storage_column - the column the command names. */
static Status storage_column(Cx *cx, const CatTable *t, const char *name, const CatColumn **out)
{
    *out = ddl_column(t, name);
    if (*out != NULL) {
        return ST_OK;
    }
    return ddl_check_column_name(cx, name) == ST_OK
               ? err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                         "column \"%s\" of relation \"%s\" does not exist", name, t->name)
               : err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot alter system column \"%s\"",
                         name);
}

/* storage_store - an attribute of the table and of its indexes over it. */
static Status storage_store(Cx *cx, DdlCx *d, const CatTable *t, int16_t number, int attribute,
                            char value)
{
    DdlRow r;
    TRY(ddl_load_attribute(cx, d, t->oid, number, &r));
    ddl_set_char(&r, attribute, value);
    TRY(ddl_row_store(cx, d, &r));
    for (uint16_t i = 0; i < t->index_count; i++) {
        for (uint16_t k = 0; k < t->indexes[i].column_count; k++) {
            if (t->indexes[i].columns[k] == number) {
                TRY(ddl_load_attribute(cx, d, t->indexes[i].oid, (int16_t)(k + 1), &r));
                ddl_set_char(&r, attribute, value);
                TRY(ddl_row_store(cx, d, &r));
            }
        }
    }
    return ST_OK;
}

Status ddl_set_storage(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    static const char *const NAMES[] = {"plain", "external", "extended", "main"};
    const char *name = ddl_string(cmd->def);
    const CatTable *t;
    const CatColumn *c;
    char storage = 0, of_type;
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (strcasecmp(name, NAMES[i]) == 0) {
            storage = "pexm"[i];
        }
    }
    if (storage == 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid storage type \"%s\"", name);
    }
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(storage_column(cx, t, cmd->name, &c));
    TRY(storage_type(cx, d, c->type, &of_type));
    if (storage != 'p' && of_type == 'p') {
        return storage_type_error(cx, d, c->type, "can only have storage PLAIN");
    }
    return storage_store(cx, d, t, c->number, PG_ATTRIBUTE_ATTSTORAGE, storage);
}

Status ddl_compression(Cx *cx, DdlCx *d, Oid type, const char *method, char *out)
{
    char of_type;
    *out = 0;
    if (method == NULL || method[0] == '\0' || strcmp(method, "default") == 0) {
        return ST_OK;
    }
    TRY(storage_type(cx, d, type, &of_type));
    if (of_type == 'p') {
        return storage_type_error(cx, d, type, "does not support compression");
    }
    if (strcmp(method, "pglz") == 0) {
        return err_unsupported(cx, "compression method pglz is not supported");
    }
    if (strcmp(method, "lz4") != 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid compression method \"%s\"",
                       method);
    }
    *out = 'l';
    return ST_OK;
}

Status ddl_set_compression(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    const CatColumn *c;
    char method;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(storage_column(cx, t, cmd->name, &c));
    TRY(ddl_compression(cx, d, c->type, ddl_string(cmd->def), &method));
    return storage_store(cx, d, t, c->number, PG_ATTRIBUTE_ATTCOMPRESSION, method);
}
