/*
 * index_column.c - what an index is over: columns, expressions, operator classes, its predicate.
 */
#include "ddl/ddl_internal.h"

void ddl_index_column_type(const CatTable *t, const NewIndex *ix, uint16_t i, Oid *type_out,
                           int32_t *typmod_out, Oid *collation_out)
{
    const Expr *e = ix->exprs[i];
    const CatColumn *c = e == NULL ? &t->columns[ix->columns[i] - 1] : NULL;
    *type_out = c != NULL ? c->type : e->type;
    *typmod_out = c != NULL ? c->typmod : e->typmod;
    *collation_out = c != NULL ? c->collation : e->collation;
}

const char **ddl_index_column_names(DdlCx *d, const CatTable *t, const NewIndex *ix)
{
    const char **names = ARENA_ARRAY(d->arena, const char *, ix->column_count + 1u);
    for (uint16_t i = 0; i < ix->column_count; i++) {
        const char *base =
            ix->exprs[i] != NULL ? ix->names[i] : t->columns[ix->columns[i] - 1].name;
        names[i] = base;
        bool taken = true;
        for (uint32_t n = 1; taken; n++) {
            taken = false;
            for (uint16_t k = 0; k < i; k++) {
                taken = taken || strcmp(names[k], names[i]) == 0;
            }
            if (taken) {
                names[i] = arena_printf(d->arena, "%.*s%u", DDL_NAME_BYTES_MAX - 10, base, n);
            }
        }
    }
    return names;
}

/* ---- what expressions may be ---- */

static bool text_depends_on_settings(Oid type)
{
    switch (type) {
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_REGCLASS:
    case TYPE_REGTYPE:
    case TYPE_REGPROC:
    case TYPE_REGCONFIG:
    case TYPE_REGDICTIONARY:
    case TYPE_REGNAMESPACE: return true;
    default: return false;
    }
}

bool ddl_expr_is_mutable(const Expr *e)
{
    bool found = e->kind == EXPR_SQL_VALUE || e->kind == EXPR_SUBLINK ||
                 ((e->kind == EXPR_FUNC || e->kind == EXPR_AGG) && e->proc != NULL &&
                  e->proc->volatility != 'i') ||
                 (e->kind == EXPR_IO_CAST && (text_depends_on_settings(e->type) ||
                                              text_depends_on_settings(e->args[0]->type)));
    for (uint16_t i = 0; i < e->arg_count && !found; i++) {
        found = ddl_expr_is_mutable(e->args[i]);
    }
    return found;
}

static BindCx element_bind(DdlCx *d)
{
    return (BindCx){
        .view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env, .no_locks = true};
}

Status ddl_index_predicate(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__Node *where,
                           NewIndex *ix)
{
    BindCx b = element_bind(d);
    TRY(bind_table_expr(cx, &b, t, where, TYPE_BOOL, -1, "index predicate", &ix->predicate));
    if (ddl_expr_is_mutable(ix->predicate)) {
        return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                       "functions in index predicate must be marked IMMUTABLE");
    }
    return ST_OK;
}

/* ---- operator classes and collations ---- */

bool ddl_opclass_accepts(DdlCx *d, Oid opclass, Oid type)
{
    Oid input = cat_opclass_input(d->view, opclass);
    const CatCast *c = cat_cast(d->view, type, input);
    const CatType *of = cat_type(d->view, type);
    bool array = input == TYPE_ANYARRAY && of != NULL && of->category == 'A';
    return input == type || array || (c != NULL && c->method == 'b' && c->context == 'i');
}

/* element_opclass - the method's operator class by name, for the type; unnamed: its default (of
 * btree: told about later). */
static Status element_opclass(Cx *cx, DdlCx *d, const PgQuery__IndexElem *e, Oid method, Oid type,
                              Oid *out)
{
    if (e->n_opclass == 0) {
        *out = cat_method_opclass(d->view, method, type);
        return *out != 0 || method == DDL_ACCESS_BTREE ? ST_OK
                                                       : ddl_no_opclass(cx, d, type, method);
    }
    const char *name = ddl_string(e->opclass[e->n_opclass - 1]);
    Oid schema = OID_INVALID;
    if (e->n_opclass > 1) {
        const char *schema_name = ddl_string(e->opclass[e->n_opclass - 2]);
        Status st = cat_namespace(cx, d->view, schema_name, &schema);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist",
                           schema_name);
        }
        TRY(st);
    }
    Oid opclass = cat_opclass_by_name(d->view, method, schema, name);
    if (opclass == OID_INVALID) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "operator class \"%s\" does not exist for access method \"%s\"", name,
                       cat_access_method_name(method));
    }
    if (ddl_opclass_accepts(d, opclass, type)) {
        *out = opclass;
        return ST_OK;
    }
    Buf b;
    buf_init(&b, 256);
    cat_format_type(d->view, type, CAT_TYPMOD_NONE, &b);
    st_ignore(err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                      "operator class \"%s\" does not accept data type %.*s", name, (int)b.len,
                      (const char *)b.data));
    buf_release(&b);
    return ST_ERROR;
}

/* element_collation - a COLLATE beside the column; the index orders by the bytes, whatever it says.
 */
static Status element_collation(Cx *cx, const PgQuery__IndexElem *e, Oid *out)
{
    if (e->n_collation == 0) {
        return ST_OK;
    }
    const char *schema = e->n_collation > 1 ? ddl_string(e->collation[e->n_collation - 2]) : NULL;
    const char *name = ddl_string(e->collation[e->n_collation - 1]);
    *out = cat_collation_find(schema, name);
    return *out != OID_INVALID
               ? ST_OK
               : err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                         "collation \"%s%s%s\" for encoding \"UTF8\" does not exist",
                         schema != NULL ? schema : "", schema != NULL ? "." : "", name);
}

/* ---- elements ---- */

/* element_expr - an expression; one that is just a column is that column. */
static Status element_expr(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__IndexElem *e,
                           NewIndex *ix, uint16_t n)
{
    BindCx b = element_bind(d);
    Expr *x;
    TRY(bind_table_expr(cx, &b, t, e->expr, 0, -1, "index expression", &x));
    if (x->kind == EXPR_COLUMN && x->u.column.column >= 0) {
        ix->columns[n] = t->columns[x->u.column.column].number;
        return ST_OK;
    }
    if (ddl_expr_is_mutable(x)) {
        return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                       "functions in index expression must be marked IMMUTABLE");
    }
    const char *name = bind_result_name(e->expr);
    ix->exprs[n] = x;
    ix->names[n] = strcmp(name, "?column?") == 0 ? "expr" : name;
    return ST_OK;
}

Status ddl_index_element(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__IndexElem *e, bool key,
                         NewIndex *ix)
{
    Oid type, collation;
    int32_t typmod;
    if (ix->column_count >= INDEX_COLUMNS_MAX) {
        return err_set(cx, ERRCODE_TOO_MANY_COLUMNS, "cannot use more than %d columns in an index",
                       INDEX_COLUMNS_MAX);
    }
    uint16_t n = ix->column_count;
    if (e->expr != NULL) {
        if (!key) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "expressions are not supported in included columns");
        }
        TRY(element_expr(cx, d, t, e, ix, n));
    } else {
        const CatColumn *c = ddl_column(t, e->name);
        if (c == NULL) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           ix->exclusion ? "column \"%s\" named in key does not exist"
                                         : "column \"%s\" does not exist",
                           e->name);
        }
        ix->columns[n] = c->number;
    }
    ddl_index_column_type(t, ix, n, &type, &typmod, &collation);
    Oid method = ix->method != 0 ? ix->method : DDL_ACCESS_BTREE;
    TRY(element_collation(cx, e, &ix->collations[n]));
    if (key) {
        TRY(element_opclass(cx, d, e, method, type, &ix->opclasses[n]));
    }
    bool desc = e->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    bool first = e->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
                 (e->nulls_ordering != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST && desc);
    ix->column_count++;
    if (key) {
        ix->options[n] = (uint8_t)((desc ? 1 : 0) | (first ? 2 : 0));
        ix->key_count++;
    }
    return ST_OK;
}
