/*
 * relation.c - the rows of a relation in pg_class and pg_attribute.
 */
#include "ddl/role.h"

Status ddl_insert_class(Cx *cx, DdlCx *d, const NewRelation *n)
{
    DdlRow r;
    const Acl *acl = NULL;
    const char *acl_list = NULL;
    DdlObject self = {CAT_PG_CLASS, n->oid, 0};
    bool owned = strchr("rvmSfp", n->kind) != NULL;
    Oid owner = n->owner != OID_INVALID ? n->owner : d->view->user;
    ddl_row_init(&r, CAT_PG_CLASS);
    for (int i = PG_CLASS_RELTYPE; i <= PG_CLASS_RELTABLESPACE; i++) {
        ddl_set_oid(&r, i, 0);
    }
    for (int i = PG_CLASS_RELHASRULES; i <= PG_CLASS_RELFORCEROWSECURITY; i++) {
        ddl_set_bool(&r, i, false);
    }
    ddl_set_oid(&r, PG_CLASS_OID, n->oid);
    ddl_set_text(&r, PG_CLASS_RELNAME, n->name);
    ddl_set_oid(&r, PG_CLASS_RELNAMESPACE, n->namespace_oid);
    ddl_set_oid(&r, PG_CLASS_RELTYPE, n->type_oid);
    ddl_set_oid(&r, PG_CLASS_RELOWNER, owner);
    ddl_set_text(&r, PG_CLASS_RELOPTIONS, n->options);
    ddl_set_oid(&r, PG_CLASS_RELAM,
                n->kind == 'i'                     ? (n->method != 0 ? n->method : DDL_ACCESS_BTREE)
                : n->kind == 'r' || n->kind == 'm' ? DDL_ACCESS_HEAP
                                                   : 0);
    ddl_set_oid(&r, PG_CLASS_RELFILENODE, n->tree);
    ddl_set_i32(&r, PG_CLASS_RELPAGES, n->kind == 'S' ? 1 : 0);
    ddl_set_f32(&r, PG_CLASS_RELTUPLES, n->kind == 'i' ? 0.0f : n->kind == 'S' ? 1.0f : -1.0f);
    ddl_set_i32(&r, PG_CLASS_RELALLVISIBLE, 0);
    ddl_set_oid(&r, PG_CLASS_RELTOASTRELID, 0);
    ddl_set_bool(&r, PG_CLASS_RELHASINDEX, n->has_index);
    ddl_set_bool(&r, PG_CLASS_RELISSHARED, false);
    ddl_set_char(&r, PG_CLASS_RELPERSISTENCE, n->persistence);
    ddl_set_char(&r, PG_CLASS_RELKIND, n->kind);
    ddl_set_i16(&r, PG_CLASS_RELNATTS, (int16_t)n->column_count);
    ddl_set_i16(&r, PG_CLASS_RELCHECKS, (int16_t)n->check_count);
    ddl_set_bool(&r, PG_CLASS_RELHASRULES, n->kind == 'v' || n->kind == 'm');
    ddl_set_bool(&r, PG_CLASS_RELISPOPULATED, true);
    ddl_set_char(&r, PG_CLASS_RELREPLIDENT, n->kind == 'r' || n->kind == 'm' ? 'd' : 'n');
    ddl_set_bool(&r, PG_CLASS_RELISPARTITION, false);
    ddl_set_oid(&r, PG_CLASS_RELREWRITE, 0);
    ddl_set_oid(&r, PG_CLASS_RELFROZENXID, 0);
    ddl_set_oid(&r, PG_CLASS_RELMINMXID, 0);
    if (owned) {
        TRY(ddl_new_acl(cx, d, n->kind == 'S' ? 'S' : 'r', owner, n->namespace_oid, &acl,
                        &acl_list));
        ddl_set_text(&r, PG_CLASS_RELACL, acl_list);
    }
    TRY(ddl_row_insert(cx, d, &r));
    if (!owned) {
        return ST_OK; /* an index or a row type is its table's owner's */
    }
    TRY(ddl_shdepend_owner(cx, d, self, owner));
    return ddl_shdepend_acl(cx, d, self, owner, NULL, acl);
}

/* OIDs of the functions every row type has. */
enum {
    RELATION_RECORD_IN = 2290,
    RELATION_RECORD_OUT = 2291,
    RELATION_RECORD_RECV = 2402,
    RELATION_RECORD_SEND = 2403,
};

Status ddl_insert_row_type(Cx *cx, DdlCx *d, const NewRelation *n)
{
    NewType t = {.oid = n->type_oid,
                 .namespace_oid = n->namespace_oid,
                 .name = n->name,
                 .len = -1,
                 .kind = 'c',
                 .category = 'C',
                 .align = 'd',
                 .storage = 'x',
                 .relation = n->oid,
                 .input = RELATION_RECORD_IN,
                 .output = RELATION_RECORD_OUT,
                 .receive = RELATION_RECORD_RECV,
                 .send = RELATION_RECORD_SEND,
                 .owner = n->owner,
                 .of_relation = n->kind != 'c'};
    TRY(ddl_insert_type(cx, d, &t));
    DdlObject type = {CAT_PG_TYPE, n->type_oid, 0}, rel = {CAT_PG_CLASS, n->oid, 0};
    /* A composite type is there for itself, a table's row type with the table. */
    return n->kind == 'c' ? ddl_depend(cx, d, rel, type, 'i') : ddl_depend(cx, d, type, rel, 'i');
}

Status ddl_insert_attribute(Cx *cx, DdlCx *d, Oid rel, const NewColumn *c)
{
    Datum key = {.u32 = c->type->oid};
    DdlRow type, r;
    TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &type));
    ddl_row_init(&r, CAT_PG_ATTRIBUTE);
    ddl_set_oid(&r, PG_ATTRIBUTE_ATTRELID, rel);
    ddl_set_text(&r, PG_ATTRIBUTE_ATTNAME, c->name);
    ddl_set_oid(&r, PG_ATTRIBUTE_ATTTYPID, c->type->oid);
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTSTATTARGET, -1);
    ddl_set_i16(&r, PG_ATTRIBUTE_ATTLEN, type.values[PG_TYPE_TYPLEN].i16);
    ddl_set_i16(&r, PG_ATTRIBUTE_ATTNUM, c->number);
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTNDIMS, c->type->category == 'A' ? 1 : 0);
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTCACHEOFF, -1);
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTTYPMOD, c->typmod);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTBYVAL, type.values[PG_TYPE_TYPBYVAL].b);
    r.values[PG_ATTRIBUTE_ATTALIGN] = type.values[PG_TYPE_TYPALIGN];
    r.nulls[PG_ATTRIBUTE_ATTALIGN] = false;
    r.values[PG_ATTRIBUTE_ATTSTORAGE] = type.values[PG_TYPE_TYPSTORAGE];
    r.nulls[PG_ATTRIBUTE_ATTSTORAGE] = false;
    if (c->storage != 0) {
        ddl_set_char(&r, PG_ATTRIBUTE_ATTSTORAGE, c->storage);
    }
    ddl_set_char(&r, PG_ATTRIBUTE_ATTCOMPRESSION, c->compression);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTNOTNULL, c->not_null);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTHASDEF, c->default_node != NULL || c->default_expr != NULL);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTHASMISSING, false);
    ddl_set_char(&r, PG_ATTRIBUTE_ATTIDENTITY, c->identity);
    ddl_set_char(&r, PG_ATTRIBUTE_ATTGENERATED, c->generated);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTISDROPPED, false);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTISLOCAL, true);
    ddl_set_i32(&r, PG_ATTRIBUTE_ATTINHCOUNT, 0);
    ddl_set_oid(&r, PG_ATTRIBUTE_ATTCOLLATION, c->collation);
    TRY(ddl_row_insert(cx, d, &r));
    return c->of_index ? ST_OK
                       : ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, rel, c->number},
                                    (DdlObject){CAT_PG_TYPE, c->type->oid, 0}, 'n');
}

static Status relation_load_class(Cx *cx, DdlCx *d, Oid rel, DdlRow *r)
{
    Datum key = {.u32 = rel};
    Status st = ddl_row_load(cx, d, CAT_PG_CLASS, &key, 1, r);
    return st == ST_NOTFOUND
               ? err_set(cx, ERRCODE_INTERNAL_ERROR, "could not open relation with OID %u", rel)
               : st;
}

Status ddl_update_class_tree(Cx *cx, DdlCx *d, Oid rel, TreeId tree)
{
    DdlRow r;
    TRY(relation_load_class(cx, d, rel, &r));
    ddl_set_oid(&r, PG_CLASS_RELFILENODE, tree);
    return ddl_row_store(cx, d, &r);
}

Status ddl_update_class_flag(Cx *cx, DdlCx *d, Oid rel, int column, bool value)
{
    DdlRow r;
    TRY(relation_load_class(cx, d, rel, &r));
    if (r.values[column].b == value) {
        return ST_OK;
    }
    ddl_set_bool(&r, column, value);
    return ddl_row_store(cx, d, &r);
}

Status ddl_update_class_i16(Cx *cx, DdlCx *d, Oid rel, int column, int16_t value)
{
    DdlRow r;
    TRY(relation_load_class(cx, d, rel, &r));
    ddl_set_i16(&r, column, value);
    return ddl_row_store(cx, d, &r);
}

Status ddl_update_class_text(Cx *cx, DdlCx *d, Oid rel, int column, const char *value)
{
    DdlRow r;
    TRY(relation_load_class(cx, d, rel, &r));
    ddl_set_text(&r, column, value);
    return ddl_row_store(cx, d, &r);
}
