/*
 * deparse_query.c - SELECTs back to text: clauses, set operations, WITH, subqueries in expressions
 *
 * Line breaks and indentation are PostgreSQL's: each clause begins a line, each result column but
 * the first has one of its own.
 */
#include "bind/deparse_from.h"

/* ---- sort and group items ---- */

/* dp_sort_expr - an item of ORDER BY, GROUP BY or DISTINCT ON. */
static Status dp_sort_expr(DpOut *o, const Query *q, const Expr *e)
{
    if (q->set_op != SETOP_NONE && e->kind == EXPR_COLUMN) {
        buf_printf(o->buf, "%d", e->u.column.column + 1);
        return ST_OK;
    }
    if (e->kind == EXPR_CONST) {
        return dp_const(o, e, 1);
    }
    bool call = e->kind == EXPR_AGG || e->kind == EXPR_WINDOW ||
                (e->kind == EXPR_FUNC && e->oper == 0 && e->form != FORM_HIDDEN);
    bool paren = e->kind != EXPR_COLUMN && (o->d->pretty || call);
    if (paren) {
        buf_putc(o->buf, '(');
    }
    TRY(dp_expr(o, e, true));
    if (paren) {
        buf_putc(o->buf, ')');
    }
    return ST_OK;
}

Status dp_sort_exprs(DpOut *o, const Query *q, Expr *const *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        buf_puts(o->buf, i > 0 ? ", " : "");
        TRY(dp_sort_expr(o, q, list[i]));
    }
    return ST_OK;
}

Status dp_sort_keys(DpOut *o, const Query *q, const SortKey *keys, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        const SortKey *k = &keys[i];
        buf_puts(o->buf, i > 0 ? ", " : "");
        TRY(dp_sort_expr(o, q, k->expr));
        buf_puts(o->buf, k->desc ? " DESC" : "");
        if (k->nulls_first != k->desc) {
            buf_puts(o->buf, k->nulls_first ? " NULLS FIRST" : " NULLS LAST");
        }
    }
    return ST_OK;
}

/* ---- the list of result columns ---- */

/* target_text - one result column, with AS where its name would be another. */
static Status target_text(DpOut *o, const Target *t, const char *name, bool names_visible)
{
    const char *shown = names_visible ? NULL : "?column?";
    if (t->expr->kind == EXPR_COLUMN) {
        TRY(dp_expr(o, t->expr, true));
        shown = dp_column_name(o, t->expr);
    } else if (t->expr->kind == EXPR_COALESCE && t->expr->u.merged_name != NULL) {
        TRY(dp_expr(o, t->expr, true));
        shown = t->expr->u.merged_name;
    } else {
        TRY(dp_expr(o, t->expr, true));
    }
    if (shown == NULL || strcmp(shown, name) != 0) {
        buf_puts(o->buf, " AS ");
        dp_name(o, name);
    }
    return ST_OK;
}

/* dp_targets - the result columns; every one but the first begins a line, and one that begins with
 * a line break itself takes the blank before it away. */
static Status dp_targets(DpOut *o, const Query *q, const char *const *names, bool names_visible)
{
    uint16_t n = 0;
    Buf *buf = o->buf, text;
    Status st = ST_OK;
    buf_init(&text, DP_BYTES_MAX);
    for (uint16_t i = 0; i < q->target_count; i++) {
        const Target *t = &q->targets[i];
        if (t->hidden) {
            continue;
        }
        const char *name = names != NULL ? names[n] : t->own_name != NULL ? t->own_name : t->name;
        buf_puts(buf, n > 0 ? ", " : " ");
        n++;
        buf_clear(&text);
        o->buf = &text;
        st = target_text(o, t, name, names_visible);
        o->buf = buf;
        TRY_OUT(st);
        bool leading = text.len > 0 && text.data[0] == '\n';
        if (leading) {
            dp_trim(buf);
        } else if (n > 1) {
            dp_keyword(o, "", -DP_INDENT_STD, DP_INDENT_STD, DP_INDENT_STEP);
        }
        buf_put(buf, text.data, text.len);
    }
out:
    buf_release(&text);
    return st;
}

/* ---- VALUES ---- */

Status dp_values(DpOut *o, const Rte *r)
{
    buf_puts(o->buf, "VALUES ");
    for (uint32_t i = 0; i < r->row_count; i++) {
        buf_puts(o->buf, i > 0 ? ", (" : "(");
        for (uint16_t c = 0; c < r->column_count; c++) {
            buf_puts(o->buf, c > 0 ? "," : "");
            TRY(dp_expr(o, r->rows[i][c], false));
        }
        buf_putc(o->buf, ')');
    }
    return ST_OK;
}

/* values_only - the entry of a query that is nothing but VALUES, or NULL. */
static const Rte *values_only(const Query *q, const char *const *names)
{
    if (q->rte_count != 1 || q->rtes[0]->kind != RTE_VALUES || q->where != NULL ||
        q->has_group_by || q->distinct) {
        return NULL;
    }
    const Rte *r = q->rtes[0];
    uint16_t n = 0;
    for (uint16_t i = 0; i < q->target_count; i++) {
        const Target *t = &q->targets[i];
        if (t->hidden) {
            continue;
        }
        if (t->expr->kind != EXPR_COLUMN || t->expr->u.column.column != n ||
            t->expr->u.column.levels_up != 0 || n >= r->column_count) {
            return NULL;
        }
        const char *name = names != NULL ? names[n] : t->own_name != NULL ? t->own_name : t->name;
        if (strcmp(name, r->columns[n].name) != 0) {
            return NULL;
        }
        n++;
    }
    return n == r->column_count ? r : NULL;
}

/* ---- a plain SELECT ---- */

/* dp_plain - a SELECT without its ORDER BY and what follows. */
static Status dp_plain(DpOut *o, const Query *q, const char *const *names, bool names_visible)
{
    o->indent += DP_INDENT_STD;
    buf_putc(o->buf, ' ');
    const Rte *values = values_only(q, names);
    if (values != NULL) {
        return dp_values(o, values);
    }
    buf_puts(o->buf, "SELECT");
    if (q->distinct_on_count > 0) {
        buf_puts(o->buf, " DISTINCT ON (");
        TRY(dp_sort_exprs(o, q, q->distinct_on, q->distinct_on_count));
        buf_putc(o->buf, ')');
    } else if (q->distinct) {
        buf_puts(o->buf, " DISTINCT");
    }
    TRY(dp_targets(o, q, names, names_visible));
    TRY(dp_from(o, q));
    if (q->where != NULL) {
        dp_keyword(o, " WHERE ", -DP_INDENT_STD, DP_INDENT_STD, 1);
        TRY(dp_expr(o, q->where, false));
    }
    if (q->group_set_count > 0) {
        return err_unsupported(o->cx, "grouping sets cannot be written as text");
    }
    if (q->group_count > 0) {
        dp_keyword(o, " GROUP BY ", -DP_INDENT_STD, DP_INDENT_STD, 1);
        TRY(dp_sort_exprs(o, q, q->group_by, q->group_count));
    }
    if (q->having != NULL) {
        dp_keyword(o, " HAVING ", -DP_INDENT_STD, DP_INDENT_STD, 0);
        TRY(dp_expr(o, q->having, false));
    }
    return dp_window_clause(o, q);
}

/* ---- set operations ---- */

static Status dp_setop(DpOut *o, const Query *q, const char *const *names, bool names_visible);

/* setop_is_leaf - an operand that stands for itself: no set operation, or one with clauses of its
 * own. */
static bool setop_is_leaf(const Query *q)
{
    return q->set_op == SETOP_NONE || q->order_count > 0 || q->limit != NULL || q->offset != NULL ||
           q->cte_count > 0;
}

static Status dp_operand(DpOut *o, const Query *q, const char *const *names, bool names_visible)
{
    if (!setop_is_leaf(q)) {
        return dp_setop(o, q, names, names_visible);
    }
    bool paren = q->cte_count > 0 || q->order_count > 0 || q->row_mark_count > 0 ||
                 q->limit != NULL || q->offset != NULL;
    buf_puts(o->buf, paren ? "(" : "");
    TRY(dp_query(o, q, o->names != NULL ? o->names->parent : NULL, names, names_visible));
    buf_puts(o->buf, paren ? ")" : "");
    return ST_OK;
}

/* dp_setop - left OP right, with PostgreSQL's parentheses: around a left operand of another kind,
 * and around any set operation on the right. */
static Status dp_setop(DpOut *o, const Query *q, const char *const *names, bool names_visible)
{
    const Query *l = q->set_left;
    bool paren = !setop_is_leaf(l) && (l->set_op != q->set_op || l->set_all != q->set_all);
    int sub = paren ? DP_INDENT_STD : 0;
    if (paren) {
        buf_putc(o->buf, '(');
        dp_keyword(o, "", sub, 0, 0);
    }
    TRY(dp_operand(o, l, names, names_visible));
    dp_keyword(o, paren ? ") " : "", -sub, 0, 0);
    buf_puts(o->buf, q->set_op == SETOP_UNION       ? "UNION "
                     : q->set_op == SETOP_INTERSECT ? "INTERSECT "
                                                    : "EXCEPT ");
    buf_puts(o->buf, q->set_all ? "ALL " : "");
    paren = !setop_is_leaf(q->set_right);
    sub = paren ? DP_INDENT_STD : 0;
    buf_puts(o->buf, paren ? "(" : "");
    dp_keyword(o, "", sub, 0, 0);
    TRY(dp_operand(o, q->set_right, names, false));
    o->indent -= sub;
    if (paren) {
        dp_keyword(o, ")", 0, 0, 0);
    }
    return ST_OK;
}

/* ---- WITH ---- */

/* dp_with - the WITH clause, each query in lines of its own. */
static Status dp_with(DpOut *o, const Query *q)
{
    if (q->cte_count == 0) {
        return ST_OK;
    }
    o->indent += DP_INDENT_STD;
    buf_putc(o->buf, ' ');
    for (uint16_t i = 0; i < q->cte_count; i++) {
        const Cte *c = &q->ctes[i];
        buf_puts(o->buf, i > 0 ? ", " : q->recursive_with ? "WITH RECURSIVE " : "WITH ");
        dp_name(o, c->name);
        for (uint16_t k = 0; k < c->alias_count; k++) {
            buf_puts(o->buf, k > 0 ? ", " : "(");
            dp_name(o, c->alias_names[k]);
        }
        buf_puts(o->buf, c->alias_count > 0 ? ") AS " : " AS ");
        buf_puts(o->buf, c->materialized       ? "MATERIALIZED "
                         : c->not_materialized ? "NOT MATERIALIZED "
                                               : "");
        buf_putc(o->buf, '(');
        dp_keyword(o, "", 0, 0, 0);
        TRY(dp_query(o, c->query, o->names, NULL, true));
        dp_keyword(o, "", 0, 0, 0);
        buf_putc(o->buf, ')');
    }
    o->indent -= DP_INDENT_STD;
    dp_keyword(o, "", 0, 0, 0);
    return ST_OK;
}

/* ---- whole queries ---- */

/* dp_tail - ORDER BY, OFFSET, LIMIT, row locks. */
static Status dp_tail(DpOut *o, const Query *q)
{
    if (q->order_count > 0) {
        dp_keyword(o, " ORDER BY ", -DP_INDENT_STD, DP_INDENT_STD, 1);
        TRY(dp_sort_keys(o, q, q->order_by, q->order_count));
    }
    if (q->offset != NULL) {
        dp_keyword(o, " OFFSET ", -DP_INDENT_STD, DP_INDENT_STD, 0);
        TRY(dp_expr(o, q->offset, false));
    }
    if (q->limit != NULL && q->with_ties) {
        dp_keyword(o, " FETCH FIRST ", -DP_INDENT_STD, DP_INDENT_STD, 0);
        buf_puts(o->buf, "(");
        TRY(dp_expr(o, q->limit, false));
        buf_puts(o->buf, ") ROWS WITH TIES");
    } else if (q->limit != NULL) {
        dp_keyword(o, " LIMIT ", -DP_INDENT_STD, DP_INDENT_STD, 0);
        if (q->limit->kind == EXPR_CONST && q->limit->u.constant.is_null) {
            buf_puts(o->buf, "ALL");
        } else {
            TRY(dp_expr(o, q->limit, false));
        }
    }
    for (uint16_t i = 0; i < q->row_mark_count; i++) {
        static const char *const WORDS[] = {[ROWLOCK_KEY_SHARE] = " FOR KEY SHARE",
                                            [ROWLOCK_SHARE] = " FOR SHARE",
                                            [ROWLOCK_NO_KEY_UPDATE] = " FOR NO KEY UPDATE",
                                            [ROWLOCK_UPDATE] = " FOR UPDATE"};
        const RowMark *m = &q->row_marks[i];
        dp_keyword(o, WORDS[m->mode], -DP_INDENT_STD, DP_INDENT_STD, 0);
        buf_puts(o->buf, " OF ");
        dp_name(o, o->names->aliases[m->rte]);
        buf_puts(o->buf, m->wait == WAIT_NOWAIT ? " NOWAIT"
                         : m->wait == WAIT_SKIP ? " SKIP LOCKED"
                                                : "");
    }
    return ST_OK;
}

/* dp_query - any SELECT. The names of its entries are chosen first; indentation and names are the
 * caller's again afterwards. */
Status dp_query(DpOut *o, const Query *q, const DpNames *parent, const char *const *names,
                bool names_visible)
{
    if (q->command != CMD_SELECT) {
        return err_unsupported(o->cx, "only SELECT can be written as text");
    }
    DpNames own = {.parent = parent, .query = q, .prefix = true};
    const DpNames *saved = o->names;
    int indent = o->indent;
    dp_choose_aliases(o, &own);
    o->names = &own;
    TRY(dp_with(o, q));
    if (q->set_op != SETOP_NONE) {
        TRY(dp_setop(o, q, names, names_visible));
    } else {
        TRY(dp_plain(o, q, names, names_visible));
    }
    TRY(dp_tail(o, q));
    o->names = saved;
    o->indent = indent;
    return ST_OK;
}

Status dp_sublink(DpOut *o, const Expr *e)
{
    SublinkKind kind = e->u.sublink.kind;
    const CatOper *op = e->oper != 0 ? cat_oper(o->d->view, e->oper) : NULL;
    buf_puts(o->buf, kind == SUBLINK_ARRAY ? "ARRAY(" : "(");
    if (e->arg_count > 0) {
        TRY(dp_expr(o, e->args[0], true));
    }
    switch (kind) {
    case SUBLINK_EXISTS: buf_puts(o->buf, "EXISTS "); break;
    case SUBLINK_ANY:
        if (op != NULL && strcmp(op->name, "=") == 0) {
            buf_puts(o->buf, " IN ");
            break;
        }
        buf_putc(o->buf, ' ');
        TRY(dp_operator(o, e->oper));
        buf_puts(o->buf, " ANY ");
        break;
    case SUBLINK_ALL:
        buf_putc(o->buf, ' ');
        TRY(dp_operator(o, e->oper));
        buf_puts(o->buf, " ALL ");
        break;
    default: break;
    }
    bool paren = kind != SUBLINK_SCALAR && kind != SUBLINK_ARRAY;
    buf_puts(o->buf, paren ? "(" : "");
    TRY(dp_query(o, e->u.sublink.query, o->names, NULL, false));
    buf_puts(o->buf, paren ? "))" : ")");
    return ST_OK;
}
