/*
 * row_security.c - policies: which rows of a table with row security the one who asks may see, and
 * which new rows may be.
 *
 * A pass over the bound query, after which no table is read without its conditions: a table that is
 * read becomes a subquery with them, one whose rows are changed or locked gets them into WHERE, and
 * new rows are checked like by CHECK constraints. Inside a view the view's owner asks.
 */
#include <stdlib.h>

#include "bind/bind_internal.h"
#include "catalog/acl.h"
#include "catalog/catalog_data.h"

/* SecurityChain - tables whose policies are being put in, innermost first. */
typedef struct SecurityChain {
    Oid table;
    const struct SecurityChain *outer;
} SecurityChain;

/* Security - the pass. */
typedef struct Security {
    BindScope *s;
    Oid user; /* who asks */
    const SecurityChain *chain;
} Security;

/* Policy - one that is about the one who asks and the command. */
typedef struct Policy {
    const char *name;
    bool permissive;
    char command;
    const char *qual, *check; /* NULL: none */
} Policy;
typedef struct PolicyList {
    Security *x;
    Policy *items;
    uint32_t count, size;
} PolicyList;

static Status security_query(Security *x, Query *q);

/* ---- which policies ---- */

/* policy_for - is a policy for these roles about the one who asks? */
static Status policy_for(Security *x, const char *roles, bool *out)
{
    const char *const *items;
    uint32_t count = cat_text_array(x->s->b->arena, roles, &items);
    *out = false;
    for (uint32_t i = 0; i < count && !*out; i++) {
        Oid role = (Oid)strtoul(items[i], NULL, 10);
        *out = role == OID_INVALID;
        if (!*out) {
            TRY(cat_role_inherits(x->s->cx, x->s->b->view, x->user, role, out));
        }
    }
    return ST_OK;
}

static const char *policy_text(Security *x, const CatRow *row, uint16_t column)
{
    const Str *s = &row->values[column].str;
    return row->nulls[column] ? NULL : arena_strndup(x->s->b->arena, str_ptr(s), s->len);
}

/* policy_take - CatRowFn: keep a policy that is about the one who asks. */
static Status policy_take(void *arg, Cx *cx, const CatRow *row)
{
    PolicyList *l = arg;
    Security *x = l->x;
    bool mine;
    (void)cx;
    TRY(policy_for(x, policy_text(x, row, PG_POLICY_POLROLES), &mine));
    if (!mine) {
        return ST_OK;
    }
    if (l->count == l->size) {
        uint32_t size = MAX(l->size * 2, 8u);
        l->items =
            arena_grow(x->s->b->arena, l->items, l->size * sizeof(Policy), size * sizeof(Policy));
        l->size = size;
    }
    l->items[l->count++] = (Policy){
        .name = policy_text(x, row, PG_POLICY_POLNAME),
        .permissive = row->values[PG_POLICY_POLPERMISSIVE].b,
        .command = policy_text(x, row, PG_POLICY_POLCMD)[0],
        .qual = policy_text(x, row, PG_POLICY_POLQUAL),
        .check = policy_text(x, row, PG_POLICY_POLWITHCHECK),
    };
    return ST_OK;
}

static int policy_by_name(const void *a, const void *b)
{
    return strcmp(((const Policy *)a)->name, ((const Policy *)b)->name);
}

static Status policies_of(Security *x, const CatTable *t, PolicyList *out)
{
    static const uint16_t COLUMN = PG_POLICY_POLRELID;
    Datum key = {.u32 = t->oid};
    *out = (PolicyList){.x = x};
    TRY(cat_rows_each(x->s->cx, x->s->b->view, CAT_PG_POLICY, &COLUMN, &key, 1, policy_take, out));
    array_sort(out->items, out->count, sizeof(Policy), policy_by_name);
    return ST_OK;
}

/* security_applies - do policies stand between the one who asks and the table? 42501 when
 * row_security is off and they do. */
static Status security_applies(Security *x, const CatTable *t, bool *out)
{
    CatView *v = x->s->b->view;
    const CatRole *role;
    bool owner;
    *out = false;
    if (!t->row_security || t->builtin) {
        return ST_OK;
    }
    Status st = cat_role(x->s->cx, v, x->user, &role);
    if (st == ST_ERROR || (st == ST_OK && (role->super || role->bypass_rls))) {
        return st;
    }
    TRY(cat_role_inherits(x->s->cx, v, x->user, t->owner, &owner));
    if (owner && !t->force_row_security) {
        return ST_OK;
    }
    *out = true;
    return !v->row_security_off
               ? ST_OK
               : err_set(x->s->cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "query would be affected by row-level security policy for table \"%s\"",
                         t->name);
}

/* ---- their conditions ---- */

/* security_expr - a policy's condition over entry rte, with row security of the tables it reads. */
static Status security_expr(Security *x, const CatTable *t, uint16_t rte, const char *text,
                            Expr **out);

static Expr *security_join(Security *x, ExprKind kind, Expr *a, Expr *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    Expr *e = bind_expr_new(x->s, kind, TYPE_BOOL, -1, -1, 2);
    e->args[0] = a;
    e->args[1] = b;
    return e;
}

static bool policy_about(const Policy *p, char command)
{
    return p->command == '*' || p->command == command;
}

/* security_using - the condition on rows that are there: any permissive policy's and each
 * restrictive one's. */
static Status security_using(Security *x, const CatTable *t, uint16_t rte, const PolicyList *l,
                             char command, Expr **out)
{
    Expr *any = NULL, *all = NULL, *e;
    bool open = false;
    for (uint32_t i = 0; i < l->count; i++) {
        const Policy *p = &l->items[i];
        if (!policy_about(p, command)) {
            continue;
        }
        if (p->qual == NULL) {
            open = open || p->permissive;
            continue;
        }
        TRY(security_expr(x, t, rte, p->qual, &e));
        if (p->permissive) {
            any = security_join(x, EXPR_OR, any, e);
        } else {
            all = security_join(x, EXPR_AND, all, e);
        }
    }
    if (open) {
        any = NULL;
    } else if (any == NULL) {
        any = bind_const_bool(x->s, false);
    }
    *out = security_join(x, EXPR_AND, all, any);
    return ST_OK;
}

/* security_add_check - one condition on new rows; policy NULL: no one permits the row. */
static void security_add_check(Security *x, Query *q, Expr *e, const char *policy)
{
    CatConstraint *c = ARENA_NEW(x->s->b->arena, CatConstraint);
    Expr *test = bind_expr_new(x->s, EXPR_IS_BOOL, TYPE_BOOL, -1, -1, 1);
    test->args[0] = e;
    test->u.bool_test = IS_TRUE;
    *c = (CatConstraint){.type = 'R', .name = policy};
    q->checks = arena_grow(x->s->b->arena, q->checks, q->check_count * sizeof(Expr *),
                           (q->check_count + 1u) * sizeof(Expr *));
    q->check_constraints =
        arena_grow(x->s->b->arena, q->check_constraints, q->check_count * sizeof(CatConstraint *),
                   (q->check_count + 1u) * sizeof(CatConstraint *));
    q->checks[q->check_count] = test;
    q->check_constraints[q->check_count++] = c;
}

/* security_checks - the conditions on new rows: WITH CHECK, or USING where that is not given (and
 * for SELECT policies, which rows given back must pass). */
static Status security_checks(Security *x, Query *q, const CatTable *t, const PolicyList *l,
                              char command, bool use_qual)
{
    Expr *any = NULL, *e;
    bool open = false;
    for (uint32_t i = 0; i < l->count; i++) {
        const Policy *p = &l->items[i];
        const char *text = use_qual || p->check == NULL ? p->qual : p->check;
        if (!policy_about(p, command) || !p->permissive) {
            continue;
        }
        open = open || text == NULL;
        if (text != NULL) {
            TRY(security_expr(x, t, q->result_rte, text, &e));
            any = security_join(x, EXPR_OR, any, e);
        }
    }
    if (!open) {
        security_add_check(x, q, any != NULL ? any : bind_const_bool(x->s, false), NULL);
    }
    for (uint32_t i = 0; i < l->count; i++) {
        const Policy *p = &l->items[i];
        const char *text = use_qual || p->check == NULL ? p->qual : p->check;
        if (policy_about(p, command) && !p->permissive && text != NULL) {
            TRY(security_expr(x, t, q->result_rte, text, &e));
            security_add_check(x, q, e, p->name);
        }
    }
    return ST_OK;
}

/* ---- queries ---- */

static bool security_reads(const Rte *r)
{
    for (uint16_t i = 0; r->column_read != NULL && i < r->column_count; i++) {
        if (r->column_read[i]) {
            return true;
        }
    }
    return false;
}

/* security_change - the table that a statement changes, by the rights of x's user. */
static Status security_change(Security *x, Query *q)
{
    PolicyList l;
    Expr *e;
    bool applies;
    const CatTable *t = q->result_table;
    TRY(security_applies(x, t, &applies));
    if (!applies) {
        return ST_OK;
    }
    if (q->command == CMD_MERGE) {
        return err_unsupported(x->s->cx,
                               "MERGE of a table with row-level security is not supported");
    }
    if (q->conflict == CONFLICT_UPDATE) {
        return err_unsupported(x->s->cx,
                               "ON CONFLICT DO UPDATE of a table with row-level security is not "
                               "supported");
    }
    TRY(policies_of(x, t, &l));
    bool reads = security_reads(q->rtes[q->result_rte]);
    char command = q->command == CMD_INSERT ? 'a' : q->command == CMD_UPDATE ? 'w' : 'd';
    if (q->command != CMD_INSERT) {
        TRY(security_using(x, t, q->result_rte, &l, command, &e));
        q->where = security_join(x, EXPR_AND, e, q->where);
        if (reads) {
            TRY(security_using(x, t, q->result_rte, &l, 'r', &e));
            q->where = security_join(x, EXPR_AND, e, q->where);
        }
    }
    if (q->command != CMD_DELETE) {
        TRY(security_checks(x, q, t, &l, command, false));
        if (reads && (q->command == CMD_UPDATE || q->returning_count != 0)) {
            TRY(security_checks(x, q, t, &l, 'r', true));
        }
    }
    return ST_OK;
}

/* security_target - the table that a statement changes: through views, by the rights of the last
 * one's owner. */
static Status security_target(Security *x, Query *q)
{
    Oid user = x->user;
    for (uint16_t i = 0; i < q->through_count; i++) {
        x->user = cat_view_checks_as(q->through[i], x->user);
    }
    Status st = security_change(x, q);
    x->user = user;
    return st;
}

/* security_wrap - the table becomes a subquery of its rows that may be seen. */
static Status security_wrap(Security *x, Rte *r, const PolicyList *l)
{
    const CatTable *t = r->table;
    BindScope *top = bind_scope_new(x->s, NULL, CMD_SELECT);
    Query *inner = top->query;
    Rte *copy = arena_memdup(x->s->b->arena, r, sizeof(*r));
    top->stored = true;
    copy->lateral = false;
    copy->column_used = NULL;
    uint16_t at = bind_add_rte(top, copy);
    inner->from = ARENA_ARRAY(x->s->b->arena, FromNode *, 1);
    inner->from[0] = ARENA_NEW(x->s->b->arena, FromNode);
    inner->from[0]->rte = at;
    inner->from_count = 1;
    inner->targets = ARENA_ARRAY(x->s->b->arena, Target, t->column_count + 1u);
    inner->target_count = t->column_count;
    for (uint16_t i = 0; i < t->column_count; i++) {
        const RteColumn *c = &r->columns[i];
        bool gone = t->columns[i].dropped;
        inner->targets[i].name = c->name;
        inner->targets[i].expr =
            gone ? bind_const_null(top, TYPE_INT4, -1)
            : !r->column_used[i]
                ? bind_const_null(top, c->type, c->typmod)
                : bind_column_expr(top, at, (int16_t)i, c->type, c->typmod, c->collation, -1);
        copy->column_used[i] = !gone && r->column_used[i];
        copy->column_read[i] = r->column_read != NULL ? r->column_read[i] : copy->column_used[i];
    }
    BindScope *outer = x->s;
    x->s = top;
    Status st = security_using(x, t, at, l, 'r', &inner->where);
    x->s = outer;
    TRY(st);
    r->kind = RTE_SUBQUERY;
    r->table = NULL;
    r->subquery = inner;
    return ST_OK;
}

/* security_rte - a table that is read. */
static Status security_rte(Security *x, Query *q, uint16_t at)
{
    Rte *r = q->rtes[at];
    PolicyList l;
    bool applies, marked = false;
    TRY(security_applies(x, r->table, &applies));
    if (!applies) {
        return ST_OK;
    }
    TRY(policies_of(x, r->table, &l));
    for (uint16_t i = 0; i < q->row_mark_count; i++) {
        marked = marked || q->row_marks[i].rte == at;
    }
    if (!marked && !r->tableoid_used) {
        return security_wrap(x, r, &l);
    }
    /* Its rows are locked: the conditions go into WHERE, as it is on no nullable side. */
    Expr *e;
    TRY(security_using(x, r->table, at, &l, 'r', &e));
    q->where = security_join(x, EXPR_AND, e, q->where);
    if (marked) {
        TRY(security_using(x, r->table, at, &l, 'w', &e));
        q->where = security_join(x, EXPR_AND, e, q->where);
    }
    return ST_OK;
}

/* security_visit - BindVisit: subqueries of expressions. */
static Status security_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)level;
    (void)descend;
    if (e->kind != EXPR_SUBLINK) {
        return ST_OK;
    }
    *descend = false;
    for (uint16_t i = 0; i < e->arg_count; i++) {
        TRY(bind_walk(e->args[i], level, security_visit, arg));
    }
    return security_query(arg, e->u.sublink.query);
}

static Status security_walk(Security *x, Expr *e)
{
    return bind_walk(e, 0, security_visit, x);
}

static Status security_walk_from(Security *x, FromNode *n)
{
    if (!n->is_join) {
        return ST_OK;
    }
    TRY(security_walk(x, n->on));
    TRY(security_walk_from(x, n->left));
    return security_walk_from(x, n->right);
}

/* security_entries - the range table, and what is inside its entries. */
static Status security_entries(Security *x, Query *q)
{
    uint16_t count = q->rte_count;
    for (uint16_t i = 0; i < count; i++) {
        Rte *r = q->rtes[i];
        bool target = q->result_table != NULL && i == q->result_rte;
        bool proposed = q->conflict == CONFLICT_UPDATE && i == q->conflict_rte;
        if (r->kind == RTE_TABLE && !target && !proposed) {
            TRY(security_rte(x, q, i));
            continue;
        }
        if (r->kind == RTE_SUBQUERY) {
            Oid user = x->user;
            x->user = r->view != NULL ? cat_view_checks_as(r->view, user) : user;
            Status st = security_query(x, r->subquery);
            x->user = user;
            TRY(st);
        }
        for (uint32_t k = 0; r->kind == RTE_VALUES && k < r->row_count; k++) {
            for (uint16_t c = 0; c < r->column_count; c++) {
                TRY(security_walk(x, r->rows[k][c]));
            }
        }
        TRY(security_walk(x, r->function));
    }
    return ST_OK;
}

static Status security_targets(Security *x, Target *targets, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        TRY(security_walk(x, targets[i].expr));
    }
    return ST_OK;
}

/* security_query - a query with all that is inside it. */
static Status security_query(Security *x, Query *q)
{
    if (q == NULL) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < q->cte_count; i++) {
        TRY(security_query(x, q->ctes[i].query));
    }
    TRY(security_query(x, q->set_left));
    TRY(security_query(x, q->set_right));
    for (uint16_t i = 0; i < q->from_count; i++) {
        TRY(security_walk_from(x, q->from[i]));
    }
    TRY(security_walk(x, q->where));
    TRY(security_walk(x, q->having));
    TRY(security_walk(x, q->limit));
    TRY(security_walk(x, q->offset));
    TRY(security_walk(x, q->conflict_where));
    TRY(security_targets(x, q->targets, q->target_count));
    TRY(security_targets(x, q->returning, q->returning_count));
    for (uint16_t i = 0; i < q->group_count; i++) {
        TRY(security_walk(x, q->group_by[i]));
    }
    for (uint16_t i = 0; i < q->order_count; i++) {
        TRY(security_walk(x, q->order_by[i].expr));
    }
    for (uint16_t i = 0; i < q->merge_action_count; i++) {
        const MergeAction *a = &q->merge_actions[i];
        TRY(security_walk(x, a->cond));
        if (a->targets != NULL) {
            TRY(security_targets(x, a->targets, q->result_table->column_count));
        }
    }
    TRY(security_entries(x, q));
    return q->result_table != NULL ? security_target(x, q) : ST_OK;
}

static Status security_expr(Security *x, const CatTable *t, uint16_t rte, const char *text,
                            Expr **out)
{
    BindScope *d = bind_scope_new(x->s, NULL, CMD_SELECT);
    SecurityChain link = {t->oid, x->chain};
    for (const SecurityChain *c = x->chain; c != NULL; c = c->outer) {
        if (c->table == t->oid) {
            return err_set(x->s->cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "infinite recursion detected in policy for relation \"%s\"", t->name);
        }
    }
    TRY(bind_read_expr(d, text, rte, out));
    d->query = x->s->query;
    bind_mark_used(d, *out);
    x->chain = &link;
    Status st = security_walk(x, *out);
    x->chain = link.outer;
    return st;
}

Status bind_row_security(BindScope *s)
{
    Security x = {.s = s, .user = s->b->view->user};
    return s->b->no_row_security ? ST_OK : security_query(&x, s->query);
}

Status bind_secure_query(Cx *cx, BindCx *b, Query *q)
{
    BindScope base = {.cx = cx, .b = b, .stored = true};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    s->query = q;
    return bind_row_security(s);
}
