/*
 * create_trigger.c - CREATE [OR REPLACE] [CONSTRAINT] TRIGGER.
 *
 * Checks come in PostgreSQL's order, as the first that fails is what the client sees.
 */
#include "catalog/acl.h"
#include "ddl/ddl_internal.h"

enum { TYPE_OF_TRIGGER = 2279 };

/* NewTrigger - a trigger under construction. */
typedef struct NewTrigger {
    DdlCx *d;
    const PgQuery__CreateTrigStmt *stmt;
    const CatTable *t, *from;
    const Expr *when;
    TriggerRecord r;
} NewTrigger;

/* ---- what it is on ---- */

static Status trigger_wrong_kind(Cx *cx, const CatTable *t, const char *detail)
{
    st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a %s", t->name,
                      t->kind == 'v' ? "view" : "table"));
    return err_detail(cx, "%s", detail);
}

/* trigger_relation - can a trigger of this kind be on the relation? */
static Status trigger_relation(Cx *cx, const NewTrigger *n)
{
    const CatTable *t = n->t;
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    bool instead = stmt->timing == TRIGGER_INSTEAD;
    if (t->kind == 'r' && instead) {
        return trigger_wrong_kind(cx, t, "Tables cannot have INSTEAD OF triggers.");
    }
    if (t->kind == 'v' && !instead && stmt->row) {
        return trigger_wrong_kind(cx, t, "Views cannot have row-level BEFORE or AFTER triggers.");
    }
    if (t->kind == 'v' && (stmt->events & TRIGGER_TRUNCATE) != 0) {
        return trigger_wrong_kind(cx, t, "Views cannot have TRUNCATE triggers.");
    }
    if (t->kind == 'i' || t->kind == 'c') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is %s", t->name,
                       t->kind == 'i' ? "an index" : "a composite type");
    }
    if (t->kind != 'r' && t->kind != 'v') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "relation \"%s\" cannot have triggers",
                          t->name));
        return err_detail(cx, "This operation is not supported for %s.",
                          t->kind == 'S'   ? "sequences"
                          : t->kind == 'm' ? "materialized views"
                                           : "this kind of relation");
    }
    return t->oid < FIRST_USER_OID
               ? err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "permission denied: \"%s\" is a system catalog", t->name)
               : ST_OK;
}

/* trigger_timing - the kinds of triggers that there are none of. */
static Status trigger_timing(Cx *cx, const PgQuery__CreateTrigStmt *stmt)
{
    const char *wrong = NULL;
    if (stmt->row && (stmt->events & TRIGGER_TRUNCATE) != 0) {
        wrong = "TRUNCATE FOR EACH ROW triggers are not supported";
    } else if (stmt->timing == TRIGGER_INSTEAD && !stmt->row) {
        wrong = "INSTEAD OF triggers must be FOR EACH ROW";
    } else if (stmt->timing == TRIGGER_INSTEAD && stmt->when_clause != NULL) {
        wrong = "INSTEAD OF triggers cannot have WHEN conditions";
    } else if (stmt->timing == TRIGGER_INSTEAD && stmt->n_columns > 0) {
        wrong = "INSTEAD OF triggers cannot have column lists";
    }
    return wrong == NULL ? ST_OK : err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "%s", wrong);
}

/* ---- REFERENCING ---- */

/* transition_refuse - what a trigger with transition tables cannot be. */
static Status transition_refuse(Cx *cx, const NewTrigger *n, const PgQuery__TriggerTransition *tt)
{
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    const char *wrong = NULL;
    if (!tt->is_table) {
        st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                          "ROW variable naming in the REFERENCING clause is not supported"));
        return err_hint(cx, "Use OLD TABLE or NEW TABLE for naming transition tables.");
    }
    if (n->t->kind == 'v') {
        return trigger_wrong_kind(cx, n->t, "Triggers on views cannot have transition tables.");
    }
    if (stmt->timing != 0) {
        return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                       "transition table name can only be specified for an AFTER trigger");
    }
    if ((stmt->events & TRIGGER_TRUNCATE) != 0) {
        wrong = "TRUNCATE triggers with transition tables are not supported";
    } else if ((stmt->events & (stmt->events - 1)) != 0) {
        wrong = "transition tables cannot be specified for triggers with more than one event";
    } else if (stmt->n_columns > 0) {
        wrong = "transition tables cannot be specified for triggers with column lists";
    }
    return wrong == NULL ? ST_OK : err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "%s", wrong);
}

/* trigger_transitions - the names of REFERENCING OLD TABLE and NEW TABLE. */
static Status trigger_transitions(Cx *cx, NewTrigger *n)
{
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    for (size_t i = 0; i < stmt->n_transition_rels; i++) {
        const PgQuery__TriggerTransition *tt = stmt->transition_rels[i]->trigger_transition;
        const char **name = tt->is_new ? &n->r.new_table : &n->r.old_table;
        const char *which = tt->is_new ? "NEW" : "OLD";
        int other = tt->is_new ? TRIGGER_INSERT : TRIGGER_DELETE;
        TRY(transition_refuse(cx, n, tt));
        if ((stmt->events & (other | TRIGGER_UPDATE)) == 0) {
            return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "%s TABLE can only be specified for %s or UPDATE trigger", which,
                           tt->is_new ? "an INSERT" : "a DELETE");
        }
        if (*name != NULL) {
            return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "%s TABLE cannot be specified multiple times", which);
        }
        *name = tt->name;
    }
    if (n->r.old_table != NULL && n->r.new_table != NULL &&
        strcmp(n->r.old_table, n->r.new_table) == 0) {
        return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                       "OLD TABLE name and NEW TABLE name cannot be the same");
    }
    return ST_OK;
}

/* ---- the function, the columns ---- */

static const char *trigger_function_name(const NewTrigger *n)
{
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    const char *text = ddl_string(stmt->funcname[0]);
    for (size_t i = 1; i < stmt->n_funcname; i++) {
        text = arena_printf(n->d->arena, "%s.%s", text, ddl_string(stmt->funcname[i]));
    }
    return text;
}

/* trigger_function - the function without arguments of that name; it must return trigger. */
static Status trigger_function(Cx *cx, NewTrigger *n)
{
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    CatView *v = n->d->view;
    const char *name = ddl_string(stmt->funcname[stmt->n_funcname - 1]);
    const char *schema =
        stmt->n_funcname > 1 ? ddl_string(stmt->funcname[stmt->n_funcname - 2]) : NULL;
    const CatProc *const *list = NULL, *found = NULL;
    uint32_t count = 0;
    Oid ns;
    if (schema != NULL) {
        Status st = cat_namespace(cx, v, schema, &ns);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
        }
        TRY(st);
    }
    Status st = cat_procs_by_name(cx, v, schema, name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    for (uint32_t i = 0; st == ST_OK && i < count && found == NULL; i++) {
        found = list[i]->arg_count == 0 ? list[i] : NULL;
    }
    if (found == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "function %s() does not exist",
                       trigger_function_name(n));
    }
    if (found->result != TYPE_OF_TRIGGER) {
        return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION, "function %s must return type %s",
                       trigger_function_name(n), "trigger");
    }
    TRY(cat_acl_need(cx, v, CAT_PG_PROC, found->oid, v->user, ACL_EXECUTE));
    n->r.function = found->oid;
    return ST_OK;
}

/* trigger_of_columns - UPDATE OF: each column once. */
static Status trigger_of_columns(Cx *cx, NewTrigger *n)
{
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    int16_t *list = ARENA_ARRAY(n->d->arena, int16_t, stmt->n_columns + 1);
    for (size_t i = 0; i < stmt->n_columns; i++) {
        const char *name = ddl_string(stmt->columns[i]);
        const CatColumn *c = ddl_column(n->t, name);
        if (c == NULL) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           "column \"%s\" of relation \"%s\" does not exist", name, n->t->name);
        }
        for (uint16_t k = 0; k < n->r.column_count; k++) {
            if (list[k] == c->number) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once", name);
            }
        }
        list[n->r.column_count++] = c->number;
    }
    n->r.columns = list;
    return ST_OK;
}

static Status trigger_when(Cx *cx, NewTrigger *n)
{
    DdlCx *d = n->d;
    if (n->stmt->when_clause == NULL) {
        return ST_OK;
    }
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    Expr *e;
    TRY(bind_trigger_when(cx, &b, n->t, n->stmt->when_clause, n->r.type, &e));
    n->when = e;
    return bind_store_expr(cx, d->arena, e, &n->r.when_sql);
}

/* ---- the rows ---- */

/* trigger_old - the trigger of this name that is there already: an error unless OR REPLACE may take
 * its place. */
static Status trigger_old(Cx *cx, const NewTrigger *n, const CatTrigger **old_out)
{
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    const CatTrigger *old = *old_out = ddl_trigger_named(n->t, stmt->trigname);
    if (old == NULL) {
        return ST_OK;
    }
    if (!stmt->replace) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                       "trigger \"%s\" for relation \"%s\" already exists", stmt->trigname,
                       n->t->name);
    }
    if (old->internal) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                       "trigger \"%s\" for relation \"%s\" is an internal or a child trigger",
                       stmt->trigname, n->t->name);
    }
    if (old->constraint != 0) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                       "trigger \"%s\" for relation \"%s\" is a constraint trigger", stmt->trigname,
                       n->t->name);
    }
    return ddl_not_in_use(cx, n->d, n->t, "CREATE OR REPLACE TRIGGER");
}

/* WhenColumns - columns of the table that a condition reads, each once. */
typedef struct WhenColumns {
    int16_t *list;
    uint16_t count;
} WhenColumns;

static bool when_column_seen(void *arg, const Expr *e)
{
    WhenColumns *w = arg;
    if (e->form == FORM_WHOLE_ROWS || (e->kind == EXPR_ROW && e->u.row.whole)) {
        return false; /* no column in particular */
    }
    if (e->kind != EXPR_COLUMN || e->u.column.column < 0) {
        return true;
    }
    int16_t number = (int16_t)(e->u.column.column + 1);
    for (uint16_t i = 0; i < w->count; i++) {
        if (w->list[i] == number) {
            return true;
        }
    }
    w->list[w->count++] = number;
    return true;
}

/* trigger_depends - what the trigger goes with (its table) and what it keeps. */
static Status trigger_depends(Cx *cx, NewTrigger *n)
{
    DdlCx *d = n->d;
    DdlObject self = {CAT_PG_TRIGGER, n->r.oid, 0};
    WhenColumns w = {.list = ARENA_ARRAY(d->arena, int16_t, n->t->column_count + 1u)};
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_PROC, n->r.function, 0}, 'n'));
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, n->t->oid, 0}, 'a'));
    if (n->from != NULL) {
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, n->from->oid, 0}, 'a'));
    }
    if (n->r.constraint != 0) {
        TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CONSTRAINT, n->r.constraint, 0}, self, 'i'));
    }
    for (uint16_t i = 0; i < n->r.column_count; i++) {
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, n->t->oid, n->r.columns[i]}, 'n'));
    }
    if (n->when == NULL) {
        return ST_OK;
    }
    expr_walk(n->when, when_column_seen, &w);
    for (uint16_t i = 0; i < w.count; i++) {
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, n->t->oid, w.list[i]}, 'n'));
    }
    return ddl_depend_on_expr(cx, d, self, n->when);
}

/* trigger_write - the rows: of a new trigger, or of one that takes the place of `old`. */
static Status trigger_write(Cx *cx, NewTrigger *n, const CatTrigger *old)
{
    DdlCx *d = n->d;
    const PgQuery__CreateTrigStmt *stmt = n->stmt;
    if (old != NULL) {
        Datum key[2] = {{.u32 = CAT_PG_TRIGGER}, {.u32 = old->oid}};
        n->r.oid = old->oid;
        TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, key, 2));
        TRY(ddl_row_remove(cx, d, CAT_PG_TRIGGER, &key[1], 1));
    } else {
        TRY(ddl_new_oid(cx, d, &n->r.oid));
    }
    if (stmt->isconstraint) {
        ConstraintRow c = {.name = stmt->trigname,
                           .type = 't',
                           .deferrable = n->r.deferrable,
                           .deferred = n->r.deferred,
                           .validated = true,
                           .no_inherit = true};
        TRY(ddl_new_oid(cx, d, &c.oid));
        TRY(ddl_insert_constraint(cx, d, n->t, &c));
        n->r.constraint = c.oid;
    }
    TRY(ddl_insert_trigger(cx, d, &n->r));
    TRY(trigger_depends(cx, n));
    TRY(ddl_update_class_flag(cx, d, n->t->oid, PG_CLASS_RELHASTRIGGERS, true));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_create_trigger(Cx *cx, DdlCx *d, const PgQuery__CreateTrigStmt *stmt)
{
    NewTrigger n = {.d = d, .stmt = stmt};
    const CatTrigger *old;
    TRY(ddl_lock(cx, d, stmt->relation, TABLELOCK_SHARE_ROW_EXCLUSIVE, false, &n.t));
    TRY(cat_acl_need(cx, d->view, CAT_PG_CLASS, n.t->oid, d->view->user, ACL_TRIGGER));
    if (stmt->replace && stmt->isconstraint) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported");
    }
    TRY(trigger_relation(cx, &n));
    if (stmt->isconstraint && stmt->constrrel != NULL) {
        TRY(ddl_lock(cx, d, stmt->constrrel, TABLELOCK_ACCESS_SHARE, false, &n.from));
    }
    TRY(trigger_timing(cx, stmt));
    n.r = (TriggerRecord){.table = n.t->oid,
                          .name = stmt->trigname,
                          .type = (int16_t)(stmt->timing | stmt->events | (stmt->row ? 1 : 0)),
                          .constraint_table = n.from != NULL ? n.from->oid : OID_INVALID,
                          .deferrable = stmt->deferrable != 0,
                          .deferred = stmt->initdeferred != 0,
                          .args = stmt->args,
                          .arg_count = stmt->n_args};
    TRY(trigger_transitions(cx, &n));
    TRY(trigger_when(cx, &n));
    TRY(trigger_function(cx, &n));
    TRY(ddl_reload(cx, d, n.t->oid, &n.t));
    TRY(trigger_old(cx, &n, &old));
    TRY(trigger_of_columns(cx, &n));
    return trigger_write(cx, &n, old);
}
