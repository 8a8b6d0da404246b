/*
 * lock_table.c - LOCK TABLE: in the order of the names, views with the tables they read, held to
 * the transaction's end.
 */
#include <pg_query/pg_query.pb-c.h>

#include "catalog/acl.h"
#include "server/server_internal.h"

/* lock_oid - the lock that the statement asks for, on a relation that errors call by name. */
static Status lock_oid(Cx *cx, Session *s, Oid oid, const char *name, const PgQuery__LockStmt *stmt)
{
    s->txn->park = session_may_park(s);
    Status st = table_lock(cx, s->txn, (uint64_t)s->view.database << 32 | oid,
                           (TableLockMode)stmt->mode, stmt->nowait ? WAIT_NOWAIT : WAIT_BLOCK);
    s->txn->park = NULL;
    if (st == ST_BUSY && stmt->nowait) {
        return err_set(cx, ERRCODE_LOCK_NOT_AVAILABLE, "could not obtain lock on relation \"%s\"",
                       name);
    }
    return st;
}

/* lock_may - PostgreSQL's rule: whoever may change rows may lock against all; to read, ACCESS SHARE
 * is enough. */
static Status lock_may(Cx *cx, Session *s, const CatTable *t, const PgQuery__LockStmt *stmt)
{
    AclMode want = ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE, have;
    const CatAcl *acl;
    want |= stmt->mode == TABLELOCK_ACCESS_SHARE    ? ACL_SELECT
            : stmt->mode == TABLELOCK_ROW_EXCLUSIVE ? ACL_INSERT
                                                    : 0;
    TRY(cat_acl_have(cx, &s->view, CAT_PG_CLASS, t->oid, s->view.user, want, &have));
    if (have != 0) {
        return ST_OK;
    }
    TRY(cat_acl(cx, &s->view, CAT_PG_CLASS, t->oid, &acl));
    return acl_denied(cx, acl);
}

/* lock_by_name - the table or view of this name, whichever it is when the lock is had. */
static Status lock_by_name(Cx *cx, Session *s, const PgQuery__RangeVar *r,
                           const PgQuery__LockStmt *stmt, const CatTable **out)
{
    const char *schema = r->schemaname != NULL && r->schemaname[0] ? r->schemaname : NULL;
    Oid locked = OID_INVALID, ns;
    for (;;) {
        Status st = cat_table_by_name(cx, &s->view, schema, r->relname, out);
        if (st == ST_NOTFOUND && schema != NULL &&
            cat_namespace(cx, &s->view, schema, &ns) == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
        }
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                           schema != NULL ? schema : "", schema != NULL ? "." : "", r->relname);
        }
        TRY(st);
        const CatTable *t = *out;
        if (t->kind != 'r' && t->kind != 'v') {
            st_ignore(
                err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot lock relation \"%s\"", r->relname));
            return err_detail(cx, "This operation is not supported for %s.",
                              t->kind == 'S' ? "sequences" : "indexes");
        }
        TRY(lock_may(cx, s, t, stmt));
        if (t->oid == locked) {
            return ST_OK;
        }
        locked = t->oid;
        s->view.temp_locked = s->view.temp_locked || t->persistence == 't';
        TRY(lock_oid(cx, s, locked, r->relname, stmt));
    }
}

/* lock_put_name - a quoted identifier. */
static void lock_put_name(Buf *b, const char *name)
{
    buf_puts(b, "\"");
    for (; *name != '\0'; name++) {
        buf_put(b, name, 1);
        if (*name == '"') {
            buf_put(b, name, 1);
        }
    }
    buf_puts(b, "\"");
}

/* lock_view - the tables that a view reads, through other views too. */
static Status lock_view(Cx *cx, Session *s, const CatTable *view, const PgQuery__LockStmt *stmt)
{
    Buf text;
    ParsedStmt *parsed;
    Query *query;
    PlanLock *locks;
    uint32_t count;
    buf_init(&text, 4096);
    buf_puts(&text, "SELECT * FROM ");
    lock_put_name(&text, view->schema_name);
    buf_puts(&text, ".");
    lock_put_name(&text, view->name);
    Slice sql = {arena_strndup(&s->stmt_arena, (const char *)text.data, text.len), text.len};
    buf_release(&text);
    BindParams params = {.fixed = true};
    BindCx bind = {.view = &s->view,
                   .arena = &s->stmt_arena,
                   .sql = sql,
                   .env = &s->env,
                   .params = &params,
                   .no_locks = true};
    TRY(parse_sql(cx, &s->stmt_arena, sql, &parsed, &count));
    TRY(bind_statement(cx, &bind, parsed[0].node, &query));
    statement_tables(&s->stmt_arena, s->view.database, query, &locks, &count);
    for (uint32_t i = 0; i < count; i++) {
        const CatTable *t;
        Oid oid = (Oid)locks[i].key;
        TRY(cat_table_by_oid(cx, &s->view, oid, &t));
        TRY(lock_oid(cx, s, oid, t->name, stmt));
    }
    return ST_OK;
}

Status lock_table_run(Cx *cx, Session *s, const PgQuery__LockStmt *stmt, const char **tag_out)
{
    *tag_out = "LOCK TABLE";
    if (!s->in_block && !s->implicit_block) {
        return err_set(cx, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                       "LOCK TABLE can only be used in transaction blocks");
    }
    for (size_t i = 0; i < stmt->n_relations; i++) {
        const CatTable *t;
        TRY(lock_by_name(cx, s, stmt->relations[i]->range_var, stmt, &t));
        if (t->kind == 'v') {
            TRY(lock_view(cx, s, t, stmt));
        }
    }
    return ST_OK;
}
