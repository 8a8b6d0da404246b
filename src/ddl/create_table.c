/*
 * create_table.c - CREATE TABLE: the relation with its row type, then defaults, then constraints.
 */
#include "ddl/ddl_internal.h"

/* CreateTable - a table under construction. */
typedef struct CreateTable {
    DdlCx *d;
    const PgQuery__CreateStmt *stmt;
    NewRelation rel;
    NewColumn *columns;
    NewConstraint *constraints;
    uint32_t constraint_count, constraint_size;
    LikeSource *likes;
    uint32_t like_count, column_size;
} CreateTable;

static void create_add_constraint(void *arg, PgQuery__Constraint *con, const char *column)
{
    CreateTable *t = arg;
    if (t->constraint_count == t->constraint_size) {
        uint32_t size = t->constraint_size == 0 ? 8 : t->constraint_size * 2;
        t->constraints =
            arena_grow(t->d->arena, t->constraints, t->constraint_size * sizeof(NewConstraint),
                       size * sizeof(NewConstraint));
        t->constraint_size = size;
    }
    t->constraints[t->constraint_count++] = (NewConstraint){.node = con, .column = column};
}

/* create_refuse - forms of CREATE TABLE that are not there. */
static Status create_refuse(Cx *cx, const PgQuery__CreateStmt *s)
{
    if (s->partspec != NULL || s->partbound != NULL) {
        return err_unsupported(cx, "partitioned tables are not supported");
    }
    if (s->n_inh_relations != 0) {
        return err_unsupported(cx, "table inheritance is not supported");
    }
    if (s->of_typename != NULL) {
        return err_unsupported(cx, "typed tables are not supported");
    }
    if (s->access_method != NULL && s->access_method[0] != '\0' &&
        strcmp(s->access_method, "heap") != 0) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist",
                       s->access_method);
    }
    if (s->tablespacename != NULL && s->tablespacename[0] != '\0' &&
        strcmp(s->tablespacename, "pg_default") != 0) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist",
                       s->tablespacename);
    }
    return ST_OK;
}

const char *ddl_option_value(Arena *a, const PgQuery__Node *n)
{
    if (n == NULL) {
        return "true";
    }
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_INTEGER: return arena_printf(a, "%d", n->integer->ival);
    case PG_QUERY__NODE__NODE_FLOAT: return n->float_->fval;
    case PG_QUERY__NODE__NODE_BOOLEAN: return n->boolean->boolval ? "true" : "false";
    case PG_QUERY__NODE__NODE_STRING: return n->string->sval;
    case PG_QUERY__NODE__NODE_TYPE_NAME: {
        const PgQuery__TypeName *t = n->type_name;
        return t->n_names != 0 ? ddl_string(t->names[t->n_names - 1]) : "";
    }
    default: return "";
    }
}

/* create_next_column - room for one more column. */
static Status create_next_column(Cx *cx, CreateTable *t, const char *name, NewColumn **out)
{
    if (t->rel.column_count >= TABLE_COLUMNS_MAX) {
        return err_set(cx, ERRCODE_TOO_MANY_COLUMNS, "tables can have at most %d columns",
                       TABLE_COLUMNS_MAX);
    }
    for (uint16_t k = 0; k < t->rel.column_count; k++) {
        if (strcmp(t->columns[k].name, name) == 0) {
            return err_set(cx, ERRCODE_DUPLICATE_COLUMN, "column \"%s\" specified more than once",
                           name);
        }
    }
    if (t->rel.column_count == t->column_size) {
        uint32_t size = t->column_size == 0 ? 16 : t->column_size * 2;
        t->columns = arena_grow(t->d->arena, t->columns, t->column_size * sizeof(NewColumn),
                                size * sizeof(NewColumn));
        t->column_size = size;
    }
    *out = &t->columns[t->rel.column_count];
    return ST_OK;
}

/* create_like - the columns of another relation. */
static Status create_like(Cx *cx, CreateTable *t, const PgQuery__TableLikeClause *clause)
{
    LikeSource *s;
    const CatTable *of;
    t->likes = arena_grow(t->d->arena, t->likes, t->like_count * sizeof(LikeSource),
                          (t->like_count + 1) * sizeof(LikeSource));
    s = &t->likes[t->like_count++];
    TRY(ddl_like_open(cx, t->d, clause, s));
    TRY(cat_table_by_oid(cx, t->d->view, s->oid, &of));
    for (uint16_t i = 0; i < of->column_count; i++) {
        NewColumn *c;
        if (of->columns[i].dropped) {
            continue;
        }
        TRY(create_next_column(cx, t, of->columns[i].name, &c));
        TRY(ddl_like_column(cx, t->d, s, i, &t->rel, c));
        c->number = s->map[i] = (int16_t)++t->rel.column_count;
    }
    return ST_OK;
}

/* create_columns - the elements of the statement: columns, and constraints aside. */
static Status create_columns(Cx *cx, CreateTable *t)
{
    const PgQuery__CreateStmt *s = t->stmt;
    ColumnSink sink = {
        .constraint = create_add_constraint, .arg = t, .persistence = t->rel.persistence};
    for (size_t i = 0; i < s->n_table_elts; i++) {
        const PgQuery__Node *n = s->table_elts[i];
        if (n->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
            create_add_constraint(t, n->constraint, NULL);
            continue;
        }
        if (n->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
            TRY(create_like(cx, t, n->table_like_clause));
            continue;
        }
        NewColumn *c;
        TRY(create_next_column(cx, t, n->column_def->colname, &c));
        TRY(ddl_column_define(cx, t->d, n->column_def, t->rel.name, t->rel.namespace_oid, &sink,
                              c));
        c->number = (int16_t)++t->rel.column_count;
    }
    for (size_t i = 0; i < s->n_constraints; i++) {
        create_add_constraint(t, s->constraints[i]->constraint, NULL);
    }
    return ST_OK;
}

static NewColumn *create_find_column(CreateTable *t, const char *name)
{
    for (uint16_t i = 0; i < t->rel.column_count; i++) {
        if (strcmp(t->columns[i].name, name) == 0) {
            return &t->columns[i];
        }
    }
    return NULL;
}

/* create_primary_key - columns of the primary key are NOT NULL from the start; one key only. */
static Status create_primary_key(Cx *cx, CreateTable *t)
{
    bool have = false;
    for (uint32_t i = 0; i < t->constraint_count; i++) {
        const NewConstraint *c = &t->constraints[i];
        if (c->node->contype != PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY) {
            continue;
        }
        if (have) {
            st_ignore(err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                              "multiple primary keys for table \"%s\" are not allowed",
                              t->rel.name));
            return ddl_error_at(cx, t->d, ST_ERROR, c->node->location);
        }
        have = true;
        size_t keys = c->column != NULL ? 1 : c->node->n_keys;
        for (size_t k = 0; k < keys; k++) {
            NewColumn *col =
                create_find_column(t, c->column != NULL ? c->column : ddl_string(c->node->keys[k]));
            if (col != NULL) { /* others are reported where the key is made */
                col->not_null = true;
            }
        }
    }
    return ST_OK;
}

/* create_relation - tree, rows of pg_class, pg_attribute and pg_type. */
static Status create_relation(Cx *cx, CreateTable *t)
{
    DdlCx *d = t->d;
    ColumnLayout *layout = ARENA_ARRAY(d->arena, ColumnLayout, t->rel.column_count + 1);
    for (uint16_t i = 0; i < t->rel.column_count; i++) {
        layout[i] = (ColumnLayout){.phys = t->columns[i].type->phys, .missing_is_null = true};
    }
    TRY(ddl_new_oid(cx, d, &t->rel.oid));
    TRY(ddl_new_oid(cx, d, &t->rel.type_oid));
    TRY(table_create(cx, d->engine, d->view->txn, layout, t->rel.column_count, &t->rel.tree));
    TRY(ddl_insert_class(cx, d, &t->rel));
    for (uint16_t i = 0; i < t->rel.column_count; i++) {
        TRY(ddl_insert_attribute(cx, d, t->rel.oid, &t->columns[i]));
    }
    TRY(ddl_insert_row_type(cx, d, &t->rel));
    DdlObject self = {CAT_PG_CLASS, t->rel.oid, 0};
    return ddl_depend(cx, d, self, (DdlObject){CAT_PG_NAMESPACE, t->rel.namespace_oid, 0}, 'n');
}

/* create_same_key - is this UNIQUE over exactly the columns of an earlier key? PostgreSQL makes one
 * index of the two. */
static bool create_same_key(const NewConstraint *a, const NewConstraint *b)
{
    size_t na = a->column != NULL ? 1 : a->node->n_keys;
    size_t nb = b->column != NULL ? 1 : b->node->n_keys;
    if (na != nb || a->node->nulls_not_distinct != b->node->nulls_not_distinct) {
        return false;
    }
    for (size_t k = 0; k < na; k++) {
        const char *ca = a->column != NULL ? a->column : ddl_string(a->node->keys[k]);
        const char *cb = b->column != NULL ? b->column : ddl_string(b->node->keys[k]);
        if (strcmp(ca, cb) != 0) {
            return false;
        }
    }
    return a->node->n_including == 0 && b->node->n_including == 0;
}

/* create_is_repeated - is constraint i a key that an earlier (or the primary) key already makes? */
static bool create_is_repeated(CreateTable *t, uint32_t i)
{
    const NewConstraint *c = &t->constraints[i];
    for (uint32_t k = 0; k < t->constraint_count; k++) {
        const NewConstraint *o = &t->constraints[k];
        bool primary = o->node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
        bool earlier = k < i && o->node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE;
        if ((primary || earlier) && create_same_key(c, o)) {
            if (o->node->conname == NULL || o->node->conname[0] == '\0') {
                o->node->conname = c->node->conname;
            }
            return true;
        }
    }
    return false;
}

/* create_rank - checks are made first, then the primary key, unique keys and exclusion constraints,
 * foreign keys. */
static uint32_t create_rank(PgQuery__ConstrType type)
{
    switch (type) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: return 0;
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: return 1;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: return 2;
    default: return 3;
    }
}

/* create_constraints - in that order, and otherwise as they are written. */
static Status create_constraints(Cx *cx, CreateTable *t)
{
    bool *skip = ARENA_ARRAY(t->d->arena, bool, t->constraint_count + 1);
    for (uint32_t i = 0; i < t->constraint_count; i++) {
        PgQuery__ConstrType type = t->constraints[i].node->contype;
        skip[i] = type == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE && create_is_repeated(t, i);
    }
    for (uint32_t pass = 0; pass <= 3; pass++) {
        for (uint32_t i = 0; i < t->constraint_count; i++) {
            if (create_rank(t->constraints[i].node->contype) == pass && !skip[i]) {
                TRY(ddl_add_constraint(cx, t->d, t->rel.oid, &t->constraints[i], false));
            }
        }
    }
    return ST_OK;
}

/* create_on_commit - the session is told what it owes a temporary table at commit. */
static void create_on_commit(const CreateTable *t)
{
    PgQuery__OnCommitAction action = t->stmt->oncommit;
    if (t->d->on_commit == NULL || (action != PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS &&
                                    action != PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP)) {
        return;
    }
    t->d->on_commit(t->d->in_use_arg, t->rel.oid,
                    action == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP ? 'D' : 'd');
}

Status ddl_create_table(Cx *cx, DdlCx *d, const PgQuery__CreateStmt *stmt)
{
    const PgQuery__RangeVar *rv = stmt->relation;
    bool exists;
    CreateTable t = {
        .d = d, .stmt = stmt, .rel = {.name = rv->relname, .kind = 'r', .persistence = 'p'}};
    TRY(create_refuse(cx, stmt));
    TRY(ddl_creation_place(cx, d, rv, true, &t.rel.namespace_oid, &t.rel.persistence));
    if (stmt->oncommit > PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_NOOP && t.rel.persistence != 't') {
        return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                       "ON COMMIT can only be used on temporary tables");
    }
    TRY(ddl_relation_exists(cx, d, t.rel.namespace_oid, rv->relname, &exists));
    if (exists && stmt->if_not_exists) {
        err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_TABLE, NULL,
                   "relation \"%s\" already exists, skipping", rv->relname);
        return ST_OK;
    }
    TRY(ddl_rel_options(cx, d, 'r', stmt->options, stmt->n_options, &t.rel.options));
    TRY(create_columns(cx, &t));
    TRY(create_primary_key(cx, &t));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", rv->relname);
    }
    TRY(create_relation(cx, &t));
    const CatTable *table;
    TRY(ddl_reload(cx, d, t.rel.oid, &table));
    for (uint16_t i = 0; i < t.rel.column_count; i++) {
        TRY(ddl_column_finish(cx, d, table, &t.columns[i]));
    }
    TRY(create_constraints(cx, &t));
    for (uint32_t i = 0; i < t.like_count; i++) {
        TRY(ddl_like_finish(cx, d, t.rel.oid, &t.likes[i]));
    }
    create_on_commit(&t);
    cat_changed(d->view);
    return ST_OK;
}
