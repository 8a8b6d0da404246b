/*
 * bind_conflict.c - INSERT ... ON CONFLICT: which unique index arbitrates, and what DO UPDATE
 * assigns
 */
#include "bind/bind_internal.h"

/* conflict_by_name - ON CONSTRAINT name. */
static Status conflict_by_name(BindScope *s, const PgQuery__InferClause *in, const CatTable *t,
                               int *index_out)
{
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        const CatConstraint *con = &t->constraints[i];
        if (strcmp(con->name, in->conname) != 0) {
            continue;
        }
        for (uint16_t k = 0; k < t->index_count; k++) {
            if ((con->type == 'p' || con->type == 'u') && t->indexes[k].oid == con->index) {
                *index_out = k;
                return ST_OK;
            }
        }
        return err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE,
                       "constraint in ON CONFLICT clause has no associated index");
    }
    return BIND_ERR(s, -1, ERRCODE_UNDEFINED_OBJECT,
                    "constraint \"%s\" for table \"%s\" does not exist", in->conname, t->name);
}

/* index_is_on - a unique index over exactly these columns, each rows' one way or another. */
static bool index_is_on(const CatIndex *ix, const uint16_t *columns, uint16_t count)
{
    if (!ix->unique || !ix->valid || ix->predicate_sql != NULL || ix->expressions_sql != NULL) {
        return false;
    }
    for (uint16_t k = 0; k < ix->key_count; k++) {
        bool named = false;
        for (uint16_t i = 0; i < count; i++) {
            named = named || ix->columns[k] == columns[i] + 1;
        }
        if (!named) {
            return false;
        }
    }
    for (uint16_t i = 0; i < count; i++) {
        bool keyed = false;
        for (uint16_t k = 0; k < ix->key_count; k++) {
            keyed = keyed || ix->columns[k] == columns[i] + 1;
        }
        if (!keyed) {
            return false;
        }
    }
    return true;
}

/* conflict_by_columns - the unique index that the named columns make out. */
static Status conflict_by_columns(BindScope *s, const PgQuery__InferClause *in, const CatTable *t,
                                  int *index_out)
{
    uint16_t *columns = ARENA_ARRAY(s->b->arena, uint16_t, in->n_index_elems + 1);
    for (size_t i = 0; i < in->n_index_elems; i++) {
        const PgQuery__IndexElem *e = in->index_elems[i]->index_elem;
        if (e->name == NULL || e->name[0] == '\0') {
            return err_unsupported(s->cx, "ON CONFLICT with an expression is not supported");
        }
        bool found = false;
        for (uint16_t c = 0; c < t->column_count && !found; c++) {
            found = !t->columns[c].dropped && strcmp(t->columns[c].name, e->name) == 0;
            columns[i] = c;
        }
        if (!found) {
            return BIND_ERR(s, in->location, ERRCODE_UNDEFINED_COLUMN,
                            "column \"%s\" does not exist", e->name);
        }
    }
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (index_is_on(&t->indexes[i], columns, (uint16_t)in->n_index_elems)) {
            *index_out = i;
            return ST_OK;
        }
    }
    return err_set(s->cx, ERRCODE_INVALID_COLUMN_REFERENCE,
                   "there is no unique or exclusion constraint matching the ON CONFLICT "
                   "specification");
}

/* conflict_assignments - DO UPDATE SET ... WHERE ...: sees the table's row and "excluded". */
static Status conflict_assignments(BindScope *s, const PgQuery__OnConflictClause *c,
                                   const CatTable *t, NsItem *target)
{
    Query *q = s->query;
    TRY(bind_table_rte(s, t, "excluded", &q->conflict_rte));
    NsItem *excluded = bind_add_item(s, bind_item_of_rte(s, q->conflict_rte, "excluded", NULL, 0));
    target->rel_visible = target->cols_visible = true;
    TRY(bind_update_columns(s, t, c->target_list, c->n_target_list, &q->conflict_targets,
                            &q->conflict_set));
    if (c->where_clause != NULL) {
        s->no_aggs = "WHERE";
        TRY(bind_bool_expr(s, c->where_clause, "WHERE", &q->conflict_where));
        s->no_aggs = NULL;
    }
    excluded->rel_visible = excluded->cols_visible = false;
    return ST_OK;
}

Status bind_on_conflict(BindScope *s, const PgQuery__OnConflictClause *c, const CatTable *t,
                        NsItem *target)
{
    Query *q = s->query;
    const PgQuery__InferClause *in = c->infer;
    bool update = c->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE;
    q->conflict = update ? CONFLICT_UPDATE : CONFLICT_NOTHING;
    q->conflict_index = -1;
    if (update && in == NULL) {
        (void)BIND_ERR(s, c->location, ERRCODE_SYNTAX_ERROR,
                       "ON CONFLICT DO UPDATE requires inference specification or constraint name");
        return err_hint(s->cx, "For example, ON CONFLICT (column_name).");
    }
    if (update) {
        TRY(conflict_assignments(s, c, t, target));
    }
    if (in != NULL && in->conname != NULL && in->conname[0] != '\0') {
        return conflict_by_name(s, in, t, &q->conflict_index);
    }
    if (in != NULL && in->where_clause != NULL) {
        return err_unsupported(s->cx, "ON CONFLICT with a WHERE for partial indexes is not "
                                      "supported");
    }
    return in != NULL ? conflict_by_columns(s, in, t, &q->conflict_index) : ST_OK;
}
