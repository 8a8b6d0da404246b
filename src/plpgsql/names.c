/*
 * names.c - variables, the blocks they are known in, and how SQL finds them.
 */
#include "plpgsql/pl_internal.h"

PlLevel *pl_level_push(PlParser *p, const char *label)
{
    PlLevel *l = ARENA_NEW(p->arena, PlLevel);
    l->outer = p->level;
    l->label = label;
    p->level = l;
    return l;
}

void pl_level_pop(PlParser *p)
{
    p->level = p->level->outer;
}

bool pl_is_record_type(FuncManager *m, Oid type)
{
    const CatType *t = type == TYPE_RECORD ? NULL : cat_type(m->fs->view, type);
    return type == TYPE_RECORD || (t != NULL && t->kind == 'c');
}

void pl_level_name(PlLevel *level, Arena *a, const char *name, uint32_t number)
{
    if (level->count == level->size) {
        uint32_t size = level->size == 0 ? 8 : level->size * 2;
        level->vars =
            arena_grow(a, level->vars, level->size * sizeof(uint32_t), size * sizeof(uint32_t));
        level->names =
            arena_grow(a, level->names, level->size * sizeof(char *), size * sizeof(char *));
        level->size = size;
    }
    level->names[level->count] = name;
    level->vars[level->count++] = number;
}

PlVar *pl_var_add(PlFunction *fn, Arena *a, PlLevel *level, const char *name, Oid type,
                  int32_t typmod)
{
    PlVar *v = ARENA_NEW(a, PlVar);
    const CatType *t = cat_type(fn->m->fs->view, type);
    v->name = name;
    v->type = type;
    v->typmod = typmod;
    v->collation = t != NULL ? t->collation : 0;
    v->record = pl_is_record_type(fn->m, type);
    v->number = fn->var_count;
    if (fn->var_count == fn->var_size) {
        uint32_t size = fn->var_size == 0 ? 16 : fn->var_size * 2;
        fn->vars = arena_grow(a, fn->vars, fn->var_size * sizeof(PlVar *), size * sizeof(PlVar *));
        fn->var_size = size;
    }
    fn->vars[fn->var_count++] = v;
    if (level != NULL) {
        pl_level_name(level, a, name, v->number);
    }
    return v;
}

/* level_find - the variable of the name among the first `count` of a level. */
static PlVar *level_find(const PlFunction *fn, const PlLevel *l, uint32_t count, const char *name)
{
    for (uint32_t i = count; i-- > 0;) {
        if (l->names[i] != NULL && strcmp(l->names[i], name) == 0) {
            return fn->vars[l->vars[i]];
        }
    }
    return NULL;
}

PlVar *pl_lookup(const PlFunction *fn, const PlLevel *level, uint32_t count,
                 const char *const *names, uint32_t name_count, uint32_t *used_out)
{
    for (const PlLevel *l = level; l != NULL; l = l->outer) {
        uint32_t n = l == level ? count : l->count;
        PlVar *v = level_find(fn, l, n, names[0]);
        if (v != NULL) {
            *used_out = 1;
            return v;
        }
        if (name_count > 1 && l->label != NULL && strcmp(l->label, names[0]) == 0) {
            v = level_find(fn, l, n, names[1]);
            if (v != NULL) {
                *used_out = 2;
                return v;
            }
        }
    }
    return NULL;
}

/* ---- what the binder asks ---- */

/* expr_param - the number of a parameter of the expression for a variable or its field. */
static uint32_t expr_param(PlExpr *e, uint32_t var, const char *field)
{
    for (uint32_t i = 0; i < e->param_count; i++) {
        const char *f = e->params[i].field;
        if (e->params[i].var == var &&
            (f == field || (f != NULL && field != NULL && strcmp(f, field) == 0))) {
            return i + 1;
        }
    }
    if (e->param_count == e->param_size) {
        uint32_t size = e->param_size == 0 ? 4 : e->param_size * 2;
        e->params = arena_grow(e->fn->arena, e->params, e->param_size * sizeof(PlParam),
                               size * sizeof(PlParam));
        e->param_size = size;
    }
    e->params[e->param_count] =
        (PlParam){var, field != NULL ? arena_strdup(e->fn->arena, field) : NULL};
    return ++e->param_count;
}

/* field_of - the number of a record's field; 55000 when it has no shape yet, 42703. */
static Status field_of(Cx *cx, const PlRecord *r, const PlVar *v, const char *field, uint32_t *out)
{
    if (r == NULL || !r->assigned) {
        st_ignore(err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                          "record \"%s\" is not assigned yet", v->name));
        return err_detail(cx, "The tuple structure of a not-yet-assigned record is indeterminate.");
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (strcmp(r->names[i], field) == 0) {
            *out = i;
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_UNDEFINED_COLUMN, "record \"%s\" has no field \"%s\"", v->name,
                   field);
}

static Oid type_collation(const PlFunction *fn, Oid type)
{
    const CatType *t = cat_type(fn->m->fs->view, type);
    return t != NULL ? t->collation : 0;
}

/* pl_find - BindVars.find: a variable, or a field of a record, from where the expression stands. */
static Status pl_find(void *arg, Cx *cx, const char *const *names, uint32_t count, BindVar *out)
{
    PlExpr *e = arg;
    PlFrame *f = e->fn->frame;
    uint32_t used, field = 0;
    PlVar *v = pl_lookup(e->fn, e->level, e->level_count, names, count, &used);
    if (v == NULL || (used < count && (!v->record || used + 1 < count))) {
        return ST_NOTFOUND;
    }
    *out =
        (BindVar){.type = v->type, .typmod = v->typmod, .collation = v->collation, .name = v->name};
    if (used == count) {
        out->number = expr_param(e, v->number, NULL);
        return ST_OK;
    }
    const PlRecord *r = f != NULL ? pl_record(f, v->number) : NULL;
    TRY(field_of(cx, r, v, names[used], &field));
    out->type = r->types[field];
    out->typmod = r->typmods[field];
    out->collation = type_collation(e->fn, out->type);
    out->name = names[used];
    out->number = expr_param(e, v->number, names[used]);
    return ST_OK;
}

static Status pl_number(void *arg, Cx *cx, uint32_t number, BindVar *out)
{
    PlExpr *e = arg;
    (void)cx;
    if (number == 0 || number > e->fn->body->arg_count) {
        return ST_NOTFOUND;
    }
    const PlVar *v = e->fn->vars[e->fn->arg_vars[number - 1]];
    *out = (BindVar){.number = expr_param(e, v->number, NULL),
                     .type = v->type,
                     .typmod = v->typmod,
                     .collation = v->collation,
                     .name = v->name};
    return ST_OK;
}

/* pl_fields - BindVars.fields: record.*, as the record is now. */
static Status pl_fields(void *arg, Cx *cx, Arena *arena, const char *const *names, uint32_t count,
                        BindVar **out, uint32_t *count_out)
{
    PlExpr *e = arg;
    PlFrame *f = e->fn->frame;
    uint32_t used;
    const PlVar *v = pl_lookup(e->fn, e->level, e->level_count, names, count, &used);
    if (v == NULL || used != count || !v->record) {
        return ST_NOTFOUND;
    }
    const PlRecord *r = f != NULL ? pl_record(f, v->number) : NULL;
    if (r == NULL || !r->assigned) {
        uint32_t unused;
        return field_of(cx, NULL, v, "", &unused);
    }
    *out = ARENA_ARRAY(arena, BindVar, r->count + 1u);
    *count_out = r->count;
    for (uint32_t i = 0; i < r->count; i++) {
        (*out)[i] = (BindVar){.number = expr_param(e, v->number, r->names[i]),
                              .type = r->types[i],
                              .typmod = r->typmods[i],
                              .collation = type_collation(e->fn, r->types[i]),
                              .name = arena_strdup(arena, r->names[i])};
    }
    return ST_OK;
}

BindVars pl_bind_vars(PlExpr *e)
{
    return (BindVars){.find = pl_find,
                      .number = pl_number,
                      .fields = pl_fields,
                      .arg = e,
                      .conflict = e->fn->conflict};
}
