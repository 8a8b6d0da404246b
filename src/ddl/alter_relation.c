/*
 * alter_relation.c - ALTER TABLE of what holds for a relation as a whole, and of how its columns
 * are looked at: SET (...), SET LOGGED, REPLICA IDENTITY, CLUSTER ON, SET STATISTICS.
 *
 * Some of it steers nothing here (there is no clustering, and all tables are logged); it is kept in
 * the catalogs as PostgreSQL keeps it, for those who read them.
 */
#include <stdlib.h>

#include "ddl/ddl_internal.h"

#define STATISTICS_TARGET_MAX 10000

/* options_kind - which options the relation may have. */
static Status options_kind(Cx *cx, DdlCx *d, const CatTable *t, char *kind_out)
{
    const CatTable *of;
    *kind_out = t->kind == 'm' ? 'r' : t->kind;
    if (t->kind != 'i') {
        return ST_OK;
    }
    TRY(cat_table_by_oid(cx, d->view, t->index_table, &of));
    for (uint16_t i = 0; i < of->index_count; i++) {
        if (of->indexes[i].oid == t->oid) {
            *kind_out =
                ddl_method(cat_opclass_method(d->view, of->indexes[i].opclasses[0]))->options;
        }
    }
    return ST_OK;
}

Status ddl_alter_options(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    const char *text;
    char kind;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(options_kind(cx, d, t, &kind));
    DdlOptions o = {.kind = kind,
                    .old = t->options,
                    .list = cmd->def != NULL ? cmd->def->list->items : NULL,
                    .count = cmd->def != NULL ? cmd->def->list->n_items : 0,
                    .reset = cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions};
    TRY(ddl_options(cx, d, &o, &text));
    if (t->kind == 'v' && text != NULL && strstr(text, "check_option=") != NULL) {
        BindCx b = {.view = d->view, .arena = d->arena, .env = d->env, .no_locks = true};
        Query *q;
        TRY(bind_load_view(cx, &b, t, &q));
        TRY(ddl_view_check_allowed(cx, q));
    }
    return ddl_update_class_text(cx, d, oid, PG_CLASS_RELOPTIONS, text);
}

/* ---- SET LOGGED, SET UNLOGGED ---- */

/* logged_refuse - 42P16: rows that a crash would not keep may not be referred to by others. */
static Status logged_refuse(Cx *cx, const CatTable *t, const CatTable *other, const char *con,
                            bool logged)
{
    st_ignore(err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                      "could not change table \"%s\" to %s because it references %s table \"%s\"",
                      t->name, logged ? "logged" : "unlogged", logged ? "unlogged" : "logged",
                      other->name));
    return err_constraint(cx, t->schema_name, t->name, "", con);
}

/* logged_keys - foreign keys lead from what goes to what stays only. */
static Status logged_keys(Cx *cx, DdlCx *d, const CatTable *t, bool logged)
{
    const CatTable *other;
    for (uint16_t i = 0; logged && i < t->constraint_count; i++) {
        const CatConstraint *c = &t->constraints[i];
        if (c->type == 'f' && c->foreign_table != t->oid) {
            TRY(cat_table_by_oid(cx, d->view, c->foreign_table, &other));
            if (other->persistence != 'p') {
                return logged_refuse(cx, t, other, c->name, logged);
            }
        }
    }
    for (uint16_t i = 0; !logged && i < t->referenced_by_count; i++) {
        TRY(cat_table_by_oid(cx, d->view, t->referenced_by_tables[i], &other));
        for (uint16_t k = 0; k < other->constraint_count; k++) {
            if (other->oid != t->oid && other->persistence == 'p' &&
                other->constraints[k].oid == t->referenced_by_constraints[i]) {
                return logged_refuse(cx, t, other, other->constraints[k].name, logged);
            }
        }
    }
    return ST_OK;
}

/* logged_sequences - those that belong to the table's columns go with it. */
static Status logged_sequences(Cx *cx, DdlCx *d, Oid table, const char *persistence)
{
    DdlObject *owned;
    uint32_t count;
    TRY(ddl_owned_sequences(cx, d, table, &owned, &count));
    for (uint32_t i = 0; i < count; i++) {
        TRY(ddl_update_class_text(cx, d, owned[i].oid, PG_CLASS_RELPERSISTENCE, persistence));
    }
    return ST_OK;
}

Status ddl_set_logged(Cx *cx, DdlCx *d, Oid oid, bool logged)
{
    const CatTable *t;
    const char *persistence = logged ? "p" : "u";
    TRY(ddl_reload(cx, d, oid, &t));
    if (t->persistence == 't') {
        st_ignore(err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                          "cannot change logged status of table \"%s\" because it is temporary",
                          t->name));
        return err_constraint(cx, t->schema_name, t->name, "", "");
    }
    if (t->persistence == persistence[0]) {
        return ST_OK;
    }
    TRY(logged_keys(cx, d, t, logged));
    TRY(ddl_update_class_text(cx, d, oid, PG_CLASS_RELPERSISTENCE, persistence));
    for (uint16_t i = 0; i < t->index_count; i++) {
        TRY(ddl_update_class_text(cx, d, t->indexes[i].oid, PG_CLASS_RELPERSISTENCE, persistence));
    }
    return logged_sequences(cx, d, oid, persistence);
}

/* ---- REPLICA IDENTITY, CLUSTER ON ---- */

/* index_of_table - the index a command names; "index ... for table ... does not exist". */
static Status index_of_table(Cx *cx, DdlCx *d, const CatTable *t, const char *name,
                             const CatIndex **out)
{
    bool exists;
    *out = NULL;
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (strcmp(t->indexes[i].name, name) == 0) {
            *out = &t->indexes[i];
            return ST_OK;
        }
    }
    TRY(ddl_relation_exists(cx, d, t->namespace_oid, name, &exists));
    return exists ? err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                            "\"%s\" is not an index for table \"%s\"", name, t->name)
                  : err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                            "index \"%s\" for table \"%s\" does not exist", name, t->name);
}

/* index_mark - the flag of pg_index is set for this one of the table's indexes, and no other. */
static Status index_mark(Cx *cx, DdlCx *d, const CatTable *t, const CatIndex *one, int column)
{
    for (uint16_t i = 0; i < t->index_count; i++) {
        Datum key = {.u32 = t->indexes[i].oid};
        DdlRow r;
        bool is_it = &t->indexes[i] == one;
        TRY(ddl_row_load(cx, d, CAT_PG_INDEX, &key, 1, &r));
        if (r.values[column].b != is_it) {
            ddl_set_bool(&r, column, is_it);
            TRY(ddl_row_store(cx, d, &r));
        }
    }
    return ST_OK;
}

/* identity_index - what an index must be to identify rows. */
static Status identity_index(Cx *cx, const CatTable *t, const CatIndex *ix)
{
    if (!ix->unique) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                       "cannot use non-unique index \"%s\" as replica identity", ix->name);
    }
    const char *kind = ix->deferrable                ? "non-immediate"
                       : ix->expressions_sql != NULL ? "expression"
                       : ix->predicate_sql != NULL   ? "partial"
                                                     : NULL;
    if (kind != NULL) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot use %s index \"%s\" as replica identity", kind, ix->name);
    }
    for (uint16_t i = 0; i < ix->key_count; i++) {
        const CatColumn *c = &t->columns[ix->columns[i] - 1];
        if (!c->not_null) {
            return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                           "index \"%s\" cannot be used as replica identity because column \"%s\" "
                           "is nullable",
                           ix->name, c->name);
        }
    }
    return ST_OK;
}

Status ddl_replica_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__ReplicaIdentityStmt *stmt = cmd->def->replica_identity_stmt;
    const char *type = stmt->identity_type;
    const CatTable *t;
    const CatIndex *ix = NULL;
    TRY(ddl_reload(cx, d, oid, &t));
    if (type[0] == 'i') {
        TRY(index_of_table(cx, d, t, stmt->name, &ix));
        TRY(identity_index(cx, t, ix));
    }
    TRY(index_mark(cx, d, t, ix, PG_INDEX_INDISREPLIDENT));
    return ddl_update_class_text(cx, d, oid, PG_CLASS_RELREPLIDENT, type);
}

Status ddl_cluster_on(Cx *cx, DdlCx *d, Oid oid, const char *index)
{
    const CatTable *t;
    const CatIndex *ix = NULL;
    TRY(ddl_reload(cx, d, oid, &t));
    if (index != NULL) {
        TRY(index_of_table(cx, d, t, index, &ix));
        if (!ddl_method(cat_opclass_method(d->view, ix->opclasses[0]))->cluster) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "cannot cluster on index \"%s\" because access method does not "
                           "support clustering",
                           index);
        }
        if (ix->predicate_sql != NULL) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "cannot cluster on partial index \"%s\"", index);
        }
    }
    return index_mark(cx, d, t, ix, PG_INDEX_INDISCLUSTERED);
}

/* ---- SET STATISTICS, ALTER COLUMN SET (...) ---- */

/* statistics_column - the column the command names, or numbers (of an index). */
static Status statistics_column(Cx *cx, const CatTable *t, const PgQuery__AlterTableCmd *cmd,
                                const CatColumn **out)
{
    bool named = cmd->name != NULL && cmd->name[0] != '\0';
    if (!named && t->kind != 'i') {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot refer to non-index column by number");
    }
    if (!named) {
        *out = cmd->num >= 1 && cmd->num <= t->column_count ? &t->columns[cmd->num - 1] : NULL;
        return *out != NULL ? ST_OK
                            : err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                                      "column number %d of relation \"%s\" does not exist",
                                      cmd->num, t->name);
    }
    *out = ddl_column(t, cmd->name);
    return *out != NULL
               ? ST_OK
               : err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                         "column \"%s\" of relation \"%s\" does not exist", cmd->name, t->name);
}

/* statistics_of_index - of an index only its expressions have statistics of their own. */
static Status statistics_of_index(Cx *cx, DdlCx *d, const CatTable *t, const CatColumn *c)
{
    const CatTable *table;
    TRY(cat_table_by_oid(cx, d->view, t->index_table, &table));
    for (uint16_t i = 0; i < table->index_count; i++) {
        const CatIndex *ix = &table->indexes[i];
        if (ix->oid != t->oid) {
            continue;
        }
        if (c->number > ix->key_count) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "cannot alter statistics on included column \"%s\" of index \"%s\"",
                           c->name, t->name);
        }
        if (ix->columns[c->number - 1] != 0) {
            st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                              "cannot alter statistics on non-expression column \"%s\" of index "
                              "\"%s\"",
                              c->name, t->name));
            return err_hint(cx, "Alter statistics on table column instead.");
        }
    }
    return ST_OK;
}

Status ddl_set_statistics(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    const CatColumn *c;
    DdlRow r;
    TRY(ddl_reload(cx, d, oid, &t));
    int32_t target = (int32_t)strtol(ddl_option_value(d->arena, cmd->def), NULL, 10);
    if (target < -1) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "statistics target %d is too low",
                       target);
    }
    if (target > STATISTICS_TARGET_MAX) {
        target = STATISTICS_TARGET_MAX;
        err_notice(cx, ERR_WARNING, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
                   "lowering statistics target to %d", target);
    }
    TRY(statistics_column(cx, t, cmd, &c));
    if (t->kind == 'i') {
        TRY(statistics_of_index(cx, d, t, c));
    }
    TRY(ddl_load_attribute(cx, d, oid, c->number, &r));
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTSTATTARGET, target);
    return ddl_row_store(cx, d, &r);
}

Status ddl_column_options(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    const CatColumn *c;
    const char *text;
    DdlRow r;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(statistics_column(cx, t, cmd, &c));
    TRY(ddl_load_attribute(cx, d, oid, c->number, &r));
    DdlOptions o = {.kind = 'a',
                    .old = ddl_row_text(d, &r, PG_ATTRIBUTE_ATTOPTIONS),
                    .list = cmd->def->list->items,
                    .count = cmd->def->list->n_items,
                    .reset = cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions};
    TRY(ddl_options(cx, d, &o, &text));
    ddl_set_text(&r, PG_ATTRIBUTE_ATTOPTIONS, text);
    return ddl_row_store(cx, d, &r);
}

Status ddl_set_place(Cx *cx, const PgQuery__AlterTableCmd *cmd)
{
    bool method = cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod;
    if (strcmp(cmd->name, method ? "heap" : "pg_default") == 0) {
        return ST_OK; /* where it is already */
    }
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist",
                   method ? "access method" : "tablespace", cmd->name);
}
