/*
 * default_acl.c - ALTER DEFAULT PRIVILEGES: the lists that objects made later begin with.
 */
#include "ddl/role.h"

/* DEFAULT_KINDS - what there are default privileges of, with its letter in pg_default_acl. */
static const struct {
    PgQuery__ObjectType type;
    char letter;
} DEFAULT_KINDS[] = {
    {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, 'r'},     {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, 'S'},
    {PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION, 'f'},  {PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE, 'f'},
    {PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE, 'f'}, {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, 'T'},
    {PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, 'n'},
};

/* default_kind - by the letter of pg_default_acl, which calls sequences S. */
static const AclKind *default_kind(char letter)
{
    return acl_kind_of_letter(letter == 'S' ? 's' : letter);
}

/* default_find - the row of (role, schema, kind); *found false when there is none. */
static Status default_find(Cx *cx, DdlCx *d, Oid role, Oid ns, char letter, DdlRow *out,
                           bool *found)
{
    static const uint16_t COLUMNS[2] = {PG_DEFAULT_ACL_DEFACLROLE, PG_DEFAULT_ACL_DEFACLNAMESPACE};
    Datum key[2] = {{.u32 = role}, {.u32 = ns}};
    DdlRowList list;
    *found = false;
    TRY(ddl_rows(cx, d, CAT_PG_DEFAULT_ACL, COLUMNS, key, 2, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const char *type = ddl_row_text(d, &list.rows[i], PG_DEFAULT_ACL_DEFACLOBJTYPE);
        if (type[0] == letter) {
            *out = list.rows[i];
            *found = true;
        }
    }
    return ST_OK;
}

/* default_store - the row gets the list, or is made, or goes when it says nothing new. */
static Status default_store(Cx *cx, DdlCx *d, DdlRow *r, bool found, const Acl *before,
                            const Acl *now, bool plain)
{
    Oid role = r->values[PG_DEFAULT_ACL_DEFACLROLE].u32;
    Oid ns = r->values[PG_DEFAULT_ACL_DEFACLNAMESPACE].u32;
    static const Acl NONE = {0};
    if (plain) {
        return found ? ddl_remove_object(
                           cx, d,
                           (DdlObject){CAT_PG_DEFAULT_ACL, r->values[PG_DEFAULT_ACL_OID].u32, 0})
                     : ST_OK;
    }
    if (!found) {
        Oid oid;
        TRY(ddl_new_oid(cx, d, &oid));
        ddl_set_oid(r, PG_DEFAULT_ACL_OID, oid);
    }
    DdlObject self = {CAT_PG_DEFAULT_ACL, r->values[PG_DEFAULT_ACL_OID].u32, 0};
    ddl_set_text(r, PG_DEFAULT_ACL_DEFACLACL, acl_text(d->arena, now));
    TRY(found ? ddl_row_store(cx, d, r) : ddl_row_insert(cx, d, r));
    if (!found) {
        TRY(ddl_shdepend_owner(cx, d, self, role));
        if (ns != OID_INVALID) {
            TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_NAMESPACE, ns, 0}, 'a'));
        }
    }
    return ddl_shdepend_acl(cx, d, self, role, found ? before : &NONE, now);
}

/* default_change - one role's, in one schema or everywhere. */
static Status default_change(Cx *cx, DdlCx *d, Oid role, Oid ns, char letter, const AclChange *c)
{
    DdlRow r;
    bool found;
    Acl before = {0}, now;
    const AclKind *kind = default_kind(letter);
    Acl plain = {0};
    if (ns == OID_INVALID) {
        plain = acl_default(d->arena, kind, role);
    }
    TRY(default_find(cx, d, role, ns, letter, &r, &found));
    if (found) {
        TRY(acl_parse(cx, d->arena, ddl_row_text(d, &r, PG_DEFAULT_ACL_DEFACLACL), &before));
    } else {
        ddl_row_init(&r, CAT_PG_DEFAULT_ACL);
        ddl_set_oid(&r, PG_DEFAULT_ACL_DEFACLROLE, role);
        ddl_set_oid(&r, PG_DEFAULT_ACL_DEFACLNAMESPACE, ns);
        ddl_set_char(&r, PG_DEFAULT_ACL_DEFACLOBJTYPE, letter);
        before = plain;
    }
    now = before;
    TRY(acl_merge(cx, d, &now, c, role, role));
    acl_sort(&now);
    acl_sort(&plain);
    TRY(default_store(cx, d, &r, found, &before, &now, acl_equal(&now, &plain)));
    cat_changed(d->view);
    return ST_OK;
}

/* default_in_schemas - one role's, in the schemas named, or everywhere. */
static Status default_in_schemas(Cx *cx, DdlCx *d, Oid role, const PgQuery__List *schemas,
                                 char letter, const AclChange *c)
{
    if (schemas == NULL) {
        return default_change(cx, d, role, OID_INVALID, letter, c);
    }
    for (size_t i = 0; i < schemas->n_items; i++) {
        const char *name = ddl_string(schemas->items[i]);
        Oid ns;
        Status st = cat_namespace(cx, d->view, name, &ns);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
        }
        TRY(st);
        TRY(default_change(cx, d, role, ns, letter, c));
    }
    return ST_OK;
}

Status ddl_default_forget(Cx *cx, DdlCx *d, Oid oid, const AclChange *c)
{
    Datum key = {.u32 = oid};
    DdlRow r;
    AclChange one = *c;
    Status st = ddl_row_load(cx, d, CAT_PG_DEFAULT_ACL, &key, 1, &r);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    const char *type = ddl_row_text(d, &r, PG_DEFAULT_ACL_DEFACLOBJTYPE);
    one.mode = default_kind(type[0])->all;
    return default_change(cx, d, r.values[PG_DEFAULT_ACL_DEFACLROLE].u32,
                          r.values[PG_DEFAULT_ACL_DEFACLNAMESPACE].u32, type[0], &one);
}

Status ddl_default_privileges(Cx *cx, DdlCx *d, const PgQuery__AlterDefaultPrivilegesStmt *stmt)
{
    const PgQuery__List *schemas = NULL, *roles = NULL;
    AclChange c = {0};
    char letter = 0;
    for (size_t i = 0; i < stmt->n_options; i++) {
        const PgQuery__DefElem *e = stmt->options[i]->def_elem;
        const PgQuery__List **slot = strcmp(e->defname, "schemas") == 0 ? &schemas : &roles;
        if (*slot != NULL) {
            st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"));
            return ddl_error_at(cx, d, ST_ERROR, e->location);
        }
        *slot = e->arg->list;
    }
    for (size_t i = 0; i < ARRAY_LEN(DEFAULT_KINDS); i++) {
        letter = DEFAULT_KINDS[i].type == stmt->action->objtype ? DEFAULT_KINDS[i].letter : letter;
    }
    if (letter == 0) {
        return err_unsupported(cx, "default privileges of this kind of object are not supported");
    }
    const AclKind *kind = default_kind(letter);
    TRY(ddl_grant_grantees(cx, d, stmt->action, &c));
    for (size_t i = 0; i < stmt->action->n_privileges; i++) {
        if (stmt->action->privileges[i]->access_priv->n_cols != 0) {
            return err_set(cx, ERRCODE_INVALID_GRANT_OPERATION,
                           "default privileges cannot be set for columns");
        }
    }
    TRY(ddl_grant_rights(cx, d, stmt->action, kind, &c.mode, &c.all));
    c.mode = c.all ? kind->all : c.mode & kind->all;
    if (letter == 'n' && schemas != NULL) {
        return err_set(cx, ERRCODE_INVALID_GRANT_OPERATION,
                       "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS");
    }
    if (roles == NULL) {
        return default_in_schemas(cx, d, d->view->user, schemas, letter, &c);
    }
    for (size_t i = 0; i < roles->n_items; i++) {
        Oid role;
        TRY(ddl_role_spec(cx, d, roles->items[i]->role_spec, false, &role));
        TRY(ddl_user_can_become(cx, d, role));
        TRY(default_in_schemas(cx, d, role, schemas, letter, &c));
    }
    return ST_OK;
}

Status ddl_new_acl(Cx *cx, DdlCx *d, char letter, Oid owner, Oid ns, const Acl **acl_out,
                   const char **text_out)
{
    DdlRow everywhere, here;
    bool has_everywhere, has_here = false;
    const AclKind *kind = default_kind(letter);
    *acl_out = NULL;
    *text_out = NULL;
    TRY(default_find(cx, d, owner, OID_INVALID, letter, &everywhere, &has_everywhere));
    if (ns != OID_INVALID) {
        TRY(default_find(cx, d, owner, ns, letter, &here, &has_here));
    }
    if (!has_everywhere && !has_here) {
        return ST_OK;
    }
    Acl *acl = ARENA_NEW(d->arena, Acl), plain = acl_default(d->arena, kind, owner), more = {0};
    if (has_everywhere) {
        TRY(acl_parse(cx, d->arena, ddl_row_text(d, &everywhere, PG_DEFAULT_ACL_DEFACLACL), acl));
    } else {
        *acl = acl_default(d->arena, kind, owner);
    }
    if (has_here) {
        TRY(acl_parse(cx, d->arena, ddl_row_text(d, &here, PG_DEFAULT_ACL_DEFACLACL), &more));
    }
    for (uint32_t i = 0; i < more.count; i++) {
        TRY(acl_update(cx, d, acl, &more.items[i], true, owner, false));
    }
    acl_sort(acl);
    acl_sort(&plain);
    if (!acl_equal(acl, &plain)) {
        *acl_out = acl;
        *text_out = acl_text(d->arena, acl);
    }
    return ST_OK;
}
