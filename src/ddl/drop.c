/*
 * drop.c - DROP: what depends on an object is found through pg_depend, refused or dropped with it.
 */
#include <stdlib.h>

#include "ddl/role.h"

/* DropItem - one object to go; `report` when PostgreSQL would tell about it. */
typedef struct DropItem {
    DdlObject o;
    DdlObject by; /* the object it depends on */
    bool report;  /* a normal dependency: needs CASCADE */
} DropItem;

/* DropStep - the objects being looked through, innermost first. */
typedef struct DropStep {
    DdlObject o;
    const struct DropStep *outer;
} DropStep;

/* DropWork - objects in the order they go: whatever depends on one stands before it. */
typedef struct DropWork {
    DdlCx *d;
    DropItem *items;
    uint32_t count, size;
} DropWork;

#define DROP_DEPTH_MAX 4000

/* drop_covers - is b the object a or a part of it? */
static bool drop_covers(DdlObject a, DdlObject b)
{
    return a.class_oid == b.class_oid && a.oid == b.oid && (a.sub == b.sub || a.sub == 0);
}

/* drop_has - is the object (or the whole object it is a part of) in the list already? */
static DropItem *drop_has(DropWork *w, DdlObject o)
{
    for (uint32_t i = 0; i < w->count; i++) {
        if (drop_covers(w->items[i].o, o)) {
            return &w->items[i];
        }
    }
    return NULL;
}

static void drop_add(DropWork *w, DropItem item)
{
    if (w->count == w->size) {
        uint32_t size = w->size == 0 ? 16 : w->size * 2;
        w->items =
            arena_grow(w->d->arena, w->items, w->size * sizeof(DropItem), size * sizeof(DropItem));
        w->size = size;
    }
    w->items[w->count++] = item;
}

static int drop_newest_first(const void *a, const void *b)
{
    const DdlRow *x = a, *y = b;
    Oid ox = x->values[PG_DEPEND_OBJID].u32, oy = y->values[PG_DEPEND_OBJID].u32;
    int32_t sx = x->values[PG_DEPEND_OBJSUBID].i32, sy = y->values[PG_DEPEND_OBJSUBID].i32;
    return ox != oy ? (ox < oy) - (ox > oy) : (sx > sy) - (sx < sy);
}

/* drop_constraint_of - an index that goes with a column is a part of its constraint: that goes
 * instead of it, and is told about. */
static Status drop_constraint_of(Cx *cx, DropWork *w, DdlObject *o, bool *report)
{
    static const uint16_t COLUMNS[3] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID, PG_DEPEND_REFCLASSID};
    Datum key[3] = {{.u32 = o->class_oid}, {.u32 = o->oid}, {.u32 = CAT_PG_CONSTRAINT}};
    DdlRowList list;
    TRY(ddl_rows(cx, w->d, CAT_PG_DEPEND, COLUMNS, key, 3, &list));
    if (list.count > 0) {
        *o = (DdlObject){CAT_PG_CONSTRAINT, list.rows[0].values[PG_DEPEND_REFOBJID].u32, 0};
        *report = true;
    }
    return ST_OK;
}

/* drop_extension_of - what an extension made goes with the whole extension. */
static Status drop_extension_of(Cx *cx, DropWork *w, DdlObject *o)
{
    static const uint16_t COLUMNS[3] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID, PG_DEPEND_REFCLASSID};
    Datum key[3] = {{.u32 = o->class_oid}, {.u32 = o->oid}, {.u32 = CAT_PG_EXTENSION}};
    DdlRowList list;
    TRY(ddl_rows(cx, w->d, CAT_PG_DEPEND, COLUMNS, key, 3, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const char *type = ddl_row_text(w->d, &list.rows[i], PG_DEPEND_DEPTYPE);
        if (type != NULL && type[0] == 'e') {
            *o = (DdlObject){CAT_PG_EXTENSION, list.rows[i].values[PG_DEPEND_REFOBJID].u32, 0};
            break;
        }
    }
    return ST_OK;
}

/* drop_generated_column - the expression of a generated column is a part of it: when something the
 * expression names goes, so does the column. */
static Status drop_generated_column(Cx *cx, DropWork *w, DdlObject from, DdlObject *o)
{
    Datum key = {.u32 = o->oid};
    DdlRow def, column;
    TRY(ddl_row_load(cx, w->d, CAT_PG_ATTRDEF, &key, 1, &def));
    Oid table = def.values[PG_ATTRDEF_ADRELID].u32;
    int16_t number = def.values[PG_ATTRDEF_ADNUM].i16;
    TRY(ddl_load_attribute(cx, w->d, table, number, &column));
    const char *generated = ddl_row_text(w->d, &column, PG_ATTRIBUTE_ATTGENERATED);
    bool own = from.class_oid == CAT_PG_CLASS && from.oid == table &&
               (from.sub == number || from.sub == 0);
    if (generated != NULL && generated[0] == 's' && !own) {
        *o = (DdlObject){CAT_PG_CLASS, table, number};
    }
    return ST_OK;
}

/* drop_owner - a rule is a part of its view: the view goes instead of it. */
static Status drop_owner(Cx *cx, DropWork *w, DdlObject from, DdlObject *o, bool *report)
{
    if (from.class_oid == CAT_PG_NAMESPACE && o->class_oid != CAT_PG_EXTENSION) {
        return drop_extension_of(cx, w, o);
    }
    if (o->class_oid == CAT_PG_CLASS && o->sub == 0 &&
        ((from.class_oid == CAT_PG_CLASS && from.sub != 0) || from.class_oid == CAT_PG_OPCLASS)) {
        return drop_constraint_of(cx, w, o, report);
    }
    if (o->class_oid == CAT_PG_ATTRDEF) {
        return drop_generated_column(cx, w, from, o);
    }
    if (o->class_oid != DDL_PG_REWRITE) {
        return ST_OK;
    }
    Datum rule = {.u32 = o->oid};
    DdlRow row;
    TRY(ddl_row_load(cx, w->d, DDL_PG_REWRITE, &rule, 1, &row));
    Oid view = row.values[PG_REWRITE_EV_CLASS].u32;
    if (from.class_oid != CAT_PG_CLASS || view != from.oid) {
        *o = (DdlObject){CAT_PG_CLASS, view, 0};
    }
    return ST_OK;
}

/* drop_with_dependents - the item after all that depends on it, in PostgreSQL's order, which its
 * messages show: newest dependents first, each with its own before it. */
static Status drop_with_dependents(Cx *cx, DropWork *w, DropItem item, const DropStep *outer,
                                   uint32_t depth)
{
    static const uint16_t COLUMNS[3] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID,
                                        PG_DEPEND_REFOBJSUBID};
    DdlObject o = item.o;
    DropStep step = {o, outer};
    DdlRowList list;
    for (const DropStep *s = outer; s != NULL; s = s->outer) {
        if (drop_covers(s->o, o)) {
            return ST_OK;
        }
    }
    DropItem *have = drop_has(w, o);
    if (have != NULL) {
        /* reachable by an automatic dependency too: goes silently */
        have->report = have->report && item.report;
        return ST_OK;
    }
    TRY(cx_check(cx));
    if (depth > DROP_DEPTH_MAX) {
        return err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "dependencies are nested too deeply");
    }
    Datum key[3] = {{.u32 = o.class_oid}, {.u32 = o.oid}, {.i32 = o.sub}};
    TRY(ddl_rows(cx, w->d, CAT_PG_DEPEND, COLUMNS, key, o.sub != 0 ? 3 : 2, &list));
    array_sort(list.rows, list.count, sizeof(DdlRow), drop_newest_first);
    for (uint32_t i = 0; i < list.count; i++) {
        const DdlRow *r = &list.rows[i];
        const char *type = ddl_row_text(w->d, r, PG_DEPEND_DEPTYPE);
        DropItem next = {.o = {r->values[PG_DEPEND_CLASSID].u32, r->values[PG_DEPEND_OBJID].u32,
                               r->values[PG_DEPEND_OBJSUBID].i32},
                         .by = o,
                         .report = type != NULL && type[0] == 'n'};
        TRY(drop_owner(cx, w, o, &next.o, &next.report));
        TRY(drop_with_dependents(cx, w, next, &step, depth + 1));
    }
    drop_add(w, item);
    return ST_OK;
}

/* drop_check_internal - 2BP01 when an object is a part (dependency 'i') of one that is not dropped
 * as well: an index of its constraint, a sequence of its identity column; or ('e') of an extension.
 */
static Status drop_check_internal(Cx *cx, DropWork *w, DdlObject o)
{
    static const uint16_t COLUMNS[2] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID};
    Datum key[2] = {{.u32 = o.class_oid}, {.u32 = o.oid}};
    DdlRowList list;
    if (o.sub != 0) {
        return ST_OK;
    }
    TRY(ddl_rows(cx, w->d, CAT_PG_DEPEND, COLUMNS, key, 2, &list));
    for (uint32_t i = 0; i < list.count; i++) {
        const DdlRow *r = &list.rows[i];
        const char *type = ddl_row_text(w->d, r, PG_DEPEND_DEPTYPE), *self, *owner;
        DdlObject on = {r->values[PG_DEPEND_REFCLASSID].u32, r->values[PG_DEPEND_REFOBJID].u32,
                        r->values[PG_DEPEND_REFOBJSUBID].i32};
        if (type == NULL || (type[0] != 'i' && type[0] != 'e') || drop_has(w, on) != NULL) {
            continue;
        }
        TRY(ddl_describe(cx, w->d, o, &self));
        TRY(ddl_describe(cx, w->d, on, &owner));
        st_ignore(err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                          "cannot drop %s because %s requires it", self, owner));
        return err_hint(cx, "You can drop %s instead.", owner);
    }
    return ST_OK;
}

/* drop_report - without CASCADE an error with everything that depends, with it a notice. */
static Status drop_report(Cx *cx, DropWork *w, const DdlObject *roots, uint32_t root_count,
                          bool cascade)
{
    Buf lines;
    uint32_t n = 0;
    const char *one = NULL;
    buf_init(&lines, ERR_FIELD_BYTES_MAX - 1);
    Status st = ST_OK;
    for (uint32_t i = w->count; i-- > 0;) {
        const char *self, *by;
        if (!w->items[i].report) {
            continue;
        }
        TRY_OUT(ddl_describe(cx, w->d, w->items[i].o, &self));
        TRY_OUT(ddl_describe(cx, w->d, w->items[i].by, &by));
        buf_puts(&lines, n == 0 ? "" : "\n");
        if (cascade) {
            buf_printf(&lines, "drop cascades to %s", self);
        } else {
            buf_printf(&lines, "%s depends on %s", self, by);
        }
        one = self;
        n++;
    }
    const char *text =
        arena_strndup(w->d->arena, lines.data != NULL ? (const char *)lines.data : "", lines.len);
    if (n != 0 && cascade) {
        if (n == 1) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL, "drop cascades to %s",
                       one);
        } else {
            ddl_notice_detail(cx, text,
                              arena_printf(w->d->arena, "drop cascades to %u other objects", n));
        }
    } else if (n != 0) {
        const char *self;
        TRY_OUT(ddl_describe(cx, w->d, roots[0], &self));
        if (root_count == 1) {
            st_ignore(err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                              "cannot drop %s because other objects depend on it", self));
        } else {
            st_ignore(err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                              "cannot drop desired object(s) because other objects depend on "
                              "them"));
        }
        st_ignore(err_detail(cx, "%s", text));
        st = err_hint(cx, "Use DROP ... CASCADE to drop the dependent objects too.");
    }
out:
    buf_release(&lines);
    return st;
}

/* drop_lock - what goes is locked, and so is the table that a foreign key leads to. */
static Status drop_lock(Cx *cx, DdlCx *d, DdlObject o)
{
    Oid table = o.class_oid == CAT_PG_CLASS ? o.oid : OID_INVALID;
    if (o.class_oid == CAT_PG_CONSTRAINT) {
        Datum key = {.u32 = o.oid};
        DdlRow r;
        Status st = ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r);
        if (st != ST_OK) {
            return st == ST_NOTFOUND ? ST_OK : st;
        }
        table = r.values[PG_CONSTRAINT_CONFRELID].u32;
    }
    return table == OID_INVALID
               ? ST_OK
               : table_lock(cx, d->view->txn, (uint64_t)d->view->database << 32 | table,
                            TABLELOCK_ACCESS_EXCLUSIVE, WAIT_BLOCK);
}

/* drop_not_in_use - a table that goes is needed by nothing else of this session. */
static Status drop_not_in_use(Cx *cx, DdlCx *d, DdlObject o)
{
    const CatTable *t;
    if (o.class_oid != CAT_PG_CLASS || o.sub != 0) {
        return ST_OK;
    }
    Status st = cat_table_by_oid(cx, d->view, o.oid, &t);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    return t->kind == 'i' ? ST_OK : ddl_not_in_use(cx, d, t, "DROP TABLE");
}

Status ddl_drop_objects(Cx *cx, DdlCx *d, const DdlObject *roots, uint32_t count, bool cascade)
{
    DropWork w = {.d = d};
    for (uint32_t i = 0; i < count; i++) {
        drop_add(&w, (DropItem){.o = roots[i]});
    }
    for (uint32_t i = 0; i < count; i++) {
        TRY(drop_check_internal(cx, &w, roots[i]));
    }
    w.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        TRY(drop_with_dependents(cx, &w, (DropItem){.o = roots[i], .by = roots[i]}, NULL, 0));
    }
    TRY(drop_report(cx, &w, roots, count, cascade));
    /* Locks first, while everything can still be looked up. */
    for (uint32_t i = 0; i < w.count; i++) {
        TRY(drop_lock(cx, d, w.items[i].o));
    }
    for (uint32_t i = 0; i < w.count; i++) {
        TRY(drop_not_in_use(cx, d, w.items[i].o));
    }
    for (uint32_t i = 0; i < w.count; i++) {
        TRY(ddl_remove_object(cx, d, w.items[i].o));
    }
    cat_changed(d->view);
    return ST_OK;
}

/* ---- the statement ---- */

/* DropKind - what is dropped, for the texts. */
typedef struct DropKind {
    PgQuery__ObjectType type;
    char kind; /* relkind */
    const char *name, *tag;
} DropKind;
static const DropKind DROP_KINDS[] = {
    {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, 'r', "table", "DROP TABLE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_INDEX, 'i', "index", "DROP INDEX"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, 'S', "sequence", "DROP SEQUENCE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_VIEW, 'v', "view", "DROP VIEW"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, 'm', "materialized view", "DROP MATERIALIZED VIEW"},
};

static const DropKind *drop_kind_of(char kind)
{
    for (size_t i = 0; i < ARRAY_LEN(DROP_KINDS); i++) {
        if (DROP_KINDS[i].kind == kind) {
            return &DROP_KINDS[i];
        }
    }
    return NULL;
}

/* drop_missing - the relation is not there: notice or error. */
static Status drop_missing(Cx *cx, DdlCx *d, const DropKind *k, const char *schema,
                           const char *name, bool missing_ok)
{
    Oid ns;
    if (schema != NULL) {
        Status st = cat_namespace(cx, d->view, schema, &ns);
        if (st == ST_ERROR) {
            return st;
        }
        if (st == ST_NOTFOUND && missing_ok) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "schema \"%s\" does not exist, skipping", schema);
            return ST_OK;
        }
        if (st == ST_NOTFOUND) {
            return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
        }
        name = arena_printf(d->arena, "%s.%s", schema, name);
    }
    if (missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "%s \"%s\" does not exist, skipping", k->name, name);
        return ST_OK;
    }
    return err_set(cx, k->kind == 'i' ? ERRCODE_UNDEFINED_OBJECT : ERRCODE_UNDEFINED_TABLE,
                   "%s \"%s\" does not exist", k->name, name);
}

/* drop_may - the owner of a relation may drop it, and so may that of its schema. */
static Status drop_may(Cx *cx, DdlCx *d, const CatTable *t)
{
    bool owner;
    TRY(cat_is_owner(cx, d->view, CAT_PG_NAMESPACE, t->namespace_oid, d->view->user, &owner));
    return owner ? ST_OK : cat_owner_need(cx, d->view, CAT_PG_CLASS, t->oid);
}

/* drop_relation - find one relation of the list, check what it is. */
static Status drop_relation(Cx *cx, DdlCx *d, const DropKind *k, const PgQuery__Node *object,
                            bool missing_ok, DdlObject *o_out)
{
    const PgQuery__List *names = object->list;
    const char *name = ddl_string(names->items[names->n_items - 1]);
    const char *schema = names->n_items > 1 ? ddl_string(names->items[names->n_items - 2]) : NULL;
    const CatTable *t;
    *o_out = (DdlObject){0};
    Status st = cat_table_by_name(cx, d->view, schema, name, &t);
    if (st == ST_OK && t->kind == k->kind) { /* who may not drop it is not to wait for it */
        TRY(drop_may(cx, d, t));
    }
    st = st == ST_OK ? cat_table_lock(cx, d->view, schema, name, TABLELOCK_ACCESS_EXCLUSIVE, &t)
                     : st;
    if (st == ST_NOTFOUND) {
        return drop_missing(cx, d, k, schema, name, missing_ok);
    }
    TRY(st);
    if (t->kind != k->kind) {
        const DropKind *real = drop_kind_of(t->kind);
        st = err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not %s %s", t->name,
                     k->kind == 'i' ? "an" : "a", k->name);
        if (t->kind == 'c') {
            return err_hint(cx, "Use DROP TYPE to remove a type.");
        }
        return real == NULL ? st
                            : err_hint(cx, "Use %s to remove %s %s.", real->tag,
                                       real->kind == 'i' ? "an" : "a", real->name);
    }
    if (t->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", t->name);
    }
    if (t->kind == 'i' && t->index_table != 0) { /* writers of the table must not use it */
        uint64_t key = (uint64_t)d->view->database << 32 | t->index_table;
        TRY(table_lock(cx, d->view->txn, key, TABLELOCK_ACCESS_EXCLUSIVE, WAIT_BLOCK));
    }
    *o_out = (DdlObject){CAT_PG_CLASS, t->oid, 0};
    return ST_OK;
}

/* drop_schema - the schema a DROP SCHEMA names; *o_out stays empty when IF EXISTS excuses its
 * absence. */
static Status drop_schema(Cx *cx, DdlCx *d, const PgQuery__Node *object, bool missing_ok,
                          DdlObject *o_out)
{
    const char *name = ddl_string(object);
    Oid oid;
    *o_out = (DdlObject){0};
    Status st = cat_namespace(cx, d->view, name, &oid);
    if (st == ST_NOTFOUND) {
        if (missing_ok) {
            err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                       "schema \"%s\" does not exist, skipping", name);
            return ST_OK;
        }
        return err_set(cx, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
    }
    TRY(st);
    if (oid < FIRST_USER_OID && oid != NAMESPACE_PUBLIC) {
        return err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                       "cannot drop schema %s because it is required by the database system", name);
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_NAMESPACE, oid));
    *o_out = (DdlObject){CAT_PG_NAMESPACE, oid, 0};
    return ST_OK;
}

Status ddl_drop(Cx *cx, DdlCx *d, const PgQuery__DropStmt *stmt, const char **tag_out)
{
    const DropKind *k = NULL;
    for (size_t i = 0; i < ARRAY_LEN(DROP_KINDS); i++) {
        if (DROP_KINDS[i].type == stmt->remove_type) {
            k = &DROP_KINDS[i];
        }
    }
    if (stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_EVENT_TRIGGER) {
        *tag_out = "DROP EVENT TRIGGER";
        return ddl_drop_event_triggers(cx, stmt);
    }
    bool schema = stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA;
    bool trigger = stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER;
    char kind;
    const char *what;
    bool domain = stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
    bool type = domain || stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE;
    bool policy = stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY;
    bool extension = stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION;
    bool function = ddl_function_type(stmt->remove_type, &kind, &what);
    if (k == NULL && !schema && !function && !trigger && !type && !policy && !extension) {
        return ST_NOTFOUND;
    }
    *tag_out = schema      ? "DROP SCHEMA"
               : trigger   ? "DROP TRIGGER"
               : policy    ? "DROP POLICY"
               : extension ? "DROP EXTENSION"
               : domain    ? "DROP DOMAIN"
               : type      ? "DROP TYPE"
               : function  ? arena_printf(d->arena, "DROP %s", what)
                           : k->tag;
    DdlObject *roots = ARENA_ARRAY(d->arena, DdlObject, stmt->n_objects + 1);
    uint32_t n = 0;
    for (size_t i = 0; i < stmt->n_objects; i++) {
        const PgQuery__Node *named = stmt->objects[i];
        TRY(trigger    ? ddl_find_trigger(cx, d, named->list, TABLELOCK_ACCESS_EXCLUSIVE,
                                          stmt->missing_ok, &roots[n])
            : function ? ddl_drop_function(cx, d, named->object_with_args, kind, stmt->missing_ok,
                                           &roots[n])
            : policy   ? ddl_drop_policy(cx, d, named, stmt->missing_ok, &roots[n])
            : type     ? ddl_type_drop(cx, d, named, domain, stmt->missing_ok, &roots[n])
            : schema   ? drop_schema(cx, d, named, stmt->missing_ok, &roots[n])
            : extension
                ? ddl_drop_extension_root(cx, d, ddl_string(named), stmt->missing_ok, &roots[n])
                : drop_relation(cx, d, k, named, stmt->missing_ok, &roots[n]));
        n += roots[n].oid != 0 ? 1 : 0;
    }
    return n == 0 ? ST_OK
                  : ddl_drop_objects(cx, d, roots, n,
                                     stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}
