/*
 * catalog_fn.c - names, visibility and texts of catalog objects.
 */
#include "func/func_internal.h"

/* fn_format_type - format_type(oid, typmod); not strict, a NULL typmod means none. */
static Status fn_format_type(FnCall *call, const Vector *const *args, uint32_t arg_count,
                             const Sel *sel, Vector *out)
{
    FuncSession *fs = func_session(call);
    Buf b;
    (void)arg_count;
    buf_init(&b, 4096);
    SEL_FOREACH(row, sel)
    {
        if (vec_is_null(args[0], row)) {
            vec_set_null(out, row);
            continue;
        }
        int32_t typmod = vec_is_null(args[1], row) ? CAT_TYPMOD_NONE : vec_get(args[1], row).i32;
        Datum d;
        buf_clear(&b);
        cat_format_type(fs->view, vec_get(args[0], row).u32, typmod, &b);
        d.str = str_copy(call->arena, b.data, b.len);
        vec_put(out, row, &d);
    }
    buf_release(&b);
    return ST_OK;
}

static bool in_path(const FuncSession *fs, Oid ns)
{
    for (uint32_t i = 0; i < fs->view->search_path_count; i++) {
        if (fs->view->search_path[i] == ns) {
            return true;
        }
    }
    return false;
}

static Status fn_table_visible(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    Status st = cat_table_visible(call->cx, fs->view, a[0].u32, &out->b);
    *null_out = st == ST_NOTFOUND;
    return st == ST_NOTFOUND ? ST_OK : st;
}
KERNEL(fn_table_visible)

static Status fn_type_visible(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                              bool *null_out)
{
    (void)call;
    const CatType *t = cat_type(fs->view, a[0].u32);
    *null_out = t == NULL;
    out->b = t != NULL && in_path(fs, t->namespace_oid);
    return ST_OK;
}
KERNEL(fn_type_visible)

static Status fn_function_visible(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    (void)call;
    const CatProc *p = cat_proc(fs->view, a[0].u32);
    *null_out = p == NULL;
    out->b = p != NULL && in_path(fs, p->namespace_oid);
    return ST_OK;
}
KERNEL(fn_function_visible)

static Status fn_typeof(FnCall *call, const Vector *const *args, uint32_t arg_count, const Sel *sel,
                        Vector *out)
{
    (void)args;
    (void)arg_count;
    SEL_FOREACH(row, sel)
    {
        Datum d = {.u32 = call->real_types != NULL ? call->real_types[0] : TYPE_UNKNOWN};
        vec_put(out, row, &d);
    }
    return ST_OK;
}

/* fn_column_size - what the value takes uncompressed: how it is stored cannot be told from here. */
static Status fn_column_size(FnCall *call, const Vector *const *args, uint32_t arg_count,
                             const Sel *sel, Vector *out)
{
    Oid type = call->arg_types != NULL ? call->arg_types[0] : TYPE_UNKNOWN;
    (void)arg_count;
    SEL_FOREACH(row, sel)
    {
        Datum v = vec_get(args[0], row), d = {0};
        d.i32 = (int32_t)type_value_bytes(type, &v, !call->arg_column);
        vec_put(out, row, &d);
    }
    return ST_OK;
}

static Status fn_text_regclass(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    Slice name = {str_ptr(&a[0].str), a[0].str.len};
    (void)null_out;
    return cat_reg_find(call->cx, fs->view, call->arena, TYPE_REGCLASS, name, &out->u32);
}
KERNEL(fn_text_regclass)

static const FnOps FNS[] = {
    {"text_regclass", fn_text_regclass_kernel, 0},
    {"format_type", fn_format_type, 0},
    {"pg_table_is_visible", fn_table_visible_kernel, 0},
    {"pg_type_is_visible", fn_type_visible_kernel, 0},
    {"pg_function_is_visible", fn_function_visible_kernel, 0},
    {"pg_typeof", fn_typeof, 0},
    {"pg_column_size", fn_column_size, 0},
};
const FuncTable FUNC_CATALOG = {FNS, ARRAY_LEN(FNS)};
