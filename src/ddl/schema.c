/*
 * schema.c - CREATE SCHEMA, ALTER SCHEMA ... OWNER TO.
 */
#include "ddl/ddl_internal.h"

Status ddl_create_schema(Cx *cx, DdlCx *d, const PgQuery__CreateSchemaStmt *stmt)
{
    const char *name = stmt->schemaname;
    Oid oid;
    if (stmt->authrole != NULL) {
        const char *role = stmt->authrole->rolename;
        if (role != NULL && role[0] != '\0' && strcmp(role, d->view->user_name) != 0) {
            return err_unsupported(cx, "schemas of other roles are not supported");
        }
        if (name == NULL || name[0] == '\0') {
            name = d->view->user_name;
        }
    }
    if (strncmp(name, "pg_", 3) == 0) {
        st_ignore(err_set(cx, ERRCODE_RESERVED_NAME, "unacceptable schema name \"%s\"", name));
        return err_detail(cx, "The prefix \"pg_\" is reserved for system schemas.");
    }
    if (stmt->n_schema_elts != 0) {
        return err_unsupported(cx, "elements of CREATE SCHEMA are not supported");
    }
    Status st = cat_namespace(cx, d->view, name, &oid);
    if (st == ST_OK && stmt->if_not_exists) {
        err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_SCHEMA, NULL,
                   "schema \"%s\" already exists, skipping", name);
        return ST_OK;
    }
    if (st == ST_OK) {
        return err_set(cx, ERRCODE_DUPLICATE_SCHEMA, "schema \"%s\" already exists", name);
    }
    if (st != ST_NOTFOUND) {
        return st;
    }
    DdlRow r;
    TRY(ddl_new_oid(cx, d, &oid));
    ddl_row_init(&r, CAT_PG_NAMESPACE);
    ddl_set_oid(&r, PG_NAMESPACE_OID, oid);
    ddl_set_text(&r, PG_NAMESPACE_NSPNAME, name);
    ddl_set_oid(&r, PG_NAMESPACE_NSPOWNER, d->view->user);
    TRY(ddl_row_insert(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_alter_owner(Cx *cx, DdlCx *d, const PgQuery__AlterOwnerStmt *stmt, const char **tag_out)
{
    Oid oid;
    if (stmt->object_type != PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        return ST_NOTFOUND;
    }
    const char *name = stmt->object->string->sval;
    *tag_out = "ALTER SCHEMA";
    Status st = cat_namespace(cx, d->view, name, &oid);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
    }
    return st == ST_OK ? ddl_owner(cx, d, stmt->newowner) : st;
}
