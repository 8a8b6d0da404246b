/*
 * bind_node.c - making and walking typed expressions; error helpers of the binder
 */
#include "bind/bind_internal.h"

Status bind_at(BindScope *s, int32_t location)
{
    if (location >= 0 && !s->stored) {
        return err_position(s->cx, parse_char_position(s->b->sql, location));
    }
    return ST_ERROR;
}

const char *bind_type_text(BindScope *s, Oid type)
{
    Buf buf;
    buf_init(&buf, 256);
    cat_format_type(s->b->view, type, CAT_TYPMOD_NONE, &buf);
    char *text = arena_strndup(s->b->arena, (const char *)buf.data, buf.len);
    buf_release(&buf);
    return text;
}

const char *bind_types_text(BindScope *s, Expr *const *args, uint32_t count)
{
    const char *text = "";
    for (uint32_t i = 0; i < count; i++) {
        text = arena_printf(s->b->arena, "%s%s%s", text, i > 0 ? ", " : "",
                            bind_type_text(s, args[i]->type));
    }
    return text;
}

const char *bind_string(const Node *n)
{
    return NODE_IS(n, STRING) ? n->string->sval : "";
}

/* bind_names - a possibly qualified name; a third part must be the database's own name. */
Status bind_names(BindScope *s, Node *const *names, size_t count, const char **schema_out,
                  const char **name_out)
{
    *schema_out = count > 1 ? bind_string(names[count - 2]) : NULL;
    *name_out = count > 0 ? bind_string(names[count - 1]) : "";
    if (count > 2 &&
        (count > 3 || (s->b->view->database_name != NULL &&
                       strcmp(bind_string(names[0]), s->b->view->database_name) != 0))) {
        return err_unsupported(s->cx, "cross-database references are not implemented: %s.%s.%s",
                               bind_string(names[0]), *schema_out, *name_out);
    }
    return ST_OK;
}

/* bind_schema_exists - 3F000 for a qualified name whose schema is not there. */
Status bind_schema_exists(BindScope *s, const char *schema, int32_t location)
{
    Oid oid;
    Status st = schema != NULL ? cat_namespace(s->cx, s->b->view, schema, &oid) : ST_OK;
    if (st == ST_NOTFOUND) {
        return BIND_ERR(s, location, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist",
                        schema);
    }
    return st;
}

static PhysType bind_phys(BindScope *s, Oid type)
{
    const CatType *t = cat_type(s->b->view, type);
    return t != NULL ? t->phys : PHYS_STR;
}

Expr *bind_expr_new(BindScope *s, ExprKind kind, Oid type, int32_t typmod, int32_t location,
                    uint32_t arg_count)
{
    Expr *e = ARENA_NEW(s->b->arena, Expr);
    e->kind = kind;
    e->type = type;
    e->typmod = typmod;
    e->location = s->stored ? -1 : location;
    e->phys = bind_phys(s, type);
    e->arg_count = (uint16_t)arg_count;
    e->args = arg_count > 0 ? ARENA_ARRAY(s->b->arena, Expr *, arg_count) : NULL;
    const CatType *t = cat_type(s->b->view, type);
    e->collation = t != NULL ? t->collation : 0;
    e->carrier = t != NULL ? t->carrier : 0;
    return e;
}

Expr *bind_const_i32(BindScope *s, int32_t v)
{
    Expr *e = bind_expr_new(s, EXPR_CONST, TYPE_INT4, -1, -1, 0);
    e->u.constant.value.i32 = v;
    return e;
}

Expr *bind_const_bool(BindScope *s, bool v)
{
    Expr *e = bind_expr_new(s, EXPR_CONST, TYPE_BOOL, -1, -1, 0);
    e->u.constant.value.b = v;
    return e;
}

Expr *bind_const_null(BindScope *s, Oid type, int32_t typmod)
{
    Expr *e = bind_expr_new(s, EXPR_CONST, type, typmod, -1, 0);
    e->u.constant.is_null = true;
    return e;
}

Expr *bind_column_expr(BindScope *s, uint16_t rte, int16_t column, Oid type, int32_t typmod,
                       Oid collation, int32_t location)
{
    Expr *e = bind_expr_new(s, EXPR_COLUMN, type, typmod, location, 0);
    e->collation = collation;
    e->u.column.rte = rte;
    e->u.column.column = column;
    return e;
}

Expr *bind_func_expr(BindScope *s, const CatProc *proc, Oid result, int32_t location,
                     uint32_t arg_count)
{
    Expr *e = bind_expr_new(s, EXPR_FUNC, result, -1, location, arg_count);
    e->proc = proc;
    return e;
}

int32_t bind_location(const Expr *e)
{
    int32_t at = e->location;
    bool leftmost = e->kind == EXPR_FUNC || e->kind == EXPR_RELABEL || e->kind == EXPR_IO_CAST ||
                    e->kind == EXPR_AND || e->kind == EXPR_OR || e->kind == EXPR_IN ||
                    e->kind == EXPR_IS_NULL || e->kind == EXPR_IS_DISTINCT ||
                    e->kind == EXPR_IS_BOOL || e->kind == EXPR_NULLIF;
    for (uint16_t i = 0; leftmost && i < e->arg_count; i++) {
        int32_t a = bind_location(e->args[i]);
        if (a >= 0 && (at < 0 || a < at)) {
            at = a;
        }
    }
    return at;
}

static bool bind_same_const(const Expr *a, const Expr *b)
{
    if (a->u.constant.is_null || b->u.constant.is_null) {
        return a->u.constant.is_null == b->u.constant.is_null;
    }
    if (a->phys == PHYS_STR) {
        return str_eq(&a->u.constant.value.str, &b->u.constant.value.str);
    }
    return memcmp(&a->u.constant.value, &b->u.constant.value, phys_bytes(a->phys)) == 0;
}

/* bind_same - structurally equal, locations aside. */
bool bind_same(const Expr *a, const Expr *b)
{
    if (a == b) {
        return true;
    }
    if (a == NULL || b == NULL || a->kind != b->kind || a->type != b->type ||
        a->typmod != b->typmod || a->arg_count != b->arg_count || a->proc != b->proc ||
        a->oper != b->oper) {
        return false;
    }
    for (uint16_t i = 0; i < a->arg_count; i++) {
        if (!bind_same(a->args[i], b->args[i])) {
            return false;
        }
    }
    switch (a->kind) {
    case EXPR_CONST: return bind_same_const(a, b);
    case EXPR_PARAM: return a->u.param.number == b->u.param.number;
    case EXPR_COLUMN:
        return a->u.column.rte == b->u.column.rte && a->u.column.column == b->u.column.column &&
               a->u.column.levels_up == b->u.column.levels_up;
    case EXPR_AGG:
        if (a->u.agg.distinct != b->u.agg.distinct ||
            a->u.agg.order_count != b->u.agg.order_count ||
            !bind_same(a->u.agg.filter, b->u.agg.filter)) {
            return false;
        }
        for (uint16_t i = 0; i < a->u.agg.order_count; i++) {
            if (!bind_same(a->u.agg.order_by[i].expr, b->u.agg.order_by[i].expr) ||
                a->u.agg.order_by[i].desc != b->u.agg.order_by[i].desc) {
                return false;
            }
        }
        return true;
    case EXPR_WINDOW:
        return a->u.window.number == b->u.window.number && a->u.window.star == b->u.window.star &&
               bind_same(a->u.window.filter, b->u.window.filter);
    case EXPR_SUBLINK: return a->u.sublink.query == b->u.sublink.query;
    case EXPR_IS_NULL:
    case EXPR_IN:
    case EXPR_IS_DISTINCT: return a->u.negated == b->u.negated;
    case EXPR_IS_BOOL: return a->u.bool_test == b->u.bool_test;
    case EXPR_SQL_VALUE: return a->u.sql_value == b->u.sql_value;
    case EXPR_MINMAX: return a->u.is_least == b->u.is_least;
    case EXPR_ARRAY_ANY: return a->u.is_all == b->u.is_all;
    case EXPR_ARRAY_CAST: return bind_same(a->u.array.each, b->u.array.each);
    case EXPR_SUBSCRIPT: return memcmp(&a->u.subs, &b->u.subs, sizeof(a->u.subs)) == 0;
    case EXPR_FIELD: return a->u.field.number == b->u.field.number;
    default: return true;
    }
}

Status bind_walk(Expr *e, uint32_t level, BindVisit fn, void *arg)
{
    if (e == NULL) {
        return ST_OK;
    }
    bool descend = true;
    TRY(fn(arg, e, level, &descend));
    if (!descend) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        TRY(bind_walk(e->args[i], level, fn, arg));
    }
    if (e->kind == EXPR_AGG) {
        TRY(bind_walk(e->u.agg.filter, level, fn, arg));
        for (uint16_t i = 0; i < e->u.agg.order_count; i++) {
            TRY(bind_walk(e->u.agg.order_by[i].expr, level, fn, arg));
        }
    } else if (e->kind == EXPR_WINDOW) {
        TRY(bind_walk(e->u.window.filter, level, fn, arg));
    } else if (e->kind == EXPR_SUBLINK) {
        TRY(bind_walk_query(e->u.sublink.query, level + 1, fn, arg));
    }
    return ST_OK;
}

static Status bind_walk_from(FromNode *n, uint32_t level, BindVisit fn, void *arg)
{
    if (n != NULL && n->is_join) {
        TRY(bind_walk(n->on, level, fn, arg));
        TRY(bind_walk_from(n->left, level, fn, arg));
        TRY(bind_walk_from(n->right, level, fn, arg));
    }
    return ST_OK;
}

Status bind_walk_windows(Query *q, uint32_t level, BindVisit fn, void *arg)
{
    for (uint16_t i = 0; i < q->window_count; i++) {
        Window *w = &q->windows[i];
        for (uint16_t k = 0; k < w->partition_count; k++) {
            TRY(bind_walk(w->partition_by[k], level, fn, arg));
        }
        for (uint16_t k = 0; k < w->order_count; k++) {
            TRY(bind_walk(w->order_by[k].expr, level, fn, arg));
        }
        TRY(bind_walk(w->start_offset, level, fn, arg));
        TRY(bind_walk(w->end_offset, level, fn, arg));
    }
    return ST_OK;
}

static Status bind_walk_rte(Rte *r, uint32_t level, BindVisit fn, void *arg)
{
    if (r->kind == RTE_SUBQUERY) {
        TRY(bind_walk_query(r->subquery, level + 1, fn, arg));
    }
    for (uint32_t i = 0; i < r->row_count; i++) {
        for (uint16_t c = 0; c < r->column_count; c++) {
            TRY(bind_walk(r->rows[i][c], level, fn, arg));
        }
    }
    return bind_walk(r->function, level, fn, arg);
}

Status bind_walk_query(Query *q, uint32_t level, BindVisit fn, void *arg)
{
    if (q == NULL) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < q->rte_count; i++) {
        TRY(bind_walk_rte(q->rtes[i], level, fn, arg));
    }
    for (uint16_t i = 0; i < q->cte_count; i++) {
        TRY(bind_walk_query(q->ctes[i].query, level + 1, fn, arg));
    }
    for (uint16_t i = 0; i < q->from_count; i++) {
        TRY(bind_walk_from(q->from[i], level, fn, arg));
    }
    TRY(bind_walk_query(q->set_left, level, fn, arg));
    TRY(bind_walk_query(q->set_right, level, fn, arg));
    TRY(bind_walk(q->where, level, fn, arg));
    for (uint16_t i = 0; i < q->target_count; i++) {
        TRY(bind_walk(q->targets[i].expr, level, fn, arg));
    }
    for (uint16_t i = 0; i < q->group_count; i++) {
        TRY(bind_walk(q->group_by[i], level, fn, arg));
    }
    TRY(bind_walk_windows(q, level, fn, arg));
    TRY(bind_walk(q->having, level, fn, arg));
    TRY(bind_walk(q->limit, level, fn, arg));
    return bind_walk(q->offset, level, fn, arg);
}
