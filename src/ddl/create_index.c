/*
 * create_index.c - CREATE INDEX, and the indexes behind primary and unique keys.
 */
#include "ddl/role.h"

/* index_vector - numbers of a vector column as text: "1 2". */
static const char *index_vector(Arena *a, const uint32_t *v, uint16_t n)
{
    char *text = arena_strdup(a, "");
    for (uint16_t i = 0; i < n; i++) {
        text = arena_printf(a, "%s%s%u", text, i == 0 ? "" : " ", v[i]);
    }
    return text;
}

Status ddl_index_trees(Cx *cx, DdlCx *d, const NewIndex *ix, const char **exprs_out,
                       const char **predicate_out)
{
    Expr row = {.kind = EXPR_ROW, .type = TYPE_RECORD, .typmod = -1, .location = -1};
    row.args = ARENA_ARRAY(d->arena, Expr *, ix->column_count + 1u);
    row.phys = PHYS_STR;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        if (ix->exprs[i] != NULL) {
            row.args[row.arg_count++] = ix->exprs[i];
        }
    }
    if (row.arg_count > 0) {
        TRY(bind_store_expr(cx, d->arena, &row, exprs_out));
    }
    return ix->predicate != NULL ? bind_store_expr(cx, d->arena, ix->predicate, predicate_out)
                                 : ST_OK;
}

Status ddl_no_opclass(Cx *cx, DdlCx *d, Oid type, Oid method)
{
    Buf b;
    buf_init(&b, 256);
    cat_format_type(d->view, type, -1, &b);
    st_ignore(err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                      "data type %.*s has no default operator class for access method \"%s\"",
                      (int)b.len, (const char *)b.data, cat_access_method_name(method)));
    buf_release(&b);
    return err_hint(cx, "You must specify an operator class for the index or define a "
                        "default operator class for the data type.");
}

/* index_row - the row of pg_index. */
static Status index_row(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid oid)
{
    uint32_t keys[INDEX_COLUMNS_MAX] = {0}, options[INDEX_COLUMNS_MAX] = {0},
             collations[INDEX_COLUMNS_MAX] = {0}, classes[INDEX_COLUMNS_MAX] = {0};
    for (uint16_t i = 0; i < ix->column_count; i++) {
        Oid type, collation;
        int32_t typmod;
        ddl_index_column_type(t, ix, i, &type, &typmod, &collation);
        keys[i] = (uint32_t)ix->columns[i];
        if (i < ix->key_count) {
            options[i] = ix->options[i];
            collations[i] = ix->collations[i] != 0 ? ix->collations[i] : collation;
            classes[i] =
                ix->opclasses[i] != 0 ? ix->opclasses[i] : cat_default_opclass(d->view, type);
            if (classes[i] == 0) {
                return ddl_no_opclass(cx, d, type, DDL_ACCESS_BTREE);
            }
        }
    }
    const char *exprs = NULL, *predicate = NULL;
    TRY(ddl_index_trees(cx, d, ix, &exprs, &predicate));
    DdlRow r;
    ddl_row_init(&r, CAT_PG_INDEX);
    ddl_set_text(&r, PG_INDEX_INDEXPRS, exprs);
    ddl_set_text(&r, PG_INDEX_INDPRED, predicate);
    ddl_set_oid(&r, PG_INDEX_INDEXRELID, oid);
    ddl_set_oid(&r, PG_INDEX_INDRELID, t->oid);
    ddl_set_i16(&r, PG_INDEX_INDNATTS, (int16_t)ix->column_count);
    ddl_set_i16(&r, PG_INDEX_INDNKEYATTS, (int16_t)ix->key_count);
    ddl_set_bool(&r, PG_INDEX_INDISUNIQUE, ix->unique);
    ddl_set_bool(&r, PG_INDEX_INDNULLSNOTDISTINCT, ix->nulls_not_distinct);
    ddl_set_bool(&r, PG_INDEX_INDISPRIMARY, ix->primary);
    ddl_set_bool(&r, PG_INDEX_INDISEXCLUSION, ix->exclusion);
    ddl_set_bool(&r, PG_INDEX_INDIMMEDIATE, !ix->deferrable);
    ddl_set_bool(&r, PG_INDEX_INDISCLUSTERED, false);
    ddl_set_bool(&r, PG_INDEX_INDISVALID, true);
    ddl_set_bool(&r, PG_INDEX_INDCHECKXMIN, false);
    ddl_set_bool(&r, PG_INDEX_INDISREADY, true);
    ddl_set_bool(&r, PG_INDEX_INDISLIVE, true);
    ddl_set_bool(&r, PG_INDEX_INDISREPLIDENT, false);
    ddl_set_text(&r, PG_INDEX_INDKEY, index_vector(d->arena, keys, ix->column_count));
    ddl_set_text(&r, PG_INDEX_INDCOLLATION, index_vector(d->arena, collations, ix->key_count));
    ddl_set_text(&r, PG_INDEX_INDCLASS, index_vector(d->arena, classes, ix->key_count));
    ddl_set_text(&r, PG_INDEX_INDOPTION, index_vector(d->arena, options, ix->key_count));
    return ddl_row_insert(cx, d, &r);
}

/* index_attributes - an index shows its columns in pg_attribute. */
static Status index_attributes(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid oid)
{
    const char **names = ddl_index_column_names(d, t, ix);
    for (uint16_t i = 0; i < ix->column_count; i++) {
        Oid type, collation;
        int32_t typmod;
        ddl_index_column_type(t, ix, i, &type, &typmod, &collation);
        NewColumn a = {.name = names[i],
                       .of_index = true,
                       .number = (int16_t)(i + 1),
                       .type = cat_type(d->view, type),
                       .typmod = typmod,
                       .collation = ix->collations[i] != 0 ? ix->collations[i] : collation};
        Oid key = ix->method != 0 ? cat_opclass_key_type(d->view, ix->opclasses[i], type) : 0;
        if (key != 0) {
            a.type = cat_type(d->view, key);
            a.typmod = -1;
        } else if (ix->exprs[i] == NULL) {
            a.storage = t->columns[ix->columns[i] - 1].storage;
            a.compression = t->columns[ix->columns[i] - 1].compression;
        }
        TRY(ddl_insert_attribute(cx, d, oid, &a));
    }
    return ST_OK;
}

/* index_depend_expr - the index goes with the columns an expression reads, and with what it calls.
 */
static Status index_depend_expr(Cx *cx, DdlCx *d, const CatTable *t, DdlObject self, const Expr *e)
{
    if (e->kind == EXPR_COLUMN && e->u.column.column >= 0) {
        return ddl_depend(cx, d, self,
                          (DdlObject){CAT_PG_CLASS, t->oid, t->columns[e->u.column.column].number},
                          'a');
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        TRY(index_depend_expr(cx, d, t, self, e->args[i]));
    }
    return ST_OK;
}

Status ddl_index_depend_computed(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid oid)
{
    DdlObject self = {CAT_PG_CLASS, oid, 0};
    for (uint16_t i = 0; i < ix->column_count; i++) {
        if (ix->exprs[i] != NULL) {
            TRY(index_depend_expr(cx, d, t, self, ix->exprs[i]));
            TRY(ddl_depend_on_expr(cx, d, self, ix->exprs[i]));
        }
    }
    if (ix->predicate != NULL) {
        TRY(index_depend_expr(cx, d, t, self, ix->predicate));
        TRY(ddl_depend_on_expr(cx, d, self, ix->predicate));
    }
    return ST_OK;
}

/* index_depend - an index that no constraint has goes with its table's columns. */
static Status index_depend(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid oid)
{
    DdlObject self = {CAT_PG_CLASS, oid, 0};
    bool columns = false;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        columns = columns || ix->exprs[i] == NULL;
        if (ix->exprs[i] == NULL) {
            TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, t->oid, ix->columns[i]}, 'a'));
        }
    }
    if (!columns) { /* its expressions may have none: it goes with the table, too */
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, t->oid, 0}, 'a'));
    }
    return ddl_index_depend_computed(cx, d, t, ix, oid);
}

Status ddl_index_fill(Cx *cx, DdlCx *d, Oid table, Oid oid)
{
    const CatTable *t;
    TRY(ddl_reload(cx, d, table, &t));
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (t->indexes[i].oid == oid && t->storage != NULL) {
            TableIndex copy = t->storage->indexes[i];
            Status st = index_build(cx, d->view->txn, t->storage, &copy);
            return st;
        }
    }
    return ST_OK;
}

Status ddl_index_make(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid *oid_out)
{
    TRY(ddl_index_define(cx, d, t, ix, oid_out));
    return ddl_index_fill(cx, d, t->oid, *oid_out);
}

Status ddl_index_define(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid *oid_out)
{
    TreeId tree;
    PageNo root;
    TRY(ddl_new_oid(cx, d, oid_out));
    TRY(index_create(cx, d->engine, d->view->txn, &tree, &root));
    NewRelation rel = {.oid = *oid_out,
                       .owner = t->owner,
                       .namespace_oid = t->namespace_oid,
                       .name = ix->name,
                       .kind = 'i',
                       .persistence = t->persistence,
                       .tree = tree,
                       .options = ix->rel_options,
                       .method = ix->method,
                       .column_count = ix->column_count};
    TRY(ddl_insert_class(cx, d, &rel));
    TRY(index_attributes(cx, d, t, ix, *oid_out));
    TRY(index_row(cx, d, t, ix, *oid_out));
    TRY(ddl_update_class_flag(cx, d, t->oid, PG_CLASS_RELHASINDEX, true));
    for (uint16_t i = 0; i < ix->key_count; i++) { /* built-in ones are never dropped */
        TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, *oid_out, 0},
                       (DdlObject){CAT_PG_OPCLASS, ix->opclasses[i], 0}, 'n'));
    }
    if (!ix->constraint) { /* of a constraint: the index goes with it */
        TRY(index_depend(cx, d, t, ix, *oid_out));
    }
    return ST_OK;
}

/* ddl_index_name - t_a_b_idx. */
Status ddl_index_name(Cx *cx, DdlCx *d, const CatTable *t, NewIndex *ix)
{
    const char **columns = ddl_index_column_names(d, t, ix);
    char *names = NULL, *name;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        names = i == 0 ? arena_strdup(d->arena, columns[i])
                       : arena_printf(d->arena, "%s_%s", names, columns[i]);
        if (strlen(names) > DDL_NAME_BYTES_MAX) {
            break;
        }
    }
    TRY(ddl_choose_relation_name(cx, d, t->namespace_oid, t->name, names, "idx", &name));
    ix->name = name;
    return ST_OK;
}

static Status index_check_table(Cx *cx, const CatTable *t)
{
    if (t->kind != 'r' && t->kind != 'm') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot create index on relation \"%s\"",
                          t->name));
        return err_detail(cx, "This operation is not supported for %s.", ddl_kind_plural(t->kind));
    }
    return t->kind == 'm' ? ST_OK : ddl_require_table(cx, t);
}

/* index_choose_method - the access method of CREATE INDEX, and whether it can do what is asked. */
static Status index_choose_method(Cx *cx, const PgQuery__IndexStmt *stmt, const DdlMethod **out)
{
    TRY(ddl_method_by_name(cx, stmt->access_method, out));
    return ddl_method_may(cx, *out, stmt->unique, stmt->n_index_params,
                          stmt->n_index_including_params);
}

/* index_key_works - the engine orders the values of a key column as this method's index. */
static Status index_key_works(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, uint16_t n)
{
    Oid type, collation;
    int32_t typmod;
    ddl_index_column_type(t, ix, n, &type, &typmod, &collation);
    const CatType *c = cat_type(d->view, type);
    return ix->method == 0 || ix->method == DDL_ACCESS_GIN ||
                   (c != NULL && c->ops != NULL && c->ops->key != NULL)
               ? ST_OK
               : err_unsupported(cx, "access method \"%s\" for type %s is not supported",
                                 ddl_method(ix->method)->name, c != NULL ? c->name : "?");
}

Status ddl_create_index(Cx *cx, DdlCx *d, const PgQuery__IndexStmt *stmt, const char **tag_out)
{
    const CatTable *t;
    const DdlMethod *method;
    NewIndex ix = {.unique = stmt->unique, .nulls_not_distinct = stmt->nulls_not_distinct};
    *tag_out = "CREATE INDEX";
    TRY(ddl_lock(cx, d, stmt->relation, TABLELOCK_SHARE, false, &t));
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    TRY(index_check_table(cx, t));
    TRY(ddl_not_in_use(cx, d, t, "CREATE INDEX"));
    TRY(index_choose_method(cx, stmt, &method));
    ix.method = method->oid == DDL_ACCESS_BTREE ? 0 : method->oid;
    if (stmt->table_space != NULL && stmt->table_space[0] != '\0' &&
        strcmp(stmt->table_space, "pg_default") != 0) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist",
                       stmt->table_space);
    }
    TRY(ddl_rel_options(cx, d, method->options, stmt->options, stmt->n_options, &ix.rel_options));
    if (stmt->idxname != NULL && stmt->idxname[0] != '\0') {
        bool exists;
        TRY(ddl_relation_exists(cx, d, t->namespace_oid, stmt->idxname, &exists));
        if (exists && stmt->if_not_exists) {
            err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_TABLE, NULL,
                       "relation \"%s\" already exists, skipping", stmt->idxname);
            return ST_OK;
        }
        if (exists) {
            return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists",
                           stmt->idxname);
        }
        ix.name = stmt->idxname;
    }
    for (size_t i = 0; i < stmt->n_index_params; i++) {
        TRY(ddl_index_element(cx, d, t, stmt->index_params[i]->index_elem, true, &ix));
        TRY(ddl_method_order(cx, method, stmt->index_params[i]->index_elem));
        TRY(index_key_works(cx, d, t, &ix, (uint16_t)i));
    }
    for (size_t i = 0; i < stmt->n_index_including_params; i++) {
        TRY(ddl_index_element(cx, d, t, stmt->index_including_params[i]->index_elem, false, &ix));
    }
    if (stmt->where_clause != NULL) {
        TRY(ddl_index_predicate(cx, d, t, stmt->where_clause, &ix));
    }
    if (ix.name == NULL) {
        TRY(ddl_index_name(cx, d, t, &ix));
    }
    Oid oid;
    TRY(ddl_index_make(cx, d, t, &ix, &oid));
    cat_changed(d->view);
    return ST_OK;
}
