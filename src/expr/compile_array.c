/*
 * compile_array.c - steps over arrays and rows.
 *
 * A cast of an array has a program of its own for one element, run over vectors of elements.
 */
#include "expr/expr_internal.h"
#include "type/array.h"

/* array_step_cast - the program that turns an element into one of the new type. */
static Status array_step_cast(Compiler *c, const Expr *e, Step *s)
{
    static const ExprMap NO_MAP = {0};
    ExprProg *each = ARENA_NEW(c->arena, ExprProg);
    Expr *const exprs[1] = {e->u.array.each};
    uint32_t *roots;
    bool invariant;
    Compiler inner = {.cx = c->cx, .arena = c->arena, .map = &NO_MAP, .extra_fn = c->extra_fn};
    TRY(compile_args(&inner, exprs, 1, &roots, &invariant));
    *each = (ExprProg){inner.steps, inner.count, roots, 1};
    s->each = each;
    return ST_OK;
}

/* array_step_any - the operator, and whether a constant array of that type can be hashed. */
static Status array_step_any(Compiler *c, const Expr *e, Step *s)
{
    Expr item = {.kind = EXPR_ELEMENT, .type = s->element, .typmod = -1};
    Expr *two[2] = {e->args[0], &item};
    Expr pair = *e;
    const TypeOps *type = type_ops(s->element);
    item.phys = type->phys;
    pair.args = two;
    s->is_all = e->u.is_all;
    s->hashed = !s->is_all && type->hash != NULL && type->cmp != NULL && e->proc->arg_count == 2 &&
                e->proc->args[0] == e->proc->args[1] && type->phys == e->args[0]->phys &&
                compile_name_ends_eq(e->proc->prosrc);
    return step_set_fn(c, s, &pair);
}

Status compile_array(Compiler *c, const Expr *e, uint32_t *step_out)
{
    const Expr *array = e->kind == EXPR_ARRAY_ANY   ? e->args[1]
                        : e->kind == EXPR_SUBSCRIPT ? e->args[0]
                                                    : e;
    Oid fixed = e->kind == EXPR_SUBSCRIPT ? type_fixed_element(expr_carrier(array)) : OID_INVALID;
    Oid element = fixed != OID_INVALID ? fixed : type_array_element(expr_carrier(array));
    uint32_t *args;
    bool invariant;
    bool jsonb = e->kind == EXPR_SUBSCRIPT && array->type == TYPE_JSONB;
    if (!jsonb && (element == OID_INVALID || type_ops(element) == NULL)) {
        return err_unsupported(c->cx, "arrays of type %u are not supported", array->type);
    }
    TRY(compile_args(c, e->args, e->arg_count, &args, &invariant));
    Step *s = step_new(c, e,
                       e->kind == EXPR_ARRAY        ? STEP_ARRAY
                       : e->kind == EXPR_ARRAY_CAST ? STEP_ARRAY_CAST
                       : e->kind == EXPR_ARRAY_ANY  ? STEP_ARRAY_ANY
                                                    : STEP_SUBSCRIPT);
    s->args = args;
    s->arg_count = e->arg_count;
    s->element = element;
    s->fixed = fixed != OID_INVALID;
    if (e->kind == EXPR_ARRAY) {
        s->nested = e->u.array.nested;
    } else if (e->kind == EXPR_ARRAY_CAST) {
        TRY(array_step_cast(c, e, s));
    } else if (e->kind == EXPR_ARRAY_ANY) {
        TRY(array_step_any(c, e, s));
    } else {
        s->subs = e->u.subs;
    }
    s->invariant = invariant && !s->is_volatile;
    *step_out = c->count - 1;
    return ST_OK;
}

Status compile_field(Compiler *c, const Expr *e, uint32_t *step_out)
{
    uint32_t *args;
    bool invariant;
    TRY(compile_args(c, e->args, 1, &args, &invariant));
    Step *s = step_new(c, e, STEP_FIELD);
    s->args = args;
    s->arg_count = 1;
    s->number = e->u.field.number;
    s->element = expr_carrier(e);
    s->invariant = invariant;
    *step_out = c->count - 1;
    return ST_OK;
}

Status compile_row(Compiler *c, const Expr *e, uint32_t *step_out)
{
    uint32_t *args;
    bool invariant;
    Oid *types = ARENA_ARRAY(c->arena, Oid, e->arg_count + 1u);
    Oid *real = ARENA_ARRAY(c->arena, Oid, e->arg_count + 1u);
    TRY(compile_args(c, e->args, e->arg_count, &args, &invariant));
    for (uint16_t i = 0; i < e->arg_count; i++) {
        types[i] = expr_carrier(e->args[i]);
        real[i] = e->args[i]->type;
        if (type_ops(types[i]) == NULL) {
            return err_unsupported(c->cx, "rows with fields of type %u are not supported",
                                   types[i]);
        }
    }
    Step *s = step_new(c, e, STEP_ROW);
    s->args = args;
    s->arg_count = e->arg_count;
    s->arg_types = types;
    s->real_types = real;
    s->nested = e->u.row.whole;
    s->invariant = invariant;
    if (e->u.row.names != NULL) {
        const char **names = ARENA_ARRAY(c->arena, const char *, e->arg_count + 1u);
        for (uint16_t i = 0; i < e->arg_count; i++) {
            names[i] = arena_strdup(c->arena, e->u.row.names[i]);
        }
        s->names = names;
    }
    *step_out = c->count - 1;
    return ST_OK;
}
