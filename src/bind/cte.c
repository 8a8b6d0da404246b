/*
 * cte.c - WITH: named queries, found by FROM of the same and deeper levels
 */
#include "bind/bind_internal.h"

static bool cte_in(Query *q, const char *name, uint16_t *index_out)
{
    for (uint16_t i = 0; i < q->cte_count; i++) {
        if (strcmp(q->ctes[i].name, name) == 0) {
            *index_out = i;
            return true;
        }
    }
    return false;
}

bool bind_find_cte(BindScope *s, const char *name, uint16_t *index_out, uint16_t *levels_out,
                   Query **owner_out)
{
    *levels_out = 0;
    for (; s != NULL; s = s->parent, (*levels_out)++) {
        for (BindScope *at = s; at != NULL; at = at->set_owner) {
            if (cte_in(at->query, name, index_out)) {
                *owner_out = at->query;
                return true;
            }
        }
    }
    return false;
}

static Status cte_names(BindScope *s, const PgQuery__CommonTableExpr *c, Query *q)
{
    uint16_t visible = 0;
    while (visible < q->target_count && !q->targets[visible].hidden) {
        visible++;
    }
    if (c->n_aliascolnames > visible) {
        return BIND_ERR(s, c->location, ERRCODE_INVALID_COLUMN_REFERENCE,
                        "WITH query \"%s\" has %u columns available but %u columns specified",
                        c->ctename, visible, (uint32_t)c->n_aliascolnames);
    }
    for (size_t i = 0; i < c->n_aliascolnames; i++) {
        q->targets[i].name = bind_string(c->aliascolnames[i]);
    }
    return ST_OK;
}

Status bind_with_clause(BindScope *s, const PgQuery__WithClause *w)
{
    Query *q = s->query;
    q->ctes = ARENA_ARRAY(s->b->arena, Cte, w->n_ctes);
    for (size_t i = 0; i < w->n_ctes; i++) {
        const PgQuery__CommonTableExpr *c = w->ctes[i]->common_table_expr;
        uint16_t at;
        if (cte_in(q, c->ctename, &at)) {
            return BIND_ERR(s, c->location, ERRCODE_DUPLICATE_ALIAS,
                            "WITH query name \"%s\" specified more than once", c->ctename);
        }
        Cte *cte = &q->ctes[q->cte_count];
        *cte = (Cte){.name = c->ctename,
                     .recursive = w->recursive,
                     .materialized =
                         c->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways,
                     .not_materialized =
                         c->ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever};
        if (w->recursive) {
            q->cte_count++; /* a reference to itself finds it unfinished */
        }
        TRY(bind_query_node(s, NULL, c->ctequery, false, &cte->query));
        TRY(cte_names(s, c, cte->query));
        cte->recursive = false;
        if (!w->recursive) {
            q->cte_count++;
        }
    }
    return ST_OK;
}
