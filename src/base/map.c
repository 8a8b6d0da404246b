/*
 * map.c - the hash map: linear probing with backward-shift deletion (Knuth 6.4, algorithm R), load
 * at most 3/4.
 */
#include "base/map.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/arena.h"

#define MAP_KEY_INT SIZE_MAX

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

void map_init(Map *m)
{
    *m = (Map){0};
}

void map_release(Map *m)
{
    mem_free(m->slots);
    *m = (Map){0};
}

void map_clear(Map *m)
{
    if (m->capacity != 0) {
        memset(m->slots, 0, m->capacity * sizeof(MapSlot));
    }
    m->count = 0;
}

static uint64_t map_hash(const void *key, size_t len)
{
    return len == MAP_KEY_INT ? hash_u64((uint64_t)(uintptr_t)key) : hash_bytes(key, len, 0);
}

/* map_find - the slot of the key, or the free slot where it would go. Requires capacity > count. */
static uint32_t map_find(const Map *m, uint64_t hash, const void *key, size_t len)
{
    uint32_t i = (uint32_t)hash & (m->capacity - 1);
    for (;; i = (i + 1) & (m->capacity - 1)) {
        const MapSlot *s = &m->slots[i];
        if (s->value == NULL) {
            return i;
        }
        if (s->hash == hash && s->key_len == len &&
            (len == MAP_KEY_INT ? s->key == key : memcmp(s->key, key, len) == 0)) {
            return i;
        }
    }
}

static void map_grow(Map *m)
{
    Map bigger = {.capacity = m->capacity ? m->capacity * 2 : 16, .count = m->count};
    bigger.slots = mem_zalloc("map", bigger.capacity * sizeof(MapSlot));
    for (uint32_t i = 0; i < m->capacity; i++) {
        const MapSlot *s = &m->slots[i];
        if (s->value != NULL) {
            bigger.slots[map_find(&bigger, s->hash, s->key, s->key_len)] = *s;
        }
    }
    mem_free(m->slots);
    *m = bigger;
}

void *map_get(const Map *m, const void *key, size_t key_len)
{
    if (m->count == 0) {
        return NULL;
    }
    return m->slots[map_find(m, map_hash(key, key_len), key, key_len)].value;
}

void *map_put(Map *m, const void *key, size_t key_len, void *value)
{
    ASSERT(value != NULL);
    if (m->count + 1 > m->capacity / 4 * 3) {
        map_grow(m);
    }
    uint64_t hash = map_hash(key, key_len);
    MapSlot *s = &m->slots[map_find(m, hash, key, key_len)];
    void *old = s->value;
    *s = (MapSlot){.hash = hash, .key = key, .key_len = key_len, .value = value};
    m->count += old == NULL;
    return old;
}

void *map_remove(Map *m, const void *key, size_t key_len)
{
    if (m->count == 0) {
        return NULL;
    }
    uint32_t mask = m->capacity - 1;
    uint32_t hole = map_find(m, map_hash(key, key_len), key, key_len);
    void *old = m->slots[hole].value;
    if (old == NULL) {
        return NULL;
    }
    for (uint32_t i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        uint32_t home = (uint32_t)m->slots[i].hash & mask;
        /* The entry may move back unless its home lies cyclically in (hole, i]. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (MapSlot){0};
    m->count--;
    return old;
}

void *map_get_int(const Map *m, uint64_t key)
{
    return map_get(m, (const void *)(uintptr_t)key, MAP_KEY_INT);
}

void *map_put_int(Map *m, uint64_t key, void *value)
{
    return map_put(m, (const void *)(uintptr_t)key, MAP_KEY_INT, value);
}

void *map_remove_int(Map *m, uint64_t key)
{
    return map_remove(m, (const void *)(uintptr_t)key, MAP_KEY_INT);
}

bool map_next(const Map *m, uint32_t *pos, MapSlot *slot_out)
{
    while (*pos < m->capacity) {
        const MapSlot *s = &m->slots[(*pos)++];
        if (s->value != NULL) {
            *slot_out = *s;
            return true;
        }
    }
    return false;
}
