/*
 * advisory.c - advisory locks: numbers that applications lock, for a session or for a transaction.
 *
 * One entry a number that is held or waited for, found in one of 64 partitions. What a session has
 * of it is one AdvisoryHold a mode: how often it took it for itself, and whether its transaction
 * has it, with the outermost savepoint level at which it took it. A session does not conflict with
 * itself. Waiters queue first come first served, but a session that holds the number does not queue
 * behind those who wait for it.
 *
 * Waits are those of transactions (wait.c), since functions run in one; holders are sessions, which
 * may be between transactions. A holder is an edge of the deadlock search only while its session
 * waits itself, so the search looks for it in the list of waiters.
 */
#include "txn/txn_internal.h"

enum { ADVISORY_SHARE, ADVISORY_EXCLUSIVE, ADVISORY_MODES };

static AdvisoryPart *advisory_part(TxnSys *sys, const AdvisoryKey *key)
{
    return &sys->advisory_parts[hash_bytes(key, sizeof(*key), 0) & (ADVISORY_PARTS - 1)];
}

void advisory_owner_init(AdvisoryOwner *owner, TxnSys *sys, int32_t process_id)
{
    *owner = (AdvisoryOwner){.sys = sys, .process_id = process_id};
    list_init(&owner->holds);
    list_init(&owner->xact_holds);
}

static AdvisoryHold *advisory_own(const AdvisoryEntry *e, const AdvisoryOwner *owner, int mode)
{
    for (AdvisoryHold *h = e->holds; h != NULL; h = h->entry_next) {
        if (h->owner == owner && h->mode == mode) {
            return h;
        }
    }
    return NULL;
}

/* advisory_modes_conflict - two of different sessions: only what is shared by both goes together.
 */
static bool advisory_modes_conflict(int a, int b)
{
    return a == ADVISORY_EXCLUSIVE || b == ADVISORY_EXCLUSIVE;
}

static bool advisory_held_conflict(const AdvisoryEntry *e, const AdvisoryOwner *owner, int mode)
{
    for (const AdvisoryHold *h = e->holds; h != NULL; h = h->entry_next) {
        if (h->owner != owner && advisory_modes_conflict(h->mode, mode)) {
            return true;
        }
    }
    return false;
}

/* advisory_queue_conflict - would one who waits ahead of `before` have to be passed? */
static bool advisory_queue_conflict(const AdvisoryEntry *e, const LockWaiter *before, int mode)
{
    for (const LockWaiter *q = e->queue.first; q != NULL && q != before; q = q->next) {
        if (advisory_modes_conflict(q->mode, mode)) {
            return true;
        }
    }
    return false;
}

static bool advisory_holds_any(const AdvisoryEntry *e, const AdvisoryOwner *owner)
{
    return advisory_own(e, owner, ADVISORY_SHARE) != NULL ||
           advisory_own(e, owner, ADVISORY_EXCLUSIVE) != NULL;
}

/* advisory_entry_drop - when nobody holds or waits. Requires the partition. */
static void advisory_entry_drop(AdvisoryPart *part, AdvisoryEntry *e)
{
    if (e->holds == NULL && e->queue.first == NULL) {
        (void)map_remove(&part->entries, &e->key, sizeof(e->key));
        mem_free(e);
    }
}

/* advisory_put - the lock is the session's. Requires the partition. */
static void advisory_put(Txn *txn, AdvisoryEntry *e, int mode, bool for_session)
{
    AdvisoryOwner *owner = txn->advisory;
    AdvisoryHold *h = advisory_own(e, owner, mode);
    if (h == NULL) {
        h = mem_zalloc("advisory lock", sizeof(*h));
        h->entry = e;
        h->owner = owner;
        h->mode = mode;
        h->entry_next = e->holds;
        e->holds = h;
        list_init(&h->xact_link);
        list_push_back(&owner->holds, &h->owner_link);
        atomic_fetch_add(&owner->sys->advisory_count, 1);
    }
    if (for_session) {
        h->session_count++;
    } else if (!h->in_xact) {
        h->in_xact = true;
        h->xact_level = txn->savepoint_level;
        list_push_back(&owner->xact_holds, &h->xact_link);
    }
}

/* advisory_let_go - drop the hold when nothing of it is left. Requires the partition; true: there
 * are waiters to be told. */
static bool advisory_let_go(AdvisoryPart *part, AdvisoryHold *h)
{
    AdvisoryEntry *e = h->entry;
    if (h->session_count != 0 || h->in_xact) {
        return false;
    }
    AdvisoryHold **at = &e->holds;
    while (*at != h) {
        at = &(*at)->entry_next;
    }
    *at = h->entry_next;
    list_remove(&h->owner_link);
    atomic_fetch_sub(&h->owner->sys->advisory_count, 1);
    mem_free(h);
    bool waiters = e->queue.first != NULL;
    advisory_entry_drop(part, e);
    return waiters;
}

typedef struct AdvisoryWait {
    Txn *txn;
    AdvisoryPart *part;
    AdvisoryEntry *entry;
    LockWaiter me;
    bool for_session;
} AdvisoryWait;

static bool advisory_wait_ready(void *arg)
{
    AdvisoryWait *w = arg;
    Os *os = w->txn->sys->os;
    const AdvisoryOwner *owner = w->txn->advisory;
    os_mutex_lock(os, &w->part->mutex);
    bool ready = !advisory_held_conflict(w->entry, owner, w->me.mode) &&
                 (advisory_holds_any(w->entry, owner) ||
                  !advisory_queue_conflict(w->entry, &w->me, w->me.mode));
    if (ready) {
        lock_queue_remove(&w->entry->queue, &w->me);
        advisory_put(w->txn, w->entry, w->me.mode, w->for_session);
    }
    os_mutex_unlock(os, &w->part->mutex);
    return ready;
}

/* advisory_entry_make - the number's entry, a new one when nobody has it. Requires the partition.
 */
static AdvisoryEntry *advisory_entry_make(AdvisoryPart *part, const AdvisoryKey *key)
{
    AdvisoryEntry *e = map_get(&part->entries, key, sizeof(*key));
    if (e == NULL) {
        e = mem_zalloc("advisory lock", sizeof(*e));
        e->key = *key;
        (void)map_put(&part->entries, &e->key, sizeof(e->key), e);
    }
    return e;
}

Status advisory_lock(Cx *cx, Txn *txn, const AdvisoryKey *key, bool exclusive, bool for_session,
                     WaitPolicy wait)
{
    TxnSys *sys = txn->sys;
    AdvisoryWait w = {.txn = txn, .part = advisory_part(sys, key), .for_session = for_session};
    int mode = exclusive ? ADVISORY_EXCLUSIVE : ADVISORY_SHARE;
    ASSERT(txn->advisory != NULL);
    if (atomic_load_explicit(&sys->advisory_count, memory_order_relaxed) >= ADVISORY_LOCKS_MAX) {
        st_ignore(err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of shared memory"));
        return err_hint(cx, "No more than %u advisory locks can be held at a time.",
                        ADVISORY_LOCKS_MAX);
    }
    os_mutex_lock(sys->os, &w.part->mutex);
    w.entry = advisory_entry_make(w.part, key);
    bool own = advisory_own(w.entry, txn->advisory, mode) != NULL;
    /* One who may not wait takes no notice of what else the session holds, as in PostgreSQL. */
    bool any = own || (wait == WAIT_BLOCK && advisory_holds_any(w.entry, txn->advisory));
    if (own || (!advisory_held_conflict(w.entry, txn->advisory, mode) &&
                (any || !advisory_queue_conflict(w.entry, NULL, mode)))) {
        advisory_put(txn, w.entry, mode, for_session);
        os_mutex_unlock(sys->os, &w.part->mutex);
        return ST_OK;
    }
    if (wait != WAIT_BLOCK) {
        advisory_entry_drop(w.part, w.entry);
        os_mutex_unlock(sys->os, &w.part->mutex);
        return ST_BUSY;
    }
    w.me = (LockWaiter){.txn = txn, .mode = mode, .since_us = os_mono_us(sys->os)};
    lock_queue_push(&w.entry->queue, &w.me);
    os_mutex_unlock(sys->os, &w.part->mutex);
    TxnWait what = {.kind = TXN_WAIT_ADVISORY, .advisory = *key, .mode = mode};
    Status st = txn_wait_loop(cx, txn, &what, &w.part->event, advisory_wait_ready, &w, 0);
    if (st != ST_OK) {
        os_mutex_lock(sys->os, &w.part->mutex);
        lock_queue_remove(&w.entry->queue, &w.me);
        advisory_entry_drop(w.part, w.entry);
        os_mutex_unlock(sys->os, &w.part->mutex);
    }
    /* Those behind us may be grantable now: we left the queue. */
    os_event_signal(sys->os, &w.part->event);
    return st;
}

bool advisory_unlock(AdvisoryOwner *owner, const AdvisoryKey *key, bool exclusive)
{
    TxnSys *sys = owner->sys;
    AdvisoryPart *part = advisory_part(sys, key);
    bool waiters = false;
    os_mutex_lock(sys->os, &part->mutex);
    const AdvisoryEntry *e = map_get(&part->entries, key, sizeof(*key));
    AdvisoryHold *h =
        e != NULL ? advisory_own(e, owner, exclusive ? ADVISORY_EXCLUSIVE : ADVISORY_SHARE) : NULL;
    bool held = h != NULL && h->session_count != 0;
    if (held) {
        h->session_count--;
        waiters = advisory_let_go(part, h);
    }
    os_mutex_unlock(sys->os, &part->mutex);
    if (waiters) {
        os_event_signal(sys->os, &part->event);
    }
    return held;
}

/* advisory_drop_one - what a transaction (or else the session) has of a hold. */
static void advisory_drop_one(AdvisoryHold *h, bool xact)
{
    TxnSys *sys = h->owner->sys;
    AdvisoryPart *part = advisory_part(sys, &h->entry->key);
    os_mutex_lock(sys->os, &part->mutex);
    if (xact) {
        h->in_xact = false;
        list_remove(&h->xact_link);
    } else {
        h->session_count = 0;
    }
    bool waiters = advisory_let_go(part, h);
    os_mutex_unlock(sys->os, &part->mutex);
    if (waiters) {
        os_event_signal(sys->os, &part->event);
    }
}

void advisory_unlock_all(AdvisoryOwner *owner)
{
    for (ListNode *n = owner->holds.next, *next; n != &owner->holds; n = next) {
        next = n->next;
        advisory_drop_one(LIST_ITEM(n, AdvisoryHold, owner_link), false);
    }
}

void advisory_locks_release(Txn *txn, uint32_t above_level, bool all)
{
    AdvisoryOwner *owner = txn->advisory;
    if (owner == NULL) {
        return;
    }
    for (ListNode *n = owner->xact_holds.next, *next; n != &owner->xact_holds; n = next) {
        next = n->next;
        AdvisoryHold *h = LIST_ITEM(n, AdvisoryHold, xact_link);
        if (all || h->xact_level > above_level) {
            advisory_drop_one(h, true);
        }
    }
}

bool advisory_held_both(const AdvisoryOwner *owner)
{
    LIST_FOREACH (n, &owner->xact_holds) {
        const AdvisoryHold *x = LIST_ITEM(n, AdvisoryHold, xact_link);
        LIST_FOREACH (m, &owner->holds) {
            const AdvisoryHold *h = LIST_ITEM(m, AdvisoryHold, owner_link);
            if (h->entry == x->entry && h->session_count != 0) {
                return true;
            }
        }
    }
    return false;
}

void advisory_locks_move(Txn *txn, Txn *to)
{
    TxnSys *sys = txn->sys;
    while (txn->advisory != NULL && !list_empty(&txn->advisory->xact_holds)) {
        AdvisoryHold *h = LIST_ITEM(txn->advisory->xact_holds.next, AdvisoryHold, xact_link);
        AdvisoryPart *part = advisory_part(sys, &h->entry->key);
        os_mutex_lock(sys->os, &part->mutex);
        list_remove(&h->xact_link);
        list_remove(&h->owner_link);
        h->owner = to->advisory;
        list_push_back(&to->advisory->xact_holds, &h->xact_link);
        list_push_back(&to->advisory->holds, &h->owner_link);
        os_mutex_unlock(sys->os, &part->mutex);
    }
}

void advisory_lock_adopt(Txn *txn, const AdvisoryKey *key, int mode)
{
    TxnSys *sys = txn->sys;
    AdvisoryPart *part = advisory_part(sys, key);
    os_mutex_lock(sys->os, &part->mutex);
    advisory_put(txn, advisory_entry_make(part, key), mode, false);
    os_mutex_unlock(sys->os, &part->mutex);
}

void advisory_lock_edges(TxnSys *sys, Txn *waiter, bool all, TxnEdgeFn fn, void *arg)
{
    const TxnWait *w = &waiter->priv->wait;
    AdvisoryPart *part = advisory_part(sys, &w->advisory);
    os_mutex_lock(sys->os, &part->mutex);
    const AdvisoryEntry *e = map_get(&part->entries, &w->advisory, sizeof(w->advisory));
    for (const AdvisoryHold *h = e != NULL ? e->holds : NULL; h != NULL; h = h->entry_next) {
        if (h->owner == waiter->advisory || !advisory_modes_conflict(h->mode, w->mode)) {
            continue;
        }
        /* No circle goes by a session that does not wait. */
        Txn idle = {.process_id = h->owner->process_id};
        Txn *by = txnsys_waiter_of(sys, h->owner);
        if (by != NULL || all) {
            fn(arg, by != NULL ? by : &idle, false);
        }
    }
    const LockWaiter *q =
        e != NULL && !advisory_holds_any(e, waiter->advisory) ? e->queue.first : NULL;
    for (; q != NULL && q->txn != waiter; q = q->next) {
        if (advisory_modes_conflict(q->mode, w->mode)) {
            fn(arg, q->txn, true);
        }
    }
    os_mutex_unlock(sys->os, &part->mutex);
}

void advisory_queue_pass(TxnSys *sys, Txn *txn, Txn *ahead)
{
    const TxnWait *w = &txn->priv->wait;
    AdvisoryPart *part = advisory_part(sys, &w->advisory);
    LockWaiter *me = NULL, *at = NULL;
    os_mutex_lock(sys->os, &part->mutex);
    AdvisoryEntry *e = map_get(&part->entries, &w->advisory, sizeof(w->advisory));
    for (LockWaiter *q = e != NULL ? e->queue.first : NULL; q != NULL; q = q->next) {
        me = q->txn == txn ? q : me;
        at = q->txn == ahead ? q : at;
    }
    if (me != NULL && at != NULL) {
        lock_queue_remove(&e->queue, me);
        lock_queue_insert_before(&e->queue, me, at);
        os_event_signal(sys->os, &part->event);
    }
    os_mutex_unlock(sys->os, &part->mutex);
}

uint32_t advisory_list(TxnSys *sys, uint32_t part_no, AdvisoryInfo *out, uint32_t size)
{
    uint32_t n = 0, pos = 0;
    MapSlot slot;
    AdvisoryPart *part = &sys->advisory_parts[part_no];
    os_mutex_lock(sys->os, &part->mutex);
    while (map_next(&part->entries, &pos, &slot)) {
        const AdvisoryEntry *e = slot.value;
        for (const AdvisoryHold *h = e->holds; h != NULL; h = h->entry_next, n++) {
            if (n < size) {
                out[n] = (AdvisoryInfo){e->key, h->mode, h->owner->process_id};
            }
        }
    }
    os_mutex_unlock(sys->os, &part->mutex);
    return n;
}

void advisory_start(TxnSys *sys)
{
    for (uint32_t i = 0; i < ADVISORY_PARTS; i++) {
        os_mutex_init(&sys->advisory_parts[i].mutex, "txn.advisory", TXN_RANK_ADVISORY);
        map_init(&sys->advisory_parts[i].entries);
    }
}

void advisory_end(TxnSys *sys)
{
    for (uint32_t i = 0; i < ADVISORY_PARTS; i++) {
        map_release(&sys->advisory_parts[i].entries);
    }
}
