/*
 * view.c - CREATE [OR REPLACE] VIEW: the query is bound once, for its columns, and stored as bound.
 */
#include "ddl/role.h"

Status ddl_view_columns(Cx *cx, DdlCx *d, const ViewColumns *names, const Query *q,
                        NewColumn **columns_out, uint16_t *count_out)
{
    NewColumn *list = ARENA_ARRAY(d->arena, NewColumn, q->target_count + 1);
    uint16_t n = 0;
    for (uint16_t i = 0; i < q->target_count; i++) {
        const Target *t = &q->targets[i];
        if (t->hidden) {
            continue;
        }
        if (n >= TABLE_COLUMNS_MAX) {
            return err_set(cx, ERRCODE_TOO_MANY_COLUMNS, "tables can have at most %d columns",
                           TABLE_COLUMNS_MAX);
        }
        const char *name = n < names->count ? ddl_string(names->names[n]) : t->name;
        for (uint16_t k = 0; k < n && !names->twice_later; k++) {
            if (strcmp(list[k].name, name) == 0) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once", name);
            }
        }
        list[n] = (NewColumn){.name = name,
                              .number = (int16_t)(n + 1),
                              .type = cat_type(d->view, t->expr->type),
                              .typmod = t->expr->typmod,
                              .collation = t->expr->collation};
        if (list[n].type == NULL) {
            return err_unsupported(cx, "view column \"%s\" has a type that is not supported", name);
        }
        if (list[n].type->kind == 'p') {
            return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION, "column \"%s\" has pseudo-type %s",
                           name, list[n].type->name);
        }
        n++;
    }
    if (names->count > n) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s", names->too_many);
    }
    *columns_out = list;
    *count_out = n;
    return ST_OK;
}

Status ddl_view_rule(Cx *cx, DdlCx *d, Oid view, const Query *q, bool replace)
{
    static const uint16_t OF_VIEW[1] = {PG_REWRITE_EV_CLASS};
    const char *text;
    DdlRow r;
    DdlObject rule = {DDL_PG_REWRITE, 0, 0};
    TRY(bind_store_query(cx, d->arena, q, &text));
    if (replace) {
        Datum key = {.u32 = view};
        DdlRowList rules;
        TRY(ddl_rows(cx, d, DDL_PG_REWRITE, OF_VIEW, &key, 1, &rules));
        if (rules.count != 1) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "a view has %u rules", rules.count);
        }
        rule.oid = rules.rows[0].values[PG_REWRITE_OID].u32;
        Datum depends[2] = {{.u32 = DDL_PG_REWRITE}, {.u32 = rule.oid}};
        TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, depends, 2));
        ddl_set_text(&rules.rows[0], PG_REWRITE_EV_ACTION, text);
        TRY(ddl_row_store(cx, d, &rules.rows[0]));
    } else {
        TRY(ddl_new_oid(cx, d, &rule.oid));
        ddl_row_init(&r, DDL_PG_REWRITE);
        ddl_set_oid(&r, PG_REWRITE_OID, rule.oid);
        ddl_set_text(&r, PG_REWRITE_RULENAME, "_RETURN");
        ddl_set_oid(&r, PG_REWRITE_EV_CLASS, view);
        ddl_set_char(&r, PG_REWRITE_EV_TYPE, '1');
        ddl_set_char(&r, PG_REWRITE_EV_ENABLED, 'O');
        ddl_set_bool(&r, PG_REWRITE_IS_INSTEAD, true);
        ddl_set_text(&r, PG_REWRITE_EV_QUAL, "<>");
        ddl_set_text(&r, PG_REWRITE_EV_ACTION, text);
        TRY(ddl_row_insert(cx, d, &r));
    }
    TRY(ddl_depend(cx, d, rule, (DdlObject){CAT_PG_CLASS, view, 0}, 'i'));
    return ddl_depend_on_query(cx, d, rule, q);
}

static const char *view_type_text(DdlCx *d, Oid type, int32_t typmod)
{
    Buf b;
    buf_init(&b, 512);
    cat_format_type(d->view, type, typmod, &b);
    const char *text = arena_strndup(d->arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

/* view_check_columns - a new query must give the columns the view has, in name and type; it may
 * give more behind them. */
static Status view_check_columns(Cx *cx, DdlCx *d, const CatTable *t, const NewColumn *columns,
                                 uint16_t count)
{
    if (count < t->column_count) {
        return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION, "cannot drop columns from view");
    }
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatColumn *old = &t->columns[i];
        const NewColumn *new = &columns[i];
        if (strcmp(old->name, new->name) != 0) {
            st_ignore(err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                              "cannot change name of view column \"%s\" to \"%s\"", old->name,
                              new->name));
            return err_hint(
                cx, "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.");
        }
        if (old->type != new->type->oid || old->typmod != new->typmod) {
            return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                           "cannot change data type of view column \"%s\" from %s to %s", old->name,
                           view_type_text(d, old->type, old->typmod),
                           view_type_text(d, new->type->oid, new->typmod));
        }
    }
    return ST_OK;
}

/* view_replace - CREATE OR REPLACE of a view that is there. */
static Status view_replace(Cx *cx, DdlCx *d, const CatTable *t, const NewColumn *columns,
                           uint16_t count, const Query *q)
{
    TRY(view_check_columns(cx, d, t, columns, count));
    for (uint16_t i = t->column_count; i < count; i++) {
        for (uint16_t k = 0; k < i; k++) {
            if (strcmp(columns[k].name, columns[i].name) == 0) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" of relation \"%s\" already exists", columns[i].name,
                               t->name);
            }
        }
        TRY(ddl_insert_attribute(cx, d, t->oid, &columns[i]));
    }
    if (count != t->column_count) {
        TRY(ddl_update_class_i16(cx, d, t->oid, PG_CLASS_RELNATTS, (int16_t)count));
    }
    TRY(ddl_view_rule(cx, d, t->oid, q, true));
    cat_changed(d->view);
    return ST_OK;
}

/* view_lock_old - the view of this name that is to be replaced, NULL when there is none. */
static Status view_lock_old(Cx *cx, DdlCx *d, const NewRelation *rel, const CatTable **out)
{
    const char *schema = cat_namespace_name(d->view, rel->namespace_oid);
    *out = NULL;
    Status st = cat_table_lock(cx, d->view, schema, rel->name, TABLELOCK_ACCESS_EXCLUSIVE, out);
    if (st == ST_NOTFOUND) {
        *out = NULL;
        return ST_OK;
    }
    TRY(st);
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, (*out)->oid));
    return (*out)->kind == 'v'
               ? ST_OK
               : err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a view", rel->name);
}

/* view_refuse - what no view may be made of. */
static Status view_refuse(Cx *cx, const PgQuery__ViewStmt *stmt)
{
    const PgQuery__SelectStmt *select = stmt->query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT
                                            ? stmt->query->select_stmt
                                            : NULL;
    if (select != NULL && select->into_clause != NULL) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "views must not contain SELECT INTO");
    }
    for (size_t i = 0;
         select != NULL && select->with_clause != NULL && i < select->with_clause->n_ctes; i++) {
        const PgQuery__Node *q = select->with_clause->ctes[i]->common_table_expr->ctequery;
        if (q->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
            return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "views must not contain data-modifying statements in WITH");
        }
    }
    return ST_OK;
}

Status ddl_view_check_allowed(Cx *cx, const Query *q)
{
    const char *reason = bind_view_reason(q, true);
    if (reason == NULL) {
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "WITH CHECK OPTION is supported only on automatically updatable views"));
    return err_hint(cx, "%s", reason);
}

/* view_options - WITH (...), and WITH CHECK OPTION, which is one of them. */
static Status view_options(Cx *cx, DdlCx *d, const PgQuery__ViewStmt *stmt, const Query *q,
                           const char **text_out)
{
    PgQuery__Node **list = ARENA_ARRAY(d->arena, PgQuery__Node *, stmt->n_options + 1);
    size_t count = 0;
    for (; count < stmt->n_options; count++) {
        list[count] = stmt->options[count];
    }
    if (stmt->with_check_option > PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION) {
        bool local = stmt->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__LOCAL_CHECK_OPTION;
        PgQuery__String *value = ARENA_NEW(d->arena, PgQuery__String);
        PgQuery__DefElem *option = ARENA_NEW(d->arena, PgQuery__DefElem);
        PgQuery__Node *arg = ARENA_NEW(d->arena, PgQuery__Node);
        list[count] = ARENA_NEW(d->arena, PgQuery__Node);
        pg_query__string__init(value);
        pg_query__def_elem__init(option);
        pg_query__node__init(arg);
        pg_query__node__init(list[count]);
        value->sval = arena_strdup(d->arena, local ? "local" : "cascaded");
        arg->node_case = PG_QUERY__NODE__NODE_STRING;
        arg->string = value;
        option->defname = arena_strdup(d->arena, "check_option");
        option->arg = arg;
        list[count]->node_case = PG_QUERY__NODE__NODE_DEF_ELEM;
        list[count++]->def_elem = option;
    }
    TRY(ddl_rel_options(cx, d, 'v', list, count, text_out));
    return *text_out != NULL && strstr(*text_out, "check_option=") != NULL
               ? ddl_view_check_allowed(cx, q)
               : ST_OK;
}

/* view_place - a view that reads temporary relations is temporary, whatever was said. */
static Status view_place(Cx *cx, DdlCx *d, const PgQuery__ViewStmt *stmt, const Query *q,
                         NewRelation *rel)
{
    PgQuery__RangeVar rv = *stmt->view;
    bool temporary = rv.relpersistence != NULL && rv.relpersistence[0] == 't', uses;
    if (!temporary && rv.relpersistence != NULL && rv.relpersistence[0] == 'u') {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "views cannot be unlogged because they do not have storage");
    }
    TRY(ddl_uses_temp(cx, d, q, &uses));
    if (uses && !temporary) {
        static char TEMPORARY[] = "t";
        rv.relpersistence = TEMPORARY;
        if (rv.schemaname == NULL || rv.schemaname[0] == '\0' ||
            strcmp(rv.schemaname, "pg_temp") != 0) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "view \"%s\" will be a temporary view", rel->name);
        }
    }
    return ddl_creation_place(cx, d, &rv, false, &rel->namespace_oid, &rel->persistence);
}

Status ddl_create_view(Cx *cx, DdlCx *d, const PgQuery__ViewStmt *stmt)
{
    BindCx b = {
        .view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env, .no_row_security = true};
    NewRelation rel = {.name = stmt->view->relname, .kind = 'v', .persistence = 'p'};
    ViewColumns names = {.names = stmt->aliases,
                         .count = stmt->n_aliases,
                         .too_many = "CREATE VIEW specifies more column names than columns",
                         .twice_later = stmt->replace};
    NewColumn *columns = NULL;
    const CatTable *old = NULL;
    Query *q;
    bool exists;
    TRY(view_refuse(cx, stmt));
    TRY(bind_statement(cx, &b, stmt->query, &q));
    TRY(view_options(cx, d, stmt, q, &rel.options));
    TRY(view_place(cx, d, stmt, q, &rel));
    TRY(ddl_view_columns(cx, d, &names, q, &columns, &rel.column_count));
    if (stmt->replace) {
        TRY(view_lock_old(cx, d, &rel, &old));
        if (old != NULL) {
            TRY(ddl_update_class_text(cx, d, old->oid, PG_CLASS_RELOPTIONS, rel.options));
            return view_replace(cx, d, old, columns, rel.column_count, q);
        }
    }
    TRY(ddl_relation_exists(cx, d, rel.namespace_oid, rel.name, &exists));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", rel.name);
    }
    TRY(ddl_new_oid(cx, d, &rel.oid));
    TRY(ddl_new_oid(cx, d, &rel.type_oid));
    TRY(ddl_insert_class(cx, d, &rel));
    for (uint16_t i = 0; i < rel.column_count; i++) {
        TRY(ddl_insert_attribute(cx, d, rel.oid, &columns[i]));
    }
    TRY(ddl_insert_row_type(cx, d, &rel));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, rel.oid, 0},
                   (DdlObject){CAT_PG_NAMESPACE, rel.namespace_oid, 0}, 'n'));
    TRY(ddl_view_rule(cx, d, rel.oid, q, false));
    cat_changed(d->view);
    return ST_OK;
}
