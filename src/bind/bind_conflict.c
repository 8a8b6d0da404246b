/*
 * bind_conflict.c - INSERT ... ON CONFLICT: which unique index arbitrates, and what DO UPDATE
 * assigns
 */
#include "bind/bind_internal.h"

/* conflict_by_name - ON CONSTRAINT name. */
static Status conflict_by_name(BindScope *s, const PgQuery__InferClause *in, const CatTable *t,
                               bool update, int *index_out)
{
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        const CatConstraint *con = &t->constraints[i];
        if (strcmp(con->name, in->conname) != 0) {
            continue;
        }
        for (uint16_t k = 0; k < t->index_count; k++) {
            if (t->indexes[k].oid == con->index && t->indexes[k].constraint == con->oid) {
                if (con->type == 'x' && update) {
                    return err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE,
                                   "ON CONFLICT DO UPDATE not supported with exclusion "
                                   "constraints");
                }
                *index_out = k;
                return ST_OK;
            }
        }
        return err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE,
                       "constraint in ON CONFLICT clause has no associated index");
    }
    return BIND_ERR(s, -1, ERRCODE_UNDEFINED_OBJECT,
                    "constraint \"%s\" for table \"%s\" does not exist", in->conname, t->name);
}

/* ConflictTarget - ON CONFLICT (columns and expressions) WHERE condition. */
typedef struct ConflictTarget {
    uint16_t *columns; /* 0-based; UINT16_MAX: an expression */
    Expr **exprs;
    uint16_t count;
    Expr *where;
} ConflictTarget;

/* target_has - is the index's key column k named by the target? */
static bool target_has(const ConflictTarget *g, const CatIndex *ix, uint16_t k, const Expr *expr)
{
    for (uint16_t i = 0; i < g->count; i++) {
        if (expr != NULL ? g->exprs[i] != NULL && bind_same(g->exprs[i], expr)
                         : g->exprs[i] == NULL && ix->columns[k] == g->columns[i] + 1) {
            return true;
        }
    }
    return false;
}

/* where_implies - the predicate is the target's condition, or a part of its AND. */
static bool where_implies(const Expr *where, const Expr *predicate)
{
    if (where == NULL) {
        return false;
    }
    if (bind_same(where, predicate)) {
        return true;
    }
    if (predicate->kind == EXPR_AND) {
        bool all = true;
        for (uint16_t i = 0; i < predicate->arg_count; i++) {
            all = all && where_implies(where, predicate->args[i]);
        }
        return all;
    }
    for (uint16_t i = 0; where->kind == EXPR_AND && i < where->arg_count; i++) {
        if (where_implies(where->args[i], predicate)) {
            return true;
        }
    }
    return false;
}

/* index_is_on - a unique index over exactly what the target names, each rows' one way or another,
 * whose predicate the target's condition implies. */
static Status index_is_on(BindScope *s, const CatTable *t, const CatIndex *ix,
                          const ConflictTarget *g, bool *is_out)
{
    Expr *list = NULL, *predicate = NULL;
    uint16_t next = 0, used = 0;
    *is_out = false;
    if (!ix->unique || !ix->valid) {
        return ST_OK;
    }
    if (ix->predicate_sql != NULL) {
        TRY(bind_load_expr(s->cx, s->b, t, ix->predicate_sql, &predicate));
        if (!where_implies(g->where, predicate)) {
            return ST_OK;
        }
    }
    if (ix->expressions_sql != NULL) {
        TRY(bind_load_expr(s->cx, s->b, t, ix->expressions_sql, &list));
    }
    for (uint16_t k = 0; k < ix->key_count; k++) {
        const Expr *e = ix->columns[k] == 0 && list != NULL ? list->args[next++] : NULL;
        if (!target_has(g, ix, k, e)) {
            return ST_OK;
        }
    }
    for (uint16_t i = 0; i < g->count; i++) {
        bool found = false;
        next = 0;
        for (uint16_t k = 0; k < ix->key_count && !found; k++) {
            const Expr *e = ix->columns[k] == 0 && list != NULL ? list->args[next++] : NULL;
            ConflictTarget one = {&g->columns[i], &g->exprs[i], 1, NULL};
            found = target_has(&one, ix, k, e);
        }
        used = (uint16_t)(used + (found ? 1 : 0));
    }
    *is_out = used == g->count;
    return ST_OK;
}

/* target_element - one named column or expression. */
static Status target_element(BindScope *s, const PgQuery__InferClause *in, const CatTable *t,
                             const PgQuery__IndexElem *e, ConflictTarget *g)
{
    uint16_t n = g->count++;
    if (e->expr != NULL) {
        TRY(bind_table_expr(s->cx, s->b, t, e->expr, 0, -1, "index expression", &g->exprs[n]));
        g->columns[n] = UINT16_MAX;
        if (g->exprs[n]->kind == EXPR_COLUMN && g->exprs[n]->u.column.column >= 0) {
            g->columns[n] = (uint16_t)g->exprs[n]->u.column.column;
            g->exprs[n] = NULL;
        }
        return ST_OK;
    }
    for (uint16_t c = 0; s->change != NULL && c < s->change->column_count; c++) {
        if (strcmp(s->change->columns[c].name, e->name) == 0 && s->change->columns[c].base >= 0) {
            g->columns[n] = (uint16_t)s->change->columns[c].base;
            return ST_OK;
        }
    }
    for (uint16_t c = 0; s->change == NULL && c < t->column_count; c++) {
        if (!t->columns[c].dropped && strcmp(t->columns[c].name, e->name) == 0) {
            g->columns[n] = c;
            return ST_OK;
        }
    }
    return BIND_ERR(s, in->location, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist",
                    e->name);
}

/* conflict_by_columns - the unique index that the target makes out. */
static Status conflict_by_columns(BindScope *s, const PgQuery__InferClause *in, const CatTable *t,
                                  int *index_out)
{
    ConflictTarget g = {.columns = ARENA_ARRAY(s->b->arena, uint16_t, in->n_index_elems + 1),
                        .exprs = ARENA_ARRAY(s->b->arena, Expr *, in->n_index_elems + 1)};
    for (size_t i = 0; i < in->n_index_elems; i++) {
        TRY(target_element(s, in, t, in->index_elems[i]->index_elem, &g));
    }
    if (in->where_clause != NULL) {
        TRY(bind_table_expr(s->cx, s->b, t, in->where_clause, TYPE_BOOL, -1, "index predicate",
                            &g.where));
    }
    for (uint16_t i = 0; i < t->index_count; i++) {
        bool is_it;
        TRY(index_is_on(s, t, &t->indexes[i], &g, &is_it));
        if (is_it) {
            *index_out = i;
            return ST_OK;
        }
    }
    return err_set(s->cx, ERRCODE_INVALID_COLUMN_REFERENCE,
                   "there is no unique or exclusion constraint matching the ON CONFLICT "
                   "specification");
}

/* conflict_generated - DO UPDATE computes all generated columns: they may change. */
static void conflict_generated(BindScope *s, const CatTable *t)
{
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (t->columns[i].generated != 0 && !t->columns[i].dropped) {
            s->query->conflict_set[i] = true;
        }
    }
}

/* conflict_assignments - DO UPDATE SET ... WHERE ...: sees the table's row and "excluded". */
static Status conflict_assignments(BindScope *s, const PgQuery__OnConflictClause *c,
                                   const CatTable *t, NsItem *target)
{
    Query *q = s->query;
    TRY(bind_table_rte(s, t, "excluded", &q->conflict_rte));
    NsItem *excluded = bind_item_of_rte(s, q->conflict_rte, "excluded", NULL, 0);
    if (s->change != NULL) {
        ViewTarget proposed;
        TRY(bind_view_target(s, s->change->view, CMD_INSERT, q->conflict_rte, &proposed));
        excluded = bind_view_item(s, &proposed, "excluded");
    }
    bind_add_item(s, excluded);
    target->rel_visible = target->cols_visible = true;
    TRY(bind_update_columns(s, t, c->target_list, c->n_target_list, &q->conflict_targets,
                            &q->conflict_set));
    conflict_generated(s, t);
    if (c->where_clause != NULL) {
        s->no_aggs = "WHERE";
        TRY(bind_bool_expr(s, c->where_clause, "WHERE", &q->conflict_where));
        s->no_aggs = NULL;
    }
    excluded->rel_visible = excluded->cols_visible = false;
    return ST_OK;
}

Status bind_on_conflict(BindScope *s, const PgQuery__OnConflictClause *c, const CatTable *t,
                        NsItem *target)
{
    Query *q = s->query;
    const PgQuery__InferClause *in = c->infer;
    bool update = c->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE;
    q->conflict = update ? CONFLICT_UPDATE : CONFLICT_NOTHING;
    q->conflict_index = -1;
    if (update && in == NULL) {
        (void)BIND_ERR(s, c->location, ERRCODE_SYNTAX_ERROR,
                       "ON CONFLICT DO UPDATE requires inference specification or constraint name");
        return err_hint(s->cx, "For example, ON CONFLICT (column_name).");
    }
    if (update) {
        TRY(conflict_assignments(s, c, t, target));
    }
    if (in != NULL && in->conname != NULL && in->conname[0] != '\0') {
        return conflict_by_name(s, in, t, update, &q->conflict_index);
    }
    return in != NULL ? conflict_by_columns(s, in, t, &q->conflict_index) : ST_OK;
}
