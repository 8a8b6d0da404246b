/*
 * notify_fn.c - pg_notify and what tells of channels; the session does the work.
 */
#include "func/func_internal.h"

/* notify_text - an argument as a C string; NULL is the empty one. */
static const char *notify_text(FnCall *call, const Vector *v, uint32_t row)
{
    if (vec_is_null(v, row)) {
        return "";
    }
    Datum d = vec_get(v, row);
    return func_cstring(call, &d);
}

static Status fn_notify(FnCall *call, const Vector *const *args, uint32_t arg_count, const Sel *sel,
                        Vector *out)
{
    FuncSession *fs = func_session(call);
    (void)arg_count, (void)out;
    if (fs == NULL || fs->notify == NULL) {
        return err_unsupported(call->cx, "pg_notify needs a session");
    }
    SEL_FOREACH(row, sel)
    {
        TRY(fs->notify(fs->arg, call->cx, notify_text(call, args[0], row),
                       notify_text(call, args[1], row)));
        vec_put(out, row, &(Datum){0});
    }
    return ST_OK;
}

static Status fn_queue_usage(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    (void)call, (void)a, (void)null_out;
    out->f64 = fs->notify_usage != NULL ? fs->notify_usage(fs->arg) : 0;
    return ST_OK;
}
KERNEL(fn_queue_usage)

/* NotifyRows - the channels of the session, one after the other. */
typedef struct NotifyRows {
    const char **names;
    uint32_t count, at;
} NotifyRows;

static Status channels_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    NotifyRows *r = ARENA_NEW(call->state_arena, NotifyRows);
    FuncSession *fs = func_session(call);
    (void)args, (void)nulls, (void)count;
    if (fs != NULL && fs->listening != NULL) {
        r->count = fs->listening(fs->arg, call->state_arena, &r->names);
    }
    call->state = r;
    return ST_OK;
}

static Status channels_next(FnCall *call, Datum *cols, bool *nulls)
{
    NotifyRows *r = call->state;
    if (r->at == r->count) {
        return ST_DONE;
    }
    func_put(call, cols, nulls, 0, r->names[r->at++]);
    return ST_OK;
}

static const FnOps FNS[] = {
    {"pg_notify", fn_notify, 0},
    {"pg_notification_queue_usage", fn_queue_usage_kernel, 0},
};
const FuncTable FUNC_NOTIFY = {FNS, ARRAY_LEN(FNS)};
const SetOps FUNC_LISTENING_SET = {"pg_listening_channels", channels_begin, channels_next};
