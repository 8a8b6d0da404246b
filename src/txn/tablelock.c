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

typedef struct TableWait {
    Txn *txn;
    LockPart *part;
    TableEntry *entry;
    TableGrant *own;
    LockWaiter me;
} TableWait;

static bool table_wait_ready(void *arg)
{
    TableWait *w = arg;
    Os *os = w->txn->sys->os;
    int64_t now = os_mono_us(os);
    os_mutex_lock(os, &w->part->mutex);
    /* A holder that wants more does not queue behind those who wait for it. */
    bool ready = !table_granted_conflict(w->entry, w->own, w->me.mode) &&
                 (w->own != NULL || !table_queue_conflict(w->entry, &w->me, w->me.mode, now));
    if (ready) {
        lock_queue_remove(&w->entry->queue, &w->me);
        table_grant_put(w->txn, w->entry, w->own, (TableLockMode)w->me.mode);
    }
    os_mutex_unlock(os, &w->part->mutex);
    return ready;
}

Status table_lock(Cx *cx, Txn *txn, uint64_t key, TableLockMode mode, WaitPolicy wait)
{
    TxnSys *sys = txn->sys;
    TableGrant *own = txn->priv->table_grants;
    while (own != NULL && own->entry->key != key) {
        own = own->txn_next;
    }
    if (own != NULL && (own->modes >> mode & 1) != 0) {
        return ST_OK;
    }
    TableWait w = {.txn = txn, .part = table_part(sys, key), .own = own};
    os_mutex_lock(sys->os, &w.part->mutex);
    w.entry = own != NULL ? own->entry : table_entry_get(w.part, key);
    bool blocked = table_granted_conflict(w.entry, own, (int)mode);
    if (!blocked && own == NULL && w.entry->queue.first != NULL) {
        blocked = table_queue_conflict(w.entry, NULL, (int)mode, os_mono_us(sys->os));
    }
    if (LIKELY(!blocked)) {
        table_grant_put(txn, w.entry, own, mode);
        os_mutex_unlock(sys->os, &w.part->mutex);
        return ST_OK;
    }
    if (wait != WAIT_BLOCK) {
        os_mutex_unlock(sys->os, &w.part->mutex);
        return ST_BUSY;
    }
    w.me = (LockWaiter){.txn = txn, .mode = (int)mode, .since_us = os_mono_us(sys->os)};
    lock_queue_push(&w.entry->queue, &w.me);
    os_mutex_unlock(sys->os, &w.part->mutex);
    TxnWait what = {.kind = TXN_WAIT_TABLE, .key = key, .mode = (int)mode};
    Status st = txn_wait_loop(cx, txn, &what, &w.part->event, table_wait_ready, &w, 0);
    if (st != ST_OK) {
        os_mutex_lock(sys->os, &w.part->mutex);
        lock_queue_remove(&w.entry->queue, &w.me);
        os_mutex_unlock(sys->os, &w.part->mutex);
    }
    /* Those behind us may be grantable now: we left the queue. */
    os_event_signal(sys->os, &w.part->event);
    return st;
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
        bool waiters = e->queue.first != NULL;
        os_mutex_unlock(sys->os, &part->mutex);
        if (waiters) {
            os_event_signal(sys->os, &part->event);
        }
        if (gone) {
            *at = g->txn_next;
            g->txn_next = txn->priv->free_grants;
            txn->priv->free_grants = g;
        } else {
            at = &g->txn_next;
        }
    }
}

uint32_t table_lock_blockers(TxnSys *sys, const Txn *waiter, const TxnWait *w, Txn **out,
                             int32_t *pids)
{
    uint32_t n = 0;
    LockPart *part = table_part(sys, w->key);
    int64_t now = os_mono_us(sys->os);
    os_mutex_lock(sys->os, &part->mutex);
    const TableEntry *e = table_entry_find(part, w->key);
    bool holds = false;
    for (TableGrant *g = e != NULL ? e->grants : NULL; g != NULL; g = g->next) {
        holds |= g->txn == waiter;
        if (g->txn != waiter && (TABLE_CONFLICTS[w->mode] & g->modes) != 0 && n < BLOCKERS_MAX) {
            pids[n] = g->txn->process_id;
            out[n++] = g->txn;
        }
    }
    for (LockWaiter *q = e != NULL && !holds ? e->queue.first : NULL; q != NULL; q = q->next) {
        if (q->txn == waiter || n == BLOCKERS_MAX) {
            break;
        }
        if ((TABLE_CONFLICTS[w->mode] >> q->mode & 1) != 0 &&
            (w->mode != TABLELOCK_ACCESS_SHARE || now - q->since_us > TABLELOCK_STARVE_US)) {
            pids[n] = q->txn->process_id;
            out[n++] = q->txn;
        }
    }
    os_mutex_unlock(sys->os, &part->mutex);
    return n;
}
