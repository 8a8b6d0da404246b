/*
 * action.c - what a transaction has to do when it (or a savepoint of it) ends: an ordered list,
 * truncated by ROLLBACK TO.
 */
#include "txn/txn_internal.h"

static TxnAction *txn_action_add(Txn *txn, TxnActionKind kind)
{
    TxnPrivate *p = txn->priv;
    if (p->action_count == p->action_size) {
        uint32_t size = p->action_size == 0 ? 8 : p->action_size * 2;
        p->actions = arena_grow(txn->arena, p->actions, p->action_size * sizeof(TxnAction),
                                size * sizeof(TxnAction));
        p->action_size = size;
    }
    TxnAction *a = &p->actions[p->action_count++];
    memset(a, 0, sizeof(*a));
    a->kind = kind;
    return a;
}

void txn_drop_tree_on_commit(Txn *txn, TreeId tree)
{
    txn_action_add(txn, ACTION_DROP_ON_COMMIT)->tree = tree;
}

void txn_action_created(Txn *txn, TreeId tree)
{
    txn_action_add(txn, ACTION_DROP_ON_ABORT)->tree = tree;
}

void txn_drop_tree_on_abort(Txn *txn, TreeId tree)
{
    /* The record is the action: undo meets it, now or after a crash. The entry in the list only
       tells the undo walk which trees need no row-by-row undo. */
    txn_action_created(txn, tree);
    TxnSys *sys = txn->sys;
    /* Under the commit lock: no page's rec_lsn makes a checkpoint's scan begin before this record,
       so its copy of last_lsn must have it. */
    os_mutex_lock(sys->os, &sys->commit_lock);
    txn_log(txn, WAL_NOOP, NOOP_TREE_CREATED, tree, 0, NULL, 0);
    os_mutex_unlock(sys->os, &sys->commit_lock);
}

Lsn txn_chain_written(Txn *txn, TreeId tree, PageNo first_page)
{
    TxnSys *sys = txn->sys;
    Slice part = {(const char *)&first_page, sizeof(first_page)};
    os_mutex_lock(sys->os, &sys->commit_lock); /* as for a tree: no page's rec_lsn covers it */
    Lsn lsn = txn_log(txn, WAL_NOOP, NOOP_CHAIN_WRITTEN, tree, 0, &part, 1);
    os_mutex_unlock(sys->os, &sys->commit_lock);
    return lsn;
}

void txn_free_chain_on_commit(Txn *txn, TreeId tree, PageNo first_page, uint64_t stamp)
{
    TxnAction *a = txn_action_add(txn, ACTION_FREE_CHAIN);
    a->tree = tree;
    a->page = first_page;
    a->stamp = stamp;
}

void txn_on_end(Txn *txn, void (*fn)(void *arg, bool committed), void *arg)
{
    TxnAction *a = txn_action_add(txn, ACTION_ON_END);
    a->fn = fn;
    a->arg = arg;
}

void txn_action_copy(Txn *txn, const TxnAction *a)
{
    if (a->kind != ACTION_ON_END) {
        *txn_action_add(txn, a->kind) = *a;
    }
}

/* txn_actions_run_end - call the end functions registered from number `from` on (in order after a
 * commit, newest first after a rollback) and forget these actions. */
void txn_actions_run_end(Txn *txn, uint32_t from, bool committed)
{
    TxnPrivate *p = txn->priv;
    uint32_t n = p->action_count;
    if (LIKELY(n <= from)) {
        return;
    }
    for (uint32_t k = from; k < n; k++) {
        const TxnAction *a = &p->actions[committed ? k : n - 1 - (k - from)];
        if (a->kind == ACTION_ON_END) {
            a->fn(a->arg, committed);
        }
    }
    p->action_count = from;
}
