/*
 * from.c - FROM: tables, subqueries, functions, VALUES lists, joins
 *
 * Items are bound left to right. While an item is bound, those before it are in the name space for
 * LATERAL only; a join merges the name spaces of its sides.
 */
#include "bind/bind_internal.h"

static Status from_item(BindScope *s, const Node *n, FromNode **out);

static FromNode *from_leaf(BindScope *s, uint16_t rte)
{
    FromNode *n = ARENA_NEW(s->b->arena, FromNode);
    n->rte = rte;
    return n;
}

/* from_add - name a range table entry in the name space. */
static Status from_add(BindScope *s, uint16_t rte, const char *name, const PgQuery__Alias *alias,
                       FromNode **out)
{
    const char **names;
    uint32_t count, live = 0;
    const Rte *r = s->query->rtes[rte];
    for (uint16_t i = 0; i < r->column_count; i++) {
        bool table = r->kind == RTE_TABLE || r->kind == RTE_TRANSITION;
        live += table && r->table->columns[i].dropped ? 0 : 1;
    }
    TRY(bind_alias_names(s, alias, live, name != NULL ? name : "unnamed_subquery", &names, &count));
    NsItem *item = bind_item_of_rte(s, rte, name, names, count);
    bind_add_item(s, item);
    s->query->rtes[rte]->alias_given = alias != NULL;
    if (count > 0) {
        const char **shown = ARENA_ARRAY(s->b->arena, const char *, item->column_count + 1u);
        for (uint16_t i = 0; i < item->column_count; i++) {
            shown[i] = item->columns[i].name;
        }
        s->query->rtes[rte]->shown_names = shown;
    }
    *out = from_leaf(s, rte);
    return ST_OK;
}

/* from_cte - a WITH query; one that is not bound to its end refers to itself: it has the columns of
 * its start. */
static Status from_cte(BindScope *s, const PgQuery__RangeVar *rv, Cte *c, FromNode **out)
{
    const char *alias = rv->alias != NULL ? rv->alias->aliasname : rv->relname;
    bool self = c->query == NULL;
    if (self) {
        TRY(bind_recursive_use(s, c, rv->location));
    } else if (c->query->command != CMD_SELECT && c->query->returning_count == 0) {
        return BIND_ERR(s, rv->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "WITH query \"%s\" does not have a RETURNING clause", c->name);
    }
    Rte *r = bind_subquery_rte(s, self ? c->start : c->query, alias);
    for (uint16_t i = 0; self && i < c->alias_count && i < r->column_count; i++) {
        r->columns[i].name = c->alias_names[i];
    }
    r->kind = RTE_CTE;
    r->subquery = NULL;
    r->cte = c;
    c->reference_count++;
    return from_add(s, bind_add_rte(s, r), alias, rv->alias, out);
}

/* from_transition - a trigger's transition table: it has the columns of the trigger's table. */
static Status from_transition(BindScope *s, const PgQuery__RangeVar *rv, uint16_t number,
                              FromNode **out)
{
    const char *alias = rv->alias != NULL ? rv->alias->aliasname : rv->relname;
    Rte *r = ARENA_NEW(s->b->arena, Rte);
    r->alias = alias;
    TRY(bind_table_columns(s, s->b->transitions[number].table, r));
    r->kind = RTE_TRANSITION;
    r->transition = number;
    return from_add(s, bind_add_rte(s, r), alias, rv->alias, out);
}

/* from_table - a name in FROM: a WITH query, a transition table, a relation. */
static Status from_table(BindScope *s, const PgQuery__RangeVar *rv, FromNode **out)
{
    uint16_t rte;
    const CatTable *t;
    bool plain = rv->schemaname == NULL || rv->schemaname[0] == '\0';
    Cte *cte = plain ? bind_find_cte(s, rv->relname) : NULL;
    if (cte != NULL) {
        return from_cte(s, rv, cte, out);
    }
    for (uint16_t i = 0; plain && i < s->b->transition_count; i++) {
        if (strcmp(s->b->transitions[i].name, rv->relname) == 0) {
            return from_transition(s, rv, i, out);
        }
    }
    TRY(bind_open_table(s, rv, TABLELOCK_ACCESS_SHARE, &t));
    const char *alias = rv->alias != NULL ? rv->alias->aliasname : t->name;
    TRY(bind_table_rte(s, t, alias, &rte));
    return from_add(s, rte, alias, rv->alias, out);
}

/* lateral_begin - which items a LATERAL item may look at; returns what to restore. */
static bool *lateral_begin(BindScope *s, bool lateral)
{
    bool *saved = ARENA_ARRAY(s->b->arena, bool, s->item_count * 2u + 1u);
    for (uint16_t i = 0; i < s->item_count; i++) {
        saved[2 * i] = s->items[i]->rel_visible;
        saved[2 * i + 1] = s->items[i]->cols_visible;
        if (!lateral) {
            s->items[i]->rel_visible = s->items[i]->cols_visible = false;
        }
    }
    return saved;
}

static void lateral_end(BindScope *s, const bool *saved, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        s->items[i]->rel_visible = saved[2 * i];
        s->items[i]->cols_visible = saved[2 * i + 1];
    }
}

/* from_subquery - a subquery in FROM; what stands before it is visible to LATERAL ones only. */
static Status from_subquery(BindScope *s, const PgQuery__RangeSubselect *rs, FromNode **out)
{
    Query *q;
    const char *alias = rs->alias != NULL ? rs->alias->aliasname : NULL;
    if (alias == NULL) {
        const PgQuery__SelectStmt *st = rs->subquery->select_stmt;
        bool values = st->n_values_lists > 0;
        (void)err_set(s->cx, ERRCODE_SYNTAX_ERROR,
                      values ? "VALUES in FROM must have an alias"
                             : "subquery in FROM must have an alias");
        return err_hint(s->cx, values ? "For example, FROM (VALUES ...) [AS] foo."
                                      : "For example, FROM (SELECT ...) [AS] foo.");
    }
    uint16_t count = s->item_count;
    bool *saved = lateral_begin(s, rs->lateral);
    Status st = bind_query_node(s, rs->subquery, false, &q);
    lateral_end(s, saved, count);
    TRY(st);
    Rte *r = bind_subquery_rte(s, q, alias);
    r->lateral = rs->lateral;
    return from_add(s, bind_add_rte(s, r), alias, rs->alias, out);
}

/* function_row_columns - those of the row type that a function returns; false: it returns none. */
static bool function_row_columns(BindScope *s, Rte *r, Oid type, uint16_t *count)
{
    const CatType *row = cat_type(s->b->view, cat_domain_base(s->b->view, type));
    const CatTable *table;
    if (row == NULL || row->kind != 'c' ||
        cat_table_by_oid(s->cx, s->b->view, row->relation, &table) != ST_OK) {
        return false;
    }
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, table->column_count + 2u);
    for (uint16_t i = 0; i < table->column_count; i++) {
        const CatColumn *c = &table->columns[i];
        const CatType *t = cat_type(s->b->view, c->type);
        if (!c->dropped) {
            r->columns[(*count)++] = (RteColumn){.name = c->name,
                                                 .type = c->type,
                                                 .collation = c->collation,
                                                 .typmod = c->typmod,
                                                 .phys = t != NULL ? t->phys : PHYS_STR};
        }
    }
    return true;
}

/* function_columns - the columns a function in FROM offers. */
static void function_columns(BindScope *s, Rte *r, const Expr *f, const char *alias)
{
    const CatProc *p = f->kind == EXPR_FUNC ? f->proc : NULL;
    uint16_t n = 0;
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, (p != NULL ? p->all_arg_count : 0u) + 2u);
    for (uint16_t i = 0; p != NULL && p->arg_modes != NULL && i < p->all_arg_count; i++) {
        if (strchr("obt", p->arg_modes[i]) != NULL) {
            Oid type = p->all_args[i];
            if (bind_is_generic(type) && f->arg_count > 0) { /* of the first argument's array */
                const CatType *array = cat_type(s->b->view, f->args[0]->type);
                bool whole = type == TYPE_ANYARRAY || array == NULL || array->element == 0;
                type = whole ? f->args[0]->type : array->element;
            }
            const CatType *t = cat_type(s->b->view, type);
            r->columns[n++] = (RteColumn){.name = p->arg_names != NULL ? p->arg_names[i] : "column",
                                          .type = type,
                                          .collation = t != NULL ? t->collation : 0,
                                          .typmod = -1,
                                          .phys = t != NULL ? t->phys : PHYS_STR};
        }
    }
    r->fields = n == 0 && p != NULL && function_row_columns(s, r, f->type, &n);
    if (!r->fields && n <= 1 && (n == 0 || f->type != TYPE_RECORD)) {
        const char *name = n == 1 ? r->columns[0].name : alias;
        r->columns[0] = (RteColumn){.name = name,
                                    .type = f->type,
                                    .collation = f->collation,
                                    .typmod = f->typmod,
                                    .phys = f->phys};
        n = 1;
    }
    if (r->with_ordinality) {
        r->columns[n++] =
            (RteColumn){.name = "ordinality", .type = TYPE_INT8, .typmod = -1, .phys = PHYS_I64};
    }
    r->column_count = n;
}

static Status own_column_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)descend;
    if (e->kind == EXPR_COLUMN && e->u.column.levels_up == level) {
        *(bool *)arg = true;
    }
    return ST_OK;
}

/* from_function_lateral - a function whose arguments are columns of what stands before it is a
 * LATERAL subquery over just that function. */
static Status from_function_lateral(BindScope *s, const PgQuery__RangeFunction *rf,
                                    const char *alias, FromNode **out)
{
    uint16_t count = s->item_count;
    bool *saved = lateral_begin(s, true);
    BindScope *in = bind_scope_new(s, s, CMD_SELECT);
    Query *q = in->query;
    q->from = ARENA_ARRAY(s->b->arena, FromNode *, 1);
    Status st = bind_from_function(in, rf, &q->from[0]);
    lateral_end(s, saved, count);
    TRY(st);
    q->from_count = 1;
    const NsItem *item = in->items[0];
    q->targets = ARENA_ARRAY(s->b->arena, Target, item->column_count + 1u);
    for (uint16_t c = 0; c < item->column_count; c++) {
        q->targets[c].expr = bind_item_column(in, item, c, 0, -1);
        q->targets[c].name = item->columns[c].name;
    }
    q->target_count = item->column_count;
    Rte *r = bind_subquery_rte(s, q, alias);
    r->lateral = true;
    r->function_item = FUNCTION_ITEM;
    TRY(from_add(s, bind_add_rte(s, r), alias, rf->alias, out));
    s->items[s->item_count - 1]->scalar = item->scalar;
    return ST_OK;
}

static bool is_unnest_many(const Node *n)
{
    if (!NODE_IS(n, FUNC_CALL) || n->func_call->n_args < 2 || n->func_call->n_funcname > 2) {
        return false;
    }
    const PgQuery__FuncCall *f = n->func_call;
    return strcmp(bind_string(f->funcname[f->n_funcname - 1]), "unnest") == 0 &&
           (f->n_funcname == 1 || strcmp(bind_string(f->funcname[0]), "pg_catalog") == 0);
}

/* unnest_many - unnest(a, b, ...): one call with an array for each column, side by side. */
static Status unnest_many(BindScope *s, const PgQuery__FuncCall *f, Expr **out)
{
    Expr *all = NULL;
    for (size_t i = 0; i < f->n_args; i++) {
        PgQuery__FuncCall one = *f;
        Expr *e;
        one.n_args = 1;
        one.args = &f->args[i];
        s->in_from_function = true;
        TRY(bind_func_call(s, &one, &e));
        if (all == NULL) {
            all = bind_func_expr(s, e->proc, TYPE_RECORD, f->location, (uint32_t)f->n_args);
        }
        all->args[i] = e->args[0];
    }
    *out = all;
    return ST_OK;
}

/* function_has_outputs - do OUT parameters say what columns there are? */
static bool function_has_outputs(const CatProc *p)
{
    return p->arg_modes != NULL && strpbrk(p->arg_modes, "obt") != NULL;
}

/* function_needs_definition - does the catalog not say what rows the function gives? */
static bool function_needs_definition(const Expr *f)
{
    return f->kind == EXPR_FUNC && f->type == TYPE_RECORD && !function_has_outputs(f->proc) &&
           (f->proc->result == TYPE_RECORD ||
            (bind_is_generic(f->proc->result) && f->proc->arg_count > 0 &&
             f->proc->args[0] == f->proc->result));
}

/* definition_fits - 42601 when the list is missing, or one too many. */
static Status definition_fits(BindScope *s, const Expr *f, const PgQuery__RangeFunction *rf)
{
    bool needed = function_needs_definition(f);
    if (needed == (rf->n_coldeflist > 0)) {
        return ST_OK;
    }
    if (needed) {
        return BIND_ERR(s, bind_location(f), ERRCODE_SYNTAX_ERROR,
                        "a column definition list is required for functions returning \"record\"");
    }
    bool outputs = f->kind == EXPR_FUNC && f->type == TYPE_RECORD && function_has_outputs(f->proc);
    return BIND_ERR(s, rf->coldeflist[0]->column_def->location, ERRCODE_SYNTAX_ERROR, "%s",
                    outputs ? "a column definition list is redundant for a function with OUT "
                              "parameters"
                            : "a column definition list is only allowed for functions returning "
                              "\"record\"");
}

/* defined_columns - those of AS name (column type, ...). */
static Status defined_columns(BindScope *s, Rte *r, const PgQuery__RangeFunction *rf)
{
    TRY(definition_fits(s, r->function, rf));
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, rf->n_coldeflist + 2u);
    for (size_t i = 0; i < rf->n_coldeflist; i++) {
        const PgQuery__ColumnDef *d = rf->coldeflist[i]->column_def;
        RteColumn *c = &r->columns[i];
        TRY(bind_type_name(s->cx, s->b, d->type_name, &c->type, &c->typmod));
        const CatType *t = cat_type(s->b->view, c->type);
        c->name = d->colname;
        c->collation = t != NULL ? t->collation : 0;
        c->phys = t != NULL ? t->phys : PHYS_STR;
    }
    r->column_count = (uint16_t)rf->n_coldeflist;
    r->defined = true;
    if (r->with_ordinality) {
        r->columns[r->column_count++] =
            (RteColumn){.name = "ordinality", .type = TYPE_INT8, .typmod = -1, .phys = PHYS_I64};
    }
    return ST_OK;
}

static void unnest_columns(BindScope *s, Rte *r)
{
    const Expr *f = r->function;
    r->columns = ARENA_ARRAY(s->b->arena, RteColumn, f->arg_count + 1u);
    for (uint16_t i = 0; i < f->arg_count; i++) {
        const CatType *array = cat_type(s->b->view, f->args[i]->type);
        const CatType *t = array != NULL ? cat_type(s->b->view, array->element) : NULL;
        r->columns[i] = (RteColumn){.name = "unnest",
                                    .type = t != NULL ? t->oid : TYPE_TEXT,
                                    .collation = t != NULL ? t->collation : 0,
                                    .typmod = -1,
                                    .phys = t != NULL ? t->phys : PHYS_STR};
    }
    r->column_count = f->arg_count;
    if (r->with_ordinality) {
        r->columns[r->column_count++] =
            (RteColumn){.name = "ordinality", .type = TYPE_INT8, .typmod = -1, .phys = PHYS_I64};
    }
}

/* bind_from_function - a function in FROM; it may always look at what stands before it. */
Status bind_from_function(BindScope *s, const PgQuery__RangeFunction *rf, FromNode **out)
{
    if (rf->is_rowsfrom || rf->n_functions != 1) {
        return err_unsupported(s->cx, "ROWS FROM is not supported");
    }
    const Node *list = rf->functions[0];
    const Node *call = NODE_IS(list, LIST) && list->list->n_items > 0 ? list->list->items[0] : list;
    const char *name = bind_target_name(call);
    const char *alias = rf->alias != NULL ? rf->alias->aliasname : name;
    uint16_t count = s->item_count;
    bool *saved = lateral_begin(s, true);
    const char *no_aggs = s->no_aggs;
    s->no_aggs = "functions in FROM";
    s->in_from_function = true;
    Rte *r = ARENA_NEW(s->b->arena, Rte);
    Status st = is_unnest_many(call) ? unnest_many(s, call->func_call, &r->function)
                                     : bind_expr(s, call, &r->function);
    s->in_from_function = false;
    s->no_aggs = no_aggs;
    lateral_end(s, saved, count);
    TRY(st);
    TRY(bind_resolve_unknown(s, r->function, &r->function));
    bool lateral = false;
    TRY(bind_walk(r->function, 0, own_column_visit, &lateral));
    if (lateral) {
        return from_function_lateral(s, rf, alias, out);
    }
    r->kind = RTE_FUNCTION;
    r->alias = alias;
    r->with_ordinality = rf->ordinality;
    r->lateral = true;
    if ((function_needs_definition(r->function) && !s->set_from_target) || rf->n_coldeflist > 0) {
        TRY(defined_columns(s, r, rf));
    } else if (is_unnest_many(call)) {
        unnest_columns(s, r);
    } else {
        function_columns(s, r, r->function, alias);
    }
    TRY(from_add(s, bind_add_rte(s, r), alias, rf->alias, out));
    s->items[s->item_count - 1]->scalar = r->column_count == 1 && r->function->type != TYPE_RECORD;
    return ST_OK;
}

/* ---- joins ---- */

typedef struct JoinSides {
    NsItem *left, *right; /* all columns of each side, as one item */
    uint16_t from, middle, to;
} JoinSides;

/* side_item - the columns a side offers unqualified: those of its visible items, in order. */
static NsItem *side_item(BindScope *s, uint16_t from, uint16_t to)
{
    NsItem *all = ARENA_NEW(s->b->arena, NsItem);
    uint32_t count = 0;
    for (uint16_t i = from; i < to; i++) {
        count += s->items[i]->column_count;
    }
    all->rte = NO_RTE;
    all->columns = ARENA_ARRAY(s->b->arena, NsColumn, count + 1);
    for (uint16_t i = from; i < to; i++) {
        const NsItem *item = s->items[i];
        for (uint16_t c = 0; item->cols_visible && c < item->column_count; c++) {
            if (item->columns[c].name != NULL) {
                all->columns[all->column_count++] = item->columns[c];
            }
        }
    }
    return all;
}

/* side_column - a USING column in one side: exactly one of the name. */
static Status side_column(BindScope *s, const NsItem *side, const char *name, const char *which,
                          int *column_out)
{
    *column_out = -1;
    for (uint16_t c = 0; c < side->column_count; c++) {
        if (strcmp(side->columns[c].name, name) == 0) {
            if (*column_out >= 0) {
                return err_set(s->cx, ERRCODE_AMBIGUOUS_COLUMN,
                               "common column name \"%s\" appears more than once in %s table", name,
                               which);
            }
            *column_out = c;
        }
    }
    if (*column_out < 0) {
        return err_set(s->cx, ERRCODE_UNDEFINED_COLUMN,
                       "column \"%s\" specified in USING clause does not exist in %s table", name,
                       which);
    }
    return ST_OK;
}

/* merged_column - what the name of a USING column means after the join. */
static Status merged_column(BindScope *s, JoinKind kind, const char *name, Expr *l, Expr *r,
                            Expr **out)
{
    Oid type;
    Expr *both[2] = {l, r};
    TRY(bind_common_type(s, both, 2, "JOIN/USING", &type));
    TRY(bind_coerce_common(s, l, type, "JOIN/USING", &both[0]));
    TRY(bind_coerce_common(s, r, type, "JOIN/USING", &both[1]));
    if (kind == JOIN_FULL) {
        Expr *c = bind_expr_new(s, EXPR_COALESCE, type, -1, -1, 2);
        c->args[0] = both[0];
        c->args[1] = both[1];
        c->u.merged_name = name;
        *out = c;
    } else {
        *out = kind == JOIN_RIGHT ? both[1] : both[0];
    }
    return ST_OK;
}

/* join_using - the condition, and the join's own item: merged columns first, then the rest. */
static Status join_using(BindScope *s, FromNode *join, const JoinSides *j, const char *const *names,
                         uint32_t count, NsItem **item_out)
{
    NsItem *item = ARENA_NEW(s->b->arena, NsItem);
    bool *left_done = ARENA_ARRAY(s->b->arena, bool, j->left->column_count + 1u);
    bool *right_done = ARENA_ARRAY(s->b->arena, bool, j->right->column_count + 1u);
    item->rte = NO_RTE;
    join->using_names = names;
    join->using_count = (uint16_t)count;
    item->columns =
        ARENA_ARRAY(s->b->arena, NsColumn, j->left->column_count + j->right->column_count + 1u);
    for (uint32_t i = 0; i < count; i++) {
        int l, r;
        Expr *eq, *merged;
        TRY(side_column(s, j->left, names[i], "left", &l));
        TRY(side_column(s, j->right, names[i], "right", &r));
        Expr *le = bind_item_column(s, j->left, (uint16_t)l, 0, -1);
        Expr *re = bind_item_column(s, j->right, (uint16_t)r, 0, -1);
        TRY(bind_equality(s, le, re, -1, &eq));
        if (join->on != NULL) {
            Expr *both = bind_expr_new(s, EXPR_AND, TYPE_BOOL, -1, -1, 2);
            both->args[0] = join->on;
            both->args[1] = eq;
            eq = both;
        }
        join->on = eq;
        TRY(merged_column(s, join->join, names[i], le, re, &merged));
        item->columns[item->column_count++] = (NsColumn){names[i], merged};
        left_done[l] = right_done[r] = true;
    }
    for (uint16_t c = 0; c < j->left->column_count; c++) {
        if (!left_done[c]) {
            item->columns[item->column_count++] = j->left->columns[c];
        }
    }
    for (uint16_t c = 0; c < j->right->column_count; c++) {
        if (!right_done[c]) {
            item->columns[item->column_count++] = j->right->columns[c];
        }
    }
    *item_out = item;
    return ST_OK;
}

static const char **natural_names(BindScope *s, const JoinSides *j, uint32_t *count_out)
{
    const char **names = ARENA_ARRAY(s->b->arena, const char *, j->left->column_count + 1u);
    *count_out = 0;
    for (uint16_t l = 0; l < j->left->column_count; l++) {
        for (uint16_t r = 0; r < j->right->column_count; r++) {
            if (strcmp(j->left->columns[l].name, j->right->columns[r].name) == 0) {
                names[(*count_out)++] = j->left->columns[l].name;
                break;
            }
        }
    }
    return names;
}

/* join_condition - ON, or the USING list; gives the join's item when it needs one of its own. */
static Status join_condition(BindScope *s, const PgQuery__JoinExpr *je, FromNode *join,
                             const JoinSides *j, NsItem **item_out)
{
    uint32_t count = (uint32_t)je->n_using_clause;
    const char **names = NULL;
    *item_out = NULL;
    if (je->is_natural) {
        names = natural_names(s, j, &count);
    } else if (count > 0) {
        names = ARENA_ARRAY(s->b->arena, const char *, count);
        for (uint32_t i = 0; i < count; i++) {
            names[i] = bind_string(je->using_clause[i]);
        }
    }
    if (names != NULL) {
        return join_using(s, join, j, names, count, item_out);
    }
    if (je->quals != NULL) {
        bool *saved = lateral_begin(s, true);
        for (uint16_t i = 0; i < j->from; i++) {
            s->items[i]->rel_visible = s->items[i]->cols_visible = false;
        }
        const char *no_aggs = s->no_aggs;
        s->no_aggs = "JOIN conditions";
        Status st = bind_bool_expr(s, je->quals, "JOIN/ON", &join->on);
        s->no_aggs = no_aggs;
        lateral_end(s, saved, s->item_count);
        return st;
    }
    return ST_OK;
}

/* check_item_names - two items of one name cannot both be referred to: 42712. */
static Status check_item_names(BindScope *s, uint16_t from, uint16_t middle)
{
    for (uint16_t i = middle; i < s->item_count; i++) {
        for (uint16_t k = from; k < middle; k++) {
            const NsItem *a = s->items[k], *b = s->items[i];
            if (a->name == NULL || b->name == NULL || !a->rel_visible || !b->rel_visible ||
                strcmp(a->name, b->name) != 0 ||
                (a->table != NULL && b->table != NULL && a->table != b->table &&
                 a->name == a->table->name && b->name == b->table->name)) {
                continue;
            }
            return err_set(s->cx, ERRCODE_DUPLICATE_ALIAS,
                           "table name \"%s\" specified more than once", b->name);
        }
    }
    return ST_OK;
}

/* from_join - both sides, the condition, and the name space the join leaves behind. */
static Status from_join(BindScope *s, const PgQuery__JoinExpr *je, FromNode **out)
{
    FromNode *join = ARENA_NEW(s->b->arena, FromNode);
    JoinSides j = {.from = s->item_count};
    NsItem *item;
    join->is_join = true;
    switch (je->jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT: join->join = JOIN_LEFT; break;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT: join->join = JOIN_RIGHT; break;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL: join->join = JOIN_FULL; break;
    default: join->join = JOIN_INNER; break;
    }
    TRY(from_item(s, je->larg, &join->left));
    j.middle = s->item_count;
    bool lateral_ok = join->join == JOIN_INNER || join->join == JOIN_LEFT;
    for (uint16_t i = j.from; i < j.middle && !lateral_ok; i++) {
        s->items[i]->lateral_only = true;
        s->items[i]->lateral_ok = false;
    }
    Status st = from_item(s, je->rarg, &join->right);
    for (uint16_t i = j.from; i < j.middle; i++) {
        s->items[i]->lateral_only = false;
    }
    TRY(st);
    j.to = s->item_count;
    TRY(check_item_names(s, j.from, j.middle));
    j.left = side_item(s, j.from, j.middle);
    j.right = side_item(s, j.middle, j.to);
    TRY(join_condition(s, je, join, &j, &item));
    *out = join;
    if (je->alias == NULL && item == NULL) {
        return ST_OK;
    }
    if (item == NULL) {
        item = side_item(s, j.from, j.to);
    }
    item->cols_visible = true;
    for (uint16_t i = j.from; i < j.to; i++) {
        s->items[i]->cols_visible = false;
        s->items[i]->rel_visible = s->items[i]->rel_visible && je->alias == NULL;
    }
    if (je->alias != NULL) {
        const char **names;
        uint32_t count;
        item->name = join->alias = je->alias->aliasname;
        item->rel_visible = true;
        TRY(bind_alias_names(s, je->alias, item->column_count, item->name, &names, &count));
        for (uint32_t i = 0; i < count; i++) {
            item->columns[i].name = names[i];
        }
    }
    bind_add_item(s, item);
    return ST_OK;
}

static Status from_item(BindScope *s, const Node *n, FromNode **out)
{
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR: return from_table(s, n->range_var, out);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: return from_subquery(s, n->range_subselect, out);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION: return bind_from_function(s, n->range_function, out);
    case PG_QUERY__NODE__NODE_JOIN_EXPR: return from_join(s, n->join_expr, out);
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
        return err_unsupported(s->cx, "TABLESAMPLE is not supported");
    case PG_QUERY__NODE__NODE_RANGE_TABLE_FUNC:
        return err_unsupported(s->cx, "XMLTABLE is not supported");
    default: return err_unsupported(s->cx, "this kind of FROM item is not supported");
    }
}

Status bind_from_clause(BindScope *s, Node *const *items, size_t count)
{
    Query *q = s->query;
    if (count == 0) {
        return ST_OK;
    }
    q->from = arena_grow(s->b->arena, q->from, q->from_count * sizeof(FromNode *),
                         (q->from_count + count) * sizeof(FromNode *));
    for (size_t i = 0; i < count; i++) {
        uint16_t before = s->item_count;
        TRY(from_item(s, items[i], &q->from[q->from_count]));
        q->from_count++;
        TRY(check_item_names(s, 0, before));
    }
    return ST_OK;
}
