/*
 * search_fn.c - what text search functions ask the catalog for: configurations and dictionaries,
 * the current configuration, visibility.
 */
#include "func/func_internal.h"

static Status search_config(Cx *cx, void *session, Arena *arena, Oid config, struct TsConfig **out)
{
    const FuncSession *fs = session;
    return cat_ts_config(cx, fs->view, arena, config, out);
}
static Status search_dict(Cx *cx, void *session, Arena *arena, Oid dict, struct TsDict **out)
{
    const FuncSession *fs = session;
    return cat_ts_dict(cx, fs->view, arena, dict, out);
}
static Status search_current(Cx *cx, void *session, Oid *config_out)
{
    const FuncSession *fs = session;
    const char *name = fs->setting_get(fs->arg, "default_text_search_config");
    Arena arena;
    arena_init(&arena, NULL, "text search configuration", 0);
    Status st = cat_reg_find(cx, fs->view, &arena, TYPE_REGCONFIG,
                             slice_of(name != NULL ? name : ""), config_out);
    arena_release(&arena);
    return st;
}
const TypeSearch FUNC_TEXT_SEARCH = {search_config, search_dict, search_current};

/* search_visible - is the object what its bare name means? */
static Status search_visible(FnCall *call, FuncSession *fs, Oid rel, Oid oid, Datum *out,
                             bool *null_out)
{
    const char *name;
    Oid namespace_oid, seen;
    Status st = cat_ts_name(call->cx, fs->view, call->arena, rel, oid, &name, &namespace_oid);
    *null_out = st == ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    st = cat_ts_find(call->cx, fs->view, rel, NULL, name, &seen);
    out->b = st == ST_OK && seen == oid;
    return st == ST_NOTFOUND ? ST_OK : st;
}
#define SEARCH_VISIBLE(name, rel)                                                                  \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        return search_visible(call, fs, rel, a[0].u32, out, null_out);                             \
    }                                                                                              \
    KERNEL(name)
SEARCH_VISIBLE(fn_ts_config_visible, CAT_PG_TS_CONFIG)
SEARCH_VISIBLE(fn_ts_dict_visible, CAT_PG_TS_DICT)
SEARCH_VISIBLE(fn_ts_parser_visible, CAT_PG_TS_PARSER)
SEARCH_VISIBLE(fn_ts_template_visible, CAT_PG_TS_TEMPLATE)

static const FnOps FNS[] = {
    {"pg_ts_config_is_visible", fn_ts_config_visible_kernel, 0},
    {"pg_ts_dict_is_visible", fn_ts_dict_visible_kernel, 0},
    {"pg_ts_parser_is_visible", fn_ts_parser_visible_kernel, 0},
    {"pg_ts_template_is_visible", fn_ts_template_visible_kernel, 0},
};
const FuncTable FUNC_TSEARCH = {FNS, ARRAY_LEN(FNS)};
