/*
 * rename.c - ALTER ... RENAME of relations, columns, constraints and schemas.
 */
#include "ddl/role.h"

/* RelationKind - the kinds of relations, for tags and texts. */
typedef struct RelationKind {
    PgQuery__ObjectType type;
    char kind;
    const char *name, *plural, *tag;
} RelationKind;
static const RelationKind RELATION_KINDS[] = {
    {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, 'r', "a table", "tables", "ALTER TABLE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_VIEW, 'v', "a view", "views", "ALTER VIEW"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, 'm', "a materialized view", "materialized views",
     "ALTER MATERIALIZED VIEW"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_INDEX, 'i', "an index", "indexes", "ALTER INDEX"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, 'S', "a sequence", "sequences", "ALTER SEQUENCE"},
};

static const RelationKind *relation_kind(PgQuery__ObjectType type)
{
    for (size_t i = 0; i < ARRAY_LEN(RELATION_KINDS); i++) {
        if (RELATION_KINDS[i].type == type) {
            return &RELATION_KINDS[i];
        }
    }
    return NULL;
}

bool ddl_relation_tag(PgQuery__ObjectType type, const char **tag_out)
{
    const RelationKind *k = relation_kind(type);
    *tag_out = k != NULL ? k->tag : *tag_out;
    return k != NULL;
}

const char *ddl_kind_plural(char kind)
{
    for (size_t i = 0; i < ARRAY_LEN(RELATION_KINDS); i++) {
        if (RELATION_KINDS[i].kind == kind) {
            return RELATION_KINDS[i].plural;
        }
    }
    return "composite types";
}

Status ddl_check_object_kind(Cx *cx, const CatTable *t, PgQuery__ObjectType type)
{
    const RelationKind *k = relation_kind(type);
    if (k == NULL || k->kind == 'r' || k->kind == t->kind) {
        return ST_OK; /* ALTER TABLE takes all of them */
    }
    return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not %s", t->name, k->name);
}

/* rename_relation - rename a table, index or sequence, with its row type and, for the index of a
 * constraint, the constraint. */
static Status rename_relation(Cx *cx, DdlCx *d, const CatTable *t, const char *name)
{
    bool exists;
    TRY(ddl_relation_exists(cx, d, t->namespace_oid, name, &exists));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", name);
    }
    TRY(ddl_update_class_text(cx, d, t->oid, PG_CLASS_RELNAME, name));
    if (t->type_oid != 0) {
        Datum key = {.u32 = t->type_oid};
        DdlRow r;
        Status st = ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &r);
        if (st == ST_OK) {
            ddl_set_text(&r, PG_TYPE_TYPNAME, name);
            st = ddl_row_store(cx, d, &r);
        }
        if (st != ST_OK && st != ST_NOTFOUND) {
            return st;
        }
    }
    if (t->kind != 'i') {
        return ST_OK;
    }
    /* The index of a constraint and the constraint have one name. */
    const CatTable *owner;
    TRY(cat_table_by_oid(cx, d->view, t->index_table, &owner));
    for (uint16_t i = 0; i < owner->index_count; i++) {
        if (owner->indexes[i].oid == t->oid && owner->indexes[i].constraint != 0) {
            Datum key = {.u32 = owner->indexes[i].constraint};
            DdlRow r;
            TRY(ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r));
            ddl_set_text(&r, PG_CONSTRAINT_CONNAME, name);
            TRY(ddl_row_store(cx, d, &r));
        }
    }
    return ST_OK;
}

/* rename_column - a column of a table, view or index: stored trees know it by its number. */
static Status rename_column(Cx *cx, DdlCx *d, const CatTable *t, const char *from, const char *to)
{
    const CatColumn *c = ddl_column(t, from);
    DdlRow r;
    if (t->kind == 'S') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot rename columns of relation \"%s\"",
                          t->name));
        return err_detail(cx, "This operation is not supported for sequences.");
    }
    if (c == NULL) {
        Status system = ddl_check_column_name(cx, from);
        return system == ST_OK
                   ? err_set(cx, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist", from)
                   : err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "cannot rename system column \"%s\"", from);
    }
    TRY(ddl_check_column_name(cx, to));
    if (ddl_column(t, to) != NULL) {
        return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                       "column \"%s\" of relation \"%s\" already exists", to, t->name);
    }
    TRY(ddl_load_attribute(cx, d, t->oid, c->number, &r));
    ddl_set_text(&r, PG_ATTRIBUTE_ATTNAME, to);
    return ddl_row_store(cx, d, &r);
}

/* rename_constraint - rename a constraint and the index that stands for it. */
static Status rename_constraint(Cx *cx, DdlCx *d, const CatTable *t, const char *from,
                                const char *to)
{
    const CatConstraint *c = ddl_constraint_named(t, from);
    DdlRow r;
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "constraint \"%s\" for table \"%s\" does not exist", from, t->name);
    }
    if (ddl_constraint_named(t, to) != NULL) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                       "constraint \"%s\" for relation \"%s\" already exists", to, t->name);
    }
    if (c->type == 'p' || c->type == 'u' || c->type == 'x') {
        bool exists;
        TRY(ddl_relation_exists(cx, d, t->namespace_oid, to, &exists));
        if (exists) {
            return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", to);
        }
        TRY(ddl_update_class_text(cx, d, c->index, PG_CLASS_RELNAME, to));
    }
    Datum key = {.u32 = c->oid};
    TRY(ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r));
    ddl_set_text(&r, PG_CONSTRAINT_CONNAME, to);
    return ddl_row_store(cx, d, &r);
}

/* rename_schema - rename a schema; names that begin with pg_ are the system's. */
static Status rename_schema(Cx *cx, DdlCx *d, const char *from, const char *to)
{
    Oid oid, other;
    DdlRow r;
    Status st = cat_namespace(cx, d->view, from, &oid);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", from);
    }
    TRY(st);
    TRY(cat_owner_need(cx, d->view, CAT_PG_NAMESPACE, oid));
    TRY(cat_acl_need(cx, d->view, CAT_PG_DATABASE, d->view->database, d->view->user, ACL_CREATE));
    if (cat_namespace(cx, d->view, to, &other) == ST_OK) {
        return err_set(cx, ERRCODE_DUPLICATE_SCHEMA, "schema \"%s\" already exists", to);
    }
    if (strncmp(to, "pg_", 3) == 0) {
        st_ignore(err_set(cx, ERRCODE_RESERVED_NAME, "unacceptable schema name \"%s\"", to));
        return err_detail(cx, "The prefix \"pg_\" is reserved for system schemas.");
    }
    Datum key = {.u32 = oid};
    TRY(ddl_row_load(cx, d, CAT_PG_NAMESPACE, &key, 1, &r));
    ddl_set_text(&r, PG_NAMESPACE_NSPNAME, to);
    return ddl_row_store(cx, d, &r);
}

Status ddl_rename(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt, const char **tag_out)
{
    const CatTable *t;
    Status st;
    PgQuery__ObjectType type = stmt->rename_type;
    PgQuery__ObjectType shown =
        type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN ? stmt->relation_type : type;
    *tag_out = shown == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER ? "ALTER TRIGGER" : "ALTER TABLE";
    (void)ddl_relation_tag(shown, tag_out);
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_EVENT_TRIGGER) {
        return ddl_alter_event_trigger(cx, ddl_string(stmt->object));
    }
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_ROLE) {
        *tag_out = "ALTER ROLE";
        return ddl_rename_role(cx, d, stmt->subname, stmt->newname);
    }
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY) {
        *tag_out = "ALTER POLICY";
        return ddl_rename_policy(cx, d, stmt);
    }
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        *tag_out = "ALTER SCHEMA";
        TRY(rename_schema(cx, d, stmt->subname, stmt->newname));
        cat_changed(d->view);
        return ST_OK;
    }
    char kind;
    const char *what;
    if (ddl_function_type(type, &kind, &what)) {
        *tag_out = arena_printf(d->arena, "ALTER %s", what);
        return ddl_rename_function(cx, d, stmt->object->object_with_args, kind, stmt->newname);
    }
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE) {
        *tag_out = "ALTER DATABASE";
        return ddl_rename_database(cx, d, stmt->subname, stmt->newname);
    }
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE ||
        type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN) {
        bool domain = type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
        *tag_out = domain ? "ALTER DOMAIN" : "ALTER TYPE";
        return ddl_type_rename(cx, d, stmt, domain);
    }
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT) {
        *tag_out = "ALTER DOMAIN";
        return ddl_rename_domain_check(cx, d, stmt);
    }
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE) {
        *tag_out = "ALTER TYPE";
        type = PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN;
    }
    if (type != PG_QUERY__OBJECT_TYPE__OBJECT_INDEX &&
        type != PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE &&
        type != PG_QUERY__OBJECT_TYPE__OBJECT_VIEW && type != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE &&
        type != PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW &&
        type != PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN &&
        type != PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER &&
        type != PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT) {
        return ST_NOTFOUND;
    }
    TRY(ddl_lock(cx, d, stmt->relation, TABLELOCK_ACCESS_EXCLUSIVE, stmt->missing_ok, &t));
    if (t == NULL) {
        return ST_OK;
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    if (t->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", t->name);
    }
    if (type != PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN &&
        type != PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT) {
        TRY(cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, t->namespace_oid, d->view->user,
                         ACL_CREATE));
    }
    TRY(ddl_check_object_kind(cx, t, shown));
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
        st = rename_column(cx, d, t, stmt->subname, stmt->newname);
    } else if (type == PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT) {
        st = rename_constraint(cx, d, t, stmt->subname, stmt->newname);
    } else if (type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER) {
        st = ddl_rename_trigger(cx, d, t, stmt->subname, stmt->newname);
    } else {
        st = rename_relation(cx, d, t, stmt->newname);
    }
    TRY(st);
    cat_changed(d->view);
    return ST_OK;
}
