/*
 * explain.c - EXPLAIN: the plan as text in PostgreSQL's manner.
 */
#include "plan/plan_internal.h"

typedef struct Explain {
    const Plan *plan;
    const ExplainOptions *o;
    const PlanActuals *actuals;
    Buf *out;
    bool qualify; /* more than one relation: columns bear their relation's name */
    bool first;
    uint32_t base; /* columns that a sub-plan stands further right */
} Explain;

static void put_indent(Explain *x, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++) {
        buf_putc(x->out, ' ');
    }
}

static void put_detail(Explain *x, uint32_t depth, const char *label)
{
    buf_putc(x->out, '\n');
    put_indent(x, x->base + depth * 6 + 2);
    buf_printf(x->out, "%s: ", label);
}

static void put_exprs(Explain *x, uint32_t depth, const char *label, Expr *const *exprs,
                      uint32_t count)
{
    if (count == 0) {
        return;
    }
    put_detail(x, depth, label);
    if (count > 1) {
        buf_putc(x->out, '(');
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_puts(x->out, " AND ");
        }
        explain_expr(x->out, x->plan, exprs[i], x->qualify);
    }
    if (count > 1) {
        buf_putc(x->out, ')');
    }
}

static void put_alias(Explain *x, const char *verb, const char *name, const char *alias)
{
    buf_printf(x->out, "%s on %s", verb, name);
    if (alias != NULL && strcmp(alias, name) != 0) {
        buf_printf(x->out, " %s", alias);
    }
}

static const char *join_word(PlanJoin j)
{
    switch (j) {
    case PJOIN_LEFT: return " Left Join";
    case PJOIN_FULL: return " Full Join";
    case PJOIN_SEMI: return " Semi Join";
    case PJOIN_ANTI: return " Anti Join";
    case PJOIN_INNER: return "";
    }
    return "";
}

static void put_scan_name(Explain *x, const PlanNode *n)
{
    const PlanScan *s = &n->u.scan.scan;
    if (n->kind == PLAN_INDEX_SCAN) {
        buf_printf(x->out, "Index Scan%s using %s on %s",
                   n->u.scan.index.backward ? " Backward" : "",
                   s->table->indexes[n->u.scan.index.index].name, s->table->name);
        if (strcmp(s->alias, s->table->name) != 0) {
            buf_printf(x->out, " %s", s->alias);
        }
        return;
    }
    put_alias(x, "Seq Scan", s->table->name, s->alias);
}

/* put_title - the first words of a node's line, as EXPLAIN of PostgreSQL has them. */
static void put_title(Explain *x, const PlanNode *n)
{
    switch (n->kind) {
    case PLAN_RESULT: buf_puts(x->out, "Result"); break;
    case PLAN_VALUES: buf_printf(x->out, "Values Scan on \"%s\"", n->u.values.alias); break;
    case PLAN_SCAN:
    case PLAN_INDEX_SCAN:
    case PLAN_CAT_SCAN: put_scan_name(x, n); break;
    case PLAN_FUNCTION:
        put_alias(x, "Function Scan", n->u.function.name ? n->u.function.name : "",
                  n->u.function.alias);
        break;
    case PLAN_CTE_SCAN: put_alias(x, "CTE Scan", n->u.cte.name, n->u.cte.alias); break;
    case PLAN_TRANSITION:
        put_alias(x, "Named Tuplestore Scan", n->u.transition.name, n->u.transition.alias);
        break;
    case PLAN_PROJECT_SET: buf_puts(x->out, "ProjectSet"); break;
    case PLAN_NEST_LOOP: buf_printf(x->out, "Nested Loop%s", join_word(n->u.join.join)); break;
    case PLAN_HASH_JOIN:
        buf_printf(x->out, "Hash%s",
                   n->u.join.join == PJOIN_INNER ? " Join" : join_word(n->u.join.join));
        break;
    case PLAN_AGG:
        buf_puts(x->out, n->u.agg.group_count > 0 ? "HashAggregate" : "Aggregate");
        break;
    case PLAN_EXPAND: break; /* part of the aggregation */
    case PLAN_WINDOW: buf_puts(x->out, "WindowAgg"); break;
    case PLAN_SORT: buf_puts(x->out, "Sort"); break;
    case PLAN_UNIQUE: buf_puts(x->out, "Unique"); break;
    case PLAN_TIES: buf_puts(x->out, "Limit"); break;
    case PLAN_LIMIT: buf_puts(x->out, "Limit"); break;
    case PLAN_APPEND: buf_puts(x->out, "Append"); break;
    case PLAN_SETOP:
        buf_printf(x->out, "HashSetOp %s%s",
                   n->u.setop.op == SETOP_INTERSECT ? "Intersect" : "Except",
                   n->u.setop.all ? " All" : "");
        break;
    case PLAN_MATERIAL: buf_puts(x->out, "Materialize"); break;
    case PLAN_LOCK_ROWS: buf_puts(x->out, "LockRows"); break;
    case PLAN_MODIFY:
        buf_printf(x->out, "%s on %s",
                   n->u.modify.command == CMD_INSERT   ? "Insert"
                   : n->u.modify.command == CMD_UPDATE ? "Update"
                   : n->u.modify.command == CMD_MERGE  ? "Merge"
                                                       : "Delete",
                   n->u.modify.table->name);
        break;
    case PLAN_FILTER:
    case PLAN_PROJECT: break; /* shown with their input */
    }
}

static void put_keys(Explain *x, uint32_t depth, const char *label, const PlanNode *n)
{
    put_detail(x, depth, label);
    for (uint16_t i = 0; i < n->u.sort.key_count; i++) {
        const PlanSortKey *k = &n->u.sort.keys[i];
        if (i > 0) {
            buf_puts(x->out, ", ");
        }
        explain_expr(x->out, x->plan, k->expr, x->qualify);
        if (k->desc) {
            buf_puts(x->out, " DESC");
        }
        if (k->nulls_first != k->desc) {
            buf_puts(x->out, k->nulls_first ? " NULLS FIRST" : " NULLS LAST");
        }
    }
}

/* actual_of - what a node did; NULL when the plan was not run, or it never was. */
static const PlanActual *actual_of(const Explain *x, const PlanNode *n)
{
    const PlanActual *a = x->actuals != NULL ? x->actuals->of(x->actuals->arg, n) : NULL;
    return a != NULL && a->loops > 0 ? a : NULL;
}

/* put_actual - times and rows of a node, each for one of its loops. */
static void put_actual(Explain *x, const PlanNode *n)
{
    const PlanActual *a = actual_of(x, n);
    if (x->actuals == NULL) {
        return;
    }
    if (a == NULL) {
        buf_puts(x->out, " (never executed)");
        return;
    }
    double loops = (double)a->loops;
    buf_puts(x->out, " (actual ");
    if (x->o->timing) {
        buf_printf(x->out, "time=%.3f..%.3f ", (double)a->startup_us / 1000 / loops,
                   (double)a->total_us / 1000 / loops);
    }
    buf_printf(x->out, "rows=%.0f loops=%.0f)", (double)a->rows / loops, loops);
}

/* put_removed - how many rows a filter let go of in each loop. */
static void put_removed(Explain *x, uint32_t depth, const PlanNode *filter)
{
    const PlanActual *after = actual_of(x, filter), *before = actual_of(x, filter->left);
    if (after != NULL && before != NULL && before->rows > after->rows) {
        put_detail(x, depth, "Rows Removed by Filter");
        buf_printf(x->out, "%.0f", (double)(before->rows - after->rows) / (double)after->loops);
    }
}

static void put_node(Explain *x, const PlanNode *n, uint32_t depth, const PlanNode *filter);

static void put_details(Explain *x, const PlanNode *n, uint32_t depth, const PlanNode *filter)
{
    if (n->kind == PLAN_INDEX_SCAN) {
        put_exprs(x, depth, "Index Cond", n->u.scan.index.conds, n->u.scan.index.cond_count);
    } else if (n->kind == PLAN_HASH_JOIN || n->kind == PLAN_NEST_LOOP) {
        put_exprs(x, depth, "Hash Cond", n->u.join.conds, n->u.join.key_count);
        put_exprs(x, depth, "Join Filter", n->u.join.residual_exprs, n->u.join.residual_count);
    } else if (n->kind == PLAN_SORT) {
        put_keys(x, depth, "Sort Key", n);
    }
    if (filter != NULL) {
        put_exprs(x, depth, "Filter", filter->u.filter.exprs, filter->u.filter.count);
        put_removed(x, depth, filter);
    }
}

/* put_hash - the build side of a hash join, shown under a Hash node as PostgreSQL does. */
static void put_hash(Explain *x, const PlanNode *n, uint32_t depth)
{
    buf_putc(x->out, '\n');
    put_indent(x, x->base + depth * 6 - 4);
    buf_puts(x->out, "->  Hash");
    if (x->o->costs) {
        buf_printf(x->out, "  (cost=%.2f..%.2f rows=%.0f width=%u)", n->total_cost, n->total_cost,
                   n->rows, n->width);
    }
    put_actual(x, n);
    put_node(x, n, depth + 1, NULL);
}

/* put_node - a node and those below it; projections and filters are part of the node they work on,
 * as in PostgreSQL. */
static void put_node(Explain *x, const PlanNode *n, uint32_t depth, const PlanNode *filter)
{
    const PlanNode *top = n;
    while (n->kind == PLAN_PROJECT || n->kind == PLAN_FILTER || n->kind == PLAN_EXPAND) {
        filter = n->kind == PLAN_FILTER ? n : filter;
        n = n->left;
    }
    if (!x->first) {
        buf_putc(x->out, '\n');
    }
    x->first = false;
    if (depth > 0) {
        put_indent(x, x->base + depth * 6 - 4);
        buf_puts(x->out, "->  ");
    }
    put_title(x, n);
    const PlanNode *cost = filter != NULL ? filter : n;
    if (x->o->costs) {
        buf_printf(x->out, "  (cost=%.2f..%.2f rows=%.0f width=%u)", cost->startup_cost,
                   cost->total_cost, cost->rows, cost->width);
    }
    put_actual(x, top);
    put_details(x, n, depth, filter);
    if (n->left != NULL) {
        put_node(x, n->left, depth + 1, NULL);
    }
    if (n->right != NULL && n->kind == PLAN_HASH_JOIN) {
        put_hash(x, n->right, depth + 1);
    } else if (n->right != NULL) {
        put_node(x, n->right, depth + 1, NULL);
    }
}

static uint32_t count_scans(const PlanNode *n)
{
    if (n == NULL) {
        return 0;
    }
    bool is_scan = n->kind == PLAN_SCAN || n->kind == PLAN_INDEX_SCAN || n->kind == PLAN_CAT_SCAN ||
                   n->kind == PLAN_CTE_SCAN || n->kind == PLAN_FUNCTION || n->kind == PLAN_VALUES ||
                   n->kind == PLAN_TRANSITION;
    return is_scan + count_scans(n->left) + count_scans(n->right);
}

void plan_explain(const Plan *p, const ExplainOptions *o, const PlanActuals *actuals, Buf *out)
{
    Explain x = {.plan = p,
                 .o = o,
                 .actuals = actuals,
                 .out = out,
                 .qualify = count_scans(p->root) > 1,
                 .first = true};
    put_node(&x, p->root, 0, NULL);
    x.base = 2;
    for (uint32_t i = 0; i < p->cte_count; i++) {
        if (p->ctes[i].root != NULL) {
            buf_printf(out, "\n  CTE %s", p->ctes[i].name);
            put_node(&x, p->ctes[i].root, 1, NULL);
        }
    }
    for (uint32_t i = 0; i < p->subplan_count; i++) {
        buf_printf(out, "\n  %s %u", p->subplans[i].param_count > 0 ? "SubPlan" : "InitPlan",
                   i + 1);
        put_node(&x, p->subplans[i].root, 1, NULL);
    }
}
