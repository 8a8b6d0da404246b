/*
 * access.c - one range table entry: access paths of tables, and the other things FROM may name.
 *
 * Costs are PostgreSQL's in kind (a page 1, a row 0.01, a test 0.0025) with row fetches through an
 * index at 0.2: a row-id descent in memory is worth about twenty rows of a scan.
 */
#include "plan/plan_internal.h"
#include "type/array.h"
#include "type/gin.h"

#define COST_ROW       0.01
#define COST_TEST      0.0025
#define COST_INDEX_ROW 0.2

static const Expr *strip_relabel(const Expr *e)
{
    while (e->kind == EXPR_RELABEL) {
        e = e->args[0];
    }
    return e;
}

/* any_item_count - about how many elements an array has: what is not known counts as ten. */
double any_item_count(const Expr *array)
{
    if (array->kind == EXPR_ARRAY) {
        return array->arg_count;
    }
    if (array->kind == EXPR_CONST && !array->u.constant.is_null) {
        ArrayView v;
        array_view(&array->u.constant.value.str, &v);
        return v.count;
    }
    return 10;
}

static void table_rows(PlanQuery *pq, const CatTable *t, double *rows, double *pages)
{
    *rows = 1000;
    *pages = 10;
    if (t->storage != NULL) {
        TableSize size;
        if (table_size(pq->p->cx, t->storage, &size) == ST_OK) {
            *rows = MAX(size.rows, 1);
            *pages = MAX(size.pages, 1);
        } else {
            err_clear(pq->p->cx);
        }
    }
}

/* plan_table_scan - a sequential scan of the columns the query uses (or all of them), perhaps with
 * the row id. */
Status plan_table_scan(PlanQuery *pq, uint16_t rte, bool want_rowid, bool all_columns,
                       PlanNode **out)
{
    Planner *p = pq->p;
    const Rte *r = pq->q->rtes[rte];
    const CatTable *t = r->table;
    bool cat_scan = t->builtin || t->kind == 'S';
    if (!cat_scan && t->storage == NULL) {
        return err_unsupported(p->cx, "reading relation \"%s\" is not supported", t->name);
    }
    if (t->kind == 'm' && !t->populated) {
        (void)err_set(p->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                      "materialized view \"%s\" has not been populated", t->name);
        return err_hint(p->cx, "Use the REFRESH MATERIALIZED VIEW command.");
    }
    uint16_t *columns = ARENA_ARRAY(p->arena, uint16_t, r->column_count + 1u);
    uint16_t n = 0;
    for (uint16_t c = 0; c < r->column_count; c++) {
        if (all_columns || r->column_used == NULL || r->column_used[c]) {
            columns[n++] = c;
        }
    }
    want_rowid = want_rowid && !cat_scan;
    bool want_tableoid = r->tableoid_used && cat_scan;
    PlanNode *s = node_new(p, cat_scan ? PLAN_CAT_SCAN : PLAN_SCAN, NULL, NULL,
                           n + (want_rowid || want_tableoid ? 1u : 0u));
    for (uint16_t i = 0; i < n; i++) {
        const RteColumn *c = &r->columns[columns[i]];
        Expr *e = column_expr(p->arena, rte, (int16_t)columns[i], c->type, c->phys);
        e->typmod = c->typmod;
        e->collation = c->collation;
        node_set_out(s, i, e);
        s->width += c->phys == PHYS_STR ? 32 : phys_bytes(c->phys);
    }
    if (want_rowid) {
        node_set_out(s, n, column_expr(p->arena, rte, COLUMN_ROWID, TYPE_INT8, PHYS_I64));
    }
    if (want_tableoid) {
        node_set_out(s, n, column_expr(p->arena, rte, COLUMN_TABLEOID, TYPE_OID, PHYS_I32));
    }
    s->u.scan.scan =
        (PlanScan){.table = t,
                   .want_tableoid = want_tableoid,
                   .alias = r->alias != NULL ? arena_strdup(p->arena, r->alias) : t->name,
                   .columns = columns,
                   .column_count = n,
                   .want_rowid = want_rowid};
    double pages;
    table_rows(pq, t, &s->rows, &pages);
    s->total_cost = pages + s->rows * COST_ROW;
    s->rels = (uint64_t)1 << rte;
    *out = s;
    return ST_OK;
}

static bool is_int_type(Oid t)
{
    return t == TYPE_INT2 || t == TYPE_INT4 || t == TYPE_INT8;
}

/* key_type_fits - can a value of this type be encoded as a key of the index column's type? */
static bool key_type_fits(const TypeOps *column, Oid type)
{
    const TypeOps *ops = type_ops(type);
    if (ops == NULL) {
        return false;
    }
    if (ops == column || (is_int_type(column->oid) && is_int_type(type))) {
        return true;
    }
    bool a = column->oid == TYPE_TEXT || column->oid == TYPE_VARCHAR;
    bool b = type == TYPE_TEXT || type == TYPE_VARCHAR;
    return a && b;
}

/* IndexMatch - a condition "index column op value" turned so that the column is on the left. */
typedef struct IndexMatch {
    int strategy; /* 1 < 2 <= 3 = 4 >= 5 > */
    Expr *value;
    Expr **list; /* IN */
    uint16_t list_count;
    bool is_array; /* the list is one expression, an array */
} IndexMatch;

static bool is_index_column(const Expr *e, uint16_t rte, int16_t column)
{
    e = strip_relabel(e);
    return e->kind == EXPR_COLUMN && e->u.column.levels_up == 0 && e->u.column.rte == rte &&
           e->u.column.column == column;
}

/* is_index_key - the index's column, or (key) its expression. */
static bool is_index_key(const Expr *e, uint16_t rte, const IndexColumn *ic, const Expr *key)
{
    if (ic->column >= 0) {
        return is_index_column(e, rte, ic->column);
    }
    return key != NULL && expr_equal(strip_relabel(e), strip_relabel(key));
}

static bool value_is_given(PlanQuery *pq, const Expr *v, uint64_t outer_rels)
{
    return (expr_rels(pq, v) & ~outer_rels) == 0 && !expr_is_volatile(v) && v->kind != EXPR_SUBLINK;
}

/* match_any - column = ANY (array): the items of an ARRAY[...], or the array as a whole. */
static bool match_any(PlanQuery *pq, const Expr *e, uint16_t rte, const IndexColumn *ic,
                      IndexMatch *m)
{
    Expr *array = e->args[1];
    if (e->u.is_all || e->oper == 0 || cat_oper_strategy(pq->p->view, e->oper) != 3 ||
        !is_index_column(e->args[0], rte, ic->column)) {
        return false;
    }
    if (array->kind == EXPR_ARRAY && !array->u.array.nested && array->arg_count > 0) {
        for (uint16_t i = 0; i < array->arg_count; i++) {
            if (!value_is_given(pq, array->args[i], 0) ||
                !key_type_fits(ic->type, expr_carrier(array->args[i]))) {
                return false;
            }
        }
        *m = (IndexMatch){.strategy = 3, .list = array->args, .list_count = array->arg_count};
        return true;
    }
    *m = (IndexMatch){.strategy = 3, .list = &e->args[1], .list_count = 1, .is_array = true};
    return value_is_given(pq, array, 0) &&
           key_type_fits(ic->type, type_array_element(expr_carrier(array)));
}

/* match_qual - whether a condition bounds this index column, by `outer_rels` or constants; also IN
 * lists, and operators with the column on the right. */
static bool match_qual(PlanQuery *pq, const Expr *e, uint16_t rte, const IndexColumn *ic,
                       const Expr *key, uint64_t outer_rels, IndexMatch *m)
{
    static const int SWAPPED[] = {0, 5, 4, 3, 2, 1};
    if (e->kind == EXPR_IN && !e->u.negated && outer_rels == 0 &&
        is_index_key(e->args[0], rte, ic, key)) {
        for (uint16_t i = 1; i < e->arg_count; i++) {
            if (!value_is_given(pq, e->args[i], 0) ||
                !key_type_fits(ic->type, expr_carrier(e->args[i]))) {
                return false;
            }
        }
        *m = (IndexMatch){
            .strategy = 3, .list = e->args + 1, .list_count = (uint16_t)(e->arg_count - 1)};
        return e->arg_count > 1;
    }
    if (e->kind == EXPR_ARRAY_ANY) {
        return outer_rels == 0 && match_any(pq, e, rte, ic, m);
    }
    if (e->kind != EXPR_FUNC || e->oper == 0 || e->arg_count != 2) {
        return false;
    }
    int strategy = cat_oper_strategy(pq->p->view, e->oper);
    if (strategy == 0) {
        return false;
    }
    for (uint16_t side = 0; side < 2; side++) {
        Expr *v = e->args[1 - side];
        if (is_index_key(e->args[side], rte, ic, key) && value_is_given(pq, v, outer_rels) &&
            key_type_fits(ic->type, expr_carrier(v))) {
            *m = (IndexMatch){.strategy = side == 0 ? strategy : SWAPPED[strategy], .value = v};
            return true;
        }
    }
    return false;
}

typedef struct IndexTry {
    PlanIndex ix;
    double selectivity;
    uint64_t used; /* bit per qual: those the range expresses exactly */
    Expr *exprs[INDEX_COLUMNS_MAX + 2];
    Expr **list;
    double in_rows;
    Expr *lo, *hi;
    Expr *conds[64];
    PlanGin gin[INDEX_COLUMNS_MAX];
} IndexTry;

/* try_column - conditions on one index column; false when there is none that the range can go on
 * from. */
static bool try_column(PlanQuery *pq, IndexTry *t, const IndexColumn *ic, const Expr *key,
                       uint16_t rte, QualList *quals, uint64_t outer_rels)
{
    IndexMatch m;
    for (uint32_t i = 0; i < quals->count && i < 64; i++) {
        Qual *ql = &quals->items[i];
        if (ql->done || !match_qual(pq, ql->expr, rte, ic, key, outer_rels, &m) ||
            m.strategy != 3) {
            continue;
        }
        if (m.list != NULL) {
            t->list = m.list;
            t->ix.in_count = m.list_count;
            t->ix.in_array = m.is_array;
            t->in_rows = m.is_array ? any_item_count(m.list[0]) : m.list_count;
        } else {
            t->exprs[t->ix.eq_count] = m.value;
        }
        t->ix.eq_count++;
        t->selectivity *= qual_selectivity(pq, ql->expr);
        t->conds[t->ix.cond_count++] = ql->expr;
        t->used |= (uint64_t)1 << i;
        return m.list == NULL;
    }
    uint32_t first = t->ix.cond_count;
    for (uint32_t i = 0; i < quals->count && i < 64; i++) {
        Qual *ql = &quals->items[i];
        if (ql->done || !match_qual(pq, ql->expr, rte, ic, key, outer_rels, &m) ||
            m.strategy == 3) {
            continue;
        }
        bool is_lo = m.strategy > 3;
        if (is_lo ? t->ix.has_lo : t->ix.has_hi) {
            continue;
        }
        if (is_lo) {
            t->ix.has_lo = true;
            t->ix.lo_incl = m.strategy == 4;
            t->lo = m.value;
        } else {
            t->ix.has_hi = true;
            t->ix.hi_incl = m.strategy == 2;
            t->hi = m.value;
        }
        t->conds[t->ix.cond_count++] = ql->expr;
        t->used |= (uint64_t)1 << i;
    }
    t->selectivity *= quals_selectivity(pq, t->conds + first, t->ix.cond_count - first);
    return false;
}

/* match_gin - a condition "indexed op value" whose operator is of the column's class, or the other
 * way round; its strategy, 0: it is none. */
static int match_gin(PlanQuery *pq, const Expr *e, uint16_t rte, const IndexColumn *ic,
                     const Expr *key, Oid opclass, uint64_t outer_rels, Expr **value_out)
{
    if (e->kind != EXPR_FUNC || e->oper == 0 || e->arg_count != 2) {
        return 0;
    }
    const CatOper *op = cat_oper(pq->p->view, e->oper);
    for (uint16_t side = 0; side < 2 && op != NULL; side++) {
        Oid oper = side == 0 ? e->oper : op->commutator;
        Expr *v = e->args[1 - side];
        if (oper == 0 || !is_index_key(e->args[side], rte, ic, key) ||
            !value_is_given(pq, v, outer_rels)) {
            continue;
        }
        int strategy = cat_opclass_strategy(pq->p->view, opclass, oper);
        if (strategy > 0 && strategy < 32 && (ic->gin->strategies >> strategy & 1) != 0) {
            *value_out = v;
            return strategy;
        }
    }
    return 0;
}

/* try_inverted - the conditions an inverted index narrows by. They are all tested on the rows
 * again, so none counts as used. */
static void try_inverted(PlanQuery *pq, IndexTry *t, const TableIndex *ti, const CatIndex *ci,
                         Expr **keys, uint16_t rte, QualList *quals, uint64_t outer_rels)
{
    for (uint32_t i = 0; i < quals->count && i < 64; i++) {
        Qual *ql = &quals->items[i];
        for (uint16_t c = 0; !ql->done && c < ti->column_count; c++) {
            Expr *value;
            if (t->ix.gin_count == INDEX_COLUMNS_MAX) {
                return;
            }
            int strategy = match_gin(pq, ql->expr, rte, &ti->columns[c], keys[c], ci->opclasses[c],
                                     outer_rels, &value);
            if (strategy != 0) {
                t->exprs[t->ix.gin_count] = value;
                t->gin[t->ix.gin_count++] = (PlanGin){c, strategy};
                t->selectivity *= qual_selectivity(pq, ql->expr);
                t->conds[t->ix.cond_count++] = ql->expr;
                break;
            }
        }
    }
}

/* finish_try - what was found, in the plan's own memory. */
static void finish_try(PlanQuery *pq, IndexTry *t, PlanIndex *out)
{
    Arena *a = pq->p->arena;
    uint32_t n = 0;
    *out = t->ix;
    if (t->ix.gin_count > 0) {
        out->gin = arena_memdup(a, t->gin, t->ix.gin_count * sizeof(PlanGin));
        out->key_exprs = arena_memdup(a, t->exprs, t->ix.gin_count * sizeof(Expr *));
        out->conds = arena_memdup(a, t->conds, (t->ix.cond_count + 1u) * sizeof(Expr *));
        return;
    }
    out->key_exprs = ARENA_ARRAY(a, Expr *, t->ix.eq_count + t->ix.in_count + 2u);
    for (uint16_t i = 0; i < t->ix.eq_count - (t->list != NULL ? 1 : 0); i++) {
        out->key_exprs[n++] = t->exprs[i];
    }
    for (uint16_t i = 0; i < t->ix.in_count; i++) {
        out->key_exprs[n++] = t->list[i];
    }
    if (t->lo != NULL) {
        out->key_exprs[n++] = t->lo;
    }
    if (t->hi != NULL) {
        out->key_exprs[n++] = t->hi;
    }
    out->conds = arena_memdup(a, t->conds, (t->ix.cond_count + 1u) * sizeof(Expr *));
}

/* plan_index_for - the best index of the table for these conditions, values of outer_rels given;
 * false when none fits. used_out: a bit per qual that the index range covers wholly. */
bool plan_index_for(PlanQuery *pq, const PlanNode *scan, uint16_t rte, QualList *quals,
                    uint64_t outer_rels, PlanIndex *ix_out, double *rows_out, uint64_t *used_out)
{
    const Table *t = scan->u.scan.scan.table->storage;
    IndexTry best = {0};
    double best_rows = 0;
    bool found = false;
    if (scan->kind != PLAN_SCAN || t == NULL) {
        return false;
    }
    for (uint16_t i = 0; i < t->index_count; i++) {
        const TableIndex *ti = &t->indexes[i];
        const CatIndex *ci = &scan->u.scan.scan.table->indexes[i];
        bool holds;
        Expr **keys;
        if (!ci->valid || !index_serves(pq->p->cx, t, ti, pq->p->view->txn) ||
            plan_index_holds_all(pq, ti, rte, quals, &holds) != ST_OK || !holds ||
            plan_index_keys(pq, ti, rte, &keys) != ST_OK) {
            err_clear(pq->p->cx);
            continue;
        }
        IndexTry x = {.selectivity = 1};
        x.ix.index = i;
        if (ti->inverted) {
            try_inverted(pq, &x, ti, ci, keys, rte, quals, outer_rels);
        }
        for (uint16_t c = 0; !ti->inverted && c < ti->column_count; c++) {
            if (!try_column(pq, &x, &ti->columns[c], keys[c], rte, quals, outer_rels)) {
                break;
            }
        }
        if (x.ix.eq_count == 0 && x.ix.gin_count == 0 && !x.ix.has_lo && !x.ix.has_hi) {
            continue;
        }
        double rows = MAX(scan->rows * x.selectivity, 1);
        if (ti->unique && !ti->deferrable && x.ix.eq_count == ti->column_count) {
            rows = MAX(x.in_rows, 1);
            x.ix.unique_point = x.ix.in_count == 0;
        }
        if (!found || rows < best_rows || (rows <= best_rows && x.ix.unique_point)) {
            best = x;
            best_rows = rows;
            found = true;
        }
    }
    if (found) {
        finish_try(pq, &best, ix_out);
        *rows_out = best_rows;
        *used_out = best.used;
    }
    return found;
}

/* plan_index_scan - turn a table scan node into a scan of the index range. */
Status plan_index_scan(PlanQuery *pq, PlanNode *scan, PlanIndex *ix, double rows)
{
    uint32_t keys = ix->gin_count + ix->eq_count + (uint32_t)ix->in_count -
                    (ix->in_count > 0 ? 1u : 0u) + (ix->has_lo ? 1u : 0u) + (ix->has_hi ? 1u : 0u);
    PlanNode none = {0};
    TRY(prog_over(pq, &none, NULL, ix->key_exprs, keys, &ix->keys));
    for (uint32_t i = 0; i < keys; i++) {
        ix->key_exprs[i] = expr_copy(pq->p->arena, ix->key_exprs[i]);
    }
    for (uint16_t i = 0; i < ix->cond_count; i++) {
        ix->conds[i] = plan_keep_expr(pq, ix->conds[i]);
    }
    scan->kind = PLAN_INDEX_SCAN;
    scan->u.scan.index = *ix;
    if (ix->gin_count == 0) { /* else the conditions are a filter, too, which will reduce them */
        scan->rows = rows;
    }
    scan->startup_cost = 0.15;
    scan->total_cost = 0.5 + rows * COST_INDEX_ROW;
    return ST_OK;
}

/* order_fits - does a scan of this index deliver the wanted order, after eq_count columns held
 * equal? */
static bool order_fits(const CatTable *ct, const TableIndex *ti, uint16_t rte, uint16_t eq_count,
                       const SortKey *order, uint32_t count, bool *backward_out)
{
    uint16_t c = eq_count;
    bool backward = false;
    if (ti->inverted) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++, c++) {
        if (c >= ti->column_count || ti->columns[c].column < 0 ||
            !is_index_column(order[i].expr, rte, ti->columns[c].column)) {
            return false;
        }
        bool flip = order[i].desc != ti->columns[c].desc;
        bool nulls_ok = ct->columns[ti->columns[c].column].not_null ||
                        (order[i].nulls_first != ti->columns[c].nulls_first) == flip;
        if ((i > 0 && flip != backward) || !nulls_ok) {
            return false;
        }
        backward = flip;
    }
    *backward_out = backward;
    return count > 0;
}

/* try_ordered - use an index only for its order: worth it when a LIMIT stops it early. */
static Status try_ordered(PlanQuery *pq, PlanNode *scan, uint16_t rte, const SortKey *order,
                          uint32_t order_count, bool *ordered_out)
{
    const CatTable *ct = scan->u.scan.scan.table;
    if (pq->q->limit == NULL || ct->storage == NULL) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < ct->storage->index_count; i++) {
        bool backward;
        const CatIndex *ci = &ct->indexes[i];
        if (ci->valid && ci->predicate_sql == NULL &&
            index_serves(pq->p->cx, ct->storage, &ct->storage->indexes[i], pq->p->view->txn) &&
            order_fits(ct, &ct->storage->indexes[i], rte, 0, order, order_count, &backward)) {
            PlanIndex ix = {.index = i, .backward = backward};
            double rows = scan->rows;
            ix.key_exprs = ARENA_ARRAY(pq->p->arena, Expr *, 1);
            TRY(plan_index_scan(pq, scan, &ix, rows));
            *ordered_out = true;
            return ST_OK;
        }
    }
    return ST_OK;
}

/* plan_tableoid - the scan's columns and, as one more, the table's OID. */
static Status plan_tableoid(PlanQuery *pq, uint16_t rte, PlanNode *scan, PlanNode **out)
{
    uint16_t count = scan->col_count;
    Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, count + 1u);
    Expr *oid = ARENA_NEW(pq->p->arena, Expr);
    *oid = (Expr){.kind = EXPR_CONST, .type = TYPE_OID, .phys = PHYS_I32, .typmod = -1};
    oid->u.constant.value.u32 = scan->u.scan.scan.table->oid;
    memcpy(exprs, scan->outs, count * sizeof(*exprs));
    exprs[count] = oid;
    TRY(plan_project(pq, scan, exprs, count + 1u, out));
    node_set_out(*out, count, column_expr(pq->p->arena, rte, COLUMN_TABLEOID, TYPE_OID, PHYS_I32));
    return ST_OK;
}

/* cat_key_match - does a condition hold a catalog's column equal to a value known when the scan
 * starts? Only where equal means the same bytes. */
static bool cat_key_match(PlanQuery *pq, const Expr *e, uint16_t rte, const CatTable *t,
                          uint16_t *column_out, Expr **value_out)
{
    if (e->kind != EXPR_FUNC || e->oper == 0 || e->arg_count != 2 ||
        cat_oper_strategy(pq->p->view, e->oper) != 3) {
        return false;
    }
    for (uint16_t side = 0; side < 2; side++) {
        const Expr *c = strip_relabel(e->args[side]);
        Expr *v = e->args[1 - side];
        if (c->kind != EXPR_COLUMN || c->u.column.levels_up != 0 || c->u.column.rte != rte ||
            c->u.column.column < 0 || c->u.column.column >= t->column_count) {
            continue;
        }
        Oid type = t->columns[c->u.column.column].type;
        const TypeOps *ops = type_ops(type);
        bool text = type == TYPE_NAME || type == TYPE_TEXT;
        bool value_text = v->type == TYPE_NAME || v->type == TYPE_TEXT;
        if (ops == NULL || !value_is_given(pq, v, 0) || v->phys != ops->phys ||
            (text ? !value_text : ops->phys != PHYS_I16 && ops->phys != PHYS_I32)) {
            continue;
        }
        *column_out = (uint16_t)c->u.column.column;
        *value_out = v;
        return true;
    }
    return false;
}

/* plan_cat_keys - give a scan of a catalog what it can be found by. */
static Status plan_cat_keys(PlanQuery *pq, uint16_t rte, const QualList *quals, PlanNode *scan)
{
    PlanScan *s = &scan->u.scan.scan;
    Expr *values[CAT_SCAN_KEYS_MAX];
    PlanNode none = {0};
    for (uint32_t i = 0; i < quals->count && s->key_count < CAT_SCAN_KEYS_MAX; i++) {
        uint16_t column, k = s->key_count;
        if (!quals->items[i].done &&
            cat_key_match(pq, quals->items[i].expr, rte, s->table, &column, &values[k])) {
            s->key_columns[k] = column;
            s->key_count++;
        }
    }
    if (s->key_count == 0) {
        return ST_OK;
    }
    scan->total_cost /= 10;
    return prog_over(pq, &none, NULL, values, s->key_count, &s->keys);
}

/* plan_table - choose between the whole table and an index range; conditions left over become a
 * filter. */
static Status plan_table(PlanQuery *pq, uint16_t rte, QualList *quals, const SortKey *order,
                         uint32_t order_count, bool *ordered_out, PlanNode **out)
{
    PlanNode *scan;
    PlanIndex ix;
    double rows;
    uint64_t used = 0;
    const Query *q = pq->q;
    bool is_target = q->result_table != NULL && q->result_rte == rte && q->command != CMD_INSERT;
    bool want_rowid = is_target;
    for (uint16_t i = 0; i < q->row_mark_count; i++) {
        want_rowid = want_rowid || q->row_marks[i].rte == rte;
    }
    TRY(plan_table_scan(pq, rte, want_rowid, is_target && q->command != CMD_SELECT, &scan));
    if (plan_index_for(pq, scan, rte, quals, 0, &ix, &rows, &used) &&
        (ix.unique_point || rows * COST_INDEX_ROW + 0.5 < scan->total_cost)) {
        const CatTable *ct = scan->u.scan.scan.table;
        if (order_count > 0 && ix.in_count == 0 &&
            order_fits(ct, &ct->storage->indexes[ix.index], rte, ix.eq_count, order, order_count,
                       &ix.backward)) {
            *ordered_out = true;
        }
        TRY(plan_index_scan(pq, scan, &ix, rows));
        for (uint32_t i = 0; i < quals->count && i < 64; i++) {
            quals->items[i].done = quals->items[i].done || (used >> i & 1) != 0;
        }
    } else if (scan->kind == PLAN_CAT_SCAN && scan->u.scan.scan.table->builtin) {
        TRY(plan_cat_keys(pq, rte, quals, scan));
    } else if (order_count > 0 && scan->kind == PLAN_SCAN) {
        TRY(try_ordered(pq, scan, rte, order, order_count, ordered_out));
    }
    *out = scan;
    if (pq->q->rtes[rte]->tableoid_used && !scan->u.scan.scan.table->builtin) {
        return plan_tableoid(pq, rte, scan, out);
    }
    return ST_OK;
}

/* plan_rebase_outs - name a sub-plan's columns as columns of this range table entry. */
void plan_rebase_outs(PlanQuery *pq, uint16_t rte, PlanNode *n, uint32_t col_count)
{
    const Rte *r = pq->q->rtes[rte];
    n->rels = (uint64_t)1 << rte;
    for (uint32_t i = 0; i < col_count; i++) {
        Expr *e = column_expr(pq->p->arena, rte, (int16_t)i, r->columns[i].type, n->phys[i]);
        e->typmod = r->columns[i].typmod;
        e->collation = r->columns[i].collation;
        n->outs[i] = e;
    }
}

/* plan_from_subquery - a query in FROM. One that needs columns of items to its left becomes an
 * inner side that waits for its join. */
static Status plan_from_subquery(PlanQuery *pq, uint16_t rte, QualList *quals, PlanNode **out)
{
    PlanQuery child;
    PlanNode *sub, *n;
    PlanScope scope = plan_scope_begin(pq->p);
    TRY(plan_subquery(pq->p, pq, plan_push_down(pq, rte, quals), NULL, &sub, &child));
    plan_scope_end(pq->p, &scope);
    n = sub;
    if (sub->kind != PLAN_PROJECT && sub->kind != PLAN_APPEND && sub->kind != PLAN_AGG) {
        /* Renaming the columns of a scan in place would hide what its conditions mean to EXPLAIN.
         */
        n = node_new(pq->p, PLAN_MATERIAL, sub, NULL, sub->col_count);
        memcpy(n->phys, sub->phys, sub->col_count * sizeof(PhysType));
        n->u.project.prog = NULL;
    }
    plan_rebase_outs(pq, rte, n, (uint32_t)MIN(n->col_count, pq->q->rtes[rte]->column_count));
    for (uint32_t i = pq->q->rtes[rte]->column_count; i < n->col_count; i++) {
        n->outs[i] =
            column_expr(pq->p->arena, UINT16_MAX, (int16_t)i, n->outs[i]->type, n->phys[i]);
    }
    if (child.lateral_count > 0) {
        PlanNode *l = node_new(pq->p, PLAN_NEST_LOOP, NULL, n, n->col_count);
        node_copy_outs(l, 0, n);
        l->u.join.params = child.lateral;
        l->u.join.param_count = child.lateral_count;
        l->u.join.scope = scope;
        n = l; /* an inner side waiting for its outer: plan_from completes it */
    }
    *out = n;
    return ST_OK;
}

/* plan_values - VALUES in FROM: one program with an expression for each row and column. */
static Status plan_values(PlanQuery *pq, uint16_t rte, PlanNode **out)
{
    const Rte *r = pq->q->rtes[rte];
    uint32_t n = r->row_count * r->column_count;
    Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        exprs[i] = r->rows[i / r->column_count][i % r->column_count];
    }
    PlanNode *v = node_new(pq->p, PLAN_VALUES, NULL, NULL, r->column_count);
    PlanNode none = {0};
    TRY(prog_over(pq, &none, NULL, exprs, n, &v->u.values.prog));
    for (uint16_t c = 0; c < r->column_count; c++) {
        v->phys[c] = r->columns[c].phys;
    }
    plan_rebase_outs(pq, rte, v, r->column_count);
    v->u.values.row_count = r->row_count;
    v->u.values.alias = arena_strdup(pq->p->arena, r->alias != NULL ? r->alias : "*VALUES*");
    v->rows = r->row_count;
    v->total_cost = 0.0125 * v->rows;
    *out = v;
    return ST_OK;
}

/* function_gives_row - is the value of the function in FROM a row, whose fields are the columns? */
static bool function_gives_row(const Planner *p, const Rte *r)
{
    const CatType *t = cat_type(p->view, r->function->type);
    return r->function->type == TYPE_RECORD || (t != NULL && t->kind == 'c');
}

/* defined_row - the columns a function is asked for, by a definition list or its row type. */
static const FnRow *defined_row(Planner *p, const Rte *r)
{
    FnRow *row = ARENA_NEW(p->arena, FnRow);
    const char **names = ARENA_ARRAY(p->arena, const char *, r->column_count + 1u);
    Oid *types = ARENA_ARRAY(p->arena, Oid, r->column_count + 1u);
    int32_t *typmods = ARENA_ARRAY(p->arena, int32_t, r->column_count + 1u);
    uint16_t count = (uint16_t)(r->column_count - (r->with_ordinality ? 1 : 0));
    for (uint16_t i = 0; i < count; i++) {
        names[i] = arena_strdup(p->arena, r->columns[i].name);
        types[i] = r->columns[i].type;
        typmods[i] = r->columns[i].typmod;
    }
    *row = (FnRow){count, names, types, typmods};
    return row;
}

/* plan_function - a function in FROM: set-returning ones get their arguments, others their value.
 */
static Status plan_function(PlanQuery *pq, uint16_t rte, PlanNode **out)
{
    const Rte *r = pq->q->rtes[rte];
    Planner *p = pq->p;
    PlanNode *f = node_new(p, PLAN_FUNCTION, NULL, NULL, r->column_count);
    PlanNode none = {0};
    f->u.function.alias = arena_strdup(p->arena, r->alias != NULL ? r->alias : "");
    f->u.function.with_ordinality = r->with_ordinality;
    f->u.function.call = expr_copy(p->arena, r->function);
    if (r->function->kind == EXPR_FUNC) {
        f->u.function.name = r->function->proc->name;
    }
    /* One row of several columns; of a user's function, any row. */
    bool one_row = r->function->kind == EXPR_FUNC && !r->function->proc->returns_set &&
                   (r->fields ||
                    (r->function->type == TYPE_RECORD &&
                     (r->function->proc->arg_modes != NULL || r->defined)) ||
                    (cat_proc_is_user(r->function->proc) && function_gives_row(p, r)));
    f->u.function.row = r->defined || r->fields ? defined_row(p, r) : NULL;
    if (r->function->kind == EXPR_FUNC && (r->function->proc->returns_set || one_row)) {
        TRY(prog_over(pq, &none, NULL, r->function->args, r->function->arg_count,
                      &f->u.function.args));
        f->rows = one_row ? 1 : 1000;
    } else {
        TRY(prog_over(pq, &none, NULL, (Expr *const *)&r->function, 1, &f->u.function.scalar));
        f->rows = 1;
    }
    for (uint16_t c = 0; c < r->column_count; c++) {
        f->phys[c] = r->columns[c].phys;
    }
    plan_rebase_outs(pq, rte, f, r->column_count);
    f->total_cost = f->rows * COST_ROW;
    *out = f;
    return ST_OK;
}

/* plan_base - one range table entry with the conditions that need nothing else. */
Status plan_base(PlanQuery *pq, uint16_t rte, QualList *quals, const SortKey *order,
                 uint32_t order_count, bool *ordered_out, PlanNode **out)
{
    const Rte *r = pq->q->rtes[rte];
    PlanNode *n = NULL;
    QualList own = {0};
    for (uint32_t i = 0; i < quals->count; i++) {
        Qual *ql = &quals->items[i];
        if (!ql->done && (ql->rels == (uint64_t)1 << rte ||
                          (ql->rels == 0 && pq->q->from_count == 1 && !pq->q->from[0]->is_join))) {
            ql->done = true;
            quals_add(pq, &own, ql->expr);
        }
    }
    switch (r->kind) {
    case RTE_TABLE: TRY(plan_table(pq, rte, &own, order, order_count, ordered_out, &n)); break;
    case RTE_SUBQUERY: TRY(plan_from_subquery(pq, rte, &own, &n)); break;
    case RTE_VALUES: TRY(plan_values(pq, rte, &n)); break;
    case RTE_FUNCTION: TRY(plan_function(pq, rte, &n)); break;
    case RTE_CTE: TRY(plan_cte_scan(pq, rte, &n)); break;
    case RTE_TRANSITION: plan_transition(pq, rte, &n); break;
    case RTE_RESULT:
        n = node_new(pq->p, PLAN_RESULT, NULL, NULL, 0);
        n->rows = 1;
        break;
    }
    n->rels = (uint64_t)1 << rte;
    Expr **left = ARENA_ARRAY(pq->p->arena, Expr *, own.count + 1);
    uint32_t left_count = 0;
    for (uint32_t i = 0; i < own.count; i++) {
        if (!own.items[i].done) {
            left[left_count++] = own.items[i].expr;
        }
    }
    return plan_filter(pq, n, left, left_count, out);
}
