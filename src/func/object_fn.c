/*
 * object_fn.c - any object of the catalogs in words: pg_describe_object, pg_identify_object and
 * pg_identify_object_as_address.
 *
 * Each catalog has a routine that fills an Address from the object's row; most are one of two: a
 * name, or a name in a schema. The three functions show parts of it.
 */
#include "func/func_internal.h"

#include "catalog/catalog_data.h"
#include "type/array.h"

enum { OBJECT_TEXT = 25, OBJECT_TEXT_ARRAY = 1009, OBJECT_NAMES_MAX = 4 };
/* Catalogs that catalog.h does not name. */
enum {
    OBJECT_AM = 2601,
    OBJECT_AMOP = 2602,
    OBJECT_AMPROC = 2603,
    OBJECT_CAST = 2605,
    OBJECT_CONVERSION = 2607,
    OBJECT_LANGUAGE = 2612,
    OBJECT_LARGE_OBJECT = 2613,
    OBJECT_OPCLASS = 2616,
    OBJECT_REWRITE = 2618,
    OBJECT_TRIGGER = 2620,
    OBJECT_OPFAMILY = 2753,
    OBJECT_POLICY = 3256,
    OBJECT_COLLATION = 3456,
};

/* Address - what is said of an object. */
typedef struct Address {
    const char *type;                     /* its kind, as pg_identify_object names it */
    const char *schema, *name, *identity; /* NULL: has none; quoted where SQL needs it */
    const char *words;                    /* pg_describe_object */
    const char *names[OBJECT_NAMES_MAX], *args[OBJECT_NAMES_MAX * 25];
    uint32_t name_count, arg_count;
} Address;

/* Look - who looks at which object. */
typedef struct Look {
    FnCall *call;
    FuncSession *fs;
    const struct ObjectKind *kind;
    Oid oid;
    int32_t sub;
    const Datum *row; /* its row, when the kind is one that has it read */
} Look;

typedef struct ObjectKind {
    Oid catalog;
    const char *type, *noun;                   /* noun: in words, when it is not the type */
    int16_t name, schema, method;              /* columns; -1: has none */
    Status (*fill)(const Look *l, Address *a); /* ST_NOTFOUND */
} ObjectKind;

static Status object_fill(FnCall *call, FuncSession *fs, Oid catalog, Oid oid, int32_t sub,
                          Address *a);

#define look_printf(l, ...) arena_printf((l)->call->arena, __VA_ARGS__)

/* ---- names ---- */

static const char *look_copy(const Look *l, const Buf *b)
{
    return arena_strndup(l->call->arena, (const char *)b->data, b->len);
}

static const char *look_quoted(const Look *l, const char *schema, const char *name)
{
    Buf b;
    buf_init(&b, 65536);
    cat_put_qualified(schema, name, schema != NULL, &b);
    const char *text = look_copy(l, &b);
    buf_release(&b);
    return text;
}

static const char *look_text(const Look *l, const Datum *d)
{
    return arena_strndup(l->call->arena, str_ptr(&d->str), d->str.len);
}

static const char *look_schema(const Look *l, Oid oid)
{
    const char *name = cat_namespace_name(l->fs->view, oid);
    return name != NULL ? arena_strdup(l->call->arena, name) : "";
}

static bool look_in_path(const Look *l, Oid schema)
{
    const CatView *v = l->fs->view;
    for (uint32_t i = 0; i < v->search_path_count; i++) {
        if (v->search_path[i] == schema) {
            return true;
        }
    }
    return false;
}

/* look_shown - the name as the search path lets it be said. */
static const char *look_shown(const Look *l, Oid schema, const char *name)
{
    return look_quoted(l, look_in_path(l, schema) ? NULL : look_schema(l, schema), name);
}

/* look_type - a type as format_type has it. */
static const char *look_type(const Look *l, Oid type)
{
    Buf b;
    buf_init(&b, 65536);
    cat_format_type(l->fs->view, type, CAT_TYPMOD_NONE, &b);
    const char *text = look_copy(l, &b);
    buf_release(&b);
    return text;
}

/* look_type_full - ... with its schema, unless SQL has a name of its own for it. */
static const char *look_type_full(const Look *l, Oid type)
{
    const CatType *t = cat_type(l->fs->view, type);
    if (t == NULL) {
        return look_type(l, type);
    }
    const CatType *element = t->element != 0 ? cat_type(l->fs->view, t->element) : NULL;
    if (element != NULL && element->array == type) {
        return look_printf(l, "%s[]", look_type_full(l, t->element));
    }
    const char *text = look_type(l, type);
    return strcmp(text, look_quoted(l, NULL, t->name)) == 0
               ? look_quoted(l, look_schema(l, t->namespace_oid), t->name)
               : text;
}

/* ---- kinds with a row of their own ---- */

static Status look_row(const Look *l, Oid catalog, Oid oid, const Datum **row_out)
{
    const bool *nulls;
    Datum key = {.u32 = oid};
    return cat_row_get(l->call->cx, l->fs->view, l->call->arena, catalog, &key, 1, row_out, &nulls);
}

/* fill_named - a name, perhaps in a schema, perhaps of an access method. */
static Status fill_named(const Look *l, Address *a)
{
    const ObjectKind *k = l->kind;
    const char *name = look_text(l, &l->row[k->name]), *shown = name;
    const char *noun = k->noun != NULL ? k->noun : k->type;
    const char *method = NULL;
    if (k->method >= 0) {
        const Datum *row;
        TRY(look_row(l, OBJECT_AM, l->row[k->method].u32, &row));
        method = look_text(l, &row[PG_AM_AMNAME]);
        a->names[a->name_count++] = method;
    }
    a->name = look_quoted(l, NULL, name);
    a->identity = a->name;
    if (k->schema >= 0) {
        const char *schema = look_schema(l, l->row[k->schema].u32);
        a->schema = look_quoted(l, NULL, schema);
        a->names[a->name_count++] = schema;
        a->identity = look_quoted(l, schema, name);
        shown = look_shown(l, l->row[k->schema].u32, name);
    }
    a->names[a->name_count++] = name;
    a->words = look_printf(l, "%s %s", noun, shown);
    if (method != NULL) {
        a->identity = look_printf(l, "%s USING %s", a->identity, look_quoted(l, NULL, method));
        a->words = look_printf(l, "%s for access method %s", a->words, method);
    }
    return ST_OK;
}

/* relation_word - what a relation of this relkind is called. */
static const char *relation_word(char kind)
{
    switch (kind) {
    case 'i':
    case 'I': return "index";
    case 'S': return "sequence";
    case 't': return "toast table";
    case 'v': return "view";
    case 'm': return "materialized view";
    case 'c': return "composite type";
    case 'f': return "foreign table";
    default: return "table";
    }
}

/* fill_relation - a relation, or a column of one. */
static Status fill_relation(const Look *l, Address *a)
{
    const CatTable *t;
    const char *column = NULL, *word;
    TRY(cat_table_by_oid(l->call->cx, l->fs->view, l->oid, &t));
    word = relation_word(t->kind);
    a->type = l->sub == 0 ? word : look_printf(l, "%s column", word);
    if (l->sub != 0) {
        if (l->sub < 1 || l->sub > t->column_count || t->columns[l->sub - 1].dropped) {
            return ST_NOTFOUND;
        }
        column = t->columns[l->sub - 1].name;
    }
    a->schema = look_quoted(l, NULL, t->schema_name);
    a->name = look_quoted(l, NULL, t->name);
    a->identity = look_quoted(l, t->schema_name, t->name);
    a->words = look_printf(l, "%s %s", word, look_shown(l, t->namespace_oid, t->name));
    a->names[a->name_count++] = arena_strdup(l->call->arena, t->schema_name);
    a->names[a->name_count++] = arena_strdup(l->call->arena, t->name);
    if (column != NULL) {
        a->identity = look_printf(l, "%s.%s", a->identity, look_quoted(l, NULL, column));
        a->words = look_printf(l, "column %s of %s", column, a->words);
        a->names[a->name_count++] = arena_strdup(l->call->arena, column);
    }
    return ST_OK;
}

static Status fill_type(const Look *l, Address *a)
{
    const CatType *t = cat_type(l->fs->view, l->oid);
    if (t == NULL) {
        return ST_NOTFOUND;
    }
    a->schema = look_quoted(l, NULL, look_schema(l, t->namespace_oid));
    a->name = look_quoted(l, NULL, t->name);
    a->identity = look_type_full(l, l->oid);
    a->words = look_printf(l, "type %s", look_type(l, l->oid));
    a->names[a->name_count++] = a->identity;
    return ST_OK;
}

/* look_list - types in parentheses, as an object's address has them. */
static const char *look_list(const Look *l, const Address *a)
{
    const char *text = "(";
    for (uint32_t i = 0; i < a->arg_count; i++) {
        text = look_printf(l, "%s%s%s", text, i == 0 ? "" : ",", a->args[i]);
    }
    return look_printf(l, "%s)", text);
}

/* fill_function - functions, aggregates and procedures, with the types of their arguments. */
static Status fill_function(const Look *l, Address *a)
{
    const CatProc *p = cat_proc(l->fs->view, l->oid);
    a->type = "routine";
    if (p == NULL) {
        return ST_NOTFOUND;
    }
    const char *schema = look_schema(l, p->namespace_oid);
    a->type = p->kind == 'a' ? "aggregate" : p->kind == 'p' ? "procedure" : "function";
    a->schema = look_quoted(l, NULL, schema);
    a->names[a->name_count++] = schema;
    a->names[a->name_count++] = arena_strdup(l->call->arena, p->name);
    for (uint16_t i = 0; i < p->arg_count && i < ARRAY_LEN(a->args); i++) {
        a->args[a->arg_count++] = look_type_full(l, p->args[i]);
    }
    a->identity = look_printf(l, "%s%s", look_quoted(l, schema, p->name), look_list(l, a));
    const char *list = "";
    for (uint16_t i = 0; i < p->arg_count; i++) {
        list = look_printf(l, "%s%s%s", list, i == 0 ? "" : ",", look_type(l, p->args[i]));
    }
    a->words = look_printf(l, "function %s(%s)", look_shown(l, p->namespace_oid, p->name), list);
    return ST_OK;
}

/* fill_operator - with the types of its operands; NONE where it has none. */
static Status fill_operator(const Look *l, Address *a)
{
    const CatOper *o = cat_oper(l->fs->view, l->oid);
    if (o == NULL) {
        return ST_NOTFOUND;
    }
    const char *schema = look_schema(l, o->namespace_oid);
    const char *left = o->left != 0 ? look_type_full(l, o->left) : NULL;
    const char *right = o->right != 0 ? look_type_full(l, o->right) : NULL;
    a->schema = look_quoted(l, NULL, schema);
    a->names[a->name_count++] = schema;
    a->names[a->name_count++] = arena_strdup(l->call->arena, o->name);
    if (left != NULL) {
        a->args[a->arg_count++] = left;
    }
    if (right != NULL) {
        a->args[a->arg_count++] = right;
    }
    a->identity = look_printf(l, "%s.%s(%s,%s)", a->schema, o->name, left != NULL ? left : "NONE",
                              right != NULL ? right : "NONE");
    a->words =
        look_printf(l, "operator %s%s(%s,%s)",
                    look_in_path(l, o->namespace_oid) ? "" : look_printf(l, "%s.", a->schema),
                    o->name, o->left != 0 ? look_type(l, o->left) : "NONE",
                    o->right != 0 ? look_type(l, o->right) : "NONE");
    return ST_OK;
}

static Status fill_cast(const Look *l, Address *a)
{
    Oid source = l->row[PG_CAST_CASTSOURCE].u32, target = l->row[PG_CAST_CASTTARGET].u32;
    a->names[a->name_count++] = look_type_full(l, source);
    a->args[a->arg_count++] = look_type_full(l, target);
    a->identity = look_printf(l, "(%s AS %s)", a->names[0], a->args[0]);
    a->words = look_printf(l, "cast from %s to %s", look_type(l, source), look_type(l, target));
    return ST_OK;
}

/* fill_on_table - what belongs to a relation and has a name of its own: "NAME on TABLE". */
static Status fill_on_table(const Look *l, Oid table, const char *name, Address *a)
{
    Address t = {0};
    TRY(object_fill(l->call, l->fs, CAT_PG_CLASS, table, 0, &t));
    a->identity = look_printf(l, "%s on %s", look_quoted(l, NULL, name), t.identity);
    a->words = look_printf(l, "%s %s on %s", l->kind->noun != NULL ? l->kind->noun : l->kind->type,
                           name, t.words);
    a->names[a->name_count++] = t.names[0];
    a->names[a->name_count++] = t.names[1];
    a->names[a->name_count++] = name;
    return ST_OK;
}

static Status fill_constraint(const Look *l, Address *a)
{
    const char *name = look_text(l, &l->row[PG_CONSTRAINT_CONNAME]);
    Oid table = l->row[PG_CONSTRAINT_CONRELID].u32;
    const char *schema = look_schema(l, l->row[PG_CONSTRAINT_CONNAMESPACE].u32);
    a->schema = look_quoted(l, NULL, schema);
    if (table != OID_INVALID) {
        a->type = "table constraint";
        return fill_on_table(l, table, name, a);
    }
    a->type = "domain constraint";
    a->names[a->name_count++] = look_type_full(l, l->row[PG_CONSTRAINT_CONTYPID].u32);
    a->args[a->arg_count++] = name;
    a->identity = look_printf(l, "%s on %s", look_quoted(l, NULL, name), a->names[0]);
    a->words = look_printf(l, "constraint %s", name);
    return ST_OK;
}

static Status fill_rule(const Look *l, Address *a)
{
    return fill_on_table(l, l->row[PG_REWRITE_EV_CLASS].u32,
                         look_text(l, &l->row[PG_REWRITE_RULENAME]), a);
}

static Status fill_trigger(const Look *l, Address *a)
{
    return fill_on_table(l, l->row[PG_TRIGGER_TGRELID].u32,
                         look_text(l, &l->row[PG_TRIGGER_TGNAME]), a);
}

static Status fill_policy(const Look *l, Address *a)
{
    return fill_on_table(l, l->row[PG_POLICY_POLRELID].u32,
                         look_text(l, &l->row[PG_POLICY_POLNAME]), a);
}

static Status fill_default(const Look *l, Address *a)
{
    Address c = {0};
    TRY(object_fill(l->call, l->fs, CAT_PG_CLASS, l->row[PG_ATTRDEF_ADRELID].u32,
                    l->row[PG_ATTRDEF_ADNUM].i16, &c));
    memcpy(a->names, c.names, sizeof(a->names));
    a->name_count = c.name_count;
    a->identity = look_printf(l, "for %s", c.identity);
    a->words = look_printf(l, "default value for %s", c.words);
    return ST_OK;
}

/* fill_family_member - an operator or support function of an operator family: its number and the
 * two types it is for. */
static Status fill_family_member(const Look *l, Address *a)
{
    bool oper = l->kind->catalog == OBJECT_AMOP;
    const Datum *r = l->row;
    Oid family = r[oper ? PG_AMOP_AMOPFAMILY : PG_AMPROC_AMPROCFAMILY].u32;
    Oid left = r[oper ? PG_AMOP_AMOPLEFTTYPE : PG_AMPROC_AMPROCLEFTTYPE].u32;
    Oid right = r[oper ? PG_AMOP_AMOPRIGHTTYPE : PG_AMPROC_AMPROCRIGHTTYPE].u32;
    int number = r[oper ? PG_AMOP_AMOPSTRATEGY : PG_AMPROC_AMPROCNUM].i16;
    const char *word = oper ? "operator" : "function";
    Address f = {0}, of = {0};
    TRY(object_fill(l->call, l->fs, OBJECT_OPFAMILY, family, 0, &f));
    TRY(object_fill(l->call, l->fs, oper ? CAT_PG_OPERATOR : CAT_PG_PROC,
                    r[oper ? PG_AMOP_AMOPOPR : PG_AMPROC_AMPROC].u32, 0, &of));
    memcpy(a->names, f.names, sizeof(a->names));
    a->name_count = f.name_count;
    a->names[a->name_count++] = look_printf(l, "%d", number);
    a->args[a->arg_count++] = look_type_full(l, left);
    a->args[a->arg_count++] = look_type_full(l, right);
    a->identity =
        look_printf(l, "%s %d (%s, %s) of %s", word, number, a->args[0], a->args[1], f.identity);
    a->words = look_printf(l, "%s %d (%s, %s) of %s: %s", word, number, look_type(l, left),
                           look_type(l, right), f.words, strchr(of.words, ' ') + 1);
    return ST_OK;
}

static Status fill_large_object(const Look *l, Address *a)
{
    const Datum *row;
    enum { LARGE_OBJECT_METADATA = 2995 };
    TRY(look_row(l, LARGE_OBJECT_METADATA, l->oid, &row));
    a->identity = look_printf(l, "%u", l->oid);
    a->words = look_printf(l, "large object %u", l->oid);
    a->names[a->name_count++] = a->identity;
    return ST_OK;
}

#define NAMED(catalog, type, name)                                                                 \
    {                                                                                              \
        catalog, type, NULL, name, -1, -1, fill_named                                              \
    }
#define IN_SCHEMA(catalog, type, name, schema)                                                     \
    {                                                                                              \
        catalog, type, NULL, name, schema, -1, fill_named                                          \
    }
#define FILLED(catalog, type, noun, fill)                                                          \
    {                                                                                              \
        catalog, type, noun, -1, -1, -1, fill                                                      \
    }

static const ObjectKind KINDS[] = {
    FILLED(CAT_PG_CLASS, "relation", NULL, fill_relation),
    FILLED(CAT_PG_TYPE, "type", NULL, fill_type),
    FILLED(CAT_PG_PROC, "function", NULL, fill_function),
    FILLED(CAT_PG_OPERATOR, "operator", NULL, fill_operator),
    FILLED(OBJECT_CAST, "cast", NULL, fill_cast),
    FILLED(CAT_PG_CONSTRAINT, "constraint", NULL, fill_constraint),
    FILLED(CAT_PG_ATTRDEF, "default value", NULL, fill_default),
    FILLED(OBJECT_REWRITE, "rule", NULL, fill_rule),
    FILLED(OBJECT_TRIGGER, "trigger", NULL, fill_trigger),
    FILLED(OBJECT_POLICY, "policy", NULL, fill_policy),
    FILLED(OBJECT_AMOP, "operator of access method", NULL, fill_family_member),
    FILLED(OBJECT_AMPROC, "function of access method", NULL, fill_family_member),
    FILLED(OBJECT_LARGE_OBJECT, "large object", NULL, fill_large_object),
    {OBJECT_OPCLASS, "operator class", NULL, PG_OPCLASS_OPCNAME, PG_OPCLASS_OPCNAMESPACE,
     PG_OPCLASS_OPCMETHOD, fill_named},
    {OBJECT_OPFAMILY, "operator family", NULL, PG_OPFAMILY_OPFNAME, PG_OPFAMILY_OPFNAMESPACE,
     PG_OPFAMILY_OPFMETHOD, fill_named},
    IN_SCHEMA(OBJECT_COLLATION, "collation", PG_COLLATION_COLLNAME, PG_COLLATION_COLLNAMESPACE),
    IN_SCHEMA(OBJECT_CONVERSION, "conversion", PG_CONVERSION_CONNAME, PG_CONVERSION_CONNAMESPACE),
    IN_SCHEMA(3381, "statistics object", PG_STATISTIC_EXT_STXNAME, PG_STATISTIC_EXT_STXNAMESPACE),
    IN_SCHEMA(3600, "text search dictionary", PG_TS_DICT_DICTNAME, PG_TS_DICT_DICTNAMESPACE),
    IN_SCHEMA(3601, "text search parser", PG_TS_PARSER_PRSNAME, PG_TS_PARSER_PRSNAMESPACE),
    IN_SCHEMA(3602, "text search configuration", PG_TS_CONFIG_CFGNAME, PG_TS_CONFIG_CFGNAMESPACE),
    IN_SCHEMA(3764, "text search template", PG_TS_TEMPLATE_TMPLNAME, PG_TS_TEMPLATE_TMPLNAMESPACE),
    NAMED(CAT_PG_NAMESPACE, "schema", PG_NAMESPACE_NSPNAME),
    NAMED(CAT_PG_AUTHID, "role", PG_AUTHID_ROLNAME),
    NAMED(CAT_PG_DATABASE, "database", PG_DATABASE_DATNAME),
    NAMED(1213, "tablespace", PG_TABLESPACE_SPCNAME),
    NAMED(OBJECT_AM, "access method", PG_AM_AMNAME),
    NAMED(OBJECT_LANGUAGE, "language", PG_LANGUAGE_LANNAME),
    NAMED(3079, "extension", PG_EXTENSION_EXTNAME),
    NAMED(2328, "foreign-data wrapper", PG_FOREIGN_DATA_WRAPPER_FDWNAME),
    NAMED(1417, "server", PG_FOREIGN_SERVER_SRVNAME),
    NAMED(6104, "publication", PG_PUBLICATION_PUBNAME),
    NAMED(6100, "subscription", PG_SUBSCRIPTION_SUBNAME),
    NAMED(3466, "event trigger", PG_EVENT_TRIGGER_EVTNAME),
};
/* Catalogs PostgreSQL describes objects of that dassie can have none of yet. */
static const Oid NEVER[] = {826, 1418, 6106, 6237, 6243, 3576};

/* object_fill - ST_NOTFOUND: no such object, a->type is set all the same. */
static Status object_fill(FnCall *call, FuncSession *fs, Oid catalog, Oid oid, int32_t sub,
                          Address *a)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (KINDS[i].catalog == catalog) {
            Look l = {call, fs, &KINDS[i], oid, sub, NULL};
            a->type = KINDS[i].type;
            if (catalog == CAT_PG_CLASS && sub != 0) {
                a->type = "table column";
            }
            bool own = catalog == CAT_PG_CLASS || catalog == CAT_PG_TYPE ||
                       catalog == CAT_PG_PROC || catalog == CAT_PG_OPERATOR ||
                       catalog == OBJECT_LARGE_OBJECT;
            if (!own) {
                TRY(look_row(&l, catalog, oid, &l.row));
            }
            return KINDS[i].fill(&l, a);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(NEVER); i++) {
        if (NEVER[i] == catalog) {
            a->type = "object";
            return ST_NOTFOUND;
        }
    }
    return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "unrecognized object class: %u", catalog);
}

static Status fn_describe_object(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    Address address = {0};
    if (a[0].u32 == OID_INVALID && a[1].u32 == OID_INVALID) {
        *null_out = true; /* pg_depend of old had such rows */
        return ST_OK;
    }
    Status st = object_fill(call, fs, a[0].u32, a[1].u32, a[2].i32, &address);
    *null_out = st == ST_NOTFOUND;
    if (st == ST_OK) {
        func_text(call, out, address.words);
    }
    return st == ST_NOTFOUND ? ST_OK : st;
}
KERNEL(fn_describe_object)

static const FnOps FNS[] = {
    {"pg_describe_object", fn_describe_object_kernel, 0},
};
const FuncTable FUNC_OBJECT = {FNS, ARRAY_LEN(FNS)};

/* ---- rows ---- */

typedef struct ObjectRow {
    Datum args[3];
    bool done;
} ObjectRow;

static Status object_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    ObjectRow *r = ARENA_NEW(call->state_arena, ObjectRow);
    (void)nulls, (void)count;
    memcpy(r->args, args, sizeof(r->args));
    call->state = r;
    return ST_OK;
}

/* object_next - the one row's object; ST_DONE after it. *found_out false: there is none. */
static Status object_next(FnCall *call, Address *a, bool *found_out)
{
    ObjectRow *r = call->state;
    if (r->done) {
        return ST_DONE;
    }
    r->done = true;
    Status st =
        object_fill(call, func_session(call), r->args[0].u32, r->args[1].u32, r->args[2].i32, a);
    *found_out = st == ST_OK;
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* identify_next - type, schema, name, identity. */
static Status identify_next(FnCall *call, Datum *cols, bool *nulls)
{
    Address a = {0};
    bool found;
    TRY(object_next(call, &a, &found));
    func_put(call, cols, nulls, 0, a.type);
    func_put(call, cols, nulls, 1, found ? a.schema : NULL);
    func_put(call, cols, nulls, 2, found ? a.name : NULL);
    func_put(call, cols, nulls, 3, found ? a.identity : NULL);
    return ST_OK;
}

static void object_put_list(FnCall *call, Datum *col, const char *const *texts, uint32_t count)
{
    ArrayList list = array_list(call->arena);
    for (uint32_t i = 0; i < count; i++) {
        Datum d;
        func_text(call, &d, texts[i]);
        array_list_add(&list, PHYS_STR, &d, false, false);
    }
    col->str = count != 0 ? array_build_list(&list, OBJECT_TEXT) : array_empty(OBJECT_TEXT);
}

/* address_next - type, object_names, object_args. */
static Status address_next(FnCall *call, Datum *cols, bool *nulls)
{
    Address a = {0};
    bool found;
    TRY(object_next(call, &a, &found));
    func_put(call, cols, nulls, 0, a.type);
    nulls[1] = nulls[2] = !found;
    if (found) {
        object_put_list(call, &cols[1], a.names, a.name_count);
        object_put_list(call, &cols[2], a.args, a.arg_count);
    }
    return ST_OK;
}

static const SetOps SETS[] = {
    {"pg_identify_object", object_begin, identify_next},
    {"pg_identify_object_as_address", object_begin, address_next},
};
const FuncSets FUNC_OBJECT_SETS = {SETS, ARRAY_LEN(SETS)};
