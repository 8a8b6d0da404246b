/*
 * alter_trigger.c - ALTER TABLE ... ENABLE and DISABLE TRIGGER, ALTER TRIGGER ... RENAME, and
 * finding the trigger that DROP TRIGGER and COMMENT ON TRIGGER name.
 */
#include "catalog/acl.h"
#include "ddl/ddl_internal.h"

const CatTrigger *ddl_trigger_named(const CatTable *t, const char *name)
{
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        if (strcmp(t->triggers[i].name, name) == 0) {
            return &t->triggers[i];
        }
    }
    return NULL;
}

Status ddl_trigger_missing(Cx *cx, const CatTable *t, const char *name)
{
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "trigger \"%s\" for table \"%s\" does not exist",
                   name, t->name);
}

/* trigger_set_enabled - tgenabled of one trigger. */
static Status trigger_set_enabled(Cx *cx, DdlCx *d, const CatTrigger *t, char enabled)
{
    Datum key = {.u32 = t->oid};
    DdlRow r;
    if (t->enabled == enabled) {
        return ST_OK;
    }
    TRY(ddl_row_load(cx, d, CAT_PG_TRIGGER, &key, 1, &r));
    ddl_set_char(&r, PG_TRIGGER_TGENABLED, enabled);
    return ddl_row_store(cx, d, &r);
}

Status ddl_enable_trigger(Cx *cx, DdlCx *d, Oid oid, const char *name, TriggerChoice which,
                          char enabled)
{
    const CatTable *t;
    TRY(ddl_reload(cx, d, oid, &t));
    if (which == TRIGGER_ONE) {
        const CatTrigger *one = ddl_trigger_named(t, name);
        if (one == NULL) {
            return ddl_trigger_missing(cx, t, name);
        }
        return trigger_set_enabled(cx, d, one, enabled);
    }
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        if (which == TRIGGER_ALL || !t->triggers[i].internal) {
            TRY(trigger_set_enabled(cx, d, &t->triggers[i], enabled));
        }
    }
    return ST_OK;
}

/* ddl_rename_trigger - ALTER TRIGGER ... RENAME TO; the constraint of a constraint trigger keeps
 * its name, as in PostgreSQL. */
Status ddl_rename_trigger(Cx *cx, DdlCx *d, const CatTable *t, const char *from, const char *to)
{
    DdlRow r;
    if (t->kind != 'r' && t->kind != 'v') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "relation \"%s\" cannot have triggers",
                          t->name));
        return err_detail(cx, "This operation is not supported for %s.",
                          t->kind == 'i' ? "indexes" : "sequences");
    }
    const CatTrigger *one = ddl_trigger_named(t, from);
    if (one == NULL) {
        return ddl_trigger_missing(cx, t, from);
    }
    if (ddl_trigger_named(t, to) != NULL) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                       "trigger \"%s\" for relation \"%s\" already exists", to, t->name);
    }
    Datum key = {.u32 = one->oid};
    TRY(ddl_row_load(cx, d, CAT_PG_TRIGGER, &key, 1, &r));
    ddl_set_text(&r, PG_TRIGGER_TGNAME, to);
    return ddl_row_store(cx, d, &r);
}

/* drop_trigger_notice - IF EXISTS excuses what is not there. */
static Status drop_trigger_notice(Cx *cx, const char *what)
{
    err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL, "%s does not exist, skipping",
               what);
    return ST_OK;
}

Status ddl_find_trigger(Cx *cx, DdlCx *d, const PgQuery__List *names, TableLockMode mode,
                        bool missing_ok, DdlObject *o_out)
{
    const char *name = ddl_string(names->items[names->n_items - 1]);
    PgQuery__RangeVar rv = PG_QUERY__RANGE_VAR__INIT;
    const CatTable *t;
    Oid ns;
    *o_out = (DdlObject){0};
    rv.relname = (char *)(uintptr_t)ddl_string(names->items[names->n_items - 2]);
    rv.schemaname =
        names->n_items > 2 ? (char *)(uintptr_t)ddl_string(names->items[names->n_items - 3]) : NULL;
    rv.location = -1;
    if (rv.schemaname != NULL && missing_ok) {
        Status st = cat_namespace(cx, d->view, rv.schemaname, &ns);
        if (st == ST_NOTFOUND) {
            return drop_trigger_notice(cx, arena_printf(d->arena, "schema \"%s\"", rv.schemaname));
        }
        TRY(st);
    }
    TRY(ddl_lock(cx, d, &rv, mode, missing_ok, &t));
    if (t == NULL) {
        return ST_OK;
    }
    const CatTrigger *one = ddl_trigger_named(t, name);
    if (one == NULL && missing_ok) {
        return drop_trigger_notice(
            cx, arena_printf(d->arena, "trigger \"%s\" for relation \"%s\"", name, rv.relname));
    }
    if (one == NULL) {
        return ddl_trigger_missing(cx, t, name);
    }
    *o_out = (DdlObject){CAT_PG_TRIGGER, one->oid, 0};
    return cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid);
}
