/*
 * row.c - catalog rows under construction, and dependencies.
 */
#include "ddl/role.h"

void ddl_row_init(DdlRow *r, Oid rel)
{
    memset(r->values, 0, sizeof(r->values));
    memset(r->nulls, 1, sizeof(r->nulls));
    r->rel = rel;
}

/* DDL_ROW_SETTER - put a value of a fixed size into a column. */
#define DDL_ROW_SETTER(name, type, field)                                                          \
    void name(DdlRow *r, int column, type v)                                                       \
    {                                                                                              \
        r->values[column].field = v;                                                               \
        r->nulls[column] = false;                                                                  \
    }

DDL_ROW_SETTER(ddl_set_oid, Oid, u32)
DDL_ROW_SETTER(ddl_set_i16, int16_t, i16)
DDL_ROW_SETTER(ddl_set_i32, int32_t, i32)
DDL_ROW_SETTER(ddl_set_i64, int64_t, i64)
DDL_ROW_SETTER(ddl_set_f32, float, f32)
DDL_ROW_SETTER(ddl_set_bool, bool, b)

void ddl_set_char(DdlRow *r, int column, char v)
{
    r->values[column].str = str_ref(&v, v != 0);
    r->nulls[column] = false;
}

void ddl_set_text(DdlRow *r, int column, const char *text)
{
    r->nulls[column] = text == NULL;
    if (text != NULL) {
        r->values[column].str = str_ref(text, strlen(text));
    }
}

Status ddl_row_insert(Cx *cx, DdlCx *d, const DdlRow *r)
{
    return cat_row_insert(cx, d->view, r->rel, r->values, r->nulls);
}

/* row_column_count - columns of a catalog relation. */
static uint16_t row_column_count(Oid rel)
{
    switch (rel) {
    case CAT_PG_CLASS: return PG_CLASS_COLUMN_COUNT;
    case CAT_PG_ATTRIBUTE: return PG_ATTRIBUTE_COLUMN_COUNT;
    case CAT_PG_ATTRDEF: return PG_ATTRDEF_COLUMN_COUNT;
    case CAT_PG_CONSTRAINT: return PG_CONSTRAINT_COLUMN_COUNT;
    case CAT_PG_INDEX: return PG_INDEX_COLUMN_COUNT;
    case CAT_PG_SEQUENCE: return PG_SEQUENCE_COLUMN_COUNT;
    case CAT_PG_NAMESPACE: return PG_NAMESPACE_COLUMN_COUNT;
    case CAT_PG_DEPEND: return PG_DEPEND_COLUMN_COUNT;
    case CAT_PG_DESCRIPTION: return PG_DESCRIPTION_COLUMN_COUNT;
    case CAT_PG_STATISTIC: return PG_STATISTIC_COLUMN_COUNT;
    case CAT_PG_TYPE: return PG_TYPE_COLUMN_COUNT;
    case CAT_PG_TRIGGER: return PG_TRIGGER_COLUMN_COUNT;
    case CAT_PG_ENUM: return PG_ENUM_COLUMN_COUNT;
    case CAT_PG_RANGE: return PG_RANGE_COLUMN_COUNT;
    case CAT_PG_PROC: return PG_PROC_COLUMN_COUNT;
    case CAT_PG_EXTENSION: return PG_EXTENSION_COLUMN_COUNT;
    case CAT_PG_INIT_PRIVS: return PG_INIT_PRIVS_COLUMN_COUNT;
    case CAT_PG_DATABASE: return PG_DATABASE_COLUMN_COUNT;
    case CAT_PG_SHDESCRIPTION: return PG_SHDESCRIPTION_COLUMN_COUNT;
    case CAT_PG_DB_ROLE_SETTING: return PG_DB_ROLE_SETTING_COLUMN_COUNT;
    case DDL_PG_REWRITE: return PG_REWRITE_COLUMN_COUNT;
    case CAT_PG_AUTHID: return PG_AUTHID_COLUMN_COUNT;
    case CAT_PG_AUTH_MEMBERS: return PG_AUTH_MEMBERS_COLUMN_COUNT;
    case CAT_PG_LARGEOBJECT_METADATA: return PG_LARGEOBJECT_METADATA_COLUMN_COUNT;
    case CAT_PG_DEFAULT_ACL: return PG_DEFAULT_ACL_COLUMN_COUNT;
    case CAT_PG_LANGUAGE: return PG_LANGUAGE_COLUMN_COUNT;
    case CAT_PG_POLICY: return PG_POLICY_COLUMN_COUNT;
    case CAT_PG_SHDEPEND: return PG_SHDEPEND_COLUMN_COUNT;
    case CAT_PG_TABLESPACE: return PG_TABLESPACE_COLUMN_COUNT;
    case CAT_PG_OPERATOR: return PG_OPERATOR_COLUMN_COUNT;
    case CAT_PG_OPCLASS: return PG_OPCLASS_COLUMN_COUNT;
    case CAT_PG_OPFAMILY: return PG_OPFAMILY_COLUMN_COUNT;
    case CAT_PG_AMOP: return PG_AMOP_COLUMN_COUNT;
    case CAT_PG_AMPROC: return PG_AMPROC_COLUMN_COUNT;
    case CAT_PG_CAST: return PG_CAST_COLUMN_COUNT;
    case CAT_PG_AGGREGATE: return PG_AGGREGATE_COLUMN_COUNT;
    case DDL_PG_TS_DICT: return PG_TS_DICT_COLUMN_COUNT;
    case DDL_PG_TS_TEMPLATE: return PG_TS_TEMPLATE_COLUMN_COUNT;
    default: UNREACHABLE();
    }
}

Status ddl_row_load(Cx *cx, DdlCx *d, Oid rel, const Datum *key, uint32_t key_count, DdlRow *r)
{
    const Datum *values;
    const bool *nulls;
    uint16_t n = row_column_count(rel);
    ddl_row_init(r, rel);
    TRY(cat_row_get(cx, d->view, d->arena, rel, key, key_count, &values, &nulls));
    memcpy(r->values, values, n * sizeof(Datum));
    memcpy(r->nulls, nulls, n * sizeof(bool));
    return ST_OK;
}

Status ddl_row_store(Cx *cx, DdlCx *d, const DdlRow *r)
{
    return cat_row_update(cx, d->view, r->rel, r->values, r->nulls);
}

Status ddl_row_remove(Cx *cx, DdlCx *d, Oid rel, const Datum *key, uint32_t key_count)
{
    Status st = cat_row_delete(cx, d->view, rel, key, key_count);
    return st == ST_NOTFOUND ? ST_OK : st;
}

Status ddl_depend(Cx *cx, DdlCx *d, DdlObject object, DdlObject on, char type)
{
    if (on.oid < FIRST_USER_OID && on.class_oid != CAT_PG_NAMESPACE) {
        return ST_OK; /* built-in objects are never dropped */
    }
    DdlRow r;
    ddl_row_init(&r, CAT_PG_DEPEND);
    ddl_set_oid(&r, PG_DEPEND_CLASSID, object.class_oid);
    ddl_set_oid(&r, PG_DEPEND_OBJID, object.oid);
    ddl_set_i32(&r, PG_DEPEND_OBJSUBID, object.sub);
    ddl_set_oid(&r, PG_DEPEND_REFCLASSID, on.class_oid);
    ddl_set_oid(&r, PG_DEPEND_REFOBJID, on.oid);
    ddl_set_i32(&r, PG_DEPEND_REFOBJSUBID, on.sub);
    ddl_set_char(&r, PG_DEPEND_DEPTYPE, type);
    return ddl_row_insert(cx, d, &r);
}

/* rows_keep - CatRowFn: copy the row, bytes of long strings included. */
static Status rows_keep(void *arg, Cx *cx, const CatRow *row)
{
    DdlRowList *list = arg;
    (void)cx;
    if (list->count == list->size) {
        uint32_t more = list->size == 0 ? 8 : list->size * 2;
        list->rows = arena_grow(list->d->arena, list->rows, list->size * sizeof(DdlRow),
                                more * sizeof(DdlRow));
        list->size = more;
    }
    DdlRow *r = &list->rows[list->count++];
    ddl_row_init(r, list->rel);
    for (uint16_t i = 0; i < list->column_count; i++) {
        r->nulls[i] = row->nulls[i];
        r->values[i] = row->values[i];
        if (list->is_text[i] && !row->nulls[i]) {
            const Str *s = &row->values[i].str;
            r->values[i].str = str_copy(list->d->arena, str_ptr(s), s->len);
        }
    }
    return ST_OK;
}

Status ddl_rows(Cx *cx, DdlCx *d, Oid rel, const uint16_t *columns, const Datum *values,
                uint32_t count, DdlRowList *list_out)
{
    const CatTable *t;
    *list_out = (DdlRowList){.d = d, .rel = rel, .column_count = row_column_count(rel)};
    TRY(cat_table_by_oid(cx, d->view, rel, &t));
    for (uint16_t i = 0; i < list_out->column_count; i++) {
        list_out->is_text[i] = cat_column_phys(t->columns[i].type) == PHYS_STR;
    }
    return cat_rows_each(cx, d->view, rel, columns, values, count, rows_keep, list_out);
}

const char *ddl_row_text(DdlCx *d, const DdlRow *r, int column)
{
    const Str *s = &r->values[column].str;
    return r->nulls[column] ? NULL : arena_strndup(d->arena, str_ptr(s), s->len);
}

/* DdlUses - what an expression or query uses, to become its dependencies. */
typedef struct DdlUses {
    DdlCx *d;
    DdlObject self;
    DdlObject *list;
    uint32_t count;
} DdlUses;

/* depend_note - BindUseFn: each object once; a column stands for its table. */
static Status depend_note(void *arg, Oid class_oid, Oid oid, int16_t column)
{
    DdlUses *u = arg;
    for (uint32_t i = 0; i < u->count; i++) {
        DdlObject *o = &u->list[i];
        if (o->class_oid != class_oid || o->oid != oid) {
            continue;
        }
        if (o->sub == column || column == 0) {
            return ST_OK;
        }
        if (o->sub == 0) {
            o->sub = column;
            return ST_OK;
        }
    }
    u->list = arena_grow(u->d->arena, u->list, u->count * sizeof(DdlObject),
                         (u->count + 1) * sizeof(DdlObject));
    u->list[u->count++] = (DdlObject){class_oid, oid, column};
    return ST_OK;
}

static Status depend_write(Cx *cx, const DdlUses *u)
{
    for (uint32_t i = 0; i < u->count; i++) {
        TRY(ddl_depend(cx, u->d, u->self, u->list[i], 'n'));
    }
    return ST_OK;
}

Status ddl_depend_on_expr(Cx *cx, DdlCx *d, DdlObject self, const Expr *e)
{
    DdlUses u = {.d = d, .self = self};
    TRY(bind_uses_of_expr(e, depend_note, &u));
    return depend_write(cx, &u);
}

Status ddl_depend_on_query(Cx *cx, DdlCx *d, DdlObject self, const Query *q)
{
    DdlUses u = {.d = d, .self = self};
    TRY(bind_uses_of_query(q, depend_note, &u));
    return depend_write(cx, &u);
}
