/*
 * alter_type.c - ALTER TABLE ... ALTER COLUMN ... TYPE: the rows are computed anew into a new tree
 *
 * All such actions of one statement are done together, since each USING sees the old values. The
 * order is PostgreSQL's, as its errors show it: the new values are bound, defaults are cast, views
 * are looked for, checks and foreign keys are bound to the new types; then rows are copied, indexes
 * built, checks and foreign keys tested. Expressions of checks and indexes go through their text,
 * since their operators are chosen again.
 */
#include "bind/deparse.h"
#include "ddl/ddl_internal.h"

/* TypeChange - one column. */
typedef struct TypeChange {
    int16_t number;
    const CatType *type;
    int32_t typmod;
    Oid collation;
    bool has_using;
    Expr *value; /* over the old row */
    Expr *default_expr;
} TypeChange;

/* TypeCheck - a CHECK constraint over a column that changes. */
typedef struct TypeCheck {
    Oid oid;
    const char *name, *text;
} TypeCheck;

/* TypeIndex - an index that computes something from a column that changes. */
typedef struct TypeIndex {
    uint16_t index;        /* in the table's list */
    const char **texts;    /* of its expressions, in order */
    Oid *had;              /* and their types */
    const char *predicate; /* NULL = none */
} TypeIndex;

typedef struct AlterTypes {
    DdlCx *d;
    Oid oid;
    const CatTable *old; /* as it was */
    TypeChange *changes;
    uint32_t change_count;
    TypeCheck *checks;
    uint32_t check_count;
    TypeIndex *computed;
    uint32_t computed_count;
    const CatTable *next; /* the table as its columns will be, for binding */
} AlterTypes;

static TypeChange *type_change_of(const AlterTypes *a, int16_t number)
{
    for (uint32_t i = 0; i < a->change_count; i++) {
        if (a->changes[i].number == number) {
            return &a->changes[i];
        }
    }
    return NULL;
}

static const char *type_change_text(DdlCx *d, const TypeChange *c)
{
    Buf b;
    buf_init(&b, 512);
    cat_format_type(d->view, c->type->oid, c->typmod, &b);
    const char *text = arena_strndup(d->arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

/* ---- what the statement asks for ---- */

/* type_target - the column's new type, which columns may have. */
static Status type_target(Cx *cx, AlterTypes *a, const PgQuery__ColumnDef *def, const char *name,
                          TypeChange *c)
{
    DdlCx *d = a->d;
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    Oid type;
    TRY(bind_type_name(cx, &b, def->type_name, &type, &c->typmod));
    c->type = cat_type(d->view, type);
    if (c->type == NULL || c->type->kind == 'p') {
        return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION, "column \"%s\" has pseudo-type %s",
                       name, c->type != NULL ? c->type->name : "?");
    }
    if (c->type->ops == NULL) {
        return err_unsupported(cx, "columns of type %s are not supported", c->type->name);
    }
    return ddl_collation(cx, d, def->coll_clause, c->type, &c->collation);
}

/* type_value - the new value over the old row: USING, or the column itself; cast by assignment. */
static Status type_value(Cx *cx, AlterTypes *a, Slice sql, PgQuery__Node *using, const char *name,
                         TypeChange *c)
{
    DdlCx *d = a->d;
    BindCx b = {.view = d->view, .arena = d->arena, .sql = sql, .env = d->env};
    if (using != NULL) {
        c->has_using = true;
        return bind_table_expr(cx, &b, a->old, using, c->type->oid, c->typmod,
                               arena_printf(d->arena, "USING %s", name), &c->value);
    }
    PgQuery__String string = PG_QUERY__STRING__INIT;
    PgQuery__Node part = PG_QUERY__NODE__INIT, ref = PG_QUERY__NODE__INIT, *parts[1] = {&part};
    PgQuery__ColumnRef column = PG_QUERY__COLUMN_REF__INIT;
    string.sval = arena_strdup(d->arena, name);
    part.node_case = PG_QUERY__NODE__NODE_STRING;
    part.string = &string;
    column.n_fields = 1;
    column.fields = parts;
    column.location = -1;
    ref.node_case = PG_QUERY__NODE__NODE_COLUMN_REF;
    ref.column_ref = &column;
    b.sql = (Slice){0};
    Expr *e;
    TRY(bind_table_expr(cx, &b, a->old, &ref, 0, -1, "column", &e));
    Status st = bind_coerce(cx, &b, e, c->type->oid, c->typmod, 'a', &c->value);
    if (st != ST_NOTFOUND) {
        return st;
    }
    const char *type = type_change_text(d, c);
    st_ignore(err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                      "column \"%s\" cannot be cast automatically to type %s", name, type));
    if (a->old->columns[c->number - 1].generated != 0) {
        return ST_ERROR;
    }
    return err_hint(cx, "You might need to specify \"USING %s::%s\".",
                    ddl_quote_name(d->arena, name), type);
}

/* type_read - one action of the statement. */
static Status type_read(Cx *cx, AlterTypes *a, Slice sql, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__ColumnDef *def = cmd->def->column_def;
    const CatColumn *column = ddl_column(a->old, cmd->name);
    if (column == NULL) {
        return ddl_check_column_name(cx, cmd->name) == ST_OK
                   ? err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                             "column \"%s\" of relation \"%s\" does not exist", cmd->name,
                             a->old->name)
                   : err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot alter system column \"%s\"",
                             cmd->name);
    }
    TypeChange *c = &a->changes[a->change_count];
    *c = (TypeChange){.number = column->number, .typmod = -1};
    bool twice = type_change_of(a, column->number) != NULL;
    if (column->generated != 0 && def->raw_default != NULL) {
        st_ignore(err_set(cx, ERRCODE_INVALID_COLUMN_DEFINITION,
                          "cannot specify USING when altering type of generated column"));
        return err_detail(cx, "Column \"%s\" is a generated column.", column->name);
    }
    TRY(type_target(cx, a, def, cmd->name, c));
    if (!twice) { /* the same values are bound once; the text comes after that of the type */
        TRY(type_value(cx, a, sql, def->raw_default, cmd->name, c));
    }
    if (twice) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot alter type of column \"%s\" twice", cmd->name);
    }
    a->change_count++;
    return ST_OK;
}

/* type_default - the default as the new type: casts that were not written are taken off first. */
static Status type_default(Cx *cx, AlterTypes *a, TypeChange *c)
{
    DdlCx *d = a->d;
    const CatColumn *column = &a->old->columns[c->number - 1];
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    Expr *e;
    if (column->default_sql == NULL) {
        return ST_OK;
    }
    TRY(bind_load_expr(cx, &b, column->generated != 0 ? a->old : NULL, column->default_sql, &e));
    while (e->form == FORM_IMPLICIT_CAST && e->arg_count > 0 &&
           (e->kind == EXPR_FUNC || e->kind == EXPR_RELABEL || e->kind == EXPR_IO_CAST)) {
        e = e->args[0];
    }
    Status st = bind_coerce(cx, &b, e, c->type->oid, c->typmod, 'a', &c->default_expr);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                         "%s for column \"%s\" cannot be cast automatically to type %s",
                         column->generated != 0 ? "generation expression" : "default", column->name,
                         type_change_text(d, c))
               : st;
}

/* type_used_by_view - 0A000 when a view reads the column. */
static Status type_used_by_view(Cx *cx, AlterTypes *a, const TypeChange *c)
{
    static const uint16_t COLUMNS[4] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID,
                                        PG_DEPEND_REFOBJSUBID, PG_DEPEND_CLASSID};
    Datum key[4] = {
        {.u32 = CAT_PG_CLASS}, {.u32 = a->oid}, {.i32 = c->number}, {.u32 = DDL_PG_REWRITE}};
    DdlRowList list;
    TRY(ddl_rows(cx, a->d, CAT_PG_DEPEND, COLUMNS, key, 4, &list));
    if (list.count == 0) {
        return ST_OK;
    }
    Datum rule = list.rows[0].values[PG_DEPEND_OBJID];
    DdlRow row;
    const char *view;
    TRY(ddl_row_load(cx, a->d, DDL_PG_REWRITE, &rule, 1, &row));
    TRY(ddl_describe(cx, a->d, (DdlObject){CAT_PG_CLASS, row.values[PG_REWRITE_EV_CLASS].u32, 0},
                     &view));
    st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "cannot alter type of a column used by a view or rule"));
    return err_detail(cx, "rule _RETURN on %s depends on column \"%s\"", view,
                      a->old->columns[c->number - 1].name);
}

/* type_used_by_trigger - 0A000 when a trigger is about the column. */
static Status type_used_by_trigger(Cx *cx, AlterTypes *a, const TypeChange *c)
{
    static const uint16_t COLUMNS[4] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID,
                                        PG_DEPEND_REFOBJSUBID, PG_DEPEND_CLASSID};
    Datum key[4] = {
        {.u32 = CAT_PG_CLASS}, {.u32 = a->oid}, {.i32 = c->number}, {.u32 = CAT_PG_TRIGGER}};
    DdlRowList list;
    const char *trigger;
    TRY(ddl_rows(cx, a->d, CAT_PG_DEPEND, COLUMNS, key, 4, &list));
    if (list.count == 0) {
        return ST_OK;
    }
    DdlObject o = {CAT_PG_TRIGGER, list.rows[0].values[PG_DEPEND_OBJID].u32, 0};
    TRY(ddl_describe(cx, a->d, o, &trigger));
    st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "cannot alter type of a column used in a trigger definition"));
    return err_detail(cx, "%s depends on column \"%s\"", trigger,
                      a->old->columns[c->number - 1].name);
}

/* type_reads - does the expression read column number n? */
static bool type_reads(const Expr *e, int16_t n)
{
    bool found = e->kind == EXPR_COLUMN && e->u.column.column + 1 == n;
    for (uint16_t i = 0; i < e->arg_count && !found; i++) {
        found = e->args[i] != NULL && type_reads(e->args[i], n);
    }
    return found;
}

/* type_used_by_generated - 0A000 when a generated column is computed from the column. */
static Status type_used_by_generated(Cx *cx, AlterTypes *a, const TypeChange *c)
{
    BindCx b = {.view = a->d->view, .arena = a->d->arena, .env = a->d->env, .no_locks = true};
    for (uint16_t i = 0; i < a->old->column_count; i++) {
        const CatColumn *g = &a->old->columns[i];
        Expr *e;
        if (g->generated == 0 || g->dropped || g->default_sql == NULL) {
            continue;
        }
        TRY(bind_load_expr(cx, &b, a->old, g->default_sql, &e));
        if (type_reads(e, c->number)) {
            st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                              "cannot alter type of a column used by a generated column"));
            return err_detail(cx, "Column \"%s\" is used by generated column \"%s\".",
                              a->old->columns[c->number - 1].name, g->name);
        }
    }
    return ST_OK;
}

static int type_check_older(const void *a, const void *b)
{
    const TypeCheck *x = a, *y = b;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

/* type_find_checks - the text of every CHECK that reads a column that changes. */
static Status type_find_checks(Cx *cx, AlterTypes *a)
{
    DdlCx *d = a->d;
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env, .no_locks = true};
    Deparse out = {.view = d->view, .arena = d->arena, .env = d->env, .qualify = true};
    a->checks = ARENA_ARRAY(d->arena, TypeCheck, a->old->constraint_count + 1u);
    for (uint16_t i = 0; i < a->old->constraint_count; i++) {
        const CatConstraint *con = &a->old->constraints[i];
        bool touched = false;
        for (uint16_t k = 0; con->type == 'c' && k < con->column_count; k++) {
            touched |= type_change_of(a, con->columns[k]) != NULL;
        }
        if (touched) {
            Expr *e;
            char *text;
            TRY(bind_load_expr(cx, &b, a->old, con->check_sql, &e));
            TRY(deparse_expr(cx, &out, e, a->old, &text));
            a->checks[a->check_count++] = (TypeCheck){con->oid, con->name, text};
        }
    }
    if (a->check_count > 1) { /* told about in the order they were made */
        array_sort(a->checks, a->check_count, sizeof(TypeCheck), type_check_older);
    }
    return ST_OK;
}

/* type_index_texts - an index's expressions and predicate as text. */
static Status type_index_texts(Cx *cx, AlterTypes *a, const CatIndex *ix, TypeIndex *out)
{
    DdlCx *d = a->d;
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env, .no_locks = true};
    Deparse deparse = {.view = d->view, .arena = d->arena, .env = d->env, .qualify = true};
    Expr *list = NULL, *where;
    char *text;
    if (ix->expressions_sql != NULL) {
        TRY(bind_load_expr(cx, &b, a->old, ix->expressions_sql, &list));
        out->texts = ARENA_ARRAY(d->arena, const char *, list->arg_count);
        out->had = ARENA_ARRAY(d->arena, Oid, list->arg_count);
        for (uint16_t i = 0; i < list->arg_count; i++) {
            TRY(deparse_expr(cx, &deparse, list->args[i], a->old, &text));
            out->texts[i] = text;
            out->had[i] = list->args[i]->type;
        }
    }
    if (ix->predicate_sql != NULL) {
        TRY(bind_load_expr(cx, &b, a->old, ix->predicate_sql, &where));
        TRY(deparse_expr(cx, &deparse, where, a->old, &text));
        out->predicate = text;
    }
    return ST_OK;
}

/* type_find_computed - the indexes whose expressions or predicates read a column that changes. */
static Status type_find_computed(Cx *cx, AlterTypes *a)
{
    a->computed = ARENA_ARRAY(a->d->arena, TypeIndex, a->old->index_count + 1u);
    for (uint16_t i = 0; i < a->old->index_count; i++) {
        const IndexCompute *compute =
            a->old->storage != NULL ? a->old->storage->indexes[i].compute : NULL;
        bool touched = false;
        for (uint16_t k = 0; compute != NULL && k < compute->column_count; k++) {
            touched |= type_change_of(a, (int16_t)(compute->columns[k] + 1)) != NULL;
        }
        if (touched) {
            TypeIndex *x = &a->computed[a->computed_count++];
            *x = (TypeIndex){.index = i};
            TRY(type_index_texts(cx, a, &a->old->indexes[i], x));
        }
    }
    return ST_OK;
}

/* type_next_table - the table with the columns' new types, as far as the binder looks. */
static void type_next_table(AlterTypes *a)
{
    CatTable *next = arena_memdup(a->d->arena, a->old, sizeof(CatTable));
    CatColumn *columns =
        arena_memdup(a->d->arena, a->old->columns, (a->old->column_count + 1u) * sizeof(CatColumn));
    for (uint32_t i = 0; i < a->change_count; i++) {
        const TypeChange *c = &a->changes[i];
        columns[c->number - 1].type = c->type->oid;
        columns[c->number - 1].carrier = c->type->carrier;
        columns[c->number - 1].typmod = c->typmod;
        columns[c->number - 1].collation = c->collation;
    }
    next->columns = columns;
    a->next = next;
}

/* type_reparse - a text made by the deparser, bound to the new types. It was made for an empty
 * search path. */
static Status type_reparse(Cx *cx, AlterTypes *a, const char *text, Oid want, const char *what,
                           Expr **out)
{
    static const Oid CATALOG_ONLY[1] = {NAMESPACE_PG_CATALOG};
    DdlCx *d = a->d;
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env, .no_locks = true};
    const Oid *path = d->view->search_path;
    uint32_t path_count = d->view->search_path_count;
    PgQuery__Node *node;
    TRY(parse_expression(cx, d->arena, slice_of(text), &node));
    d->view->search_path = CATALOG_ONLY;
    d->view->search_path_count = 1;
    Status st = bind_table_expr(cx, &b, a->next, node, want, -1, what, out);
    d->view->search_path = path;
    d->view->search_path_count = path_count;
    return st;
}

/* ---- the catalogs ---- */

/* type_column_depend - the column depends on its new type instead of the old one. */
static Status type_column_depend(Cx *cx, DdlCx *d, Oid rel, int16_t number, Oid type)
{
    static const uint16_t COLUMNS[4] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID, PG_DEPEND_OBJSUBID,
                                        PG_DEPEND_REFCLASSID};
    Datum key[4] = {{.u32 = CAT_PG_CLASS}, {.u32 = rel}, {.i32 = number}, {.u32 = CAT_PG_TYPE}};
    DdlRowList list;
    DdlObject column = {CAT_PG_CLASS, rel, number};
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 4, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, list.rows[i].values, PG_DEPEND_DEPTYPE));
    }
    return ddl_depend(cx, d, column, (DdlObject){CAT_PG_TYPE, type, 0}, 'n');
}

/* type_attribute - an attribute of the table or an index gets the new type. */
static Status type_attribute(Cx *cx, AlterTypes *a, Oid rel, int16_t number, const TypeChange *c)
{
    Datum key = {.u32 = c->type->oid};
    DdlRow type, r;
    TRY(ddl_row_load(cx, a->d, CAT_PG_TYPE, &key, 1, &type));
    TRY(ddl_load_attribute(cx, a->d, rel, number, &r));
    ddl_set_oid(&r, PG_ATTRIBUTE_ATTTYPID, c->type->oid);
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTTYPMOD, c->typmod);
    ddl_set_oid(&r, PG_ATTRIBUTE_ATTCOLLATION, c->collation);
    ddl_set_i16(&r, PG_ATTRIBUTE_ATTLEN, type.values[PG_TYPE_TYPLEN].i16);
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTNDIMS, c->type->category == 'A' ? 1 : 0);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTBYVAL, type.values[PG_TYPE_TYPBYVAL].b);
    r.values[PG_ATTRIBUTE_ATTALIGN] = type.values[PG_TYPE_TYPALIGN];
    r.values[PG_ATTRIBUTE_ATTSTORAGE] = type.values[PG_TYPE_TYPSTORAGE];
    ddl_set_char(&r, PG_ATTRIBUTE_ATTCOMPRESSION, 0);
    TRY(ddl_row_store(cx, a->d, &r));
    return rel == a->old->oid ? type_column_depend(cx, a->d, rel, number, c->type->oid) : ST_OK;
}

/* type_keeps_opclass - an operator class that was named stays, if the new type has it. */
static Status type_keeps_opclass(Cx *cx, AlterTypes *a, const TypeChange *c, Oid opclass)
{
    return ddl_opclass_accepts(a->d, opclass, c->type->oid)
               ? ST_OK
               : err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                         "operator class \"%s\" does not accept data type %s",
                         cat_opclass_name(a->d->view, a->d->arena, opclass),
                         type_change_text(a->d, c));
}

/* type_index_key - the operator class and the collation of key column k, whose type was `had`, and
 * its attribute. */
static Status type_index_key(Cx *cx, AlterTypes *a, const CatIndex *ix, uint16_t k, Oid had,
                             Oid had_collation, const TypeChange *c, Oid *opclass, Oid *collation)
{
    DdlCx *d = a->d;
    Oid method = cat_opclass_method(d->view, *opclass);
    if (ix->exclusion) {
        TRY(ddl_retype_exclusion(cx, d, a->old, ix, k, c->type->oid, opclass));
    } else if (*opclass == cat_method_opclass(d->view, method, had)) {
        *opclass = cat_method_opclass(d->view, method, c->type->oid);
    } else {
        TRY(type_keeps_opclass(cx, a, c, *opclass));
    }
    if (*opclass == 0) {
        st_ignore(err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                          "data type %s has no default operator class for access method \"%s\"",
                          type_change_text(d, c), cat_access_method_name(method)));
        return err_hint(cx, "You must specify an operator class for the index or define a "
                            "default operator class for the data type.");
    }
    TypeChange own = *c; /* a collation of the index's own stays */
    if (*collation != had_collation && c->collation != OID_INVALID) {
        own.collation = *collation;
    }
    *collation = own.collation;
    Oid kept = method != DDL_ACCESS_BTREE ? cat_opclass_key_type(d->view, *opclass, c->type->oid)
                                          : OID_INVALID;
    if (kept != OID_INVALID) {
        own.type = cat_type(d->view, kept);
        own.typmod = -1;
    }
    return type_attribute(cx, a, ix->oid, (int16_t)(k + 1), &own);
}

/* type_index_depends - the functions an index's expressions call now instead of those before. */
static Status type_index_depends(Cx *cx, AlterTypes *a, const CatIndex *ix, Expr *const *exprs,
                                 uint16_t count, const Expr *predicate)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID};
    Datum key[2] = {{.u32 = CAT_PG_CLASS}, {.u32 = ix->oid}};
    DdlObject self = {CAT_PG_CLASS, ix->oid, 0};
    DdlRowList list;
    TRY(ddl_rows(cx, a->d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const DdlRow *r = &list.rows[i];
        if (r->values[PG_DEPEND_OBJSUBID].i32 == 0 &&
            r->values[PG_DEPEND_REFCLASSID].u32 == CAT_PG_PROC) {
            TRY(ddl_row_remove(cx, a->d, CAT_PG_DEPEND, r->values, PG_DEPEND_DEPTYPE));
        }
    }
    for (uint16_t i = 0; i < count; i++) {
        TRY(ddl_depend_on_expr(cx, a->d, self, exprs[i]));
    }
    return predicate != NULL ? ddl_depend_on_expr(cx, a->d, self, predicate) : ST_OK;
}

/* type_index_bind - what an index computes, bound to the new types, is stored again. */
static Status type_index_bind(Cx *cx, AlterTypes *a, const CatIndex *ix, const TypeIndex *x,
                              DdlRow *row, Expr **exprs)
{
    NewIndex n = {0};
    const char *trees = NULL, *predicate = NULL;
    uint16_t next = 0;
    n.column_count = ix->column_count;
    for (uint16_t k = 0; k < ix->column_count; k++) {
        if (ix->columns[k] == 0) {
            TRY(type_reparse(cx, a, x->texts[next], 0, "index expression", &n.exprs[k]));
            exprs[next++] = n.exprs[k];
        }
    }
    if (x->predicate != NULL) {
        TRY(type_reparse(cx, a, x->predicate, TYPE_BOOL, "index predicate", &n.predicate));
    }
    TRY(ddl_index_trees(cx, a->d, &n, &trees, &predicate));
    ddl_set_text(row, PG_INDEX_INDEXPRS, trees);
    ddl_set_text(row, PG_INDEX_INDPRED, predicate);
    return type_index_depends(cx, a, ix, exprs, next, n.predicate);
}

/* type_index - one index over columns that change gets the operator classes of the new types. */
static Status type_index(Cx *cx, AlterTypes *a, const CatIndex *ix, const TypeIndex *x)
{
    DdlCx *d = a->d;
    const char *classes = "", *collations = "";
    Expr **exprs = ARENA_ARRAY(d->arena, Expr *, ix->column_count + 1u);
    uint16_t expr = 0;
    Datum key = {.u32 = ix->oid};
    DdlRow r;
    TRY(ddl_row_load(cx, d, CAT_PG_INDEX, &key, 1, &r));
    if (x != NULL) {
        TRY(type_index_bind(cx, a, ix, x, &r, exprs));
    }
    for (uint16_t k = 0; k < ix->column_count; k++) {
        const TypeChange *c = ix->columns[k] != 0 ? type_change_of(a, ix->columns[k]) : NULL;
        if (k >= ix->key_count) {
            TRY(c != NULL ? type_attribute(cx, a, ix->oid, (int16_t)(k + 1), c) : ST_OK);
            continue;
        }
        Oid opclass = ix->opclasses[k], collation = ix->collations[k];
        if (c != NULL) {
            const CatColumn *had = &a->old->columns[ix->columns[k] - 1];
            TRY(type_index_key(cx, a, ix, k, had->type, had->collation, c, &opclass, &collation));
        } else if (ix->columns[k] == 0 && x != NULL) {
            const Expr *e = exprs[expr];
            TypeChange is = {
                .type = cat_type(d->view, e->type), .typmod = e->typmod, .collation = e->collation};
            TRY(type_index_key(cx, a, ix, k, x->had[expr++], e->collation, &is, &opclass,
                               &collation));
        }
        classes = arena_printf(d->arena, "%s%s%u", classes, k == 0 ? "" : " ", opclass);
        collations = arena_printf(d->arena, "%s%s%u", collations, k == 0 ? "" : " ", collation);
    }
    ddl_set_text(&r, PG_INDEX_INDCLASS, classes);
    ddl_set_text(&r, PG_INDEX_INDCOLLATION, collations);
    return ddl_row_store(cx, d, &r);
}

/* type_indexes - all indexes over columns that change. */
static Status type_indexes(Cx *cx, AlterTypes *a)
{
    uint32_t next = 0;
    for (uint16_t i = 0; i < a->old->index_count; i++) {
        const CatIndex *ix = &a->old->indexes[i];
        bool computed = next < a->computed_count && a->computed[next].index == i;
        bool touched = computed;
        for (uint16_t k = 0; k < ix->column_count; k++) {
            touched = touched || (ix->columns[k] != 0 && type_change_of(a, ix->columns[k]) != NULL);
        }
        if (touched) {
            TRY(type_index(cx, a, ix, computed ? &a->computed[next] : NULL));
        }
        next += computed ? 1 : 0;
    }
    return ST_OK;
}

/* type_catalogs - attributes, statistics, defaults, identity sequences, indexes. */
static Status type_catalogs(Cx *cx, AlterTypes *a)
{
    DdlCx *d = a->d;
    for (uint32_t i = 0; i < a->change_count; i++) {
        const TypeChange *c = &a->changes[i];
        const CatColumn *column = &a->old->columns[c->number - 1];
        Datum key[2] = {{.u32 = a->oid}, {.i16 = c->number}};
        TRY(type_attribute(cx, a, a->oid, c->number, c));
        TRY(ddl_row_remove(cx, d, CAT_PG_STATISTIC, key, 2));
        if (column->identity != 0) {
            TRY(ddl_set_sequence_type(cx, d, column->identity_sequence, c->type->oid));
        }
        if (c->default_expr != NULL) {
            DdlRow r;
            TRY(ddl_remove_object(cx, d, (DdlObject){CAT_PG_ATTRDEF, column->default_oid, 0}));
            TRY(ddl_store_default(cx, d, a->oid, c->number, c->default_expr,
                                  column->generated != 0));
            TRY(ddl_load_attribute(cx, d, a->oid, c->number, &r));
            ddl_set_bool(&r, PG_ATTRIBUTE_ATTHASDEF, true);
            TRY(ddl_row_store(cx, d, &r));
        }
    }
    return type_indexes(cx, a);
}

/* type_bind_checks - the checks, bound to the new types, are stored again. */
static Status type_bind_checks(Cx *cx, AlterTypes *a)
{
    DdlCx *d = a->d;
    for (uint32_t i = 0; i < a->check_count; i++) {
        Datum key = {.u32 = a->checks[i].oid};
        const char *tree;
        Expr *e;
        DdlRow r;
        TRY(type_reparse(cx, a, a->checks[i].text, TYPE_BOOL, "CHECK", &e));
        TRY(bind_store_expr(cx, d->arena, e, &tree));
        TRY(ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r));
        ddl_set_text(&r, PG_CONSTRAINT_CONBIN, tree);
        TRY(ddl_row_store(cx, d, &r));
    }
    return ST_OK;
}

/* ---- the rows ---- */

/* TypeCopy - rows of the old tree on their way to the new one. */
typedef struct TypeCopy {
    const CatTable *t; /* as it will be */
    ExecInsert *insert;
    Vector **columns; /* of the batch to insert; those of dropped columns are NULL for ever */
} TypeCopy;

/* type_copy_batch - DdlRowSink.batch: the selected columns take their places among dropped ones. */
static Status type_copy_batch(void *arg, Cx *cx, const Batch *batch)
{
    TypeCopy *c = arg;
    Batch out = *batch;
    uint16_t from = 0;
    for (uint16_t i = 0; i < c->t->column_count; i++) {
        const CatColumn *column = &c->t->columns[i];
        if (column->dropped) {
            continue;
        }
        c->columns[i] = batch->cols[from++];
        SEL_FOREACH(row, &batch->sel)
        {
            if (column->not_null && vec_is_null(c->columns[i], row)) {
                st_ignore(err_set(cx, ERRCODE_NOT_NULL_VIOLATION,
                                  "column \"%s\" of relation \"%s\" contains null values",
                                  column->name, c->t->name));
                return err_constraint(cx, c->t->schema_name, c->t->name, column->name, "");
            }
        }
    }
    out.cols = c->columns;
    out.col_count = c->t->column_count;
    return exec_insert_rows(cx, c->insert, &out);
}

/* type_query - SELECT of all columns of the old table, new values in the places of the old. */
static Status type_query(Cx *cx, AlterTypes *a, Plan **plan_out)
{
    DdlCx *d = a->d;
    const char *list = "";
    ParsedStmt *stmts;
    uint32_t count;
    uint16_t at = 0;
    Query *q;
    for (uint16_t i = 0; i < a->old->column_count; i++) {
        if (!a->old->columns[i].dropped) {
            list = arena_printf(d->arena, "%s%s%s", list, list[0] == '\0' ? "" : ", ",
                                ddl_sql_name(d->arena, a->old->columns[i].name));
        }
    }
    const char *sql = arena_printf(d->arena, "SELECT %s FROM %s", list, ddl_qualified(d, a->old));
    BindCx b = {
        .view = d->view, .arena = d->arena, .sql = slice_of(sql), .env = d->env, .no_locks = true};
    TRY(parse_sql(cx, d->arena, b.sql, &stmts, &count));
    TRY(bind_statement(cx, &b, stmts[0].node, &q));
    for (uint16_t i = 0; i < a->old->column_count; i++) {
        const TypeChange *c = type_change_of(a, a->old->columns[i].number);
        if (a->old->columns[i].dropped) {
            continue;
        }
        q->targets[at].expr = c != NULL ? c->value : q->targets[at].expr;
        at++;
    }
    return plan_create(cx, d->view, d->env, q, NULL, d->extra_fn, plan_out);
}

/* type_copy_rows - run the plan over the old tree into the new one, which has no indexes yet. */
static Status type_copy_rows(Cx *cx, AlterTypes *a, Plan *plan, const CatTable *t)
{
    DdlCx *d = a->d;
    CatTable bare = *t; /* rows alone: constraints and indexes are seen to afterwards */
    Table storage = *t->storage;
    storage.index_count = 0;
    bare.storage = &storage;
    bare.index_count = bare.constraint_count = bare.trigger_count = 0;
    CatColumn *columns = arena_memdup(d->arena, t->columns, t->column_count * sizeof(CatColumn));
    TypeCopy copy = {.t = t, .columns = ARENA_ARRAY(d->arena, Vector *, t->column_count + 1u)};
    Vector *nulls = ARENA_ARRAY(d->arena, Vector, t->column_count + 1u);
    static const Datum NOTHING;
    for (uint16_t i = 0; i < t->column_count; i++) {
        columns[i].not_null = false;
        columns[i].generated = 0; /* computed already */
        if (t->columns[i].dropped) {
            vec_init_const(&nulls[i], storage.columns[i].phys, d->arena, &NOTHING, true);
            copy.columns[i] = &nulls[i];
        }
    }
    bare.columns = columns;
    ExecEnv env = ddl_exec_env(d);
    TRY(exec_insert_begin(cx, d->arena, &env, &bare, &copy.insert));
    DdlRowSink sink = {.batch = type_copy_batch, .arg = &copy};
    TRY(ddl_run_plan(cx, d, plan, &sink));
    TRY(exec_insert_end(cx, copy.insert));
    return txn_next_command(cx, d->view->txn);
}

/* type_foreign_keys - the foreign keys of and to columns that change: the types must still be
 * comparable (rows false), the rows must still match (rows true). */
static Status type_foreign_keys(Cx *cx, AlterTypes *a, const CatTable *t, bool rows)
{
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        const CatConstraint *con = &t->constraints[i];
        bool touched = false;
        for (uint16_t k = 0; con->type == 'f' && k < con->column_count; k++) {
            touched |= type_change_of(a, con->columns[k]) != NULL;
        }
        if (touched) {
            TRY(ddl_recheck_foreign_key(cx, a->d, t, con, rows));
        }
    }
    for (uint16_t i = 0; i < t->referenced_by_count; i++) {
        const CatTable *child;
        TRY(cat_table_by_oid(cx, a->d->view, t->referenced_by_tables[i], &child));
        for (uint16_t n = 0; n < child->constraint_count; n++) {
            const CatConstraint *con = &child->constraints[n];
            bool touched = false;
            if (con->oid != t->referenced_by_constraints[i] || child->oid == t->oid) {
                continue; /* its own were seen to above */
            }
            for (uint16_t k = 0; k < con->column_count; k++) {
                touched |= type_change_of(a, con->foreign_columns[k]) != NULL;
            }
            if (touched) {
                TRY(ddl_recheck_foreign_key(cx, a->d, child, con, rows));
            }
        }
    }
    return ST_OK;
}

/* type_rewrite - catalogs and rows, once everything is bound. */
static Status type_rewrite(Cx *cx, AlterTypes *a)
{
    DdlCx *d = a->d;
    const CatTable *t;
    Plan *plan = NULL;
    TRY(type_query(cx, a, &plan));
    Status st = ST_OK;
    TRY_OUT(type_catalogs(cx, a));
    TRY_OUT(ddl_reload(cx, d, a->oid, &t));
    TRY_OUT(type_foreign_keys(cx, a, t, false));
    TRY_OUT(type_bind_checks(cx, a));
    TRY_OUT(ddl_new_trees(cx, d, t));
    TRY_OUT(ddl_reload(cx, d, a->oid, &t));
    TRY_OUT(type_copy_rows(cx, a, plan, t));
    for (uint16_t i = 0; i < t->index_count; i++) {
        TRY_OUT(ddl_index_fill(cx, d, a->oid, t->indexes[i].oid));
    }
    for (uint32_t i = 0; i < a->check_count; i++) {
        TRY_OUT(ddl_check_rows_hold(cx, d, t, a->checks[i].name, a->checks[i].text));
    }
    st = type_foreign_keys(cx, a, t, true);
out:
    plan_unref(plan);
    return st;
}

Status ddl_alter_types(Cx *cx, DdlCx *d, Slice sql, Oid oid, const PgQuery__AlterTableStmt *stmt)
{
    AlterTypes a = {.d = d, .oid = oid};
    TRY(ddl_reload(cx, d, oid, &a.old));
    a.changes = ARENA_ARRAY(d->arena, TypeChange, stmt->n_cmds + 1);
    for (size_t i = 0; i < stmt->n_cmds; i++) {
        const PgQuery__AlterTableCmd *cmd = stmt->cmds[i]->alter_table_cmd;
        if (cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType) {
            TRY(type_read(cx, &a, sql, cmd));
        }
    }
    for (uint32_t i = 0; i < a.change_count; i++) {
        TRY(type_default(cx, &a, &a.changes[i]));
        TRY(type_used_by_view(cx, &a, &a.changes[i]));
        TRY(type_used_by_trigger(cx, &a, &a.changes[i]));
        TRY(type_used_by_generated(cx, &a, &a.changes[i]));
    }
    TRY(type_find_checks(cx, &a));
    TRY(type_find_computed(cx, &a));
    type_next_table(&a);
    TRY(ddl_row_type_unused(cx, d, a.old->type_oid, a.old));
    /* The plan takes the view's pins: what was looked up here must not be among them. */
    CatPins *mine = cat_pins_take(d->view);
    Status st = type_rewrite(cx, &a);
    cat_view_release_pins(d->view);
    d->view->pins = mine;
    cat_changed(d->view);
    return st;
}
