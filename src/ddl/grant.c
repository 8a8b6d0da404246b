/*
 * grant.c - GRANT and REVOKE on objects: relations and their columns, sequences, databases,
 * functions, schemas, languages, tablespaces, types, large objects.
 */
#include "ddl/role.h"

/* ---- what is granted ---- */

/* grant_word - the right of this name; 42601 when there is none. */
static Status grant_word(Cx *cx, const char *name, AclMode *out)
{
    for (uint32_t i = 0; i < ACL_WORD_COUNT; i++) {
        if (strcasecmp(ACL_WORDS[i].name, name) == 0) {
            *out = 1u << i;
            return ST_OK;
        }
    }
    *out = ACL_CREATE_TEMP;
    return strcasecmp(name, "temp") == 0
               ? ST_OK
               : err_set(cx, ERRCODE_SYNTAX_ERROR, "unrecognized privilege type \"%s\"", name);
}

/* grant_invalid - 0LP01: the kind of object has no such right. */
static Status grant_invalid(Cx *cx, AclMode mode, const char *what)
{
    return err_set(cx, ERRCODE_INVALID_GRANT_OPERATION, "invalid privilege type %s for %s",
                   ACL_WORDS[__builtin_ctz(mode)].name, what);
}

Status ddl_grant_rights(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt, const AclKind *kind,
                        AclMode *mode_out, bool *all_out)
{
    AclMode allowed = kind->all;
    (void)d;
    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
        allowed |= ACL_USAGE; /* sequences count as relations */
    }
    *mode_out = 0;
    *all_out = stmt->n_privileges == 0;
    for (size_t i = 0; i < stmt->n_privileges; i++) {
        const PgQuery__AccessPriv *p = stmt->privileges[i]->access_priv;
        AclMode one;
        if (p->n_cols != 0) {
            if (stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
                return err_set(cx, ERRCODE_INVALID_GRANT_OPERATION,
                               "column privileges are only valid for relations");
            }
            continue;
        }
        TRY(grant_word(cx, p->priv_name, &one));
        if ((one & ~allowed) != 0) {
            return grant_invalid(cx, one, kind->plural);
        }
        *mode_out |= one;
    }
    return ST_OK;
}

Status ddl_grant_grantees(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt, AclChange *c)
{
    Oid *list = ARENA_ARRAY(d->arena, Oid, stmt->n_grantees + 1);
    for (size_t i = 0; i < stmt->n_grantees; i++) {
        TRY(ddl_role_spec(cx, d, stmt->grantees[i]->role_spec, true, &list[i]));
    }
    c->grantees = list;
    c->grantee_count = (uint32_t)stmt->n_grantees;
    c->grant = stmt->is_grant;
    c->option = stmt->grant_option;
    c->cascade = stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    return ST_OK;
}

/* ---- one object ---- */

/* GrantTarget - the list that is changed: an object's or a column's. */
typedef struct GrantTarget {
    const CatAcl *object;
    const AclKind *kind;
    const char *column; /* NULL: the object itself */
    const Acl *list;    /* as it is */
    const Acl *seen;    /* by which the grantor is chosen */
} GrantTarget;

/* grant_warn - not all of what was said could be done. */
static void grant_warn(Cx *cx, const GrantTarget *t, const AclChange *c, bool none)
{
    uint32_t state =
        c->grant ? ERRCODE_WARNING_PRIVILEGE_NOT_GRANTED : ERRCODE_WARNING_PRIVILEGE_NOT_REVOKED;
    const char *done = c->grant ? "were granted" : "could be revoked";
    if (t->column != NULL) {
        err_notice(cx, ERR_WARNING, state, NULL,
                   "%s privileges %s for column \"%s\" of relation \"%s\"", none ? "no" : "not all",
                   done, t->column, t->object->name);
    } else {
        err_notice(cx, ERR_WARNING, state, NULL, "%s privileges %s for \"%s\"",
                   none ? "no" : "not all", done, t->object->name);
    }
}

/* grant_apply - the change to one list; *out is the new one. */
static Status grant_apply(Cx *cx, DdlCx *d, const GrantTarget *t, const AclChange *c, Acl *out)
{
    AclChange one = *c;
    AclMode may, have;
    Oid grantor;
    TRY(acl_grantor(cx, d, t->seen, t->object->owner, c->mode, &grantor, &may));
    if (may == 0) {
        AclMode any = t->kind->all | ACL_OPTION(t->kind->all);
        TRY(acl_mask(cx, d->view, t->seen, grantor, t->object->owner, any, &have));
        if (have == 0) {
            return t->column == NULL
                       ? acl_denied(cx, t->object)
                       : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                                 "permission denied for column \"%s\" of relation \"%s\"",
                                 t->column, t->object->name);
        }
    }
    one.mode &= may;
    if (one.mode == 0 || (!c->all && one.mode != c->mode)) {
        grant_warn(cx, t, c, one.mode == 0);
    }
    *out = *t->list;
    return acl_merge(cx, d, out, &one, grantor, t->object->owner);
}

Status ddl_acl_change(Cx *cx, DdlCx *d, Oid class_oid, Oid oid, const AclChange *c)
{
    const CatAcl *a;
    Acl now;
    DdlRow r;
    Datum key = {.u32 = oid};
    static const Acl NONE = {0};
    Status st = cat_acl(cx, d->view, class_oid, oid, &a);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    if (class_oid == CAT_PG_LARGEOBJECT) { /* messages of GRANT say so */
        CatAcl *named = ARENA_NEW(d->arena, CatAcl);
        *named = *a;
        named->name = arena_printf(d->arena, "large object %s", a->name);
        a = named;
    }
    GrantTarget t = {.object = a, .kind = a->kind, .list = &a->acl, .seen = &a->acl};
    TRY(grant_apply(cx, d, &t, c, &now));
    TRY(ddl_row_load(cx, d, acl_catalog(class_oid), &key, 1, &r));
    ddl_set_text(&r, a->kind->acl, acl_text(d->arena, &now));
    TRY(ddl_row_store(cx, d, &r));
    TRY(ddl_shdepend_acl(cx, d, (DdlObject){class_oid, oid, 0}, a->owner,
                         a->given ? &a->acl : &NONE, &now));
    cat_changed(d->view);
    return ST_OK;
}

/* ---- columns ---- */

/* grant_column - one column of a relation; before: the relation's list as it was. */
static Status grant_column(Cx *cx, DdlCx *d, Oid table, const CatColumn *column, const Acl *before,
                           AclMode mode, const AclChange *like)
{
    const CatAcl *a;
    static const Acl NONE = {0};
    Acl now, all;
    const Acl *own = &NONE;
    AclChange c = *like;
    DdlRow r;
    c.mode = mode;
    c.all = mode == acl_kind_of_letter('c')->all;
    TRY(cat_acl(cx, d->view, CAT_PG_CLASS, table, &a));
    for (uint16_t i = 0; i < a->column_count; i++) {
        own = a->columns[i].number == column->number ? &a->columns[i].acl : own;
    }
    all.items = ARENA_ARRAY(d->arena, AclItem, before->count + own->count + 1);
    all.count = 0;
    for (uint32_t i = 0; i < before->count; i++) {
        all.items[all.count++] = before->items[i];
    }
    for (uint32_t i = 0; i < own->count; i++) {
        all.items[all.count++] = own->items[i];
    }
    GrantTarget t = {.object = a,
                     .kind = acl_kind_of_letter('c'),
                     .column = column->name,
                     .list = own,
                     .seen = &all};
    TRY(grant_apply(cx, d, &t, &c, &now));
    if (now.count == 0 && own->count == 0) {
        return ST_OK;
    }
    if (column->number < 0) {
        return err_unsupported(cx, "privileges on system columns are not supported");
    }
    TRY(ddl_load_attribute(cx, d, table, column->number, &r));
    ddl_set_text(&r, PG_ATTRIBUTE_ATTACL, now.count != 0 ? acl_text(d->arena, &now) : NULL);
    TRY(ddl_row_store(cx, d, &r));
    TRY(ddl_shdepend_acl(cx, d, (DdlObject){CAT_PG_CLASS, table, column->number}, a->owner, own,
                         &now));
    cat_changed(d->view);
    return ST_OK;
}

/* grant_column_modes - which rights the statement names for which column of the table. */
static Status grant_column_modes(Cx *cx, const CatTable *t, const PgQuery__GrantStmt *stmt,
                                 AclMode *modes)
{
    AclMode allowed = acl_kind_of_letter('c')->all;
    for (size_t i = 0; i < stmt->n_privileges; i++) {
        const PgQuery__AccessPriv *p = stmt->privileges[i]->access_priv;
        AclMode one = allowed;
        if (p->n_cols != 0 && p->priv_name != NULL && p->priv_name[0] != '\0') {
            TRY(grant_word(cx, p->priv_name, &one));
            if ((one & ~allowed) != 0) {
                return grant_invalid(cx, one, "column");
            }
        }
        for (size_t k = 0; k < p->n_cols; k++) {
            const CatColumn *c = ddl_column(t, ddl_string(p->cols[k]));
            if (c == NULL) {
                return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                               "column \"%s\" of relation \"%s\" does not exist",
                               ddl_string(p->cols[k]), t->name);
            }
            modes[c->number] |= one;
        }
    }
    return ST_OK;
}

/* grant_relation_mode - what the rights mean for this relation: a sequence has fewer. */
static void grant_relation_mode(Cx *cx, const CatTable *t, const PgQuery__GrantStmt *stmt,
                                AclChange *c)
{
    const AclKind *kind = acl_kind(CAT_PG_CLASS, t->kind);
    if (c->all) {
        c->mode = kind->all;
        return;
    }
    if (stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || (c->mode & ~kind->all) == 0) {
        return;
    }
    if (t->kind == 'S') {
        err_notice(cx, ERR_WARNING, ERRCODE_INVALID_GRANT_OPERATION, NULL,
                   "sequence \"%s\" only supports USAGE, SELECT, and UPDATE privileges", t->name);
    }
    c->mode &= kind->all;
}

/* SYSTEM_COLUMNS - they never have lists here, but who may not revoke is told of each. */
static const CatColumn SYSTEM_COLUMNS[] = {
    {.name = "tableoid", .number = -6}, {.name = "cmax", .number = -5},
    {.name = "xmax", .number = -4},     {.name = "cmin", .number = -3},
    {.name = "xmin", .number = -2},     {.name = "ctid", .number = -1},
};

/* grant_relation - a table, view or sequence, and columns of it. */
static Status grant_relation(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__GrantStmt *stmt,
                             const AclChange *like)
{
    AclChange c = *like;
    const CatAcl *a;
    AclMode *modes = ARENA_ARRAY(d->arena, AclMode, t->column_count + 1u);
    grant_relation_mode(cx, t, stmt, &c);
    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && c.mode == ACL_USAGE) {
        return t->kind == 'S' ? ddl_acl_change(cx, d, CAT_PG_CLASS, t->oid, &c)
                              : grant_invalid(cx, c.mode, "table");
    }
    TRY(cat_acl(cx, d->view, CAT_PG_CLASS, t->oid, &a));
    TRY(grant_column_modes(cx, t, stmt, modes));
    AclMode also = c.grant || t->kind == 'S' ? 0 : c.mode & acl_kind_of_letter('c')->all;
    for (uint16_t i = 0; i < t->column_count; i++) {
        modes[t->columns[i].number] |= also;
    }
    if (c.mode != 0) {
        TRY(ddl_acl_change(cx, d, CAT_PG_CLASS, t->oid, &c));
    }
    for (size_t i = 0; also != 0 && t->kind == 'r' && i < ARRAY_LEN(SYSTEM_COLUMNS); i++) {
        TRY(grant_column(cx, d, t->oid, &SYSTEM_COLUMNS[i], &a->acl, also, &c));
    }
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *column = &t->columns[i];
        if (modes[column->number] != 0 && !column->dropped) {
            TRY(grant_column(cx, d, t->oid, column, &a->acl, modes[column->number], &c));
        }
    }
    return ST_OK;
}

Status ddl_relation_change(Cx *cx, DdlCx *d, Oid table, const AclChange *c)
{
    const CatTable *t;
    PgQuery__GrantStmt stmt = PG_QUERY__GRANT_STMT__INIT;
    stmt.objtype = PG_QUERY__OBJECT_TYPE__OBJECT_TABLE;
    TRY(cat_table_by_oid(cx, d->view, table, &t));
    return grant_relation(cx, d, t, &stmt, c);
}

/* grant_open - a relation by its name, of a kind that has privileges. */
static Status grant_open(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt,
                         const PgQuery__RangeVar *rv, const CatTable **out)
{
    const char *schema = rv->schemaname != NULL && rv->schemaname[0] ? rv->schemaname : NULL;
    Status st = cat_table_by_name(cx, d->view, schema, rv->relname, out);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                       schema != NULL ? schema : "", schema != NULL ? "." : "", rv->relname);
    }
    TRY(st);
    if ((*out)->kind == 'i' || (*out)->kind == 'I') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is an index", (*out)->name);
    }
    if ((*out)->kind == 'c') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a composite type", (*out)->name);
    }
    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE && (*out)->kind != 'S') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence", (*out)->name);
    }
    return ST_OK;
}

/* ---- other objects by name ---- */

/* grant_same_args - does the function take just these types? */
static bool grant_same_args(const CatProc *p, const Oid *types, size_t count)
{
    bool same = p->arg_count == count;
    for (size_t i = 0; same && i < count; i++) {
        same = p->args[i] == types[i];
    }
    return same;
}

/* grant_function - the function a name and its argument types mean. */
static Status grant_function(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, Oid *oid_out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    const char *name = ddl_string(o->objname[o->n_objname - 1]);
    const char *schema = o->n_objname > 1 ? ddl_string(o->objname[o->n_objname - 2]) : NULL;
    const CatProc *const *list;
    uint32_t count = 0, found = 0;
    Oid *types = ARENA_ARRAY(d->arena, Oid, o->n_objargs + 1);
    Buf text;
    for (size_t i = 0; i < o->n_objargs; i++) {
        int32_t typmod;
        TRY(bind_type_name(cx, &b, o->objargs[i]->type_name, &types[i], &typmod));
    }
    Status st = cat_procs_by_name(cx, d->view, schema, name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (o->args_unspecified || grant_same_args(list[i], types, o->n_objargs)) {
            *oid_out = found++ == 0 || !o->args_unspecified ? list[i]->oid : *oid_out;
        }
    }
    if (o->args_unspecified && found != 1) {
        if (found == 0) {
            return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "could not find a function named \"%s\"",
                           name);
        }
        st_ignore(
            err_set(cx, ERRCODE_AMBIGUOUS_FUNCTION, "function name \"%s\" is not unique", name));
        return err_hint(cx, "Specify the argument list to select the function unambiguously.");
    }
    if (found != 0) {
        return ST_OK;
    }
    buf_init(&text, 8192);
    buf_printf(&text, "%s%s%s(", schema != NULL ? schema : "", schema != NULL ? "." : "", name);
    for (size_t i = 0; i < o->n_objargs; i++) {
        buf_puts(&text, i == 0 ? "" : ", ");
        cat_format_type(d->view, types[i], -1, &text);
    }
    st_ignore(err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "function %.*s) does not exist",
                      (int)text.len, (const char *)text.data));
    buf_release(&text);
    return ST_ERROR;
}

Status ddl_named_object(Cx *cx, DdlCx *d, PgQuery__ObjectType type, const PgQuery__Node *node,
                        Oid *class_out, Oid *oid_out)
{
    const char *name = node->node_case == PG_QUERY__NODE__NODE_STRING ? ddl_string(node) : "";
    Status st;
    switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
        *class_out = CAT_PG_NAMESPACE;
        st = cat_namespace(cx, d->view, name, oid_out);
        return st == ST_NOTFOUND
                   ? err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name)
                   : st;
    case PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE:
        *class_out = CAT_PG_DATABASE;
        st = cat_database_by_name(cx, d->view, name, oid_out);
        return st == ST_NOTFOUND
                   ? err_set(cx, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name)
                   : st;
    case PG_QUERY__OBJECT_TYPE__OBJECT_LANGUAGE:
        *class_out = CAT_PG_LANGUAGE;
        st = cat_object_by_name(cx, d->view, *class_out, PG_LANGUAGE_LANNAME, name, oid_out);
        break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLESPACE:
        *class_out = CAT_PG_TABLESPACE;
        st = cat_object_by_name(cx, d->view, *class_out, PG_TABLESPACE_SPCNAME, name, oid_out);
        break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_LARGEOBJECT: {
        DdlObject o;
        TRY(ddl_large_object(cx, d, node, &o));
        *class_out = o.class_oid;
        *oid_out = o.oid;
        return ST_OK;
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
        *class_out = CAT_PG_PROC;
        return grant_function(cx, d, node->object_with_args, oid_out);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: {
        BindCx b = {.view = d->view, .arena = d->arena, .sql = {0}, .env = d->env};
        PgQuery__TypeName tn = PG_QUERY__TYPE_NAME__INIT;
        int32_t typmod;
        tn.names = node->list->items;
        tn.n_names = node->list->n_items;
        tn.typemod = -1;
        tn.location = -1;
        *class_out = CAT_PG_TYPE;
        return bind_type_name(cx, &b, &tn, oid_out, &typmod);
    }
    default: return err_unsupported(cx, "privileges on this kind of object are not supported");
    }
    return st == ST_NOTFOUND ? err_set(cx, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist",
                                       acl_kind(*class_out, 0)->noun, name)
                             : st;
}

/* grant_trusted - only trusted languages may be used by others. */
static Status grant_trusted(Cx *cx, DdlCx *d, Oid class_oid, Oid oid)
{
    Datum key = {.u32 = oid};
    const Datum *values;
    const bool *nulls;
    if (class_oid != CAT_PG_LANGUAGE) {
        return ST_OK;
    }
    TRY(cat_row_get(cx, d->view, d->arena, CAT_PG_LANGUAGE, &key, 1, &values, &nulls));
    if (values[PG_LANGUAGE_LANPLTRUSTED].b) {
        return ST_OK;
    }
    const Str *name = &values[PG_LANGUAGE_LANNAME].str;
    st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "language \"%.*s\" is not trusted",
                      (int)name->len, str_ptr(name)));
    return err_detail(cx, "GRANT and REVOKE are not allowed on untrusted languages, because only "
                          "superusers can use untrusted languages.");
}

/* grant_kind - which kind of list the statement is about; NULL: none of ours. */
static const AclKind *grant_kind(PgQuery__ObjectType type)
{
    switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE: return acl_kind_of_letter('r');
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: return acl_kind_of_letter('s');
    case PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE: return acl_kind_of_letter('d');
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: return acl_kind_of_letter('f');
    case PG_QUERY__OBJECT_TYPE__OBJECT_LANGUAGE: return acl_kind_of_letter('l');
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: return acl_kind_of_letter('n');
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLESPACE: return acl_kind_of_letter('t');
    case PG_QUERY__OBJECT_TYPE__OBJECT_LARGEOBJECT: return acl_kind_of_letter('L');
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: return acl_kind_of_letter('T');
    default: return NULL;
    }
}

/* grant_schema_relations - every table (or sequence) of a schema. */
static Status grant_schema_relations(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt, Oid ns,
                                     const AclChange *c)
{
    static const uint16_t COLUMN = PG_CLASS_RELNAMESPACE;
    const char *kinds = stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE ? "S" : "rvmfp";
    Datum key = {.u32 = ns};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_CLASS, &COLUMN, &key, 1, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const CatTable *t;
        const char *kind = ddl_row_text(d, &list.rows[i], PG_CLASS_RELKIND);
        if (strchr(kinds, kind[0]) == NULL) {
            continue;
        }
        TRY(cat_table_by_oid(cx, d->view, list.rows[i].values[PG_CLASS_OID].u32, &t));
        TRY(grant_relation(cx, d, t, stmt, c));
    }
    return ST_OK;
}

/* grant_schema_functions - every function of a schema. */
static Status grant_schema_functions(Cx *cx, DdlCx *d, Oid ns, const AclChange *c)
{
    static const uint16_t COLUMN = PG_PROC_PRONAMESPACE;
    Datum key = {.u32 = ns};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_PROC, &COLUMN, &key, 1, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        TRY(ddl_acl_change(cx, d, CAT_PG_PROC, list.rows[i].values[PG_PROC_OID].u32, c));
    }
    return ST_OK;
}

/* grant_in_schema - ALL ... IN SCHEMA. */
static Status grant_in_schema(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt,
                              const PgQuery__Node *node, const AclChange *c)
{
    Oid class_oid, ns;
    TRY(ddl_named_object(cx, d, PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, node, &class_oid, &ns));
    TRY(cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, ns, d->view->user, ACL_USAGE));
    return grant_kind(stmt->objtype)->class_oid == CAT_PG_PROC
               ? grant_schema_functions(cx, d, ns, c)
               : grant_schema_relations(cx, d, stmt, ns, c);
}

Status ddl_grant(Cx *cx, DdlCx *d, const PgQuery__GrantStmt *stmt)
{
    const AclKind *kind = grant_kind(stmt->objtype);
    AclChange c = {0};
    bool in_schema = stmt->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
    if (kind == NULL) {
        return err_unsupported(cx, "privileges on this kind of object are not supported");
    }
    if (stmt->grantor != NULL) {
        Oid grantor;
        TRY(ddl_role_spec(cx, d, stmt->grantor, false, &grantor));
        if (grantor != d->view->user) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "grantor must be current user");
        }
    }
    TRY(ddl_grant_grantees(cx, d, stmt, &c));
    TRY(ddl_grant_rights(cx, d, stmt, kind, &c.mode, &c.all));
    for (size_t i = 0; i < stmt->n_objects; i++) {
        Oid class_oid, oid = OID_INVALID;
        const CatTable *t;
        AclChange one = c;
        one.mode = c.all ? kind->all : c.mode;
        if (in_schema) {
            TRY(grant_in_schema(cx, d, stmt, stmt->objects[i], &one));
        } else if (kind->class_oid == CAT_PG_CLASS) {
            TRY(grant_open(cx, d, stmt, stmt->objects[i]->range_var, &t));
            TRY(grant_relation(cx, d, t, stmt, &c));
        } else {
            TRY(ddl_named_object(cx, d, stmt->objtype, stmt->objects[i], &class_oid, &oid));
            TRY(grant_trusted(cx, d, class_oid, oid));
            TRY(ddl_acl_change(cx, d, class_oid, oid, &one));
        }
    }
    return ST_OK;
}
