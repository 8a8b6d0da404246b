/*
 * grouping.c - grouped queries: every column is grouped by, aggregated, or depends on a grouped key
 */
#include "bind/bind_internal.h"

static Status has_agg_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)arg;
    (void)level;
    if (e->kind == EXPR_AGG) {
        return ST_DONE;
    }
    *descend = e->kind != EXPR_SUBLINK;
    return ST_OK;
}

bool bind_has_agg(Expr *e)
{
    return bind_walk(e, 0, has_agg_visit, NULL) == ST_DONE;
}

/* grouped_column - is the column itself in GROUP BY? */
static bool grouped_column(const Query *q, uint16_t rte, int16_t column)
{
    for (uint16_t i = 0; i < q->group_count; i++) {
        const Expr *g = q->group_by[i];
        if (g->kind == EXPR_COLUMN && g->u.column.levels_up == 0 && g->u.column.rte == rte &&
            g->u.column.column == column) {
            return true;
        }
    }
    return false;
}

/* depends_on_key - the table's whole primary key is grouped by, which fixes its other columns. */
static bool depends_on_key(const Query *q, uint16_t rte)
{
    const Rte *r = q->rtes[rte];
    for (uint16_t i = 0; r->kind == RTE_TABLE && i < r->table->constraint_count; i++) {
        const CatConstraint *c = &r->table->constraints[i];
        bool all = c->type == 'p' && !c->deferrable && c->column_count > 0;
        for (uint16_t k = 0; k < c->column_count && all; k++) {
            all = grouped_column(q, rte, (int16_t)(c->columns[k] - 1));
        }
        if (all) {
            return true;
        }
    }
    return false;
}

/* group_visit - 42803 for a column of this query that is neither grouped nor aggregated. */
static Status group_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    BindScope *s = arg;
    const Query *q = s->query;
    if (e->kind == EXPR_AGG && level == 0) {
        *descend = false;
        return ST_OK;
    }
    if (e->kind == EXPR_GROUPING && level == 0) {
        *descend = false;
        return bind_grouping_check(s, e);
    }
    for (uint16_t i = 0; level == 0 && i < q->group_count; i++) {
        if (bind_same(e, q->group_by[i])) {
            *descend = false;
            return ST_OK;
        }
    }
    if (e->kind != EXPR_COLUMN || e->u.column.levels_up != level) {
        return ST_OK;
    }
    uint16_t rte = e->u.column.rte;
    if (grouped_column(q, rte, e->u.column.column) || depends_on_key(q, rte)) {
        return ST_OK;
    }
    const Rte *r = q->rtes[rte];
    const char *column = e->u.column.column >= 0 ? r->columns[e->u.column.column].name : "tableoid";
    if (level > 0) {
        return BIND_ERR(s, e->location, ERRCODE_GROUPING_ERROR,
                        "subquery uses ungrouped column \"%s.%s\" from outer query", r->alias,
                        column);
    }
    return BIND_ERR(s, e->location, ERRCODE_GROUPING_ERROR,
                    "column \"%s.%s\" must appear in the GROUP BY clause or be used in an "
                    "aggregate function",
                    r->alias, column);
}

Status bind_check_aggregates(BindScope *s)
{
    Query *q = s->query;
    if (!q->has_aggs && !q->has_group_by && q->having == NULL) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < q->target_count; i++) {
        TRY(bind_walk(q->targets[i].expr, 0, group_visit, s));
    }
    TRY(bind_walk_windows(q, 0, group_visit, s));
    return bind_walk(q->having, 0, group_visit, s);
}
