/*
 * composite.c - row values: what fields one has, one field of it, and calls in a target list that
 * give rows.
 *
 * A set-returning function that is not the whole of a target, or that gives rows, is what
 * PostgreSQL makes of it for one such call: an item of FROM after all others, LATERAL, whose
 * columns the target names. The same call again means the same item.
 */
#include "bind/bind_internal.h"

/* shape_of_query - the shape of a subquery's column. */
static bool shape_of_query(BindScope *s, const Query *q, uint16_t column, RowShape *out)
{
    while (q->set_op != SETOP_NONE) {
        q = q->set_left;
    }
    return q->command == CMD_SELECT && column < q->target_count &&
           bind_row_shape(s, q->targets[column].expr, out);
}

bool bind_row_type_shape(BindScope *s, Oid type, RowShape *out)
{
    const CatType *t = cat_type(s->b->view, cat_domain_base(s->b->view, type));
    const CatTable *table;
    if (t == NULL || t->kind != 'c' ||
        cat_table_by_oid(s->cx, s->b->view, t->relation, &table) != ST_OK) {
        return false;
    }
    out->names = ARENA_ARRAY(s->b->arena, const char *, table->column_count + 1u);
    out->types = ARENA_ARRAY(s->b->arena, Oid, table->column_count + 1u);
    out->typmods = ARENA_ARRAY(s->b->arena, int32_t, table->column_count + 1u);
    out->count = 0;
    for (uint16_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].dropped) {
            out->names[out->count] = table->columns[i].name;
            out->typmods[out->count] = table->columns[i].typmod;
            out->types[out->count++] = table->columns[i].type;
        }
    }
    return true;
}

/* shape_of_outputs - of what a function with OUT parameters returns; polymorphic ones are not
 * known.
 */
static bool shape_of_outputs(BindScope *s, const Expr *e, RowShape *out)
{
    const CatProc *p = e->proc;
    uint16_t n = 0;
    if (p->arg_modes == NULL || p->returns_set) {
        return false;
    }
    out->names = ARENA_ARRAY(s->b->arena, const char *, p->all_arg_count + 1u);
    out->types = ARENA_ARRAY(s->b->arena, Oid, p->all_arg_count + 1u);
    out->typmods = ARENA_ARRAY(s->b->arena, int32_t, p->all_arg_count + 1u);
    for (uint16_t i = 0; i < p->all_arg_count; i++) {
        if (strchr("obt", p->arg_modes[i]) == NULL) {
            continue;
        }
        if (bind_is_generic(p->all_args[i])) {
            return false;
        }
        bool named = p->arg_names != NULL && p->arg_names[i] != NULL;
        out->names[n] = named ? p->arg_names[i] : arena_printf(s->b->arena, "column%u", n + 1u);
        out->typmods[n] = -1;
        out->types[n++] = p->all_args[i];
    }
    out->count = n;
    return n > 0;
}

bool bind_row_shape(BindScope *s, const Expr *e, RowShape *out)
{
    if (e->kind == EXPR_ROW && e->type == TYPE_RECORD) {
        out->names = ARENA_ARRAY(s->b->arena, const char *, e->arg_count + 1u);
        out->types = ARENA_ARRAY(s->b->arena, Oid, e->arg_count + 1u);
        out->typmods = ARENA_ARRAY(s->b->arena, int32_t, e->arg_count + 1u);
        out->count = e->arg_count;
        for (uint16_t i = 0; i < e->arg_count; i++) {
            out->names[i] = e->u.row.names != NULL ? e->u.row.names[i]
                                                   : arena_printf(s->b->arena, "f%u", i + 1u);
            out->types[i] = e->args[i]->type;
            out->typmods[i] = e->args[i]->typmod;
        }
        return true;
    }
    if (e->kind == EXPR_COLUMN && e->type == TYPE_RECORD && e->u.column.column >= 0) {
        const BindScope *at = s;
        for (uint16_t i = 0; i < e->u.column.levels_up && at != NULL; i++) {
            at = at->parent;
        }
        if (at == NULL || e->u.column.rte >= at->query->rte_count) {
            return false;
        }
        const Rte *r = at->query->rtes[e->u.column.rte];
        return r->kind == RTE_SUBQUERY && r->subquery != NULL &&
               shape_of_query(s, r->subquery, (uint16_t)e->u.column.column, out);
    }
    if (e->kind == EXPR_FUNC && e->type == TYPE_RECORD && shape_of_outputs(s, e, out)) {
        return true;
    }
    return bind_row_type_shape(s, e->type, out);
}

Status bind_field(BindScope *s, Expr *row, const Node *n, const Node *arg, Expr **out)
{
    const char *name = bind_string(n);
    RowShape shape;
    if (!bind_row_shape(s, row, &shape)) {
        return BIND_ERR(s, bind_location(row), ERRCODE_FEATURE_NOT_SUPPORTED,
                        "selecting a field of a composite value is not supported");
    }
    for (uint16_t i = 0; i < shape.count; i++) {
        if (strcmp(shape.names[i], name) == 0) {
            *out = bind_row_field(s, row, &shape, i);
            return ST_OK;
        }
    }
    if (row->kind == EXPR_ROW && row->u.row.whole && NODE_IS(arg, COLUMN_REF)) {
        const PgQuery__ColumnRef *ref = arg->column_ref;
        return BIND_ERR(s, row->location, ERRCODE_UNDEFINED_COLUMN, "column %s.%s does not exist",
                        bind_string(ref->fields[ref->n_fields - 1]), name);
    }
    if (row->type != TYPE_RECORD) {
        return BIND_ERR(s, row->location, ERRCODE_UNDEFINED_COLUMN,
                        "column \"%s\" not found in data type %s", name,
                        bind_type_text(s, row->type));
    }
    return BIND_ERR(s, row->location, ERRCODE_UNDEFINED_COLUMN,
                    "could not identify column \"%s\" in record data type", name);
}

Status bind_row_as(BindScope *s, Expr *row, Oid type, char context, int32_t location, Expr **out)
{
    RowShape shape = {0};
    const char *detail = NULL;
    if (!bind_row_type_shape(s, type, &shape)) {
        return ST_NOTFOUND;
    }
    Expr *e = bind_expr_new(s, EXPR_ROW, type, -1, location, shape.count);
    e->form = context == 'e' ? FORM_EXPLICIT_CAST : FORM_IMPLICIT_CAST;
    e->u.row.names = shape.names;
    e->u.row.whole = row->u.row.whole;
    if (row->arg_count != shape.count) {
        detail = row->arg_count < shape.count ? "Input has too few columns."
                                              : "Input has too many columns.";
    }
    for (uint16_t i = 0; i < shape.count && detail == NULL; i++) {
        Status st = bind_coerce_to(s, row->args[i], shape.types[i], shape.typmods[i], context,
                                   bind_location(row->args[i]), &e->args[i]);
        if (st == ST_NOTFOUND) {
            detail = arena_printf(s->b->arena, "Cannot cast type %s to %s in column %u.",
                                  bind_type_text(s, row->args[i]->type),
                                  bind_type_text(s, shape.types[i]), i + 1u);
        } else {
            TRY(st);
        }
    }
    if (detail != NULL) {
        (void)err_set(s->cx, ERRCODE_CANNOT_COERCE, "cannot cast type record to %s",
                      bind_type_text(s, type));
        (void)err_detail(s->cx, "%s", detail);
        return bind_at(s, location >= 0 ? location : row->location);
    }
    *out = e;
    return ST_OK;
}

Expr *bind_row_field(BindScope *s, Expr *row, const RowShape *shape, uint16_t field)
{
    if (row->kind == EXPR_ROW) {
        return row->args[field];
    }
    Expr *e =
        bind_expr_new(s, EXPR_FIELD, shape->types[field], shape->typmods[field], row->location, 1);
    e->args[0] = row;
    e->u.field.number = field;
    e->u.field.name = shape->names[field];
    return e;
}

Status bind_store_field(BindScope *s, const CatColumn *c, Expr *base, Node *const *nodes,
                        size_t count, Expr *value, int32_t location, Expr **out)
{
    const char *name = bind_string(nodes[0]);
    RowShape shape = {0};
    uint16_t at = 0;
    if (!bind_row_type_shape(s, c->type, &shape)) {
        return BIND_ERR(s, location, ERRCODE_DATATYPE_MISMATCH,
                        "cannot assign to field \"%s\" of column \"%s\" because its type %s is not "
                        "a composite type",
                        name, c->name, bind_type_text(s, c->type));
    }
    while (at < shape.count && strcmp(shape.names[at], name) != 0) {
        at++;
    }
    if (at == shape.count) {
        return BIND_ERR(s, location, ERRCODE_UNDEFINED_COLUMN,
                        "cannot assign to field \"%s\" of column \"%s\" because there is no such "
                        "column in data type %s",
                        name, c->name, bind_type_text(s, c->type));
    }
    if (value->kind == EXPR_DEFAULT) {
        return BIND_ERR(s, location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "cannot set a subfield to DEFAULT");
    }
    CatColumn field = {.name = name, .type = shape.types[at], .typmod = shape.typmods[at]};
    Expr *row =
        bind_expr_new(s, EXPR_ROW, cat_domain_base(s->b->view, c->type), -1, -1, shape.count);
    row->u.row.names = shape.names;
    for (uint16_t i = 0; i < shape.count; i++) {
        row->args[i] = bind_row_field(s, base, &shape, i);
    }
    if (count > 1) {
        TRY(bind_store_part(s, &field, row->args[at], nodes + 1, count - 1, value, location,
                            &row->args[at]));
    } else {
        Status st = bind_coerce_to(s, value, field.type, field.typmod, 'a', -1, &row->args[at]);
        if (st == ST_NOTFOUND) {
            (void)err_set(s->cx, ERRCODE_DATATYPE_MISMATCH,
                          "subfield \"%s\" is of type %s but expression is of type %s", name,
                          bind_type_text(s, field.type), bind_type_text(s, value->type));
            (void)err_hint(s->cx, "You will need to rewrite or cast the expression.");
            return bind_at(s, location);
        }
        TRY(st);
    }
    return bind_coerce_implicit(s, row, c->type, out);
}

/* ---- set-returning calls inside a target ---- */

/* set_item - the FROM item of a call, made when it is met first. */
static Status set_item(BindScope *s, const PgQuery__FuncCall *f, const NsItem **out)
{
    if (s->set_call != NULL) {
        if (!bind_same_text(&s->set_call->base, &f->base)) {
            return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                            "different set-returning functions inside expressions of a target "
                            "list are not supported");
        }
        *out = s->items[s->set_item];
        return ST_OK;
    }
    PgQuery__RangeFunction rf = PG_QUERY__RANGE_FUNCTION__INIT;
    PgQuery__Node call = PG_QUERY__NODE__INIT;
    Node *nodes[1] = {&call};
    PgQuery__FuncCall copy = *f;
    FromNode *leaf;
    Query *q = s->query;
    call.node_case = PG_QUERY__NODE__NODE_FUNC_CALL;
    call.func_call = &copy;
    rf.lateral = true;
    rf.n_functions = 1;
    rf.functions = nodes;
    s->in_targets = false;
    s->set_from_target = true;
    Status st = bind_from_function(s, &rf, &leaf);
    s->set_from_target = false;
    s->in_targets = true;
    TRY(st);
    FromNode **from = ARENA_ARRAY(s->b->arena, FromNode *, q->from_count + 1u);
    if (q->from_count > 0) {
        memcpy(from, q->from, q->from_count * sizeof(*from));
    }
    from[q->from_count++] = leaf;
    q->from = from;
    s->set_call = f;
    s->set_item = (uint16_t)(s->item_count - 1);
    NsItem *item = s->items[s->set_item];
    item->rel_visible = item->cols_visible = false;
    q->rtes[leaf->rte]->function_item |= FUNCTION_ITEM_IN_TARGET;
    *out = item;
    return ST_OK;
}

Status bind_set_in_target(BindScope *s, const PgQuery__FuncCall *f, Expr **out)
{
    const NsItem *item = NULL;
    TRY(set_item(s, f, &item));
    if (item->scalar) {
        *out = bind_item_column(s, item, 0, 0, f->location);
        return ST_OK;
    }
    Expr *e = bind_expr_new(s, EXPR_ROW, TYPE_RECORD, -1, f->location, item->column_count);
    const char **names = ARENA_ARRAY(s->b->arena, const char *, item->column_count + 1u);
    for (uint16_t i = 0; i < item->column_count; i++) {
        names[i] = item->columns[i].name;
        e->args[i] = bind_item_column(s, item, i, 0, f->location);
    }
    e->u.row.names = names;
    *out = e;
    return ST_OK;
}

Status bind_set_check(BindScope *s)
{
    const Query *q = s->query;
    if (s->set_call != NULL &&
        (q->has_aggs || q->group_count > 0 || q->has_windows || s->set_top)) {
        return BIND_ERR(s, s->set_call->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "set-returning functions inside expressions of a target list are not "
                        "supported beside aggregates, window functions and other sets");
    }
    return ST_OK;
}
