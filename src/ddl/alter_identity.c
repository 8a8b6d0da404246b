/*
 * alter_identity.c - ALTER TABLE: identity of columns that are there, VALIDATE CONSTRAINT
 */
#include "bind/deparse.h"
#include "ddl/role.h"

/* identity_column - the column the command names. */
static Status identity_column(Cx *cx, const CatTable *t, const char *name, const CatColumn **out)
{
    *out = ddl_column(t, name);
    if (*out != NULL) {
        return ST_OK;
    }
    return ddl_check_column_name(cx, name) == ST_OK
               ? err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                         "column \"%s\" of relation \"%s\" does not exist", name, t->name)
               : err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot alter system column \"%s\"",
                         name);
}

/* identity_store - attidentity: 'a', 'd', or 0 for none. */
static Status identity_store(Cx *cx, DdlCx *d, Oid table, int16_t number, char identity)
{
    DdlRow r;
    TRY(ddl_load_attribute(cx, d, table, number, &r));
    ddl_set_char(&r, PG_ATTRIBUTE_ATTIDENTITY, identity);
    return ddl_row_store(cx, d, &r);
}

static Status identity_is_none(Cx *cx, const CatTable *t, const CatColumn *c)
{
    return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                   "column \"%s\" of relation \"%s\" is not an identity column", c->name, t->name);
}

Status ddl_add_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__Constraint *con = cmd->def->constraint;
    const CatTable *t;
    const CatColumn *c;
    const char *problem = NULL;
    char *name;
    Oid sequence;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(identity_column(cx, t, cmd->name, &c));
    if (c->type != TYPE_INT2 && c->type != TYPE_INT4 && c->type != TYPE_INT8) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "identity column type must be smallint, integer, or bigint");
    }
    problem = !c->not_null             ? "must be declared NOT NULL before identity can be added"
              : c->identity != 0       ? "is already an identity column"
              : c->default_sql != NULL ? "already has a default value"
                                       : NULL;
    if (problem != NULL) {
        return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "column \"%s\" of relation \"%s\" %s", c->name, t->name, problem);
    }
    TRY(ddl_choose_relation_name(cx, d, t->namespace_oid, t->name, c->name, "seq", &name));
    TRY(ddl_make_sequence(cx, d, t->namespace_oid, name, c->type, con->options, con->n_options, 'p',
                          &sequence));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, sequence, 0},
                   (DdlObject){CAT_PG_CLASS, oid, c->number}, 'i'));
    if (t->owner != d->view->user) {
        cat_changed(d->view);
        TRY(ddl_object_owner(cx, d, (DdlObject){CAT_PG_CLASS, sequence, 0}, t->owner));
    }
    bool by_default = con->generated_when != NULL && con->generated_when[0] == 'd';
    return identity_store(cx, d, oid, c->number, by_default ? 'd' : 'a');
}

Status ddl_set_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__List *list = cmd->def->list;
    const CatTable *t;
    const CatColumn *c;
    PgQuery__Node **options = ARENA_ARRAY(d->arena, PgQuery__Node *, list->n_items + 1);
    size_t count = 0;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(identity_column(cx, t, cmd->name, &c));
    if (c->identity == 0) {
        return identity_is_none(cx, t, c);
    }
    for (size_t i = 0; i < list->n_items; i++) {
        const PgQuery__DefElem *e = list->items[i]->def_elem;
        if (strcmp(e->defname, "generated") == 0) {
            TRY(identity_store(cx, d, oid, c->number, (char)e->arg->integer->ival));
        } else {
            options[count++] = list->items[i];
        }
    }
    return count == 0 ? ST_OK : ddl_change_sequence(cx, d, c->identity_sequence, options, count);
}

Status ddl_drop_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    const CatColumn *c;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(identity_column(cx, t, cmd->name, &c));
    if (c->identity == 0 && cmd->missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "column \"%s\" of relation \"%s\" is not an identity column, skipping", c->name,
                   t->name);
        return ST_OK;
    }
    if (c->identity == 0) {
        return identity_is_none(cx, t, c);
    }
    DdlObject sequence = {CAT_PG_CLASS, c->identity_sequence, 0};
    Datum depends[2] = {{.u32 = CAT_PG_CLASS}, {.u32 = sequence.oid}};
    TRY(identity_store(cx, d, oid, c->number, 0));
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, depends, 2)); /* no longer a part of the column */
    return ddl_drop_objects(cx, d, &sequence, 1, false);
}

Status ddl_validate_constraint(Cx *cx, DdlCx *d, Oid oid, const char *name)
{
    const CatTable *t;
    TRY(ddl_reload(cx, d, oid, &t));
    const CatConstraint *con = ddl_constraint_named(t, name);
    if (con == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "constraint \"%s\" of relation \"%s\" does not exist", name, t->name);
    }
    if (con->type != 'c' && con->type != 'f') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                       "constraint \"%s\" of relation \"%s\" is not a foreign key or check "
                       "constraint",
                       name, t->name);
    }
    if (con->validated) {
        return ST_OK;
    }
    if (con->type == 'c') {
        BindCx b = {.view = d->view, .arena = d->arena, .env = d->env, .no_locks = true};
        Deparse out = {.view = d->view, .arena = d->arena, .env = d->env, .qualify = true};
        Expr *e;
        char *text;
        TRY(bind_load_expr(cx, &b, t, con->check_sql, &e));
        TRY(deparse_expr(cx, &out, e, t, &text));
        TRY(ddl_check_rows_hold(cx, d, t, name, text));
    } else {
        CatConstraint as_valid = *con;
        as_valid.validated = true;
        TRY(ddl_recheck_foreign_key(cx, d, t, &as_valid, true));
    }
    Datum key = {.u32 = con->oid};
    DdlRow r;
    TRY(ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r));
    ddl_set_bool(&r, PG_CONSTRAINT_CONVALIDATED, true);
    return ddl_row_store(cx, d, &r);
}
