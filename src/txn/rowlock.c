/*
 * rowlock.c - explicit row locks (FOR UPDATE and friends, foreign keys): an in-memory hash table in
 * 256 partitions.
 *
 * An entry stands for 64 rows that follow each other, and a hold for the locks that one transaction
 * has among them, a bit for each, so a million rows in a row cost 15,625 holds. Writers do not
 * enter the table: their lock is their in-progress xid behind the row's tag. A writer must know
 * cheaply that nobody locked the row: an array of counters hashed by tree and block, raised by
 * lockers while they hold the leaf exclusively, lowered when the entry goes. Nothing here is
 * durable; after a crash the table is empty, which is right, because no locker survived.
 *
 * Foreign-key checks of a bulk load take key-share locks on rows scattered over the parent. Past
 * ROWLOCK_KEY_SHARES_MAX blocks the transaction takes one on the whole table instead: an entry of
 * its own (ROW_BLOCK_ALL), which only those ask for who want a row in the one mode that conflicts.
 */
#include "txn/txn_internal.h"

const uint8_t ROW_CONFLICTS[ROWLOCK_UPDATE + 1] = {
    [ROWLOCK_KEY_SHARE] = 1 << ROWLOCK_UPDATE,
    [ROWLOCK_SHARE] = 1 << ROWLOCK_NO_KEY_UPDATE | 1 << ROWLOCK_UPDATE,
    [ROWLOCK_NO_KEY_UPDATE] = 1 << ROWLOCK_SHARE | 1 << ROWLOCK_NO_KEY_UPDATE | 1 << ROWLOCK_UPDATE,
    [ROWLOCK_UPDATE] = 0xf,
};

/* ---- the table ---- */

static inline _Atomic uint32_t *row_counter(TxnSys *sys, uint64_t hash)
{
    return &sys->row_counters[hash & (ROWLOCK_COUNTERS - 1)];
}

RowEntry *row_entry_find(const LockPart *part, TreeId tree, uint64_t block)
{
    if (part->row_size == 0) {
        return NULL;
    }
    RowEntry *e = part->rows[row_hash(tree, block) & (part->row_size - 1)];
    while (e != NULL && (e->block != block || e->tree != tree)) {
        e = e->next;
    }
    return e;
}

static void row_part_grow(LockPart *part)
{
    uint32_t size = part->row_size == 0 ? 16 : part->row_size * 2;
    RowEntry **rows = mem_zalloc("row locks", size * sizeof(RowEntry *));
    for (uint32_t i = 0; i < part->row_size; i++) {
        for (RowEntry *e = part->rows[i], *next; e != NULL; e = next) {
            next = e->next;
            RowEntry **at = &rows[row_hash(e->tree, e->block) & (size - 1)];
            e->next = *at;
            *at = e;
        }
    }
    mem_free(part->rows);
    part->rows = rows;
    part->row_size = size;
}

RowEntry *row_entry_make(TxnSys *sys, LockPart *part, TreeId tree, uint64_t block)
{
    RowEntry *e = part->free_rows;
    uint64_t hash = row_hash(tree, block);
    if (e != NULL) {
        part->free_rows = e->next;
        part->free_count--;
    } else {
        e = mem_alloc("row lock", sizeof(*e));
    }
    if (part->row_count == part->row_size) {
        row_part_grow(part);
    }
    RowEntry **at = &part->rows[hash & (part->row_size - 1)];
    *e = (RowEntry){.next = *at, .tree = tree, .block = block};
    *at = e;
    part->row_count++;
    atomic_fetch_add_explicit(&sys->row_bytes, sizeof(*e), memory_order_relaxed);
    atomic_fetch_add_explicit(row_counter(sys, hash), 1, memory_order_release);
    return e;
}

void row_entry_drop_unused(TxnSys *sys, LockPart *part, RowEntry *e)
{
    if (e->holds != NULL || e->queue.first != NULL) {
        return;
    }
    uint64_t hash = row_hash(e->tree, e->block);
    RowEntry **at = &part->rows[hash & (part->row_size - 1)];
    while (*at != e) {
        at = &(*at)->next;
    }
    *at = e->next;
    part->row_count--;
    atomic_fetch_sub_explicit(row_counter(sys, hash), 1, memory_order_release);
    atomic_fetch_sub_explicit(&sys->row_bytes, sizeof(*e), memory_order_relaxed);
    if (part->free_count < 64) {
        e->next = part->free_rows;
        part->free_rows = e;
        part->free_count++;
    } else {
        mem_free(e);
    }
}

void txnsys_set_row_lock_memory(TxnSys *sys, uint64_t bytes)
{
    atomic_store(&sys->row_bytes_max, bytes);
}

/* ---- conflicts ---- */

bool row_holds_conflict(const RowEntry *e, const Txn *txn, uint64_t rowid, int mode)
{
    for (const RowHold *h = e->holds; h != NULL; h = h->entry_next) {
        if (row_hold_has(h, rowid) && h->txn != txn && row_modes_conflict(mode, (int)h->mode)) {
            return true;
        }
    }
    return false;
}

bool row_whole_conflict(TxnSys *sys, const Txn *txn, TreeId tree)
{
    uint64_t hash = row_hash(tree, ROW_BLOCK_ALL);
    if (LIKELY(atomic_load_explicit(row_counter(sys, hash), memory_order_acquire) == 0)) {
        return false;
    }
    LockPart *part = row_part(sys, hash);
    bool conflict = false;
    os_mutex_lock(sys->os, &part->mutex);
    const RowEntry *e = row_entry_find(part, tree, ROW_BLOCK_ALL);
    for (const RowHold *h = e != NULL ? e->holds : NULL; h != NULL; h = h->entry_next) {
        conflict |= h->txn != txn;
    }
    os_mutex_unlock(sys->os, &part->mutex);
    return conflict;
}

bool row_lock_conflict(TxnSys *sys, const Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode,
                       bool own)
{
    uint64_t block = rowid >> ROW_BLOCK_SHIFT, hash = row_hash(tree, block);
    bool conflict = false;
    if (UNLIKELY(atomic_load_explicit(row_counter(sys, hash), memory_order_acquire) != 0)) {
        LockPart *part = row_part(sys, hash);
        os_mutex_lock(sys->os, &part->mutex);
        const RowEntry *e = row_entry_find(part, tree, block);
        conflict = e != NULL && (row_holds_conflict(e, txn, rowid, (int)mode) ||
                                 (!own && row_queue_conflict(sys, e, txn, rowid, (int)mode)));
        os_mutex_unlock(sys->os, &part->mutex);
    }
    return conflict || (mode == ROWLOCK_UPDATE && row_whole_conflict(sys, txn, tree));
}

/* ---- taking ---- */

static RowTable *row_table_find(const Txn *txn, TreeId tree)
{
    RowTable *t = txn->priv->row_tables;
    while (t != NULL && t->tree != tree) {
        t = t->next;
    }
    return t;
}

/* row_table_get - the count of the transaction's key-share locks on the table. */
static RowTable *row_table_get(Txn *txn, TreeId tree)
{
    RowTable *t = row_table_find(txn, tree);
    if (t == NULL) {
        t = ARENA_NEW(txn->arena, RowTable);
        *t = (RowTable){.next = txn->priv->row_tables, .tree = tree};
        txn->priv->row_tables = t;
    }
    return t;
}

/* row_hold_get - a hold to be filled; with a limit NULL when the memory for locks is used up. */
static RowHold *row_hold_get(Txn *txn, bool limit)
{
    TxnSys *sys = txn->sys;
    RowHold *h = txn->priv->free_holds;
    if (h != NULL) {
        txn->priv->free_holds = h->txn_next;
        return h;
    }
    if (limit && atomic_load_explicit(&sys->row_bytes, memory_order_relaxed) >=
                     atomic_load_explicit(&sys->row_bytes_max, memory_order_relaxed)) {
        return NULL;
    }
    atomic_fetch_add_explicit(&sys->row_bytes, sizeof(*h), memory_order_relaxed);
    txn->priv->row_bytes += sizeof(*h);
    return arena_alloc(txn->arena, sizeof(*h));
}

static void row_hold_give_back(Txn *txn, RowHold *h)
{
    h->txn_next = txn->priv->free_holds;
    txn->priv->free_holds = h;
}

/* row_hold_put - requires the partition. */
static void row_hold_put(Txn *txn, RowEntry *e, RowHold *h, RowLockMode mode, uint64_t rows)
{
    *h = (RowHold){e->holds, txn->priv->row_holds, e, txn, rows, txn->savepoint_level, mode};
    e->holds = h;
    txn->priv->row_holds = h;
}

/* row_hold_extend - the lock is there already, or there is a hold that it can be a part of.
 * Requires the partition. */
static bool row_hold_extend(const Txn *txn, RowEntry *e, uint64_t rowid, RowLockMode mode)
{
    RowHold *fits = NULL;
    for (RowHold *h = e->holds; h != NULL; h = h->entry_next) {
        if (h->txn != txn) {
            continue;
        }
        if (h->mode >= mode && row_hold_has(h, rowid)) {
            return true;
        }
        if (h->mode == mode && h->level == txn->savepoint_level) {
            fits = h;
        }
    }
    if (fits != NULL) {
        fits->rows |= (uint64_t)1 << (rowid & 63);
    }
    return fits != NULL;
}

/* row_whole_take - the key-share lock on the whole table in the place of more blocks. */
static void row_whole_take(Txn *txn, RowTable *t, RowHold *h)
{
    TxnSys *sys = txn->sys;
    LockPart *part = row_part(sys, row_hash(t->tree, ROW_BLOCK_ALL));
    os_mutex_lock(sys->os, &part->mutex);
    RowEntry *e = row_entry_find(part, t->tree, ROW_BLOCK_ALL);
    if (e == NULL) {
        e = row_entry_make(sys, part, t->tree, ROW_BLOCK_ALL);
    }
    row_hold_put(txn, e, h, ROWLOCK_KEY_SHARE, ~(uint64_t)0);
    t->whole = true;
    os_mutex_unlock(sys->os, &part->mutex);
}

static Status row_locks_full(Cx *cx)
{
    st_ignore(err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of shared memory"));
    return err_hint(cx, "Lock fewer rows at a time, or lock the table.");
}

Status row_lock_add(Cx *cx, Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode)
{
    TxnSys *sys = txn->sys;
    uint64_t block = rowid >> ROW_BLOCK_SHIFT;
    LockPart *part = row_part(sys, row_hash(tree, block));
    RowTable *t = NULL;
    bool done;
    if (mode == ROWLOCK_KEY_SHARE) {
        t = row_table_get(txn, tree);
    }
    os_mutex_lock(sys->os, &part->mutex);
    RowEntry *e = row_entry_find(part, tree, block);
    done = (e != NULL && row_hold_extend(txn, e, rowid, mode)) || (t != NULL && t->whole);
    RowHold *h = done ? NULL : row_hold_get(txn, true);
    bool whole = h != NULL && t != NULL && t->key_shares >= ROWLOCK_KEY_SHARES_MAX;
    if (h != NULL && !whole) {
        if (e == NULL) {
            e = row_entry_make(sys, part, tree, block);
        }
        row_hold_put(txn, e, h, mode, (uint64_t)1 << (rowid & 63));
        if (t != NULL) {
            t->key_shares++;
        }
    }
    if (txn->priv->row_queue != NULL && txn->priv->row_queue == e &&
        txn->priv->row_wait.key == rowid && (done || h != NULL)) {
        row_queue_leave(txn, (int)mode, false);
        row_entry_drop_unused(sys, part, e);
    }
    os_mutex_unlock(sys->os, &part->mutex);
    if (whole) {
        row_whole_take(txn, t, h);
    }
    return done || h != NULL ? ST_OK : row_locks_full(cx);
}

void row_lock_adopt(Txn *txn, TreeId tree, uint64_t block, uint64_t rows, RowLockMode mode)
{
    TxnSys *sys = txn->sys;
    LockPart *part = row_part(sys, row_hash(tree, block));
    RowHold *h = row_hold_get(txn, false);
    if (mode == ROWLOCK_KEY_SHARE) {
        RowTable *t = row_table_get(txn, tree);
        t->whole = t->whole || block == ROW_BLOCK_ALL;
        t->key_shares += block == ROW_BLOCK_ALL ? 0 : 1;
    }
    os_mutex_lock(sys->os, &part->mutex);
    RowEntry *e = row_entry_find(part, tree, block);
    if (e == NULL) {
        e = row_entry_make(sys, part, tree, block);
    }
    row_hold_put(txn, e, h, mode, rows);
    os_mutex_unlock(sys->os, &part->mutex);
}

/* ---- letting go ---- */

/* row_hold_release - one hold, already out of the transaction's list. */
static void row_hold_release(Txn *txn, RowHold *h)
{
    TxnSys *sys = txn->sys;
    RowEntry *e = h->entry;
    LockPart *part = row_entry_part(sys, e);
    TreeId tree = e->tree;
    bool whole = e->block == ROW_BLOCK_ALL;
    if (h->mode == ROWLOCK_KEY_SHARE) {
        RowTable *t = row_table_find(txn, tree);
        t->whole = t->whole && !whole;
        t->key_shares -= whole ? 0 : 1;
    }
    os_mutex_lock(sys->os, &part->mutex);
    RowHold **in_entry = &e->holds;
    while (*in_entry != h) {
        in_entry = &(*in_entry)->entry_next;
    }
    *in_entry = h->entry_next;
    if (e->queue.first != NULL) {
        row_queue_released(e, h->rows);
    }
    row_entry_drop_unused(sys, part, e);
    os_mutex_unlock(sys->os, &part->mutex);
    row_hold_give_back(txn, h);
    if (whole) {
        row_whole_released(sys, tree);
    }
}

void row_locks_release(Txn *txn, uint32_t above_level, bool all)
{
    TxnPrivate *p = txn->priv;
    while (p->row_holds != NULL && (all || p->row_holds->level > above_level)) {
        RowHold *h = p->row_holds;
        p->row_holds = h->txn_next;
        row_hold_release(txn, h);
    }
    if (all && p->row_bytes != 0) {
        atomic_fetch_sub_explicit(&txn->sys->row_bytes, p->row_bytes, memory_order_relaxed);
        p->row_bytes = 0;
        p->free_holds = NULL;
    }
}

/* ---- key locks ---- */

void key_lock(TxnSys *sys, uint64_t hash)
{
    os_mutex_lock(sys->os, &sys->key_locks[hash & (KEY_LOCKS - 1)]);
}

void key_unlock(TxnSys *sys, uint64_t hash)
{
    os_mutex_unlock(sys->os, &sys->key_locks[hash & (KEY_LOCKS - 1)]);
}
