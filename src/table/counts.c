/*
 * counts.c - shared numbers of tables, indexes and databases, and how a transaction's own get
 * there.
 *
 * The shared ones are found by (database, OID), not by tree, so that they outlive TRUNCATE and
 * rewrites, under the mutex of the table runtime; open tables point to them. A transaction keeps a
 * list, what it counted last in front; one that touches many relations finds them by a map. The
 * sums of a database are those of its relations, made when somebody asks.
 */
#include "table/counts.h"

#include "table/table_internal.h"

#define COUNTS_LIST_MAX    16
#define COUNTS_HOT         1000u             /* transactions after which a relation is used often */
#define COUNTS_PG_EPOCH_US 946684800000000LL /* 2000-01-01 */

static uint64_t counts_key(Oid database, Oid oid)
{
    return (uint64_t)database << 32 | oid;
}

/* Memory in cache lines: mem_alloc gives 16 bytes of alignment, the block begins behind its own
 * address. */
static void *lines_alloc(const char *tag, size_t bytes)
{
    uint8_t *raw = mem_zalloc(tag, bytes + 2 * CACHE_LINE);
    uint8_t *at = (uint8_t *)ALIGN_UP((uintptr_t)raw + sizeof(raw), (uintptr_t)CACHE_LINE);
    memcpy(at - sizeof(raw), &raw, sizeof(raw));
    return at;
}

static void lines_free(void *at)
{
    if (at != NULL) {
        uint8_t *raw;
        memcpy(&raw, (uint8_t *)at - sizeof(raw), sizeof(raw));
        mem_free(raw);
    }
}

static void stripes_free(RelStripe *stripes)
{
    lines_free(stripes);
}

RelCounts *counts_find(Engine *e, Oid database, Oid oid)
{
    struct TableRuntime *all = e->tables;
    os_mutex_lock(e->os, &all->mutex);
    RelCounts *rel = map_get_int(&all->counts, counts_key(database, oid));
    os_mutex_unlock(e->os, &all->mutex);
    return rel;
}

RelCounts *counts_rel(Engine *e, Oid database, Oid oid)
{
    struct TableRuntime *all = e->tables;
    uint64_t key = counts_key(database, oid);
    os_mutex_lock(e->os, &all->mutex);
    RelCounts *rel = map_get_int(&all->counts, key);
    if (rel == NULL) {
        rel = mem_zalloc("relation counts", sizeof(*rel));
        rel->os = e->os;
        rel->database = database;
        rel->oid = oid;
        map_put_int(&all->counts, key, rel);
    }
    os_mutex_unlock(e->os, &all->mutex);
    return rel;
}

DbCounts *counts_db_find(Engine *e, Oid database)
{
    struct TableRuntime *all = e->tables;
    os_mutex_lock(e->os, &all->mutex);
    DbCounts *db = map_get_int(&all->db_counts, database);
    os_mutex_unlock(e->os, &all->mutex);
    return db;
}

DbCounts *counts_db(Engine *e, Oid database)
{
    struct TableRuntime *all = e->tables;
    os_mutex_lock(e->os, &all->mutex);
    DbCounts *db = map_get_int(&all->db_counts, database);
    if (db == NULL) {
        db = lines_alloc("database counts", sizeof(*db));
        db->oid = database;
        map_put_int(&all->db_counts, database, db);
    }
    os_mutex_unlock(e->os, &all->mutex);
    return db;
}

void counts_release(struct TableRuntime *all)
{
    uint32_t pos = 0;
    MapSlot slot;
    while (map_next(&all->counts, &pos, &slot)) {
        RelCounts *rel = slot.value;
        stripes_free(atomic_load(&rel->stripes));
        mem_free(rel);
    }
    map_release(&all->counts);
    pos = 0;
    while (map_next(&all->db_counts, &pos, &slot)) {
        lines_free(slot.value);
    }
    map_release(&all->db_counts);
}

void counts_table(Table *t, Oid database)
{
    t->counts = counts_rel(t->engine, database, t->oid);
    for (uint16_t i = 0; i < t->index_count; i++) {
        t->indexes[i].counts = counts_rel(t->engine, database, t->indexes[i].oid);
    }
}

/* ---- a transaction's own ---- */

static RelPending *pending_find(const Txn *txn, const RelCounts *rel)
{
    if (txn->counts_map != NULL) {
        return map_get_int(txn->counts_map, (uint64_t)(uintptr_t)rel);
    }
    RelPending *p = txn->counts;
    while (p != NULL && p->rel != rel) {
        p = p->next;
    }
    return p;
}

const RelPending *counts_pending_find(const Txn *txn, const RelCounts *rel)
{
    return txn == NULL ? NULL : pending_find(txn, rel);
}

/* pending_map - there are many by now: find them by a map. */
static void pending_map(Txn *txn)
{
    txn->counts_map = mem_alloc("transaction counts", sizeof(*txn->counts_map));
    map_init(txn->counts_map);
    for (RelPending *p = txn->counts; p != NULL; p = p->next) {
        map_put_int(txn->counts_map, (uint64_t)(uintptr_t)p->rel, p);
    }
}

RelPending *counts_pending_slow(Txn *txn, RelCounts *rel)
{
    RelPending *p = pending_find(txn, rel);
    if (p != NULL) {
        return p;
    }
    p = ARENA_NEW(txn->arena, RelPending);
    p->rel = rel;
    p->next = txn->counts;
    txn->counts = p;
    if (txn->counts_map != NULL) {
        map_put_int(txn->counts_map, (uint64_t)(uintptr_t)rel, p);
    } else if (++txn->counts_count > COUNTS_LIST_MAX) {
        pending_map(txn);
    }
    return p;
}

void counts_undone(Txn *txn, TreeId tree, uint64_t n)
{
    for (RelPending *p = txn->counts; p != NULL; p = p->next) {
        if (p->tree == tree) {
            p->changed -= (int64_t)n;
            return;
        }
    }
}

static void shared_add(_Atomic int64_t *to, int64_t n)
{
    if (n != 0) {
        atomic_fetch_add_explicit(to, n, memory_order_relaxed);
    }
}

/* rel_place - where this session adds to the relation's numbers. */
static _Atomic int64_t *rel_place(RelCounts *rel, int32_t who)
{
    RelStripe *stripes = atomic_load_explicit(&rel->stripes, memory_order_acquire);
    if (stripes == NULL) {
        if (atomic_fetch_add_explicit(&rel->uses, 1, memory_order_relaxed) < COUNTS_HOT) {
            return rel->n;
        }
        RelStripe *mine = lines_alloc("relation counts", COUNTS_STRIPES * sizeof(RelStripe));
        if (atomic_compare_exchange_strong(&rel->stripes, &stripes, mine)) {
            stripes = mine;
        } else {
            stripes_free(mine);
        }
    }
    return stripes[(uint32_t)who % COUNTS_STRIPES].n;
}

/* counts_ended - Txn.counts_end: the transaction is over, its numbers become everybody's. */
static void counts_ended(Txn *txn, bool committed)
{
    DbCounts *db = txn->counts_to;
    int32_t who = txn->process_id;
    for (RelPending *p = txn->counts; p != NULL; p = p->next) {
        _Atomic int64_t *to = rel_place(p->rel, who);
        for (uint32_t k = 0; k < COUNT_KINDS; k++) {
            shared_add(&to[k], (int64_t)p->n[k]);
        }
        if (committed) {
            shared_add(&p->rel->changed, p->changed);
        }
    }
    counts_db_add(db, who, DB_DEADLOCKS, txn->deadlocks);
    counts_db_add(db, who, committed ? DB_COMMITS : DB_ROLLBACKS, 1);
    if (txn->counts_map != NULL) {
        map_release(txn->counts_map);
        mem_free(txn->counts_map);
    }
    txn->counts = NULL;
    txn->counts_map = NULL;
    txn->counts_to = NULL;
}

void counts_begin(Txn *txn, DbCounts *db)
{
    txn->counts_to = db;
    txn->counts_end = counts_ended;
}

/* ---- reading, and back to zero ---- */

int64_t counts_of(const RelCounts *rel, CountKind kind)
{
    RelStripe *stripes = atomic_load_explicit(&rel->stripes, memory_order_acquire);
    int64_t sum = atomic_load_explicit(&rel->n[kind], memory_order_relaxed);
    for (uint32_t i = 0; stripes != NULL && i < COUNTS_STRIPES; i++) {
        sum += atomic_load_explicit(&stripes[i].n[kind], memory_order_relaxed);
    }
    return sum;
}

int64_t counts_db_of(const DbCounts *db, DbCountKind kind)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < COUNTS_STRIPES; i++) {
        sum += atomic_load_explicit(&db->stripes[i].n[kind], memory_order_relaxed);
    }
    return sum;
}

int64_t counts_db_sum(Engine *e, Oid database, CountKind kind)
{
    struct TableRuntime *all = e->tables;
    const DbCounts *db = counts_db_find(e, database);
    int64_t sum = db != NULL ? atomic_load_explicit(&db->base[kind], memory_order_relaxed) : 0;
    uint32_t pos = 0;
    MapSlot slot;
    os_mutex_lock(e->os, &all->mutex);
    while (map_next(&all->counts, &pos, &slot)) {
        const RelCounts *rel = slot.value;
        sum += rel->database == database ? counts_of(rel, kind) : 0;
    }
    os_mutex_unlock(e->os, &all->mutex);
    return sum;
}

static void rel_zero(RelCounts *rel)
{
    RelStripe *stripes = atomic_load_explicit(&rel->stripes, memory_order_acquire);
    for (uint32_t k = 0; k < COUNT_KINDS; k++) {
        atomic_store_explicit(&rel->n[k], 0, memory_order_relaxed);
        for (uint32_t i = 0; stripes != NULL && i < COUNTS_STRIPES; i++) {
            atomic_store_explicit(&stripes[i].n[k], 0, memory_order_relaxed);
        }
    }
    atomic_store(&rel->changed, 0);
    atomic_store(&rel->analyzed_us, 0);
    atomic_store(&rel->analyzed, 0);
}

void counts_reset_rel(Engine *e, RelCounts *rel)
{
    DbCounts *db = counts_db(e, rel->database);
    for (uint32_t k = 0; k < COUNT_KINDS; k++) {
        shared_add(&db->base[k], counts_of(rel, (CountKind)k)); /* the database keeps them */
    }
    rel_zero(rel);
}

void counts_reset_db(Engine *e, Oid database, int64_t now_us)
{
    struct TableRuntime *all = e->tables;
    DbCounts *db = counts_db(e, database);
    uint32_t pos = 0;
    MapSlot slot;
    os_mutex_lock(e->os, &all->mutex);
    while (map_next(&all->counts, &pos, &slot)) {
        RelCounts *rel = slot.value;
        if (rel->database == database) {
            rel_zero(rel);
        }
    }
    os_mutex_unlock(e->os, &all->mutex);
    for (uint32_t k = 0; k < COUNT_KINDS; k++) {
        atomic_store_explicit(&db->base[k], 0, memory_order_relaxed);
    }
    for (uint32_t i = 0; i < COUNTS_STRIPES; i++) {
        for (uint32_t k = 0; k < DB_COUNT_KINDS; k++) {
            atomic_store_explicit(&db->stripes[i].n[k], 0, memory_order_relaxed);
        }
    }
    atomic_store(&db->reset_us, now_us);
}

void counts_analyzed(RelCounts *rel)
{
    atomic_store(&rel->changed, 0);
    atomic_store(&rel->analyzed_us, os_now_us(rel->os) - COUNTS_PG_EPOCH_US);
    atomic_fetch_add(&rel->analyzed, 1);
}
