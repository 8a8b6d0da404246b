/*
 * enum_type.c - CREATE TYPE AS ENUM; ALTER TYPE ADD VALUE and RENAME VALUE.
 */
#include "ddl/role.h"

enum { ENUM_IN = 3506, ENUM_OUT = 3507, ENUM_RECV = 3532, ENUM_SEND = 3533 };

static Status enum_label_check(Cx *cx, const char *label)
{
    if (strlen(label) <= DDL_NAME_BYTES_MAX) {
        return ST_OK;
    }
    (void)err_set(cx, ERRCODE_INVALID_NAME, "invalid enum label \"%s\"", label);
    return err_detail(cx, "Labels must be %d bytes or less.", DDL_NAME_BYTES_MAX);
}

static Status enum_insert_label(Cx *cx, DdlCx *d, Oid type, const char *label, float order,
                                Oid *oid_out)
{
    DdlRow r;
    TRY(enum_label_check(cx, label));
    TRY(ddl_new_oid(cx, d, oid_out));
    ddl_row_init(&r, CAT_PG_ENUM);
    ddl_set_oid(&r, PG_ENUM_OID, *oid_out);
    ddl_set_oid(&r, PG_ENUM_ENUMTYPID, type);
    ddl_set_f32(&r, PG_ENUM_ENUMSORTORDER, order);
    ddl_set_text(&r, PG_ENUM_ENUMLABEL, label);
    return ddl_row_insert(cx, d, &r);
}

Status ddl_create_enum(Cx *cx, DdlCx *d, const PgQuery__CreateEnumStmt *stmt)
{
    NewType n = {.len = 4,
                 .by_value = true,
                 .kind = 'e',
                 .category = 'E',
                 .align = 'i',
                 .storage = 'p',
                 .input = ENUM_IN,
                 .output = ENUM_OUT,
                 .receive = ENUM_RECV,
                 .send = ENUM_SEND};
    Oid label;
    TRY(ddl_type_new_name(cx, d, stmt->type_name, stmt->n_type_name, &n.name, &n.namespace_oid));
    TRY(ddl_insert_type(cx, d, &n));
    for (size_t i = 0; i < stmt->n_vals; i++) {
        TRY(enum_insert_label(cx, d, n.oid, ddl_string(stmt->vals[i]), (float)(i + 1), &label));
    }
    cat_changed(d->view);
    return ST_OK;
}

static const CatEnumLabel *enum_find(const CatEnum *e, const char *label)
{
    for (uint32_t i = 0; i < e->count; i++) {
        if (strcmp(e->labels[i].label, label) == 0) {
            return &e->labels[i];
        }
    }
    return NULL;
}

static Status enum_no_label(Cx *cx, const char *label)
{
    return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "\"%s\" is not an existing enum label",
                   label);
}

/* enum_place - the sort order of a new value beside its neighbour; the last one without. */
static Status enum_place(Cx *cx, const CatEnum *e, const char *neighbor, bool after, float *out)
{
    if (neighbor == NULL) {
        *out = e->count > 0 ? e->labels[e->count - 1].order + 1 : 1;
        return ST_OK;
    }
    const CatEnumLabel *n = enum_find(e, neighbor);
    if (n == NULL) {
        return enum_no_label(cx, neighbor);
    }
    uint32_t at = (uint32_t)(n - e->labels);
    if (after ? at + 1 == e->count : at == 0) {
        *out = n->order + (after ? 1 : -1);
        return ST_OK;
    }
    float other = e->labels[after ? at + 1 : at - 1].order;
    *out = (n->order + other) / 2;
    if (*out == n->order || *out == other) {
        return err_unsupported(cx, "more values between two neighbours of an enum are not "
                                   "supported");
    }
    return ST_OK;
}

/* enum_add - ALTER TYPE ... ADD VALUE. */
static Status enum_add(Cx *cx, DdlCx *d, const CatType *t, const CatEnum *e,
                       const PgQuery__AlterEnumStmt *stmt)
{
    const char *neighbor = stmt->new_val_neighbor;
    float order = 1;
    Oid label;
    TRY(enum_label_check(cx, stmt->new_val));
    if (enum_find(e, stmt->new_val) != NULL) {
        if (stmt->skip_if_new_val_exists) {
            err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_OBJECT, NULL,
                       "enum label \"%s\" already exists, skipping", stmt->new_val);
            return ST_OK;
        }
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT, "enum label \"%s\" already exists",
                       stmt->new_val);
    }
    neighbor = neighbor != NULL && neighbor[0] != '\0' ? neighbor : NULL;
    TRY(enum_place(cx, e, neighbor, stmt->new_val_is_after, &order));
    TRY(enum_insert_label(cx, d, t->oid, stmt->new_val, order, &label));
    TRY(cat_enum_added(cx, d->view, label));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_alter_enum(Cx *cx, DdlCx *d, const PgQuery__AlterEnumStmt *stmt)
{
    const CatType *t;
    const CatEnum *e;
    TRY(ddl_type_find(cx, d, stmt->type_name, stmt->n_type_name, false, &t));
    if (t->kind != 'e') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is not an enum",
                       ddl_type_text(d, t->oid));
    }
    TRY(ddl_type_owned(cx, d, t->oid));
    TRY(cat_enum(cx, d->view, t->oid, &e));
    if (stmt->old_val == NULL || stmt->old_val[0] == '\0') {
        return enum_add(cx, d, t, e, stmt);
    }
    const CatEnumLabel *old = enum_find(e, stmt->old_val);
    TRY(enum_label_check(cx, stmt->new_val));
    if (old == NULL) {
        return enum_no_label(cx, stmt->old_val);
    }
    if (enum_find(e, stmt->new_val) != NULL) {
        return err_set(cx, ERRCODE_DUPLICATE_OBJECT, "enum label \"%s\" already exists",
                       stmt->new_val);
    }
    Datum key = {.u32 = old->oid};
    DdlRow r;
    TRY(ddl_row_load(cx, d, CAT_PG_ENUM, &key, 1, &r));
    ddl_set_text(&r, PG_ENUM_ENUMLABEL, stmt->new_val);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}
