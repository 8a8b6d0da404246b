/*
 * in_set.c - the constants of a long IN list as a hash set.
 */
#include "expr/expr_internal.h"

InSet *in_set_build(Arena *arena, const TypeOps *type, Expr *const *values, uint32_t count)
{
    Datum *list = ARENA_ARRAY(arena, Datum, count + 1);
    bool *nulls = ARENA_ARRAY(arena, bool, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = values[i]->u.constant.value;
        nulls[i] = values[i]->u.constant.is_null;
    }
    return in_set_build_values(arena, type, list, nulls, count);
}

InSet *in_set_build_values(Arena *arena, const TypeOps *type, const Datum *values,
                           const bool *nulls, uint32_t count)
{
    InSet *set = ARENA_NEW(arena, InSet);
    uint32_t capacity = 16;
    while (capacity < count * 2) {
        capacity *= 2;
    }
    set->type = type;
    set->mask = capacity - 1;
    set->used = ARENA_ARRAY(arena, uint8_t, capacity);
    set->values = ARENA_ARRAY(arena, Datum, capacity);
    for (uint32_t i = 0; i < count; i++) {
        if (nulls[i]) {
            set->has_null = true;
            continue;
        }
        Datum v = values[i];
        if (in_set_has(set, &v)) {
            continue;
        }
        if (type->phys == PHYS_STR) {
            v.str = str_copy(arena, str_ptr(&v.str), v.str.len);
        }
        uint32_t at = (uint32_t)type->hash(&v) & set->mask;
        while (set->used[at]) {
            at = (at + 1) & set->mask;
        }
        set->used[at] = 1;
        set->values[at] = v;
    }
    return set;
}

bool in_set_has(const InSet *set, const Datum *v)
{
    uint32_t at = (uint32_t)set->type->hash(v) & set->mask;
    while (set->used[at]) {
        if (set->type->cmp(&set->values[at], v) == 0) {
            return true;
        }
        at = (at + 1) & set->mask;
    }
    return false;
}
