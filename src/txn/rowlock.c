/*
 * rowlock.c - explicit row locks (FOR UPDATE and friends, foreign keys): an in-memory table of 256
 * partitions.
 *
 * Writers do not enter it: their lock is their in-progress xid behind the row's tag. A writer must
 * know cheaply that nobody locked the row: an array of counters hashed by tree and row, raised by
 * lockers while they hold the leaf exclusively, lowered when the lock goes. Nothing here is
 * durable; after a crash the table is empty, which is right, because no locker survived.
 */
#include "txn/txn_internal.h"

static const uint8_t ROW_CONFLICTS[4] = {
    [ROWLOCK_KEY_SHARE] = 1 << ROWLOCK_UPDATE,
    [ROWLOCK_SHARE] = 1 << ROWLOCK_NO_KEY_UPDATE | 1 << ROWLOCK_UPDATE,
    [ROWLOCK_NO_KEY_UPDATE] = 1 << ROWLOCK_SHARE | 1 << ROWLOCK_NO_KEY_UPDATE | 1 << ROWLOCK_UPDATE,
    [ROWLOCK_UPDATE] = 0xf,
};

static uint64_t row_hash(TreeId tree, uint64_t rowid)
{
    return hash_u64(rowid ^ (uint64_t)tree << 40);
}

static LockPart *row_part(TxnSys *sys, uint64_t hash)
{
    return &sys->row_parts[(hash >> 32) & (ROWLOCK_PARTS - 1)];
}

static RowEntry *row_entry_find(const LockPart *part, TreeId tree, uint64_t rowid)
{
    RowEntry *e = part->rows;
    while (e != NULL && (e->rowid != rowid || e->tree != tree)) {
        e = e->next;
    }
    return e;
}

void lock_queue_push(struct WaitQueue *q, LockWaiter *w)
{
    w->next = NULL;
    w->prev = q->last;
    if (q->last != NULL) {
        q->last->next = w;
    } else {
        q->first = w;
    }
    q->last = w;
}

void lock_queue_remove(struct WaitQueue *q, LockWaiter *w)
{
    if (w->prev != NULL) {
        w->prev->next = w->next;
    } else {
        q->first = w->next;
    }
    if (w->next != NULL) {
        w->next->prev = w->prev;
    } else {
        q->last = w->prev;
    }
}

static bool row_holds_conflict(const RowEntry *e, const Txn *txn, int mode)
{
    for (const RowHold *h = e->holds; h != NULL; h = h->entry_next) {
        if (h->txn != txn && (ROW_CONFLICTS[mode] >> h->mode & 1) != 0) {
            return true;
        }
    }
    return false;
}

bool row_lock_conflict(TxnSys *sys, const Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode)
{
    uint64_t hash = row_hash(tree, rowid);
    if (LIKELY(atomic_load_explicit(&sys->row_counters[hash & (ROWLOCK_COUNTERS - 1)],
                                    memory_order_acquire) == 0)) {
        return false;
    }
    LockPart *part = row_part(sys, hash);
    os_mutex_lock(sys->os, &part->mutex);
    const RowEntry *e = row_entry_find(part, tree, rowid);
    bool conflict = e != NULL && row_holds_conflict(e, txn, (int)mode);
    os_mutex_unlock(sys->os, &part->mutex);
    return conflict;
}

static RowEntry *row_entry_make(TxnSys *sys, LockPart *part, TreeId tree, uint64_t rowid)
{
    RowEntry *e = part->free_rows;
    if (e != NULL) {
        part->free_rows = e->next;
        part->free_count--;
    } else {
        e = mem_alloc("row lock", sizeof(*e));
    }
    *e = (RowEntry){.next = part->rows, .tree = tree, .rowid = rowid};
    part->rows = e;
    atomic_fetch_add_explicit(&sys->row_counters[row_hash(tree, rowid) & (ROWLOCK_COUNTERS - 1)], 1,
                              memory_order_release);
    return e;
}

/* row_entry_drop - requires the partition; nobody holds or waits. */
static void row_entry_drop(TxnSys *sys, LockPart *part, RowEntry *e)
{
    RowEntry **at = &part->rows;
    while (*at != e) {
        at = &(*at)->next;
    }
    *at = e->next;
    atomic_fetch_sub_explicit(
        &sys->row_counters[row_hash(e->tree, e->rowid) & (ROWLOCK_COUNTERS - 1)], 1,
        memory_order_release);
    if (part->free_count < 64) {
        e->next = part->free_rows;
        part->free_rows = e;
        part->free_count++;
    } else {
        mem_free(e);
    }
}

void row_lock_add(Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode)
{
    TxnSys *sys = txn->sys;
    LockPart *part = row_part(sys, row_hash(tree, rowid));
    RowHold *h = txn->priv->free_holds;
    if (h != NULL) {
        txn->priv->free_holds = h->txn_next;
    } else {
        h = arena_alloc(txn->arena, sizeof(*h));
    }
    os_mutex_lock(sys->os, &part->mutex);
    RowEntry *e = row_entry_find(part, tree, rowid);
    if (e != NULL) {
        for (const RowHold *own = e->holds; own != NULL; own = own->entry_next) {
            if (own->txn == txn && own->mode >= mode) {
                os_mutex_unlock(sys->os, &part->mutex);
                h->txn_next = txn->priv->free_holds;
                txn->priv->free_holds = h;
                return;
            }
        }
    } else {
        e = row_entry_make(sys, part, tree, rowid);
    }
    *h = (RowHold){e->holds, txn->priv->row_holds, e, txn, mode, txn->savepoint_level};
    e->holds = h;
    txn->priv->row_holds = h;
    os_mutex_unlock(sys->os, &part->mutex);
}

void row_locks_release(Txn *txn, uint32_t above_level, bool all)
{
    TxnSys *sys = txn->sys;
    RowHold **at = &txn->priv->row_holds;
    while (*at != NULL) {
        RowHold *h = *at;
        if (!all && h->level <= above_level) {
            break; /* newest first, so the levels of the rest are lower still */
        }
        RowEntry *e = h->entry;
        LockPart *part = row_part(sys, row_hash(e->tree, e->rowid));
        os_mutex_lock(sys->os, &part->mutex);
        RowHold **in_entry = &e->holds;
        while (*in_entry != h) {
            in_entry = &(*in_entry)->entry_next;
        }
        *in_entry = h->entry_next;
        bool waiters = e->queue.first != NULL;
        if (e->holds == NULL && !waiters) {
            row_entry_drop(sys, part, e);
        }
        os_mutex_unlock(sys->os, &part->mutex);
        if (waiters) {
            os_event_signal(sys->os, &part->event);
        }
        *at = h->txn_next;
        h->txn_next = txn->priv->free_holds;
        txn->priv->free_holds = h;
    }
}

typedef struct RowWait {
    TxnSys *sys;
    LockPart *part;
    RowEntry *entry;
    LockWaiter me;
} RowWait;

/* row_wait_ready - no holder conflicts, and nobody ahead of us in the queue would. */
static bool row_wait_ready(void *arg)
{
    RowWait *w = arg;
    os_mutex_lock(w->sys->os, &w->part->mutex);
    bool ready = !row_holds_conflict(w->entry, w->me.txn, w->me.mode);
    for (const LockWaiter *q = w->me.prev; ready && q != NULL; q = q->prev) {
        ready = (ROW_CONFLICTS[w->me.mode] >> q->mode & 1) == 0;
    }
    os_mutex_unlock(w->sys->os, &w->part->mutex);
    return ready;
}

Status row_lock_wait(Cx *cx, Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode)
{
    TxnSys *sys = txn->sys;
    RowWait w = {.sys = sys, .part = row_part(sys, row_hash(tree, rowid))};
    w.me = (LockWaiter){.txn = txn, .mode = (int)mode, .since_us = os_mono_us(sys->os)};
    os_mutex_lock(sys->os, &w.part->mutex);
    w.entry = row_entry_find(w.part, tree, rowid);
    if (w.entry == NULL) {
        os_mutex_unlock(sys->os, &w.part->mutex);
        return ST_OK; /* gone meanwhile */
    }
    lock_queue_push(&w.entry->queue, &w.me);
    os_mutex_unlock(sys->os, &w.part->mutex);
    TxnWait what = {.kind = TXN_WAIT_ROW, .tree = tree, .key = rowid, .mode = (int)mode};
    Status st = txn_wait_loop(cx, txn, &what, &w.part->event, row_wait_ready, &w, 0);
    os_mutex_lock(sys->os, &w.part->mutex);
    lock_queue_remove(&w.entry->queue, &w.me);
    bool waiters = w.entry->queue.first != NULL;
    if (w.entry->holds == NULL && !waiters) {
        row_entry_drop(sys, w.part, w.entry);
    }
    os_mutex_unlock(sys->os, &w.part->mutex);
    if (waiters) {
        os_event_signal(sys->os, &w.part->event);
    }
    return st;
}

uint32_t row_lock_blockers(TxnSys *sys, const Txn *waiter, const TxnWait *w, Txn **out,
                           int32_t *pids)
{
    uint32_t n = 0;
    LockPart *part = row_part(sys, row_hash(w->tree, w->key));
    os_mutex_lock(sys->os, &part->mutex);
    const RowEntry *e = row_entry_find(part, w->tree, w->key);
    if (e != NULL) {
        for (RowHold *h = e->holds; h != NULL && n < BLOCKERS_MAX; h = h->entry_next) {
            if (h->txn != waiter && (ROW_CONFLICTS[w->mode] >> h->mode & 1) != 0) {
                pids[n] = h->txn->process_id;
                out[n++] = h->txn;
            }
        }
        for (LockWaiter *q = e->queue.first; q != NULL && n < BLOCKERS_MAX; q = q->next) {
            if (q->txn == waiter) {
                break;
            }
            if ((ROW_CONFLICTS[w->mode] >> q->mode & 1) != 0) {
                pids[n] = q->txn->process_id;
                out[n++] = q->txn;
            }
        }
    }
    os_mutex_unlock(sys->os, &part->mutex);
    return n;
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
