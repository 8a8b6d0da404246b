/*
 * size_fn.c - how large relations, databases and tablespaces are, and which trees relations are in.
 */
#include "func/func_internal.h"

#include "catalog/catalog_data.h"

/* SizeOf - what of a relation is asked for. */
typedef enum SizeOf { SIZE_MAIN, SIZE_TABLE, SIZE_INDEXES, SIZE_TOTAL } SizeOf;

/* size_tree - bytes of a tree; 0 for none. */
static Status size_tree(FnCall *call, FuncSession *fs, TreeId tree, bool out_of_line, int64_t *sum)
{
    TreePages pages = {0};
    Status st = tree != 0 ? tree_pages(call->cx, fs->engine, tree, &pages) : ST_NOTFOUND;
    *sum += (int64_t)(pages.tree + (out_of_line ? pages.out_of_line : 0)) * PAGE_SIZE;
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* size_catalog - a system catalog: its stored rows. Those that are built in take no room. */
static Status size_catalog(FnCall *call, FuncSession *fs, Oid oid, SizeOf of, int64_t *sum)
{
    const Table *t;
    for (uint32_t i = 0; catalog_stored_table(fs->view->catalog, i, &t); i++) {
        if (t == NULL) {
            continue;
        }
        if (t->oid == oid && of != SIZE_INDEXES) {
            TRY(size_tree(call, fs, t->tree, of != SIZE_MAIN, sum));
        }
        for (uint16_t k = 0; k < t->index_count; k++) {
            bool mine = t->indexes[k].oid == oid && of != SIZE_INDEXES;
            if (mine || (t->oid == oid && of >= SIZE_INDEXES)) {
                TRY(size_tree(call, fs, t->indexes[k].tree, false, sum));
            }
        }
    }
    return ST_OK;
}

/* size_of - NULL when there is no such relation, as in PostgreSQL. */
static Status size_of(FnCall *call, FuncSession *fs, Oid oid, SizeOf of, Datum *out, bool *null_out)
{
    const CatTable *t;
    Status st = cat_table_by_oid(call->cx, fs->view, oid, &t);
    out->i64 = 0;
    *null_out = st == ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    if (oid < FIRST_USER_OID) {
        return size_catalog(call, fs, oid, of, &out->i64);
    }
    if (of != SIZE_INDEXES) {
        TRY(size_tree(call, fs, t->tree, of != SIZE_MAIN, &out->i64));
    }
    for (uint16_t i = 0; of >= SIZE_INDEXES && i < t->index_count; i++) {
        TRY(size_tree(call, fs, t->indexes[i].tree, false, &out->i64));
    }
    return ST_OK;
}

/* fn_relation_size - of one fork: all of a relation is in `main`. */
static Status fn_relation_size(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    const char *fork = func_cstring(call, &a[1]);
    bool other = strcmp(fork, "fsm") == 0 || strcmp(fork, "vm") == 0 || strcmp(fork, "init") == 0;
    if (!other && strcmp(fork, "main") != 0) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid fork name"));
        return err_hint(call->cx, "Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".");
    }
    TRY(size_of(call, fs, a[0].u32, SIZE_MAIN, out, null_out));
    out->i64 = other ? 0 : out->i64;
    return ST_OK;
}
KERNEL(fn_relation_size)

#define SIZE_FN(name, of)                                                                          \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        return size_of(call, fs, a[0].u32, of, out, null_out);                                     \
    }                                                                                              \
    KERNEL(name)

SIZE_FN(fn_table_size, SIZE_TABLE)
SIZE_FN(fn_indexes_size, SIZE_INDEXES)
SIZE_FN(fn_total_size, SIZE_TOTAL)

/* fn_database_size - the file, whole: what databases share in it is not told apart. */
static Status fn_database_size(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    const Datum *values;
    const bool *nulls;
    Status st =
        cat_row_get(call->cx, fs->view, call->arena, CAT_PG_DATABASE, a, 1, &values, &nulls);
    *null_out = st == ST_NOTFOUND;
    out->i64 = (int64_t)store_page_count(fs->engine->store) * PAGE_SIZE;
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(fn_database_size)

static Status size_database_found(void *arg, Cx *cx, const CatRow *row)
{
    (void)cx, (void)row;
    *(bool *)arg = true;
    return ST_OK;
}

static Status fn_database_size_name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                    bool *null_out)
{
    static const uint16_t COLUMN = PG_DATABASE_DATNAME;
    bool found = false;
    (void)null_out;
    TRY(cat_rows_each(call->cx, fs->view, CAT_PG_DATABASE, &COLUMN, a, 1, size_database_found,
                      &found));
    if (!found) {
        return err_set(call->cx, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist",
                       func_cstring(call, &a[0]));
    }
    out->i64 = (int64_t)store_page_count(fs->engine->store) * PAGE_SIZE;
    return ST_OK;
}
KERNEL(fn_database_size_name)

/* fn_filenode - the tree a relation is in; NULL for one without storage. */
static Status fn_filenode(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    const CatTable *t;
    Status st = cat_table_by_oid(call->cx, fs->view, a[0].u32, &t);
    *null_out = st != ST_OK || t->kind == 'v' || t->kind == 'c';
    if (!*null_out) {
        out->u32 = t->builtin ? t->oid : (Oid)t->tree;
    }
    return st == ST_ERROR ? st : ST_OK;
}
KERNEL(fn_filenode)

/* fn_tablespace_size - all of the file is in pg_default; pg_global has no pages of its own. */
static Status fn_tablespace_size(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    enum { PLACE_DEFAULT = 1663, PLACE_GLOBAL = 1664 };
    (void)call;
    *null_out = a[0].u32 != PLACE_DEFAULT && a[0].u32 != PLACE_GLOBAL;
    out->i64 =
        a[0].u32 == PLACE_DEFAULT ? (int64_t)store_page_count(fs->engine->store) * PAGE_SIZE : 0;
    return ST_OK;
}
KERNEL(fn_tablespace_size)

static Status fn_tablespace_size_name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                      bool *null_out)
{
    const char *name = func_cstring(call, &a[0]);
    (void)null_out;
    if (strcmp(name, "pg_default") != 0 && strcmp(name, "pg_global") != 0) {
        return err_set(call->cx, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist",
                       name);
    }
    out->i64 = strcmp(name, "pg_default") == 0
                   ? (int64_t)store_page_count(fs->engine->store) * PAGE_SIZE
                   : 0;
    return ST_OK;
}
KERNEL(fn_tablespace_size_name)

static const FnOps FNS[] = {
    {"pg_relation_size", fn_relation_size_kernel, 0},
    {"pg_table_size", fn_table_size_kernel, 0},
    {"pg_indexes_size", fn_indexes_size_kernel, 0},
    {"pg_total_relation_size", fn_total_size_kernel, 0},
    {"pg_database_size_oid", fn_database_size_kernel, 0},
    {"pg_database_size_name", fn_database_size_name_kernel, 0},
    {"pg_relation_filenode", fn_filenode_kernel, 0},
    {"pg_tablespace_size_oid", fn_tablespace_size_kernel, 0},
    {"pg_tablespace_size_name", fn_tablespace_size_name_kernel, 0},
};
const FuncTable FUNC_SIZE = {FNS, ARRAY_LEN(FNS)};
