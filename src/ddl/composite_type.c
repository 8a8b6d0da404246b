/*
 * composite_type.c - CREATE TYPE AS (...), ALTER TYPE ADD, DROP, ALTER and RENAME ATTRIBUTE.
 *
 * Values of a row type carry their fields: one that was written before an attribute was added reads
 * it as NULL, but an attribute is dropped or changed only while no column holds values of the type.
 */
#include "ddl/role.h"

/* composite_sink - attributes have no constraints: the grammar sees to it. */
static void composite_sink(void *arg, PgQuery__Constraint *con, const char *column)
{
    (void)arg;
    (void)con;
    (void)column;
}

/* composite_attribute - a definition as a column; its type must have values. */
static Status composite_attribute(Cx *cx, DdlCx *d, const PgQuery__ColumnDef *def, Oid self,
                                  const char *type_name, Oid ns, int16_t number, NewColumn *out)
{
    const ColumnSink sink = {.constraint = composite_sink};
    DdlCx quiet = *d;
    quiet.sql = (Slice){NULL, 0}; /* errors about attributes have no position */
    TRY(ddl_column_define(cx, &quiet, def, type_name, ns, &sink, out));
    out->number = number;
    if (self != OID_INVALID && out->type->oid == self) {
        return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                       "composite type %s cannot be made a member of itself", type_name);
    }
    return ST_OK;
}

Status ddl_create_composite(Cx *cx, DdlCx *d, const PgQuery__CompositeTypeStmt *stmt)
{
    NewRelation rel = {.name = stmt->typevar->relname, .kind = 'c', .persistence = 'p'};
    bool exists;
    TRY(ddl_creation_namespace(cx, d, stmt->typevar, true, &rel.namespace_oid));
    TRY(ddl_type_name_free(cx, d, rel.namespace_oid, rel.name));
    TRY(ddl_relation_exists(cx, d, rel.namespace_oid, rel.name, &exists));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", rel.name);
    }
    TRY(ddl_new_oid(cx, d, &rel.oid));
    TRY(ddl_new_oid(cx, d, &rel.type_oid));
    rel.column_count = (uint16_t)stmt->n_coldeflist;
    NewColumn *columns = ARENA_ARRAY(d->arena, NewColumn, stmt->n_coldeflist + 1);
    for (size_t i = 0; i < stmt->n_coldeflist; i++) {
        TRY(composite_attribute(cx, d, stmt->coldeflist[i]->column_def, OID_INVALID, rel.name,
                                rel.namespace_oid, (int16_t)(i + 1), &columns[i]));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(columns[k].name, columns[i].name) == 0) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once", columns[i].name);
            }
        }
    }
    TRY(ddl_insert_class(cx, d, &rel));
    for (size_t i = 0; i < stmt->n_coldeflist; i++) {
        TRY(ddl_insert_attribute(cx, d, rel.oid, &columns[i]));
    }
    TRY(ddl_insert_row_type(cx, d, &rel));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_row_type_unused(Cx *cx, DdlCx *d, Oid type, const CatTable *of)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID};
    Datum key[2] = {{.u32 = CAT_PG_TYPE}, {.u32 = type}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        Oid class_oid = list.rows[i].values[PG_DEPEND_CLASSID].u32;
        Oid oid = list.rows[i].values[PG_DEPEND_OBJID].u32;
        int32_t sub = list.rows[i].values[PG_DEPEND_OBJSUBID].i32;
        const CatTable *t;
        if (class_oid == CAT_PG_TYPE) {
            TRY(ddl_row_type_unused(cx, d, oid, of));
        }
        if (class_oid != CAT_PG_CLASS || sub == 0 ||
            cat_table_by_oid(cx, d->view, oid, &t) != ST_OK || sub > t->column_count) {
            continue;
        }
        if (t->kind == 'c') {
            TRY(ddl_row_type_unused(cx, d, t->type_oid, of));
        } else if (t->kind == 'r' || t->kind == 'm') {
            const char *column = t->columns[sub - 1].name;
            return of->kind == 'c'
                       ? err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                                 "cannot alter type \"%s\" because column \"%s.%s\" uses it",
                                 of->name, t->name, column)
                       : err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                                 "cannot alter table \"%s\" because column \"%s.%s\" uses its row "
                                 "type",
                                 of->name, t->name, column);
        }
    }
    return ST_OK;
}

static Status composite_add(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__ColumnDef *def)
{
    NewColumn c;
    if (ddl_column(t, def->colname) != NULL) {
        return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                       "column \"%s\" of relation \"%s\" already exists", def->colname, t->name);
    }
    TRY(composite_attribute(cx, d, def, t->type_oid, t->name, t->namespace_oid,
                            (int16_t)(t->column_count + 1), &c));
    TRY(ddl_insert_attribute(cx, d, t->oid, &c));
    return ddl_update_class_i16(cx, d, t->oid, PG_CLASS_RELNATTS, (int16_t)(t->column_count + 1));
}

static Status composite_no_column(Cx *cx, const CatTable *t, const char *name)
{
    return err_set(cx, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist",
                   name, t->name);
}

static Status composite_drop(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__AlterTableCmd *cmd)
{
    const CatColumn *c = ddl_column(t, cmd->name);
    if (c == NULL && cmd->missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "column \"%s\" of relation \"%s\" does not exist, skipping", cmd->name, t->name);
        return ST_OK;
    }
    if (c == NULL) {
        return composite_no_column(cx, t, cmd->name);
    }
    DdlObject o = {CAT_PG_CLASS, t->oid, c->number};
    return ddl_drop_objects(cx, d, &o, 1, cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}

/* composite_retype - ALTER ATTRIBUTE ... TYPE. */
static Status composite_retype(Cx *cx, DdlCx *d, const CatTable *t,
                               const PgQuery__AlterTableCmd *cmd)
{
    const CatColumn *c = ddl_column(t, cmd->name);
    PgQuery__ColumnDef def = *cmd->def->column_def;
    NewColumn n;
    if (c == NULL) {
        return composite_no_column(cx, t, cmd->name);
    }
    def.colname = cmd->name;
    TRY(composite_attribute(cx, d, &def, t->type_oid, t->name, t->namespace_oid, c->number, &n));
    Datum key[2] = {{.u32 = t->oid}, {.i16 = c->number}};
    TRY(ddl_row_remove(cx, d, CAT_PG_ATTRIBUTE, key, 2));
    Datum gone[3] = {{.u32 = CAT_PG_CLASS}, {.u32 = t->oid}, {.i32 = c->number}};
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, gone, 3));
    return ddl_insert_attribute(cx, d, t->oid, &n);
}

Status ddl_alter_composite(Cx *cx, DdlCx *d, const PgQuery__AlterTableStmt *stmt)
{
    const CatTable *t;
    TRY(ddl_lock(cx, d, stmt->relation, TABLELOCK_ACCESS_EXCLUSIVE, stmt->missing_ok, &t));
    if (t == NULL) {
        return ST_OK;
    }
    if (t->kind != 'c') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a composite type", t->name);
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    for (size_t i = 0; i < stmt->n_cmds; i++) {
        const PgQuery__AlterTableCmd *cmd = stmt->cmds[i]->alter_table_cmd;
        TRY(ddl_reload(cx, d, t->oid, &t));
        if (cmd->subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn) {
            TRY(ddl_row_type_unused(cx, d, t->type_oid, t));
        }
        switch (cmd->subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
            TRY(composite_add(cx, d, t, cmd->def->column_def));
            break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: TRY(composite_drop(cx, d, t, cmd)); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
            TRY(composite_retype(cx, d, t, cmd));
            break;
        default: return err_unsupported(cx, "this form of ALTER TYPE is not supported");
        }
        cat_changed(d->view);
    }
    return ST_OK;
}
