#ifndef DASSIE_FUNC_INTERNAL_H
#define DASSIE_FUNC_INTERNAL_H
/*
 * func_internal.h - how kernels of this folder take arguments and give results, one row at a time.
 */
#include "func/func.h"

/* KERNEL - a kernel from a function of one row: Status name(FnCall *call, FuncSession *fs, const
 * Datum *a, Datum *out, bool *null_out). Arguments are not NULL (the functions are strict) unless
 * a[] is not read. */
#define KERNEL(name)                                                                               \
    static Status name##_kernel(FnCall *call, const Vector *const *args, uint32_t arg_count,       \
                                const Sel *sel, Vector *out)                                       \
    {                                                                                              \
        return func_rows(call, args, arg_count, sel, out, name);                                   \
    }
typedef Status (*FuncRow)(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                          bool *null_out);
Status func_rows(FnCall *call, const Vector *const *args, uint32_t arg_count, const Sel *sel,
                 Vector *out, FuncRow fn);

static inline FuncSession *func_session(const FnCall *call)
{
    return call->env != NULL ? call->env->session : NULL;
}
/* func_text - a text result copied into the call's arena. */
static inline void func_text(FnCall *call, Datum *out, const char *text)
{
    out->str = str_copy(call->arena, text, strlen(text));
}
/* func_cstring - a text argument as a C string. */
static inline char *func_cstring(FnCall *call, const Datum *d)
{
    return arena_strndup(call->arena, str_ptr(&d->str), d->str.len);
}

/* func_put - a text column of a set's row; NULL when there is none. */
static inline void func_put(FnCall *call, Datum *cols, bool *nulls, uint32_t at, const char *text)
{
    nulls[at] = text == NULL;
    if (text != NULL) {
        func_text(call, &cols[at], text);
    }
}
/* func_put_array - a text[] column, from an array literal. */
Status func_put_array(FnCall *call, Datum *cols, uint32_t at, const char *literal);

typedef struct FuncTable {
    const FnOps *fns;
    uint32_t count;
} FuncTable;
extern const FuncTable FUNC_SESSION, FUNC_TIME, FUNC_SEQUENCE, FUNC_RANDOM, FUNC_CATALOG,
    FUNC_ADMIN, FUNC_WAL, FUNC_DESCRIBE, FUNC_DEPARSE, FUNC_PRIVILEGE, FUNC_ADVISORY, FUNC_ACTIVITY,
    FUNC_TSEARCH, FUNC_SNAPSHOT, FUNC_SETTINGS, FUNC_STATS, FUNC_PLACE, FUNC_ACL, FUNC_COUNTS,
    FUNC_SIZE, FUNC_OBJECT, FUNC_REG, FUNC_PROPERTY, FUNC_TRIGGER;
/* Of extensions. */
extern const FuncTable FUNC_LOB, FUNC_NOTIFY, FUNC_STATEMENTS;
extern const SetOps FUNC_LISTENING_SET;
extern const FuncTable FUNC_CRYPTO, FUNC_UNACCENT, FUNC_UUID;
/* Functions that return sets, or one row of several columns: func_sets_by_prosrc. */
typedef struct FuncSets {
    const SetOps *sets;
    uint32_t count;
} FuncSets;
extern const FuncSets FUNC_STATEMENT_SETS; /* of an extension */
extern const FuncSets FUNC_ACL_SETS, FUNC_SETTING_SETS, FUNC_LIST_SETS, FUNC_STAT_SETS,
    FUNC_OBJECT_SETS, FUNC_PROPERTY_SETS, FUNC_WAL_SETS;
extern const SetOps FUNC_ACTIVITY_SET, FUNC_LOCKS_SET, FUNC_PREPARED_SET, FUNC_CHECK_SET,
    FUNC_MEMORY_SET;

#endif
