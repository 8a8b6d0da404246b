/*
 * fk_deferred.c - foreign keys that are checked at the end of the transaction.
 *
 * What is kept is keys, by constraint and side: values a child got, and values that left the
 * parent. Both are asked about the tables as they are when the check comes: a child's value matters
 * only while a child has it, a parent's only while it has not come back. So a savepoint rolled back
 * needs no keys to be forgotten. Beside the keys stands which tables have checks put off, which a
 * savepoint does bring back: such a table can be neither dropped nor altered.
 */
#include "exec/fk_action.h"

/* FkLater - keys of one constraint and side. */
struct FkLater {
    struct FkLater *next;
    Oid constraint, child;
    bool parent_side;
    RowStore keys;
};

/* FkMode - what SET CONSTRAINTS said of one constraint. */
struct FkMode {
    const struct FkMode *next;
    Oid constraint;
    bool deferred;
};

/* FkPending - a check of this constraint is put off because of rows of the table. */
struct FkPending {
    const struct FkPending *next;
    Oid table, constraint;
};

void fk_pending_add(FkDeferred *d, Oid table, Oid constraint)
{
    for (const struct FkPending *p = d->modes.pending; p != NULL; p = p->next) {
        if (p->table == table && p->constraint == constraint) {
            return;
        }
    }
    struct FkPending *p = ARENA_NEW(d->arena, struct FkPending);
    *p = (struct FkPending){d->modes.pending, table, constraint};
    d->modes.pending = p;
}

bool fk_pending_on(const FkDeferred *d, Oid table)
{
    const struct FkPending *p = d->modes.pending;
    while (p != NULL && p->table != table) {
        p = p->next;
    }
    return p != NULL;
}

void fk_pending_done(FkDeferred *d, Oid constraint)
{
    const struct FkPending *old = d->modes.pending;
    d->modes.pending = NULL;
    for (; constraint != 0 && old != NULL; old = old->next) {
        if (old->constraint != constraint) {
            fk_pending_add(d, old->table, old->constraint);
        }
    }
}

bool fk_is_deferred(const FkDeferred *d, const CatConstraint *con)
{
    if (d == NULL || !con->deferrable) {
        return false;
    }
    for (const struct FkMode *m = d->modes.first; m != NULL; m = m->next) {
        if (m->constraint == con->oid) {
            return m->deferred;
        }
    }
    return d->modes.all != 0 ? d->modes.all == 'd' : con->deferred;
}

void fk_deferred_set(FkDeferred *d, Oid constraint, bool deferred)
{
    if (constraint == 0) {
        d->modes.first = NULL;
        d->modes.all = deferred ? 'd' : 'i';
        return;
    }
    struct FkMode *m = ARENA_NEW(d->arena, struct FkMode);
    *m = (struct FkMode){d->modes.first, constraint, deferred};
    d->modes.first = m;
}

/* later_get - where keys of this constraint and side go. */
static struct FkLater *later_get(FkDeferred *d, const FkCheck *fk, bool parent_side,
                                 const RowStore *like)
{
    struct FkLater **at = &d->first;
    while (*at != NULL &&
           ((*at)->constraint != fk->con->oid || (*at)->parent_side != parent_side)) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        struct FkLater *l = ARENA_NEW(d->arena, struct FkLater);
        *l = (struct FkLater){
            .constraint = fk->con->oid, .child = fk->child->oid, .parent_side = parent_side};
        PhysType *types = arena_memdup(d->arena, like->types, fk->column_count * sizeof(PhysType));
        row_store_init(&l->keys, d->arena, types, fk->column_count);
        *at = l;
    }
    return *at;
}

void fk_defer(FkDeferred *d, const FkCheck *fk, bool parent_side, const RowStore *keys,
              const RowStore *became)
{
    if (keys->rows == 0) {
        return;
    }
    struct FkLater *l = later_get(d, fk, parent_side, keys);
    bool pending = false;
    for (uint32_t c = 0; c < keys->chunk_count; c++) {
        const Batch *b = keys->chunks[c];
        for (uint32_t row = 0; row < b->count; row++) {
            if (!parent_side ||
                fk_key_left(fk, b, became != NULL ? became->chunks[c] : NULL, row)) {
                pending = true;
                row_store_append_row(&l->keys, (const Vector *const *)b->cols, row);
            }
        }
    }
    if (pending) {
        fk_pending_add(d, parent_side ? fk->parent->oid : fk->child->oid, fk->con->oid);
    }
}

/* later_check - one constraint and side, with the tables as they are now. */
static Status later_check(Cx *cx, const struct FkLater *l, const ExecEnv *env, Arena *arena)
{
    const CatTable *child;
    FkCheck *fks;
    uint16_t count;
    Status st = cat_table_by_oid(cx, env->view, l->child, &child);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    TRY(plan_child_keys(cx, env->view, arena, child, &fks, &count));
    for (uint16_t i = 0; i < count; i++) {
        if (fks[i].con->oid == l->constraint) {
            return l->parent_side ? fk_parent_gone(cx, env, arena, &fks[i], &l->keys, NULL, true)
                                  : fk_check_rows(cx, env, arena, &fks[i], &l->keys);
        }
    }
    return ST_OK;
}

Status fk_deferred_check(Cx *cx, FkDeferred *d, const ExecEnv *env, Arena *arena, Oid constraint,
                         bool keep)
{
    struct FkLater **at = &d->first;
    while (*at != NULL) {
        if (constraint != 0 && (*at)->constraint != constraint) {
            at = &(*at)->next;
            continue;
        }
        TRY(later_check(cx, *at, env, arena));
        if (keep) {
            at = &(*at)->next;
        } else {
            *at = (*at)->next;
        }
    }
    return ST_OK;
}
