/*
 * deadlock.c - circles of waits: found when a wait begins, ended by passing a queue or by an error.
 *
 * A transaction that is about to wait is in the list of waiters, and the wait-for graph is searched
 * from it, breadth first. Edges are computed on the fly: the holder of an xid, the holders of
 * conflicting locks ("hard"), and those ahead in a queue who want what conflicts ("soft"). Only
 * those who wait are walked through; they cannot end meanwhile, as leaving the list takes the
 * deadlock mutex. The search keeps its notes in the waiters themselves, so neither the length of a
 * circle nor the number of those who hold a lock is limited.
 *
 * A circle with a soft edge in it can be opened without a victim: the one who waits behind the
 * other in a queue is put ahead of it. Where no such move helps, the transaction that closes the
 * circle gets 40P01. As the search is made when the wait begins, deadlock_timeout is not waited
 * for; circles made in another way (a queue that a strong table lock grew old in) are found by the
 * search that those who wait repeat now and then.
 */
#include <stdio.h>

#include "txn/txn_internal.h"

#define SOFT_MOVES_MAX 16

void deadlock_edges(TxnSys *sys, Txn *t, bool all, TxnEdgeFn fn, void *arg)
{
    const TxnWait *w = &t->priv->wait;
    switch (w->kind) {
    case TXN_WAIT_XID: {
        os_mutex_lock(sys->os, &sys->commit_lock);
        Txn *other = txnsys_find(sys, w->xid);
        if (other != NULL) {
            fn(arg, other, false);
        }
        os_mutex_unlock(sys->os, &sys->commit_lock);
        return;
    }
    case TXN_WAIT_ROW: row_lock_edges(sys, t, all, fn, arg); return;
    case TXN_WAIT_TABLE: table_lock_edges(sys, t, fn, arg); return;
    case TXN_WAIT_ADVISORY: advisory_lock_edges(sys, t, all, fn, arg); return;
    case TXN_WAIT_NONE: return;
    }
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

/* DeadlockSearch - a walk over the graph from `start`. */
typedef struct DeadlockSearch {
    TxnSys *sys;
    Txn *start, *current, *last_found;
    Txn *closed_by; /* waits for start: the circle is closed */
    bool closed_soft;
} DeadlockSearch;

static void deadlock_edge(void *arg, Txn *by, bool soft)
{
    DeadlockSearch *s = arg;
    TxnWait *w = &by->priv->wait;
    if (s->closed_by != NULL) {
        return;
    }
    if (by == s->start) {
        s->closed_by = s->current;
        s->closed_soft = soft;
    } else if (w->kind != TXN_WAIT_NONE && w->visited != s->sys->search_epoch) {
        w->visited = s->sys->search_epoch;
        w->parent = s->current;
        w->soft = soft;
        w->search_next = NULL;
        s->last_found->priv->wait.search_next = by;
        s->last_found = by;
    }
}

/* deadlock_search - is there a circle through txn? Then each of it has in search_next whom it waits
 * for there, and in `soft` how it is waited for. */
static bool deadlock_search(TxnSys *sys, Txn *txn)
{
    DeadlockSearch s = {.sys = sys, .start = txn, .last_found = txn};
    sys->search_epoch++;
    txn->priv->wait.visited = sys->search_epoch;
    txn->priv->wait.search_next = NULL;
    for (Txn *t = txn; t != NULL && s.closed_by == NULL; t = t->priv->wait.search_next) {
        s.current = t;
        deadlock_edges(sys, t, false, deadlock_edge, &s);
    }
    if (s.closed_by == NULL) {
        return false;
    }
    txn->priv->wait.soft = s.closed_soft;
    Txn *by = txn;
    for (Txn *t = s.closed_by;; t = t->priv->wait.parent) {
        t->priv->wait.search_next = by;
        by = t;
        if (t == txn) {
            return true;
        }
    }
}

/* deadlock_pass - put `t` ahead of `by` in the queue that both wait in. */
static bool deadlock_pass(TxnSys *sys, Txn *t, Txn *by)
{
    switch (t->priv->wait.kind) {
    case TXN_WAIT_ROW: row_queue_pass(sys, t, by); return true;
    case TXN_WAIT_TABLE: table_queue_pass(sys, t, by); return true;
    case TXN_WAIT_ADVISORY: advisory_queue_pass(sys, t, by); return true;
    default: return false;
    }
}

/* deadlock_open - one move in a queue that opens the circle found last, and closes no other. */
static bool deadlock_open(TxnSys *sys, Txn *txn)
{
    enum { TRIED_MAX = 16 };
    Txn *behind[TRIED_MAX], *ahead[TRIED_MAX];
    uint32_t count = 0;
    Txn *t = txn;
    do {
        Txn *by = t->priv->wait.search_next;
        if (by->priv->wait.soft && count < TRIED_MAX) {
            behind[count] = t;
            ahead[count++] = by;
        }
        t = by;
    } while (t != txn);
    for (uint32_t i = 0; i < count; i++) {
        if (!deadlock_pass(sys, behind[i], ahead[i])) {
            continue;
        }
        if (!deadlock_search(sys, behind[i])) {
            txn_wake(behind[i]); /* it may be at the head now */
            return true;
        }
        (void)deadlock_pass(sys, ahead[i], behind[i]);
    }
    return false;
}

/* deadlock_what - what t waits for, in PostgreSQL's words; by: who has it. */
static void deadlock_what(const Txn *t, const Txn *by, char *what, size_t size)
{
    const TxnWait *w = &t->priv->wait;
    if (w->kind == TXN_WAIT_XID || (w->kind == TXN_WAIT_ROW && !by->priv->wait.soft)) {
        (void)snprintf(what, size, "ShareLock on transaction %llu",
                       (unsigned long long)(w->kind == TXN_WAIT_XID ? w->xid : by->xid));
    } else if (w->kind == TXN_WAIT_ROW) {
        (void)snprintf(what, size, "ExclusiveLock on tuple %llu of relation %u",
                       (unsigned long long)w->key, w->tree);
    } else if (w->kind == TXN_WAIT_ADVISORY) {
        (void)snprintf(what, size, "%s on advisory lock [%u,%u,%u,%u]",
                       table_lock_mode_name(w->mode != 0 ? TABLELOCK_EXCLUSIVE : TABLELOCK_SHARE),
                       w->advisory.database, w->advisory.a, w->advisory.b, w->advisory.kind);
    } else {
        (void)snprintf(what, size, "%s on relation %u of database %u",
                       table_lock_mode_name((TableLockMode)w->mode), (uint32_t)w->key,
                       (uint32_t)(w->key >> 32));
    }
}

/* deadlock_report - 40P01 with PostgreSQL's texts, of the circle found last. */
static Status deadlock_report(Cx *cx, Txn *txn)
{
    char detail[ERR_FIELD_BYTES_MAX];
    size_t at = 0;
    const Txn *t = txn;
    txn->deadlocks++;
    detail[0] = 0;
    do {
        const Txn *by = t->priv->wait.search_next;
        char what[128];
        deadlock_what(t, by, what, sizeof(what));
        int n = snprintf(detail + at, sizeof(detail) - at,
                         "%sProcess %d waits for %s; blocked by process %d.", t == txn ? "" : "\n",
                         t->process_id, what, by->process_id);
        at += n > 0 ? (size_t)n : 0;
        t = by;
    } while (t != txn && at < sizeof(detail) - 1);
    st_ignore(err_set(cx, ERRCODE_T_R_DEADLOCK_DETECTED, "deadlock detected"));
    st_ignore(err_detail(cx, "%s", detail));
    return err_hint(cx, "See server log for query details.");
}

Status deadlock_check(Cx *cx, TxnSys *sys, Txn *txn)
{
    for (int moves = 0; deadlock_search(sys, txn); moves++) {
        if (moves == SOFT_MOVES_MAX || !deadlock_open(sys, txn)) {
            /* The moves tried have overwritten the search's notes. */
            return deadlock_search(sys, txn) ? deadlock_report(cx, txn) : ST_OK;
        }
    }
    return ST_OK;
}
