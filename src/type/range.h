#ifndef DASSIE_RANGE_H
#define DASSIE_RANGE_H
/*
 * range.h - ranges and multiranges: their form, reading and building them.
 *
 * Both are one thing here: a list of ranges that neither overlap nor touch, in order; a range is a
 * list of one, or of none when it is empty. A value is a Str of packed bytes: the type's OID, the
 * OID of the carrier of its subtype, how its bounds are made canonical, the number of ranges; of
 * each its flags and its finite bounds, fixed-width as in a vector, strings after their length. Any
 * thread; no state.
 */
#include "type/type.h"

/* RangeItem - one range; a bound is only there when it is not infinite. */
typedef struct RangeItem {
    Datum lower, upper;
    bool lower_inc, upper_inc, lower_inf, upper_inf;
} RangeItem;

/* RangeSet - a value, opened: string bounds are borrowed from it. */
typedef struct RangeSet {
    Oid type, carrier;
    char canonical;
    const TypeOps *ops; /* of the bounds */
    uint32_t count;
    RangeItem *items;
} RangeSet;

RangeSet range_open(Arena *arena, const Str *s);
/* range_like - an empty set of the same kind of bounds and type. */
static inline RangeSet range_like(const RangeSet *s)
{
    RangeSet r = *s;
    r.count = 0;
    r.items = NULL;
    return r;
}
Str range_pack(Arena *arena, const RangeSet *s);
/* range_type - what the type is made of; false: it is no range type. */
bool range_type(const FnCall *call, Oid type, TypeRange *out);
/* range_new - an empty set of a type. */
Status range_new(FnCall *call, Oid type, RangeSet *out);
/* range_make - a range of these bounds, made canonical, added to the set unless it is empty; 22000
 * when the lower one is above the upper. */
Status range_make(FnCall *call, RangeSet *s, RangeItem item);
void range_add(Arena *arena, RangeSet *s, const RangeItem *item);
/* range_normalize - in order, joined where ranges overlap or touch. */
void range_normalize(Arena *arena, RangeSet *s);
/* range_bounds_compare - two bounds as places on the line. */
int range_bounds_compare(const RangeSet *s, const RangeItem *a, bool a_lower, const RangeItem *b,
                         bool b_lower);
int range_compare(const Datum *a, const Datum *b);
/* range_touch - does nothing lie between a's upper and b's lower bound, and no value in both? */
bool range_touch(const RangeSet *s, const RangeItem *a, const RangeItem *b);
/* range_overlap_keys - KeyRangeFn of &&. type_is_range - of a built-in range or multirange type, or
 * a carrier of others. */
bool range_overlap_keys(const Datum *v, uint32_t i, Buf *first, Buf *last);
bool type_is_range(Oid type);
/* range_sound - TypeSoundFn. */
bool range_sound(const Str *values, uint32_t n);
uint64_t range_hash(const Datum *v);

#endif
