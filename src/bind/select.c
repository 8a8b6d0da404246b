/*
 * select.c - SELECT: the order of its clauses, its result columns, LIMIT, row locks
 */
#include "bind/bind_internal.h"

typedef struct TargetList {
    Target *list;
    uint16_t count, size;
} TargetList;

static Target *targets_add(BindScope *s, TargetList *l)
{
    if (l->count == l->size) {
        uint16_t size = (uint16_t)(l->size == 0 ? 8 : l->size * 2);
        l->list = arena_grow(s->b->arena, l->list, l->size * sizeof(Target), size * sizeof(Target));
        l->size = size;
    }
    l->list[l->count] = (Target){0};
    return &l->list[l->count++];
}

/* target_source - which table column a result column shows, for clients. */
static void target_source(BindScope *s, Target *t)
{
    const Expr *e = t->expr;
    if (e->kind != EXPR_COLUMN || e->u.column.levels_up != 0 || e->u.column.column < 0) {
        return;
    }
    const Rte *r = s->query->rtes[e->u.column.rte];
    if (r->kind == RTE_TABLE) {
        t->source_table = r->table->oid;
        t->source_column = r->table->columns[e->u.column.column].number;
    } else if (r->kind == RTE_SUBQUERY && r->subquery->command == CMD_SELECT) {
        t->source_table = r->subquery->targets[e->u.column.column].source_table;
        t->source_column = r->subquery->targets[e->u.column.column].source_column;
    }
}

static void targets_of_item(BindScope *s, TargetList *l, const NsItem *item, uint16_t levels,
                            int32_t location)
{
    for (uint16_t c = 0; c < item->column_count; c++) {
        if (item->columns[c].name != NULL) {
            Target *t = targets_add(s, l);
            t->name = item->columns[c].name;
            t->expr = bind_item_column(s, item, c, levels, location);
            target_source(s, t);
        }
    }
}

/* targets_of_variable - record.* of a function's variable. */
static Status targets_of_variable(BindScope *s, TargetList *l, const PgQuery__ColumnRef *ref)
{
    Expr **exprs;
    const char **names;
    uint32_t count;
    TRY(bind_variable_fields(s, ref, &exprs, &names, &count));
    TRY(bind_target_limit(s, l->count + count));
    for (uint32_t i = 0; i < count; i++) {
        Target *t = targets_add(s, l);
        t->name = names[i];
        t->expr = exprs[i];
    }
    return ST_OK;
}

/* targets_star - "*" and "t.*". */
static Status targets_star(BindScope *s, TargetList *l, const PgQuery__ColumnRef *ref)
{
    if (ref->n_fields == 1) {
        bool any = false;
        for (uint16_t i = 0; i < s->item_count; i++) {
            if (s->items[i]->cols_visible) {
                TRY(bind_target_limit(s, l->count)); /* before they outgrow their counter */
                targets_of_item(s, l, s->items[i], 0, ref->location);
                any = true;
            }
        }
        if (!any) {
            return BIND_ERR(s, ref->location, ERRCODE_SYNTAX_ERROR,
                            "SELECT * with no tables specified is not valid");
        }
        return ST_OK;
    }
    const char *rel = bind_string(ref->fields[ref->n_fields - 2]);
    const char *schema = ref->n_fields > 2 ? bind_string(ref->fields[ref->n_fields - 3]) : NULL;
    NsItem *item;
    uint16_t levels;
    Status st = bind_find_relation(s, schema, rel, ref->location, &item, &levels);
    if (st == ST_NOTFOUND) {
        st = targets_of_variable(s, l, ref);
        if (st != ST_NOTFOUND) {
            return st;
        }
        return BIND_ERR(s, ref->location, ERRCODE_UNDEFINED_TABLE,
                        "missing FROM-clause entry for table \"%s\"", rel);
    }
    TRY(st);
    targets_of_item(s, l, item, levels, ref->location);
    return ST_OK;
}

Status bind_target_limit(BindScope *s, size_t count)
{
    return count <= TARGETS_MAX ? ST_OK
                                : err_set(s->cx, ERRCODE_TOO_MANY_COLUMNS,
                                          "target lists can have at most %d entries", TARGETS_MAX);
}

/* target_fields - (row).*: a target for each of its fields, ST_DONE; else the expression. */
static Status target_fields(BindScope *s, TargetList *l, const Node *n, Expr **out)
{
    const PgQuery__AIndirection *a = NODE_IS(n, A_INDIRECTION) ? n->a_indirection : NULL;
    RowShape shape;
    if (a == NULL || !NODE_IS(a->indirection[a->n_indirection - 1], A_STAR)) {
        return bind_expr(s, n, out);
    }
    PgQuery__AIndirection inner = *a;
    inner.n_indirection--;
    TRY(inner.n_indirection > 0 ? bind_indirection(s, &inner, out) : bind_expr(s, a->arg, out));
    if (!bind_row_shape(s, *out, &shape)) {
        return err_unsupported(s->cx, "\"*\" of a row of unknown fields is not supported");
    }
    for (uint16_t i = 0; i < shape.count; i++) {
        if (shape.names[i][0] != '\0') {
            TRY(bind_target_limit(s, l->count));
            Target *t = targets_add(s, l);
            t->expr = bind_row_field(s, *out, &shape, i);
            t->name = shape.names[i];
        }
    }
    return ST_DONE;
}

Status bind_targets(BindScope *s, Node *const *nodes, size_t count, Target **targets_out,
                    uint16_t *count_out)
{
    TargetList l = {0};
    for (size_t i = 0; i < count; i++) {
        const PgQuery__ResTarget *rt = nodes[i]->res_target;
        TRY(bind_target_limit(s, l.count));
        if (NODE_IS(rt->val, COLUMN_REF)) {
            const PgQuery__ColumnRef *ref = rt->val->column_ref;
            if (NODE_IS(ref->fields[ref->n_fields - 1], A_STAR)) {
                TRY(targets_star(s, &l, ref));
                continue;
            }
        }
        Expr *e;
        s->in_from_function = NODE_IS(rt->val, FUNC_CALL) && s->query->command == CMD_SELECT;
        s->in_targets = s->query->command == CMD_SELECT;
        Status st = target_fields(s, &l, rt->val, &e);
        s->in_from_function = s->in_targets = false;
        if (st == ST_DONE) {
            continue;
        }
        TRY(st);
        TRY(bind_row_resolve(s, e));
        Target *t = targets_add(s, &l);
        t->expr = e;
        t->name = rt->name != NULL && rt->name[0] != '\0' ? rt->name : bind_target_name(rt->val);
        target_source(s, t);
    }
    *targets_out = l.list;
    *count_out = l.count;
    return ST_OK;
}

Status bind_add_hidden(BindScope *s, Expr *e)
{
    Query *q = s->query;
    TRY(bind_target_limit(s, q->target_count));
    q->targets = arena_grow(s->b->arena, q->targets, q->target_count * sizeof(Target),
                            (q->target_count + 1u) * sizeof(Target));
    q->targets[q->target_count++] = (Target){.expr = e, .name = "?column?", .hidden = true};
    return ST_OK;
}

static Status limit_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)descend;
    if (e->kind == EXPR_COLUMN && e->u.column.levels_up == level) {
        *(const Expr **)arg = e;
        return ST_DONE;
    }
    return ST_OK;
}

static Status bind_limit_value(BindScope *s, const Node *n, const char *clause, Expr **out)
{
    Expr *e;
    const Expr *column = NULL;
    if (n == NULL) {
        return ST_OK;
    }
    const char *saved = s->no_aggs;
    s->no_aggs = clause;
    Status st = bind_expr(s, n, &e);
    s->no_aggs = saved;
    TRY(st);
    TRY(bind_coerce_int8(s, e, clause, out));
    if (bind_walk(*out, 0, limit_visit, &column) == ST_DONE) {
        return BIND_ERR(s, column->location, ERRCODE_INVALID_COLUMN_REFERENCE,
                        "argument of %s must not contain variables", clause);
    }
    return ST_OK;
}

Status bind_limit(BindScope *s, const PgQuery__SelectStmt *st)
{
    Query *q = s->query;
    TRY(bind_limit_value(s, st->limit_offset, "OFFSET", &q->offset));
    TRY(bind_limit_value(s, st->limit_count, "LIMIT", &q->limit));
    q->with_ties = st->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
    if (q->with_ties &&
        (q->limit == NULL || (q->limit->kind == EXPR_CONST && q->limit->u.constant.is_null))) {
        return err_set(s->cx, ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE,
                       "row count cannot be null in FETCH FIRST ... WITH TIES clause");
    }
    return ST_OK;
}

static const char *lock_name(PgQuery__LockClauseStrength strength)
{
    switch (strength) {
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORKEYSHARE: return "FOR KEY SHARE";
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORSHARE: return "FOR SHARE";
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORNOKEYUPDATE: return "FOR NO KEY UPDATE";
    default: return "FOR UPDATE";
    }
}

static RowMark lock_mark(const PgQuery__LockingClause *lc, uint16_t rte)
{
    RowMark m = {.rte = rte, .mode = ROWLOCK_UPDATE, .wait = WAIT_BLOCK};
    switch (lc->strength) {
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORKEYSHARE: m.mode = ROWLOCK_KEY_SHARE; break;
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORSHARE: m.mode = ROWLOCK_SHARE; break;
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORNOKEYUPDATE: m.mode = ROWLOCK_NO_KEY_UPDATE; break;
    default: break;
    }
    if (lc->wait_policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitSkip) {
        m.wait = WAIT_SKIP;
    } else if (lc->wait_policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitError) {
        m.wait = WAIT_NOWAIT;
    }
    return m;
}

/* lock_nullable - row locks cannot be taken where an outer join may give no row. */
static bool lock_nullable(const FromNode *n, uint16_t rte, bool nullable)
{
    if (!n->is_join) {
        return nullable && n->rte == rte;
    }
    return lock_nullable(n->left, rte, nullable || n->join == JOIN_RIGHT || n->join == JOIN_FULL) ||
           lock_nullable(n->right, rte, nullable || n->join == JOIN_LEFT || n->join == JOIN_FULL);
}

/* row_mark_add - a lock on one entry; a second clause on it strengthens the first. */
static Status row_mark_add(BindScope *s, const PgQuery__LockingClause *lc, uint16_t rte, bool named)
{
    Query *q = s->query;
    const Rte *r = q->rtes[rte];
    const CatTable *locked;
    if (r->kind != RTE_TABLE) {
        if (r->kind == RTE_SUBQUERY || named) {
            return err_unsupported(s->cx, "%s over a subquery is not supported",
                                   lock_name(lc->strength));
        }
        return ST_OK;
    }
    for (uint16_t i = 0; i < q->from_count; i++) {
        if (lock_nullable(q->from[i], rte, false)) {
            return err_unsupported(s->cx,
                                   "%s cannot be applied to the nullable side of an outer join",
                                   lock_name(lc->strength));
        }
    }
    if (!s->b->no_locks && s->b->view->txn != NULL) {
        TRY(cat_table_lock(s->cx, s->b->view, r->table->schema_name, r->table->name,
                           TABLELOCK_ROW_SHARE, &locked));
    }
    RowMark m = lock_mark(lc, rte);
    for (uint16_t i = 0; i < q->row_mark_count; i++) {
        if (q->row_marks[i].rte == rte) {
            q->row_marks[i].mode = MAX(q->row_marks[i].mode, m.mode);
            q->row_marks[i].wait = MAX(q->row_marks[i].wait, m.wait);
            return ST_OK;
        }
    }
    q->row_marks = arena_grow(s->b->arena, q->row_marks, q->row_mark_count * sizeof(RowMark),
                              (q->row_mark_count + 1u) * sizeof(RowMark));
    q->row_marks[q->row_mark_count++] = m;
    return ST_OK;
}

static Status lock_named(BindScope *s, const PgQuery__LockingClause *lc)
{
    for (size_t i = 0; i < lc->n_locked_rels; i++) {
        const PgQuery__RangeVar *rv = lc->locked_rels[i]->range_var;
        bool found = false;
        for (uint16_t r = 0; r < s->query->rte_count && !found; r++) {
            const char *alias = s->query->rtes[r]->alias;
            if (alias != NULL && strcmp(alias, rv->relname) == 0) {
                TRY(row_mark_add(s, lc, r, true));
                found = true;
            }
        }
        if (!found) {
            return BIND_ERR(s, rv->location, ERRCODE_UNDEFINED_TABLE,
                            "relation \"%s\" in %s clause not found in FROM clause", rv->relname,
                            lock_name(lc->strength));
        }
    }
    return ST_OK;
}

Status bind_row_marks(BindScope *s, const PgQuery__SelectStmt *st)
{
    const Query *q = s->query;
    for (size_t i = 0; i < st->n_locking_clause; i++) {
        const PgQuery__LockingClause *lc = st->locking_clause[i]->locking_clause;
        const char *with = q->set_op != SETOP_NONE     ? "UNION/INTERSECT/EXCEPT"
                           : st->n_distinct_clause > 0 ? "DISTINCT clause"
                           : q->has_group_by           ? "GROUP BY clause"
                           : q->having != NULL         ? "HAVING clause"
                           : q->has_aggs               ? "aggregate functions"
                           : q->has_windows            ? "window functions"
                           : st->n_values_lists > 0    ? "VALUES"
                                                       : NULL;
        if (with != NULL) {
            return err_unsupported(s->cx, "%s is not allowed with %s", lock_name(lc->strength),
                                   with);
        }
        if (lc->n_locked_rels > 0) {
            TRY(lock_named(s, lc));
            continue;
        }
        for (uint16_t r = 0; r < q->rte_count; r++) {
            TRY(row_mark_add(s, lc, r, false));
        }
    }
    return ST_OK;
}

static Status resolve_targets(BindScope *s)
{
    Query *q = s->query;
    for (uint16_t i = 0; i < q->target_count && !s->keep_unknown; i++) {
        TRY(bind_resolve_unknown(s, q->targets[i].expr, &q->targets[i].expr));
    }
    return ST_OK;
}

/* select_plain - a SELECT's clauses in PostgreSQL's order, which decides which error comes first.
 */
static Status select_plain(BindScope *s, const PgQuery__SelectStmt *st)
{
    Query *q = s->query;
    TRY(bind_window_names(s, st->window_clause, st->n_window_clause));
    s->no_aggs = NULL;
    TRY(bind_from_clause(s, st->from_clause, st->n_from_clause));
    TRY(bind_targets(s, st->target_list, st->n_target_list, &q->targets, &q->target_count));
    if (st->where_clause != NULL) {
        s->no_aggs = "WHERE";
        TRY(bind_bool_expr(s, st->where_clause, "WHERE", &q->where));
        s->no_aggs = NULL;
    }
    if (st->having_clause != NULL) {
        s->no_windows = "HAVING";
        TRY(bind_bool_expr(s, st->having_clause, "HAVING", &q->having));
        s->no_windows = NULL;
    }
    TRY(bind_sort_clause(s, st));
    TRY(bind_group_clause(s, st));
    TRY(bind_distinct_clause(s, st));
    TRY(bind_limit(s, st));
    TRY(bind_windows(s));
    TRY(resolve_targets(s));
    TRY(bind_row_marks(s, st));
    TRY(bind_check_aggregates(s));
    TRY(bind_set_check(s));
    return bind_target_limit(s, q->target_count);
}

Status bind_select(BindScope *s, const PgQuery__SelectStmt *st)
{
    if (st->into_clause != NULL) {
        return err_unsupported(s->cx, "SELECT INTO is not supported");
    }
    if (s->depth > 200) {
        return err_set(s->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    if (st->with_clause != NULL) {
        TRY(bind_with_clause(s, st->with_clause));
    }
    if (st->op > PG_QUERY__SET_OPERATION__SETOP_NONE) {
        return bind_set_operation(s, st);
    }
    if (st->n_values_lists > 0) {
        return bind_values(s, st);
    }
    return select_plain(s, st);
}

Status bind_subselect(BindScope *outer, const PgQuery__SelectStmt *st, bool keep_unknown,
                      Query **out)
{
    BindScope *s = bind_scope_new(outer, outer, CMD_SELECT);
    s->keep_unknown = keep_unknown;
    TRY(bind_select(s, st));
    *out = s->query;
    return ST_OK;
}

Status bind_query_node(BindScope *outer, const Node *n, bool keep_unknown, Query **out)
{
    if (!NODE_IS(n, SELECT_STMT)) {
        return err_unsupported(outer->cx, "this kind of statement in a query is not supported");
    }
    return bind_subselect(outer, n->select_stmt, keep_unknown, out);
}
