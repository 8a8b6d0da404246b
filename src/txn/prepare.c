/*
 * prepare.c - two-phase commit: the list of prepared transactions, and how one comes and goes.
 *
 * A session's Txn lives in its session's memory, so PREPARE makes another Txn with memory of its
 * own and moves everything there: the place in the active list, locks, actions. The PREPARE record
 * is logged under the commit lock: no page's rec_lsn makes a checkpoint's redo begin before it, so
 * the checkpoint's copy of last_lsn must have it. That it is the newest record of its transaction
 * is what makes it a prepared one at restart; ROLLBACK PREPARED therefore first logs another, also
 * under the commit lock, and from then on a crash leaves a loser.
 */
#include "txn/share.h"
#include "txn/ssi_internal.h"

struct Prepared {
    ListNode link;
    Txn txn;
    TxnPrivate priv;
    AdvisoryOwner advisory;
    Arena arena;
    PreparedFacts facts;
    Lsn end_lsn; /* of the PREPARE record: what must be flushed; 0 = not logged yet */
    bool busy;   /* claimed */
    bool old;    /* found by restart */
};

void txnsys_set_max_prepared(TxnSys *sys, uint32_t max)
{
    sys->prepared_max = max;
}

uint32_t txnsys_prepared_count(TxnSys *sys)
{
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    uint32_t n = sys->prepared_count;
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    return n;
}

const PreparedFacts *prepared_facts(const Prepared *p)
{
    return &p->facts;
}

/* prepared_find - requires the mutex. */
static Prepared *prepared_find(TxnSys *sys, const char *gid)
{
    LIST_FOREACH (node, &sys->prepared) {
        Prepared *p = LIST_ITEM(node, Prepared, link);
        if (strcmp(p->facts.gid, gid) == 0) {
            return p;
        }
    }
    return NULL;
}

static Prepared *prepared_make(TxnSys *sys, const PreparedFacts *facts)
{
    Prepared *p = mem_zalloc("prepared transaction", sizeof(*p));
    arena_init(&p->arena, NULL, "prepared transaction", 0);
    txn_init(&p->txn, &p->priv, sys, ISO_READ_COMMITTED, &p->arena);
    p->priv.prepared = true;
    advisory_owner_init(&p->advisory, sys, 0);
    p->txn.advisory = &p->advisory;
    if (facts != NULL) {
        p->facts = *facts;
    }
    return p;
}

void prepared_free(Prepared *p)
{
    if (p->priv.blocks != p->priv.blocks_inline) {
        mem_free(p->priv.blocks);
    }
    arena_release(&p->arena);
    mem_free(p);
}

/* prepared_enter - a place in the list for that name, taken but not to be found yet. */
static Status prepared_enter(Cx *cx, TxnSys *sys, Prepared *p)
{
    const char *gid = p->facts.gid;
    Status st = ST_OK;
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    if (sys->prepared_max == 0) {
        st = err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                     "prepared transactions are disabled");
        st_ignore(err_hint(cx, "Set max_prepared_transactions to a nonzero value."));
    } else if (prepared_find(sys, gid) != NULL) {
        st = err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                     "transaction identifier \"%s\" is already in use", gid);
    } else if (sys->prepared_count >= sys->prepared_max) {
        st = err_set(cx, ERRCODE_OUT_OF_MEMORY, "maximum number of prepared transactions reached");
        st_ignore(
            err_hint(cx, "Increase max_prepared_transactions (currently %u).", sys->prepared_max));
    } else {
        list_push_back(&sys->prepared, &p->link);
        sys->prepared_count++;
    }
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    return st;
}

static void prepared_remove(TxnSys *sys, Prepared *p)
{
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    list_remove(&p->link);
    sys->prepared_count--;
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    prepared_free(p);
}

/* prepare_move - log the PREPARE record and put `to` where txn was among the active writers.
 * Returns the record's end. */
static Lsn prepare_move(Txn *txn, Txn *to, const Slice *parts)
{
    TxnSys *sys = txn->sys;
    os_mutex_lock(sys->os, &sys->commit_lock);
    txn_log(txn, WAL_PREPARE, 0, 0, 0, parts, 2);
    Lsn end_lsn = wal_head(sys->wal);
    to->xid = txn->xid;
    to->cid = txn->cid;
    to->first_lsn = txn->first_lsn;
    to->last_lsn = txn->last_lsn;
    to->ser = txn->ser;
    txn->ser = NULL;
    txnsys_replace(sys, txn, to);
    if (txn->snapshot_held) {
        txn_snapshot_unlink(&txn->snapshot);
        txn->snapshot_held = false;
    }
    os_mutex_unlock(sys->os, &sys->commit_lock);
    txn_blocks_move(txn, to);
    return end_lsn;
}

/* prepare_move_rest - locks and actions. The locks are held by both for a moment, so nobody passes
 * in between. */
static void prepare_move_rest(Txn *txn, Txn *to)
{
    const TxnPrivate *from = txn->priv;
    for (uint32_t i = 0; i < from->action_count; i++) {
        txn_action_copy(to, &from->actions[i]);
    }
    for (const RowHold *h = from->row_holds; h != NULL; h = h->txn_next) {
        row_lock_adopt(to, h->entry->tree, h->entry->block, h->rows, h->mode);
    }
    for (const TableGrant *g = from->table_grants; g != NULL; g = g->txn_next) {
        table_lock_adopt(to, g->entry->key, g->modes);
    }
    advisory_locks_move(txn, to);
    txn_actions_run_end(txn, 0, false);
    row_locks_release(txn, 0, true);
    table_locks_release(txn, 0, true);
    txn_count_end(txn, true); /* what it is to become does not count */
}

Status txn_prepare(Cx *cx, Txn *txn, const PreparedFacts *facts, Lsn *lsn_out)
{
    TxnSys *sys = txn->sys;
    Buf body, head;
    *lsn_out = 0;
    if (txn->advisory != NULL && advisory_held_both(txn->advisory)) {
        return err_unsupported(cx, "cannot PREPARE while holding both session-level and "
                                   "transaction-level locks on the same object");
    }
    if (snapshot_exported(txn)) {
        return err_unsupported(cx, "cannot PREPARE a transaction that has exported snapshots");
    }
    Prepared *p = prepared_make(sys, facts);
    Status st = prepared_enter(cx, sys, p);
    if (st != ST_OK) {
        prepared_free(p);
        return st;
    }
    txn->read_only = false; /* its name and its locks are to survive, whatever it did */
    st = txn_start_write(cx, txn);
    if (st == ST_OK) {
        prepare_encode(txn, facts, &body);
        if (body.overflow) {
            st = err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                         "the transaction holds too many locks to be prepared");
        }
        if (st == ST_OK) {
            st = wal_admit(cx, sys->wal, body.len + ((size_t)1 << 20));
        }
        if (st != ST_OK) {
            buf_release(&body);
        }
    }
    if (st == ST_OK && (st = ssi_prepare(cx, txn)) != ST_OK) {
        buf_release(&body);
    }
    if (st != ST_OK) {
        prepared_remove(sys, p);
        return st;
    }
    txn_unpark(txn);
    p->facts.xid = txn->xid;
    size_t at = prepare_log_parts(txn, &body, &head);
    Slice parts[2] = {{(const char *)head.data, head.len},
                      {(const char *)body.data + at, body.len - at}};
    Lsn end_lsn = prepare_move(txn, &p->txn, parts);
    prepare_move_rest(txn, &p->txn);
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    p->end_lsn = end_lsn; /* from here on it can be found */
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    *lsn_out = end_lsn;
    buf_release(&head);
    buf_release(&body);
    return ST_OK;
}

Status prepared_claim(Cx *cx, TxnSys *sys, const char *gid, Prepared **out)
{
    Status st = ST_OK;
    Lsn flushed = 0;
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    Prepared *p = prepared_find(sys, gid);
    if (p == NULL || p->end_lsn == 0) {
        st = err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                     "prepared transaction with identifier \"%s\" does not exist", gid);
    } else if (p->busy) {
        st = err_set(cx, ERRCODE_OBJECT_IN_USE,
                     "prepared transaction with identifier \"%s\" is busy", gid);
    } else {
        p->busy = true;
        flushed = p->end_lsn;
    }
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    TRY(st);
    st = wal_flush_wait(cx, sys->wal, flushed);
    if (st != ST_OK) {
        prepared_unclaim(sys, p);
        return st;
    }
    *out = p;
    return ST_OK;
}

void prepared_unclaim(TxnSys *sys, Prepared *p)
{
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    p->busy = false;
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
}

void prepared_on_commit(Prepared *p, void (*fn)(void *arg, bool committed), void *arg)
{
    txn_on_end(&p->txn, fn, arg);
}

/* prepared_gone - it has ended. Requires: claimed. */
static void prepared_gone(TxnSys *sys, Prepared *p, bool committed)
{
    if (p->old && !committed) {
        atomic_fetch_sub(&sys->loser_count, 1); /* a committed one: txnsys_revived_drop */
    }
    prepared_remove(sys, p);
}

Status prepared_commit(Cx *cx, TxnSys *sys, Prepared *p, Lsn *lsn_out)
{
    TRY(txn_commit(cx, &p->txn, lsn_out));
    prepared_gone(sys, p, true);
    return ST_OK;
}

void prepared_rollback(Cx *cx, TxnSys *sys, Prepared *p, Lsn *lsn_out)
{
    os_mutex_lock(sys->os, &sys->commit_lock);
    txn_log(&p->txn, WAL_PREPARE, PREPARE_TAKEN_BACK, 0, 0, NULL, 0);
    os_mutex_unlock(sys->os, &sys->commit_lock);
    txn_abort(cx, &p->txn);
    *lsn_out = wal_head(sys->wal);
    prepared_gone(sys, p, false);
}

Status txnsys_prepared_list(Cx *cx, TxnSys *sys, Arena *arena, PreparedFacts **list_out,
                            uint32_t *count_out)
{
    uint32_t room = txnsys_prepared_count(sys) + 16, n = 0;
    Lsn lsn = 0;
    PreparedFacts *list = ARENA_ARRAY(arena, PreparedFacts, room);
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    LIST_FOREACH (node, &sys->prepared) {
        const Prepared *p = LIST_ITEM(node, Prepared, link);
        if (p->end_lsn != 0 && n < room) {
            list[n++] = p->facts;
            lsn = MAX(lsn, p->end_lsn);
        }
    }
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    *list_out = list;
    *count_out = n;
    return wal_flush_wait(cx, sys->wal, lsn);
}

bool txnsys_prepared_at(TxnSys *sys, Lsn first_lsn, PreparedFacts *facts_out)
{
    bool found = false;
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    LIST_FOREACH (node, &sys->prepared) {
        const Prepared *p = LIST_ITEM(node, Prepared, link);
        if (p->end_lsn != 0 && p->txn.first_lsn == first_lsn) {
            *facts_out = p->facts;
            found = true;
        }
    }
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    return found;
}

/* ---- restart ---- */

/* prepared_restore - a transaction that is prepared again, as its record says. */
static Status prepared_restore(Cx *cx, TxnSys *sys, const TxnActive *found)
{
    Buf body;
    Prepared *p = prepared_make(sys, NULL);
    p->old = true;
    p->end_lsn = found->last_lsn;
    p->txn.xid = found->xid;
    p->txn.first_lsn = found->first_lsn;
    p->txn.last_lsn = found->last_lsn;
    Status st = prepare_read_body(cx, sys->wal, found->last_lsn, found->xid, &body);
    if (st == ST_OK) {
        st = prepare_decode(cx, &body, &p->txn, &p->facts);
    }
    buf_release(&body);
    if (st != ST_OK) {
        prepared_free(p);
        return st;
    }
    txnsys_register_unfinished(sys, &p->txn);
    txnsys_revived_room(sys);
    os_mutex_lock(sys->os, &sys->prepared_mutex);
    list_push_back(&sys->prepared, &p->link);
    sys->prepared_count++;
    os_mutex_unlock(sys->os, &sys->prepared_mutex);
    return ST_OK;
}

Status txnsys_add_unfinished(Cx *cx, TxnSys *sys, const TxnActive *found, bool *prepared_out)
{
    WalHeader h;
    size_t len = 0;
    *prepared_out = false;
    TRY(wal_read(cx, sys->wal, found->last_lsn, &h, NULL, 0, &len));
    if (wal_type(&h) != WAL_PREPARE || wal_flags(&h) != 0) {
        return txnsys_add_loser(cx, sys, found);
    }
    *prepared_out = true;
    return prepared_restore(cx, sys, found);
}

void txnsys_free_prepared(TxnSys *sys)
{
    while (!list_empty(&sys->prepared)) {
        Prepared *p = LIST_ITEM(sys->prepared.next, Prepared, link);
        list_remove(&p->link);
        list_remove(&p->priv.active_link);
        advisory_locks_release(&p->txn, 0, true);
        prepared_free(p);
    }
}
