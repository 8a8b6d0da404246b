/*
 * session_fn.c - who and where am I: names, settings, connection facts.
 */
#include <stdio.h>

#include "catalog/acl.h"
#include "func/func_internal.h"
#include "type/array.h"

static Status fn_version(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)a;
    (void)null_out;
    const char *number = fs->setting_get(fs->arg, "server_version");
    out->str.len = 0;
    func_text(call, out,
              arena_printf(call->arena, "PostgreSQL %.*s on x86_64-pc-linux-gnu, dassie %s, 64-bit",
                           (int)strcspn(number, " "), number, DASSIE_VERSION));
    return ST_OK;
}
KERNEL(fn_version)

/* SESSION_TEXT_FN - a function without arguments that tells a text of the session. */
#define SESSION_TEXT_FN(name, text)                                                                \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        (void)a;                                                                                   \
        (void)null_out;                                                                            \
        func_text(call, out, text);                                                                \
        return ST_OK;                                                                              \
    }                                                                                              \
    KERNEL(name)

SESSION_TEXT_FN(fn_current_database, fs->database_name)
SESSION_TEXT_FN(fn_current_user, fs->user_name)
SESSION_TEXT_FN(fn_session_user, fs->session_user_name)

static Status fn_current_schema(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                bool *null_out)
{
    (void)a;
    const char *name = fs->view->creation_namespace != 0
                           ? cat_namespace_name(fs->view, fs->view->creation_namespace)
                           : NULL;
    *null_out = name == NULL;
    if (name != NULL) {
        func_text(call, out, name);
    }
    return ST_OK;
}
KERNEL(fn_current_schema)

static Status show_setting_value(FnCall *call, FuncSession *fs, const Datum *name, bool missing_ok,
                                 Datum *out, bool *null_out)
{
    char *text = func_cstring(call, name);
    TRY(cat_setting_need(call->cx, fs->view, text));
    const char *value = fs->setting_get(fs->arg, text);
    if (value == NULL && !missing_ok) {
        return err_set(call->cx, ERRCODE_UNDEFINED_OBJECT,
                       "unrecognized configuration parameter \"%s\"", text);
    }
    *null_out = value == NULL;
    if (value != NULL) {
        func_text(call, out, value);
    }
    return ST_OK;
}

static Status fn_current_setting(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    return show_setting_value(call, fs, &a[0], false, out, null_out);
}
KERNEL(fn_current_setting)

static Status fn_current_setting_missing(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                         bool *null_out)
{
    return show_setting_value(call, fs, &a[0], a[1].b, out, null_out);
}
KERNEL(fn_current_setting_missing)

/* set_config is not strict: a NULL value resets, a NULL name is an error; here both are given. */
static Status fn_set_config(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                            bool *null_out)
{
    char *name = func_cstring(call, &a[0]);
    TRY(fs->setting_set(fs->arg, call->cx, name, func_cstring(call, &a[1]), a[2].b));
    return show_setting_value(call, fs, &a[0], true, out, null_out);
}
KERNEL(fn_set_config)

static Status fn_backend_pid(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    (void)call;
    (void)a;
    (void)null_out;
    out->i32 = fs->backend_pid;
    return ST_OK;
}
KERNEL(fn_backend_pid)

static Status fn_port(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call;
    (void)a;
    *null_out = fs->client_address == NULL;
    out->i32 = fs->client_port;
    return ST_OK;
}
KERNEL(fn_port)

static Status fn_server_port(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    (void)call;
    (void)a;
    *null_out = fs->client_address == NULL;
    out->i32 = fs->server_port;
    return ST_OK;
}
KERNEL(fn_server_port)

static Status fn_client_encoding(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    (void)a;
    (void)null_out;
    func_text(call, out, fs->setting_get(fs->arg, "client_encoding"));
    return ST_OK;
}
KERNEL(fn_client_encoding)

/* fn_current_schemas - current_schemas(include_implicit) as name[]. */
static Status fn_current_schemas(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    ArrayList list = array_list(call->arena);
    (void)null_out;
    for (uint32_t i = 0; i < fs->view->search_path_count; i++) {
        Oid ns = fs->view->search_path[i];
        const char *name = cat_namespace_name(fs->view, ns);
        bool unnamed = ns == NAMESPACE_PG_CATALOG ||
                       (ns == fs->view->temp_namespace && !fs->view->temp_in_path);
        if (name == NULL || (unnamed && !a[0].b)) {
            continue;
        }
        Datum d = {.str = str_ref(name, strlen(name))};
        array_list_add(&list, PHYS_STR, &d, false, false);
    }
    out->str = array_build_list(&list, TYPE_NAME);
    return ST_OK;
}
KERNEL(fn_current_schemas)

static const FnOps FNS[] = {
    {"pgsql_version", fn_version_kernel, 0},
    {"current_database", fn_current_database_kernel, 0},
    {"current_user", fn_current_user_kernel, 0},
    {"session_user", fn_session_user_kernel, 0},
    {"current_schema", fn_current_schema_kernel, 0},
    {"current_schemas", fn_current_schemas_kernel, 0},
    {"show_config_by_name", fn_current_setting_kernel, 0},
    {"show_config_by_name_missing_ok", fn_current_setting_missing_kernel, 0},
    {"set_config_by_name", fn_set_config_kernel, 0},
    {"pg_backend_pid", fn_backend_pid_kernel, 0},
    {"inet_client_port", fn_port_kernel, 0},
    {"inet_server_port", fn_server_port_kernel, 0},
    {"pg_client_encoding", fn_client_encoding_kernel, 0},
};
const FuncTable FUNC_SESSION = {FNS, ARRAY_LEN(FNS)};
