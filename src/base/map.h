#ifndef DASSIE_BASE_MAP_H
#define DASSIE_BASE_MAP_H
/*
 * map.h - a hash map from byte strings or integers to pointers: open addressing, linear probing,
 * tombstone-free delete.
 *
 * Owns its slots (mem_alloc), copies no keys of bytes: the key must live as long as the entry. One
 * thread at a time or under the owner's lock. Values must not be NULL.
 */
#include "base/status.h"

typedef struct MapSlot {
    uint64_t hash;
    const void *key; /* bytes, or the integer itself when len == MAP_KEY_INT */
    size_t key_len;
    void *value; /* NULL = free slot */
} MapSlot;
typedef struct Map {
    MapSlot *slots;
    uint32_t capacity, count; /* capacity is 0 or a power of two */
} Map;

void map_init(Map *m);
void map_release(Map *m);
void map_clear(Map *m);
/* map_get - the value, or NULL. */
void *map_get(const Map *m, const void *key, size_t key_len);
/* map_put - insert or replace; returns the old value or NULL. */
void *map_put(Map *m, const void *key, size_t key_len, void *value);
/* map_remove - returns the removed value or NULL. */
void *map_remove(Map *m, const void *key, size_t key_len);
void *map_get_int(const Map *m, uint64_t key);
void *map_put_int(Map *m, uint64_t key, void *value);
void *map_remove_int(Map *m, uint64_t key);
/* map_next - iterate: start with *pos = 0; false at the end. Order is arbitrary. */
bool map_next(const Map *m, uint32_t *pos, MapSlot *slot_out);
uint64_t hash_bytes(const void *p, size_t n, uint64_t seed); /* xxh3 */
static inline uint64_t hash_u64(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    return x ^ (x >> 32);
}

#endif
