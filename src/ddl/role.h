#ifndef DASSIE_DDL_ROLE_H
#define DASSIE_DDL_ROLE_H
/*
 * role.h - what the files about roles and privileges share, and what other statements ask of them:
 * ownership, lists of new objects, pg_shdepend.
 *
 * One thread, that of the session's statement.
 */
#include "catalog/acl.h"
#include "ddl/ddl_internal.h"

/* ---- role_name.c ---- */
/* ddl_role_spec - the role a RoleSpec means; public_ok: PUBLIC is 0. 42704. */
Status ddl_role_spec(Cx *cx, DdlCx *d, const PgQuery__RoleSpec *spec, bool public_ok, Oid *oid_out);
/* ddl_may_create_roles - CREATEROLE, or a superuser. */
Status ddl_may_create_roles(Cx *cx, DdlCx *d, bool *out);
/* ddl_user_can_become - 42501 "must be member of role ..." unless the user is. */
Status ddl_user_can_become(Cx *cx, DdlCx *d, Oid role);

/* ---- role.c, role_member.c, role_setting.c ---- */
Status ddl_create_role(Cx *cx, DdlCx *d, const PgQuery__CreateRoleStmt *stmt);
Status ddl_alter_role(Cx *cx, DdlCx *d, const PgQuery__AlterRoleStmt *stmt);
Status ddl_drop_roles(Cx *cx, DdlCx *d, const PgQuery__DropRoleStmt *stmt);
Status ddl_rename_role(Cx *cx, DdlCx *d, const char *from, const char *to);
Status ddl_grant_role(Cx *cx, DdlCx *d, const PgQuery__GrantRoleStmt *stmt);
/* ddl_add_members, ddl_remove_members - of one role. */
Status ddl_add_members(Cx *cx, DdlCx *d, Oid role, const Oid *members, uint32_t count, Oid grantor,
                       bool admin);
Status ddl_remove_members(Cx *cx, DdlCx *d, Oid role, const Oid *members, uint32_t count,
                          bool admin_only);
Status ddl_role_set(Cx *cx, DdlCx *d, const PgQuery__AlterRoleSetStmt *stmt);
Status ddl_database_set(Cx *cx, DdlCx *d, const PgQuery__AlterDatabaseSetStmt *stmt);
/* ddl_drop_role_settings - ALTER ROLE ... SET of a role that goes. */
Status ddl_drop_role_settings(Cx *cx, DdlCx *d, Oid role);

/* ---- shdepend.c: which roles an object needs ---- */
/* ddl_shdepend_owner - the object's owner is this one (a new object, or a new owner). */
Status ddl_shdepend_owner(Cx *cx, DdlCx *d, DdlObject o, Oid owner);
/* ddl_shdepend_acl - the list names other roles now. NULL lists are empty. */
Status ddl_shdepend_acl(Cx *cx, DdlCx *d, DdlObject o, Oid owner, const Acl *before,
                        const Acl *after);
/* ddl_shdepend_roles - the object is about these roles (policies). */
Status ddl_shdepend_roles(Cx *cx, DdlCx *d, DdlObject o, const Oid *roles, uint32_t count);
/* ddl_shdepend_drop - the object goes. */
Status ddl_shdepend_drop(Cx *cx, DdlCx *d, DdlObject o);
/* ddl_shdepend_copy - a new database's objects need the roles that those of its template do. */
Status ddl_shdepend_copy(Cx *cx, DdlCx *d, Oid from, Oid to);
/* ddl_shdepend_of_role - rows about the role, in all databases. */
Status ddl_shdepend_of_role(Cx *cx, DdlCx *d, Oid role, DdlRowList *out);
/* ddl_shdepend_check - 2BP01 when something needs the role. */
Status ddl_shdepend_check(Cx *cx, DdlCx *d, Oid role, const char *name);

/* ---- acl_edit.c ---- */
/* acl_update - the item's privileges added to the list or taken from it, with what depended on
 * them. 2BP01 without cascade, 0LP01. */
Status acl_update(Cx *cx, DdlCx *d, Acl *acl, const AclItem *item, bool add, Oid owner,
                  bool cascade);
bool acl_equal(const Acl *a, const Acl *b);
void acl_sort(Acl *acl);
/* AclChange - GRANT or REVOKE, its objects aside. */
typedef struct AclChange {
    bool grant, option, cascade, all;
    AclMode mode; /* rights; all: every right of the kind */
    const Oid *grantees;
    uint32_t grantee_count;
} AclChange;
Status acl_merge(Cx *cx, DdlCx *d, Acl *acl, const AclChange *c, Oid grantor, Oid owner);
/* acl_grantor - who grants, and which of the wanted rights it may grant on (as rights). */
Status acl_grantor(Cx *cx, DdlCx *d, const Acl *acl, Oid owner, AclMode want, Oid *grantor_out,
                   AclMode *may_out);

/* ---- grant.c, default_acl.c ---- */
Status ddl_grant(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt);
/* ddl_named_object - a schema, database, language, tablespace, function or type as GRANT and ALTER
 * name it. */
Status ddl_named_object(Cx *cx, DdlCx *d, PgQuery__ObjectType type, const PgQuery__Node *node,
                        Oid *class_out, Oid *oid_out);
/* ddl_acl_change - one object by its OID. sub 0: the object; else a column. */
Status ddl_acl_change(Cx *cx, DdlCx *d, Oid class_oid, Oid oid, const AclChange *c);
/* ddl_relation_change - all rights on a relation and its columns. ddl_default_forget - on objects
 * to be made, by a row of pg_default_acl. ddl_policy_forget - the role out of a policy, which goes
 * when it was about no other. */
Status ddl_relation_change(Cx *cx, DdlCx *d, Oid table, const AclChange *c);
Status ddl_default_forget(Cx *cx, DdlCx *d, Oid oid, const AclChange *c);
Status ddl_policy_forget(Cx *cx, DdlCx *d, Oid policy, Oid role);
Status ddl_grant_rights(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt, const AclKind *kind,
                        AclMode *mode_out, bool *all_out);
Status ddl_grant_grantees(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt, AclChange *c);
Status ddl_default_privileges(Cx *cx, DdlCx *d, const PgQuery__AlterDefaultPrivilegesStmt *stmt);
/* ddl_new_acl - the list a new object of the kind begins with, as stored; NULL: none. */
Status ddl_new_acl(Cx *cx, DdlCx *d, char kind, Oid owner, Oid namespace_oid, const Acl **acl_out,
                   const char **text_out);

/* ---- owner.c ---- */
/* ddl_object_owner - the object gets another owner, with its lists and parts. */
Status ddl_object_owner(Cx *cx, DdlCx *d, DdlObject o, Oid owner);
Status ddl_change_owner(Cx *cx, DdlCx *d, DdlObject o, const PgQuery__RoleSpec *role);
Status ddl_drop_owned(Cx *cx, DdlCx *d, const PgQuery__DropOwnedStmt *stmt);
Status ddl_reassign_owned(Cx *cx, DdlCx *d, const PgQuery__ReassignOwnedStmt *stmt);

/* ---- policy.c ---- */
Status ddl_create_policy(Cx *cx, DdlCx *d, const PgQuery__CreatePolicyStmt *stmt);
Status ddl_alter_policy(Cx *cx, DdlCx *d, const PgQuery__AlterPolicyStmt *stmt);
Status ddl_rename_policy(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt);
/* ddl_drop_policy - the policy a DROP POLICY names; *o_out stays empty when IF EXISTS excuses its
 * absence. ddl_row_security - the switches of ALTER TABLE. */
Status ddl_drop_policy(Cx *cx, DdlCx *d, const PgQuery__Node *object, bool missing_ok,
                       DdlObject *o_out);
Status ddl_row_security(Cx *cx, DdlCx *d, Oid table, PgQuery__AlterTableType what);

/* ddl_role_any - the statements of these files; ST_NOTFOUND for others. */
Status ddl_role_any(Cx *cx, DdlCx *d, const struct PgQuery__Node *stmt, const char **tag_out);

#endif
