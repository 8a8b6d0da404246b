/*
 * comment.c - COMMENT ON tables, indexes, sequences, views, columns, constraints, schemas.
 */
#include "ddl/ddl_internal.h"

/* comment_range_var - the relation a list of names means. */
static PgQuery__RangeVar comment_range_var(PgQuery__Node *const *items, size_t n)
{
    PgQuery__RangeVar rv = PG_QUERY__RANGE_VAR__INIT;
    rv.relname = (char *)(uintptr_t)ddl_string(items[n - 1]);
    rv.schemaname = n > 1 ? (char *)(uintptr_t)ddl_string(items[n - 2]) : NULL;
    rv.location = -1;
    return rv;
}

static Status comment_relation(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt, DdlObject *o)
{
    const PgQuery__List *names = stmt->object->list;
    PgQuery__RangeVar rv = comment_range_var(names->items, names->n_items);
    char kind = stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE      ? 'r'
                : stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX    ? 'i'
                : stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE ? 'S'
                                                                          : 'v';
    const CatTable *t;
    TRY(ddl_lock(cx, d, &rv, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, false, &t));
    if (t->kind != kind) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not %s", t->name,
                       kind == 'r'   ? "a table"
                       : kind == 'i' ? "an index"
                       : kind == 'S' ? "a sequence"
                                     : "a view");
    }
    *o = (DdlObject){CAT_PG_CLASS, t->oid, 0};
    return ST_OK;
}

/* comment_part - a column or a constraint: the last name is its own, those before its table's. */
static Status comment_part(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt, DdlObject *o)
{
    const PgQuery__List *names = stmt->object->list;
    const CatTable *t;
    if (names->n_items < 2) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "column name must be qualified");
    }
    const char *part = ddl_string(names->items[names->n_items - 1]);
    PgQuery__RangeVar rv = comment_range_var(names->items, names->n_items - 1);
    TRY(ddl_lock(cx, d, &rv, TABLELOCK_SHARE_UPDATE_EXCLUSIVE, false, &t));
    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
        const CatColumn *c = ddl_column(t, part);
        if (c == NULL) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           "column \"%s\" of relation \"%s\" does not exist", part, t->name);
        }
        *o = (DdlObject){CAT_PG_CLASS, t->oid, c->number};
        return ST_OK;
    }
    const CatConstraint *c = ddl_constraint_named(t, part);
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "constraint \"%s\" for table \"%s\" does not exist", part, t->name);
    }
    *o = (DdlObject){CAT_PG_CONSTRAINT, c->oid, 0};
    return ST_OK;
}

Status ddl_comment(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt)
{
    DdlObject o = {0};
    switch (stmt->objtype) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: TRY(comment_relation(cx, d, stmt, &o)); break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: TRY(comment_part(cx, d, stmt, &o)); break;
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: {
        const char *name = ddl_string(stmt->object);
        o.class_oid = CAT_PG_NAMESPACE;
        Status st = cat_namespace(cx, d->view, name, &o.oid);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
        }
        TRY(st);
        break;
    }
    default: return err_unsupported(cx, "comments on this kind of object are not supported");
    }
    Datum key[3] = {{.u32 = o.oid}, {.u32 = o.class_oid}, {.i32 = o.sub}};
    TRY(ddl_row_remove(cx, d, CAT_PG_DESCRIPTION, key, 3));
    if (stmt->comment != NULL && stmt->comment[0] != '\0') {
        DdlRow r;
        ddl_row_init(&r, CAT_PG_DESCRIPTION);
        ddl_set_oid(&r, PG_DESCRIPTION_OBJOID, o.oid);
        ddl_set_oid(&r, PG_DESCRIPTION_CLASSOID, o.class_oid);
        ddl_set_i32(&r, PG_DESCRIPTION_OBJSUBID, o.sub);
        ddl_set_text(&r, PG_DESCRIPTION_DESCRIPTION, stmt->comment);
        TRY(ddl_row_insert(cx, d, &r));
    }
    cat_changed(d->view);
    return ST_OK;
}
