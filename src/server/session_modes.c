/*
 * session_modes.c - what a transaction is: isolation level, READ ONLY, DEFERRABLE, a snapshot of
 * another.
 *
 * The three modes are settings as well (transaction_isolation, ...), but of the transaction alone:
 * they live in the Txn, begin as default_transaction_* says, and may change while no query has run.
 */
#include <pg_query/pg_query.pb-c.h>

#include "server/server_internal.h"
#include "txn/share.h"

TxnModes session_modes(const Session *s)
{
    return (TxnModes){s->txn->isolation, s->read_uncommitted, s->txn->read_only,
                      s->txn->deferrable};
}

void session_modes_put(Session *s, TxnModes m)
{
    s->txn->isolation = m.isolation;
    s->txn->read_only = m.read_only;
    s->txn->deferrable = m.deferrable;
    s->read_uncommitted = m.read_uncommitted;
}

static Status refused(Cx *cx, const char *why)
{
    return err_set(cx, ERRCODE_ACTIVE_SQL_TRANSACTION, "%s", why);
}

static Status put_isolation(Cx *cx, Session *s, const char *level)
{
    Isolation iso = strcmp(level, "serializable") == 0      ? ISO_SERIALIZABLE
                    : strcmp(level, "repeatable read") == 0 ? ISO_REPEATABLE_READ
                                                            : ISO_READ_COMMITTED;
    bool uncommitted = strcmp(level, "read uncommitted") == 0;
    if (iso != s->txn->isolation || uncommitted != s->read_uncommitted) {
        if (s->had_query) {
            return refused(cx, "SET TRANSACTION ISOLATION LEVEL must be called before any query");
        }
        if (s->savepoints != NULL) {
            return refused(
                cx, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
        }
    }
    s->txn->isolation = iso;
    s->read_uncommitted = uncommitted;
    return ST_OK;
}

static Status put_read_only(Cx *cx, Session *s, bool on)
{
    if (!on && s->txn->read_only) {
        if (s->savepoints != NULL && s->savepoints->read_only) {
            return refused(cx,
                           "cannot set transaction read-write mode inside a read-only transaction");
        }
        if (s->had_query) {
            return refused(cx, "transaction read-write mode must be set before any query");
        }
    }
    s->txn->read_only = on;
    return ST_OK;
}

static Status put_deferrable(Cx *cx, Session *s, bool on)
{
    if (s->savepoints != NULL) {
        return refused(cx,
                       "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction");
    }
    if (s->had_query) {
        return refused(cx, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query");
    }
    s->txn->deferrable = on;
    return ST_OK;
}

bool mode_is_setting(const char *name)
{
    return strcmp(name, "transaction_isolation") == 0 ||
           strcmp(name, "transaction_read_only") == 0 ||
           strcmp(name, "transaction_deferrable") == 0;
}

Status session_mode_assign(Cx *cx, Session *s, const char *name, const char *text)
{
    TRY(session_txn_need(cx, s));
    if (strcmp(name, "transaction_isolation") == 0) {
        return put_isolation(cx, s, text != NULL ? text : "read committed");
    }
    bool on = false;
    if (text != NULL) {
        (void)setting_parse_bool(text, &on);
    }
    return strcmp(name, "transaction_read_only") == 0 ? put_read_only(cx, s, on)
                                                      : put_deferrable(cx, s, on);
}

const char *session_mode_text(const Session *s, const char *name)
{
    bool in = s->txn != NULL;
    if (strcmp(name, "transaction_isolation") == 0) {
        Isolation iso = in ? s->txn->isolation : s->default_isolation;
        if (in ? s->read_uncommitted : s->default_read_uncommitted) {
            return "read uncommitted";
        }
        return iso == ISO_SERIALIZABLE      ? "serializable"
               : iso == ISO_REPEATABLE_READ ? "repeatable read"
                                            : "read committed";
    }
    if (strcmp(name, "transaction_read_only") == 0) {
        return (in ? s->txn->read_only : s->default_read_only) ? "on" : "off";
    }
    return (in ? s->txn->deferrable : s->default_deferrable) ? "on" : "off";
}

/* mode_on - a mode that is said as a number or a word of the grammar. */
static bool mode_on(const PgQuery__AConst *c)
{
    return c->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL
               ? c->boolval->boolval != 0
               : c->val_case == PG_QUERY__A__CONST__VAL_IVAL && c->ival->ival != 0;
}

Status session_set_transaction(Cx *cx, Session *s, PgQuery__Node **options, size_t count)
{
    TRY(session_txn_need(cx, s));
    for (size_t i = 0; i < count; i++) {
        const PgQuery__DefElem *d = options[i]->def_elem;
        const PgQuery__AConst *c =
            d->arg != NULL && d->arg->node_case == PG_QUERY__NODE__NODE_A_CONST ? d->arg->a_const
                                                                                : NULL;
        if (c == NULL) {
            continue;
        }
        if (strcmp(d->defname, "transaction_isolation") == 0) {
            TRY(put_isolation(cx, s, c->sval->sval));
        } else if (strcmp(d->defname, "transaction_read_only") == 0) {
            TRY(put_read_only(cx, s, mode_on(c)));
        } else if (strcmp(d->defname, "transaction_deferrable") == 0) {
            TRY(put_deferrable(cx, s, mode_on(c)));
        }
    }
    return ST_OK;
}

Status session_import_snapshot(Cx *cx, Session *s, const char *name)
{
    TRY(session_txn_need(cx, s));
    if (s->had_query || s->txn->xid != 0 || s->savepoints != NULL) {
        return refused(cx, "SET TRANSACTION SNAPSHOT must be called before any query");
    }
    TRY(snapshot_import(cx, s->txn, s->view.database, name));
    s->had_query = true;
    return ST_OK;
}
