/*
 * constraint.c - CHECK, PRIMARY KEY and UNIQUE of one table, for CREATE TABLE and ALTER TABLE.
 */
#include "ddl/ddl_internal.h"

static const char *constraint_numbers(Arena *a, const int16_t *v, uint16_t n)
{
    char *text = arena_strdup(a, "{");
    for (uint16_t i = 0; i < n; i++) {
        text = arena_printf(a, "%s%s%d", text, i == 0 ? "" : ",", v[i]);
    }
    return arena_printf(a, "%s}", text);
}

const char *ddl_oid_array(Arena *a, const uint32_t *v, uint16_t n)
{
    char *text = arena_strdup(a, "{");
    for (uint16_t i = 0; i < n; i++) {
        text = arena_printf(a, "%s%s%u", text, i == 0 ? "" : ",", v[i]);
    }
    return arena_printf(a, "%s}", text);
}

Status ddl_insert_constraint(Cx *cx, DdlCx *d, const CatTable *t, const ConstraintRow *c)
{
    DdlRow r;
    ddl_row_init(&r, CAT_PG_CONSTRAINT);
    ddl_set_oid(&r, PG_CONSTRAINT_OID, c->oid);
    ddl_set_text(&r, PG_CONSTRAINT_CONNAME, c->name);
    ddl_set_oid(&r, PG_CONSTRAINT_CONNAMESPACE, t->namespace_oid);
    ddl_set_char(&r, PG_CONSTRAINT_CONTYPE, c->type);
    ddl_set_bool(&r, PG_CONSTRAINT_CONDEFERRABLE, c->deferrable);
    ddl_set_bool(&r, PG_CONSTRAINT_CONDEFERRED, c->deferred);
    ddl_set_bool(&r, PG_CONSTRAINT_CONVALIDATED, c->validated);
    ddl_set_oid(&r, PG_CONSTRAINT_CONRELID, t->oid);
    ddl_set_oid(&r, PG_CONSTRAINT_CONTYPID, 0);
    ddl_set_oid(&r, PG_CONSTRAINT_CONINDID, c->index);
    ddl_set_oid(&r, PG_CONSTRAINT_CONPARENTID, 0);
    ddl_set_oid(&r, PG_CONSTRAINT_CONFRELID, c->foreign_table);
    ddl_set_char(&r, PG_CONSTRAINT_CONFUPDTYPE, c->type == 'f' ? c->on_update : ' ');
    ddl_set_char(&r, PG_CONSTRAINT_CONFDELTYPE, c->type == 'f' ? c->on_delete : ' ');
    ddl_set_char(&r, PG_CONSTRAINT_CONFMATCHTYPE, c->type == 'f' ? c->match : ' ');
    ddl_set_bool(&r, PG_CONSTRAINT_CONISLOCAL, true);
    ddl_set_i32(&r, PG_CONSTRAINT_CONINHCOUNT, 0);
    ddl_set_bool(&r, PG_CONSTRAINT_CONNOINHERIT, c->type != 'c' || c->no_inherit);
    if (c->column_count != 0) {
        ddl_set_text(&r, PG_CONSTRAINT_CONKEY,
                     constraint_numbers(d->arena, c->columns, c->column_count));
    }
    if (c->type == 'f') {
        const char *ops = ddl_oid_array(d->arena, c->operators, c->foreign_count);
        ddl_set_text(&r, PG_CONSTRAINT_CONFKEY,
                     constraint_numbers(d->arena, c->foreign_columns, c->foreign_count));
        ddl_set_text(&r, PG_CONSTRAINT_CONPFEQOP, ops);
        ddl_set_text(&r, PG_CONSTRAINT_CONPPEQOP, ops);
        ddl_set_text(&r, PG_CONSTRAINT_CONFFEQOP, ops);
        if (c->delete_set_count != 0) {
            ddl_set_text(&r, PG_CONSTRAINT_CONFDELSETCOLS,
                         constraint_numbers(d->arena, c->delete_set_columns, c->delete_set_count));
        }
    }
    if (c->type == 'x') {
        ddl_set_text(&r, PG_CONSTRAINT_CONEXCLOP,
                     ddl_oid_array(d->arena, c->operators, c->column_count));
    }
    const char *check = NULL;
    if (c->check != NULL) {
        TRY(bind_store_expr(cx, d->arena, c->check, &check));
    }
    ddl_set_text(&r, PG_CONSTRAINT_CONBIN, check);
    TRY(ddl_row_insert(cx, d, &r));
    DdlObject self = {CAT_PG_CONSTRAINT, c->oid, 0};
    if (c->check != NULL) {
        TRY(ddl_depend_on_expr(cx, d, self, c->check));
    }
    bool columns = false;
    for (uint16_t i = 0; i < c->column_count; i++) {
        columns |= c->columns[i] != 0; /* 0: an expression, which its index depends on */
        if (c->columns[i] != 0) {
            TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, t->oid, c->columns[i]}, 'a'));
        }
    }
    if (!columns) {
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, t->oid, 0}, 'a'));
    }
    cat_changed(d->view);
    return ST_OK;
}

const CatConstraint *ddl_constraint_named(const CatTable *t, const char *name)
{
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        if (strcmp(t->constraints[i].name, name) == 0) {
            return &t->constraints[i];
        }
    }
    return NULL;
}

Status ddl_load_attribute(Cx *cx, DdlCx *d, Oid table, int16_t attnum, DdlRow *r)
{
    Datum key[2] = {{.u32 = table}, {.i16 = attnum}};
    Status st = ddl_row_load(cx, d, CAT_PG_ATTRIBUTE, key, 2, r);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_INTERNAL_ERROR,
                         "cache lookup failed for attribute %d of relation %u", attnum, table)
               : st;
}

Status ddl_set_not_null(Cx *cx, DdlCx *d, const CatTable *t, int16_t attnum, bool check_rows)
{
    const CatColumn *c = &t->columns[attnum - 1];
    DdlRow r;
    if (c->not_null) {
        return ST_OK;
    }
    if (check_rows) {
        bool found;
        const char *sql = arena_printf(d->arena, "SELECT 1 FROM %s WHERE %s IS NULL LIMIT 1",
                                       ddl_qualified(d, t), ddl_sql_name(d->arena, c->name));
        TRY(ddl_query_finds_row(cx, d, sql, &found));
        if (found) {
            st_ignore(err_set(cx, ERRCODE_NOT_NULL_VIOLATION,
                              "column \"%s\" of relation \"%s\" contains null values", c->name,
                              t->name));
            return err_constraint(cx, t->schema_name, t->name, c->name, "");
        }
    }
    TRY(ddl_load_attribute(cx, d, t->oid, attnum, &r));
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTNOTNULL, true);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

/* ---- CHECK ---- */

/* CheckColumns - the columns a check reads. */
typedef struct CheckColumns {
    int16_t list[TABLE_COLUMNS_MAX];
    uint16_t count;
} CheckColumns;

/* check_collect - note every column of the expression, by number, each once. */
static void check_collect(const Expr *e, CheckColumns *out)
{
    if (e == NULL) {
        return;
    }
    if (e->kind == EXPR_COLUMN && e->u.column.column >= 0) {
        int16_t n = (int16_t)(e->u.column.column + 1);
        uint16_t at = 0;
        while (at < out->count && out->list[at] < n) {
            at++;
        }
        if (at == out->count || out->list[at] != n) {
            memmove(&out->list[at + 1], &out->list[at], (out->count - at) * sizeof(n));
            out->list[at] = n;
            out->count++;
        }
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        check_collect(e->args[i], out);
    }
}

Status ddl_check_rows_hold(Cx *cx, DdlCx *d, const CatTable *t, const char *name, const char *text)
{
    bool found;
    const char *sql = arena_printf(d->arena, "SELECT 1 FROM %s WHERE NOT (%s) LIMIT 1",
                                   ddl_qualified(d, t), text);
    TRY(ddl_query_finds_row(cx, d, sql, &found));
    if (!found) {
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_CHECK_VIOLATION,
                      "check constraint \"%s\" of relation \"%s\" is violated by some row", name,
                      t->name));
    return err_constraint(cx, t->schema_name, t->name, "", name);
}

/* constraint_check - make a CHECK constraint; with check_rows the rows that are there must pass
 * it. */
static Status constraint_check(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c,
                               bool check_rows)
{
    const PgQuery__Constraint *node = c->node;
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env, .no_locks = true};
    Expr *e;
    char *text, *name;
    CheckColumns *columns = ARENA_NEW(d->arena, CheckColumns);
    TRY(bind_table_expr(cx, &b, t, node->raw_expr, TYPE_BOOL, -1, "CHECK", &e));
    TRY(parse_deparse_expression(cx, d->arena, node->raw_expr, &text));
    check_collect(e, columns);
    if (node->conname != NULL && node->conname[0] != '\0') {
        name = node->conname;
        if (ddl_constraint_named(t, name) != NULL) {
            return check_rows ? err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                                        "constraint \"%s\" for relation \"%s\" already exists",
                                        name, t->name)
                              : err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                                        "check constraint \"%s\" already exists", name);
        }
    } else {
        const char *column = columns->count == 1 ? t->columns[columns->list[0] - 1].name : NULL;
        TRY(ddl_choose_constraint_name(cx, d, t->namespace_oid, t->name, column, "check", &name));
    }
    ConstraintRow r = {.name = name,
                       .check = e,
                       .type = 'c',
                       .columns = columns->list,
                       .column_count = columns->count,
                       .validated = !node->skip_validation || !check_rows,
                       .no_inherit = node->is_no_inherit};
    if (check_rows && !node->skip_validation) {
        TRY(ddl_check_rows_hold(cx, d, t, name, text));
    }
    TRY(ddl_new_oid(cx, d, &r.oid));
    TRY(ddl_insert_constraint(cx, d, t, &r));
    int16_t checks = 1;
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        checks = (int16_t)(checks + (t->constraints[i].type == 'c' ? 1 : 0));
    }
    return ddl_update_class_i16(cx, d, t->oid, PG_CLASS_RELCHECKS, checks);
}

/* ---- PRIMARY KEY, UNIQUE ---- */

Status ddl_constraint_refuse(Cx *cx, const PgQuery__Constraint *node)
{
    if (node->indexspace != NULL && node->indexspace[0] != '\0' &&
        strcmp(node->indexspace, "pg_default") != 0) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist",
                       node->indexspace);
    }
    if (node->indexname != NULL && node->indexname[0] != '\0') {
        return err_unsupported(cx, "constraints USING INDEX are not supported");
    }
    return ST_OK;
}

/* key_columns - the key's columns by name. */
static Status key_columns(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c, NewIndex *ix)
{
    const PgQuery__Constraint *node = c->node;
    size_t n = c->column != NULL ? 1 : node->n_keys;
    for (size_t i = 0; i < n; i++) {
        const char *name = c->column != NULL ? c->column : ddl_string(node->keys[i]);
        const CatColumn *col = ddl_column(t, name);
        if (col == NULL) {
            st_ignore(err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                              "column \"%s\" named in key does not exist", name));
            return ddl_error_at(cx, d, ST_ERROR, node->location);
        }
        for (uint16_t k = 0; k < ix->column_count; k++) {
            if (ix->columns[k] == col->number) {
                st_ignore(err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                                  "column \"%s\" appears twice in %s constraint", name,
                                  ix->primary ? "primary key" : "unique"));
                return ddl_error_at(cx, d, ST_ERROR, node->location);
            }
        }
        if (ix->column_count >= INDEX_COLUMNS_MAX) {
            return err_set(cx, ERRCODE_TOO_MANY_COLUMNS,
                           "cannot use more than %d columns in an index", INDEX_COLUMNS_MAX);
        }
        ix->columns[ix->column_count++] = col->number;
        ix->key_count++;
    }
    for (size_t i = 0; i < node->n_including; i++) {
        PgQuery__IndexElem e = PG_QUERY__INDEX_ELEM__INIT;
        e.name = (char *)(uintptr_t)ddl_string(node->including[i]);
        TRY(ddl_index_element(cx, d, t, &e, false, ix));
    }
    return ST_OK;
}

Status ddl_constraint_name_free(Cx *cx, DdlCx *d, const CatTable *t, const char *name)
{
    bool exists;
    TRY(ddl_relation_exists(cx, d, t->namespace_oid, name, &exists));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", name);
    }
    if (ddl_constraint_named(t, name) != NULL) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                       "constraint \"%s\" for relation \"%s\" already exists", name, t->name);
    }
    return ST_OK;
}

/* key_name - the name given must be free as a relation. */
static Status key_name(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c, NewIndex *ix)
{
    if (c->node->conname == NULL || c->node->conname[0] == '\0') {
        return ddl_key_name(cx, d, t, ix);
    }
    ix->name = c->node->conname;
    return ddl_constraint_name_free(cx, d, t, ix->name);
}

/* ddl_key_name - t_pkey, t_a_b_key. */
Status ddl_key_name(Cx *cx, DdlCx *d, const CatTable *t, NewIndex *ix)
{
    char *name, *names = NULL;
    for (uint16_t i = 0; i < ix->column_count && !ix->primary; i++) {
        const char *col = t->columns[ix->columns[i] - 1].name;
        names = i == 0 ? arena_strdup(d->arena, col) : arena_printf(d->arena, "%s_%s", names, col);
    }
    TRY(ddl_choose_relation_name(cx, d, t->namespace_oid, t->name, names,
                                 ix->primary ? "pkey" : "key", &name));
    ix->name = name;
    return ST_OK;
}

/* constraint_key - make a PRIMARY KEY or UNIQUE constraint with its index. */
static Status constraint_key(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c,
                             bool check_rows)
{
    const PgQuery__Constraint *node = c->node;
    bool primary = node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
    NewIndex ix = {.unique = true,
                   .primary = primary,
                   .constraint = true,
                   .deferrable = node->deferrable != 0,
                   .nulls_not_distinct = node->nulls_not_distinct};
    TRY(ddl_constraint_refuse(cx, node));
    for (uint16_t i = 0; primary && i < t->index_count; i++) {
        if (t->indexes[i].primary) {
            return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                           "multiple primary keys for table \"%s\" are not allowed", t->name);
        }
    }
    TRY(key_columns(cx, d, t, c, &ix));
    TRY(key_name(cx, d, t, c, &ix));
    TRY(ddl_rel_options(cx, d, 'i', node->options, node->n_options, &ix.rel_options));
    for (uint16_t i = 0; primary && i < ix.key_count; i++) {
        TRY(ddl_set_not_null(cx, d, t, ix.columns[i], check_rows));
    }
    if (primary) {
        TRY(ddl_reload(cx, d, t->oid, &t));
    }
    ConstraintRow r = {.name = ix.name,
                       .type = primary ? 'p' : 'u',
                       .columns = ix.columns,
                       .column_count = ix.key_count,
                       .deferrable = node->deferrable != 0,
                       .deferred = node->initdeferred != 0,
                       .validated = true};
    TRY(ddl_index_make(cx, d, t, &ix, &r.index));
    TRY(ddl_new_oid(cx, d, &r.oid));
    TRY(ddl_insert_constraint(cx, d, t, &r));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, r.index, 0},
                   (DdlObject){CAT_PG_CONSTRAINT, r.oid, 0}, 'i'));
    return ddl_unique_trigger(cx, d, t->oid, &r);
}

Status ddl_add_constraint(Cx *cx, DdlCx *d, Oid table, const NewConstraint *c, bool check_rows)
{
    const CatTable *t;
    TRY(ddl_reload(cx, d, table, &t));
    switch (c->node->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: return constraint_check(cx, d, t, c, check_rows);
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: return constraint_key(cx, d, t, c, check_rows);
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: return ddl_add_foreign_key(cx, d, t, c, check_rows);
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: return ddl_add_exclusion(cx, d, t, c);
    default: return err_unsupported(cx, "this kind of constraint is not supported");
    }
}
