/*
 * snapshot_fn.c - pg_export_snapshot.
 */
#include "func/func_internal.h"
#include "txn/share.h"

static Status fn_export_snapshot(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    char name[SNAPSHOT_NAME_BYTES];
    (void)a;
    (void)null_out;
    TRY(snapshot_export(call->cx, fs->view->txn, fs->view->database, name));
    func_text(call, out, name);
    return ST_OK;
}
KERNEL(fn_export_snapshot)

static const FnOps FNS[] = {
    {"pg_export_snapshot", fn_export_snapshot_kernel, 0},
};
const FuncTable FUNC_SNAPSHOT = {FNS, ARRAY_LEN(FNS)};
