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

void func_prepared_statements(void *arg, Arena *arena, FuncPrepared **out, uint32_t *count_out)
{
    const Session *s = arg;
    uint32_t at = 0, n = 0;
    MapSlot slot;
    *out = ARENA_ARRAY(arena, FuncPrepared, s->statements.count + 1u);
    while (map_next(&s->statements, &at, &slot)) {
        const Statement *st = slot.value;
        if (st->name == NULL || st->name[0] == '\0') {
            continue; /* the unnamed one is not told */
        }
        (*out)[n++] = (FuncPrepared){.name = st->name,
                                     .statement = arena_strndup(arena, st->sql.ptr, st->sql.len),
                                     .prepared_us = st->prepared_at_us,
                                     .types = st->params.types,
                                     .type_count = st->params.count,
                                     .from_sql = st->from_sql};
    }
    *count_out = n;
}

void func_cursors(void *arg, Arena *arena, FuncCursor **out, uint32_t *count_out)
{
    const Session *s = arg;
    uint32_t at = 0, n = 0;
    MapSlot slot;
    *out = ARENA_ARRAY(arena, FuncCursor, s->portals.count + 1u);
    while (map_next(&s->portals, &at, &slot)) {
        const Portal *p = slot.value;
        if (p->name == NULL || p->name[0] == '\0' || p->stmt == NULL) {
            continue;
        }
        (*out)[n++] =
            (FuncCursor){.name = p->name,
                         .statement = arena_strndup(arena, p->stmt->sql.ptr, p->stmt->sql.len),
                         .holdable = cursor_is_with_hold(p),
                         .binary = cursor_is_binary(p),
                         .scrollable = cursor_is_scroll(p),
                         .created_us = p->created_us};
    }
    *count_out = n;
}

bool func_signal_backend(void *arg, int32_t pid, bool terminate)
{
    Session *s = arg;
    return server_signal_session(s->server, pid, 0, false,
                                 terminate ? CX_CANCEL_TERMINATE : CX_CANCEL_QUERY);
}
