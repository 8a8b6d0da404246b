/*
 * extension.c - CREATE, ALTER, DROP EXTENSION.
 *
 * An extension is data: catalog_extensions says which there are, catalog_extension_rows and
 * catalog_extension_views what they make (src/catalog/data, taken from PostgreSQL by script). What
 * the functions do is in kernels, most of them in src/contrib, found by library and symbol; a
 * function without one says so when it is called. Everything made hangs on the extension by a
 * dependency 'e', so it goes with it and not without it.
 */
#include "ddl/extension_internal.h"
#include "ddl/role.h"

static const CatExtensionsRow *extension_known(const char *name)
{
    for (uint32_t i = 0; i < CATALOG_EXTENSIONS_COUNT; i++) {
        if (strcmp(catalog_str(catalog_extensions[i].name), name) == 0) {
            return &catalog_extensions[i];
        }
    }
    return NULL;
}

Status ddl_extension_by_name(Cx *cx, DdlCx *d, const char *name, DdlRow *r)
{
    /* plpgsql is a built-in row; the rest is stored. */
    const CatExtensionsRow *known = extension_known(name);
    static const uint16_t COLUMN = PG_EXTENSION_EXTNAME;
    Datum key = {.str = str_ref(name, strlen(name))};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_EXTENSION, &COLUMN, &key, 1, &list));
    if (list.count != 0) {
        *r = list.rows[0];
        return ST_OK;
    }
    for (uint32_t i = 0; known != NULL && i < CATALOG_PG_EXTENSION_COUNT; i++) {
        if (strcmp(catalog_str(catalog_pg_extension[i].extname), name) == 0) {
            Datum oid = {.u32 = catalog_pg_extension[i].oid};
            return ddl_row_load(cx, d, CAT_PG_EXTENSION, &oid, 1, r);
        }
    }
    return ST_NOTFOUND;
}

/* extension_named - ... which must be there. */
static Status extension_named(Cx *cx, DdlCx *d, const char *name, DdlRow *r)
{
    Status st = ddl_extension_by_name(cx, d, name, r);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_UNDEFINED_OBJECT, "extension \"%s\" does not exist", name)
               : st;
}

/* ---- members ---- */

/* extension_own - the object is a part of the extension. */
static Status extension_own(Cx *cx, ExtensionMake *m, DdlObject o)
{
    return ddl_depend(cx, m->d, o, (DdlObject){CAT_PG_EXTENSION, m->oid, 0}, 'e');
}

const char *ddl_extension_acl(const ExtensionMake *m, const char *acl)
{
    static const char MADE_BY[] = "postgres";
    Arena *arena = m->d->arena;
    const char *text = acl, *at;
    char *out = NULL;
    if (text == NULL) {
        return NULL;
    }
    out = arena_strdup(arena, "");
    for (; (at = strstr(text, MADE_BY)) != NULL; text = at + sizeof(MADE_BY) - 1) {
        out = arena_printf(arena, "%s%.*s%u", out, (int)(at - text), text, m->owner);
    }
    return arena_printf(arena, "%s%s", out, text);
}

Status ddl_extension_init_privs(Cx *cx, DdlCx *d, DdlObject o, const char *acl)
{
    DdlRow r;
    if (acl == NULL) {
        return ST_OK;
    }
    ddl_row_init(&r, CAT_PG_INIT_PRIVS);
    ddl_set_oid(&r, PG_INIT_PRIVS_OBJOID, o.oid);
    ddl_set_oid(&r, PG_INIT_PRIVS_CLASSOID, o.class_oid);
    ddl_set_i32(&r, PG_INIT_PRIVS_OBJSUBID, 0);
    ddl_set_char(&r, PG_INIT_PRIVS_PRIVTYPE, 'e');
    ddl_set_text(&r, PG_INIT_PRIVS_INITPRIVS, acl);
    return ddl_row_insert(cx, d, &r);
}

/* extension_view - one view, whose text names the extension's functions without a schema. */
static Status extension_view(Cx *cx, ExtensionMake *m, const CatExtensionViewsRow *v)
{
    DdlCx sub = *m->d;
    ParsedStmt *stmts;
    uint32_t count;
    const CatTable *t;
    const char *name = catalog_str(v->relname), *acl = ddl_extension_acl(m, catalog_str(v->relacl));
    const char *sql =
        arena_printf(sub.arena, "CREATE VIEW %s.%s AS %s", ddl_sql_name(sub.arena, m->schema),
                     ddl_sql_name(sub.arena, name), catalog_str(v->definition));
    sub.sql = slice_of(sql);
    TRY(parse_sql(cx, sub.arena, sub.sql, &stmts, &count));
    TRY(ddl_create_view(cx, &sub, stmts[0].node->view_stmt));
    cat_changed(sub.view);
    TRY(cat_table_by_name(cx, sub.view, m->schema, name, &t));
    DdlObject o = {CAT_PG_CLASS, t->oid, 0};
    if (acl != NULL) {
        TRY(ddl_update_class_text(cx, &sub, o.oid, PG_CLASS_RELACL, acl));
    }
    TRY(ddl_extension_init_privs(cx, &sub, o, acl));
    return extension_own(cx, m, o);
}

/* extension_members - all that the extension makes, with its schema in front of the search path. */
static Status extension_members(Cx *cx, ExtensionMake *m)
{
    CatView *view = m->d->view;
    const Oid *path = view->search_path;
    uint32_t path_count = view->search_path_count;
    Oid own_path[2] = {NAMESPACE_PG_CATALOG, m->namespace_oid};
    const char *name = catalog_str(m->what->name);
    Status st = ST_OK;
    TRY(ddl_extension_rows(cx, m));
    view->search_path = own_path;
    view->search_path_count = 2;
    for (uint32_t i = 0; i < CATALOG_EXTENSION_VIEWS_COUNT && st == ST_OK; i++) {
        if (strcmp(catalog_str(catalog_extension_views[i].extension), name) == 0) {
            st = extension_view(cx, m, &catalog_extension_views[i]);
        }
    }
    view->search_path = path;
    view->search_path_count = path_count;
    return st;
}

/* ---- CREATE ---- */

typedef struct ExtensionOptions {
    const char *schema, *version; /* NULL: not given */
} ExtensionOptions;

/* extension_options - SCHEMA, VERSION, CASCADE: 42601 for repeated ones. */
static Status extension_options(Cx *cx, DdlCx *d, PgQuery__Node *const *list, size_t count,
                                ExtensionOptions *o)
{
    *o = (ExtensionOptions){0};
    for (size_t i = 0; i < count; i++) {
        const PgQuery__DefElem *e = list[i]->def_elem;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(list[k]->def_elem->defname, e->defname) == 0) {
                return ddl_error_at(
                    cx, d, err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"),
                    e->location);
            }
        }
        if (strcmp(e->defname, "schema") == 0) {
            o->schema = ddl_option_value(d->arena, e->arg);
        } else if (strcmp(e->defname, "new_version") == 0) {
            o->version = ddl_option_value(d->arena, e->arg);
        } /* CASCADE: none requires another one */
    }
    return ST_OK;
}

/* extension_schema - where its objects go. */
static Status extension_schema(Cx *cx, ExtensionMake *m, const ExtensionOptions *o)
{
    DdlCx *d = m->d;
    const char *fixed = catalog_str(m->what->schema);
    m->schema = o->schema;
    if (fixed != NULL && o->schema != NULL && strcmp(fixed, o->schema) != 0) {
        return err_unsupported(cx, "extension \"%s\" must be installed in schema \"%s\"",
                               catalog_str(m->what->name), fixed);
    }
    m->schema = fixed != NULL ? fixed : m->schema;
    if (m->schema == NULL) {
        m->namespace_oid = d->view->creation_namespace;
        m->schema =
            m->namespace_oid != OID_INVALID ? cat_namespace_name(d->view, m->namespace_oid) : NULL;
        return m->schema != NULL ? ST_OK
                                 : err_set(cx, ERRCODE_UNDEFINED_SCHEMA,
                                           "no schema has been selected to create in");
    }
    Status st = cat_namespace(cx, d->view, m->schema, &m->namespace_oid);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", m->schema)
               : st;
}

/* extension_row - the row of pg_extension, with what it depends on and its comment. */
static Status extension_row(Cx *cx, ExtensionMake *m)
{
    DdlCx *d = m->d;
    DdlRow r;
    TRY(ddl_new_oid(cx, d, &m->oid));
    ddl_row_init(&r, CAT_PG_EXTENSION);
    ddl_set_oid(&r, PG_EXTENSION_OID, m->oid);
    ddl_set_text(&r, PG_EXTENSION_EXTNAME, catalog_str(m->what->name));
    ddl_set_oid(&r, PG_EXTENSION_EXTOWNER, d->view->user);
    ddl_set_oid(&r, PG_EXTENSION_EXTNAMESPACE, m->namespace_oid);
    ddl_set_bool(&r, PG_EXTENSION_EXTRELOCATABLE, m->what->relocatable != 0);
    ddl_set_text(&r, PG_EXTENSION_EXTVERSION, catalog_str(m->what->version));
    TRY(ddl_row_insert(cx, d, &r));
    DdlObject self = {CAT_PG_EXTENSION, m->oid, 0};
    TRY(ddl_shdepend_owner(cx, d, self, d->view->user));
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_NAMESPACE, m->namespace_oid, 0}, 'n'));
    ddl_row_init(&r, CAT_PG_DESCRIPTION);
    ddl_set_oid(&r, PG_DESCRIPTION_OBJOID, m->oid);
    ddl_set_oid(&r, PG_DESCRIPTION_CLASSOID, CAT_PG_EXTENSION);
    ddl_set_i32(&r, PG_DESCRIPTION_OBJSUBID, 0);
    ddl_set_text(&r, PG_DESCRIPTION_DESCRIPTION, catalog_str(m->what->comment));
    return ddl_row_insert(cx, d, &r);
}

/* extension_may - superusers; for a trusted one also who may create in the database. What a trusted
 * one makes for others is the first superuser's, who is trusted by all. */
static Status extension_may(Cx *cx, ExtensionMake *m)
{
    DdlCx *d = m->d;
    AclMode have = 0;
    m->owner = d->view->user;
    if (d->view->user_super) {
        return ST_OK;
    }
    m->owner = ROLE_BOOTSTRAP;
    TRY(cat_acl_have(cx, d->view, CAT_PG_DATABASE, d->view->database, d->view->user, ACL_CREATE,
                     &have));
    if (m->what->trusted && have != 0) {
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                      "permission denied to create extension \"%s\"", catalog_str(m->what->name)));
    return err_hint(cx, m->what->trusted
                            ? "Must have CREATE privilege on current database to create this "
                              "extension."
                            : "Must be superuser to create this extension.");
}

/* extension_absent - what PostgreSQL says of an extension whose files are not there. */
static Status extension_absent(Cx *cx, const char *name)
{
    st_ignore(err_unsupported(cx, "extension \"%s\" is not available", name));
    return err_hint(cx, "Extensions are built in; pg_available_extensions lists those there are.");
}

Status ddl_create_extension(Cx *cx, DdlCx *d, const PgQuery__CreateExtensionStmt *stmt)
{
    ExtensionMake m = {.d = d, .what = extension_known(stmt->extname)};
    ExtensionOptions o;
    DdlRow existing;
    Status st = ddl_extension_by_name(cx, d, stmt->extname, &existing);
    if (st == ST_OK && stmt->if_not_exists) {
        err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_OBJECT, NULL,
                   "extension \"%s\" already exists, skipping", stmt->extname);
        return ST_OK;
    }
    if (st == ST_OK) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT, "extension \"%s\" already exists",
                       stmt->extname);
    }
    if (st != ST_NOTFOUND) {
        return st;
    }
    TRY(extension_options(cx, d, stmt->options, stmt->n_options, &o));
    if (m.what == NULL) {
        return extension_absent(cx, stmt->extname);
    }
    if (o.version != NULL && strcmp(o.version, catalog_str(m.what->version)) != 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "extension \"%s\" has no installation script nor update path for version "
                       "\"%s\"",
                       stmt->extname, o.version);
    }
    TRY(extension_may(cx, &m));
    TRY(extension_schema(cx, &m, &o));
    TRY(extension_row(cx, &m));
    TRY(extension_members(cx, &m));
    cat_changed(d->view);
    return ST_OK;
}

/* ---- ALTER ---- */

Status ddl_update_extension(Cx *cx, DdlCx *d, const PgQuery__AlterExtensionStmt *stmt)
{
    DdlRow r;
    ExtensionOptions o;
    TRY(extension_named(cx, d, stmt->extname, &r));
    TRY(cat_owner_need(cx, d->view, CAT_PG_EXTENSION, r.values[PG_EXTENSION_OID].u32));
    TRY(extension_options(cx, d, stmt->options, stmt->n_options, &o));
    const char *have = ddl_row_text(d, &r, PG_EXTENSION_EXTVERSION);
    const CatExtensionsRow *known = extension_known(stmt->extname);
    const char *want = o.version != NULL ? o.version
                       : known != NULL   ? catalog_str(known->version)
                                         : have;
    if (strcmp(want, have) != 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "extension \"%s\" has no update path from version \"%s\" to version \"%s\"",
                       stmt->extname, have, want);
    }
    err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
               "version \"%s\" of extension \"%s\" is already installed", have, stmt->extname);
    return ST_OK;
}

/* extension_schema_column - which column of a catalog's rows names their schema; -1: none. */
static int extension_schema_column(Oid catalog)
{
    switch (catalog) {
    case CAT_PG_PROC: return PG_PROC_PRONAMESPACE;
    case CAT_PG_EXTENSION: return PG_EXTENSION_EXTNAMESPACE;
    case CAT_PG_TYPE: return PG_TYPE_TYPNAMESPACE;
    case CAT_PG_CLASS: return PG_CLASS_RELNAMESPACE;
    case CAT_PG_OPERATOR: return PG_OPERATOR_OPRNAMESPACE;
    case CAT_PG_OPCLASS: return PG_OPCLASS_OPCNAMESPACE;
    case CAT_PG_OPFAMILY: return PG_OPFAMILY_OPFNAMESPACE;
    case DDL_PG_TS_DICT: return PG_TS_DICT_DICTNAMESPACE;
    case DDL_PG_TS_TEMPLATE: return PG_TS_TEMPLATE_TMPLNAMESPACE;
    default: return -1;
    }
}

/* extension_move - one object of the extension, or the extension itself, to another schema. */
static Status extension_move(Cx *cx, DdlCx *d, DdlObject o, Oid from, Oid to)
{
    Datum key = {.u32 = o.oid};
    DdlRow r;
    int column = extension_schema_column(o.class_oid);
    if (column < 0) {
        return ST_OK; /* casts are in no schema */
    }
    TRY(ddl_row_load(cx, d, o.class_oid, &key, 1, &r));
    ddl_set_oid(&r, column, to);
    TRY(ddl_row_store(cx, d, &r));
    if (o.class_oid == CAT_PG_CLASS && r.values[PG_CLASS_RELTYPE].u32 != 0) {
        DdlObject type = {CAT_PG_TYPE, r.values[PG_CLASS_RELTYPE].u32, 0};
        TRY(extension_move(cx, d, type, from, to));
    }
    if (o.class_oid == CAT_PG_TYPE && r.values[PG_TYPE_TYPARRAY].u32 != 0) {
        DdlObject array = {CAT_PG_TYPE, r.values[PG_TYPE_TYPARRAY].u32, 0};
        TRY(extension_move(cx, d, array, from, to));
    }
    Datum depend[5] = {
        {.u32 = o.class_oid}, {.u32 = o.oid}, {.i32 = 0}, {.u32 = CAT_PG_NAMESPACE}, {.u32 = from}};
    Status st = cat_row_delete(cx, d->view, CAT_PG_DEPEND, depend, 5);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    return ddl_depend(cx, d, o, (DdlObject){CAT_PG_NAMESPACE, to, 0}, 'n');
}

Status ddl_move_extension(Cx *cx, DdlCx *d, const char *name, const char *schema)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID};
    DdlRow r;
    DdlRowList members;
    Oid to;
    TRY(extension_named(cx, d, name, &r));
    Oid oid = r.values[PG_EXTENSION_OID].u32, from = r.values[PG_EXTENSION_EXTNAMESPACE].u32;
    Status st = cat_namespace(cx, d->view, schema, &to);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
    }
    TRY(st);
    TRY(cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, to, d->view->user, ACL_CREATE));
    TRY(cat_owner_need(cx, d->view, CAT_PG_EXTENSION, oid));
    if (!r.values[PG_EXTENSION_EXTRELOCATABLE].b) {
        return err_unsupported(cx, "extension \"%s\" does not support SET SCHEMA", name);
    }
    if (from == to) {
        return ST_OK;
    }
    Datum key[2] = {{.u32 = CAT_PG_EXTENSION}, {.u32 = oid}};
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &members));
    for (uint32_t i = 0; i < members.count; i++) {
        const Datum *v = members.rows[i].values;
        const char *type = ddl_row_text(d, &members.rows[i], PG_DEPEND_DEPTYPE);
        if (type != NULL && type[0] == 'e') {
            DdlObject o = {v[PG_DEPEND_CLASSID].u32, v[PG_DEPEND_OBJID].u32, 0};
            TRY(extension_move(cx, d, o, from, to));
        }
    }
    TRY(extension_move(cx, d, (DdlObject){CAT_PG_EXTENSION, oid, 0}, from, to));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_drop_extension_root(Cx *cx, DdlCx *d, const char *name, bool missing_ok,
                               DdlObject *o_out)
{
    DdlRow r;
    *o_out = (DdlObject){0};
    Status st = ddl_extension_by_name(cx, d, name, &r);
    if (st == ST_NOTFOUND && missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "extension \"%s\" does not exist, skipping", name);
        return ST_OK;
    }
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "extension \"%s\" does not exist", name);
    }
    TRY(st);
    if (r.values[PG_EXTENSION_OID].u32 < FIRST_USER_OID) {
        return err_unsupported(cx, "dropping extension \"%s\", which is built in, is not supported",
                               name);
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_EXTENSION, r.values[PG_EXTENSION_OID].u32));
    *o_out = (DdlObject){CAT_PG_EXTENSION, r.values[PG_EXTENSION_OID].u32, 0};
    return ST_OK;
}
