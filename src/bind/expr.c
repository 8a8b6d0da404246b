/*
 * expr.c - scalar expressions: constants, tests, conditionals, casts
 */
#include "bind/bind_internal.h"

Status bind_exprs(BindScope *s, Node *const *nodes, size_t count, Expr ***out)
{
    *out = ARENA_ARRAY(s->b->arena, Expr *, count + 1);
    for (size_t i = 0; i < count; i++) {
        TRY(bind_expr(s, nodes[i], &(*out)[i]));
    }
    return ST_OK;
}

Status bind_bool_expr(BindScope *s, const Node *n, const char *clause, Expr **out)
{
    Expr *e;
    TRY(bind_expr(s, n, &e));
    return bind_coerce_bool(s, e, clause, out);
}

/* const_number - digits too big for int4, or with a point: int8 when they fit, else numeric. */
static Status const_number(BindScope *s, const char *text, int32_t location, Expr **out)
{
    bool integer = text[strspn(text, "0123456789-")] == '\0';
    Expr *e = bind_expr_new(s, EXPR_CONST, TYPE_INT8, -1, location, 0);
    int64_t v = 0;
    bool negative = text[0] == '-';
    for (const char *p = text + (negative ? 1 : 0); integer && *p != '\0'; p++) {
        integer = !__builtin_mul_overflow(v, 10, &v) && !__builtin_sub_overflow(v, *p - '0', &v);
    }
    if (integer && (negative || v != INT64_MIN)) {
        v = negative ? v : -v;
        if (v >= INT32_MIN && v <= INT32_MAX) { /* only -2147483648 comes here */
            e = bind_expr_new(s, EXPR_CONST, TYPE_INT4, -1, location, 0);
            e->u.constant.value.i32 = (int32_t)v;
        } else {
            e->u.constant.value.i64 = v;
        }
        *out = e;
        return ST_OK;
    }
    e->type = TYPE_UNKNOWN;
    e->phys = PHYS_STR;
    e->u.constant.value.str = str_copy(s->b->arena, text, strlen(text));
    return bind_coerce_to(s, e, TYPE_NUMERIC, -1, 'i', location, out);
}

/* const_bits_check - the digits of B'...' ("b...") and X'...' ("x..."). */
static Status const_bits_check(BindScope *s, const char *text, int32_t location)
{
    bool hex = text[0] == 'x';
    const char *bad = text + 1 + strspn(text + 1, hex ? "0123456789abcdefABCDEF" : "01");
    if (*bad == '\0') {
        return ST_OK;
    }
    int n = 1;
    while (((uint8_t)bad[n] & 0xc0) == 0x80) {
        n++;
    }
    return BIND_ERR(s, location, ERRCODE_INVALID_TEXT_REPRESENTATION,
                    "\"%.*s\" is not a valid %s digit", n, bad, hex ? "hexadecimal" : "binary");
}

Status bind_const(BindScope *s, const PgQuery__AConst *c, Expr **out)
{
    Expr *e;
    if (c->isnull) {
        e = bind_expr_new(s, EXPR_CONST, TYPE_UNKNOWN, -1, c->location, 0);
        e->u.constant.is_null = true;
        *out = e;
        return ST_OK;
    }
    switch (c->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        e = bind_expr_new(s, EXPR_CONST, TYPE_INT4, -1, c->location, 0);
        e->u.constant.value.i32 = c->ival->ival;
        break;
    case PG_QUERY__A__CONST__VAL_FVAL: return const_number(s, c->fval->fval, c->location, out);
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
        e = bind_expr_new(s, EXPR_CONST, TYPE_BOOL, -1, c->location, 0);
        e->u.constant.value.b = c->boolval->boolval != 0;
        break;
    case PG_QUERY__A__CONST__VAL_SVAL:
        e = bind_expr_new(s, EXPR_CONST, TYPE_UNKNOWN, -1, c->location, 0);
        e->phys = PHYS_STR;
        e->u.constant.value.str = str_copy(s->b->arena, c->sval->sval, strlen(c->sval->sval));
        break;
    case PG_QUERY__A__CONST__VAL_BSVAL: {
        TRY(const_bits_check(s, c->bsval->bsval, c->location));
        e = bind_expr_new(s, EXPR_CONST, TYPE_BIT, -1, c->location, 0);
        FnCall call = {.cx = s->cx,
                       .arena = s->b->arena,
                       .env = s->b->env,
                       .state_arena = s->b->arena,
                       .result_type = TYPE_BIT};
        TRY(type_ops(TYPE_BIT)->in(&call, slice_of(c->bsval->bsval), -1, &e->u.constant.value));
        break;
    }
    default: return err_set(s->cx, ERRCODE_INTERNAL_ERROR, "unexpected kind of constant");
    }
    *out = e;
    return ST_OK;
}

static Status bind_logic(BindScope *s, const PgQuery__BoolExpr *b, Expr **out)
{
    ExprKind kind = b->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? EXPR_AND
                    : b->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? EXPR_OR
                                                                     : EXPR_NOT;
    const char *name = kind == EXPR_AND ? "AND" : kind == EXPR_OR ? "OR" : "NOT";
    if (b->n_args > UINT16_MAX) {
        return BIND_ERR(s, b->location, ERRCODE_STATEMENT_TOO_COMPLEX, "too many %s operands",
                        name);
    }
    Expr *e = bind_expr_new(s, kind, TYPE_BOOL, -1, b->location, (uint32_t)b->n_args);
    for (size_t i = 0; i < b->n_args; i++) {
        TRY(bind_bool_expr(s, b->args[i], name, &e->args[i]));
    }
    *out = e;
    return ST_OK;
}

/* bind_row_null - a row IS NULL when all its fields are, IS NOT NULL when none is. */
static Status bind_row_null(BindScope *s, const PgQuery__NullTest *t, const Expr *row, Expr **out)
{
    if (row->arg_count == 0) {
        *out = bind_const_bool(s, true);
        return ST_OK;
    }
    Expr *all = bind_expr_new(s, EXPR_AND, TYPE_BOOL, -1, t->location, row->arg_count);
    for (uint16_t i = 0; i < row->arg_count; i++) {
        Expr *e = bind_expr_new(s, EXPR_IS_NULL, TYPE_BOOL, -1, t->location, 1);
        TRY(bind_resolve_unknown(s, row->args[i], &e->args[0]));
        e->u.negated = t->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
        all->args[i] = e;
    }
    all->form = row->u.row.whole ? FORM_WHOLE_ROWS : FORM_CALL;
    *out = row->arg_count == 1 && !row->u.row.whole ? all->args[0] : all;
    return ST_OK;
}

static Status bind_null_test(BindScope *s, const PgQuery__NullTest *t, Expr **out)
{
    Expr *e = bind_expr_new(s, EXPR_IS_NULL, TYPE_BOOL, -1, t->location, 1);
    TRY(bind_expr(s, t->arg, &e->args[0]));
    if (e->args[0]->kind == EXPR_ROW) {
        return bind_row_null(s, t, e->args[0], out);
    }
    TRY(bind_resolve_unknown(s, e->args[0], &e->args[0]));
    e->u.negated = t->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
    *out = e;
    return ST_OK;
}

static Status bind_boolean_test(BindScope *s, const PgQuery__BooleanTest *t, Expr **out)
{
    static const char *const NAMES[] = {"IS TRUE",      "IS NOT TRUE", "IS FALSE",
                                        "IS NOT FALSE", "IS UNKNOWN",  "IS NOT UNKNOWN"};
    uint32_t test = (uint32_t)t->booltesttype - 1;
    Expr *e = bind_expr_new(s, EXPR_IS_BOOL, TYPE_BOOL, -1, t->location, 1);
    e->u.bool_test = (BoolTest)test;
    TRY(bind_bool_expr(s, t->arg, NAMES[test], &e->args[0]));
    *out = e;
    return ST_OK;
}

/* case_result_type - the common type, as PostgreSQL looks for it: the ELSE result first. */
static Status case_result_type(BindScope *s, Expr *const *results, uint32_t count, Oid *type_out)
{
    Expr **order = ARENA_ARRAY(s->b->arena, Expr *, count);
    order[0] = results[count - 1];
    memcpy(order + 1, results, (count - 1) * sizeof(*order));
    return bind_common_type(s, order, count, "CASE", type_out);
}

Status bind_case(BindScope *s, const PgQuery__CaseExpr *c, Expr **out)
{
    uint32_t n = (uint32_t)c->n_args;
    Expr **results = ARENA_ARRAY(s->b->arena, Expr *, n + 1);
    Expr *e = bind_expr_new(s, EXPR_CASE, TYPE_TEXT, -1, c->location, 2 * n + 1);
    Expr *test = NULL;
    if (c->arg != NULL) {
        TRY(bind_expr(s, c->arg, &test));
        TRY(bind_resolve_unknown(s, test, &test));
    }
    for (uint32_t i = 0; i < n; i++) {
        const PgQuery__CaseWhen *w = c->args[i]->case_when;
        Expr *when;
        TRY(bind_expr(s, w->expr, &when));
        if (test != NULL) {
            TRY(bind_equality(s, test, when, w->location, &when));
        }
        TRY(bind_coerce_bool(s, when, "CASE/WHEN", &e->args[2 * i]));
        TRY(bind_expr(s, w->result, &results[i]));
    }
    if (c->defresult != NULL) {
        TRY(bind_expr(s, c->defresult, &results[n]));
    } else {
        results[n] = bind_const_null(s, TYPE_UNKNOWN, -1);
    }
    Oid type;
    TRY(case_result_type(s, results, n + 1, &type));
    for (uint32_t i = 0; i <= n; i++) {
        TRY(bind_coerce_common(s, results[i], type, i < n ? "CASE/WHEN" : "CASE/ELSE",
                               &e->args[i < n ? 2 * i + 1 : 2 * n]));
        results[i] = e->args[i < n ? 2 * i + 1 : 2 * n];
    }
    Expr *typed =
        bind_expr_new(s, EXPR_CASE, type, bind_common_typmod(results, n + 1, type), c->location, 0);
    typed->arg_count = e->arg_count;
    typed->args = e->args;
    typed->case_test = test;
    *out = typed;
    return ST_OK;
}

/* bind_common_list - COALESCE, GREATEST, LEAST, ARRAY[]: arguments of one type. */
static Status bind_common_list(BindScope *s, ExprKind kind, Node *const *nodes, size_t count,
                               const char *name, int32_t location, Expr **out)
{
    Expr **args;
    Oid type;
    TRY(bind_exprs(s, nodes, count, &args));
    TRY(bind_common_type(s, args, (uint32_t)count, name, &type));
    for (size_t i = 0; i < count; i++) {
        TRY(bind_coerce_common(s, args[i], type, name, &args[i]));
    }
    Expr *e = bind_expr_new(s, kind, type, bind_common_typmod(args, (uint32_t)count, type),
                            location, (uint32_t)count);
    memcpy(e->args, args, count * sizeof(*args));
    *out = e;
    return ST_OK;
}

static Status bind_min_max(BindScope *s, const PgQuery__MinMaxExpr *m, Expr **out)
{
    bool least = m->op == PG_QUERY__MIN_MAX_OP__IS_LEAST;
    TRY(bind_common_list(s, EXPR_MINMAX, m->args, m->n_args, least ? "LEAST" : "GREATEST",
                         m->location, out));
    (*out)->u.is_least = least;
    Oid lt, eq, gt;
    if (!cat_default_order(s->b->view, (*out)->type, &lt, &eq, &gt)) {
        return BIND_ERR(s, m->location, ERRCODE_UNDEFINED_FUNCTION,
                        "could not identify a comparison function for type %s",
                        bind_type_text(s, (*out)->type));
    }
    return ST_OK;
}

Status bind_type_cast(BindScope *s, const PgQuery__TypeCast *c, Expr **out)
{
    Oid type;
    int32_t typmod;
    Expr *e;
    BindCx b = *s->b;
    if (s->stored) {
        b.sql = (Slice){NULL, 0};
    }
    TRY(bind_type_name(s->cx, &b, c->type_name, &type, &typmod));
    if (NODE_IS(c->arg, A_ARRAY_EXPR)) {
        TRY(bind_array_as(s, c->arg->a_array_expr, type, typmod, &e));
    } else {
        TRY(bind_expr(s, c->arg, &e));
    }
    int32_t location = c->location >= 0 ? c->location : bind_location(e);
    Status st = bind_coerce_to(s, e, type, typmod, 'e', location, out);
    if (st == ST_NOTFOUND) {
        return BIND_ERR(s, location, ERRCODE_CANNOT_COERCE, "cannot cast type %s to %s",
                        bind_type_text(s, e->type), bind_type_text(s, type));
    }
    return st;
}

Status bind_sql_value(BindScope *s, const PgQuery__SQLValueFunction *f, Expr **out)
{
    static const struct {
        SqlValue value;
        Oid type;
    } KINDS[] = {
        {SQLVALUE_CURRENT_DATE, TYPE_DATE},
        {SQLVALUE_CURRENT_TIME, TYPE_TIMETZ},
        {SQLVALUE_CURRENT_TIME, TYPE_TIMETZ},
        {SQLVALUE_CURRENT_TIMESTAMP, TYPE_TIMESTAMPTZ},
        {SQLVALUE_CURRENT_TIMESTAMP, TYPE_TIMESTAMPTZ},
        {SQLVALUE_LOCALTIME, TYPE_TIME},
        {SQLVALUE_LOCALTIME, TYPE_TIME},
        {SQLVALUE_LOCALTIMESTAMP, TYPE_TIMESTAMP},
        {SQLVALUE_LOCALTIMESTAMP, TYPE_TIMESTAMP},
        {SQLVALUE_CURRENT_ROLE, TYPE_NAME},
        {SQLVALUE_CURRENT_USER, TYPE_NAME},
        {SQLVALUE_USER, TYPE_NAME},
        {SQLVALUE_SESSION_USER, TYPE_NAME},
        {SQLVALUE_CURRENT_CATALOG, TYPE_NAME},
        {SQLVALUE_CURRENT_SCHEMA, TYPE_NAME},
    };
    uint32_t i = (uint32_t)f->op - 1;
    if (i >= ARRAY_LEN(KINDS)) {
        return err_set(s->cx, ERRCODE_INTERNAL_ERROR, "unexpected SQL value function");
    }
    Expr *e = bind_expr_new(s, EXPR_SQL_VALUE, KINDS[i].type, -1, f->location, 0);
    e->u.sql_value = KINDS[i].value;
    *out = e;
    bool with_precision = i == 2 || i == 4 || i == 6 || i == 8;
    if (!with_precision) {
        return ST_OK;
    }
    TRY(bind_coerce_to(s, e, e->type, f->typmod, 'e', f->location, out));
    (*out)->form = FORM_SQL_SYNTAX;
    return ST_OK;
}

/* bind_collate - COLLATE: the values stay as they are (collation.c). */
static Status bind_collate(BindScope *s, const PgQuery__CollateClause *c, Expr **out)
{
    const char *schema, *name;
    Expr *e;
    TRY(bind_expr(s, c->arg, &e));
    TRY(bind_resolve_unknown(s, e, &e));
    TRY(bind_names(s, c->collname, c->n_collname, &schema, &name));
    const CatType *t = cat_type(s->b->view, e->type);
    if (t == NULL || t->collation == 0) {
        return BIND_ERR(s, c->location, ERRCODE_DATATYPE_MISMATCH,
                        "collations are not supported by type %s", bind_type_text(s, e->type));
    }
    Oid collation = cat_collation_find(schema, name);
    if (collation == OID_INVALID) {
        return BIND_ERR(s, c->location, ERRCODE_UNDEFINED_OBJECT,
                        "collation \"%s%s%s\" for encoding \"UTF8\" does not exist",
                        schema != NULL ? schema : "", schema != NULL ? "." : "", name);
    }
    *out = bind_expr_new(s, EXPR_RELABEL, e->type, e->typmod, c->location, 1);
    (*out)->args[0] = e;
    (*out)->form = FORM_COLLATE;
    (*out)->collation = collation;
    return ST_OK;
}

static Status bind_row(BindScope *s, const PgQuery__RowExpr *r, Expr **out)
{
    if (r->n_args > TARGETS_MAX) {
        return BIND_ERR(s, r->location, ERRCODE_TOO_MANY_COLUMNS,
                        "ROW expressions can have at most %d entries", TARGETS_MAX);
    }
    Expr *e = bind_expr_new(s, EXPR_ROW, TYPE_RECORD, -1, r->location, (uint32_t)r->n_args);
    for (size_t i = 0; i < r->n_args; i++) {
        TRY(bind_expr(s, r->args[i], &e->args[i]));
    }
    *out = e;
    return ST_OK;
}

/* bind_no_sets - an expression of which a part may be left out holds no set-returning call. */
static Status bind_no_sets(BindScope *s, const Node *n, Expr **out)
{
    bool in_targets = s->in_targets;
    s->in_targets = false;
    Status st = NODE_IS(n, CASE_EXPR) ? bind_case(s, n->case_expr, out)
                                      : bind_common_list(s, EXPR_COALESCE, n->coalesce_expr->args,
                                                         n->coalesce_expr->n_args, "COALESCE",
                                                         n->coalesce_expr->location, out);
    s->in_targets = in_targets;
    return st;
}

/* bind_expr_node - one node and what is below it; its collation comes after. */
static Status bind_expr_node(BindScope *s, const Node *n, Expr **out)
{
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST: return bind_const(s, n->a_const, out);
    case PG_QUERY__NODE__NODE_COLUMN_REF: return bind_column_ref(s, n->column_ref, out);
    case PG_QUERY__NODE__NODE_PARAM_REF: return bind_param(s, n->param_ref, out);
    case PG_QUERY__NODE__NODE_A_EXPR: return bind_a_expr(s, n->a_expr, out);
    case PG_QUERY__NODE__NODE_BOOL_EXPR: return bind_logic(s, n->bool_expr, out);
    case PG_QUERY__NODE__NODE_NULL_TEST: return bind_null_test(s, n->null_test, out);
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST: return bind_boolean_test(s, n->boolean_test, out);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
    case PG_QUERY__NODE__NODE_COALESCE_EXPR: return bind_no_sets(s, n, out);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR: return bind_min_max(s, n->min_max_expr, out);
    case PG_QUERY__NODE__NODE_TYPE_CAST: return bind_type_cast(s, n->type_cast, out);
    case PG_QUERY__NODE__NODE_FUNC_CALL: return bind_func_call(s, n->func_call, out);
    case PG_QUERY__NODE__NODE_SUB_LINK: return bind_sublink(s, n->sub_link, out);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return bind_sql_value(s, n->sqlvalue_function, out);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return bind_collate(s, n->collate_clause, out);
    case PG_QUERY__NODE__NODE_ROW_EXPR: return bind_row(s, n->row_expr, out);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: return bind_array(s, n->a_array_expr, out);
    case PG_QUERY__NODE__NODE_A_INDIRECTION: return bind_indirection(s, n->a_indirection, out);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
        return BIND_ERR(s, n->set_to_default->location, ERRCODE_SYNTAX_ERROR,
                        "DEFAULT is not allowed in this context");
    case PG_QUERY__NODE__NODE_GROUPING_FUNC: return bind_grouping_call(s, n->grouping_func, out);
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
        return BIND_ERR(s, n->named_arg_expr->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "named arguments are not supported");
    default: return err_unsupported(s->cx, "this kind of expression is not supported");
    }
}

Status bind_expr(BindScope *s, const Node *n, Expr **out)
{
    TRY(bind_expr_node(s, n, out));
    return bind_collation_derive(s, *out);
}
