/*
 * ssi_life.c - from a serializable transaction's snapshot to the moment nobody can meet it any
 * more.
 *
 * A committed transaction is kept while one is active that does not see it, for the active one may
 * still write what it has read, or read around what it wrote. Snapshots are taken and commits are
 * numbered under the graph's mutex, so "sees it" is a comparison of two numbers (snap_seq,
 * commit_seq), and the list of active ones is ordered by age. When too many are kept, the oldest
 * lose their identity: one summary has their locks, each writer leaves the earliest commit it had
 * an edge to, and edges with them become flags.
 *
 * A read-only transaction is harmless when no writer active at its snapshot commits with an edge to
 * something committed before it: it watches those writers, and drops out once the last has ended.
 */
#include "txn/ssi_internal.h"

Status ssi_create(Cx *cx, TxnSys *sys)
{
    struct Ssi *ssi = sys->ssi = mem_zalloc("ssi", sizeof(*ssi));
    os_mutex_init(&ssi->mutex, "serializable transactions", TXN_RANK_SSI);
    for (uint32_t i = 0; i < SSI_PARTS; i++) {
        os_mutex_init(&ssi->parts[i], "SIREAD locks", TXN_RANK_SSI_PART);
    }
    ssi->seq = 1;
    list_init(&ssi->active);
    list_init(&ssi->finished);
    list_init(&ssi->old_locks);
    map_init(&ssi->old_xids);
    ssi->buckets = os_mem_reserve(SSI_BUCKETS * sizeof(ssi->buckets[0]));
    return ssi->buckets != NULL
               ? ST_OK
               : err_set(cx, ERRCODE_OUT_OF_MEMORY, "could not reserve memory for predicate locks");
}

/* SerGone - what is left to do for transactions taken off the lists, without the graph's mutex. */
typedef struct SerGone {
    SerTxn *release, *summarise;
    ListNode locks; /* of the summary */
} SerGone;

static void gone_init(SerGone *g)
{
    g->release = g->summarise = NULL;
    list_init(&g->locks);
}

/* gone_finish - requires that the graph's mutex is not held. */
static void gone_finish(TxnSys *sys, SerGone *g)
{
    struct Ssi *ssi = sys->ssi;
    while (g->summarise != NULL) {
        SerTxn *t = g->summarise;
        g->summarise = t->next;
        ser_locks_summarise(sys->os, ssi, t);
        atomic_fetch_sub_explicit(&ssi->tracked, 1, memory_order_relaxed);
    }
    while (g->release != NULL) {
        SerTxn *t = g->release;
        g->release = t->next;
        ser_locks_release(sys->os, ssi, t);
        atomic_fetch_sub_explicit(&ssi->tracked, 1, memory_order_relaxed);
    }
    ser_old_release(sys->os, ssi, &g->locks);
}

/* ---- begin ---- */

static SerTxn *ser_new(const Txn *txn)
{
    SerTxn *t = mem_zalloc("serializable", sizeof(*t));
    t->process_id = txn->process_id;
    t->prepare_seq = SSI_SEQ_NONE;
    atomic_store_explicit(&t->commit_seq, SSI_SEQ_NONE, memory_order_relaxed);
    list_init(&t->out);
    list_init(&t->in);
    list_init(&t->watch);
    ser_locks_init(t);
    return t;
}

static void ser_xid_add(struct Ssi *ssi, SerTxn *t, Xid xid)
{
    SerTxn **bucket = &ssi->by_xid[xid & (SSI_XID_BUCKETS - 1)];
    t->xid = xid;
    t->xid_next = *bucket;
    *bucket = t;
}

static void ser_xid_remove(struct Ssi *ssi, SerTxn *t)
{
    if (t->xid == 0) {
        return;
    }
    SerTxn **at = &ssi->by_xid[t->xid & (SSI_XID_BUCKETS - 1)];
    while (*at != t) {
        at = &(*at)->xid_next;
    }
    *at = t->xid_next;
}

/* ser_enter - into the list of active ones, before `at`. Requires the graph's mutex. */
static void ser_enter(struct Ssi *ssi, Txn *txn, SerTxn *t, ListNode *at)
{
    list_insert_before(at, &t->link);
    ssi->active_count++;
    ssi->writer_count += !t->declared_ro;
    atomic_fetch_add_explicit(&ssi->tracked, 1, memory_order_release);
    if (txn->xid != 0) {
        ser_xid_add(ssi, t, txn->xid);
    }
    t->snap_lsn = txn->snapshot.taken_lsn;
    txn->ser = t;
}

/* ser_watch - a read-only transaction begins: the writers about. False: there is none. */
static bool ser_watch(struct Ssi *ssi, SerTxn *t)
{
    bool any = false;
    LIST_FOREACH (n, &ssi->active) {
        SerTxn *w = LIST_ITEM(n, SerTxn, link);
        if (w->declared_ro || (ser_flags(w) & (SER_DOOMED | SER_GONE)) != 0) {
            continue;
        }
        SerEdge *e = mem_alloc("rw edge", sizeof(*e));
        e->reader = t;
        e->writer = w;
        list_push_back(&t->watch, &e->out_link);
        list_push_back(&w->watch, &e->in_link);
        any = true;
    }
    return any;
}

/* ssi_begin_once - snapshot and tracking; txn->ser stays NULL when none is needed. */
static void ssi_begin_once(Txn *txn)
{
    TxnSys *sys = txn->sys;
    struct Ssi *ssi = sys->ssi;
    SerTxn *t = ser_new(txn);
    os_mutex_lock(sys->os, &ssi->mutex);
    snapshot_take(sys, txn, &txn->snapshot);
    txn->snapshot_held = true;
    t->snap_seq = ssi->seq;
    t->declared_ro = txn->read_only;
    bool track = !txn->read_only;
    if (txn->read_only && ssi->writer_count != 0) {
        ser_flag(t, SER_READ_ONLY);
        track = ser_watch(ssi, t);
    }
    if (track) {
        ser_enter(ssi, txn, t, &ssi->active);
    }
    os_mutex_unlock(sys->os, &ssi->mutex);
    if (!track) {
        mem_free(t);
    }
}

/* safe_wait - until it is known whether the snapshot is safe. */
static Status safe_wait(Cx *cx, Txn *txn)
{
    TxnSys *sys = txn->sys;
    Status st = ST_OK;
    bool told = false;
    for (;;) {
        uint32_t seen = os_event_value(&sys->ssi->safe);
        if ((atomic_load_explicit(&txn->ser->flags, memory_order_acquire) &
             (SER_SAFE | SER_UNSAFE)) != 0 ||
            (st = cx_check(cx)) != ST_OK) {
            break;
        }
        if (!told) {
            os_mutex_lock(sys->os, &sys->ssi->mutex);
            ser_flag(txn->ser, SER_WAITS);
            os_mutex_unlock(sys->os, &sys->ssi->mutex);
            cx_blocking(cx, CX_BLOCKING_WAIT);
            told = true;
        }
        (void)os_event_wait(sys->os, &sys->ssi->safe, seen, WAIT_SLICE_US);
    }
    if (told) {
        cx_blocking(cx, CX_BLOCKING_WAIT_ENDS);
    }
    return st;
}

void ssi_safe_blockers(TxnSys *sys, Arena *arena, int32_t process_id, int32_t **pids_out,
                       uint32_t *count_out)
{
    struct Ssi *ssi = sys->ssi;
    uint32_t size = 0;
    *pids_out = NULL;
    *count_out = 0;
    os_mutex_lock(sys->os, &ssi->mutex);
    LIST_FOREACH (node, &ssi->active) {
        SerTxn *t = LIST_ITEM(node, SerTxn, link);
        if (t->process_id != process_id || (ser_flags(t) & SER_WAITS) == 0) {
            continue;
        }
        LIST_FOREACH (w, &t->watch) {
            if (*count_out == size) {
                uint32_t more = MAX(size * 2, 8u);
                *pids_out =
                    arena_grow(arena, *pids_out, size * sizeof(int32_t), more * sizeof(int32_t));
                size = more;
            }
            (*pids_out)[(*count_out)++] = LIST_ITEM(w, SerEdge, out_link)->writer->process_id;
        }
    }
    os_mutex_unlock(sys->os, &ssi->mutex);
}

Status ssi_begin(Cx *cx, Txn *txn)
{
    bool defer = txn->read_only && txn->deferrable;
    for (;;) {
        ssi_begin_once(txn);
        if (!defer || txn->ser == NULL) {
            return ST_OK;
        }
        Status st = safe_wait(cx, txn);
        bool safe = (ser_flags(txn->ser) & SER_SAFE) != 0;
        ssi_forget_safe(txn);
        if (st == ST_OK && safe) {
            return ST_OK;
        }
        snapshot_release(&txn->snapshot);
        txn->snapshot_held = false;
        TRY(st);
    }
}

void ssi_begin_import(Txn *txn, Txn *source, const Snapshot *snap)
{
    TxnSys *sys = txn->sys;
    struct Ssi *ssi = sys->ssi;
    SerTxn *t = ser_new(txn);
    os_mutex_lock(sys->os, &ssi->mutex);
    snapshot_copy(snap, &txn->snapshot);
    txn->snapshot.txn = txn;
    txn->snapshot_held = true;
    t->declared_ro = txn->read_only;
    bool track = source->ser != NULL; /* else its snapshot has proved safe */
    if (track) {
        if (txn->read_only) {
            /* Writers it would have to watch may have ended since. */
            ser_flag(t, SER_READ_ONLY | SER_UNSAFE);
        }
        t->snap_seq = source->ser->snap_seq;
        ser_enter(ssi, txn, t, &source->ser->link);
    }
    os_mutex_unlock(sys->os, &ssi->mutex);
    if (!track) {
        mem_free(t);
    }
}

void ssi_restore(Txn *txn)
{
    TxnSys *sys = txn->sys;
    SerTxn *t = ser_new(txn);
    os_mutex_lock(sys->os, &sys->ssi->mutex);
    t->snap_seq = t->prepare_seq = sys->ssi->seq;
    t->did_write = true;
    ser_flag(t, SER_PREPARED | SER_SUMMARY_IN | SER_SUMMARY_OUT);
    ser_enter(sys->ssi, txn, t, &sys->ssi->active);
    t->snap_lsn = TAG_LSN_MASK; /* whatever is replaced, it may have seen */
    os_mutex_unlock(sys->os, &sys->ssi->mutex);
}

void ssi_wrote(Txn *txn)
{
    TxnSys *sys = txn->sys;
    if (LIKELY(txn->ser == NULL)) {
        return;
    }
    os_mutex_lock(sys->os, &sys->ssi->mutex);
    ser_xid_add(sys->ssi, txn->ser, txn->xid);
    os_mutex_unlock(sys->os, &sys->ssi->mutex);
}

bool ssi_tracked(const Txn *txn)
{
    return txn->ser != NULL && (ser_flags(txn->ser) & SER_SAFE) == 0;
}

/* ---- read-only transactions and the writers they watch ---- */

static void watch_free(SerEdge *e)
{
    ser_edge_free(e);
}

/* watch_end_reader - a read-only transaction watches no more. */
static void watch_end_reader(SerTxn *t)
{
    while (!list_empty(&t->watch)) {
        watch_free(LIST_ITEM(t->watch.next, SerEdge, out_link));
    }
}

/* watch_end_writer - a writer has ended: what it means for those who watched it. */
static void watch_end_writer(TxnSys *sys, SerTxn *w, bool committed)
{
    bool told = false;
    while (!list_empty(&w->watch)) {
        SerEdge *e = LIST_ITEM(w->watch.next, SerEdge, in_link);
        SerTxn *ro = e->reader;
        watch_free(e);
        if (committed && w->did_write && (ser_flags(w) & SER_CONFLICT_OUT) != 0 &&
            w->earliest_out <= ro->snap_seq) {
            ser_flag(ro, SER_UNSAFE);
            watch_end_reader(ro);
            told = true;
        } else if (list_empty(&ro->watch)) {
            ser_flag(ro, SER_SAFE);
            told = true;
        }
    }
    if (told) {
        os_event_signal(sys->os, &sys->ssi->safe);
    }
}

/* ---- the end ---- */

static void finished_remove(struct Ssi *ssi, SerTxn *t)
{
    list_remove(&t->link);
    ssi->finished_count--;
    ser_xid_remove(ssi, t);
}

/* old_push - remember a summarised writer. */
static void old_push(struct Ssi *ssi, const SerTxn *t)
{
    if (ssi->old_count == ssi->old_size) {
        uint32_t size = MAX(ssi->old_size * 2, 1024u);
        SerOld *queue = mem_alloc("ssi summary", size * sizeof(*queue));
        for (uint32_t i = 0; i < ssi->old_count; i++) {
            queue[i] = ssi->old_queue[(ssi->old_first + i) & (ssi->old_size - 1)];
        }
        mem_free(ssi->old_queue);
        ssi->old_queue = queue;
        ssi->old_size = size;
        ssi->old_first = 0;
    }
    uint32_t at = (ssi->old_first + ssi->old_count++) & (ssi->old_size - 1);
    ssi->old_queue[at] = (SerOld){t->xid, atomic_load(&t->commit_seq)};
    uint64_t earliest = (ser_flags(t) & SER_CONFLICT_OUT) != 0 ? t->earliest_out : 0;
    (void)map_put_int(&ssi->old_xids, t->xid, (void *)(uintptr_t)(earliest + 1));
}

/* summarise_first - the oldest finished transaction loses its identity. */
static void summarise_first(struct Ssi *ssi, SerGone *g)
{
    SerTxn *t = LIST_ITEM(ssi->finished.next, SerTxn, link);
    finished_remove(ssi, t);
    if (t->xid != 0) {
        old_push(ssi, t);
    }
    LIST_FOREACH (n, &t->out) {
        ser_flag(LIST_ITEM(n, SerEdge, out_link)->writer, SER_SUMMARY_IN);
    }
    LIST_FOREACH (n, &t->in) {
        ser_flag(LIST_ITEM(n, SerEdge, in_link)->reader, SER_SUMMARY_OUT);
    }
    ser_edges_free(t);
    ser_flag(t, SER_SUMMARISED);
    t->next = g->summarise;
    g->summarise = t;
}

/* old_clean - the summary of what every active transaction sees. */
static void old_clean(struct Ssi *ssi, uint64_t floor, SerGone *g)
{
    while (ssi->old_count != 0 && ssi->old_queue[ssi->old_first].commit_seq <= floor) {
        (void)map_remove_int(&ssi->old_xids, ssi->old_queue[ssi->old_first].xid);
        ssi->old_first = (ssi->old_first + 1) & (ssi->old_size - 1);
        ssi->old_count--;
    }
    while (!list_empty(&ssi->old_locks)) {
        SerLock *l = LIST_ITEM(ssi->old_locks.next, SerLock, old_link);
        if (l->old_seq > floor) {
            break;
        }
        l->dying = true;
        list_remove(&l->old_link);
        list_push_back(&g->locks, &l->old_link);
    }
}

/* ser_clean - let go of what nobody active can meet; summarise what is too much. Requires the
 * graph's mutex. */
static void ser_clean(struct Ssi *ssi, SerGone *g)
{
    uint64_t floor = list_empty(&ssi->active) ? SSI_SEQ_NONE
                                              : LIST_ITEM(ssi->active.next, SerTxn, link)->snap_seq;
    while (!list_empty(&ssi->finished)) {
        SerTxn *t = LIST_ITEM(ssi->finished.next, SerTxn, link);
        if (atomic_load_explicit(&t->commit_seq, memory_order_relaxed) > floor) {
            break;
        }
        finished_remove(ssi, t);
        ser_edges_free(t);
        ser_flag(t, SER_GONE);
        t->next = g->release;
        g->release = t;
    }
    old_clean(ssi, floor, g);
    while (ssi->finished_count > SSI_FINISHED_MAX) {
        summarise_first(ssi, g);
    }
}

/* ser_leave - out of the list of active ones. */
static void ser_leave(struct Ssi *ssi, Txn *txn, SerTxn *t)
{
    list_remove(&t->link);
    ssi->active_count--;
    ssi->writer_count -= !t->declared_ro;
    txn->ser = NULL;
}

Status ssi_commit_begin(Cx *cx, Txn *txn)
{
    TxnSys *sys = txn->sys;
    Status st = ST_OK;
    os_mutex_lock(sys->os, &sys->ssi->mutex);
    if ((ser_flags(txn->ser) & SER_PREPARED) == 0) {
        st = ser_precommit(cx, sys->ssi, txn->ser);
    }
    if (st != ST_OK) {
        os_mutex_unlock(sys->os, &sys->ssi->mutex);
    }
    return st;
}

Status ssi_prepare(Cx *cx, Txn *txn)
{
    TxnSys *sys = txn->sys;
    if (txn->ser == NULL) {
        return ST_OK;
    }
    os_mutex_lock(sys->os, &sys->ssi->mutex);
    Status st = ser_precommit(cx, sys->ssi, txn->ser);
    os_mutex_unlock(sys->os, &sys->ssi->mutex);
    return st;
}

/* ser_commit_edges - what of its edges still matters once t has committed. */
static void ser_commit_edges(SerTxn *t)
{
    if ((ser_flags(t) & SER_SUMMARY_OUT) != 0) {
        t->earliest_out = 1;
        ser_flag(t, SER_CONFLICT_OUT);
    }
    for (ListNode *n = t->out.next, *next; n != &t->out; n = next) {
        SerEdge *e = LIST_ITEM(n, SerEdge, out_link);
        next = n->next;
        if ((ser_flags(e->writer) & SER_COMMITTED) == 0) {
            continue;
        }
        if ((ser_flags(t) & SER_READ_ONLY) == 0) {
            bool first = (ser_flags(t) & SER_CONFLICT_OUT) == 0;
            t->earliest_out =
                first ? e->writer->prepare_seq : MIN(t->earliest_out, e->writer->prepare_seq);
            ser_flag(t, SER_CONFLICT_OUT);
        }
        t->out_count--;
        e->writer->in_count--;
        ser_edge_free(e);
    }
    for (ListNode *n = t->in.next, *next; n != &t->in; n = next) {
        SerEdge *e = LIST_ITEM(n, SerEdge, in_link);
        next = n->next;
        if ((ser_flags(e->reader) & (SER_COMMITTED | SER_READ_ONLY)) != 0) {
            t->in_count--;
            e->reader->out_count--;
            ser_edge_free(e);
        }
    }
}

void ssi_commit_end(Txn *txn)
{
    TxnSys *sys = txn->sys;
    struct Ssi *ssi = sys->ssi;
    SerTxn *t = txn->ser;
    SerGone g;
    gone_init(&g);
    ser_leave(ssi, txn, t);
    atomic_store_explicit(&t->commit_seq, ++ssi->seq, memory_order_release);
    ser_flag(t, SER_COMMITTED | (t->did_write ? 0 : SER_READ_ONLY));
    ser_commit_edges(t);
    if (t->declared_ro) {
        watch_end_reader(t);
    } else {
        watch_end_writer(sys, t, true);
    }
    list_push_back(&ssi->finished, &t->link);
    ssi->finished_count++;
    ser_clean(ssi, &g);
    os_mutex_unlock(sys->os, &ssi->mutex);
    gone_finish(sys, &g);
}

void ssi_rollback_begin(Txn *txn)
{
    TxnSys *sys = txn->sys;
    if (LIKELY(txn->ser == NULL)) {
        return;
    }
    os_mutex_lock(sys->os, &sys->ssi->mutex);
    ser_flag(txn->ser, SER_DOOMED | SER_GONE);
    os_mutex_unlock(sys->os, &sys->ssi->mutex);
}

/* ser_drop - a transaction that counts no more goes at once. */
static void ser_drop(Txn *txn)
{
    TxnSys *sys = txn->sys;
    struct Ssi *ssi = sys->ssi;
    SerTxn *t = txn->ser;
    SerGone g;
    gone_init(&g);
    os_mutex_lock(sys->os, &ssi->mutex);
    ser_leave(ssi, txn, t);
    ser_flag(t, SER_GONE);
    ser_xid_remove(ssi, t);
    ser_edges_free(t);
    if (t->declared_ro) {
        watch_end_reader(t);
    } else {
        watch_end_writer(sys, t, false);
    }
    t->next = g.release;
    g.release = t;
    ser_clean(ssi, &g);
    os_mutex_unlock(sys->os, &ssi->mutex);
    gone_finish(sys, &g);
}

void ssi_rollback_end(Txn *txn)
{
    if (UNLIKELY(txn->ser != NULL)) {
        ser_drop(txn);
    }
}

void ssi_forget_safe(Txn *txn)
{
    ser_drop(txn);
}

void ssi_counts(TxnSys *sys, SsiCounts *out)
{
    struct Ssi *ssi = sys->ssi;
    os_mutex_lock(sys->os, &ssi->mutex);
    *out = (SsiCounts){ssi->active_count, ssi->finished_count, ssi->old_count, 0};
    os_mutex_unlock(sys->os, &ssi->mutex);
    for (uint32_t i = 0; i < SSI_BUCKETS; i++) {
        if (atomic_load_explicit(&ssi->buckets[i], memory_order_acquire) == NULL) {
            continue;
        }
        os_mutex_lock(sys->os, &ssi->parts[i & (SSI_PARTS - 1)]);
        SerLock *l = atomic_load_explicit(&ssi->buckets[i], memory_order_relaxed);
        for (; l != NULL; l = l->next) {
            out->locks++;
        }
        os_mutex_unlock(sys->os, &ssi->parts[i & (SSI_PARTS - 1)]);
    }
}

void ssi_free(TxnSys *sys)
{
    struct Ssi *ssi = sys->ssi;
    if (ssi == NULL) {
        return;
    }
    SerGone g;
    gone_init(&g);
    ListNode *lists[] = {&ssi->active, &ssi->finished};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        while (!list_empty(lists[i])) {
            SerTxn *t = LIST_ITEM(lists[i]->next, SerTxn, link);
            list_remove(&t->link);
            ser_edges_free(t);
            watch_end_reader(t);
            t->next = g.release;
            g.release = t;
        }
    }
    if (ssi->buckets != NULL) {
        old_clean(ssi, SSI_SEQ_NONE, &g);
        gone_finish(sys, &g);
        os_mem_unreserve((void *)ssi->buckets, SSI_BUCKETS * sizeof(ssi->buckets[0]));
    }
    map_release(&ssi->old_xids);
    mem_free(ssi->old_queue);
    mem_free(ssi);
    sys->ssi = NULL;
}
