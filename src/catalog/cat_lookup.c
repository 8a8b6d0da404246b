/*
 * cat_lookup.c - names and OIDs to objects, by the view's search path.
 *
 * Built-in objects come first and cost no lock; the rest goes through the cache (cat_cache.c).
 */
#include "catalog/acl.h"
#include "catalog/cat_internal.h"

typedef struct LookupNamespace {
    Oid oid;
    const char *name;
} LookupNamespace;

void cat_view_init(CatView *v, Catalog *c)
{
    static const Oid DEFAULT_PATH[2] = {NAMESPACE_PG_CATALOG, NAMESPACE_PUBLIC};
    *v = (CatView){
        .catalog = c,
        .database = DATABASE_FIRST,
        .user = ROLE_BOOTSTRAP,
        .user_name = "postgres",
        .user_super = true,
        .user_bypass_rls = true,
        .database_name = "postgres",
        .search_path = DEFAULT_PATH,
        .search_path_count = 2,
        .creation_namespace = NAMESPACE_PUBLIC,
    };
}

Status cat_view_judge_slow(Cx *cx, CatView *v)
{
    *cx->err = *v->lost;
    mem_free(v->lost);
    v->lost = NULL;
    return ST_ERROR;
}

const void *cat_find_object(CatView *v, CatObjKind kind, Oid oid, const char *name,
                            CatBuildFn build)
{
    Err err = {0};
    Arena arena;
    const void *found = NULL;
    arena_init(&arena, NULL, "catalog look-up", 0);
    Cx cx = {.err = &err, .arena = &arena};
    Status st = cat_obj_get(&cx, v, kind, oid, name, build, &found);
    arena_release(&arena);
    if (st == ST_ERROR && v->lost == NULL) {
        v->lost = mem_alloc("catalog error", sizeof(err));
        *v->lost = err;
    }
    return st == ST_OK ? found : NULL;
}

/* lookup_object - a user's object by OID. */
static const void *lookup_object(CatView *v, CatObjKind kind, Oid oid, CatBuildFn build)
{
    return cat_find_object(v, kind, oid, NULL, build);
}

/* ---- namespaces ---- */

static Status lookup_load_namespace(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(PG_NAMESPACE_OID, oid);
    if (name != NULL) {
        key.columns[0] = PG_NAMESPACE_NSPNAME;
        key.values[0].str = str_ref(name, strlen(name));
    }
    const CatRow *r;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_NAMESPACE, &key, &r);
    if (st == ST_OK && r != NULL) {
        LookupNamespace *n = ARENA_NEW(&obj->arena, LookupNamespace);
        n->oid = cat_oid(r, PG_NAMESPACE_OID);
        n->name = cat_str(&obj->arena, r, PG_NAMESPACE_NSPNAME);
        obj->payload = n;
    }
    arena_release(&scratch);
    return st;
}

Status cat_namespace(Cx *cx, CatView *v, const char *name, Oid *oid_out)
{
    *oid_out = OID_INVALID;
    if (strcmp(name, "pg_temp") == 0) {
        *oid_out = v->temp_namespace;
        return v->temp_namespace != OID_INVALID ? ST_OK : ST_NOTFOUND;
    }
    for (uint32_t i = 0; i < CATALOG_PG_NAMESPACE_COUNT; i++) {
        if (strcmp(catalog_str(catalog_pg_namespace[i].nspname), name) == 0) {
            *oid_out = catalog_pg_namespace[i].oid;
            return ST_OK;
        }
    }
    const void *found;
    TRY(cat_obj_get(cx, v, CAT_OBJ_NAMESPACE_NAME, 0, name, lookup_load_namespace, &found));
    if (found == NULL) {
        return ST_NOTFOUND;
    }
    *oid_out = ((const LookupNamespace *)found)->oid;
    return ST_OK;
}

const char *cat_namespace_name(CatView *v, Oid oid)
{
    for (uint32_t i = 0; i < CATALOG_PG_NAMESPACE_COUNT; i++) {
        if (catalog_pg_namespace[i].oid == oid) {
            return catalog_str(catalog_pg_namespace[i].nspname);
        }
    }
    const LookupNamespace *found = lookup_object(v, CAT_OBJ_NAMESPACE, oid, lookup_load_namespace);
    return found != NULL ? found->name : NULL;
}

bool cat_is_temp_name(const char *schema)
{
    return schema != NULL && strncmp(schema, "pg_temp_", 8) == 0;
}

bool cat_other_temp(const CatView *v, const CatTable *t)
{
    return t->persistence == 't' && t->namespace_oid != v->temp_namespace;
}

Status cat_set_search_path(Cx *cx, CatView *v, Oid *room, const char *const *names, uint32_t count)
{
    Oid *path = ARENA_ARRAY(cx->arena, Oid, count + 2);
    uint32_t n = 0;
    bool has_pg_catalog = false;
    Oid creation = OID_INVALID;
    v->creation_temp = v->temp_in_path = false;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = strcmp(names[i], "$user") == 0 ? v->user_name : names[i];
        Oid oid = OID_INVALID;
        if (strcmp(names[i], "pg_temp") == 0) {
            v->temp_in_path = v->temp_namespace != OID_INVALID;
            v->creation_temp = v->creation_temp || creation == OID_INVALID;
        }
        Status st = name != NULL ? cat_namespace(cx, v, name, &oid) : ST_NOTFOUND;
        if (st == ST_ERROR) {
            return st;
        }
        bool seen = st != ST_OK;
        if (!seen && !v->user_super) { /* what may not be used is not searched */
            AclMode have;
            TRY(cat_acl_have(cx, v, CAT_PG_NAMESPACE, oid, v->user, ACL_USAGE, &have));
            seen = have == 0;
        }
        for (uint32_t k = 0; k < n; k++) {
            seen = seen || path[k] == oid;
        }
        if (!seen) {
            path[n++] = oid;
            has_pg_catalog = has_pg_catalog || oid == NAMESPACE_PG_CATALOG;
            creation = creation != OID_INVALID ? creation : oid;
        }
    }
    if (!has_pg_catalog) {
        memmove(path + 1, path, n * sizeof(Oid));
        path[0] = NAMESPACE_PG_CATALOG;
        n++;
    }
    if (v->temp_namespace != OID_INVALID && !v->temp_in_path) {
        memmove(path + 1, path, n * sizeof(Oid));
        path[0] = v->temp_namespace;
        n++;
    }
    memcpy(room, path, n * sizeof(Oid));
    v->search_path = room;
    v->search_path_count = n;
    v->creation_namespace = creation;
    return ST_OK;
}

/* lookup_path - the schemas to search: the named one, or the path. ST_NOTFOUND: no such schema. */
static Status lookup_path(Cx *cx, CatView *v, const char *schema, Oid *one, const Oid **path_out,
                          uint32_t *count_out)
{
    *path_out = v->search_path;
    *count_out = v->search_path_count;
    if (schema != NULL) {
        TRY(cat_namespace(cx, v, schema, one));
        TRY(cat_acl_need(cx, v, CAT_PG_NAMESPACE, *one, v->user, ACL_USAGE));
        *path_out = one;
        *count_out = 1;
    }
    return ST_OK;
}

/* Users make nothing in the schemas that are built in. */
static bool lookup_is_user_namespace(Oid oid)
{
    return oid == NAMESPACE_PUBLIC || oid >= FIRST_USER_OID;
}

/* ---- tables ---- */

Status cat_table_by_oid(Cx *cx, CatView *v, Oid oid, const CatTable **out)
{
    const void *found;
    *out = NULL;
    TRY(cat_obj_get(cx, v, CAT_OBJ_TABLE, oid, NULL, cat_load_table, &found));
    *out = found;
    return found != NULL ? ST_OK : ST_NOTFOUND;
}

/* lookup_load_name - payload: the OID of the row of rel named `name` in namespace `ns`. */
static Status lookup_load_name(Cx *cx, CatRead *read, CatObj *obj, Oid rel, uint16_t name_column,
                               uint16_t namespace_column, Oid ns, const char *name)
{
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = {.count = 2, .columns = {name_column, namespace_column}};
    key.values[0].str = str_ref(name, strlen(name));
    key.values[1].u32 = ns;
    const CatRow *r;
    Status st = cat_read_one(cx, read, &scratch, rel, &key, &r);
    if (st == ST_OK && r != NULL) {
        obj->payload = arena_memdup(&obj->arena, &r->values[0].u32, sizeof(Oid));
    }
    arena_release(&scratch);
    return st;
}

static Status lookup_load_table_name(Cx *cx, CatRead *read, CatObj *obj, Oid ns, const char *name)
{
    return lookup_load_name(cx, read, obj, CAT_PG_CLASS, PG_CLASS_RELNAME, PG_CLASS_RELNAMESPACE,
                            ns, name);
}

static Status lookup_load_type_name(Cx *cx, CatRead *read, CatObj *obj, Oid ns, const char *name)
{
    return lookup_load_name(cx, read, obj, CAT_PG_TYPE, PG_TYPE_TYPNAME, PG_TYPE_TYPNAMESPACE, ns,
                            name);
}

static Oid lookup_builtin_class(Oid ns, const char *name)
{
    for (uint32_t i = cat_class_name_lower(name); i < CATALOG_PG_CLASS_COUNT; i++) {
        const PgClassRow *row = &catalog_pg_class[catalog_pg_class_by_relname[i]];
        if (strcmp(catalog_str(row->relname), name) != 0) {
            break;
        }
        if (row->relnamespace == ns) {
            return row->oid;
        }
    }
    return OID_INVALID;
}

/* lookup_class_name - the OID a bare name has in a schema; OID_INVALID: there is none. */
static Status lookup_class_name(Cx *cx, CatView *v, Oid namespace, const char *name, Oid *oid_out)
{
    *oid_out = lookup_builtin_class(namespace, name);
    if (*oid_out == OID_INVALID && lookup_is_user_namespace(namespace)) {
        const void *found;
        TRY(cat_obj_get(cx, v, CAT_OBJ_TABLE_NAME, namespace, name, lookup_load_table_name,
                        &found));
        *oid_out = found != NULL ? *(const Oid *)found : OID_INVALID;
    }
    return ST_OK;
}

Status cat_table_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                         const CatTable **out)
{
    Oid one;
    const Oid *path;
    uint32_t count;
    *out = NULL;
    TRY(lookup_path(cx, v, schema, &one, &path, &count));
    for (uint32_t i = 0; i < count; i++) {
        Oid oid;
        TRY(lookup_class_name(cx, v, path[i], name, &oid));
        if (oid != OID_INVALID) {
            return cat_table_by_oid(cx, v, oid, out);
        }
    }
    return ST_NOTFOUND;
}

Status cat_table_visible(Cx *cx, CatView *v, Oid oid, bool *visible_out)
{
    const PgClassRow *builtin = cat_builtin_class(oid);
    const char *name;
    Oid namespace;
    *visible_out = false;
    if (builtin != NULL) {
        name = catalog_str(builtin->relname);
        namespace = builtin->relnamespace;
    } else {
        const Datum *row;
        const bool *nulls;
        Datum key = {.u32 = oid};
        TRY(cat_row_get(cx, v, cx->arena, CAT_PG_CLASS, &key, 1, &row, &nulls));
        name = arena_strndup(cx->arena, str_ptr(&row[PG_CLASS_RELNAME].str),
                             row[PG_CLASS_RELNAME].str.len);
        namespace = row[PG_CLASS_RELNAMESPACE].u32;
    }
    for (uint32_t i = 0; i < v->search_path_count; i++) {
        Oid found = oid;
        if (v->search_path[i] != namespace) {
            TRY(lookup_class_name(cx, v, v->search_path[i], name, &found));
        }
        if (found != OID_INVALID) {
            *visible_out = found == oid;
            return ST_OK;
        }
    }
    return ST_OK;
}

Status cat_table_lock(Cx *cx, CatView *v, const char *schema, const char *name, TableLockMode mode,
                      const CatTable **out)
{
    Oid locked = OID_INVALID;
    for (;;) {
        TRY(cat_table_by_name(cx, v, schema, name, out));
        v->temp_locked = v->temp_locked || (*out)->persistence == 't';
        if ((*out)->oid < FIRST_USER_OID || (*out)->oid == locked || v->txn == NULL) {
            return ST_OK;
        }
        /* While we waited the name may have come to mean another table, or the table changed. */
        locked = (*out)->oid;
        os_stop_point(txnsys_os(txn_sys(v->txn)), "table.found");
        TRY(table_lock(cx, v->txn, (uint64_t)v->database << 32 | locked, mode, WAIT_BLOCK));
    }
}

const CatTableStats *cat_table_stats(CatView *v, Oid table)
{
    return lookup_object(v, CAT_OBJ_STATS, table, cat_load_stats);
}

/* ---- types ---- */

const CatType *cat_type(CatView *v, Oid oid)
{
    const CatType *builtin = cat_builtin_type(v->catalog, oid);
    if (builtin != NULL || oid < FIRST_USER_OID) {
        return builtin;
    }
    return lookup_object(v, CAT_OBJ_TYPE, oid, cat_load_type);
}

Status cat_type_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                        const CatType **out)
{
    Oid one;
    const Oid *path;
    uint32_t count;
    *out = NULL;
    TRY(lookup_path(cx, v, schema, &one, &path, &count));
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = cat_type_name_lower(name); k < CATALOG_PG_TYPE_COUNT; k++) {
            const CatType *t = &v->catalog->types[catalog_pg_type_by_typname[k]];
            if (strcmp(t->name, name) != 0) {
                break;
            }
            if (t->namespace_oid == path[i]) {
                *out = t;
                return ST_OK;
            }
        }
        if (lookup_is_user_namespace(path[i])) {
            const void *found;
            TRY(cat_obj_get(cx, v, CAT_OBJ_TYPE_NAME, path[i], name, lookup_load_type_name,
                            &found));
            *out = found != NULL ? cat_type(v, *(const Oid *)found) : NULL;
            if (*out != NULL) {
                return ST_OK;
            }
        }
    }
    return ST_NOTFOUND;
}

/* ---- functions and operators ---- */

const CatProc *cat_proc(CatView *v, Oid oid)
{
    const CatProc *builtin = cat_builtin_proc(v->catalog, oid);
    if (builtin != NULL || oid < FIRST_USER_OID) {
        return builtin;
    }
    return lookup_object(v, CAT_OBJ_PROC, oid, cat_load_proc);
}

typedef struct LookupProcs {
    uint32_t count;
    const Oid *oids, *namespaces;
} LookupProcs;

/* lookup_load_named - payload: OIDs and schemas of all rows of one name in rel, whose first column
 * is the OID. */
static Status lookup_load_named(Cx *cx, CatRead *read, CatObj *obj, Oid rel, uint16_t name_column,
                                uint16_t namespace_column, const char *name)
{
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = {.count = 1, .columns = {name_column}};
    key.values[0].str = str_ref(name, strlen(name));
    const CatRow *rows;
    uint32_t count;
    Status st = cat_read_list(cx, read, &scratch, rel, &key, &rows, &count);
    if (st == ST_OK && count != 0) {
        LookupProcs *procs = ARENA_NEW(&obj->arena, LookupProcs);
        Oid *oids = ARENA_ARRAY(&obj->arena, Oid, count);
        Oid *namespaces = ARENA_ARRAY(&obj->arena, Oid, count);
        for (uint32_t i = 0; i < count; i++) {
            oids[i] = cat_oid(&rows[i], 0);
            namespaces[i] = cat_oid(&rows[i], namespace_column);
        }
        *procs = (LookupProcs){count, oids, namespaces};
        obj->payload = procs;
    }
    arena_release(&scratch);
    return st;
}

static Status lookup_load_procs(Cx *cx, CatRead *read, CatObj *obj, Oid oid UNUSED,
                                const char *name)
{
    return lookup_load_named(cx, read, obj, CAT_PG_PROC, PG_PROC_PRONAME, PG_PROC_PRONAMESPACE,
                             name);
}

static Status lookup_load_opers(Cx *cx, CatRead *read, CatObj *obj, Oid oid UNUSED,
                                const char *name)
{
    return lookup_load_named(cx, read, obj, CAT_PG_OPERATOR, PG_OPERATOR_OPRNAME,
                             PG_OPERATOR_OPRNAMESPACE, name);
}

Status cat_procs_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                         const CatProc *const **list_out, uint32_t *count_out)
{
    Oid one;
    const Oid *path;
    uint32_t path_count, n = 0;
    *list_out = NULL;
    *count_out = 0;
    TRY(lookup_path(cx, v, schema, &one, &path, &path_count));
    uint32_t first = cat_proc_name_lower(name), end = first;
    while (end < CATALOG_PG_PROC_COUNT &&
           strcmp(v->catalog->procs[catalog_pg_proc_by_proname[end]].name, name) == 0) {
        end++;
    }
    const void *found;
    TRY(cat_obj_get(cx, v, CAT_OBJ_PROC_NAMES, 0, name, lookup_load_procs, &found));
    const LookupProcs *user = found;
    uint32_t user_count = user != NULL ? user->count : 0;
    const CatProc **list = ARENA_ARRAY(cx->arena, const CatProc *, end - first + user_count + 1);
    for (uint32_t i = 0; i < path_count; i++) {
        if (schema == NULL && path[i] == v->temp_namespace) {
            continue; /* as PostgreSQL: temporary functions are called by their schema */
        }
        for (uint32_t k = first; k < end; k++) {
            const CatProc *p = &v->catalog->procs[catalog_pg_proc_by_proname[k]];
            if (p->namespace_oid == path[i]) {
                list[n++] = p;
            }
        }
        for (uint32_t k = 0; k < user_count; k++) {
            const CatProc *p = user->namespaces[k] == path[i] ? cat_proc(v, user->oids[k]) : NULL;
            if (p != NULL) {
                list[n++] = p;
            }
        }
    }
    *list_out = list;
    *count_out = n;
    return n != 0 ? ST_OK : ST_NOTFOUND;
}

Status cat_opers_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                         const CatOper *const **list_out, uint32_t *count_out)
{
    Oid one;
    const Oid *path;
    uint32_t path_count, n = 0;
    *list_out = NULL;
    *count_out = 0;
    TRY(lookup_path(cx, v, schema, &one, &path, &path_count));
    uint32_t first = cat_oper_name_lower(name), end = first;
    while (end < CATALOG_PG_OPERATOR_COUNT &&
           strcmp(v->catalog->opers[catalog_pg_operator_by_oprname[end]].name, name) == 0) {
        end++;
    }
    const void *found;
    TRY(cat_obj_get(cx, v, CAT_OBJ_OPER_NAMES, 0, name, lookup_load_opers, &found));
    const LookupProcs *user = found;
    uint32_t user_count = user != NULL ? user->count : 0;
    const CatOper **list = ARENA_ARRAY(cx->arena, const CatOper *, end - first + user_count + 1);
    for (uint32_t i = 0; i < path_count; i++) {
        for (uint32_t k = first; k < end; k++) {
            const CatOper *o = &v->catalog->opers[catalog_pg_operator_by_oprname[k]];
            if (o->namespace_oid == path[i]) {
                list[n++] = o;
            }
        }
        for (uint32_t k = 0; k < user_count; k++) {
            const CatOper *o = user->namespaces[k] == path[i] ? cat_oper(v, user->oids[k]) : NULL;
            if (o != NULL) {
                list[n++] = o;
            }
        }
    }
    *list_out = list;
    *count_out = n;
    return n != 0 ? ST_OK : ST_NOTFOUND;
}
