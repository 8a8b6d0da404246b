/*
 * cat_role.c - roles by name; changing a role's stored password from outside of any session.
 */
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
