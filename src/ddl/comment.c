/*
 * comment.c - COMMENT ON tables, indexes, sequences, views, columns, constraints, triggers,
 * schemas, databases.
 */
#include "ddl/role.h"

/* comment_range_var - the relation a list of names means. */
static PgQuery__RangeVar comment_range_var(PgQuery__Node *const *items, size_t n)
{
    PgQuery__RangeVar rv = PG_QUERY__RANGE_VAR__INIT;
    rv.relname = (char *)(uintptr_t)ddl_string(items[n - 1]);
    rv.schemaname = n > 1 ? (char *)(uintptr_t)ddl_string(items[n - 2]) : NULL;
    rv.location = -1;
    return rv;
}

/* comment_relation - the relation of the kind the statement says, owned by the user. 42809. */
static Status comment_relation(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt, DdlObject *o)
{
    const PgQuery__List *names = stmt->object->list;
    PgQuery__RangeVar rv = comment_range_var(names->items, names->n_items);
    char kind = stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE      ? 'r'
                : stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX    ? 'i'
                : stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE ? 'S'
                : stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW  ? 'm'
                                                                          : 'v';
    const CatTable *t;
    TRY(ddl_lock(cx, d, &rv, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, false, &t));
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    if (t->kind != kind) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not %s", t->name,
                       kind == 'r'   ? "a table"
                       : kind == 'i' ? "an index"
                       : kind == 'S' ? "a sequence"
                       : kind == 'm' ? "a materialized view"
                                     : "a view");
    }
    *o = (DdlObject){CAT_PG_CLASS, t->oid, 0};
    return ST_OK;
}

/* comment_part - a column or a constraint: the last name is its own, those before its table's. */
static Status comment_part(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt, DdlObject *o)
{
    const PgQuery__List *names = stmt->object->list;
    const CatTable *t;
    if (names->n_items < 2) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "column name must be qualified");
    }
    const char *part = ddl_string(names->items[names->n_items - 1]);
    PgQuery__RangeVar rv = comment_range_var(names->items, names->n_items - 1);
    TRY(ddl_lock(cx, d, &rv, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, false, &t));
    bool owner;
    TRY(cat_is_owner(cx, d->view, CAT_PG_CLASS, t->oid, d->view->user, &owner));
    if (!owner) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of relation %s", t->name);
    }
    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
        if (t->kind == 'i' || t->kind == 'S') {
            st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                              "cannot set comment on relation \"%s\"", t->name));
            return err_detail(cx, "This operation is not supported for %s.",
                              ddl_kind_plural(t->kind));
        }
        const CatColumn *c = ddl_column(t, part);
        if (c == NULL) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           "column \"%s\" of relation \"%s\" does not exist", part, t->name);
        }
        *o = (DdlObject){CAT_PG_CLASS, t->oid, c->number};
        return ST_OK;
    }
    const CatConstraint *c = ddl_constraint_named(t, part);
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "constraint \"%s\" for table \"%s\" does not exist", part, t->name);
    }
    *o = (DdlObject){CAT_PG_CONSTRAINT, c->oid, 0};
    return ST_OK;
}

/* CommentKind - objects that are known by their name alone, or by it and their relation's. */
typedef struct CommentKind {
    PgQuery__ObjectType type;
    Oid class_oid;
    const char *catalog, *column, *what, *relation; /* relation: its column, NULL = none */
    bool shared;
} CommentKind;
#define OT(X) PG_QUERY__OBJECT_TYPE__OBJECT_##X
static const CommentKind COMMENT_KINDS[] = {
    {OT(DATABASE), 1262, "pg_database", "datname", "database", NULL, true},
    {OT(ROLE), 1260, "pg_authid", "rolname", "role", NULL, true},
    {OT(TABLESPACE), 1213, "pg_tablespace", "spcname", "tablespace", NULL, true},
    {OT(EXTENSION), 3079, "pg_extension", "extname", "extension", NULL, false},
    {OT(LANGUAGE), 2612, "pg_language", "lanname", "language", NULL, false},
    {OT(ACCESS_METHOD), 2601, "pg_am", "amname", "access method", NULL, false},
    {OT(EVENT_TRIGGER), 3466, "pg_event_trigger", "evtname", "event trigger", NULL, false},
    {OT(FDW), 2328, "pg_foreign_data_wrapper", "fdwname", "foreign-data wrapper", NULL, false},
    {OT(FOREIGN_SERVER), 1417, "pg_foreign_server", "srvname", "server", NULL, false},
    {OT(PUBLICATION), 6104, "pg_publication", "pubname", "publication", NULL, false},
    {OT(RULE), DDL_PG_REWRITE, "pg_rewrite", "rulename", "rule", "ev_class", false},
    {OT(TRIGGER), 2620, "pg_trigger", "tgname", "trigger", "tgrelid", false},
    {OT(POLICY), 3256, "pg_policy", "polname", "policy", "polrelid", false},
};

static const CommentKind *comment_kind(PgQuery__ObjectType type)
{
    for (size_t i = 0; i < ARRAY_LEN(COMMENT_KINDS); i++) {
        if (COMMENT_KINDS[i].type == type) {
            return &COMMENT_KINDS[i];
        }
    }
    return NULL;
}

static bool comment_is_shared(PgQuery__ObjectType type)
{
    const CommentKind *k = comment_kind(type);
    return k != NULL && k->shared;
}

/* comment_take_oid - DdlRowSink.batch */
static Status comment_take_oid(void *arg, Cx *cx, const Batch *batch)
{
    (void)cx;
    SEL_FOREACH(row, &batch->sel)
    {
        *(Oid *)arg = vec_get(batch->cols[0], row).u32;
        return ST_DONE;
    }
    return ST_OK;
}

/* comment_literal - a name as a string of our own statement. */
static const char *comment_literal(Arena *a, const char *name)
{
    char *out = arena_alloc(a, strlen(name) * 2 + 3), *q = out;
    *q++ = '\'';
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '\'') {
            *q++ = '\'';
        }
        *q++ = *p;
    }
    *q++ = '\'';
    *q = '\0';
    return out;
}

/* comment_missing - there is no such object; a database's absence is only warned of. */
static Status comment_missing(Cx *cx, const CommentKind *k, const char *name, const CatTable *t)
{
    if (k->type == OT(DATABASE)) {
        err_notice(cx, ERR_WARNING, ERRCODE_UNDEFINED_DATABASE, NULL,
                   "database \"%s\" does not exist", name);
        return ST_OK;
    }
    return t == NULL
               ? err_set(cx, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist", k->what, name)
               : err_set(cx, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" for %s \"%s\" does not exist",
                         k->what, name, k->type == OT(RULE) ? "relation" : "table", t->name);
}

/* comment_may - 42501 unless the user may say something about the object. */
static Status comment_may(Cx *cx, DdlCx *d, const CommentKind *k, DdlObject o, const CatTable *t)
{
    bool may = d->view->user_super;
    const CatRole *role;
    if (may) {
        return ST_OK;
    }
    if (t != NULL) {
        TRY(cat_is_owner(cx, d->view, CAT_PG_CLASS, t->oid, d->view->user, &may));
        return may ? ST_OK
                   : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of relation %s",
                             t->name);
    }
    if (acl_kind(o.class_oid, 0) != NULL) {
        return cat_owner_need(cx, d->view, o.class_oid, o.oid);
    }
    if (k->type == OT(ROLE)) {
        TRY(cat_role(cx, d->view, o.oid, &role));
        if (!role->super) {
            TRY(ddl_may_create_roles(cx, d, &may));
            return may ? ST_OK
                       : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                                 "must have CREATEROLE privilege");
        }
    }
    return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser");
}

/* comment_named - an object of COMMENT_KINDS, looked for in its catalog. */
static Status comment_named(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt,
                            const CommentKind *k, DdlObject *o)
{
    const PgQuery__Node *object = stmt->object;
    const CatTable *t = NULL;
    const char *name, *of = "";
    if (k->relation != NULL) {
        const PgQuery__List *names = object->list;
        PgQuery__RangeVar rv = comment_range_var(names->items, names->n_items - 1);
        name = ddl_string(names->items[names->n_items - 1]);
        TRY(ddl_lock(cx, d, &rv, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, false, &t));
        of = arena_printf(d->arena, " AND %s = %u", k->relation, t->oid);
    } else {
        name = object->node_case == PG_QUERY__NODE__NODE_LIST
                   ? ddl_string(object->list->items[object->list->n_items - 1])
                   : ddl_string(object);
    }
    DdlRowSink sink = {.batch = comment_take_oid, .arg = &o->oid};
    o->class_oid = k->class_oid;
    TRY(ddl_run(cx, d,
                arena_printf(d->arena, "SELECT oid FROM pg_catalog.%s WHERE %s = %s%s", k->catalog,
                             k->column, comment_literal(d->arena, name), of),
                &sink));
    return o->oid != OID_INVALID ? comment_may(cx, d, k, *o, t) : comment_missing(cx, k, name, t);
}

/* comment_type - COMMENT ON TYPE and DOMAIN. */
static Status comment_type(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt, DdlObject *o)
{
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    int32_t typmod;
    o->class_oid = CAT_PG_TYPE;
    TRY(bind_type_name(cx, &b, stmt->object->type_name, &o->oid, &typmod));
    TRY(ddl_type_owned(cx, d, o->oid));
    const CatType *type = cat_type(d->view, o->oid);
    if (stmt->objtype == OT(DOMAIN) && type != NULL && type->kind != 'd') {
        const PgQuery__TypeName *n = stmt->object->type_name;
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a domain",
                       n->n_names != 0 ? ddl_string(n->names[n->n_names - 1]) : type->name);
    }
    return ST_OK;
}

/* comment_other - objects that are no relations nor parts of them. */
static Status comment_other(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt, DdlObject *o)
{
    const CommentKind *k = comment_kind(stmt->objtype);
    if (k != NULL) {
        return comment_named(cx, d, stmt, k, o);
    }
    if (stmt->objtype == OT(TYPE) || stmt->objtype == OT(DOMAIN)) {
        return comment_type(cx, d, stmt, o);
    }
    return err_unsupported(cx, "comments on this kind of object are not supported");
}

/* comment_store_shared - of databases, roles and tablespaces: in pg_shdescription. */
static Status comment_store_shared(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt, DdlObject o)
{
    enum { PG_SHARED_DESCRIPTION = 2396 };
    Datum key[2] = {{.u32 = o.oid}, {.u32 = o.class_oid}};
    TRY(ddl_row_remove(cx, d, PG_SHARED_DESCRIPTION, key, 2));
    if (stmt->comment != NULL && stmt->comment[0] != '\0') {
        DdlRow r;
        ddl_row_init(&r, PG_SHARED_DESCRIPTION);
        ddl_set_oid(&r, PG_SHDESCRIPTION_OBJOID, o.oid);
        ddl_set_oid(&r, PG_SHDESCRIPTION_CLASSOID, o.class_oid);
        ddl_set_text(&r, PG_SHDESCRIPTION_DESCRIPTION, stmt->comment);
        TRY(ddl_row_insert(cx, d, &r));
    }
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_comment(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt)
{
    DdlObject o = {0};
    switch (stmt->objtype) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: TRY(comment_relation(cx, d, stmt, &o)); break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: TRY(comment_part(cx, d, stmt, &o)); break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_EVENT_TRIGGER:
        return ddl_alter_event_trigger(cx, ddl_string(stmt->object));
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
        TRY(ddl_find_trigger(cx, d, stmt->object->list, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, false,
                             &o));
        break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: {
        const char *name = ddl_string(stmt->object);
        o.class_oid = CAT_PG_NAMESPACE;
        Status st = cat_namespace(cx, d->view, name, &o.oid);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
        }
        TRY(st);
        TRY(cat_owner_need(cx, d->view, CAT_PG_NAMESPACE, o.oid));
        break;
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: {
        char kind;
        const char *what;
        (void)ddl_function_type(stmt->objtype, &kind, &what);
        o.class_oid = CAT_PG_PROC;
        TRY(ddl_function_named(cx, d, stmt->object->object_with_args, kind, &o.oid));
        TRY(cat_owner_need(cx, d->view, CAT_PG_PROC, o.oid));
        break;
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_LARGEOBJECT:
        TRY(ddl_large_object(cx, d, stmt->object, &o));
        TRY(cat_owner_need(cx, d->view, o.class_oid, o.oid));
        break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: TRY(comment_relation(cx, d, stmt, &o)); break;
    default:
        TRY(comment_other(cx, d, stmt, &o));
        if (o.oid == OID_INVALID) {
            return ST_OK; /* a warning was given */
        }
        if (comment_is_shared(stmt->objtype)) {
            return comment_store_shared(cx, d, stmt, o);
        }
    }
    Datum key[3] = {{.u32 = o.oid}, {.u32 = o.class_oid}, {.i32 = o.sub}};
    TRY(ddl_row_remove(cx, d, CAT_PG_DESCRIPTION, key, 3));
    if (stmt->comment != NULL && stmt->comment[0] != '\0') {
        DdlRow r;
        ddl_row_init(&r, CAT_PG_DESCRIPTION);
        ddl_set_oid(&r, PG_DESCRIPTION_OBJOID, o.oid);
        ddl_set_oid(&r, PG_DESCRIPTION_CLASSOID, o.class_oid);
        ddl_set_i32(&r, PG_DESCRIPTION_OBJSUBID, o.sub);
        ddl_set_text(&r, PG_DESCRIPTION_DESCRIPTION, stmt->comment);
        TRY(ddl_row_insert(cx, d, &r));
    }
    cat_changed(d->view);
    return ST_OK;
}
