/*
 * event_trigger.c - event triggers: there are none, and none can be made.
 *
 * Statements about one by name find that out as in PostgreSQL; CREATE EVENT TRIGGER is refused.
 */
#include "ddl/ddl_internal.h"

static Status event_trigger_missing(Cx *cx, const char *name)
{
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "event trigger \"%s\" does not exist", name);
}

Status ddl_create_event_trigger(Cx *cx, const PgQuery__CreateEventTrigStmt *stmt)
{
    static const char *const EVENTS[] = {"ddl_command_start", "ddl_command_end", "sql_drop",
                                         "table_rewrite"};
    for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++) {
        if (strcmp(stmt->eventname, EVENTS[i]) == 0) {
            return err_unsupported(cx, "CREATE EVENT TRIGGER is not supported");
        }
    }
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "unrecognized event name \"%s\"", stmt->eventname);
}

Status ddl_alter_event_trigger(Cx *cx, const char *name)
{
    return event_trigger_missing(cx, name);
}

Status ddl_drop_event_triggers(Cx *cx, const PgQuery__DropStmt *stmt)
{
    for (size_t i = 0; i < stmt->n_objects; i++) {
        const char *name = ddl_string(stmt->objects[i]);
        if (!stmt->missing_ok) {
            return event_trigger_missing(cx, name);
        }
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "event trigger \"%s\" does not exist, skipping", name);
    }
    return ST_OK;
}
