/*
 * reindex.c - REINDEX, which builds indexes anew, and CLUSTER
 *
 * CLUSTER only notes the index, as ALTER TABLE ... CLUSTER ON does: a table is a tree by row id,
 * and stays so.
 */
#include "ddl/role.h"
#include "txn/ssi.h"

/* reindex_one - an index in a new tree. */
static Status reindex_one(Cx *cx, DdlCx *d, const CatTable *t, const CatIndex *ix)
{
    TreeId tree;
    PageNo root;
    Oid table = t->oid, oid = ix->oid;
    TRY(index_create(cx, d->engine, d->view->txn, &tree, &root));
    TRY(ddl_update_class_tree(cx, d, oid, tree));
    txn_drop_tree_on_commit(d->view->txn, ix->tree);
    ssi_tree_replaced(d->engine->txns, ix->tree, t->tree);
    cat_changed(d->view);
    return ddl_index_fill(cx, d, table, oid);
}

/* reindex_table - all indexes of a table; only: that one. */
static Status reindex_table(Cx *cx, DdlCx *d, Oid table, Oid only)
{
    const CatTable *t;
    uint64_t key = (uint64_t)d->view->database << 32 | table;
    TRY(table_lock(cx, d->view->txn, key, TABLELOCK_ACCESS_EXCLUSIVE, WAIT_BLOCK));
    TRY(ddl_reload(cx, d, table, &t));
    TRY(ddl_not_in_use(cx, d, t, "REINDEX INDEX"));
    uint16_t count = t->index_count;
    for (uint16_t i = 0; i < count; i++) {
        if (only == OID_INVALID || t->indexes[i].oid == only) {
            TRY(reindex_one(cx, d, t, &t->indexes[i]));
            TRY(ddl_reload(cx, d, table, &t));
        }
    }
    return ST_OK;
}

/* reindex_named - REINDEX TABLE and REINDEX INDEX. */
static Status reindex_named(Cx *cx, DdlCx *d, const PgQuery__ReindexStmt *stmt)
{
    bool index = stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX;
    const CatTable *t;
    TRY(ddl_lock(cx, d, stmt->relation, index ? TABLELOCK_ACCESS_EXCLUSIVE : TABLELOCK_SHARE, false,
                 &t));
    if (index && t->kind != 'i') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not an index", t->name);
    }
    if (!index && t->kind != 'r' && t->kind != 'm') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a table or materialized view",
                       t->name);
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    if (t->oid < FIRST_USER_OID) {
        return ST_OK; /* built in */
    }
    if (index) {
        return reindex_table(cx, d, t->index_table, t->oid);
    }
    if (t->index_count == 0) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "table \"%s\" has no indexes to reindex", t->name);
        return ST_OK;
    }
    return reindex_table(cx, d, t->oid, OID_INVALID);
}

/* ReindexList - the tables of a schema or of all. */
typedef struct ReindexList {
    DdlCx *d;
    Oid namespace_oid; /* 0 = all */
    Oid *oids;
    uint32_t count;
} ReindexList;

static Status reindex_take(void *arg, Cx *cx, const CatRow *row)
{
    ReindexList *l = arg;
    Str kind = row->values[PG_CLASS_RELKIND].str;
    bool table = kind.len == 1 && (str_ptr(&kind)[0] == 'r' || str_ptr(&kind)[0] == 'm');
    (void)cx;
    if (table && (l->namespace_oid == OID_INVALID ||
                  row->values[PG_CLASS_RELNAMESPACE].u32 == l->namespace_oid)) {
        l->oids =
            arena_grow(l->d->arena, l->oids, l->count * sizeof(Oid), (l->count + 1) * sizeof(Oid));
        l->oids[l->count++] = row->values[PG_CLASS_OID].u32;
    }
    return ST_OK;
}

/* reindex_many - REINDEX SCHEMA, DATABASE, SYSTEM: the catalogs' own indexes are left out. */
static Status reindex_many(Cx *cx, DdlCx *d, const PgQuery__ReindexStmt *stmt)
{
    ReindexList list = {.d = d};
    const CatTable *t;
    if (stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA) {
        Status st = cat_namespace(cx, d->view, stmt->name, &list.namespace_oid);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist",
                           stmt->name);
        }
        TRY(st);
        TRY(cat_owner_need(cx, d->view, CAT_PG_NAMESPACE, list.namespace_oid));
    } else if (stmt->name != NULL && stmt->name[0] != '\0' && d->view->database_name != NULL &&
               strcmp(stmt->name, d->view->database_name) != 0) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "can only reindex the currently open database");
    }
    if (list.namespace_oid == OID_INVALID) {
        TRY(cat_owner_need(cx, d->view, CAT_PG_DATABASE, d->view->database));
    }
    if (stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM) {
        return ST_OK;
    }
    TRY(cat_rows_each(cx, d->view, CAT_PG_CLASS, NULL, NULL, 0, reindex_take, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        Status st = cat_table_by_oid(cx, d->view, list.oids[i], &t);
        if (st == ST_ERROR) {
            return st;
        }
        if (st == ST_OK && !cat_other_temp(d->view, t)) {
            TRY(reindex_table(cx, d, list.oids[i], OID_INVALID));
        }
    }
    return ST_OK;
}

Status ddl_reindex(Cx *cx, DdlCx *d, const PgQuery__ReindexStmt *stmt)
{
    static const char *const KNOWN[] = {"verbose", "concurrently", "tablespace"};
    for (size_t i = 0; i < stmt->n_params; i++) {
        const PgQuery__DefElem *e = stmt->params[i]->def_elem;
        bool known = false;
        for (size_t k = 0; k < ARRAY_LEN(KNOWN); k++) {
            known = known || strcmp(KNOWN[k], e->defname) == 0;
        }
        if (!known) {
            return ddl_error_at(
                cx, d,
                err_set(cx, ERRCODE_SYNTAX_ERROR, "unrecognized REINDEX option \"%s\"", e->defname),
                e->location);
        }
    }
    bool named = stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX ||
                 stmt->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE;
    TRY(named ? reindex_named(cx, d, stmt) : reindex_many(cx, d, stmt));
    cat_changed(d->view);
    return ST_OK;
}

/* cluster_has_index - is some index marked by an earlier CLUSTER? */
static Status cluster_has_index(Cx *cx, DdlCx *d, const CatTable *t, bool *marked_out)
{
    *marked_out = false;
    for (uint16_t i = 0; i < t->index_count; i++) {
        Datum key = {.u32 = t->indexes[i].oid};
        DdlRow r;
        TRY(ddl_row_load(cx, d, CAT_PG_INDEX, &key, 1, &r));
        *marked_out = *marked_out || r.values[PG_INDEX_INDISCLUSTERED].b;
    }
    return ST_OK;
}

Status ddl_cluster(Cx *cx, DdlCx *d, const PgQuery__ClusterStmt *stmt)
{
    const CatTable *t;
    bool marked;
    if (stmt->relation == NULL) {
        return ST_OK; /* all that were clustered before: as they are */
    }
    TRY(ddl_lock(cx, d, stmt->relation, TABLELOCK_ACCESS_EXCLUSIVE, false, &t));
    if (t->kind != 'r' && t->kind != 'm') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a table or materialized view",
                       t->name);
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid));
    if (stmt->indexname != NULL && stmt->indexname[0] != '\0') {
        TRY(ddl_cluster_on(cx, d, t->oid, stmt->indexname));
        cat_changed(d->view);
        return ST_OK;
    }
    TRY(cluster_has_index(cx, d, t, &marked));
    return marked ? ST_OK
                  : err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                            "there is no previously clustered index for table \"%s\"", t->name);
}
