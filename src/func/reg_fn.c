/*
 * reg_fn.c - to_regclass and its relatives: a name to an OID, NULL when there is no such object.
 */
#include "func/func_internal.h"

/* reg_no_such - is the error that there is no such object, or no only one? */
static bool reg_no_such(uint32_t sqlstate)
{
    static const uint32_t STATES[] = {
        ERRCODE_UNDEFINED_TABLE,    ERRCODE_UNDEFINED_OBJECT,   ERRCODE_INVALID_SCHEMA_NAME,
        ERRCODE_UNDEFINED_FUNCTION, ERRCODE_AMBIGUOUS_FUNCTION,
    };
    for (size_t i = 0; i < ARRAY_LEN(STATES); i++) {
        if (STATES[i] == sqlstate) {
            return true;
        }
    }
    return false;
}

/* reg_to - numbers, which the types take as OIDs, are no names here. */
static Status reg_to(FnCall *call, FuncSession *fs, Oid reg_type, const Datum *a, Datum *out,
                     bool *null_out)
{
    Slice text = {str_ptr(&a[0].str), a[0].str.len};
    bool digits = text.len != 0;
    for (size_t i = 0; i < text.len; i++) {
        digits = digits && text.ptr[i] >= '0' && text.ptr[i] <= '9';
    }
    if (digits || (text.len == 1 && text.ptr[0] == '-')) {
        *null_out = true;
        return ST_OK;
    }
    Status st = cat_reg_find(call->cx, fs->view, call->arena, reg_type, text, &out->u32);
    if (st == ST_ERROR && reg_no_such(call->cx->err->sqlstate)) {
        err_clear(call->cx);
        st = ST_NOTFOUND;
    }
    *null_out = st == ST_NOTFOUND;
    return st == ST_NOTFOUND ? ST_OK : st;
}

#define REG_TO(name, reg_type)                                                                     \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        return reg_to(call, fs, reg_type, a, out, null_out);                                       \
    }                                                                                              \
    KERNEL(name)

REG_TO(to_reg_proc, 24)
REG_TO(to_reg_procedure, 2202)
REG_TO(to_reg_oper, 2203)
REG_TO(to_reg_operator, 2204)
REG_TO(to_reg_class, 2205)
REG_TO(to_reg_type, 2206)
REG_TO(to_reg_role, 4096)
REG_TO(to_reg_namespace, 4089)
REG_TO(to_reg_collation, 4191)

static const FnOps FNS[] = {
    {"to_regproc", to_reg_proc_kernel, 0},
    {"to_regprocedure", to_reg_procedure_kernel, 0},
    {"to_regoper", to_reg_oper_kernel, 0},
    {"to_regoperator", to_reg_operator_kernel, 0},
    {"to_regclass", to_reg_class_kernel, 0},
    {"to_regtype", to_reg_type_kernel, 0},
    {"to_regrole", to_reg_role_kernel, 0},
    {"to_regnamespace", to_reg_namespace_kernel, 0},
    {"to_regcollation", to_reg_collation_kernel, 0},
};
const FuncTable FUNC_REG = {FNS, ARRAY_LEN(FNS)};
