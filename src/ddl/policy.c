/*
 * policy.c - row security: CREATE, ALTER and DROP POLICY, and the switches of a table.
 */
#include <stdlib.h>

#include "ddl/role.h"

/* policy_table - the table, owned by the user, locked. */
static Status policy_table(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, const CatTable **out)
{
    TRY(ddl_lock(cx, d, rv, TABLELOCK_ACCESS_EXCLUSIVE, false, out));
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, (*out)->oid));
    return ddl_require_table(cx, *out);
}

/* policy_find - the row of the table's policy of this name; *found false when there is none. */
static Status policy_find(Cx *cx, DdlCx *d, Oid table, const char *name, DdlRow *out, bool *found)
{
    static const uint16_t COLUMNS[2] = {PG_POLICY_POLRELID, PG_POLICY_POLNAME};
    Datum key[2] = {{.u32 = table}, {.str = str_ref(name, strlen(name))}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_POLICY, COLUMNS, key, 2, &list));
    *found = list.count != 0;
    if (*found) {
        *out = list.rows[0];
    }
    return ST_OK;
}

static Status policy_need(Cx *cx, DdlCx *d, const CatTable *t, const char *name, DdlRow *out)
{
    bool found;
    TRY(policy_find(cx, d, t->oid, name, out, &found));
    return found ? ST_OK
                 : err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                           "policy \"%s\" for table \"%s\" does not exist", name, t->name);
}

static Status policy_taken(Cx *cx, DdlCx *d, const CatTable *t, const char *name)
{
    DdlRow r;
    bool found;
    TRY(policy_find(cx, d, t->oid, name, &r, &found));
    return !found ? ST_OK
                  : err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                            "policy \"%s\" for table \"%s\" already exists", name, t->name);
}

/* policy_roles - whom it is about; PUBLIC is 0 and stands alone. */
static Status policy_roles(Cx *cx, DdlCx *d, PgQuery__Node *const *nodes, size_t n, Oid **out,
                           uint32_t *count)
{
    Oid *list = *out = ARENA_ARRAY(d->arena, Oid, n + 1);
    *count = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        TRY(ddl_role_spec(cx, d, nodes[i]->role_spec, true, &list[i]));
        if (list[i] == OID_INVALID) {
            if (n > 1) {
                err_notice(cx, ERR_WARNING, ERRCODE_WARNING,
                           "All roles are members of the PUBLIC role.",
                           "ignoring specified roles other than PUBLIC");
            }
            list[0] = OID_INVALID;
            *count = 1;
            return ST_OK;
        }
    }
    return ST_OK;
}

static char policy_command(const char *name)
{
    return strcmp(name, "select") == 0   ? 'r'
           : strcmp(name, "insert") == 0 ? 'a'
           : strcmp(name, "update") == 0 ? 'w'
           : strcmp(name, "delete") == 0 ? 'd'
                                         : '*';
}

/* policy_check_clauses - INSERT has no old rows to look at, SELECT and DELETE no new ones. */
static Status policy_check_clauses(Cx *cx, char command, bool qual, bool check)
{
    if ((command == 'r' || command == 'd') && check) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "WITH CHECK cannot be applied to SELECT or DELETE");
    }
    if (command == 'a' && qual) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "only WITH CHECK expression allowed for INSERT");
    }
    return ST_OK;
}

/* policy_expr - one of its conditions, bound. */
static Status policy_expr(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__Node *node, DdlRow *r,
                          int column, Expr **out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    const char *text; /* errors have no position here, as in PostgreSQL */
    TRY(bind_table_expr(cx, &b, t, node, TYPE_BOOL, -1, "POLICY", out));
    TRY(bind_store_expr(cx, d->arena, *out, &text));
    ddl_set_text(r, column, text);
    return ST_OK;
}

/* policy_depend - what the policy needs, recorded anew. */
static Status policy_depend(Cx *cx, DdlCx *d, const CatTable *t, Oid oid, const Expr *const *exprs,
                            const Oid *roles, uint32_t role_count)
{
    DdlObject self = {CAT_PG_POLICY, oid, 0};
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, t->oid, 0}, 'a'));
    for (int i = 0; i < 2; i++) {
        if (exprs[i] != NULL) {
            TRY(ddl_depend_on_expr(cx, d, self, exprs[i]));
        }
    }
    return ddl_shdepend_roles(cx, d, self, roles, role_count);
}

Status ddl_create_policy(Cx *cx, DdlCx *d, const PgQuery__CreatePolicyStmt *stmt)
{
    const CatTable *t;
    Expr *exprs[2] = {NULL, NULL};
    Oid oid, *roles;
    uint32_t role_count;
    DdlRow r;
    char command = policy_command(stmt->cmd_name);
    TRY(policy_check_clauses(cx, command, stmt->qual != NULL, stmt->with_check != NULL));
    TRY(policy_roles(cx, d, stmt->roles, stmt->n_roles, &roles, &role_count));
    TRY(policy_table(cx, d, stmt->table, &t));
    ddl_row_init(&r, CAT_PG_POLICY);
    if (stmt->qual != NULL) {
        TRY(policy_expr(cx, d, t, stmt->qual, &r, PG_POLICY_POLQUAL, &exprs[0]));
    }
    if (stmt->with_check != NULL) {
        TRY(policy_expr(cx, d, t, stmt->with_check, &r, PG_POLICY_POLWITHCHECK, &exprs[1]));
    }
    TRY(policy_taken(cx, d, t, stmt->policy_name));
    TRY(ddl_new_oid(cx, d, &oid));
    ddl_set_oid(&r, PG_POLICY_OID, oid);
    ddl_set_text(&r, PG_POLICY_POLNAME, stmt->policy_name);
    ddl_set_oid(&r, PG_POLICY_POLRELID, t->oid);
    ddl_set_char(&r, PG_POLICY_POLCMD, command);
    ddl_set_bool(&r, PG_POLICY_POLPERMISSIVE, stmt->permissive);
    ddl_set_text(&r, PG_POLICY_POLROLES, ddl_oid_array(d->arena, roles, (uint16_t)role_count));
    TRY(ddl_row_insert(cx, d, &r));
    TRY(policy_depend(cx, d, t, oid, (const Expr *const *)exprs, roles, role_count));
    cat_changed(d->view);
    return ST_OK;
}

/* policy_old - an expression or the roles that ALTER POLICY leaves as they are. */
static Status policy_old(Cx *cx, DdlCx *d, const CatTable *t, const DdlRow *r, int column,
                         Expr **out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    const char *text = ddl_row_text(d, r, column);
    return text != NULL ? bind_load_expr(cx, &b, t, text, out) : ST_OK;
}

static void policy_old_roles(DdlCx *d, const DdlRow *r, Oid **out, uint32_t *count)
{
    const char *const *items;
    *count = cat_text_array(d->arena, ddl_row_text(d, r, PG_POLICY_POLROLES), &items);
    *out = ARENA_ARRAY(d->arena, Oid, *count + 1);
    for (uint32_t i = 0; i < *count; i++) {
        (*out)[i] = (Oid)strtoul(items[i], NULL, 10);
    }
}

Status ddl_alter_policy(Cx *cx, DdlCx *d, const PgQuery__AlterPolicyStmt *stmt)
{
    const CatTable *t;
    Expr *exprs[2] = {NULL, NULL};
    Oid *roles;
    uint32_t role_count;
    DdlRow r;
    if (stmt->n_roles != 0) {
        TRY(policy_roles(cx, d, stmt->roles, stmt->n_roles, &roles, &role_count));
    }
    TRY(policy_table(cx, d, stmt->table, &t));
    TRY(policy_need(cx, d, t, stmt->policy_name, &r));
    const char *command = ddl_row_text(d, &r, PG_POLICY_POLCMD);
    TRY(policy_check_clauses(cx, command[0], stmt->qual != NULL, stmt->with_check != NULL));
    TRY(stmt->qual != NULL ? policy_expr(cx, d, t, stmt->qual, &r, PG_POLICY_POLQUAL, &exprs[0])
                           : policy_old(cx, d, t, &r, PG_POLICY_POLQUAL, &exprs[0]));
    TRY(stmt->with_check != NULL
            ? policy_expr(cx, d, t, stmt->with_check, &r, PG_POLICY_POLWITHCHECK, &exprs[1])
            : policy_old(cx, d, t, &r, PG_POLICY_POLWITHCHECK, &exprs[1]));
    if (stmt->n_roles == 0) {
        policy_old_roles(d, &r, &roles, &role_count);
    }
    ddl_set_text(&r, PG_POLICY_POLROLES, ddl_oid_array(d->arena, roles, (uint16_t)role_count));
    TRY(ddl_row_store(cx, d, &r));
    Oid oid = r.values[PG_POLICY_OID].u32;
    Datum depends[2] = {{.u32 = CAT_PG_POLICY}, {.u32 = oid}};
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, depends, 2));
    TRY(policy_depend(cx, d, t, oid, (const Expr *const *)exprs, roles, role_count));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_policy_forget(Cx *cx, DdlCx *d, Oid policy, Oid role)
{
    Datum key = {.u32 = policy};
    DdlRow r;
    Oid *roles;
    uint32_t count, n = 0;
    Status st = ddl_row_load(cx, d, CAT_PG_POLICY, &key, 1, &r);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    policy_old_roles(d, &r, &roles, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (roles[i] != role) {
            roles[n++] = roles[i];
        }
    }
    if (n == 0) {
        return ddl_remove_object(cx, d, (DdlObject){CAT_PG_POLICY, policy, 0});
    }
    ddl_set_text(&r, PG_POLICY_POLROLES, ddl_oid_array(d->arena, roles, (uint16_t)n));
    TRY(ddl_row_store(cx, d, &r));
    TRY(ddl_shdepend_roles(cx, d, (DdlObject){CAT_PG_POLICY, policy, 0}, roles, n));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_rename_policy(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt)
{
    const CatTable *t;
    DdlRow r;
    TRY(policy_table(cx, d, stmt->relation, &t));
    TRY(policy_taken(cx, d, t, stmt->newname));
    TRY(policy_need(cx, d, t, stmt->subname, &r));
    ddl_set_text(&r, PG_POLICY_POLNAME, stmt->newname);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_drop_policy(Cx *cx, DdlCx *d, const PgQuery__Node *object, bool missing_ok,
                       DdlObject *o_out)
{
    const PgQuery__List *names = object->list;
    PgQuery__RangeVar rv = PG_QUERY__RANGE_VAR__INIT;
    const char *name = ddl_string(names->items[names->n_items - 1]);
    const CatTable *t;
    DdlRow r;
    bool found = false;
    *o_out = (DdlObject){0};
    rv.relname = (char *)(uintptr_t)ddl_string(names->items[names->n_items - 2]);
    rv.schemaname =
        names->n_items > 2 ? (char *)(uintptr_t)ddl_string(names->items[names->n_items - 3]) : NULL;
    if (missing_ok) {
        Status st = cat_table_by_name(cx, d->view, rv.schemaname, rv.relname, &t);
        if (st == ST_NOTFOUND) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "relation \"%s\" does not exist, skipping", rv.relname);
            return ST_OK;
        }
        TRY(st);
        TRY(policy_find(cx, d, t->oid, name, &r, &found));
        if (!found) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "policy \"%s\" for relation \"%s\" does not exist, skipping", name, t->name);
            return ST_OK;
        }
    }
    TRY(policy_table(cx, d, &rv, &t));
    TRY(policy_need(cx, d, t, name, &r));
    *o_out = (DdlObject){CAT_PG_POLICY, r.values[PG_POLICY_OID].u32, 0};
    return ST_OK;
}

Status ddl_row_security(Cx *cx, DdlCx *d, Oid table, PgQuery__AlterTableType what)
{
    bool force = what == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity ||
                 what == PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity;
    bool on = what == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity ||
              what == PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity;
    return ddl_update_class_flag(
        cx, d, table, force ? PG_CLASS_RELFORCEROWSECURITY : PG_CLASS_RELROWSECURITY, on);
}
