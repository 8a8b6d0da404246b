/*
 * truncate_table.c - TRUNCATE: empty trees take the place of the old ones, which go at commit.
 */
#include "ddl/role.h"
#include "txn/ssi.h"

/* TruncateSet - the tables to empty. */
typedef struct TruncateSet {
    DdlCx *d;
    const CatTable **tables;
    uint32_t count, size;
} TruncateSet;

static bool truncate_has(const TruncateSet *s, Oid oid)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->tables[i]->oid == oid) {
            return true;
        }
    }
    return false;
}

static void truncate_add(TruncateSet *s, const CatTable *t)
{
    if (truncate_has(s, t->oid)) {
        return;
    }
    if (s->count == s->size) {
        uint32_t size = s->size == 0 ? 8 : s->size * 2;
        s->tables = arena_grow(s->d->arena, s->tables, s->size * sizeof(*s->tables),
                               size * sizeof(*s->tables));
        s->size = size;
    }
    s->tables[s->count++] = t;
}

/* truncate_references - tables with foreign keys to the set: joined to it, or refused. */
static Status truncate_references(Cx *cx, TruncateSet *s, bool cascade)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const CatTable *t = s->tables[i];
        for (uint16_t k = 0; k < t->referenced_by_count; k++) {
            const CatTable *other;
            if (truncate_has(s, t->referenced_by_tables[k])) {
                continue;
            }
            TRY(cat_table_by_oid(cx, s->d->view, t->referenced_by_tables[k], &other));
            if (!cascade) {
                st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                                  "cannot truncate a table referenced in a foreign key "
                                  "constraint"));
                st_ignore(err_detail(cx, "Table \"%s\" references \"%s\".", other->name, t->name));
                return err_hint(cx,
                                "Truncate table \"%s\" at the same time, or use TRUNCATE ... "
                                "CASCADE.",
                                other->name);
            }
            uint64_t key = (uint64_t)s->d->view->database << 32 | other->oid;
            TRY(table_lock(cx, s->d->view->txn, key, TABLELOCK_ACCESS_EXCLUSIVE, WAIT_BLOCK));
            TRY(cat_table_by_oid(cx, s->d->view, other->oid, &other));
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "truncate cascades to table \"%s\"", other->name);
            TRY(cat_acl_need(cx, s->d->view, CAT_PG_CLASS, other->oid, s->d->view->user,
                             ACL_TRUNCATE));
            TRY(ddl_not_in_use(cx, s->d, other, "TRUNCATE"));
            truncate_add(s, other);
        }
    }
    return ST_OK;
}

Status ddl_new_trees(Cx *cx, DdlCx *d, const CatTable *t)
{
    TreeId tree;
    ColumnLayout *layout = ARENA_ARRAY(d->arena, ColumnLayout, t->column_count + 1);
    for (uint16_t i = 0; i < t->column_count; i++) {
        const CatType *type = t->columns[i].dropped ? NULL : cat_type(d->view, t->columns[i].type);
        layout[i] = (ColumnLayout){.phys = type != NULL ? type->phys : t->storage->columns[i].phys,
                                   .missing_is_null = true};
    }
    TRY(table_create(cx, d->engine, d->view->txn, layout, t->column_count, &tree));
    TRY(ddl_update_class_tree(cx, d, t->oid, tree));
    txn_drop_tree_on_commit(d->view->txn, t->tree);
    TreeId rows = tree;
    ssi_tree_replaced(d->engine->txns, t->tree, rows);
    for (uint16_t i = 0; i < t->index_count; i++) {
        PageNo root;
        TRY(index_create(cx, d->engine, d->view->txn, &tree, &root));
        TRY(ddl_update_class_tree(cx, d, t->indexes[i].oid, tree));
        txn_drop_tree_on_commit(d->view->txn, t->indexes[i].tree);
        ssi_tree_replaced(d->engine->txns, t->indexes[i].tree, rows);
    }
    return ST_OK;
}

/* truncate_check - SERIALIZABLE: who has read any of the table comes before. */
static Status truncate_check(Cx *cx, DdlCx *d, const CatTable *t)
{
    if (!ssi_any(d->engine->txns)) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < t->index_count; i++) {
        TRY(ssi_check_tree(cx, d->view->txn, t->indexes[i].tree));
    }
    return ssi_check_tree(cx, d->view->txn, t->tree);
}

/* truncate_sequences - RESTART IDENTITY: sequences owned by the table's columns begin anew. */
static Status truncate_sequences(Cx *cx, DdlCx *d, Oid table)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID};
    Datum key[2] = {{.u32 = CAT_PG_CLASS}, {.u32 = table}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const CatTable *t;
        if (list.rows[i].values[PG_DEPEND_CLASSID].u32 != CAT_PG_CLASS) {
            continue;
        }
        Oid oid = list.rows[i].values[PG_DEPEND_OBJID].u32;
        Status st = cat_table_by_oid(cx, d->view, oid, &t);
        if (st == ST_OK && t->kind == 'S') {
            st = ddl_restart_sequence(cx, d, oid);
        }
        if (st != ST_OK && st != ST_NOTFOUND) {
            return st;
        }
    }
    return ST_OK;
}

/* truncate_triggers - BEFORE or AFTER TRUNCATE of all tables, in their order. */
static Status truncate_triggers(Cx *cx, const TruncateSet *s, bool before)
{
    ExecEnv env = ddl_exec_env(s->d);
    env.no_triggers = false;
    for (uint32_t i = 0; i < s->count; i++) {
        const CatTable *t = s->tables[i];
        if (t->trigger_count == 0) {
            continue;
        }
        TRY(ddl_reload(cx, s->d, t->oid, &t));
        TRY(exec_truncate_triggers(cx, &env, s->d->arena, t, before));
    }
    return ST_OK;
}

Status ddl_truncate(Cx *cx, DdlCx *d, const PgQuery__TruncateStmt *stmt)
{
    TruncateSet s = {.d = d};
    for (size_t i = 0; i < stmt->n_relations; i++) {
        const CatTable *t;
        TRY(ddl_lock(cx, d, stmt->relations[i]->range_var, TABLELOCK_ACCESS_EXCLUSIVE, false, &t));
        TRY(ddl_require_table(cx, t));
        TRY(cat_acl_need(cx, d->view, CAT_PG_CLASS, t->oid, d->view->user, ACL_TRUNCATE));
        TRY(ddl_not_in_use(cx, d, t, "TRUNCATE"));
        truncate_add(&s, t);
    }
    TRY(truncate_references(cx, &s, stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE));
    TRY(truncate_triggers(cx, &s, true));
    for (uint32_t i = 0; i < s.count; i++) {
        TRY(truncate_check(cx, d, s.tables[i]));
        TRY(ddl_new_trees(cx, d, s.tables[i]));
    }
    for (uint32_t i = 0; stmt->restart_seqs && i < s.count; i++) {
        TRY(truncate_sequences(cx, d, s.tables[i]->oid));
    }
    cat_changed(d->view);
    return truncate_triggers(cx, &s, false);
}
