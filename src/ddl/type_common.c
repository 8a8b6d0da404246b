/*
 * type_common.c - rows of pg_type, and what CREATE, ALTER and DROP of types have in common: names,
 * owners, schemas.
 */
#include "ddl/role.h"

/* OIDs of the functions every array type has. */
enum {
    TYPE_ARRAY_IN = 750,
    TYPE_ARRAY_OUT = 751,
    TYPE_ARRAY_RECV = 2400,
    TYPE_ARRAY_SEND = 2401,
    TYPE_ARRAY_ANALYZE = 3816,
    TYPE_ARRAY_SUBSCRIPT = 6179,
};

/* type_array_name - "_name", with more underscores while a type has it. */
static Status type_array_name(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name,
                              char **name_out)
{
    const char *schema = cat_namespace_name(d->view, namespace_oid);
    const char *prefix = "_";
    for (;;) {
        const CatType *type;
        *name_out = arena_printf(d->arena, "%s%s", prefix, name);
        size_t len = strlen(*name_out);
        if (len > DDL_NAME_BYTES_MAX) {
            len = DDL_NAME_BYTES_MAX;
            while (((uint8_t)(*name_out)[len] & 0xc0) == 0x80) {
                len--;
            }
            (*name_out)[len] = '\0';
        }
        Status st = cat_type_by_name(cx, d->view, schema, *name_out, &type);
        if (st != ST_OK) {
            return st == ST_NOTFOUND ? ST_OK : st;
        }
        prefix = arena_printf(d->arena, "_%s", prefix);
    }
}

/* type_row - the row of one type. */
static void type_row(DdlRow *r, const NewType *n)
{
    ddl_row_init(r, CAT_PG_TYPE);
    for (int i = PG_TYPE_TYPRELID; i <= PG_TYPE_TYPANALYZE; i++) {
        ddl_set_oid(r, i, 0);
    }
    ddl_set_oid(r, PG_TYPE_OID, n->oid);
    ddl_set_text(r, PG_TYPE_TYPNAME, n->name);
    ddl_set_oid(r, PG_TYPE_TYPNAMESPACE, n->namespace_oid);
    ddl_set_oid(r, PG_TYPE_TYPOWNER, n->owner);
    ddl_set_i16(r, PG_TYPE_TYPLEN, n->len);
    ddl_set_bool(r, PG_TYPE_TYPBYVAL, n->by_value);
    ddl_set_char(r, PG_TYPE_TYPTYPE, n->kind);
    ddl_set_char(r, PG_TYPE_TYPCATEGORY, n->category);
    ddl_set_bool(r, PG_TYPE_TYPISPREFERRED, false);
    ddl_set_bool(r, PG_TYPE_TYPISDEFINED, true);
    ddl_set_char(r, PG_TYPE_TYPDELIM, n->delimiter != 0 ? n->delimiter : ',');
    ddl_set_oid(r, PG_TYPE_TYPRELID, n->relation);
    ddl_set_oid(r, PG_TYPE_TYPSUBSCRIPT, n->subscript);
    ddl_set_oid(r, PG_TYPE_TYPELEM, n->element);
    ddl_set_oid(r, PG_TYPE_TYPARRAY, n->array);
    ddl_set_oid(r, PG_TYPE_TYPINPUT, n->input);
    ddl_set_oid(r, PG_TYPE_TYPOUTPUT, n->output);
    ddl_set_oid(r, PG_TYPE_TYPRECEIVE, n->receive);
    ddl_set_oid(r, PG_TYPE_TYPSEND, n->send);
    ddl_set_oid(r, PG_TYPE_TYPANALYZE, n->analyze);
    ddl_set_char(r, PG_TYPE_TYPALIGN, n->align);
    ddl_set_char(r, PG_TYPE_TYPSTORAGE, n->storage);
    ddl_set_bool(r, PG_TYPE_TYPNOTNULL, n->not_null);
    ddl_set_oid(r, PG_TYPE_TYPBASETYPE, n->base);
    ddl_set_i32(r, PG_TYPE_TYPTYPMOD, n->base != 0 ? n->typmod : -1);
    ddl_set_i32(r, PG_TYPE_TYPNDIMS, n->dimensions);
    ddl_set_oid(r, PG_TYPE_TYPCOLLATION, n->collation);
    ddl_set_text(r, PG_TYPE_TYPDEFAULTBIN, n->default_tree);
    ddl_set_text(r, PG_TYPE_TYPDEFAULT, n->default_text);
}

Status ddl_insert_type(Cx *cx, DdlCx *d, NewType *n)
{
    DdlRow r;
    char *array_name;
    n->owner = n->owner != OID_INVALID ? n->owner : d->view->user;
    TRY(type_array_name(cx, d, n->namespace_oid, n->name, &array_name));
    TRY(ddl_new_oid(cx, d, &n->array));
    if (n->oid == OID_INVALID) {
        TRY(ddl_new_oid(cx, d, &n->oid));
    }
    DdlObject type = {CAT_PG_TYPE, n->oid, 0};
    const Acl *acl = NULL;
    const char *acl_list = NULL;
    type_row(&r, n);
    if (!n->of_relation) {
        TRY(ddl_new_acl(cx, d, 'T', n->owner, n->namespace_oid, &acl, &acl_list));
        ddl_set_text(&r, PG_TYPE_TYPACL, acl_list);
    }
    TRY(ddl_row_insert(cx, d, &r));
    NewType array = {.oid = n->array,
                     .owner = n->owner,
                     .namespace_oid = n->namespace_oid,
                     .name = array_name,
                     .len = -1,
                     .kind = 'b',
                     .category = 'A',
                     .element = n->oid,
                     .input = TYPE_ARRAY_IN,
                     .output = TYPE_ARRAY_OUT,
                     .receive = TYPE_ARRAY_RECV,
                     .send = TYPE_ARRAY_SEND,
                     .analyze = TYPE_ARRAY_ANALYZE,
                     .subscript = TYPE_ARRAY_SUBSCRIPT,
                     .collation = n->collation,
                     .delimiter = n->delimiter,
                     .align = n->align == 'd' ? 'd' : 'i',
                     .storage = 'x'};
    type_row(&r, &array);
    TRY(ddl_row_insert(cx, d, &r));
    if (!n->of_relation) {
        TRY(ddl_shdepend_owner(cx, d, type, n->owner));
        TRY(ddl_shdepend_acl(cx, d, type, n->owner, NULL, acl));
        TRY(ddl_depend(cx, d, type, (DdlObject){CAT_PG_NAMESPACE, n->namespace_oid, 0}, 'n'));
    }
    if (n->base != 0) {
        TRY(ddl_depend(cx, d, type, (DdlObject){CAT_PG_TYPE, n->base, 0}, 'n'));
    }
    cat_changed(d->view);
    return ddl_depend(cx, d, (DdlObject){CAT_PG_TYPE, n->array, 0}, type, 'i');
}

/* ---- names ---- */

/* type_range_var - the names of a type as those of a relation. */
static PgQuery__RangeVar type_range_var(PgQuery__Node *const *names, size_t n)
{
    PgQuery__RangeVar rv = PG_QUERY__RANGE_VAR__INIT;
    rv.relname = (char *)(uintptr_t)ddl_string(names[n - 1]);
    rv.schemaname = n > 1 ? (char *)(uintptr_t)ddl_string(names[n - 2]) : NULL;
    rv.location = -1;
    return rv;
}

Status ddl_type_name_free(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name)
{
    const CatType *t;
    Status st = cat_type_by_name(cx, d->view, cat_namespace_name(d->view, namespace_oid), name, &t);
    return st == ST_NOTFOUND ? ST_OK
           : st == ST_OK ? err_set(cx, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", name)
                         : st;
}

Status ddl_type_new_name(Cx *cx, DdlCx *d, PgQuery__Node *const *names, size_t n,
                         const char **name_out, Oid *namespace_out)
{
    PgQuery__RangeVar rv = type_range_var(names, n);
    *name_out = rv.relname;
    TRY(ddl_creation_namespace(cx, d, &rv, false, namespace_out));
    return ddl_type_name_free(cx, d, *namespace_out, rv.relname);
}

const char *ddl_type_text(DdlCx *d, Oid type)
{
    Buf b;
    buf_init(&b, 1024);
    cat_format_type(d->view, type, CAT_TYPMOD_NONE, &b);
    const char *text = arena_strndup(d->arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

Status ddl_type_find(Cx *cx, DdlCx *d, PgQuery__Node *const *names, size_t n, bool missing_ok,
                     const CatType **out)
{
    const char *name = ddl_string(names[n - 1]);
    const char *schema = n > 1 ? ddl_string(names[n - 2]) : NULL;
    Oid ns;
    *out = NULL;
    Status st = schema != NULL ? cat_namespace(cx, d->view, schema, &ns) : ST_OK;
    if (st == ST_NOTFOUND) {
        if (missing_ok) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "schema \"%s\" does not exist, skipping", schema);
            return ST_OK;
        }
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
    }
    TRY(st);
    st = cat_type_by_name(cx, d->view, schema, name, out);
    if (st != ST_NOTFOUND) {
        return st;
    }
    *out = NULL;
    const char *text = schema != NULL ? arena_printf(d->arena, "%s.%s", schema, name) : name;
    if (missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "type \"%s\" does not exist, skipping", text);
        return ST_OK;
    }
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "type \"%s\" does not exist", text);
}

Status ddl_type_owned(Cx *cx, DdlCx *d, Oid type)
{
    bool owner;
    TRY(cat_is_owner(cx, d->view, CAT_PG_TYPE, type, d->view->user, &owner));
    return owner ? ST_OK
                 : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of type %s",
                           ddl_type_text(d, type));
}

/* type_own - the user's own; types of the system are nobody's to change. */
static Status type_own(Cx *cx, DdlCx *d, const CatType *t)
{
    TRY(ddl_type_owned(cx, d, t->oid));
    return t->oid >= FIRST_USER_OID ? ST_OK
                                    : err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                                              "cannot drop type %s because it is required by the "
                                              "database system",
                                              ddl_type_text(d, t->oid));
}

Status ddl_type_drop(Cx *cx, DdlCx *d, const PgQuery__Node *object, bool domain, bool missing_ok,
                     DdlObject *out)
{
    const PgQuery__TypeName *n = object->type_name;
    const CatType *t;
    *out = (DdlObject){0};
    TRY(ddl_type_find(cx, d, n->names, n->n_names, missing_ok, &t));
    if (t == NULL) {
        return ST_OK;
    }
    if (domain && t->kind != 'd') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a domain",
                       ddl_string(n->names[n->n_names - 1]));
    }
    TRY(type_own(cx, d, t));
    *out = (DdlObject){CAT_PG_TYPE, t->oid, 0};
    return ST_OK;
}

/* type_remove_rows - rows of a catalog that belong to the type, each by its own key. */
static Status type_remove_rows(Cx *cx, DdlCx *d, Oid rel, uint16_t column, Oid type)
{
    Datum value = {.u32 = type};
    DdlRowList list;
    TRY(ddl_rows(cx, d, rel, &column, &value, 1, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        TRY(ddl_row_remove(cx, d, rel, &list.rows[i].values[0], 1));
    }
    return ST_OK;
}

Status ddl_type_remove(Cx *cx, DdlCx *d, Oid oid)
{
    Datum key = {.u32 = oid};
    TRY(type_remove_rows(cx, d, CAT_PG_ENUM, PG_ENUM_ENUMTYPID, oid));
    TRY(type_remove_rows(cx, d, CAT_PG_RANGE, PG_RANGE_RNGTYPID, oid));
    return ddl_row_remove(cx, d, CAT_PG_TYPE, &key, 1);
}

/* ---- ALTER TYPE, ALTER DOMAIN: RENAME TO, OWNER TO, SET SCHEMA ---- */

/* type_alterable - row and array types go with what they are of. */
static Status type_alterable(Cx *cx, DdlCx *d, const CatType *t, bool domain)
{
    const CatTable *rel;
    if (t->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of type %s",
                       ddl_type_text(d, t->oid));
    }
    if (domain && t->kind != 'd') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is not a domain",
                       ddl_type_text(d, t->oid));
    }
    if (t->kind == 'c' && cat_table_by_oid(cx, d->view, t->relation, &rel) == ST_OK &&
        rel->kind != 'c') {
        (void)err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is a table's row type",
                      ddl_type_text(d, t->oid));
        return err_hint(cx, "Use ALTER TABLE instead.");
    }
    if (t->category == 'A' && t->kind == 'b') {
        (void)err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot alter array type %s",
                      ddl_type_text(d, t->oid));
        return err_hint(cx, "You can alter type %s, which will alter the array type as well.",
                        ddl_type_text(d, t->element));
    }
    return ST_OK;
}

/* type_move - another name or schema for a type; its array type follows. */
static Status type_move(Cx *cx, DdlCx *d, const CatType *t, const char *name, Oid ns)
{
    Datum key = {.u32 = t->oid}, array_key = {.u32 = t->array};
    DdlRow r;
    char *array_name;
    TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &r));
    ddl_set_text(&r, PG_TYPE_TYPNAME, name);
    ddl_set_oid(&r, PG_TYPE_TYPNAMESPACE, ns);
    TRY(ddl_row_store(cx, d, &r));
    if (t->array != OID_INVALID) {
        cat_changed(d->view);
        TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &array_key, 1, &r));
        if (strcmp(t->name, name) != 0) {
            TRY(type_array_name(cx, d, ns, name, &array_name));
            ddl_set_text(&r, PG_TYPE_TYPNAME, array_name);
        }
        ddl_set_oid(&r, PG_TYPE_TYPNAMESPACE, ns);
        TRY(ddl_row_store(cx, d, &r));
    }
    if (t->kind == 'c') {
        Datum rel = {.u32 = t->relation};
        TRY(ddl_row_load(cx, d, CAT_PG_CLASS, &rel, 1, &r));
        ddl_set_text(&r, PG_CLASS_RELNAME, name);
        ddl_set_oid(&r, PG_CLASS_RELNAMESPACE, ns);
        TRY(ddl_row_store(cx, d, &r));
    }
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_type_rename(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt, bool domain)
{
    const CatType *t;
    const PgQuery__List *names = stmt->object->list;
    TRY(ddl_type_find(cx, d, names->items, names->n_items, false, &t));
    TRY(type_alterable(cx, d, t, domain));
    TRY(ddl_type_owned(cx, d, t->oid));
    TRY(ddl_type_name_free(cx, d, t->namespace_oid, stmt->newname));
    return type_move(cx, d, t, stmt->newname, t->namespace_oid);
}

Status ddl_type_owner(Cx *cx, DdlCx *d, const PgQuery__AlterOwnerStmt *stmt, bool domain)
{
    const CatType *t;
    const PgQuery__List *names = stmt->object->list;
    TRY(ddl_type_find(cx, d, names->items, names->n_items, false, &t));
    TRY(type_alterable(cx, d, t, domain));
    return ddl_change_owner(cx, d, (DdlObject){CAT_PG_TYPE, t->oid, 0}, stmt->newowner);
}

Status ddl_type_schema(Cx *cx, DdlCx *d, const PgQuery__AlterObjectSchemaStmt *stmt, bool domain)
{
    const CatType *t, *other;
    Oid ns;
    const PgQuery__List *names = stmt->object->list;
    TRY(ddl_type_find(cx, d, names->items, names->n_items, false, &t));
    TRY(type_alterable(cx, d, t, domain));
    TRY(ddl_type_owned(cx, d, t->oid));
    Status st = cat_namespace(cx, d->view, stmt->newschema, &ns);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist",
                       stmt->newschema);
    }
    TRY(st);
    TRY(cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, ns, d->view->user, ACL_CREATE));
    if (ns == t->namespace_oid) {
        return ST_OK;
    }
    st = cat_type_by_name(cx, d->view, stmt->newschema, t->name, &other);
    if (st != ST_NOTFOUND) {
        return st == ST_OK ? err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                                     "type \"%s\" already exists in schema \"%s\"", t->name,
                                     stmt->newschema)
                           : st;
    }
    Datum gone[2] = {{.u32 = CAT_PG_TYPE}, {.u32 = t->oid}};
    static const uint16_t COLUMNS[3] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID, PG_DEPEND_REFCLASSID};
    Datum key[3] = {gone[0], gone[1], {.u32 = CAT_PG_NAMESPACE}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 3, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, list.rows[i].values, PG_DEPEND_DEPTYPE));
    }
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_TYPE, t->oid, 0}, (DdlObject){CAT_PG_NAMESPACE, ns, 0},
                   'n'));
    return type_move(cx, d, t, t->name, ns);
}
