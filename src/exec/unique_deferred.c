/*
 * unique_deferred.c - when deferrable unique constraints are checked: at the end of the statement,
 * or of the transaction, as SET CONSTRAINTS says.
 */
#include "exec/fk_action.h"

/* LaterIndex - the index of the rows being looked at: most lists have one. */
typedef struct LaterIndex {
    Oid table;
    TreeId tree;
    const CatTable *t; /* NULL: table or index is gone */
    const CatConstraint *con;
    const TableIndex *ix;
} LaterIndex;

/* later_index - find table, index and constraint of a row, as the catalog has them now. */
static Status later_index(Cx *cx, CatView *view, const UniqueLater *u, LaterIndex *l)
{
    if (l->table == u->table && l->tree == u->index) {
        return ST_OK;
    }
    *l = (LaterIndex){.table = u->table, .tree = u->index};
    const CatTable *t;
    Status st = cat_table_by_oid(cx, view, u->table, &t);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    uint16_t i = 0, k = 0;
    while (i < t->index_count && t->indexes[i].tree != u->index) {
        i++;
    }
    if (i == t->index_count) {
        return ST_OK;
    }
    while (k < t->constraint_count && t->constraints[k].oid != t->indexes[i].constraint) {
        k++;
    }
    l->t = t;
    l->ix = &t->storage->indexes[i];
    l->con = k < t->constraint_count ? &t->constraints[k] : NULL;
    return ST_OK;
}

/* later_due - is the row to be looked at now? constraint 0: any; at_end: only what is not deferred.
 */
static bool later_due(const LaterIndex *l, const FkDeferred *d, Oid constraint, bool at_end)
{
    if (l->t == NULL || l->con == NULL) {
        return true; /* nothing to look at: forget it */
    }
    return (constraint == 0 || l->con->oid == constraint) && !(at_end && fk_is_deferred(d, l->con));
}

/* later_walk - look at the rows that are due; keep: they stay listed. At a statement's end those
 * that statements before it have put off are left out. */
static Status later_walk(Cx *cx, const ExecEnv *env, FkDeferred *d, Oid constraint, bool at_end,
                         bool keep)
{
    UniqueLater **at = &env->txn->unique_later;
    LaterIndex l = {0};
    while (*at != NULL && !(at_end && (*at)->put_off)) {
        TRY(cx_check(cx));
        TRY(later_index(cx, env->view, *at, &l));
        bool due = later_due(&l, d, constraint, at_end);
        if (due && l.t != NULL) {
            TRY(table_unique_check(cx, env->txn, l.t->storage, l.ix, (*at)->rowid));
        }
        if (!due && at_end) {
            (*at)->put_off = true;
            fk_pending_add(d, l.table, l.con->oid);
        }
        if (due && !keep) {
            *at = (*at)->next;
        } else {
            at = &(*at)->next;
        }
    }
    return ST_OK;
}

Status unique_statement_end(Cx *cx, const ExecEnv *env)
{
    if (LIKELY(env->txn->unique_later == NULL) || env->fk_queue != NULL) {
        return ST_OK;
    }
    return later_walk(cx, env, env->deferred, 0, true, false);
}

Status unique_deferred_check(Cx *cx, FkDeferred *d, const ExecEnv *env, Oid constraint, bool keep)
{
    return later_walk(cx, env, d, constraint, false, keep);
}
