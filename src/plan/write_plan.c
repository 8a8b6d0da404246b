/*
 * write_plan.c - INSERT, UPDATE, DELETE: the rows to change, the new values, what must hold of
 * them.
 *
 * UPDATE and DELETE carry their conditions along over the joined row, so that a row changed
 * meanwhile is tested again in its newest version (recheck.c).
 */
#include "plan/plan_internal.h"

static Expr *null_of(PlanQuery *pq, const CatTable *t, uint16_t column)
{
    Expr *e = ARENA_NEW(pq->p->arena, Expr);
    e->kind = EXPR_CONST;
    e->type = t->columns[column].type;
    e->phys = plan_column_phys(pq->p->view, t, column);
    e->typmod = -1;
    e->u.constant.is_null = true;
    return e;
}

/* row_node - a stand-in node whose columns are those of a row of the table, named by this entry. */
static PlanNode *row_node(PlanQuery *pq, uint16_t rte)
{
    const CatTable *t = pq->q->result_table;
    PlanNode *n = ARENA_NEW(pq->p->arena, PlanNode);
    n->col_count = t->column_count;
    n->outs = ARENA_ARRAY(pq->p->arena, Expr *, t->column_count + 1u);
    n->phys = ARENA_ARRAY(pq->p->arena, PhysType, t->column_count + 1u);
    for (uint16_t i = 0; i < t->column_count; i++) {
        node_set_out(n, i,
                     column_expr(pq->p->arena, rte, (int16_t)i, t->columns[i].type,
                                 plan_column_phys(pq->p->view, t, i)));
    }
    return n;
}

static int index_of_oid(const CatTable *t, Oid oid)
{
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (t->indexes[i].oid == oid) {
            return i;
        }
    }
    return -1;
}

/* index_beginning_with - a storage index whose first columns are these, in any order; -1 none. */
static int index_beginning_with(const CatTable *t, const uint16_t *columns, uint16_t count)
{
    for (uint16_t i = 0; i < t->index_count; i++) {
        const CatIndex *ix = &t->indexes[i];
        bool all = ix->valid && ix->predicate_sql == NULL && ix->key_count >= count;
        for (uint16_t c = 0; c < count && all; c++) {
            bool found = false;
            for (uint16_t k = 0; k < count; k++) {
                found = found || ix->columns[k] == columns[c] + 1;
            }
            all = found;
        }
        if (all) {
            return i;
        }
    }
    return -1;
}

/* fk_enabled - tgenabled of the internal trigger that stands for what an event does about a foreign
 * key: of the parent's side, or of the child's. */
static char fk_enabled(const CatTable *t, Oid constraint, int16_t event, bool parent_side)
{
    enum { FK_CHECK_INSERT = 1644, FK_CHECK_UPDATE = 1645 };
    for (uint16_t i = 0; i < t->trigger_count; i++) {
        const CatTrigger *g = &t->triggers[i];
        bool check = g->function == FK_CHECK_INSERT || g->function == FK_CHECK_UPDATE;
        if (g->internal && g->constraint == constraint && (g->type & event) != 0 &&
            check != parent_side) {
            return g->enabled;
        }
    }
    return 'O';
}

static int16_t command_event(CmdKind command)
{
    return command == CMD_INSERT   ? TRIGGER_INSERT
           : command == CMD_UPDATE ? TRIGGER_UPDATE
                                   : TRIGGER_DELETE;
}

/* fk_fill - resolve one foreign key, for an event on its child (parent_side: on its parent);
 * ST_NOTFOUND when a table is gone. */
static Status fk_fill(Arena *a, const CatConstraint *con, const CatTable *child,
                      const CatTable *parent, int16_t event, bool parent_side, FkCheck *fk)
{
    uint16_t *cc = ARENA_ARRAY(a, uint16_t, con->column_count);
    uint16_t *pc = ARENA_ARRAY(a, uint16_t, con->column_count);
    for (uint16_t i = 0; i < con->column_count; i++) {
        cc[i] = (uint16_t)(con->columns[i] - 1);
        pc[i] = (uint16_t)(con->foreign_columns[i] - 1);
    }
    *fk = (FkCheck){.con = con,
                    .child = child,
                    .parent = parent,
                    .column_count = con->column_count,
                    .child_columns = cc,
                    .parent_columns = pc,
                    .event = event,
                    .enabled =
                        fk_enabled(parent_side ? parent : child, con->oid, event, parent_side)};
    fk->parent_index = index_of_oid(parent, con->index);
    if (fk->parent_index < 0) {
        fk->parent_index = index_beginning_with(parent, pc, con->column_count);
    }
    fk->child_index = index_beginning_with(child, cc, con->column_count);
    return ST_OK;
}

Status plan_child_keys(Cx *cx, CatView *view, Arena *arena, const CatTable *t, FkCheck **fks_out,
                       uint16_t *count_out)
{
    *fks_out = ARENA_ARRAY(arena, FkCheck, t->constraint_count + 1u);
    *count_out = 0;
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        const CatTable *parent;
        if (t->constraints[i].type == 'f') {
            TRY(cat_table_by_oid(cx, view, t->constraints[i].foreign_table, &parent));
            TRY(fk_fill(arena, &t->constraints[i], t, parent, TRIGGER_INSERT, false,
                        &(*fks_out)[(*count_out)++]));
        }
    }
    return ST_OK;
}

/* modify_events - what a statement may do to rows of its table. */
static int16_t modify_events(const PlanModify *m)
{
    int16_t events = m->command == CMD_MERGE ? 0 : command_event(m->command);
    for (uint16_t i = 0; i < m->action_count; i++) {
        if (m->actions[i].command != CMD_UTILITY) {
            events |= command_event(m->actions[i].command);
        }
    }
    return (int16_t)(events | (m->conflict == CONFLICT_UPDATE ? TRIGGER_UPDATE : 0));
}

/* fk_touched - is one of the columns set? set NULL: all may be. */
static bool fk_touched(const bool *set, const int16_t *columns, uint16_t count)
{
    bool touched = set == NULL;
    for (uint16_t c = 0; !touched && c < count; c++) {
        touched = set[columns[c] - 1];
    }
    return touched;
}

/* plan_parents - the foreign keys of the table's own rows: all of a new row, of an updated one
 * those whose columns change. */
static Status plan_parents(PlanQuery *pq, PlanModify *m, int16_t events, const bool *set)
{
    Planner *p = pq->p;
    const CatTable *t = m->table;
    m->fks = ARENA_ARRAY(p->arena, FkCheck, t->constraint_count + 1u);
    for (uint16_t i = 0;
         (events & (TRIGGER_INSERT | TRIGGER_UPDATE)) != 0 && i < t->constraint_count; i++) {
        const CatConstraint *con = &t->constraints[i];
        const CatTable *parent;
        bool insert = (events & TRIGGER_INSERT) != 0;
        if (con->type != 'f' || (!insert && !fk_touched(set, con->columns, con->column_count))) {
            continue;
        }
        TRY(cat_table_by_oid(p->cx, p->view, con->foreign_table, &parent));
        TRY(fk_fill(p->arena, con, t, parent, insert ? TRIGGER_INSERT : TRIGGER_UPDATE, false,
                    &m->fks[m->fk_count++]));
    }
    return ST_OK;
}

/* plan_children - the foreign keys of others that refer to rows that go or whose key changes. */
static Status plan_children(PlanQuery *pq, PlanModify *m, int16_t event, const bool *set)
{
    Planner *p = pq->p;
    const CatTable *t = m->table;
    for (uint16_t i = 0; i < t->referenced_by_count; i++) {
        const CatTable *child;
        if (cat_table_by_oid(p->cx, p->view, t->referenced_by_tables[i], &child) != ST_OK) {
            continue;
        }
        for (uint16_t k = 0; k < child->constraint_count; k++) {
            const CatConstraint *con = &child->constraints[k];
            if (con->oid == t->referenced_by_constraints[i] &&
                (event == TRIGGER_DELETE ||
                 fk_touched(set, con->foreign_columns, con->column_count))) {
                TRY(fk_fill(p->arena, con, child, t, event, true, &m->refs[m->ref_count++]));
            }
        }
    }
    return ST_OK;
}

/* plan_fks - the foreign keys to check after a statement. set: the columns that its updates set. */
static Status plan_fks(PlanQuery *pq, PlanModify *m, const bool *set)
{
    int16_t events = modify_events(m);
    if (m->triggers != NULL && (m->triggers->before_row & TRIGGER_UPDATE) != 0) {
        set = NULL; /* a BEFORE trigger may change any column */
    }
    m->refs = ARENA_ARRAY(pq->p->arena, FkCheck, 2u * m->table->referenced_by_count + 1u);
    TRY(plan_parents(pq, m, events, set));
    if ((events & TRIGGER_UPDATE) != 0) {
        TRY(plan_children(pq, m, TRIGGER_UPDATE, set));
    }
    return (events & TRIGGER_DELETE) != 0 ? plan_children(pq, m, TRIGGER_DELETE, NULL) : ST_OK;
}

/* insert_source - the rows INSERT computes its values from. */
static Status insert_source(PlanQuery *pq, PlanNode **out)
{
    const Query *q = pq->q;
    PlanNode *n;
    if (q->insert_source == NULL || q->from_count > 0) {
        QualList none = {0};
        bool ordered = false;
        return plan_from(pq, &none, NULL, 0, &ordered, out);
    }
    PlanQuery child;
    TRY(plan_subquery(pq->p, pq, q->insert_source, NULL, &n, &child));
    uint16_t rte = q->result_rte == 0 ? 1 : 0;
    for (uint16_t i = 0; i < q->rte_count; i++) {
        if (q->rtes[i]->kind == RTE_SUBQUERY && q->rtes[i]->subquery == q->insert_source) {
            rte = i;
        }
    }
    PlanNode *wrap = node_new(pq->p, PLAN_MATERIAL, n, NULL, n->col_count);
    for (uint16_t i = 0; i < n->col_count; i++) {
        node_set_out(wrap, i,
                     column_expr(pq->p->arena, rte, (int16_t)i, n->outs[i]->type, n->phys[i]));
    }
    *out = wrap;
    return ST_OK;
}

/* new_values - what each column of the new row is computed from. */
static Expr **new_values(PlanQuery *pq)
{
    const Query *q = pq->q;
    const CatTable *t = q->result_table;
    Expr **v = ARENA_ARRAY(pq->p->arena, Expr *, t->column_count + 1u);
    for (uint16_t i = 0; i < t->column_count; i++) {
        Expr *e = i < q->target_count ? q->targets[i].expr : NULL;
        if (q->command == CMD_UPDATE && !q->set_columns[i]) {
            e = column_expr(pq->p->arena, q->result_rte, (int16_t)i, t->columns[i].type,
                            plan_column_phys(pq->p->view, t, i));
        }
        v[i] = e != NULL ? e : null_of(pq, t, i);
    }
    return v;
}

static bool touches_unique(const CatTable *t, const bool *changed)
{
    for (uint16_t i = 0; i < t->index_count; i++) {
        for (uint16_t c = 0; t->indexes[i].unique && c < t->indexes[i].key_count; c++) {
            int16_t col = t->indexes[i].columns[c];
            if (col > 0 && changed[col - 1]) {
                return true;
            }
        }
    }
    return false;
}

/* plan_row_rules - programs for generated columns, CHECK constraints and RETURNING over the new
 * row. */
static Status plan_row_rules(PlanQuery *pq, PlanNode *input, PlanNode *row, PlanNode *n)
{
    const Query *q = pq->q;
    PlanModify *m = &n->u.modify;
    if (q->generated_count > 0) {
        m->generated_count = q->generated_count;
        m->generated_columns =
            arena_memdup(pq->p->arena, q->generated_columns, q->generated_count * sizeof(uint16_t));
        TRY(prog_over(pq, row, NULL, q->generated, q->generated_count, &m->generated));
    }
    if (q->check_count > 0) {
        m->check_count = q->check_count;
        m->check_constraints = arena_memdup(pq->p->arena, q->check_constraints,
                                            q->check_count * sizeof(CatConstraint *));
        m->check_views = ARENA_ARRAY(pq->p->arena, const char *, q->check_count);
        for (uint16_t i = 0; i < q->check_count; i++) {
            if (q->check_constraints[i] == NULL) {
                m->check_views[i] = arena_strdup(pq->p->arena, q->check_views[i]);
            }
        }
        TRY(prog_over(pq, row, NULL, q->checks, q->check_count, &m->checks));
    }
    if (q->returning_count > 0) {
        Expr **exprs = ARENA_ARRAY(pq->p->arena, Expr *, q->returning_count);
        for (uint16_t i = 0; i < q->returning_count; i++) {
            exprs[i] = q->returning[i].expr;
            node_set_out(n, i, exprs[i]);
        }
        m->returning_count = q->returning_count;
        TRY(prog_over(pq, row, input, exprs, q->returning_count, &m->returning));
    }
    return ST_OK;
}

/* plan_conflict - ON CONFLICT: the arbiter, and what DO UPDATE computes. */
static Status plan_conflict(PlanQuery *pq, PlanModify *m)
{
    const Query *q = pq->q;
    Arena *a = pq->p->arena;
    uint16_t count = m->table->column_count;
    m->conflict = q->conflict;
    m->arbiter = q->conflict_index;
    if (q->conflict != CONFLICT_UPDATE) {
        return ST_OK;
    }
    const PlanNode *there = row_node(pq, q->result_rte), *proposed = row_node(pq, q->conflict_rte);
    Expr **values = ARENA_ARRAY(a, Expr *, count + 1u);
    for (uint16_t i = 0; i < count; i++) {
        values[i] = q->conflict_targets[i].expr;
    }
    m->conflict_changed = arena_memdup(a, q->conflict_set, count * sizeof(bool));
    TRY(prog_over(pq, there, proposed, values, count, &m->conflict_values));
    Expr *where = q->conflict_where;
    return where != NULL ? prog_over(pq, there, proposed, &where, 1, &m->conflict_where) : ST_OK;
}

/* old_columns - where the input carries the columns of the row to be changed. */
static Status old_columns(PlanQuery *pq, const PlanNode *input, PlanModify *m)
{
    uint16_t *at = ARENA_ARRAY(pq->p->arena, uint16_t, m->table->column_count + 1u);
    for (uint16_t c = 0; c < m->table->column_count; c++) {
        uint16_t i = 0;
        while (i < input->col_count && (input->outs[i]->kind != EXPR_COLUMN ||
                                        input->outs[i]->u.column.rte != pq->q->result_rte ||
                                        input->outs[i]->u.column.column != (int16_t)c)) {
            i++;
        }
        if (i == input->col_count) {
            return err_set(pq->p->cx, ERRCODE_INTERNAL_ERROR,
                           "a column of the row to change is not in the plan's input");
        }
        at[c] = i;
    }
    m->old_columns = at;
    return ST_OK;
}

/* merge_actions - the WHEN clauses over the joined row; *set_out: the columns that any of them
 * sets, NULL when none updates. */
static Status merge_actions(PlanQuery *pq, const PlanNode *input, PlanModify *m,
                            const bool **set_out)
{
    const Query *q = pq->q;
    Arena *a = pq->p->arena;
    uint16_t columns = m->table->column_count;
    PlanMergeAction *list = ARENA_ARRAY(a, PlanMergeAction, q->merge_action_count + 1u);
    Expr **conds = ARENA_ARRAY(a, Expr *, q->merge_action_count + 1u);
    Expr **values = ARENA_ARRAY(a, Expr *, columns + 1u);
    bool *set = ARENA_ARRAY(a, bool, columns + 1u);
    uint32_t n = 0;
    for (uint16_t i = 0; i < q->merge_action_count; i++) {
        const MergeAction *from = &q->merge_actions[i];
        list[i] = (PlanMergeAction){.matched = from->matched, .command = from->command, .cond = -1};
        if (from->cond != NULL) {
            list[i].cond = (int16_t)n;
            conds[n++] = from->cond;
        }
        for (uint16_t c = 0; from->targets != NULL && c < columns; c++) {
            values[c] = from->targets[c].expr;
        }
        if (from->targets != NULL) {
            TRY(prog_over(pq, input, NULL, values, columns, &list[i].values));
        }
        for (uint16_t c = 0; from->set != NULL && c < columns; c++) {
            set[c] = set[c] || from->set[c];
        }
        if (from->set != NULL) {
            list[i].set = arena_memdup(a, from->set, columns * sizeof(bool));
            m->key_update = m->key_update || touches_unique(m->table, from->set);
        }
    }
    m->actions = list;
    m->action_count = q->merge_action_count;
    *set_out = set;
    return n > 0 ? prog_over(pq, input, NULL, conds, n, &m->merge_conds) : ST_OK;
}

/* merge_recheck - the join's condition: when it does not hold, the target's columns are NULL. */
static Status merge_recheck(PlanQuery *pq, const PlanNode *input, PlanRecheck *out)
{
    Arena *a = pq->p->arena;
    Expr *on = pq->q->from[0]->on;
    PlanRecheckStep *s = ARENA_NEW(a, PlanRecheckStep);
    s->nulls = true;
    s->null_columns = ARENA_ARRAY(a, uint16_t, input->col_count + 1u);
    for (uint16_t c = 0; c < input->col_count; c++) {
        const Expr *o = input->outs[c];
        if (o->kind == EXPR_COLUMN && o->u.column.rte == pq->q->result_rte &&
            o->u.column.levels_up == 0) {
            s->null_columns[s->null_count++] = c;
        }
    }
    *out = (PlanRecheck){.steps = s, .count = 1};
    return prog_over(pq, input, NULL, &on, 1, &out->prog);
}

/* plan_changed_rows - the rows to change, for all but INSERT; *set_out: the columns that are set.
 */
static Status plan_changed_rows(PlanQuery *pq, PlanModify *m, PlanNode **input_out,
                                const bool **set_out)
{
    const Query *q = pq->q;
    Planner *p = pq->p;
    PlanNode *input;
    QualList where = {0};
    bool ordered = false, view = m->table->kind == 'v';
    quals_add(pq, &where, q->where);
    TRY(plan_from(pq, &where, NULL, 0, &ordered, &input));
    *input_out = input;
    if (!view && !plan_mark_table(pq, input, q->result_rte, &m->target)) {
        return err_set(p->cx, ERRCODE_INTERNAL_ERROR, "the row id is not in the plan's input");
    }
    TRY(old_columns(pq, input, m));
    if (q->command == CMD_MERGE) {
        TRY(merge_recheck(pq, input, &m->recheck));
        return merge_actions(pq, input, m, set_out);
    }
    if (q->command == CMD_UPDATE) {
        m->changed = arena_memdup(p->arena, q->set_columns, m->table->column_count * sizeof(bool));
        m->key_update = touches_unique(m->table, m->changed);
        *set_out = m->changed;
    }
    return view ? ST_OK : plan_recheck(pq, input, (uint64_t)1 << (q->result_rte & 63), &m->recheck);
}

Status plan_modify(PlanQuery *pq, PlanNode **out)
{
    const Query *q = pq->q;
    const CatTable *t = q->result_table;
    Planner *p = pq->p;
    PlanNode *input;
    const bool *set = NULL;
    /* Views: with INSTEAD OF triggers; the binder has looked. */
    if (t->builtin || (t->storage == NULL && t->kind != 'v')) {
        return err_set(p->cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", t->name);
    }
    PlanModify m = {.command = q->command, .table = t};
    if (q->command == CMD_INSERT) {
        TRY(insert_source(pq, &input));
        TRY(plan_conflict(pq, &m));
        set = m.conflict_changed;
    } else {
        TRY(plan_changed_rows(pq, &m, &input, &set));
    }
    if (q->command == CMD_INSERT || q->command == CMD_UPDATE) {
        Expr **values = new_values(pq);
        TRY(prog_over(pq, input, NULL, values, t->column_count, &m.values));
    }
    TRY(plan_triggers(p->cx, p->view, p->env, p->arena, t, modify_events(&m), set, p->extra_fn,
                      &m.triggers));
    PlanNode *n = node_new(p, PLAN_MODIFY, input, NULL, q->returning_count);
    n->u.modify = m;
    TRY(plan_row_rules(pq, input, row_node(pq, q->result_rte), n));
    TRY(plan_fks(pq, &n->u.modify, set));
    *out = n;
    return ST_OK;
}
