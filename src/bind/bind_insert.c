/*
 * bind_insert.c - INSERT: column lists, one value for each table column
 *
 * A single VALUES row becomes the targets themselves; several rows become a VALUES entry, a query a
 * subquery entry, and the targets name their columns.
 */
#include "bind/bind_internal.h"

typedef struct InsertColumns {
    uint16_t *columns;                /* table column (0-based) of each given value */
    int32_t *locations;               /* of the names, -1 when there was no list */
    const PgQuery__ResTarget **parts; /* a[1]: the name with its subscripts, NULL = the column */
    uint16_t count;
} InsertColumns;

/* insert_columns - the column list, or all columns in order. */
static Status insert_columns(BindScope *s, const PgQuery__InsertStmt *st, const CatTable *t,
                             InsertColumns *out)
{
    uint32_t size = MAX((uint32_t)st->n_cols, t->column_count) + 1u +
                    (s->change != NULL ? s->change->column_count : 0);
    out->columns = ARENA_ARRAY(s->b->arena, uint16_t, size);
    out->locations = ARENA_ARRAY(s->b->arena, int32_t, size);
    out->parts = ARENA_ARRAY(s->b->arena, const PgQuery__ResTarget *, size);
    out->count = 0;
    if (st->n_cols == 0 && s->change != NULL) {
        for (uint16_t i = 0; i < s->change->column_count; i++) {
            int16_t base = s->change->columns[i].base;
            out->locations[out->count] = -1;
            out->columns[out->count++] = base < 0 ? UINT16_MAX : (uint16_t)base;
        }
        return ST_OK;
    }
    if (st->n_cols == 0) {
        for (uint16_t i = 0; i < t->column_count; i++) {
            if (!t->columns[i].dropped) {
                out->locations[out->count] = -1;
                out->columns[out->count++] = i;
            }
        }
        return ST_OK;
    }
    for (size_t i = 0; i < st->n_cols; i++) {
        const PgQuery__ResTarget *rt = st->cols[i]->res_target;
        uint16_t column;
        TRY(bind_target_column(s, t, rt->name, rt->location, &column));
        for (uint16_t k = 0; k < out->count; k++) {
            bool same = s->change == NULL || strcmp(st->cols[k]->res_target->name, rt->name) == 0;
            if (out->columns[k] == column && same &&
                (rt->n_indirection == 0 || out->parts[k] == NULL)) {
                return BIND_ERR(s, rt->location, ERRCODE_DUPLICATE_COLUMN,
                                "column \"%s\" specified more than once", rt->name);
            }
        }
        out->parts[out->count] = rt->n_indirection > 0 ? rt : NULL;
        out->locations[out->count] = rt->location;
        out->columns[out->count++] = column;
    }
    return ST_OK;
}

/* insert_count - as many values as columns; fewer are fine without a column list. */
static Status insert_count(BindScope *s, const PgQuery__InsertStmt *st, const InsertColumns *cols,
                           uint32_t given, int32_t extra_location)
{
    if (given > cols->count) {
        return BIND_ERR(s, extra_location, ERRCODE_SYNTAX_ERROR,
                        "INSERT has more expressions than target columns");
    }
    for (uint32_t i = 0; i < given; i++) {
        s->query->set_columns[cols->columns[i]] = true;
    }
    if (st->n_cols > 0 && given < cols->count) {
        return BIND_ERR(s, cols->locations[given], ERRCODE_SYNTAX_ERROR,
                        "INSERT has more target columns than expressions");
    }
    for (uint32_t i = 0; i < given; i++) {
        if (cols->columns[i] == UINT16_MAX) { /* no list: the view's columns */
            return bind_view_refuse_column(s, &s->change->columns[i]);
        }
        for (uint32_t k = 0; s->change != NULL && k < i; k++) {
            if (cols->columns[k] == cols->columns[i] && cols->parts[i] == NULL) {
                return err_set(s->cx, ERRCODE_SYNTAX_ERROR,
                               "multiple assignments to same column \"%s\"",
                               s->change->table->columns[cols->columns[i]].name);
            }
        }
    }
    return ST_OK;
}

/* insert_cell - given value number i, DEFAULT included, as its column's type; of a[1] the array it
 * makes, from `before`, what an earlier part of the column made (NULL: nothing yet). */
static Status insert_cell(BindScope *s, const PgQuery__InsertStmt *st, const CatTable *t,
                          const InsertColumns *cols, uint32_t i, Expr *before, Expr *e, Expr **out)
{
    uint16_t column = cols->columns[i];
    const CatColumn *c = &t->columns[column];
    const PgQuery__ResTarget *part = cols->parts[i];
    bool is_default = e->kind == EXPR_DEFAULT;
    if (part != NULL) {
        before = before != NULL ? before : bind_const_null(s, c->type, c->typmod);
        return bind_store_part(s, c, before, part->indirection, part->n_indirection, e,
                               part->location, out);
    }
    if (c->identity != 0 && st->override == PG_QUERY__OVERRIDING_KIND__OVERRIDING_USER_VALUE) {
        is_default = true;
    }
    if (is_default) {
        return bind_column_default(s, t, column, out);
    }
    if (c->generated != 0) {
        (void)err_set(s->cx, ERRCODE_GENERATED_ALWAYS,
                      "cannot insert a non-DEFAULT value into column \"%s\"", c->name);
        return err_detail(s->cx, "Column \"%s\" is a generated column.", c->name);
    }
    if (c->identity == 'a' && st->override != PG_QUERY__OVERRIDING_KIND__OVERRIDING_SYSTEM_VALUE) {
        (void)err_set(s->cx, ERRCODE_GENERATED_ALWAYS,
                      "cannot insert a non-DEFAULT value into column \"%s\"", c->name);
        (void)err_detail(s->cx, "Column \"%s\" is an identity column defined as GENERATED ALWAYS.",
                         c->name);
        return err_hint(s->cx, "Use OVERRIDING SYSTEM VALUE to override.");
    }
    return bind_assign(s, t, column, e, bind_location(e), out);
}

/* insert_values_row - the cells of one VALUES row, each as its column wants it. */
static Status insert_values_row(BindScope *s, const PgQuery__InsertStmt *st, const CatTable *t,
                                const InsertColumns *cols, const PgQuery__List *list, Expr ***out)
{
    Expr **row = ARENA_ARRAY(s->b->arena, Expr *, list->n_items + 1);
    s->no_aggs = "VALUES";
    for (size_t i = 0; i < list->n_items; i++) {
        TRY(bind_value_or_default(s, list->items[i], &row[i]));
    }
    s->no_aggs = NULL;
    int32_t extra = list->n_items > cols->count ? bind_location(row[cols->count]) : -1;
    TRY(insert_count(s, st, cols, (uint32_t)list->n_items, extra));
    for (size_t i = 0; i < list->n_items; i++) {
        Expr *before = NULL;
        for (size_t k = 0; k < i && cols->parts[i] != NULL; k++) {
            before = cols->columns[k] == cols->columns[i] ? row[k] : before;
        }
        TRY(insert_cell(s, st, t, cols, (uint32_t)i, before, row[i], &row[i]));
    }
    *out = row;
    return ST_OK;
}

static void insert_from(BindScope *s, uint16_t rte)
{
    Query *q = s->query;
    q->from = ARENA_ARRAY(s->b->arena, FromNode *, 1);
    q->from[0] = ARENA_NEW(s->b->arena, FromNode);
    q->from[0]->rte = rte;
    q->from_count = 1;
}

/* insert_values - VALUES: one row into the targets, several into an entry of their own. */
static Status insert_values(BindScope *s, const PgQuery__InsertStmt *st, const CatTable *t,
                            const InsertColumns *cols, const PgQuery__SelectStmt *sel)
{
    Query *q = s->query;
    Expr **row;
    if (sel->n_values_lists == 1) {
        const PgQuery__List *list = sel->values_lists[0]->list;
        TRY(insert_values_row(s, st, t, cols, list, &row));
        for (size_t i = 0; i < list->n_items; i++) {
            q->targets[cols->columns[i]].expr = row[i];
        }
        return ST_OK;
    }
    Rte *r = ARENA_NEW(s->b->arena, Rte);
    r->kind = RTE_VALUES;
    r->alias = "*VALUES*";
    r->row_count = (uint32_t)sel->n_values_lists;
    r->rows = ARENA_ARRAY(s->b->arena, Expr **, r->row_count);
    r->column_count = (uint16_t)sel->values_lists[0]->list->n_items;
    for (uint32_t i = 0; i < r->row_count; i++) {
        const PgQuery__List *list = sel->values_lists[i]->list;
        if (list->n_items != r->column_count) {
            Expr *cell = NULL;
            TRY(bind_value_or_default(s, list->items[0], &cell));
            return BIND_ERR(s, bind_location(cell), ERRCODE_SYNTAX_ERROR,
                            "VALUES lists must all be the same length");
        }
        TRY(insert_values_row(s, st, t, cols, list, &r->rows[i]));
    }
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, r->column_count + 1u);
    for (uint16_t c = 0; c < r->column_count; c++) {
        const Expr *e = r->rows[0][c];
        const CatColumn *col = &t->columns[cols->columns[c]];
        r->columns[c] = (RteColumn){.name = arena_printf(s->b->arena, "column%u", c + 1u),
                                    .type = col->type,
                                    .collation = col->collation,
                                    .typmod = col->typmod,
                                    .phys = e->phys};
    }
    uint16_t rte = bind_add_rte(s, r);
    insert_from(s, rte);
    for (uint16_t c = 0; c < r->column_count; c++) {
        const RteColumn *rc = &r->columns[c];
        r->column_used[c] = true;
        q->targets[cols->columns[c]].expr =
            bind_column_expr(s, rte, (int16_t)c, rc->type, rc->typmod, rc->collation, -1);
    }
    return ST_OK;
}

/* insert_select - INSERT from a query; its unknown literals take the column types. */
static Status insert_select(BindScope *s, const PgQuery__InsertStmt *st, const CatTable *t,
                            const InsertColumns *cols)
{
    Query *q = s->query, *source;
    TRY(bind_query_node(s, st->select_stmt, true, &source));
    uint16_t given = 0;
    while (given < source->target_count && !source->targets[given].hidden) {
        given++;
    }
    int32_t extra = given > cols->count ? bind_location(source->targets[cols->count].expr) : -1;
    TRY(insert_count(s, st, cols, given, extra));
    for (uint16_t i = 0; i < given; i++) {
        Target *src = &source->targets[i];
        if (src->expr->type == TYPE_UNKNOWN && source->set_op == SETOP_NONE &&
            cols->parts[i] == NULL) {
            const Expr *was = src->expr;
            TRY(bind_assign(s, t, cols->columns[i], src->expr, bind_location(src->expr),
                            &src->expr));
            for (uint16_t k = 0; k < source->order_count; k++) {
                if (source->order_by[k].expr == was) {
                    source->order_by[k].expr = src->expr;
                }
            }
        }
    }
    Rte *r = bind_subquery_rte(s, source, "*SELECT*");
    uint16_t rte = bind_add_rte(s, r);
    insert_from(s, rte);
    q->insert_source = source;
    for (uint16_t i = 0; i < given; i++) {
        const RteColumn *rc = &r->columns[i];
        r->column_used[i] = true;
        Expr *e = bind_column_expr(s, rte, (int16_t)i, rc->type, rc->typmod, rc->collation,
                                   bind_location(source->targets[i].expr));
        Expr **place = &q->targets[cols->columns[i]].expr;
        TRY(insert_cell(s, st, t, cols, i, *place, e, place));
    }
    return ST_OK;
}

/* insert_rest - what was not given: defaults, NULL for dropped columns. */
static Status insert_rest(BindScope *s, const CatTable *t)
{
    Query *q = s->query;
    for (uint16_t i = 0; i < t->column_count; i++) {
        Target *tg = &q->targets[i];
        tg->name = t->columns[i].name;
        if (tg->expr == NULL) {
            TRY(bind_column_default(s, t, i, &tg->expr));
        }
    }
    return ST_OK;
}

static bool is_plain_values(const PgQuery__SelectStmt *sel)
{
    return sel->n_values_lists > 0 && sel->n_sort_clause == 0 && sel->limit_count == NULL &&
           sel->limit_offset == NULL && sel->n_locking_clause == 0 && sel->with_clause == NULL &&
           sel->op <= PG_QUERY__SET_OPERATION__SETOP_NONE;
}

Status bind_insert(BindScope *s, const PgQuery__InsertStmt *st)
{
    Query *q = s->query;
    const CatTable *t;
    InsertColumns cols;
    uint16_t rte;
    if (st->with_clause != NULL) {
        TRY(bind_with_clause(s, st->with_clause));
    }
    TRY(bind_open_table(s, st->relation, TABLELOCK_ROW_EXCLUSIVE, &t));
    TRY(bind_is_modifiable(s, t));
    const char *alias = st->relation->alias != NULL ? st->relation->alias->aliasname : t->name;
    if (t->kind == 'v' && !bind_has_instead(t, TRIGGER_INSERT)) {
        ViewTarget *v = ARENA_NEW(s->b->arena, ViewTarget);
        TRY(bind_view_target(s, t, CMD_INSERT, q->rte_count, v));
        bind_view_changes(s, v);
        t = v->table;
        TRY(bind_is_modifiable(s, t));
    }
    TRY(bind_table_rte(s, t, alias, &rte));
    q->result_rte = rte;
    q->result_table = t;
    q->targets = ARENA_ARRAY(s->b->arena, Target, t->column_count + 1u);
    q->target_count = t->column_count;
    TRY(insert_columns(s, st, t, &cols));
    q->set_columns = ARENA_ARRAY(s->b->arena, bool, t->column_count + 1u);
    if (st->select_stmt != NULL) {
        const PgQuery__SelectStmt *sel = st->select_stmt->select_stmt;
        if (is_plain_values(sel)) {
            TRY(insert_values(s, st, t, &cols, sel));
        } else {
            TRY(insert_select(s, st, t, &cols));
        }
    }
    TRY(insert_rest(s, t));
    TRY(bind_generated(s, t, NULL));
    TRY(bind_checks(s, t));
    NsItem *target = bind_add_item(s, s->change != NULL ? bind_view_item(s, s->change, alias)
                                                        : bind_item_of_rte(s, rte, alias, NULL, 0));
    if (st->on_conflict_clause != NULL && t->kind == 'v') {
        return err_unsupported(s->cx, "ON CONFLICT for view \"%s\" is not supported", t->name);
    }
    if (st->on_conflict_clause != NULL) {
        TRY(bind_on_conflict(s, st->on_conflict_clause, t, target));
    }
    return bind_returning(s, st->returning_list, st->n_returning_list);
}

Status bind_merge_insert(BindScope *s, const CatTable *t, const PgQuery__MergeWhenClause *w,
                         Target **targets_out)
{
    PgQuery__InsertStmt st = PG_QUERY__INSERT_STMT__INIT;
    PgQuery__List list = PG_QUERY__LIST__INIT;
    InsertColumns cols;
    Expr **row;
    Target *targets = ARENA_ARRAY(s->b->arena, Target, t->column_count + 1u);
    st.n_cols = w->n_target_list;
    st.cols = w->target_list;
    st.override = w->override;
    list.n_items = w->n_values;
    list.items = w->values;
    TRY(insert_columns(s, &st, t, &cols));
    if (w->n_values > 0) { /* none: DEFAULT VALUES */
        TRY(insert_values_row(s, &st, t, &cols, &list, &row));
        for (size_t i = 0; i < list.n_items; i++) {
            targets[cols.columns[i]].expr = row[i];
        }
    }
    for (uint16_t i = 0; i < t->column_count; i++) {
        targets[i].name = t->columns[i].name;
        if (targets[i].expr == NULL) {
            TRY(bind_column_default(s, t, i, &targets[i].expr));
        }
    }
    *targets_out = targets;
    return ST_OK;
}
