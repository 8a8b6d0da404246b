/*
 * cat_cache.c - immutable objects by key, shared by all sessions, dropped when the catalog changes.
 *
 * An entry is valid for one catalog version. The version grows after a transaction with DDL became
 * visible and before its locks go, so whoever waited for such a lock looks up anew. An object read
 * while the version changed is used by its reader but not cached: it may mix two states.
 * A transaction that changed catalogs itself looks up privately, in its pins.
 * Locking: Catalog.mutex guards the map and is never held while rows are read.
 */
#include "catalog/cat_internal.h"

#define CAT_KEY_BYTES_MAX 128

static void catalog_lock(Catalog *c)
{
    if (c->engine != NULL) {
        os_mutex_lock(c->engine->os, &c->mutex);
    }
}

static void catalog_unlock(Catalog *c)
{
    if (c->engine != NULL) {
        os_mutex_unlock(c->engine->os, &c->mutex);
    }
}

uint64_t catalog_version(Catalog *c)
{
    return atomic_load_explicit(&c->version, memory_order_acquire);
}

static void obj_unref(CatObj *obj)
{
    if (atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel) == 1) {
        arena_release(&obj->arena);
        mem_free(obj);
    }
}

static CatObj *obj_create(const void *key, size_t key_len)
{
    CatObj *obj = mem_zalloc("catalog object", sizeof(CatObj));
    arena_init(&obj->arena, NULL, "catalog object", 0);
    atomic_init(&obj->refs, 1);
    obj->key = arena_memdup(&obj->arena, key, key_len);
    obj->key_len = key_len;
    return obj;
}

/* pins_of - the view's pins, made on first use. */
static CatPins *pins_of(CatView *v)
{
    if (v->pins == NULL) {
        v->pins = mem_zalloc("catalog pins", sizeof(CatPins));
        map_init(&v->pins->own);
    }
    return v->pins;
}

/* pins_add - the pins take over one reference. */
static void pins_add(CatPins *pins, CatObj *obj)
{
    /* What is looked up again and again is pinned once. */
    for (uint32_t i = 0; i < 4 && i < pins->count; i++) {
        if (pins->objs[pins->count - 1 - i] == obj) {
            obj_unref(obj);
            return;
        }
    }
    if (pins->count == pins->capacity) {
        pins->capacity = pins->capacity != 0 ? pins->capacity * 2 : 16;
        pins->objs = mem_realloc("catalog pins", pins->objs, pins->capacity * sizeof(CatObj *));
    }
    pins->objs[pins->count++] = obj;
}

void cat_pins_release(CatPins *p)
{
    if (p == NULL) {
        return;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        obj_unref(p->objs[i]);
    }
    map_release(&p->own);
    mem_free(p->objs);
    mem_free(p);
}

CatPins *cat_pins_take(CatView *v)
{
    CatPins *pins = v->pins;
    v->pins = NULL;
    return pins;
}

void cat_view_release_pins(CatView *v)
{
    mem_free(v->lost); /* of work that nobody judged: it has failed otherwise */
    v->lost = NULL;
    cat_pins_release(cat_pins_take(v));
}

/* cache_clear - drop every entry. Requires the mutex (or nobody else). */
static void cache_clear(Catalog *c)
{
    MapSlot slot;
    for (uint32_t pos = 0; map_next(&c->cache, &pos, &slot);) {
        obj_unref(slot.value);
    }
    map_clear(&c->cache);
}

void cat_cache_release(Catalog *c)
{
    cache_clear(c);
    map_release(&c->cache);
}

/* cache_find - the entry with one more reference, or NULL. */
static CatObj *cache_find(Catalog *c, const void *key, size_t key_len)
{
    catalog_lock(c);
    uint64_t version = catalog_version(c);
    if (c->cache_version != version) {
        cache_clear(c);
        c->cache_version = version;
    }
    CatObj *obj = map_get(&c->cache, key, key_len);
    if (obj != NULL) {
        atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);
    }
    catalog_unlock(c);
    return obj;
}

/* cache_put - share an object that was read under this version, unless it is another by now. */
static void cache_put(Catalog *c, CatObj *obj, uint64_t version)
{
    catalog_lock(c);
    if (c->cache_version == version && catalog_version(c) == version) {
        if (c->cache.count >= CAT_CACHE_OBJECTS_MAX) {
            cache_clear(c);
        }
        if (map_get(&c->cache, obj->key, obj->key_len) == NULL) {
            atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);
            (void)map_put(&c->cache, obj->key, obj->key_len, obj);
        }
    }
    catalog_unlock(c);
}

/* obj_key - {kind, database, oid, name} as bytes; 0 when the name is longer than any object's. */
static size_t obj_key(uint8_t *key, const CatView *v, CatObjKind kind, Oid oid, const char *name)
{
    uint32_t head[3] = {(uint32_t)kind, v->database, oid};
    size_t name_len = name != NULL ? strlen(name) : 0;
    if (sizeof(head) + name_len > CAT_KEY_BYTES_MAX) {
        return 0;
    }
    memcpy(key, head, sizeof(head));
    if (name_len != 0) {
        memcpy(key + sizeof(head), name, name_len);
    }
    return sizeof(head) + name_len;
}

Status cat_obj_get(Cx *cx, CatView *v, CatObjKind kind, Oid oid, const char *name, CatBuildFn build,
                   const void **payload_out)
{
    Catalog *c = v->catalog;
    uint8_t key[CAT_KEY_BYTES_MAX];
    *payload_out = NULL;
    size_t key_len = obj_key(key, v, kind, oid, name);
    if (key_len == 0) {
        return ST_OK;
    }
    CatPins *pins = pins_of(v);
    uint64_t version = catalog_version(c);
    if (v->version != version) {
        map_clear(&pins->own);
        v->version = version;
    }
    CatObj *obj = v->has_own_ddl ? map_get(&pins->own, key, key_len) : NULL;
    if (obj != NULL) {
        *payload_out = obj->payload;
        return ST_OK;
    }
    obj = v->has_own_ddl ? NULL : cache_find(c, key, key_len);
    if (obj == NULL) {
        obj = obj_create(key, key_len);
        CatRead read = {.view = v};
        c->store->begin(c->store_self, &read, v);
        Status st = build(cx, &read, obj, oid, name);
        c->store->end(c->store_self, &read);
        st = cat_view_judge(cx, v, st);
        if (st != ST_OK) {
            obj_unref(obj);
            return st;
        }
        if (!v->has_own_ddl) {
            cache_put(c, obj, version);
        }
    }
    /* A build may itself have looked up through the view. */
    pins = pins_of(v);
    if (v->has_own_ddl) {
        (void)map_put(&pins->own, obj->key, obj->key_len, obj);
    }
    pins_add(pins, obj);
    *payload_out = obj->payload;
    return ST_OK;
}

/* ddl_ended - the transaction (or the savepoint) that changed catalogs is over. */
static void ddl_ended(void *arg, bool committed)
{
    CatView *v = arg;
    ASSERT(v->own_ddl_count > 0);
    v->own_ddl_count--;
    v->has_own_ddl = v->own_ddl_count != 0;
    if (!v->has_own_ddl) {
        v->new_label_count = 0;
    }
    if (v->pins != NULL) {
        map_clear(&v->pins->own);
    }
    if (committed) {
        atomic_fetch_add_explicit(&v->catalog->version, 1, memory_order_acq_rel);
    }
}

void cat_changed_elsewhere(void *catalog, bool committed)
{
    Catalog *c = catalog;
    if (committed) {
        atomic_fetch_add_explicit(&c->version, 1, memory_order_acq_rel);
    }
}

void cat_changed(CatView *v)
{
    if (v->pins != NULL) {
        map_clear(&v->pins->own);
    }
    if (v->txn == NULL) { /* without an engine every change is final */
        atomic_fetch_add_explicit(&v->catalog->version, 1, memory_order_acq_rel);
        return;
    }
    v->has_own_ddl = true;
    v->own_ddl_count++;
    txn_on_end(v->txn, ddl_ended, v);
}
