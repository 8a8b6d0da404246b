/*
 * database.c - CREATE, ALTER, DROP DATABASE.
 *
 * Databases of one file share roles, settings and the log; everything else hangs on the database's
 * OID. What the statements need of the server - nobody is connected, nobody comes - they ask of
 * DdlCx.hold_database; it lasts until the transaction ends.
 */
#include <locale.h>
#include <stdlib.h>

#include "ddl/role.h"
#include "txn/prepare.h"

#define DATABASE_ENCODING_UTF8 6

/* DatabaseOptions - what CREATE and ALTER DATABASE say; NULL and false: not given. */
typedef struct DatabaseOptions {
    const PgQuery__DefElem *tablespace, *owner, *template, *encoding, *locale, *collate, *ctype,
        *provider, *icu_locale, *is_template, *allow_connections, *limit, *version, *strategy, *oid,
        *location;
} DatabaseOptions;

/* DATABASE_OPTIONS - names of the options, by their place in DatabaseOptions. */
static const struct {
    const char *name;
    size_t at;
    bool alter; /* ALTER DATABASE knows it, too */
} DATABASE_OPTIONS[] = {
    {"tablespace", offsetof(DatabaseOptions, tablespace), true},
    {"owner", offsetof(DatabaseOptions, owner), false},
    {"template", offsetof(DatabaseOptions, template), false},
    {"encoding", offsetof(DatabaseOptions, encoding), false},
    {"locale", offsetof(DatabaseOptions, locale), false},
    {"lc_collate", offsetof(DatabaseOptions, collate), false},
    {"lc_ctype", offsetof(DatabaseOptions, ctype), false},
    {"locale_provider", offsetof(DatabaseOptions, provider), false},
    {"icu_locale", offsetof(DatabaseOptions, icu_locale), false},
    {"is_template", offsetof(DatabaseOptions, is_template), true},
    {"allow_connections", offsetof(DatabaseOptions, allow_connections), true},
    {"connection_limit", offsetof(DatabaseOptions, limit), true},
    {"collation_version", offsetof(DatabaseOptions, version), false},
    {"strategy", offsetof(DatabaseOptions, strategy), false},
    {"oid", offsetof(DatabaseOptions, oid), false},
    {"location", offsetof(DatabaseOptions, location), false},
};

/* database_options - the options by their names: 42601 for unknown and repeated ones. */
static Status database_options(Cx *cx, DdlCx *d, PgQuery__Node *const *list, size_t count,
                               bool alter, DatabaseOptions *o)
{
    *o = (DatabaseOptions){0};
    for (size_t i = 0; i < count; i++) {
        const PgQuery__DefElem *e = list[i]->def_elem;
        const PgQuery__DefElem **place = NULL;
        for (size_t k = 0; k < ARRAY_LEN(DATABASE_OPTIONS); k++) {
            if (strcmp(DATABASE_OPTIONS[k].name, e->defname) == 0 &&
                (!alter || DATABASE_OPTIONS[k].alter)) {
                place = (void *)((char *)o + DATABASE_OPTIONS[k].at);
            }
        }
        if (place == NULL) {
            return ddl_error_at(
                cx, d,
                err_set(cx, ERRCODE_SYNTAX_ERROR, "option \"%s\" not recognized", e->defname),
                e->location);
        }
        if (*place != NULL) {
            return ddl_error_at(
                cx, d, err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"),
                e->location);
        }
        *place = e;
    }
    return ST_OK;
}

/* database_option_text - an option's text; NULL when it is not given, or as DEFAULT. */
static const char *database_option_text(DdlCx *d, const PgQuery__DefElem *e)
{
    return e == NULL || e->arg == NULL ? NULL : ddl_option_value(d->arena, e->arg);
}

static Status database_option_bool(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, bool *out)
{
    const char *text = database_option_text(d, e);
    if (text == NULL) {
        return ST_OK;
    }
    bool on =
        strcasecmp(text, "true") == 0 || strcasecmp(text, "on") == 0 || strcmp(text, "1") == 0;
    if (!on && strcasecmp(text, "false") != 0 && strcasecmp(text, "off") != 0 &&
        strcmp(text, "0") != 0) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a Boolean value", e->defname);
    }
    *out = on;
    return ST_OK;
}

/* database_option_limit - CONNECTION LIMIT: -1 is none. */
static Status database_option_limit(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, int32_t *out)
{
    const char *text = database_option_text(d, e);
    char *end;
    if (text == NULL) {
        return ST_OK;
    }
    long v = strtol(text, &end, 10);
    if (*end != '\0' || text[0] == '\0' || v > INT32_MAX || v < INT32_MIN) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires an integer value", e->defname);
    }
    if (v < -1) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid connection limit: %ld", v);
    }
    *out = (int32_t)v;
    return ST_OK;
}

/* ---- rows of pg_database ---- */

Status ddl_database_by_name(Cx *cx, DdlCx *d, const char *name, DdlRow *r)
{
    static const uint16_t COLUMN = PG_DATABASE_DATNAME;
    Datum key = {.str = str_ref(name, strlen(name))};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DATABASE, &COLUMN, &key, 1, &list));
    if (list.count == 0) {
        return ST_NOTFOUND;
    }
    *r = list.rows[0];
    return ST_OK;
}

/* database_named - ... which must be there. */
static Status database_named(Cx *cx, DdlCx *d, const char *name, DdlRow *r)
{
    Status st = ddl_database_by_name(cx, d, name, r);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name)
               : st;
}

/* database_owned - 42501 unless the present user owns it. */
static Status database_owned(Cx *cx, DdlCx *d, const DdlRow *r)
{
    return cat_owner_need(cx, d->view, CAT_PG_DATABASE, r->values[PG_DATABASE_OID].u32);
}

/* database_creator - 42501 unless the present user may create databases; what: "create database".
 */
static Status database_creator(Cx *cx, DdlCx *d, const char *what)
{
    const CatRole *role;
    if (d->view->user_super) {
        return ST_OK;
    }
    TRY(cat_role(cx, d->view, d->view->user, &role));
    return role->create_db
               ? ST_OK
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to %s", what);
}

/* database_prepared - prepared transactions of the database. */
static Status database_prepared(Cx *cx, DdlCx *d, Oid database, uint32_t *count_out)
{
    PreparedFacts *list;
    uint32_t count;
    *count_out = 0;
    TRY(txnsys_prepared_list(cx, d->engine->txns, d->arena, &list, &count));
    for (uint32_t i = 0; i < count; i++) {
        *count_out += list[i].database == database;
    }
    return ST_OK;
}

/* database_busy_detail - who is in the way. */
static Status database_busy_detail(Cx *cx, uint32_t others, uint32_t prepared)
{
    if (others != 0 && prepared != 0) {
        return err_detail(cx,
                          "There are %u other session(s) and %u prepared transaction(s) using the "
                          "database.",
                          others, prepared);
    }
    if (others != 0) {
        return err_detail(cx,
                          others == 1 ? "There is %u other session using the database."
                                      : "There are %u other sessions using the database.",
                          others);
    }
    return err_detail(cx,
                      prepared == 1 ? "There is %u prepared transaction using the database."
                                    : "There are %u prepared transactions using the database.",
                      prepared);
}

/* database_hold - nobody else uses it, until the transaction ends. 55006; what: how the message
 * calls the database. */
static Status database_hold(Cx *cx, DdlCx *d, const DdlRow *r, const char *what, bool exclusive,
                            bool terminate)
{
    uint32_t others = 0, prepared;
    Oid oid = r->values[PG_DATABASE_OID].u32;
    TRY(database_prepared(cx, d, oid, &prepared));
    if (terminate && prepared != 0) {
        st_ignore(err_set(cx, ERRCODE_OBJECT_IN_USE,
                          "database \"%s\" is being used by prepared transactions",
                          ddl_row_text(d, r, PG_DATABASE_DATNAME)));
        return database_busy_detail(cx, 0, prepared);
    }
    if (d->hold_database != NULL) {
        TRY(d->hold_database(d->in_use_arg, cx, oid, exclusive, terminate, &others));
    }
    TRY(database_prepared(cx, d, oid, &prepared));
    if (others == 0 && prepared == 0) {
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_OBJECT_IN_USE, "%s \"%s\" is being accessed by other users", what,
                      ddl_row_text(d, r, PG_DATABASE_DATNAME)));
    return database_busy_detail(cx, others, prepared);
}

/* ---- CREATE ---- */

/* database_encoding - UTF8 is all there is; what else PostgreSQL takes with template0 only. */
static Status database_encoding(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, bool from_template0)
{
    const char *text = database_option_text(d, e);
    bool other = false, is_utf8 = false;
    if (text == NULL) {
        return ST_OK;
    }
    if (e->arg->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        int32_t code = e->arg->integer->ival;
        if (code < 0 || code > 41) {
            return ddl_error_at(
                cx, d,
                err_set(cx, ERRCODE_UNDEFINED_OBJECT, "%d is not a valid encoding code", code),
                e->location);
        }
        is_utf8 = code == DATABASE_ENCODING_UTF8;
    } else {
        const char *name = d->encoding_name != NULL ? d->encoding_name(text, &other) : text;
        if (name == NULL && !other) {
            return ddl_error_at(
                cx, d,
                err_set(cx, ERRCODE_UNDEFINED_OBJECT, "%s is not a valid encoding name", text),
                e->location);
        }
        is_utf8 = name != NULL && strcasecmp(name, "UTF8") == 0;
    }
    if (is_utf8) {
        return ST_OK;
    }
    if (from_template0) {
        return err_unsupported(cx, "databases with an encoding other than UTF8 are not supported");
    }
    st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                      "new encoding (%s) is incompatible with the encoding of the template "
                      "database (UTF8)",
                      text));
    return err_hint(cx, "Use the same encoding as in the template database, or use template0 as "
                        "template.");
}

/* database_locale - C and POSIX, which is what a database has. */
static Status database_locale(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, const char *what,
                              const char **out)
{
    const char *text = database_option_text(d, e);
    if (text == NULL) {
        return ST_OK;
    }
    if (strcmp(text, "C") != 0 && strcmp(text, "POSIX") != 0) {
        locale_t known = newlocale(LC_ALL_MASK, text, (locale_t)0);
        if (known == (locale_t)0) {
            return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "invalid locale name: \"%s\"", text);
        }
        freelocale(known);
        return err_unsupported(cx, "databases with the locale \"%s\" for %s are not supported",
                               text, what);
    }
    *out = text;
    return ST_OK;
}

/* database_check_options - what has only one value here. */
static Status database_check_options(Cx *cx, DdlCx *d, const DatabaseOptions *o, DdlRow *r,
                                     bool from_template0)
{
    const char *provider = database_option_text(d, o->provider),
               *strategy = database_option_text(d, o->strategy),
               *space = database_option_text(d, o->tablespace), *collate = NULL, *ctype = NULL;
    if (o->oid != NULL) {
        return err_unsupported(cx, "CREATE DATABASE with an OID is not supported");
    }
    if (provider != NULL && strcasecmp(provider, "libc") != 0) {
        return strcasecmp(provider, "icu") == 0
                   ? err_unsupported(cx, "databases with the locale provider icu are not supported")
                   : err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                             "unrecognized locale provider: %s", provider);
    }
    if (database_option_text(d, o->icu_locale) != NULL) {
        return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                       "ICU locale cannot be specified unless locale provider is ICU");
    }
    if (database_option_text(d, o->locale) != NULL && (o->collate != NULL || o->ctype != NULL)) {
        st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"));
        return err_detail(cx, "LOCALE cannot be specified together with LC_COLLATE or LC_CTYPE.");
    }
    TRY(database_encoding(cx, d, o->encoding, from_template0));
    TRY(database_locale(cx, d, o->locale, "LOCALE", &collate));
    ctype = collate;
    TRY(database_locale(cx, d, o->collate, "LC_COLLATE", &collate));
    TRY(database_locale(cx, d, o->ctype, "LC_CTYPE", &ctype));
    if (collate != NULL) {
        ddl_set_text(r, PG_DATABASE_DATCOLLATE, collate);
    }
    if (ctype != NULL) {
        ddl_set_text(r, PG_DATABASE_DATCTYPE, ctype);
    }
    if (strategy != NULL && strcasecmp(strategy, "wal_log") != 0 &&
        strcasecmp(strategy, "file_copy") != 0) {
        st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                          "invalid create database strategy \"%s\"", strategy));
        return err_hint(cx, "Valid strategies are \"wal_log\" and \"file_copy\".");
    }
    if (space != NULL && strcmp(space, "pg_global") == 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "pg_global cannot be used as default tablespace");
    }
    return space == NULL || strcmp(space, "pg_default") == 0
               ? ST_OK
               : err_set(cx, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist", space);
}

/* database_owner - OWNER: the present user, or a role it is a member of. */
static Status database_owner(Cx *cx, DdlCx *d, const char *name, Oid *oid_out)
{
    const CatRole *role;
    *oid_out = d->view->user;
    if (name == NULL) {
        return ST_OK;
    }
    TRY(cat_role_need(cx, d->view, name, &role));
    *oid_out = role->oid;
    return ddl_user_can_become(cx, d, role->oid);
}

/* database_begin_row - the new row of pg_database as the template's, with what the options say. */
static Status database_begin_row(Cx *cx, DdlCx *d, const DatabaseOptions *o, const char *name,
                                 Oid owner, const DdlRow *template, DdlRow *r)
{
    Oid oid;
    bool is_template = false, allow = true;
    int32_t limit = -1;
    *r = *template;
    TRY(database_option_bool(cx, d, o->is_template, &is_template));
    TRY(database_option_bool(cx, d, o->allow_connections, &allow));
    TRY(database_option_limit(cx, d, o->limit, &limit));
    TRY(database_check_options(cx, d, o, r,
                               template->values[PG_DATABASE_OID].u32 == DATABASE_TEMPLATE0));
    TRY(ddl_new_oid(cx, d, &oid));
    ddl_set_oid(r, PG_DATABASE_OID, oid);
    ddl_set_text(r, PG_DATABASE_DATNAME, name);
    ddl_set_oid(r, PG_DATABASE_DATDBA, owner);
    ddl_set_bool(r, PG_DATABASE_DATISTEMPLATE, is_template);
    ddl_set_bool(r, PG_DATABASE_DATALLOWCONN, allow);
    ddl_set_i32(r, PG_DATABASE_DATCONNLIMIT, limit);
    ddl_set_text(r, PG_DATABASE_DATACL, NULL);
    return ST_OK;
}

Status ddl_create_database(Cx *cx, DdlCx *d, const PgQuery__CreatedbStmt *stmt)
{
    DatabaseOptions o;
    DdlRow template, existing, r;
    Oid owner;
    bool mine;
    TRY(database_options(cx, d, stmt->options, stmt->n_options, false, &o));
    if (o.location != NULL) {
        err_notice(cx, ERR_WARNING, ERRCODE_FEATURE_NOT_SUPPORTED,
                   "Consider using tablespaces instead.", "LOCATION is not supported anymore");
    }
    const CatRole *role;
    const char *named = database_option_text(d, o.owner);
    if (named != NULL) { /* is it there at all? */
        TRY(cat_role_need(cx, d->view, named, &role));
    }
    TRY(database_creator(cx, d, "create database"));
    TRY(database_owner(cx, d, named, &owner));
    const char *from = database_option_text(d, o.template);
    from = from != NULL ? from : "template1";
    Status st = ddl_database_by_name(cx, d, from, &template);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_DATABASE, "template database \"%s\" does not exist",
                       from);
    }
    TRY(st);
    Oid source = template.values[PG_DATABASE_OID].u32;
    TRY(cat_is_owner(cx, d->view, CAT_PG_DATABASE, source, d->view->user, &mine));
    if (!template.values[PG_DATABASE_DATISTEMPLATE].b && !mine) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied to copy database \"%s\"", from);
    }
    TRY(database_begin_row(cx, d, &o, stmt->dbname, owner, &template, &r));
    st = ddl_database_by_name(cx, d, stmt->dbname, &existing);
    if (st == ST_OK) {
        return err_set(cx, ERRCODE_DUPLICATE_DATABASE, "database \"%s\" already exists",
                       stmt->dbname);
    }
    if (st != ST_NOTFOUND) {
        return st;
    }
    TRY(database_hold(cx, d, &template, "source database", false, false));
    TRY(ddl_row_insert(cx, d, &r)); /* first: who makes one of this name meanwhile waits */
    Oid oid = r.values[PG_DATABASE_OID].u32;
    TRY(ddl_shdepend_owner(cx, d, (DdlObject){CAT_PG_DATABASE, oid, 0}, owner));
    TRY(ddl_shdepend_copy(cx, d, source, oid));
    TRY(ddl_copy_database(cx, d, source, oid));
    cat_changed(d->view);
    return ST_OK;
}

/* ---- DROP ---- */

/* database_remove_shared - what shared catalogs say of the database. */
static Status database_remove_shared(Cx *cx, DdlCx *d, Oid oid)
{
    Datum key[2] = {{.u32 = oid}, {.u32 = CAT_PG_DATABASE}};
    TRY(ddl_row_remove(cx, d, CAT_PG_SHDESCRIPTION, key, 2));
    TRY(ddl_row_remove(cx, d, CAT_PG_DB_ROLE_SETTING, key, 1));
    TRY(ddl_row_remove(cx, d, CAT_PG_SHDEPEND, key, 1)); /* of its objects */
    TRY(ddl_shdepend_drop(cx, d, (DdlObject){CAT_PG_DATABASE, oid, 0}));
    return ddl_row_remove(cx, d, CAT_PG_DATABASE, key, 1);
}

Status ddl_drop_database(Cx *cx, DdlCx *d, const PgQuery__DropdbStmt *stmt)
{
    DdlRow r;
    bool force = false;
    for (size_t i = 0; i < stmt->n_options; i++) {
        const PgQuery__DefElem *e = stmt->options[i]->def_elem;
        if (strcmp(e->defname, "force") != 0) {
            return ddl_error_at(cx, d,
                                err_set(cx, ERRCODE_SYNTAX_ERROR,
                                        "unrecognized DROP DATABASE option \"%s\"", e->defname),
                                e->location);
        }
        force = true;
    }
    Status st = ddl_database_by_name(cx, d, stmt->dbname, &r);
    if (st == ST_NOTFOUND && stmt->missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "database \"%s\" does not exist, skipping", stmt->dbname);
        return ST_OK;
    }
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist",
                       stmt->dbname);
    }
    TRY(st);
    TRY(database_owned(cx, d, &r));
    Oid oid = r.values[PG_DATABASE_OID].u32;
    if (oid == d->view->database) {
        return err_set(cx, ERRCODE_OBJECT_IN_USE, "cannot drop the currently open database");
    }
    if (r.values[PG_DATABASE_DATISTEMPLATE].b) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot drop a template database");
    }
    TRY(database_hold(cx, d, &r, "database", true, force));
    TRY(ddl_empty_database(cx, d, oid));
    TRY(database_remove_shared(cx, d, oid));
    cat_changed(d->view);
    return ST_OK;
}

/* ---- ALTER ---- */

Status ddl_alter_database(Cx *cx, DdlCx *d, const PgQuery__AlterDatabaseStmt *stmt)
{
    DatabaseOptions o;
    DdlRow r;
    int32_t limit;
    TRY(database_options(cx, d, stmt->options, stmt->n_options, true, &o));
    if (o.tablespace != NULL) {
        const char *space = database_option_text(d, o.tablespace);
        TRY(database_named(cx, d, stmt->dbname, &r));
        return space != NULL && strcmp(space, "pg_default") == 0
                   ? ST_OK
                   : err_set(cx, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist",
                             space != NULL ? space : "");
    }
    limit = -1;
    TRY(database_option_limit(cx, d, o.limit, &limit));
    TRY(database_named(cx, d, stmt->dbname, &r));
    TRY(database_owned(cx, d, &r));
    bool is_template = r.values[PG_DATABASE_DATISTEMPLATE].b,
         allow = r.values[PG_DATABASE_DATALLOWCONN].b;
    TRY(database_option_bool(cx, d, o.is_template, &is_template));
    TRY(database_option_bool(cx, d, o.allow_connections, &allow));
    if (!allow && r.values[PG_DATABASE_OID].u32 == d->view->database) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "cannot disallow connections for current database");
    }
    ddl_set_bool(&r, PG_DATABASE_DATISTEMPLATE, is_template);
    ddl_set_bool(&r, PG_DATABASE_DATALLOWCONN, allow);
    if (o.limit != NULL) {
        ddl_set_i32(&r, PG_DATABASE_DATCONNLIMIT, limit);
    }
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_refresh_database_collation(Cx *cx, DdlCx *d,
                                      const PgQuery__AlterDatabaseRefreshCollStmt *stmt)
{
    DdlRow r;
    TRY(database_named(cx, d, stmt->dbname, &r));
    TRY(database_owned(cx, d, &r));
    err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL, "version has not changed");
    return ST_OK;
}

Status ddl_rename_database(Cx *cx, DdlCx *d, const char *from, const char *to)
{
    DdlRow r, other;
    TRY(database_named(cx, d, from, &r));
    TRY(database_owned(cx, d, &r));
    TRY(database_creator(cx, d, "rename database"));
    Status st = ddl_database_by_name(cx, d, to, &other);
    if (st == ST_OK) {
        return err_set(cx, ERRCODE_DUPLICATE_DATABASE, "database \"%s\" already exists", to);
    }
    if (st != ST_NOTFOUND) {
        return st;
    }
    if (r.values[PG_DATABASE_OID].u32 == d->view->database) {
        return err_unsupported(cx, "current database cannot be renamed");
    }
    TRY(database_hold(cx, d, &r, "database", true, false));
    ddl_set_text(&r, PG_DATABASE_DATNAME, to);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}
