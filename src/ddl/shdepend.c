/*
 * shdepend.c - pg_shdepend: which roles an object needs, so that they are not dropped before it.
 *
 * The superuser a file begins with and the predefined roles are never dropped: nothing is recorded
 * for them.
 */
#include "ddl/role.h"

#define SHDEPEND_KEY 7

static bool shdepend_shared(Oid class_oid)
{
    return class_oid == CAT_PG_DATABASE || class_oid == CAT_PG_TABLESPACE ||
           class_oid == CAT_PG_AUTHID;
}

static Oid shdepend_database(const DdlCx *d, Oid class_oid)
{
    return shdepend_shared(class_oid) ? OID_INVALID : d->view->database;
}

/* shdepend_key - the values of one row, which are its key. */
static void shdepend_key(const DdlCx *d, DdlObject o, Oid role, char type, DdlRow *r)
{
    ddl_row_init(r, CAT_PG_SHDEPEND);
    ddl_set_oid(r, PG_SHDEPEND_DBID, shdepend_database(d, o.class_oid));
    ddl_set_oid(r, PG_SHDEPEND_CLASSID, o.class_oid);
    ddl_set_oid(r, PG_SHDEPEND_OBJID, o.oid);
    ddl_set_i32(r, PG_SHDEPEND_OBJSUBID, o.sub);
    ddl_set_oid(r, PG_SHDEPEND_REFCLASSID, CAT_PG_AUTHID);
    ddl_set_oid(r, PG_SHDEPEND_REFOBJID, role);
    ddl_set_char(r, PG_SHDEPEND_DEPTYPE, type);
}

static Status shdepend_add(Cx *cx, DdlCx *d, DdlObject o, Oid role, char type)
{
    DdlRow r;
    if (role < FIRST_USER_OID) {
        return ST_OK;
    }
    shdepend_key(d, o, role, type, &r);
    return ddl_row_insert(cx, d, &r);
}

static Status shdepend_remove(Cx *cx, DdlCx *d, DdlObject o, Oid role, char type)
{
    DdlRow r;
    shdepend_key(d, o, role, type, &r);
    return ddl_row_remove(cx, d, CAT_PG_SHDEPEND, r.values, SHDEPEND_KEY);
}

/* shdepend_of_type - rows of the object of one type. */
static Status shdepend_of_type(Cx *cx, DdlCx *d, DdlObject o, char type, bool remove)
{
    DdlRow r;
    DdlRowList list;
    static const uint16_t COLUMNS[4] = {PG_SHDEPEND_DBID, PG_SHDEPEND_CLASSID, PG_SHDEPEND_OBJID,
                                        PG_SHDEPEND_OBJSUBID};
    shdepend_key(d, o, OID_INVALID, type, &r);
    TRY(ddl_rows(cx, d, CAT_PG_SHDEPEND, COLUMNS, r.values, 4, &list));
    for (uint32_t i = 0; remove && i < list.count; i++) {
        const char *is = ddl_row_text(d, &list.rows[i], PG_SHDEPEND_DEPTYPE);
        if (is[0] == type) {
            TRY(ddl_row_remove(cx, d, CAT_PG_SHDEPEND, list.rows[i].values, SHDEPEND_KEY));
        }
    }
    return ST_OK;
}

Status ddl_shdepend_owner(Cx *cx, DdlCx *d, DdlObject o, Oid owner)
{
    TRY(shdepend_of_type(cx, d, o, 'o', true));
    TRY(shdepend_remove(cx, d, o, owner, 'a')); /* an owner's privileges are not told apart */
    return shdepend_add(cx, d, o, owner, 'o');
}

/* acl_roles - every role a list names, once each, the owner and everyone left out. */
static uint32_t acl_roles(DdlCx *d, const Acl *acl, Oid owner, Oid **out)
{
    uint32_t n = 0;
    *out = ARENA_ARRAY(d->arena, Oid, 2 * (acl != NULL ? acl->count : 0) + 1);
    for (uint32_t i = 0; acl != NULL && i < 2 * acl->count; i++) {
        Oid role = i % 2 == 0 ? acl->items[i / 2].grantee : acl->items[i / 2].grantor;
        bool have = role == OID_INVALID || role == owner;
        for (uint32_t k = 0; k < n; k++) {
            have = have || (*out)[k] == role;
        }
        if (!have) {
            (*out)[n++] = role;
        }
    }
    return n;
}

static bool role_among(Oid role, const Oid *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] == role) {
            return true;
        }
    }
    return false;
}

Status ddl_shdepend_acl(Cx *cx, DdlCx *d, DdlObject o, Oid owner, const Acl *before,
                        const Acl *after)
{
    Oid *old, *now;
    uint32_t old_count = acl_roles(d, before, owner, &old);
    uint32_t now_count = acl_roles(d, after, owner, &now);
    for (uint32_t i = 0; i < now_count; i++) {
        if (!role_among(now[i], old, old_count)) {
            TRY(shdepend_add(cx, d, o, now[i], 'a'));
        }
    }
    for (uint32_t i = 0; i < old_count; i++) {
        if (!role_among(old[i], now, now_count)) {
            TRY(shdepend_remove(cx, d, o, old[i], 'a'));
        }
    }
    return ST_OK;
}

Status ddl_shdepend_roles(Cx *cx, DdlCx *d, DdlObject o, const Oid *roles, uint32_t count)
{
    TRY(shdepend_of_type(cx, d, o, 'r', true));
    for (uint32_t i = 0; i < count; i++) {
        if (!role_among(roles[i], roles, i)) {
            TRY(shdepend_add(cx, d, o, roles[i], 'r'));
        }
    }
    return ST_OK;
}

Status ddl_shdepend_drop(Cx *cx, DdlCx *d, DdlObject o)
{
    DdlRow r;
    shdepend_key(d, o, OID_INVALID, 'o', &r);
    return ddl_row_remove(cx, d, CAT_PG_SHDEPEND, r.values, o.sub != 0 ? 4 : 3);
}

Status ddl_shdepend_copy(Cx *cx, DdlCx *d, Oid from, Oid to)
{
    static const uint16_t COLUMN = PG_SHDEPEND_DBID;
    Datum key = {.u32 = from};
    DdlRowList list;
    TRY(ddl_rows(cx, d, CAT_PG_SHDEPEND, &COLUMN, &key, 1, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        ddl_set_oid(&list.rows[i], PG_SHDEPEND_DBID, to);
        TRY(ddl_row_insert(cx, d, &list.rows[i]));
    }
    return ST_OK;
}

Status ddl_shdepend_of_role(Cx *cx, DdlCx *d, Oid role, DdlRowList *out)
{
    static const uint16_t COLUMNS[2] = {PG_SHDEPEND_REFCLASSID, PG_SHDEPEND_REFOBJID};
    Datum key[2] = {{.u32 = CAT_PG_AUTHID}, {.u32 = role}};
    return ddl_rows(cx, d, CAT_PG_SHDEPEND, COLUMNS, key, 2, out);
}

static int shdepend_order(const void *a, const void *b)
{
    static const int COLUMNS[] = {PG_SHDEPEND_OBJID, PG_SHDEPEND_CLASSID, PG_SHDEPEND_OBJSUBID};
    const DdlRow *x = a, *y = b;
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        uint32_t l = x->values[COLUMNS[i]].u32, r = y->values[COLUMNS[i]].u32;
        if (l != r) {
            return l < r ? -1 : 1;
        }
    }
    return memcmp(str_ptr(&x->values[PG_SHDEPEND_DEPTYPE].str),
                  str_ptr(&y->values[PG_SHDEPEND_DEPTYPE].str), 1);
}

/* shdepend_put - one line of what needs the role. */
static Status shdepend_put(Cx *cx, DdlCx *d, const DdlRow *r, Buf *b)
{
    DdlObject o = {r->values[PG_SHDEPEND_CLASSID].u32, r->values[PG_SHDEPEND_OBJID].u32,
                   r->values[PG_SHDEPEND_OBJSUBID].i32};
    const char *type = ddl_row_text(d, r, PG_SHDEPEND_DEPTYPE), *text;
    TRY(ddl_describe(cx, d, o, &text));
    buf_puts(b, b->len == 0 ? "" : "\n");
    buf_printf(b, "%s %s",
               type[0] == 'o'   ? "owner of"
               : type[0] == 'a' ? "privileges for"
                                : "target of",
               text);
    return ST_OK;
}

/* shdepend_put_others - how many objects of other databases need the role. */
static Status shdepend_put_others(Cx *cx, DdlCx *d, const DdlRowList *list, Buf *b)
{
    for (uint32_t i = 0; i < list->count; i++) {
        Oid database = list->rows[i].values[PG_SHDEPEND_DBID].u32;
        uint32_t n = 0;
        const CatDatabase *db;
        bool seen = database == OID_INVALID || database == d->view->database;
        for (uint32_t k = 0; k < list->count; k++) {
            bool same = list->rows[k].values[PG_SHDEPEND_DBID].u32 == database;
            seen = seen || (same && k < i);
            n += same ? 1 : 0;
        }
        if (seen) {
            continue;
        }
        Status st = cat_database(cx, d->view, database, &db);
        if (st == ST_ERROR) {
            return st;
        }
        buf_printf(b, "%s%u object%s in database %s", b->len == 0 ? "" : "\n", n, n == 1 ? "" : "s",
                   st == ST_OK ? db->name : "that is gone");
    }
    return ST_OK;
}

Status ddl_shdepend_check(Cx *cx, DdlCx *d, Oid role, const char *name)
{
    DdlRowList list;
    Buf b;
    TRY(ddl_shdepend_of_role(cx, d, role, &list));
    if (list.count == 0) {
        return ST_OK;
    }
    array_sort(list.rows, list.count, sizeof(DdlRow), shdepend_order);
    buf_init(&b, ERR_FIELD_BYTES_MAX - 1);
    Status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < list.count; i++) {
        Oid database = list.rows[i].values[PG_SHDEPEND_DBID].u32;
        if (database == OID_INVALID || database == d->view->database) {
            st = shdepend_put(cx, d, &list.rows[i], &b);
        }
    }
    st = st == ST_OK ? shdepend_put_others(cx, d, &list, &b) : st;
    if (st == ST_OK) {
        st_ignore(err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                          "role \"%s\" cannot be dropped because some objects depend on it", name));
        st = err_detail(cx, "%.*s", (int)b.len, (const char *)b.data);
    }
    buf_release(&b);
    return st;
}
