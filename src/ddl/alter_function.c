/*
 * alter_function.c - finding the function a statement names; ALTER FUNCTION, PROCEDURE and ROUTINE;
 * their names in DROP, RENAME, SET SCHEMA, OWNER TO and COMMENT.
 */
#include "catalog/acl.h"
#include "ddl/function_internal.h"

char function_kind(PgQuery__ObjectType type)
{
    switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION: return 'f';
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE: return 'p';
    case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE: return 'a';
    default: return 0;
    }
}

static const char *kind_name(char kind)
{
    return kind == 'f'   ? "function"
           : kind == 'p' ? "procedure"
           : kind == 'a' ? "aggregate"
                         : "routine";
}

static const char *types_text(DdlCx *d, const Oid *types, uint32_t count)
{
    Buf b;
    buf_init(&b, 4096);
    for (uint32_t i = 0; i < count; i++) {
        buf_puts(&b, i > 0 ? "," : "");
        cat_format_type(d->view, types[i], CAT_TYPMOD_NONE, &b);
    }
    const char *text = arena_strndup(d->arena, b.data != NULL ? (const char *)b.data : "", b.len);
    buf_release(&b);
    return text;
}

const char *function_text(DdlCx *d, const CatProc *p)
{
    Buf b;
    Err err = {0};
    Cx quiet = {.err = &err, .arena = d->arena};
    buf_init(&b, 4096);
    cat_put_signature(&quiet, d->view, p, &b);
    const char *text = arena_strndup(d->arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

static const char *object_name_text(DdlCx *d, const PgQuery__ObjectWithArgs *o)
{
    const char *text = "";
    for (size_t i = 0; i < o->n_objname; i++) {
        text = arena_printf(d->arena, "%s%s%s", text, i > 0 ? "." : "", ddl_string(o->objname[i]));
    }
    return text;
}

/* raw_types_text - the types as they were written, for "does not exist, skipping". */
static const char *raw_types_text(DdlCx *d, const PgQuery__ObjectWithArgs *o)
{
    const char *text = "";
    for (size_t i = 0; i < o->n_objargs; i++) {
        const PgQuery__TypeName *n = o->objargs[i]->type_name;
        text = arena_printf(d->arena, "%s%s", text, i > 0 ? "," : "");
        for (size_t k = 0; k < n->n_names; k++) {
            text =
                arena_printf(d->arena, "%s%s%s", text, k > 0 ? "." : "", ddl_string(n->names[k]));
        }
        text = arena_printf(d->arena, "%s%s", text, n->n_array_bounds > 0 ? "[]" : "");
    }
    return text;
}

static Status find_missing(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                           bool missing_ok, const Oid *types, uint32_t count)
{
    const char *name = object_name_text(d, o);
    if (missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "%s %s(%s) does not exist, skipping", kind_name(kind), name,
                   raw_types_text(d, o));
        return ST_OK;
    }
    if (o->args_unspecified) {
        return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "could not find a %s named \"%s\"",
                       kind == 0 ? "function" : kind_name(kind), name);
    }
    return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "%s %s(%s) does not exist",
                   kind == 0 ? "function" : kind_name(kind), name, types_text(d, types, count));
}

/* find_types - the argument types that were written. ST_DONE: one of them is not there, and that is
 * excused. */
static Status find_types(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, bool missing_ok,
                         Oid *types)
{
    for (size_t i = 0; i < o->n_objargs; i++) {
        const PgQuery__TypeName *n = o->objargs[i]->type_name;
        Status st = function_type(cx, d, n, &types[i]);
        if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_UNDEFINED_OBJECT && missing_ok) {
            err_clear(cx);
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "type \"%s\" does not exist, skipping",
                       ddl_string(n->names[n->n_names - 1]));
            return ST_DONE;
        }
        TRY(st);
    }
    return ST_OK;
}

static Status find_wrong_kind(Cx *cx, DdlCx *d, const CatProc *p, char kind)
{
    const char *name =
        arena_printf(d->arena, "%s(%s)", p->name, types_text(d, p->args, p->arg_count));
    if (kind == 'f' && p->kind == 'p') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is not a function", name);
    }
    if (kind == 'f' && p->kind == 'a') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "function %s is an aggregate", name));
        return err_hint(cx, "Use ALTER AGGREGATE or DROP AGGREGATE.");
    }
    return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is not %s %s", name, kind == 'a' ? "an" : "a",
                   kind_name(kind));
}

Status function_find(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind, bool missing_ok,
                     const CatProc **out)
{
    const CatProc *const *list;
    const CatProc *found = NULL;
    Oid types[DDL_FUNCTION_ARGS_MAX];
    uint32_t count = 0;
    *out = NULL;
    const char *name = ddl_string(o->objname[o->n_objname - 1]);
    const char *schema = o->n_objname > 1 ? ddl_string(o->objname[o->n_objname - 2]) : NULL;
    if (o->n_objargs > DDL_FUNCTION_ARGS_MAX) {
        return err_set(cx, ERRCODE_TOO_MANY_ARGUMENTS,
                       "functions cannot have more than %d arguments", DDL_FUNCTION_ARGS_MAX);
    }
    Status st = find_types(cx, d, o, missing_ok, types);
    if (st != ST_OK) {
        return st == ST_DONE ? ST_OK : st;
    }
    st = cat_procs_by_name(cx, d->view, schema, name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        bool same =
            o->args_unspecified || (list[i]->arg_count == o->n_objargs &&
                                    memcmp(list[i]->args, types, o->n_objargs * sizeof(Oid)) == 0);
        bool wanted = !o->args_unspecified || kind == 0 || (kind == 'p') == (list[i]->kind == 'p');
        if (!same || !wanted) {
            continue;
        }
        if (found != NULL && o->args_unspecified) {
            st_ignore(err_set(cx, ERRCODE_AMBIGUOUS_FUNCTION, "%s name \"%s\" is not unique",
                              kind == 0 ? "routine" : kind_name(kind), object_name_text(d, o)));
            return err_hint(cx, "Specify the argument list to select the %s unambiguously.",
                            kind == 0 ? "routine" : kind_name(kind));
        }
        found = found != NULL ? found : list[i];
    }
    if (found == NULL) {
        return find_missing(cx, d, o, kind, missing_ok, types, (uint32_t)o->n_objargs);
    }
    bool fits =
        kind == 0 || (kind == 'f' ? found->kind == 'f' || found->kind == 'w' : found->kind == kind);
    if (!fits) {
        return find_wrong_kind(cx, d, found, kind);
    }
    *out = found;
    return ST_OK;
}

Status function_lock_row(Cx *cx, DdlCx *d, Oid oid, DdlRow *r)
{
    Datum key = {.u32 = oid};
    Status st = ddl_row_load(cx, d, CAT_PG_PROC, &key, 1, r);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_INTERNAL_ERROR, "cache lookup failed for function %u", oid)
               : st;
}

/* function_own - what belongs to PostgreSQL itself is not changed, another's is by its owner. */
static Status function_own(Cx *cx, DdlCx *d, const CatProc *p)
{
    return p->oid >= FIRST_USER_OID
               ? cat_owner_need(cx, d->view, CAT_PG_PROC, p->oid)
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "permission denied: \"%s\" is a system function", p->name);
}

Status ddl_alter_function(Cx *cx, DdlCx *d, const PgQuery__AlterFunctionStmt *stmt,
                          const char **tag_out)
{
    const CatProc *p;
    FunctionOptions o;
    DdlRow r;
    char kind = function_kind(stmt->objtype);
    *tag_out = kind == 'p' ? "ALTER PROCEDURE" : kind == 0 ? "ALTER ROUTINE" : "ALTER FUNCTION";
    TRY(function_find(cx, d, stmt->func, kind, false, &p));
    TRY(function_own(cx, d, p));
    TRY(function_options(cx, d, stmt->actions, stmt->n_actions, p, &o));
    if (p->kind == 'p' && (o.volatility != 0 || o.strict >= 0 || o.leakproof >= 0 || o.cost >= 0 ||
                           o.rows >= 0 || o.parallel != 0)) {
        return err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION,
                       "invalid attribute in procedure definition");
    }
    if (o.rows >= 0 && !p->returns_set) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "ROWS is not applicable when function does not return a set");
    }
    TRY(function_lock_row(cx, d, p->oid, &r));
    if (o.volatility != 0) {
        ddl_set_char(&r, PG_PROC_PROVOLATILE, o.volatility);
    }
    if (o.parallel != 0) {
        ddl_set_char(&r, PG_PROC_PROPARALLEL, o.parallel);
    }
    if (o.strict >= 0) {
        ddl_set_bool(&r, PG_PROC_PROISSTRICT, o.strict > 0);
    }
    if (o.security_definer >= 0) {
        ddl_set_bool(&r, PG_PROC_PROSECDEF, o.security_definer > 0);
    }
    if (o.leakproof >= 0) {
        ddl_set_bool(&r, PG_PROC_PROLEAKPROOF, o.leakproof > 0);
    }
    if (o.cost >= 0) {
        ddl_set_f32(&r, PG_PROC_PROCOST, (float)o.cost);
    }
    if (o.rows >= 0) {
        ddl_set_f32(&r, PG_PROC_PROROWS, (float)o.rows);
    }
    if (o.changes_config) {
        ddl_set_text(&r, PG_PROC_PROCONFIG,
                     o.config_count > 0 ? function_text_array(d->arena, o.config, o.config_count)
                                        : NULL);
    }
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

/* function_clash - 42723 when the schema has another function of the name and these inputs. */
static Status function_clash(Cx *cx, DdlCx *d, const CatProc *p, Oid namespace_oid,
                             const char *name)
{
    const CatProc *const *list;
    uint32_t count = 0;
    const char *schema = cat_namespace_name(d->view, namespace_oid);
    Status st = cat_procs_by_name(cx, d->view, schema, name, &list, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        if (list[i]->arg_count == p->arg_count &&
            memcmp(list[i]->args, p->args, p->arg_count * sizeof(Oid)) == 0) {
            return err_set(cx, ERRCODE_DUPLICATE_FUNCTION,
                           "function %s(%s) already exists in schema \"%s\"", name,
                           types_text(d, p->args, p->arg_count), schema);
        }
    }
    return st == ST_ERROR ? st : ST_OK;
}

Status ddl_rename_function(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                           const char *name)
{
    const CatProc *p;
    DdlRow r;
    TRY(function_find(cx, d, o, kind, false, &p));
    TRY(function_own(cx, d, p));
    TRY(cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, p->namespace_oid, d->view->user, ACL_CREATE));
    TRY(function_clash(cx, d, p, p->namespace_oid, name));
    TRY(function_lock_row(cx, d, p->oid, &r));
    ddl_set_text(&r, PG_PROC_PRONAME, name);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_move_function(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                         const char *schema)
{
    const CatProc *p;
    DdlRow r;
    Oid ns;
    TRY(function_find(cx, d, o, kind, false, &p));
    TRY(function_own(cx, d, p));
    Status st = cat_namespace(cx, d->view, schema, &ns);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
    }
    TRY(st);
    if (ns == p->namespace_oid) {
        return ST_OK;
    }
    TRY(cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, ns, d->view->user, ACL_CREATE));
    TRY(function_clash(cx, d, p, ns, p->name));
    TRY(function_lock_row(cx, d, p->oid, &r));
    ddl_set_oid(&r, PG_PROC_PRONAMESPACE, ns);
    TRY(ddl_row_store(cx, d, &r));
    Datum on[4] = {{.u32 = CAT_PG_PROC}, {.u32 = p->oid}, {.i32 = 0}, {.u32 = CAT_PG_NAMESPACE}};
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, on, 4));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_PROC, p->oid, 0}, (DdlObject){CAT_PG_NAMESPACE, ns, 0},
                   'n'));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_drop_function(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                         bool missing_ok, DdlObject *o_out)
{
    const CatProc *p;
    *o_out = (DdlObject){0};
    TRY(function_find(cx, d, o, kind, missing_ok, &p));
    if (p == NULL) {
        return ST_OK;
    }
    if (p->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                       "cannot drop function %s because it is required by the database system",
                       function_text(d, p));
    }
    bool owner;
    TRY(cat_is_owner(cx, d->view, CAT_PG_NAMESPACE, p->namespace_oid, d->view->user, &owner));
    *o_out = (DdlObject){CAT_PG_PROC, p->oid, 0};
    return owner ? ST_OK : cat_owner_need(cx, d->view, CAT_PG_PROC, p->oid);
}

const char *ddl_function_description(DdlCx *d, Oid oid)
{
    const CatProc *p = cat_proc(d->view, oid);
    return p == NULL ? arena_printf(d->arena, "function %u", oid)
                     : arena_printf(d->arena, "%s %s",
                                    p->kind == 'p'   ? "procedure"
                                    : p->kind == 'a' ? "aggregate"
                                                     : "function",
                                    function_text(d, p));
}

Status ddl_function_named(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                          Oid *oid_out)
{
    const CatProc *p;
    TRY(function_find(cx, d, o, kind, false, &p));
    *oid_out = p->oid;
    return ST_OK;
}

bool ddl_function_type(PgQuery__ObjectType type, char *kind_out, const char **name_out)
{
    *kind_out = function_kind(type);
    *name_out = *kind_out == 'f'   ? "FUNCTION"
                : *kind_out == 'p' ? "PROCEDURE"
                : *kind_out == 'a' ? "AGGREGATE"
                                   : "ROUTINE";
    return *kind_out != 0 || type == PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE;
}

Status ddl_function_schema(Cx *cx, DdlCx *d, const PgQuery__AlterObjectSchemaStmt *stmt,
                           const char **tag_out)
{
    char kind;
    const char *name;
    if (!ddl_function_type(stmt->object_type, &kind, &name)) {
        return ST_NOTFOUND;
    }
    *tag_out = arena_printf(d->arena, "ALTER %s", name);
    return ddl_move_function(cx, d, stmt->object->object_with_args, kind, stmt->newschema);
}
