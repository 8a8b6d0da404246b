/*
 * role_name.c - which role is meant, what the user may do with roles, and which statement about
 * roles and privileges is whose.
 */
#include "ddl/role.h"

Status ddl_role_spec(Cx *cx, DdlCx *d, const PgQuery__RoleSpec *spec, bool public_ok, Oid *oid_out)
{
    const CatRole *role;
    switch (spec->roletype) {
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE:
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER: *oid_out = d->view->user; return ST_OK;
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER: *oid_out = d->session_user; return ST_OK;
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC:
        *oid_out = OID_INVALID;
        return public_ok
                   ? ST_OK
                   : err_set(cx, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", "public");
    default: break;
    }
    TRY(cat_role_need(cx, d->view, spec->rolename, &role));
    *oid_out = role->oid;
    return ST_OK;
}

Status ddl_may_create_roles(Cx *cx, DdlCx *d, bool *out)
{
    const CatRole *role;
    *out = d->view->user_super;
    if (*out) {
        return ST_OK;
    }
    Status st = cat_role(cx, d->view, d->view->user, &role);
    *out = st == ST_OK && role->create_role;
    return st == ST_ERROR ? st : ST_OK;
}

Status ddl_user_can_become(Cx *cx, DdlCx *d, Oid role)
{
    bool member;
    const char *name;
    TRY(cat_role_member(cx, d->view, d->view->user, role, &member));
    if (member) {
        return ST_OK;
    }
    TRY(cat_role_name(cx, d->view, d->arena, role, &name));
    return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be member of role \"%s\"", name);
}

Status ddl_role_any(Cx *cx, DdlCx *d, const struct PgQuery__Node *stmt, const char **tag_out)
{
    switch (stmt->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT:
        *tag_out = "CREATE ROLE";
        return ddl_create_role(cx, d, stmt->create_role_stmt);
    case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT:
        *tag_out = "ALTER ROLE";
        return ddl_alter_role(cx, d, stmt->alter_role_stmt);
    case PG_QUERY__NODE__NODE_ALTER_ROLE_SET_STMT:
        *tag_out = "ALTER ROLE";
        return ddl_role_set(cx, d, stmt->alter_role_set_stmt);
    case PG_QUERY__NODE__NODE_ALTER_DATABASE_SET_STMT:
        *tag_out = "ALTER DATABASE";
        return ddl_database_set(cx, d, stmt->alter_database_set_stmt);
    case PG_QUERY__NODE__NODE_DROP_ROLE_STMT:
        *tag_out = "DROP ROLE";
        return ddl_drop_roles(cx, d, stmt->drop_role_stmt);
    case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT:
        *tag_out = stmt->grant_role_stmt->is_grant ? "GRANT ROLE" : "REVOKE ROLE";
        return ddl_grant_role(cx, d, stmt->grant_role_stmt);
    case PG_QUERY__NODE__NODE_GRANT_STMT:
        *tag_out = stmt->grant_stmt->is_grant ? "GRANT" : "REVOKE";
        return ddl_grant(cx, d, stmt->grant_stmt);
    case PG_QUERY__NODE__NODE_ALTER_DEFAULT_PRIVILEGES_STMT:
        *tag_out = "ALTER DEFAULT PRIVILEGES";
        return ddl_default_privileges(cx, d, stmt->alter_default_privileges_stmt);
    case PG_QUERY__NODE__NODE_DROP_OWNED_STMT:
        *tag_out = "DROP OWNED";
        return ddl_drop_owned(cx, d, stmt->drop_owned_stmt);
    case PG_QUERY__NODE__NODE_REASSIGN_OWNED_STMT:
        *tag_out = "REASSIGN OWNED";
        return ddl_reassign_owned(cx, d, stmt->reassign_owned_stmt);
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
        *tag_out = "CREATE POLICY";
        return ddl_create_policy(cx, d, stmt->create_policy_stmt);
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT:
        *tag_out = "ALTER POLICY";
        return ddl_alter_policy(cx, d, stmt->alter_policy_stmt);
    default: return ST_NOTFOUND;
    }
}
