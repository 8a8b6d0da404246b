/*
 * cat_load_object.c - building the CatType and CatProc of a user's type or function from stored
 * rows.
 */
#include "catalog/cat_internal.h"

enum { LANGUAGE_C = 13 }; /* pg_language */

Status cat_load_type(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    (void)name;
    CatView *v = read->view;
    const CatShape *shape = cat_shape(v->catalog, CAT_PG_TYPE);
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(PG_TYPE_OID, oid);
    const CatRow *r;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_TYPE, &key, &r);
    if (st == ST_OK && r != NULL) {
        CatType *t = ARENA_NEW(&obj->arena, CatType);
        *t = (CatType){
            .oid = oid,
            .namespace_oid = cat_oid(r, PG_TYPE_TYPNAMESPACE),
            .name = cat_str(&obj->arena, r, PG_TYPE_TYPNAME),
            .kind = cat_char(r, PG_TYPE_TYPTYPE),
            .category = cat_char(r, PG_TYPE_TYPCATEGORY),
            .preferred = cat_int(shape, r, PG_TYPE_TYPISPREFERRED) != 0,
            .len = r->values[PG_TYPE_TYPLEN].i16,
            .element = cat_oid(r, PG_TYPE_TYPELEM),
            .array = cat_oid(r, PG_TYPE_TYPARRAY),
            .base = cat_oid(r, PG_TYPE_TYPBASETYPE),
            .relation = cat_oid(r, PG_TYPE_TYPRELID),
            .collation = cat_oid(r, PG_TYPE_TYPCOLLATION),
            .typmod = r->values[PG_TYPE_TYPTYPMOD].i32,
            .not_null = cat_int(shape, r, PG_TYPE_TYPNOTNULL) != 0,
            .default_sql = cat_str(&obj->arena, r, PG_TYPE_TYPDEFAULTBIN),
            .phys = PHYS_STR,
        };
        t->carrier = cat_carrier(v, t->kind, t->category, oid, t->base, t->element);
        t->ops = type_ops(t->carrier);
        t->phys = t->ops != NULL ? t->ops->phys : PHYS_STR;
        obj->payload = t;
    }
    arena_release(&scratch);
    return st;
}

/* load_proc_lists - argument types, modes and names. */
static void load_proc_lists(Arena *arena, Arena *scratch, const CatRow *r, CatProc *p)
{
    int64_t *values;
    uint32_t n = cat_text_ints(scratch, cat_str(scratch, r, PG_PROC_PROARGTYPES), &values);
    Oid *args = ARENA_ARRAY(arena, Oid, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        args[i] = (Oid)values[i];
    }
    p->args = p->all_args = args;
    p->arg_count = p->all_arg_count = (uint16_t)n;
    n = cat_text_ints(scratch, cat_str(scratch, r, PG_PROC_PROALLARGTYPES), &values);
    if (n != 0) {
        Oid *all = ARENA_ARRAY(arena, Oid, n);
        for (uint32_t i = 0; i < n; i++) {
            all[i] = (Oid)values[i];
        }
        p->all_args = all;
        p->all_arg_count = (uint16_t)n;
    }
    const char *const *modes;
    n = cat_text_array(scratch, cat_str(scratch, r, PG_PROC_PROARGMODES), &modes);
    if (n != 0) {
        char *text = arena_zalloc(arena, n + 1);
        for (uint32_t i = 0; i < n; i++) {
            text[i] = modes[i] != NULL ? modes[i][0] : 'i';
        }
        p->arg_modes = text;
    }
    const char *const *names;
    n = cat_text_array(arena, cat_str(scratch, r, PG_PROC_PROARGNAMES), &names);
    p->arg_names = n != 0 ? names : NULL;
    const char *const *config;
    p->config_count =
        (uint16_t)cat_text_array(arena, cat_str(scratch, r, PG_PROC_PROCONFIG), &config);
    p->config = config;
}

/* load_proc_kernel - CatProc.prosrc: "library:symbol" of a C function, an aggregate's by its
 * transition function. */
static const char *load_proc_kernel(CatRead *read, Arena *arena, Arena *scratch, const CatRow *r)
{
    Oid language = cat_oid(r, PG_PROC_PROLANG);
    const char *library = cat_str(scratch, r, PG_PROC_PROBIN);
    char *prosrc = cat_str(arena, r, PG_PROC_PROSRC);
    if (cat_char(r, PG_PROC_PROKIND) == 'a') {
        const Datum *values, key = {.u32 = cat_oid(r, PG_PROC_OID)};
        const bool *nulls;
        Err err = {0};
        Cx cx = {.err = &err, .arena = scratch};
        Status st =
            cat_row_get(&cx, read->view, scratch, CAT_PG_AGGREGATE, &key, 1, &values, &nulls);
        const CatProc *step =
            st == ST_OK ? cat_proc(read->view, values[PG_AGGREGATE_AGGTRANSFN].u32) : NULL;
        return step != NULL ? arena_strdup(arena, step->prosrc) : prosrc;
    }
    if (language != LANGUAGE_C || library == NULL || prosrc == NULL) {
        return prosrc;
    }
    const char *slash = strrchr(library, '/');
    return arena_printf(arena, "%s:%s", slash != NULL ? slash + 1 : library, prosrc);
}

Status cat_load_proc(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    (void)name;
    const CatShape *shape = cat_shape(read->view->catalog, CAT_PG_PROC);
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(PG_PROC_OID, oid);
    const CatRow *r;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_PROC, &key, &r);
    if (st == ST_OK && r != NULL) {
        CatProc *p = ARENA_NEW(&obj->arena, CatProc);
        *p = (CatProc){
            .oid = oid,
            .namespace_oid = cat_oid(r, PG_PROC_PRONAMESPACE),
            .language = cat_oid(r, PG_PROC_PROLANG),
            .result = cat_oid(r, PG_PROC_PRORETTYPE),
            .variadic = cat_oid(r, PG_PROC_PROVARIADIC),
            .name = cat_str(&obj->arena, r, PG_PROC_PRONAME),
            .prosrc = load_proc_kernel(read, &obj->arena, &scratch, r),
            .kind = cat_char(r, PG_PROC_PROKIND),
            .volatility = cat_char(r, PG_PROC_PROVOLATILE),
            .strict = cat_int(shape, r, PG_PROC_PROISSTRICT) != 0,
            .returns_set = cat_int(shape, r, PG_PROC_PRORETSET) != 0,
            .default_count = (uint16_t)cat_int(shape, r, PG_PROC_PRONARGDEFAULTS),
            .defaults = cat_str(&obj->arena, r, PG_PROC_PROARGDEFAULTS),
            .owner = cat_oid(r, PG_PROC_PROOWNER),
            .sqlbody = cat_str(&obj->arena, r, PG_PROC_PROSQLBODY),
            .security_definer = cat_int(shape, r, PG_PROC_PROSECDEF) != 0,
        };
        load_proc_lists(&obj->arena, &scratch, r, p);
        obj->payload = p;
    }
    arena_release(&scratch);
    return st;
}
