/*
 * session_database.c - which database a session is connected to, and keeping others away from one
 * that is copied, dropped or renamed.
 *
 * A hold lasts from its statement to the end of the transaction. Who connects to a database waits
 * until nobody holds it and looks it up only then, so it finds either the whole database or none.
 * Locking: Server.mutex guards the list of holds and Session.connected.
 */
#include "catalog/acl.h"
#include "catalog/catalog_data.h"
#include "server/server_internal.h"

#define HOLD_NAP_US    2000
#define HOLD_OTHERS_US 5000000 /* others have so long to leave, as in PostgreSQL */

typedef struct DatabaseHold {
    struct DatabaseHold *next;
    Oid database;
    const Session *holder;
    bool exclusive;
} DatabaseHold;

static Status hold_nap(Cx *cx, Session *s)
{
    TRY(cx_check(cx));
    worker_blocking(s, CX_BLOCKING_WAIT);
    os_sleep_us(s->server->os, HOLD_NAP_US);
    return cx_check(cx);
}

/* hold_take - unless somebody else has one that does not go with it. Requires the mutex. */
static bool hold_take(Session *s, Oid database, bool exclusive)
{
    Server *srv = s->server;
    for (const DatabaseHold *h = srv->database_holds; h != NULL; h = h->next) {
        if (h->database == database && h->holder != s && (exclusive || h->exclusive)) {
            return false;
        }
    }
    DatabaseHold *mine = mem_zalloc("database hold", sizeof(*mine));
    *mine = (DatabaseHold){srv->database_holds, database, s, exclusive};
    srv->database_holds = mine;
    s->holds_database = true;
    return true;
}

/* hold_others - sessions of others that are connected to the database; terminate: they are told to
 * end. Requires the mutex. */
static uint32_t hold_others(Session *s, Oid database, bool terminate)
{
    uint32_t n = 0;
    LIST_FOREACH (node, &s->server->sessions) {
        Session *other = LIST_ITEM(node, Session, link);
        if (other == s || other->connected != database) {
            continue;
        }
        n++;
        if (terminate) {
            session_terminate(other);
        }
    }
    return n;
}

Status session_hold_database(void *session, Cx *cx, Oid database, bool exclusive, bool terminate,
                             uint32_t *others_out)
{
    Session *s = session;
    Server *srv = s->server;
    for (bool taken = false;;) {
        os_mutex_lock(srv->os, &srv->mutex);
        taken = hold_take(s, database, exclusive);
        os_mutex_unlock(srv->os, &srv->mutex);
        if (taken) {
            break;
        }
        TRY(hold_nap(cx, s));
    }
    int64_t until = os_mono_us(srv->os) + HOLD_OTHERS_US;
    for (bool first = true;; first = false) {
        os_mutex_lock(srv->os, &srv->mutex);
        *others_out = hold_others(s, database, terminate && first);
        os_mutex_unlock(srv->os, &srv->mutex);
        if (*others_out == 0 || os_mono_us(srv->os) >= until) {
            return ST_OK;
        }
        TRY(hold_nap(cx, s));
    }
}

void session_release_databases(Session *s)
{
    Server *srv = s->server;
    os_mutex_lock(srv->os, &srv->mutex);
    for (DatabaseHold **at = &srv->database_holds; *at != NULL;) {
        DatabaseHold *h = *at;
        if (h->holder == s) {
            *at = h->next;
            mem_free(h);
        } else {
            at = &h->next;
        }
    }
    os_mutex_unlock(srv->os, &srv->mutex);
    s->holds_database = false;
}

/* connect_join - be counted as one of the database's sessions, once nobody holds it; 0: as none.
 * *count_out: how many there are. */
static Status connect_join(Cx *cx, Session *s, Oid database, uint32_t *count_out)
{
    Server *srv = s->server;
    for (bool held = true;;) {
        held = false;
        *count_out = 0;
        os_mutex_lock(srv->os, &srv->mutex);
        for (const DatabaseHold *h = srv->database_holds; h != NULL; h = h->next) {
            held = held || h->database == database;
        }
        s->connected = held ? OID_INVALID : database;
        LIST_FOREACH (node, &srv->sessions) {
            *count_out += LIST_ITEM(node, Session, link)->connected == database;
        }
        os_mutex_unlock(srv->os, &srv->mutex);
        if (!held) {
            return ST_OK;
        }
        TRY(hold_nap(cx, s));
    }
}

/* ConnectFound - what connecting needs of a row of pg_database. */
typedef struct ConnectFound {
    Oid oid; /* 0: there is none */
    bool allow;
    int32_t limit;
} ConnectFound;

static Status connect_take(void *arg, Cx *cx, const CatRow *row)
{
    ConnectFound *f = arg;
    (void)cx;
    *f = (ConnectFound){.oid = row->values[PG_DATABASE_OID].u32,
                        .allow = row->values[PG_DATABASE_DATALLOWCONN].b,
                        .limit = row->values[PG_DATABASE_DATCONNLIMIT].i32};
    return ST_OK;
}

static Status connect_find(Cx *cx, Session *s, ConnectFound *out)
{
    static const uint16_t COLUMN = PG_DATABASE_DATNAME;
    Datum name = {.str = str_ref(s->database, strlen(s->database))};
    *out = (ConnectFound){0};
    return cat_rows_each(cx, &s->view, CAT_PG_DATABASE, &COLUMN, &name, 1, connect_take, out);
}

Status session_connect_database(Cx *cx, Session *s)
{
    ConnectFound wanted, found;
    uint32_t count;
    TRY(connect_find(cx, s, &wanted));
    if (wanted.oid == OID_INVALID) {
        return err_set(cx, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist",
                       s->database);
    }
    TRY(connect_join(cx, s, wanted.oid, &count));
    TRY(connect_find(cx, s, &found));
    if (found.oid != wanted.oid) {
        st_ignore(
            err_set(cx, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", s->database));
        return err_detail(cx, "It seems to have just been dropped or renamed.");
    }
    if (!found.allow) {
        return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "database \"%s\" is not currently accepting connections", s->database);
    }
    if (!s->view.user_super) {
        AclMode have;
        TRY(cat_acl_have(cx, &s->view, CAT_PG_DATABASE, found.oid, s->view.user, ACL_CONNECT,
                         &have));
        if (have == 0) {
            st_ignore(err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                              "permission denied for database \"%s\"", s->database));
            return err_detail(cx, "User does not have CONNECT privilege.");
        }
        if (found.limit >= 0 && count > (uint32_t)found.limit) {
            return err_set(cx, ERRCODE_TOO_MANY_CONNECTIONS,
                           "too many connections for database \"%s\"", s->database);
        }
    }
    s->view.database = found.oid;
    s->view.database_name = s->database;
    return ST_OK;
}

/* DatabaseList - the databases of the file. */
typedef struct DatabaseList {
    Arena *arena;
    Oid *oids;
    uint32_t count;
} DatabaseList;

static Status databases_note(void *arg, Cx *cx, const CatRow *row)
{
    DatabaseList *l = arg;
    (void)cx;
    l->oids = arena_grow(l->arena, l->oids, l->count * sizeof(Oid), (l->count + 1) * sizeof(Oid));
    l->oids[l->count++] = row->values[PG_DATABASE_OID].u32;
    return ST_OK;
}

Status server_databases(Cx *cx, Server *srv, Arena *arena, Oid **out, uint32_t *count_out)
{
    DatabaseList list = {.arena = arena};
    CatView v;
    cat_view_init(&v, srv->catalog);
    Status st = cat_rows_each(cx, &v, CAT_PG_DATABASE, NULL, NULL, 0, databases_note, &list);
    cat_view_release_pins(&v);
    *out = list.oids;
    *count_out = list.count;
    return st;
}
