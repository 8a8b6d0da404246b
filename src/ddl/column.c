/*
 * column.c - column definitions of CREATE TABLE and ADD COLUMN: type, NOT NULL, defaults, serial,
 * identity.
 */
#include "ddl/role.h"

/* column_serial_type - the integer type behind serial and its relatives; 0 = another type. */
static Oid column_serial_type(const PgQuery__TypeName *t)
{
    if (t->n_names != 1) {
        return OID_INVALID;
    }
    const char *s = ddl_string(t->names[0]);
    if (strcmp(s, "smallserial") == 0 || strcmp(s, "serial2") == 0) {
        return TYPE_INT2;
    }
    if (strcmp(s, "serial") == 0 || strcmp(s, "serial4") == 0) {
        return TYPE_INT4;
    }
    return strcmp(s, "bigserial") == 0 || strcmp(s, "serial8") == 0 ? TYPE_INT8 : OID_INVALID;
}

/* ColumnDefine - what the steps of one definition share. */
typedef struct ColumnDefine {
    DdlCx *d;
    const PgQuery__ColumnDef *def;
    const char *table_name;
    Oid namespace_oid;
    const ColumnSink *sink;
    NewColumn *out;
    bool not_null_given;
    PgQuery__Constraint *last; /* what DEFERRABLE and the like belong to */
    bool deferrable_given, initially_given;
} ColumnDefine;

static Status column_owned_sequence(Cx *cx, ColumnDefine *c, PgQuery__Node *const *options,
                                    size_t option_count)
{
    char *name;
    TRY(ddl_choose_relation_name(cx, c->d, c->namespace_oid, c->table_name, c->out->name, "seq",
                                 &name));
    return ddl_make_sequence(cx, c->d, c->namespace_oid, name, c->out->type->oid, options,
                             option_count, c->sink->persistence != 0 ? c->sink->persistence : 'p',
                             &c->out->sequence);
}

/* column_nextval - the default of a serial column: nextval of its own sequence, as the column's
 * type. */
static Status column_nextval(Cx *cx, ColumnDefine *c)
{
    DdlCx *d = c->d;
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    Expr *e;
    TRY(bind_nextval(cx, &b, c->out->sequence, c->out->type->oid, &e));
    c->out->default_expr = e;
    return ST_OK;
}

static Status column_two_defaults(Cx *cx, ColumnDefine *c, int32_t location)
{
    st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                      "multiple default values specified for column \"%s\" of table \"%s\"",
                      c->out->name, c->table_name));
    return ddl_error_at(cx, c->d, ST_ERROR, location);
}

static Status column_null_conflict(Cx *cx, ColumnDefine *c, int32_t location)
{
    st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                      "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"",
                      c->out->name, c->table_name));
    return ddl_error_at(cx, c->d, ST_ERROR, location);
}

/* column_two_sources - a generated column has nothing else that gives it values. */
static Status column_two_sources(Cx *cx, ColumnDefine *c, const char *other, int32_t location)
{
    st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                      "both %s and generation expression specified for column \"%s\" of table "
                      "\"%s\"",
                      other, c->out->name, c->table_name));
    return ddl_error_at(cx, c->d, ST_ERROR, location);
}

/* column_generated - GENERATED ALWAYS AS (...) STORED. */
static Status column_generated(Cx *cx, ColumnDefine *c, const PgQuery__Constraint *con)
{
    NewColumn *out = c->out;
    if (out->generated != 0) {
        st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                          "multiple generation clauses specified for column \"%s\" of table "
                          "\"%s\"",
                          out->name, c->table_name));
        return ddl_error_at(cx, c->d, ST_ERROR, con->location);
    }
    if (out->identity != 0) {
        return column_two_sources(cx, c, "identity", con->location);
    }
    if (out->default_node != NULL || out->default_expr != NULL) {
        return column_two_sources(cx, c, "default", out->default_expr != NULL ? -1 : con->location);
    }
    out->generated = 's';
    out->default_node = con->raw_expr;
    return ST_OK;
}

/* column_identity - GENERATED ... AS IDENTITY of a column definition; its sequence is made with
 * the table. */
static Status column_identity(Cx *cx, ColumnDefine *c, const PgQuery__Constraint *con)
{
    NewColumn *out = c->out;
    Oid type = out->type->oid;
    if (out->identity != 0) {
        st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                          "multiple identity specifications for column \"%s\" of table \"%s\"",
                          out->name, c->table_name));
        return ddl_error_at(cx, c->d, ST_ERROR, con->location);
    }
    if (out->generated != 0) {
        return column_two_sources(cx, c, "identity", con->location);
    }
    if (out->default_node != NULL || out->default_expr != NULL) {
        st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                          "both default and identity specified for column \"%s\" of table \"%s\"",
                          out->name, c->table_name));
        return ddl_error_at(cx, c->d, ST_ERROR, con->location);
    }
    if (type != TYPE_INT2 && type != TYPE_INT4 && type != TYPE_INT8) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "identity column type must be smallint, integer, or bigint");
    }
    out->identity = con->generated_when != NULL && con->generated_when[0] == 'd' ? 'd' : 'a';
    if (out->null_given) {
        return column_null_conflict(cx, c, con->location);
    }
    out->not_null = true;
    return column_owned_sequence(cx, c, con->options, con->n_options);
}

static Status column_attr_error(Cx *cx, ColumnDefine *c, const PgQuery__Constraint *con,
                                const char *text)
{
    return ddl_error_at(cx, c->d, err_set(cx, ERRCODE_SYNTAX_ERROR, "%s", text), con->location);
}

/* column_deferral - [NOT] DEFERRABLE and INITIALLY ..., of the constraint before. */
static Status column_deferral(Cx *cx, ColumnDefine *c, const PgQuery__Constraint *con)
{
    PgQuery__Constraint *of = c->last;
    bool when = con->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED ||
                con->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE;
    bool yes = con->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED ||
               con->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE;
    bool *given = when ? &c->initially_given : &c->deferrable_given;
    if (of == NULL || (of->contype != PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY &&
                       of->contype != PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE &&
                       of->contype != PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN)) {
        return column_attr_error(cx, c, con,
                                 when  ? yes ? "misplaced INITIALLY DEFERRED clause"
                                             : "misplaced INITIALLY IMMEDIATE clause"
                                 : yes ? "misplaced DEFERRABLE clause"
                                       : "misplaced NOT DEFERRABLE clause");
    }
    if (*given) {
        return column_attr_error(cx, c, con,
                                 when ? "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed"
                                      : "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed");
    }
    *given = true;
    *(when ? &of->initdeferred : &of->deferrable) = yes;
    if (of->initdeferred && !of->deferrable) {
        if (c->deferrable_given) {
            return column_attr_error(cx, c, con,
                                     "constraint declared INITIALLY DEFERRED must be DEFERRABLE");
        }
        of->deferrable = true;
    }
    return ST_OK;
}

/* column_constraint - one constraint of a column definition. */
static Status column_constraint(Cx *cx, ColumnDefine *c, PgQuery__Constraint *con)
{
    NewColumn *out = c->out;
    switch (con->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
        if (c->not_null_given || out->sequence != 0) {
            return column_null_conflict(cx, c, out->default_expr != NULL ? -1 : con->location);
        }
        out->null_given = true;
        return ST_OK;
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        if (out->null_given) {
            return column_null_conflict(cx, c, con->location);
        }
        out->not_null = c->not_null_given = true;
        return ST_OK;
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        if (out->identity != 0) {
            st_ignore(
                err_set(cx, ERRCODE_SYNTAX_ERROR,
                        "both default and identity specified for column \"%s\" of table \"%s\"",
                        out->name, c->table_name));
            return ddl_error_at(cx, c->d, ST_ERROR, con->location);
        }
        if (out->generated != 0) {
            return column_two_sources(cx, c, "default", con->location);
        }
        if (out->default_node != NULL || out->sequence != 0) {
            return column_two_defaults(cx, c, out->default_expr != NULL ? -1 : con->location);
        }
        out->default_node = con->raw_expr;
        return ST_OK;
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY: return column_identity(cx, c, con);
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED: return column_generated(cx, c, con);
    default: c->sink->constraint(c->sink->arg, con, out->name); return ST_OK;
    }
}

Status ddl_check_column_name(Cx *cx, const char *name)
{
    static const char *const SYSTEM[] = {"tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"};
    for (size_t i = 0; i < ARRAY_LEN(SYSTEM); i++) {
        if (strcmp(SYSTEM[i], name) == 0) {
            return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                           "column name \"%s\" conflicts with a system column name", name);
        }
    }
    return ST_OK;
}

Status ddl_collation(Cx *cx, DdlCx *d, const PgQuery__CollateClause *clause, const CatType *type,
                     Oid *out)
{
    *out = type->collation;
    if (clause == NULL) {
        return ST_OK;
    }
    const char *name =
        clause->n_collname > 0 ? ddl_string(clause->collname[clause->n_collname - 1]) : "";
    if (type->collation == OID_INVALID) {
        Buf text;
        buf_init(&text, 256);
        cat_format_type(d->view, type->oid, CAT_TYPMOD_NONE, &text);
        Status st =
            err_set(cx, ERRCODE_DATATYPE_MISMATCH, "collations are not supported by type %.*s",
                    (int)text.len, (const char *)text.data);
        buf_release(&text);
        return ddl_error_at(cx, d, st, clause->location);
    }
    const char *schema =
        clause->n_collname > 1 ? ddl_string(clause->collname[clause->n_collname - 2]) : NULL;
    Oid found = cat_collation_find(schema, name);
    if (found == OID_INVALID) {
        Status st = err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                            "collation \"%s%s%s\" for encoding \"UTF8\" does not exist",
                            schema != NULL ? schema : "", schema != NULL ? "." : "", name);
        return ddl_error_at(cx, d, st, clause->location);
    }
    *out = found == COLLATION_DEFAULT ? type->collation : found;
    return ST_OK;
}

Status ddl_column_define(Cx *cx, DdlCx *d, const PgQuery__ColumnDef *def, const char *table_name,
                         Oid namespace_oid, const ColumnSink *sink, NewColumn *out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    ColumnDefine c = {.d = d,
                      .def = def,
                      .table_name = table_name,
                      .namespace_oid = namespace_oid,
                      .sink = sink,
                      .out = out};
    Oid type, serial = column_serial_type(def->type_name);
    int32_t typmod = -1;
    *out = (NewColumn){.name = def->colname, .location = def->location};
    TRY(ddl_check_column_name(cx, def->colname));
    if (serial != 0) {
        if (def->type_name->n_array_bounds > 0) {
            st_ignore(
                err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "array of serial is not implemented"));
            return ddl_error_at(cx, d, ST_ERROR, def->type_name->location);
        }
        type = serial;
    } else {
        TRY(bind_type_name(cx, &b, def->type_name, &type, &typmod));
    }
    out->type = cat_type(d->view, type);
    out->typmod = typmod;
    if (out->type == NULL || out->type->kind == 'p') {
        return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION, "column \"%s\" has pseudo-type %s",
                       def->colname, out->type != NULL ? out->type->name : "?");
    }
    if (out->type->ops == NULL) {
        return err_unsupported(cx, "columns of type %s are not supported", out->type->name);
    }
    TRY(ddl_compression(cx, d, type, def->compression, &out->compression));
    TRY(ddl_collation(cx, d, def->coll_clause, out->type, &out->collation));
    if (serial != 0) {
        out->not_null = true;
        TRY(column_owned_sequence(cx, &c, NULL, 0));
        TRY(column_nextval(cx, &c));
    }
    for (size_t i = 0; i < def->n_constraints; i++) {
        PgQuery__Constraint *con = def->constraints[i]->constraint;
        switch (con->contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE:
        case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE:
        case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED:
        case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE: TRY(column_deferral(cx, &c, con)); break;
        default:
            TRY(column_constraint(cx, &c, con));
            c.last = con;
            c.deferrable_given = c.initially_given = false;
        }
    }
    if (def->raw_default != NULL) {
        out->default_node = def->raw_default;
    }
    return ST_OK;
}

/* column_reads - normal dependencies on the table's columns that a generated one reads. */
static Status column_reads(Cx *cx, DdlCx *d, DdlObject self, Oid table, const Expr *e)
{
    if (e->kind == EXPR_COLUMN && e->u.column.column >= 0) {
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, table, e->u.column.column + 1}, 'n'));
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        if (e->args[i] != NULL) {
            TRY(column_reads(cx, d, self, table, e->args[i]));
        }
    }
    return ST_OK;
}

Status ddl_store_default(Cx *cx, DdlCx *d, Oid table, int16_t attnum, const Expr *e, bool generated)
{
    DdlRow r;
    DdlObject self = {CAT_PG_ATTRDEF, 0, 0};
    const char *text;
    TRY(bind_store_expr(cx, d->arena, e, &text));
    TRY(ddl_new_oid(cx, d, &self.oid));
    ddl_row_init(&r, CAT_PG_ATTRDEF);
    ddl_set_oid(&r, PG_ATTRDEF_OID, self.oid);
    ddl_set_oid(&r, PG_ATTRDEF_ADRELID, table);
    ddl_set_i16(&r, PG_ATTRDEF_ADNUM, attnum);
    ddl_set_text(&r, PG_ATTRDEF_ADBIN, text);
    TRY(ddl_row_insert(cx, d, &r));
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, table, attnum}, generated ? 'i' : 'a'));
    if (generated) {
        TRY(column_reads(cx, d, self, table, e));
    }
    return ddl_depend_on_expr(cx, d, self, e);
}

/* column_default_is_null - DEFAULT NULL is no default at all. */
static bool column_default_is_null(const PgQuery__Node *n)
{
    return n->node_case == PG_QUERY__NODE__NODE_A_CONST && n->a_const->isnull;
}

Status ddl_bind_default(Cx *cx, DdlCx *d, const NewColumn *c, Expr **out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    return bind_table_expr(cx, &b, NULL, c->default_node, c->type->oid, c->typmod,
                           arena_printf(d->arena, "DEFAULT %s", c->name), out);
}

/* column_bind_generated - what a generated column is computed from, which must be the row alone. */
static Status column_bind_generated(Cx *cx, DdlCx *d, const CatTable *t, NewColumn *c)
{
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    Expr *e;
    TRY(bind_table_expr(cx, &b, t, c->default_node, c->type->oid, c->typmod,
                        arena_printf(d->arena, "GENERATED %s", c->name), &e));
    if (ddl_expr_is_mutable(e)) {
        return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                       "generation expression is not immutable");
    }
    c->default_expr = e;
    return ST_OK;
}

Status ddl_column_finish(Cx *cx, DdlCx *d, const CatTable *t, NewColumn *c)
{
    DdlObject column = {CAT_PG_CLASS, t->oid, c->number};
    if (c->generated != 0 && c->default_node == NULL) {
        return ST_OK; /* LIKE: seen to by itself */
    }
    if (c->generated != 0) {
        TRY(column_bind_generated(cx, d, t, c));
    } else if (c->default_node != NULL) {
        Expr *e;
        TRY(ddl_bind_default(cx, d, c, &e));
        if (!column_default_is_null(c->default_node)) {
            c->default_expr = e;
        }
    }
    if (c->default_expr != NULL) {
        TRY(ddl_store_default(cx, d, t->oid, c->number, c->default_expr, c->generated != 0));
    }
    if (c->sequence != 0) {
        DdlObject seq = {CAT_PG_CLASS, c->sequence, 0};
        TRY(ddl_depend(cx, d, seq, column, c->identity != 0 ? 'i' : 'a'));
        if (t->owner != d->view->user) { /* a superuser alters the table of another role */
            cat_changed(d->view);
            TRY(ddl_object_owner(cx, d, seq, t->owner));
        }
    }
    return ST_OK;
}

Status ddl_drop_expression(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    DdlRow r;
    TRY(ddl_reload(cx, d, oid, &t));
    const CatColumn *c = ddl_column(t, cmd->name);
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                       "column \"%s\" of relation \"%s\" does not exist", cmd->name, t->name);
    }
    if (c->generated == 0 && cmd->missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "column \"%s\" of relation \"%s\" is not a stored generated column, skipping",
                   c->name, t->name);
        return ST_OK;
    }
    if (c->generated == 0) {
        return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "column \"%s\" of relation \"%s\" is not a stored generated column", c->name,
                       t->name);
    }
    if (c->default_oid != 0) {
        TRY(ddl_remove_object(cx, d, (DdlObject){CAT_PG_ATTRDEF, c->default_oid, 0}));
    }
    TRY(ddl_load_attribute(cx, d, oid, c->number, &r));
    ddl_set_char(&r, PG_ATTRIBUTE_ATTGENERATED, 0);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTHASDEF, false);
    return ddl_row_store(cx, d, &r);
}
