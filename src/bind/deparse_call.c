/*
 * deparse_call.c - function calls, aggregates, casts, calls with a syntax of their own; and which
 * parentheses the pretty form can do without
 */
#include "bind/deparse_internal.h"

/* ---- casts ---- */

Status dp_cast(DpOut *o, const Expr *arg, Oid type, int32_t typmod, const Expr *parent)
{
    if (arg->kind == EXPR_CONST && arg->type == type && arg->typmod == -1) {
        TRY(dp_const(o, arg, -1));
    } else {
        if (!o->d->pretty) {
            buf_putc(o->buf, '(');
        }
        TRY(dp_expr_in(o, arg, parent, false));
        if (!o->d->pretty) {
            buf_putc(o->buf, ')');
        }
    }
    buf_puts(o->buf, "::");
    dp_type(o, type, typmod);
    return ST_OK;
}

/* ---- names ---- */

/* dp_call_name - the function's name, qualified where the path finds another or none. */
Status dp_call_name(DpOut *o, const CatProc *p)
{
    const CatProc *const *list;
    uint32_t count = 0;
    const CatProc *seen = NULL;
    Status st = cat_procs_by_name(o->cx, o->d->view, NULL, p->name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    for (uint32_t i = 0; st == ST_OK && i < count && seen == NULL; i++) {
        bool same =
            list[i]->arg_count == p->arg_count &&
            (p->arg_count == 0 || memcmp(list[i]->args, p->args, p->arg_count * sizeof(Oid)) == 0);
        seen = same ? list[i] : NULL;
    }
    bool visible = seen != NULL && seen->oid == p->oid;
    cat_put_qualified(cat_namespace_name(o->d->view, p->namespace_oid), p->name, !visible, o->buf);
    return ST_OK;
}

/* ---- calls with a syntax of their own ---- */

typedef struct CallSyntax {
    const char *name;
    const char *form; /* %1..%4: an argument; #1: a string constant without quotes, as a word */
    uint16_t args;
} CallSyntax;

/* dp_syntax - write the form; ST_NOTFOUND when the function has none for so many arguments. */
static Status dp_syntax(DpOut *o, const Expr *e)
{
    static const CallSyntax FORMS[] = {
        {"timezone", "(%2 AT TIME ZONE %1)", 2},
        {"extract", "EXTRACT(#1 FROM %2)", 2},
        {"position", "POSITION((%2) IN (%1))", 2},
        {"substring", "SUBSTRING(%1 FROM %2 FOR %3)", 3},
        {"substring", "SUBSTRING(%1 FROM %2)", 2},
        {"overlay", "OVERLAY(%1 PLACING %2 FROM %3 FOR %4)", 4},
        {"overlay", "OVERLAY(%1 PLACING %2 FROM %3)", 3},
        {"btrim", "TRIM(BOTH %2 FROM %1)", 2},
        {"btrim", "TRIM(BOTH FROM %1)", 1},
        {"ltrim", "TRIM(LEADING %2 FROM %1)", 2},
        {"ltrim", "TRIM(LEADING FROM %1)", 1},
        {"rtrim", "TRIM(TRAILING %2 FROM %1)", 2},
        {"rtrim", "TRIM(TRAILING FROM %1)", 1},
        {"overlaps", "((%1, %2) OVERLAPS (%3, %4))", 4},
        {"normalize", "NORMALIZE(%1)", 1},
        {"normalize", "NORMALIZE(%1, #2)", 2},
        {"is_normalized", "((%1) IS NORMALIZED)", 1},
        {"is_normalized", "((%1) IS #2 NORMALIZED)", 2},
        {"pg_collation_for", "COLLATION FOR (%1)", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(FORMS); i++) {
        if (FORMS[i].args != e->arg_count || strcmp(FORMS[i].name, e->proc->name) != 0) {
            continue;
        }
        bool zone = i == 0;
        for (const char *p = FORMS[i].form; *p != '\0'; p++) {
            if (*p != '%' && *p != '#') {
                buf_putc(o->buf, *p);
                continue;
            }
            const Expr *arg = e->args[p[1] - '1'];
            if (*p == '#' && arg->kind == EXPR_CONST && !arg->u.constant.is_null) {
                const Str *word = &arg->u.constant.value.str;
                buf_put(o->buf, str_ptr(word), word->len);
            } else if (zone) {
                TRY(dp_expr_in(o, arg, e, false));
            } else {
                TRY(dp_expr(o, arg, false));
            }
            p++;
        }
        return ST_OK;
    }
    return ST_NOTFOUND;
}

/* ---- calls ---- */

static Status agg_order_by(DpOut *o, const Expr *e)
{
    for (uint16_t i = 0; i < e->u.agg.order_count; i++) {
        const SortKey *k = &e->u.agg.order_by[i];
        bool first_inside = e->u.agg.within_group;
        buf_puts(o->buf, i > 0 ? ", " : first_inside ? "ORDER BY " : " ORDER BY ");
        TRY(dp_expr_in(o, k->expr, e, true));
        buf_puts(o->buf, k->desc ? " DESC" : "");
        if (k->nulls_first != k->desc) {
            buf_puts(o->buf, k->nulls_first ? " NULLS FIRST" : " NULLS LAST");
        }
    }
    return ST_OK;
}

/* dp_arguments - the list between the parentheses of a call. */
static Status dp_arguments(DpOut *o, const Expr *e)
{
    uint16_t count = (uint16_t)(e->arg_count - e->default_count);
    if (e->kind == EXPR_AGG && e->u.agg.within_group) {
        count = (uint16_t)(count - e->u.agg.order_count);
    }
    for (uint16_t i = 0; i < count; i++) {
        bool spread =
            e->proc->variadic != 0 && e->proc->variadic != TYPE_ANY && i + 1 == e->arg_count;
        buf_puts(o->buf, i > 0 ? ", " : "");
        buf_puts(o->buf, spread ? "VARIADIC " : "");
        TRY(dp_expr(o, e->args[i], true));
    }
    return ST_OK;
}

/* cast_typmod - the length a cast function's call casts to. */
static int32_t cast_typmod(const Expr *e)
{
    bool length = e->arg_count > 1 && e->args[1]->kind == EXPR_CONST &&
                  e->args[1]->type == TYPE_INT4 && !e->args[1]->u.constant.is_null;
    return length ? e->args[1]->u.constant.value.i32 : -1;
}

Status dp_call(DpOut *o, const Expr *e, bool show_implicit)
{
    switch (e->form) {
    case FORM_HIDDEN: return dp_expr(o, e->args[0], show_implicit);
    case FORM_IMPLICIT_CAST:
        if (!show_implicit) {
            return dp_expr_in(o, e->args[0], e, false);
        }
        return dp_cast(o, e->args[0], e->type, cast_typmod(e), e);
    case FORM_EXPLICIT_CAST: return dp_cast(o, e->args[0], e->type, cast_typmod(e), e);
    case FORM_SQL_SYNTAX:
        if (e->args != NULL && e->args[0]->kind == EXPR_SQL_VALUE) {
            TRY(dp_expr(o, e->args[0], false));
            buf_printf(o->buf, "(%d)", cast_typmod(e));
            return ST_OK;
        }
        Status st = dp_syntax(o, e);
        if (st != ST_NOTFOUND) {
            return st;
        }
        break;
    default: break;
    }
    TRY(dp_call_name(o, e->proc));
    buf_putc(o->buf, '(');
    if (e->kind == EXPR_AGG) {
        buf_puts(o->buf, e->u.agg.distinct ? "DISTINCT " : "");
        buf_puts(o->buf, e->u.agg.star ? "*" : "");
    }
    TRY(dp_arguments(o, e));
    if (e->kind == EXPR_AGG) {
        buf_puts(o->buf, e->u.agg.within_group ? ") WITHIN GROUP (" : "");
        TRY(agg_order_by(o, e));
        if (e->u.agg.filter != NULL) {
            buf_puts(o->buf, ") FILTER (WHERE ");
            TRY(dp_expr(o, e->u.agg.filter, false));
        }
    }
    buf_putc(o->buf, ')');
    return ST_OK;
}

/* ---- parentheses of the pretty form ---- */

/* inside_brackets - the parent's own syntax separates its parts: no parentheses are needed. */
static bool inside_brackets(const Expr *parent)
{
    switch (parent->kind) {
    case EXPR_FUNC: return parent->oper == 0 && parent->form == FORM_CALL;
    case EXPR_ARRAY:
    case EXPR_ROW:
    case EXPR_COALESCE:
    case EXPR_MINMAX:
    case EXPR_NULLIF:
    case EXPR_AGG:
    case EXPR_WINDOW:
    case EXPR_GROUPING:
    case EXPR_SUBSCRIPT:
    case EXPR_CASE: return true;
    default: return false;
    }
}

/* arithmetic - 1: + and -; 2: * / %; 0: any other operator. */
static int arithmetic(DpOut *o, const Expr *e)
{
    const CatOper *op = cat_oper(o->d->view, e->oper);
    if (op == NULL || op->name[0] == '\0' || op->name[1] != '\0') {
        return 0;
    }
    return strchr("+-", op->name[0]) != NULL ? 1 : strchr("*/%", op->name[0]) != NULL ? 2 : 0;
}

static bool is_operator(const Expr *e)
{
    return e->kind == EXPR_FUNC && e->oper != 0;
}

/* simple_operator - an operator within another: a + b * c, a - b + c. */
static bool simple_operator(DpOut *o, const Expr *e, const Expr *parent)
{
    int own = arithmetic(o, e), around = arithmetic(o, parent);
    if (own == 0 || around == 0) {
        return false;
    }
    return own > around || (own == around && parent->args[0] == e);
}

bool dp_simple(DpOut *o, const Expr *e, const Expr *parent)
{
    switch (e->kind) {
    case EXPR_CONST:
    case EXPR_PARAM:
    case EXPR_COLUMN:
    case EXPR_DEFAULT:
    case EXPR_SUBSCRIPT:
    case EXPR_ARRAY:
    case EXPR_ROW:
    case EXPR_COALESCE:
    case EXPR_MINMAX:
    case EXPR_SQL_VALUE:
    case EXPR_NULLIF:
    case EXPR_AGG:
    case EXPR_WINDOW:
    case EXPR_GROUPING:
    case EXPR_CASE: return true;
    case EXPR_FIELD: return parent->kind != EXPR_FIELD;
    case EXPR_ELEMENT: return true;
    case EXPR_DOMAIN:
    case EXPR_RELABEL:
    case EXPR_IO_CAST:
        return e->form == FORM_HIDDEN    ? dp_simple(o, e->args[0], parent)
               : e->form == FORM_COLLATE ? false
                                         : dp_simple(o, e->args[0], e);
    case EXPR_FUNC:
        if (e->form == FORM_HIDDEN) {
            return dp_simple(o, e->args[0], parent);
        }
        if (!is_operator(e)) {
            return true;
        }
        return is_operator(parent) ? simple_operator(o, e, parent)
                                   : parent->kind == EXPR_AND || parent->kind == EXPR_OR ||
                                         parent->kind == EXPR_NOT || inside_brackets(parent);
    case EXPR_IS_DISTINCT:
        if (e->u.negated) {
            return parent->kind == EXPR_AND || parent->kind == EXPR_OR || inside_brackets(parent);
        }
        return parent->kind == EXPR_AND || parent->kind == EXPR_OR || parent->kind == EXPR_NOT ||
               inside_brackets(parent);
    case EXPR_SUBLINK:
    case EXPR_IS_NULL:
    case EXPR_IS_BOOL:
        return parent->kind == EXPR_AND || parent->kind == EXPR_OR || parent->kind == EXPR_NOT ||
               inside_brackets(parent);
    case EXPR_AND:
    case EXPR_NOT:
        if (e->form == FORM_WHOLE_ROWS) {
            return parent->kind == EXPR_AND || parent->kind == EXPR_OR ||
                   parent->kind == EXPR_NOT || inside_brackets(parent);
        }
        return parent->kind == EXPR_AND || parent->kind == EXPR_OR || inside_brackets(parent);
    case EXPR_OR:
        if (e->form == FORM_WHOLE_ROWS) {
            return parent->kind == EXPR_AND || parent->kind == EXPR_OR ||
                   parent->kind == EXPR_NOT || inside_brackets(parent);
        }
        return parent->kind == EXPR_OR || inside_brackets(parent);
    default: return false;
    }
}
