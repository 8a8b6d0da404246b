/*
 * internal_trigger.c - rows of pg_trigger, and those that PostgreSQL keeps for keys: nothing here
 * runs them as functions, but clients read them, and ENABLE and DISABLE TRIGGER say by them what of
 * a foreign key is looked at.
 */
#include "ddl/ddl_internal.h"

/* OIDs of the functions behind the triggers of keys; the actions' in the order of FK_ACTIONS. */
enum {
    FN_UNIQUE_RECHECK = 1250,
    FN_FK_CHECK_INSERT = 1644,
    FN_FK_CHECK_UPDATE = 1645,
    FN_FK_FIRST_ACTION = 1646,
};
static const char FK_ACTIONS[] = "crnda";

Status ddl_insert_trigger(Cx *cx, DdlCx *d, const TriggerRecord *t)
{
    DdlRow r;
    Buf b;
    ddl_row_init(&r, CAT_PG_TRIGGER);
    ddl_set_oid(&r, PG_TRIGGER_OID, t->oid);
    ddl_set_oid(&r, PG_TRIGGER_TGRELID, t->table);
    ddl_set_oid(&r, PG_TRIGGER_TGPARENTID, 0);
    ddl_set_text(&r, PG_TRIGGER_TGNAME, t->name);
    ddl_set_oid(&r, PG_TRIGGER_TGFOID, t->function);
    ddl_set_i16(&r, PG_TRIGGER_TGTYPE, t->type);
    ddl_set_char(&r, PG_TRIGGER_TGENABLED, 'O');
    ddl_set_bool(&r, PG_TRIGGER_TGISINTERNAL, t->internal);
    ddl_set_oid(&r, PG_TRIGGER_TGCONSTRRELID, t->constraint_table);
    ddl_set_oid(&r, PG_TRIGGER_TGCONSTRINDID, t->constraint_index);
    ddl_set_oid(&r, PG_TRIGGER_TGCONSTRAINT, t->constraint);
    ddl_set_bool(&r, PG_TRIGGER_TGDEFERRABLE, t->deferrable);
    ddl_set_bool(&r, PG_TRIGGER_TGINITDEFERRED, t->deferred);
    ddl_set_i16(&r, PG_TRIGGER_TGNARGS, (int16_t)t->arg_count);
    buf_init(&b, 1u << 20);
    for (uint16_t i = 0; i < t->column_count; i++) {
        buf_printf(&b, "%s%d", i > 0 ? " " : "", t->columns[i]);
    }
    ddl_set_text(&r, PG_TRIGGER_TGATTR,
                 arena_strndup(d->arena, b.data != NULL ? (const char *)b.data : "", b.len));
    b.len = 0;
    for (size_t i = 0; i < t->arg_count; i++) {
        buf_puts(&b, ddl_string(t->args[i]));
        buf_putc(&b, '\0');
    }
    r.values[PG_TRIGGER_TGARGS].str =
        str_copy(d->arena, b.data != NULL ? b.data : (void *)"", b.len);
    r.nulls[PG_TRIGGER_TGARGS] = false;
    bool overflow = b.overflow;
    buf_release(&b);
    ddl_set_text(&r, PG_TRIGGER_TGQUAL, t->when_sql);
    ddl_set_text(&r, PG_TRIGGER_TGOLDTABLE, t->old_table);
    ddl_set_text(&r, PG_TRIGGER_TGNEWTABLE, t->new_table);
    if (overflow) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "trigger arguments are too long");
    }
    return ddl_row_insert(cx, d, &r);
}

/* internal_insert - one trigger of a key: named after its OID, gone with the constraint. */
static Status internal_insert(Cx *cx, DdlCx *d, TriggerRecord t, const char *prefix)
{
    t.internal = true;
    TRY(ddl_new_oid(cx, d, &t.oid));
    t.name = arena_printf(d->arena, "%s_%u", prefix, t.oid);
    TRY(ddl_insert_trigger(cx, d, &t));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_TRIGGER, t.oid, 0},
                   (DdlObject){CAT_PG_CONSTRAINT, t.constraint, 0}, 'i'));
    return ddl_update_class_flag(cx, d, t.table, PG_CLASS_RELHASTRIGGERS, true);
}

/* action_function - RI_FKey_..._del and, after it, RI_FKey_..._upd. */
static Oid action_function(char action)
{
    return (Oid)(FN_FK_FIRST_ACTION + 2 * (strchr(FK_ACTIONS, action) - FK_ACTIONS));
}

Status ddl_foreign_key_triggers(Cx *cx, DdlCx *d, Oid child, const ConstraintRow *c)
{
    TriggerRecord parent = {.table = c->foreign_table,
                            .constraint_table = child,
                            .constraint_index = c->index,
                            .constraint = c->oid};
    parent.type = TRIGGER_ROW | TRIGGER_DELETE;
    parent.function = action_function(c->on_delete);
    parent.deferrable = c->on_delete == 'a' && c->deferrable;
    parent.deferred = c->on_delete == 'a' && c->deferred;
    TRY(internal_insert(cx, d, parent, "RI_ConstraintTrigger_a"));
    parent.type = TRIGGER_ROW | TRIGGER_UPDATE;
    parent.function = action_function(c->on_update) + 1;
    parent.deferrable = c->on_update == 'a' && c->deferrable;
    parent.deferred = c->on_update == 'a' && c->deferred;
    TRY(internal_insert(cx, d, parent, "RI_ConstraintTrigger_a"));
    TriggerRecord own = {.table = child,
                         .constraint_table = c->foreign_table,
                         .constraint_index = c->index,
                         .constraint = c->oid,
                         .deferrable = c->deferrable,
                         .deferred = c->deferred,
                         .type = TRIGGER_ROW | TRIGGER_INSERT,
                         .function = FN_FK_CHECK_INSERT};
    TRY(internal_insert(cx, d, own, "RI_ConstraintTrigger_c"));
    own.type = TRIGGER_ROW | TRIGGER_UPDATE;
    own.function = FN_FK_CHECK_UPDATE;
    return internal_insert(cx, d, own, "RI_ConstraintTrigger_c");
}

Status ddl_unique_trigger(Cx *cx, DdlCx *d, Oid table, const ConstraintRow *c)
{
    TriggerRecord t = {.table = table,
                       .constraint_index = c->index,
                       .constraint = c->oid,
                       .deferrable = true,
                       .deferred = c->deferred,
                       .type = TRIGGER_ROW | TRIGGER_INSERT | TRIGGER_UPDATE,
                       .function = FN_UNIQUE_RECHECK};
    return c->deferrable
               ? internal_insert(
                     cx, d, t, c->type == 'p' ? "PK_ConstraintTrigger" : "Unique_ConstraintTrigger")
               : ST_OK;
}
