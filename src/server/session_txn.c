/*
 * session_txn.c - the session's transaction: blocks, savepoints, what an error does to it, what a
 * reply must wait for.
 *
 * States as PostgreSQL's: idle (no txn), in a block, failed block. An error outside a block aborts;
 * inside, everything since the innermost savepoint (or the whole transaction) is undone at once, so
 * locks are free, and the block only takes ROLLBACK [TO]. With no savepoint the Txn itself is gone
 * while `failed` is set.
 */
#include <stdio.h>

#include <pg_query/pg_query.pb-c.h>

#include "server/server_internal.h"
#include "table/counts.h"

uint32_t session_level(const Session *s)
{
    return s->savepoints != NULL ? s->savepoints->sp.level + 1 : 0;
}

Status session_txn_need(Cx *cx, Session *s)
{
    if (s->txn != NULL) {
        return session_role_refresh(cx, s);
    }
    TRY(txn_begin(cx, s->server->engine->txns, s->default_isolation, &s->txn_arena, &s->txn));
    s->txn->type_env = &s->env;
    s->read_uncommitted = s->default_read_uncommitted;
    s->txn->read_only = s->default_read_only;
    s->txn->deferrable = s->default_deferrable;
    s->txn->lock_timeout_us = s->lock_timeout_us;
    s->txn->process_id = s->pid;
    s->txn->advisory = &s->advisory;
    counts_begin(s->txn, s->counts);
    s->view.txn = s->txn;
    s->env.xact_time_us = s->env.statement_time_us;
    activity_txn_begins(s);
    return settings_apply_path(cx, s);
}

void session_note_reads(Session *s, const Txn *txn)
{
    s->hold_lsn = MAX(s->hold_lsn, txn->seen_lsn);
    s->rows_told = false;
}

/* txn_ended - what goes with any end of the transaction. */
static void txn_ended(Session *s)
{
    s->txn = NULL;
    s->view.txn = NULL;
    s->savepoints = s->free_savepoints = NULL;
    s->prepare_refused = NULL;
    s->notify_first = s->notify_last = NULL;
    s->view.temp_locked = false;
    s->fk_deferred = (FkDeferred){.arena = &s->txn_arena};
    s->in_block = s->implicit_block = s->failed = s->had_query = false;
    cat_view_release_pins(&s->view);
    activity_txn_ends(s);
    func_lobs_end(&s->func);
    if (s->holds_database) {
        session_release_databases(s);
    }
    arena_clear(&s->txn_arena);
}

void session_txn_left(Session *s)
{
    s->view.txn = NULL;
    settings_commit(s);
    txn_ended(s);
}

Status session_commit(Cx *cx, Session *s)
{
    if (s->portals.count != 0) {
        Status held = cursors_hold(cx, s);
        if (held != ST_OK) {
            Err keep = s->err;
            session_abort(s);
            s->err = keep;
            return held;
        }
    }
    if (s->txn != NULL) {
        Lsn lsn = 0;
        txn_snapshot_done(s->txn);
        Status checked = session_check_deferred(cx, s, 0);
        if (checked == ST_OK) {
            checked = session_temp_commit(cx, s);
        }
        if (checked != ST_OK) {
            session_abort(s);
            return checked;
        }
        session_note_reads(s, s->txn);
        Txn *txn = s->txn;
        s->txn = NULL;
        Status st = session_notify_commit(cx, s, txn, &lsn);
        s->view.txn = NULL; /* settings that are undone look up roles */
        if (st != ST_OK) {
            /* A failed commit has rolled back. */
            settings_rollback(s, 0);
            txn_ended(s);
            return st;
        }
        if (s->sync_commit) {
            s->hold_lsn = MAX(s->hold_lsn, lsn);
        }
    }
    settings_commit(s);
    txn_ended(s);
    return ST_OK;
}

void session_abort(Session *s)
{
    cursors_drop_open(s);
    if (s->txn != NULL) {
        Err keep = s->err;
        Txn *txn = s->txn;
        s->txn = NULL;
        txn_snapshot_done(txn);
        atomic_fetch_and(&s->cancel, CX_CANCEL_TERMINATE | CX_CANCEL_GONE); /* it has ended */
        s->search_path_stale = s->search_path_stale || s->view.has_own_ddl;
        s->user_version = 0;
        txn_abort(&s->cx, txn);
        s->view.txn = NULL;
        s->err = keep;
    }
    settings_rollback(s, 0);
    txn_ended(s);
}

/* savepoints_drop - those inside `keep` (NULL: all) have ended; their memory serves the next. */
static void savepoints_drop(Session *s, SessionSavepoint *keep)
{
    while (s->savepoints != keep) {
        SessionSavepoint *sp = s->savepoints;
        s->savepoints = sp->outer;
        sp->outer = s->free_savepoints;
        s->free_savepoints = sp;
    }
}

/* rollback_to - undo to a savepoint, which stays. */
static Status rollback_to(Cx *cx, Session *s, SessionSavepoint *sp)
{
    portals_drop_level(s, sp->sp.level + 1);
    txn_snapshot_done(s->txn);
    s->search_path_stale = s->search_path_stale || s->view.has_own_ddl;
    TRY(txn_rollback_to(cx, s->txn, &sp->sp));
    settings_rollback(s, sp->sp.level + 1);
    s->user_version = 0; /* what was done to its role is undone, too */
    session_notify_rollback(s, sp->sp.level + 1);
    s->fk_deferred.modes = sp->fk_modes;
    savepoints_drop(s, sp);
    return ST_OK;
}

void session_statement_failed(Session *s)
{
    if (s->txn != NULL) {
        /* A duplicate key, a row changed meanwhile: the error tells of a commit. */
        s->hold_lsn = MAX(s->hold_lsn, txnsys_last_commit(s->server->engine->txns));
    }
    if (!s->in_block && !s->implicit_block) {
        session_abort(s);
        return;
    }
    if (!s->in_block) {
        /* An implicit block (several statements in one string) is rolled back as a whole. */
        session_abort(s);
        return;
    }
    Err keep = s->err;
    bool undone = false;
    if (s->txn != NULL && s->savepoints != NULL) {
        atomic_fetch_and(&s->cancel, CX_CANCEL_TERMINATE | CX_CANCEL_GONE);
        undone = rollback_to(&s->cx, s, s->savepoints) == ST_OK;
    }
    if (!undone) {
        session_abort(s);
        s->in_block = true;
    }
    s->failed = true;
    s->err = keep;
}

char session_txn_status(const Session *s)
{
    return s->failed ? 'E' : s->in_block ? 'T' : 'I';
}

static SessionSavepoint *savepoint_find(Session *s, const char *name)
{
    for (SessionSavepoint *sp = s->savepoints; sp != NULL; sp = sp->outer) {
        if (strcmp(sp->name, name) == 0) {
            return sp;
        }
    }
    return NULL;
}

static void savepoint_push(Session *s, const char *name)
{
    SessionSavepoint *sp = s->free_savepoints;
    if (sp != NULL) {
        s->free_savepoints = sp->outer;
    } else {
        sp = ARENA_NEW(&s->txn_arena, SessionSavepoint);
    }
    (void)snprintf(sp->name, sizeof(sp->name), "%s", name); /* the parser truncates at 63 bytes */
    sp->outer = s->savepoints;
    sp->fk_modes = s->fk_deferred.modes;
    sp->read_only = s->txn->read_only;
    txn_savepoint(s->txn, &sp->sp);
    s->savepoints = sp;
}

void *session_sub_begin(Session *s)
{
    savepoint_push(s, "");
    return s->savepoints;
}

Status session_sub_end(Cx *cx, Session *s, void *mark, bool keep)
{
    SessionSavepoint *sp = mark;
    if (s->txn == NULL) {
        return ST_OK;
    }
    if (!keep) {
        /* As ROLLBACK TO, but for the snapshot: the query that called the function goes on. */
        portals_drop_level(s, sp->sp.level + 1);
        s->search_path_stale = s->search_path_stale || s->view.has_own_ddl;
        TRY(txn_rollback_to(cx, s->txn, &sp->sp));
        settings_rollback(s, sp->sp.level + 1);
        s->fk_deferred.modes = sp->fk_modes;
        s->txn->read_only = sp->read_only;
        savepoints_drop(s, sp->outer);
        return txn_next_command(cx, s->txn);
    }
    savepoints_drop(s, sp->outer);
    settings_release_level(s, session_level(s));
    return ST_OK;
}

/* savepoint_stmt - SAVEPOINT, RELEASE and ROLLBACK TO; the latter two also end the savepoints made
 * after the one they name. */
static Status savepoint_stmt(Cx *cx, Session *s, const PgQuery__TransactionStmt *stmt,
                             const char **tag_out)
{
    const char *what = stmt->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT
                           ? "SAVEPOINT"
                       : stmt->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE
                           ? "RELEASE SAVEPOINT"
                           : "ROLLBACK TO SAVEPOINT";
    if (!s->in_block) {
        return err_set(cx, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                       "%s can only be used in transaction blocks", what);
    }
    if (stmt->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT) {
        savepoint_push(s, stmt->savepoint_name);
        *tag_out = "SAVEPOINT";
        return ST_OK;
    }
    SessionSavepoint *sp = savepoint_find(s, stmt->savepoint_name);
    if (sp == NULL || s->txn == NULL) {
        return err_set(cx, ERRCODE_S_E_INVALID_SPECIFICATION, "savepoint \"%s\" does not exist",
                       stmt->savepoint_name);
    }
    if (stmt->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE) {
        s->txn->read_only = sp->read_only; /* as in PostgreSQL: it was said inside */
        savepoints_drop(s, sp->outer);
        settings_release_level(s, session_level(s));
        session_notify_release(s, session_level(s));
        *tag_out = "RELEASE";
        return ST_OK;
    }
    TRY(rollback_to(cx, s, sp));
    s->txn->read_only = sp->read_only;
    s->failed = false;
    *tag_out = "ROLLBACK";
    return ST_OK;
}

static Status begin_stmt(Cx *cx, Session *s, const PgQuery__TransactionStmt *stmt,
                         const char **tag_out)
{
    *tag_out = stmt->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START ? "START TRANSACTION"
                                                                               : "BEGIN";
    if (s->in_block) {
        err_notice(cx, ERR_WARNING, ERRCODE_ACTIVE_SQL_TRANSACTION, NULL,
                   "there is already a transaction in progress");
        return session_set_transaction(cx, s, stmt->options, stmt->n_options);
    }
    TRY(session_txn_need(cx, s));
    s->in_block = true;
    Status st = session_set_transaction(cx, s, stmt->options, stmt->n_options);
    if (st != ST_OK) {
        s->in_block = false;
    }
    return st;
}

/* end_block - COMMIT and ROLLBACK. AND CHAIN: the next block starts with the same modes. */
static Status end_block(Cx *cx, Session *s, bool commit, bool chain)
{
    bool whole = s->txn != NULL; /* a failed one's modes are lost, as in PostgreSQL */
    TxnModes modes = whole ? session_modes(s) : (TxnModes){0};
    Status st = ST_OK;
    if (commit) {
        st = session_commit(cx, s);
    } else {
        session_abort(s);
    }
    if (chain && st == ST_OK) {
        TRY(session_txn_need(cx, s));
        if (whole) {
            session_modes_put(s, modes);
        }
        s->in_block = true;
    }
    return st;
}

Status session_transaction_stmt(Cx *cx, Session *s, const PgQuery__TransactionStmt *stmt,
                                const char **tag_out)
{
    switch (stmt->kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START: return begin_stmt(cx, s, stmt, tag_out);
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
        if (s->failed) {
            *tag_out = "ROLLBACK";
            return end_block(cx, s, false, stmt->chain);
        }
        if (!s->in_block) {
            if (stmt->chain) {
                return err_set(cx, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                               "COMMIT AND CHAIN can only be used in transaction blocks");
            }
            err_notice(cx, ERR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, NULL,
                       "there is no transaction in progress");
        }
        *tag_out = "COMMIT";
        return end_block(cx, s, true, stmt->chain);
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
        if (!s->in_block) {
            if (stmt->chain) {
                return err_set(cx, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                               "ROLLBACK AND CHAIN can only be used in transaction blocks");
            }
            err_notice(cx, ERR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, NULL,
                       "there is no transaction in progress");
        }
        *tag_out = "ROLLBACK";
        return end_block(cx, s, false, stmt->chain);
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
        return savepoint_stmt(cx, s, stmt, tag_out);
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
        return session_prepare_stmt(cx, s, stmt, tag_out);
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED:
        return session_finish_prepared(cx, s, stmt, tag_out);
    default: return err_unsupported(cx, "this transaction statement is not supported yet");
    }
}
