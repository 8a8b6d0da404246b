/*
 * session_temp.c - a session's temporary objects: their schema, ON COMMIT, their end.
 *
 * The schema is made, and emptied at the end, in transactions of their own: a rollback of the
 * session's does not take it away, and dropping does not depend on how the session ended. The
 * numbers of the schemas are those of no other living session, smallest first.
 */
#include "base/log.h"
#include "ddl/ddl.h"
#include "server/server_internal.h"

/* TempAction - what commit owes a temporary table. */
struct TempAction {
    Oid table;
    char what; /* 'd': its rows are deleted, 'D': it is dropped */
};

/* temp_number - the smallest number no session has. */
static uint32_t temp_number(Session *s)
{
    Server *srv = s->server;
    os_mutex_lock(srv->os, &srv->mutex);
    bool taken = true;
    uint32_t n = 0;
    while (taken) {
        n++;
        taken = false;
        LIST_FOREACH (l, &srv->sessions) {
            taken = taken || LIST_ITEM(l, Session, link)->temp_number == n;
        }
    }
    s->temp_number = n;
    os_mutex_unlock(srv->os, &srv->mutex);
    return n;
}

/* temp_make - DdlTempFn: the session's schema. */
static Status temp_make(void *arg, Cx *cx, DdlCx *d)
{
    Session *s = arg;
    return ddl_temp_schema(cx, d, arena_printf(d->arena, "pg_temp_%u", s->temp_number),
                           &s->temp_made);
}

Status session_need_temp(void *session, Cx *cx)
{
    Session *s = session;
    CatView *v = &s->view;
    s->prepare_refused = "operated on temporary objects";
    if (v->temp_namespace != OID_INVALID) {
        return ST_OK;
    }
    if (s->temp_number == 0) {
        (void)temp_number(s);
    }
    TRY(ddl_temp_run(cx, s->server->engine, s->server->catalog, v->database, temp_make, s));
    v->temp_namespace = s->temp_made;
    s->search_path_stale = true;
    return settings_apply_path(cx, s);
}

void session_on_commit(void *session, Oid table, char what)
{
    Session *s = session;
    if (s->temp_count == s->temp_size) {
        s->temp_size = s->temp_size == 0 ? 8 : s->temp_size * 2;
        s->temp_actions =
            mem_realloc("temporary tables", s->temp_actions, s->temp_size * sizeof(TempAction));
    }
    s->temp_actions[s->temp_count++] = (TempAction){table, what};
}

/* temp_forget_gone - actions of tables that were dropped, or whose making was rolled back. */
static Status temp_forget_gone(Cx *cx, Session *s, DdlCx *d)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->temp_count; i++) {
        bool exists;
        TRY(ddl_temp_exists(cx, d, s->temp_actions[i].table, &exists));
        if (exists) {
            s->temp_actions[n++] = s->temp_actions[i];
        }
    }
    s->temp_count = n;
    return ST_OK;
}

Status session_temp_commit(Cx *cx, Session *s)
{
    if (s->temp_count == 0 || s->txn == NULL || s->txn->xid == 0) {
        return ST_OK; /* what has written nothing has put no rows into them */
    }
    DdlCx d;
    session_ddl_cx(s, (Slice){0}, &d);
    TRY(temp_forget_gone(cx, s, &d));
    Oid *list = ARENA_ARRAY(&s->stmt_arena, Oid, s->temp_count + 1);
    uint32_t emptied = 0, dropped = 0;
    for (uint32_t i = 0; i < s->temp_count; i++) {
        if (s->temp_actions[i].what == 'd') {
            list[emptied++] = s->temp_actions[i].table;
        }
    }
    TRY(ddl_temp_empty(cx, &d, list, emptied));
    for (uint32_t i = 0; i < s->temp_count; i++) {
        if (s->temp_actions[i].what == 'D') {
            list[dropped++] = s->temp_actions[i].table;
        }
    }
    return ddl_temp_drop(cx, &d, list, dropped);
}

/* temp_empty_schema - DdlTempFn */
static Status temp_empty_schema(void *arg, Cx *cx, DdlCx *d)
{
    const Session *s = arg;
    return ddl_temp_clear(cx, d, s->view.temp_namespace);
}

Status session_discard_temp(Cx *cx, Session *s)
{
    DdlCx d;
    if (s->view.temp_namespace == OID_INVALID) {
        return ST_OK;
    }
    TRY(session_txn_need(cx, s));
    session_ddl_cx(s, (Slice){0}, &d);
    return ddl_temp_clear(cx, &d, s->view.temp_namespace);
}

void session_temp_end(Session *s)
{
    Err err = {0};
    Cx cx = {.err = &err, .arena = &s->stmt_arena};
    if (s->view.temp_namespace != OID_INVALID &&
        ddl_temp_run(&cx, s->server->engine, s->server->catalog, s->view.database,
                     temp_empty_schema, s) != ST_OK) {
        log_line(LOG_WARNING, "temporary objects of process %d stay until the server starts: %s",
                 (int)s->pid, err.message);
    }
    s->view.temp_namespace = OID_INVALID;
    mem_free(s->temp_actions);
    s->temp_actions = NULL;
    s->temp_count = s->temp_size = 0;
}
