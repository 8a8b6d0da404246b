/*
 * type_name.c - type names of the syntax tree to type OIDs and typmods
 */
#include "bind/bind_internal.h"

#define TYPMODS_MAX 8

/* type_mods - the constants in a type name's brackets. */
static Status type_mods(BindScope *s, const PgQuery__TypeName *n, int32_t *mods)
{
    if (n->n_typmods > TYPMODS_MAX) {
        return BIND_ERR(s, n->location, ERRCODE_SYNTAX_ERROR, "too many type modifiers");
    }
    for (size_t i = 0; i < n->n_typmods; i++) {
        const Node *m = n->typmods[i];
        if (!NODE_IS(m, A_CONST) || m->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL) {
            return BIND_ERR(s, n->location, ERRCODE_SYNTAX_ERROR,
                            "type modifiers must be simple constants or identifiers");
        }
        mods[i] = m->a_const->ival->ival;
    }
    return ST_OK;
}

static Status type_missing(BindScope *s, const PgQuery__TypeName *n, const char *schema,
                           const char *name)
{
    return BIND_ERR(s, n->location, ERRCODE_UNDEFINED_OBJECT, "type \"%s%s%s\" does not exist",
                    schema != NULL ? schema : "", schema != NULL ? "." : "", name);
}

/* type_notice_at - hand a warning on with the type's place in the text. */
typedef struct TypeNotices {
    Cx *cx;
    int32_t position;
} TypeNotices;

static void type_notice_at(void *arg, const Err *notice)
{
    const TypeNotices *t = arg;
    Err e = *notice;
    e.position = t->position;
    if (t->cx->notice != NULL) {
        t->cx->notice(t->cx->notice_arg, &e);
    }
}

/* type_typmod - the modifiers of a type name; errors and warnings point at it. */
static Status type_typmod(BindScope *s, const PgQuery__TypeName *n, Oid type, int32_t *typmod_out)
{
    int32_t mods[TYPMODS_MAX];
    TRY(type_mods(s, n, mods));
    TypeNotices notices = {s->cx, s->stored ? 0 : parse_char_position(s->b->sql, n->location)};
    Cx cx = *s->cx;
    cx.notice = type_notice_at;
    cx.notice_arg = &notices;
    Status st = type_typmod_in(&cx, type, mods, (uint32_t)n->n_typmods, typmod_out);
    if (st == ST_NOTFOUND) {
        const char *name = "";
        for (size_t i = 0; i < n->n_names; i++) {
            name = arena_printf(s->b->arena, "%s%s%s", name, i > 0 ? "." : "",
                                bind_string(n->names[i]));
        }
        return BIND_ERR(s, n->location, ERRCODE_SYNTAX_ERROR,
                        "type modifier is not allowed for type \"%s\"", name);
    }
    return st == ST_ERROR ? bind_at(s, n->location) : st;
}

Status bind_type_name(Cx *cx, BindCx *b, const struct PgQuery__TypeName *n, Oid *type_out,
                      int32_t *typmod_out)
{
    BindScope s = {.cx = cx, .b = b, .stored = b->sql.ptr == NULL};
    const char *schema, *name;
    const CatType *t;
    *typmod_out = -1;
    if (n->type_oid != 0) { /* made by us, not by the grammar */
        *type_out = n->type_oid;
        *typmod_out = n->typemod;
        return ST_OK;
    }
    if (n->pct_type) {
        return err_unsupported(cx, "%%TYPE is not supported");
    }
    if (n->setof) {
        return BIND_ERR(&s, n->location, ERRCODE_SYNTAX_ERROR,
                        "SETOF is not allowed in this context");
    }
    TRY(bind_names(&s, n->names, n->n_names, &schema, &name));
    Status st = cat_type_by_name(cx, b->view, schema, name, &t);
    if (st == ST_NOTFOUND) {
        TRY(bind_schema_exists(&s, schema, n->location));
        return type_missing(&s, n, schema, name);
    }
    TRY(st);
    if (n->n_typmods > 0) {
        TRY(type_typmod(&s, n, t->oid, typmod_out));
    }
    *type_out = t->oid;
    if (n->n_array_bounds > 0) {
        if (t->array == 0) {
            return type_missing(&s, n, schema, arena_printf(b->arena, "%s[]", name));
        }
        *type_out = t->array;
    }
    return ST_OK;
}
