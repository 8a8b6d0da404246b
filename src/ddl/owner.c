/*
 * owner.c - who owns an object: ALTER ... OWNER TO, REASSIGN OWNED, DROP OWNED.
 */
#include <stdlib.h>

#include "ddl/role.h"

/* owner_new_acl - the list with the new owner in the old one's place; entries that became the same
 * are one. */
static void owner_new_acl(DdlCx *d, const Acl *old, Oid from, Oid to, Acl *out)
{
    out->items = ARENA_ARRAY(d->arena, AclItem, old->count + 1);
    out->count = 0;
    for (uint32_t i = 0; i < old->count; i++) {
        AclItem item = old->items[i];
        item.grantee = item.grantee == from ? to : item.grantee;
        item.grantor = item.grantor == from ? to : item.grantor;
        uint32_t k = 0;
        while (k < out->count &&
               (out->items[k].grantee != item.grantee || out->items[k].grantor != item.grantor)) {
            k++;
        }
        if (k < out->count) {
            out->items[k].mode |= item.mode;
        } else {
            out->items[out->count++] = item;
        }
    }
}

/* owner_columns - the lists of a relation's columns know the new owner. */
static Status owner_columns(Cx *cx, DdlCx *d, Oid table, const CatAcl *a, Oid owner)
{
    for (uint16_t i = 0; i < a->column_count; i++) {
        Acl now;
        DdlRow r;
        const CatColumnAcl *c = &a->columns[i];
        owner_new_acl(d, &c->acl, a->owner, owner, &now);
        TRY(ddl_load_attribute(cx, d, table, c->number, &r));
        ddl_set_text(&r, PG_ATTRIBUTE_ATTACL, acl_text(d->arena, &now));
        TRY(ddl_row_store(cx, d, &r));
        DdlObject o = {CAT_PG_CLASS, table, c->number};
        TRY(ddl_shdepend_acl(cx, d, o, a->owner, &c->acl, NULL));
        TRY(ddl_shdepend_acl(cx, d, o, owner, NULL, &now));
    }
    return ST_OK;
}

/* owner_row - the owner in the object's row, and in its list. */
static Status owner_row(Cx *cx, DdlCx *d, DdlObject o, Oid owner, bool record)
{
    const CatAcl *a;
    Datum key = {.u32 = o.oid};
    DdlRow r;
    Acl now = {0};
    Status st = cat_acl(cx, d->view, o.class_oid, o.oid, &a);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    TRY(ddl_row_load(cx, d, acl_catalog(o.class_oid), &key, 1, &r));
    ddl_set_oid(&r, a->kind->owner, owner);
    if (a->given) {
        owner_new_acl(d, &a->acl, a->owner, owner, &now);
        ddl_set_text(&r, a->kind->acl, acl_text(d->arena, &now));
    }
    TRY(ddl_row_store(cx, d, &r));
    if (a->given) {
        TRY(ddl_shdepend_acl(cx, d, o, a->owner, &a->acl, NULL));
        TRY(ddl_shdepend_acl(cx, d, o, owner, NULL, &now));
    }
    if (o.class_oid == CAT_PG_CLASS) {
        TRY(owner_columns(cx, d, o.oid, a, owner));
    }
    return record ? ddl_shdepend_owner(cx, d, o, owner) : ST_OK;
}

/* owner_type - a relation's row type and its array, or a type and its array. */
static Status owner_type(Cx *cx, DdlCx *d, Oid type, Oid owner, bool record)
{
    Datum key = {.u32 = type};
    DdlRow r;
    Status st = ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &r);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    Oid array = r.values[PG_TYPE_TYPARRAY].u32;
    TRY(owner_row(cx, d, (DdlObject){CAT_PG_TYPE, type, 0}, owner, record));
    return array != OID_INVALID ? owner_row(cx, d, (DdlObject){CAT_PG_TYPE, array, 0}, owner, false)
                                : ST_OK;
}

/* owner_sequences - sequences that belong to columns of the table go with it. */
static Status owner_sequences(Cx *cx, DdlCx *d, Oid table, Oid owner)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID};
    Datum key[2] = {{.u32 = CAT_PG_CLASS}, {.u32 = table}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const DdlRow *r = &list.rows[i];
        const char *type = ddl_row_text(d, r, PG_DEPEND_DEPTYPE);
        const CatTable *t;
        if (r->values[PG_DEPEND_CLASSID].u32 != CAT_PG_CLASS ||
            r->values[PG_DEPEND_REFOBJSUBID].i32 == 0 || (type[0] != 'a' && type[0] != 'i')) {
            continue;
        }
        Status st = cat_table_by_oid(cx, d->view, r->values[PG_DEPEND_OBJID].u32, &t);
        if (st == ST_OK && t->kind == 'S') {
            TRY(ddl_object_owner(cx, d, (DdlObject){CAT_PG_CLASS, t->oid, 0}, owner));
        } else if (st == ST_ERROR) {
            return st;
        }
    }
    return ST_OK;
}

Status ddl_object_owner(Cx *cx, DdlCx *d, DdlObject o, Oid owner)
{
    const CatTable *t;
    if (o.class_oid == CAT_PG_TYPE) {
        const CatType *type = cat_type(d->view, o.oid);
        TRY(owner_type(cx, d, o.oid, owner, true));
        if (type != NULL && type->kind == 'c') {
            TRY(owner_row(cx, d, (DdlObject){CAT_PG_CLASS, type->relation, 0}, owner, false));
        }
    } else if (o.class_oid != CAT_PG_CLASS) {
        TRY(owner_row(cx, d, o, owner, true));
    } else {
        TRY(cat_table_by_oid(cx, d->view, o.oid, &t));
        if (t->owner == owner) {
            return ST_OK;
        }
        TRY(owner_row(cx, d, o, owner, t->kind != 'i'));
        if (t->type_oid != OID_INVALID) {
            TRY(owner_type(cx, d, t->type_oid, owner, false));
        }
        for (uint16_t i = 0; i < t->index_count; i++) {
            TRY(owner_row(cx, d, (DdlObject){CAT_PG_CLASS, t->indexes[i].oid, 0}, owner, false));
        }
        if (t->kind == 'r' || t->kind == 'm') {
            TRY(owner_sequences(cx, d, o.oid, owner));
        }
    }
    cat_changed(d->view);
    return ST_OK;
}

/* owner_may - the new owner could have made the object where it is. */
static Status owner_may(Cx *cx, DdlCx *d, DdlObject o, Oid owner)
{
    const CatRole *user;
    if (d->view->user_super) {
        return ST_OK;
    }
    TRY(o.class_oid == CAT_PG_TYPE ? ddl_type_owned(cx, d, o.oid)
                                   : cat_owner_need(cx, d->view, o.class_oid, o.oid));
    TRY(ddl_user_can_become(cx, d, owner));
    Oid namespace_oid = OID_INVALID;
    if (o.class_oid == CAT_PG_CLASS) {
        const CatAcl *a;
        TRY(cat_acl(cx, d->view, o.class_oid, o.oid, &a));
        namespace_oid = a->namespace_oid;
    } else if (o.class_oid == CAT_PG_TYPE && cat_type(d->view, o.oid) != NULL) {
        namespace_oid = cat_type(d->view, o.oid)->namespace_oid;
    } else if (o.class_oid == CAT_PG_PROC && cat_proc(d->view, o.oid) != NULL) {
        namespace_oid = cat_proc(d->view, o.oid)->namespace_oid;
    }
    if (namespace_oid != OID_INVALID) {
        return cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, namespace_oid, owner, ACL_CREATE);
    }
    if (o.class_oid == CAT_PG_NAMESPACE) {
        return cat_acl_need(cx, d->view, CAT_PG_DATABASE, d->view->database, d->view->user,
                            ACL_CREATE);
    }
    if (o.class_oid == CAT_PG_DATABASE) {
        TRY(cat_role(cx, d->view, d->view->user, &user));
        return user->create_db ? ST_OK
                               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                                         "permission denied to change owner of database");
    }
    return ST_OK;
}

Status ddl_change_owner(Cx *cx, DdlCx *d, DdlObject o, const PgQuery__RoleSpec *role)
{
    Oid owner;
    const CatAcl *a;
    TRY(ddl_role_spec(cx, d, role, false, &owner));
    TRY(cat_acl(cx, d->view, o.class_oid, o.oid, &a));
    if (o.class_oid == CAT_PG_CLASS && (a->relkind == 'i' || a->relkind == 'I')) {
        err_notice(cx, ERR_WARNING, ERRCODE_WRONG_OBJECT_TYPE,
                   "Change the ownership of the index's table, instead.",
                   "cannot change owner of index \"%s\"", a->name);
        return ST_OK;
    }
    if (a->owner == owner) {
        return ST_OK;
    }
    TRY(owner_may(cx, d, o, owner));
    return ddl_object_owner(cx, d, o, owner);
}

/* ---- REASSIGN OWNED, DROP OWNED ---- */

/* owned_refuse - objects of the superuser a file begins with are the system's. */
static Status owned_refuse(Cx *cx, Oid role, const char *what)
{
    return role >= FIRST_USER_OID
               ? ST_OK
               : err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                         "cannot %s objects owned by role %s because they are required by the "
                         "database system",
                         what, role == ROLE_BOOTSTRAP ? "postgres" : "that is predefined");
}

/* owned_may - the user has what each of the roles has. */
static Status owned_may(Cx *cx, DdlCx *d, Oid role, const char *what)
{
    bool in;
    TRY(cat_role_inherits(cx, d->view, d->view->user, role, &in));
    return in ? ST_OK
              : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to %s objects",
                        what);
}

/* owned_here - is the row of pg_shdepend about this database (or about all)? */
static bool owned_here(const DdlCx *d, const DdlRow *r)
{
    Oid database = r->values[PG_SHDEPEND_DBID].u32;
    return database == OID_INVALID || database == d->view->database;
}

static DdlObject owned_object(const DdlRow *r)
{
    return (DdlObject){r->values[PG_SHDEPEND_CLASSID].u32, r->values[PG_SHDEPEND_OBJID].u32,
                       r->values[PG_SHDEPEND_OBJSUBID].i32};
}

Status ddl_reassign_owned(Cx *cx, DdlCx *d, const PgQuery__ReassignOwnedStmt *stmt)
{
    Oid to;
    Oid *from = ARENA_ARRAY(d->arena, Oid, stmt->n_roles + 1);
    for (size_t i = 0; i < stmt->n_roles; i++) {
        bool in;
        TRY(ddl_role_spec(cx, d, stmt->roles[i]->role_spec, false, &from[i]));
        TRY(cat_role_inherits(cx, d->view, d->view->user, from[i], &in));
        if (!in) {
            return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                           "permission denied to reassign objects");
        }
    }
    TRY(ddl_role_spec(cx, d, stmt->newrole, false, &to));
    TRY(owned_may(cx, d, to, "reassign"));
    for (size_t i = 0; i < stmt->n_roles; i++) {
        DdlRowList list;
        TRY(owned_refuse(cx, from[i], "reassign ownership of"));
        TRY(ddl_shdepend_of_role(cx, d, from[i], &list));
        for (uint32_t k = 0; k < list.count; k++) {
            const char *type = ddl_row_text(d, &list.rows[k], PG_SHDEPEND_DEPTYPE);
            DdlObject o = owned_object(&list.rows[k]);
            if (type[0] != 'o' || !owned_here(d, &list.rows[k]) ||
                o.class_oid == CAT_PG_DEFAULT_ACL) {
                continue;
            }
            TRY(ddl_object_owner(cx, d, o, to));
        }
    }
    return ST_OK;
}

/* owned_forget - what the role was granted on the object is revoked; policies about it alone go. */
static Status owned_forget(Cx *cx, DdlCx *d, Oid role, const DdlRow *r)
{
    DdlObject o = owned_object(r);
    AclChange c = {.cascade = true, .all = true, .grantees = &role, .grantee_count = 1};
    switch (o.class_oid) {
    case CAT_PG_POLICY: return ddl_policy_forget(cx, d, o.oid, role);
    case CAT_PG_DEFAULT_ACL: return ddl_default_forget(cx, d, o.oid, &c);
    case CAT_PG_CLASS: return ddl_relation_change(cx, d, o.oid, &c);
    default: {
        const CatAcl *a;
        TRY(cat_acl(cx, d->view, o.class_oid, o.oid, &a));
        c.mode = a->kind->all;
        return ddl_acl_change(cx, d, o.class_oid, o.oid, &c);
    }
    }
}

/* owned_newest_first - the order PostgreSQL drops them in, which its notices show. */
static int owned_newest_first(const void *a, const void *b)
{
    const DdlObject *x = a, *y = b;
    return (x->oid < y->oid) - (x->oid > y->oid);
}

Status ddl_drop_owned(Cx *cx, DdlCx *d, const PgQuery__DropOwnedStmt *stmt)
{
    DdlObject *roots = NULL;
    uint32_t count = 0;
    for (size_t i = 0; i < stmt->n_roles; i++) {
        Oid role;
        TRY(ddl_role_spec(cx, d, stmt->roles[i]->role_spec, false, &role));
        TRY(owned_may(cx, d, role, "drop"));
        TRY(owned_refuse(cx, role, "drop"));
        DdlRowList list;
        TRY(ddl_shdepend_of_role(cx, d, role, &list));
        roots = arena_grow(d->arena, roots, count * sizeof(DdlObject),
                           (count + list.count + 1) * sizeof(DdlObject));
        for (uint32_t k = 0; k < list.count; k++) {
            const char *type = ddl_row_text(d, &list.rows[k], PG_SHDEPEND_DEPTYPE);
            DdlObject o = owned_object(&list.rows[k]);
            if (!owned_here(d, &list.rows[k])) {
                continue;
            }
            if (type[0] != 'o') {
                TRY(owned_forget(cx, d, role, &list.rows[k]));
            } else if (list.rows[k].values[PG_SHDEPEND_DBID].u32 != OID_INVALID) {
                roots[count++] = o; /* databases stay */
            }
        }
    }
    array_sort(roots, count, sizeof(DdlObject), owned_newest_first);
    return count == 0 ? ST_OK
                      : ddl_drop_objects(cx, d, roots, count,
                                         stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}
