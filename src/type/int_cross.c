/*
 * int_cross.c - operators between smallint, integer and bigint: the result has the wider type.
 */
#include "type/kernel.h"

#define INT_CROSS(t, TA, TB, TR, range)                                                            \
    KERNEL_BINARY(k_##t##pl, TA, TB, TR,                                                           \
                  if (UNLIKELY(__builtin_add_overflow(a, b, &r))) return range(call->cx))          \
    KERNEL_BINARY(k_##t##mi, TA, TB, TR,                                                           \
                  if (UNLIKELY(__builtin_sub_overflow(a, b, &r))) return range(call->cx))          \
    KERNEL_BINARY(k_##t##mul, TA, TB, TR,                                                          \
                  if (UNLIKELY(__builtin_mul_overflow(a, b, &r))) return range(call->cx))          \
    KERNEL_BINARY(                                                                                 \
        k_##t##div, TA, TB, TR, if (UNLIKELY(b == 0)) return err_division_by_zero(call->cx);       \
        if (UNLIKELY(b == -1)) {                                                                   \
            if (UNLIKELY(__builtin_sub_overflow((TR)0, a, &r))) {                                  \
                return range(call->cx);                                                            \
            }                                                                                      \
        } else { r = (TR)((TR)a / (TR)b); })                                                       \
    KERNEL_COMPARE_TOTAL(k_##t, TA, TB)                                                            \
    KERNEL_BINARY_TOTAL(k_bt##t##cmp, TA, TB, int32_t, (a > b) - (a < b))
/* clang-format off */
INT_CROSS(int24, int16_t, int32_t, int32_t, err_int4_range)
INT_CROSS(int42, int32_t, int16_t, int32_t, err_int4_range)
INT_CROSS(int28, int16_t, int64_t, int64_t, err_int8_range)
INT_CROSS(int82, int64_t, int16_t, int64_t, err_int8_range)
INT_CROSS(int48, int32_t, int64_t, int64_t, err_int8_range)
INT_CROSS(int84, int64_t, int32_t, int64_t, err_int8_range)
/* clang-format on */

#define INT_CROSS_ENTRIES(t)                                                                       \
    FN(t##pl), FN(t##mi), FN(t##mul), FN(t##div), FN_T(bt##t##cmp), FN_COMPARE(t, FN_TOTAL)
static const FnOps INT_CROSS_FNS[] = {
    INT_CROSS_ENTRIES(int24), INT_CROSS_ENTRIES(int42), INT_CROSS_ENTRIES(int28),
    INT_CROSS_ENTRIES(int82), INT_CROSS_ENTRIES(int48), INT_CROSS_ENTRIES(int84),
};
const TypeFamily type_family_int_cross = {
    .fns = INT_CROSS_FNS,
    .fn_count = ARRAY_LEN(INT_CROSS_FNS),
};
