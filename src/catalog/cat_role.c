/*
 * cat_role.c - roles by name and number, who is a member of whom; changing a role's stored password
 * from outside of any session.
 */
#include "catalog/acl.h"
#include "catalog/cat_internal.h"

typedef struct RolePassword {
    CatView *view;
    const char *verifier; /* NULL: no password */
    bool found;
} RolePassword;

static Status role_put_password(void *arg, Cx *cx, const CatRow *row)
{
    RolePassword *p = arg;
    Datum values[CAT_COLUMNS_MAX];
    bool nulls[CAT_COLUMNS_MAX];
    memcpy(values, row->values, PG_AUTHID_COLUMN_COUNT * sizeof(Datum));
    memcpy(nulls, row->nulls, PG_AUTHID_COLUMN_COUNT * sizeof(bool));
    nulls[PG_AUTHID_ROLPASSWORD] = p->verifier == NULL;
    if (p->verifier != NULL) {
        values[PG_AUTHID_ROLPASSWORD].str = str_ref(p->verifier, strlen(p->verifier));
    }
    p->found = true;
    return cat_row_update(cx, p->view, CAT_PG_AUTHID, values, nulls);
}

/* catalog_set_password - in a transaction of its own, durable on return. 42704: no such role. */
Status catalog_set_password(Cx *cx, Catalog *c, Arena *arena, const char *role,
                            const char *verifier)
{
    static const uint16_t COLUMN = PG_AUTHID_ROLNAME;
    Engine *e = c->engine;
    Txn *txn = NULL;
    Lsn lsn;
    CatView v;
    RolePassword p = {.view = &v, .verifier = verifier};
    Datum name = {.str = str_ref(role, strlen(role))};
    cat_view_init(&v, c);
    Status st = ST_OK;
    TRY_OUT(txn_begin(cx, e->txns, ISO_READ_COMMITTED, arena, &txn));
    v.txn = txn;
    TRY_OUT(cat_rows_each(cx, &v, CAT_PG_AUTHID, &COLUMN, &name, 1, role_put_password, &p));
    if (!p.found) {
        st = err_set(cx, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", role);
        goto out;
    }
    TRY_OUT(txn_commit(cx, txn, &lsn));
    txn = NULL;
    st = wal_flush_wait(cx, e->wal, lsn);
out:
    if (txn != NULL) {
        txn_abort(cx, txn);
    }
    cat_view_release_pins(&v);
    return st;
}

static Status role_take_oid(void *arg, Cx *cx, const CatRow *row)
{
    (void)cx;
    *(Oid *)arg = row->values[PG_AUTHID_OID].u32;
    return ST_OK;
}

Status cat_role_by_name(Cx *cx, CatView *v, const char *name, Oid *oid_out)
{
    static const uint16_t COLUMN = PG_AUTHID_ROLNAME;
    const CatShape *shape = cat_shape(v->catalog, CAT_PG_AUTHID);
    const CatRel *rel = shape->builtin;
    Datum key = {.str = str_ref(name, strlen(name))};
    *oid_out = OID_INVALID;
    TRY(cat_rows_each(cx, v, CAT_PG_AUTHID, &COLUMN, &key, 1, role_take_oid, oid_out));
    const uint8_t *row = rel != NULL ? rel->rows : NULL;
    for (uint32_t r = 0; rel != NULL && r < rel->row_count && *oid_out == OID_INVALID; r++) {
        Datum value, oid;
        bool is_null;
        cat_builtin_value(shape, row, PG_AUTHID_ROLNAME, cx->arena, &value, &is_null);
        cat_builtin_value(shape, row, PG_AUTHID_OID, cx->arena, &oid, &is_null);
        if (str_eq(&value.str, &key.str)) {
            *oid_out = oid.u32;
        }
        row += rel->row_bytes;
    }
    return *oid_out != OID_INVALID ? ST_OK : ST_NOTFOUND;
}

/* ---- roles as objects ---- */

#define ROLE_WALK_MAX 1024

static bool role_flag(const CatRow *r, uint16_t column)
{
    return !r->nulls[column] && r->values[column].b;
}

/* role_memberships - the roles that this one is a direct member of. */
static Status role_memberships(Cx *cx, CatRead *read, CatObj *obj, CatRole *role)
{
    static const uint16_t MEMBER = PG_AUTH_MEMBERS_MEMBER;
    Arena scratch;
    const CatRow *rows;
    uint32_t count, n = 0, size = CATALOG_PG_AUTH_MEMBERS_COUNT;
    CatKey key = cat_key_oid(MEMBER, role->oid);
    arena_init(&scratch, NULL, "catalog load", 0);
    Status st = cat_read_list(cx, read, &scratch, CAT_PG_AUTH_MEMBERS, &key, &rows, &count);
    if (st == ST_OK) {
        CatMembership *list = ARENA_ARRAY(&obj->arena, CatMembership, size + count + 1);
        for (uint32_t i = 0; i < CATALOG_PG_AUTH_MEMBERS_COUNT; i++) {
            const PgAuthMembersRow *m = &catalog_pg_auth_members[i];
            if (m->member == role->oid) {
                list[n++] = (CatMembership){m->roleid, m->grantor, m->admin_option};
            }
        }
        for (uint32_t i = 0; i < count; i++) {
            list[n++] = (CatMembership){
                .role = cat_oid(&rows[i], PG_AUTH_MEMBERS_ROLEID),
                .grantor = cat_oid(&rows[i], PG_AUTH_MEMBERS_GRANTOR),
                .admin = role_flag(&rows[i], PG_AUTH_MEMBERS_ADMIN_OPTION),
            };
        }
        role->member_of = list;
        role->member_of_count = n;
    }
    arena_release(&scratch);
    return st;
}

/* role_load - CatBuildFn of a role. */
static Status role_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    Arena scratch;
    Datum key = {.u32 = oid};
    CatRow r = {0};
    (void)name;
    arena_init(&scratch, NULL, "catalog load", 0);
    Status st = cat_row_get(cx, read->view, &scratch, CAT_PG_AUTHID, &key, 1, &r.values, &r.nulls);
    if (st == ST_OK) {
        CatRole *role = ARENA_NEW(&obj->arena, CatRole);
        *role = (CatRole){
            .oid = oid,
            .name = cat_str(&obj->arena, &r, PG_AUTHID_ROLNAME),
            .super = role_flag(&r, PG_AUTHID_ROLSUPER),
            .inherit = role_flag(&r, PG_AUTHID_ROLINHERIT),
            .create_role = role_flag(&r, PG_AUTHID_ROLCREATEROLE),
            .create_db = role_flag(&r, PG_AUTHID_ROLCREATEDB),
            .can_login = role_flag(&r, PG_AUTHID_ROLCANLOGIN),
            .replication = role_flag(&r, PG_AUTHID_ROLREPLICATION),
            .bypass_rls = role_flag(&r, PG_AUTHID_ROLBYPASSRLS),
            .connection_limit = r.values[PG_AUTHID_ROLCONNLIMIT].i32,
            .password = cat_str(&obj->arena, &r, PG_AUTHID_ROLPASSWORD),
            .has_valid_until = !r.nulls[PG_AUTHID_ROLVALIDUNTIL],
            .valid_until = r.values[PG_AUTHID_ROLVALIDUNTIL].i64,
        };
        st = role_memberships(cx, read, obj, role);
        obj->payload = role;
    }
    arena_release(&scratch);
    return st == ST_NOTFOUND ? ST_OK : st;
}

Status cat_role(Cx *cx, CatView *v, Oid oid, const CatRole **out)
{
    const void *found;
    *out = NULL;
    TRY(cat_obj_get(cx, v, CAT_OBJ_ROLE, oid, NULL, role_load, &found));
    *out = found;
    return found != NULL ? ST_OK : ST_NOTFOUND;
}

Status cat_role_name(Cx *cx, CatView *v, Arena *arena, Oid oid, const char **out)
{
    const CatRole *role;
    Status st = cat_role(cx, v, oid, &role);
    *out = st == ST_OK ? role->name : arena_printf(arena, "%u", oid);
    return st == ST_ERROR ? st : ST_OK;
}

Status cat_role_need(Cx *cx, CatView *v, const char *name, const CatRole **out)
{
    Oid oid;
    *out = NULL;
    Status st = cat_role_by_name(cx, v, name, &oid);
    if (st == ST_OK) {
        st = cat_role(cx, v, oid, out);
    }
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name)
               : st;
}

Status cat_role_super(Cx *cx, CatView *v, Oid oid, bool *out)
{
    const CatRole *role;
    Status st = cat_role(cx, v, oid, &role);
    *out = st == ST_OK && role->super;
    return st == ST_ERROR ? st : ST_OK;
}

/* RoleWalk - the roles reached from a member, each once. */
typedef struct RoleWalk {
    Oid list[ROLE_WALK_MAX];
    uint32_t count;
} RoleWalk;

static void role_walk_add(RoleWalk *w, Oid role)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (w->list[i] == role) {
            return;
        }
    }
    if (w->count < ROLE_WALK_MAX) {
        w->list[w->count++] = role;
    }
}

/* role_reaches - is `role` among those that the member is in, at any distance? inherit: by roles
 * that inherit only. admin: some membership on the way to it has the admin option. */
static Status role_reaches(Cx *cx, CatView *v, Oid member, Oid role, bool inherit, bool admin,
                           bool *out)
{
    RoleWalk w;
    w.count = 1;
    w.list[0] = member;
    *out = member == role && !admin;
    for (uint32_t i = 0; i < w.count && !*out; i++) {
        const CatRole *r;
        Status st = cat_role(cx, v, w.list[i], &r);
        if (st == ST_ERROR) {
            return st;
        }
        if (st != ST_OK || (inherit && !r->inherit)) {
            continue;
        }
        if (role == ROLE_PG_DATABASE_OWNER && !admin) {
            const CatDatabase *db;
            st = cat_database(cx, v, v->database, &db);
            if (st == ST_ERROR) {
                return st;
            }
            *out = st == ST_OK && db->owner == w.list[i];
        }
        for (uint32_t k = 0; k < r->member_of_count; k++) {
            bool hit = r->member_of[k].role == role && (!admin || r->member_of[k].admin);
            *out = *out || hit;
            role_walk_add(&w, r->member_of[k].role);
        }
    }
    return ST_OK;
}

Status cat_role_inherits(Cx *cx, CatView *v, Oid member, Oid role, bool *out)
{
    *out = member == role;
    if (*out) {
        return ST_OK;
    }
    TRY(cat_role_super(cx, v, member, out));
    return *out ? ST_OK : role_reaches(cx, v, member, role, true, false, out);
}

Status cat_role_member(Cx *cx, CatView *v, Oid member, Oid role, bool *out)
{
    *out = member == role;
    if (*out) {
        return ST_OK;
    }
    TRY(cat_role_super(cx, v, member, out));
    return *out ? ST_OK : role_reaches(cx, v, member, role, false, false, out);
}

Status cat_role_member_of(Cx *cx, CatView *v, Oid member, Oid role, bool *out)
{
    return role_reaches(cx, v, member, role, false, false, out);
}

Status cat_role_admin(Cx *cx, CatView *v, Oid member, Oid role, bool *out)
{
    TRY(cat_role_super(cx, v, member, out));
    if (*out) {
        return ST_OK;
    }
    return member == role ? ST_OK : role_reaches(cx, v, member, role, false, true, out);
}

Status cat_user_refresh(Cx *cx, CatView *v)
{
    const CatRole *role;
    Status st = cat_role(cx, v, v->user, &role);
    v->user_super = st == ST_OK && role->super;
    v->user_bypass_rls = st == ST_OK && (role->super || role->bypass_rls);
    return st == ST_ERROR ? st : ST_OK;
}
