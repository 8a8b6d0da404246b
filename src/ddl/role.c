/*
 * role.c - CREATE, ALTER, DROP ROLE (USER, GROUP) and a role's new name.
 */
#include <stdlib.h>

#include "ddl/role.h"

/* RoleOptions - what was said, NULL what was not. */
typedef struct RoleOptions {
    const PgQuery__DefElem *password, *super, *inherit, *create_role, *create_db, *login,
        *replication, *bypass_rls, *limit, *valid_until;
    const PgQuery__DefElem *add_to, *members, *admin_members;
} RoleOptions;

/* role_option_slot - where an option of this name goes. */
static const PgQuery__DefElem **role_option_slot(RoleOptions *o, const char *name)
{
    const struct {
        const char *name;
        const PgQuery__DefElem **slot;
    } slots[] = {
        {"password", &o->password},
        {"superuser", &o->super},
        {"inherit", &o->inherit},
        {"createrole", &o->create_role},
        {"createdb", &o->create_db},
        {"canlogin", &o->login},
        {"isreplication", &o->replication},
        {"bypassrls", &o->bypass_rls},
        {"connectionlimit", &o->limit},
        {"validUntil", &o->valid_until},
        {"addroleto", &o->add_to},
        {"rolemembers", &o->members},
        {"adminmembers", &o->admin_members},
    };
    for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
        if (strcmp(slots[i].name, name) == 0) {
            return slots[i].slot;
        }
    }
    return NULL;
}

/* role_options - the options by name; 42601 for one given twice. */
static Status role_options(Cx *cx, DdlCx *d, PgQuery__Node *const *nodes, size_t count,
                           RoleOptions *o)
{
    *o = (RoleOptions){0};
    for (size_t i = 0; i < count; i++) {
        const PgQuery__DefElem *e = nodes[i]->def_elem;
        const PgQuery__DefElem **slot = role_option_slot(o, e->defname);
        if (slot == NULL && strcmp(e->defname, "sysid") == 0) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "SYSID can no longer be specified");
            continue;
        }
        if (slot == NULL) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "option \"%s\" not recognized", e->defname);
        }
        if (*slot != NULL) {
            st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"));
            return ddl_error_at(cx, d, ST_ERROR, e->location);
        }
        *slot = e;
    }
    return ST_OK;
}

static bool role_option_on(const PgQuery__DefElem *e)
{
    return e->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN ? e->arg->boolean->boolval
                                                             : e->arg->integer->ival != 0;
}

static void role_set_flag(DdlRow *r, int column, const PgQuery__DefElem *e)
{
    if (e != NULL) {
        ddl_set_bool(r, column, role_option_on(e));
    }
}

/* role_verifier - the verifier of the password, NULL for none. */
static Status role_verifier(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, const char **out)
{
    *out = NULL;
    if (e->arg == NULL) {
        return ST_OK;
    }
    const char *password = e->arg->string->sval;
    if (password[0] == '\0') {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "empty string is not a valid password, clearing password");
        return ST_OK;
    }
    return d->make_verifier(d->server_arg, cx, d->arena, password, out);
}

/* role_attributes - limit, end of validity, password, flags. */
static Status role_attributes(Cx *cx, DdlCx *d, const RoleOptions *o, DdlRow *r)
{
    role_set_flag(r, PG_AUTHID_ROLSUPER, o->super);
    role_set_flag(r, PG_AUTHID_ROLINHERIT, o->inherit);
    role_set_flag(r, PG_AUTHID_ROLCREATEROLE, o->create_role);
    role_set_flag(r, PG_AUTHID_ROLCREATEDB, o->create_db);
    role_set_flag(r, PG_AUTHID_ROLCANLOGIN, o->login);
    role_set_flag(r, PG_AUTHID_ROLREPLICATION, o->replication);
    role_set_flag(r, PG_AUTHID_ROLBYPASSRLS, o->bypass_rls);
    if (o->limit != NULL) {
        ddl_set_i32(r, PG_AUTHID_ROLCONNLIMIT, o->limit->arg->integer->ival);
    }
    if (o->valid_until != NULL) {
        FnCall call = {.cx = cx, .arena = d->arena, .env = d->env, .arg_typmod = -1};
        Datum until;
        Slice text = slice_of(o->valid_until->arg->string->sval);
        TRY(type_ops(TYPE_TIMESTAMPTZ)->in(&call, text, -1, &until));
        ddl_set_i64(r, PG_AUTHID_ROLVALIDUNTIL, until.i64);
    }
    if (o->password != NULL) {
        const char *verifier;
        TRY(role_verifier(cx, d, o->password, &verifier));
        ddl_set_text(r, PG_AUTHID_ROLPASSWORD, verifier);
    }
    return ST_OK;
}

static Status role_limit_check(Cx *cx, const RoleOptions *o)
{
    int32_t n = o->limit != NULL ? o->limit->arg->integer->ival : 0;
    return n >= -1
               ? ST_OK
               : err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid connection limit: %d", n);
}

static Status role_refuse(Cx *cx, const char *text)
{
    return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "%s", text);
}

static Status role_reserved(Cx *cx, const char *name)
{
    st_ignore(err_set(cx, ERRCODE_RESERVED_NAME, "role name \"%s\" is reserved", name));
    return err_detail(cx, "Role names starting with \"pg_\" are reserved.");
}

/* role_list - the roles of a list of RoleSpecs. */
static Status role_list(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, Oid **out, uint32_t *count)
{
    const PgQuery__List *list = e->arg->list;
    *out = ARENA_ARRAY(d->arena, Oid, list->n_items + 1);
    *count = (uint32_t)list->n_items;
    for (size_t i = 0; i < list->n_items; i++) {
        TRY(ddl_role_spec(cx, d, list->items[i]->role_spec, false, &(*out)[i]));
    }
    return ST_OK;
}

/* role_create_may - what the user may create. */
static Status role_create_may(Cx *cx, DdlCx *d, const RoleOptions *o)
{
    bool may;
    if (d->view->user_super) {
        return ST_OK;
    }
    if (o->super != NULL && role_option_on(o->super)) {
        return role_refuse(cx, "must be superuser to create superusers");
    }
    if (o->replication != NULL && role_option_on(o->replication)) {
        return role_refuse(cx, "must be superuser to create replication users");
    }
    if (o->bypass_rls != NULL && role_option_on(o->bypass_rls)) {
        return role_refuse(cx, "must be superuser to create bypassrls users");
    }
    TRY(ddl_may_create_roles(cx, d, &may));
    return may ? ST_OK : role_refuse(cx, "permission denied to create role");
}

Status ddl_create_role(Cx *cx, DdlCx *d, const PgQuery__CreateRoleStmt *stmt)
{
    RoleOptions o;
    DdlRow r;
    Oid oid, other, *list;
    uint32_t count;
    TRY(role_options(cx, d, stmt->options, stmt->n_options, &o));
    TRY(role_limit_check(cx, &o));
    TRY(role_create_may(cx, d, &o));
    if (strncmp(stmt->role, "pg_", 3) == 0) {
        return role_reserved(cx, stmt->role);
    }
    Status st = cat_role_by_name(cx, d->view, stmt->role, &other);
    if (st != ST_NOTFOUND) {
        return st == ST_OK
                   ? err_set(cx, ERRCODE_DUPLICATE_OBJECT, "role \"%s\" already exists", stmt->role)
                   : st;
    }
    TRY(ddl_new_oid(cx, d, &oid));
    ddl_row_init(&r, CAT_PG_AUTHID);
    ddl_set_oid(&r, PG_AUTHID_OID, oid);
    ddl_set_text(&r, PG_AUTHID_ROLNAME, stmt->role);
    for (int i = PG_AUTHID_ROLSUPER; i <= PG_AUTHID_ROLBYPASSRLS; i++) {
        ddl_set_bool(&r, i, false);
    }
    ddl_set_bool(&r, PG_AUTHID_ROLINHERIT, true);
    ddl_set_bool(&r, PG_AUTHID_ROLCANLOGIN,
                 stmt->stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER);
    ddl_set_i32(&r, PG_AUTHID_ROLCONNLIMIT, -1);
    TRY(role_attributes(cx, d, &o, &r));
    TRY(ddl_row_insert(cx, d, &r));
    cat_changed(d->view);
    if (o.add_to != NULL) {
        TRY(role_list(cx, d, o.add_to, &list, &count));
        for (uint32_t i = 0; i < count; i++) {
            TRY(ddl_add_members(cx, d, list[i], &oid, 1, d->view->user, false));
        }
    }
    if (o.admin_members != NULL) {
        TRY(role_list(cx, d, o.admin_members, &list, &count));
        TRY(ddl_add_members(cx, d, oid, list, count, d->view->user, true));
    }
    if (o.members != NULL) {
        TRY(role_list(cx, d, o.members, &list, &count));
        TRY(ddl_add_members(cx, d, oid, list, count, d->view->user, false));
    }
    return ST_OK;
}

/* role_alter_may - what the user may alter of whom. */
static Status role_alter_may(Cx *cx, DdlCx *d, const RoleOptions *o, const CatRole *role)
{
    bool may;
    if (d->view->user_super) {
        return ST_OK;
    }
    if (o->super != NULL || role->super) {
        return role_refuse(
            cx, "must be superuser to alter superuser roles or change superuser attribute");
    }
    if (o->replication != NULL || role->replication) {
        return role_refuse(
            cx, "must be superuser to alter replication roles or change replication attribute");
    }
    if (o->bypass_rls != NULL) {
        return role_refuse(cx, "must be superuser to change bypassrls attribute");
    }
    TRY(ddl_may_create_roles(cx, d, &may));
    bool own_password = o->password != NULL && role->oid == d->view->user && o->inherit == NULL &&
                        o->create_role == NULL && o->create_db == NULL && o->login == NULL &&
                        o->limit == NULL && o->members == NULL && o->valid_until == NULL;
    return may || own_password ? ST_OK : role_refuse(cx, "permission denied");
}

Status ddl_alter_role(Cx *cx, DdlCx *d, const PgQuery__AlterRoleStmt *stmt)
{
    RoleOptions o;
    DdlRow r;
    const CatRole *role;
    Oid *list;
    uint32_t count;
    Datum key;
    if (stmt->role->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING &&
        strncmp(stmt->role->rolename, "pg_", 3) == 0) {
        st_ignore(role_reserved(cx, stmt->role->rolename));
        return err_detail(cx, "Cannot alter reserved roles.");
    }
    TRY(role_options(cx, d, stmt->options, stmt->n_options, &o));
    TRY(role_limit_check(cx, &o));
    TRY(ddl_role_spec(cx, d, stmt->role, false, &key.u32));
    TRY(cat_role(cx, d->view, key.u32, &role));
    TRY(role_alter_may(cx, d, &o, role));
    TRY(ddl_row_load(cx, d, CAT_PG_AUTHID, &key, 1, &r));
    TRY(role_attributes(cx, d, &o, &r));
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    if (o.members != NULL) {
        TRY(role_list(cx, d, o.members, &list, &count));
        TRY(stmt->action > 0 ? ddl_add_members(cx, d, key.u32, list, count, d->view->user, false)
                             : ddl_remove_members(cx, d, key.u32, list, count, false));
    }
    return cat_user_refresh(cx, d->view);
}

Status ddl_rename_role(Cx *cx, DdlCx *d, const char *from, const char *to)
{
    const CatRole *role;
    DdlRow r;
    Oid other;
    bool may;
    TRY(cat_role_need(cx, d->view, from, &role));
    Datum key = {.u32 = role->oid};
    if (role->oid == d->session_user) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "session user cannot be renamed");
    }
    if (role->oid == d->view->user) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "current user cannot be renamed");
    }
    if (strncmp(from, "pg_", 3) == 0 || strncmp(to, "pg_", 3) == 0) {
        return role_reserved(cx, strncmp(from, "pg_", 3) == 0 ? from : to);
    }
    Status st = cat_role_by_name(cx, d->view, to, &other);
    if (st != ST_NOTFOUND) {
        return st == ST_OK ? err_set(cx, ERRCODE_DUPLICATE_OBJECT, "role \"%s\" already exists", to)
                           : st;
    }
    if (role->super && !d->view->user_super) {
        return role_refuse(cx, "must be superuser to rename superusers");
    }
    TRY(ddl_may_create_roles(cx, d, &may));
    if (!may) {
        return role_refuse(cx, "permission denied to rename role");
    }
    TRY(ddl_row_load(cx, d, CAT_PG_AUTHID, &key, 1, &r));
    ddl_set_text(&r, PG_AUTHID_ROLNAME, to);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

/* role_drop_check - may this role be dropped by this user, and is it in use? */
static Status role_drop_check(Cx *cx, DdlCx *d, const CatRole *role)
{
    if (role->oid == d->view->user) {
        return err_set(cx, ERRCODE_OBJECT_IN_USE, "current user cannot be dropped");
    }
    if (role->oid == d->session_user) {
        return err_set(cx, ERRCODE_OBJECT_IN_USE, "session user cannot be dropped");
    }
    if (role->super && !d->view->user_super) {
        return role_refuse(cx, "must be superuser to drop superusers");
    }
    if (role->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                       "cannot drop role %s because it is required by the database system",
                       role->name);
    }
    return ST_OK;
}

/* role_remove - the role's row, its memberships both ways, its settings. */
static Status role_remove(Cx *cx, DdlCx *d, Oid oid)
{
    static const uint16_t MEMBER = PG_AUTH_MEMBERS_MEMBER;
    Datum key = {.u32 = oid};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_AUTH_MEMBERS, &MEMBER, &key, 1, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        TRY(ddl_row_remove(cx, d, CAT_PG_AUTH_MEMBERS, list.rows[i].values, 2));
    }
    TRY(ddl_row_remove(cx, d, CAT_PG_AUTH_MEMBERS, &key, 1));
    TRY(ddl_drop_role_settings(cx, d, oid));
    return ddl_row_remove(cx, d, CAT_PG_AUTHID, &key, 1);
}

Status ddl_drop_roles(Cx *cx, DdlCx *d, const PgQuery__DropRoleStmt *stmt)
{
    bool may;
    Oid *list = ARENA_ARRAY(d->arena, Oid, stmt->n_roles + 1);
    uint32_t count = 0;
    TRY(ddl_may_create_roles(cx, d, &may));
    if (!may) {
        return role_refuse(cx, "permission denied to drop role");
    }
    for (size_t i = 0; i < stmt->n_roles; i++) {
        const PgQuery__RoleSpec *spec = stmt->roles[i]->role_spec;
        const CatRole *role;
        Oid oid;
        if (spec->roletype != PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "cannot use special role specifier in DROP ROLE");
        }
        Status st = cat_role_by_name(cx, d->view, spec->rolename, &oid);
        if (st == ST_NOTFOUND && stmt->missing_ok) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "role \"%s\" does not exist, skipping", spec->rolename);
            continue;
        }
        TRY(cat_role_need(cx, d->view, spec->rolename, &role));
        TRY(role_drop_check(cx, d, role));
        TRY(ddl_shdepend_check(cx, d, role->oid, role->name));
        TRY(role_remove(cx, d, role->oid));
        cat_changed(d->view);
        list[count++] = oid;
    }
    return ST_OK;
}
