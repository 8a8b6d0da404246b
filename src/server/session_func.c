/*
 * session_func.c - what src/func asks of a session: settings and signals to others.
 */
#include "server/server_internal.h"

const char *func_setting_get(void *arg, const char *name)
{
    return setting_show(arg, name, NULL);
}

Status func_setting_set(void *arg, Cx *cx, const char *name, const char *value, bool local)
{
    return setting_assign(cx, arg, name, value, local, false);
}

void func_setting_tell(void *arg, uint32_t i, FuncSetting *out)
{
    setting_tell(arg, i, out);
}

bool func_signal_backend(void *arg, int32_t pid, bool terminate)
{
    Session *s = arg;
    return server_signal_session(s->server, pid, 0, false,
                                 terminate ? CX_CANCEL_TERMINATE : CX_CANCEL_QUERY);
}
