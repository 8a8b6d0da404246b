/*
 * target_name.c - the name of a result column without AS
 */
#include "bind/bind_internal.h"

/* How sure a name is: 2 = a name of its own, 1 = a type's or CASE's, taken when nothing better. */
static int name_of(const Node *n, const char **name_out);

static int name_last(Node *const *names, size_t count, const char **name_out)
{
    for (size_t i = count; i-- > 0;) {
        if (NODE_IS(names[i], STRING)) {
            *name_out = names[i]->string->sval;
            return 2;
        }
    }
    return 0;
}

static int name_fixed(const char *name, int strength, const char **name_out)
{
    *name_out = name;
    return strength;
}

/* name_sublink - a scalar subquery is named after its only column. */
static int name_sublink(const PgQuery__SubLink *l, const char **name_out)
{
    switch (l->sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK: return name_fixed("exists", 2, name_out);
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK: return name_fixed("array", 2, name_out);
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK: break;
    default: return 0;
    }
    const PgQuery__SelectStmt *st =
        NODE_IS(l->subselect, SELECT_STMT) ? l->subselect->select_stmt : NULL;
    while (st != NULL && st->larg != NULL) {
        st = st->larg;
    }
    if (st != NULL && st->n_values_lists > 0) {
        return name_fixed("column1", 2, name_out);
    }
    if (st == NULL || st->n_target_list == 0) {
        return 0;
    }
    const PgQuery__ResTarget *t = st->target_list[0]->res_target;
    if (t->name != NULL && t->name[0] != '\0') {
        return name_fixed(t->name, 2, name_out);
    }
    return name_fixed(bind_target_name(t->val), 2, name_out);
}

/* name_sql_value - CURRENT_DATE and its kin are named as they are written. */
static int name_sql_value(PgQuery__SQLValueFunctionOp op, const char **name_out)
{
    static const char *const NAMES[] = {NULL,
                                        "current_date",
                                        "current_time",
                                        "current_time",
                                        "current_timestamp",
                                        "current_timestamp",
                                        "localtime",
                                        "localtime",
                                        "localtimestamp",
                                        "localtimestamp",
                                        "current_role",
                                        "current_user",
                                        "user",
                                        "session_user",
                                        "current_catalog",
                                        "current_schema"};
    return (size_t)op < ARRAY_LEN(NAMES) && NAMES[op] != NULL ? name_fixed(NAMES[op], 2, name_out)
                                                              : 0;
}

/* name_of - a name and how sure it is (0 = none). */
static int name_of(const Node *n, const char **name_out)
{
    int strength;
    if (n == NULL) {
        return 0;
    }
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return name_last(n->column_ref->fields, n->column_ref->n_fields, name_out);
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        strength =
            name_last(n->a_indirection->indirection, n->a_indirection->n_indirection, name_out);
        return strength > 0 ? strength : name_of(n->a_indirection->arg, name_out);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return name_last(n->func_call->funcname, n->func_call->n_funcname, name_out);
    case PG_QUERY__NODE__NODE_A_EXPR:
        return n->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF
                   ? name_fixed("nullif", 2, name_out)
                   : 0;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
        strength = name_of(n->type_cast->arg, name_out);
        if (strength <= 1 && name_last(n->type_cast->type_name->names,
                                       n->type_cast->type_name->n_names, name_out) > 0) {
            return 1;
        }
        return strength;
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return name_of(n->collate_clause->arg, name_out);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC: return name_fixed("grouping", 2, name_out);
    case PG_QUERY__NODE__NODE_SUB_LINK: return name_sublink(n->sub_link, name_out);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        strength = name_of(n->case_expr->defresult, name_out);
        return strength <= 1 ? name_fixed("case", 1, name_out) : strength;
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: return name_fixed("array", 2, name_out);
    case PG_QUERY__NODE__NODE_ROW_EXPR: return name_fixed("row", 2, name_out);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR: return name_fixed("coalesce", 2, name_out);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return name_fixed(n->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_LEAST ? "least"
                                                                                : "greatest",
                          2, name_out);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return name_sql_value(n->sqlvalue_function->op, name_out);
    default: return 0;
    }
}

const char *bind_target_name(const Node *n)
{
    const char *name = NULL;
    return name_of(n, &name) > 0 ? name : "?column?";
}
