/*
 * cat_acl_object.c - who may do what with an object: its owner and list, cached; databases.
 */
#include <strings.h>

#include "catalog/acl.h"
#include "catalog/cat_internal.h"

/* ---- the object's row ---- */

/* acl_load_columns - the lists that columns of a relation have of their own. */
static Status acl_load_columns(Cx *cx, CatRead *read, CatObj *obj, Arena *scratch, Oid oid,
                               CatAcl *a)
{
    CatKey key = cat_key_oid(PG_ATTRIBUTE_ATTRELID, oid);
    const CatRow *rows;
    uint32_t count, n = 0, builtin = 0;
    TRY(cat_read_list(cx, read, scratch, CAT_PG_ATTRIBUTE, &key, &rows, &count));
    for (uint32_t i = 0; oid < FIRST_USER_OID && i < CATALOG_PG_ATTRIBUTE_COUNT; i++) {
        const PgAttributeRow *r = &catalog_pg_attribute[i];
        builtin += r->attrelid == oid && r->attacl != 0 ? 1 : 0;
    }
    CatColumnAcl *list = ARENA_ARRAY(&obj->arena, CatColumnAcl, count + builtin + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = cat_str(scratch, &rows[i], PG_ATTRIBUTE_ATTACL);
        if (text != NULL) {
            list[n].number = rows[i].values[PG_ATTRIBUTE_ATTNUM].i16;
            TRY(acl_parse(cx, &obj->arena, text, &list[n++].acl));
        }
    }
    for (uint32_t i = 0; builtin != 0 && i < CATALOG_PG_ATTRIBUTE_COUNT; i++) {
        const PgAttributeRow *r = &catalog_pg_attribute[i];
        bool hidden = false;
        for (uint32_t k = 0; k < count; k++) {
            hidden = hidden || rows[k].values[PG_ATTRIBUTE_ATTNUM].i16 == r->attnum;
        }
        if (r->attrelid == oid && r->attacl != 0 && !hidden) {
            list[n].number = r->attnum;
            TRY(acl_parse(cx, &obj->arena, catalog_str(r->attacl), &list[n++].acl));
        }
    }
    a->columns = list;
    a->column_count = (uint16_t)n;
    return ST_OK;
}

/* acl_fill_list - the object's name, owner and list; a's kind is known. */
static Status acl_fill_list(Cx *cx, Arena *arena, const CatRow *r, Oid oid, CatAcl *a)
{
    const AclKind *k = a->kind;
    const char *text = k->acl >= 0 ? cat_str(arena, r, (uint16_t)k->acl) : NULL;
    a->name = k->name >= 0 ? cat_str(arena, r, (uint16_t)k->name) : arena_printf(arena, "%u", oid);
    a->owner = cat_oid(r, (uint16_t)k->owner);
    a->given = text != NULL;
    if (text != NULL) {
        return acl_parse(cx, arena, text, &a->acl);
    }
    a->acl = acl_default(arena, k, a->owner);
    return ST_OK;
}

/* acl_fill - what the row says. */
static Status acl_fill(Cx *cx, CatRead *read, CatObj *obj, Arena *scratch, Oid class_oid, Oid oid,
                       const CatRow *r)
{
    CatAcl *a = ARENA_NEW(&obj->arena, CatAcl);
    if (class_oid == CAT_PG_CLASS) {
        a->relkind = cat_char(r, PG_CLASS_RELKIND);
        a->namespace_oid = cat_oid(r, PG_CLASS_RELNAMESPACE);
        a->row_security = r->values[PG_CLASS_RELROWSECURITY].b;
        a->force_row_security = r->values[PG_CLASS_RELFORCEROWSECURITY].b;
        TRY(acl_load_columns(cx, read, obj, scratch, oid, a));
    }
    a->kind = acl_kind(class_oid, a->relkind);
    ASSERT(a->kind != NULL);
    obj->payload = a;
    return acl_fill_list(cx, &obj->arena, r, oid, a);
}

/* acl_load - CatBuildFn: name has the class's letter. */
static Status acl_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    Arena scratch;
    Datum key = {.u32 = oid};
    CatRow r = {0};
    Oid class_oid = acl_kind_of_letter(name[0])->class_oid;
    arena_init(&scratch, NULL, "catalog load", 0);
    Status st = cat_row_get(cx, read->view, &scratch, class_oid, &key, 1, &r.values, &r.nulls);
    if (st == ST_OK) {
        st = acl_fill(cx, read, obj, &scratch, class_oid, oid, &r);
    }
    arena_release(&scratch);
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* acl_large_object - read each time: they come and go as rows of tables do, which the cache does
 * not see. */
static Status acl_large_object(Cx *cx, CatView *v, Oid oid, const CatAcl **out)
{
    Datum key = {.u32 = oid};
    CatRow r = {0};
    TRY(cat_row_get(cx, v, cx->arena, CAT_PG_LARGEOBJECT_METADATA, &key, 1, &r.values, &r.nulls));
    CatAcl *a = ARENA_NEW(cx->arena, CatAcl);
    a->kind = acl_kind(CAT_PG_LARGEOBJECT, 0);
    *out = a;
    return acl_fill_list(cx, cx->arena, &r, oid, a);
}

Status cat_acl(Cx *cx, CatView *v, Oid class_oid, Oid oid, const CatAcl **out)
{
    const void *found;
    *out = NULL;
    if (class_oid == CAT_PG_LARGEOBJECT) {
        return acl_large_object(cx, v, oid, out);
    }
    char name[2] = {acl_kind(class_oid, 'r')->letter, '\0'};
    TRY(cat_obj_get(cx, v, CAT_OBJ_ACL, oid, name, acl_load, &found));
    *out = found;
    return found != NULL ? ST_OK : ST_NOTFOUND;
}

/* ---- questions ---- */

/* acl_predefined - what pg_read_all_data and pg_write_all_data give. */
static Status acl_predefined(Cx *cx, CatView *v, const CatAcl *a, Oid role, AclMode want,
                             AclMode *have)
{
    AclMode reads = 0, writes = 0;
    bool in;
    if (a->kind->class_oid == CAT_PG_CLASS) {
        reads = ACL_SELECT;
        writes = ACL_INSERT | ACL_UPDATE | ACL_DELETE;
    } else if (a->kind->class_oid == CAT_PG_NAMESPACE) {
        reads = writes = ACL_USAGE;
    }
    if ((want & ~*have & reads) != 0) {
        TRY(cat_role_inherits(cx, v, role, ROLE_PG_READ_ALL_DATA, &in));
        *have |= in ? want & reads : 0;
    }
    if ((want & ~*have & writes) != 0) {
        TRY(cat_role_inherits(cx, v, role, ROLE_PG_WRITE_ALL_DATA, &in));
        *have |= in ? want & writes : 0;
    }
    return ST_OK;
}

Status cat_acl_have(Cx *cx, CatView *v, Oid class_oid, Oid oid, Oid role, AclMode want,
                    AclMode *have_out)
{
    const CatAcl *a;
    bool super = false;
    *have_out = 0;
    if (role == v->user && v->user_super) {
        *have_out = want;
        return ST_OK;
    }
    Status st = cat_acl(cx, v, class_oid, oid, &a);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    TRY(cat_role_super(cx, v, role, &super));
    if (super) {
        *have_out = want;
        return ST_OK;
    }
    if (class_oid == CAT_PG_NAMESPACE && oid == v->temp_namespace) { /* the session's own */
        AclMode temp;
        TRY(cat_acl_have(cx, v, CAT_PG_DATABASE, v->database, role, ACL_CREATE_TEMP, &temp));
        *have_out = temp != 0 ? want : want & ACL_USAGE;
        return ST_OK;
    }
    if (class_oid == CAT_PG_CLASS && a->namespace_oid == NAMESPACE_PG_CATALOG &&
        oid < FIRST_USER_OID && a->relkind != 'v') {
        want &= ~(AclMode)(ACL_INSERT | ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | ACL_USAGE);
    }
    TRY(acl_mask(cx, v, &a->acl, role, a->owner, want, have_out));
    return role != OID_INVALID ? acl_predefined(cx, v, a, role, want, have_out) : ST_OK;
}

Status cat_acl_column_have(Cx *cx, CatView *v, Oid table, int16_t number, Oid role, AclMode want,
                           AclMode *have_out)
{
    const CatAcl *a;
    *have_out = 0;
    Status st = cat_acl(cx, v, CAT_PG_CLASS, table, &a);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    for (uint16_t i = 0; i < a->column_count; i++) {
        if (a->columns[i].number == number) {
            return acl_mask(cx, v, &a->columns[i].acl, role, a->owner, want, have_out);
        }
    }
    return ST_OK;
}

const char *acl_noun(const CatAcl *a)
{
    switch (a->relkind) {
    case 'v': return "view";
    case 'm': return "materialized view";
    case 'i':
    case 'I': return "index";
    case 'S': return "sequence";
    case 'f': return "foreign table";
    default: return a->kind->noun;
    }
}

Status acl_denied(Cx *cx, const CatAcl *a)
{
    return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for %s %s", acl_noun(a),
                   a->name);
}

Status acl_not_owner(Cx *cx, const CatAcl *a)
{
    return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of %s %s", acl_noun(a),
                   a->name);
}

Status cat_acl_need(Cx *cx, CatView *v, Oid class_oid, Oid oid, Oid role, AclMode want)
{
    AclMode have;
    const CatAcl *a;
    if (role == v->user && v->user_super) {
        return ST_OK;
    }
    TRY(cat_acl_have(cx, v, class_oid, oid, role, want, &have));
    if ((have & want) == want) {
        return ST_OK;
    }
    Status st = cat_acl(cx, v, class_oid, oid, &a);
    return st == ST_OK ? acl_denied(cx, a) : st == ST_NOTFOUND ? ST_OK : st;
}

Status cat_acl_columns_need(Cx *cx, CatView *v, Oid table, const int16_t *numbers, uint32_t count,
                            Oid role, AclMode want)
{
    AclMode have;
    const CatAcl *a;
    TRY(cat_acl_have(cx, v, CAT_PG_CLASS, table, role, want, &have));
    bool ok = have == want || count != 0;
    for (uint32_t i = 0; have != want && ok && i < count; i++) {
        AclMode own;
        TRY(cat_acl_column_have(cx, v, table, numbers[i], role, want, &own));
        ok = (own | have) == want;
    }
    if (ok) {
        return ST_OK;
    }
    Status st = cat_acl(cx, v, CAT_PG_CLASS, table, &a);
    return st == ST_OK ? acl_denied(cx, a) : st == ST_NOTFOUND ? ST_OK : st;
}

Status cat_is_owner(Cx *cx, CatView *v, Oid class_oid, Oid oid, Oid role, bool *out)
{
    const CatAcl *a;
    *out = role == v->user && v->user_super;
    if (*out) {
        return ST_OK;
    }
    Status st = cat_acl(cx, v, class_oid, oid, &a);
    return st == ST_OK         ? cat_role_inherits(cx, v, role, a->owner, out)
           : st == ST_NOTFOUND ? ST_OK
                               : st;
}

Oid cat_view_checks_as(const CatTable *view, Oid outer)
{
    static const char OPTION[] = "security_invoker=";
    const char *at = view->options != NULL ? strstr(view->options, OPTION) : NULL;
    const char *value = at != NULL ? at + sizeof(OPTION) - 1 : "";
    bool invoker = value[0] == 't' || value[0] == 'T' || value[0] == '1' || value[0] == 'y' ||
                   value[0] == 'Y' || strncasecmp(value, "on", 2) == 0;
    return invoker ? outer : view->owner;
}

Status cat_owner_need(Cx *cx, CatView *v, Oid class_oid, Oid oid)
{
    bool owner;
    const CatAcl *a;
    TRY(cat_is_owner(cx, v, class_oid, oid, v->user, &owner));
    if (owner) {
        return ST_OK;
    }
    Status st = cat_acl(cx, v, class_oid, oid, &a);
    return st == ST_OK ? acl_not_owner(cx, a) : st == ST_NOTFOUND ? ST_OK : st;
}

/* ---- settings ---- */

Status cat_setting_may(Cx *cx, CatView *v, const char *name, bool *out)
{
    static const char *const HIDDEN[] = {
        "config_file",
        "data_directory",
        "dynamic_library_path",
        "extension_destdir",
        "external_pid_file",
        "hba_file",
        "ident_file",
        "jit_provider",
        "krb_server_keyfile",
        "log_directory",
        "log_filename",
        "primary_conninfo",
        "session_preload_libraries",
        "shared_preload_libraries",
        "ssl_ciphers",
        "ssl_dh_params_file",
        "ssl_ecdh_curve",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "ssl_passphrase_command",
        "unix_socket_directories",
    };
    *out = true;
    for (size_t i = 0; !v->user_super && i < ARRAY_LEN(HIDDEN); i++) {
        if (strcasecmp(HIDDEN[i], name) == 0) {
            return cat_role_inherits(cx, v, v->user, ROLE_PG_READ_ALL_SETTINGS, out);
        }
    }
    return ST_OK;
}

Status cat_setting_need(Cx *cx, CatView *v, const char *name)
{
    bool may;
    TRY(cat_setting_may(cx, v, name, &may));
    return may ? ST_OK
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "must be superuser or have privileges of pg_read_all_settings to examine "
                         "\"%s\"",
                         name);
}

/* ---- databases, and others that have one name space ---- */

/* database_load - CatBuildFn. */
static Status database_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    Arena scratch;
    Datum key = {.u32 = oid};
    CatRow r = {0};
    (void)name;
    arena_init(&scratch, NULL, "catalog load", 0);
    Status st =
        cat_row_get(cx, read->view, &scratch, CAT_PG_DATABASE, &key, 1, &r.values, &r.nulls);
    if (st == ST_OK) {
        CatDatabase *db = ARENA_NEW(&obj->arena, CatDatabase);
        *db = (CatDatabase){
            .oid = oid,
            .owner = cat_oid(&r, PG_DATABASE_DATDBA),
            .name = cat_str(&obj->arena, &r, PG_DATABASE_DATNAME),
            .allow_connections = r.values[PG_DATABASE_DATALLOWCONN].b,
            .connection_limit = r.values[PG_DATABASE_DATCONNLIMIT].i32,
        };
        obj->payload = db;
    }
    arena_release(&scratch);
    return st == ST_NOTFOUND ? ST_OK : st;
}

Status cat_database(Cx *cx, CatView *v, Oid oid, const CatDatabase **out)
{
    const void *found;
    *out = NULL;
    TRY(cat_obj_get(cx, v, CAT_OBJ_DATABASE, oid, NULL, database_load, &found));
    *out = found;
    return found != NULL ? ST_OK : ST_NOTFOUND;
}

static Status object_take_oid(void *arg, Cx *cx, const CatRow *row)
{
    (void)cx;
    *(Oid *)arg = row->values[0].u32;
    return ST_OK;
}

Status cat_object_by_name(Cx *cx, CatView *v, Oid class_oid, uint16_t name_column, const char *name,
                          Oid *oid_out)
{
    const CatShape *shape = cat_shape(v->catalog, class_oid);
    const CatRel *rel = shape->builtin;
    const uint8_t *row = rel != NULL ? rel->rows : NULL;
    Datum key = {.str = str_ref(name, strlen(name))};
    *oid_out = OID_INVALID;
    TRY(cat_rows_each(cx, v, class_oid, &name_column, &key, 1, object_take_oid, oid_out));
    for (uint32_t r = 0; rel != NULL && r < rel->row_count && *oid_out == OID_INVALID; r++) {
        Datum value, oid;
        bool is_null;
        cat_builtin_value(shape, row, name_column, cx->arena, &value, &is_null);
        cat_builtin_value(shape, row, 0, cx->arena, &oid, &is_null);
        if (str_eq(&value.str, &key.str)) {
            *oid_out = oid.u32;
        }
        row += rel->row_bytes;
    }
    return *oid_out != OID_INVALID ? ST_OK : ST_NOTFOUND;
}

Status cat_database_by_name(Cx *cx, CatView *v, const char *name, Oid *oid_out)
{
    return cat_object_by_name(cx, v, CAT_PG_DATABASE, PG_DATABASE_DATNAME, name, oid_out);
}
