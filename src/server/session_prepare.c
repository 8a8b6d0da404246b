/*
 * session_prepare.c - PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED.
 *
 * The first phase does what a commit does up to the COMMIT record: what was put off is checked,
 * cursors go, settings stay. Then the transaction leaves the session, which is idle at once. Any
 * error rolls back and ends the block, as in PostgreSQL.
 */
#include <pg_query/pg_query.pb-c.h>

#include "server/server_internal.h"
#include "txn/prepare.h"

/* no_hold_cursors - cursors WITH HOLD made by this transaction forbid it. */
static Status no_hold_cursors(Cx *cx, const Session *s)
{
    MapSlot slot;
    for (uint32_t pos = 0; map_next(&s->portals, &pos, &slot);) {
        const Portal *p = slot.value;
        if (!p->held && cursor_is_with_hold(p)) {
            return err_unsupported(
                cx, "cannot PREPARE a transaction that has created a cursor WITH HOLD");
        }
    }
    return ST_OK;
}

/* prepare_allowed - what PostgreSQL asks before it takes the transaction. */
static Status prepare_allowed(Cx *cx, Session *s, const char *gid)
{
    TRY(no_hold_cursors(cx, s));
    txn_snapshot_done(s->txn);
    TRY(session_check_deferred(cx, s, 0));
    if (s->view.temp_locked) {
        s->prepare_refused = "operated on temporary objects";
    }
    if (s->prepare_refused != NULL) {
        return err_unsupported(cx, "cannot PREPARE a transaction that has %s", s->prepare_refused);
    }
    if (strlen(gid) >= PREPARED_GID_BYTES) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "transaction identifier \"%s\" is too long", gid);
    }
    return ST_OK;
}

static Status prepare_now(Cx *cx, Session *s, const char *gid)
{
    Lsn lsn = 0;
    PreparedFacts facts = {.owner = s->view.user,
                           .database = s->view.database,
                           .changed_catalog = s->view.has_own_ddl};
    TRY(session_txn_need(cx, s));
    TRY(prepare_allowed(cx, s, gid));
    memcpy(facts.gid, gid, strlen(gid));
    facts.prepared_us = os_now_us(s->server->os) - UNIX_TO_PG_EPOCH_US;
    cursors_drop_open(s);
    session_note_reads(s, s->txn);
    s->search_path_stale = s->search_path_stale || s->view.has_own_ddl;
    TRY(txn_prepare(cx, s->txn, &facts, &lsn));
    s->hold_lsn = MAX(s->hold_lsn, lsn);
    session_txn_left(s);
    return ST_OK;
}

Status session_prepare_stmt(Cx *cx, Session *s, const PgQuery__TransactionStmt *stmt,
                            const char **tag_out)
{
    *tag_out = "ROLLBACK";
    if (s->failed) {
        session_abort(s);
        return ST_OK;
    }
    if (!s->in_block) {
        err_notice(cx, ERR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, NULL,
                   "there is no transaction in progress");
        if (!s->implicit_block) {
            return ST_OK;
        }
    }
    Status st = prepare_now(cx, s, stmt->gid);
    if (st != ST_OK) {
        Err keep = s->err;
        session_abort(s);
        s->err = keep;
        return st;
    }
    *tag_out = "PREPARE TRANSACTION";
    return ST_OK;
}

/* finish_allowed - PostgreSQL's rules about who may end it, and where. */
static Status finish_allowed(Cx *cx, Session *s, const PreparedFacts *facts)
{
    if (facts->owner != s->view.user &&
        strcmp(setting_session_text(s, "is_superuser"), "on") != 0) {
        st_ignore(err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                          "permission denied to finish prepared transaction"));
        return err_hint(cx, "Must be superuser or the user that prepared the transaction.");
    }
    if (facts->database != s->view.database) {
        st_ignore(err_unsupported(cx, "prepared transaction belongs to another database"));
        return err_hint(cx, "Connect to the database where the transaction was prepared to finish "
                            "it.");
    }
    return ST_OK;
}

Status session_finish_prepared(Cx *cx, Session *s, const PgQuery__TransactionStmt *stmt,
                               const char **tag_out)
{
    bool commit = stmt->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED;
    TxnSys *sys = s->server->engine->txns;
    Prepared *p;
    Lsn lsn = 0;
    *tag_out = commit ? "COMMIT PREPARED" : "ROLLBACK PREPARED";
    if (s->in_block || s->implicit_block) {
        return err_set(cx, ERRCODE_ACTIVE_SQL_TRANSACTION,
                       "%s cannot run inside a transaction block", *tag_out);
    }
    TRY(prepared_claim(cx, sys, stmt->gid, &p));
    Status st = finish_allowed(cx, s, prepared_facts(p));
    if (st == ST_OK && commit) {
        if (prepared_facts(p)->changed_catalog) {
            prepared_on_commit(p, cat_changed_elsewhere, s->server->catalog);
        }
        st = prepared_commit(cx, sys, p, &lsn);
    } else if (st == ST_OK) {
        prepared_rollback(cx, sys, p, &lsn);
    } else {
        prepared_unclaim(sys, p);
    }
    /* Both are durable before they are told, whatever synchronous_commit says. */
    s->hold_lsn = MAX(s->hold_lsn, lsn);
    return st;
}
