/*
 * extension_rows.c - the rows of an extension's objects: data taken from PostgreSQL
 * (src/catalog/data/extension_rows.dat), written as rows of the user who makes the extension.
 *
 * In the data the objects of an extension are numbered from FIRST_USER_OID on, the extension itself
 * being the first, in the order in which PostgreSQL makes them. Every value of a column that holds
 * OIDs is such a number, or a built-in object; schema public stands for the extension's schema, and
 * the bootstrap role for who makes it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ddl/extension_internal.h"
#include "ddl/role.h"

enum { TYPE_OID_ARRAY = 1028 };

/* rows_is_owner - does a column of this name hold the object's owner? */
static bool rows_is_owner(const char *column)
{
    size_t n = strlen(column);
    return n > 5 && strcmp(column + n - 5, "owner") == 0;
}

/* rows_oid - what stands for an OID of the data. */
static Oid rows_oid(const ExtensionMake *m, const char *column, Oid oid)
{
    if (oid >= FIRST_USER_OID) {
        return oid - FIRST_USER_OID < m->oid_count ? m->oids[oid - FIRST_USER_OID] : OID_INVALID;
    }
    if (oid == ROLE_BOOTSTRAP && rows_is_owner(column)) {
        return m->owner;
    }
    return oid == NAMESPACE_PUBLIC ? m->namespace_oid : oid;
}

/* rows_oids - likewise in the text of a vector or an array. */
static const char *rows_oids(const ExtensionMake *m, const char *text)
{
    Arena *a = m->d->arena;
    char *out = arena_alloc(a, strlen(text) * 3 + 16), *to = out;
    while (*text != '\0') {
        if (*text >= '0' && *text <= '9') {
            char *end;
            Oid oid = (Oid)strtoul(text, &end, 10);
            to += snprintf(to, 12, "%u", rows_oid(m, "", oid));
            text = end;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    return out;
}

/* rows_value - one value of the data into the row. */
static void rows_value(const ExtensionMake *m, const CatColumn *c, const char *text, DdlRow *r)
{
    int at = c->number - 1;
    if (text == NULL) {
        return;
    }
    switch (c->type) {
    case TYPE_OID:
    case TYPE_REGPROC:
        ddl_set_oid(r, at, rows_oid(m, c->name, (Oid)strtoul(text, NULL, 10)));
        break;
    case TYPE_OIDVECTOR:
    case TYPE_OID_ARRAY: ddl_set_text(r, at, rows_oids(m, text)); break;
    case TYPE_BOOL: ddl_set_bool(r, at, text[0] == 't'); break;
    case TYPE_INT2: ddl_set_i16(r, at, (int16_t)strtol(text, NULL, 10)); break;
    case TYPE_INT4: ddl_set_i32(r, at, (int32_t)strtol(text, NULL, 10)); break;
    case TYPE_FLOAT4: ddl_set_f32(r, at, strtof(text, NULL)); break;
    default: ddl_set_text(r, at, text); break;
    }
}

/* rows_function_free - 42723 when the schema has a function of this name and arguments. */
static Status rows_function_free(Cx *cx, const ExtensionMake *m, const DdlRow *r)
{
    static const uint16_t COLUMNS[3] = {PG_PROC_PRONAME, PG_PROC_PROARGTYPES, PG_PROC_PRONAMESPACE};
    Datum key[3] = {r->values[PG_PROC_PRONAME], r->values[PG_PROC_PROARGTYPES],
                    r->values[PG_PROC_PRONAMESPACE]};
    DdlRowList list;
    TRY(ddl_rows(cx, m->d, CAT_PG_PROC, COLUMNS, key, 3, &list));
    return list.count == 0 ? ST_OK
                           : err_set(cx, ERRCODE_DUPLICATE_FUNCTION,
                                     "function \"%s\" already exists with same argument types",
                                     ddl_row_text(m->d, r, PG_PROC_PRONAME));
}

/* rows_check - an object of this name must not be there; what a row needs besides. */
static Status rows_check(Cx *cx, const ExtensionMake *m, DdlRow *r)
{
    DdlCx *d = m->d;
    if (r->rel == CAT_PG_TYPE) {
        return ddl_type_name_free(cx, d, m->namespace_oid, ddl_row_text(d, r, PG_TYPE_TYPNAME));
    }
    if (r->rel != CAT_PG_PROC) {
        return ST_OK;
    }
    if (!r->nulls[PG_PROC_PROACL]) {
        const char *acl = ddl_extension_acl(m, ddl_row_text(d, r, PG_PROC_PROACL));
        ddl_set_text(r, PG_PROC_PROACL, acl);
        TRY(ddl_extension_init_privs(cx, d, (DdlObject){CAT_PG_PROC, r->values[PG_PROC_OID].u32, 0},
                                     acl));
    }
    return rows_function_free(cx, m, r);
}

/* rows_insert - one row of the data. */
static Status rows_insert(Cx *cx, const ExtensionMake *m, const CatExtensionRowsRow *row)
{
    DdlCx *d = m->d;
    const CatTable *t;
    const char *const *values;
    DdlRow r;
    TRY(cat_table_by_name(cx, d->view, "pg_catalog", catalog_str(row->catalog), &t));
    bool owned = false;
    uint32_t count = cat_text_array(d->arena, catalog_str(row->values), &values);
    ddl_row_init(&r, t->oid);
    for (uint16_t i = 0; i < t->column_count && i < count; i++) {
        rows_value(m, &t->columns[i], values[i], &r);
        owned = owned || rows_is_owner(t->columns[i].name);
    }
    TRY(rows_check(cx, m, &r));
    TRY(ddl_row_insert(cx, d, &r));
    return owned ? ddl_shdepend_owner(cx, d, (DdlObject){t->oid, r.values[0].u32, 0}, m->owner)
                 : ST_OK;
}

Status ddl_extension_rows(Cx *cx, ExtensionMake *m)
{
    const char *name = catalog_str(m->what->name);
    uint32_t first = 0, end, objects = 1;
    while (first < CATALOG_EXTENSION_ROWS_COUNT &&
           strcmp(catalog_str(catalog_extension_rows[first].extension), name) != 0) {
        first++;
    }
    for (end = first; end < CATALOG_EXTENSION_ROWS_COUNT &&
                      strcmp(catalog_str(catalog_extension_rows[end].extension), name) == 0;
         end++) {
        uint32_t number = (uint32_t)catalog_extension_rows[end].object - FIRST_USER_OID;
        objects = MAX(objects, number + 1);
    }
    m->oids = ARENA_ARRAY(m->d->arena, Oid, objects);
    m->oid_count = objects;
    m->oids[0] = m->oid;
    for (uint32_t i = 1; i < objects; i++) {
        TRY(ddl_new_oid(cx, m->d, &m->oids[i]));
    }
    for (uint32_t i = first; i < end; i++) {
        TRY(rows_insert(cx, m, &catalog_extension_rows[i]));
    }
    cat_changed(m->d->view);
    return ST_OK;
}
