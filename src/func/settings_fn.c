/*
 * settings_fn.c - the settings as rows: pg_show_all_settings, which pg_settings is over, and their
 * flags.
 *
 * Names, kinds, limits and texts are constant data (catalog_settings); the session tells the
 * values.
 */
#include <strings.h>

#include "catalog/acl.h"
#include "func/func_internal.h"

#include "catalog/catalog_data.h"

enum {
    SETTING_NAME,
    SETTING_SETTING,
    SETTING_UNIT,
    SETTING_CATEGORY,
    SETTING_SHORT_DESC,
    SETTING_EXTRA_DESC,
    SETTING_CONTEXT,
    SETTING_VARTYPE,
    SETTING_SOURCE,
    SETTING_MIN,
    SETTING_MAX,
    SETTING_ENUMVALS,
    SETTING_BOOT,
    SETTING_RESET,
    SETTING_SOURCEFILE,
    SETTING_SOURCELINE,
    SETTING_PENDING_RESTART,
};

static Status settings_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    (void)args, (void)nulls, (void)count;
    call->state = ARENA_NEW(call->state_arena, uint32_t);
    return ST_OK;
}

/* settings_next - one setting, a column for a column of pg_settings. */
static Status settings_next(FnCall *call, Datum *cols, bool *nulls)
{
    uint32_t *at = call->state;
    FuncSession *fs = func_session(call);
    FuncSetting f;
    for (bool may = false; *at < CATALOG_SETTINGS_COUNT; ++*at) {
        TRY(cat_setting_may(call->cx, fs->view, catalog_str(catalog_settings[*at].name), &may));
        if (may) {
            break;
        }
    }
    if (*at == CATALOG_SETTINGS_COUNT) {
        return ST_DONE;
    }
    const CatSettingsRow *row = &catalog_settings[*at];
    fs->setting_tell(fs->arg, *at, &f);
    ++*at;
    func_put(call, cols, nulls, SETTING_NAME, catalog_str(row->name));
    func_put(call, cols, nulls, SETTING_SETTING, f.value);
    func_put(call, cols, nulls, SETTING_UNIT, catalog_str(row->unit));
    func_put(call, cols, nulls, SETTING_CATEGORY, catalog_str(row->category));
    func_put(call, cols, nulls, SETTING_SHORT_DESC, catalog_str(row->short_desc));
    func_put(call, cols, nulls, SETTING_EXTRA_DESC, catalog_str(row->extra_desc));
    func_put(call, cols, nulls, SETTING_CONTEXT, catalog_str(row->context));
    func_put(call, cols, nulls, SETTING_VARTYPE, catalog_str(row->vartype));
    func_put(call, cols, nulls, SETTING_SOURCE, f.source);
    func_put(call, cols, nulls, SETTING_MIN, catalog_str(row->min_val));
    func_put(call, cols, nulls, SETTING_MAX, catalog_str(row->max_val));
    nulls[SETTING_ENUMVALS] = row->enumvals == 0;
    if (row->enumvals != 0) {
        TRY(func_put_array(call, cols, SETTING_ENUMVALS, catalog_str(row->enumvals)));
    }
    func_put(call, cols, nulls, SETTING_BOOT, f.boot);
    func_put(call, cols, nulls, SETTING_RESET, f.reset);
    nulls[SETTING_SOURCEFILE] = nulls[SETTING_SOURCELINE] = true; /* there is no such file */
    cols[SETTING_PENDING_RESTART].b = nulls[SETTING_PENDING_RESTART] = false;
    return ST_OK;
}

static const SetOps SETS[] = {{"show_all_settings", settings_begin, settings_next}};
const FuncSets FUNC_SETTING_SETS = {SETS, ARRAY_LEN(SETS)};

/* fn_setting_flags - pg_settings_get_flags(name); NULL for a name there is not. */
static Status fn_setting_flags(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    const char *name = func_cstring(call, &a[0]);
    (void)fs;
    for (uint32_t i = 0; i < CATALOG_SETTINGS_COUNT; i++) {
        if (strcasecmp(catalog_str(catalog_settings[i].name), name) == 0) {
            return func_put_array(call, out, 0, catalog_str(catalog_settings[i].flags));
        }
    }
    *null_out = true;
    return ST_OK;
}
KERNEL(fn_setting_flags)

static const FnOps FNS[] = {{"pg_settings_get_flags", fn_setting_flags_kernel, 0}};
const FuncTable FUNC_SETTINGS = {FNS, ARRAY_LEN(FNS)};
