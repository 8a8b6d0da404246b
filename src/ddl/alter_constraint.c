/*
 * alter_constraint.c - ALTER TABLE ... ALTER CONSTRAINT, and ADD CONSTRAINT ... USING INDEX
 */
#include "ddl/ddl_internal.h"

Status ddl_alter_constraint(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__Constraint *node = cmd->def->constraint;
    const CatTable *t;
    DdlRow r;
    TRY(ddl_reload(cx, d, oid, &t));
    const CatConstraint *c = ddl_constraint_named(t, node->conname);
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "constraint \"%s\" of relation \"%s\" does not exist", node->conname,
                       t->name);
    }
    if (c->type != 'f') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                       "constraint \"%s\" of relation \"%s\" is not a foreign key constraint",
                       node->conname, t->name);
    }
    Datum key = {.u32 = c->oid};
    TRY(ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r));
    ddl_set_bool(&r, PG_CONSTRAINT_CONDEFERRABLE, node->deferrable != 0);
    ddl_set_bool(&r, PG_CONSTRAINT_CONDEFERRED, node->initdeferred != 0);
    return ddl_row_store(cx, d, &r);
}

/* ---- ADD CONSTRAINT ... USING INDEX ---- */

/* UsingIndex - a unique index on its way to stand for a constraint. */
typedef struct UsingIndex {
    DdlCx *d;
    const CatTable *t;
    const PgQuery__Constraint *node;
    const CatIndex *ix;
} UsingIndex;

static Status using_error(Cx *cx, const UsingIndex *u, Status st)
{
    return ddl_error_at(cx, u->d, st, u->node->location);
}

/* using_find - the index, which must be one of the table's without a constraint. */
static Status using_find(Cx *cx, UsingIndex *u)
{
    const char *name = u->node->indexname;
    const CatTable *t = u->t, *other;
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (strcmp(t->indexes[i].name, name) == 0) {
            u->ix = &t->indexes[i];
        }
    }
    if (u->ix != NULL) {
        return u->ix->constraint == 0
                   ? ST_OK
                   : using_error(cx, u,
                                 err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                                         "index \"%s\" is already associated with a constraint",
                                         name));
    }
    Status st = cat_table_by_name(cx, u->d->view, t->schema_name, name, &other);
    if (st == ST_ERROR) {
        return st;
    }
    st = st == ST_NOTFOUND
             ? err_set(cx, ERRCODE_UNDEFINED_OBJECT, "index \"%s\" does not exist", name)
         : other->kind != 'i'
             ? err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not an index", name)
             : err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "index \"%s\" does not belong to table \"%s\"", name, t->name);
    return using_error(cx, u, st);
}

/* using_fits - the index is what the constraint would have made itself. */
static Status using_fits(Cx *cx, const UsingIndex *u)
{
    const CatIndex *ix = u->ix;
    Status st = ST_OK;
    if (!ix->unique) {
        st = err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a unique index", ix->name);
    } else if (ix->expressions_sql != NULL) {
        st = err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "index \"%s\" contains expressions", ix->name);
    } else if (ix->predicate_sql != NULL) {
        st = err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a partial index", ix->name);
    }
    for (uint16_t i = 0; st == ST_OK && i < ix->key_count; i++) {
        const CatColumn *c = &u->t->columns[ix->columns[i] - 1];
        if (ix->options[i] != 0 || ix->opclasses[i] != cat_default_opclass(u->d->view, c->type) ||
            ix->collations[i] != c->collation) {
            st = err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                         "index \"%s\" column number %u does not have default sorting behavior",
                         ix->name, i + 1u);
        }
    }
    if (st != ST_OK) {
        st_ignore(err_detail(
            cx, "Cannot create a primary key or unique constraint using such an index."));
        return using_error(cx, u, st);
    }
    return ST_OK;
}

/* using_index_row - the index is the constraint's from now on: it goes with it, not with columns.
 */
static Status using_index_row(Cx *cx, const UsingIndex *u, Oid constraint, bool primary)
{
    DdlCx *d = u->d;
    Datum key = {.u32 = u->ix->oid}, self[2] = {{.u32 = CAT_PG_CLASS}, {.u32 = u->ix->oid}};
    DdlRow r;
    TRY(ddl_row_load(cx, d, CAT_PG_INDEX, &key, 1, &r));
    ddl_set_bool(&r, PG_INDEX_INDISPRIMARY, primary);
    ddl_set_bool(&r, PG_INDEX_INDIMMEDIATE, u->node->deferrable == 0);
    TRY(ddl_row_store(cx, d, &r));
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, self, 2));
    return ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, u->ix->oid, 0},
                      (DdlObject){CAT_PG_CONSTRAINT, constraint, 0}, 'i');
}

Status ddl_constraint_using_index(Cx *cx, DdlCx *d, Slice sql, const CatTable *t,
                                  const PgQuery__Constraint *node)
{
    DdlCx placed = *d;
    placed.sql = sql;
    UsingIndex u = {.d = &placed, .t = t, .node = node};
    bool primary = node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
    TRY(using_find(cx, &u));
    TRY(using_fits(cx, &u));
    for (uint16_t i = 0; primary && i < t->index_count; i++) {
        if (t->indexes[i].primary) {
            return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                           "multiple primary keys for table \"%s\" are not allowed", t->name);
        }
    }
    bool named = node->conname != NULL && node->conname[0] != '\0';
    const char *name = named ? node->conname : u.ix->name;
    ConstraintRow r = {.name = name,
                       .type = primary ? 'p' : 'u',
                       .index = u.ix->oid,
                       .columns = u.ix->columns,
                       .column_count = u.ix->key_count,
                       .deferrable = node->deferrable != 0,
                       .deferred = node->initdeferred != 0,
                       .validated = true};
    for (uint16_t i = 0; primary && i < u.ix->key_count; i++) {
        TRY(ddl_set_not_null(cx, d, t, u.ix->columns[i], true));
    }
    if (strcmp(name, u.ix->name) != 0) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"",
                   u.ix->name, name);
        TRY(ddl_constraint_name_free(cx, d, t, name));
        TRY(ddl_update_class_text(cx, d, u.ix->oid, PG_CLASS_RELNAME, name));
    }
    TRY(ddl_new_oid(cx, d, &r.oid));
    TRY(ddl_insert_constraint(cx, d, t, &r));
    return using_index_row(cx, &u, r.oid, primary);
}
