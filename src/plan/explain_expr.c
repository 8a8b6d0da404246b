/*
 * explain_expr.c - expressions as text, in the manner of PostgreSQL's EXPLAIN.
 */
#include "catalog/catalog_data.h"
#include "plan/plan_internal.h"
#include "type/array.h"

static void put_list(Buf *out, const Plan *plan, Expr *const *args, uint32_t count, const char *sep,
                     bool qualify)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_puts(out, sep);
        }
        explain_expr(out, plan, args[i], qualify);
    }
}

static const char *type_name(Oid type)
{
    switch (type) {
    case TYPE_INT4: return "integer";
    case TYPE_INT8: return "bigint";
    case TYPE_INT2: return "smallint";
    case TYPE_BOOL: return "boolean";
    case TYPE_FLOAT8: return "double precision";
    case TYPE_FLOAT4: return "real";
    case TYPE_VARCHAR: return "character varying";
    case TYPE_TIMESTAMP: return "timestamp without time zone";
    case TYPE_TIMESTAMPTZ: return "timestamp with time zone";
    default: {
        const TypeOps *t = type_ops(type);
        return t != NULL ? t->name : "unknown";
    }
    }
}

static void put_type(Buf *out, Oid type)
{
    bool vector = type == TYPE_INT2VECTOR || type == TYPE_OIDVECTOR;
    Oid element = vector ? OID_INVALID : type_array_element(type);
    buf_printf(out, "%s%s", type_name(element != OID_INVALID ? element : type),
               element != OID_INVALID ? "[]" : "");
}

/* put_const - a constant as PostgreSQL deparses it: quoted unless a plain number or Boolean. */
static void put_const(Buf *out, const Expr *e)
{
    const TypeOps *t = expr_type_ops(e);
    static const TypeEnv ENV = {0};
    if (e->u.constant.is_null || t == NULL) {
        buf_puts(out, "NULL::");
        put_type(out, e->type);
        return;
    }
    if (e->type == TYPE_BOOL) {
        buf_puts(out, e->u.constant.value.b ? "true" : "false");
        return;
    }
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "explain", 0);
    Cx cx = {.err = &err, .arena = &arena};
    FnCall call = {
        .cx = &cx, .arena = &arena, .env = &ENV, .state_arena = &arena, .arg_typmod = -1};
    bool quoted = e->type != TYPE_INT4 && e->type != TYPE_NUMERIC;
    if (quoted) {
        buf_putc(out, '\'');
    }
    t->out(&call, &e->u.constant.value, out);
    if (quoted) {
        buf_puts(out, "'::");
        put_type(out, e->type);
    }
    arena_release(&arena);
}

static void put_column(Buf *out, const Expr *e, bool qualify)
{
    const ColumnName *n = (const ColumnName *)(const void *)e->args;
    if (n == NULL || n->name == NULL) {
        buf_printf(out, "?column %d?", e->u.column.column);
        return;
    }
    if (qualify && n->alias != NULL) {
        buf_printf(out, "%s.", n->alias);
    }
    buf_puts(out, n->name);
}

/* operator_text - the symbol of a built-in operator; NULL: a function called by its name. */
static const char *operator_text(const Expr *e)
{
    uint32_t lo = 0, hi = CATALOG_PG_OPERATOR_COUNT;
    while (e->oper != 0 && e->arg_count == 2 && lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (catalog_pg_operator[mid].oid == e->oper) {
            return catalog_str(catalog_pg_operator[mid].oprname);
        }
        if (catalog_pg_operator[mid].oid < e->oper) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return NULL;
}

static void put_func(Buf *out, const Plan *plan, const Expr *e, bool qualify)
{
    const char *op = operator_text(e);
    if (op != NULL) {
        buf_putc(out, '(');
        explain_expr(out, plan, e->args[0], qualify);
        buf_printf(out, " %s ", op);
        explain_expr(out, plan, e->args[1], qualify);
        buf_putc(out, ')');
        return;
    }
    buf_printf(out, "%s(", e->proc->name);
    put_list(out, plan, e->args, e->arg_count, ", ", qualify);
    buf_putc(out, ')');
}

/* explain_expr - append the expression; columns bear their relation's name when qualify is set. */
void explain_expr(Buf *out, const Plan *plan, const Expr *e, bool qualify)
{
    switch (e->kind) {
    case EXPR_CONST: put_const(out, e); break;
    case EXPR_PARAM:
        if (e->args != NULL) {
            explain_expr(out, plan, e->args[0], true);
        } else {
            buf_printf(out, "$%u", e->u.param.number);
        }
        break;
    case EXPR_COLUMN: put_column(out, e, qualify); break;
    case EXPR_FUNC: put_func(out, plan, e, qualify); break;
    case EXPR_AGG:
        buf_printf(out, "%s(%s%s", e->proc->name, e->u.agg.distinct ? "DISTINCT " : "",
                   e->arg_count == 0 ? "*" : "");
        put_list(out, plan, e->args, e->arg_count, ", ", qualify);
        buf_putc(out, ')');
        break;
    case EXPR_WINDOW:
        buf_printf(out, "%s(%s", e->proc->name, e->u.window.star ? "*" : "");
        put_list(out, plan, e->args, e->arg_count, ", ", qualify);
        buf_puts(out, ") OVER (?)");
        break;
    case EXPR_AND:
    case EXPR_OR:
        buf_putc(out, '(');
        put_list(out, plan, e->args, e->arg_count, e->kind == EXPR_AND ? " AND " : " OR ", qualify);
        buf_putc(out, ')');
        break;
    case EXPR_NOT:
        buf_puts(out, "(NOT ");
        explain_expr(out, plan, e->args[0], qualify);
        buf_putc(out, ')');
        break;
    case EXPR_IS_NULL:
        buf_putc(out, '(');
        explain_expr(out, plan, e->args[0], qualify);
        buf_puts(out, e->u.negated ? " IS NOT NULL)" : " IS NULL)");
        break;
    case EXPR_FIELD:
        buf_putc(out, '(');
        explain_expr(out, plan, e->args[0], qualify);
        buf_printf(out, ").%s", e->u.field.name != NULL ? e->u.field.name : "?column?");
        break;
    case EXPR_ELEMENT: buf_puts(out, "VALUE"); break;
    case EXPR_DOMAIN:
    case EXPR_RELABEL:
    case EXPR_IO_CAST:
    case EXPR_ARRAY_CAST:
        buf_putc(out, '(');
        explain_expr(out, plan, e->args[0], qualify);
        buf_puts(out, ")::");
        put_type(out, e->type);
        break;
    case EXPR_ARRAY:
        buf_puts(out, "ARRAY[");
        put_list(out, plan, e->args, e->arg_count, ", ", qualify);
        buf_putc(out, ']');
        break;
    case EXPR_ARRAY_ANY: {
        const char *op = operator_text(e);
        buf_putc(out, '(');
        explain_expr(out, plan, e->args[0], qualify);
        buf_printf(out, " %s %s (", op != NULL ? op : e->proc->name, e->u.is_all ? "ALL" : "ANY");
        explain_expr(out, plan, e->args[1], qualify);
        buf_puts(out, "))");
        break;
    }
    case EXPR_COALESCE:
        buf_puts(out, "COALESCE(");
        put_list(out, plan, e->args, e->arg_count, ", ", qualify);
        buf_putc(out, ')');
        break;
    case EXPR_IN:
        buf_putc(out, '(');
        explain_expr(out, plan, e->args[0], qualify);
        buf_puts(out, e->u.negated ? " <> ALL (" : " = ANY (");
        put_list(out, plan, e->args + 1, e->arg_count - 1u, ", ", qualify);
        buf_puts(out, "))");
        break;
    case EXPR_SUBLINK: buf_puts(out, "(SubPlan)"); break;
    case EXPR_CASE: buf_puts(out, "CASE ... END"); break;
    default: buf_puts(out, "(...)"); break;
    }
}
