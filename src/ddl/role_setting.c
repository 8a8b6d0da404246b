/*
 * role_setting.c - ALTER ROLE and ALTER DATABASE ... SET: what sessions begin with
 * (pg_db_role_setting).
 */
#include "ddl/role.h"

/* setting_put_element - one "name=value" as an element of an array's text. */
static void setting_put_element(Buf *b, const char *text)
{
    bool quote = text[0] == '\0' || strpbrk(text, "\"\\{}, \t\n\r\v\f") != NULL ||
                 strcasecmp(text, "null") == 0;
    buf_puts(b, quote ? "\"" : "");
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            buf_putc(b, '\\');
        }
        buf_putc(b, *p);
    }
    buf_puts(b, quote ? "\"" : "");
}

/* setting_change - the array without the setting, or with its new value in its place. NULL: none is
 * left. */
static const char *setting_change(DdlCx *d, const char *old, const char *name, const char *value)
{
    const char *const *items;
    uint32_t count = cat_text_array(d->arena, old, &items), n = 0;
    size_t len = strlen(name);
    bool done = value == NULL;
    const char *now = value != NULL ? arena_printf(d->arena, "%s=%s", name, value) : NULL;
    Buf b;
    buf_init(&b, 1u << 20);
    buf_putc(&b, '{');
    for (uint32_t i = 0; i <= count; i++) {
        const char *item = i < count ? items[i] : NULL;
        bool same = item != NULL && strncmp(item, name, len) == 0 && item[len] == '=';
        if (same) {
            item = done ? NULL : now;
            done = true;
        } else if (i == count && !done) {
            item = now;
        }
        if (item != NULL) {
            buf_puts(&b, n++ == 0 ? "" : ",");
            setting_put_element(&b, item);
        }
    }
    buf_putc(&b, '}');
    const char *text = n == 0 ? NULL : arena_strndup(d->arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

/* setting_alter - the row of (database, role): set, reset or reset all. */
static Status setting_alter(Cx *cx, DdlCx *d, Oid database, Oid role,
                            const PgQuery__VariableSetStmt *set)
{
    Datum key[2] = {{.u32 = database}, {.u32 = role}};
    DdlRow r;
    const char *name, *value, *text;
    if (set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) {
        return ddl_row_remove(cx, d, CAT_PG_DB_ROLE_SETTING, key, 2);
    }
    TRY(d->setting_text(d->server_arg, cx, set, &name, &value));
    Status st = ddl_row_load(cx, d, CAT_PG_DB_ROLE_SETTING, key, 2, &r);
    if (st == ST_NOTFOUND) {
        ddl_row_init(&r, CAT_PG_DB_ROLE_SETTING);
        ddl_set_oid(&r, PG_DB_ROLE_SETTING_SETDATABASE, database);
        ddl_set_oid(&r, PG_DB_ROLE_SETTING_SETROLE, role);
        text = setting_change(d, NULL, name, value);
        ddl_set_text(&r, PG_DB_ROLE_SETTING_SETCONFIG, text);
        return text != NULL ? ddl_row_insert(cx, d, &r) : ST_OK;
    }
    TRY(st);
    text = setting_change(d, ddl_row_text(d, &r, PG_DB_ROLE_SETTING_SETCONFIG), name, value);
    ddl_set_text(&r, PG_DB_ROLE_SETTING_SETCONFIG, text);
    return text != NULL ? ddl_row_store(cx, d, &r)
                        : ddl_row_remove(cx, d, CAT_PG_DB_ROLE_SETTING, key, 2);
}

/* setting_database - a database by its name. 3D000. */
static Status setting_database(Cx *cx, DdlCx *d, const char *name, Oid *out)
{
    Status st = cat_database_by_name(cx, d->view, name, out);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name)
               : st;
}

Status ddl_role_set(Cx *cx, DdlCx *d, const PgQuery__AlterRoleSetStmt *stmt)
{
    const CatRole *role = NULL;
    Oid database = OID_INVALID;
    if (stmt->role != NULL) {
        Oid oid;
        bool may;
        if (stmt->role->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING &&
            strncmp(stmt->role->rolename, "pg_", 3) == 0) {
            st_ignore(err_set(cx, ERRCODE_RESERVED_NAME, "role name \"%s\" is reserved",
                              stmt->role->rolename));
            return err_detail(cx, "Cannot alter reserved roles.");
        }
        TRY(ddl_role_spec(cx, d, stmt->role, false, &oid));
        TRY(cat_role(cx, d->view, oid, &role));
        if (role->super && !d->view->user_super) {
            return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                           "must be superuser to alter superusers");
        }
        TRY(ddl_may_create_roles(cx, d, &may));
        if (!may && oid != d->view->user) {
            return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied");
        }
    }
    if (stmt->database != NULL && stmt->database[0] != '\0') {
        TRY(setting_database(cx, d, stmt->database, &database));
        if (role == NULL) {
            TRY(cat_owner_need(cx, d->view, CAT_PG_DATABASE, database));
        }
    }
    if (role == NULL && database == OID_INVALID && !d->view->user_super) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "must be superuser to alter settings globally");
    }
    return setting_alter(cx, d, database, role != NULL ? role->oid : OID_INVALID, stmt->setstmt);
}

Status ddl_database_set(Cx *cx, DdlCx *d, const PgQuery__AlterDatabaseSetStmt *stmt)
{
    Oid database;
    TRY(setting_database(cx, d, stmt->dbname, &database));
    TRY(cat_owner_need(cx, d->view, CAT_PG_DATABASE, database));
    return setting_alter(cx, d, database, OID_INVALID, stmt->setstmt);
}

Status ddl_drop_role_settings(Cx *cx, DdlCx *d, Oid role)
{
    static const uint16_t COLUMN = PG_DB_ROLE_SETTING_SETROLE;
    Datum key = {.u32 = role};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DB_ROLE_SETTING, &COLUMN, &key, 1, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        TRY(ddl_row_remove(cx, d, CAT_PG_DB_ROLE_SETTING, list.rows[i].values, 2));
    }
    return ST_OK;
}
