/*
 * wait.c - waiting for other transactions: the one blocking loop, and deadlock detection.
 *
 * A transaction that is about to wait enters the list of waiters under the deadlock mutex and
 * searches the wait-for graph from itself; whoever closes a cycle is the victim. Edges are computed
 * on the fly: the holder of an xid, the holders of conflicting locks, and those ahead in a queue.
 * A blocker is only looked into when it is in the list of waiters itself (compared as a pointer),
 * because only then it cannot end under our hands. The search is repeated now and then while
 * waiting, since locks granted later make edges nobody searched.
 */
#include <stdio.h>

#include "txn/txn_internal.h"

static uint32_t wait_bucket_of(Xid xid)
{
    return (uint32_t)(hash_u64(xid) & (WAIT_BUCKETS - 1));
}

static OsEvent *wait_bucket(TxnSys *sys, Xid xid)
{
    return &sys->xid_wait[wait_bucket_of(xid)];
}

/* park_remove - requires the park mutex. */
static void park_remove(TxnSys *sys, TxnPark *park)
{
    if (!list_empty(&park->link)) {
        list_remove(&park->link);
        atomic_fetch_sub(&sys->parked_count[wait_bucket_of(park->xid)], 1);
    }
}

/* wake_parked - tell those who wait for xid without a thread. */
static NOINLINE void wake_parked(TxnSys *sys, Xid xid)
{
    ListNode *head = &sys->parked[wait_bucket_of(xid)];
    os_mutex_lock(sys->os, &sys->park_mutex);
    for (ListNode *n = head->next; n != head;) {
        TxnPark *park = LIST_ITEM(n, TxnPark, link);
        n = n->next;
        if (park->xid == xid) {
            park_remove(sys, park);
            park->wake(park->arg);
        }
    }
    os_mutex_unlock(sys->os, &sys->park_mutex);
}

void txn_wake_xid(TxnSys *sys, Xid xid)
{
    os_event_signal(sys->os, wait_bucket(sys, xid));
    /* Whoever parks is counted first and looks at the transaction's state then. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&sys->parked_count[wait_bucket_of(xid)]) != 0) {
        wake_parked(sys, xid);
    }
}

/* deadlock_is_waiting - requires the deadlock mutex. */
static bool deadlock_is_waiting(TxnSys *sys, const Txn *t)
{
    LIST_FOREACH (node, &sys->waiters) {
        if (CONTAINER_OF(LIST_ITEM(node, TxnWait, link), TxnPrivate, wait)->owner == t) {
            return true;
        }
    }
    return false;
}

Txn *txnsys_waiter_of(TxnSys *sys, const AdvisoryOwner *owner)
{
    LIST_FOREACH (node, &sys->waiters) {
        Txn *t = CONTAINER_OF(LIST_ITEM(node, TxnWait, link), TxnPrivate, wait)->owner;
        if (t->advisory == owner) {
            return t;
        }
    }
    return NULL;
}

uint32_t deadlock_blockers(TxnSys *sys, const Txn *t, Txn **out, int32_t *pids)
{
    const TxnWait *w = &t->priv->wait;
    switch (w->kind) {
    case TXN_WAIT_XID: {
        os_mutex_lock(sys->os, &sys->commit_lock);
        Txn *other = txnsys_find(sys, w->xid);
        pids[0] = other != NULL ? other->process_id : 0;
        os_mutex_unlock(sys->os, &sys->commit_lock);
        out[0] = other;
        return other != NULL ? 1 : 0;
    }
    case TXN_WAIT_ROW: return row_lock_blockers(sys, t, w, out, pids);
    case TXN_WAIT_TABLE: return table_lock_blockers(sys, t, w, out, pids);
    case TXN_WAIT_ADVISORY: return advisory_lock_blockers(sys, t, w, out, pids);
    case TXN_WAIT_NONE: break;
    }
    return 0;
}

#define DEADLOCK_DEPTH_MAX 64
/* DeadlockPath - the chain of waits that is being looked at; path[0] is the requester. */
typedef struct DeadlockPath {
    const Txn *txn[DEADLOCK_DEPTH_MAX];
    uint32_t depth;
} DeadlockPath;

/* deadlock_search - depth first from path->txn[depth-1]; true when path[0] is reached again. */
static bool deadlock_search(TxnSys *sys, DeadlockPath *path)
{
    Txn *blockers[BLOCKERS_MAX];
    int32_t pids[BLOCKERS_MAX];
    const Txn *t = path->txn[path->depth - 1];
    uint32_t n = deadlock_blockers(sys, t, blockers, pids);
    for (uint32_t i = 0; i < n; i++) {
        if (blockers[i] == path->txn[0]) {
            return true;
        }
        if (!deadlock_is_waiting(sys, blockers[i]) ||
            blockers[i]->priv->wait.visited == sys->search_epoch ||
            path->depth == DEADLOCK_DEPTH_MAX) {
            continue;
        }
        blockers[i]->priv->wait.visited = sys->search_epoch;
        path->txn[path->depth++] = blockers[i];
        if (deadlock_search(sys, path)) {
            return true;
        }
        path->depth--;
    }
    return false;
}

static const char *const TABLE_MODE_NAMES[] = {"",
                                               "AccessShareLock",
                                               "RowShareLock",
                                               "RowExclusiveLock",
                                               "ShareUpdateExclusiveLock",
                                               "ShareLock",
                                               "ShareRowExclusiveLock",
                                               "ExclusiveLock",
                                               "AccessExclusiveLock"};

/* deadlock_report - 40P01 with PostgreSQL's texts. */
static Status deadlock_report(Cx *cx, const DeadlockPath *path)
{
    char detail[ERR_FIELD_BYTES_MAX];
    size_t at = 0;
    detail[0] = 0;
    for (uint32_t i = 0; i < path->depth && at < sizeof(detail) - 1; i++) {
        const Txn *t = path->txn[i];
        const Txn *by = path->txn[(i + 1) % path->depth];
        const TxnWait *w = &t->priv->wait;
        char what[128];
        if (w->kind == TXN_WAIT_XID) {
            snprintf(what, sizeof(what), "ShareLock on transaction %llu",
                     (unsigned long long)w->xid);
        } else if (w->kind == TXN_WAIT_ROW) {
            snprintf(what, sizeof(what), "ExclusiveLock on tuple %llu of relation %u",
                     (unsigned long long)w->key, w->tree);
        } else if (w->kind == TXN_WAIT_ADVISORY) {
            snprintf(what, sizeof(what), "%s on advisory lock [%u,%u,%u,%u]",
                     TABLE_MODE_NAMES[w->mode != 0 ? TABLELOCK_EXCLUSIVE : TABLELOCK_SHARE],
                     w->advisory.database, w->advisory.a, w->advisory.b, w->advisory.kind);
        } else {
            snprintf(what, sizeof(what), "%s on relation %u of database %u",
                     TABLE_MODE_NAMES[w->mode], (uint32_t)w->key, (uint32_t)(w->key >> 32));
        }
        int n = snprintf(detail + at, sizeof(detail) - at,
                         "%sProcess %d waits for %s; blocked by process %d.", i == 0 ? "" : "\n",
                         t->process_id, what, by->process_id);
        at += n > 0 ? (size_t)n : 0;
    }
    st_ignore(err_set(cx, ERRCODE_T_R_DEADLOCK_DETECTED, "deadlock detected"));
    st_ignore(err_detail(cx, "%s", detail));
    return err_hint(cx, "See server log for query details.");
}

/* deadlock_check - requires the deadlock mutex and txn in the list of waiters. */
static Status deadlock_check(Cx *cx, TxnSys *sys, const Txn *txn)
{
    DeadlockPath path = {.txn = {txn}, .depth = 1};
    sys->search_epoch++;
    return deadlock_search(sys, &path) ? deadlock_report(cx, &path) : ST_OK;
}

/* wait_enter - into the list of waiters. Requires the deadlock mutex. */
static void wait_enter(Txn *txn, const TxnWait *what)
{
    TxnWait *w = &txn->priv->wait;
    w->kind = what->kind;
    w->xid = what->xid;
    w->tree = what->tree;
    w->key = what->key;
    w->advisory = what->advisory;
    w->mode = what->mode;
    w->since_us = os_mono_us(txn->sys->os);
    list_push_back(&txn->sys->waiters, &w->link);
}

/* wait_leave - requires the deadlock mutex. */
static void wait_leave(Txn *txn)
{
    list_remove(&txn->priv->wait.link);
    txn->priv->wait.kind = TXN_WAIT_NONE;
}

Status txn_wait_loop(Cx *cx, Txn *txn, const TxnWait *what, OsEvent *event,
                     bool (*ready)(void *arg), void *arg, int64_t lock_timeout_us)
{
    TxnSys *sys = txn->sys;
    Status st = ST_OK;
    int64_t timeout = lock_timeout_us != 0 ? lock_timeout_us : txn->lock_timeout_us;
    int64_t start = os_mono_us(sys->os), next_search = 0;
    bool told = false;
    txn_unpark(txn); /* this wait takes its place */
    os_mutex_lock(sys->os, &sys->deadlock);
    wait_enter(txn, what);
    os_mutex_unlock(sys->os, &sys->deadlock);
    for (;;) {
        uint32_t seen = os_event_value(event);
        if (ready(arg)) {
            break;
        }
        st = cx_check(cx);
        int64_t now = os_mono_us(sys->os);
        if (st == ST_OK && timeout > 0 && now - start >= timeout) {
            st = err_set(cx, ERRCODE_LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout");
        }
        if (st == ST_OK && now >= next_search) {
            os_mutex_lock(sys->os, &sys->deadlock);
            st = deadlock_check(cx, sys, txn);
            os_mutex_unlock(sys->os, &sys->deadlock);
            next_search = now + 500000;
        }
        if (st != ST_OK) {
            break;
        }
        if (!told && cx->blocking != NULL) {
            cx->blocking(cx->blocking_arg, CX_BLOCKING_WAIT);
            told = true;
        }
        int64_t slice = WAIT_SLICE_US;
        if (timeout > 0) {
            slice = MIN(slice, MAX(start + timeout - now, 1));
        }
        (void)os_event_wait(sys->os, event, seen, slice);
    }
    os_mutex_lock(sys->os, &sys->deadlock);
    wait_leave(txn);
    os_mutex_unlock(sys->os, &sys->deadlock);
    if (told) {
        cx->blocking(cx->blocking_arg, CX_BLOCKING_WAIT_ENDS);
    }
    return st;
}

/* A rollback to a savepoint between the look at the row and the wait goes unnoticed; so the row is
 * looked at again after this time. */
#define XID_LOOK_AGAIN_US 1000000

typedef struct XidWait {
    TxnSys *sys;
    Xid xid;
    uint64_t partial_undos; /* when the wait began */
    int64_t look_again_us;  /* 0 = a lock time-out counts on: never */
} XidWait;

static bool xid_wait_ready(void *arg)
{
    const XidWait *w = arg;
    Csn csn;
    return xid_state(w->sys, w->xid, &csn) != XID_IN_PROGRESS ||
           atomic_load(&w->sys->partial_undos) != w->partial_undos ||
           (w->look_again_us != 0 && os_mono_us(w->sys->os) > w->look_again_us);
}

void txn_unpark(Txn *txn)
{
    TxnSys *sys = txn->sys;
    TxnPark *park = txn->priv->parked;
    if (park == NULL) {
        return;
    }
    txn->priv->parked = NULL;
    os_mutex_lock(sys->os, &sys->deadlock);
    wait_leave(txn);
    os_mutex_unlock(sys->os, &sys->deadlock);
    os_mutex_lock(sys->os, &sys->park_mutex);
    park_remove(sys, park);
    os_mutex_unlock(sys->os, &sys->park_mutex);
}

/* txn_park - wait for the other transaction without this thread. ST_BUSY: it is waited for; ST_OK:
 * it has ended meanwhile. */
static Status txn_park(Cx *cx, Txn *txn, const TxnWait *what)
{
    TxnSys *sys = txn->sys;
    TxnPark *park = txn->park;
    uint32_t bucket = wait_bucket_of(what->xid);
    Csn csn;
    TRY(cx_check(cx));
    os_mutex_lock(sys->os, &sys->deadlock);
    wait_leave(txn); /* it may still be waiting: this is another try */
    wait_enter(txn, what);
    Status st = deadlock_check(cx, sys, txn);
    if (st != ST_OK) {
        wait_leave(txn);
    }
    os_mutex_unlock(sys->os, &sys->deadlock);
    os_mutex_lock(sys->os, &sys->park_mutex);
    park_remove(sys, park);
    if (st == ST_OK) {
        park->xid = what->xid;
        list_push_back(&sys->parked[bucket], &park->link);
        atomic_fetch_add(&sys->parked_count[bucket], 1);
    }
    os_mutex_unlock(sys->os, &sys->park_mutex);
    txn->priv->parked = st == ST_OK ? park : NULL;
    TRY(st);
    atomic_thread_fence(memory_order_seq_cst);
    if (xid_state(sys, what->xid, &csn) != XID_IN_PROGRESS) {
        txn_unpark(txn);
        return ST_OK;
    }
    return ST_BUSY;
}

Status txn_wait_xid(Cx *cx, Txn *txn, Xid other, int64_t lock_timeout_us)
{
    bool timed = lock_timeout_us != 0 || txn->lock_timeout_us != 0;
    XidWait arg = {.sys = txn->sys,
                   .xid = other,
                   .partial_undos = atomic_load(&txn->sys->partial_undos),
                   .look_again_us = timed ? 0 : os_mono_us(txn->sys->os) + XID_LOOK_AGAIN_US};
    TxnWait what = {.kind = TXN_WAIT_XID, .xid = other};
    ASSERT(other != txn->xid);
    if (txn->park != NULL && !timed) {
        return txn_park(cx, txn, &what);
    }
    return txn_wait_loop(cx, txn, &what, wait_bucket(txn->sys, other), xid_wait_ready, &arg,
                         lock_timeout_us);
}
