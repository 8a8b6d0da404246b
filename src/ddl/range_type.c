/*
 * range_type.c - CREATE TYPE AS RANGE: the range type, its multirange type, and their constructors.
 */
#include "ddl/ddl_internal.h"

enum {
    RANGE_IN = 3834,
    RANGE_OUT = 3835,
    RANGE_RECV = 3836,
    RANGE_SEND = 3837,
    RANGE_ANALYZE = 3916,
    MULTIRANGE_IN = 4231,
    MULTIRANGE_OUT = 4232,
    MULTIRANGE_RECV = 4233,
    MULTIRANGE_SEND = 4234,
    MULTIRANGE_ANALYZE = 4242,
    RANGE_LANGUAGE_INTERNAL = 12,
};

/* RangeBuild - a range type under construction. */
typedef struct RangeBuild {
    NewType range, multirange;
    const CatType *subtype;
    Oid collation, opclass, subdiff;
} RangeBuild;

static Status range_twice(Cx *cx)
{
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options");
}

/* range_diff - the function of subtype_diff: (subtype, subtype) to double precision. */
static Status range_diff(Cx *cx, DdlCx *d, RangeBuild *b, const PgQuery__TypeName *n)
{
    const CatProc *const *list;
    uint32_t count = 0;
    const char *name = ddl_string(n->names[n->n_names - 1]);
    const char *schema = n->n_names > 1 ? ddl_string(n->names[n->n_names - 2]) : NULL;
    Status st = cat_procs_by_name(cx, d->view, schema, name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    for (uint32_t i = 0; i < count; i++) {
        const CatProc *p = list[i];
        if (p->arg_count != 2 || p->args[0] != b->subtype->oid || p->args[1] != b->subtype->oid) {
            continue;
        }
        if (p->result != TYPE_FLOAT8) {
            return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "range subtype diff function %s must return type %s", name,
                           "double precision");
        }
        if (p->volatility != 'i') {
            return err_set(cx, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "range subtype diff function %s must be immutable", name);
        }
        b->subdiff = p->oid;
        return ST_OK;
    }
    const char *t = ddl_type_text(d, b->subtype->oid);
    return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "function %s(%s, %s) does not exist", name, t,
                   t);
}

/* range_subtype - the option without which there is no range. */
static Status range_subtype(Cx *cx, DdlCx *d, const PgQuery__CreateRangeStmt *stmt, RangeBuild *b)
{
    BindCx bind = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    Oid type;
    int32_t typmod;
    for (size_t i = 0; i < stmt->n_params; i++) {
        const PgQuery__DefElem *e = stmt->params[i]->def_elem;
        if (strcmp(e->defname, "subtype") != 0) {
            continue;
        }
        if (b->subtype != NULL) {
            return range_twice(cx);
        }
        if (e->arg == NULL || e->arg->node_case != PG_QUERY__NODE__NODE_TYPE_NAME) {
            return err_set(cx, ERRCODE_SYNTAX_ERROR, "argument of subtype must be a type name");
        }
        TRY(bind_type_name(cx, &bind, e->arg->type_name, &type, &typmod));
        b->subtype = cat_type(d->view, type);
    }
    if (b->subtype == NULL) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "type attribute \"subtype\" is required");
    }
    if (b->subtype->kind == 'p') {
        return err_set(cx, ERRCODE_DATATYPE_MISMATCH, "range subtype cannot be %s",
                       ddl_type_text(d, b->subtype->oid));
    }
    b->opclass = cat_default_opclass(d->view, b->subtype->oid);
    b->collation = b->subtype->collation;
    if (b->opclass == OID_INVALID || b->subtype->ops == NULL || b->subtype->ops->cmp == NULL) {
        (void)err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                      "data type %s has no default operator class for access method \"%s\"",
                      ddl_type_text(d, b->subtype->oid), "btree");
        return err_hint(cx, "You must specify an operator class for the range type or define a "
                            "default operator class for the subtype.");
    }
    return ST_OK;
}

/* range_option - the other options. */
static Status range_option(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, RangeBuild *b)
{
    const PgQuery__TypeName *n =
        e->arg != NULL && e->arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME ? e->arg->type_name
                                                                              : NULL;
    if (strcmp(e->defname, "subtype") == 0) {
        return ST_OK;
    }
    if (strcmp(e->defname, "subtype_diff") == 0 && n != NULL) {
        return b->subdiff != 0 ? range_twice(cx) : range_diff(cx, d, b, n);
    }
    if (strcmp(e->defname, "multirange_type_name") == 0 && n != NULL) {
        if (b->multirange.name != NULL) {
            return range_twice(cx);
        }
        return ddl_type_new_name(cx, d, n->names, n->n_names, &b->multirange.name,
                                 &b->multirange.namespace_oid);
    }
    if (strcmp(e->defname, "collation") == 0 || strcmp(e->defname, "subtype_opclass") == 0 ||
        strcmp(e->defname, "canonical") == 0) {
        return err_unsupported(cx, "the option \"%s\" of range types is not supported", e->defname);
    }
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "type attribute \"%s\" not recognized", e->defname);
}

/* range_multirange_name - "range" in the name becomes "multirange", else it is added. */
static Status range_multirange_name(Cx *cx, DdlCx *d, RangeBuild *b)
{
    const char *name = b->range.name, *at = strstr(name, "range");
    const CatType *t;
    b->multirange.namespace_oid = b->range.namespace_oid;
    char *made = at != NULL ? arena_printf(d->arena, "%.*smulti%s", (int)(at - name), name, at)
                            : arena_printf(d->arena, "%s_multirange", name);
    if (strlen(made) > DDL_NAME_BYTES_MAX) {
        made[DDL_NAME_BYTES_MAX] = '\0';
    }
    b->multirange.name = made;
    Status st = cat_type_by_name(cx, d->view, cat_namespace_name(d->view, b->range.namespace_oid),
                                 made, &t);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    (void)err_set(cx, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", made);
    (void)err_detail(cx, "Failed while creating a multirange type for type \"%s\".", name);
    return err_hint(cx, "You can manually specify a multirange type name using the "
                        "\"multirange_type_name\" attribute.");
}

/* range_constructor - one function that makes values of the type. */
static Status range_constructor(Cx *cx, DdlCx *d, const NewType *t, const char *source,
                                const Oid *args, int count, Oid variadic)
{
    DdlRow r;
    DdlObject self = {CAT_PG_PROC, 0, 0};
    const char *types = "";
    bool multi = t->kind == 'm';
    for (int i = 0; i < count; i++) {
        types = arena_printf(d->arena, "%s%s%u", types, i > 0 ? " " : "", args[i]);
    }
    TRY(ddl_new_oid(cx, d, &self.oid));
    ddl_row_init(&r, CAT_PG_PROC);
    ddl_set_oid(&r, PG_PROC_OID, self.oid);
    ddl_set_text(&r, PG_PROC_PRONAME, t->name);
    ddl_set_oid(&r, PG_PROC_PRONAMESPACE, t->namespace_oid);
    ddl_set_oid(&r, PG_PROC_PROOWNER, d->view->user);
    ddl_set_oid(&r, PG_PROC_PROLANG, RANGE_LANGUAGE_INTERNAL);
    ddl_set_f32(&r, PG_PROC_PROCOST, 1);
    ddl_set_f32(&r, PG_PROC_PROROWS, 0);
    ddl_set_oid(&r, PG_PROC_PROVARIADIC, variadic);
    ddl_set_oid(&r, PG_PROC_PROSUPPORT, 0);
    ddl_set_char(&r, PG_PROC_PROKIND, 'f');
    ddl_set_bool(&r, PG_PROC_PROSECDEF, false);
    ddl_set_bool(&r, PG_PROC_PROLEAKPROOF, false);
    ddl_set_bool(&r, PG_PROC_PROISSTRICT, multi);
    ddl_set_bool(&r, PG_PROC_PRORETSET, false);
    ddl_set_char(&r, PG_PROC_PROVOLATILE, 'i');
    ddl_set_char(&r, PG_PROC_PROPARALLEL, 's');
    ddl_set_i16(&r, PG_PROC_PRONARGS, (int16_t)count);
    ddl_set_i16(&r, PG_PROC_PRONARGDEFAULTS, 0);
    ddl_set_oid(&r, PG_PROC_PRORETTYPE, t->oid);
    ddl_set_text(&r, PG_PROC_PROARGTYPES, types);
    if (variadic != 0) {
        ddl_set_text(&r, PG_PROC_PROALLARGTYPES, arena_printf(d->arena, "{%u}", args[0]));
        ddl_set_text(&r, PG_PROC_PROARGMODES, "{v}");
    }
    ddl_set_text(&r, PG_PROC_PROSRC, source);
    TRY(ddl_row_insert(cx, d, &r));
    return ddl_depend(cx, d, self, (DdlObject){CAT_PG_TYPE, t->oid, 0}, 'i');
}

static Status range_constructors(Cx *cx, DdlCx *d, const RangeBuild *b)
{
    Oid sub = b->subtype->oid;
    Oid bounds[3] = {sub, sub, TYPE_TEXT}, range = b->range.oid, array = b->range.array;
    const NewType *r = &b->range, *m = &b->multirange;
    TRY(range_constructor(cx, d, r, "range_constructor2", bounds, 2, 0));
    TRY(range_constructor(cx, d, r, "range_constructor3", bounds, 3, 0));
    TRY(range_constructor(cx, d, m, "multirange_constructor0", NULL, 0, 0));
    TRY(range_constructor(cx, d, m, "multirange_constructor1", &range, 1, 0));
    return range_constructor(cx, d, m, "multirange_constructor2", &array, 1, range);
}

/* range_types - both types, and the row that ties them. */
static Status range_types(Cx *cx, DdlCx *d, RangeBuild *b)
{
    Datum key = {.u32 = b->subtype->oid};
    DdlRow sub, row;
    TRY(ddl_row_load(cx, d, CAT_PG_TYPE, &key, 1, &sub));
    char align = ddl_row_text(d, &sub, PG_TYPE_TYPALIGN)[0] == 'd' ? 'd' : 'i';
    NewType *r = &b->range, *m = &b->multirange;
    r->len = m->len = -1;
    r->kind = 'r';
    m->kind = 'm';
    r->category = m->category = 'R';
    r->align = m->align = align;
    r->storage = m->storage = 'x';
    r->input = RANGE_IN;
    r->output = RANGE_OUT;
    r->receive = RANGE_RECV;
    r->send = RANGE_SEND;
    r->analyze = RANGE_ANALYZE;
    m->input = MULTIRANGE_IN;
    m->output = MULTIRANGE_OUT;
    m->receive = MULTIRANGE_RECV;
    m->send = MULTIRANGE_SEND;
    m->analyze = MULTIRANGE_ANALYZE;
    TRY(ddl_insert_type(cx, d, r));
    TRY(ddl_insert_type(cx, d, m));
    ddl_row_init(&row, CAT_PG_RANGE);
    ddl_set_oid(&row, PG_RANGE_RNGTYPID, r->oid);
    ddl_set_oid(&row, PG_RANGE_RNGSUBTYPE, b->subtype->oid);
    ddl_set_oid(&row, PG_RANGE_RNGMULTITYPID, m->oid);
    ddl_set_oid(&row, PG_RANGE_RNGCOLLATION, b->collation);
    ddl_set_oid(&row, PG_RANGE_RNGSUBOPC, b->opclass);
    ddl_set_oid(&row, PG_RANGE_RNGCANONICAL, 0);
    ddl_set_oid(&row, PG_RANGE_RNGSUBDIFF, b->subdiff);
    TRY(ddl_row_insert(cx, d, &row));
    DdlObject range = {CAT_PG_TYPE, r->oid, 0};
    TRY(ddl_depend(cx, d, range, (DdlObject){CAT_PG_TYPE, b->subtype->oid, 0}, 'n'));
    return ddl_depend(cx, d, (DdlObject){CAT_PG_TYPE, m->oid, 0}, range, 'i');
}

Status ddl_create_range(Cx *cx, DdlCx *d, const PgQuery__CreateRangeStmt *stmt)
{
    RangeBuild b = {0};
    TRY(ddl_type_new_name(cx, d, stmt->type_name, stmt->n_type_name, &b.range.name,
                          &b.range.namespace_oid));
    TRY(range_subtype(cx, d, stmt, &b));
    for (size_t i = 0; i < stmt->n_params; i++) {
        TRY(range_option(cx, d, stmt->params[i]->def_elem, &b));
    }
    if (b.multirange.name == NULL) {
        TRY(range_multirange_name(cx, d, &b));
    }
    TRY(range_types(cx, d, &b));
    TRY(range_constructors(cx, d, &b));
    cat_changed(d->view);
    return ST_OK;
}
