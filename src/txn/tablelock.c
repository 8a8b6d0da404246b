/*
 * tablelock.c - table locks with PostgreSQL's eight modes.
 *
 * One entry a table, found in one of 64 partitions; a lock is a few counter changes under the
 * partition's mutex, and a mode a transaction holds already costs a walk over its own grants.
 * Waiters queue first come first served, with one exception: ACCESS SHARE passes strong locks that
 * only wait, so that DDL waiting for a long reader does not stop all others. So that a stream of
 * readers cannot starve DDL for ever, this ends when a waiter has waited for two seconds.
 */
#include "txn/txn_internal.h"

const char *table_lock_mode_name(TableLockMode mode)
{
    static const char *const NAMES[] = {"",
                                        "AccessShareLock",
                                        "RowShareLock",
                                        "RowExclusiveLock",
                                        "ShareUpdateExclusiveLock",
                                        "ShareLock",
                                        "ShareRowExclusiveLock",
                                        "ExclusiveLock",
                                        "AccessExclusiveLock"};
    return NAMES[mode];
}

#define M(x) (1u << TABLELOCK_##x)
static const uint16_t TABLE_CONFLICTS[TABLELOCK_ACCESS_EXCLUSIVE + 1] = {
    [TABLELOCK_ACCESS_SHARE] = M(ACCESS_EXCLUSIVE),
    [TABLELOCK_ROW_SHARE] = M(EXCLUSIVE) | M(ACCESS_EXCLUSIVE),
    [TABLELOCK_ROW_EXCLUSIVE] =
        M(SHARE) | M(SHARE_ROW_EXCLUSIVE) | M(EXCLUSIVE) | M(ACCESS_EXCLUSIVE),
    [TABLELOCK_SHARE_UPDATE_EXCLUSIVE] = M(SHARE_UPDATE_EXCLUSIVE) | M(SHARE) |
                                         M(SHARE_ROW_EXCLUSIVE) | M(EXCLUSIVE) |
                                         M(ACCESS_EXCLUSIVE),
    [TABLELOCK_SHARE] = M(ROW_EXCLUSIVE) | M(SHARE_UPDATE_EXCLUSIVE) | M(SHARE_ROW_EXCLUSIVE) |
                        M(EXCLUSIVE) | M(ACCESS_EXCLUSIVE),
    [TABLELOCK_SHARE_ROW_EXCLUSIVE] = M(ROW_EXCLUSIVE) | M(SHARE_UPDATE_EXCLUSIVE) | M(SHARE) |
                                      M(SHARE_ROW_EXCLUSIVE) | M(EXCLUSIVE) | M(ACCESS_EXCLUSIVE),
    [TABLELOCK_EXCLUSIVE] = M(ROW_SHARE) | M(ROW_EXCLUSIVE) | M(SHARE_UPDATE_EXCLUSIVE) | M(SHARE) |
                            M(SHARE_ROW_EXCLUSIVE) | M(EXCLUSIVE) | M(ACCESS_EXCLUSIVE),
    [TABLELOCK_ACCESS_EXCLUSIVE] = M(ACCESS_SHARE) | M(ROW_SHARE) | M(ROW_EXCLUSIVE) |
                                   M(SHARE_UPDATE_EXCLUSIVE) | M(SHARE) | M(SHARE_ROW_EXCLUSIVE) |
                                   M(EXCLUSIVE) | M(ACCESS_EXCLUSIVE),
};
#undef M

static LockPart *table_part(TxnSys *sys, uint64_t key)
{
    return &sys->table_parts[hash_u64(key) & (TABLELOCK_PARTS - 1)];
}

static TableEntry *table_entry_find(const LockPart *part, uint64_t key)
{
    TableEntry *e = part->tables;
    while (e != NULL && e->key != key) {
        e = e->next;
    }
    return e;
}

/* table_granted_conflict - does somebody but txn hold a mode that conflicts? */
static bool table_granted_conflict(const TableEntry *e, const TableGrant *own, int mode)
{
    for (int m = 1; m <= TABLELOCK_ACCESS_EXCLUSIVE; m++) {
        if ((TABLE_CONFLICTS[mode] >> m & 1) != 0) {
            uint32_t mine = own != NULL ? own->modes >> m & 1 : 0;
            if (e->granted[m] > mine) {
                return true;
            }
        }
    }
    return false;
}

static bool table_queue_conflict(const TableEntry *e, const LockWaiter *before, int mode,
                                 int64_t now_us)
{
    for (const LockWaiter *q = e->queue.first; q != NULL && q != before; q = q->next) {
        if ((TABLE_CONFLICTS[mode] >> q->mode & 1) == 0) {
            continue;
        }
        if (mode != TABLELOCK_ACCESS_SHARE || now_us - q->since_us > TABLELOCK_STARVE_US) {
            return true;
        }
    }
    return false;
}

/* table_grant_put - requires the partition. */
static void table_grant_put(Txn *txn, TableEntry *e, TableGrant *own, TableLockMode mode)
{
    if (own != NULL && own != txn->priv->table_grants) {
        /* To the front: table_locks_release relies on levels falling along the list. */
        TableGrant **at = &txn->priv->table_grants;
        while (*at != own) {
            at = &(*at)->txn_next;
        }
        *at = own->txn_next;
        own->txn_next = txn->priv->table_grants;
        txn->priv->table_grants = own;
    }
    if (own == NULL) {
        own = txn->priv->free_grants;
        if (own != NULL) {
            txn->priv->free_grants = own->txn_next;
        } else {
            own = arena_alloc(txn->arena, sizeof(*own));
        }
        *own = (TableGrant){
            .entry = e, .txn = txn, .next = e->grants, .txn_next = txn->priv->table_grants};
        e->grants = own;
        txn->priv->table_grants = own;
    }
    own->modes |= 1u << mode;
    own->level[mode] = own->level_max = txn->savepoint_level;
    e->granted[mode]++;
}

/* table_entry_get - requires the partition. */
static TableEntry *table_entry_get(LockPart *part, uint64_t key)
{
    TableEntry *e = table_entry_find(part, key);
    if (e == NULL) {
        e = mem_zalloc("table lock", sizeof(*e));
        e->key = key;
        e->next = part->tables;
        part->tables = e;
    }
    return e;
}

void table_lock_adopt(Txn *txn, uint64_t key, uint32_t modes)
{
    LockPart *part = table_part(txn->sys, key);
    os_mutex_lock(txn->sys->os, &part->mutex);
    TableEntry *e = table_entry_get(part, key);
    TableGrant *own = NULL;
    for (int m = 1; m <= TABLELOCK_ACCESS_EXCLUSIVE; m++) {
        if ((modes >> m & 1) != 0) {
            table_grant_put(txn, e, own, (TableLockMode)m);
            own = txn->priv->table_grants;
        }
    }
    os_mutex_unlock(txn->sys->os, &part->mutex);
}

static TableGrant *table_grant_of(const TableEntry *e, const Txn *txn)
{
    TableGrant *g = e->grants;
    while (g != NULL && g->txn != txn) {
        g = g->next;
    }
    return g;
}

/* table_may - may the mode be granted now to one whose place in the queue is `before` (NULL: behind
 * all)? A holder that wants more does not queue behind those who wait for it. Requires the
 * partition. */
static bool table_may(TxnSys *sys, const TableEntry *e, const TableGrant *own,
                      const LockWaiter *before, int mode)
{
    return !table_granted_conflict(e, own, mode) &&
           (own != NULL || e->queue.first == NULL ||
            !table_queue_conflict(e, before, mode, os_mono_us(sys->os)));
}

/* table_queue_wake - tell those who may have the lock now. Requires the partition. */
static void table_queue_wake(TxnSys *sys, const TableEntry *e)
{
    for (const LockWaiter *q = e->queue.first; q != NULL; q = q->next) {
        if (table_may(sys, e, table_grant_of(e, q->txn), q, q->mode)) {
            txn_wake(q->txn);
        }
    }
}

void table_wait_over(Txn *txn)
{
    TxnSys *sys = txn->sys;
    TableEntry *e = txn->priv->table_queue;
    LockPart *part = table_part(sys, e->key);
    os_mutex_lock(sys->os, &part->mutex);
    lock_queue_remove(&e->queue, &txn->priv->table_wait);
    txn->priv->table_queue = NULL;
    table_queue_wake(sys, e);
    os_mutex_unlock(sys->os, &part->mutex);
}

/* table_lock_try - take the lock if it may be had, else (with queue) a place in the queue. */
static bool table_lock_try(Txn *txn, LockPart *part, uint64_t key, TableGrant *own,
                           TableLockMode mode, bool queue)
{
    TxnSys *sys = txn->sys;
    TxnPrivate *p = txn->priv;
    os_mutex_lock(sys->os, &part->mutex);
    TableEntry *e = own != NULL ? own->entry : table_entry_get(part, key);
    bool queued = p->table_queue == e;
    bool may = table_may(sys, e, own, queued ? &p->table_wait : NULL, (int)mode);
    if (may) {
        if (queued) {
            lock_queue_remove(&e->queue, &p->table_wait);
            p->table_queue = NULL;
        }
        table_grant_put(txn, e, own, mode);
        if (queued) {
            table_queue_wake(sys, e); /* those behind us: we left the queue */
        }
    } else if (queue && !queued) {
        p->table_wait =
            (LockWaiter){.txn = txn, .mode = (int)mode, .since_us = os_mono_us(sys->os)};
        lock_queue_push(&e->queue, &p->table_wait);
        p->table_queue = e;
    }
    os_mutex_unlock(sys->os, &part->mutex);
    return may;
}

Status table_lock(Cx *cx, Txn *txn, uint64_t key, TableLockMode mode, WaitPolicy wait)
{
    TxnPrivate *p = txn->priv;
    TableGrant *own = p->table_grants;
    while (own != NULL && own->entry->key != key) {
        own = own->txn_next;
    }
    if (own != NULL && (own->modes >> mode & 1) != 0) {
        return ST_OK;
    }
    LockPart *part = table_part(txn->sys, key);
    if (UNLIKELY(p->table_queue != NULL) &&
        (p->table_queue->key != key || p->table_wait.mode != (int)mode)) {
        table_wait_over(txn); /* left by a try that did not come here again */
    }
    if (LIKELY(table_lock_try(txn, part, key, own, mode, false))) {
        return ST_OK;
    }
    if (wait != WAIT_BLOCK) {
        return ST_BUSY;
    }
    os_stop_point(txn->sys->os, "table.wait");
    Status st = ST_OK;
    for (uint32_t tries = 0;; tries++) {
        DASSERT(tries < RETRIES_MAX); /* the wait looks whether it is to end */
        txn_wait_arm(txn);
        if (table_lock_try(txn, part, key, own, mode, true)) {
            return ST_OK;
        }
        row_wait_over(txn);
        TxnWait what = {.kind = TXN_WAIT_TABLE,
                        .key = key,
                        .mode = (int)mode,
                        .since_us = p->table_wait.since_us};
        st = txn_wait(cx, txn, &what, TABLELOCK_LOOK_AGAIN_US, 0);
        if (st == ST_BUSY) {
            return st;
        }
        if (st != ST_OK) {
            table_wait_over(txn);
            return st;
        }
    }
}

void table_locks_release(Txn *txn, uint32_t above_level, bool all)
{
    TxnSys *sys = txn->sys;
    TableGrant **at = &txn->priv->table_grants;
    while (*at != NULL) {
        TableGrant *g = *at;
        TableEntry *e = g->entry;
        if (!all && g->level_max <= above_level) {
            break; /* so are the rest */
        }
        LockPart *part = table_part(sys, e->key);
        os_mutex_lock(sys->os, &part->mutex);
        g->level_max = above_level; /* not less: levels must not rise along the list */
        for (int m = 1; m <= TABLELOCK_ACCESS_EXCLUSIVE; m++) {
            if ((g->modes >> m & 1) != 0 && (all || g->level[m] > above_level)) {
                g->modes &= ~(1u << m);
                e->granted[m]--;
            }
        }
        bool gone = g->modes == 0;
        if (gone) {
            TableGrant **in_entry = &e->grants;
            while (*in_entry != g) {
                in_entry = &(*in_entry)->next;
            }
            *in_entry = g->next;
        }
        if (e->queue.first != NULL) {
            table_queue_wake(sys, e);
        }
        os_mutex_unlock(sys->os, &part->mutex);
        if (gone) {
            *at = g->txn_next;
            g->txn_next = txn->priv->free_grants;
            txn->priv->free_grants = g;
        } else {
            at = &g->txn_next;
        }
    }
}

/* table_lock_edges - whom a transaction waits for that waits for a table. */
void table_lock_edges(TxnSys *sys, Txn *waiter, TxnEdgeFn fn, void *arg)
{
    const TxnWait *w = &waiter->priv->wait;
    LockPart *part = table_part(sys, w->key);
    int64_t now = os_mono_us(sys->os);
    os_mutex_lock(sys->os, &part->mutex);
    const TableEntry *e = table_entry_find(part, w->key);
    bool holds = false;
    for (TableGrant *g = e != NULL ? e->grants : NULL; g != NULL; g = g->next) {
        holds |= g->txn == waiter;
        if (g->txn != waiter && (TABLE_CONFLICTS[w->mode] & g->modes) != 0) {
            fn(arg, g->txn, false);
        }
    }
    for (LockWaiter *q = e != NULL && !holds ? e->queue.first : NULL; q != NULL && q->txn != waiter;
         q = q->next) {
        if ((TABLE_CONFLICTS[w->mode] >> q->mode & 1) != 0 &&
            (w->mode != TABLELOCK_ACCESS_SHARE || now - q->since_us > TABLELOCK_STARVE_US)) {
            fn(arg, q->txn, true);
        }
    }
    os_mutex_unlock(sys->os, &part->mutex);
}

void table_queue_pass(TxnSys *sys, Txn *txn, Txn *ahead)
{
    TxnPrivate *p = txn->priv;
    LockPart *part = table_part(sys, p->wait.key);
    os_mutex_lock(sys->os, &part->mutex);
    TableEntry *e = table_entry_find(part, p->wait.key);
    /* Their places in this queue change under the mutex that we hold. */
    if (e != NULL && p->table_queue == e && ahead->priv->table_queue == e) {
        lock_queue_remove(&e->queue, &p->table_wait);
        lock_queue_insert_before(&e->queue, &p->table_wait, &ahead->priv->table_wait);
    }
    os_mutex_unlock(sys->os, &part->mutex);
}
