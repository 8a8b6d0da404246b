/*
 * role_member.c - who is a member of which role: GRANT role TO role and back.
 */
#include "ddl/role.h"

/* member_may - may the user (or the grantor named) say who is in the role? */
static Status member_may(Cx *cx, DdlCx *d, const CatRole *role, Oid grantor)
{
    bool may;
    if (d->view->user_super) {
        return ST_OK;
    }
    if (role->super) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to alter superusers");
    }
    TRY(ddl_may_create_roles(cx, d, &may));
    if (!may) {
        TRY(cat_role_admin(cx, d->view, grantor, role->oid, &may));
    }
    return may ? ST_OK
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "must have admin option on role \"%s\"", role->name);
}

/* member_row - the membership as it is; *found false when there is none. */
static Status member_row(Cx *cx, DdlCx *d, Oid role, Oid member, DdlRow *r, bool *found)
{
    Datum key[2] = {{.u32 = role}, {.u32 = member}};
    Status st = ddl_row_load(cx, d, CAT_PG_AUTH_MEMBERS, key, 2, r);
    *found = st == ST_OK;
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* member_add - one member. */
static Status member_add(Cx *cx, DdlCx *d, const CatRole *role, Oid member, Oid grantor, bool admin)
{
    DdlRow r;
    bool found, circle;
    const char *name;
    TRY(cat_role_name(cx, d->view, d->arena, member, &name));
    if (member == ROLE_PG_DATABASE_OWNER) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "role \"%s\" cannot be a member of any role",
                       name);
    }
    TRY(cat_role_member_of(cx, d->view, role->oid, member, &circle));
    if (circle) {
        return err_set(cx, ERRCODE_INVALID_GRANT_OPERATION,
                       "role \"%s\" is a member of role \"%s\"", role->name, name);
    }
    TRY(member_row(cx, d, role->oid, member, &r, &found));
    if (found && (!admin || r.values[PG_AUTH_MEMBERS_ADMIN_OPTION].b)) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "role \"%s\" is already a member of role \"%s\"", name, role->name);
        return ST_OK;
    }
    if (!found) {
        ddl_row_init(&r, CAT_PG_AUTH_MEMBERS);
        ddl_set_oid(&r, PG_AUTH_MEMBERS_ROLEID, role->oid);
        ddl_set_oid(&r, PG_AUTH_MEMBERS_MEMBER, member);
    }
    ddl_set_oid(&r, PG_AUTH_MEMBERS_GRANTOR, grantor);
    ddl_set_bool(&r, PG_AUTH_MEMBERS_ADMIN_OPTION, admin);
    TRY(found ? ddl_row_store(cx, d, &r) : ddl_row_insert(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_add_members(Cx *cx, DdlCx *d, Oid oid, const Oid *members, uint32_t count, Oid grantor,
                       bool admin)
{
    const CatRole *role;
    if (count == 0) {
        return ST_OK;
    }
    TRY(cat_role(cx, d->view, oid, &role));
    TRY(member_may(cx, d, role, grantor));
    if (oid == ROLE_PG_DATABASE_OWNER) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "role \"%s\" cannot have explicit members",
                       role->name);
    }
    if (grantor != d->view->user && !d->view->user_super) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to set grantor");
    }
    for (uint32_t i = 0; i < count; i++) {
        TRY(cat_role(cx, d->view, oid, &role));
        TRY(member_add(cx, d, role, members[i], grantor, admin));
    }
    return ST_OK;
}

Status ddl_remove_members(Cx *cx, DdlCx *d, Oid oid, const Oid *members, uint32_t count,
                          bool admin_only)
{
    const CatRole *role;
    TRY(cat_role(cx, d->view, oid, &role));
    TRY(member_may(cx, d, role, d->view->user));
    for (uint32_t i = 0; i < count; i++) {
        DdlRow r;
        bool found;
        const char *name;
        TRY(cat_role_name(cx, d->view, d->arena, members[i], &name));
        TRY(member_row(cx, d, oid, members[i], &r, &found));
        if (!found) {
            err_notice(cx, ERR_WARNING, ERRCODE_WARNING, NULL,
                       "role \"%s\" is not a member of role \"%s\"", name, role->name);
            continue;
        }
        if (admin_only) {
            ddl_set_bool(&r, PG_AUTH_MEMBERS_ADMIN_OPTION, false);
            TRY(ddl_row_store(cx, d, &r));
        } else {
            Status st = cat_row_delete(cx, d->view, CAT_PG_AUTH_MEMBERS, r.values, 2);
            if (st == ST_NOTFOUND) {
                return err_unsupported(cx, "memberships of predefined roles in each other cannot "
                                           "be revoked");
            }
            TRY(st);
        }
        cat_changed(d->view);
    }
    return ST_OK;
}

Status ddl_grant_role(Cx *cx, DdlCx *d, const PgQuery__GrantRoleStmt *stmt)
{
    Oid grantor = d->view->user;
    Oid *members = ARENA_ARRAY(d->arena, Oid, stmt->n_grantee_roles + 1);
    if (stmt->grantor != NULL) {
        TRY(ddl_role_spec(cx, d, stmt->grantor, false, &grantor));
    }
    for (size_t i = 0; i < stmt->n_grantee_roles; i++) {
        TRY(ddl_role_spec(cx, d, stmt->grantee_roles[i]->role_spec, false, &members[i]));
    }
    for (size_t i = 0; i < stmt->n_granted_roles; i++) {
        const PgQuery__AccessPriv *p = stmt->granted_roles[i]->access_priv;
        const CatRole *role;
        if (p->priv_name == NULL || p->priv_name[0] == '\0' || p->n_cols != 0) {
            return err_set(cx, ERRCODE_INVALID_GRANT_OPERATION,
                           "column names cannot be included in GRANT/REVOKE ROLE");
        }
        TRY(cat_role_need(cx, d->view, p->priv_name, &role));
        uint32_t n = (uint32_t)stmt->n_grantee_roles;
        TRY(stmt->is_grant ? ddl_add_members(cx, d, role->oid, members, n, grantor, stmt->admin_opt)
                           : ddl_remove_members(cx, d, role->oid, members, n, stmt->admin_opt));
    }
    return cat_user_refresh(cx, d->view);
}
