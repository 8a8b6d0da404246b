/*
 * schema.c - CREATE SCHEMA; ALTER ... OWNER TO of schemas, databases and large objects.
 */
#include <stdlib.h>

#include "ddl/role.h"
#include "func/lob.h"

Status ddl_large_object(Cx *cx, DdlCx *d, const PgQuery__Node *number, DdlObject *o_out)
{
    Oid oid = (Oid)strtoul(ddl_option_value(d->arena, number), NULL, 10);
    *o_out = (DdlObject){CAT_PG_LARGEOBJECT, oid, 0};
    return lob_need(cx, d->view, oid);
}

/* element_relation - the relation an element makes, or belongs to; NULL for others. *rank_out: what
 * comes first, as PostgreSQL orders elements. */
static PgQuery__RangeVar *element_relation(PgQuery__Node *n, int *rank_out)
{
    enum { SEQUENCES, TABLES, VIEWS, INDEXES, TRIGGERS, GRANTS };
    *rank_out = GRANTS;
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
        *rank_out = SEQUENCES;
        return n->create_seq_stmt->sequence;
    case PG_QUERY__NODE__NODE_CREATE_STMT: *rank_out = TABLES; return n->create_stmt->relation;
    case PG_QUERY__NODE__NODE_VIEW_STMT: *rank_out = VIEWS; return n->view_stmt->view;
    case PG_QUERY__NODE__NODE_INDEX_STMT: *rank_out = INDEXES; return n->index_stmt->relation;
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
        *rank_out = TRIGGERS;
        return n->create_trig_stmt->relation;
    default: return NULL;
    }
}

/* schema_place - every element is made in the new schema. */
static Status schema_place(Cx *cx, DdlCx *d, const PgQuery__CreateSchemaStmt *stmt,
                           const char *name)
{
    for (size_t i = 0; i < stmt->n_schema_elts; i++) {
        int rank;
        PgQuery__RangeVar *rv = element_relation(stmt->schema_elts[i], &rank);
        if (rv == NULL) {
            continue;
        }
        if (rv->schemaname != NULL && rv->schemaname[0] != '\0' &&
            strcmp(rv->schemaname, name) != 0) {
            return err_set(cx, ERRCODE_INVALID_SCHEMA_DEFINITION,
                           "CREATE specifies a schema (%s) different from the one being created "
                           "(%s)",
                           rv->schemaname, name);
        }
        rv->schemaname = arena_strdup(d->arena, name);
    }
    return ST_OK;
}

/* schema_elements - CREATE SCHEMA ... CREATE TABLE ...: names are looked for in the new schema
 * first. */
static Status schema_elements(Cx *cx, DdlCx *d, const PgQuery__CreateSchemaStmt *stmt,
                              const char *name, Oid oid)
{
    CatView *v = d->view;
    const Oid *path = v->search_path;
    uint32_t count = v->search_path_count, at = 0;
    Oid creation = v->creation_namespace;
    Oid *inside = ARENA_ARRAY(d->arena, Oid, count + 1);
    Status st = ST_OK;
    while (at < count && (path[at] == v->temp_namespace || path[at] == NAMESPACE_PG_CATALOG)) {
        inside[at] = path[at];
        at++;
    }
    inside[at] = oid;
    memcpy(inside + at + 1, path + at, (count - at) * sizeof(Oid));
    TRY(schema_place(cx, d, stmt, name));
    v->search_path = inside;
    v->search_path_count = count + 1;
    v->creation_namespace = oid;
    for (int rank = 0; rank <= 5 && st == ST_OK; rank++) {
        for (size_t i = 0; i < stmt->n_schema_elts && st == ST_OK; i++) {
            const char *tag;
            int own;
            (void)element_relation(stmt->schema_elts[i], &own);
            if (own == rank) {
                st = ddl_any(cx, d, stmt->schema_elts[i], &tag);
                st = st == ST_NOTFOUND
                         ? err_unsupported(cx, "this element of CREATE SCHEMA is not supported")
                         : st;
            }
        }
    }
    v->search_path = path;
    v->search_path_count = count;
    v->creation_namespace = creation;
    return st;
}

Status ddl_create_schema(Cx *cx, DdlCx *d, const PgQuery__CreateSchemaStmt *stmt)
{
    const char *name = stmt->schemaname;
    Oid oid, owner = d->view->user;
    const Acl *acl;
    const char *acl_list;
    if (stmt->authrole != NULL) {
        TRY(ddl_role_spec(cx, d, stmt->authrole, false, &owner));
    }
    if (name == NULL || name[0] == '\0') {
        TRY(cat_role_name(cx, d->view, d->arena, owner, &name));
    }
    TRY(cat_acl_need(cx, d->view, CAT_PG_DATABASE, d->view->database, d->view->user, ACL_CREATE));
    TRY(ddl_user_can_become(cx, d, owner));
    if (strncmp(name, "pg_", 3) == 0) {
        st_ignore(err_set(cx, ERRCODE_RESERVED_NAME, "unacceptable schema name \"%s\"", name));
        return err_detail(cx, "The prefix \"pg_\" is reserved for system schemas.");
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
    ddl_set_oid(&r, PG_NAMESPACE_NSPOWNER, owner);
    TRY(ddl_new_acl(cx, d, 'n', owner, OID_INVALID, &acl, &acl_list));
    ddl_set_text(&r, PG_NAMESPACE_NSPACL, acl_list);
    TRY(ddl_row_insert(cx, d, &r));
    TRY(ddl_shdepend_owner(cx, d, (DdlObject){CAT_PG_NAMESPACE, oid, 0}, owner));
    TRY(ddl_shdepend_acl(cx, d, (DdlObject){CAT_PG_NAMESPACE, oid, 0}, owner, NULL, acl));
    cat_changed(d->view);
    return stmt->n_schema_elts != 0 ? schema_elements(cx, d, stmt, name, oid) : ST_OK;
}

Status ddl_alter_owner(Cx *cx, DdlCx *d, const PgQuery__AlterOwnerStmt *stmt, const char **tag_out)
{
    DdlObject o = {0};
    static const struct {
        PgQuery__ObjectType type;
        const char *tag;
    } TAGS[] = {
        {PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, "ALTER SCHEMA"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE, "ALTER DATABASE"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION, "ALTER FUNCTION"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE, "ALTER PROCEDURE"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE, "ALTER ROUTINE"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, "ALTER TYPE"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN, "ALTER DOMAIN"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_LANGUAGE, "ALTER LANGUAGE"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_LARGEOBJECT, "ALTER LARGE OBJECT"},
    };
    *tag_out = NULL;
    for (size_t i = 0; i < ARRAY_LEN(TAGS); i++) {
        *tag_out = TAGS[i].type == stmt->object_type ? TAGS[i].tag : *tag_out;
    }
    if (*tag_out == NULL) {
        return ST_NOTFOUND;
    }
    bool domain = stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
    if (domain || stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) {
        return ddl_type_owner(cx, d, stmt, domain);
    }
    TRY(ddl_named_object(cx, d, stmt->object_type, stmt->object, &o.class_oid, &o.oid));
    return ddl_change_owner(cx, d, o, stmt->newowner);
}
