/*
 * deparse_from.c - FROM back to text: relations, subqueries, functions, joins, and their aliases
 */
#include "bind/deparse_from.h"

void dp_trim(Buf *b)
{
    while (b->len > 0 && b->data[b->len - 1] == ' ') {
        b->len--;
    }
}

static bool alias_taken(const DpNames *n, uint16_t below, const char *name)
{
    for (uint16_t i = 0; i < below; i++) {
        if (n->aliases[i] != NULL && strcmp(n->aliases[i], name) == 0) {
            return true;
        }
    }
    for (const DpNames *up = n->parent; up != NULL; up = up->parent) {
        for (uint16_t i = 0; up->query != NULL && i < up->query->rte_count; i++) {
            if (up->aliases[i] != NULL && strcmp(up->aliases[i], name) == 0) {
                return true;
            }
        }
    }
    return false;
}

void dp_choose_aliases(DpOut *o, DpNames *n)
{
    const Query *q = n->query;
    n->aliases = ARENA_ARRAY(o->d->arena, const char *, q->rte_count + 1u);
    for (uint16_t i = 0; i < q->rte_count; i++) {
        const Rte *r = q->rtes[i];
        const char *base = r->alias != NULL ? r->alias : r->table != NULL ? r->table->name : NULL;
        if (r->kind == RTE_RESULT || base == NULL) {
            continue;
        }
        const char *name = base;
        for (uint32_t k = 1; alias_taken(n, i, name); k++) {
            name = arena_printf(o->d->arena, "%s_%u", base, k);
        }
        n->aliases[i] = name;
    }
}

const char *dp_column_name(DpOut *o, const Expr *e)
{
    const DpNames *n = o->names;
    for (uint16_t up = 0; up < e->u.column.levels_up && n != NULL; up++) {
        n = n->parent;
    }
    int column = e->u.column.column;
    if (n == NULL || n->query == NULL || column < 0) {
        return NULL;
    }
    const Rte *r = n->query->rtes[e->u.column.rte];
    return r->shown_names != NULL && r->shown_names[column] != NULL ? r->shown_names[column]
                                                                    : r->columns[column].name;
}

/* ---- one entry ---- */

/* from_definitions - the names with their types, where the text gave both. */
static void from_definitions(DpOut *o, const Rte *r)
{
    buf_putc(o->buf, '(');
    for (uint16_t c = 0; c < r->column_count; c++) {
        buf_puts(o->buf, c > 0 ? ", " : "");
        dp_name(o, r->columns[c].name);
        buf_putc(o->buf, ' ');
        cat_format_type(o->d->view, r->columns[c].type, r->columns[c].typmod, o->buf);
    }
    buf_putc(o->buf, ')');
}

/* from_columns - the list of column names after an alias. */
static void from_columns(DpOut *o, const Rte *r)
{
    bool first = true;
    for (uint16_t c = 0; c < r->column_count; c++) {
        const char *name = r->shown_names != NULL ? r->shown_names[c] : r->columns[c].name;
        if (name == NULL) {
            continue; /* dropped */
        }
        buf_puts(o->buf, first ? "(" : ", ");
        dp_name(o, name);
        first = false;
    }
    buf_puts(o->buf, first ? "" : ")");
}

/* dp_function - a function in FROM with WITH ORDINALITY. */
static Status dp_function(DpOut *o, const Rte *r)
{
    TRY(dp_expr(o, r->function, true));
    buf_puts(o->buf, r->with_ordinality ? " WITH ORDINALITY" : "");
    return ST_OK;
}

/* dp_function_item - a function that a LATERAL subquery was put around, written as itself. */
static Status dp_function_item(DpOut *o, const Rte *r, bool in_from)
{
    DpNames inner = {.parent = o->names, .query = r->subquery, .prefix = true};
    const DpNames *saved = o->names;
    dp_choose_aliases(o, &inner);
    o->names = &inner;
    buf_puts(o->buf, in_from ? "LATERAL " : "");
    Status st = dp_function(o, r->subquery->rtes[0]);
    o->names = saved;
    return st;
}

Status dp_target_call(DpOut *o, const Rte *r, const DpNames *names)
{
    const DpNames *saved = o->names;
    o->names = names;
    Status st =
        (r->function_item & FUNCTION_ITEM) != 0 ? dp_function_item(o, r, false) : dp_function(o, r);
    o->names = saved;
    return st;
}

/* dp_entry - one range table entry: what it is, its alias where one was given or is needed, its
 * column names where they differ. */
static Status dp_entry(DpOut *o, uint16_t rte)
{
    const Rte *r = o->names->query->rtes[rte];
    const char *alias = o->names->aliases[rte];
    const CatTable *t = r->kind == RTE_TABLE ? r->table : r->view;
    bool show = r->alias_given, function = r->kind == RTE_FUNCTION || r->function_item;
    if (r->lateral && !function) {
        buf_puts(o->buf, "LATERAL ");
    }
    if (t != NULL) {
        TRY(dp_relation(o, t));
        show = show || strcmp(alias, t->name) != 0;
    } else if (r->function_item) {
        TRY(dp_function_item(o, r, true));
    } else {
        switch (r->kind) {
        case RTE_SUBQUERY:
            buf_putc(o->buf, '(');
            TRY(dp_query(o, r->subquery, o->names, NULL, true));
            buf_putc(o->buf, ')');
            break;
        case RTE_FUNCTION: TRY(dp_function(o, r)); break;
        case RTE_VALUES:
            buf_putc(o->buf, '(');
            TRY(dp_values(o, r));
            buf_putc(o->buf, ')');
            break;
        case RTE_CTE:
            dp_name(o, r->cte->name);
            show = show || strcmp(alias, r->cte->name) != 0;
            break;
        default: return err_unsupported(o->cx, "this kind of FROM item cannot be written as text");
        }
    }
    if (show || function || r->kind == RTE_VALUES || (t == NULL && r->kind == RTE_SUBQUERY)) {
        buf_putc(o->buf, ' ');
        dp_name(o, alias);
    }
    const Rte *f = r->function_item ? r->subquery->rtes[0] : r;
    if (function && f->defined) {
        from_definitions(o, f);
    } else if (r->shown_names != NULL || function) {
        from_columns(o, r);
    }
    return ST_OK;
}

/* ---- joins ---- */

/* dp_from_item - an entry or a join, joins in parentheses unless the pretty form is asked for. */
static Status dp_from_item(DpOut *o, const FromNode *n)
{
    static const char *const WORDS[] = {[JOIN_INNER] = " JOIN ",
                                        [JOIN_LEFT] = " LEFT JOIN ",
                                        [JOIN_RIGHT] = " RIGHT JOIN ",
                                        [JOIN_FULL] = " FULL JOIN "};
    if (!n->is_join) {
        return dp_entry(o, n->rte);
    }
    if (n->alias != NULL) {
        return err_unsupported(o->cx, "a join with an alias cannot be written as text");
    }
    bool pretty = o->d->pretty, right_paren = pretty && n->right->is_join;
    buf_puts(o->buf, pretty ? "" : "(");
    TRY(dp_from_item(o, n->left));
    bool cross = n->join == JOIN_INNER && n->on == NULL && n->using_count == 0;
    dp_keyword(o, cross ? " CROSS JOIN " : WORDS[n->join], -DP_INDENT_STD, DP_INDENT_STD,
               DP_INDENT_STEP);
    buf_puts(o->buf, right_paren ? "(" : "");
    TRY(dp_from_item(o, n->right));
    buf_puts(o->buf, right_paren ? ")" : "");
    if (n->using_count > 0) {
        for (uint16_t i = 0; i < n->using_count; i++) {
            buf_puts(o->buf, i > 0 ? ", " : " USING (");
            dp_name(o, n->using_names[i]);
        }
        buf_putc(o->buf, ')');
    } else if (n->on != NULL) {
        buf_puts(o->buf, pretty ? " ON " : " ON (");
        TRY(dp_expr(o, n->on, false));
        buf_puts(o->buf, pretty ? "" : ")");
    } else if (!cross) {
        buf_puts(o->buf, " ON TRUE");
    }
    buf_puts(o->buf, pretty ? "" : ")");
    return ST_OK;
}

Status dp_from(DpOut *o, const Query *q)
{
    Buf *buf = o->buf, text;
    Status st = ST_OK;
    buf_init(&text, DP_BYTES_MAX);
    bool first = true;
    for (uint16_t i = 0; i < q->from_count; i++) {
        if (!q->from[i]->is_join &&
            (q->rtes[q->from[i]->rte]->function_item & FUNCTION_ITEM_IN_TARGET) != 0) {
            continue; /* written where it stands */
        }
        if (first) {
            first = false;
            dp_keyword(o, " FROM ", -DP_INDENT_STD, DP_INDENT_STD, 2);
            TRY_OUT(dp_from_item(o, q->from[i]));
            continue;
        }
        buf_puts(buf, ", ");
        buf_clear(&text);
        o->buf = &text;
        st = dp_from_item(o, q->from[i]);
        o->buf = buf;
        TRY_OUT(st);
        if (text.len > 0 && text.data[0] == '\n') {
            dp_trim(buf);
        } else {
            dp_keyword(o, "", -DP_INDENT_STD, DP_INDENT_STD, DP_INDENT_STEP);
        }
        buf_put(buf, text.data, text.len);
    }
out:
    buf_release(&text);
    return st;
}
