/*
 * lob.c - large objects as rows of pg_largeobject.
 */
#include "func/lob.h"

#include "catalog/catalog_data.h"

/* LobPage - one row's bytes; len 0 also when there is no row. */
typedef struct LobPage {
    bool exists;
    uint32_t len;
    uint8_t bytes[LOB_PAGE_BYTES];
} LobPage;

static Status lob_page_load(Cx *cx, CatView *v, Oid oid, int32_t page, LobPage *out)
{
    Datum key[2] = {{.u32 = oid}, {.i32 = page}};
    const Datum *values;
    const bool *nulls;
    Arena arena;
    arena_init(&arena, NULL, "large object", 0);
    out->exists = false;
    out->len = 0;
    Status st = cat_row_get(cx, v, &arena, CAT_PG_LARGEOBJECT, key, 2, &values, &nulls);
    if (st == ST_OK) {
        const Str *data = &values[PG_LARGEOBJECT_DATA].str;
        out->exists = true;
        out->len = MIN(data->len, (uint32_t)LOB_PAGE_BYTES);
        memcpy(out->bytes, str_ptr(data), out->len);
    }
    arena_release(&arena);
    return st == ST_NOTFOUND ? ST_OK : st;
}

static Status lob_page_store(Cx *cx, CatView *v, Oid oid, int32_t page, const LobPage *p)
{
    Datum values[PG_LARGEOBJECT_COLUMN_COUNT] = {{.u32 = oid}, {.i32 = page}};
    bool nulls[PG_LARGEOBJECT_COLUMN_COUNT] = {false};
    values[PG_LARGEOBJECT_DATA].str = str_ref(p->bytes, p->len);
    return p->exists ? cat_row_update(cx, v, CAT_PG_LARGEOBJECT, values, nulls)
                     : cat_row_insert(cx, v, CAT_PG_LARGEOBJECT, values, nulls);
}

Status lob_exists(Cx *cx, CatView *v, Oid oid, bool *exists_out)
{
    Datum key = {.u32 = oid};
    const Datum *values;
    const bool *nulls;
    Status st =
        cat_row_get(cx, v, cx->arena, CAT_PG_LARGEOBJECT_METADATA, &key, 1, &values, &nulls);
    *exists_out = st == ST_OK;
    return st == ST_NOTFOUND ? ST_OK : st;
}

Status lob_need(Cx *cx, CatView *v, Oid oid)
{
    bool exists;
    TRY(lob_exists(cx, v, oid, &exists));
    return exists ? ST_OK
                  : err_set(cx, ERRCODE_UNDEFINED_OBJECT, "large object %u does not exist", oid);
}

Status lob_check(Cx *cx, CatView *v, Oid oid, bool write)
{
    TRY(lob_need(cx, v, oid));
    return cat_acl_need(cx, v, CAT_PG_LARGEOBJECT, oid, v->user,
                        ACL_SELECT | (write ? ACL_UPDATE : 0));
}

/* lob_owner_row - the row of pg_shdepend that keeps the owner from being dropped; false: the owner
 * never is. */
static bool lob_owner_row(const CatView *v, Oid oid, Datum *values)
{
    values[PG_SHDEPEND_DBID].u32 = v->database;
    values[PG_SHDEPEND_CLASSID].u32 = CAT_PG_LARGEOBJECT;
    values[PG_SHDEPEND_OBJID].u32 = oid;
    values[PG_SHDEPEND_OBJSUBID].i32 = 0;
    values[PG_SHDEPEND_REFCLASSID].u32 = CAT_PG_AUTHID;
    values[PG_SHDEPEND_REFOBJID].u32 = v->user;
    values[PG_SHDEPEND_DEPTYPE].str = str_ref("o", 1);
    return v->user >= FIRST_USER_OID;
}

Status lob_create(Cx *cx, CatView *v, Engine *e, Oid oid, Oid *oid_out)
{
    Datum values[PG_LARGEOBJECT_METADATA_COLUMN_COUNT] = {{0}};
    bool nulls[PG_LARGEOBJECT_METADATA_COLUMN_COUNT] = {false};
    if (oid == OID_INVALID) {
        TRY(engine_next_oid(cx, e, &oid));
    }
    values[PG_LARGEOBJECT_METADATA_OID].u32 = oid;
    values[PG_LARGEOBJECT_METADATA_LOMOWNER].u32 = v->user;
    nulls[PG_LARGEOBJECT_METADATA_LOMACL] = true;
    *oid_out = oid;
    TRY(cat_row_insert(cx, v, CAT_PG_LARGEOBJECT_METADATA, values, nulls));
    Datum owner[PG_SHDEPEND_COLUMN_COUNT] = {{0}};
    bool none[PG_SHDEPEND_COLUMN_COUNT] = {false};
    return lob_owner_row(v, oid, owner) ? cat_row_insert(cx, v, CAT_PG_SHDEPEND, owner, none)
                                        : ST_OK;
}

Status lob_unlink(Cx *cx, CatView *v, Oid oid)
{
    Datum key = {.u32 = oid};
    TRY(lob_need(cx, v, oid));
    TRY(cat_owner_need(cx, v, CAT_PG_LARGEOBJECT, oid));
    Status st = cat_row_delete(cx, v, CAT_PG_LARGEOBJECT, &key, 1);
    if (st != ST_OK && st != ST_NOTFOUND) {
        return st;
    }
    Datum roles[3] = {{.u32 = v->database}, {.u32 = CAT_PG_LARGEOBJECT}, key};
    st = cat_row_delete(cx, v, CAT_PG_SHDEPEND, roles, 3);
    if (st != ST_OK && st != ST_NOTFOUND) {
        return st;
    }
    Datum text[2] = {{.u32 = oid}, {.u32 = CAT_PG_LARGEOBJECT}};
    st = cat_row_delete(cx, v, CAT_PG_DESCRIPTION, text, 2);
    if (st != ST_OK && st != ST_NOTFOUND) {
        return st;
    }
    return cat_row_delete(cx, v, CAT_PG_LARGEOBJECT_METADATA, &key, 1);
}

/* LobEnd - the last row of an object, and rows from some page on. */
typedef struct LobEnd {
    int32_t last; /* -1: none */
    uint32_t len;
    int32_t from;
    Arena *arena; /* NULL: nobody wants the pages */
    int32_t *pages;
    uint32_t count, size;
} LobEnd;

static Status lob_end_row(void *arg, Cx *cx, const CatRow *row)
{
    LobEnd *e = arg;
    int32_t page = row->values[PG_LARGEOBJECT_PAGENO].i32;
    (void)cx;
    if (page > e->last) {
        e->last = page;
        e->len = row->values[PG_LARGEOBJECT_DATA].str.len;
    }
    if (e->arena != NULL && page >= e->from) {
        if (e->count == e->size) {
            uint32_t size = MAX(e->size * 2, 32u);
            e->pages =
                arena_grow(e->arena, e->pages, e->size * sizeof(int32_t), size * sizeof(int32_t));
            e->size = size;
        }
        e->pages[e->count++] = page;
    }
    return ST_OK;
}

static Status lob_find_end(Cx *cx, CatView *v, Oid oid, LobEnd *e)
{
    static const uint16_t COLUMN = PG_LARGEOBJECT_LOID;
    Datum key = {.u32 = oid};
    e->last = -1;
    return cat_rows_each(cx, v, CAT_PG_LARGEOBJECT, &COLUMN, &key, 1, lob_end_row, e);
}

Status lob_size(Cx *cx, CatView *v, Oid oid, int64_t *size_out)
{
    LobEnd e = {0};
    TRY(lob_find_end(cx, v, oid, &e));
    *size_out = e.last < 0 ? 0 : (int64_t)e.last * LOB_PAGE_BYTES + e.len;
    return ST_OK;
}

Status lob_read(Cx *cx, CatView *v, Oid oid, int64_t pos, uint8_t *bytes, size_t n, size_t *n_out)
{
    int64_t size;
    LobPage p;
    *n_out = 0;
    TRY(lob_size(cx, v, oid, &size));
    if (pos >= size) {
        return ST_OK;
    }
    n = MIN(n, (size_t)(size - pos));
    while (*n_out < n) {
        int64_t at = pos + (int64_t)*n_out;
        uint32_t off = (uint32_t)(at % LOB_PAGE_BYTES);
        size_t piece = MIN(n - *n_out, (size_t)LOB_PAGE_BYTES - off);
        TRY(cx_check(cx));
        TRY(lob_page_load(cx, v, oid, (int32_t)(at / LOB_PAGE_BYTES), &p));
        size_t have = p.len > off ? MIN(piece, (size_t)(p.len - off)) : 0;
        memcpy(bytes + *n_out, p.bytes + off, have);
        memset(bytes + *n_out + have, 0, piece - have);
        *n_out += piece;
    }
    return ST_OK;
}

Status lob_write(Cx *cx, CatView *v, Oid oid, int64_t pos, const uint8_t *bytes, size_t n)
{
    LobPage p;
    if (pos + (int64_t)n > LOB_BYTES_MAX) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid large object write request size: %zu", n);
    }
    for (size_t done = 0; done < n;) {
        int64_t at = pos + (int64_t)done;
        uint32_t off = (uint32_t)(at % LOB_PAGE_BYTES);
        size_t piece = MIN(n - done, (size_t)LOB_PAGE_BYTES - off);
        TRY(cx_check(cx));
        TRY(lob_page_load(cx, v, oid, (int32_t)(at / LOB_PAGE_BYTES), &p));
        if (p.len < off) {
            memset(p.bytes + p.len, 0, off - p.len);
        }
        memcpy(p.bytes + off, bytes + done, piece);
        p.len = MAX(p.len, off + (uint32_t)piece);
        TRY(lob_page_store(cx, v, oid, (int32_t)(at / LOB_PAGE_BYTES), &p));
        done += piece;
    }
    return ST_OK;
}

Status lob_truncate(Cx *cx, CatView *v, Oid oid, int64_t size)
{
    LobPage p;
    Arena arena;
    uint32_t off = (uint32_t)(size % LOB_PAGE_BYTES);
    int32_t page = (int32_t)(size / LOB_PAGE_BYTES);
    TRY(lob_page_load(cx, v, oid, page, &p));
    if (off != 0) { /* its last row ends there, whatever it had */
        if (p.len < off) {
            memset(p.bytes + p.len, 0, off - p.len);
        }
        p.len = off;
        TRY(lob_page_store(cx, v, oid, page, &p));
        page++;
    }
    arena_init(&arena, NULL, "large object", 0);
    LobEnd e = {.arena = &arena, .from = page};
    Status st = lob_find_end(cx, v, oid, &e);
    for (uint32_t i = 0; i < e.count && st == ST_OK; i++) {
        Datum key[2] = {{.u32 = oid}, {.i32 = e.pages[i]}};
        st = cat_row_delete(cx, v, CAT_PG_LARGEOBJECT, key, 2);
    }
    if (st == ST_OK && off == 0 && e.last + 1 < page) {
        /* Longer than before, and no row would say so. */
        p.exists = false;
        p.len = LOB_PAGE_BYTES;
        memset(p.bytes, 0, sizeof(p.bytes));
        st = lob_page_store(cx, v, oid, page - 1, &p);
    }
    arena_release(&arena);
    return st;
}
