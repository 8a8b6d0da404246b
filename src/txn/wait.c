/*
 * wait.c - waiting for other transactions: by blocking the thread, or by giving it up (TxnPark).
 *
 * Who waits is registered with what will end the wait: in the queue of a row or a table, in the
 * list of those who wait for an xid. Each transaction has an event and a flag of its own, so a wake
 * concerns one waiter. The order is always: clear the flag (txn_wait_arm), register, look once
 * more, wait; who wakes changes the state first and looks for those registered then.
 */
#include "txn/txn_internal.h"

/* Who waits searches for deadlocks again after this time. */
#define SEARCH_AGAIN_US 500000

static uint32_t xid_bucket(Xid xid)
{
    return (uint32_t)(hash_u64(xid) & (WAIT_BUCKETS - 1));
}

/* xid_unlink - requires the park mutex. */
static void xid_unlink(TxnSys *sys, TxnPrivate *p)
{
    if (p->xid_waited != 0) {
        list_remove(&p->xid_link);
        atomic_fetch_sub(&sys->xid_waiter_count[xid_bucket(p->xid_waited)], 1);
        p->xid_waited = 0;
    }
}

/* wake_locked - requires the park mutex. */
static void wake_locked(TxnSys *sys, TxnPrivate *p)
{
    TxnPark *park = p->parked;
    atomic_store(&p->woken, true);
    p->parked = NULL;
    if (park != NULL) {
        park->wake(park->arg);
    } else {
        os_event_signal(sys->os, &p->wake);
    }
}

void txn_wake(Txn *txn)
{
    TxnSys *sys = txn->sys;
    os_mutex_lock(sys->os, &sys->park_mutex);
    wake_locked(sys, txn->priv);
    os_mutex_unlock(sys->os, &sys->park_mutex);
}

void txn_wait_arm(Txn *txn)
{
    /* Whoever wakes us from now on was registered with, so it does so after this. */
    atomic_store(&txn->priv->woken, false);
}

void txn_await_xid(Txn *txn, Xid xid)
{
    TxnSys *sys = txn->sys;
    TxnPrivate *p = txn->priv;
    os_mutex_lock(sys->os, &sys->park_mutex);
    xid_unlink(sys, p);
    if (xid != 0) {
        p->xid_waited = xid;
        list_push_back(&sys->xid_waiters[xid_bucket(xid)], &p->xid_link);
        atomic_fetch_add(&sys->xid_waiter_count[xid_bucket(xid)], 1);
    }
    os_mutex_unlock(sys->os, &sys->park_mutex);
}

static NOINLINE void wake_xid_waiters(TxnSys *sys, Xid xid)
{
    ListNode *head = &sys->xid_waiters[xid_bucket(xid)];
    os_mutex_lock(sys->os, &sys->park_mutex);
    for (ListNode *n = head->next; n != head;) {
        TxnPrivate *p = LIST_ITEM(n, TxnPrivate, xid_link);
        n = n->next;
        if (p->xid_waited == xid) {
            xid_unlink(sys, p);
            wake_locked(sys, p);
        }
    }
    os_mutex_unlock(sys->os, &sys->park_mutex);
}

void txn_wake_xid(TxnSys *sys, Xid xid)
{
    /* Whoever waits is counted first and looks at the transaction's state then. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&sys->xid_waiter_count[xid_bucket(xid)]) != 0) {
        wake_xid_waiters(sys, xid);
    }
}

/* wait_leave - out of the list of waiters. Requires the deadlock mutex. */
static void wait_leave(Txn *txn)
{
    if (txn->priv->wait.kind != TXN_WAIT_NONE) {
        list_remove(&txn->priv->wait.link);
        txn->priv->wait.kind = TXN_WAIT_NONE;
    }
}

/* wait_enter - into the list of waiters. A wait that goes on after a try keeps the time it began
 * at. Requires the deadlock mutex. */
static void wait_enter(Txn *txn, const TxnWait *what)
{
    TxnWait *w = &txn->priv->wait;
    bool again = w->kind == what->kind && w->xid == what->xid && w->tree == what->tree &&
                 w->key == what->key && w->mode == what->mode;
    int64_t since = what->since_us != 0 ? what->since_us
                    : again             ? w->since_us
                                        : os_mono_us(txn->sys->os);
    wait_leave(txn);
    w->kind = what->kind;
    w->xid = what->xid;
    w->tree = what->tree;
    w->key = what->key;
    w->mode = what->mode;
    w->advisory = what->advisory;
    w->since_us = since;
    list_push_back(&txn->sys->waiters, &w->link);
}

/* wait_check - search for a deadlock; the victim does not wait any more, so that nobody else finds
 * the same circle. Requires the deadlock mutex. */
static Status wait_check(Cx *cx, Txn *txn)
{
    Status st = deadlock_check(cx, txn->sys, txn);
    if (st != ST_OK) {
        wait_leave(txn);
    }
    return st;
}

/* wait_begin - enter the wait-for graph and search it. */
static Status wait_begin(Cx *cx, Txn *txn, const TxnWait *what)
{
    TxnSys *sys = txn->sys;
    os_mutex_lock(sys->os, &sys->deadlock);
    wait_enter(txn, what);
    Status st = wait_check(cx, txn);
    os_mutex_unlock(sys->os, &sys->deadlock);
    return st;
}

static void wait_end(Txn *txn)
{
    TxnSys *sys = txn->sys;
    os_mutex_lock(sys->os, &sys->deadlock);
    wait_leave(txn);
    os_mutex_unlock(sys->os, &sys->deadlock);
}

void txn_unpark(Txn *txn)
{
    TxnSys *sys = txn->sys;
    TxnPrivate *p = txn->priv;
    row_wait_over(txn);
    if (UNLIKELY(p->table_queue != NULL)) {
        table_wait_over(txn);
    }
    if (p->wait.kind != TXN_WAIT_NONE) {
        wait_end(txn);
    }
    if (p->xid_waited != 0 || p->parked != NULL) {
        os_mutex_lock(sys->os, &sys->park_mutex);
        xid_unlink(sys, p);
        p->parked = NULL;
        os_mutex_unlock(sys->os, &sys->park_mutex);
    }
}

/* wait_park - leave the wait to txn->park: ST_BUSY; ST_OK when it was over before. */
static Status wait_park(Txn *txn)
{
    TxnSys *sys = txn->sys;
    TxnPrivate *p = txn->priv;
    os_mutex_lock(sys->os, &sys->park_mutex);
    bool woken = atomic_load(&p->woken);
    p->parked = woken ? NULL : txn->park;
    os_mutex_unlock(sys->os, &sys->park_mutex);
    if (woken) {
        wait_end(txn);
    }
    return woken ? ST_OK : ST_BUSY;
}

/* wait_not_parked - this wait is one of the thread: wakes are for its event. */
static void wait_not_parked(Txn *txn)
{
    TxnSys *sys = txn->sys;
    os_mutex_lock(sys->os, &sys->park_mutex);
    txn->priv->parked = NULL;
    os_mutex_unlock(sys->os, &sys->park_mutex);
}

static Status lock_timed_out(Cx *cx)
{
    return err_set(cx, ERRCODE_LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout");
}

/* wait_block - sleep on `event` until ready. look_again_us: not longer than that; 0 = no limit. */
static Status wait_block(Cx *cx, Txn *txn, OsEvent *event, bool (*ready)(void *arg), void *arg,
                         int64_t look_again_us, int64_t timeout_us)
{
    TxnSys *sys = txn->sys;
    Status st = ST_OK;
    int64_t now = os_mono_us(sys->os), next_search = now + SEARCH_AGAIN_US;
    int64_t look_until = look_again_us != 0 ? now + look_again_us : INT64_MAX;
    bool told = false;
    for (;;) {
        uint32_t seen = os_event_value(event);
        if (ready(arg)) {
            break;
        }
        st = cx_check(cx);
        now = os_mono_us(sys->os);
        if (st == ST_OK && timeout_us > 0 && now - txn->priv->wait.since_us >= timeout_us) {
            st = lock_timed_out(cx);
        }
        if (st == ST_OK && now >= next_search) {
            os_mutex_lock(sys->os, &sys->deadlock);
            st = wait_check(cx, txn);
            os_mutex_unlock(sys->os, &sys->deadlock);
            next_search = now + SEARCH_AGAIN_US;
        }
        if (st != ST_OK || now >= look_until) {
            break;
        }
        if (!told) {
            cx_blocking(cx, CX_BLOCKING_WAIT);
            told = true;
        }
        os_latch_none(); /* I10 */
        int64_t slice = WAIT_SLICE_US;
        if (timeout_us > 0) {
            slice = MIN(slice, MAX(txn->priv->wait.since_us + timeout_us - now, 1));
        }
        (void)os_event_wait(sys->os, event, seen, slice);
    }
    if (told) {
        cx_blocking(cx, CX_BLOCKING_WAIT_ENDS);
    }
    return st;
}

static bool wait_was_woken(void *arg)
{
    const Txn *txn = arg;
    return atomic_load(&txn->priv->woken);
}

Status txn_wait(Cx *cx, Txn *txn, const TxnWait *what, int64_t look_again_us,
                int64_t lock_timeout_us)
{
    TxnSys *sys = txn->sys;
    int64_t timeout = lock_timeout_us != 0 ? lock_timeout_us : txn->lock_timeout_us;
    Status st = wait_begin(cx, txn, what);
    if (st == ST_OK) {
        st = cx_check(cx);
    }
    if (st == ST_OK && txn->park != NULL) {
        if (timeout > 0 && os_mono_us(sys->os) - txn->priv->wait.since_us >= timeout) {
            st = lock_timed_out(cx);
        } else {
            st = wait_park(txn);
            if (st == ST_BUSY) {
                return st;
            }
        }
    } else if (st == ST_OK) {
        wait_not_parked(txn);
        st = wait_block(cx, txn, &txn->priv->wake, wait_was_woken, txn, look_again_us, timeout);
    }
    wait_end(txn);
    return st;
}

Status txn_wait_loop(Cx *cx, Txn *txn, const TxnWait *what, OsEvent *event,
                     bool (*ready)(void *arg), void *arg, int64_t lock_timeout_us)
{
    int64_t timeout = lock_timeout_us != 0 ? lock_timeout_us : txn->lock_timeout_us;
    txn_unpark(txn); /* this wait takes the place of one left parked */
    Status st = wait_begin(cx, txn, what);
    if (st == ST_OK) {
        st = wait_block(cx, txn, event, ready, arg, 0, timeout);
    }
    wait_end(txn);
    return st;
}

/* A rollback to a savepoint between the caller's look and the wait goes unnoticed; so the caller
 * looks again after this time. */
#define XID_LOOK_AGAIN_US 1000000

Status txn_wait_xid(Cx *cx, Txn *txn, Xid other, int64_t lock_timeout_us)
{
    TxnWait what = {.kind = TXN_WAIT_XID, .xid = other};
    Csn csn;
    Status st = ST_OK;
    ASSERT(other != txn->xid);
    row_wait_over(txn);
    os_stop_point(txn->sys->os, "xid.wait");
    txn_wait_arm(txn);
    txn_await_xid(txn, other);
    atomic_thread_fence(memory_order_seq_cst);
    if (xid_state(txn->sys, other, &csn) == XID_IN_PROGRESS) {
        st = txn_wait(cx, txn, &what, XID_LOOK_AGAIN_US, lock_timeout_us);
    }
    if (st != ST_BUSY) {
        txn_await_xid(txn, 0);
    }
    return st;
}
