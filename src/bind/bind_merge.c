/*
 * bind_merge.c - MERGE: the source beside the target table, and what is done with each row.
 *
 * FROM becomes one join: the source with the target on its nullable side, so that rows without a
 * partner come, too, when something is to be inserted.
 */
#include "bind/bind_internal.h"

/* merge_reachable - 42601 for a WHEN clause behind one of its kind without a condition. */
static Status merge_reachable(BindScope *s, const PgQuery__MergeStmt *st)
{
    bool over[2] = {false, false};
    for (size_t i = 0; i < st->n_merge_when_clauses; i++) {
        const PgQuery__MergeWhenClause *w = st->merge_when_clauses[i]->merge_when_clause;
        bool *at = &over[w->matched ? 1 : 0];
        if (*at) {
            return err_set(s->cx, ERRCODE_SYNTAX_ERROR,
                           "unreachable WHEN clause specified after unconditional WHEN clause");
        }
        *at = w->condition == NULL;
    }
    return ST_OK;
}

/* merge_target - the table to change; its columns are not visible to the source. */
static Status merge_target(BindScope *s, const PgQuery__RangeVar *rv, const CatTable **out)
{
    Query *q = s->query;
    TRY(bind_open_table(s, rv, TABLELOCK_ROW_EXCLUSIVE, out));
    if ((*out)->kind == 'v') {
        st_ignore(err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                          "cannot execute MERGE on relation \"%s\"", (*out)->name));
        return err_detail(s->cx, "This operation is not supported for views.");
    }
    TRY(bind_is_modifiable(s, *out));
    const char *alias = rv->alias != NULL ? rv->alias->aliasname : (*out)->name;
    TRY(bind_table_rte(s, *out, alias, &q->result_rte));
    q->result_table = *out;
    for (uint16_t i = 0; i < (*out)->column_count; i++) {
        q->rtes[q->result_rte]->column_used[i] = true;
    }
    return ST_OK;
}

/* merge_join - the source, joined to the target; *item_out: the target's columns. */
static Status merge_join(BindScope *s, const PgQuery__MergeStmt *st, bool outer, NsItem **item_out)
{
    Query *q = s->query;
    const char *alias = q->rtes[q->result_rte]->alias;
    Node *source[1] = {st->source_relation};
    TRY(bind_from_clause(s, source, 1));
    for (uint16_t i = 0; i < s->item_count; i++) {
        if (s->items[i]->name != NULL && strcmp(s->items[i]->name, alias) == 0) {
            st_ignore(err_set(s->cx, ERRCODE_DUPLICATE_ALIAS,
                              "name \"%s\" specified more than once", alias));
            return err_detail(s->cx,
                              "The name is used both as MERGE target table and data source.");
        }
    }
    *item_out = bind_add_item(s, bind_item_of_rte(s, q->result_rte, alias, NULL, 0));
    FromNode *join = ARENA_NEW(s->b->arena, FromNode);
    join->is_join = true;
    join->join = outer ? JOIN_LEFT : JOIN_INNER;
    join->left = q->from[0];
    join->right = ARENA_NEW(s->b->arena, FromNode);
    join->right->rte = q->result_rte;
    s->no_aggs = "JOIN conditions";
    TRY(bind_bool_expr(s, st->join_condition, "JOIN/ON", &join->on));
    s->no_aggs = NULL;
    q->from[0] = join;
    return ST_OK;
}

/* merge_action - one WHEN clause. Without a match there is no row of the target to look at. */
static Status merge_action(BindScope *s, const CatTable *t, const PgQuery__MergeWhenClause *w,
                           NsItem *target, MergeAction *a)
{
    a->matched = w->matched;
    target->rel_visible = target->cols_visible = w->matched;
    if (w->condition != NULL) {
        s->no_aggs = "MERGE WHEN conditions";
        TRY(bind_bool_expr(s, w->condition, "WHEN", &a->cond));
        s->no_aggs = NULL;
    }
    switch (w->command_type) {
    case PG_QUERY__CMD_TYPE__CMD_UPDATE:
        a->command = CMD_UPDATE;
        TRY(bind_update_columns(s, t, w->target_list, w->n_target_list, &a->targets, &a->set));
        break;
    case PG_QUERY__CMD_TYPE__CMD_DELETE: a->command = CMD_DELETE; break;
    case PG_QUERY__CMD_TYPE__CMD_INSERT:
        a->command = CMD_INSERT;
        TRY(bind_merge_insert(s, t, w, &a->targets));
        break;
    default: a->command = CMD_UTILITY; break; /* DO NOTHING */
    }
    target->rel_visible = target->cols_visible = true;
    return ST_OK;
}

/* merge_generated - generated columns are computed for every row that is made or changed. */
static Status merge_generated(BindScope *s, const CatTable *t)
{
    Query *q = s->query;
    TRY(bind_generated(s, t, NULL));
    for (uint16_t i = 0; i < q->merge_action_count; i++) {
        MergeAction *a = &q->merge_actions[i];
        for (uint16_t g = 0; a->command == CMD_UPDATE && g < q->generated_count; g++) {
            a->set[q->generated_columns[g]] = true;
        }
    }
    return ST_OK;
}

Status bind_merge(BindScope *s, const PgQuery__MergeStmt *st)
{
    Query *q = s->query;
    const CatTable *t;
    NsItem *target = NULL;
    bool inserts = false, changes = false;
    if (st->with_clause != NULL && st->with_clause->recursive) {
        return err_set(s->cx, ERRCODE_SYNTAX_ERROR,
                       "WITH RECURSIVE is not supported for MERGE statement");
    }
    if (st->with_clause != NULL) {
        TRY(bind_with_clause(s, st->with_clause));
    }
    TRY(merge_reachable(s, st));
    TRY(merge_target(s, st->relation, &t));
    q->set_columns = ARENA_ARRAY(s->b->arena, bool, t->column_count + 1u); /* by INSERT */
    q->merge_actions = ARENA_ARRAY(s->b->arena, MergeAction, st->n_merge_when_clauses + 1);
    for (size_t i = 0; i < st->n_merge_when_clauses; i++) {
        const PgQuery__MergeWhenClause *w = st->merge_when_clauses[i]->merge_when_clause;
        inserts = inserts || w->command_type == PG_QUERY__CMD_TYPE__CMD_INSERT;
        changes = changes || w->command_type == PG_QUERY__CMD_TYPE__CMD_UPDATE;
    }
    TRY(merge_join(s, st, inserts, &target));
    for (size_t i = 0; i < st->n_merge_when_clauses; i++) {
        TRY(merge_action(s, t, st->merge_when_clauses[i]->merge_when_clause, target,
                         &q->merge_actions[q->merge_action_count++]));
    }
    if (!inserts && !changes) {
        return ST_OK;
    }
    TRY(merge_generated(s, t));
    return bind_checks(s, t);
}
