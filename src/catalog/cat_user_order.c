/*
 * cat_user_order.c - operators, casts and operator classes that are stored rows: those of
 * extensions.
 *
 * Operators and casts are cached one by one. Operator classes are few, and to ask for a type's
 * default one all have to be looked at: those of a database are one cached object, with their
 * families' operators and support functions, in the structs that the built-in rows have.
 */
#include <stdio.h>
#include <stdlib.h>

#include "catalog/cat_internal.h"

/* user_oper_load - CatBuildFn: one row of pg_operator. */
static Status user_oper_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name UNUSED)
{
    const CatShape *shape = cat_shape(read->view->catalog, CAT_PG_OPERATOR);
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(PG_OPERATOR_OID, oid);
    const CatRow *r;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_OPERATOR, &key, &r);
    if (st == ST_OK && r != NULL) {
        CatOper *o = ARENA_NEW(&obj->arena, CatOper);
        *o = (CatOper){
            .oid = oid,
            .namespace_oid = cat_oid(r, PG_OPERATOR_OPRNAMESPACE),
            .left = cat_oid(r, PG_OPERATOR_OPRLEFT),
            .right = cat_oid(r, PG_OPERATOR_OPRRIGHT),
            .result = cat_oid(r, PG_OPERATOR_OPRRESULT),
            .proc = cat_oid(r, PG_OPERATOR_OPRCODE),
            .commutator = cat_oid(r, PG_OPERATOR_OPRCOM),
            .negator = cat_oid(r, PG_OPERATOR_OPRNEGATE),
            .name = cat_str(&obj->arena, r, PG_OPERATOR_OPRNAME),
            .can_hash = cat_int(shape, r, PG_OPERATOR_OPRCANHASH) != 0,
            .can_merge = cat_int(shape, r, PG_OPERATOR_OPRCANMERGE) != 0,
        };
        obj->payload = o;
    }
    arena_release(&scratch);
    return st;
}

const CatOper *cat_oper(CatView *v, Oid oid)
{
    const CatOper *builtin = cat_builtin_oper(v->catalog, oid);
    if (builtin != NULL || oid < FIRST_USER_OID) {
        return builtin;
    }
    return cat_find_object(v, CAT_OBJ_OPER, oid, NULL, user_oper_load);
}

/* user_cast_load - CatBuildFn: the cast from `oid` to the type whose number the name is. */
static Status user_cast_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = {.count = 2, .columns = {PG_CAST_CASTSOURCE, PG_CAST_CASTTARGET}};
    key.values[0].u32 = oid;
    key.values[1].u32 = (Oid)strtoul(name, NULL, 10);
    const CatRow *r;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_CAST, &key, &r);
    if (st == ST_OK && r != NULL) {
        CatCast *c = ARENA_NEW(&obj->arena, CatCast);
        *c = (CatCast){
            .source = oid,
            .target = key.values[1].u32,
            .proc = cat_oid(r, PG_CAST_CASTFUNC),
            .context = cat_char(r, PG_CAST_CASTCONTEXT),
            .method = cat_char(r, PG_CAST_CASTMETHOD),
        };
        obj->payload = c;
    }
    arena_release(&scratch);
    return st;
}

const CatCast *cat_cast(CatView *v, Oid source, Oid target)
{
    const CatCast *builtin = cat_builtin_cast(v->catalog, source, target);
    char name[16];
    if (builtin != NULL || (source < FIRST_USER_OID && target < FIRST_USER_OID)) {
        return builtin;
    }
    (void)snprintf(name, sizeof(name), "%u", target);
    return cat_find_object(v, CAT_OBJ_CAST, source, name, user_cast_load);
}

/* ---- operator classes ---- */

static Status user_rows(Cx *cx, CatRead *read, Arena *scratch, Oid rel, const CatRow **rows_out,
                        uint32_t *count_out)
{
    CatKey all = {.count = 0};
    return cat_read_list(cx, read, scratch, rel, &all, rows_out, count_out);
}

/* user_classes_fill - rows of pg_opclass, and their names. */
static void user_classes_fill(CatObj *obj, CatClasses *u, const CatShape *shape, const CatRow *rows)
{
    PgOpclassRow *classes = ARENA_ARRAY(&obj->arena, PgOpclassRow, u->class_count);
    const char **names = ARENA_ARRAY(&obj->arena, const char *, u->class_count);
    for (uint32_t i = 0; i < u->class_count; i++) {
        const CatRow *r = &rows[i];
        classes[i] = (PgOpclassRow){
            .oid = cat_oid(r, PG_OPCLASS_OID),
            .opcmethod = cat_oid(r, PG_OPCLASS_OPCMETHOD),
            .opcnamespace = cat_oid(r, PG_OPCLASS_OPCNAMESPACE),
            .opcowner = cat_oid(r, PG_OPCLASS_OPCOWNER),
            .opcfamily = cat_oid(r, PG_OPCLASS_OPCFAMILY),
            .opcintype = cat_oid(r, PG_OPCLASS_OPCINTYPE),
            .opcdefault = cat_int(shape, r, PG_OPCLASS_OPCDEFAULT) != 0,
            .opckeytype = cat_oid(r, PG_OPCLASS_OPCKEYTYPE),
        };
        names[i] = cat_str(&obj->arena, r, PG_OPCLASS_OPCNAME);
    }
    u->classes = classes;
    u->names = names;
}

static void user_opers_fill(CatObj *obj, CatClasses *u, const CatRow *rows)
{
    PgAmopRow *opers = ARENA_ARRAY(&obj->arena, PgAmopRow, u->oper_count + 1);
    for (uint32_t i = 0; i < u->oper_count; i++) {
        const CatRow *r = &rows[i];
        opers[i] = (PgAmopRow){
            .oid = cat_oid(r, PG_AMOP_OID),
            .amopfamily = cat_oid(r, PG_AMOP_AMOPFAMILY),
            .amoplefttype = cat_oid(r, PG_AMOP_AMOPLEFTTYPE),
            .amoprighttype = cat_oid(r, PG_AMOP_AMOPRIGHTTYPE),
            .amopstrategy = r->values[PG_AMOP_AMOPSTRATEGY].i16,
            .amoppurpose = (uint8_t)cat_char(r, PG_AMOP_AMOPPURPOSE),
            .amopopr = cat_oid(r, PG_AMOP_AMOPOPR),
            .amopmethod = cat_oid(r, PG_AMOP_AMOPMETHOD),
            .amopsortfamily = cat_oid(r, PG_AMOP_AMOPSORTFAMILY),
        };
    }
    u->opers = opers;
}

static void user_procs_fill(CatObj *obj, CatClasses *u, const CatRow *rows)
{
    PgAmprocRow *procs = ARENA_ARRAY(&obj->arena, PgAmprocRow, u->proc_count + 1);
    for (uint32_t i = 0; i < u->proc_count; i++) {
        const CatRow *r = &rows[i];
        procs[i] = (PgAmprocRow){
            .oid = cat_oid(r, PG_AMPROC_OID),
            .amprocfamily = cat_oid(r, PG_AMPROC_AMPROCFAMILY),
            .amproclefttype = cat_oid(r, PG_AMPROC_AMPROCLEFTTYPE),
            .amprocrighttype = cat_oid(r, PG_AMPROC_AMPROCRIGHTTYPE),
            .amprocnum = r->values[PG_AMPROC_AMPROCNUM].i16,
            .amproc = cat_oid(r, PG_AMPROC_AMPROC),
        };
    }
    u->procs = procs;
}

/* user_classes_load - CatBuildFn: all stored operator classes; no payload when there are none. */
static Status user_classes_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid UNUSED,
                                const char *name UNUSED)
{
    Catalog *c = read->view->catalog;
    Arena scratch;
    CatClasses u = {0};
    const CatRow *classes, *opers, *procs;
    arena_init(&scratch, NULL, "catalog load", 0);
    Status st = user_rows(cx, read, &scratch, CAT_PG_OPCLASS, &classes, &u.class_count);
    if (st == ST_OK && u.class_count != 0) {
        user_classes_fill(obj, &u, cat_shape(c, CAT_PG_OPCLASS), classes);
        TRY_OUT(user_rows(cx, read, &scratch, CAT_PG_AMOP, &opers, &u.oper_count));
        user_opers_fill(obj, &u, opers);
        TRY_OUT(user_rows(cx, read, &scratch, CAT_PG_AMPROC, &procs, &u.proc_count));
        user_procs_fill(obj, &u, procs);
        obj->payload = arena_memdup(&obj->arena, &u, sizeof(u));
    }
out:
    arena_release(&scratch);
    return st;
}

const CatClasses *cat_user_classes(CatView *v)
{
    static const CatClasses NONE;
    const CatClasses *u = cat_find_object(v, CAT_OBJ_CLASSES, 0, NULL, user_classes_load);
    return u != NULL ? u : &NONE;
}
