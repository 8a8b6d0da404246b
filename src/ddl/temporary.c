/*
 * temporary.c - temporary objects: the schema of a session's own, its end, ON COMMIT.
 *
 * A session that makes its first temporary object gets a schema pg_temp_N, whose row stays for the
 * next session of that number. Temporary tables are tables like others, logged and versioned; what
 * a session left behind (a crash, or it could not drop them) goes when the server starts or when
 * another session takes the number.
 */
#include "ddl/role.h"

#define TEMP_LOCK_TIMEOUT_US ((int64_t)5000000)

/* temp_list - the objects of a schema. */
static Status temp_list(Cx *cx, DdlCx *d, Oid namespace_oid, DdlObject **out, uint32_t *count_out)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID};
    Datum key[2] = {{.u32 = CAT_PG_NAMESPACE}, {.u32 = namespace_oid}};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    DdlObject *objects = ARENA_ARRAY(d->arena, DdlObject, list.count + 1);
    for (uint32_t i = 0; i < list.count; i++) {
        const DdlRow *r = &list.rows[i];
        objects[i] = (DdlObject){r->values[PG_DEPEND_CLASSID].u32, r->values[PG_DEPEND_OBJID].u32,
                                 r->values[PG_DEPEND_OBJSUBID].i32};
    }
    *out = objects;
    *count_out = list.count;
    return ST_OK;
}

Status ddl_temp_clear(Cx *cx, DdlCx *d, Oid namespace_oid)
{
    DdlObject *objects;
    uint32_t count;
    TRY(temp_list(cx, d, namespace_oid, &objects, &count));
    if (count == 0) {
        return ST_OK;
    }
    Cx quiet = *cx; /* nobody asked for them one by one */
    quiet.notice = NULL;
    return ddl_drop_objects(&quiet, d, objects, count, true);
}

Status ddl_temp_schema(Cx *cx, DdlCx *d, const char *name, Oid *oid_out)
{
    DdlRow r;
    Status st = cat_namespace(cx, d->view, name, oid_out);
    if (st == ST_OK) {
        return ddl_temp_clear(cx, d, *oid_out);
    }
    if (st != ST_NOTFOUND) {
        return st;
    }
    TRY(ddl_new_oid(cx, d, oid_out));
    ddl_row_init(&r, CAT_PG_NAMESPACE);
    ddl_set_oid(&r, PG_NAMESPACE_OID, *oid_out);
    ddl_set_text(&r, PG_NAMESPACE_NSPNAME, name);
    ddl_set_oid(&r, PG_NAMESPACE_NSPOWNER, ROLE_BOOTSTRAP);
    TRY(ddl_row_insert(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

/* TempSweep - the schemas of temporary objects there are. */
typedef struct TempSweep {
    Arena *arena;
    Oid *list;
    uint32_t count;
} TempSweep;

static Status temp_take_schema(void *arg, Cx *cx, const CatRow *row)
{
    TempSweep *w = arg;
    Str name = row->values[PG_NAMESPACE_NSPNAME].str;
    (void)cx;
    if (name.len > 8 && memcmp(str_ptr(&name), "pg_temp_", 8) == 0) {
        w->list =
            arena_grow(w->arena, w->list, w->count * sizeof(Oid), (w->count + 1) * sizeof(Oid));
        w->list[w->count++] = row->values[PG_NAMESPACE_OID].u32;
    }
    return ST_OK;
}

Status ddl_temp_run(Cx *cx, Engine *e, Catalog *c, Oid database, DdlTempFn fn, void *arg)
{
    static const TypeEnv ENV;
    Arena arena;
    Txn *txn = NULL;
    Lsn lsn;
    CatView v;
    Status st = ST_OK;
    arena_init(&arena, NULL, "temporary objects", 0);
    cat_view_init(&v, c);
    v.database = database;
    Cx mine = {.err = cx->err, .arena = &arena};
    DdlCx d = {.view = &v, .engine = e, .arena = &arena, .env = &ENV};
    TRY_OUT(txn_begin(&mine, e->txns, ISO_READ_COMMITTED, &arena, &txn));
    v.txn = txn;
    txn->lock_timeout_us = TEMP_LOCK_TIMEOUT_US; /* nobody else should have them */
    TRY_OUT(fn(arg, &mine, &d));
    TRY_OUT(txn_commit(&mine, txn, &lsn));
    txn = NULL;
out:
    if (txn != NULL) {
        Err keep = *cx->err;
        txn_abort(&mine, txn);
        *cx->err = keep;
    }
    cat_view_release_pins(&v);
    arena_release(&arena);
    return st;
}

Status ddl_temp_clear_all(Cx *cx, DdlCx *d)
{
    TempSweep w = {.arena = d->arena};
    TRY(cat_rows_each(cx, d->view, CAT_PG_NAMESPACE, NULL, NULL, 0, temp_take_schema, &w));
    for (uint32_t i = 0; i < w.count; i++) {
        TRY(ddl_temp_clear(cx, d, w.list[i]));
    }
    return ST_OK;
}

/* temp_sweep_all - DdlTempFn: every session's objects. */
static Status temp_sweep_all(void *arg, Cx *cx, DdlCx *d)
{
    (void)arg;
    return ddl_temp_clear_all(cx, d);
}

Status ddl_temp_sweep(Cx *cx, Engine *e, Catalog *c, Oid database)
{
    return ddl_temp_run(cx, e, c, database, temp_sweep_all, NULL);
}

Status ddl_temp_exists(Cx *cx, DdlCx *d, Oid table, bool *exists_out)
{
    const CatTable *t;
    Status st = cat_table_by_oid(cx, d->view, table, &t);
    *exists_out = st == ST_OK;
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* temp_keys_agree - 0A000 when a table that keeps its rows refers to one that loses them: as
 * PostgreSQL says it at commit. */
static Status temp_keys_agree(Cx *cx, DdlCx *d, const CatTable *t, const Oid *emptied,
                              uint32_t count)
{
    for (uint16_t i = 0; i < t->referenced_by_count; i++) {
        const CatTable *child;
        bool too = false;
        for (uint32_t k = 0; k < count; k++) {
            too = too || emptied[k] == t->referenced_by_tables[i];
        }
        if (too) {
            continue;
        }
        TRY(cat_table_by_oid(cx, d->view, t->referenced_by_tables[i], &child));
        st_ignore(err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                          "unsupported ON COMMIT and foreign key combination"));
        return err_detail(cx,
                          "Table \"%s\" references \"%s\", but they do not have the same ON COMMIT "
                          "setting.",
                          child->name, t->name);
    }
    return ST_OK;
}

Status ddl_temp_empty(Cx *cx, DdlCx *d, const Oid *tables, uint32_t count)
{
    const CatTable *t;
    for (uint32_t i = 0; i < count; i++) {
        TRY(cat_table_by_oid(cx, d->view, tables[i], &t));
        TRY(temp_keys_agree(cx, d, t, tables, count));
    }
    /* Rows are deleted, newest table first (what refers to another was made after it): new trees
       would change the catalog at each commit, and with it every session's plans. */
    for (uint32_t i = count; i-- > 0;) {
        TRY(cat_table_by_oid(cx, d->view, tables[i], &t));
        TRY(ddl_run(cx, d, arena_printf(d->arena, "DELETE FROM %s", ddl_qualified(d, t)), NULL));
    }
    return ST_OK;
}

Status ddl_temp_drop(Cx *cx, DdlCx *d, const Oid *tables, uint32_t count)
{
    DdlObject *roots = ARENA_ARRAY(d->arena, DdlObject, count + 1);
    Cx quiet = *cx;
    quiet.notice = NULL;
    for (uint32_t i = 0; i < count; i++) {
        roots[i] = (DdlObject){CAT_PG_CLASS, tables[i], 0};
    }
    return count == 0 ? ST_OK : ddl_drop_objects(&quiet, d, roots, count, true);
}

/* ---- where new relations go ---- */

/* place_need_temp - the session's schema, made with its first object. */
static Status place_need_temp(Cx *cx, DdlCx *d, int32_t location, Oid *oid_out)
{
    if (d->need_temp == NULL) {
        return err_unsupported(cx, "temporary objects are not supported here");
    }
    if (d->view->temp_namespace == OID_INVALID) {
        AclMode have;
        TRY(cat_acl_have(cx, d->view, CAT_PG_DATABASE, d->view->database, d->view->user,
                         ACL_CREATE_TEMP, &have));
        if (have == 0) {
            st_ignore(err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                              "permission denied to create temporary tables in database \"%s\"",
                              d->view->database_name));
            return ddl_error_at(cx, d, ST_ERROR, location);
        }
    }
    TRY(d->need_temp(d->in_use_arg, cx));
    *oid_out = d->view->temp_namespace;
    return ST_OK;
}

/* place_schema - the schema the name or the path says. */
static Status place_schema(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, bool temporary,
                           int32_t location, Oid *oid_out)
{
    const char *schema =
        rv->schemaname != NULL && rv->schemaname[0] != '\0' ? rv->schemaname : NULL;
    if (schema != NULL ? strcmp(schema, "pg_temp") == 0 : temporary || d->view->creation_temp) {
        return place_need_temp(cx, d, location, oid_out);
    }
    if (schema != NULL) {
        Status st = cat_namespace(cx, d->view, schema, oid_out);
        return st == ST_NOTFOUND ? ddl_error_at(cx, d,
                                                err_set(cx, ERRCODE_UNDEFINED_SCHEMA,
                                                        "schema \"%s\" does not exist", schema),
                                                location)
                                 : st;
    }
    *oid_out = d->view->creation_namespace;
    if (*oid_out == OID_INVALID || cat_namespace_name(d->view, *oid_out) == NULL) {
        return ddl_error_at(
            cx, d,
            err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "no schema has been selected to create in"),
            location);
    }
    return ST_OK;
}

/* place_persistence - what is made in a schema of temporary objects is temporary, and nothing
 * temporary is made elsewhere. */
static Status place_persistence(Cx *cx, DdlCx *d, Oid namespace_oid, int32_t location,
                                char *persistence)
{
    bool own = namespace_oid == d->view->temp_namespace;
    bool other = !own && cat_is_temp_name(cat_namespace_name(d->view, namespace_oid));
    const char *text = NULL;
    if (other && *persistence != 'u') {
        text = "cannot create relations in temporary schemas of other sessions";
    }
    if ((own || other) && *persistence == 'u') {
        text = "only temporary relations may be created in temporary schemas";
    }
    if (*persistence == 't' && !own) {
        text = "cannot create temporary relation in non-temporary schema";
    }
    *persistence = own ? 't' : *persistence;
    return text == NULL
               ? ST_OK
               : ddl_error_at(cx, d, err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION, "%s", text),
                              location);
}

Status ddl_creation_place(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, bool with_position,
                          Oid *oid_out, char *persistence_out)
{
    char p =
        rv->relpersistence != NULL && rv->relpersistence[0] != '\0' ? rv->relpersistence[0] : 'p';
    int32_t location = with_position ? rv->location : -1;
    TRY(place_schema(cx, d, rv, p == 't', location, oid_out));
    Status may = cat_acl_need(cx, d->view, CAT_PG_NAMESPACE, *oid_out, d->view->user, ACL_CREATE);
    if (may != ST_OK) {
        return ddl_error_at(cx, d, may, location);
    }
    if (*oid_out == NAMESPACE_PG_CATALOG) {
        st_ignore(err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                          "permission denied to create \"pg_catalog.%s\"", rv->relname));
        return err_detail(cx, "System catalog modifications are currently disallowed.");
    }
    TRY(place_persistence(cx, d, *oid_out, location, &p));
    *persistence_out = p;
    return ST_OK;
}

Status ddl_creation_namespace(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, bool with_position,
                              Oid *oid_out)
{
    char persistence;
    return ddl_creation_place(cx, d, rv, with_position, oid_out, &persistence);
}

/* UsesTemp - BindUseFn: does a tree name a temporary relation? */
typedef struct UsesTemp {
    Cx *cx;
    DdlCx *d;
    bool found;
} UsesTemp;

static Status temp_use(void *arg, Oid class_oid, Oid oid, int16_t column)
{
    UsesTemp *u = arg;
    const CatTable *t;
    (void)column;
    if (class_oid == CAT_PG_CLASS && oid >= FIRST_USER_OID) {
        Status st = cat_table_by_oid(u->cx, u->d->view, oid, &t);
        if (st == ST_ERROR) {
            return st;
        }
        u->found = u->found || (st == ST_OK && t->persistence == 't');
    }
    return ST_OK;
}

Status ddl_uses_temp(Cx *cx, DdlCx *d, const Query *q, bool *found_out)
{
    UsesTemp u = {.cx = cx, .d = d};
    TRY(bind_uses_of_query(q, temp_use, &u));
    *found_out = u.found;
    return ST_OK;
}
