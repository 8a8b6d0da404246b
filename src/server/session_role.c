/*
 * session_role.c - whose rights a session has: who logged in, SET SESSION AUTHORIZATION, SET ROLE,
 * what ALTER ROLE and ALTER DATABASE say a session begins with, limits of connections.
 *
 * Both settings are kept as the settings they are in SQL, so that they follow transactions; what
 * they mean is looked up when they change.
 */
#include <stdio.h>

#include "base/log.h"
#include "catalog/acl.h"
#include "catalog/catalog_data.h"
#include "server/server_internal.h"

static const char ROLE_SETTING[] = "role";
static const char AUTHORIZATION_SETTING[] = "session_authorization";

const char *session_role_setting(const char *name)
{
    return strcasecmp(name, ROLE_SETTING) == 0            ? ROLE_SETTING
           : strcasecmp(name, AUTHORIZATION_SETTING) == 0 ? AUTHORIZATION_SETTING
                                                          : NULL;
}

bool session_role_is_authorization(const char *canonical)
{
    return canonical == AUTHORIZATION_SETTING;
}

/* role_named - a role as SET names it. 22023. */
static Status role_named(Cx *cx, Session *s, const char *name, Oid *out)
{
    Status st = cat_role_by_name(cx, &s->view, name, out);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "role \"%s\" does not exist", name)
               : st;
}

Status session_role_check(Cx *cx, Session *s, const char *canonical, const char *value)
{
    Oid oid;
    bool may;
    if (canonical == ROLE_SETTING) {
        if (strcmp(value, "none") == 0) {
            return ST_OK;
        }
        TRY(role_named(cx, s, value, &oid));
        TRY(cat_role_member(cx, &s->view, s->session_user, oid, &may));
        return may ? ST_OK
                   : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                             "permission denied to set role \"%s\"", value);
    }
    TRY(role_named(cx, s, value, &oid));
    return oid == s->auth_user || s->auth_super
               ? ST_OK
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "permission denied to set session authorization");
}

/* role_use - the role a name stands for; one that is gone leaves what there was. */
static Status role_use(Cx *cx, Session *s, const char *name, Oid *oid, char *text, size_t size)
{
    Oid found;
    Status st = cat_role_by_name(cx, &s->view, name, &found);
    if (st == ST_OK) {
        *oid = found;
        (void)snprintf(text, size, "%s", name);
    }
    return st == ST_ERROR ? st : ST_OK;
}

Status session_role_apply(Cx *cx, Session *s)
{
    const char *authorization = setting_custom(s, AUTHORIZATION_SETTING);
    const char *role = setting_custom(s, ROLE_SETTING);
    s->session_user = s->auth_user;
    (void)snprintf(s->session_user_name, sizeof(s->session_user_name), "%s", s->user);
    if (authorization != NULL) {
        TRY(role_use(cx, s, authorization, &s->session_user, s->session_user_name,
                     sizeof(s->session_user_name)));
    }
    s->view.user = s->session_user;
    memcpy(s->current_user_name, s->session_user_name, sizeof(s->current_user_name));
    (void)snprintf(s->role_name, sizeof(s->role_name), "none");
    if (role != NULL && strcmp(role, "none") != 0) {
        TRY(role_use(cx, s, role, &s->view.user, s->current_user_name,
                     sizeof(s->current_user_name)));
        (void)snprintf(s->role_name, sizeof(s->role_name), "%s", role);
    }
    s->view.user_name = s->current_user_name;
    s->search_path_stale = true;
    s->settings.report_due = true;
    s->user_version = catalog_version(s->server->catalog);
    return cat_user_refresh(cx, &s->view);
}

Status session_role_refresh(Cx *cx, Session *s)
{
    uint64_t version = catalog_version(s->server->catalog);
    if (s->user_version == version) {
        return ST_OK;
    }
    s->user_version = version;
    return cat_user_refresh(cx, &s->view);
}

/* ---- log-in ---- */

/* login_count - count this session in, and how many there are of its role. */
static uint32_t login_count(Session *s)
{
    Server *srv = s->server;
    uint32_t n = 0;
    os_mutex_lock(srv->os, &srv->mutex);
    s->counted_role = s->auth_user;
    LIST_FOREACH (node, &srv->sessions) {
        n += LIST_ITEM(node, Session, link)->counted_role == s->auth_user ? 1 : 0;
    }
    os_mutex_unlock(srv->os, &srv->mutex);
    return n;
}

Status session_login(Cx *cx, Session *s)
{
    const CatRole *role;
    Oid oid;
    Status st = cat_role_by_name(cx, &s->view, s->user, &oid);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                       "role \"%s\" does not exist", s->user);
    }
    TRY(st);
    TRY(cat_role(cx, &s->view, oid, &role));
    if (!role->can_login) {
        return err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                       "role \"%s\" is not permitted to log in", s->user);
    }
    s->auth_user = s->session_user = role->oid;
    s->auth_super = role->super;
    s->view.user = role->oid;
    s->view.user_super = role->super;
    uint32_t others = login_count(s);
    if (!role->super && role->connection_limit >= 0 && others > (uint32_t)role->connection_limit) {
        return err_set(cx, ERRCODE_TOO_MANY_CONNECTIONS, "too many connections for role \"%s\"",
                       role->name);
    }
    return session_connect_database(cx, s);
}

Status session_verifier(Cx *cx, Session *s, char **out)
{
    const CatRole *role;
    Oid oid;
    *out = NULL;
    Status st = cat_role_by_name(cx, &s->view, s->user, &oid);
    if (st == ST_OK) {
        st = cat_role(cx, &s->view, oid, &role);
    }
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    int64_t now = os_now_us(s->server->os) - UNIX_TO_PG_EPOCH_US;
    bool valid = !role->has_valid_until || role->valid_until > now;
    if (role->password != NULL && valid) {
        *out = arena_strdup(&s->stmt_arena, role->password);
    }
    return ST_OK;
}

/* begin_with - the settings of one row of pg_db_role_setting that nobody has set yet. */
static Status begin_with(Session *s, const char *text)
{
    const char *const *items;
    uint32_t count = cat_text_array(&s->stmt_arena, text, &items);
    for (uint32_t i = 0; i < count; i++) {
        char *pair = arena_strdup(&s->stmt_arena, items[i]);
        char *eq = strchr(pair, '=');
        if (eq == NULL) {
            continue;
        }
        *eq = '\0';
        if (!setting_is_given(s, pair)) {
            /* What is no longer good is told in the log only: the session must go on. */
            Status st = setting_begin(&s->cx, s, pair, eq + 1);
            if (st != ST_OK) {
                log_line(LOG_WARNING, "%s", s->cx.err->message);
            }
        }
    }
    return ST_OK;
}

Status session_begin_settings(Cx *cx, Session *s)
{
    /* The nearest first: it is not overridden by those that follow. */
    const Oid keys[4][2] = {{s->view.database, s->auth_user},
                            {OID_INVALID, s->auth_user},
                            {s->view.database, OID_INVALID},
                            {OID_INVALID, OID_INVALID}};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        Datum key[2] = {{.u32 = keys[i][0]}, {.u32 = keys[i][1]}};
        const Datum *values;
        const bool *nulls;
        Status st = cat_row_get(cx, &s->view, &s->stmt_arena, CAT_PG_DB_ROLE_SETTING, key, 2,
                                &values, &nulls);
        if (st == ST_NOTFOUND || (st == ST_OK && nulls[PG_DB_ROLE_SETTING_SETCONFIG])) {
            continue;
        }
        TRY(st);
        const Str *text = &values[PG_DB_ROLE_SETTING_SETCONFIG].str;
        TRY(begin_with(s, arena_strndup(&s->stmt_arena, str_ptr(text), text->len)));
    }
    return ST_OK;
}

/* ---- what src/ddl asks for ---- */

Status session_make_verifier(void *arg, Cx *cx, Arena *arena, const char *password,
                             const char **out)
{
    Session *s = arg;
    uint8_t salt[16];
    char verifier[256];
    if (scram_verifier_valid(password)) {
        *out = arena_strdup(arena, password);
        return ST_OK;
    }
    if (strncmp(password, "md5", 3) == 0 && strlen(password) == 35 &&
        strspn(password + 3, "0123456789abcdef") == 32) {
        st_ignore(err_unsupported(cx, "MD5-encrypted passwords are not supported"));
        return err_hint(cx, "Give the password itself, or a SCRAM-SHA-256 verifier.");
    }
    if (strcmp(setting_value(s, "password_encryption"), "md5") == 0) {
        return err_unsupported(cx, "password_encryption = md5 is not supported");
    }
    os_random(s->server->os, salt, sizeof(salt));
    scram_make_verifier(password, salt, verifier, sizeof(verifier));
    *out = arena_strdup(arena, verifier);
    return ST_OK;
}
