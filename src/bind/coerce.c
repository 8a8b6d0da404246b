/*
 * coerce.c - casts: which exist, and the expressions that perform them
 *
 * The rules are PostgreSQL's: pg_cast first, then text I/O conversion to and from string types. A
 * literal of unknown type is read by the target's input function here, so that it stays one
 * constant.
 */
#include "bind/bind_internal.h"

#define CATEGORY_STRING 'S'

typedef enum CoercePath {
    PATH_NONE,
    PATH_SAME,
    PATH_RELABEL,
    PATH_FUNC,
    PATH_IO,
    PATH_ARRAY
} CoercePath;

static int context_rank(char context)
{
    return context == 'i' ? 0 : context == 'a' ? 1 : 2;
}

static char type_category(BindScope *s, Oid type)
{
    const CatType *t = cat_type(s->b->view, type);
    return t != NULL ? t->category : 'X';
}

static Oid base_type(BindScope *s, Oid type)
{
    return cat_domain_base(s->b->view, type);
}

/* domain_typmod - the modifier a domain, or one it is over, gives the base. */
static int32_t domain_typmod(BindScope *s, Oid type)
{
    int32_t typmod = -1;
    const CatType *t = cat_type(s->b->view, type);
    while (t != NULL && t->kind == 'd' && typmod < 0) {
        typmod = t->typmod;
        t = cat_type(s->b->view, t->base);
    }
    return typmod;
}

/* coerce_element - the element type of an array type, 0 for another type. */
static Oid coerce_element(BindScope *s, Oid type)
{
    const CatType *t = cat_type(s->b->view, type);
    return t != NULL && t->category == 'A' ? t->element : 0;
}

/* coerce_path - how a value of one type becomes the other in the context. */
static CoercePath coerce_path(BindScope *s, Oid from, Oid to, char context, Oid *proc_out)
{
    *proc_out = 0;
    from = base_type(s, from);
    to = base_type(s, to);
    if (from == to) {
        return PATH_SAME;
    }
    const CatCast *c = cat_cast(s->b->view, from, to);
    if (c != NULL) {
        if (context_rank(context) < context_rank(c->context)) {
            return PATH_NONE;
        }
        *proc_out = c->proc;
        return c->method == 'f' ? PATH_FUNC : c->method == 'b' ? PATH_RELABEL : PATH_IO;
    }
    Oid each_from = coerce_element(s, from), each_to = coerce_element(s, to), proc;
    if (each_from != 0 && each_to != 0 && to != TYPE_INT2VECTOR && to != TYPE_OIDVECTOR &&
        coerce_path(s, each_from, each_to, context, &proc) != PATH_NONE) {
        return PATH_ARRAY;
    }
    const CatType *tf = cat_type(s->b->view, from), *tt = cat_type(s->b->view, to);
    if (from == TYPE_RECORD && tt != NULL && tt->kind == 'c') {
        return PATH_SAME; /* its fields are looked at where it is used */
    }
    if (to == TYPE_RECORD && tf != NULL && tf->kind == 'c') {
        return PATH_RELABEL;
    }
    if (from == TYPE_RECORD && tt != NULL && tt->category == CATEGORY_STRING && context != 'i') {
        return PATH_IO;
    }
    if (tf == NULL || tt == NULL || (tf->kind == 'p' && from != TYPE_ANYARRAY) || tt->kind == 'p') {
        return PATH_NONE;
    }
    if (context != 'i' && tt->category == CATEGORY_STRING) {
        return PATH_IO;
    }
    if (context == 'e' && tf->category == CATEGORY_STRING) {
        return PATH_IO;
    }
    return PATH_NONE;
}

bool bind_is_generic(Oid type)
{
    switch (type) {
    case TYPE_ANYELEMENT:
    case TYPE_ANYARRAY:
    case 2776: /* anynonarray */
    case 3500: /* anyenum */
    case 3831: /* anyrange */
    case 5077: /* anycompatible */
    case 5078: /* anycompatiblearray */
    case 5079: /* anycompatiblenonarray */
    case 5080: /* anycompatiblerange */
    case 4537: /* anymultirange */
    case 4538: /* anycompatiblemultirange */ return true;
    default: return false;
    }
}

/* generic_accepts - can a value of the type stand for this polymorphic parameter at all? */
static bool generic_accepts(BindScope *s, Oid from, Oid to)
{
    const CatType *t = cat_type(s->b->view, base_type(s, from));
    bool is_array = t != NULL && t->category == 'A';
    switch (to) {
    case TYPE_ANYARRAY:
    case 5078: return is_array;
    case 2776:
    case 5079: return !is_array;
    case 3500: return t != NULL && t->kind == 'e';
    case 3831:
    case 5080: return t != NULL && t->kind == 'r';
    case 4537:
    case 4538: return t != NULL && t->kind == 'm';
    default: return true;
    }
}

bool bind_can_coerce(BindScope *s, Oid from, Oid to, char context)
{
    Oid proc;
    if (from == to || to == TYPE_ANY || from == TYPE_UNKNOWN) {
        return true;
    }
    if (bind_is_generic(to)) {
        return generic_accepts(s, from, to);
    }
    return coerce_path(s, from, to, context, &proc) != PATH_NONE;
}

bool bind_binary_coercible(BindScope *s, Oid from, Oid to)
{
    Oid proc;
    if (from == to || to == TYPE_ANY) {
        return true;
    }
    CoercePath p = coerce_path(s, from, to, 'i', &proc);
    return p == PATH_SAME || p == PATH_RELABEL;
}

/* coerce_by_name - a type whose literals are names of objects, looked up when they are bound. */
static bool coerce_by_name(Oid type)
{
    enum { REGOPER = 2203, REGOPERATOR = 2204, REGCOLLATION = 4191 };
    return type == TYPE_REGCLASS || type == TYPE_REGTYPE || type == TYPE_REGPROC ||
           type == TYPE_REGNAMESPACE || type == TYPE_REGROLE || type == TYPE_REGPROCEDURE ||
           type == REGOPER || type == REGOPERATOR || type == REGCOLLATION ||
           type == TYPE_REGCONFIG || type == TYPE_REGDICTIONARY;
}

/* LiteralNotice - Cx.notice while a literal is read: what is sent gets the literal's place. */
typedef struct LiteralNotice {
    BindScope *s;
    int32_t location;
    void (*notice)(void *arg, const Err *notice);
    void *notice_arg;
} LiteralNotice;
static void coerce_notice(void *arg, const Err *notice)
{
    const LiteralNotice *n = arg;
    Err e = *notice;
    if (n->location >= 0 && !n->s->stored && e.position == 0) {
        e.position = parse_char_position(n->s->b->sql, n->location);
    }
    n->notice(n->notice_arg, &e);
}

/* coerce_read - by the type's input function. */
static Status coerce_read(BindScope *s, const Expr *e, const TypeOps *ops, int32_t typmod,
                          FnCall *call, Datum *out)
{
    LiteralNotice n = {s, e->location, s->cx->notice, s->cx->notice_arg};
    if (n.notice != NULL) {
        s->cx->notice = coerce_notice;
        s->cx->notice_arg = &n;
    }
    Status st = ops->in(call, str_slice(&e->u.constant.value.str), typmod, out);
    s->cx->notice = n.notice;
    s->cx->notice_arg = n.notice_arg;
    return st;
}

/* coerce_literal - an unknown literal read by the type's input function. */
static Status coerce_literal(BindScope *s, const Expr *e, Oid type, int32_t typmod, Expr **out)
{
    Oid base = base_type(s, type);
    int32_t in_typmod = base == TYPE_INTERVAL || base == 1187 /* interval[] */ ? typmod : -1;
    Expr *c = bind_expr_new(s, EXPR_CONST, type, in_typmod, e->location, 0);
    if (e->u.constant.is_null) {
        c->u.constant.is_null = true;
        c->typmod = typmod;
        *out = c;
        return ST_OK;
    }
    if (coerce_by_name(base)) {
        Status found = cat_reg_find(s->cx, s->b->view, s->b->arena, base,
                                    str_slice(&e->u.constant.value.str), &c->u.constant.value.u32);
        *out = c;
        return found == ST_ERROR ? bind_at(s, e->location) : found;
    }
    const CatType *ct = cat_type(s->b->view, base);
    const TypeOps *ops = ct != NULL && ct->ops != NULL ? ct->ops : type_ops(base);
    if (ops == NULL || ops->in == NULL) {
        if (ct != NULL && ct->kind == 'p') {
            return BIND_ERR(s, e->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                            "cannot accept a value of type %s", bind_type_text(s, type));
        }
        return BIND_ERR(s, e->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "values of type %s are not supported", bind_type_text(s, type));
    }
    FnCall call = {.cx = s->cx,
                   .arena = s->b->arena,
                   .env = s->b->env,
                   .state_arena = s->b->arena,
                   .result_type = base};
    Status st = coerce_read(s, e, ops, in_typmod, &call, &c->u.constant.value);
    if (st != ST_OK) {
        return st == ST_ERROR ? bind_at(s, e->location) : st;
    }
    *out = c;
    return ST_OK;
}

static Status coerce_param(BindScope *s, const Expr *e, Oid type, Expr **out)
{
    BindParams *p = s->b->params;
    uint32_t i = e->u.param.number - 1;
    if (p->types[i] == 0 || p->types[i] == TYPE_UNKNOWN) {
        p->types[i] = type;
    } else if (p->types[i] != type) {
        Oid have = p->types[i];
        (void)err_set(s->cx, ERRCODE_AMBIGUOUS_PARAMETER,
                      "inconsistent types deduced for parameter $%u", e->u.param.number);
        (void)err_detail(s->cx, "%s versus %s", bind_type_text(s, have), bind_type_text(s, type));
        return bind_at(s, e->location);
    }
    Expr *c = bind_expr_new(s, EXPR_PARAM, type, -1, e->location, 0);
    c->u.param.number = e->u.param.number;
    *out = c;
    return ST_OK;
}

/* coerce_call - a cast function's call: (value [, typmod [, explicit]]). */
static Status coerce_call(BindScope *s, Expr *e, Oid proc_oid, Oid type, int32_t typmod,
                          char context, int32_t location, Expr **out)
{
    const CatProc *proc = cat_proc(s->b->view, proc_oid);
    if (proc == NULL) {
        return err_set(s->cx, ERRCODE_INTERNAL_ERROR, "cast function %u is missing", proc_oid);
    }
    Expr *f = bind_func_expr(s, proc, type, location, proc->arg_count);
    f->args[0] = e;
    f->form = context == 'e' ? FORM_EXPLICIT_CAST : FORM_IMPLICIT_CAST;
    if (proc->arg_count > 1) {
        f->args[1] = bind_const_i32(s, typmod);
        f->typmod = typmod;
    }
    if (proc->arg_count > 2) {
        f->args[2] = bind_const_bool(s, context == 'e');
    }
    *out = f;
    return ST_OK;
}

/* coerce_array - each element of an array cast to another type, or cut to a typmod. */
static Status coerce_array(BindScope *s, Expr *e, Oid type, int32_t typmod, char context,
                           int32_t location, Expr **out)
{
    Expr *each =
        bind_expr_new(s, EXPR_ELEMENT, coerce_element(s, base_type(s, e->type)), -1, -1, 0);
    Expr *c = bind_expr_new(s, EXPR_ARRAY_CAST, type, typmod, location, 1);
    TRY(bind_coerce_to(s, each, coerce_element(s, base_type(s, type)), typmod, context, location,
                       &c->u.array.each));
    c->args[0] = e;
    c->form = context == 'e' ? FORM_EXPLICIT_CAST : FORM_IMPLICIT_CAST;
    *out = c;
    return ST_OK;
}

/* coerce_typmod - cut or check to the declared length, by the cast from the type to itself.
 * cast_here: e is a cast that the same coercion made. */
static Status coerce_typmod(BindScope *s, Expr *e, bool cast_here, Oid type, int32_t typmod,
                            char context, int32_t location, Expr **out)
{
    *out = e;
    if (typmod < 0 || e->typmod == typmod) {
        return ST_OK;
    }
    Oid base = base_type(s, type), element = coerce_element(s, base);
    const CatCast *c = cat_cast(s->b->view, base, base);
    if (element != 0 && cat_cast(s->b->view, element, element) != NULL) {
        return coerce_array(s, e, type, typmod, context, location, out);
    }
    if (c == NULL || c->method != 'f') {
        return ST_OK;
    }
    if (e->form == FORM_EXPLICIT_CAST && e->type == type && e->kind != EXPR_CONST && cast_here) {
        e->form = FORM_IMPLICIT_CAST; /* x::numeric(5,1) is one cast in the text */
    }
    TRY(coerce_call(s, e, c->proc, type, typmod, context, location, out));
    (*out)->typmod = typmod;
    return ST_OK;
}

Status bind_coerce_to(BindScope *s, Expr *e, Oid type, int32_t typmod, char context,
                      int32_t location, Expr **out)
{
    Oid proc = 0;
    const Expr *given = e;
    const CatType *wanted = type < FIRST_USER_OID ? NULL : cat_type(s->b->view, type);
    *out = e;
    if (wanted != NULL && wanted->kind == 'd' && e->type != type &&
        !(e->type == TYPE_UNKNOWN && e->kind == EXPR_PARAM)) {
        Expr *base;
        if (e->type != TYPE_UNKNOWN && base_type(s, e->type) == base_type(s, type)) {
            /* A value of another domain over the same type is one already. */
            TRY(coerce_typmod(s, e, false, base_type(s, type), domain_typmod(s, type), context,
                              location, &base));
        } else {
            TRY(bind_coerce_to(s, e, base_type(s, type), domain_typmod(s, type), context, location,
                               &base));
        }
        return bind_domain_over(s, base, type, context, location, out);
    }
    if (e->type == TYPE_UNKNOWN && e->kind == EXPR_CONST) {
        if (type == TYPE_ANY) {
            return ST_OK; /* stays unknown: pg_typeof() tells */
        }
        bool null_array = type == TYPE_ANYARRAY && context == 'e' && e->u.constant.is_null;
        if (bind_is_generic(type) && !null_array) {
            return bind_resolve_unknown(s, e, out);
        }
        TRY(coerce_literal(s, e, type, typmod, &e));
    } else if (e->type == TYPE_UNKNOWN && e->kind == EXPR_PARAM) {
        /* The value is checked where it is read. */
        if (type == TYPE_ANY || bind_is_generic(type)) {
            return bind_resolve_unknown(s, e, out);
        }
        TRY(coerce_param(s, e, type, &e));
    } else if (e->type != type && type != TYPE_ANY && !bind_is_generic(type)) {
        const CatType *to = cat_type(s->b->view, type), *from = cat_type(s->b->view, e->type);
        if (e->kind == EXPR_ROW && e->type == TYPE_RECORD && to != NULL && to->kind == 'c') {
            return bind_row_as(s, e, type, context, location, out);
        }
        if ((type == TYPE_RECORD && (from == NULL || from->kind != 'c')) ||
            (e->type == TYPE_RECORD && context == 'i')) {
            return ST_NOTFOUND;
        }
        TRY(bind_row_resolve(s, e));
        CoercePath path =
            e->type == TYPE_UNKNOWN ? PATH_IO : coerce_path(s, e->type, type, context, &proc);
        Expr *c = e;
        switch (path) {
        case PATH_NONE: return ST_NOTFOUND;
        case PATH_ARRAY: return coerce_array(s, e, type, typmod, context, location, out);
        case PATH_FUNC: TRY(coerce_call(s, e, proc, type, typmod, context, location, &c)); break;
        case PATH_SAME:
        case PATH_RELABEL:
        case PATH_IO:
            if (path == PATH_IO && base_type(s, type) != type) { /* a domain is over what is read */
                TRY(bind_coerce_to(s, e, base_type(s, type), -1, context, location, &e));
                path = PATH_RELABEL;
            }
            c = bind_expr_new(s, path == PATH_IO ? EXPR_IO_CAST : EXPR_RELABEL, type, -1, location,
                              1);
            c->args[0] = e;
            c->form = context == 'e' ? FORM_EXPLICIT_CAST : FORM_IMPLICIT_CAST;
            if (path == PATH_SAME) {
                c->typmod = e->typmod;
            }
            break;
        }
        e = c;
    }
    return coerce_typmod(s, e, e != given, type, typmod, context, location, out);
}

Status bind_coerce_implicit(BindScope *s, Expr *e, Oid type, Expr **out)
{
    Status st = bind_coerce_to(s, e, type, -1, 'i', -1, out);
    if (st == ST_NOTFOUND) {
        return BIND_ERR(s, bind_location(e), ERRCODE_DATATYPE_MISMATCH,
                        "cannot coerce type %s to %s", bind_type_text(s, e->type),
                        bind_type_text(s, type));
    }
    return st;
}

/* bind_resolve_unknown - what is still unknown at the end of a clause is text. */
Status bind_resolve_unknown(BindScope *s, Expr *e, Expr **out)
{
    *out = e;
    return e->type == TYPE_UNKNOWN ? bind_coerce_to(s, e, TYPE_TEXT, -1, 'i', -1, out) : ST_OK;
}

Status bind_coerce_bool(BindScope *s, Expr *e, const char *clause, Expr **out)
{
    Status st = bind_coerce_to(s, e, TYPE_BOOL, -1, 'a', -1, out);
    if (st == ST_NOTFOUND) {
        return BIND_ERR(s, bind_location(e), ERRCODE_DATATYPE_MISMATCH,
                        "argument of %s must be type %s, not type %s", clause, "boolean",
                        bind_type_text(s, e->type));
    }
    return st;
}

Status bind_coerce_int8(BindScope *s, Expr *e, const char *clause, Expr **out)
{
    Status st = bind_coerce_to(s, e, TYPE_INT8, -1, 'a', -1, out);
    if (st == ST_NOTFOUND) {
        return BIND_ERR(s, bind_location(e), ERRCODE_DATATYPE_MISMATCH,
                        "argument of %s must be type %s, not type %s", clause, "bigint",
                        bind_type_text(s, e->type));
    }
    return st;
}

/* bind_common_type - the type that UNION, CASE, COALESCE, VALUES and IN lists agree on. */
Status bind_common_type(BindScope *s, Expr *const *exprs, uint32_t count, const char *context,
                        Oid *type_out)
{
    const Expr *pexpr = exprs[0];
    Oid ptype = base_type(s, pexpr->type);
    bool all_same = pexpr->type != TYPE_UNKNOWN;
    for (uint32_t i = 1; i < count && all_same; i++) {
        all_same = exprs[i]->type == pexpr->type;
    }
    if (all_same) {
        *type_out = pexpr->type;
        return ST_OK;
    }
    for (uint32_t i = 1; i < count; i++) {
        Oid ntype = base_type(s, exprs[i]->type);
        if (ntype == TYPE_UNKNOWN || ntype == ptype) {
            continue;
        }
        const CatType *pt = cat_type(s->b->view, ptype);
        if (ptype == TYPE_UNKNOWN) {
            ptype = ntype;
            pexpr = exprs[i];
        } else if (type_category(s, ntype) != type_category(s, ptype)) {
            return BIND_ERR(s, bind_location(exprs[i]), ERRCODE_DATATYPE_MISMATCH,
                            "%s types %s and %s cannot be matched", context,
                            bind_type_text(s, ptype), bind_type_text(s, ntype));
        } else if (pt != NULL && !pt->preferred && bind_can_coerce(s, ptype, ntype, 'i') &&
                   !bind_can_coerce(s, ntype, ptype, 'i')) {
            ptype = ntype;
            pexpr = exprs[i];
        }
    }
    *type_out = ptype == TYPE_UNKNOWN ? TYPE_TEXT : ptype;
    return ST_OK;
}

Status bind_coerce_common(BindScope *s, Expr *e, Oid type, const char *context, Expr **out)
{
    Status st = bind_coerce_to(s, e, type, -1, 'i', -1, out);
    if (st == ST_NOTFOUND) {
        return BIND_ERR(s, bind_location(e), ERRCODE_CANNOT_COERCE,
                        "%s could not convert type %s to %s", context, bind_type_text(s, e->type),
                        bind_type_text(s, type));
    }
    return st;
}

int32_t bind_common_typmod(Expr *const *exprs, uint32_t count, Oid type)
{
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i]->type != type || exprs[i]->typmod != exprs[0]->typmod) {
            return -1;
        }
    }
    return count > 0 ? exprs[0]->typmod : -1;
}

Status bind_coerce(Cx *cx, BindCx *b, Expr *expr, Oid type, int32_t typmod, char context,
                   Expr **out)
{
    BindScope s = {.cx = cx, .b = b, .stored = b->sql.ptr == NULL};
    return bind_coerce_to(&s, expr, type, typmod, context, expr->location, out);
}
