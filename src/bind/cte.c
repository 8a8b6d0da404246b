/*
 * cte.c - WITH: named queries, found by FROM of the same and deeper levels; WITH RECURSIVE
 *
 * A query that refers to itself is "start UNION [ALL] step". Its columns are those of the start, so
 * a reference to it inside the step is bound as soon as the start is.
 */
#include "bind/bind_internal.h"

static Cte *cte_in(Query *q, const char *name)
{
    for (uint16_t i = 0; i < q->cte_count; i++) {
        if (strcmp(q->ctes[i].name, name) == 0) {
            return &q->ctes[i];
        }
    }
    return NULL;
}

Cte *bind_find_cte(BindScope *s, const char *name)
{
    for (; s != NULL; s = s->parent) {
        for (BindScope *at = s; at != NULL; at = at->set_owner) {
            Cte *c = cte_in(at->query, name);
            if (c != NULL) {
                return c;
            }
        }
    }
    return NULL;
}

static uint16_t visible_columns(const Target *targets, uint16_t count)
{
    uint16_t visible = 0;
    while (visible < count && !targets[visible].hidden) {
        visible++;
    }
    return visible;
}

static Status cte_names(BindScope *s, const PgQuery__CommonTableExpr *c, Query *q)
{
    bool select = q->command == CMD_SELECT;
    Target *targets = select ? q->targets : q->returning;
    uint16_t visible = visible_columns(targets, select ? q->target_count : q->returning_count);
    if (c->n_aliascolnames > visible) {
        return BIND_ERR(s, c->location, ERRCODE_INVALID_COLUMN_REFERENCE,
                        "WITH query \"%s\" has %u columns available but %u columns specified",
                        c->ctename, visible, (uint32_t)c->n_aliascolnames);
    }
    for (size_t i = 0; i < c->n_aliascolnames; i++) {
        targets[i].own_name = targets[i].name;
        targets[i].name = bind_string(c->aliascolnames[i]);
    }
    return ST_OK;
}

/* bind_recursive_use - a WITH query named inside itself: allowed in the step of the right form. */
Status bind_recursive_use(BindScope *s, Cte *c, int32_t location)
{
    if (!c->may_recur) {
        return BIND_ERR(s, c->location, ERRCODE_INVALID_RECURSION,
                        "recursive query \"%s\" does not have the form non-recursive-term UNION "
                        "[ALL] recursive-term",
                        c->name);
    }
    if (c->start == NULL) {
        return BIND_ERR(s, location, ERRCODE_INVALID_RECURSION,
                        "recursive reference to query \"%s\" must not appear within its "
                        "non-recursive term",
                        c->name);
    }
    if (c->recursive) {
        return BIND_ERR(s, location, ERRCODE_INVALID_RECURSION,
                        "recursive reference to query \"%s\" must not appear more than once",
                        c->name);
    }
    c->recursive = true;
    return ST_OK;
}

/* bind_recursive_start - the left operand of a WITH RECURSIVE body is bound: keep what a reference
 * needs. */
Status bind_recursive_start(BindScope *s, Query *start)
{
    Cte *c = s->recursive_cte;
    if (c == NULL || !c->may_recur) {
        return ST_OK;
    }
    Query *copy = arena_memdup(s->b->arena, start, sizeof(*start));
    for (uint16_t i = 0; i < start->target_count; i++) {
        if (start->set_op == SETOP_NONE) {
            TRY(bind_resolve_unknown(s, start->targets[i].expr, &start->targets[i].expr));
        }
    }
    copy->targets = arena_memdup(s->b->arena, start->targets, start->target_count * sizeof(Target));
    c->start = copy;
    return ST_OK;
}

/* recursive_types - the step may not widen the columns the start has. */
static Status recursive_types(BindScope *s, const Cte *c)
{
    for (uint16_t i = 0; c->recursive && i < c->query->target_count; i++) {
        const Expr *e = c->query->targets[i].expr, *was = c->start->targets[i].expr;
        if (e->type != was->type || e->typmod != was->typmod) {
            (void)BIND_ERR(s, bind_location(was), ERRCODE_DATATYPE_MISMATCH,
                           "recursive query \"%s\" column %u has type %s in non-recursive term but "
                           "type %s overall",
                           c->name, i + 1u, bind_type_text(s, was->type),
                           bind_type_text(s, e->type));
            return err_hint(s->cx,
                            "Cast the output of the non-recursive term to the correct type.");
        }
    }
    return ST_OK;
}

static int32_t node_location(const Node *n)
{
    return NODE_IS(n, A_CONST)      ? n->a_const->location
           : NODE_IS(n, COLUMN_REF) ? n->column_ref->location
                                    : -1;
}

/* recursive_clauses - what a query that refers to itself may not have. */
static Status recursive_clauses(BindScope *s, const PgQuery__SelectStmt *st)
{
    const Node *at = NULL;
    const char *clause = NULL;
    if (st->n_sort_clause > 0) {
        clause = "ORDER BY";
        at = st->sort_clause[0]->sort_by->node;
    } else if (st->limit_offset != NULL) {
        clause = "OFFSET";
        at = st->limit_offset;
    } else if (st->limit_count != NULL) {
        clause = "LIMIT";
        at = st->limit_count;
    } else if (st->n_locking_clause > 0) {
        clause = "FOR UPDATE/SHARE";
    } else {
        return ST_OK;
    }
    return BIND_ERR(s, node_location(at), ERRCODE_FEATURE_NOT_SUPPORTED,
                    "%s in a recursive query is not implemented", clause);
}

static Status recursive_body(BindScope *s, Cte *cte, const PgQuery__CommonTableExpr *c)
{
    const PgQuery__SelectStmt *st = c->ctequery->select_stmt;
    BindScope *body = bind_scope_new(s, s, CMD_SELECT);
    body->recursive_cte = cte;
    cte->may_recur = st->op == PG_QUERY__SET_OPERATION__SETOP_UNION;
    TRY(bind_select(body, st));
    cte->query = body->query;
    if (cte->recursive) {
        TRY(recursive_clauses(s, st));
    }
    return recursive_types(s, cte);
}

/* modifying_body - INSERT, UPDATE or DELETE in WITH: only where the statement itself begins. */
static Status modifying_body(BindScope *s, const PgQuery__CommonTableExpr *c, Query **out)
{
    const Node *n = c->ctequery;
    if (s->parent != NULL || s->set_owner != NULL) {
        return BIND_ERR(
            s, c->location, ERRCODE_FEATURE_NOT_SUPPORTED,
            "WITH clause containing a data-modifying statement must be at the top level");
    }
    BindScope *body = bind_scope_new(s, s, CMD_INSERT);
    *out = body->query;
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_INSERT_STMT: return bind_insert(body, n->insert_stmt);
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
        body->query->command = CMD_UPDATE;
        return bind_update(body, n->update_stmt);
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        body->query->command = CMD_DELETE;
        return bind_delete(body, n->delete_stmt);
    case PG_QUERY__NODE__NODE_MERGE_STMT:
        return BIND_ERR(s, c->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "MERGE not supported in WITH query");
    default: return err_unsupported(s->cx, "this kind of statement in WITH is not supported");
    }
}

Status bind_with_clause(BindScope *s, const PgQuery__WithClause *w)
{
    Query *q = s->query;
    q->ctes = ARENA_ARRAY(s->b->arena, Cte, w->n_ctes);
    q->recursive_with = w->recursive;
    for (size_t i = 0; i < w->n_ctes; i++) {
        const PgQuery__CommonTableExpr *c = w->ctes[i]->common_table_expr;
        if (cte_in(q, c->ctename) != NULL) {
            return BIND_ERR(s, c->location, ERRCODE_DUPLICATE_ALIAS,
                            "WITH query name \"%s\" specified more than once", c->ctename);
        }
        Cte *cte = &q->ctes[q->cte_count];
        *cte = (Cte){.name = c->ctename,
                     .location = c->location,
                     .materialized =
                         c->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways,
                     .not_materialized =
                         c->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever};
        cte->alias_count = (uint16_t)c->n_aliascolnames;
        cte->alias_names = ARENA_ARRAY(s->b->arena, const char *, cte->alias_count + 1u);
        for (uint16_t k = 0; k < cte->alias_count; k++) {
            cte->alias_names[k] = bind_string(c->aliascolnames[k]);
        }
        if (c->search_clause != NULL || c->cycle_clause != NULL) {
            return err_unsupported(s->cx, "SEARCH and CYCLE clauses are not supported");
        }
        if (w->recursive && NODE_IS(c->ctequery, SELECT_STMT)) {
            q->cte_count++; /* a reference to itself finds it unfinished */
            TRY(recursive_body(s, cte, c));
        } else if (!NODE_IS(c->ctequery, SELECT_STMT)) {
            TRY(modifying_body(s, c, &cte->query));
            q->cte_count++;
        } else {
            TRY(bind_query_node(s, c->ctequery, false, &cte->query));
            q->cte_count++;
        }
        TRY(cte_names(s, c, cte->query));
    }
    return ST_OK;
}
