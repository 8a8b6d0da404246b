/*
 * ssi_lock.c - the SIREAD table: who has read which rows, index leaves and trees.
 *
 * A lock is a node in one of many bucket chains, under the mutex of the bucket's partition. The
 * owner has it in a hash of its own as well, so that reading a row again costs no mutex. A writer
 * looks at a bucket's head first without the mutex: the latch of the leaf orders that look against
 * the reader's entry, which was made before the reader took the same latch (ssi_check.c).
 *
 * A split copies locks of leaves whose owners are other threads' transactions: such a copy goes on
 * a stack of its owner, which the owner empties after its own locks are out of the table; a
 * splitter that still found one of those has pushed its copy by then.
 */
#include "txn/ssi_internal.h"

/* ser_chain_add - requires the partition. */
static void ser_chain_add(struct Ssi *ssi, SerLock *l)
{
    _Atomic(SerLock *) *head = ser_bucket(ssi, l->hash);
    SerLock *first = atomic_load_explicit(head, memory_order_relaxed);
    l->prev = NULL;
    l->next = first;
    if (first != NULL) {
        first->prev = l;
    }
    l->linked = true;
    atomic_store_explicit(head, l, memory_order_release);
}

void ser_chain_remove(struct Ssi *ssi, SerLock *l)
{
    if (l->prev != NULL) {
        l->prev->next = l->next;
    } else {
        atomic_store_explicit(ser_bucket(ssi, l->hash), l->next, memory_order_release);
    }
    if (l->next != NULL) {
        l->next->prev = l->prev;
    }
    l->linked = false;
}

static void ser_link(Os *os, struct Ssi *ssi, SerLock *l)
{
    OsMutex *m = ser_part(ssi, l->hash);
    os_mutex_lock(os, m);
    ser_chain_add(ssi, l);
    os_mutex_unlock(os, m);
}

static void ser_unlink(Os *os, struct Ssi *ssi, SerLock *l)
{
    OsMutex *m = ser_part(ssi, l->hash);
    os_mutex_lock(os, m);
    ser_chain_remove(ssi, l);
    os_mutex_unlock(os, m);
}

/* ---- the owner's hash ---- */

void ser_locks_init(SerTxn *t)
{
    t->slots = t->slots_inline;
    t->slot_count = SSI_SLOTS_INLINE;
}

static SerLock **ser_slot(SerTxn *t, uint32_t hash, TreeId tree, SsiWhat what, uint64_t id)
{
    uint32_t mask = t->slot_count - 1, i = hash >> 8 & mask;
    while (t->slots[i] != NULL && !ser_lock_is(t->slots[i], hash, tree, what, id)) {
        i = (i + 1) & mask;
    }
    return &t->slots[i];
}

static void ser_slots_grow(SerTxn *t)
{
    SerLock **old = t->slots;
    uint32_t old_count = t->slot_count;
    t->slot_count *= 2;
    t->slots = mem_zalloc("siread slots", t->slot_count * sizeof(SerLock *));
    for (uint32_t i = 0; i < old_count; i++) {
        SerLock *l = old[i];
        if (l != NULL) {
            *ser_slot(t, l->hash, l->tree, (SsiWhat)l->what, l->id) = l;
        }
    }
    if (old != t->slots_inline) {
        mem_free(old);
    }
}

static SerLock *ser_lock_alloc(struct Ssi *ssi, SerTxn *t)
{
    if (t->inline_used < SSI_LOCKS_INLINE) {
        return &t->locks_inline[t->inline_used++];
    }
    if (t->chunks == NULL || t->chunks->used == SSI_CHUNK_LOCKS) {
        SerChunk *c = mem_alloc("siread locks", sizeof(*c));
        c->next = t->chunks;
        c->used = 0;
        t->chunks = c;
        atomic_fetch_add_explicit(&ssi->chunk_count, 1, memory_order_relaxed);
    }
    return &t->chunks->locks[t->chunks->used++];
}

/* ser_local - the owner's entry, made when there is none. */
static SerLock *ser_local(struct Ssi *ssi, SerTxn *t, TreeId tree, SsiWhat what, uint64_t id)
{
    uint32_t hash = ser_hash(tree, what, id);
    SerLock **at = ser_slot(t, hash, tree, what, id);
    if (*at != NULL) {
        return *at;
    }
    if (t->slots_used * 4 >= t->slot_count * 3) {
        ser_slots_grow(t);
        at = ser_slot(t, hash, tree, what, id);
    }
    SerLock *l = ser_lock_alloc(ssi, t);
    memset(l, 0, sizeof(*l));
    l->owner = t;
    l->tree = tree;
    l->what = (uint8_t)what;
    l->id = id;
    l->hash = hash;
    *at = l;
    t->slots_used++;
    return l;
}

/* ser_drop_finer - the whole tree is locked: locks of its parts are not needed. */
static void ser_drop_finer(Os *os, struct Ssi *ssi, SerTxn *t, TreeId tree)
{
    for (uint32_t i = 0; i < t->slot_count; i++) {
        SerLock *l = t->slots[i];
        if (l != NULL && l->tree == tree && l->what != SSI_TREE && l->linked) {
            ser_unlink(os, ssi, l);
        }
    }
}

void ssi_lock(Txn *txn, TreeId tree, SsiWhat what, uint64_t id)
{
    SerTxn *t = txn->ser;
    struct Ssi *ssi = txn->sys->ssi;
    Os *os = txn->sys->os;
    if (UNLIKELY((ser_flags(t) & SER_SAFE) != 0)) {
        ssi_forget_safe(txn);
        return;
    }
    SerLock *whole = t->tree_last;
    if (whole == NULL || whole->tree != tree) {
        whole = t->tree_last = ser_local(ssi, t, tree, SSI_TREE, 0);
    }
    if (whole->linked) {
        return;
    }
    if (what != SSI_TREE) {
        SerLock *l = *ser_slot(t, ser_hash(tree, what, id), tree, what, id);
        if (l != NULL && l->linked) {
            return;
        }
        bool full = whole->finer >= SSI_TREE_LOCKS_MAX ||
                    atomic_load_explicit(&ssi->chunk_count, memory_order_relaxed) >= SSI_CHUNKS_MAX;
        if (LIKELY(!full)) {
            l = l != NULL ? l : ser_local(ssi, t, tree, what, id);
            whole->finer++;
            ser_link(os, ssi, l);
            return;
        }
    }
    ser_link(os, ssi, whole);
    if (whole->finer != 0) {
        ser_drop_finer(os, ssi, t, tree);
    }
}

void ssi_each_read(const Txn *txn, void (*fn)(void *arg, TreeId tree, SsiWhat what, uint64_t id),
                   void *arg)
{
    const SerTxn *t = txn->ser;
    for (uint32_t i = 0; i < t->slot_count; i++) {
        const SerLock *l = t->slots[i];
        if (l != NULL && l->linked) {
            /* A leaf may be split between now and the restart, which nobody would tell. */
            bool row = l->what == SSI_ROW;
            fn(arg, l->tree, row ? SSI_ROW : SSI_TREE, row ? l->id : 0);
        }
    }
}

void ser_each_lock(TxnSys *sys, bool (*fn)(void *arg, const SerLock *l), void *arg)
{
    struct Ssi *ssi = sys->ssi;
    bool more = ssi_any(sys);
    for (uint32_t i = 0; more && i < SSI_BUCKETS; i++) {
        if (atomic_load_explicit(&ssi->buckets[i], memory_order_acquire) == NULL) {
            continue;
        }
        OsMutex *m = ser_part(ssi, i);
        os_mutex_lock(sys->os, m);
        const SerLock *l = atomic_load_explicit(&ssi->buckets[i], memory_order_relaxed);
        for (; more && l != NULL; l = l->next) {
            more = fn(arg, l);
        }
        os_mutex_unlock(sys->os, m);
    }
}

/* ---- the end of the owner ---- */

/* ser_copies_take - the next batch of copies made by splits. */
static SerLock *ser_copies_take(SerTxn *t)
{
    return atomic_exchange_explicit(&t->copies, NULL, memory_order_acq_rel);
}

static void ser_memory_free(struct Ssi *ssi, SerTxn *t)
{
    while (t->chunks != NULL) {
        SerChunk *c = t->chunks;
        t->chunks = c->next;
        mem_free(c);
        atomic_fetch_sub_explicit(&ssi->chunk_count, 1, memory_order_relaxed);
    }
    if (t->slots != t->slots_inline) {
        mem_free(t->slots);
    }
    mem_free(t);
}

/* ser_each_owned - fn for each lock of an ended transaction, copies last; fn takes it out of the
 * table. */
static void ser_each_owned(Os *os, struct Ssi *ssi, SerTxn *t,
                           void (*fn)(Os *os, struct Ssi *ssi, SerLock *l))
{
    for (uint32_t i = 0; i < t->slot_count; i++) {
        if (t->slots[i] != NULL && t->slots[i]->linked) {
            fn(os, ssi, t->slots[i]);
        }
    }
    SerLock *batch;
    while ((batch = ser_copies_take(t)) != NULL) {
        while (batch != NULL) {
            SerLock *l = batch;
            batch = l->more;
            fn(os, ssi, l);
            mem_free(l);
        }
    }
}

void ser_locks_release(Os *os, struct Ssi *ssi, SerTxn *t)
{
    ser_each_owned(os, ssi, t, ser_unlink);
    ser_memory_free(ssi, t);
}

/* ---- the summary ---- */

/* ser_old_find - the summary's lock of this key. Requires the partition. */
static SerLock *ser_old_find(struct Ssi *ssi, const SerLock *like)
{
    SerLock *l = atomic_load_explicit(ser_bucket(ssi, like->hash), memory_order_relaxed);
    for (; l != NULL; l = l->next) {
        if (l->owner == NULL && !l->dying &&
            ser_lock_is(l, like->hash, like->tree, (SsiWhat)like->what, like->id)) {
            return l;
        }
    }
    return NULL;
}

/* ser_old_add - a lock of the summary like this one. Requires the partition. */
static void ser_old_add(Os *os, struct Ssi *ssi, const SerLock *like, uint64_t seq)
{
    SerLock *l;
    os_mutex_lock(os, &ssi->mutex);
    l = ser_old_find(ssi, like);
    if (l != NULL) {
        list_remove(&l->old_link);
        l->old_seq = MAX(l->old_seq, seq);
        list_push_back(&ssi->old_locks, &l->old_link);
        os_mutex_unlock(os, &ssi->mutex);
        return;
    }
    l = mem_alloc("siread locks", sizeof(*l));
    *l = *like;
    l->owner = NULL;
    l->heap = true;
    l->dying = false;
    l->old_seq = seq;
    list_push_back(&ssi->old_locks, &l->old_link);
    atomic_fetch_add_explicit(&ssi->tracked, 1, memory_order_relaxed);
    os_mutex_unlock(os, &ssi->mutex);
    ser_chain_add(ssi, l);
}

static void ser_summarise(Os *os, struct Ssi *ssi, SerLock *l)
{
    OsMutex *m = ser_part(ssi, l->hash);
    os_mutex_lock(os, m);
    ser_chain_remove(ssi, l);
    ser_old_add(os, ssi, l, atomic_load_explicit(&l->owner->commit_seq, memory_order_relaxed));
    os_mutex_unlock(os, m);
}

void ser_locks_summarise(Os *os, struct Ssi *ssi, SerTxn *t)
{
    ser_each_owned(os, ssi, t, ser_summarise);
    ser_memory_free(ssi, t);
}

void ser_old_release(Os *os, struct Ssi *ssi, ListNode *gone)
{
    while (!list_empty(gone)) {
        SerLock *l = LIST_ITEM(gone->next, SerLock, old_link);
        list_remove(&l->old_link);
        ser_unlink(os, ssi, l);
        mem_free(l);
        atomic_fetch_sub_explicit(&ssi->tracked, 1, memory_order_relaxed);
    }
}

/* ---- structure changes ---- */

/* ser_copy - a lock like l on another part, for the same owner. Requires both partitions. */
static void ser_copy(Os *os, struct Ssi *ssi, SerLock *l, TreeId tree, SsiWhat what, uint64_t id,
                     uint32_t hash)
{
    SerLock like = *l;
    like.tree = tree;
    like.what = (uint8_t)what;
    like.id = id;
    like.hash = hash;
    if (l->owner == NULL) {
        ser_old_add(os, ssi, &like, l->old_seq);
        return;
    }
    SerLock *copy = mem_alloc("siread locks", sizeof(*copy));
    *copy = like;
    copy->heap = true;
    ser_chain_add(ssi, copy);
    copy->more = atomic_load_explicit(&copy->owner->copies, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&copy->owner->copies, &copy->more, copy,
                                                  memory_order_acq_rel, memory_order_relaxed)) {
    }
}

/* ser_parts_lock - two partitions, in their order; once when they are one. */
static void ser_parts_lock(Os *os, OsMutex *a, OsMutex *b)
{
    os_mutex_lock(os, a < b ? a : b);
    if (a != b) {
        os_mutex_lock(os, a < b ? b : a);
    }
}

static void ser_parts_unlock(Os *os, OsMutex *a, OsMutex *b)
{
    os_mutex_unlock(os, a);
    if (a != b) {
        os_mutex_unlock(os, b);
    }
}

bool ssi_any(TxnSys *sys)
{
    return atomic_load_explicit(&sys->ssi->tracked, memory_order_acquire) != 0;
}

void ssi_page_moved(TxnSys *sys, TreeId tree, PageNo from, PageNo to)
{
    struct Ssi *ssi = sys->ssi;
    if (LIKELY(atomic_load_explicit(&ssi->tracked, memory_order_acquire) == 0)) {
        return;
    }
    uint32_t hash = ser_hash(tree, SSI_LEAF, from), to_hash = ser_hash(tree, SSI_LEAF, to);
    if (atomic_load_explicit(ser_bucket(ssi, hash), memory_order_acquire) == NULL) {
        return; /* who reads this leaf later needs its latch */
    }
    OsMutex *a = ser_part(ssi, hash), *b = ser_part(ssi, to_hash);
    ser_parts_lock(sys->os, a, b);
    SerLock *l = atomic_load_explicit(ser_bucket(ssi, hash), memory_order_relaxed);
    for (; l != NULL; l = l->next) {
        if (ser_lock_is(l, hash, tree, SSI_LEAF, from)) {
            ser_copy(sys->os, ssi, l, tree, SSI_LEAF, to, to_hash);
        }
    }
    ser_parts_unlock(sys->os, a, b);
}

/* tree_copy_bucket - locks on any part of `tree` in one bucket become locks on all of `by`. */
static void tree_copy_bucket(TxnSys *sys, uint32_t bucket, TreeId tree, TreeId by)
{
    struct Ssi *ssi = sys->ssi;
    uint32_t by_hash = ser_hash(by, SSI_TREE, 0);
    OsMutex *a = ser_part(ssi, bucket), *b = ser_part(ssi, by_hash);
    ser_parts_lock(sys->os, a, b);
    SerLock *l = atomic_load_explicit(&ssi->buckets[bucket], memory_order_relaxed);
    for (; l != NULL; l = l->next) {
        if (l->tree == tree) {
            ser_copy(sys->os, ssi, l, by, SSI_TREE, 0, by_hash);
        }
    }
    ser_parts_unlock(sys->os, a, b);
}

void ssi_tree_replaced(TxnSys *sys, TreeId tree, TreeId by)
{
    struct Ssi *ssi = sys->ssi;
    if (tree == by || atomic_load_explicit(&ssi->tracked, memory_order_acquire) == 0) {
        return;
    }
    for (uint32_t i = 0; i < SSI_BUCKETS; i++) {
        if (atomic_load_explicit(&ssi->buckets[i], memory_order_acquire) != NULL) {
            tree_copy_bucket(sys, i, tree, by);
        }
    }
}
