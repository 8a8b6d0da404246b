/*
 * plan_access.c - the privileges a query needs: on relations and their columns, of the user or of
 * the owner of the view that names them; on functions, always of the user.
 */
#include "server/plan_access.h"

static bool is_marked(const Query *q, uint16_t rte)
{
    for (uint16_t i = 0; i < q->row_mark_count; i++) {
        if (q->row_marks[i].rte == rte) {
            return true;
        }
    }
    return false;
}

static bool reads_any(const Rte *r)
{
    const bool *read = r->column_read != NULL ? r->column_read : r->column_used;
    for (uint16_t i = 0; read != NULL && i < r->column_count; i++) {
        if (read[i]) {
            return true;
        }
    }
    return r->tableoid_used;
}

/* ACCESS_WHOLE - no columns are told apart. */
static const Rte ACCESS_WHOLE;

static void access_add(AccessList *l, Access a)
{
    if (l->count == l->size) {
        uint32_t size = MAX(l->size * 2, 8u);
        l->items = arena_grow(l->arena, l->items, l->size * sizeof(Access), size * sizeof(Access));
        l->size = size;
    }
    l->items[l->count++] = a;
}

/* access_through - the statement changes a view: what is needed on it, by its columns, and on the
 * views below it, each by the rights of the one above. Returns whose rights the table needs. */
static Oid access_through(AccessList *l, const Query *q, const Access *base)
{
    const CatTable *view = q->through[0];
    Rte *rte = ARENA_NEW(l->arena, Rte);
    bool *read = ARENA_ARRAY(l->arena, bool, view->column_count + 1u);
    bool *set = ARENA_ARRAY(l->arena, bool, view->column_count + 1u);
    const bool *written = base->inserted != NULL ? base->inserted : base->updated;
    Oid as = l->check_as;
    for (uint16_t i = 0; i < view->column_count; i++) {
        int16_t b = q->through_base[i];
        read[i] = b >= 0 && base->rte->column_read != NULL && base->rte->column_read[b];
        set[i] = b >= 0 && written != NULL && written[b];
    }
    *rte = (Rte){.column_count = view->column_count, .column_read = read};
    Access a = *base;
    a.table = view->oid;
    a.check_as = as;
    a.rte = rte;
    a.inserted = base->inserted != NULL ? set : NULL;
    a.updated = base->updated != NULL ? set : NULL;
    for (uint16_t i = 0; i < q->through_count; i++) {
        a.table = q->through[i]->oid;
        a.check_as = as;
        access_add(l, a);
        as = cat_view_checks_as(q->through[i], as);
        a.inserted = a.updated = NULL; /* by whole views: their columns are not told apart */
        a.rte = &ACCESS_WHOLE;
    }
    return as;
}

/* access_merge - what the actions of MERGE need, of the columns that they set. */
static void access_merge(AccessList *l, const Query *q, Access *a)
{
    uint16_t count = q->result_table->column_count;
    bool *set = ARENA_ARRAY(l->arena, bool, count + 1u);
    for (uint16_t i = 0; i < q->merge_action_count; i++) {
        const MergeAction *m = &q->merge_actions[i];
        a->need |= m->command == CMD_INSERT   ? ACL_INSERT
                   : m->command == CMD_UPDATE ? ACL_UPDATE
                   : m->command == CMD_DELETE ? ACL_DELETE
                                              : 0;
        for (uint16_t c = 0; m->command == CMD_UPDATE && c < count; c++) {
            set[c] = set[c] || m->set[c];
        }
    }
    a->inserted = q->set_columns;
    a->updated = set;
}

void access_note_rte(AccessList *l, const Query *q, uint16_t at)
{
    const Rte *r = q->rtes[at];
    const CatTable *t = r->view != NULL ? r->view : r->kind == RTE_TABLE ? r->table : NULL;
    bool target = q->result_table != NULL && q->result_rte == at;
    if (t == NULL || l->off || l->check_as == ROLE_BOOTSTRAP ||
        (q->conflict == CONFLICT_UPDATE && q->conflict_rte == at)) {
        return;
    }
    Access a = {.table = t->oid, .check_as = l->check_as, .rte = r};
    if (!target || reads_any(r)) {
        a.need |= ACL_SELECT;
    }
    if (is_marked(q, at)) {
        a.need |= ACL_UPDATE;
    }
    if (target && q->command == CMD_INSERT) {
        a.need |= ACL_INSERT;
        a.inserted = q->set_columns;
        if (q->conflict == CONFLICT_UPDATE) {
            a.need |= ACL_UPDATE;
            a.updated = q->conflict_set;
        }
    } else if (target && q->command == CMD_UPDATE) {
        a.need |= ACL_UPDATE;
        a.updated = q->set_columns;
    } else if (target && q->command == CMD_DELETE) {
        a.need |= ACL_DELETE;
    } else if (target && q->command == CMD_MERGE) {
        access_merge(l, q, &a);
    }
    if (target && q->through_count != 0) {
        a.check_as = access_through(l, q, &a);
    }
    access_add(l, a);
}

void access_note_proc(AccessList *l, Oid proc)
{
    if (l->off) {
        return;
    }
    for (uint32_t i = 0; i < l->proc_count; i++) {
        if (l->procs[i] == proc) {
            return;
        }
    }
    if (l->proc_count == l->proc_size) {
        uint32_t size = MAX(l->proc_size * 2, 16u);
        l->procs = arena_grow(l->arena, l->procs, l->proc_size * sizeof(Oid), size * sizeof(Oid));
        l->proc_size = size;
    }
    l->procs[l->proc_count++] = proc;
}

/* access_columns - has the role the right on each column in the set, or, when there is none in it,
 * on any column at all? */
static Status access_columns(Cx *cx, CatView *v, const CatAcl *acl, const Access *a, Oid role,
                             AclMode right, const bool *set, bool *ok)
{
    AclMode have;
    bool any = false;
    *ok = true;
    for (uint16_t i = 0; set != NULL && *ok && i < a->rte->column_count; i++) {
        if (set[i]) {
            any = true;
            TRY(cat_acl_column_have(cx, v, a->table, (int16_t)(i + 1), role, right, &have));
            *ok = have != 0;
        }
    }
    if (any) {
        return ST_OK;
    }
    *ok = false;
    for (uint16_t i = 0; !*ok && i < acl->column_count; i++) {
        TRY(cat_acl_column_have(cx, v, a->table, acl->columns[i].number, role, right, &have));
        *ok = have != 0;
    }
    return ST_OK;
}

/* access_one - one relation. */
static Status access_one(Cx *cx, CatView *v, const Access *a)
{
    Oid role = a->check_as != OID_INVALID ? a->check_as : v->user;
    const bool *read = a->rte->column_read != NULL ? a->rte->column_read : a->rte->column_used;
    const struct {
        AclMode right;
        const bool *set;
    } by_column[] = {{ACL_SELECT, read}, {ACL_INSERT, a->inserted}, {ACL_UPDATE, a->updated}};
    AclMode have;
    const CatAcl *acl;
    bool ok = true;
    if (role == v->user && v->user_super) {
        return ST_OK;
    }
    TRY(cat_acl_have(cx, v, CAT_PG_CLASS, a->table, role, a->need, &have));
    AclMode missing = a->need & ~have;
    if (missing == 0) {
        return ST_OK;
    }
    Status st = cat_acl(cx, v, CAT_PG_CLASS, a->table, &acl);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    for (size_t i = 0; ok && i < ARRAY_LEN(by_column); i++) {
        if ((missing & by_column[i].right) != 0) {
            TRY(access_columns(cx, v, acl, a, role, by_column[i].right, by_column[i].set, &ok));
            missing &= ~by_column[i].right;
        }
    }
    return ok && missing == 0 ? ST_OK : acl_denied(cx, acl);
}

Status access_check(Cx *cx, CatView *v, const AccessList *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        TRY(access_one(cx, v, &l->items[i]));
    }
    for (uint32_t i = 0; !v->user_super && i < l->proc_count; i++) {
        const CatAcl *acl;
        Status st = cat_acl(cx, v, CAT_PG_PROC, l->procs[i], &acl);
        if (st == ST_OK && acl->given) {
            st = cat_acl_need(cx, v, CAT_PG_PROC, l->procs[i], v->user, ACL_EXECUTE);
        }
        if (st != ST_OK && st != ST_NOTFOUND) {
            return st;
        }
    }
    return ST_OK;
}
