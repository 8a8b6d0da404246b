/*
 * view_change.c - changing rows through a view: which views allow it, and what their columns and
 * conditions are over the table behind them
 *
 * A view that is a plain SELECT from one table or such a view is changed by changing that table:
 * INSERT, UPDATE and DELETE are bound to the table, names by the view. Its conditions restrict the
 * rows that UPDATE and DELETE see, and with WITH CHECK OPTION those that INSERT and UPDATE make.
 */
#include "bind/bind_internal.h"

/* view_base - the range table entry a simple view selects from; NULL when there is not just one. */
static const Rte *view_base(const Query *q)
{
    if (q->from_count != 1 || q->from[0]->is_join) {
        return NULL;
    }
    const Rte *r = q->rtes[q->from[0]->rte];
    bool table = r->kind == RTE_TABLE && r->table->kind == 'r';
    return table || (r->kind == RTE_SUBQUERY && r->view != NULL) ? r : NULL;
}

/* column_reason - why a column of a simple view cannot be changed; NULL: it can. */
static const char *column_reason(const Query *q, const Expr *e)
{
    if (e->kind == EXPR_ROW && e->u.row.whole) {
        return "View columns that return whole-row references are not updatable.";
    }
    if (e->kind != EXPR_COLUMN || e->u.column.levels_up != 0 ||
        e->u.column.rte != q->from[0]->rte) {
        return "View columns that are not columns of their base relation are not updatable.";
    }
    return e->u.column.column < 0 ? "View columns that refer to system columns are not updatable."
                                  : NULL;
}

static bool view_has_set(const Query *q)
{
    for (uint16_t i = 0; i < q->target_count; i++) {
        const Expr *e = q->targets[i].expr;
        if (e->kind == EXPR_FUNC && e->proc != NULL && e->proc->returns_set) {
            return true;
        }
    }
    return false;
}

const char *bind_view_reason(const Query *q, bool need_column)
{
    if (q->distinct || q->distinct_on_count != 0) {
        return "Views containing DISTINCT are not automatically updatable.";
    }
    if (q->group_count != 0 || q->has_group_by || q->group_set_count != 0) {
        return "Views containing GROUP BY are not automatically updatable.";
    }
    if (q->having != NULL) {
        return "Views containing HAVING are not automatically updatable.";
    }
    if (q->set_op != SETOP_NONE) {
        return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.";
    }
    if (q->cte_count != 0) {
        return "Views containing WITH are not automatically updatable.";
    }
    if (q->limit != NULL || q->offset != NULL) {
        return "Views containing LIMIT or OFFSET are not automatically updatable.";
    }
    if (q->has_aggs) {
        return "Views that return aggregate functions are not automatically updatable.";
    }
    if (q->has_windows) {
        return "Views that return window functions are not automatically updatable.";
    }
    if (view_has_set(q)) {
        return "Views that return set-returning functions are not automatically updatable.";
    }
    if (view_base(q) == NULL) {
        return "Views that do not select from a single table or view are not automatically "
               "updatable.";
    }
    bool any = !need_column;
    for (uint16_t i = 0; i < q->target_count && !any; i++) {
        any = !q->targets[i].hidden && column_reason(q, q->targets[i].expr) == NULL;
    }
    return any ? NULL : "Views that have no updatable columns are not automatically updatable.";
}

/* not_updatable - 55000 in the words of the command. */
static Status not_updatable(BindScope *s, const CatTable *view, CmdKind command, const char *reason)
{
    static const struct {
        const char *what, *doing, *event;
    } WORDS[] = {[CMD_INSERT] = {"insert into", "inserting into", "INSERT"},
                 [CMD_UPDATE] = {"update", "updating", "UPDATE"},
                 [CMD_DELETE] = {"delete from", "deleting from", "DELETE"}};
    (void)err_set(s->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "cannot %s view \"%s\"",
                  WORDS[command].what, view->name);
    (void)err_detail(s->cx, "%s", reason);
    return err_hint(s->cx,
                    "To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional "
                    "ON %s DO INSTEAD rule.",
                    WORDS[command].doing, WORDS[command].event, WORDS[command].event);
}

/* ---- a view's columns as the table's ---- */

/* Replace - BindVisit: columns of entry `rte` of the view's query become what they are over the
 * table. Nodes that stand in a tree twice are replaced once. */
typedef struct Replace {
    BindScope *s;
    uint16_t rte;
    Expr *const *columns;
    const Expr **done;
    uint32_t count, size;
} Replace;

static bool replace_is_done(const Replace *r, const Expr *e)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->done[i] == e) {
            return true;
        }
    }
    return false;
}

static Status replace_column(void *arg, Expr *e, uint32_t level, bool *descend)
{
    Replace *r = arg;
    if (e->kind != EXPR_COLUMN || e->u.column.levels_up != level || e->u.column.rte != r->rte ||
        e->u.column.column < 0 || replace_is_done(r, e)) {
        return ST_OK;
    }
    if (r->count == r->size) {
        uint32_t size = r->size == 0 ? 16 : r->size * 2;
        r->done = arena_grow(r->s->b->arena, r->done, r->size * sizeof(*r->done),
                             size * sizeof(*r->done));
        r->size = size;
    }
    r->done[r->count++] = e;
    *e = *bind_raise_levels(r->s, r->columns[e->u.column.column], (uint16_t)level, LOCATION_KEEP);
    *descend = false;
    return ST_OK;
}

/* target_base - v over a table: its columns are the table's. */
static Status target_base(BindScope *s, const CatTable *t, uint16_t rte, ViewTarget *v)
{
    CatView *view = s->b->view;
    if (t->oid >= FIRST_USER_OID && !s->b->no_locks && view->txn != NULL) {
        TRY(table_lock(s->cx, view->txn, (uint64_t)view->database << 32 | t->oid,
                       TABLELOCK_ROW_EXCLUSIVE, WAIT_BLOCK));
        TRY(cat_table_by_oid(s->cx, view, t->oid, &t));
    }
    v->table = t;
    v->columns = ARENA_ARRAY(s->b->arena, ViewColumn, t->column_count + 1u);
    v->defaults = ARENA_ARRAY(s->b->arena, const char *, t->column_count + 1u);
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *c = &t->columns[i];
        v->columns[i] = (ViewColumn){
            .name = c->name,
            .base = (int16_t)i,
            .expr = bind_column_expr(s, rte, (int16_t)i, c->type, c->typmod, c->collation, -1)};
    }
    v->column_count = t->column_count;
    return ST_OK;
}

/* target_add_condition - the view's WHERE, over the table: what rows it has, and with a check
 * option what rows may be made. */
static void target_add_condition(BindScope *s, ViewTarget *v, const CatTable *view, Expr *where,
                                 bool check)
{
    if (where == NULL) {
        return;
    }
    if (check) {
        v->checks = arena_grow(s->b->arena, v->checks, v->check_count * sizeof(Expr *),
                               (v->check_count + 1u) * sizeof(Expr *));
        v->check_views =
            arena_grow(s->b->arena, v->check_views, v->check_count * sizeof(const char *),
                       (v->check_count + 1u) * sizeof(const char *));
        v->checks[v->check_count] = where;
        v->check_views[v->check_count++] = view->name;
    }
    if (v->where != NULL) {
        Expr *both = bind_expr_new(s, EXPR_AND, TYPE_BOOL, -1, -1, 2);
        both->args[0] = v->where;
        both->args[1] = where;
        where = both;
    }
    v->where = where;
}

static bool view_checks(const CatTable *view, const char *option)
{
    return view->options != NULL && strstr(view->options, option) != NULL;
}

/* target_columns - the view's columns by what they are of the table or view below. */
static Status target_columns(BindScope *s, const CatTable *view, const Query *q, Replace *r,
                             ViewTarget *v)
{
    const ViewColumn *below = v->columns;
    v->columns = ARENA_ARRAY(s->b->arena, ViewColumn, view->column_count + 1u);
    v->column_count = view->column_count;
    for (uint16_t i = 0; i < view->column_count && i < q->target_count; i++) {
        Expr *e = q->targets[i].expr;
        ViewColumn *c = &v->columns[i];
        *c = (ViewColumn){.name = view->columns[i].name, .base = -1};
        c->reason = column_reason(q, e);
        c->reason_view = view->name;
        c->reason_column = c->name;
        if (c->reason == NULL) {
            const ViewColumn *b = &below[e->u.column.column];
            c->base = b->base;
            c->reason = b->reason;
            c->reason_view = b->reason_view;
            c->reason_column = b->reason_column;
        }
        TRY(bind_walk(e, 0, replace_column, r));
        c->expr = e;
        if (c->base >= 0 && view->columns[i].default_sql != NULL) {
            v->defaults[c->base] = view->columns[i].default_sql;
        }
    }
    return ST_OK;
}

/* target_of - what the view is over its table; cascaded: a view above has every view checked. */
static Status target_of(BindScope *s, const CatTable *view, CmdKind command, uint16_t rte,
                        bool cascaded, ViewTarget *v)
{
    Query *q;
    int16_t event = command == CMD_INSERT   ? TRIGGER_INSERT
                    : command == CMD_UPDATE ? TRIGGER_UPDATE
                                            : TRIGGER_DELETE;
    if (bind_has_instead(view, event)) { /* a view below the statement's */
        return err_unsupported(s->cx,
                               "changing rows through view \"%s\", which has an INSTEAD OF "
                               "trigger, behind another view is not supported",
                               view->name);
    }
    TRY(bind_load_view(s->cx, s->b, view, &q));
    const char *reason = bind_view_reason(q, command != CMD_DELETE);
    if (reason != NULL) {
        return not_updatable(s, view, command, reason);
    }
    const Rte *r = view_base(q);
    v->chain = arena_grow(s->b->arena, v->chain, v->chain_count * sizeof(CatTable *),
                          (v->chain_count + 1u) * sizeof(CatTable *));
    v->chain[v->chain_count++] = view;
    cascaded = cascaded || view_checks(view, "check_option=cascaded");
    bool check = cascaded || view_checks(view, "check_option=local");
    if (r->kind == RTE_TABLE) {
        TRY(target_base(s, r->table, rte, v));
    } else {
        TRY(target_of(s, r->view, command, rte, cascaded, v));
    }
    Replace replace = {.s = s, .rte = q->from[0]->rte};
    Expr **below = ARENA_ARRAY(s->b->arena, Expr *, v->column_count + 1u);
    for (uint16_t i = 0; i < v->column_count; i++) {
        below[i] = v->columns[i].expr;
    }
    replace.columns = below;
    TRY(bind_walk(q->where, 0, replace_column, &replace));
    TRY(target_columns(s, view, q, &replace, v));
    target_add_condition(s, v, view, q->where, check);
    v->has_sublinks = v->has_sublinks || q->has_sublinks;
    return ST_OK;
}

Status bind_view_target(BindScope *s, const CatTable *view, CmdKind command, uint16_t rte,
                        ViewTarget *out)
{
    *out = (ViewTarget){.view = view};
    return target_of(s, view, command, rte, false, out);
}

void bind_view_changes(BindScope *s, const ViewTarget *v)
{
    Query *q = s->query;
    int16_t *base = ARENA_ARRAY(s->b->arena, int16_t, v->column_count + 1u);
    for (uint16_t i = 0; i < v->column_count; i++) {
        base[i] = v->columns[i].base;
    }
    s->change = v;
    q->has_sublinks = q->has_sublinks || v->has_sublinks;
    q->through = v->chain;
    q->through_count = v->chain_count;
    q->through_base = base;
}

NsItem *bind_view_item(BindScope *s, const ViewTarget *v, const char *name)
{
    NsItem *item = ARENA_NEW(s->b->arena, NsItem);
    item->name = name;
    item->table = v->view;
    item->rte = NO_RTE;
    item->rel_visible = item->cols_visible = true;
    item->column_count = v->column_count;
    item->columns = ARENA_ARRAY(s->b->arena, NsColumn, v->column_count + 1u);
    for (uint16_t i = 0; i < v->column_count; i++) {
        item->columns[i] = (NsColumn){v->columns[i].name, v->columns[i].expr};
    }
    return item;
}

Status bind_view_refuse_column(BindScope *s, const ViewColumn *c)
{
    (void)err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot %s column \"%s\" of view \"%s\"",
                  s->query->command == CMD_INSERT ? "insert into" : "update", c->reason_column,
                  c->reason_view);
    return err_detail(s->cx, "%s", c->reason);
}

Status bind_view_column(BindScope *s, const char *name, int32_t location, uint16_t *column_out)
{
    const ViewTarget *v = s->change;
    for (uint16_t i = 0; i < v->column_count; i++) {
        if (strcmp(v->columns[i].name, name) != 0) {
            continue;
        }
        if (v->columns[i].base < 0) {
            return bind_view_refuse_column(s, &v->columns[i]);
        }
        *column_out = (uint16_t)v->columns[i].base;
        return ST_OK;
    }
    return BIND_ERR(s, location, ERRCODE_UNDEFINED_COLUMN,
                    "column \"%s\" of relation \"%s\" does not exist", name, v->view->name);
}

/* ---- what a client may ask ---- */

enum { EVENT_UPDATE = 4, EVENT_INSERT = 8, EVENT_DELETE = 16 };

/* events_of_triggers - the commands that INSTEAD OF triggers answer. */
static int events_of_triggers(const CatTable *t)
{
    return (bind_has_instead(t, TRIGGER_UPDATE) ? EVENT_UPDATE : 0) |
           (bind_has_instead(t, TRIGGER_INSERT) ? EVENT_INSERT : 0) |
           (bind_has_instead(t, TRIGGER_DELETE) ? EVENT_DELETE : 0);
}

/* events_of - the commands that change a relation; only (NULL: all) narrows to some of its columns,
 * and is narrowed to those of the relation below that they are. */
static Status events_of(Cx *cx, BindCx *b, const CatTable *t, const bool *only, bool triggers,
                        int *events_out)
{
    Query *q;
    *events_out = 0;
    if (t->kind == 'r') {
        *events_out = EVENT_UPDATE | EVENT_INSERT | EVENT_DELETE;
        return ST_OK;
    }
    if (t->kind != 'v' || t->view_sql == NULL) {
        return ST_OK;
    }
    *events_out = triggers ? events_of_triggers(t) : 0;
    TRY(bind_load_view(cx, b, t, &q));
    if (bind_view_reason(q, false) != NULL) {
        return ST_OK;
    }
    const Rte *r = view_base(q);
    bool *below = ARENA_ARRAY(b->arena, bool, r->column_count + 1u), any = false;
    for (uint16_t i = 0; i < q->target_count && i < t->column_count; i++) {
        const Expr *e = q->targets[i].expr;
        if ((only == NULL || only[i]) && column_reason(q, e) == NULL) {
            below[e->u.column.column] = any = true;
        }
    }
    int events = any ? EVENT_UPDATE | EVENT_INSERT | EVENT_DELETE : EVENT_DELETE;
    int inner = events;
    if (r->view != NULL) {
        TRY(events_of(cx, b, r->view, below, triggers, &inner));
    }
    *events_out |= events & inner;
    return ST_OK;
}

Status bind_change_events(Cx *cx, BindCx *b, const CatTable *t, int16_t column, bool triggers,
                          int *events_out)
{
    bool *only = NULL;
    if (column > 0) {
        only = ARENA_ARRAY(b->arena, bool, (uint32_t)MAX((int)t->column_count, (int)column) + 1u);
        only[column - 1] = true;
    }
    return events_of(cx, b, t, only, triggers, events_out);
}
