/*
 * locklist.c - what is locked and waited for: walks over the tables of locks, the active writers
 * and the list of waiters, one mutex at a time.
 */
#include "txn/locklist.h"
#include "txn/ssi_internal.h"

/* LockList - the answer so far. */
typedef struct LockList {
    Arena *arena;
    LockInfo *items;
    uint32_t count, size;
    uint32_t rows;  /* granted row locks told of */
    uint32_t reads; /* SIREAD locks told of */
} LockList;

static void lock_list_put(LockList *l, const Txn *t, LockInfo info)
{
    if (l->count == l->size) {
        uint32_t size = l->size == 0 ? 64 : l->size * 2;
        l->items =
            arena_grow(l->arena, l->items, l->size * sizeof(LockInfo), size * sizeof(LockInfo));
        l->size = size;
    }
    info.process_id = t->process_id;
    info.xid = __atomic_load_n(&t->xid, __ATOMIC_RELAXED); /* it may begin to write just now */
    l->items[l->count++] = info;
}

static void lock_list_tables(LockList *l, TxnSys *sys)
{
    for (uint32_t i = 0; i < TABLELOCK_PARTS; i++) {
        LockPart *part = &sys->table_parts[i];
        os_mutex_lock(sys->os, &part->mutex);
        for (const TableEntry *e = part->tables; e != NULL; e = e->next) {
            for (const TableGrant *g = e->grants; g != NULL; g = g->next) {
                for (int m = 1; m <= TABLELOCK_ACCESS_EXCLUSIVE; m++) {
                    if ((g->modes >> m & 1) != 0) {
                        lock_list_put(
                            l, g->txn,
                            (LockInfo){
                                .kind = LOCKKIND_TABLE, .granted = true, .mode = m, .key = e->key});
                    }
                }
            }
        }
        os_mutex_unlock(sys->os, &part->mutex);
    }
}

/* lock_list_hold - the rows of one hold. */
static void lock_list_hold(LockList *l, const RowEntry *e, const RowHold *h)
{
    bool whole = e->block == ROW_BLOCK_ALL;
    for (uint32_t i = 0; i < 64 && l->rows < LOCKLIST_ROWS_MAX && (i == 0 || !whole); i++) {
        if ((h->rows >> i & 1) != 0) {
            l->rows++;
            lock_list_put(l, h->txn,
                          (LockInfo){.kind = LOCKKIND_ROW,
                                     .granted = true,
                                     .mode = (int)h->mode,
                                     .tree = e->tree,
                                     .key = whole ? 0 : e->block << ROW_BLOCK_SHIFT | i});
        }
    }
}

static void lock_list_rows(LockList *l, TxnSys *sys)
{
    for (uint32_t i = 0; i < ROWLOCK_PARTS && l->rows < LOCKLIST_ROWS_MAX; i++) {
        LockPart *part = &sys->row_parts[i];
        os_mutex_lock(sys->os, &part->mutex);
        for (uint32_t b = 0; b < part->row_size; b++) {
            for (const RowEntry *e = part->rows[b]; e != NULL; e = e->next) {
                for (const RowHold *h = e->holds; h != NULL; h = h->entry_next) {
                    lock_list_hold(l, e, h);
                }
            }
        }
        os_mutex_unlock(sys->os, &part->mutex);
    }
}

static void lock_list_writers(LockList *l, TxnSys *sys)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    LIST_FOREACH (node, &sys->active) {
        const Txn *t = LIST_ITEM(node, TxnPrivate, active_link)->owner;
        lock_list_put(l, t, (LockInfo){.kind = LOCKKIND_XID, .granted = true, .key = t->xid});
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
}

/* lock_list_advisory - nothing is allocated under a mutex: ask again when there were more. */
static void lock_list_advisory(LockList *l, TxnSys *sys)
{
    uint32_t size = 64;
    AdvisoryInfo *held = ARENA_ARRAY(l->arena, AdvisoryInfo, size);
    for (uint32_t i = 0; i < ADVISORY_PARTS; i++) {
        uint32_t n;
        while ((n = advisory_list(sys, i, held, size)) > size) {
            size = n * 2;
            held = ARENA_ARRAY(l->arena, AdvisoryInfo, size);
        }
        for (uint32_t k = 0; k < n; k++) {
            const Txn owner = {.process_id = held[k].process_id};
            lock_list_put(l, &owner,
                          (LockInfo){.kind = LOCKKIND_ADVISORY,
                                     .granted = true,
                                     .mode = held[k].mode,
                                     .advisory = held[k].key});
        }
    }
}

/* RowWaitSeen - of the edges of one who waits for a row: is it only behind others, or whose end
 * does it wait for? */
typedef struct RowWaitSeen {
    Xid xid; /* 0: of none that has a number */
    bool behind;
} RowWaitSeen;

static void row_wait_edge(void *arg, Txn *by, bool soft)
{
    RowWaitSeen *seen = arg;
    seen->behind = seen->behind || soft;
    seen->xid = seen->xid == 0 ? __atomic_load_n(&by->xid, __ATOMIC_RELAXED) : seen->xid;
}

/* lock_list_row_wait - who is first in a row's queue waits for the end of the transaction that has
 * the row, the others for the row: as PostgreSQL says it. */
static void lock_list_row_wait(TxnSys *sys, Txn *txn, LockInfo *info)
{
    RowWaitSeen seen = {0};
    info->kind = LOCKKIND_ROW;
    row_lock_edges(sys, txn, true, row_wait_edge, &seen);
    if (!seen.behind && seen.xid != 0) {
        info->kind = LOCKKIND_XID;
        info->key = seen.xid;
    }
}

/* lock_list_waits - everybody who waits. */
static void lock_list_waits(LockList *l, TxnSys *sys)
{
    os_mutex_lock(sys->os, &sys->deadlock);
    LIST_FOREACH (node, &sys->waiters) {
        const TxnPrivate *p = CONTAINER_OF(LIST_ITEM(node, TxnWait, link), TxnPrivate, wait);
        const TxnWait *w = &p->wait;
        LockInfo info = {.mode = w->mode, .tree = w->tree, .key = w->key, .since_us = w->since_us};
        switch (w->kind) {
        case TXN_WAIT_XID:
            info.kind = LOCKKIND_XID;
            info.key = w->xid;
            break;
        case TXN_WAIT_ROW: lock_list_row_wait(sys, p->owner, &info); break;
        case TXN_WAIT_TABLE: info.kind = LOCKKIND_TABLE; break;
        case TXN_WAIT_ADVISORY:
            info.kind = LOCKKIND_ADVISORY;
            info.advisory = w->advisory;
            break;
        case TXN_WAIT_NONE: continue;
        }
        lock_list_put(l, p->owner, info);
    }
    os_mutex_unlock(sys->os, &sys->deadlock);
}

/* lock_list_read - one SIREAD lock. A reader that is only known by the summary has no process. */
static bool lock_list_read(void *arg, const SerLock *lock)
{
    LockList *l = arg;
    const SerTxn *by = lock->owner;
    const Txn owner = {.process_id = by != NULL ? by->process_id : 0,
                       .xid = by != NULL ? __atomic_load_n(&by->xid, __ATOMIC_RELAXED) : 0};
    lock_list_put(
        l, &owner,
        (LockInfo){.kind = LOCKKIND_SIREAD,
                   .granted = true,
                   .mode = lock->what,
                   .tree = lock->tree,
                   .key = lock->id,
                   .ended = by == NULL || (ser_flags(by) & (SER_COMMITTED | SER_GONE)) != 0});
    return ++l->reads < LOCKLIST_ROWS_MAX;
}

void lock_list(TxnSys *sys, Arena *arena, LockInfo **list_out, uint32_t *count_out)
{
    LockList l = {.arena = arena};
    lock_list_tables(&l, sys);
    lock_list_rows(&l, sys);
    lock_list_writers(&l, sys);
    lock_list_advisory(&l, sys);
    ser_each_lock(sys, lock_list_read, &l);
    lock_list_waits(&l, sys);
    *list_out = l.items;
    *count_out = l.count;
}

/* PidList - processes found, each once. */
typedef struct PidList {
    Arena *arena;
    int32_t *pids;
    uint32_t count, size;
} PidList;

static void pid_list_edge(void *arg, Txn *by, bool soft)
{
    PidList *l = arg;
    (void)soft;
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->pids[i] == by->process_id) {
            return;
        }
    }
    if (l->count == l->size) {
        uint32_t size = l->size == 0 ? 16 : l->size * 2;
        l->pids = arena_grow(l->arena, l->pids, l->size * sizeof(int32_t), size * sizeof(int32_t));
        l->size = size;
    }
    l->pids[l->count++] = by->process_id;
}

void lock_blockers(TxnSys *sys, Arena *arena, int32_t process_id, int32_t **pids_out,
                   uint32_t *count_out)
{
    PidList l = {.arena = arena};
    os_mutex_lock(sys->os, &sys->deadlock);
    LIST_FOREACH (node, &sys->waiters) {
        TxnPrivate *p = CONTAINER_OF(LIST_ITEM(node, TxnWait, link), TxnPrivate, wait);
        if (p->owner->process_id == process_id) {
            deadlock_edges(sys, p->owner, true, pid_list_edge, &l);
            break;
        }
    }
    os_mutex_unlock(sys->os, &sys->deadlock);
    *pids_out = l.pids;
    *count_out = l.count;
}

void lock_waits(TxnSys *sys, Arena *arena, LockInfo **list_out, uint32_t *count_out)
{
    LockList l = {.arena = arena};
    lock_list_waits(&l, sys);
    *list_out = l.items;
    *count_out = l.count;
}

void lock_running(TxnSys *sys, Arena *arena, RunningTxn **list_out, uint32_t *count_out)
{
    uint32_t n = 0, size = 0;
    os_mutex_lock(sys->os, &sys->commit_lock);
    size = sys->writer_count + sys->snapshot_count;
    RunningTxn *list = ARENA_ARRAY(arena, RunningTxn, size + 1);
    LIST_FOREACH (node, &sys->active) {
        const Txn *t = LIST_ITEM(node, TxnPrivate, active_link)->owner;
        if (n < size) {
            list[n++] = (RunningTxn){.process_id = t->process_id, .xid = t->xid};
        }
    }
    LIST_FOREACH (node, &sys->snapshots) {
        const Snapshot *s = LIST_ITEM(node, Snapshot, link);
        if (n < size && s->txn != NULL) {
            list[n++] = (RunningTxn){.process_id = s->txn->process_id, .xmin = s->xmin};
        }
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    *list_out = list;
    *count_out = n;
}
