/*
 * set_schema.c - ALTER ... SET SCHEMA of relations: what belongs to a table moves with it (indexes,
 * row types, constraints, sequences of its columns).
 */
#include "ddl/role.h"

Status ddl_owned_sequences(Cx *cx, DdlCx *d, Oid table, DdlObject **out, uint32_t *count_out)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID};
    Datum key[2] = {{.u32 = CAT_PG_CLASS}, {.u32 = table}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    DdlObject *objects = ARENA_ARRAY(d->arena, DdlObject, list.count + 1);
    *count_out = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        const DdlRow *r = &list.rows[i];
        const CatTable *seq;
        if (r->values[PG_DEPEND_CLASSID].u32 != CAT_PG_CLASS ||
            r->values[PG_DEPEND_REFOBJSUBID].i32 == 0) {
            continue;
        }
        Status st = cat_table_by_oid(cx, d->view, r->values[PG_DEPEND_OBJID].u32, &seq);
        if (st == ST_ERROR) {
            return st;
        }
        if (st == ST_OK && seq->kind == 'S') {
            objects[(*count_out)++] = (DdlObject){CAT_PG_CLASS, seq->oid, 0};
        }
    }
    *out = objects;
    return ST_OK;
}

/* move_row - the schema column of one catalog row. */
static Status move_row(Cx *cx, DdlCx *d, Oid catalog, Oid oid, int column, Oid to)
{
    Datum key = {.u32 = oid};
    DdlRow r;
    Status st = ddl_row_load(cx, d, catalog, &key, 1, &r);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    ddl_set_oid(&r, column, to);
    return ddl_row_store(cx, d, &r);
}

/* move_dependency - the relation depends on its new schema instead of the old one. */
static Status move_dependency(Cx *cx, DdlCx *d, Oid rel, Oid from, Oid to)
{
    Datum key[5] = {
        {.u32 = CAT_PG_CLASS}, {.u32 = rel}, {.i32 = 0}, {.u32 = CAT_PG_NAMESPACE}, {.u32 = from}};
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, key, 5));
    return ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, rel, 0},
                      (DdlObject){CAT_PG_NAMESPACE, to, 0}, 'n');
}

/* move_types - the row type and its array. */
static Status move_types(Cx *cx, DdlCx *d, const CatTable *t, Oid to)
{
    if (t->type_oid == 0) {
        return ST_OK;
    }
    const CatType *type = cat_type(d->view, t->type_oid);
    Oid array = type != NULL ? type->array : OID_INVALID;
    TRY(move_row(cx, d, CAT_PG_TYPE, t->type_oid, PG_TYPE_TYPNAMESPACE, to));
    return array == OID_INVALID ? ST_OK
                                : move_row(cx, d, CAT_PG_TYPE, array, PG_TYPE_TYPNAMESPACE, to);
}

/* move_class - one relation's own row; 42P07 when its name is taken there. */
static Status move_class(Cx *cx, DdlCx *d, const CatTable *t, Oid to)
{
    bool exists;
    TRY(ddl_relation_exists(cx, d, to, t->name, &exists));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE,
                       "relation \"%s\" already exists in schema \"%s\"", t->name,
                       cat_namespace_name(d->view, to));
    }
    return move_row(cx, d, CAT_PG_CLASS, t->oid, PG_CLASS_RELNAMESPACE, to);
}

/* move_relation - the relation with all that has its schema. */
static Status move_relation(Cx *cx, DdlCx *d, const CatTable *t, Oid to)
{
    const CatTable *part;
    DdlObject *owned;
    uint32_t count;
    TRY(move_class(cx, d, t, to));
    TRY(move_dependency(cx, d, t->oid, t->namespace_oid, to));
    TRY(move_types(cx, d, t, to));
    for (uint16_t i = 0; i < t->index_count; i++) {
        TRY(cat_table_by_oid(cx, d->view, t->indexes[i].oid, &part));
        TRY(move_class(cx, d, part, to));
    }
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        TRY(move_row(cx, d, CAT_PG_CONSTRAINT, t->constraints[i].oid, PG_CONSTRAINT_CONNAMESPACE,
                     to));
    }
    TRY(ddl_owned_sequences(cx, d, t->oid, &owned, &count));
    for (uint32_t i = 0; i < count; i++) {
        TRY(cat_table_by_oid(cx, d->view, owned[i].oid, &part));
        TRY(move_class(cx, d, part, to));
        TRY(move_dependency(cx, d, part->oid, part->namespace_oid, to));
    }
    return ST_OK;
}

/* move_refuse_owned - a sequence of a column goes where its table goes. */
static Status move_refuse_owned(Cx *cx, DdlCx *d, const CatTable *seq)
{
    static const uint16_t COLUMNS[3] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID, PG_DEPEND_REFCLASSID};
    Datum key[3] = {{.u32 = CAT_PG_CLASS}, {.u32 = seq->oid}, {.u32 = CAT_PG_CLASS}};
    const CatTable *t;
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 3, &list));
    if (seq->kind != 'S' || list.count == 0) {
        return ST_OK;
    }
    TRY(cat_table_by_oid(cx, d->view, list.rows[0].values[PG_DEPEND_REFOBJID].u32, &t));
    st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "cannot move an owned sequence into another schema"));
    return err_detail(cx, "Sequence \"%s\" is linked to table \"%s\".", seq->name, t->name);
}

/* move_target - the schema to move to, which is no temporary one. */
static Status move_target(Cx *cx, DdlCx *d, const CatTable *t, const char *schema, Oid *to_out)
{
    Status st = cat_namespace(cx, d->view, schema, to_out);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
    }
    TRY(st);
    TRY(cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, *to_out, d->view->user, ACL_CREATE));
    if (*to_out == NAMESPACE_PG_CATALOG) {
        return err_unsupported(cx, "moving relations into pg_catalog is not supported");
    }
    if (t->persistence == 't' || *to_out == d->view->temp_namespace || cat_is_temp_name(schema)) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot move objects into or out of temporary schemas");
    }
    return ST_OK;
}

Status ddl_set_schema(Cx *cx, DdlCx *d, const PgQuery__AlterObjectSchemaStmt *stmt,
                      const char **tag_out)
{
    const CatTable *t;
    Oid to;
    if (!ddl_relation_tag(stmt->object_type, tag_out)) {
        return ddl_function_schema(cx, d, stmt, tag_out);
    }
    TRY(ddl_lock(cx, d, stmt->relation, TABLELOCK_ACCESS_EXCLUSIVE, stmt->missing_ok, &t));
    if (t == NULL) {
        return ST_OK;
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    TRY(ddl_check_object_kind(cx, t, stmt->object_type));
    if (t->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", t->name);
    }
    TRY(move_refuse_owned(cx, d, t));
    TRY(move_target(cx, d, t, stmt->newschema, &to));
    if (to != t->namespace_oid) {
        TRY(move_relation(cx, d, t, to));
    }
    cat_changed(d->view);
    return ST_OK;
}
