/*
 * set_constraints.c - SET CONSTRAINTS, and the checks that were put off until the transaction's
 * end.
 */
#include <pg_query/pg_query.pb-c.h>

#include "catalog/catalog_data.h"
#include "server/server_internal.h"

Status session_check_deferred(Cx *cx, Session *s, Oid constraint)
{
    const Snapshot *snap;
    ExecEnv env;
    if (s->txn == NULL || (s->fk_deferred.first == NULL && s->txn->unique_later == NULL &&
                           !trigger_deferred_any(&s->fk_deferred, constraint))) {
        return ST_OK;
    }
    TRY(txn_next_command(cx, s->txn));
    TRY(txn_snapshot(cx, s->txn, &snap));
    exec_env_fill(s, &env, snap, NULL, NULL, 0);
    Arena arena;
    arena_init(&arena, &s->stmt_arena, "deferred checks", 0);
    bool keep = s->savepoints != NULL, more = true;
    Status st = ST_OK;
    /* What triggers do may put off more. */
    while (st == ST_OK && more) {
        st = trigger_deferred_fire(cx, &s->fk_deferred, &env, constraint);
        if (st == ST_OK) {
            st = fk_deferred_check(cx, &s->fk_deferred, &env, &arena, constraint, keep);
        }
        if (st == ST_OK) {
            st = unique_deferred_check(cx, &s->fk_deferred, &env, constraint, keep);
        }
        more = trigger_deferred_any(&s->fk_deferred, constraint);
    }
    if (st == ST_OK) {
        fk_pending_done(&s->fk_deferred, constraint);
    }
    arena_release(&arena);
    txn_snapshot_done(s->txn);
    return st;
}

/* ConstraintsNamed - those that SET CONSTRAINTS means by one name. */
typedef struct ConstraintsNamed {
    Session *s;
    const char *name;
    bool deferred;
    Oid oids[64];
    uint32_t count;
} ConstraintsNamed;

static Status constraint_named(void *arg, Cx *cx, const CatRow *row)
{
    ConstraintsNamed *c = arg;
    if (!row->values[PG_CONSTRAINT_CONDEFERRABLE].b) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "constraint \"%s\" is not deferrable",
                       c->name);
    }
    if (c->count == ARRAY_LEN(c->oids)) {
        return err_unsupported(cx, "SET CONSTRAINTS of so many constraints of one name");
    }
    c->oids[c->count++] = row->values[PG_CONSTRAINT_OID].u32;
    return ST_OK;
}

/* find_named - in the schema given, else in the first of the path that has any. */
static Status find_named(Cx *cx, Session *s, const PgQuery__RangeVar *rv, ConstraintsNamed *c)
{
    static const uint16_t COLUMNS[] = {PG_CONSTRAINT_CONNAME, PG_CONSTRAINT_CONNAMESPACE};
    Oid given = 0;
    c->name = rv->relname;
    if (rv->schemaname != NULL && rv->schemaname[0] != '\0') {
        TRY(cat_namespace(cx, &s->view, rv->schemaname, &given));
    }
    for (uint32_t i = 0; c->count == 0 && i < (given != 0 ? 1 : s->view.search_path_count); i++) {
        Datum key[2] = {{.str = str_ref(rv->relname, strlen(rv->relname))},
                        {.u32 = given != 0 ? given : s->view.search_path[i]}};
        TRY(cat_rows_each(cx, &s->view, CAT_PG_CONSTRAINT, COLUMNS, key, 2, constraint_named, c));
    }
    return c->count > 0 ? ST_OK
                        : err_set(cx, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" does not exist",
                                  rv->relname);
}

Status session_set_constraints(Cx *cx, Session *s, const PgQuery__ConstraintsSetStmt *stmt)
{
    bool deferred = stmt->deferred != 0;
    if (!s->in_block && !s->implicit_block) {
        err_notice(cx, ERR_WARNING, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, NULL,
                   "SET CONSTRAINTS can only be used in transaction blocks");
    }
    if (stmt->n_constraints == 0) {
        fk_deferred_set(&s->fk_deferred, 0, deferred);
        return deferred ? ST_OK : session_check_deferred(cx, s, 0);
    }
    for (size_t i = 0; i < stmt->n_constraints; i++) {
        ConstraintsNamed c = {.s = s, .deferred = deferred};
        TRY(find_named(cx, s, stmt->constraints[i]->range_var, &c));
        for (uint32_t k = 0; k < c.count; k++) {
            fk_deferred_set(&s->fk_deferred, c.oids[k], deferred);
            TRY(deferred ? ST_OK : session_check_deferred(cx, s, c.oids[k]));
        }
    }
    return ST_OK;
}
