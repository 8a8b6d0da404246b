/*
 * table_like.c - CREATE TABLE (LIKE ...): columns of another relation, and with INCLUDING what
 * belongs to them
 *
 * Expressions are taken as the trees the catalogs keep, with the numbers of the new columns.
 */
#include "ddl/role.h"

/* The bits of the clause's options, as the parser gives them. */
enum {
    LIKE_COMMENTS = 1 << 0,
    LIKE_COMPRESSION = 1 << 1,
    LIKE_CONSTRAINTS = 1 << 2,
    LIKE_DEFAULTS = 1 << 3,
    LIKE_GENERATED = 1 << 4,
    LIKE_IDENTITY = 1 << 5,
    LIKE_INDEXES = 1 << 6,
    LIKE_STORAGE = 1 << 8,
};

Status ddl_like_open(Cx *cx, DdlCx *d, const PgQuery__TableLikeClause *clause, LikeSource *out)
{
    const CatTable *t;
    Status st = ddl_lock(cx, d, clause->relation, TABLELOCK_ACCESS_SHARE, false, &t);
    if (st != ST_OK) {
        return ddl_error_at(cx, d, st, clause->relation->location);
    }
    if (t->kind == 'i' || t->kind == 'S') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                          "relation \"%s\" is invalid in LIKE clause", t->name));
        st_ignore(
            err_detail(cx, "This operation is not supported for %s.", ddl_kind_plural(t->kind)));
        return ddl_error_at(cx, d, ST_ERROR, clause->relation->location);
    }
    TRY(t->kind == 'c'
            ? cat_acl_need(cx, d->view, CAT_PG_TYPE, t->type_oid, d->view->user, ACL_USAGE)
            : cat_acl_need(cx, d->view, CAT_PG_CLASS, t->oid, d->view->user, ACL_SELECT));
    *out = (LikeSource){.oid = t->oid,
                        .options = clause->options,
                        .map = ARENA_ARRAY(d->arena, int16_t, t->column_count + 1u)};
    return ST_OK;
}

/* like_expr - a copy with the columns' new numbers. */
static Expr *like_expr(DdlCx *d, const Expr *e, const int16_t *map)
{
    Expr *c = arena_memdup(d->arena, e, sizeof(*e));
    if (c->kind == EXPR_COLUMN && c->u.column.column >= 0) {
        c->u.column.column = (int16_t)(map[c->u.column.column] - 1);
    }
    if (c->case_test != NULL) {
        c->case_test = like_expr(d, e->case_test, map);
    }
    if (c->arg_count > 0) {
        c->args = ARENA_ARRAY(d->arena, Expr *, c->arg_count);
        for (uint16_t i = 0; i < c->arg_count; i++) {
            c->args[i] = e->args[i] != NULL ? like_expr(d, e->args[i], map) : NULL;
        }
    }
    return c;
}

/* like_load - a stored expression over the other table, over the new one. */
static Status like_load(Cx *cx, DdlCx *d, const CatTable *of, const char *stored,
                        const int16_t *map, Expr **out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env, .no_locks = true};
    Expr *e;
    TRY(bind_load_expr(cx, &b, of, stored, &e));
    *out = like_expr(d, e, map);
    return ST_OK;
}

/* like_identity - the column gets a sequence of its own, like the other's. */
static Status like_identity(Cx *cx, DdlCx *d, const NewRelation *rel, const CatColumn *from,
                            NewColumn *out)
{
    const CatTable *seq;
    char *name;
    out->identity = from->identity;
    TRY(cat_table_by_oid(cx, d->view, from->identity_sequence, &seq));
    TRY(ddl_choose_relation_name(cx, d, rel->namespace_oid, rel->name, from->name, "seq", &name));
    return ddl_copy_sequence(cx, d, rel->namespace_oid, name, seq, rel->persistence,
                             &out->sequence);
}

Status ddl_like_column(Cx *cx, DdlCx *d, const LikeSource *s, uint16_t i, const NewRelation *rel,
                       NewColumn *out)
{
    const CatTable *t;
    TRY(cat_table_by_oid(cx, d->view, s->oid, &t));
    const CatColumn *from = &t->columns[i];
    *out = (NewColumn){.name = arena_strdup(d->arena, from->name),
                       .type = cat_type(d->view, from->type),
                       .typmod = from->typmod,
                       .collation = from->collation,
                       .not_null = from->not_null,
                       .location = -1};
    if (out->type == NULL || out->type->ops == NULL) {
        return err_unsupported(cx, "columns of this type are not supported");
    }
    out->storage = (s->options & LIKE_STORAGE) != 0 ? from->storage : 0;
    out->compression = (s->options & LIKE_COMPRESSION) != 0 ? from->compression : 0;
    if (from->identity != 0 && (s->options & LIKE_IDENTITY) != 0) {
        return like_identity(cx, d, rel, from, out);
    }
    if (from->generated == 0 && from->default_sql != NULL && (s->options & LIKE_DEFAULTS) != 0) {
        Expr *e;
        TRY(like_load(cx, d, NULL, from->default_sql, s->map, &e));
        out->default_expr = e;
    }
    if (from->generated != 0 && (s->options & LIKE_GENERATED) != 0) {
        out->generated = from->generated; /* its expression comes when all columns are numbered */
    }
    return ST_OK;
}

/* like_generated - the expressions of the generated columns. */
static Status like_generated(Cx *cx, DdlCx *d, const CatTable *t, const CatTable *of,
                             const LikeSource *s)
{
    for (uint16_t i = 0; i < of->column_count && (s->options & LIKE_GENERATED) != 0; i++) {
        const CatColumn *from = &of->columns[i];
        Expr *e;
        DdlRow r;
        if (from->dropped || from->generated == 0 || from->default_sql == NULL) {
            continue;
        }
        TRY(like_load(cx, d, of, from->default_sql, s->map, &e));
        TRY(ddl_store_default(cx, d, t->oid, s->map[i], e, true));
        TRY(ddl_load_attribute(cx, d, t->oid, s->map[i], &r));
        ddl_set_bool(&r, PG_ATTRIBUTE_ATTHASDEF, true);
        TRY(ddl_row_store(cx, d, &r));
    }
    return ST_OK;
}

/* like_comments - the comments of an object, or (sub) of a column, are the other's. */
static Status like_comments(Cx *cx, DdlCx *d, DdlObject from, DdlObject to)
{
    static const uint16_t COLUMNS[3] = {PG_DESCRIPTION_OBJOID, PG_DESCRIPTION_CLASSOID,
                                        PG_DESCRIPTION_OBJSUBID};
    Datum key[3] = {{.u32 = from.oid}, {.u32 = from.class_oid}, {.i32 = from.sub}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DESCRIPTION, COLUMNS, key, 3, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        ddl_set_oid(&list.rows[i], PG_DESCRIPTION_OBJOID, to.oid);
        ddl_set_i32(&list.rows[i], PG_DESCRIPTION_OBJSUBID, to.sub);
        TRY(ddl_row_insert(cx, d, &list.rows[i]));
    }
    return ST_OK;
}

/* like_checks - CHECK constraints under their own names. */
static Status like_checks(Cx *cx, DdlCx *d, const CatTable *t, const CatTable *of,
                          const LikeSource *s)
{
    int16_t checks = 0;
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        checks = (int16_t)(checks + (t->constraints[i].type == 'c' ? 1 : 0));
    }
    for (uint16_t i = 0; i < of->constraint_count; i++) {
        const CatConstraint *c = &of->constraints[i];
        int16_t *columns = ARENA_ARRAY(d->arena, int16_t, c->column_count + 1u);
        Expr *e;
        if (c->type != 'c' || c->check_sql == NULL) {
            continue;
        }
        if (ddl_constraint_named(t, c->name) != NULL) {
            return err_set(cx, ERRCODE_DUPLICATE_OBJECT, "check constraint \"%s\" already exists",
                           c->name);
        }
        for (uint16_t k = 0; k < c->column_count; k++) {
            columns[k] = s->map[c->columns[k] - 1];
        }
        TRY(like_load(cx, d, of, c->check_sql, s->map, &e));
        ConstraintRow r = {.name = c->name,
                           .check = e,
                           .type = 'c',
                           .columns = columns,
                           .column_count = c->column_count,
                           .validated = true};
        TRY(ddl_new_oid(cx, d, &r.oid));
        TRY(ddl_insert_constraint(cx, d, t, &r));
        TRY(ddl_update_class_i16(cx, d, t->oid, PG_CLASS_RELCHECKS, ++checks));
        if ((s->options & LIKE_COMMENTS) != 0) {
            TRY(like_comments(cx, d, (DdlObject){CAT_PG_CONSTRAINT, c->oid, 0},
                              (DdlObject){CAT_PG_CONSTRAINT, r.oid, 0}));
        }
    }
    return ST_OK;
}

/* like_index_definition - the index over the new table. */
static Status like_index_definition(Cx *cx, DdlCx *d, const CatTable *of, const CatIndex *ix,
                                    const LikeSource *s, NewIndex *out)
{
    const CatTable *rel;
    Expr *list = NULL, *where;
    uint16_t next = 0;
    *out = (NewIndex){.unique = ix->unique,
                      .primary = ix->primary,
                      .nulls_not_distinct = ix->nulls_not_distinct,
                      .constraint = ix->constraint != 0,
                      .exclusion = ix->exclusion,
                      .deferrable = ix->deferrable,
                      .method = cat_opclass_method(d->view, ix->opclasses[0]),
                      .key_count = ix->key_count,
                      .column_count = ix->column_count};
    if (out->method == DDL_ACCESS_BTREE && !ix->exclusion) {
        out->method = 0;
    }
    TRY(cat_table_by_oid(cx, d->view, ix->oid, &rel));
    out->rel_options = rel->options != NULL ? arena_strdup(d->arena, rel->options) : NULL;
    if (ix->expressions_sql != NULL) {
        TRY(like_load(cx, d, of, ix->expressions_sql, s->map, &list));
    }
    for (uint16_t i = 0; i < ix->column_count; i++) {
        if (ix->columns[i] == 0) {
            out->exprs[i] = list->args[next++];
            out->names[i] = arena_strdup(d->arena, rel->columns[i].name);
        } else {
            out->columns[i] = s->map[ix->columns[i] - 1];
        }
        out->options[i] = i < ix->key_count ? ix->options[i] : 0;
        out->opclasses[i] = i < ix->key_count ? ix->opclasses[i] : 0;
        out->collations[i] = i < ix->key_count ? ix->collations[i] : 0;
    }
    if (ix->predicate_sql != NULL) {
        TRY(like_load(cx, d, of, ix->predicate_sql, s->map, &where));
        out->predicate = where;
    }
    return ST_OK;
}

/* like_key - the constraint an index stands for, like `con`. */
static Status like_key(Cx *cx, DdlCx *d, const CatTable *t, const CatConstraint *con, NewIndex *n,
                       Oid *index_out)
{
    if (n->exclusion) {
        return ddl_make_exclusion(cx, d, t, n, con->operators, con->deferred, index_out);
    }
    ConstraintRow r = {.type = n->primary ? 'p' : 'u',
                       .columns = n->columns,
                       .column_count = n->key_count,
                       .deferrable = n->deferrable,
                       .deferred = con->deferred,
                       .validated = true};
    for (uint16_t i = 0; n->primary && i < t->index_count; i++) {
        if (t->indexes[i].primary) {
            return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                           "multiple primary keys for table \"%s\" are not allowed", t->name);
        }
    }
    TRY(ddl_key_name(cx, d, t, n));
    r.name = n->name;
    TRY(ddl_index_make(cx, d, t, n, &r.index));
    TRY(ddl_new_oid(cx, d, &r.oid));
    TRY(ddl_insert_constraint(cx, d, t, &r));
    *index_out = r.index;
    return ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, r.index, 0},
                      (DdlObject){CAT_PG_CONSTRAINT, r.oid, 0}, 'i');
}

/* like_indexes - indexes and the keys they stand for, under names of their own. */
static Status like_indexes(Cx *cx, DdlCx *d, const CatTable *t, const CatTable *of,
                           const LikeSource *s)
{
    Oid table = t->oid;
    for (uint16_t i = 0; i < of->index_count; i++) {
        NewIndex n;
        Oid index;
        const CatConstraint *con = NULL;
        for (uint16_t k = 0; k < of->constraint_count; k++) {
            bool is_its = of->constraints[k].oid == of->indexes[i].constraint;
            con = is_its ? &of->constraints[k] : con;
        }
        TRY(ddl_reload(cx, d, table, &t));
        TRY(like_index_definition(cx, d, of, &of->indexes[i], s, &n));
        if (con != NULL) {
            TRY(like_key(cx, d, t, con, &n, &index));
        } else {
            TRY(ddl_index_name(cx, d, t, &n));
            TRY(ddl_index_make(cx, d, t, &n, &index));
        }
        if ((s->options & LIKE_COMMENTS) != 0) {
            TRY(like_comments(cx, d, (DdlObject){CAT_PG_CLASS, of->indexes[i].oid, 0},
                              (DdlObject){CAT_PG_CLASS, index, 0}));
        }
    }
    return ST_OK;
}

Status ddl_like_finish(Cx *cx, DdlCx *d, Oid table, const LikeSource *s)
{
    const CatTable *t, *of;
    TRY(ddl_reload(cx, d, table, &t));
    TRY(cat_table_by_oid(cx, d->view, s->oid, &of));
    TRY(like_generated(cx, d, t, of, s));
    for (uint16_t i = 0; i < of->column_count && (s->options & LIKE_COMMENTS) != 0; i++) {
        if (!of->columns[i].dropped) {
            TRY(like_comments(cx, d, (DdlObject){CAT_PG_CLASS, of->oid, i + 1},
                              (DdlObject){CAT_PG_CLASS, table, s->map[i]}));
        }
    }
    if ((s->options & LIKE_CONSTRAINTS) != 0) {
        TRY(like_checks(cx, d, t, of, s));
    }
    if ((s->options & LIKE_INDEXES) != 0) {
        TRY(like_indexes(cx, d, t, of, s));
    }
    cat_changed(d->view);
    return ST_OK;
}
