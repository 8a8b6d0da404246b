/*
 * remove.c - taking single objects out of the catalogs, and describing objects in messages.
 */
#include "ddl/role.h"
#include "txn/ssi.h"

/* remove_dependencies - what the object depends on no longer matters. */
static Status remove_dependencies(Cx *cx, DdlCx *d, DdlObject o)
{
    Datum key[3] = {{.u32 = o.class_oid}, {.u32 = o.oid}, {.i32 = o.sub}};
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, key, o.sub != 0 ? 3 : 2));
    TRY(ddl_shdepend_drop(cx, d, o));
    Datum text[3] = {{.u32 = o.oid}, {.u32 = o.class_oid}, {.i32 = o.sub}};
    TRY(ddl_row_remove(cx, d, CAT_PG_INIT_PRIVS, text, o.sub != 0 ? 3 : 2));
    return ddl_row_remove(cx, d, CAT_PG_DESCRIPTION, text, o.sub != 0 ? 3 : 2);
}

/* remove_drop_tree - the relation's tree goes when the transaction commits. */
static void remove_drop_tree(DdlCx *d, TreeId tree)
{
    if (tree != 0) {
        txn_drop_tree_on_commit(d->view->txn, tree);
    }
}

/* remove_tracked - SERIALIZABLE: who has read a table comes before its end; who has read an index
 * has read its table, where writes are met from now on. */
static Status remove_tracked(Cx *cx, DdlCx *d, Oid oid, char kind, TreeId tree)
{
    Datum key = {.u32 = oid};
    DdlRow r;
    const CatTable *t;
    if (!ssi_any(d->engine->txns) || tree == 0) {
        return ST_OK;
    }
    if (kind == 'r' || kind == 'm') {
        return ssi_check_tree(cx, d->view->txn, tree);
    }
    if (kind == 'i' && ddl_row_load(cx, d, CAT_PG_INDEX, &key, 1, &r) == ST_OK &&
        cat_table_by_oid(cx, d->view, r.values[PG_INDEX_INDRELID].u32, &t) == ST_OK) {
        ssi_tree_replaced(d->engine->txns, tree, t->tree);
    }
    return ST_OK;
}

/* remove_relation - a table, index, view or sequence out of the catalogs; its tree goes at commit.
 */
static Status remove_relation(Cx *cx, DdlCx *d, Oid oid)
{
    Datum key = {.u32 = oid};
    DdlRow r;
    Status st = ddl_row_load(cx, d, CAT_PG_CLASS, &key, 1, &r);
    if (st == ST_NOTFOUND) {
        return ST_OK; /* went with another object already */
    }
    TRY(st);
    const char *kind = ddl_row_text(d, &r, PG_CLASS_RELKIND);
    TRY(remove_tracked(cx, d, oid, kind[0], r.values[PG_CLASS_RELFILENODE].u32));
    switch (kind[0]) {
    case 'i': TRY(ddl_row_remove(cx, d, CAT_PG_INDEX, &key, 1)); break;
    case 'S': TRY(ddl_row_remove(cx, d, CAT_PG_SEQUENCE, &key, 1)); break;
    case 'm':
    case 'r': TRY(ddl_row_remove(cx, d, CAT_PG_STATISTIC, &key, 1)); break;
    default: break;
    }
    remove_drop_tree(d, r.values[PG_CLASS_RELFILENODE].u32);
    TRY(ddl_row_remove(cx, d, CAT_PG_ATTRIBUTE, &key, 1));
    return ddl_row_remove(cx, d, CAT_PG_CLASS, &key, 1);
}

/* remove_column - the column stays in the layout, without name, type, default. */
static Status remove_column(Cx *cx, DdlCx *d, Oid table, int16_t attnum)
{
    DdlRow r;
    TRY(ddl_load_attribute(cx, d, table, attnum, &r));
    ddl_set_text(&r, PG_ATTRIBUTE_ATTNAME,
                 arena_printf(d->arena, "........pg.dropped.%d........", attnum));
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTISDROPPED, true);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTNOTNULL, false);
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTHASDEF, false);
    ddl_set_char(&r, PG_ATTRIBUTE_ATTIDENTITY, 0);
    ddl_set_char(&r, PG_ATTRIBUTE_ATTGENERATED, 0);
    Datum key[2] = {{.u32 = table}, {.i16 = attnum}};
    TRY(ddl_row_remove(cx, d, CAT_PG_STATISTIC, key, 2));
    return ddl_row_store(cx, d, &r);
}

static Status remove_default(Cx *cx, DdlCx *d, Oid oid)
{
    Datum key = {.u32 = oid};
    DdlRow r, a;
    Status st = ddl_row_load(cx, d, CAT_PG_ATTRDEF, &key, 1, &r);
    if (st == ST_NOTFOUND) {
        return ST_OK;
    }
    TRY(st);
    Datum column[2] = {r.values[PG_ATTRDEF_ADRELID], r.values[PG_ATTRDEF_ADNUM]};
    st = ddl_row_load(cx, d, CAT_PG_ATTRIBUTE, column, 2, &a);
    if (st == ST_OK) {
        ddl_set_bool(&a, PG_ATTRIBUTE_ATTHASDEF, false);
        st = ddl_row_store(cx, d, &a);
    }
    if (st != ST_OK && st != ST_NOTFOUND) {
        return st;
    }
    return ddl_row_remove(cx, d, CAT_PG_ATTRDEF, &key, 1);
}

/* remove_constraint - delete the row of a constraint; relchecks of its table counts CHECKs and
 * goes down with one. */
static Status remove_constraint(Cx *cx, DdlCx *d, Oid oid)
{
    Datum key = {.u32 = oid};
    DdlRow r, c;
    Status st = ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r);
    if (st == ST_NOTFOUND) {
        return ST_OK;
    }
    TRY(st);
    const char *type = ddl_row_text(d, &r, PG_CONSTRAINT_CONTYPE);
    if (type[0] == 'c') {
        Datum rel = r.values[PG_CONSTRAINT_CONRELID];
        st = ddl_row_load(cx, d, CAT_PG_CLASS, &rel, 1, &c);
        if (st == ST_OK) {
            int16_t n = c.values[PG_CLASS_RELCHECKS].i16;
            ddl_set_i16(&c, PG_CLASS_RELCHECKS, (int16_t)(n > 0 ? n - 1 : 0));
            st = ddl_row_store(cx, d, &c);
        }
        if (st != ST_OK && st != ST_NOTFOUND) {
            return st;
        }
    }
    return ddl_row_remove(cx, d, CAT_PG_CONSTRAINT, &key, 1);
}

Status ddl_remove_object(Cx *cx, DdlCx *d, DdlObject o)
{
    Datum key = {.u32 = o.oid};
    TRY(remove_dependencies(cx, d, o));
    switch (o.class_oid) {
    case CAT_PG_CLASS:
        return o.sub != 0 ? remove_column(cx, d, o.oid, (int16_t)o.sub)
                          : remove_relation(cx, d, o.oid);
    case CAT_PG_ATTRDEF: return remove_default(cx, d, o.oid);
    case CAT_PG_CONSTRAINT: return remove_constraint(cx, d, o.oid);
    case CAT_PG_LARGEOBJECT:
        TRY(ddl_row_remove(cx, d, CAT_PG_LARGEOBJECT, &key, 1));
        return ddl_row_remove(cx, d, CAT_PG_LARGEOBJECT_METADATA, &key, 1);
    case CAT_PG_TYPE: return ddl_type_remove(cx, d, o.oid);
    case CAT_PG_PROC:
        TRY(ddl_row_remove(cx, d, CAT_PG_AGGREGATE, &key, 1));
        return ddl_row_remove(cx, d, CAT_PG_PROC, &key, 1);
    default: return ddl_row_remove(cx, d, o.class_oid, &key, 1);
    }
}

/* ---- descriptions ---- */

static Status describe_relation(Cx *cx, DdlCx *d, Oid oid, const char **text_out)
{
    const CatTable *t;
    Status st = cat_table_by_oid(cx, d->view, oid, &t);
    if (st != ST_OK) {
        *text_out = arena_printf(d->arena, "relation %u", oid);
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    const char *kind = t->kind == 'r'   ? "table"
                       : t->kind == 'i' ? "index"
                       : t->kind == 'S' ? "sequence"
                       : t->kind == 'v' ? "view"
                       : t->kind == 'm' ? "materialized view"
                       : t->kind == 'c' ? "composite type"
                                        : "relation";
    *text_out = arena_printf(d->arena, "%s %s", kind, ddl_relation_text(cx, d, t));
    return ST_OK;
}

/* describe_named - an object whose name is that of a reg type. */
static const char *describe_named(DdlCx *d, const char *what, Oid reg_type, Oid oid)
{
    Buf b;
    buf_init(&b, 4096);
    if (!cat_reg_text(d->view, reg_type, oid, &b)) {
        buf_put_u64_text(&b, oid);
    }
    const char *text = arena_printf(d->arena, "%s %.*s", what, (int)b.len, (const char *)b.data);
    buf_release(&b);
    return text;
}

/* describe_default_acl - a row of pg_default_acl. */
static Status describe_default_acl(Cx *cx, DdlCx *d, const DdlRow *r, const char **text_out)
{
    const char *type = ddl_row_text(d, r, PG_DEFAULT_ACL_DEFACLOBJTYPE), *role;
    Oid ns = r->values[PG_DEFAULT_ACL_DEFACLNAMESPACE].u32;
    const char *what = type[0] == 'r'   ? "relations"
                       : type[0] == 'S' ? "sequences"
                       : type[0] == 'f' ? "functions"
                       : type[0] == 'T' ? "types"
                                        : "schemas";
    TRY(cat_role_name(cx, d->view, d->arena, r->values[PG_DEFAULT_ACL_DEFACLROLE].u32, &role));
    const char *schema = ns != OID_INVALID ? cat_namespace_name(d->view, ns) : NULL;
    *text_out =
        arena_printf(d->arena, "default privileges on new %s belonging to role %s%s%s", what, role,
                     schema != NULL ? " in schema " : "", schema != NULL ? schema : "");
    return ST_OK;
}

/* describe_part - the text about a constraint, default, trigger, schema, type or a view's rule, as
 * drops and errors name it; what is gone, or of another class, is named by its OID. */
static Status describe_part(Cx *cx, DdlCx *d, DdlObject o, const char **text_out)
{
    Datum key = {.u32 = o.oid};
    DdlRow r;
    const char *table;
    *text_out = arena_printf(d->arena, "object %u", o.oid);
    Status st = ddl_row_load(cx, d, acl_catalog(o.class_oid), &key, 1, &r);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    switch (o.class_oid) {
    case CAT_PG_CONSTRAINT:
        if (r.values[PG_CONSTRAINT_CONRELID].u32 == OID_INVALID) {
            *text_out =
                arena_printf(d->arena, "constraint %s",
                             ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_CONSTRAINT_CONNAME)));
            return ST_OK;
        }
        TRY(describe_relation(cx, d, r.values[PG_CONSTRAINT_CONRELID].u32, &table));
        *text_out = arena_printf(
            d->arena, "constraint %s on %s",
            ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_CONSTRAINT_CONNAME)), table);
        return ST_OK;
    case CAT_PG_ATTRDEF: {
        DdlObject column = {CAT_PG_CLASS, r.values[PG_ATTRDEF_ADRELID].u32,
                            r.values[PG_ATTRDEF_ADNUM].i16};
        TRY(ddl_describe(cx, d, column, &table));
        *text_out = arena_printf(d->arena, "default value for %s", table);
        return ST_OK;
    }
    case CAT_PG_NAMESPACE:
        *text_out =
            arena_printf(d->arena, "schema %s",
                         ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_NAMESPACE_NSPNAME)));
        return ST_OK;
    case CAT_PG_EXTENSION:
        *text_out =
            arena_printf(d->arena, "extension %s", ddl_row_text(d, &r, PG_EXTENSION_EXTNAME));
        return ST_OK;
    case CAT_PG_OPERATOR:
        *text_out = describe_named(d, "operator", DDL_REGOPERATOR, o.oid);
        return ST_OK;
    case CAT_PG_OPCLASS:
        *text_out = arena_printf(d->arena, "operator class %s for access method %s",
                                 ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_OPCLASS_OPCNAME)),
                                 cat_access_method_name(r.values[PG_OPCLASS_OPCMETHOD].u32));
        return ST_OK;
    case CAT_PG_TYPE: *text_out = describe_named(d, "type", TYPE_REGTYPE, o.oid); return ST_OK;
    case CAT_PG_PROC:
        *text_out = describe_named(d, "function", TYPE_REGPROCEDURE, o.oid);
        return ST_OK;
    case CAT_PG_TRIGGER:
        TRY(describe_relation(cx, d, r.values[PG_TRIGGER_TGRELID].u32, &table));
        *text_out =
            arena_printf(d->arena, "trigger %s on %s",
                         ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_TRIGGER_TGNAME)), table);
        return ST_OK;
    case CAT_PG_DATABASE:
        *text_out =
            arena_printf(d->arena, "database %s",
                         ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_DATABASE_DATNAME)));
        return ST_OK;
    case CAT_PG_LANGUAGE:
        *text_out =
            arena_printf(d->arena, "language %s",
                         ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_LANGUAGE_LANNAME)));
        return ST_OK;
    case CAT_PG_POLICY:
        TRY(describe_relation(cx, d, r.values[PG_POLICY_POLRELID].u32, &table));
        *text_out =
            arena_printf(d->arena, "policy %s on %s",
                         ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_POLICY_POLNAME)), table);
        return ST_OK;
    case CAT_PG_LARGEOBJECT:
        *text_out = arena_printf(d->arena, "large object %u", o.oid);
        return ST_OK;
    case CAT_PG_DEFAULT_ACL: return describe_default_acl(cx, d, &r, text_out);
    case DDL_PG_REWRITE: /* a view's rule stands for the view */
        return describe_relation(cx, d, r.values[PG_REWRITE_EV_CLASS].u32, text_out);
    default: return ST_OK;
    }
}

Status ddl_describe(Cx *cx, DdlCx *d, DdlObject o, const char **text_out)
{
    const char *table;
    if (o.class_oid == CAT_PG_PROC) {
        *text_out = ddl_function_description(d, o.oid);
        return ST_OK;
    }
    if (o.class_oid != CAT_PG_CLASS) {
        return describe_part(cx, d, o, text_out);
    }
    TRY(describe_relation(cx, d, o.oid, &table));
    *text_out = table;
    if (o.sub == 0) {
        return ST_OK;
    }
    DdlRow r;
    TRY(ddl_load_attribute(cx, d, o.oid, (int16_t)o.sub, &r));
    *text_out =
        arena_printf(d->arena, "column %s of %s",
                     ddl_quote_name(d->arena, ddl_row_text(d, &r, PG_ATTRIBUTE_ATTNAME)), table);
    return ST_OK;
}
