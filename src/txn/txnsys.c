/*
 * txnsys.c - the transaction system: active writers, snapshots, commit status, the horizon.
 *
 * Everything a snapshot needs is read inside one short commit lock, and COMMIT publishes inside the
 * same lock, so there is no state "committing" and the order of commit numbers is the order of the
 * COMMIT records in the log. Commit status is a ring of u64 by xid in a mapping so large that it
 * cannot lap itself; memory of xids that everybody sees is given back, and a reader that then finds
 * a zero looks at settled_xid again, which was moved before the memory went.
 */
#include "txn/ssi_internal.h"

Status txnsys_create(Cx *cx, Os *os, Wal *wal, Xid next_xid, Csn next_csn, TxnSys **sys_out)
{
    TxnSys *sys = mem_zalloc("txnsys", sizeof(*sys));
    sys->os = os;
    sys->wal = wal;
    sys->next_xid = MAX(next_xid, 1);
    sys->first_xid = sys->next_xid;
    sys->dropped_xid = sys->next_xid;
    atomic_store(&sys->settled_xid, sys->next_xid);
    sys->last_csn = MAX(next_csn, 2) - 1;
    list_init(&sys->active);
    list_init(&sys->snapshots);
    atomic_store(&sys->row_bytes_max, ROWLOCK_BYTES);
    atomic_store(&sys->oldest_snapshot_lsn, UINT64_MAX);
    list_init(&sys->waiters);
    list_init(&sys->prepared);
    os_mutex_init(&sys->prepared_mutex, "prepared", TXN_RANK_PREPARED);
    list_init(&sys->shared);
    os_mutex_init(&sys->shared_mutex, "shared snapshots", TXN_RANK_SHARED);
    os_mutex_init(&sys->undo_mutex, "undo of losers", TXN_RANK_UNDO);
    os_mutex_init(&sys->commit_lock, "commit", TXN_RANK_COMMIT);
    os_mutex_init(&sys->deadlock, "deadlock", TXN_RANK_DEADLOCK);
    os_mutex_init(&sys->park_mutex, "parked", TXN_RANK_PARKED);
    for (uint32_t i = 0; i < WAIT_BUCKETS; i++) {
        list_init(&sys->xid_waiters[i]);
    }
    for (uint32_t i = 0; i < ROWLOCK_PARTS; i++) {
        os_mutex_init(&sys->row_parts[i].mutex, "row locks", TXN_RANK_ROW_LOCK);
    }
    for (uint32_t i = 0; i < TABLELOCK_PARTS; i++) {
        os_mutex_init(&sys->table_parts[i].mutex, "table locks", TXN_RANK_TABLE_LOCK);
    }
    advisory_start(sys);
    for (uint32_t i = 0; i < KEY_LOCKS; i++) {
        os_mutex_init(&sys->key_locks[i], "key lock", TXN_RANK_KEY_LOCK);
    }
    sys->status = os_mem_reserve(STATUS_RING_ENTRIES * sizeof(uint64_t));
    sys->blocks = os_mem_reserve(LOG_BLOCK_COUNT * sizeof(LogBlock));
    sys->row_counters = os_mem_reserve(ROWLOCK_COUNTERS * sizeof(uint32_t));
    if (sys->status == NULL || sys->blocks == NULL || sys->row_counters == NULL) {
        txnsys_free(sys);
        return err_set(cx, ERRCODE_OUT_OF_MEMORY,
                       "could not reserve memory for transaction status");
    }
    Status st = ssi_create(cx, sys);
    if (st != ST_OK) {
        txnsys_free(sys);
        return st;
    }
    *sys_out = sys;
    return ST_OK;
}

static void txnsys_free_part(LockPart *part)
{
    while (part->free_rows != NULL) {
        RowEntry *e = part->free_rows;
        part->free_rows = e->next;
        mem_free(e);
    }
    for (uint32_t i = 0; i < part->row_size; i++) {
        for (RowEntry *e = part->rows[i], *next; e != NULL; e = next) {
            next = e->next;
            mem_free(e);
        }
    }
    mem_free(part->rows);
    while (part->tables != NULL) {
        TableEntry *e = part->tables;
        part->tables = e->next;
        mem_free(e);
    }
}

void txnsys_free(TxnSys *sys)
{
    if (sys == NULL) {
        return;
    }
    txnsys_free_prepared(sys); /* they wait in the log */
    for (uint32_t i = 0; i < ROWLOCK_PARTS; i++) {
        txnsys_free_part(&sys->row_parts[i]);
    }
    for (uint32_t i = 0; i < TABLELOCK_PARTS; i++) {
        txnsys_free_part(&sys->table_parts[i]);
    }
    advisory_end(sys);
    /* Losers not undone yet are ours. */
    mem_free(sys->revived);
    while (!list_empty(&sys->active)) {
        TxnPrivate *p = LIST_ITEM(sys->active.next, TxnPrivate, active_link);
        list_remove(&p->active_link);
        if (p->loser) {
            Txn *txn = p->owner;
            if (p->blocks != p->blocks_inline) {
                mem_free(p->blocks);
            }
            mem_free(p);
            mem_free(txn);
        }
    }
    ssi_free(sys);
    if (sys->status != NULL) {
        os_mem_unreserve((void *)sys->status, STATUS_RING_ENTRIES * sizeof(uint64_t));
    }
    if (sys->blocks != NULL) {
        os_mem_unreserve(sys->blocks, LOG_BLOCK_COUNT * sizeof(LogBlock));
    }
    if (sys->row_counters != NULL) {
        os_mem_unreserve((void *)sys->row_counters, ROWLOCK_COUNTERS * sizeof(uint32_t));
    }
    mem_free(sys);
}

void txnsys_set_handlers(TxnSys *sys, TxnUndoFn undo, TxnDropTreeFn drop_tree, void *arg)
{
    sys->undo = undo;
    sys->drop_tree = drop_tree;
    sys->handler_arg = arg;
}

void txnsys_on_undo_progress(TxnSys *sys, TxnUndoProgressFn fn)
{
    sys->undo_progress = fn;
}

uint32_t txnsys_losers(TxnSys *sys)
{
    uint32_t n = 0;
    os_mutex_lock(sys->os, &sys->commit_lock);
    LIST_FOREACH (node, &sys->active) {
        n += LIST_ITEM(node, TxnPrivate, active_link)->loser;
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    return n;
}

TxnSys *txn_sys(const Txn *txn)
{
    return txn->sys;
}

Wal *txnsys_wal(TxnSys *sys)
{
    return sys->wal;
}

Os *txnsys_os(TxnSys *sys)
{
    return sys->os;
}

/* ---- active writers (commit lock held) ---- */

static void txnsys_publish_oldest(TxnSys *sys)
{
    Lsn oldest = 0;
    if (!list_empty(&sys->active)) {
        oldest = LIST_ITEM(sys->active.next, TxnPrivate, active_link)->owner->first_lsn;
    }
    atomic_store_explicit(&sys->oldest_active, oldest, memory_order_release);
}

/* txnsys_register - into the active list (its end: first_lsn is the newest) and the xid hash. */
void txnsys_register(TxnSys *sys, Txn *txn)
{
    list_push_back(&sys->active, &txn->priv->active_link);
    Txn **bucket = &sys->xid_hash[txn->xid & (XID_HASH_BUCKETS - 1)];
    txn->priv->hash_next = *bucket;
    *bucket = txn;
    sys->writer_count++;
    if (!txn->priv->prepared) {
        wal_writers_add(sys->wal, 1);
    }
    if (sys->active.next == &txn->priv->active_link) {
        txnsys_publish_oldest(sys);
    }
}

void txnsys_unregister(TxnSys *sys, Txn *txn)
{
    bool first = sys->active.next == &txn->priv->active_link;
    list_remove(&txn->priv->active_link);
    Txn **at = &sys->xid_hash[txn->xid & (XID_HASH_BUCKETS - 1)];
    while (*at != txn) {
        ASSERT(*at != NULL);
        at = &(*at)->priv->hash_next;
    }
    *at = txn->priv->hash_next;
    sys->writer_count--;
    if (!txn->priv->prepared) {
        wal_writers_add(sys->wal, -1);
    }
    if (first) {
        txnsys_publish_oldest(sys);
    }
}

void txnsys_replace(TxnSys *sys, Txn *txn, Txn *to)
{
    list_insert_before(&txn->priv->active_link, &to->priv->active_link);
    list_remove(&txn->priv->active_link);
    Txn **at = &sys->xid_hash[txn->xid & (XID_HASH_BUCKETS - 1)];
    while (*at != txn) {
        ASSERT(*at != NULL);
        at = &(*at)->priv->hash_next;
    }
    *at = to;
    to->priv->hash_next = txn->priv->hash_next;
    wal_writers_add(sys->wal, -1); /* nobody waits for a flush of it any more */
}

Txn *txnsys_find(TxnSys *sys, Xid xid)
{
    Txn *t = sys->xid_hash[xid & (XID_HASH_BUCKETS - 1)];
    while (t != NULL && t->xid != xid) {
        t = t->priv->hash_next;
    }
    return t;
}

/* txnsys_settled_locked - "R" now: everything below belongs to finished transactions. */
Lsn txnsys_settled_locked(TxnSys *sys)
{
    Lsn oldest = atomic_load_explicit(&sys->oldest_active, memory_order_relaxed);
    return oldest != 0 ? oldest : wal_head(sys->wal);
}

Lsn txnsys_settled_now(TxnSys *sys)
{
    /* With a page latched, whoever wrote a tag on it was in the list before: if the list is empty
       now, every tag on the page is settled. */
    Lsn oldest = atomic_load_explicit(&sys->oldest_active, memory_order_acquire);
    return oldest != 0 ? oldest : TAG_LSN_MASK;
}

Lsn txnsys_oldest_active(TxnSys *sys)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    Lsn lsn = txnsys_settled_locked(sys);
    os_mutex_unlock(sys->os, &sys->commit_lock);
    return lsn;
}

/* txnsys_durable_refresh - once the log is flushed up to where R was read, all before R is durable.
 */
void txnsys_durable_refresh(TxnSys *sys)
{
    if (wal_flushed(sys->wal) >= sys->durable_pending_head) {
        atomic_store_explicit(&sys->durable_lsn, sys->durable_pending, memory_order_release);
        sys->durable_pending = txnsys_settled_locked(sys);
        sys->durable_pending_head = wal_head(sys->wal);
    }
}

Lsn txnsys_last_commit(TxnSys *sys)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    Lsn lsn = sys->last_commit_lsn;
    os_mutex_unlock(sys->os, &sys->commit_lock);
    return lsn;
}

Lsn txnsys_durable_lsn(TxnSys *sys)
{
    return atomic_load_explicit(&sys->durable_lsn, memory_order_acquire);
}

void txnsys_counts(TxnSys *sys, uint32_t *writers_out, uint32_t *snapshots_out)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    *writers_out = sys->writer_count;
    *snapshots_out = sys->snapshot_count;
    os_mutex_unlock(sys->os, &sys->commit_lock);
}

/* ---- snapshots ---- */

/* snapshot_publish_oldest - commit lock held, the head of the list changed. */
static void snapshot_publish_oldest(TxnSys *sys)
{
    Lsn lsn = UINT64_MAX;
    Csn csn = UINT64_MAX;
    if (!list_empty(&sys->snapshots)) {
        const Snapshot *s = LIST_ITEM(sys->snapshots.next, Snapshot, link);
        lsn = s->settled_lsn;
        csn = s->csn;
    }
    atomic_store_explicit(&sys->oldest_snapshot_csn, csn, memory_order_relaxed);
    atomic_store_explicit(&sys->oldest_snapshot_lsn, lsn, memory_order_relaxed);
}

Lsn txnsys_oldest_snapshot(TxnSys *sys, Csn *csn_out)
{
    *csn_out = atomic_load_explicit(&sys->oldest_snapshot_csn, memory_order_relaxed);
    return atomic_load_explicit(&sys->oldest_snapshot_lsn, memory_order_relaxed);
}

void snapshot_take(TxnSys *sys, Txn *txn, Snapshot *snap_out)
{
    snap_out->sys = sys;
    snap_out->txn = txn;
    snap_out->cid = txn != NULL ? txn->cid : 0;
    os_mutex_lock(sys->os, &sys->commit_lock);
    snap_out->csn = sys->last_csn;
    snap_out->settled_lsn = txnsys_settled_locked(sys);
    snap_out->commit_lsn = sys->last_commit_lsn;
    snap_out->taken_lsn = wal_head(sys->wal);
    DASSERT(snap_out->settled_lsn >= sys->seen_settled); /* I8: R only grows */
    sys->seen_settled = snap_out->settled_lsn;
    os_stop_point(sys->os, "snapshot.taking");
    snap_out->xmin = list_empty(&sys->active)
                         ? sys->next_xid
                         : LIST_ITEM(sys->active.next, TxnPrivate, active_link)->owner->xid;
    snap_out->too_old = false;
    list_push_back(&sys->snapshots, &snap_out->link);
    if (sys->snapshot_count++ == 0) {
        snapshot_publish_oldest(sys);
    }
    txnsys_durable_refresh(sys);
    os_mutex_unlock(sys->os, &sys->commit_lock);
}

void snapshot_copy(const Snapshot *from, Snapshot *to_out)
{
    TxnSys *sys = from->sys;
    *to_out = snapshot_view(from); /* not the link, which neighbours write under the lock */
    os_mutex_lock(sys->os, &sys->commit_lock);
    to_out->too_old = from->too_old;
    if (!to_out->too_old) {
        /* Beside its source, so that the list stays ordered by age. */
        list_insert_before((ListNode *)(uintptr_t)&from->link, &to_out->link);
        sys->snapshot_count++;
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
}

void txn_snapshot_unlink(Snapshot *snap)
{
    if (snap->too_old) {
        return; /* unlinked when it was cancelled */
    }
    bool oldest = snap->sys->snapshots.next == &snap->link;
    list_remove(&snap->link);
    snap->sys->snapshot_count--;
    if (oldest) {
        snapshot_publish_oldest(snap->sys);
    }
}

void snapshot_release(Snapshot *snap)
{
    TxnSys *sys = snap->sys;
    if (sys == NULL) {
        return;
    }
    os_mutex_lock(sys->os, &sys->commit_lock);
    txn_snapshot_unlink(snap);
    os_mutex_unlock(sys->os, &sys->commit_lock);
    snap->sys = NULL;
}

Status snapshot_too_old_error(Cx *cx)
{
    return err_set(cx, ERRCODE_SNAPSHOT_TOO_OLD, "snapshot too old");
}

uint32_t txnsys_cancel_snapshots(TxnSys *sys, Lsn limit)
{
    uint32_t n = 0;
    os_mutex_lock(sys->os, &sys->commit_lock);
    while (!list_empty(&sys->snapshots)) {
        Snapshot *s = LIST_ITEM(sys->snapshots.next, Snapshot, link);
        if (s->taken_lsn >= limit) {
            break;
        }
        txn_snapshot_unlink(s);
        __atomic_store_n(&s->too_old, true, __ATOMIC_SEQ_CST);
        n++;
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    return n;
}

bool txnsys_oldest_writer(TxnSys *sys, Lsn *first_lsn_out, int32_t *process_id_out)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    bool found = !list_empty(&sys->active);
    if (found) {
        const Txn *t = LIST_ITEM(sys->active.next, TxnPrivate, active_link)->owner;
        *first_lsn_out = t->first_lsn;
        *process_id_out = t->process_id;
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    return found;
}

/* ---- commit status ---- */

void txnsys_revived_room(TxnSys *sys)
{
    sys->revived_size++;
    sys->revived =
        mem_realloc("revived xids", sys->revived, sys->revived_size * sizeof(*sys->revived));
}

void txnsys_revive(TxnSys *sys, Xid xid, Csn csn)
{
    ASSERT(sys->revived_count < sys->revived_size);
    sys->revived[sys->revived_count++] = (struct RevivedXid){xid, csn};
}

/* txnsys_revived_drop - forget those that every snapshot sees. Requires the commit lock. */
static void txnsys_revived_drop(TxnSys *sys, Csn oldest_csn)
{
    for (uint32_t i = sys->revived_count; i-- > 0;) {
        if (sys->revived[i].csn <= oldest_csn) {
            sys->revived[i] = sys->revived[--sys->revived_count];
            atomic_fetch_sub(&sys->loser_count, 1);
        }
    }
}

XidState xid_state(TxnSys *sys, Xid xid, Csn *csn_out)
{
    *csn_out = 0;
    if (UNLIKELY(xid < sys->first_xid)) {
        /* From before the restart: finished, unless it is a loser being undone. */
        if (atomic_load_explicit(&sys->loser_count, memory_order_acquire) == 0) {
            return XID_COMMITTED;
        }
        os_mutex_lock(sys->os, &sys->commit_lock);
        bool active = txnsys_find(sys, xid) != NULL;
        for (uint32_t i = 0; i < sys->revived_count; i++) {
            *csn_out = sys->revived[i].xid == xid ? sys->revived[i].csn : *csn_out;
        }
        os_mutex_unlock(sys->os, &sys->commit_lock);
        return active ? XID_IN_PROGRESS : XID_COMMITTED;
    }
    uint64_t v = atomic_load_explicit(txnsys_status_at(sys, xid), memory_order_acquire);
    if (v == STATUS_IN_PROGRESS) {
        /* The memory of a settled xid may be gone: settled_xid moved before. */
        atomic_thread_fence(memory_order_acquire);
        if (xid < atomic_load_explicit(&sys->settled_xid, memory_order_acquire)) {
            return XID_COMMITTED;
        }
        return XID_IN_PROGRESS;
    }
    if (v == STATUS_ABORTED) {
        return XID_ABORTING;
    }
    *csn_out = v;
    return XID_COMMITTED;
}

void xid_prefetch(TxnSys *sys, Xid xid)
{
    __builtin_prefetch((const void *)txnsys_status_at(sys, xid));
}

bool xid_visible(const Snapshot *snap, Lsn lsn, Xid xid, uint32_t cid)
{
    if (snap->txn != NULL && snap->txn->xid == xid) {
        return cid < snap->cid;
    }
    if (lsn >= snap->taken_lsn) {
        return false; /* its commit is later in the log, and has a higher csn */
    }
    Csn csn;
    return xid_state(snap->sys, xid, &csn) == XID_COMMITTED && csn <= snap->csn;
}

bool lsn_settled_block(TxnSys *sys, Lsn lsn, Csn csn)
{
    /* The writer entered the block before its tag could be seen, and raises max_csn before it
       leaves. */
    LogBlock *b = &sys->blocks[(lsn >> LOG_BLOCK_SHIFT) & (LOG_BLOCK_COUNT - 1)];
    return atomic_load_explicit(&b->active, memory_order_acquire) == 0 &&
           atomic_load_explicit(&b->max_csn, memory_order_relaxed) <= csn;
}

/* txnsys_settle - move settled_xid over xids that are finished and seen by every snapshot, then
 * give their status memory back. Called by one thread at a time (purge). */
static void txnsys_settle(TxnSys *sys, Csn oldest_csn, Xid limit)
{
    Xid x = atomic_load_explicit(&sys->settled_xid, memory_order_relaxed);
    Xid start = x;
    while (x < limit) {
        uint64_t v = atomic_load_explicit(txnsys_status_at(sys, x), memory_order_acquire);
        if (v == STATUS_IN_PROGRESS || (v != STATUS_ABORTED && v > oldest_csn)) {
            break;
        }
        x++;
    }
    if (x == start) {
        return;
    }
    atomic_store_explicit(&sys->settled_xid, x, memory_order_seq_cst);
    Xid keep = x & ~(STATUS_DROP_ENTRIES - 1);
    Xid from = sys->dropped_xid & ~(STATUS_DROP_ENTRIES - 1);
    for (; from < keep; from += STATUS_DROP_ENTRIES) {
        os_mem_drop((void *)txnsys_status_at(sys, from), STATUS_DROP_ENTRIES * sizeof(uint64_t));
        sys->dropped_xid = from + STATUS_DROP_ENTRIES;
    }
}

Lsn txnsys_horizon(TxnSys *sys)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    Lsn g = txnsys_settled_locked(sys);
    Csn oldest_csn = sys->last_csn;
    if (!list_empty(&sys->snapshots)) {
        const Snapshot *s = LIST_ITEM(sys->snapshots.next, Snapshot, link);
        g = MIN(g, s->settled_lsn);
        oldest_csn = MIN(oldest_csn, s->csn);
    }
    DASSERT(g >= sys->seen_horizon); /* I8: G only grows */
    sys->seen_horizon = g;
    if (UNLIKELY(sys->revived_count != 0)) {
        txnsys_revived_drop(sys, oldest_csn);
    }
    Xid limit = sys->next_xid;
    if (!list_empty(&sys->active)) {
        limit = MIN(limit, LIST_ITEM(sys->active.next, TxnPrivate, active_link)->owner->xid);
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    txnsys_settle(sys, oldest_csn, limit);
    return g;
}

void txnsys_active(TxnSys *sys, Arena *arena, TxnActive **list_out, uint32_t *count_out,
                   Xid *next_xid_out, Csn *next_csn_out)
{
    /* Sized before the lock: no allocation of unknown size inside it. */
    uint32_t room = 64;
    for (;;) {
        TxnActive *list = ARENA_ARRAY(arena, TxnActive, room);
        os_mutex_lock(sys->os, &sys->commit_lock);
        uint32_t n = sys->writer_count;
        if (n <= room) {
            uint32_t i = 0;
            LIST_FOREACH (node, &sys->active) {
                const Txn *t = LIST_ITEM(node, TxnPrivate, active_link)->owner;
                /* A record this misses is above the head the checkpoint began with: the page of one
                   below was latched to be written meanwhile, or it was logged under this lock.
                   The end of an abort or of a dropped tree may be missed; both can be done again.
                 */
                Lsn last = __atomic_load_n(&t->last_lsn, __ATOMIC_RELAXED);
                list[i++] = (TxnActive){t->xid, t->first_lsn, last};
            }
            *next_xid_out = sys->next_xid;
            *next_csn_out = sys->last_csn + 1;
            os_mutex_unlock(sys->os, &sys->commit_lock);
            *list_out = list;
            *count_out = n;
            return;
        }
        os_mutex_unlock(sys->os, &sys->commit_lock);
        room = n + 64;
    }
}
