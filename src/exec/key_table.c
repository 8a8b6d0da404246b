/*
 * key_table.c - distinct keys numbered in order of arrival: open addressing, hashes kept to skip
 * comparisons.
 */
#include "base/map.h"
#include "exec/exec_internal.h"

void key_table_init(KeyTable *t, Arena *arena, bool ints)
{
    *t = (KeyTable){.arena = arena, .ints = ints};
}

/* int_place - the slot that holds the key, or the free one where it belongs. */
static inline struct KeyIntSlot *int_place(struct KeyIntSlot *slots, uint32_t mask, int64_t key)
{
    uint32_t at = (uint32_t)hash_u64((uint64_t)key) & mask;
    while (slots[at].number != 0 && slots[at].key != key) {
        at = (at + 1) & mask;
    }
    return &slots[at];
}

void key_table_expect(KeyTable *t, double keys)
{
    t->expected = keys > 0 && keys < 1e9 ? (uint32_t)keys : 0;
}

/* int_slots_filled - how many keys so many slots take: three quarters. */
static uint32_t int_slots_filled(uint32_t capacity)
{
    return capacity / 4 * 3;
}

/* int_table_grow - double the slots; at once for the keys expected, but 16 times at most, for the
 * estimate may be wrong. */
static void int_table_grow(KeyTable *t)
{
    uint32_t old = t->int_slots == NULL ? 0 : t->mask + 1, capacity = old == 0 ? 128 : old * 2;
    while (old >= 1024 && capacity < old * 16 && int_slots_filled(capacity) < t->expected) {
        capacity *= 2;
    }
    struct KeyIntSlot *slots = ARENA_ARRAY(t->arena, struct KeyIntSlot, capacity);
    for (uint32_t i = 0; i < old; i++) {
        if (t->int_slots[i].number != 0) {
            *int_place(slots, capacity - 1, t->int_slots[i].key) = t->int_slots[i];
        }
    }
    t->int_slots = slots;
    t->mask = capacity - 1;
    t->size = int_slots_filled(capacity);
}

/* table_grow - double the slots and the key arrays. */
static void table_grow(KeyTable *t)
{
    uint32_t size = t->size == 0 ? 64 : t->size * 2, capacity = size * 2;
    t->hashes =
        arena_grow(t->arena, t->hashes, t->size * sizeof(uint64_t), size * sizeof(uint64_t));
    t->byte_keys = arena_grow(t->arena, t->byte_keys, t->size * sizeof(*t->byte_keys),
                              size * sizeof(*t->byte_keys));
    t->size = size;
    t->mask = capacity - 1;
    t->slots = ARENA_ARRAY(t->arena, uint32_t, capacity);
    for (uint32_t k = 0; k < t->count; k++) {
        uint32_t at = (uint32_t)t->hashes[k] & t->mask;
        while (t->slots[at] != 0) {
            at = (at + 1) & t->mask;
        }
        t->slots[at] = k + 1;
    }
}

uint32_t key_table_find_int(const KeyTable *t, int64_t key)
{
    return t->count == 0 ? KEY_NONE : (uint32_t)int_place(t->int_slots, t->mask, key)->number - 1;
}

uint32_t key_table_add_int(KeyTable *t, int64_t key, bool *added_out)
{
    if (t->count == t->size) {
        int_table_grow(t);
    }
    struct KeyIntSlot *slot = int_place(t->int_slots, t->mask, key);
    *added_out = slot->number == 0;
    if (*added_out) {
        *slot = (struct KeyIntSlot){key, ++t->count};
    }
    return (uint32_t)slot->number - 1;
}

void key_table_prefetch(const KeyTable *t, const Vector *v, const Sel *sel)
{
    if (t->count < 4096 || v->kind == VEC_CONST) {
        return; /* it lies in the cache */
    }
    SEL_FOREACH(row, sel)
    {
        uint64_t key = (uint64_t)vec_int(v, row);
        __builtin_prefetch(&t->int_slots[(uint32_t)hash_u64(key) & t->mask]);
    }
}

static uint32_t find_bytes(const KeyTable *t, uint64_t h, const void *p, size_t len)
{
    if (t->count == 0) {
        return KEY_NONE;
    }
    uint32_t at = (uint32_t)h & t->mask;
    for (uint32_t s; (s = t->slots[at]) != 0; at = (at + 1) & t->mask) {
        const struct KeyBytes *k = &t->byte_keys[s - 1];
        if (t->hashes[s - 1] == h && k->len == len && (len == 0 || memcmp(k->p, p, len) == 0)) {
            return s - 1;
        }
    }
    return KEY_NONE;
}

uint32_t key_table_find(const KeyTable *t, const void *p, size_t len)
{
    return find_bytes(t, hash_bytes(p, len, 0), p, len);
}

uint32_t key_table_add(KeyTable *t, const void *p, size_t len, bool *added_out)
{
    uint64_t h = hash_bytes(p, len, 0);
    uint32_t k = find_bytes(t, h, p, len);
    *added_out = k == KEY_NONE;
    if (k != KEY_NONE) {
        return k;
    }
    if (t->count == t->size) {
        table_grow(t);
    }
    uint32_t at = (uint32_t)h & t->mask;
    while (t->slots[at] != 0) {
        at = (at + 1) & t->mask;
    }
    t->hashes[t->count] = h;
    t->byte_keys[t->count] = (struct KeyBytes){arena_memdup(t->arena, p, len), (uint32_t)len};
    t->slots[at] = ++t->count;
    return t->count - 1;
}

void key_append(const TypeOps *type, const Vector *v, uint32_t row, Buf *buf)
{
    if (vec_is_null(v, row)) {
        buf_putc(buf, 0);
        return;
    }
    buf_putc(buf, 1);
    Datum d;
    if (phys_is_int(v->phys)) {
        d.i64 = vec_int(v, row);
        buf_put(buf, &d.i64, 8);
        return;
    }
    d = vec_get(v, row);
    type->key(&d, buf);
}

/* type_is_raw_text - equal values have equal bytes. */
bool type_is_raw_text(const TypeOps *t)
{
    return t->oid == TYPE_TEXT || t->oid == TYPE_VARCHAR || t->oid == TYPE_BYTEA ||
           t->oid == TYPE_NAME;
}
