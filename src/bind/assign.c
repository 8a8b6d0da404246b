/*
 * assign.c - what INSERT, UPDATE and DELETE share: assignment, defaults, checks, RETURNING
 */
#include "bind/bind_internal.h"

#define PROC_NEXTVAL 1574

bool bind_has_instead(const CatTable *t, int16_t event)
{
    bool found = false;
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        int16_t type = t->triggers[i].type;
        found = found || ((type & TRIGGER_INSTEAD) != 0 && (type & event) != 0);
    }
    return found;
}

Status bind_is_modifiable(BindScope *s, const CatTable *t)
{
    if (t->kind == 'S') {
        return err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot change sequence \"%s\"", t->name);
    }
    if (t->kind == 'm' && !s->b->maintains) {
        return err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot change materialized view \"%s\"",
                       t->name);
    }
    if (t->builtin && !s->b->view->user_super) {
        return err_set(s->cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for table %s",
                       t->name);
    }
    if (t->builtin) {
        return err_set(s->cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", t->name);
    }
    return ST_OK;
}

Status bind_target_column(BindScope *s, const CatTable *t, const char *name, int32_t location,
                          uint16_t *column_out)
{
    if (s->change != NULL) {
        return bind_view_column(s, name, location, column_out);
    }
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (!t->columns[i].dropped && strcmp(t->columns[i].name, name) == 0) {
            *column_out = i;
            return ST_OK;
        }
    }
    return BIND_ERR(s, location, ERRCODE_UNDEFINED_COLUMN,
                    "column \"%s\" of relation \"%s\" does not exist", name, t->name);
}

Status bind_assign(BindScope *s, const CatTable *t, uint16_t column, Expr *e, int32_t location,
                   Expr **out)
{
    const CatColumn *c = &t->columns[column];
    Status st = bind_coerce_to(s, e, c->type, c->typmod, 'a', location, out);
    if (st == ST_NOTFOUND) {
        (void)err_set(s->cx, ERRCODE_DATATYPE_MISMATCH,
                      "column \"%s\" is of type %s but expression is of type %s", c->name,
                      bind_type_text(s, c->type), bind_type_text(s, e->type));
        (void)err_hint(s->cx, "You will need to rewrite or cast the expression.");
        return bind_at(s, location);
    }
    return st;
}

/* bind_stored_expr - a catalog expression over the columns of entry rte (t NULL: over none). */
Status bind_stored_expr(BindScope *s, const CatTable *t, uint16_t rte, const char *sql, Expr **out)
{
    Node *node;
    BindScope *d = bind_scope_new(s, NULL, CMD_SELECT);
    if (bind_is_tree(sql)) {
        TRY(bind_read_expr(d, sql, rte, out));
        d->query = s->query;
        if (t != NULL) {
            bind_mark_used(d, *out);
        }
        return ST_OK;
    }
    TRY(parse_expression(s->cx, s->b->arena, slice_of(sql), &node));
    d->stored = true;
    d->no_aggs = "stored expressions";
    if (t != NULL) {
        d->query = s->query;
        bind_add_item(d, bind_item_of_rte(d, rte, t->name, NULL, 0));
    }
    return bind_expr(d, node, out);
}

Status bind_load_expr(Cx *cx, BindCx *b, const CatTable *table, const char *stored, Expr **out)
{
    BindScope base = {.cx = cx, .b = b, .stored = true};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    uint16_t rte = 0;
    if (table != NULL) {
        TRY(bind_table_rte(s, table, table->name, &rte));
    }
    return bind_stored_expr(s, table, rte, stored, out);
}

/* nextval_expr - nextval of a sequence; it names it by OID. identity: the column's own, for which
 * nobody needs a privilege of its own. */
static Status nextval_expr(BindScope *s, Oid sequence, bool identity, Expr **out)
{
    const CatProc *proc =
        identity ? cat_identity_nextval(s->b->view) : cat_proc(s->b->view, PROC_NEXTVAL);
    if (sequence == 0 || proc == NULL) {
        return err_set(s->cx, ERRCODE_INTERNAL_ERROR, "no owned sequence found");
    }
    Expr *e = bind_func_expr(s, proc, TYPE_INT8, -1, 1);
    e->args[0] = bind_expr_new(s, EXPR_CONST, TYPE_REGCLASS, -1, -1, 0);
    e->args[0]->u.constant.value.u32 = sequence;
    *out = e;
    return ST_OK;
}

Status bind_nextval(Cx *cx, BindCx *b, Oid sequence, Oid type, Expr **out)
{
    BindScope s = {.cx = cx, .b = b, .stored = true};
    Expr *e = NULL;
    TRY(nextval_expr(&s, sequence, false, &e));
    Status st = bind_coerce_to(&s, e, type, -1, 'a', -1, out);
    return st == ST_NOTFOUND ? err_set(cx, ERRCODE_INTERNAL_ERROR, "a sequence gives integers")
                             : st;
}

/* default_of_domain - the default that a column without one of its own has from its domain; else a
 * NULL that the domain must allow. */
static Status default_of_domain(BindScope *s, const CatTable *t, uint16_t column,
                                const CatType *type, Expr **out)
{
    Expr *e = bind_const_null(s, TYPE_UNKNOWN, -1);
    if (type->default_sql != NULL) {
        TRY(bind_stored_expr(s, NULL, 0, type->default_sql, &e));
    }
    return bind_assign(s, t, column, e, -1, out);
}

Status bind_column_default(BindScope *s, const CatTable *t, uint16_t column, Expr **out)
{
    const CatColumn *c = &t->columns[column];
    Expr *e;
    if (s->change != NULL && s->change->defaults[column] != NULL) {
        TRY(bind_stored_expr(s, NULL, 0, s->change->defaults[column], &e));
        return bind_assign(s, t, column, e, -1, out);
    }
    if (!c->dropped && c->identity != 0) {
        TRY(nextval_expr(s, c->identity_sequence, true, &e));
        return bind_assign(s, t, column, e, -1, out);
    }
    if (c->dropped || c->default_sql == NULL || c->generated != 0) { /* computed from the row */
        const CatType *type = cat_type(s->b->view, c->dropped ? TYPE_INT4 : c->type);
        *out = bind_const_null(s, type != NULL ? type->oid : TYPE_INT4, c->typmod);
        if (!c->dropped && type != NULL && type->kind == 'd') {
            return default_of_domain(s, t, column, type, out);
        }
        (*out)->phys = t->storage->columns[column].phys; /* a dropped column has no type, but is
                                                            stored as before */
        return ST_OK;
    }
    TRY(bind_stored_expr(s, NULL, 0, c->default_sql, &e));
    return bind_assign(s, t, column, e, -1, out);
}

Status bind_column_value(Cx *cx, BindCx *b, const CatTable *t, uint16_t column, Expr **out)
{
    BindScope s = {.cx = cx, .b = b, .stored = true};
    return bind_column_default(&s, t, column, out);
}

/* ReadsSet - BindVisit: does the expression read a column that is set? */
typedef struct ReadsSet {
    const bool *set;
    bool found;
} ReadsSet;

static Status reads_set(void *arg, Expr *e, uint32_t level, bool *descend)
{
    ReadsSet *r = arg;
    (void)descend;
    if (level == 0 && e->kind == EXPR_COLUMN && e->u.column.column >= 0) {
        r->found = r->found || r->set[e->u.column.column];
    }
    return ST_OK;
}

/* changed_by_triggers - may BEFORE UPDATE triggers set other columns than the statement does? */
static bool changed_by_triggers(const CatTable *t)
{
    enum { BEFORE_UPDATE = TRIGGER_ROW | TRIGGER_BEFORE | TRIGGER_UPDATE };
    bool found = false;
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        found = found || (t->triggers[i].type & BEFORE_UPDATE) == BEFORE_UPDATE;
    }
    return found;
}

Status bind_generated(BindScope *s, const CatTable *t, bool *set)
{
    Query *q = s->query;
    bool triggers = changed_by_triggers(t);
    bool *given = set != NULL ? arena_memdup(s->b->arena, set, t->column_count) : NULL;
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *c = &t->columns[i];
        ReadsSet reads = {.set = given};
        Expr *e;
        if (c->generated == 0 || c->dropped || c->default_sql == NULL) {
            continue;
        }
        if (q->generated == NULL) {
            q->generated = ARENA_ARRAY(s->b->arena, Expr *, t->column_count);
            q->generated_columns = ARENA_ARRAY(s->b->arena, uint16_t, t->column_count);
        }
        TRY(bind_stored_expr(s, t, q->result_rte, c->default_sql, &e));
        if (set != NULL) {
            TRY(bind_walk(e, 0, reads_set, &reads));
            if (reads.found || given[i]) {
                set[i] = true;
            } else if (!triggers) {
                continue;
            }
        }
        TRY(bind_assign(s, t, i, e, -1, &q->generated[q->generated_count]));
        q->generated_columns[q->generated_count++] = i;
    }
    return ST_OK;
}

Status bind_checks(BindScope *s, const CatTable *t)
{
    Query *q = s->query;
    uint32_t most = t->constraint_count + 1u + (s->change != NULL ? s->change->check_count : 0);
    q->checks = ARENA_ARRAY(s->b->arena, Expr *, most);
    q->check_constraints = ARENA_ARRAY(s->b->arena, const CatConstraint *, most);
    q->check_views = ARENA_ARRAY(s->b->arena, const char *, most);
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        const CatConstraint *c = &t->constraints[i];
        Expr *e;
        if (c->type != 'c' || c->check_sql == NULL) {
            continue;
        }
        TRY(bind_stored_expr(s, t, q->result_rte, c->check_sql, &e));
        TRY(bind_coerce_bool(s, e, "CHECK", &q->checks[q->check_count]));
        q->check_constraints[q->check_count++] = c;
    }
    for (uint16_t i = 0; s->change != NULL && i < s->change->check_count; i++) {
        q->checks[q->check_count] = s->change->checks[i];
        q->check_views[q->check_count++] = s->change->check_views[i];
    }
    return ST_OK;
}

Status bind_value_or_default(BindScope *s, const Node *n, Expr **out)
{
    if (NODE_IS(n, SET_TO_DEFAULT)) {
        *out = bind_expr_new(s, EXPR_DEFAULT, TYPE_UNKNOWN, -1, n->set_to_default->location, 0);
        return ST_OK;
    }
    return bind_expr(s, n, out);
}

Status bind_returning(BindScope *s, Node *const *nodes, size_t count)
{
    Query *q = s->query;
    if (count == 0) {
        return ST_OK;
    }
    s->no_aggs = "RETURNING";
    TRY(bind_targets(s, nodes, count, &q->returning, &q->returning_count));
    s->no_aggs = NULL;
    for (uint16_t i = 0; i < q->returning_count; i++) {
        TRY(bind_resolve_unknown(s, q->returning[i].expr, &q->returning[i].expr));
    }
    return ST_OK;
}
