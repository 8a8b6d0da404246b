/*
 * jsonpath_fn.c - the SQL functions and operators that run a jsonpath: @?, @@, jsonb_path_*.
 */
#include "type/jsonpath.h"

/* JpState - the path of the last call, read once where it is the same again. */
typedef struct JpState {
    Str text;
    JsonPath path;
    Arena *arena;
} JpState;

static Status jp_state(FnCall *call, const Str *text, JpState **out)
{
    JpState *s = call->state;
    if (s != NULL && s->path.root != NULL && str_eq(&s->text, text)) {
        *out = s;
        return ST_OK;
    }
    if (s == NULL) {
        s = ARENA_NEW(call->state_arena, JpState);
        s->arena = arena_create(call->state_arena, "jsonpath", 0);
        call->state = s;
    }
    arena_clear(s->arena);
    s->text = (Str){0};
    s->path.root = NULL;
    TRY(jp_parse(call, s->arena, str_slice(text), &s->path));
    s->text = str_copy(s->arena, str_ptr(text), text->len);
    *out = s;
    return ST_OK;
}

/* JpArgs - how a function of the family is called. vars NULL: an operator, which is silent. */
typedef struct JpArgs {
    const Str *vars;
    bool silent, use_zone;
} JpArgs;

/* jp_call - run the path of a call. */
static Status jp_call(FnCall *call, const Datum *a, JpArgs args, JpList *found, JpResult *out)
{
    JpState *s;
    TRY(jp_state(call, &a[1].str, &s));
    JpRun x = {.call = call, .path = &s->path, .root = str_slice(&a[0].str)};
    x.raise = !args.silent;
    x.use_zone = args.use_zone;
    if (args.vars != NULL) {
        x.vars = str_slice(args.vars);
        x.has_vars = true;
        if (jb_kind(x.vars) != JB_OBJECT) {
            st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                              "\"vars\" argument is not an object"));
            return err_detail(call->cx, "Jsonpath parameters should be encoded as key-value pairs "
                                        "of \"vars\" object.");
        }
    }
    *out = jp_run(&x, found);
    if (*out == JP_RAISED) {
        return ST_ERROR;
    }
    for (uint32_t i = 0; *out != JP_FAILED && found != NULL && i < found->count; i++) {
        if (found->items[i].datetime != 0) {
            found->items[i].node = jp_datetime_node(&x, &found->items[i]);
        }
    }
    return ST_OK;
}

static Status jp_exists_row(FnCall *call, const Datum *a, JpArgs args, Datum *r)
{
    JpResult res;
    TRY(jp_call(call, a, args, NULL, &res));
    r->b = res == JP_FOUND;
    return res == JP_FAILED ? KERNEL_NULL : ST_OK;
}
static Status jp_match_row(FnCall *call, const Datum *a, JpArgs args, Datum *r)
{
    JpList found = {0};
    JpResult res;
    TRY(jp_call(call, a, args, &found, &res));
    if (res != JP_FAILED && found.count == 1) {
        JbKind kind = jb_kind(found.items[0].node);
        if (kind == JB_TRUE || kind == JB_FALSE) {
            r->b = kind == JB_TRUE;
            return ST_OK;
        }
        if (kind == JB_NULL) {
            return KERNEL_NULL;
        }
    }
    return args.silent ? KERNEL_NULL
                       : err_set(call->cx, ERRCODE_SINGLETON_SQL_JSON_ITEM_REQUIRED,
                                 "single boolean result is expected");
}
static Status jp_array_row(FnCall *call, const Datum *a, JpArgs args, Datum *r)
{
    JpList found = {0};
    JpResult res;
    JbItem array = jb_item(JB_ARRAY);
    TRY(jp_call(call, a, args, &found, &res));
    for (uint32_t i = 0; i < found.count; i++) {
        jb_add(call->arena, &array, (Slice){NULL, 0}, jb_packed(found.items[i].node));
    }
    return jb_encode(call->cx, call->arena, &array, &r->str);
}
static Status jp_first_row(FnCall *call, const Datum *a, JpArgs args, Datum *r)
{
    JpList found = {0};
    JpResult res;
    TRY(jp_call(call, a, args, &found, &res));
    if (found.count == 0) {
        return KERNEL_NULL;
    }
    r->str = str_copy(call->arena, found.items[0].node.ptr, found.items[0].node.len);
    return ST_OK;
}

static JpArgs jp_args(const Datum *a, bool use_zone)
{
    return (JpArgs){.vars = &a[2].str, .silent = a[3].b, .use_zone = use_zone};
}
#define JP_KERNELS(name, row)                                                                      \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        return row(call, a, jp_args(a, false), r);                                                 \
    }                                                                                              \
    ROW_KERNEL(name##_tz)                                                                          \
    {                                                                                              \
        return row(call, a, jp_args(a, true), r);                                                  \
    }
JP_KERNELS(jsonb_path_exists, jp_exists_row)
JP_KERNELS(jsonb_path_match, jp_match_row)
JP_KERNELS(jsonb_path_query_array, jp_array_row)
JP_KERNELS(jsonb_path_query_first, jp_first_row)
ROW_KERNEL(jsonb_path_exists_opr)
{
    return jp_exists_row(call, a, (JpArgs){.silent = true}, r);
}
ROW_KERNEL(jsonb_path_match_opr)
{
    return jp_match_row(call, a, (JpArgs){.silent = true}, r);
}

/* ---- jsonb_path_query ---- */

/* JpRows - all results, found when the set begins. */
typedef struct JpRows {
    JpList found;
    Datum args[4];
    uint32_t next;
} JpRows;

static Status jp_rows_begin(FnCall *call, const Datum *a, bool use_zone)
{
    JpRows *s = ARENA_NEW(call->state_arena, JpRows);
    JpResult res;
    memcpy(s->args, a, sizeof(s->args));
    FnCall own = *call; /* results live as long as the set */
    own.arena = call->state_arena;
    own.state = NULL;
    TRY(jp_call(&own, s->args, jp_args(s->args, use_zone), &s->found, &res));
    call->state = s;
    return ST_OK;
}
static Status jp_query_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                             uint32_t n UNUSED)
{
    return jp_rows_begin(call, a, false);
}
static Status jp_query_tz_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                uint32_t n UNUSED)
{
    return jp_rows_begin(call, a, true);
}
static Status jp_query_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    JpRows *s = call->state;
    if (s->next == s->found.count) {
        return ST_DONE;
    }
    Slice node = s->found.items[s->next++].node;
    cols[0].str = str_copy(call->arena, node.ptr, node.len);
    return ST_OK;
}

static const SetOps JSONPATH_SETS[] = {
    {"jsonb_path_query", jp_query_begin, jp_query_next},
    {"jsonb_path_query_tz", jp_query_tz_begin, jp_query_next},
};
static const FnOps JSONPATH_FNS[] = {
    FN(jsonb_path_exists),      FN(jsonb_path_exists_tz),      FN(jsonb_path_match),
    FN(jsonb_path_match_tz),    FN(jsonb_path_query_array),    FN(jsonb_path_query_array_tz),
    FN(jsonb_path_query_first), FN(jsonb_path_query_first_tz), FN(jsonb_path_exists_opr),
    FN(jsonb_path_match_opr),
};
const TypeFamily type_family_jsonpath_fn = {
    .fns = JSONPATH_FNS,
    .fn_count = ARRAY_LEN(JSONPATH_FNS),
    .sets = JSONPATH_SETS,
    .set_count = ARRAY_LEN(JSONPATH_SETS),
};
