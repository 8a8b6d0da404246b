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
    e->phys = t->storage->columns[column].phys;
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
                                 t->storage->columns[i].phys));
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

/* fk_fill - resolve one foreign key; ST_NOTFOUND when a table is gone. */
static Status fk_fill(Arena *a, const CatConstraint *con, const CatTable *child,
                      const CatTable *parent, FkCheck *fk)
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
                    .parent_columns = pc};
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
            TRY(fk_fill(arena, &t->constraints[i], t, parent, &(*fks_out)[(*count_out)++]));
        }
    }
    return ST_OK;
}

/* plan_fks - the foreign keys to check after a statement: those of the table whose columns change,
 * and those of others that refer to columns that change. */
static Status plan_fks(PlanQuery *pq, PlanModify *m)
{
    Planner *p = pq->p;
    const CatTable *t = m->table;
    m->fks = ARENA_ARRAY(p->arena, FkCheck, t->constraint_count + 1u);
    m->refs = ARENA_ARRAY(p->arena, FkCheck, t->referenced_by_count + 1u);
    for (uint16_t i = 0; m->command != CMD_DELETE && i < t->constraint_count; i++) {
        const CatConstraint *con = &t->constraints[i];
        bool touched = m->changed == NULL;
        for (uint16_t c = 0; !touched && con->type == 'f' && c < con->column_count; c++) {
            touched = m->changed[con->columns[c] - 1];
        }
        if (con->type == 'f' && touched) {
            const CatTable *parent;
            TRY(cat_table_by_oid(p->cx, p->view, con->foreign_table, &parent));
            TRY(fk_fill(p->arena, con, t, parent, &m->fks[m->fk_count++]));
        }
    }
    const bool *changed = m->command == CMD_INSERT ? m->conflict_changed : m->changed;
    bool may_change = m->command != CMD_INSERT || m->conflict == CONFLICT_UPDATE;
    for (uint16_t i = 0; may_change && i < t->referenced_by_count; i++) {
        const CatTable *child;
        if (cat_table_by_oid(p->cx, p->view, t->referenced_by_tables[i], &child) != ST_OK) {
            continue;
        }
        for (uint16_t k = 0; k < child->constraint_count; k++) {
            const CatConstraint *con = &child->constraints[k];
            bool touched = changed == NULL;
            if (con->oid != t->referenced_by_constraints[i]) {
                continue;
            }
            for (uint16_t c = 0; !touched && c < con->column_count; c++) {
                touched = changed[con->foreign_columns[c] - 1];
            }
            if (touched) {
                TRY(fk_fill(p->arena, con, child, t, &m->refs[m->ref_count++]));
            }
        }
    }
    return ST_OK;
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
                            t->storage->columns[i].phys);
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

Status plan_modify(PlanQuery *pq, PlanNode **out)
{
    const Query *q = pq->q;
    const CatTable *t = q->result_table;
    Planner *p = pq->p;
    PlanNode *input;
    if (t->builtin || t->storage == NULL) {
        return err_set(p->cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", t->name);
    }
    PlanModify m = {.command = q->command, .table = t};
    if (q->command == CMD_INSERT) {
        TRY(insert_source(pq, &input));
        TRY(plan_conflict(pq, &m));
    } else {
        QualList where = {0};
        bool ordered = false;
        quals_add(pq, &where, q->where);
        TRY(plan_from(pq, &where, NULL, 0, &ordered, &input));
        if (!plan_mark_table(pq, input, q->result_rte, &m.target)) {
            return err_set(p->cx, ERRCODE_INTERNAL_ERROR, "the row id is not in the plan's input");
        }
        TRY(old_columns(pq, input, &m));
        TRY(plan_recheck(pq, input, (uint64_t)1 << (q->result_rte & 63), &m.recheck));
    }
    if (q->command == CMD_UPDATE) {
        bool *changed = arena_memdup(p->arena, q->set_columns, t->column_count * sizeof(bool));
        m.changed = changed;
        m.key_update = touches_unique(t, changed);
    }
    if (q->command != CMD_DELETE) {
        Expr **values = new_values(pq);
        TRY(prog_over(pq, input, NULL, values, t->column_count, &m.values));
    }
    PlanNode *n = node_new(p, PLAN_MODIFY, input, NULL, q->returning_count);
    n->u.modify = m;
    TRY(plan_row_rules(pq, input, row_node(pq, q->result_rte), n));
    TRY(plan_fks(pq, &n->u.modify));
    *out = n;
    return ST_OK;
}
