/*
 * params.c - parameters: types given by the client or found from their use
 */
#include "bind/bind_internal.h"

#define PARAMS_MAX 65535

/* params_grow - room for so many: twice as many at a time, as they come one by one up to 65,535. */
static void params_grow(BindScope *s, uint32_t count)
{
    BindParams *p = s->b->params;
    if (count <= p->count) {
        return;
    }
    if (count > p->room) {
        p->room = MAX(count, p->count * 2);
        Oid *types = ARENA_ARRAY(s->b->arena, Oid, p->room);
        if (p->count > 0) {
            memcpy(types, p->types, p->count * sizeof(Oid));
        }
        p->types = types;
    }
    p->count = count;
}

Status bind_param(BindScope *s, const PgQuery__ParamRef *ref, Expr **out)
{
    BindParams *p = s->b->params;
    Status st = bind_sql_param(s, (uint32_t)ref->number, out);
    if (st == ST_NOTFOUND) {
        st = bind_variable_number(s, (uint32_t)ref->number, ref->location, out);
    }
    if (st != ST_NOTFOUND) {
        return st;
    }
    if (p == NULL || s->stored || ref->number <= 0 || ref->number > PARAMS_MAX ||
        (p->fixed && (uint32_t)ref->number > p->count)) {
        return BIND_ERR(s, ref->location, ERRCODE_UNDEFINED_PARAMETER, "there is no parameter $%d",
                        ref->number);
    }
    params_grow(s, (uint32_t)ref->number);
    Oid type = p->types[ref->number - 1];
    Expr *e = bind_expr_new(s, EXPR_PARAM, type == 0 ? TYPE_UNKNOWN : type, -1, ref->location, 0);
    e->u.param.number = (uint32_t)ref->number;
    *out = e;
    return ST_OK;
}

/* bind_params_check - every parameter up to the highest has a type now. */
Status bind_params_check(BindScope *s)
{
    const BindParams *p = s->b->params;
    for (uint32_t i = 0; p != NULL && i < p->count; i++) {
        if (p->types[i] == 0 || p->types[i] == TYPE_UNKNOWN) {
            return err_set(s->cx, ERRCODE_INDETERMINATE_DATATYPE,
                           "could not determine data type of parameter $%u", i + 1);
        }
    }
    return ST_OK;
}
