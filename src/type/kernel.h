#ifndef DASSIE_TYPE_KERNEL_H
#define DASSIE_TYPE_KERNEL_H
/*
 * kernel.h - macros that make vector kernels: typed loops over lanes for the hot functions, and a
 * row-at-a-time form for the rest.
 *
 * A kernel's arguments are FLAT or CONST; it fills the selected rows of `out`. Rows with NULL
 * arguments of strict functions are already out of the selection. Any thread; no state.
 */
#include "type/type_internal.h"

#define KERNEL_PARAMS                                                                              \
    FnCall *call, const Vector *const *args, uint32_t arg_count, const Sel *sel, Vector *out

/* kernel_dense - a selection without gaps that covers `sel`, when skipping lanes costs more than
 * computing them all; only for kernels that may run on any lane. */
static inline Sel kernel_dense(const Sel *sel)
{
    if (sel->idx != NULL && sel->count != 0) {
        uint32_t rows = (uint32_t)sel->idx[sel->count - 1] + 1;
        if (rows <= sel->count * 4) {
            return (Sel){NULL, rows};
        }
    }
    return *sel;
}

/*
 * KERNEL_UNARY_LOOP, KERNEL_BINARY_LOOP - the body of a kernel: for each selected row bind `a` (and
 * `b`), run `stmt`, which sets `r`. stmt may `return` an error.
 */
#define KERNEL_UNARY_LOOP(TA, TR, selection, stmt)                                                 \
    do {                                                                                           \
        const TA *pa_ = (const TA *)args[0]->data;                                                 \
        TR *pr_ = (TR *)out->data;                                                                 \
        const Sel *sel_ = (selection);                                                             \
        bool ca_ = args[0]->kind == VEC_CONST;                                                     \
        if (sel_->idx == NULL && !ca_) {                                                           \
            for (uint32_t i_ = 0; i_ < sel_->count; i_++) {                                        \
                const TA a = pa_[i_];                                                              \
                TR r;                                                                              \
                stmt;                                                                              \
                pr_[i_] = r;                                                                       \
            }                                                                                      \
        } else {                                                                                   \
            SEL_FOREACH(row_, sel_)                                                                \
            {                                                                                      \
                const TA a = pa_[ca_ ? 0 : row_];                                                  \
                TR r;                                                                              \
                stmt;                                                                              \
                pr_[row_] = r;                                                                     \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#define KERNEL_BINARY_LOOP(TA, TB, TR, selection, stmt)                                            \
    do {                                                                                           \
        const TA *pa_ = (const TA *)args[0]->data;                                                 \
        const TB *pb_ = (const TB *)args[1]->data;                                                 \
        TR *pr_ = (TR *)out->data;                                                                 \
        const Sel *sel_ = (selection);                                                             \
        bool ca_ = args[0]->kind == VEC_CONST, cb_ = args[1]->kind == VEC_CONST;                   \
        if (sel_->idx == NULL && !ca_ && !cb_) {                                                   \
            for (uint32_t i_ = 0; i_ < sel_->count; i_++) {                                        \
                const TA a = pa_[i_];                                                              \
                const TB b = pb_[i_];                                                              \
                TR r;                                                                              \
                stmt;                                                                              \
                pr_[i_] = r;                                                                       \
            }                                                                                      \
        } else if (sel_->idx == NULL && !ca_) {                                                    \
            const TB b = pb_[0];                                                                   \
            for (uint32_t i_ = 0; i_ < sel_->count; i_++) {                                        \
                const TA a = pa_[i_];                                                              \
                TR r;                                                                              \
                stmt;                                                                              \
                pr_[i_] = r;                                                                       \
            }                                                                                      \
        } else {                                                                                   \
            SEL_FOREACH(row_, sel_)                                                                \
            {                                                                                      \
                const TA a = pa_[ca_ ? 0 : row_];                                                  \
                const TB b = pb_[cb_ ? 0 : row_];                                                  \
                TR r;                                                                              \
                stmt;                                                                              \
                pr_[row_] = r;                                                                     \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* Kernels whose expression cannot fail and may run on any lane (FN_TOTAL). */
#define KERNEL_UNARY_TOTAL(name, TA, TR, expr)                                                     \
    static Status name(KERNEL_PARAMS)                                                              \
    {                                                                                              \
        (void)call, (void)arg_count;                                                               \
        Sel dense_ = kernel_dense(sel);                                                            \
        KERNEL_UNARY_LOOP(TA, TR, &dense_, r = (TR)(expr));                                        \
        return ST_OK;                                                                              \
    }
#define KERNEL_BINARY_TOTAL(name, TA, TB, TR, expr)                                                \
    static Status name(KERNEL_PARAMS)                                                              \
    {                                                                                              \
        (void)call, (void)arg_count;                                                               \
        Sel dense_ = kernel_dense(sel);                                                            \
        KERNEL_BINARY_LOOP(TA, TB, TR, &dense_, r = (TR)(expr));                                   \
        return ST_OK;                                                                              \
    }
/* Kernels that honour the selection: the statement may return an error or follow a pointer. One
 * whose value is of any size may take its time for each row, so a cancel is looked for. */
#define KERNEL_POLL(T)                                                                             \
    if (sizeof(T) == sizeof(Str)) {                                                                \
        TRY(cx_check(call->cx));                                                                   \
    }
#define KERNEL_UNARY(name, TA, TR, stmt)                                                           \
    static Status name(KERNEL_PARAMS)                                                              \
    {                                                                                              \
        (void)call, (void)arg_count;                                                               \
        KERNEL_UNARY_LOOP(TA, TR, sel, KERNEL_POLL(TA) KERNEL_POLL(TR) stmt);                      \
        return ST_OK;                                                                              \
    }
#define KERNEL_BINARY(name, TA, TB, TR, stmt)                                                      \
    static Status name(KERNEL_PARAMS)                                                              \
    {                                                                                              \
        (void)call, (void)arg_count;                                                               \
        KERNEL_BINARY_LOOP(TA, TB, TR, sel, KERNEL_POLL(TR) stmt);                                 \
        return ST_OK;                                                                              \
    }

/* The six comparisons of two operand types, named prefix + eq, ne, lt, le, gt, ge. */
#define KERNEL_COMPARE_TOTAL(prefix, TA, TB)                                                       \
    KERNEL_BINARY_TOTAL(prefix##eq, TA, TB, uint8_t, a == b)                                       \
    KERNEL_BINARY_TOTAL(prefix##ne, TA, TB, uint8_t, a != b)                                       \
    KERNEL_BINARY_TOTAL(prefix##lt, TA, TB, uint8_t, a < b)                                        \
    KERNEL_BINARY_TOTAL(prefix##le, TA, TB, uint8_t, a <= b)                                       \
    KERNEL_BINARY_TOTAL(prefix##gt, TA, TB, uint8_t, a > b)                                        \
    KERNEL_BINARY_TOTAL(prefix##ge, TA, TB, uint8_t, a >= b)
/* The same through a three-way comparison of pointers to the values. */
#define KERNEL_COMPARE_BY(prefix, T, cmpfn)                                                        \
    KERNEL_BINARY(prefix##eq, T, T, uint8_t, r = cmpfn(&a, &b) == 0)                               \
    KERNEL_BINARY(prefix##ne, T, T, uint8_t, r = cmpfn(&a, &b) != 0)                               \
    KERNEL_BINARY(prefix##lt, T, T, uint8_t, r = cmpfn(&a, &b) < 0)                                \
    KERNEL_BINARY(prefix##le, T, T, uint8_t, r = cmpfn(&a, &b) <= 0)                               \
    KERNEL_BINARY(prefix##gt, T, T, uint8_t, r = cmpfn(&a, &b) > 0)                                \
    KERNEL_BINARY(prefix##ge, T, T, uint8_t, r = cmpfn(&a, &b) >= 0)

/* ---- row at a time ---- */
#define KERNEL_NULL     ST_DONE /* what a row function returns for a NULL result */
#define KERNEL_ARGS_MAX 8
/* RowFn - one row: a[i] are the arguments, *r the result. */
typedef Status (*RowFn)(FnCall *call, const Datum *a, Datum *r);
/* RowNullFn - likewise for functions that are not strict: nulls[i] says which arguments are NULL.
 */
typedef Status (*RowNullFn)(FnCall *call, const Datum *a, const bool *nulls, Datum *r);

/* kernel_rows - call a row function for each selected row. */
static ALWAYS_INLINE Status kernel_rows(FnCall *call, const Vector *const *args, uint32_t arg_count,
                                        const Sel *sel, Vector *out, RowFn fn)
{
    ASSERT(arg_count <= KERNEL_ARGS_MAX);
    Datum a[KERNEL_ARGS_MAX], r;
    memset(&r, 0, sizeof(r));
    SEL_FOREACH(row, sel)
    {
        for (uint32_t i = 0; i < arg_count; i++) {
            a[i] = vec_get(args[i], row);
        }
        TRY(cx_check(call->cx)); /* a row may take long */
        Status st = fn(call, a, &r);
        if (LIKELY(st == ST_OK)) {
            vec_put(out, row, &r);
        } else if (st == KERNEL_NULL) {
            vec_set_null(out, row);
        } else {
            return st;
        }
    }
    return ST_OK;
}

/* kernel_rows_nullable - likewise, telling which arguments are NULL. */
static inline Status kernel_rows_nullable(FnCall *call, const Vector *const *args,
                                          uint32_t arg_count, const Sel *sel, Vector *out,
                                          RowNullFn fn)
{
    ASSERT(arg_count <= KERNEL_ARGS_MAX);
    Datum a[KERNEL_ARGS_MAX], r;
    bool nulls[KERNEL_ARGS_MAX];
    memset(&r, 0, sizeof(r));
    SEL_FOREACH(row, sel)
    {
        for (uint32_t i = 0; i < arg_count; i++) {
            nulls[i] = vec_is_null(args[i], row);
            a[i] = vec_get(args[i], row);
        }
        TRY(cx_check(call->cx));
        Status st = fn(call, a, nulls, &r);
        if (LIKELY(st == ST_OK)) {
            vec_put(out, row, &r);
        } else if (st == KERNEL_NULL) {
            vec_set_null(out, row);
        } else {
            return st;
        }
    }
    return ST_OK;
}

/* ROW_KERNEL(name) { ... } - define row function row_name and its kernel k_name. */
#define ROW_KERNEL(name)                                                                           \
    static Status row_##name(FnCall *call, const Datum *a, Datum *r);                              \
    static Status k_##name(KERNEL_PARAMS)                                                          \
    {                                                                                              \
        return kernel_rows(call, args, arg_count, sel, out, row_##name);                           \
    }                                                                                              \
    static Status row_##name(FnCall *call UNUSED, const Datum *a UNUSED, Datum *r UNUSED)
#define ROW_NULL_KERNEL(name)                                                                      \
    static Status row_##name(FnCall *call, const Datum *a, const bool *nulls, Datum *r);           \
    static Status k_##name(KERNEL_PARAMS)                                                          \
    {                                                                                              \
        return kernel_rows_nullable(call, args, arg_count, sel, out, row_##name);                  \
    }                                                                                              \
    static Status row_##name(FnCall *call UNUSED, const Datum *a UNUSED, const bool *nulls UNUSED, \
                             Datum *r UNUSED)

/* Table entries. */
#define FN(name)                                                                                   \
    {                                                                                              \
        .prosrc = #name, .kernel = k_##name                                                        \
    }
#define FN_T(name)                                                                                 \
    {                                                                                              \
        .prosrc = #name, .kernel = k_##name, .flags = FN_TOTAL                                     \
    }
#define FN_AS(src, name)                                                                           \
    {                                                                                              \
        .prosrc = src, .kernel = k_##name                                                          \
    }
#define FN_COMPARE(prefix, flag)                                                                   \
    {.prosrc = #prefix "eq", .kernel = k_##prefix##eq, .flags = (flag)},                           \
        {.prosrc = #prefix "ne", .kernel = k_##prefix##ne, .flags = (flag)},                       \
        {.prosrc = #prefix "lt", .kernel = k_##prefix##lt, .flags = (flag)},                       \
        {.prosrc = #prefix "le", .kernel = k_##prefix##le, .flags = (flag)},                       \
        {.prosrc = #prefix "gt", .kernel = k_##prefix##gt, .flags = (flag)},                       \
    {                                                                                              \
        .prosrc = #prefix "ge", .kernel = k_##prefix##ge, .flags = (flag)                          \
    }

/* ---- aggregates: loops over one state or many ---- */
#define AGG_PARAMS_ONE                                                                             \
    FnCall *call UNUSED, const Vector *const *args UNUSED, uint32_t arg_count UNUSED,              \
        const Sel *sel, void *state
#define AGG_PARAMS_MANY                                                                            \
    FnCall *call UNUSED, const Vector *const *args UNUSED, uint32_t arg_count UNUSED,              \
        const Sel *sel, void *const *states
/* AGG_UPDATE(name, State, T, stmt) - define name_one and name_many; stmt sees `s` (State *) and `a`
 * (const T), and may return an error. */
#define AGG_UPDATE(name, State, T, stmt)                                                           \
    static Status name##_one(AGG_PARAMS_ONE)                                                       \
    {                                                                                              \
        const T *p_ = (const T *)args[0]->data;                                                    \
        bool c_ = args[0]->kind == VEC_CONST;                                                      \
        State *s = state;                                                                          \
        if (sel->idx == NULL && !c_) {                                                             \
            for (uint32_t i_ = 0; i_ < sel->count; i_++) {                                         \
                const T a = p_[i_];                                                                \
                stmt;                                                                              \
            }                                                                                      \
        } else {                                                                                   \
            SEL_FOREACH(row_, sel)                                                                 \
            {                                                                                      \
                const T a = p_[c_ ? 0 : row_];                                                     \
                stmt;                                                                              \
            }                                                                                      \
        }                                                                                          \
        return ST_OK;                                                                              \
    }                                                                                              \
    static Status name##_many(AGG_PARAMS_MANY)                                                     \
    {                                                                                              \
        const T *p_ = (const T *)args[0]->data;                                                    \
        bool c_ = args[0]->kind == VEC_CONST;                                                      \
        SEL_FOREACH(row_, sel)                                                                     \
        {                                                                                          \
            const T a = p_[c_ ? 0 : row_];                                                         \
            State *s = states[row__k];                                                             \
            stmt;                                                                                  \
        }                                                                                          \
        return ST_OK;                                                                              \
    }
/* AGG_STEPS(name) - define name_one and name_many by name_step(call, args, row, state). */
#define AGG_STEPS(name)                                                                            \
    static Status name##_one(AGG_PARAMS_ONE)                                                       \
    {                                                                                              \
        SEL_FOREACH(row, sel)                                                                      \
        {                                                                                          \
            TRY(name##_step(call, args, row, state));                                              \
        }                                                                                          \
        return ST_OK;                                                                              \
    }                                                                                              \
    static Status name##_many(AGG_PARAMS_MANY)                                                     \
    {                                                                                              \
        SEL_FOREACH(row, sel)                                                                      \
        {                                                                                          \
            TRY(name##_step(call, args, row, states[row_k]));                                      \
        }                                                                                          \
        return ST_OK;                                                                              \
    }

#endif
