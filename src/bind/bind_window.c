/*
 * bind_window.c - window functions: calls with OVER, window definitions, frames
 *
 * A call only notes which definition it means; definitions are bound when all clauses have been
 * seen, as PostgreSQL does, which decides which error comes first.
 */
#include "bind/bind_internal.h"

static Status find_window_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)level;
    if (e->kind == EXPR_WINDOW) {
        *(Expr **)arg = e;
        return ST_DONE;
    }
    *descend = e->kind != EXPR_SUBLINK;
    return ST_OK;
}

/* bind_find_window - a window function called inside the expression, or NULL. */
Expr *bind_find_window(Expr *e)
{
    Expr *found = NULL;
    st_ignore(bind_walk(e, 0, find_window_visit, &found));
    return found;
}

static uint16_t window_add(BindScope *s, const PgQuery__WindowDef *d)
{
    if (s->window_count == s->window_size) {
        uint16_t size = (uint16_t)(s->window_size == 0 ? 4 : s->window_size * 2);
        s->windows = arena_grow(s->b->arena, s->windows, s->window_size * sizeof(*s->windows),
                                size * sizeof(*s->windows));
        s->window_size = size;
    }
    s->windows[s->window_count] = d;
    return s->window_count++;
}

static bool has_text(const char *s)
{
    return s != NULL && s[0] != '\0';
}

Status bind_window_names(BindScope *s, Node *const *defs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)window_add(s, defs[i]->window_def);
    }
    return ST_OK;
}

/* window_of - the definition an OVER clause means; a new one when there is none like it. */
static Status window_of(BindScope *s, const PgQuery__WindowDef *over, uint16_t *out)
{
    for (uint16_t i = 0; i < s->window_count; i++) {
        const PgQuery__WindowDef *d = s->windows[i];
        if (has_text(over->name) ? has_text(d->name) && strcmp(d->name, over->name) == 0
                                 : !has_text(d->name) && bind_same_text(&d->base, &over->base)) {
            *out = i;
            return ST_OK;
        }
    }
    if (has_text(over->name)) {
        return BIND_ERR(s, over->location, ERRCODE_UNDEFINED_OBJECT, "window \"%s\" does not exist",
                        over->name);
    }
    *out = window_add(s, over);
    return ST_OK;
}

/* call_decoration - what a call with OVER may not have. */
static Status call_decoration(BindScope *s, const PgQuery__FuncCall *f, const CatProc *p)
{
    if (f->agg_distinct) {
        return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "DISTINCT is not implemented for window functions");
    }
    if (p->kind == 'a' && f->n_args == 0 && !f->agg_star) {
        return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "%s(*) must be used to call a parameterless aggregate function", p->name);
    }
    if (f->n_agg_order > 0) {
        return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "aggregate ORDER BY is not implemented for window functions");
    }
    if (p->kind != 'a' && f->agg_filter != NULL) {
        return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "FILTER is not implemented for non-aggregate window functions");
    }
    return ST_OK;
}

Status bind_window_call(BindScope *s, const PgQuery__FuncCall *f, Expr *call, Expr **out)
{
    TRY(call_decoration(s, f, call->proc));
    call->kind = EXPR_WINDOW;
    call->u.window.star = f->agg_star;
    if (f->agg_filter != NULL) {
        const char *no_windows = s->no_windows, *no_aggs = s->no_aggs;
        s->no_windows = s->no_aggs = "FILTER";
        Status st = bind_bool_expr(s, f->agg_filter, "FILTER", &call->u.window.filter);
        s->no_windows = no_windows;
        s->no_aggs = no_aggs;
        TRY(st);
    }
    for (uint16_t i = 0; i < call->arg_count; i++) {
        const Expr *inner = bind_find_window(call->args[i]);
        if (inner != NULL) {
            return BIND_ERR(s, inner->location, ERRCODE_WINDOWING_ERROR,
                            "window function calls cannot be nested");
        }
    }
    const char *place = s->no_windows != NULL ? s->no_windows : s->no_aggs;
    if (place != NULL) {
        return BIND_ERR(s, f->location, ERRCODE_WINDOWING_ERROR,
                        "window functions are not allowed in %s", place);
    }
    s->query->has_windows = true;
    *out = call;
    return window_of(s, f->over, &call->u.window.number);
}

/* ---- definitions ---- */

static Status window_key(BindScope *s, const Node *n, bool equality, Expr **out)
{
    TRY(bind_expr(s, n, out));
    TRY(bind_resolve_unknown(s, *out, out));
    return bind_default_order(s, (*out)->type, bind_location(*out), equality);
}

static Status window_order(BindScope *s, const PgQuery__WindowDef *d, Window *w)
{
    w->order_by = ARENA_ARRAY(s->b->arena, SortKey, d->n_order_clause + 1);
    for (size_t i = 0; i < d->n_order_clause; i++) {
        const PgQuery__SortBy *sb = d->order_clause[i]->sort_by;
        SortKey k = {0};
        bool seen = false;
        TRY(window_key(s, sb->node, false, &k.expr));
        TRY(bind_sort_direction(s, sb, &k));
        for (uint16_t o = 0; o < w->order_count && !seen; o++) {
            seen = bind_same(w->order_by[o].expr, k.expr);
        }
        if (!seen) {
            w->order_by[w->order_count++] = k;
        }
    }
    return ST_OK;
}

static Status window_partition(BindScope *s, const PgQuery__WindowDef *d, Window *w)
{
    w->partition_by = ARENA_ARRAY(s->b->arena, Expr *, d->n_partition_clause + 1);
    for (size_t i = 0; i < d->n_partition_clause; i++) {
        Expr *e;
        bool seen = false;
        TRY(window_key(s, d->partition_clause[i], true, &e));
        for (uint16_t o = 0; o < w->partition_count && !seen; o++) {
            seen = bind_same(w->partition_by[o], e);
        }
        if (!seen) {
            w->partition_by[w->partition_count++] = e;
        }
    }
    return ST_OK;
}

/* window_copy - what a definition takes from the one it refers to. */
static Status window_copy(BindScope *s, const PgQuery__WindowDef *d, const Window *from, Window *w)
{
    if (w->partition_count > 0) {
        return BIND_ERR(s, d->location, ERRCODE_WINDOWING_ERROR,
                        "cannot override PARTITION BY clause of window \"%s\"", d->refname);
    }
    if (w->order_count > 0 && from->order_count > 0) {
        return BIND_ERR(s, d->location, ERRCODE_WINDOWING_ERROR,
                        "cannot override ORDER BY clause of window \"%s\"", d->refname);
    }
    if (from->frame != FRAME_DEFAULT) {
        (void)err_set(s->cx, ERRCODE_WINDOWING_ERROR,
                      "cannot copy window \"%s\" because it has a frame clause", d->refname);
        if (!has_text(d->name) && w->order_count == 0 && w->frame == FRAME_DEFAULT) {
            (void)err_hint(s->cx, "Omit the parentheses in this OVER clause.");
        }
        return bind_at(s, d->location);
    }
    w->base = d->refname;
    w->partition_by = from->partition_by;
    w->partition_count = from->partition_count;
    if (from->order_count > 0) {
        w->order_copied = true;
        w->order_by = from->order_by;
        w->order_count = from->order_count;
    }
    return ST_OK;
}

/* RANGE_OFFSETS - which types of offset the order of a column can be reckoned with, in
 * PostgreSQL's order. */
static const struct {
    Oid column, offset;
    RangeKind kind;
} RANGE_OFFSETS[] = {
    {TYPE_INT8, TYPE_INT8, RANGE_INT},           {TYPE_INT4, TYPE_INT2, RANGE_INT},
    {TYPE_INT4, TYPE_INT4, RANGE_INT},           {TYPE_INT4, TYPE_INT8, RANGE_INT},
    {TYPE_INT2, TYPE_INT2, RANGE_INT},           {TYPE_INT2, TYPE_INT4, RANGE_INT},
    {TYPE_INT2, TYPE_INT8, RANGE_INT},           {TYPE_FLOAT4, TYPE_FLOAT8, RANGE_FLOAT},
    {TYPE_FLOAT8, TYPE_FLOAT8, RANGE_FLOAT},     {TYPE_TIME, TYPE_INTERVAL, RANGE_TIME},
    {TYPE_NUMERIC, TYPE_NUMERIC, RANGE_EXPR},    {TYPE_DATE, TYPE_INTERVAL, RANGE_EXPR},
    {TYPE_TIMESTAMP, TYPE_INTERVAL, RANGE_EXPR}, {TYPE_TIMESTAMPTZ, TYPE_INTERVAL, RANGE_EXPR},
    {TYPE_INTERVAL, TYPE_INTERVAL, RANGE_EXPR},
};

/* range_offset_type - the type an offset takes beside a column's; 0A000 when there is none. */
static Status range_offset_type(BindScope *s, Oid column, const Expr *e, Oid *type_out,
                                RangeKind *kind_out)
{
    Oid preferred = e->type != TYPE_UNKNOWN ? e->type : column, selected = 0;
    uint32_t possible = 0, matches = 0;
    for (size_t i = 0; i < ARRAY_LEN(RANGE_OFFSETS); i++) {
        if (RANGE_OFFSETS[i].column != column) {
            continue;
        }
        possible++;
        if (!bind_can_coerce(s, e->type, RANGE_OFFSETS[i].offset, 'i')) {
            continue;
        }
        matches++;
        if (selected != preferred) {
            selected = RANGE_OFFSETS[i].offset;
            *kind_out = RANGE_OFFSETS[i].kind;
        }
    }
    *type_out = selected;
    if (possible == 0) {
        return BIND_ERR(s, bind_location(e), ERRCODE_FEATURE_NOT_SUPPORTED,
                        "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s",
                        bind_type_text(s, column));
    }
    if (matches == 0) {
        (void)err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s "
                      "and offset type %s",
                      bind_type_text(s, column), bind_type_text(s, e->type));
        (void)err_hint(s->cx, "Cast the offset value to an appropriate type.");
        return bind_at(s, bind_location(e));
    }
    if (matches != 1 && selected != preferred) {
        (void)err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "RANGE with offset PRECEDING/FOLLOWING has multiple interpretations for "
                      "column type %s and offset type %s",
                      bind_type_text(s, column), bind_type_text(s, e->type));
        (void)err_hint(s->cx, "Cast the offset value to the exact intended type.");
        return bind_at(s, bind_location(e));
    }
    return ST_OK;
}

static Status offset_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    (void)descend;
    if (e->kind == EXPR_COLUMN && e->u.column.levels_up == level) {
        *(const Expr **)arg = e;
        return ST_DONE;
    }
    return ST_OK;
}

/* offset_bound - the order key with the offset added or taken away. */
static Status offset_bound(BindScope *s, Window *w, Expr *offset, bool preceding, Expr **out)
{
    const SortKey *k = &w->order_by[0];
    TRY(bind_oper(s, "pg_catalog", preceding != k->desc ? "-" : "+", k->expr, offset, -1, out));
    return bind_coerce_implicit(s, k->expr, (*out)->type, &w->range_key);
}

/* frame_offset - one offset of the frame, and for RANGE what it means for the order key. */
static Status frame_offset(BindScope *s, Window *w, const Node *n, bool preceding, Expr **offset,
                           Expr **bound)
{
    const char *mode = w->frame & FRAME_ROWS     ? "ROWS"
                       : w->frame & FRAME_GROUPS ? "GROUPS"
                                                 : "RANGE";
    const Expr *column = NULL;
    Expr *e;
    Oid type = 0;
    if (n == NULL) {
        return ST_OK;
    }
    s->no_aggs = arena_printf(s->b->arena, "window %s", mode);
    TRY(bind_expr(s, n, &e));
    s->no_aggs = NULL;
    if (w->frame & FRAME_RANGE) {
        TRY(range_offset_type(s, w->order_by[0].expr->type, e, &type, &w->range));
        TRY(bind_coerce_implicit(s, e, type, offset));
    } else {
        TRY(bind_coerce_int8(s, e, mode, offset));
    }
    if (bind_walk(*offset, 0, offset_visit, &column) == ST_DONE) {
        return BIND_ERR(s, column->location, ERRCODE_INVALID_COLUMN_REFERENCE,
                        "argument of %s must not contain variables", mode);
    }
    switch (w->range) {
    case RANGE_NONE: return ST_OK;
    case RANGE_INT:
        TRY(bind_coerce_implicit(s, *offset, TYPE_INT8, offset));
        return bind_coerce_implicit(s, w->order_by[0].expr, TYPE_INT8, &w->range_key);
    case RANGE_FLOAT:
        return bind_coerce_implicit(s, w->order_by[0].expr, TYPE_FLOAT8, &w->range_key);
    case RANGE_TIME: w->range_key = w->order_by[0].expr; return ST_OK;
    case RANGE_EXPR: return offset_bound(s, w, *offset, preceding, bound);
    }
    UNREACHABLE();
}

static Status define_frame(BindScope *s, const PgQuery__WindowDef *d, Window *w)
{
    if ((w->frame & FRAME_GROUPS) && w->order_count == 0) {
        return BIND_ERR(s, d->location, ERRCODE_WINDOWING_ERROR,
                        "GROUPS mode requires an ORDER BY clause");
    }
    if ((w->frame & FRAME_RANGE) && (w->frame & (FRAME_START_OFFSET | FRAME_END_OFFSET)) &&
        w->order_count != 1) {
        return BIND_ERR(s, d->location, ERRCODE_WINDOWING_ERROR,
                        "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY "
                        "column");
    }
    TRY(frame_offset(s, w, d->start_offset, (w->frame & FRAME_START_PRECEDING) != 0,
                     &w->start_offset, &w->range_start));
    return frame_offset(s, w, d->end_offset, (w->frame & FRAME_END_PRECEDING) != 0, &w->end_offset,
                        &w->range_end);
}

/* window_define - bind one definition; those it may refer to come before it. */
static Status window_define(BindScope *s, const PgQuery__WindowDef *d, uint16_t number)
{
    Query *q = s->query;
    Window *w = &q->windows[number];
    const Window *from = NULL;
    *w = (Window){.name = has_text(d->name) ? d->name : NULL,
                  .frame = ((uint32_t)d->frame_options & ~0x11u),
                  .has_frame = (d->frame_options & 0x1) != 0,
                  .between = (d->frame_options & 0x10) != 0};
    for (uint16_t i = 0; i < number && w->name != NULL; i++) {
        if (q->windows[i].name != NULL && strcmp(q->windows[i].name, w->name) == 0) {
            return BIND_ERR(s, d->location, ERRCODE_WINDOWING_ERROR,
                            "window \"%s\" is already defined", w->name);
        }
    }
    for (uint16_t i = 0; i < number && has_text(d->refname); i++) {
        if (q->windows[i].name != NULL && strcmp(q->windows[i].name, d->refname) == 0) {
            from = &q->windows[i];
        }
    }
    if (has_text(d->refname) && from == NULL) {
        return BIND_ERR(s, d->location, ERRCODE_UNDEFINED_OBJECT, "window \"%s\" does not exist",
                        d->refname);
    }
    TRY(window_order(s, d, w));
    TRY(window_partition(s, d, w));
    if (from != NULL) {
        TRY(window_copy(s, d, from, w));
    }
    return define_frame(s, d, w);
}

Status bind_windows(BindScope *s)
{
    Query *q = s->query;
    q->windows = ARENA_ARRAY(s->b->arena, Window, s->window_count + 1u);
    s->no_windows = "window definitions";
    for (uint16_t i = 0; i < s->window_count; i++) {
        TRY(window_define(s, s->windows[i], i));
        q->window_count++;
    }
    s->no_windows = NULL;
    return ST_OK;
}
