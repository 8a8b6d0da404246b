/*
 * rowqueue.c - those who wait for a row: served in the order they came.
 *
 * A waiter's place is in the entry of the row's block, so that it costs nothing where nobody waits:
 * the counter of the block tells writers that somebody does. Only a waiter with nobody ahead that
 * it conflicts with ("at the head") waits for something else than its turn: for locks on the row to
 * go, or for the end of the unfinished transaction that has written the row. When one at the head
 * takes the row by writing it, those who come to the head then are made to wait for its end at
 * once, without waking them to look; so a hot row costs one wake a transaction, not one for each
 * that waits.
 *
 * A waiter keeps its place while it looks at the row, under the row's latch. Whoever comes then, or
 * finds the row free before the one at the head was back, waits behind, with one exception: those
 * who have waited for less than ROWLOCK_BARGE_US are passed by a thread that is running and finds
 * the row free. Handing every row from thread to thread in strict order would make short
 * transactions wait for the scheduler (a convoy); who has waited for longer is passed by nobody
 * when the row is free for it.
 *
 * While locks on the row keep a waiter from it, whoever goes together with them takes the row past
 * that waiter, as in PostgreSQL: only those who must wait queue. Else a transaction that has the
 * row and waits for another one, which wants to share it, would never end. The price is
 * PostgreSQL's too: share locks that overlap without end keep a FOR UPDATE out for as long.
 *
 * A transaction that has a lock on the row already goes to the front, as those in the queue wait
 * for it.
 */
#include "txn/txn_internal.h"

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

void lock_queue_insert_before(struct WaitQueue *q, LockWaiter *w, LockWaiter *at)
{
    w->next = at;
    w->prev = at->prev;
    if (at->prev != NULL) {
        at->prev->next = w;
    } else {
        q->first = w;
    }
    at->prev = w;
}

void lock_queue_push_front(struct WaitQueue *q, LockWaiter *w)
{
    if (q->first != NULL) {
        lock_queue_insert_before(q, w, q->first);
    } else {
        lock_queue_push(q, w);
    }
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

/* row_waiter_behind - is somebody ahead of the waiter whom it conflicts with? */
static bool row_waiter_behind(const LockWaiter *w)
{
    for (const LockWaiter *q = w->prev; q != NULL; q = q->prev) {
        if (q->key == w->key && row_modes_conflict(w->mode, q->mode)) {
            return true;
        }
    }
    return false;
}

static bool row_holds_any(const RowEntry *e, const Txn *txn, uint64_t rowid)
{
    for (const RowHold *h = e->holds; h != NULL; h = h->entry_next) {
        if (h->txn == txn && row_hold_has(h, rowid)) {
            return true;
        }
    }
    return false;
}

bool row_queue_conflict(TxnSys *sys, const RowEntry *e, const Txn *txn, uint64_t rowid, int mode)
{
    if (e->queue.first == NULL) {
        return false;
    }
    const LockWaiter *me =
        txn != NULL && txn->priv->row_queue == e && txn->priv->row_wait.key == rowid
            ? &txn->priv->row_wait
            : NULL;
    int64_t limit = me == NULL ? os_mono_us(sys->os) - ROWLOCK_BARGE_US : INT64_MAX;
    for (const LockWaiter *q = e->queue.first; q != NULL && q != me; q = q->next) {
        if (q->key == rowid && row_modes_conflict(mode, q->mode) && q->since_us <= limit &&
            (me != NULL || !row_holds_conflict(e, q->txn, rowid, q->mode))) {
            return !row_holds_any(e, txn, rowid);
        }
    }
    return false;
}

void row_queue_released(RowEntry *e, uint64_t rows)
{
    for (LockWaiter *q = e->queue.first; q != NULL; q = q->next) {
        if ((rows >> (q->key & 63) & 1) != 0 && !row_waiter_behind(q) &&
            !row_holds_conflict(e, q->txn, q->key, q->mode)) {
            txn_wake(q->txn);
        }
    }
}

void row_whole_released(TxnSys *sys, TreeId tree)
{
    for (uint32_t i = 0; i < ROWLOCK_PARTS && atomic_load(&sys->row_waiters) != 0; i++) {
        LockPart *part = &sys->row_parts[i];
        os_mutex_lock(sys->os, &part->mutex);
        for (uint32_t b = 0; b < part->row_size; b++) {
            for (RowEntry *e = part->rows[b]; e != NULL; e = e->next) {
                if (e->tree == tree) {
                    row_queue_released(e, ~(uint64_t)0);
                }
            }
        }
        os_mutex_unlock(sys->os, &part->mutex);
    }
}

/* row_queue_nobody_left - is every mode that waits in the block in conflict with one of `seen`? */
static bool row_queue_nobody_left(const RowEntry *e, uint32_t seen)
{
    for (int m = 0; m <= ROWLOCK_UPDATE; m++) {
        if (e->waiting[m] != 0 && (ROW_CONFLICTS[m] & seen) == 0) {
            return false;
        }
    }
    return true;
}

void row_queue_leave(Txn *txn, int taken, bool write)
{
    TxnPrivate *p = txn->priv;
    RowEntry *e = p->row_queue;
    const LockWaiter *me = &p->row_wait;
    const LockWaiter *behind = me->next;
    uint32_t seen = 0;
    bool passed = behind == NULL;
    lock_queue_remove(&e->queue, &p->row_wait);
    e->waiting[me->mode]--;
    __atomic_store_n(&p->row_queue, NULL, __ATOMIC_RELAXED);
    p->row_xid = 0;
    atomic_fetch_sub(&txn->sys->row_waiters, 1);
    txn_await_xid(txn, 0);
    for (LockWaiter *q = behind != NULL ? e->queue.first : NULL;
         q != NULL && !(passed && row_queue_nobody_left(e, seen)); q = q->next) {
        passed = passed || q == behind;
        if (q->key != me->key) {
            continue;
        }
        if (passed && (ROW_CONFLICTS[q->mode] & seen) == 0 &&
            row_modes_conflict(q->mode, me->mode)) {
            /* It has come to the head. */
            if (write && row_modes_conflict(q->mode, taken)) {
                q->txn->priv->row_xid = txn->xid;
                txn_await_xid(q->txn, txn->xid);
            } else if (!row_holds_conflict(e, q->txn, q->key, q->mode)) {
                txn_wake(q->txn);
            }
        }
        seen |= 1u << q->mode;
    }
}

bool row_wait_has_place(const Txn *txn)
{
    return txn->priv->row_queue != NULL;
}

void row_wait_leave(Txn *txn, bool written, RowLockMode mode)
{
    TxnSys *sys = txn->sys;
    /* Only our own thread makes us leave, and the entry stays while we are in it. */
    RowEntry *e = txn->priv->row_queue;
    LockPart *part = row_entry_part(sys, e);
    os_mutex_lock(sys->os, &part->mutex);
    row_queue_leave(txn, written ? (int)mode : -1, written);
    row_entry_drop_unused(sys, part, e);
    os_mutex_unlock(sys->os, &part->mutex);
}

/* row_queue_enter - a place in the queue. Requires the partition. */
static void row_queue_enter(Txn *txn, RowEntry *e, uint64_t rowid, RowLockMode mode, bool own)
{
    TxnPrivate *p = txn->priv;
    p->row_wait = (LockWaiter){
        .txn = txn, .mode = (int)mode, .key = rowid, .since_us = os_mono_us(txn->sys->os)};
    if (own || row_holds_any(e, txn, rowid)) {
        lock_queue_push_front(&e->queue, &p->row_wait);
    } else {
        lock_queue_push(&e->queue, &p->row_wait);
    }
    e->waiting[mode]++;
    __atomic_store_n(&p->row_queue, e, __ATOMIC_RELAXED);
    atomic_fetch_add(&txn->sys->row_waiters, 1);
}

void row_wait_enter(Txn *txn, TreeId tree, uint64_t rowid, RowLockMode mode, Xid writer)
{
    TxnSys *sys = txn->sys;
    TxnPrivate *p = txn->priv;
    uint64_t block = rowid >> ROW_BLOCK_SHIFT;
    LockPart *part = row_part(sys, row_hash(tree, block));
    bool own = writer != 0 && writer == txn->xid;
    os_stop_point(sys->os, "row.wait");
    if (p->row_queue != NULL && (p->row_queue->block != block || p->row_queue->tree != tree ||
                                 p->row_wait.key != rowid || p->row_wait.mode != (int)mode)) {
        row_wait_over(txn);
    }
    os_mutex_lock(sys->os, &part->mutex);
    RowEntry *e = p->row_queue;
    if (e == NULL) {
        e = row_entry_find(part, tree, block);
        if (e == NULL) {
            e = row_entry_make(sys, part, tree, block);
        }
        row_queue_enter(txn, e, rowid, mode, own);
    }
    writer = own ? 0 : writer;
    txn_wait_arm(txn);
    bool behind = row_waiter_behind(&p->row_wait);
    p->row_xid = behind ? 0 : writer;
    txn_await_xid(txn, p->row_xid);
    bool free = !behind && writer == 0 && !row_holds_conflict(e, txn, rowid, (int)mode);
    os_mutex_unlock(sys->os, &part->mutex);
    Csn csn;
    if (free && mode == ROWLOCK_UPDATE) {
        free = !row_whole_conflict(sys, txn, tree);
    }
    /* Whoever ends changes its state first and then wakes those who are registered. */
    atomic_thread_fence(memory_order_seq_cst);
    if (free || (writer != 0 && !behind && xid_state(sys, writer, &csn) != XID_IN_PROGRESS)) {
        txn_wake(txn);
    }
}

Status row_wait(Cx *cx, Txn *txn)
{
    const TxnPrivate *p = txn->priv;
    const RowEntry *e = p->row_queue;
    TxnWait what = {.kind = TXN_WAIT_ROW,
                    .tree = e->tree,
                    .key = p->row_wait.key,
                    .mode = p->row_wait.mode,
                    .since_us = p->row_wait.since_us};
    Status st = txn_wait(cx, txn, &what, 0, 0);
    if (st == ST_ERROR) {
        row_wait_over(txn);
    }
    return st;
}

/* row_entry_waited - where a transaction of the list of waiters has its place; NULL: it has left it
 * or gone to another one, as it looks at the row again or has it. Requires the partition of the row
 * that it was last said to wait for. */
static RowEntry *row_entry_waited(const LockPart *part, const Txn *txn)
{
    const TxnPrivate *p = txn->priv;
    RowEntry *e = row_entry_find(part, p->wait.tree, p->wait.key >> ROW_BLOCK_SHIFT);
    /* Its place in a queue of this partition changes under the mutex that we hold. */
    bool there = e != NULL && __atomic_load_n(&p->row_queue, __ATOMIC_RELAXED) == e &&
                 p->row_wait.key == p->wait.key;
    return there ? e : NULL;
}

/* row_waiter_covers - q waits for all that w waits for beyond q. */
static bool row_waiter_covers(const LockWaiter *q, const LockWaiter *w)
{
    return q->txn->priv->wait.kind == TXN_WAIT_ROW &&
           (ROW_CONFLICTS[w->mode] & ~ROW_CONFLICTS[q->mode]) == 0;
}

/* row_whole_edges - those who hold the key-share lock on the whole table. */
static void row_whole_edges(TxnSys *sys, const Txn *waiter, TreeId tree, TxnEdgeFn fn, void *arg)
{
    LockPart *part = row_part(sys, row_hash(tree, ROW_BLOCK_ALL));
    os_mutex_lock(sys->os, &part->mutex);
    const RowEntry *e = row_entry_find(part, tree, ROW_BLOCK_ALL);
    for (const RowHold *h = e != NULL ? e->holds : NULL; h != NULL; h = h->entry_next) {
        if (h->txn != waiter) {
            fn(arg, h->txn, false);
        }
    }
    os_mutex_unlock(sys->os, &part->mutex);
}

/* row_lock_edges - whom a transaction waits for that waits for a row. */
void row_lock_edges(TxnSys *sys, Txn *waiter, bool all, TxnEdgeFn fn, void *arg)
{
    const TxnPrivate *p = waiter->priv;
    const LockWaiter *me = &p->row_wait;
    TreeId tree = p->wait.tree;
    LockPart *part = row_part(sys, row_hash(tree, p->wait.key >> ROW_BLOCK_SHIFT));
    bool covered = false;
    os_mutex_lock(sys->os, &part->mutex);
    const RowEntry *e = row_entry_waited(part, waiter);
    if (e == NULL) {
        os_mutex_unlock(sys->os, &part->mutex);
        return;
    }
    for (const LockWaiter *q = me->prev; q != NULL && (all || !covered); q = q->prev) {
        if (q->key == me->key && row_modes_conflict(me->mode, q->mode)) {
            fn(arg, q->txn, true);
            covered = row_waiter_covers(q, me);
        }
    }
    for (RowHold *h = covered && !all ? NULL : e->holds; h != NULL; h = h->entry_next) {
        if (row_hold_has(h, me->key) && h->txn != waiter &&
            row_modes_conflict(me->mode, (int)h->mode)) {
            fn(arg, h->txn, false);
        }
    }
    if (p->row_xid != 0) {
        os_mutex_lock(sys->os, &sys->commit_lock);
        Txn *writer = txnsys_find(sys, p->row_xid);
        if (writer != NULL) {
            fn(arg, writer, false);
        }
        os_mutex_unlock(sys->os, &sys->commit_lock);
    }
    os_mutex_unlock(sys->os, &part->mutex);
    if (me->mode == ROWLOCK_UPDATE && (all || !covered)) {
        row_whole_edges(sys, waiter, tree, fn, arg);
    }
}

void row_queue_pass(TxnSys *sys, Txn *txn, Txn *ahead)
{
    TxnPrivate *p = txn->priv;
    LockPart *part = row_part(sys, row_hash(p->wait.tree, p->wait.key >> ROW_BLOCK_SHIFT));
    os_mutex_lock(sys->os, &part->mutex);
    RowEntry *e = row_entry_waited(part, txn);
    if (e != NULL && row_entry_waited(part, ahead) == e) {
        lock_queue_remove(&e->queue, &p->row_wait);
        lock_queue_insert_before(&e->queue, &p->row_wait, &ahead->priv->row_wait);
    }
    os_mutex_unlock(sys->os, &part->mutex);
}
