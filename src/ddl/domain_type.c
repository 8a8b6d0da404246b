/*
 * domain_type.c - CREATE DOMAIN and ALTER DOMAIN.
 *
 * A domain's checks are rows of pg_constraint with contypid; where values come into being they are
 * made part of the expression (src/bind/domain.c). What tables hold is checked when a constraint is
 * added or validated: in every column of the domain, of arrays of it aside.
 */
#include "bind/deparse.h"
#include "ddl/role.h"

enum { DOMAIN_IN = 2597, DOMAIN_RECV = 2598 };

/* DomainBuild - a domain under construction. */
typedef struct DomainBuild {
    NewType type;
    const CatType *base;
    int32_t typmod;
    bool null_given, not_null_given, default_given;
    PgQuery__Constraint **checks;
    uint32_t check_count;
    const Expr *default_expr;
} DomainBuild;

/* domain_bind - errors in definitions of domains have no position. */
static BindCx domain_bind(DdlCx *d)
{
    return (BindCx){.view = d->view, .arena = d->arena, .env = d->env};
}

/* domain_default - the default as a tree and as text; *tree_out NULL for DEFAULT NULL. */
static Status domain_default(Cx *cx, DdlCx *d, const char *name, Oid base, int32_t typmod,
                             const PgQuery__Node *node, const Expr **expr_out,
                             const char **tree_out, const char **text_out)
{
    BindCx b = domain_bind(d);
    Deparse dp = {.view = d->view, .env = d->env, .arena = d->arena};
    Expr *e;
    char *text;
    *tree_out = *text_out = NULL;
    *expr_out = NULL;
    TRY(bind_table_expr(cx, &b, NULL, node, base, typmod,
                        arena_printf(d->arena, "DEFAULT %s", name), &e));
    if (e->kind == EXPR_CONST && e->u.constant.is_null) {
        return ST_OK;
    }
    TRY(bind_store_expr(cx, d->arena, e, tree_out));
    TRY(deparse_expr(cx, &dp, e, NULL, &text));
    *text_out = text;
    *expr_out = e;
    return ST_OK;
}

/* domain_names - the names of a domain's own constraints. */
static Status domain_constraint(Cx *cx, DdlCx *d, Oid domain, const char *name, DdlRow *r,
                                bool *found)
{
    static const uint16_t COLUMNS[1] = {PG_CONSTRAINT_CONTYPID};
    Datum key = {.u32 = domain};
    DdlRowList list;
    *found = false;
    TRY(ddl_rows(cx, d, CAT_PG_CONSTRAINT, COLUMNS, &key, 1, &list));
    for (uint32_t i = 0; i < list.count && !*found; i++) {
        if (strcmp(ddl_row_text(d, &list.rows[i], PG_CONSTRAINT_CONNAME), name) == 0) {
            *r = list.rows[i];
            *found = true;
        }
    }
    return ST_OK;
}

/* domain_add_check - one CHECK, named when it has no name. */
static Status domain_add_check(Cx *cx, DdlCx *d, Oid domain, Oid namespace_oid,
                               const char *domain_name, Oid base, int32_t typmod,
                               const PgQuery__Constraint *con, const char **name_out)
{
    BindCx b = domain_bind(d);
    Expr *e;
    const char *text, *name = con->conname != NULL && con->conname[0] != '\0' ? con->conname : NULL;
    DdlRow r;
    bool found = true;
    DdlObject self = {CAT_PG_CONSTRAINT, 0, 0};
    if (name != NULL) {
        TRY(domain_constraint(cx, d, domain, name, &r, &found));
        if (found) {
            return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                           "constraint \"%s\" for domain \"%s\" already exists", name, domain_name);
        }
    }
    for (uint32_t n = 0; name == NULL; n++) {
        const char *try_name = n == 0 ? arena_printf(d->arena, "%s_check", domain_name)
                                      : arena_printf(d->arena, "%s_check%u", domain_name, n);
        TRY(domain_constraint(cx, d, domain, try_name, &r, &found));
        name = found ? NULL : try_name;
    }
    TRY(bind_domain_check(cx, &b, base, typmod, con->raw_expr, &e));
    TRY(bind_store_expr(cx, d->arena, e, &text));
    TRY(ddl_new_oid(cx, d, &self.oid));
    ddl_row_init(&r, CAT_PG_CONSTRAINT);
    ddl_set_oid(&r, PG_CONSTRAINT_OID, self.oid);
    ddl_set_text(&r, PG_CONSTRAINT_CONNAME, name);
    ddl_set_oid(&r, PG_CONSTRAINT_CONNAMESPACE, namespace_oid);
    ddl_set_char(&r, PG_CONSTRAINT_CONTYPE, 'c');
    ddl_set_bool(&r, PG_CONSTRAINT_CONDEFERRABLE, false);
    ddl_set_bool(&r, PG_CONSTRAINT_CONDEFERRED, false);
    ddl_set_bool(&r, PG_CONSTRAINT_CONVALIDATED, !con->skip_validation);
    ddl_set_oid(&r, PG_CONSTRAINT_CONRELID, 0);
    ddl_set_oid(&r, PG_CONSTRAINT_CONTYPID, domain);
    ddl_set_oid(&r, PG_CONSTRAINT_CONINDID, 0);
    ddl_set_oid(&r, PG_CONSTRAINT_CONPARENTID, 0);
    ddl_set_oid(&r, PG_CONSTRAINT_CONFRELID, 0);
    ddl_set_char(&r, PG_CONSTRAINT_CONFUPDTYPE, ' ');
    ddl_set_char(&r, PG_CONSTRAINT_CONFDELTYPE, ' ');
    ddl_set_char(&r, PG_CONSTRAINT_CONFMATCHTYPE, ' ');
    ddl_set_bool(&r, PG_CONSTRAINT_CONISLOCAL, true);
    ddl_set_i32(&r, PG_CONSTRAINT_CONINHCOUNT, 0);
    ddl_set_bool(&r, PG_CONSTRAINT_CONNOINHERIT, false);
    ddl_set_text(&r, PG_CONSTRAINT_CONBIN, text);
    TRY(ddl_row_insert(cx, d, &r));
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_TYPE, domain, 0}, 'a'));
    TRY(ddl_depend_on_expr(cx, d, self, e));
    if (name_out != NULL) {
        *name_out = name;
    }
    cat_changed(d->view);
    return ST_OK;
}

static Status domain_refused(Cx *cx, const char *what)
{
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s not possible for domains", what);
}

/* domain_take - one constraint of CREATE DOMAIN. */
static Status domain_take(Cx *cx, DdlCx *d, DomainBuild *b, PgQuery__Constraint *con)
{
    switch (con->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        if (b->default_given) {
            return err_set(cx, ERRCODE_SYNTAX_ERROR, "multiple default expressions");
        }
        b->default_given = true;
        return domain_default(cx, d, b->type.name, b->base->oid, b->typmod, con->raw_expr,
                              &b->default_expr, &b->type.default_tree, &b->type.default_text);
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL: {
        bool not_null = con->contype == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL;
        if (not_null ? b->null_given : b->not_null_given) {
            return err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting NULL/NOT NULL constraints");
        }
        *(not_null ? &b->not_null_given : &b->null_given) = true;
        b->type.not_null = not_null;
        return ST_OK;
    }
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        if (con->is_no_inherit) {
            return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "check constraints for domains cannot be marked NO INHERIT");
        }
        b->checks[b->check_count++] = con;
        return ST_OK;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: return domain_refused(cx, "unique constraints");
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        return domain_refused(cx, "primary key constraints");
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
        return domain_refused(cx, "exclusion constraints");
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        return domain_refused(cx, "foreign key constraints");
    default:
        return err_unsupported(cx, "specifying constraint deferrability not supported for domains");
    }
}

/* domain_of_base - what a domain has from the type it is over. */
static Status domain_of_base(Cx *cx, DdlCx *d, DomainBuild *b)
{
    Datum key = {.u32 = b->base->oid};
    DdlRow r;
    TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &r));
    NewType *n = &b->type;
    n->kind = 'd';
    n->base = b->base->oid;
    n->typmod = b->typmod;
    n->len = r.values[PG_TYPE_TYPLEN].i16;
    n->by_value = r.values[PG_TYPE_TYPBYVAL].b;
    n->category = b->base->category;
    n->delimiter = ddl_row_text(d, &r, PG_TYPE_TYPDELIM)[0];
    n->align = ddl_row_text(d, &r, PG_TYPE_TYPALIGN)[0];
    n->storage = ddl_row_text(d, &r, PG_TYPE_TYPSTORAGE)[0];
    n->input = DOMAIN_IN;
    n->output = r.values[PG_TYPE_TYPOUTPUT].u32;
    n->receive = DOMAIN_RECV;
    n->send = r.values[PG_TYPE_TYPSEND].u32;
    n->analyze = r.values[PG_TYPE_TYPANALYZE].u32;
    n->collation = b->base->collation;
    n->default_tree = ddl_row_text(d, &r, PG_TYPE_TYPDEFAULTBIN);
    n->default_text = ddl_row_text(d, &r, PG_TYPE_TYPDEFAULT);
    return ST_OK;
}

Status ddl_create_domain(Cx *cx, DdlCx *d, const PgQuery__CreateDomainStmt *stmt)
{
    DomainBuild b = {0};
    BindCx bind = domain_bind(d);
    Oid base;
    TRY(ddl_type_new_name(cx, d, stmt->domainname, stmt->n_domainname, &b.type.name,
                          &b.type.namespace_oid));
    TRY(bind_type_name(cx, &bind, stmt->type_name, &base, &b.typmod));
    b.base = cat_type(d->view, base);
    if (b.base == NULL || strchr("bcderm", b.base->kind) == NULL) {
        return err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                       "\"%s\" is not a valid base type for a domain",
                       ddl_string(stmt->type_name->names[stmt->type_name->n_names - 1]));
    }
    TRY(domain_of_base(cx, d, &b));
    b.type.dimensions = (int32_t)stmt->type_name->n_array_bounds;
    if (stmt->coll_clause != NULL) {
        TRY(ddl_collation(cx, d, stmt->coll_clause, b.base, &b.type.collation));
    }
    b.checks = ARENA_ARRAY(d->arena, PgQuery__Constraint *, stmt->n_constraints + 1);
    for (size_t i = 0; i < stmt->n_constraints; i++) {
        TRY(domain_take(cx, d, &b, stmt->constraints[i]->constraint));
    }
    TRY(ddl_insert_type(cx, d, &b.type));
    DdlObject self = {CAT_PG_TYPE, b.type.oid, 0};
    if (b.default_expr != NULL) {
        TRY(ddl_depend_on_expr(cx, d, self, b.default_expr));
    }
    for (uint32_t i = 0; i < b.check_count; i++) {
        TRY(domain_add_check(cx, d, b.type.oid, b.type.namespace_oid, b.type.name, b.base->oid,
                             b.typmod, b.checks[i], NULL));
    }
    return ST_OK;
}

/* ---- ALTER DOMAIN ---- */

typedef Status (*DomainColumnFn)(void *arg, Cx *cx, DdlCx *d, const CatTable *t,
                                 const CatColumn *c);
/* domain_each_column - fn for each column of the domain, of one over it, or of an array of it. */
static Status domain_each_column(Cx *cx, DdlCx *d, Oid domain, DomainColumnFn fn, void *arg)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID};
    Datum key[2] = {{.u32 = CAT_PG_TYPE}, {.u32 = domain}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        Oid class_oid = list.rows[i].values[PG_DEPEND_CLASSID].u32;
        Oid oid = list.rows[i].values[PG_DEPEND_OBJID].u32;
        int32_t sub = list.rows[i].values[PG_DEPEND_OBJSUBID].i32;
        const CatTable *t;
        if (class_oid == CAT_PG_TYPE) {
            const CatType *over = cat_type(d->view, oid);
            if (over != NULL && over->kind == 'd') {
                TRY(domain_each_column(cx, d, oid, fn, arg));
            } else if (over != NULL && over->category == 'A') {
                TRY(domain_each_column(cx, d, oid, fn, arg));
            }
            continue;
        }
        if (class_oid != CAT_PG_CLASS || sub == 0) {
            continue;
        }
        TRY(table_lock(cx, d->view->txn, (uint64_t)d->view->database << 32 | oid, TABLELOCK_SHARE,
                       WAIT_BLOCK));
        TRY(cat_table_by_oid(cx, d->view, oid, &t));
        if (t->kind == 'r' && sub <= t->column_count) {
            TRY(fn(arg, cx, d, t, &t->columns[sub - 1]));
        }
    }
    return ST_OK;
}

/* DomainTest - what is looked for in columns. */
typedef struct DomainTest {
    const CatType *domain;
    const char *check; /* text over VALUE; NULL: NULLs */
    const char *name;
} DomainTest;

/* domain_test_column - DomainColumnFn: does a table hold what must not be? */
static Status domain_test_column(void *arg, Cx *cx, DdlCx *d, const CatTable *t, const CatColumn *c)
{
    const DomainTest *test = arg;
    const char *column = ddl_sql_name(d->arena, c->name);
    const CatType *type = cat_type(d->view, c->type);
    bool found;
    if (type == NULL || type->kind != 'd') {
        return err_unsupported(cx, "cannot alter type \"%s\" because column \"%s.%s\" uses it",
                               test->domain->name, t->name, c->name);
    }
    if (test->check == NULL) {
        TRY(ddl_query_finds_row(cx, d,
                                arena_printf(d->arena, "SELECT 1 FROM %s WHERE %s IS NULL LIMIT 1",
                                             ddl_qualified(d, t), column),
                                &found));
        return !found ? ST_OK
                      : err_set(cx, ERRCODE_NOT_NULL_VIOLATION,
                                "column \"%s\" of table \"%s\" contains null values", c->name,
                                t->name);
    }
    TRY(ddl_query_finds_row(
        cx, d,
        arena_printf(d->arena,
                     "SELECT 1 FROM (SELECT %s::%s AS value FROM %s) AS dassie_t WHERE NOT (%s) "
                     "LIMIT 1",
                     column, ddl_type_text(d, cat_domain_base(d->view, c->type)),
                     ddl_qualified(d, t), test->check),
        &found));
    return !found ? ST_OK
                  : err_set(cx, ERRCODE_CHECK_VIOLATION,
                            "column \"%s\" of table \"%s\" contains values that violate the new "
                            "constraint",
                            c->name, t->name);
}

/* domain_check_text - a check as SQL over VALUE. */
static Status domain_check_text(Cx *cx, DdlCx *d, const char *stored, const char **out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    Deparse dp = {.view = d->view, .env = d->env, .arena = d->arena};
    Expr *e;
    char *text;
    TRY(bind_load_expr(cx, &b, NULL, stored, &e));
    TRY(deparse_expr(cx, &dp, e, NULL, &text));
    *out = text;
    return ST_OK;
}

/* domain_validate - every column against one check of the domain. */
static Status domain_validate(Cx *cx, DdlCx *d, const CatType *t, const DdlRow *con)
{
    DomainTest test = {.domain = t, .name = ddl_row_text(d, con, PG_CONSTRAINT_CONNAME)};
    TRY(domain_check_text(cx, d, ddl_row_text(d, con, PG_CONSTRAINT_CONBIN), &test.check));
    return domain_each_column(cx, d, t->oid, domain_test_column, &test);
}

static Status domain_no_constraint(Cx *cx, const CatType *t, const char *name)
{
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                   "constraint \"%s\" of domain \"%s\" does not exist", name, t->name);
}

/* domain_drop_check - DROP CONSTRAINT [IF EXISTS]. */
static Status domain_drop_check(Cx *cx, DdlCx *d, const CatType *t,
                                const PgQuery__AlterDomainStmt *stmt)
{
    DdlRow r;
    bool found;
    TRY(domain_constraint(cx, d, t->oid, stmt->name, &r, &found));
    if (!found && stmt->missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "constraint \"%s\" of domain \"%s\" does not exist, skipping", stmt->name,
                   t->name);
        return ST_OK;
    }
    if (!found) {
        return domain_no_constraint(cx, t, stmt->name);
    }
    DdlObject o = {CAT_PG_CONSTRAINT, r.values[PG_CONSTRAINT_OID].u32, 0};
    return ddl_drop_objects(cx, d, &o, 1, stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}

/* domain_add - ADD CONSTRAINT: a check, tried on what there is unless NOT VALID. */
static Status domain_add(Cx *cx, DdlCx *d, const CatType *t, const PgQuery__Constraint *con)
{
    const char *name;
    DdlRow r;
    bool found;
    if (con->contype != PG_QUERY__CONSTR_TYPE__CONSTR_CHECK) {
        DomainBuild skip = {.checks = ARENA_ARRAY(d->arena, PgQuery__Constraint *, 1)};
        TRY(domain_take(cx, d, &skip, (PgQuery__Constraint *)(uintptr_t)con));
        return err_unsupported(cx, "this kind of constraint of a domain is not supported");
    }
    TRY(domain_add_check(cx, d, t->oid, t->namespace_oid, t->name, t->base, t->typmod, con, &name));
    if (con->skip_validation) {
        return ST_OK;
    }
    TRY(domain_constraint(cx, d, t->oid, name, &r, &found));
    return domain_validate(cx, d, t, &r);
}

/* domain_set_default - SET DEFAULT and (node NULL) DROP DEFAULT. */
static Status domain_set_default(Cx *cx, DdlCx *d, const CatType *t, const PgQuery__Node *node)
{
    Datum key = {.u32 = t->oid};
    DdlRow r;
    const Expr *e = NULL;
    const char *tree = NULL, *text = NULL;
    TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &r));
    if (node != NULL) {
        TRY(domain_default(cx, d, t->name, t->base, t->typmod, node, &e, &tree, &text));
    }
    ddl_set_text(&r, PG_TYPE_TYPDEFAULTBIN, tree);
    ddl_set_text(&r, PG_TYPE_TYPDEFAULT, text);
    return ddl_row_store(cx, d, &r);
}

/* domain_set_not_null - SET NOT NULL, after looking for NULLs, and DROP NOT NULL. */
static Status domain_set_not_null(Cx *cx, DdlCx *d, const CatType *t, bool not_null)
{
    Datum key = {.u32 = t->oid};
    DomainTest test = {.domain = t};
    DdlRow r;
    if (t->not_null == not_null) {
        return ST_OK;
    }
    if (not_null) {
        TRY(domain_each_column(cx, d, t->oid, domain_test_column, &test));
    }
    TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &r));
    ddl_set_bool(&r, PG_TYPE_TYPNOTNULL, not_null);
    return ddl_row_store(cx, d, &r);
}

Status ddl_alter_domain(Cx *cx, DdlCx *d, const PgQuery__AlterDomainStmt *stmt)
{
    const CatType *t;
    DdlRow r;
    bool found;
    TRY(ddl_type_find(cx, d, stmt->type_name, stmt->n_type_name, false, &t));
    if (t->kind != 'd') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is not a domain",
                       ddl_type_text(d, t->oid));
    }
    TRY(ddl_type_owned(cx, d, t->oid));
    switch (stmt->subtype[0]) {
    case 'T': TRY(domain_set_default(cx, d, t, stmt->def)); break;
    case 'N': TRY(domain_set_not_null(cx, d, t, false)); break;
    case 'O': TRY(domain_set_not_null(cx, d, t, true)); break;
    case 'C': TRY(domain_add(cx, d, t, stmt->def->constraint)); break;
    case 'X': TRY(domain_drop_check(cx, d, t, stmt)); break;
    case 'V':
        TRY(domain_constraint(cx, d, t->oid, stmt->name, &r, &found));
        if (!found) {
            return domain_no_constraint(cx, t, stmt->name);
        }
        TRY(domain_validate(cx, d, t, &r));
        ddl_set_bool(&r, PG_CONSTRAINT_CONVALIDATED, true);
        TRY(ddl_row_store(cx, d, &r));
        break;
    default: return ST_NOTFOUND;
    }
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_rename_domain_check(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt)
{
    const CatType *t;
    const PgQuery__List *names = stmt->object->list;
    DdlRow r, other;
    bool found;
    TRY(ddl_type_find(cx, d, names->items, names->n_items, false, &t));
    TRY(ddl_type_owned(cx, d, t->oid));
    TRY(domain_constraint(cx, d, t->oid, stmt->subname, &r, &found));
    if (!found) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "constraint \"%s\" for domain %s does not exist", stmt->subname,
                       ddl_type_text(d, t->oid));
    }
    TRY(domain_constraint(cx, d, t->oid, stmt->newname, &other, &found));
    if (found) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                       "constraint \"%s\" for domain %s already exists", stmt->newname,
                       ddl_type_text(d, t->oid));
    }
    ddl_set_text(&r, PG_CONSTRAINT_CONNAME, stmt->newname);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}
