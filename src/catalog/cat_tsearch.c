/*
 * cat_tsearch.c - text search configurations and dictionaries: found by name, made ready for use.
 *
 * What the catalogs say of one is put together once for a use of it (a statement's function, an
 * index's expression); nothing is cached between statements.
 */
#include "catalog/cat_internal.h"
#include "tsearch/dict.h"

#define TS_NAME_COLUMN      1 /* of all four catalogs: oid, name, namespace */
#define TS_NAMESPACE_COLUMN 2

/* ts_row - a row by its OID; without a view built-in ones only. ST_NOTFOUND. */
static Status ts_row(Cx *cx, CatView *v, Arena *arena, Oid rel, Oid oid, const Datum **values,
                     const bool **nulls)
{
    Datum key = {.u32 = oid};
    return cat_row_get(cx, v, arena, rel, &key, 1, values, nulls);
}

/* ts_find_in - an object of a schema. */
static Status ts_find_in(Cx *cx, CatView *v, Oid rel, Oid namespace_oid, const char *name,
                         Oid *oid_out)
{
    static const uint16_t OID_COLUMN[] = {0}, KEYS[] = {TS_NAME_COLUMN, TS_NAMESPACE_COLUMN};
    Arena arena;
    CatScan *scan;
    Batch batch;
    PhysType phys = PHYS_I32;
    arena_init(&arena, NULL, "text search name", 0);
    Datum keys[] = {{.str = str_copy(&arena, name, strlen(name))}, {.u32 = namespace_oid}};
    Status st = cat_scan_open_key(cx, v, &arena, rel, OID_COLUMN, 1, KEYS, keys, 2, &scan);
    if (st == ST_OK) {
        batch_init(&batch, &phys, 1, &arena);
        do {
            batch_reset(&batch);
            st = cat_scan_next(cx, scan, VEC_CAPACITY, &batch);
        } while (st == ST_OK && batch.sel.count == 0);
        if (st == ST_OK) {
            *oid_out = vec_get(batch.cols[0], batch.sel.idx != NULL ? batch.sel.idx[0] : 0).u32;
        }
        cat_scan_end(scan);
    }
    arena_release(&arena);
    return st == ST_DONE ? ST_NOTFOUND : st;
}

Status cat_ts_find(Cx *cx, CatView *v, Oid rel, const char *schema, const char *name, Oid *oid_out)
{
    Oid namespace_oid;
    if (schema != NULL) {
        Status st = cat_namespace(cx, v, schema, &namespace_oid);
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
        }
        TRY(st);
        return ts_find_in(cx, v, rel, namespace_oid, name, oid_out);
    }
    for (uint32_t i = 0; i < v->search_path_count; i++) {
        if (v->search_path[i] == v->temp_namespace && v->temp_namespace != OID_INVALID) {
            continue; /* there are no temporary ones */
        }
        Status st = ts_find_in(cx, v, rel, v->search_path[i], name, oid_out);
        if (st != ST_NOTFOUND) {
            return st;
        }
    }
    return ST_NOTFOUND;
}

Status cat_ts_name(Cx *cx, CatView *v, Arena *arena, Oid rel, Oid oid, const char **name_out,
                   Oid *namespace_out)
{
    const Datum *values;
    const bool *nulls;
    TRY(ts_row(cx, v, arena, rel, oid, &values, &nulls));
    const Str *name = &values[TS_NAME_COLUMN].str;
    *name_out = arena_strndup(arena, str_ptr(name), name->len);
    *namespace_out = values[TS_NAMESPACE_COLUMN].u32;
    return ST_OK;
}

bool cat_ts_text(Cx *cx, CatView *v, Oid rel, Oid oid, Buf *buf)
{
    const char *name;
    Oid namespace_oid, seen;
    if (cat_ts_name(cx, v, cx->arena, rel, oid, &name, &namespace_oid) != ST_OK) {
        return false;
    }
    bool visible = cat_ts_find(cx, v, rel, NULL, name, &seen) == ST_OK && seen == oid;
    cat_put_qualified(cat_namespace_name(v, namespace_oid), name, !visible, buf);
    return true;
}

/* ---- made ready ---- */

/* ts_init_of - prosrc of a template's init function, and the template's name. */
static Status ts_init_of(Cx *cx, CatView *v, Arena *arena, Oid template, const char **name_out,
                         const char **init_out)
{
    const Datum *values;
    const bool *nulls;
    Oid init = OID_INVALID;
    for (uint32_t i = 0; i < CATALOG_PG_TS_TEMPLATE_COUNT && init == OID_INVALID; i++) {
        if (catalog_pg_ts_template[i].oid == template) {
            *name_out = catalog_str(catalog_pg_ts_template[i].tmplname);
            init = catalog_pg_ts_template[i].tmplinit;
        }
    }
    if (init == OID_INVALID && template >= FIRST_USER_OID && v != NULL) {
        Status st = ts_row(cx, v, arena, CAT_PG_TS_TEMPLATE, template, &values, &nulls);
        if (st == ST_OK) {
            const Str *name = &values[TS_NAME_COLUMN].str;
            const CatProc *p = cat_proc(v, values[PG_TS_TEMPLATE_TMPLINIT].u32);
            *name_out = arena_strndup(arena, str_ptr(name), name->len);
            *init_out = p == NULL ? "" : arena_strdup(arena, p->prosrc);
        }
        if (st != ST_NOTFOUND) {
            return st;
        }
    }
    for (uint32_t i = 0; i < CATALOG_PG_PROC_COUNT && init != OID_INVALID; i++) {
        if (catalog_pg_proc[i].oid == init) {
            *init_out = catalog_str(catalog_pg_proc[i].prosrc);
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_INTERNAL_ERROR, "cache lookup failed for text search template %u",
                   template);
}

Status cat_ts_dict_make(Cx *cx, CatView *v, Arena *arena, Oid template, Slice options, TsDict **out)
{
    const char *name = "", *init = "";
    TsOption *list;
    uint32_t count;
    TRY(ts_init_of(cx, v, arena, template, &name, &init));
    TRY(ts_options_parse(cx, arena, options, &list, &count));
    return ts_dict_create(cx, arena, ts_template(init), name, list, count, out);
}

static Status ts_missing(Cx *cx, const char *what, Oid oid)
{
    return err_set(cx, ERRCODE_INTERNAL_ERROR, "cache lookup failed for text search %s %u", what,
                   oid);
}

Status cat_ts_dict(Cx *cx, CatView *v, Arena *arena, Oid dict, TsDict **out)
{
    const Datum *values;
    const bool *nulls;
    for (uint32_t i = 0; i < CATALOG_PG_TS_DICT_COUNT; i++) {
        const PgTsDictRow *r = &catalog_pg_ts_dict[i];
        if (r->oid == dict) {
            const char *options = catalog_str(r->dictinitoption);
            return cat_ts_dict_make(cx, v, arena, r->dicttemplate,
                                    slice_of(options != NULL ? options : ""), out);
        }
    }
    Status st = dict >= FIRST_USER_OID && v != NULL
                    ? ts_row(cx, v, arena, CAT_PG_TS_DICT, dict, &values, &nulls)
                    : ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ts_missing(cx, "dictionary", dict) : st;
    }
    Slice options = {"", 0};
    if (!nulls[PG_TS_DICT_DICTINITOPTION]) {
        options = str_slice(&values[PG_TS_DICT_DICTINITOPTION].str);
    }
    return cat_ts_dict_make(cx, v, arena, values[PG_TS_DICT_DICTTEMPLATE].u32, options, out);
}

/* TsMapRow - a row of pg_ts_config_map; TsMade - a dictionary that several types share. */
typedef struct TsMapRow {
    int32_t type, number;
    Oid dict;
} TsMapRow;
typedef struct TsMade {
    Oid oid;
    TsDict *dict;
} TsMade;

static int ts_map_order(const void *a, const void *b)
{
    const TsMapRow *x = a, *y = b;
    return x->type != y->type ? (x->type > y->type) - (x->type < y->type)
                              : (x->number > y->number) - (x->number < y->number);
}

/* ts_map_rows - all of a configuration, in the order of types and numbers. */
static Status ts_map_rows(Cx *cx, CatView *v, Arena *arena, Oid config, TsMapRow **out,
                          uint32_t *count_out)
{
    static const uint16_t COLUMNS[] = {PG_TS_CONFIG_MAP_MAPTOKENTYPE, PG_TS_CONFIG_MAP_MAPSEQNO,
                                       PG_TS_CONFIG_MAP_MAPDICT},
                          KEYS[] = {PG_TS_CONFIG_MAP_MAPCFG};
    static const PhysType PHYS[] = {PHYS_I32, PHYS_I32, PHYS_I32};
    CatScan *scan;
    Batch batch;
    uint32_t n = 0, size = 0;
    Datum key = {.u32 = config};
    Status st;
    *out = NULL;
    TRY(cat_scan_open_key(cx, v, arena, CAT_PG_TS_CONFIG_MAP, COLUMNS, 3, KEYS, &key, 1, &scan));
    batch_init(&batch, PHYS, 3, arena);
    for (;;) {
        batch_reset(&batch);
        st = cat_scan_next(cx, scan, VEC_CAPACITY, &batch);
        if (st != ST_OK) {
            break;
        }
        SEL_FOREACH(row, &batch.sel)
        {
            if (n == size) {
                uint32_t more = MAX(size * 2, 32u);
                *out = arena_grow(arena, *out, size * sizeof(TsMapRow), more * sizeof(TsMapRow));
                size = more;
            }
            (*out)[n++] =
                (TsMapRow){vec_get(batch.cols[0], row).i32, vec_get(batch.cols[1], row).i32,
                           vec_get(batch.cols[2], row).u32};
        }
    }
    cat_scan_end(scan);
    array_sort(*out, n, sizeof(TsMapRow), ts_map_order);
    *count_out = n;
    return st == ST_DONE ? ST_OK : st;
}

Status cat_ts_config(Cx *cx, CatView *v, Arena *arena, Oid config, TsConfig **out)
{
    TsMapRow *rows;
    uint32_t count = 0, made_count = 0;
    const char *name;
    Oid namespace_oid;
    if (config < FIRST_USER_OID) {
        rows = ARENA_ARRAY(arena, TsMapRow, CATALOG_PG_TS_CONFIG_MAP_COUNT);
        for (uint32_t i = 0; i < CATALOG_PG_TS_CONFIG_MAP_COUNT; i++) {
            const PgTsConfigMapRow *r = &catalog_pg_ts_config_map[i];
            if (r->mapcfg == config) {
                rows[count++] = (TsMapRow){r->maptokentype, r->mapseqno, r->mapdict};
            }
        }
    }
    Status st = count > 0 ? ST_OK
                : v != NULL
                    ? cat_ts_name(cx, v, arena, CAT_PG_TS_CONFIG, config, &name, &namespace_oid)
                    : ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ts_missing(cx, "configuration", config) : st;
    }
    if (count == 0) {
        TRY(ts_map_rows(cx, v, arena, config, &rows, &count));
    }
    TsMade *made = ARENA_ARRAY(arena, TsMade, count + 1);
    TsDict **dicts = ARENA_ARRAY(arena, TsDict *, count + 1);
    Oid *oids = ARENA_ARRAY(arena, Oid, count + 1);
    TsConfig *c = ARENA_NEW(arena, TsConfig);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = 0;
        while (k < made_count && made[k].oid != rows[i].dict) {
            k++;
        }
        if (k == made_count) {
            TRY(cat_ts_dict(cx, v, arena, rows[i].dict, &made[k].dict));
            made[made_count++].oid = rows[i].dict;
        }
        dicts[i] = made[k].dict;
        oids[i] = rows[i].dict;
        int32_t type = rows[i].type;
        if (type >= 1 && type <= TS_TOKEN_LAST) {
            if (c->counts[type]++ == 0) {
                c->dicts[type] = &dicts[i];
                c->oids[type] = &oids[i];
            }
        }
    }
    *out = c;
    return ST_OK;
}
