/*
 * func.c - the table of this folder's kernels.
 */
#include "func/func.h"

#include "func/func_internal.h"
#include "func/run.h"

enum { FUNC_TEXT_ARRAY = 1009 };

Status func_rows(FnCall *call, const Vector *const *args, uint32_t arg_count, const Sel *sel,
                 Vector *out, FuncRow fn)
{
    FuncSession *fs = func_session(call);
    Datum a[8];
    ASSERT(arg_count <= ARRAY_LEN(a));
    if (fs == NULL) {
        return err_set(call->cx, ERRCODE_FEATURE_NOT_SUPPORTED, "this function needs a session");
    }
    SEL_FOREACH(row, sel)
    {
        Datum d = {0};
        bool is_null = false;
        for (uint32_t i = 0; i < arg_count; i++) {
            a[i] = vec_get(args[i], row);
        }
        TRY(cx_check(call->cx));
        TRY(fn(call, fs, a, &d, &is_null));
        if (is_null) {
            vec_set_null(out, row);
        } else {
            vec_put(out, row, &d);
        }
    }
    return ST_OK;
}

Status func_put_array(FnCall *call, Datum *cols, uint32_t at, const char *literal)
{
    const TypeOps *ops = type_ops(FUNC_TEXT_ARRAY);
    FnCall in = *call;
    in.result_type = FUNC_TEXT_ARRAY;
    in.state = NULL;
    return ops->in(&in, slice_of(literal), -1, &cols[at]);
}

const FnOps *func_ops_by_prosrc(const char *prosrc)
{
    static const FuncTable *const TABLES[] = {
        &FUNC_SESSION,  &FUNC_TIME,     &FUNC_SEQUENCE, &FUNC_RANDOM,     &FUNC_CATALOG,
        &FUNC_ADMIN,    &FUNC_WAL,      &FUNC_DESCRIBE, &FUNC_DEPARSE,    &FUNC_PRIVILEGE,
        &FUNC_ADVISORY, &FUNC_ACTIVITY, &FUNC_TSEARCH,  &FUNC_SNAPSHOT,   &FUNC_SETTINGS,
        &FUNC_STATS,    &FUNC_PLACE,    &FUNC_ACL,      &FUNC_COUNTS,     &FUNC_SIZE,
        &FUNC_OBJECT,   &FUNC_REG,      &FUNC_PROPERTY, &FUNC_CRYPTO,     &FUNC_UNACCENT,
        &FUNC_UUID,     &FUNC_NOTIFY,   &FUNC_LOB,      &FUNC_STATEMENTS, &FUNC_TRIGGER};
    if (strcmp(prosrc, FUNC_USER_FN.prosrc) == 0) {
        return &FUNC_USER_FN;
    }
    for (size_t t = 0; t < ARRAY_LEN(TABLES); t++) {
        for (uint32_t i = 0; i < TABLES[t]->count; i++) {
            if (strcmp(TABLES[t]->fns[i].prosrc, prosrc) == 0) {
                return &TABLES[t]->fns[i];
            }
        }
    }
    return NULL;
}

const SetOps *func_sets_by_prosrc(const char *prosrc)
{
    static const SetOps *const SETS[] = {
        &FUNC_USER_SET,  &FUNC_PREPARED_SET,  &FUNC_ACTIVITY_SET, &FUNC_LOCKS_SET,
        &FUNC_CHECK_SET, &FUNC_LISTENING_SET, &FUNC_MEMORY_SET,
    };
    static const FuncSets *const TABLES[] = {
        &FUNC_ACL_SETS,    &FUNC_SETTING_SETS,  &FUNC_LIST_SETS, &FUNC_STAT_SETS,
        &FUNC_OBJECT_SETS, &FUNC_PROPERTY_SETS, &FUNC_WAL_SETS,  &FUNC_STATEMENT_SETS};
    for (size_t i = 0; i < ARRAY_LEN(SETS); i++) {
        if (strcmp(SETS[i]->prosrc, prosrc) == 0) {
            return SETS[i];
        }
    }
    for (size_t t = 0; t < ARRAY_LEN(TABLES); t++) {
        for (uint32_t i = 0; i < TABLES[t]->count; i++) {
            if (strcmp(TABLES[t]->sets[i].prosrc, prosrc) == 0) {
                return &TABLES[t]->sets[i];
            }
        }
    }
    return NULL;
}

bool func_reg_out(void *session, Oid reg_type, Oid oid, Buf *buf)
{
    const FuncSession *f = session;
    return f->view != NULL && cat_reg_text(f->view, reg_type, oid, buf);
}
