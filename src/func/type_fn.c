/*
 * type_fn.c - TypeEnv.types of a session: what input and output of users' types ask the catalog.
 */
#include "bind/bind.h"
#include "expr/expr.h"
#include "func/func_internal.h"
#include "type/record.h"

static CatView *types_view(void *session)
{
    return ((FuncSession *)session)->view;
}

static bool types_facts(void *session, Oid type, TypeFacts *out)
{
    CatView *v = types_view(session);
    const CatType *t = v != NULL ? cat_type(v, type) : NULL;
    if (t == NULL) {
        return false;
    }
    *out = (TypeFacts){.carrier = t->carrier,
                       .element = t->category == 'A' ? t->element : OID_INVALID,
                       .base = t->base,
                       .relation = t->relation,
                       .kind = t->kind};
    return true;
}

static bool types_enum_label(void *session, int64_t value, Buf *buf)
{
    CatView *v = types_view(session);
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "enum label", 0);
    Cx cx = {.err = &err, .arena = &arena};
    const char *label = v != NULL ? cat_enum_label(&cx, v, value) : NULL;
    buf_puts(buf, label != NULL ? label : "");
    arena_release(&arena);
    return label != NULL;
}

static Status types_enum_value(Cx *cx, void *session, Oid type, Slice label, int64_t *out)
{
    CatView *v = types_view(session);
    const CatEnum *e;
    const CatType *t = cat_type(v, type);
    if (t != NULL && t->kind != 'e') { /* regclass and its relatives */
        Oid oid = OID_INVALID;
        TRY(cat_reg_find(cx, v, cx->arena, type, label, &oid));
        *out = oid;
        return ST_OK;
    }
    TRY(cat_enum(cx, v, type, &e));
    for (uint32_t i = 0; i < e->count; i++) {
        if (slice_eq(slice_of(e->labels[i].label), label)) {
            *out = e->labels[i].value;
            return cat_enum_usable(cx, v, type, &e->labels[i]);
        }
    }
    return ST_NOTFOUND;
}

static Status types_enum_values(Cx *cx, void *session, Arena *arena, Oid type, int64_t **out,
                                uint32_t *count_out)
{
    CatView *v = types_view(session);
    const CatEnum *e;
    *count_out = 0;
    Status st = cat_enum(cx, v, cat_domain_base(v, type), &e);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    *out = ARENA_ARRAY(arena, int64_t, e->count + 1);
    for (uint32_t i = 0; i < e->count; i++) {
        TRY(cat_enum_usable(cx, v, type, &e->labels[i]));
        (*out)[i] = e->labels[i].value;
    }
    *count_out = e->count;
    return ST_OK;
}

/* types_fields - TypeCatalog.fields. */
static Status types_fields(Cx *cx, void *session, Arena *arena, Oid type, RecordField **out,
                           uint32_t *count_out)
{
    CatView *v = types_view(session);
    const CatType *t = cat_type(v, cat_domain_base(v, type));
    const CatTable *table;
    uint32_t n = 0;
    if (t == NULL || t->kind != 'c') {
        return ST_NOTFOUND;
    }
    TRY(cat_table_by_oid(cx, v, t->relation, &table));
    *out = ARENA_ARRAY(arena, RecordField, table->column_count + 1u);
    for (uint16_t i = 0; i < table->column_count; i++) {
        const CatColumn *c = &table->columns[i];
        const CatType *ct = c->dropped ? NULL : cat_type(v, c->type);
        if (c->dropped) {
            continue;
        }
        (*out)[n++] = (RecordField){.type = ct != NULL ? ct->carrier : c->type,
                                    .declared = c->type,
                                    .typmod = c->typmod,
                                    .name = arena_strdup(arena, c->name),
                                    .is_null = true};
    }
    *count_out = n;
    return ST_OK;
}

static bool types_range(void *session, Oid type, TypeRange *out)
{
    CatView *v = types_view(session);
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    Cx cx = {.err = &err, .arena = &arena};
    bool found = v != NULL && cat_range(&cx, v, cat_domain_base(v, type), out);
    arena_release(&arena);
    return found;
}

static void types_name(void *session, Oid type, Buf *buf)
{
    cat_format_type(types_view(session), type, -1, buf);
}

/* types_check - run the domain's checks on one value. */
static Status types_check(Cx *cx, void *session, Oid domain, const Datum *value, bool is_null)
{
    CatView *v = types_view(session);
    const CatType *t = cat_type(v, cat_domain_base(v, domain));
    const CatDomain *d;
    TRY(cat_domain(cx, v, domain, &d));
    if (t == NULL || (!d->not_null && d->check_count == 0)) {
        return ST_OK;
    }
    Arena arena;
    arena_init(&arena, NULL, "domain check", 0);
    TypeEnv env = *cat_stats_env();
    env.session = session;
    BindCx b = {.view = v, .arena = &arena, .env = &env};
    ExprEnv ee = {.type_env = &env, .extra_fn = func_ops_by_prosrc};
    Expr c = {.kind = EXPR_CONST,
              .type = t->oid,
              .carrier = t->carrier,
              .typmod = -1,
              .location = -1,
              .phys = t->phys};
    c.u.constant.is_null = is_null;
    if (!is_null) {
        c.u.constant.value = *value;
    }
    Expr *e = &c;
    Datum r;
    bool null_out;
    Status st = ST_OK;
    TRY_OUT(bind_domain_wrap(cx, &b, &c, domain, &e));
    TRY_OUT(expr_eval_const(cx, &arena, &ee, e, &r, &null_out));
out:
    arena_release(&arena);
    return st;
}

const TypeCatalog FUNC_TYPES = {
    .facts = types_facts,
    .enum_label = types_enum_label,
    .enum_value = types_enum_value,
    .enum_values = types_enum_values,
    .fields = types_fields,
    .range = types_range,
    .name = types_name,
    .check = types_check,
};
