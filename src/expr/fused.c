/*
 * fused.c - filters of the form "column op value" on plain numbers, straight from vector to
 * selection.
 *
 * Why: a filter through a comparison kernel writes a vector of booleans and reads it again. Here
 * one branch-free loop per type and operator appends the row number and advances by the
 * comparison's result.
 */
#include "expr/expr_internal.h"

/* fused_op - the comparison a built-in function does on integers, floats or days and microseconds
 * kept as integers; FUSED_NONE for all else. */
FusedOp fused_op(const char *prosrc)
{
    static const char *const FAMILIES[] = {"int2",  "int4",       "int8",        "int24", "int42",
                                           "int28", "int82",      "int48",       "int84", "date_",
                                           "time_", "timestamp_", "timestamptz_"};
    static const struct {
        const char *name;
        FusedOp op;
    } OPS[] = {{"eq", FUSED_EQ}, {"ne", FUSED_NE}, {"lt", FUSED_LT},
               {"le", FUSED_LE}, {"gt", FUSED_GT}, {"ge", FUSED_GE}};
    size_t n = strlen(prosrc);
    if (n < 5) {
        return FUSED_NONE;
    }
    for (uint32_t f = 0; f < ARRAY_LEN(FAMILIES); f++) {
        if (strlen(FAMILIES[f]) != n - 2 || memcmp(FAMILIES[f], prosrc, n - 2) != 0) {
            continue;
        }
        for (uint32_t o = 0; o < ARRAY_LEN(OPS); o++) {
            if (strcmp(prosrc + n - 2, OPS[o].name) == 0) {
                return OPS[o].op;
            }
        }
    }
    return FUSED_NONE;
}

#define FUSED_LOOP(TYPE, KTYPE, OP)                                                                \
    do {                                                                                           \
        const TYPE *v = col->data;                                                                 \
        KTYPE c = (KTYPE)k;                                                                        \
        if (sel->idx == NULL) {                                                                    \
            for (uint32_t i = 0; i < sel->count; i++) {                                            \
                idx_out[n] = (uint16_t)i;                                                          \
                n += (KTYPE)v[i] OP c;                                                             \
            }                                                                                      \
        } else {                                                                                   \
            for (uint32_t i = 0; i < sel->count; i++) {                                            \
                uint16_t row = sel->idx[i];                                                        \
                idx_out[n] = row;                                                                  \
                n += (KTYPE)v[row] OP c;                                                           \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#define FUSED_FN(NAME, TYPE, KTYPE)                                                                \
    static uint32_t NAME(FusedOp op, const Vector *col, KTYPE k, const Sel *sel,                   \
                         uint16_t *idx_out)                                                        \
    {                                                                                              \
        uint32_t n = 0;                                                                            \
        switch (op) {                                                                              \
        case FUSED_EQ: FUSED_LOOP(TYPE, KTYPE, ==); break;                                         \
        case FUSED_NE: FUSED_LOOP(TYPE, KTYPE, !=); break;                                         \
        case FUSED_LT: FUSED_LOOP(TYPE, KTYPE, <); break;                                          \
        case FUSED_LE: FUSED_LOOP(TYPE, KTYPE, <=); break;                                         \
        case FUSED_GT: FUSED_LOOP(TYPE, KTYPE, >); break;                                          \
        case FUSED_GE: FUSED_LOOP(TYPE, KTYPE, >=); break;                                         \
        case FUSED_NONE: break;                                                                    \
        }                                                                                          \
        return n;                                                                                  \
    }
FUSED_FN(fused_i16, int16_t, int64_t)
FUSED_FN(fused_i32, int32_t, int64_t)
FUSED_FN(fused_i64, int64_t, int64_t)
FUSED_FN(fused_i32_narrow, int32_t, int32_t)

/* fused_filter - rows of sel where col op konst; false when these vectors do not fit (the caller
 * goes the general way). idx_out may be sel->idx. NULLs in col are left out by a second pass. */
bool fused_filter(FusedOp op, const Vector *col, const Vector *konst, const Sel *sel,
                  uint16_t *idx_out, uint32_t *count_out)
{
    if (col->kind != VEC_FLAT || konst->kind != VEC_CONST) {
        return false;
    }
    if (vec_is_null(konst, 0)) {
        *count_out = 0;
        return true;
    }
    int64_t k;
    switch (konst->phys) {
    case PHYS_I16: k = *(const int16_t *)konst->data; break;
    case PHYS_I32: k = *(const int32_t *)konst->data; break;
    case PHYS_I64: k = *(const int64_t *)konst->data; break;
    default: return false;
    }
    uint32_t n;
    switch (col->phys) {
    case PHYS_I16: n = fused_i16(op, col, k, sel, idx_out); break;
    case PHYS_I32:
        n = k >= INT32_MIN && k <= INT32_MAX ? fused_i32_narrow(op, col, (int32_t)k, sel, idx_out)
                                             : fused_i32(op, col, k, sel, idx_out);
        break;
    case PHYS_I64: n = fused_i64(op, col, k, sel, idx_out); break;
    default: return false;
    }
    if (col->valid != NULL) {
        uint32_t m = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint16_t row = idx_out[i];
            idx_out[m] = row;
            m += (uint32_t)((col->valid[row >> 6] >> (row & 63)) & 1);
        }
        n = m;
    }
    *count_out = n;
    return true;
}
